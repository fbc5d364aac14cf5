/*
 * What an assessment leaves behind: its distribution, and where customers stood before it.
 */

CREATE FUNCTION tiering.last_assessment(scheme text, before date DEFAULT 'infinity',
	OUT as_of date, OUT version int)
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT d.as_of, d.version FROM tiering.known_distribution(NULL) d
	WHERE d.scheme = last_assessment.scheme AND d.as_of < last_assessment.before
	ORDER BY d.as_of DESC LIMIT 1;
END;
COMMENT ON FUNCTION tiering.last_assessment(text, date) IS
'The last assessment of a scheme before a day, and the version that graded; null if there is none';

CREATE FUNCTION tiering.assessments(scheme text, everyone boolean)
RETURNS TABLE (as_of date, version int, previous date, after_batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT d.as_of, COALESCE(CASE WHEN assessments.everyone THEN tiering.version_on(assessments.scheme, d.as_of) END,
			max(d.version)), lag(d.as_of) OVER (ORDER BY d.as_of),
		(SELECT min(f.after_batch) FROM tiering.distribution_history f
		 WHERE f.scheme = assessments.scheme AND f.as_of = d.as_of AND f.recorded_at > COALESCE((
			SELECT max(v.recorded_at) FROM tiering.batch v
			WHERE v.scheme = assessments.scheme AND v.kind = 'void' AND v.as_of = d.as_of), '-infinity'))
	FROM tiering.known_distribution(NULL) d
	WHERE d.scheme = assessments.scheme
	GROUP BY d.as_of;
END;
COMMENT ON FUNCTION tiering.assessments(text, boolean) IS
'The assessments of a scheme: the version that graded each, or, for everyone, that is in force now; the one before it; and the batch after which it was first made';

CREATE FUNCTION tiering.next_edition(scheme text, as_of date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT GREATEST(now(),
		(SELECT max(d.recorded_at) FROM tiering.distribution_history d
		 WHERE d.scheme = next_edition.scheme AND d.as_of = next_edition.as_of)
			+ interval '1 microsecond',
		(SELECT max(b.recorded_at) FROM tiering.batch b
		 WHERE b.scheme = next_edition.scheme AND b.as_of = next_edition.as_of AND b.kind = 'void')
			+ interval '1 microsecond');
END;
COMMENT ON FUNCTION tiering.next_edition(text, date) IS
'The time of a new edition of an assessment''s distribution: now, but after the one before';

CREATE TYPE tiering.tier_sum AS (
	tier      text,
	customers bigint,
	measure   numeric
);
COMMENT ON TYPE tiering.tier_sum IS 'How many customers, with how much of the measure, are in a tier';

-- A new edition, if it is another than the last one; true if it is.
CREATE FUNCTION tiering.keep_distribution(scheme text, as_of date, version int, after_batch int,
	sums tiering.tier_sum[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	WITH counted AS MATERIALIZED (
		SELECT t.tier, COALESCE(s.customers, 0) AS customers,
			CASE WHEN s.customers > 0 THEN s.measure ELSE 0 END AS measure
		FROM tiering.tier t
			LEFT JOIN unnest(sums) s ON s.tier COLLATE "C" = t.tier
		WHERE t.scheme = keep_distribution.scheme AND t.version = keep_distribution.version
	), last AS MATERIALIZED (
		SELECT d.* FROM tiering.known_distribution(NULL) d
		WHERE d.scheme = keep_distribution.scheme AND d.as_of = keep_distribution.as_of
	)
	INSERT INTO tiering.distribution_history (scheme, as_of, tier, version, customers, measure,
		recorded_at, after_batch)
	SELECT keep_distribution.scheme, keep_distribution.as_of, c.tier, keep_distribution.version, c.customers,
		c.measure, tiering.next_edition(keep_distribution.scheme, keep_distribution.as_of),
		keep_distribution.after_batch
	FROM counted c
	WHERE EXISTS (SELECT FROM counted n FULL JOIN last l ON l.tier = n.tier
		WHERE (n.customers, n.measure, keep_distribution.version)
			IS DISTINCT FROM (l.customers, l.measure, l.version));
	RETURN FOUND;
END;
$$;
COMMENT ON FUNCTION tiering.keep_distribution(text, date, int, int, tiering.tier_sum[]) IS
'Keeps the distribution of an assessment: what each tier has. Returns whether that is another than the last edition of it';

-- One customer more or less, with their measure: what a decision or a change by hand
-- makes of an assessment's distribution.
CREATE FUNCTION tiering.amend_distribution(scheme text, as_of date, changes tiering.tier_sum[])
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.keep_distribution(amend_distribution.scheme, amend_distribution.as_of, l.version,
		tiering.next_batch(amend_distribution.scheme) - 1, l.sums)
	FROM (
		SELECT max(d.version) AS version, array_agg(ROW(d.tier, d.customers + COALESCE(c.customers, 0),
			CASE WHEN d.customers + COALESCE(c.customers, 0) > 0
				THEN d.measure + COALESCE(c.measure, 0) END)::tiering.tier_sum) AS sums
		FROM tiering.known_distribution(NULL) d
			LEFT JOIN (SELECT u.tier, sum(u.customers) AS customers, sum(u.measure) AS measure
					   FROM unnest(changes) u GROUP BY u.tier) c ON c.tier COLLATE "C" = d.tier
		WHERE d.scheme = amend_distribution.scheme AND d.as_of = amend_distribution.as_of
		HAVING count(*) > 0) l;
END;
$$;
COMMENT ON FUNCTION tiering.amend_distribution(text, date, tiering.tier_sum[]) IS
'Keeps a later edition of an assessment''s distribution, with customers and measures added or, where they are negative, taken away';

-- By moves and entries alone; what the last assessment found earned is not kept.
CREATE FUNCTION tiering.state_before(scheme text, customer_id text, day date)
RETURNS TABLE (tier text, since date, version int, cause text, first_as_of date, misses int, best text,
	next_tier text, next_review date, kept_until date, policy_tier text, policy_since date)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT COALESCE(s.becomes, l.to_tier), l.as_of, COALESCE(w.version, l.version), l.cause,
		CASE WHEN n.cause <> 'manual' THEN n.assessed END, COALESCE(w.misses, 0), w.best, w.next_tier,
		w.next_review, w.kept_until, w.policy_tier, w.policy_since
	FROM (
		SELECT m.* FROM tiering.standing_move m
		WHERE m.scheme = state_before.scheme AND m.customer_id = state_before.customer_id COLLATE "C"
			AND m.assessed < state_before.day
		ORDER BY m.as_of DESC, m.move DESC LIMIT 1) l
		CROSS JOIN LATERAL (
			SELECT m.assessed, m.cause FROM tiering.standing_move m
			WHERE m.scheme = l.scheme AND m.customer_id = l.customer_id
				AND m.assessed < state_before.day AND m.direction = 'new'
			ORDER BY m.as_of DESC, m.move DESC LIMIT 1) n
		LEFT JOIN LATERAL (
			SELECT h.* FROM tiering.watch_history h
			WHERE h.scheme = l.scheme AND h.customer_id = l.customer_id
				AND h.as_of < state_before.day AND h.as_of >= l.assessed
			ORDER BY h.as_of DESC, h.entry DESC LIMIT 1) w ON true
		LEFT JOIN LATERAL tiering.succeeded(l.scheme, w.version) s
			ON w.version <> l.version AND s.from_version = l.version AND s.tier = l.to_tier
	WHERE l.to_tier IS NOT NULL;
END;
COMMENT ON FUNCTION tiering.state_before(text, text, date) IS
'Where a customer stood, and what the policy had noted, before the assessments from a day on; no row if they were none';

CREATE FUNCTION tiering.touched(scheme text, day date) RETURNS TABLE (customer_id text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 1000
BEGIN ATOMIC
	SELECT m.customer_id FROM tiering.standing_move m
	WHERE m.scheme = touched.scheme AND m.assessed >= touched.day
	UNION
	SELECT h.customer_id FROM tiering.watch_history h
	WHERE h.scheme = touched.scheme AND h.as_of >= touched.day;
END;
COMMENT ON FUNCTION tiering.touched(text, date) IS
'The customers who have moved, or been noted anything of, since a day: all others are where they were before it';
