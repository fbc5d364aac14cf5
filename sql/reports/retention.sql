/*
 * Who of the customers at the end of a year are customers at the end of the next.
 */

CREATE FUNCTION _tiering.kept_by_year(scheme text, known_at timestamptz)
RETURNS TABLE (year int, since date, until date, tier text, rank int, customers bigint,
	kept bigint, up bigint, down bigint, lateral_moves bigint, exit bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	visible text[] := _tiering.seen(_tiering.reader(), scheme, NULL);
	-- any move, as the one that is found first is an early one
	begun date := m.as_of FROM _tiering.person_moves(scheme, known_at) m LIMIT 1;
	refreshed date := l.as_of FROM _tiering.last_assessment(scheme COLLATE "C") l
		WHERE known_at IS NULL;
	ended date;
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_reader(scheme);
	-- most moves are of days between these two, and are not read
	begun := min(m.as_of) FROM _tiering.person_moves(scheme, known_at) m WHERE m.as_of <= begun;
	ended := GREATEST(refreshed, max(m.as_of)) FROM _tiering.person_moves(scheme, known_at) m
		WHERE m.as_of > COALESCE(refreshed, '-infinity')
			AND (visible IS NULL OR m.customer_id = ANY (visible COLLATE "C"));
	RETURN QUERY
	WITH span AS (
		SELECT y.year, make_date(y.year, 1, 1) - 1 AS since,
			LEAST(make_date(y.year, 12, 31), ended) AS until
		FROM generate_series(extract(year FROM begun)::int, extract(year FROM ended)::int)
			y (year)
	)
	SELECT y.year, y.since, y.until, m.from_tier, m.from_rank,
		COALESCE(sum(m.customers), 0)::bigint,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'stayed'), 0)::bigint,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'up'), 0)::bigint,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'down'), 0)::bigint,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'lateral'), 0)::bigint,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'exit'), 0)::bigint
	FROM span y
		-- nobody was there before the first move; OFFSET 0 has the matrix not made for them
		LEFT JOIN LATERAL (
			SELECT m.* FROM tiering.migration_matrix(kept_by_year.scheme, y.since, y.until,
				kept_by_year.known_at) m
			WHERE y.since >= begun AND m.from_tier IS NOT NULL OFFSET 0) m ON true
	GROUP BY y.year, y.since, y.until, m.from_tier, m.from_rank;
END;
$$;
COMMENT ON FUNCTION _tiering.kept_by_year(text, timestamptz) IS
'Part of retention() and yearly_retention(): where those who were in each tier at the beginning of '
'a year stood at its end; a year that began with nobody has one row, without a tier';

CREATE FUNCTION tiering.retention(scheme text, known_at timestamptz DEFAULT NULL)
	RETURNS TABLE (year int, since date, until date, tier text, rank int, customers bigint,
		kept bigint, up bigint, down bigint, lateral_moves bigint, exit bigint,
		retention numeric, retention_low numeric, retention_high numeric,
		churn numeric, churn_low numeric, churn_high numeric)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 100
BEGIN ATOMIC
	SELECT c.year, c.since, c.until, c.tier, c.rank, c.customers, c.kept, c.up, c.down,
		c.lateral_moves, c.exit,
		round((c.customers - c.exit) / NULLIF(c.customers, 0)::numeric, 6), r.low, r.high,
		round(c.exit / NULLIF(c.customers, 0)::numeric, 6), e.low, e.high
	FROM _tiering.kept_by_year(retention.scheme, retention.known_at) c
		CROSS JOIN LATERAL _tiering.wilson(c.customers - c.exit, c.customers) r
		CROSS JOIN LATERAL _tiering.wilson(c.exit, c.customers) e
	WHERE c.tier IS NOT NULL
	ORDER BY c.year, c.rank, c.tier;
END;
COMMENT ON FUNCTION tiering.retention(text, timestamptz) IS
'Retention and churn by calendar year and tier. A row for each year of a scheme''s history and '
'each tier that had customers when it began; yearly_retention() has all of them together. '
'customers: those who were in the tier at the end of since, the day before the year. Where they '
'stood at the end of until, the year''s last day or, in the last year, the last refresh or a later '
'move of a customer whom the reader sees: kept (the tier), up, down, lateral_moves, exit; who '
'became one with another customer is in none of these, and no churn. retention: the share that are '
'still customers, in whatever tier; churn: the share that are not, exit; both with the bounds of '
'their 95 % confidence intervals, the score interval of Wilson 1927. known_at: by the moves as '
'known at that time, and until its last one. Errors: unknown scheme (42704), null (22004). '
'Example: SELECT * FROM tiering.retention(''retail'', NULL)';

CREATE FUNCTION tiering.yearly_retention(scheme text, known_at timestamptz DEFAULT NULL)
	RETURNS TABLE (year int, since date, until date, customers bigint, kept bigint, up bigint,
		down bigint, lateral_moves bigint, exit bigint,
		retention numeric, retention_low numeric, retention_high numeric,
		churn numeric, churn_low numeric, churn_high numeric)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 100
BEGIN ATOMIC
	SELECT c.year, c.since, c.until, c.customers, c.kept, c.up, c.down, c.lateral_moves, c.exit,
		round((c.customers - c.exit) / NULLIF(c.customers, 0)::numeric, 6), r.low, r.high,
		round(c.exit / NULLIF(c.customers, 0)::numeric, 6), e.low, e.high
	FROM (
		SELECT y.year, y.since, y.until, sum(y.customers)::bigint AS customers,
			sum(y.kept)::bigint AS kept, sum(y.up)::bigint AS up, sum(y.down)::bigint AS down,
			sum(y.lateral_moves)::bigint AS lateral_moves, sum(y.exit)::bigint AS exit
		FROM _tiering.kept_by_year(yearly_retention.scheme, yearly_retention.known_at) y
		GROUP BY y.year, y.since, y.until) c
		CROSS JOIN LATERAL _tiering.wilson(c.customers - c.exit, c.customers) r
		CROSS JOIN LATERAL _tiering.wilson(c.exit, c.customers) e
	ORDER BY c.year;
END;
COMMENT ON FUNCTION tiering.yearly_retention(text, timestamptz) IS
'Retention and churn by calendar year, of the customers of all tiers together. A row for each year '
'of a scheme''s history; one that began with nobody has no shares. Columns, and errors, are those '
'of retention(). Example: SELECT * FROM tiering.yearly_retention(''retail'', NULL)';
