/*
 * Refresh: the assessment of all customers of a scheme as of a day.
 *
 * It runs as the owner (see src/door.c), which is safe because the source runs with its
 * setter's rights and all else is ours: a role needs EXECUTE on it and nothing more
 * to run it. Who does acts for themselves: the moves that it has others decide on are
 * those of who ran it. Stages are told as NOTICEs, and to others as the session's
 * application_name, which pg_stat_activity shows while the transaction goes on.
 */

CREATE TYPE tiering.refresh_result AS (
	scheme    text,
	as_of     date,
	version   int,
	customers bigint,
	ungraded  bigint,
	new       bigint,
	up        bigint,
	down      bigint,
	lateral_moves bigint,
	exit      bigint,
	stayed    bigint,
	pending   bigint,
	written   bigint,
	fell_due  bigint,
	overrides_left_out bigint
);
COMMENT ON TYPE tiering.refresh_result IS
'What a refresh did, in counts';
COMMENT ON COLUMN tiering.refresh_result.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.refresh_result.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.refresh_result.version IS 'The version that graded';
COMMENT ON COLUMN tiering.refresh_result.customers IS 'How many customers the source has';
COMMENT ON COLUMN tiering.refresh_result.ungraded IS 'How many of them no tier took';
COMMENT ON COLUMN tiering.refresh_result.new IS 'Customers who came';
COMMENT ON COLUMN tiering.refresh_result.up IS 'Customers who moved to a higher tier';
COMMENT ON COLUMN tiering.refresh_result.down IS 'Customers who moved to a lower tier';
COMMENT ON COLUMN tiering.refresh_result.lateral_moves IS
'Customers who moved to a tier of the same rank';
COMMENT ON COLUMN tiering.refresh_result.exit IS 'Customers who are not in the source any more';
COMMENT ON COLUMN tiering.refresh_result.stayed IS 'Customers who stayed in their tier';
COMMENT ON COLUMN tiering.refresh_result.pending IS 'Moves that wait for approval';
COMMENT ON COLUMN tiering.refresh_result.written IS
'Rows of assignment that were written; if the assessment is made again, customers of whom '
'anything was';
COMMENT ON COLUMN tiering.refresh_result.fell_due IS
'Moves that bear a day before the assessment, as they fell due on it';
COMMENT ON COLUMN tiering.refresh_result.overrides_left_out IS
'Overrides that do not count, as the version does not have their tier';

-- application_name takes 63 printable ASCII characters
-- Its names are qualified one by one, for which it has no search_path setting.
CREATE FUNCTION _tiering.report_stage(scheme text, as_of date, stage text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
AS $$
DECLARE
	told text := pg_catalog.format('%s %s: %s', scheme, pg_catalog.to_char(as_of, 'YYYY-MM-DD'),
		stage);
BEGIN
	RAISE NOTICE '%', told;
	PERFORM pg_catalog.set_config('application_name', pg_catalog."left"(
		pg_catalog.regexp_replace('tiering.refresh ' OPERATOR(pg_catalog.||) told, '[^ -~]', '?',
			'g'),
		63), true);
END;
$$;
COMMENT ON FUNCTION _tiering.report_stage(text, date, text) IS
'Tells the caller, and who looks at pg_stat_activity, how far a refresh is';

-- The last assessment left as many as its distribution says, and who came or went since
-- made a batch of another kind: only then are half a million rows counted.
CREATE FUNCTION _tiering.customer_count(scheme text) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	last date := s.refreshed_as_of FROM tiering.source s WHERE s.scheme = customer_count.scheme;
	known bigint;
BEGIN
	IF (SELECT b.kind FROM tiering.batch b WHERE b.scheme = customer_count.scheme
		ORDER BY b.batch DESC LIMIT 1) = 'refresh'
		AND NOT EXISTS (SELECT FROM _tiering.ahead(scheme, last))
	THEN
		SELECT sum(d.customers) INTO known FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = customer_count.scheme AND d.as_of = last;
	END IF;
	RETURN COALESCE(known, (SELECT count(*) FROM tiering.assignment a
		WHERE a.scheme = customer_count.scheme));
END;
$$;
COMMENT ON FUNCTION _tiering.customer_count(text) IS 'How many customers a scheme has';

CREATE FUNCTION _tiering.refuse_repeated(scheme text, customer text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF customer IS NOT NULL THEN
		RAISE EXCEPTION 'source of scheme "%" yields % more than once', scheme,
				_tiering.shown_customer(customer)
			USING ERRCODE = 'unique_violation',
			HINT = 'Its query must yield one row for each customer.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_repeated(text, text) IS
'Raises the error for a customer whom the source has more than once (23505), if there is one';

-- The source is run once more, as it has to be told who it is
CREATE FUNCTION _tiering.refuse_repeated(scheme text, as_of date, version int, customers text[])
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	customer text;
BEGIN
	SELECT g.customer_id INTO customer FROM _tiering.graded(scheme, as_of, version, customers) g
	GROUP BY g.customer_id HAVING count(*) > 1 ORDER BY g.customer_id COLLATE "C" LIMIT 1;
	PERFORM _tiering.refuse_repeated(scheme, customer);
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_repeated(text, date, int, text[]) IS
'Looks for a customer whom the source has more than once, and raises the error (23505)';

CREATE FUNCTION _tiering.refuse_nobody(scheme text, as_of date, had boolean) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'source of scheme "%" yields no customers for %', scheme, as_of
		USING ERRCODE = 'no_data_found',
		HINT = CASE WHEN had
			THEN 'If all of them have left, delete them from tiering.assignment.'
			ELSE 'Is there data for that day?' END;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_nobody(text, date, boolean) IS
'Raises the error for a source that yields nobody (P0002); had: the scheme had customers before';

-- A customer who is repeated shows where more rows of the source met a row of
-- assignment than there are, which is what "known" counts.
CREATE FUNCTION _tiering.check_cells(scheme text, as_of date, version int, customers text[],
	known bigint, cells _tiering.assessed_cell[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- a failed load upstream looks like this; nobody means to lose all customers
	IF customers IS NULL AND NOT EXISTS (SELECT FROM unnest(cells) c WHERE NOT c.gone) THEN
		PERFORM _tiering.refuse_nobody(scheme, as_of, cells IS NOT NULL);
	END IF;
	IF (SELECT sum(c.customers) FROM unnest(cells) c WHERE c.current_tier IS NOT NULL) > known THEN
		PERFORM _tiering.refuse_repeated(scheme, as_of, version, customers);
		RAISE EXCEPTION 'customers of scheme "%" were written to while it was assessed', scheme
			USING ERRCODE = 'serialization_failure', HINT = 'Try again.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_cells(text, date, int, text[], bigint,
	_tiering.assessed_cell[]) IS
'Refuses what is not a list of customers: one who is repeated (23505), or, of the whole bank, '
'nobody at all (P0002)';

-- What an assessment asks to have approved, and what it does not ask for any more.
CREATE FUNCTION _tiering.keep_requests(scheme text, as_of date, customers text[],
	asking _tiering.asking[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by)
	SELECT r.request, CASE r.state WHEN 'pending' THEN 'withdrawn' ELSE 'lapsed' END,
		keep_requests.as_of, 'not asked for any more', session_user
	FROM _tiering.request_now r
		LEFT JOIN unnest(asking) q ON q.customer_id COLLATE "C" = r.customer_id COLLATE "C"
	WHERE r.scheme = keep_requests.scheme AND r.kind = 'move' AND r.state IN ('pending', 'rejected')
		AND (customers IS NULL OR r.customer_id = ANY (customers))
		AND (q.tier COLLATE "C" IS DISTINCT FROM r.tier
			OR (r.state = 'pending' AND (SELECT a.approvers FROM tiering.request a
					WHERE a.request = r.request) IS DISTINCT FROM (
				SELECT t.approvers FROM tiering.tier t
				WHERE t.scheme = r.scheme AND t.version = q.version AND t.tier = r.tier))
			-- asked for of one who has been removed by hand since
			OR (r.state = 'pending' AND r.from_tier IS NOT NULL AND q.current_tier IS NULL));
	INSERT INTO tiering.request (scheme, customer_id, kind, tier, from_tier, as_of, version,
		measure, requested_by, approvers)
	SELECT keep_requests.scheme, q.customer_id, 'move', q.tier, q.current_tier, q.as_of, q.version,
		q.measure, session_user, t.approvers
	FROM unnest(asking) q
		JOIN tiering.tier t ON t.scheme = keep_requests.scheme AND t.version = q.version
			AND t.tier = q.tier COLLATE "C"
	WHERE NOT EXISTS (
		SELECT FROM _tiering.request_now r
		WHERE r.scheme = keep_requests.scheme AND r.customer_id = q.customer_id COLLATE "C"
			AND r.kind = 'move' AND r.state IN ('pending', 'rejected'));
	RETURN (SELECT count(*) FROM _tiering.request_now r
		WHERE r.scheme = keep_requests.scheme AND r.kind = 'move' AND r.state = 'pending');
END;
$$;
COMMENT ON FUNCTION _tiering.keep_requests(text, date, text[], _tiering.asking[]) IS
'Asks for the moves that take approval, unless they are pending or were rejected and the customer '
'still earns the same; withdraws those not asked for any more, or of others than whom the version '
'names; returns how many are pending';

CREATE FUNCTION _tiering.cell_counts(scheme text, as_of date, version int,
	cells _tiering.assessed_cell[])
RETURNS tiering.refresh_result
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	SELECT cell_counts.scheme, cell_counts.as_of, cell_counts.version,
		COALESCE(sum(c.customers) FILTER (WHERE NOT c.gone), 0),
		COALESCE(sum(c.customers) FILTER (WHERE NOT c.gone AND c.tier IS NULL), 0),
		COALESCE(sum(c.customers) FILTER (WHERE c.current_tier IS NULL AND c.tier IS NOT NULL), 0),
		COALESCE(sum(c.customers) FILTER (WHERE d.direction = 'up'), 0),
		COALESCE(sum(c.customers) FILTER (WHERE d.direction = 'down'), 0),
		COALESCE(sum(c.customers) FILTER (WHERE d.direction = 'lateral'), 0),
		COALESCE(sum(c.customers) FILTER (WHERE c.current_tier IS NOT NULL AND c.tier IS NULL), 0),
		COALESCE(sum(c.customers) FILTER (WHERE d.direction = 'stayed'), 0), 0,
		COALESCE(sum(c.rewritten) FILTER (WHERE num_nonnulls(c.current_tier, c.tier) > 0), 0),
		COALESCE(sum(c.due), 0), 0
	FROM unnest(cell_counts.cells) c
		LEFT JOIN _tiering.directions(cell_counts.scheme, cell_counts.version) d
			ON d.from_tier = c.current_tier AND d.to_tier = c.tier;
END;
COMMENT ON FUNCTION _tiering.cell_counts(text, date, int, _tiering.assessed_cell[]) IS
'What an assessment did, as refresh() tells it';

-- PostgreSQL prepares no transaction that has notified: who has it prepared turns this off. Anybody
-- may listen, so counts of the whole scheme are told while nobody sees some customers only.
CREATE FUNCTION _tiering.notify(what text, scheme text, as_of date, told json) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF current_setting('tiering.notify', true) = 'off' THEN
		RETURN;
	ELSIF EXISTS (SELECT FROM tiering.report_right) OR EXISTS (
		SELECT FROM pg_class c WHERE c.relrowsecurity AND c.oid IN (
			'tiering.assignment'::regclass, 'tiering.assessment'::regclass,
			'tiering.migration'::regclass))
	THEN
		told := json_build_object('scheme', scheme, 'done', what, 'as_of', as_of);
	END IF;
	PERFORM pg_notify('tiering', told::text);
END;
$$;
COMMENT ON FUNCTION _tiering.notify(text, text, date, json) IS
'Tells who listens on the channel tiering, unless tiering.notify is off: all that was done, or, if '
'somebody is confined or bound by policies, which scheme, what and as of when';

-- Delivered when the transaction commits, and to nobody if it does not. A payload
-- has less than 8,000 bytes, of which a name of 1,000 characters takes 6,000 at most.
CREATE FUNCTION _tiering.notify_refresh(result tiering.refresh_result) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	result.scheme := "left"(result.scheme, 1000);
	PERFORM _tiering.notify('refresh', result.scheme, result.as_of, row_to_json(result));
END;
$$;
COMMENT ON FUNCTION _tiering.notify_refresh(tiering.refresh_result) IS
'Tells who listens on the channel tiering what a refresh did: its row of counts as JSON';

-- Until autovacuum comes, the planner takes a scheme that it has not seen to have hardly a row,
-- and goes through all that customers have for each of them. Nobody is waited for: who has the
-- lock analyzes the table, or has just done so.
CREATE FUNCTION _tiering.analyze_assignment(written bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp SET lock_timeout = '10ms'
AS $$
BEGIN
	IF written >= 1000 THEN
		LOCK TABLE tiering.assignment IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
		ANALYZE tiering.assignment (scheme, customer_id, tier, version);
	END IF;
EXCEPTION WHEN lock_not_available THEN
	NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.analyze_assignment(bigint) IS
'Has the planner know of a scheme''s customers, if so many were written for the first time that it '
'matters';

CREATE FUNCTION _tiering.lock_scheme(scheme text) RETURNS tiering.source
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source;
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.take_turn(scheme);
	BEGIN
		SELECT * INTO src FROM tiering.source s WHERE s.scheme = lock_scheme.scheme
		FOR NO KEY UPDATE NOWAIT;
	EXCEPTION WHEN lock_not_available THEN
		PERFORM _tiering.refuse_locked(
			format('the source of scheme "%s" is being changed by another session', scheme),
			(SELECT s.xmax FROM tiering.source s WHERE s.scheme = lock_scheme.scheme));
	END;
	RETURN src;
END;
$$;
COMMENT ON FUNCTION _tiering.lock_scheme(text) IS
'Takes the turn of a scheme, and its source, null if it has none. Errors: unknown scheme (42704), '
'another session has one of them (55P03)';

CREATE FUNCTION _tiering.lock_source(scheme text) RETURNS tiering.source
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source := _tiering.lock_scheme(scheme);
BEGIN
	IF src.scheme IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no source', scheme
			USING ERRCODE = 'undefined_object',
			HINT = format('Set one with tiering.set_source(%L, query).', scheme);
	END IF;
	RETURN src;
END;
$$;
COMMENT ON FUNCTION _tiering.lock_source(text) IS
'A scheme''s source, with the turn of the scheme. Errors: unknown scheme, no source (42704), '
'another session has one of them (55P03)';

-- Whether the source has what a version takes; it is asked for nobody.
CREATE FUNCTION _tiering.source_yields(scheme text, as_of date, version int) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM _tiering.graded(scheme, as_of, version, '{}');
	RETURN true;
EXCEPTION WHEN undefined_column OR datatype_mismatch THEN
	RETURN false;
END;
$$;
COMMENT ON FUNCTION _tiering.source_yields(text, date, int) IS
'Whether the source of a scheme has the columns that a version takes';

-- Which version graded before, if it was another: what is not its doing is the new one's
CREATE FUNCTION _tiering.graded_before(scheme text, as_of date, version int) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	before int := l.version FROM _tiering.last_assessment(scheme, as_of) l;
BEGIN
	IF before = version OR before IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN CASE WHEN _tiering.source_yields(scheme, as_of, before) THEN before ELSE - before END;
END;
$$;
COMMENT ON FUNCTION _tiering.graded_before(text, date, int) IS
'The version that graded the assessment before, if it is another one; negative if the source does '
'not have any more what that takes';

CREATE FUNCTION _tiering.refuse_unrecorded(scheme text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM tiering.assignment a WHERE a.scheme = refuse_unrecorded.scheme) THEN
		RAISE EXCEPTION 'scheme "%" has customers, but nothing is recorded of them', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Restore what belongs to them, or delete them; tiering.load_history() loads '
				'what an old system knew.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_unrecorded(text) IS
'Refuses customers who were there before the first batch of a scheme (55000): rows that somebody '
'gave out as restored, whose moves are not';

-- An assessment of all customers, or of some, that is not a repeated one. Who is ahead
-- of it is not where they were on its day: it is put before what is known of them.
CREATE FUNCTION _tiering.run_assessment(kind text, scheme text, as_of date, version int,
	customers text[])
RETURNS tiering.refresh_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	batch int := _tiering.next_batch(scheme);
	last_move bigint := _tiering.last_move();
	ahead text[] := CASE WHEN customers IS NOT NULL THEN '{}'
		ELSE ARRAY(SELECT h.customer_id COLLATE "C" FROM _tiering.ahead(scheme, as_of) h) END;
	known bigint := CASE WHEN customers IS NULL THEN _tiering.customer_count(scheme) ELSE (
		SELECT count(*) FROM tiering.assignment a
		WHERE a.scheme = run_assessment.scheme AND a.customer_id = ANY (customers)) END;
	previous date := l.as_of FROM _tiering.last_assessment(scheme) l;
	unused smallint[] := _tiering.unused_slots();
	edges numeric[] := CASE kind WHEN 'refresh' THEN _tiering.near_edges(scheme, version) END;
	counted bigint;
	done record;
	again record;
	result tiering.refresh_result;
BEGIN
	PERFORM _tiering.refuse_unrecorded(scheme) WHERE batch = 1;
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	BEGIN
		SELECT * INTO done FROM _tiering.write_verdicts(kind, scheme, as_of, version, previous,
			customers, _tiering.graded_before(scheme, as_of, version), ahead, NULL, NULL, batch,
			CASE kind WHEN 'refresh' THEN _tiering.begin_assessment(scheme, as_of)
				ELSE _tiering.begin_own(scheme, as_of) END, edges);
	EXCEPTION WHEN unique_violation THEN
		PERFORM _tiering.refuse_repeated(scheme, as_of, version, customers);
		RAISE;
	WHEN lock_not_available THEN
		PERFORM _tiering.refuse_held(scheme);
		RAISE;
	END;
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	counted := cardinality(ahead) + (SELECT sum(c.customers) FROM unnest(done.cells) c
		WHERE NOT c.gone);
	PERFORM _tiering.report_stage(scheme, as_of, format('2/3 writing %s customers', counted))
		WHERE kind = 'refresh' AND counted > 0;
	PERFORM _tiering.seal_batch(scheme, batch, kind, as_of, last_move);
	IF kind = 'refresh' THEN
		PERFORM _tiering.keep_distribution(scheme, as_of, version, batch - 1, ARRAY(
			SELECT ROW(c.tier, sum(c.customers), sum(c.measure))::_tiering.tier_sum
			FROM unnest(done.cells) c WHERE c.tier IS NOT NULL GROUP BY c.tier));
		PERFORM _tiering.keep_near(scheme, as_of, version, edges, done.counted),
			_tiering.keep_digest(_tiering.kept(scheme, as_of), version, done.digest)
		WHERE ahead = '{}';
	END IF;
	IF ahead <> '{}' THEN
		SELECT * INTO again FROM _tiering.replay(scheme, as_of, kind, ahead,
			array_fill(as_of, ARRAY[cardinality(ahead)]), NULL, as_of);
		done.cells := done.cells || again.cells;
		done.asking := done.asking || again.asking;
	END IF;
	PERFORM _tiering.check_cells(scheme, as_of, version, customers, known, done.cells);
	result := _tiering.cell_counts(scheme, as_of, version, done.cells);
	result.pending := _tiering.keep_requests(scheme, as_of, customers, done.asking);
	result.overrides_left_out := count(*)
		FROM _tiering.overrides_left_out(scheme, version, COALESCE(previous, as_of), as_of);
	PERFORM _tiering.keep_or_drop(scheme), _tiering.summarize((_tiering.kept(scheme, as_of)).slot),
		_tiering.empty_slots(unused) WHERE kind = 'refresh';
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.run_assessment(text, text, date, int, text[]) IS
'Makes an assessment of all customers of a scheme, or of some, and keeps all that comes of it';

CREATE FUNCTION _tiering.graded_by(scheme text, as_of date) RETURNS int
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	version int := tiering.version_on(scheme, as_of);
BEGIN
	IF version IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no version in force on %', scheme, as_of
			USING ERRCODE = 'undefined_object',
			HINT = format('Publish one with tiering.publish(%L, effective_from).', scheme);
	END IF;
	RETURN version;
END;
$$;
COMMENT ON FUNCTION _tiering.graded_by(text, date) IS
'The version of a scheme that grades a day; if none is in force, an error (42704)';

CREATE FUNCTION _tiering.refuse_ahead(as_of date, ahead boolean) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF as_of > current_date AND ahead IS NOT TRUE THEN
		RAISE EXCEPTION 'as_of % is after today, %', as_of, current_date
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'If that is meant, say ahead => true. Assessments go forward in time.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_ahead(date, boolean) IS
'Raises an error (22023) for a day later than the session''s today, unless that is meant';

-- A setting named here gets back its value of before when the function ends,
-- whatever the function made of it.
CREATE FUNCTION _tiering.refresh(scheme text, as_of date, ahead boolean, force boolean)
RETURNS tiering.refresh_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
SET application_name = 'tiering.refresh'
AS $$
DECLARE
	started timestamptz := clock_timestamp();
	src tiering.source;
	version int;
	result tiering.refresh_result;
BEGIN
	PERFORM _tiering.check_day(as_of, 'as_of'), _tiering.refuse_ahead(as_of, ahead);
	src := _tiering.lock_source(scheme);
	IF as_of < src.refreshed_as_of THEN
		RAISE EXCEPTION 'scheme "%" was already refreshed as of %, which is after %',
				scheme, src.refreshed_as_of, as_of
			USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Refreshes go forward in time: tiering.restate(%L, %L) makes past ones '
				'again, and tiering.void_assessment(%1$L, %3$L, reason) takes the last one back.',
				scheme, as_of, src.refreshed_as_of);
	END IF;
	version := _tiering.graded_by(scheme, as_of);
	PERFORM _tiering.heed_checks(scheme, as_of, force);
	PERFORM _tiering.report_stage(scheme, as_of, '1/3 reading source');
	IF as_of = src.refreshed_as_of THEN
		PERFORM _tiering.refuse_loaded(scheme, as_of), _tiering.drop_dimensions(scheme, as_of);
		result := _tiering.repeat_assessment(scheme, as_of, version);
		PERFORM _tiering.report_stage(scheme, as_of,
			format('2/3 writing %s customers', result.customers));
	ELSE
		result := _tiering.run_assessment('refresh', scheme, as_of, version, NULL);
	END IF;
	IF result.overrides_left_out > 0 THEN
		RAISE WARNING 'overrides of scheme "%" name tiers that version % does not have, and were '
			'left out',
				scheme, version
			USING DETAIL = format('They are requests %s.',
				(SELECT string_agg(o.request::text, ', ' ORDER BY o.request)
				FROM _tiering.overrides_left_out(scheme, version,
					CASE WHEN as_of = src.refreshed_as_of THEN as_of ELSE COALESCE((
						SELECT l.as_of FROM _tiering.last_assessment(scheme, as_of) l), as_of) END,
					as_of) o));
	END IF;
	PERFORM _tiering.heed_limits(result, force), _tiering.keep_dimensions(scheme, as_of),
		_tiering.keep_matrix(scheme);
	IF src.refreshed_as_of IS NULL THEN
		PERFORM _tiering.analyze_assignment(result.written);
	END IF;
	IF result.written > 0 OR src.refreshed_as_of IS DISTINCT FROM as_of THEN
		UPDATE tiering.source s SET refreshed_as_of = as_of, refreshed_at = now()
		WHERE s.scheme = refresh.scheme;
		PERFORM _tiering.notify_refresh(result);
	END IF;
	PERFORM _tiering.record_run('refresh', scheme, as_of, started, to_jsonb(result));
	PERFORM _tiering.report_stage(scheme, as_of,
		format('3/3 wrote %s rows: %s new, %s up, %s down, %s lateral, %s exit',
		result.written, result.new, result.up, result.down, result.lateral_moves, result.exit));
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.refresh(text, date, boolean, boolean) IS
'Part of refresh(): what it does, as the owner';

CREATE FUNCTION tiering.refresh(scheme text, as_of date, ahead boolean DEFAULT false,
	force boolean DEFAULT false)
RETURNS tiering.refresh_result
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.refresh(text, date, boolean, boolean) IS
'Grades every customer of the scheme''s source as of a date, by the version in force on it, '
'records the moves, and notifies the channel tiering. Repeated, it starts from where customers '
'were before that date: with the same data it changes nothing, with other data it puts right what '
'it did, as restate() does. ahead: whether a day later than today is meant. force: whether it is '
'to be let through beyond the limits of set_limits(), and with the errors that the checks of '
'set_checks() find, which source_check keeps. Errors: unknown scheme, no source, no version in '
'force (42704); a null date, or a null customer (22004); a refresh of it under way (55P03); an '
'earlier date than the last refresh''s, one that was loaded, infinite or after today (22023); what '
'the queries of the source and the checks raise; a repeated customer (23505); no customers at all '
'(P0002); more moved than the limits allow (TI001); errors in the data (TI002). Nothing is changed '
'then. Example: SELECT * FROM tiering.refresh(''retail'', ''2026-04-30'')';

CREATE FUNCTION _tiering.assess(scheme text, as_of date, customers text[], reason text)
RETURNS tiering.refresh_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
SET application_name = 'tiering.assess'
AS $$
DECLARE
	started timestamptz := clock_timestamp();
	src tiering.source;
	graded_version int;
	customer text;
	result tiering.refresh_result;
BEGIN
	PERFORM _tiering.check_day(as_of, 'as_of'), _tiering.refuse_ahead(as_of, false);
	IF customers IS NULL OR array_position(customers, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'customers must be named, not null'
			USING ERRCODE = 'null_value_not_allowed', HINT = 'tiering.refresh() assesses all.';
	ELSIF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'an assessment of single customers needs a reason'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	src := _tiering.lock_source(scheme COLLATE "C");
	customers := _tiering.numbers_now(scheme, customers);
	IF src.refreshed_as_of IS NULL OR as_of <= src.refreshed_as_of THEN
		RAISE EXCEPTION 'customers of scheme "%" can be assessed by themselves after its last '
			'assessment, % only, not as of %',
				scheme, COALESCE(src.refreshed_as_of::text, 'of which there is none'), as_of
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'tiering.restate() makes assessments of some customers again.';
	END IF;
	SELECT h.customer_id INTO customer FROM _tiering.ahead(scheme COLLATE "C", as_of) h
	WHERE h.customer_id COLLATE "C" = ANY (customers COLLATE "C") LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% of scheme "%" was already %', _tiering.shown_customer(customer), scheme,
				CASE WHEN _tiering.last_assessed(scheme, customer) >= as_of
					THEN format('assessed as of %s or later', as_of)
					ELSE format('changed by hand as of a day after %s', as_of) END
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Assessments go forward in time.';
	END IF;
	graded_version := _tiering.graded_by(scheme COLLATE "C", as_of);
	customers := ARRAY(SELECT DISTINCT c FROM unnest(customers) c);
	INSERT INTO tiering.own_assessment (scheme, customer_id, as_of, version, reason, after_batch)
	SELECT assess.scheme, c, assess.as_of, graded_version, assess.reason,
		_tiering.next_batch(scheme COLLATE "C") - 1
	FROM unnest(customers) c;
	result := _tiering.run_assessment('assess', scheme COLLATE "C", as_of, graded_version,
		customers);
	PERFORM _tiering.record_run('assess', scheme, as_of, started, to_jsonb(result));
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.assess(text, date, text[], text) IS
'Part of assess(): what it does, as the owner';

CREATE FUNCTION tiering.assess(scheme text, as_of date, customers text[], reason text)
RETURNS tiering.refresh_result
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.assess(text, date, text[], text) IS
'Assesses some customers between two assessments of the whole scheme, for a reason. They move as '
'they would in a refresh, and nobody else has a miss of it. Errors: those of refresh(), customers '
'null (22004), no reason, a day that is not after the last refresh (22023). Example: SELECT * '
'FROM tiering.assess(''retail'', ''2026-04-10'', ''{A}'', ''asked for it'')';
