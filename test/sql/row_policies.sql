-- Row-level policies of the bank's own bind all reports: who is hidden is in none.
CREATE SCHEMA rls;
CREATE ROLE t_rls_north;
CREATE ROLE t_rls_free;
CREATE TABLE rls.had AS
SELECT CASE WHEN g % 2 = 0 THEN 'N' ELSE 'SECRET' END || g AS id, g * 5000 + m * 1000 AS assets,
	date '2026-01-31' + m * 31 AS day, CASE WHEN g % 2 = 0 THEN 'north' ELSE 'south' END AS branch
FROM generate_series(1, 40) g, generate_series(0, 2) m;
SELECT tiering.create_ladder('rls', 'assets', '{mass,silver,gold}', '{NULL,50000,120000}'),
	tiering.publish('rls', '2026-01-01'), tiering.keep_assessments('rls', 'all', NULL),
	tiering.set_source('rls', 'SELECT id AS customer_id, assets FROM rls.had WHERE day = $1'),
	tiering.set_dimensions('rls', 'SELECT id AS customer_id, branch FROM rls.had WHERE day = $1')
	\g /dev/null
SET client_min_messages = warning;
SELECT (tiering.refresh('rls', d)).customers
FROM unnest('{2026-01-31,2026-03-03,2026-04-03}'::date[]) d;
SELECT tiering.grant_role('t_rls_north', 'report'), tiering.grant_role('t_rls_free', 'report');
ALTER TABLE tiering.assignment ENABLE ROW LEVEL SECURITY;
CREATE POLICY north ON tiering.assignment FOR SELECT TO t_rls_north
	USING (scheme = 'rls' AND customer_id LIKE 'N%');
CREATE POLICY free ON tiering.assignment FOR SELECT TO t_rls_free USING (true);

-- how many customers each report tells of, and whether one of them is hidden
CREATE FUNCTION rls.told() RETURNS TABLE (report text, customers numeric, hidden boolean)
LANGUAGE plpgsql AS $$
BEGIN
	FOREACH report IN ARRAY ARRAY['current_tier WHERE scheme = ''rls''',
		'customer_tier_history WHERE scheme = ''rls''', 'current_dimension WHERE scheme = ''rls''',
		'near_upgrade WHERE scheme = ''rls''', 'tiers_on(''rls'', ''2026-03-03'')',
		'shortfall(''rls'')', 'assignment WHERE scheme = ''rls''']
	LOOP
		EXECUTE 'SELECT count(DISTINCT customer_id), bool_or(customer_id ~ ''SECRET'')
			FROM tiering.' || report INTO customers, hidden;
		RETURN NEXT;
	END LOOP;
	hidden := NULL;
	FOREACH report IN ARRAY ARRAY['tier_distribution WHERE scheme = ''rls''',
		'tier_rollup WHERE scheme = ''rls''', 'tier_origin WHERE scheme = ''rls''',
		'tier_distribution_history WHERE scheme = ''rls'' AND as_of = ''2026-03-03''',
		'tier_distribution_history(''rls'', NULL) WHERE as_of = ''2026-04-03''',
		'migration_matrix WHERE scheme = ''rls'' AND as_of = ''2026-03-03''',
		'migration_matrix(''rls'', ''2026-01-31'', ''2026-04-03'')',
		'tier_distribution_by(''rls'', ''branch'')',
		'tier_distribution_by(''rls'', ''branch'', ''2026-02-01'')',
		'cross_distribution(''rls'', ''rls'')']
	LOOP
		EXECUTE 'SELECT sum(customers) FROM tiering.' || report INTO customers;
		RETURN NEXT;
	END LOOP;
END;
$$;
GRANT USAGE ON SCHEMA rls, t TO t_rls_north, t_rls_free;
SELECT kind, counts::json ->> 'customers' AS customers FROM tiering.last_run WHERE scheme = 'rls';
CREATE TABLE rls.whole AS SELECT * FROM rls.told();
GRANT SELECT ON rls.whole TO t_rls_north, t_rls_free;
SET ROLE t_rls_free;
SELECT report FROM rls.told() t JOIN rls.whole w USING (report) WHERE t IS DISTINCT FROM w;
SET ROLE t_rls_north;
SELECT t.report, t.customers, w.customers AS of_all, t.hidden
FROM rls.told() t JOIN rls.whole w USING (report) ORDER BY t.report COLLATE "C";
-- what a run counted is of the whole scheme
SELECT count(*) AS runs, count(counts) AS told FROM tiering.last_run WHERE scheme = 'rls';
-- moves have their numbers for who may read migration, which has them, too
SELECT count(*) = count(move) AS numbered FROM tiering.customer_tier_history;
SELECT tiering.tier_on('rls', 'SECRET1', '2026-03-03') AS hidden,
	tiering.tier_on('rls', 'N2', '2026-03-03') AS seen,
	(SELECT count(*) FROM tiering.customer_status('rls', 'SECRET1')) AS status;
SELECT t.fails(q) FROM unnest(ARRAY['SELECT tiering.history_head(''rls'')',
	'SELECT tiering.customer_report(''rls'', ''SECRET1'')']) q;
-- who turns policies off for themselves is refused
SET row_security = off;
SELECT t.fails('SELECT * FROM tiering.current_tier WHERE scheme = ''rls''');
RESET row_security;
RESET ROLE;
-- one row of any of the three tables that is hidden hides the customer
CREATE POLICY moves ON tiering.migration FOR SELECT TO t_rls_north
	USING (customer_id <> 'N2' OR as_of > '2026-02-01');
ALTER TABLE tiering.migration ENABLE ROW LEVEL SECURITY;
CREATE POLICY kept ON tiering.assessment FOR SELECT TO t_rls_north
	USING (customer_id <> 'N4' OR as_of > '2026-02-01');
ALTER TABLE tiering.assessment ENABLE ROW LEVEL SECURITY;
SET ROLE t_rls_north;
SELECT count(*), bool_or(customer_id IN ('N2', 'N4')) AS hidden FROM tiering.current_tier;
SELECT sum(customers) FROM tiering.tier_distribution;
SELECT count(*) FROM tiering.standing_move WHERE customer_id = 'N2';
RESET ROLE;
-- who was given a view alone cannot be asked whom policies let through
CREATE ROLE t_rls_lent;
GRANT SELECT ON tiering.current_tier TO t_rls_lent;
GRANT USAGE ON SCHEMA t TO t_rls_lent;
SET ROLE t_rls_lent;
SELECT t.fails('SELECT count(*) FROM tiering.current_tier');
RESET ROLE;
DROP OWNED BY t_rls_lent;
DROP ROLE t_rls_lent;
DROP POLICY north ON tiering.assignment;
DROP POLICY free ON tiering.assignment;
DROP POLICY moves ON tiering.migration;
DROP POLICY kept ON tiering.assessment;
-- a policy on one of the three alone hides them from every view as well: what is asked about
-- them, marks of late data, what an error quoted
SELECT tiering.request_override('rls', c, 'floor', 'silver', '[2026-04-03,2027-01-01)', 'asked')
FROM unnest('{N2,SECRET1}'::text[]) c \g /dev/null
SELECT tiering.mark_dirty('rls', c, '2026-03-03')
FROM unnest('{N2,N-new,SECRET1}'::text[]) c \g /dev/null
INSERT INTO tiering.run (scheme, kind, as_of, started, seconds, pid, sqlstate, error, recorded_by)
VALUES ('rls', 'assess', '2026-04-03', now(), 1, 0, '22P02', 'no number: "SECRET1"', 'somebody');
CREATE FUNCTION rls.walked() RETURNS TABLE (report text, told bigint, hidden boolean)
LANGUAGE plpgsql AS $$
BEGIN
	FOR report IN SELECT c.relname FROM pg_class c
		WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind = 'v'
			AND has_table_privilege(c.oid, 'SELECT')
	LOOP
		EXECUTE format('SELECT count(*), bool_or(v::text ~ ''SECRET'') FROM tiering.%I v', report)
		INTO told, hidden;
		RETURN NEXT;
	END LOOP;
END;
$$;
SELECT w.report, w.told FROM rls.walked() w WHERE hidden ORDER BY w.report COLLATE "C";
ALTER TABLE tiering.assignment DISABLE ROW LEVEL SECURITY;
ALTER TABLE tiering.assessment DISABLE ROW LEVEL SECURITY;
ALTER TABLE tiering.migration DISABLE ROW LEVEL SECURITY;
CREATE FUNCTION rls.walked(bound text) RETURNS TABLE (report text, told bigint, hidden boolean)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE tiering.%I ENABLE ROW LEVEL SECURITY', bound);
	EXECUTE format('CREATE POLICY north ON tiering.%I FOR SELECT TO t_rls_north
		USING (customer_id LIKE ''N%%'')', bound);
	SET LOCAL ROLE t_rls_north;
	RETURN QUERY SELECT * FROM rls.walked();
	RESET ROLE;
	EXECUTE format('DROP POLICY north ON tiering.%I', bound);
	EXECUTE format('ALTER TABLE tiering.%I DISABLE ROW LEVEL SECURITY', bound);
END;
$$;
CREATE TABLE rls.walk AS
SELECT b.bound, w.* FROM unnest('{assignment,assessment,migration}'::text[]) b(bound),
	rls.walked(b.bound) w;
SELECT bound, report, told FROM rls.walk WHERE hidden ORDER BY bound, report;
-- who has no row yet is hidden by the policy on assignment
SELECT bound, report, told FROM rls.walk
WHERE report IN ('standing_move', 'request_state', 'dirty_customer') ORDER BY report, bound;
SELECT count(*) AS moves FROM tiering.migration WHERE scheme = 'rls' AND customer_id LIKE 'N%';
DROP OWNED BY t_rls_north, t_rls_free;
DROP SCHEMA rls CASCADE;
DROP ROLE t_rls_north, t_rls_free;
