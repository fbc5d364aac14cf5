-- risk_appetite: a second grading, beside one by assets
SELECT tiering.load_preset('risk_appetite'), tiering.publish('risk_appetite', '2024-01-01');
SELECT * FROM tiering.validate('risk_appetite', 1);
SELECT m.*, tiering.classify('risk_appetite', m)
	FROM (VALUES (-1), (0), (39.99), (40), (69.99), (70), (100), (NULL)) m(appetite_score);

WITH customer AS MATERIALIZED (
	SELECT t.near(g, '{0,40,70,100}', 0.5) AS appetite_score FROM generate_series(1, 5000) g
), graded AS (
	SELECT tiering.classify('risk_appetite', c) AS tier,
		CASE WHEN appetite_score IS NULL OR appetite_score < 40 THEN 'conservative'
			WHEN appetite_score < 70 THEN 'steady' ELSE 'aggressive' END AS expected
	FROM customer c
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";

-- One customer stands in several schemes at once, each with its own past.
CREATE TABLE t.investor (customer_no text, d date, assets numeric(14, 2), score int);
INSERT INTO t.investor VALUES ('001', '2024-01-31', 2000000, 10), ('002', '2024-01-31', 60000, 75),
	('003', '2024-01-31', 10, NULL),
	('001', '2024-02-29', 2000000, 55), ('002', '2024-02-29', 600000, 75),
	('003', '2024-02-29', 10, NULL);
SELECT tiering.load_preset('segments3', 'beside_segments'),
	tiering.publish('beside_segments', '2024-01-01'),
	tiering.load_preset('risk_appetite', 'beside_appetite'),
		tiering.publish('beside_appetite', '2024-01-01'),
	tiering.load_preset('four_class', 'beside_class'),
		tiering.publish('beside_class', '2024-01-01');
SELECT tiering.set_source('beside_segments',
	'SELECT customer_no AS customer_id, assets AS daily_avg_assets FROM t.investor WHERE d = $1'),
	tiering.set_source('beside_appetite',
		'SELECT customer_no AS customer_id, assets AS daily_avg_assets, score AS appetite_score '
		'FROM t.investor WHERE d = $1'),
	tiering.set_source('beside_class',
		'SELECT customer_no AS customer_id, assets AS daily_avg_assets, score > 50 AS '
		'has_prospects FROM t.investor WHERE d = $1');
SET client_min_messages = warning;
SELECT v.d, s.name, r.new, r.up, r.down, r.stayed
FROM (VALUES ('2024-01-31'::date), ('2024-02-29')) AS v(d),
	unnest('{beside_appetite,beside_class,beside_segments}'::text[]) AS s(name),
	LATERAL tiering.refresh(s.name, v.d) r;
RESET client_min_messages;
SELECT customer_id, max(tier) FILTER (WHERE scheme = 'beside_segments') AS segment, max(tier)
	FILTER (WHERE scheme = 'beside_appetite') AS appetite,
	max(tier) FILTER (WHERE scheme = 'beside_class') AS class, count(*) AS schemes,
		min(as_of) AS from_day, max(as_of) AS to_day
FROM tiering.assignment WHERE scheme LIKE 'beside%' GROUP BY customer_id ORDER BY customer_id;
