/*
 * Schemes on workers, so that classify() and asset_weight() run where the rows are. What was
 * published goes there, as rows, and drafts stay. A worker does what publication says since
 * what it has: it publishes, takes back and drops, in that order. So what is frozen stays so.
 * What it has at the end is compared, and anything else than what was sent is an error.
 */

-- Whatever the session writes days and times as: the digest is over this
CREATE FUNCTION _tiering.published_rows(scheme text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres'
SET bytea_output = 'hex'
AS $$
DECLARE
	name text;
	rows jsonb;
	document jsonb;
BEGIN
	SELECT jsonb_build_object(
		'scheme', (SELECT to_jsonb(s) - 'turn' FROM tiering.scheme s
			WHERE s.scheme = published_rows.scheme COLLATE "C"),
		'publication', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.event) FROM tiering.publication p
			WHERE p.scheme = published_rows.scheme COLLATE "C"),
		'version', (SELECT jsonb_agg(to_jsonb(v) ORDER BY v.version)
			FROM tiering.scheme_version v
			WHERE v.scheme = published_rows.scheme COLLATE "C" AND v.status <> 'draft'))
	INTO document;
	FOREACH name IN ARRAY _tiering.defining_tables() LOOP
		EXECUTE format('SELECT jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text COLLATE "C")
			FROM tiering.%I t JOIN tiering.scheme_version v USING (scheme, version)
			WHERE t.scheme = $1 COLLATE "C" AND v.status <> ''draft''', name)
		INTO rows USING scheme;
		document := document || jsonb_build_object(name, rows);
	END LOOP;
	RETURN document;
END;
$$;
COMMENT ON FUNCTION _tiering.published_rows(text) IS
'All rows of a scheme that were published, and what happened to it, as a document';

CREATE FUNCTION _tiering.published_digest(scheme text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	SELECT encode(sha256(convert_to(r.rows::text, 'UTF8')), 'hex')
	FROM _tiering.published_rows(published_digest.scheme) r(rows)
	WHERE r.rows -> 'version' <> 'null';
END;
COMMENT ON FUNCTION _tiering.published_digest(text) IS
'SHA-256 over what published_rows() tells of a scheme; null if nothing of it is in force or was';

CREATE FUNCTION _tiering.installed() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT e.extversion FROM pg_extension e WHERE e.extname = 'tiering';
END;
COMMENT ON FUNCTION _tiering.installed() IS 'The version of the extension in this database';

CREATE FUNCTION _tiering.published_digests() RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
BEGIN ATOMIC
	SELECT jsonb_build_object('tiering', _tiering.installed(),
		'schemes', COALESCE((
			SELECT jsonb_object_agg(d.scheme, d.digest) FROM (
				SELECT p.scheme, _tiering.published_digest(p.scheme) AS digest
				FROM (SELECT DISTINCT scheme FROM tiering.publication) p) d
			WHERE d.digest IS NOT NULL), '{}'));
END;
COMMENT ON FUNCTION _tiering.published_digests() IS
'published_digest() of each scheme, and the version of the extension';

-- A version that was taken back later has no rows by now: it comes empty, and goes.
CREATE FUNCTION _tiering.receive_version(p tiering.publication, rows jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	sent jsonb;
BEGIN
	SELECT v.value INTO sent FROM jsonb_array_elements(rows -> 'version') v
	WHERE (v.value ->> 'version')::int = p.version;
	PERFORM _tiering.retire_last(p.scheme, p.effective);
	DELETE FROM tiering.scheme_version v WHERE v.scheme = p.scheme AND v.status = 'draft';
	INSERT INTO tiering.scheme (scheme) VALUES (p.scheme)
	ON CONFLICT ON CONSTRAINT scheme_pkey DO NOTHING;
	INSERT INTO tiering.scheme_version
	SELECT (jsonb_populate_record(NULL::tiering.scheme_version, jsonb_build_object(
		'everyone', true, 'note', '', 'created_at', p.done_at, 'created_by', p.done_by,
		'published_at', p.done_at, 'published_by', p.done_by, 'definition_rows', 0)
		|| COALESCE(sent, '{}') || jsonb_build_object('scheme', p.scheme, 'version', p.version,
		'status', 'published', 'effective', daterange(p.effective, NULL)))).*;
END;
$$;
COMMENT ON FUNCTION _tiering.receive_version(tiering.publication, jsonb) IS
'Part of receive_scheme(): puts a version in force, without what defines it';

CREATE FUNCTION _tiering.receive_event(p tiering.publication, rows jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF p.what = 'drop' THEN
		PERFORM _tiering.refuse_in_use(p.scheme);
	ELSIF p.what = 'unpublish' THEN
		PERFORM _tiering.refuse_unpublish(_tiering.version_row(p.scheme, p.version));
	END IF;
	INSERT INTO tiering.publication SELECT p.*;
	CASE p.what
		WHEN 'publish' THEN PERFORM _tiering.receive_version(p, rows);
		WHEN 'unpublish' THEN
			PERFORM _tiering.reopen(p.scheme, p.version, p.effective);
			DELETE FROM tiering.scheme_version v
			WHERE v.scheme = p.scheme AND v.version = p.version;
		WHEN 'drop' THEN PERFORM _tiering.remove_scheme(p.scheme);
		WHEN 'four_eyes', 'two_eyes' THEN
			INSERT INTO tiering.scheme (scheme) VALUES (p.scheme)
			ON CONFLICT ON CONSTRAINT scheme_pkey DO NOTHING;
			UPDATE tiering.scheme s
			SET four_eyes = p.what = 'four_eyes', approvers = ARRAY(
				SELECT quote_ident(a.role)::regrole
				FROM jsonb_to_recordset(COALESCE(p.approvers, '[]')) a(step int, role text)
				ORDER BY a.step)
			WHERE s.scheme = p.scheme;
	END CASE;
END;
$$;
COMMENT ON FUNCTION _tiering.receive_event(tiering.publication, jsonb) IS
'Part of receive_scheme(): does what was done to the scheme, and records it as it was recorded';

CREATE FUNCTION _tiering.receive_definition(scheme text, rows jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	empty int[] := ARRAY(SELECT v.version FROM tiering.scheme_version v
		WHERE v.scheme = receive_definition.scheme COLLATE "C"
			AND tiering.definition_rows(v.scheme, v.version) = 0);
	name text;
BEGIN
	FOREACH name IN ARRAY _tiering.defining_tables() LOOP
		EXECUTE format('INSERT INTO tiering.%1$I
			SELECT t.* FROM jsonb_populate_recordset(NULL::tiering.%1$I, $1) t
			WHERE t.version = ANY ($2)', name)
		USING COALESCE(NULLIF(rows -> name, 'null'), '[]'), empty;
	END LOOP;
	UPDATE tiering.scheme s
	SET title = n.title, title_zh = n.title_zh, description = n.description, origin = n.origin
	FROM jsonb_populate_record(NULL::tiering.scheme, rows -> 'scheme') n
	WHERE s.scheme = receive_definition.scheme COLLATE "C";
END;
$$;
COMMENT ON FUNCTION _tiering.receive_definition(text, jsonb) IS
'Part of receive_scheme(): what defines the versions that have nothing yet, and the titles';

CREATE FUNCTION _tiering.receive_scheme(scheme text, rows jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres'
AS $$
DECLARE
	had jsonb := _tiering.published_rows(scheme);
	p tiering.publication;
BEGIN
	IF had = rows OR rows -> 'version' = 'null' AND had -> 'version' = 'null' THEN
		RETURN false;
	END IF;
	PERFORM _tiering.take_turn(scheme, wait => true);
	IF had -> 'publication' <> 'null'
		AND NOT rows -> 'publication' @> (had -> 'publication')
	THEN
		RAISE EXCEPTION 'scheme "%" was published here by itself', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Workers get schemes from the coordinator. Drop it on both with '
				'tiering.drop_scheme(), and use another name.';
	END IF;
	FOR p IN SELECT e.* FROM jsonb_populate_recordset(NULL::tiering.publication,
			rows -> 'publication') e
		WHERE e.event > (SELECT COALESCE(max(k.event), 0) FROM tiering.publication k
			WHERE k.scheme = receive_scheme.scheme COLLATE "C")
		ORDER BY e.event
	LOOP
		PERFORM _tiering.receive_event(p, rows);
	END LOOP;
	PERFORM _tiering.receive_definition(scheme, rows);
	IF _tiering.published_rows(scheme) <> rows THEN
		RAISE EXCEPTION 'scheme "%" is another one here than on the coordinator', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Somebody changed rows of it, here or there; tiering.verify_state() tells.';
	END IF;
	RETURN true;
END;
$$;
COMMENT ON FUNCTION _tiering.receive_scheme(text, jsonb) IS
'On a worker: makes a scheme what published_rows() told of it on the coordinator, and says whether '
'it was another. Errors: it cannot be made so (55000)';

-- One that cannot be received is in no other's way.
CREATE FUNCTION _tiering.receive_schemes(sent jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	version text := _tiering.installed();
	s record;
	changed int := 0;
	refused text[] := ARRAY[]::text[];
BEGIN
	IF version <> sent ->> 'tiering' THEN
		RAISE EXCEPTION 'this is tiering %, and the coordinator has %', version, sent ->> 'tiering'
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'ALTER EXTENSION tiering UPDATE brings the older one up to the other.';
	END IF;
	FOR s IN SELECT * FROM jsonb_each(sent -> 'schemes') LOOP
		BEGIN
			changed := changed + _tiering.receive_scheme(s.key, s.value)::int;
		EXCEPTION WHEN OTHERS THEN
			refused := refused || SQLERRM;
		END;
	END LOOP;
	RETURN jsonb_build_object('changed', changed, 'refused', array_to_string(refused, ', '));
END;
$$;
COMMENT ON FUNCTION _tiering.receive_schemes(jsonb) IS
'On a worker: receives schemes, and says how many were others, and why some are refused. Errors: '
'the extension is of another version here (55000)';

-- What this transaction wrote may yet be taken back, and what workers have got may not.
CREATE FUNCTION _tiering.refuse_written() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
		RAISE EXCEPTION 'a transaction that has written cannot have workers write'
			USING ERRCODE = 'active_sql_transaction',
			HINT = 'Workers do it at once and for good. Commit first.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_written() IS
'Refuses what has workers write after this transaction has written (25001)';

CREATE FUNCTION _tiering.schemes_on_workers()
RETURNS TABLE (worker text, scheme text, state text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	here jsonb := _tiering.published_digests();
BEGIN
	RETURN QUERY
	SELECT a.worker, s.scheme, CASE
		WHEN a.error IS NOT NULL THEN a.error
		WHEN a.value ->> 'tiering' <> here ->> 'tiering'
			THEN format('tiering %s', a.value ->> 'tiering')
		WHEN t.digest IS NULL THEN 'missing'
		WHEN h.digest IS NULL THEN 'unknown here'
		WHEN t.digest <> h.digest THEN 'other'
		ELSE 'same' END
	FROM _tiering.worker_answers('SELECT _tiering.published_digests()', NULL) a
		CROSS JOIN LATERAL (
			SELECT jsonb_object_keys(here -> 'schemes')
			UNION SELECT jsonb_object_keys(a.value -> 'schemes')) s(scheme)
		CROSS JOIN LATERAL (SELECT here -> 'schemes' ->> s.scheme) h(digest)
		CROSS JOIN LATERAL (SELECT a.value -> 'schemes' ->> s.scheme) t(digest)
	ORDER BY a.worker, s.scheme COLLATE "C";
END;
$$;
COMMENT ON FUNCTION _tiering.schemes_on_workers() IS
'Part of schemes_on_workers(): what it does, as the owner';

CREATE FUNCTION tiering.schemes_on_workers()
RETURNS TABLE (worker text, scheme text, state text)
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION tiering.schemes_on_workers() IS
'Whether each Citus worker has each scheme as it was published on the coordinator. A digest of all '
'that defines it is compared. state: same; other: as of before, or changed; missing; unknown here: '
'the worker alone has it; else what is wrong with the worker. distribute_schemes() mends it. '
'Errors: no Citus (0A000), no workers, one that is not active (55000). Example: SELECT * FROM '
'tiering.schemes_on_workers()';

CREATE FUNCTION _tiering.distribute_schemes() RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	sent jsonb;
	wrong text[];
	states text[];
	changed int;
BEGIN
	PERFORM _tiering.refuse_written();
	SELECT jsonb_build_object('tiering', _tiering.published_digests() -> 'tiering', 'schemes',
		COALESCE(jsonb_object_agg(p.scheme, _tiering.published_rows(p.scheme)), '{}'))
	INTO sent
	FROM (SELECT DISTINCT w.scheme FROM _tiering.schemes_on_workers() w
		  WHERE w.state <> 'same') d
		JOIN (SELECT DISTINCT scheme FROM tiering.publication) p ON p.scheme = d.scheme;
	SELECT array_agg(format('%s: %s', a.worker, w.wrong)) FILTER (WHERE w.wrong IS NOT NULL),
		array_agg(DISTINCT COALESCE(a.state, '55000')) FILTER (WHERE w.wrong IS NOT NULL),
		max((a.value -> 'changed')::int)
	INTO wrong, states, changed
	FROM _tiering.worker_answers('SELECT _tiering.receive_schemes($1)', sent) a
		CROSS JOIN LATERAL (
			SELECT COALESCE(a.error, NULLIF(a.value ->> 'refused', ''))) w(wrong);
	PERFORM _tiering.refuse_answers('schemes could not be distributed to all workers', wrong,
		CASE cardinality(states) WHEN 1 THEN states[1] END,
		'Workers and schemes that are not named are done. Call it again when that is mended.');
	RETURN changed;
END;
$$;
COMMENT ON FUNCTION _tiering.distribute_schemes() IS
'Part of distribute_schemes(): what it does, as the owner';

CREATE FUNCTION tiering.distribute_schemes() RETURNS int
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.distribute_schemes() IS
'Sends what was published of all schemes to all Citus workers, and returns how many schemes it '
'changed on the worker with the most. classify() and asset_weight() then run where the rows are. '
'Drafts stay on the coordinator. The roles that approve have to be on the workers, '
'too. It can be repeated: what a worker has is not sent again. A scheme that a worker cannot take '
'keeps no other back. Errors: no Citus (0A000), no workers or one that is not active, a worker '
'with another version of the extension, with a scheme of its own, or on which a version that was '
'taken back has graded (55000), without a role (42704), a worker that does not answer (08000), a '
'transaction that has written (25001). Example: SELECT * FROM tiering.distribute_schemes()';

CREATE FUNCTION _tiering.warn_of_workers(scheme text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF _tiering.has_workers() THEN
		RAISE WARNING 'the workers have scheme "%" as it was before', scheme
			USING HINT = 'Call tiering.distribute_schemes() when this is committed.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.warn_of_workers(text) IS
'Part of publish(), unpublish() and drop_scheme(): warns that Citus workers lag behind';
