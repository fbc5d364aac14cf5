-- psbc: each condition alone suffices, all three false is ordinary, a null neither helps nor hurts
SELECT tiering.load_preset('psbc'), tiering.publish('psbc', '2024-01-01');
SELECT * FROM tiering.validate('psbc', 1);
-- what its source says, in both languages
SELECT tier, parent, title, title_zh FROM tiering.tier WHERE scheme = 'psbc' ORDER BY rank;
SELECT metric, title, title_zh, period, period_zh FROM tiering.metric WHERE scheme = 'psbc'
ORDER BY metric;
SELECT m.*, tiering.classify('psbc', m) FROM (VALUES
	(49999.99, 199999.99, false, false, false), (50000, 0, false, false, false),
	(0, 200000, false, false, false), (0, 0, true, false, false),
	(299999.99, 799999.99, true, false, false), (300000, 0, false, false, false),
	(0, 800000, false, false, false), (0, 0, false, true, false),
	(1499999.99, 2999999.99, true, true, false), (1500000, 0, false, false, false),
	(0, 3000000, false, false, false), (0, 0, false, false, true),
	(50000, NULL, false, false, false), (NULL, NULL, NULL, NULL, NULL), (0, NULL, NULL, true, NULL)
) m(daily_avg_balance, household_income, holds_gold_card, holds_platinum_card, holds_diamond_card);

-- against the same rules written by hand, on seeded random customers
WITH customer AS MATERIALIZED (
	SELECT round(t.random(g) ^ 3 * 2000000, 2) AS daily_avg_balance,
		CASE WHEN t.random(g + 1000000) < 0.8 THEN round(t.random(g + 2000000) ^ 3 * 4000000, 2)
			END AS household_income,
		t.random(g + 3000000) < 0.05 AS holds_gold_card,
		CASE WHEN t.random(g + 4000000) < 0.9 THEN t.random(g + 4000000) < 0.05
			END AS holds_platinum_card,
		t.random(g + 5000000) < 0.05 AS holds_diamond_card
	FROM generate_series(1, 20000) g
), graded AS (
	SELECT tiering.classify('psbc', c) AS tier, CASE
		WHEN daily_avg_balance >= 1500000 OR holds_diamond_card OR household_income >= 3000000
			THEN 'diamond'
		WHEN daily_avg_balance >= 300000 OR holds_platinum_card OR household_income >= 800000
			THEN 'platinum'
		WHEN daily_avg_balance >= 50000 OR holds_gold_card OR household_income >= 200000 THEN 'gold'
		ELSE 'ordinary' END AS expected
	FROM customer c
)
SELECT expected, count(*) > 1000 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
