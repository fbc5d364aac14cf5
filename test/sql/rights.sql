-- Who may do what. A role with nothing but PUBLIC's rights:
SELECT tiering.create_ladder('another', 'assets', '{low,mid,high}', '{NULL,100,1000}'),
	tiering.publish('another', '2024-01-01');
CREATE ROLE tiering_analyst;
CREATE ROLE tiering_operator;
CREATE ROLE tiering_owner;
CREATE ROLE tiering_thief;
GRANT USAGE ON SCHEMA t TO PUBLIC;
CREATE TABLE t.secret (customer_id text, assets numeric);
INSERT INTO t.secret VALUES ('a', 5), ('b', 500);
GRANT SELECT ON t.secret TO tiering_owner;

SET ROLE tiering_analyst;
SELECT tiering.daily_avg(10, '2024-01-01', '2024-02-01',
	tiering.month('2024-01-05')) = 10 AS aggregates, tiering.classify('another', 500) AS classify,
	(SELECT count(*) > 0 FROM tiering.rule) AS schemes;
SELECT t.fails(q) FROM unnest(ARRAY[
	'SELECT * FROM tiering.assignment', 'SELECT * FROM tiering.migration',
	'SELECT * FROM tiering.source', 'SELECT * FROM tiering.distribution_history',
	'SELECT * FROM tiering.tier_distribution', 'SELECT * FROM tiering.customer_tier_history',
	'SELECT * FROM tiering.migration_matrix',
	'INSERT INTO tiering.scheme VALUES (''mine'')', 'UPDATE tiering.scheme SET title = ''mine''',
	'DELETE FROM tiering.rule',
	'SELECT tiering.create_ladder(''mine'', ''x'', ''{a}'', ''{NULL}'')',
	'SELECT tiering.publish(''another'', ''2030-01-01'')',
	'SELECT tiering.load_preset(''cib'', ''mine'')',
	'SELECT tiering.set_source(''another'', ''SELECT 1 AS customer_id, 2 AS assets'')',
	'SELECT tiering.refresh(''another'', ''2024-06-30'')',
	'SELECT * FROM _tiering.source_rows(''rights'', ''2024-06-30'') AS r(customer_id text)',
	'CREATE TABLE tiering.mine ()']) q;
RESET ROLE;

-- A source runs with the rights of who set it, whoever refreshes: the operator
-- may call refresh and nothing else.
SELECT tiering.grant_role('tiering_owner', 'bind'), tiering.grant_role('tiering_thief', 'bind'),
	tiering.grant_role('tiering_operator', 'grade');
GRANT UPDATE (scheme) ON tiering.source TO tiering_thief;
SELECT tiering.create_ladder('rights', 'assets', '{low,high}', '{NULL,100}'),
	tiering.publish('rights', '2024-01-01');
SET ROLE tiering_owner;
SELECT tiering.set_source('rights', 'SELECT customer_id, assets FROM t.secret');
RESET ROLE;
SELECT set_by FROM tiering.source WHERE scheme = 'rights';
-- the right goes with the role, not with its name
ALTER ROLE tiering_owner RENAME TO tiering_renamed;
CREATE ROLE tiering_owner SUPERUSER;
SELECT set_by FROM tiering.source WHERE scheme = 'rights';
DROP ROLE tiering_owner;
ALTER ROLE tiering_renamed RENAME TO tiering_owner;
SET ROLE tiering_operator;
SELECT t.fails('SELECT * FROM t.secret');
SELECT customers, new FROM tiering.refresh('rights', '2024-01-31');
SELECT t.fails('SELECT * FROM tiering.assignment');
RESET ROLE;
SELECT customer_id, to_tier, recorded_by FROM tiering.migration WHERE scheme = 'rights'
	ORDER BY customer_id;
-- never with more: not when a superuser refreshes, and not by claiming another
SET ROLE tiering_thief;
SELECT tiering.set_source('rights', 'SELECT customer_id, assets FROM t.secret');
SELECT t.fails($$UPDATE tiering.source SET set_by = 'tiering_owner' WHERE scheme = 'rights'$$);
SELECT t.fails($$UPDATE tiering.source SET scheme = 'another2' WHERE scheme = 'rights'$$);
-- nor by what is temporary, which is another's in another session
CREATE TEMP TABLE mine AS SELECT 'a' AS customer_id, 1 AS assets;
CREATE FUNCTION pg_temp.f(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
SELECT t.fails($$SELECT tiering.set_source('rights', 'SELECT * FROM mine')$$);
SELECT t.fails($$SELECT tiering.set_source('rights',
	'SELECT customer_id, pg_temp.f(assets) AS assets FROM t.secret')$$);
DROP TABLE mine;
DROP FUNCTION pg_temp.f;
RESET ROLE;
SELECT t.fails($$SELECT tiering.refresh('rights', '2024-02-29')$$);
SET ROLE tiering_owner;
SELECT tiering.set_source('rights', 'SELECT customer_id, assets FROM t.secret');
RESET ROLE;
SET ROLE tiering_thief;
SELECT t.fails($$UPDATE tiering.source SET query = 'SELECT 1 AS customer_id, 1 AS assets'
	WHERE scheme = 'rights'$$);
SELECT t.fails($$SELECT tiering.set_source('rights', 'SELECT 1 AS customer_id')$$);
RESET ROLE;

-- A function in the query can neither change the role back nor leave anything behind.
CREATE FUNCTION t.who() RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'the source runs as %', current_user;
	RETURN 1;
END;
$$;
CREATE FUNCTION t.escape() RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', 'none', false);
	RETURN 1;
END;
$$;
CREATE FUNCTION t.leave() RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMP TABLE left_behind ();
	RETURN 1;
END;
$$;
SET ROLE tiering_thief;
SELECT tiering.set_source('rights', 'SELECT 1 AS customer_id, t.who() AS assets');
RESET ROLE;
SELECT customers FROM tiering.refresh('rights', '2024-02-29');
SELECT current_user = session_user AS back;
SET ROLE tiering_thief;
SELECT tiering.set_source('rights', 'SELECT 1 AS customer_id, t.escape() AS assets');
RESET ROLE;
SELECT t.fails($$SELECT tiering.refresh('rights', '2024-02-29')$$);
SET ROLE tiering_thief;
SELECT tiering.set_source('rights', 'SELECT 1 AS customer_id, t.leave() AS assets');
RESET ROLE;
SELECT t.fails($$SELECT tiering.refresh('rights', '2024-02-29')$$);
SELECT current_user = session_user AS back;

-- Who may change an assignment has the move recorded under his own name, and
-- cannot write history.
GRANT SELECT, UPDATE ON tiering.assignment TO tiering_operator;
SET ROLE tiering_operator;
UPDATE tiering.assignment SET tier = 'high' WHERE scheme = 'rights' AND customer_id = '1';
SELECT t.fails($$INSERT INTO tiering.migration (scheme, customer_id, as_of, direction, cause,
	version, recorded_by) VALUES ('rights', '1', now(), 'new', 'x', 1, 'x')$$);
RESET ROLE;
SELECT customer_id, from_tier, to_tier, cause, recorded_by FROM tiering.migration
	WHERE scheme = 'rights' ORDER BY move DESC LIMIT 1;
-- he can hide none: not by dating a row as a restored one
GRANT INSERT ON tiering.assignment TO tiering_operator;
SET ROLE tiering_operator;
INSERT INTO tiering.assignment
	VALUES ('rights', 'hidden', 'high', '2024-02-29', '2024-02-29', 1, '2020-01-01');
SELECT t.fails($$INSERT INTO tiering.assignment
	VALUES ('rights', 'hidden2', 'no such tier', '2024-02-29', '2024-02-29', 77,
	'2020-01-01')$$);
RESET ROLE;
SELECT customer_id, to_tier, cause FROM tiering.migration WHERE scheme = 'rights'
	AND customer_id LIKE 'hidden%';
-- nor from inside a source that pretends to be the refresh, as nothing is written there
CREATE FUNCTION t.forge() RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('tiering.refresh_as_of', '2020-01-01', true);
	UPDATE tiering.assignment SET tier = 'low' WHERE scheme = 'rights' AND customer_id = 'hidden';
	RETURN 1;
END;
$$;
GRANT SELECT, UPDATE ON tiering.assignment TO tiering_thief;
SET ROLE tiering_thief;
SELECT tiering.set_source('rights', 'SELECT 1 AS customer_id, t.forge() AS assets');
RESET ROLE;
SELECT t.fails($$SELECT tiering.refresh('rights', '2024-02-29')$$);
SELECT customer_id, from_tier, to_tier, cause FROM tiering.migration WHERE scheme = 'rights'
	AND customer_id = 'hidden' ORDER BY move;

-- A definer's trigger function cannot be put on a table of one's own, where casts
-- and operators of one's own would run with its rights.
SET ROLE tiering_thief;
CREATE TYPE pg_temp.evil AS (x text);
CREATE FUNCTION pg_temp.run(pg_temp.evil) RETURNS text
	LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'runs as %', current_user; RETURN 'x'; END $$;
CREATE CAST (pg_temp.evil AS text) WITH FUNCTION pg_temp.run(pg_temp.evil) AS IMPLICIT;
CREATE TEMP TABLE mine (scheme pg_temp.evil, version int);
SELECT t.fails(format('CREATE TRIGGER x BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION '
	'_tiering.%s()', f))
FROM unnest('{freeze_definition,record_by_hand}'::text[]) f;
RESET ROLE;
CREATE TRIGGER x BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION _tiering.freeze_definition();
SELECT t.fails($$INSERT INTO mine VALUES (ROW('x'), 1)$$);
DROP TABLE mine;

-- an author of schemes needs rights on the scheme tables, and no others
SELECT tiering.grant_role('tiering_analyst', 'author');
SET ROLE tiering_analyst;
SELECT tiering.load_preset('cib', 'authored'), tiering.publish('authored', '2024-01-01'),
	tiering.new_version('authored');
SELECT version, created_by, published_by FROM tiering.scheme_version WHERE scheme = 'authored'
	ORDER BY version;
-- he cannot put in force what was not examined
SELECT t.fails($$INSERT INTO tiering.scheme_version (scheme, version, status, effective,
	published_at, published_by, definition_rows)
	VALUES ('authored', 3, 'published', '[2030-01-01,)', now(), 'the board', 100)$$);
DELETE FROM tiering.rule WHERE scheme = 'authored' AND version = 2 AND tier = 'gold';
SELECT t.fails($$UPDATE tiering.scheme_version SET status = 'retired',
	effective = '[2023-01-01,2024-01-01)', published_at = now(), published_by = 'me',
	definition_rows = 0
	WHERE scheme = 'authored' AND version = 2$$);
RESET ROLE;

-- Rights with one call: a role for each of them
CREATE VIEW t.right AS SELECT DISTINCT what COLLATE "C" AS what FROM tiering.role_grants();
CREATE FUNCTION t.doer(what text) RETURNS text
	LANGUAGE sql AS $$ SELECT 'tiering "' || what || '"' $$;
DO $$
DECLARE
	what text;
BEGIN
	FOR what IN SELECT r.what FROM t.right r LOOP
		EXECUTE format('CREATE ROLE %I', t.doer(what));
		PERFORM tiering.grant_role(quote_ident(t.doer(what))::regrole, what);
	END LOOP;
END;
$$;
-- what they were given, by the catalogue, in the database
CREATE VIEW t.granted AS
SELECT a.grantee, a.privilege_type, a.is_grantable, c.oid::regclass::text AS object FROM pg_class c,
	aclexplode(c.relacl) a
UNION ALL
SELECT a.grantee, a.privilege_type, a.is_grantable, format('%s.%s', c.attrelid::regclass, c.attname)
	FROM pg_attribute c, aclexplode(c.attacl) a
UNION ALL
SELECT a.grantee, a.privilege_type, a.is_grantable, p.oid::regprocedure::text FROM pg_proc p,
	aclexplode(p.proacl) a
UNION ALL
SELECT a.grantee, a.privilege_type, a.is_grantable, n.nspname FROM pg_namespace n,
	aclexplode(n.nspacl) a;
SELECT w.what, g.object, string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type) AS may,
	bool_or(g.is_grantable) AS may_grant
FROM t.right w JOIN t.granted g ON g.grantee = quote_ident(t.doer(w.what))::regrole
GROUP BY w.what, g.object ORDER BY w.what, g.object COLLATE "C";
-- and no right comes with two of them
SELECT object, privilege_type, count(*) FROM t.granted g JOIN pg_roles r ON r.oid = g.grantee
	AND r.rolname LIKE 'tiering "%' GROUP BY 1, 2 HAVING count(*) > 1;

-- Who of them may do what: tried, and undone
CREATE FUNCTION t.may(what text, query text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', t.doer(what));
	EXECUTE query;
	RAISE EXCEPTION USING ERRCODE = 'TT000';
EXCEPTION
	WHEN SQLSTATE 'TT000' THEN RETURN true;
	WHEN insufficient_privilege THEN RETURN false;
END;
$$;
SET client_min_messages = warning;
SELECT tiering.new_version('rights'),
	tiering.set_source('rights', 'SELECT 1 AS customer_id, 2 AS assets');
SELECT q.query, (SELECT string_agg(w.what, ', ' ORDER BY w.what) FROM t.right w
	WHERE t.may(w.what, q.query)) AS who
FROM unnest(ARRAY[
	'SELECT tiering.refresh(''rights'', ''2024-03-31'')',
	'SELECT * FROM _tiering.source_rows(''rights'', ''2024-06-30'') AS r(customer_id text)',
	'SELECT _tiering.notify_refresh(NULL)',
	'SELECT tiering.publish(''rights'', ''2030-01-01'')', 'SELECT tiering.new_version(''another'')',
	'SELECT tiering.copy_scheme(''rights'', ''mine'')',
	'SELECT tiering.create_ladder(''mine'', ''x'', ''{a}'', ''{NULL}'')',
	'SELECT tiering.load_preset(''psbc'', ''mine'')',
	'SELECT tiering.import_scheme(tiering.export_scheme(''rights'') || ''{"scheme": "mine"}'')',
	'DELETE FROM tiering.rule WHERE scheme = ''rights'' AND version = 2',
	'SELECT tiering.set_source(''rights'', ''SELECT 1 AS customer_id, 2 AS assets'')',
	'UPDATE tiering.source SET refreshed_as_of = ''2000-01-01''', 'DELETE FROM tiering.source',
	'INSERT INTO tiering.ecb_rate VALUES (''2030-01-01'', ''USD'', 1.1)',
	'UPDATE tiering.fx_rate SET rate = 1', 'DELETE FROM tiering.fx_rate',
	'INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version) VALUES '
	'(''rights'', ''x'', ''low'', now(), now(), 1)',
	'UPDATE tiering.assignment SET tier = ''low'' WHERE scheme = ''rights''',
	'DELETE FROM tiering.assignment', 'DELETE FROM tiering.distribution_history',
	'INSERT INTO tiering.migration (scheme, customer_id, as_of, direction, cause, version, '
	'recorded_by) VALUES (''rights'', ''1'', now(), ''exit'', ''x'', 1, ''x'')',
	'DELETE FROM tiering.preset', 'TRUNCATE tiering.fx_rate',
	'SELECT tiering.grant_role(quote_ident(current_user)::regrole, ''grade'')',
	'SELECT tiering.revoke_role(quote_ident(current_user)::regrole, ''report'')']) AS q(query);
-- a reporter reads all there is of customers, and only he, but for where sources come from
SELECT c.relkind, w.who, count(*) AS relations,
	CASE WHEN w.who IS DISTINCT FROM 'report'
	THEN string_agg(c.relname, ', ' ORDER BY c.relname COLLATE "C") END AS which
FROM pg_class c, LATERAL (
	SELECT string_agg(w.what, ', ' ORDER BY w.what) AS who FROM t.right w
	WHERE t.may(w.what, format('SELECT * FROM %s LIMIT 1', c.oid::regclass))) w
WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind IN ('r', 'v')
	AND NOT has_table_privilege('public', c.oid, 'SELECT')
GROUP BY c.relkind, w.who ORDER BY c.relkind, w.who;
RESET client_min_messages;

-- given again they are the same; taken away one after another, nothing is left, and the others are
-- whole
CREATE ROLE tiering_doer;
CREATE TEMP TABLE whole AS SELECT grantee, privilege_type, object FROM t.granted;
SELECT count(tiering.grant_role('tiering_doer', what)) = count(*) AS granted FROM t.right;
SELECT count(tiering.grant_role('tiering_doer', what)) = count(*) AS granted_again FROM t.right;
DO $$
DECLARE
	what text;
BEGIN
	FOR what IN SELECT r.what FROM t.right r ORDER BY r.what LOOP
		PERFORM tiering.revoke_role('tiering_doer', what);
		RAISE NOTICE '% taken away: % rights left of %', what,
			(SELECT count(*) FROM t.granted WHERE grantee = 'tiering_doer'::regrole),
			(SELECT count(*) FROM whole w JOIN pg_roles r ON r.oid = w.grantee
			 WHERE r.rolname LIKE 'tiering "%' AND r.rolname > t.doer(what) COLLATE "C");
	END LOOP;
END;
$$;
SELECT count(*) FROM t.granted WHERE grantee = 'tiering_doer'::regrole;
SELECT count(*) FROM (SELECT grantee, privilege_type, object FROM t.granted EXCEPT SELECT *
	FROM whole) x;
SELECT t.fails(format('SELECT tiering.%s(%s)', f, a))
	FROM unnest('{grant_role,revoke_role}'::text[]) f,
	unnest('{"''tiering_nobody'', ''grade''","''public'', ''grade''","''-'', '
		'''grade''","4294967295, ''grade''","''tiering_doer'', ''rule''","''tiering_doer'', '
		'''''","NULL, ''grade''","''tiering_doer'', NULL"}'::text[]) a;
-- not by one who has the right and cannot pass it on, but by a member of the owner
GRANT SELECT ON tiering.assignment TO tiering_doer;
SET ROLE tiering_doer;
SELECT t.fails($$SELECT tiering.grant_role('tiering_analyst', 'report')$$);
RESET ROLE;
SELECT count(*) FROM t.granted WHERE grantee = 'tiering_analyst'::regrole
	AND object LIKE '%assignment';
DO $$ BEGIN EXECUTE format('GRANT %I TO tiering_doer', current_user); END; $$;
SET ROLE tiering_doer;
SELECT tiering.grant_role('tiering_analyst', 'report');
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE %I FROM tiering_doer', current_user); END; $$;
SELECT count(*) FROM t.granted WHERE grantee = 'tiering_analyst'::regrole
	AND object LIKE '%assignment';

-- Nothing can be hijacked through search_path: objects in front of pg_catalog
-- that all raise an error change no result.
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.boom() RETURNS void
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.boom_text(text, text) RETURNS boolean
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.boom_int(int, int) RETURNS boolean
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.boom_date(anyrange, date) RETURNS boolean
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.boom_concat(text, text) RETURNS text
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.boom_text);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.boom_text);
CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.boom_int);
CREATE OPERATOR evil.> (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.boom_int);
CREATE OPERATOR evil.@> (LEFTARG = anyrange, RIGHTARG = date, FUNCTION = evil.boom_date);
CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.boom_concat);
CREATE FUNCTION evil.now() RETURNS timestamptz
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.lower(anyrange) RETURNS anyelement
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.count(text) RETURNS bigint
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text
	LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
SET ROLE tiering_owner;
SELECT tiering.set_source('rights', 'SELECT customer_id, assets FROM t.secret');
RESET ROLE;
SET search_path = evil, pg_catalog, public;
CREATE TEMP TABLE scheme (scheme text);
CREATE TEMP TABLE tier (scheme text);
CREATE TEMP TABLE secret (customer_id text, assets numeric);
SELECT tiering.classify('another', 500), tiering.classify('another', m)
	FROM (SELECT 500 AS assets) m;
SELECT tiering.load_preset('psbc', 'hijack'), tiering.publish('hijack', '2024-01-01'),
	tiering.new_version('hijack'), tiering.copy_scheme('hijack', 'hijack2');
DELETE FROM tiering.service WHERE scheme OPERATOR(pg_catalog.=) 'hijack'
	AND version OPERATOR(pg_catalog.=) 2;
SELECT severity, finding FROM tiering.validate('hijack', 2);
SELECT customers, new FROM tiering.refresh('rights', '2024-03-31');
UPDATE tiering.assignment SET tier = 'high'
	WHERE (scheme, customer_id) OPERATOR(pg_catalog.=) ('rights', 'a');
SELECT tiering.rolling('1 month', '2024-01-31'), tiering.definition_rows('another', 1);
SELECT tiering.grant_role('tiering_doer', 'load'), tiering.revoke_role('tiering_doer', 'load');
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;

SET client_min_messages = warning;
DO $$
DECLARE
	role text;
BEGIN
	FOR role IN SELECT rolname FROM pg_roles WHERE rolname
		IN ('tiering_analyst', 'tiering_operator', 'tiering_owner', 'tiering_thief', 'tiering_doer')
		OR rolname LIKE 'tiering "%' LOOP
		EXECUTE format('DROP OWNED BY %I CASCADE', role);
		EXECUTE format('DROP ROLE %I', role);
	END LOOP;
END;
$$;
