/*
 * Who is near a bound: how far each customer is from the next tier, and from losing the
 * one that they are in.
 *
 * What is missing to the next tier shortfall() knows. Where the measure alone tells the same,
 * near_upgrade goes by the one that is kept, which takes no source: by_measure() says where.
 */

-- One that looks at other metrics, too, says nothing of a customer of whom the measure only is
-- kept.
CREATE VIEW _tiering.measure_rule AS
SELECT r.scheme, r.version, r.tier, t.rank, m.metric AS measure, m.period, r.bounds, r.stay
FROM tiering.rule r
	JOIN tiering.metric m
		ON m.scheme = r.scheme AND m.version = r.version AND m.metric = r.metric AND m.is_measure
	JOIN tiering.tier t ON t.scheme = r.scheme AND t.version = r.version AND t.tier = r.tier
WHERE NOT EXISTS (
	SELECT FROM tiering.rule o
	WHERE o.scheme = r.scheme AND o.version = r.version AND o.tier = r.tier AND o.rule = r.rule
		AND o.metric <> r.metric);
COMMENT ON VIEW _tiering.measure_rule IS 'The rules that look at the measure alone';

CREATE VIEW tiering.measure_bound AS
SELECT t.scheme, t.version, t.tier, t.rank, t.measure, lower(r.bounds)::numeric(38,2) AS bound,
	upper(r.bounds)::numeric(38,2) AS upper_bound, r.bounds, NULLIF(t.period, '') AS period
FROM (SELECT m.scheme, m.version, m.tier, m.rank, m.measure, m.period,
		range_agg(m.bounds) AS ranges
	  FROM _tiering.measure_rule m
	  WHERE NOT m.stay
	  GROUP BY m.scheme, m.version, m.tier, m.rank, m.measure, m.period) t,
	LATERAL unnest(t.ranges) AS r(bounds)
WHERE NOT lower_inf(r.bounds);
COMMENT ON VIEW tiering.measure_bound IS
'From which value of the measure on a customer is in a tier, whatever their other metrics are. A '
'row for each range of values that rules on the measure alone take, unless a higher tier takes '
'the customer';
COMMENT ON COLUMN tiering.measure_bound.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.measure_bound.version IS 'Its edition';
COMMENT ON COLUMN tiering.measure_bound.tier IS 'Tier';
COMMENT ON COLUMN tiering.measure_bound.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.measure_bound.measure IS 'The metric that is the measure';
COMMENT ON COLUMN tiering.measure_bound.bound IS 'The lower bound, to 2 decimals';
COMMENT ON COLUMN tiering.measure_bound.upper_bound IS
'The upper bound, to 2 decimals; null if there is none';
COMMENT ON COLUMN tiering.measure_bound.bounds IS
'Both bounds with all digits, as a range, which says whether they are included';
COMMENT ON COLUMN tiering.measure_bound.period IS 'Of which days the measure is, as metric.period';

CREATE FUNCTION _tiering.at_least(amount numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN round(ceil(100 * amount) / 100, 2);
COMMENT ON FUNCTION _tiering.at_least(numeric) IS
'An amount in the scale of money that is not less than one of more digits: who holds it holds '
'enough';

CREATE FUNCTION _tiering.percent_of(distance numeric, bound numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN 100 * distance / NULLIF(abs(bound), 0);
COMMENT ON FUNCTION _tiering.percent_of(numeric, numeric) IS
'How far it is to a bound, in per cent of that; null if that is 0';

-- Where all rules look at the measure alone, each rank takes what is above one bound, and the
-- higher the rank the higher that is, bounds tell what shortfall() does: who is to rise has one
-- way. A base tier takes everything. What is only for staying leads nowhere.
CREATE FUNCTION _tiering.by_measure(scheme text, version int) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN COALESCE(bool_and(w.advised AND w.taken = nummultirange(numrange(lower(w.bounds), NULL,
		CASE WHEN lower_inc(w.bounds) THEN '[)' ELSE '()' END))), true)
	FROM (
		SELECT b.bounds, b.advised, range_agg(b.bounds) OVER (ORDER BY b.rank DESC) AS taken
		FROM (SELECT t.rank, r.bounds,
				m.is_measure AND m.actionable AND NOT lower_inf(r.bounds) AS advised
			  FROM tiering.rule r
				JOIN tiering.metric m ON m.scheme = r.scheme AND m.version = r.version
					AND m.metric = r.metric
				JOIN tiering.tier t ON t.scheme = r.scheme AND t.version = r.version
					AND t.tier = r.tier
			  WHERE r.scheme = by_measure.scheme COLLATE "C"
				AND r.version = by_measure.version AND NOT r.stay
			  UNION ALL
			  SELECT t.rank, numrange(NULL, NULL), true FROM tiering.tier t
			  WHERE t.scheme = by_measure.scheme COLLATE "C" AND t.version = by_measure.version
				AND t.base) b) w;
END;
$$;
COMMENT ON FUNCTION _tiering.by_measure(text, int) IS
'Whether the measure alone says what shortfall() tells of the customers of a version, so that '
'near_upgrade goes by the one that is kept';

CREATE VIEW _tiering.near_version AS
SELECT o.scheme, v.version, o.refreshed_as_of, s.key,
	_tiering.by_measure(o.scheme, v.version) AS by_measure
FROM tiering.source o
	JOIN tiering.scheme_version v ON v.scheme = o.scheme AND v.status <> 'draft'
		AND v.effective @> o.refreshed_as_of
	LEFT JOIN tiering.series_source s ON s.scheme = o.scheme;
COMMENT ON VIEW _tiering.near_version IS
'By which version near_upgrade tells of a scheme, and how';
COMMENT ON COLUMN _tiering.near_version.scheme IS 'Scheme';
COMMENT ON COLUMN _tiering.near_version.version IS 'The version that graded the last refresh';
COMMENT ON COLUMN _tiering.near_version.refreshed_as_of IS 'As in source';
COMMENT ON COLUMN _tiering.near_version.key IS 'As in series_source';
COMMENT ON COLUMN _tiering.near_version.by_measure IS
'Whether by the measure that is kept, and not by the source';

-- A candidate is next for the measures below its bounds but not below those of a lower one.
-- Tiers that the version that graded does not have, but another one, are of the rank that
-- ranks_in() says. What is looked up is looked up for each tier, before it meets the bounds.
CREATE VIEW _tiering.next_bound AS
WITH graded AS MATERIALIZED (
	SELECT v.* FROM _tiering.near_version v
), bound AS MATERIALIZED (
	SELECT b.* FROM tiering.measure_bound b
), named AS MATERIALIZED (
	SELECT g.scheme, g.version, r.tier COLLATE "C" AS tier, r.rank, g.by_measure, g.key,
		g.refreshed_as_of
	FROM graded g CROSS JOIN LATERAL _tiering.ranks_in(g.scheme, g.version) r
	UNION ALL
	SELECT t.scheme, t.version, t.tier, t.rank, NULL, NULL, NULL
	FROM tiering.scheme_version v
		JOIN tiering.tier t ON t.scheme = v.scheme AND t.version = v.version
		LEFT JOIN graded g ON g.scheme = v.scheme AND g.version = v.version
	WHERE v.status <> 'draft' AND g.version IS NULL
), candidate AS (
	SELECT t.*, b.tier AS next_tier, b.rank AS next_rank, b.measure, lower(b.bounds) AS bound,
		b.period, numrange(NULL, lower(b.bounds),
			CASE WHEN lower_inc(b.bounds) THEN '()' ELSE '(]' END) AS below
	FROM bound b
		JOIN named t ON t.scheme = b.scheme AND t.version = b.version
			AND COALESCE(b.rank > t.rank, true)
)
SELECT c.scheme, c.version, c.tier, c.next_tier, c.next_rank, c.measure, c.period, c.bound,
	upper_inc(c.below) AS pass,
	nummultirange(c.below) - COALESCE(range_agg(c.below) OVER lower_ones, '{}') AS measures,
	c.by_measure, c.key, c.refreshed_as_of
FROM candidate c
WINDOW lower_ones AS (PARTITION BY c.scheme, c.version, c.tier ORDER BY c.next_rank, c.bound,
	c.next_tier
	ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);
COMMENT ON VIEW _tiering.next_bound IS
'Into which higher tier a measure leads from a tier next, and from which bound on, by the measures '
'for which it is the next';

-- Rows are as in told_projected().
CREATE FUNCTION _tiering.told_near(key uuid, scheme text, reader oid)
RETURNS TABLE (customer_id text, tier text, rank int, next_tier text, next_rank int, metric text,
	measure numeric, bound numeric, distance numeric, distance_percent numeric, since date,
	as_of date, version int, by_series boolean, pass boolean, period text,
	conditions_missing int)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
#variable_conflict use_column
BEGIN
	IF _tiering.reads(reader, scheme) IS NULL
		OR NOT EXISTS (SELECT FROM tiering.view_key k WHERE k.key = told_near.key)
	THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT l.customer_id, l.tier, t.rank, l.next_tier, n.rank, l.metric, l.value, l.bound,
		l.distance, l.distance_percent, a.since, v.refreshed_as_of, v.version,
		m.is_measure AND COALESCE(l.distance >= 0, true), l.open, NULLIF(m.period, ''),
		l.conditions_missing
	FROM (SELECT DISTINCT ON (c.customer_id COLLATE "C") c.*
		  FROM _tiering.cheapest_first(told_near.scheme, NULL,
			_tiering.seen(reader, told_near.scheme, NULL)) WITH ORDINALITY c
		  ORDER BY c.customer_id COLLATE "C", c.ordinality) l
		JOIN _tiering.near_version v ON v.scheme = told_near.scheme COLLATE "C"
		JOIN tiering.assignment a ON a.scheme = v.scheme
			AND a.customer_id = l.customer_id COLLATE "C"
		JOIN tiering.metric m ON m.scheme = v.scheme AND m.version = v.version
			AND m.metric = l.metric COLLATE "C"
		JOIN tiering.tier n ON n.scheme = v.scheme AND n.version = v.version
			AND n.tier = l.next_tier COLLATE "C"
		LEFT JOIN tiering.tier t ON t.scheme = a.scheme AND t.version = a.version
			AND t.tier = a.tier;
END;
$$;
COMMENT ON FUNCTION _tiering.told_near(uuid, text, oid) IS
'What shortfall() tells first of each customer of a scheme whom a reader may see, for '
'near_upgrade; nobody if that is not the key of views';

-- Whoever reads the view calls this, as they do shown_sums().
CREATE FUNCTION _tiering.shown_near(key uuid, scheme text, reader oid)
RETURNS TABLE (customer_id text, tier text, rank int, next_tier text, next_rank int, metric text,
	measure numeric, bound numeric, distance numeric, distance_percent numeric, since date,
	as_of date, version int, by_series boolean, pass boolean, period text,
	conditions_missing int)
AS 'MODULE_PATHNAME', 'shown_of_scheme'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION _tiering.shown_near(uuid, text, oid) IS
'What told_near() tells; an error says of which scheme';

-- Bounds are materialized, and joined by equality, so that whatever a report joins to these
-- views, and however little is known of the tables, they are worked out once. So is what to
-- hold, by the function itself; OFFSET 0 has it asked once a row, for both columns, and not at
-- all if neither is selected. The order is there to keep the rows, as that of current_tier is.
-- Whose measure is not known lacks the lowest bound, if they were assessed.
CREATE VIEW tiering.near_upgrade AS
WITH next AS MATERIALIZED (SELECT b.* FROM _tiering.next_bound b WHERE b.by_measure)
SELECT a.scheme, a.customer_id, a.tier, a.rank, a.next_tier, a.next_rank, a.metric,
	a.measure::numeric(38,2) AS measure, a.bound::numeric(38,2) AS bound,
	(sign(a.distance) * _tiering.at_least(abs(a.distance)))::numeric(38,2) AS distance,
	a.distance_percent::numeric(38,4) AS distance_percent,
	a.since, a.as_of, a.measured_as_of, a.version,
	_tiering.at_least((r.required).balance)::numeric(38,2) AS balance_to_hold,
	(r.required).until AS hold_until, a.period, a.conditions_missing
FROM (
		SELECT c.scheme, c.customer_id, c.tier, c.rank, n.next_tier, n.next_rank,
			n.measure AS metric, c.measure, n.bound, n.bound - c.measure AS distance,
			_tiering.percent_of(n.bound - c.measure, n.bound) AS distance_percent,
			c.since, c.as_of, c.measured_as_of, n.version, n.pass, n.key, n.refreshed_as_of,
			n.period, 1 AS conditions_missing
		FROM _tiering.customer_now c
			JOIN next n ON n.scheme = c.scheme AND n.tier = c.tier
				AND CASE WHEN c.measure IS NULL
					THEN c.measured_as_of IS NOT NULL AND lower_inf(n.measures)
					ELSE n.measures @> c.measure END
		UNION ALL
		SELECT v.scheme, l.customer_id, l.tier COLLATE "C", l.rank, l.next_tier COLLATE "C",
			l.next_rank, l.metric COLLATE "C", l.measure, l.bound, l.distance,
			l.distance_percent, l.since, l.as_of, l.as_of, l.version, l.pass,
			CASE WHEN l.by_series THEN v.key END, l.as_of, l.period, l.conditions_missing
		FROM _tiering.near_version v
			CROSS JOIN LATERAL _tiering.shown_near(
				(SELECT k.key FROM tiering.view_key k LIMIT 1), v.scheme,
				(SELECT _tiering.reader())) l
		WHERE NOT v.by_measure) a
	CROSS JOIN LATERAL (
		SELECT _tiering.balance_to_hold(a.key, a.refreshed_as_of, a.customer_id, a.bound,
			a.pass, (SELECT _tiering.reader())) AS required OFFSET 0) r
ORDER BY a.measure IS NULL;
COMMENT ON VIEW tiering.near_upgrade IS
'How far each customer is from the next higher tier, by the cheapest way there. It is the first '
'row that shortfall() has for them: of the rule that costs least the condition that is missed by '
'most, of metrics that are actionable. Those who are near: WHERE distance_percent <= 10. Where all '
'rules look at the measure alone, that is told by what customers had at their last assessment, and '
'no source is run; who became one with another since is told by what both had. Of other schemes '
'the source is asked, as of the last refresh and with the rights of the role that set it: have a '
'condition on the scheme, and it is asked of that one. Before the first refresh there is nobody. '
'Errors: those of a source that is asked, two rows for a customer in one (23505). One of them '
'fails all, as a list without a scheme would be wrong; the hint says which scheme that is';
COMMENT ON COLUMN tiering.near_upgrade.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.near_upgrade.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.near_upgrade.tier IS 'The customer''s tier';
COMMENT ON COLUMN tiering.near_upgrade.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.near_upgrade.next_tier IS
'The lowest tier above the one that they hold and the one that they earn, of those that they can '
'reach; of several that the cheapest way leads to';
COMMENT ON COLUMN tiering.near_upgrade.next_rank IS 'Its rank';
COMMENT ON COLUMN tiering.near_upgrade.metric IS
'What has to change: the dearest of what the cheapest way takes';
COMMENT ON COLUMN tiering.near_upgrade.measure IS
'The customer''s value of that; null if it is not known';
COMMENT ON COLUMN tiering.near_upgrade.bound IS
'What it takes, or what has to be passed if the rule leaves the bound out; null if any value does';
COMMENT ON COLUMN tiering.near_upgrade.distance IS
'By how much the value has to rise, or to fall if negative, in its unit, rounded up; 0 on a bound '
'that is left out; null if the value is not known';
COMMENT ON COLUMN tiering.near_upgrade.distance_percent IS
'The same in per cent of the bound, without a sign; null if that is 0';
COMMENT ON COLUMN tiering.near_upgrade.since IS
'The assessment from which on the customer is in the tier';
COMMENT ON COLUMN tiering.near_upgrade.as_of IS
'Date of the last refresh';
COMMENT ON COLUMN tiering.near_upgrade.measured_as_of IS
'The assessment of which measure is: the customer''s last one, or, where the source is asked, the '
'last refresh';
COMMENT ON COLUMN tiering.near_upgrade.version IS
'The version of the scheme that graded the last refresh, whose rules these are';
COMMENT ON COLUMN tiering.near_upgrade.balance_to_hold IS
'The least balance that brings the next assessment''s average to the bound, or above one that is '
'left out, if it stands from the day after the last refresh until hold_until; null where metric is '
'not the measure, or that has to fall, where set_series() bound no series, the customer has none, '
'or became one with another since the last refresh, or no day is left. 0 or less if nothing needs '
'to be held';
COMMENT ON COLUMN tiering.near_upgrade.hold_until IS
'The last day of the next assessment''s period';
COMMENT ON COLUMN tiering.near_upgrade.period IS
'Of which days the metric is, as metric.period';
COMMENT ON COLUMN tiering.near_upgrade.conditions_missing IS
'How many metrics have to change for that way; shortfall() lists them';

-- An expression only, so that the view is planned with it
CREATE FUNCTION _tiering.is_watched(next_review date, next_tier text, falls boolean, misses int,
	watch_after int) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN next_review IS NOT NULL AND (next_tier IS NULL OR falls)
	AND misses >= COALESCE(watch_after, 0);
COMMENT ON FUNCTION _tiering.is_watched(date, text, boolean, int, int) IS
'Whether a customer is on the watch list: the policy will have them leave every tier or fall, and '
'they have missed theirs often enough';

-- Rules for staying are those of the tier and of the ones below, as who falls has held more.
CREATE VIEW _tiering.fall_bound AS
WITH b AS MATERIALIZED (
	SELECT t.scheme, t.version, t.tier, t.rank, t.measure, t.period, r.bounds,
		lower(r.bounds) AS bound
	FROM (SELECT m.scheme, m.version, m.tier, m.rank, m.measure, NULLIF(m.period, '') AS period,
			range_agg(m.bounds) AS ranges
		  FROM _tiering.measure_rule m
		  GROUP BY m.scheme, m.version, m.tier, m.rank, m.measure, m.period) t,
		LATERAL unnest(t.ranges) AS r(bounds)
	WHERE NOT lower_inf(r.bounds)
)
-- just below the bound, the highest lower tier that takes it there, or the base
SELECT DISTINCT ON (b.scheme, b.version, b.tier, b.bounds)
	b.scheme, b.version, b.tier, l.tier AS next_tier, l.rank AS next_rank, b.measure, b.period,
	b.bound, b.bounds,
	b.bound = min(b.bound) OVER (PARTITION BY b.scheme, b.version, b.tier) AS lowest,
	NOT lower_inc(b.bounds) AS pass, s.key, o.refreshed_as_of
FROM b
	LEFT JOIN tiering.series_source s ON s.scheme = b.scheme
	LEFT JOIN tiering.source o ON o.scheme = b.scheme
	LEFT JOIN (SELECT scheme, version, tier, rank, bounds FROM b
			   UNION ALL SELECT scheme, version, tier, rank, numrange(NULL, NULL)
				FROM tiering.tier WHERE base) l
		ON l.scheme = b.scheme AND l.version = b.version AND l.rank < b.rank
			AND (lower_inf(l.bounds) OR lower(l.bounds) < b.bound)
			AND (upper_inf(l.bounds) OR upper(l.bounds) >= b.bound)
ORDER BY b.scheme, b.version, b.tier, b.bounds, l.rank DESC, l.bounds DESC, l.tier;
COMMENT ON VIEW _tiering.fall_bound IS
'What of the measure keeps a customer in a tier, by its rules for entering and for staying, and '
'into which tier a measure just below leads, by these bounds';

CREATE VIEW _tiering.watched_now AS
SELECT a.*, _tiering.is_watched(a.next_review, a.next_tier, a.next_rank < a.rank, a.misses,
	p.watch_after) AS watched
FROM _tiering.customer_now a
	LEFT JOIN tiering.policy p ON p.scheme = a.scheme AND p.version = a.version
		AND p.tier = CASE WHEN a.policy_since IS NULL THEN a.tier ELSE a.policy_tier END;
COMMENT ON VIEW _tiering.watched_now IS
'What customer_now tells, and whether the customer is on the watch list';

CREATE VIEW tiering.near_downgrade AS
WITH fall AS MATERIALIZED (SELECT b.* FROM _tiering.fall_bound b)
SELECT a.scheme, a.customer_id, a.tier, a.rank,
	CASE WHEN a.watched THEN a.next_tier ELSE n.next_tier END AS next_tier,
	CASE WHEN a.watched THEN a.next_rank ELSE n.next_rank END AS next_rank,
	n.measure AS metric, a.measure::numeric(38,2) AS measure, n.bound::numeric(38,2) AS bound,
	(- _tiering.at_least(n.bound - a.measure))::numeric(38,2) AS distance,
	_tiering.percent_of(a.measure - n.bound, n.bound)::numeric(38,4) AS distance_percent,
	a.since, a.as_of, a.measured_as_of, a.version, a.watched, a.misses,
	CASE WHEN a.watched THEN a.next_review END AS falls_on,
	_tiering.at_least((r.required).balance)::numeric(38,2) AS balance_to_hold,
	(r.required).until AS hold_until, n.period
FROM _tiering.watched_now a
	LEFT JOIN fall n ON n.scheme = a.scheme AND n.version = a.version AND n.tier = a.tier
		AND CASE WHEN a.watched THEN n.lowest ELSE n.bounds @> a.measure END
	CROSS JOIN LATERAL (
		SELECT _tiering.balance_to_hold(n.key, n.refreshed_as_of, a.customer_id, n.bound,
			n.pass, (SELECT _tiering.reader())) AS required OFFSET 0) r
WHERE a.watched OR n.tier IS NOT NULL
ORDER BY a.measure IS NULL;
COMMENT ON VIEW tiering.near_downgrade IS
'The watch list: customers who will fall, and customers who are near the bound of their tier. '
'WHERE watched: those who are below what their tier takes and will fall by its policy, with the '
'day. WHERE distance_percent <= 10: those who are that near above its bound. Rules for staying '
'count: where it takes less to stay than to enter, that is the bound. It goes by the measure '
'alone: a customer who is in the tier for another reason as well stays there, and one who is in it '
'for another reason only is not here';
COMMENT ON COLUMN tiering.near_downgrade.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.near_downgrade.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.near_downgrade.tier IS 'The customer''s tier';
COMMENT ON COLUMN tiering.near_downgrade.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.near_downgrade.next_rank IS 'Rank of next_tier';
COMMENT ON COLUMN tiering.near_downgrade.next_tier IS
'The tier into which the customer will fall, or in which the measure would leave them just '
	'below the bound; null if in none';
COMMENT ON COLUMN tiering.near_downgrade.watched IS
'Whether they earn less than their tier, and have missed it often enough; see '
	'policy.watch_after';
COMMENT ON COLUMN tiering.near_downgrade.misses IS 'Misses in a row that count already';
COMMENT ON COLUMN tiering.near_downgrade.falls_on IS
'The assessment at which they fall if they go on to earn what they earned last';
COMMENT ON COLUMN tiering.near_downgrade.metric IS 'The metric that is the measure';
COMMENT ON COLUMN tiering.near_downgrade.measure IS 'The customer''s measure';
COMMENT ON COLUMN tiering.near_downgrade.bound IS
'What it takes to stay in the customer''s tier, the lower bound of the range of the measure that '
'they are in; on the watch list the lowest one';
COMMENT ON COLUMN tiering.near_downgrade.distance IS
'By how much the measure is above it, in its unit, rounded down; below 0 on the watch list';
COMMENT ON COLUMN tiering.near_downgrade.distance_percent IS
'The same in per cent of the bound; null if that is 0';
COMMENT ON COLUMN tiering.near_downgrade.since IS
'The assessment from which on the customer is in the tier';
COMMENT ON COLUMN tiering.near_downgrade.as_of IS
'Date of the last refresh, or of what was loaded; null if there was none';
COMMENT ON COLUMN tiering.near_downgrade.measured_as_of IS
'The customer''s last assessment, of which measure is';
COMMENT ON COLUMN tiering.near_downgrade.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.near_downgrade.balance_to_hold IS
'The least balance with which the next assessment''s average is at the bound, or above one that is '
'left out, if it stands from the day after the last refresh until hold_until; null as in '
'near_upgrade';
COMMENT ON COLUMN tiering.near_downgrade.hold_until IS
'The last day of the next assessment''s period';
COMMENT ON COLUMN tiering.near_downgrade.period IS 'Of which days the measure is, as metric.period';

/*
 * How many are near, as report() tells. An assessment counts customers by the parts that bounds
 * cut all measures into, and leaves sums behind that hold until anything comes after it: a pass
 * over all customers would take far longer than all else that a page tells.
 */

CREATE FUNCTION _tiering.is_near(percent numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN percent::numeric(38,4) <= 10;
COMMENT ON FUNCTION _tiering.is_near(numeric) IS
'Whether a customer is near a bound, by what percent_of() tells: as distance_percent is shown';

-- What is shown is rounded twice: a quotient that is only just below where it turns may be told
-- as either. There are 16 decimals of it at least.
CREATE FUNCTION _tiering.is_unsure(distance numeric, bound numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN 100 * distance < 10.00005 * abs(bound)
	AND 100 * distance > 10.000049999999999 * abs(bound);
COMMENT ON FUNCTION _tiering.is_unsure(numeric, numeric) IS
'Whether other measures as far from a bound, but for some digits behind the fifteenth, may be near '
'or not, whatever is_near() says of this one';

-- Between two edges next to each other a measure is near, or not, whichever it is.
CREATE FUNCTION _tiering.near_edges(scheme text, version int) RETURNS numeric[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
	WITH way AS MATERIALIZED (
		SELECT b.bound, -1 AS sign, b.measures FROM _tiering.next_bound b
		WHERE b.scheme = near_edges.scheme COLLATE "C" AND b.version = near_edges.version
		UNION ALL
		SELECT b.bound, 1, nummultirange(b.bounds) FROM _tiering.fall_bound b
		WHERE b.scheme = near_edges.scheme COLLATE "C" AND b.version = near_edges.version
	)
	SELECT COALESCE(array_agg(DISTINCT e.edge ORDER BY e.edge), '{}')
	FROM (SELECT w.bound + w.sign * f.share * abs(w.bound) AS edge
		  FROM way w CROSS JOIN (VALUES (0), (0.1000005), (0.10000049999999999)) f(share)
		  UNION ALL
		  SELECT u.edge FROM way w
			CROSS JOIN LATERAL unnest(w.measures) m(part)
			CROSS JOIN LATERAL (VALUES (lower(m.part)), (upper(m.part))) u(edge)) e
	WHERE e.edge IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.near_edges(text, int) IS
'Where it turns whether a measure is near a bound of a version, in ascending order, for '
'measure_part()';

CREATE FUNCTION _tiering.near_counts(scheme text, version int, edges numeric[],
	cells _tiering.counted_cell[])
RETURNS TABLE (tier text, may_rise bigint, may_slip bigint, unsure boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	WITH part AS MATERIALIZED (	-- a measure of each
		SELECT p.part, CASE WHEN p.part % 2 = 1 THEN edges[(p.part + 1) / 2]
			WHEN p.part = 0 THEN edges[1] - 1
			ELSE 0.5 * (edges[p.part / 2] + COALESCE(edges[p.part / 2 + 1],
				edges[p.part / 2] + 2)) END AS measure
		FROM generate_series(0, 2 * cardinality(near_counts.edges)) p(part)
	), customer AS MATERIALIZED (
		SELECT c.tier, p.measure, c.customers, _tiering.is_watched(
			CASE WHEN c.awaits IS NOT NULL THEN current_date END, c.awaits[2], n.rank < t.rank,
			c.awaits[3]::int, y.watch_after) AS watched
		FROM unnest(near_counts.cells) c
			LEFT JOIN part p ON p.part = c.part
			JOIN tiering.tier t ON t.scheme = near_counts.scheme COLLATE "C"
				AND t.version = near_counts.version AND t.tier = c.tier COLLATE "C"
			LEFT JOIN tiering.tier n ON n.scheme = t.scheme AND n.version = t.version
				AND n.tier = c.awaits[2] COLLATE "C"
			LEFT JOIN tiering.policy y ON y.scheme = t.scheme AND y.version = t.version
				AND y.tier = c.awaits[1] COLLATE "C"
	), near AS (
		SELECT c.tier, c.customers AS may_rise, 0 AS may_slip,
			_tiering.is_near(_tiering.percent_of(b.bound - c.measure, b.bound)) AS near,
			_tiering.is_unsure(b.bound - c.measure, b.bound) AS unsure
		FROM customer c JOIN _tiering.next_bound b ON b.scheme = near_counts.scheme COLLATE "C"
			AND b.version = near_counts.version AND b.tier = c.tier COLLATE "C"
			AND b.measures @> c.measure
		UNION ALL
		SELECT c.tier, 0, c.customers,
			_tiering.is_near(_tiering.percent_of(c.measure - b.bound, b.bound)),
			_tiering.is_unsure(c.measure - b.bound, b.bound)
		FROM customer c JOIN _tiering.fall_bound b ON b.scheme = near_counts.scheme COLLATE "C"
			AND b.version = near_counts.version AND b.tier = c.tier COLLATE "C"
			AND b.bounds @> c.measure
		WHERE c.watched IS NOT TRUE
		UNION ALL
		SELECT c.tier, 0, c.customers, true, false FROM customer c WHERE c.watched
	)
	SELECT t.tier, COALESCE(sum(n.may_rise) FILTER (WHERE n.near), 0)::bigint,
		COALESCE(sum(n.may_slip) FILTER (WHERE n.near), 0)::bigint,
		COALESCE(bool_or(n.unsure), false)
	FROM tiering.tier t LEFT JOIN near n ON n.tier COLLATE "C" = t.tier
	WHERE t.scheme = near_counts.scheme COLLATE "C" AND t.version = near_counts.version
	GROUP BY t.tier;
END;
COMMENT ON FUNCTION _tiering.near_counts(text, int, numeric[], _tiering.counted_cell[]) IS
'How many customers of each tier of a version are near the next one, and how many may slip, of '
'those whom an assessment counted by the parts between edges. unsure: whether that depends on '
'digits that the edges do not tell apart';

-- Customers who are ahead of an assessment are not among its cells.
CREATE FUNCTION _tiering.keep_near(scheme text, as_of date, version int, edges numeric[],
	cells _tiering.counted_cell[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	k tiering.kept_assessment := _tiering.kept(scheme, as_of);
BEGIN
	DELETE FROM tiering.near_sum n WHERE n.scheme = keep_near.scheme;
	IF cells IS NULL THEN
		RETURN;
	END IF;
	UPDATE tiering.kept_assessment a SET unmeasured = COALESCE((SELECT sum(c.customers)
		FROM unnest(cells) c WHERE c.tier IS NOT NULL AND c.part IS NULL), 0)
	WHERE a.scheme = k.scheme AND a.as_of = k.as_of AND a.recorded_at = k.recorded_at;
	INSERT INTO tiering.near_sum (scheme, tier, may_rise, may_slip, as_of, recorded_at, version,
		batch, entry)
	SELECT k.scheme, c.tier, c.may_rise, c.may_slip, k.as_of, k.recorded_at, keep_near.version,
		e.batch, e.entry
	FROM (SELECT n.*, bool_or(n.unsure) OVER () AS any_unsure
		  FROM _tiering.near_counts(keep_near.scheme, keep_near.version, edges, cells) n) c
		CROSS JOIN _tiering.last_events(keep_near.scheme) e
	WHERE NOT c.any_unsure;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_near(text, date, int, numeric[], _tiering.counted_cell[]) IS
'Keeps how many customers are near at the end of an assessment, and how many have no measure; '
'nothing if it is not known of all, so that cells are null';

-- Which version counts can change by itself.
CREATE FUNCTION _tiering.kept_near(scheme text)
RETURNS TABLE (tier text, may_rise bigint, may_slip bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	s tiering.near_sum;
	k tiering.kept_assessment;
BEGIN
	SELECT * INTO s FROM tiering.near_sum n WHERE n.scheme = kept_near.scheme COLLATE "C" LIMIT 1;
	k := _tiering.kept(s.scheme, l.as_of) FROM _tiering.last_assessment(s.scheme) l;
	IF (k.as_of, k.recorded_at) = (s.as_of, s.recorded_at)
		AND EXISTS (SELECT FROM _tiering.near_version v WHERE v.scheme = s.scheme
			AND v.version = s.version AND v.refreshed_as_of = s.as_of)
		AND _tiering.is_untouched(k, s.batch, s.entry)
	THEN
		RETURN QUERY SELECT n.tier, n.may_rise, n.may_slip FROM tiering.near_sum n
		WHERE n.scheme = s.scheme;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.kept_near(text) IS
'How many customers of each tier are near the next one, and how many may slip, as the last '
'assessment left it behind; nothing if anything came after it';

-- By one pass over the customers. Most are far from any bound, which is cheap to tell: the
-- others are looked up. near_upgrade goes by the version that graded the last refresh.
CREATE FUNCTION _tiering.counted_near(scheme text)
RETURNS TABLE (tier text, may_rise bigint, may_slip bigint)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off
BEGIN ATOMIC
	WITH graded AS MATERIALIZED (
		SELECT v.version FROM _tiering.near_version v
		WHERE v.scheme = counted_near.scheme COLLATE "C" AND v.by_measure
	), next AS MATERIALIZED (
		SELECT b.version, b.tier, b.bound, b.measures FROM _tiering.next_bound b
		WHERE b.scheme = counted_near.scheme COLLATE "C"
	), fall AS MATERIALIZED (
		SELECT b.version, b.tier, b.bound, b.bounds, b.lowest FROM _tiering.fall_bound b
		WHERE b.scheme = counted_near.scheme COLLATE "C"
	), around AS MATERIALIZED (	-- a little more than 10 %
		SELECT range_agg(numrange(LEAST(0.89 * b.bound, 1.11 * b.bound),
			GREATEST(0.89 * b.bound, 1.11 * b.bound), '[]')) AS measures
		FROM (SELECT n.bound FROM next n UNION SELECT f.bound FROM fall f) b
	), watched AS MATERIALIZED (
		SELECT a.customer_id, a.version, a.tier
		FROM tiering.assignment a
			LEFT JOIN tiering.tier t ON t.scheme = a.scheme AND t.version = a.version
				AND t.tier = a.tier
			LEFT JOIN tiering.tier n ON n.scheme = a.scheme AND n.version = a.version
				AND n.tier = a.next_tier
			LEFT JOIN tiering.policy p ON p.scheme = a.scheme AND p.version = a.version
				AND p.tier = CASE WHEN a.policy_since IS NULL THEN a.tier ELSE a.policy_tier END
		WHERE a.scheme = counted_near.scheme COLLATE "C" AND _tiering.is_watched(a.next_review,
			a.next_tier, n.rank < t.rank, a.misses, p.watch_after)
	), customer AS MATERIALIZED (
		SELECT a.customer_id, a.version, a.tier, m.measure
		FROM _tiering.current_measures(counted_near.scheme, NULL) m
			JOIN tiering.assignment a ON a.scheme = counted_near.scheme COLLATE "C"
				AND a.customer_id = m.customer_id COLLATE "C"
		WHERE m.measure <@ (SELECT o.measures FROM around o)
	)
	SELECT c.tier, count(*), 0
	FROM customer c
		JOIN next b ON b.version = COALESCE((SELECT g.version FROM graded g), c.version)
			AND b.tier = c.tier AND CASE WHEN b.measures @> c.measure THEN true END
	WHERE _tiering.is_near(_tiering.percent_of(b.bound - c.measure, b.bound))
	GROUP BY c.tier
	UNION ALL
	SELECT c.tier, 0, count(*)
	FROM customer c
		JOIN fall b ON b.version = c.version AND b.tier = c.tier
			AND CASE WHEN b.bounds @> c.measure THEN true END
	WHERE _tiering.is_near(_tiering.percent_of(c.measure - b.bound, b.bound))
		AND NOT EXISTS (SELECT FROM watched w WHERE w.customer_id = c.customer_id)
	GROUP BY c.tier
	UNION ALL
	SELECT w.tier, 0, count(*) FROM watched w GROUP BY w.tier;
END;
COMMENT ON FUNCTION _tiering.counted_near(text) IS
'How many customers of each tier are near the next one, by the measure, and how many may slip, '
'counted among all; a tier may have several rows';

CREATE FUNCTION _tiering.near_now(scheme text)
RETURNS TABLE (tier text, may_rise bigint, may_slip bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT k.* FROM _tiering.kept_near(scheme) k;
	IF NOT FOUND THEN
		RETURN QUERY SELECT c.tier, sum(c.may_rise)::bigint, sum(c.may_slip)::bigint
		FROM _tiering.counted_near(scheme) c GROUP BY c.tier;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.near_now(text) IS
'How many customers of each tier are near the next one, by the measure, and how many may slip: as '
'near_downgrade tells, and near_upgrade where the measure says all';

-- What lies beneath has the comments of the views, where a column is the same.
DO $$
DECLARE
	field record;
BEGIN
	FOR field IN
		SELECT b.attrelid::pg_catalog.regclass AS beneath, b.attname AS name,
			pg_catalog.col_description(a.attrelid, a.attnum) AS comment
		FROM (VALUES ('_tiering.measure_rule', 'tiering.measure_bound', 1),
				('_tiering.next_bound', 'tiering.measure_bound', 1),
				('_tiering.next_bound', 'tiering.near_upgrade', 2),
				('_tiering.fall_bound', 'tiering.measure_bound', 1),
				('_tiering.fall_bound', 'tiering.near_downgrade', 2),
				('_tiering.watched_now', 'tiering.current_tier', 1),
				('_tiering.watched_now', 'tiering.near_downgrade', 2)) v (beneath, view, turn)
			JOIN pg_catalog.pg_attribute a ON a.attrelid = v.view::pg_catalog.regclass
			JOIN pg_catalog.pg_attribute b ON b.attrelid = v.beneath::pg_catalog.regclass
				AND b.attname = a.attname AND a.attnum > 0
		ORDER BY v.turn DESC
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', field.beneath, field.name,
			field.comment);
	END LOOP;
END;
$$;
COMMENT ON COLUMN _tiering.measure_rule.bounds IS 'As in rule';
COMMENT ON COLUMN _tiering.measure_rule.stay IS 'As in rule';
COMMENT ON COLUMN _tiering.next_bound.pass IS 'Whether the bound has to be passed';
COMMENT ON COLUMN _tiering.next_bound.measures IS 'The measures for which this is the next tier';
COMMENT ON COLUMN _tiering.next_bound.by_measure IS 'As in near_version; null for other versions';
COMMENT ON COLUMN _tiering.next_bound.key IS 'As in series_source';
COMMENT ON COLUMN _tiering.next_bound.refreshed_as_of IS 'As in source';
COMMENT ON COLUMN _tiering.fall_bound.lowest IS 'Whether it is the lowest bound of the tier';
COMMENT ON COLUMN _tiering.fall_bound.pass IS 'Whether the bound has to be passed';
COMMENT ON COLUMN _tiering.fall_bound.key IS 'As in series_source';
COMMENT ON COLUMN _tiering.fall_bound.refreshed_as_of IS 'As in source';
