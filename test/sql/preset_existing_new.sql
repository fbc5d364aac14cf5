-- existing_new: who was on the books before the period, and who came in it
SELECT tiering.load_preset('existing_new'), tiering.publish('existing_new', '2024-01-01');
SELECT * FROM tiering.validate('existing_new', 1);
-- by the customer's first day, of several accounts the earliest; the period is March
CREATE TEMP TABLE account AS
SELECT * FROM (VALUES ('the day before', '2024-02-29'::date), ('the first day', '2024-03-01'),
	('the last day', '2024-03-31'), ('long ago', '1998-05-04'),
	('once more', '2024-03-10'), ('once more', '2019-01-01'), ('unknown', NULL)) a(customer_no,
	opened_on);
SELECT m.*, tiering.classify('existing_new', m) FROM (
	SELECT customer_no, lower(tiering.month('2024-03-31')) - min(opened_on) AS
		days_on_books_before_period FROM account GROUP BY customer_no) m
ORDER BY customer_no COLLATE "C";

WITH customer AS MATERIALIZED (
	SELECT '2024-03-01'::date + t.near(g, '{-5000,-40,-2,0,2,29}', 1)::int AS opened_on
		FROM generate_series(1, 5000) g
), metric AS MATERIALIZED (
	SELECT opened_on, lower(tiering.month('2024-03-15')) - opened_on AS days_on_books_before_period
		FROM customer
), graded AS (
	SELECT tiering.classify('existing_new', m) AS tier,
		CASE WHEN opened_on < '2024-03-01' THEN 'existing' ELSE 'new' END AS expected
	FROM metric m
)
SELECT expected, count(*) > 100 AS many, count(*)
	FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded GROUP BY expected
	ORDER BY expected COLLATE "C";
