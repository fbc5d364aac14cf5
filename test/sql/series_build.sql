-- The aggregates that make a daily_series of rows, against those that average
-- the rows themselves: five shapes, serial and in parallel, in random order.
SET search_path = public, tiering;

-- each shape, small enough to be read
CREATE TABLE t.piece (balance numeric, valid_from date, valid_to date);
INSERT INTO t.piece VALUES (1.5, '2026-01-01', '2026-02-01'), (2.25, '2026-02-01', NULL),
	(3, '2026-03-01', '2026-03-05'), (NULL, NULL, NULL);
SELECT daily_series(balance, valid_from, valid_to) AS dates,
	daily_series(balance, daterange(valid_from, valid_to)) FILTER (WHERE balance > 0) AS ranges
	FROM t.piece;
SELECT daily_series_snapshots(balance, valid_from) AS snapshots,
	daily_series_flows(balance, valid_from) AS flows,
	daily_series_changes(balance, valid_from) AS changes FROM t.piece;
-- gaps have no value, touching pieces are one, what overlaps adds up and may add up to 0
SELECT daily_series(b, d, e)
	FROM (VALUES (1, '2026-01-01'::date, '2026-01-05'::date), (1, '2026-01-05', '2026-01-08'),
	(1, '2026-01-10', '2026-01-12'),
	(-1, '2026-01-11', '2026-01-20'), (5, '2026-01-15', '2026-01-15')) v(b, d, e);
-- several on one day; an amount and its reversal leave a balance of 0, not none
SELECT daily_series_snapshots(b, d), daily_series_flows(b, d)
	FROM (VALUES (1, '2026-01-01'::date), (2.50, '2026-01-01'), (-3.5, '2026-01-02')) v(b, d);
-- the same balance twice on a day is one change
SELECT daily_series_changes(b, d)
	FROM (VALUES (1, '2026-01-03'::date), (2.50, '2026-01-01'), (1.00, '2026-01-03')) v(b, d);
-- no rows and only nulls give null; rows without a day give the empty series
SELECT daily_series(balance, valid_from, valid_to) IS NULL AS none,
	daily_series(NULL, NULL::daterange) IS NULL AS nulls FROM t.piece WHERE false;
SELECT daily_series(NULL, NULL, NULL) IS NULL AS dates, daily_series(NULL, NULL::daterange)
	IS NULL AS ranges, daily_series_snapshots(NULL, NULL) IS NULL AS snapshots,
	daily_series_flows(NULL, NULL) IS NULL AS flows, daily_series_changes(NULL, NULL)
		IS NULL AS changes, sum(NULL::daily_series) IS NULL AS sum;
SELECT daily_series(1, 'empty'::daterange) AS empty,
	daily_series(1, '2026-01-01', '2026-01-01') AS no_days,
	daily_series(1, 'infinity', NULL) AS infinite,
	daily_series_snapshots(1, 'infinity') AS snapshot,
		daily_series_snapshots(1, '-infinity') AS early, daily_series_flows(1, 'infinity') AS flow,
		daily_series_changes(1, 'infinity') AS change;
-- up to the last day that there is
SELECT daily_series(1, '5874897-12-30', '5874897-12-31') AS dates,
	daily_series_snapshots(1, '5874897-12-31') AS snapshots,
	daily_series(1, '2026-01-01', 'infinity') AS infinite,
	daily_series(1, '[4714-11-24 BC,5874897-12-31)'::daterange) AS all_days;
-- what has no first day has stood since always, in averages and in series
SELECT daily_series(100, NULL, '2026-09-16') AS dates,
	daily_series(100, '-infinity', '2026-09-16') = ALL (ARRAY[
		daily_series(100, NULL, '2026-09-16'), daily_series(100, '(,2026-09-16)'::daterange),
		daily_series(100, '[-infinity,2026-09-16)'::daterange)]) AS all_the_same,
	daily_series(100, NULL, NULL) = ALL (ARRAY[daily_series(100, '(,)'::daterange),
		daily_series_flows(100, '-infinity'), daily_series_changes(100, '-infinity'),
		daily_series_changes(1, 100, '-infinity')]) AS for_ever;
SELECT first_day(s), last_change(s), value_on(s, '-infinity'), value_on(s, '1999-01-01'),
	(SELECT string_agg(concat_ws(' ', valid, value), ', ') FROM segments(s)) AS segments,
	(SELECT last_change(daily_series(1, NULL, NULL)) AS never),
	s::text::daily_series = s AND s::bytea::daily_series = s AND s::jsonb::daily_series = s AS kept
FROM (SELECT '{4714-11-24 BC: 100, 2026-09-16: none}'::daily_series AS s) q;
SELECT bool_and(daily_avg(s, p)::text = rows::text) AS same_digits,
	bool_and(daily_avg(f, p)::text = flows::text) AS same_flows,
	bool_and(daily_avg(c, p)::text = changes::text) AS same_changes
FROM (SELECT p, daily_series(b, "from", "to") AS s, daily_avg(b, "from", "to", p) AS rows,
		daily_series_flows(b, "from") FILTER (WHERE "from" IS NOT NULL) AS f,
		daily_avg_flows(b, "from", p) FILTER (WHERE "from" IS NOT NULL) AS flows,
		daily_series_changes(a, b, "from") FILTER (WHERE "from" IS NOT NULL) AS c,
		daily_avg_changes(a, b, "from", p) FILTER (WHERE "from" IS NOT NULL) AS changes
	FROM (VALUES (1, 100.5, NULL::date, '2026-09-16'::date), (2, 7, '2026-09-10', NULL),
			(3, 1.25, '-infinity', 'infinity'), (1, 3, '2026-09-20', '2026-09-25'))
			v (a, b, "from", "to"),
		unnest(ARRAY[tiering.month('2026-09-01'), tiering.year('1999-01-01'),
			'[4714-11-24 BC,2026-10-01)'::daterange]) p
	GROUP BY p) q;
-- the scale is that of the balance with the most decimals, whether it counts or not
SELECT daily_series(b, '2026-01-01', d)
	FROM (VALUES (1.5, '2026-01-05'::date), (2.50000, '2026-01-01'), (3, '2026-01-03')) v(b, d);

-- errors: those of the averages, and what a series cannot store
SELECT t.fails(format('SELECT tiering.%s', replace(call, '?', value)))
FROM unnest(ARRAY[
	$$daily_series(?, '2023-01-01', '2023-02-01')$$,
	$$daily_series(?, '[2023-01-01,2023-02-01)'::daterange)$$,
	$$daily_series_snapshots(?, '2023-01-01')$$, $$daily_series_flows(?, '2023-01-01')$$,
	$$daily_series_changes(?, '2023-01-01')$$]) call,
	unnest('{''NaN'',''-Infinity'',1e18,1.00000000000000000000000000000000}'::text[]) value;
SELECT t.fails('SELECT tiering.' || call)
FROM unnest(ARRAY[
	$$daily_series(1, NULL::daterange)$$, $$daily_series(1, '2023-02-01', '2023-01-01')$$,
	$$daily_series_snapshots(1, NULL)$$, $$daily_series_flows(1, NULL)$$,
	$$daily_series_changes(1, NULL)$$,
	$$daily_series_changes(b, '2023-01-05') FROM (VALUES (1), (2)) v(b)$$,
	-- totals that do not fit, and balances that do not fit one scale, in both orders
	$$daily_series(b, '2023-01-05', NULL)
	FROM (VALUES (600000000000000000), (400000000000000000)) v(b)$$,
	$$daily_series(b, '2023-01-05', NULL) FROM (VALUES (600000000000000000), (0.01)) v(b)$$,
	$$daily_series(b, '2023-01-05', NULL) FROM (VALUES (0.01), (600000000000000000)) v(b)$$,
	$$daily_series(1.5::float8, '2023-01-05', NULL)$$]) call;
-- what fits the scale that it needs is no error, whatever scale it is shown at
SELECT daily_series(b, '2023-01-05'::date + o, NULL)
	FROM (VALUES (1, 0.50000), (2, 10000000000000000.50000), (3, 0.5)) v(o, b);

-- Random histories: rows of all lengths in random order, overlaps, gaps, nulls,
-- open ends, decimals from none to six.
CREATE TABLE t.rows AS
SELECT g AS id, g % 200 AS account,
	CASE WHEN t.random(g) < 0.95
	THEN round((t.random(g + 1000000) - 0.3) * 10::numeric ^ (t.random(g + 2000000) * 9)::int,
	(t.random(g + 3000000) * 6)::int) END AS balance,
	'2023-01-01'::date + (t.random(g + 4000000) * 500)::int AS valid_from,
	'2023-01-01'::date + (t.random(g + 4000000) * 500)::int + (t.random(g + 5000000) * 90)::int AS
	valid_to
FROM generate_series(1, 4000) g;
UPDATE t.rows SET valid_to = NULL WHERE id % 11 = 0;
-- for changes, one balance a day
CREATE TABLE t.changes AS SELECT DISTINCT ON (account, valid_from) * FROM t.rows WHERE balance
	IS NOT NULL ORDER BY account, valid_from, id;
CREATE VIEW t.period AS SELECT p
	FROM unnest(ARRAY['[2022-12-01,2023-01-01)', '[2023-01-01,2023-04-01)',
	'[2023-07-14,2023-07-15)', '[2023-02-01,2025-02-01)',
	'[2024-05-01,2024-06-01)']::daterange[]) p;
ALTER TABLE t.rows SET (parallel_workers = 2);
ALTER TABLE t.changes SET (parallel_workers = 2);
ANALYZE t.rows, t.changes;

-- Digits and all: the averages and balance-days of the rows, and of a series of them
CREATE FUNCTION t.check_build(rows_avg text, rows_days text, build text, source text,
	parallel boolean)
RETURNS TABLE (built_by text, workers_ran boolean, checked bigint, wrong_avg bigint,
	wrong_days bigint)
LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT account, tiering.%s AS s FROM t.%s GROUP BY account', build,
		source);
	w record;
BEGIN
	SET LOCAL max_parallel_workers_per_gather = 0;
	EXECUTE format('CREATE TEMP TABLE expected AS SELECT account, p, tiering.%s AS avg, tiering.%s '
		'AS days FROM t.%s, t.period GROUP BY account, p', rows_avg, rows_days, source);
	IF parallel THEN
		PERFORM t.parallel();
		SET LOCAL enable_sort = off;
	END IF;
	w := t.workers('CREATE TEMP TABLE built AS ' || query);
	RETURN QUERY
	SELECT build, w.launched > 0 AND w.partial, count(*),
		count(*) FILTER (WHERE tiering.daily_avg(s, p)::text IS DISTINCT FROM avg::text), count(*)
			FILTER (WHERE tiering.balance_days(s, p)::text IS DISTINCT FROM days::text)
	FROM expected JOIN built USING (account);
	DROP TABLE expected, built;
END;
$$;
SELECT c.* FROM (VALUES
	('%s(balance, valid_from, valid_to, p)', 'daily_series(balance, valid_from, valid_to)', 'rows'),
	('%s(balance, daterange(valid_from, valid_to), p)',
	'daily_series(balance, daterange(valid_from, valid_to))', 'rows'),
	('%s_snapshots(balance, valid_from, p)', 'daily_series_snapshots(balance, valid_from)', 'rows'),
	('%s_flows(balance, valid_from, p)', 'daily_series_flows(balance, valid_from)', 'rows'),
	('%s_changes(balance, valid_from, p)', 'daily_series_changes(balance, valid_from)',
	'changes')) v(call, build, source),
	unnest('{f,t}'::boolean[]) parallel,
		t.check_build(format(call, 'daily_avg'), format(call, 'balance_days'), build, source,
		parallel) c;
-- no account is without a row
SELECT count(*) FILTER (WHERE s IS NULL) AS nulls, count(*) AS series
	FROM (SELECT daily_series(balance, valid_from, valid_to) AS s FROM t.rows GROUP BY account) x;

-- the order of the rows makes no difference, nor do the decimals of a balance elsewhere
SELECT count(*) AS accounts, count(*)
	FILTER (WHERE a::text <> b::text OR a::text <> c::text) AS wrong
FROM (SELECT account, daily_series(balance, valid_from, valid_to ORDER BY valid_from, id) AS a,
	daily_series(balance, valid_from, valid_to ORDER BY t.random(id + 7)) AS b,
		daily_series(balance, valid_from, valid_to ORDER BY balance) AS c FROM t.rows
			GROUP BY account) x;
-- as a window function it sees its frame, and leaves its state alone
SELECT valid_from, daily_series(balance, valid_from, valid_to) OVER (ORDER BY valid_from),
	daily_series_changes(balance, valid_from) OVER (ORDER BY valid_from DESC)
FROM t.piece WHERE balance IS NOT NULL ORDER BY valid_from;

-- the sum of the accounts' series is the series of all rows, serial and in parallel, and in two
-- steps
CREATE TABLE t.account_series AS SELECT account, daily_series(balance, valid_from, valid_to) AS s
	FROM t.rows GROUP BY account;
ALTER TABLE t.account_series SET (parallel_workers = 2);
ANALYZE t.account_series;
SELECT (SELECT daily_series(balance, valid_from, valid_to) FROM t.rows) = sum(s) AS same
	FROM t.account_series;
SELECT (SELECT daily_series(balance, valid_from, valid_to) FROM t.rows) = sum(part) AS same
	FROM (SELECT sum(s) AS part FROM t.account_series GROUP BY account % 7) x;
BEGIN;
SELECT t.parallel();
SELECT launched > 0 AS workers_ran, partial
	FROM t.workers('SELECT tiering.sum(s) FROM t.account_series');
SELECT (SELECT daily_series(balance, valid_from, valid_to) FROM t.rows) = sum(s) AS same
	FROM t.account_series;
ROLLBACK;

-- Partial states as bytes, as in the test of states: merged in random order, and damaged.
CREATE AGGREGATE t.series_state(numeric, date, date) (SFUNC = _tiering.daily_series_accum,
	STYPE = internal, FINALFUNC = _tiering.daily_series_serialize);
CREATE FUNCTION t.series_read(bytea) RETURNS bigint AS '$libdir/tiering', 'daily_series_deserialize'
	LANGUAGE c STRICT;
CREATE FUNCTION t.series_merge(internal, bigint) RETURNS internal AS '$libdir/tiering',
	'daily_series_combine' LANGUAGE c;
CREATE AGGREGATE t.merged_series(bigint) (SFUNC = t.series_merge, STYPE = internal,
	FINALFUNC = _tiering.daily_series_final);
SELECT count(*) AS runs, bool_and(merged::text = expected::text) AS same
FROM (SELECT daily_series(balance, valid_from, valid_to) AS expected FROM t.rows
	WHERE account < 10) e, generate_series(1, 50) run,
	LATERAL (SELECT t.merged_series(t.series_read(state)) AS merged
		FROM (SELECT hashint4(run * 100 + floor(t.random(run * 10007 + id) * 6)::int) AS part,
			t.series_state(balance, valid_from, valid_to) AS state
			FROM t.rows WHERE account < 10 GROUP BY 1 UNION ALL SELECT hashint4(run * 100 + 6),
				t.series_state(NULL, NULL, NULL) ORDER BY 1, 2) s) m;
CREATE FUNCTION t.damage_series(state bytea) RETURNS TABLE (outcome text, tries bigint)
LANGUAGE plpgsql AS $$
DECLARE
	damaged bytea;
	outcomes text[] := '{}';
BEGIN
	FOR damaged IN
		SELECT set_byte(state, i, get_byte(state, i) # x)
			FROM generate_series(0, length(state) - 1) i, unnest('{1,128,255}'::int[]) x
		UNION ALL SELECT substr(state, 1, i) FROM generate_series(0, length(state) - 1) i
		UNION ALL SELECT state || '\x00'
	LOOP
		outcomes := outcomes || t.fails(format('SELECT t.series_read(%L::bytea)', damaged));
	END LOOP;
	RETURN QUERY SELECT o, count(*) FROM unnest(outcomes) o GROUP BY o ORDER BY o;
END;
$$;
SELECT d.* FROM (SELECT t.series_state(balance, valid_from, valid_to) AS state FROM t.rows
	WHERE account = 3) s, t.damage_series(state) d;
-- a day in the year 9999 is how a warehouse says that a balance stands still
SELECT tiering.daily_series(1, '2026-01-01', d) AS dates,
	tiering.daily_series(1, daterange('2026-01-01', d)) AS ranges
FROM (VALUES ('9998-12-31'::date), ('9999-01-01'), ('9999-12-30'), ('9999-12-31'), ('infinity'),
	(NULL)) v(d) GROUP BY d ORDER BY d;
