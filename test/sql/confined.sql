-- Who is confined to a scheme, or to a branch, sees nothing else by any report: what
-- changes outside of their right changes nothing of what they are told.
CREATE SCHEMA conf;
CREATE ROLE t_conf_a;
CREATE ROLE t_conf_north;
CREATE ROLE t_conf_all;
CREATE ROLE t_conf_none;
CREATE TABLE conf.had (scheme text, id text, month date, assets numeric, branch text);
INSERT INTO conf.had
SELECT 'conf_a', b.name || c, m, round(t.random(x.seed) * 200000, 2), b.branch
FROM (VALUES ('N', 'north'), ('SECRET-S', 'south'), ('SECRET-U', NULL)) b(name, branch),
	generate_series(1, 30) c,
	unnest('{2026-01-31,2026-02-28,2026-03-31}'::date[]) m,
	LATERAL (SELECT hashtextextended(b.name || c, extract(month FROM m)::int) AS seed) x
WHERE t.random(x.seed + 1) < 0.9;
-- who was in the south first, and who went there
UPDATE conf.had SET branch = 'south' WHERE id IN ('N1', 'N2') AND month < '2026-03-01';
UPDATE conf.had SET branch = 'south' WHERE id IN ('N3', 'N4') AND month > '2026-03-01';
INSERT INTO conf.had SELECT 'conf_b', 'SECRET-B' || c, m, 7777777.77, 'north'
FROM generate_series(1, 20) c, unnest('{2026-01-31,2026-02-28,2026-03-31}'::date[]) m;
SELECT tiering.create_ladder(s, 'assets', '{mass,silver,gold}', '{NULL,50000,120000}'),
	tiering.publish(s, '2026-01-01'), tiering.keep_assessments(s, 'all', NULL),
	tiering.set_source(s, format(
		'SELECT id AS customer_id, assets FROM conf.had WHERE scheme = %L AND month = $1', s)),
	tiering.set_dimensions(s, format(
		'SELECT id AS customer_id, branch, ''m'' || length(id) AS manager FROM conf.had
		 WHERE scheme = %L AND month = $1', s)),
	tiering.set_series(s, format(
		'SELECT h.id AS customer_id,
			tiering.daily_series(h.assets, tiering.month($1 + 1)) AS balances,
			tiering.month($1 + 1) AS period
		 FROM conf.had h WHERE h.scheme = %L AND h.month = $1 GROUP BY h.id', s)),
	tiering.set_checks(s, format(
		'SELECT f.* FROM tiering.check_ranges($q$SELECT id AS account, assets AS balance,
			month AS valid_from, month + 1 AS valid_to FROM conf.had WHERE scheme = %L
			AND month = ''2026-03-31''$q$, tiering.month($1)) f', s))
FROM unnest('{conf_a,conf_b}'::text[]) s \g /dev/null
SET client_min_messages = warning;
CREATE FUNCTION conf.refresh(d date) RETURNS void LANGUAGE sql AS $$
	SELECT tiering.refresh(s, d, force => true) FROM unnest('{conf_a,conf_b}'::text[]) s
$$;
SELECT conf.refresh(d) FROM unnest('{2026-01-31,2026-02-28,2026-03-31}'::date[]) d \g /dev/null
INSERT INTO tiering.target (scheme, dimension, value, tier, as_of, customers)
SELECT s, 'branch', v, 'gold', '2026-03-31', CASE v WHEN 'north' THEN 5 ELSE 4242 END
FROM unnest('{conf_a,conf_b}'::text[]) s, unnest('{north,south}'::text[]) v;

-- what cannot be granted
SELECT t.fails(format('SELECT tiering.grant_role(%s)', a)) FROM unnest('{
	"''t_conf_a'', ''report'', ''nowhere''", "''t_conf_a'', ''grade'', ''conf_a''",
	"''t_conf_a'', ''report'', dimension => ''branch'', value => ''north''",
	"''t_conf_a'', ''report'', ''conf_a'', ''branch''",
	"''t_conf_a'', ''report'', ''conf_a'', value => ''north''",
	"''t_conf_a'', ''report'', ''conf_a'', ''region'', ''north''"}'::text[]) a;
SELECT tiering.grant_role('t_conf_a', 'report', 'conf_a'),
	tiering.grant_role('t_conf_a', 'report', scheme => 'conf_a'),
	tiering.grant_role('t_conf_north', 'report', scheme => 'conf_a', dimension => 'branch',
		value => 'north'),
	tiering.grant_role('t_conf_all', 'report');
SELECT t.fails($$SELECT tiering.grant_role('t_conf_all', 'report', 'conf_a')$$);
SELECT role, scheme, dimension, value FROM tiering.report_right ORDER BY role::text;

-- Whatever a role is told: rows in any order, or all of an error
CREATE FUNCTION conf.told(role name, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	code text;
	message text;
	detail text;
	hint text;
	context text;
BEGIN
	PERFORM set_config('role', role, true);
	BEGIN
		EXECUTE format('SELECT string_agg(x::text, E''\n'' ORDER BY x::text COLLATE "C")
			FROM (%s) x', query) INTO result;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
			detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
			context = PG_EXCEPTION_CONTEXT;
		result := concat_ws(' ', 'ERROR:', code, message, detail, hint) || E'\nCONTEXT ' || context;
	END;
	PERFORM set_config('role', 'none', true);
	RETURN result;
END;
$$;
-- where in ours an error came up depends on what was planned before
CREATE FUNCTION conf.bare(answer text) RETURNS text LANGUAGE sql
	RETURN split_part(answer, E'\nCONTEXT', 1);
CREATE FUNCTION conf.plan(role name, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	result text;
BEGIN
	PERFORM set_config('role', role, true);
	FOR line IN
		EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query
	LOOP
		result := concat_ws(E'\n', result, line);
	END LOOP;
	PERFORM set_config('role', 'none', true);
	RETURN result;
END;
$$;

-- Every view and table that they may read, and every function that they may call and not
-- everyone, of both schemes
CREATE TABLE conf.call (call text);
INSERT INTO conf.call SELECT format(c, s) FROM unnest('{conf_a,conf_b}'::text[]) s, unnest(ARRAY[
	'tiering.migration_matrix(%L, ''2026-01-31'', ''2026-03-31'')',
	'tiering.migration_matrix(%L, ''2026-01-31'', ''2026-03-31'', ''infinity'')',
	'tiering.migration_matrix(%L, ''2026-01-31'', ''2026-03-31'', by => ''branch'')',
	'tiering.migration_matrix(%L, ''2026-02-01'', ''2026-03-30'', by => ''manager'')',
	'tiering.measure_bridge(%L, ''2026-01-31'', ''2026-03-31'')',
	'tiering.measure_bridge(%L, ''2026-02-28'', ''2026-03-31'', by => ''branch'')',
	'tiering.tier_distribution_by(%L, ''branch'')',
	'tiering.tier_distribution_by(%L, ''manager'', ''2026-01-31'')',
	'tiering.tier_distribution_by(%L, ''branch'', ''2026-02-10'')',
	'tiering.report(%L)', 'tiering.report(%L, ''2026-02-28'')',
	'tiering.customer_report(%L, ''N1'')', 'tiering.customer_report(%L, ''N3'')',
	'tiering.customer_report(%L, ''N7'')', 'tiering.customer_report(%L, ''SECRET-S1'')',
	'tiering.migration_summary_by(%L, ''branch'', ''2026-01-31'', ''2026-03-31'')',
	'tiering.staffing_by(%L, ''branch'')', 'tiering.staffing_by(%L, ''manager'')',
	'tiering.cross_distribution(%L, ''conf_a'')', 'tiering.cross_distribution(%L, ''conf_b'')',
	'tiering.retention(%L)', 'tiering.yearly_retention(%L)',
	'tiering.simulate_customers(%L, 1, ''2026-03-31'')',
	'tiering.run_checks(%L, ''2026-03-31'')',
	'tiering.distribution_shift(%L, ''2026-01-31'', ''2026-03-31'')',
	'tiering.tier_survival(%L, ''gold'')',
	'tiering.forecast(%L, 2, ''[2026-03-01,2026-04-01)'')',
	'tiering.shortfall(%L)', 'tiering.shortfall(%L, 10)',
	'tiering.shortfall(%L, customers => ''{N1,N3,N7,SECRET-S1,SECRET-B1}'')',
	'tiering.customer_status(%L, ''N1'')', 'tiering.customer_status(%L, ''N3'')',
	'tiering.customer_status(%L, ''SECRET-S1'')', 'tiering.customer_status(%L, ''SECRET-B1'')',
	'tiering.customer_status(%L, ''N1'', ''2026-01-31'')',
	'tiering.tier_on(%L, ''N1'', ''2026-01-31'')', 'tiering.tier_on(%L, ''N1'', ''2026-03-31'')',
	'tiering.tier_on(%L, ''N3'', ''2026-01-31'')', 'tiering.tier_on(%L, ''N3'', ''2026-03-31'')',
	'tiering.tier_on(%L, ''SECRET-S1'', ''2026-03-31'')',
	'tiering.tiers_on(%L, ''2026-01-31'')', 'tiering.tiers_on(%L, ''2026-03-31'', ''infinity'')',
	'tiering.tier_distribution_history(%L, NULL)',
	'tiering.tier_distribution_history(%L, ''infinity'')',
	'tiering.history_head(%L)', 'tiering.verify_history(%L)', 'tiering.verify_state(%L)']) c;
SELECT p.oid::regprocedure AS forgotten FROM pg_proc p
WHERE p.pronamespace = 'tiering'::regnamespace
	AND has_function_privilege('t_conf_a', p.oid, 'EXECUTE')
	AND NOT has_function_privilege('t_conf_none', p.oid, 'EXECUTE')
	AND NOT EXISTS (SELECT FROM conf.call c WHERE c.call LIKE 'tiering.' || p.proname || '(%');
CREATE VIEW conf.asked AS
SELECT 'SELECT * FROM ' || c.call AS query FROM conf.call c
UNION ALL
SELECT format('SELECT * FROM %s', c.oid::regclass) || CASE WHEN EXISTS (
		SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'scheme')
	THEN ' WHERE scheme LIKE ''conf%''' ELSE '' END
FROM pg_class c
WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind IN ('v', 'r', 'p')
	AND has_table_privilege('t_conf_a', c.oid, 'SELECT')
	AND NOT has_table_privilege('t_conf_none', c.oid, 'SELECT');
-- what they read is what asks who reads, and no tables
SELECT count(*) AS views, (SELECT count(*) FROM conf.asked q WHERE q.query ~ '\(') AS calls
FROM conf.asked q WHERE q.query !~ '\(';
CREATE TABLE conf.answer AS
SELECT 1 AS round, r.role, q.query, conf.told(r.role, q.query) AS answer
FROM conf.asked q, unnest('{t_conf_a,t_conf_north,t_conf_all,t_conf_none}'::text[]) r(role);

-- nothing from outside is in it, not even in errors
SELECT role, query, answer FROM conf.answer
WHERE role IN ('t_conf_a', 't_conf_none') AND answer ~ 'SECRET-B|77777|155555'
	AND NOT (answer ~ '^ERROR' AND position('SECRET-B' IN query) > 0);
SELECT role, query, answer FROM conf.answer
WHERE role = 't_conf_north' AND answer ~ 'SECRET|77777|4242' AND position('SECRET' IN query) = 0;
-- one who has all is told all that one confined to a scheme is told of it
SELECT a.query FROM conf.answer a JOIN conf.answer b USING (query)
WHERE a.role = 't_conf_a' AND b.role = 't_conf_all' AND query ~ 'conf_a'
	AND query !~ 'cross' AND a.answer IS DISTINCT FROM b.answer;
SELECT a.query FROM conf.answer a
WHERE a.role = 't_conf_a' AND query ~ 'conf_b' AND COALESCE(a.answer, '') !~ '^ERROR: 42501';
SELECT query FROM conf.answer a JOIN conf.answer b USING (query)
WHERE a.role = 't_conf_a' AND b.role = 't_conf_all' AND query !~ '\('
	-- everyone may know what schemes are
	AND query !~ 'measure_bound' AND a.answer IS DISTINCT FROM (
		SELECT string_agg(m, E'\n' ORDER BY m COLLATE "C")
		FROM string_to_table(b.answer, E'\n') l, LATERAL (
			-- but for the number of a move, which counts those of other schemes, too
			SELECT CASE WHEN query ~ 'customer_tier_history'
				THEN regexp_replace(l, ',\d+\)$', ',)') ELSE l END AS m) x
		WHERE l !~ '^\(conf_b,');
-- and one who has no right is told nothing
SELECT query, answer FROM conf.answer WHERE role = 't_conf_none' AND answer !~ '^ERROR: 42501';
-- to one branch: what is told, and what is refused
SELECT query, left(conf.bare(answer), 80) AS answer
FROM conf.answer WHERE role = 't_conf_north' AND query ~ 'conf_a' AND answer ~ '^ERROR'
ORDER BY query COLLATE "C";
SELECT conf.bare(answer) FROM conf.answer
WHERE role = 't_conf_north' AND query LIKE '%verify_state(''conf_a'')';
SELECT query, array_length(string_to_array(answer, E'\n'), 1) AS rows
FROM conf.answer WHERE role = 't_conf_north' AND query !~ 'conf_b' AND answer !~ '^ERROR'
ORDER BY query COLLATE "C";


-- what is told to one branch, against plain SQL
CREATE VIEW conf.then AS
SELECT h.id, h.month, COALESCE(h.branch, 'unknown') AS branch, 'm' || length(h.id) AS manager,
	h.assets, CASE WHEN h.assets >= 120000 THEN 'gold' WHEN h.assets >= 50000 THEN 'silver'
		ELSE 'mass' END AS tier
FROM conf.had h WHERE h.scheme = 'conf_a';
CREATE FUNCTION conf.same(role name, query text, by_hand text) RETURNS boolean LANGUAGE sql AS
	$$ SELECT conf.told(role, query) = conf.told('none', by_hand) $$;
SELECT conf.same('t_conf_north', $$SELECT customer_id, tier, measure FROM tiering.current_tier$$,
	$$SELECT id, tier, assets FROM conf.then WHERE month = '2026-03-31' AND branch = 'north'$$)
		AS customers,
	conf.same('t_conf_north', $$SELECT tier, customers, measure FROM tiering.tier_distribution
		WHERE customers > 0$$,
	$$SELECT tier, count(*), sum(assets) FROM conf.then
		WHERE month = '2026-03-31' AND branch = 'north' GROUP BY tier$$) AS sums,
	conf.same('t_conf_north', $$SELECT as_of, tier, customers, measure
		FROM tiering.tier_distribution_history WHERE customers > 0$$,
	$$SELECT month, tier, count(*), sum(assets) FROM conf.then WHERE branch = 'north'
		GROUP BY month, tier$$) AS history,
	conf.same('t_conf_north', $$SELECT as_of, tier, customers, measure
		FROM tiering.tier_distribution_history('conf_a', NULL) WHERE customers > 0$$,
	$$SELECT month, tier, count(*), sum(assets) FROM conf.then WHERE branch = 'north'
		GROUP BY month, tier$$) AS history_function,
	conf.same('t_conf_north', $$SELECT value, tier, customers, measure
		FROM tiering.tier_distribution_by('conf_a', 'manager', '2026-01-31')$$,
	$$SELECT manager, tier, count(*), sum(assets) FROM conf.then
		WHERE month = '2026-01-31' AND branch = 'north' GROUP BY manager, tier$$) AS by_manager,
	conf.same('t_conf_north', $$SELECT customer_id, tier, measure
		FROM tiering.tiers_on('conf_a', '2026-01-31')$$,
	$$SELECT id, tier, assets FROM conf.then WHERE month = '2026-01-31' AND branch = 'north'$$)
		AS tiers_on,
	conf.same('t_conf_north', $$SELECT from_tier, to_tier, customers, measure_from, measure_to,
		value FROM tiering.migration_matrix('conf_a', '2026-01-31', '2026-03-31', by => 'branch')$$,
	$$SELECT f.tier, t.tier, count(*), sum(f.assets), sum(t.assets), 'north'
		FROM (SELECT * FROM conf.then WHERE month = '2026-01-31') f
			FULL JOIN (SELECT * FROM conf.then WHERE month = '2026-03-31') t USING (id)
		WHERE COALESCE(t.branch, f.branch) = 'north' GROUP BY 1, 2$$) AS matrix,
	conf.same('t_conf_north', $$SELECT from_tier, to_tier, customers, measure_from, measure_to
		FROM tiering.migration_matrix WHERE as_of = '2026-03-31'$$,
	$$SELECT f.tier, t.tier, count(*), sum(f.assets), sum(t.assets)
		FROM (SELECT * FROM conf.then WHERE month = '2026-02-28') f
			FULL JOIN (SELECT * FROM conf.then WHERE month = '2026-03-31') t USING (id)
		WHERE COALESCE(t.branch, f.branch) = 'north' GROUP BY 1, 2$$) AS matrix_view;
-- as one who sees all of them, of theirs
SELECT q AS differs FROM unnest('{current_tier,near_upgrade,near_downgrade,projected_tier,
	current_dimension,shortfall(''conf_a'')}'::text[]) q
WHERE NOT conf.told('t_conf_north', format('SELECT * FROM tiering.%s', q))
	= conf.told('t_conf_all', format('SELECT * FROM tiering.%s WHERE %s customer_id IN (%s)', q,
		CASE WHEN q !~ '\(' THEN 'scheme ~ ''^conf'' AND' ELSE '' END, (
		SELECT string_agg(quote_literal(id), ',') FROM conf.then
		WHERE month = '2026-03-31' AND branch = 'north')));
SELECT a.query FROM conf.answer a JOIN conf.answer b USING (query)
WHERE a.role = 't_conf_north' AND b.role = 't_conf_all' AND query ~ 'conf_a.*N7''\)'
	AND a.answer IS DISTINCT FROM b.answer;
-- whose they were then, and whose they are now
SELECT conf.told('t_conf_north', format('SELECT tiering.tier_on(''conf_a'', %L, %L)', c, d))
	IS DISTINCT FROM '()' AS told, c, d
FROM unnest('{N1,N3}'::text[]) c, unnest('{2026-01-31,2026-03-31}'::date[]) d ORDER BY c, d;
SELECT DISTINCT customer_id, upper(valid) IS NULL AS now
FROM tiering.customer_tier_history
WHERE scheme = 'conf_a' AND customer_id IN ('N1', 'N3') ORDER BY 1, 2;
SELECT conf.told('t_conf_north', $$SELECT DISTINCT customer_id, upper(valid) IS NULL AS now
	FROM tiering.customer_tier_history WHERE customer_id IN ('N1', 'N3')$$) AS spells;
-- gaps between the numbers of moves would tell how many those of others are
SELECT r AS role, conf.told(r, 'SELECT count(*) > 20 AS many, count(move) = 0 AS none_numbered,
	count(move) = count(*) AS all_numbered FROM tiering.customer_tier_history') AS told
FROM unnest('{t_conf_north,t_conf_a,t_conf_all}'::name[]) r;
-- who was given last_run by hand: what a run counted is of the whole scheme
GRANT SELECT ON tiering.last_run TO t_conf_north, t_conf_a;
SELECT r AS role, conf.told(r, 'SELECT scheme, kind, state, counts IS NOT NULL AS told
	FROM tiering.last_run WHERE scheme ~ ''^conf_''') AS told
FROM unnest('{t_conf_north,t_conf_a,t_conf_all}'::name[]) r;
REVOKE SELECT ON tiering.last_run FROM t_conf_north, t_conf_a;
SELECT conf.told('t_conf_north', 'SELECT value, target_customers FROM tiering.target_actual');
-- no condition looks at the targets of others
SELECT conf.told('t_conf_north', 'SELECT count(*) FROM tiering.target_actual
	WHERE 1 / (target_customers - 4242) < 9') AS not_divided;

-- what changes outside changes nothing of it
UPDATE conf.had SET assets = assets * 3 + 1 WHERE scheme = 'conf_b';
INSERT INTO conf.had SELECT 'conf_b', 'SECRET-C' || c, '2026-03-31', 5555, 'north'
FROM generate_series(1, 300) c;
SELECT conf.refresh('2026-03-31') \g /dev/null
INSERT INTO conf.answer
SELECT 2, r.role, q.query, conf.told(r.role, q.query)
FROM conf.asked q, unnest('{t_conf_a,t_conf_north}'::text[]) r(role);
SELECT role, query FROM conf.answer a JOIN conf.answer b USING (role, query)
WHERE a.round = 1 AND b.round = 2 AND conf.bare(a.answer) IS DISTINCT FROM conf.bare(b.answer)
	-- the head of conf_a has moved by a refresh of the same
	AND query !~ 'history_head|verify_history|report\(''conf_a''';
UPDATE conf.had SET assets = assets * 3 + 1 WHERE id LIKE 'SECRET%';
DELETE FROM conf.had WHERE id LIKE 'SECRET-S2%' AND month = '2026-03-31';
INSERT INTO conf.had SELECT 'conf_a', 'SECRET-T' || c, '2026-03-31', 66000 + c, 'south'
FROM generate_series(1, 300) c;
SELECT conf.refresh('2026-03-31') \g /dev/null
INSERT INTO conf.answer
SELECT 3, 't_conf_north', q.query, conf.told('t_conf_north', q.query) FROM conf.asked q;
SELECT role, query FROM conf.answer a JOIN conf.answer b USING (role, query)
WHERE a.round = 1 AND b.round = 3 AND conf.bare(a.answer) IS DISTINCT FROM conf.bare(b.answer);

-- the plan of a view reads for them what its functions give, and counts nothing else
CREATE TABLE conf.plan AS
SELECT r.role, q.query, conf.plan(r.role, q.query) AS plan
FROM conf.asked q, unnest('{t_conf_a,t_conf_north}'::text[]) r(role) WHERE q.query !~ '\(';
SELECT role, query, l FROM conf.plan, string_to_table(plan, E'\n') l
WHERE l ~ ' on tiering\.(assignment|assessment|migration|superseded|customer_dimension)'
	AND l !~ 'never executed' OR l ~ 'SECRET';

-- Nobody lends what they may see: neither the owner of a view who sees less than its reader's
-- friend, nor one who sees more
GRANT USAGE ON SCHEMA t TO t_conf_a;
GRANT USAGE ON SCHEMA conf TO t_conf_a, t_conf_all, t_conf_none;
GRANT CREATE ON SCHEMA conf TO t_conf_a, t_conf_all;
SET ROLE t_conf_a;
CREATE VIEW conf.lent AS SELECT * FROM tiering.current_tier WHERE scheme LIKE 'conf%';
CREATE FUNCTION conf.lent() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
	$$ SELECT count(*) FROM tiering.current_tier WHERE scheme LIKE 'conf%' $$;
CREATE MATERIALIZED VIEW conf.made AS SELECT scheme, count(*) FROM tiering.current_tier
	WHERE scheme LIKE 'conf%' GROUP BY scheme;
SELECT t.fails($$CREATE MATERIALIZED VIEW conf.by AS
	SELECT * FROM tiering.tier_distribution_by('conf_b', 'branch')$$);
RESET ROLE;
-- not by its owner either, who has a table made instead
SELECT t.fails($$CREATE MATERIALIZED VIEW conf.by AS SELECT * FROM tiering.tiers_on('conf_b',
	'2026-03-31')$$);
CREATE TABLE conf.by AS SELECT * FROM tiering.tiers_on('conf_b', '2026-03-31');
DROP TABLE conf.by;
GRANT SELECT ON conf.lent, conf.made TO PUBLIC;
SET ROLE t_conf_all;
CREATE VIEW conf.lent_all AS SELECT * FROM tiering.current_tier WHERE scheme LIKE 'conf%';
GRANT SELECT ON conf.lent_all TO PUBLIC;
RESET ROLE;
SELECT r.role, conf.told(r.role, 'SELECT count(*) FROM conf.lent') AS lent,
	conf.told(r.role, 'SELECT conf.lent()') AS by_function,
	conf.told(r.role, 'SELECT count(*) FROM conf.lent_all') AS lent_all
FROM unnest('{t_conf_a,t_conf_all,t_conf_none}'::text[]) r(role);
REFRESH MATERIALIZED VIEW conf.made;
SELECT scheme FROM conf.made;
-- nor does a source, which reads as who set it
GRANT CREATE, USAGE ON SCHEMA conf TO t_conf_north;
SELECT tiering.grant_role('t_conf_a', 'bind');
SELECT tiering.create_ladder('conf_c', 'assets', '{low,high}', '{NULL,100}'),
	tiering.publish('conf_c', '2026-01-01');
SET ROLE t_conf_a;
SELECT tiering.set_source('conf_c',
	'SELECT customer_id, measure AS assets FROM tiering.current_tier
	 WHERE scheme IN (''conf_a'', ''conf_b'')');
RESET ROLE;
SELECT customers = (SELECT count(*) FROM tiering.assignment WHERE scheme = 'conf_a') AS of_a
FROM tiering.refresh('conf_c', '2026-03-31');
SET ROLE t_conf_a;
SELECT tiering.set_source('conf_c',
	'SELECT customer_id, measure AS assets FROM tiering.tiers_on(''conf_b'', ''2026-03-31'')');
RESET ROLE;
SELECT t.fails($$SELECT tiering.refresh('conf_c', '2026-03-31')$$);

-- Several rights add up; the whole one is all; taken away, nothing is left
SELECT tiering.grant_role('t_conf_north', 'report', 'conf_a', 'branch', 'south');
SELECT conf.told('t_conf_north', $$SELECT value, sum(customers)
	FROM tiering.tier_distribution_by('conf_a', 'branch') GROUP BY value$$) ~ 'south' AS south;
SELECT tiering.revoke_role('t_conf_north', 'report', 'conf_a', 'branch', 'south');
SELECT conf.told('t_conf_north', $$SELECT value, sum(customers)
	FROM tiering.tier_distribution_by('conf_a', 'branch') GROUP BY value$$) ~ 'south' AS south;
GRANT t_conf_a TO t_conf_north;
SELECT conf.told('t_conf_north', 'SELECT sum(customers) FROM tiering.tier_distribution
	WHERE scheme LIKE ''conf_%''') = (SELECT format('(%s)', count(*)) FROM tiering.assignment
	WHERE scheme = 'conf_a') AS member;
REVOKE t_conf_a FROM t_conf_north;
SELECT tiering.revoke_role('t_conf_north', 'report', 'conf_a'),
	tiering.revoke_role('t_conf_a', 'report'), tiering.revoke_role('t_conf_a', 'bind');
SELECT count(*) AS left FROM pg_class c, aclexplode(c.relacl) x
WHERE x.grantee IN ('t_conf_a'::regrole, 't_conf_north'::regrole)
	AND c.relnamespace = 'tiering'::regnamespace;
SELECT count(*) AS left FROM pg_proc p, aclexplode(p.proacl) x
WHERE x.grantee IN ('t_conf_a'::regrole, 't_conf_north'::regrole)
	AND p.pronamespace = 'tiering'::regnamespace;
SELECT count(*) AS left FROM tiering.report_right;
-- a view that was granted by hand shows all, and so does what lends it, while nobody is confined
GRANT SELECT ON tiering.tier_distribution TO t_conf_none;
SELECT conf.told('t_conf_none', 'SELECT count(*) FROM conf.lent_all') <> '0' AS lends;
SELECT tiering.grant_role('t_conf_a', 'report', 'conf_a');
SELECT conf.told('t_conf_none', 'SELECT count(DISTINCT scheme) FROM tiering.tier_distribution
	WHERE scheme LIKE ''conf_%''') AS by_hand;
SELECT tiering.grant_role('t_conf_a', 'report');
SELECT count(*) AS left FROM tiering.report_right;
-- the rights go with the last row, whichever way that goes: who has none is not one who has all
SELECT tiering.create_ladder('conf_sandbox', 'assets', '{low}', '{NULL}');
SELECT tiering.revoke_role('t_conf_a', 'report'),
	tiering.grant_role('t_conf_a', 'report', 'conf_sandbox');
SELECT tiering.drop_scheme('conf_sandbox');
SELECT conf.told('t_conf_a', 'SELECT count(*) FROM tiering.current_tier');
SELECT tiering.grant_role('t_conf_north', 'report', 'conf_a');
GRANT t_conf_all TO t_conf_north;
SELECT tiering.revoke_role('t_conf_north', 'report', 'conf_a');
REVOKE t_conf_all FROM t_conf_north;
SELECT conf.told('t_conf_north', 'SELECT count(*) FROM tiering.current_tier');
REVOKE SELECT ON tiering.tier_distribution FROM t_conf_none;
SELECT tiering.revoke_role('t_conf_a', 'report'), tiering.revoke_role('t_conf_all', 'report');
-- until when a year goes is not told by who moved outside of their right
CREATE TABLE conf.past (id text, assets numeric, branch text);
INSERT INTO conf.past VALUES ('N', 1, 'north'), ('S', 1, 'south');
SELECT tiering.create_ladder('conf_past', 'assets', '{mass,gold}', '{NULL,5}'),
	tiering.publish('conf_past', '2023-01-01'),
	tiering.set_source('conf_past', 'SELECT id AS customer_id, assets FROM conf.past
		WHERE $1 IS NOT NULL'),
	tiering.set_dimensions('conf_past', 'SELECT id AS customer_id, branch FROM conf.past
		WHERE $1 IS NOT NULL');
SELECT new FROM tiering.refresh('conf_past', '2023-12-31');
SELECT tiering.grant_role('t_conf_north', 'report', 'conf_past', 'branch', 'north');
UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-06-30'
WHERE scheme = 'conf_past' AND customer_id = 'S';
SELECT conf.told('t_conf_north', f) AS told, conf.told(session_user, f) AS all
FROM (VALUES ('SELECT year, until FROM tiering.yearly_retention(''conf_past'')')) v(f);
UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-03-31'
WHERE scheme = 'conf_past' AND customer_id = 'N';
SELECT conf.told('t_conf_north', f) AS told, conf.told(session_user, f) AS all
FROM (VALUES ('SELECT year, until FROM tiering.yearly_retention(''conf_past'')'),
	('SELECT year, until, tier, customers, up FROM tiering.retention(''conf_past'')')) v(f);
-- who decides decides on customers whom they may see: a request about another is not there
SELECT tiering.request_override('conf_past', 'S', 'floor', 'mass', '[2024-06-30,2025-01-01)', 's')
		AS theirs,
	tiering.request_override('conf_past', 'N', 'floor', 'mass', '[2024-06-30,2025-01-01)', 'n')
		AS here \gset
SELECT tiering.grant_role(r, 'approve') FROM unnest('{t_conf_north,t_conf_none}'::regrole[]) r;
GRANT USAGE ON SCHEMA t TO t_conf_north;
SET SESSION AUTHORIZATION t_conf_north;
SELECT q, t.fails(format(q, :theirs)) = replace(t.fails(format(q, 987654)), '987654', :'theirs')
	AS not_there
FROM unnest('{SELECT tiering.approve(%s),SELECT tiering.reject(%s),
	SELECT tiering.withdraw(%s)}'::text[]) q;
SELECT tiering.approve(:here);
-- who has no right to reports at all decides as before
SET SESSION AUTHORIZATION t_conf_none;
SELECT tiering.approve(:theirs);
SET SESSION AUTHORIZATION t_conf_north;
SELECT t.fails(format(q, :theirs)) = replace(t.fails(format(q, 987654)), '987654', :'theirs')
	AS not_there
FROM (VALUES ('SELECT tiering.end_override(%s, ''2024-07-01'')')) f(q);
SELECT tiering.end_override(:here, '2024-07-01');
RESET SESSION AUTHORIZATION;
SELECT tiering.revoke_role('t_conf_north', 'report', 'conf_past', 'branch', 'north'),
	tiering.set_source('conf_past', 'SELECT NULL::text AS customer_id, 1 AS assets LIMIT 0'),
	tiering.set_dimensions('conf_past', NULL);
-- an error in a query of the bank's may quote what another branch has: who sees some is told
-- that it failed, as of when and with which SQLSTATE
CREATE TABLE conf.bad (id text, assets text, branch text, day date);
INSERT INTO conf.bad VALUES ('N', '10', 'north', '2024-01-05'), ('S', '20', 'south', '2024-01-05');
SELECT tiering.create_ladder('conf_err', 'assets', '{mass,gold}', '{NULL,15}'),
	tiering.publish('conf_err', '2024-01-01'),
	tiering.set_source('conf_err', 'WITH had AS MATERIALIZED (SELECT id, assets::numeric AS assets
		FROM conf.bad WHERE $1 IS NOT NULL) SELECT id AS customer_id, assets FROM had'),
	tiering.set_series('conf_err', 'WITH had AS MATERIALIZED (SELECT id,
			tiering.daily_series_changes(id, length(assets)::numeric, day) AS balances
			FROM conf.bad GROUP BY id)
		SELECT id AS customer_id, balances, tiering.month($1 + 1) AS period FROM had'),
	tiering.set_dimensions('conf_err', 'SELECT id AS customer_id, branch FROM conf.bad
		WHERE $1 IS NOT NULL') \g /dev/null
SELECT new FROM tiering.refresh('conf_err', '2024-01-31');
SELECT tiering.grant_role('t_conf_north', 'report', 'conf_err', 'branch', 'north'),
	tiering.grant_role('t_conf_a', 'report', 'conf_err'), tiering.grant_role('t_conf_a', 'bind');
CREATE TABLE conf.fails AS SELECT n, q FROM unnest(ARRAY[
	'balance_to_hold) FROM tiering.near_upgrade',
	'customer_id) FROM tiering.shortfall(''conf_err'')',
	'tier) FROM tiering.customer_status(''conf_err'', ''N'')',
	'tier) FROM tiering.projected_tier']) WITH ORDINALITY f(q, n);
SELECT q, conf.told('t_conf_north', 'SELECT count(' || q) AS told
FROM conf.fails ORDER BY n;
UPDATE conf.bad SET assets = 'SECRETBALANCE' WHERE id = 'S';
INSERT INTO conf.bad SELECT 'S', 'SECRETBALANCE, or another', 'south', '2024-01-05';
SELECT q, conf.told('t_conf_north', 'SELECT count(' || q) AS told
FROM conf.fails ORDER BY n;
-- who sees the whole scheme is told as before
SELECT q, conf.bare(conf.told('t_conf_a', 'SELECT count(' || q)) AS told
FROM conf.fails ORDER BY n;
SELECT tiering.revoke_role('t_conf_north', 'report', 'conf_err', 'branch', 'north'),
	tiering.revoke_role('t_conf_a', 'report', 'conf_err'), tiering.revoke_role('t_conf_a', 'bind'),
	tiering.set_source('conf_err', 'SELECT NULL::text AS customer_id, 1 AS assets LIMIT 0'),
	tiering.set_dimensions('conf_err', NULL), tiering.set_series('conf_err', NULL) \g /dev/null
-- other tests read views of all schemes
SELECT tiering.set_series(s, NULL) FROM unnest('{conf_a,conf_b}'::text[]) s;
DROP OWNED BY t_conf_a, t_conf_north, t_conf_all, t_conf_none;
DROP SCHEMA conf CASCADE;
DROP ROLE t_conf_a, t_conf_north, t_conf_all, t_conf_none;
