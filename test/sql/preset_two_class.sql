-- two_class: quality and general customers by assets
SELECT tiering.load_preset('two_class'), tiering.publish('two_class', '2024-01-01');
SELECT * FROM tiering.validate('two_class', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'two_class' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'two_class'
ORDER BY metric;
SELECT v, tiering.classify('two_class', v)
FROM unnest('{-1,0,49999.99,50000,1e12,NULL}'::numeric[]) v;
-- from where on is a parameter
SELECT tiering.load_preset('two_class', 'two_class_100', '{"quality_from": 100000}'),
	tiering.publish('two_class_100', '2024-01-01');
SELECT v, tiering.classify('two_class_100', v) FROM unnest('{99999.99,100000}'::numeric[]) v;

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,50000,100000}', 0.01) AS daily_avg_assets FROM generate_series(1, 2000) g
), graded AS (
	SELECT tiering.classify('two_class', c) AS tier,
		CASE WHEN daily_avg_assets >= 50000 THEN 'quality' ELSE 'general' END AS expected
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
