/*
 * Limits: a refresh that would move, add or lose more customers than a bank thinks
 * possible in one night is refused, and changes nothing: what looks like that is mostly a
 * file that was loaded twice, or one that is missing. Somebody can let it through.
 */

CREATE FUNCTION _tiering.set_limits(scheme text, max_moved numeric, max_new numeric,
	max_exit numeric) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.take_turn(scheme);
	SELECT l.name, l.share INTO wrong
	FROM (VALUES ('max_moved', max_moved), ('max_new', max_new), ('max_exit', max_exit))
		l(name, share)
	WHERE NOT l.share BETWEEN 0 AND 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% must be a share from 0 to 1, or null, not %', wrong.name, wrong.share
			USING ERRCODE = 'invalid_parameter_value', HINT = '0.05 are five in a hundred.';
	END IF;
	DELETE FROM tiering.refresh_limit l WHERE l.scheme = set_limits.scheme;
	INSERT INTO tiering.refresh_limit (scheme, max_moved, max_new, max_exit)
	SELECT set_limits.scheme, set_limits.max_moved, set_limits.max_new, set_limits.max_exit
	WHERE num_nonnulls(set_limits.max_moved, set_limits.max_new, set_limits.max_exit) > 0;
END;
$$;
COMMENT ON FUNCTION _tiering.set_limits(text, numeric, numeric, numeric) IS
'Part of set_limits(): what it does, as the owner';

CREATE FUNCTION tiering.set_limits(scheme text, max_moved numeric DEFAULT NULL,
	max_new numeric DEFAULT NULL, max_exit numeric DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.set_limits(text, numeric, numeric, numeric) IS
'Says which shares of a scheme''s customers may move between tiers, be new and leave in one '
'refresh, as fractions of those whom it had before. A null is no limit, and without any the scheme '
'has none. A refresh beyond a limit is refused (TI001), and changes nothing; refresh(…, force => '
'true) lets it through. The first one, before which there is nobody, has no limits. '
'simulate_limits() tells what they would say. Example: set_limits(''retail'', max_moved => 0.05). '
'Errors: unknown scheme (42704), a share that is not from 0 to 1 (22023)';

-- Before it are those who stayed, moved or left; a count is compared, not a share that is
-- rounded.
CREATE FUNCTION _tiering.limit_shares(scheme text, before bigint, moved bigint, new bigint,
	exit bigint)
RETURNS TABLE (what text, customers bigint, before bigint, share numeric, at_most numeric,
	exceeded boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 3
BEGIN ATOMIC
	SELECT x.what, x.customers, limit_shares.before,
		round(x.customers / NULLIF(limit_shares.before, 0)::numeric, 6), x.at_most,
		COALESCE(limit_shares.before > 0 AND x.customers > x.at_most * limit_shares.before, false)
	FROM (SELECT) one
		LEFT JOIN tiering.refresh_limit l ON l.scheme = limit_shares.scheme
		CROSS JOIN LATERAL (VALUES (1, 'moved', limit_shares.moved, l.max_moved),
			(2, 'new', limit_shares.new, l.max_new), (3, 'exit', limit_shares.exit, l.max_exit))
			x(n, what, customers, at_most)
	ORDER BY x.n;
END;
COMMENT ON FUNCTION _tiering.limit_shares(text, bigint, bigint, bigint, bigint) IS
'What the limits of a scheme say of so many customers who moved, are new, and left';

CREATE FUNCTION _tiering.beyond_limits(result tiering.refresh_result)
RETURNS TABLE (what text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT s.what, format('%s: %s of %s customers, %s, where %s is the most', s.what, s.customers,
		s.before, s.share, s.at_most)
	FROM _tiering.limit_shares((result).scheme, (result).stayed + (result).up + (result).down
			+ (result).lateral_moves + (result).exit,
		(result).up + (result).down + (result).lateral_moves, (result).new, (result).exit) s
	WHERE s.exceeded;
END;
COMMENT ON FUNCTION _tiering.beyond_limits(tiering.refresh_result) IS
'What a refresh did that is beyond a limit of its scheme, a sentence for each';

CREATE FUNCTION _tiering.largest_moves(scheme text, what text[]) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('%s: %s to %s, with %s', _tiering.shown_customer(m.customer_id),
		COALESCE(m.from_tier, 'nowhere'), COALESCE(m.to_tier, 'nowhere'),
		COALESCE(m.measure::text, 'no measure'))
	FROM tiering.migration m
	WHERE m.scheme = largest_moves.scheme AND m.batch = (SELECT max(b.batch) FROM tiering.batch b
			WHERE b.scheme = largest_moves.scheme)
		AND CASE WHEN m.direction IN ('new', 'exit') THEN m.direction ELSE 'moved' END = ANY (what)
	ORDER BY abs(m.measure) DESC NULLS LAST, m.customer_id, m.move LIMIT 5
$$;
COMMENT ON FUNCTION _tiering.largest_moves(text, text[]) IS
'The five moves of the last batch with the largest measure, among those between tiers (moved), of '
'the new, and of those who left (exit)';

-- What was written goes with the error. Of a refresh that is repeated only that counts in
-- which it differs from the one before.
CREATE FUNCTION _tiering.heed_limits(result tiering.refresh_result, force boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found record;
BEGIN
	SELECT array_agg(b.what) AS what, string_agg(b.finding, E'\n') AS findings INTO found
	FROM _tiering.beyond_limits(result) b;
	IF found.what IS NULL THEN
		RETURN;
	ELSIF force THEN
		INSERT INTO tiering.source_check (scheme, as_of, finding)
		SELECT result.scheme, result.as_of, f FROM string_to_table(found.findings, E'\n') f;
		RETURN;
	END IF;
	RAISE EXCEPTION 'refresh of scheme "%" as of % is beyond its limits, and changed nothing',
			result.scheme, result.as_of
		USING ERRCODE = 'TI001',
		DETAIL = concat_ws(E'\n', found.findings, 'The largest of them are:', (
			SELECT string_agg(l, E'\n') FROM _tiering.largest_moves(result.scheme, found.what) l)),
		HINT = format('Are the data of that day complete, and loaded once? If so, '
			'tiering.refresh(%L, %L, force => true) lets it through, and that is kept.',
			result.scheme, result.as_of);
END;
$$;
COMMENT ON FUNCTION _tiering.heed_limits(tiering.refresh_result, boolean) IS
'Refuses a refresh that is beyond a limit of its scheme (TI001), or keeps what it is let through '
'with';
