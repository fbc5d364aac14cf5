-- classify(scheme, m), of which the planner makes a call with m's columns where
-- it knows them, must be as if it had not: same results, same errors.
SELECT tiering.new_scheme('rc');
INSERT INTO tiering.metric (scheme, version, metric, kind) VALUES ('rc', 1, 'x', 'number'),
	('rc', 1, 'b', 'boolean'), ('rc', 1, 'unused', 'number');
INSERT INTO tiering.tier (scheme, version, tier, rank, base) VALUES ('rc', 1, 'low', 0, true),
	('rc', 1, 'mid', 1, false), ('rc', 1, 'high', 2, false);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('rc', 1, 'mid', 1, 'x', '[10,)'), ('rc', 1, 'high', 1, 'x', '[20,)'),
	('rc', 1, 'high', 2, 'b', '[1,1]');
SELECT tiering.publish('rc', '2024-01-01'), tiering.new_version('rc');
UPDATE tiering.rule SET bounds = '[15,)' WHERE scheme = 'rc' AND version = 2 AND tier = 'mid';
SELECT tiering.publish('rc', '2024-07-01');

-- a parameter of PL/pgSQL is a row whose columns no planner knows
CREATE FUNCTION t.by_row(scheme text, m record) RETURNS text LANGUAGE plpgsql
	STABLE AS $$ BEGIN RETURN tiering.classify(scheme, m); END $$;
CREATE FUNCTION t.by_row(scheme text, m record, as_of date) RETURNS text LANGUAGE plpgsql
	STABLE AS $$ BEGIN RETURN tiering.classify(scheme, m, as_of); END $$;
-- All that a statement returns, or its error; what it does is undone.
CREATE FUNCTION t.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	lines text[] := '{}';
	hint text;
BEGIN
	FOR r IN EXECUTE statement LOOP
		lines := lines || r::text;
	END LOOP;
	RAISE EXCEPTION USING ERRCODE = 'T0000',
		MESSAGE = (SELECT count(*) || ': '
		|| COALESCE(string_agg(l, ' ' ORDER BY l COLLATE "C"), '') FROM unnest(lines) l);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', NULLIF(SQLSTATE, 'T0000'), SQLERRM, hint);
END;
$$;
CREATE FUNCTION t.by_columns(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ' || statement INTO plan;
	RETURN plan::text ~ 'classify_columns';
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END;
$$;

CREATE TABLE t.m (id int PRIMARY KEY, gone int, x numeric, other text, b boolean, d date);
ALTER TABLE t.m DROP COLUMN gone;
INSERT INTO t.m SELECT g, CASE WHEN g % 7 > 0 THEN g * 0.9 END, 'o',
	CASE WHEN g % 5 > 0 THEN g % 11 = 0 END, '2024-05-01'::date + g * 5
	FROM generate_series(1, 30) g;
CREATE VIEW t.v AS SELECT x AS first, x + 5 AS x, id, b FROM t.m;
CREATE VIEW t.v_barrier WITH (security_barrier) AS SELECT * FROM t.m WHERE id > 3;
CREATE MATERIALIZED VIEW t.mv AS SELECT * FROM t.m;
CREATE TABLE t.parted (b boolean, x numeric, id int) PARTITION BY RANGE (id);
CREATE TABLE t.parted1 (id int, gone text, x numeric, b boolean);
ALTER TABLE t.parted1 DROP COLUMN gone;
ALTER TABLE t.parted ATTACH PARTITION t.parted1 FOR VALUES FROM (0) TO (15);
CREATE TABLE t.parted2 PARTITION OF t.parted FOR VALUES FROM (15) TO (100);
INSERT INTO t.parted SELECT b, x, id FROM t.m;
CREATE TABLE t.heir (extra int, y numeric) INHERITS (t.m);
INSERT INTO t.heir (id, x, b, y) VALUES (101, 5, true, 1), (102, 12, NULL, 2);
CREATE TYPE t.pair AS (x numeric, b boolean);
CREATE FUNCTION t.one() RETURNS t.pair LANGUAGE sql AS 'SELECT (12, NULL)::t.pair';
CREATE FUNCTION t.rows() RETURNS SETOF t.m LANGUAGE sql STABLE AS 'SELECT * FROM ONLY t.m';
CREATE FUNCTION t.plrows() RETURNS SETOF t.m LANGUAGE plpgsql
	STABLE AS 'BEGIN RETURN QUERY SELECT * FROM ONLY t.m; END';
CREATE FUNCTION t.outs(OUT b boolean, OUT x numeric) RETURNS SETOF record LANGUAGE plpgsql
	STABLE AS 'BEGIN RETURN QUERY SELECT m.b, m.x FROM ONLY t.m m; END';
CREATE FUNCTION t.records() RETURNS SETOF record LANGUAGE sql
	STABLE AS 'SELECT x, b FROM ONLY t.m OFFSET 0';
CREATE FUNCTION t.noise(x numeric) RETURNS numeric LANGUAGE plpgsql
	VOLATILE AS 'BEGIN RETURN x; END';
CREATE DOMAIN t.amount AS numeric(12, 2);
CREATE DOMAIN t.yes AS boolean;
CREATE DOMAIN t.checked_pair AS t.pair CHECK ((VALUE).x < 100);
CREATE FUNCTION t.domain_rows() RETURNS SETOF t.checked_pair
	LANGUAGE sql AS 'SELECT (m.x, m.b)::t.pair::t.checked_pair FROM ONLY t.m m OFFSET 0';
CREATE TABLE t.nothing ();
INSERT INTO t.nothing DEFAULT VALUES;
CREATE TABLE t.wrong (x float8, b boolean);
INSERT INTO t.wrong VALUES (1, true);
CREATE TABLE t.nested (id int, m t.m, p t.pair);
INSERT INTO t.nested SELECT m.id, m, (m.x, m.b)::t.pair FROM ONLY t.m m;
DO $$
BEGIN
	FOR n IN 97 .. 98 LOOP
		EXECUTE format('CREATE TABLE t.wide%s AS SELECT x, b, d, %s FROM ONLY t.m', n,
			(SELECT string_agg(format('%s AS c%s', i, i), ', ') FROM generate_series(4, n) i));
	END LOOP;
END;
$$;

CREATE TABLE t.case (n int GENERATED ALWAYS AS IDENTITY, columns boolean, statement text);
INSERT INTO t.case (columns, statement) VALUES
	(true, $$SELECT id, GRADE('rc', m) FROM ONLY t.m$$),
	(true, $$SELECT m.id, GRADE('rc', m) FROM t.m$$),
	(true, $$SELECT id, GRADE('rc', m, d) FROM ONLY t.m$$),
	(true, $$SELECT GRADE(CASE WHEN id > 5 THEN 'rc' ELSE 'cib' END, m, '2024-08-01') FROM t.m
	WHERE id > 5$$),
	-- names are those of the row, whatever FROM calls them
	(true, $$SELECT GRADE('rc', m) FROM ONLY t.m AS m(id, other, x, y, z)$$),
	(true, $$SELECT GRADE('rc', m) FROM t.v AS m(x, first)$$),
	(true, $$SELECT GRADE('rc', m) FROM t.plrows() AS m(i, other, x)$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT id, x, b FROM ONLY t.m OFFSET 0) AS m(x, id)$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT id, x, b FROM ONLY t.m) AS m(x, id)$$),
	(true, $$WITH c AS MATERIALIZED (SELECT id, x, b FROM ONLY t.m) SELECT GRADE('rc', m)
	FROM c AS m(x, id)$$),
	(true, $$SELECT GRADE('rc', m)
	FROM (t.m JOIN t.v USING (id)) AS m(id, a, other, c, d, first, x, b)$$),
	(true, $$SELECT GRADE('rc', m) FROM (t.m JOIN t.v USING (id)) AS m$$),
	-- tables, views, subqueries
	(true, $$SELECT GRADE('rc', m) FROM t.v m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.v_barrier m WHERE x > 3$$),
	(true, $$SELECT GRADE('rc', m) FROM t.mv m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.m TABLESAMPLE BERNOULLI (100)$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT id AS x, b FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT x * 2 AS x, NOT b AS b FROM t.m OFFSET 0) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT id, x, b FROM t.m ORDER BY id LIMIT 9) m$$),
	(true, $$SELECT GRADE('rc', m)
	FROM (SELECT sum(x) AS x, bool_or(b) AS b FROM t.m GROUP BY id % 4) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT t.noise(x) AS x, b FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT DISTINCT x, b FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m)
	FROM (SELECT x, b FROM t.m UNION ALL SELECT x + 9, NULL FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m)
	FROM (SELECT x, b FROM t.m UNION SELECT x + 9, NULL FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT m.* FROM t.v m) m WHERE GRADE('rc', m) = 'high'$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT x, b, 99 AS x FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT x, b, 99 AS y, 9 AS y FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT (h.p).* FROM t.nested h) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT rank() OVER (ORDER BY id) AS x, b FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (VALUES (5, true), (25, NULL), (12, false)) m(x, b)$$),
	(false, $$SELECT GRADE('rc', m) FROM (VALUES (25, NULL::boolean)) m(x, b)$$),
	(true, $$WITH c AS (SELECT x, b FROM t.m) SELECT GRADE('rc', c) FROM c$$),
	(true, $$WITH c AS MATERIALIZED (SELECT x, b FROM t.m) SELECT GRADE('rc', c) FROM c JOIN c AS o
	USING (x)$$),
	(true, $$WITH RECURSIVE c AS (SELECT 1 AS x, true AS b UNION ALL SELECT x + 4, NULL FROM c
	WHERE x < 30 AND GRADE('rc', c) <> 'none') SELECT GRADE('rc', c) FROM c$$),
	-- functions
	(true, $$SELECT GRADE('rc', m) FROM t.rows() m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.plrows() m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.outs() m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.one() m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.records() AS m(x numeric, b boolean)$$),
	(true, $$SELECT GRADE('rc', m) FROM t.records() AS m(b numeric, x boolean)$$),
	(true, $$SELECT GRADE('rc', m) FROM t.plrows() WITH ORDINALITY m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.outs() WITH ORDINALITY m(b, a, x)$$),
	(true, $$SELECT GRADE('rc', m) FROM ROWS FROM (t.outs(), generate_series(1, 40)) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT array_agg(m) AS a FROM ONLY t.m) q,
	unnest(q.a) m$$), (true, $$SELECT GRADE('rc', m)
	FROM jsonb_to_recordset('[{"x": 11}, {"b": true}]') AS m(x numeric, b boolean)$$),
	(true, $$SELECT GRADE('rc', m) FROM t.domain_rows() m$$),
	-- joins, and rows that are null as a whole
	(true, $$SELECT i, GRADE('rc', m) FROM generate_series(25, 35) i LEFT JOIN ONLY t.m
	ON m.id = i$$), (true, $$SELECT GRADE('rc', l), GRADE('rc', r)
	FROM (SELECT * FROM t.m WHERE id < 20 OFFSET 0) l FULL JOIN t.mv r ON l.id = r.id + 9$$),
	(NULL, $$SELECT i, GRADE('rc', v) FROM generate_series(25, 35) i LEFT JOIN t.v ON v.id = i$$),
	(NULL, $$SELECT i, GRADE('rc', v) FROM generate_series(25, 35) i
	LEFT JOIN (SELECT 25 AS x, true AS b, id FROM t.m) v ON v.id = i$$),
	(true, $$SELECT GRADE('rc', j) FROM (t.m JOIN t.parted1 AS p USING (id, x, b)) AS j$$),
	(true, $$SELECT GRADE('rc', j) FROM (t.m FULL JOIN t.parted1 AS p USING (id, x, b)) AS j$$),
	(true, $$SELECT GRADE('rc', j)
	FROM (t.m LEFT JOIN t.parted1 AS p ON m.id = p.id + 3) AS j(i, y, other, c, d, id, x, b)$$),
	(true, $$SELECT p.id, l.g FROM t.parted1 p,
	LATERAL (SELECT GRADE('rc', m) AS g FROM t.m WHERE m.id = p.id) l$$),
	(NULL, $$SELECT l.g FROM t.m, LATERAL (SELECT GRADE('rc', m) AS g) l$$),
	(false, $$SELECT l.g FROM t.m, LATERAL (SELECT GRADE('rc', m) AS g OFFSET 0) l$$),
	(false, $$SELECT (SELECT GRADE('rc', m)) FROM t.m$$),
	(false, $$SELECT (SELECT string_agg(GRADE('rc', m) || i, ',') FROM generate_series(1, 2) i)
	FROM t.m$$),
	(true, $$SELECT id FROM t.m
	WHERE EXISTS (SELECT FROM (VALUES ('mid'), ('high')) v(tier) WHERE v.tier = GRADE('rc', m))$$),
	(NULL, $$SELECT id FROM t.m
	WHERE NOT EXISTS (SELECT FROM (VALUES ('mid'), ('high')) v(tier)
	WHERE v.tier = GRADE('rc', m))$$),
	(true, $$SELECT id FROM t.m WHERE GRADE('rc', m) IN (SELECT GRADE('rc', v) FROM t.v)$$),
	(true, $$SELECT count(*) FROM t.m l JOIN t.mv r ON GRADE('rc', l) = GRADE('rc', r)$$),
	(true, $$SELECT id, GRADE('rc', m) FROM t.parted m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.parted1 m$$),
	(false, $$SELECT GRADE('rc', m::t.m) FROM t.heir m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.heir m$$),
	-- rows that are no table's
	(NULL, $$SELECT GRADE('rc', m) FROM t.nested h, LATERAL (SELECT (h.p).x, (h.p).b) m$$),
	(false, $$SELECT GRADE('rc', h.m), GRADE('rc', h.p) FROM t.nested h$$),
	(true, $$SELECT GRADE('rc', (x, b)::t.pair) FROM t.m$$),
	(true, $$SELECT GRADE('rc', ROW(x, b)) FROM t.m$$),
	(false, $$SELECT GRADE('rc', CASE WHEN id > 9 THEN m END) FROM ONLY t.m$$),
	(false, $$SELECT GRADE('rc', NULL::t.m), GRADE('rc', NULL::record)$$),
	(false, $$SELECT GRADE('rc', ROW())$$),
	(false, $$SELECT GRADE('rc', m) FROM t.wide98 m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.wide97 m$$),
	(true, $$SELECT GRADE('rc', m, d) FROM t.wide97 m$$),
	(false, $$SELECT GRADE('rc', m, d) FROM t.wide98 m$$),
	-- types and errors
	(true, $$SELECT GRADE('rc', m) FROM (SELECT x::t.amount AS x, b::t.yes AS b FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT id::smallint AS x, b FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT id::bigint AS x, b FROM t.m) m$$),
	(true, $$SELECT GRADE('rc', m) FROM t.wrong m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT x FROM t.m) m$$),
	(false, $$SELECT GRADE('rc', m) FROM t.nothing m$$),
	(true, $$SELECT GRADE('rc', m) FROM (SELECT x, 1 AS b FROM t.m) m$$),
	(false, $$SELECT GRADE('rc', m) FROM (SELECT 'NaN'::numeric AS x, true AS b) m$$),
	(false, $$SELECT GRADE('rc', m) FROM (SELECT NULL AS x, NULL AS b) m$$),
	(false, $$SELECT GRADE('rc', m) FROM (SELECT '5' AS x, true AS b) m$$),
	(true, $$SELECT GRADE('nothing', m) FROM t.m$$), (true, $$SELECT GRADE(NULL, m) FROM t.m$$),
	(true, $$SELECT GRADE('rc', m, NULL) FROM t.m$$),
	(true, $$SELECT GRADE('rc', m, '2020-01-01') FROM t.m$$),
	(true, $$SELECT GRADE('rc', m, d - 120) FROM ONLY t.m$$),
	(false, $$SELECT GRADE('rc', m) FROM (SELECT 1 AS "X", true AS b) m$$),
	(false, $$SELECT GRADE('rc', m) FROM (SELECT 1 AS x, true AS b WHERE false) m$$),
	-- grouping, windows, order
	(true, $$SELECT GRADE('rc', m), count(*) FROM t.m GROUP BY 1 HAVING GRADE('rc', m) <> 'none'$$),
	(current_setting('server_version_num')::int < 180000,
	$$SELECT GRADE('rc', m), count(*) FROM t.m GROUP BY m$$),
	(true, $$SELECT GRADE('rc', m), x FROM ONLY t.m GROUP BY m.id$$),
	(false, $$SELECT GRADE('rc', m), count(*) FROM t.m WHERE x > 20 GROUP BY ROLLUP (m)$$),
	(false, $$SELECT GRADE('rc', m), count(*) FROM (SELECT x, b FROM t.m) m WHERE x > 20
	GROUP BY GROUPING SETS ((m), (), (x))$$),
	(false, $$SELECT GRADE('rc', m), count(*) FROM t.m GROUP BY CUBE (GRADE('rc', m))$$),
	(true, $$SELECT DISTINCT ON (GRADE('rc', m)) GRADE('rc', m), id FROM t.m
	ORDER BY GRADE('rc', m), id$$),
	(true, $$SELECT id, row_number() OVER (PARTITION BY GRADE('rc', m) ORDER BY id) FROM t.m$$),
	(true, $$SELECT array_agg(GRADE('rc', m) ORDER BY id) FILTER (WHERE GRADE('rc', m) > 'l')
	FROM t.m$$),
	-- statements that write
	(true, $$UPDATE ONLY t.m SET other = GRADE('rc', m) RETURNING id, other, GRADE('rc', m)$$),
	(true, $$UPDATE t.m SET x = x + 5 WHERE GRADE('rc', m) = 'mid' RETURNING id, x,
	GRADE('rc', m)$$),
	(true, $$UPDATE t.m SET x = p.x + 3, other = GRADE('rc', p) || GRADE('rc', m) FROM t.parted p
	WHERE p.id = m.id RETURNING m.id, other, GRADE('rc', m), GRADE('rc', p)$$),
	(true, $$UPDATE t.parted m SET id = 99 - id WHERE GRADE('rc', m) = 'mid' RETURNING id,
	GRADE('rc', m)$$), (true,
	$$DELETE FROM t.parted m WHERE GRADE('rc', m) = 'mid' RETURNING id, GRADE('rc', m)$$),
	(NULL, $$UPDATE t.v m SET first = 1 WHERE GRADE('rc', m) = 'mid' RETURNING id,
	GRADE('rc', m)$$),
	(true, $$INSERT INTO t.parted (id, x, b) SELECT id + 40, x, b FROM ONLY t.m
	WHERE GRADE('rc', m) = 'high' RETURNING id, GRADE('rc', parted)$$),
	(true, $$INSERT INTO t.m (id, x, b) SELECT id, x + 9, b FROM t.parted ON CONFLICT (id) DO UPDATE
	SET other = GRADE('rc', m) || GRADE('rc', EXCLUDED), x = EXCLUDED.x
	WHERE GRADE('rc', m) <> GRADE('rc', EXCLUDED) RETURNING id, other, GRADE('rc', m)$$),
	(true, $$WITH u AS (DELETE FROM t.parted m RETURNING *) SELECT GRADE('rc', u) FROM u$$),
	(true, $$WITH u AS (DELETE FROM t.parted m RETURNING GRADE('rc', m) AS tier) SELECT tier
	FROM u$$);
SELECT tiering.load_preset('cib', 'rc_other');

SELECT n, c.columns AS expected, t.by_columns(q) AS columns, statement
FROM t.case c, LATERAL replace(statement, 'GRADE(', 'tiering.classify(') q
	WHERE c.columns <> COALESCE(t.by_columns(q), NOT c.columns) ORDER BY n;
SELECT n, statement, by_columns, by_row
FROM t.case, t.outcome(replace(statement, 'GRADE(', 'tiering.classify(')) AS by_columns,
	t.outcome(replace(statement, 'GRADE(', 't.by_row(')) AS by_row
WHERE by_columns IS DISTINCT FROM by_row ORDER BY n;
SELECT count(*) > 100 AS many FROM t.case;
SELECT outcome, string_agg(n::text, ' ' ORDER BY n) AS cases FROM t.case,
	t.outcome(replace(statement, 'GRADE(', 'tiering.classify(')) WHERE outcome ~ '^[0-9A-Z]{5} '
	GROUP BY 1 ORDER BY 1;

-- functions of SQL that the planner takes in, and triggers
CREATE FUNCTION t.grade(m t.m) RETURNS text LANGUAGE sql
	STABLE AS $$SELECT tiering.classify('rc', m)$$;
SELECT t.by_columns('SELECT t.grade(m) FROM t.m') AS columns, count(*) AS many, count(*)
	FILTER (WHERE t.grade(m) IS DISTINCT FROM t.by_row('rc', m)) AS wrong FROM t.m;
CREATE FUNCTION t.note_grade() RETURNS trigger
	LANGUAGE plpgsql AS $$ BEGIN NEW.other := tiering.classify('rc', NEW)
	|| COALESCE(tiering.classify('rc', OLD, '2024-01-01'), ''); RETURN NEW; END $$;
CREATE TRIGGER note_grade BEFORE INSERT OR UPDATE
	ON t.m FOR EACH ROW EXECUTE FUNCTION t.note_grade();
CREATE TRIGGER note_high BEFORE UPDATE ON t.m FOR EACH ROW
	WHEN (tiering.classify('rc', NEW) = 'high') EXECUTE FUNCTION t.note_grade();
SELECT t.outcome('UPDATE t.m SET x = 12, b = NULL WHERE id < 3 RETURNING other'),
	t.outcome('INSERT INTO t.m (id, x) VALUES (77, 70) RETURNING other');
DROP TRIGGER note_grade ON t.m;
SELECT t.outcome('UPDATE t.m SET x = x + 12 WHERE id < 12 AND NOT b RETURNING id, x, other');

-- A check with a row in it, of a table that is another number in the query, or
-- of one that a subquery that was pulled up takes the number of.
CREATE TABLE t.kept (x numeric, b boolean);
CREATE TABLE t.kept_too (y text,
	CONSTRAINT not_high CHECK (tiering.classify('rc', kept_too,
	'2024-01-01') <> 'high')) INHERITS (t.kept);
INSERT INTO t.kept VALUES (1, NULL), (12, false), (33, true);
INSERT INTO t.kept_too VALUES (11, NULL, 'y'), (12, NULL, 'y');
SELECT t.fails('INSERT INTO t.kept_too VALUES (21, NULL)');
BEGIN;
SET LOCAL constraint_exclusion = on;
SELECT count(*) FROM (SELECT * FROM t.kept WHERE x > 1) m WHERE x < 100;
SELECT count(*) FROM (SELECT * FROM t.mv) v, t.kept m WHERE m.x = 12 AND v.x > 0
	AND tiering.classify('rc', m) = 'mid';
SELECT count(*) FROM generate_series(1, 2) i, (VALUES (1), (2)) v(j), t.kept m WHERE m.x = 12
	AND tiering.classify('rc', m, '2024-01-01') = 'high';
WITH c AS (SELECT * FROM t.kept WHERE x > 1) UPDATE t.kept m SET b = false FROM c WHERE c.x = m.x
	AND m.x > 0 AND tiering.classify('rc', m) <> 'high';
ROLLBACK;

-- row-level security by the grade of the row
CREATE ROLE regress_row_columns;
GRANT USAGE ON SCHEMA t TO regress_row_columns;
GRANT SELECT, UPDATE ON t.mv, t.parted TO regress_row_columns;
ALTER TABLE t.parted ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_grade ON t.parted USING (tiering.classify('rc', parted) = 'mid')
	WITH CHECK (tiering.classify('rc', parted) IN ('mid', 'low'));
SELECT count(*) FROM t.parted m WHERE t.by_row('rc', m) = 'mid';
SET ROLE regress_row_columns;
SELECT count(*), bool_and(tiering.classify('rc', m) = 'mid') AS only_mid FROM t.parted m;
SELECT left(t.fails('UPDATE t.parted SET x = 50'), 60),
	t.outcome('UPDATE t.parted m SET x = 15 RETURNING tiering.classify(''rc'', m)');
-- a row takes the right to all of its columns
RESET ROLE;
CREATE TABLE t.half AS SELECT * FROM t.mv;
GRANT SELECT (id, x, b) ON t.half TO regress_row_columns;
SET ROLE regress_row_columns;
SELECT t.fails($$SELECT tiering.classify('rc', m) FROM t.half m$$),
	(SELECT count(tiering.classify('rc', m)) FROM (SELECT x, b FROM t.half) m);
RESET ROLE;
DROP OWNED BY regress_row_columns;
DROP ROLE regress_row_columns;

-- plans that outlive what they were made for: a version, a column, a view
CREATE TABLE t.changing AS SELECT * FROM t.mv;
CREATE VIEW t.changing_too AS SELECT x AS first, x + 5 AS x, id, b FROM t.changing;
PREPARE graded AS SELECT tiering.classify('rc', m) AS tier, count(*) FROM t.changing m GROUP BY 1
	ORDER BY 1;
SET plan_cache_mode = force_generic_plan;
PREPARE graded_on(text, date) AS SELECT tiering.classify($1, m, $2) AS tier, count(*)
	FROM t.changing_too m GROUP BY 1 ORDER BY 1;
EXECUTE graded;
EXECUTE graded_on('rc', '2024-05-01');
BEGIN;
SELECT tiering.new_version('rc');
UPDATE tiering.rule SET metric = 'unused', bounds = '[3,)' WHERE scheme = 'rc' AND version = 3
	AND tier = 'mid';
SELECT tiering.publish('rc', '2024-09-01');
SELECT t.fails('EXECUTE graded');
ALTER TABLE t.changing RENAME other TO unused;
SELECT t.fails('EXECUTE graded');
ALTER TABLE t.changing ALTER unused TYPE int USING 5;
EXECUTE graded;
EXECUTE graded_on('rc', '2024-05-01');
SELECT t.fails($$EXECUTE graded_on('rc', '2024-09-01')$$);
CREATE OR REPLACE VIEW t.changing_too AS SELECT x AS first, x + 15 AS x, id, b, 1 AS unused
	FROM t.changing;
EXECUTE graded_on('rc', '2024-09-01');
EXECUTE graded_on('rc', '2024-07-01');
ROLLBACK;
EXECUTE graded;
EXECUTE graded_on('rc', '2024-05-01');
RESET plan_cache_mode;

-- in parallel workers
CREATE TABLE t.many AS SELECT g AS id, round(t.random(g) * 30, 2) AS x,
	CASE WHEN g % 5 > 0 THEN t.random(g + 50000) < 0.1 END AS b FROM generate_series(1, 30000) g;
ALTER TABLE t.many SET (parallel_workers = 2);
ANALYZE t.many;
BEGIN;
SELECT t.parallel();
SELECT launched > 0 AS workers_ran, t.by_columns(q) AS columns
FROM (VALUES ($$SELECT tiering.classify('rc', m), count(*) FROM t.many m GROUP BY 1$$)) v(q),
	t.workers(q);
SELECT tier, count(*) FILTER (WHERE tier <> expected) AS wrong
FROM (SELECT tiering.classify('rc', m) AS tier,
	CASE WHEN x >= 20 OR b THEN 'high' WHEN x >= 15 THEN 'mid' ELSE 'low' END AS expected
	FROM t.many m) g GROUP BY 1 ORDER BY 1;
ROLLBACK;

-- Who calls what the planner is to call is told so; nothing else happens.
SELECT _tiering.classify_columns('rc', '{x,b}', 12, true),
	_tiering.classify_columns_on('rc', '2024-01-01', '{b,x}', NULL::boolean, 12);
SELECT t.fails('SELECT _tiering.classify_columns(' || arguments || ')')
	FROM unnest(ARRAY[$$'rc', NULL, 1$$, $$'rc', '{x}', 1, true$$, $$'rc', '{x,b}', 1$$,
	$$'rc', '{x,NULL}', 1, true$$,
	$$'rc', '{x,b}', VARIADIC ARRAY[1, 2]$$, $$'rc', '{x}', VARIADIC ARRAY[1]$$,
	$$'rc', '{x,b}', '1', true$$, $$'rc', '{x,b}', ROW(1), true$$,
	$$'rc', '{x,b}', 1, ARRAY[true]$$,
	$$'rc', array_append('{x}', CASE WHEN random() < 2 THEN 'b' END), 1, true$$,
	$$NULL, NULL, NULL$$, $$'rc', '{y,z}', 1, true$$]) arguments;
SELECT t.fails($$SELECT _tiering.classify_columns_on('rc', NULL, '{x,b}', 1, true)$$),
	t.fails($$SELECT _tiering.classify_columns('rc', n, 12, true)
	FROM (VALUES ('{x,b}'::text[]), ('{b,x}')) v(n)$$);
