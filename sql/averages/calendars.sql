/*
 * Calendars: which days are business days, as rows of calendar_day. Whoever has the right
 * load writes them, everyone reads them.
 */

CREATE FUNCTION _tiering.calendar_lines(csv text)
	RETURNS TABLE (number bigint, line text, day date, business boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 400
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT l.number, rtrim(l.line, E'\r'),
		CASE WHEN extract(month FROM d.day) = (p.part)[2]::int THEN d.day END,
		(p.part)[4]::boolean
	FROM string_to_table(csv, E'\n') WITH ORDINALITY AS l(line, number)
		CROSS JOIN LATERAL (SELECT regexp_match(l.line,
			'^\s*"?(?!0+-)(\d{4,6})-(0[1-9]|1[0-2])-(\d\d)"?\s*,'
			'\s*"?(true|false|yes|no|[tfyn10])"?\s*$', 'i')) p(part)
		-- the 31st of a short month is a day of the next one
		CROSS JOIN LATERAL (SELECT make_date((p.part)[1]::int, (p.part)[2]::int, 1)
			+ (p.part)[3]::int - 1) d(day)
	WHERE l.line ~ '\S'
		AND NOT (l.number = 1 AND l.line ~* '^\s*"?day"?\s*,\s*"?business"?\s*$')
$$;
COMMENT ON FUNCTION _tiering.calendar_lines(text) IS
'Part of load_calendar(): the lines of a CSV but for empty ones and the names of the columns. A '
'line that does not say of a day whether it is a business day has a null day';

CREATE FUNCTION tiering.load_calendar(calendar text, csv text) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
	loaded int;
BEGIN
	IF calendar IS NULL OR csv IS NULL THEN
		RAISE EXCEPTION 'calendar and csv must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT * INTO wrong FROM (
		SELECT l.*, lag(l.number) OVER (PARTITION BY l.day ORDER BY l.number) AS before
		FROM _tiering.calendar_lines(csv) l) l
	WHERE l.day IS NULL OR l.before IS NOT NULL ORDER BY l.number LIMIT 1;
	IF wrong.day IS NOT NULL THEN
		RAISE EXCEPTION 'calendar "%" has % twice, in lines % and %', calendar,
			to_char(wrong.day, 'YYYY-MM-DD'), wrong.before, wrong.number
			USING ERRCODE = 'cardinality_violation';
	ELSIF FOUND THEN
		RAISE EXCEPTION 'line % of calendar "%" does not say whether a day is a business day: %',
			wrong.number, calendar, quote_literal(wrong.line)
			USING ERRCODE = 'bad_copy_file_format', HINT = 'A line is such as 2026-01-01,false.';
	END IF;
	INSERT INTO tiering.calendar_day AS d (calendar, day, business)
	SELECT load_calendar.calendar, l.day, l.business FROM _tiering.calendar_lines(csv) l
	ON CONFLICT ON CONSTRAINT calendar_day_pkey DO UPDATE SET business = EXCLUDED.business;
	GET DIAGNOSTICS loaded = ROW_COUNT;
	RETURN loaded;
END;
$$;
COMMENT ON FUNCTION tiering.load_calendar(text, text) IS
'Loads the days of a calendar from a CSV, and returns how many. A line is a day and whether it is '
'a business day: 2026-01-01,false. The first line may be day,business. A day that is there already '
'is replaced, all others stay. Errors: a line of another form (22P04) and a day that comes twice '
'(21000), and then nothing is loaded. Example: SELECT tiering.load_calendar(''TARGET'', '
'E''day,business\n2026-01-01,false\n2026-01-02,true'') gives 2';

CREATE FUNCTION tiering.business_days(calendar text, period daterange) RETURNS int
AS 'MODULE_PATHNAME', 'business_days'
LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION tiering.business_days(text, daterange) IS
'How many days of the period are business days of a calendar. A day of the period that the '
'calendar does not have is an error that names the first one (P0002). Example: SELECT '
'tiering.business_days(''TARGET'', ''[2026-01-01,2026-01-06)'') gives 2';
