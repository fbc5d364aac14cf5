-- Customer numbers: tables have them as "C", views and functions give them in the
-- default collation, and take them in any.
SET client_min_messages = warning;
SET datestyle = 'ISO';
CREATE SCHEMA coll;

-- What gives customer_id as "C": no view, and no function that everyone may call
SELECT a.attrelid::regclass AS view FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind IN ('v', 'm')
	AND a.attname = 'customer_id' AND a.attcollation <> 'pg_catalog."default"'::regcollation;
SELECT p.oid::regprocedure AS function
FROM pg_proc p JOIN pg_type y ON y.oid = p.prorettype JOIN pg_attribute a ON a.attrelid = y.typrelid
WHERE p.pronamespace = 'tiering'::regnamespace AND a.attname = 'customer_id' AND NOT a.attisdropped
	AND a.attcollation <> 'pg_catalog."default"'::regcollation
	AND has_function_privilege('public', p.oid, 'EXECUTE');
SELECT count(*) > 4 AS many FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind = 'v' AND a.attname = 'customer_id';

-- A bank of which all customers are graded, with numbers in three collations
CREATE TABLE coll.customer AS
SELECT no, no COLLATE "POSIX" AS posix_no, branch, x
FROM (SELECT lpad(i::text, 8, '0') AS no, i % 50 AS branch, (i % 200)::numeric AS x
	  FROM generate_series(1, 50000) i) c;
CREATE INDEX customer_no ON coll.customer (no);
CREATE INDEX customer_posix_no ON coll.customer (posix_no);
SELECT tiering.create_ladder('coll', 'x', '{low,high}', '{NULL,100}');
INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES ('coll', 1, 'high', 3);
SELECT tiering.publish('coll', '2024-01-01'),
	tiering.set_source('coll', 'SELECT no AS customer_id, x FROM coll.customer'),
	tiering.set_dimensions('coll', 'SELECT no AS customer_id, branch FROM coll.customer');
SELECT new FROM tiering.refresh('coll', '2024-01-31');
INSERT INTO tiering.dirty (scheme, customer_id, from_as_of)
SELECT 'coll', no, '2024-01-31' FROM coll.customer;
INSERT INTO tiering.request (scheme, customer_id, kind, tier, valid, reason, requested_by)
SELECT 'coll', no, 'floor', 'high', '[2024-02-01,2025-01-01)', 'none', 'nobody' FROM coll.customer;
-- all tables, as which of them are analyzed by then must not matter
ANALYZE;

-- Whether a query uses one of the indexes
CREATE FUNCTION coll.uses(query text, VARIADIC indexes text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN EXISTS (SELECT FROM regexp_matches(plan::text, '"Index Name": "(\w*)"', 'g') i
		WHERE i[1] = ANY (indexes));
END;
$$;
CREATE VIEW coll.given AS
SELECT c.oid::regclass::text AS source, 'WHERE v.customer_id IN (''1'', ''2'', ''3'')' AS some
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind = 'v' AND a.attname = 'customer_id'
UNION ALL VALUES ('tiering.tiers_on(''coll'', ''2024-01-31'')', 'LIMIT 1'),
	('tiering.simulate_customers(''coll'', 1)', 'LIMIT 1'),
	('tiering.shortfall(''coll'')', 'LIMIT 1');
-- a join to the bank's table uses the bank's index, of whichever collation
SELECT g.source,
	coll.uses(format('SELECT c.branch FROM %s v
		JOIN coll.customer c ON c.no = v.customer_id %s', g.source, g.some),
		'customer_no') AS by_no,
	coll.uses(format('SELECT c.branch FROM %s v
		JOIN coll.customer c ON c.posix_no = v.customer_id %s', g.source, g.some),
		'customer_posix_no') AS by_posix_no
FROM coll.given g ORDER BY g.source COLLATE "C";
-- and one customer is found by ours
SELECT g.source,
	coll.uses(format('SELECT * FROM %s v WHERE v.customer_id = ''00000007''', g.source),
		VARIADIC i.indexes) AS one,
	coll.uses(format('SELECT * FROM %s v WHERE scheme = ''coll'' AND customer_id IN (''1'', ''2'')',
		g.source), VARIADIC i.indexes) AS two,
	coll.uses(format('SELECT v.* FROM coll.customer c JOIN %s v ON v.customer_id = c.no
		WHERE c.no = ''00000003''', g.source), VARIADIC i.indexes) AS joined
FROM coll.given g CROSS JOIN (SELECT ARRAY['assignment_by_customer', 'migration_by_customer',
	'request_by_customer', 'customer_dimension_by_customer'] AS indexes) i
WHERE g.source !~ '\(|dirty' ORDER BY g.source COLLATE "C";
SELECT coll.uses('SELECT * FROM tiering.assignment WHERE scheme = ''coll'' AND customer_id = ''1''',
	'assignment_pkey') AS the_table_itself;

-- The result is the same by either
SELECT count(*) AS customers, count(*) FILTER (WHERE a.tier = h.tier AND a.tier = p.tier) AS agreed
FROM coll.customer c
	JOIN tiering.assignment a ON a.customer_id = c.no
	JOIN tiering.customer_tier_history h ON h.scheme = 'coll' AND h.customer_id = c.no
	JOIN tiering.tiers_on('coll', '2024-01-31') p ON p.customer_id = c.posix_no
WHERE a.scheme = 'coll';

-- Arguments in a collation of their own
CREATE TABLE coll.asked AS
SELECT no COLLATE "POSIX" AS no, 'coll' COLLATE "POSIX" AS scheme, 'high' COLLATE "POSIX" AS tier
FROM unnest('{00000001,00000150,7}'::text[]) no;
SELECT no, tiering.tier_on(scheme, no, '2024-01-31') AS one,
	tiering.tier_on(scheme, no, '2024-01-31', clock_timestamp()) AS as_known,
	tiering.tier_on('coll', no, '2024-01-31') AS with_a_constant
FROM coll.asked ORDER BY no;
SELECT count(*) FROM coll.asked a, tiering.tiers_on(a.scheme, '2024-01-31');
SELECT m.to_tier, m.customers FROM (SELECT DISTINCT scheme FROM coll.asked) a,
	tiering.migration_matrix(a.scheme, '2023-12-31', '2024-01-31') m ORDER BY 1;
SELECT DISTINCT r.year, r.tier FROM coll.asked a, tiering.retention(a.scheme) r;
SELECT DISTINCT r.year FROM coll.asked a, tiering.yearly_retention(a.scheme) r;
DELETE FROM tiering.dirty;
SELECT tiering.mark_dirty(scheme, no, '2024-01-31') FROM coll.asked;
SELECT customer_id, marks FROM tiering.dirty_customer ORDER BY customer_id;
SELECT r.customers FROM coll.asked a, tiering.restate(a.scheme, '2024-01-31', ARRAY[a.no]) r
WHERE a.no = '00000001';
SELECT count(tiering.request_override(scheme, no, 'floor', tier, '[2024-02-01,2024-03-01)',
	'asked'))
FROM coll.asked WHERE no = '00000001';
SELECT r.customer_id FROM tiering.request_state r
WHERE r.scheme = (SELECT a.scheme COLLATE "C" FROM coll.asked a LIMIT 1) AND r.reason = 'asked';
SELECT r.stayed FROM coll.asked a, tiering.assess(a.scheme, '2024-02-10', ARRAY[a.no], 'asked') r
WHERE a.no = '00000150';

-- Every function that takes texts takes them in any collation. Each is called with arguments by
-- their names, and what it did is undone.
CREATE TABLE coll.few AS SELECT i::text AS no, i::numeric AS x FROM generate_series(1, 200) i;
SELECT tiering.create_ladder('coll_few', 'x', '{low,high}', '{NULL,100}');
INSERT INTO tiering.asset_weight (scheme, version, asset_class, weight)
VALUES ('coll_few', 1, 'funds', 0.5);
SELECT tiering.publish('coll_few', '2024-01-01'),
	tiering.set_source('coll_few', 'SELECT no AS customer_id, x FROM coll.few'),
	tiering.set_checks('coll_few', 'SELECT (NULL::tiering.finding).* WHERE false'),
	tiering.watch_table('coll_few', 'coll.few', 'no'),
	tiering.set_dimensions('coll_few', 'SELECT no AS customer_id, x AS branch FROM coll.few');
SELECT new FROM tiering.refresh('coll_few', '2024-01-31');
CREATE VIEW coll.request AS
SELECT request, customer_id FROM tiering.request WHERE scheme = 'coll_few';
-- one request is to be decided on, one is approved, and one is our own
CREATE ROLE coll_asker;
SELECT tiering.grant_role('coll_asker', 'request');
SET session_authorization = coll_asker;
SELECT count(tiering.request_override('coll_few', no, 'floor', 'high', '[2024-03-01,2025-01-01)',
	'asked')) FROM unnest('{51,52}'::text[]) no;
RESET session_authorization;
SELECT count(tiering.approve(request)) FROM coll.request WHERE customer_id = '52';
SELECT count(tiering.request_override('coll_few', '53', 'floor', 'high',
	'[2024-03-01,2025-01-01)', 'asked'));
SELECT stayed FROM tiering.refresh('coll_few', '2024-02-29');
-- one who never was there, to be forgotten
SELECT tiering.mark_dirty('coll_few', '201', '2024-02-29');
SELECT tiering.new_version('coll_few');
-- and one that has graded nobody
SELECT tiering.copy_scheme('coll_few', 'coll_new'), tiering.publish('coll_new', '2024-01-01');
INSERT INTO tiering.fx_rate VALUES ('CLA', 'CLB', '2024-02-29', 7);
INSERT INTO tiering.calendar_day SELECT 'coll', '2024-01-01'::date + i, true
FROM generate_series(0, 365) i;

-- what the arguments are, of one function or of all; those that are not here have their defaults
CREATE TABLE coll.argument (function text, name text, value text, PRIMARY KEY (function, name));
INSERT INTO coll.argument VALUES
	('', 'based_on', $$'[2024-02-01,2024-03-01)'$$), ('', 'periods', '2'), ('', 'unit', $$'day'$$),
	('', 'as_of', $$'2024-02-29'$$), ('assess', 'as_of', $$'2024-03-10'$$),
	('', 'asset_class', $$'funds'$$),
	('', 'base', $$'CLB'$$),
	('', 'calendar', $$'coll'$$),
	('', 'column_bounds', $$'{100}'$$),
	('', 'column_metric', $$'y'$$),
	('', 'csv', $$'2024-02-29,false'$$),
	('', 'currency', $$'CLA'$$),
	('', 'customer', $$'no'$$),
	('', 'customer_id', $$'150'$$), ('forget_customer', 'customer_id', $$'201'$$),
	('', 'customers', $$ARRAY['50', '150']$$),
	('', 'days', $$'skip'$$),
	('', 'denominator', $$'held'$$),
	('', 'document', $$tiering.export_scheme('coll_few')$$),
	('', 'effective_from', $$'2024-03-01'$$),
	('', 'four_eyes', 'true'),
	('', 'from', $$'coll_few'$$),
	('', 'from_as_of', $$'2024-01-31'$$),
	('', 'from_date', $$'2024-01-31'$$),
	('', 'from_version', '1'),
	('', 'grid', $$ARRAY[['low', 'low'], ['low', 'high']]$$),
	('', 'head_batch', $$(SELECT h.batch FROM tiering.history_head('coll_few') h)$$),
	('', 'head_seal', $$(SELECT h.seal FROM tiering.history_head('coll_few') h)$$),
	('', 'held', $$'high'$$),
	('', 'kind', $$'floor'$$),
	('', 'known_at', 'now()'),
	('', 'lower_bounds', $$'{NULL,100}'$$),
	('', 'm', $$(SELECT f FROM coll.few f WHERE f.no = '150')$$),
	('', 'metric', $$'x'$$),
	('', 'note', $$'noted'$$),
	('', 'on_date', $$'2024-02-29'$$), ('end_override', 'on_date', $$'2024-06-30'$$),
	('', 'new_id', $$'a 150'$$),
	('', 'into_id', $$'150'$$), ('', 'from_ids', $$'{7,151}'$$), ('', 'keep', $$'higher'$$),
	('merge_customers', 'on_date', $$'2024-03-01'$$),
	('', 'period', $$'[2024-01-01,2024-02-01)'$$),
	('', 'preset', $$'icbc'$$),
	('', 'query', $$'SELECT no AS customer_id, x FROM coll.few'$$),
	('check_ranges', 'query', $$'SELECT no AS account, x AS balance,
		current_date AS valid_from, current_date + 1 AS valid_to FROM coll.few'$$),
	('check_snapshots', 'query', $$'SELECT no AS account, x AS balance,
		current_date AS as_of FROM coll.few'$$),
	('check_changes', 'query', $$'SELECT no AS account, x AS balance,
		current_date AS changed_on FROM coll.few'$$),
	('check_flows', 'query', $$'SELECT no AS account, x AS amount,
		current_date AS posted_on FROM coll.few'$$),
	('set_dimensions', 'query', $$'SELECT no AS customer_id, no AS branch FROM coll.few'$$),
	('', 'dimension', $$'branch'$$), ('', 'by', $$'branch'$$),
	('', 'scheme_a', $$'coll_few'$$), ('', 'scheme_b', $$'coll'$$),
	('archive_moves', 'before', $$'2020-01-01'$$),
	('', 'bounds', $$'[)'$$), ('', 'holidays', $$'{}'$$), ('', 'jump', '100'),
	('', 'max_age', '30'), ('', 'weekends', 'true'),
	('load_history', 'query', $$'SELECT no COLLATE "POSIX" AS customer_id, day::date AS as_of,
		CASE WHEN x > 100 THEN ''high'' ELSE ''low'' END COLLATE "POSIX" AS tier, x AS measure,
		1 AS version FROM coll.few, unnest(ARRAY[''2024-01-31'', ''2024-02-29'']) day'$$),
	('set_series', 'query', $$'SELECT no AS customer_id, tiering.month($1) AS period,
		''{2024-01-01: 1}''::tiering.daily_series AS balances FROM coll.few'$$),
	('set_checks', 'query', $$'SELECT (NULL::tiering.finding).* FROM coll.few'$$),
	('', 'reason', $$'asked'$$),
	('', 'request', $$(SELECT request FROM coll.request WHERE customer_id = '51')$$),
	('end_override', 'request', $$(SELECT request FROM coll.request WHERE customer_id = '52')$$),
	('withdraw', 'request', $$(SELECT request FROM coll.request WHERE customer_id = '53')$$),
	('', 'role', $$'pg_monitor'$$),
	('', 'row_bounds', $$'{100}'$$),
	('', 'rates', $$'{2024-01-01: 5}'$$),
	('', 'row_metric', $$'x'$$),
	('', 'scale', '2'),
	('', 'scheme', $$'coll_few'$$),
	('create_ladder', 'scheme', $$'coll_made'$$), ('create_matrix', 'scheme', $$'coll_made'$$),
	('import_scheme', 'scheme', $$'coll_made'$$), ('load_preset', 'scheme', $$'coll_made'$$),
	('new_scheme', 'scheme', $$'coll_made'$$),
	('new_version', 'scheme', $$'coll'$$), ('import_version', 'scheme', $$'coll'$$),
	('drop_scheme', 'scheme', $$'coll_new'$$), ('unpublish', 'scheme', $$'coll_new'$$),
	('load_history', 'scheme', $$'coll_new'$$),
	('', 'series', $$'{2024-01-01: 5}'$$),
	('', 'tier', $$'high'$$),
	('', 'tiers', $$ARRAY['low', 'high']$$),
	('', 'title', $$'made'$$),
	('', 'to', $$'coll_made'$$),
	('', 'to_date', $$'2024-02-29'$$),
	('', 'to_version', '2'),
	('', 'valid', $$'[2024-03-01,2025-01-01)'$$),
	('', 'value', '150'),
	('grant_role', 'value', $$'north'$$), ('revoke_role', 'value', $$'north'$$),
	('', 'version', '2'), ('classify_version', 'version', '1'), ('unpublish', 'version', '1'),
	('classify_held_version', 'version', '1'),
	('', 'watched', $$'coll.few'$$),
	('', 'what', $$'report'$$),
	('keep_assessments', 'which', $$'all'$$),
	('', 'whose', $$'A'$$);
CREATE VIEW coll.call AS
SELECT p.oid::regprocedure AS function, format('SELECT * FROM tiering.%I(%s) x', p.proname, (
	SELECT string_agg(format('%I => %s', a.name, a.value)
		|| CASE WHEN n.type IN ('text'::regtype, 'text[]'::regtype) THEN ' COLLATE "POSIX"'
			ELSE '' END, ', ')
	FROM unnest(p.proargtypes, p.proargnames[:p.pronargs]) n(type, name)
		CROSS JOIN LATERAL (SELECT * FROM coll.argument a
			WHERE a.name = n.name AND a.function IN (p.proname, '')
			ORDER BY a.function DESC LIMIT 1) a)) AS query
FROM pg_proc p
WHERE p.pronamespace = 'tiering'::regnamespace AND p.prorettype <> 'trigger'::regtype
	AND p.prokind = 'f'
	AND p.proargtypes::oid[] && '{text,text[]}'::regtype[]::oid[];
CREATE FUNCTION coll.outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RAISE division_by_zero;		-- undoes it
EXCEPTION
	WHEN division_by_zero THEN RETURN 'works';
	WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END;
$$;
CREATE TABLE coll.walked AS SELECT function, coll.outcome(query) AS outcome FROM coll.call;
SELECT count(*) > 60 AS many FROM coll.walked WHERE outcome = 'works';
SELECT function, outcome FROM coll.walked WHERE outcome ~ '^42P2[12]'
ORDER BY function::text COLLATE "C";
SELECT function, outcome FROM coll.walked WHERE outcome <> 'works' AND outcome !~ '^42P2[12]'
ORDER BY function::text COLLATE "C";

-- what is refused is refused for its own reason
SELECT t.fails('SELECT tiering.' || call) FROM unnest(ARRAY[
	$$newest_version('nothing' COLLATE "POSIX")$$,
	$$export_scheme('coll_few' COLLATE "POSIX", 3)$$,
	$$load_preset('nothing' COLLATE "POSIX")$$,
	$$fx_rate('CLA' COLLATE "POSIX", 'CLB', '2025-01-01')$$,
	$$fx_series('CLA' COLLATE "POSIX", 'nothing')$$]) call;
DELETE FROM tiering.fx_rate WHERE currency = 'CLA';
DELETE FROM tiering.calendar_day WHERE calendar = 'coll';
SELECT tiering.revoke_role('coll_asker', 'request');
DROP ROLE coll_asker;
DROP SCHEMA coll CASCADE;
