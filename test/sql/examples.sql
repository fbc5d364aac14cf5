-- Every example in the comments on functions, on a bank in a database of its own: each runs, but
-- for those that take Citus, and what it gives is what the comment says. None leaves anything
-- behind for the next.
SET client_min_messages = warning;
\set tests :DBNAME
CREATE DATABASE regression_examples TEMPLATE template0 ENCODING 'UTF8';
\c regression_examples
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
CREATE EXTENSION tiering;
\set QUIET on
\o /dev/null
CREATE SCHEMA bank;
CREATE TABLE bank.customer (customer_id text PRIMARY KEY, branch text NOT NULL);
INSERT INTO bank.customer VALUES ('A', 'north'), ('B', 'north'), ('C', 'south'), ('D', 'south'),
	('E', 'north'), ('F', 'south');
CREATE TABLE bank.balance (customer_id text, account_id text, balance numeric, valid_from date,
	valid_to date);
INSERT INTO bank.balance VALUES
	('A', 'A1', 60000, '2025-12-01', '2026-02-15'), ('A', 'A1', 260000, '2026-02-15', NULL),
	('B', 'B1', 30000, '2025-12-01', '2026-02-01'), ('B', 'B1', 49000, '2026-02-01', NULL),
	('C', 'C1', 20000, '2025-12-01', NULL), ('C', 'C2', 50000, '2026-01-01', '2026-03-01'),
	('D', 'D1', 5000, '2026-02-01', NULL), ('E', 'E1', 700, '2025-12-01', '2026-02-10'),
	('F', 'F1', 1000, '2025-12-01', '2026-03-01'), ('F', 'F1', 1000, '2026-02-01', NULL);
CREATE TABLE bank.posting (account_id text, amount numeric, posted_on date);
INSERT INTO bank.posting VALUES ('A1', 60000, '2025-12-01'), ('A1', 200000, '2026-02-15');
CREATE TABLE bank.old_tier (customer_id text, as_of date, tier text, measure numeric,
	version int);
INSERT INTO bank.old_tier VALUES ('A', '2026-01-31', 'gold', 60000, 1);
INSERT INTO tiering.fx_rate VALUES ('USD', 'EUR', '2026-01-02', 1.25),
	('USD', 'EUR', '2026-01-05', 1.28), ('CNY', 'USD', '2026-01-02', 7);
SELECT tiering.load_calendar('TARGET', E'day,business\n2026-01-01,false\n2026-01-02,true\n'
	'2026-01-03,false\n2026-01-04,false\n2026-01-05,true');

SELECT tiering.create_ladder('retail', 'daily_avg_balance', '{mass,gold,platinum}',
	'{NULL,50000,200000}', 'CNY');
INSERT INTO tiering.benefit (scheme, version, tier, benefit, title, kind, value, unit, unit_cost)
VALUES ('retail', 1, 'gold', 'airport', 'Airport lounge', 'quantity', 2, 'visits a year', 150);
SELECT tiering.publish('retail', '2026-01-01');
SELECT tiering.set_source('retail', $$
	SELECT customer_id, tiering.daily_avg(balance, valid_from, valid_to, tiering.month($1))
		AS daily_avg_balance
	FROM bank.balance WHERE daterange(valid_from, valid_to) && tiering.month($1)
	GROUP BY customer_id$$);
SELECT tiering.set_series('retail', $$
	SELECT customer_id, tiering.daily_series(balance, valid_from, valid_to) AS balances,
		tiering.month($1) AS period
	FROM bank.balance GROUP BY customer_id$$);
SELECT tiering.set_dimensions('retail', 'SELECT customer_id, branch FROM bank.customer');
SELECT tiering.copy_scheme('retail', 'family'), tiering.publish('family', '2026-01-01');
SELECT tiering.set_source('family', $$
	SELECT customer_id, sum(balance) AS daily_avg_balance FROM bank.balance
	WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1) GROUP BY customer_id$$);
SELECT count(*) FROM unnest('{2026-01-31,2026-02-28,2026-03-31}'::date[]) d,
	LATERAL tiering.refresh('retail', d);
SELECT tiering.refresh('family', '2026-03-31');
SELECT tiering.set_checks('retail', $$
	SELECT * FROM tiering.check_ranges('SELECT account_id AS account, balance, valid_from, valid_to
		FROM bank.balance', tiering.month($1))$$);
SELECT tiering.new_version('retail', 'lower bound of gold');
UPDATE tiering.rule SET bounds = '[40000,)' WHERE scheme = 'retail' AND version = 2
	AND bounds = '[50000,)';
SELECT tiering.copy_scheme('retail', 'trial'), tiering.publish('trial', '2026-01-01');
SELECT tiering.copy_scheme('retail', 'savings');
SELECT tiering.set_source('trial', $$
	SELECT customer_id, 0 AS daily_avg_balance FROM bank.customer$$);
SELECT tiering.load_preset('ccb_stars');
INSERT INTO tiering.asset_weight VALUES ('ccb_stars', 1, 'deposit', 1),
	('ccb_stars', 1, 'fund', 0.5);
SELECT tiering.publish('ccb_stars', '2026-01-01');
SELECT tiering.watch_table('family', 'bank.balance', 'customer_id', '{valid_from,valid_to}');
SELECT tiering.mark_dirty('retail', 'C', '2026-02-01');
CREATE ROLE teller;
CREATE ROLE clerk;
SELECT tiering.grant_role('teller', 'report'), tiering.grant_role('teller', 'request');
SET SESSION AUTHORIZATION teller;
SELECT tiering.request_override('retail', 'C', 'floor', 'gold', '[2026-04-01,2026-10-01)', 'a'),
	tiering.request_override('retail', 'D', 'floor', 'gold', '[2026-04-01,2026-10-01)', 'b');
RESET SESSION AUTHORIZATION;
SELECT tiering.approve(2);
SELECT tiering.request_override('retail', 'B', 'floor', 'gold', '[2026-04-01,2026-10-01)', 'c');
\o

CREATE FUNCTION bank.failed(function regprocedure, example text, OUT failed text)
LANGUAGE plpgsql
AS $$
DECLARE
	part text[] := regexp_match(example, '^(.*) gives (.*)$');
BEGIN
	IF part IS NULL THEN
		EXECUTE example;
	ELSE
		EXECUTE format('SELECT (%s)::text', part[1]) INTO failed;
		failed := CASE WHEN failed IS DISTINCT FROM part[2]
			THEN format('%s gives %L, not %L', function, failed, part[2]) END;
	END IF;
	RAISE EXCEPTION SQLSTATE 'TX001';
EXCEPTION
	WHEN SQLSTATE 'TX001' THEN
		RETURN;
	WHEN feature_not_supported OR active_sql_transaction THEN	-- there is no Citus here
		failed := CASE WHEN function::text !~ 'workers|distribute_schemes'
			THEN format('%s: %s', function, SQLERRM) END;
	WHEN OTHERS THEN
		failed := format('%s: %s', function, SQLERRM);
END;
$$;
CREATE VIEW bank.example AS
SELECT p.oid::regprocedure AS function,
	substring(obj_description(p.oid, 'pg_proc') FROM '\. Example: (SELECT .*)$') AS example
FROM pg_proc p
-- a procedure that commits cannot run in here
WHERE p.pronamespace = 'tiering'::regnamespace AND p.prokind <> 'p';

SELECT function AS "without an example" FROM bank.example WHERE example IS NULL
ORDER BY function::text COLLATE "C";
SELECT f.failed AS "does not do what it says"
FROM (SELECT function, example FROM bank.example ORDER BY function::text COLLATE "C") e,
	LATERAL bank.failed(e.function, e.example) f
WHERE f.failed IS NOT NULL;
SELECT count(*) > 150 AS many, count(*) FILTER (WHERE example LIKE '% gives %') > 80 AS told
FROM bank.example;
-- What a scheduler calls gives a day that does not hang on the time zone in which it is called: of
-- these two it is never the same day.
CREATE FUNCTION bank.day_in(zone text, day text) RETURNS date LANGUAGE plpgsql AS $$
DECLARE
	result date;
BEGIN
	PERFORM set_config('timezone', zone, true);
	EXECUTE 'SELECT ' || day INTO result;
	RETURN result;
END;
$$;
SELECT p.oid::regprocedure AS procedure,
	bank.day_in('Pacific/Kiritimati', e.day) = bank.day_in('Etc/GMT+12', e.day) AS same_day
FROM pg_proc p, LATERAL (SELECT substring(obj_description(p.oid, 'pg_proc')
	FROM '\. Example: CALL [a-z_.]+\(''retail'', (.*)\)$') AS day) e
WHERE p.pronamespace = 'tiering'::regnamespace AND p.prokind = 'p';
SELECT bank.day_in('Pacific/Kiritimati', 'current_date - 1')
	= bank.day_in('Etc/GMT+12', 'current_date - 1') AS same_day;
SELECT p.oid::regprocedure AS "by the day of whoever runs it" FROM pg_proc p
WHERE p.pronamespace = 'tiering'::regnamespace
	AND obj_description(p.oid, 'pg_proc') ~ 'tiering\.[a-z_]+\([^.]*current_date';

-- A comment that says something wrong would be found
SELECT bank.failed('tiering.month(date, int)',
	'SELECT tiering.month(''2026-02-10'') gives [2026-02-01,2026-02-28)');
SELECT bank.failed('tiering.newest_version(text)',
	'SELECT tiering.newest_version(''no such'')');

\c :tests
DROP DATABASE regression_examples;
DROP ROLE teller, clerk;
