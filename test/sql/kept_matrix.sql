-- The sums behind the views migration_matrix and migration_summary: a refresh leaves them, and
-- whatever changes a day has them counted until the next refresh has made them anew.
SET client_min_messages = warning;
CREATE SCHEMA cells;
CREATE TABLE cells.balance AS
SELECT (date '2024-01-01' + m * interval '1 month')::date - 1 AS as_of, 'c' || c AS customer_id,
	(c * 37 + m * m * 211) % 900 AS amount
FROM generate_series(1, 6) m, generate_series(1, 40) c WHERE (c + m) % 13 > 0;
SELECT tiering.create_ladder('cells', 'assets', '{low,mid,high}', '{NULL,300,600}'),
	tiering.publish('cells', '2024-01-01'), tiering.set_source('cells',
		'SELECT customer_id, amount AS assets FROM cells.balance WHERE as_of = $1');
CREATE FUNCTION cells.due() RETURNS TABLE (first_day date, days bigint, cells bigint)
LANGUAGE sql AS $$
	SELECT (SELECT d.first_day FROM tiering.matrix_due d WHERE d.scheme = 'cells'),
		count(DISTINCT c.as_of), count(*)
	FROM tiering.matrix_cell c WHERE c.scheme = 'cells'
$$;
-- the view beside what it comes to by the moves
CREATE VIEW cells.wrong AS
SELECT COALESCE(v.as_of, n.as_of) AS as_of, COALESCE(v.from_tier, n.from_tier) AS from_tier,
	COALESCE(v.to_tier, n.to_tier) AS to_tier, v.customers, n.customers AS counted, v.measure_from,
	n.measure_from AS measure_from_counted, v.measure_to, n.measure_to AS measure_to_counted
FROM (SELECT * FROM tiering.migration_matrix WHERE scheme = 'cells') v
	FULL JOIN (
		SELECT d.as_of, c.* FROM _tiering.days_moved('cells', '-infinity') d,
			_tiering.cells_on('cells', d.as_of, true) c) n
		ON n.as_of = v.as_of AND n.direction = v.direction
			AND COALESCE(n.from_tier, '') = COALESCE(v.from_tier, '')
			AND COALESCE(n.to_tier, '') = COALESCE(v.to_tier, '')
WHERE (v.customers, v.from_rank, v.to_rank, v.measure_from, v.measure_to)
	IS DISTINCT FROM (n.customers, n.from_rank, n.to_rank, n.measure_from, n.measure_to);
SELECT * FROM cells.due();
SELECT new FROM tiering.refresh('cells', '2024-01-31');
SELECT * FROM cells.due();
SELECT new, up, down, exit FROM tiering.refresh('cells', '2024-02-29');
SELECT new, up, down, exit FROM tiering.refresh('cells', '2024-03-31');
SELECT * FROM cells.due();
SELECT from_tier, to_tier, direction, customers, measure_from, measure_to
FROM tiering.matrix_cell WHERE scheme = 'cells' AND as_of = '2024-03-31' ORDER BY 1, 2, 3;
SELECT * FROM cells.wrong;

-- the same night again changes nothing; with other data it does
SELECT written FROM tiering.refresh('cells', '2024-03-31');
SELECT first_day FROM cells.due();
UPDATE cells.balance SET amount = amount + 100
WHERE as_of = '2024-03-31' AND customer_id IN ('c3', 'c4', 'c5');
SELECT written FROM tiering.refresh('cells', '2024-03-31');
SELECT first_day FROM cells.due();
SELECT * FROM cells.wrong;

-- by hand, as of a later day: that one is counted, and those before it are read
UPDATE tiering.assignment SET tier = 'high', as_of = '2024-04-03'
WHERE scheme = 'cells' AND customer_id = 'c1';
SELECT * FROM cells.due();
SELECT as_of, from_tier, to_tier, customers FROM tiering.migration_matrix
WHERE scheme = 'cells' AND as_of > '2024-03-31' AND direction <> 'stayed';
SELECT * FROM cells.wrong;
-- a day of the past
UPDATE cells.balance SET amount = 890 WHERE as_of = '2024-02-29' AND customer_id IN ('c7', 'c8');
SELECT superseded, recorded FROM tiering.restate('cells', '2024-02-29', '{c7,c8}');
SELECT * FROM cells.due();
SELECT * FROM cells.wrong;
SELECT as_of, up + down AS moved FROM tiering.migration_summary WHERE scheme = 'cells'
ORDER BY as_of;
-- one that changes measures alone
UPDATE cells.balance SET amount = amount + 1 WHERE as_of = '2024-01-31' AND customer_id = 'c9';
SELECT superseded, recorded FROM tiering.restate('cells', '2024-01-31', '{c9}');
SELECT first_day FROM cells.due();
SELECT * FROM cells.wrong;
SELECT count(tiering.refresh('cells', '2024-04-30'));
SELECT * FROM cells.due();
SELECT * FROM cells.wrong;
-- one that is taken back
SELECT tiering.void_assessment('cells', '2024-04-30', 'too early') IS NOT NULL AS voided;
SELECT first_day FROM cells.due();
SELECT * FROM cells.wrong;

-- Dated ahead: what is put off to the month after is of the day before, too
SELECT tiering.new_version('cells');
INSERT INTO tiering.policy (scheme, version, tier, effective)
SELECT 'cells', 2, t, 'next_month' FROM unnest('{low,mid,high}'::text[]) t;
SELECT tiering.publish('cells', '2024-04-30');
SELECT count(tiering.refresh('cells', d)) FROM unnest('{2024-04-30,2024-05-31}'::date[]) d;
SELECT as_of, sum(customers) FILTER (WHERE direction IN ('up', 'down')) AS moved
FROM tiering.matrix_cell WHERE scheme = 'cells' AND as_of > '2024-03-31' GROUP BY as_of
ORDER BY as_of;
SELECT * FROM cells.wrong;
SELECT t.invariants('cells');

-- What is not kept any more leaves its money here, as in the distributions
SELECT tiering.keep_assessments('cells', 'last');
SELECT count(tiering.refresh('cells', '2024-06-30'));
SELECT count(*) AS kept FROM tiering.kept_assessment WHERE scheme = 'cells';
SELECT m.as_of, sum(m.measure_to) = (SELECT sum(d.measure) FROM tiering.tier_distribution_history d
	WHERE d.scheme = m.scheme AND d.as_of = m.as_of) AS agrees
FROM tiering.migration_matrix m WHERE m.scheme = 'cells' AND m.as_of < '2024-04-01'
	AND m.as_of IN ('2024-01-31', '2024-02-29', '2024-03-31')
GROUP BY m.scheme, m.as_of ORDER BY m.as_of;
SELECT t.invariants('cells');

-- What is not what moved is found
BEGIN;
ALTER TABLE tiering.matrix_cell DISABLE TRIGGER ALL;
UPDATE tiering.matrix_cell SET customers = customers + 1
WHERE scheme = 'cells' AND as_of = '2024-02-29' AND direction = 'up' AND to_tier = 'high'
	AND from_tier = 'low';
SELECT * FROM tiering.verify_state('cells');
ROLLBACK;
BEGIN;
DELETE FROM tiering.matrix_cell WHERE scheme = 'cells' AND as_of = '2024-06-30';
SELECT kind FROM tiering.verify_state('cells');
ROLLBACK;
SELECT * FROM tiering.verify_state('cells');

-- A tier that a new version renames has the money of those who stay in it, by whatever name. Moves
-- by hand between two assessments and on the day of one bear the version before it.
CREATE TABLE cells.named AS SELECT c AS customer_id, d AS as_of, 100 * c AS value
FROM generate_series(0, 4) c, unnest('{2024-01-31,2024-02-29,2024-03-31,2024-04-30}'::date[]) d;
UPDATE cells.named SET value = 250 WHERE customer_id = 1 AND as_of > '2024-03-01';
SELECT tiering.create_ladder('cells_named', 'value', '{mass,silver,gold}', '{NULL,100,200}'),
	tiering.publish('cells_named', '2023-01-01'), tiering.set_source('cells_named',
		'SELECT customer_id, value FROM cells.named WHERE as_of = $1');
SELECT count(tiering.refresh('cells_named', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT tiering.new_version('cells_named');
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
VALUES ('cells_named', 2, 'golden', 9, 'gold');
UPDATE tiering.rule SET tier = 'golden'
WHERE scheme = 'cells_named' AND version = 2 AND tier = 'gold';
DELETE FROM tiering.tier WHERE scheme = 'cells_named' AND version = 2 AND tier = 'gold';
SELECT tiering.publish('cells_named', '2024-03-01');
CREATE VIEW cells.told AS SELECT as_of, from_tier, to_tier, direction, from_rank, to_rank,
	customers, measure_from, measure_to
FROM tiering.migration_matrix WHERE scheme = 'cells_named' AND as_of > '2024-02-29';
BEGIN;
SELECT stayed FROM tiering.refresh('cells_named', '2024-03-31');
SELECT * FROM cells.told ORDER BY 1, 2, 3;
ROLLBACK;
UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-03-10'
WHERE scheme = 'cells_named' AND customer_id = '1';
UPDATE tiering.assignment SET tier = 'mass', as_of = '2024-03-31'
WHERE scheme = 'cells_named' AND customer_id IN ('2', '3');
UPDATE cells.named SET value = 0 WHERE customer_id = 3 AND as_of = '2024-03-31';
SELECT up, stayed FROM tiering.refresh('cells_named', '2024-03-31');
SELECT * FROM cells.told ORDER BY 1, 2, 3;
-- by the new version, before its first assessment
UPDATE tiering.assignment SET tier = 'golden', as_of = '2024-03-15'
WHERE scheme = 'cells_named' AND customer_id = '0';
SELECT count(tiering.refresh('cells_named', '2024-04-30'));
SELECT * FROM cells.told ORDER BY 1, 2, 3;
SELECT customer_id, tier, measure FROM tiering.tiers_on('cells_named', '2024-03-31') ORDER BY 1;
SELECT t.invariants('cells_named');

-- Who sees some customers is not shown them
CREATE ROLE cells_reader;
SELECT tiering.grant_role('cells_reader', 'report', 'cells');
SELECT count(*) AS whole FROM tiering.migration_matrix WHERE scheme = 'cells' \gset
SET SESSION AUTHORIZATION cells_reader;
SELECT count(*) = :whole AS same FROM tiering.migration_matrix;
SELECT has_table_privilege('tiering.matrix_cell', 'SELECT') AS reads_all;
RESET SESSION AUTHORIZATION;
SELECT tiering.revoke_role('cells_reader', 'report');
DROP ROLE cells_reader;
DROP SCHEMA cells CASCADE;
