/*
 * Copies of the whole: what dumps and logical replication do not carry over. Both
 * functions are for the extension's owner, once, when a copy is taken or goes live.
 */

-- A dump has an extension's tables as rows and grants alone.
CREATE FUNCTION tiering.not_dumped() RETURNS TABLE (statement text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT format('ALTER PUBLICATION %I ADD TABLE ONLY %s;', p.pubname, r.prrelid::regclass)
	FROM pg_publication_rel r
		JOIN pg_publication p ON p.oid = r.prpubid
		JOIN pg_class c ON c.oid = r.prrelid
	WHERE c.relnamespace IN ('tiering'::regnamespace, 'tiering_archive'::regnamespace)
	UNION ALL
	SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY;', c.oid::regclass, s.switch)
	FROM pg_class c, LATERAL (VALUES ('ENABLE', c.relrowsecurity),
		('FORCE', c.relforcerowsecurity)) s (switch, is_on)
	WHERE c.relnamespace IN ('tiering'::regnamespace, 'tiering_archive'::regnamespace)
		AND s.is_on
	UNION ALL
	SELECT format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s%s%s;', p.policyname, p.schemaname,
		p.tablename, p.permissive, p.cmd,
		(SELECT string_agg(CASE r WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', ')
		 FROM unnest(p.roles) r),
		' USING (' || p.qual || ')', ' WITH CHECK (' || p.with_check || ')')
	FROM pg_policies p
	WHERE p.schemaname IN ('tiering', 'tiering_archive');
END;
COMMENT ON FUNCTION tiering.not_dumped() IS
'The statements that bring back what users added to the extension''s tables and pg_dump leaves '
'out. That is tables of publications, and row-level security. Keep them beside the dump, and run '
'them after a restore. Lists of columns and conditions of a publication are not told. For the '
'extension''s owner. Example: SELECT statement FROM tiering.not_dumped()';

CREATE FUNCTION tiering.after_replication() RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	numbered record;
	is_behind boolean;
	moved int := 0;
BEGIN
	FOR numbered IN
		SELECT a.attrelid::regclass AS relation, a.attname,
			pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) AS sequence
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'tiering'::regnamespace AND a.attidentity <> ''
		ORDER BY c.relname
	LOOP
		EXECUTE format('SELECT max(t.%I) >= (SELECT s.last_value + s.is_called::int FROM %s s)
			FROM %s t', numbered.attname, numbered.sequence, numbered.relation) INTO is_behind;
		CONTINUE WHEN is_behind IS NOT TRUE;
		EXECUTE format('SELECT setval(%L, max(t.%I)) FROM %s t',
			numbered.sequence, numbered.attname, numbered.relation);
		moved := moved + 1;
	END LOOP;
	RETURN moved;
END;
$$;
COMMENT ON FUNCTION tiering.after_replication() IS
'Sets the sequences of the extension''s tables, which logical replication does not carry over. '
'They go behind the numbers that are there. Returns how many were not. For the extension''s '
'owner, on the new server, when the subscription has ended and before anything is written. '
'Example: SELECT tiering.after_replication()';
