-- Matrices, and tiers with parts.

-- rows by x cut at 0 and 10.5, columns by y cut at -1, 5 and 7
SELECT tiering.create_matrix('mx', 'x', '{0,10.5}', 'y', '{-1,5,7}',
	'{{a,b,b,c},{b,c,c,d},{c,d,d,d}}', '{d,c,b,a}');
SELECT severity, place, finding FROM tiering.validate('mx', 1);
SELECT everyone FROM tiering.scheme_version WHERE scheme = 'mx';
SELECT tiering.publish('mx', '2024-01-01');
-- with a base, for whom a metric is unknown of
SELECT tiering.create_matrix('mx_base', 'x', '{0,10.5}', 'y', '{-1,5,7}',
	'{{a,b,b,c},{b,c,c,d},{c,d,d,d}}', '{unknown,d,c,b,a}'),
	tiering.publish('mx_base', '2024-01-01');
-- each cell, on and around each bound, against the grid itself
CREATE TABLE t.cell AS
SELECT v.x, v.y, grid[1 + (x >= 0)::int + (x >= 10.5)::int][1 + (y >= -1)::int + (y >= 5)::int + (y
	>= 7)::int] AS tier
FROM (SELECT ARRAY[['a', 'b', 'b', 'c'], ['b', 'c', 'c', 'd'], ['c', 'd', 'd', 'd']] AS grid) g,
	(SELECT x, y FROM
	unnest('{NULL,-1e30,-0.000000001,0,1e-20,10.49999999,10.499999999999,10.5,11,1e200}'::numeric[])
	x, unnest('{NULL,-5,-1.0000000001,-1,0,4.99999999999,5,5.00000001,6.99,7,1e30}'::numeric[]) y
	 UNION ALL SELECT round(t.random(g) * 20 - 5, 1), round(t.random(g + 5000) * 12 - 3, 1)
		FROM generate_series(1, 3000) g) v;
SELECT count(*) AS points, count(DISTINCT tier) AS tiers, count(*)
	FILTER (WHERE tier IS DISTINCT FROM tiering.classify('mx', c)) AS wrong,
	count(*) FILTER (WHERE COALESCE(tier, 'unknown')
		IS DISTINCT FROM tiering.classify('mx_base', c)) AS wrong_base, count(*)
		FILTER (WHERE tier IS NULL) AS unknown FROM t.cell c;
-- one row, one column, one cell; arrays that do not begin at 1
SELECT tiering.create_matrix('mx_row', 'x', '{}', 'y', '{0}', '{{a,b}}', '{a,b}'),
	tiering.publish('mx_row', '2024-01-01'),
	tiering.create_matrix('mx_null', 'x', NULL, 'y', '{0}', '{{a,b}}', '{a,b}'),
	tiering.publish('mx_null', '2024-01-01');
SELECT y, tiering.classify('mx_row', m), tiering.classify('mx_null', m)
	FROM (SELECT 1 AS x, y FROM unnest('{-1,0}'::numeric[]) y) m;
SELECT t.fails($$SELECT tiering.create_matrix('mx_one', 'x', '{}', 'y', '{}', '{{a}}', '{a}'),
	tiering.publish('mx_one', '2024-01-01')$$);
SELECT tiering.create_matrix('mx_lower', 'x', '[5:6]={0,10.5}', 'y', '[0:2]={-1,5,7}',
	'[3:5][-1:2]={{a,b,b,c},{b,c,c,d},{c,d,d,d}}', '[2:5]={d,c,b,a}'),
	tiering.publish('mx_lower', '2024-01-01');
SELECT count(*) FILTER (WHERE tier IS DISTINCT FROM tiering.classify('mx_lower', c)) AS wrong
	FROM t.cell c;

-- errors, which leave nothing behind
SELECT t.fails(format('SELECT tiering.create_matrix(%s)', a))
	FROM unnest(ARRAY[$$'bad', 'x', '{0,0}', 'y', '{0}', '{{a,b},{a,b},{a,b}}', '{a,b}'$$,
	$$'bad', 'x', '{5,0}', 'y', '{0}', '{{a,b},{a,b},{a,b}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0,NULL}', '{{a,b,a},{a,b,a}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0,NaN}', '{{a,b,a},{a,b,a}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0,1e28}', '{{a,b,a},{a,b,a}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{a,b}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{{a,b}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{{a,b,a},{a,b,a}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', NULL, '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{{a,b},{c,b}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{{a,b},{NULL,b}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{{a,b},{a,b}}', '{a,b,a}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{{a,b},{a,b}}', '{a,b,NULL}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{{a,b},{a,b}}', NULL$$,
	$$'bad', 'x', '{0}', 'x', '{0}', '{{a,b},{a,b}}', '{a,b}'$$,
	$$'bad', NULL, '{0}', 'x', '{0}', '{{a,b},{a,b}}', '{a,b}'$$,
	$$'mx', 'x', '{0}', 'y', '{0}', '{{a,b},{a,b}}', '{a,b}'$$,
	$$NULL, 'x', '{0}', 'y', '{0}', '{{a,b},{a,b}}', '{a,b}'$$,
	$$'bad', 'x', '{0}', 'y', '{0}', '{{a,""},{a,b}}', '{a,"",b}'$$]) a;
SELECT scheme FROM tiering.scheme WHERE scheme = 'bad';
-- more than one tier of no cell: there can be one base only
SELECT t.fails($$SELECT tiering.create_matrix('mx_two', 'x', '{0}', 'y', '{0}', '{{a,b},{a,b}}',
	'{u,v,a,b}'), tiering.publish('mx_two', '2024-01-01')$$);

-- Three levels of parts. A parent that takes customers itself counts them, too.
SELECT tiering.new_scheme('tree');
INSERT INTO tiering.metric (scheme, version, metric, is_measure) VALUES ('tree', 1, 'assets', true);
INSERT INTO tiering.tier (scheme, version, tier, rank, base, parent)
	VALUES ('tree', 1, 'rest', 0, true, NULL), ('tree', 1, 'gold', 1, false, NULL),
	('tree', 1, 'gold2', 2, false, 'gold'), ('tree', 1, 'gold3', 3, false, 'gold2'),
	('tree', 1, 'gold4', 4, false, 'gold2'),
	('tree', 1, 'group', 5, false, NULL), ('tree', 1, 'inner', 6, false, 'group'),
	('tree', 1, 'deep', 7, false, 'inner'), ('tree', 1, 'nobody', 9, false, 'inner');
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('tree', 1, 'gold', 'assets', '[10,)'), ('tree', 1, 'gold2', 'assets', '[20,)'),
	('tree', 1, 'gold3', 'assets', '[30,)'), ('tree', 1, 'gold4', 'assets', '[40,)'),
	('tree', 1, 'deep', 'assets', '[50,)'), ('tree', 1, 'nobody', 'assets', '[9999,)');
SELECT severity, place, finding FROM tiering.validate('tree', 1) WHERE place <> 'scheme';
SELECT tiering.publish('tree', '2024-01-01');
CREATE TABLE t.tree_assets AS SELECT g AS customer_id,
	CASE WHEN g % 9 > 0 THEN round(t.random(g) * 60, 2) END AS assets, '2024-01-31'::date AS d
	FROM generate_series(1, 400) g;
SELECT tiering.set_source('tree', 'SELECT customer_id, assets FROM t.tree_assets WHERE d = $1');
SELECT customers, new FROM tiering.refresh('tree', '2024-01-31');
CREATE VIEW t.rollup_expected AS
WITH graded AS (SELECT CASE WHEN assets >= 50 THEN 'deep' WHEN assets >= 40 THEN 'gold4'
	WHEN assets >= 30 THEN 'gold3' WHEN assets >= 20 THEN 'gold2' WHEN assets >= 10 THEN 'gold'
	ELSE 'rest' END AS tier, assets FROM t.tree_assets)
SELECT w.tier, cardinality(w.parts) AS tiers, count(g.tier) AS customers,
	CASE WHEN count(g.tier) > 0 THEN sum(assets) ELSE 0 END AS measure,
	round(count(g.tier) / (SELECT count(*) FROM graded)::numeric, 6) AS customers_share,
		round(COALESCE(sum(assets), 0) / (SELECT sum(assets) FROM graded), 6) AS measure_share
FROM (VALUES ('rest', '{rest}'::text[]), ('gold', '{gold,gold2,gold3,gold4}'),
	('gold2', '{gold2,gold3,gold4}'), ('gold3', '{gold3}'), ('gold4', '{gold4}'),
	('group', '{group,inner,deep,nobody}'), ('inner', '{inner,deep,nobody}'), ('deep', '{deep}'),
	('nobody', '{nobody}')) w(tier, parts)
	LEFT JOIN graded g ON g.tier = ANY (w.parts)
GROUP BY w.tier, w.parts;
SELECT r.*, e.* FROM (SELECT tier, tiers, customers, measure, customers_share, measure_share
	FROM tiering.tier_rollup WHERE scheme = 'tree') r FULL JOIN t.rollup_expected e USING (tier)
	WHERE (r.tiers, r.customers, r.measure, r.customers_share, r.measure_share)
	IS DISTINCT FROM (e.tiers, e.customers, e.measure, e.customers_share, e.measure_share);
SELECT sum(customers) AS customers, sum(customers_share) AS share,
	sum(measure) = (SELECT sum(assets) FROM t.tree_assets) AS measure FROM tiering.tier_rollup
	WHERE scheme = 'tree' AND parent IS NULL;

-- what is no tree is told at publishing
CREATE FUNCTION t.tree_fails(statements text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	PERFORM tiering.copy_scheme('tree', 'bad');
	EXECUTE statements;
	told := t.fails($q$SELECT tiering.publish('bad', '2024-01-01')$q$);
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = told;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	RETURN SQLERRM;
END;
$$;
SELECT t.tree_fails(s) FROM unnest(ARRAY[$$UPDATE tiering.tier SET parent = 'gold3'
	WHERE scheme = 'bad' AND tier = 'gold'$$,
	$$UPDATE tiering.tier SET parent = 'inner' WHERE scheme = 'bad' AND tier = 'group'$$,
	$$UPDATE tiering.tier SET parent = 'nowhere' WHERE scheme = 'bad' AND tier = 'gold'$$,
	$$DELETE FROM tiering.tier WHERE scheme = 'bad' AND tier IN ('deep', 'nobody')$$]) s;
SELECT t.fails($$SELECT
	t.tree_fails('UPDATE tiering.tier SET parent = tier WHERE scheme = ''bad''')$$) ~ '^23514' AS
	own_parent;
