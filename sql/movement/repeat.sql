/*
 * A refresh that is made again: a replay of one assessment, of those of whom anything is
 * otherwise than it was.
 */

CREATE FUNCTION _tiering.on_record(scheme text, as_of date) RETURNS TABLE (customer_id text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 1000
BEGIN ATOMIC
	SELECT h.customer_id COLLATE "C" FROM _tiering.ahead(on_record.scheme, on_record.as_of) h
	UNION
	SELECT _tiering.number_now(r.scheme, r.customer_id) COLLATE "C" FROM tiering.request r
	WHERE r.scheme = on_record.scheme AND r.customer_id IS NOT NULL
	UNION
	SELECT m.customer_id COLLATE "C" FROM _tiering.person_moves(on_record.scheme) m
	WHERE m.assessed >= on_record.as_of AND m.to_tier IS NULL;
END;
COMMENT ON FUNCTION _tiering.on_record(text, date) IS
'Of whom more is on record than the last assessment has: requests, exits at it, what came after it';

CREATE FUNCTION _tiering.graded_differing(scheme text, as_of date, version int, digest bytea,
	told text[], OUT customer_id text, OUT earned text, OUT earned_if text[], OUT measure numeric,
	OUT buckets bytea, OUT new_digest bytea, OUT left_out bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'graded_differing'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 30000000 ROWS 100000
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION _tiering.graded_differing(text, date, int, bytea, text[]) IS
'What graded_rows() tells of the customers who may have something else than when a digest was '
'made, and of those who are told, with others of the same buckets; and a row of these buckets, of '
'the new digest, and of how many rows are left out. Nobody is left out if the digest is empty. '
'Errors are those of graded_rows()';

CREATE FUNCTION _tiering.in_buckets(customer_id text, buckets bytea) RETURNS boolean
AS 'MODULE_PATHNAME', 'in_buckets'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.in_buckets(text, bytea) IS
'Whether a customer is in one of the buckets of graded_differing()';

CREATE FUNCTION _tiering.keep_digest(k tiering.kept_assessment, version int, digest bytea)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	DELETE FROM tiering.source_digest d WHERE d.scheme = (k).scheme;
	INSERT INTO tiering.source_digest (scheme, as_of, recorded_at, version, batch, entry, digest)
	SELECT (k).scheme, (k).as_of, (k).recorded_at, keep_digest.version,
		e.batch, e.entry, keep_digest.digest
	FROM _tiering.last_events((k).scheme) e
	WHERE keep_digest.digest IS NOT NULL AND (k).slot IS NOT NULL;
$$;
COMMENT ON FUNCTION _tiering.keep_digest(tiering.kept_assessment, int, bytea) IS
'Keeps the digest of what the source yielded for the last assessment';

-- The source may say a number that the customer does not have any more, which is in another
-- bucket: where there are such numbers, all are compared.
CREATE FUNCTION _tiering.digest_before(k tiering.kept_assessment, version int) RETURNS bytea
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN COALESCE((SELECT d.digest FROM tiering.source_digest d
			WHERE d.scheme = k.scheme AND d.as_of = k.as_of AND d.recorded_at = k.recorded_at
				AND d.version = digest_before.version
				AND _tiering.is_untouched(k, d.batch, d.entry)), '')
		WHERE NOT _tiering.has_aliases(k.scheme);
END;
$$;
COMMENT ON FUNCTION _tiering.digest_before(tiering.kept_assessment, int) IS
'The digest of what the source yielded for an assessment, if nothing has come after that; empty if '
'none can be heeded, and null if none can be made';

CREATE FUNCTION _tiering.all_earn(scheme text, version int) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM tiering.tier t
			WHERE t.scheme = all_earn.scheme AND t.version = all_earn.version AND t.base)
		OR NOT EXISTS (SELECT FROM tiering.policy p
			WHERE p.scheme = all_earn.scheme AND p.version = all_earn.version);
END;
COMMENT ON FUNCTION _tiering.all_earn(text, int) IS
'Whether every customer of a version earns a tier';

CREATE FUNCTION _tiering.state_kept(k tiering.kept_assessment, graded_by int, buckets bytea)
RETURNS TABLE (customer_id text, tier text, version int, earned text, measure numeric,
	as_was boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100000
BEGIN ATOMIC
	SELECT COALESCE(a.customer_id, h.customer_id COLLATE "C"), a.tier, a.version,
		COALESCE(a.earned, CASE WHEN (SELECT _tiering.all_earn((k).scheme, graded_by))
			THEN a.tier END), h.measure,
		a.tier = h.tier COLLATE "C" AND a.version = graded_by AND a.recorded_at <= (
			SELECT s.refreshed_at FROM tiering.source s WHERE s.scheme = (k).scheme)
			AND a.cause <> 'manual'
	FROM (SELECT x.* FROM tiering.assignment x WHERE x.scheme = (k).scheme
			AND (buckets IS NULL OR _tiering.in_buckets(x.customer_id, buckets))) a
		FULL JOIN (SELECT r.* FROM _tiering.kept_rows(k, NULL) r
			WHERE buckets IS NULL OR _tiering.in_buckets(r.customer_id, buckets)) h
			ON h.customer_id COLLATE "C" = a.customer_id;
END;
COMMENT ON FUNCTION _tiering.state_kept(tiering.kept_assessment, int, bytea) IS
'Part of differing(): the customers of buckets, or all if that is null, as they are beside what an '
'assessment has of them, and whether that is the same';

-- Where the state came from has not changed since, the same data lead to the same state. So
-- only they are replayed of whom the source has something else, or of whom anything else is on
-- record: requests, exits at the assessment, what came after it. Rules to stay may go by metrics
-- that are not kept: where there are any, or where the assessment is not kept, all are. That
-- nothing was earned is not kept either: it may be so where a policy keeps who earns nothing.
-- What was read to compare is handed on, and not read again, unless it is of so many that all are.
-- Who is not in buckets that differ is not even compared: their number follows from the sums.
-- A customer is repeated where more rows of the source meet customers than there are of these.
CREATE FUNCTION _tiering.differing(scheme text, as_of date, version int, OUT customers text[],
	OUT given _tiering.graded_row[], OUT cells _tiering.assessed_cell[], OUT repeats boolean,
	OUT digest bytea)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off
AS $$
#variable_conflict use_variable
DECLARE
	k tiering.kept_assessment := _tiering.kept(scheme, as_of);
	told text[] := ARRAY(SELECT o.customer_id FROM _tiering.on_record(scheme, as_of) o);
	before bytea := _tiering.digest_before(k, version);
BEGIN
	IF k.slot IS NULL OR (SELECT l.version FROM _tiering.last_assessment(scheme) l)
			IS DISTINCT FROM version
		OR EXISTS (SELECT FROM tiering.rule r WHERE r.scheme = differing.scheme
			AND r.version = differing.version AND r.stay)
	THEN
		RETURN;
	END IF;
	WITH again AS MATERIALIZED (
		SELECT r.* FROM _tiering.graded_differing(scheme, as_of, version, before, told) r
		UNION ALL
		SELECT g.*, NULL, NULL, NULL FROM _tiering.graded(scheme, as_of, version, NULL) g
		WHERE before IS NULL
	), scope AS MATERIALIZED (
		SELECT r.buckets FROM again r WHERE r.buckets IS NOT NULL
		UNION ALL SELECT NULL WHERE before IS NULL
	), judged AS MATERIALIZED (
		SELECT c.*, c.same AND c.customer_id NOT IN (SELECT unnest(told)) AS stays
		FROM (
			SELECT COALESCE(g.customer_id COLLATE "C", b.customer_id) AS customer_id, b.tier,
				b.version, g.customer_id IS NULL AS gone, g.earned, g.earned_if, g.measure,
				COALESCE(CASE WHEN b.customer_id IS NULL THEN g.earned IS NULL
					ELSE g.customer_id IS NOT NULL AND b.as_was
						AND g.measure IS NOT DISTINCT FROM b.measure
						AND g.earned COLLATE "C" = b.earned END, false) AS same
			FROM (SELECT r.* FROM again r WHERE r.customer_id IS NOT NULL) g
				FULL JOIN (SELECT x.* FROM scope s CROSS JOIN LATERAL
					_tiering.state_kept(k, version, s.buckets) x) b
					ON b.customer_id = g.customer_id COLLATE "C") c
	), rest AS MATERIALIZED (
		SELECT d.tier, d.version, d.customers
			- (SELECT count(*) FROM judged j WHERE j.tier = d.tier) AS customers
		FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = differing.scheme AND d.as_of = differing.as_of AND before <> ''
	)
	SELECT ARRAY((SELECT j.customer_id FROM judged j WHERE NOT j.stays LIMIT 100001)
			UNION SELECT unnest(told)),
		ARRAY(SELECT ROW(j.customer_id, j.earned, j.earned_if, j.measure)::_tiering.graded_row
			FROM judged j WHERE NOT j.stays AND NOT j.gone LIMIT 100001),
		(SELECT array_agg(ROW(false, c.tier, c.version, c.tier, c.customers, 0, 0, NULL)
				::_tiering.assessed_cell)
			FROM (SELECT j.tier, j.version, count(*) AS customers FROM judged j WHERE j.stays
				GROUP BY j.tier, j.version
				UNION ALL SELECT r.* FROM rest r
				UNION ALL SELECT NULL, NULL, a.left_out - (SELECT sum(r.customers) FROM rest r)
				FROM again a WHERE a.left_out > 0) c),
		(SELECT count(*) FROM judged j WHERE j.tier IS NOT NULL)
			> (SELECT count(*) FROM scope s JOIN tiering.assignment a ON a.scheme = differing.scheme
				AND COALESCE(_tiering.in_buckets(a.customer_id, s.buckets), true)),
		(SELECT r.new_digest FROM again r WHERE r.new_digest IS NOT NULL)
	INTO customers, given, cells, repeats, digest;
	IF cardinality(customers) > 100000 OR cardinality(given) > 100000 THEN
		customers := NULL;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.differing(text, date, int) IS
'Of whom the last assessment has to be replayed if it is repeated, everybody if null; what the '
'source has of them; how many the others are, by tier; whether the source has a customer more '
'than once; and the digest of what it has now';

CREATE FUNCTION _tiering.repeat_assessment(scheme text, as_of date, version int)
RETURNS tiering.refresh_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	d record;
	done record;
	cells _tiering.assessed_cell[];
	result tiering.refresh_result;
BEGIN
	SELECT * INTO d FROM _tiering.differing(scheme, as_of, version);
	IF d.repeats THEN
		PERFORM _tiering.refuse_repeated(scheme, as_of, version, NULL);
	END IF;
	IF d.customers IS NULL THEN
		SELECT * INTO done FROM _tiering.replay(scheme, as_of, 'refresh', NULL, ARRAY[as_of], NULL,
			NULL);
		cells := done.cells;
	ELSE
		SELECT * INTO done FROM _tiering.replay(scheme, as_of, 'refresh', d.customers,
			array_fill(as_of, ARRAY[cardinality(d.customers)]), NULL, NULL, d.given);
		cells := d.cells || done.cells;
	END IF;
	PERFORM _tiering.check_cells(scheme, as_of, version, NULL, NULL, cells);
	result := _tiering.cell_counts(scheme, as_of, version, cells);
	PERFORM _tiering.keep_digest(_tiering.kept(scheme, as_of), version, d.digest);
	result.pending := count(*) FROM _tiering.request_now r
		WHERE r.scheme = repeat_assessment.scheme AND r.kind = 'move' AND r.state = 'pending';
	result.overrides_left_out := count(*)
		FROM _tiering.overrides_left_out(scheme, version, as_of, as_of);
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.repeat_assessment(text, date, int) IS
'Makes the last assessment of a scheme again, from where customers were before it';
