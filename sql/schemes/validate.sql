/*
 * Validating: what is wrong or odd with a version of a scheme.
 *
 * Rules are compared as boxes, in as many metrics as the rules look at, and so
 * by what they contain and not by how they are written. A box is an array with
 * a range for each of these metrics, in the order of their names. Null is a
 * value on each axis, since a rule that does not look at a metric takes
 * customers of whom it is not known: it stands below all numbers, below -1e29,
 * which no bound may reach. So a condition is a range from -1e29 on at most,
 * and no condition is (,).
 */

CREATE FUNCTION _tiering.known_values() RETURNS numrange
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN numrange(-1e29, NULL);
COMMENT ON FUNCTION _tiering.known_values() IS
'Part of validate(): all numbers, of which bounds are part; what lies below stands for null';

CREATE FUNCTION _tiering.describe_box(box numrange[], metrics text[], kinds text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
RETURN (
	SELECT COALESCE(string_agg(s.metric || CASE
			WHEN s.side <@ numrange(NULL, -1e29) THEN ' unknown'
			WHEN s.side @> _tiering.known_values() THEN ' known'
			WHEN s.kind = 'boolean' THEN CASE WHEN s.side @> 1.0 AND NOT s.side @> 0.0 THEN ' true'
				WHEN s.side @> 1.0 THEN ' known' ELSE ' false' END
			WHEN lower(s.side) > -1e29 THEN format(' in %s', s.side)
			WHEN lower(s.side) = -1e29
				THEN format(' in (,%s%s', upper(s.side),
				CASE WHEN upper_inc(s.side) THEN ']' ELSE ')' END)
			ELSE format(' in (,%s%s or unknown', upper(s.side),
				CASE WHEN upper_inc(s.side) THEN ']' ELSE ')' END)
		END, ' and ' ORDER BY s.axis), 'all customers')
	FROM unnest(box, metrics, kinds) WITH ORDINALITY AS s(side, metric, kind, axis)
	WHERE s.side <> numrange(NULL, NULL));
COMMENT ON FUNCTION _tiering.describe_box(numrange[], text[], text[]) IS
'Part of validate(): a box in words';

-- Which values a score can have, of whoever meets what a rule asks of its parts: all sums of
-- what these may earn, or, where they are more than a thousand, all from the least to the most.
CREATE FUNCTION _tiering.score_values(scheme text, version int, score text,
	tier text DEFAULT NULL, rule int DEFAULT NULL) RETURNS nummultirange
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	sums numeric[] := ARRAY[0];
	earned numeric[];
	too_many boolean := false;
BEGIN
	FOR earned IN
		SELECT array_agg(DISTINCT b.points * w.weight)
		FROM tiering.score_weight w
			LEFT JOIN tiering.rule r ON (r.scheme, r.version, r.tier, r.rule, r.metric)
				= (w.scheme, w.version, score_values.tier, score_values.rule, w.metric)
			CROSS JOIN LATERAL (
				SELECT b.points FROM tiering.score_band b
				WHERE (b.scheme, b.version, b.score, b.metric) = (w.scheme, w.version, w.score,
					w.metric) AND b.bounds && COALESCE(r.bounds, '(,)')
				UNION ALL
				SELECT w.null_points WHERE w.null_points IS NOT NULL AND r.bounds IS NULL) b
		WHERE w.scheme = score_values.scheme AND w.version = score_values.version
			AND w.score = score_values.score
		GROUP BY w.metric
	LOOP
		too_many := too_many OR cardinality(sums) * cardinality(earned) > 1000;
		IF too_many THEN	-- the ends will do
			SELECT ARRAY[min(s), max(s)] INTO sums FROM unnest(sums) AS s;
			SELECT ARRAY[min(e), max(e)] INTO earned FROM unnest(earned) AS e;
		END IF;
		sums := ARRAY(SELECT DISTINCT s + e FROM unnest(sums) AS s, unnest(earned) AS e);
	END LOOP;
	RETURN (
		SELECT CASE WHEN too_many THEN nummultirange(numrange(min(s), max(s), '[]'))
			ELSE range_agg(numrange(s, s, '[]')) END
		FROM unnest(sums) AS s);
END;
$$;
COMMENT ON FUNCTION _tiering.score_values(text, int, text, text, int) IS
'Part of validate(): the values that a score can have, of those whose other metrics meet a rule; '
'null: of all. Metrics are taken to be independent of each other';

CREATE FUNCTION _tiering.score_conflict(scheme text, version int, tier text, rule int) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT string_agg(format('%s cannot be in %s where %s', c.metric, c.bounds, c.parts), '; '
		ORDER BY c.metric)
	FROM (
		SELECT r.metric, r.bounds, (
			SELECT _tiering.describe_box(
				array_agg(p.bounds * _tiering.known_values() ORDER BY p.metric),
				array_agg(p.metric::text ORDER BY p.metric),
				array_agg(m.kind::text ORDER BY p.metric))
			FROM tiering.rule p
				JOIN tiering.metric m ON (m.scheme, m.version, m.metric)
					= (p.scheme, p.version, p.metric)
				JOIN tiering.score_weight w ON (w.scheme, w.version, w.score, w.metric)
					= (p.scheme, p.version, r.metric, p.metric)
			WHERE (p.scheme, p.version, p.tier, p.rule) = (r.scheme, r.version, r.tier, r.rule)
			HAVING count(*) > 0) AS parts
		FROM tiering.rule r
			JOIN tiering.metric s ON (s.scheme, s.version, s.metric)
				= (r.scheme, r.version, r.metric) AND s.kind = 'score'
		WHERE (r.scheme, r.version, r.tier, r.rule) = (score_conflict.scheme,
			score_conflict.version, score_conflict.tier, score_conflict.rule)) c
	WHERE c.parts IS NOT NULL
		AND NOT c.bounds && _tiering.score_values(score_conflict.scheme, score_conflict.version,
			c.metric, score_conflict.tier, score_conflict.rule)
		-- what nobody has at all is no conflict
		AND c.bounds && _tiering.score_values(score_conflict.scheme, score_conflict.version,
			c.metric);
END;
COMMENT ON FUNCTION _tiering.score_conflict(text, int, text, int) IS
'Part of validate(): which scores a rule asks for that those who meet its other conditions cannot '
'have, in words; null if there are none';

CREATE FUNCTION _tiering.rule_axes(scheme text, version int)
RETURNS TABLE (axis int, metric text, kind text, feasible nummultirange)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 5
BEGIN ATOMIC
	SELECT row_number() OVER (ORDER BY m.metric)::int, m.metric, m.kind,
		CASE m.kind
			WHEN 'boolean' THEN nummultirange(numrange(NULL, -1e29), numrange(0, 0, '[]'),
				numrange(1, 1, '[]'))
			WHEN 'score' THEN nummultirange(numrange(NULL, -1e29)) + _tiering.score_values(m.scheme,
				m.version, m.metric)
			ELSE nummultirange(numrange(NULL, NULL))
		END
	FROM tiering.metric m
	WHERE m.scheme = rule_axes.scheme AND m.version = rule_axes.version
		AND EXISTS (
			SELECT FROM tiering.rule r
			WHERE r.scheme = m.scheme AND r.version = m.version AND r.metric = m.metric
				AND NOT r.stay);
END;
COMMENT ON FUNCTION _tiering.rule_axes(text, int) IS
'Part of validate(): the metrics that rules look at, and which values they can have';

CREATE FUNCTION _tiering.rule_boxes(scheme text, version int)
RETURNS TABLE (tier text, rank int, rule int, box numrange[])
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT t.tier, t.rank, n.rule,
		array_agg(COALESCE(r.bounds * _tiering.known_values(), numrange(NULL, NULL))
			ORDER BY a.axis)
	FROM tiering.tier t
		JOIN (SELECT DISTINCT d.tier, d.rule FROM tiering.rule d
			  WHERE d.scheme = rule_boxes.scheme AND d.version = rule_boxes.version
				AND NOT d.stay) n ON n.tier = t.tier
		CROSS JOIN _tiering.rule_axes(rule_boxes.scheme, rule_boxes.version) a
		LEFT JOIN tiering.rule r ON (r.scheme, r.version, r.tier, r.rule, r.metric)
			= (rule_boxes.scheme, rule_boxes.version, n.tier, n.rule, a.metric)
	WHERE t.scheme = rule_boxes.scheme AND t.version = rule_boxes.version
	GROUP BY t.tier, t.rank, n.rule;
END;
COMMENT ON FUNCTION _tiering.rule_boxes(text, int) IS 'Part of validate(): each rule as a box';

CREATE FUNCTION _tiering.boxes_overlap(a numrange[], b numrange[], feasible nummultirange[])
	RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
RETURN (SELECT bool_and((s.a * s.b) && s.feasible)
	FROM unnest(a, b, feasible) AS s(a, b, feasible));
COMMENT ON FUNCTION _tiering.boxes_overlap(numrange[], numrange[], nummultirange[]) IS
'Part of validate(): whether some customer is in both of two boxes';

-- What a box has beyond another one, as boxes that do not overlap: for each axis
-- what lies below and above the other on it, of that part which is within it on
-- the axes before.
CREATE FUNCTION _tiering.box_minus(box numrange[], cut numrange[]) RETURNS SETOF numrange[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100 ROWS 4
BEGIN ATOMIC
	SELECT box WHERE EXISTS (SELECT FROM unnest(box, cut) AS s(b, c) WHERE NOT s.b && s.c)
	UNION ALL
	SELECT array_agg(CASE WHEN o.axis < s.axis THEN o.b * o.c WHEN o.axis = s.axis THEN piece.side
		ELSE o.b END
		ORDER BY o.axis)
	FROM unnest(box, cut) WITH ORDINALITY AS s(b, c, axis),
		LATERAL unnest(nummultirange(s.b) - nummultirange(s.c)) AS piece(side),
		unnest(box, cut) WITH ORDINALITY AS o(b, c, axis)
	WHERE NOT EXISTS (SELECT FROM unnest(box, cut) AS s(b, c) WHERE NOT s.b && s.c)
	GROUP BY s.axis, piece.side;
END;
COMMENT ON FUNCTION _tiering.box_minus(numrange[], numrange[]) IS
'Part of validate(): what one box has beyond another, as boxes';

-- Null instead of a box: there are too many pieces to look at.
CREATE FUNCTION _tiering.box_rest(box numrange[], cuts numrange[], feasible nummultirange[])
	RETURNS SETOF numrange[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	pieces numrange[] := ARRAY[box];
	cut numrange[];
BEGIN
	FOR i IN 1 .. COALESCE(array_length(cuts, 1), 0) LOOP
		cut := ARRAY(SELECT s.side FROM unnest(cuts[i:i]) WITH ORDINALITY AS s(side, axis)
			ORDER BY s.axis);
		SELECT array_agg(rest.piece) INTO pieces
		FROM generate_subscripts(pieces, 1) AS n,
			LATERAL _tiering.box_minus(ARRAY(
				SELECT s.side FROM unnest(pieces[n:n]) WITH ORDINALITY AS s(side, axis)
					ORDER BY s.axis), cut) AS rest(piece)
		WHERE (SELECT bool_and(s.side && s.feasible)
			FROM unnest(rest.piece, feasible) AS s(side, feasible));
		IF array_length(pieces, 1) > 500 THEN
			RETURN NEXT NULL;
			RETURN;
		END IF;
	END LOOP;
	RETURN QUERY
	SELECT ARRAY(SELECT s.side FROM unnest(pieces[n:n]) WITH ORDINALITY AS s(side, axis)
		ORDER BY s.axis)
	FROM generate_subscripts(pieces, 1) AS n;
END;
$$;
COMMENT ON FUNCTION _tiering.box_rest(numrange[], numrange[], nummultirange[]) IS
'Part of validate(): what a box has beyond several others, as boxes that do not overlap and that '
'some customer can be in';

CREATE FUNCTION _tiering.tier_facts(scheme text, version int)
RETURNS TABLE (tier text, rank int, base boolean, parent text, has_rules boolean,
	has_mixed boolean, has_stay boolean, keeps boolean, has_service boolean, has_parts boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT t.tier, t.rank, t.base, t.parent,
		EXISTS (SELECT FROM tiering.rule r
				WHERE r.scheme = t.scheme AND r.version = t.version AND r.tier = t.tier
					AND NOT r.stay) AS has_rules,
		EXISTS (SELECT FROM tiering.rule r
				WHERE r.scheme = t.scheme AND r.version = t.version AND r.tier = t.tier
				GROUP BY r.rule HAVING bool_or(r.stay) AND NOT bool_and(r.stay)) AS has_mixed,
		EXISTS (SELECT FROM tiering.rule r
				WHERE r.scheme = t.scheme AND r.version = t.version AND r.tier = t.tier
					AND r.stay) AS has_stay,
		EXISTS (SELECT FROM tiering.policy p
				WHERE p.scheme = t.scheme AND p.version = t.version AND p.tier = t.tier
					AND (p.down_after, p.hold, p.new_hold, p.term) <> (1, '0', '0', '0')) AS keeps,
		EXISTS (SELECT FROM tiering.service s
				WHERE s.scheme = t.scheme AND s.version = t.version
					AND s.tier = t.tier) AS has_service,
		EXISTS (SELECT FROM tiering.tier c
				WHERE c.scheme = t.scheme AND c.version = t.version
					AND c.parent = t.tier) AS has_parts
	FROM tiering.tier t
	WHERE t.scheme = tier_facts.scheme AND t.version = tier_facts.version;
END;
COMMENT ON FUNCTION _tiering.tier_facts(text, int) IS
'Part of validate(): the tiers, and what rules, policy, service and parts each of them has';

CREATE FUNCTION _tiering.validate_tiers(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH RECURSIVE t AS MATERIALIZED (
		SELECT * FROM _tiering.tier_facts(validate_tiers.scheme, validate_tiers.version)
	), ancestor AS (
		SELECT t.tier, t.parent FROM t
		UNION
		SELECT a.tier, t.parent FROM ancestor a JOIN t ON t.tier = a.parent
	)
	SELECT 'error', 'scheme', 'there are no tiers'
	WHERE NOT EXISTS (SELECT FROM t)
	UNION ALL
	SELECT 'error', 'scheme',
		'no tier is the base, which takes everyone whom no higher tier takes; if some are to get '
		'none, set everyone = false in tiering.scheme_version'
	FROM tiering.scheme_version v
	WHERE v.scheme = validate_tiers.scheme AND v.version = validate_tiers.version AND v.everyone
		AND EXISTS (SELECT FROM t) AND NOT EXISTS (SELECT FROM t WHERE t.base)
	UNION ALL
	SELECT 'error', 'scheme',
		format('more than one tier is the base: %s', string_agg(t.tier, ', ' ORDER BY t.tier))
	FROM t WHERE t.base HAVING count(*) > 1
	UNION ALL
	SELECT 'error', format('tier %s', t.tier), 'the base takes everyone, so it must have no rules'
	FROM t WHERE t.base AND t.has_rules
	UNION ALL
	SELECT 'error', format('tier %s', t.tier),
		'a rule of it has conditions for entering and conditions for staying'
	FROM t WHERE t.has_mixed
	UNION ALL
	SELECT 'error', format('tier %s', t.tier), 'it has a rule for staying and none for entering'
	FROM t WHERE t.has_stay AND NOT t.has_rules
	UNION ALL
	SELECT 'warning', format('tier %s', t.tier),
		'nobody leaves the base downwards, so its policy keeps nobody in it'
	FROM t WHERE t.base AND t.keeps
	UNION ALL
	SELECT 'error', format('tier %s', t.tier), 'it has no rules, so nobody can reach it'
	FROM t WHERE NOT t.base AND NOT t.has_rules AND NOT t.has_parts
	UNION ALL
	SELECT 'error', format('tier %s', t.tier),
		format('its rank %s is not above that of the base %s, so nobody can reach it', t.rank,
			b.tier)
	FROM t JOIN t AS b ON b.base WHERE NOT t.base AND t.rank <= b.rank AND t.has_rules
	UNION ALL
	SELECT 'error', format('tier %s', t.tier), format('its parent %s is not a tier', t.parent)
	FROM t WHERE t.parent NOT IN (SELECT p.tier FROM t AS p)
	UNION ALL
	SELECT 'error', format('tier %s', a.tier), 'its parents lead back to itself'
	FROM ancestor a WHERE a.parent = a.tier
	UNION ALL
	SELECT 'warning', format('tier %s', t.tier), 'it has no service, while other tiers have one'
	FROM t WHERE NOT t.has_service AND EXISTS (SELECT FROM t AS o WHERE o.has_service)
		AND (t.base OR t.has_rules)
	UNION ALL
	SELECT 'warning', 'scheme', 'no tier has a service'
	WHERE EXISTS (SELECT FROM t) AND NOT EXISTS (SELECT FROM t WHERE t.has_service);
END;
COMMENT ON FUNCTION _tiering.validate_tiers(text, int) IS
'Part of validate(): the tiers as such, without the bounds of their rules';

CREATE FUNCTION _tiering.validate_approvers(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT 'error', format('tier %s', t.tier),
		format('one of its approvers, role %s, was dropped', a.role::oid)
	FROM tiering.tier t, unnest(t.approvers) a(role)
	WHERE t.scheme = validate_approvers.scheme AND t.version = validate_approvers.version
		AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = a.role)
	UNION ALL
	SELECT 'warning', format('tier %s', t.tier), 'it has approvers, who decide on overrides alone: '
		'without approval customers enter it by its rules, and nobody is asked'
	FROM tiering.tier t
	WHERE t.scheme = validate_approvers.scheme AND t.version = validate_approvers.version
		AND NOT t.approval AND cardinality(t.approvers) > 0;
END;
COMMENT ON FUNCTION _tiering.validate_approvers(text, int) IS
'Part of validate(): who is to approve requests for the tiers';

CREATE FUNCTION _tiering.validate_metrics(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH m AS (
		SELECT m.metric, m.kind, m.is_measure,
			EXISTS (SELECT FROM tiering.rule r
					WHERE r.scheme = m.scheme AND r.version = m.version
						AND r.metric = m.metric) AS in_rule,
			EXISTS (SELECT FROM tiering.score_weight w
					WHERE w.scheme = m.scheme AND w.version = m.version
						AND w.metric = m.metric) AS in_score,
			EXISTS (SELECT FROM tiering.score_weight w
					WHERE w.scheme = m.scheme AND w.version = m.version
						AND w.score = m.metric) AS has_parts
		FROM tiering.metric m
		WHERE m.scheme = validate_metrics.scheme AND m.version = validate_metrics.version
	), w AS (
		SELECT w.score, w.metric, m.kind, format('score %s, metric %s', w.score, w.metric) AS place,
			CASE m.kind WHEN 'boolean'
				THEN nummultirange(numrange(0, 0, '[]'), numrange(1, 1, '[]'))
				ELSE nummultirange(numrange(NULL, NULL)) END AS feasible,
			(SELECT range_agg(b.bounds) FROM tiering.score_band b
			 WHERE (b.scheme, b.version, b.score, b.metric) = (w.scheme, w.version, w.score,
				w.metric)) AS covered
		FROM tiering.score_weight w JOIN m ON m.metric = w.metric
		WHERE w.scheme = validate_metrics.scheme AND w.version = validate_metrics.version
	), band AS (
		SELECT b.score, b.metric, b.bounds, w.place, w.feasible
		FROM tiering.score_band b JOIN w USING (score, metric)
		WHERE b.scheme = validate_metrics.scheme AND b.version = validate_metrics.version
	)
	SELECT 'error', format('score %s', m.metric), 'it looks at no metric'
	FROM m WHERE m.kind = 'score' AND NOT m.has_parts
	UNION ALL
	SELECT 'error', format('metric %s', m.metric),
		format('it is a %s and not a score, so it cannot look at others', m.kind)
	FROM m WHERE m.kind <> 'score' AND m.has_parts
	UNION ALL
	SELECT 'error', w.place, 'a score cannot look at a score'
	FROM w WHERE w.kind = 'score'
	UNION ALL
	SELECT 'error', w.place, format('no band takes %s', w.feasible - COALESCE(w.covered, '{}'))
	FROM w WHERE NOT COALESCE(w.covered, '{}') @> w.feasible
	UNION ALL
	SELECT 'error', a.place, format('bands %s and %s overlap', a.bounds, b.bounds)
	FROM band a JOIN band b ON b.score = a.score AND b.metric = a.metric AND b.bounds > a.bounds
	WHERE a.bounds && b.bounds AND (a.bounds * b.bounds) && a.feasible
	UNION ALL
	SELECT 'warning', format('metric %s', m.metric),
		'no rule and no score looks at it, and it is not the measure'
	FROM m WHERE NOT m.in_rule AND NOT m.in_score AND NOT m.is_measure AND m.kind <> 'score'
	UNION ALL
	SELECT 'warning', format('score %s', m.metric), 'no rule looks at it'
	FROM m WHERE m.kind = 'score' AND NOT m.in_rule
	UNION ALL
	SELECT 'warning', 'scheme', 'no metric is the measure, so reports count heads only'
	WHERE NOT EXISTS (SELECT FROM m WHERE m.is_measure);
END;
COMMENT ON FUNCTION _tiering.validate_metrics(text, int) IS
'Part of validate(): metrics and scores, whose bands must leave no gap and not overlap';

CREATE FUNCTION _tiering.rule_extents(scheme text, version int)
RETURNS TABLE (tier text, rank int, rule int, box numrange[], feasible nummultirange[], place text,
	conflict text, possible boolean, free boolean[])
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	WITH axes AS MATERIALIZED (
		SELECT array_agg(a.feasible ORDER BY a.axis) AS feasible
		FROM _tiering.rule_axes(rule_extents.scheme, rule_extents.version) a
	)
	SELECT b.tier, b.rank, b.rule, b.box, a.feasible, format('tier %s, rule %s', b.tier, b.rule),
		c.conflict, c.conflict IS NULL
			AND (SELECT bool_and(s.side && s.feasible)
				 FROM unnest(b.box, a.feasible) AS s(side, feasible)),
		ARRAY(SELECT s.side = numrange(NULL, NULL)
			FROM unnest(b.box) WITH ORDINALITY AS s(side, axis) ORDER BY s.axis)
	FROM axes a, _tiering.rule_boxes(rule_extents.scheme, rule_extents.version) b
		CROSS JOIN LATERAL _tiering.score_conflict(rule_extents.scheme, rule_extents.version,
			b.tier, b.rule) c(conflict);
END;
COMMENT ON FUNCTION _tiering.rule_extents(text, int) IS
'Part of validate(): each rule as a box, with the values that customers can have, whether one of '
'them can meet it, which scores are in conflict with their parts in it, and on which axes it asks '
'for nothing';

CREATE FUNCTION _tiering.validate_rules(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	WITH b AS MATERIALIZED (
		SELECT * FROM _tiering.rule_extents(validate_rules.scheme, validate_rules.version)
	), above AS MATERIALIZED (
		-- which of the rules of higher tiers contain all of it
		SELECT a.place, h.place AS higher, h.tier AS higher_tier, h.free = a.free AS same_metrics,
			(SELECT bool_and(nummultirange(s.a) * s.feasible = nummultirange(s.h) * s.feasible)
			 FROM unnest(a.box, h.box, a.feasible) AS s(a, h, feasible)) AS same
		FROM b a JOIN b h ON h.rank > a.rank
		WHERE a.possible
			AND (SELECT bool_and(nummultirange(s.a) * s.feasible <@ nummultirange(s.h))
				 FROM unnest(a.box, h.box, a.feasible) AS s(a, h, feasible))
	), left_over AS MATERIALIZED (
		SELECT a.tier, a.place, bool_or(r.piece IS NULL) FILTER (WHERE r.found) AS too_many,
			count(*) FILTER (WHERE r.found) AS pieces
		FROM b a
			LEFT JOIN LATERAL (
				SELECT true AS found, x.piece
				FROM _tiering.box_rest(a.box, (SELECT array_agg(h.box) FROM b h
					WHERE h.rank > a.rank AND _tiering.boxes_overlap(h.box, a.box, a.feasible)),
						a.feasible) AS x(piece)) r ON true
		WHERE a.possible
		GROUP BY a.tier, a.place
	)
	SELECT 'error', b.place, concat('no customer can meet it', ': ' || b.conflict)
	FROM b WHERE NOT b.possible
	UNION ALL
	-- two boxes of equal rank must be apart
	SELECT 'error', b.place, format('it overlaps rule %s of tier %s, and both tiers have rank %s',
		o.rule, o.tier, o.rank)
	FROM b JOIN b AS o ON o.rank = b.rank AND o.tier > b.tier
		AND _tiering.boxes_overlap(b.box, o.box, b.feasible)
	UNION ALL
	SELECT 'error', a.place, format('it is the same condition as %s, which ranks higher', a.higher)
	FROM above a WHERE a.same
	UNION ALL
	SELECT 'error', a.place,
		format('it asks for more than %s, which ranks higher: bounds must not fall as rank rises',
		a.higher)
	FROM above a WHERE a.same_metrics AND NOT a.same
	UNION ALL
	SELECT 'warning', l.place, 'whoever meets it is in a higher tier, so it decides nothing'
	FROM left_over l WHERE l.pieces = 0
		AND NOT EXISTS (SELECT FROM above a WHERE a.place = l.place AND (a.same OR a.same_metrics))
	UNION ALL
	SELECT 'warning', l.place,
		'it and the rules of higher tiers are too many to tell whether it decides anything'
	FROM left_over l WHERE l.too_many
	UNION ALL
	SELECT 'error', format('tier %s', b.tier), COALESCE(
		'whoever meets its rules is in a higher tier (' || (
			SELECT string_agg(DISTINCT a.higher_tier, ', ') FROM above a JOIN b AS x USING (place)
				WHERE x.tier = b.tier)
		|| '), so nobody can reach it',
		'whoever meets its rules is in some higher tier, so nobody can reach it')
	FROM b LEFT JOIN left_over l ON l.place = b.place
	GROUP BY b.tier
	HAVING bool_or(b.possible) AND COALESCE(sum(l.pieces), 0) = 0;
END;
COMMENT ON FUNCTION _tiering.validate_rules(text, int) IS
'Part of validate(): rules that nobody can meet, that overlap at equal rank, or that a higher tier '
'makes void, and tiers that nobody can reach';

-- A gap is where no rule takes a customer of whom all is known although, along
-- one metric, rules take both lower and higher values: between tiers, and not
-- below the lowest. Without a base, all that no rule takes is told.
CREATE FUNCTION _tiering.rule_gaps(scheme text, version int) RETURNS SETOF numrange[]
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	WITH axes AS MATERIALIZED (
		SELECT array_agg(a.feasible ORDER BY a.axis) AS feasible,
			array_agg(_tiering.known_values() ORDER BY a.axis) AS everything,
			EXISTS (SELECT FROM tiering.tier t
					WHERE t.scheme = rule_gaps.scheme AND t.version = rule_gaps.version
						AND t.base) AS base
		FROM _tiering.rule_axes(rule_gaps.scheme, rule_gaps.version) a
	), b AS MATERIALIZED (
		SELECT b.box FROM _tiering.rule_boxes(rule_gaps.scheme, rule_gaps.version) b
	), piece AS MATERIALIZED (
		SELECT r.piece AS box
		FROM axes a, LATERAL _tiering.box_rest(a.everything, (SELECT array_agg(b.box) FROM b),
			a.feasible) AS r(piece)
		WHERE a.everything IS NOT NULL
	), enclosed AS MATERIALIZED (
		-- what of a piece lies between two rules, of which one takes lower and one
		-- takes higher values of a metric
		SELECT DISTINCT x.box
		FROM axes a, piece p, b AS low, b AS high, generate_subscripts(p.box, 1) AS along,
			LATERAL (
				SELECT array_agg(CASE WHEN s.axis = along THEN s.piece ELSE s.piece * s.low * s.high
					END ORDER BY s.axis) AS box
				FROM unnest(p.box, low.box, high.box)
					WITH ORDINALITY AS s(piece, low, high, axis)) AS x
		WHERE a.base AND p.box IS NOT NULL
			AND low.box[along] * _tiering.known_values() << p.box[along]
				AND p.box[along] << high.box[along]
			AND (low.box[along] * _tiering.known_values()) && a.feasible[along]
				AND high.box[along] && a.feasible[along]
			AND _tiering.boxes_overlap(x.box, x.box, a.feasible)
	)
	SELECT p.box FROM piece p, axes a WHERE NOT a.base OR p.box IS NULL
	UNION ALL
	SELECT e.box FROM enclosed e
	WHERE NOT EXISTS (
		SELECT FROM enclosed o
		WHERE o.box <> e.box AND (SELECT bool_and(s.e <@ s.o)
			FROM unnest(e.box, o.box) AS s(e, o)));
END;
COMMENT ON FUNCTION _tiering.rule_gaps(text, int) IS
'Part of validate(): the gaps between rules, as boxes; null if they are too many';

CREATE FUNCTION _tiering.validate_gaps(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	WITH axes AS (
		SELECT array_agg(a.metric ORDER BY a.axis) AS metrics,
			array_agg(a.kind ORDER BY a.axis) AS kinds
		FROM _tiering.rule_axes(validate_gaps.scheme, validate_gaps.version) a
	), base AS (
		SELECT max(t.tier) AS tier FROM tiering.tier t
		WHERE t.scheme = validate_gaps.scheme AND t.version = validate_gaps.version AND t.base
	), gap AS (
		SELECT g.piece, row_number() OVER (ORDER BY g.piece) AS number, count(*) OVER () AS gaps
		FROM _tiering.rule_gaps(validate_gaps.scheme, validate_gaps.version) AS g(piece)
	)
	-- nobody reads hundreds
	SELECT 'warning', 'rules', CASE
		WHEN g.piece IS NULL THEN 'they are too many to tell whether they leave gaps'
		WHEN g.number > 10 THEN format('gaps beyond these: %s', g.gaps - 10)
		WHEN base.tier IS NULL THEN format('no tier takes customers with %s',
			_tiering.describe_box(g.piece, axes.metrics, axes.kinds))
		ELSE format('customers with %s are in a gap between rules and get %s',
			_tiering.describe_box(g.piece, axes.metrics, axes.kinds), base.tier)
		END
	FROM gap g, axes, base
	WHERE g.number <= 11;
END;
COMMENT ON FUNCTION _tiering.validate_gaps(text, int) IS 'Part of validate(): gaps between rules';

CREATE FUNCTION _tiering.validate_versions(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT 'warning', format('version %s', v.version),
		CASE WHEN v.next IS NULL
			THEN format('no version is in force from %s on',
				to_char(upper(v.effective), 'YYYY-MM-DD'))
			ELSE format('no version is in force from %s until %s',
				to_char(upper(v.effective), 'YYYY-MM-DD'), to_char(v.next, 'YYYY-MM-DD'))
		END
	FROM (SELECT v.version, v.effective, lead(lower(v.effective))
		OVER (ORDER BY lower(v.effective)) AS next
		  FROM tiering.scheme_version v
		  WHERE v.scheme = validate_versions.scheme AND v.status <> 'draft') v
	WHERE NOT upper_inf(v.effective) AND v.next IS DISTINCT FROM upper(v.effective);
END;
COMMENT ON FUNCTION _tiering.validate_versions(text, int) IS
'Part of validate(): holes between the versions of the scheme';

CREATE FUNCTION _tiering.validate_succession(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT 'error', format('tier %s', t.tier), CASE
		WHEN b.before IS NULL
			THEN format('it succeeds %s, and no version is before this one', t.succeeds)
		ELSE format('it succeeds %s, which is not a tier of version %s', t.succeeds, b.before) END
	FROM tiering.tier t,
		LATERAL (SELECT _tiering.version_before(t.scheme, t.version) AS before) b
	WHERE t.scheme = validate_succession.scheme AND t.version = validate_succession.version
		AND t.succeeds IS NOT NULL AND NOT EXISTS (
			SELECT FROM tiering.tier p
			WHERE p.scheme = t.scheme AND p.version = b.before AND p.tier = t.succeeds)
	UNION ALL
	SELECT 'error', format('tier %s', n.tier),
		concat('it succeeds ' || NULLIF(n.succeeds, n.tier) || ', but ',
			format('version %s has another tier %s', n.from_version, n.tier),
			', which goes on in ' || n.becomes, ': reports tell tiers by their names')
	FROM (SELECT DISTINCT ON (t.tier) t.tier, t.succeeds, s.from_version, s.becomes
		  FROM tiering.tier t
			JOIN _tiering.succeeded(validate_succession.scheme, validate_succession.version) s
				ON s.tier = t.tier AND s.from_version < t.version
		  WHERE t.scheme = validate_succession.scheme AND t.version = validate_succession.version
			-- one that has ended may come back
			AND COALESCE(s.becomes <> t.tier, t.succeeds <> t.tier)
		  ORDER BY t.tier, s.from_version DESC) n;
END;
COMMENT ON FUNCTION _tiering.validate_succession(text, int) IS
'Part of validate(): tiers that succeed none of the version before, or have the name of one of a '
'version before that they do not continue';

-- The name of a tier is that of the newest version that had it when the override was
-- asked for; in a version, it is the tier that this one has become.
CREATE FUNCTION _tiering.override_tiers(scheme text, version int, from_day date)
RETURNS TABLE (request bigint, named text, becomes text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	WITH known AS MATERIALIZED (
		SELECT s.tier, s.becomes, v.created_at, COALESCE(lower(v.effective), 'infinity') AS day
		FROM _tiering.succeeded(scheme, version) s
			JOIN tiering.scheme_version v
				ON v.scheme = override_tiers.scheme AND v.version = s.from_version
	)
	SELECT r.request, r.tier, (
		SELECT k.becomes FROM known k WHERE k.tier = r.tier
		ORDER BY k.created_at <= r.requested_at DESC, k.day DESC LIMIT 1)
	FROM _tiering.request_now r
	WHERE r.scheme = override_tiers.scheme AND r.kind <> 'move'
		AND r.counts && daterange(from_day, NULL);
END;
$$;
COMMENT ON FUNCTION _tiering.override_tiers(text, int, date) IS
'The approved overrides that count on a day or later, the tier that each names, and what that is '
'in a version. becomes is null if the version has no such tier and none that succeeds it';

CREATE FUNCTION tiering.validate_overrides(scheme text, version int, from_day date DEFAULT NULL)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 10000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v tiering.scheme_version := _tiering.version_row(scheme, version);
	next_day date := s.refreshed_as_of + 1 FROM tiering.source s WHERE s.scheme = v.scheme;
	first_day date := COALESCE(GREATEST(from_day, lower(v.effective), next_day), CURRENT_DATE);
BEGIN
	IF from_day IS NOT NULL THEN
		PERFORM _tiering.check_day(from_day, 'from_day');
	END IF;
	IF v.status = 'retired' THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT 'warning', format('tier %s', o.named),
		format('approved overrides name it, and no tier of this version is or succeeds it; '
			'from %s on they will not count: requests %s%s', to_char(first_day, 'YYYY-MM-DD'),
			string_agg(o.request::text, ', ' ORDER BY o.request) FILTER (WHERE o.number <= 20),
			CASE WHEN count(*) > 20 THEN format(' and %s more', count(*) - 20) END)
	FROM (SELECT x.*, row_number() OVER (PARTITION BY x.named ORDER BY x.request) AS number
		  FROM _tiering.override_tiers(scheme COLLATE "C", version, first_day) x
		  WHERE x.becomes IS NULL) o
	GROUP BY o.named ORDER BY o.named COLLATE "C";
END;
$$;
COMMENT ON FUNCTION tiering.validate_overrides(text, int, date) IS
'The approved overrides that name a tier which a version does not have. It is part of validate() '
'and publish(), for authors. A row for each tier, with the numbers of the requests. from_day is '
'the first day for which it is to grade; null: not known. Errors: no such version (42704), null '
'(22004), an infinite day (22023). Example: SELECT * FROM '
'tiering.validate_overrides(''retail'', 2)';

CREATE FUNCTION tiering.validate(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.version_row(scheme, version);
	RETURN QUERY
	SELECT f.severity, f.place, f.finding
	FROM (SELECT * FROM _tiering.validate_tiers(scheme, version)
		  UNION ALL SELECT * FROM _tiering.validate_approvers(scheme, version)
		  UNION ALL SELECT * FROM _tiering.validate_metrics(scheme, version)
		  UNION ALL SELECT * FROM _tiering.validate_rules(scheme, version)
		  UNION ALL SELECT * FROM _tiering.validate_gaps(scheme, version)
		  UNION ALL SELECT * FROM _tiering.validate_succession(scheme, version)
		  UNION ALL SELECT * FROM _tiering.validate_versions(scheme, version)) f
	ORDER BY f.severity COLLATE "C", f.place COLLATE "C", f.finding COLLATE "C";
	-- not for everyone, as requests are about customers
	IF has_function_privilege('tiering.validate_overrides(text, int, date)', 'EXECUTE') THEN
		RETURN QUERY SELECT f.severity, f.place, f.finding
		FROM tiering.validate_overrides(scheme, version) f;
	END IF;
END;
$$;
COMMENT ON FUNCTION tiering.validate(text, int) IS
'What is wrong (error) or odd (warning) with a version of a scheme, a row for each finding; '
'errors stop its publishing. Authors are told, too, which approved overrides name a tier that it '
'does not have. Errors: no such version (42704), null (22004). Example: SELECT severity, '
'place, finding FROM tiering.validate(''retail'', 2)';
