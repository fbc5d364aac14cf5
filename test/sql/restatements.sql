-- Late and corrected data: a restated bank is one that had the right data from the start, and what
-- was known before stays known.
CREATE SCHEMA again;
CREATE TABLE again.value (customer_id text, as_of date, value numeric,
	PRIMARY KEY (customer_id, as_of));
-- 600 customers, 24 months; they wander, some come late, leave or come back
INSERT INTO again.value
SELECT format('c%s', c), m.as_of,
	round((150 + 140 * sin(c + m.n / (3 + c % 5)) + 60 * (t.random(c * 100 + m.n) - 0.5))::numeric,
		2)
FROM generate_series(1, 600) c,
	(SELECT n, (date '2022-01-01' + (n || ' months')::interval - interval '1 day')::date AS as_of
	FROM generate_series(1, 24) n) m
WHERE NOT (c % 7 = 0 AND m.n < c % 20) AND NOT (c % 11 = 0 AND m.n BETWEEN c % 13 AND c % 13 + 4);
CREATE FUNCTION again.scheme(scheme text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'value', '{mass,gold,platinum,diamond}',
		'{NULL,100,180,260}');
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, hold, new_hold)
		VALUES (scheme, 1, 'gold', 'at_once', 2, 'earned', '0', '3 months'),
		(scheme, 1, 'platinum', 'next', 3, 'one_step', '2 months', '0'),
		(scheme, 1, 'diamond', 'at_once', 3, 'earned', '4 months', '0');
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
		VALUES (scheme, 1, 'platinum', 2, 'value', '[170,)', true);
	PERFORM tiering.publish(scheme, '2022-01-01');
	PERFORM tiering.new_version(scheme);
	UPDATE tiering.rule SET bounds = '[110,180)' WHERE rule.scheme = scheme.scheme AND version = 2
		AND tier = 'gold' AND NOT stay;
	UPDATE tiering.policy SET down_after = 1 WHERE policy.scheme = scheme.scheme AND version = 2
		AND tier = 'gold';
	PERFORM tiering.publish(scheme, '2023-02-01');
	PERFORM tiering.set_source(scheme,
		'SELECT customer_id, value FROM again.value WHERE as_of = $1');
END;
$$;
CREATE FUNCTION again.refresh(scheme text, up_to date, since date DEFAULT '-infinity')
	RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	d date;
	moves bigint := 0;
	r tiering.refresh_result;
BEGIN
	SET LOCAL client_min_messages = warning;
	FOR d IN SELECT DISTINCT as_of FROM again.value WHERE as_of <= up_to AND as_of > since
		ORDER BY 1 LOOP
		r := tiering.refresh(scheme, d);
		moves := moves + r.up + r.down + r.new + r.exit;
	END LOOP;
	RETURN moves;
END;
$$;
-- how two schemes differ, in all that a report could see
CREATE FUNCTION again.differences(a text, b text, OUT tiers bigint, OUT moves bigint,
	OUT heads bigint, OUT money bigint, OUT compared bigint) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM (SELECT *
		FROM (SELECT customer_id, tier, measure, since, version, first_as_of, earned, misses,
		next_tier, next_review, policy_tier, policy_since, scheme FROM tiering.current_tier) x
		WHERE scheme = a) x
			FULL JOIN (SELECT * FROM tiering.current_tier WHERE scheme = b) y USING (customer_id)
			WHERE (x.tier, x.measure, x.since, x.version, x.first_as_of, x.earned, x.misses,
				x.next_tier, x.next_review, x.policy_tier, x.policy_since)
				IS DISTINCT FROM (y.tier, y.measure, y.since, y.version, y.first_as_of, y.earned,
					y.misses, y.next_tier, y.next_review, y.policy_tier, y.policy_since)),
		(SELECT count(*) FROM (SELECT * FROM tiering.standing_move WHERE scheme = a) x
		FULL JOIN (SELECT * FROM tiering.standing_move WHERE scheme = b) y
		USING (customer_id, as_of)
			WHERE (x.from_tier, x.to_tier, x.direction, x.version, x.measure)
				IS DISTINCT FROM (y.from_tier, y.to_tier, y.direction, y.version, y.measure)),
		(SELECT count(*) FROM tiering.tier_distribution_history(a, NULL) x
		FULL JOIN tiering.tier_distribution_history(b, NULL) y USING (as_of, tier)
		WHERE (x.customers, x.version) IS DISTINCT FROM (y.customers, y.version)),
		(SELECT count(*) FROM tiering.tier_distribution_history(a, NULL) x
		FULL JOIN tiering.tier_distribution_history(b, NULL) y USING (as_of, tier) WHERE x.measure
		IS DISTINCT FROM y.measure),
		(SELECT count(*) FROM tiering.standing_move WHERE scheme = a)
$$;
SELECT again.scheme('again'), again.scheme('again_twin');
SELECT again.refresh('again', '2023-12-31') > 2000 AS many_moves,
	again.refresh('again_twin', '2023-12-31') > 0;
SELECT * FROM again.differences('again', 'again_twin') \gset
SELECT :tiers AS tiers, :moves AS moves, :heads AS heads, :money AS money,
	:compared > 2000 AS enough;
-- Restating what did not change changes nothing but the money that it leaves to recount().
SELECT assessments, customers, superseded, recorded, written
	FROM tiering.restate('again', '2022-06-30',
	ARRAY(SELECT format('c%s', c) FROM generate_series(1, 600, 10) c));
SELECT assessments, customers, superseded, recorded, written
	FROM tiering.restate('again', '2022-01-01');
SELECT tiers, moves, heads, money FROM again.differences('again', 'again_twin');
SELECT sound FROM tiering.verify_history('again');

-- What was known before
CREATE TABLE again.known AS SELECT clock_timestamp() AS at;
CREATE TABLE again.known_tiers AS SELECT d::date AS on_date, t.*
	FROM generate_series('2022-01-31'::date, '2023-12-31', '1 month') d,
	tiering.tiers_on('again', d::date) t;
CREATE TABLE again.known_matrix AS SELECT * FROM tiering.tier_distribution_history('again', NULL);
-- One in a hundred values of 2022 is wrong, whole months of some were missing, one was not a
-- customer yet, one leaves earlier.
UPDATE again.value SET value = value + 75 WHERE extract(year FROM as_of) = 2022
	AND hashtext(customer_id || as_of) % 70 = 0;
DELETE FROM again.value WHERE customer_id = 'c5' AND as_of < '2022-05-31';
DELETE FROM again.value WHERE customer_id = 'c6' AND as_of >= '2022-09-30';
INSERT INTO again.value SELECT 'late', as_of, 200 FROM again.value WHERE customer_id = 'c8'
	AND as_of >= '2022-04-30';
INSERT INTO again.value SELECT customer_id, '2022-11-30', 300 FROM again.value WHERE customer_id
	IN ('c11', 'c22', 'c33', 'c44', 'c55') AND as_of = '2022-01-31' ON CONFLICT DO NOTHING;
SELECT again.scheme('righted'), again.refresh('righted', '2023-12-31') > 0;
SELECT moves > 100 AS enough_are_wrong FROM again.differences('again', 'righted');
-- marked by a trigger such as a bank would have: here by hand, each from his first wrong value on
SELECT count(tiering.mark_dirty('again', v.customer_id, v.as_of)) > 60 AS marked FROM again.value v
WHERE (extract(year FROM as_of) = 2022 AND hashtext(customer_id || as_of) % 70 = 0)
	OR (customer_id IN ('c11', 'c22', 'c33', 'c44', 'c55') AND as_of = '2022-11-30')
	OR customer_id = 'late';
SELECT tiering.mark_dirty('again', 'c5', '-infinity'),
	tiering.mark_dirty('again', 'c6', '2022-12-31'),
	tiering.mark_dirty('again', 'c6', '2022-09-15'),
	tiering.mark_dirty('again', 'c6', '2022-10-01');
SELECT from_as_of FROM tiering.dirty_customer WHERE scheme = 'again' AND customer_id IN ('c5', 'c6')
	ORDER BY customer_id;
SELECT r.assessments, r.customers = m.marked AS all_marked, r.superseded > 30 AS superseded,
	r.recorded > 30 AS recorded, r.written > 0 AS written
FROM (SELECT count(*) AS marked FROM tiering.dirty_customer WHERE scheme = 'again') m,
	tiering.restate_dirty('again') r;
SELECT count(*) AS still_marked FROM tiering.dirty;
SELECT tiers, moves, heads, money > 0 AS money_is_left FROM again.differences('again', 'righted');
SELECT as_of FROM tiering.tier_distribution_history('again', NULL) WHERE measure IS NULL GROUP BY 1
	HAVING count(*) < 4 OR as_of = '2023-12-31';
SELECT tiering.recount('again'), tiering.recount('again') AS nothing_left;
SELECT tiers, moves, heads, money FROM again.differences('again', 'righted');
SELECT kind, as_of, superseded > 0 AS superseded, moves > 0 AS moves FROM tiering.batch
	WHERE scheme = 'again' ORDER BY batch DESC LIMIT 1;
SELECT cause, count(*) > 0 AS some FROM tiering.standing_move WHERE scheme = 'again'
	AND batch = (SELECT max(batch) FROM tiering.batch WHERE scheme = 'again') GROUP BY 1;
SELECT sound, moves = (SELECT count(*) FROM tiering.migration WHERE scheme = 'again') AS all_there
	FROM tiering.verify_history('again');
-- as known then: every tier at every month's end, and every distribution
SELECT (SELECT count(*) FROM again.known_tiers) > 10000 AS enough, count(*) AS wrong FROM (
	(SELECT * FROM again.known_tiers EXCEPT SELECT d::date, t.*
	FROM generate_series('2022-01-31'::date, '2023-12-31', '1 month') d,
	tiering.tiers_on('again', d::date, (SELECT at FROM again.known)) t)
	UNION ALL
	(SELECT d::date, t.* FROM generate_series('2022-01-31'::date, '2023-12-31', '1 month') d,
	tiering.tiers_on('again', d::date, (SELECT at FROM again.known)) t EXCEPT SELECT *
	FROM again.known_tiers)) x;
SELECT count(*) AS wrong FROM (SELECT * FROM again.known_matrix EXCEPT SELECT *
	FROM tiering.tier_distribution_history('again', (SELECT at FROM again.known))) x;
SELECT count(*) > 0 AS now_otherwise
	FROM (SELECT on_date, customer_id, tier FROM again.known_tiers EXCEPT SELECT d::date,
	t.customer_id, t.tier FROM generate_series('2022-01-31'::date, '2023-12-31', '1 month') d,
	tiering.tiers_on('again', d::date) t) x;
-- assignment is what the standing moves add up to, and the matrix of every month what the tiers
-- were
SELECT count(*) AS wrong FROM (SELECT customer_id, tier FROM tiering.assignment
	WHERE scheme = 'again') a
	FULL JOIN (SELECT DISTINCT ON (customer_id) customer_id, to_tier FROM tiering.standing_move
	WHERE scheme = 'again' ORDER BY customer_id, as_of DESC, move DESC) m USING (customer_id)
WHERE a.tier IS DISTINCT FROM m.to_tier;
SELECT count(*) AS cells, count(*)
	FILTER (WHERE (x.customers, x.measure_from, x.measure_to)
		IS DISTINCT FROM (y.customers, y.measure_from, y.measure_to)) AS wrong
FROM (SELECT * FROM tiering.migration_matrix WHERE scheme = 'again') x
	FULL JOIN (SELECT * FROM tiering.migration_matrix WHERE scheme = 'righted') y
	ON (x.as_of, COALESCE(x.from_tier, ''), COALESCE(x.to_tier, '')) = (y.as_of,
		COALESCE(y.from_tier, ''), COALESCE(y.to_tier, ''));

-- Round after round of random corrections, from random days on: by list, by mark, and the whole
-- bank.
CREATE FUNCTION again.round(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	from_day date := date '2022-03-31' + (t.random(n) * 500)::int;
	who text[];
BEGIN
	SET LOCAL client_min_messages = warning;
	SELECT array_agg(DISTINCT customer_id) INTO who FROM again.value
		WHERE hashtext(customer_id || n) % 20 = 0;
	UPDATE again.value v SET value = value + 90 * (t.random(s.seed) - 0.5)::numeric(5, 2)
	FROM (SELECT w.customer_id, w.as_of, hashtextextended(w.customer_id || w.as_of, n) AS seed
		FROM again.value w) s
	WHERE (v.customer_id, v.as_of) = (s.customer_id, s.as_of) AND v.customer_id = ANY (who)
		AND v.as_of >= from_day AND t.random(s.seed # 1) < 0.3;
	DELETE FROM again.value WHERE customer_id = ANY (who) AND as_of >= from_day
		AND t.random(hashtextextended(customer_id || as_of, n + 100)) < 0.05;
	CASE n % 3 WHEN 0 THEN PERFORM tiering.restate('again', from_day, who);
		WHEN 1 THEN PERFORM tiering.mark_dirty('again', w, from_day),
			tiering.mark_dirty('again', w, from_day + 40) FROM unnest(who) w;
			PERFORM tiering.restate_dirty('again');
		ELSE PERFORM tiering.restate('again', from_day); END CASE;
	PERFORM tiering.recount('again');
	PERFORM again.scheme('righted' || n), again.refresh('righted' || n, '2023-12-31');
	RETURN (SELECT format('%s tiers, %s moves, %s heads, %s money', d.tiers, d.moves, d.heads,
		d.money) FROM again.differences('again', 'righted' || n) d);
END;
$$;
SELECT again.round(n) FROM generate_series(1, 6) n;
SELECT sound FROM tiering.verify_history('again');
-- and the refreshes go on from there
INSERT INTO again.value SELECT customer_id, '2024-01-31', value * 1.1 FROM again.value
	WHERE as_of = '2023-12-31';
INSERT INTO again.value SELECT customer_id, '2024-02-29', value * 0.8 FROM again.value
	WHERE as_of = '2023-12-31';
SELECT again.refresh('again', '2024-12-31', '2023-12-31') = again.refresh('righted6', '2024-12-31',
	'2023-12-31') AS same;
SELECT tiers, moves, heads, money FROM again.differences('again', 'righted6');

-- Changes by hand and overrides of then stay.
CREATE TABLE again.hand AS SELECT c AS customer_id, d AS as_of, 50::numeric AS value
	FROM unnest('{a,b,c,d}'::text[]) c,
	unnest('{2024-01-31,2024-02-29,2024-03-31,2024-04-30}'::date[]) d;
SELECT tiering.create_ladder('unsourced', 'x', '{low}', '{NULL}');
SELECT tiering.create_ladder('byhand', 'value', '{low,mid,high}', '{NULL,100,200}'),
	tiering.publish('byhand', '2022-01-01'),
	tiering.set_source('byhand', 'SELECT customer_id, value FROM again.hand WHERE as_of = $1');
SET client_min_messages = warning;
SELECT count(tiering.refresh('byhand', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
UPDATE tiering.assignment SET tier = 'high' WHERE scheme = 'byhand' AND customer_id = 'a';
UPDATE tiering.assignment SET tier = 'mid', as_of = '2024-03-15', since = '2024-03-15'
	WHERE scheme = 'byhand' AND customer_id = 'b';
CREATE ROLE t_asks;
SELECT tiering.grant_role('t_asks', 'request');
SET session_authorization = t_asks;
SELECT tiering.request_override('byhand', 'c', 'floor', 'mid', '[2024-03-01,2024-04-15)', 'agreed')
	IS NOT NULL AS asked;
RESET session_authorization;
SELECT tiering.approve(request) FROM tiering.request WHERE scheme = 'byhand';
SELECT count(tiering.refresh('byhand', d)) FROM unnest('{2024-03-31,2024-04-30}'::date[]) d;
SELECT superseded, recorded, written FROM tiering.restate('byhand', '2024-01-01');
SELECT customer_id, string_agg(format('%s %s->%s %s', to_char(as_of, 'MM-DD'),
	COALESCE(from_tier, ''), COALESCE(to_tier, ''), cause), ', ' ORDER BY as_of, move) AS moves
	FROM tiering.standing_move WHERE scheme = 'byhand' GROUP BY 1 ORDER BY 1;
UPDATE again.hand SET value = 150 WHERE as_of = '2024-02-29';
UPDATE again.hand SET value = 250 WHERE as_of = '2024-04-30' AND customer_id = 'c';
SELECT superseded, recorded, written FROM tiering.restate('byhand', '2024-02-01', '{a,b,c,nobody}');
SELECT customer_id, string_agg(format('%s %s->%s %s', to_char(as_of, 'MM-DD'),
	COALESCE(from_tier, ''), COALESCE(to_tier, ''), cause), ', ' ORDER BY as_of, move) AS moves
	FROM tiering.standing_move WHERE scheme = 'byhand' GROUP BY 1 ORDER BY 1;
SELECT customer_id, tier, cause, since, policy_tier, measure FROM tiering.current_tier
	WHERE scheme = 'byhand' ORDER BY 1;
SELECT as_of, tier, customers, measure FROM tiering.tier_distribution_history('byhand', NULL)
	ORDER BY as_of, rank;
SELECT superseded, recorded, written FROM tiering.restate('byhand', '2024-02-01', '{a,b,c}');
SELECT sound FROM tiering.verify_history('byhand');
-- What is refused, and leaves the marks
SELECT tiering.mark_dirty('byhand', 'd', '2024-03-01');
CREATE TABLE again.before AS SELECT (SELECT count(*) FROM tiering.migration) AS moves,
	(SELECT count(*) FROM tiering.distribution_history) AS editions,
	(SELECT md5(string_agg(a::text, '|' ORDER BY a::text)) FROM tiering.assignment a) AS assigned;
SELECT t.fails(q) FROM unnest(ARRAY['SELECT tiering.restate(''nothing'', ''2024-01-01'')',
	'SELECT tiering.restate(''byhand'', NULL)', 'SELECT tiering.restate(''byhand'', ''-infinity'')',
	'SELECT tiering.restate(''unsourced'', ''2024-01-01'')',
	'SELECT tiering.mark_dirty(''nothing'', ''a'', ''2024-01-01'')',
	'SELECT tiering.mark_dirty(''byhand'', NULL, ''2024-01-01'')',
	'SELECT tiering.mark_dirty(''byhand'', ''a'', NULL)',
	'SELECT tiering.mark_dirty(''byhand'', ''a'', ''infinity'')',
	'SELECT tiering.restate_dirty(''nothing'')', 'SELECT tiering.recount(''nothing'')',
	'UPDATE tiering.watch_history SET misses = 0', 'TRUNCATE tiering.dirty']) q;
INSERT INTO again.hand VALUES ('d', '2024-04-30', 1);
SELECT t.fails('SELECT tiering.restate_dirty(''byhand'')');
DELETE FROM again.hand WHERE customer_id = 'd' AND value = 1;
SELECT customer_id, from_as_of FROM tiering.dirty;
SELECT superseded, recorded, written, assessments FROM tiering.restate('byhand', '2025-01-01');
SELECT customers, assessments FROM tiering.restate('byhand', '2024-01-01', '{}');
SELECT b.moves = (SELECT count(*) FROM tiering.migration) AS same_moves,
	b.assigned = (SELECT md5(string_agg(a::text, '|' ORDER BY a::text))
	FROM tiering.assignment a) AS same_tiers FROM again.before b;
DELETE FROM tiering.dirty;
SELECT customers, assessments, superseded, recorded
	FROM tiering.restate('byhand', '2024-01-01', '{NULL,d,d}');
RESET client_min_messages;
SELECT tiering.revoke_role('t_asks', 'request');
DROP ROLE t_asks;
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme ~ '^(again|right)';
DROP SCHEMA again CASCADE;
