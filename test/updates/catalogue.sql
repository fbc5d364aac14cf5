/*
 * What the catalogues say of the extension, as rows: of every object, what it is, who
 * may do what with it, what it hangs on, and its comment. Two databases that have the
 * same rows have the same extension. A table that was altered has its columns in
 * another order than one that was made anew, which nothing of ours looks at: columns are
 * told by name, and the lines of a query in alphabetical order.
 */

CREATE SCHEMA IF NOT EXISTS t;

-- An array is not told beside its element, nor a table's row beside the table: since 17 ALTER
-- EXTENSION ADD makes both members, and CREATE EXTENSION does not.
CREATE FUNCTION t.members() RETURNS TABLE (classid oid, objid oid, identity text)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT d.classid, d.objid, i.type || ' ' || i.identity
	FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
		CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'tiering'
		AND NOT EXISTS (
			SELECT FROM pg_type y LEFT JOIN pg_class c ON c.oid = y.typrelid
			WHERE d.classid = 'pg_type'::regclass AND y.oid = d.objid
				AND (y.typcategory = 'A' OR c.relkind <> 'c'));
END;

CREATE FUNCTION t.sorted(query text) RETURNS text
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
	SELECT string_agg(rtrim(l.line, ', '), E'\n' ORDER BY rtrim(l.line, ', ') COLLATE "C")
	FROM regexp_split_to_table(query, '\n') l (line);
END;

-- By grantee and privilege, as the order of an array of rights means nothing
CREATE FUNCTION t.rights(acl aclitem[]) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT string_agg(format('%s %s%s by %s', CASE a.grantee WHEN 0 THEN 'PUBLIC'
			ELSE a.grantee::regrole::text END, a.privilege_type,
			CASE WHEN a.is_grantable THEN '*' END, a.grantor::regrole), ', '
		ORDER BY a.grantee::regrole::text, a.privilege_type, a.grantor::regrole::text)
	FROM aclexplode(acl) a;
END;

CREATE FUNCTION t.catalogue_of_functions() RETURNS TABLE (object text, what text, says text)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT m.identity, w.what, w.says
	FROM t.members() m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
		LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
		CROSS JOIN LATERAL (VALUES
			('definition', CASE WHEN p.prokind <> 'a' THEN t.sorted(pg_get_functiondef(p.oid))
				ELSE format('%s %s', pg_get_function_result(p.oid), to_jsonb(a) - 'aggfnoid'
					- 'aggtranstype' - 'aggmtranstype') END),
			('arguments', pg_get_function_arguments(p.oid)),
			('states', format('%s %s', a.aggtranstype::regtype, a.aggmtranstype::regtype)),
			('marks', format('%s %s %s %s %s', p.provolatile, p.proparallel, p.procost, p.prorows,
				p.prosupport)),
			('owner', p.proowner::regrole::text), ('rights', t.rights(p.proacl))) w (what, says);
END;

CREATE FUNCTION t.catalogue_of_relations() RETURNS TABLE (object text, what text, says text)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT m.identity, w.what, w.says
	FROM t.members() m JOIN pg_class c ON c.oid = m.objid AND m.classid = 'pg_class'::regclass
		CROSS JOIN LATERAL (
			SELECT *
			FROM (VALUES ('options', format('%s %s %s %s', c.relkind, c.relpersistence,
					c.relreplident, c.reloptions)),
				('query', CASE c.relkind WHEN 'v' THEN t.sorted(pg_get_viewdef(c.oid)) END),
				('owner', c.relowner::regrole::text), ('rights', t.rights(c.relacl))) v
			UNION ALL
			SELECT 'column ' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
				a.attcollation::regcollation, a.attnotnull, a.attidentity, a.attgenerated,
				a.attstorage, pg_get_expr(d.adbin, d.adrelid), t.rights(a.attacl),
				col_description(c.oid, a.attnum))
			FROM pg_attribute a
				LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			UNION ALL
			SELECT 'constraint ' || k.conname, concat_ws(' ', pg_get_constraintdef(k.oid),
				k.convalidated, obj_description(k.oid, 'pg_constraint'))
			FROM pg_constraint k WHERE k.conrelid = c.oid
			UNION ALL
			SELECT 'index ' || i.indexrelid::regclass, concat_ws(' ', pg_get_indexdef(i.indexrelid),
				i.indisvalid, obj_description(i.indexrelid, 'pg_class'))
			FROM pg_index i WHERE i.indrelid = c.oid
			UNION ALL
			SELECT 'trigger ' || g.tgname, concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled,
				obj_description(g.oid, 'pg_trigger'))
			FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) w (what, says);
END;

CREATE FUNCTION t.catalogue_of_types() RETURNS TABLE (object text, what text, says text)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT m.identity, 'definition', (to_jsonb(y) - 'oid' - 'typnamespace' - 'typowner' - 'typrelid'
		- 'typarray' - 'typelem' - 'typacl')::text || y.typelem::regtype
	FROM t.members() m JOIN pg_type y ON y.oid = m.objid AND m.classid = 'pg_type'::regclass
	UNION ALL
	SELECT m.identity, format('attribute %s %s', a.attnum, a.attname),
		concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation)
	FROM t.members() m JOIN pg_type y ON y.oid = m.objid AND m.classid = 'pg_type'::regclass
		JOIN pg_attribute a ON a.attrelid = y.typrelid
	UNION ALL
	SELECT m.identity, 'operator', concat_ws(' ', o.oprcanmerge, o.oprcanhash,
		o.oprresult::regtype, o.oprcom::regoperator, o.oprnegate::regoperator,
		o.oprcode, o.oprrest, o.oprjoin)
	FROM t.members() m JOIN pg_operator o ON o.oid = m.objid AND m.classid = 'pg_operator'::regclass
	UNION ALL
	SELECT m.identity, 'cast', concat_ws(' ', k.castfunc::regprocedure, k.castcontext, k.castmethod)
	FROM t.members() m JOIN pg_cast k ON k.oid = m.objid AND m.classid = 'pg_cast'::regclass
	UNION ALL
	SELECT m.identity, 'class', concat_ws(' ', k.opcdefault, k.opcintype::regtype)
	FROM t.members() m JOIN pg_opclass k ON k.oid = m.objid AND m.classid = 'pg_opclass'::regclass;
END;

-- All but what is linked by numbers alone: what an object hangs on, by name
CREATE FUNCTION t.catalogue_of_ties() RETURNS TABLE (object text, what text, says text)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT DISTINCT m.identity,
		'on ' || pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), d.deptype::text
	FROM t.members() m JOIN pg_depend d ON d.classid = m.classid AND d.objid = m.objid
	UNION
	SELECT m.identity, 'comment', obj_description(m.objid, c.relname)
	FROM t.members() m JOIN pg_class c ON c.oid = m.classid
	UNION
	SELECT m.identity, 'first rights ' || p.objsubid, t.rights(p.initprivs)
	FROM t.members() m JOIN pg_init_privs p ON p.classoid = m.classid AND p.objoid = m.objid
	UNION
	SELECT m.identity, 'schema rights', t.rights(n.nspacl)
	FROM t.members() m
		JOIN pg_namespace n ON n.oid = m.objid AND m.classid = 'pg_namespace'::regclass
	UNION
	SELECT 'extension', 'dumped ' || c.name::regclass, c.condition
	FROM pg_extension e, unnest(e.extconfig, e.extcondition) c (name, condition)
	WHERE e.extname = 'tiering'
	UNION
	SELECT 'extension', 'version', e.extversion FROM pg_extension e WHERE e.extname = 'tiering'
	UNION
	SELECT 'preset', p.preset, p.parameters::text || p.document FROM tiering.preset p;
END;

CREATE FUNCTION t.catalogue() RETURNS TABLE (object text, what text, says text)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM t.catalogue_of_functions()
	UNION ALL SELECT * FROM t.catalogue_of_relations()
	UNION ALL SELECT * FROM t.catalogue_of_types()
	UNION ALL SELECT * FROM t.catalogue_of_ties();
END;
