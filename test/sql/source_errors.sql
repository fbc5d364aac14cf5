-- What an error inside a source tells: to all the message, the SQLSTATE and the scheme,
-- and all else to those only who have the rights of the role that set it. And who sets
-- one: whoever calls set_source() or set_series(), and nobody by hand.
SET client_min_messages = warning;
CREATE SCHEMA err;
CREATE TABLE err.metrics AS
SELECT i AS customer_id, i::numeric AS assets FROM generate_series(1, 9) i;
CREATE ROLE tiering_err_setter;
CREATE ROLE tiering_err_member IN ROLE tiering_err_setter;
CREATE ROLE tiering_err_grader;
GRANT USAGE ON SCHEMA err, t TO tiering_err_setter, tiering_err_grader;
GRANT SELECT ON err.metrics TO tiering_err_setter;
SELECT tiering.grant_role('tiering_err_setter', 'bind'),
	tiering.grant_role('tiering_err_grader', 'grade'),
	tiering.grant_role('tiering_err_grader', 'plan'),
	tiering.grant_role('tiering_err_member', 'grade');
GRANT SELECT ON tiering.near_upgrade TO tiering_err_grader, tiering_err_member;
SELECT tiering.create_ladder('err', 'assets', '{low,high}', '{NULL,5}'),
	tiering.publish('err', '2024-01-01'),
	tiering.set_source('err', 'SELECT customer_id, assets FROM err.metrics');
SELECT new FROM tiering.refresh('err', '2024-01-31');

-- Fails, deep down, with all that an error can carry.
CREATE FUNCTION err.fail(secret text) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	RAISE WARNING 'a warning of %', secret USING DETAIL = 'its detail';
	RAISE EXCEPTION 'told' USING ERRCODE = 'ZZ001', DETAIL = 'secret detail', HINT = 'secret hint',
		COLUMN = 'secret column', CONSTRAINT = 'secret constraint', DATATYPE = 'secret type',
		TABLE = 'secret table', SCHEMA = 'secret schema';
END;
$$;
CREATE FUNCTION err.through(secret text) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	RETURN err.fail(secret);
END;
$$;
-- All that a caller sees
CREATE FUNCTION t.told(query text) RETURNS TABLE (field text, value text) LANGUAGE plpgsql AS $$
DECLARE
	code text; message text; detail text; hint text; context text;
	col text; con text; typ text; tab text; nsp text;
BEGIN
	EXECUTE query;
	RETURN QUERY SELECT 'no error', NULL;
EXCEPTION WHEN OTHERS OR query_canceled THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT,
		col = COLUMN_NAME, con = CONSTRAINT_NAME, typ = PG_DATATYPE_NAME, tab = TABLE_NAME,
		nsp = SCHEMA_NAME;
	RETURN QUERY SELECT * FROM (VALUES ('code', code), ('message', message), ('detail', detail),
		('hint', hint), ('context', context), ('column', col), ('constraint', con), ('type', typ),
		('table', tab), ('schema', nsp)) v(f, x) WHERE x <> '';
END;
$$;
SET SESSION AUTHORIZATION tiering_err_setter;
SELECT tiering.set_source('err',
	'SELECT customer_id, err.through(''secret text'') AS assets FROM err.metrics');
SELECT tiering.set_series('err', 'SELECT customer_id, tiering.month($1 + 1) AS period,
	tiering.daily_series_snapshots(err.through(''secret text''), $1) AS balances
	FROM err.metrics GROUP BY customer_id');
RESET SESSION AUTHORIZATION;
RESET client_min_messages;
-- who may only grade, as psql shows it
SET SESSION AUTHORIZATION tiering_err_grader;
SELECT * FROM tiering.refresh('err', '2024-02-29');
SELECT * FROM tiering.simulate('err', 1, '2024-02-29');
SELECT sum(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'err';
SELECT * FROM t.told($$SELECT tiering.refresh('err', '2024-02-29')$$);
SELECT * FROM t.told($$SELECT tiering.restate('err', '2024-01-31', '{1}')$$);
-- what is wrong outside of it: where in their own functions, and not in ours
SELECT * FROM tiering.refresh('err', '2023-12-31');
SELECT * FROM t.told($$SELECT tiering.refresh('err', '2023-12-31')$$);
RESET SESSION AUTHORIZATION;
SELECT count(*) FILTER (WHERE value ~ '_tiering[.]refresh') AS all_told
FROM t.told($$SELECT tiering.refresh('err', '2023-12-31')$$);
-- who has the rights of the setter, and a superuser, is told all but what we are made of
SET SESSION AUTHORIZATION tiering_err_member;
SELECT * FROM t.told($$SELECT tiering.refresh('err', '2024-02-29')$$);
SELECT * FROM t.told($$SELECT sum(balance_to_hold) FROM tiering.near_upgrade
	WHERE scheme = 'err'$$);
RESET SESSION AUTHORIZATION;
SELECT * FROM t.told($$SELECT tiering.refresh('err', '2024-02-29')$$);
-- not by a function of the setter's that somebody else calls
SET client_min_messages = warning;
GRANT CREATE ON SCHEMA err TO tiering_err_setter;
SELECT tiering.grant_role('tiering_err_setter', 'plan');
SET SESSION AUTHORIZATION tiering_err_setter;
CREATE FUNCTION err.trial() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
	SELECT count(*) FROM tiering.simulate('err', 1, '2024-02-29')
$$;
SET SESSION AUTHORIZATION tiering_err_grader;
SELECT * FROM t.told('SELECT err.trial()');
RESET SESSION AUTHORIZATION;

-- Who binds is told of their own query, and not of what is done with it inside.
SET SESSION AUTHORIZATION tiering_err_setter;
SELECT b.call, a.* FROM unnest(ARRAY[
	$$set_source('err', 'SELECT customer_id, secret AS assets FROM err.metrics')$$,
	$$set_source('err', 'SELECT customer_id, customer_id, assets FROM err.metrics')$$,
	$$set_source('err', 'SELECT customer_id, 1.5 AS assets FROM metrics')$$,
	$$set_source('err', NULL)$$, $$set_source('nowhere', 'SELECT 1')$$,
	$$set_series('err', 'SELECT 1 AS customer_id, 1 AS balances, 1 AS period')$$,
	$$set_limits('err', control_query => 'SELECT total FROM err.metrics')$$,
	$$set_limits('err', max_moved => 2)$$,
	$$set_dimensions('err', 'SELECT customer_id, 1 / 0 AS branch FROM err.secret')$$,
	$$set_dimensions('err', 'SELECT customer_id FROM err.metrics')$$,
	$$set_checks('err', 'SELECT 1 AS severity')$$]) WITH ORDINALITY b(call, n),
	LATERAL t.told('SELECT tiering.' || b.call) a
WHERE a.field IN ('code', 'message') OR a.value ~ '_tiering'
ORDER BY b.n;
SELECT tiering.set_source('err', 'SELECT customer_id, secret AS assets FROM err.metrics');
SELECT tiering.set_checks('nowhere', 'SELECT 1');
RESET SESSION AUTHORIZATION;

-- A text that is no number shows in the message; the query, where it is and the scheme's
-- tables do not. Errors of planning, of another statement inside, of a worker, and a
-- statement that is stopped are told alike.
CREATE FUNCTION err.ask(query text, before text DEFAULT 'SELECT')
RETURNS TABLE (field text, value text) LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM tiering.source WHERE scheme = 'err';
	INSERT INTO tiering.source (scheme, query, set_by, refreshed_as_of, refreshed_at)
	VALUES ('err', query, 'tiering_err_setter', '2024-01-31', now());
	EXECUTE before;
	SET LOCAL ROLE tiering_err_grader;
	RETURN QUERY SELECT * FROM t.told($told$SELECT tiering.refresh('err', '2024-02-29')$told$);
	PERFORM set_config('role', 'none', true);
END;
$$;
CREATE TABLE err.texts AS SELECT 'not a number, but Mr Wang' AS amount, 1 AS customer_id;
GRANT SELECT ON err.texts TO tiering_err_setter;
CREATE FUNCTION err.inside() RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT secret FROM err.metrics);
END;
$$;
SELECT q.entry, a.* FROM unnest(ARRAY[
	'SELECT customer_id, amount::numeric AS assets FROM err.texts',
	'SELECT customer_id, secret AS assets FROM err.metrics',
	'SELECT customer_id, assets FROM err.metrics WHERE secret ORDER',
	'SELECT customer_id, assets FROM err.secret',
	'SELECT customer_id, err.inside() AS assets FROM err.metrics',
	'SELECT customer_id, CAST(assets AS text) AS assets FROM err.metrics',
	'SELECT customer_id FROM err.metrics',
	'SELECT 1; SELECT ''secret''']) WITH ORDINALITY q(query, entry), err.ask(query) a;
CREATE FUNCTION err.stop() RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	PERFORM pg_cancel_backend(pg_backend_pid());
	PERFORM pg_sleep(60);
	RETURN 1;
END;
$$;
SELECT * FROM err.ask('SELECT customer_id, err.stop() AS assets FROM err.metrics');
SELECT name AS debug_parallel FROM pg_settings
WHERE name IN ('debug_parallel_query', 'force_parallel_mode') ORDER BY name LIMIT 1 \gset
CREATE FUNCTION err.in_worker() RETURNS numeric
LANGUAGE plpgsql PARALLEL SAFE SECURITY DEFINER AS $$
BEGIN
	RAISE EXCEPTION 'told by a %', (SELECT backend_type FROM pg_stat_get_activity(pg_backend_pid()))
		USING DETAIL = 'secret detail';
END;
$$;
SELECT * FROM err.ask('SELECT customer_id, err.in_worker() AS assets FROM err.metrics',
	format('SET LOCAL %I = on', :'debug_parallel'));
-- the transaction goes on, with rights and settings as they were
SELECT current_user = session_user AS back,
	current_setting('search_path') = '"$user", public' AS path;

-- Only set_source() and set_series() write there, and they record who calls them.
SELECT tiering.revoke_role('tiering_err_setter', 'grade');
SET SESSION AUTHORIZATION tiering_err_setter;
SELECT t.fails(q) FROM unnest(ARRAY[
	$$UPDATE tiering.source SET query = 'SELECT 1'$$,
	$$UPDATE tiering.source SET set_by = 'postgres'$$,
	$$UPDATE tiering.source SET set_at = '2000-01-01'$$,
	$$UPDATE tiering.source SET settings = '{}'$$,
	$$INSERT INTO tiering.source (scheme, query) VALUES ('err', 'SELECT 1')$$,
	$$DELETE FROM tiering.source$$,
	$$UPDATE tiering.series_source SET query = 'SELECT 1'$$,
	$$UPDATE tiering.series_source SET settings = '{}'$$,
	$$INSERT INTO tiering.series_source (scheme, query) VALUES ('err', 'SELECT 1')$$,
	$$SELECT _tiering.write_binding('err', 'SELECT 1', false)$$,
	$$SELECT key FROM tiering.series_source$$,
	$$SELECT tiering.set_source('none', 'SELECT 1')$$, $$SELECT tiering.set_source('err', NULL)$$,
	$$SELECT tiering.set_source(NULL, 'SELECT 1')$$]) q;
SET timezone = 'Asia/Tokyo';
SELECT tiering.set_source('err', 'SELECT customer_id, assets FROM err.metrics');
SELECT set_by, settings[1], set_at > now() - interval '1 minute' AS now, refreshed_as_of
FROM tiering.source WHERE scheme = 'err';
SELECT t.fails($$SELECT tiering.set_series('err', 'SELECT 1')$$), _tiering.binder();
SELECT tiering.set_series('err', NULL);
SELECT count(*) FROM tiering.series_source WHERE scheme = 'err';
RESET SESSION AUTHORIZATION;
RESET timezone;
-- a role that was set, and a function that runs as who made it
SET ROLE tiering_err_setter;
SELECT tiering.set_source('err', 'SELECT customer_id, assets FROM err.metrics');
RESET ROLE;
SELECT set_by, settings[1] <> 'TimeZone=Asia/Tokyo' AS here
FROM tiering.source WHERE scheme = 'err';
SET SESSION AUTHORIZATION tiering_err_setter;
CREATE FUNCTION err.bind() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	SELECT tiering.set_source('err', 'SELECT customer_id, assets + 1 AS assets FROM err.metrics')
$$;
RESET SESSION AUTHORIZATION;
-- whose right is nobody's to lend
SELECT t.fails('SELECT err.bind()');
SET SESSION AUTHORIZATION tiering_err_setter;
SELECT tiering.set_source('err', 'SELECT customer_id, assets + 1 AS assets FROM err.metrics');
RESET SESSION AUTHORIZATION;
SELECT set_by FROM tiering.source WHERE scheme = 'err';
-- who has no right has none, and is told so before the query is looked at
SET SESSION AUTHORIZATION tiering_err_grader;
SELECT t.fails($$SELECT tiering.set_source('err', 'SELECT 1')$$),
	t.fails($$SELECT tiering.set_series('err', NULL)$$);
RESET SESSION AUTHORIZATION;
-- not even a superuser changes them by hand; a role that may insert does so for itself
SELECT t.fails(format('UPDATE tiering.source SET %s WHERE scheme = ''err''', u))
FROM unnest(ARRAY['query = query', 'set_by = current_user::regrole', 'set_at = now()',
	'settings = _tiering.kept_settings()', 'scheme = ''other''']) u;
GRANT INSERT ON tiering.series_source TO tiering_err_grader;
SET SESSION AUTHORIZATION tiering_err_grader;
SELECT t.fails($$INSERT INTO tiering.series_source (scheme, query, set_by)
	VALUES ('err', 'SELECT 1', 'tiering_err_setter')$$);
RESET SESSION AUTHORIZATION;
REVOKE INSERT ON tiering.series_source FROM tiering_err_grader;
SELECT written FROM tiering.refresh('err', '2024-02-29');

DELETE FROM tiering.source WHERE scheme = 'err';
DROP FUNCTION t.told;
DROP SCHEMA err CASCADE;
DROP OWNED BY tiering_err_setter, tiering_err_member, tiering_err_grader;
DROP ROLE tiering_err_setter, tiering_err_member, tiering_err_grader;
