/*
 * The way back: the last assessment is taken back. Its moves are superseded, with what
 * came after it as of its day, and customers are where they were before it.
 */

CREATE TYPE tiering.void_result AS (
	scheme     text,
	as_of      date,
	now_as_of  date,
	superseded bigint,
	written    bigint,
	withdrawn  bigint
);
COMMENT ON TYPE tiering.void_result IS
'What void_assessment() did';
COMMENT ON COLUMN tiering.void_result.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.void_result.as_of IS 'The assessment that was taken back';
COMMENT ON COLUMN tiering.void_result.now_as_of IS
'The one that is the last now; null if there is none';
COMMENT ON COLUMN tiering.void_result.superseded IS 'How many moves do not stand any more';
COMMENT ON COLUMN tiering.void_result.written IS 'How many rows of assignment were written';
COMMENT ON COLUMN tiering.void_result.withdrawn IS 'How many requests were withdrawn';

CREATE FUNCTION _tiering.check_void(src tiering.source, as_of date, reason text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	override _tiering.request_now;
BEGIN
	IF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'taking an assessment back needs a reason'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.check_day(as_of, 'as_of');
	IF src.refreshed_as_of IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no assessment to take back', src.scheme
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF as_of <> src.refreshed_as_of THEN
		RAISE EXCEPTION 'the last assessment of scheme "%" was as of %, not %', src.scheme,
				src.refreshed_as_of, as_of
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Assessments are taken back one by one, the last one first.';
	END IF;
	SELECT * INTO override FROM _tiering.request_now s
	WHERE s.scheme = src.scheme AND s.kind IN ('floor', 'cap', 'fixed') AND s.state = 'approved'
		AND s.decided_as_of >= check_void.as_of
	ORDER BY s.request LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'override % was approved as of the assessment of %', override.request, as_of
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('End it with tiering.end_override(%s, %L), and ask for it again '
				'afterwards.',
				override.request, as_of);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_void(tiering.source, date, text) IS
'Refuses to take an assessment back that is not the last, or without a reason (22023), whose day '
'is null (22004), or as of which an override was approved that goes on (55000)';

-- Where customers were: rows of assignment, as those that were touched had them, and those of
-- whom anything came between the assessment before and this one. All others are as that left
-- them, which write_versions() sees to.
CREATE FUNCTION _tiering.write_void(scheme text, as_of date, batch int, OUT superseded bigint,
	OUT written bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	WITH before AS MATERIALIZED (
		SELECT t.customer_id COLLATE "C" AS customer_id, b.*
		FROM (
			SELECT x.customer_id FROM _tiering.touched(write_void.scheme, write_void.as_of) x
			UNION
			SELECT h.customer_id
			FROM _tiering.last_assessment(write_void.scheme, write_void.as_of) l
				CROSS JOIN LATERAL _tiering.ahead(write_void.scheme,
					COALESCE(l.as_of, '-infinity')) h
				JOIN tiering.assignment a ON a.scheme = write_void.scheme
					AND a.customer_id = h.customer_id COLLATE "C"
			WHERE a.version IS DISTINCT FROM l.version OR a.next_review IS NOT NULL) t
			LEFT JOIN LATERAL _tiering.assignment_before(write_void.scheme, t.customer_id,
				write_void.as_of) b ON true
	), superseding AS (
		INSERT INTO tiering.superseded (move, scheme, batch)
		SELECT m.move, write_void.scheme, write_void.batch FROM _tiering.move_now m
		WHERE m.scheme = write_void.scheme AND m.assessed >= write_void.as_of
			AND m.direction <> 'merge'
		RETURNING 1
	), removed AS (
		DELETE FROM tiering.assignment a USING before b
		WHERE a.scheme = write_void.scheme AND a.customer_id = b.customer_id AND b.tier IS NULL
		RETURNING 1
	), changed AS (
		UPDATE tiering.assignment a
		SET tier = b.tier, since = b.since, version = b.version, recorded_at = now(),
			cause = b.cause,
			first_as_of = b.first_as_of, earned = NULL, misses = b.misses, best = b.best,
				next_tier = b.next_tier,
			next_review = b.next_review, kept_until = b.kept_until, policy_tier = b.policy_tier,
			policy_since = b.policy_since
		FROM before b
		WHERE a.scheme = write_void.scheme AND a.customer_id = b.customer_id AND b.tier IS NOT NULL
		RETURNING 1
	), added AS (
		INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version, cause,
			first_as_of, misses, best, next_tier, next_review, kept_until, policy_tier,
			policy_since)
		SELECT write_void.scheme, b.customer_id, b.tier, b.since, b.since, b.version, b.cause,
			b.first_as_of, b.misses, b.best, b.next_tier, b.next_review, b.kept_until,
			b.policy_tier, b.policy_since
		FROM before b
		WHERE b.tier IS NOT NULL AND NOT EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = write_void.scheme AND a.customer_id = b.customer_id)
		RETURNING 1
	)
	SELECT (SELECT count(*) FROM superseding),
		(SELECT count(*) FROM removed) + (SELECT count(*) FROM changed) + (SELECT count(*)
		FROM added)
	INTO superseded, written;
END;
$$;
COMMENT ON FUNCTION _tiering.write_void(text, date, int) IS
'Supersedes the moves of an assessment and of what came after it, and brings assignment to where '
'customers were before';

-- Before the batch is sealed, so that assessments of customers' own that it takes back are
-- known here, as in write_void(). No entry of the policy's is about either.
CREATE FUNCTION _tiering.write_versions(scheme text, before date) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	last record;
	written bigint;
BEGIN
	SELECT * INTO last FROM _tiering.last_assessment(scheme, before);
	UPDATE tiering.assignment a
	SET tier = r.tier, version = last.version, recorded_at = now(), next_review = r.next_review,
		earned = CASE WHEN a.version = last.version THEN a.earned END
	FROM (
		SELECT x.customer_id, x.version, COALESCE(n.called, x.tier) AS tier,
			CASE WHEN x.next_review IS NOT NULL THEN e.next_review END AS next_review,
			x.next_review AS was
		FROM tiering.assignment x
			LEFT JOIN _tiering.rows_called(write_versions.scheme, last.version) n
				ON n.from_version = x.version AND n.tier = x.tier
			LEFT JOIN LATERAL _tiering.entry_after(x.scheme, last.version,
				COALESCE(n.called, x.tier), x.since, last.version, x.policy_tier, x.policy_since,
				x.first_as_of, x.misses, x.best, x.next_tier, x.next_review, x.kept_until,
				last.as_of, ARRAY[last.as_of]) e ON x.next_review IS NOT NULL
		WHERE x.scheme = write_versions.scheme
			AND (x.version <> last.version OR x.next_review IS NOT NULL AND x.misses = 0)
			AND NOT EXISTS (SELECT FROM _tiering.ahead(write_versions.scheme, last.as_of) h
				WHERE h.customer_id COLLATE "C" = x.customer_id)) r
	WHERE last.as_of IS NOT NULL AND a.scheme = write_versions.scheme
		AND a.customer_id = r.customer_id
		AND (r.version <> last.version OR r.next_review IS DISTINCT FROM r.was);
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END;
$$;
COMMENT ON FUNCTION _tiering.write_versions(text, date) IS
'Part of void_assessment(): has all rows of assignment bear the version of the assessment before a '
'day, with their tier as that calls it, and the day of next_review that it expected, but for '
'customers of whom anything came after it. Returns how many it wrote';

-- As decide() takes it: the tier beneath overrides with which they came to the assessment
CREATE FUNCTION _tiering.held_before(scheme text, as_of date, version int, customers text[])
RETURNS TABLE (customer_id text, place int)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	tiers text[] := ARRAY(SELECT t.tier FROM tiering.tier t WHERE t.scheme = held_before.scheme
		AND t.version = held_before.version ORDER BY t.rank, t.tier DESC);
BEGIN
	IF EXISTS (SELECT FROM tiering.rule r WHERE r.scheme = held_before.scheme
		AND r.version = held_before.version AND r.stay)
	THEN
		RETURN QUERY SELECT a.customer_id, array_position(tiers, _tiering.called(
			held_before.scheme, held_before.version,
			CASE WHEN a.policy_since IS NULL THEN a.tier ELSE a.policy_tier END, a.version)
			COLLATE "C")
		FROM _tiering.assignments_for(held_before.scheme, held_before.as_of, true,
			held_before.customers) a
		WHERE a.tier IS NOT NULL;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.held_before(text, date, int, text[]) IS
'Which of the tiers of a version, as earned_if of graded() has them, customers held before an '
'assessment; nobody if the version has no rules for staying, which go by it';

-- What the last assessment found earned is not kept, and the source is asked for it once
-- more. One that fails is no reason not to take an assessment back.
CREATE FUNCTION _tiering.earned_again(scheme text, as_of date, version int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
	step record;
	loaded boolean := COALESCE(as_of <= _tiering.loaded_until(scheme), false);
BEGIN
	-- nor does the source know it of what was loaded
	UPDATE tiering.assignment a SET earned = NULL
	WHERE loaded AND a.scheme = earned_again.scheme AND a.earned IS NOT NULL;
	FOR step IN
		SELECT earned_again.as_of, earned_again.version, NULL::text[] AS customers WHERE NOT loaded
		UNION ALL (
			SELECT o.as_of, o.version, array_agg(o.customer_id)
			FROM _tiering.own_assessments(earned_again.scheme) o
			WHERE o.as_of > earned_again.as_of GROUP BY o.as_of, o.version ORDER BY o.as_of)
	LOOP
		UPDATE tiering.assignment a SET earned = NULLIF(e.earned, a.tier)
		FROM _tiering.graded(earned_again.scheme, step.as_of, step.version, step.customers) g
			LEFT JOIN _tiering.held_before(earned_again.scheme, step.as_of, step.version,
				step.customers) h ON h.customer_id COLLATE "C" = g.customer_id COLLATE "C"
			CROSS JOIN LATERAL (SELECT CASE WHEN h.place IS NULL THEN g.earned
				ELSE g.earned_if[h.place] END AS earned) e
		WHERE a.scheme = earned_again.scheme AND a.customer_id = g.customer_id COLLATE "C"
			AND a.earned IS DISTINCT FROM NULLIF(e.earned, a.tier);
	END LOOP;
	IF NOT loaded AND (_tiering.kept(scheme, as_of)).slot IS NULL THEN
		PERFORM _tiering.keep_again(scheme, as_of, version);
	END IF;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING 'what customers of scheme "%" earned on % is not known: %', scheme, as_of,
		SQLERRM;
END;
$$;
COMMENT ON FUNCTION _tiering.earned_again(text, date, int) IS
'Has assignment tell what customers earned at the last assessment, by what the source has of it '
'now; as it was, with a warning, if that cannot be read. Keeps what they had, if that is not kept '
'any more';

-- As refresh() would have kept it, with what the source has today
CREATE FUNCTION _tiering.keep_again(scheme text, as_of date, version int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	k tiering.kept_assessment := _tiering.begin_assessment(scheme, as_of);
BEGIN
	INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure, version,
		amends, recorded_at)
	SELECT k.slot, k.scheme, k.as_of, s.customer_id, s.tier, g.measure, keep_again.version, false,
		k.recorded_at
	FROM _tiering.stood_on(keep_again.scheme, keep_again.as_of, keep_again.version) s
		LEFT JOIN _tiering.graded(keep_again.scheme, keep_again.as_of, keep_again.version, NULL) g
			ON g.customer_id COLLATE "C" = s.customer_id COLLATE "C";
	PERFORM _tiering.keep_distribution(scheme, as_of, version, _tiering.next_batch(scheme) - 1,
		ARRAY(SELECT ROW(r.tier, count(*), sum(r.measure))::_tiering.tier_sum
			FROM _tiering.kept_rows(k, NULL) r GROUP BY r.tier));
END;
$$;
COMMENT ON FUNCTION _tiering.keep_again(text, date, int) IS
'Keeps an assessment whose customers are not kept any more, and its distribution, by the moves '
'that stand and by what the source has of them today';

CREATE FUNCTION _tiering.take_back(scheme text, as_of date, reason text)
RETURNS tiering.void_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source := _tiering.lock_source(scheme);
	last_move bigint := _tiering.last_move();
	this_batch int := _tiering.next_batch(scheme);
	done record;
	result tiering.void_result;
BEGIN
	PERFORM _tiering.check_void(src, as_of, reason), _tiering.refuse_archived(scheme, as_of);
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by)
	SELECT r.request, CASE r.state WHEN 'approved' THEN 'lapsed' ELSE 'withdrawn' END,
		take_back.as_of,
		'the assessment was taken back', session_user
	FROM _tiering.request_now r
	WHERE r.scheme = take_back.scheme AND r.kind = 'move'
		AND (r.state = 'pending' AND r.as_of >= take_back.as_of
		OR r.state = 'approved' AND r.decided_as_of >= take_back.as_of);
	GET DIAGNOSTICS result.withdrawn = ROW_COUNT;
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	SELECT * INTO done FROM _tiering.write_void(scheme, as_of, this_batch);
	done.written := done.written + _tiering.write_versions(scheme, as_of);
	PERFORM _tiering.drop_dimensions(scheme, as_of),
		_tiering.seal_batch(scheme, this_batch, 'void', as_of, last_move);
	UPDATE tiering.assignment a SET as_of = d.as_of
	FROM (SELECT x.customer_id, COALESCE(o.as_of, l.as_of) AS as_of
		  FROM _tiering.last_assessment(take_back.scheme) l
			CROSS JOIN tiering.assignment x
			LEFT JOIN _tiering.last_own(take_back.scheme) o
				ON o.customer_id COLLATE "C" = x.customer_id
		  WHERE x.scheme = take_back.scheme AND x.as_of > l.as_of) d
	WHERE a.scheme = take_back.scheme AND a.customer_id = d.customer_id
		AND a.as_of > d.as_of;
	PERFORM _tiering.earned_again(scheme, l.as_of, l.version)
		FROM _tiering.last_assessment(scheme) l
	WHERE l.as_of IS NOT NULL;
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	INSERT INTO tiering.voided (scheme, batch, as_of, reason)
	SELECT take_back.scheme, this_batch, take_back.as_of, take_back.reason;
	result.scheme := scheme;
	result.as_of := as_of;
	result.now_as_of := l.as_of FROM _tiering.last_assessment(scheme) l;
	result.superseded := done.superseded;
	result.written := done.written;
	UPDATE tiering.source s SET refreshed_as_of = result.now_as_of, refreshed_at = now()
	WHERE s.scheme = take_back.scheme;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.take_back(text, date, text) IS
'Part of void_assessment() and approve(): takes the last assessment of a scheme back';

CREATE FUNCTION _tiering.void_assessment(scheme text, as_of date, reason text)
RETURNS tiering.void_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.refuse_alone(scheme, 'taken back');
	RETURN _tiering.take_back(scheme, as_of, reason);
END;
$$;
COMMENT ON FUNCTION _tiering.void_assessment(text, date, text) IS
'Part of void_assessment(): what it does, as the owner';

CREATE FUNCTION tiering.void_assessment(scheme text, as_of date, reason text)
RETURNS tiering.void_result
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.void_assessment(text, date, text) IS
'Takes the last assessment of a scheme back, for a reason. Its moves, and decisions and changes by '
'hand as of its day, do not stand any more, customers are where they were before, and what it '
'asked for is withdrawn. Numbers that customers have changed stay changed. The day can be assessed '
'anew. What was known before stays known. What customers earned at the assessment before is read '
'from the source once more, unless that was loaded: then it is not known. Errors: unknown scheme, '
'no source (42704), a refresh under way (55P03), not the last assessment, no reason (22023), a '
'null day (22004), an override that was approved as of it, or moves of its day in the archive '
'(55000), a scheme that takes two pairs of eyes, see request_void() (42501). Example: SELECT * '
'FROM tiering.void_assessment(''family'', ''2026-03-31'', ''half of the feed was missing'')';

-- One request is enough
CREATE FUNCTION _tiering.request_void(scheme text, as_of date, reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result bigint;
BEGIN
	PERFORM _tiering.check_void(_tiering.lock_source(scheme), as_of, reason);
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by)
	SELECT r.request, 'withdrawn', request_void.as_of, 'asked for anew', session_user
	FROM _tiering.request_now r
	WHERE r.scheme = request_void.scheme COLLATE "C" AND r.kind = 'void' AND r.state = 'pending';
	INSERT INTO tiering.request AS r (scheme, kind, as_of, reason, requested_by, approvers)
	SELECT s.scheme, 'void', request_void.as_of, request_void.reason, session_user, s.approvers
	FROM tiering.scheme s WHERE s.scheme = request_void.scheme
	RETURNING r.request INTO result;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.request_void(text, date, text) IS
'Part of request_void(): what it does, as the owner';

CREATE FUNCTION tiering.request_void(scheme text, as_of date, reason text) RETURNS bigint
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.request_void(text, date, text) IS
'Asks that the last assessment of a scheme be taken back, for a reason. Returns the number of the '
'request, for approve() by somebody else, which does what void_assessment() does. Where '
'set_four_eyes() says so this is the only way to take one back; elsewhere it is one. If another '
'assessment comes first it cannot be approved any more. A request takes the place of one before '
'that is pending. Errors: those of void_assessment(). Example: SELECT '
'tiering.request_void(''family'', ''2026-03-31'', ''half of the feed was missing'')';
