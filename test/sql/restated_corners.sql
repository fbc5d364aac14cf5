-- Restatements in the corners: what a change by hand, a decision or an id may run into.
CREATE SCHEMA corner;
CREATE TABLE corner.value (customer_id text, as_of date, value numeric);
SET client_min_messages = warning;
CREATE FUNCTION corner.bank(scheme text, id_type text DEFAULT 'text') RETURNS void
	LANGUAGE sql AS $$
	SELECT tiering.create_ladder(scheme, 'value', '{low,mid,high}', '{NULL,100,200}'),
		tiering.publish(scheme, '2024-01-01'),
		tiering.set_source(scheme,
			format('SELECT customer_id::%s AS customer_id, value FROM corner.value WHERE as_of = '
			'$1 AND customer_id <> %L', id_type, ''));
$$;
CREATE FUNCTION corner.moves(scheme text) RETURNS TABLE (customer_id text, moves text)
	LANGUAGE sql AS $$
	SELECT customer_id, string_agg(format('%s %s->%s %s', to_char(as_of, 'MM-DD'),
		COALESCE(from_tier, ''), COALESCE(to_tier, ''), cause), ', ' ORDER BY as_of, move)
	FROM tiering.standing_move m WHERE m.scheme = moves.scheme GROUP BY 1 ORDER BY 1
$$;
CREATE FUNCTION corner.heads(scheme text) RETURNS TABLE (as_of text, heads text) LANGUAGE sql AS $$
	SELECT to_char(as_of, 'MM-DD'),
		string_agg(format('%s %s (%s)', tier, customers, COALESCE(measure::text, '?')), ', '
		ORDER BY tier DESC)
	FROM _tiering.known_distribution() d WHERE d.scheme = heads.scheme AND customers > 0
		GROUP BY d.as_of ORDER BY d.as_of
$$;

-- Changes by hand outlive corrections that make them needless, and come back when these are taken
-- back. Moves that cancel each other on a day do not stand where the customer is elsewhere by then.
SELECT corner.bank('corner');
INSERT INTO corner.value SELECT c, d, v
	FROM (VALUES ('hand', 50), ('cancel', 50), ('reverted', 50), ('off', 150), ('plain', 50)) c(c,
	v), unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
SELECT stayed, new FROM tiering.refresh('corner', '2024-01-31');
UPDATE tiering.assignment SET tier = 'high' WHERE scheme = 'corner' AND customer_id = 'reverted';
SELECT down FROM tiering.refresh('corner', '2024-01-31');
SELECT stayed FROM tiering.refresh('corner', '2024-02-29');
UPDATE tiering.assignment SET tier = 'mid' WHERE scheme = 'corner' AND customer_id
	IN ('hand', 'cancel');
UPDATE tiering.assignment SET tier = 'low' WHERE scheme = 'corner' AND customer_id = 'cancel';
UPDATE tiering.assignment SET tier = 'high', as_of = '2024-03-15' WHERE scheme = 'corner'
	AND customer_id = 'off';
SELECT superseded, recorded, written FROM tiering.restate('corner', '2024-01-01');
SELECT superseded, recorded, written
	FROM tiering.restate('corner', '2024-01-31', '{hand,cancel,reverted,off,plain}');
SELECT * FROM corner.moves('corner');
UPDATE corner.value SET value = 150 WHERE as_of >= '2024-02-01' AND customer_id = 'hand';
UPDATE corner.value SET value = 250 WHERE as_of >= '2024-01-31' AND customer_id = 'cancel';
DELETE FROM corner.value WHERE as_of >= '2024-02-01' AND customer_id = 'off';
SELECT superseded, recorded, written
	FROM tiering.restate('corner', '2024-01-15', '{hand,cancel,reverted,off}');
SELECT * FROM corner.moves('corner');
SELECT tiering.tier_on('corner', 'cancel', '2024-02-29'),
	tiering.tier_on('corner', 'off', '2024-03-20') IS NULL AS left_before;
SELECT * FROM corner.heads('corner');
SELECT tiering.recount('corner'), tiering.recount('corner') AS nothing_left;
SELECT * FROM corner.heads('corner');
UPDATE corner.value SET value = 50 WHERE customer_id = 'hand';
INSERT INTO corner.value SELECT 'off', d, 150 FROM unnest('{2024-02-29,2024-03-31}'::date[]) d;
SELECT superseded, recorded, written FROM tiering.restate('corner', '2024-02-01', '{hand,off}');
SELECT * FROM corner.moves('corner') WHERE customer_id IN ('hand', 'off');
SELECT customer_id, tier, cause, since, measure FROM tiering.current_tier WHERE scheme = 'corner'
	ORDER BY 1;
SELECT stayed, up, down FROM tiering.refresh('corner', '2024-03-31');
SELECT sound FROM tiering.verify_history('corner');

-- An approval is counted once: heads are never less than none.
SELECT tiering.copy_scheme('corner', 'asks');
UPDATE tiering.tier SET approval = true WHERE scheme = 'asks' AND tier = 'high';
SELECT tiering.publish('asks', '2024-01-01'),
	tiering.set_source('asks',
	'SELECT customer_id, value FROM corner.value WHERE as_of = $1 AND customer_id = ''ask''');
INSERT INTO corner.value VALUES ('ask', '2024-01-31', 50), ('ask', '2024-02-29', 250);
SELECT new FROM tiering.refresh('asks', '2024-01-31');
SELECT pending FROM tiering.refresh('asks', '2024-02-29');
CREATE ROLE t_corner;
SELECT tiering.grant_role('t_corner', 'approve'), tiering.grant_role('t_corner', 'report');
SET session_authorization = t_corner;
SELECT tiering.approve(max(request)) FROM tiering.request WHERE scheme = 'asks';
RESET session_authorization;
SELECT * FROM corner.heads('asks');
UPDATE corner.value SET value = 150 WHERE customer_id = 'ask' AND value = 250;
SELECT superseded, recorded, written FROM tiering.restate('asks', '2024-02-29', '{ask}');
SELECT * FROM corner.moves('asks');
SELECT * FROM corner.heads('asks');
SELECT count(*) AS negative FROM tiering.distribution_history WHERE customers < 0;

-- Customers are who they are as text. An id that the source's type does not have is nobody's, and
-- another way to write one is not his.
SELECT corner.bank(t || '_ids', t)
	FROM unnest('{bigint,smallint,numeric,uuid,char(4),name,oid}'::text[]) t;
CREATE FUNCTION corner.ids(id_type text, good text, others text[])
	RETURNS TABLE (customers bigint, recorded bigint, moved text, only_his boolean,
	left_over bigint) LANGUAGE plpgsql AS $$
DECLARE
	r tiering.restate_result;
	this text := id_type || '_ids';
BEGIN
	DELETE FROM corner.value;
	INSERT INTO corner.value VALUES (good, '2024-01-31', 50);
	PERFORM tiering.refresh(this, '2024-01-31');
	UPDATE corner.value SET value = 250;
	PERFORM tiering.mark_dirty(this, o, '2024-01-01') FROM unnest(others) o;
	r := tiering.restate_dirty(this);
	only_his := r.recorded = 0 AND r.superseded = 0;
	PERFORM tiering.mark_dirty(this, o, '2024-01-01') FROM unnest(others || good) o;
	r := tiering.restate_dirty(this);
	customers := r.customers; recorded := r.recorded;
	moved := (SELECT string_agg(format('%s %s', a.customer_id, a.tier), ',')
		FROM tiering.assignment a WHERE a.scheme = this);
	left_over := (SELECT count(*) FROM tiering.dirty d WHERE d.scheme = this);
	RETURN NEXT;
END;
$$;
SELECT t.id_type, i.* FROM (VALUES ('bigint', '42',
	'{"042"," 42","+42","42.0",abc,"",9223372036854775808,-,"4 2"}'::text[]),
	('smallint', '-7', '{32768,99999999999,-07,seven,--7}'),
	('numeric', '1.50', '{1.5,01.50,NaN,1e5,infinity,.,"1.5.0",-}'),
	('uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
	'{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,a0eebc999c0b4ef8bb6d6bb9bd380a11,zz,"",'
	'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111}'),
	('char(4)', 'ab', '{"ab ",abc,abcde}'), ('name', 'ab', '{a,abc}'),
	('oid', '9', '{x,09}')) t(id_type, good, others), corner.ids(id_type, good, others) i;
CREATE TABLE corner.indexed (customer_id int PRIMARY KEY, value numeric);
INSERT INTO corner.indexed SELECT i, 50 FROM generate_series(1, 2000) i;
SELECT tiering.create_ladder('indexed', 'value', '{low,high}', '{NULL,100}'),
	tiering.publish('indexed', '2024-01-01'),
	tiering.set_source('indexed', 'SELECT * FROM corner.indexed');
SELECT new FROM tiering.refresh('indexed', '2024-01-31');
ANALYZE corner.indexed;
SELECT customers FROM tiering.restate('indexed', '2024-01-31', '{5,77,9999,nobody}');

-- Twice in one transaction, where there is nothing to do, and after that
BEGIN;
SELECT assessments FROM tiering.restate('indexed', '2030-01-01', '{5}');
SELECT customers FROM tiering.restate('indexed', '2024-01-01', '{}');
SELECT customers, assessments FROM tiering.restate_dirty('indexed');
SELECT customers, assessments FROM tiering.restate('indexed', '2024-01-01', '{5}');
SELECT customers, assessments FROM tiering.restate('indexed', '2024-01-01');
SELECT stayed FROM tiering.refresh('indexed', '2024-02-29');
SELECT customers, assessments FROM tiering.restate('indexed', '2024-01-01', '{5}');
COMMIT;
SELECT count(*) AS left_over FROM pg_class WHERE relnamespace = pg_my_temp_schema();
-- A bank that had nobody at first
DELETE FROM corner.value;
SELECT corner.bank('lags');
SELECT t.fails($$SELECT tiering.refresh('lags', '2024-01-31')$$);
INSERT INTO corner.value VALUES ('first', '2024-01-31', 150);
SELECT from_as_of, assessments, recorded, written FROM tiering.restate('lags', '2024-01-31');
SELECT customers FROM tiering.refresh('lags', '2024-01-31');
SELECT * FROM corner.heads('lags');
-- Measures of nobody: there is nothing to recount, however often
INSERT INTO corner.value VALUES ('poor', '2024-01-31', NULL), ('poor', '2024-02-29', NULL),
	('first', '2024-02-29', 150);
SELECT new FROM tiering.refresh('lags', '2024-02-29');
SELECT recorded FROM tiering.restate('lags', '2024-01-31', '{poor}');
SELECT tiering.recount('lags') > 0, tiering.recount('lags') AS nothing_left;
-- A metric of another name since: who leaves then is restated, though nobody can ask for what he
-- had
SELECT tiering.new_version('lags');
DELETE FROM tiering.rule WHERE scheme = 'lags' AND version = 2;
UPDATE tiering.metric SET metric = 'assets' WHERE scheme = 'lags' AND version = 2;
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('lags', 2, 'mid', 1, 'assets', '[100,200)'), ('lags', 2, 'high', 1, 'assets', '[200,)');
SELECT tiering.publish('lags', '2024-03-01'),
	tiering.set_source('lags',
	'SELECT customer_id, value AS assets FROM corner.value WHERE as_of = $1');
INSERT INTO corner.value VALUES ('stays', '2024-03-31', 150), ('first', '2024-03-31', 150);
SELECT new, exit FROM tiering.refresh('lags', '2024-03-31');
SELECT superseded, recorded FROM tiering.restate('lags', '2024-03-01', '{first,poor}');
DELETE FROM corner.value WHERE customer_id = 'first';
SELECT superseded, recorded FROM tiering.restate('lags', '2024-03-01', '{first,poor}');
SELECT customer_id, as_of, direction, measure FROM tiering.standing_move WHERE scheme = 'lags'
	AND as_of = '2024-03-31' ORDER BY 1;

-- On the day of a miss somebody puts the customer where they are: the miss stays noted. It came
-- of a restatement; before it, the miss before and this one led down, and that was undone by hand.
CREATE TABLE corner.noted AS SELECT * FROM (VALUES ('2024-01-31'::date, 200), ('2024-02-29', 50),
	('2024-03-31', 50)) v(as_of, value);
SELECT tiering.create_ladder('renoted', 'value', '{mass,gold}', '{NULL,100}');
INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES ('renoted', 1, 'gold', 2);
SELECT tiering.publish('renoted', '2024-01-01'), tiering.set_source('renoted',
	$$SELECT 'a' AS customer_id, value FROM corner.noted WHERE as_of = $1$$);
SELECT count(tiering.refresh('renoted', as_of)) FROM (SELECT * FROM corner.noted ORDER BY 1) d;
UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'renoted' AND tier = 'mass';
UPDATE corner.noted SET value = 200 WHERE as_of = '2024-02-29';
SELECT superseded, recorded FROM tiering.restate('renoted', '2024-02-29', '{a}');
SELECT tier, since, misses FROM tiering.assignment WHERE scheme = 'renoted';
SELECT as_of, misses FROM tiering.watch_history WHERE scheme = 'renoted' ORDER BY entry;
SELECT t.invariants('renoted');
-- A term that begins otherwise after a restatement is noted so: what comes later agrees.
SELECT tiering.create_ladder('corner_term', 'value', '{low,mid}', '{NULL,100}');
INSERT INTO tiering.policy (scheme, version, tier, term, renews)
VALUES ('corner_term', 1, 'mid', '2 months', true);
SELECT tiering.publish('corner_term', '2024-01-01'),
	tiering.set_source('corner_term', 'SELECT customer_id, value FROM corner.value
		WHERE as_of = $1 AND customer_id = ''term''');
INSERT INTO corner.value SELECT 'term', (m + interval '1 month')::date - 1, 150
FROM generate_series(date '2024-01-01', '2024-04-01', '1 month') m;
SELECT count(tiering.refresh('corner_term', (m + interval '1 month')::date - 1))
FROM generate_series(date '2024-01-01', '2024-04-01', '1 month') m;
UPDATE corner.value SET value = 50 WHERE customer_id = 'term' AND as_of < '2024-03-01';
SELECT superseded, recorded FROM tiering.restate('corner_term', '2024-01-31');
SELECT a.tier, a.since, a.kept_until, b.kept_until AS by_entries FROM tiering.assignment a,
	_tiering.assignment_before('corner_term', 'term', 'infinity') b
WHERE a.scheme = 'corner_term';
INSERT INTO corner.value VALUES ('term', '2024-05-31', 50), ('term', '2024-06-30', 50);
SELECT down FROM tiering.refresh('corner_term', '2024-05-31');
SELECT superseded, recorded FROM tiering.restate('corner_term', '2024-05-31', '{term}');
SELECT t.invariants('corner_term');

-- A change by hand as of a day before the last assessment: what that had noted is of the tier left,
-- and so is what one before it had, if that is after the day.
SELECT tiering.create_ladder('corner_hand', 'value', '{low,mid,high}', '{NULL,100,200}');
INSERT INTO tiering.policy (scheme, version, tier, down_after)
VALUES ('corner_hand', 1, 'high', 5);
SELECT tiering.publish('corner_hand', '2024-01-01'),
	tiering.set_source('corner_hand', 'SELECT customer_id, value FROM corner.value
		WHERE as_of = $1 AND customer_id = ''hand''');
INSERT INTO corner.value VALUES ('hand', '2024-01-31', 250), ('hand', '2024-02-29', 150),
	('hand', '2024-03-31', 150);
SELECT count(tiering.refresh('corner_hand', d))
FROM unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
SELECT tier, misses, next_tier FROM tiering.assignment WHERE scheme = 'corner_hand';
UPDATE tiering.assignment SET tier = 'mid', as_of = '2024-02-10' WHERE scheme = 'corner_hand';
SELECT tier, since, misses, next_tier FROM tiering.assignment WHERE scheme = 'corner_hand';
SELECT d, b.tier, b.misses, b.next_tier FROM unnest('{2024-03-01,2024-04-30}'::date[]) d,
	_tiering.assignment_before('corner_hand', 'hand', d) b;
SELECT t.invariants('corner_hand');
-- but an assessment that was taken back has noted nothing, and nothing takes that away
INSERT INTO corner.value VALUES ('hand', '2024-04-30', 250), ('hand', '2024-05-31', 150),
	('hand', '2024-05-20', 150);
SELECT count(tiering.refresh('corner_hand', d)) FROM unnest('{2024-04-30,2024-05-31}'::date[]) d;
SELECT tiering.void_assessment('corner_hand', '2024-05-31', 'too early') IS NOT NULL AS voided;
UPDATE tiering.assignment SET tier = 'low', as_of = '2024-05-02' WHERE scheme = 'corner_hand';
UPDATE tiering.assignment SET tier = 'high', as_of = '2024-05-03' WHERE scheme = 'corner_hand';
SELECT count(tiering.refresh('corner_hand', '2024-05-20'));
SELECT tier, misses FROM tiering.assignment WHERE scheme = 'corner_hand';
SELECT t.invariants('corner_hand');
SELECT tiering.revoke_role('t_corner', 'approve'), tiering.revoke_role('t_corner', 'report');
DROP ROLE t_corner;
DROP SCHEMA corner CASCADE;
RESET client_min_messages;
