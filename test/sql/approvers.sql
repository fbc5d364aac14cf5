-- Requests that take several steps: a manager, a department, the president, in that order
-- and by three people, as the people concerned, from the outside in.
SET client_min_messages = warning;
SET datestyle = iso;
CREATE SCHEMA steps;
CREATE TABLE steps.money AS
SELECT v.customer_id, d::date AS as_of, v.assets
FROM (VALUES ('c1', 5000.0), ('c2', 5000), ('c3', 50), ('c4', 500)) v(customer_id, assets),
	unnest('{2024-01-31,2024-02-29,2024-03-31,2024-04-30}'::date[]) d;
CREATE ROLE steps_manager; CREATE ROLE steps_department; CREATE ROLE steps_president;
-- mia and mark manage, dora is of the department, and pia, who is in both, presides;
-- paul presides, too, but does not inherit; may is of no office and approves; night refreshes
CREATE ROLE steps_mia IN ROLE steps_manager; CREATE ROLE steps_mark IN ROLE steps_manager;
CREATE ROLE steps_dora IN ROLE steps_department;
CREATE ROLE steps_pia IN ROLE steps_president, steps_manager;
CREATE ROLE steps_paul NOINHERIT IN ROLE steps_president;
CREATE ROLE steps_may; CREATE ROLE steps_ann; CREATE ROLE steps_night;
SELECT count(tiering.grant_role(r, what)) FROM unnest('{approve,report}'::text[]) what,
	unnest('{steps_mia,steps_mark,steps_dora,steps_pia,steps_paul,steps_president,steps_may}'
		::regrole[]) r;
SELECT count(tiering.grant_role('steps_ann', what))
FROM unnest('{request,report,author,approve}'::text[]) what;
SELECT tiering.grant_role('steps_night', 'grade'), tiering.grant_role('steps_night', 'report');
GRANT steps_manager, steps_department, steps_president TO steps_ann;
GRANT USAGE ON SCHEMA t, steps TO PUBLIC;
GRANT CREATE ON SCHEMA steps TO steps_mia;
CREATE FUNCTION steps.told(query text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(replace(t.fails(query), E'\n', ' / '),
		'(request|override|Request|step \d of request) \d+', '\1 N', 'g')
$$;
-- somebody does something with a request, by who they are or what they have set
CREATE FUNCTION steps.try(who text, what text, request bigint, as_role text DEFAULT 'none')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SET LOCAL session_authorization = %I; SET LOCAL role = %I', 'steps_' || who,
		as_role);
	result := steps.told(format('SELECT tiering.%s(%s)', what, request));
	RESET session_authorization;
	RETURN CASE result WHEN 'no error' THEN who || ': done' ELSE who || ': ' || result END;
END;
$$;
CREATE FUNCTION steps.pending(customer text) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
AS $$SELECT request FROM tiering.request_state
	WHERE scheme LIKE 'steps%' AND customer_id = customer AND state = 'pending'$$;

SELECT tiering.create_ladder('steps', 'assets', '{mass,gold,private}', '{NULL,100,1000}');
UPDATE tiering.tier SET approval = true,
	approvers = '{steps_manager,steps_department,steps_president}'
WHERE scheme = 'steps' AND tier = 'private';
SELECT tiering.publish('steps', '2024-01-01'), tiering.set_source('steps',
	'SELECT customer_id, assets FROM steps.money WHERE as_of = $1');
SET SESSION AUTHORIZATION steps_night;
SELECT new, pending FROM tiering.refresh('steps', '2024-01-31');
RESET SESSION AUTHORIZATION;
SELECT customer_id, kind, state, approvers, step, due FROM tiering.request_state
WHERE scheme = 'steps' ORDER BY customer_id;

-- In order: who is not due is told who is
SELECT steps.try(who, what, steps.pending('c1')) FROM unnest('{may,dora,paul}'::text[]) who,
	unnest('{approve,reject}'::text[]) what;
SELECT steps.try('mia', 'approve', steps.pending('c1'));
SELECT state, step, due FROM tiering.request_state WHERE request = steps.pending('c1');
SELECT count(*) AS moved FROM tiering.assignment WHERE scheme = 'steps' AND customer_id = 'c1';
SELECT steps.try(who, 'approve', steps.pending('c1'))
FROM unnest('{mia,mark,pia,may,dora,dora}'::text[]) WITH ORDINALITY w(who, n) ORDER BY n;
-- whose membership is not inherited sets the role, and is who they are all the same
SELECT steps.try('paul', 'approve', steps.pending('c1'));
SELECT steps.try('pia', 'approve', steps.pending('c1'), 'steps_manager');
SELECT steps.try('paul', 'approve', steps.pending('c1'), 'steps_president');
SELECT r.customer_id, d.step, d.decision, d.decided_by, d.decided_as
FROM tiering.decision d JOIN tiering.request r USING (request)
WHERE r.scheme = 'steps' ORDER BY d.request, d.step;
SELECT customer_id, state, step, due, decided_by FROM tiering.request_state
WHERE scheme = 'steps' ORDER BY customer_id;
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'steps' AND customer_id = 'c1';

-- One person, two offices: the second of their steps is somebody else's
SELECT steps.try(who, 'approve', steps.pending('c2'))
FROM unnest('{pia,dora,pia}'::text[]) WITH ORDINALITY w(who, n) ORDER BY n;
ALTER ROLE steps_pia RENAME TO steps_pia2;
SELECT steps.try('pia2', what, steps.pending('c2')) FROM unnest('{approve,reject}'::text[]) what;
ALTER ROLE steps_pia2 RENAME TO steps_pia;
-- the asker is nobody's second pair of eyes, whatever their offices; a function of somebody
-- else's lends no office
SELECT steps.try('mia', 'withdraw', steps.pending('c2'));
SET SESSION AUTHORIZATION steps_ann;
SELECT tiering.request_override('steps', 'c3', 'floor', 'private', '[2024-01-31,2025-01-01)',
	'promised') > 0 AS asked;
RESET SESSION AUTHORIZATION;
SELECT steps.try('ann', 'approve', steps.pending('c3'));
SET SESSION AUTHORIZATION steps_mia;
CREATE FUNCTION steps.lend(request bigint) RETURNS text LANGUAGE sql SECURITY DEFINER
AS $$SELECT steps.told(format('SELECT tiering.approve(%s)', request))$$;
SET SESSION AUTHORIZATION steps_may;
SELECT steps.lend(steps.pending('c3'));
RESET SESSION AUTHORIZATION;
-- rejected at the second step: it ends there
SELECT steps.try(who, what, steps.pending('c3')) FROM (VALUES (1, 'mark', 'approve'),
	(2, 'mark', 'reject'), (3, 'dora', 'reject')) v(n, who, what) ORDER BY n;
SELECT state, step, due, decided_by FROM tiering.request_state
WHERE scheme = 'steps' AND customer_id = 'c3';
-- an override of the tier takes all steps, and is ended by who has the last one
SET SESSION AUTHORIZATION steps_ann;
SELECT tiering.request_override('steps', 'c3', 'floor', 'private', '[2024-01-31,2025-01-01)',
	'promised') AS floor \gset
RESET SESSION AUTHORIZATION;
SELECT steps.try(who, 'approve', :floor)
FROM unnest('{mark,dora,pia,may}'::text[]) WITH ORDINALITY w(who, n) ORDER BY n;
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'steps' AND customer_id = 'c3';
SET SESSION AUTHORIZATION steps_dora;
SELECT steps.told(format('SELECT tiering.end_override(%s, ''2024-01-31'')', :floor));
SET SESSION AUTHORIZATION steps_pia;
SELECT tiering.end_override(:floor, '2024-01-31');
RESET SESSION AUTHORIZATION;
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'steps' AND customer_id = 'c3';
-- a tier without approvers is for anyone who may approve, as before
SET SESSION AUTHORIZATION steps_ann;
SELECT tiering.request_override('steps', 'c3', 'floor', 'gold', '[2024-01-31,2025-01-01)', 'x')
	AS simple \gset
RESET SESSION AUTHORIZATION;
SELECT approvers, step, due FROM tiering.request_state WHERE request = :simple;
SELECT steps.try('may', 'approve', :simple);

-- Approvers of another version: a move is asked for anew, an override by people. What only a
-- draft has, nobody decides on.
SELECT tiering.new_version('steps');
SELECT tier, approval, approvers FROM tiering.tier WHERE scheme = 'steps' AND version = 2
ORDER BY rank;
UPDATE tiering.tier SET approvers = '{}' WHERE scheme = 'steps' AND version = 2;
SET SESSION AUTHORIZATION steps_ann;
SELECT tiering.request_override('steps', 'c4', 'floor', 'private', '[2020-01-01,2025-01-01)', 'x')
	AS before \gset
RESET SESSION AUTHORIZATION;
SELECT approvers AS not_the_drafts FROM tiering.request WHERE request = :before;
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('steps', 2, 'royal', 9);
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('steps', 2, 'royal', 'assets', '[1000000,)');
SET SESSION AUTHORIZATION steps_ann;
SELECT tiering.request_override('steps', 'c4', 'floor', 'royal', '[2024-01-31,2025-01-01)', 'x')
	AS royal \gset
RESET SESSION AUTHORIZATION;
SELECT steps.try('may', 'approve', :royal);
UPDATE tiering.tier SET approvers = '{steps_president}' WHERE scheme = 'steps' AND version = 2
	AND tier IN ('private', 'royal');
SELECT tiering.publish('steps', '2024-02-01');
SELECT steps.try('may', 'approve', :royal);
SELECT steps.try('mark', 'approve', :before);
-- a move is still decided on by whom the version that asked for it names
SELECT steps.try('pia', 'approve', steps.pending('c2'));
SET SESSION AUTHORIZATION steps_night;
SELECT pending FROM tiering.refresh('steps', '2024-02-29');
SELECT pending, written FROM tiering.refresh('steps', '2024-02-29');
RESET SESSION AUTHORIZATION;
SELECT version, state, note, step, approvers, due FROM tiering.request_state
WHERE scheme = 'steps' AND customer_id = 'c2' ORDER BY request;

-- Renamed, a role is the same; what was published is as it was, and a document has names
ALTER ROLE steps_president RENAME TO "Head of ""steps""";
SELECT approvers, due FROM tiering.request_state WHERE request = steps.pending('c2');
SELECT steps.try('dora', 'approve', steps.pending('c2'));
SELECT * FROM tiering.verify_state('steps');
SELECT t -> 'approvers' AS approvers
FROM jsonb_array_elements(tiering.export_scheme('steps') -> 'tiers') t WHERE t ? 'approvers';
SELECT tiering.import_scheme(tiering.export_scheme('steps'), 'steps_copy');
SELECT tiering.copy_scheme('steps', 'steps_too');
SELECT scheme, tier, approvers FROM tiering.tier WHERE scheme IN ('steps_copy', 'steps_too')
	AND cardinality(approvers) > 0 ORDER BY scheme, tier;
SELECT steps.told(format('SELECT tiering.import_scheme(jsonb_set(tiering.export_scheme(''steps'', '
	'1), ''{tiers,2,approvers}'', %L), ''steps_no'')', d))
FROM unnest(ARRAY['["steps_nobody"]', '"steps_mia"', '[5]', '[null]', '{"a": 1}', '[["x"]]']) d;
SELECT steps.told(format('UPDATE tiering.tier SET approvers = %L WHERE scheme = ''steps_copy''', a))
FROM unnest('{"{NULL}","{-}","{steps_nobody}"}'::text[] || NULL) a;
ALTER ROLE "Head of ""steps""" RENAME TO steps_president;

-- Dropped, it is nobody's step but a superuser's: another version names another role
DROP OWNED BY steps_president;
DROP ROLE steps_president;
SELECT due IS NOT NULL AS due, due::text ~ '^\d+$' AS by_number FROM tiering.request_state
WHERE request = steps.pending('c2');
SELECT regexp_replace(steps.try(who, 'approve', steps.pending('c2')), 'role \d+', 'role M')
FROM unnest('{pia,may}'::text[]) who;
SELECT tiering.new_version('steps');
SELECT severity, place, regexp_replace(finding, '\d+', 'M') AS finding
FROM tiering.validate('steps', 3) WHERE finding ~ 'approvers';
SELECT left(steps.told($$SELECT tiering.publish('steps', '2024-03-01')$$), 60);
UPDATE tiering.tier SET approvers = '{steps_department,steps_manager}'
WHERE scheme = 'steps' AND version = 3 AND cardinality(approvers) > 0;
SELECT severity, place, finding FROM tiering.validate('steps', 3) WHERE finding ~ 'approvers';
SELECT tiering.publish('steps', '2024-03-01');
SET SESSION AUTHORIZATION steps_night;
SELECT pending FROM tiering.refresh('steps', '2024-03-31');
RESET SESSION AUTHORIZATION;
SELECT steps.try(who, 'approve', steps.pending('c2'))
FROM unnest('{dora,may,pia}'::text[]) WITH ORDINALITY w(who, n) ORDER BY n;
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'steps' AND customer_id = 'c2';
-- asked for again, an agreed step is gone with the request; taken back, all of it
SELECT (tiering.void_assessment('steps', '2024-03-31', 'x')).withdrawn;
SELECT sound FROM tiering.verify_history('steps');
SELECT * FROM t.inv_request('steps');

-- A tier that no version in force has is approved by whom the last one that had it names; a draft
-- that takes it up again says nothing yet. An override outlives its approvers' role.
SELECT tiering.create_ladder('steps_gone', 'assets', '{mass,gold}', '{NULL,100}');
UPDATE tiering.tier SET approvers = '{steps_department}'
WHERE scheme = 'steps_gone' AND tier = 'gold';
SELECT tiering.publish('steps_gone', '2024-01-01'), tiering.new_version('steps_gone');
DELETE FROM tiering.tier WHERE scheme = 'steps_gone' AND version = 2 AND tier = 'gold';
SELECT tiering.publish('steps_gone', '2024-02-01'), tiering.new_version('steps_gone');
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('steps_gone', 3, 'gold', 5);
SELECT _tiering.override_approvers('steps_gone', 'gold');

DROP SCHEMA steps CASCADE;
DROP OWNED BY steps_mia, steps_mark, steps_dora, steps_pia, steps_paul, steps_may, steps_ann,
	steps_night, steps_manager, steps_department;
DROP ROLE steps_mia, steps_mark, steps_dora, steps_pia, steps_paul, steps_may, steps_ann,
	steps_night, steps_manager, steps_department;
RESET client_min_messages;
RESET datestyle;
