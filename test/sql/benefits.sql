-- What customers get, what that costs, and what it would cost by a draft.
-- 2 visits a year at 150 for 62 customers; a draft lets 80 in
CREATE TABLE t.benefit_bank AS SELECT c AS customer_id, c AS assets FROM generate_series(1, 500) c;
SELECT tiering.create_ladder('benefits', 'assets', '{mass,gold,platinum}', '{NULL,300,439}');
INSERT INTO tiering.benefit (scheme, version, tier, benefit, title, title_zh, kind, value, unit,
	unit_cost)
VALUES ('benefits', 1, 'platinum', 'lounge', 'Lounge at airports', '机场贵宾厅', 'quantity', 2,
	'visits a year', 150);
SELECT tiering.publish('benefits', '2024-01-01'),
	tiering.set_source('benefits', 'SELECT * FROM t.benefit_bank WHERE $1 IS NOT NULL');
SELECT customers FROM tiering.refresh('benefits', '2024-01-31');
SELECT * FROM tiering.benefit_cost WHERE scheme = 'benefits';
SELECT tiering.new_version('benefits');
UPDATE tiering.rule SET bounds = '[421,)' WHERE scheme = 'benefits' AND version = 2
	AND tier = 'platinum';
SELECT * FROM tiering.simulate_benefits('benefits', 2);
-- the draft has all of it; waivers of the base tier are everyone's, and gold has less of the lounge
INSERT INTO tiering.benefit (scheme, version, tier, benefit, kind, value, unit, unit_cost,
	inherited)
VALUES ('benefits', 2, 'mass', 'transfers', 'waiver', NULL, '', 12.5, true),
	('benefits', 2, 'mass', 'card', 'waiver', 1, 'fee a year', NULL, true),
	('benefits', 2, 'gold', 'lounge', 'quantity', 1, 'visits a year', 150, true),
	('benefits', 2, 'gold', 'counter', 'access', NULL, '', 0, true),
	('benefits', 2, 'gold', 'own', 'access', NULL, '', 7, false);
SELECT tier, benefit, from_tier, kind, value, unit_cost FROM tiering.tier_benefit
WHERE scheme = 'benefits' AND version = 2 ORDER BY rank, benefit;
SELECT * FROM tiering.simulate_benefits('benefits', 2);
-- a tier that is only renamed is one, by the name of the version that is simulated
BEGIN;
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
VALUES ('benefits', 2, 'plat', 4, 'platinum');
UPDATE tiering.rule SET tier = 'plat'
WHERE scheme = 'benefits' AND version = 2 AND tier = 'platinum';
UPDATE tiering.benefit SET tier = 'plat'
WHERE scheme = 'benefits' AND version = 2 AND tier = 'platinum';
DELETE FROM tiering.tier WHERE scheme = 'benefits' AND version = 2 AND tier = 'platinum';
INSERT INTO tiering.service (scheme, version, tier, customers_per_manager)
VALUES ('benefits', 2, 'plat', '[20,40]');
SELECT * FROM tiering.simulate_benefits('benefits', 2) WHERE benefit = 'lounge';
SELECT tier, rank, customers_before, customers_after, managers_from_before, managers_from_after
FROM tiering.simulate_staffing('benefits', 2);
-- the version of before is one of others, by whose names it is told
SELECT tiering.publish('benefits', '2024-02-01');
SELECT customers FROM tiering.refresh('benefits', '2024-02-29');
SELECT * FROM tiering.simulate_benefits('benefits', 1) WHERE cost_after > 0;
SELECT tier, customers_before, customers_after FROM tiering.simulate_staffing('benefits', 1);
ROLLBACK;
-- what is refused
SELECT t.fails(format('INSERT INTO tiering.benefit (scheme, version, tier, benefit, kind, value, '
	'unit_cost) VALUES (%s)', v)) FROM unnest(ARRAY[
	$$'benefits', 2, 'mass', '', 'waiver', 1, 1$$, $$'benefits', 2, 'mass', 'x', 'gift', 1, 1$$,
	$$'benefits', 2, 'mass', 'x', NULL, 1, 1$$, $$'benefits', 2, 'mass', 'x', 'rate', 'NaN', 1$$,
	$$'benefits', 2, 'mass', 'x', 'rate', -1, 1$$, $$'benefits', 2, 'mass', 'x', 'rate', 1, -1$$,
	$$'benefits', 2, 'mass', 'x', 'rate', 1, 'Infinity'$$,
	$$'benefits', 2, 'none', 'x', 'rate', 1, 1$$,
	$$'benefits', 1, 'mass', 'x', 'rate', 1, 1$$]) v;
SELECT t.fails($$UPDATE tiering.benefit SET value = 3 WHERE scheme = 'benefits' AND version = 1$$),
	t.fails($$DELETE FROM tiering.benefit WHERE scheme = 'benefits' AND version = 1$$),
	t.fails('TRUNCATE tiering.benefit');
SELECT tiering.definition_rows('benefits', 2) - tiering.definition_rows('benefits', 1) AS more;

-- In documents and copies
SELECT jsonb_pretty(jsonb_path_query_array(tiering.export_scheme('benefits', 2),
	'$.tiers[*].benefits[*]'));
SELECT tiering.import_scheme(tiering.export_scheme('benefits', 2), 'benefits_read'),
	tiering.copy_scheme('benefits_read', 'benefits_copied');
SELECT tiering.export_scheme('benefits', 2) - 'scheme' - 'note'
		= tiering.export_scheme('benefits_read') - 'scheme' - 'note' AS as_read,
	tiering.export_scheme('benefits_read') - 'scheme'
		= tiering.export_scheme('benefits_copied') - 'scheme' AS as_copied,
	(SELECT array_agg(to_jsonb(b) - 'scheme' - 'version' ORDER BY b.tier, b.benefit)
	 FROM tiering.benefit b WHERE b.scheme = 'benefits' AND b.version = 2)
		= (SELECT array_agg(to_jsonb(b) - 'scheme' - 'version' ORDER BY b.tier, b.benefit)
		   FROM tiering.benefit b WHERE b.scheme = 'benefits_copied') AS rows;
SELECT t.fails(format('SELECT tiering.import_scheme(%L)', format(
	'{"scheme": "benefits_bad", "tiers": [{"tier": "a", "rank": 1, "base": true, %s}]}', part)))
FROM unnest(ARRAY['"benefits": "lounge"', '"benefits": {"benefit": "lounge"}',
	'"benefits": ["lounge"]', '"benefits": [{"benefit": "x", "kind": "rate", "vlaue": 1}]',
	'"benefits": [{"benefit": "x", "kind": "rate", "value": [1]}]',
	'"benefits": [{"benefit": "x"}]', '"benefits": [{"kind": "rate"}]',
	'"benefits": [{"benefit": "x", "kind": "rate", "value": "much"}]',
	'"benefits": [{"benefit": "x", "kind": "rate"}, {"benefit": "x", "kind": "rate"}]',
	'"service": {"benefits": ["a"]}', '"benefit": []']) part;

-- At random: five tiers, two of one rank, and their benefits in two versions, tier by tier
SELECT tiering.create_ladder('benefits_random', 'assets', '{a,b,c,d,e}', '{NULL,100,200,300,400}');
UPDATE tiering.tier SET rank = 3 WHERE scheme = 'benefits_random' AND tier = 'd';
UPDATE tiering.rule SET bounds = '[200,300)' WHERE scheme = 'benefits_random' AND tier = 'c';
INSERT INTO tiering.benefit (scheme, version, tier, benefit, kind, value, unit_cost, inherited)
SELECT 'benefits_random', 1, v.tier, 'b' || i, 'quantity',
	CASE WHEN t.random(i * 7 + r) < 0.8 THEN round(10 * t.random(i * 11 + r), 2) END,
	CASE WHEN t.random(i * 13 + r) < 0.9 THEN round(100 * t.random(i * 17 + r), 2) END,
	t.random(i * 19 + r) < 0.8
FROM unnest('{a,b,c,d,e}'::text[]) WITH ORDINALITY v(tier, r), generate_series(1, 9) i
WHERE t.random(i * 23 + r * 100) < 0.5;
SELECT tiering.publish('benefits_random', '2024-01-01'),
	tiering.set_source('benefits_random', 'SELECT * FROM t.benefit_bank WHERE $1 IS NOT NULL');
SELECT customers FROM tiering.refresh('benefits_random', '2024-01-31');
SELECT tiering.new_version('benefits_random');
UPDATE tiering.benefit SET value = value + 1, inherited = NOT inherited
WHERE scheme = 'benefits_random' AND version = 2 AND benefit IN ('b1', 'b2', 'b3');
DELETE FROM tiering.benefit WHERE scheme = 'benefits_random' AND version = 2
	AND benefit IN ('b4', 'b5');
UPDATE tiering.rule SET bounds = '[250,300)' WHERE scheme = 'benefits_random' AND version = 2
	AND tier = 'c';
CREATE FUNCTION t.benefit_oracle(edition int)
RETURNS TABLE (tier text, benefit text, customers int, cost numeric) LANGUAGE plpgsql AS $$
DECLARE
	starts int[] := ARRAY[1, 100, CASE edition WHEN 1 THEN 200 ELSE 250 END, 300, 400, 501];
	ranks int[] := '{1,2,3,3,5}';
	best tiering.benefit;
BEGIN
	FOR r IN 1 .. 5 LOOP
		FOR i IN 1 .. 9 LOOP
			best := NULL;
			-- from the lowest tier up, what comes later counts, and the tier's own last
			FOR lower IN 1 .. 5 LOOP
				CONTINUE WHEN ranks[lower] >= ranks[r];
				best := COALESCE((SELECT b FROM tiering.benefit b
					WHERE b.scheme = 'benefits_random' AND b.version = edition AND b.inherited
						AND b.tier = chr(96 + lower) AND b.benefit = 'b' || i
						-- of one rank the first by name
						AND (lower = 4 AND best.tier = 'c') IS NOT TRUE), best);
			END LOOP;
			best := COALESCE((SELECT b FROM tiering.benefit b
				WHERE b.scheme = 'benefits_random' AND b.version = edition
					AND b.tier = chr(96 + r) AND b.benefit = 'b' || i), best);
			CONTINUE WHEN best.tier IS NULL;
			RETURN QUERY SELECT chr(96 + r), 'b' || i, starts[r + 1] - starts[r],
				(starts[r + 1] - starts[r]) * COALESCE(best.value, 1) * best.unit_cost;
		END LOOP;
	END LOOP;
END;
$$;
SELECT count(*), count(*) FILTER (WHERE v.tier <> v.from_tier) > 5 AS inherited,
	count(*) FILTER (WHERE (o.customers, round(o.cost, 2)) IS DISTINCT FROM (v.customers,
		v.cost)) AS wrong
FROM t.benefit_oracle(1) o
	FULL JOIN (SELECT * FROM tiering.benefit_cost WHERE scheme = 'benefits_random') v
		USING (tier, benefit);
SELECT count(*), count(*) FILTER (WHERE s.difference < 0) > 3 AS less,
	count(*) FILTER (WHERE s.difference > 0) > 3 AS more,
	count(*) FILTER (WHERE (COALESCE(b.customers, 0), COALESCE(a.customers, 0),
			CASE WHEN b.tier IS NULL THEN 0 ELSE b.cost END,
			CASE WHEN a.tier IS NULL THEN 0 ELSE a.cost END) IS DISTINCT FROM
		(s.customers_before, s.customers_after, s.cost_before, s.cost_after)
		OR s.difference IS DISTINCT FROM s.cost_after - s.cost_before) AS wrong
FROM t.benefit_oracle(1) b FULL JOIN t.benefit_oracle(2) a USING (tier, benefit)
	FULL JOIN tiering.simulate_benefits('benefits_random', 2) s USING (tier, benefit);
SELECT sum(customers_before) > 0 AS counted FROM tiering.simulate_benefits('benefits_random', 1);
SELECT t.fails($$SELECT * FROM tiering.simulate_benefits('benefits', 9)$$),
	t.fails($$SELECT * FROM tiering.simulate_benefits('nowhere', 1)$$);

-- What there is to be had is everyone's to read, and what it costs takes a right: to reports, or
-- to plan
CREATE ROLE benefit_reader;
GRANT USAGE ON SCHEMA t TO benefit_reader;
SET ROLE benefit_reader;
SELECT count(*) FROM tiering.tier_benefit WHERE scheme = 'benefits' AND version = 1;
SELECT t.fails('SELECT FROM tiering.benefit_cost'),
	t.fails($$SELECT FROM tiering.simulate_benefits('benefits', 2)$$),
	t.fails($$DELETE FROM tiering.benefit WHERE scheme = 'benefits' AND version = 2$$);
RESET ROLE;
SELECT tiering.grant_role('benefit_reader', 'plan');
GRANT SELECT ON tiering.benefit_cost TO benefit_reader;
SET ROLE benefit_reader;
SELECT tier, cost FROM tiering.benefit_cost WHERE scheme = 'benefits';
SELECT sum(difference) FROM tiering.simulate_benefits('benefits', 2);
RESET ROLE;
DROP OWNED BY benefit_reader;
DROP ROLE benefit_reader;
