-- Levels 10, 15, 20 over January, February, March of a leap year: by days they
-- average exactly 15, by months they would, too, but not by the same sum.
CREATE TABLE t.levels (balance numeric, valid_from date, valid_to date);
INSERT INTO t.levels VALUES
	(10, '2024-01-01', '2024-02-01'), (15, '2024-02-01', '2024-03-01'),
	(20, '2024-03-01', '2024-04-01');
SELECT tiering.daily_avg(balance, valid_from, valid_to,
	tiering.quarter('2024-03-31')) = 15 AS is_15,
	tiering.balance_days(balance, valid_from, valid_to, tiering.quarter('2024-03-31'))
FROM t.levels;
SELECT tiering.daily_avg(balance, daterange(valid_from, valid_to),
	tiering.quarter('2024-03-31')) = 15 AS is_15,
	tiering.balance_days(balance, daterange(valid_from, valid_to), tiering.quarter('2024-03-31'))
FROM t.levels;
-- the same history in the other shapes
SELECT tiering.daily_avg_snapshots(balance, d::date, '[2024-01-01,2024-04-01)') = 15 AS is_15,
	tiering.balance_days_snapshots(balance, d::date, '[2024-01-01,2024-04-01)')
FROM t.levels, generate_series(valid_from, valid_to - 1, '1 day') d;
SELECT tiering.daily_avg_flows(amount, posted_on, '[2024-01-01,2024-04-01)') = 15 AS is_15,
	tiering.balance_days_flows(amount, posted_on, '[2024-01-01,2024-04-01)')
FROM (VALUES (10, '2023-07-01'::date), (5, '2024-02-01'), (5, '2024-03-01'),
	(1000, '2024-04-01')) v(amount, posted_on);
SELECT tiering.daily_avg_changes(balance, valid_from, '[2024-01-01,2024-04-01)') = 15 AS is_15,
	tiering.balance_days_changes(balance, valid_from, '[2024-01-01,2024-04-01)')
FROM t.levels;

-- a balance from 1 January to 1 February is 31 days; one row alone gives its value
SELECT tiering.balance_days(1, '2023-01-01', '2023-02-01', '[2023-01-01,2024-01-01)'),
	tiering.daily_avg(7.25, '2023-01-01', '2023-02-01', '[2023-01-01,2023-02-01)'),
	tiering.daily_avg_changes(7.25, '2023-01-01', '[2023-01-01,2023-02-01)');
-- a value from before the period is carried in, the last one is carried to the end
SELECT tiering.balance_days_changes(balance, changed_on, '[2023-01-01,2023-02-01)')
FROM (VALUES (99, '2022-03-01'::date), (100, '2022-11-05'), (300, '2023-01-31')) v(balance,
	changed_on);
-- periods without any row of their own still have an average
SELECT tiering.daily_avg_changes(100, '2022-11-05', '[2023-01-01,2023-02-01)'),
	tiering.daily_avg_flows(100, '2022-11-05', '[2023-01-01,2023-02-01)'),
	tiering.daily_avg(100, '2022-11-05', NULL, '[2023-01-01,2023-02-01)'),
	tiering.daily_avg(100, daterange('2022-11-05', 'infinity'), '[2023-01-01,2023-02-01)'),
	tiering.daily_avg(100, '[2022-11-05,)', '[2023-01-01,2023-02-01)'),
	tiering.daily_avg(100, NULL, NULL, '[2023-01-01,2023-02-01)'),
	tiering.daily_avg(100, '-infinity', 'infinity', '[2023-01-01,2023-02-01)');
-- rows that are all outside count 0, which is not null
SELECT tiering.daily_avg(5, '2020-01-01', '2020-02-01', '[2023-01-01,2023-02-01)') = 0 AS history,
	tiering.daily_avg(5, 'empty', '[2023-01-01,2023-02-01)') = 0 AS empty_range,
	tiering.daily_avg_snapshots(5, '2023-02-01', '[2023-01-01,2023-02-01)') = 0 AS snapshots,
	tiering.daily_avg_flows(5, 'infinity', '[2023-01-01,2023-02-01)') = 0 AS flows,
	tiering.daily_avg_changes(5, '2023-02-01', '[2023-01-01,2023-02-01)') = 0 AS changes;
-- 150 first posted on the 15th of a running month gives 10 on that day
SELECT tiering.daily_avg_changes(150, '2024-05-15',
	tiering.month_to_date('2024-05-15')) = 10 AS changes,
	tiering.daily_avg_flows(150, '2024-05-15', tiering.month_to_date('2024-05-15')) = 10 AS flows,
	tiering.daily_avg(150, '2024-05-15', NULL, tiering.month_to_date('2024-05-15')) = 10 AS history;
-- a year is the sum of its quarters' numerators, over the sum of their days
SELECT tiering.balance_days(balance, valid_from, valid_to, '[2023-07-01,2024-07-01)') = (
	SELECT sum(quarters.days)
	FROM (SELECT tiering.balance_days(balance, valid_from, valid_to, q) AS days
		FROM t.levels, unnest(ARRAY[tiering.quarter('2023-09-30'), tiering.quarter('2023-12-31'),
			tiering.quarter('2024-03-31'), tiering.quarter('2024-06-30')]) q
				GROUP BY q) quarters) AS adds_up
FROM t.levels;

-- nulls are skipped; none or only nulls give null
SELECT tiering.daily_avg(b, '2023-01-01', '2023-02-01', '[2023-01-01,2023-02-01)')
FROM (VALUES (NULL), (4.0), (NULL)) v(b);
SELECT tiering.daily_avg(NULL, '2023-01-01', '2023-02-01', '[2023-01-01,2023-02-01)')
	IS NULL AS history,
	tiering.daily_avg(NULL::numeric, NULL, '[2023-01-01,2023-02-01)') IS NULL AS range,
	tiering.daily_avg_snapshots(NULL, NULL, '[2023-01-01,2023-02-01)') IS NULL AS snapshots,
	tiering.balance_days_flows(NULL, NULL, '[2023-01-01,2023-02-01)') IS NULL AS flows,
	tiering.balance_days_changes(NULL, NULL, '[2023-01-01,2023-02-01)') IS NULL AS changes;
SELECT tiering.daily_avg(balance, valid_from, valid_to, '[2023-01-01,2023-02-01)') IS NULL AS none
	FROM t.levels WHERE false;

-- changes come in any order; the same balance twice on a day is one
SELECT tiering.balance_days_changes(b, d, '[2023-01-01,2023-01-11)' ORDER BY o)
FROM (VALUES (3, 20.00, '2023-01-06'::date), (1, 10, '2022-12-01'), (2, 10.0, '2022-12-01'),
	(4, 20, '2023-01-06'),
	(5, 30, '2023-01-03'), (0, 40, '2022-11-30')) v(o, b, d);
-- as window functions they see their frame
SELECT valid_from, tiering.balance_days_changes(balance, valid_from, '[2024-01-01,2024-04-01)')
	OVER (ORDER BY valid_from DESC),
	tiering.balance_days(balance, valid_from, valid_to, '[2024-01-01,2024-04-01)')
		OVER (ORDER BY valid_from)
FROM t.levels;
-- groups have periods of their own
SELECT p, tiering.daily_avg(balance, valid_from, valid_to, p) FROM t.levels,
	unnest(ARRAY[tiering.month('2024-01-31'), tiering.month('2024-02-29'),
		tiering.rolling('2 months', '2024-02-29')]) p
GROUP BY p ORDER BY p;

-- periods that are none
SELECT t.fails(format('SELECT tiering.%s FROM (VALUES (1)) v(x)', call))
FROM unnest(ARRAY[
	$$daily_avg(1, '2023-01-01', '2023-02-01', NULL)$$,
	$$daily_avg(NULL, '2023-01-01', '2023-02-01', NULL)$$,
	$$daily_avg(1, '[2023-01-01,2023-02-01)', 'empty')$$,
	$$daily_avg_snapshots(1, '2023-01-01', '[2023-01-01,)')$$,
	$$daily_avg_flows(1, '2023-01-01', '(,2023-01-01)')$$,
	$$daily_avg_changes(1, '2023-01-01', '[2023-01-01,infinity)')$$,
	$$balance_days_changes(1, '2023-01-01', '[-infinity,2023-01-01)')$$,
	$$balance_days(1, '2023-01-01', '2023-02-01', '(,)')$$]) call;
SELECT t.fails($$SELECT tiering.daily_avg(balance, valid_from, valid_to, tiering.month(valid_from))
	FROM t.levels$$);
SELECT t.fails($$SELECT tiering.daily_avg_changes(balance, valid_from, tiering.month(valid_from))
	FROM t.levels$$);
-- balances that are none
SELECT t.fails(format('SELECT tiering.%s', replace(call, '?', value)))
FROM unnest(ARRAY[
	$$daily_avg('?', '2023-01-01', '2023-02-01', '[2023-01-01,2023-02-01)')$$,
	$$daily_avg('?'::numeric, '[2023-01-01,2023-02-01)', '[2023-01-01,2023-02-01)')$$,
	$$daily_avg_snapshots('?', '2023-01-01', '[2023-01-01,2023-02-01)')$$,
	$$daily_avg_flows('?', '2023-01-01', '[2023-01-01,2023-02-01)')$$,
	$$daily_avg_changes('?', '2023-01-01', '[2023-01-01,2023-02-01)')$$]) call,
	unnest('{NaN,Infinity,-Infinity}'::text[]) value;
-- days that are none
SELECT t.fails($$SELECT tiering.daily_avg(1, NULL, '[2023-01-01,2023-02-01)')$$);
-- an end before its begin: which balance, and no stop where no day of it is in the period
SELECT t.fails(format($$SELECT tiering.daily_avg(12.50, %L, %L, '[2023-01-01,2023-02-01)')$$,
	"from", "to"))
FROM (VALUES ('2023-01-01', '2022-12-31'), ('2023-02-28', '2023-01-31'), ('2023-01-31',
	'2023-01-30'), ('2022-12-31', '2022-12-30'), ('2022-12-31', '-infinity'),
	('2023-02-02', '2023-02-01'), ('infinity', '2023-02-01')) v("from", "to");
SELECT tiering.balance_days(b, "from", "to", '[2023-01-01,2023-02-01)')
FROM (VALUES (100, '2023-01-01'::date, '2023-01-11'::date), (12.50, '2022-12-31', '2022-12-30'),
	(7, '2023-02-05', '2023-02-03')) v(b, "from", "to");
SELECT t.fails($$SELECT tiering.daily_avg_snapshots(1, NULL, '[2023-01-01,2023-02-01)')$$);
SELECT t.fails($$SELECT tiering.daily_avg_flows(1, NULL, '[2023-01-01,2023-02-01)')$$);
SELECT t.fails($$SELECT tiering.daily_avg_changes(1, NULL, '[2023-01-01,2023-02-01)')$$);
-- two different balances on one day: in the period, and on the day carried in
SELECT t.fails($$SELECT tiering.daily_avg_changes(b, '2023-01-05', '[2023-01-01,2023-02-01)')
	FROM (VALUES (1), (2)) v(b)$$);
SELECT t.fails($$SELECT tiering.daily_avg_changes(b, '2022-01-05', '[2023-01-01,2023-02-01)')
	FROM (VALUES (1), (2)) v(b)$$);
-- but not on a day that a later one overrides, whatever the order
SELECT tiering.balance_days_changes(b, d, '[2023-01-01,2023-02-01)' ORDER BY b),
	tiering.balance_days_changes(b, d, '[2023-01-01,2023-02-01)' ORDER BY b DESC)
FROM (VALUES (1, '2022-01-05'::date), (2, '2022-01-05'), (3, '2022-01-06')) v(b, d);
-- no floats: a float is not silently a numeric
SELECT t.fails($$SELECT tiering.daily_avg(1.5::float8, '2023-01-01', '2023-02-01',
	'[2023-01-01,2023-02-01)')$$);
