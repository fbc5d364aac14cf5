-- cib_net: as cib, but diamond asks for net assets; reports add up the gross ones
SELECT tiering.load_preset('cib_net'), tiering.publish('cib_net', '2024-01-01');
SELECT * FROM tiering.validate('cib_net', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'cib_net' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'cib_net'
ORDER BY metric;
SELECT metric, is_measure FROM tiering.metric WHERE scheme = 'cib_net' ORDER BY metric;
SELECT m.*, tiering.classify('cib_net', m) FROM (VALUES
	(9999.99, 9999.99), (10000, 10000), (99999.99, 0), (100000, 0), (299999.99, 0), (300000, 0),
	(999999.99, 0), (1000000, 0),
	(6000000, 5999999.99), (6000000, 6000000), (60000000, -1), (7000000, NULL), (NULL, NULL),
	(NULL, 6000000)) m(daily_avg_assets, daily_avg_net_assets);

-- both metrics from one table: what is borrowed is subtracted from the net one
CREATE TEMP TABLE balance AS
SELECT * FROM (VALUES ('debtor', 'deposit', 4000000.00), ('debtor', 'fund', 3000000),
	('debtor', 'loan', 1000000.01),
	('saver', 'deposit', 4000000), ('saver', 'insurance', 3000000),
	('saver', 'loan', 1000000)) b(customer_no, asset_class, balance);
SELECT m.*, tiering.classify('cib_net', m) FROM (
	SELECT customer_no,
		round(tiering.daily_avg(balance, '2024-01-01', NULL, tiering.month('2024-01-31'))
			FILTER (WHERE asset_class <> 'loan'), 2) AS daily_avg_assets,
		round(tiering.daily_avg(balance * tiering.asset_weight('cib_net', asset_class),
			'2024-01-01', NULL, tiering.month('2024-01-31')), 2) AS daily_avg_net_assets
	FROM balance GROUP BY customer_no) m ORDER BY customer_no;

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,10000,100000,300000,1000000,6000000,8000000}', 0.01) AS daily_avg_assets,
		t.near(g + 10000, '{-500000,0,200000,3000000,6000000}', 0.01) AS daily_avg_net_assets
			FROM generate_series(1, 6000) g
), graded AS (
	SELECT tiering.classify('cib_net', c) AS tier, CASE
		WHEN daily_avg_net_assets >= 6000000 THEN 'diamond' WHEN daily_avg_assets >= 1000000
			THEN 'black_gold'
		WHEN daily_avg_assets >= 300000 THEN 'platinum' WHEN daily_avg_assets >= 100000 THEN 'gold'
		WHEN daily_avg_assets >= 10000 THEN 'core' ELSE 'non_core' END AS expected
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
