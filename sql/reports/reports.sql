/*
 * Views on top of the others: what each tier amounts to with its parts, how many
 * people it takes, who is near a bound, where a tier's members came from.
 */

CREATE VIEW tiering.tier_rollup AS
WITH RECURSIVE part AS (
	-- UNION, so that parents who lead back to themselves end, too
	SELECT d.scheme, d.tier AS top, d.tier FROM tiering.tier_distribution d
	UNION
	SELECT p.scheme, p.top, d.tier
	FROM part p JOIN tiering.tier_distribution d ON d.scheme = p.scheme AND d.parent = p.tier
)
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, d.parent, d.title, d.title_zh,
	count(*)::int AS tiers,
	sum(m.customers)::bigint AS customers,
		round(sum(m.customers) / NULLIF(w.customers, 0), 6) AS customers_share,
	sum(m.measure) AS measure, round(sum(m.measure) / NULLIF(w.measure, 0), 6) AS measure_share
FROM part p
	JOIN tiering.tier_distribution d ON d.scheme = p.scheme AND d.tier = p.top
	JOIN tiering.tier_distribution m ON m.scheme = p.scheme AND m.tier = p.tier
	JOIN (SELECT t.scheme, sum(t.customers) AS customers, sum(t.measure) AS measure
		  FROM tiering.tier_distribution t GROUP BY t.scheme) w ON w.scheme = p.scheme
GROUP BY d.scheme, d.as_of, d.version, d.tier, d.rank, d.parent, d.title, d.title_zh, w.customers,
	w.measure;
COMMENT ON VIEW tiering.tier_rollup IS
'The same as tier_distribution, each tier with all of its parts added up. Those whose parent is '
'null make up the whole';
COMMENT ON COLUMN tiering.tier_rollup.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_rollup.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.tier_rollup.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_rollup.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_rollup.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_rollup.parent IS 'The tier of which it is a part; null at the top';
COMMENT ON COLUMN tiering.tier_rollup.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_rollup.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_rollup.tiers IS 'Of how many tiers it is the sum, itself being one';
COMMENT ON COLUMN tiering.tier_rollup.customers IS 'Customers in it and its parts';
COMMENT ON COLUMN tiering.tier_rollup.customers_share IS 'Their share of the scheme''s customers';
COMMENT ON COLUMN tiering.tier_rollup.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.tier_rollup.measure_share IS 'Its share of the scheme''s total';

CREATE VIEW tiering.pareto AS
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, d.title, d.title_zh, d.customers,
	d.customers_share,
	d.measure, d.measure_share,
	round(sum(d.customers) OVER down / NULLIF(sum(d.customers) OVER scheme, 0),
		6) AS cumulative_customers_share,
	round(sum(d.measure) OVER down / NULLIF(sum(d.measure) OVER scheme, 0),
		6) AS cumulative_measure_share
FROM tiering.tier_distribution d
WINDOW scheme AS (PARTITION BY d.scheme),
	down AS (PARTITION BY d.scheme ORDER BY d.rank DESC NULLS LAST, d.tier
	ROWS UNBOUNDED PRECEDING);
COMMENT ON VIEW tiering.pareto IS
'How much of the measure the best so many of the customers hold: shares added up from the highest '
'tier down, as in "20 % hold 80 %"';
COMMENT ON COLUMN tiering.pareto.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.pareto.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.pareto.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.pareto.tier IS 'Tier';
COMMENT ON COLUMN tiering.pareto.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.pareto.title IS 'Its title';
COMMENT ON COLUMN tiering.pareto.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.pareto.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.pareto.customers_share IS 'Their share of the scheme''s customers';
COMMENT ON COLUMN tiering.pareto.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.pareto.measure_share IS 'Its share of the scheme''s total';
COMMENT ON COLUMN tiering.pareto.cumulative_customers_share IS
'Share of the customers who are in this tier or a higher one';
COMMENT ON COLUMN tiering.pareto.cumulative_measure_share IS 'Share of the measure that these hold';

CREATE VIEW tiering.staffing AS
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, d.parent, d.title, d.title_zh, s.channel,
	s.channel_zh,
	d.customers, lower(s.customers_per_manager) AS customers_per_manager_from,
	upper(s.customers_per_manager) - 1 AS customers_per_manager_to,
	ceil(d.customers / (upper(s.customers_per_manager) - 1)::numeric)::bigint AS managers_from,
	ceil(d.customers / lower(s.customers_per_manager)::numeric)::bigint AS managers_to,
	s.benefits, s.benefits_zh
FROM tiering.tier_distribution d
	LEFT JOIN tiering.service s ON s.scheme = d.scheme AND s.version = d.version
		AND s.tier = d.tier;
COMMENT ON VIEW tiering.staffing IS
'How each tier is served, and how many relationship managers that takes at both ends of the range';
COMMENT ON COLUMN tiering.staffing.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.staffing.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.staffing.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.staffing.tier IS 'Tier';
COMMENT ON COLUMN tiering.staffing.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.staffing.parent IS 'The tier of which it is a part';
COMMENT ON COLUMN tiering.staffing.title IS 'Its title';
COMMENT ON COLUMN tiering.staffing.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.staffing.channel IS 'Where and by whom its customers are served';
COMMENT ON COLUMN tiering.staffing.channel_zh IS 'The same in Chinese';
COMMENT ON COLUMN tiering.staffing.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.staffing.customers_per_manager_from IS
'Customers of one relationship manager, at least; null where they have none';
COMMENT ON COLUMN tiering.staffing.customers_per_manager_to IS 'The same, at most';
COMMENT ON COLUMN tiering.staffing.managers_from IS
'Managers needed if each looks after as many as possible';
COMMENT ON COLUMN tiering.staffing.managers_to IS
'Managers needed if each looks after as few as possible';
COMMENT ON COLUMN tiering.staffing.benefits IS 'What its customers get, or the strategy for them';
COMMENT ON COLUMN tiering.staffing.benefits_zh IS 'The same in Chinese';

-- The rules that look at the measure alone. One that looks at other metrics, too,
-- says nothing of a customer of whom the measure only is kept.
CREATE VIEW tiering.measure_bound AS
SELECT t.scheme, t.version, t.tier, t.rank, t.measure, lower(r.bounds) AS bound, r.bounds
FROM (SELECT r.scheme, r.version, r.tier, t.rank, m.metric AS measure, range_agg(r.bounds) AS ranges
	  FROM tiering.rule r
		JOIN tiering.metric m
			ON m.scheme = r.scheme AND m.version = r.version AND m.metric = r.metric
				AND m.is_measure
		JOIN tiering.tier t ON t.scheme = r.scheme AND t.version = r.version AND t.tier = r.tier
	  WHERE NOT r.stay AND NOT EXISTS (
		SELECT FROM tiering.rule o
		WHERE o.scheme = r.scheme AND o.version = r.version AND o.tier = r.tier AND o.rule = r.rule
			AND o.metric <> r.metric)
	  GROUP BY r.scheme, r.version, r.tier, t.rank, m.metric) t,
	LATERAL unnest(t.ranges) AS r(bounds)
WHERE NOT lower_inf(r.bounds);
COMMENT ON VIEW tiering.measure_bound IS
'From which value of the measure on a customer is in a tier, whatever his other metrics are, '
'unless a higher one takes him: a row for each stretch of values that rules on the measure alone '
'take';
COMMENT ON COLUMN tiering.measure_bound.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.measure_bound.version IS 'Its edition';
COMMENT ON COLUMN tiering.measure_bound.tier IS 'Tier';
COMMENT ON COLUMN tiering.measure_bound.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.measure_bound.measure IS 'The metric that is the measure';
COMMENT ON COLUMN tiering.measure_bound.bound IS 'The lower bound';
COMMENT ON COLUMN tiering.measure_bound.bounds IS
'Both bounds, which say whether they are included';

-- A candidate is next for the measures below its bounds but not below those of a
-- lower one. Materialized, and joined by equality, so that whatever a report joins
-- to these views, and however little is known of the tables, it is worked out once.
-- So is what to hold, by the function itself; OFFSET 0 has it asked once a row, for
-- both columns, and not at all if neither is selected.
CREATE VIEW tiering.near_upgrade AS
WITH candidate AS (
	SELECT t.scheme, t.version, t.tier, t.rank, b.tier AS next_tier, b.rank AS next_rank, b.measure,
		b.bound,
		numrange(NULL, b.bound, CASE WHEN lower_inc(b.bounds) THEN '()' ELSE '(]' END) AS below
	FROM tiering.tier t
		JOIN tiering.measure_bound b ON b.scheme = t.scheme AND b.version = t.version
			AND b.rank > t.rank
), next AS MATERIALIZED (
	SELECT c.scheme, c.version, c.tier, c.next_tier, c.measure, c.bound, upper_inc(c.below) AS pass,
		nummultirange(c.below) - COALESCE(range_agg(c.below) OVER lower_ones, '{}') AS measures,
		s.key, o.refreshed_as_of
	FROM candidate c
		LEFT JOIN tiering.series_source s ON s.scheme = c.scheme
		LEFT JOIN tiering.source o ON o.scheme = c.scheme
	WINDOW lower_ones AS (PARTITION BY c.scheme, c.version, c.tier ORDER BY c.next_rank, c.bound,
		c.next_tier
		ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT a.scheme, a.customer_id COLLATE "default" AS customer_id, a.tier, n.next_tier,
	n.measure AS metric, a.measure, n.bound,
	n.bound - a.measure AS distance,
		round(100 * (n.bound - a.measure) / NULLIF(abs(n.bound), 0), 4) AS distance_percent,
	a.since, a.as_of, a.version, (h.held).balance AS balance_to_hold, (h.held).until AS hold_until
FROM tiering.assignment a
	JOIN next n ON n.scheme = a.scheme AND n.version = a.version AND n.tier = a.tier
		AND n.measures @> a.measure
	CROSS JOIN LATERAL (
		SELECT tiering.balance_to_hold(n.key, n.refreshed_as_of, a.customer_id, n.bound,
			n.pass) AS held OFFSET 0) h;
COMMENT ON VIEW tiering.near_upgrade IS
'How far each customer is from the next higher tier, as far as the measure goes; those who are '
'near: WHERE distance_percent <= 10. Who is in a tier by hand or by a policy although his measure '
'leads further is told the one above that';
COMMENT ON COLUMN tiering.near_upgrade.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.near_upgrade.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.near_upgrade.tier IS 'The tier that the customer holds';
COMMENT ON COLUMN tiering.near_upgrade.next_tier IS
'The lowest tier above it into which a higher measure alone leads';
COMMENT ON COLUMN tiering.near_upgrade.metric IS 'The metric that is the measure';
COMMENT ON COLUMN tiering.near_upgrade.measure IS 'The customer''s measure';
COMMENT ON COLUMN tiering.near_upgrade.bound IS
'What it takes, or what has to be passed if the rule leaves the bound out';
COMMENT ON COLUMN tiering.near_upgrade.distance IS
'By how much it has to rise, in its unit; 0 on a bound that is left out';
COMMENT ON COLUMN tiering.near_upgrade.distance_percent IS
'The same in per cent of the bound; null if that is 0';
COMMENT ON COLUMN tiering.near_upgrade.since IS
'The assessment from which on the customer holds the tier';
COMMENT ON COLUMN tiering.near_upgrade.as_of IS
'The last assessment that changed the customer''s row';
COMMENT ON COLUMN tiering.near_upgrade.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.near_upgrade.balance_to_hold IS
'The least balance that brings the next assessment''s average to the bound, or above one that is '
'left out, if it stands from the day after the last refresh until hold_until; null where '
'set_series() bound no series, the customer has none, or no day is left. 0 or less if nothing '
'needs to be held';
COMMENT ON COLUMN tiering.near_upgrade.hold_until IS
'The last day of the next assessment''s period';

CREATE VIEW tiering.near_downgrade AS
WITH b AS MATERIALIZED (
	SELECT * FROM tiering.measure_bound
), fall AS MATERIALIZED (
	-- just below the bound, the highest lower tier that takes it there, or the base
	SELECT DISTINCT ON (b.scheme, b.version, b.tier, b.bounds)
		b.scheme, b.version, b.tier, l.tier AS next_tier, b.measure, b.bound, b.bounds,
		b.bound = min(b.bound) OVER (PARTITION BY b.scheme, b.version, b.tier) AS lowest
	FROM b
		LEFT JOIN (SELECT scheme, version, tier, rank, bounds FROM b
				   UNION ALL SELECT scheme, version, tier, rank, numrange(NULL, NULL)
				   	FROM tiering.tier WHERE base) l
			ON l.scheme = b.scheme AND l.version = b.version AND l.rank < b.rank
				AND (lower_inf(l.bounds) OR lower(l.bounds) < b.bound)
				AND (upper_inf(l.bounds) OR upper(l.bounds) >= b.bound)
	ORDER BY b.scheme, b.version, b.tier, b.bounds, l.rank DESC, l.bounds DESC, l.tier
)
SELECT a.scheme, a.customer_id COLLATE "default" AS customer_id, a.tier,
	CASE WHEN a.watched THEN a.next_tier ELSE n.next_tier END AS next_tier,
	n.measure AS metric, a.measure, n.bound,
	a.measure - n.bound AS distance,
		round(100 * (a.measure - n.bound) / NULLIF(abs(n.bound), 0), 4) AS distance_percent,
	a.since, a.as_of, a.version, a.watched, a.misses,
		CASE WHEN a.watched THEN a.next_review END AS falls_on
FROM (SELECT a.*, a.next_review IS NOT NULL AND (a.next_tier IS NULL OR l.rank < t.rank)
			AND a.misses >= COALESCE(p.watch_after, 0) AS watched
	  FROM tiering.assignment a
		LEFT JOIN tiering.policy p ON p.scheme = a.scheme AND p.version = a.version
			AND p.tier = CASE WHEN a.policy_since IS NULL THEN a.tier ELSE a.policy_tier END
		LEFT JOIN tiering.tier t ON t.scheme = a.scheme AND t.version = a.version
			AND t.tier = a.tier
		LEFT JOIN tiering.tier l ON l.scheme = a.scheme AND l.version = a.version
			AND l.tier = a.next_tier) a
	LEFT JOIN fall n ON n.scheme = a.scheme AND n.version = a.version AND n.tier = a.tier
		AND CASE WHEN a.watched THEN n.lowest ELSE n.bounds @> a.measure END
WHERE a.watched OR n.tier IS NOT NULL;
COMMENT ON VIEW tiering.near_downgrade IS
'The watch list: who is below what his tier takes and will fall, by its policy and on which day '
'(WHERE watched), and how far all others are above its bound (WHERE distance_percent <= 10), as '
'far as the measure goes: who is in the tier for another reason as well stays; who is in it for '
'another reason only is not here';
COMMENT ON COLUMN tiering.near_downgrade.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.near_downgrade.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.near_downgrade.tier IS 'The tier that the customer holds';
COMMENT ON COLUMN tiering.near_downgrade.next_tier IS
'The tier into which the customer will fall, or in which the measure would leave him just '
	'below the bound; null if in none';
COMMENT ON COLUMN tiering.near_downgrade.watched IS
'Whether they earn less than they hold, and have missed it often enough; see '
	'policy.watch_after';
COMMENT ON COLUMN tiering.near_downgrade.misses IS 'Misses in a row that count already';
COMMENT ON COLUMN tiering.near_downgrade.falls_on IS
'The assessment at which he falls if he goes on to earn what he earned last';
COMMENT ON COLUMN tiering.near_downgrade.metric IS 'The metric that is the measure';
COMMENT ON COLUMN tiering.near_downgrade.measure IS 'The customer''s measure';
COMMENT ON COLUMN tiering.near_downgrade.bound IS 'The bound of the tier that he holds';
COMMENT ON COLUMN tiering.near_downgrade.distance IS
'By how much the measure is above it, in its unit; below 0 on the watch list';
COMMENT ON COLUMN tiering.near_downgrade.distance_percent IS
'The same in per cent of the bound; null if that is 0';
COMMENT ON COLUMN tiering.near_downgrade.since IS
'The assessment from which on the customer holds the tier';
COMMENT ON COLUMN tiering.near_downgrade.as_of IS
'The last assessment that changed the customer''s row';
COMMENT ON COLUMN tiering.near_downgrade.version IS 'The version of the scheme that graded';

CREATE VIEW tiering.tier_origin AS
WITH span AS (
	-- from a customer's last entry into the bank on
	SELECT a.scheme, a.customer_id, a.tier, a.version, a.measure,
		-- moves are in the order of their dates and then of their numbers
		(max(ARRAY[m.as_of - date '2000-01-01', m.move])
		FILTER (WHERE m.direction = 'new'))[2] AS first,
		(max(ARRAY[m.as_of - date '2000-01-01', m.move]))[2] AS last
	FROM tiering.assignment a
		JOIN tiering.standing_move m ON m.scheme = a.scheme AND m.customer_id = a.customer_id
	GROUP BY a.scheme, a.customer_id, a.tier, a.version, a.measure
), way AS MATERIALIZED (
	SELECT v.scheme, v.version, d.*
	FROM (SELECT DISTINCT a.scheme, a.version FROM tiering.assignment a) v
		CROSS JOIN LATERAL tiering.directions(v.scheme, v.version) d
), member AS (
	SELECT s.scheme, s.tier, s.measure, l.direction, w.direction = 'up' AS began_below
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
	round(count(*) FILTER (WHERE m.began_below) / NULLIF(count(m.tier), 0)::numeric,
		6) AS grown_up_share
FROM tiering.tier_distribution d
	LEFT JOIN member m ON m.scheme = d.scheme AND m.tier = d.tier
GROUP BY d.scheme, d.as_of, d.version, d.tier, d.rank, d.title, d.title_zh;
COMMENT ON VIEW tiering.tier_origin IS
'Where the members of each tier came from: how they entered it, and whether they began as '
'customers in a lower one';
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
