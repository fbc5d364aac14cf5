-- pyramid: five levels, three of which are split in two
SELECT tiering.load_preset('pyramid'), tiering.publish('pyramid', '2024-01-01');
SELECT * FROM tiering.validate('pyramid', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'pyramid' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'pyramid';
SELECT tier, customers_per_manager, channel, channel_zh FROM tiering.tier
	LEFT JOIN tiering.service USING (scheme, version, tier)
WHERE scheme = 'pyramid' ORDER BY rank;
-- where private banking starts is a parameter
SELECT tiering.load_preset('pyramid', 'pyramid5', '{"private_from": 5000000}'),
	tiering.publish('pyramid5', '2024-01-01');
SELECT * FROM tiering.validate('pyramid5', 1);
-- and so are the bounds within levels
SELECT tiering.load_preset('pyramid', 'pyramid_split',
		'{"gold_from": 100000, "platinum_from": 2000000, "platinum_diamond_from": 50000000}'),
	tiering.publish('pyramid_split', '2024-01-01');
SELECT * FROM tiering.validate('pyramid_split', 1);
SELECT v, tiering.classify('pyramid_split', v)
FROM unnest('{99999.99,100000,1999999.99,2000000,49999999.99,50000000}'::numeric[]) v;
SELECT v, tiering.classify('pyramid', v), COALESCE(parent, tier) AS level,
	tiering.classify('pyramid5', v)
FROM
	unnest('{-1,49999.99,50000,199999.99,200000,499999.99,500000,999999.99,1000000,2999999.99,'
		'3000000,4999999.99,5000000,9999999.99,10000000,
	29999999.99,30000000,NULL}'::numeric[]) v
	JOIN tiering.tier t ON t.scheme = 'pyramid' AND t.tier = tiering.classify('pyramid', v)
		ORDER BY v;
-- and one below the diamond's, or above the platinum diamond's, is found out at publishing
SELECT tiering.load_preset('pyramid', 'pyramid1', '{"private_from": 1000000}'),
	t.fails($$SELECT tiering.publish('pyramid1', '2024-01-01')$$);
SELECT tiering.load_preset('pyramid', 'pyramid50', '{"private_from": 50000000}'),
	t.fails($$SELECT tiering.publish('pyramid50', '2024-01-01')$$);

-- at which proportion loans count is another; what is not a class is an error
SELECT tiering.load_preset('pyramid', 'pyramid_loans', '{"loan_weight": 0.3}'),
	tiering.publish('pyramid_loans', '2024-01-01'),
	tiering.load_preset('pyramid', 'pyramid_net', '{"loan_weight": -1}'),
		tiering.publish('pyramid_net', '2024-01-01');
CREATE TEMP TABLE balance AS
SELECT * FROM (VALUES (1, 'deposit', 49000.00), (1, 'loan', 10000), (2, 'fund', 300000),
	(2, 'wealth_product', 150000), (2, 'insurance', 50000),
	(2, 'loan', 0.01), (3, 'loan', 1000000)) b(customer_no, asset_class, balance);
SELECT customer_no, scheme, round(m.assets, 3) AS assets, tiering.classify(scheme, m.assets)
FROM unnest('{pyramid,pyramid_loans,pyramid_net}'::text[]) WITH ORDINALITY AS s(scheme, n),
	LATERAL (
	SELECT customer_no, tiering.daily_avg(balance * tiering.asset_weight(scheme, asset_class),
		'2024-01-01', NULL, tiering.month('2024-01-31')) AS assets
	FROM balance GROUP BY customer_no) m ORDER BY customer_no, n;
SELECT t.fails($$SELECT tiering.asset_weight('pyramid', 'gold')$$);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,50000,200000,500000,1000000,3000000,5000000,10000000,30000000}',
		0.01) AS daily_avg_assets FROM generate_series(1, 6000) g
), graded AS (
	SELECT tiering.classify('pyramid', c) AS tier, tiering.classify('pyramid5', c) AS tier5, CASE
		WHEN daily_avg_assets IS NULL OR daily_avg_assets < 50000 THEN 'mass'
			WHEN daily_avg_assets < 200000 THEN 'ordinary_second'
		WHEN daily_avg_assets < 500000 THEN 'gold' WHEN daily_avg_assets < 1000000
			THEN 'gold_second'
		WHEN daily_avg_assets < 3000000 THEN 'platinum' WHEN daily_avg_assets < 10000000
			THEN 'diamond'
		WHEN daily_avg_assets < 30000000 THEN 'black_diamond' ELSE 'platinum_diamond' END
			AS expected,
		daily_avg_assets BETWEEN 5000000 AND 9999999.99 AS private5
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong,
	count(*) FILTER (WHERE tier5
		IS DISTINCT FROM CASE WHEN private5 THEN 'black_diamond' ELSE expected END) AS wrong5
FROM graded GROUP BY expected ORDER BY expected COLLATE "C";
