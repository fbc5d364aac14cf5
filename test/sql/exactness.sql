-- A 39-digit balance next to 0.01 stays exact.
SELECT tiering.balance_days(b, '2023-01-01', '2023-01-04', '[2023-01-01,2023-01-04)'),
	tiering.daily_avg(b, '2023-01-01', '2023-01-04', '[2023-01-01,2023-01-04)')
		= 123456789012345678901234567890123456789.01 AS exact
FROM (VALUES (123456789012345678901234567890123456789), (0.01)) v(b);
-- The average is on its own side of any number with the balances' decimals:
-- 1e38 less a cent on one of 31 days is below 1e38.
SELECT tiering.daily_avg_snapshots(b, d::date, '[2024-01-01,2024-02-01)') < 1e38 AS below,
	tiering.balance_days_snapshots(b, d::date, '[2024-01-01,2024-02-01)') = 31e38 - 0.01 AS exact
FROM generate_series('2024-01-01'::date, '2024-01-31', '1 day') d,
	LATERAL (SELECT CASE WHEN d = '2024-01-31' THEN 1e38 - 0.01 ELSE 1e38 END AS b) b;
SELECT tiering.daily_avg_snapshots(b, d::date, '[2024-01-01,2024-02-01)') < 10000 AS below
FROM generate_series('2024-01-01'::date, '2024-01-31', '1 day') d,
	LATERAL (SELECT CASE WHEN d = '2024-01-31' THEN 9999.99 ELSE 10000 END AS b) b;

-- Numbers at every edge of the stored form: one to five digits of 10000 and
-- more, before and behind the point, positive and negative.
CREATE TABLE t.edges AS
SELECT row_number() OVER () AS id, s * m * 10::numeric ^ e AS v
FROM unnest('{1,-1}'::numeric[]) s,
	unnest('{1,9,9221,9222,9999,10000,12345,99999999,922337203685,9223372036854775807,'
		'170141183460469231731687303715884105727}'::numeric[]) m,
	generate_series(-24, 30, 3) e
UNION ALL
SELECT -n, x FROM unnest('{0,0.00,0.0000000000000000}'::numeric[]) WITH ORDINALITY z(x, n);
CREATE FUNCTION t.same(a numeric, b numeric) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN (a = b AND scale(a) = scale(b)) OR (a IS NULL AND b IS NULL);
-- one at a time: value and shown decimals as core's arithmetic has them
SELECT count(*) AS numbers,
	count(*) FILTER (WHERE NOT t.same(bd, v * 7)) AS wrong,
	count(*) FILTER (WHERE NOT t.same(cd, v * 7)) AS wrong_changes,
	count(*) FILTER (WHERE round(avg, scale(v)) <> v) AS wrong_avg
FROM (SELECT v, tiering.balance_days(v, '2023-01-01', '2023-01-08',
	'[2023-01-01,2023-01-08)') AS bd,
		tiering.balance_days_changes(v, '2023-01-01', '[2023-01-01,2023-01-08)') AS cd,
		tiering.daily_avg(v, '2023-01-01', '2023-01-08', '[2023-01-01,2023-01-08)') AS avg
	FROM t.edges GROUP BY id, v) e;
-- pairs, so that every path meets every other, in both orders
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE NOT t.same(bd, expected)) AS wrong,
	count(*) FILTER (WHERE NOT t.same(cd, a * 3 + b * 4)) AS wrong_changes
FROM (SELECT a.v AS a, b.v AS b, a.v * 3 + b.v * 5 AS expected,
		(SELECT tiering.balance_days(x, '2023-01-01', d, '[2023-01-01,2023-01-08)')
		 FROM (VALUES (a.v, '2023-01-04'::date), (b.v, '2023-01-06')) p(x, d)) AS bd,
		(SELECT tiering.balance_days_changes(x, d, '[2023-01-01,2023-01-08)')
		 FROM (VALUES (a.v, '2023-01-01'::date), (b.v, '2023-01-04')) p(x, d)) AS cd
	FROM t.edges a, t.edges b WHERE (a.id + b.id) % 7 = 0) p;
-- sums that leave 128 bits, and come back
SELECT tiering.balance_days(v, '2023-01-01', '2023-01-02',
	'[2023-01-01,2023-01-02)') = sum(v) AS exact,
	tiering.balance_days(v, '2023-01-01', '2023-01-02',
		'[2023-01-01,2023-01-02)') = 900000000000000 - 0.0001 AS back
FROM (SELECT 900000000000000 AS v UNION ALL SELECT -0.0001
	UNION ALL SELECT 1e37 FROM generate_series(1, 100) UNION ALL SELECT -1e37
		FROM generate_series(1, 100)) x;
SELECT tiering.balance_days(v, '0001-01-01', '5874897-01-01', '[0001-01-01,5874897-01-01)')
	= sum(v) * ('5874897-01-01'::date - '0001-01-01'::date) AS exact
FROM (SELECT 9220000000000000000::numeric FROM generate_series(1, 20000) UNION ALL
	SELECT 0.12345678) x(v);

-- a sum that stands at the end of 128 bits, and one cent more; in one state, and
-- merged from two
SELECT tiering.balance_days_snapshots(v, '2023-01-01', '[2023-01-01,2023-01-02)'
	ORDER BY o) = sum(v) AS exact
FROM (SELECT 1, 9e18 FROM generate_series(1, 1890)
	UNION ALL SELECT 2, div(2::numeric ^ 127 - 1, 1e16) - 1890 * 9e18
	UNION ALL SELECT 3, 99.9999999999999999) x(o, v);
SELECT tiering.balance_days_snapshots(v, '2023-01-01', '[2023-01-01,2023-01-02)'
	ORDER BY o) = sum(v) AS exact
FROM (SELECT 1, -9e18 FROM generate_series(1, 1890)
	UNION ALL SELECT 2, -div(2::numeric ^ 127 - 1, 1e16) + 1890 * 9e18
	UNION ALL SELECT 3, -99.9999999999999999) x(o, v);
-- as many decimals as a numeric can show
SELECT tiering.daily_avg_snapshots(('10.' || repeat('0', d))::numeric, '2023-01-01',
	'[2023-01-01,2023-01-02)') = 10 AS is_10,
	scale(tiering.balance_days_snapshots(('10.' || repeat('0', d))::numeric, '2023-01-01',
		'[2023-01-01,2023-01-02)')) = d AS scale_kept
FROM unnest('{16380,16382,16383}'::int[]) d GROUP BY d;
-- an average is on its own side of any bound that a rule can have
SELECT tiering.daily_avg_flows(1000000000000001, '2023-01-03',
	'[2023-01-01,2023-01-04)') < 333333333333333.66666667 AS below;

-- Seeded random histories, digits from none to forty, against plain SQL.
SELECT count(*) AS groups, count(*) FILTER (WHERE got IS DISTINCT FROM expected) AS wrong,
	count(*) FILTER (WHERE abs(avg * 181 - expected) > 91 * ('1e-'
		|| scale(avg))::numeric) AS wrong_avg,
	count(*) FILTER (WHERE snap IS DISTINCT FROM snap_expected) AS wrong_snapshots,
	count(*) FILTER (WHERE flow IS DISTINCT FROM flow_expected) AS wrong_flows
FROM (SELECT account,
		tiering.balance_days(balance, valid_from, valid_to, '[2023-07-01,2023-12-29)') AS got,
		tiering.daily_avg(balance, daterange(valid_from, valid_to),
			'[2023-07-01,2023-12-29)') AS avg,
		sum(balance * greatest(least(valid_to, '2023-12-29') - greatest(valid_from, '2023-07-01'),
			0)) AS expected,
		tiering.balance_days_snapshots(balance, valid_from, '[2023-07-01,2023-12-29)') AS snap,
		sum(CASE WHEN valid_from >= '2023-07-01' AND valid_from < '2023-12-29' THEN balance ELSE 0
			END) AS snap_expected,
		tiering.balance_days_flows(balance, valid_from, '[2023-07-01,2023-12-29)') AS flow,
		sum(balance * greatest('2023-12-29' - greatest(valid_from, '2023-07-01'),
			0)) AS flow_expected
	FROM t.random_history GROUP BY account) x;
-- changes: day by day, the last known balance
WITH observed AS (
	SELECT DISTINCT ON (account, valid_from) account, valid_from AS d, balance FROM t.random_history
	ORDER BY account, valid_from, balance
), daily AS (
	SELECT a.account, sum(o.balance) AS expected
	FROM generate_series(0, 39) a(account),
		generate_series('2023-07-01'::date, '2023-12-28', '1 day') day,
		LATERAL (SELECT balance FROM observed WHERE observed.account = a.account AND d <= day
			ORDER BY d DESC LIMIT 1) o
	GROUP BY a.account
)
SELECT count(*) AS accounts, count(*) FILTER (WHERE got IS DISTINCT FROM expected) AS wrong
FROM daily JOIN (SELECT account,
	tiering.balance_days_changes(balance, d, '[2023-07-01,2023-12-29)'
	ORDER BY t.random(d - '2000-01-01')) AS got
	FROM observed GROUP BY account) c USING (account);

-- Compiled by the JIT, with all that it inlines, the results are the same.
CREATE TABLE t.interpreted AS
SELECT account, tiering.daily_avg(balance, valid_from, valid_to, '[2023-07-01,2023-12-29)') AS avg,
	tiering.balance_days_flows(balance, valid_from, '[2023-07-01,2023-12-29)') AS flows,
	tiering.balance_days_snapshots(balance, valid_from, '[2023-07-01,2023-12-29)') AS snapshots
FROM t.random_history GROUP BY account;
BEGIN;
SET LOCAL jit = on;
SET LOCAL jit_above_cost = 0;
SET LOCAL jit_inline_above_cost = 0;
SET LOCAL jit_optimize_above_cost = 0;
SELECT count(*) AS accounts, count(*)
	FILTER (WHERE (i.avg, i.flows, i.snapshots)
	IS DISTINCT FROM (j.avg, j.flows, j.snapshots)) AS different
FROM t.interpreted i JOIN (
	SELECT account, tiering.daily_avg(balance, valid_from, valid_to,
		'[2023-07-01,2023-12-29)') AS avg,
		tiering.balance_days_flows(balance, valid_from, '[2023-07-01,2023-12-29)') AS flows,
		tiering.balance_days_snapshots(balance, valid_from, '[2023-07-01,2023-12-29)') AS snapshots
	FROM t.random_history GROUP BY account) j USING (account);
ROLLBACK;
