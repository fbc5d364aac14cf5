-- Each aggregate in parallel: workers ran, on partial states, and the result is
-- that of one process.
CREATE TABLE t.big AS
SELECT g % 100 AS account,
	round(t.random(g) * 100000 - 20000,
	2) * (CASE WHEN g % 1000 = 0 THEN 1e25 ELSE 1 END) AS balance,
	'2023-01-01'::date + g / 100 AS valid_from
FROM generate_series(1, 60000) g;
ALTER TABLE t.big SET (parallel_workers = 2);
ANALYZE t.big;

CREATE FUNCTION t.compare(aggregate text, grouped boolean)
RETURNS TABLE (aggregate_call text, is_grouped boolean, workers_ran boolean, partial boolean,
	same boolean)
LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT %s AS v FROM t.big WHERE balance IS NOT NULL%s', aggregate,
		CASE WHEN grouped THEN ' GROUP BY account' ELSE '' END);
	serial numeric[];
	in_parallel numeric[];
	w record;
BEGIN
	SET LOCAL max_parallel_workers_per_gather = 0;
	EXECUTE format('SELECT array_agg(v ORDER BY v) FROM (%s) q', query) INTO serial;
	PERFORM t.parallel();
	SET LOCAL enable_sort = off;
	EXECUTE format('SELECT array_agg(v ORDER BY v) FROM (%s) q', query) INTO in_parallel;
	w := t.workers(query);
	RETURN QUERY SELECT aggregate, grouped, w.launched > 0, w.partial, serial = in_parallel;
END;
$$;
SELECT c.* FROM unnest(ARRAY[
	$$tiering.daily_avg(balance, valid_from, valid_from + 1, '[2023-01-01,2024-01-01)')$$,
	$$tiering.balance_days(balance, daterange(valid_from, NULL), '[2023-01-01,2024-01-01)')$$,
	$$tiering.daily_avg_snapshots(balance, valid_from, '[2023-01-01,2024-01-01)')$$,
	$$tiering.daily_avg_flows(balance, valid_from, '[2023-01-01,2024-01-01)')$$,
	$$tiering.daily_avg_changes(balance, valid_from, '[2023-06-01,2024-01-01)')$$]) call,
	t.compare(call, true) c;
SELECT c.* FROM unnest(ARRAY[
	$$tiering.balance_days(balance, valid_from, valid_from + 1, '[2023-01-01,2024-01-01)')$$,
	$$tiering.balance_days_snapshots(balance, valid_from, '[2023-01-01,2024-01-01)')$$,
	$$tiering.balance_days_flows(balance, valid_from, '[2023-01-01,2024-01-01)')$$,
	$$tiering.balance_days_changes(CASE WHEN account = 0 THEN balance END, valid_from,
	'[2023-06-01,2024-01-01)')$$]) call,
	t.compare(call, false) c;

-- classify in workers: they compile the scheme for themselves
BEGIN;
SELECT tiering.create_ladder('parallel', 'x', '{low,mid,high}', '{NULL,0,50000}'),
	tiering.publish('parallel', '2020-01-01');
SELECT t.parallel();
CREATE VIEW t.graded AS SELECT account, count(*)
	FILTER (WHERE tiering.classify('parallel', balance) = 'mid') AS mid FROM t.big GROUP BY account;
SELECT launched > 0 AS workers_ran, partial FROM t.workers('SELECT * FROM t.graded');
SELECT sum(mid) = (SELECT count(*) FROM t.big WHERE balance >= 0 AND balance < 50000) AS same
	FROM t.graded;
ROLLBACK;
