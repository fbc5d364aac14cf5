-- The views for reports, against plain SQL over what was put in.
SELECT tiering.new_scheme('rv');
INSERT INTO tiering.metric (scheme, version, metric, kind, is_measure)
	VALUES ('rv', 1, 'assets', 'number', true), ('rv', 1, 'vip', 'boolean', false);
INSERT INTO tiering.tier (scheme, version, tier, rank, base, parent)
	VALUES ('rv', 1, 'low', 0, true, NULL), ('rv', 1, 'mid', 10, false, NULL),
	('rv', 1, 'high', 20, false, 'best'), ('rv', 1, 'top', 30, false, 'best'),
	('rv', 1, 'best', 40, false, NULL);
-- what takes more than the measure, and what has no lower bound, leads to no bound of the measure
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('rv', 1, 'mid', 1, 'assets', '[100,)'), ('rv', 1, 'high', 1, 'assets', '[1000,)'),
	('rv', 1, 'high', 2, 'vip', '[1,1]'), ('rv', 1, 'high', 3, 'assets', '(,-100)'),
	('rv', 1, 'top', 1, 'assets', '[5000,)'), ('rv', 1, 'top', 1, 'vip', '[1,1]'),
	('rv', 1, 'top', 2, 'assets', '[8000,)');
INSERT INTO tiering.service (scheme, version, tier, channel, customers_per_manager, benefits)
	VALUES ('rv', 1, 'mid', 'branch', '[30,200]', 'a'), ('rv', 1, 'high', 'manager', '[7,7]', 'b'),
	('rv', 1, 'top', 'centre', NULL, 'c');
SELECT tiering.publish('rv', '2024-01-01'), tiering.new_version('rv', 'middle instead of mid');
DELETE FROM tiering.tier WHERE scheme = 'rv' AND version = 2 AND tier = 'mid';
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('rv', 2, 'middle', 10);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('rv', 2, 'middle', 1, 'assets', '[150,)'),
	('rv', 2, 'middle', 2, 'assets', '[140,150)');
INSERT INTO tiering.service (scheme, version, tier, channel, customers_per_manager)
	VALUES ('rv', 2, 'middle', 'phone', '[1,3)');
SELECT tiering.publish('rv', '2024-03-15');
-- a bank of which customers leave and come back
CREATE TABLE t.bank AS
SELECT d, c AS customer_id,
	CASE WHEN c % 11 > 0 THEN round(t.random(c * 100 + m) ^ 4 * 10000 * t.random(c) - 10 + CASE
	WHEN c % 13 = 0 THEN 100 * (m % 2) ELSE 0 END, 2) END AS assets,
	t.random(c * 100 + m + 50) < 0.1 AS vip
FROM generate_series(1, 300) c, unnest('{2024-01-31,2024-02-29,2024-03-31,2024-04-30}'::date[])
	WITH ORDINALITY AS s(d, m)
WHERE t.random(c * 100 + m + 70) < 0.85;
UPDATE t.bank SET assets = CASE WHEN customer_id % 2 = 0 THEN 1000 ELSE 100
	END WHERE customer_id % 29 = 0;
SELECT tiering.set_source('rv', 'SELECT customer_id, assets, vip FROM t.bank WHERE d = $1');
SET client_min_messages = warning;
SELECT customers, new, up, down, lateral_moves, exit FROM tiering.refresh('rv', '2024-01-31')
	UNION ALL SELECT customers, new, up, down, lateral_moves, exit
	FROM tiering.refresh('rv', '2024-02-29');
UPDATE tiering.assignment SET tier = 'top', as_of = '2024-03-10', since = '2024-03-10'
	WHERE scheme = 'rv' AND customer_id::int % 10 = 3;
SELECT customers, new, up, down, lateral_moves, exit FROM tiering.refresh('rv', '2024-03-31')
	UNION ALL SELECT customers, new, up, down, lateral_moves, exit
	FROM tiering.refresh('rv', '2024-04-30');
UPDATE tiering.assignment SET tier = 'low', as_of = '2024-05-02', since = '2024-05-02'
	WHERE scheme = 'rv' AND customer_id::int % 10 = 7;
RESET client_min_messages;

-- where everybody was after each step: four refreshes, two changes by hand
CREATE TABLE t.graded_bank AS
SELECT d, customer_id, assets,
	CASE WHEN assets >= 5000 AND vip OR assets >= 8000 THEN 'top' WHEN assets >= 1000 OR vip
	OR assets < -100 THEN 'high'
	WHEN assets >= CASE WHEN d < '2024-03-15' THEN 100 ELSE 140 END THEN CASE WHEN d < '2024-03-15'
		THEN 'mid' ELSE 'middle' END ELSE 'low' END COLLATE "C" AS tier FROM t.bank;
CREATE TABLE t.stand AS
SELECT s.step, g.customer_id, g.assets,
	CASE WHEN s.step = 3 AND g.customer_id % 10 = 3 THEN 'top' WHEN s.step = 6
	AND g.customer_id % 10 = 7 THEN 'low' ELSE g.tier END COLLATE "C" AS tier
FROM (VALUES (1, '2024-01-31'::date), (2, '2024-02-29'), (3, '2024-02-29'), (4, '2024-03-31'),
	(5, '2024-04-30'), (6, '2024-04-30')) s(step, d) JOIN t.graded_bank g USING (d);
CREATE VIEW t.now AS SELECT customer_id::text AS customer_id, assets, tier FROM t.stand
	WHERE step = 6;
CREATE TABLE t.level (tier text COLLATE "C", rank int, bound numeric, per_from int, per_to int);
INSERT INTO t.level VALUES ('low', 0, NULL, NULL, NULL), ('mid', 10, NULL, NULL, NULL),
	('middle', 10, 140, 1, 2), ('high', 20, 1000, 7, 7), ('top', 30, 8000, NULL, NULL),
	('best', 40, NULL, NULL, NULL);
SELECT count(*) > 200 AS many, count(*)
	FILTER (WHERE (n.tier, n.assets) IS DISTINCT FROM (a.tier, a.measure)) AS wrong FROM t.now n
	FULL JOIN (SELECT * FROM tiering.current_tier WHERE scheme = 'rv') a USING (customer_id);

-- near_upgrade: of the cheapest rule of the next tier, above what they hold and what they earn,
-- what is missed by most
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE e IS DISTINCT FROM v) AS wrong,
	count(*) FILTER (WHERE v.measure IS NULL) > 0 AS unknown,
	count(DISTINCT (v.next_tier, v.metric)) AS ways
FROM (
	SELECT DISTINCT ON (customer_id) customer_id, held, tier COLLATE "C" AS next_tier,
		metric COLLATE "C" AS metric, value::numeric(38,2) AS measure,
		bound::numeric(38,2) AS bound, (bound - value)::numeric(38,2) AS distance,
		NULLIF(percent, 'Infinity')::numeric(38,4) AS distance_percent, missing::int
	FROM (
		SELECT x.*, count(*) OVER rule AS missing, max(x.percent) OVER rule AS cost
		FROM (
			SELECT n.customer_id, n.tier AS held, GREATEST(h.rank, g.rank) AS above, r.*, v.value,
				k.bound, COALESCE(round(abs(k.bound - v.value) * 100 / abs(k.bound), 4),
					'Infinity') AS percent
			FROM t.now n JOIN t.bank b ON b.customer_id::text = n.customer_id
				JOIN t.graded_bank e ON (e.d, e.customer_id) = (b.d, b.customer_id)
				JOIN t.level h ON h.tier = n.tier JOIN t.level g ON g.tier = e.tier
				CROSS JOIN (VALUES ('middle', 10, 1, 'assets', 150, NULL),
					('middle', 10, 2, 'assets', 140, 150), ('high', 20, 1, 'assets', 1000, NULL),
					('high', 20, 2, 'vip', 1, NULL), ('high', 20, 3, 'assets', NULL, -100),
					('top', 30, 1, 'assets', 5000, NULL), ('top', 30, 1, 'vip', 1, NULL),
					('top', 30, 2, 'assets', 8000, NULL)) r (tier, rank, rule, metric, low, high),
				LATERAL (SELECT CASE r.metric WHEN 'vip' THEN b.vip::int ELSE b.assets END)
					v(value),
				LATERAL (SELECT CASE WHEN r.low IS NULL OR v.value >= r.high THEN r.high
					ELSE r.low END) k(bound)
			WHERE b.d = '2024-04-30' AND (COALESCE(v.value >= r.low, r.low IS NULL)
				AND COALESCE(v.value < r.high, r.high IS NULL)) IS NOT TRUE) x
		WINDOW rule AS (PARTITION BY x.customer_id, x.tier, x.rule)) x
	WHERE rank > above AND rank = CASE WHEN above < 10 THEN 10 WHEN above < 20 THEN 20 ELSE 30 END
	ORDER BY customer_id, cost, missing, tier COLLATE "C", rule, percent DESC) e
	FULL JOIN (SELECT customer_id, tier, next_tier, metric, measure, bound, distance,
			distance_percent, conditions_missing
		FROM tiering.near_upgrade WHERE scheme = 'rv') v USING (customer_id);
-- near_downgrade: the bound of the current tier, and what lies below it
SELECT count(*) > 30 AS many, count(*) FILTER (WHERE e IS DISTINCT FROM v) AS wrong
FROM (SELECT n.customer_id, n.tier,
	(SELECT u.tier FROM t.level u WHERE u.rank < l.rank AND (u.bound IS NOT NULL OR u.tier = 'low')
	ORDER BY u.rank DESC LIMIT 1) AS next_tier, n.assets AS measure, l.bound,
	n.assets - l.bound AS distance,
		round((n.assets - l.bound) * 100 / l.bound, 4) AS distance_percent
	  FROM t.now n JOIN t.level l USING (tier) WHERE n.assets >= l.bound) e
	FULL JOIN (SELECT customer_id, tier, next_tier, measure, bound, distance, distance_percent
		FROM tiering.near_downgrade WHERE scheme = 'rv') v USING (customer_id);
SELECT DISTINCT tier, next_tier FROM tiering.near_downgrade WHERE scheme = 'rv' ORDER BY 1;
-- pareto: added up from the top
SELECT count(*) AS tiers, count(*) FILTER (WHERE e IS DISTINCT FROM v) AS wrong,
	max(cumulative_customers_share) AS all_customers, max(cumulative_measure_share)
	FILTER (WHERE tier = 'low') AS all_measure
FROM (SELECT l.tier, count(n.tier) FILTER (WHERE n.tier = l.tier) AS customers,
	round(count(n.tier) / (SELECT count(*) FROM t.now)::numeric, 6) AS cumulative_customers_share,
	round(COALESCE(sum(n.assets), 0) / (SELECT sum(assets) FROM t.now),
	6) AS cumulative_measure_share
	  FROM t.level l LEFT JOIN (t.now n JOIN t.level x USING (tier)) ON x.rank >= l.rank
		WHERE l.tier <> 'mid' GROUP BY l.tier) e
	FULL JOIN (SELECT tier, customers, cumulative_customers_share, cumulative_measure_share
		FROM tiering.pareto WHERE scheme = 'rv') v
		USING (tier, cumulative_customers_share, cumulative_measure_share);
-- staffing: whole people, at both ends
SELECT count(*) AS tiers, count(*) FILTER (WHERE e IS DISTINCT FROM v) AS wrong
FROM (SELECT l.tier, count(n.tier) AS customers, l.per_from, l.per_to,
	(count(n.tier) + l.per_to - 1) / l.per_to AS managers_from,
	(count(n.tier) + l.per_from - 1) / l.per_from AS managers_to
	  FROM t.level l LEFT JOIN t.now n USING (tier) WHERE l.tier <> 'mid' GROUP BY l.tier,
		l.per_from, l.per_to) e
	FULL JOIN (SELECT tier, customers, customers_per_manager_from, customers_per_manager_to,
		managers_from, managers_to FROM tiering.staffing WHERE scheme = 'rv') v USING (tier);
SELECT tier, version, channel, benefits FROM tiering.staffing WHERE scheme = 'rv' ORDER BY rank;
-- roll-up
SELECT count(*) AS tiers, count(*) FILTER (WHERE e IS DISTINCT FROM v) AS wrong
FROM (SELECT l.tier, CASE WHEN l.tier = 'best' THEN 3 ELSE 1 END AS tiers,
	count(n.tier) AS customers,
	CASE WHEN count(n.tier) > 0 THEN sum(n.assets) ELSE 0 END AS measure,
	round(count(n.tier) / (SELECT count(*) FROM t.now)::numeric, 6) AS share
	  FROM t.level l LEFT JOIN t.now n ON n.tier = l.tier OR l.tier = 'best' AND n.tier
		IN ('high', 'top') WHERE l.tier <> 'mid' GROUP BY l.tier) e
	FULL JOIN (SELECT tier, tiers, customers, measure, customers_share FROM tiering.tier_rollup
		WHERE scheme = 'rv') v USING (tier);
-- tier_origin: replayed from where everybody was
CREATE TABLE t.move AS
SELECT s.step, c AS customer_id, a.tier AS to_tier, b.tier AS from_tier,
	CASE WHEN b.tier IS NULL THEN 'new' WHEN la.rank > lb.rank THEN 'up' WHEN la.rank < lb.rank
	THEN 'down' ELSE 'lateral' END AS direction
FROM generate_series(1, 6) s(step), generate_series(1, 300) c JOIN t.stand a ON a.customer_id = c
	JOIN t.level la ON la.tier = a.tier LEFT JOIN t.stand b ON b.customer_id = c
	AND b.step = a.step - 1 LEFT JOIN t.level lb ON lb.tier = b.tier
WHERE a.step = s.step AND a.tier IS DISTINCT FROM b.tier;
SELECT count(*) AS tiers, count(*) FILTER (WHERE e IS DISTINCT FROM v) AS wrong,
	sum(v.from_below) > 0 AND sum(v.from_above) > 0 AND sum(v.from_beside) > 0 AND sum(v.as_new) > 0
	AND sum(v.grown_up) > 0 AS all_kinds
FROM (SELECT l.tier, count(n.tier) AS customers, count(*)
	FILTER (WHERE m.direction = 'up') AS from_below, count(*)
	FILTER (WHERE m.direction = 'down') AS from_above, count(*)
	FILTER (WHERE m.direction = 'lateral') AS from_beside,
		count(*) FILTER (WHERE m.direction = 'new') AS as_new, count(*)
			FILTER (WHERE lf.rank < l.rank) AS grown_up,
			round(count(*) FILTER (WHERE lf.rank < l.rank) / NULLIF(count(n.tier), 0)::numeric,
			6) AS grown_up_share
	  FROM t.level l LEFT JOIN t.now n USING (tier)
		LEFT JOIN LATERAL (SELECT * FROM t.move m WHERE m.customer_id::text = n.customer_id
			ORDER BY step DESC LIMIT 1) m ON true
		LEFT JOIN LATERAL (SELECT * FROM t.move m WHERE m.customer_id::text = n.customer_id
			AND direction = 'new' ORDER BY step DESC LIMIT 1) f ON true LEFT JOIN t.level lf
			ON lf.tier = f.to_tier
	  WHERE l.tier <> 'mid' GROUP BY l.tier) e
	FULL JOIN (SELECT tier, customers, from_below, from_above, from_beside, as_new, grown_up,
		grown_up_share FROM tiering.tier_origin WHERE scheme = 'rv') v USING (tier);
-- a bound below 0, and one of 0; a scheme without a measure; one that nobody was graded by
SET client_min_messages = warning;
SELECT tiering.create_ladder('rv_debt', 'assets', '{deep,debt,even,good}', '{NULL,-100,0,50}'),
	tiering.publish('rv_debt', '2024-01-01'),
	tiering.set_source('rv_debt',
	'SELECT i AS customer_id, i * 30 - 200 AS assets FROM generate_series(1, 9) i WHERE $1 IS NOT '
	'NULL');
SELECT tiering.copy_scheme('rv', 'rv_unmeasured');
UPDATE tiering.metric SET is_measure = false WHERE scheme = 'rv_unmeasured';
SELECT tiering.publish('rv_unmeasured', '2024-01-01'),
	tiering.set_source('rv_unmeasured', 'SELECT customer_id, assets, vip FROM t.bank WHERE d = $1');
SELECT customers FROM tiering.refresh('rv_debt', '2024-01-31') UNION ALL SELECT customers
	FROM tiering.refresh('rv_unmeasured', '2024-01-31');
RESET client_min_messages;
SELECT customer_id, tier, next_tier, measure, bound, distance, distance_percent
	FROM tiering.near_upgrade WHERE scheme = 'rv_debt' ORDER BY measure;
SELECT customer_id, tier, next_tier, measure, bound, distance, distance_percent
	FROM tiering.near_downgrade WHERE scheme = 'rv_debt' ORDER BY measure;
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE l IS NULL) AS stray
FROM tiering.near_upgrade n LEFT JOIN tiering.shortfall('rv_unmeasured') l
	USING (customer_id, next_tier, metric, conditions_missing)
WHERE scheme = 'rv_unmeasured';
SELECT tier, customers > 0 AS customers, cumulative_customers_share > 0 AS share, measure,
	cumulative_measure_share FROM tiering.pareto WHERE scheme = 'rv_unmeasured' ORDER BY rank;
-- bounds above, and bounds that are left out: what is told is what the rules do
SELECT tiering.create_ladder('rv_gap', 'value', '{b,g,p}', '{NULL,10,100}');
UPDATE tiering.rule SET bounds = CASE tier WHEN 'g' THEN '[10,20)'::numrange ELSE '(100,)'
	END WHERE scheme = 'rv_gap';
SELECT tiering.publish('rv_gap', '2024-01-01');
SELECT tiering.set_source('rv_gap', $$SELECT value AS customer_id, value
	FROM unnest('{5,10,15,20,50,100,120}'::numeric[]) value$$);
SELECT new FROM tiering.refresh('rv_gap', '2024-01-31');
SELECT customer_id, n.tier, n.next_tier, n.bound, n.distance, d.next_tier AS below,
	d.bound AS lower_bound, d.distance AS above
FROM tiering.assignment a LEFT JOIN tiering.near_upgrade n USING (scheme, customer_id)
	LEFT JOIN tiering.near_downgrade d USING (scheme, customer_id)
WHERE a.scheme = 'rv_gap' ORDER BY a.customer_id::numeric;
-- ranks that a new version counts otherwise do not make anybody grown up
SELECT tiering.create_ladder('rv_rank', 'value', '{mass,gold}', '{NULL,100}'),
	tiering.publish('rv_rank', '2024-01-01');
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('rv_rank', '1', 'mass', '2024-01-31', '2024-01-31', 1),
	('rv_rank', '2', 'gold', '2024-01-31', '2024-01-31', 1);
SELECT tiering.new_version('rv_rank');
UPDATE tiering.tier SET rank = rank * 10 WHERE scheme = 'rv_rank' AND version = 2;
SELECT tiering.publish('rv_rank', '2024-02-01');
UPDATE tiering.assignment SET version = 2 WHERE scheme = 'rv_rank';
SELECT tier, customers, as_new, grown_up, grown_up_share FROM tiering.tier_origin
	WHERE scheme = 'rv_rank' ORDER BY rank;
