-- classify: what it takes, what it refuses, and when it sees a change.
SELECT tiering.load_preset('cib', 'g'), tiering.publish('g', '2024-01-01');
SELECT tiering.load_preset('psbc', 'gp'), tiering.publish('gp', '2024-01-01');
SELECT tiering.create_ladder('gl', 'balance', '{low,mid,high}', '{NULL,10000,100000.50}'),
	tiering.publish('gl', '2024-01-01');
SELECT tiering.new_version('gl'), tiering.publish('gl', '2024-07-01');

-- a value: any number type that is exact; null meets no condition
SELECT tiering.classify('g', 10000), tiering.classify('g', 10000::bigint),
	tiering.classify('g', 9999.999999999999999999),
	tiering.classify('g', 10000.000000000000000001), tiering.classify('g', NULL::numeric),
		tiering.classify('g', 1e200), tiering.classify('g', -1e200);
-- a row: of a table, of a query, of a function; columns by name, in any order
CREATE TABLE t.customer (id int, daily_avg_assets numeric, gone int, other text);
ALTER TABLE t.customer DROP COLUMN gone;
INSERT INTO t.customer VALUES (1, 10000, 'x'), (2, 9999.99, NULL), (3, NULL, 'y'),
	(4, 6000000, 'z');
SELECT id, tiering.classify('g', c), tiering.classify('g', c, '2024-02-01') FROM t.customer c
	ORDER BY id;
CREATE DOMAIN t.money AS numeric(18, 2);
SELECT tiering.classify('g', m), pg_typeof(daily_avg_assets)
	FROM (SELECT 100000::t.money AS daily_avg_assets) m
UNION ALL SELECT tiering.classify('g', m), pg_typeof(daily_avg_assets)
	FROM (SELECT 100000::bigint AS daily_avg_assets) m
UNION ALL SELECT tiering.classify('g', m), pg_typeof(daily_avg_assets)
	FROM (SELECT 99999::int AS daily_avg_assets) m
UNION ALL SELECT tiering.classify('g', m), pg_typeof(daily_avg_assets)
	FROM (SELECT 9999::smallint AS daily_avg_assets) m;
-- a row that is null as a whole: nothing is known
SELECT c.id, tiering.classify('g', c) FROM (VALUES (4), (5)) v(id) LEFT JOIN t.customer c
	USING (id);
-- scheme and date may differ from row to row
SELECT s, d, tiering.classify(s, 250000, d)
	FROM (VALUES ('g', '2024-01-01'::date), ('gl', '2024-01-01'), ('g', '2025-01-01'),
	('gl', '2024-08-01')) v(s, d);

SELECT t.fails($$SELECT tiering.classify('nothing', 1)$$);
SELECT t.fails($$SELECT tiering.classify('g', 1, '2023-12-31')$$);
SELECT t.fails($$SELECT tiering.classify(NULL, 1)$$);
SELECT t.fails($$SELECT tiering.classify('g', 1, NULL)$$);
SELECT t.fails($$SELECT tiering.classify('g', 1, 'infinity')$$);
SELECT t.fails($$SELECT tiering.classify('g', 'NaN'::numeric)$$);
SELECT t.fails($$SELECT tiering.classify('g', 'Infinity'::numeric)$$);
SELECT t.fails($$SELECT tiering.classify('g', m)
	FROM (SELECT '-Infinity'::numeric AS daily_avg_assets) m$$);
SELECT t.fails($$SELECT tiering.classify('gp', 5)$$);
SELECT t.fails($$SELECT tiering.classify('g', m) FROM (SELECT 1 AS assets) m$$);
SELECT t.fails($$SELECT tiering.classify('g', m) FROM (SELECT 1.5::float8 AS daily_avg_assets) m$$);
SELECT t.fails($$SELECT tiering.classify('g', m) FROM (SELECT true AS daily_avg_assets) m$$);
SELECT t.fails($$SELECT tiering.classify('g', m) FROM (SELECT '1'::text AS daily_avg_assets) m$$);
SELECT t.fails($$SELECT tiering.classify('gp', m)
	FROM (SELECT 1 AS daily_avg_balance, 1 AS household_income, 1 AS holds_gold_card,
	true AS holds_platinum_card, true AS holds_diamond_card) m$$);
SELECT t.fails($$SELECT tiering.classify('g', 1.5::float8)$$);

-- Random numbers, some on a bound, with up to 30 digits behind the point,
-- against the comparison that core makes.
WITH value AS (
	SELECT (ARRAY[0, 10000, 100000, 300000, 1000000, 6000000])[1 + g % 6] + CASE g % 5 WHEN 0 THEN 0
		ELSE
		(CASE WHEN g % 2 = 0 THEN 1 ELSE -1 END) * trunc(t.random(g) * 1e12) * ('1e-'
		|| g % 31)::numeric END AS v
	FROM generate_series(1, 20000) g
)
SELECT count(*) > 500 AS many, tiering.classify('g', v) AS tier,
	count(*) FILTER (WHERE tiering.classify('g', v) <> CASE WHEN v >= 6000000 THEN 'diamond'
		WHEN v >= 1000000 THEN 'black_gold'
		WHEN v >= 300000 THEN 'platinum' WHEN v >= 100000 THEN 'gold' WHEN v >= 10000 THEN 'core'
			ELSE 'non_core' END) AS wrong
FROM value GROUP BY tier ORDER BY tier;
-- Random boxes with open and closed bounds of either sign, against core's ranges.
CREATE FUNCTION t.random_scheme(name text, metrics int, seed bigint) RETURNS void
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.new_scheme(name);
	UPDATE tiering.scheme_version SET everyone = false WHERE scheme = name;
	INSERT INTO tiering.metric (scheme, version, metric) SELECT name, 1, 'm' || i
		FROM generate_series(1, metrics) i;
	INSERT INTO tiering.tier (scheme, version, tier, rank) SELECT name, 1, 't' || i, i
		FROM generate_series(1, 5) i;
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	SELECT name, 1, 't' || tier, rule, 'm' || metric, bounds
	FROM generate_series(1, 5) tier, generate_series(1, 3) rule, generate_series(1, metrics) metric,
		LATERAL (SELECT seed * 1000 + tier * 100 + rule * 10 + metric AS s) s,
		LATERAL (SELECT floor(t.random(s) * 40 - 20) / 4 AS a,
			floor(t.random(s + 500000) * 40) / 8 AS width) b,
		LATERAL (SELECT CASE WHEN t.random(s + 1) < 0.15 THEN NULL ELSE a END AS lower,
			CASE WHEN t.random(s + 2) < 0.15 THEN NULL ELSE a + width END AS upper,
			CASE WHEN t.random(s + 3) < 0.5 THEN '[' ELSE '(' END || CASE WHEN t.random(s + 4) < 0.5
				THEN ']' ELSE ')' END AS ends) e,
		LATERAL (SELECT numrange(lower, upper, ends) AS bounds) r
	WHERE NOT isempty(bounds) AND (metric = 1 OR t.random(s + 5) < 0.7);
	DELETE FROM tiering.tier x WHERE scheme = name
		AND NOT EXISTS (SELECT FROM tiering.rule r WHERE r.scheme = name AND r.tier = x.tier);
	DELETE FROM tiering.rule x WHERE scheme = name
		AND format('tier %s, rule %s', tier, rule)
			IN (SELECT place FROM tiering.validate(name, 1) WHERE severity = 'error');
	DELETE FROM tiering.tier x WHERE scheme = name
		AND 'tier ' || tier IN (SELECT place FROM tiering.validate(name, 1)
			WHERE severity = 'error');
	PERFORM tiering.publish(name, '2024-01-01');
END;
$$;
SELECT t.random_scheme('r' || i, 1 + i % 4, i) FROM generate_series(1, 12) i;
WITH point AS (
	SELECT i, g, round((t.random(i * 100000 + g) * 14 - 6) * 8) / 8 AS m1,
		CASE WHEN g % 7 > 0 THEN round((t.random(i * 200000 + g) * 14 - 6) * 8) / 8 END AS m2,
		t.random(i * 300000 + g) * 14 - 6 AS m3, (t.random(i * 400000 + g) * 14)::int - 6 AS m4
	FROM generate_series(1, 12) i, generate_series(1, 400) g
), graded AS (
	SELECT p.*, tiering.classify('r' || i, p) AS tier, (
		SELECT t.tier FROM tiering.tier t WHERE t.scheme = 'r' || i AND EXISTS (
			SELECT FROM tiering.rule r WHERE r.scheme = t.scheme AND r.tier = t.tier GROUP BY r.rule
			HAVING bool_and(COALESCE(r.bounds @> (to_jsonb(p) ->> r.metric)::numeric, false)))
		ORDER BY t.rank DESC LIMIT 1) AS expected
	FROM point p
)
SELECT count(*) AS points, count(DISTINCT expected) AS tiers, count(*)
	FILTER (WHERE expected IS NULL) > 50 AS some_ungraded,
	count(*) FILTER (WHERE tier IS DISTINCT FROM expected) AS wrong FROM graded;

-- A change is seen by the next statement: of a prepared statement, and of
-- PL/pgSQL, which keeps the state of an expression for the whole transaction.
PREPARE grade AS SELECT tiering.classify('g', 15000, '2030-01-01');
EXECUTE grade;
BEGIN;
DO $$
DECLARE
	seen text[] := '{}';
BEGIN
	FOR i IN 1 .. 3 LOOP
		seen := seen || tiering.classify('g', 15000, '2030-01-01');
		IF i = 2 THEN
			PERFORM tiering.new_version('g');
			UPDATE tiering.rule SET bounds = '[20000,)' WHERE scheme = 'g' AND version = 2
				AND tier = 'core';
			PERFORM tiering.publish('g', '2025-01-01');
		END IF;
	END LOOP;
	RAISE NOTICE '%', seen;
END;
$$;
EXECUTE grade;
ROLLBACK;
EXECUTE grade;
