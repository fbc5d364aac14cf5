-- What is true of any daily_series, tried on seeded random ones against plain SQL
-- that goes day by day.
SET search_path = public, tiering;
SET datestyle = ISO;

-- 3,000 series: numbers of all widths and scales, negative, zero; gaps; short and
-- long, one day and centuries apart. Each comes with its history as rows.
CREATE TABLE t.history (id int, day date, value numeric);
INSERT INTO t.history
SELECT i, '2026-01-01'::date + j * (1 + (t.random(i * 7) * CASE WHEN i % 20 = 0 THEN 5000 ELSE 12
	END)::int) + (t.random(i) * 60)::int,
	CASE WHEN t.random(i * 1000 + j + 10000000) < 0.15 THEN NULL
		WHEN t.random(i * 1000 + j + 20000000) < 0.1 THEN 0
		ELSE round((t.random(i * 1000 + j) - 0.3) * 10::numeric ^ (t.random(i * 13) * 10)::int,
			(t.random(i * 1000 + j + 30000000) * 5)::int) END
FROM generate_series(1, 3000) i, generate_series(0, 40) j
WHERE j < t.random(i * 3) * CASE WHEN i % 10 = 0 THEN 40 ELSE 12 END;
CREATE INDEX ON t.history (id, day);
-- Built point by point as text, and by the aggregate from rows of a value and its days.
CREATE TABLE t.series AS
SELECT id, ('{' || string_agg(day || ': ' || COALESCE(value::text, 'none'), ', ' ORDER BY day)
	|| '}')::daily_series AS s
FROM t.history GROUP BY id;
CREATE VIEW t.span AS SELECT id, value, day AS valid_from, lead(day)
	OVER (PARTITION BY id ORDER BY day) AS valid_to FROM t.history;
SELECT count(*) AS series, count(*) FILTER (WHERE s = '{}') AS empty, count(*)
	FILTER (WHERE s::text LIKE '%none%') AS with_gaps,
	max(pg_column_size(s)) > 200 AS long, count(DISTINCT s) > 2000 AS differ FROM t.series;
SELECT count(*) FILTER (WHERE s.s IS DISTINCT FROM COALESCE(b.s, '{}')) AS wrong
FROM t.series s JOIN (SELECT id, daily_series(value, valid_from, valid_to) AS s FROM t.span
	GROUP BY id) b USING (id);

-- round trips, to the byte: text, jsonb, bytes; equal images are equal values and hash alike
SELECT count(*) FILTER (WHERE s::text::daily_series::bytea <> s::bytea) AS text, count(*)
	FILTER (WHERE s::jsonb::daily_series::bytea <> s::bytea) AS jsonb,
	count(*) FILTER (WHERE s::bytea::daily_series::bytea <> s::bytea) AS bytes
FROM t.series;
SELECT count(*) FILTER (WHERE (a.s = b.s) <> ((a.s * 1.0000000000)::text =
	(b.s * 1.0000000000)::text)
	AND scale(value_on(a.s, first_day(a.s))) = scale(value_on(b.s, first_day(b.s)))) AS wrong,
	count(*) FILTER (WHERE a.s = b.s
		AND _tiering.daily_series_hash(a.s) <> _tiering.daily_series_hash(b.s)) AS wrong_hash,
	count(*) FILTER (WHERE (_tiering.daily_series_cmp(a.s, b.s)
			= -_tiering.daily_series_cmp(b.s, a.s))
		IS NOT TRUE) AS wrong_order
FROM t.series a JOIN t.series b ON a.id % 150 = b.id % 150;
-- the segments are the series: rebuilt from them it is the same, and so with more decimals
SELECT count(*) FILTER (WHERE COALESCE(again, '{}') <> s
	OR COALESCE(again, '{}')::text <> s::text) AS wrong, count(*)
	FILTER (WHERE widened <> again OR widened::bytea = again::bytea) AS wrong_widened
FROM (SELECT id, s, (SELECT daily_series(g.value, g.valid) FROM segments(s) g) AS again,
	(SELECT daily_series(round(g.value, 12), g.valid) FROM segments(s) g) AS widened
	FROM t.series) x;
-- every number kept: value and scale
SELECT count(*) AS points, count(*) FILTER (WHERE value_on(s, day) IS DISTINCT FROM value) AS wrong,
	count(*) FILTER (WHERE scale(value_on(s, day)) < scale(value)) AS wrong_scale
FROM t.history JOIN t.series USING (id);

-- Each question, against the days themselves: 300 series over periods before,
-- in, across and after them.
CREATE TABLE t.asked AS
SELECT id, s, daterange(start, start + 1 + (t.random(id * 100 + k + 50000) * 120)::int) AS p,
	round((t.random(id * 100 + k) - 0.3) * 10::numeric ^ (t.random(id * 13) * 10)::int,
	k) AS threshold
FROM t.series, generate_series(1, 6) k,
	LATERAL (SELECT '2025-12-15'::date + (t.random(id * 100 + k + 90000) * 250)::int AS start) d
	WHERE id % 10 = 0;
CREATE TABLE t.day AS
SELECT a.id, a.p, d::date AS day, h.value FROM t.asked a,
	generate_series(lower(a.p), upper(a.p) - 1, '1 day') d
	LEFT JOIN LATERAL (SELECT value FROM t.history h WHERE h.id = a.id AND h.day <= d
		ORDER BY h.day DESC LIMIT 1) h ON true;
CREATE INDEX ON t.day (id, p);
ANALYZE t.history, t.series, t.asked, t.day;
-- is an average that of a sum over so many days, rounded in its last decimal?
CREATE FUNCTION t.averages(avg numeric, sum numeric, days bigint) RETURNS boolean LANGUAGE sql
	IMMUTABLE
RETURN CASE WHEN days = 0 THEN avg IS NULL
	ELSE abs(avg * days - sum) * 2 <= days * ('1e-' || scale(avg))::numeric END;
SELECT count(*) AS periods,
	count(*) FILTER (WHERE balance_days(s, p) IS DISTINCT FROM e.sum) AS balance_days,
	count(*) FILTER (WHERE NOT t.averages(daily_avg(s, p), e.sum, e.days)
		OR daily_avg(s, p, 'period') <> daily_avg(s, p)) AS period,
	count(*) FILTER (WHERE NOT t.averages(daily_avg(s, p, 'held'), e.sum, e.held)) AS held,
	count(*) FILTER (WHERE NOT t.averages(daily_avg(s, p, 'observed'), e.sum,
		e.observed)) AS observed,
	count(*) FILTER (WHERE minimum(s, p) IS DISTINCT FROM e.min) AS minimum, count(*)
		FILTER (WHERE maximum(s, p) IS DISTINCT FROM e.max) AS maximum,
	count(*) FILTER (WHERE days_at_least(s, threshold, p)
		IS DISTINCT FROM e.at_least) AS days_at_least,
	count(*) FILTER (WHERE value_on(s, upper(p) - 1) IS DISTINCT FROM e.last) AS value_on
FROM t.asked, LATERAL (SELECT COALESCE(sum(value), 0) AS sum, count(*) AS days, count(*)
	FILTER (WHERE value <> 0) AS held, count(value) AS observed, min(value), max(value),
	count(*) FILTER (WHERE value >= threshold) AS at_least,
		(array_agg(value ORDER BY day DESC))[1] AS last FROM t.day d WHERE d.id = asked.id
		AND d.p = asked.p) e;
-- The same digits as core's division of balance-days by days.
SELECT count(*) FILTER (WHERE daily_avg(s,
	p)::text <> (balance_days(s, p)::numeric(40, 10) / (upper(p) - lower(p)))::text) AS wrong
	FROM t.asked WHERE upper(p) - lower(p) BETWEEN 10 AND 99;

-- What to hold: held on all days that are left, the average reaches the threshold, and one unit
-- less does not.
CREATE TABLE t.reach AS
SELECT id, s, p, CASE WHEN r < 0.4 THEN threshold WHEN r < 0.5 THEN daily_avg(s, p)
	ELSE round(daily_avg(s, p) * 3 * t.random(key), 3) END AS threshold,
	lower(p) - 3 + ((upper(p) - lower(p) + 4) * t.random(key + 1))::int AS as_of,
	round(CASE WHEN r < 0.2 THEN threshold ELSE daily_avg(s, p) * 4 * t.random(key + 2) + 0.01 END,
		(r * 40)::int % 4) AS most
FROM t.asked, LATERAL (SELECT id * 1000 + (lower(p) - '2025-01-01')) k(key),
	LATERAL (SELECT t.random(key + 3)) x(r);
CREATE INDEX ON t.reach (id, p);
SELECT count(*) AS asked, count(x) AS answered, count(*)
	FILTER (WHERE x IS NULL AND days_left > 0 OR x IS NOT NULL AND days_left <= 0) AS wrong_null,
	count(*) FILTER (WHERE held + x * days_left < needed) AS misses, count(*)
		FILTER (WHERE held + (x - ('1e-' || scale(x))::numeric) * days_left >= needed) AS too_much,
	count(*) FILTER (WHERE scale(x) <> scale(balance_days(s, p))) AS wrong_scale, count(*)
		FILTER (WHERE x < 0) > 0 AS some_negative
FROM (SELECT *, balance_to_reach(s, threshold, p, as_of) AS x,
	upper(p) - 1 - greatest(as_of, lower(p) - 1) AS days_left,
	threshold * (upper(p) - lower(p)) AS needed,
		(SELECT COALESCE(sum(value), 0) FROM t.day WHERE day.id = reach.id AND day.p = reach.p
		AND day <= as_of) AS held FROM t.reach) q;
-- The last day to raise a balance: of all days of the period that would do, the last.
SELECT count(*) AS asked, count(last) AS reachable, count(*)
	FILTER (WHERE last IS DISTINCT FROM expected) AS wrong
FROM (SELECT last_day_to_reach(s, threshold, p, most) AS last, (
		SELECT max(day) FROM (SELECT day,
			COALESCE(sum(value) OVER (ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING
			AND 1 PRECEDING), 0) AS before
			FROM t.day WHERE day.id = reach.id AND day.p = reach.p) d
		WHERE before + most * (upper(p) - day) >= threshold * (upper(p) - lower(p))) AS expected
			FROM t.reach) q;
-- the two agree: on the day before the last one, no more than max_balance has to be held
SELECT count(*) AS compared, count(*)
	FILTER (WHERE balance_to_reach(s * 1.0000, threshold, p, last - 1) > most) AS wrong
FROM (SELECT *, last_day_to_reach(s, threshold, p, most) AS last FROM t.reach) q WHERE last
	IS NOT NULL;
-- an example that can be done by hand: 100 a day until the 20th of 30 days makes 2,000; 150 on
-- average takes 4,500
SELECT balance_to_reach('{2026-06-01: 100.00}', 150, month('2026-06-30'), '2026-06-20') AS to_hold,
	balance_to_reach('{2026-06-01: 100}', 150.01, month('2026-06-30'), '2026-06-20') AS rounded_up,
	balance_to_reach('{2026-06-01: 200.00}', 100, month('2026-06-30'), '2026-06-20') AS overdrawn,
		balance_to_reach('{}', 100, month('2026-06-30'), '2026-05-01') AS before,
		balance_to_reach('{2026-06-01: 1}', 100, month('2026-06-30'), '2026-06-30')
		IS NULL AS too_late,
	balance_to_reach('{2026-06-01: 0.0000000}', 1e30, month('2026-06-30'), '-infinity') AS huge,
		last_day_to_reach('{2026-06-01: 100}', 150, month('2026-06-30'), 250) AS last_day,
	last_day_to_reach('{2026-06-01: 100}', 150, month('2026-06-30'), 149.99) IS NULL AS never,
		last_day_to_reach('{2026-06-01: 200}', 150, month('2026-06-30'), 0) AS may_leave,
		last_day_to_reach('{}', 1e30, month('2026-06-30'), 5) IS NULL AS huge_threshold;
SELECT balance_to_reach(NULL, 1, month('2026-06-30'), '2026-06-01') IS NULL
	AND balance_to_reach('{}', NULL, month('2026-06-30'), '2026-06-01') IS NULL
	AND balance_to_reach('{}', 1, month('2026-06-30'), NULL) IS NULL
	AND last_day_to_reach(NULL, 1, month('2026-06-30'), 1) IS NULL
		AND last_day_to_reach('{}', NULL, month('2026-06-30'), 1) IS NULL
		AND last_day_to_reach('{}', 1, month('2026-06-30'), NULL) IS NULL AS nulls;
SELECT t.fails('SELECT tiering.' || call) FROM unnest(ARRAY[
	$$balance_to_reach('{}', 1, NULL, '2026-01-01')$$,
	$$balance_to_reach('{}', 'NaN', '[2026-01-01,2026-02-01)', '2026-01-01')$$,
	$$last_day_to_reach('{}', 1, 'empty', 1)$$,
	$$last_day_to_reach('{}', 'Infinity', '[2026-01-01,2026-02-01)', 1)$$,
	$$last_day_to_reach('{}', 1, '[2026-01-01,2026-02-01)', 'NaN')$$,
	$$last_day_to_reach('{2026-01-01: 100000000000000000}', 1, '[2026-01-01,2026-02-01)',
	0.01)$$]) call;

-- the ends of a series, and what has no answer
SELECT count(*) FILTER (WHERE first_day(s) IS DISTINCT FROM h.first) AS first_day, count(*)
	FILTER (WHERE last_change(s) IS DISTINCT FROM GREATEST(b.last, b.ended)) AS last_change
FROM t.series, LATERAL (SELECT min(day) AS first FROM t.history WHERE history.id = series.id
	AND value IS NOT NULL) h,
	LATERAL (SELECT max(lower(valid)) AS last,
		CASE WHEN NOT bool_or(upper_inf(valid)) THEN max(upper(valid)) END AS ended
		FROM segments(s)) b;
SELECT daily_avg('{}', month('2026-01-31')) = 0 AS average,
	daily_avg('{}'::daily_series, month('2026-01-31'), 'held') IS NULL AS held,
	daily_avg('{2026-01-05: 0}'::daily_series, month('2026-01-31'), 'held') IS NULL AS zero,
	daily_avg('{2026-01-05: 0}'::daily_series, month('2026-01-31'), 'observed') = 0 AS observed,
		balance_days('{}', month('2026-01-31')) AS days, minimum('{}', month('2026-01-31'))
		IS NULL AS minimum,
	days_at_least('{}', -1, month('2026-01-31')) AS at_least, first_day('{}') IS NULL AS first,
		last_change('{}') IS NULL AS last, value_on('{2026-01-05: 0}', '-infinity')
		IS NULL AS before, value_on('{2026-01-05: 7}', 'infinity') AS after,
	(SELECT count(*) FROM segments('{}')) AS segments;
SELECT daily_avg(NULL::daily_series, month('2026-01-31')) IS NULL AS average,
	balance_days(NULL, month('2026-01-31')) IS NULL AS days, value_on(NULL, '2026-01-01')
	IS NULL AS value_on,
	minimum(NULL, month('2026-01-31')) IS NULL AS minimum,
		days_at_least('{}', NULL, month('2026-01-31')) IS NULL AS at_least,
		(SELECT count(*) FROM segments(NULL)) AS segments;
SELECT t.fails('SELECT tiering.' || call) FROM unnest(ARRAY[
	$$daily_avg('{}'::tiering.daily_series, NULL)$$,
	$$daily_avg(NULL::tiering.daily_series, NULL)$$, $$daily_avg('{}', 'empty')$$,
	$$daily_avg('{}', '[2026-01-01,)')$$, $$balance_days('{}', '(,2026-01-01)')$$,
	$$minimum('{}', NULL)$$, $$maximum('{}', 'empty')$$,
	$$days_at_least('{}', 1, '[2026-01-01,infinity)')$$,
	$$days_at_least('{}', 'NaN', '[2026-01-01,2026-02-01)')$$,
	$$daily_avg('{}'::tiering.daily_series, '[2026-01-01,2026-02-01)', 'days')$$,
	$$daily_avg('{}'::tiering.daily_series, '[2026-01-01,2026-02-01)', NULL)$$]) call;

-- Arithmetic. a + b - b = a + b * 0, which is a where b has values only where a has.
CREATE TABLE t.two_series AS SELECT a.id, a.s AS a, b.s AS b, c.s AS c FROM t.series a
	JOIN t.series b ON b.id = a.id % 3000 + 1 JOIN t.series c ON c.id = (a.id * 7) % 3000 + 1;
SELECT count(*) FILTER (WHERE a + b - b <> a + b * 0) AS cancel, count(*)
	FILTER (WHERE a + b <> b + a) AS commute, count(*)
	FILTER (WHERE (a + b) + c <> a + (b + c)) AS associate,
	count(*) FILTER (WHERE a - b <> a + (-b)) AS minus, count(*)
		FILTER (WHERE -(-a) <> a) AS negate, count(*)
		FILTER (WHERE (a + b) * 3.7 <> a * 3.7 + 3.7 * b) AS distribute,
	count(*) FILTER (WHERE a * 1 <> a OR a + '{}' <> a OR '{}' + a <> a
		OR '{}' - a <> -a) AS neutral,
	count(*) FILTER (WHERE (a + b)::text::daily_series::bytea <> (a + b)::bytea
		OR (a * 0.30)::text::daily_series::bytea <> (a * 0.30)::bytea) AS canonical
FROM t.two_series;
SELECT count(*) AS within, count(*) FILTER (WHERE a + b - b <> a) AS wrong FROM t.two_series
WHERE id % 3 = 0 AND NOT EXISTS (SELECT FROM segments(b) g
	WHERE NOT EXISTS (SELECT FROM segments(a) h HAVING range_agg(h.valid) @> g.valid));
SELECT count(*) FILTER (WHERE balance_days(a + b, p) <> balance_days(a, p) + balance_days(b,
	p)) AS plus, count(*) FILTER (WHERE balance_days(a - b, p) <> balance_days(a,
	p) - balance_days(b, p)) AS minus,
	count(*) FILTER (WHERE balance_days(a * -2.5, p) <> balance_days(a, p) * -2.5) AS times
FROM t.two_series, unnest(ARRAY[quarter('2026-03-31'), year('2026-12-31'),
	tiering.rolling('7 days', '2026-05-05')]) p;
-- day by day: where one has no value the other's, where none has one none; decimals as numeric has
-- them
SELECT count(*) AS days, count(*)
	FILTER (WHERE value_on(a + b, d)
	IS DISTINCT FROM CASE WHEN x IS NULL THEN y WHEN y IS NULL THEN x ELSE x + y END) AS plus,
	count(*) FILTER (WHERE value_on(a - b, d)
		IS DISTINCT FROM CASE WHEN x IS NULL THEN -y WHEN y IS NULL THEN x ELSE x - y END) AS minus,
	count(*) FILTER (WHERE value_on(a * 1.25, d)::text IS DISTINCT FROM (x * 1.25)::text) AS times,
		count(*) FILTER (WHERE scale(value_on(a + b, d)) < greatest(scale(x), scale(y))) AS scale
FROM t.two_series, generate_series(0, 200, 7) i, LATERAL (SELECT '2026-01-01'::date + i AS d) d,
	LATERAL (SELECT value_on(a, d) AS x, value_on(b, d) AS y) v WHERE id % 5 = 0;
-- a sum of several is their sum, in whatever way
SELECT sum(s) = (SELECT sum(part)
	FROM (SELECT sum(s) AS part FROM t.series WHERE id <= 300 GROUP BY id % 11) x) AS same
	FROM t.series WHERE id <= 300;

-- Changes. Appended in the order of their dates they are what is built at once.
CREATE FUNCTION t.append_all(of int) RETURNS daily_series LANGUAGE plpgsql AS $$
DECLARE
	result tiering.daily_series;
	h t.history;
BEGIN
	FOR h IN SELECT * FROM t.history WHERE id = of ORDER BY day LOOP
		result := tiering.append(result, h.day, h.value);
	END LOOP;
	RETURN result;
END;
$$;
SELECT count(*) AS appended, count(*)
	FILTER (WHERE COALESCE(t.append_all(id), '{}')::bytea <> s::bytea) AS wrong FROM t.series
	WHERE id % 2 = 0;
-- an amended series is the one built from corrected rows: those of the days before, the correction,
-- those after
CREATE TABLE t.correction AS
SELECT id, s, CASE WHEN k = 1 THEN daterange(start, NULL)
	ELSE daterange(start, start + (t.random(id * 10 + k + 70000) * 60)::int) END AS valid,
	CASE WHEN t.random(id + k + 5000) < 0.8 THEN round(t.random(id * 10 + k) * 1000, k) END AS value
FROM t.series, generate_series(1, 3) k,
	LATERAL (SELECT '2025-12-20'::date + (t.random(id * 10 + k + 60000) * 120)::int AS start) d
	WHERE id % 2 = 1;
SELECT count(*) AS corrections, count(*)
	FILTER (WHERE amend(s, valid, value) <> COALESCE(rebuilt, '{}')) AS wrong, count(*)
	FILTER (WHERE amend(s, valid, value)::text::daily_series::bytea <> amend(s, valid,
	value)::bytea) AS canonical
FROM t.correction c, LATERAL (SELECT daily_series(v, r) AS rebuilt FROM (
		SELECT g.value, g.valid * daterange(NULL, lower(c.valid)) FROM segments(s) g
			WHERE NOT isempty(c.valid) UNION ALL SELECT c.value, c.valid
		UNION ALL SELECT g.value, g.valid * daterange(upper(c.valid), NULL) FROM segments(s) g
			WHERE NOT upper_inf(c.valid) AND NOT isempty(c.valid)
		UNION ALL SELECT g.value, g.valid FROM segments(s) g WHERE isempty(c.valid)) x(v, r)) y;
-- a trimmed series has the same days and no others
SELECT count(*) FILTER (WHERE tiering.clip(s, valid) <> COALESCE(rebuilt, '{}')) AS wrong,
	count(*) FILTER (WHERE NOT isempty(valid)
		AND tiering.clip(s, valid) + tiering.clip(s, daterange(NULL, lower(valid))) + CASE
		WHEN upper_inf(valid) THEN '{}' ELSE tiering.clip(s, daterange(upper(valid), NULL))
		END <> s) AS parts
FROM t.correction c, LATERAL (SELECT daily_series(g.value, g.valid * c.valid) AS rebuilt
	FROM segments(s) g) y;

-- the edges of changes
SELECT append(NULL, '2026-01-01', 1.50) AS first, append(NULL, '2026-01-01', NULL)
	IS NULL AS nothing, append('{}', '2026-01-01', NULL) AS empty,
	append('{2026-01-01: 1}', '2026-01-01', 2.0) AS same_day,
	append('{2026-01-01: 1, 2026-02-01: 2}', '2026-02-01', 1) AS taken_back,
		append('{2026-01-01: 1}', '2026-02-01', NULL) AS closed,
		append('{2026-01-01: 1, 2026-02-01: none}', '2026-03-01', 0) AS reopened;
SELECT amend(NULL, '[2026-01-01,2026-01-03)', 5) AS first,
	amend(NULL, '[2026-01-01,2026-01-03)', NULL) IS NULL AS nothing,
	amend('{2026-01-01: 1}', 'empty', 5) AS empty,
	amend('{2026-01-01: 1}', '[2025-01-01,)', NULL) AS all_gone,
		amend('{2026-01-01: 100000000000000000, 2026-01-02: 1}', '[2026-01-01,2026-01-02)',
		0.01) AS makes_room;
SELECT tiering.clip('{2026-01-01: 1}', '(,)') AS everything,
	tiering.clip('{2026-01-01: 1}', 'empty') AS nothing,
	tiering.clip('{2026-01-01: 1}', '[2026-01-05,)') AS tail, tiering.clip(NULL, '(,)')
	IS NULL AS null;
-- a correction of all days before one, and of none
SELECT amend('{2026-01-01: 1, 2026-03-01: 2}', '(,2026-02-01)', 3) AS before,
	amend('{2026-01-01: 1, 2026-03-01: 2}', '(,2026-02-01)', NULL) = tiering.clip(
		'{2026-01-01: 1, 2026-03-01: 2}', '[2026-02-01,)') AS none_before,
	amend('{2026-01-01: 1}', '(,)', 3) AS all_days,
	amend('{2026-01-01: 1}', '(,4714-11-24 BC)', 3) AS no_day;
SELECT - '{2026-01-01: 1.50, 2026-02-01: none}'::daily_series AS minus,
	'{2026-01-01: 1.50}'::daily_series * 0 AS zero,
	'{2026-01-01: 1.50}'::daily_series * 0.30 AS weight,
	'{2026-01-01: 99999999999999999.9}'::daily_series + '{2026-01-01: 0.1}' AS carries,
	'{2026-01-01: 0.000000001}'::daily_series * 1000000000.000000000 AS shrinks;
SELECT t.fails('SELECT ' || call) FROM unnest(ARRAY[
	$$append('{2026-01-01: 1, 2026-02-01: 2}', '2026-01-31', 3)$$,
	$$append('{2026-01-01: 1, 2026-02-01: none}', '2026-01-31', 3)$$, $$append('{}', NULL, 3)$$,
	$$append(NULL, NULL, 3)$$, $$append('{}', 'infinity', 3)$$,
	$$append('{}', '2026-01-01', 'NaN')$$,
	$$append('{2026-01-01: 1}', '2026-01-02', 1e18)$$,
	$$append('{2026-01-01: 100000000000000000}', '2026-01-02', 0.01)$$, $$amend('{}', NULL, 3)$$,
	$$tiering.clip('{}', NULL)$$,
	$$_tiering.daily_series_add('{2026-01-01: 999999999999999999}', '{2026-01-01: 1}')$$,
	$$_tiering.daily_series_add('{2026-01-01: 999999999999999999}', '{2026-01-01: 0.5}')$$,
	$$_tiering.daily_series_times('{2026-01-01: 999999999999999999}', 1.1)$$,
	$$_tiering.daily_series_times('{2026-01-01: 0.000000001}', 0.0000000001)$$,
	$$_tiering.daily_series_times('{2026-01-01: 5.25}', 1 / 3.0)$$,
	$$_tiering.daily_series_times('{2026-01-01: 5.25}', round(1 / 3.0, 18))$$,
	$$_tiering.daily_series_times('{2026-01-01: 5.25}', round(1 / 3.0, 12))$$,
	$$_tiering.daily_series_times('{2026-01-01: 1}', 'Infinity'::numeric)$$,
	$$_tiering.daily_series_times('{2026-01-01: 0.999999999999999999}', 0.999999999999999999)$$
	]) call;
