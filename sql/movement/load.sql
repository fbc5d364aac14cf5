/*
 * What an old system knew: assessments that it made, customer by customer, brought here
 * before the first one of ours. Each of its dates becomes an assessment like any other,
 * with its distribution, and its customers, if it is to be kept. Where two dates that
 * follow each other differ is a move, and all of them make one batch.
 *
 * Which rules it had, and what a policy had noted, is not known. So what was loaded is
 * never worked out again: a restatement begins behind it, and the first refresh goes on
 * from where customers were, with nothing noted of them.
 */

CREATE TYPE tiering.load_result AS (
	scheme      text,
	first_as_of date,
	last_as_of  date,
	assessments int,
	loaded      bigint,
	customers   bigint,
	moves       bigint
);
COMMENT ON TYPE tiering.load_result IS
'What load_history() loaded';
COMMENT ON COLUMN tiering.load_result.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.load_result.first_as_of IS 'The first assessment that was loaded';
COMMENT ON COLUMN tiering.load_result.last_as_of IS
'The last one, from which the first refresh goes on';
COMMENT ON COLUMN tiering.load_result.assessments IS 'How many assessments';
COMMENT ON COLUMN tiering.load_result.loaded IS 'How many rows of the query';
COMMENT ON COLUMN tiering.load_result.customers IS
'How many customers there are at the end of the last assessment';
COMMENT ON COLUMN tiering.load_result.moves IS 'How many moves lead there';

-- Nothing of it is made again, but one that was taken back may have been.
CREATE FUNCTION _tiering.loaded_until(scheme text) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT max(d.as_of)
	FROM tiering.batch b
		JOIN tiering.distribution_history d ON d.scheme = b.scheme AND d.as_of <= b.as_of
			AND d.after_batch = b.batch - 1
	WHERE b.scheme = loaded_until.scheme AND b.kind = 'load' AND NOT EXISTS (
		SELECT FROM _tiering.taken_back_by(b.scheme, d.as_of, b.batch));
END;
COMMENT ON FUNCTION _tiering.loaded_until(text) IS
'The last assessment of a scheme that was loaded; all before it were, too. Null if none was';

CREATE FUNCTION _tiering.refuse_loaded(scheme text, from_day date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	until date := _tiering.loaded_until(scheme);
BEGIN
	IF from_day <= until THEN
		RAISE EXCEPTION 'assessments of scheme "%" up to % were loaded, and cannot be made again '
			'from % on', scheme, until, from_day
			USING ERRCODE = 'invalid_parameter_value',
			HINT = format('From %s on they can. What was loaded stays as the old system had it; '
				'tiering.void_assessment(%L, as_of, reason) takes the last assessment back.',
				until + 1, scheme);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_loaded(text, date) IS
'Raises the error for a day from which on assessments are to be made again, if they were loaded '
'(22023)';

CREATE FUNCTION _tiering.history_rows(scheme text, query text)
RETURNS TABLE (customer_id text, as_of date, tier text, measure numeric, version int)
AS 'MODULE_PATHNAME', 'history_rows'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 30000000 ROWS 100000;
COMMENT ON FUNCTION _tiering.history_rows(text, text) IS
'The rows of a query, run with the rights of who calls load_history(). Not for PUBLIC';

CREATE TYPE _tiering.loaded AS (
	customer_id text,
	as_of       date,
	tier        text,
	measure     numeric,
	version     int,
	given       int,
	repeated    boolean,
	from_tier   text,
	left_on     date,
	wrong       boolean
);
COMMENT ON TYPE _tiering.loaded IS
'A row of history: the version in force on its day, and the one given; whether the customer has '
'another one on the day; the tier at the date before, as the version calls it, null if they were '
'no customer; the date after it, if they are no customer there; and whether it cannot be loaded';

CREATE FUNCTION _tiering.loaded(scheme text, query text) RETURNS SETOF _tiering.loaded
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 30000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY WITH r AS MATERIALIZED (
		SELECT h.customer_id COLLATE "C" AS customer_id, h.as_of, h.tier, h.measure,
			h.version AS given, lag(h.as_of) OVER w AS before, lag(h.tier) OVER w AS was,
			lead(h.as_of) OVER w AS after
		FROM _tiering.history_rows(loaded.scheme, query) h
		WINDOW w AS (PARTITION BY h.customer_id COLLATE "C" ORDER BY h.as_of)
	), day AS MATERIALIZED (
		SELECT d.as_of, d.version, lag(d.as_of) OVER w AS previous, lead(d.as_of) OVER w AS next,
			lag(d.version) OVER w AS version_before
		FROM (SELECT x.as_of, tiering.version_on(loaded.scheme, x.as_of) AS version
			  FROM (SELECT DISTINCT r.as_of FROM r) x) d
		WINDOW w AS (ORDER BY d.as_of)
	), renamed AS MATERIALIZED (
		SELECT d.as_of, s.tier, s.becomes
		FROM day d CROSS JOIN LATERAL _tiering.succeeded(loaded.scheme, d.version) s
		WHERE d.version_before <> d.version AND s.from_version = d.version_before
	)
	SELECT r.customer_id, r.as_of, r.tier, r.measure, d.version, r.given, x.repeated,
		CASE WHEN r.before = d.previous THEN COALESCE(n.becomes, r.was) END,
		CASE WHEN r.after IS DISTINCT FROM d.next THEN d.next END,
		(r.customer_id IS NOT NULL AND isfinite(r.as_of) AND r.as_of <= current_date
			AND COALESCE(r.given = d.version, true) AND t.tier IS NOT NULL AND NOT x.repeated
			AND COALESCE(r.measure NOT IN ('NaN', 'Infinity', '-Infinity'), true)) IS NOT TRUE
	FROM r LEFT JOIN day d ON d.as_of = r.as_of
		LEFT JOIN renamed n ON n.as_of = r.as_of AND n.tier COLLATE "C" = r.was COLLATE "C"
		LEFT JOIN tiering.tier t ON t.scheme = loaded.scheme AND t.version = d.version
			AND t.tier = r.tier COLLATE "C"
		CROSS JOIN LATERAL (
			SELECT COALESCE(r.as_of IN (r.before, r.after), false) AS repeated) x;
END;
$$;
COMMENT ON FUNCTION _tiering.loaded(text, text) IS
'The rows of a history, each beside those of the same customer at the dates before and after';

-- Of the first row that cannot be loaded
CREATE FUNCTION _tiering.refuse_row(scheme text, r _tiering.loaded) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	told text := format('the row of history of customer %s on %s',
		COALESCE('"' || r.customer_id || '"', 'null'), COALESCE(r.as_of::text, 'null'));
	what text;
BEGIN
	what := CASE WHEN r.customer_id IS NULL THEN 'customer_id' WHEN r.as_of IS NULL THEN 'as_of'
		WHEN r.tier IS NULL THEN 'tier' END;
	IF what IS NOT NULL THEN
		RAISE EXCEPTION '% has a null %', told, what
			USING ERRCODE = 'null_value_not_allowed',
			HINT = CASE what WHEN 'tier' THEN 'Who is no customer on a day has no row of it.'
				ELSE '' END;
	ELSIF NOT isfinite(r.as_of) OR r.as_of > current_date THEN
		RAISE EXCEPTION '% is not of the past', told
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Today is %s.',
				current_date);
	ELSIF r.version IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no version in force on %, for %', scheme, r.as_of, told
			USING ERRCODE = 'undefined_object',
			HINT = format('Publish one from that day on: tiering.publish(%L, effective_from).',
				scheme);
	ELSIF r.given <> r.version THEN
		RAISE EXCEPTION '% is of version %, and version % of scheme "%" is in force on it', told,
				r.given, r.version, scheme
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A null version is the one in force on the day.';
	ELSIF r.repeated THEN
		RAISE EXCEPTION '% is there more than once', told
			USING ERRCODE = 'unique_violation',
			HINT = 'The query must yield one row for each customer and day.';
	ELSIF r.measure IN ('NaN', 'Infinity', '-Infinity') THEN
		RAISE EXCEPTION '% has a measure of %', told, r.measure
			USING ERRCODE = 'numeric_value_out_of_range';
	END IF;
	RAISE EXCEPTION '% is in tier "%", which version % of scheme "%" does not have', told, r.tier,
			r.version, scheme
		USING ERRCODE = 'foreign_key_violation';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_row(text, _tiering.loaded) IS
'Raises the error for a row of history that cannot be loaded: null (22004), after today, of '
'another version (22023), no version in force (42704), there twice (23505), no number (22003), or '
'no tier (23503)';

CREATE FUNCTION _tiering.loaded_to_keep(scheme text, days date[])
RETURNS TABLE (as_of date, recorded_at timestamptz, slot smallint)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	SELECT d.day, _tiering.next_edition(loaded_to_keep.scheme, d.day),
		CASE WHEN d.later < 2 THEN _tiering.slot_to_write(loaded_to_keep.scheme, d.day)
			ELSE 0 END::smallint
	FROM (SELECT x.day, lead(x.day) OVER w AS next, max(x.day) OVER () AS last,
			row_number() OVER (ORDER BY x.day DESC) - 1 AS later
		  FROM unnest(loaded_to_keep.days) x(day) WINDOW w AS (ORDER BY x.day)) d
		CROSS JOIN _tiering.keeping_of(loaded_to_keep.scheme) o
	WHERE d.later < 2 OR _tiering.is_kept(o.which, o.how_long, d.day, d.next, d.last);
END;
COMMENT ON FUNCTION _tiering.loaded_to_keep(text, date[]) IS
'Of assessments that are loaded at once, those that are to be kept, and where; see not_to_keep()';

-- What write_history() does not need any more is written here.
CREATE FUNCTION _tiering.keep_loaded(scheme text, query text) RETURNS SETOF _tiering.loaded
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 30000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY WITH r AS MATERIALIZED (
		SELECT l.* FROM _tiering.loaded(keep_loaded.scheme, query) l
	), refused AS MATERIALIZED (
		SELECT r.* FROM r WHERE r.wrong
		ORDER BY r.as_of, r.customer_id COLLATE "C" LIMIT 1
	), sound AS (
		SELECT r.* FROM r WHERE NOT EXISTS (SELECT FROM refused)
	), kept AS MATERIALIZED (
		SELECT k.* FROM _tiering.loaded_to_keep(keep_loaded.scheme,
			ARRAY(SELECT DISTINCT s.as_of FROM sound s)) k
	), keeping AS (
		INSERT INTO tiering.kept_assessment (scheme, as_of, recorded_at, slot)
		SELECT keep_loaded.scheme, k.as_of, k.recorded_at, k.slot FROM kept k
	), assessed AS (
		INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure, version,
			amends, recorded_at)
		SELECT k.slot, keep_loaded.scheme, s.as_of, s.customer_id, s.tier, s.measure, s.version,
			false, k.recorded_at
		FROM sound s JOIN kept k ON k.as_of = s.as_of
		ORDER BY s.as_of
	)
	SELECT f.* FROM refused f
	UNION ALL SELECT s.* FROM sound s;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_loaded(text, text) IS
'Writes the assessments of a history that are to be kept, and hands its rows on; or, with nothing '
'written, only the first one that cannot be loaded';

-- One statement, as write_verdicts() is: the query runs once, and its rows are kept
-- nowhere but where they belong.
CREATE FUNCTION _tiering.write_history(scheme text, query text, batch int,
	OUT wrong _tiering.loaded[], OUT parts _tiering.edition_part[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
#variable_conflict use_column
BEGIN
	WITH r AS MATERIALIZED (
		SELECT l.* FROM _tiering.keep_loaded(write_history.scheme, query) l
	), sound AS (
		SELECT r.* FROM r WHERE NOT r.wrong
	), move AS MATERIALIZED (
		SELECT s.customer_id COLLATE "C" AS customer_id, s.as_of, s.from_tier, s.tier AS to_tier,
			s.version, s.measure, CASE WHEN s.from_tier IS NULL THEN 'new' ELSE 'load' END AS cause
		FROM sound s WHERE s.from_tier COLLATE "C" IS DISTINCT FROM s.tier
		UNION ALL
		SELECT s.customer_id, s.left_on, s.tier, NULL, s.version, s.measure, 'exit'
		FROM sound s WHERE s.left_on IS NOT NULL
	), recorded AS (
		INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction,
			cause, version, measure, assessed, recorded_by, recorded_as, batch)
		SELECT write_history.scheme, m.customer_id, m.as_of, m.from_tier, m.to_tier,
			COALESCE(w.direction, m.cause), m.cause, m.version, m.measure, m.as_of, session_user,
			_tiering.acting_role(), write_history.batch
		FROM move m
			LEFT JOIN _tiering.directions_in(write_history.scheme,
				ARRAY(SELECT DISTINCT x.version FROM move x WHERE x.cause = 'load')) w
				ON w.version = m.version AND w.from_tier COLLATE "C" = m.from_tier COLLATE "C"
				AND w.to_tier COLLATE "C" = m.to_tier COLLATE "C"
		ORDER BY m.as_of, m.customer_id
	), arrived AS (
		INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version, cause,
			first_as_of)
		SELECT write_history.scheme, s.customer_id, s.tier, s.as_of, m.since, s.version,
			CASE m.since WHEN m.first THEN 'new' ELSE 'load' END, m.first
		FROM sound s
			JOIN (SELECT x.customer_id, max(x.as_of) AS since,
					max(x.as_of) FILTER (WHERE x.cause = 'new') AS first
				  FROM move x GROUP BY x.customer_id) m
				ON m.customer_id = s.customer_id COLLATE "C"
		WHERE s.as_of = (SELECT max(l.as_of) FROM sound l)
	)
	SELECT ARRAY(SELECT ROW(r.*)::_tiering.loaded FROM r WHERE r.wrong),
		(SELECT array_agg(ROW(c.as_of, c.version, c.tier, c.customers, 0, c.measure, NULL,
			true)::_tiering.edition_part) FROM (
			SELECT s.as_of, s.version, s.tier, count(*) AS customers, sum(s.measure) AS measure
			FROM sound s GROUP BY s.as_of, s.version, s.tier) c)
	INTO wrong, parts;
END;
$$;
COMMENT ON FUNCTION _tiering.write_history(text, text, int) IS
'Writes a history: assessments as keep_loaded() does, the moves between its dates, and where '
'customers are at the last one. Returns what each tier has at each date, or a row that cannot be '
'loaded, and then has written nothing';

CREATE FUNCTION _tiering.check_empty(scheme text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	last date := l.as_of FROM _tiering.last_assessment(scheme) l;
BEGIN
	IF last IS NOT NULL OR EXISTS (SELECT FROM _tiering.known_moves(scheme))
		OR EXISTS (SELECT FROM tiering.customer_alias a WHERE a.scheme = check_empty.scheme)
	THEN
		RAISE EXCEPTION 'history of scheme "%" cannot be loaded: %', scheme,
				CASE WHEN last IS NOT NULL THEN format('it was assessed as of %s', last)
				WHEN EXISTS (SELECT FROM tiering.customer_alias a
					WHERE a.scheme = check_empty.scheme)
				THEN 'customers of it have changed their numbers'
				ELSE 'it has or had customers who were put there by hand' END
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = CASE WHEN last IS NULL
				THEN format('tiering.copy_scheme(%L, name) makes a scheme without any.', scheme)
				ELSE format('It comes before the first refresh. tiering.void_assessment(%L, %L, '
					'reason) takes the last assessment back.', scheme, last) END;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_empty(text) IS
'Refuses a scheme that has an assessment, moves, or customers who have changed their numbers '
'(55000)';

CREATE FUNCTION _tiering.load_history(scheme text, query text) RETURNS tiering.load_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bare text := rtrim(query, E'; \t\r\n');
	this_batch int;
	last_move bigint := _tiering.last_move();
	done record;
	result tiering.load_result;
BEGIN
	PERFORM _tiering.lock_scheme(scheme), _tiering.check_empty(scheme);
	IF COALESCE(bare, '') = '' THEN
		RAISE EXCEPTION 'the history of scheme "%" must be a query', scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	this_batch := _tiering.next_batch(scheme);
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	BEGIN
		SELECT * INTO done FROM _tiering.write_history(scheme, bare, this_batch);
	EXCEPTION WHEN undefined_table THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = SQLERRM,
			HINT = 'A history runs with search_path = pg_catalog, pg_temp: '
				'qualify its tables with their schemas.';
	END;
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	IF done.wrong <> '{}' THEN
		PERFORM _tiering.refuse_row(scheme, done.wrong[1]);
	ELSIF done.parts IS NULL THEN
		RAISE EXCEPTION 'history of scheme "%" yields no rows', scheme
			USING ERRCODE = 'no_data_found';
	END IF;
	SELECT scheme, min(p.as_of), max(p.as_of), count(DISTINCT p.as_of), sum(p.customers),
		(SELECT count(*) FROM tiering.assignment a WHERE a.scheme = load_history.scheme),
		NULL::bigint
	INTO result FROM unnest(done.parts) p;
	PERFORM _tiering.seal_batch(scheme, this_batch, 'load', result.last_as_of, last_move),
		_tiering.keep_editions(scheme, true, this_batch, done.parts);
	result.moves := b.moves FROM tiering.batch b
		WHERE b.scheme = load_history.scheme AND b.batch = this_batch;
	UPDATE tiering.source s SET refreshed_as_of = result.last_as_of, refreshed_at = now()
	WHERE s.scheme = load_history.scheme;
	PERFORM _tiering.analyze_assignment(result.customers);
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.load_history(text, text) IS
'Part of load_history(): what it does, as the owner';

CREATE FUNCTION tiering.load_history(scheme text, query text) RETURNS tiering.load_result
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000000;
COMMENT ON FUNCTION tiering.load_history(text, text) IS
'Loads the assessments that an old system made, before the first refresh. The query yields '
'customer_id, as_of, tier, measure and version, a row for each customer of each date; a null '
'version is the one in force on the day, and any other must be that one. Who has no row at a date '
'is no customer on it. It runs with the rights and in the session of the caller, who can have '
'loaded a file into a temporary table. All of it is one batch, and is never made again. Errors: '
'unknown scheme (42704), one with an assessment or with moves (55000), a refresh under way '
'(55P03), no rows (P0002), a row that cannot be loaded: null (22004), after today, of another '
'version (22023), no version in force (42704), there twice (23505), an infinite measure (22003), '
'an unknown tier (23503), and what set_source() says of a query. Example: SELECT * FROM '
'tiering.load_history(''trial'', ''SELECT customer_id, as_of, tier, measure, version FROM '
'bank.old_tier'')';
