-- What has another name keeps who it is, so that what hangs on it, or was granted on it, stays
DO $$
DECLARE
	routine record;
BEGIN
	FOR routine IN
		SELECT * FROM (VALUES
			('tiering."trailing"(interval, date)', 'rolling'),
			('tiering."trim"(tiering.daily_series, daterange)', 'clip')) r (name, new_name)
	LOOP
		IF tiering_update.find('FUNCTION', routine.name) IS NOT NULL THEN
			EXECUTE pg_catalog.format('ALTER FUNCTION %s RENAME TO %I', routine.name,
				routine.new_name);
		END IF;
	END LOOP;
END;
$$;

-- Who was given what
SELECT tiering_update.remember_own();

INSERT INTO tiering_update.role (role, what)
SELECT a.grantee, n.what
FROM tiering_update.role_rights() n
	JOIN tiering_update.rights() r ON r.object = n.object
	CROSS JOIN LATERAL pg_catalog.aclexplode(r.acl) a
WHERE a.privilege_type = n.privilege AND a.grantee NOT IN (0, r.owner)
GROUP BY a.grantee, n.what
HAVING count(*) = (SELECT count(*) FROM tiering_update.role_rights() o WHERE o.what = n.what);
SELECT tiering_update.change_roles(false);
SELECT tiering_update.put_back_own();

INSERT INTO tiering_update.given (object, target, columns, grantee, privilege, grantable, taken)
SELECT r.object, r.target, r.columns, a.grantee, a.privilege_type, a.is_grantable, false
FROM tiering_update.rights() r CROSS JOIN LATERAL pg_catalog.aclexplode(r.acl) a
WHERE a.grantee <> r.owner AND (a.grantee, a.privilege_type) NOT IN (
	SELECT o.grantee, o.privilege_type FROM pg_catalog.aclexplode(r.own) o)
UNION
SELECT r.object, r.target, r.columns, o.grantee, o.privilege_type, false, true
FROM tiering_update.rights() r CROSS JOIN LATERAL pg_catalog.aclexplode(r.own) o
WHERE o.grantee = 0 AND (o.grantee, o.privilege_type) NOT IN (
	SELECT a.grantee, a.privilege_type FROM pg_catalog.aclexplode(r.acl) a);
SELECT tiering_update.change(g, g.taken) FROM tiering_update.given g;
SELECT tiering_update.put_back_own();

-- What has become a part lies with the parts: a type before the functions that take it
CREATE SCHEMA IF NOT EXISTS _tiering;
DO $$
DECLARE
	part record;
BEGIN
	FOR part IN
		SELECT CASE WHEN n.kind IN ('TYPE', 'VIEW') THEN n.kind ELSE 'ROUTINE' END AS kind,
			pg_catalog.regexp_replace(n.name, '^_', '') AS name, n.name AS new_name
		FROM tiering_update.name n WHERE n.name ~ '^_tiering\.' ORDER BY n.kind <> 'TYPE'
	LOOP
		IF tiering_update.find(part.kind, part.new_name) IS NULL
			AND tiering_update.find(part.kind, part.name) IS NOT NULL
		THEN
			EXECUTE pg_catalog.format('ALTER %s %s SET SCHEMA _tiering', part.kind,
				pg_catalog.replace(part.name, 'VARIADIC ', ''));
		END IF;
	END LOOP;
END;
$$;

-- What is not there any more, or comes again
DO $$
DECLARE
	gone record;
BEGIN
	FOR gone IN
		SELECT g.tgname, g.tgrelid::pg_catalog.regclass AS relation
		FROM pg_catalog.pg_trigger g
		WHERE NOT g.tgisinternal
			AND tiering_update.comes_again('pg_trigger'::pg_catalog.regclass, g.oid)
	LOOP
		EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', gone.tgname, gone.relation);
	END LOOP;
	FOR gone IN
		WITH stays AS (
			SELECT tiering_update.find(n.kind, n.name) AS oid FROM tiering_update.name n
		), code AS (
			SELECT 'pg_proc'::pg_catalog.regclass AS class, f.oid, 'ROUTINE' AS kind,
				f.pronamespace AS schema
			FROM pg_catalog.pg_proc f
			UNION ALL
			SELECT 'pg_class', c.oid, 'VIEW', c.relnamespace
			FROM pg_catalog.pg_class c WHERE c.relkind = 'v'
			UNION ALL
			SELECT 'pg_type', y.oid, 'TYPE', y.typnamespace
			FROM pg_catalog.pg_type y
				JOIN pg_catalog.pg_class c ON c.oid = y.typrelid AND c.relkind = 'c'
		)
		SELECT c.kind, i.identity AS name, c.class, c.oid
		FROM code c CROSS JOIN LATERAL pg_catalog.pg_identify_object(c.class, c.oid, 0) i
		WHERE tiering_update.is_ours(c.class, c.oid)
			AND c.schema <> 'tiering_update'::pg_catalog.regnamespace
			AND c.oid NOT IN (SELECT s.oid FROM stays s WHERE s.oid IS NOT NULL)
	LOOP
		IF tiering_update.is_ours(gone.class, gone.oid) THEN	-- still
			PERFORM tiering_update.let_go(gone.class, gone.oid);
			EXECUTE pg_catalog.format('DROP %s %s CASCADE', gone.kind, gone.name);
		END IF;
	END LOOP;
END;
$$;

-- Presets are the extension's own.
DELETE FROM tiering.preset;
