/*
 * Views for reporting tools. Shares are fractions of 1, rounded to 6 decimals.
 * A view runs with its owner's rights: SELECT on it is all that a report needs.
 */

-- Tables have customer_id as "C", whose indexes survive an upgrade of the system's
-- locales; views give it in the default collation, so that a join to the bank's tables
-- uses the bank's indexes. Who asks a view for one customer compares by the default
-- collation, too, for which an index that collates as "C" is none. These are: equality is
-- that of the bytes in both, and so is a hash, whatever becomes of the locale's order.
CREATE INDEX assignment_by_customer ON tiering.assignment
	USING hash (customer_id COLLATE "default");
CREATE INDEX migration_by_customer ON tiering.migration
	USING hash (customer_id COLLATE "default");
CREATE INDEX request_by_customer ON tiering.request
	USING hash (customer_id COLLATE "default");
COMMENT ON INDEX tiering.assignment_by_customer IS 'For views that are asked for one customer';
COMMENT ON INDEX tiering.migration_by_customer IS 'For views that are asked for one customer';
COMMENT ON INDEX tiering.request_by_customer IS 'For views that are asked for one customer';

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
		FULL JOIN (SELECT scheme, max(version) AS version, max(as_of) AS as_of FROM held GROUP BY scheme) h
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
	round(CASE WHEN h.tier IS NULL THEN 0 ELSE h.measure END / NULLIF(sum(h.measure) OVER scheme, 0), 6) AS measure_share
FROM held h FULL JOIN listed l USING (scheme, tier) JOIN graded g USING (scheme)
WINDOW scheme AS (PARTITION BY g.scheme);
COMMENT ON VIEW tiering.tier_distribution IS
'How many customers, with how much of the measure, each tier of each scheme holds now; empty tiers have a row, too';
COMMENT ON COLUMN tiering.tier_distribution.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_distribution.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.tier_distribution.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_distribution.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_distribution.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_distribution.parent IS 'The tier of which it is a part';
COMMENT ON COLUMN tiering.tier_distribution.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_distribution.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_distribution.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.tier_distribution.customers_share IS 'Their share of the scheme''s customers';
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
'The same as tier_distribution for the date of every refresh, as it was then and with what was restated since; the function of this name tells it as known at a time';
COMMENT ON COLUMN tiering.tier_distribution_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_distribution_history.as_of IS 'Date of the refresh';
COMMENT ON COLUMN tiering.tier_distribution_history.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_distribution_history.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_distribution_history.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_distribution_history.parent IS 'The tier of which it is a part';
COMMENT ON COLUMN tiering.tier_distribution_history.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_distribution_history.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_distribution_history.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.tier_distribution_history.customers_share IS 'Their share of the customers of that date';
COMMENT ON COLUMN tiering.tier_distribution_history.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.tier_distribution_history.measure_share IS 'Its share of the total of that date';

-- Several moves of one customer at one assessment, such as a repeated refresh
-- with corrected data makes, count as one from where he was before it.
--
-- Who stayed is not recorded. Their number follows from the moves alone: those
-- whom earlier moves had led into the tier, less those who left it now. Their
-- measure follows from what the refresh left in the tier, less those who did
-- not stay: "graded" is where the refresh had them before a later change by hand
-- or decision.
CREATE VIEW tiering.migration_matrix AS
WITH span AS (
	SELECT m.scheme, m.as_of, min(m.move) AS first, max(m.move) AS last,
		max(m.move) FILTER (WHERE b.kind IN ('refresh', 'restatement')) AS last_graded
	FROM tiering.standing_move m
		JOIN tiering.batch b ON b.scheme = m.scheme AND b.batch = m.batch
	GROUP BY m.scheme, m.as_of, m.customer_id COLLATE "C"
), net AS (
	SELECT s.scheme, s.as_of, f.from_tier, l.to_tier,
		CASE WHEN g.move IS NULL THEN f.from_tier ELSE g.to_tier END AS graded, l.version, l.measure
	FROM span s
		JOIN tiering.migration f ON f.move = s.first
		JOIN tiering.migration l ON l.move = s.last
		LEFT JOIN tiering.migration g ON g.move = s.last_graded
), moved AS (
	SELECT n.scheme, n.as_of, n.from_tier, n.to_tier, max(n.version) AS version,
		count(*) AS customers, sum(n.measure) AS measure
	FROM net n
	WHERE n.from_tier IS DISTINCT FROM n.to_tier
	GROUP BY n.scheme, n.as_of, n.from_tier, n.to_tier
), not_stayed AS (
	-- measure that the refresh left in a tier and that is not of those who
	-- stayed, and of those who stayed after all elsewhere
	SELECT x.scheme, x.as_of, x.tier, sum(x.measure) AS measure
	FROM (SELECT n.scheme, n.as_of, n.graded AS tier, n.measure FROM net n
		  UNION ALL
		  SELECT n.scheme, n.as_of, n.from_tier, - n.measure FROM net n
		  WHERE n.from_tier = n.to_tier) x
	WHERE x.tier IS NOT NULL
	GROUP BY x.scheme, x.as_of, x.tier
), step AS (
	SELECT d.scheme, d.as_of, max(d.version) AS version
	FROM (SELECT scheme, as_of, version FROM tiering.known_distribution(NULL)
		  UNION ALL SELECT scheme, as_of, version FROM moved) d
	GROUP BY d.scheme, d.as_of
), change AS (
	SELECT x.scheme, x.as_of, x.tier, sum(x.entered - x.gone) AS net, sum(x.gone) AS gone
	FROM (SELECT scheme, as_of, to_tier AS tier, customers AS entered, 0 AS gone FROM moved
		  UNION ALL SELECT scheme, as_of, from_tier, 0, customers FROM moved) x
	WHERE x.tier IS NOT NULL
	GROUP BY x.scheme, x.as_of, x.tier
), stayed AS (
	SELECT s.scheme, s.as_of, s.version, t.tier,
		COALESCE(sum(c.net) OVER earlier, 0) - COALESCE(c.gone, 0) AS customers
	FROM step s
		JOIN (SELECT DISTINCT scheme, tier FROM change) t ON t.scheme = s.scheme
		LEFT JOIN change c ON c.scheme = s.scheme AND c.as_of = s.as_of AND c.tier = t.tier
	WINDOW earlier AS (PARTITION BY s.scheme, t.tier ORDER BY s.as_of
		ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), cell AS (
	SELECT m.scheme, m.as_of, m.from_tier, m.to_tier, m.version, m.customers, m.measure
	FROM moved m
	UNION ALL
	SELECT s.scheme, s.as_of, s.tier, s.tier, s.version, s.customers::bigint,
		d.measure - COALESCE(n.measure, 0)
	FROM stayed s
		LEFT JOIN tiering.known_distribution(NULL) d
			ON d.scheme = s.scheme AND d.as_of = s.as_of AND d.tier = s.tier
		LEFT JOIN not_stayed n ON n.scheme = s.scheme AND n.as_of = s.as_of AND n.tier = s.tier
	WHERE s.customers > 0
)
SELECT c.scheme, c.as_of, c.from_tier, c.to_tier,
	CASE WHEN c.from_tier IS NULL THEN 'new'
		WHEN c.to_tier IS NULL THEN 'exit'
		WHEN c.from_tier = c.to_tier THEN 'stayed'
		WHEN t.rank > f.rank THEN 'up'
		WHEN t.rank < f.rank THEN 'down'
		ELSE 'lateral' END AS direction,
	f.rank AS from_rank, t.rank AS to_rank, c.customers, c.measure
FROM cell c
	-- a tier that the version no longer has ranks as in the last that had it
	LEFT JOIN LATERAL (
		SELECT r.rank FROM tiering.tier r
		WHERE r.scheme = c.scheme AND r.tier = c.from_tier AND r.version <= c.version
		ORDER BY r.version DESC LIMIT 1) f ON true
	LEFT JOIN LATERAL (
		SELECT r.rank FROM tiering.tier r
		WHERE r.scheme = c.scheme AND r.tier = c.to_tier AND r.version <= c.version
		ORDER BY r.version DESC LIMIT 1) t ON true;
COMMENT ON VIEW tiering.migration_matrix IS
'Between which tiers customers moved at each assessment, in heads and in the measure; those who stayed are there, too. One row for each as_of, from_tier and to_tier: several moves of a customer at one assessment count as one';
COMMENT ON COLUMN tiering.migration_matrix.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.migration_matrix.as_of IS 'Date of the assessment';
COMMENT ON COLUMN tiering.migration_matrix.from_tier IS 'Tier before; null for new customers';
COMMENT ON COLUMN tiering.migration_matrix.to_tier IS 'Tier after; null for those who left';
COMMENT ON COLUMN tiering.migration_matrix.direction IS 'new, up, down, lateral, exit or stayed';
COMMENT ON COLUMN tiering.migration_matrix.from_rank IS 'Rank of from_tier, higher being better';
COMMENT ON COLUMN tiering.migration_matrix.to_rank IS 'Rank of to_tier';
COMMENT ON COLUMN tiering.migration_matrix.customers IS 'Customers';
COMMENT ON COLUMN tiering.migration_matrix.measure IS
'Total of their measure: of those who moved at the move, of those who left the last one known, of those who stayed what the refresh of that date left, null if there was none';

CREATE VIEW tiering.migration_summary AS
SELECT counted.*,
	round((stayed + up + down + lateral_moves)::numeric
		/ NULLIF(stayed + up + down + lateral_moves + exit, 0), 6) AS retention
FROM (
	SELECT m.scheme, m.as_of,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'new'), 0)::bigint AS new,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'up'), 0)::bigint AS up,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'down'), 0)::bigint AS down,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'lateral'), 0)::bigint AS lateral_moves,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'exit'), 0)::bigint AS exit,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'stayed'), 0)::bigint AS stayed
	FROM tiering.migration_matrix m
	GROUP BY m.scheme, m.as_of) counted;
COMMENT ON VIEW tiering.migration_summary IS 'A row for each assessment: how many customers moved, and which way';
COMMENT ON COLUMN tiering.migration_summary.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.migration_summary.as_of IS 'Date of the assessment';
COMMENT ON COLUMN tiering.migration_summary.new IS 'Customers who were not graded before';
COMMENT ON COLUMN tiering.migration_summary.up IS 'Customers who rose';
COMMENT ON COLUMN tiering.migration_summary.down IS 'Customers who fell';
COMMENT ON COLUMN tiering.migration_summary.lateral_moves IS 'Customers who went to another tier of the same rank';
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
'The tiers that each customer held, one after the other; those he held for no day, having moved twice at one assessment, are left out';
COMMENT ON COLUMN tiering.customer_tier_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.customer_tier_history.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.customer_tier_history.tier IS 'Tier held';
COMMENT ON COLUMN tiering.customer_tier_history.valid IS 'From the assessment that led into it to the one that led out';
COMMENT ON COLUMN tiering.customer_tier_history.from_tier IS 'The tier before; null if there was none';
COMMENT ON COLUMN tiering.customer_tier_history.direction IS 'How the customer got into it';
COMMENT ON COLUMN tiering.customer_tier_history.cause IS 'Why';
COMMENT ON COLUMN tiering.customer_tier_history.measure IS 'The measure at that move';
COMMENT ON COLUMN tiering.customer_tier_history.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.customer_tier_history.move IS 'Number of the move in migration';

CREATE FUNCTION tiering.tier_distribution_history(scheme text, known_at timestamptz)
RETURNS TABLE (as_of date, version int, tier text, rank int, customers bigint, customers_share numeric, measure numeric, measure_share numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT d.as_of, d.version, d.tier, t.rank, d.customers, round(d.customers / NULLIF(sum(d.customers) OVER refresh, 0), 6),
		d.measure, round(d.measure / NULLIF(sum(d.measure) OVER refresh, 0), 6)
	FROM tiering.known_distribution(known_at) d
		LEFT JOIN tiering.tier t ON t.scheme = d.scheme AND t.version = d.version AND t.tier = d.tier
	WHERE d.scheme = tier_distribution_history.scheme
	WINDOW refresh AS (PARTITION BY d.as_of);
END;
COMMENT ON FUNCTION tiering.tier_distribution_history(text, timestamptz) IS
'What the view of this name showed of a scheme at a time; null: what it shows now';
