/*
 * Refreshing each worker over its own shards, where the state of their customers stays, with
 * moves, batches and seals of their own. First all are asked whether they can, and nothing is
 * done if one cannot; then each does it in a transaction of its own. What one of them failed at
 * is told, and a second call does the rest: who is done finds nothing to change.
 */

CREATE FUNCTION _tiering.refuse_moved(scheme text, hashes int8multirange) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	before int8multirange;
BEGIN
	SELECT s.hashes INTO before FROM tiering.source s
	WHERE s.scheme = refuse_moved.scheme COLLATE "C" AND s.refreshed_as_of IS NOT NULL;
	IF before IS DISTINCT FROM hashes AND (before IS NOT NULL
		OR EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = refuse_moved.scheme COLLATE "C"))
	THEN
		RAISE EXCEPTION 'shards of scheme "%" were moved since its last refresh here', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('Their customers had the hashes %s, and have %s now.',
				COALESCE(before::text, 'of no shards'), COALESCE(hashes::text, 'none')),
			HINT = 'What is known of their customers stayed where it was. Move the shards back '
				'with citus_move_shard_placement().';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_moved(text, int8multirange) IS
'On a worker: refuses other shards than those of the last refresh (55000)';

CREATE FUNCTION _tiering.own_shards(asked jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	node int;
BEGIN
	EXECUTE 'SELECT groupid FROM pg_dist_local_group' INTO node;
	RETURN asked -> 'sources' -> node::text;
END;
$$;
COMMENT ON FUNCTION _tiering.own_shards(jsonb) IS
'On a worker: its own part of what shard_sources() tells, null if it has no shard';

-- A scheme that differs would grade otherwise here.
CREATE FUNCTION _tiering.can_refresh(asked jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text := asked ->> 'scheme';
	own jsonb := _tiering.own_shards(asked);
BEGIN
	IF _tiering.published_digest(name) IS DISTINCT FROM asked ->> 'digest'
		OR asked ->> 'tiering' <> _tiering.installed()
	THEN
		RAISE EXCEPTION 'scheme "%" is another one here than on the coordinator', name
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Call tiering.distribute_schemes() on the coordinator.';
	ELSIF to_regrole(asked ->> 'set_by') IS NULL THEN
		RAISE EXCEPTION 'role "%", which set the source of scheme "%", does not exist here',
				asked ->> 'set_by', name
			USING ERRCODE = 'undefined_object';
	END IF;
	PERFORM _tiering.refuse_moved(name, (own ->> 'hashes')::int8multirange);
	RETURN to_jsonb(own IS NOT NULL);
END;
$$;
COMMENT ON FUNCTION _tiering.can_refresh(jsonb) IS
'On a worker: whether it has shards for a refresh. Errors: another scheme than on the coordinator, '
'other shards than at its last refresh (55000), a role that is not there (42704)';

CREATE FUNCTION _tiering.bind_shards(asked jsonb, own jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text COLLATE "C" := asked ->> 'scheme';
	before tiering.source;
	settings text[] := ARRAY(SELECT jsonb_array_elements_text(asked -> 'settings'));
BEGIN
	PERFORM _tiering.take_turn(name);
	SELECT * INTO before FROM tiering.source s WHERE s.scheme = name;
	IF (before.query, before.set_by::text, before.settings, before.hashes)
		IS DISTINCT FROM (own ->> 'query', asked ->> 'set_by', settings,
			(own ->> 'hashes')::int8multirange)
	THEN
		DELETE FROM tiering.source s WHERE s.scheme = name;
		INSERT INTO tiering.source (scheme, query, set_by, settings, hashes, refreshed_as_of,
			refreshed_at)
		VALUES (name, own ->> 'query', (asked ->> 'set_by')::regrole, settings,
			(own ->> 'hashes')::int8multirange, before.refreshed_as_of, before.refreshed_at);
	END IF;
	DELETE FROM tiering.refresh_limit l WHERE l.scheme = name;
	INSERT INTO tiering.refresh_limit (scheme, max_moved, max_new, max_exit, set_by)
	SELECT name, l.max_moved, l.max_new, l.max_exit, (asked ->> 'set_by')::regrole
	FROM jsonb_populate_record(NULL::tiering.refresh_limit, NULLIF(asked -> 'limits', 'null')) l
	WHERE num_nonnulls(l.max_moved, l.max_new, l.max_exit) > 0;
END;
$$;
COMMENT ON FUNCTION _tiering.bind_shards(jsonb, jsonb) IS
'On a worker: binds the scheme to its shards, with role, settings and limits of the coordinator';

-- A view or a function that reads a distributed table has all customers, on each worker.
CREATE FUNCTION _tiering.check_own_customers(name text, own jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stray text;
BEGIN
	EXECUTE format($q$
		SELECT c.customer_id FROM (
			SELECT a.customer_id FROM tiering.assignment a
			WHERE a.scheme = $1 COLLATE "C" AND NOT EXISTS (SELECT FROM tiering.former_number f
				WHERE f.scheme = a.scheme AND f.now_id = a.customer_id)
			LIMIT 1000) c
		WHERE shard_name(%1$L::regclass, get_shard_id_for_distribution_column(%1$L::regclass,
			c.customer_id::%2$s)) <> ALL ($2) LIMIT 1 $q$, own ->> 'of', own ->> 'type')
	INTO stray USING name, ARRAY(SELECT jsonb_array_elements_text(own -> 'shards'));
	IF stray IS NOT NULL THEN
		RAISE EXCEPTION 'customer "%" of scheme "%" is in no shard of this worker', stray, name
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'The tables must be distributed by what the source yields as customer_id, and '
				'no view or function in it may read a distributed table.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_own_customers(text, jsonb) IS
'On a worker: refuses customers who belong to another worker, of a thousand that it has (55000)';

CREATE FUNCTION _tiering.refresh_shards(asked jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $$
DECLARE
	own jsonb := _tiering.own_shards(asked);
	result tiering.refresh_result;
BEGIN
	IF NOT _tiering.can_refresh(asked)::boolean THEN
		RETURN NULL;
	END IF;
	PERFORM _tiering.bind_shards(asked, own);
	result := _tiering.refresh(asked ->> 'scheme', (asked ->> 'as_of')::date,
		(asked ->> 'ahead')::boolean, (asked ->> 'force')::boolean);
	PERFORM _tiering.check_own_customers(asked ->> 'scheme', own);
	RETURN to_jsonb(result);
END;
$$;
COMMENT ON FUNCTION _tiering.refresh_shards(jsonb) IS
'On a worker: refreshes a scheme over its own shards, and says what that did; null if it has none. '
'Errors: those of can_refresh(), refresh() and check_own_customers()';

CREATE FUNCTION _tiering.refresh_order(scheme text, as_of date, ahead boolean, force boolean)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $$
DECLARE
	src tiering.source;
BEGIN
	PERFORM _tiering.check_day(as_of, 'as_of'), _tiering.refuse_ahead(as_of, ahead),
		_tiering.graded_by(scheme, as_of);
	SELECT * INTO src FROM tiering.source s WHERE s.scheme = refresh_order.scheme COLLATE "C";
	IF NOT FOUND THEN
		PERFORM _tiering.lock_source(scheme);
	ELSIF EXISTS (SELECT FROM tiering.refresh_check c WHERE c.scheme = src.scheme)
		OR EXISTS (SELECT FROM tiering.refresh_limit l
			WHERE l.scheme = src.scheme AND l.control_query IS NOT NULL)
	THEN
		RAISE EXCEPTION 'checks and control of scheme "%" cannot run on workers', scheme
			USING ERRCODE = 'feature_not_supported',
			HINT = 'They read the whole bank. Run them before, and unbind them with '
				'tiering.set_checks() and tiering.set_limits().';
	ELSIF src.refreshed_as_of IS NOT NULL THEN
		RAISE EXCEPTION 'scheme "%" is refreshed on the coordinator', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Its customers and moves are there. A scheme has one home: go on with '
				'tiering.refresh(), or copy the scheme under another name.';
	END IF;
	RETURN jsonb_build_object('scheme', scheme, 'as_of', as_of, 'ahead', ahead, 'force', force,
		'digest', _tiering.published_digest(scheme), 'tiering', _tiering.installed(),
		'set_by', src.set_by::text,
		'settings', src.settings, 'sources', _tiering.shard_sources(scheme, src.query),
		'limits', (SELECT to_jsonb(l) FROM tiering.refresh_limit l WHERE l.scheme = src.scheme));
END;
$$;
COMMENT ON FUNCTION _tiering.refresh_order(text, date, boolean, boolean) IS
'What workers are asked to refresh. Errors: those of refresh() for its arguments, and a source, '
'check or control that workers cannot run (0A000), a scheme that the coordinator refreshes (55000)';

CREATE FUNCTION _tiering.refresh_on_workers(scheme text, as_of date, ahead boolean, force boolean)
RETURNS TABLE (worker text, customers bigint, new bigint, up bigint, down bigint,
	lateral_moves bigint, exit bigint, stayed bigint, pending bigint, written bigint, error text,
	state text, hint text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	asked jsonb;
	wrong text[];
	states text[];
	first_hint text;
BEGIN
	PERFORM _tiering.refuse_written(), _tiering.check_workers();
	asked := _tiering.refresh_order(scheme, as_of, ahead, force);
	SELECT array_agg(format('%s: %s', a.worker, concat_ws(' ', a.error || '.', a.detail))),
		array_agg(DISTINCT a.state), min(a.hint)
	INTO wrong, states, first_hint
	FROM _tiering.worker_answers('SELECT _tiering.can_refresh($1)', asked) a
	WHERE a.error IS NOT NULL;
	PERFORM _tiering.refuse_answers(
		format('scheme "%s" cannot be refreshed on all workers, and was on none', scheme), wrong,
		CASE cardinality(states) WHEN 1 THEN states[1] END, first_hint);
	FOR worker, customers, new, up, down, lateral_moves, exit, stayed, pending, written, error,
		state, hint IN
		SELECT a.worker, r.customers, r.new, r.up, r.down, r.lateral_moves, r.exit, r.stayed,
			r.pending, r.written, a.error, a.state, a.hint
		FROM _tiering.worker_answers('SELECT _tiering.refresh_shards($1)', asked) a
			CROSS JOIN LATERAL jsonb_populate_record(NULL::tiering.refresh_result,
				NULLIF(a.value, 'null')) r
		WHERE a.error IS NOT NULL OR a.value <> 'null'
	LOOP
		IF error IS NOT NULL THEN
			RAISE WARNING 'worker % did not refresh scheme "%": %', worker, scheme, error
				USING HINT = 'Call it again when that is mended: workers that are done change '
					'nothing then. Until then reports leave the day out.';
		END IF;
		RETURN NEXT;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.refresh_on_workers(text, date, boolean, boolean) IS
'Part of refresh_on_workers(): what it does, as the owner';

CREATE FUNCTION tiering.refresh_on_workers(scheme text, as_of date, ahead boolean DEFAULT false,
	force boolean DEFAULT false)
RETURNS TABLE (worker text, customers bigint, new bigint, up bigint, down bigint,
	lateral_moves bigint, exit bigint, stayed bigint, pending bigint, written bigint, error text,
	state text, hint text)
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION tiering.refresh_on_workers(text, date, boolean, boolean) IS
'Refreshes a scheme on each Citus worker, over its own shards, and returns a row for each: what '
'refresh() did there, or the message, SQLSTATE and hint of the error, which is a warning as well. '
'The source is that of the coordinator, with shards in place of its tables, as they are placed '
'now, and with its role, settings, and limits of moves. All workers are asked first, and if one '
'cannot, none does. It can be repeated: who is done changes nothing. Customers, moves and seals '
'stay on the worker; distribution_on_workers() and the like add up over them. Errors, before '
'anything is done: no Citus; tables that are neither distributed by the customer and colocated, '
'nor reference tables; checks or a control (0A000); a worker without the scheme as it is here, '
'with other shards than at the last refresh, or not active; a scheme that the coordinator '
'refreshes (55000); a transaction that has written (25001); and those of refresh(). Example: '
'SELECT * FROM tiering.refresh_on_workers(''retail'', ''2026-03-31'')';
