-- What is kept for the session about a source that is asked for one customer is of now: the
-- query, its tables and functions, the settings, and the version whose metrics it yields.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA kp;
CREATE TABLE kp.held (customer_id text PRIMARY KEY, amount numeric, months int);
INSERT INTO kp.held VALUES ('A', 60, 7), ('B', 5, 3);
SELECT tiering.create_ladder('kp', 'amount', '{mass,gold}', '{NULL,50}'),
	tiering.publish('kp', '2024-01-01'),
	tiering.set_source('kp', 'SELECT customer_id, amount FROM kp.held');
SELECT new FROM tiering.refresh('kp', '2024-01-31');
CREATE FUNCTION kp.measure(who text) RETURNS numeric LANGUAGE sql
RETURN (SELECT measure FROM tiering.customer_status('kp', who));
SELECT kp.measure('A') AS a, kp.measure('B') AS b, kp.measure('C') IS NULL AS nobody;

-- other rows, another type: no float is taken for an amount, nor text
UPDATE kp.held SET amount = amount + 1;
SELECT kp.measure('A');
ALTER TABLE kp.held ALTER amount TYPE float8;
SELECT kp.measure('A');
ALTER TABLE kp.held ALTER amount TYPE text;
SELECT kp.measure('A');
ALTER TABLE kp.held ALTER amount TYPE bigint USING amount::bigint;
SELECT kp.measure('A');
ALTER TABLE kp.held RENAME amount TO sum;
SELECT kp.measure('A');
ALTER TABLE kp.held RENAME sum TO amount;
-- another type of numbers
ALTER TABLE kp.held ALTER customer_id TYPE varchar(3);
SELECT kp.measure('A');

-- a function that is another, and one that fails once
CREATE FUNCTION kp.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 2;
SELECT tiering.set_source('kp', 'SELECT customer_id, amount * kp.rate() / (months - 7) AS amount
	FROM kp.held');
SELECT kp.measure('B');
SELECT kp.measure('A');
UPDATE kp.held SET months = 8;
SELECT kp.measure('A') AS a, kp.measure('B') AS b;
CREATE OR REPLACE FUNCTION kp.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 3;
SELECT kp.measure('A') AS a, kp.measure('B') AS b;

-- the settings of who set it
SET datestyle = 'ISO, DMY';
SELECT tiering.set_source('kp', $$SELECT customer_id, extract(month FROM '01/02/2024'::date)
	AS amount FROM kp.held$$);
RESET datestyle;
SELECT kp.measure('A');
SET datestyle = 'ISO, MDY';
SELECT tiering.set_source('kp', $$SELECT customer_id, extract(month FROM '01/02/2024'::date)
	AS amount FROM kp.held$$);
RESET datestyle;
SELECT kp.measure('A');

-- two rows for a customer, and a right that is taken away
SELECT tiering.set_source('kp', 'SELECT customer_id, amount FROM kp.held, generate_series(1,
	months / 8)');
SELECT kp.measure('A');
UPDATE kp.held SET months = 16 WHERE customer_id = 'A';
SELECT kp.measure('A');
SELECT kp.measure('B');
CREATE ROLE tiering_kept_setter;
SELECT tiering.grant_role('tiering_kept_setter', 'bind');
GRANT USAGE ON SCHEMA kp TO tiering_kept_setter;
GRANT SELECT ON kp.held TO tiering_kept_setter;
SET SESSION AUTHORIZATION tiering_kept_setter;
SELECT tiering.set_source('kp', 'SELECT customer_id, amount FROM kp.held');
RESET SESSION AUTHORIZATION;
SELECT kp.measure('A');
REVOKE SELECT ON kp.held FROM tiering_kept_setter;
SELECT kp.measure('A');
GRANT SELECT ON kp.held TO tiering_kept_setter;
SELECT kp.measure('A');

-- a query that asks for what is made of it, of another customer
CREATE FUNCTION kp.other(who text) RETURNS numeric LANGUAGE sql
RETURN CASE who WHEN 'A' THEN 1000 + (SELECT measure FROM tiering.customer_status('kp', 'B'))
	END;
SELECT tiering.set_source('kp', 'SELECT customer_id, COALESCE(kp.other(customer_id), amount)
	AS amount FROM kp.held');
SELECT kp.measure('A') AS a, kp.measure('B') AS b, kp.measure('A') AS again;
-- and has it changed meanwhile, so that the plan that is running does not hold any more
CREATE OR REPLACE FUNCTION kp.other(who text) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	IF who <> 'A' THEN
		RETURN NULL;
	END IF;
	CREATE OR REPLACE FUNCTION kp.rate() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 4;
	RETURN 1000 + measure FROM tiering.customer_status('kp', 'B');
END;
$$;
SELECT tiering.set_source('kp', 'SELECT customer_id, COALESCE(kp.other(customer_id), amount *
	kp.rate()) AS amount FROM kp.held');
SELECT kp.measure('B') AS b, kp.measure('A') AS a, kp.measure('B') AS again;

-- a version with another metric; one that is a draft is of no day, whoever asked for it before
SELECT tiering.new_version('kp');
INSERT INTO tiering.metric (scheme, version, metric) VALUES ('kp', 2, 'months');
UPDATE tiering.rule SET bounds = '[1,)' WHERE scheme = 'kp' AND version = 2 AND tier = 'gold';
SELECT _tiering.tier_of('kp', 2, '{amount}', '{20}', NULL) AS draft,
	tiering.classify('kp', 20) AS today;
SELECT tiering.classify('kp', 20) AS today,
	_tiering.tier_of('kp', 2, '{amount}', '{20}', NULL) AS draft;
SELECT tiering.set_source('kp', 'SELECT customer_id, amount FROM kp.held');
SELECT tiering.set_source('kp', 'SELECT customer_id, amount, months FROM kp.held'),
	tiering.publish('kp', '2024-02-01');
SELECT kp.measure('A');
SELECT tiering.set_source('kp', 'SELECT customer_id, amount, months FROM kp.held');
SELECT new, exit, up FROM tiering.refresh('kp', '2024-02-29');
SELECT s.tier, s.measure, d.measure AS before FROM tiering.customer_status('kp', 'B') s,
	tiering.customer_status('kp', 'B', '2024-01-31') d;
-- within one transaction and within a subtransaction that is taken back
BEGIN;
UPDATE kp.held SET amount = 70 WHERE customer_id = 'B';
SELECT kp.measure('B');
SAVEPOINT s;
ALTER TABLE kp.held ALTER amount TYPE float8;
SELECT kp.measure('B');
ROLLBACK TO s;
SELECT kp.measure('B');
ROLLBACK;
SELECT kp.measure('B');

DROP OWNED BY tiering_kept_setter;
DROP ROLE tiering_kept_setter;
