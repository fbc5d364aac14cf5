/*
 * What if: who would be where by a version of the scheme, a draft or any other.
 * The source is run and graded by it, and its policies move from where customers
 * stand, just as a refresh by that version would.
 *
 * Nothing is written, not even a temporary table, so that it can be asked in a
 * READ ONLY transaction and on a standby. It reads as refresh() does: by functions
 * of the extension's owner, the source with its setter's rights.
 */

CREATE FUNCTION _tiering.simulated_day(scheme text, version int, as_of date) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source;
	joined date;
BEGIN
	PERFORM _tiering.version_row(scheme, version);
	SELECT * INTO src FROM tiering.source s WHERE s.scheme = simulated_day.scheme;
	IF src.scheme IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no source', scheme
			USING ERRCODE = 'undefined_object',
			HINT = format('Set one with tiering.set_source(%L, query).', scheme);
	END IF;
	as_of := COALESCE(as_of, src.refreshed_as_of);
	IF as_of IS NULL THEN
		RAISE EXCEPTION 'scheme "%" was never refreshed, so as_of must be given', scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM _tiering.check_day(as_of, 'as_of');
	IF as_of < src.refreshed_as_of THEN
		RAISE EXCEPTION 'scheme "%" was already refreshed as of %, which is after %', scheme,
			src.refreshed_as_of, as_of
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Customers move from where they stand: simulate that day or a later one.';
	END IF;
	joined := max(m.on_date) FROM _tiering.merges(scheme, NULL) m WHERE m.on_date > as_of;
	IF joined IS NOT NULL THEN
		RAISE EXCEPTION 'customers of scheme "%" became one as of %, which is after %', scheme,
				joined, as_of
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'What the source says of the day is of several.',
			HINT = format('Simulate %s or a later day.', joined);
	END IF;
	RETURN as_of;
END;
$$;
COMMENT ON FUNCTION _tiering.simulated_day(text, int, date) IS
'Part of simulate(): the day that is simulated, null being that of the last refresh, if that can '
'be done';

-- What a refresh refuses, this does. A customer who is repeated shows where more
-- rows of the source met a row of assignment than there are; new ones have to be
-- looked through.
CREATE FUNCTION _tiering.simulated_cells(scheme text, version int, as_of date)
RETURNS TABLE (current_tier text, tier text, customers bigint, measure numeric)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 50
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	day date := _tiering.simulated_day(scheme, version, as_of);
	again boolean := s.refreshed_as_of = day OR EXISTS (SELECT FROM _tiering.ahead(s.scheme, day))
		FROM tiering.source s WHERE s.scheme = simulated_cells.scheme;
	previous date := l.as_of FROM _tiering.last_assessment(scheme, day) l;
	cells _tiering.assessed_cell[];
	repeated text;
BEGIN
	WITH j AS MATERIALIZED (
		SELECT x.* FROM _tiering.judged(simulated_cells.scheme, simulated_cells.version, day,
			previous, NULL, NULL, again, '{}', NULL, NULL, NULL, NULL, NULL, false) x
	), cell AS MATERIALIZED (
		SELECT n.gone, n.current_tier, max(n.current_version) AS current_version, n.tier,
			sum(n.customers) AS customers, sum(n.measure) AS measure
		FROM (SELECT (x.cell).* FROM j x WHERE x.cell IS DISTINCT FROM NULL) n
		GROUP BY n.gone, n.current_tier, n.tier
	), leaving AS MATERIALIZED (
		SELECT j.customer_id, j.gone, j.current_tier FROM j
		WHERE j.current_tier IS NOT NULL AND j.measure IS NULL
	), taken AS (
		SELECT l.gone, l.current_tier, sum(m.measure) AS measure
		FROM leaving l
			JOIN _tiering.current_measures(simulated_cells.scheme,
				ARRAY(SELECT x.customer_id FROM leaving x)) m
				ON m.customer_id COLLATE "C" = l.customer_id COLLATE "C"
		GROUP BY l.gone, l.current_tier
	)
	SELECT array_agg(ROW(c.gone, c.current_tier, c.current_version, c.tier, c.customers, 0, 0,
		COALESCE(c.measure + t.measure, c.measure, t.measure))::_tiering.assessed_cell),
		(SELECT min(x.customer_id) FROM (
			SELECT j.customer_id FROM j WHERE j.current_tier IS NULL
			GROUP BY j.customer_id HAVING count(*) > 1) x)
	INTO cells, repeated
	FROM cell c
		LEFT JOIN taken t ON t.gone = c.gone AND t.current_tier = c.current_tier
			AND c.tier IS NULL;
	PERFORM _tiering.check_cells(simulated_cells.scheme, day, simulated_cells.version, NULL,
		_tiering.customer_count(simulated_cells.scheme), cells);
	PERFORM _tiering.refuse_repeated(simulated_cells.scheme, repeated);
	RETURN QUERY SELECT c.current_tier, c.tier, sum(c.customers)::bigint, sum(c.measure)
		FROM unnest(cells) c GROUP BY c.current_tier, c.tier;
END;
$$;
COMMENT ON FUNCTION _tiering.simulated_cells(text, int, date) IS
'Part of simulate(): how many customers, with how much of the measure, would come from which tier '
'to which; both are null for those whom no tier takes';

CREATE FUNCTION tiering.simulate(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (from_tier text, to_tier text, direction text, customers bigint, measure numeric)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 50
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.current_tier, c.tier,
		CASE WHEN c.current_tier IS NULL THEN 'new' WHEN c.tier IS NULL THEN 'exit'
			ELSE d.direction END,
		c.customers, c.measure
	FROM _tiering.simulated_cells(scheme, version, as_of) c
		LEFT JOIN _tiering.directions(simulate.scheme, simulate.version) d
			ON d.from_tier = c.current_tier AND d.to_tier = c.tier
		LEFT JOIN _tiering.tier_names(simulate.scheme, simulate.version) f
			ON f.tier = c.current_tier
		LEFT JOIN _tiering.tier_names(simulate.scheme, simulate.version) t ON t.tier = c.tier
	WHERE num_nonnulls(c.current_tier, c.tier) > 0
	ORDER BY f.rank DESC NULLS LAST, c.current_tier, t.rank DESC NULLS LAST, c.tier;
END;
COMMENT ON FUNCTION tiering.simulate(text, int, date) IS
'What a version of a scheme would do to its customers, with nothing written. The version is a '
'draft or any other, and grades as of a date, or as of the last refresh. A row for each tier from '
'which and to which, in heads and in the measure; those who would stay are there, too. Errors: '
'those of refresh(); no such version (42704); version null, or never refreshed, and no as_of '
'(22004); a metric of the version that the source does not yield (42703); customers who became one '
'as of a later day (55000). Example: SELECT * FROM tiering.simulate(''retail'', 2)';

CREATE FUNCTION _tiering.simulated_heads(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (after boolean, version_then int, tier text, called text, rank int,
	customers bigint)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH c AS MATERIALIZED (
		SELECT * FROM _tiering.simulated_cells(scheme, version, as_of)
	), edition AS (
		-- what graded is what views go by
		SELECT false AS after, COALESCE(tiering.version_on(s.scheme, s.refreshed_as_of),
			l.version) AS version
		FROM tiering.source s CROSS JOIN LATERAL _tiering.last_assessment(s.scheme) l
		WHERE s.scheme = simulated_heads.scheme
		UNION ALL SELECT true, simulated_heads.version
	), listed AS (
		SELECT e.after, e.version, t.tier, t.rank
		FROM edition e
			JOIN tiering.tier t ON (t.scheme, t.version) = (simulated_heads.scheme, e.version)
	), named AS (
		SELECT DISTINCT ON (r.tier) r.tier, r.name
		FROM _tiering.renamed(simulated_heads.scheme, ARRAY(
			SELECT v.version FROM tiering.scheme_version v
			WHERE v.scheme = simulated_heads.scheme AND v.status <> 'draft'),
			simulated_heads.version) r
		ORDER BY r.tier, r.from_version DESC
	), counted AS (
		SELECT false AS after, c.current_tier AS tier, sum(c.customers) AS customers FROM c
		WHERE c.current_tier IS NOT NULL GROUP BY c.current_tier
		UNION ALL SELECT true, c.tier, sum(c.customers) FROM c WHERE c.tier IS NOT NULL
			GROUP BY c.tier
	)
	SELECT after, l.version, tier, CASE WHEN after THEN tier ELSE COALESCE(r.name, tier) END,
		l.rank, COALESCE(n.customers, 0)::bigint
	FROM listed l FULL JOIN counted n USING (after, tier) LEFT JOIN named r USING (tier);
END;
COMMENT ON FUNCTION _tiering.simulated_heads(text, int, date) IS
'Part of simulate_staffing() and simulate_benefits(): how many customers each tier has before, by '
'the version that graded, and after, by the one that is simulated, and what that calls it; the '
'version is null where it does not have the tier';

CREATE FUNCTION tiering.simulate_staffing(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (tier text, rank int, customers_before bigint, customers_after bigint,
	managers_from_before bigint, managers_from_after bigint, managers_to_before bigint,
		managers_to_after bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH staffed AS (
		SELECT h.after, h.called AS tier, h.rank, h.customers,
			ceil(h.customers::numeric / (upper(s.customers_per_manager) - 1)) AS managers_from,
			ceil(h.customers::numeric / lower(s.customers_per_manager)) AS managers_to
		FROM _tiering.simulated_heads(scheme, version, as_of) h
			LEFT JOIN tiering.service s ON (s.scheme, s.version, s.tier)
				= (simulate_staffing.scheme, h.version_then, h.tier)
	)
	SELECT b.tier, COALESCE(max(b.rank) FILTER (WHERE b.after), max(b.rank)) AS rank,
		COALESCE(sum(b.customers) FILTER (WHERE NOT b.after), 0)::bigint,
			COALESCE(sum(b.customers) FILTER (WHERE b.after), 0)::bigint,
		(sum(b.managers_from) FILTER (WHERE NOT b.after))::bigint,
		(sum(b.managers_from) FILTER (WHERE b.after))::bigint,
		(sum(b.managers_to) FILTER (WHERE NOT b.after))::bigint,
		(sum(b.managers_to) FILTER (WHERE b.after))::bigint
	FROM staffed b
	GROUP BY b.tier
	ORDER BY 2 DESC NULLS LAST, b.tier;
END;
COMMENT ON FUNCTION tiering.simulate_staffing(text, int, date) IS
'How many customers and relationship managers each tier has, before and after, if a version of a '
'scheme graded. Before is by the version that graded, after by the version that is simulated, by '
'whose names tiers are told: one that is only renamed is one. A manager has as many and as few '
'customers as the service of the tier says, as in the view staffing. Null where a tier is not in '
'the version or has no managers. Errors are those of simulate(). Example: SELECT * FROM '
'tiering.simulate_staffing(''retail'', 2)';

CREATE FUNCTION tiering.simulate_customers(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (customer_id text, from_tier text, to_tier text, direction text, measure numeric,
	earned text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 10000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	day date := _tiering.simulated_day(scheme COLLATE "C", version, as_of);
	again boolean := s.refreshed_as_of = day OR EXISTS (SELECT FROM _tiering.ahead(s.scheme, day))
		FROM tiering.source s WHERE s.scheme = simulate_customers.scheme COLLATE "C";
	previous date := l.as_of FROM _tiering.last_assessment(scheme COLLATE "C", day) l;
	visible text[] := _tiering.seen(_tiering.reader(), scheme, NULL);
BEGIN
	PERFORM _tiering.check_reader(scheme);
	-- the source is asked for whom the reader sees: what is wrong with others is not theirs
	RETURN QUERY WITH moved AS MATERIALIZED (
		SELECT d.customer_id, d.current_tier, d.measure, d.v
		FROM (SELECT a.*, bool_and(a.gone) OVER () AS nobody
			  FROM _tiering.assessed(simulate_customers.scheme COLLATE "C", day,
				simulate_customers.version, previous, visible, NULL, again) a) d
		WHERE CASE WHEN d.nobody AND visible IS NULL
			THEN _tiering.refuse_nobody(simulate_customers.scheme, day, true)
			ELSE d.current_tier IS DISTINCT FROM (d.v).tier END
	)
	SELECT d.customer_id, d.current_tier, (d.v).tier,
		CASE WHEN d.current_tier IS NULL THEN 'new' WHEN (d.v).tier IS NULL THEN 'exit'
			ELSE w.direction END,
		COALESCE(d.measure, m.measure),
		COALESCE((d.v).earned, (d.v).tier)
	FROM moved d
		LEFT JOIN _tiering.directions(simulate_customers.scheme, simulate_customers.version) w
			ON w.from_tier = d.current_tier AND w.to_tier = (d.v).tier
		LEFT JOIN _tiering.current_measures(simulate_customers.scheme COLLATE "C",
			ARRAY(SELECT l.customer_id FROM moved l
				WHERE (l.v).tier IS NULL AND l.measure IS NULL)) m
			ON m.customer_id COLLATE "C" = d.customer_id COLLATE "C";
END;
$$;
COMMENT ON FUNCTION tiering.simulate_customers(text, int, date) IS
'The customers who would move if a version of a scheme graded them, as simulate() counts them. '
'earned is what the rules of the version give, where its policies give less or later. A source '
'that names customers several times is not examined for that here. Errors are those of '
'simulate(). Example: SELECT * FROM tiering.simulate_customers(''retail'', 2)';

CREATE FUNCTION tiering.simulate_limits(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (what text, customers bigint, before bigint, share numeric, at_most numeric,
	exceeded boolean)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 3
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT l.*
	FROM (
		SELECT COALESCE(sum(s.customers) FILTER (WHERE s.direction <> 'new'), 0)::bigint AS before,
			COALESCE(sum(s.customers) FILTER (WHERE s.direction IN ('up', 'down', 'lateral')),
				0)::bigint AS moved,
			COALESCE(sum(s.customers) FILTER (WHERE s.direction = 'new'), 0)::bigint AS new,
			COALESCE(sum(s.customers) FILTER (WHERE s.direction = 'exit'), 0)::bigint AS exit
		FROM tiering.simulate(simulate_limits.scheme, simulate_limits.version,
			simulate_limits.as_of) s) c
		CROSS JOIN LATERAL _tiering.limit_shares(simulate_limits.scheme, c.before, c.moved, c.new,
			c.exit) l;
END;
COMMENT ON FUNCTION tiering.simulate_limits(text, int, date) IS
'Whether a refresh by a version of a scheme would be within the limits of set_limits(). A row '
'each for the customers who would move, be new and leave. share is of the customers before it, '
'rounded to 6 decimals; at_most is the limit, null if there is none. Errors: those of simulate(). '
'Example: SELECT what, customers, share, exceeded FROM tiering.simulate_limits(''retail'', 2)';
