/*
 * What is kept with a query when it is set: under which settings, and who sets it
 */

-- The setting is there once a session has called anything in C, so this is.
CREATE FUNCTION _tiering.open_end() RETURNS text
AS 'MODULE_PATHNAME', 'open_end_setting'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.open_end() IS
'The setting tiering.open_end: from which day on the end of a balance is open';

CREATE FUNCTION _tiering.kept_settings() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT array_agg(s.name || '=' || current_setting(s.name, true) ORDER BY s.ordinality)
		|| ('tiering.open_end=' || _tiering.open_end())
	FROM unnest(ARRAY['TimeZone', 'timezone_abbreviations', 'DateStyle', 'IntervalStyle',
		'lc_monetary', 'lc_numeric', 'lc_time', 'default_text_search_config',
		'plpgsql.check_asserts']) WITH ORDINALITY s(name, ordinality)
	WHERE current_setting(s.name, true) IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.kept_settings() IS
'The settings of this session that are kept with a query that it sets, because it goes by them '
'which day, number or amount a text is, which end of a balance is open, and whether an assertion '
'in a function counts';

CREATE FUNCTION _tiering.binder() RETURNS regrole
AS 'MODULE_PATHNAME', 'binding_role'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1;
COMMENT ON FUNCTION _tiering.binder() IS
'Part of set_source() and set_series(): the role that calls them; null outside them';
