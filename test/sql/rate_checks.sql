-- check_rates(): what is wrong with rates, before balances are converted by them.
\copy tiering.ecb_rate FROM PROGRAM 'gzip -dc test/data/ecb.csv.gz' (FORMAT csv, HEADER)
-- those of the European Central Bank are sound; two of their currencies ended
SELECT * FROM tiering.check_rates();
SELECT * FROM tiering.check_rates('[2021-01-01,2026-04-20)');
SELECT count(*) FROM tiering.check_rates('[2021-01-01,2026-04-20)', max_age => NULL);
-- from Thursday before Easter to Tuesday after it are more than 3 days
SELECT severity, kind, account, days, detail
FROM tiering.check_rates('[2024-01-01,2024-05-01)', max_age => 3) WHERE account LIKE 'USD%';
SELECT count(*) AS jumps FROM tiering.check_rates(jump => 1.05) WHERE kind = 'jump';
DELETE FROM tiering.fx_rate;

-- one quote the other way round, several, the first and the last; the values say so
INSERT INTO tiering.fx_rate
SELECT c, 'EUR', '2026-03-01'::date + n, CASE WHEN n BETWEEN f AND l THEN round(1 / r, 4) ELSE r END
FROM (VALUES ('USD', 1.1, 4, 4), ('GBP', 0.86, 3, 6), ('CHF', 0.9, 0, 1), ('CNY', 7.7, 8, 9),
		('AUD', 1.7, 5, 9), ('PAR', 1.04, 4, 4)) v(c, r, f, l),
	generate_series(0, 9) n;
SELECT * FROM tiering.check_rates() ORDER BY account, days;
SELECT account, days FROM tiering.check_rates('[2026-03-05,2026-03-07)') ORDER BY account;
DELETE FROM tiering.fx_rate;
-- two that contradict each other; by a hundredth they may
INSERT INTO tiering.fx_rate VALUES ('USD', 'EUR', '2026-03-01', 1.1),
	('EUR', 'USD', '2026-03-01', 0.909), ('USD', 'EUR', '2026-03-02', 1.1),
	('EUR', 'USD', '2026-03-02', 0.95), ('USD', 'EUR', '2026-03-03', 1.1),
	('EUR', 'USD', '2026-03-04', 0.95), ('EUR', 'USD', '2026-03-03', 1.1);
SELECT * FROM tiering.check_rates() ORDER BY kind, days;
SELECT count(*) FROM tiering.check_rates(tolerance => 0.0001) WHERE kind = 'contradiction';
DELETE FROM tiering.fx_rate;
-- jumps; a step to the inverse is not told as one
INSERT INTO tiering.fx_rate VALUES ('TRY', 'EUR', '2026-03-01', 40.5), ('TRY', 'EUR', '2026-03-02',
	4.05), ('TRY', 'EUR', '2026-03-03', 40.6), ('TRY', 'EUR', '2026-03-04', 60.9),
	('TRY', 'EUR', '2026-03-05', 60.8);
SELECT * FROM tiering.check_rates() ORDER BY days;
SELECT (SELECT count(*) FROM tiering.check_rates(jump => 11)) AS jumps,
	(SELECT count(*) FROM tiering.check_rates(jump => NULL)) AS not_looked_for;
DELETE FROM tiering.fx_rate;
-- a holiday of eight days: the days without a rate, unless the currency may be older
INSERT INTO tiering.fx_rate VALUES ('CNY', 'EUR', '2026-02-13', 8.1), ('CNY', 'EUR', '2026-02-22',
	8.2), ('CNY', 'EUR', '2026-02-23', 8.2);
SELECT * FROM tiering.check_rates();
INSERT INTO tiering.fx_max_age VALUES ('CNY', 9);
SELECT * FROM tiering.check_rates();
SELECT * FROM tiering.check_rates('[2026-02-01,2026-03-05)');
SELECT * FROM tiering.check_rates('[2026-02-01,2026-03-06)');
DELETE FROM tiering.fx_max_age;
DELETE FROM tiering.fx_rate;
-- three that contradict each other, each way round
INSERT INTO tiering.fx_rate VALUES
	('CNY', 'EUR', '2026-03-01', 7.7), ('USD', 'EUR', '2026-03-01', 1.1),
	('CNY', 'USD', '2026-03-01', 7.01),
	('CNY', 'EUR', '2026-03-02', 7.7), ('USD', 'EUR', '2026-03-02', 1.1),
	('CNY', 'USD', '2026-03-02', 7.3),
	('CNY', 'EUR', '2026-03-03', 7.7), ('EUR', 'USD', '2026-03-03', 0.909),
	('USD', 'CNY', '2026-03-03', 0.15), ('CNY', 'EUR', '2026-03-04', 7.7);
SELECT * FROM tiering.check_rates() ORDER BY days;
SELECT severity, kind, findings, accounts, days
FROM tiering.findings_summary(ARRAY(SELECT f FROM tiering.check_rates() f));
DELETE FROM tiering.fx_rate;

/*
 * Books at random, sound but for what is planted, against what is planted: ten currencies in
 * euro that move by 1 % a day at most, with crosses of them.
 */
CREATE TEMP TABLE sound AS
SELECT 'R' || c AS currency, 'EUR' AS base, '2025-01-01'::date + n AS on_date,
	round((CASE WHEN c % 2 = 0 THEN 1.3 + c ELSE 1 / (1.3 + c) END)::numeric
		* (1 + (t.random(c * 1000 + n) - 0.5) / 100), 8) AS rate
FROM generate_series(1, 10) c, generate_series(0, 199) n;
INSERT INTO sound
SELECT 'R1', 'R2', a.on_date, round(a.rate / b.rate, 12)
FROM sound a JOIN sound b USING (on_date) WHERE (a.currency, b.currency) = ('R1', 'R2')
UNION ALL
SELECT 'EUR', 'R3', on_date, round(1 / rate, 8) FROM sound WHERE currency = 'R3';
INSERT INTO tiering.fx_rate SELECT * FROM sound;
SELECT count(*) FROM tiering.check_rates();
CREATE TEMP TABLE planted AS
SELECT currency, '2025-01-01'::date + (5 + 20 * i + floor(t.random(c * 100 + i) * 10))::int AS day,
	(ARRAY['reversed', 'jump', 'gap'])[1 + floor(t.random(c * 100 + i + 50) * 3)::int] AS kind
FROM (SELECT 'R' || c, c FROM generate_series(4, 10) c) v(currency, c), generate_series(0, 8) i;
UPDATE tiering.fx_rate r SET rate = CASE kind WHEN 'jump' THEN r.rate * 10
	ELSE round(1 / r.rate, 8) END
FROM planted p WHERE (p.currency, p.day) = (r.currency, r.on_date) AND kind <> 'gap';
DELETE FROM tiering.fx_rate r USING planted p
WHERE p.currency = r.currency AND kind = 'gap' AND r.on_date BETWEEN day AND day + 7;
SELECT kind, count(*) > 10 AS many, count(*) FILTER (WHERE NOT found) AS missed
FROM (SELECT p.kind, EXISTS (SELECT FROM tiering.check_rates() f
		WHERE f.kind = p.kind AND f.account = p.currency || ' for one EUR'
			AND f.days = CASE p.kind WHEN 'gap' THEN daterange(day + 7, day + 8)
				ELSE daterange(day, day + 1) END) AS found FROM planted p) x
GROUP BY kind ORDER BY kind;
-- each is told once, and a jump once more when the rate is back
SELECT (SELECT count(*) FROM tiering.check_rates()) AS told,
	(SELECT count(*) + count(*) FILTER (WHERE kind = 'jump') FROM planted) AS planted;

SELECT t.fails($$SELECT * FROM tiering.check_rates('empty')$$),
	t.fails($$SELECT * FROM tiering.check_rates(jump => 1)$$),
	t.fails($$SELECT * FROM tiering.check_rates(max_age => -1)$$),
	t.fails($$SELECT * FROM tiering.check_rates(tolerance => NULL)$$),
	t.fails($$SELECT * FROM tiering.check_rates(tolerance => 'NaN')$$);
DELETE FROM tiering.fx_rate;
