/*
 * Reports by a dimension, such as branch. Each adds up to the report without it: a customer
 * counts once, and whom the dimension does not tell is unknown, which is a row of its own.
 */

CREATE FUNCTION _tiering.customers_on(scheme text, as_of date)
RETURNS TABLE (customer_id text, tier text, measure numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
#variable_conflict use_column
DECLARE
	k tiering.kept_assessment := _tiering.stood_as_kept(scheme, as_of, NULL);
	amended boolean := _tiering.is_amended(k);
BEGIN
	IF k.slot IS NOT NULL THEN
		RETURN QUERY SELECT r.customer_id, r.tier, r.measure
		FROM _tiering.kept_rows(k, NULL, amended) r
		WHERE r.tier IS NOT NULL;
	ELSIF as_of IS NULL THEN
		RETURN QUERY SELECT a.customer_id, a.tier, m.measure
		FROM tiering.assignment a
			LEFT JOIN _tiering.current_measures(customers_on.scheme, NULL) m
				ON m.customer_id COLLATE "C" = a.customer_id
		WHERE a.scheme = customers_on.scheme COLLATE "C";
	ELSE
		RETURN QUERY SELECT s.* FROM _tiering.stood_with(customers_on.scheme, as_of, NULL) s;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.customers_on(text, date) IS
'Where customers stood at the end of a day, and what they had, null where that is not kept; the '
'day null: where they are now';

CREATE FUNCTION _tiering.report_day(scheme text, as_of date) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT _tiering.check_day(COALESCE(report_day.as_of, l.as_of, current_date), 'as_of')
	FROM _tiering.last_assessment(report_day.scheme) l;
END;
COMMENT ON FUNCTION _tiering.report_day(text, date) IS
'The day of a report: the one given, the last assessment''s if that is null, and today''s if there '
'was none. An infinite one is an error (22023)';

CREATE FUNCTION _tiering.dimension_counts(k tiering.kept_assessment, amended boolean, scheme text,
	dimension text, as_of date, visible text[])
RETURNS TABLE (tier text, value text, customers bigint, measure numeric)
AS 'MODULE_PATHNAME', 'dimension_counts'
LANGUAGE C STABLE PARALLEL SAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION _tiering.dimension_counts(tiering.kept_assessment, boolean, text, text, date,
	text[]) IS
'Part of distribution_by(): customers of an assessment that is kept, as kept_rows() tells them, '
'or, if that is null, of customers_on(), and their measure by tier and value; the tier is null for '
'those who have a value only';

CREATE FUNCTION _tiering.distribution_by(scheme text, dimension text, as_of date, named int,
	visible text[])
RETURNS TABLE (value text, tier text, customers bigint, measure numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	k tiering.kept_assessment := _tiering.stood_as_kept(scheme, as_of, NULL);
	amended boolean := _tiering.is_amended(k);
BEGIN
	RETURN QUERY
	SELECT _tiering.told_value(dimension, c.value), COALESCE(n.becomes, c.tier),
		sum(c.customers)::bigint, sum(c.measure)
	FROM _tiering.dimension_counts(CASE WHEN k.slot IS NOT NULL THEN k END, amended, scheme,
			dimension, as_of, visible) c
		LEFT JOIN _tiering.tier_names(scheme, named) n ON n.tier = c.tier
	WHERE c.tier IS NOT NULL
	GROUP BY 1, 2;
END;
$$;
COMMENT ON FUNCTION _tiering.distribution_by(text, text, date, int, text[]) IS
'Part of tier_distribution_by(): customers, or some of them, and their measure by value and tier, '
'the tiers as a version calls them; as_of null: now';

CREATE FUNCTION tiering.tier_distribution_by(scheme text, dimension text,
	as_of date DEFAULT NULL)
RETURNS TABLE (value text, tier text, rank int, title text, title_zh text,
	customers bigint, customers_share numeric, measure numeric, measure_share numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	day date;
	named int;
BEGIN
	PERFORM _tiering.check_reader(scheme), _tiering.check_dimension(scheme, dimension);
	day := _tiering.report_day(scheme, as_of);
	named := COALESCE(_tiering.named_by(scheme, day), tiering.newest_version(scheme));
	RETURN QUERY
	SELECT d.value, d.tier, r.rank, NULLIF(t.title, ''), NULLIF(t.title_zh, ''), d.customers,
		round(d.customers / sum(d.customers) OVER of_value, 6), d.measure,
		round(d.measure / NULLIF(sum(d.measure) OVER of_value, 0), 6)
	FROM _tiering.distribution_by(scheme, dimension, as_of, named,
			_tiering.seen(_tiering.reader(), scheme, as_of)) d
		LEFT JOIN tiering.tier t ON t.scheme = tier_distribution_by.scheme COLLATE "C"
			AND t.version = named AND t.tier = d.tier
		CROSS JOIN LATERAL (SELECT CASE WHEN t.tier IS NULL
			THEN _tiering.rank_in(tier_distribution_by.scheme, named, d.tier)
			ELSE t.rank END AS rank) r
	WINDOW of_value AS (PARTITION BY d.value)
	ORDER BY d.value, r.rank, d.tier;
END;
$$;
COMMENT ON FUNCTION tiering.tier_distribution_by(text, text, date) IS
'How many customers, with how much of the measure, each tier has in each branch, or other value '
'of a dimension. as_of: at the end of that day; null: now. Who has no value by the last '
'assessment up to it counts as unknown, as a customer does who really has that value. Shares are '
'of the value''s customers and measure, rounded to 6 decimals. A tier without customers there has '
'no row. Money is null where the day is no assessment that is kept. Errors: unknown scheme or '
'dimension (42704), a null (22004), an infinite day (22023). Example: SELECT value, tier, '
'customers, measure FROM tiering.tier_distribution_by(''retail'', ''branch'')';

CREATE FUNCTION tiering.migration_summary_by(scheme text, dimension text, from_date date,
	to_date date)
RETURNS TABLE (value text, new bigint, up bigint, down bigint, lateral_moves bigint, exit bigint,
	stayed bigint, retention numeric)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 50
BEGIN ATOMIC
	SELECT _tiering.check_reader(migration_summary_by.scheme);
	SELECT _tiering.check_dimension(migration_summary_by.scheme, migration_summary_by.dimension);
	SELECT c.value, c.new, c.up, c.down, c.lateral_moves, c.exit, c.stayed,
		round((c.stayed + c.up + c.down + c.lateral_moves)::numeric
			/ NULLIF(c.stayed + c.up + c.down + c.lateral_moves + c.exit, 0), 6)
	FROM (
		SELECT m.value,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'new'), 0)::bigint AS new,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'up'), 0)::bigint AS up,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'down'), 0)::bigint AS down,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'lateral'),
				0)::bigint AS lateral_moves,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'exit'), 0)::bigint AS exit,
			COALESCE(sum(m.customers) FILTER (WHERE m.direction = 'stayed'), 0)::bigint AS stayed
		FROM tiering.migration_matrix(migration_summary_by.scheme, migration_summary_by.from_date,
			migration_summary_by.to_date, by => migration_summary_by.dimension) m
		GROUP BY m.value) c
	ORDER BY c.value;
END;
COMMENT ON FUNCTION tiering.migration_summary_by(text, text, date, date) IS
'How many customers moved between two days, and which way, in each branch or other value of a '
'dimension. It is migration_matrix(…, by => dimension) added up. retention: the share of the '
'customers of from_date who are still customers, rounded to 6 decimals; null if there were none. '
'Errors: those of migration_matrix(), a null dimension (22004). Example: SELECT * FROM '
'tiering.migration_summary_by(''retail'', ''branch'', ''2026-01-31'', ''2026-03-31'')';

CREATE FUNCTION tiering.cross_distribution(scheme_a text, scheme_b text, as_of date DEFAULT NULL)
RETURNS TABLE (tier_a text, tier_b text, customers bigint, measure_a numeric, measure_b numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 50
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	some_a text[] := _tiering.seen(_tiering.reader(), scheme_a, as_of);
	some_b text[] := _tiering.seen(_tiering.reader(), scheme_b, as_of);
BEGIN
	PERFORM _tiering.check_reader(scheme_a), _tiering.check_reader(scheme_b),
		tiering.newest_version(scheme_a), tiering.newest_version(scheme_b),
		_tiering.report_day(scheme_a, as_of);
	RETURN QUERY
	SELECT a.tier, b.tier, count(*), sum(a.measure), sum(b.measure)
	FROM (SELECT s.* FROM _tiering.customers_on(scheme_a, cross_distribution.as_of) s
		  WHERE some_a IS NULL OR s.customer_id = ANY (some_a)) a
		FULL JOIN (SELECT s.* FROM _tiering.customers_on(scheme_b, cross_distribution.as_of) s
			WHERE some_b IS NULL OR s.customer_id = ANY (some_b)) b USING (customer_id)
	GROUP BY a.tier, b.tier
	ORDER BY a.tier NULLS FIRST, b.tier NULLS FIRST;
END;
$$;
COMMENT ON FUNCTION tiering.cross_distribution(text, text, date) IS
'How many customers are in each pair of tiers of two schemes, with what they have by the measure '
'of each. A null tier: not a customer of that scheme, or none whom the reader may see there. '
'as_of: at the end of that day; null: now. Money is null where the day is no assessment of that '
'scheme that is kept. Tiers have the names with which customers were graded. Customers are matched '
'by the numbers that they have now: rename one who has another number in both schemes. Errors: '
'unknown scheme (42704), a null one (22004), an infinite day (22023). Example: SELECT * FROM '
'tiering.cross_distribution(''retail'', ''family'')';

-- Whoever reads the view calls this, as they do shown_sums().
CREATE FUNCTION _tiering.shown_dimension(key uuid, scheme text, reader oid)
RETURNS TABLE (customer_id text, dimension text, value text, since date)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1 ROWS 1
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
DECLARE
	visible text[];
BEGIN
	IF _tiering.reads(reader, scheme) IS NULL
		OR NOT EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_dimension.key)
	THEN
		RETURN;
	END IF;
	visible := _tiering.seen(reader, scheme, NULL);
	RETURN QUERY SELECT d.customer_id, k.dimension, d.told[k.place], d.since[k.place]
	FROM tiering.kept_dimension k
		JOIN tiering.customer_dimension d ON d.scheme = k.scheme AND d.told[k.place] IS NOT NULL
	WHERE k.scheme = shown_dimension.scheme COLLATE "C" AND d.to_as_of IS NULL
		AND (visible IS NULL OR d.customer_id = ANY (visible COLLATE "C"));
END;
$$;
COMMENT ON FUNCTION _tiering.shown_dimension(uuid, text, oid) IS
'What the customers of a scheme whom a reader may see are by each dimension now, for who does not '
'see all; nobody if that is not the key of views';

CREATE VIEW tiering.current_dimension AS
SELECT d.scheme, d.customer_id COLLATE "default" AS customer_id, k.dimension,
	d.told[k.place] AS value, d.since[k.place] AS since
FROM tiering.kept_dimension k
	JOIN tiering.customer_dimension d ON d.scheme = k.scheme AND d.told[k.place] IS NOT NULL
WHERE d.to_as_of IS NULL AND (SELECT _tiering.reads_all(_tiering.reader()))
UNION ALL
SELECT s.scheme COLLATE "C", d.customer_id COLLATE "default", d.dimension COLLATE "C",
	d.value COLLATE "C", d.since
FROM _tiering.each_scheme() s
	CROSS JOIN LATERAL _tiering.shown_dimension((SELECT k.key FROM tiering.view_key k LIMIT 1),
		s.scheme, (SELECT _tiering.reader())) d
WHERE NOT (SELECT _tiering.reads_all(_tiering.reader()));
COMMENT ON VIEW tiering.current_dimension IS
'What customers are by each dimension now, to be joined to near_upgrade, near_downgrade or any '
'view with a customer';
COMMENT ON COLUMN tiering.current_dimension.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.current_dimension.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.current_dimension.dimension IS 'Dimension, such as branch';
COMMENT ON COLUMN tiering.current_dimension.value IS 'What they are, such as north';
COMMENT ON COLUMN tiering.current_dimension.since IS 'The first assessment that found it';

CREATE FUNCTION tiering.staffing_by(scheme text, dimension text)
RETURNS TABLE (value text, tier text, rank int, title text, title_zh text,
	channel text, channel_zh text, customers bigint, customers_per_manager_from int,
	customers_per_manager_to int, managers_from bigint, managers_to bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT d.value, d.tier, d.rank, d.title, d.title_zh, s.channel, s.channel_zh,
		d.customers, s.customers_per_manager_from, s.customers_per_manager_to,
		ceil(d.customers / s.customers_per_manager_to::numeric)::bigint,
		ceil(d.customers / s.customers_per_manager_from::numeric)::bigint
	FROM tiering.tier_distribution_by(staffing_by.scheme, staffing_by.dimension) d
		LEFT JOIN tiering.staffing s ON s.scheme = staffing_by.scheme COLLATE "C"
			AND s.tier = d.tier COLLATE "C"
	ORDER BY d.value, d.rank, d.tier;
END;
COMMENT ON FUNCTION tiering.staffing_by(text, text) IS
'How the tiers of each branch, or other value of a dimension, are served, and how many '
'relationship managers that takes at both ends of the range. Managers are counted whole for each '
'tier of each branch: they are not shared, so that there may be more of them than staffing says. '
'Errors: those of tier_distribution_by(). Example: SELECT value, tier, customers FROM '
'tiering.staffing_by(''retail'', ''branch'')';

-- Whoever reads the view calls this, as they do shown_sums().
CREATE FUNCTION _tiering.shown_by(key uuid, scheme text, dimension text, as_of date, reader oid)
RETURNS TABLE (value text, tier text, customers bigint, measure numeric)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp SET debug_print_plan = off
AS $$
BEGIN
	IF EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_by.key)
	THEN
		RETURN QUERY SELECT d.* FROM _tiering.distribution_by(scheme, dimension, as_of,
			_tiering.named_by(scheme, as_of), _tiering.seen(reader, scheme, as_of)) d;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_by(uuid, text, text, date, oid) IS
'What distribution_by() tells of a day, for who may read it; nothing if that is not the key of '
'views';

-- One distribution for each scheme, dimension and day that is asked for, however many targets
-- there are. The inner order keeps it so: what has one is not pulled up and run for each target.
-- No condition of the reader's looks at a target before it is known to be theirs.
CREATE VIEW tiering.target_actual WITH (security_barrier) AS
SELECT g.scheme, g.dimension, t.value, t.tier, (
		SELECT r.rank FROM tiering.tier r WHERE r.scheme = g.scheme AND r.tier = t.tier
		ORDER BY r.version DESC LIMIT 1) AS rank,
	g.as_of, t.customers AS target_customers,
	CASE WHEN t.told THEN COALESCE(t.reached_customers, 0) END AS customers,
	t.measure::numeric(38,2) AS target_measure,
	CASE WHEN t.told AND t.reached_customers IS NULL THEN 0
		ELSE t.reached_measure END::numeric(38,2) AS measure
FROM (SELECT d.scheme, d.dimension, d.as_of, d.reached AND (
			EXISTS (SELECT FROM tiering.dimensions_source b
				WHERE b.scheme = d.scheme AND d.dimension = ANY (b.names))
			OR EXISTS (SELECT FROM tiering.kept_dimension k
					JOIN tiering.customer_dimension c ON c.scheme = k.scheme
						AND c.told[k.place] IS NOT NULL
				WHERE k.scheme = d.scheme AND k.dimension = d.dimension)) AS reached
	  FROM (SELECT DISTINCT t.scheme, t.dimension, t.as_of, t.as_of <= o.refreshed_as_of AS reached
			FROM tiering.target t LEFT JOIN tiering.source o ON o.scheme = t.scheme
			WHERE (SELECT _tiering.reads_all(_tiering.reader()))
				OR _tiering.sees_value((SELECT _tiering.reader()), t.scheme, t.dimension,
					t.value)) d) g
	CROSS JOIN LATERAL (
		SELECT t.value, t.tier, t.customers, t.measure, x.customers AS reached_customers,
			x.measure AS reached_measure, g.reached AND EXISTS (
				SELECT FROM tiering.tier r WHERE r.scheme = t.scheme AND r.tier = t.tier) AS told
		FROM tiering.target t
			LEFT JOIN _tiering.shown_by((SELECT k.key FROM tiering.view_key k LIMIT 1),
				g.scheme, g.dimension, CASE WHEN g.reached THEN g.as_of END,
				(SELECT _tiering.reader())) x
				ON x.value = t.value AND x.tier = t.tier
		WHERE t.scheme = g.scheme AND t.dimension = g.dimension AND t.as_of = g.as_of
			AND ((SELECT _tiering.reads_all(_tiering.reader())) OR _tiering.sees_value(
				(SELECT _tiering.reader()), t.scheme, t.dimension, t.value))
		ORDER BY t.value, t.tier) t;
COMMENT ON VIEW tiering.target_actual IS
'Targets, with what was reached on their day. Null in customers of a day that was assessed means '
'that the scheme does not have the dimension or the tier, which may be misspelt: SELECT * FROM '
'tiering.target_actual a JOIN tiering.source s USING (scheme) WHERE a.customers IS NULL AND '
'a.as_of <= s.refreshed_as_of. See target for those of later days';
COMMENT ON COLUMN tiering.target_actual.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.target_actual.dimension IS 'Dimension, such as branch';
COMMENT ON COLUMN tiering.target_actual.value IS 'Its value, such as north';
COMMENT ON COLUMN tiering.target_actual.tier IS 'Tier';
COMMENT ON COLUMN tiering.target_actual.rank IS
'Its rank in the newest version that has it, higher being better';
COMMENT ON COLUMN tiering.target_actual.as_of IS 'The day of the target';
COMMENT ON COLUMN tiering.target_actual.target_customers IS 'Customers meant; null if none are';
COMMENT ON COLUMN tiering.target_actual.customers IS
'Customers at the end of that day; null while no refresh has reached it, and of a dimension or '
'tier that the scheme does not have';
COMMENT ON COLUMN tiering.target_actual.target_measure IS
'Total of their measure that is meant; null if none is';
COMMENT ON COLUMN tiering.target_actual.measure IS
'Total of their measure at the end of that day; null while no refresh has reached it, where that '
'day is no assessment that is kept, and of a dimension or tier that the scheme does not have';
