/*
 * From which tier to which customers went on a day. The view migration_matrix shows it of all
 * days, and reads the sums that a refresh has left behind: see keep_matrix().
 */

-- Several moves of one customer on one day count as one from where they were before it.
-- What they had before it is that of the assessment before, what they have after it that
-- of the day, if it is one of an assessment.
CREATE TYPE _tiering.moved AS (
	as_of        date,
	previous     date,
	assessed     date,
	from_tier    text,
	to_tier      text,
	merged       boolean,
	direction    text,
	from_version int,
	version      int,
	customers    bigint,
	measure_from numeric,
	measure_to   numeric
);
COMMENT ON TYPE _tiering.moved IS
'Customers by the day and the tiers of their move: how many, with how much at the assessment '
'before the day, previous, and at that of the day. merged: they did nothing but become one. '
'from_tier is called as from_version does, to_tier as version does';

-- Day by day, as who asks for one does not want the moves of all to be read. What is
-- counted of a day takes the moves since the assessment before, and those that an assessment
-- dated to the other side of the day: then all that a customer did on the day of such a move.
CREATE FUNCTION _tiering.moves_about(scheme text, day date, previous date, assessment date)
RETURNS SETOF _tiering.known_move
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1000
BEGIN ATOMIC
	SELECT m.* FROM _tiering.person_moves(moves_about.scheme) m
	WHERE m.as_of > COALESCE(moves_about.previous, '-infinity') AND m.as_of <= moves_about.day
	UNION ALL
	SELECT m.* FROM (
			SELECT DISTINCT d.as_of, d.customer_id
			FROM _tiering.person_moves(moves_about.scheme) d
			WHERE d.as_of <> d.assessed
				AND NOT (d.as_of > COALESCE(moves_about.previous, '-infinity')
					AND d.as_of <= moves_about.day)
				AND (d.as_of <= moves_about.day)
					= (moves_about.assessment IS NULL OR d.assessed > moves_about.assessment)) d
		JOIN _tiering.person_moves(moves_about.scheme) m ON m.as_of = d.as_of
			AND m.customer_id = d.customer_id;
END;
COMMENT ON FUNCTION _tiering.moves_about(text, date, date, date) IS
'The moves that stand which say who stayed on a day: previous is the assessment before the day, '
'assessment the last one up to its end';

-- A refresh has recorded what those who moved have, which is what they have at its assessment as
-- long as nothing of that was amended.
CREATE FUNCTION _tiering.batch_of(k tiering.kept_assessment) RETURNS int
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT max(b.batch) FROM tiering.batch b
		WHERE b.scheme = k.scheme AND b.kind = 'refresh' AND b.as_of = k.as_of)
		WHERE NOT _tiering.is_amended(k);
END;
$$;
COMMENT ON FUNCTION _tiering.batch_of(tiering.kept_assessment) IS
'The batch of the refresh that made an assessment, if nothing of that was amended';

CREATE FUNCTION _tiering.moved_about(scheme text, day date, previous date, assessment date,
	money boolean) RETURNS SETOF _tiering.moved
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
#variable_conflict use_column
DECLARE
	own_batch int := CASE WHEN money THEN _tiering.batch_of(_tiering.kept(scheme, day)) END;
BEGIN
	RETURN QUERY
	WITH span AS (
		-- the last move of a customer on a day, and what the first one began with: one sort
		SELECT DISTINCT ON (m.as_of, m.customer_id) m.as_of, m.customer_id,
			bool_and(m.direction = 'merged') OVER back AS merged,
			last_value(m.from_tier) OVER back AS from_tier, m.to_tier, m.direction,
			last_value(m.version) OVER back AS from_version, m.version, m.assessed,
			m.as_of = day AND m.batch = own_batch AS is_own, m.measure
		FROM _tiering.moves_about(moved_about.scheme, day, previous, assessment) m
		WINDOW back AS (PARTITION BY m.as_of, m.customer_id ORDER BY m.move DESC
			ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
		ORDER BY m.as_of, m.customer_id, m.move DESC
	), moved AS MATERIALIZED (
		SELECT s.customer_id, s.as_of, s.assessed, s.from_tier, s.to_tier, s.from_version,
			s.version,
			-- who is none any more has not left, whatever else there was on the day
			s.merged OR s.direction = 'merged' AND s.to_tier IS NULL AS merged,
			COALESCE(s.is_own, false) AS is_own,
			CASE WHEN s.is_own AND s.to_tier IS NOT NULL THEN s.measure END AS measure
		FROM span s WHERE s.from_tier IS DISTINCT FROM s.to_tier
	), had AS MATERIALIZED (
		SELECT k.as_of, k.customer_id COLLATE "C" AS customer_id, k.measure
		FROM _tiering.kept_of(moved_about.scheme,
			CASE WHEN money THEN CASE
				WHEN EXISTS (SELECT FROM moved m WHERE m.as_of = day AND NOT m.is_own)
				THEN ARRAY[previous, day] ELSE ARRAY[previous] END END,
			-- when a bank begins, all have moved, and are too many to be listed
			CASE WHEN (SELECT count(*) FROM moved) <= 100000
				THEN ARRAY(SELECT DISTINCT m.customer_id FROM moved m) END) k
		WHERE k.tier IS NOT NULL
	)
	SELECT g.as_of, previous, g.assessed, g.from_tier, g.to_tier, g.merged,
		CASE WHEN g.merged THEN 'merged' WHEN g.from_tier IS NULL THEN 'new'
			WHEN g.to_tier IS NULL THEN 'exit' ELSE w.direction END,
		g.from_version, g.version, g.customers, g.had, g.has
	FROM (
		SELECT m.as_of, m.assessed, m.from_tier, m.to_tier, m.merged, m.from_version, m.version,
			count(*) AS customers, sum(f.measure) AS had,
			sum(CASE WHEN m.is_own THEN m.measure ELSE t.measure END) AS has
		FROM moved m
			LEFT JOIN had f ON f.as_of = previous AND f.customer_id = m.customer_id
			LEFT JOIN had t ON t.as_of = day AND m.as_of = day AND t.customer_id = m.customer_id
		GROUP BY m.as_of, m.assessed, m.from_tier, m.to_tier, m.merged, m.from_version,
			m.version) g
		LEFT JOIN _tiering.directions_in(moved_about.scheme,
			ARRAY(SELECT DISTINCT m.version FROM moved m WHERE m.as_of = day)) w
			ON w.version = g.version AND w.from_tier = g.from_tier AND w.to_tier = g.to_tier;
END;
$$;
COMMENT ON FUNCTION _tiering.moved_about(text, date, date, date, boolean) IS
'What moves_about() tells, by day and tiers: how many customers, with how much at the assessment '
'before the day, and at that of the day, as far as these are kept, and if money is asked for: that '
'takes reading the assessments';

-- On one day there may be moves by several versions: by hand before a new one grades, and after
-- it by an assessment. The first one by hand leaves a tier by the name that it had before. Who left
-- a tier and came back to it under its new name has stayed.
CREATE FUNCTION _tiering.moves_called(scheme text, moves _tiering.moved[], version int)
RETURNS SETOF _tiering.moved
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	WITH called AS MATERIALIZED (
		SELECT n.* FROM _tiering.names_in(moves_called.scheme, moves_called.version) n
	)
	SELECT m.as_of, m.previous, m.assessed, c.from_tier, c.to_tier, m.merged, m.direction,
		m.from_version, m.version, m.customers, m.measure_from, m.measure_to
	FROM unnest(moves_called.moves) m
		LEFT JOIN called f ON f.tier = m.from_tier
		LEFT JOIN called t ON t.tier = m.to_tier
		CROSS JOIN LATERAL (SELECT COALESCE(f.name, m.from_tier) AS from_tier,
			COALESCE(t.name, m.to_tier) AS to_tier) c
	WHERE c.from_tier IS DISTINCT FROM c.to_tier;
END;
COMMENT ON FUNCTION _tiering.moves_called(text, _tiering.moved[], int) IS
'What moved_about() tells, with the tiers as a version calls them, and without those who are by '
'that where they were';

-- Who stayed is not recorded. Their number follows from the last assessment's
-- distribution up to that day, with what moved since, and without what it counts that
-- moves later, less those who entered. Their money is that of the tier at the assessment
-- less that of those who entered, and that of the tier at the one before, with those who
-- have entered since, less that of those who left.
CREATE FUNCTION _tiering.stayed_on(scheme text, day date, previous date, assessment date,
	version int, moves _tiering.moved[])
RETURNS TABLE (tier text, customers bigint, measure_from numeric, measure_to numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	WITH change AS MATERIALIZED (
		SELECT x.as_of, x.assessed, x.tier, sum(x.customers) AS net,
			sum(x.customers) FILTER (WHERE x.customers > 0) AS entered,
			COALESCE(sum(x.measure_to) FILTER (WHERE x.customers > 0), 0) AS brought,
			COALESCE(sum(x.measure_from) FILTER (WHERE x.customers > 0), 0) AS had_in,
			COALESCE(sum(x.measure_from) FILTER (WHERE x.customers < 0), 0) AS had_out
		FROM (SELECT m.as_of, m.assessed, m.to_tier AS tier, m.customers, m.measure_from,
				m.measure_to FROM unnest(stayed_on.moves) m
			  UNION ALL SELECT m.as_of, m.assessed, m.from_tier, - m.customers, m.measure_from,
				NULL FROM unnest(stayed_on.moves) m) x
		WHERE x.tier IS NOT NULL
		GROUP BY x.as_of, x.assessed, x.tier
	), edition AS MATERIALIZED (
		SELECT d.as_of, d.version, d.tier, d.customers, d.measure
		FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = stayed_on.scheme
			AND d.as_of IN (stayed_on.assessment, stayed_on.previous)
	), left_behind AS MATERIALIZED (
		SELECT c.tier, sum(d.customers) FILTER (WHERE d.as_of = stayed_on.assessment) AS customers,
			sum(d.measure) FILTER (WHERE d.as_of = stayed_on.assessment) AS measure,
			sum(d.measure) FILTER (WHERE d.as_of = stayed_on.previous) AS before
		FROM edition d
			LEFT JOIN _tiering.renamed(stayed_on.scheme,
				ARRAY(SELECT DISTINCT e.version FROM edition e), stayed_on.version) r
				ON r.from_version = d.version AND r.tier = d.tier
			CROSS JOIN LATERAL (SELECT COALESCE(r.name, d.tier) AS tier) c
		GROUP BY c.tier
	)
	SELECT t.tier, (COALESCE(max(d.customers), 0)
		+ COALESCE(sum(CASE WHEN c.as_of <= stayed_on.day THEN c.net ELSE - c.net END)
			FILTER (WHERE (c.as_of <= stayed_on.day) = (stayed_on.assessment IS NULL
				OR c.assessed > stayed_on.assessment)), 0)
		- COALESCE(sum(c.entered) FILTER (WHERE c.as_of = stayed_on.day), 0))::bigint,
		max(d.before) FILTER (WHERE stayed_on.assessment = stayed_on.day)
			+ COALESCE(sum(c.had_in) FILTER (WHERE c.as_of > stayed_on.previous
				AND c.as_of < stayed_on.day AND c.assessed > stayed_on.previous), 0)
			- COALESCE(sum(c.had_out) FILTER (WHERE c.as_of > stayed_on.previous
				AND c.as_of <= stayed_on.day AND c.assessed > stayed_on.previous), 0),
		max(d.measure) FILTER (WHERE stayed_on.assessment = stayed_on.day)
			- COALESCE(sum(c.brought) FILTER (WHERE c.as_of = stayed_on.day), 0)
	FROM (SELECT tier FROM change UNION SELECT tier FROM left_behind) t
		LEFT JOIN left_behind d ON d.tier = t.tier
		LEFT JOIN change c ON c.tier = t.tier
	GROUP BY t.tier;
END;
COMMENT ON FUNCTION _tiering.stayed_on(text, date, date, date, int, _tiering.moved[]) IS
'By what moves_called() tells by a version, the customers who stayed in each tier of it on a day, '
'with how much at the assessment before, and at that of the day';

CREATE FUNCTION _tiering.cells_on(scheme text, day date, money boolean)
RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int,
	to_rank int, customers bigint, measure_from numeric, measure_to numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 30
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	previous date := l.as_of FROM _tiering.last_assessment(scheme COLLATE "C", day) l;
	assessed record;
	moves _tiering.moved[];
	is_kept boolean;
	was_kept boolean;
	graded_by int;
BEGIN
	SELECT l.as_of, l.version INTO assessed
	FROM _tiering.last_assessment(scheme COLLATE "C", day + 1) l;
	-- there is no money on a day without an assessment
	is_kept := money AND assessed.as_of = day AND (_tiering.kept(scheme, day)).slot IS NOT NULL;
	was_kept := money AND assessed.as_of = day
		AND (_tiering.kept(scheme, previous)).slot IS NOT NULL;
	moves := ARRAY(SELECT m FROM _tiering.moved_about(scheme COLLATE "C", day, previous,
		assessed.as_of, is_kept OR was_kept) m);
	graded_by := GREATEST(CASE WHEN assessed.as_of = day THEN assessed.version END, (
		SELECT max(m.version) FROM unnest(moves) m WHERE m.as_of = day));
	IF graded_by IS NULL THEN
		RETURN;
	END IF;
	moves := ARRAY(SELECT m FROM _tiering.moves_called(scheme, moves, graded_by) m);
	RETURN QUERY
	WITH cell AS (
		SELECT m.from_tier, m.to_tier, m.direction, sum(m.customers)::bigint AS customers,
			sum(m.measure_from) AS measure_from, sum(m.measure_to) AS measure_to
		FROM unnest(moves) m WHERE m.as_of = day
		GROUP BY m.from_tier, m.to_tier, m.direction
		UNION ALL
		SELECT s.tier, s.tier, 'stayed', s.customers, s.measure_from, s.measure_to
		FROM _tiering.stayed_on(cells_on.scheme COLLATE "C", day, previous, assessed.as_of,
			graded_by, moves) s
		WHERE s.customers > 0
	), name AS MATERIALIZED (
		SELECT n.* FROM _tiering.tier_names(cells_on.scheme, graded_by) n
	)
	SELECT c.from_tier, c.to_tier, c.direction, f.rank, t.rank, c.customers,
		CASE WHEN was_kept AND c.from_tier IS NOT NULL THEN c.measure_from END,
		CASE WHEN is_kept AND c.to_tier IS NOT NULL THEN c.measure_to END
	FROM cell c
		LEFT JOIN name f ON f.tier = c.from_tier
		LEFT JOIN name t ON t.tier = c.to_tier;
END;
$$;
COMMENT ON FUNCTION _tiering.cells_on(text, date, boolean) IS
'What the view migration_matrix shows of a scheme on a day; without money the measures are null, '
'and no assessment is read';

CREATE FUNCTION _tiering.days_moved(scheme text, first_day date) RETURNS TABLE (as_of date)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100
BEGIN ATOMIC
	SELECT d.as_of FROM _tiering.known_distribution(NULL) d
	WHERE d.scheme = days_moved.scheme AND d.as_of >= days_moved.first_day
	UNION
	SELECT m.as_of FROM _tiering.person_moves(days_moved.scheme) m
	WHERE m.as_of >= days_moved.first_day;
END;
COMMENT ON FUNCTION _tiering.days_moved(text, date) IS
'The days of a scheme, from one on, on which all were assessed, or somebody moved';

CREATE FUNCTION _tiering.matrix_due(scheme text) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT COALESCE(max(d.first_day), '-infinity') FROM tiering.matrix_due d
	WHERE d.scheme = matrix_due.scheme COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.matrix_due(text) IS
'The day from which on matrix_cell is not up to date; infinity if all of it is';

CREATE FUNCTION _tiering.matrix_days(scheme text) RETURNS TABLE (as_of date)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	due date := _tiering.matrix_due(scheme);
BEGIN
	RETURN QUERY SELECT DISTINCT c.as_of FROM tiering.matrix_cell c
	WHERE c.scheme = matrix_days.scheme COLLATE "C" AND c.as_of < due;
	IF due < 'infinity' THEN
		RETURN QUERY SELECT d.as_of FROM _tiering.days_moved(scheme COLLATE "C", due) d;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.matrix_days(text) IS
'The days of a scheme that migration_matrix shows';

CREATE FUNCTION _tiering.matrix_on(scheme text, day date, money boolean)
RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int, to_rank int,
	customers bigint, measure_from numeric, measure_to numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF day < _tiering.matrix_due(scheme) THEN
		RETURN QUERY SELECT c.from_tier, c.to_tier, c.direction, c.from_rank, c.to_rank,
			c.customers, c.measure_from, c.measure_to
		FROM tiering.matrix_cell c
		WHERE c.scheme = matrix_on.scheme COLLATE "C" AND c.as_of = day;
	ELSE
		RETURN QUERY SELECT c.* FROM _tiering.cells_on(scheme, day, money) c;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.matrix_on(text, date, boolean) IS
'What cells_on() tells, from matrix_cell where that is up to date; money is then there in any case';

-- Money of an assessment stays known in its sums when the customers of it are not kept any more.
CREATE FUNCTION _tiering.keep_matrix(scheme text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	due date := _tiering.matrix_due(scheme);
BEGIN
	IF due = 'infinity' THEN
		RETURN;
	END IF;
	DELETE FROM tiering.matrix_cell c WHERE c.scheme = keep_matrix.scheme AND c.as_of >= due;
	INSERT INTO tiering.matrix_cell (scheme, as_of, from_tier, to_tier, direction, from_rank,
		to_rank, customers, measure_from, measure_to)
	SELECT keep_matrix.scheme, d.as_of, c.*
	FROM _tiering.days_moved(keep_matrix.scheme, due) d
		CROSS JOIN LATERAL _tiering.cells_on(keep_matrix.scheme, d.as_of, true) c;
	INSERT INTO tiering.matrix_due AS m (scheme, first_day)
	VALUES (keep_matrix.scheme, 'infinity')
	ON CONFLICT ON CONSTRAINT matrix_due_pkey DO UPDATE SET first_day = excluded.first_day;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_matrix(text) IS
'Brings matrix_cell up to date: what has changed of it since this was called last is made anew';
