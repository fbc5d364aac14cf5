/*
 * From which tier to which customers moved: at an assessment, and between two days. As
 * the views for reports do, the functions run with their owner's rights, and take a grant.
 */

-- Who sees some customers: from the assessment before, where both are kept
CREATE FUNCTION _tiering.cells_seen(scheme text, day date)
RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int, to_rank int,
	customers bigint, measure_from numeric, measure_to numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT m.from_tier, m.to_tier, m.direction, m.from_rank, m.to_rank,
		m.customers, m.measure_from, m.measure_to
	FROM _tiering.assessments(cells_seen.scheme COLLATE "C", false) a
		CROSS JOIN LATERAL _tiering.matrix(cells_seen.scheme,
			COALESCE(a.previous, a.as_of - 1), a.as_of, NULL, NULL) m
	WHERE a.as_of = cells_seen.day;
END;
$$;
COMMENT ON FUNCTION _tiering.cells_seen(text, date) IS
'What cells_on() tells, for who sees some customers: theirs, from one assessment to the next';

-- Whoever reads the views calls these, as they do shown_sums().
CREATE FUNCTION _tiering.shown_dates(key uuid, scheme text, reader oid)
RETURNS TABLE (as_of date)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp SET debug_print_plan = off
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_dates.key) THEN
		RETURN;
	END IF;
	CASE _tiering.reads(reader, scheme)
		WHEN true THEN
			RETURN QUERY SELECT d.as_of FROM _tiering.matrix_days(scheme) d
			WHERE NOT (_tiering.reads_all(reader) AND d.as_of < _tiering.matrix_due(scheme));
		WHEN false THEN
			RETURN QUERY SELECT a.as_of
			FROM _tiering.assessments(shown_dates.scheme COLLATE "C", false) a;
		ELSE
			RETURN;
	END CASE;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_dates(uuid, text, oid) IS
'The days of a scheme of which shown_cells() tells, for who reads all schemes those that '
'matrix_cell does not tell; none if that is not the key of views';

CREATE FUNCTION _tiering.shown_cells(key uuid, scheme text, day date, money boolean, reader oid)
RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int, to_rank int,
	customers bigint, measure_from numeric, measure_to numeric)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp SET debug_print_plan = off
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_cells.key) THEN
		RETURN;
	END IF;
	CASE _tiering.reads(reader, scheme)
		WHEN true THEN
			RETURN QUERY SELECT c.* FROM _tiering.matrix_on(scheme, day, money) c;
		WHEN false THEN
			RETURN QUERY SELECT c.* FROM _tiering.cells_seen(scheme, day) c;
		ELSE
			RETURN;
	END CASE;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_cells(uuid, text, date, boolean, oid) IS
'What matrix_on() tells, for who may read it; nothing if that is not the key of views';

-- What is up to date is read as it lies, by who reads all. All else goes scheme by scheme, as who
-- asks for one does not want the moves of all to be read.
CREATE VIEW tiering.migration_matrix AS
SELECT m.scheme, m.as_of, m.from_tier, m.to_tier, m.direction, m.from_rank, m.to_rank,
	m.customers, m.measure_from::numeric(38,2) AS measure_from,
	m.measure_to::numeric(38,2) AS measure_to
FROM (
	SELECT c.scheme, c.as_of, c.from_tier COLLATE "default" AS from_tier,
		c.to_tier COLLATE "default" AS to_tier, c.direction COLLATE "default" AS direction,
		c.from_rank, c.to_rank, c.customers, c.measure_from, c.measure_to
	FROM tiering.matrix_due u
		JOIN tiering.matrix_cell c ON c.scheme = u.scheme AND c.as_of < u.first_day
	WHERE (SELECT _tiering.reads_all(_tiering.reader()))
	UNION ALL
	SELECT o.scheme, d.as_of, x.from_tier, x.to_tier, x.direction, x.from_rank, x.to_rank,
		x.customers, x.measure_from, x.measure_to
	FROM tiering.scheme o
		CROSS JOIN LATERAL _tiering.shown_dates((SELECT k.key FROM tiering.view_key k LIMIT 1),
			o.scheme, (SELECT _tiering.reader())) d
		CROSS JOIN LATERAL _tiering.shown_cells((SELECT k.key FROM tiering.view_key k LIMIT 1),
			o.scheme, d.as_of, true, (SELECT _tiering.reader())) x) m;
COMMENT ON VIEW tiering.migration_matrix IS
'From which tier to which customers went at each assessment, in heads and in the measure. Those '
'who stayed are there, too. One row for each as_of, from_tier and to_tier, with another for those '
'who became one with somebody: several moves of a customer at one assessment count as one';
COMMENT ON COLUMN tiering.migration_matrix.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.migration_matrix.as_of IS 'Date of the assessment';
COMMENT ON COLUMN tiering.migration_matrix.from_tier IS 'Tier before; null for new customers';
COMMENT ON COLUMN tiering.migration_matrix.to_tier IS
'Tier after; null for those who left, or became one with another';
COMMENT ON COLUMN tiering.migration_matrix.direction IS
'new, up, down, lateral, exit, stayed, or merged: became one with another, or got the tier of one '
'who did';
COMMENT ON COLUMN tiering.migration_matrix.from_rank IS 'Rank of from_tier, higher being better';
COMMENT ON COLUMN tiering.migration_matrix.to_rank IS 'Rank of to_tier';
COMMENT ON COLUMN tiering.migration_matrix.customers IS 'How many did so';
COMMENT ON COLUMN tiering.migration_matrix.measure_from IS
'Total of what they had at the assessment before; null of new ones, and on a day without an '
'assessment. A refresh adds it up and leaves the sum; it is null where that was restated since and '
'customers are not kept any more';
COMMENT ON COLUMN tiering.migration_matrix.measure_to IS
'Total of what they had at the assessment of that date; null of those who left, and as '
'measure_from is';

CREATE VIEW tiering.migration_summary AS
SELECT counted.*,
	((stayed + up + down + lateral_moves)::numeric
		/ NULLIF(stayed + up + down + lateral_moves + exit, 0))::numeric(7,6) AS retention
FROM (
	SELECT m.scheme, m.as_of,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'new'), 0)::bigint AS new,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'up'), 0)::bigint AS up,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'down'), 0)::bigint AS down,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'lateral'),
			0)::bigint AS lateral_moves,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'exit'), 0)::bigint AS exit,
		COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'stayed'), 0)::bigint AS stayed
	FROM (
		SELECT c.scheme, c.as_of, c.direction, c.customers
		FROM tiering.matrix_due u
			JOIN tiering.matrix_cell c ON c.scheme = u.scheme AND c.as_of < u.first_day
		WHERE (SELECT _tiering.reads_all(_tiering.reader()))
		UNION ALL
		SELECT o.scheme, d.as_of, x.direction COLLATE "C", x.customers
		FROM tiering.scheme o
			CROSS JOIN LATERAL _tiering.shown_dates((SELECT k.key FROM tiering.view_key k LIMIT 1),
				o.scheme, (SELECT _tiering.reader())) d
			CROSS JOIN LATERAL _tiering.shown_cells((SELECT k.key FROM tiering.view_key k LIMIT 1),
				o.scheme, d.as_of, false, (SELECT _tiering.reader())) x) m
	GROUP BY m.scheme, m.as_of) counted;
COMMENT ON VIEW tiering.migration_summary IS
'A row for each assessment: how many customers moved, and which way';
COMMENT ON COLUMN tiering.migration_summary.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.migration_summary.as_of IS 'Date of the assessment';
COMMENT ON COLUMN tiering.migration_summary.new IS 'Customers who were not graded before';
COMMENT ON COLUMN tiering.migration_summary.up IS 'Customers who rose';
COMMENT ON COLUMN tiering.migration_summary.down IS 'Customers who fell';
COMMENT ON COLUMN tiering.migration_summary.lateral_moves IS
'Customers who went to another tier of the same rank';
COMMENT ON COLUMN tiering.migration_summary.exit IS 'Customers who left';
COMMENT ON COLUMN tiering.migration_summary.stayed IS 'Customers who kept their tier';
COMMENT ON COLUMN tiering.migration_summary.retention IS
'Share of the customers before it who are still customers';

CREATE FUNCTION _tiering.normal_quantile() RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
BEGIN ATOMIC
	SELECT 1.959963984540054;
END;
COMMENT ON FUNCTION _tiering.normal_quantile() IS
'How many standard errors an interval of 95 % confidence reaches to each side';

CREATE FUNCTION _tiering.wilson(successes bigint, trials bigint, OUT low numeric, OUT high numeric)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
BEGIN ATOMIC
	-- exact at both ends, where rounding a square root might leave [0, 1]
	SELECT CASE successes WHEN 0 THEN 0.000000 ELSE round((w.centre - w.half) / (trials + w.z2), 6)
		END,
		CASE successes WHEN trials THEN 1.000000
			ELSE round((w.centre + w.half) / (trials + w.z2), 6) END
	FROM (SELECT n.z2, successes + n.z2 / 2 AS centre,
			sqrt(n.z2 * (successes::numeric * (trials - successes) / trials + n.z2 / 4)) AS half
		  FROM (SELECT _tiering.normal_quantile() ^ 2 AS z2) n) w
	WHERE trials > 0 AND successes BETWEEN 0 AND trials;
END;
COMMENT ON FUNCTION _tiering.wilson(bigint, bigint) IS
'Between which bounds a share lies with 95 % confidence, of which so many successes in so many '
'trials were seen: the score interval of Wilson 1927 (J. Am. Stat. Assoc. 22:209-212), rounded to '
'6 decimals; null without trials, and for successes that are fewer than none or more than the '
'trials';

CREATE FUNCTION _tiering.migration_counts(scheme text, from_date date, to_date date,
	known_at timestamptz, OUT from_tier text, OUT to_tier text, OUT customers bigint)
	RETURNS SETOF record
AS 'MODULE_PATHNAME', 'migration_counts'
LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 50
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION _tiering.migration_counts(text, date, date, timestamptz) IS
'Customers by their tiers at the ends of two days, by the moves alone; null where they had '
'none. Part of cells()';

-- A move that is dated after its assessment, or before it, is not in what was kept of that. Now
-- customers are where they stood then if nothing has come after it.
CREATE FUNCTION _tiering.stood_as_kept(scheme text, day date, known_at timestamptz)
RETURNS tiering.kept_assessment
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	last date := COALESCE(day, (SELECT l.as_of FROM _tiering.last_assessment(scheme) l));
	k tiering.kept_assessment := _tiering.kept(scheme, last, known_at);
BEGIN
	IF k.slot IS NULL OR EXISTS (
		SELECT FROM _tiering.known_moves(scheme COLLATE "C", known_at) m
		WHERE m.as_of <> m.assessed AND (m.as_of <= last) <> (m.assessed <= last))
		-- by the index on days, not that on customers
		OR day IS NULL AND (EXISTS (
			SELECT FROM tiering.migration m
			WHERE m.as_of > last AND m.scheme || '' = stood_as_kept.scheme COLLATE "C")
			OR EXISTS (SELECT FROM _tiering.last_own(scheme COLLATE "C") o WHERE o.as_of > last))
	THEN
		RETURN NULL;
	END IF;
	RETURN k;
END;
$$;
COMMENT ON FUNCTION _tiering.stood_as_kept(text, date, timestamptz) IS
'The assessment of a day, if it is kept and tells where customers stood at the end of the day; a '
'null day: the last one, if it tells where they are now';

CREATE FUNCTION _tiering.stood_with(scheme text, day date, known_at timestamptz)
RETURNS TABLE (customer_id text, tier text, measure numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
DECLARE
	k tiering.kept_assessment := _tiering.kept(scheme, day, known_at);
BEGIN
	RETURN QUERY SELECT l.customer_id, l.to_tier, h.measure
	FROM (
		SELECT DISTINCT ON (m.customer_id) m.customer_id, m.to_tier
		FROM _tiering.person_moves(scheme COLLATE "C", known_at) m WHERE m.as_of <= day
		ORDER BY m.customer_id, m.as_of DESC, m.move DESC) l
		LEFT JOIN _tiering.kept_rows(k, known_at) h ON h.customer_id = l.customer_id
	WHERE l.to_tier IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.stood_with(text, date, timestamptz) IS
'Where customers stood at the end of a day, and what they had, null where that is not kept';

CREATE FUNCTION _tiering.dimension_on(scheme text, dimension text, day date)
RETURNS TABLE (customer_id text, value text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100000
BEGIN ATOMIC
	SELECT d.customer_id, d.told[(
		SELECT k.place FROM tiering.kept_dimension k
		WHERE k.scheme = dimension_on.scheme COLLATE "C"
			AND k.dimension = dimension_on.dimension COLLATE "C")]
	FROM tiering.customer_dimension d
	WHERE d.scheme = dimension_on.scheme COLLATE "C" AND dimension_on.dimension IS NOT NULL
		AND d.from_as_of <= dimension_on.day
		AND (d.to_as_of IS NULL OR d.to_as_of > dimension_on.day);
END;
COMMENT ON FUNCTION _tiering.dimension_on(text, text, date) IS
'What the customers of a scheme were by a dimension, by the last assessment up to a day, null '
'if it did not tell; nobody if the dimension is null';

CREATE FUNCTION _tiering.told_value(dimension text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
BEGIN ATOMIC
	SELECT CASE WHEN told_value.dimension IS NOT NULL
		THEN COALESCE(told_value.value, 'unknown') END;
END;
COMMENT ON FUNCTION _tiering.told_value(text, text) IS
'The value of a dimension as reports tell it: unknown if it is null; null if no dimension is named';

-- Whose measure is known on one of two days only has neither gained nor lost what it is.
CREATE FUNCTION _tiering.unmeasured(from_tier text, had numeric, to_tier text, has numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN CASE WHEN from_tier IS NOT NULL AND to_tier IS NOT NULL AND num_nulls(had, has) = 1
	THEN COALESCE(has, 0) - COALESCE(had, 0) END;
COMMENT ON FUNCTION _tiering.unmeasured(text, numeric, text, numeric) IS
'By what the measure of a customer who was there on two days makes their sums differ, if it is '
'known on one of them only; otherwise null';

CREATE TYPE _tiering.cell AS (
	value        text,
	from_tier    text,
	to_tier      text,
	merged       boolean,
	customers    bigint,
	measure_from numeric,
	measure_to   numeric,
	unmeasured   numeric
);
COMMENT ON TYPE _tiering.cell IS
'Customers by where they stood at the ends of two days, and by the value of a dimension, with what '
'they had on each; see cells()';

-- Customers who became one in between: who is left counts as the continuation of the one
-- whose tier was kept. The others go, with what they had, to where that one is.
CREATE FUNCTION _tiering.merged_cells(scheme text, from_date date, to_date date,
	known_at timestamptz, dimension text, first tiering.kept_assessment,
	last tiering.kept_assessment)
RETURNS SETOF _tiering.cell
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off
AS $$
#variable_conflict use_column
DECLARE
	known int := CASE WHEN known_at IS NOT NULL THEN _tiering.known_batch(scheme, known_at) END;
	seen_first text[] := _tiering.seen(_tiering.reader(), scheme, from_date);
	seen_last text[] := _tiering.seen(_tiering.reader(), scheme, to_date);
BEGIN
	RETURN QUERY WITH f AS (
		SELECT s.customer_id COLLATE "C" AS customer_id, s.tier, s.measure,
			COALESCE(w.becomes, s.customer_id) COLLATE "C" AS goes_on,
			COALESCE(w.leads, true) AS leads
		FROM (SELECT k.customer_id, k.tier, k.measure FROM _tiering.kept_rows(first, known_at) k
			  WHERE k.tier IS NOT NULL
			  UNION ALL
			  SELECT k.* FROM _tiering.stood_with(merged_cells.scheme, from_date, known_at) k
			  WHERE first.slot IS NULL) s
			LEFT JOIN _tiering.merged(merged_cells.scheme, known) w
				ON w.customer_id COLLATE "C" = s.customer_id COLLATE "C"
				AND w.own @> from_date AND w.days @> to_date
	), t AS MATERIALIZED (
		SELECT x.customer_id COLLATE "C" AS customer_id, x.tier, x.measure
		FROM (SELECT k.customer_id, k.tier, k.measure FROM _tiering.kept_rows(last, known_at) k
			  WHERE k.tier IS NOT NULL
			  UNION ALL
			  SELECT k.* FROM _tiering.stood_with(merged_cells.scheme, to_date, known_at) k
			  WHERE last.slot IS NULL) x
	), pair AS (
		SELECT f.customer_id AS was, f.tier AS from_tier, f.measure AS had, t.customer_id AS is_now,
			t.tier AS to_tier, t.measure AS has, false AS merged,
			_tiering.unmeasured(f.tier, f.measure, t.tier, t.measure) AS unmeasured
		FROM (SELECT x.* FROM f x WHERE x.leads) f FULL JOIN t ON t.customer_id = f.goes_on
		UNION ALL
		SELECT f.customer_id, f.tier, f.measure, t.customer_id, t.tier, NULL, t.tier IS NOT NULL,
			CASE WHEN t.tier IS NOT NULL AND t.measure IS NULL THEN - f.measure END
		FROM f LEFT JOIN t ON t.customer_id = f.goes_on
		WHERE NOT f.leads
	)
	SELECT v.value, p.from_tier, p.to_tier, p.merged, count(*), sum(p.had), sum(p.has),
		sum(p.unmeasured)
	FROM pair p
		LEFT JOIN _tiering.dimension_on(merged_cells.scheme, dimension, from_date) b
			ON b.customer_id COLLATE "C" = p.was
		LEFT JOIN _tiering.dimension_on(merged_cells.scheme, dimension, to_date) e
			ON e.customer_id COLLATE "C" = p.is_now
		CROSS JOIN LATERAL _tiering.told_value(dimension,
			CASE WHEN p.to_tier IS NULL THEN b.value ELSE e.value END) v(value)
	WHERE seen_last IS NULL OR CASE WHEN p.to_tier IS NULL
		THEN p.was = ANY (seen_first COLLATE "C") ELSE p.is_now = ANY (seen_last COLLATE "C") END
	GROUP BY v.value, p.from_tier, p.to_tier, p.merged;
END;
$$;
COMMENT ON FUNCTION _tiering.merged_cells(text, date, date, timestamptz, text,
	tiering.kept_assessment, tiering.kept_assessment) IS
'Part of cells(): the same if customers became one between the two days; first and last are the '
'assessments of the days, null where moves tell';

-- Where nobody is told apart and all are seen, nothing else is joined.
CREATE FUNCTION _tiering.kept_cells(scheme text, from_date date, to_date date,
	known_at timestamptz, dimension text, first tiering.kept_assessment,
	last tiering.kept_assessment, seen_first text[], seen_last text[])
RETURNS SETOF _tiering.cell
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off
AS $$
DECLARE
	amended_first boolean := _tiering.is_amended(first);
	amended_last boolean := _tiering.is_amended(last);
BEGIN
	IF dimension IS NULL AND seen_last IS NULL THEN
		RETURN QUERY SELECT NULL::text, f.tier, t.tier, false, count(*), sum(f.measure),
			sum(t.measure), sum(_tiering.unmeasured(f.tier, f.measure, t.tier, t.measure))
		FROM (SELECT k.* FROM _tiering.kept_rows(first, known_at, amended_first) k
				WHERE k.tier IS NOT NULL) f
			FULL JOIN (SELECT k.* FROM _tiering.kept_rows(last, known_at, amended_last) k
				WHERE k.tier IS NOT NULL) t ON t.customer_id = f.customer_id
		GROUP BY f.tier, t.tier;
	ELSE
		RETURN QUERY SELECT v.value, f.tier, t.tier, false, count(*), sum(f.measure),
			sum(t.measure), sum(_tiering.unmeasured(f.tier, f.measure, t.tier, t.measure))
		FROM (SELECT k.* FROM _tiering.kept_rows(first, known_at, amended_first) k
				WHERE k.tier IS NOT NULL) f
			FULL JOIN (SELECT k.* FROM _tiering.kept_rows(last, known_at, amended_last) k
				WHERE k.tier IS NOT NULL) t ON t.customer_id = f.customer_id
			LEFT JOIN _tiering.dimension_on(scheme, dimension, from_date) b
				ON b.customer_id = f.customer_id
			LEFT JOIN _tiering.dimension_on(scheme, dimension, to_date) e
				ON e.customer_id = t.customer_id
			CROSS JOIN LATERAL _tiering.told_value(dimension,
				CASE WHEN t.tier IS NULL THEN b.value ELSE e.value END) v(value)
		WHERE seen_last IS NULL OR CASE WHEN t.tier IS NULL
			THEN f.customer_id = ANY (seen_first COLLATE "C")
			ELSE t.customer_id = ANY (seen_last COLLATE "C") END
		GROUP BY v.value, f.tier, t.tier;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.kept_cells(text, date, date, timestamptz, text,
	tiering.kept_assessment, tiering.kept_assessment, text[], text[]) IS
'What cells() tells where the assessments of both days are kept; seen_first and seen_last: whom '
'the reader sees on each, null if all';

-- Where both assessments are kept, they tell all; where neither is, the moves do, but for
-- who was where by a dimension.
CREATE FUNCTION _tiering.cells(scheme text, from_date date, to_date date, known_at timestamptz,
	dimension text)
RETURNS SETOF _tiering.cell
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off
AS $$
DECLARE
	first tiering.kept_assessment := _tiering.stood_as_kept(scheme, from_date, known_at);
	last tiering.kept_assessment := _tiering.stood_as_kept(scheme, to_date, known_at);
	seen_first text[] := _tiering.seen(_tiering.reader(), scheme, from_date);
	seen_last text[] := _tiering.seen(_tiering.reader(), scheme, to_date);
BEGIN
	IF EXISTS (SELECT FROM _tiering.merges(scheme, CASE WHEN known_at IS NOT NULL
			THEN _tiering.known_batch(scheme, known_at) END) m
		WHERE m.on_date > from_date AND m.on_date <= to_date)
	THEN
		RETURN QUERY SELECT m.* FROM _tiering.merged_cells(scheme, from_date, to_date, known_at,
			dimension, first, last) m;
	ELSIF num_nulls(first.slot, last.slot) = 0 THEN
		RETURN QUERY SELECT m.* FROM _tiering.kept_cells(scheme, from_date, to_date, known_at,
			dimension, first, last, seen_first, seen_last) m;
	ELSIF dimension IS NULL AND seen_last IS NULL
		AND num_nonnulls((_tiering.kept(scheme, from_date, known_at)).slot,
		(_tiering.kept(scheme, to_date, known_at)).slot) = 0
	THEN
		RETURN QUERY SELECT NULL::text, s.from_tier, s.to_tier, false, s.customers, NULL::numeric,
			NULL::numeric, NULL::numeric
		FROM _tiering.migration_counts(scheme, from_date, to_date, known_at) s;
	ELSE
		RETURN QUERY SELECT v.value, f.tier, t.tier, false, count(*), sum(f.measure),
			sum(t.measure), sum(_tiering.unmeasured(f.tier, f.measure, t.tier, t.measure))
		FROM _tiering.stood_with(scheme, from_date, known_at) f
			FULL JOIN _tiering.stood_with(scheme, to_date, known_at) t
				ON t.customer_id = f.customer_id
			LEFT JOIN _tiering.dimension_on(scheme, dimension, from_date) b
				ON b.customer_id = f.customer_id
			LEFT JOIN _tiering.dimension_on(scheme, dimension, to_date) e
				ON e.customer_id = t.customer_id
			CROSS JOIN LATERAL _tiering.told_value(dimension,
				CASE WHEN t.tier IS NULL THEN b.value ELSE e.value END) v(value)
		WHERE seen_last IS NULL OR CASE WHEN t.tier IS NULL
			THEN f.customer_id = ANY (seen_first COLLATE "C")
			ELSE t.customer_id = ANY (seen_last COLLATE "C") END
		GROUP BY v.value, f.tier, t.tier;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.cells(text, date, date, timestamptz, text) IS
'Customers by where they stood at the ends of two days, as known at a time, with what they had on '
'each: what migration_matrix() and measure_bridge() are made of. If a dimension is named, by its '
'value at the end, too, or, of those who had left by then, at the beginning. merged: they became '
'one with another, who is in to_tier. Who does not see all customers is told of those whom they '
'see at the end, or saw at the beginning, in the same way';

CREATE FUNCTION _tiering.check_span(scheme text, from_date date, to_date date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme),
		_tiering.check_day(from_date, 'from_date'), _tiering.check_day(to_date, 'to_date');
	IF to_date < from_date THEN
		RAISE EXCEPTION 'to_date % is before from_date %', to_date, from_date
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_span(text, date, date) IS
'Refuses an unknown scheme (42704), and days that are null (22004), infinite or in the wrong order '
'(22023)';

-- Each tier by the name that it had on the day, by the last assessment up to it
CREATE FUNCTION _tiering.named_cells(scheme text, from_date date, to_date date,
	known_at timestamptz, dimension text)
RETURNS SETOF _tiering.cell
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	first int := _tiering.named_by(scheme, from_date, known_at);
	last int := _tiering.named_by(scheme, to_date, known_at);
BEGIN
	RETURN QUERY
	SELECT c.value, COALESCE(f.name, c.from_tier), COALESCE(t.name, c.to_tier), c.merged,
		sum(c.customers)::bigint, sum(c.measure_from), sum(c.measure_to), sum(c.unmeasured)
	FROM _tiering.cells(named_cells.scheme, from_date, to_date, known_at, dimension) c
		LEFT JOIN _tiering.names_in(named_cells.scheme, first) f ON f.tier = c.from_tier
		LEFT JOIN _tiering.names_in(named_cells.scheme, last) t ON t.tier = c.to_tier
	GROUP BY 1, 2, 3, 4;
END;
$$;
COMMENT ON FUNCTION _tiering.named_cells(text, date, date, timestamptz, text) IS
'What cells() tells, each tier by the name that it had on the day';

CREATE FUNCTION _tiering.renamed_cells(scheme text, from_date date, to_date date,
	known_at timestamptz, dimension text, cells _tiering.cell[] DEFAULT NULL)
RETURNS SETOF _tiering.cell
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	last int := _tiering.named_by(scheme, to_date, known_at);
BEGIN
	RETURN QUERY
	SELECT c.value, COALESCE(n.becomes, c.from_tier), c.to_tier, c.merged,
		sum(c.customers)::bigint, sum(c.measure_from), sum(c.measure_to), sum(c.unmeasured)
	FROM unnest(COALESCE(cells, ARRAY(SELECT c FROM _tiering.named_cells(renamed_cells.scheme,
			from_date, to_date, known_at, dimension) c))) c
		LEFT JOIN _tiering.tier_names(renamed_cells.scheme, last) n ON n.tier = c.from_tier
	GROUP BY 1, 2, 3, 4;
END;
$$;
COMMENT ON FUNCTION _tiering.renamed_cells(text, date, date, timestamptz, text,
	_tiering.cell[]) IS
'What cells() tells, each tier by its name of the second day: one that was renamed in between is '
'one. cells is what named_cells() tells, if that is known already';

CREATE FUNCTION _tiering.matrix(scheme text, from_date date, to_date date,
	known_at timestamptz, dimension text, cells _tiering.cell[] DEFAULT NULL)
	RETURNS TABLE (value text, from_tier text, to_tier text, direction text, from_rank int,
		to_rank int, customers bigint, share numeric, share_low numeric, share_high numeric,
		measure_from numeric, measure_to numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	newest int := _tiering.newest_by(scheme, to_date, known_at);
BEGIN
	PERFORM _tiering.check_span(scheme, from_date, to_date);
	RETURN QUERY
	WITH cell AS (
		SELECT s.value, s.from_tier, s.to_tier, s.merged, sum(s.customers)::bigint AS customers,
			sum(s.measure_from) AS measure_from, sum(s.measure_to) AS measure_to,
			(sum(sum(s.customers)) OVER (PARTITION BY s.value, s.from_tier))::bigint AS cohort
		FROM (SELECT n.value, n.from_tier, CASE WHEN NOT n.merged THEN n.to_tier END AS to_tier,
				n.merged, n.customers, n.measure_from, n.measure_to
			  FROM unnest(COALESCE(cells, ARRAY(SELECT c FROM _tiering.named_cells(matrix.scheme,
				from_date, to_date, known_at, dimension) c))) n) s
		GROUP BY s.value, s.from_tier, s.to_tier, s.merged
	)
	SELECT c.value, c.from_tier, c.to_tier,
		CASE WHEN c.merged THEN 'merged' WHEN c.from_tier IS NULL THEN 'new'
			WHEN c.to_tier IS NULL THEN 'exit' ELSE d.direction END,
		f.rank, t.rank, c.customers,
		CASE WHEN c.from_tier IS NOT NULL THEN round(c.customers::numeric / c.cohort, 6) END,
		w.low, w.high, c.measure_from, c.measure_to
	FROM cell c
		LEFT JOIN _tiering.directions(matrix.scheme, newest) d
			ON d.from_tier = c.from_tier AND d.to_tier = c.to_tier
		LEFT JOIN _tiering.tier_names(matrix.scheme, newest) f ON f.tier = c.from_tier
		LEFT JOIN _tiering.tier_names(matrix.scheme, newest) t ON t.tier = c.to_tier
		LEFT JOIN LATERAL _tiering.wilson(c.customers, c.cohort) w ON c.from_tier IS NOT NULL
	ORDER BY c.value, f.rank NULLS FIRST, c.from_tier NULLS FIRST, t.rank NULLS FIRST,
		c.to_tier NULLS FIRST, c.merged;
END;
$$;
COMMENT ON FUNCTION _tiering.matrix(text, date, date, timestamptz, text, _tiering.cell[]) IS
'Part of migration_matrix(): what it tells, by a dimension if one is named; cells is what '
'named_cells() tells, if that is known already';

CREATE FUNCTION tiering.migration_matrix(scheme text, from_date date, to_date date,
	known_at timestamptz DEFAULT NULL, by text DEFAULT NULL)
	RETURNS TABLE (from_tier text, to_tier text, direction text, from_rank int, to_rank int,
		customers bigint, share numeric, share_low numeric, share_high numeric,
		measure_from numeric, measure_to numeric, value text)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 50
BEGIN ATOMIC
	SELECT _tiering.check_reader(migration_matrix.scheme);
	SELECT _tiering.check_dimension(migration_matrix.scheme, migration_matrix.by)
	WHERE migration_matrix.by IS NOT NULL;
	SELECT m.from_tier, m.to_tier, m.direction, m.from_rank, m.to_rank, m.customers, m.share,
		m.share_low, m.share_high, m.measure_from, m.measure_to, m.value
	FROM _tiering.matrix(migration_matrix.scheme, from_date, to_date, known_at,
		migration_matrix.by) m;
END;
COMMENT ON FUNCTION tiering.migration_matrix(text, date, date, timestamptz, text) IS
'From which tier to which customers went between two days, in heads and in money. They are those '
'who were in a tier at the end of from_date, by their tier at the end of to_date, and those who '
'had come by then. A customer who came and left in between is in neither. from_tier is null for '
'those who came (new), to_tier for those who left (exit), or became one with another who is a '
'customer then (merged); whoever left and came back counts by where they stood on the two days. '
'direction: new, up, down, lateral, stayed, exit or merged; ranks as in the newest version that '
'had the tier at the end of to_date. share: of the customers of from_tier, with the bounds of its '
'95 % confidence interval, which is the score interval of Wilson 1927; null where there is no '
'from_tier. measure_from and measure_to: what they had on the two days, null where that is no '
'assessment that is kept. known_at: as known at that time, in heads and in money. by: a dimension, '
'such as branch, whose values then have a matrix each; value is null without it. A customer counts '
'where they are at the end of to_date, or, if they have left, where they were at the end of '
'from_date; share is then of the customers of from_tier there. From the lowest from_tier up, new '
'first. Dimensions are those of the assessments, whatever known_at is. Errors: dates that are null '
'(22004), infinite or in the wrong order (22023), an unknown scheme or dimension (42704). Example: '
'SELECT from_tier, to_tier, customers, measure_from, measure_to FROM '
'tiering.migration_matrix(''retail'', ''2026-01-31'', ''2026-03-31'')';

CREATE FUNCTION _tiering.bridge(scheme text, from_date date, to_date date,
	known_at timestamptz, dimension text, cells _tiering.cell[] DEFAULT NULL)
RETURNS TABLE (value text, tier text, rank int, opening numeric, new numeric, exit numeric,
	migrated_in numeric, migrated_out numeric, growth numeric, unmeasured numeric,
	closing numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	named int := _tiering.named_by(scheme, to_date, known_at);
	opened boolean := k.slot IS NOT NULL FROM _tiering.kept(scheme, from_date, known_at) k;
	closed boolean := k.slot IS NOT NULL FROM _tiering.kept(scheme, to_date, known_at) k;
BEGIN
	PERFORM _tiering.check_span(scheme, from_date, to_date);
	RETURN QUERY
	WITH named AS MATERIALIZED (
		SELECT n.* FROM _tiering.tier_names(bridge.scheme, named) n
	), cell AS MATERIALIZED (
		SELECT c.value, c.from_tier, c.to_tier,
			CASE WHEN opened THEN COALESCE(c.measure_from, 0) END AS had,
			CASE WHEN closed THEN COALESCE(c.measure_to, 0) END AS has,
			CASE WHEN opened AND closed THEN COALESCE(c.unmeasured, 0) END AS unmeasured
		FROM _tiering.renamed_cells(bridge.scheme, from_date, to_date, known_at, dimension,
			cells) c
	), part AS (
		SELECT c.value, c.from_tier AS tier, c.had AS opening, 0 AS new,
			CASE WHEN c.to_tier IS NULL THEN - c.had ELSE 0 END AS exit, 0 AS migrated_in,
			CASE WHEN c.to_tier <> c.from_tier THEN - c.had ELSE 0 END AS migrated_out,
			0 AS growth, 0 AS unmeasured, 0 AS closing
		FROM cell c WHERE c.from_tier IS NOT NULL
		UNION ALL
		SELECT c.value, c.to_tier, 0, CASE WHEN c.from_tier IS NULL THEN c.has ELSE 0 END, 0,
			CASE WHEN c.from_tier <> c.to_tier THEN c.had ELSE 0 END, 0,
			CASE WHEN c.from_tier IS NOT NULL THEN c.has - c.had - c.unmeasured ELSE 0 END,
			c.unmeasured, c.has
		FROM cell c WHERE c.to_tier IS NOT NULL
		UNION ALL
		SELECT NULL, t.tier, 0, 0, 0, 0, 0, 0, 0, 0 FROM tiering.tier t
		WHERE dimension IS NULL AND t.scheme = bridge.scheme COLLATE "C" AND t.version = named
	)
	SELECT p.value, p.tier, max(n.rank), CASE WHEN opened THEN sum(p.opening) END,
		CASE WHEN closed THEN sum(p.new) END, CASE WHEN opened THEN sum(p.exit) END,
		CASE WHEN opened THEN sum(p.migrated_in) END,
		CASE WHEN opened THEN sum(p.migrated_out) END,
		CASE WHEN opened AND closed THEN sum(p.growth) END,
		CASE WHEN opened AND closed THEN sum(p.unmeasured) END,
		CASE WHEN closed THEN sum(p.closing) END
	FROM part p LEFT JOIN named n ON n.tier = p.tier
	GROUP BY p.value, p.tier
	ORDER BY p.value, max(n.rank) DESC NULLS LAST, p.tier;
END;
$$;
COMMENT ON FUNCTION _tiering.bridge(text, date, date, timestamptz, text, _tiering.cell[]) IS
'Part of measure_bridge(): what it tells, by a dimension if one is named; cells is what '
'named_cells() tells, if that is known already';

CREATE FUNCTION tiering.measure_bridge(scheme text, from_date date, to_date date,
	known_at timestamptz DEFAULT NULL, by text DEFAULT NULL)
RETURNS TABLE (tier text, rank int, opening numeric, new numeric, exit numeric,
	migrated_in numeric, migrated_out numeric, growth numeric, unmeasured numeric,
	closing numeric, value text)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	SELECT _tiering.check_reader(measure_bridge.scheme);
	SELECT _tiering.check_dimension(measure_bridge.scheme, measure_bridge.by)
	WHERE measure_bridge.by IS NOT NULL;
	SELECT b.tier, b.rank, b.opening, b.new, b.exit, b.migrated_in, b.migrated_out, b.growth,
		b.unmeasured, b.closing, b.value
	FROM _tiering.bridge(measure_bridge.scheme, from_date, to_date, known_at,
		measure_bridge.by) b;
END;
COMMENT ON FUNCTION tiering.measure_bridge(text, date, date, timestamptz, text) IS
'How the money of each tier came from what it was on one day to what it was on another. opening + '
'new + exit + migrated_in + migrated_out + growth + unmeasured = closing; exit and migrated_out '
'are negative. The days are taken at their ends. Customers who came count with what they had at '
'the end, customers who left or moved with what they had at the beginning; growth is what the '
'customers of the end have gained, or lost. unmeasured is of those whose measure is known on one '
'of the two days only: what they had if it is not known at the end, negative, or what they have if '
'it was not known at the beginning. Who became one with another brings what they had to the tier '
'of that one. From the highest tier down; a tier that was renamed has its name of to_date. Null '
'where a day is no assessment that is kept. known_at: as known at that time. by: a dimension, '
'whose values then have a bridge each, and tiers without customers there no row; value is null '
'without it. Errors: those of migration_matrix(). Example: SELECT tier, opening, growth, closing '
'FROM tiering.measure_bridge(''retail'', ''2026-01-31'', ''2026-03-31'')';
