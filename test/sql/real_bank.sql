-- A real bank, 1993 to 1998: every owner, every month, every shape of history,
-- serial and in parallel, against an oracle in plain SQL: for each day the last
-- known balance, added up and divided by the days.
SET timezone = 'UTC';
CREATE SCHEMA berka;
CREATE TABLE berka.eod_balance (account_id int, as_of date, balance numeric(12, 2));
CREATE TABLE berka.account (account_id int, district_id int, frequency text, opened_on date);
CREATE TABLE berka.disp (disp_id int, client_id int, account_id int, type text);
\copy berka.eod_balance FROM PROGRAM 'gzip -dc test/data/eod_balance.csv.gz' (FORMAT csv, HEADER)
\copy berka.account FROM PROGRAM 'gzip -dc test/data/account.csv.gz' (FORMAT csv, HEADER)
\copy berka.disp FROM PROGRAM 'gzip -dc test/data/disp.csv.gz' (FORMAT csv, HEADER)
SELECT (SELECT count(*) FROM berka.eod_balance) AS balances, (SELECT count(*) FROM berka.account) AS accounts,
	(SELECT count(*) FROM berka.disp WHERE type = 'owner') AS owners;

CREATE TABLE berka.month AS
SELECT tiering.month(m::date) AS period, m::date AS first_day, (m + interval '1 month')::date AS next_day FROM generate_series('1993-01-01'::date, '1998-12-01', '1 month') m;
-- The oracle's table, a row for each account and day: where a day has no
-- balance of its own, the last one is known by how many came before.
CREATE TABLE berka.daily AS
SELECT client_id, account_id, day, max(balance) OVER (PARTITION BY account_id, known) AS balance
FROM (SELECT o.client_id, a.account_id, d::date AS day, e.balance,
		count(e.balance) OVER (PARTITION BY a.account_id ORDER BY d) AS known
	FROM berka.account a JOIN berka.disp o ON o.account_id = a.account_id AND o.type = 'owner'
		CROSS JOIN generate_series('1993-01-01'::date, '1998-12-31', '1 day') d
		LEFT JOIN berka.eod_balance e ON e.account_id = a.account_id AND e.as_of = d) x
WHERE known > 0;
CREATE TABLE berka.oracle AS
SELECT client_id, date_trunc('month', day)::date AS first_day,
	sum(balance) / extract(day FROM date_trunc('month', day) + interval '1 month - 1 day') AS avg, sum(balance) AS balance_days
FROM berka.daily GROUP BY client_id, date_trunc('month', day);
ANALYZE berka.oracle;

-- the shapes: ranges, snapshots, flows; the changes are the balances as they came
CREATE TABLE berka.history AS
SELECT o.client_id, e.balance, e.as_of AS valid_from, lead(e.as_of, 1, 'infinity') OVER account AS valid_to,
	e.balance - lag(e.balance, 1, 0::numeric) OVER account AS amount
FROM berka.eod_balance e JOIN berka.disp o ON o.account_id = e.account_id AND o.type = 'owner'
WINDOW account AS (PARTITION BY e.account_id ORDER BY e.as_of);
ALTER TABLE berka.history SET (parallel_workers = 2);
ALTER TABLE berka.daily SET (parallel_workers = 2);
ALTER TABLE berka.month SET (parallel_workers = 0);
ANALYZE berka.history, berka.daily, berka.month;

CREATE FUNCTION t.check_shape(shape text, query text, parallel boolean)
RETURNS TABLE (shape_checked text, in_parallel boolean, customer_months bigint, wrong bigint)
LANGUAGE plpgsql AS $$
DECLARE
	w record;
BEGIN
	SET LOCAL enable_sort = off;
	SET LOCAL work_mem = '256MB';
	IF parallel THEN
		PERFORM t.parallel();
	ELSE
		SET LOCAL max_parallel_workers_per_gather = 0;
	END IF;
	w := t.workers('CREATE TEMP TABLE got AS ' || query);
	RETURN QUERY
	SELECT shape, w.launched > 0 AND w.partial, count(*), count(*) FILTER (
		WHERE g.avg IS DISTINCT FROM o.avg OR g.balance_days IS DISTINCT FROM o.balance_days)
	FROM got g FULL JOIN berka.oracle o USING (client_id, first_day);
	DROP TABLE got;
END;
$$;
CREATE TABLE t.shape (shape, query) AS VALUES
('history, dates', 'SELECT client_id, first_day, tiering.daily_avg(balance, valid_from, valid_to, period) AS avg, tiering.balance_days(balance, valid_from, valid_to, period)
	FROM berka.history JOIN berka.month ON valid_from < next_day AND valid_to > first_day GROUP BY 1, 2'),
('history, range', 'SELECT client_id, first_day, tiering.daily_avg(balance, daterange(valid_from, valid_to), period) AS avg, tiering.balance_days(balance, daterange(valid_from, valid_to), period)
	FROM berka.history JOIN berka.month ON valid_from < next_day AND valid_to > first_day GROUP BY 1, 2'),
('snapshots', 'SELECT client_id, date_trunc(''month'', day)::date AS first_day, tiering.daily_avg_snapshots(balance, day, tiering.month(day)) AS avg, tiering.balance_days_snapshots(balance, day, tiering.month(day)) AS balance_days
	FROM berka.daily GROUP BY 1, 2'),
('flows', 'SELECT client_id, first_day, tiering.daily_avg_flows(amount, valid_from, period) AS avg, tiering.balance_days_flows(amount, valid_from, period) AS balance_days
	FROM berka.history JOIN berka.month ON valid_from < next_day GROUP BY 1, 2'),
('changes', 'SELECT client_id, first_day, tiering.daily_avg_changes(balance, valid_from, period) AS avg, tiering.balance_days_changes(balance, valid_from, period) AS balance_days
	FROM berka.history JOIN berka.month ON valid_from < next_day GROUP BY 1, 2');
SELECT c.* FROM t.shape, t.check_shape(shape, query, false) c;
SELECT c.* FROM t.shape, t.check_shape(shape, query, true) c;

-- The tiers of all of them, against the CASE by hand.
SELECT tiering.create_ladder('berka', 'daily_avg_balance', '{basic,bronze,silver,gold,platinum,diamond}', '{NULL,10000,30000,60000,100000,150000}', 'CZK'),
	tiering.publish('berka', '1993-01-01');
SELECT tiering.classify('berka', avg, first_day) AS tier, count(*) AS customer_months, count(*) FILTER (WHERE tiering.classify('berka', avg, first_day) <> CASE
	WHEN balance_days >= 150000 * days THEN 'diamond' WHEN balance_days >= 100000 * days THEN 'platinum' WHEN balance_days >= 60000 * days THEN 'gold'
	WHEN balance_days >= 30000 * days THEN 'silver' WHEN balance_days >= 10000 * days THEN 'bronze' ELSE 'basic' END) AS wrong
FROM berka.oracle, LATERAL (SELECT extract(day FROM first_day + interval '1 month - 1 day') AS days) d GROUP BY tier ORDER BY min(avg);
-- two customers rest at exactly 10,000.00 for months: they are on the upper side
SELECT client_id, count(*) AS months, string_agg(DISTINCT tiering.classify('berka', avg, first_day), ',') AS tiers
FROM berka.oracle WHERE client_id IN (222, 1895) AND avg = 10000 GROUP BY client_id ORDER BY client_id;

-- Refreshed month by month, the state is the oracle's.
SET client_min_messages = warning;
SELECT tiering.set_source('berka', $$
	SELECT o.client_id AS customer_id, COALESCE(tiering.daily_avg_changes(e.balance, e.as_of, tiering.month($1)), 0) AS daily_avg_balance
	FROM berka.account a JOIN berka.disp o ON o.account_id = a.account_id AND o.type = 'owner'
		LEFT JOIN berka.eod_balance e ON e.account_id = a.account_id
	WHERE a.opened_on <= $1 GROUP BY o.client_id
$$);
SELECT r.* FROM unnest('{1993-01-31,1996-06-30,1998-11-30,1998-12-31}'::date[]) d, tiering.refresh('berka', d) r;
SELECT count(*) AS customers, count(*) FILTER (WHERE a.measure IS DISTINCT FROM COALESCE(o.avg, 0)
	OR a.tier <> tiering.classify('berka', COALESCE(o.avg, 0), '1998-12-31')) AS wrong
FROM tiering.assignment a LEFT JOIN berka.oracle o ON o.client_id::text = a.customer_id AND o.first_day = '1998-12-01' WHERE a.scheme = 'berka';
SELECT tier, customers, customers_share FROM tiering.tier_distribution WHERE scheme = 'berka' ORDER BY rank DESC;
SELECT * FROM tiering.migration_summary WHERE scheme = 'berka' ORDER BY as_of;
DROP SCHEMA berka CASCADE;
