-- A repeated assessment begins from where customers were before it, an assessment can be taken
-- back, and what a new version calls otherwise goes on.
CREATE SCHEMA back;
SET datestyle = iso;
SET client_min_messages = warning;
CREATE TABLE back.value AS
SELECT 'c' || c AS customer_id, d::date AS as_of,
	(c * 37 + extract(month FROM d)::int * 61) % 300 AS value
FROM generate_series(1, 60) c, unnest('{2024-01-31,2024-02-29,2024-03-31,2024-04-30}'::date[]) d;
CREATE FUNCTION back.scheme(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{mass,gold,platinum}', '{NULL,100,200}');
	INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES (name, 1, 'gold', 2),
		(name, 1, 'platinum', 3);
	PERFORM tiering.publish(name, '2020-01-01'),
		tiering.set_source(name, 'SELECT customer_id, value FROM back.value WHERE as_of = $1');
END;
$$;
CREATE FUNCTION back.differences(a text, b text)
	RETURNS TABLE (tiers bigint, moves bigint, sums bigint) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM (SELECT * FROM tiering.current_tier WHERE scheme = a) x
		FULL JOIN (SELECT * FROM tiering.current_tier WHERE scheme = b) y USING (customer_id)
			WHERE (x.tier, x.measure, x.since, x.version, x.cause, x.first_as_of, x.earned,
				x.misses, x.next_tier, x.next_review)
				IS DISTINCT FROM (y.tier, y.measure, y.since, y.version, y.cause, y.first_as_of,
					y.earned, y.misses, y.next_tier, y.next_review)),
		(SELECT count(*) FROM (SELECT * FROM tiering.standing_move WHERE scheme = a) x
		FULL JOIN (SELECT * FROM tiering.standing_move WHERE scheme = b) y
		USING (customer_id, as_of)
			WHERE (x.from_tier, x.to_tier, x.direction, x.cause, x.measure)
				IS DISTINCT FROM (y.from_tier, y.to_tier, y.direction, y.cause, y.measure)),
		(SELECT count(*) FROM tiering.tier_distribution_history(a, NULL) x
		FULL JOIN tiering.tier_distribution_history(b, NULL) y USING (as_of, tier)
			WHERE (x.customers, x.measure) IS DISTINCT FROM (y.customers, y.measure))
$$;
SELECT back.scheme('fed'), back.scheme('right');
SELECT count(tiering.refresh('fed', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
-- a part of the feed is missing: half of the bank leaves; the same date is refreshed again with
-- mended data
CREATE TABLE back.missing AS SELECT * FROM back.value WHERE as_of = '2024-03-31'
	AND customer_id ~ '[02468]$';
DELETE FROM back.value v USING back.missing m
	WHERE (v.customer_id, v.as_of) = (m.customer_id, m.as_of);
SELECT exit FROM tiering.refresh('fed', '2024-03-31');
INSERT INTO back.value SELECT * FROM back.missing;
SELECT new, exit FROM tiering.refresh('fed', '2024-03-31');
SELECT written FROM tiering.refresh('fed', '2024-03-31');
SELECT count(tiering.refresh('right', d))
	FROM unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
SELECT * FROM back.differences('fed', 'right');
SELECT count(*) > 0 AS kept FROM tiering.superseded s JOIN tiering.batch b USING (scheme, batch)
	WHERE s.scheme = 'fed' AND b.kind = 'refresh';
SELECT sound FROM tiering.verify_history('fed');

-- Taken back, and made as if it had never been
SELECT t.fails($$SELECT tiering.refresh('fed',
	'2062-11-30')$$) ~ '^22023 as_of 2062-11-30 is after today' AS refused;
INSERT INTO back.value SELECT customer_id, '2062-11-30', 0 FROM back.value
	WHERE as_of = '2024-01-31';
SELECT down > 0 AS fell FROM tiering.refresh('fed', '2062-11-30', ahead => true);
UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'fed' AND customer_id = 'c1';
SELECT t.fails($$SELECT tiering.refresh('fed', '2024-04-30')$$);
SELECT t.fails($$SELECT tiering.void_assessment('fed', '2024-03-31', 'a slip')$$);
SELECT t.fails($$SELECT tiering.void_assessment('fed', '2062-11-30', NULL)$$);
SELECT clock_timestamp() AS before \gset
SELECT as_of, now_as_of, superseded > 0 AS superseded, withdrawn
	FROM tiering.void_assessment('fed', '2062-11-30', 'a slip of the year');
SELECT kind, as_of, moves FROM tiering.batch WHERE scheme = 'fed' ORDER BY batch DESC LIMIT 1;
SELECT count(*) FROM tiering.tier_distribution_history WHERE scheme = 'fed'
	AND as_of = '2062-11-30';
SELECT count(*) > 0 AS known_then FROM tiering.tier_distribution_history('fed', :'before')
	WHERE as_of = '2062-11-30';
SELECT down, up FROM tiering.refresh('fed', '2024-04-30');
SELECT count(tiering.refresh('right', '2024-04-30'));
SELECT * FROM back.differences('fed', 'right');
-- the same in one transaction, over and over
BEGIN;
SELECT down > 0 AS fell FROM tiering.refresh('fed', '2062-11-30', ahead => true);
SELECT now_as_of FROM tiering.void_assessment('fed', '2062-11-30', 'once');
SELECT down > 0 AS fell FROM tiering.refresh('fed', '2062-11-30', ahead => true);
SELECT now_as_of FROM tiering.void_assessment('fed', '2062-11-30', 'twice');
COMMIT;
SELECT * FROM back.differences('fed', 'right');
SELECT sound FROM tiering.verify_history('fed');
-- all the way
SELECT now_as_of FROM tiering.void_assessment('fed', '2024-04-30', 'wrong');
SELECT now_as_of FROM tiering.void_assessment('fed', '2024-03-31', 'wrong');
SELECT now_as_of FROM tiering.void_assessment('fed', '2024-02-29', 'wrong');
SELECT now_as_of IS NULL AS none_left FROM tiering.void_assessment('fed', '2024-01-31', 'wrong');
SELECT count(*) FROM tiering.assignment WHERE scheme = 'fed';
SELECT count(tiering.refresh('fed', d))
	FROM unnest('{2024-01-31,2024-02-29,2024-03-31,2024-04-30}'::date[]) d;
SELECT * FROM back.differences('fed', 'right');
-- a first refresh that yields nobody is refused
SELECT back.scheme('empty'), t.fails($$SELECT tiering.refresh('empty', '2023-12-31')$$);
-- a source that fails, or a void that does, changes nothing
SELECT t.fails($$SELECT tiering.void_assessment('empty', '2023-12-31', 'nothing there')$$);

-- However many there are in one transaction, it has the locks of one, with a temporary
-- table that bears a name of anybody's
CREATE TEMP TABLE tiering_refresh (x int);
BEGIN;
SELECT written FROM tiering.refresh('right', '2024-04-30');
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid() \gset
DO $$
BEGIN
	FOR i IN 1 .. 150 LOOP
		PERFORM tiering.refresh('right', '2024-04-30');
	END LOOP;
END;
$$;
SELECT count(*) - :locks AS more FROM pg_locks WHERE pid = pg_backend_pid();
COMMIT;
-- restated over many days
CREATE TABLE back.daily AS SELECT 'd' AS customer_id, d::date AS as_of,
	extract(day FROM d)::int * 10 AS value
FROM generate_series('2022-01-01'::date, '2023-08-23', '1 day') d;
SELECT tiering.create_ladder('everyday', 'value', '{mass,gold}', '{NULL,100}'),
	tiering.publish('everyday', '2020-01-01'),
	tiering.set_source('everyday', 'SELECT customer_id, value FROM back.daily WHERE as_of = $1');
SELECT count(tiering.refresh('everyday', as_of))
FROM (SELECT as_of FROM back.daily ORDER BY as_of) d;
UPDATE back.daily SET value = value + 55 WHERE as_of BETWEEN '2022-03-01' AND '2022-06-01';
SELECT assessments, superseded > 0 AS superseded
FROM tiering.restate('everyday', '2022-01-01', '{d}');
SELECT sound FROM tiering.verify_history('everyday');

-- A tier that is only renamed moves nobody and resets nothing; one that is split, neither
SELECT tiering.create_ladder('named', 'value', '{mass,gold,platinum}', '{NULL,100,200}');
INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES ('named', 1, 'gold', 3),
	('named', 1, 'platinum', 3);
CREATE TABLE back.named (customer_id text, as_of date, value numeric);
INSERT INTO back.named SELECT c, d,
	CASE c WHEN 'miss' THEN CASE WHEN d = '2024-01-31' THEN 150 ELSE 50 END WHEN 'gold' THEN 150
	ELSE 250 END
FROM unnest('{miss,gold,high}'::text[]) c,
	unnest('{2024-01-31,2024-02-29,2024-03-31,2024-04-30}'::date[]) d;
SELECT tiering.publish('named', '2020-01-01'),
	tiering.set_source('named', 'SELECT customer_id, value FROM back.named WHERE as_of = $1');
SELECT count(tiering.refresh('named', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT tiering.new_version('named');
DELETE FROM tiering.rule WHERE scheme = 'named' AND version = 2 AND tier = 'gold';
DELETE FROM tiering.policy WHERE scheme = 'named' AND version = 2 AND tier = 'gold';
DELETE FROM tiering.tier WHERE scheme = 'named' AND version = 2 AND tier = 'gold';
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
	VALUES ('named', 2, 'gold_plus', 2, 'gold');
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('named', 2, 'gold_plus', 'value', '[100,)');
INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES ('named', 2, 'gold_plus', 3);
SELECT tiering.publish('named', '2024-03-01');
SELECT up, down, lateral_moves, stayed FROM tiering.simulate('named', 2, '2024-03-31') s,
	LATERAL (SELECT 0 AS up, 0 AS down, 0 AS lateral_moves, s.customers AS stayed) x
		WHERE s.direction <> 'stayed';
SELECT up, down, lateral_moves, stayed FROM tiering.refresh('named', '2024-03-31');
SELECT customer_id, tier, since, misses, cause FROM tiering.assignment WHERE scheme = 'named'
	ORDER BY 1;
SELECT count(*) AS moves FROM tiering.migration WHERE scheme = 'named' AND as_of > '2024-02-29';
SELECT customer_id, tiering.tier_on('named', customer_id, '2024-02-29') AS before,
	tiering.tier_on('named', customer_id, '2024-03-31') AS after
FROM tiering.assignment WHERE scheme = 'named' ORDER BY 1;
SELECT from_tier, to_tier, direction, customers
	FROM tiering.migration_matrix('named', '2024-02-29', '2024-03-31');
SELECT up, down, lateral_moves, stayed FROM tiering.refresh('named', '2024-04-30');
SELECT customer_id, from_tier, to_tier, direction, cause FROM tiering.migration
	WHERE scheme = 'named' AND as_of > '2024-02-29' ORDER BY 1;
SELECT superseded, recorded, written
	FROM tiering.restate('named', '2024-01-01', '{miss,gold,high}');
SELECT superseded, recorded, written FROM tiering.restate('named', '2024-01-01');

-- One move has one direction, whoever tells it
SELECT tiering.create_ladder('wend', 'value', '{a,b,c}', '{NULL,10,20}');
CREATE TABLE back.ways AS SELECT 'c' AS customer_id, d AS as_of,
	15 AS value
FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT tiering.publish('wend', '2020-01-01'),
	tiering.set_source('wend', 'SELECT customer_id, value FROM back.ways WHERE as_of = $1');
SELECT new FROM tiering.refresh('wend', '2024-01-31');
SELECT tiering.new_version('wend');
UPDATE tiering.tier SET rank = 9 WHERE scheme = 'wend' AND version = 2 AND tier = 'b';
UPDATE tiering.rule SET bounds = '[10,20)' WHERE scheme = 'wend' AND version = 2 AND tier = 'b';
SELECT tiering.publish('wend', '2024-02-01'), tiering.new_version('wend');
DELETE FROM tiering.rule WHERE scheme = 'wend' AND version = 3 AND tier = 'b';
DELETE FROM tiering.tier WHERE scheme = 'wend' AND version = 3 AND tier = 'b';
UPDATE tiering.rule SET bounds = '[10,)' WHERE scheme = 'wend' AND version = 3 AND tier = 'c';
SELECT tiering.publish('wend', '2024-02-15');
SELECT direction FROM tiering.simulate('wend', 3, '2024-02-29') WHERE from_tier = 'b';
SELECT up, down FROM tiering.refresh('wend', '2024-02-29');
SELECT 'migration' AS told_by, direction FROM tiering.migration WHERE scheme = 'wend'
	AND cause = 'scheme'
UNION ALL SELECT 'view', direction FROM tiering.migration_matrix WHERE scheme = 'wend'
	AND as_of = '2024-02-29'
UNION ALL SELECT 'function', direction
	FROM tiering.migration_matrix('wend', '2024-01-31', '2024-02-29');
SELECT up, down FROM tiering.migration_summary WHERE scheme = 'wend' AND as_of = '2024-02-29';

-- A column more is nobody's business
ALTER TABLE tiering.assignment ADD COLUMN note text;
SELECT superseded, recorded, written FROM tiering.restate('right', '2024-02-01', '{c1,c2,c3}');
SELECT written FROM tiering.refresh('right', '2024-04-30');
ALTER TABLE tiering.assignment DROP COLUMN note;
DROP TABLE tiering_refresh;
-- What an assessment noted that was taken back does not count any more, also for what is
-- made again later: the miss of 2 January was none.
CREATE TABLE back.one AS SELECT * FROM (VALUES ('2024-01-01'::date, 200), ('2024-01-02', 50),
	('2024-01-03', 50)) v(as_of, value);
SELECT tiering.create_ladder('undone', 'value', '{mass,gold}', '{NULL,100}');
INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES ('undone', 1, 'gold', 3);
SELECT tiering.publish('undone', '2024-01-01'), tiering.set_source('undone',
	$$SELECT 'a' AS customer_id, value FROM back.one WHERE as_of = $1$$);
SELECT count(tiering.refresh('undone', d)) FROM unnest('{2024-01-01,2024-01-02}'::date[]) d;
SELECT written FROM tiering.void_assessment('undone', '2024-01-02', 'a wrong feed');
UPDATE back.one SET value = 200 WHERE as_of = '2024-01-02';
SELECT count(tiering.refresh('undone', d)) FROM unnest('{2024-01-02,2024-01-03}'::date[]) d;
SELECT misses FROM tiering.assignment WHERE scheme = 'undone';
SELECT written FROM tiering.restate('undone', '2024-01-03', '{a}');
SELECT misses FROM tiering.assignment WHERE scheme = 'undone';
-- a second miss has no entry of its own, and is gone with its assessment as well
INSERT INTO back.one VALUES ('2024-01-04', 50);
SELECT count(tiering.refresh('undone', '2024-01-04'));
SELECT misses, next_review FROM tiering.assignment WHERE scheme = 'undone';
SELECT as_of, misses FROM tiering.watch_history WHERE scheme = 'undone' ORDER BY entry;
SELECT written FROM tiering.void_assessment('undone', '2024-01-04', 'a wrong feed');
SELECT misses, next_review FROM tiering.assignment WHERE scheme = 'undone';
DROP SCHEMA back CASCADE;
RESET client_min_messages;
