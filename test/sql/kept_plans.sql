-- What is kept for the session about a source that is asked for one customer is of now: the
-- query, its tables and functions, the settings, and the version whose metrics it yields.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA kept;
CREATE TABLE kept.held (customer_id text PRIMARY KEY, amount numeric, months int);
INSERT INTO kept.held VALUES ('A', 60, 7), ('B', 5, 3);
SELECT tiering.create_ladder('kept', 'amount', '{mass,gold}', '{NULL,50}'),
	tiering.publish('kept', '2024-01-01'),
	tiering.set_source('kept', 'SELECT customer_id, amount FROM kept.held');
SELECT new FROM tiering.refresh('kept', '2024-01-31');
CREATE FUNCTION kept.measure(who text) RETURNS numeric LANGUAGE sql
RETURN (SELECT measure FROM tiering.customer_status('kept', who));
SELECT kept.measure('A') AS a, kept.measure('B') AS b, kept.measure('C') IS NULL AS nobody;

-- other rows, another type: no float is taken for an amount, nor text
UPDATE kept.held SET amount = amount + 1;
SELECT kept.measure('A');
ALTER TABLE kept.held ALTER amount TYPE float8;
SELECT kept.measure('A');
ALTER TABLE kept.held ALTER amount TYPE text;
SELECT kept.measure('A');
ALTER TABLE kept.held ALTER amount TYPE bigint USING amount::bigint;
SELECT kept.measure('A');
ALTER TABLE kept.held RENAME amount TO sum;
SELECT kept.measure('A');
ALTER TABLE kept.held RENAME sum TO amount;
-- another type of numbers
ALTER TABLE kept.held ALTER customer_id TYPE varchar(3);
SELECT kept.measure('A');

-- a function that is another, and one that fails once
CREATE FUNCTION kept.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 2;
SELECT tiering.set_source('kept', 'SELECT customer_id, amount * kept.rate() / (months - 7) AS amount
	FROM kept.held');
SELECT kept.measure('B');
SELECT kept.measure('A');
UPDATE kept.held SET months = 8;
SELECT kept.measure('A') AS a, kept.measure('B') AS b;
CREATE OR REPLACE FUNCTION kept.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 3;
SELECT kept.measure('A') AS a, kept.measure('B') AS b;

-- the settings of who set it
SET datestyle = 'ISO, DMY';
SELECT tiering.set_source('kept', $$SELECT customer_id, extract(month FROM '01/02/2024'::date)
	AS amount FROM kept.held$$);
RESET datestyle;
SELECT kept.measure('A');
SET datestyle = 'ISO, MDY';
SELECT tiering.set_source('kept', $$SELECT customer_id, extract(month FROM '01/02/2024'::date)
	AS amount FROM kept.held$$);
RESET datestyle;
SELECT kept.measure('A');

-- two rows for a customer, and a right that is taken away
SELECT tiering.set_source('kept', 'SELECT customer_id, amount FROM kept.held, generate_series(1,
	months / 8)');
SELECT kept.measure('A');
UPDATE kept.held SET months = 16 WHERE customer_id = 'A';
SELECT kept.measure('A');
SELECT kept.measure('B');
CREATE ROLE tiering_kept_setter;
SELECT tiering.grant_role('tiering_kept_setter', 'bind');
GRANT USAGE ON SCHEMA kept TO tiering_kept_setter;
GRANT SELECT ON kept.held TO tiering_kept_setter;
SET SESSION AUTHORIZATION tiering_kept_setter;
SELECT tiering.set_source('kept', 'SELECT customer_id, amount FROM kept.held');
RESET SESSION AUTHORIZATION;
SELECT kept.measure('A');
REVOKE SELECT ON kept.held FROM tiering_kept_setter;
SELECT kept.measure('A');
GRANT SELECT ON kept.held TO tiering_kept_setter;
SELECT kept.measure('A');

-- a query that asks for what is made of it, of another customer
CREATE FUNCTION kept.other(who text) RETURNS numeric LANGUAGE sql
RETURN CASE who WHEN 'A' THEN 1000 + (SELECT measure FROM tiering.customer_status('kept', 'B'))
	END;
SELECT tiering.set_source('kept', 'SELECT customer_id, COALESCE(kept.other(customer_id), amount)
	AS amount FROM kept.held');
SELECT kept.measure('A') AS a, kept.measure('B') AS b, kept.measure('A') AS again;
-- and has it changed meanwhile, so that the plan that is running does not hold any more
CREATE OR REPLACE FUNCTION kept.other(who text) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	IF who <> 'A' THEN
		RETURN NULL;
	END IF;
	CREATE OR REPLACE FUNCTION kept.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 4;
	RETURN 1000 + measure FROM tiering.customer_status('kept', 'B');
END;
$$;
SELECT tiering.set_source('kept', 'SELECT customer_id, COALESCE(kept.other(customer_id), amount *
	kept.rate()) AS amount FROM kept.held');
SELECT kept.measure('B') AS b, kept.measure('A') AS a, kept.measure('B') AS again;

-- a version with another metric; one that is a draft is of no day, whoever asked for it before
SELECT tiering.new_version('kept');
INSERT INTO tiering.metric (scheme, version, metric) VALUES ('kept', 2, 'months');
UPDATE tiering.rule SET bounds = '[1,)' WHERE scheme = 'kept' AND version = 2 AND tier = 'gold';
SELECT _tiering.tier_of('kept', 2, '{amount}', '{20}', NULL) AS draft,
	tiering.classify('kept', 20) AS today;
SELECT tiering.classify('kept', 20) AS today,
	_tiering.tier_of('kept', 2, '{amount}', '{20}', NULL) AS draft;
SELECT tiering.set_source('kept', 'SELECT customer_id, amount FROM kept.held');
SELECT tiering.set_source('kept', 'SELECT customer_id, amount, months FROM kept.held'),
	tiering.publish('kept', '2024-02-01');
SELECT kept.measure('A');
SELECT tiering.set_source('kept', 'SELECT customer_id, amount, months FROM kept.held');
SELECT new, exit, up FROM tiering.refresh('kept', '2024-02-29');
SELECT s.tier, s.measure, d.measure AS before FROM tiering.customer_status('kept', 'B') s,
	tiering.customer_status('kept', 'B', '2024-01-31') d;
-- within one transaction and within a subtransaction that is taken back
BEGIN;
UPDATE kept.held SET amount = 70 WHERE customer_id = 'B';
SELECT kept.measure('B');
SAVEPOINT s;
ALTER TABLE kept.held ALTER amount TYPE float8;
SELECT kept.measure('B');
ROLLBACK TO s;
SELECT kept.measure('B');
ROLLBACK;
SELECT kept.measure('B');

DROP OWNED BY tiering_kept_setter;
DROP ROLE tiering_kept_setter;
