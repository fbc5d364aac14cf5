/*
 * What is wrong with ranges: the rows of accounts that may have a fault, and what is told of each
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
	PERFORM _tiering.check_given(bounds, 'bounds');
	IF bounds NOT IN ('[)', '[]') THEN
		RAISE EXCEPTION 'bounds must be "[)" or "[]", not "%"', bounds
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
