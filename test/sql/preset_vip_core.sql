-- vip_core: VIP, core, potential and general by spending, frequency and loyalty
SELECT tiering.load_preset('vip_core'), tiering.publish('vip_core', '2024-01-01');
SELECT * FROM tiering.validate('vip_core', 1);
SELECT m.*, tiering.classify('vip_core', m) FROM (VALUES
	(9999.99, 12, 3, '0 + 12 + 14 = 26'), (9999.99, 52, 1, '0 + 21 + 8 = 29'),
	(9999.99, 120, 0.99, '0 + 30 + 0 = 30'), (10000, 12, 0, '20 + 12 + 0 = 32'),
	(199999.99, 11, 10, '35 + 0 + 20 = 55'), (199999.99, 11, 9.99, '35 + 0 + 14 = 49'),
	(50000, 52, 0, '35 + 21 + 0 = 56'),
	(200000, 120, 0, '50 + 30 + 0 = 80'), (200000, 119, 1, '50 + 21 + 8 = 79'),
	(200000, 120, 10, '100'), (0, 0, 0, '0')) m(annual_spending, transactions_per_year,
	years_with_bank, score);
SELECT m.*, tiering.classify('vip_core', m) FROM (VALUES
	(200000.00, 120, NULL::numeric), (200000, NULL, NULL), (NULL, 120, 10),
	(NULL, NULL, NULL)) m(annual_spending, transactions_per_year, years_with_bank);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,10000,50000,200000}', 0.01) AS annual_spending,
		t.near(g + 10000, '{1,12,52,120}', 1) AS transactions_per_year,
		t.near(g + 20000, '{1,3,10}', 0.25) AS years_with_bank FROM generate_series(1, 8000) g
), points AS (
	SELECT c.*, CASE WHEN annual_spending < 10000 THEN 0 WHEN annual_spending < 50000 THEN 20
		WHEN annual_spending < 200000 THEN 35 WHEN annual_spending >= 200000 THEN 50 END
		+ COALESCE(CASE WHEN transactions_per_year < 12 THEN 0 WHEN transactions_per_year < 52
			THEN 12 WHEN transactions_per_year < 120 THEN 21 WHEN transactions_per_year >= 120
			THEN 30 END, 0)
		+ COALESCE(CASE WHEN years_with_bank < 1 THEN 0 WHEN years_with_bank < 3 THEN 8
			WHEN years_with_bank < 10 THEN 14 WHEN years_with_bank >= 10 THEN 20 END, 0) AS score
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
