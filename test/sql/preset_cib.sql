-- cib: six levels by comprehensive assets, its boundaries from both sides
SELECT tiering.load_preset('cib'), tiering.publish('cib', '2024-01-01');
SELECT * FROM tiering.validate('cib', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'cib' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'cib'
ORDER BY metric;
SELECT v, tiering.classify('cib', v), t.title, t.title_zh
FROM
	unnest('{-1,0,9999.99,10000,99999.99,100000,299999.99,300000,999999.99,1000000,5999999.99,'
		'6000000,1e30,NULL}'::numeric[]) v
	JOIN tiering.tier t ON t.scheme = 'cib' AND t.tier = tiering.classify('cib', v) ORDER BY v;

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,10000,100000,300000,1000000,6000000}', 0.01) AS daily_avg_assets
		FROM generate_series(1, 5000) g
), graded AS (
	SELECT tiering.classify('cib', c) AS tier, CASE
		WHEN daily_avg_assets >= 6000000 THEN 'diamond' WHEN daily_avg_assets >= 1000000
			THEN 'black_gold'
		WHEN daily_avg_assets >= 300000 THEN 'platinum' WHEN daily_avg_assets >= 100000 THEN 'gold'
		WHEN daily_avg_assets >= 10000 THEN 'core' ELSE 'non_core' END AS expected
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
