-- Who may do what. A role with nothing but PUBLIC's rights:
CREATE ROLE tiering_analyst;
CREATE ROLE tiering_operator;
CREATE ROLE tiering_owner;
CREATE ROLE tiering_thief;
GRANT USAGE ON SCHEMA t TO PUBLIC;
CREATE TABLE t.secret (customer_id text, assets numeric);
INSERT INTO t.secret VALUES ('a', 5), ('b', 500);
GRANT SELECT ON t.secret TO tiering_owner;

SET ROLE tiering_analyst;
SELECT tiering.daily_avg(10, '2024-01-01', '2024-02-01', tiering.month('2024-01-05')) = 10 AS aggregates, tiering.classify('night', 500) AS classify,
	(SELECT count(*) > 0 FROM tiering.rule) AS schemes;
SELECT t.fails(q) FROM unnest(ARRAY[
	'SELECT * FROM tiering.assignment', 'SELECT * FROM tiering.migration', 'SELECT * FROM tiering.source', 'SELECT * FROM tiering.distribution_history',
	'SELECT * FROM tiering.tier_distribution', 'SELECT * FROM tiering.customer_tier_history', 'SELECT * FROM tiering.migration_matrix',
	'INSERT INTO tiering.scheme VALUES (''mine'')', 'UPDATE tiering.scheme SET title = ''mine''', 'DELETE FROM tiering.rule',
	'SELECT tiering.create_ladder(''mine'', ''x'', ''{a}'', ''{NULL}'')', 'SELECT tiering.publish(''night'', ''2030-01-01'')',
	'SELECT tiering.load_preset(''cib'', ''mine'')', 'SELECT tiering.set_source(''night'', ''SELECT 1 AS customer_id, 2 AS assets'')',
	'SELECT tiering.refresh(''night'', ''2024-06-30'')', 'SELECT * FROM tiering.source_rows(''night'', ''2024-06-30'') AS r(customer_id text)',
	'CREATE TABLE tiering.mine ()']) q;
RESET ROLE;

-- A source runs with the rights of who set it, whoever refreshes: the operator
-- may call refresh and nothing else.
GRANT SELECT, INSERT (scheme, query), UPDATE (scheme, query, set_by, set_at) ON tiering.source TO tiering_owner, tiering_thief;
GRANT EXECUTE ON FUNCTION tiering.refresh(text, date) TO tiering_operator;
SELECT tiering.create_ladder('rights', 'assets', '{low,high}', '{NULL,100}'), tiering.publish('rights', '2024-01-01');
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
SELECT customer_id, to_tier, recorded_by FROM tiering.migration WHERE scheme = 'rights' ORDER BY customer_id;
-- never with more: not when a superuser refreshes, and not by claiming another
SET ROLE tiering_thief;
SELECT tiering.set_source('rights', 'SELECT customer_id, assets FROM t.secret');
SELECT t.fails($$UPDATE tiering.source SET set_by = 'tiering_owner' WHERE scheme = 'rights'$$);
SELECT t.fails($$UPDATE tiering.source SET scheme = 'night2' WHERE scheme = 'rights'$$);
-- nor by what is temporary, which is another's in another session
CREATE TEMP TABLE mine AS SELECT 'a' AS customer_id, 1 AS assets;
SELECT t.fails($$SELECT tiering.set_source('rights', 'SELECT * FROM mine')$$);
SELECT t.fails($$SELECT tiering.set_source('rights', 'SELECT customer_id, pg_temp.f(assets) AS assets FROM t.secret')$$);
DROP TABLE mine;
RESET ROLE;
SELECT t.fails($$SELECT tiering.refresh('rights', '2024-02-29')$$);
SET ROLE tiering_owner;
SELECT tiering.set_source('rights', 'SELECT customer_id, assets FROM t.secret');
RESET ROLE;
SET ROLE tiering_thief;
SELECT t.fails($$UPDATE tiering.source SET query = 'SELECT 1 AS customer_id, 1 AS assets' WHERE scheme = 'rights'$$);
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
SELECT t.fails($$INSERT INTO tiering.migration (scheme, customer_id, as_of, direction, cause, version, recorded_by) VALUES ('rights', '1', now(), 'new', 'x', 1, 'x')$$);
RESET ROLE;
SELECT customer_id, from_tier, to_tier, cause, recorded_by FROM tiering.migration WHERE scheme = 'rights' ORDER BY move DESC LIMIT 1;
-- he can hide none: not by dating a row as a restored one
GRANT INSERT ON tiering.assignment TO tiering_operator;
SET ROLE tiering_operator;
INSERT INTO tiering.assignment VALUES ('rights', 'hidden', 'high', 5, '2024-02-29', '2024-02-29', 1, '2020-01-01');
SELECT t.fails($$INSERT INTO tiering.assignment VALUES ('rights', 'hidden2', 'no such tier', 5, '2024-02-29', '2024-02-29', 77, '2020-01-01')$$);
RESET ROLE;
SELECT customer_id, to_tier, cause FROM tiering.migration WHERE scheme = 'rights' AND customer_id LIKE 'hidden%';
-- nor from inside a source that pretends to be the refresh
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
SELECT exit, written FROM tiering.refresh('rights', '2024-02-29');
SELECT customer_id, from_tier, to_tier, cause FROM tiering.migration WHERE scheme = 'rights' AND customer_id = 'hidden' ORDER BY move;

-- A definer's trigger function cannot be put on a table of one's own, where casts
-- and operators of one's own would run with its rights.
SET ROLE tiering_thief;
CREATE TYPE pg_temp.evil AS (x text);
CREATE FUNCTION pg_temp.run(pg_temp.evil) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'runs as %', current_user; RETURN 'x'; END $$;
CREATE CAST (pg_temp.evil AS text) WITH FUNCTION pg_temp.run(pg_temp.evil) AS IMPLICIT;
CREATE TEMP TABLE mine (scheme pg_temp.evil, version int);
SELECT t.fails(format('CREATE TRIGGER x BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION tiering.%s()', f))
FROM unnest('{freeze_definition,record_moves}'::text[]) f;
RESET ROLE;
CREATE TRIGGER x BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION tiering.freeze_definition();
SELECT t.fails($$INSERT INTO mine VALUES (ROW('x'), 1)$$);
DROP TABLE mine;

-- an author of schemes needs rights on the scheme tables, and no others
GRANT INSERT, UPDATE, DELETE ON tiering.scheme, tiering.scheme_version, tiering.metric, tiering.tier, tiering.rule,
	tiering.score_weight, tiering.score_band, tiering.service, tiering.policy, tiering.asset_weight TO tiering_analyst;
SET ROLE tiering_analyst;
SELECT tiering.load_preset('cib', 'authored'), tiering.publish('authored', '2024-01-01'), tiering.new_version('authored');
SELECT version, created_by, published_by FROM tiering.scheme_version WHERE scheme = 'authored' ORDER BY version;
-- he cannot put in force what was not examined
SELECT t.fails($$INSERT INTO tiering.scheme_version (scheme, version, status, effective, published_at, published_by, definition_rows)
	VALUES ('authored', 3, 'published', '[2030-01-01,)', now(), 'the board', 100)$$);
DELETE FROM tiering.rule WHERE scheme = 'authored' AND version = 2 AND tier = 'gold';
SELECT t.fails($$UPDATE tiering.scheme_version SET status = 'retired', effective = '[2023-01-01,2024-01-01)', published_at = now(), published_by = 'me', definition_rows = 0
	WHERE scheme = 'authored' AND version = 2$$);
RESET ROLE;

-- Nothing can be hijacked through search_path: objects in front of pg_catalog
-- that all raise an error change no result.
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.boom() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.boom_text(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.boom_int(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.boom_date(anyrange, date) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.boom_concat(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.boom_text);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.boom_text);
CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.boom_int);
CREATE OPERATOR evil.> (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.boom_int);
CREATE OPERATOR evil.@> (LEFTARG = anyrange, RIGHTARG = date, FUNCTION = evil.boom_date);
CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.boom_concat);
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.lower(anyrange) RETURNS anyelement LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.count(text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END; $$;
SET ROLE tiering_owner;
SELECT tiering.set_source('rights', 'SELECT customer_id, assets FROM t.secret');
RESET ROLE;
SET search_path = evil, pg_catalog, public;
CREATE TEMP TABLE scheme (scheme text);
CREATE TEMP TABLE tier (scheme text);
CREATE TEMP TABLE secret (customer_id text, assets numeric);
SELECT tiering.classify('night', 500), tiering.classify('night', m) FROM (SELECT 500 AS assets) m;
SELECT tiering.load_preset('psbc', 'hijack'), tiering.publish('hijack', '2024-01-01'), tiering.new_version('hijack'), tiering.copy_scheme('hijack', 'hijack2');
DELETE FROM tiering.service WHERE scheme OPERATOR(pg_catalog.=) 'hijack' AND version OPERATOR(pg_catalog.=) 2;
SELECT severity, finding FROM tiering.validate('hijack', 2);
SELECT customers, new FROM tiering.refresh('rights', '2024-03-31');
UPDATE tiering.assignment SET tier = 'high' WHERE (scheme, customer_id) OPERATOR(pg_catalog.=) ('rights', 'a');
SELECT tiering.trailing('1 month', '2024-01-31'), tiering.definition_rows('night', 1);
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;

SET client_min_messages = warning;
DROP OWNED BY tiering_analyst, tiering_operator, tiering_owner, tiering_thief CASCADE;
DROP ROLE tiering_analyst, tiering_operator, tiering_owner, tiering_thief;
