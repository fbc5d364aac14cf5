-- What if: what a draft would do, told before it does. First so few that one can see it.
CREATE SCHEMA sim;
CREATE TABLE sim.few (customer_id text, as_of date, assets numeric);
INSERT INTO sim.few SELECT id, m, assets
	FROM (VALUES ('ada', 700, 700), ('bea', 120, 130), ('cyd', 90, 95), ('dot', 40, 60),
	('eve', 210, 205), ('fay', 500, NULL), ('gil', -1, 110)) v(id, first, second),
	LATERAL (VALUES ('2024-01-31'::date, first), ('2024-02-29', second)) w(m, assets)
		WHERE assets >= 0;
SELECT tiering.create_ladder('few', 'assets', '{mass,gold,diamond}', '{NULL,100,500}');
INSERT INTO tiering.service (scheme, version, tier, customers_per_manager)
	VALUES ('few', 1, 'diamond', '[1,1]'), ('few', 1, 'gold', '[2,3]');
SELECT tiering.publish('few', '2024-01-01'),
	tiering.set_source('few', 'SELECT customer_id, assets FROM sim.few WHERE as_of = $1');
SET client_min_messages = warning;
-- before anyone is graded: all would be new
SELECT * FROM tiering.simulate('few', 1, '2024-01-31');
SELECT * FROM tiering.simulate_staffing('few', 1, '2024-01-31');
SELECT new, written FROM tiering.refresh('few', '2024-01-31');
SELECT tiering.new_version('few');
UPDATE tiering.rule SET bounds = '[200,)' WHERE scheme = 'few' AND version = 2 AND tier = 'gold';
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('few', 2, 'silver', 2);
UPDATE tiering.tier SET rank = rank + 1 WHERE scheme = 'few' AND version = 2 AND tier
	IN ('gold', 'diamond');
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('few', 2, 'silver', 'assets', '[50,)');
UPDATE tiering.service SET customers_per_manager = '[1,1]' WHERE scheme = 'few' AND version = 2
	AND tier = 'gold';
SELECT * FROM tiering.simulate('few', 2);
SELECT * FROM tiering.simulate_staffing('few', 2);
SELECT * FROM tiering.simulate_customers('few', 2) ORDER BY customer_id;
SELECT * FROM tiering.simulate('few', 2, '2024-02-29');
SELECT * FROM tiering.simulate_customers('few', 2, '2024-02-29') ORDER BY customer_id;
-- a draft is as it is now; a tier that it does not have ranks as it did
DELETE FROM tiering.tier WHERE scheme = 'few' AND version = 2 AND tier = 'gold';
SELECT * FROM tiering.simulate('few', 2);
SELECT * FROM tiering.simulate_staffing('few', 2);
-- who is taken by no tier leaves, and is not there if he is new
DELETE FROM tiering.tier WHERE scheme = 'few' AND version = 2 AND tier = 'mass';
SELECT * FROM tiering.simulate('few', 2, '2024-02-29');

-- What is refused
SELECT t.fails(format('SELECT tiering.simulate%s(%s)', kind, arguments))
	FROM unnest('{"",_staffing,_customers}'::text[]) kind,
	unnest(ARRAY['''nothing'', 1']) arguments;
SELECT t.fails(format('SELECT tiering.simulate(%s)', arguments))
	FROM unnest(ARRAY['NULL, 1', '''few'', 3', '''few'', NULL', '''few'', 2, ''infinity''',
	'''few'', 2, ''2024-01-30''']) arguments;
SELECT tiering.copy_scheme('few', 'few2'),
	t.fails($$SELECT tiering.simulate('few2', 1, '2024-01-31')$$),
	tiering.set_source('few2', 'SELECT customer_id, assets FROM sim.few WHERE as_of = $1'),
	t.fails($$SELECT tiering.simulate('few2', 1)$$);
-- a draft may ask for what the source does not yield
BEGIN;
INSERT INTO tiering.metric (scheme, version, metric) VALUES ('few', 2, 'income');
SELECT t.fails($$SELECT tiering.simulate('few', 2)$$);
ROLLBACK;
-- and a source yield what is not a list of customers
CREATE FUNCTION sim.with_source(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM tiering.set_source('few', query);
	result := concat_ws(E'\n',
		t.fails($q$SELECT count(*) FROM tiering.simulate('few', 2, '2024-02-29')$q$),
		t.fails($q$SELECT tiering.refresh('few', '2024-02-29')$q$));
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = result;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	RETURN SQLERRM;
END;
$$;
SELECT sim.with_source(query)
	FROM unnest(ARRAY['SELECT NULL AS customer_id, 1 AS assets',
	'SELECT ''ada'' AS customer_id, i AS assets FROM generate_series(1, 2) i',
	'SELECT ''zoe'' AS customer_id, i * 400 AS assets FROM generate_series(0, 2) i',
	'SELECT customer_id, assets FROM sim.few WHERE false',
	'SELECT 1 AS customer_id, ''NaN''::numeric AS assets']) query;

/*
 * The oracle: what simulate() tells is what publishing the draft and a refresh come
 * to, which are then undone. Random drafts of schemes with and without policies, with
 * rules for staying, tiers gone and new ones, everyone or not; on customers who come
 * and go, after half a year of refreshes, for the date of the last one and the next.
 */
CREATE TABLE sim.value AS
SELECT 'c' || c AS customer_id, m,
	(date '2023-02-01' + (m || ' months')::interval - interval '1 day')::date AS as_of,
	CASE WHEN c % 17 > 0 THEN
		greatest(round(250 + 250 * sin(c + m * (0.1 + (c % 7) * 0.05))::numeric +
		(t.random(c * 100 + m) - 0.5) * 200, 2), 0) END AS value,
	floor(t.random(c * 300 + m) * 4) AS products
FROM generate_series(1, 1000) c, generate_series(0, 6) m WHERE NOT (c % 11 = 0 AND m < 3)
	AND NOT (c % 13 = 0 AND m = 5) AND NOT (c % 19 = 0 AND m = 6) AND NOT (c % 23 = 0 AND m < 6);
CREATE FUNCTION sim.tiers(scheme text, version int, seed int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	names text[] := CASE WHEN version = 1 OR seed % 3 > 0 THEN '{b,c,d,e}'::text[]
		ELSE '{b,x,d,y,e}' END;
BEGIN
	INSERT INTO tiering.metric (scheme, version, metric, is_measure)
		VALUES (scheme, version, 'value', true);
	IF seed % 5 > 0 OR version = 1 THEN
		INSERT INTO tiering.tier (scheme, version, tier, rank, base)
			VALUES (scheme, version, 'a', 0, true);
	ELSE
		UPDATE tiering.scheme_version v SET everyone = false
			WHERE (v.scheme, v.version) = (tiers.scheme, tiers.version);
	END IF;
	INSERT INTO tiering.tier (scheme, version, tier, rank) SELECT tiers.scheme, tiers.version, n,
		i * 10 FROM unnest(names) WITH ORDINALITY x(n, i);
	INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	SELECT tiers.scheme, tiers.version, n, 'value',
		numrange(i * 90 + floor(t.random(seed * 100 + i) * 80), NULL) FROM unnest(names)
		WITH ORDINALITY x(n, i);
	IF seed % 4 = 0 THEN	-- two metrics, and a row to grade by
		INSERT INTO tiering.metric (scheme, version, metric) VALUES (scheme, version, 'products');
		INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
			VALUES (scheme, version, 'd', 2, 'products', '[3,)'),
			(scheme, version, 'd', 2, 'value', '[200,)');
	END IF;
	IF seed % 2 = 0 THEN
		INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
		SELECT r.scheme, r.version, r.tier, 9, r.metric, numrange(lower(r.bounds) - 30, NULL), true
			FROM tiering.rule r
		WHERE (r.scheme, r.version, r.rule) = (tiers.scheme, tiers.version, 1) AND r.tier
			IN ('b', 'e');
	END IF;
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, hold)
	SELECT tiers.scheme, tiers.version, n,
		CASE WHEN t.random(s) < 0.6 THEN 'at_once' ELSE 'next' END,
		1 + floor(t.random(s + 1) * 3)::int,
		CASE WHEN t.random(s + 2) < 0.5 THEN 'earned' ELSE 'one_step' END,
			CASE WHEN t.random(s + 3) < 0.3 THEN interval '2 months' ELSE '0' END
	FROM unnest(names) WITH ORDINALITY x(n, i),
		LATERAL (SELECT seed * 1000 + version * 500 + i * 20 AS s) k
		WHERE CASE version WHEN 1 THEN seed % 3 > 0 ELSE seed % 6 <> 3 END;
	INSERT INTO tiering.service (scheme, version, tier, customers_per_manager)
	SELECT tiers.scheme, tiers.version, n, int4range(i::int * 10, i::int * 10 + seed + version)
		FROM unnest(names) WITH ORDINALITY x(n, i) WHERE i % 4 > 0;
END;
$$;
CREATE TABLE sim.found (seed int, day date, cells int, moved int, wrong_cells int,
	wrong_customers int, wrong_staffing int, wrong_heads int);
CREATE FUNCTION sim.compare(seed int, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text := 'sim' || seed;
	last bigint := max(move) FROM tiering.migration;
	was jsonb;
	told sim.found;
BEGIN
	CREATE TEMP TABLE cell AS SELECT * FROM tiering.simulate(name, 2, day);
	CREATE TEMP TABLE customer AS SELECT * FROM tiering.simulate_customers(name, 2, day);
	CREATE TEMP TABLE staffed AS SELECT * FROM tiering.simulate_staffing(name, 2, day);
	CREATE TEMP TABLE before AS SELECT * FROM tiering.staffing WHERE scheme = name;
	CREATE TEMP TABLE stood AS SELECT * FROM _tiering.customer_now WHERE scheme = name;
	PERFORM tiering.publish(name, day - 5);
	PERFORM tiering.refresh(name, day);
	-- one that is made again is told against where it had left them; of the next one
	-- that is what it records
	CREATE TEMP TABLE moved AS
	SELECT customer_id, s.tier AS from_tier, a.tier AS to_tier, CASE WHEN s.tier IS NULL THEN 'new'
			WHEN a.tier IS NULL THEN 'exit' ELSE d.direction END AS direction,
		CASE WHEN a.tier IS NULL THEN COALESCE((SELECT x.value FROM sim.value x
			WHERE x.customer_id = s.customer_id AND x.as_of = day), s.measure)
			ELSE a.measure END AS measure
	FROM stood s FULL JOIN (SELECT * FROM _tiering.customer_now WHERE scheme = name) a
		USING (customer_id)
		LEFT JOIN _tiering.directions(name, 2) d ON d.from_tier = s.tier AND d.to_tier = a.tier
	WHERE s.tier IS DISTINCT FROM a.tier;
	IF day > '2023-06-30' THEN
		CREATE TEMP TABLE recorded AS SELECT customer_id, from_tier, to_tier, direction, measure
		FROM tiering.migration WHERE scheme = name AND move > last;
		ASSERT NOT EXISTS (TABLE recorded EXCEPT ALL TABLE moved)
			AND NOT EXISTS (TABLE moved EXCEPT ALL TABLE recorded);
	END IF;
	CREATE TEMP TABLE happened AS
	SELECT from_tier, to_tier, direction, count(*) AS customers, sum(measure) AS measure FROM moved
		GROUP BY from_tier, to_tier, direction
	UNION ALL SELECT tier, tier, 'stayed', count(*), sum(measure) FROM _tiering.customer_now a
		WHERE scheme = name AND NOT EXISTS (SELECT FROM moved m WHERE m.customer_id = a.customer_id)
		GROUP BY tier;
	told := (seed, day, (SELECT count(*) FROM cell), (SELECT count(*) FROM moved),
		(SELECT count(*) FROM ((TABLE cell EXCEPT ALL TABLE happened)
		UNION ALL (TABLE happened EXCEPT ALL TABLE cell)) d),
		(SELECT count(*) FILTER (WHERE (c.from_tier, c.to_tier, c.direction, c.measure)
		IS DISTINCT FROM (m.from_tier, m.to_tier, m.direction, m.measure)
				OR m.direction <> 'exit' AND NULLIF(c.earned, c.to_tier) IS DISTINCT FROM a.earned)
			FROM customer c FULL JOIN moved m USING (customer_id) LEFT JOIN tiering.assignment a
				ON a.scheme = name AND a.customer_id = m.customer_id),
		(SELECT count(*) FILTER (WHERE (COALESCE(b.customers, 0), b.managers_from, b.managers_to,
		COALESCE(f.customers, 0), f.managers_from, f.managers_to, COALESCE(f.rank, b.rank))
				IS DISTINCT FROM (s.customers_before, s.managers_from_before, s.managers_to_before,
					s.customers_after, s.managers_from_after, s.managers_to_after, s.rank))
			FROM before b FULL JOIN (SELECT * FROM tiering.staffing WHERE scheme = name) f
				USING (tier) FULL JOIN staffed s USING (tier)),
		(SELECT abs(sum(customers_after) - (SELECT sum(customers) FROM cell WHERE to_tier
		IS NOT NULL)) + abs(sum(customers_before) - (SELECT sum(customers) FROM cell WHERE from_tier
		IS NOT NULL)) FROM staffed));
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = to_jsonb(told);
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	INSERT INTO sim.found SELECT * FROM jsonb_populate_record(NULL::sim.found, SQLERRM::jsonb);
END;
$$;
DO $$
BEGIN
	FOR seed IN 1 .. 12 LOOP
		PERFORM tiering.new_scheme('sim' || seed), sim.tiers('sim' || seed, 1, seed),
			tiering.publish('sim' || seed, '2023-01-01'),
			tiering.set_source('sim' || seed,
				'SELECT customer_id, value, products FROM sim.value WHERE as_of = $1'),
				tiering.refresh('sim' || seed, d)
		FROM unnest('{2023-01-31}'::date[]) d;
		PERFORM tiering.refresh('sim' || seed, d.as_of)
			FROM (SELECT DISTINCT as_of FROM sim.value WHERE m BETWEEN 1 AND 5 ORDER BY as_of) d;
		PERFORM _tiering.new_draft('sim' || seed), sim.tiers('sim' || seed, 2, seed + 6);
		PERFORM sim.compare(seed, '2023-06-30'), sim.compare(seed, '2023-07-31');
	END LOOP;
END;
$$;
SELECT count(*) AS simulations, min(cells) > 5 AS many_cells, min(moved) > 20
	AND sum(moved) > 5000 AS many_moved,
	sum(wrong_cells) AS wrong_cells, sum(wrong_customers) AS wrong_customers,
		sum(wrong_staffing) AS wrong_staffing, sum(wrong_heads) AS wrong_heads FROM sim.found;
SELECT string_agg(DISTINCT direction, ' ' ORDER BY direction) AS directions
	FROM generate_series(1, 12) seed, tiering.simulate('sim' || seed, 2, '2023-07-31');

-- the version in force, on the date of the last refresh, moves nobody
SELECT count(*) FILTER (WHERE direction <> 'stayed') AS moved,
	sum(customers) = (SELECT count(*) FROM tiering.assignment WHERE scheme ~ '^sim\d') AS all_there,
	sum(measure) = (SELECT sum(measure) FROM _tiering.customer_now
		WHERE scheme ~ '^sim\d') AS all_money
FROM generate_series(1, 12) seed, tiering.simulate('sim' || seed, 1);
SELECT count(*) AS moved FROM generate_series(1, 12) seed,
	tiering.simulate_customers('sim' || seed, 1);

-- Nothing is written: no transaction needs a number for it, and none that is READ ONLY refuses it
BEGIN;
SELECT count(*) > 0 AS cells FROM tiering.simulate('sim1', 2), tiering.simulate_staffing('sim2', 2),
	tiering.simulate_customers('sim3', 2);
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
COMMIT;
BEGIN READ ONLY;
SELECT count(*) > 0 AS cells FROM tiering.simulate('sim1', 2, '2023-07-31'),
	tiering.simulate_staffing('sim2', 2, '2023-07-31'),
	tiering.simulate_customers('sim3', 2, '2023-07-31');
COMMIT;

-- Who may: they take a grant, and nothing else; the source has its setter's rights
CREATE ROLE tiering_planner;
CREATE ROLE tiering_bystander;
GRANT USAGE ON SCHEMA t TO tiering_planner, tiering_bystander;
GRANT EXECUTE ON FUNCTION tiering.simulate(text, int, date),
	tiering.simulate_staffing(text, int, date) TO tiering_planner;
SET ROLE tiering_planner;
SELECT count(*) > 10 AS cells FROM tiering.simulate('sim1', 2);
SELECT count(*) AS tiers FROM tiering.simulate_staffing('few', 2);
SELECT t.fails(statement)
	FROM unnest(ARRAY['SELECT tiering.simulate_customers(''few'', 2)',
	'SELECT _tiering.simulated_cells(''few'', 2, NULL)',
	'SELECT _tiering.simulated_day(''few'', 2, NULL)', 'TABLE sim.few']) statement;
RESET ROLE;
SET ROLE tiering_bystander;
SELECT t.fails(format('SELECT tiering.%s(''few'', 2)', f))
	FROM unnest('{simulate,simulate_staffing,simulate_customers}'::text[]) f;
RESET ROLE;
DROP OWNED BY tiering_planner, tiering_bystander;
DROP ROLE tiering_planner, tiering_bystander;
DROP SCHEMA sim CASCADE;
