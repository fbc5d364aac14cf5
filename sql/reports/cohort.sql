/*
 * Cohorts: where the customers of one day stood on a later one. As the views for
 * reports do, the functions run with their owner's rights, and take a grant.
 */

CREATE FUNCTION tiering.wilson(successes bigint, trials bigint, OUT low numeric, OUT high numeric)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
BEGIN ATOMIC
	-- exact at both ends, where rounding a square root might leave [0, 1]
	SELECT CASE successes WHEN 0 THEN 0.000000 ELSE round((w.centre - w.half) / (trials + w.z2), 6)
		END,
		CASE successes WHEN trials THEN 1.000000
			ELSE round((w.centre + w.half) / (trials + w.z2), 6) END
	FROM (SELECT n.z2, successes + n.z2 / 2 AS centre,
			sqrt(n.z2 * (successes::numeric * (trials - successes) / trials + n.z2 / 4)) AS half
		  FROM (SELECT 1.959963984540054 ^ 2 AS z2) n) w
	WHERE trials > 0 AND successes BETWEEN 0 AND trials;
END;
COMMENT ON FUNCTION tiering.wilson(bigint, bigint) IS
'Between which bounds a share lies with 95 % confidence, of which so many successes in so many '
'trials were seen: the score interval of Wilson 1927 (J. Am. Stat. Assoc. 22:209-212), rounded to '
'6 decimals; null without trials, and for successes that are fewer than none or more than the '
'trials';

CREATE FUNCTION tiering.standing(scheme text, from_date date, to_date date, known_at timestamptz,
	OUT from_tier text, OUT to_tier text, OUT customers bigint, OUT measure numeric)
		RETURNS SETOF record
AS 'MODULE_PATHNAME', 'standing'
LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 50
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tiering.standing(text, date, date, timestamptz) IS
'Customers by the tiers that they held at the ends of two days, null where they held none. What '
'migration_matrix(…) is made of';

CREATE FUNCTION tiering.migration_matrix(scheme text, from_date date, to_date date,
	known_at timestamptz DEFAULT NULL)
	RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int, to_rank int,
		customers bigint, share numeric, share_low numeric, share_high numeric, measure numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	from_version int := tiering.named_by(scheme, from_date);
	to_version int := tiering.named_by(scheme, to_date);
BEGIN
	PERFORM tiering.newest_version(scheme COLLATE "C");
	IF from_date IS NULL OR to_date IS NULL THEN
		RAISE EXCEPTION '% must not be null',
			CASE WHEN from_date IS NULL THEN 'from_date' ELSE 'to_date' END
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF NOT (isfinite(from_date) AND isfinite(to_date)) THEN
		RAISE EXCEPTION '"%" is not a day',
			CASE WHEN isfinite(from_date) THEN to_date ELSE from_date END
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Any day before the first move stands for the beginning, any day after the last '
				'one for the end.';
	ELSIF to_date < from_date THEN
		RAISE EXCEPTION 'to_date % is before from_date %', to_date, from_date
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN QUERY
	-- each tier by the name that it had on the day
	WITH stood AS (
		SELECT COALESCE(f.becomes, s.from_tier) AS from_tier,
			COALESCE(t.becomes, s.to_tier) AS to_tier,
			sum(s.customers)::bigint AS customers, sum(s.measure) AS measure
		FROM tiering.standing(migration_matrix.scheme, migration_matrix.from_date,
			migration_matrix.to_date,
				migration_matrix.known_at) s
			LEFT JOIN tiering.tier_names(migration_matrix.scheme, from_version) f
				ON f.tier = s.from_tier
			LEFT JOIN tiering.tier_names(migration_matrix.scheme, to_version) t
				ON t.tier = s.to_tier
		GROUP BY 1, 2
	), cell AS (
		SELECT s.*, sum(s.customers) OVER (PARTITION BY s.from_tier)::bigint AS cohort FROM stood s
	), newest AS (
		-- at the end of the span, or of all
		SELECT v.version FROM tiering.scheme_version v
		WHERE v.scheme = migration_matrix.scheme COLLATE "C"
		ORDER BY lower(v.effective) <= migration_matrix.to_date DESC NULLS LAST, v.version DESC
			LIMIT 1
	)
	SELECT c.from_tier, c.to_tier,
		CASE WHEN c.from_tier IS NULL THEN 'new' WHEN c.to_tier IS NULL THEN 'exit'
			ELSE d.direction END,
		f.rank, t.rank, c.customers,
		CASE WHEN c.from_tier IS NOT NULL THEN round(c.customers::numeric / c.cohort, 6) END,
		w.low, w.high, c.measure
	FROM cell c
		CROSS JOIN newest n
		LEFT JOIN tiering.directions(migration_matrix.scheme, n.version) d
			ON d.from_tier = c.from_tier AND d.to_tier = c.to_tier
		LEFT JOIN tiering.tier_names(migration_matrix.scheme, n.version) f ON f.tier = c.from_tier
		LEFT JOIN tiering.tier_names(migration_matrix.scheme, n.version) t ON t.tier = c.to_tier
		LEFT JOIN LATERAL tiering.wilson(c.customers, c.cohort) w ON c.from_tier IS NOT NULL
	ORDER BY f.rank NULLS FIRST, c.from_tier NULLS FIRST, t.rank NULLS FIRST, c.to_tier NULLS FIRST;
END;
$$;
COMMENT ON FUNCTION tiering.migration_matrix(text, date, date, timestamptz) IS
'The customers who held a tier at the end of from_date, by the tier that they held at the end of '
'to_date, and those who had come by then; who came and left in between is in neither. from_tier is '
'null for those who came (new), to_tier for those who left (exit); whoever left and came back '
'counts by where he stood on the two days. direction: new, up, down, lateral, stayed or exit; '
'ranks as in the newest version that had the tier at the end of to_date. share: of the customers '
'of from_tier, with the bounds of its 95 % confidence interval (see wilson); null where there is '
'no from_tier. measure: the total of what each customer''s measure was when he last moved up to '
'the end of to_date, for exits the last one known. known_at: by the moves as known at that time. '
'From the lowest from_tier up, new first. Dates that are null, infinite or in the wrong order are '
'errors (22023), as is an unknown scheme (42704)';

CREATE FUNCTION tiering.retention(scheme text, known_at timestamptz DEFAULT NULL)
	RETURNS TABLE (year int, since date, until date, tier text, rank int, customers bigint,
		kept bigint, up bigint, down bigint, lateral_moves bigint, exit bigint,
		retention numeric, retention_low numeric, retention_high numeric,
		churn numeric, churn_low numeric, churn_high numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM tiering.newest_version(scheme COLLATE "C");
	RETURN QUERY
	WITH history AS (
		SELECT min(m.as_of) AS first, GREATEST(max(m.as_of), (
			SELECT s.refreshed_as_of FROM tiering.source s
			WHERE s.scheme = retention.scheme COLLATE "C" AND retention.known_at IS NULL)) AS last
		FROM tiering.known_moves(retention.scheme, retention.known_at) m
	), span AS (
		SELECT y.year, make_date(y.year, 1, 1) - 1 AS since,
			LEAST(make_date(y.year, 12, 31), h.last) AS until
		FROM history h, generate_series(extract(year FROM h.first)::int,
			extract(year FROM h.last)::int) y (year)
	), counted AS (
		SELECT y.year, y.since, y.until, m.from_tier, m.from_rank,
			COALESCE(sum(m.customers), 0)::bigint AS customers,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'stayed'), 0)::bigint AS kept,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'up'), 0)::bigint AS up,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'down'), 0)::bigint AS down,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'lateral'),
				0)::bigint AS lateral_moves,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'exit'), 0)::bigint AS exit
		FROM span y
			LEFT JOIN LATERAL tiering.migration_matrix(retention.scheme, y.since, y.until,
				retention.known_at) m
				ON m.from_tier IS NOT NULL
		GROUP BY GROUPING SETS ((y.year, y.since, y.until),
			(y.year, y.since, y.until, m.from_tier, m.from_rank))
		-- a year that began with nobody has the row of the whole only
		HAVING grouping(m.from_tier) = 1 OR m.from_tier IS NOT NULL
	)
	SELECT c.year, c.since, c.until, c.from_tier, c.from_rank, c.customers,
		c.kept, c.up, c.down, c.lateral_moves, c.exit,
		round((c.customers - c.exit) / NULLIF(c.customers, 0)::numeric, 6), r.low, r.high,
		round(c.exit / NULLIF(c.customers, 0)::numeric, 6), e.low, e.high
	FROM counted c, tiering.wilson(c.customers - c.exit, c.customers) r,
		tiering.wilson(c.exit, c.customers) e
	ORDER BY c.year, c.from_tier IS NOT NULL, c.from_rank, c.from_tier;
END;
$$;
COMMENT ON FUNCTION tiering.retention(text, timestamptz) IS
'A row for each calendar year of a scheme''s history and each tier, and one with tier null for all '
'of them. customers: those who held the tier at the end of since, the day before the year. Where '
'they stood at the end of until, the year''s last day or, in the last year, the last refresh or a '
'later move: kept (the tier), up, down, lateral_moves, exit. retention: the share that are still '
'customers, in whatever tier; churn: the share that are not, exit; both with the bounds of their '
'95 % confidence intervals (see wilson). known_at: by the moves as known at that time, and until '
'its last one. An unknown scheme is an error (42704)';
