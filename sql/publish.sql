/*
 * Publishing: a draft is examined, dated and frozen, and the version before it
 * is closed.
 */

CREATE FUNCTION tiering.validate(scheme text, version int)
RETURNS TABLE (severity text, place text, finding text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.scheme_version v
				   WHERE v.scheme = validate.scheme AND v.version = validate.version) THEN
		PERFORM tiering.newest_version(scheme);
		RAISE EXCEPTION 'scheme "%" has no version %', scheme, version
			USING ERRCODE = 'undefined_object';
	END IF;
	RETURN QUERY
	WITH t AS (
		SELECT t.tier, t.rank, t.base, t.parent, EXISTS (
			SELECT FROM tiering.rule r
			WHERE r.scheme = t.scheme AND r.version = t.version AND r.tier = t.tier) AS has_rules
		FROM tiering.tier t
		WHERE t.scheme = validate.scheme AND t.version = validate.version
	), r AS (
		SELECT r.tier, r.rule, r.metric, r.bounds, m.kind
		FROM tiering.rule r JOIN tiering.metric m USING (scheme, version, metric)
		WHERE r.scheme = validate.scheme AND r.version = validate.version
	), box AS (
		SELECT DISTINCT r.tier, r.rule, t.rank FROM r JOIN t ON t.tier = r.tier
	), eclipsed AS (
		-- a box is inside another if it is in every metric that bounds that one
		SELECT a.tier, a.rule, min(b.tier) AS higher
		FROM box a JOIN box b ON b.rank > a.rank
		WHERE NOT EXISTS (
			SELECT FROM r rb LEFT JOIN r ra
				ON ra.tier = a.tier AND ra.rule = a.rule AND ra.metric = rb.metric
			WHERE rb.tier = b.tier AND rb.rule = b.rule AND (ra.bounds <@ rb.bounds) IS NOT TRUE)
		GROUP BY a.tier, a.rule
	)
	SELECT 'error', 'scheme', 'there are no tiers'
	WHERE NOT EXISTS (SELECT FROM t)
	UNION ALL
	SELECT 'error', 'scheme',
		'no tier is the base, which takes everyone whom no higher tier takes; if some are to get none, set everyone = false in tiering.scheme_version'
	FROM tiering.scheme_version v
	WHERE v.scheme = validate.scheme AND v.version = validate.version AND v.everyone
		AND EXISTS (SELECT FROM t) AND NOT EXISTS (SELECT FROM t WHERE t.base)
	UNION ALL
	SELECT 'error', 'scheme', format('more than one tier is the base: %s', string_agg(t.tier, ', ' ORDER BY t.tier))
	FROM t WHERE t.base HAVING count(*) > 1
	UNION ALL
	SELECT 'error', format('tier %s', t.tier), 'the base takes everyone, so it must have no rules'
	FROM t WHERE t.base AND t.has_rules
	UNION ALL
	SELECT 'error', format('tier %s', t.tier), 'it has no rules, so nobody can reach it'
	FROM t WHERE NOT t.base AND NOT t.has_rules
	UNION ALL
	SELECT 'error', format('tier %s', t.tier),
		format('its rank %s is not above that of the base %s, so nobody can reach it', t.rank, b.tier)
	FROM t JOIN t AS b ON b.base WHERE NOT t.base AND t.rank <= b.rank
	UNION ALL
	SELECT 'error', format('tier %s', e.tier),
		format('whoever meets its rules is in a higher tier (%s), so nobody can reach it',
			string_agg(DISTINCT e.higher, ', '))
	FROM eclipsed e GROUP BY e.tier
	HAVING count(*) = (SELECT count(*) FROM box WHERE box.tier = e.tier)
	UNION ALL
	SELECT 'error', format('tier %s', t.tier), format('its parent %s is not a tier', t.parent)
	FROM t WHERE t.parent NOT IN (SELECT p.tier FROM t AS p)
	UNION ALL
	-- two boxes are apart if they are apart in a metric that bounds both
	SELECT 'error', format('tier %s, rule %s', a.tier, a.rule),
		format('it overlaps rule %s of tier %s, and both tiers have rank %s', b.rule, b.tier, a.rank)
	FROM box a JOIN box b ON a.rank = b.rank AND a.tier < b.tier
	WHERE NOT EXISTS (
		SELECT FROM r ra JOIN r rb ON ra.metric = rb.metric
		WHERE ra.tier = a.tier AND ra.rule = a.rule AND rb.tier = b.tier AND rb.rule = b.rule
			AND NOT ra.bounds && rb.bounds)
	UNION ALL
	SELECT 'error', format('tier %s, rule %s', r.tier, r.rule),
		format('bounds %s hold neither 0 nor 1, so the boolean %s never meets them', r.bounds, r.metric)
	FROM r WHERE r.kind = 'boolean' AND NOT r.bounds @> 0.0 AND NOT r.bounds @> 1.0
	UNION ALL
	SELECT 'warning', format('metric %s', m.metric), 'no rule looks at it, and it is not the measure'
	FROM tiering.metric m
	WHERE m.scheme = validate.scheme AND m.version = validate.version AND NOT m.is_measure
		AND NOT EXISTS (SELECT FROM r WHERE r.metric = m.metric)
	UNION ALL
	SELECT 'warning', 'scheme', 'no metric is the measure, so reports count heads only'
	WHERE NOT EXISTS (
		SELECT FROM tiering.metric m
		WHERE m.scheme = validate.scheme AND m.version = validate.version AND m.is_measure);
END;
$$;
COMMENT ON FUNCTION tiering.validate(text, int) IS
'What is wrong (error) or odd (warning) with a version of a scheme, a row for each finding; errors stop its publishing. A version that does not exist is an error (42704)';

CREATE FUNCTION tiering.publish(scheme text, effective_from date) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draft int;
	last tiering.scheme_version;
BEGIN
	IF effective_from IS NULL OR NOT isfinite(effective_from) THEN
		RAISE EXCEPTION 'effective_from must be a day, not %', COALESCE(effective_from::text, 'null')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- a refresh holds this in share mode while it works with a version
	PERFORM FROM tiering.scheme s WHERE s.scheme = publish.scheme FOR NO KEY UPDATE;
	PERFORM tiering.newest_version(scheme);
	-- waits for those who are still writing to the draft; see refuse_frozen()
	SELECT v.version INTO draft FROM tiering.scheme_version v
	WHERE v.scheme = publish.scheme AND v.status = 'draft' FOR UPDATE;
	IF draft IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no draft to publish', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('Make one with tiering.new_version(%L).', scheme);
	END IF;

	SELECT * INTO last FROM tiering.scheme_version v
	WHERE v.scheme = publish.scheme AND v.status = 'published'
	ORDER BY lower(v.effective) DESC LIMIT 1;
	IF effective_from <= lower(last.effective) THEN
		RAISE EXCEPTION 'scheme "%" already has version % from % on', scheme, last.version, lower(last.effective)
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A new version takes effect after the one before it.';
	END IF;
	UPDATE tiering.scheme_version v
	SET status = 'retired', effective = daterange(lower(v.effective), effective_from)
	WHERE v.scheme = publish.scheme AND v.version = last.version;
	-- the trigger examines it and notes the rest, whoever does this
	UPDATE tiering.scheme_version v
	SET status = 'published', effective = daterange(effective_from, NULL)
	WHERE v.scheme = publish.scheme AND v.version = draft;
	RETURN draft;
END;
$$;
COMMENT ON FUNCTION tiering.publish(text, date) IS
'Puts the draft of a scheme in force from a day on, closes the version before it, freezes both, and returns its number. A draft in which validate() finds errors is refused (42P17), as is a day not after the start of the last version (22023)';
