-- Exchange rates of the European Central Bank, loaded by COPY as they are published.
\copy tiering.ecb_rate FROM PROGRAM 'gzip -dc test/data/ecb.csv.gz' (FORMAT csv, HEADER)
SELECT currency, count(*) AS rates, min(on_date), max(on_date) FROM tiering.fx_rate
	WHERE base = 'EUR' GROUP BY currency ORDER BY currency;
-- loading it again changes nothing, a correction one row
CREATE TEMP TABLE before AS SELECT * FROM tiering.fx_rate;
\copy tiering.ecb_rate FROM PROGRAM 'gzip -dc test/data/ecb.csv.gz' (FORMAT csv, HEADER)
INSERT INTO tiering.ecb_rate VALUES ('2024-06-03', 'USD', 2);
SELECT count(*) AS changed FROM (TABLE tiering.fx_rate EXCEPT TABLE before) d;
INSERT INTO tiering.ecb_rate SELECT on_date, currency, rate FROM before WHERE on_date = '2024-06-03'
	AND currency = 'USD';
SELECT count(*) AS changed FROM (TABLE tiering.fx_rate EXCEPT TABLE before) d;
SELECT t.fails($$INSERT INTO tiering.fx_rate VALUES ('USD', 'EUR', '2030-01-01', 0)$$),
	t.fails($$INSERT INTO tiering.fx_rate VALUES ('EUR', 'EUR', '2030-01-01', 1)$$);

-- a published rate as it is; its inverse and cross rates to 12 digits; a weekend has Friday's
SELECT d, tiering.fx_rate('EUR', 'USD', d) AS published,
	tiering.fx_rate('USD', 'EUR', d) AS inverse, tiering.fx_rate('USD', 'CNY', d) AS crossed,
	tiering.fx_rate('IDR', 'CNY', d) AS small, tiering.fx_rate('EUR', 'EUR', d) AS itself
FROM unnest('{2024-05-31,2024-06-01,2024-06-02,2024-06-03}'::date[]) d;
-- over the Easter holidays of 2024, from the 28th of March to the 2nd of April; not if they may be
-- 3 days old at most
SELECT d::date, tiering.fx_rate('EUR', 'USD', d::date),
	t.fails(format('SELECT tiering.fx_rate(%L, %L, %L, 3)', 'EUR', 'USD', d::date))
FROM generate_series('2024-03-28'::date, '2024-04-02', '1 day') d;
-- a currency that ended, a day before its first rate, an unknown one, no common base
SELECT tiering.fx_rate('RUB', 'EUR', '2022-03-08') IS NOT NULL AS known,
	t.fails($$SELECT tiering.fx_rate('RUB', 'EUR', '2022-03-09')$$);
SELECT t.fails($$SELECT tiering.fx_rate('RUB', 'USD', '2024-01-01', 100)$$),
	t.fails($$SELECT tiering.fx_rate('USD', 'RUB', '2024-01-01')$$);
SELECT t.fails($$SELECT tiering.fx_rate('USD', 'EUR', '2021-05-31')$$),
	t.fails($$SELECT tiering.fx_rate('XXX', 'EUR', '2024-01-01')$$),
	t.fails($$SELECT tiering.fx_series('USD', 'XXX')$$);
INSERT INTO tiering.fx_rate VALUES ('AAA', 'BBB', '2024-01-01', 2);
SELECT t.fails($$SELECT tiering.fx_series('AAA', 'USD')$$);
SELECT tiering.fx_rate('AAA', 'BBB', '2024-01-05'), tiering.fx_rate('BBB', 'AAA', '2024-01-05'),
	tiering.fx_series('AAA', 'BBB'), tiering.fx_series('BBB', 'AAA', 0);
SELECT t.fails($$SELECT tiering.fx_series('USD', 'EUR', -1)$$),
	t.fails($$SELECT tiering.fx_series('USD', 'EUR', NULL)$$),
	t.fails($$SELECT tiering.fx_rate(NULL, 'EUR', '2024-01-01')$$),
	t.fails($$SELECT tiering.fx_rate('USD', 'EUR', NULL)$$),
		t.fails($$SELECT tiering.fx_rate('USD', 'EUR', 'infinity')$$);

/*
 * 200 accounts in five currencies over two years, converted to CNY: each day at
 * that day's rate, to the last digit as plain SQL does it, which looks the last
 * rate up for each day, weekends and holidays included.
 */
CREATE TEMP TABLE account AS
SELECT a AS account_id, (ARRAY['USD', 'EUR', 'JPY', 'CZK', 'IDR'])[1 + a % 5] AS currency
	FROM generate_series(1, 200) a;
CREATE TEMP TABLE balance AS
SELECT account_id, ('2024-01-01'::date + floor(t.random(account_id * 100 + c) * 731)::int) AS
	changed_on,
	round((t.random(account_id * 100 + c + 50000) - 0.2) * 10::numeric ^ (2 + account_id % 8),
		(account_id % 3)) AS balance
FROM account, generate_series(1, 12) c;
DELETE FROM balance b USING balance o WHERE o.account_id = b.account_id
	AND o.changed_on = b.changed_on AND o.balance > b.balance;
CREATE INDEX ON balance (account_id, changed_on);
CREATE TEMP TABLE rates AS SELECT currency, tiering.fx_series(currency, 'CNY') AS rates
	FROM (SELECT DISTINCT currency FROM account) c;
CREATE TEMP TABLE converted AS
SELECT account_id, tiering.convert(series, rates, 2) AS series
FROM (SELECT account_id, tiering.clip(tiering.daily_series_changes(balance, changed_on),
	'[2024-01-01,2026-01-01)') AS series FROM balance GROUP BY account_id) b
	JOIN account USING (account_id) JOIN rates USING (currency);
CREATE TEMP TABLE worth AS
SELECT currency, d::date AS day,
	CASE currency WHEN 'EUR' THEN cny.rate
	ELSE to_char(cny.rate / own.rate, '9.99999999999EEEE')::numeric END AS rate
FROM (SELECT DISTINCT currency FROM account) c
	CROSS JOIN generate_series('2024-01-01'::date, '2025-12-31', '1 day') d
	CROSS JOIN LATERAL (SELECT rate FROM tiering.fx_rate
		WHERE (fx_rate.currency, base) = ('CNY', 'EUR') AND on_date BETWEEN d::date - 7 AND d::date
		ORDER BY on_date DESC LIMIT 1) cny
	LEFT JOIN LATERAL (SELECT rate FROM tiering.fx_rate
		WHERE (fx_rate.currency, base) = (c.currency, 'EUR') AND on_date BETWEEN d::date - 7
		AND d::date ORDER BY on_date DESC LIMIT 1) own ON true;
CREATE TEMP TABLE by_hand AS
SELECT a.account_id, w.day, round(b.balance * w.rate, 2) AS value
FROM account a JOIN worth w USING (currency)
	LEFT JOIN LATERAL (SELECT balance FROM balance b WHERE b.account_id = a.account_id
		AND b.changed_on <= w.day ORDER BY b.changed_on DESC LIMIT 1) b ON true;
CREATE INDEX ON by_hand (account_id, day);
ANALYZE by_hand, converted;
SELECT count(*) AS days, count(value) > 100000 AS many_with_a_value, count(*)
	FILTER (WHERE tiering.value_on(series, day) IS DISTINCT FROM value) AS wrong
FROM by_hand JOIN converted USING (account_id);
SELECT count(*) AS totals, count(*)
	FILTER (WHERE tiering.balance_days(series, p.period) IS DISTINCT FROM h.total) AS wrong
FROM (VALUES (tiering.year('2024-12-31')), (tiering.quarter('2025-06-30')),
	(tiering.month('2024-02-29'))) p(period) CROSS JOIN converted
	JOIN LATERAL (SELECT COALESCE(sum(value), 0) AS total FROM by_hand b
		WHERE b.account_id = converted.account_id AND b.day >= lower(period)
			AND b.day < upper(period)) h ON true;
-- what cannot be converted: after the rates have ended, before they begin
SELECT t.fails($$SELECT tiering.convert('{2022-03-01: 100.00}', tiering.fx_series('RUB', 'EUR'))$$),
	t.fails($$SELECT tiering.convert('{2021-05-01: 100.00, 2022-01-01: none}',
		tiering.fx_series('USD', 'EUR'))$$);
SELECT tiering.convert('{2022-02-25: 100.00, 2022-03-09: none}', tiering.fx_series('RUB', 'EUR'));
-- the other convention: the period's average at the rate of its last day, in one line
SELECT round(tiering.daily_avg('{2024-01-01: 1000.00, 2024-06-21: 5000.00}'::tiering.daily_series,
	tiering.month('2024-06-30')) * tiering.fx_rate('USD', 'CNY', '2024-06-30'),
	2) AS at_the_last_day,
	round(tiering.daily_avg(tiering.convert('{2024-01-01: 1000.00, 2024-06-21: 5000.00, '
		'2024-07-01: none}', tiering.fx_series('USD', 'CNY')), tiering.month('2024-06-30')),
		2) AS day_by_day;
-- an old quote of the pair itself does not shadow later rates of both
INSERT INTO tiering.fx_rate VALUES ('USD', 'CNY', '1999-01-04', 0.12);
SELECT tiering.fx_rate('USD', 'CNY', '2024-06-03'), tiering.fx_rate('USD', 'CNY', '1999-01-05'),
	tiering.value_on(tiering.fx_series('USD', 'CNY'), '2024-06-03');
SELECT t.fails($$SELECT tiering.fx_rate('XXX', 'XXX', '2024-01-01')$$),
	t.fails($$SELECT tiering.fx_rate('EUR', 'EUR', NULL)$$), tiering.fx_series('EUR', 'EUR');
-- a unit that is worth next to nothing has as many decimals as a series
INSERT INTO tiering.fx_rate VALUES ('TNY', 'EUR', '2024-01-01', 177405212.1300000000000);
SELECT tiering.fx_rate('TNY', 'EUR', '2024-01-02'), tiering.fx_series('TNY', 'EUR');
-- loading takes the right to insert, and no other
CREATE ROLE tiering_loader;
GRANT USAGE ON SCHEMA t TO PUBLIC;
GRANT INSERT ON tiering.ecb_rate TO tiering_loader;
SET ROLE tiering_loader;
INSERT INTO tiering.ecb_rate VALUES ('2026-04-14', 'USD', 1.1);
SELECT t.fails('DELETE FROM tiering.fx_rate');
RESET ROLE;
DROP OWNED BY tiering_loader;
DROP ROLE tiering_loader;
DELETE FROM tiering.fx_rate;
