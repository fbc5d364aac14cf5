-- nine_grid: nine tiers, whose names say the cell
SELECT tiering.load_preset('nine_grid'), tiering.publish('nine_grid', '2024-01-01');
SELECT * FROM tiering.validate('nine_grid', 1);
SELECT tier, title_zh, benefits, benefits_zh FROM tiering.tier JOIN tiering.service
	USING (scheme, version, tier) WHERE scheme = 'nine_grid' ORDER BY rank;

-- each cell at its lower corner, and short of the next one; what is not known counts as low
SELECT m.*, tiering.classify('nine_grid', m)
FROM (SELECT v AS annual_contribution, p AS potential_score
	FROM unnest('{NULL,999.99,1000,9999.99,10000}'::numeric[]) v,
	unnest('{NULL,39,40,69,70}'::int[]) p) m
ORDER BY 1 NULLS FIRST, 2 NULLS FIRST;

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,1000,10000}', 0.01) AS annual_contribution,
		t.near(g + 10000, '{0,40,70}', 1) AS potential_score FROM generate_series(1, 6000) g
), graded AS (
	SELECT tiering.classify('nine_grid', c) AS tier,
		CASE WHEN annual_contribution >= 10000 THEN 'high' WHEN annual_contribution >= 1000
			THEN 'mid' ELSE 'low' END || '_value_'
		|| CASE WHEN potential_score >= 70 THEN 'high' WHEN potential_score >= 40 THEN 'mid'
			ELSE 'low' END || '_potential' AS expected
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
