/*
 * Histories as one value each, and what asking, changing and making them is
 * compared with. The same rows as those of history.sql.
 */

CREATE TABLE bench.series AS
SELECT customer_id, tiering.daily_series(balance, valid_from, valid_to) AS series
FROM bench.history GROUP BY customer_id ORDER BY customer_id;
CREATE TABLE bench.series_tenth AS
SELECT customer_id, tiering.daily_series(balance, valid_from, valid_to) AS series
FROM bench.history_tenth GROUP BY customer_id ORDER BY customer_id;
-- a table as large as the series', whose rows an UPDATE writes as they are
CREATE TABLE bench.counter AS SELECT customer_id, 0 AS n, series AS filler FROM bench.series;
-- five years with a change a month
CREATE TABLE bench.series_long AS
SELECT c AS customer_id, tiering.daily_series_changes(bench.money(c * 64::bigint + m)::numeric(15,
	2),
	(date '2020-01-01' + m * interval '1 month')::date + (27 * bench.uniform(c * 64::bigint + m,
	12))::int) AS series
FROM generate_series(1, 50000) c, generate_series(0, 59) m GROUP BY c;
-- a rate for each working day, accounts to convert, and the days of the year for the hand
CREATE TABLE bench.rate AS
SELECT d::date AS day, round(7.1 + (0.2 * bench.uniform(d::date - greatest(extract(isodow
	FROM d)::int - 5, 0) - date '2024-01-01', 13))::numeric, 4) AS rate
FROM generate_series(date '2024-01-01', '2024-12-31', '1 day') d;
CREATE TABLE bench.account_series AS
SELECT account_id, tiering.clip(tiering.daily_series(balance, valid_from, valid_to),
	'[2024-01-01,2025-01-01)') AS series
FROM bench.history WHERE account_id <= 10000 GROUP BY account_id;
CREATE TABLE bench.account_history AS SELECT * FROM bench.history WHERE account_id <= 10000;
VACUUM (FREEZE, ANALYZE) bench.series, bench.series_tenth, bench.counter, bench.series_long,
	bench.rate,
	bench.account_series, bench.account_history;
SELECT count(*) FROM bench.series;

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('series_avg', 'daily_avg of series, a quarter / daily_avg of their rows by customer', 0.04),
	('series_duckdb', 'daily_avg of series, a quarter / DuckDB over their rows, one thread', 0.20),
	('series_plain', 'daily_avg of series, a quarter / plain SQL over their rows', NULL),
	('series_lead', 'daily_avg of series, a quarter / lead() SQL over their rows', NULL),
	('series_build', 'building series / array_agg(balance ORDER BY valid_from)', 1.0),
	('series_append', 'append to all series / UPDATE SET n = n + 1', 1.5),
	('series_period', 'five years out of five-year series / one month of them', 3),
	('series_convert', 'a year of series at daily rates / each day joined with its rate', 0.05),
	('series_scale', 'daily_avg of series, all customers / a tenth of them', 10.5);

SELECT '''[2024-04-01,2024-07-01)''' AS quarter,
	$$SELECT customer_id, tiering.daily_avg(balance, valid_from, valid_to,
	'[2024-04-01,2024-07-01)') AS x
	FROM bench.history GROUP BY customer_id$$ AS rows,
	$$SELECT customer_id, sum(balance * (least(valid_to, date '2024-07-01') -
	greatest(valid_from, date '2024-04-01'))) / 91 AS x
	FROM bench.history WHERE valid_from < '2024-07-01' AND valid_to > '2024-04-01'
		GROUP BY customer_id$$ AS plain,
	$$SELECT customer_id, sum(balance * (next_change -
	greatest(valid_from, date '2024-04-01'))) / 91 AS x
	FROM (SELECT customer_id, balance, valid_from, lead(valid_from, 1, date '2024-07-01')
			OVER (PARTITION BY account_id ORDER BY valid_from) AS next_change
		  FROM bench.history WHERE valid_from < '2024-07-01') h
	WHERE next_change > '2024-04-01' GROUP BY customer_id$$ AS lead,
	$$SELECT account_id, tiering.daily_avg(tiering.convert(series, rates, 2),
	'[2024-01-01,2025-01-01)') AS x
	FROM bench.account_series,
		(SELECT tiering.daily_series(rate, day, day + 1) AS rates FROM bench.rate) r$$ AS converted,
	$$SELECT account_id, sum(round(balance * rate, 2)) / 366 AS x
	FROM bench.account_history JOIN bench.rate ON day >= valid_from AND day < valid_to
		GROUP BY account_id$$ AS joined
\gset

CREATE FUNCTION pg_temp.counted(query text) RETURNS text
LANGUAGE sql
RETURN format('SELECT count(x) FROM (%s OFFSET 0) g', query);
CREATE FUNCTION pg_temp.asked(series text, period text) RETURNS text
LANGUAGE sql
RETURN pg_temp.counted(format('SELECT tiering.daily_avg(series, %L) AS x FROM bench.%I', period,
	series));

INSERT INTO bench.side (comparison, side, query, computes) VALUES
	('series_avg', 'a', pg_temp.asked('series', '[2024-04-01,2024-07-01)'), 'daily_avg('),
	('series_avg', 'b', pg_temp.counted(:'rows'), 'daily_avg('),
	('series_duckdb', 'a', pg_temp.asked('series', '[2024-04-01,2024-07-01)'), 'daily_avg('),
	('series_plain', 'a', pg_temp.asked('series', '[2024-04-01,2024-07-01)'), 'daily_avg('),
	('series_plain', 'b', pg_temp.counted(:'plain'), 'sum('),
	('series_lead', 'a', pg_temp.asked('series', '[2024-04-01,2024-07-01)'), 'daily_avg('),
	('series_lead', 'b', pg_temp.counted(:'lead'), 'lead('),
	('series_build', 'a',
		pg_temp.counted('SELECT customer_id,
			tiering.daily_series(balance, valid_from, valid_to) AS x
			FROM bench.history GROUP BY customer_id'), 'daily_series('),
	('series_build', 'b',
		pg_temp.counted('SELECT customer_id, array_agg(balance ORDER BY valid_from) AS x
			FROM bench.history GROUP BY customer_id'), 'array_agg('),
	('series_period', 'a', pg_temp.asked('series_long', '[2020-01-01,2025-01-01)'), 'daily_avg('),
	('series_period', 'b', pg_temp.asked('series_long', '[2022-06-01,2022-07-01)'), 'daily_avg('),
	('series_convert', 'a', pg_temp.counted(:'converted'), 'convert('),
	('series_convert', 'b', pg_temp.counted(:'joined'), 'sum('),
	('series_scale', 'a', pg_temp.asked('series', '[2024-04-01,2024-07-01)'), 'daily_avg('),
	('series_scale', 'b', pg_temp.asked('series_tenth', '[2024-04-01,2024-07-01)'), 'daily_avg(');

-- Both sides answer the same.
SELECT bench.equal('daily_avg of series', 'SELECT customer_id, tiering.daily_avg(series, '
	|| :'quarter' || ') FROM bench.series_tenth',
	replace(:'rows', 'bench.history', 'bench.history_tenth'));
SELECT bench.equal('daily_avg of series by lead()',
	'SELECT customer_id, round(tiering.daily_avg(series, ' || :'quarter'
	|| '), 6) FROM bench.series_tenth
	WHERE tiering.first_day(series) < ''2024-07-01''',
	'SELECT customer_id, round(x, 6) FROM ('
	|| replace(:'lead', 'bench.history', 'bench.history_tenth') || ') g');
SELECT bench.equal('convert', 'SELECT account_id, round(x, 6) FROM (' || :'converted'
	|| ') g WHERE x <> 0',
	'SELECT account_id, round(x, 6) FROM (' || :'joined' || ') g WHERE x <> 0');
