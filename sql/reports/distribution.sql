/*
 * How many customers the tiers have, with how much: now, at each assessment, with the
 * tiers beneath a tier, from the top down, and how many people it takes.
 *
 * Of all views: shares are fractions of 1, rounded to 6 decimals, money is rounded to 2, and
 * both have types that say so, as reporting tools ask. Functions have all digits. as_of is an
 * assessment of the scheme: of what is now, the last one. What there is not is null, no empty
 * text. The test view_rules has these rules. A view runs with its owner's rights: SELECT on it
 * is all that a report needs. It shows what its reader may see: see rights/reader.sql.
 */

-- Whoever reads the view calls this, as they do shown_sums(), for each scheme that is asked for.
-- The view has it beside what is for who reads all, which is to be planned for: here are said to
-- be few rows. With hardly any, PostgreSQL 18 takes what is sorted for so cheap to read again, as
-- long as tables are not analyzed, that it works out the view for each row of some joins.
CREATE FUNCTION _tiering.shown_current(key uuid, scheme text, reader oid)
RETURNS TABLE (customer_id text, tier text, measure numeric, as_of date, since date,
	cause text, first_as_of date, earned text, misses int, next_tier text, next_review date,
	policy_tier text, policy_since date, version int)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off SET enable_nestloop = off
AS $$
#variable_conflict use_column
DECLARE
	visible text[];
BEGIN
	IF _tiering.reads(reader, scheme) IS NULL
		OR NOT EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_current.key)
	THEN
		RETURN;
	END IF;
	visible := _tiering.seen(reader, scheme, NULL);
	RETURN QUERY
	SELECT a.customer_id, a.tier, h.measure, h.as_of, a.since, a.cause, a.first_as_of, a.earned,
		a.misses, a.next_tier, a.next_review, a.policy_tier, a.policy_since, a.version
	FROM tiering.assignment a
		LEFT JOIN _tiering.current_measures(shown_current.scheme, visible) h
			ON h.customer_id COLLATE "C" = a.customer_id
	WHERE a.scheme = shown_current.scheme COLLATE "C"
		AND (visible IS NULL OR a.customer_id = ANY (visible COLLATE "C"));
END;
$$;
COMMENT ON FUNCTION _tiering.shown_current(uuid, text, oid) IS
'What current_tier shows of the customers of a scheme whom a reader may see, who does not see all; '
'nobody if that is not the key of views';

-- With all digits, as views of customers that compare need it; likewise of the distribution.
-- What a scheme has is read where that scheme is asked for: a condition on it goes into the
-- subquery. That has an order for one reason, and so have views with a customer that call
-- functions: what is sorted is kept. However wrong the planner is, above all before tables are
-- analyzed, it is not read again for each row of a join. The order is one that no condition on a
-- column settles, which would do away with the sort. Nor is it read again by an index: the
-- scheme's name is an expression.
CREATE VIEW _tiering.customer_now AS
SELECT a.scheme, a.customer_id COLLATE "default" AS customer_id, a.tier, t.rank,
	a.measure, COALESCE(o.refreshed_as_of, l.loaded) AS as_of, a.as_of AS measured_as_of,
	a.since, a.cause, a.first_as_of, a.earned, a.misses, a.next_tier, n.rank AS next_rank,
	a.next_review, a.policy_tier, a.policy_since, a.version
FROM (
		SELECT a.scheme, a.customer_id, a.tier, h.measure, h.as_of, a.since, a.cause, a.first_as_of,
			a.earned, a.misses, a.next_tier, a.next_review, a.policy_tier, a.policy_since, a.version
		FROM tiering.assignment a
			LEFT JOIN (
				SELECT s.scheme || '' AS scheme, m.customer_id COLLATE "C" AS customer_id, m.as_of,
					m.measure
				FROM tiering.scheme s
					CROSS JOIN LATERAL _tiering.shown_measures(
						(SELECT k.key FROM tiering.view_key k LIMIT 1), s.scheme,
						(SELECT _tiering.reader())) m
				ORDER BY m.as_of IS NULL) h
				ON h.scheme = a.scheme AND h.customer_id = a.customer_id
		WHERE (SELECT _tiering.reads_all(_tiering.reader()))
		UNION ALL
		SELECT s.scheme COLLATE "C", p.customer_id COLLATE "C", p.tier COLLATE "C", p.measure,
			p.as_of, p.since, p.cause COLLATE "C", p.first_as_of, p.earned COLLATE "C", p.misses,
			p.next_tier COLLATE "C", p.next_review, p.policy_tier COLLATE "C", p.policy_since,
			p.version
		FROM _tiering.each_scheme() s
			CROSS JOIN LATERAL _tiering.shown_current(
				(SELECT k.key FROM tiering.view_key k LIMIT 1), s.scheme,
				(SELECT _tiering.reader())) p
		WHERE NOT (SELECT _tiering.reads_all(_tiering.reader()))) a
	LEFT JOIN tiering.tier t ON t.scheme = a.scheme AND t.version = a.version AND t.tier = a.tier
	LEFT JOIN tiering.tier n ON n.scheme = a.scheme AND n.version = a.version
		AND n.tier = a.next_tier
	LEFT JOIN tiering.source o ON o.scheme = a.scheme
	-- what was loaded without a source
	LEFT JOIN (SELECT d.scheme, max(d.as_of) AS loaded FROM tiering.distribution_history d
		GROUP BY d.scheme) l ON l.scheme = a.scheme
ORDER BY a.as_of IS NULL;
COMMENT ON VIEW _tiering.customer_now IS 'What current_tier tells, with all digits of the measure';

CREATE VIEW tiering.current_tier AS
SELECT c.scheme, c.customer_id, c.tier, c.rank, c.measure::numeric(38,2) AS measure, c.as_of,
	c.measured_as_of, c.since, c.cause, c.first_as_of, c.earned, c.misses, c.next_tier,
	c.next_rank, c.next_review, c.policy_tier, c.policy_since, c.version
FROM _tiering.customer_now c;
COMMENT ON VIEW tiering.current_tier IS
'Where each customer of each scheme is now, and what they had at their last assessment';
COMMENT ON COLUMN tiering.current_tier.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.current_tier.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.current_tier.tier IS 'Their tier, as version calls it';
COMMENT ON COLUMN tiering.current_tier.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.current_tier.measure IS
'The measure at their last assessment; null if the source had none, or if no assessment that is '
'kept has them';
COMMENT ON COLUMN tiering.current_tier.as_of IS
'Date of the last refresh, or of what was loaded; null if there was none';
COMMENT ON COLUMN tiering.current_tier.measured_as_of IS
'Their last assessment, of which measure is: of the scheme, or of their own; null if they have had '
'none';
COMMENT ON COLUMN tiering.current_tier.since IS 'The day from which on they are in the tier';
COMMENT ON COLUMN tiering.current_tier.cause IS 'Why they are in it; see migration';
COMMENT ON COLUMN tiering.current_tier.first_as_of IS
'The assessment at which they were new; null if they were put here by hand, and since counts in '
'its place';
COMMENT ON COLUMN tiering.current_tier.earned IS
'The tier that the rules gave at the last assessment, where it is another; null if it is the same';
COMMENT ON COLUMN tiering.current_tier.misses IS 'Misses in a row that count against that tier';
COMMENT ON COLUMN tiering.current_tier.next_tier IS
'The tier into which the policy will move them if they go on to earn what they earned last';
COMMENT ON COLUMN tiering.current_tier.next_rank IS 'Its rank';
COMMENT ON COLUMN tiering.current_tier.next_review IS 'The assessment at which it is expected to';
COMMENT ON COLUMN tiering.current_tier.policy_tier IS
'The tier that the rules and the policy give, beneath overrides; as tier if policy_since is null';
COMMENT ON COLUMN tiering.current_tier.policy_since IS
'The day from which on they give it; null if that is since';
COMMENT ON COLUMN tiering.current_tier.version IS 'The version of the scheme that graded';

CREATE VIEW _tiering.distribution_now AS
SELECT s.scheme, d.as_of, d.version, d.tier, d.rank, d.parent, NULLIF(d.title, '') AS title,
	NULLIF(d.title_zh, '') AS title_zh, d.customers,
	d.customers_share, d.measure, d.measure_share, d.defined_by
FROM (SELECT s.scheme || '' AS scheme FROM tiering.scheme s
	  WHERE (SELECT _tiering.reads_all(_tiering.reader()))
		OR _tiering.reads((SELECT _tiering.reader()), s.scheme) IS NOT NULL) s
	CROSS JOIN LATERAL (
		WITH counted AS (
			SELECT n.tier, sum(n.customers)::bigint AS customers, sum(n.measure) AS measure,
				max(n.version) AS version, max(n.as_of) AS as_of
			FROM _tiering.shown_sums((SELECT k.key FROM tiering.view_key k LIMIT 1), s.scheme,
				(SELECT _tiering.reader())) n
			GROUP BY n.tier HAVING sum(n.customers) > 0
		), graded AS (
			-- the version of the last refresh; of customers put there by hand, their own
			SELECT COALESCE(o.refreshed_as_of, h.as_of) AS as_of,
				COALESCE(v.version, h.version) AS version
			FROM (SELECT max(c.version) AS version, max(c.as_of) AS as_of FROM counted c) h
				LEFT JOIN tiering.source o ON o.scheme = s.scheme
				LEFT JOIN tiering.scheme_version v ON v.scheme = s.scheme AND v.status <> 'draft'
					AND v.effective @> o.refreshed_as_of
		), listed AS (
			SELECT t.tier, t.rank, t.parent, t.title, t.title_zh
			FROM graded g JOIN tiering.tier t ON t.scheme = s.scheme AND t.version = g.version
		)
		SELECT g.as_of, g.version, tier, CASE WHEN l.tier IS NULL
				THEN _tiering.rank_in(s.scheme, g.version, tier) ELSE l.rank END AS rank,
			CASE WHEN l.tier IS NULL THEN h.version ELSE g.version END AS defined_by,
			l.parent, l.title, l.title_zh, COALESCE(h.customers, 0) AS customers,
			round(COALESCE(h.customers, 0) / NULLIF(sum(h.customers) OVER (), 0), 6)
				AS customers_share,
			CASE WHEN h.tier IS NULL THEN 0 ELSE h.measure END AS measure,
			round(CASE WHEN h.tier IS NULL THEN 0 ELSE h.measure END
				/ NULLIF(sum(h.measure) OVER (), 0), 6) AS measure_share
		FROM counted h FULL JOIN listed l USING (tier) CROSS JOIN graded g) d
ORDER BY d.rank;
COMMENT ON VIEW _tiering.distribution_now IS
'What tier_distribution tells, with all digits of the measure';
COMMENT ON COLUMN _tiering.distribution_now.defined_by IS
'The version that says what the tier''s customers get: the one that graded, or that of the '
'customers, where theirs is a tier that it does not have';

CREATE VIEW tiering.tier_distribution AS
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, d.parent, d.title, d.title_zh, d.customers,
	d.customers_share::numeric(7,6) AS customers_share, d.measure::numeric(38,2) AS measure,
	d.measure_share::numeric(38,6) AS measure_share
FROM _tiering.distribution_now d;
COMMENT ON VIEW tiering.tier_distribution IS
'How many customers, with how much of the measure, each tier of each scheme has now. Empty tiers '
'have a row, too';
COMMENT ON COLUMN tiering.tier_distribution.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_distribution.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.tier_distribution.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_distribution.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_distribution.rank IS
'Its rank, higher being better; of a tier of another version, the one as which it counts in this';
COMMENT ON COLUMN tiering.tier_distribution.parent IS 'The tier of which it is a part';
COMMENT ON COLUMN tiering.tier_distribution.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_distribution.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_distribution.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.tier_distribution.customers_share IS
'Their share of the scheme''s customers';
COMMENT ON COLUMN tiering.tier_distribution.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.tier_distribution.measure_share IS 'Its share of the scheme''s total';

-- An assessment that is not kept has left its sums alone, and they are of all customers.
CREATE FUNCTION _tiering.distribution_seen(scheme text, reader oid)
RETURNS SETOF tiering.distribution_history
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	a record;
	visible text[];
BEGIN
	FOR a IN SELECT * FROM _tiering.assessments(distribution_seen.scheme COLLATE "C", false) LOOP
		CONTINUE WHEN (_tiering.kept(scheme, a.as_of)).slot IS NULL;
		visible := _tiering.seen(reader, scheme, a.as_of);
		RETURN QUERY SELECT t.scheme, a.as_of, t.tier, t.version, count(k.customer_id),
			CASE WHEN count(k.customer_id) = 0 THEN 0 ELSE sum(k.measure) END, NULL::timestamptz,
			NULL::int
		FROM tiering.tier t
			LEFT JOIN _tiering.kept_of(distribution_seen.scheme, ARRAY[a.as_of], visible) k
				ON k.tier COLLATE "C" = t.tier
		WHERE t.scheme = distribution_seen.scheme COLLATE "C" AND t.version = a.version
		GROUP BY t.scheme, t.tier, t.version;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.distribution_seen(text, oid) IS
'What each tier of a scheme had at each assessment that is kept, of the customers whom a reader '
'saw then';

-- Whoever reads the view calls this, as they do shown_sums().
CREATE FUNCTION _tiering.shown_distribution(key uuid, scheme text, reader oid)
RETURNS SETOF tiering.distribution_history
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_distribution.key) THEN
		RETURN;
	END IF;
	CASE _tiering.reads(reader, scheme)
		WHEN true THEN
			RETURN QUERY SELECT d.* FROM _tiering.known_distribution(NULL) d
			WHERE d.scheme = shown_distribution.scheme COLLATE "C";
		WHEN false THEN
			RETURN QUERY SELECT d.* FROM _tiering.distribution_seen(scheme, reader) d;
		ELSE
			RETURN;
	END CASE;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_distribution(uuid, text, oid) IS
'What each tier of a scheme had at the date of every refresh, for who may read it; nothing if that '
'is not the key of views';

CREATE VIEW tiering.tier_distribution_history AS
SELECT s.scheme, d.as_of, d.version, d.tier, t.rank, t.parent, NULLIF(t.title, '') AS title,
	NULLIF(t.title_zh, '') AS title_zh, d.customers,
	(d.customers / NULLIF(sum(d.customers) OVER refresh, 0))::numeric(7,6) AS customers_share,
	d.measure::numeric(38,2) AS measure,
	(d.measure / NULLIF(sum(d.measure) OVER refresh, 0))::numeric(38,6) AS measure_share
FROM tiering.scheme s
	CROSS JOIN LATERAL _tiering.shown_distribution(
		(SELECT k.key FROM tiering.view_key k LIMIT 1), s.scheme, (SELECT _tiering.reader())) d
	LEFT JOIN tiering.tier t ON t.scheme = s.scheme AND t.version = d.version AND t.tier = d.tier
WINDOW refresh AS (PARTITION BY s.scheme, d.as_of);
COMMENT ON VIEW tiering.tier_distribution_history IS
'How many customers, with how much of the measure, each tier had at the date of every refresh. '
'What was restated since is in it; the function of this name tells it as known at a time';
COMMENT ON COLUMN tiering.tier_distribution_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_distribution_history.as_of IS 'Date of the refresh';
COMMENT ON COLUMN tiering.tier_distribution_history.version IS
'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_distribution_history.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_distribution_history.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_distribution_history.parent IS 'The tier of which it is a part';
COMMENT ON COLUMN tiering.tier_distribution_history.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_distribution_history.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_distribution_history.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.tier_distribution_history.customers_share IS
'Their share of the customers of that date';
COMMENT ON COLUMN tiering.tier_distribution_history.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.tier_distribution_history.measure_share IS
'Its share of the total of that date';

CREATE FUNCTION tiering.tier_distribution_history(scheme text, known_at timestamptz)
RETURNS TABLE (as_of date, version int, tier text, rank int, customers bigint,
	customers_share numeric, measure numeric, measure_share numeric)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT tiering.newest_version(tier_distribution_history.scheme);
	SELECT CASE WHEN tier_distribution_history.known_at IS NULL
		THEN _tiering.check_reader(tier_distribution_history.scheme)
		ELSE _tiering.check_reads_whole(tier_distribution_history.scheme,
			'tier_distribution_history') END;
	SELECT d.as_of, d.version, d.tier, t.rank, d.customers,
		round(d.customers / NULLIF(sum(d.customers) OVER refresh, 0), 6),
		d.measure, round(d.measure / NULLIF(sum(d.measure) OVER refresh, 0), 6)
	FROM (SELECT k.* FROM _tiering.known_distribution(known_at) k
		  WHERE (SELECT _tiering.reads(_tiering.reader(), tier_distribution_history.scheme))
		  UNION ALL
		  SELECT o.* FROM _tiering.distribution_seen(tier_distribution_history.scheme,
			_tiering.reader()) o
		  WHERE NOT (SELECT _tiering.reads(_tiering.reader(), tier_distribution_history.scheme))) d
		LEFT JOIN tiering.tier t ON t.scheme = d.scheme AND t.version = d.version
			AND t.tier = d.tier
	WHERE d.scheme = tier_distribution_history.scheme
	WINDOW refresh AS (PARTITION BY d.as_of);
END;
COMMENT ON FUNCTION tiering.tier_distribution_history(text, timestamptz) IS
'The distribution of a scheme over time, as it was known at a moment: what the view of this name '
'showed then. A null known_at is now. Errors: unknown scheme (42704), null (22004). Example: '
'SELECT as_of, tier, customers, measure FROM tiering.tier_distribution_history(''retail'', NULL)';

CREATE VIEW tiering.tier_rollup AS
SELECT s.scheme, r.as_of, r.version, r.tier, r.rank, r.parent, r.title, r.title_zh, r.tiers,
	r.customers, r.customers_share::numeric(7,6) AS customers_share,
	r.measure::numeric(38,2) AS measure, r.measure_share::numeric(38,6) AS measure_share
FROM (SELECT s.scheme || '' AS scheme FROM tiering.scheme s) s
	CROSS JOIN LATERAL (
		WITH RECURSIVE d AS MATERIALIZED (
			SELECT * FROM _tiering.distribution_now x WHERE x.scheme = s.scheme
		), part AS (
			-- UNION, so that parents who lead back to themselves end, too
			SELECT d.tier AS top, d.tier FROM d
			UNION
			SELECT p.top, d.tier FROM part p JOIN d ON d.parent = p.tier
		)
		SELECT d.as_of, d.version, d.tier, d.rank, d.parent, d.title, d.title_zh,
			count(*)::int AS tiers, sum(m.customers)::bigint AS customers,
			round(sum(m.customers) / NULLIF(w.customers, 0), 6) AS customers_share,
			sum(m.measure) AS measure,
			round(sum(m.measure) / NULLIF(w.measure, 0), 6) AS measure_share
		FROM part p JOIN d ON d.tier = p.top JOIN d m ON m.tier = p.tier
			CROSS JOIN (SELECT sum(t.customers) AS customers, sum(t.measure) AS measure FROM d t) w
		GROUP BY d.as_of, d.version, d.tier, d.rank, d.parent, d.title, d.title_zh, w.customers,
			w.measure) r
ORDER BY r.rank;
COMMENT ON VIEW tiering.tier_rollup IS
'How many customers, with how much of the measure, each tier has now, with all of its parts added '
'up. Those whose parent is null make up the whole';
COMMENT ON COLUMN tiering.tier_rollup.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_rollup.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.tier_rollup.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_rollup.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_rollup.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_rollup.parent IS 'The tier of which it is a part; null at the top';
COMMENT ON COLUMN tiering.tier_rollup.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_rollup.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_rollup.tiers IS 'Of how many tiers it is the sum, itself being one';
COMMENT ON COLUMN tiering.tier_rollup.customers IS 'Customers in it and its parts';
COMMENT ON COLUMN tiering.tier_rollup.customers_share IS 'Their share of the scheme''s customers';
COMMENT ON COLUMN tiering.tier_rollup.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.tier_rollup.measure_share IS 'Its share of the scheme''s total';

CREATE VIEW tiering.pareto AS
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, d.title, d.title_zh, d.customers,
	d.customers_share::numeric(7,6) AS customers_share, d.measure::numeric(38,2) AS measure,
	d.measure_share::numeric(38,6) AS measure_share,
	(sum(d.customers) OVER down / NULLIF(sum(d.customers) OVER scheme, 0))::numeric(7,6)
		AS cumulative_customers_share,
	(sum(d.measure) OVER down / NULLIF(sum(d.measure) OVER scheme, 0))::numeric(38,6)
		AS cumulative_measure_share
FROM _tiering.distribution_now d
WINDOW scheme AS (PARTITION BY d.scheme),
	down AS (PARTITION BY d.scheme ORDER BY d.rank DESC NULLS LAST, d.tier
	ROWS UNBOUNDED PRECEDING);
COMMENT ON VIEW tiering.pareto IS
'What share of the money the best customers hold, as in "20 % hold 80 %". Shares are added up '
'from the highest tier down';
COMMENT ON COLUMN tiering.pareto.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.pareto.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.pareto.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.pareto.tier IS 'Tier';
COMMENT ON COLUMN tiering.pareto.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.pareto.title IS 'Its title';
COMMENT ON COLUMN tiering.pareto.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.pareto.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.pareto.customers_share IS 'Their share of the scheme''s customers';
COMMENT ON COLUMN tiering.pareto.measure IS 'Total of their measure';
COMMENT ON COLUMN tiering.pareto.measure_share IS 'Its share of the scheme''s total';
COMMENT ON COLUMN tiering.pareto.cumulative_customers_share IS
'Share of the customers who are in this tier or a higher one';
COMMENT ON COLUMN tiering.pareto.cumulative_measure_share IS 'Share of the measure that these hold';

CREATE VIEW tiering.staffing AS
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, d.parent, d.title, d.title_zh,
	NULLIF(s.channel, '') AS channel, NULLIF(s.channel_zh, '') AS channel_zh, d.customers,
	lower(s.customers_per_manager) AS customers_per_manager_from,
	upper(s.customers_per_manager) - 1 AS customers_per_manager_to,
	ceil(d.customers / (upper(s.customers_per_manager) - 1)::numeric)::bigint AS managers_from,
	ceil(d.customers / lower(s.customers_per_manager)::numeric)::bigint AS managers_to,
	NULLIF(s.benefits, '') AS benefits, NULLIF(s.benefits_zh, '') AS benefits_zh
FROM _tiering.distribution_now d
	LEFT JOIN tiering.service s ON s.scheme = d.scheme AND s.version = d.defined_by
		AND s.tier = d.tier;
COMMENT ON VIEW tiering.staffing IS
'How each tier is served, and how many relationship managers that takes at both ends of the range. '
'A tier that the version does not have, as customers were put into one of a later version by hand, '
'is served as theirs says';
COMMENT ON COLUMN tiering.staffing.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.staffing.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.staffing.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.staffing.tier IS 'Tier';
COMMENT ON COLUMN tiering.staffing.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.staffing.parent IS 'The tier of which it is a part';
COMMENT ON COLUMN tiering.staffing.title IS 'Its title';
COMMENT ON COLUMN tiering.staffing.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.staffing.channel IS 'Where and by whom its customers are served';
COMMENT ON COLUMN tiering.staffing.channel_zh IS 'The same in Chinese';
COMMENT ON COLUMN tiering.staffing.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.staffing.customers_per_manager_from IS
'Customers of one relationship manager, at least; null where they have none';
COMMENT ON COLUMN tiering.staffing.customers_per_manager_to IS 'The same, at most';
COMMENT ON COLUMN tiering.staffing.managers_from IS
'Managers needed if each looks after as many as possible';
COMMENT ON COLUMN tiering.staffing.managers_to IS
'Managers needed if each looks after as few as possible';
COMMENT ON COLUMN tiering.staffing.benefits IS 'What its customers get, or the strategy for them';
COMMENT ON COLUMN tiering.staffing.benefits_zh IS 'The same in Chinese';
