/*
 * From which tier to which customers moved: at an assessment, and between two days. As
 * the views for reports do, the functions run with their owner's rights, and take a grant.
 */

-- Several moves of one customer on one day count as one from where they were before it.
--
-- Who stayed is not recorded. Their number follows from the last assessment's
-- distribution up to that day, with what moved since, and without what it counts that
-- moves later, less those who entered. Their measure is what the assessment left in the
-- tier, less that of those who entered.
-- Scheme by scheme, as who asks for one does not want the moves of all to be read: a
-- condition does not get into a part that is used twice.
CREATE VIEW tiering.migration_matrix AS
SELECT o.scheme, x.as_of, x.from_tier, x.to_tier, x.direction, x.from_rank, x.to_rank,
	x.customers, x.measure
FROM tiering.scheme o CROSS JOIN LATERAL (
	WITH span AS (
		SELECT m.as_of, min(m.move) AS first, max(m.move) AS last
		FROM tiering.standing_move m
		WHERE m.scheme = o.scheme
		GROUP BY m.as_of, m.customer_id COLLATE "C"
	), moved AS (
		SELECT s.as_of, l.assessed, f.from_tier, l.to_tier, max(l.version) AS version,
			count(*) AS customers, sum(l.measure) AS measure
		FROM span s
			JOIN tiering.migration f ON f.move = s.first
			JOIN tiering.migration l ON l.move = s.last
		WHERE f.from_tier IS DISTINCT FROM l.to_tier
		GROUP BY s.as_of, l.assessed, f.from_tier, l.to_tier
	), left_behind AS MATERIALIZED (
		SELECT * FROM _tiering.known_distribution(NULL) d WHERE d.scheme = o.scheme
	), change AS MATERIALIZED (
		SELECT x.as_of, x.assessed, x.tier, sum(x.customers) AS net,
			sum(x.customers) FILTER (WHERE x.customers > 0) AS entered,
			sum(x.measure) FILTER (WHERE x.customers > 0) AS measure
		FROM (SELECT as_of, assessed, to_tier AS tier, customers, measure FROM moved
			  UNION ALL SELECT as_of, assessed, from_tier, - customers, NULL FROM moved) x
		WHERE x.tier IS NOT NULL
		GROUP BY x.as_of, x.assessed, x.tier
	), step AS (
		SELECT d.as_of, max(d.version) AS version,
			max(max(d.assessment)) OVER (ORDER BY d.as_of) AS assessment
		FROM (SELECT as_of, version, as_of AS assessment FROM left_behind
			  UNION ALL SELECT as_of, version, NULL FROM moved) d
		GROUP BY d.as_of
	), stayed AS (
		SELECT s.as_of, s.version, t.tier, COALESCE(max(d.customers), 0)
			+ COALESCE(sum(CASE WHEN c.as_of <= s.as_of THEN c.net ELSE - c.net END)
				FILTER (WHERE (c.as_of <= s.as_of) = (s.assessment IS NULL
					OR c.assessed > s.assessment)), 0)
			- COALESCE(sum(c.entered) FILTER (WHERE c.as_of = s.as_of), 0) AS customers,
			max(d.measure) FILTER (WHERE s.assessment = s.as_of)
				- COALESCE(sum(c.measure) FILTER (WHERE c.as_of = s.as_of), 0) AS measure
		FROM step s
			CROSS JOIN (SELECT tier FROM change UNION SELECT tier FROM left_behind) t
			LEFT JOIN left_behind d ON d.as_of = s.assessment AND d.tier = t.tier
			LEFT JOIN change c ON c.tier = t.tier
				AND (c.as_of = s.as_of OR (c.as_of <= s.as_of) = (s.assessment IS NULL
					OR c.assessed > s.assessment))
		GROUP BY s.as_of, s.version, t.tier
	), cell AS (
		SELECT m.as_of, m.from_tier, m.to_tier, max(m.version) AS version,
			sum(m.customers)::bigint AS customers, sum(m.measure) AS measure
		FROM moved m
		GROUP BY m.as_of, m.from_tier, m.to_tier
		UNION ALL
		SELECT s.as_of, s.tier, s.tier, s.version, s.customers::bigint, s.measure
		FROM stayed s
		WHERE s.customers > 0
	), version AS (
		SELECT DISTINCT c.version FROM cell c
	), way AS MATERIALIZED (
		SELECT v.version, d.* FROM version v
			CROSS JOIN LATERAL _tiering.directions(o.scheme, v.version) d
	), name AS MATERIALIZED (
		SELECT v.version, n.* FROM version v
			CROSS JOIN LATERAL _tiering.tier_names(o.scheme, v.version) n
	)
	SELECT c.as_of, c.from_tier, c.to_tier,
		CASE WHEN c.from_tier IS NULL THEN 'new' WHEN c.to_tier IS NULL THEN 'exit'
			ELSE w.direction END AS direction,
		f.rank AS from_rank, t.rank AS to_rank, c.customers, c.measure
	FROM cell c
		LEFT JOIN way w ON w.version = c.version
			AND w.from_tier = c.from_tier AND w.to_tier = c.to_tier
		LEFT JOIN name f ON f.version = c.version AND f.tier = c.from_tier
		LEFT JOIN name t ON t.version = c.version AND t.tier = c.to_tier) x;
COMMENT ON VIEW tiering.migration_matrix IS
'Between which tiers customers moved at each assessment, in heads and in the measure; those who '
'stayed are there, too. One row for each as_of, from_tier and to_tier: several moves of a customer '
'at one assessment count as one';
COMMENT ON COLUMN tiering.migration_matrix.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.migration_matrix.as_of IS 'Date of the assessment';
COMMENT ON COLUMN tiering.migration_matrix.from_tier IS 'Tier before; null for new customers';
COMMENT ON COLUMN tiering.migration_matrix.to_tier IS 'Tier after; null for those who left';
COMMENT ON COLUMN tiering.migration_matrix.direction IS 'new, up, down, lateral, exit or stayed';
COMMENT ON COLUMN tiering.migration_matrix.from_rank IS 'Rank of from_tier, higher being better';
COMMENT ON COLUMN tiering.migration_matrix.to_rank IS 'Rank of to_tier';
COMMENT ON COLUMN tiering.migration_matrix.customers IS 'Customers';
COMMENT ON COLUMN tiering.migration_matrix.measure IS
'Total of their measure: of those who moved at the move, of those who left the last one known, of '
'those who stayed what the refresh of that date left, null if there was none';

CREATE VIEW tiering.migration_summary AS
SELECT counted.*,
	round((stayed + up + down + lateral_moves)::numeric
		/ NULLIF(stayed + up + down + lateral_moves + exit, 0), 6) AS retention
FROM (
	SELECT m.scheme, m.as_of,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'new'), 0)::bigint AS new,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'up'), 0)::bigint AS up,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'down'), 0)::bigint AS down,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'lateral'),
			0)::bigint AS lateral_moves,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'exit'), 0)::bigint AS exit,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'stayed'), 0)::bigint AS stayed
	FROM tiering.migration_matrix m
	GROUP BY m.scheme, m.as_of) counted;
COMMENT ON VIEW tiering.migration_summary IS
'A row for each assessment: how many customers moved, and which way';
COMMENT ON COLUMN tiering.migration_summary.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.migration_summary.as_of IS 'Date of the assessment';
COMMENT ON COLUMN tiering.migration_summary.new IS 'Customers who were not graded before';
COMMENT ON COLUMN tiering.migration_summary.up IS 'Customers who rose';
COMMENT ON COLUMN tiering.migration_summary.down IS 'Customers who fell';
COMMENT ON COLUMN tiering.migration_summary.lateral_moves IS
'Customers who went to another tier of the same rank';
COMMENT ON COLUMN tiering.migration_summary.exit IS 'Customers who left';
COMMENT ON COLUMN tiering.migration_summary.stayed IS 'Customers who kept their tier';
COMMENT ON COLUMN tiering.migration_summary.retention IS
'Share of the customers before it who are still customers';

CREATE FUNCTION _tiering.wilson(successes bigint, trials bigint, OUT low numeric, OUT high numeric)
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
COMMENT ON FUNCTION _tiering.wilson(bigint, bigint) IS
'Between which bounds a share lies with 95 % confidence, of which so many successes in so many '
'trials were seen: the score interval of Wilson 1927 (J. Am. Stat. Assoc. 22:209-212), rounded to '
'6 decimals; null without trials, and for successes that are fewer than none or more than the '
'trials';

CREATE FUNCTION _tiering.standing(scheme text, from_date date, to_date date, known_at timestamptz,
	OUT from_tier text, OUT to_tier text, OUT customers bigint, OUT measure numeric)
		RETURNS SETOF record
AS 'MODULE_PATHNAME', 'standing'
LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 50
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION _tiering.standing(text, date, date, timestamptz) IS
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
	from_version int := _tiering.named_by(scheme, from_date);
	to_version int := _tiering.named_by(scheme, to_date);
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
		FROM _tiering.standing(migration_matrix.scheme, migration_matrix.from_date,
			migration_matrix.to_date,
				migration_matrix.known_at) s
			LEFT JOIN _tiering.tier_names(migration_matrix.scheme, from_version) f
				ON f.tier = s.from_tier
			LEFT JOIN _tiering.tier_names(migration_matrix.scheme, to_version) t
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
		LEFT JOIN _tiering.directions(migration_matrix.scheme, n.version) d
			ON d.from_tier = c.from_tier AND d.to_tier = c.to_tier
		LEFT JOIN _tiering.tier_names(migration_matrix.scheme, n.version) f ON f.tier = c.from_tier
		LEFT JOIN _tiering.tier_names(migration_matrix.scheme, n.version) t ON t.tier = c.to_tier
		LEFT JOIN LATERAL _tiering.wilson(c.customers, c.cohort) w ON c.from_tier IS NOT NULL
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
