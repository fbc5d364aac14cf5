-- A customer who has left is forgotten: their number is nowhere any more, and all else is as it
-- was: sums, reports, moves, and the seals over them, by every head that was kept.
CREATE SCHEMA lethe;
SET datestyle = iso;
SET client_min_messages = warning;
SET jit = off;
CREATE ROLE t_lethe_asker;
CREATE ROLE t_lethe_chief;
SELECT tiering.grant_role('t_lethe_asker', 'request'),
	tiering.grant_role('t_lethe_chief', 'request'), tiering.grant_role('t_lethe_chief', 'approve');
GRANT USAGE ON SCHEMA lethe, t TO t_lethe_asker, t_lethe_chief;
CREATE TABLE lethe.value (customer_id text, as_of date, value numeric,
	PRIMARY KEY (customer_id, as_of));
CREATE FUNCTION lethe.scheme(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{mass,gold,top}', '{NULL,100,300}');
	INSERT INTO tiering.policy (scheme, version, tier, down_after)
	SELECT name, 1, unnest('{gold,top}'::text[]), 2;
	PERFORM tiering.publish(name, '2020-01-01'), tiering.keep_assessments(name, 'all'),
		tiering.set_source(name, 'SELECT customer_id, value FROM lethe.value WHERE as_of = $1'),
		tiering.set_dimensions(name, 'SELECT customer_id, value > 100 AS rich FROM lethe.value
			WHERE as_of = $1');
END;
$$;
-- Where a number is, in whatever table and column, as text or within jsonb
CREATE FUNCTION lethe.found(number text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	relation regclass;
	rows bigint;
BEGIN
	FOR relation IN SELECT c.oid FROM pg_class c
		WHERE c.relnamespace IN ('tiering'::regnamespace, '_tiering'::regnamespace,
			'tiering_archive'::regnamespace)
			AND c.relkind = 'r' ORDER BY c.relname COLLATE "C"
	LOOP
		EXECUTE format('SELECT count(*) FROM %s x WHERE to_jsonb(x)::text ~ %L', relation, number)
		INTO rows;
		IF rows > 0 THEN
			RETURN NEXT format('%s: %s', relation, rows);
		END IF;
	END LOOP;
END;
$$;
-- What an error says, but for numbers of requests and what was drawn at random
CREATE FUNCTION lethe.fails(query text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(t.fails(query), '(request |withdraw\()\d+', '\1N', 'g'),
		'(forgotten:)[0-9a-f]{16}', '\1X', 'g')
$$;
-- All that is said of a scheme, but for who it is: sums, and what each move is
CREATE FUNCTION lethe.told(scheme text) RETURNS TABLE (what text, told text) LANGUAGE sql AS $$
	SELECT 'sums', to_jsonb(d)::text FROM tiering.distribution_history d WHERE d.scheme = $1
	UNION ALL SELECT 'moves', (to_jsonb(m) - '{customer_id,salt,mark}'::text[])::text
	FROM tiering.migration m WHERE m.scheme = $1
	UNION ALL SELECT 'kept', (to_jsonb(a) - 'customer_id')::text
	FROM tiering.assessment a WHERE a.scheme = $1
	UNION ALL SELECT 'matrix', to_jsonb(m)::text FROM tiering.migration_matrix m
	WHERE m.scheme = $1
	UNION ALL SELECT 'summary', to_jsonb(m)::text FROM tiering.migration_summary m
	WHERE m.scheme = $1
	UNION ALL SELECT 'span', to_jsonb(m)::text
	FROM unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) f,
		tiering.migration_matrix($1, f, '2024-04-30') m
	UNION ALL SELECT 'bridge', to_jsonb(b)::text
	FROM tiering.measure_bridge($1, '2024-01-31', '2024-04-30') b
	UNION ALL SELECT 'retention', to_jsonb(r)::text FROM tiering.retention($1) r
	UNION ALL SELECT 'yearly', to_jsonb(r)::text FROM tiering.yearly_retention($1) r
	UNION ALL SELECT 'origin', to_jsonb(o)::text FROM tiering.tier_origin o WHERE o.scheme = $1
	UNION ALL SELECT 'where', format('%s %s %s %s', d, x.tier, x.since, x.measure)
	FROM unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d, tiering.tiers_on($1, d) x
	UNION ALL SELECT 'by', to_jsonb(x)::text
	FROM unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d,
		tiering.tier_distribution_by($1, 'rich', d) x
	UNION ALL SELECT 'noted', (to_jsonb(h) - 'customer_id')::text FROM tiering.watch_history h
	WHERE h.scheme = $1
$$;

-- Of four customers one has all that there is: another number, an override, a miss, an
-- assessment of their own, a mark, a move by hand
INSERT INTO lethe.value
SELECT c, d, 40 * n + 20 * extract(month FROM d)
FROM unnest('{0001,KX-1,0003,0004}'::text[]) WITH ORDINALITY c(c, n),
	unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
UPDATE lethe.value SET customer_id = 'KX-2' WHERE customer_id = 'KX-1' AND as_of > '2024-03-01';
UPDATE lethe.value SET value = 120 WHERE customer_id = 'KX-1' AND as_of = '2024-01-31';
SELECT lethe.scheme('lethe');
SELECT new FROM tiering.refresh('lethe', '2024-01-31');
SELECT down, stayed FROM tiering.refresh('lethe', '2024-02-29');
SELECT batch AS first_batch, seal AS first_seal FROM tiering.history_head('lethe') \gset
SET SESSION AUTHORIZATION t_lethe_asker;
SELECT tiering.request_override('lethe', 'KX-1', 'fixed', 'top', '[2024-03-01,2024-04-01)', 'why')
	AS fixed \gset
RESET SESSION AUTHORIZATION;
SELECT tiering.approve(:fixed);
SELECT tiering.rename_customer('lethe', 'KX-1', 'KX-2', '2024-03-05', 'a new card');
INSERT INTO lethe.value VALUES ('KX-2', '2024-03-15', 90);
SELECT customers FROM tiering.assess('lethe', '2024-03-15', '{KX-2}', 'a complaint');
SELECT up, down, exit FROM tiering.refresh('lethe', '2024-03-31');
SELECT tiering.mark_dirty('lethe', 'KX-2', '2024-02-29');
-- what a check found, as a refresh keeps it
INSERT INTO tiering.source_check (scheme, as_of, finding, errors, warnings, forced)
SELECT 'lethe', '2024-03-31', E'account "KX-1": a gap\naccount "KX-2": two\naccount "0001": one',
	3, 0, true;
SELECT batch AS head_batch, seal AS head_seal FROM tiering.history_head('lethe') \gset
SELECT * FROM lethe.found('KX-[12]');

-- Who is there cannot be forgotten; nor can who never was
SET SESSION AUTHORIZATION t_lethe_asker;
SELECT lethe.fails(format('SELECT tiering.forget_customer(%s)', arguments)) FROM unnest(ARRAY[
	$$'lethe', 'KX-2', 'asked'$$, $$'lethe', 'KX-1', 'asked'$$, $$'lethe', 'KX-3', 'asked'$$,
	$$'lethe', NULL, 'asked'$$, $$'lethe', 'KX-2', ' '$$, $$'lethe', 'KX-2', NULL$$,
	$$'nowhere', 'KX-2', 'asked'$$]) arguments;
RESET SESSION AUTHORIZATION;
INSERT INTO lethe.value
SELECT customer_id, '2024-04-30', value + 20 FROM lethe.value
WHERE as_of = '2024-03-31' AND customer_id <> 'KX-2';
SELECT exit, stayed FROM tiering.refresh('lethe', '2024-04-30');

-- One asks, and another decides
SET SESSION AUTHORIZATION t_lethe_chief;
SELECT tiering.forget_customer('lethe', 'KX-2', 'they asked us to') AS request \gset
SELECT lethe.fails($$SELECT tiering.forget_customer('lethe', 'KX-1', 'twice')$$);
SELECT lethe.fails(format('SELECT tiering.approve(%s)', :request)),
	lethe.fails(format('SELECT tiering.reject(%s)', :request));
SELECT tiering.withdraw(:request, 'not yet');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION t_lethe_asker;
SELECT tiering.forget_customer('lethe', 'KX-1', 'they asked us to') AS request \gset
SELECT lethe.fails(format('SELECT tiering.approve(%s)', :request));
RESET SESSION AUTHORIZATION;
SELECT kind, tier, valid, state, requested_by, counts FROM tiering.request_state
WHERE scheme = 'lethe' ORDER BY request;
SET SESSION AUTHORIZATION t_lethe_chief;
SELECT tiering.reject(:request, 'not yet either');
SELECT tiering.forget_customer('lethe', 'KX-2', 'they asked us to') AS request \gset
RESET SESSION AUTHORIZATION;
-- who has come back meanwhile
BEGIN;
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('lethe', 'KX-2', 'mass', '2024-04-30', '2024-04-30', 1);
SELECT lethe.fails(format('SELECT tiering.approve(%s)', :request));
ROLLBACK;
CREATE TABLE lethe.before AS SELECT * FROM lethe.told('lethe');
SELECT tiering.approve(:request, 'so be it');
SELECT lethe.fails(format('SELECT tiering.end_override(%s, ''2024-05-01'')', :request));
SELECT batch, kind, as_of, moves, superseded, recorded_by = session_user AS mine
FROM tiering.batch WHERE scheme = 'lethe' ORDER BY batch;

-- It is nowhere, and nothing else has changed
SELECT * FROM lethe.found('KX-');
SELECT regexp_replace(finding, '[0-9a-f]{16}', 'X', 'g') AS finding FROM tiering.source_check
WHERE scheme = 'lethe';
SELECT count(*), bool_and(customer_id ~ '^forgotten:[0-9a-f]{16}$'), count(DISTINCT batch)
FROM tiering.forgotten WHERE scheme = 'lethe';
SELECT count(*) > 50 AS much, count(DISTINCT what) FROM lethe.before;
CREATE TABLE lethe.afterwards AS SELECT * FROM lethe.told('lethe');
(TABLE lethe.before EXCEPT ALL TABLE lethe.afterwards)
UNION ALL (TABLE lethe.afterwards EXCEPT ALL TABLE lethe.before);
SELECT v.sound, v.finding FROM (VALUES (NULL, NULL), (:first_batch, :'first_seal'),
	(:head_batch, :'head_seal')) h(batch, seal), tiering.verify_history('lethe', h.batch, h.seal) v;
SELECT * FROM tiering.verify_state('lethe');
SELECT t.invariants('lethe');
SELECT count(*) FILTER (WHERE salt IS NULL AND mark IS NOT NULL) AS without_number,
	count(*) FILTER (WHERE salt IS NOT NULL AND mark IS NULL) AS with_number
FROM tiering.migration WHERE scheme = 'lethe';
-- by any of their numbers they are nobody; what stands for the last one is the same customer
SELECT tiering.tier_on('lethe', n, '2024-03-31') FROM unnest('{KX-1,KX-2}'::text[]) n;
SELECT tiering.tier_on('lethe', r.customer_id, d) FROM tiering.request r,
	unnest('{2024-01-31,2024-02-29,2024-03-15,2024-03-31,2024-04-30}'::date[]) d
WHERE r.request = :request ORDER BY d;
SELECT kind, state, customer_id = (SELECT customer_id FROM tiering.request
	WHERE request = :request) AS same FROM tiering.request_state
WHERE scheme = 'lethe' ORDER BY request;
SELECT lethe.fails(format('SELECT tiering.forget_customer(''lethe'', %L, ''again'')', customer_id))
FROM tiering.forgotten WHERE scheme = 'lethe';

-- Nobody makes that past again: not of them, nor of all while they were there
SELECT lethe.fails(format('SELECT tiering.restate(''lethe'', %s)', arguments))
FROM unnest(ARRAY['''2024-01-31''', '''2024-03-31''', '''2024-04-01''', '''2024-04-30''',
	'''2024-01-31'', ''{0001,0003}''', format('''2024-04-30'', ARRAY[%L]', (SELECT customer_id
		FROM tiering.request WHERE request = :request))]) arguments;
SELECT superseded, recorded FROM tiering.restate('lethe', '2024-04-30');
SELECT exit, stayed, written FROM tiering.refresh('lethe', '2024-04-30');
SELECT count(*) FROM tiering.migration WHERE scheme = 'lethe' AND as_of >= '2024-04-30';
-- Who comes again with the number is new
INSERT INTO lethe.value SELECT customer_id, '2024-05-31', value FROM lethe.value
WHERE as_of = '2024-04-30';
INSERT INTO lethe.value VALUES ('KX-2', '2024-05-31', 500);
SELECT new, exit FROM tiering.refresh('lethe', '2024-05-31');
SELECT tier, since, first_as_of FROM tiering.assignment
WHERE scheme = 'lethe' AND customer_id = 'KX-2';
SELECT * FROM lethe.found('KX-');
-- Taking the assessment at which they left back has them there again, without a number
SELECT superseded FROM tiering.void_assessment('lethe', '2024-05-31', 'x');
SELECT superseded, written FROM tiering.void_assessment('lethe', '2024-04-30', 'x');
SELECT customer_id ~ '^forgotten:', tier, since FROM tiering.assignment WHERE scheme = 'lethe'
ORDER BY customer_id;
SELECT lethe.fails($$SELECT tiering.restate('lethe', '2024-01-31')$$);
SELECT exit, stayed FROM tiering.refresh('lethe', '2024-04-30');
SELECT * FROM tiering.verify_history('lethe', :head_batch, :'head_seal');
SELECT * FROM tiering.verify_state('lethe');
SELECT t.invariants('lethe');
SELECT * FROM lethe.found('KX-');

-- Whatever is done to what was forgotten is found: by the batch that was sealed with the moves, or
-- by the one that forgot
CREATE FUNCTION lethe.after(tampering text, scheme text DEFAULT 'lethe') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	ALTER TABLE tiering.migration DISABLE TRIGGER USER;
	ALTER TABLE tiering.forgotten DISABLE TRIGGER USER;
	ALTER TABLE tiering.sealed_before DISABLE TRIGGER USER;
	ALTER TABLE tiering.customer_alias DISABLE TRIGGER USER;
	EXECUTE tampering;
	SELECT format('%s %s: %s', v.sound, b.kind, v.finding) INTO found
	FROM tiering.verify_history(after.scheme) v
		LEFT JOIN tiering.batch b ON b.scheme = after.scheme AND b.batch = v.batch;
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = found;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	RETURN SQLERRM;
END;
$$;
SELECT what, lethe.after(tampering) FROM (VALUES
	('nothing', 'SELECT'),
	('a tier', $$UPDATE tiering.migration SET to_tier = 'top' WHERE scheme = 'lethe'
		AND batch = 1 AND mark IS NOT NULL$$),
	('a number of somebody else', $$UPDATE tiering.migration SET customer_id = '0001'
		WHERE scheme = 'lethe' AND batch = 1 AND mark IS NOT NULL$$),
	('another mark', $$UPDATE tiering.migration SET mark = sha256(mark)
		WHERE scheme = 'lethe' AND batch = 1 AND mark IS NOT NULL$$),
	('one move of another of the forgotten', $$UPDATE tiering.migration m SET customer_id =
		(SELECT f.customer_id FROM tiering.forgotten f WHERE f.scheme = 'lethe'
			AND f.customer_id <> m.customer_id)
		WHERE m.scheme = 'lethe' AND m.batch = 1 AND m.mark IS NOT NULL$$),
	('a move of theirs that was not', $$UPDATE tiering.migration m SET salt = NULL,
		mark = _tiering.move_mark(NULL, m.salt, m.customer_id), customer_id =
		(SELECT min(f.customer_id) FROM tiering.forgotten f WHERE f.scheme = 'lethe')
		WHERE m.scheme = 'lethe' AND m.batch = 1 AND m.customer_id = '0001'$$),
	('a number taken out without a trace', $$UPDATE tiering.migration m SET salt = NULL,
		mark = _tiering.move_mark(NULL, m.salt, m.customer_id), customer_id = 'forgotten:0'
		WHERE m.scheme = 'lethe' AND m.batch = 1 AND m.customer_id = '0001'$$),
	('forgotten in no batch', $$INSERT INTO tiering.forgotten VALUES ('lethe', 'forgotten:0', 99);
		UPDATE tiering.migration m SET salt = NULL,
		mark = _tiering.move_mark(NULL, m.salt, m.customer_id), customer_id = 'forgotten:0'
		WHERE m.scheme = 'lethe' AND m.batch = 1 AND m.customer_id = '0001'$$),
	('nobody was forgotten', $$DELETE FROM tiering.forgotten WHERE scheme = 'lethe'$$),
	('as if from before 0.2.0', $$INSERT INTO tiering.sealed_before
		SELECT 'lethe', d.batch, d.part, d.digest, 9 FROM _tiering.move_digests('lethe', 0, 0) d
		WHERE d.batch = 1;
		UPDATE tiering.migration SET to_tier = 'top' WHERE scheme = 'lethe' AND batch = 1$$))
	x(what, tampering);
SELECT lethe.fails(q) FROM unnest(ARRAY['UPDATE tiering.forgotten SET batch = 1',
	'DELETE FROM tiering.sealed_before', 'UPDATE tiering.migration SET mark = NULL']) q;

-- Moves from before 0.2.0 have no salt: what was sealed with the number is sealed anew, and
-- is so once, whoever is forgotten after that. All moves are of one part; where it is the
-- second, the first batch's is not taken for the second batch's, too
BEGIN;
SELECT setval('tiering.migration_move_seq', GREATEST(2, 1 + last_value / 10000) * 10000) IS NOT NULL
	AS whole FROM tiering.migration_move_seq;
ALTER TABLE tiering.migration ALTER COLUMN salt DROP DEFAULT;
SELECT lethe.scheme('lethe_old');
SELECT count(tiering.refresh('lethe_old', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
ALTER TABLE tiering.migration ALTER COLUMN salt SET DEFAULT gen_random_uuid();
SELECT batch AS old_batch, seal AS old_seal FROM tiering.history_head('lethe_old') \gset
SELECT tiering.request_override('lethe_old', 'KX-1', 'cap', 'mass', '[2024-03-01,2024-04-01)',
	'x') AS cap \gset
DELETE FROM lethe.value WHERE as_of = '2024-03-31' AND customer_id <> '0001';
SELECT exit FROM tiering.refresh('lethe_old', '2024-03-31');
SELECT lethe.fails($$SELECT tiering.forget_customer('lethe_old', 'KX-1', 'x')$$);
SELECT tiering.withdraw(:cap);
TRUNCATE lethe.before, lethe.afterwards;
INSERT INTO lethe.before SELECT * FROM lethe.told('lethe_old');
SELECT count(*) AS by_number FROM tiering.migration
WHERE scheme = 'lethe_old' AND salt IS NULL AND mark IS NULL;
SELECT r AS forget_1 FROM tiering.forget_customer('lethe_old', 'KX-1', 'x') r \gset
SELECT r AS forget_2 FROM tiering.forget_customer('lethe_old', '0004', 'x') r \gset
SET LOCAL SESSION AUTHORIZATION t_lethe_chief;
SELECT tiering.approve(:forget_1);
RESET SESSION AUTHORIZATION;
SELECT sound, finding FROM tiering.verify_history('lethe_old', :old_batch, :'old_seal');
SET LOCAL SESSION AUTHORIZATION t_lethe_chief;
SELECT tiering.approve(:forget_2);
RESET SESSION AUTHORIZATION;
SELECT sound, finding FROM tiering.verify_history('lethe_old', :old_batch, :'old_seal');
SELECT batch, kind FROM tiering.batch WHERE scheme = 'lethe_old' ORDER BY batch;
SELECT scheme, batch, forgotten_by FROM tiering.sealed_before ORDER BY 1, 2, 3;
SELECT count(*) FILTER (WHERE salt IS NULL AND mark IS NULL) AS by_number,
	count(*) FILTER (WHERE customer_id ~ 'KX|0004') AS still_there
FROM tiering.migration WHERE scheme = 'lethe_old';
INSERT INTO lethe.afterwards SELECT * FROM lethe.told('lethe_old');
(TABLE lethe.before EXCEPT ALL TABLE lethe.afterwards)
UNION ALL (TABLE lethe.afterwards EXCEPT ALL TABLE lethe.before);
SELECT t.invariants('lethe_old');
SELECT what, lethe.after(tampering, 'lethe_old') FROM (VALUES
	('nothing', 'SELECT'),
	('what was sealed anew', $$UPDATE tiering.migration SET to_tier = 'top'
		WHERE scheme = 'lethe_old' AND batch = 1 AND customer_id = '0001'$$),
	('its old digest', $$UPDATE tiering.sealed_before SET digest = sha256(digest)
		WHERE scheme = 'lethe_old'$$),
	('that it was', $$DELETE FROM tiering.sealed_before WHERE scheme = 'lethe_old'$$),
	('by whom', $$UPDATE tiering.sealed_before SET forgotten_by = forgotten_by + 1
		WHERE scheme = 'lethe_old'$$),
	('by nobody', $$UPDATE tiering.sealed_before SET forgotten_by = 99
		WHERE scheme = 'lethe_old'$$)) x(what, tampering);
ROLLBACK;

-- Who became one with a customer is forgotten with them, by whichever number. Of a merge that was
-- taken back one may be forgotten and the other not: what is sealed of each is judged by itself.
DELETE FROM lethe.value WHERE customer_id ~ 'KX' OR as_of > '2024-03-31';
INSERT INTO lethe.value VALUES ('KX-5', '2024-01-31', 350), ('KX-7', '2024-01-31', 50),
	('KX-8', '2024-01-31', 350), ('KX-5', '2024-02-29', 350), ('KX-7', '2024-02-29', 60),
	('KX-9', '2024-02-29', 360);
SELECT lethe.scheme('lethe_one');
SELECT new FROM tiering.refresh('lethe_one', '2024-01-31');
SELECT tiering.merge_customers('lethe_one', '0004', '{KX-5}', '2024-02-05', 'into', 'a slip'),
	tiering.merge_customers('lethe_one', 'KX-7', '{0003}', '2024-02-05', 'into', 'a slip');
SELECT superseded FROM tiering.void_assessment('lethe_one', '2024-01-31', 'a slip');
SELECT new FROM tiering.refresh('lethe_one', '2024-01-31');
SELECT tiering.rename_customer('lethe_one', 'KX-8', 'KX-9', '2024-02-10', 'a new card');
SELECT stayed FROM tiering.refresh('lethe_one', '2024-02-29');
SELECT tiering.merge_customers('lethe_one', 'KX-7', '{KX-9}', '2024-03-05', 'higher', 'one person');
SELECT batch AS one_batch, seal AS one_seal FROM tiering.history_head('lethe_one') \gset
SELECT lethe.fails($$SELECT tiering.forget_customer('lethe_one', 'KX-8', 'asked')$$);
SELECT exit, stayed FROM tiering.refresh('lethe_one', '2024-03-31');
TRUNCATE lethe.before, lethe.afterwards;
INSERT INTO lethe.before SELECT * FROM lethe.told('lethe_one');
SET SESSION AUTHORIZATION t_lethe_asker;
SELECT tiering.forget_customer('lethe_one', 'KX-8', 'x') AS forget_1,
	tiering.forget_customer('lethe_one', 'KX-5', 'x') AS forget_2 \gset
SELECT lethe.fails($$SELECT tiering.forget_customer('lethe_one', 'KX-7', 'twice')$$);
SET SESSION AUTHORIZATION t_lethe_chief;
SELECT tiering.approve(:forget_1);
RESET SESSION AUTHORIZATION;
SELECT v.sound, v.finding
FROM tiering.verify_history('lethe_one', :one_batch, :'one_seal') v;
SELECT * FROM lethe.found('KX-[789]');
SET SESSION AUTHORIZATION t_lethe_chief;
SELECT tiering.approve(:forget_2);
RESET SESSION AUTHORIZATION;
SELECT v.sound, v.finding
FROM tiering.verify_history('lethe_one', :one_batch, :'one_seal') v;
SELECT * FROM lethe.found('KX-[5789]');
SELECT batch, count(*) FROM tiering.forgotten WHERE scheme = 'lethe_one' GROUP BY batch
ORDER BY batch;
INSERT INTO lethe.afterwards SELECT * FROM lethe.told('lethe_one');
SELECT count(*) > 50 AS much, count(DISTINCT what) FROM lethe.before;
(TABLE lethe.before EXCEPT ALL TABLE lethe.afterwards)
UNION ALL (TABLE lethe.afterwards EXCEPT ALL TABLE lethe.before);
SELECT * FROM tiering.verify_state('lethe_one');
SELECT t.invariants('lethe_one');
SELECT count(*) FILTER (WHERE (from_id ~ '^forgotten:') = (from_salt IS NULL)
		AND (from_salt IS NULL) = (from_mark IS NOT NULL)) AS of_from,
	count(*) FILTER (WHERE (to_id ~ '^forgotten:') = (to_salt IS NULL)
		AND (to_salt IS NULL) = (to_mark IS NOT NULL)) AS of_to, count(*)
FROM tiering.customer_alias WHERE scheme = 'lethe_one';
SELECT what, lethe.after(format('UPDATE tiering.customer_alias a SET %s
	WHERE a.scheme = ''lethe_one'' AND %s', tampering, rows), 'lethe_one') FROM (VALUES
	('nothing', 'reason = reason', 'true'),
	('with whom, who is there', $$to_id = '0001'$$, $$to_id = '0004'$$),
	('who, who is there', $$from_id = '0001'$$, $$from_id = '0003'$$),
	('the mark of with whom', 'to_mark = sha256(to_mark)', 'to_mark IS NOT NULL'),
	('the mark of who', 'from_mark = sha256(from_mark)', 'from_mark IS NOT NULL'),
	('a mark for who is there', $$to_salt = NULL, to_id = 'forgotten:0',
		to_mark = _tiering.move_mark(NULL, a.to_salt, a.to_id)$$, $$to_id = '0004'$$),
	('another of the forgotten', $$to_id = (SELECT min(f.customer_id) FROM tiering.forgotten f
		WHERE f.scheme = a.scheme AND f.customer_id <> a.to_id)$$, $$from_id = '0003'$$))
	x(what, tampering, rows);
-- Taken back, they are there again, as one and then as two
SELECT superseded FROM tiering.void_assessment('lethe_one', '2024-03-31', 'x');
SELECT customer_id ~ '^forgotten:', tier FROM tiering.assignment WHERE scheme = 'lethe_one'
ORDER BY 1, customer_id;
SELECT t.invariants('lethe_one');
SELECT superseded FROM tiering.void_assessment('lethe_one', '2024-02-29', 'x');
SELECT customer_id ~ '^forgotten:', tier FROM tiering.assignment WHERE scheme = 'lethe_one'
ORDER BY 1, tier, customer_id;
SELECT exit, stayed FROM tiering.refresh('lethe_one', '2024-03-31');
SELECT sound, finding FROM tiering.verify_history('lethe_one', :one_batch, :'one_seal');
SELECT * FROM tiering.verify_state('lethe_one');
SELECT t.invariants('lethe_one');
DROP SCHEMA lethe CASCADE;
DROP OWNED BY t_lethe_asker, t_lethe_chief;
DROP ROLE t_lethe_asker, t_lethe_chief;
