-- Changes by hand: nothing that writes is called within such a statement, what it says of
-- versions is so, and no view or rule lends the right to make one.
SET client_min_messages = warning;
SET datestyle = iso;
CREATE SCHEMA by_hand;
CREATE TABLE by_hand.money AS
SELECT 'c' || n AS customer_id, n * 100.0 AS assets FROM generate_series(1, 20) n;
SELECT tiering.create_ladder('by_hand', 'assets', '{mass,gold,platinum}', '{NULL,600,1400}'),
	tiering.publish('by_hand', '2024-01-01'),
	tiering.set_source('by_hand', 'SELECT * FROM by_hand.money');
SELECT new FROM tiering.refresh('by_hand', '2024-01-31');
CREATE ROLE by_hand_clerk; CREATE ROLE by_hand_eve;
SELECT tiering.grant_role('by_hand_clerk', what) FROM unnest('{hand,grade,author}'::text[]) what;
GRANT USAGE, CREATE ON SCHEMA by_hand TO PUBLIC;
GRANT SELECT ON by_hand.money TO PUBLIC;
GRANT USAGE ON SCHEMA t TO PUBLIC;
CREATE FUNCTION by_hand.sound() RETURNS TABLE (finding text) LANGUAGE sql AS $$
	SELECT v::text FROM tiering.verify_state('by_hand') v
	UNION ALL SELECT h::text FROM tiering.verify_history('by_hand') h WHERE NOT h.sound
$$;

-- what records and guards changes by hand fires in every session, also after it was turned off
ALTER TABLE tiering.assignment DISABLE TRIGGER USER;
SELECT tiering.enable_triggers() AS enabled;
SELECT count(*) FILTER (WHERE g.tgenabled = 'A') AS always,
	count(*) FILTER (WHERE g.tgenabled <> 'A') AS others
FROM pg_trigger g WHERE g.tgrelid = 'tiering.assignment'::regclass AND NOT g.tgisinternal;

-- What RETURNING calls, another table of WITH, a trigger of somebody's: each would build on
-- customers of whom nothing is recorded yet.
SET ROLE by_hand_clerk;
CREATE FUNCTION by_hand.also(id text, becomes text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	UPDATE tiering.assignment SET tier = becomes WHERE scheme = 'by_hand' AND customer_id = id;
	RETURN 1;
END $$;
SELECT t.fails($$UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'by_hand'
	AND customer_id = 'c1' RETURNING by_hand.also('c1', 'platinum')$$);
SELECT split_part(t.fails(format($$UPDATE tiering.assignment SET tier = 'gold'
	WHERE scheme = 'by_hand' AND customer_id = 'c1' RETURNING %s$$, what)), E'\n', 1)
FROM unnest(ARRAY[$$tiering.refresh('by_hand', '2024-02-29')$$,
	$$tiering.assess('by_hand', '2024-02-10', '{c1}', 'x')$$,
	$$tiering.restate('by_hand', '2024-01-31', '{c1}')$$,
	$$tiering.void_assessment('by_hand', '2024-01-31', 'x')$$]) what;
SELECT split_part(t.fails($$WITH x AS (UPDATE tiering.assignment SET tier = 'gold'
	WHERE scheme = 'by_hand' AND customer_id = 'c1' RETURNING 1)
	SELECT tiering.refresh('by_hand', '2024-02-29') FROM x$$), E'\n', 1);
SELECT split_part(t.fails($$DELETE FROM tiering.assignment WHERE scheme = 'by_hand'
	AND customer_id = 'c1' RETURNING tiering.refresh('by_hand', '2024-02-29')$$), E'\n', 1);
RESET ROLE;
SELECT * FROM by_hand.sound();

-- Several statements in one are one, and what fails in it is over.
SET ROLE by_hand_clerk;
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('by_hand', 'c2', 'gold', '2024-02-01', '2024-02-01', 1),
	('by_hand', 'new', 'gold', '2024-02-01', '2024-02-01', 1)
ON CONFLICT (scheme, customer_id) DO UPDATE SET tier = excluded.tier, as_of = excluded.as_of;
WITH up AS (UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-02-01'
	WHERE scheme = 'by_hand' AND customer_id = 'c3' RETURNING 1)
UPDATE tiering.assignment SET tier = 'platinum', as_of = '2024-02-01'
WHERE scheme = 'by_hand' AND customer_id = 'c4' AND EXISTS (SELECT FROM up);
DO $$
BEGIN
	UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-02-01'
	WHERE scheme = 'by_hand' AND 1 / (customer_id <> 'c5')::int = 1;
EXCEPTION WHEN division_by_zero THEN
	UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-02-01'
	WHERE scheme = 'by_hand' AND customer_id = 'c5';
END $$;
SELECT new, up, down FROM tiering.refresh('by_hand', '2024-02-29');
RESET ROLE;
SELECT customer_id, from_tier, to_tier FROM tiering.migration
WHERE scheme = 'by_hand' AND cause = 'manual' ORDER BY move;
SELECT * FROM by_hand.sound();

-- It hardly waits for rows while it is open, and no longer after.
SET ROLE by_hand_clerk;
SET lock_timeout = '5min';
BEGIN;
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('by_hand', 'c2', 'gold', '2024-03-01', '2024-03-01', 1)
ON CONFLICT (scheme, customer_id) DO UPDATE SET tier = excluded.tier, as_of = excluded.as_of;
SHOW lock_timeout;
UPDATE tiering.assignment SET tier = 'platinum', as_of = '2024-03-01' WHERE scheme = 'by_hand'
	AND customer_id = 'c6' RETURNING current_setting('lock_timeout') AS within;
SHOW lock_timeout;
ROLLBACK;
SHOW lock_timeout;
RESET lock_timeout;

-- The version is one that grades on the day: no draft, and none of the future.
SELECT tiering.new_version('by_hand');
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('by_hand', 2, 'super', 9);
SELECT t.fails(format($$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since,
	version) VALUES ('by_hand', 'x', %L, %L, %2$L, %s)$$, v.tier, v.day, v.version))
FROM (VALUES ('super', '2024-03-01', 2), ('gold', '2023-12-31', 2)) v(tier, day, version);
DELETE FROM tiering.tier WHERE scheme = 'by_hand' AND version = 2 AND tier = 'super';
SELECT tiering.publish('by_hand', '2030-01-01');
SELECT t.fails($$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since,
	version) VALUES ('by_hand', 'x', 'gold', '2024-03-01', '2024-03-01', 2)$$);
SELECT tiering.unpublish('by_hand', 2, 'was a try');
SELECT new, up, down FROM tiering.refresh('by_hand', '2024-03-31');
RESET ROLE;

-- A view or a rule writes with its owner's right, for whoever writes to it.
SET ROLE by_hand_clerk;
CREATE VIEW by_hand.lends AS
SELECT scheme, customer_id, tier, as_of, since, version FROM tiering.assignment;
CREATE VIEW by_hand.lends_titles AS SELECT scheme, version, tier, title FROM tiering.tier;
CREATE TABLE by_hand.inbox (x int);
CREATE RULE lends AS ON INSERT TO by_hand.inbox DO ALSO
	DELETE FROM tiering.assignment WHERE scheme = 'by_hand' AND customer_id = 'c5';
GRANT ALL ON by_hand.lends, by_hand.lends_titles, by_hand.inbox TO by_hand_eve;
SET ROLE by_hand_eve;
SELECT t.fails($$DELETE FROM by_hand.lends WHERE customer_id = 'c3'$$);
SELECT split_part(t.fails(query), E'\n', 1) FROM unnest(ARRAY[
	$$UPDATE by_hand.lends SET tier = 'platinum' WHERE customer_id = 'c4'$$,
	$$INSERT INTO by_hand.lends VALUES ('by_hand', 'z', 'gold', '2024-04-01', '2024-04-01', 1)$$,
	$$INSERT INTO by_hand.inbox VALUES (1)$$,
	$$UPDATE by_hand.lends_titles SET title = 'x' WHERE version = 2$$]) query;
-- who has the right uses views as they like
SET ROLE by_hand_clerk;
UPDATE by_hand.lends SET tier = 'platinum', as_of = '2024-04-01'
WHERE scheme = 'by_hand' AND customer_id = 'c6';
RESET ROLE;
SELECT customer_id, to_tier, recorded_as FROM tiering.migration
WHERE scheme = 'by_hand' AND as_of = '2024-04-01';
SELECT * FROM by_hand.sound();

-- Rows that are given out as restored, of a scheme that has no moves: nothing leads there.
SELECT tiering.create_ladder('by_hand_first', 'assets', '{mass,gold}', '{NULL,600}'),
	tiering.publish('by_hand_first', '2024-01-01'),
	tiering.set_source('by_hand_first', 'SELECT * FROM by_hand.money');
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version, recorded_at,
	cause, first_as_of)
VALUES ('by_hand_first', 'c1', 'gold', '2021-01-15', '2021-01-15', 1, '2024-01-15', 'new',
	'2021-01-15');
SELECT t.fails($$SELECT tiering.refresh('by_hand_first', '2024-01-31')$$);

-- A tier that is only called otherwise is none to move to.
BEGIN;
SELECT tiering.create_ladder('by_hand_named', 'assets', '{low,mid,top}', '{NULL,100,600}'),
	tiering.publish('by_hand_named', '2024-01-01'),
	tiering.set_source('by_hand_named', 'SELECT * FROM by_hand.money');
SELECT new FROM tiering.refresh('by_hand_named', '2024-01-31');
SELECT tiering.new_version('by_hand_named');
DELETE FROM tiering.rule WHERE scheme = 'by_hand_named' AND version = 2 AND tier = 'mid';
UPDATE tiering.tier SET tier = 'medium', succeeds = 'mid'
WHERE scheme = 'by_hand_named' AND version = 2 AND tier = 'mid';
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
VALUES ('by_hand_named', 2, 'medium', 1, 'assets', '[100,600)');
SELECT tiering.publish('by_hand_named', '2024-02-01');
SELECT tier, count(*) > 0 AS any FROM tiering.assignment WHERE scheme = 'by_hand_named'
GROUP BY tier ORDER BY tier;
SELECT t.fails($$UPDATE tiering.assignment SET tier = 'medium', version = 2, as_of = '2024-02-01'
	WHERE scheme = 'by_hand_named' AND customer_id = (SELECT min(a.customer_id)
		FROM tiering.assignment a WHERE a.scheme = 'by_hand_named' AND a.tier = 'mid')$$);
ROLLBACK;

-- Words of ours are names of dimensions like any other.
SELECT tiering.set_dimensions('by_hand', $$SELECT customer_id, 'n' AS id, customer_id AS own,
	'x' AS told, 'y' AS number FROM by_hand.money$$);
SELECT new, up, down FROM tiering.refresh('by_hand', '2024-04-30');
SELECT value, tier, customers FROM tiering.tier_distribution_by('by_hand', 'id') ORDER BY 2;
SELECT count(DISTINCT value) FROM tiering.tier_distribution_by('by_hand', 'own');

-- Who reads what is kept while refreshing keeps it from being emptied, and that is all.
SELECT tiering.keep_assessments('by_hand', 'last', NULL);
SELECT count(tiering.refresh('by_hand', date '2024-05-01' + d)) FROM generate_series(0, 4) d;
DO $$
DECLARE
	seen record;
	n int := 0;
BEGIN
	FOR seen IN SELECT customer_id FROM tiering.assessment WHERE scheme = 'by_hand' LOOP
		n := n + 1;
		PERFORM tiering.refresh('by_hand', date '2024-05-10' + n);
		EXIT WHEN n > 4;
	END LOOP;
END $$;
SELECT max(as_of) FROM tiering.tier_distribution_history WHERE scheme = 'by_hand';
SELECT * FROM by_hand.sound();

DROP SCHEMA by_hand CASCADE;
REASSIGN OWNED BY by_hand_clerk TO CURRENT_USER;
DROP OWNED BY by_hand_clerk, by_hand_eve;
DROP ROLE by_hand_clerk; DROP ROLE by_hand_eve;
