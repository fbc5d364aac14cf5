/*
 * Refresh: run the source for a date, grade, write only what changed.
 *
 * All or nothing, being one function call. One at a time for each scheme: the
 * row in source is locked, and who finds it locked is told so. The row in scheme
 * is locked, too: publishing waits for it, and it for publishing, so that one
 * works with one version. It is a definer's
 * function, which is safe because the source runs with its setter's rights and
 * all else is ours: a role needs EXECUTE on it and nothing more to run it.
 *
 * Stages are told as NOTICEs, and to others as the session's application_name,
 * which pg_stat_activity shows while the transaction goes on.
 */

CREATE TYPE tiering.refresh_result AS (
	scheme    text,
	as_of     date,
	version   int,
	customers bigint,
	ungraded  bigint,
	new       bigint,
	up        bigint,
	down      bigint,
	lateral_moves bigint,
	exit      bigint,
	stayed    bigint,
	pending   bigint,
	written   bigint
);
COMMENT ON TYPE tiering.refresh_result IS
'What a refresh did: customers in the source, those whom no tier took, moves by direction, those who stayed in their tier, moves that wait for approval, and rows of assignment written';

-- application_name takes 63 printable ASCII characters
-- Its names are qualified one by one, for which it has no search_path setting.
CREATE FUNCTION tiering.report_stage(scheme text, as_of date, stage text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
AS $$
DECLARE
	told text := pg_catalog.format('%s %s: %s', scheme, pg_catalog.to_char(as_of, 'YYYY-MM-DD'), stage);
BEGIN
	RAISE NOTICE '%', told;
	PERFORM pg_catalog.set_config('application_name', pg_catalog."left"(
		pg_catalog.regexp_replace('tiering.refresh ' OPERATOR(pg_catalog.||) told, '[^ -~]', '?', 'g'), 63), true);
END;
$$;
COMMENT ON FUNCTION tiering.report_stage(text, date, text) IS
'Tells the caller, and who looks at pg_stat_activity, how far a refresh is';

-- What the policies of a version come to at an assessment, for each tier that can
-- be held. One without a policy is entered and left at once.
CREATE FUNCTION tiering.refresh_policies(scheme text, version int, as_of date)
RETURNS TABLE (tier text, rank int, up_at_once boolean, down_after int, one_step text,
	hold interval, new_hold interval, review_months int[], review_at text, is_review boolean, approval boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH t AS (
		SELECT t.tier, t.rank, t.approval FROM tiering.tier t
		WHERE t.scheme = refresh_policies.scheme AND t.version = refresh_policies.version
			AND (t.base OR EXISTS (
				SELECT FROM tiering.rule r
				WHERE (r.scheme, r.version, r.tier) = (t.scheme, t.version, t.tier) AND NOT r.stay))
	)
	SELECT t.tier, t.rank, COALESCE(p.up, 'at_once') = 'at_once', COALESCE(p.down_after, 1),
		CASE WHEN p.down_to = 'one_step' THEN l.tier END, COALESCE(p.hold, '0'), COALESCE(p.new_hold, '0'),
		p.review_months, COALESCE(p.review_at, 'assessment'),
		tiering.is_review(refresh_policies.as_of, p.review_months, COALESCE(p.review_at, 'assessment')), t.approval
	FROM t
		LEFT JOIN tiering.policy p
			ON (p.scheme, p.version, p.tier) = (refresh_policies.scheme, refresh_policies.version, t.tier)
		LEFT JOIN LATERAL (
			SELECT o.tier FROM t AS o WHERE o.rank < t.rank ORDER BY o.rank DESC, o.tier LIMIT 1) l ON true;
END;
COMMENT ON FUNCTION tiering.refresh_policies(text, int, date) IS
'Part of refresh(): the policies of a version''s tiers at an assessment';

-- The query that grades: each customer of the source beside what he holds, and
-- those who are gone. "state" is assignment or a table like it, and "place" where in
-- it his row is. What an override has a customer hold is "held"; the policy goes on
-- from "ruled_held" beneath it.
CREATE FUNCTION tiering.graded_query(scheme text, as_of date, version int, state text, customers text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	measure text := m.metric FROM tiering.metric m
		WHERE m.scheme = graded_query.scheme AND m.version = graded_query.version AND m.is_measure;
	-- a scheme with one number grades by the value, which is faster than by a row
	only_number text := min(m.metric) FROM tiering.metric m
		WHERE m.scheme = graded_query.scheme AND m.version = graded_query.version
		HAVING bool_and(m.kind = 'number') AND count(*) = 1;
	-- where there are rules for staying, what is earned depends on what is held
	stays boolean := EXISTS (
		SELECT FROM tiering.rule r
		WHERE r.scheme = graded_query.scheme AND r.version = graded_query.version AND r.stay);
BEGIN
	RETURN format($query$
		SELECT COALESCE(g.customer_id, a.customer_id) AS customer_id, %5$s AS earned, g.measure,
			a.tier AS held, a.since AS held_since, a.version AS held_version, a.place, g.customer_id IS NULL AS gone,
			a.measure AS held_measure, a.as_of AS held_as_of,
			CASE WHEN a.ruled_since IS NULL THEN a.tier ELSE a.ruled END AS ruled_held,
			COALESCE(a.ruled_since, a.since) AS ruled_held_since, a.ruled AS stored_ruled, a.ruled_since AS stored_ruled_since,
			a.first_as_of AS stored_first, COALESCE(a.first_as_of, a.since) AS first_as_of, a.earned AS held_earned,
			a.misses AS held_misses, a.prior_misses, a.next_tier AS held_next_tier, a.next_review AS held_next_review
		FROM (SELECT m.customer_id, %6$s, %3$s AS measure
			  FROM tiering.source_rows(%1$L, %2$L%8$s) AS m(%4$s)) g
			FULL JOIN (SELECT *, ctid AS place FROM %7$s WHERE scheme = %1$L) a
				ON a.customer_id = g.customer_id$query$,
		scheme, as_of,
		COALESCE('m.' || quote_ident(measure), 'NULL::numeric'), tiering.source_columns(scheme, version),
		CASE WHEN stays THEN format('CASE WHEN g.customer_id IS NOT NULL THEN tiering.classify_held_version(%L, g.metrics, %s, CASE WHEN a.ruled_since IS NULL THEN a.tier ELSE a.ruled END) COLLATE "C" END', scheme, version)
			ELSE 'g.tier' END,
		CASE WHEN stays THEN 'm AS metrics'
			ELSE format('tiering.classify_version(%L, %s, %s) COLLATE "C" AS tier', scheme, COALESCE('m.' || quote_ident(only_number), 'm'), version) END,
		state, COALESCE(', ' || customers, ''));
END;
$$;
COMMENT ON FUNCTION tiering.graded_query(text, date, int, text, text) IS
'Part of refresh(): the query that runs and grades the source, and puts each customer beside what he holds in a table; an expression for the customers whom alone it is about, or null';

-- What the policy makes of it, in steps, each of which has what the one before
-- worked out once (OFFSET 0 keeps the planner from repeating it). They are
-- subqueries, as WITH would keep all rows of a volatile source in between. "below"
-- is a miss, "counts" is whether it counts, "pending" a rise that the assessment
-- before put off until this one, "blocked" a tier that takes an approval which is
-- not there: it is next_tier then, without a date. What a refresh of the same date
-- did already is taken as not done: misses go on from prior_misses, and who holds
-- his tier since this very date has none.
CREATE FUNCTION tiering.ruled_query(scheme text, as_of date, version int, graded text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted text := format($query$
			SELECT a.*, CASE
				WHEN a.gone THEN NULL
				WHEN NOT a.known THEN a.earned
				WHEN a.earned_rank > a.pending_rank AND a.up_at_once THEN a.earned
				WHEN a.pending IS NOT NULL THEN a.pending
				WHEN a.earned_rank = a.ruled_rank THEN a.earned
				WHEN a.below AND a.counts AND a.base + 1 >= a.down_after
				THEN COALESCE(a.one_step, a.earned)
				-- what a review asked for is asked for until it is not missed, or another tier is earned
				WHEN a.below AND a.base >= a.down_after AND a.held_next_review IS NULL AND a.held_next_tier = COALESCE(a.one_step, a.earned)
				THEN a.held_next_tier
				ELSE a.ruled_held END AS wanted
			FROM (
				SELECT g.*, h.tier IS NOT NULL AS known, h.rank AS ruled_rank, h.down_after, h.one_step, e.rank AS earned_rank,
					e.up_at_once OR (g.held_next_tier = g.earned AND g.held_next_review IS NULL) AS up_at_once,
					w.tier AS pending, COALESCE(w.rank, h.rank) AS pending_rank,
					(e.rank >= h.rank) IS NOT TRUE AS below,
					CASE WHEN (e.rank >= h.rank) IS NOT TRUE THEN h.is_review
						AND %1$L > tiering.hold_end(g.ruled_held_since, h.hold) AND %1$L > tiering.hold_end(g.first_as_of, h.new_hold)
						ELSE false END AS counts,
					COALESCE(CASE WHEN g.held_as_of = %1$L THEN g.prior_misses ELSE g.held_misses END, 0) AS base
				FROM (%2$s) g
					LEFT JOIN p AS h ON h.tier = g.ruled_held
					LEFT JOIN p AS e ON e.tier = g.earned
					LEFT JOIN p AS w ON w.tier = g.held_next_tier AND w.rank > h.rank
						AND CASE WHEN g.held_as_of < %1$L THEN g.held_next_review IS NOT NULL
							-- this very assessment asked for the rise that the one before put off
							ELSE g.held_next_review IS NULL AND g.held_next_tier <> COALESCE(g.held_earned, g.held) END
				OFFSET 0
			) a$query$, as_of, graded);
BEGIN
	RETURN format($query$
		WITH p AS MATERIALIZED (SELECT * FROM tiering.refresh_policies(%1$L, %2$s, %3$L))
		SELECT d.*, m.misses, d.base AS prior_before,
			d.held_next_review IS NOT NULL AND (d.below OR d.pending IS NOT NULL) AS put_off,
			CASE WHEN d.asked IS NOT NULL THEN d.asked
				WHEN d.earned_rank > n.rank OR d.ruled IS NULL THEN d.earned
				WHEN m.below THEN COALESCE(n.one_step, d.earned)
				END AS next_tier,
			CASE WHEN d.asked IS NOT NULL THEN NULL
				WHEN d.earned_rank > n.rank THEN tiering.nth_review(%3$L, %3$L, 1, NULL, 'assessment')
				WHEN m.below
				THEN tiering.nth_review(%3$L, GREATEST(%3$L,
						tiering.hold_end(CASE WHEN d.ruled = d.ruled_held THEN d.ruled_held_since ELSE %3$L END, n.hold),
						tiering.hold_end(COALESCE(d.first_as_of, %3$L), n.new_hold)),
					GREATEST(n.down_after - m.misses, 1), n.review_months, n.review_at)
				END AS next_review
		FROM (%4$s OFFSET 0) d
			LEFT JOIN p AS n ON n.tier = d.ruled
			CROSS JOIN LATERAL (
				SELECT n.tier IS NOT NULL AND (d.earned_rank >= n.rank) IS NOT TRUE AS below,
					CASE WHEN d.below AND d.ruled = d.ruled_held AND d.ruled_held_since < %3$L THEN d.base + d.counts::int ELSE 0 END AS misses) m$query$,
		scheme, version, as_of,
		-- what was approved on the day of an assessment counts when that is repeated or restated
		CASE WHEN EXISTS (SELECT FROM tiering.tier t WHERE (t.scheme, t.version) = (ruled_query.scheme, ruled_query.version) AND t.approval)
			THEN format($blocked$
			SELECT w.*, CASE WHEN b.blocked THEN w.wanted END AS asked, ok.tier IS NOT NULL AS approved,
				CASE WHEN NOT b.blocked THEN w.wanted WHEN w.known THEN w.ruled_held END AS ruled
			FROM (%s OFFSET 0) w
				LEFT JOIN p AS t ON t.tier = w.wanted
				LEFT JOIN tiering.approved_moves(%L, %L) ok ON ok.customer_id = w.customer_id AND ok.tier = w.wanted
				CROSS JOIN LATERAL (SELECT COALESCE(t.approval, false) AND w.wanted IS DISTINCT FROM w.ruled_held
					AND ok.tier IS NULL AS blocked) b$blocked$, wanted, scheme, as_of)
			ELSE format('SELECT w.*, NULL::text AS asked, false AS approved, w.wanted AS ruled FROM (%s OFFSET 0) w', wanted) END);
END;
$$;
COMMENT ON FUNCTION tiering.ruled_query(text, date, int, text) IS
'Part of refresh(): the query that moves by the policies of the version, and blocks what takes approval';

-- Everything that decides about a tier. Where there are no policies, approvals or
-- overrides their part is left away, and most of the columns are constants.
CREATE FUNCTION tiering.decided_query(scheme text, as_of date, version int, state text DEFAULT 'tiering.assignment', customers text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	graded text := tiering.graded_query(scheme, as_of, version, state, customers);
	ruled text := CASE WHEN EXISTS (
			SELECT FROM tiering.policy p
			WHERE p.scheme = decided_query.scheme AND p.version = decided_query.version)
		OR EXISTS (SELECT FROM tiering.tier t
			WHERE t.scheme = decided_query.scheme AND t.version = decided_query.version AND t.approval)
		THEN tiering.ruled_query(scheme, as_of, version, graded)
		ELSE format('SELECT g.*, g.earned AS ruled, NULL::text AS asked, false AS approved, 0 AS misses, 0 AS prior_before,
				g.held_next_review IS NOT NULL AS put_off,
				NULL::text AS next_tier, NULL::date AS next_review FROM (%s) g', graded) END;
BEGIN
	RETURN format($query$
		SELECT d.*, d.tier <> d.held AS moves, NULLIF(d.earned, d.tier) AS new_earned,
			CASE WHEN d.tier = d.held THEN d.held_since ELSE %1$L END AS since,
			CASE WHEN d.ruled IS NOT DISTINCT FROM d.ruled_held AND d.held IS NOT NULL THEN d.ruled_held_since ELSE %1$L END AS ruled_since,
			CASE WHEN d.held IS NULL THEN 'new'
				WHEN d.tier = d.held THEN NULL
				WHEN d.tier IS DISTINCT FROM d.ruled THEN 'override'
				WHEN d.held IS DISTINCT FROM d.ruled_held AND d.ruled IS NOT DISTINCT FROM d.ruled_held THEN 'override_end'
				WHEN d.approved THEN 'approval'
				WHEN d.earned IS DISTINCT FROM d.tier OR d.put_off THEN 'policy'
				ELSE 'rule' END AS cause
		FROM (%2$s) d$query$,
		as_of,
		CASE WHEN EXISTS (SELECT FROM tiering.overrides_on(scheme, version, as_of))
			THEN format($overridden$
			SELECT d.*, CASE WHEN d.gone THEN NULL WHEN o.fixed IS NOT NULL THEN o.fixed
				WHEN o.cap_rank < f.rank THEN o.cap ELSE f.tier END AS tier
			FROM (%s) d
				LEFT JOIN tiering.tier t ON t.scheme = %L AND t.version = %s AND t.tier = d.ruled
				LEFT JOIN tiering.overrides_on(%2$L, %3$s, %L) o ON o.customer_id = d.customer_id
				CROSS JOIN LATERAL (
					SELECT CASE WHEN d.ruled IS NULL OR o.floor_rank > t.rank THEN o.floor ELSE d.ruled END AS tier,
						CASE WHEN d.ruled IS NULL OR o.floor_rank > t.rank THEN o.floor_rank ELSE t.rank END AS rank) f$overridden$,
				ruled, scheme, version, as_of)
			ELSE format('SELECT r.*, r.ruled AS tier FROM (%s) r', ruled) END);
END;
$$;
COMMENT ON FUNCTION tiering.decided_query(text, date, int, text, text) IS
'Part of refresh(): the query that grades, and moves by policies, approvals and overrides; what it takes are those of graded_query()';

-- Grade the source into pg_temp.tiering_refresh, which is read several times and
-- mostly has rows of customers who stay: what only movers have is null in these.
CREATE FUNCTION tiering.refresh_grade(scheme text, as_of date, version int,
	state text DEFAULT 'tiering.assignment', customers text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format($query$
		CREATE TEMP TABLE tiering_refresh ON COMMIT DROP AS
		SELECT d.customer_id, d.tier COLLATE "C" AS tier, CASE WHEN d.tier IS NULL AND d.held IS NOT NULL THEN d.held_measure ELSE d.measure END AS measure,
			d.held, d.held_version, d.place, d.gone, d.moves,
			d.tier = d.held AND (d.measure IS DISTINCT FROM d.held_measure OR d.held_version <> %1$s
				OR d.misses <> d.held_misses OR d.new_earned IS DISTINCT FROM d.held_earned
				OR d.next_tier IS DISTINCT FROM d.held_next_tier OR d.next_review IS DISTINCT FROM d.held_next_review
				OR r.ruled IS DISTINCT FROM d.stored_ruled OR r.ruled_since IS DISTINCT FROM d.stored_ruled_since) AS changed,
			d.cause, CASE WHEN d.cause IS NOT NULL THEN d.since END AS since, d.new_earned AS earned, d.misses,
			d.prior_before AS prior_misses, d.next_tier, d.next_review, r.ruled, r.ruled_since, d.asked,
			NULLIF(d.held_misses, 0) AS held_misses, d.held_next_tier, d.held_next_review, d.stored_ruled, d.stored_ruled_since
		FROM (%2$s) d
			CROSS JOIN LATERAL (
				SELECT CASE WHEN d.ruled = d.tier AND d.ruled_since = d.since THEN NULL ELSE d.ruled END AS ruled,
					CASE WHEN d.ruled = d.tier AND d.ruled_since = d.since THEN NULL ELSE d.ruled_since END AS ruled_since) r$query$,
		version, tiering.decided_query(scheme, as_of, version, state, customers));
END;
$$;
COMMENT ON FUNCTION tiering.refresh_grade(text, date, int, text, text) IS
'Part of refresh(): runs and grades the source; what it takes are those of graded_query()';

-- How many rows assignment has for a scheme. The last refresh left as many as its
-- distribution says, and whoever came or went since made a batch of another kind:
-- only then are half a million rows counted.
CREATE FUNCTION tiering.customers_held(scheme text) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	held bigint;
BEGIN
	IF (SELECT b.kind FROM tiering.batch b WHERE b.scheme = customers_held.scheme ORDER BY b.batch DESC LIMIT 1) = 'refresh' THEN
		SELECT sum(d.customers) INTO held
		FROM tiering.source s JOIN tiering.known_distribution(NULL) d ON d.scheme = s.scheme AND d.as_of = s.refreshed_as_of
		WHERE s.scheme = customers_held.scheme;
	END IF;
	RETURN COALESCE(held, (SELECT count(*) FROM tiering.assignment a WHERE a.scheme = customers_held.scheme));
END;
$$;
COMMENT ON FUNCTION tiering.customers_held(text) IS
'Part of refresh() and simulate(): how many customers a scheme has';

-- What there is to count and to add up is taken from there once.
CREATE FUNCTION tiering.refresh_add_up() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	CREATE TEMP TABLE tiering_refresh_count ON COMMIT DROP AS
	SELECT g.gone, g.tier, g.held, g.held_version, count(*) AS customers,
		count(*) - count(g.customer_id) AS nameless, count(*) FILTER (WHERE g.changed) AS changed,
		count(g.asked) AS asked, sum(g.measure) AS measure
	FROM pg_temp.tiering_refresh g
	GROUP BY g.gone, g.tier, g.held, g.held_version;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_add_up() IS
'Part of refresh(): adds up what was graded, by tiers held and given';

-- A new version's first assessment: moves that the one before would not have made
-- are told apart from those of the balances. Where the source does not have what
-- that graded by, all are the new version's.
CREATE FUNCTION tiering.refresh_scheme_change(scheme text, as_of date, version int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
AS $$
DECLARE
	before int;
BEGIN
	SELECT d.version INTO before FROM tiering.known_distribution(NULL) d
	WHERE d.scheme = refresh_scheme_change.scheme AND d.as_of < refresh_scheme_change.as_of
	ORDER BY d.as_of DESC LIMIT 1;
	IF before IS NULL OR before = version OR NOT EXISTS (SELECT FROM pg_temp.tiering_refresh g WHERE g.moves) THEN
		RETURN;
	END IF;
	BEGIN
		EXECUTE format('CREATE TEMP TABLE tiering_refresh_before ON COMMIT DROP AS
			SELECT d.customer_id, d.tier COLLATE "C" AS tier FROM (%s) d', tiering.decided_query(scheme, as_of, before));
	EXCEPTION WHEN undefined_column OR datatype_mismatch THEN
		CREATE TEMP TABLE tiering_refresh_before (customer_id text, tier text) ON COMMIT DROP;
	END;
	UPDATE pg_temp.tiering_refresh g SET cause = 'scheme'
	WHERE g.moves AND g.cause IN ('rule', 'policy') AND NOT EXISTS (
		SELECT FROM pg_temp.tiering_refresh_before b WHERE b.customer_id = g.customer_id AND b.tier = g.tier);
	DROP TABLE pg_temp.tiering_refresh_before;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_scheme_change(text, date, int) IS
'Part of refresh(): gives the moves that the version of the assessment before would not have made the cause scheme';

-- Refuse what is not a list of customers. A customer who is repeated shows where
-- more rows of the source met a row of assignment than there are, "all_held"; only
-- among new ones has he to be looked for.
CREATE FUNCTION tiering.refresh_check(scheme text, as_of date, all_held bigint, whole boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	total record;
	customer text;
BEGIN
	SELECT sum(c.customers) FILTER (WHERE NOT c.gone) AS customers, sum(c.nameless) AS nameless,
		sum(c.customers) FILTER (WHERE c.held IS NOT NULL) > all_held AS repeated,
		bool_or(c.held IS NULL) AS any_new
	INTO total
	FROM pg_temp.tiering_refresh_count c;
	IF total.nameless > 0 THEN
		RAISE EXCEPTION 'source of scheme "%" yields a null customer_id', scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	-- a failed load upstream looks like this; nobody means to lose all customers
	IF whole AND total.customers IS NULL AND EXISTS (SELECT FROM pg_temp.tiering_refresh_count) THEN
		RAISE EXCEPTION 'source of scheme "%" yields no customers for %', scheme, as_of
			USING ERRCODE = 'no_data_found',
			HINT = 'If all of them have left, delete them from tiering.assignment.';
	END IF;
	IF total.repeated OR total.any_new THEN
		SELECT g.customer_id INTO customer FROM pg_temp.tiering_refresh g
		WHERE NOT g.gone AND (total.repeated OR g.held IS NULL)
		GROUP BY g.customer_id HAVING count(*) > 1 ORDER BY g.customer_id LIMIT 1;
	END IF;
	IF customer IS NOT NULL THEN
		RAISE EXCEPTION 'source of scheme "%" yields customer "%" more than once', scheme, customer
			USING ERRCODE = 'unique_violation',
			HINT = 'Its query must yield one row for each customer.';
	END IF;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_check(text, date, bigint, boolean) IS
'Part of refresh(): a null customer_id (22004), a repeated one (23505), or, of the whole bank, none at all where there were some (P0002) is an error';

CREATE FUNCTION tiering.takes_notes(scheme text, version int) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM tiering.policy p WHERE p.scheme = takes_notes.scheme AND p.version = takes_notes.version)
		OR EXISTS (SELECT FROM tiering.tier t WHERE t.scheme = takes_notes.scheme AND t.version = takes_notes.version AND t.approval)
		OR EXISTS (SELECT FROM tiering.request r WHERE r.scheme = takes_notes.scheme)
		OR EXISTS (SELECT FROM tiering.watch_history w WHERE w.scheme = takes_notes.scheme);
END;
COMMENT ON FUNCTION tiering.takes_notes(text, int) IS
'Whether there can be anything to note of a scheme''s customers; if not, half a million rows need not be compared';

-- What the policy has noted of customers, where that is another than before.
CREATE FUNCTION tiering.refresh_notes(scheme text, as_of date, version int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT tiering.takes_notes(scheme, version) THEN
		RETURN;
	END IF;
	INSERT INTO tiering.watch_history (scheme, customer_id, as_of, misses, next_tier, next_review, ruled, ruled_since)
	SELECT refresh_notes.scheme, g.customer_id, refresh_notes.as_of, g.misses, g.next_tier, g.next_review, g.ruled, g.ruled_since
	FROM pg_temp.tiering_refresh g
	WHERE g.tier IS NOT NULL AND (g.misses, g.next_tier, g.next_review IS NULL, g.ruled, g.ruled_since)
		IS DISTINCT FROM (COALESCE(g.held_misses, 0), g.held_next_tier, g.held_next_review IS NULL, g.stored_ruled, g.stored_ruled_since);
END;
$$;
COMMENT ON FUNCTION tiering.refresh_notes(text, date, int) IS
'Part of refresh(): keeps what the policy has noted, in watch_history';

-- Write what changed; the triggers on assignment record the moves. Each row is
-- fetched from the place where it was found, where it still is, as nobody else moves
-- customers without the lock that we have on the scheme. What went past the triggers
-- is told.
-- The planner thinks that fetching so many one by one is dear, and would read and
-- hash the whole table instead, or compile. Memory, which the rows take that the
-- triggers see, is that of maintenance; work_mem is named to be given back.
CREATE FUNCTION tiering.refresh_write(counts tiering.refresh_result) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = on SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off SET work_mem = '64MB'
AS $$
DECLARE
	written bigint := 0;
	affected bigint;
BEGIN
	PERFORM set_config('work_mem', current_setting('maintenance_work_mem'), true);
	PERFORM tiering.refresh_notes(counts.scheme, counts.as_of, counts.version);
	IF counts.exit > 0 THEN
		DELETE FROM tiering.assignment a
		USING pg_temp.tiering_refresh g
		WHERE a.ctid = g.place AND a.customer_id = g.customer_id AND g.tier IS NULL;
		GET DIAGNOSTICS affected = ROW_COUNT;
		written := written + affected;
	END IF;

	-- those who move, and then the others, whose tier is not even mentioned
	UPDATE tiering.assignment a
	SET tier = g.tier, measure = g.measure, as_of = counts.as_of, since = g.since,
		version = counts.version, recorded_at = now(), cause = g.cause, earned = g.earned, misses = g.misses,
		prior_misses = g.prior_misses, next_tier = g.next_tier, next_review = g.next_review,
		ruled = g.ruled, ruled_since = g.ruled_since
	FROM pg_temp.tiering_refresh g
	WHERE a.ctid = g.place AND a.customer_id = g.customer_id AND g.moves;
	GET DIAGNOSTICS affected = ROW_COUNT;
	written := written + affected;
	UPDATE tiering.assignment a
	SET measure = g.measure, as_of = counts.as_of, version = counts.version,
		recorded_at = now(), earned = g.earned, misses = g.misses,
		prior_misses = g.prior_misses, next_tier = g.next_tier, next_review = g.next_review,
		ruled = g.ruled, ruled_since = g.ruled_since
	FROM pg_temp.tiering_refresh g
	WHERE a.ctid = g.place AND a.customer_id = g.customer_id AND g.changed;
	GET DIAGNOSTICS affected = ROW_COUNT;
	written := written + affected;
	IF written <> counts.exit + counts.up + counts.down + counts.lateral_moves
		+ (SELECT sum(c.changed) FROM pg_temp.tiering_refresh_count c)
	THEN
		RAISE EXCEPTION 'customers of scheme "%" were written to while it was refreshed', counts.scheme
			USING ERRCODE = 'serialization_failure',
			HINT = 'Refresh it again, if it was by another session; a source must not do so.';
	END IF;

	IF counts.new = 0 THEN
		RETURN written;
	END IF;
	INSERT INTO tiering.assignment (scheme, customer_id, tier, measure, as_of, since, version, cause, first_as_of,
		earned, misses, prior_misses, next_tier, next_review, ruled, ruled_since)
	SELECT counts.scheme, g.customer_id, g.tier, g.measure, counts.as_of, g.since, counts.version, g.cause, counts.as_of,
		g.earned, g.misses, g.prior_misses, g.next_tier, g.next_review, g.ruled, g.ruled_since
	FROM pg_temp.tiering_refresh g
	WHERE g.held IS NULL AND g.tier IS NOT NULL;
	GET DIAGNOSTICS affected = ROW_COUNT;
	RETURN written + affected;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_write(tiering.refresh_result) IS
'Part of refresh(): brings assignment to what was graded and counted; returns the number of its rows written. Error: a row is not where it was (40001)';

-- Where the rows are now, if a source itself moved customers while it was read.
CREATE FUNCTION tiering.refresh_places(scheme text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE pg_temp.tiering_refresh g SET place = a.ctid
	FROM tiering.assignment a
	WHERE a.scheme = refresh_places.scheme AND a.customer_id = g.customer_id;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_places(text) IS
'Part of refresh(): finds the rows of assignment again';

CREATE FUNCTION tiering.next_edition(scheme text, as_of date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT GREATEST(now(), max(d.recorded_at) + interval '1 microsecond')
	FROM tiering.distribution_history d
	WHERE d.scheme = next_edition.scheme AND d.as_of = next_edition.as_of;
END;
COMMENT ON FUNCTION tiering.next_edition(text, date) IS
'The time of a new edition of an assessment''s distribution: now, but after the one before';

-- Leave behind how many customers each tier has, as a new edition if it is another
-- than the last one; true if it is.
CREATE FUNCTION tiering.refresh_distribution(scheme text, as_of date, version int) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	WITH counted AS MATERIALIZED (
		SELECT t.tier, t.version, COALESCE(g.customers, 0) AS customers, CASE WHEN g.tier IS NULL THEN 0 ELSE g.measure END AS measure
		FROM tiering.tier t
			LEFT JOIN (SELECT c.tier, sum(c.customers) AS customers, sum(c.measure) AS measure
					   FROM pg_temp.tiering_refresh_count c GROUP BY c.tier) g ON g.tier = t.tier
		WHERE t.scheme = refresh_distribution.scheme AND t.version = refresh_distribution.version
	), last AS MATERIALIZED (
		SELECT d.* FROM tiering.known_distribution(NULL) d
		WHERE d.scheme = refresh_distribution.scheme AND d.as_of = refresh_distribution.as_of
	)
	INSERT INTO tiering.distribution_history (scheme, as_of, tier, version, customers, measure, recorded_at)
	SELECT refresh_distribution.scheme, refresh_distribution.as_of, c.tier, c.version, c.customers, c.measure,
		tiering.next_edition(refresh_distribution.scheme, refresh_distribution.as_of)
	FROM counted c
	WHERE EXISTS (SELECT FROM counted n FULL JOIN last l ON l.tier = n.tier
		WHERE (n.version, n.customers, n.measure) IS DISTINCT FROM (l.version, l.customers, l.measure));
	RETURN FOUND;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_distribution(text, date, int) IS
'Part of refresh(): keeps the distribution of the tiers; returns whether that changed anything';

CREATE FUNCTION tiering.refresh_counts(scheme text, as_of date, version int)
RETURNS tiering.refresh_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result tiering.refresh_result;
BEGIN
	SELECT refresh_counts.scheme, refresh_counts.as_of, refresh_counts.version,
		COALESCE(sum(c.customers) FILTER (WHERE NOT c.gone), 0) AS customers,
		COALESCE(sum(c.customers) FILTER (WHERE NOT c.gone AND c.tier IS NULL), 0) AS ungraded,
		COALESCE(sum(c.customers) FILTER (WHERE c.held IS NULL AND c.tier IS NOT NULL), 0) AS new,
		COALESCE(sum(c.customers) FILTER (WHERE c.tier <> c.held AND t.rank > COALESCE(f.rank, was.rank, t.rank)), 0) AS up,
		COALESCE(sum(c.customers) FILTER (WHERE c.tier <> c.held AND t.rank < COALESCE(f.rank, was.rank, t.rank)), 0) AS down,
		COALESCE(sum(c.customers) FILTER (WHERE c.tier <> c.held AND t.rank = COALESCE(f.rank, was.rank, t.rank)), 0) AS lateral_moves,
		COALESCE(sum(c.customers) FILTER (WHERE c.held IS NOT NULL AND c.tier IS NULL), 0) AS exit,
		COALESCE(sum(c.customers) FILTER (WHERE c.tier = c.held), 0) AS stayed, 0 AS pending, 0 AS written
	INTO result
	FROM pg_temp.tiering_refresh_count c
		LEFT JOIN tiering.tier t
			ON (t.scheme, t.version, t.tier) = (refresh_counts.scheme, refresh_counts.version, c.tier)
		LEFT JOIN tiering.tier f
			ON (f.scheme, f.version, f.tier) = (refresh_counts.scheme, refresh_counts.version, c.held)
		LEFT JOIN tiering.tier was
			ON (was.scheme, was.version, was.tier) = (refresh_counts.scheme, c.held_version, c.held);
	RETURN result;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_counts(text, date, int) IS
'Part of refresh(): counts what is about to be written';

-- Delivered when the transaction commits, and to nobody if it does not. A payload
-- has less than 8,000 bytes, of which a name of 1,000 characters takes 6,000 at most.
CREATE FUNCTION tiering.notify_refresh(result tiering.refresh_result) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	result.scheme := "left"(result.scheme, 1000);
	PERFORM pg_notify('tiering', row_to_json(result)::text);
END;
$$;
COMMENT ON FUNCTION tiering.notify_refresh(tiering.refresh_result) IS
'Tells who listens on the channel tiering what a refresh did: its row of counts as JSON';

-- Source first, then scheme: so two refreshes tell each other, and one waits for
-- who publishes, decides on a request or changes the state by hand.
CREATE FUNCTION tiering.lock_source(scheme text) RETURNS tiering.source
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source;
BEGIN
	PERFORM tiering.newest_version(scheme);
	BEGIN
		SELECT * INTO src FROM tiering.source s WHERE s.scheme = lock_source.scheme FOR UPDATE NOWAIT;
	EXCEPTION WHEN lock_not_available THEN
		RAISE EXCEPTION 'scheme "%" is being refreshed by another session', scheme
			USING ERRCODE = 'lock_not_available',
			HINT = 'Wait until it is done; pg_stat_activity shows how far it is.';
	END;
	IF src.scheme IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no source', scheme
			USING ERRCODE = 'undefined_object',
			HINT = format('Set one with tiering.set_source(%L, query).', scheme);
	END IF;
	PERFORM FROM tiering.scheme s WHERE s.scheme = lock_source.scheme FOR NO KEY UPDATE;
	RETURN src;
END;
$$;
COMMENT ON FUNCTION tiering.lock_source(text) IS
'A scheme''s source, locked for a refresh until the transaction ends. Errors: unknown scheme, no source (42704), another session has it (55P03)';

-- A setting named here gets back its value of before when the function ends,
-- whatever the function made of it.
CREATE FUNCTION tiering.refresh(scheme text, as_of date) RETURNS tiering.refresh_result
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
SET application_name = 'tiering.refresh'
AS $$
DECLARE
	src tiering.source;
	version int;
	batch int;
	result tiering.refresh_result;
BEGIN
	PERFORM tiering.check_day(as_of, 'as_of');
	src := tiering.lock_source(scheme);
	batch := tiering.next_batch(scheme);
	IF as_of < src.refreshed_as_of THEN
		RAISE EXCEPTION 'scheme "%" was already refreshed as of %, which is after %', scheme, src.refreshed_as_of, as_of
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Refreshes go forward in time.';
	END IF;
	version := tiering.version_on(scheme, as_of);
	IF version IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no version in force on %', scheme, as_of
			USING ERRCODE = 'undefined_object',
			HINT = format('Publish one with tiering.publish(%L, effective_from).', scheme);
	END IF;

	PERFORM tiering.report_stage(scheme, as_of, '1/3 reading source');
	PERFORM tiering.refresh_grade(scheme, as_of, version);
	PERFORM tiering.refresh_scheme_change(scheme, as_of, version);
	IF tiering.next_batch(scheme) > batch THEN
		PERFORM tiering.refresh_places(scheme);
	END IF;
	PERFORM tiering.refresh_add_up();
	PERFORM tiering.refresh_check(scheme, as_of, tiering.customers_held(scheme));
	result := tiering.refresh_counts(scheme, as_of, version);
	PERFORM tiering.report_stage(scheme, as_of, format('2/3 writing %s customers', result.customers));
	INSERT INTO tiering.writing VALUES (pg_backend_pid(), as_of, 'refresh');
	result.written := tiering.refresh_write(result);
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	result.pending := tiering.refresh_requests(scheme, as_of);
	IF tiering.refresh_distribution(scheme, as_of, version) OR result.written > 0
		OR src.refreshed_as_of IS DISTINCT FROM as_of
	THEN
		UPDATE tiering.source s SET refreshed_as_of = as_of, refreshed_at = now()
		WHERE s.scheme = refresh.scheme;
		PERFORM tiering.notify_refresh(result);
	END IF;
	DROP TABLE pg_temp.tiering_refresh, pg_temp.tiering_refresh_count;
	PERFORM tiering.report_stage(scheme, as_of, format('3/3 wrote %s rows: %s new, %s up, %s down, %s lateral, %s exit',
		result.written, result.new, result.up, result.down, result.lateral_moves, result.exit));
	RETURN result;
END;
$$;
COMMENT ON FUNCTION tiering.refresh(text, date) IS
'Grades every customer of the scheme''s source as of a date, by the version in force on it, records the moves, and notifies the channel tiering. Repeating it with the same data changes nothing. Errors: unknown scheme, no source, no version in force (42704); a refresh of it under way (55P03); an earlier date than the last refresh''s (22023); what the source''s query raises; a null (22004) or repeated (23505) customer; no customers at all where there were some (P0002). Nothing is changed then';
