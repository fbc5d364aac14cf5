/*
 * Restating: late and corrected data. Assessments of some customers are made once more, from
 * a day on, with the data of today, by the versions and policies of then, and with the
 * overrides and approvals of then: see replay.sql. What was known at a time can still be
 * asked.
 */

CREATE FUNCTION _tiering.restate(scheme text, from_as_of date, customers text[])
RETURNS tiering.restate_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
SET application_name = 'tiering.restate'
AS $$
DECLARE
	started timestamptz := clock_timestamp();
	src tiering.source;
	done record;
BEGIN
	PERFORM _tiering.check_day(from_as_of, 'from_as_of');
	src := _tiering.lock_source(scheme COLLATE "C");
	PERFORM _tiering.refuse_loaded(src.scheme, from_as_of);
	PERFORM _tiering.refuse_archived(src.scheme, from_as_of),
		_tiering.refuse_forgotten(src.scheme, from_as_of, customers);
	IF customers IS NOT NULL THEN
		customers := ARRAY(SELECT DISTINCT c COLLATE "C"
			FROM unnest(_tiering.persons(scheme, _tiering.numbers_now(scheme, customers), NULL)) c
			WHERE c IS NOT NULL);
	END IF;
	SELECT * INTO done FROM _tiering.replay(src.scheme, src.refreshed_as_of, 'restatement',
		customers COLLATE "C", array_fill(from_as_of, ARRAY[COALESCE(cardinality(customers), 1)]),
		'correction', NULL);
	PERFORM _tiering.notify_restatement(done.result),
		_tiering.record_run('restate', scheme, from_as_of, started, to_jsonb(done.result));
	RETURN done.result;
END;
$$;
COMMENT ON FUNCTION _tiering.restate(text, date, text[]) IS
'Part of restate(): what it does, as the owner';

CREATE FUNCTION tiering.restate(scheme text, from_as_of date, customers text[] DEFAULT NULL)
RETURNS tiering.restate_result
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.restate(text, date, text[]) IS
'Makes past assessments of some customers again, from a day on, with the data of today. Null '
'customers are all. Versions and policies are those of then: for some customers those that graded '
'each assessment, for all those now in force on its day. Moves that come out otherwise supersede '
'the old ones, with the cause correction. Changes by hand and decisions of then stay. Assessments '
'that are kept are amended; of others the money of tiers in which the customers are or were is '
'null until recount(). Errors: unknown scheme, no source (42704), a refresh under way (55P03), a '
'null day (22004), an infinite one, or one up to which assessments were loaded (22023), a customer '
'who was forgotten, or all from a day on which one of those was there, a day of which moves are in '
'the archive (55000), and those of refresh(). Example: SELECT * FROM tiering.restate(''retail'', '
'''2026-02-01'', ''{A,B}'')';

CREATE FUNCTION _tiering.notify_restatement(result tiering.restate_result) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF result.superseded + result.recorded + result.written > 0 THEN
		result.scheme := "left"(result.scheme, 1000);
		PERFORM _tiering.notify('restate', result.scheme, result.from_as_of, row_to_json(result));
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.notify_restatement(tiering.restate_result) IS
'Tells who listens on the channel tiering what a restatement did, if it did anything';

CREATE FUNCTION _tiering.restate_dirty(scheme text) RETURNS tiering.restate_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
SET application_name = 'tiering.restate'
AS $$
DECLARE
	started timestamptz := clock_timestamp();
	src tiering.source := _tiering.lock_source(scheme);
	-- of what was loaded nothing is made again, whatever is marked
	first_as_of date := COALESCE(_tiering.loaded_until(scheme) + 1, (
		SELECT min(d.as_of) FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = restate_dirty.scheme));
	marked record;
	done record;
BEGIN
	-- Marks are taken away before the source is read: the data of one that is made
	-- meanwhile may be missed, and it stays. An assessment that comes after a mark sees
	-- its data. So one behind which there is no assessment, or none but loaded ones, has done
	-- its service, but for a customer's own: with the next of the scheme that is behind them.
	WITH taken AS (
		DELETE FROM tiering.dirty d
		WHERE d.scheme = restate_dirty.scheme AND NOT EXISTS (
			SELECT FROM _tiering.last_own(restate_dirty.scheme) o
			WHERE o.customer_id = _tiering.number_now(d.scheme, d.customer_id)
				AND d.from_as_of <= o.as_of
				AND GREATEST(d.from_as_of, first_as_of) > src.refreshed_as_of)
		RETURNING _tiering.number_now(d.scheme, d.customer_id) COLLATE "C" AS customer_id,
			d.from_as_of
	)
	SELECT COALESCE(array_agg(t.customer_id), '{}') AS customers,
		array_agg(GREATEST(t.day, first_as_of)) AS days
	INTO marked
	FROM (SELECT m.customer_id, min(m.from_as_of) AS day
		  FROM (SELECT t.customer_id, t.from_as_of FROM taken t
				UNION ALL SELECT b.customer_id COLLATE "C", t.from_as_of
				FROM taken t JOIN _tiering.became(restate_dirty.scheme, NULL, NULL) b
					ON b.becomes COLLATE "C" = t.customer_id) m
		  WHERE m.from_as_of <= src.refreshed_as_of GROUP BY m.customer_id) t;
	PERFORM _tiering.refuse_archived(src.scheme, (SELECT min(d) FROM unnest(marked.days) d));
	SELECT * INTO done FROM _tiering.replay(src.scheme, src.refreshed_as_of, 'restatement',
		marked.customers,
		marked.days, 'correction', NULL);
	PERFORM _tiering.notify_restatement(done.result), _tiering.record_run('restate_dirty', scheme,
		(done.result).from_as_of, started, to_jsonb(done.result));
	RETURN done.result;
END;
$$;
COMMENT ON FUNCTION _tiering.restate_dirty(text) IS
'Part of restate_dirty(): what it does, as the owner';

CREATE FUNCTION tiering.restate_dirty(scheme text) RETURNS tiering.restate_result
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.restate_dirty(text) IS
'Restates the customers who were marked by mark_dirty(), each from their day on, but nothing that '
'was loaded, and takes the marks away. Errors: those of restate(), after which the marks are still '
'there. Example: SELECT * FROM tiering.restate_dirty(''retail'')';

CREATE FUNCTION _tiering.recount(scheme text) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	step record;
	recounted int := 0;
BEGIN
	PERFORM _tiering.lock_source(scheme);
	FOR step IN
		SELECT d.as_of, max(d.version) AS version
		FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = recount.scheme
			AND d.as_of > COALESCE(_tiering.loaded_until(recount.scheme), '-infinity')
			AND EXISTS (SELECT FROM tiering.metric m
			WHERE m.scheme = d.scheme AND m.version = d.version AND m.is_measure)
		GROUP BY d.as_of HAVING bool_or(d.measure IS NULL AND d.customers > 0)
		ORDER BY d.as_of
	LOOP
		recounted := recounted + _tiering.keep_distribution(scheme, step.as_of, step.version,
			_tiering.next_batch(scheme) - 1,
				_tiering.tier_sums(scheme, step.as_of, step.version))::int;
	END LOOP;
	RETURN recounted;
END;
$$;
COMMENT ON FUNCTION _tiering.recount(text) IS
'Part of recount(): what it does, as the owner';

CREATE FUNCTION tiering.recount(scheme text) RETURNS int
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.recount(text) IS
'Adds up the money of past dates again that restatements left null. These are the distributions '
'of assessments that are not kept. Returns how many there were. What was loaded is left as it is. '
'It is read from the source, with the data of today and in full for each, which restate() spares. '
'Errors: those of restate(). Example: SELECT tiering.recount(''retail'')';
