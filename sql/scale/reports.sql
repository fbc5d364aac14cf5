/*
 * Reports over workers. Each worker tells what its own views and functions tell, and that is
 * added up: heads, money, and what follows from the sums. A day counts that is one of an
 * assessment on every worker: a day that one of them lacks is half a bank, and is an error.
 */

CREATE FUNCTION _tiering.shard_nodes(scheme text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 100000
BEGIN ATOMIC
	SELECT COALESCE(jsonb_agg(DISTINCT h.node), '[]')
	FROM tiering.source s CROSS JOIN LATERAL _tiering.shards_of(
		ARRAY(SELECT DISTINCT n FROM unnest(_tiering.named_tables(s.query)) n)) h
	WHERE s.scheme = shard_nodes.scheme COLLATE "C" AND h.node IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.shard_nodes(text) IS
'The nodes that have shards of the tables in a scheme''s source: those workers have to tell of it, '
'also before their first refresh';

CREATE FUNCTION _tiering.worker_days(scheme text)
RETURNS TABLE (worker text, days date[], kept date[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a record;
	refreshed boolean := false;
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_workers();
	FOR a IN SELECT * FROM _tiering.worker_answers($q$
		SELECT jsonb_build_object('days', COALESCE(jsonb_agg(x.as_of), '[]'), 'kept',
			COALESCE(jsonb_agg(x.as_of) FILTER (WHERE
				(_tiering.kept($1 ->> 'scheme', x.as_of)).slot IS NOT NULL), '[]'))
		FROM pg_dist_local_group g
			LEFT JOIN tiering.source s ON s.scheme = $1 ->> 'scheme' COLLATE "C"
				AND s.hashes IS NOT NULL
			LEFT JOIN _tiering.assessments($1 ->> 'scheme', false) x ON s.scheme IS NOT NULL
		WHERE s.scheme IS NOT NULL OR $1 -> 'nodes' @> to_jsonb(g.groupid)
		HAVING count(*) > 0 $q$, jsonb_build_object('scheme', scheme,
			'nodes', _tiering.shard_nodes(scheme)))
	LOOP
		PERFORM _tiering.refuse_answers(format('worker %s does not tell of scheme "%s"', a.worker,
			scheme), array_remove(ARRAY[a.error], NULL), a.state, a.hint);
		CONTINUE WHEN a.value IS NULL OR a.value = 'null';
		worker := a.worker;
		days := ARRAY(SELECT d::date FROM jsonb_array_elements_text(a.value -> 'days') d
			WHERE d IS NOT NULL);
		kept := ARRAY(SELECT d::date FROM jsonb_array_elements_text(a.value -> 'kept') d
			WHERE d IS NOT NULL);
		refreshed := refreshed OR days <> '{}';
		RETURN NEXT;
	END LOOP;
	IF NOT refreshed THEN
		RAISE EXCEPTION 'scheme "%" was never refreshed on workers', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'tiering.refresh_on_workers() does it.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.worker_days(text) IS
'The assessments of a scheme that each worker with shards of it has made, and which are kept. '
'Errors: no worker has made any, or one does not answer (55000, 08000)';

CREATE FUNCTION _tiering.common_days(scheme text) RETURNS date[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	common date[];
BEGIN
	WITH w AS MATERIALIZED (SELECT x.days FROM _tiering.worker_days(scheme) x)
	SELECT array_agg(d.day ORDER BY d.day) INTO common FROM (
		SELECT d.day FROM w CROSS JOIN unnest(w.days) d(day)
		GROUP BY d.day HAVING count(*) = (SELECT count(*) FROM w)) d;
	IF common IS NULL THEN
		RAISE EXCEPTION 'there is no day as of which all workers have an assessment of scheme "%"',
				scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('tiering.assessments_on_workers(%L) tells which lag, and '
				'tiering.refresh_on_workers() makes what they lack.', scheme);
	END IF;
	RETURN common;
END;
$$;
COMMENT ON FUNCTION _tiering.common_days(text) IS
'The days of which every worker has an assessment of a scheme, the last one last. Error: there is '
'none (55000)';

CREATE FUNCTION _tiering.check_common(scheme text, asked date[]) RETURNS date[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	behind text;
	missing date;
	kept date[];
BEGIN
	WITH w AS MATERIALIZED (SELECT * FROM _tiering.worker_days(scheme)),
		lacks AS (SELECT d.day, w.worker FROM w CROSS JOIN unnest(asked) d(day)
			WHERE d.day <> ALL (w.days))
	SELECT (SELECT string_agg(l.worker, ', ' ORDER BY l.worker) FROM lacks l
			WHERE l.day = (SELECT min(day) FROM lacks)), (SELECT min(day) FROM lacks),
		ARRAY(SELECT d.day FROM unnest(asked) d(day)
			WHERE (SELECT bool_and(d.day = ANY (w.kept)) FROM w))
	INTO behind, missing, kept;
	IF behind IS NOT NULL THEN
		RAISE EXCEPTION 'worker % has no assessment of scheme "%" as of %', behind, scheme, missing
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('tiering.refresh_on_workers(%L, %L) makes it where it is missing; '
				'tiering.assessments_on_workers(%1$L) tells what there is.', scheme, missing);
	END IF;
	RETURN kept;
END;
$$;
COMMENT ON FUNCTION _tiering.check_common(text, date[]) IS
'Refuses days of which a worker has no assessment (55000); those of them that every worker keeps';

CREATE FUNCTION _tiering.worker_rows(statement text, arguments jsonb) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a record;
BEGIN
	FOR a IN SELECT * FROM _tiering.worker_answers(format('SELECT jsonb_agg(to_jsonb(r)) FROM (%s) r
		WHERE EXISTS (SELECT FROM tiering.source s WHERE s.scheme = $1 ->> ''scheme'' COLLATE "C"
			AND s.hashes IS NOT NULL)', statement), arguments)
	LOOP
		PERFORM _tiering.refuse_answers(format('worker %s does not tell of scheme "%s"', a.worker,
			arguments ->> 'scheme'), array_remove(ARRAY[a.error], NULL), a.state, a.hint);
		RETURN QUERY SELECT * FROM jsonb_array_elements(COALESCE(NULLIF(a.value, 'null'), '[]'));
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.worker_rows(text, jsonb) IS
'The rows of a query, which takes arguments as $1, of all workers that have shards of a scheme';

CREATE FUNCTION _tiering.assessments_on_workers(scheme text)
RETURNS TABLE (worker text, last_as_of date, common_as_of date, lags boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_reads_whole(scheme, 'assessments_on_workers');
	RETURN QUERY
	WITH w AS MATERIALIZED (SELECT x.worker, x.days FROM _tiering.worker_days(scheme) x),
		last AS (SELECT w.worker, (SELECT max(d) FROM unnest(w.days) d) AS day, w.days FROM w)
	SELECT l.worker, l.day, (
			SELECT max(d) FROM (SELECT d FROM last x CROSS JOIN unnest(x.days) d
				GROUP BY d HAVING count(*) = (SELECT count(*) FROM last)) c),
		l.day IS DISTINCT FROM max(l.day) OVER ()
	FROM last l ORDER BY l.worker;
END;
$$;
COMMENT ON FUNCTION _tiering.assessments_on_workers(text) IS
'Part of assessments_on_workers(): what it does, as the owner';

CREATE FUNCTION tiering.assessments_on_workers(scheme text)
RETURNS TABLE (worker text, last_as_of date, common_as_of date, lags boolean)
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION tiering.assessments_on_workers(text) IS
'The last assessment of a scheme on each Citus worker, and the last one that all have. lags: '
'whether another worker has a later one; refresh_on_workers() for that day makes it here. Errors: '
'no Citus (0A000), no worker has shards of the scheme (55000), an unknown scheme (42704). '
'Example: SELECT * FROM tiering.assessments_on_workers(''retail'')';

CREATE FUNCTION _tiering.distribution_on_workers(scheme text, as_of date)
RETURNS TABLE (day date, version int, tier text, rank int, title text, title_zh text,
	customers bigint, customers_share numeric, measure numeric, measure_share numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $$
#variable_conflict use_column
DECLARE
	chosen date := as_of;
BEGIN
	PERFORM _tiering.check_reads_whole(scheme, 'distribution_on_workers');
	IF chosen IS NULL THEN
		SELECT max(d) INTO chosen FROM unnest(_tiering.common_days(scheme)) d;
	ELSE
		PERFORM _tiering.check_common(scheme, ARRAY[chosen]);
	END IF;
	RETURN QUERY
	SELECT chosen, max(s.version), s.tier, max(t.rank), max(t.title), max(t.title_zh),
		sum(s.customers)::bigint,
		round(sum(s.customers) / NULLIF(sum(sum(s.customers)) OVER (), 0), 6), s.total,
		round(s.total / NULLIF(sum(s.total) OVER (), 0), 6)
	FROM (
		SELECT r.tier, r.version, r.customers,
			CASE WHEN NOT bool_or(r.customers > 0 AND r.measure IS NULL) OVER same
				THEN sum(r.measure) OVER same END AS total
		FROM _tiering.worker_rows($q$
				SELECT d.tier, d.version, d.customers, d.measure
				FROM _tiering.known_distribution(NULL) d
				WHERE d.scheme = $1 ->> 'scheme' COLLATE "C" AND d.as_of = ($1 ->> 'day')::date $q$,
				jsonb_build_object('scheme', distribution_on_workers.scheme, 'day', chosen)) w,
			jsonb_to_record(w) r(tier text, version int, customers bigint, measure numeric)
		WINDOW same AS (PARTITION BY r.tier)) s
		LEFT JOIN tiering.tier t ON t.scheme = distribution_on_workers.scheme COLLATE "C"
			AND t.version = s.version AND t.tier = s.tier COLLATE "C"
	GROUP BY s.tier, s.total ORDER BY max(t.rank), s.tier;
END;
$$;
COMMENT ON FUNCTION _tiering.distribution_on_workers(text, date) IS
'Part of distribution_on_workers(): what it does, as the owner';

CREATE FUNCTION tiering.distribution_on_workers(scheme text, as_of date DEFAULT NULL)
RETURNS TABLE (day date, version int, tier text, rank int, title text, title_zh text,
	customers bigint, customers_share numeric, measure numeric, measure_share numeric)
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION tiering.distribution_on_workers(text, date) IS
'How many customers, with how much of the measure, each tier has on all Citus workers together, as '
'tier_distribution_history tells it of one database: of the last assessment that all workers have, '
'or of another that all have. measure is null if a worker knows none of a tier''s customers. '
'Errors: a worker that has no assessment as of the day, which is named, no worker with shards of '
'the scheme (55000), no Citus (0A000), an unknown scheme (42704). Example: SELECT tier, '
'customers, measure FROM tiering.distribution_on_workers(''retail'', ''2026-03-31'')';

CREATE FUNCTION _tiering.summary_on_workers(scheme text)
RETURNS TABLE (as_of date, new bigint, up bigint, down bigint, lateral_moves bigint,
	exit bigint, stayed bigint, retention numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $$
#variable_conflict use_column
DECLARE
	common date[];
BEGIN
	PERFORM _tiering.check_reads_whole(scheme, 'summary_on_workers');
	common := _tiering.common_days(scheme);
	RETURN QUERY
	SELECT s.*, round((s.stayed + s.up + s.down + s.lateral_moves)::numeric
		/ NULLIF(s.stayed + s.up + s.down + s.lateral_moves + s.exit, 0), 6)
	FROM (
		SELECT r.as_of, sum(r.new)::bigint AS new, sum(r.up)::bigint AS up,
			sum(r.down)::bigint AS down, sum(r.lateral_moves)::bigint AS lateral_moves,
			sum(r.exit)::bigint AS exit, sum(r.stayed)::bigint AS stayed
		FROM _tiering.worker_rows($q$
				SELECT m.* FROM tiering.migration_summary m
				WHERE m.scheme = $1 ->> 'scheme' COLLATE "C" $q$,
				jsonb_build_object('scheme', summary_on_workers.scheme)) w,
			jsonb_to_record(w) r(as_of date, new bigint, up bigint, down bigint,
				lateral_moves bigint, exit bigint, stayed bigint)
		WHERE r.as_of = ANY (common)
		GROUP BY r.as_of) s
	ORDER BY s.as_of;
END;
$$;
COMMENT ON FUNCTION _tiering.summary_on_workers(text) IS
'Part of summary_on_workers(): what it does, as the owner';

CREATE FUNCTION tiering.summary_on_workers(scheme text)
RETURNS TABLE (as_of date, new bigint, up bigint, down bigint, lateral_moves bigint,
	exit bigint, stayed bigint, retention numeric)
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 20;
COMMENT ON FUNCTION tiering.summary_on_workers(text) IS
'A row for each assessment that all Citus workers have: how many customers moved there, and which '
'way, as migration_summary tells it of one database. Errors: no worker with shards of the scheme '
'(55000), no Citus (0A000), an unknown scheme (42704). Example: SELECT * FROM '
'tiering.summary_on_workers(''retail'')';

CREATE FUNCTION _tiering.matrix_on_workers(scheme text, from_date date, to_date date)
RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int, to_rank int,
	customers bigint, share numeric, share_low numeric, share_high numeric,
	measure_from numeric, measure_to numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 50
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $$
#variable_conflict use_column
DECLARE
	kept date[];
BEGIN
	PERFORM _tiering.check_span(scheme, from_date, to_date),
		_tiering.check_reads_whole(scheme, 'matrix_on_workers');
	kept := _tiering.check_common(scheme, ARRAY[from_date, to_date]);
	RETURN QUERY
	SELECT s.from_tier, s.to_tier, s.direction, s.from_rank, s.to_rank, s.customers,
		CASE WHEN s.from_tier IS NOT NULL THEN round(s.customers::numeric / s.cohort, 6) END,
		w.low, w.high, CASE WHEN from_date = ANY (kept) THEN s.measure_from END,
		CASE WHEN to_date = ANY (kept) THEN s.measure_to END
	FROM (
		SELECT r.from_tier, r.to_tier, r.direction, max(r.from_rank) AS from_rank,
			max(r.to_rank) AS to_rank, sum(r.customers)::bigint AS customers,
			sum(r.measure_from) AS measure_from, sum(r.measure_to) AS measure_to,
			(sum(sum(r.customers)) OVER (PARTITION BY r.from_tier))::bigint AS cohort
		FROM _tiering.worker_rows($q$
				SELECT m.* FROM tiering.migration_matrix($1 ->> 'scheme', ($1 ->> 'from')::date,
					($1 ->> 'to')::date) m $q$,
				jsonb_build_object('scheme', matrix_on_workers.scheme, 'from', from_date,
					'to', to_date)) w,
			jsonb_to_record(w) r(from_tier text, to_tier text, direction text, from_rank int,
				to_rank int, customers bigint, measure_from numeric, measure_to numeric)
		GROUP BY r.from_tier, r.to_tier, r.direction) s
		LEFT JOIN LATERAL _tiering.wilson(s.customers, s.cohort) w ON s.from_tier IS NOT NULL
	ORDER BY s.from_rank NULLS FIRST, s.from_tier NULLS FIRST, s.to_rank NULLS FIRST,
		s.to_tier NULLS FIRST, s.direction;
END;
$$;
COMMENT ON FUNCTION _tiering.matrix_on_workers(text, date, date) IS
'Part of matrix_on_workers(): what it does, as the owner';

CREATE FUNCTION tiering.matrix_on_workers(scheme text, from_date date, to_date date)
RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int, to_rank int,
	customers bigint, share numeric, share_low numeric, share_high numeric,
	measure_from numeric, measure_to numeric)
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 50;
COMMENT ON FUNCTION tiering.matrix_on_workers(text, date, date) IS
'From which tier to which the customers of all Citus workers went between two assessments, as '
'migration_matrix() tells it of one database. Errors: a worker that has no assessment as of one of '
'the days, which is named, no worker with shards of the scheme (55000), no Citus (0A000), and '
'those of migration_matrix(). Example: SELECT from_tier, to_tier, customers FROM '
'tiering.matrix_on_workers(''retail'', ''2026-02-28'', ''2026-03-31'')';

CREATE FUNCTION _tiering.bridge_on_workers(scheme text, from_date date, to_date date)
RETURNS TABLE (tier text, rank int, opening numeric, new numeric, exit numeric,
	migrated_in numeric, migrated_out numeric, growth numeric, unmeasured numeric,
	closing numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
AS $$
#variable_conflict use_column
DECLARE
	kept date[];
	opened boolean;
	closed boolean;
BEGIN
	PERFORM _tiering.check_span(scheme, from_date, to_date),
		_tiering.check_reads_whole(scheme, 'bridge_on_workers');
	kept := _tiering.check_common(scheme, ARRAY[from_date, to_date]);
	opened := from_date = ANY (kept);
	closed := to_date = ANY (kept);
	RETURN QUERY
	SELECT r.tier, max(r.rank), CASE WHEN opened THEN sum(r.opening) END,
		CASE WHEN closed THEN sum(r.new) END, CASE WHEN opened THEN sum(r.exit) END,
		CASE WHEN opened THEN sum(r.migrated_in) END,
		CASE WHEN opened THEN sum(r.migrated_out) END,
		CASE WHEN opened AND closed THEN sum(r.growth) END,
		CASE WHEN opened AND closed THEN sum(r.unmeasured) END,
		CASE WHEN closed THEN sum(r.closing) END
	FROM _tiering.worker_rows($q$
			SELECT m.* FROM tiering.measure_bridge($1 ->> 'scheme', ($1 ->> 'from')::date,
				($1 ->> 'to')::date) m $q$,
			jsonb_build_object('scheme', bridge_on_workers.scheme, 'from', from_date,
				'to', to_date)) w,
		jsonb_to_record(w) r(tier text, rank int, opening numeric, new numeric, exit numeric,
			migrated_in numeric, migrated_out numeric, growth numeric, unmeasured numeric,
			closing numeric)
	GROUP BY r.tier ORDER BY max(r.rank) DESC NULLS LAST, r.tier;
END;
$$;
COMMENT ON FUNCTION _tiering.bridge_on_workers(text, date, date) IS
'Part of bridge_on_workers(): what it does, as the owner';

CREATE FUNCTION tiering.bridge_on_workers(scheme text, from_date date, to_date date)
RETURNS TABLE (tier text, rank int, opening numeric, new numeric, exit numeric,
	migrated_in numeric, migrated_out numeric, growth numeric, unmeasured numeric,
	closing numeric)
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION tiering.bridge_on_workers(text, date, date) IS
'How the money of each tier on all Citus workers came from what it was at one assessment to what '
'it was at another, as measure_bridge() tells it of one database. Null where a day is not kept on '
'every worker. Errors: those of matrix_on_workers(). Example: SELECT tier, opening, closing FROM '
'tiering.bridge_on_workers(''retail'', ''2026-02-28'', ''2026-03-31'')';
