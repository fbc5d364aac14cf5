/*
 * What an update works with; gone when it ends. Make puts an update together:
 *
 *	1. these tools, and begin.sql: who was given what is noted and taken back, and all
 *	   triggers, functions, views and types that the new version does not have go
 *	2. the functions that tables call
 *	3. what was written by hand for each version since (0.1.0--0.2.0.sql and so on):
 *	   tables, their rows, and what else code cannot replace
 *	4. comments of tables, and all code, each thing replacing the one before
 *	5. presets, and end.sql: who was given what has it again
 *
 * What hangs on a thing that is replaced, such as a view of the bank's own
 * on a view of ours, stays. If a thing cannot be replaced, as it returns other types or
 * has other columns, it goes first, with what hangs on it if that is ours, too, and so
 * comes again. Views of the bank's own that hang on it are made anew in the end. If it is
 * anything else the update is refused (2BP01), says what it is, and has changed nothing.
 */
\echo Use "ALTER EXTENSION tiering UPDATE" to load this file. \quit

-- What comes anew is whose the rest is.
DO $$
BEGIN
	PERFORM pg_catalog.set_config('role', r.rolname, true)
	FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
	WHERE n.nspname = 'tiering' AND r.rolname <> current_user;
END;
$$;

CREATE SCHEMA tiering_update;

-- What the new version has
CREATE TABLE tiering_update.name (kind text NOT NULL, name text NOT NULL);

CREATE FUNCTION tiering_update.is_ours(class oid, object oid) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
		WHERE d.refclassid = 'pg_extension'::regclass AND e.extname = 'tiering'
			AND d.deptype = 'e' AND d.classid = class AND d.objid = object);
END;

-- A type that is not there yet has no functions
CREATE FUNCTION tiering_update.find(kind text, name text) RETURNS oid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE kind WHEN 'VIEW' THEN to_regclass(name)::oid WHEN 'TYPE' THEN to_regtype(name)::oid
		ELSE to_regprocedure(replace(name, 'VARIADIC ', ''))::oid END;
EXCEPTION WHEN undefined_object OR invalid_schema_name THEN
	RETURN NULL;
END;
$$;

-- All that hangs on an object, and what hangs on that. A view hangs by its rule.
CREATE FUNCTION tiering_update.hanging_on(class oid, object oid, sub int)
RETURNS TABLE (classid oid, objid oid, objsubid int)
LANGUAGE sql STABLE
BEGIN ATOMIC
	WITH RECURSIVE tied (classid, objid, objsubid) AS (
		VALUES (class, object, sub)
		UNION
		SELECT n.classid, n.objid, n.objsubid
		FROM tied t
			JOIN pg_depend d ON d.refclassid = t.classid AND d.refobjid = t.objid
				AND (t.objsubid = 0 OR d.refobjsubid = t.objsubid) AND d.deptype IN ('n', 'a', 'i')
			LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
				AND r.rulename = '_RETURN'
			CROSS JOIN LATERAL (
				SELECT d.classid, d.objid, d.objsubid WHERE r.oid IS NULL
				UNION ALL SELECT 'pg_class'::regclass::oid, r.ev_class, 0 WHERE r.oid IS NOT NULL) n
	)
	SELECT t.classid, t.objid, t.objsubid FROM tied t
	WHERE (t.classid, t.objid, t.objsubid) <> (class, object, sub);
END;

-- One that can be made anew: of no extension, and of no session
CREATE FUNCTION tiering_update.is_banks_view(object oid) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT EXISTS (
			SELECT FROM pg_class c
			WHERE c.oid = object AND c.relkind = 'v' AND c.relpersistence = 'p')
		AND NOT EXISTS (
			SELECT FROM pg_depend d
			WHERE d.classid = 'pg_class'::regclass AND d.objid = object AND d.deptype = 'e');
END;

-- Code comes again, and so do triggers and operators; tables and what is of them do not.
CREATE FUNCTION tiering_update.comes_again(class oid, object oid) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT CASE class::regclass::text
		WHEN 'pg_class' THEN (
			SELECT CASE c.relkind
				WHEN 'v' THEN tiering_update.is_ours(class, object)
					OR tiering_update.is_banks_view(object)
				WHEN 'c' THEN tiering_update.is_ours('pg_type'::regclass, c.reltype) END
			FROM pg_class c WHERE c.oid = object)
		WHEN 'pg_type' THEN (
			SELECT tiering_update.is_ours(class, object) OR y.typelem <> 0
				OR tiering_update.is_ours('pg_class'::regclass, y.typrelid)
				OR tiering_update.is_banks_view(y.typrelid)
			FROM pg_type y WHERE y.oid = object)
		WHEN 'pg_trigger' THEN (
			SELECT tiering_update.is_ours('pg_class'::regclass, g.tgrelid)
				AND tiering_update.is_ours('pg_proc'::regclass, g.tgfoid)
			FROM pg_trigger g WHERE g.oid = object)
		WHEN 'pg_amop' THEN true WHEN 'pg_amproc' THEN true
		WHEN 'pg_attrdef' THEN false WHEN 'pg_constraint' THEN false
		ELSE tiering_update.is_ours(class, object) END;
END;

CREATE TABLE tiering_update.view (
	name     text NOT NULL,
	query    text NOT NULL,
	options  text[],
	owner    oid NOT NULL,
	acl      aclitem[],
	comments text[] NOT NULL
);

-- Before an object goes: keep the bank's views that go with it, or refuse
CREATE FUNCTION tiering_update.let_go(class oid, object oid, sub int DEFAULT 0) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	users text;
BEGIN
	SELECT string_agg(DISTINCT pg_describe_object(h.classid, h.objid, h.objsubid), ', ') INTO users
	FROM tiering_update.hanging_on(class, object, sub) h
		LEFT JOIN pg_class c ON h.classid = 'pg_class'::regclass AND c.oid = h.objid
		LEFT JOIN pg_type y ON h.classid = 'pg_type'::regclass AND y.oid = h.objid
		LEFT JOIN pg_constraint k ON h.classid = 'pg_constraint'::regclass AND k.oid = h.objid
	WHERE c.relnamespace IS DISTINCT FROM 'pg_toast'::regnamespace AND COALESCE(y.typrelid, 0) = 0
		AND tiering_update.comes_again(h.classid, h.objid) IS NOT TRUE
		-- of a column its default and that it is not null go with it
		AND NOT (sub <> 0
			AND (h.classid = 'pg_attrdef'::regclass OR COALESCE(k.contype = 'n', false)));
	IF users IS NOT NULL THEN
		RAISE EXCEPTION 'tiering cannot be updated while something depends on %',
				pg_describe_object(class, object, sub)
			USING ERRCODE = 'dependent_objects_still_exist',
			DETAIL = format('The new version has another one, or none. What depends on it, '
				'or on what does, is %s.', users),
			HINT = 'Drop what depends on it, update, and create it anew.';
	END IF;
	INSERT INTO tiering_update.view (name, query, options, owner, acl, comments)
	SELECT c.oid::regclass, pg_get_viewdef(c.oid), c.reloptions, c.relowner, c.relacl, ARRAY(
		SELECT format('COMMENT ON %s IS %L', CASE d.objsubid WHEN 0 THEN 'VIEW ' || c.oid::regclass
			ELSE format('COLUMN %s.%I', c.oid::regclass, a.attname) END, d.description)
		FROM pg_description d
			LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
				AND a.attnum > 0
		WHERE d.classoid = 'pg_class'::regclass AND d.objoid = c.oid)
	FROM (SELECT DISTINCT h.objid FROM tiering_update.hanging_on(class, object, sub) h
		  WHERE h.classid = 'pg_class'::regclass AND tiering_update.is_banks_view(h.objid)) h
		JOIN pg_class c ON c.oid = h.objid;
END;
$$;

-- What is made within an update is the extension's until it says that it is not.
CREATE FUNCTION tiering_update.make_view(v tiering_update.view) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	command text;
BEGIN
	EXECUTE format('CREATE VIEW %s%s AS %s', v.name,
		' WITH (' || array_to_string(v.options, ', ') || ')', v.query);
	EXECUTE format('ALTER VIEW %s OWNER TO %s', v.name, v.owner::regrole);
	FOR command IN
		SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, v.name,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
			CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
		FROM aclexplode(v.acl) a WHERE a.grantee <> v.owner
		UNION ALL
		SELECT unnest(v.comments)
		UNION ALL
		SELECT format('ALTER EXTENSION tiering DROP VIEW %s', v.name)
	LOOP
		EXECUTE command;
	END LOOP;
END;
$$;

-- One may hang on another, so whatever can be made is made until all are.
CREATE FUNCTION tiering_update.make_views() RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v tiering_update.view;
	made int;
	failed text;
	why text;
BEGIN
	LOOP
		made := 0;
		failed := NULL;
		FOR v IN SELECT * FROM tiering_update.view ORDER BY name LOOP
			BEGIN
				PERFORM tiering_update.make_view(v);
				DELETE FROM tiering_update.view w WHERE w.name = v.name;
				made := made + 1;
			EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
				failed := v.name;
				why := SQLERRM;
			END;
		END LOOP;
		EXIT WHEN failed IS NULL;
		IF made = 0 THEN
			RAISE EXCEPTION 'tiering cannot be updated while there is the view %', failed
				USING ERRCODE = 'dependent_objects_still_exist',
				DETAIL = format('It cannot be created for the new version: %s.', why),
				HINT = 'Drop it, update, and create it anew.';
		END IF;
	END LOOP;
END;
$$;

-- Drop what is to be another, with what of ours hangs on it
CREATE FUNCTION tiering_update.make_way(kind text, name text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering_update.let_go(CASE kind WHEN 'VIEW' THEN 'pg_class'::regclass
		WHEN 'TYPE' THEN 'pg_type'::regclass ELSE 'pg_proc'::regclass END,
		tiering_update.find(kind, name));
	EXECUTE format('DROP %s %s CASCADE',
		CASE WHEN kind IN ('VIEW', 'TYPE') THEN kind ELSE 'ROUTINE' END, name);
END;
$$;

CREATE FUNCTION tiering_update.drop_column(relation regclass, name name) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering_update.let_go('pg_class'::regclass, a.attrelid, a.attnum)
	FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = name;
	EXECUTE format('ALTER TABLE %s DROP COLUMN %I CASCADE', relation, name);
END;
$$;

CREATE FUNCTION tiering_update.put(kind text, name text, statement text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN invalid_function_definition OR invalid_table_definition OR wrong_object_type THEN
	IF tiering_update.find(kind, name) IS NULL THEN
		RAISE;
	END IF;
	PERFORM tiering_update.make_way(kind, name);
	EXECUTE statement;
END;
$$;

CREATE FUNCTION tiering_update.attributes(type text) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT string_agg(format('%I %s %s', a.attname, format_type(a.atttypid, a.atttypmod),
		a.attcollation), ', ' ORDER BY a.attnum)
	FROM pg_type y JOIN pg_attribute a ON a.attrelid = y.typrelid
	WHERE y.oid = to_regtype(type) AND NOT a.attisdropped;
END;

-- A type that is the same stays, as columns of the bank's tables may be of it.
CREATE FUNCTION tiering_update.put_type(name text, statement text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	is_same boolean;
BEGIN
	IF to_regtype(name) IS NULL THEN
		EXECUTE statement;
		RETURN;
	END IF;
	EXECUTE regexp_replace(statement, '^CREATE TYPE [^ ]+', 'CREATE TYPE tiering_update.draft');
	is_same := tiering_update.attributes(name)
		= tiering_update.attributes('tiering_update.draft');
	DROP TYPE tiering_update.draft;
	IF is_same IS NOT TRUE THEN
		PERFORM tiering_update.make_way('TYPE', name);
		EXECUTE statement;
	END IF;
END;
$$;

-- What has no OR REPLACE, and is expected to be the same if it is there
CREATE FUNCTION tiering_update.put_once(statement text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN duplicate_object OR duplicate_function THEN
	NULL;
WHEN duplicate_schema THEN
	IF NOT EXISTS (
		SELECT FROM pg_namespace n
		WHERE statement = format('CREATE SCHEMA %I;', n.nspname)
			AND tiering_update.is_ours('pg_namespace'::regclass, n.oid))
	THEN
		RAISE;
	END IF;
END;
$$;

/*
 * Who may do what. GRANT within an update counts as the extension's own, which a dump
 * leaves out: so what the bank has granted is taken back before, and granted again
 * after, and pg_init_privs, which says what is the extension's own, is put back.
 */
CREATE TABLE tiering_update.own (classoid oid, objoid oid, objsubid int, initprivs aclitem[]);
-- what the bank has granted one by one, or taken from PUBLIC, and by grant_role()
CREATE TABLE tiering_update.given (
	object    text NOT NULL,
	target    text NOT NULL,
	columns   text NOT NULL,
	grantee   oid NOT NULL,
	privilege text NOT NULL,
	grantable boolean NOT NULL,
	taken     boolean NOT NULL
);
CREATE TABLE tiering_update.role (role oid NOT NULL, what text NOT NULL);

CREATE FUNCTION tiering_update.object() RETURNS TABLE (classid oid, objid oid, objsubid int,
	kind text, columns text, owner oid, acl aclitem[], acl_kind "char")
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT o.*
	FROM (
		SELECT 'pg_proc'::regclass::oid AS classid, f.oid AS objid, 0 AS objsubid,
			'ROUTINE' AS kind, '' AS columns, f.proowner, f.proacl, 'f'::"char"
		FROM pg_proc f
		UNION ALL
		SELECT 'pg_class'::regclass, c.oid, 0,
			CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, '', c.relowner, c.relacl,
			CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"
		FROM pg_class c
		UNION ALL
		SELECT 'pg_class'::regclass, c.oid, a.attnum, 'TABLE', format(' (%I)', a.attname),
			c.relowner, a.attacl, 'c'
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
		UNION ALL
		SELECT 'pg_type'::regclass, y.oid, 0, 'TYPE', '', y.typowner, y.typacl, 'T' FROM pg_type y
		UNION ALL
		SELECT 'pg_namespace'::regclass, n.oid, 0, 'SCHEMA', '', n.nspowner, n.nspacl, 'n'
		FROM pg_namespace n) o
	WHERE tiering_update.is_ours(o.classid, o.objid);
END;

CREATE FUNCTION tiering_update.rights() RETURNS TABLE (object text, target text, columns text,
	owner oid, acl aclitem[], own aclitem[])
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT i.identity, o.kind || ' ' || w.identity, o.columns, o.owner,
		COALESCE(o.acl, acldefault(o.acl_kind, o.owner)),
		COALESCE(p.initprivs, acldefault(o.acl_kind, o.owner))
	FROM tiering_update.object() o
		LEFT JOIN pg_init_privs p ON p.classoid = o.classid AND p.objoid = o.objid
			AND p.objsubid = o.objsubid
		CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, o.objsubid) i
		CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) w;
END;

-- Whatever anybody but PUBLIC and the owner has is the bank's.
CREATE FUNCTION tiering_update.remember_own() RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
	DELETE FROM tiering_update.own;
	INSERT INTO tiering_update.own
	SELECT p.classoid, p.objoid, p.objsubid, ARRAY(
		SELECT i.item FROM unnest(p.initprivs) i (item)
		WHERE NOT EXISTS (
			SELECT FROM aclexplode(ARRAY[i.item]) a WHERE a.grantee NOT IN (0, o.owner)))
	FROM pg_init_privs p JOIN tiering_update.object() o
		ON (o.classid, o.objid, o.objsubid) = (p.classoid, p.objoid, p.objsubid);
END;

-- From PostgreSQL 17 on roles that are named there are noted in pg_shdepend, too.
CREATE FUNCTION tiering_update.put_back_own() RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
	DELETE FROM pg_init_privs p USING tiering_update.object() o
	WHERE (o.classid, o.objid, o.objsubid) = (p.classoid, p.objoid, p.objsubid)
		AND NOT EXISTS (SELECT FROM tiering_update.own f
			WHERE (f.classoid, f.objoid, f.objsubid) = (p.classoid, p.objoid, p.objsubid));
	UPDATE pg_init_privs p SET initprivs = f.initprivs FROM tiering_update.own f
	WHERE (f.classoid, f.objoid, f.objsubid) = (p.classoid, p.objoid, p.objsubid)
		AND p.initprivs::text <> f.initprivs::text;
	DELETE FROM pg_shdepend s USING tiering_update.object() o
	WHERE (s.classid, s.objid, s.objsubid) = (o.classid, o.objid, o.objsubid) AND s.deptype = 'i'
		AND s.refobjid <> o.owner
		AND s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
END;

CREATE FUNCTION tiering_update.change(g tiering_update.given, grants boolean) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format(
		CASE WHEN grants THEN 'GRANT %s%s ON %s TO %s%s' ELSE 'REVOKE %s%s ON %s FROM %s' END,
		g.privilege, g.columns, g.target,
		CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
		CASE WHEN g.grantable THEN ' WITH GRANT OPTION' ELSE '' END);
END;
$$;

-- What the rights that grant_role() gives are made of
CREATE FUNCTION tiering_update.role_rights() RETURNS TABLE (what text, object text, privilege text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT DISTINCT g.what, i.identity, p[1]
	FROM tiering.role_grants() g
		CROSS JOIN LATERAL regexp_match(g.rights,
			'^(.*?)\s+ON\s+((?:FUNCTION|ROUTINE)\s+)?(.*)$') line
		CROSS JOIN LATERAL regexp_matches(line[1], '([A-Z]+)\s*(?:\(([^)]*)\))?', 'g') p
		CROSS JOIN LATERAL regexp_matches(line[3], '([^,(\s]+(?:\([^)]*\))?)', 'g') o
		LEFT JOIN LATERAL unnest(string_to_array(regexp_replace(p[2], '\s', '', 'g'), ','))
			c (name) ON true
		CROSS JOIN LATERAL (
			SELECT CASE WHEN line[2] IS NULL THEN to_regclass(o[1])::oid
				ELSE to_regprocedure(o[1])::oid END AS oid) object
		LEFT JOIN pg_attribute a ON line[2] IS NULL AND a.attrelid = object.oid
			AND a.attname = c.name
		CROSS JOIN LATERAL pg_identify_object(
			CASE WHEN line[2] IS NULL THEN 'pg_class'::regclass ELSE 'pg_proc'::regclass END,
			object.oid, COALESCE(a.attnum, 0)) i
$$;

CREATE FUNCTION tiering_update.change_roles(grants boolean) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	given record;
BEGIN
	FOR given IN
		SELECT r.role::regrole, g.rights
		FROM tiering_update.role r JOIN tiering.role_grants() g USING (what)
	LOOP
		EXECUTE format(CASE WHEN grants THEN 'GRANT %s TO %s' ELSE 'REVOKE %s FROM %s' END,
			given.rights, given.role);
	END LOOP;
END;
$$;
