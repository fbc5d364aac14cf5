-- Who decides acts for themselves, and nobody decides on what they asked for: as the
-- people concerned, from the outside in.
SET client_min_messages = warning;
SET datestyle = iso;
CREATE SCHEMA pairs;
CREATE TABLE pairs.money AS
SELECT * FROM (VALUES ('c1', 50.0), ('c2', 50), ('c3', 500)) v(customer_id, assets);
-- alice may do all that there is, chief decides, night refreshes, eve has no right
CREATE ROLE pairs_alice; CREATE ROLE pairs_chief; CREATE ROLE pairs_night; CREATE ROLE pairs_eve;
SELECT tiering.grant_role('pairs_alice', g.what)
FROM (SELECT DISTINCT what FROM tiering.role_grants()) g;
SELECT tiering.grant_role('pairs_chief', 'approve'), tiering.grant_role('pairs_chief', 'report'),
	tiering.grant_role('pairs_night', 'grade'), tiering.grant_role('pairs_night', 'report');
GRANT USAGE ON SCHEMA t TO PUBLIC;
GRANT USAGE ON SCHEMA pairs TO PUBLIC;
GRANT CREATE ON SCHEMA pairs TO pairs_alice, pairs_chief;
GRANT SELECT ON pairs.money TO pairs_alice;
SELECT tiering.create_ladder('pairs', 'assets', '{mass,gold,platinum}', '{NULL,100,1000}'),
	tiering.publish('pairs', '2024-01-01'),
	tiering.set_source('pairs', 'SELECT * FROM pairs.money');
SELECT tiering.new_scheme('pairs_try');
SET SESSION AUTHORIZATION pairs_night;
SELECT new FROM tiering.refresh('pairs', '2024-01-31');
SET SESSION AUTHORIZATION pairs_alice;
SELECT tiering.new_version('pairs');
SELECT tiering.request_override('pairs', 'c1', 'floor', 'platinum', '[2024-01-01,2025-01-01)',
	'they are mine') AS mine \gset

-- All that is decided for a person, and where it shows
CREATE TABLE pairs.wish AS
SELECT * FROM (VALUES
	('approve', format('SELECT tiering.approve(%s)', :mine)),
	('reject', format('SELECT tiering.reject(%s)', :mine)),
	('withdraw', format('SELECT tiering.withdraw(%s)', :mine)),
	('end', format('SELECT tiering.end_override(%s, ''2024-02-01'')', :mine)),
	('request', $$SELECT tiering.request_override('pairs', 'c2', 'floor', 'gold',
		'[2024-01-01,2025-01-01)', 'x')$$),
	('publish', $$SELECT tiering.publish('pairs', '2024-06-01')$$),
	('unpublish', $$SELECT tiering.unpublish('pairs', 1, 'x')$$),
	('drop', $$SELECT tiering.drop_scheme('pairs_try')$$),
	('void', $$SELECT tiering.void_assessment('pairs', '2024-01-31', 'x')$$)) v(what, query);
RESET SESSION AUTHORIZATION;
CREATE FUNCTION pairs.records() RETURNS text LANGUAGE sql AS $$
	SELECT format('requests %s, decisions %s, batches %s, publications %s',
		(SELECT count(*) FROM tiering.request WHERE scheme = 'pairs'),
		(SELECT count(*) FROM tiering.decision JOIN tiering.request USING (request)
		 WHERE scheme = 'pairs'),
		(SELECT count(*) FROM tiering.batch WHERE scheme = 'pairs'),
		(SELECT count(*) FROM tiering.publication WHERE scheme LIKE 'pairs%'))
$$;
SELECT pairs.records();

-- A function of alice's that runs with her rights, in a view that somebody reads
SET SESSION AUTHORIZATION pairs_alice;
CREATE FUNCTION pairs.lend(query text) RETURNS text LANGUAGE sql SECURITY DEFINER
AS 'SELECT t.fails(query)';
CREATE VIEW pairs.report AS SELECT w.what, pairs.lend(w.query) AS told FROM pairs.wish w;
GRANT SELECT ON pairs.report TO pairs_eve, pairs_chief;
SET SESSION AUTHORIZATION pairs_eve;
SELECT told FROM pairs.report WHERE what = 'approve';
SELECT what, split_part(told, E'\n', 1) AS told FROM pairs.report;
SET SESSION AUTHORIZATION pairs_chief;
SELECT what, split_part(told, E'\n', 1) AS told FROM pairs.report;
RESET SESSION AUTHORIZATION;
SELECT pairs.records();

-- Of an aggregate core asks for its maker's right, and not for the caller's
SET SESSION AUTHORIZATION pairs_alice;
CREATE FUNCTION pairs.first(bigint, text) RETURNS bigint LANGUAGE sql AS 'SELECT $1';
CREATE AGGREGATE pairs.lent(text) (sfunc = pairs.first, stype = bigint, initcond = :mine,
	finalfunc = tiering.approve, finalfunc_extra);
SET SESSION AUTHORIZATION pairs_eve;
SELECT pairs.lent('x');
RESET SESSION AUTHORIZATION;
SELECT pairs.records();

-- What alice binds, while others refresh or read
CREATE TABLE pairs.now AS SELECT NULL::text AS query;
GRANT SELECT ON pairs.now TO pairs_alice;
GRANT UPDATE ON pairs.now TO pairs_alice, pairs_night, pairs_chief;
SET SESSION AUTHORIZATION pairs_alice;
CREATE FUNCTION pairs.act() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	wish text := query FROM pairs.now;
BEGIN
	IF wish IS NOT NULL THEN
		EXECUTE wish;
		RAISE EXCEPTION 'alice had her way';
	END IF;
	RETURN true;
END;
$$;
SELECT tiering.set_source('pairs', 'SELECT * FROM pairs.money WHERE pairs.act()'),
	tiering.set_series('pairs', 'SELECT customer_id, tiering.month($1 + 1) AS period,
		tiering.daily_series_snapshots(assets, $1) AS balances
		FROM pairs.money WHERE pairs.act() GROUP BY customer_id');
RESET SESSION AUTHORIZATION;
CREATE FUNCTION pairs.under(wish text, call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pairs.now SET query = wish;
	RETURN split_part(t.fails(call), E'\n', 1);
END;
$$;
GRANT SELECT ON pairs.wish TO PUBLIC;
SET SESSION AUTHORIZATION pairs_night;
SELECT what, pairs.under(query, $$SELECT tiering.refresh('pairs', '2024-02-29')$$)
FROM pairs.wish;
SET SESSION AUTHORIZATION pairs_alice;
SELECT pairs.under(query, $$SELECT tiering.refresh('pairs', '2024-02-29')$$) AS her_own_night
FROM pairs.wish WHERE what IN ('request', 'publish');
SET SESSION AUTHORIZATION pairs_chief;
SELECT what, pairs.under(query, 'SELECT sum(balance_to_hold) FROM tiering.near_upgrade
	WHERE scheme = ''pairs''') FROM pairs.wish;
-- where she wishes nothing, nothing is in the way
SELECT pairs.under(NULL, 'SELECT sum(balance_to_hold) FROM tiering.near_upgrade
	WHERE scheme = ''pairs''');
RESET SESSION AUTHORIZATION;
SELECT pairs.records();

-- What is behind the door is for nobody
SET SESSION AUTHORIZATION pairs_alice;
SELECT t.fails(format('SELECT _tiering.approve(%s, NULL)', :mine));
RESET SESSION AUTHORIZATION;
SELECT format('%s of %s', p.oid::regprocedure, p.proacl) FROM pg_proc p
WHERE p.pronamespace = '_tiering'::regnamespace AND p.proname IN (
		SELECT d.proname FROM pg_proc d
		WHERE d.pronamespace = 'tiering'::regnamespace AND d.prosrc = 'enter')
	AND has_function_privilege('public', p.oid, 'EXECUTE');

-- Renamed, she is the same; and who is called as she was counts as her, too
ALTER ROLE pairs_alice RENAME TO pairs_alice2;
CREATE ROLE pairs_alice;
SELECT tiering.grant_role('pairs_alice', 'approve'), tiering.grant_role('pairs_alice', 'report');
CREATE FUNCTION pairs.told(query text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(split_part(t.fails(query), E'\n', 1), 'request \d+', 'request N')
$$;
SET SESSION AUTHORIZATION pairs_alice2;
SELECT pairs.told(format('SELECT tiering.%s(%s)', f, :mine))
FROM unnest('{approve,reject}'::text[]) f;
SET SESSION AUTHORIZATION pairs_alice;
SELECT pairs.told(format('SELECT tiering.%s(%s)', f, :mine))
FROM unnest('{approve,reject}'::text[]) f;
SET SESSION AUTHORIZATION pairs_alice2;
SELECT tiering.withdraw(:mine);
SELECT pairs.told(format('SELECT tiering.withdraw(%s)', :mine));
RESET SESSION AUTHORIZATION;
SELECT requested_by, decided_by, state FROM tiering.request_state WHERE request = :mine;
DROP OWNED BY pairs_alice;
DROP ROLE pairs_alice;
ALTER ROLE pairs_alice2 RENAME TO pairs_alice;

-- The role that was set stands beside who logged in; two people of one group are two
CREATE ROLE pairs_desk;
CREATE ROLE pairs_carol IN ROLE pairs_desk; CREATE ROLE pairs_dave IN ROLE pairs_desk;
SELECT tiering.grant_role('pairs_desk', what)
FROM unnest('{request,approve,report}'::text[]) what;
SET SESSION AUTHORIZATION pairs_carol;
SET ROLE pairs_desk;
SELECT tiering.request_override('pairs', c, 'fixed', 'gold', '[2024-01-31,2025-01-01)', 'x') > 0
	AS asked
FROM unnest('{c1,c2,c2}'::text[]) c;
SELECT pairs.told(format('SELECT tiering.approve(%s)', request)) AS told
FROM tiering.request_state WHERE scheme = 'pairs' AND state = 'pending';
SET SESSION AUTHORIZATION pairs_dave;
SET ROLE pairs_desk;
-- the third is in the way of the second
SELECT customer_id,
	regexp_replace(pairs.told(format('SELECT tiering.approve(%s, ''seen'')', request)),
	'override \d+', 'override N') AS told
FROM tiering.request_state WHERE scheme = 'pairs' AND state = 'pending' ORDER BY request;
RESET SESSION AUTHORIZATION;
SELECT customer_id, state, requested_by, requested_as, decided_by, decided_as, note
FROM tiering.request_state WHERE scheme = 'pairs' ORDER BY request;
SELECT DISTINCT recorded_by, recorded_as FROM tiering.migration
WHERE scheme = 'pairs' AND cause = 'override';

-- A function that runs with one's own rights is no other's, a definer's may be (who_decides);
-- null, a default, a row and an error come through
SET SESSION AUTHORIZATION pairs_carol;
SELECT tiering.request_override('pairs', 'c3', 'cap', 'mass', '[2024-01-31,2025-01-01)', 'x')
	AS cap \gset
SET SESSION AUTHORIZATION pairs_chief;
CREATE FUNCTION pairs.mine(request bigint) RETURNS void LANGUAGE sql
AS 'SELECT tiering.approve(request => $1)';
SELECT pairs.mine(:cap);
SELECT pairs.told('SELECT tiering.approve(NULL)');
SELECT current_user;
RESET SESSION AUTHORIZATION;
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'pairs' AND customer_id = 'c3';
SELECT tiering.end_override(:cap, '2024-01-31', on_request.note)
FROM (SELECT NULL::text AS note) on_request;
SELECT pairs.told($$SELECT tiering.void_assessment('pairs', NULL, 'x')$$);
SELECT pairs.told($$SELECT tiering.request_override('pairs', 'c1', NULL, 'gold', NULL, 'x')$$);
SET SESSION AUTHORIZATION pairs_alice;
SELECT tiering.drop_scheme('pairs_try');
RESET SESSION AUTHORIZATION;
SELECT tiering.end_override(request, '2024-01-31') FROM tiering.request_state
WHERE scheme = 'pairs' AND state = 'approved';
UPDATE pairs.now SET query = NULL;
SELECT new, exit FROM tiering.refresh('pairs', '2024-02-29');
SELECT scheme, as_of, now_as_of, superseded, written
FROM tiering.void_assessment('pairs', '2024-02-29', 'tried');
SELECT (tiering.void_assessment('pairs', '2024-01-31', 'x')).superseded > 0 AS superseded;
SELECT sound FROM tiering.verify_history('pairs');
SELECT done_by FROM tiering.publication WHERE scheme LIKE 'pairs%' AND done_by <> session_user;

DROP SCHEMA pairs CASCADE;
DROP OWNED BY pairs_alice, pairs_chief, pairs_night, pairs_eve, pairs_desk, pairs_carol, pairs_dave;
DROP ROLE pairs_alice, pairs_chief, pairs_night, pairs_eve, pairs_carol, pairs_dave, pairs_desk;
RESET client_min_messages;
RESET datestyle;
