/*
 * Settings on workers. What Citus sends them of a query runs under their own: in their time
 * zone a posting near midnight is on another day, and nothing says so. So a bound query that
 * reads a distributed table runs only while workers have the settings that are kept with it.
 * What refresh_on_workers() binds has its settings there.
 */

CREATE FUNCTION _tiering.with_views(names text[]) RETURNS SETOF oid
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH RECURSIVE read AS (
		SELECT to_regclass(n)::oid AS relation FROM unnest(names) n
		UNION
		SELECT d.refobjid FROM read r
			JOIN pg_rewrite w ON w.ev_class = r.relation
			JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
				AND d.refclassid = 'pg_class'::regclass
	)
	SELECT r.relation FROM read r WHERE r.relation IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.with_views(text[]) IS
'Tables and views by name, with what the views read';

CREATE FUNCTION _tiering.check_worker_settings(noun text, scheme text, query text, settings text[])
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	distributed boolean;
	worker text;
	has text;
	kept text;
BEGIN
	EXECUTE 'SELECT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid::oid = ANY ($1))'
	INTO distributed USING ARRAY(
		SELECT r FROM _tiering.with_views(_tiering.named_tables(query)) r);
	IF NOT distributed THEN
		RETURN;
	END IF;
	EXECUTE $q$
		SELECT format('%s:%s', w.nodename, w.nodeport), COALESCE(h.setting, w.result), k.setting
		FROM run_command_on_workers(
				'SELECT pg_catalog.array_to_json(_tiering.kept_settings())') w
			LEFT JOIN LATERAL jsonb_array_elements_text(CASE WHEN w.success
				THEN w.result::jsonb ELSE '[null]' END) h(setting) ON true
			LEFT JOIN unnest($1) k(setting)
				ON split_part(k.setting, '=', 1) = split_part(h.setting, '=', 1)
		WHERE NOT w.success OR h.setting <> k.setting
		ORDER BY w.nodename, w.nodeport, h.setting LIMIT 1 $q$
	INTO worker, has, kept USING settings;
	IF worker IS NOT NULL THEN
		RAISE EXCEPTION 'worker % has %, where the % of scheme "%" has %', worker, has, noun,
				scheme, COALESCE(kept, 'to know')
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Its parts run there under its own settings. Make them those, with ALTER '
				'DATABASE … SET on all nodes, or set it again in a session with those of workers.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_worker_settings(text, text, text, text[]) IS
'Part of running what is bound: refuses a query that reads a distributed table while a worker of '
'Citus has other settings than those that are kept with it (55000)';
