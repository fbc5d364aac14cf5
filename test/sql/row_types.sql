-- classify(scheme, m) where the types of the rows at one call site change: a type
-- that is altered while the statement runs, and types that take turns. A row is
-- graded by what it has or it is refused; it is never read as something else.
CREATE SCHEMA rt;
SELECT tiering.new_scheme('rt');
INSERT INTO tiering.metric (scheme, version, metric, kind) VALUES ('rt', 1, 'm', 'number');
INSERT INTO tiering.tier (scheme, version, tier, rank, base)
VALUES ('rt', 1, 'low', 0, true), ('rt', 1, 'high', 1, false);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
VALUES ('rt', 1, 'high', 1, 'm', '[10,)');
SELECT tiering.publish('rt', '2024-01-01');

-- What a query says, or its SQLSTATE and how it is told
CREATE FUNCTION rt.said(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	EXECUTE query INTO said;
	RETURN said;
EXCEPTION WHEN OTHERS THEN
	RETURN concat_ws(' ', SQLSTATE, SQLERRM);
END;
$$;

-- Grade a row, alter the type, and grade another one at the same call site
CREATE FUNCTION rt.around(columns text, before text, change text, after text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	EXECUTE format('CREATE TYPE rt.m AS (%s)', columns);
	-- a row of the type as an expression makes it, once a statement has been run
	CREATE FUNCTION rt.formed(first text, expression text) RETURNS record LANGUAGE plpgsql AS $f$
	DECLARE
		made record;
	BEGIN
		EXECUTE first;
		EXECUTE format('SELECT (%s)::rt.m AS m', expression) INTO made;
		RETURN made.m;
	END;
	$f$;
	said := rt.said(format($q$
		SELECT string_agg(tiering.classify('rt', rt.formed(f.first, f.expression)), ' '
			ORDER BY f.i)
		FROM (VALUES (1, 'SELECT', %L), (2, %L, %L), (3, 'SELECT', %L)) f (i, first, expression)
		$q$, before, 'ALTER TYPE rt.m ' || change, after, after));
	DROP FUNCTION rt.formed;
	DROP TYPE rt.m;
	RETURN said;
END;
$$;
SELECT c.columns, c.before, c.change, c.after, rt.around(c.columns, c.before, c.change, c.after)
FROM (VALUES
	(1, 'm numeric', 'ROW(12.5)', 'ALTER ATTRIBUTE m TYPE int', 'ROW(3)'),
	(2, 'm int', 'ROW(12)', 'ALTER ATTRIBUTE m TYPE numeric', 'ROW(3.5)'),
	(3, 'm int', 'ROW(12)', 'ALTER ATTRIBUTE m TYPE bigint', 'ROW(8589934592)'),
	(4, 'm numeric', 'ROW(12.5)', 'ALTER ATTRIBUTE m TYPE uuid',
		'ROW(''00000000-0000-0000-0000-000000000000'')'),
	(5, 'm int', 'ROW(12)', 'ALTER ATTRIBUTE m TYPE uuid',
		'ROW(''ffffffff-ffff-ffff-ffff-ffffffffffff'')'),
	(6, 'm numeric', 'ROW(12.5)', 'ALTER ATTRIBUTE m TYPE uuid',
		'ROW(''0101dead-beef-dead-beef-deadbeefdead'')'),
	(7, 'm int', 'ROW(12)', 'ALTER ATTRIBUTE m TYPE text', 'ROW(''12'')'),
	(8, 'm int', 'ROW(12)', 'ADD ATTRIBUTE n text', 'ROW(3, repeat(''x'', 500))'),
	(9, 'n text, m int', 'ROW(repeat(''x'', 500), 12)', 'DROP ATTRIBUTE n', 'ROW(3)'),
	(10, 'm int, n numeric', 'ROW(12, 1)', 'DROP ATTRIBUTE m', 'ROW(12)'),
	(11, 'n uuid, m int', 'ROW(NULL, 12)', 'DROP ATTRIBUTE n, ADD ATTRIBUTE o numeric',
		'ROW(3, 12)'),
	(12, 'm int, n numeric', 'ROW(12, 1)', 'DROP ATTRIBUTE m, ADD ATTRIBUTE m numeric',
		'ROW(12, 3.5)'),
	(13, 'm int', 'ROW(12)', 'RENAME ATTRIBUTE m TO n', 'ROW(12)')
) c (i, columns, before, change, after) ORDER BY c.i;

-- Rows that were formed before the type was altered, and are graded after it
CREATE FUNCTION rt.kept(columns text, before text, change text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	EXECUTE format('CREATE TYPE rt.m AS (%s)', columns);
	CREATE FUNCTION rt.grade_kept(before text, change text) RETURNS text LANGUAGE plpgsql AS $f$
	DECLARE
		kept record;
	BEGIN
		EXECUTE format('SELECT (%s)::rt.m AS m', before) INTO kept;
		EXECUTE change;
		RETURN tiering.classify('rt', kept.m);
	END;
	$f$;
	said := rt.said(format('SELECT rt.grade_kept(%L, %L)', before, 'ALTER TYPE rt.m ' || change));
	DROP FUNCTION rt.grade_kept;
	DROP TYPE rt.m;
	RETURN said;
END;
$$;
SELECT c.columns, c.before, c.change, rt.kept(c.columns, c.before, c.change)
FROM (VALUES
	(1, 'm numeric', 'ROW(12.5)', 'ALTER ATTRIBUTE m TYPE int'),
	(2, 'm int', 'ROW(12)', 'ALTER ATTRIBUTE m TYPE numeric'),
	(3, 'm int', 'ROW(-1)', 'ALTER ATTRIBUTE m TYPE numeric'),
	(4, 'm int', 'ROW(12)', 'ALTER ATTRIBUTE m TYPE bigint'),
	(5, 'm bigint', 'ROW(12)', 'ALTER ATTRIBUTE m TYPE int'),
	(6, 'm int', 'ROW(12)', 'ALTER ATTRIBUTE m TYPE uuid'),
	(7, 'm uuid', 'ROW(''0101dead-beef-dead-beef-deadbeefdead'')',
		'ALTER ATTRIBUTE m TYPE numeric'),
	(8, 'm text', 'ROW(repeat(''x'', 500))', 'ALTER ATTRIBUTE m TYPE int'),
	(9, 'n bigint, m numeric', 'ROW(1073741823, 12.5)', 'ALTER ATTRIBUTE n TYPE text'),
	(10, 'm int', 'ROW(12)', 'ADD ATTRIBUTE n numeric'),
	(11, 'n text, m int', 'ROW(repeat(''x'', 500), 12)', 'DROP ATTRIBUTE n'),
	(12, 'm int', 'ROW(12)', 'DROP ATTRIBUTE m, ADD ATTRIBUTE m numeric')
) c (i, columns, before, change) ORDER BY c.i;

-- Fields of all kinds are measured right
CREATE TYPE rt.m AS (a "char", b text, c bigint, d numeric, e boolean, f text[], g smallint,
	h box, i uuid, m numeric, j jsonb, k name);
CREATE FUNCTION rt.by_row(m record) RETURNS text LANGUAGE plpgsql
AS $$ BEGIN RETURN tiering.classify('rt', m); END $$;
CREATE TABLE rt.fields AS
SELECT i, ROW(
	CASE WHEN i & 1 = 0 THEN 'a' END, CASE WHEN i & 2 = 0 THEN repeat('b', i * 7) END,
	CASE WHEN i & 4 = 0 THEN i END, CASE WHEN i & 8 = 0 THEN 10::numeric ^ i END,
	CASE WHEN i & 16 = 0 THEN true END, CASE WHEN i & 32 = 0 THEN ARRAY['x', NULL] END,
	CASE WHEN i & 64 = 0 THEN i END, CASE WHEN i & 3 = 0 THEN box '(1,2),(3,4)' END,
	CASE WHEN i & 5 = 0 THEN gen_random_uuid() END, i % 20,
	CASE WHEN i & 9 = 0 THEN jsonb_build_object('k', repeat('j', i * 100)) END,
	CASE WHEN i & 6 = 0 THEN 'n' END)::rt.m AS m
FROM generate_series(0, 299) i;
SELECT count(*), count(*) FILTER (WHERE rt.by_row(f.m)
	IS DISTINCT FROM CASE WHEN f.i % 20 >= 10 THEN 'high' ELSE 'low' END) AS wrong
FROM rt.fields f;
-- and so are those of a table with dropped columns, new ones, and values out of line
CREATE TABLE rt.columns (a text, b bigint, m numeric);
ALTER TABLE rt.columns ALTER a SET STORAGE EXTERNAL;
INSERT INTO rt.columns
SELECT CASE WHEN i & 1 = 0 THEN repeat('a', i * 100) END, i, i % 20
FROM generate_series(0, 99) i;
ALTER TABLE rt.columns DROP COLUMN b;
ALTER TABLE rt.columns ADD COLUMN c text DEFAULT 'c';
INSERT INTO rt.columns SELECT repeat('a', i), i % 20, 'cc' FROM generate_series(100, 199) i;
SELECT count(*), count(*) FILTER (WHERE rt.by_row(f)
	IS DISTINCT FROM CASE WHEN f.m >= 10 THEN 'high' ELSE 'low' END) AS wrong
FROM rt.columns f;

-- Types that take turns at one call site are mapped in the same memory each time
CREATE TYPE rt.turn1 AS (m numeric);
CREATE TYPE rt.turn2 AS (n text, m int);
CREATE FUNCTION rt.turn(i int) RETURNS record LANGUAGE plpgsql AS $$
BEGIN
	IF i % 3 = 0 THEN
		RETURN ROW(i)::rt.turn1;
	ELSIF i % 3 = 1 THEN
		RETURN ROW('n', i)::rt.turn2;
	END IF;
	RETURN (SELECT s FROM (SELECT i AS m) s);
END;
$$;
CREATE FUNCTION rt.bytes_kept() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'tiering %'
$$;
SELECT g.tier, count(*), max(g.kept) > 0 AS kept, max(g.kept) < 40000 AS little
FROM (
	SELECT tiering.classify('rt', rt.turn(i)) AS tier,
		CASE WHEN i % 3000 = 0 THEN rt.bytes_kept() END AS kept
	FROM generate_series(1, 9000) i
	OFFSET 0
) g
GROUP BY g.tier ORDER BY g.tier;
