-- Reports by branch: each adds up to the report without it, and the past stays as it was.
CREATE SCHEMA dims;
-- 400 customers in six months: some come, some go, some change the branch or have none
CREATE TABLE dims.had AS
SELECT c AS id, (d + interval '1 month - 1 day')::date AS month,
	round(t.random(s.seed) * 200000, 2) AS average,
	(ARRAY['north', 'south', 'O''Hare "1"', NULL])[1 + floor(t.random(s.seed + 1000000) * 4)::int]
		AS branch
FROM generate_series(1, 400) c, generate_series(date '2026-01-01', '2026-06-01', '1 month') d,
	LATERAL (SELECT c * 100 + extract(month FROM d)::int AS seed) s
WHERE t.random(s.seed + 2000000) < 0.9;
SELECT tiering.create_ladder('dims', 'average', '{mass,silver,gold}', '{NULL,50000,120000}'),
	tiering.publish('dims', '2026-01-01'), tiering.keep_assessments('dims', 'all', NULL),
	tiering.set_source('dims',
		'SELECT id AS customer_id, average FROM dims.had WHERE month = $1');
-- customers of other schemes may be among them, and one of ours not
CREATE TABLE dims.customer AS SELECT id, month, branch, 'm' || id % 3 AS manager FROM dims.had
	WHERE id % 13 > 0
UNION ALL SELECT 1000 + g, '2026-03-31', 'north', 'm' FROM generate_series(1, 9) g;

-- who may bind what
SELECT t.fails(q) FROM unnest(ARRAY[
	'SELECT tiering.set_dimensions(''nowhere'', ''SELECT 1 AS customer_id, 2 AS branch'')',
	'SELECT tiering.set_dimensions(''dims'', ''SELECT 1 AS customer_id'')',
	'SELECT tiering.set_dimensions(''dims'', ''SELECT 1 AS customer, 2 AS branch'')',
	'SELECT tiering.set_dimensions(''dims'', ''SELECT 1 AS customer_id, 2 AS b, 3 AS b'')',
	'SELECT tiering.set_dimensions(''dims'', ''SELECT id AS customer_id, branch FROM customer'')',
	'SELECT tiering.set_dimensions(''dims'', ''DELETE FROM dims.had'')',
	'SELECT tiering.tier_distribution_by(''dims'', ''branch'')']) q;
CREATE ROLE t_dims_binds;
CREATE ROLE t_dims_reads;
SELECT tiering.grant_role('t_dims_binds', 'bind'), tiering.grant_role('t_dims_reads', 'report');
SET ROLE t_dims_reads;
SELECT tiering.set_dimensions('dims', 'SELECT 1 AS customer_id, 2 AS branch');
-- it runs with the rights of who bound it
SET ROLE t_dims_binds;
SELECT tiering.set_dimensions('dims',
	'SELECT id AS customer_id, branch, manager FROM dims.customer WHERE month = $1');
RESET ROLE;
GRANT USAGE ON SCHEMA dims TO t_dims_binds;
GRANT SELECT ON dims.customer TO t_dims_binds;
SET ROLE t_dims_binds;
SELECT tiering.set_dimensions('dims',
	'SELECT id AS customer_id, branch, manager FROM dims.customer WHERE month = $1;');
SELECT names, set_by FROM tiering.dimensions_source WHERE scheme = 'dims';
RESET ROLE;
SELECT t.fails('UPDATE tiering.dimensions_source SET query = ''SELECT 1'' WHERE scheme = ''dims''');
SET client_min_messages = warning;

-- the refreshes; the third is made again
SELECT (tiering.refresh('dims', d)).as_of FROM unnest('{2026-01-31,2026-02-28,2026-03-31,2026-03-31,
	2026-04-30,2026-05-31,2026-06-30}'::date[]) d;
-- a row for what changed, and no other
CREATE VIEW dims.kept AS
SELECT d.*, k.dimension, d.told[k.place] AS value
FROM tiering.customer_dimension d JOIN tiering.kept_dimension k USING (scheme)
WHERE d.told[k.place] IS NOT NULL;
SELECT count(*) FILTER (WHERE to_as_of IS NULL) AS open, count(*) FILTER (WHERE to_as_of
	= from_as_of) AS empty, count(DISTINCT (customer_id, dimension)) AS of
FROM dims.kept WHERE scheme = 'dims';
CREATE FUNCTION dims.off_days() RETURNS TABLE (month date, kept bigint, known bigint, off bigint)
LANGUAGE sql SET search_path = pg_catalog AS $$
	SELECT m.month, count(d.value), count(c.value), count(*) FILTER (WHERE d.value
		IS DISTINCT FROM c.value)
	FROM (SELECT DISTINCT h.month FROM dims.had h) m
		CROSS JOIN unnest('{branch,manager}'::text[]) name
		CROSS JOIN LATERAL (SELECT * FROM dims.kept d
			WHERE d.scheme = 'dims' AND d.dimension = name AND d.from_as_of <= m.month
				AND COALESCE(d.to_as_of > m.month, true)) d
		FULL JOIN (SELECT _tiering.number_now('dims', c.id::text) AS customer_id, c.month, v.name,
				v.value FROM dims.customer c
			CROSS JOIN LATERAL (VALUES ('branch', c.branch), ('manager', c.manager)) v(name, value)
			WHERE v.value IS NOT NULL AND c.id < 1000) c
			ON c.customer_id = d.customer_id AND c.month = m.month AND c.name = d.dimension
	GROUP BY m.month ORDER BY m.month
$$;
SELECT * FROM dims.off_days();

-- each day by each dimension against plain SQL, and against the report without it
CREATE FUNCTION dims.tier(average numeric) RETURNS text LANGUAGE sql
	RETURN CASE WHEN average >= 120000 THEN 'gold' WHEN average >= 50000 THEN 'silver'
		ELSE 'mass' END;
CREATE VIEW dims.stood AS
SELECT h.month, d.dimension, COALESCE(CASE d.dimension WHEN 'branch' THEN c.branch
		ELSE c.manager END, 'unknown') AS value, h.id, dims.tier(h.average) AS tier, h.average
FROM dims.had h LEFT JOIN dims.customer c USING (id, month)
	CROSS JOIN (VALUES ('branch'), ('manager')) d(dimension);
CREATE FUNCTION dims.both(ours text, oracle text) RETURNS TABLE (rows bigint, off bigint)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('WITH o AS (%s), e AS (%s)
		SELECT (SELECT count(*) FROM o), (SELECT count(*) FROM (TABLE o EXCEPT ALL TABLE e) x)
			+ (SELECT count(*) FROM (TABLE e EXCEPT ALL TABLE o) x)', ours, oracle);
END;
$$;
SELECT * FROM dims.both($$
	SELECT m.month, n, d.value, d.tier, d.customers, d.measure
	FROM (SELECT DISTINCT month FROM dims.had) m, unnest('{branch,manager}'::text[]) n,
		tiering.tier_distribution_by('dims', n, m.month) d$$, $$
	SELECT month, dimension, value, tier, count(*), sum(average) FROM dims.stood
	GROUP BY 1, 2, 3, 4$$);
SELECT * FROM dims.both($$SELECT value, tier, customers, measure
	FROM tiering.tier_distribution_by('dims', 'branch')$$, $$
	SELECT value, tier, count(*), sum(average) FROM dims.stood
	WHERE month = '2026-06-30' AND dimension = 'branch' GROUP BY 1, 2$$);
SELECT * FROM dims.both($$SELECT tier, sum(customers)::bigint, sum(measure), bool_and(rank > 0)
	FROM tiering.tier_distribution_by('dims', 'manager') GROUP BY 1$$,
	$$SELECT tier, customers, measure, true FROM tiering.tier_distribution WHERE scheme = 'dims'$$);
-- from one day to another: a customer counts where they are, or were last
CREATE VIEW dims.went AS
SELECT f.month AS from_date, t.month AS to_date, p.dimension, COALESCE(e.value, b.value) AS value,
	b.tier AS from_tier, e.tier AS to_tier, b.average AS had, e.average AS has
FROM (SELECT DISTINCT month FROM dims.had) f JOIN (SELECT DISTINCT month FROM dims.had) t
		ON t.month > f.month
	CROSS JOIN (SELECT DISTINCT id, dimension FROM dims.stood) p
	LEFT JOIN dims.stood b ON b.month = f.month AND b.id = p.id AND b.dimension = p.dimension
	LEFT JOIN dims.stood e ON e.month = t.month AND e.id = p.id AND e.dimension = p.dimension
WHERE num_nonnulls(b.id, e.id) > 0;
CREATE TABLE dims.span (from_date date, to_date date, dimension text);
INSERT INTO dims.span VALUES ('2026-01-31', '2026-02-28', 'branch'),
	('2026-01-31', '2026-06-30', 'branch'), ('2026-03-31', '2026-04-30', 'manager');
SELECT * FROM dims.both($$
	SELECT s.*, m.value, m.from_tier, m.to_tier, m.customers, m.measure_from, m.measure_to
	FROM dims.span s,
		tiering.migration_matrix('dims', from_date, to_date, by => s.dimension) m$$, $$
	SELECT from_date, to_date, dimension, value, from_tier, to_tier, count(*), sum(had), sum(has)
	FROM dims.went JOIN dims.span USING (from_date, to_date, dimension)
	GROUP BY 1, 2, 3, 4, 5, 6$$);
SELECT * FROM dims.both($$
	SELECT s.*, m.from_tier, m.to_tier, m.direction, m.from_rank, m.to_rank,
		sum(m.customers)::bigint, sum(m.measure_from), sum(m.measure_to)
	FROM dims.span s, tiering.migration_matrix('dims', from_date, to_date, by => s.dimension) m
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8$$, $$
	SELECT s.*, m.from_tier, m.to_tier, m.direction, m.from_rank, m.to_rank, m.customers,
		m.measure_from, m.measure_to
	FROM dims.span s, tiering.migration_matrix('dims', from_date, to_date) m$$);
SELECT * FROM dims.both($$
	SELECT s.*, b.tier, b.rank, sum(b.opening), sum(b.new), sum(b.exit), sum(b.migrated_in),
		sum(b.migrated_out), sum(b.growth), sum(b.unmeasured), sum(b.closing)
	FROM dims.span s, tiering.measure_bridge('dims', from_date, to_date, by => s.dimension) b
	GROUP BY 1, 2, 3, 4, 5$$, $$
	SELECT s.*, b.tier, b.rank, b.opening, b.new, b.exit, b.migrated_in, b.migrated_out, b.growth,
		b.unmeasured, b.closing
	FROM dims.span s, tiering.measure_bridge('dims', from_date, to_date) b$$);
SELECT count(*) AS cells, count(*) FILTER (WHERE opening + new + exit + migrated_in + migrated_out
	+ growth + unmeasured <> closing) AS off
FROM dims.span s, tiering.measure_bridge('dims', from_date, to_date, by => s.dimension);
SELECT * FROM dims.both($$
	SELECT sum(new), sum(up), sum(down), sum(lateral_moves), sum(exit), sum(stayed)
	FROM tiering.migration_summary_by('dims', 'branch', '2026-05-31', '2026-06-30')$$, $$
	SELECT new::numeric, up::numeric, down::numeric, lateral_moves::numeric, exit::numeric,
		stayed::numeric FROM tiering.migration_summary
	WHERE scheme = 'dims' AND as_of = '2026-06-30'$$);
-- shares, and a day between two assessments: heads, no money
SELECT value, sum(customers_share), round(sum(measure_share), 4) AS measure_share
FROM tiering.tier_distribution_by('dims', 'branch', '2026-03-31') GROUP BY 1 ORDER BY 1;
SELECT * FROM dims.both($$SELECT value, tier, customers, measure
	FROM tiering.tier_distribution_by('dims', 'branch', '2026-04-15')$$, $$SELECT value, tier,
	count(*), NULL::numeric FROM dims.stood WHERE month = '2026-03-31' AND dimension = 'branch'
	GROUP BY 1, 2$$);

-- two schemes beside each other
SELECT tiering.copy_scheme('dims', 'dims_two'), tiering.publish('dims_two', '2026-01-01'),
	tiering.set_source('dims_two', 'SELECT id AS customer_id, 200000 - average AS average
	FROM dims.had WHERE month = $1 AND id % 2 = 0');
SELECT (tiering.refresh('dims_two', '2026-05-31')).customers > 0 AS refreshed;
SELECT * FROM dims.both($$
	SELECT * FROM tiering.cross_distribution('dims', 'dims_two', '2026-05-31')$$, $$
	SELECT dims.tier(average), CASE WHEN id % 2 = 0 THEN dims.tier(200000 - average) END, count(*),
		sum(average), sum(200000 - average) FILTER (WHERE id % 2 = 0)
	FROM dims.had WHERE month = '2026-05-31' GROUP BY 1, 2$$);

-- an assessment that is taken back takes its dimensions with it; a customer gets a number
SELECT (tiering.void_assessment('dims', '2026-06-30', 'too early')).now_as_of;
SELECT month, off FROM dims.off_days() WHERE month IN ('2026-05-31', '2026-06-30');
SELECT tiering.rename_customer('dims', '8', 'eight', '2026-05-31', 'a new number');
SELECT customer_id, count(*) > 0 AS has FROM tiering.customer_dimension
WHERE scheme = 'dims' AND customer_id IN ('8', 'eight') GROUP BY 1;
SELECT (tiering.refresh('dims', '2026-06-30')).as_of;
SELECT sum(off) FROM dims.off_days() WHERE month > '2026-05-31';

-- of two rows of a customer the one of the number that they have counts
SELECT tiering.set_dimensions('dims', 'SELECT id::text AS customer_id, branch, manager
	FROM dims.customer WHERE month = $1 UNION ALL SELECT ''eight'', ''west'', ''m9''');
SELECT (tiering.refresh('dims', '2026-06-30')).written;
SELECT dimension, value FROM tiering.current_dimension
WHERE scheme = 'dims' AND customer_id = 'eight' ORDER BY 1;
SET ROLE t_dims_binds;
SELECT tiering.set_dimensions('dims',
	'SELECT id AS customer_id, branch, manager FROM dims.customer WHERE month = $1');
RESET ROLE;
SELECT (tiering.refresh('dims', '2026-06-30')).written;
SELECT sum(off) FROM dims.off_days() WHERE month > '2026-05-31';

-- what cannot be kept stops the night, and names nobody to who may not know
CREATE ROLE t_dims_night;
SELECT tiering.grant_role('t_dims_night', 'grade');
GRANT USAGE ON SCHEMA t TO t_dims_night;
INSERT INTO dims.had VALUES (1, '2026-07-31', 1), (2, '2026-07-31', 2);
INSERT INTO dims.customer VALUES (1, '2026-07-31', 'north', 'm'), (2, '2026-07-31', 'north', 'm'),
	(2, '2026-07-31', 'south', 'm');
SELECT t.fails('SELECT tiering.refresh(''dims'', ''2026-07-31'')');
SET ROLE t_dims_night;
SELECT t.fails('SELECT tiering.refresh(''dims'', ''2026-07-31'')');
RESET ROLE;
-- nor is a customer in two branches, one of which is that of before
SELECT min(customer_id) AS somebody FROM tiering.current_dimension
WHERE scheme = 'dims' AND dimension = 'branch' AND value = 'south' \gset
INSERT INTO dims.customer VALUES (:somebody, '2026-07-31', 'north', 'm'),
	(:somebody, '2026-07-31', 'south', 'm');
SELECT t.fails('SELECT tiering.refresh(''dims'', ''2026-07-31'')') ~ 'more than once' AS refused;
DELETE FROM dims.customer WHERE id = :somebody AND month = '2026-07-31';
DELETE FROM dims.customer WHERE id = 2 AND branch = 'north' AND month = '2026-07-31';
UPDATE dims.customer SET id = NULL WHERE branch = 'south' AND month = '2026-07-31';
SELECT t.fails('SELECT tiering.refresh(''dims'', ''2026-07-31'')');
SELECT refreshed_as_of FROM tiering.source WHERE scheme = 'dims';

-- targets
GRANT USAGE ON SCHEMA dims TO t_dims_reads;
GRANT SELECT ON dims.stood TO t_dims_reads;
INSERT INTO tiering.target VALUES ('dims', 'branch', 'north', 'gold', '2026-06-30', 40, 5000000),
	('dims', 'branch', 'east', 'gold', '2026-06-30', 1, NULL),
	('dims', 'branch', 'north', 'gold', '2026-12-31', 50, NULL),
	('dims', 'region', 'unknown', 'gold', '2026-05-31', 50, NULL);
-- nobody is in a value, a dimension is not there, a tier is not
INSERT INTO tiering.target VALUES ('dims', 'branch', 'nowhere', 'gold', '2026-06-30', 1, 1),
	('dims', 'brunch', 'north', 'gold', '2026-06-30', 1, 1),
	('dims', 'branch', 'north', 'golden', '2026-06-30', 1, 1);
SELECT dimension, value, tier, customers, measure FROM tiering.target_actual
WHERE scheme = 'dims' AND target_customers = 1 AND target_measure = 1 ORDER BY 1, 2, 3;
-- which the comments of both say how to find
SELECT t.dimension, t.tier FROM tiering.target t WHERE scheme = 'dims' AND t.measure = 1 AND (
	NOT EXISTS (SELECT FROM tiering.tier r WHERE (r.scheme, r.tier) = (t.scheme, t.tier))
	OR NOT EXISTS (SELECT FROM tiering.dimensions_source d WHERE d.scheme = t.scheme
		AND t.dimension = ANY (d.names))) ORDER BY 1;
SELECT a.dimension, a.tier FROM tiering.target_actual a JOIN tiering.source s USING (scheme)
WHERE a.customers IS NULL AND a.as_of <= s.refreshed_as_of AND scheme = 'dims'
	AND a.target_measure = 1 ORDER BY 1;
DELETE FROM tiering.target WHERE scheme = 'dims' AND customers = 1 AND measure = 1;
SET ROLE t_dims_reads;
SELECT t.dimension, t.value, t.as_of, t.target_customers, t.customers = (SELECT count(*)
		FROM dims.stood s WHERE s.month = t.as_of AND s.value = t.value AND s.tier = t.tier
			AND s.dimension = t.dimension) AS right, t.target_measure, t.measure > 0 AS has_measure
FROM tiering.target_actual t WHERE scheme = 'dims' ORDER BY 1, 2, 3;
RESET ROLE;
-- nothing is reached before the first refresh, and only what is asked for is worked out
SELECT tiering.copy_scheme('dims', 'dims_never'), tiering.publish('dims_never', '2026-01-01'),
	tiering.set_source('dims_never', 'SELECT id AS customer_id, average FROM dims.had
		WHERE month = $1');
INSERT INTO tiering.target VALUES ('dims_never', 'branch', 'north', 'gold', '2026-06-30', 1, 1),
	('dims_two', 'branch', 'unknown', 'gold', '2026-05-31', 9, NULL),
	('dims', 'branch', 'north', 'mass', '2026-06-30', 40, NULL),
	('dims', 'branch', 'north', 'mass', '2026-05-31', 40, NULL),
	('dims', 'manager', 'm1', 'mass', '2026-06-30', 40, NULL);
SELECT customers, measure FROM tiering.target_actual WHERE scheme = 'dims_never';
CREATE FUNCTION dims.runs(condition text, OUT targets bigint, OUT runs bigint)
LANGUAGE plpgsql AS $$
DECLARE
	before bigint := COALESCE(sum(calls), 0) FROM pg_stat_xact_user_functions
		WHERE funcname = 'shown_by';
BEGIN
	EXECUTE 'SELECT count(*) FROM (SELECT customers, measure FROM tiering.target_actual WHERE '
		|| condition || ' OFFSET 0) x' INTO targets;
	SELECT COALESCE(sum(calls), 0) - before INTO runs FROM pg_stat_xact_user_functions
	WHERE funcname = 'shown_by';
END;
$$;
SET track_functions = 'all';
SELECT c, r.targets, CASE WHEN c ~ 'LIKE' THEN r.runs < r.targets ELSE true END AS shared,
	CASE WHEN c !~ 'LIKE' THEN r.runs END AS runs
FROM unnest(ARRAY['scheme = ''dims_two''', 'scheme = ''dims''',
	'scheme = ''dims'' AND as_of = ''2026-06-30''', 'scheme = ''dims'' AND as_of > ''2026-05-31''',
	'scheme = ''dims'' AND dimension = ''manager''', 'scheme LIKE ''dims%''']) c, dims.runs(c) r;
RESET track_functions;
SET ROLE t_dims_reads;
SELECT value, sum(customers) > 0 AS some FROM tiering.staffing_by('dims', 'manager')
GROUP BY 1 ORDER BY 1;
SELECT count(DISTINCT customer_id) > 200 AS many FROM tiering.current_dimension
WHERE scheme = 'dims' AND dimension = 'branch';
RESET ROLE;
SELECT t.fails('INSERT INTO tiering.target VALUES (''dims'', ''a'', ''b'', ''c'', ''2026-01-01'')');

-- unbound: nobody has any from the next assessment on, and the past stays
SELECT tiering.set_dimensions('dims', NULL);
SELECT (tiering.refresh('dims', '2026-07-31')).customers;
SELECT value, tier, customers FROM tiering.tier_distribution_by('dims', 'branch');
SELECT sum(off) AS off FROM dims.off_days() WHERE month < '2026-06-30';
SELECT t.fails('SELECT tiering.tier_distribution_by(''dims'', ''region'')');
SELECT t.fails('SELECT tiering.tier_distribution_by(''dims'', NULL)');
SELECT t.fails('SELECT tiering.migration_summary_by(''dims'', NULL, ''2026-05-31'',
	''2026-06-30'')');
SELECT t.fails('SELECT tiering.tier_distribution_by(''dims'', ''branch'', ''infinity'')');
SELECT t.fails('SELECT tiering.migration_matrix(''dims'', ''2026-05-31'', ''2026-06-30'',
	by => ''region'')');
SELECT t.fails('SELECT tiering.migration_matrix(''dims'', ''2026-05-31'', ''2026-04-30'',
	by => ''branch'')');

-- now is not the last assessment: what one customer had at their own, and who was moved by hand
-- as of a later day, is there, too
CREATE FUNCTION dims.off_now() RETURNS bigint LANGUAGE sql AS $$
	WITH d AS (SELECT tier, sum(customers) AS customers, sum(measure) AS measure
			FROM tiering.tier_distribution_by('dims', 'branch') GROUP BY tier),
		c AS (SELECT tier_a, sum(customers), sum(measure_a)
			FROM tiering.cross_distribution('dims', 'dims') GROUP BY tier_a),
		n AS (SELECT tier, count(*), sum(measure) FROM _tiering.customer_now WHERE scheme = 'dims'
			GROUP BY tier)
	SELECT count(*) FROM ((TABLE d EXCEPT TABLE n) UNION ALL (TABLE n EXCEPT TABLE d)
		UNION ALL (TABLE c EXCEPT TABLE n) UNION ALL (TABLE n EXCEPT TABLE c)) x
$$;
SELECT dims.off_now();
INSERT INTO dims.had VALUES (1, '2026-08-10', 49999);
SELECT stayed, up, down, dims.off_now() FROM tiering.assess('dims', '2026-08-10', '{1}', 'asked');
INSERT INTO dims.had VALUES (1, '2026-08-31', 49999), (2, '2026-08-31', 60000);
SELECT stayed, up, down, dims.off_now() FROM tiering.refresh('dims', '2026-08-31');
UPDATE tiering.assignment SET tier = 'gold', as_of = '2026-09-05'
WHERE scheme = 'dims' AND customer_id = '2';
SELECT dims.off_now();
-- who is no customer any more is told by what was recorded since: one who left under the number of
-- before, one who was never there, one who was taken back, one who became one with another
CREATE TABLE dims.few AS SELECT c, d FROM unnest('{a,b,c,e,f,g}'::text[]) c,
	unnest('{2026-01-31,2026-02-28,2026-03-31}'::date[]) d WHERE c <> 'b' OR d > '2026-01-31';
SELECT tiering.create_ladder('dims_left', 'average', '{mass}', '{NULL}'),
	tiering.publish('dims_left', '2026-01-01'), tiering.keep_assessments('dims_left', 'all'),
	tiering.set_source('dims_left', 'SELECT c AS customer_id, 1 AS average FROM dims.few
		WHERE d = $1'),
	tiering.set_dimensions('dims_left', 'SELECT c AS customer_id, ''north'' AS branch
		FROM unnest(''{a,a2,b,c,e,f,g}''::text[]) c');
SELECT (tiering.refresh('dims_left', d)).customers FROM unnest('{2026-01-31,2026-02-28}'::date[]) d;
SELECT tiering.rename_customer('dims_left', 'a', 'a2', '2026-03-01', 'a new card'),
	tiering.merge_customers('dims_left', 'e', '{f}', '2026-03-01', 'into', 'one person');
DELETE FROM tiering.assignment WHERE scheme = 'dims_left' AND customer_id = 'a2';
DELETE FROM dims.few WHERE c = 'b' OR c IN ('a', 'c', 'f') AND d > '2026-02-28';
SELECT superseded, recorded FROM tiering.restate('dims_left', '2026-02-28', '{b}');
SELECT (tiering.refresh('dims_left', '2026-03-31')).customers;
SELECT customer_id, since FROM tiering.current_dimension WHERE scheme = 'dims_left' ORDER BY 1;
SELECT value, tier, customers FROM tiering.tier_distribution_by('dims_left', 'branch');
-- whoever was gone is there again when that is taken back, and a row of theirs may be yielded twice
SELECT (tiering.void_assessment('dims_left', '2026-03-31', 'too early')).now_as_of;
SELECT customer_id, since FROM tiering.current_dimension WHERE scheme = 'dims_left' ORDER BY 1;
SELECT tiering.set_dimensions('dims_left', 'SELECT c AS customer_id, ''north'' AS branch
	FROM unnest(''{a,a2,a2,b,b,c,c,e,f,f,g,h,h}''::text[]) c');
SELECT (tiering.refresh('dims_left', '2026-03-31')).customers;
SELECT customer_id, since FROM tiering.current_dimension WHERE scheme = 'dims_left' ORDER BY 1;
-- but not one of a customer, as it was or otherwise
SELECT t.fails(format('SELECT tiering.set_dimensions(''dims_left'', %L),
	tiering.refresh(''dims_left'', ''2026-03-31'')', 'SELECT c AS customer_id, ' || w || ' AS branch
	FROM unnest(''{c,e,g,g}''::text[]) WITH ORDINALITY c(c, o)'))
FROM unnest('{''north'',''south'',"CASE WHEN o = 4 THEN ''south'' ELSE ''north'' END"}'::text[]) w;
-- amounts of any width, and none, are added up exactly, also where memory is too little
CREATE TABLE dims.wide AS
SELECT lpad(c::text, 6, '0') || repeat('x', c % 40) AS customer_id, 'b' || c % 300 AS branch,
	CASE c % 7 WHEN 0 THEN NULL WHEN 1 THEN 1e25 + c WHEN 2 THEN -1 * c / 3.0
		WHEN 3 THEN c * 0.000000000000000000000001 WHEN 4 THEN 922337203685477.5807
		ELSE c + 0.01 END AS amount
FROM generate_series(1, 20000) c;
SELECT tiering.create_ladder('dims_wide', 'amount', '{mass,gold}', '{NULL,5000}'),
	tiering.publish('dims_wide', '2026-01-01'), tiering.set_source('dims_wide',
		'SELECT customer_id, amount FROM dims.wide'),
	tiering.set_dimensions('dims_wide', 'SELECT customer_id, branch FROM dims.wide');
SELECT (tiering.refresh('dims_wide', '2026-03-31')).customers;
BEGIN;
SET LOCAL work_mem = '64kB';
CREATE TABLE dims.told AS SELECT value, tier, customers, measure
FROM tiering.tier_distribution_by('dims_wide', 'branch');
COMMIT;
CREATE TABLE dims.summed AS SELECT branch, CASE WHEN amount >= 5000 THEN 'gold' ELSE 'mass' END,
	count(*), sum(amount) FROM dims.wide GROUP BY 1, 2;
SELECT count(*), sum(customers) AS customers FROM dims.told;
(TABLE dims.told EXCEPT ALL TABLE dims.summed)
UNION ALL (TABLE dims.summed EXCEPT ALL TABLE dims.told);
SELECT d.tier, d.customers, d.measure = w.sum AS exact
FROM tiering.distribution_history d JOIN (
	SELECT CASE WHEN amount >= 5000 THEN 'gold' ELSE 'mass' END AS tier, sum(amount)
	FROM dims.wide GROUP BY 1) w USING (tier)
WHERE d.scheme = 'dims_wide' ORDER BY d.tier;
-- What is yielded as it was is not compared, but for who has come or gone, and who is named
CREATE FUNCTION dims.compared(numbers text[]) RETURNS TABLE (customers bigint, buckets int)
LANGUAGE sql AS $$
	SELECT count(r.told), max(length(r.buckets))
	FROM tiering.dimension_digest d CROSS JOIN LATERAL _tiering.dimension_rows(d.scheme,
		'2026-04-30', d.names, _tiering.dimension_places(d.scheme, d.names), d.digest, numbers) r
	WHERE d.scheme = 'dims_wide'
$$;
SELECT * FROM dims.compared('{}');
UPDATE dims.wide SET branch = 'moved' WHERE customer_id ~ '^01777';
SELECT customers BETWEEN 1 AND 500 AS few, buckets FROM dims.compared('{}');
UPDATE dims.wide SET branch = 'b' || customer_id::int % 300 WHERE customer_id = '020000';
DELETE FROM dims.wide WHERE customer_id = '000040';
INSERT INTO dims.wide VALUES ('a new one', 'north', 7);
CREATE TABLE dims.should AS SELECT customer_id, branch FROM dims.wide;
BEGIN;
SET LOCAL work_mem = '64kB';
SELECT new, exit FROM tiering.refresh('dims_wide', '2026-04-30');
COMMIT;
SELECT count(*), count(*) FILTER (WHERE d.from_as_of = '2026-04-30') AS written
FROM tiering.customer_dimension d WHERE d.scheme = 'dims_wide' AND d.to_as_of IS NULL;
SELECT * FROM (SELECT customer_id, told[1] FROM tiering.customer_dimension
		WHERE scheme = 'dims_wide' AND to_as_of IS NULL EXCEPT ALL TABLE dims.should) x
UNION ALL (TABLE dims.should EXCEPT ALL SELECT customer_id, told[1]
	FROM tiering.customer_dimension WHERE scheme = 'dims_wide' AND to_as_of IS NULL);
-- what is no digest is not heeded
UPDATE tiering.dimension_digest SET digest = '\x00' WHERE scheme = 'dims_wide';
BEGIN;
SET LOCAL work_mem = '64kB';
SELECT customers FROM dims.compared('{}');
COMMIT;
SELECT (tiering.refresh('dims_wide', '2026-05-31')).customers;
SELECT names, length(digest) AS bytes FROM tiering.dimension_digest WHERE scheme = 'dims_wide';
-- who is yielded as before, and comes, or leaves
INSERT INTO dims.wide VALUES ('z', 'west', 9);
CREATE FUNCTION dims.with_z(day date, source text) RETURNS TABLE (customers bigint, kept text)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.set_source('dims_wide', source);
	customers := r.customers FROM tiering.refresh('dims_wide', day) r;
	kept := string_agg(concat_ws(' ', d.from_as_of, d.to_as_of, d.told[1]), ', '
		ORDER BY d.from_as_of) FROM tiering.customer_dimension d
		WHERE d.scheme = 'dims_wide' AND d.customer_id = 'z';
	RETURN NEXT;
END;
$$;
SELECT x.* FROM (VALUES ('2026-06-30'::date, false), ('2026-07-31', true), ('2026-08-31', true),
		('2026-09-30', false), ('2026-10-31', true)) v(day, with_z),
	LATERAL dims.with_z(v.day, 'SELECT customer_id, amount FROM dims.wide'
		|| CASE WHEN v.with_z THEN '' ELSE ' WHERE customer_id <> ''z''' END) x;
SELECT count(*) FROM tiering.customer_dimension d
WHERE d.scheme = 'dims_wide' AND d.from_as_of > '2026-05-31' AND d.customer_id <> 'z';
-- nobody's row is told in any case
INSERT INTO dims.wide VALUES (NULL, 'north', NULL);
SELECT customers FROM dims.compared('{}');
SELECT t.fails($$SELECT _tiering.keep_dimensions('dims_wide', '2026-06-30')$$);
DROP OWNED BY t_dims_binds, t_dims_reads, t_dims_night;
DROP ROLE t_dims_binds, t_dims_reads, t_dims_night;
DROP SCHEMA dims CASCADE;
