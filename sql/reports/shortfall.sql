/*
 * What customers lack to their next tier, by all metrics that can be changed.
 */

CREATE FUNCTION _tiering.percent_limit(within_percent numeric) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF within_percent < 0 OR within_percent = 'NaN' THEN
		RAISE EXCEPTION 'within_percent must be 0 or more, not %', within_percent
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN CASE WHEN within_percent IS NOT NULL
		THEN trunc(LEAST(within_percent, 9e14) * 10000) END;
END;
$$;
COMMENT ON FUNCTION _tiering.percent_limit(numeric) IS
'Part of shortfall(): per cents in the unit of shortfall_rows(); of a negative number or NaN an '
'error (22023)';

CREATE FUNCTION _tiering.is_next(held int, l _tiering.lack) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN COALESCE(held < (l).rank, true) AND COALESCE(held >= (l).above, (l).above IS NULL);
COMMENT ON FUNCTION _tiering.is_next(int, _tiering.lack) IS
'Whether a tier is the next one for who holds one of a rank; null: of none';

-- In the order of cheapest_first(), by the same columns: as one value, a row of them, they would be
-- compared more slowly there, for all customers. Test one_customer compares the two.
CREATE FUNCTION _tiering.next_lacks(scheme text, version int, metrics text[], amounts numeric[],
	held int) RETURNS SETOF _tiering.lack
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT l.* FROM _tiering.shortfall_of(next_lacks.scheme, next_lacks.version,
		next_lacks.metrics, next_lacks.amounts) l
	WHERE _tiering.is_next(next_lacks.held, l)
	ORDER BY l.rule_percent, l.conditions_missing, l.tier COLLATE "C", l.rule,
		l.distance_percent DESC, l.metric COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.next_lacks(text, int, text[], numeric[], int) IS
'What shortfall() tells of one customer, whose metrics these are and who holds a tier of this rank';

CREATE FUNCTION _tiering.amounts_told(scheme text, as_of date, version int, customers text[])
RETURNS TABLE (customer_id text, metrics text[], amounts numeric[])
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
BEGIN ATOMIC
	SELECT x.customer_id, x.metrics, x.amounts
	FROM (
		SELECT y.*, count(*) OVER (PARTITION BY y.customer_id) AS times
		FROM (
			SELECT CASE WHEN n.number IS NULL THEN s.customer_id ELSE n.customer_id END
				COLLATE "C" AS customer_id, s.metrics, s.amounts
			FROM (SELECT _tiering.numbers_asked(amounts_told.scheme, amounts_told.customers,
					amounts_told.as_of)) a(asked)
				CROSS JOIN LATERAL _tiering.source_amounts(amounts_told.scheme,
					amounts_told.as_of, amounts_told.version, a.asked) s
				LEFT JOIN LATERAL _tiering.numbers_told(amounts_told.scheme, amounts_told.as_of,
					a.asked) n ON n.number COLLATE "C" = s.customer_id COLLATE "C") y
		WHERE y.customer_id IS NOT NULL) x
	WHERE CASE WHEN x.times > 1
		THEN _tiering.refuse_repeated(amounts_told.scheme, x.customer_id) IS NULL ELSE true END;
END;
COMMENT ON FUNCTION _tiering.amounts_told(text, date, int, text[]) IS
'What source_amounts() tells of customers, by the numbers that they have now, and of nobody who '
'became one with another since; of two rows for one an error (23505)';

-- All that anybody lacks is much, what is asked for is little: the plan has one of the two.
CREATE FUNCTION _tiering.shortfall(scheme text, within bigint, customers text[])
RETURNS TABLE (customer_id text, tier text, next_tier text, rule int, metric text, value numeric,
	bound numeric, distance numeric, distance_percent numeric, rule_percent numeric,
	conditions_missing int, open boolean)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	graded date := s.refreshed_as_of FROM tiering.source s
		WHERE s.scheme = shortfall.scheme COLLATE "C";
	graded_by int := tiering.version_on(scheme, graded);
	everything boolean := num_nulls(within, customers) = 2;
	asked text[] := _tiering.numbers_asked(scheme, customers, graded);
	several text[] := ARRAY(SELECT DISTINCT n.customer_id
		FROM _tiering.numbers_told(scheme, graded, asked) n
		WHERE n.customer_id IS NOT NULL AND (asked IS NULL OR n.number = ANY (asked)));
BEGIN
	-- before the first assessment there is nobody, and for nobody no source is run
	IF graded IS NULL OR cardinality(customers) = 0 THEN
		RETURN;
	END IF;
	-- whoever lacks nothing by one number has no row that tells of it
	IF several <> '{}' THEN
		PERFORM count(*) FROM _tiering.amounts_told(scheme, graded, graded_by, several);
	END IF;
	-- asked once, whatever the plan: of some customers it would be for each
	RETURN QUERY
	WITH held AS MATERIALIZED (
		SELECT r.tier COLLATE "C" AS tier, r.rank
		FROM _tiering.ranks_in(scheme, graded_by, customers IS NULL OR EXISTS (
			SELECT FROM tiering.assignment o WHERE o.scheme = shortfall.scheme COLLATE "C"
				AND o.customer_id = ANY (asked COLLATE "C") AND o.version <> graded_by)) r
	)
	SELECT a.customer_id, a.tier, l.tier, l.rule, l.metric, l.value, l.bound, l.distance,
		l.distance_percent, l.rule_percent, l.conditions_missing, l.open
	FROM (SELECT * FROM _tiering.shortfall_rows(scheme, graded, graded_by) WHERE everything
		  UNION ALL
		  SELECT * FROM _tiering.shortfall_rows(scheme, graded, graded_by, asked, within)
		  WHERE NOT everything) l
		LEFT JOIN _tiering.numbers_told(scheme, graded, asked) n
			ON n.number COLLATE "C" = l.customer_id COLLATE "C"
		JOIN tiering.assignment a ON a.scheme = shortfall.scheme COLLATE "C"
			AND a.customer_id = CASE WHEN n.number IS NULL THEN l.customer_id
				ELSE n.customer_id END COLLATE "C"
		LEFT JOIN held t ON t.tier = a.tier
	WHERE _tiering.is_next(t.rank, l);
END;
$$;
COMMENT ON FUNCTION _tiering.shortfall(text, bigint, text[]) IS
'What shortfall() tells, in no order; within is in 10^-4 per cent, rule_percent the greatest '
'distance_percent of the rule, and open whether the bound itself does not do';

CREATE FUNCTION _tiering.cheapest_first(scheme text, within bigint, customers text[])
RETURNS TABLE (customer_id text, tier text, next_tier text, rule int, metric text, value numeric,
	bound numeric, distance numeric, distance_percent numeric, conditions_missing int,
	open boolean)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000
BEGIN ATOMIC
	SELECT l.customer_id, l.tier, l.next_tier, l.rule, l.metric, l.value, l.bound, l.distance,
		l.distance_percent, l.conditions_missing, l.open
	FROM (SELECT x.*, count(*) OVER (PARTITION BY x.customer_id COLLATE "C",
			x.next_tier COLLATE "C", x.rule, x.metric COLLATE "C") AS times
		  FROM _tiering.shortfall(cheapest_first.scheme, cheapest_first.within,
			cheapest_first.customers) x) l
	WHERE CASE WHEN l.times > 1
		THEN _tiering.refuse_repeated(cheapest_first.scheme, l.customer_id) IS NULL ELSE true END
	ORDER BY l.customer_id COLLATE "C", l.rule_percent, l.conditions_missing,
		l.next_tier COLLATE "C", l.rule, l.distance_percent DESC, l.metric COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.cheapest_first(text, bigint, text[]) IS
'The same in the order of shortfall(): by the customer, the cheapest rule first, and of a rule the '
'dearest condition; of two rows for a customer that tell of the same an error (23505)';

CREATE FUNCTION tiering.shortfall(scheme text, within_percent numeric DEFAULT NULL,
	customers text[] DEFAULT NULL)
RETURNS TABLE (customer_id text, tier text, next_tier text, rule int, metric text, value numeric,
	bound numeric, distance numeric, distance_percent numeric, conditions_missing int)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 10000
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	visible text[];
BEGIN
	PERFORM tiering.newest_version(scheme);
	IF NOT _tiering.check_reader(scheme) THEN
		visible := _tiering.seen(_tiering.reader(), scheme, NULL);
		customers := CASE WHEN customers IS NULL THEN visible ELSE ARRAY(
			SELECT c FROM unnest(_tiering.numbers_now(scheme, customers)) c WHERE c = ANY (visible))
			END;
	END IF;
	RETURN QUERY
	SELECT l.customer_id, l.tier, l.next_tier, l.rule, l.metric, l.value, l.bound, l.distance,
		l.distance_percent, l.conditions_missing
	FROM _tiering.cheapest_first(scheme, _tiering.percent_limit(within_percent), customers) l;
END;
$$;
COMMENT ON FUNCTION tiering.shortfall(text, numeric, text[]) IS
'What each customer of a scheme, or some of them, lacks to their next tier. That is the lowest '
'tier above both the one that they hold and the one that they earn, of those that can be reached '
'by metrics that are actionable. A row is a metric that has to change for a rule of that tier; '
'conditions_missing says how many have to for that rule. The cheapest rule of each customer comes '
'first: the one whose greatest distance_percent is least. A tier of another version than the one '
'that graded is what that calls it, or above the tiers that it is up from. bound is what the value '
'has to reach, or to pass if the rule leaves it out; distance is by how much it has to rise, or to '
'fall if negative; distance_percent is its size in per cent of the bound, with 4 decimals. All '
'three are null for a value that is not known, and distance_percent is for a bound of 0. A score '
'is led back to the metrics behind it: those that have to come into other bands, so that the '
'dearest of them costs least. Where many metrics cost the same all ways are compared, which takes '
'a quarter of a second a customer if 12 of 24 have to change, and ten times that with each 4 more. '
'within_percent: only rules of which no condition is missed by more. The metrics are asked of the '
'scheme''s source, which runs with the rights of the role that set it, as of the last assessment. '
'Before that there is nobody. Customers are asked for by any number of theirs, and the source may '
'say any. Who became one with another since the last assessment has no row until the next, as what '
'is known of its day is of several. Errors: unknown scheme (42704), a negative within_percent '
'(22023), two rows of the source for a customer that tell of the same (23505). Example: SELECT '
'customer_id, next_tier, metric, distance FROM tiering.shortfall(''retail'', within_percent => 10)';
