-- cmb: five groups, three of them with sub-levels
SELECT tiering.load_preset('cmb'), tiering.publish('cmb', '2024-01-01');
SELECT * FROM tiering.validate('cmb', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'cmb' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'cmb'
ORDER BY metric;
SELECT tier, benefits, benefits_zh FROM tiering.tier JOIN tiering.service
	USING (scheme, version, tier) WHERE scheme = 'cmb' AND tier !~ '_[2-9]$' ORDER BY rank;
SELECT DISTINCT regexp_replace(tier, '_.$', '') AS customer_group, benefits_zh
FROM tiering.service WHERE scheme = 'cmb' ORDER BY 1;
-- the same one by one, so that they can be counted and costed
SELECT g.customer_group, count(*) AS tiers, b.kind, b.title, b.title_zh, b.value, b.unit
FROM tiering.tier_benefit b
	CROSS JOIN LATERAL regexp_replace(b.tier, '_.$', '') g(customer_group)
WHERE b.scheme = 'cmb'
GROUP BY g.customer_group, b.benefit, b.kind, b.title, b.title_zh, b.value, b.unit
ORDER BY g.customer_group COLLATE "C", b.benefit COLLATE "C";
SELECT s.tier, p.zh FROM tiering.service s
	CROSS JOIN LATERAL regexp_split_to_table(s.benefits_zh, '，') p(zh)
WHERE s.scheme = 'cmb' AND NOT EXISTS (SELECT FROM tiering.benefit b
	WHERE (b.scheme, b.version, b.tier, b.title_zh) = (s.scheme, s.version, s.tier, p.zh));
SELECT COALESCE(t.parent, t.tier) AS customer_group, min(t.rank) AS from_rank, count(*)
	FILTER (WHERE t.parent IS NOT NULL) AS levels
FROM tiering.tier t WHERE scheme = 'cmb' GROUP BY 1 ORDER BY 2;

SELECT m.*, tiering.classify('cmb', m) FROM (VALUES
	(0.00, 0.00, 0, 0, 90, 'not new any more'), (0, 0, 0, 0, 89, 'new'),
	(0, 0, 0, 0, -1, 'not yet open'),
	(9999.99, 199999.99, 749, 2, 1000, '28 + 0 + 12 = 40'),
	(9999.99, 0, 649, 3, 1000, '16 + 0 + 12 = 28'),
	(10000, 0, 550, 2, 1000, '16 + 12 + 12 = 40'), (10000, 0, 549, 3, 1000, '0 + 12 + 12 = 24'),
	(50000, 0, 750, 1, 1000, '40 + 21 + 0 = 61'), (49999.99, 0, 750, 1, 1000, '40 + 12 + 0 = 52'),
	(150000, 0, 749, 4, 1000, '28 + 30 + 21 = 79'), (150000, 0, 749, 6, 1000, '28 + 30 + 30 = 88'),
	(10000, 0, 750, 5, 1000, '40 + 12 + 21 = 73'),
	(300000, 0, 750, 6, 1000, 'VIP before quality'), (999999.99, 0, 0, 0, 1000, ''),
	(1000000, 0, 0, 0, 1000, ''), (4999999.99, 0, 0, 0, 1000, ''),
	(5000000, 199999.99, 0, 0, 1000, ''),
	(5000000, 200000, 0, 0, 1000, 'large-amount before VIP'),
	(500000, 499999.99, 0, 0, 1000, ''), (500000, 500000, 0, 0, 1000, ''),
	(1000000, 999999.99, 0, 0, 1000, ''), (1000000, 1000000, 0, 0, 1000, ''),
	(5000000, 4999999.99, 0, 0, 1000, ''), (5000000, 5000000, 0, 0, 1000, ''),
	(10000000, 9999999.99, 0, 0, 1000, ''), (10000000, 10000000, 0, 0, 1000, ''),
	(10000000, 10000000, 0, 0, 1, 'new, but large-amount'),
	(10000, 0, 550, 2, 1, 'new, but quality'),
	(NULL, NULL, NULL, NULL, NULL, 'unknown'),
	(NULL, NULL, 750, NULL, NULL, '40, all else unknown'),
	(NULL, NULL, NULL, NULL, 5, 'new, all else unknown')
) m(daily_avg_assets, daily_avg_deposits, credit_score, relationship, days_since_opening, what);
-- for how long a customer is new is a parameter
SELECT tiering.load_preset('cmb', 'cmb30', '{"new_days": 30}'),
	tiering.publish('cmb30', '2024-01-01');
SELECT d, tiering.classify('cmb30', m) FROM unnest('{29,30}'::int[]) d,
	LATERAL (SELECT 0 AS daily_avg_assets, 0 AS daily_avg_deposits, 0 AS credit_score,
		0 AS relationship, d AS days_since_opening) m;

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,10000,50000,150000,300000,1000000,5000000}', 0.01) AS daily_avg_assets,
		t.near(g + 10000, '{0,0,0,0,0,0,200000,500000,1000000,5000000,10000000}',
			0.01) AS daily_avg_deposits,
		t.near(g + 20000, '{550,650,750}', 1) AS credit_score,
		t.near(g + 30000, '{1,2,4,6}', 1) AS relationship,
		t.near(g + 50000, '{1,90,1000}', 1) AS days_since_opening
	FROM generate_series(1, 8000) g
), points AS (
	SELECT c.*, CASE WHEN credit_score >= 750 THEN 40 WHEN credit_score >= 650 THEN 28
		WHEN credit_score >= 550 THEN 16 ELSE 0 END
		+ CASE WHEN daily_avg_assets >= 150000 THEN 30 WHEN daily_avg_assets >= 50000 THEN 21
			WHEN daily_avg_assets >= 10000 THEN 12 ELSE 0 END
		+ CASE WHEN relationship >= 6 THEN 30 WHEN relationship >= 4 THEN 21
			WHEN relationship >= 2 THEN 12 ELSE 0 END AS score
	FROM customer c
), graded AS (
	SELECT tiering.classify('cmb', p) AS tier, CASE
		WHEN daily_avg_deposits >= 10000000 THEN 'large_amount_5' WHEN daily_avg_deposits >= 5000000
			THEN 'large_amount_4'
		WHEN daily_avg_deposits >= 1000000 THEN 'large_amount_3' WHEN daily_avg_deposits >= 500000
			THEN 'large_amount_2'
		WHEN daily_avg_deposits >= 200000 THEN 'large_amount_1'
		WHEN daily_avg_assets >= 5000000 THEN 'vip_3' WHEN daily_avg_assets >= 1000000 THEN 'vip_2'
			WHEN daily_avg_assets >= 300000 THEN 'vip_1'
		WHEN score >= 80 THEN 'quality_3' WHEN score >= 60 THEN 'quality_2' WHEN score >= 40
			THEN 'quality_1'
		WHEN days_since_opening < 90 THEN 'new' ELSE 'ordinary' END AS expected
	FROM points p
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
