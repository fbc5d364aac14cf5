/*
 * Refresh: run the source for a date, grade, write only what changed.
 *
 * All or nothing, being one function call. One at a time for each scheme: the
 * row in source is locked, and who finds it locked is told so. Publishing waits
 * for it, and it for publishing: one works with one version. It is a definer's
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
	written   bigint
);
COMMENT ON TYPE tiering.refresh_result IS
'What a refresh did: customers in the source, those whom no tier took, moves by direction, those who stayed in their tier, and rows of assignment written';

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
	hold interval, new_hold interval, review_months int[], review_at text, is_review boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH t AS (
		SELECT t.tier, t.rank FROM tiering.tier t
		WHERE t.scheme = refresh_policies.scheme AND t.version = refresh_policies.version
			AND (t.base OR EXISTS (
				SELECT FROM tiering.rule r
				WHERE (r.scheme, r.version, r.tier) = (t.scheme, t.version, t.tier) AND NOT r.stay))
	)
	SELECT t.tier, t.rank, COALESCE(p.up, 'at_once') = 'at_once', COALESCE(p.down_after, 1),
		CASE WHEN p.down_to = 'one_step' THEN l.tier END, COALESCE(p.hold, '0'), COALESCE(p.new_hold, '0'),
		p.review_months, COALESCE(p.review_at, 'assessment'),
		tiering.is_review(refresh_policies.as_of, p.review_months, COALESCE(p.review_at, 'assessment'))
	FROM t
		LEFT JOIN tiering.policy p
			ON (p.scheme, p.version, p.tier) = (refresh_policies.scheme, refresh_policies.version, t.tier)
		LEFT JOIN LATERAL (
			SELECT o.tier FROM t AS o WHERE o.rank < t.rank ORDER BY o.rank DESC, o.tier LIMIT 1) l ON true;
END;
COMMENT ON FUNCTION tiering.refresh_policies(text, int, date) IS
'Part of refresh(): the policies of a version''s tiers at an assessment';

-- The query that grades: each customer of the source beside what he holds, and those who are gone.
CREATE FUNCTION tiering.graded_query(scheme text, as_of date, version int) RETURNS text
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
			a.tier AS held, a.version AS held_version, g.present IS NULL AS gone, a.measure AS held_measure,
			a.as_of AS held_as_of, a.since, COALESCE(a.first_as_of, a.since) AS first_as_of, a.earned AS held_earned,
			a.misses AS held_misses, a.prior_misses, a.next_tier AS held_next_tier, a.next_review AS held_next_review
		FROM (SELECT true AS present, m.customer_id,
				%6$s, %3$s AS measure
			  FROM tiering.source_rows(%1$L, %2$L) AS m(%4$s)) g
			FULL JOIN (SELECT * FROM tiering.assignment WHERE scheme = %1$L) a
				ON a.customer_id = g.customer_id$query$,
		scheme, as_of,
		COALESCE('m.' || quote_ident(measure), 'NULL::numeric'), tiering.source_columns(scheme, version),
		CASE WHEN stays THEN format('CASE WHEN g.present THEN tiering.classify_held_version(%L, g.metrics, %s, a.tier) COLLATE "C" END', scheme, version)
			ELSE 'g.tier' END,
		CASE WHEN stays THEN 'm AS metrics'
			ELSE format('tiering.classify_version(%L, %s, %s) COLLATE "C" AS tier', scheme, COALESCE('m.' || quote_ident(only_number), 'm'), version) END);
END;
$$;
COMMENT ON FUNCTION tiering.graded_query(text, date, int) IS
'Part of refresh(): the query that runs and grades the source, and puts each customer beside what he holds';

-- What the policy makes of it, in three steps, each of which has what the one
-- before worked out once (OFFSET 0 keeps the planner from repeating it). They are
-- subqueries, as WITH would keep all rows of a volatile source in between. "below" is
-- a miss, "counts" is whether it counts, "pending" a rise that the assessment before
-- put off until this one. What a refresh of the same date did already is taken as
-- not done: misses go on from prior_misses, and who holds his tier since this very
-- date has none.
CREATE FUNCTION tiering.decided_query(scheme text, as_of date, version int) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN format($query$
		WITH p AS MATERIALIZED (SELECT * FROM tiering.refresh_policies(%1$L, %2$s, %3$L))
		SELECT d.*, m.misses, d.base AS prior_before,
			CASE WHEN d.earned_rank > n.rank OR d.tier IS NULL THEN d.earned
				WHEN m.below THEN COALESCE(n.one_step, d.earned)
				END AS next_tier,
			CASE WHEN d.earned_rank > n.rank THEN tiering.nth_review(%3$L, %3$L, 1, NULL, 'assessment')
				WHEN m.below
				THEN tiering.nth_review(%3$L, GREATEST(%3$L,
						tiering.hold_end(CASE WHEN d.tier = d.held THEN d.since ELSE %3$L END, n.hold),
						tiering.hold_end(COALESCE(d.first_as_of, %3$L), n.new_hold)),
					n.down_after - m.misses, n.review_months, n.review_at)
				END AS next_review
		FROM (
			SELECT a.*, CASE
				WHEN a.gone THEN NULL
				WHEN NOT a.known THEN a.earned
				WHEN a.earned_rank > a.pending_rank AND a.up_at_once THEN a.earned
				WHEN a.pending IS NOT NULL THEN a.pending
				WHEN a.earned_rank = a.held_rank THEN a.earned
				WHEN a.below AND a.counts AND a.base + 1 >= a.down_after
				THEN COALESCE(a.one_step, a.earned)
				ELSE a.held END AS tier
			FROM (
				SELECT g.*, h.tier IS NOT NULL AS known, h.rank AS held_rank, h.down_after, h.one_step,
					e.rank AS earned_rank, e.up_at_once, w.tier AS pending, COALESCE(w.rank, h.rank) AS pending_rank,
					(e.rank >= h.rank) IS NOT TRUE AS below,
					CASE WHEN (e.rank >= h.rank) IS NOT TRUE THEN h.is_review
						AND %3$L > tiering.hold_end(g.since, h.hold) AND %3$L > tiering.hold_end(g.first_as_of, h.new_hold)
						ELSE false END AS counts,
					COALESCE(CASE WHEN g.held_as_of = %3$L THEN g.prior_misses ELSE g.held_misses END, 0) AS base
				FROM (%4$s) g
					LEFT JOIN p AS h ON h.tier = g.held
					LEFT JOIN p AS e ON e.tier = g.earned
					LEFT JOIN p AS w ON w.tier = g.held_next_tier AND w.rank > h.rank AND g.held_as_of < %3$L
				OFFSET 0
			) a
			OFFSET 0
		) d
			LEFT JOIN p AS n ON n.tier = d.tier
			CROSS JOIN LATERAL (
				SELECT n.tier IS NOT NULL AND (d.earned_rank >= n.rank) IS NOT TRUE AS below,
					CASE WHEN d.below AND d.tier = d.held AND d.since < %3$L THEN d.base + d.counts::int ELSE 0 END AS misses) m$query$,
		scheme, version, as_of, tiering.graded_query(scheme, as_of, version));
END;
$$;
COMMENT ON FUNCTION tiering.decided_query(text, date, int) IS
'Part of refresh(): the query that grades, and moves by the policies of the version';

-- Grade the source into pg_temp.tiering_refresh. What there is to count and to add
-- up is taken from there once, into pg_temp.tiering_refresh_count.
CREATE FUNCTION tiering.refresh_grade(scheme text, as_of date, version int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- without a policy the tier is what is earned, and there is nothing to decide
	decided text := CASE WHEN EXISTS (
			SELECT FROM tiering.policy p
			WHERE p.scheme = refresh_grade.scheme AND p.version = refresh_grade.version)
		THEN tiering.decided_query(scheme, as_of, version)
		ELSE format('SELECT g.*, g.earned AS tier, 0 AS misses, 0 AS prior_before, NULL::text AS next_tier,
				NULL::date AS next_review FROM (%s) g', tiering.graded_query(scheme, as_of, version)) END;
BEGIN
	EXECUTE format($query$
		CREATE TEMP TABLE tiering_refresh ON COMMIT DROP AS
		SELECT d.customer_id, d.tier COLLATE "C" AS tier, d.measure, d.held, d.held_version, d.gone, d.tier <> d.held AS moves,
			d.tier = d.held AND (d.measure IS DISTINCT FROM d.held_measure OR d.held_version <> %1$s
				OR d.misses <> d.held_misses OR NULLIF(d.earned, d.tier) IS DISTINCT FROM d.held_earned
				OR d.next_tier IS DISTINCT FROM d.held_next_tier OR d.next_review IS DISTINCT FROM d.held_next_review) AS changed,
			(SELECT count(*) FROM tiering.assignment WHERE scheme = %2$L) AS all_held,
			NULLIF(d.earned, d.tier) AS earned, d.misses, d.prior_before AS prior_misses, d.next_tier, d.next_review
		FROM (%3$s) d$query$, version, scheme, decided);
	ANALYZE pg_temp.tiering_refresh (customer_id, moves, changed, gone);
	CREATE TEMP TABLE tiering_refresh_count ON COMMIT DROP AS
	SELECT g.gone, g.tier, g.held, g.held_version, count(*) AS customers,
		count(*) - count(g.customer_id) AS nameless, sum(g.measure) AS measure, max(g.all_held) AS all_held
	FROM pg_temp.tiering_refresh g
	GROUP BY g.gone, g.tier, g.held, g.held_version;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_grade(text, date, int) IS
'Part of refresh(): runs and grades the source';

-- Refuse what is not a list of customers. A customer who is repeated shows where
-- more rows of the source met a row of assignment than there are; only among
-- new ones has he to be looked for.
CREATE FUNCTION tiering.refresh_check(scheme text, as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	total record;
	customer text;
BEGIN
	SELECT sum(c.customers) FILTER (WHERE NOT c.gone) AS customers, sum(c.nameless) AS nameless,
		sum(c.customers) FILTER (WHERE c.held IS NOT NULL) > max(c.all_held) AS repeated,
		bool_or(c.held IS NULL) AS any_new
	INTO total
	FROM pg_temp.tiering_refresh_count c;
	IF total.nameless > 0 THEN
		RAISE EXCEPTION 'source of scheme "%" yields a null customer_id', scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	-- a failed load upstream looks like this; nobody means to lose all customers
	IF total.customers IS NULL AND EXISTS (SELECT FROM pg_temp.tiering_refresh_count) THEN
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
COMMENT ON FUNCTION tiering.refresh_check(text, date) IS
'Part of refresh(): a null customer_id (22004), a repeated one (23505), or none at all where there were some (P0002) is an error';

-- Write what changed; the triggers on assignment record the moves.
CREATE FUNCTION tiering.refresh_write(counts tiering.refresh_result) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	written bigint := 0;
	affected bigint;
BEGIN
	IF counts.exit > 0 THEN
		DELETE FROM tiering.assignment a
		USING pg_temp.tiering_refresh g
		WHERE a.scheme = counts.scheme AND a.customer_id = g.customer_id AND g.tier IS NULL;
		GET DIAGNOSTICS affected = ROW_COUNT;
		written := written + affected;
	END IF;

	-- those who move, and then the others, whose tier is not even mentioned
	UPDATE tiering.assignment a
	SET tier = g.tier, measure = g.measure, as_of = counts.as_of, since = counts.as_of,
		version = counts.version, recorded_at = now(), earned = g.earned, misses = g.misses,
		prior_misses = g.prior_misses, next_tier = g.next_tier, next_review = g.next_review
	FROM pg_temp.tiering_refresh g
	WHERE a.scheme = counts.scheme AND a.customer_id = g.customer_id AND g.moves;
	GET DIAGNOSTICS affected = ROW_COUNT;
	written := written + affected;
	UPDATE tiering.assignment a
	SET measure = g.measure, as_of = counts.as_of, version = counts.version,
		recorded_at = now(), earned = g.earned, misses = g.misses,
		prior_misses = g.prior_misses, next_tier = g.next_tier, next_review = g.next_review
	FROM pg_temp.tiering_refresh g
	WHERE a.scheme = counts.scheme AND a.customer_id = g.customer_id AND g.changed;
	GET DIAGNOSTICS affected = ROW_COUNT;
	written := written + affected;

	IF counts.new = 0 THEN
		RETURN written;
	END IF;
	INSERT INTO tiering.assignment (scheme, customer_id, tier, measure, as_of, since, version, first_as_of,
		earned, misses, prior_misses, next_tier, next_review)
	SELECT counts.scheme, g.customer_id, g.tier, g.measure, counts.as_of,
		counts.as_of, counts.version, counts.as_of, g.earned, g.misses, g.prior_misses, g.next_tier, g.next_review
	FROM pg_temp.tiering_refresh g
	WHERE g.held IS NULL AND g.tier IS NOT NULL
	-- somebody put the customer there meanwhile
	ON CONFLICT ON CONSTRAINT assignment_pkey DO UPDATE
	SET tier = EXCLUDED.tier, measure = EXCLUDED.measure, as_of = EXCLUDED.as_of, since = EXCLUDED.since,
		version = EXCLUDED.version, recorded_at = EXCLUDED.recorded_at, first_as_of = EXCLUDED.first_as_of,
		earned = EXCLUDED.earned, misses = EXCLUDED.misses, prior_misses = EXCLUDED.prior_misses,
		next_tier = EXCLUDED.next_tier, next_review = EXCLUDED.next_review;
	GET DIAGNOSTICS affected = ROW_COUNT;
	RETURN written + affected;
END;
$$;
COMMENT ON FUNCTION tiering.refresh_write(tiering.refresh_result) IS
'Part of refresh(): brings assignment to what was graded and counted; returns the number of rows written';

-- Leave behind how many customers each tier has; true if that was not there yet.
CREATE FUNCTION tiering.refresh_distribution(scheme text, as_of date, version int) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed boolean;
BEGIN
	DELETE FROM tiering.distribution_history d
	WHERE d.scheme = refresh_distribution.scheme AND d.as_of = refresh_distribution.as_of
		AND d.tier NOT IN (
			SELECT t.tier FROM tiering.tier t
			WHERE t.scheme = refresh_distribution.scheme AND t.version = refresh_distribution.version);
	changed := FOUND;
	INSERT INTO tiering.distribution_history AS d (scheme, as_of, tier, version, customers, measure)
	SELECT t.scheme, refresh_distribution.as_of, t.tier, t.version, COALESCE(g.customers, 0),
		CASE WHEN g.tier IS NULL THEN 0 ELSE g.measure END
	FROM tiering.tier t
		LEFT JOIN (SELECT c.tier, sum(c.customers) AS customers, sum(c.measure) AS measure
				   FROM pg_temp.tiering_refresh_count c GROUP BY c.tier) g ON g.tier = t.tier
	WHERE t.scheme = refresh_distribution.scheme AND t.version = refresh_distribution.version
	ON CONFLICT ON CONSTRAINT distribution_history_pkey DO UPDATE
	SET version = EXCLUDED.version, customers = EXCLUDED.customers, measure = EXCLUDED.measure
	WHERE (d.version, d.customers, d.measure)
		IS DISTINCT FROM (EXCLUDED.version, EXCLUDED.customers, EXCLUDED.measure);
	RETURN changed OR FOUND;
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
		COALESCE(sum(c.customers) FILTER (WHERE c.tier = c.held), 0) AS stayed, 0 AS written
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

-- A setting named here gets back its value of before when the function ends,
-- whatever the function made of it.
CREATE FUNCTION tiering.refresh(scheme text, as_of date) RETURNS tiering.refresh_result
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
SET application_name = 'tiering.refresh'
SET tiering.refresh_as_of = ''
AS $$
DECLARE
	src tiering.source;
	version int;
	result tiering.refresh_result;
BEGIN
	IF as_of IS NULL OR NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'as_of must be a day, not %', COALESCE(as_of::text, 'null')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM tiering.newest_version(scheme);
	PERFORM FROM tiering.scheme s WHERE s.scheme = refresh.scheme FOR SHARE;
	BEGIN
		SELECT * INTO src FROM tiering.source s WHERE s.scheme = refresh.scheme FOR UPDATE NOWAIT;
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
	PERFORM tiering.refresh_check(scheme, as_of);
	result := tiering.refresh_counts(scheme, as_of, version);
	PERFORM tiering.report_stage(scheme, as_of, format('2/3 writing %s customers', result.customers));
	PERFORM set_config('tiering.refresh_as_of', as_of::text, true);
	result.written := tiering.refresh_write(result);
	IF tiering.refresh_distribution(scheme, as_of, version) OR result.written > 0
		OR src.refreshed_as_of IS DISTINCT FROM as_of
	THEN
		UPDATE tiering.source s SET refreshed_as_of = as_of, refreshed_at = now()
		WHERE s.scheme = refresh.scheme;
	END IF;
	DROP TABLE pg_temp.tiering_refresh, pg_temp.tiering_refresh_count;
	PERFORM tiering.report_stage(scheme, as_of, format('3/3 wrote %s rows: %s new, %s up, %s down, %s lateral, %s exit',
		result.written, result.new, result.up, result.down, result.lateral_moves, result.exit));
	RETURN result;
END;
$$;
COMMENT ON FUNCTION tiering.refresh(text, date) IS
'Grades every customer of the scheme''s source as of a date, by the version in force on it, and records the moves. Repeating it with the same data changes nothing. Errors: unknown scheme, no source, no version in force (42704); a refresh of it under way (55P03); an earlier date than the last refresh''s (22023); what the source''s query raises; a null (22004) or repeated (23505) customer; no customers at all where there were some (P0002). Nothing is changed then';
