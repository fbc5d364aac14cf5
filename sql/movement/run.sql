/*
 * Runs: what went through is recorded with what it did. What fails takes its record with it,
 * unless that was committed before: run_refresh() is a procedure, which can do so. Neither a
 * job's history nor a log that nobody reads has to be looked for then.
 */

-- A run that this session began is this one. Others of the scheme that never ended stay as they
-- are, also of a session before it that had its number: last_run tells them from those that go on.
CREATE FUNCTION _tiering.record_run(kind text, scheme text, as_of date, started timestamptz,
	counts jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	took numeric := round(extract(epoch FROM clock_timestamp() - record_run.started), 3);
BEGIN
	UPDATE tiering.run r SET counts = record_run.counts, as_of = record_run.as_of,
		seconds = round(extract(epoch FROM clock_timestamp() - r.started), 3)
	WHERE r.run = (
		SELECT max(x.run) FROM tiering.run x
		WHERE x.scheme = record_run.scheme COLLATE "C" AND x.kind = record_run.kind COLLATE "C"
			AND x.pid = pg_backend_pid() AND x.recorded_by = session_user
			AND x.seconds IS NULL AND x.started >= (
				SELECT a.backend_start FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()));
	IF NOT FOUND THEN
		INSERT INTO tiering.run (scheme, kind, as_of, started, seconds, counts)
		VALUES (record_run.scheme, record_run.kind, record_run.as_of, record_run.started,
			GREATEST(took, 0), record_run.counts);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.record_run(text, text, date, timestamptz, jsonb) IS
'Records a run that went through: in the row that run_refresh() began, or in a new one';

-- Nobody lends the right to be recorded: who runs it may refresh themselves.
CREATE FUNCTION _tiering.begin_run(scheme text, as_of date) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO tiering.run (scheme, kind, as_of, started)
	SELECT COALESCE(begin_run.scheme, ''), 'refresh', begin_run.as_of, clock_timestamp()
	WHERE has_function_privilege(COALESCE(_tiering.acting_role(), session_user)::name,
		'tiering.refresh(text, date, boolean, boolean)', 'EXECUTE')
	RETURNING run;
$$;
COMMENT ON FUNCTION _tiering.begin_run(text, date) IS
'Part of run_refresh(): the number of the run that begins; null, and no record, in a session of '
'somebody who may not refresh';

CREATE FUNCTION _tiering.has_failed(scheme text, as_of date, code text, message text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'has_failed'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1;
COMMENT ON FUNCTION _tiering.has_failed(text, date, text, text) IS
'Part of run_refresh(): whether the last refresh() of this session was of a scheme and a day, or '
'of none if it is empty or null, and ended in an error of this SQLSTATE and message; once for each';

-- Only what the session began itself and has not ended, and what its refresh ended with
CREATE FUNCTION _tiering.fail_run(run bigint, sqlstate text, error text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	UPDATE tiering.run r SET sqlstate = fail_run.sqlstate, error = fail_run.error,
		seconds = round(extract(epoch FROM clock_timestamp() - r.started), 3)
	WHERE r.run = (
		SELECT x.run FROM tiering.run x
		WHERE x.run = fail_run.run AND x.pid = pg_backend_pid() AND x.recorded_by = session_user
			AND x.seconds IS NULL
			AND CASE WHEN x.kind = 'refresh' THEN _tiering.has_failed(x.scheme, x.as_of,
				fail_run.sqlstate, fail_run.error) END);
$$;
COMMENT ON FUNCTION _tiering.fail_run(bigint, text, text) IS
'Part of run_refresh(): records that a run has failed, and why. Whoever has the right grade may '
'call it, as run_refresh() does with their rights; so it heeds nothing but a run that their '
'session began, with the error in which refresh() of that scheme and day ended there last';

CREATE FUNCTION _tiering.raise_again(code text, message text, detail text, hint text) RETURNS void
AS 'MODULE_PATHNAME', 'raise_again'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION _tiering.raise_again(text, text, text, text) IS
'Part of run_refresh(): raises an error that was caught; detail and hint are empty if it has none';

CREATE FUNCTION _tiering.check_commits() RETURNS void
AS 'MODULE_PATHNAME', 'check_commits'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1;
COMMENT ON FUNCTION _tiering.check_commits() IS
'Part of run_refresh(): refuses to be called where a procedure cannot commit (2D000)';

-- A procedure that commits has neither settings nor its owner's rights: all is qualified, and
-- whoever calls it needs the right to refresh.
CREATE PROCEDURE tiering.run_refresh(scheme text, as_of date, ahead boolean DEFAULT false,
	force boolean DEFAULT false)
LANGUAGE plpgsql
AS $$
DECLARE
	run bigint;
	code text;
	message text;
	detail text;
	hint text;
BEGIN
	PERFORM _tiering.check_commits();
	run := _tiering.begin_run(scheme, as_of);
	COMMIT;
	BEGIN
		PERFORM tiering.refresh(scheme, as_of, ahead, force);
	EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
			detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	END;
	IF code IS NOT NULL THEN
		PERFORM _tiering.fail_run(run, code, message);
		COMMIT;
		PERFORM _tiering.raise_again(code, message, detail, hint);
	END IF;
END;
$$;
COMMENT ON PROCEDURE tiering.run_refresh(text, date, boolean, boolean) IS
'Refreshes a scheme as refresh() does, and has the table run know of it whatever comes: that it '
'began, before anything else, and that it failed, with the error, which it then raises. It '
'commits, so it is called by itself and not in a transaction (2D000), where refresh() can be. A '
'job runs in a time zone that need not be the bank''s, one of pg_cron in GMT: there current_date '
'is another day for part of each day, so that the bank''s zone has to be named. The view last_run '
'tells how it went. Errors: those of refresh(). Example: CALL tiering.run_refresh(''retail'', '
'(now() AT TIME ZONE ''Asia/Shanghai'')::date - 1)';
