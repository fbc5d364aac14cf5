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

-- Where the state came from has not changed since, the same data lead to the same state. So
-- only they are replayed of whom the source has something else, or of whom anything else is on
-- record: requests, exits at the assessment, what came after it. Rules to stay may go by metrics
-- that are not kept: where there are any, or where the assessment is not kept, all are. That
-- nothing was earned is not kept either: it may be so where a policy keeps who earns nothing.
-- What was read to compare is handed on, and not read again, unless it is of so many that all are.
CREATE FUNCTION _tiering.differing(scheme text, as_of date, version int, OUT customers text[],
	OUT given _tiering.graded_row[], OUT cells _tiering.assessed_cell[], OUT repeats boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off
AS $$
DECLARE
	k tiering.kept_assessment := _tiering.kept(scheme, as_of);
	written_at timestamptz := s.refreshed_at FROM tiering.source s
		WHERE s.scheme = differing.scheme;
	all_earn boolean := EXISTS (SELECT FROM tiering.tier t WHERE t.scheme = differing.scheme
			AND t.version = differing.version AND t.base)
		OR NOT EXISTS (SELECT FROM tiering.policy p WHERE p.scheme = differing.scheme
			AND p.version = differing.version);
BEGIN
	IF k.slot IS NULL OR (SELECT l.version FROM _tiering.last_assessment(scheme) l)
			IS DISTINCT FROM version
		OR EXISTS (SELECT FROM tiering.rule r WHERE r.scheme = differing.scheme
			AND r.version = differing.version AND r.stay)
	THEN
		RETURN;
	END IF;
	WITH told AS MATERIALIZED (
		SELECT o.customer_id FROM _tiering.on_record(differing.scheme, differing.as_of) o
	), compared AS (
		SELECT COALESCE(g.customer_id COLLATE "C", b.customer_id) AS customer_id, b.tier,
			b.version, g.customer_id IS NULL AS gone, g.earned, g.earned_if, g.measure,
			COALESCE(CASE WHEN b.customer_id IS NULL THEN g.earned IS NULL
				ELSE g.customer_id IS NOT NULL AND b.as_was
					AND g.measure IS NOT DISTINCT FROM b.measure
					AND g.earned COLLATE "C" = b.earned END, false) AS same
		FROM _tiering.graded(differing.scheme, differing.as_of, differing.version, NULL) g
			FULL JOIN (
				SELECT COALESCE(a.customer_id, h.customer_id COLLATE "C") AS customer_id, a.tier,
					a.version, COALESCE(a.earned, CASE WHEN all_earn THEN a.tier END) AS earned,
					h.measure,
					a.tier = h.tier COLLATE "C" AND a.version = differing.version
						AND a.recorded_at <= written_at AND a.cause <> 'manual' AS as_was
				FROM (SELECT x.* FROM tiering.assignment x WHERE x.scheme = differing.scheme) a
					FULL JOIN _tiering.kept_rows(k, NULL) h
						ON h.customer_id COLLATE "C" = a.customer_id) b
				ON b.customer_id = g.customer_id COLLATE "C"
	), judged AS MATERIALIZED (
		SELECT c.*, c.same AND c.customer_id NOT IN (SELECT t.customer_id FROM told t) AS stays
		FROM compared c
	)
	SELECT ARRAY((SELECT j.customer_id FROM judged j WHERE NOT j.stays LIMIT 100001)
			UNION SELECT t.customer_id FROM told t),
		ARRAY(SELECT ROW(j.customer_id, j.earned, j.earned_if, j.measure)::_tiering.graded_row
			FROM judged j WHERE NOT j.stays AND NOT j.gone LIMIT 100001),
		(SELECT array_agg(ROW(false, c.tier, c.version, c.tier, c.customers, 0, 0, NULL)
				::_tiering.assessed_cell)
			FROM (SELECT j.tier, j.version, count(*) AS customers FROM judged j WHERE j.stays
				GROUP BY j.tier, j.version) c),
		-- more rows of the source meet a customer than there are customers whom it has
		(SELECT count(*) FROM judged j WHERE j.tier IS NOT NULL)
			> (SELECT count(*) FROM tiering.assignment a WHERE a.scheme = differing.scheme)
	INTO customers, given, cells, repeats;
	IF cardinality(customers) > 100000 OR cardinality(given) > 100000 THEN
		customers := NULL;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.differing(text, date, int) IS
'Of whom the last assessment has to be replayed if it is repeated, everybody if null; what the '
'source has of them; how many the others are, by tier; and whether the source has a customer more '
'than once';

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
	result.pending := count(*) FROM _tiering.request_now r
		WHERE r.scheme = repeat_assessment.scheme AND r.kind = 'move' AND r.state = 'pending';
	result.overrides_left_out := count(*)
		FROM _tiering.overrides_left_out(scheme, version, as_of, as_of);
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.repeat_assessment(text, date, int) IS
'Makes the last assessment of a scheme again, from where customers were before it';
