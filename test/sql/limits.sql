-- Limits of a refresh: a file that was loaded twice, one that is missing and one that is cut
-- move nobody, until somebody says so.
CREATE SCHEMA lim;
CREATE TABLE lim.value (customer_id int, as_of date, value numeric);
-- 100 customers just below the bound; a day twice, one with half of them, one of new ones
INSERT INTO lim.value SELECT c, d, 490000 + c
FROM generate_series(1, 100) c, unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
INSERT INTO lim.value SELECT c, '2024-02-29', 490000 + c FROM generate_series(1, 100) c;
INSERT INTO lim.value SELECT c, '2024-04-30', 490000 + c FROM generate_series(1, 50) c;
INSERT INTO lim.value SELECT c, '2024-05-31', 490000 + c FROM generate_series(1, 130) c;
INSERT INTO lim.value SELECT c, '2024-06-30', CASE WHEN c <= 5 THEN 600000 ELSE 490000 + c END
	FROM generate_series(1, 100) c;
INSERT INTO lim.value SELECT c, '2024-07-31', CASE WHEN c <= 11 THEN 600000 ELSE 490000 + c END
	FROM generate_series(1, 100) c;
SELECT tiering.create_ladder('limits', 'value', '{mass,private}', '{NULL,500000}'),
	tiering.publish('limits', '2024-01-01'), tiering.set_source('limits',
	'SELECT customer_id, sum(value) AS value FROM lim.value WHERE as_of = $1 GROUP BY 1');
SELECT tiering.new_scheme('limits_unmeasured');
INSERT INTO tiering.metric (scheme, version, metric) VALUES ('limits_unmeasured', 1, 'value');
CREATE TABLE lim.ledger AS SELECT as_of AS day, sum(value) AS total FROM lim.value
	WHERE as_of > '2024-07-31' GROUP BY 1;
CREATE ROLE t_binds;
CREATE ROLE t_nightly;
CREATE ROLE t_plans;
SELECT tiering.grant_role('t_binds', 'bind'), tiering.grant_role('t_nightly', 'grade'),
	tiering.grant_role('t_plans', 'plan');
GRANT USAGE ON SCHEMA t TO t_binds, t_nightly, t_plans;
CREATE FUNCTION lim.night(day date, force boolean DEFAULT false) RETURNS text LANGUAGE plpgsql
SET client_min_messages = warning AS $$
DECLARE
	code text;
	detail text;
	hint text;
	r tiering.refresh_result;
BEGIN
	r := tiering.refresh('limits', day, force => force);
	RETURN format('new %s up %s down %s exit %s', r.new, r.up, r.down, r.exit);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', code || ' ' || SQLERRM, NULLIF(detail, ''), NULLIF(hint, ''));
END;
$$;
GRANT USAGE ON SCHEMA lim TO t_nightly;

-- who may say it, and what
SELECT t.fails(q) FROM unnest(ARRAY['SELECT tiering.set_limits(''limits'', 1.5)',
	'SELECT tiering.set_limits(''limits'', max_exit => -0.1)',
	'SELECT tiering.set_limits(''limits'', max_new => ''NaN'')',
	'SELECT tiering.set_limits(''limits'', tolerance => -1,
		control_query => ''SELECT 1 AS total'')',
	'SELECT tiering.set_limits(''limits'', control_query => ''SELECT 1 AS sum'')',
	'SELECT tiering.set_limits(''limits'', control_query => ''SELECT 1.0::float8 AS total'')',
	'SELECT tiering.set_limits(''limits'', control_query => ''SELECT total FROM ledger'')',
	'SELECT tiering.set_limits(''limits'', control_query => ''DELETE FROM lim.value'')',
	'SELECT tiering.set_limits(''limits_unmeasured'', control_query => ''SELECT 1 AS total'')',
	'SELECT tiering.set_limits(''limits'', max_new => 1, control_query => '' ; '')',
	'SELECT tiering.set_limits(''nowhere'', 1)']) q;
-- a query of nothing is none
SELECT max_new, control_query FROM tiering.refresh_limit;
SET SESSION AUTHORIZATION t_nightly;
SELECT t.fails('SELECT tiering.set_limits(''limits'', 1)');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION t_binds;
SELECT tiering.set_limits('limits', max_moved => 0.1, max_new => 0.2, max_exit => 0.1);
RESET SESSION AUTHORIZATION;
SELECT scheme, max_moved, max_new, max_exit, control_query, set_by FROM tiering.refresh_limit;

-- the first one has no limits; the second one is double
SET SESSION AUTHORIZATION t_nightly;
SELECT lim.night('2024-01-31');
SELECT lim.night('2024-02-29');
RESET SESSION AUTHORIZATION;
SELECT count(*) AS batches FROM tiering.batch WHERE scheme = 'limits';
SELECT refreshed_as_of FROM tiering.source WHERE scheme = 'limits';
SELECT count(*) AS assessed FROM tiering.distribution_history
	WHERE scheme = 'limits' AND as_of > '2024-01-31';
-- who may read customers is told who they are; so does planning
SELECT lim.night('2024-02-29');
SET SESSION AUTHORIZATION t_plans;
SELECT * FROM tiering.simulate_limits('limits', 1, '2024-02-29');
SELECT * FROM tiering.simulate_limits('limits', 1, '2024-03-31');
RESET SESSION AUTHORIZATION;
-- the way out: the day is put right, or another one comes; half a bank is no bank
DELETE FROM lim.value a USING lim.value b
	WHERE (a.customer_id, a.as_of) = (b.customer_id, b.as_of) AND a.ctid > b.ctid;
SELECT lim.night('2024-02-29'), lim.night('2024-03-31');
SELECT lim.night('2024-04-30');
SELECT lim.night('2024-05-31');
-- on the limit is within it, one more is not; beyond it by force, and that is kept
SELECT lim.night('2024-06-30');
SELECT tiering.set_limits('limits', max_moved => 0.06);
SELECT lim.night('2024-07-31');
SELECT tiering.set_limits('limits', max_moved => 0.05);
SELECT tiering.void_assessment('limits', '2024-07-31', 'to be seen again') IS NOT NULL AS voided;
SELECT lim.night('2024-07-31');
SET SESSION AUTHORIZATION t_nightly;
SELECT lim.night('2024-07-31', force => true);
RESET SESSION AUTHORIZATION;
SELECT entry > 0 AS numbered, scheme, as_of, finding, recorded_by, recorded_as
	FROM tiering.source_check WHERE scheme = 'limits';
SELECT t.fails('DELETE FROM tiering.source_check');
-- the same again moves nobody
SELECT lim.night('2024-07-31');
-- but other data for the day do
BEGIN;
UPDATE lim.value SET value = 600000 WHERE as_of = '2024-07-31' AND customer_id > 93;
SELECT lim.night('2024-07-31', NULL);
ROLLBACK;
-- no limits, no row; what a restatement moves is not looked at
SELECT tiering.set_limits('limits');
SELECT count(*) AS limits FROM tiering.refresh_limit;
SELECT lim.night('2024-07-31');
SELECT tiering.set_limits('limits', 0, 0, 0);
UPDATE lim.value SET value = 600000 WHERE as_of = '2024-07-31' AND customer_id = 50;
SELECT superseded, recorded FROM tiering.restate('limits', '2024-07-31');
SELECT * FROM tiering.simulate_limits('limits', 1);
SELECT t.invariants('limits');

-- a total from elsewhere: asked with the rights of who bound it, whoever refreshes
INSERT INTO lim.value SELECT c, d, 490000 + c / 4.0
FROM generate_series(1, 100) c, unnest('{2024-08-31,2024-09-30}'::date[]) d;
INSERT INTO lim.ledger SELECT as_of, sum(value) FROM lim.value WHERE as_of >= '2024-08-31'
	GROUP BY as_of;
GRANT USAGE ON SCHEMA lim TO t_binds;
SET SESSION AUTHORIZATION t_binds;
SELECT tiering.set_limits('limits', control_query =>
	'SELECT total FROM lim.ledger WHERE day = $1');
RESET SESSION AUTHORIZATION;
SELECT lim.night('2024-08-31');
GRANT SELECT ON lim.ledger TO t_binds;
SET SESSION AUTHORIZATION t_binds;
SELECT tiering.set_limits('limits', control_query =>
	'SELECT total FROM lim.ledger WHERE day = $1 -- in the general ledger;');
SELECT scheme, control_query, tolerance, set_by FROM tiering.refresh_limit;
RESET SESSION AUTHORIZATION;
UPDATE lim.value SET value = value + 0.01 WHERE as_of = '2024-08-31' AND customer_id = 7;
SET SESSION AUTHORIZATION t_nightly;
SELECT lim.night('2024-08-31');
RESET SESSION AUTHORIZATION;
SELECT lim.night('2024-08-31');
SELECT tiering.set_limits('limits', tolerance => 0.01, control_query =>
	'SELECT total FROM lim.ledger WHERE day = $1');
SELECT lim.night('2024-08-31');
UPDATE lim.value SET value = value - 0.02 WHERE as_of = '2024-09-30' AND customer_id = 7;
SELECT lim.night('2024-09-30');
SELECT lim.night('2024-09-30', force => true);
SELECT finding FROM tiering.source_check WHERE as_of = '2024-09-30';
DELETE FROM lim.ledger WHERE day = '2024-09-30';
SELECT lim.night('2024-09-30');
INSERT INTO lim.ledger VALUES ('2024-09-30', NULL);
SELECT lim.night('2024-09-30');
INSERT INTO lim.ledger VALUES ('2024-09-30', 1);
SELECT lim.night('2024-09-30', force => true);
SELECT t.fails($$UPDATE tiering.refresh_limit SET control_query = 'SELECT 1 AS total'$$);
SELECT t.invariants('limits');
SELECT tiering.set_limits('limits', 0);
SELECT tiering.create_ladder('limits_none', 'value', '{mass}', '{NULL}'),
	tiering.set_limits('limits_none', 0.5), tiering.drop_scheme('limits_none');
SELECT scheme FROM tiering.refresh_limit;
SELECT tiering.revoke_role('t_binds', 'bind'), tiering.revoke_role('t_nightly', 'grade'),
	tiering.revoke_role('t_plans', 'plan');
DROP OWNED BY t_binds, t_nightly, t_plans;
DROP ROLE t_binds, t_nightly, t_plans;
-- nor does a scheme go and leave its limits to the next one of that name
SELECT tiering.create_ladder('limits_gone', 'value', '{mass}', '{NULL}'),
	tiering.set_limits('limits_gone', 0.5), tiering.keep_assessments('limits_gone', 'all');
DELETE FROM tiering.scheme_version WHERE scheme = 'limits_gone';
SELECT t.fails($$DELETE FROM tiering.scheme WHERE scheme = 'limits_gone'$$) ~ '^23503' AS stays;
SELECT tiering.drop_scheme('limits_gone');
DROP SCHEMA lim CASCADE;
