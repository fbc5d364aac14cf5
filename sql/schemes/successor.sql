/*
 * What becomes of a tier in later versions. Versions follow each other by the days
 * from which they grade; a draft comes after all of them. From one to the next a
 * tier goes on in the tier that succeeds it by name of tier.succeeds, or else in the
 * one of the same name. Where several do, which is a split, customers go on in the
 * one of the same name, or else in the lowest.
 */

CREATE FUNCTION _tiering.version_before(scheme text, version int) RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT p.before
	FROM (SELECT v.version, lag(v.version) OVER (ORDER BY lower(v.effective)) AS before
		  FROM tiering.scheme_version v WHERE v.scheme = version_before.scheme) p
	WHERE p.version = version_before.version;
END;
COMMENT ON FUNCTION _tiering.version_before(text, int) IS
'The version of a scheme that a version succeeds: of a draft, the last one that is published; '
'null for the first one';

CREATE FUNCTION _tiering.succeeded(scheme text, version int)
RETURNS TABLE (from_version int, tier text, becomes text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 50
BEGIN ATOMIC
	WITH RECURSIVE step AS MATERIALIZED (
		SELECT v.version, t.tier, v.next, (
			SELECT n.tier FROM tiering.tier n
			WHERE n.scheme = succeeded.scheme AND n.version = v.next
				AND COALESCE(n.succeeds, n.tier) = t.tier
			ORDER BY n.tier = t.tier DESC, n.rank, n.tier LIMIT 1) AS becomes
		FROM (SELECT v.version, lead(v.version) OVER (ORDER BY lower(v.effective)) AS next
			  FROM tiering.scheme_version v WHERE v.scheme = succeeded.scheme) v
			JOIN tiering.tier t ON t.scheme = succeeded.scheme AND t.version = v.version
	), walk AS (
		SELECT s.version AS from_version, s.tier, s.version AS at, s.tier AS becomes FROM step s
		UNION ALL
		SELECT w.from_version, w.tier, s.next, s.becomes
		FROM walk w JOIN step s ON s.version = w.at AND s.tier = w.becomes
		WHERE w.at <> succeeded.version AND s.next IS NOT NULL
	)
	SELECT w.from_version, w.tier, max(w.becomes) FILTER (WHERE w.at = succeeded.version)
	FROM walk w
		JOIN tiering.scheme_version f ON f.scheme = succeeded.scheme AND f.version = w.from_version
		JOIN tiering.scheme_version v
			ON v.scheme = succeeded.scheme AND v.version = succeeded.version
	WHERE COALESCE(lower(f.effective), 'infinity') <= COALESCE(lower(v.effective), 'infinity')
	GROUP BY w.from_version, w.tier;
END;
COMMENT ON FUNCTION _tiering.succeeded(text, int) IS
'What each tier of a version and of all versions before it has become in that version. becomes '
'is null for a tier that ended on the way';

-- Each tier continues one at most, so that an earlier version's name is found as well. The versions
-- that are the same cost nothing.
CREATE FUNCTION _tiering.renamed(scheme text, versions int[], version int)
RETURNS TABLE (from_version int, tier text, name text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT v.version, c.tier, c.name
	FROM unnest(renamed.versions) v(version)
		CROSS JOIN LATERAL _tiering.succeeded(renamed.scheme,
			GREATEST(v.version, renamed.version)) s
		CROSS JOIN LATERAL (SELECT CASE WHEN v.version < renamed.version THEN s.tier
				ELSE s.becomes END AS tier,
			CASE WHEN v.version < renamed.version THEN s.becomes ELSE s.tier END AS name) c
	WHERE v.version <> renamed.version AND s.from_version = LEAST(v.version, renamed.version)
		AND s.becomes <> s.tier;
END;
COMMENT ON FUNCTION _tiering.renamed(text, int[], int) IS
'The tiers of several versions that another one, a later or an earlier one, calls otherwise, and '
'how';

CREATE FUNCTION tiering.successor(scheme text, from_version int, tier text, to_version int)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT s.becomes FROM _tiering.succeeded(successor.scheme, successor.to_version) s
	WHERE s.from_version = successor.from_version AND s.tier = successor.tier;
END;
COMMENT ON FUNCTION tiering.successor(text, int, text, int) IS
'What a tier of one version has become in a later one. Null if it ended, or if there was none. '
'Example: SELECT tiering.successor(''retail'', 1, ''gold'', 2) gives gold';

CREATE FUNCTION _tiering.refuse_unknown_tier(scheme text, tier text, named int, known text[])
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'scheme "%" has no tier "%"', scheme, tier
		USING ERRCODE = 'undefined_object',
		HINT = COALESCE('Its name is "' || (SELECT n.becomes
				FROM _tiering.tier_names(refuse_unknown_tier.scheme, named) n
				WHERE n.tier = refuse_unknown_tier.tier COLLATE "C") || '" now.',
			CASE WHEN known = '{}' THEN 'It has no tiers.'
				ELSE format('Its tiers are %s.', array_to_string(known, ', ')) END);
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_unknown_tier(text, text, int, text[]) IS
'Raises the error for a tier that is asked for and not there (42704), with its name in a version, '
'or those that are known';
