/*
 * What an assessment leaves behind: its distribution, and where customers stood before it.
 */

-- Asked for each decision, as last_assessment() is: they do not look for the last edition
-- of each assessment, as known_distribution() does, but for one that was not taken back.
-- The last one is found from the end, and not among all of them.
CREATE FUNCTION _tiering.assessed_days(scheme text, first date, before date)
RETURNS TABLE (as_of date, version int)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 20
BEGIN ATOMIC
	SELECT DISTINCT ON (d.as_of) d.as_of, d.version FROM tiering.distribution_history d
	WHERE d.scheme = assessed_days.scheme AND d.as_of >= assessed_days.first
		AND d.as_of < assessed_days.before AND NOT EXISTS (
			SELECT FROM tiering.batch v
			WHERE v.scheme = d.scheme AND v.kind = 'void' AND v.as_of = d.as_of
				AND v.recorded_at >= d.recorded_at)
	ORDER BY d.as_of DESC, d.recorded_at DESC;
END;
COMMENT ON FUNCTION _tiering.assessed_days(text, date, date) IS
'The assessments of a scheme from a day on and before another, the last one first, and the '
'versions that graded them';

-- Day by day from the last one, by the primary key: whatever is known of the table, no history is
-- read, of however many assessments.
CREATE FUNCTION _tiering.last_assessment(scheme text, before date DEFAULT 'infinity',
	OUT as_of date, OUT version int)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	LOOP
		as_of := max(d.as_of) FROM tiering.distribution_history d
			WHERE d.scheme = last_assessment.scheme COLLATE "C"
				AND d.as_of < COALESCE(last_assessment.as_of, before);
		EXIT WHEN as_of IS NULL;
		SELECT d.version INTO version FROM tiering.distribution_history d
		WHERE d.scheme = last_assessment.scheme COLLATE "C" AND d.as_of = last_assessment.as_of
			AND d.recorded_at > (SELECT _tiering.last_void(last_assessment.scheme,
				last_assessment.as_of, NULL))
		ORDER BY d.recorded_at DESC LIMIT 1;
		EXIT WHEN FOUND;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.last_assessment(text, date) IS
'The last assessment of a scheme before a day, and the version that graded; null if there is none';

CREATE FUNCTION _tiering.assessments(scheme text, everyone boolean)
RETURNS TABLE (as_of date, version int, previous date, after_batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT d.as_of, COALESCE(CASE WHEN assessments.everyone
		THEN tiering.version_on(assessments.scheme, d.as_of) END,
			max(d.version)), lag(d.as_of) OVER (ORDER BY d.as_of),
		(SELECT min(f.after_batch) FROM tiering.distribution_history f
		 WHERE f.scheme = assessments.scheme AND f.as_of = d.as_of AND f.recorded_at > COALESCE((
			SELECT max(v.recorded_at) FROM tiering.batch v
			WHERE v.scheme = assessments.scheme AND v.kind = 'void' AND v.as_of = d.as_of),
				'-infinity'))
	FROM _tiering.known_distribution(NULL) d
	WHERE d.scheme = assessments.scheme
	GROUP BY d.as_of;
END;
COMMENT ON FUNCTION _tiering.assessments(text, boolean) IS
'The assessments of a scheme: the version that graded each, or, for everyone, that is in force '
'now; the one before it; and the batch after which it was first made';

CREATE FUNCTION _tiering.own_assessments(scheme text)
RETURNS TABLE (customer_id text, as_of date, version int, after_batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT COALESCE(f.now_id, o.customer_id), o.as_of, o.version, o.after_batch
	FROM tiering.own_assessment o
		LEFT JOIN tiering.former_number f ON f.scheme = o.scheme AND f.customer_id = o.customer_id
	WHERE o.scheme = own_assessments.scheme
		AND NOT EXISTS (
			SELECT FROM _tiering.taken_back_by(o.scheme, o.as_of, o.after_batch));
END;
COMMENT ON FUNCTION _tiering.own_assessments(text) IS
'The assessments of single customers of a scheme, but for those that were taken back';

CREATE FUNCTION _tiering.own_between(scheme text)
RETURNS TABLE (customer_id text, as_of date, version int, after_batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT o.customer_id, o.as_of, o.version, o.after_batch
	FROM _tiering.own_assessments(own_between.scheme) o
	WHERE NOT EXISTS (SELECT FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = own_between.scheme AND d.as_of = o.as_of);
END;
COMMENT ON FUNCTION _tiering.own_between(text) IS
'The assessments of single customers of a scheme that were not made again by one of the whole '
'scheme as of the same day';

CREATE FUNCTION _tiering.last_own(scheme text) RETURNS TABLE (customer_id text, as_of date)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT o.customer_id, max(o.as_of) FROM _tiering.own_assessments(last_own.scheme) o
	GROUP BY o.customer_id;
END;
COMMENT ON FUNCTION _tiering.last_own(text) IS
'The last assessment of their own of each customer of a scheme who had one';

CREATE FUNCTION _tiering.last_assessed(scheme text, customer_id text) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	own date;
BEGIN
	-- of most customers there is none of their own
	IF EXISTS (SELECT FROM tiering.own_assessment o
		WHERE o.scheme = last_assessed.scheme COLLATE "C")
	THEN
		own := o.as_of FROM _tiering.last_own(scheme) o
			WHERE o.customer_id COLLATE "C" = last_assessed.customer_id COLLATE "C";
	END IF;
	-- a source has the day of the last assessment; without one history was loaded
	RETURN GREATEST(COALESCE((SELECT s.refreshed_as_of FROM tiering.source s
		WHERE s.scheme = last_assessed.scheme COLLATE "C"),
		(SELECT l.as_of FROM _tiering.last_assessment(scheme) l)), own);
END;
$$;
COMMENT ON FUNCTION _tiering.last_assessed(text, text) IS
'The last assessment of a customer: of the whole scheme, or of their own';

-- An assessment cannot begin from where they are. One of their own on its day is
-- made again by it.
CREATE FUNCTION _tiering.ahead(scheme text, day date) RETURNS TABLE (customer_id text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	SELECT o.customer_id FROM _tiering.own_assessments(ahead.scheme) o WHERE o.as_of >= ahead.day
	UNION
	SELECT m.customer_id FROM _tiering.person_moves(ahead.scheme) m
	WHERE m.as_of > ahead.day AND m.assessed > ahead.day;
END;
COMMENT ON FUNCTION _tiering.ahead(text, date) IS
'The customers of whom something is known that comes after an assessment of a day: one of their '
'own as of it or later, or a change by hand as of a later day';

CREATE FUNCTION _tiering.last_amendment(scheme text, as_of date) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT max(a.recorded_at) FROM tiering.assessment a
		WHERE a.scheme = last_amendment.scheme COLLATE "C" AND a.as_of = last_amendment.as_of
			AND a.amends);
END;
$$;
COMMENT ON FUNCTION _tiering.last_amendment(text, date) IS
'When an assessment was amended last; null if it never was';

CREATE FUNCTION _tiering.last_base(scheme text, as_of date) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT max(k.recorded_at) FROM tiering.kept_assessment k
		WHERE k.scheme = last_base.scheme COLLATE "C" AND k.as_of = last_base.as_of);
END;
$$;
COMMENT ON FUNCTION _tiering.last_base(text, date) IS
'When the rows of an assessment that amendments come after were recorded last; null if it is not '
'kept';

-- now() is when the transaction began: what others, or the same one, have recorded since then may
-- be later.
CREATE FUNCTION _tiering.edition_of_sums(scheme text, as_of date) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN GREATEST(now(),
		(SELECT max(d.recorded_at) FROM tiering.distribution_history d
		 WHERE d.scheme = edition_of_sums.scheme COLLATE "C"
			AND d.as_of = edition_of_sums.as_of) + interval '1 microsecond',
		_tiering.last_void(scheme, as_of, NULL) + interval '1 microsecond',
		_tiering.last_base(scheme, as_of), _tiering.last_amendment(scheme, as_of));
END;
$$;
COMMENT ON FUNCTION _tiering.edition_of_sums(text, date) IS
'The time of a new edition of an assessment''s distribution: now, but after the one before, and '
'with the rows and amendments that it is of';

CREATE FUNCTION _tiering.next_edition(scheme text, as_of date) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN GREATEST(_tiering.edition_of_sums(scheme, as_of),
		_tiering.last_base(scheme, as_of) + interval '1 microsecond',
		_tiering.last_amendment(scheme, as_of) + interval '1 microsecond');
END;
$$;
COMMENT ON FUNCTION _tiering.next_edition(text, date) IS
'The time of a new edition of an assessment: now, but after all that is known of it';

CREATE TYPE _tiering.tier_sum AS (
	tier      text,
	customers bigint,
	measure   numeric
);
COMMENT ON TYPE _tiering.tier_sum IS
'How many customers, with how much of the measure, are in a tier';

-- A new edition, if it is another than the last one; true if it is.
CREATE FUNCTION _tiering.keep_distribution(scheme text, as_of date, version int, after_batch int,
	sums _tiering.tier_sum[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.make_matrix_due(scheme, as_of);
	WITH counted AS MATERIALIZED (
		SELECT t.tier, COALESCE(s.customers, 0) AS customers,
			CASE WHEN s.customers > 0 THEN s.measure ELSE 0 END AS measure
		FROM tiering.tier t
			LEFT JOIN unnest(sums) s ON s.tier COLLATE "C" = t.tier
		WHERE t.scheme = keep_distribution.scheme AND t.version = keep_distribution.version
	), last AS MATERIALIZED (
		SELECT d.* FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = keep_distribution.scheme AND d.as_of = keep_distribution.as_of
	)
	INSERT INTO tiering.distribution_history (scheme, as_of, tier, version, customers, measure,
		recorded_at, after_batch)
	SELECT keep_distribution.scheme, keep_distribution.as_of, c.tier, keep_distribution.version,
		c.customers, c.measure,
		(SELECT _tiering.edition_of_sums(keep_distribution.scheme, keep_distribution.as_of)),
		keep_distribution.after_batch
	FROM counted c
	WHERE EXISTS (SELECT FROM counted n FULL JOIN last l ON l.tier = n.tier
		WHERE (n.customers, n.measure, keep_distribution.version)
			IS DISTINCT FROM (l.customers, l.measure, l.version));
	RETURN FOUND;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_distribution(text, date, int, int, _tiering.tier_sum[]) IS
'Keeps the distribution of an assessment: what each tier has. Returns whether that is another than '
'the last edition of it';

-- One customer more or less, with their measure: what a decision or a change by hand
-- makes of an assessment's distribution. A change whose measure is null is one of which
-- it is not known, and neither is the sum.
CREATE FUNCTION _tiering.amend_distribution(scheme text, as_of date, changes _tiering.tier_sum[])
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.keep_distribution(amend_distribution.scheme, amend_distribution.as_of,
		l.version,
		_tiering.next_batch(amend_distribution.scheme) - 1, l.sums)
	FROM (
		SELECT max(d.version) AS version,
			array_agg(ROW(d.tier, d.customers + COALESCE(c.customers, 0),
				CASE WHEN c.tier IS NULL OR (d.measure IS NULL AND c.measure = 0) THEN d.measure
					WHEN c.measure IS NOT NULL THEN COALESCE(d.measure, 0) + c.measure
				END)::_tiering.tier_sum) AS sums
		FROM _tiering.known_distribution(NULL) d
			LEFT JOIN (SELECT u.tier, sum(u.customers) AS customers, sum(u.measure) AS measure
					   FROM unnest(changes) u GROUP BY u.tier) c ON c.tier COLLATE "C" = d.tier
		WHERE d.scheme = amend_distribution.scheme AND d.as_of = amend_distribution.as_of
		HAVING count(*) > 0) l;
END;
$$;
COMMENT ON FUNCTION _tiering.amend_distribution(text, date, _tiering.tier_sum[]) IS
'Keeps a later edition of an assessment''s distribution, with customers and measures added or, '
'where they are negative, taken away';

CREATE FUNCTION _tiering.entry_after(scheme text, version int, tier text, since date,
	current_version int, policy_tier text, policy_since date, first_as_of date, INOUT misses int,
	best text, next_tier text, INOUT next_review date, kept_until date, as_of date, days date[])
RETURNS record
AS 'MODULE_PATHNAME', 'entry_after'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION _tiering.entry_after(text, int, text, date, int, text, date, date, int, text,
	text, date, date, date, date[]) IS
'What an entry of watch_history says after assessments for which there is none: misses and '
'next_review as they follow by the policies of a version of the scheme. tier to kept_until are '
'as in assignment, after the assessment of as_of; days are those of the later ones, in their '
'order. As they are if days is null. Errors: unknown scheme or version (42704)';

CREATE FUNCTION _tiering.called(scheme text, version int, tier text, from_version int) RETURNS text
AS 'MODULE_PATHNAME', 'called'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION _tiering.called(text, int, text, int) IS
'What a version calls a tier of another one, which succeeded() has of all tiers at once; null if '
'it has none. For statements that ask of many customers. Errors: unknown scheme or version (42704)';

CREATE FUNCTION _tiering.assessed_after(scheme text, numbers text[], after date, before date)
RETURNS date[]
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT array_agg(d.as_of ORDER BY d.as_of)
	FROM (
		SELECT a.as_of FROM _tiering.assessed_days(assessed_after.scheme, assessed_after.after + 1,
			assessed_after.before) a
		UNION
		SELECT o.as_of FROM tiering.own_assessment o
		WHERE o.scheme = assessed_after.scheme COLLATE "C"
			AND o.customer_id = ANY (assessed_after.numbers)
			AND o.as_of > assessed_after.after AND o.as_of < assessed_after.before
			AND NOT EXISTS (
				SELECT FROM _tiering.taken_back_by(o.scheme, o.as_of, o.after_batch))) d;
END;
COMMENT ON FUNCTION _tiering.assessed_after(text, text[], date, date) IS
'The assessments after a day and before another of a customer, who had these numbers: of the whole '
'scheme, and of their own. Null if there is none';

-- Of several entries for a day the last one, unless it was taken back
CREATE FUNCTION _tiering.last_entry(scheme text, numbers text[], first date, before date)
RETURNS TABLE (entry bigint, as_of date, version int, misses int, best text, next_tier text,
	next_review date, kept_until date, policy_tier text, policy_since date, after_batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT h.entry, h.as_of, h.version, h.misses, h.best, h.next_tier, h.next_review,
		h.kept_until, h.policy_tier, h.policy_since, h.after_batch
	FROM unnest(last_entry.numbers) n(id)
		CROSS JOIN LATERAL (	-- one number after the other, each by the index
			SELECT w.* FROM tiering.watch_history w
			WHERE w.scheme = last_entry.scheme COLLATE "C" AND w.customer_id = n.id COLLATE "C"
				AND w.as_of >= last_entry.first AND w.as_of < last_entry.before
			OFFSET 0) h
	WHERE NOT EXISTS (
		SELECT FROM _tiering.taken_back_by(h.scheme, h.as_of, COALESCE(h.after_batch, 0)))
	ORDER BY h.as_of DESC, h.entry DESC LIMIT 1;
END;
COMMENT ON FUNCTION _tiering.last_entry(text, text[], date, date) IS
'The last entry of watch_history that counts, of those from a day on and before another, of a '
'customer who had these numbers; no row if there is none';

CREATE FUNCTION _tiering.last_entry_of(scheme text, customer_id text, first date, before date)
RETURNS TABLE (entry bigint, as_of date, version int, misses int, best text, next_tier text,
	next_review date, kept_until date, policy_tier text, policy_since date, after_batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT h.* FROM (
		SELECT ARRAY[last_entry_of.customer_id COLLATE "C"] || ARRAY(
			SELECT f.customer_id FROM tiering.former_number f
			WHERE f.scheme = last_entry_of.scheme COLLATE "C"
				AND f.now_id = last_entry_of.customer_id COLLATE "C") AS numbers) p
		CROSS JOIN LATERAL _tiering.last_entry(last_entry_of.scheme, p.numbers,
			last_entry_of.first, last_entry_of.before) h;
END;
COMMENT ON FUNCTION _tiering.last_entry_of(text, text, date, date) IS
'What last_entry() has of a customer, named by the number that they have now';

-- By moves and entries alone; what the last assessment found earned is not kept. Whoever asks
-- what the policy had noted asks here: most misses have no entry of their own, and no day on
-- which who is below their tier is expected to leave it. The version is that of the last
-- assessment, which writes all rows if it is a new one, or of what came after it.
CREATE FUNCTION _tiering.assignment_before(scheme text, customer_id text, day date)
RETURNS TABLE (tier text, since date, version int, cause text, first_as_of date, misses int,
	best text,
	next_tier text, next_review date, kept_until date, policy_tier text, policy_since date)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT v.tier, l.as_of, v.version, l.cause,
		f.first_as_of, e.misses, w.best, w.next_tier, e.next_review, w.kept_until, w.policy_tier,
		w.policy_since
	FROM _tiering.last_assessment(assignment_before.scheme, assignment_before.day) a
		CROSS JOIN (
			SELECT ARRAY[assignment_before.customer_id COLLATE "C"] || ARRAY(
				SELECT f.customer_id FROM tiering.former_number f
				WHERE f.scheme = assignment_before.scheme COLLATE "C"
					AND f.now_id = assignment_before.customer_id COLLATE "C") AS numbers) p
		CROSS JOIN LATERAL (
			SELECT m.* FROM _tiering.moves_of(assignment_before.scheme,
				assignment_before.customer_id) m
			WHERE m.assessed < assignment_before.day
			ORDER BY m.as_of DESC, m.move DESC LIMIT 1) l
		CROSS JOIN LATERAL (
			SELECT m.assessed, m.cause FROM _tiering.moves_of(l.scheme,
				assignment_before.customer_id) m
			WHERE m.assessed < assignment_before.day AND m.direction = 'new'
			ORDER BY m.as_of DESC, m.move DESC LIMIT 1) n
		CROSS JOIN LATERAL (
			SELECT CASE WHEN n.cause <> 'manual' THEN n.assessed END AS first_as_of) f
		LEFT JOIN LATERAL _tiering.last_entry(l.scheme, p.numbers, l.assessed,
			assignment_before.day) w ON true
		CROSS JOIN LATERAL (
			SELECT GREATEST(l.version, w.version, a.version, max(o.version)) AS version
			FROM tiering.own_assessment o
			WHERE o.scheme = l.scheme AND o.customer_id = ANY (p.numbers)
				AND o.as_of < assignment_before.day AND NOT EXISTS (
					SELECT FROM _tiering.taken_back_by(o.scheme, o.as_of, o.after_batch))) b
		CROSS JOIN LATERAL (
			SELECT b.version, CASE WHEN b.version = l.version THEN l.to_tier ELSE
				COALESCE(_tiering.called(l.scheme, b.version, l.to_tier, l.version), l.to_tier)
				END AS tier) v
		CROSS JOIN LATERAL _tiering.entry_after(l.scheme, v.version, v.tier, l.as_of, v.version,
			w.policy_tier, w.policy_since, f.first_as_of, COALESCE(w.misses, 0), w.best,
			w.next_tier, w.next_review, w.kept_until, w.as_of,
			CASE WHEN (w.misses > 0 OR w.next_review IS NOT NULL) AND w.after_batch IS NOT NULL
				THEN _tiering.assessed_after(l.scheme, p.numbers, w.as_of,
					assignment_before.day) END) e
	WHERE l.to_tier IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.assignment_before(text, text, date) IS
'The assignment of a customer before the assessments from a day on, by moves and entries; no '
'row if they were none';

CREATE FUNCTION _tiering.noted_since(scheme text, day date) RETURNS TABLE (customer_id text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1000
BEGIN ATOMIC
	SELECT COALESCE(f.now_id, h.customer_id) FROM tiering.watch_history h
		LEFT JOIN tiering.former_number f ON f.scheme = h.scheme AND f.customer_id = h.customer_id
	WHERE h.scheme = noted_since.scheme AND h.as_of >= noted_since.day;
END;
COMMENT ON FUNCTION _tiering.noted_since(text, date) IS
'The customers of whom watch_history has an entry of a day or a later one, some more than once';

CREATE FUNCTION _tiering.touched(scheme text, day date) RETURNS TABLE (customer_id text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 1000
BEGIN ATOMIC
	SELECT m.customer_id FROM _tiering.person_moves(touched.scheme) m
	WHERE m.assessed >= touched.day
	UNION
	SELECT h.customer_id FROM _tiering.noted_since(touched.scheme, touched.day) h
	UNION
	SELECT a.customer_id FROM tiering.assignment a
	WHERE a.scheme = touched.scheme COLLATE "C" AND a.misses > 0
		-- without any nobody misses, and nobody is read
		AND EXISTS (SELECT FROM tiering.policy p WHERE p.scheme = touched.scheme COLLATE "C");
END;
COMMENT ON FUNCTION _tiering.touched(text, date) IS
'The customers who have moved, or been noted anything of, since a day, or have misses: all others '
'are where they were before it, but for the version of their row and what that calls their tier, '
'and for the day of next_review';

CREATE FUNCTION _tiering.touches(scheme text, customer_id text, day date)
RETURNS TABLE (as_of date)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT m.as_of FROM _tiering.moves_of(touches.scheme, touches.customer_id) m
	WHERE m.assessed >= touches.day
	UNION ALL
	SELECT h.as_of
	FROM unnest(ARRAY[touches.customer_id COLLATE "C"] || ARRAY(
			SELECT f.customer_id FROM tiering.former_number f
			WHERE f.scheme = touches.scheme COLLATE "C"
				AND f.now_id = touches.customer_id COLLATE "C")) n(id)
		CROSS JOIN LATERAL (
			SELECT w.as_of FROM tiering.watch_history w
			WHERE w.scheme = touches.scheme COLLATE "C" AND w.customer_id = n.id COLLATE "C"
				AND w.as_of >= touches.day
			OFFSET 0) h;
END;
COMMENT ON FUNCTION _tiering.touches(text, text, date) IS
'What has come of one customer since a day: without any, and without misses, touched() does not '
'have them';

CREATE FUNCTION _tiering.rows_called(scheme text, version int)
RETURNS TABLE (from_version int, tier text, called text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	SELECT r.version, r.tier, COALESCE(s.becomes, b.tier, r.tier)
	FROM (SELECT DISTINCT a.version, a.tier FROM tiering.assignment a
		  WHERE a.scheme = rows_called.scheme COLLATE "C"
			AND a.version <> rows_called.version) r
		LEFT JOIN _tiering.succeeded(rows_called.scheme, rows_called.version) s
			ON s.from_version = r.version AND s.tier = r.tier
		LEFT JOIN LATERAL (
			SELECT t.tier FROM _tiering.succeeded(rows_called.scheme, r.version) t
			WHERE t.from_version = rows_called.version AND t.becomes = r.tier) b ON true;
END;
COMMENT ON FUNCTION _tiering.rows_called(text, int) IS
'What a version calls the tiers that rows of assignment bear by other ones, later or earlier: no '
'two tiers go on in one';

CREATE FUNCTION _tiering.stood_on(scheme text, as_of date, version int)
RETURNS TABLE (customer_id text, tier text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100000
BEGIN ATOMIC
	SELECT l.customer_id, COALESCE(s.becomes, l.to_tier)
	FROM (SELECT DISTINCT ON (m.customer_id) m.customer_id, m.to_tier, m.version
		  FROM _tiering.person_moves(stood_on.scheme) m
		  WHERE m.assessed <= stood_on.as_of
		  ORDER BY m.customer_id, m.as_of DESC, m.move DESC) l
		LEFT JOIN _tiering.succeeded(stood_on.scheme, stood_on.version) s
			ON s.from_version = l.version AND s.tier = l.to_tier
	WHERE l.to_tier IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.stood_on(text, date, int) IS
'Where customers stood at the end of an assessment, by the moves that stand, with tiers as a '
'version calls them';

CREATE FUNCTION _tiering.tier_sums(scheme text, as_of date, version int) RETURNS _tiering.tier_sum[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
BEGIN
	RETURN ARRAY(
		SELECT ROW(s.tier, count(*), sum(g.measure))::_tiering.tier_sum
		FROM _tiering.stood_on(scheme, as_of, version) s
			LEFT JOIN _tiering.graded(scheme, as_of, version, NULL) g
				ON g.customer_id COLLATE "C" = s.customer_id COLLATE "C"
		GROUP BY s.tier);
END;
$$;
COMMENT ON FUNCTION _tiering.tier_sums(text, date, int) IS
'What each tier had at the end of an assessment, by the moves that stand and by what the source '
'has today';
