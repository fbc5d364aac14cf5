-- Customers turn out to be one: in no report is anybody new, gone, up or down by it, what was
-- before the day stays that of several, and from the day on all numbers lead to who is left.
CREATE SCHEMA twin;
SET datestyle = iso;
SET client_min_messages = warning;
CREATE TABLE twin.value (customer_id text, as_of date, value numeric);
CREATE FUNCTION twin.scheme(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{mass,gold,platinum}', '{NULL,50000,100000}');
	INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES (name, 1, 'gold', 2);
	PERFORM tiering.publish(name, '2020-01-01'), tiering.keep_assessments(name, 'all'),
		tiering.set_source(name, 'SELECT customer_id, value FROM twin.value WHERE as_of = $1');
END;
$$;

-- A, mass, and B, gold, are one from 10 March on, in gold; C and D stay mass. The source goes on
-- with the number of B. E was gold with F, and stays with their own tier.
INSERT INTO twin.value
SELECT c, d, v FROM (VALUES ('A', 10000), ('B', 30000), ('C', 1000), ('D', 2000), ('E', 20000),
	('F', 70000), ('G', 60000)) x(c, v), unnest('{2026-01-31,2026-02-28}'::date[]) d;
UPDATE twin.value SET value = value + 30000 WHERE customer_id = 'B' AND as_of = '2026-02-28';
INSERT INTO twin.value VALUES ('B', '2026-03-31', 80000), ('D', '2026-03-31', 3000),
	('F', '2026-03-31', 90000), ('G', '2026-03-31', 60000);
SELECT twin.scheme('twin');
SELECT customers, new, up FROM tiering.refresh('twin', '2026-01-31');
SELECT customers, new, up FROM tiering.refresh('twin', '2026-02-28');
SELECT now() AS before \gset
SELECT tiering.merge_customers('twin', 'A', '{B}', '2026-03-10', 'higher', 'one person'),
	tiering.merge_customers('twin', 'D', '{C}', '2026-03-10', 'higher', 'one firm'),
	tiering.merge_customers('twin', 'E', '{F}', '2026-03-11', 'into', 'a household');
SELECT from_id, to_id, on_date, leads, reason, recorded_by = session_user AS by_me, batch
FROM tiering.customer_alias WHERE scheme = 'twin' ORDER BY batch;
SELECT customer_id, as_of, from_tier, to_tier, direction, cause, measure, batch
FROM tiering.standing_move WHERE scheme = 'twin' AND batch > 2 ORDER BY move;
SELECT batch, kind, as_of, moves FROM tiering.batch WHERE scheme = 'twin' AND batch > 2
ORDER BY batch;
-- until the next assessment they have what both had at the last
SELECT customer_id, tier, measure, measured_as_of AS as_of, since, cause
FROM tiering.current_tier
WHERE scheme = 'twin' ORDER BY customer_id;
SELECT tier, customers, measure FROM tiering.tier_distribution WHERE scheme = 'twin' ORDER BY rank;
SELECT tier, customers, measure FROM tiering.tier_distribution_history
WHERE scheme = 'twin' AND as_of = '2026-02-28' ORDER BY rank;
SELECT t.invariants('twin');
SELECT customers, new, up, down, exit, stayed FROM tiering.refresh('twin', '2026-03-31');
SELECT customer_id, tier, measure, since, cause, earned, misses FROM tiering.current_tier
WHERE scheme = 'twin' ORDER BY customer_id;
SELECT as_of, from_tier, to_tier, direction, customers, measure_from, measure_to
FROM tiering.migration_matrix WHERE scheme = 'twin' AND as_of > '2026-02-28'
ORDER BY 1, from_rank, 4, to_rank;
SELECT as_of, new, up, down, exit, stayed, retention FROM tiering.migration_summary
WHERE scheme = 'twin' ORDER BY as_of;
SELECT from_tier, to_tier, direction, customers, share, measure_from, measure_to
FROM tiering.migration_matrix('twin', '2026-02-28', '2026-03-31');
SELECT * FROM tiering.measure_bridge('twin', '2026-02-28', '2026-03-31');
SELECT tier, customers, from_below, as_new, grown_up FROM tiering.tier_origin
WHERE scheme = 'twin' ORDER BY rank;
SELECT d::date, n, tiering.tier_on('twin', n, d::date),
	tiering.tier_on('twin', n, d::date, :'before') AS before
FROM unnest('{2026-02-28,2026-03-09,2026-03-10,2026-03-31}'::date[]) d,
	unnest('{A,B,C,E,F}'::text[]) n ORDER BY 1, 2;
SELECT d::date, string_agg(x.customer_id || ' ' || x.tier || COALESCE(' ' || x.measure, ''), ', '
	ORDER BY x.customer_id)
FROM unnest('{2026-02-28,2026-03-09,2026-03-10,2026-03-31}'::date[]) d,
	tiering.tiers_on('twin', d) x GROUP BY d ORDER BY d;
SELECT sound FROM tiering.verify_history('twin');
SELECT * FROM tiering.verify_state('twin');
SELECT t.invariants('twin');

-- The source may say any of the numbers from the day on, but one row for all of them
INSERT INTO twin.value VALUES ('A', '2026-04-30', 1), ('B', '2026-04-30', 80000),
	('C', '2026-04-30', 3000), ('E', '2026-04-30', 90000), ('G', '2026-04-30', 60000);
SELECT t.fails($$SELECT tiering.refresh('twin', '2026-04-30')$$);
DELETE FROM twin.value WHERE customer_id = 'A' AND as_of = '2026-04-30';
SELECT customers, new, up, down, exit, stayed FROM tiering.refresh('twin', '2026-04-30');

-- Corrected before the day: what was merged is restated by any of the numbers; the merge stays as
-- it was, a customer who is not the same any more ends from where they are
UPDATE twin.value SET value = 110000 WHERE customer_id = 'B' AND as_of = '2026-01-31';
UPDATE twin.value SET value = 55000 WHERE customer_id = 'C' AND as_of <= '2026-02-28';
DELETE FROM twin.value WHERE customer_id = 'F' AND as_of = '2026-02-28';
SELECT customers, superseded, recorded FROM tiering.restate('twin', '2026-01-31', '{B}');
SELECT tiering.mark_dirty('twin', 'D', '2026-01-01');
SELECT customers, superseded, recorded FROM tiering.restate_dirty('twin');
SELECT customers, superseded, recorded FROM tiering.restate('twin', '2026-02-28', '{E,F}');
SELECT customer_id, as_of, from_tier, to_tier, direction, cause, measure
FROM tiering.standing_move WHERE scheme = 'twin' AND customer_id <> 'G'
ORDER BY customer_id, as_of, move;
SELECT customer_id, tier, measure, since, cause, earned FROM tiering.current_tier
WHERE scheme = 'twin' ORDER BY customer_id;
SELECT * FROM tiering.measure_bridge('twin', '2026-01-31', '2026-04-30');
SELECT from_tier, to_tier, direction, customers, measure_from, measure_to
FROM tiering.migration_matrix('twin', '2026-01-31', '2026-04-30', known_at => :'before');
SELECT t.invariants('twin');
SELECT superseded, recorded FROM tiering.restate('twin', '2026-01-31');
SELECT t.invariants('twin');

-- One who became one with another leads on when that one does, or has another number
SELECT tiering.rename_customer('twin', 'A', 'A2', '2026-05-01', 'a lost card'),
	tiering.merge_customers('twin', 'D', '{A2}', '2026-05-02', 'higher', 'the same after all'),
	tiering.rename_customer('twin', 'D', 'D2', '2026-05-03', 'a lost card');
SELECT n, tiering.tier_on('twin', n, '2026-05-01') AS before, tiering.tier_on('twin', n,
	'2026-05-03') AS after FROM unnest('{A,A2,B,C,D,D2}'::text[]) n;
SELECT customer_id, tier, measure, since FROM tiering.current_tier WHERE scheme = 'twin'
ORDER BY customer_id;
SELECT tier, customers, from_below, as_new, grown_up FROM tiering.tier_origin
WHERE scheme = 'twin' ORDER BY rank;
SELECT from_tier, to_tier, direction, customers, measure_from, measure_to
FROM tiering.migration_matrix('twin', '2026-01-31', '2026-05-05');
SELECT customer_id, tier FROM tiering.tiers_on('twin', '2026-05-02') ORDER BY 1;
SELECT t.invariants('twin');
INSERT INTO twin.value VALUES ('B', '2026-05-31', 90000), ('E', '2026-05-31', 90000),
	('G', '2026-05-31', 60000);
SELECT customers, new, up, down, exit, stayed FROM tiering.refresh('twin', '2026-05-31');
SELECT t.fails(format('SELECT tiering.rename_customer(%L, %L, %L, %L, %L)', 'twin', 'D2', c,
	'2026-05-31', 'why')) FROM unnest('{B,C,A2}'::text[]) c;
SELECT t.fails($$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('twin', 'B', 'gold', '2026-05-31', '2026-05-31', 1)$$);
SELECT t.invariants('twin');

-- Taken back with the assessment before it, as a change by hand is
SELECT twin.scheme('untwin');
INSERT INTO twin.value SELECT c, d, v FROM (VALUES ('p', 60000), ('q', 1000), ('r', 1000)) x(c, v),
	unnest('{2025-01-31,2025-02-28}'::date[]) d;
SELECT count(tiering.refresh('untwin', d)) FROM unnest('{2025-01-31,2025-02-28}'::date[]) d;
SELECT tiering.merge_customers('untwin', 'q', '{p,r}', '2025-03-01', 'higher', 'a slip');
SELECT customer_id, tier, measure, since FROM tiering.current_tier WHERE scheme = 'untwin';
SELECT now() AS merged \gset
SELECT superseded FROM tiering.void_assessment('untwin', '2025-02-28', 'a slip');
SELECT customer_id, tier, measure, since FROM tiering.current_tier WHERE scheme = 'untwin'
ORDER BY 1;
SELECT n, tiering.tier_on('untwin', n, '2025-03-02'), tiering.tier_on('untwin', n, '2025-03-02',
	:'merged') AS then FROM unnest('{p,q,r}'::text[]) n;
SELECT t.invariants('untwin');
SELECT customers, new, exit, stayed FROM tiering.refresh('untwin', '2025-02-28');
SELECT tiering.merge_customers('untwin', 'q', '{r}', '2025-03-01', 'into', 'anew');
-- an assessment that comes after it is taken back by itself
INSERT INTO twin.value VALUES ('p', '2025-03-31', 60000), ('r', '2025-03-31', 60000);
SELECT customers, up FROM tiering.refresh('untwin', '2025-03-31');
SELECT superseded FROM tiering.void_assessment('untwin', '2025-03-31', 'why not');
SELECT customer_id, tier, measure, since FROM tiering.current_tier WHERE scheme = 'untwin'
ORDER BY 1;
SELECT t.invariants('untwin');
SELECT customers, up FROM tiering.refresh('untwin', '2025-03-31');

-- Assessments of their own, and a refresh as of a day before the merge
INSERT INTO twin.value VALUES ('p', '2025-04-10', 70000), ('r', '2025-04-10', 65000),
	('p', '2025-04-20', 71000), ('q', '2025-04-20', 66000), ('p', '2025-04-25', 130000);
SELECT customers, stayed FROM tiering.assess('untwin', '2025-04-10', '{r,p}', 'a complaint');
SELECT t.fails($$SELECT tiering.merge_customers('untwin', 'p', '{q}', '2025-04-10', 'into', 'x')$$);
SELECT tiering.merge_customers('untwin', 'p', '{q}', '2025-04-22', 'into', 'one person');
SELECT customer_id, tier, measure, as_of, measured_as_of, since FROM tiering.current_tier
WHERE scheme = 'untwin';
SELECT t.invariants('untwin');
SELECT customers, stayed FROM tiering.refresh('untwin', '2025-04-20');
SELECT customer_id, tier, measure, as_of, measured_as_of, since FROM tiering.current_tier
WHERE scheme = 'untwin';
SELECT tier, customers, measure FROM tiering.tier_distribution_history
WHERE scheme = 'untwin' AND as_of = '2025-04-20' AND customers > 0;
SELECT customers, up FROM tiering.assess('untwin', '2025-04-25', '{r}', 'by any number');
SELECT t.invariants('untwin');

-- What was asked about who is one with another: moves are withdrawn, overrides go on for nobody
CREATE ROLE t_twin;
SELECT tiering.grant_role('t_twin', 'approve');
SELECT tiering.create_ladder('asked', 'value', '{mass,gold,platinum}', '{NULL,50000,100000}');
UPDATE tiering.tier SET approval = true WHERE scheme = 'asked' AND tier = 'platinum';
SELECT tiering.publish('asked', '2020-01-01'), tiering.set_source('asked',
	'SELECT customer_id, value FROM twin.value WHERE as_of = $1');
INSERT INTO twin.value VALUES ('i', '2024-01-31', 200000), ('j', '2024-01-31', 200000),
	('k', '2024-01-31', 10000), ('l', '2024-01-31', 10000);
INSERT INTO twin.value SELECT customer_id, '2023-12-31', LEAST(value, 60000) FROM twin.value
WHERE as_of = '2024-01-31';
SELECT new, pending FROM tiering.refresh('asked', '2023-12-31');
SELECT up, stayed, pending FROM tiering.refresh('asked', '2024-01-31');
SELECT tiering.request_override('asked', 'k', 'floor', 'gold', '[2024-01-01,2024-03-01)', 'agreed')
	AS floor, tiering.request_override('asked', 'l', 'cap', 'mass', '[2024-01-01,2024-03-01)',
	'a debt') AS cap \gset
SELECT regexp_replace(t.fails($$SELECT tiering.merge_customers('asked', 'i', '{l}', '2024-02-01',
	'higher', 'one')$$), 'override \d+', 'override N');
SET SESSION AUTHORIZATION t_twin;
SELECT tiering.approve(:floor), tiering.reject(:cap);
RESET SESSION AUTHORIZATION;
SELECT regexp_replace(t.fails($$SELECT tiering.merge_customers('asked', 'i', '{j,k}', '2024-02-01',
	'higher', 'one')$$), '(override |override\()\d+', '\1N', 'g');
-- the other way round, and from the day on from which it does not count any more
SELECT tiering.merge_customers('asked', 'k', '{j,l}', '2024-02-01', 'into', 'one');
SELECT customer_id, kind, tier, state, note FROM tiering.request_state WHERE scheme = 'asked'
ORDER BY request;
SELECT tiering.merge_customers('asked', 'i', '{k}', '2024-03-01', 'higher', 'one');
INSERT INTO twin.value VALUES ('j', '2024-03-31', 70000);
SELECT customers, stayed, pending FROM tiering.refresh('asked', '2024-03-31');
SELECT customer_id, kind, tier, state, note FROM tiering.request_state WHERE scheme = 'asked'
ORDER BY request;
SELECT year, tier, customers, kept, up, down, exit, retention, churn FROM tiering.retention('asked')
WHERE year = 2024;
SELECT year, customers, kept, up, down, exit, retention, churn
FROM tiering.yearly_retention('asked') WHERE year = 2024;
SELECT t.invariants('asked');

-- Refused
SELECT t.fails(format('SELECT tiering.merge_customers(%s)', c)) FROM unnest(ARRAY[
	$$'nowhere', 'p', '{q}', '2025-05-01', 'into', 'why'$$,
	$$'twin', 'nobody', '{G}', '2026-06-01', 'into', 'why'$$,
	$$'twin', 'G', '{D2,F}', '2026-06-01', 'into', 'why'$$,
	$$'twin', 'G', '{G}', '2026-06-01', 'into', 'why'$$,
	$$'twin', 'G', '{E,E}', '2026-06-01', 'into', 'why'$$,
	$$'twin', 'G', '{}', '2026-06-01', 'into', 'why'$$,
	$$'twin', 'G', NULL, '2026-06-01', 'into', 'why'$$,
	$$'twin', 'G', '{E,NULL}', '2026-06-01', 'into', 'why'$$,
	$$'twin', NULL, '{E}', '2026-06-01', 'into', 'why'$$,
	$$'twin', 'G', '{E}', '2026-06-01', NULL, 'why'$$,
	$$'twin', 'G', '{E}', '2026-06-01', 'lower', 'why'$$,
	$$'twin', 'G', '{E}', '2026-06-01', 'into', ' '$$,
	$$'twin', 'G', '{E}', '-infinity', 'into', 'why'$$,
	$$'twin', 'G', '{E}', '2026-05-31', 'into', 'why'$$]) c;
SELECT regexp_replace(t.fails($$SELECT tiering.merge_customers('twin', 'G', '{E}',
	current_date + 1, 'into', 'why')$$), '\d{4}-\d\d-\d\d', 'day', 'g');

-- Whoever loads data makes customers one, and nobody else
CREATE ROLE t_twin_loads;
CREATE ROLE t_twin_reads;
GRANT USAGE ON SCHEMA t, twin TO t_twin_loads, t_twin_reads;
SELECT tiering.grant_role('t_twin_loads', 'load'), tiering.grant_role('t_twin_reads', 'report');
SET SESSION AUTHORIZATION t_twin_reads;
SELECT t.fails($$SELECT tiering.merge_customers('twin', 'G', '{E}', '2026-06-01', 'into', 'why')$$);
SELECT tiering.tier_on('twin', 'B', '2026-05-31');
SELECT count(*) FROM tiering.tiers_on('twin', '2026-03-09');
SELECT count(*) FROM tiering.migration_matrix('twin', '2026-01-31', '2026-03-31');
SELECT count(*) > 0 AS reads FROM tiering.tier_origin WHERE scheme = 'twin';
SELECT count(*) > 0 AS reads FROM tiering.migration_matrix WHERE scheme = 'twin';
SELECT count(*) > 0 AS reads FROM tiering.current_tier WHERE scheme = 'twin';
SELECT sound FROM tiering.verify_history('twin');
SELECT * FROM tiering.verify_state('twin');
SET SESSION AUTHORIZATION t_twin_loads;
SELECT tiering.merge_customers('twin', 'G', '{E}', '2026-06-01', 'into', 'loaded');
RESET SESSION AUTHORIZATION;
SELECT to_id, recorded_by FROM tiering.customer_alias WHERE scheme = 'twin' ORDER BY batch DESC
LIMIT 1;

-- Whoever goes behind the triggers is found
BEGIN;
ALTER TABLE tiering.customer_alias DISABLE TRIGGER USER;
UPDATE tiering.customer_alias SET to_id = 'E' WHERE scheme = 'twin' AND from_id = 'B';
SELECT sound, finding FROM tiering.verify_history('twin');
ROLLBACK;
BEGIN;
ALTER TABLE tiering.customer_alias DISABLE TRIGGER USER;
UPDATE tiering.customer_alias SET from_id = 'G' WHERE scheme = 'twin' AND from_id = 'B';
SELECT kind, finding FROM tiering.verify_state('twin');
ROLLBACK;
SELECT t.invariants('twin');
DROP SCHEMA twin CASCADE;
REVOKE USAGE ON SCHEMA t FROM t_twin_loads, t_twin_reads;
SELECT tiering.revoke_role('t_twin', 'approve'), tiering.revoke_role('t_twin_loads', 'load'),
	tiering.revoke_role('t_twin_reads', 'report');
DROP ROLE t_twin, t_twin_loads, t_twin_reads;
