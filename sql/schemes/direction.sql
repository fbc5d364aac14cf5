/*
 * Which way it is from one tier to another. The one rule: two ranks are compared in
 * one version, the newest that knows both tiers; where none does, by what they have
 * become. For example, silver is dropped while its customers go to gold: the version
 * before knew both, so that is up.
 */

CREATE FUNCTION _tiering.tier_names(scheme text, version int)
RETURNS TABLE (tier text, rank int, becomes text)
LANGUAGE sql STABLE PARALLEL SAFE COST 5000 ROWS 10
BEGIN ATOMIC
	SELECT DISTINCT ON (t.tier) t.tier, t.rank,
		CASE WHEN t.version = tier_names.version THEN t.tier ELSE s.becomes END
	FROM tiering.tier t
		JOIN tiering.scheme_version v ON v.scheme = t.scheme AND v.version = t.version
		LEFT JOIN _tiering.succeeded(tier_names.scheme, tier_names.version) s
			ON s.from_version = t.version AND s.tier = t.tier
	WHERE t.scheme = tier_names.scheme AND v.version <= tier_names.version
		AND (v.status <> 'draft' OR v.version = tier_names.version)
	ORDER BY t.tier, t.version DESC;
END;
COMMENT ON FUNCTION _tiering.tier_names(text, int) IS
'All tiers that a version of a scheme or one before it has: the rank in the newest version that '
'has the tier, and what it has become in the version given, null if it ended';

-- Who is put into a tier of a later version before that grades is in it by its name there.
CREATE FUNCTION _tiering.names_in(scheme text, version int) RETURNS TABLE (tier text, name text)
LANGUAGE sql STABLE PARALLEL SAFE COST 5000 ROWS 10
BEGIN ATOMIC
	SELECT n.tier, n.becomes FROM _tiering.tier_names(names_in.scheme, names_in.version) n
	WHERE n.becomes IS NOT NULL
	UNION
	SELECT r.tier, r.name
	FROM (SELECT array_agg(v.version) AS versions FROM tiering.scheme_version v
		  WHERE v.scheme = names_in.scheme AND v.version > names_in.version
			AND v.status <> 'draft') l
		CROSS JOIN LATERAL _tiering.renamed(names_in.scheme, l.versions, names_in.version) r;
END;
COMMENT ON FUNCTION _tiering.names_in(text, int) IS
'What a version calls the tiers of all versions, also of later ones: those that are a tier of it, '
'or have become or been one';

CREATE FUNCTION _tiering.directions(scheme text, version int)
RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int, to_rank int)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 50
BEGIN ATOMIC
	WITH name AS MATERIALIZED (
		SELECT * FROM _tiering.tier_names(directions.scheme, directions.version)
	), shared AS MATERIALIZED (
		SELECT DISTINCT ON (f.tier, t.tier) f.tier AS from_tier, t.tier AS to_tier,
			CASE WHEN t.rank > f.rank THEN 'up' WHEN t.rank < f.rank THEN 'down'
				ELSE 'lateral' END AS direction
		FROM tiering.tier f
			JOIN tiering.tier t ON t.scheme = f.scheme AND t.version = f.version
			JOIN tiering.scheme_version v ON v.scheme = f.scheme AND v.version = f.version
		WHERE f.scheme = directions.scheme AND f.version <= directions.version
			AND (v.status <> 'draft' OR v.version = directions.version)
		ORDER BY f.tier, t.tier, f.version DESC
	)
	SELECT f.tier, t.tier,
		CASE WHEN f.tier = t.tier OR (s.direction IS NULL AND f.becomes = t.becomes) THEN 'stayed'
			ELSE COALESCE(s.direction, b.direction, 'lateral') END,
		f.rank, t.rank
	FROM name f CROSS JOIN name t
		LEFT JOIN shared s ON s.from_tier = f.tier COLLATE "C" AND s.to_tier = t.tier COLLATE "C"
		LEFT JOIN shared b ON b.from_tier = f.becomes COLLATE "C"
			AND b.to_tier = t.becomes COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.directions(text, int) IS
'The direction from each tier to each other one, of all that a version or one before it has: up, '
'down, lateral or stayed. Ranks are compared in the newest version that knows both tiers, else of '
'what they have become in the version given; of tiers that no version compares it is lateral. '
'stayed: the same tier, or what it has become. The ranks beside it are those in the newest version '
'that has the tier';

CREATE FUNCTION _tiering.directions_in(scheme text, versions int[])
RETURNS TABLE (version int, from_tier text, to_tier text, direction text)
LANGUAGE sql STABLE PARALLEL SAFE COST 20000 ROWS 100
BEGIN ATOMIC
	SELECT v.version, d.from_tier, d.to_tier, d.direction
	FROM unnest(directions_in.versions) v(version)
		CROSS JOIN LATERAL _tiering.directions(directions_in.scheme, v.version) d;
END;
COMMENT ON FUNCTION _tiering.directions_in(text, int[]) IS
'The direction from each tier to each other one in each of several versions; see directions()';

-- A name is of one tier in all versions: see validate_succession(). Of a later version's tier all
-- is known by the first version that has it; nothing is asked where the version has all names. To
-- plan that takes longer than to ask it.
CREATE FUNCTION _tiering.ranks_in(scheme text, version int, others boolean DEFAULT true)
RETURNS TABLE (tier text, rank int)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 ROWS 10
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	newest int;
	names text[];
BEGIN
	RETURN QUERY SELECT t.tier, t.rank FROM tiering.tier t
	WHERE t.scheme = ranks_in.scheme COLLATE "C" AND t.version = ranks_in.version;
	FOR newest, names IN
		SELECT o.newest, array_agg(o.tier)
		FROM (SELECT t.tier, GREATEST(ranks_in.version, min(t.version)) AS newest
			  FROM tiering.tier t JOIN tiering.scheme_version v USING (scheme, version)
			  WHERE ranks_in.others AND t.scheme = ranks_in.scheme COLLATE "C"
				AND (v.status <> 'draft' OR t.version = ranks_in.version)
			  GROUP BY t.tier HAVING NOT bool_or(t.version = ranks_in.version)) o
		GROUP BY o.newest
	LOOP
		RETURN QUERY
		SELECT d.from_tier, COALESCE(max(d.rank) FILTER (WHERE d.direction = 'stayed'),
			max(d.rank) FILTER (WHERE COALESCE(d.rank < d.first_up, true)))
		FROM (SELECT x.from_tier, x.direction, t.rank, min(t.rank)
				FILTER (WHERE x.direction = 'up') OVER (PARTITION BY x.from_tier) AS first_up
			  FROM _tiering.directions(ranks_in.scheme, newest) x
				JOIN tiering.tier t ON t.scheme = ranks_in.scheme COLLATE "C"
					AND t.version = ranks_in.version AND t.tier = x.to_tier COLLATE "C"
			  WHERE x.from_tier = ANY (names)) d
		GROUP BY d.from_tier;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.ranks_in(text, int, boolean) IS
'Of which rank of a version who holds a tier is, whichever version that is of: its own there, or '
'that of what it has become or was, or else the one below the lowest tier into which it is up by '
'directions(), the highest if there is none; null: all are up from it. others: whether of tiers '
'that the version does not have, too';

-- Of one; it asks of the others only if the version does not have the tier.
CREATE FUNCTION _tiering.rank_in(scheme text, version int, tier text) RETURNS int
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result int := t.rank FROM tiering.tier t WHERE t.scheme = rank_in.scheme COLLATE "C"
		AND t.version = rank_in.version AND t.tier = rank_in.tier COLLATE "C";
BEGIN
	RETURN COALESCE(result, (SELECT r.rank FROM _tiering.ranks_in(scheme, version) r
		WHERE r.tier COLLATE "C" = rank_in.tier COLLATE "C"));
END;
$$;
COMMENT ON FUNCTION _tiering.rank_in(text, int, text) IS 'What ranks_in() says of one tier';
