/*
 * What is wrong with rows of days, which are snapshots, changes or flows: the rows of accounts
 * that may have a fault, and what is told of each
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
