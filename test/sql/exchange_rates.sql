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

/*
 * Chains. The bolivar changed its name and lost zeros at a rate that is fixed for ever: that of
 * the one in euro is made of two rates, and of the one before of three.
 */
INSERT INTO tiering.fx_rate VALUES ('VEF', 'VES', '2018-08-20', 100000),
	('VEB', 'VEF', '2008-01-01', 1000), ('VES', 'EUR', '2021-03-01', 2250000.5),
	('VES', 'EUR', '2021-03-10', 2260000);
SELECT t.fails($$SELECT tiering.fx_rate('VEF', 'EUR', '2021-03-02')$$),
	t.fails($$SELECT tiering.fx_rate('VEB', 'USD', '2021-03-02')$$);
INSERT INTO tiering.fx_max_age VALUES ('VEF', 36525), ('VEB', 36525);
SELECT * FROM tiering.fx_chain('VEF', 'EUR', '2021-03-02');
SELECT step, from_currency, to_currency, rate, units_of, for_one
FROM tiering.fx_chain('USD', 'VEB', '2024-06-03');
SELECT * FROM tiering.fx_chain('EUR', 'EUR', '2021-03-02');
SELECT tiering.fx_rate('VEF', 'EUR', '2021-03-02'), tiering.fx_rate('EUR', 'VEF', '2021-03-02'),
	tiering.fx_rate('VEF', 'VES', '2021-03-02'), tiering.fx_rate('VES', 'VEF', '2021-03-02'),
	tiering.fx_rate('EUR', 'VEB', '2021-03-02');
-- eight days without a rate, and the way out: let it count for 14
SELECT t.fails($$SELECT tiering.fx_rate('EUR', 'VEF', '2021-03-09')$$),
	tiering.fx_rate('EUR', 'VEF', '2021-03-09', 8), tiering.fx_series('EUR', 'VEF'),
	tiering.fx_series('EUR', 'VEF', 14);
INSERT INTO tiering.fx_max_age VALUES ('VES', 14);
SELECT tiering.fx_rate('EUR', 'VEF', '2021-03-09'), tiering.fx_series('EUR', 'VEF');
SELECT t.fails($$SELECT tiering.fx_rate('EUR', 'VEF', '2021-03-25')$$),
	t.fails($$SELECT tiering.fx_rate('EUR', 'VEF', '2018-08-19')$$),
	t.fails($$SELECT tiering.fx_chain('AAA', 'VEF', '2021-03-25')$$),
	t.fails($$SELECT tiering.fx_chain('AAA', 'VEF', 'infinity')$$),
	t.fails($$SELECT tiering.fx_series('AAA', 'VEF')$$),
	t.fails($$INSERT INTO tiering.fx_max_age VALUES ('AAA', -1)$$);
-- a rate of which there is only one, the other way round, and both ways round: the last one counts
INSERT INTO tiering.fx_rate VALUES ('BBB', 'AAA', '2024-01-03', 0.4),
	('AAA', 'BBB', '2024-01-03', 3);
SELECT d, tiering.fx_rate('AAA', 'BBB', d), tiering.fx_rate('BBB', 'AAA', d)
FROM unnest('{2024-01-02,2024-01-03}'::date[]) d;
SELECT tiering.fx_series('AAA', 'BBB'), tiering.fx_series('BBB', 'AAA');
-- two published rates that multiply are multiplied exactly, and rounded once
INSERT INTO tiering.fx_rate VALUES ('M2', 'M1', '2024-01-01', 1.234567890123),
	('M3', 'M2', '2024-01-01', 8.888888888888);
SELECT tiering.fx_rate('M1', 'M3', '2024-01-01'), 1.234567890123 * 8.888888888888 AS exact,
	tiering.fx_rate('M1', 'M2', '2024-01-01'), tiering.fx_series('M1', 'M3');
DELETE FROM tiering.fx_max_age;

/*
 * A tree of currencies at random, published now and then, this way round or that, has one chain
 * between any two: rates and series are what plain SQL makes of it, on each day.
 */
DELETE FROM tiering.fx_rate;
INSERT INTO tiering.fx_rate
SELECT CASE WHEN turned THEN b ELSE a END, CASE WHEN turned THEN a ELSE b END,
	'2024-01-01'::date + n, round(0.5 + t.random(k * 1000 + n)::numeric, 1 + k % 6)
FROM generate_series(2, 9) k CROSS JOIN generate_series(0, 49) n
	CROSS JOIN LATERAL (SELECT 'T' || k AS a, 'T' || (1 + floor(t.random(k) * (k - 1)))::int AS b,
		t.random(k * 1000 + n + 500) < 0.1 * (k % 4) AS turned) p
WHERE t.random(k * 1000 + n + 900) < 0.25;
INSERT INTO tiering.fx_max_age VALUES ('T4', 2), ('T5', 12);
CREATE TEMP TABLE chained AS
WITH RECURSIVE published AS (
	SELECT r.*, COALESCE(a.max_age, 7) AS age
	FROM tiering.fx_rate r LEFT JOIN tiering.fx_max_age a USING (currency)
), edge AS (
	SELECT DISTINCT e.* FROM tiering.fx_rate, LATERAL (VALUES (currency, base), (base, currency))
		e(x, y)
), factor AS (
	SELECT x, y, d::date AS day, l.currency = y AS multiplies, l.rate
	FROM edge CROSS JOIN generate_series('2024-01-01'::date, '2024-03-10', '1 day') d
		CROSS JOIN LATERAL (
			SELECT p.*, (SELECT max(on_date) FROM published q
				WHERE q.on_date <= d AND (q.currency, q.base) IN ((x, y), (y, x))) AS last
			FROM published p WHERE (p.currency, p.base) IN ((x, y), (y, x))) l
	WHERE l.on_date = l.last AND d::date - l.on_date <= l.age AND NOT (l.currency = y
		AND EXISTS (SELECT FROM published q WHERE (q.currency, q.base, q.on_date) = (x, y, l.last)))
), way AS (
	SELECT x AS origin, y AS target, ARRAY[x, y] AS names, day,
		CASE WHEN multiplies THEN rate ELSE 1 END AS up,
		CASE WHEN multiplies THEN 1 ELSE rate END AS down
	FROM factor
	UNION ALL
	SELECT origin, f.y, names || f.y, day, CASE WHEN multiplies THEN up * rate ELSE up END,
		CASE WHEN multiplies THEN down ELSE down * rate END
	FROM way JOIN factor f USING (day) WHERE f.x = target AND f.y <> ALL (names)
)
SELECT origin, target, day, cardinality(names) - 1 AS steps,
	CASE WHEN cardinality(names) = 2 AND down = 1 THEN up
	ELSE to_char(up / down, '9.99999999999EEEE')::numeric END AS worth
FROM way;
CREATE TEMP TABLE tree AS
SELECT x.c AS origin, y.c AS target, tiering.fx_series(x.c, y.c) AS rates
FROM (SELECT 'T' || k AS c FROM generate_series(1, 9) k) x
	JOIN (SELECT 'T' || k AS c FROM generate_series(1, 9) k) y ON x.c <> y.c;
SELECT c.steps, count(*) > 50 AS many, count(*)
	FILTER (WHERE tiering.value_on(rates, day) IS DISTINCT FROM worth) AS wrong
FROM tree LEFT JOIN chained c USING (origin, target) GROUP BY c.steps ORDER BY c.steps;
SELECT count(*) AS without_one, count(tiering.value_on(rates, d::date)) AS wrong
FROM tree CROSS JOIN generate_series('2024-01-01'::date, '2024-03-10', '1 day') d
WHERE NOT EXISTS (SELECT FROM chained c WHERE (c.origin, c.target, c.day)
	= (tree.origin, tree.target, d::date));
SELECT count(*) AS rates, count(*)
	FILTER (WHERE tiering.fx_rate(origin, target, day) IS DISTINCT FROM worth) AS wrong
FROM chained WHERE t.random(hashtext(origin || target || day)) < 0.03;
SELECT count(*) AS without_one, count(*) FILTER (WHERE t.fails(format(
	'SELECT tiering.fx_rate(%L, %L, %L)', origin, target, d::date)) !~ '^P0002 ') AS wrong
FROM tree CROSS JOIN generate_series('2024-01-01'::date, '2024-03-10', '7 days') d
WHERE target = 'T9' AND NOT EXISTS (SELECT FROM chained c WHERE (c.origin, c.target, c.day)
	= (tree.origin, tree.target, d::date));
DELETE FROM tiering.fx_max_age;

-- Of several chains the shortest, then the one whose oldest rate is the newest, then by names:
-- among all chains there are, in graphs at random
CREATE FUNCTION t.best_chain(origin text, target text) RETURNS text[]
LANGUAGE sql AS $$
	WITH RECURSIVE edge AS (
		SELECT e.x, e.y, max(on_date) AS last FROM tiering.fx_rate,
			LATERAL (VALUES (currency, base), (base, currency)) e(x, y)
		WHERE on_date <= '2024-03-01' GROUP BY e.x, e.y
	), way AS (
		SELECT ARRAY[origin COLLATE "C"] AS names, 'infinity'::date AS oldest
		UNION ALL
		SELECT names || y, LEAST(oldest, last) FROM way JOIN edge ON x = names[cardinality(names)]
		WHERE y <> ALL (names)
	)
	SELECT names FROM way WHERE names[cardinality(names)] = target
	ORDER BY cardinality(names), oldest DESC, names LIMIT 1
$$;
CREATE FUNCTION t.chain(origin text, target text) RETURNS text[]
LANGUAGE sql AS $$
	SELECT origin COLLATE "C" || array_agg(to_currency COLLATE "C" ORDER BY step)
	FROM tiering.fx_chain(origin, target, '2024-03-01', 100)
$$;
CREATE FUNCTION t.one_base(origin text, target text) RETURNS boolean
LANGUAGE sql AS $$
	SELECT EXISTS (SELECT FROM tiering.fx_rate WHERE (currency, base) IN ((origin, target),
			(target, origin)))
		OR EXISTS (SELECT FROM tiering.fx_rate a JOIN tiering.fx_rate b ON b.base = a.base
			WHERE a.currency = origin AND b.currency = target)
$$;
CREATE FUNCTION t.chains_of(seed int, OUT chains bigint, OUT long bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM tiering.fx_rate;
	INSERT INTO tiering.fx_rate
	SELECT DISTINCT ON (p.a, p.b) 'G' || p.a, 'G' || p.b,
		'2024-01-01'::date + floor(t.random(seed * 100 + n + 50) * 4)::int, 2
	FROM generate_series(1, 10) n CROSS JOIN LATERAL (
		SELECT floor(t.random(seed * 100 + n) * 8)::int AS a,
			floor(t.random(seed * 100 + n + 25) * 8)::int AS b) p
	WHERE p.a <> p.b ORDER BY p.a, p.b, n;
	SELECT count(*), count(*) FILTER (WHERE cardinality(b.names) > 3),
		count(*) FILTER (WHERE t.chain(x.c, y.c) IS DISTINCT FROM b.names)
	INTO chains, long, wrong
	FROM (SELECT 'G' || k AS c FROM generate_series(0, 7) k) x
		JOIN (SELECT 'G' || k AS c FROM generate_series(0, 7) k) y ON x.c <> y.c
		CROSS JOIN LATERAL t.best_chain(x.c, y.c) b(names)
	WHERE b.names IS NOT NULL AND NOT t.one_base(x.c, y.c);
END;
$$;
SELECT sum(chains) > 200 AS many, sum(long) > 100 AS many_long, sum(wrong) AS wrong
FROM generate_series(1, 15) seed, t.chains_of(seed);

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
