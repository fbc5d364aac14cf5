/*
 * Two guards of tables. While a source runs, or a series, nothing of ours can be written, whatever
 * function it calls and whatever rights that has. So none can decide, bind, publish or
 * move anybody in the name of whoever refreshes or reads a report. And no function or
 * view lends somebody the right to write: who writes acts for themselves. Rates, calendars
 * and marks of late data say nothing of who brought them; whatever loads data loads these.
 *
 * This part is the last one: every table has the first trigger, and all but those three the
 * second one.
 */

CREATE FUNCTION _tiering.refuse_in_source() RETURNS trigger
AS 'MODULE_PATHNAME', 'refuse_in_source'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10;
COMMENT ON FUNCTION _tiering.refuse_in_source() IS
'Trigger: refuses writing while a source or another restricted operation runs (55000)';
REVOKE EXECUTE ON FUNCTION _tiering.refuse_in_source() FROM PUBLIC;

CREATE FUNCTION _tiering.refuse_lent() RETURNS trigger
AS 'MODULE_PATHNAME', 'refuse_lent'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10;
COMMENT ON FUNCTION _tiering.refuse_lent() IS
'Trigger: refuses writing through a definer''s function that is none of the extension''s (42501)';
REVOKE EXECUTE ON FUNCTION _tiering.refuse_lent() FROM PUBLIC;

DO $$
DECLARE
	guarded regclass;
BEGIN
	FOR guarded IN SELECT c.oid FROM pg_catalog.pg_class c
		WHERE c.relnamespace IN ('tiering'::regnamespace, 'tiering_archive'::regnamespace)
			AND c.relkind IN ('r', 'p')
		ORDER BY c.relname
	LOOP
		EXECUTE pg_catalog.format('CREATE TRIGGER refuse_in_source
			BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_in_source()', guarded);
		EXECUTE pg_catalog.format('COMMENT ON TRIGGER refuse_in_source ON %s IS %L',
			guarded, 'Sources only read');
		CONTINUE WHEN guarded IN ('tiering.fx_rate'::regclass,
			'tiering.calendar_day'::regclass, 'tiering.dirty'::regclass);
		EXECUTE pg_catalog.format('CREATE TRIGGER refuse_lent
			BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_lent(%s)', guarded,
			CASE WHEN guarded = 'tiering.assignment'::regclass
				THEN pg_catalog.quote_literal('by hand') END);
		EXECUTE pg_catalog.format('COMMENT ON TRIGGER refuse_lent ON %s IS %L',
			guarded, 'Who writes acts for themselves');
	END LOOP;
	PERFORM tiering.enable_triggers();
END;
$$;
