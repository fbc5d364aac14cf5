-- vip_core: VIP, core, potential and general by spending, frequency, loyalty, preference of
-- products and potential value
SELECT tiering.load_preset('vip_core'), tiering.publish('vip_core', '2024-01-01');
SELECT * FROM tiering.validate('vip_core', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'vip_core' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'vip_core'
ORDER BY metric;
SELECT m.*, tiering.classify('vip_core', m) FROM (VALUES
	(9999.99, 12, 3, 1, 0, '0 + 8 + 14 + 4 + 0 = 26'), (9999.99, 120, 1, 0, 0, '0 + 20 + 8 = 28'),
	(9999.99, 52, 3, 0, 0, '0 + 14 + 14 = 28'), (9999.99, 52, 3, 0, 20, '0 + 14 + 14 + 4 = 32'),
	(10000, 52, 0, 0, 0, '16 + 14 = 30'), (200000, 11, 3, 0, 0, '40 + 14 = 54'),
	(200000, 12, 0, 2, 0, '40 + 8 + 7 = 55'), (200000, 12, 0, 1, 19, '40 + 8 + 4 = 52'),
	(200000, 120, 10, 0, 0, '40 + 20 + 20 = 80'), (200000, 119, 10, 0, 0, '40 + 14 + 20 = 74'),
	(200000, 120, 0, 3, 70, '40 + 20 + 10 + 10 = 80'),
	(200000, 120, 0, 3, 69, '40 + 20 + 10 + 7 = 77'), (200000, 120, 10, 3, 70, '100'),
	(0, 0, 0, 0, 0, '0'))
	m(annual_spending, transactions_per_year, years_with_bank, preferred_products, potential_score,
		score);
SELECT m.*, tiering.classify('vip_core', m) FROM (VALUES
	(200000.00, 120, NULL::numeric, NULL::int, 70), (200000, NULL, NULL, NULL, NULL),
	(NULL, 120, 10, 3, 70), (NULL, NULL, NULL, NULL, NULL))
	m(annual_spending, transactions_per_year, years_with_bank, preferred_products, potential_score);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,10000,50000,200000}', 0.01) AS annual_spending,
		t.near(g + 10000, '{1,12,52,120}', 1) AS transactions_per_year,
		t.near(g + 20000, '{1,3,10}', 0.25) AS years_with_bank,
		t.near(g + 30000, '{1,2,3}', 1) AS preferred_products,
		t.near(g + 40000, '{20,40,70}', 1) AS potential_score
	FROM generate_series(1, 8000) g
), points AS (
	SELECT c.*, CASE WHEN annual_spending < 10000 THEN 0 WHEN annual_spending < 50000 THEN 16
		WHEN annual_spending < 200000 THEN 28 WHEN annual_spending >= 200000 THEN 40 END
		+ COALESCE(CASE WHEN transactions_per_year < 12 THEN 0 WHEN transactions_per_year < 52
			THEN 8 WHEN transactions_per_year < 120 THEN 14 WHEN transactions_per_year >= 120
			THEN 20 END, 0)
		+ COALESCE(CASE WHEN years_with_bank < 1 THEN 0 WHEN years_with_bank < 3 THEN 8
			WHEN years_with_bank < 10 THEN 14 WHEN years_with_bank >= 10 THEN 20 END, 0)
		+ COALESCE(CASE WHEN preferred_products < 1 THEN 0 WHEN preferred_products < 2 THEN 4
			WHEN preferred_products < 3 THEN 7 WHEN preferred_products >= 3 THEN 10 END, 0)
		+ COALESCE(CASE WHEN potential_score < 20 THEN 0 WHEN potential_score < 40 THEN 4
			WHEN potential_score < 70 THEN 7 WHEN potential_score >= 70 THEN 10 END, 0) AS score
	FROM customer c
), graded AS (
	SELECT tiering.classify('vip_core', p) AS tier,
		CASE WHEN score >= 80 THEN 'vip' WHEN score >= 55 THEN 'core' WHEN score >= 30
		THEN 'potential' ELSE 'general' END AS expected
	FROM points p
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
