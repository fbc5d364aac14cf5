-- The real bank: every account, every month and quarter 1993 to 1998. A series of
-- each account, built from each of five shapes, serial and in parallel, in random
-- order, says what the aggregates say of the rows, digit for digit.
SET search_path = public, tiering;
SET datestyle = ISO;
SET client_min_messages = warning;
CREATE SCHEMA berka;
CREATE TABLE berka.eod_balance (account_id int, as_of date, balance numeric(12, 2));
\copy berka.eod_balance FROM PROGRAM 'gzip -dc test/data/eod_balance.csv.gz' (FORMAT csv, HEADER)
-- in random order: what is read has no order that helps
CREATE TABLE berka.history AS
SELECT account_id, balance, as_of AS valid_from, lead(as_of, 1, 'infinity')
	OVER account AS valid_to, balance - lag(balance, 1, 0::numeric) OVER account AS amount
FROM berka.eod_balance WINDOW account AS (PARTITION BY account_id ORDER BY as_of)
	ORDER BY hashint8(account_id * 100000::bigint + (as_of - '1990-01-01'::date));
ALTER TABLE berka.history SET (parallel_workers = 2);
-- a day before the first balance and a day after the last one, whose balances count for no period,
-- lie outside the snapshots
CREATE TABLE berka.daily AS
SELECT account_id, d::date AS day, balance FROM berka.history,
	generate_series(valid_from, least(valid_to, '1999-01-01') - 1, '1 day') d;
ALTER TABLE berka.daily SET (parallel_workers = 2);
VACUUM ANALYZE berka.history, berka.daily;
CREATE TABLE berka.period AS
SELECT month(d::date) AS p FROM generate_series('1993-01-01'::date, '1998-12-01', '1 month') d UNION
	SELECT quarter(d::date) FROM generate_series('1993-01-01'::date, '1998-12-01', '1 month') d;

-- What the aggregates say: of the history, and that the other shapes say the same is the test
-- real_bank
SET work_mem = '256MB';
CREATE TABLE berka.expected AS
SELECT account_id, p, daily_avg(balance, valid_from, valid_to, p) AS avg,
	balance_days(balance, valid_from, valid_to, p) AS days
FROM berka.history JOIN berka.period ON valid_from < upper(p) AND valid_to > lower(p)
	GROUP BY account_id, p;
CREATE FUNCTION t.check_bank(shape text, query text, parallel boolean)
RETURNS TABLE (shape_checked text, in_parallel boolean, accounts bigint, account_periods bigint,
	wrong bigint, unlike_first bigint)
LANGUAGE plpgsql AS $$
DECLARE
	w record;
BEGIN
	SET LOCAL enable_sort = off;
	IF parallel THEN
		PERFORM t.parallel();
	ELSE
		SET LOCAL max_parallel_workers_per_gather = 0;
	END IF;
	w := t.workers('CREATE TEMP TABLE built AS ' || query);
	IF to_regclass('berka.first') IS NULL THEN
		CREATE TABLE berka.first AS SELECT * FROM built;
	END IF;
	RETURN QUERY
	SELECT shape, w.launched > 0 AND w.partial, (SELECT count(*) FROM built), count(*),
		count(*) FILTER (WHERE tiering.daily_avg(s, p)::text IS DISTINCT FROM avg::text
			OR tiering.balance_days(s, p)::text IS DISTINCT FROM days::text),
		(SELECT count(*) FROM built b JOIN berka.first f USING (account_id)
			WHERE tiering.clip(b.s, '[1990-01-01,1999-01-01)') <> tiering.clip(f.s,
				'[1990-01-01,1999-01-01)'))
	FROM berka.expected JOIN built USING (account_id);
	DROP TABLE built;
END;
$$;
SELECT c.* FROM (VALUES
	('dates', 'SELECT account_id, tiering.daily_series(balance, valid_from, valid_to) AS s FROM '
	'berka.history GROUP BY account_id'),
	('ranges', 'SELECT account_id, tiering.daily_series(balance, daterange(valid_from, valid_to)) '
	'AS s FROM berka.history GROUP BY account_id'),
	('snapshots', 'SELECT account_id, tiering.daily_series_snapshots(balance, day) AS s FROM '
	'berka.daily GROUP BY account_id'),
	('flows', 'SELECT account_id, tiering.daily_series_flows(amount, valid_from) AS s FROM '
	'berka.history GROUP BY account_id'),
	('changes', 'SELECT account_id, tiering.daily_series_changes(balance, valid_from) AS s FROM '
	'berka.history GROUP BY account_id')) v(shape, query),
	unnest('{f,t}'::boolean[]) parallel, t.check_bank(shape, query, parallel) c;
-- a whole bank in one value: the sum of all accounts, and what it takes to store them
SELECT balance_days(sum(s), p) = (SELECT sum(days) FROM berka.expected e WHERE e.p = q.p) AS same
	FROM berka.first, (VALUES (month('1997-05-31'))) q(p) GROUP BY p;
SELECT sum(pg_column_size(s)) < pg_relation_size('berka.history') / 10 AS small,
	bool_and(s::text::daily_series = s) AS text FROM berka.first;
DROP SCHEMA berka CASCADE;
