/*
 * Views for reporting tools. Shares are fractions of 1, rounded to 6 decimals.
 * A view runs with its owner's rights: SELECT on it is all that a report needs.
 */

CREATE VIEW tiering.tier_distribution AS
WITH held AS (
	SELECT a.scheme, a.tier, count(*) AS customers, sum(a.measure) AS measure,
		max(a.version) AS version, max(a.as_of) AS as_of
	FROM tiering.assignment a
	GROUP BY a.scheme, a.tier
), graded AS (
	-- the version of the last refresh; of customers put there by hand, their own
	SELECT COALESCE(s.scheme, h.scheme) AS scheme, COALESCE(s.refreshed_as_of, h.as_of) AS as_of,
		COALESCE(v.version, h.version) AS version
	FROM (SELECT * FROM tiering.source WHERE refreshed_as_of IS NOT NULL) s
		FULL JOIN (SELECT scheme, max(version) AS version, max(as_of) AS as_of FROM held
			GROUP BY scheme) h
			ON h.scheme = s.scheme
		LEFT JOIN tiering.scheme_version v
			ON v.scheme = s.scheme AND v.status <> 'draft' AND v.effective @> s.refreshed_as_of
), listed AS (
	SELECT g.scheme, t.tier, t.rank, t.parent, t.title, t.title_zh
	FROM graded g JOIN tiering.tier t ON t.scheme = g.scheme AND t.version = g.version
)
SELECT g.scheme, g.as_of, g.version, tier, l.rank, l.parent, l.title, l.title_zh,
	COALESCE(h.customers, 0) AS customers,
	round(COALESCE(h.customers, 0) / NULLIF(sum(h.customers) OVER scheme, 0), 6) AS customers_share,
	CASE WHEN h.tier IS NULL THEN 0 ELSE h.measure END AS measure,
	round(CASE WHEN h.tier IS NULL THEN 0 ELSE h.measure END / NULLIF(sum(h.measure) OVER scheme,
		0), 6) AS measure_share
FROM held h FULL JOIN listed l USING (scheme, tier) JOIN graded g USING (scheme)
WINDOW scheme AS (PARTITION BY g.scheme);
COMMENT ON VIEW tiering.tier_distribution IS
'How many customers, with how much of the measure, each tier of each scheme holds now; empty tiers '
'have a row, too';
COMMENT ON COLUMN tiering.tier_distribution.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_distribution.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.tier_distribution.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_distribution.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_distribution.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_distribution.parent IS 'The tier of which it is a part';
COMMENT ON COLUMN tiering.tier_distribution.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_distribution.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_distribution.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.tier_distribution.customers_share IS
'Their share of the scheme''s customers';
COMMENT ON COLUMN tiering.tier_distribution.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.tier_distribution.measure_share IS 'Its share of the scheme''s total';

CREATE VIEW tiering.tier_distribution_history AS
SELECT d.scheme, d.as_of, d.version, d.tier, t.rank, t.parent, t.title, t.title_zh, d.customers,
	round(d.customers / NULLIF(sum(d.customers) OVER refresh, 0), 6) AS customers_share,
	d.measure,
	round(d.measure / NULLIF(sum(d.measure) OVER refresh, 0), 6) AS measure_share
FROM tiering.known_distribution(NULL) d
	LEFT JOIN tiering.tier t ON t.scheme = d.scheme AND t.version = d.version AND t.tier = d.tier
WINDOW refresh AS (PARTITION BY d.scheme, d.as_of);
COMMENT ON VIEW tiering.tier_distribution_history IS
'The same as tier_distribution for the date of every refresh, as it was then and with what was '
'restated since; the function of this name tells it as known at a time';
COMMENT ON COLUMN tiering.tier_distribution_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_distribution_history.as_of IS 'Date of the refresh';
COMMENT ON COLUMN tiering.tier_distribution_history.version IS
'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_distribution_history.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_distribution_history.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_distribution_history.parent IS 'The tier of which it is a part';
COMMENT ON COLUMN tiering.tier_distribution_history.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_distribution_history.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_distribution_history.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.tier_distribution_history.customers_share IS
'Their share of the customers of that date';
COMMENT ON COLUMN tiering.tier_distribution_history.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.tier_distribution_history.measure_share IS
'Its share of the total of that date';

-- Several moves of one customer on one day count as one from where they were before it.
--
-- Who stayed is not recorded. Their number follows from the last assessment's
-- distribution up to that day, with what moved since, and without what it counts that
-- moves later, less those who entered. Their measure is what the assessment left in the
-- tier, less that of those who entered.
CREATE VIEW tiering.migration_matrix AS
WITH span AS (
	SELECT m.scheme, m.as_of, min(m.move) AS first, max(m.move) AS last
	FROM tiering.standing_move m
	GROUP BY m.scheme, m.as_of, m.customer_id COLLATE "C"
), moved AS (
	SELECT s.scheme, s.as_of, l.assessed, f.from_tier, l.to_tier, max(l.version) AS version,
		count(*) AS customers, sum(l.measure) AS measure
	FROM span s
		JOIN tiering.migration f ON f.move = s.first
		JOIN tiering.migration l ON l.move = s.last
	WHERE f.from_tier IS DISTINCT FROM l.to_tier
	GROUP BY s.scheme, s.as_of, l.assessed, f.from_tier, l.to_tier
), left_behind AS MATERIALIZED (
	SELECT * FROM tiering.known_distribution(NULL)
), change AS MATERIALIZED (
	SELECT x.scheme, x.as_of, x.assessed, x.tier, sum(x.customers) AS net,
		sum(x.customers) FILTER (WHERE x.customers > 0) AS entered,
		sum(x.measure) FILTER (WHERE x.customers > 0) AS measure
	FROM (SELECT scheme, as_of, assessed, to_tier AS tier, customers, measure FROM moved
		  UNION ALL SELECT scheme, as_of, assessed, from_tier, - customers, NULL FROM moved) x
	WHERE x.tier IS NOT NULL
	GROUP BY x.scheme, x.as_of, x.assessed, x.tier
), step AS (
	SELECT d.scheme, d.as_of, max(d.version) AS version,
		max(max(d.assessment)) OVER (PARTITION BY d.scheme ORDER BY d.as_of) AS assessment
	FROM (SELECT scheme, as_of, version, as_of AS assessment FROM left_behind
		  UNION ALL SELECT scheme, as_of, version, NULL FROM moved) d
	GROUP BY d.scheme, d.as_of
), stayed AS (
	SELECT s.scheme, s.as_of, s.version, t.tier, COALESCE(max(d.customers), 0)
		+ COALESCE(sum(CASE WHEN c.as_of <= s.as_of THEN c.net ELSE - c.net END)
			FILTER (WHERE (c.as_of <= s.as_of) = (s.assessment IS NULL
				OR c.assessed > s.assessment)), 0)
		- COALESCE(sum(c.entered) FILTER (WHERE c.as_of = s.as_of), 0) AS customers,
		max(d.measure) FILTER (WHERE s.assessment = s.as_of)
			- COALESCE(sum(c.measure) FILTER (WHERE c.as_of = s.as_of), 0) AS measure
	FROM step s
		JOIN (SELECT scheme, tier FROM change UNION SELECT scheme, tier FROM left_behind) t
			ON t.scheme = s.scheme
		LEFT JOIN left_behind d ON d.scheme = s.scheme AND d.as_of = s.assessment
			AND d.tier = t.tier
		LEFT JOIN change c ON c.scheme = s.scheme AND c.tier = t.tier
			AND (c.as_of = s.as_of OR (c.as_of <= s.as_of) = (s.assessment IS NULL
				OR c.assessed > s.assessment))
	GROUP BY s.scheme, s.as_of, s.version, t.tier
), cell AS (
	SELECT m.scheme, m.as_of, m.from_tier, m.to_tier, max(m.version) AS version,
		sum(m.customers)::bigint AS customers, sum(m.measure) AS measure
	FROM moved m
	GROUP BY m.scheme, m.as_of, m.from_tier, m.to_tier
	UNION ALL
	SELECT s.scheme, s.as_of, s.tier, s.tier, s.version, s.customers::bigint, s.measure
	FROM stayed s
	WHERE s.customers > 0
), version AS (
	SELECT DISTINCT c.scheme, c.version FROM cell c
), way AS MATERIALIZED (
	SELECT v.scheme, v.version, d.* FROM version v
		CROSS JOIN LATERAL tiering.directions(v.scheme, v.version) d
), name AS MATERIALIZED (
	SELECT v.scheme, v.version, n.* FROM version v
		CROSS JOIN LATERAL tiering.tier_names(v.scheme, v.version) n
)
SELECT c.scheme, c.as_of, c.from_tier, c.to_tier,
	CASE WHEN c.from_tier IS NULL THEN 'new' WHEN c.to_tier IS NULL THEN 'exit'
		ELSE w.direction END AS direction,
	f.rank AS from_rank, t.rank AS to_rank, c.customers, c.measure
FROM cell c
	LEFT JOIN way w ON w.scheme = c.scheme AND w.version = c.version
		AND w.from_tier = c.from_tier AND w.to_tier = c.to_tier
	LEFT JOIN name f ON f.scheme = c.scheme AND f.version = c.version AND f.tier = c.from_tier
	LEFT JOIN name t ON t.scheme = c.scheme AND t.version = c.version AND t.tier = c.to_tier;
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

-- Partitions are by the customer twice: as "C" for the order, which an index has, and
-- as given, which lets a condition on it go below the window.
CREATE VIEW tiering.customer_tier_history AS
SELECT spell.scheme, spell.customer_id, spell.tier, spell.valid,
	spell.from_tier, spell.direction, spell.cause, spell.measure, spell.version, spell.move
FROM (
	SELECT m.scheme, m.customer_id COLLATE "default" AS customer_id, m.to_tier AS tier,
		daterange(m.as_of, lead(m.as_of) OVER customer) AS valid,
		m.from_tier, m.direction, m.cause, m.measure, m.version, m.move
	FROM tiering.standing_move m
	WINDOW customer AS (
		PARTITION BY m.scheme, m.customer_id COLLATE "C", m.customer_id COLLATE "default"
		ORDER BY m.as_of, m.move)) spell
WHERE spell.tier IS NOT NULL AND NOT isempty(spell.valid);
COMMENT ON VIEW tiering.customer_tier_history IS
'The tiers that each customer held, one after the other; those he held for no day, having moved '
'twice at one assessment, are left out';
COMMENT ON COLUMN tiering.customer_tier_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.customer_tier_history.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.customer_tier_history.tier IS 'Tier held';
COMMENT ON COLUMN tiering.customer_tier_history.valid IS
'From the assessment that led into it to the one that led out';
COMMENT ON COLUMN tiering.customer_tier_history.from_tier IS
'The tier before; null if there was none';
COMMENT ON COLUMN tiering.customer_tier_history.direction IS 'How the customer got into it';
COMMENT ON COLUMN tiering.customer_tier_history.cause IS 'Why';
COMMENT ON COLUMN tiering.customer_tier_history.measure IS 'The measure at that move';
COMMENT ON COLUMN tiering.customer_tier_history.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.customer_tier_history.move IS 'Number of the move in migration';

CREATE FUNCTION tiering.tier_distribution_history(scheme text, known_at timestamptz)
RETURNS TABLE (as_of date, version int, tier text, rank int, customers bigint,
	customers_share numeric, measure numeric, measure_share numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT d.as_of, d.version, d.tier, t.rank, d.customers,
		round(d.customers / NULLIF(sum(d.customers) OVER refresh, 0), 6),
		d.measure, round(d.measure / NULLIF(sum(d.measure) OVER refresh, 0), 6)
	FROM tiering.known_distribution(known_at) d
		LEFT JOIN tiering.tier t ON t.scheme = d.scheme AND t.version = d.version
			AND t.tier = d.tier
	WHERE d.scheme = tier_distribution_history.scheme
	WINDOW refresh AS (PARTITION BY d.as_of);
END;
COMMENT ON FUNCTION tiering.tier_distribution_history(text, timestamptz) IS
'What the view of this name showed of a scheme at a time; null: what it shows now';
