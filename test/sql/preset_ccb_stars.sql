-- ccb_stars: one to five stars by a weighted score of four metrics
SELECT tiering.load_preset('ccb_stars'), tiering.publish('ccb_stars', '2024-01-01');
SELECT * FROM tiering.validate('ccb_stars', 1);
SELECT metric, weight, null_points FROM tiering.score_weight WHERE scheme = 'ccb_stars'
	ORDER BY weight DESC, metric;

-- from the lowest star to the highest, each bound met exactly and missed by one metric
SELECT m.*, tiering.classify('ccb_stars', m) FROM (VALUES
	(0.00, 0, 0, 0.0, '0'), (10000, 9, 2, 0.29, '8 + 6 + 8 + 0 = 22'),
	(10000, 10, 1, 0.29, '8 + 12 + 0 + 0 = 20'),
	(9999.99, 10, 1, 0.3, '0 + 12 + 0 + 8 = 20'), (9999.99, 10, 1, 0.29, '0 + 12 + 0 + 0 = 12'),
	(1000000, 0, 1, 0, '40 + 0 + 0 + 0 = 40'), (999999.99, 0, 2, 0, '28 + 0 + 8 + 0 = 36'),
	(1000000, 30, 1, 0, '40 + 20 + 0 + 0 = 60'), (1000000, 29, 1, 0, '40 + 12 + 0 + 0 = 52'),
	(1000000, 30, 6, 0.29, '40 + 20 + 20 + 0 = 80'),
	(1000000, 30, 5, 0.29, '40 + 20 + 14 + 0 = 74'),
	(1000000, 30, 6, 0.9, '100')) m(fund_size, transactions, products, stability, score);
-- what is not known earns nothing; without a fund size there is no score
SELECT m.*, tiering.classify('ccb_stars', m) FROM (VALUES
	(1000000.00, 30, 6, NULL::numeric), (1000000, NULL, NULL, NULL), (NULL, 30, 6, 1),
	(NULL, NULL, NULL, NULL)) m(fund_size, transactions, products, stability);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,10000,50000,200000,1000000}', 0.01) AS fund_size,
		t.near(g + 10000, '{1,10,30}', 1) AS transactions,
		t.near(g + 20000, '{1,2,4,6}', 1) AS products,
			t.near(g + 30000, '{0.3,0.6,0.9}', 0.001) AS stability FROM generate_series(1, 8000) g
), points AS (
	SELECT c.*, 0.4 * CASE WHEN fund_size >= 1000000 THEN 100 WHEN fund_size >= 200000 THEN 70
		WHEN fund_size >= 50000 THEN 40
			WHEN fund_size >= 10000 THEN 20 WHEN fund_size IS NOT NULL THEN 0 END
		+ 0.2 * (CASE WHEN transactions >= 30 THEN 100 WHEN transactions >= 10 THEN 60
			WHEN transactions >= 1 THEN 30 ELSE 0 END
			+ CASE WHEN products >= 6 THEN 100 WHEN products >= 4 THEN 70 WHEN products >= 2 THEN 40
				ELSE 0 END
			+ CASE WHEN stability >= 0.9 THEN 100 WHEN stability >= 0.6 THEN 70
				WHEN stability >= 0.3 THEN 40 ELSE 0 END) AS score
	FROM customer c
), graded AS (
	SELECT tiering.classify('ccb_stars', p) AS tier,
		CASE WHEN score >= 80 THEN 'star_5' WHEN score >= 60 THEN 'star_4'
		WHEN score >= 40 THEN 'star_3' WHEN score >= 20 THEN 'star_2' ELSE 'star_1' END AS expected
	FROM points p
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
