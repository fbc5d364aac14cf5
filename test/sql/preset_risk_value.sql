-- risk_value: risk by value, nine cells in six grades
SELECT tiering.load_preset('risk_value'), tiering.publish('risk_value', '2024-01-01');
SELECT * FROM tiering.validate('risk_value', 1);
-- no two cells overlap, and without the base there is still no gap
WITH cell AS (SELECT tier, rule, array_agg(bounds ORDER BY metric) AS box FROM tiering.rule
	WHERE scheme = 'risk_value' GROUP BY tier, rule)
SELECT count(*) AS cells, count(*) FILTER (WHERE EXISTS (
	SELECT FROM cell o WHERE (o.tier, o.rule) <> (c.tier, c.rule) AND o.box[1] && c.box[1]
		AND o.box[2] && c.box[2])) AS overlapping
FROM cell c;
BEGIN;
SELECT tiering.copy_scheme('risk_value', 'no_base');
DELETE FROM tiering.tier WHERE scheme = 'no_base' AND base;
UPDATE tiering.scheme_version SET everyone = false WHERE scheme = 'no_base';
SELECT * FROM tiering.validate('no_base', 1);
ROLLBACK;

SELECT assets AS daily_avg_assets, max(grade) FILTER (WHERE score = 549) AS score_549, max(grade)
	FILTER (WHERE score = 550) AS score_550,
	max(grade) FILTER (WHERE score = 699) AS score_699, max(grade)
		FILTER (WHERE score = 700) AS score_700, max(grade)
		FILTER (WHERE score IS NULL) AS score_unknown
FROM unnest('{-1,49999.99,50000,499999.99,500000,NULL}'::numeric[]) assets,
	unnest('{549,550,699,700,NULL}'::int[]) score,
	LATERAL (SELECT tiering.classify('risk_value', m) AS grade
		FROM (SELECT assets AS daily_avg_assets, score AS credit_score) m) c
GROUP BY assets ORDER BY assets;

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,50000,500000}', 0.01) AS daily_avg_assets,
		t.near(g + 10000, '{300,550,700}', 1) AS credit_score FROM generate_series(1, 6000) g
), step AS (
	-- a point for each step of safety and of value, the sum being the grade
	SELECT c.*, CASE WHEN credit_score >= 700 THEN 2 WHEN credit_score >= 550 THEN 1
		WHEN credit_score < 550 THEN 0 END AS safety,
		CASE WHEN daily_avg_assets >= 500000 THEN 2 WHEN daily_avg_assets >= 50000 THEN 1
			WHEN daily_avg_assets < 50000 THEN 0 END AS value
	FROM customer c
), graded AS (
	SELECT tiering.classify('risk_value', s) AS tier,
		CASE WHEN safety IS NULL OR value IS NULL THEN 'unrated' WHEN safety = 0 AND value = 2
		THEN 'BBB'
		ELSE ('{let_go,BB,A,AA,AAA}'::text[])[1 + safety + value] END AS expected
	FROM step s
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
