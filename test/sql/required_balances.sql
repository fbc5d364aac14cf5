-- near_upgrade's balance_to_hold, by a series bound to the scheme: that balance,
-- there on each day that is left, brings the average to the bound; a cent less not.
CREATE SCHEMA need;
GRANT USAGE ON SCHEMA need, t TO PUBLIC;
CREATE TABLE need.change AS
SELECT 'h' || c AS customer_id,
	'2026-01-01'::date + floor(t.random(c * 1000 + k) * 320)::int AS changed_on,
	round(t.random(c * 1000 + k + 500) ^ 3 * 40000 - 500, 2) AS balance
FROM generate_series(1, 400) c, generate_series(1, 12) k;
DELETE FROM need.change a USING need.change b
	WHERE (a.customer_id, a.changed_on) = (b.customer_id, b.changed_on) AND a.balance < b.balance;
-- the oracle: each day's balance, and what the days of November until the 13th add up to; 17 are
-- left
CREATE TABLE need.november AS
SELECT customer_id, sum(COALESCE((SELECT c.balance FROM need.change c
	WHERE c.customer_id = o.customer_id AND c.changed_on <= d::date ORDER BY c.changed_on DESC
	LIMIT 1), 0)) AS so_far
FROM (SELECT DISTINCT customer_id FROM need.change) o,
	generate_series('2026-11-01'::date, '2026-11-13', '1 day') d GROUP BY customer_id;
CREATE TABLE need.history AS
SELECT customer_id, tiering.daily_series_changes(balance, changed_on) AS series FROM need.change
	GROUP BY customer_id
UNION ALL SELECT 'even', '{2026-11-01: 2000.00}';
-- the bound of 5000 is left out, those of 1000 and 20000 are taken in
SELECT tiering.create_ladder('need', 'average', '{a,b,c,d}', '{NULL,1000,5000,20000}');
UPDATE tiering.rule SET bounds = '(5000,)' WHERE scheme = 'need' AND tier = 'c';
SELECT tiering.publish('need', '2026-01-01'),
	tiering.set_source('need',
	'SELECT customer_id, tiering.daily_avg(series, tiering.month_to_date($1)) AS average FROM '
	'need.history UNION ALL SELECT ''none'', 2000');
SET client_min_messages = warning;
SELECT customers FROM tiering.refresh('need', '2026-11-13');
RESET client_min_messages;
SELECT count(*) > 100 AS many, count(balance_to_hold) AS told, count(hold_until) AS dated
	FROM tiering.near_upgrade WHERE scheme = 'need';
SELECT tiering.set_series('need',
	'SELECT customer_id, series AS balances, tiering.month($1) AS period FROM need.history -- '
	'running months;');
SELECT n.bound, count(*) > 30 AS many, count(*)
	FILTER (WHERE NOT CASE WHEN n.bound = 5000 THEN a.with > n.bound AND a.less <= n.bound
	ELSE a.with >= n.bound AND a.less < n.bound END) AS wrong,
	count(*) FILTER (WHERE hold_until IS DISTINCT FROM '2026-11-30' OR scale(balance_to_hold)
		IS DISTINCT FROM 2) AS odd
FROM tiering.near_upgrade n JOIN need.november USING (customer_id),
	LATERAL (SELECT (so_far + 17 * balance_to_hold) / 30 AS with,
	(so_far + 17 * (balance_to_hold - 0.01)) / 30 AS less) a
WHERE n.scheme = 'need' GROUP BY n.bound ORDER BY n.bound;
-- in full, and one of whom there is no series
SELECT customer_id, next_tier, bound, balance_to_hold, hold_until,
	round((13 * 2000 + 17 * balance_to_hold) / 30, 4) AS average FROM tiering.near_upgrade
	WHERE scheme = 'need' AND customer_id IN ('even', 'none') ORDER BY 1;
-- by the end of a month the next one is asked about, and the running one has no day left
SET client_min_messages = warning;
SELECT customers FROM tiering.refresh('need', '2026-11-30', ahead => true);
RESET client_min_messages;
SELECT count(*) > 100 AS many, count(balance_to_hold) AS told, count(hold_until) AS dated
	FROM tiering.near_upgrade WHERE scheme = 'need';
SELECT tiering.set_series('need',
	'SELECT customer_id, series AS balances, tiering.month($1 + 1) AS period FROM need.history');
SELECT DISTINCT balance_to_hold, bound, hold_until FROM tiering.near_upgrade WHERE scheme = 'need'
	ORDER BY bound;
SELECT count(*) AS bindings, bool_and(set_by = current_user::regrole) AS mine
	FROM tiering.series_source WHERE scheme = 'need';

-- The query runs once for a statement, whatever is joined, and for no others than
-- the schemes and the columns that are looked at. Its types are checked, its rows, too.
CREATE FUNCTION need.run(scheme text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'series of % run by %', scheme,
		CASE WHEN current_user = session_user THEN 'the tester' ELSE current_user END;
	RETURN true;
END;
$$;
SELECT tiering.copy_scheme('need', 'need2'), tiering.publish('need2', '2026-01-01'),
	tiering.set_source('need2',
	'SELECT customer_id, tiering.daily_avg(series, tiering.month_to_date($1)) AS average FROM '
	'need.history UNION ALL SELECT ''none'', 2000');
SET client_min_messages = warning;
SELECT customers FROM tiering.refresh('need2', '2026-11-20');
RESET client_min_messages;
SELECT tiering.set_series(s,
	format('SELECT customer_id, series AS balances, tiering.quarter($1 + 1) AS period FROM (SELECT '
	'need.run(%L) OFFSET 0) r(run), need.history WHERE run', s))
	FROM unnest('{need,need2}'::text[]) s;
SELECT count(n.balance_to_hold) > 100 AS many, count(DISTINCT n.hold_until) AS days
	FROM need.change c JOIN tiering.near_upgrade n USING (customer_id) WHERE n.scheme = 'need';
SELECT count(n.balance_to_hold) > 100 AS many, max(n.hold_until) AS hold_until
	FROM tiering.near_upgrade n WHERE scheme = 'need2';
SELECT count(*) > 100 AS many, max(distance) > 0 AS distant FROM tiering.near_upgrade n
	WHERE scheme = 'need';
-- once also if the view is read again for each customer
SELECT count(n.balance_to_hold) > 10 AS many
FROM (SELECT a.customer_id FROM tiering.assignment a WHERE a.scheme = 'need' ORDER BY 1 LIMIT 40) c
	CROSS JOIN LATERAL (SELECT u.balance_to_hold FROM tiering.near_upgrade u
		WHERE u.scheme = 'need' AND u.customer_id = c.customer_id OFFSET 0) n;
-- the rows of one that fails are not to be had, those of others are
CREATE FUNCTION need.asked(query text) RETURNS text LANGUAGE plpgsql
SET client_min_messages = warning AS $$
BEGIN
	PERFORM tiering.set_series('need', query);
	RETURN t.fails($q$SELECT sum(balance_to_hold) FROM tiering.near_upgrade
		WHERE scheme = 'need'$q$);
END;
$$;
SELECT need.asked(format('SELECT customer_id, series AS balances, %s AS period FROM need.history',
	p)) FROM unnest(ARRAY['CASE WHEN customer_id <> ''even'' THEN tiering.month($1) END',
	'CASE WHEN customer_id <> ''even'' THEN tiering.month($1) ELSE ''empty'' END',
	'CASE WHEN customer_id <> ''even'' THEN tiering.month($1) ELSE ''[2026-01-01,)'' END',
	'tiering.month($1 + 1 / ($1 - $1))']) p;
-- projected_tier and customer_status say the same, and who it is to those who may read that. Who
-- has no series is in none, and a null in balances is as much.
BEGIN;
CREATE ROLE t_need_reader;
SELECT tiering.grant_role('t_need_reader', 'report', 'need');
CREATE FUNCTION need.told(period text, number text DEFAULT 'customer_id',
	series text DEFAULT 'series') RETURNS TABLE (by name, told text) LANGUAGE plpgsql
SET client_min_messages = warning AS $$
BEGIN
	PERFORM tiering.set_series('need', format('SELECT %s AS customer_id, %s AS balances,
		%s AS period FROM need.history WHERE customer_id IN (''even'', ''h1'')', number, series,
		period));
	RETURN QUERY SELECT CURRENT_USER, t.fails(q) FROM unnest(ARRAY[
		'SELECT FROM tiering.projected_tier WHERE scheme = ''need''',
		'SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = ''need''',
		'SELECT FROM tiering.customer_status(''need'', ''h1'')',
		'SELECT FROM tiering.customer_status(''need'', ''even'')']) q;
	SET ROLE t_need_reader;
	RETURN QUERY SELECT CURRENT_USER,
		t.fails('SELECT FROM tiering.customer_status(''need'', ''even'')');
	RESET ROLE;
END;
$$;
SELECT told, count(*), count(*) FILTER (WHERE by = 't_need_reader') AS reader FROM need.told(
	'CASE WHEN customer_id <> ''even'' THEN tiering.month($1 + 1) END') GROUP BY told ORDER BY told;
SELECT p.n, told, count(*), count(*) FILTER (WHERE by = 't_need_reader') AS reader
FROM unnest('{empty,"[2026-01-01,)","(,2026-01-01)","[2026-01-01,infinity)"}'::text[])
		WITH ORDINALITY p(period, n),
	need.told(format('CASE WHEN customer_id <> ''even'' THEN tiering.month($1 + 1) ELSE %L END',
		p.period)) GROUP BY p.n, told ORDER BY p.n, told;
SELECT told, count(*), count(*) FILTER (WHERE by = 't_need_reader') AS reader FROM need.told(
	'tiering.month($1 + 1)', 'CASE WHEN customer_id <> ''even'' THEN customer_id END')
GROUP BY told ORDER BY told;
SELECT told, count(*), count(*) FILTER (WHERE by = 't_need_reader') AS reader FROM need.told(
	'NULL::daterange', series => 'NULL::tiering.daily_series') GROUP BY told ORDER BY told;
ROLLBACK;
SELECT need.asked(format('SELECT %s AS customer_id, series AS balances, tiering.month($1) AS '
	'period FROM need.history', c)) FROM unnest(ARRAY['NULL', '''twice''']) c;
SELECT count(balance_to_hold) > 100 AS others FROM tiering.near_upgrade WHERE scheme = 'need2';
SELECT count(distance) > 100 AS distances FROM tiering.near_upgrade WHERE scheme ~ '^need';
CREATE TABLE need.gone AS TABLE need.history;
SELECT tiering.set_series('need',
	'SELECT customer_id, series AS balances, tiering.month($1) AS period FROM need.gone');
DROP TABLE need.gone;
DO $$
DECLARE
	context text;
BEGIN
	PERFORM sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'need';
EXCEPTION WHEN undefined_table THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RAISE NOTICE '%: %', SQLERRM, (regexp_match(context, 'series of scheme "[^"]*"'))[1];
END;
$$;
-- who has no series is told nothing
SELECT tiering.set_series('need',
	'SELECT customer_id, CASE WHEN false THEN series END AS balances, NULL::daterange AS period '
	'FROM need.history');
SELECT count(*) > 100 AS many, count(balance_to_hold) AS told FROM tiering.near_upgrade
	WHERE scheme = 'need';
CREATE TEMP TABLE need_temp AS SELECT customer_id, series AS balances,
	tiering.month('2026-11-30') AS period FROM need.history;
SELECT t.fails(format('SELECT tiering.set_series(%L, %L)', scheme, query)) FROM (VALUES
	('none', 'SELECT 1'), ('need', ''), ('need', ' ; '), ('need', 'SELECT 1 AS customer_id'),
	('need', 'SELECT 1 AS customer_id, 1 AS balances, tiering.month($1) AS period'),
	('need', 'SELECT customer_id, series AS balances, $1 AS period FROM need.history'),
	('need', 'SELECT * FROM history'), ('need', 'SELECT 1; SELECT 2'),
	('need', 'DELETE FROM need.history'),
	('need', 'SELECT pg_temp.f()')) v(scheme, query);
SELECT t.fails($$SELECT tiering.set_series('need', 'SELECT * FROM need_temp')$$);
SELECT t.fails($$SELECT tiering.set_series(NULL, 'SELECT 1')$$);

-- Who reads the view needs no other right, and has none: the query runs as who set it.
CREATE ROLE tiering_need_reader;
CREATE ROLE tiering_need_setter;
GRANT SELECT ON tiering.near_upgrade TO tiering_need_reader;
SELECT tiering.grant_role('tiering_need_setter', 'bind');
GRANT SELECT ON need.history TO tiering_need_setter;
SET ROLE tiering_need_setter;
SELECT tiering.set_series('need',
	'SELECT customer_id, series AS balances, tiering.month($1 + 1) AS period FROM (SELECT '
	'need.run(''need'') OFFSET 0) r(run), need.history WHERE run');
SELECT t.fails('SELECT * FROM tiering.near_upgrade');
SELECT t.fails('SELECT key FROM tiering.series_source');
RESET ROLE;
SET ROLE tiering_need_reader;
SELECT count(balance_to_hold) > 100 AS many FROM tiering.near_upgrade WHERE scheme = 'need';
SELECT t.fails('SELECT * FROM need.history');
SELECT t.fails('SELECT key FROM tiering.series_source');
SELECT t.fails($$SELECT _tiering.balance_to_hold(gen_random_uuid(), '2026-11-30', '0001', 1,
	false, 10)$$);
SELECT t.fails($$SELECT tiering.set_series('need', NULL)$$);
RESET ROLE;
-- not with more, neither when a superuser reads, nor by claiming another's
SELECT count(balance_to_hold) > 100 AS many, current_user = session_user AS back
	FROM tiering.near_upgrade WHERE scheme = 'need';
REVOKE SELECT ON need.history FROM tiering_need_setter;
SELECT t.fails($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'need'$$);
SELECT current_user = session_user AS back,
	current_setting('search_path') = '"$user", public' AS path_back;
CREATE FUNCTION need.escape() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', 'none', false);
	RETURN true;
END;
$$;
CREATE FUNCTION need.leave() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMP TABLE left_behind ();
	RETURN true;
END;
$$;
SET ROLE tiering_need_setter;
SELECT tiering.set_series('need',
	'SELECT 1 AS customer_id, ''{}''::tiering.daily_series AS balances, tiering.month($1) AS '
	'period WHERE need.escape()');
RESET ROLE;
SELECT t.fails($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'need'$$);
SET ROLE tiering_need_setter;
SELECT tiering.set_series('need',
	'SELECT 1 AS customer_id, ''{}''::tiering.daily_series AS balances, tiering.month($1) AS '
	'period WHERE need.leave()');
SELECT t.fails($$UPDATE tiering.series_source SET set_by = 'tiering_need_reader'
	WHERE scheme = 'need'$$);
RESET ROLE;
SELECT t.fails($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'need'$$);
-- the role is gone; then the binding
SELECT tiering.revoke_role('tiering_need_setter', 'bind');
DROP ROLE tiering_need_setter;
SELECT t.fails($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'need'$$);
SELECT tiering.set_series('need', NULL), tiering.set_series('need2', NULL);
SELECT count(*) > 100 AS many, count(balance_to_hold) AS told FROM tiering.near_upgrade
	WHERE scheme = 'need';
REVOKE SELECT ON tiering.near_upgrade FROM tiering_need_reader;
DROP ROLE tiering_need_reader;
