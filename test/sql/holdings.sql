-- near_upgrade's balance_to_hold, by a series bound to the scheme: that balance,
-- held on each day that is left, brings the average to the bound; a cent less not.
CREATE SCHEMA hold;
GRANT USAGE ON SCHEMA hold, t TO PUBLIC;
CREATE TABLE hold.change AS
SELECT 'h' || c AS customer_id,
	'2026-01-01'::date + floor(t.random(c * 1000 + k) * 320)::int AS changed_on,
	round(t.random(c * 1000 + k + 500) ^ 3 * 40000 - 500, 2) AS balance
FROM generate_series(1, 400) c, generate_series(1, 12) k;
DELETE FROM hold.change a USING hold.change b
	WHERE (a.customer_id, a.changed_on) = (b.customer_id, b.changed_on) AND a.balance < b.balance;
-- the oracle: each day's balance, and what the days of November until the 13th add up to; 17 are
-- left
CREATE TABLE hold.november AS
SELECT customer_id, sum(COALESCE((SELECT c.balance FROM hold.change c
	WHERE c.customer_id = o.customer_id AND c.changed_on <= d::date ORDER BY c.changed_on DESC
	LIMIT 1), 0)) AS so_far
FROM (SELECT DISTINCT customer_id FROM hold.change) o,
	generate_series('2026-11-01'::date, '2026-11-13', '1 day') d GROUP BY customer_id;
CREATE TABLE hold.history AS
SELECT customer_id, tiering.daily_series_changes(balance, changed_on) AS series FROM hold.change
	GROUP BY customer_id
UNION ALL SELECT 'even', '{2026-11-01: 2000.00}';
-- the bound of 5000 is left out, those of 1000 and 20000 are taken in
SELECT tiering.create_ladder('hold', 'average', '{a,b,c,d}', '{NULL,1000,5000,20000}');
UPDATE tiering.rule SET bounds = '(5000,)' WHERE scheme = 'hold' AND tier = 'c';
SELECT tiering.publish('hold', '2026-01-01'),
	tiering.set_source('hold',
	'SELECT customer_id, tiering.daily_avg(series, tiering.month_to_date($1)) AS average FROM '
	'hold.history UNION ALL SELECT ''none'', 2000');
SET client_min_messages = warning;
SELECT customers FROM tiering.refresh('hold', '2026-11-13');
RESET client_min_messages;
SELECT count(*) > 100 AS many, count(balance_to_hold) AS told, count(hold_until) AS dated
	FROM tiering.near_upgrade WHERE scheme = 'hold';
SELECT tiering.set_series('hold',
	'SELECT customer_id, series AS balances, tiering.month($1) AS period FROM hold.history -- '
	'running months;');
SELECT n.bound, count(*) > 30 AS many, count(*)
	FILTER (WHERE NOT CASE WHEN n.bound = 5000 THEN a.with > n.bound AND a.less <= n.bound
	ELSE a.with >= n.bound AND a.less < n.bound END) AS wrong,
	count(*) FILTER (WHERE hold_until IS DISTINCT FROM '2026-11-30' OR scale(balance_to_hold)
		IS DISTINCT FROM 2) AS odd
FROM tiering.near_upgrade n JOIN hold.november USING (customer_id),
	LATERAL (SELECT (so_far + 17 * balance_to_hold) / 30 AS with,
	(so_far + 17 * (balance_to_hold - 0.01)) / 30 AS less) a
WHERE n.scheme = 'hold' GROUP BY n.bound ORDER BY n.bound;
-- in full, and one of whom there is no series
SELECT customer_id, next_tier, bound, balance_to_hold, hold_until,
	round((13 * 2000 + 17 * balance_to_hold) / 30, 4) AS average FROM tiering.near_upgrade
	WHERE scheme = 'hold' AND customer_id IN ('even', 'none') ORDER BY 1;
-- by the end of a month the next one is asked about, and the running one has no day left
SET client_min_messages = warning;
SELECT customers FROM tiering.refresh('hold', '2026-11-30', ahead => true);
RESET client_min_messages;
SELECT count(*) > 100 AS many, count(balance_to_hold) AS told, count(hold_until) AS dated
	FROM tiering.near_upgrade WHERE scheme = 'hold';
SELECT tiering.set_series('hold',
	'SELECT customer_id, series AS balances, tiering.month($1 + 1) AS period FROM hold.history');
SELECT DISTINCT balance_to_hold, bound, hold_until FROM tiering.near_upgrade WHERE scheme = 'hold'
	ORDER BY bound;
SELECT count(*) AS bindings, bool_and(set_by = current_user::regrole) AS mine
	FROM tiering.series_source WHERE scheme = 'hold';

-- The query runs once for a statement, whatever is joined, and for no others than
-- the schemes and the columns that are looked at. Its types are checked, its rows, too.
CREATE FUNCTION hold.run(scheme text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'series of % run by %', scheme,
		CASE WHEN current_user = session_user THEN 'the tester' ELSE current_user END;
	RETURN true;
END;
$$;
SELECT tiering.copy_scheme('hold', 'hold2'), tiering.publish('hold2', '2026-01-01'),
	tiering.set_source('hold2',
	'SELECT customer_id, tiering.daily_avg(series, tiering.month_to_date($1)) AS average FROM '
	'hold.history UNION ALL SELECT ''none'', 2000');
SET client_min_messages = warning;
SELECT customers FROM tiering.refresh('hold2', '2026-11-20');
RESET client_min_messages;
SELECT tiering.set_series(s,
	format('SELECT customer_id, series AS balances, tiering.quarter($1 + 1) AS period FROM (SELECT '
	'hold.run(%L) OFFSET 0) r(run), hold.history WHERE run', s))
	FROM unnest('{hold,hold2}'::text[]) s;
SELECT count(n.balance_to_hold) > 100 AS many, count(DISTINCT n.hold_until) AS days
	FROM hold.change c JOIN tiering.near_upgrade n USING (customer_id);
SELECT count(n.balance_to_hold) > 100 AS many, max(n.hold_until) AS hold_until
	FROM tiering.near_upgrade n WHERE scheme = 'hold2';
SELECT count(*) > 100 AS many, max(distance) > 0 AS distant FROM tiering.near_upgrade n
	WHERE scheme = 'hold';
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT count(n.balance_to_hold) > 100 AS many FROM tiering.near_upgrade n
	JOIN tiering.near_upgrade o USING (scheme, customer_id) WHERE scheme = 'hold';
RESET enable_hashjoin;
RESET enable_mergejoin;
-- the rows of one that fails are not to be had, those of others are
-- whose series runs first is the planner's choice
CREATE FUNCTION hold.asked(query text) RETURNS text LANGUAGE plpgsql
SET client_min_messages = warning AS $$
BEGIN
	PERFORM tiering.set_series('hold', query);
	RETURN t.fails('SELECT sum(balance_to_hold) FROM tiering.near_upgrade');
END;
$$;
SELECT hold.asked(format('SELECT customer_id, series AS balances, %s AS period FROM hold.history',
	p)) FROM unnest(ARRAY['NULL::daterange', '''empty''::daterange', '''[2026-01-01,)''::daterange',
	'tiering.month($1 + 1 / ($1 - $1))']) p;
SELECT hold.asked(format('SELECT %s AS customer_id, series AS balances, tiering.month($1) AS '
	'period FROM hold.history', c)) FROM unnest(ARRAY['NULL', '''twice''']) c;
SELECT count(balance_to_hold) > 100 AS others FROM tiering.near_upgrade WHERE scheme = 'hold2';
SELECT count(distance) > 100 AS distances FROM tiering.near_upgrade;
CREATE TABLE hold.gone AS TABLE hold.history;
SELECT tiering.set_series('hold',
	'SELECT customer_id, series AS balances, tiering.month($1) AS period FROM hold.gone');
DROP TABLE hold.gone;
DO $$
DECLARE
	context text;
BEGIN
	PERFORM sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'hold';
EXCEPTION WHEN undefined_table THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RAISE NOTICE '%: %', SQLERRM, (regexp_match(context, 'series of scheme "[^"]*"'))[1];
END;
$$;
-- who has no series is told nothing
SELECT tiering.set_series('hold',
	'SELECT customer_id, CASE WHEN false THEN series END AS balances, NULL::daterange AS period '
	'FROM hold.history');
SELECT count(*) > 100 AS many, count(balance_to_hold) AS told FROM tiering.near_upgrade
	WHERE scheme = 'hold';
CREATE TEMP TABLE hold_temp AS SELECT customer_id, series AS balances,
	tiering.month('2026-11-30') AS period FROM hold.history;
SELECT t.fails(format('SELECT tiering.set_series(%L, %L)', scheme, query)) FROM (VALUES
	('none', 'SELECT 1'), ('hold', ''), ('hold', ' ; '), ('hold', 'SELECT 1 AS customer_id'),
	('hold', 'SELECT 1 AS customer_id, 1 AS balances, tiering.month($1) AS period'),
	('hold', 'SELECT customer_id, series AS balances, $1 AS period FROM hold.history'),
	('hold', 'SELECT * FROM history'), ('hold', 'SELECT 1; SELECT 2'),
	('hold', 'DELETE FROM hold.history'),
	('hold', 'SELECT pg_temp.f()')) v(scheme, query);
SELECT t.fails($$SELECT tiering.set_series('hold', 'SELECT * FROM hold_temp')$$);
SELECT t.fails($$SELECT tiering.set_series(NULL, 'SELECT 1')$$);

-- Who reads the view needs no other right, and has none: the query runs as who set it.
CREATE ROLE tiering_hold_reader;
CREATE ROLE tiering_hold_setter;
GRANT SELECT ON tiering.near_upgrade TO tiering_hold_reader;
SELECT tiering.grant_role('tiering_hold_setter', 'bind');
GRANT SELECT ON hold.history TO tiering_hold_setter;
SET ROLE tiering_hold_setter;
SELECT tiering.set_series('hold',
	'SELECT customer_id, series AS balances, tiering.month($1 + 1) AS period FROM (SELECT '
	'hold.run(''hold'') OFFSET 0) r(run), hold.history WHERE run');
SELECT t.fails('SELECT * FROM tiering.near_upgrade');
SELECT t.fails('SELECT key FROM tiering.series_source');
RESET ROLE;
SET ROLE tiering_hold_reader;
SELECT count(balance_to_hold) > 100 AS many FROM tiering.near_upgrade WHERE scheme = 'hold';
SELECT t.fails('SELECT * FROM hold.history');
SELECT t.fails('SELECT key FROM tiering.series_source');
SELECT t.fails($$SELECT _tiering.balance_to_hold(gen_random_uuid(), '2026-11-30', '0001', 1,
	false)$$);
SELECT t.fails($$SELECT tiering.set_series('hold', NULL)$$);
RESET ROLE;
-- not with more, neither when a superuser reads, nor by claiming another's
SELECT count(balance_to_hold) > 100 AS many, current_user = session_user AS back
	FROM tiering.near_upgrade WHERE scheme = 'hold';
REVOKE SELECT ON hold.history FROM tiering_hold_setter;
SELECT t.fails($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'hold'$$);
SELECT current_user = session_user AS back,
	current_setting('search_path') = '"$user", public' AS path_back;
CREATE FUNCTION hold.escape() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', 'none', false);
	RETURN true;
END;
$$;
CREATE FUNCTION hold.leave() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMP TABLE left_behind ();
	RETURN true;
END;
$$;
SET ROLE tiering_hold_setter;
SELECT tiering.set_series('hold',
	'SELECT 1 AS customer_id, ''{}''::tiering.daily_series AS balances, tiering.month($1) AS '
	'period WHERE hold.escape()');
RESET ROLE;
SELECT t.fails($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'hold'$$);
SET ROLE tiering_hold_setter;
SELECT tiering.set_series('hold',
	'SELECT 1 AS customer_id, ''{}''::tiering.daily_series AS balances, tiering.month($1) AS '
	'period WHERE hold.leave()');
SELECT t.fails($$UPDATE tiering.series_source SET set_by = 'tiering_hold_reader'
	WHERE scheme = 'hold'$$);
RESET ROLE;
SELECT t.fails($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'hold'$$);
-- the role is gone; then the binding
SELECT tiering.revoke_role('tiering_hold_setter', 'bind');
DROP ROLE tiering_hold_setter;
SELECT t.fails($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'hold'$$);
SELECT tiering.set_series('hold', NULL), tiering.set_series('hold2', NULL);
SELECT count(*) > 100 AS many, count(balance_to_hold) AS told FROM tiering.near_upgrade
	WHERE scheme = 'hold';
REVOKE SELECT ON tiering.near_upgrade FROM tiering_hold_reader;
DROP ROLE tiering_hold_reader;
