/*
 * What customers of each tier get, what that costs, and what it would cost by another
 * version.
 */

CREATE VIEW _tiering.benefit_had AS
SELECT DISTINCT ON (t.scheme, t.version, t.tier, b.benefit)
	t.scheme, t.version, t.tier, t.rank, b.benefit, NULLIF(b.title, '') AS title,
	NULLIF(b.title_zh, '') AS title_zh, b.kind, b.value, NULLIF(b.unit, '') AS unit, b.unit_cost,
	b.tier AS from_tier
FROM tiering.tier t
	JOIN tiering.tier f ON f.scheme = t.scheme AND f.version = t.version
	JOIN tiering.benefit b ON b.scheme = f.scheme AND b.version = f.version AND b.tier = f.tier
		AND (f.tier = t.tier OR (b.inherited AND f.rank < t.rank))
ORDER BY t.scheme, t.version, t.tier, b.benefit, f.tier = t.tier DESC, f.rank DESC, f.tier;
COMMENT ON VIEW _tiering.benefit_had IS 'What tier_benefit tells, with all digits';

CREATE VIEW tiering.tier_benefit AS
SELECT b.scheme, b.version, b.tier, b.rank, b.benefit, b.title, b.title_zh, b.kind,
	b.value::numeric(38,6) AS value, b.unit, b.unit_cost::numeric(38,6) AS unit_cost, b.from_tier
FROM _tiering.benefit_had b
ORDER BY b.scheme, b.version, b.tier, b.benefit;
COMMENT ON VIEW tiering.tier_benefit IS
'What customers of each tier get, inherited benefits among them. A tier has its own, and those of '
'tiers of lower rank that are inherited. Of several by one name its own counts, or else that of '
'the highest of them';
COMMENT ON COLUMN tiering.tier_benefit.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_benefit.version IS 'Its edition';
COMMENT ON COLUMN tiering.tier_benefit.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_benefit.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_benefit.benefit IS 'Name of the benefit';
COMMENT ON COLUMN tiering.tier_benefit.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_benefit.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_benefit.kind IS 'waiver, rate, quantity or access; see benefit';
COMMENT ON COLUMN tiering.tier_benefit.value IS
'How much of it a customer gets; null where it is there or not, which counts as 1';
COMMENT ON COLUMN tiering.tier_benefit.unit IS 'Of what value is a number';
COMMENT ON COLUMN tiering.tier_benefit.unit_cost IS 'What one unit costs; null if not known';
COMMENT ON COLUMN tiering.tier_benefit.from_tier IS 'The tier whose it is: itself, or a lower one';

CREATE VIEW tiering.benefit_cost AS
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, b.benefit, b.title, b.title_zh, b.kind,
	b.value::numeric(38,6) AS value, b.unit, b.unit_cost::numeric(38,6) AS unit_cost, b.from_tier,
	d.customers,
	(d.customers * COALESCE(b.value, 1) * b.unit_cost)::numeric(38,2) AS cost
FROM _tiering.distribution_now d
	JOIN _tiering.benefit_had b ON b.scheme = d.scheme AND b.version = d.defined_by
		AND b.tier = d.tier;
COMMENT ON VIEW tiering.benefit_cost IS
'What the benefits of each tier cost now. That is its customers, times value, times unit_cost: a '
'row for each tier and benefit, inherited ones among them, so that sums over them count each once. '
'In a tier that the version does not have they are those of the customers'' version';
COMMENT ON COLUMN tiering.benefit_cost.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.benefit_cost.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.benefit_cost.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.benefit_cost.tier IS 'Tier';
COMMENT ON COLUMN tiering.benefit_cost.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.benefit_cost.benefit IS 'Name of the benefit';
COMMENT ON COLUMN tiering.benefit_cost.title IS 'Its title';
COMMENT ON COLUMN tiering.benefit_cost.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.benefit_cost.kind IS 'waiver, rate, quantity or access; see benefit';
COMMENT ON COLUMN tiering.benefit_cost.value IS
'How much of it a customer gets; null where it is there or not, which counts as 1';
COMMENT ON COLUMN tiering.benefit_cost.unit IS 'Of what value is a number';
COMMENT ON COLUMN tiering.benefit_cost.unit_cost IS 'What one unit costs; null if not known';
COMMENT ON COLUMN tiering.benefit_cost.from_tier IS 'The tier whose it is: itself, or a lower one';
COMMENT ON COLUMN tiering.benefit_cost.customers IS 'Customers in the tier';
COMMENT ON COLUMN tiering.benefit_cost.cost IS
'What it costs for all of them, in the currency of unit_cost; null if that is not known';

CREATE FUNCTION tiering.simulate_benefits(scheme text, version int, as_of date DEFAULT NULL)
RETURNS TABLE (tier text, rank int, benefit text, customers_before bigint, customers_after bigint,
	cost_before numeric, cost_after numeric, difference numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	-- what is wrong is told where nobody gets anything, too
	PERFORM _tiering.simulated_day(scheme COLLATE "C", version, as_of);
	RETURN QUERY
	WITH had AS (
		SELECT h.after, h.called AS tier, h.rank, b.benefit, h.customers,
			h.customers * COALESCE(b.value, 1) * b.unit_cost AS cost
		FROM _tiering.simulated_heads(simulate_benefits.scheme COLLATE "C",
				simulate_benefits.version, as_of) h
			JOIN _tiering.benefit_had b ON (b.scheme, b.version, b.tier)
				= (simulate_benefits.scheme COLLATE "C", h.version_then, h.tier)
	), costed AS (
		-- who does not have it costs nothing
		SELECT h.tier, COALESCE(max(h.rank) FILTER (WHERE h.after), max(h.rank)) AS rank, h.benefit,
			COALESCE(sum(h.customers) FILTER (WHERE NOT h.after), 0)::bigint AS heads_before,
			COALESCE(sum(h.customers) FILTER (WHERE h.after), 0)::bigint AS heads_after,
			CASE WHEN bool_and(h.after) THEN 0 ELSE sum(h.cost) FILTER (WHERE NOT h.after) END
				AS before,
			CASE WHEN bool_or(h.after) THEN sum(h.cost) FILTER (WHERE h.after) ELSE 0 END AS after
		FROM had h GROUP BY h.tier, h.benefit
	)
	SELECT c.tier, c.rank, c.benefit, c.heads_before, c.heads_after, c.before, c.after,
		c.after - c.before
	FROM costed c
	ORDER BY c.rank DESC NULLS LAST, c.tier, c.benefit;
END;
$$;
COMMENT ON FUNCTION tiering.simulate_benefits(text, int, date) IS
'What the benefits of each tier cost, and what they would cost by another version. Before is by '
'the version that graded, after by the one that is simulated, a draft or any other. A row for each '
'tier and benefit of either, as view benefit_cost counts them; a tier that is only renamed is one, '
'by the name that the simulated version has for it. Costs are 0 where the tier does not have the '
'benefit, and null where what one unit costs is not known; difference is what comes on top. Errors '
'are those of simulate(). Example: SELECT * FROM tiering.simulate_benefits(''retail'', 2)';

-- What lies beneath a view has the comments of the view.
DO $$
DECLARE
	field record;
BEGIN
	FOR field IN
		SELECT b.beneath, a.attname AS name,
			pg_catalog.col_description(a.attrelid, a.attnum) AS comment
		FROM (VALUES ('_tiering.customer_now', 'tiering.current_tier'),
				('_tiering.distribution_now', 'tiering.tier_distribution'),
				('_tiering.benefit_had', 'tiering.tier_benefit')) b (beneath, view)
			JOIN pg_catalog.pg_attribute a ON a.attrelid = b.view::pg_catalog.regclass
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', field.beneath, field.name,
			field.comment);
	END LOOP;
END;
$$;
