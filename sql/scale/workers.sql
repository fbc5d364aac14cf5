/*
 * Citus: a coordinator, and workers that have the shards of the bank's tables. Nothing here
 * needs it. What Citus has is named in statements that are made when they run, and these run
 * where the extension citus is. Workers are asked by its run_command_on_workers(), each in a
 * transaction of its own, as the owner of this extension.
 */

CREATE FUNCTION _tiering.has_workers() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found boolean := false;
BEGIN
	IF EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'citus') THEN
		EXECUTE 'SELECT EXISTS (SELECT FROM pg_dist_node n WHERE n.groupid <> 0)
			AND EXISTS (SELECT FROM pg_dist_local_group g WHERE g.groupid = 0)' INTO found;
	END IF;
	RETURN found;
END;
$$;
COMMENT ON FUNCTION _tiering.has_workers() IS
'Whether this is the database of a Citus coordinator with workers';

-- Who is a worker for Citus, and does not answer, is no reason to go on with the others.
CREATE FUNCTION _tiering.check_workers() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	away text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'citus') THEN
		RAISE EXCEPTION 'there are no workers: the extension citus is not in this database'
			USING ERRCODE = 'feature_not_supported';
	ELSIF NOT _tiering.has_workers() THEN
		RAISE EXCEPTION 'this is not the coordinator of Citus with workers'
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Call it on the coordinator; citus_add_node() adds a worker.';
	END IF;
	EXECUTE $q$
		SELECT string_agg(format('%s:%s', n.nodename, n.nodeport), ', '
			ORDER BY n.nodename, n.nodeport)
		FROM pg_dist_node n
		WHERE n.groupid <> 0 AND n.noderole = 'primary' AND NOT n.isactive $q$
	INTO away;
	IF away IS NOT NULL THEN
		RAISE EXCEPTION 'worker % is not active', away
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'citus_activate_node() takes it in again, and citus_remove_node() away.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_workers() IS
'Refuses what takes workers where Citus is not (0A000), where there are none, elsewhere than on '
'the coordinator, and while one is not active (55000)';

CREATE FUNCTION _tiering.ask_workers(command text)
RETURNS TABLE (worker text, success boolean, result text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_workers();
	RETURN QUERY EXECUTE $q$
		SELECT format('%s:%s', w.nodename, w.nodeport), w.success, w.result
		FROM run_command_on_workers($1) w $q$
	USING command;
END;
$$;
COMMENT ON FUNCTION _tiering.ask_workers(text) IS
'Runs a statement on all workers at once, and gives the one value that it yields on each, or what '
'went wrong there. Errors: those of check_workers()';

-- What went wrong is told as a document: a message alone is all that Citus passes on.
CREATE FUNCTION _tiering.answer(statement text, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answer jsonb;
	message text;
	state text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement INTO answer USING arguments;
	RETURN jsonb_build_object('value', answer);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN jsonb_build_object('error', message, 'state', state, 'detail', detail, 'hint', hint);
END;
$$;
COMMENT ON FUNCTION _tiering.answer(text, jsonb) IS
'On a worker: the value of a statement, which takes arguments as $1; or message, SQLSTATE, detail '
'and hint of the error that it raised, which then changed nothing';

CREATE FUNCTION _tiering.worker_answers(statement text, arguments jsonb)
RETURNS TABLE (worker text, value jsonb, error text, state text, detail text, hint text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT a.worker, t.told -> 'value', t.told ->> 'error', t.told ->> 'state',
		NULLIF(t.told ->> 'detail', ''), NULLIF(t.told ->> 'hint', '')
	FROM _tiering.ask_workers(format('SELECT _tiering.answer(%L, %L)', statement, arguments)) a
		CROSS JOIN LATERAL (SELECT CASE WHEN a.success THEN a.result::jsonb
			ELSE jsonb_build_object('error', regexp_replace(a.result, '^ERROR: +', ''),
				'state', '08000') END AS told) t
	ORDER BY a.worker;
END;
$$;
COMMENT ON FUNCTION _tiering.worker_answers(text, jsonb) IS
'What each worker answers to a statement that yields jsonb and takes arguments as $1; of an error '
'its message, SQLSTATE, detail and hint. 08000: there was no answer';

CREATE FUNCTION _tiering.refuse_answers(what text, answers text[], state text, hint text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF answers <> '{}' THEN
		RAISE EXCEPTION '%', what
			USING ERRCODE = COALESCE(state, 'object_not_in_prerequisite_state'),
			DETAIL = array_to_string(answers, E'\n'), HINT = COALESCE(hint, '');
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_answers(text, text[], text, text) IS
'Raises an error that tells, a line for each worker, what is wrong there, if it is anything';
