/*
 * What freezes and what keeps history fires always, also in a session that applies
 * changes as a subscriber does, or says that it did. A restore with --disable-triggers
 * turns all triggers off and then on again as ordinary ones, so this can be repeated.
 */

CREATE FUNCTION tiering.enable_triggers() RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	g record;
	mended int := 0;
BEGIN
	FOR g IN
		SELECT t.tgname, t.tgrelid::regclass AS relation
		FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
			JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('tiering', 'tiering_archive') AND NOT t.tgisinternal
			AND t.tgenabled <> 'A'
			AND p.proname IN ('freeze_definition', 'freeze_version', 'refuse_truncate',
				'refuse_rewrite', 'refuse_inserted', 'refuse_altered', 'record_by_hand',
				'settle_by_hand', 'limit_waiting', 'refuse_in_source', 'refuse_lent',
				'keep_four_eyes')
		ORDER BY c.relname, t.tgname
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', g.relation, g.tgname);
		mended := mended + 1;
	END LOOP;
	RETURN mended;
END;
$$;
COMMENT ON FUNCTION tiering.enable_triggers() IS
'Has the triggers that freeze versions and keep history fire always, and returns how many did '
'not. For the extension''s owner, after a restore with --disable-triggers. Example: SELECT '
'tiering.enable_triggers()';

CREATE TRIGGER refuse_rewrite BEFORE UPDATE OR DELETE OR TRUNCATE ON tiering.publication
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_rewrite();
COMMENT ON TRIGGER refuse_rewrite ON tiering.publication IS 'Every step is kept';

DO $$ BEGIN PERFORM tiering.enable_triggers(); END; $$;
