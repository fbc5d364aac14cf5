-- Customers of one day on a later one, against plain SQL that looks each of them
-- up on both days. Other tests look at all moves, so these are taken back.
BEGIN;
-- Moves are put there as they might have been recorded, a batch for each day
ALTER TABLE tiering.migration ALTER batch SET DEFAULT 1, ALTER assessed SET DEFAULT '2000-01-01';
CREATE FUNCTION t.batches(scheme text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	ALTER TABLE tiering.migration DISABLE TRIGGER USER;
	UPDATE tiering.migration m SET batch = m.recorded_at::date - date '2000-01-01'
		WHERE m.scheme = batches.scheme;
	INSERT INTO tiering.batch (scheme, batch, kind, moves, superseded, recorded_at, recorded_by,
		seal)
	SELECT batches.scheme, d, 'manual', 0, 0, (date '2000-01-01' + d)::timestamptz, 'me', ''
	FROM (SELECT m.batch FROM tiering.migration m WHERE m.scheme = batches.scheme UNION
		SELECT s.batch FROM tiering.superseded s WHERE s.scheme = batches.scheme) b(d);
	ALTER TABLE tiering.migration ENABLE TRIGGER USER;
	PERFORM tiering.enable_triggers();
END;
$$;
-- what stood of the moves that were known
CREATE FUNCTION t.stood(move bigint, recorded_at timestamptz, known_at timestamptz) RETURNS boolean
	LANGUAGE sql AS $$
	SELECT (known_at IS NULL OR stood.recorded_at <= known_at) AND NOT EXISTS (
		SELECT FROM tiering.superseded s WHERE s.move = stood.move
			AND (known_at IS NULL OR (date '2000-01-01' + s.batch)::timestamptz <= known_at))
$$;
CREATE FUNCTION t.cohort(scheme text, from_date date, to_date date,
	known_at timestamptz DEFAULT NULL)
	RETURNS TABLE (from_tier text, to_tier text, customers bigint)
LANGUAGE sql AS $$
	SELECT f.to_tier COLLATE "default", l.to_tier COLLATE "default", count(*)
	FROM (SELECT DISTINCT customer_id FROM tiering.migration m WHERE m.scheme = cohort.scheme) c
		LEFT JOIN LATERAL (SELECT * FROM tiering.migration k
			WHERE k.scheme = cohort.scheme AND k.customer_id = c.customer_id
				AND k.as_of <= from_date AND t.stood(k.move, k.recorded_at, known_at)
			ORDER BY k.as_of DESC, k.move DESC LIMIT 1) f ON true
		LEFT JOIN LATERAL (SELECT * FROM tiering.migration k
			WHERE k.scheme = cohort.scheme AND k.customer_id = c.customer_id AND k.as_of <= to_date
				AND t.stood(k.move, k.recorded_at, known_at)
			ORDER BY k.as_of DESC, k.move DESC LIMIT 1) l ON true
	WHERE f.to_tier IS NOT NULL OR l.to_tier IS NOT NULL
	GROUP BY 1, 2
$$;
CREATE FUNCTION t.differences(a text, b text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint;
BEGIN
	EXECUTE format('WITH a AS (%s), b AS (%s)
		SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) '
			'd', a, b) INTO result;
	RETURN result;
END;
$$;
CREATE FUNCTION t.cohort_differs(scheme text, from_date date, to_date date,
	known_at timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE sql AS $$
	SELECT t.differences(format('SELECT from_tier, to_tier, customers FROM '
		'tiering.migration_matrix(%L, %L, %L, %L)', scheme, from_date, to_date, known_at),
		format('SELECT * FROM t.cohort(%L, %L, %L, %L)', scheme, from_date, to_date, known_at)) > 0
$$;

-- Wilson's interval as others print it: Newcombe 1998 (Stat. Med. 17:857-872), table I, method 3;
-- and 0 of 10
SELECT x, n, low, high, round(low, 4) = a AND round(high, 4) = b AS as_printed
FROM (VALUES (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611),
	(1, 29, 0.0061, 0.1718),
		(0, 10, 0.0000, 0.2775)) v (x, n, a, b), _tiering.wilson(x, n);
-- the other side of a share has the other side of its interval; all of it lies in 0 to 1, and
-- contains the share
SELECT count(*) AS wrong
FROM generate_series(1, 60) n, generate_series(0, n) x, _tiering.wilson(x, n) w,
	_tiering.wilson(n - x, n) o
WHERE w.low <> 1 - o.high OR w.low < 0 OR w.high > 1
	OR round(x / n::numeric, 6) NOT BETWEEN w.low AND w.high OR w.low >= w.high;
SELECT x, n, w.* FROM (VALUES (0, 0), (-1, 5), (6, 5), (5, -1), (NULL, 5), (5, 5),
	(4500000000000000000, 9000000000000000000)) v (x, n), _tiering.wilson(x, n) w;

-- Small enough to be checked by eye: a year and who was where
SELECT tiering.create_ladder('co', 'assets', '{low,mid,high}', '{NULL,100,1000}'),
	tiering.publish('co', '2020-01-01');
INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction, cause,
	version, measure, recorded_at, recorded_by) VALUES
	('co', 'stays', '2023-05-31', NULL, 'low', 'new', 'new', 1, 10.00, '2023-06-01', 'me'),
	('co', 'rises', '2023-12-31', NULL, 'low', 'new', 'new', 1, 20.00, '2024-01-01', 'me'),
	('co', 'rises', '2024-01-31', 'low', 'mid', 'up', 'rule', 1, 200.00, '2024-02-01', 'me'),
	('co', 'rises', '2024-12-31', 'mid', 'high', 'up', 'rule', 1, 2000.00, '2025-01-01', 'me'),
	('co', 'falls, late', '2023-12-31', NULL, 'high', 'new', 'new', 1, 3000.00, '2024-01-01', 'me'),
	('co', 'falls, late', '2025-01-01', 'high', 'low', 'down', 'rule', 1, 30.00, '2025-01-02',
	'me'),
	('co', 'leaves', '2023-12-31', NULL, 'low', 'new', 'new', 1, 40.00, '2024-01-01', 'me'),
	('co', 'leaves', '2024-06-30', 'low', NULL, 'exit', 'exit', 1, 44.00, '2024-07-01', 'me'),
	('co', 'comes', '2024-06-30', NULL, 'mid', 'new', 'new', 1, NULL, '2024-07-01', 'me'),
	('co', 'comes and goes', '2024-06-30', NULL, 'mid', 'new', 'new', 1, 500.00, '2024-07-01',
	'me'),
	('co', 'comes and goes', '2024-07-31', 'mid', NULL, 'exit', 'exit', 1, 500.00, '2024-08-01',
	'me'),
	('co', 'goes and comes', '2023-12-31', NULL, 'mid', 'new', 'new', 1, 600.00, '2024-01-01',
	'me'),
	('co', 'goes and comes', '2024-02-29', 'mid', NULL, 'exit', 'exit', 1, 600.00, '2024-03-01',
	'me'),
	('co', 'goes and comes', '2024-03-31', NULL, 'mid', 'new', 'new', 1, 660.00, '2024-04-01',
	'me'),
	('co', 'twice a day', '2023-12-31', NULL, 'mid', 'new', 'new', 1, 700.00, '2024-01-01', 'me'),
	('co', 'twice a day', '2024-10-31', 'mid', 'high', 'up', 'rule', 1, 7000.00, '2024-11-01',
	'me'),
	('co', 'twice a day', '2024-10-31', 'high', 'low', 'down', 'manual', 1, 70.00, '2024-11-02',
	'me');
SELECT t.batches('co');
SELECT * FROM tiering.migration_matrix('co', '2023-12-31', '2024-12-31');
-- as known on the day of its end; on one day all stay; before all of it nobody is there
SELECT from_tier, to_tier, customers, measure_from, measure_to
	FROM tiering.migration_matrix('co', '2023-12-31', '2024-12-31', known_at => '2024-11-01 12:00');
SELECT from_tier, to_tier, direction, customers, share
	FROM tiering.migration_matrix('co', '2024-12-31', '2024-12-31');
SELECT count(*) FROM tiering.migration_matrix('co', '2000-01-01', '2001-01-01');
SELECT year, since, until, tier, customers, kept, up, down, lateral_moves, exit, retention,
	retention_low, retention_high, churn, churn_low, churn_high
FROM tiering.retention('co');
SELECT year, until, tier, customers, exit FROM tiering.retention('co', '2024-07-15');
-- all tiers together: no row that would be added to them; a year that began with nobody is there
SELECT * FROM tiering.yearly_retention('co');
SELECT year, until, customers, exit FROM tiering.yearly_retention('co', '2024-07-15');

-- Ranks are those of the newest version at the end of the span; of a tier that it lacks, of the
-- last that had it
SELECT tiering.new_version('co');
DELETE FROM tiering.rule WHERE scheme = 'co' AND version = 2;
DELETE FROM tiering.tier WHERE scheme = 'co' AND version = 2 AND tier = 'mid';
UPDATE tiering.tier SET rank = -1 WHERE scheme = 'co' AND version = 2 AND tier = 'high';
UPDATE tiering.tier SET base = tier = 'high' WHERE scheme = 'co' AND version = 2;
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('co', 2, 'low', 'assets', '(,100)');
SELECT from_tier, to_tier, direction, from_rank, to_rank
	FROM tiering.migration_matrix('co', '2023-12-31', '2025-01-01') WHERE from_tier <> to_tier;
SELECT tiering.publish('co', '2025-01-01');
SELECT from_tier, to_tier, direction, from_rank, to_rank
	FROM tiering.migration_matrix('co', '2023-12-31', '2024-12-31') WHERE from_tier <> to_tier;
SELECT from_tier, to_tier, direction, from_rank, to_rank
	FROM tiering.migration_matrix('co', '2023-12-31', '2025-01-01') WHERE from_tier <> to_tier;

SELECT t.fails(q) FROM (VALUES
	($$SELECT * FROM tiering.migration_matrix('co', NULL, '2024-12-31')$$),
	($$SELECT * FROM tiering.migration_matrix('co', '2024-12-31', NULL)$$),
	($$SELECT * FROM tiering.migration_matrix('co', '-infinity', '2024-12-31')$$),
	($$SELECT * FROM tiering.migration_matrix('co', '2024-12-31', 'infinity')$$),
	($$SELECT * FROM tiering.migration_matrix('co', '2024-12-31', '2024-12-30')$$),
	($$SELECT * FROM tiering.migration_matrix('nowhere', '2023-12-31', '2024-12-31')$$),
	($$SELECT * FROM tiering.migration_matrix(NULL, '2023-12-31', '2024-12-31')$$),
	($$SELECT * FROM tiering.retention('nowhere')$$), ($$SELECT * FROM tiering.retention(NULL)$$),
	($$SELECT * FROM tiering.yearly_retention('nowhere')$$),
	($$SELECT * FROM _tiering.migration_counts(NULL, '2023-12-31', '2024-12-31', NULL)$$)) v (q);
SELECT tiering.create_ladder('co_empty', 'assets', '{low,high}', '{NULL,100}');
SELECT count(*) FROM tiering.migration_matrix('co_empty', '2023-12-31', '2024-12-31');
SELECT count(*) FROM tiering.retention('co_empty');
SELECT count(*) FROM tiering.yearly_retention('co_empty');

-- Random histories over two years: customers come, move, leave and come back, up to
-- three times a day, are recorded late, and some moves come after later ones
SELECT tiering.create_ladder('co_random', 'assets', '{low,mid,high}', '{NULL,100,1000}'),
	tiering.publish('co_random', '2020-01-01');
WITH drawn AS (
	SELECT c, i, t.random(c * 100 + i) AS r,
		date '2023-01-01' + floor(730 * t.random(c * 100 + i + 50000000)
			* CASE WHEN i % 3 = 0 THEN 0.7 ELSE 1 END)::int / 10 * 10 AS as_of,
		(ARRAY['low', 'mid', 'high',
		NULL])[1 + floor(4 * t.random(c * 100 + i + 60000000))::int] AS to_tier
	FROM generate_series(1, 400) c, generate_series(1, 9) i
	WHERE i <= 1 + 9 * t.random(c)
)
INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction, cause,
	version, measure, recorded_at, recorded_by)
SELECT 'co_random', repeat('0', c % 7) || c, as_of,
	CASE WHEN to_tier IS NULL OR r < 0.8 THEN 'low' END, to_tier,
	CASE WHEN to_tier IS NULL THEN 'exit' WHEN r < 0.8 THEN 'lateral' ELSE 'new' END, 'manual', 1,
	CASE WHEN r >= 0.05 THEN round(CASE WHEN r < 0.1 THEN 1e30 ELSE 1e6 END * (r - 0.5),
		(8 * r)::int) END,
	as_of + floor(40 * r)::int, 'me'
FROM drawn ORDER BY t.random(c * 100 + i + 70000000);
-- and some do not stand any more
INSERT INTO tiering.superseded SELECT move, scheme,
	recorded_at::date - date '2000-01-01' + floor(60 * t.random(move::int))::int
FROM tiering.migration WHERE scheme = 'co_random' AND move % 12 = 5;
SELECT t.batches('co_random');
SELECT count(*) > 1500 AS many, count(*) - count(DISTINCT (customer_id, as_of)) > 20 AS on_one_day,
	count(*) FILTER (WHERE to_tier IS NULL) > 300 AS exits
FROM tiering.migration WHERE scheme = 'co_random';
SELECT count(*) AS spans, count(*)
	FILTER (WHERE t.cohort_differs('co_random', a, b, known)) AS differ,
	count(*) FILTER (WHERE (SELECT count(*)
		FROM tiering.migration_matrix('co_random', a, b, known)) > 12) > 30 AS many_cells
FROM (SELECT date '2022-12-25' + LEAST(x, y) AS a, date '2022-12-25' + GREATEST(x, y) AS b,
		CASE WHEN n % 3 = 0 THEN timestamptz '2023-01-01' + floor(800 * t.random(n + 3000)) *
			interval '1 day' END AS known
	  FROM (SELECT n, floor(750 * t.random(n + 1000))::int AS x,
		floor(750 * t.random(n + 2000))::int AS y FROM generate_series(1, 90) n) d) s;
-- the shares of a tier's customers make up all of them, but for rounding
SELECT from_tier, sum(customers) = (SELECT sum(customers)
	FROM t.cohort('co_random', '2023-06-30', '2023-06-30') c
	WHERE c.from_tier = m.from_tier) AS cohort,
	abs(sum(share) - 1) < 0.00001 AS whole,
		bool_and(share BETWEEN share_low AND share_high) AS within
FROM tiering.migration_matrix('co_random', '2023-06-30', '2024-06-30') m WHERE from_tier IS NOT NULL
	GROUP BY from_tier ORDER BY from_tier;

-- Retention from the same plain SQL
SELECT t.differences($$SELECT year, tier, customers, kept, up, down, exit, retention, churn
	FROM tiering.retention('co_random')
	UNION ALL SELECT year, NULL, customers, kept, up, down, exit, retention, churn
	FROM tiering.yearly_retention('co_random')$$, $$
	SELECT year, from_tier, count(*), count(*) FILTER (WHERE from_tier = to_tier), count(*)
		FILTER (WHERE ranks[1] < ranks[2]), count(*) FILTER (WHERE ranks[1] > ranks[2]),
		count(*) FILTER (WHERE to_tier IS NULL), round(count(to_tier) / count(*)::numeric, 6),
			round(1 - count(to_tier) / count(*)::numeric, 6)
	FROM (SELECT 2024 AS year, c.*,
		ARRAY[array_position('{low,mid,high}', from_tier),
		array_position('{low,mid,high}', to_tier)] AS ranks
		  FROM t.cohort('co_random', '2023-12-31', '2024-12-31') c, generate_series(1, c.customers)
			WHERE from_tier IS NOT NULL) x
	GROUP BY GROUPING SETS ((year), (year, from_tier))
	UNION ALL SELECT 2023, NULL, 0, 0, 0, 0, 0, NULL, NULL$$) AS differ;

-- What refreshes and hands did, against the view of the same name: between two refreshes the same
-- moved,
-- with the same money
SELECT tiering.create_ladder('co_nightly', 'assets', '{low,mid,high}', '{NULL,100,1000}'),
	tiering.publish('co_nightly', '2024-01-01');
CREATE TABLE t.co_assets AS SELECT m AS as_of, c::text AS customer_id,
	round(10 ^ (4 * t.random(c * 13 + m)), 2) AS assets
FROM generate_series(1, 300) c, generate_series(1, 6) m WHERE t.random(c * 17 + m) < 0.9;
SELECT tiering.set_source('co_nightly',
	$$SELECT customer_id, assets FROM t.co_assets WHERE as_of = extract(month FROM $1)$$);
SET client_min_messages = warning;
DO $$
BEGIN
	FOR m IN 1 .. 6 LOOP
		PERFORM tiering.refresh('co_nightly',
			(make_date(2024, m, 1) + interval '1 month')::date - 1);
		UPDATE tiering.assignment SET tier = 'mid' WHERE scheme = 'co_nightly'
			AND customer_id::int % 9 = m AND tier <> 'mid';
		DELETE FROM tiering.assignment WHERE scheme = 'co_nightly' AND customer_id::int % 50 = m;
	END LOOP;
END;
$$;
RESET client_min_messages;
SELECT v.as_of, count(*), count(*)
	FILTER (WHERE v.customers IS DISTINCT FROM m.customers OR v.direction <> m.direction
	OR (v.from_rank, v.to_rank) IS DISTINCT FROM (m.from_rank, m.to_rank)
		OR (v.measure_from, v.measure_to) IS DISTINCT FROM (m.measure_from, m.measure_to)) AS differ
FROM (SELECT * FROM tiering.migration_matrix WHERE scheme = 'co_nightly') v FULL JOIN (
	SELECT as_of, c.* FROM generate_series(1, 6) n,
		LATERAL (SELECT (make_date(2024, n, 1) + interval '1 month')::date - 1) d (as_of),
		LATERAL tiering.migration_matrix('co_nightly', make_date(2024, n, 1) - 1, as_of) c) m
	ON m.as_of = v.as_of AND m.from_tier IS NOT DISTINCT FROM v.from_tier AND m.to_tier
		IS NOT DISTINCT FROM v.to_tier
GROUP BY v.as_of ORDER BY v.as_of;
-- the year goes on until the last refresh
SELECT year, until, tier, customers FROM tiering.retention('co_nightly');
SELECT year, until, customers FROM tiering.yearly_retention('co_nightly');

-- Numbers of any size; more moves than work_mem fits wait in a file, and parallel workers read the
-- same
SELECT tiering.create_ladder('co_large', 'assets', '{low,mid,high}', '{NULL,100,1000}'),
	tiering.publish('co_large', '2020-01-01');
INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction, cause,
	version, measure, recorded_by)
SELECT 'co_large', 'customer number ' || c, date '2023-12-01' + i, CASE WHEN i > 1 THEN 'low' END,
	(ARRAY['low', 'mid', 'high'])[1 + ((hashint4(c) & 1023) + i / 20) % 3],
	CASE i WHEN 1 THEN 'new' ELSE 'lateral' END, 'rule', 1,
	CASE c WHEN 1 THEN repeat('98', 10000)::numeric WHEN 2 THEN 1e-3000 ELSE c END, 'me'
FROM generate_series(1, 20000) c, generate_series(1, 60, 20) i;
INSERT INTO tiering.migration (scheme, customer_id, as_of, to_tier, direction, cause, version,
	measure, recorded_by) VALUES
	('co_large', repeat('x', 20000), '2023-12-01', 'low', 'new', 'rule', 1, 0.5, 'me'),
	('co_large', '', '2024-12-01', 'high', 'new', 'rule', 1, 'NaN', 'me');
ANALYZE tiering.migration;
SET work_mem = '64kB';
CREATE FUNCTION t.temp_blocks(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Temp Written Blocks')::bigint;
END;
$$;
SELECT t.temp_blocks($$SELECT
	FROM _tiering.migration_counts('co_large', '2023-12-31', '2024-12-31', NULL)$$) > 100
		AS in_a_file;
WITH plain AS MATERIALIZED (
	SELECT (SELECT k.to_tier FROM tiering.migration k WHERE k.scheme = 'co_large'
		AND k.customer_id = c.customer_id AND k.as_of <= '2023-12-31'
			ORDER BY k.as_of DESC, k.move DESC LIMIT 1) AS from_tier, c.to_tier
	FROM (SELECT DISTINCT ON (customer_id) * FROM tiering.migration WHERE scheme = 'co_large'
		AND as_of <= '2024-12-31' ORDER BY customer_id, as_of DESC, move DESC) c
)
SELECT count(*), count(*) FILTER (WHERE p.customers IS DISTINCT FROM m.customers) AS differ
FROM (SELECT from_tier, to_tier, count(*) AS customers FROM plain
	GROUP BY 1, 2) p
	FULL JOIN tiering.migration_matrix('co_large', '2023-12-31', '2024-12-31') m ON m.from_tier
		IS NOT DISTINCT FROM p.from_tier AND m.to_tier = p.to_tier;
RESET work_mem;
CREATE TEMP TABLE serial AS SELECT *
	FROM tiering.migration_matrix('co_large', '2023-12-20', '2024-01-31');
SELECT t.parallel();
-- nor is it for nothing: else the few rows of superseded would be gathered, and nothing else
SET LOCAL parallel_setup_cost = 100;
SELECT launched > 0 AS parallel
	FROM t.workers($$SELECT count(customer_id) FROM _tiering.known_moves('co_large', NULL)$$);
SELECT count(*), count(s.customers), count(*)
	FILTER (WHERE m.customers IS DISTINCT FROM s.customers) AS differ
FROM tiering.migration_matrix('co_large', '2023-12-20', '2024-01-31') m FULL JOIN serial s
	USING (from_tier, to_tier);

-- known_moves() is planned as part of what calls it, so that an index of the table serves
CREATE FUNCTION t.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan;
END;
$$;
SELECT p ~ 'migration_customer' AS indexed, p ~ 'Function' AS called,
	p ~ 'm.batch <=|batch <=' AS by_time
FROM unnest(ARRAY[t.plan($$SELECT move FROM _tiering.known_moves('co', NULL)
	WHERE customer_id = 'rises'$$),
	t.plan($$SELECT move FROM _tiering.known_moves('co', '2024-01-01')
		WHERE customer_id = 'rises'$$)]) p;

-- Reports take a grant, and no right to the tables
CREATE ROLE tiering_cohorts;
GRANT USAGE ON SCHEMA t TO tiering_cohorts;
SET ROLE tiering_cohorts;
SELECT t.fails(q) FROM (VALUES ($$SELECT *
	FROM tiering.migration_matrix('co', '2023-12-31', '2024-12-31')$$),
	($$SELECT * FROM tiering.retention('co')$$),
	($$SELECT * FROM tiering.yearly_retention('co')$$),
	($$SELECT * FROM _tiering.migration_counts('co', '2023-12-31', '2024-12-31', NULL)$$),
	($$SELECT * FROM _tiering.known_moves('co', NULL)$$)) v (q);
RESET ROLE;
GRANT EXECUTE ON FUNCTION tiering.migration_matrix(text, date, date, timestamptz, text),
	tiering.retention(text, timestamptz) TO tiering_cohorts;
SET ROLE tiering_cohorts;
SELECT sum(customers) FROM tiering.migration_matrix('co', '2023-12-31', '2024-12-31');
SELECT count(*) FROM tiering.retention('co');
RESET ROLE;
ROLLBACK;
