-- pareto: the top fifth by contribution; ties fall on the upper side
SELECT tiering.load_preset('pareto'), tiering.publish('pareto', '2024-01-01');
SELECT * FROM tiering.validate('pareto', 1);
SELECT v, tiering.classify('pareto', m)
	FROM unnest('{0.000001,0.19999999,0.2,0.2000000000000001,0.20000001,1,NULL}'::numeric[]) v,
	LATERAL (SELECT v AS rank_share, 0 AS contribution) m;

-- Ten customers: the second and third are equal, so three are the top; who
-- contributed nothing known is not counted.
CREATE TEMP TABLE contributor AS
SELECT * FROM (VALUES (1, 100.00), (2, 90), (3, 90), (4, 80), (5, 70), (6, 60), (7, 50), (8, 40),
	(9, 0), (10, -5), (11, NULL)) c(customer_no, contribution);
CREATE TEMP VIEW ranked AS
SELECT customer_no, contribution,
	CASE WHEN contribution IS NOT NULL THEN rank()
		OVER (ORDER BY contribution DESC NULLS LAST)::numeric / count(contribution) OVER ()
		END AS rank_share
FROM contributor;
SELECT customer_no, contribution, round(rank_share, 4) AS rank_share, tiering.classify('pareto', r)
	FROM ranked r ORDER BY customer_no;
-- when all are equal, all of them are at the top; of four customers the first has a quarter
UPDATE contributor SET contribution = 1 WHERE customer_no < 11;
SELECT tiering.classify('pareto', r), count(*) FROM ranked r GROUP BY 1 ORDER BY 1;
DELETE FROM contributor WHERE customer_no > 4;
UPDATE contributor SET contribution = customer_no;
SELECT tiering.classify('pareto', r), count(*) FROM ranked r GROUP BY 1 ORDER BY 1;
-- how many are the top is a parameter
SELECT tiering.load_preset('pareto', 'top_half', '{"top_share": 0.5}'),
	tiering.publish('top_half', '2024-01-01');
SELECT customer_no, tiering.classify('top_half', r) FROM ranked r ORDER BY customer_no;

-- By hand: at the top is before whom fewer than a fifth of all are, ties or not.
CREATE TEMP TABLE many AS SELECT CASE WHEN t.random(g) >= 0.1
	THEN floor(t.random(g + 1000000) * 300) END AS contribution FROM generate_series(1, 5000) g;
WITH ranked AS MATERIALIZED (
	SELECT contribution,
		CASE WHEN contribution IS NOT NULL THEN rank()
			OVER (ORDER BY contribution DESC NULLS LAST)::numeric / count(contribution) OVER ()
			END AS rank_share
	FROM many
), by_hand AS (
	SELECT contribution, sum(count(*)) OVER (ORDER BY contribution DESC) - count(*) AS before,
		sum(count(*)) OVER () AS all_of_them
	FROM many WHERE contribution IS NOT NULL GROUP BY contribution
), graded AS (
	SELECT tiering.classify('pareto', r) AS tier,
		CASE WHEN 5 * (before + 1) <= all_of_them THEN 'top' ELSE 'rest' END AS expected
	FROM ranked r LEFT JOIN by_hand USING (contribution)
)
SELECT expected, count(*) > 500 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
