-- What is kept for the session about a source that is asked for one customer is of now: the
-- query, its tables and functions, the settings, and the version whose metrics it yields.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA planned;
CREATE TABLE planned.held (customer_id text PRIMARY KEY, amount numeric, months int);
INSERT INTO planned.held VALUES ('A', 60, 7), ('B', 5, 3);
SELECT tiering.create_ladder('planned', 'amount', '{mass,gold}', '{NULL,50}'),
	tiering.publish('planned', '2024-01-01'),
	tiering.set_source('planned', 'SELECT customer_id, amount FROM planned.held');
SELECT new FROM tiering.refresh('planned', '2024-01-31');
CREATE FUNCTION planned.measure(who text) RETURNS numeric LANGUAGE sql
RETURN (SELECT measure FROM tiering.customer_status('planned', who));
SELECT planned.measure('A') AS a, planned.measure('B') AS b, planned.measure('C') IS NULL AS nobody;

-- other rows, another type: no float is taken for an amount, nor text
UPDATE planned.held SET amount = amount + 1;
SELECT planned.measure('A');
ALTER TABLE planned.held ALTER amount TYPE float8;
SELECT planned.measure('A');
ALTER TABLE planned.held ALTER amount TYPE text;
SELECT planned.measure('A');
ALTER TABLE planned.held ALTER amount TYPE bigint USING amount::bigint;
SELECT planned.measure('A');
ALTER TABLE planned.held RENAME amount TO sum;
SELECT planned.measure('A');
ALTER TABLE planned.held RENAME sum TO amount;
-- another type of numbers
ALTER TABLE planned.held ALTER customer_id TYPE varchar(3);
SELECT planned.measure('A');

-- a function that is another, and one that fails once
CREATE FUNCTION planned.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 2;
SELECT tiering.set_source('planned', 'SELECT customer_id, amount * planned.rate() / (months - 7) AS amount
	FROM planned.held');
SELECT planned.measure('B');
SELECT planned.measure('A');
UPDATE planned.held SET months = 8;
SELECT planned.measure('A') AS a, planned.measure('B') AS b;
CREATE OR REPLACE FUNCTION planned.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 3;
SELECT planned.measure('A') AS a, planned.measure('B') AS b;

-- the settings of who set it
SET datestyle = 'ISO, DMY';
SELECT tiering.set_source('planned', $$SELECT customer_id, extract(month FROM '01/02/2024'::date)
	AS amount FROM planned.held$$);
RESET datestyle;
SELECT planned.measure('A');
SET datestyle = 'ISO, MDY';
SELECT tiering.set_source('planned', $$SELECT customer_id, extract(month FROM '01/02/2024'::date)
	AS amount FROM planned.held$$);
RESET datestyle;
SELECT planned.measure('A');

-- two rows for a customer, and a right that is taken away
SELECT tiering.set_source('planned', 'SELECT customer_id, amount FROM planned.held, generate_series(1,
	months / 8)');
SELECT planned.measure('A');
UPDATE planned.held SET months = 16 WHERE customer_id = 'A';
SELECT planned.measure('A');
SELECT planned.measure('B');
CREATE ROLE tiering_kept_setter;
SELECT tiering.grant_role('tiering_kept_setter', 'bind');
GRANT USAGE ON SCHEMA planned TO tiering_kept_setter;
GRANT SELECT ON planned.held TO tiering_kept_setter;
SET SESSION AUTHORIZATION tiering_kept_setter;
SELECT tiering.set_source('planned', 'SELECT customer_id, amount FROM planned.held');
RESET SESSION AUTHORIZATION;
SELECT planned.measure('A');
REVOKE SELECT ON planned.held FROM tiering_kept_setter;
SELECT planned.measure('A');
GRANT SELECT ON planned.held TO tiering_kept_setter;
SELECT planned.measure('A');

-- a query that asks for what is made of it, of another customer
CREATE FUNCTION planned.other(who text) RETURNS numeric LANGUAGE sql
RETURN CASE who WHEN 'A' THEN 1000 + (SELECT measure FROM tiering.customer_status('planned', 'B'))
	END;
SELECT tiering.set_source('planned', 'SELECT customer_id, COALESCE(planned.other(customer_id), amount)
	AS amount FROM planned.held');
SELECT planned.measure('A') AS a, planned.measure('B') AS b, planned.measure('A') AS again;
-- and has it changed meanwhile, so that the plan that is running does not hold any more
CREATE OR REPLACE FUNCTION planned.other(who text) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	IF who <> 'A' THEN
		RETURN NULL;
	END IF;
	CREATE OR REPLACE FUNCTION planned.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 4;
	RETURN 1000 + measure FROM tiering.customer_status('planned', 'B');
END;
$$;
SELECT tiering.set_source('planned', 'SELECT customer_id, COALESCE(planned.other(customer_id), amount *
	planned.rate()) AS amount FROM planned.held');
SELECT planned.measure('B') AS b, planned.measure('A') AS a, planned.measure('B') AS again;

-- a version with another metric; one that is a draft is of no day, whoever asked for it before
SELECT tiering.new_version('planned');
INSERT INTO tiering.metric (scheme, version, metric) VALUES ('planned', 2, 'months');
UPDATE tiering.rule SET bounds = '[1,)' WHERE scheme = 'planned' AND version = 2 AND tier = 'gold';
SELECT _tiering.tier_of('planned', 2, '{amount}', '{20}', NULL) AS draft,
	tiering.classify('planned', 20) AS today;
SELECT tiering.classify('planned', 20) AS today,
	_tiering.tier_of('planned', 2, '{amount}', '{20}', NULL) AS draft;
SELECT tiering.set_source('planned', 'SELECT customer_id, amount FROM planned.held');
SELECT tiering.set_source('planned', 'SELECT customer_id, amount, months FROM planned.held'),
	tiering.publish('planned', '2024-02-01');
SELECT planned.measure('A');
SELECT tiering.set_source('planned', 'SELECT customer_id, amount, months FROM planned.held');
SELECT new, exit, up FROM tiering.refresh('planned', '2024-02-29');
SELECT s.tier, s.measure, d.measure AS before FROM tiering.customer_status('planned', 'B') s,
	tiering.customer_status('planned', 'B', '2024-01-31') d;
-- within one transaction and within a subtransaction that is taken back
BEGIN;
UPDATE planned.held SET amount = 70 WHERE customer_id = 'B';
SELECT planned.measure('B');
SAVEPOINT s;
ALTER TABLE planned.held ALTER amount TYPE float8;
SELECT planned.measure('B');
ROLLBACK TO s;
SELECT planned.measure('B');
ROLLBACK;
SELECT planned.measure('B');

DROP OWNED BY tiering_kept_setter;
DROP ROLE tiering_kept_setter;
