/*
 * Checks: what is wrong with rows, told before an average is taken of them. There is a
 * function for each shape of rows; it looks at any query of the caller, with the caller's
 * rights, and returns a row per finding.
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

/*
 * Ranges
 */

CREATE FUNCTION _tiering.range_rows(query text, period daterange, bounds text, jump numeric,
	max_age int) RETURNS SETOF _tiering.range_row
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	bare text := _tiering.examined_query(query, period, jump, max_age);
	last_day date := upper(period) - 1;
BEGIN
	IF bounds IS DISTINCT FROM '[)' AND bounds IS DISTINCT FROM '[]' THEN
		RAISE EXCEPTION 'bounds must be "[)" or "[]", not "%"', COALESCE(bounds, 'null')
			USING ERRCODE = 'invalid_parameter_value',
			HINT = '[) where valid_to is the first day after, [] where it is the last day.';
	END IF;
	PERFORM _tiering.examined_columns(bare, '{account,balance,valid_from,valid_to}');
	RETURN QUERY EXECUTE format($sql$
		WITH seen AS NOT MATERIALIZED (
			SELECT q.account, q.balance::numeric AS balance,
				COALESCE(q.valid_from, '-infinity') AS first_day,
				COALESCE(%s, 'infinity') AS end_day
			FROM (%s
			) q
		), suspect AS MATERIALIZED (
			SELECT s.account FROM seen s GROUP BY s.account
			HAVING s.account IS NULL
				OR sum(_tiering.range_number(s.balance, s.first_day, s.end_day))
					<> _tiering.day_number(min(s.first_day)) - _tiering.day_number(max(s.end_day))
				%s %s
		), looked AS (%s
		), ordered AS (
			SELECT l.account::text AS account, l.balance, l.first_day, l.end_day,
				max(ARRAY[(l.end_day - date '2000-01-01')::numeric, l.balance,
					l.first_day - date '2000-01-01']) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING
					AND 1 PRECEDING) AS before,
				lag(ARRAY[l.balance]) OVER (PARTITION BY l.account, l.first_day, l.end_day
					ORDER BY l.balance) AS twin,
				lag(l.balance) OVER w AS previous, lead(l.first_day) OVER w IS NULL AS is_last,
				row_number() OVER (PARTITION BY l.account, l.first_day <= $2
					ORDER BY l.first_day DESC, l.end_day DESC, l.balance DESC) = 1 AS is_newest
			FROM (SELECT l.account, l.balance, _tiering.from_day(l.first_day) AS first_day,
					_tiering.to_day(l.end_day) AS end_day FROM looked l) l
			WINDOW w AS (PARTITION BY l.account, l.first_day > l.end_day
				ORDER BY l.first_day, l.end_day, l.balance)
		)
		SELECT r.* FROM (
			SELECT o.account, o.balance, o.first_day, o.end_day, o.before, o.twin, o.previous,
				o.is_last, _tiering.is_jump(o.previous, o.balance, $1) AS jumps,
				o.is_newest AND o.first_day <= $2 AND $2 - o.first_day > $3 AND o.end_day > $2
					AND o.balance <> 0 AS stale
			FROM ordered o) r
		WHERE r.account IS NULL OR (abs(r.balance) < 'Infinity') IS NOT TRUE
			OR r.first_day >= r.end_day OR r.twin IS NOT NULL OR r.jumps OR r.stale
			OR r.before[1] <> r.first_day - date '2000-01-01'$sql$,
		CASE bounds WHEN '[)' THEN 'q.valid_to' ELSE 'CASE WHEN q.valid_to < q.valid_from '
			'THEN q.valid_to ELSE LEAST(q.valid_to, ''5874897-12-30'') + 1 END' END,
		bare, _tiering.jump_screen(jump), _tiering.age_screen('first_day', max_age),
		_tiering.looked_at())
	USING jump, last_day, max_age;
END;
$$;
COMMENT ON FUNCTION _tiering.range_rows(text, daterange, text, numeric, int) IS
'Part of check_ranges(): the rows of those accounts that may have a fault, each beside what stands '
'before it';

CREATE FUNCTION _tiering.range_findings(r _tiering.range_row, max_age int)
	RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT f.severity, f.kind, r.account, f.days, f.detail
	FROM (
		-- a row that ends on its first day is about that day
		SELECT _tiering.shown_days(r.first_day, r.end_day + (r.end_day = r.first_day)::int) AS days,
			COALESCE(r.balance::text, 'null') AS balance,
			date '2000-01-01' + r.before[1]::int AS before_end,
			_tiering.shown_days(date '2000-01-01' + r.before[3]::int,
				date '2000-01-01' + r.before[1]::int) AS before_days) t
	CROSS JOIN LATERAL (
		SELECT 'error' AS severity, 'null_account' AS kind, t.days,
			format('the balance %s on %s is of no account', t.balance, t.days) AS detail
		WHERE r.account IS NULL
		UNION ALL
		SELECT 'error', 'null_balance', t.days, format('the balance on %s is %s', t.days, t.balance)
		WHERE r.account IS NOT NULL AND (abs(r.balance) < 'Infinity') IS NOT TRUE
		UNION ALL
		SELECT 'error', 'backwards', t.days, format(
			'the balance %s begins on %s, which is after its end on %s', t.balance,
			_tiering.shown_day(r.first_day), _tiering.shown_day(r.end_day))
		WHERE r.account IS NOT NULL AND r.first_day > r.end_day
		UNION ALL
		SELECT 'error', CASE WHEN r.twin[1] IS NOT DISTINCT FROM r.balance THEN 'duplicate'
				ELSE 'conflict' END, t.days,
			format('the balance on %s is %s, and once more %s', t.days,
				COALESCE(r.twin[1]::text, 'null'), t.balance)
		WHERE r.account IS NOT NULL AND r.first_day < r.end_day AND r.twin IS NOT NULL
		UNION ALL
		SELECT 'error', 'overlap',
			_tiering.shown_days(r.first_day, LEAST(r.end_day, t.before_end)),
			format('the balance is %s on %s, and also %s on %s',
				COALESCE(r.before[2]::text, 'null'), t.before_days, t.balance, t.days)
		WHERE r.account IS NOT NULL AND r.first_day < r.end_day AND r.first_day < t.before_end
			AND r.twin IS NULL
		UNION ALL
		SELECT CASE r.first_day - t.before_end WHEN 1 THEN 'error' ELSE 'warning' END,
			CASE r.first_day - t.before_end WHEN 1 THEN 'one_day_gap' ELSE 'gap' END,
			_tiering.shown_days(t.before_end, r.first_day),
			format('there is no balance on %s, between %s and %s',
				_tiering.shown_days(t.before_end, r.first_day),
				COALESCE(r.before[2]::text, 'null'), t.balance)
		WHERE r.account IS NOT NULL AND r.first_day <= r.end_day AND r.first_day > t.before_end
		UNION ALL
		SELECT 'error', 'one_day_gap', _tiering.shown_days(r.first_day, r.first_day + 1), format(
			'the balance %s begins and ends on %s, so that it counts on no day', t.balance,
			_tiering.shown_day(r.first_day))
		WHERE r.account IS NOT NULL AND r.first_day = r.end_day AND r.is_last
			AND (r.first_day < t.before_end) IS NOT TRUE
		UNION ALL
		SELECT 'warning', 'jump', _tiering.shown_days(r.first_day, r.first_day + 1),
			format('the balance goes from %s to %s on %s', r.previous, t.balance,
				_tiering.shown_day(r.first_day))
		WHERE r.account IS NOT NULL AND r.jumps
		UNION ALL
		SELECT 'error', 'stale', daterange(r.first_day + max_age + 1, NULL),
			format('the balance is still %s, from %s on', t.balance,
				_tiering.shown_day(r.first_day))
		WHERE r.account IS NOT NULL AND r.stale) f;
END;
COMMENT ON FUNCTION _tiering.range_findings(_tiering.range_row, int) IS
'Part of check_ranges(): what is wrong with a row';

/*
 * Snapshots
 */

-- The book: the days that any account has a row for, of those that should have some
CREATE FUNCTION _tiering.snapshot_screen(bare text, jump numeric, max_age int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT format('
		WITH seen AS NOT MATERIALIZED (
			SELECT q.account, q.balance::numeric AS balance, q.as_of AS day
			FROM (%s
			) q
		), sums AS MATERIALIZED (
			SELECT s.account, min(s.day) AS first_day, max(s.day) AS last_day, s.account IS NULL
				OR (sum(_tiering.snapshot_number(s.balance, s.day, $4, $6))
					= _tiering.day_number(min(s.day)) - _tiering.next_number(max(s.day), $4, $6))
					IS NOT TRUE
				%s %s AS looked
			FROM seen s GROUP BY s.account
		), suspect AS MATERIALIZED (
			SELECT g.account FROM sums g WHERE g.looked
		), looked AS MATERIALIZED (%s
		), sound AS (
			SELECT unnest(range_agg(daterange(g.first_day, g.last_day, ''[]''))) AS days
			FROM (SELECT DISTINCT g.first_day, g.last_day FROM sums g
				WHERE g.looked IS NOT TRUE) g
		), book AS MATERIALIZED (
			SELECT d.day, row_number() OVER (ORDER BY d.day) AS n
			FROM (
				SELECT l.day FROM looked l
				UNION SELECT lower(s.days) + i
				FROM sound s, generate_series(0, upper(s.days) - lower(s.days) - 1) i) d
			WHERE _tiering.expected_day(d.day, $4, $6))',
		bare, _tiering.jump_screen(jump), _tiering.age_screen('day', max_age),
		_tiering.looked_at());
END;
COMMENT ON FUNCTION _tiering.snapshot_screen(text, numeric, int) IS
'Part of check_snapshots(): the beginning of its statement, which finds the accounts to be looked '
'at';

-- Days on which no account has a row are told once, and not of each account
CREATE FUNCTION _tiering.snapshot_rows(query text, period daterange, weekends boolean,
	holidays date[], jump numeric, max_age int) RETURNS SETOF _tiering.day_row
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	bare text := _tiering.examined_query(query, period, jump, max_age);
	last_day date := upper(period) - 1;
	free_days date[] := COALESCE(array_remove(holidays, NULL), '{}');
BEGIN
	PERFORM _tiering.examined_columns(bare, '{account,balance,as_of}');
	RETURN QUERY EXECUTE format($sql$ %s, ordered AS (
			SELECT l.account::text AS account, l.balance, l.day, b.n,
				max(b.n) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS n_before,
				lag(l.balance) OVER (PARTITION BY l.account, l.day ORDER BY l.balance) AS twin,
				lag(l.balance) OVER w AS previous,
				row_number() OVER (PARTITION BY l.account, l.day <= $2 AND l.balance IS NOT NULL
					ORDER BY l.day DESC, l.balance DESC) = 1 AS is_newest
			FROM (SELECT l.account, l.balance, CASE WHEN isfinite(l.day) THEN l.day END AS day
					FROM looked l) l
				LEFT JOIN book b ON b.day = l.day
			WINDOW w AS (PARTITION BY l.account ORDER BY l.day, l.balance)
		), edge AS (
			SELECT b.day FROM book b WHERE b.day <@ COALESCE($5, '(,)')
			UNION ALL SELECT lower($5) - 1 WHERE isfinite(lower($5))
			UNION ALL SELECT upper($5) WHERE isfinite(upper($5))
		)
		SELECT r.* FROM (
			SELECT o.account, o.balance AS value, o.day, o.twin, o.previous,
				CASE WHEN o.account IS NOT NULL THEN o.n - o.n_before - 1 END AS missing,
				CASE WHEN f.day IS NOT NULL THEN daterange(f.day, t.day, '[]') END AS hole,
				_tiering.is_jump(o.previous, o.balance, $1) AS jumps,
				o.is_newest AND $2 - o.day > $3 AND o.balance <> 0 AS stale,
				false AS unplaced, NULL::date AS until
			FROM ordered o
				LEFT JOIN book f ON f.n = o.n_before + 1 AND o.n > o.n_before + 1
					AND o.account IS NOT NULL
				LEFT JOIN book t ON t.n = o.n - 1 AND o.n > o.n_before + 1
					AND o.account IS NOT NULL) r
		WHERE %s
		UNION ALL
		SELECT NULL, NULL, NULL, NULL, NULL, count(*), daterange(min(x.day), max(x.day), '[]'),
			NULL, NULL, NULL, NULL
		-- in the list, where a far day that is a slip of the pen takes time, but no memory
		FROM (SELECT e.after, e.after + generate_series(1, e.before - e.after - 1) AS day
			  FROM (SELECT e.day AS after, lead(e.day) OVER (ORDER BY e.day) AS before
					FROM edge e) e) x
		WHERE _tiering.expected_day(x.day, $4, $6) GROUP BY x.after$sql$,
		_tiering.snapshot_screen(bare, jump, max_age), _tiering.has_fault())
	USING jump, last_day, max_age, COALESCE(weekends, true), period, free_days;
END;
$$;
COMMENT ON FUNCTION _tiering.snapshot_rows(text, daterange, boolean, date[], numeric, int) IS
'Part of check_snapshots(): the rows of those accounts that may have a fault, each beside what '
'comes before it, and days on which no account has a row';

/*
 * Changes and flows
 */

-- With a sequence a day that is drawn for each place in a day stands for it. Of these there are
-- 2^30: an account of tens of thousands of rows is likely to be looked at for nothing.
CREATE FUNCTION _tiering.posted_screen(flows boolean, sequence regtype) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT CASE WHEN flows AND sequence IS NULL
		THEN 'max(_tiering.sound_day(s.balance, s.day)) = ''infinity'''
		ELSE format('count(*) <> _tiering.change_days(tiering.daily_series_flows(1, '
			'_tiering.sound_day(s.balance, %s)))', CASE WHEN sequence IS NULL THEN 's.day'
			ELSE format('CASE WHEN s.day IS NOT NULL THEN date ''2000-01-01'' + '
				'(%s & 1073741823)::int END',
				CASE WHEN sequence = ANY ('{smallint,integer,bigint}'::regtype[])
				THEN 'hashint8extended(s.sequence, _tiering.day_number(s.day))'
				ELSE 'hash_record_extended(ROW(s.day, s.sequence), 0)' END) END) END;
END;
COMMENT ON FUNCTION _tiering.posted_screen(boolean, regtype) IS
'Part of check_changes() and check_flows(): what is true of each account that has a row with a '
'fault of its own, or two in one place';

CREATE FUNCTION _tiering.posted_rows(query text, period daterange, flows boolean, jump numeric,
	max_age int) RETURNS SETOF _tiering.day_row
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	bare text := _tiering.examined_query(query, period, jump, max_age);
	last_day date := upper(period) - 1;
	needed text[] := CASE WHEN flows THEN '{account,amount,posted_on}'::text[]
		ELSE '{account,balance,changed_on}' END;
	sequence regtype;
BEGIN
	IF 'sequence' = ANY (_tiering.examined_columns(bare, needed)) THEN
		EXECUTE format(E'SELECT pg_typeof(q.sequence) FROM (SELECT) one LEFT JOIN '
			'(SELECT * FROM (%s\n) q LIMIT 0) q ON true', bare) INTO sequence;
	END IF;
	RETURN QUERY EXECUTE format($sql$
		WITH seen AS NOT MATERIALIZED (
			SELECT q.account, q.%s::numeric AS balance, %s AS sequence, q.%s AS day
			FROM (%s
			) q
		), suspect AS MATERIALIZED (
			SELECT s.account FROM seen s GROUP BY s.account
			HAVING s.account IS NULL OR %s %s %s
		), looked AS (%s
		), ordered AS (
			SELECT l.account::text AS account, l.balance, l.day, l.sequence,
				lag(l.balance) OVER (PARTITION BY l.account, l.day, l.sequence
					ORDER BY l.balance) AS twin,
				lag(l.balance) OVER w AS previous, first_value(l.day) OVER (PARTITION BY l.account
					ORDER BY l.day GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_day,
				sum(abs(l.balance)) OVER a AS sum,
				count(l.balance) OVER a AS n, sum(l.balance) OVER n AS held,
				row_number() OVER (n ORDER BY l.day DESC, l.sequence DESC, l.balance DESC) = 1
					AS is_newest
			FROM (SELECT l.account, l.balance, l.sequence,
					CASE WHEN l.day IS NOT NULL THEN _tiering.from_day(l.day) END AS day
				FROM looked l) l
			WINDOW w AS (PARTITION BY l.account ORDER BY l.day, l.sequence, l.balance),
				a AS (PARTITION BY l.account),
				n AS (PARTITION BY l.account, l.day <= $2 AND l.balance IS NOT NULL)
		)
		SELECT r.* FROM (
			SELECT o.account, o.balance AS value, o.day,
				CASE WHEN NOT $4 OR o.sequence IS NOT NULL THEN o.twin END AS twin, %s,
				NULL::bigint AS missing,
				NULL::daterange, %s AS jumps, o.is_newest AND $2 - o.day > $3
					AND CASE WHEN $4 THEN o.held ELSE o.balance END <> 0 AS stale,
				$5 AND NOT $4 AND o.sequence IS NULL AS unplaced,
				CASE WHEN $4 OR o.next_day IS NULL THEN 'infinity' ELSE o.next_day END AS until
			FROM ordered o) r
		WHERE %s$sql$,
		needed[2], CASE WHEN sequence IS NOT NULL THEN 'q.sequence' ELSE 'NULL::int' END, needed[3],
		bare, _tiering.posted_screen(flows, sequence),
		CASE WHEN flows THEN _tiering.outlier_screen(jump) ELSE _tiering.jump_screen(jump) END,
		_tiering.age_screen('day', max_age),
		_tiering.looked_at(),
		CASE WHEN flows THEN '(o.sum - abs(o.balance)) / NULLIF(o.n - 1, 0)' ELSE 'o.previous' END,
		CASE WHEN flows THEN 'o.sum > abs(o.balance) AND '
			'abs(o.balance) * (o.n - 1) >= $1 * (o.sum - abs(o.balance))'
			ELSE '_tiering.is_jump(o.previous, o.balance, $1)' END, _tiering.has_fault())
	USING jump, last_day, max_age, flows, sequence IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.posted_rows(text, daterange, boolean, numeric, int) IS
'Part of check_changes() and check_flows(): the rows of those accounts that may have a fault, each '
'beside what comes before it, and for how long it counts';

/*
 * What is told of rows of a day
 */

CREATE FUNCTION _tiering.day_findings(r _tiering.day_row, noun text, repeated text, max_age int)
	RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT f.severity, f.kind, r.account, f.days, f.detail
	FROM (
		SELECT CASE WHEN r.day IS NOT NULL THEN _tiering.shown_days(r.day, r.day + 1) END AS days,
			_tiering.shown_day(r.day) AS day,
			COALESCE(r.value::text, 'null') AS value) t
	CROSS JOIN LATERAL (
		SELECT 'error' AS severity, 'null_account' AS kind, t.days,
			format('the %s %s of %s is of no account', noun, t.value, COALESCE(t.day, 'no day'))
				AS detail
		WHERE r.account IS NULL AND r.hole IS NULL
		UNION ALL
		SELECT 'error', 'null_day', NULL, format('the %s %s has no finite day', noun, t.value)
		WHERE r.account IS NOT NULL AND r.day IS NULL
		UNION ALL
		SELECT 'error', 'null_sequence', t.days,
			format('the %s %s of %s has no sequence', noun, t.value, COALESCE(t.day, 'no day'))
		WHERE r.account IS NOT NULL AND r.unplaced
		UNION ALL
		SELECT 'error', 'null_balance', t.days, format('the %s of %s is %s', noun, t.day, t.value)
		WHERE r.account IS NOT NULL AND (abs(r.value) < 'Infinity') IS NOT TRUE
		UNION ALL
		SELECT CASE r.twin WHEN r.value THEN repeated ELSE 'error' END,
			CASE r.twin WHEN r.value THEN 'duplicate' ELSE 'conflict' END, t.days,
			format('the %s of %s is %s, and once more %s', noun, t.day, r.twin, t.value)
		WHERE r.account IS NOT NULL AND r.day IS NOT NULL AND r.twin IS NOT NULL
			AND r.value IS NOT NULL
		UNION ALL
		SELECT 'error', 'missing_day', r.hole,
			format('there is no row on %s, though other accounts have one (days: %s)', r.hole,
				r.missing)
		WHERE r.account IS NOT NULL AND r.missing > 0
		UNION ALL
		SELECT 'error', 'missing_day', r.hole,
			format('no account has a row on %s (days: %s)', r.hole, r.missing)
		WHERE r.account IS NULL AND r.hole IS NOT NULL
		UNION ALL
		SELECT 'warning', 'jump', t.days,
			CASE noun WHEN 'amount' THEN format('the amount of %s is %s, others are %s on average',
				t.day, t.value, round(r.previous, 2))
				ELSE format('the balance goes from %s to %s on %s', r.previous, t.value, t.day) END
		WHERE r.account IS NOT NULL AND r.day IS NOT NULL AND r.jumps
		UNION ALL
		SELECT 'error', 'stale', daterange(r.day + max_age + 1, NULL),
			format('the last %s is %s, of %s', noun, t.value, t.day)
		WHERE r.account IS NOT NULL AND r.stale) f;
END;
COMMENT ON FUNCTION _tiering.day_findings(_tiering.day_row, text, text, int) IS
'Part of the checks: what is wrong with a row; its value is called by the noun, and the third '
'argument says how bad it is to have it twice';

-- A balance holds until the next one, and an amount for good: so a fault of a row before the
-- period may be one of the period.
CREATE FUNCTION _tiering.told_posted(r _tiering.day_row, noun text, repeated text, max_age int,
	period daterange) RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT f.severity, f.kind, f.account,
		CASE WHEN f.days && period THEN f.days * period ELSE f.days END, f.detail
	FROM _tiering.day_findings(r, noun, repeated, max_age) f
	WHERE f.days IS NULL OR f.days && COALESCE(period, '(,)')
		OR f.kind <> 'jump' AND upper(f.days) <= lower(period) AND r.until > lower(period);
END;
COMMENT ON FUNCTION _tiering.told_posted(_tiering.day_row, text, text, int, daterange) IS
'Part of check_changes() and check_flows(): what is wrong with a row, if it counts in the period';

/*
 * What people call
 */

CREATE FUNCTION tiering.check_ranges(query text, period daterange DEFAULT NULL,
	bounds text DEFAULT '[)', jump numeric DEFAULT NULL, max_age int DEFAULT NULL)
	RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT f.severity, f.kind, f.account, f.days * COALESCE(period, '(,)'), f.detail
	FROM _tiering.range_rows(query, period, bounds, jump, max_age) r
		CROSS JOIN LATERAL _tiering.range_findings(r, max_age) f
	WHERE f.days IS NULL OR f.days && COALESCE(period, '(,)');
END;
COMMENT ON FUNCTION tiering.check_ranges(text, daterange, text, numeric, int) IS
'What is wrong with balances that have a first day and an end, the rows of daily_avg(). The query '
'yields account, balance, valid_from and valid_to. Errors: overlap, duplicate (a row is there '
'twice), conflict (two balances on the same days), backwards (the end is before the first day), '
'one_day_gap (what ends look like that are last days; bounds => ''[]'' takes them as such), '
'null_balance (or no number), null_account; and stale if max_age is given: on the last day of the '
'period the balance, other than 0, is more than so many days old. Warnings: gap; and jump if a '
'factor is given, by which the balance has grown or shrunk from one row to the next. Told are '
'those about days of the period; null stands for all days. The query runs with the rights of the '
'caller and search_path = pg_catalog, pg_temp; a column that is missing (42703) or has a wrong '
'type (42804) is an error. Example: SELECT * FROM tiering.check_ranges(''SELECT account_id AS '
'account, balance, valid_from, valid_to FROM bank.balance'', tiering.month(''2026-02-28''))';

CREATE FUNCTION tiering.check_snapshots(query text, period daterange DEFAULT NULL,
	weekends boolean DEFAULT true, holidays date[] DEFAULT '{}', jump numeric DEFAULT NULL,
	max_age int DEFAULT NULL) RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT f.severity, f.kind, f.account, f.days * COALESCE(period, '(,)'), f.detail
	FROM _tiering.snapshot_rows(query, period, weekends, holidays, jump, max_age) r
		CROSS JOIN LATERAL _tiering.day_findings(r, 'balance', 'error', max_age) f
	WHERE f.days IS NULL OR f.days && COALESCE(period, '(,)');
END;
COMMENT ON FUNCTION tiering.check_snapshots(text, daterange, boolean, date[], numeric, int) IS
'What is wrong with balances of single days, the rows of daily_avg_snapshots(). The query yields '
'account, balance and as_of. Errors: missing_day (an account has no row on days between its first '
'and its last one on which others have one; or no account has, and then account is null), '
'duplicate (a row is there twice), conflict (two balances on a day), null_balance (or no number), '
'null_day (or no finite one), null_account, and stale as check_ranges() has it. A warning: jump. '
'Days of holidays, and with weekends => false Saturdays and Sundays, need no rows. Period, rights '
'and errors of the query are as with check_ranges(). Example: SELECT * FROM '
'tiering.check_snapshots(''SELECT account_id AS account, balance, valid_from AS as_of FROM '
'bank.balance'', ''[2026-01-01,2026-02-02)'', weekends => false)';

CREATE FUNCTION tiering.check_changes(query text, period daterange DEFAULT NULL,
	jump numeric DEFAULT NULL, max_age int DEFAULT NULL) RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT f.*
	FROM _tiering.posted_rows(query, period, false, jump, max_age) r
		CROSS JOIN LATERAL _tiering.told_posted(r, 'balance', 'warning', max_age, period) f;
END;
COMMENT ON FUNCTION tiering.check_changes(text, daterange, numeric, int) IS
'What is wrong with balances that hold until the next one, the rows of daily_avg_changes(). The '
'query yields account, balance, changed_on, and sequence if there may be several rows a day: a '
'number or a time by which they are in order, and two of which are not the same. Errors: conflict '
'(two balances in one place), null_sequence, null_balance (or no number), null_day, null_account, '
'and stale as check_ranges() has it. Warnings: duplicate (a row is there twice) and jump. With a '
'period, what is wrong on the last day before it is told, too, as the balance holds into it; all '
'else of period, rights and errors of the query is as with check_ranges(). Example: SELECT * FROM '
'tiering.check_changes(''SELECT account_id AS account, balance, valid_from AS changed_on FROM '
'bank.balance'', tiering.month(''2026-03-31''), jump => 100)';

CREATE FUNCTION tiering.check_flows(query text, period daterange DEFAULT NULL,
	jump numeric DEFAULT NULL, max_age int DEFAULT NULL) RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT f.*
	FROM _tiering.posted_rows(query, period, true, jump, max_age) r
		CROSS JOIN LATERAL _tiering.told_posted(r, 'amount', 'error', max_age, period) f;
END;
COMMENT ON FUNCTION tiering.check_flows(text, daterange, numeric, int) IS
'What is wrong with transactions, the rows of daily_avg_flows(). The query yields account, amount, '
'posted_on, and sequence if postings of a day have numbers, as only these tell a posting that is '
'there twice from two that are alike. Errors: duplicate and conflict (two postings of an account '
'with one number on one day), null_balance (no amount, or no number), null_day, null_account, and '
'stale: no posting for more than max_age days before the last day of the period, though the '
'account holds something. A warning: jump, an amount that is so many times the average of the '
'others of its account. With a period, what is wrong on any day before it is told, too, as what '
'was posted is part of each balance since; all else of period, rights and errors of the query is '
'as with check_ranges(). Example: SELECT * FROM tiering.check_flows(''SELECT account_id AS '
'account, amount, posted_on FROM bank.posting'', tiering.month(''2026-02-28''))';

CREATE FUNCTION tiering.findings_summary(findings tiering.finding[])
	RETURNS TABLE (severity text, kind text, findings bigint, accounts bigint, days daterange,
		example text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 5
BEGIN ATOMIC
	SELECT f.severity, f.kind, count(*), count(DISTINCT f.account),
		CASE WHEN count(f.days) > 0 THEN daterange(
			CASE WHEN NOT bool_or(lower_inf(f.days)) THEN min(lower(f.days)) END,
			CASE WHEN NOT bool_or(upper_inf(f.days)) THEN max(upper(f.days)) END) END,
		(array_agg(concat_ws(': ', f.account, f.detail) ORDER BY f.account COLLATE "C", f.days))[1]
	FROM unnest(findings) f
	GROUP BY f.severity, f.kind
	ORDER BY f.severity COLLATE "C", count(*) DESC, f.kind COLLATE "C";
END;
COMMENT ON FUNCTION tiering.findings_summary(tiering.finding[]) IS
'How many findings of each kind there are, of how many accounts, from which day to which, and the '
'first of them. Example: SELECT * FROM tiering.findings_summary(ARRAY(SELECT f FROM '
'tiering.run_checks(''retail'', ''2026-02-28'') f))';
