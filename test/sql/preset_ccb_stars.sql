-- ccb_stars: one to five stars by a weighted score of four dimensions
SELECT tiering.load_preset('ccb_stars'), tiering.publish('ccb_stars', '2024-01-01');
SELECT * FROM tiering.validate('ccb_stars', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'ccb_stars' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'ccb_stars'
ORDER BY metric;
SELECT metric, weight, null_points FROM tiering.score_weight WHERE scheme = 'ccb_stars'
	ORDER BY weight DESC, metric;

-- from the lowest star to the highest, each bound met exactly and missed by one metric
SELECT m.*, tiering.classify('ccb_stars', m) FROM (VALUES
	(0.00, 0.00, 0, 0.00, 0, 0, 0.0, 0, '0'),
	(50000, 0, 0, 0, 2, 0, 0, 0, '12 + 8 = 20'), (50000, 0, 0, 0, 1, 7, 0, 0, '12 + 3.5 = 15.5'),
	(49999.99, 0, 0, 0, 2, 3, 0.29, 0, '6 + 8 + 3.5 = 17.5'),
	(49999.99, 0, 1, 5000, 2, 0, 0, 0, '6 + 3 + 3 + 8 = 20'),
	(1000000, 500000, 0, 0, 0, 0, 0, 0, '30 + 10 = 40'),
	(1000000, 499999.99, 0, 0, 0, 1, 0, 0, '30 + 7 + 2 = 39'),
	(1000000, 0, 0, 0, 0, 8, 0, 750, '30 + 5 + 5 = 40'),
	(1000000, 0, 0, 0, 0, 8, 0, 749, '30 + 5 + 3.5 = 38.5'),
	(1000000, 500000, 30, 200000, 0, 0, 0, 0, '30 + 10 + 10 + 10 = 60'),
	(1000000, 500000, 30, 199999.99, 0, 0, 0, 0, '30 + 10 + 10 + 6 = 56'),
	(1000000, 500000, 30, 200000, 6, 0, 0, 0, '30 + 10 + 10 + 10 + 20 = 80'),
	(1000000, 500000, 29, 200000, 6, 0, 0, 0, '30 + 10 + 6 + 10 + 20 = 76'),
	(1000000, 500000, 30, 200000, 6, 8, 0.9, 750, '100'))
	m(deposits, loans, transactions, transaction_amount, products, years_with_bank, steadiness,
		credit_score, score);
-- what is not known earns nothing; without deposits that are known there is no score
SELECT m.*, tiering.classify('ccb_stars', m) FROM (VALUES
	(1000000.00, 0.00, 30, 200000.00, 6, 8, NULL::numeric, NULL::int),
	(1000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (NULL, 500000, 30, 200000, 6, 8, 1, 800),
	(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL))
	m(deposits, loans, transactions, transaction_amount, products, years_with_bank, steadiness,
		credit_score);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,10000,50000,200000,1000000}', 0.01) AS deposits,
		t.near(g + 10000, '{0,10000,100000,500000}', 0.01) AS loans,
		t.near(g + 20000, '{1,10,30}', 1) AS transactions,
		t.near(g + 30000, '{5000,50000,200000}', 0.01) AS transaction_amount,
		t.near(g + 40000, '{1,2,4,6}', 1) AS products,
		t.near(g + 50000, '{1,3,8}', 0.1) AS years_with_bank,
		t.near(g + 60000, '{0.3,0.6,0.9}', 0.001) AS steadiness,
		t.near(g + 70000, '{550,650,750}', 1) AS credit_score
	FROM generate_series(1, 8000) g
), points AS (
	SELECT c.*, 0.3 * CASE WHEN deposits >= 1000000 THEN 100 WHEN deposits >= 200000 THEN 70
			WHEN deposits >= 50000 THEN 40 WHEN deposits >= 10000 THEN 20
			WHEN deposits IS NOT NULL THEN 0 END
		+ 0.1 * (CASE WHEN loans >= 500000 THEN 100 WHEN loans >= 100000 THEN 70
				WHEN loans >= 10000 THEN 40 ELSE 0 END
			+ CASE WHEN transactions >= 30 THEN 100 WHEN transactions >= 10 THEN 60
				WHEN transactions >= 1 THEN 30 ELSE 0 END
			+ CASE WHEN transaction_amount >= 200000 THEN 100 WHEN transaction_amount >= 50000
				THEN 60 WHEN transaction_amount >= 5000 THEN 30 ELSE 0 END
			+ CASE WHEN steadiness >= 0.9 THEN 100 WHEN steadiness >= 0.6 THEN 70
				WHEN steadiness >= 0.3 THEN 40 ELSE 0 END)
		+ 0.2 * CASE WHEN products >= 6 THEN 100 WHEN products >= 4 THEN 70 WHEN products >= 2
			THEN 40 ELSE 0 END
		+ 0.05 * (CASE WHEN years_with_bank >= 8 THEN 100 WHEN years_with_bank >= 3 THEN 70
				WHEN years_with_bank >= 1 THEN 40 ELSE 0 END
			+ CASE WHEN credit_score >= 750 THEN 100 WHEN credit_score >= 650 THEN 70
				WHEN credit_score >= 550 THEN 40 ELSE 0 END) AS score
	FROM customer c
), graded AS (
	SELECT tiering.classify('ccb_stars', p) AS tier,
		CASE WHEN score >= 80 THEN 'star_5' WHEN score >= 60 THEN 'star_4'
		WHEN score >= 40 THEN 'star_3' WHEN score >= 20 THEN 'star_2' ELSE 'star_1' END AS expected
	FROM points p
)
SELECT expected, count(*) > 20 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
