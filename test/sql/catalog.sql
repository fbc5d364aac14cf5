-- Every object of the extension, read from the catalogue.
CREATE VIEW t.member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_depend d
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'tiering');
SELECT count(*) > 50 AS many FROM t.member;

-- all lie in the three schemas, which are members too; in the inner one there are no tables, in
-- the archive nothing else
SELECT object FROM t.member
WHERE object !~ '^schema (_?tiering|tiering_archive)$'
	AND object !~ '^(table|index) tiering_archive\.' AND object !~ '^type tiering_archive\.'
	AND object !~ '^(table|view|sequence|type|function|aggregate|index) tiering\.'
	AND object !~ '^(type|function) _tiering\.' AND object !~ 'tiering\.';
-- all have a comment: objects, columns, triggers
SELECT object FROM t.member m
WHERE NOT EXISTS (SELECT FROM pg_description x WHERE x.classoid = m.classid AND x.objoid = m.objid
	AND x.objsubid = 0)
	AND object !~ '^type ' AND object !~ '^sequence '
UNION ALL
SELECT format('%s.%s', a.attrelid::regclass, a.attname) FROM t.member m JOIN pg_class c
	ON m.classid = 'pg_class'::regclass AND c.oid = m.objid AND c.relkind IN ('r', 'v')
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE col_description(a.attrelid, a.attnum) IS NULL
UNION ALL
SELECT format('trigger %s on %s', g.tgname, g.tgrelid::regclass) FROM t.member m JOIN pg_trigger g
	ON m.classid = 'pg_class'::regclass AND g.tgrelid = m.objid AND NOT g.tgisinternal
WHERE obj_description(g.oid, 'pg_trigger') IS NULL;

-- functions: parallel safety is said (unsafe only what writes), C is strict or knows why not
CREATE VIEW t.routine AS SELECT p.*, p.oid::regprocedure AS name, l.lanname FROM t.member m
	JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid JOIN pg_language l
		ON l.oid = p.prolang;
SELECT name FROM t.routine WHERE prokind = 'a' AND (proparallel <> 's' OR NOT EXISTS (
	SELECT FROM pg_aggregate a WHERE a.aggfnoid = name AND a.aggcombinefn <> 0
		AND (a.aggtranstype <> 'internal'::regtype OR (a.aggserialfn <> 0 AND a.aggdeserialfn <> 0))
		AND a.aggtransspace > 0));
SELECT name FROM t.routine WHERE prokind = 'f' AND provolatile = 'v' AND proparallel <> 'u';
SELECT name FROM t.routine WHERE prokind = 'f' AND provolatile <> 'v' AND proparallel = 'u';
-- what is not C and not parsed when it is created fixes its search_path, or qualifies everything
SELECT name FROM t.routine WHERE prokind = 'f' AND lanname NOT IN ('c', 'internal') AND prosqlbody
	IS NULL
	AND NOT COALESCE(proconfig @> '{"search_path=pg_catalog, pg_temp"}', false);
-- what joins the customers of an assessment reads them once; see kept_rows()
SELECT name FROM t.routine WHERE prosrc ~ 'JOIN[^;]*kept_rows\('
	AND NOT COALESCE(proconfig @> '{enable_nestloop=off}', false);
-- definers' functions and those of triggers, of which PUBLIC may call none but those that ask for a
-- key; and all that it may, by kind
SELECT name FROM t.routine WHERE (prosecdef OR prorettype = 'trigger'::regtype)
	AND has_function_privilege('public', oid, 'EXECUTE');
SELECT name FROM t.routine WHERE prosecdef ORDER BY name::text;
SELECT CASE WHEN prokind = 'a' THEN 'aggregate'
		WHEN EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = r.oid)
			OR EXISTS (SELECT FROM pg_amproc a WHERE a.amproc = r.oid)
			OR EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = r.oid) THEN 'operator, cast'
		WHEN pronamespace = '_tiering'::regnamespace THEN 'part'
		ELSE 'function' END AS kind, name
FROM t.routine r WHERE has_function_privilege('public', oid, 'EXECUTE')
ORDER BY 1, name::text COLLATE "C";
-- what takes a grant, or is the owner's alone: with the aggregates and functions above it is the
-- manual, which \df tiering.* shows
SELECT name FROM t.routine
WHERE pronamespace = 'tiering'::regnamespace
	AND NOT has_function_privilege('public', oid, 'EXECUTE')
ORDER BY name::text COLLATE "C";
-- tables and sequences: dumped, but for what comes with the extension; and who may read them
SELECT c.oid::regclass AS relation, c.relkind, c.oid = ANY (e.extconfig) AS dumped,
	has_table_privilege('public', c.oid, 'SELECT') AS public_reads
FROM pg_extension e, t.member m JOIN pg_class c ON m.classid = 'pg_class'::regclass
	AND c.oid = m.objid AND c.relkind IN ('r', 'v', 'S')
WHERE e.extname = 'tiering' ORDER BY c.relkind, c.oid::regclass::text COLLATE "C";
SELECT c.oid::regclass FROM t.member m JOIN pg_class c ON m.classid = 'pg_class'::regclass
	AND c.oid = m.objid AND c.relkind IN ('r', 'v', 'S')
WHERE has_table_privilege('public', c.oid, 'INSERT')
	OR has_table_privilege('public', c.oid, 'UPDATE')
	OR has_table_privilege('public', c.oid, 'DELETE');
-- names and keys collate as "C"
SELECT a.attrelid::regclass, a.attname FROM t.member m JOIN pg_index i
	ON m.classid = 'pg_class'::regclass AND i.indrelid = m.objid AND i.indisprimary
	JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
		AND a.atttypid = 'text'::regtype
WHERE a.attcollation <> 'pg_catalog."C"'::regcollation;
