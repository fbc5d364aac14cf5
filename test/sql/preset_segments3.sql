-- segments3: mass, middle and high-end by assets; both bounds are parameters
SELECT tiering.load_preset('segments3'), tiering.publish('segments3', '2024-01-01');
SELECT * FROM tiering.validate('segments3', 1);
SELECT tiering.load_preset('segments3', 'segments_small',
	'{"mid_from": 1000.50, "high_from": 20000}'), tiering.publish('segments_small', '2024-01-01');
SELECT v, tiering.classify('segments3', v), tiering.classify('segments_small', v)
FROM unnest('{-1,0,1000.49,1000.5,19999.99,20000,49999.99,50000,999999.99,1000000,NULL}'::numeric[])
	v;
SELECT tiering.load_preset('segments3', 'segments_odd', '{"mid_from": 2000000}'),
	t.fails($$SELECT tiering.publish('segments_odd', '2024-01-01')$$);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,50000,1000000}', 0.01) AS daily_avg_assets FROM generate_series(1, 5000) g
), graded AS (
	SELECT tiering.classify('segments3', c) AS tier,
		CASE WHEN daily_avg_assets >= 1000000 THEN 'high_end' WHEN daily_avg_assets >= 50000
			THEN 'mid' ELSE 'mass' END AS expected
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
