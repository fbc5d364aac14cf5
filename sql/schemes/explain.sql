/*
 * Explaining: why a customer is in his tier, and what is missing for the next.
 * The tier is what classify() says; the rest is read from the rules, which a
 * person can do as well.
 */

-- The values of a version's metrics, the scores of which are worked out here, and
-- what each part of a score earned.
CREATE FUNCTION _tiering.metric_values(scheme text, version int, metrics jsonb)
RETURNS TABLE (metric text, name text, kind text, score text, value numeric, bounds numrange,
	weight numeric, points numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH known AS (
		SELECT m.metric, concat(m.metric, ' (' || NULLIF(m.period, '') || ')') AS name, m.kind,
			CASE m.kind
			WHEN 'boolean' THEN (metric_values.metrics ->> m.metric)::boolean::int::numeric
			ELSE (metric_values.metrics ->> m.metric)::numeric END AS value
		FROM tiering.metric m
		WHERE m.scheme = metric_values.scheme AND m.version = metric_values.version
			AND m.kind <> 'score'
			-- what else is called like a metric may be anything
			AND (EXISTS (SELECT FROM tiering.rule r
					WHERE r.scheme = m.scheme AND r.version = m.version AND r.metric = m.metric)
				OR EXISTS (SELECT FROM tiering.score_weight w
					WHERE w.scheme = m.scheme AND w.version = m.version AND w.metric = m.metric))
	), part AS (
		SELECT w.score, k.metric, k.name, k.kind, k.value, b.bounds, w.weight,
			w.weight * CASE WHEN k.value IS NULL THEN w.null_points ELSE b.points END AS points
		FROM tiering.score_weight w
			JOIN known k ON k.metric = w.metric
			LEFT JOIN tiering.score_band b ON (b.scheme, b.version, b.score, b.metric)
				= (w.scheme, w.version, w.score, w.metric) AND b.bounds @> k.value
		WHERE w.scheme = metric_values.scheme AND w.version = metric_values.version
	)
	SELECT k.metric, k.name, k.kind, NULL, k.value, NULL::numrange, NULL::numeric, NULL::numeric
		FROM known k
	UNION ALL
	SELECT p.score, p.score, 'score', NULL,
		CASE WHEN count(*) = count(p.points) THEN trim_scale(sum(p.points)) END, NULL, NULL, NULL
	FROM part p GROUP BY p.score
	UNION ALL
	SELECT p.metric, p.name, p.kind, p.score, p.value, p.bounds, p.weight, trim_scale(p.points)
	FROM part p;
END;
COMMENT ON FUNCTION _tiering.metric_values(text, int, jsonb) IS
'Part of explain(): the value of each metric, scores included, where score is null, and what each '
'metric adds to a score, where it is not; its name has its period with it';

-- By how much a value misses bounds: positive if it has to rise, negative if it
-- has to fall; 0 within them, and where an excluded bound is touched.
CREATE FUNCTION _tiering.bounds_distance(value numeric, bounds numrange) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
RETURN CASE WHEN bounds @> value THEN 0
	WHEN value <= lower(bounds) THEN lower(bounds) - value
	ELSE upper(bounds) - value END;
COMMENT ON FUNCTION _tiering.bounds_distance(numeric, numrange) IS
'By how much a value would have to rise, or fall if negative, to come within bounds';

CREATE FUNCTION _tiering.describe_value(metric text, kind text, value numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN metric || CASE WHEN value IS NULL THEN ' is unknown'
	WHEN kind = 'boolean' THEN CASE WHEN value = 1 THEN ' is true' ELSE ' is false' END
	ELSE format(' is %s', value) END;
COMMENT ON FUNCTION _tiering.describe_value(text, text, numeric) IS
'Part of explain(): a metric''s value in words';

-- What nobody can change is told, but not advised.
CREATE FUNCTION _tiering.describe_miss(metric text, kind text, value numeric, bounds numrange,
	actionable boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN metric || CASE
	WHEN NOT actionable THEN format(' is %s, not %s',
		CASE WHEN value IS NULL THEN 'unknown' WHEN kind <> 'boolean' THEN value::text
			WHEN value = 1 THEN 'true' ELSE 'false' END,
		CASE WHEN kind <> 'boolean' THEN format('in %s', bounds)
			WHEN bounds @> 1.0 THEN 'true' ELSE 'false' END)
	WHEN value IS NULL THEN format(' is unknown and would have to be %s',
		CASE WHEN kind = 'boolean'
			THEN CASE WHEN bounds @> 1.0 THEN 'true' ELSE 'false' END ELSE format('in %s', bounds)
			END)
	WHEN kind = 'boolean' THEN CASE WHEN value = 1 THEN ' would have to be false'
		ELSE ' would have to be true' END
	WHEN value = lower(bounds) THEN format(' would have to rise above %s', value)
	WHEN value = upper(bounds) THEN format(' would have to fall below %s', value)
	WHEN value < lower(bounds)
		THEN format(' would have to rise by %s%s from %s to %s',
		CASE WHEN lower_inc(bounds) THEN '' ELSE 'more than ' END,
		lower(bounds) - value, value, lower(bounds))
	ELSE format(' would have to fall by %s%s from %s to %s',
		CASE WHEN upper_inc(bounds) THEN '' ELSE 'more than ' END,
		value - upper(bounds), value, upper(bounds)) END;
COMMENT ON FUNCTION _tiering.describe_miss(text, text, numeric, numrange, boolean) IS
'Part of explain(): in words, what keeps a value from meeting a condition, and what it would take '
'if the metric is actionable';

CREATE FUNCTION _tiering.rule_conditions(scheme text, version int, metrics jsonb)
RETURNS TABLE (tier text, rank int, rule int, metric text, name text, kind text,
	actionable boolean, value numeric, bounds numrange, met boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT r.tier, t.rank, r.rule, r.metric, v.name, v.kind, m.actionable, v.value, r.bounds,
		COALESCE(r.bounds @> v.value, false)
	FROM tiering.rule r
		JOIN tiering.metric m ON (m.scheme, m.version, m.metric) = (r.scheme, r.version, r.metric)
		JOIN tiering.tier t ON (t.scheme, t.version, t.tier) = (r.scheme, r.version, r.tier)
		JOIN _tiering.metric_values(rule_conditions.scheme, rule_conditions.version,
			rule_conditions.metrics) v ON v.metric = r.metric AND v.score IS NULL
	WHERE r.scheme = rule_conditions.scheme AND r.version = rule_conditions.version
		AND NOT r.stay;
END;
COMMENT ON FUNCTION _tiering.rule_conditions(text, int, jsonb) IS
'Part of explain(): the conditions for entering tiers, each beside the value of its metric';

CREATE FUNCTION _tiering.explain_scores(scheme text, version int, metrics jsonb)
RETURNS TABLE (part text, metric text, value numeric, bounds numrange, weight numeric,
	points numeric, sentence text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH v AS MATERIALIZED (
		SELECT * FROM _tiering.metric_values(explain_scores.scheme, explain_scores.version,
			explain_scores.metrics)
	)
	SELECT 'score', v.metric, NULL::numeric, NULL::numrange, NULL::numeric, v.value,
		_tiering.describe_value(v.metric, 'score', v.value)
	FROM v WHERE v.kind = 'score'
	UNION ALL
	SELECT 'points', v.metric, v.value, v.bounds, v.weight, v.points,
		_tiering.describe_value(v.name, v.kind, v.value)
			|| CASE WHEN v.points IS NULL THEN format(', so %s is unknown', v.score)
				ELSE format(' and adds %s to %s', v.points, v.score) END
	FROM v WHERE v.score IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.explain_scores(text, int, jsonb) IS
'Part of explain(): the scores, and what each metric adds to them';

-- By the same values as above: a score is worked out by what works out the ways.
CREATE FUNCTION _tiering.rules_to_meet(scheme text, version int, metrics jsonb)
RETURNS TABLE (tier text, rule int, rank int)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 5
BEGIN ATOMIC
	SELECT DISTINCT l.tier, l.rule, l.rank
	FROM (SELECT array_agg(v.metric) AS metrics, array_agg(v.value) AS amounts
		  FROM _tiering.metric_values(rules_to_meet.scheme, rules_to_meet.version,
			rules_to_meet.metrics) v
		  WHERE v.score IS NULL AND v.kind <> 'score') m,
		LATERAL _tiering.shortfall_of(rules_to_meet.scheme, rules_to_meet.version, m.metrics,
			m.amounts) l;
END;
COMMENT ON FUNCTION _tiering.rules_to_meet(text, int, jsonb) IS
'Part of explain(): the rules of higher tiers that can be met by metrics that are actionable';

CREATE FUNCTION _tiering.explain_metrics(scheme text, version int, metrics jsonb, granted text)
RETURNS TABLE (part text, tier text, rule int, metric text, value numeric, bounds numrange,
	met boolean,
	distance numeric, weight numeric, points numeric, sentence text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 30
BEGIN ATOMIC
	WITH t AS MATERIALIZED (
		SELECT t.tier, t.rank, t.base, t.tier
			IS NOT DISTINCT FROM explain_metrics.granted AS granted
		FROM tiering.tier t
		WHERE t.scheme = explain_metrics.scheme AND t.version = explain_metrics.version
	), c AS MATERIALIZED (
		SELECT * FROM _tiering.rule_conditions($1, $2, $3)
	), rules AS MATERIALIZED (
		SELECT c.tier, c.rank, c.rule, bool_and(c.met) AS met,
			string_agg(_tiering.describe_value(c.name, c.kind, c.value)
				|| CASE c.kind WHEN 'boolean' THEN '' ELSE format(', in %s', c.bounds) END,
				' and ' ORDER BY c.metric) AS reason,
			string_agg(_tiering.describe_miss(c.name, c.kind, c.value, c.bounds, c.actionable),
				' and ' ORDER BY c.metric) FILTER (WHERE NOT c.met) AS missing
		FROM c GROUP BY c.tier, c.rank, c.rule
	), higher AS (
		SELECT r.tier, r.rule, r.rank, r.missing, w.tier IS NOT NULL AS can_be_met
		FROM rules r LEFT JOIN _tiering.rules_to_meet($1, $2, $3) w USING (tier, rule)
		WHERE (r.rank <= (SELECT t.rank FROM t WHERE t.granted)) IS NOT TRUE
	), next AS (
		SELECT count(*) AS rules, min(h.rank) FILTER (WHERE h.can_be_met) AS rank FROM higher h
	), line AS (
		SELECT 1 AS section, NULL::int AS rank, 'tier' AS part, explain_metrics.granted AS tier,
			NULL::int AS rule, NULL::text AS metric,
			NULL::numeric AS value, NULL::numrange AS bounds, NULL::boolean AS met,
				NULL::numeric AS distance,
			NULL::numeric AS weight, NULL::numeric AS points, COALESCE(
				(SELECT format('%s, by rule %s: %s', r.tier, r.rule, r.reason) FROM rules r
				 WHERE r.tier = explain_metrics.granted AND r.met ORDER BY r.rule LIMIT 1),
				explain_metrics.granted || ', the base: no rule of a higher tier is met',
				'no tier: no rule is met, and there is no base') AS sentence
		UNION ALL
		SELECT 2, NULL, 'next', h.tier, h.rule, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			format('for %s, by rule %s: %s', h.tier, h.rule, h.missing)
		FROM higher h, next n WHERE h.rank = n.rank AND h.can_be_met
		UNION ALL
		SELECT 2, NULL, 'next', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			CASE n.rules WHEN 0 THEN 'no tier ranks higher'
				ELSE 'no higher tier can be reached by what can be changed' END
		FROM next n WHERE n.rank IS NULL
		UNION ALL
		SELECT 3, c.rank, 'condition', c.tier, c.rule, c.metric, c.value, c.bounds, c.met,
			_tiering.bounds_distance(c.value, c.bounds), NULL, NULL,
			CASE WHEN c.met THEN _tiering.describe_value(c.name, c.kind, c.value)
				ELSE _tiering.describe_miss(c.name, c.kind, c.value, c.bounds, c.actionable) END
		FROM c
		UNION ALL
		SELECT 3, t.rank, 'condition', t.tier, NULL, NULL, NULL, NULL, true, NULL, NULL, NULL,
			'the base takes everyone'
		FROM t WHERE t.base
		UNION ALL
		SELECT CASE s.part WHEN 'score' THEN 4 ELSE 5 END, NULL, s.part, NULL, NULL, s.metric,
			s.value, s.bounds, NULL, NULL, s.weight, s.points, s.sentence
		FROM _tiering.explain_scores(explain_metrics.scheme, explain_metrics.version,
			explain_metrics.metrics) s
	)
	SELECT l.part, l.tier, l.rule, l.metric, l.value, l.bounds, l.met, l.distance, l.weight,
		l.points, l.sentence
	FROM line l
	ORDER BY l.section, l.rank DESC, l.tier, l.rule, l.metric, l.sentence;
END;
COMMENT ON FUNCTION _tiering.explain_metrics(text, int, jsonb, text) IS
'Part of explain(): a version''s rules beside the values of its metrics';

CREATE FUNCTION tiering.version_on(scheme text, as_of date) RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT v.version FROM tiering.scheme_version v
	WHERE v.scheme = version_on.scheme AND v.status <> 'draft' AND v.effective @> version_on.as_of;
END;
COMMENT ON FUNCTION tiering.version_on(text, date) IS
'The version of a scheme that is in force on a day, or null. Example: SELECT '
'tiering.version_on(''retail'', ''2026-03-31'') gives 1';

CREATE FUNCTION tiering.explain(scheme text, m record, as_of date DEFAULT CURRENT_DATE)
RETURNS TABLE (part text, tier text, rule int, metric text, value numeric, bounds numrange,
	met boolean,
	distance numeric, weight numeric, points numeric, sentence text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 30
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- refuses what cannot be graded
	granted text := tiering.classify(scheme, m, as_of);
BEGIN
	RETURN QUERY SELECT * FROM _tiering.explain_metrics(scheme, tiering.version_on(scheme, as_of),
		COALESCE(to_jsonb(m), '{}'), granted);
END;
$$;
COMMENT ON FUNCTION tiering.explain(text, record, date) IS
'Why a customer is in a tier, and what is missing for the next one: what classify(scheme, m, '
'as_of) says, in words. First the tier and what meets its rule, in words (part "tier"), then what '
'is missing for each rule of the next higher tier that can be met by metrics that are actionable '
'("next"); then a row for each condition of every tier, highest first, with the metric''s value, '
'the bounds, whether it is met and by how much it is missed ("condition"); then the scores '
'("score") and what each metric adds to them, points times weight ("points"). In words a metric '
'has its period behind it. Errors are those of '
'classify(). Example: SELECT sentence FROM (SELECT 45000 AS daily_avg_balance) m, '
'tiering.explain(''retail'', m, ''2026-03-31'')';

CREATE FUNCTION tiering.explain(scheme text, value numeric, as_of date DEFAULT CURRENT_DATE)
RETURNS TABLE (part text, tier text, rule int, metric text, value numeric, bounds numrange,
	met boolean,
	distance numeric, weight numeric, points numeric, sentence text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 30
BEGIN ATOMIC
	SELECT e.*
	FROM (SELECT tiering.classify($1, $2, $3) AS granted, tiering.version_on($1, $3) AS version) c,
		LATERAL _tiering.explain_metrics($1, c.version, (
			-- where there is not one number, the complaint is left to classify()
			SELECT jsonb_object_agg(m.metric, $2) FROM tiering.metric m
			WHERE m.scheme = $1 AND m.version = c.version
			HAVING count(*) = 1 AND bool_and(m.kind = 'number')), c.granted) e;
END;
COMMENT ON FUNCTION tiering.explain(text, numeric, date) IS
'Why a value is in a tier, and what is missing for the next one, for a scheme with one metric. '
'Rows as those of the other form. Example: SELECT sentence FROM tiering.explain(''retail'', '
'45000, ''2026-03-31'')';
