-- convert(): each day's balance at that day's rate, rounded that day, exact after it.
SET search_path = public, tiering;
SET datestyle = ISO;

-- half away from zero, to two decimals unless others are asked for
SELECT convert('{2026-01-01: 100.00, 2026-02-01: -0.50, 2026-03-01: none, 2026-04-01: 1.00}',
	'{2025-12-01: 7.12345, 2026-01-15: 7.2, 2026-02-01: 0.01}') AS cents,
	convert('{2026-01-01: 100.00, 2026-02-01: -0.50}', '{2025-12-01: 7.12345, 2026-02-01: 1.3}',
		0) AS whole, convert('{2026-01-01: 1.5}', '{2026-01-01: 2}', 5) AS shown;
-- a balance of 0 needs no rate, nor does a day without a balance
SELECT convert('{2026-01-01: 0.00, 2026-02-01: 1, 2026-03-01: 0, 2026-04-01: none}',
	'{2026-02-01: 2, 2026-02-15: 3, 2026-03-01: none}') AS zero, convert('{}', '{}') AS empty,
	convert('{}', '{2026-01-01: 1}') AS rates_only,
	convert(NULL, '{}') IS NULL AS no_series, convert('{}', NULL) IS NULL AS no_rates;
-- the ends of the range: a product of 36 digits, rounded to 18
SELECT convert('{2026-01-01: 0.999999999999999999}', '{2026-01-01: 0.999999999999999999}',
	18) AS wide, convert('{2026-01-01: 999999999999999999}', '{2026-01-01: 0.000000000000000001}',
	18) AS back,
	convert('{2026-01-01: 999999999999999999, 2026-01-02: -999999999999999999}',
		'{2026-01-01: 0.000000000000000005}', 0) AS half,
		convert('{2026-01-01: 999999999999999.999}', '{2026-01-01: 0.500000000000000000}',
		3) AS rounded;
-- errors: the first day without a rate, before the first and after the last; what does not fit
SELECT t.fails('SELECT tiering.convert(' || call || ')') FROM unnest(ARRAY[
	$$'{2026-01-01: 1}', '{2026-01-02: 7}'$$, $$'{2026-01-01: 1}', '{}'$$,
	$$'{2026-01-01: 0, 2026-01-05: none, 2026-01-07: -1}', '{2026-01-08: 7}'$$,
	$$'{2026-01-01: 1}', '{2026-01-01: 7, 2026-06-30: none}'$$,
	$$'{2026-01-01: 1}', '{2026-01-01: 7}', -1$$, $$'{2026-01-01: 1}', '{2026-01-01: 7}', 19$$,
	$$'{2026-01-01: 999999999999999999}', '{2026-01-01: 7}'$$,
	$$'{2026-01-01: 10000000000000000, 2026-01-02: 0.01}', '{2026-01-01: 1.5}', 2$$]) call;
-- whose balance it is, is told if it is known
SELECT convert('{2026-01-01: 100.00}', '{2025-12-01: 7.12345}', 2, 'account 4711 in USD'),
	convert('{2026-01-01: 100.00}', '{2025-12-01: 7.12345}', 2, NULL),
	convert('{}', NULL, 2, 'nobody') IS NULL AS no_rates,
	convert(NULL, '{}', 2, 'nobody') IS NULL AS no_series,
	convert('{}', '{}', NULL, 'nobody') IS NULL AS no_scale,
	t.fails($$SELECT tiering.convert('{2026-01-01: 1}', '{2026-01-02: 7}', 2,
		'account 4711 in USD')$$),
	t.fails($$SELECT tiering.convert('{2026-01-01: 1}', '{2026-01-02: 7}', 2, NULL)$$);
-- cut to the days that have a rate, it can be converted
SELECT convert(tiering.clip('{2026-01-01: 1}', '[2026-01-01,2026-06-30)'),
	'{2026-01-01: 7, 2026-06-30: none}');

-- 200 accounts in five currencies over two years, rates of working days, carried over weekends
CREATE TABLE t.rate AS
SELECT c AS currency, d::date AS day,
	round(v * (0.9 + 0.2 * t.random(hashtext(c)::bigint * 1000 + (d::date - '2020-01-01'))),
	5) AS rate
FROM (VALUES ('USD', 7.1), ('EUR', 7.8), ('HKD', 0.91), ('JPY', 0.048), ('GBP', 9.2)) v(c, v),
	generate_series('2023-12-29'::date, '2025-12-31', '1 day') d
WHERE extract(isodow FROM d) < 6;
CREATE TABLE t.rates AS SELECT currency, daily_series_changes(rate, day) AS rates FROM t.rate
	GROUP BY currency;
CREATE TABLE t.foreign AS
SELECT i AS account, (ARRAY['USD', 'EUR', 'HKD', 'JPY', 'GBP'])[1 + i % 5] AS currency,
	'2024-01-01'::date + (t.random(i * 100 + j) * 600)::int AS day,
	round((t.random(i * 100 + j + 500000) - 0.2) * 1000000, 2) AS balance
FROM generate_series(1, 200) i, generate_series(1, 15) j;
DELETE FROM t.foreign a USING t.foreign b WHERE a.account = b.account AND a.day = b.day
	AND a.ctid < b.ctid;
CREATE INDEX ON t.foreign (account, day);
CREATE INDEX ON t.rate (currency, day);
ANALYZE t.foreign, t.rate;
CREATE TABLE t.converted AS
SELECT account, currency, s, convert(s, rates) AS c2, convert(s, rates, 4) AS c4
FROM (SELECT account, currency, daily_series_changes(balance, day) AS s FROM t.foreign
	GROUP BY account, currency) x JOIN t.rates USING (currency);
WITH day AS (SELECT d::date AS day
	FROM generate_series('2024-01-01'::date, '2025-12-31', '1 day') d), daily AS (
	SELECT c.account, day.day, c.c2, c.c4, b.balance * r.rate AS product FROM t.converted c
		CROSS JOIN day
		LEFT JOIN LATERAL (SELECT balance FROM t.foreign f WHERE f.account = c.account
			AND f.day <= day.day ORDER BY f.day DESC LIMIT 1) b ON true
		LEFT JOIN LATERAL (SELECT rate FROM t.rate r WHERE r.currency = c.currency
			AND r.day > day.day - 5 AND r.day <= day.day ORDER BY r.day DESC LIMIT 1) r ON true
)
SELECT count(*) AS days, count(*)
	FILTER (WHERE value_on(c2, day)::text IS DISTINCT FROM round(product, 2)::text) AS wrong,
	count(*) FILTER (WHERE value_on(c4, day)::text
	IS DISTINCT FROM round(product, 4)::text) AS wrong_4,
	count(DISTINCT account) FILTER (WHERE extract(isodow FROM day) >= 6
		AND product <> 0) AS weekends_of
FROM daily;
SELECT count(*) FILTER (WHERE c2::text::daily_series::bytea <> c2::bytea) AS canonical
	FROM t.converted;
-- a customer in several currencies, at their weights, is one expression
SELECT count(*) AS customers, bool_and(balance_days(total, p) = parts) AS adds_up
FROM (SELECT account % 40 AS customer,
	sum(c2 * CASE currency WHEN 'USD' THEN 0.3 ELSE 1 END) AS total, month('2024-12-31') AS p,
		sum(balance_days(c2, month('2024-12-31')) * CASE currency WHEN 'USD' THEN 0.3 ELSE 1
			END) AS parts FROM t.converted GROUP BY 1) x;
