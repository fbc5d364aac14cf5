-- risk_grade: low, medium and high risk; the higher the rank, the less risk
SELECT tiering.load_preset('risk_grade'), tiering.publish('risk_grade', '2024-01-01');
SELECT * FROM tiering.validate('risk_grade', 1);
-- high risk needs approval, and is nobody's for want of another tier
SELECT tier, rank, approval, base, everyone FROM tiering.tier JOIN tiering.scheme_version
	USING (scheme, version) WHERE scheme = 'risk_grade' ORDER BY rank;

SELECT m.*, tiering.classify('risk_grade', m) FROM (VALUES
	(750, 8, 0.39, 1.5, '35 + 20 + 25 + 20 = 100'),
	(750, 8, 0.3999, 0.4999, '35 + 20 + 25 + 0 = 80'),
	(750, 8, 0.4, 0.4999, '35 + 20 + 17.5 + 0 = 72.5'),
	(749, 8, 0.3, 0.5, '24.5 + 20 + 25 + 8 = 77.5'),
	(649, 7, 0.3, 1.4999, '14 + 14 + 25 + 14 = 67'), (549, 8, 0.3, 0.4, '0 + 20 + 25 + 0 = 45'),
	(549, 8, 0.4, 1.5, '0 + 20 + 17.5 + 20 = 57.5'), (550, 0, 0.8, 1, '14 + 0 + 0 + 14 = 28'),
	(750, 0.99, 0.59, 0.49, '35 + 0 + 17.5 + 0 = 52.5'),
	(750, 0.99, 0.6, 0.49, '35 + 0 + 10 + 0 = 45'), (750, 1, 0.799, 0.5, '35 + 8 + 10 + 8 = 61'),
	(649, 1, 0.79, 1, '14 + 8 + 10 + 14 = 46'), (0, 0, 5, 0, '0')
) m(credit_score, years_in_business, debt_ratio, collateral_cover, score);
-- what is not known counts as the riskiest: it never makes a customer look safer
SELECT m.*, tiering.classify('risk_grade', m) FROM (VALUES
	(750, 8, 0.1, NULL::numeric), (750, 8, NULL, NULL), (NULL, 8, 0.1, 1.5),
	(750, NULL, NULL, NULL), (NULL, NULL, NULL, NULL)) m(credit_score, years_in_business,
	debt_ratio, collateral_cover);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{400,550,650,750}', 1) AS credit_score,
		t.near(g + 10000, '{1,3,8}', 0.5) AS years_in_business,
		t.near(g + 20000, '{0.4,0.6,0.8}', 0.01) AS debt_ratio,
			t.near(g + 30000, '{0.5,1,1.5}', 0.01) AS collateral_cover
			FROM generate_series(1, 8000) g
), points AS (
	SELECT c.*, 35 * CASE WHEN credit_score >= 750 THEN 1 WHEN credit_score >= 650 THEN 0.7
		WHEN credit_score >= 550 THEN 0.4 ELSE 0 END
		+ 20 * CASE WHEN years_in_business >= 8 THEN 1 WHEN years_in_business >= 3 THEN 0.7
			WHEN years_in_business >= 1 THEN 0.4 ELSE 0 END
		+ 25 * CASE WHEN debt_ratio < 0.4 THEN 1 WHEN debt_ratio < 0.6 THEN 0.7
			WHEN debt_ratio < 0.8 THEN 0.4 ELSE 0 END
		+ 20 * CASE WHEN collateral_cover >= 1.5 THEN 1 WHEN collateral_cover >= 1 THEN 0.7
			WHEN collateral_cover >= 0.5 THEN 0.4 ELSE 0 END AS score
	FROM customer c
), graded AS (
	SELECT tiering.classify('risk_grade', p) AS tier,
		CASE WHEN score < 50 THEN 'high' WHEN score < 75 THEN 'medium' ELSE 'low' END AS expected
	FROM points p
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
