
-- Who was given what has it again, of what there is
SELECT tiering_update.remember_own();
SELECT tiering_update.change(g, NOT g.taken)
FROM tiering_update.given g JOIN tiering_update.rights() r ON r.object = g.object
ORDER BY g.grantable DESC;
SELECT tiering_update.change_roles(true);
DO $$
DECLARE
	gone record;
BEGIN
	FOR gone IN
		SELECT g.object,
			pg_catalog.string_agg(DISTINCT g.grantee::pg_catalog.regrole::text, ', ') AS roles
		FROM tiering_update.given g
		WHERE NOT g.taken AND g.grantee <> 0
			AND g.object NOT IN (SELECT r.object FROM tiering_update.rights() r)
		GROUP BY g.object
	LOOP
		RAISE WARNING 'there is no % any more, to which % had rights', gone.object, gone.roles;
	END LOOP;
END;
$$;
SELECT tiering_update.put_back_own();

SELECT tiering_update.make_views();

DROP SCHEMA tiering_update CASCADE;
