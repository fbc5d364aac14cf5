/*
 * Periods: the half-open ranges of days over which averages are taken. as_of is
 * the last day included. An infinite as_of (22023) and a period beyond the range of
 * dates (22008) are errors; a null argument gives null.
 */

-- Arguments that have to be there

CREATE FUNCTION _tiering.check_given(argument anyelement, name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF argument IS NULL THEN
		RAISE EXCEPTION '% must not be null', name USING ERRCODE = 'null_value_not_allowed';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_given(anyelement, text) IS
'Refuses an argument that is null (22004), by its name';

CREATE FUNCTION _tiering.check_day(day date, name text) RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF day IS NULL OR NOT isfinite(day) THEN
		PERFORM _tiering.check_given(day, name);
		RAISE EXCEPTION '% must be a day, not %', name, day
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN day;
END;
$$;
COMMENT ON FUNCTION _tiering.check_day(date, text) IS
'The day, or an error that names the argument: null (22004), infinite (22023)';

CREATE FUNCTION tiering.month(as_of date, shift int DEFAULT 0) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_month'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.month(date, int) IS
'The whole month that contains as_of, or the one so many later (shift -1: the one before). '
'Example: SELECT tiering.month(''2026-02-10'', -1) gives [2026-01-01,2026-02-01)';

CREATE FUNCTION tiering.quarter(as_of date, shift int DEFAULT 0) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_quarter'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.quarter(date, int) IS
'The whole calendar quarter that contains as_of, or the one so many later (shift -1: the one '
'before). Example: SELECT tiering.quarter(''2026-02-10'', -1) gives [2025-10-01,2026-01-01)';

CREATE FUNCTION tiering.half_year(as_of date, shift int DEFAULT 0) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_half_year'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.half_year(date, int) IS
'The whole half of the calendar year that contains as_of, or the one so many later (shift -1: '
'the one before). Example: SELECT tiering.half_year(''2026-02-10'', -1) gives '
'[2025-07-01,2026-01-01)';

CREATE FUNCTION tiering.year(as_of date, shift int DEFAULT 0) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_year'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.year(date, int) IS
'The whole calendar year that contains as_of, or the one so many later (shift -1: the one '
'before). Example: SELECT tiering.year(''2026-02-10'', -1) gives [2025-01-01,2026-01-01)';

CREATE FUNCTION tiering.month_to_date(as_of date) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_month_to_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.month_to_date(date) IS
'The month that contains as_of, from its first day up to and including as_of. Example: SELECT '
'tiering.month_to_date(''2026-02-10'') gives [2026-02-01,2026-02-11)';

CREATE FUNCTION tiering.quarter_to_date(as_of date) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_quarter_to_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.quarter_to_date(date) IS
'The calendar quarter that contains as_of, from its first day up to and including as_of. Example: '
'SELECT tiering.quarter_to_date(''2026-02-10'') gives [2026-01-01,2026-02-11)';

CREATE FUNCTION tiering.half_year_to_date(as_of date) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_half_year_to_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.half_year_to_date(date) IS
'The half of the calendar year that contains as_of, from its first day up to and including as_of. '
'Example: SELECT tiering.half_year_to_date(''2026-02-10'') gives [2026-01-01,2026-02-11)';

CREATE FUNCTION tiering.year_to_date(as_of date) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_year_to_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.year_to_date(date) IS
'The calendar year that contains as_of, from its first day up to and including as_of. Example: '
'SELECT tiering.year_to_date(''2026-02-10'') gives [2026-01-01,2026-02-11)';

-- Years of a bank's own, which begin with any month
CREATE FUNCTION tiering.fiscal_quarter(as_of date, first_month int, shift int DEFAULT 0)
	RETURNS daterange
AS 'MODULE_PATHNAME', 'period_fiscal_quarter'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.fiscal_quarter(date, int, int) IS
'The whole quarter that contains as_of, of years that begin with the month first_month (4 is '
'April), or the one so many later (shift -1: the one before). A month that is not one of 1 to 12 '
'is an error (22023). Example: SELECT tiering.fiscal_quarter(''2026-02-10'', 4) gives '
'[2026-01-01,2026-04-01)';

CREATE FUNCTION tiering.fiscal_year(as_of date, first_month int, shift int DEFAULT 0)
	RETURNS daterange
AS 'MODULE_PATHNAME', 'period_fiscal_year'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.fiscal_year(date, int, int) IS
'The whole year that contains as_of, which begins with the month first_month (4 is April), or the '
'one so many later (shift -1: the one before). A month that is not one of 1 to 12 is an error '
'(22023). Example: SELECT tiering.fiscal_year(''2026-02-10'', 4) gives [2025-04-01,2026-04-01)';

CREATE FUNCTION tiering.fiscal_quarter_to_date(as_of date, first_month int) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_fiscal_quarter_to_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.fiscal_quarter_to_date(date, int) IS
'The quarter that contains as_of, of years that begin with the month first_month, from its first '
'day up to and including as_of. Example: SELECT tiering.fiscal_quarter_to_date(''2026-02-10'', 4) '
'gives [2026-01-01,2026-02-11)';

CREATE FUNCTION tiering.fiscal_year_to_date(as_of date, first_month int) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_fiscal_year_to_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.fiscal_year_to_date(date, int) IS
'The year that contains as_of and begins with the month first_month, from its first day up to and '
'including as_of. Example: SELECT tiering.fiscal_year_to_date(''2026-02-10'', 4) gives '
'[2025-04-01,2026-02-11)';

CREATE FUNCTION tiering.rolling(length interval, as_of date) RETURNS daterange
AS 'MODULE_PATHNAME', 'period_trailing'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.rolling(interval, date) IS
'The period of that length whose last day is as_of; it starts at (as_of + 1) - length. A length '
'that is not whole days, or less than one, is an error (22023). Example: SELECT '
'tiering.rolling(''3 months'', ''2026-02-10'') gives [2025-11-11,2026-02-11)';
