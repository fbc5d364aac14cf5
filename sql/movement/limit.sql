/*
 * Limits: a refresh that would move, add or lose more customers than a bank thinks
 * possible in one night is refused, and changes nothing: what looks like that is mostly a
 * file that was loaded twice, or one that is missing. Somebody can let it through.
 */

CREATE TRIGGER check_setter BEFORE INSERT OR UPDATE ON tiering.refresh_limit
	FOR EACH ROW EXECUTE FUNCTION _tiering.check_setter();
COMMENT ON TRIGGER check_setter ON tiering.refresh_limit IS 'Nobody lends themselves rights';

CREATE FUNCTION _tiering.control_rows(scheme text, as_of date) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'control_rows'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 1;
COMMENT ON FUNCTION _tiering.control_rows(text, date) IS
'What the control of a scheme yields for a date, with the column that the caller lists; nothing if '
'none is bound; runs with the rights of the role that set it. Not for PUBLIC';

CREATE FUNCTION _tiering.control_check(scheme text, query text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'control_check'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION _tiering.control_check(text, text) IS
'Checks, with the caller''s own rights, that a query can be the control of a scheme and yields the '
'column that the caller lists; returns no rows';

CREATE FUNCTION _tiering.checked_control(scheme text, query text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bare text := NULLIF(rtrim(query, E'; \t\r\n'), '');
	newest int := tiering.newest_version(scheme);
BEGIN
	IF bare IS NULL THEN
		RETURN NULL;
	ELSIF NOT EXISTS (SELECT FROM tiering.metric m
		WHERE m.scheme = checked_control.scheme AND m.version = newest AND m.is_measure)
	THEN
		RAISE EXCEPTION 'scheme "%" has no measure that a control could be compared with', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	RETURN _tiering.checked_query(scheme, bare, 'control');
END;
$$;
COMMENT ON FUNCTION _tiering.checked_control(text, text) IS
'Part of set_limits(): the query as it is kept, if it can be a control; null if there is none';

CREATE FUNCTION _tiering.write_limits(scheme text, max_moved numeric, max_new numeric,
	max_exit numeric, control_query text, tolerance numeric) RETURNS void
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
	ELSIF NOT (tolerance >= 0 AND tolerance < 'Infinity') THEN
		RAISE EXCEPTION 'tolerance must be an amount from 0 on, not %', tolerance
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	DELETE FROM tiering.refresh_limit l WHERE l.scheme = write_limits.scheme;
	INSERT INTO tiering.refresh_limit (scheme, max_moved, max_new, max_exit, control_query,
		tolerance, set_by)
	SELECT write_limits.scheme, write_limits.max_moved, write_limits.max_new,
		write_limits.max_exit, write_limits.control_query,
		CASE WHEN write_limits.control_query IS NOT NULL THEN COALESCE(write_limits.tolerance, 0)
			END, _tiering.binder()
	WHERE num_nonnulls(write_limits.max_moved, write_limits.max_new, write_limits.max_exit,
		write_limits.control_query) > 0;
END;
$$;
COMMENT ON FUNCTION _tiering.write_limits(text, numeric, numeric, numeric, text, numeric) IS
'Part of set_limits(): writes them for the role that calls it';

CREATE FUNCTION tiering.set_limits(scheme text, max_moved numeric DEFAULT NULL,
	max_new numeric DEFAULT NULL, max_exit numeric DEFAULT NULL, control_query text DEFAULT NULL,
	tolerance numeric DEFAULT 0) RETURNS void
AS 'MODULE_PATHNAME', 'set_limits'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.set_limits(text, numeric, numeric, numeric, text, numeric) IS
'Says beyond which limits a refresh of a scheme is refused (TI001), changing nothing. max_moved, '
'max_new, max_exit: how many customers may move between tiers, be new and leave, as fractions of '
'those before it. control_query: a query that yields as total, for the date $1, what the measures '
'of all who have a tier, or wait for one, have to add up to, give or take tolerance; it runs as a '
'source does, with the rights and settings of who calls this. A null is no limit, and without any '
'the scheme has none. refresh(…, force => true) lets it through. The first refresh, before which '
'there is nobody, has no limits but the total. simulate_limits() tells what the shares would say. '
'Errors: unknown scheme (42704), a share that is not from 0 to 1, a tolerance below 0 (22023), a '
'control for a scheme without a measure (55000), a query without a column total (42703) or with '
'one that is no exact number (42804), and what set_source() says of queries. Example: SELECT '
'tiering.set_limits(''retail'', max_moved => 0.1, max_exit => 0.01)';

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

-- The customers are those whom the assessment keeps: who has a tier, or waits for one. Who
-- gets none has no part in it.
CREATE FUNCTION _tiering.off_control(scheme text, as_of date) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
DECLARE
	l tiering.refresh_limit;
	k tiering.kept_assessment := _tiering.kept(scheme, as_of);
	totals numeric[];
	added_up numeric;
BEGIN
	SELECT x.* INTO l FROM tiering.refresh_limit x
	WHERE x.scheme = off_control.scheme AND x.control_query IS NOT NULL;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	totals := ARRAY(SELECT c.total FROM _tiering.control_rows(scheme, as_of) AS c(total numeric));
	IF cardinality(totals) <> 1 OR totals[1] IS NULL THEN
		RAISE EXCEPTION 'control of scheme "%" must yield one total for %, not %', scheme, as_of,
				CASE WHEN totals[1] IS NULL AND cardinality(totals) = 1 THEN 'null'
					ELSE cardinality(totals)::text END
			USING ERRCODE = 'cardinality_violation';
	END IF;
	SELECT COALESCE(sum(r.measure), 0) INTO added_up
	FROM _tiering.kept_rows(k, NULL) r;
	IF abs(added_up - totals[1]) <= l.tolerance THEN
		RETURN NULL;
	END IF;
	RETURN format('control: the measures add up to %s, the total is %s, where %s is the most by '
		'which they may differ', trim_scale(added_up), trim_scale(totals[1]), l.tolerance);
END;
$$;
COMMENT ON FUNCTION _tiering.off_control(text, date) IS
'By how much the measures of an assessment are off what the control yields, if that is too much; '
'null if not, or if there is no control. Errors: it yields no total, or several (21000), and what '
'the query raises';

CREATE FUNCTION _tiering.beyond_limits(result tiering.refresh_result)
RETURNS TABLE (what text, finding text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1
BEGIN ATOMIC
	SELECT s.what, format('%s: %s of %s customers, %s, where %s is the most', s.what, s.customers,
		s.before, s.share, s.at_most)
	FROM _tiering.limit_shares((result).scheme, (result).stayed + (result).up + (result).down
			+ (result).lateral_moves + (result).exit,
		(result).up + (result).down + (result).lateral_moves, (result).new, (result).exit) s
	WHERE s.exceeded
	UNION ALL
	SELECT 'control', c.finding
	FROM _tiering.off_control((result).scheme, (result).as_of) c(finding)
	WHERE c.finding IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.beyond_limits(tiering.refresh_result) IS
'What of a refresh is beyond a limit of its scheme, a sentence for each';

CREATE FUNCTION _tiering.largest_moves(scheme text, what text[]) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('customer "%s": %s to %s, with %s', m.customer_id,
		COALESCE(m.from_tier, 'nowhere'), COALESCE(m.to_tier, 'nowhere'),
		COALESCE(m.measure::text, 'no measure'))
	FROM tiering.migration m
	WHERE m.scheme = largest_moves.scheme AND m.batch = (SELECT max(b.batch) FROM tiering.batch b
			WHERE b.scheme = largest_moves.scheme)
		AND CASE WHEN m.direction IN ('new', 'exit', 'merge') THEN m.direction
			ELSE 'moved' END = ANY (what)
	ORDER BY abs(m.measure) DESC NULLS LAST, m.customer_id, m.move LIMIT 5
$$;
COMMENT ON FUNCTION _tiering.largest_moves(text, text[]) IS
'The five moves of the last batch with the largest measure, among those between tiers (moved), of '
'the new, and of those who left (exit)';

-- What was written goes with the error. Money is told to those only who may read it, and kept
-- with what is let through. Of a refresh that is repeated only that counts in which it
-- differs from the one before.
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
		INSERT INTO tiering.source_check (scheme, as_of, finding, forced)
		SELECT result.scheme, result.as_of, f, true FROM string_to_table(found.findings, E'\n') f;
		RETURN;
	END IF;
	RAISE EXCEPTION 'refresh of scheme "%" as of % is beyond its limits, and changed nothing',
			result.scheme, result.as_of
		USING ERRCODE = 'TI001',
		DETAIL = CASE WHEN _tiering.may_read_customers() THEN concat_ws(E'\n', found.findings, (
				SELECT E'The largest of them are:\n' || string_agg(l, E'\n')
				FROM _tiering.largest_moves(result.scheme, found.what) l))
			ELSE regexp_replace(found.findings, 'control: [^\n]*',
				'control: the measures do not add up to the total') END,
		HINT = format('Are the data of that day complete, and loaded once? If so, '
			'tiering.refresh(%L, %L, force => true) lets it through, and that is kept.',
			result.scheme, result.as_of);
END;
$$;
COMMENT ON FUNCTION _tiering.heed_limits(tiering.refresh_result, boolean) IS
'Refuses a refresh that is beyond a limit of its scheme (TI001), or keeps what it is let through '
'with';
