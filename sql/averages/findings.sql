/*
 * How checks look at a query: what a finding is, and what screens accounts.
 *
 * First each account is screened by sums that need no order: of a sound account they come
 * out right, of any other they do not, but for one chance in 2^61. Then the rows of those
 * accounts alone that may have a fault are looked at in order, one by one. So a sound book
 * costs about what its averages cost, and a query is read twice at most, or three times
 * where rows have no account.
 *
 * The sums are of numbers that are drawn for each day (a hash). Where ranges cover each day
 * once, each row ends where the next one begins, so that the sum over all first days, less
 * that over all ends, leaves the number of the very first less that of the very last. And
 * the other way round: ranges of which nothing else is left are one on each day between.
 * Snapshots are told by the sum over the days that any account has a row for. Whether a day
 * comes twice among changes no sum tells: these are counted on a series, which takes memory
 * for each row of an account. Their statements are long, so that compiling them would take
 * more time than it saves.
 */

CREATE TYPE tiering.finding AS (
	severity text,
	kind     text,
	account  text,
	days     daterange,
	detail   text
);
COMMENT ON TYPE tiering.finding IS
'What is wrong with rows: a row for each thing that a check found';
COMMENT ON COLUMN tiering.finding.severity IS
'error: an average of the rows is wrong or refused; warning: they may be right';
COMMENT ON COLUMN tiering.finding.kind IS
'What is wrong, such as overlap or missing_day; each check tells its kinds';
COMMENT ON COLUMN tiering.finding.account IS
'The account; null where it is about all of them, or a row has none';
COMMENT ON COLUMN tiering.finding.days IS 'The days concerned; null for a row without a day';
COMMENT ON COLUMN tiering.finding.detail IS 'What was found, in words, with the values';

CREATE TYPE _tiering.range_row AS (
	account   text,
	balance   numeric,
	first_day date,
	end_day   date,
	before    numeric[],
	twin      numeric[],
	previous  numeric,
	is_last   boolean,
	jumps     boolean,
	stale     boolean
);
COMMENT ON TYPE _tiering.range_row IS
'A row of ranges as it is looked at: the row that lasts longest of those before it (its end, its '
'balance and its first day, in days since 2000), the balance of a row before it of the same days, '
'if there is one, the balance before, and whether it is the last row';

CREATE TYPE _tiering.day_row AS (
	account   text,
	value     numeric,
	day       date,
	twin      numeric,
	previous  numeric,
	missing   bigint,
	hole      daterange,
	jumps     boolean,
	stale     boolean,
	unplaced  boolean,
	until     date
);
COMMENT ON TYPE _tiering.day_row IS
'A row of a day as it is looked at: the value of another row in its place, the value before, and '
'how many days without a row lie before it, from which to which, whether it should say its place '
'in the day and does not, and before which day it still counts, null if on its own only. A null '
'account and day with a hole: days on which no account has a row';

CREATE FUNCTION _tiering.day_number(day date) RETURNS bigint
AS 'MODULE_PATHNAME', 'check_day_number'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.day_number(date) IS
'Part of the checks: the number that is drawn for a day';

CREATE FUNCTION _tiering.range_number(balance numeric, first_day date, end_day date) RETURNS bigint
AS 'MODULE_PATHNAME', 'check_range_number'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.range_number(numeric, date, date) IS
'Part of check_ranges(): the number of the first day less that of the end; of a row that has a '
'fault of its own, one that spoils any sum';

CREATE FUNCTION _tiering.expected_day(day date, weekends boolean, holidays date[]) RETURNS boolean
AS 'MODULE_PATHNAME', 'check_expected_day'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.expected_day(date, boolean, date[]) IS
'Part of check_snapshots(): whether there should be rows for a day';

CREATE FUNCTION _tiering.next_number(day date, weekends boolean, holidays date[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'check_next_number'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.next_number(date, boolean, date[]) IS
'Part of check_snapshots(): the number of the next day for which there should be rows';

CREATE FUNCTION _tiering.snapshot_number(balance numeric, day date, weekends boolean,
	holidays date[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'check_snapshot_number'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.snapshot_number(numeric, date, boolean, date[]) IS
'Part of check_snapshots(): the number of the day less that of the next one; of a row that has a '
'fault of its own, one that spoils any sum';

CREATE FUNCTION _tiering.sound_day(value numeric, day date) RETURNS date
AS 'MODULE_PATHNAME', 'check_sound_day'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.sound_day(numeric, date) IS
'Part of check_changes() and check_flows(): the day, which is one that never comes if the row has '
'a fault of its own';

CREATE FUNCTION _tiering.from_day(day date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
BEGIN ATOMIC
	SELECT LEAST(GREATEST(day, date '4714-11-24 BC'), date '5874897-12-30');
END;
COMMENT ON FUNCTION _tiering.from_day(date) IS
'Part of the checks: a first day that can be reckoned with; null is the first of all';

CREATE FUNCTION _tiering.to_day(day date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
BEGIN ATOMIC
	SELECT GREATEST(LEAST(day, date '5874897-12-31'), date '4714-11-24 BC');
END;
COMMENT ON FUNCTION _tiering.to_day(date) IS
'Part of the checks: an end that can be reckoned with; null is the last of all';

-- A row that ends before it begins is about the days between, too
CREATE FUNCTION _tiering.shown_days(first_day date, end_day date) RETURNS daterange
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT daterange(NULLIF(LEAST(first_day, end_day), '4714-11-24 BC'),
		NULLIF(GREATEST(first_day, end_day), '5874897-12-31'));
END;
COMMENT ON FUNCTION _tiering.shown_days(date, date) IS
'Part of the checks: days from one up to another, without a bound where it is none';

CREATE FUNCTION _tiering.shown_day(day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT CASE day WHEN '4714-11-24 BC' THEN '-infinity' WHEN '5874897-12-31' THEN 'infinity'
		ELSE day::text END;
END;
COMMENT ON FUNCTION _tiering.shown_day(date) IS
'Part of the checks: a day as it is told';

/*
 * The query, and what is asked of it
 */

CREATE FUNCTION _tiering.check_window(period daterange, jump numeric) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF isempty(period) THEN
		RAISE EXCEPTION 'the period to check must not be empty'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Null stands for all days.';
	END IF;
	IF jump <= 1 OR jump IN ('NaN', 'Infinity') THEN
		RAISE EXCEPTION 'jump must be a factor greater than 1, not %', jump
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_window(daterange, numeric) IS
'Part of the checks: a period without days, and a jump that is none, are errors (22023)';

CREATE FUNCTION _tiering.examined_query(query text, period daterange, jump numeric, max_age int)
	RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF COALESCE(btrim(query, E'; \t\r\n'), '') = '' THEN
		RAISE EXCEPTION 'there is no query to check'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM _tiering.check_window(period, jump);
	IF max_age < 0 THEN
		RAISE EXCEPTION 'max_age must not be less than 0 days, it is %', max_age
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF max_age IS NOT NULL AND isfinite(upper(period)) IS NOT TRUE THEN
		RAISE EXCEPTION 'max_age needs a period that has a last day, not %',
				COALESCE(period::text, 'null')
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'It is the age on that day: period => tiering.month(date), for example.';
	END IF;
	RETURN rtrim(query, E'; \t\r\n');
END;
$$;
COMMENT ON FUNCTION _tiering.examined_query(text, daterange, numeric, int) IS
'Part of the checks: the query without what would end it; arguments that mean nothing are errors';

-- A float would pass as a number, but it is not exact
CREATE FUNCTION _tiering.examined_columns(query text, needed text[]) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	columns text[];
	nothing record;
	wrong text;
	its_type regtype;
	kind text;
BEGIN
	EXECUTE format(E'SELECT q.* FROM (SELECT) one LEFT JOIN (SELECT * FROM (%s\n) q LIMIT 0) q'
		' ON true', query) INTO nothing;
	columns := ARRAY(SELECT jsonb_object_keys(to_jsonb(nothing)));
	SELECT n.name INTO wrong FROM unnest(needed) WITH ORDINALITY n(name, i)
	WHERE n.name <> ALL (columns) ORDER BY n.i LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'query yields no column "%"', wrong
			USING ERRCODE = 'undefined_column', HINT = format('Its columns must have these names: '
				'%s. AS gives a column its name.', array_to_string(needed, ', '));
	END IF;
	FOR wrong, its_type, kind IN EXECUTE format(E'SELECT y.* FROM (SELECT) one LEFT JOIN '
		'(SELECT * FROM (%s\n) q LIMIT 0) q ON true CROSS JOIN LATERAL (VALUES '
		'(%L, pg_typeof(q.%2$I), ''numeric''), (%L, pg_typeof(q.%3$I), ''date''), '
		'(%L, pg_typeof(q.%4$I), ''date'')) y(name, type, needed)',
		query, needed[2], needed[3], COALESCE(needed[4], needed[3]))
	LOOP
		IF NOT EXISTS (
			WITH RECURSIVE base AS (
				SELECT t.oid, t.typbasetype FROM pg_type t WHERE t.oid = its_type
				UNION ALL
				SELECT t.oid, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.typbasetype)
			SELECT FROM base b WHERE b.oid = ANY (CASE kind WHEN 'date'
				THEN '{date}'::regtype[] ELSE '{numeric,bigint,integer,smallint}' END))
		THEN
			RAISE EXCEPTION 'column "%" of the query has type %, where % is needed', wrong,
					its_type, kind
				USING ERRCODE = 'datatype_mismatch', HINT = 'Cast it explicitly in the query.';
		END IF;
	END LOOP;
	RETURN columns;
END;
$$;
COMMENT ON FUNCTION _tiering.examined_columns(text, text[]) IS
'Part of the checks: the names of the columns of a query. Those that are needed, of which the '
'second is money and those after it are days, must be there (42703) with their types (42804); it '
'is not run for that';

CREATE FUNCTION _tiering.is_jump(before numeric, after numeric, factor numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT before <> 0 AND after <> 0 AND abs(before) < 'Infinity' AND abs(after) < 'Infinity'
		AND GREATEST(abs(before), abs(after)) >= factor * LEAST(abs(before), abs(after));
END;
COMMENT ON FUNCTION _tiering.is_jump(numeric, numeric, numeric) IS
'Part of the checks: whether one balance is the other one times the factor, or more; neither is 0';

CREATE FUNCTION _tiering.jump_screen(jump numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT CASE WHEN jump IS NOT NULL THEN 'OR max(abs(s.balance)) >= '
		'$1 * min(abs(s.balance)) FILTER (WHERE s.balance <> 0)' END;
END;
COMMENT ON FUNCTION _tiering.jump_screen(numeric) IS
'Part of the checks: what is true of each account that may have a jump';

CREATE FUNCTION _tiering.has_fault() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT 'r.account IS NULL OR r.day IS NULL OR (abs(r.value) < ''Infinity'') IS NOT TRUE '
		'OR r.twin IS NOT NULL OR r.missing > 0 OR r.jumps OR r.stale OR r.unplaced';
END;
COMMENT ON FUNCTION _tiering.has_fault() IS
'Part of the checks: whether there is something to be told of a row r of a day';

CREATE FUNCTION _tiering.outlier_screen(jump numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT CASE WHEN jump IS NOT NULL THEN 'OR count(s.balance) > 1 AND '
		'max(abs(s.balance)) * (count(s.balance) - 1) '
		'>= $1 * (sum(abs(s.balance)) - max(abs(s.balance)))' END;
END;
COMMENT ON FUNCTION _tiering.outlier_screen(numeric) IS
'Part of check_flows(): the same of amounts, each against the others';

CREATE FUNCTION _tiering.age_screen(day text, max_age int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT CASE WHEN max_age IS NOT NULL THEN
		format('OR $2 - _tiering.from_day(max(s.%s) FILTER (WHERE s.%1$s <= $2)) > $3', day) END;
END;
COMMENT ON FUNCTION _tiering.age_screen(text, int) IS
'Part of the checks: what is true of each account that may be stale';

-- Nothing is read again of a sound book
CREATE FUNCTION _tiering.looked_at() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT '
			SELECT s.* FROM seen s JOIN suspect u ON u.account = s.account
			WHERE EXISTS (SELECT FROM suspect)
			UNION ALL
			SELECT s.* FROM seen s
			WHERE s.account IS NULL AND EXISTS (SELECT FROM suspect u WHERE u.account IS NULL)';
END;
COMMENT ON FUNCTION _tiering.looked_at() IS
'Part of the checks: the query of the rows that are looked at';
