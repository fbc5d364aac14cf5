-- cmb: five groups, three of them with sub-levels
SELECT tiering.load_preset('cmb'), tiering.publish('cmb', '2024-01-01');
SELECT * FROM tiering.validate('cmb', 1);
SELECT COALESCE(t.parent, t.tier) AS customer_group, min(t.rank) AS from_rank, count(*)
	FILTER (WHERE t.parent IS NOT NULL) AS levels
FROM tiering.tier t WHERE scheme = 'cmb' GROUP BY 1 ORDER BY 2;

SELECT m.*, tiering.classify('cmb', m) FROM (VALUES
	(0.00, 0.00, 0, 0, 0, 90, 'not new any more'), (0, 0, 0, 0, 0, 89, 'new'),
	(0, 0, 0, 0, 0, -1, 'not yet open'),
	(299999.99, 199999.99, 1, 2, 1, 1000, '12 + 16 + 8 = 36'),
	(0, 0, 10, 2, 0, 1000, '24 + 16 + 0 = 40'), (0, 0, 30, 3, 0, 1000, '40 + 16 + 0 = 56'),
	(0, 0, 30, 2, 2, 1000, '40 + 16 + 8 = 64'), (0, 0, 30, 5, 2.9, 1000, '40 + 28 + 8 = 76'),
	(0, 0, 30, 6, 0.9, 1000, '40 + 40 + 0 = 80'),
	(300000, 0, 30, 6, 8, 1000, 'VIP before quality'), (999999.99, 0, 0, 0, 0, 1000, ''),
	(1000000, 0, 0, 0, 0, 1000, ''), (4999999.99, 0, 0, 0, 0, 1000, ''),
	(5000000, 199999.99, 0, 0, 0, 1000, ''),
	(5000000, 200000, 0, 0, 0, 1000, 'large-amount before VIP'),
	(500000, 499999.99, 0, 0, 0, 1000, ''), (500000, 500000, 0, 0, 0, 1000, ''),
	(1000000, 999999.99, 0, 0, 0, 1000, ''), (1000000, 1000000, 0, 0, 0, 1000, ''),
	(5000000, 4999999.99, 0, 0, 0, 1000, ''), (5000000, 5000000, 0, 0, 0, 1000, ''),
	(10000000, 9999999.99, 0, 0, 0, 1000, ''), (10000000, 10000000, 0, 0, 0, 1000, ''),
	(10000000, 10000000, 0, 0, 0, 1, 'new, but large-amount'),
	(0, 0, 10, 2, 0, 1, 'new, but quality'),
	(NULL, NULL, NULL, NULL, NULL, NULL, 'unknown'),
	(NULL, NULL, 30, 6, NULL, NULL, '40 + 40, years unknown'),
	(NULL, NULL, NULL, NULL, NULL, 5, 'new, all else unknown')
) m(daily_avg_assets, daily_avg_deposits, transactions, products, years_with_bank,
	days_since_opening, what);
-- for how long a customer is new is a parameter
SELECT tiering.load_preset('cmb', 'cmb30', '{"new_days": 30}'),
	tiering.publish('cmb30', '2024-01-01');
SELECT d, tiering.classify('cmb30', m) FROM unnest('{29,30}'::int[]) d,
	LATERAL (SELECT 0 AS daily_avg_assets, 0 AS daily_avg_deposits, 0 AS transactions,
		0 AS products, 0 AS years_with_bank, d AS days_since_opening) m;

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,0,100000,300000,1000000,5000000}', 0.01) AS daily_avg_assets,
		t.near(g + 10000, '{0,0,0,0,0,0,200000,500000,1000000,5000000,10000000}',
			0.01) AS daily_avg_deposits,
		t.near(g + 20000, '{1,10,30}', 1) AS transactions,
			t.near(g + 30000, '{1,2,4,6}', 1) AS products,
		t.near(g + 40000, '{1,3,8}', 0.1) AS years_with_bank,
			t.near(g + 50000, '{1,90,1000}', 1) AS days_since_opening
			FROM generate_series(1, 8000) g
), points AS (
	SELECT c.*, CASE WHEN transactions >= 30 THEN 40 WHEN transactions >= 10 THEN 24
		WHEN transactions >= 1 THEN 12 ELSE 0 END
		+ CASE WHEN products >= 6 THEN 40 WHEN products >= 4 THEN 28 WHEN products >= 2 THEN 16
			ELSE 0 END
		+ CASE WHEN years_with_bank >= 8 THEN 20 WHEN years_with_bank >= 3 THEN 14
			WHEN years_with_bank >= 1 THEN 8 ELSE 0 END AS score
	FROM customer c
), graded AS (
	SELECT tiering.classify('cmb', p) AS tier, CASE
		WHEN daily_avg_deposits >= 10000000 THEN 'large_amount_5' WHEN daily_avg_deposits >= 5000000
			THEN 'large_amount_4'
		WHEN daily_avg_deposits >= 1000000 THEN 'large_amount_3' WHEN daily_avg_deposits >= 500000
			THEN 'large_amount_2'
		WHEN daily_avg_deposits >= 200000 THEN 'large_amount_1'
		WHEN daily_avg_assets >= 5000000 THEN 'vip_3' WHEN daily_avg_assets >= 1000000 THEN 'vip_2'
			WHEN daily_avg_assets >= 300000 THEN 'vip_1'
		WHEN score >= 80 THEN 'quality_3' WHEN score >= 60 THEN 'quality_2' WHEN score >= 40
			THEN 'quality_1'
		WHEN days_since_opening < 90 THEN 'new' ELSE 'ordinary' END AS expected
	FROM points p
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
