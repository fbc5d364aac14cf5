-- Classifying by a version's number, which is how a draft is tried out.
SELECT tiering.create_ladder('dr', 'x', '{low,mid,high}', '{NULL,10,20}'),
	tiering.publish('dr', '2024-01-01'), tiering.new_version('dr');
UPDATE tiering.rule SET bounds = '[15,)' WHERE scheme = 'dr' AND version = 2 AND tier = 'mid';
SELECT tiering.publish('dr', '2024-07-01'), tiering.new_version('dr');
UPDATE tiering.rule SET bounds = '[17.5,)' WHERE scheme = 'dr' AND version = 3 AND tier = 'mid';
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('dr', 3, 'top', 9);
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('dr', 3, 'top', 'x', '[25,)');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
	VALUES ('dr', 3, 'mid', 2, 'x', '[12,)', true);
CREATE TABLE t.dr AS SELECT v, x,
	CASE WHEN v = 3 AND x >= 25 THEN 'top' WHEN x >= 20 THEN 'high'
	WHEN x >= (ARRAY[10, 15, 17.5])[v] THEN 'mid' ELSE 'low' END AS expected,
	(ARRAY['2024-03-01', '2024-08-01'])[v]::date AS as_of
FROM (SELECT g, 1 + g % 3 AS v, CASE WHEN g % 10 > 0 THEN (t.random(g) * 300)::int / 10.0 END AS x
	FROM generate_series(1, 3000) g) m;

-- the value, the row as columns and as a row, each by a version that differs from row to row
CREATE FUNCTION t.dr_row(m record, version int) RETURNS text LANGUAGE plpgsql
	STABLE AS $$ BEGIN RETURN tiering.classify_version('dr', m, version); END $$;
SELECT v, count(*) AS rows, count(DISTINCT expected) AS tiers, count(*)
	FILTER (WHERE tiering.classify_version('dr', x, v) IS DISTINCT FROM expected) AS wrong_values,
	count(*) FILTER (WHERE tiering.classify_version('dr', m, v)
		IS DISTINCT FROM expected) AS wrong_columns,
	count(*) FILTER (WHERE t.dr_row(m, v) IS DISTINCT FROM expected) AS wrong_rows,
	count(*) FILTER (WHERE v < 3
		AND CASE WHEN v < 3 THEN tiering.classify('dr', m, as_of)
		END IS DISTINCT FROM expected) AS wrong_by_date,
	count(*) FILTER (WHERE tiering.classify_held_version('dr', m, v, NULL)
		IS DISTINCT FROM expected) AS wrong_held
FROM t.dr m GROUP BY v ORDER BY v;
-- the planner passes the columns, and only where it knows them
CREATE FUNCTION t.dr_plan(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (VERBOSE, FORMAT JSON) ' || query INTO plan;
	RETURN plan::text ~ 'classify_columns_version\(';
END;
$$;
SELECT t.dr_plan($$SELECT tiering.classify_version('dr', m, 3) FROM t.dr m$$) AS by_columns,
	t.dr_plan($$SELECT tiering.classify('dr', m, '2024-08-01') FROM t.dr m$$) AS dated,
	t.dr_plan($$SELECT t.dr_row(m, 3) FROM t.dr m$$) AS unknown;
SELECT held, tiering.classify_held_version('dr', m, 3, held) AS draft,
	tiering.classify_held_version('dr', m, 2, held) AS published
FROM unnest('{low,mid,high,top,nowhere,NULL}'::text[]) held, (SELECT 12 AS x) m;

-- A draft is as it is at each statement: of a prepared one, of PL/pgSQL, which
-- keeps the state of an expression for the whole transaction, and of one that
-- is undone.
PREPARE draft AS SELECT tiering.classify_version('dr', 16, 3), tiering.classify_version('dr', m, 3)
	FROM (SELECT 16 AS x OFFSET 0) m;
EXECUTE draft;
DO $$
DECLARE
	seen text[] := '{}';
BEGIN
	FOR i IN 1 .. 4 LOOP
		IF i = 2 THEN
			UPDATE tiering.rule SET bounds = '[16,)' WHERE scheme = 'dr' AND version = 3
				AND tier = 'mid' AND rule = 1;
		ELSIF i = 3 THEN
			BEGIN
				DELETE FROM tiering.rule WHERE scheme = 'dr' AND version = 3 AND tier = 'mid';
				seen := seen || tiering.classify_version('dr', 16, 3);
				RAISE EXCEPTION SQLSTATE 'T0000';
			EXCEPTION WHEN SQLSTATE 'T0000' THEN
			END;
		END IF;
		seen := seen || tiering.classify_version('dr', 16, 3);
	END LOOP;
	RAISE NOTICE '%', seen;
END;
$$;
EXECUTE draft;
SELECT tiering.publish('dr', '2025-01-01');
EXECUTE draft;

-- What is missing or null
SELECT t.fails(format('SELECT tiering.classify_version(%s)', arguments))
	FROM unnest(ARRAY['''dr'', 1, 4', '''dr'', 1, 0', '''dr'', 1, -1', '''nothing'', 1, 1',
	'NULL, 1, 1', '''dr'', 1, NULL',
	'''dr'', m, 4) FROM (SELECT 1 AS x OFFSET 0', '''dr'', m, NULL) FROM (SELECT 1 AS x OFFSET 0',
	'''dr'', m, 3) FROM (SELECT 1 AS y OFFSET 0', '''dr'', ''NaN''::numeric, 3']) a,
	LATERAL (SELECT a || CASE WHEN a ~ 'FROM' THEN ') m WHERE (true' ELSE '' END AS arguments) x;
SELECT t.fails($$SELECT tiering.classify_held_version('dr', m, NULL, 'mid')
	FROM (SELECT 1 AS x) m$$),
	t.fails($$SELECT _tiering.classify_columns_version('dr', 3, '{y}', 1)$$);
-- a draft that is not finished grades as far as it goes
SELECT tiering.new_scheme('drafty');
SELECT tiering.classify_version('drafty', m, 1) IS NULL AS nobody FROM (SELECT 1 AS x) m;
INSERT INTO tiering.metric (scheme, version, metric, kind) VALUES ('drafty', 1, 'x', 'number'),
	('drafty', 1, 's', 'score');
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('drafty', 1, 'any', 1);
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('drafty', 1, 'any', 's', '[1,)');
SELECT tiering.classify_version('drafty', m, 1) IS NULL AS no_score FROM (SELECT 1 AS x) m;
DROP TABLE t.dr CASCADE;
