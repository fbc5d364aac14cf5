/*
 * What a replay comes to is kept: assessments, what the policy noted, moves, where customers
 * are, and the sums of assessments.
 */

CREATE FUNCTION _tiering.keep_own(scheme text, customers text[], days date[], cause text,
	given _tiering.graded_row[])
RETURNS SETOF _tiering.replayed_day
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY WITH found AS MATERIALIZED (
		SELECT f.* FROM _tiering.replayed_days(keep_own.scheme, customers, days, keep_own.cause,
			given) f
	), amending AS (
		INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure, version,
			amends, recorded_at)
		SELECT 0, keep_own.scheme, f.as_of, f.customer_id, (f.v).tier, m.measure, f.version, true,
			_tiering.next_edition(keep_own.scheme, f.as_of)
		FROM found f
			JOIN _tiering.own_kept(keep_own.scheme) o ON o.as_of = f.as_of
				AND o.customer_id COLLATE "C" = f.customer_id COLLATE "C"
			CROSS JOIN LATERAL (SELECT CASE WHEN NOT f.gone THEN f.measure END AS measure) m
		WHERE f.kind IN ('end', 'last') AND f.n > 0 AND ROW((f.v).tier, m.measure, f.version)
			IS DISTINCT FROM ROW(o.tier, o.measure, o.version)
		RETURNING customer_id
	)
	SELECT f.* FROM found f
	UNION ALL SELECT 'amended', a.customer_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL, NULL FROM amending a;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_own(text, text[], date[], text, _tiering.graded_row[]) IS
'Replays customers, as replayed_days() does, and keeps what comes out otherwise of the assessments '
'of their own';

-- plpgsql, so that the planner takes there to be several: see keep_days()
CREATE FUNCTION _tiering.days_to_amend(scheme text, first_day date)
RETURNS TABLE (as_of date, slot smallint, edition timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT s.as_of, k.slot, _tiering.next_edition(days_to_amend.scheme, s.as_of)
	FROM _tiering.assessments(days_to_amend.scheme, false) s,
		_tiering.kept(days_to_amend.scheme, s.as_of) k
	WHERE s.as_of >= first_day;
END;
$$;
COMMENT ON FUNCTION _tiering.days_to_amend(text, date) IS
'The assessments of a scheme from a day on, each with where its rows lie, null if they are not '
'kept, and with the time of its next edition';

-- A day's entry and amendment are those after its last occasion. What stood at an
-- assessment is read here before it is amended.
CREATE FUNCTION _tiering.keep_days(scheme text, customers text[], days date[], cause text,
	batch int, anew date, given _tiering.graded_row[])
RETURNS SETOF _tiering.replayed_day
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	first_day date := min(d) FROM unnest(days) d;
BEGIN
	RETURN QUERY WITH found AS MATERIALIZED (
		SELECT f.* FROM _tiering.keep_own(keep_days.scheme, customers, days, keep_days.cause,
			given) f
	), day AS MATERIALIZED (
		SELECT d.* FROM _tiering.days_to_amend(keep_days.scheme, first_day) d
	), noting AS (
		INSERT INTO tiering.watch_history (scheme, customer_id, as_of, version, misses, best,
			next_tier, next_review, kept_until, policy_tier, policy_since, after_batch)
		SELECT keep_days.scheme, f.customer_id, f.as_of, f.version, n.*, keep_days.batch - 1
		FROM found f CROSS JOIN LATERAL _tiering.notes(f.v) n
			LEFT JOIN LATERAL (SELECT l.* FROM _tiering.last_entry_of(keep_days.scheme,
					f.customer_id, f.as_of, f.as_of + 1) l
				WHERE f.customer_id COLLATE "C" IN (SELECT e.customer_id	-- most are not
					FROM _tiering.noted_since(keep_days.scheme, first_day) e)
				OFFSET 0) h ON true
		WHERE f.kind IN ('end', 'last') AND f.n > 0 AND (f.v).tier IS NOT NULL
			AND CASE WHEN h.entry IS NULL THEN f.noted OR (f.v).misses > 0 AND EXISTS (
					-- before 0.2.0 every miss had an entry
					SELECT FROM _tiering.last_entry_of(keep_days.scheme, f.customer_id,
						'-infinity', f.as_of) b WHERE b.after_batch IS NULL)
				ELSE (f.v).misses > 0 AND (f.version <> h.version OR h.after_batch IS NULL)
					OR ROW(n.*) IS DISTINCT FROM ROW(h.misses, h.best, h.next_tier, h.next_review,
						h.kept_until, h.policy_tier, h.policy_since) END
	), ended AS MATERIALIZED (
		SELECT f.as_of, f.version, f.customer_id COLLATE "C" AS customer_id, (f.v).tier,
			CASE WHEN COALESCE((f.v).tier, (f.v).asked) IS NOT NULL THEN f.measure END AS measure,
			(f.v).asked, d.slot, d.edition, CASE WHEN d.slot IS NOT NULL THEN k.tier
				WHEN f.as_of = anew THEN NULL ELSE f.was END AS was,
			k.measure AS was_measure, k.version AS was_version
		FROM found f JOIN day d ON d.as_of = f.as_of
			LEFT JOIN _tiering.kept_of(keep_days.scheme, ARRAY(SELECT d.as_of FROM day d),
				customers) k
				ON k.as_of = f.as_of AND k.customer_id COLLATE "C" = f.customer_id COLLATE "C"
		WHERE f.kind IN ('end', 'last') AND f.n > 0
	), amending AS (
		INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure, version,
			amends, recorded_at)
		SELECT e.slot, keep_days.scheme, e.as_of, e.customer_id, e.tier, e.measure, e.version,
			true, e.edition
		FROM ended e WHERE e.slot IS NOT NULL AND num_nonnulls(e.tier, e.was, e.asked) > 0
			AND ROW(e.tier, e.measure, e.version) IS DISTINCT FROM
				ROW(e.was, e.was_measure, COALESCE(e.was_version, e.version))
		RETURNING customer_id
	)
	SELECT f.* FROM found f WHERE f.kind <> 'end'
	UNION ALL SELECT 'amended', a.customer_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL, NULL FROM (SELECT DISTINCT m.customer_id FROM amending m) a
	UNION ALL SELECT 'part', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		ROW(u.as_of, max(u.version), u.tier, sum(u.now), sum(u.was), sum(u.measure),
			sum(u.was_measure), bool_and(u.known))::_tiering.edition_part, NULL
	FROM ended e CROSS JOIN LATERAL (VALUES
		(e.as_of, e.version, e.tier, 1, 0, e.measure, NULL::numeric, e.slot IS NOT NULL),
		(e.as_of, e.version, e.was, 0, 1, NULL, e.was_measure, e.slot IS NOT NULL))
		u(as_of, version, tier, now, was, measure, was_measure, known)
	WHERE u.tier IS NOT NULL GROUP BY u.as_of, u.tier;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_days(text, text[], date[], text, int, date,
	_tiering.graded_row[]) IS
'Replays customers, keeps what comes out otherwise of each day, what the policy has noted and what '
'assessments have of them, and hands on all but the ends of days, with the parts of editions. '
'anew: an assessment that had none of the customers yet';

-- Few rows are said to go on from here, one a customer: rows of assignment are then
-- looked up, and not all of them read for one customer.
CREATE FUNCTION _tiering.keep_moves(scheme text, customers text[], days date[], cause text,
	batch int, anew date, given _tiering.graded_row[])
RETURNS SETOF _tiering.replayed_day
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY WITH found AS MATERIALIZED (
		SELECT f.* FROM _tiering.keep_days(keep_moves.scheme, customers, days, keep_moves.cause,
			keep_moves.batch, anew, given) f
	), differing AS MATERIALIZED (
		SELECT (f.move).* FROM found f WHERE f.kind = 'move'
	), superseding AS (
		INSERT INTO tiering.superseded (move, scheme, batch)
		SELECT m.n, keep_moves.scheme, keep_moves.batch FROM differing m WHERE NOT m.replayed
	), recording AS (
		INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction,
			cause, version, measure, assessed, recorded_by, recorded_as, batch)
		SELECT keep_moves.scheme, COALESCE(p.number, m.customer_id), m.as_of, m.from_tier,
			m.to_tier,
			CASE WHEN m.cause = 'merge' THEN 'merged' WHEN m.from_tier IS NULL THEN 'new'
				WHEN m.to_tier IS NULL THEN 'exit' ELSE w.direction END,
			m.cause, m.version, m.measure, m.assessed, session_user, _tiering.acting_role(),
			keep_moves.batch
		FROM differing m
			LEFT JOIN _tiering.directions_in(keep_moves.scheme,
				ARRAY(SELECT DISTINCT x.version FROM differing x)) w
				ON w.version = m.version AND w.from_tier = m.from_tier AND w.to_tier = m.to_tier
			LEFT JOIN _tiering.number_days(keep_moves.scheme) p
				ON p.now_id COLLATE "C" = m.customer_id COLLATE "C"
				AND p.days @> m.as_of
		WHERE m.replayed
		ORDER BY m.as_of, m.n
	)
	SELECT f.* FROM found f WHERE f.kind <> 'move';
END;
$$;
COMMENT ON FUNCTION _tiering.keep_moves(text, text[], date[], text, int, date,
	_tiering.graded_row[]) IS
'Replays customers and keeps their days, as keep_days() does, and their moves: those that do not '
'stand any more are superseded, those in their place recorded. Hands on all else';

-- All that is read of history has been read before any of it is written, by keep_own(),
-- keep_days(), and then by keep_moves(); rows of assignment are read and written here alone.
CREATE FUNCTION _tiering.write_replay(scheme text, customers text[], days date[], cause text,
	batch int, last_as_of date, anew date, given _tiering.graded_row[], OUT written bigint,
	OUT persons bigint,
	OUT repeated text, OUT cells _tiering.assessed_cell[], OUT asking _tiering.asking[],
	OUT parts _tiering.edition_part[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET lock_timeout = '10s'
AS $$
#variable_conflict use_column
BEGIN
	WITH found AS MATERIALIZED (
		SELECT f.* FROM _tiering.keep_moves(write_replay.scheme, customers, days,
			write_replay.cause, write_replay.batch, anew, given) f
	), assigned AS MATERIALIZED (
		SELECT s.*, s.rewrite OR s.customer_id IN (
			SELECT f.customer_id FROM found f WHERE f.kind = 'amended') AS written
		FROM (SELECT f.*, GREATEST(last_as_of, f.as_of) AS known_as_of, a.ctid AS tid,
				a.tier AS current_tier, a.version AS current_version,
			(f.v).tier IS DISTINCT FROM a.tier OR a.tier IS NOT NULL AND f.n > 0
			AND ROW((f.v).since, f.version, f.cause, (f.v).first_as_of, f.earned, (f.v).misses,
				(f.v).best, (f.v).next_tier, (f.v).next_review, (f.v).kept_until,
				(f.v).policy_tier, (f.v).policy_since)
			IS DISTINCT FROM ROW(a.since, a.version, a.cause, a.first_as_of, a.earned,
				a.misses, a.best, a.next_tier, a.next_review, a.kept_until,
				a.policy_tier, a.policy_since) AS rewrite
			FROM found f
				LEFT JOIN tiering.assignment a ON a.scheme = write_replay.scheme
					AND a.customer_id = f.customer_id COLLATE "C"
			WHERE f.kind = 'last') s
	), removing AS (
		DELETE FROM tiering.assignment a USING assigned s
		WHERE a.ctid = s.tid AND (s.v).tier IS NULL
	), changing AS (
		UPDATE tiering.assignment a
		SET tier = (s.v).tier, as_of = s.known_as_of, since = (s.v).since, version = s.version,
			 recorded_at = now(), cause = s.cause,
			first_as_of = (s.v).first_as_of, earned = s.earned, misses = (s.v).misses,
			best = (s.v).best, next_tier = (s.v).next_tier, next_review = (s.v).next_review,
			kept_until = (s.v).kept_until, policy_tier = (s.v).policy_tier,
			policy_since = (s.v).policy_since
		FROM assigned s WHERE a.ctid = s.tid AND (s.v).tier IS NOT NULL AND s.rewrite
	), adding AS (
		INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version,
			cause, first_as_of, earned, misses, best, next_tier, next_review, kept_until,
			policy_tier, policy_since)
		SELECT write_replay.scheme, s.customer_id, (s.v).tier, s.known_as_of, (s.v).since,
			s.version, s.cause, (s.v).first_as_of, s.earned, (s.v).misses, (s.v).best,
			(s.v).next_tier, (s.v).next_review, (s.v).kept_until, (s.v).policy_tier,
			(s.v).policy_since
		FROM assigned s WHERE s.tid IS NULL AND (s.v).tier IS NOT NULL
	)
	SELECT (SELECT count(*) FROM assigned s WHERE s.written), (SELECT count(*) FROM assigned),
		(SELECT min(f.customer_id) FROM found f WHERE f.kind = 'repeated'),
		(SELECT array_agg(ROW(c.*)::_tiering.assessed_cell) FROM (
			SELECT s.gone, s.current_tier, s.current_version, (s.v).tier, count(*),
				count(*) FILTER (WHERE s.written), 0::bigint, NULL::numeric
			FROM assigned s GROUP BY s.gone, s.current_tier, s.current_version, (s.v).tier) c),
		(SELECT array_agg(ROW(s.customer_id, (s.v).asked, (s.v).tier, s.measure, s.as_of,
			s.version)::_tiering.asking ORDER BY s.customer_id)
		 FROM assigned s WHERE (s.v).asked IS NOT NULL),
		(SELECT array_agg(f.part) FROM found f WHERE f.kind = 'part')
	INTO written, persons, repeated, cells, asking, parts;
END;
$$;
COMMENT ON FUNCTION _tiering.write_replay(text, text[], date[], text, int, date, date,
	_tiering.graded_row[]) IS
'Replays the customers of occasions(), keeps what comes out otherwise of their days and moves, as '
'keep_moves() does, and brings assignment to where the replay ends. Returns what it did, counted, '
'for whom an approval is asked, and what assessments have of the customers';

-- Heads follow from the moves. Money follows from what the customers have now and had
-- before; where that is not kept, it is left to recount() in the tiers concerned.
CREATE FUNCTION _tiering.keep_editions(scheme text, everyone boolean, batch int,
	parts _tiering.edition_part[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT _tiering.keep_distribution(keep_editions.scheme, e.as_of, e.version,
		keep_editions.batch - 1, e.sums)
	FROM (
		SELECT COALESCE(d.as_of, p.as_of) AS as_of,
			COALESCE(max(p.version) FILTER (WHERE everyone), max(d.version)) AS version,
			array_agg(ROW(COALESCE(d.tier, p.tier), c.customers, CASE WHEN everyone THEN p.measure
				WHEN c.customers = 0 THEN 0 WHEN p.tier IS NULL THEN d.measure
				WHEN p.was_known THEN COALESCE(d.measure + COALESCE(p.measure, 0)
					- COALESCE(p.was_measure, 0), p.measure) END)::_tiering.tier_sum) AS sums
		FROM (SELECT x.* FROM _tiering.known_distribution(NULL) x
			  WHERE x.scheme = keep_editions.scheme AND x.as_of
				IN (SELECT y.as_of FROM unnest(parts) y)) d
			FULL JOIN unnest(parts) p ON p.as_of = d.as_of AND p.tier COLLATE "C" = d.tier
			CROSS JOIN LATERAL (SELECT CASE WHEN everyone THEN COALESCE(p.customers, 0)
				ELSE COALESCE(d.customers, 0) + COALESCE(p.customers, 0) - COALESCE(p.was, 0)
					END AS customers) c
		GROUP BY 1 ORDER BY 1) e
$$;
COMMENT ON FUNCTION _tiering.keep_editions(text, boolean, int, _tiering.edition_part[]) IS
'Keeps the distributions that follow from a replay';

CREATE FUNCTION _tiering.replay(scheme text, last_as_of date, kind text, customers text[],
	days date[],
	cause text, anew date, given _tiering.graded_row[] DEFAULT NULL,
	OUT result tiering.restate_result, OUT cells _tiering.assessed_cell[],
	OUT asking _tiering.asking[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	this_batch int := _tiering.next_batch(scheme);
	last_move bigint := _tiering.last_move();
	first_day date := min(d) FROM unnest(days) d;
	done record;
BEGIN
	result := (scheme, first_day, 0, 0, 0, 0, 0);
	IF (first_day <= last_as_of) IS NOT TRUE THEN
		result.customers := COALESCE(cardinality(customers), 0);
		RETURN;		-- there is no assessment, or nobody is listed
	END IF;
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	BEGIN
		SELECT * INTO done FROM _tiering.write_replay(scheme, customers, days, cause, this_batch,
			last_as_of, anew, given);
	EXCEPTION WHEN lock_not_available THEN
		PERFORM _tiering.refuse_held(scheme);
		RAISE;
	END;
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	PERFORM _tiering.refuse_repeated(scheme, done.repeated);
	PERFORM _tiering.seal_batch(scheme, this_batch, kind, first_day, last_move),
		_tiering.keep_editions(scheme, customers IS NULL, this_batch, done.parts);
	IF anew IS NULL THEN
		PERFORM _tiering.keep_requests(scheme, last_as_of, customers, done.asking);
	END IF;
	result.assessments := count(*) FROM _tiering.assessments(scheme, customers IS NULL) a
		WHERE a.as_of >= first_day;
	result.customers := done.persons;
	SELECT COALESCE(max(b.superseded), 0), COALESCE(max(b.moves), 0)
	INTO result.superseded, result.recorded
	FROM tiering.batch b WHERE b.scheme = replay.scheme AND b.batch = this_batch;
	result.written := done.written;
	cells := done.cells;
	asking := done.asking;
END;
$$;
COMMENT ON FUNCTION _tiering.replay(text, date, text, text[], date[], text, date,
	_tiering.graded_row[]) IS
'Makes the assessments of customers again, each from a day on, or of all from the first of days on '
'if customers is null, and keeps what comes out otherwise as a batch of a kind. last_as_of: the '
'last assessment of the scheme; anew: an assessment that had none of the customers yet, and sees '
'to what it asks for itself';
