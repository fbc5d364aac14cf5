/*
 * Assessing: the source beside assignment, a verdict for each customer, and what is
 * written of it. One statement reads, decides and writes, so that nothing is kept in
 * between but what it has itself: no table is made, and none has to be emptied.
 *
 * A refresh, an assessment of some customers and a decision on a request differ in
 * where the verdicts come from, and in nothing after that.
 */

-- Not of what a version does not have; see overrides_left_out()
CREATE FUNCTION _tiering.overrides_between(scheme text, version int, first date, last date)
RETURNS TABLE (customer_id text, overrides _tiering.override_days[])
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT s.customer_id, array_agg(ROW(s.kind, n.becomes, lower(s.counts),
		upper(s.counts))::_tiering.override_days
		ORDER BY s.request)
	FROM _tiering.request_now s
		JOIN _tiering.tier_names(overrides_between.scheme, overrides_between.version) n
			ON n.tier COLLATE "C" = s.tier AND n.becomes IS NOT NULL
	WHERE s.scheme = overrides_between.scheme AND s.kind <> 'move'
		AND s.counts && daterange(overrides_between.first, overrides_between.last, '[]')
	GROUP BY s.customer_id;
END;
COMMENT ON FUNCTION _tiering.overrides_between(text, int, date, date) IS
'The overrides that count on any day from first to last, of each customer who has some, with their '
'tiers as the version calls them';

CREATE FUNCTION _tiering.overrides_left_out(scheme text, version int, first date, last date)
RETURNS TABLE (request bigint, customer_id text, tier text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT s.request, s.customer_id, s.tier
	FROM _tiering.request_now s
		LEFT JOIN _tiering.tier_names(overrides_left_out.scheme, overrides_left_out.version) n
			ON n.tier COLLATE "C" = s.tier
	WHERE s.scheme = overrides_left_out.scheme AND s.kind <> 'move' AND n.becomes IS NULL
		AND s.counts && daterange(overrides_left_out.first, overrides_left_out.last, '[]');
END;
COMMENT ON FUNCTION _tiering.overrides_left_out(text, int, date, date) IS
'The overrides that would count on any day from first to last, but name a tier that the version '
'does not have any more';

CREATE FUNCTION _tiering.approved_moves(scheme text, as_of date)
RETURNS TABLE (customer_id text, tier text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT DISTINCT ON (r.customer_id) r.customer_id, r.tier
	FROM _tiering.request_now r
	WHERE r.scheme = approved_moves.scheme AND r.kind = 'move' AND r.state = 'approved'
		AND r.decided_as_of = approved_moves.as_of
	ORDER BY r.customer_id, r.request DESC;
END;
COMMENT ON FUNCTION _tiering.approved_moves(text, date) IS
'The moves that were approved while an assessment was the last one';

-- Not in SQL, or it would be inlined into itself
CREATE FUNCTION _tiering.otherwise(scheme text, as_of date, previous date, customers text[],
	before int)
RETURNS TABLE (customer_id text, tier text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF before > 0 THEN
		RETURN QUERY SELECT d.customer_id, (d.v).tier
		FROM _tiering.assessed(scheme, as_of, before, previous, customers, NULL, false) d;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.otherwise(text, date, date, text[], int) IS
'Where the version of the assessment before would have the customers now, as it calls its tiers; '
'nobody if it is null or negative';

-- Most customers have no row here
CREATE FUNCTION _tiering.circumstances(scheme text, version int, as_of date, previous date,
	customers text[], before int)
RETURNS TABLE (customer_id text, overrides _tiering.override_days[], approved text, previous date,
	otherwise text)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 3000 ROWS 100
BEGIN ATOMIC
	SELECT COALESCE(o.customer_id, m.customer_id, w.customer_id, b.customer_id), o.overrides,
		m.tier,
		w.as_of, b.tier
	FROM _tiering.overrides_between(circumstances.scheme, circumstances.version,
			COALESCE(circumstances.previous, circumstances.as_of), circumstances.as_of) o
		FULL JOIN _tiering.approved_moves(circumstances.scheme, circumstances.as_of) m
			ON m.customer_id COLLATE "C" = o.customer_id COLLATE "C"
		FULL JOIN (
			SELECT x.customer_id, max(x.as_of) AS as_of
			FROM _tiering.own_assessments(circumstances.scheme) x
			WHERE x.as_of < circumstances.as_of
				AND x.as_of > COALESCE(circumstances.previous, '-infinity')
			GROUP BY x.customer_id) w
			ON w.customer_id COLLATE "C" = COALESCE(o.customer_id, m.customer_id) COLLATE "C"
		FULL JOIN _tiering.otherwise(circumstances.scheme, circumstances.as_of,
			circumstances.previous,
			circumstances.customers, circumstances.before) b
			ON b.customer_id COLLATE "C"
				= COALESCE(o.customer_id, m.customer_id, w.customer_id) COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.circumstances(text, int, date, date, text[], int) IS
'What an assessment has to look at beside the tiers of customers: overrides on any day since '
'the assessment before, moves that were approved, an assessment of their own in between, instead '
'of which previous counts for the others, and, if a version before is given, where that would have '
'them';

CREATE TYPE _tiering.assessed AS (
	customer_id     text,
	tid             tid,
	current_tier    text,
	current_version int,
	gone            boolean,
	measure         numeric,
	rewrite         boolean,
	written         boolean,
	v               _tiering.verdict
);
COMMENT ON TYPE _tiering.assessed IS
'A customer beside their row of assignment, which is at tid: their current tier, what the source '
'has of them now, whether the row has to be written, or anything but what an assessment keeps of '
'everybody, and the verdict';

-- Of a repeated assessment, who was touched by it is where they were before.
CREATE FUNCTION _tiering.assignments_for(scheme text, as_of date, again boolean, customers text[])
RETURNS TABLE (tid tid, customer_id text, current_tier text, earned text, tier text, since date,
	version int, policy_tier text, policy_since date, first_as_of date, misses int, best text,
	next_tier text, next_review date, kept_until date)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100000
BEGIN ATOMIC
	WITH touched AS MATERIALIZED (
		SELECT a.ctid AS tid, t.customer_id COLLATE "C" AS customer_id, a.tier, a.earned,
			COALESCE(a.first_as_of >= assignments_for.as_of, false) AS was_new
		FROM _tiering.touched(assignments_for.scheme, assignments_for.as_of) t
			LEFT JOIN tiering.assignment a ON a.scheme = assignments_for.scheme
				AND a.customer_id = t.customer_id COLLATE "C"
		WHERE assignments_for.again
	)
	SELECT a.ctid, a.customer_id, a.tier, a.earned, a.tier, a.since, a.version, a.policy_tier,
		a.policy_since, a.first_as_of, a.misses, a.best, a.next_tier, a.next_review, a.kept_until
	FROM tiering.assignment a
	WHERE a.scheme = assignments_for.scheme
		AND (assignments_for.customers IS NULL OR a.customer_id = ANY (assignments_for.customers))
		AND (NOT assignments_for.again OR a.customer_id NOT IN (
			SELECT t.customer_id FROM touched t))
	UNION ALL
	SELECT t.tid, t.customer_id, t.tier, t.earned, b.tier, b.since, b.version, b.policy_tier,
		b.policy_since, b.first_as_of, b.misses, b.best, b.next_tier, b.next_review, b.kept_until
	FROM (SELECT x.* FROM touched x WHERE NOT x.was_new) t
		LEFT JOIN LATERAL _tiering.assignment_before(assignments_for.scheme, t.customer_id,
			assignments_for.as_of) b ON true
	WHERE assignments_for.customers IS NULL
		OR t.customer_id = ANY (assignments_for.customers)
	UNION ALL	-- who was new at it was nobody before
	SELECT t.tid, t.customer_id, t.tier, t.earned, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL, NULL
	FROM touched t
	WHERE t.was_new AND (assignments_for.customers IS NULL
		OR t.customer_id = ANY (assignments_for.customers));
END;
COMMENT ON FUNCTION _tiering.assignments_for(text, date, boolean, text[]) IS
'The assignments of a scheme before an assessment; again: before the last one, which is '
'made again. current_tier and earned are what their rows of assignment have now, at tid';

-- STABLE, so that it is inlined: the source runs once, in the statement that asks.
CREATE FUNCTION _tiering.beside(scheme text, as_of date, version int, customers text[],
	again boolean)
RETURNS TABLE (customer_id text, gone boolean, measure numeric, earned text, earned_if text[],
	tid tid, current_tier text, current_earned text, tier text, since date, current_version int,
	policy_tier text, policy_since date, first_as_of date, misses int, best text, next_tier text,
	next_review date, kept_until date)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000
BEGIN ATOMIC
	SELECT COALESCE(g.customer_id, a.customer_id) COLLATE "C", g.customer_id IS NULL, g.measure,
		g.earned, g.earned_if, a.tid, a.current_tier, a.earned, a.tier, a.since, a.version,
		a.policy_tier, a.policy_since, a.first_as_of, a.misses, a.best, a.next_tier,
		a.next_review, a.kept_until
	FROM _tiering.graded(beside.scheme, beside.as_of, beside.version, beside.customers) g
		FULL JOIN _tiering.assignments_for(beside.scheme, beside.as_of, beside.again,
			beside.customers) a
			ON a.customer_id COLLATE "C" = g.customer_id COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.beside(text, date, int, text[], boolean) IS
'The source of a scheme beside assignment, of all customers or of some. again: the last assessment '
'is made again, from where customers were before it. gone: the source does not have them';

CREATE FUNCTION _tiering.book(scheme text, as_of date, version int, previous date,
	customers text[], before int, again boolean)
RETURNS TABLE (customer_id text, tid tid, current_tier text, current_earned text, measure numeric,
	previous date, tier text, since date, current_version int, policy_tier text, policy_since date,
	first_as_of date, misses int, best text, next_tier text, next_review date, kept_until date,
	gone boolean, earned text, earned_if text[], approved text,
	overrides _tiering.override_days[], otherwise text)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000
BEGIN ATOMIC
	SELECT x.customer_id, x.tid, x.current_tier, x.current_earned, x.measure,
		COALESCE(c.previous, book.previous), x.tier, x.since, x.current_version, x.policy_tier,
		x.policy_since, x.first_as_of, x.misses, x.best, x.next_tier, x.next_review, x.kept_until,
		x.gone, x.earned, x.earned_if, c.approved, c.overrides, c.otherwise
	FROM _tiering.beside(book.scheme, book.as_of, book.version, book.customers, book.again) x
		LEFT JOIN _tiering.circumstances(book.scheme, book.version, book.as_of, book.previous,
			book.customers, book.before) c
			ON c.customer_id COLLATE "C" = x.customer_id;
END;
COMMENT ON FUNCTION _tiering.book(text, date, int, date, text[], int, boolean) IS
'What an assessment decides about the customers of a scheme by, or about some of them: beside(), '
'and circumstances(). previous to overrides are arguments of decide(), in its order';

CREATE FUNCTION _tiering.plain_book(scheme text, as_of date, version int, previous date,
	customers text[], again boolean)
RETURNS TABLE (customer_id text, tid tid, current_tier text, current_earned text, measure numeric,
	previous date, tier text, since date, current_version int, policy_tier text, policy_since date,
	first_as_of date, misses int, best text, next_tier text, next_review date, kept_until date,
	gone boolean, earned text, earned_if text[], approved text,
	overrides _tiering.override_days[], otherwise text)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000
BEGIN ATOMIC
	SELECT x.customer_id, x.tid, x.current_tier, x.current_earned, x.measure, plain_book.previous,
		x.tier, x.since, x.current_version, x.policy_tier, x.policy_since, x.first_as_of, x.misses,
		x.best, x.next_tier, x.next_review, x.kept_until, x.gone, x.earned, x.earned_if,
		NULL::text, NULL::_tiering.override_days[], NULL::text
	FROM _tiering.beside(plain_book.scheme, plain_book.as_of, plain_book.version,
		plain_book.customers, plain_book.again) x;
END;
COMMENT ON FUNCTION _tiering.plain_book(text, date, int, date, text[], boolean) IS
'The same as book() where circumstances() tells of nobody, without a join';

-- STABLE, as book() is
CREATE FUNCTION _tiering.assessed(scheme text, as_of date, version int, previous date,
	customers text[], before int, again boolean)
RETURNS SETOF _tiering.assessed
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000
BEGIN ATOMIC
	SELECT d.customer_id, d.tid, d.current_tier, d.current_version, d.gone, d.measure, w.rewrite,
		w.rewrite OR d.current_tier IS NULL OR (d.v).tier IS NULL OR (d.v).moves OR (d.v).noted
			OR (d.v).asked IS NOT NULL, d.v
	FROM (
		SELECT b.customer_id, b.tid, b.current_tier, b.current_version, b.current_earned, b.gone,
			b.measure,
			_tiering.decide(assessed.scheme, assessed.version, 'assessment', assessed.as_of,
				b.previous, b.tier, b.since, b.current_version, b.policy_tier, b.policy_since,
				b.first_as_of, b.misses, b.best, b.next_tier, b.next_review, b.kept_until, b.gone,
				b.earned, b.earned_if, b.approved, b.overrides, assessed.before, b.otherwise) AS v
		FROM _tiering.book(assessed.scheme, assessed.as_of, assessed.version, assessed.previous,
			assessed.customers, assessed.before, assessed.again) b
		OFFSET 0) d
		CROSS JOIN LATERAL (SELECT (d.v).changed OR d.current_version <> assessed.version
			OR (d.v).earned IS DISTINCT FROM d.current_earned AS rewrite) w;
END;
COMMENT ON FUNCTION _tiering.assessed(text, date, int, date, text[], int, boolean) IS
'What an assessment makes of the customers of book(): a verdict for each. Nothing is written';

CREATE FUNCTION _tiering.decided(request bigint, moved_to text, as_of date)
RETURNS SETOF _tiering.assessed
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 1
BEGIN ATOMIC
	SELECT d.customer_id, d.tid, d.tier, d.version, false, d.measure,
		(d.v).moves OR decided.moved_to IS NOT NULL, true, d.v
	FROM (
		SELECT p.customer_id, a.ctid AS tid, a.tier, COALESCE(a.version, r.version) AS version,
			COALESCE(h.measure, CASE WHEN a.tier IS NULL THEN r.measure END) AS measure,
			_tiering.decide(r.scheme, COALESCE(a.version, r.version), 'decision', decided.as_of,
				NULL,
				a.tier, a.since, a.version, a.policy_tier, a.policy_since, a.first_as_of, a.misses,
				a.best, a.next_tier, a.next_review, a.kept_until, false,
				-- who earned their tier would not have been asked to fall: no tier takes them
				CASE WHEN a.earned IS NOT NULL OR a.policy_since IS NOT NULL
						OR g.direction IS DISTINCT FROM 'down'
					THEN COALESCE(a.earned, a.tier, decided.moved_to) END,
				NULL, decided.moved_to, o.overrides, NULL, NULL) AS v
		FROM tiering.request r
			CROSS JOIN LATERAL (SELECT _tiering.number_now(r.scheme, r.customer_id) COLLATE "C"
				AS customer_id) p
			LEFT JOIN tiering.assignment a ON a.scheme = r.scheme AND a.customer_id = p.customer_id
			LEFT JOIN LATERAL _tiering.current_measures(r.scheme, ARRAY[p.customer_id]) h ON true
			LEFT JOIN LATERAL _tiering.overrides_between(r.scheme, COALESCE(a.version, r.version),
				decided.as_of, decided.as_of) o ON o.customer_id COLLATE "C" = p.customer_id
			LEFT JOIN LATERAL _tiering.directions(r.scheme, COALESCE(a.version, r.version)) g
				ON g.from_tier = a.tier AND g.to_tier = decided.moved_to
		WHERE r.request = decided.request AND (a.tier IS NOT NULL OR decided.moved_to IS NOT NULL)
		OFFSET 0) d;
END;
COMMENT ON FUNCTION _tiering.decided(bigint, text, date) IS
'What a decision on a request makes of its customer, as of the last assessment: into the tier that '
'was approved, or to what the overrides make of the one they have. No row if they are no customer';

CREATE TYPE _tiering.assessed_cell AS (
	gone            boolean,
	current_tier    text,
	current_version int,
	tier            text,
	customers       bigint,
	rewritten       bigint,
	due             bigint,
	measure         numeric
);
COMMENT ON TYPE _tiering.assessed_cell IS
'Customers of an assessment by the tiers before and after: how many, of whom rows are written, who '
'moved on a day before it, and their measures';

CREATE TYPE _tiering.asking AS (
	customer_id  text,
	tier         text,
	current_tier text,
	measure      numeric,
	as_of        date,
	version      int
);
COMMENT ON TYPE _tiering.asking IS
'A customer for whom an assessment asks to have a tier approved, with their tier meanwhile';

CREATE TYPE _tiering.counted_cell AS (
	gone            boolean,
	current_tier    text,
	current_version int,
	tier            text,
	customers       bigint,
	rewritten       bigint,
	due             bigint,
	measure         numeric,
	part            int,
	awaits          text[]
);
COMMENT ON TYPE _tiering.counted_cell IS
'The same by measure_part(), too, null if they have no measure, and by what tells whether who has '
'a review is on the watch list, for near_counts(): the tier whose policy counts, the one that they '
'will be moved to, and their misses; null if they have none';

CREATE FUNCTION _tiering.assessed_cells(counted _tiering.counted_cell[])
RETURNS _tiering.assessed_cell[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT array_agg(ROW(c.*)::_tiering.assessed_cell)
	FROM (SELECT n.gone, n.current_tier, n.current_version, n.tier, sum(n.customers),
			sum(n.rewritten), sum(n.due), sum(n.measure)
		  FROM unnest(assessed_cells.counted) n
		  GROUP BY n.gone, n.current_tier, n.current_version, n.tier) c;
END;
COMMENT ON FUNCTION _tiering.assessed_cells(_tiering.counted_cell[]) IS
'Customers of an assessment by the tiers before and after alone; null if there are none';

CREATE FUNCTION _tiering.measure_part(measure numeric, edges numeric[]) RETURNS int
AS 'MODULE_PATHNAME', 'measure_part'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.measure_part(numeric, numeric[]) IS
'In which part of all amounts a measure lies: 2 n - 1 on the edge n, counted from 1, and 2 n '
'between that and the next. The edges ascend';

CREATE TYPE _tiering.judged AS (
	customer_id     text,
	tid             tid,
	current_tier    text,
	current_version int,
	gone            boolean,
	measure         numeric,
	rewrite         boolean,
	written         boolean,
	v               _tiering.verdict,
	to_keep         boolean,
	cell            _tiering.counted_cell,
	digest          bytea
);
COMMENT ON TYPE _tiering.judged IS
'A customer as assessed has them, and whether what an assessment keeps of them has to be inserted; '
'or a cell, or the digest of what the source yielded, with all else null; a customer who is alone '
'has their cell beside them';

-- src/judged.c has it in one pass what assessed() makes of each, and what is counted of it.
CREATE FUNCTION _tiering.judged(scheme text, version int, as_of date, previous date,
	customers text[], before int, again boolean, ahead text[], edges numeric[], slot smallint,
	part regclass, recorded_at timestamptz, amends boolean, writes boolean)
RETURNS SETOF _tiering.judged
AS 'MODULE_PATHNAME', 'judged'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 30000000 ROWS 100000
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION _tiering.judged(text, int, date, date, text[], int, boolean, text[], numeric[],
	smallint, regclass, timestamptz, boolean, boolean) IS
'Decides about the customers of book(), counts all of them, and appends to part, a part of the '
'table assessment, what an assessment keeps of them, with slot, recorded_at and amends; a null '
'slot: nothing is kept. Those are handed on of whom assessed() has something written, or, unless '
'the verdict is to be written (writes), those who come or go, without it; and those whose row part '
'does not take with many others, to be inserted. Behind them come the cells, and the digest of '
'source_digest, if verdicts of all are to be written. ahead: customers who are left out. edges: as '
'measure_part() takes them, null if nobody counts who is near';

-- STABLE, as book() is
CREATE FUNCTION _tiering.verdicts(kind text, scheme text, as_of date, version int, previous date,
	customers text[], before int, ahead text[], request bigint, moved_to text,
	kept tiering.kept_assessment, edges numeric[])
RETURNS SETOF _tiering.judged
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000
BEGIN ATOMIC
	SELECT j.*
	FROM _tiering.judged(verdicts.scheme, verdicts.version, verdicts.as_of, verdicts.previous,
		verdicts.customers, verdicts.before, false, verdicts.ahead, verdicts.edges,
		(verdicts.kept).slot, _tiering.part_of((verdicts.kept).slot),
		(verdicts.kept).recorded_at, verdicts.kind = 'assess', true) j
	WHERE verdicts.kind <> 'decision'
	UNION ALL
	SELECT d.*, false, ROW(d.gone, d.current_tier, d.current_version, (d.v).tier, 1,
		d.rewrite::int, ((d.v).moves AND (d.v).since < verdicts.as_of)::int, d.measure, NULL,
		NULL)::_tiering.counted_cell, NULL
	FROM _tiering.decided(verdicts.request, verdicts.moved_to, verdicts.as_of) d
	WHERE verdicts.kind = 'decision';
END;
COMMENT ON FUNCTION _tiering.verdicts(text, text, date, int, date, text[], int, text[], bigint,
	text, tiering.kept_assessment, numeric[]) IS
'What an assessment makes of the customers of a scheme, as judged() tells it, or a decision of its '
'one; see write_verdicts()';

-- What is kept of everybody is appended by judged(), or else inserted here.
-- The planner takes fetching rows by their tid to be dear, and would hash the whole
-- table instead; pages cost nothing here, in whichever order. An index that leads to them
-- does, else that of assignment would be gone through for a whole scheme. Nobody else moves
-- customers meanwhile: we have the turn; who locked them otherwise is not waited for long.
-- Who leaves bears the version that graded them last, unless the new one calls their tier by
-- another name.
CREATE FUNCTION _tiering.write_verdicts(kind text, scheme text, as_of date, version int,
	previous date, customers text[], before int, ahead text[], request bigint, moved_to text,
	batch int, kept tiering.kept_assessment, edges numeric[], OUT counted _tiering.counted_cell[],
	OUT cells _tiering.assessed_cell[], OUT asking _tiering.asking[], OUT digest bytea)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_mergejoin = off
SET plan_cache_mode = force_custom_plan SET random_page_cost = 0 SET seq_page_cost = 0
SET cpu_index_tuple_cost = 0.25 SET lock_timeout = '10s'
AS $$
#variable_conflict use_variable
BEGIN
	WITH judged AS MATERIALIZED (SELECT j.* FROM _tiering.verdicts(kind, scheme, as_of, version,
		previous, customers, before, ahead, request, moved_to, kept, edges) j
	), written AS NOT MATERIALIZED (SELECT j.* FROM judged j WHERE j.written), recorded AS (
		INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction,
			cause, version, measure, assessed, recorded_by, recorded_as, batch)
		SELECT scheme, COALESCE(p.number, d.customer_id), s.day, from_tier, to_tier,
			COALESCE(w.direction, CASE WHEN from_tier IS NULL THEN 'new' ELSE 'exit' END), s.cause,
			CASE WHEN to_tier IS NULL AND from_tier = d.current_tier THEN d.current_version
				ELSE version END, COALESCE(d.measure, CASE WHEN to_tier IS NULL THEN h.measure END),
			as_of, session_user, _tiering.acting_role(), batch
		FROM written d CROSS JOIN LATERAL _tiering.steps(d.v) s
			LEFT JOIN _tiering.directions(scheme, version) w USING (from_tier, to_tier)
			LEFT JOIN _tiering.current_measures(scheme, ARRAY(SELECT l.customer_id FROM written l
				WHERE l.current_tier IS NOT NULL AND (l.v).tier IS NULL)) h USING (customer_id)
			LEFT JOIN _tiering.number_days(scheme) p ON p.now_id = d.customer_id AND p.days @> s.day
		WHERE (d.v).moves
	), noted AS (INSERT INTO tiering.watch_history (scheme, customer_id, as_of, version, misses,
			best, next_tier, next_review, kept_until, policy_tier, policy_since, after_batch)
		SELECT scheme, d.customer_id, as_of, version, n.*, batch - 1
		FROM written d, _tiering.notes(d.v) n	-- of a decision's day it does not count any more
		WHERE (d.v).noted OR (kind = 'decision' AND (d.v).moves AND (d.v).tier IS NOT NULL)
	), assessed AS (
		INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure, version,
			amends, recorded_at)
		SELECT kept.slot, scheme, as_of, j.customer_id, (j.v).tier, j.measure, version,
			kind = 'assess', kept.recorded_at FROM judged j WHERE j.to_keep
	), gone AS (DELETE FROM tiering.assignment a USING written d
		WHERE a.ctid = d.tid AND (d.v).tier IS NULL
	), changed AS (
		UPDATE tiering.assignment a
		SET tier = (d.v).tier, as_of = write_verdicts.as_of, since = (d.v).since,
			version = write_verdicts.version, recorded_at = now(), earned = (d.v).earned,
			cause = COALESCE((d.v).cause, a.cause), first_as_of = (d.v).first_as_of,
			misses = (d.v).misses, best = (d.v).best, next_tier = (d.v).next_tier,
			next_review = (d.v).next_review, kept_until = (d.v).kept_until,
			policy_tier = (d.v).policy_tier, policy_since = (d.v).policy_since
		FROM (SELECT DISTINCT ON (r.tid) r.* FROM written r
			WHERE r.rewrite AND r.tid IS NOT NULL AND (r.v).tier IS NOT NULL) d
		WHERE a.ctid = d.tid
	), arrived AS (INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version,
			cause, earned, first_as_of, misses, best, next_tier, next_review, kept_until,
			policy_tier, policy_since)
		SELECT scheme, d.customer_id, (d.v).tier, as_of, (d.v).since, version, (d.v).cause,
			(d.v).earned, (d.v).first_as_of, n.*
		FROM written d, _tiering.notes(d.v) n
		WHERE d.current_tier IS NULL AND (d.v).tier IS NOT NULL
	)
	SELECT (SELECT array_agg(j.cell) FROM judged j WHERE j.cell IS DISTINCT FROM NULL),
		(SELECT array_agg(ROW(d.customer_id, (d.v).asked, (d.v).tier, d.measure, as_of, version)
			::_tiering.asking) FROM written d WHERE (d.v).asked IS NOT NULL),
		(SELECT j.digest FROM judged j WHERE j.digest IS NOT NULL) INTO counted, asking, digest;
	cells := _tiering.assessed_cells(counted);
END;
$$;
COMMENT ON FUNCTION _tiering.write_verdicts(text, text, date, int, date, text[], int, text[],
	bigint, text, int, tiering.kept_assessment, numeric[]) IS
'Decides about the customers of a scheme, or about some of them, and writes what changed: their '
'moves, what the policy has noted, and their rows of assignment. kind is refresh, assess or '
'decision, of which request and moved_to are. before: the version that graded the assessment '
'before, if it is another, negative if the source does not have what that takes. ahead: customers '
'who are left out. kept: what begin_assessment() or begin_own() gave, null for a decision. edges: '
'what near_edges() gave; null if nobody counts who is near. Returns what it did, counted, for whom '
'an approval is asked, what near_counts() takes, and the digest for keep_digest()';
