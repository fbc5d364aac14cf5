-- abc: by three-month daily-average turnover, and for diamond by that of each day
SELECT tiering.load_preset('abc'), tiering.publish('abc', '2024-01-01');
SELECT * FROM tiering.validate('abc', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'abc' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'abc'
ORDER BY metric;
SELECT m.*, tiering.classify('abc', m)
FROM unnest('{-1,0,499999.99,500000,999999.99,1000000,4999999.99,5000000,NULL}'::numeric[]) v,
	LATERAL (SELECT v AS daily_avg_turnover, v AS least_daily_turnover) m;
-- each day of three months, as the text says, or the average: a parameter
SELECT tiering.load_preset('abc', 'abc_average', '{"diamond_each_day": 0}'),
	tiering.publish('abc_average', '2024-01-01');
SELECT * FROM tiering.validate('abc_average', 1);
SELECT tiering.load_preset('abc', 'abc_few', '{"diamond_each_day": 0.5}');
SELECT m.*, tiering.classify('abc', m), tiering.classify('abc_average', m) AS by_the_average
FROM (VALUES (5000000, 5000000), (5000000, 4999999.99), (9000000, 0), (4999999.99, 4999999.99),
	(9000000, NULL), (6000000, -1), (4999999.99, NULL), (NULL, 6000000))
	m(daily_avg_turnover, least_daily_turnover);
-- 0 leaves the condition out, any other number is one
SELECT scheme, rule, metric, bounds FROM tiering.rule WHERE scheme LIKE 'abc%' AND tier = 'diamond'
ORDER BY scheme, metric;

-- Turnover is what went in and out over the days of three months, here the 91
-- from 2024-01-01 to 2024-03-31; what was posted before or after does not count.
CREATE TEMP TABLE transaction (customer_no text, posted_on date, amount numeric(14, 2));
INSERT INTO transaction VALUES
	('at gold', '2024-01-01', 25000000), ('at gold', '2024-03-31', -20000000),
	('at gold', '2024-03-31', -500000),
	('at gold', '2023-12-31', 1000000), ('at gold', '2024-04-01', -1000000),
	('a cent below', '2024-01-01', 25000000), ('a cent below', '2024-03-31', -20499999.99),
	('a cent below', '2023-12-31', 1000000),
	('in and out again', '2024-02-29', 45500000), ('in and out again', '2024-02-29', -45500000),
	('average at diamond', '2024-02-01', -455000000), ('before only', '2023-12-31', 1000000000),
	('unknown', '2024-02-01', NULL);
INSERT INTO transaction
SELECT c, '2024-01-01'::date + n, CASE n % 2 WHEN 0 THEN 5000000 ELSE -5000000 END
FROM unnest('{each day at diamond,one day a cent below}'::text[]) c, generate_series(0, 90) n
WHERE c <> 'one day a cent below' OR n <> 7
UNION ALL SELECT 'one day a cent below', '2024-01-08', -4999999.99
UNION ALL SELECT 'a day without', '2024-01-01'::date + n, 6000000 FROM generate_series(1, 90) n;
SELECT customer_no, round(m.daily_avg_turnover, 6) AS turnover, round(m.by_hand, 6) AS by_hand,
	m.least_daily_turnover AS least, tiering.classify('abc', m),
	tiering.classify('abc_average', m) AS by_the_average
FROM (
	SELECT customer_no, tiering.daily_avg_snapshots(turnover, posted_on, p)
			AS daily_avg_turnover,
		CASE WHEN count(*) FILTER (WHERE posted_on <@ p) = upper(p) - lower(p)
			THEN min(turnover) FILTER (WHERE posted_on <@ p) ELSE 0 END AS least_daily_turnover,
		sum(turnover) FILTER (WHERE posted_on BETWEEN '2024-01-01' AND '2024-03-31') / 91 AS by_hand
	FROM (SELECT customer_no, posted_on, sum(abs(amount)) AS turnover FROM transaction
		  GROUP BY customer_no, posted_on) d, tiering.rolling('3 months', '2024-03-31') p
	GROUP BY customer_no, p) m
ORDER BY customer_no COLLATE "C";

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,500000,1000000,5000000}', 0.01) AS daily_avg_turnover,
		t.near(g + 10000, '{0,5000000,5000000}', 0.01) AS least_daily_turnover
	FROM generate_series(1, 5000) g
), graded AS (
	SELECT tiering.classify('abc', c) AS tier,
		CASE WHEN daily_avg_turnover >= 5000000 AND least_daily_turnover >= 5000000 THEN 'diamond'
		WHEN daily_avg_turnover >= 1000000 THEN 'platinum' WHEN daily_avg_turnover >= 500000
			THEN 'gold' ELSE 'ordinary' END AS expected
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";

-- from random transactions on, against turnover and rules written by hand
CREATE TEMP TABLE random_transaction AS
SELECT g % 5000 AS customer_no, '2023-12-15'::date + floor(t.random(g) * 120)::int AS posted_on,
	round((t.random(g + 1000000) - 0.5) * 2000000000 * t.random(g + 2000000) ^ 3, 2) AS amount
		FROM generate_series(1, 15000) g;
WITH customer AS MATERIALIZED (
	SELECT customer_no, tiering.daily_avg_snapshots(abs(amount), posted_on,
		tiering.rolling('3 months', '2024-03-31')) AS daily_avg_turnover,
		0 AS least_daily_turnover
	FROM random_transaction GROUP BY customer_no
), by_hand AS (
	SELECT customer_no, sum(CASE WHEN amount < 0 THEN -amount ELSE amount END)
		FILTER (WHERE posted_on BETWEEN '2024-01-01' AND '2024-03-31') AS moved
	FROM random_transaction GROUP BY customer_no
), graded AS (
	SELECT tiering.classify('abc_average', c) AS tier,
		CASE WHEN moved >= 5000000 * 91.0 THEN 'diamond'
		WHEN moved >= 1000000 * 91.0 THEN 'platinum' WHEN moved >= 500000 * 91.0 THEN 'gold'
			ELSE 'ordinary' END AS expected
	FROM customer c JOIN by_hand USING (customer_no)
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
