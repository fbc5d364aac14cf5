-- four_class: prospects beat middle and low, never high
SELECT tiering.load_preset('four_class'), tiering.publish('four_class', '2024-01-01');
SELECT * FROM tiering.validate('four_class', 1);
SELECT m.*, tiering.classify('four_class', m)
FROM (SELECT a AS daily_avg_assets, p AS has_prospects
	FROM unnest('{-1,49999.99,50000,499999.99,500000,NULL}'::numeric[]) a,
	unnest('{false,true,NULL}'::boolean[]) p) m
ORDER BY 1, 2;

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,50000,500000}', 0.01) AS daily_avg_assets,
		t.near(g + 10000, '{0.5}', 0.1) > 0.5 AS has_prospects FROM generate_series(1, 5000) g
), graded AS (
	SELECT tiering.classify('four_class', c) AS tier,
		CASE WHEN daily_avg_assets >= 500000 THEN 'high' WHEN has_prospects THEN 'potential'
		WHEN daily_avg_assets >= 50000 THEN 'mid' ELSE 'low' END AS expected
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
