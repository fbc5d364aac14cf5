/*
 * The tiers of each customer, one after the other, and where a tier's customers came from.
 */

-- Partitions are by the customer twice: as "C" for the order, which an index has, and
-- as given, which lets a condition on it go below the window.
CREATE VIEW tiering.customer_tier_history AS
SELECT spell.scheme, spell.customer_id, spell.tier, t.rank, lower(spell.valid) AS valid_from,
	upper(spell.valid) AS valid_to, spell.valid, spell.from_tier, spell.direction, spell.cause,
	spell.measure::numeric(38,2) AS measure, spell.version, spell.move
FROM (
	SELECT m.scheme, m.customer_id COLLATE "default" AS customer_id, m.to_tier AS tier,
		daterange(m.as_of, lead(m.as_of) OVER customer) AS valid,
		m.from_tier, m.direction, m.cause, m.measure, m.version, m.move
	FROM tiering.standing_move m
	WINDOW customer AS (
		PARTITION BY m.scheme, m.customer_id COLLATE "C", m.customer_id COLLATE "default"
		ORDER BY m.as_of, m.move)) spell
	LEFT JOIN tiering.tier t ON t.scheme = spell.scheme AND t.version = spell.version
		AND t.tier = spell.tier
WHERE spell.tier IS NOT NULL AND NOT isempty(spell.valid);
COMMENT ON VIEW tiering.customer_tier_history IS
'The tiers of each customer, one after the other. A tier in which they were for no day, as they '
'moved twice at one assessment, is left out. A customer who has changed their number is there '
'under each, up to the day and from it on; customer_alias tells which is which';
COMMENT ON COLUMN tiering.customer_tier_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.customer_tier_history.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.customer_tier_history.tier IS 'Tier';
COMMENT ON COLUMN tiering.customer_tier_history.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.customer_tier_history.valid_from IS 'The first day in it';
COMMENT ON COLUMN tiering.customer_tier_history.valid_to IS
'The first day not in it any more; null while they are in it';
COMMENT ON COLUMN tiering.customer_tier_history.valid IS
'The days in it, as a range: from the assessment that led into it to the one that led out';
COMMENT ON COLUMN tiering.customer_tier_history.from_tier IS
'The tier before; null if there was none';
COMMENT ON COLUMN tiering.customer_tier_history.direction IS
'How the customer got into it; merge: with another number, from which it was taken over; merged: '
'from one who became one with them';
COMMENT ON COLUMN tiering.customer_tier_history.cause IS 'Why they did; see migration';
COMMENT ON COLUMN tiering.customer_tier_history.measure IS 'The measure at that move';
COMMENT ON COLUMN tiering.customer_tier_history.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.customer_tier_history.move IS 'Number of the move in migration';

CREATE VIEW tiering.tier_origin AS
WITH merged AS MATERIALIZED (
	-- whose moves are those of another customer, or of nobody any more
	SELECT o.scheme, w.customer_id COLLATE "C" AS customer_id, w.own,
		w.becomes COLLATE "C" AS becomes, w.leads
	FROM tiering.scheme o CROSS JOIN LATERAL _tiering.merged(o.scheme, NULL) w
	WHERE upper_inf(w.days)
), span AS (
	-- from a customer's last entry into the bank on
	SELECT a.scheme, a.customer_id, a.tier, a.version,
		-- moves are in the order of their dates and then of their numbers
		(max(ARRAY[m.as_of - date '2000-01-01', m.move])
		FILTER (WHERE m.direction = 'new'))[2] AS first,
		(max(ARRAY[m.as_of - date '2000-01-01', m.move]))[2] AS last
	FROM tiering.assignment a
		JOIN (
			SELECT x.scheme, COALESCE(w.becomes, x.customer_id) AS customer_id, x.as_of, x.move,
				x.direction
			FROM (SELECT y.scheme, COALESCE(f.now_id, y.customer_id) AS customer_id, y.as_of,
					y.move, y.direction
				  FROM tiering.standing_move y
					LEFT JOIN tiering.former_number f ON f.scheme = y.scheme
						AND f.customer_id = y.customer_id
				  WHERE y.direction NOT IN ('merge', 'merged')) x
				LEFT JOIN merged w ON w.scheme = x.scheme AND w.customer_id = x.customer_id
					AND w.own @> x.as_of
			WHERE COALESCE(w.leads, true)) m
			ON m.scheme = a.scheme AND m.customer_id = a.customer_id
	GROUP BY a.scheme, a.customer_id, a.tier, a.version
), way AS MATERIALIZED (
	SELECT v.scheme, v.version, d.*
	FROM (SELECT DISTINCT a.scheme, a.version FROM tiering.assignment a) v
		CROSS JOIN LATERAL _tiering.directions(v.scheme, v.version) d
), member AS (
	SELECT s.scheme, s.tier, l.direction, w.direction = 'up' AS began_below
	FROM span s
		JOIN tiering.migration f ON f.move = s.first
		JOIN tiering.migration l ON l.move = s.last
		LEFT JOIN way w ON w.scheme = s.scheme AND w.version = s.version
			AND w.from_tier = f.to_tier AND w.to_tier = s.tier
)
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, d.title, d.title_zh,
	count(m.tier) AS customers,
	count(*) FILTER (WHERE m.direction = 'up') AS from_below,
	count(*) FILTER (WHERE m.direction = 'down') AS from_above,
	count(*) FILTER (WHERE m.direction = 'lateral') AS from_beside,
	count(*) FILTER (WHERE m.direction = 'new') AS as_new,
	count(*) FILTER (WHERE m.began_below) AS grown_up,
	(count(*) FILTER (WHERE m.began_below) / NULLIF(count(m.tier), 0)::numeric)::numeric(7,6)
		AS grown_up_share
FROM tiering.tier_distribution d
	LEFT JOIN member m ON m.scheme = d.scheme AND m.tier = d.tier
GROUP BY d.scheme, d.as_of, d.version, d.tier, d.rank, d.title, d.title_zh;
COMMENT ON VIEW tiering.tier_origin IS
'Where the members of each tier came from: how they entered it, and whether they began as '
'customers in a lower one. Of customers who became one, they are those of the one whose tier was '
'kept';
COMMENT ON COLUMN tiering.tier_origin.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_origin.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.tier_origin.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_origin.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_origin.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_origin.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_origin.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_origin.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.tier_origin.from_below IS 'Those whose last move led up into it';
COMMENT ON COLUMN tiering.tier_origin.from_above IS 'Those whose last move led down into it';
COMMENT ON COLUMN tiering.tier_origin.from_beside IS
'Those who came from another tier of the same rank';
COMMENT ON COLUMN tiering.tier_origin.as_new IS
'Those who entered it as new customers and never moved since';
COMMENT ON COLUMN tiering.tier_origin.grown_up IS
'Those whose first tier as customers ranked below it, by whatever way they came here';
COMMENT ON COLUMN tiering.tier_origin.grown_up_share IS 'Their share of its members';
