-- icbc: each type of customer has bounds of its own
SELECT tiering.load_preset('icbc'), tiering.publish('icbc', '2024-01-01');
SELECT * FROM tiering.validate('icbc', 1);

-- the same assets, another type, another grade
SELECT assets AS daily_avg_assets, max(grade) FILTER (WHERE type = 1) AS personal, max(grade)
	FILTER (WHERE type = 2) AS corporate, max(grade) FILTER (WHERE type = 3) AS government
FROM
	unnest('{49999.99,50000,499999.99,500000,999999.99,1000000,4999999.99,5000000,9999999.99,'
		'10000000,49999999.99,50000000,99999999.99,100000000,NULL}'::numeric[]) assets,
	generate_series(1, 3) type, LATERAL (SELECT tiering.classify('icbc', m) AS grade
		FROM (SELECT type AS customer_type, assets AS daily_avg_assets, 0 AS transaction_volume,
			0 AS active_months) m) c
GROUP BY assets ORDER BY assets;
-- volume counts with activity only, and what is not known, or is no type, does not help
SELECT m.*, tiering.classify('icbc', m) FROM (VALUES
	(1, 0.00, 200000.00, 6), (1, 0, 199999.99, 6), (1, 0, 200000, 5), (1, 0, 2000000, 9),
	(1, 0, 2000000, 8), (1, 0, 20000000, 12), (1, 0, 20000000, 11),
	(2, 0, 2000000, 8), (2, 0, 2000000, 7), (2, 0, 20000000, 10), (2, 0, 200000000, 12),
	(3, 0, 5000000, 8), (3, 0, 4999999.99, 8), (3, 0, 50000000, 10), (3, 0, 500000000, 12),
	(0, 1e9, 1e9, 12), (4, 1e9, 1e9, 12), (NULL, 1e9, 1e9, 12), (1, NULL, 20000000, 12),
	(1, NULL, 20000000, NULL), (1, 5000000, NULL, NULL), (NULL, NULL, NULL, NULL)
) m(customer_type, daily_avg_assets, transaction_volume, active_months);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{2}', 1) AS customer_type,
		t.near(g + 10000, '{0,50000,500000,1000000,5000000,10000000,50000000,100000000}',
			0.01) AS daily_avg_assets,
		t.near(g + 20000, '{0,200000,2000000,5000000,20000000,50000000,200000000,500000000}',
			0.01) AS transaction_volume,
		t.near(g + 30000, '{6,8,10,12}', 1) AS active_months FROM generate_series(1, 8000) g
), bound AS (
	SELECT * FROM (VALUES (1, 'personal', 50000, 500000, 5000000, 200000, 2000000, 20000000, 6, 9),
		(2, 'corporate', 500000, 5000000, 50000000, 2000000, 20000000, 200000000, 8, 10),
		(3, 'government', 1000000, 10000000, 100000000, 5000000, 50000000, 500000000, 8,
		10)) b(code, type, a1, a2, a3, v1, v2, v3, m1, m2)
), graded AS (
	SELECT COALESCE(type, 'none') AS type, tiering.classify('icbc', c) AS tier, CASE
		WHEN daily_avg_assets >= a3 OR (transaction_volume >= v3 AND active_months >= 12)
			THEN 'strategic'
		WHEN daily_avg_assets >= a2 OR (transaction_volume >= v2 AND active_months >= m2) THEN 'key'
		WHEN daily_avg_assets >= a1 OR (transaction_volume >= v1 AND active_months >= m1)
			THEN 'quality' ELSE 'general' END AS expected
	FROM customer c LEFT JOIN bound b ON b.code = customer_type
)
SELECT type, expected, count(*) > 50 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY type, expected
	ORDER BY type COLLATE "C", expected COLLATE "C";
