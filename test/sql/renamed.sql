-- A customer gets another number: in no report are they new or gone, and all that is known of
-- them goes on under it.
CREATE SCHEMA plate;
SET datestyle = iso;
SET client_min_messages = warning;
CREATE TABLE plate.value (customer_id text, as_of date, value numeric);
CREATE FUNCTION plate.scheme(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{mass,gold}', '{NULL,50000}');
	INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES (name, 1, 'gold', 2);
	PERFORM tiering.publish(name, '2020-01-01'), tiering.keep_assessments(name, 'all'),
		tiering.set_source(name, 'SELECT customer_id, value FROM plate.value WHERE as_of = $1');
END;
$$;

-- What a bridge and a matrix say of a year in which all who stay have changed their numbers
INSERT INTO plate.value
SELECT c.*, '2026-01-31', v.* FROM (VALUES ('A'), ('B'), ('C'), ('D')) c, LATERAL (
	SELECT CASE c.column1 WHEN 'A' THEN 60000 WHEN 'B' THEN 70000 WHEN 'C' THEN 10000
		ELSE 55000 END) v;
INSERT INTO plate.value VALUES ('A2', '2026-08-31', 500000), ('B', '2026-08-31', 10000),
	('C3', '2026-08-31', 200000), ('E', '2026-08-31', 100);
SELECT plate.scheme('plate_year');
SELECT customers, new FROM tiering.refresh('plate_year', '2026-01-31');
SELECT tiering.rename_customer('plate_year', 'A', 'A2', '2026-03-01', 'a new system'),
	tiering.rename_customer('plate_year', 'B', 'B2', '2026-03-01', 'a new system'),
	tiering.rename_customer('plate_year', 'C', 'C2', '2026-03-01', 'a new system'),
	tiering.rename_customer('plate_year', 'C2', 'C3', '2026-04-01', 'a newer one');
-- the policy would keep B in gold
UPDATE tiering.assignment SET tier = 'mass', as_of = '2026-08-01'
WHERE scheme = 'plate_year' AND customer_id = 'B2';
SELECT customers, new, up, down, exit, stayed FROM tiering.refresh('plate_year', '2026-08-31');
SELECT tier, opening, new, exit, migrated_in, migrated_out, growth, closing
FROM tiering.measure_bridge('plate_year', '2026-01-31', '2026-08-31');
SELECT from_tier, to_tier, direction, customers, measure_from, measure_to
FROM tiering.migration_matrix('plate_year', '2026-01-31', '2026-08-31');
SELECT as_of, new, up, down, exit, stayed, retention FROM tiering.migration_summary
WHERE scheme = 'plate_year' ORDER BY as_of;
SELECT tier, customers, as_new, from_below, grown_up FROM tiering.tier_origin
WHERE scheme = 'plate_year' ORDER BY rank DESC;
SELECT t.invariants('plate_year');

-- What is kept of it
SELECT plate.scheme('plate');
INSERT INTO plate.value
SELECT c, d, CASE WHEN c = 'x' AND d > '2024-02-01' THEN 40000 ELSE 60000 END
FROM unnest('{x,y,z}'::text[]) c, unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
SELECT count(tiering.refresh('plate', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT now() AS before \gset
SELECT tiering.rename_customer('plate', 'x', 'x2', '2024-03-10', 'a lost card');
SELECT from_id, to_id, on_date, reason, recorded_by = session_user AS by_me, recorded_as, batch
FROM tiering.customer_alias WHERE scheme = 'plate';
SELECT customer_id, as_of, from_tier, to_tier, direction, cause, measure, batch
FROM tiering.standing_move WHERE scheme = 'plate' AND customer_id ~ 'x' ORDER BY move;
SELECT batch, kind, as_of, moves, superseded FROM tiering.batch WHERE scheme = 'plate'
ORDER BY batch;
SELECT customer_id, tier, valid, from_tier, direction, cause FROM tiering.customer_tier_history
WHERE scheme = 'plate' AND customer_id ~ 'x' ORDER BY valid;
-- gold since January, with one miss; the next one, which the source tells of x2, is the second
SELECT customer_id, tier, measure, as_of, since, first_as_of, earned, misses, next_tier
FROM tiering.current_tier WHERE scheme = 'plate' AND customer_id ~ 'x';
UPDATE plate.value SET customer_id = 'x2' WHERE customer_id = 'x' AND as_of = '2024-03-31';
SELECT customers, new, down, exit FROM tiering.refresh('plate', '2024-03-31');
SELECT d::date, n, tiering.tier_on('plate', n, d::date),
	tiering.tier_on('plate', n, d::date, :'before') AS before
FROM unnest('{2024-01-31,2024-03-10,2024-03-31}'::date[]) d, unnest('{x,x2}'::text[]) n
ORDER BY 1, 2;
SELECT d::date, x.customer_id, x.tier, x.since, x.direction, x.measure
FROM unnest('{2024-01-31,2024-03-09,2024-03-10,2024-03-31}'::date[]) d,
	tiering.tiers_on('plate', d) x WHERE x.customer_id ~ 'x' ORDER BY d;
SELECT x.customer_id, x.tier FROM tiering.tiers_on('plate', '2024-03-31', :'before') x
ORDER BY x.customer_id;
SELECT sound FROM tiering.verify_history('plate');
SELECT * FROM tiering.verify_state('plate');
SELECT t.invariants('plate');

-- Requests that wait, overrides, marks, and assessments of their own go on
CREATE ROLE t_plate;
SELECT tiering.grant_role('t_plate', 'approve');
SELECT tiering.request_override('plate', 'y', 'cap', 'mass', '[2024-03-01,2024-07-01)', 'a debt')
	AS cap, tiering.request_override('plate', 'z', 'cap', 'mass', '[2024-03-01,2024-04-05)',
	'a debt') AS short \gset
SET SESSION AUTHORIZATION t_plate;
SELECT tiering.approve(:short);
RESET SESSION AUTHORIZATION;
SELECT tiering.mark_dirty('plate', 'y', '2024-02-15');
SELECT tiering.rename_customer('plate', 'y', 'y2', '2024-04-10', 'a marriage'),
	tiering.rename_customer('plate', 'z', 'z2', '2024-04-10', 'a marriage');
SELECT customer_id, kind, state, counts FROM tiering.request_state WHERE scheme = 'plate'
ORDER BY request;
SELECT customer_id, from_as_of FROM tiering.dirty_customer WHERE scheme = 'plate';
SET SESSION AUTHORIZATION t_plate;
SELECT tiering.approve(:cap);
RESET SESSION AUTHORIZATION;
INSERT INTO plate.value SELECT customer_id, '2024-04-20', 70000 FROM plate.value
WHERE as_of = '2024-03-31';
SELECT customers, up, stayed, fell_due
FROM tiering.assess('plate', '2024-04-20', '{z,y2}', 'a complaint');
SELECT customer_id, tier, measure, measured_as_of AS as_of, since, cause, earned
FROM tiering.current_tier
WHERE scheme = 'plate' ORDER BY customer_id;
-- the cap of z ended on the 5th, when they had that number
SELECT customer_id, as_of, from_tier, to_tier, direction, cause, assessed
FROM tiering.standing_move WHERE scheme = 'plate' AND customer_id ~ 'z' ORDER BY as_of, move;
SELECT t.invariants('plate');

-- Corrected before the day of the change: the two moves that hand the tier over are recorded anew
UPDATE plate.value SET value = 60000 WHERE customer_id ~ 'x';
UPDATE plate.value SET value = 10000 WHERE customer_id ~ 'x' AND as_of = '2024-01-31';
SELECT superseded, recorded FROM tiering.restate('plate', '2024-01-31', '{x}');
SELECT customer_id, as_of, from_tier, to_tier, direction, cause FROM tiering.standing_move
WHERE scheme = 'plate' AND customer_id ~ 'x' ORDER BY as_of, move;
SELECT superseded, recorded FROM tiering.restate('plate', '2024-01-31');
SELECT customers, superseded FROM tiering.restate_dirty('plate');
SELECT t.invariants('plate');
-- by hand, as of a day before it
UPDATE tiering.assignment SET tier = 'mass', as_of = '2024-04-08'
WHERE scheme = 'plate' AND customer_id = 'x2';
SELECT tiering.rename_customer('plate', 'x2', 'x3', '2024-04-15', 'a slip'),
	tiering.rename_customer('plate', 'x3', 'x2', '2024-04-16', 'the slip');
UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-04-12'
WHERE scheme = 'plate' AND customer_id = 'x2';
SELECT customer_id, as_of, from_tier, to_tier, direction, cause FROM tiering.standing_move
WHERE scheme = 'plate' AND customer_id ~ 'x' AND as_of > '2024-03-10' ORDER BY as_of, move;
SELECT customer_id, tier, since, cause FROM tiering.current_tier
WHERE scheme = 'plate' AND customer_id ~ 'x';
SELECT t.invariants('plate');
SELECT tiering.tier_on('plate', n, '2024-04-30') FROM unnest('{x,x2,x3}'::text[]) n;

-- The first assessment of a customer is taken back after they changed their number: they are none
SELECT plate.scheme('soon');
INSERT INTO plate.value VALUES ('p', '2025-01-31', 1), ('q', '2025-02-28', 60000),
	('p', '2025-02-28', 1);
SELECT count(tiering.refresh('soon', d)) FROM unnest('{2025-01-31,2025-02-28}'::date[]) d;
SELECT tiering.rename_customer('soon', 'q', 'q2', '2025-03-03', 'early');
SELECT superseded FROM tiering.void_assessment('soon', '2025-02-28', 'too early');
SELECT count(*) FILTER (WHERE customer_id ~ 'q') AS moves FROM tiering.standing_move
WHERE scheme = 'soon';
SELECT t.invariants('soon');
SELECT customers, new FROM tiering.refresh('soon', '2025-02-28');
SELECT customer_id, as_of, from_tier, to_tier, direction FROM tiering.standing_move
WHERE scheme = 'soon' AND customer_id ~ 'q' ORDER BY as_of, move;
SELECT t.invariants('soon');
-- a number that a refresh took for a new customer's: that is taken back first
INSERT INTO plate.value VALUES ('q2', '2025-03-31', 1), ('p3', '2025-03-31', 1);
SELECT new, exit FROM tiering.refresh('soon', '2025-03-31');
SELECT t.fails($$SELECT tiering.rename_customer('soon', 'p', 'p3', '2025-03-31', 'late')$$);
SELECT now_as_of FROM tiering.void_assessment('soon', '2025-03-31', 'a number');
SELECT tiering.rename_customer('soon', 'p', 'p3', '2025-03-31', 'late');
SELECT new, exit, stayed FROM tiering.refresh('soon', '2025-03-31');
SELECT t.invariants('soon');

-- A move that is dated ahead: as of its day, not before it nor after it
SELECT plate.scheme('plate_ahead');
INSERT INTO plate.value VALUES ('m', current_date + 10, 1);
SELECT new FROM tiering.refresh('plate_ahead', current_date + 10, ahead => true);
SELECT regexp_replace(t.fails(format('SELECT tiering.rename_customer(%L, %L, %L, %L, %L)',
	'plate_ahead', 'm', 'm2', d, 'why')), '\d{4}-\d\d-\d\d', 'day', 'g')
FROM unnest(ARRAY[current_date, current_date + 11]) d;
SELECT tiering.rename_customer('plate_ahead', 'm', 'm2', current_date + 10, 'why');
SELECT customer_id FROM tiering.current_tier WHERE scheme = 'plate_ahead';
SELECT t.invariants('plate_ahead');

-- Refused
SELECT t.fails(format('SELECT tiering.rename_customer(%s)', c)) FROM unnest(ARRAY[
	$$'nowhere', 'p3', 'p4', '2025-04-01', 'why'$$,
	$$NULL, 'p3', 'p4', '2025-04-01', 'why'$$,
	$$'soon', 'nobody', 'p4', '2025-04-01', 'why'$$,
	$$'soon', 'p', 'p4', '2025-04-01', 'why'$$,
	$$'soon', 'p3', 'q2', '2025-04-01', 'why'$$,
	$$'soon', 'p3', 'q', '2025-04-01', 'why'$$,
	$$'soon', 'p3', 'p3', '2025-04-01', 'why'$$,
	$$'soon', 'p3', '', '2025-04-01', 'why'$$,
	$$'soon', NULL, 'p4', '2025-04-01', 'why'$$,
	$$'soon', 'p3', NULL, '2025-04-01', 'why'$$,
	$$'soon', 'p3', 'p4', '2025-04-01', NULL$$,
	$$'soon', 'p3', 'p4', '2025-04-01', ' '$$,
	$$'soon', 'p3', 'p4', NULL, 'why'$$,
	$$'soon', 'p3', 'p4', 'infinity', 'why'$$,
	$$'soon', 'p3', 'p4', '2025-03-30', 'why'$$,
	$$'soon', 'p3', 'p', '2025-03-31', 'why'$$]) c;
SELECT regexp_replace(t.fails($$SELECT tiering.rename_customer('soon', 'p3', 'p4',
	current_date + 1, 'why')$$), '\d{4}-\d\d-\d\d', 'day', 'g');
DELETE FROM tiering.assignment WHERE scheme = 'soon' AND customer_id = 'q2';
SELECT t.fails($$SELECT tiering.rename_customer('soon', 'p3', 'q2', '2025-04-01', 'why')$$);
SELECT t.fails($$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('soon', 'q', 'gold', '2025-04-01', '2025-04-01', 1)$$);
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('soon', 'q2', 'gold', '2025-04-01', '2025-04-01', 1);
SELECT t.invariants('soon');
-- both numbers on one day are one customer twice
INSERT INTO plate.value VALUES ('p', '2025-04-30', 1), ('p3', '2025-04-30', 1);
SELECT t.fails($$SELECT tiering.refresh('soon', '2025-04-30')$$);
SELECT t.fails(c) FROM unnest(ARRAY[
	'UPDATE tiering.customer_alias SET to_id = $$z$$', 'DELETE FROM tiering.customer_alias',
	'TRUNCATE tiering.customer_alias']) c;

-- Whoever loads data changes numbers, and nobody else; who reports reads them
CREATE ROLE t_plate_loads;
CREATE ROLE t_plate_reads;
GRANT USAGE ON SCHEMA t, plate TO t_plate_loads, t_plate_reads;
SELECT tiering.grant_role('t_plate_loads', 'load'), tiering.grant_role('t_plate_reads', 'report');
SET SESSION AUTHORIZATION t_plate_reads;
SELECT t.fails($$SELECT tiering.rename_customer('soon', 'p3', 'p4', '2025-04-01', 'why')$$);
SELECT tiering.tier_on('soon', 'p', '2025-03-31'), tiering.tier_on('soon', 'p3', '2025-01-31');
SELECT x.customer_id, x.tier FROM tiering.tiers_on('soon', '2025-03-15') x ORDER BY 1;
SELECT count(*) FROM tiering.migration_matrix('soon', '2025-01-31', '2025-03-31');
SELECT count(*) > 0 AS reads FROM tiering.customer_alias;
SELECT count(*) > 0 AS reads FROM tiering.former_number;
SELECT count(*) > 0 AS reads FROM tiering.tier_origin WHERE scheme = 'soon';
SELECT sound FROM tiering.verify_history('soon');
SELECT * FROM tiering.verify_state('soon');
SET SESSION AUTHORIZATION t_plate_loads;
SELECT tiering.rename_customer('soon', 'p3', 'p4', '2025-04-01', 'loaded');
SELECT t.fails('SELECT FROM tiering.customer_alias');
RESET SESSION AUTHORIZATION;
SELECT to_id, recorded_by FROM tiering.customer_alias WHERE scheme = 'soon' ORDER BY batch DESC
LIMIT 1;
CREATE FUNCTION plate.lends() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	SELECT tiering.rename_customer('soon', 'p4', 'p5', '2025-04-01', 'lent') $$;
SET SESSION AUTHORIZATION t_plate_reads;
SELECT t.fails('SELECT plate.lends()') ~ '^42501' AS refused;
RESET SESSION AUTHORIZATION;

-- Whoever goes behind the triggers is found
BEGIN;
ALTER TABLE tiering.customer_alias DISABLE TRIGGER USER;
UPDATE tiering.customer_alias SET to_id = 'p9' WHERE scheme = 'soon' AND to_id = 'p4';
SELECT * FROM tiering.verify_state('soon');
ROLLBACK;
BEGIN;
UPDATE tiering.former_number SET now_id = 'q2' WHERE scheme = 'soon' AND customer_id = 'p';
SELECT kind, finding FROM tiering.verify_state('soon') WHERE kind = 'number';
ROLLBACK;
BEGIN;
ALTER TABLE tiering.customer_alias DISABLE TRIGGER USER;
DELETE FROM tiering.customer_alias WHERE scheme = 'soon' AND to_id = 'p4';
SELECT kind, finding FROM tiering.verify_state('soon') WHERE kind = 'number';
ROLLBACK;
SELECT * FROM tiering.verify_state('soon');
-- A number that was given is one customer's, also if all assessments were taken back; then no
-- history is loaded, which would say the number before. A decision as of the last assessment
-- sees a change by hand of after it under the number of then.
CREATE SCHEMA given;
CREATE TABLE given.value AS SELECT c AS customer_id, d AS as_of, v AS value
	FROM (VALUES ('a', 60000), ('y', 60000)) x(c, v), unnest('{2026-01-31}'::date[]) d;
CREATE ROLE given_asks;
SELECT tiering.create_ladder('given', 'value', '{mass,gold}', '{NULL,50000}'),
	tiering.publish('given', '2026-01-01'), tiering.set_source('given',
	'SELECT customer_id, value FROM given.value WHERE as_of = $1'),
	tiering.grant_role('given_asks', 'request');
SET client_min_messages = warning;
SELECT new FROM tiering.refresh('given', '2026-01-31');
UPDATE tiering.assignment SET tier = 'mass', as_of = '2026-02-10'
	WHERE scheme = 'given' AND customer_id = 'y';
SELECT tiering.rename_customer('given', 'a', 'x', '2026-02-15', 'a new system'),
	tiering.rename_customer('given', 'y', 'z', '2026-02-15', 'a new system');
SET SESSION AUTHORIZATION given_asks;
SELECT tiering.request_override('given', 'z', 'floor', 'gold', '[2026-01-15,2026-06-01)', 'agreed')
	IS NOT NULL AS asked;
RESET SESSION AUTHORIZATION;
SELECT tiering.approve(request) FROM tiering.request WHERE scheme = 'given';
SELECT customer_id, tier, since, cause FROM tiering.assignment WHERE scheme = 'given' ORDER BY 1;
SELECT * FROM tiering.verify_state('given');
SELECT t.invariants('given');
SELECT tiering.end_override(request, '2026-02-20', 'over') FROM tiering.request
	WHERE scheme = 'given';
SELECT tiering.create_ladder('given_back', 'value', '{mass,gold}', '{NULL,50000}'),
	tiering.publish('given_back', '2026-01-01'), tiering.set_source('given_back',
	'SELECT customer_id, value FROM given.value WHERE as_of = $1');
SELECT new FROM tiering.refresh('given_back', '2026-01-31');
SELECT tiering.rename_customer('given_back', 'a', 'x', '2026-02-15', 'a new system');
SELECT superseded > 0 AS superseded
FROM tiering.void_assessment('given_back', '2026-01-31', 'a slip');
SELECT t.fails($$SELECT tiering.load_history('given_back', 'SELECT ''a'' AS customer_id,
	''2025-12-31''::date AS as_of, ''gold'' AS tier, 1::numeric AS measure, 1 AS version')$$);
INSERT INTO given.value VALUES ('w', '2026-02-28', 1);
SELECT new FROM tiering.refresh('given_back', '2026-02-28');
SELECT t.fails($$SELECT tiering.rename_customer('given_back', 'w', 'x', '2026-02-28', 'a slip')$$);
RESET client_min_messages;
SELECT tiering.revoke_role('given_asks', 'request');
DROP ROLE given_asks;
DROP SCHEMA given CASCADE;
DROP SCHEMA plate CASCADE;
REVOKE USAGE ON SCHEMA t FROM t_plate_loads, t_plate_reads;
SELECT tiering.revoke_role('t_plate', 'approve'), tiering.revoke_role('t_plate_loads', 'load'),
	tiering.revoke_role('t_plate_reads', 'report');
DROP ROLE t_plate, t_plate_loads, t_plate_reads;
