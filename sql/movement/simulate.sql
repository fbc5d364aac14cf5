/*
 * What if: who would be where by a version of the scheme, a draft or any other.
 * The source is run and graded by it, and its policies move from where customers
 * stand, just as a refresh by that version would.
 *
 * Nothing is written, not even a temporary table, so that it can be asked in a
 * READ ONLY transaction and on a standby. It reads as refresh() does: by functions
 * of the extension's owner, the source with its setter's rights.
 */

-- The query of all who are or would be customers: all that follows is made of it.
CREATE FUNCTION tiering.simulated_query(scheme text, version int, as_of date) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source;
BEGIN
	PERFORM tiering.newest_version(scheme);
	IF NOT EXISTS (SELECT FROM tiering.scheme_version v
				   WHERE v.scheme = simulated_query.scheme AND v.version = simulated_query.version) THEN
		RAISE EXCEPTION 'scheme "%" has no version %', scheme, COALESCE(version::text, 'null')
			USING ERRCODE = 'undefined_object',
			HINT = format('Those that it has are in tiering.scheme_version; tiering.new_version(%L) makes a draft.', scheme);
	END IF;
	SELECT * INTO src FROM tiering.source s WHERE s.scheme = simulated_query.scheme;
	IF src.scheme IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no source', scheme
			USING ERRCODE = 'undefined_object',
			HINT = format('Set one with tiering.set_source(%L, query).', scheme);
	END IF;
	as_of := COALESCE(as_of, src.refreshed_as_of);
	IF as_of IS NULL THEN
		RAISE EXCEPTION 'scheme "%" was never refreshed, so as_of must be given', scheme
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'as_of must be a day, not %', as_of
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF as_of < src.refreshed_as_of THEN
		RAISE EXCEPTION 'scheme "%" was already refreshed as of %, which is after %', scheme, src.refreshed_as_of, as_of
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Customers move from where they stand: simulate that day or a later one.';
	END IF;
	RETURN tiering.decided_query(scheme, as_of, version);
END;
$$;
COMMENT ON FUNCTION tiering.simulated_query(text, int, date) IS
'Part of simulate(): the query that grades by a version, and moves by its policies; as_of null is the date of the last refresh';

-- Not STRICT, or it would not be inlined.
CREATE FUNCTION tiering.move_direction(from_tier text, to_tier text, from_rank int, to_rank int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN CASE WHEN from_tier IS NULL THEN 'new'
	WHEN to_tier IS NULL THEN 'exit'
	WHEN from_tier = to_tier THEN 'stayed'
	WHEN to_rank > from_rank THEN 'up'
	WHEN to_rank < from_rank THEN 'down'
	ELSE 'lateral' END;
COMMENT ON FUNCTION tiering.move_direction(text, text, int, int) IS
'Part of simulate(): new, exit, stayed, up, down or lateral';

-- What a refresh refuses, this does. A customer who is repeated shows where more
-- rows of the source met a row of assignment than there are; new ones have to be
-- looked through.
CREATE FUNCTION tiering.simulated_cells(scheme text, version int, as_of date)
RETURNS TABLE (held text, held_version int, tier text, customers bigint, measure numeric)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	query text := tiering.simulated_query(scheme, version, as_of);
	cell record;
	present bigint := 0;
	known bigint := 0;
	newcomers text[] := '{}';
	customer text;
BEGIN
	FOR cell IN EXECUTE format($query$
		SELECT d.held, max(d.held_version) AS held_version, d.tier, count(*) AS customers,
			sum(d.measure) AS measure, sum(d.held_measure) FILTER (WHERE d.tier IS NULL) AS held_measure,
			count(*) FILTER (WHERE d.tier IS NULL AND d.gone) AS gone,
			array_agg(d.customer_id) FILTER (WHERE d.held IS NULL) AS newcomers
		FROM (%s) d
		GROUP BY d.held, d.tier$query$, query)
	LOOP
		held := cell.held;
		held_version := cell.held_version;
		tier := cell.tier;
		customers := cell.customers;
		measure := CASE WHEN tier IS NULL THEN cell.held_measure ELSE cell.measure END;
		RETURN NEXT;
		present := present + customers - cell.gone;
		known := known + CASE WHEN cell.held IS NULL THEN 0 ELSE cell.customers END;
		newcomers := newcomers || cell.newcomers;
	END LOOP;
	IF array_position(newcomers, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'source of scheme "%" yields a null customer_id', scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF present = 0 AND known > 0 THEN
		RAISE EXCEPTION 'source of scheme "%" yields no customers', scheme
			USING ERRCODE = 'no_data_found';
	END IF;
	IF known > tiering.customers_held(scheme) OR (SELECT count(*) > count(DISTINCT c) FROM unnest(newcomers) c) THEN
		EXECUTE format('SELECT d.customer_id FROM (%s) d GROUP BY d.customer_id HAVING count(*) > 1 ORDER BY d.customer_id LIMIT 1', query)
		INTO customer;
	END IF;
	IF customer IS NOT NULL THEN
		RAISE EXCEPTION 'source of scheme "%" yields customer "%" more than once', scheme, customer
			USING ERRCODE = 'unique_violation',
			HINT = 'Its query must yield one row for each customer.';
	END IF;
END;
$$;
COMMENT ON FUNCTION tiering.simulated_cells(text, int, date) IS
'Part of simulate(): how many customers, with how much of the measure, would come from which tier to which; both are null for those whom no tier takes';

CREATE FUNCTION tiering.simulate(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (from_tier text, to_tier text, direction text, customers bigint, measure numeric)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 50
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.held, c.tier, tiering.move_direction(c.held, c.tier, r.from_rank, t.rank), c.customers, c.measure
	FROM tiering.simulated_cells(scheme, version, as_of) c
		LEFT JOIN tiering.tier t ON (t.scheme, t.version, t.tier) = (simulate.scheme, simulate.version, c.tier)
		LEFT JOIN tiering.tier f ON (f.scheme, f.version, f.tier) = (simulate.scheme, simulate.version, c.held)
		-- a tier that the version does not have ranks as it did
		LEFT JOIN tiering.tier was ON (was.scheme, was.version, was.tier) = (simulate.scheme, c.held_version, c.held),
		LATERAL (SELECT COALESCE(f.rank, was.rank) AS from_rank) r
	WHERE num_nonnulls(c.held, c.tier) > 0
	ORDER BY r.from_rank DESC NULLS LAST, c.held, t.rank DESC NULLS LAST, c.tier;
END;
COMMENT ON FUNCTION tiering.simulate(text, int, date) IS
'Which customers would move if this version of the scheme, a draft or any other, graded as of a date, or as of the last refresh: a row for each tier from which and to which, in heads and in the measure; those who would stay are there, too. Nothing is written. Errors: those of refresh(); no such version (42704); never refreshed, and no as_of (22004); a metric of the version that the source does not yield (42703)';

CREATE FUNCTION tiering.simulate_staffing(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (tier text, rank int, customers_before bigint, customers_after bigint,
	managers_from_before bigint, managers_from_after bigint, managers_to_before bigint, managers_to_after bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH c AS MATERIALIZED (
		SELECT * FROM tiering.simulated_cells(scheme, version, as_of)
	), edition AS (
		-- what graded is what view staffing goes by
		SELECT false AS after, COALESCE(tiering.version_on(s.scheme, s.refreshed_as_of), (SELECT max(c.held_version) FROM c)) AS version
		FROM tiering.source s WHERE s.scheme = simulate_staffing.scheme
		UNION ALL SELECT true, simulate_staffing.version
	), listed AS (
		SELECT e.after, t.tier, t.rank, s.customers_per_manager AS per_manager
		FROM edition e
			JOIN tiering.tier t ON (t.scheme, t.version) = (simulate_staffing.scheme, e.version)
			LEFT JOIN tiering.service s ON (s.scheme, s.version, s.tier) = (t.scheme, t.version, t.tier)
	), counted AS (
		SELECT false AS after, c.held AS tier, sum(c.customers) AS customers FROM c WHERE c.held IS NOT NULL GROUP BY c.held
		UNION ALL SELECT true, c.tier, sum(c.customers) FROM c WHERE c.tier IS NOT NULL GROUP BY c.tier
	), staffed AS (
		SELECT after, tier, l.rank, COALESCE(n.customers, 0) AS customers,
			ceil(COALESCE(n.customers, 0) / (upper(l.per_manager) - 1)) AS managers_from,
			ceil(COALESCE(n.customers, 0) / lower(l.per_manager)) AS managers_to
		FROM listed l FULL JOIN counted n USING (after, tier)
	)
	SELECT b.tier, COALESCE(max(b.rank) FILTER (WHERE b.after), max(b.rank)) AS rank,
		COALESCE(sum(b.customers) FILTER (WHERE NOT b.after), 0)::bigint, COALESCE(sum(b.customers) FILTER (WHERE b.after), 0)::bigint,
		(max(b.managers_from) FILTER (WHERE NOT b.after))::bigint, (max(b.managers_from) FILTER (WHERE b.after))::bigint,
		(max(b.managers_to) FILTER (WHERE NOT b.after))::bigint, (max(b.managers_to) FILTER (WHERE b.after))::bigint
	FROM staffed b
	GROUP BY b.tier
	ORDER BY 2 DESC NULLS LAST, b.tier;
END;
COMMENT ON FUNCTION tiering.simulate_staffing(text, int, date) IS
'How many customers each tier has, and how many relationship managers it takes, as many and as few customers each as its service says, before, by the version that graded, and after, by the version that is simulated; as view staffing counts them. Null where a tier is not in the version or has no managers. Errors are those of simulate()';

CREATE FUNCTION tiering.simulate_customers(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (customer_id text, from_tier text, to_tier text, direction text, measure numeric, earned text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format($query$
		SELECT d.customer_id, d.held, d.tier,
			tiering.move_direction(d.held, d.tier, COALESCE(f.rank, was.rank), t.rank),
			CASE WHEN d.tier IS NULL THEN d.held_measure ELSE d.measure END, d.earned
		FROM (%s) d
			LEFT JOIN tiering.tier t ON (t.scheme, t.version, t.tier) = ($1, $2, d.tier)
			LEFT JOIN tiering.tier f ON (f.scheme, f.version, f.tier) = ($1, $2, d.held)
			LEFT JOIN tiering.tier was ON (was.scheme, was.version, was.tier) = ($1, d.held_version, d.held)
		WHERE d.held IS DISTINCT FROM d.tier$query$, tiering.simulated_query(scheme, version, as_of))
	USING scheme, version;
END;
$$;
COMMENT ON FUNCTION tiering.simulate_customers(text, int, date) IS
'Who would move, as simulate() counts them, with what the rules of the version give where its policies give less or later: earned. A source that names customers several times is not examined for that here. Errors are those of simulate()';
