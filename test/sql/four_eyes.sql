-- Published by two: one asks, somebody else approves, who has written nothing of the draft. As
-- the people concerned, from the outside in.
SET client_min_messages = warning;
SET datestyle = iso;
CREATE SCHEMA eyes;
CREATE TABLE eyes.money AS SELECT * FROM (VALUES ('c1', 50.0), ('c2', 500)) v(customer_id, assets);
-- ada and abe write, ada also asks; chief and vice approve; boss is of the board and approves;
-- dba owns the extension, as far as anyone but a superuser can
CREATE ROLE eyes_ada; CREATE ROLE eyes_abe; CREATE ROLE eyes_chief; CREATE ROLE eyes_vice;
CREATE ROLE eyes_board; CREATE ROLE eyes_boss IN ROLE eyes_board; CREATE ROLE eyes_eve;
SELECT count(tiering.grant_role(r, what)) FROM unnest('{author,approve,report}'::text[]) what,
	unnest('{eyes_ada,eyes_abe}'::regrole[]) r;
SELECT count(tiering.grant_role(r, what)) FROM unnest('{approve,report}'::text[]) what,
	unnest('{eyes_chief,eyes_vice,eyes_boss}'::regrole[]) r;
SELECT tiering.grant_role('eyes_ada', 'request');
GRANT USAGE ON SCHEMA t, eyes TO PUBLIC;
GRANT CREATE ON SCHEMA eyes TO eyes_ada, eyes_chief;
CREATE FUNCTION eyes.told(query text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(replace(t.fails(query), E'\n', ' / '),
		'(request |Request |withdraw\()\d+', '\1N', 'g')
$$;
CREATE FUNCTION eyes.try(who text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SET LOCAL session_authorization = %I', 'eyes_' || who);
	result := eyes.told(query);
	RESET session_authorization;
	RETURN CASE result WHEN 'no error' THEN who || ': done' ELSE who || ': ' || result END;
END;
$$;
CREATE FUNCTION eyes.decide(who text, what text) RETURNS text LANGUAGE sql AS $$
	SELECT eyes.try(who, format('SELECT tiering.%s(%s)', what, max(request)))
	FROM tiering.request WHERE scheme LIKE 'eyes%'
$$;
CREATE VIEW eyes.version AS
SELECT scheme, version, status, effective, NULLIF(published_by, session_user) AS published_by
FROM tiering.scheme_version
WHERE scheme LIKE 'eyes%' ORDER BY scheme, version;
CREATE VIEW eyes.request AS
SELECT kind, customer_id, version, effective, reason, state, step, due, requested_by, decided_by,
	note
FROM tiering.request_state WHERE scheme LIKE 'eyes%' ORDER BY request;

SELECT tiering.create_ladder('eyes', 'assets', '{mass,gold}', '{NULL,100}'),
	tiering.publish('eyes', '2024-01-01'), tiering.set_source('eyes',
	'SELECT customer_id, assets FROM eyes.money');
SELECT new FROM tiering.refresh('eyes', '2024-01-31');

-- That it takes two is the extension's owner's to say, and nobody's to write
SELECT eyes.try(who, $$SELECT tiering.set_four_eyes('eyes', true, 'x')$$)
FROM unnest('{ada,chief,eve}'::text[]) who;
SELECT eyes.told(format('SELECT tiering.set_four_eyes(%s)', arguments)) FROM unnest(ARRAY[
	$$'eyes', NULL, 'x'$$, $$'eyes', true, NULL$$, $$'eyes', true, ' '$$,
	$$'eyes', true, 'x', NULL$$, $$'eyes', false, 'x', '{eyes_board}'$$,
	$$'eyes', true, 'x', '{eyes_nobody}'$$, $$'eyes', true, 'x', '{-}'$$,
	$$'eyes_none', true, 'x'$$, $$NULL, true, 'x'$$]) arguments;
SELECT eyes.told($$UPDATE tiering.scheme SET four_eyes = true WHERE scheme = 'eyes'$$);
SELECT tiering.set_four_eyes('eyes', true, 'the board wants it');
SELECT eyes.told(format('UPDATE tiering.scheme SET %s WHERE scheme = ''eyes''', change))
FROM unnest('{"four_eyes = false","scheme = ''eyes2''"}'::text[]) change;
SELECT eyes.try('ada', format('UPDATE tiering.scheme SET %s WHERE scheme = ''eyes''', change))
FROM unnest('{"four_eyes = false","approvers = ''{}''","title = ''Eyes''"}'::text[]) change;
SELECT four_eyes, approvers FROM tiering.scheme WHERE scheme = 'eyes';

-- publish() alone is refused, whoever calls it; what has graded cannot be taken back anyway
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.new_version('eyes');
UPDATE tiering.rule SET bounds = '[40,)' WHERE scheme = 'eyes' AND version = 2;
RESET SESSION AUTHORIZATION;
SELECT eyes.try('ada', $$SELECT tiering.publish('eyes', '2024-03-01')$$);
SELECT eyes.told($$SELECT tiering.publish('eyes', '2024-03-01')$$);
SELECT eyes.try('ada', format('SELECT tiering.request_publication(%s)', arguments))
FROM unnest(ARRAY[$$'eyes', NULL, 'x'$$, $$'eyes', '2024-03-01', NULL$$,
	$$'eyes', '2024-01-01', 'x'$$, $$'eyes_none', '2024-03-01', 'x'$$, $$NULL, '2024-03-01', 'x'$$,
	$$'eyes', 'infinity', 'x'$$]) arguments;
SELECT eyes.try(who, $$SELECT tiering.request_publication('eyes', '2024-03-01', 'x')$$)
FROM unnest('{chief,eve}'::text[]) who;
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.request_publication('eyes', '2024-03-01', 'gold for more') > 0 AS asked;
RESET SESSION AUTHORIZATION;
TABLE eyes.request;
-- who asked does not decide, nor who wrote, however little and whatever they are called now
SELECT eyes.decide('ada', what) FROM unnest('{approve,reject}'::text[]) what;
SET SESSION AUTHORIZATION eyes_abe;
UPDATE tiering.scheme_version SET note = 'by abe' WHERE scheme = 'eyes' AND version = 2;
RESET SESSION AUTHORIZATION;
SELECT written_by FROM tiering.draft_author WHERE scheme = 'eyes' AND version = 2 ORDER BY 1;
SELECT eyes.decide(who, 'approve') FROM unnest('{abe,chief}'::text[]) who;
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.request_publication('eyes', '2024-03-01', 'gold for more, as noted') > 0 AS asked;
RESET SESSION AUTHORIZATION;
ALTER ROLE eyes_abe RENAME TO eyes_abel;
SELECT eyes.decide('abel', 'approve');
ALTER ROLE eyes_abel RENAME TO eyes_abe;
SELECT eyes.decide('eve', 'approve');
TABLE eyes.request;
-- rejected, and withdrawn
SELECT eyes.decide('chief', 'reject');
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.request_publication('eyes', '2024-03-01', 'once more') AS mine \gset
SELECT tiering.withdraw(:mine, 'no');
SELECT tiering.request_publication('eyes', '2024-03-01', 'now') > 0 AS asked;
RESET SESSION AUTHORIZATION;

-- What is approved is what was asked for: every word of it
CREATE FUNCTION eyes.after(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	SET LOCAL session_authorization = eyes_ada;
	EXECUTE change;
	RESET session_authorization;
	told := eyes.decide('chief', 'approve');
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = told;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	RETURN SQLERRM;
END;
$$;
SELECT change, eyes.after(change) FROM unnest(ARRAY[
	$$UPDATE tiering.rule SET bounds = '[40,)' WHERE scheme = 'eyes' AND version = 2$$,
	$$UPDATE tiering.rule SET bounds = '[41,)' WHERE scheme = 'eyes' AND version = 2$$,
	$$UPDATE tiering.tier SET title = 'x' WHERE scheme = 'eyes' AND version = 2 AND tier = 'gold'$$,
	$$UPDATE tiering.tier SET approvers = '{eyes_board}' WHERE scheme = 'eyes' AND version = 2$$,
	$$UPDATE tiering.scheme_version SET note = 'x' WHERE scheme = 'eyes' AND version = 2$$,
	$$UPDATE tiering.scheme SET title = 'another name' WHERE scheme = 'eyes'$$,
	$$DELETE FROM tiering.scheme_version WHERE scheme = 'eyes' AND version = 2$$,
	$$WITH gone AS (DELETE FROM tiering.scheme_version WHERE scheme = 'eyes' AND version = 2)
		SELECT 1; SELECT tiering.new_version('eyes')$$,
	$$INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES ('eyes', 2, 'gold', 2)$$
	]) WITH ORDINALITY c(change, n) ORDER BY n;
-- approvers of a draft that are others of the same number are found as well
BEGIN;
UPDATE tiering.tier SET approvers = '{eyes_chief}' WHERE scheme = 'eyes' AND version = 2;
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.request_publication('eyes', '2024-03-01', 'chief is to approve') > 0 AS asked;
RESET SESSION AUTHORIZATION;
SELECT eyes.after($$UPDATE tiering.tier SET approvers = '{eyes_abe}'
	WHERE scheme = 'eyes' AND version = 2$$);
ROLLBACK;
-- for days that were still to come when it was asked for
BEGIN;
SELECT new FROM tiering.refresh('eyes', '2024-03-31');
SELECT eyes.decide('chief', 'approve');
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.request_publication('eyes', '2024-03-01', 'late, and meant so') > 0 AS asked;
RESET SESSION AUTHORIZATION;
SELECT eyes.decide('chief', 'approve');
ROLLBACK;
-- nobody lends the right
SET SESSION AUTHORIZATION eyes_chief;
CREATE FUNCTION eyes.lend(query text) RETURNS text LANGUAGE sql SECURITY DEFINER
AS 'SELECT eyes.told(query)';
SET SESSION AUTHORIZATION eyes_ada;
CREATE FUNCTION eyes.lend_ada(query text) RETURNS text LANGUAGE sql SECURITY DEFINER
AS 'SELECT eyes.told(query)';
SELECT split_part(eyes.lend(format('SELECT tiering.approve(%s)', max(request))), ' / ', 1)
FROM tiering.request_state WHERE scheme = 'eyes' AND state = 'pending';
SET SESSION AUTHORIZATION eyes_chief;
SELECT split_part(eyes.lend_ada(
	$$SELECT tiering.request_publication('eyes', '2024-03-01', 'x')$$), ' / ', 1);
RESET SESSION AUTHORIZATION;
SELECT eyes.lend_ada($$SELECT tiering.set_four_eyes('eyes', false, 'x')$$) ~ '^42501' AS refused;

SELECT eyes.decide('chief', 'approve');
TABLE eyes.version;
TABLE eyes.request;
SELECT event, what, version, effective, reason, digest IS NOT NULL AS digest, done_by = session_user
	AS by_owner, done_by = 'eyes_chief' AS by_chief
FROM tiering.publication WHERE scheme = 'eyes' ORDER BY event;

-- No way round by one: not by taking back, dropping, deleting, renaming
SELECT eyes.try('ada', $$SELECT tiering.unpublish('eyes', 2, 'x')$$);
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.create_ladder('eyes_new', 'assets', '{mass,gold}', '{NULL,100}');
RESET SESSION AUTHORIZATION;
SELECT tiering.set_four_eyes('eyes_new', true, 'from the start', '{eyes_board,eyes_chief}');
BEGIN;
SELECT eyes.try('ada', change) FROM unnest(ARRAY[
	$$SELECT tiering.publish('eyes_new', '2024-01-01')$$,
	$$SELECT tiering.drop_scheme('eyes_new')$$,
	$$DELETE FROM tiering.scheme_version WHERE scheme = 'eyes_new'$$,
	$$DELETE FROM tiering.scheme WHERE scheme = 'eyes_new'$$,
	$$UPDATE tiering.scheme SET scheme = 'eyes_old' WHERE scheme = 'eyes_new'$$]) change;
-- the way out
SELECT tiering.set_four_eyes('eyes_new', false, 'nothing is in it');
SELECT eyes.try('ada', $$DELETE FROM tiering.scheme WHERE scheme = 'eyes_new'$$);
ROLLBACK;

-- Published in steps: by the board, and then by the chief
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.request_publication('eyes_new', '2024-01-01', 'to begin') > 0 AS asked;
RESET SESSION AUTHORIZATION;
SELECT eyes.decide(who, 'approve')
FROM unnest('{chief,vice,boss,boss,vice}'::text[]) WITH ORDINALITY w(who, n) ORDER BY n;
SELECT state, step, due FROM tiering.request_state WHERE scheme = 'eyes_new';
-- other approvers since: it is to be asked for anew
SELECT tiering.set_four_eyes('eyes_new', true, 'the board is enough', '{eyes_board}');
SELECT eyes.decide('chief', 'approve');
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.request_publication('eyes_new', '2024-01-01', 'to begin') > 0 AS asked;
RESET SESSION AUTHORIZATION;
SELECT eyes.decide('boss', 'approve');
SELECT status, published_by FROM eyes.version WHERE scheme = 'eyes_new';
-- switched off, which is on record, one person does as before
SELECT tiering.set_four_eyes('eyes_new', false, 'a trial only');
SELECT eyes.try('ada', change) FROM unnest(ARRAY[
	$$SELECT tiering.unpublish('eyes_new', 1, 'x')$$,
	$$SELECT tiering.publish('eyes_new', '2024-01-01')$$]) change;
SELECT event, what, reason, (SELECT string_agg(concat_ws(' ', a ->> 'step', a ->> 'role'), ', ')
	FROM jsonb_array_elements(approvers) a) AS approvers, done_by
FROM tiering.publication WHERE scheme = 'eyes_new' AND done_by LIKE 'eyes%' ORDER BY event;
SELECT what, reason, (SELECT string_agg(concat_ws(' ', a ->> 'step', a ->> 'role'), ', ')
	FROM jsonb_array_elements(approvers) a) AS approvers
FROM tiering.publication WHERE scheme = 'eyes_new' AND what LIKE '%eyes' ORDER BY event;

-- Elsewhere it can be asked for as well; what is published or dropped meanwhile is not asked
-- for any more, and requests stay
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.new_scheme('eyes_free'), tiering.drop_scheme('eyes_free');
SELECT tiering.create_ladder('eyes_free', 'x', '{a,b}', '{NULL,1}'),
	tiering.request_publication('eyes_free', '2024-01-01', 'please') > 0 AS asked,
	tiering.publish('eyes_free', '2024-02-01');
SELECT tiering.new_version('eyes_free'),
	tiering.request_publication('eyes_free', '2024-03-01', 'please') > 0 AS asked;
RESET SESSION AUTHORIZATION;
SELECT eyes.decide('vice', 'approve');
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.new_version('eyes_free'),
	tiering.request_publication('eyes_free', '2024-04-01', 'please') > 0 AS asked,
	tiering.drop_scheme('eyes_free');
RESET SESSION AUTHORIZATION;
SELECT version, effective, state, note, decided_by FROM tiering.request_state
WHERE scheme = 'eyes_free' ORDER BY request;
SELECT scheme, version FROM eyes.version WHERE scheme = 'eyes_free';
SELECT eyes.told(format('SELECT tiering.end_override(%s, ''2024-01-01'')', request))
FROM tiering.request_state WHERE scheme = 'eyes_free' AND state = 'approved';

-- Approvers of a published version that are changed behind the triggers are found; a name is
-- nothing
SET SESSION AUTHORIZATION eyes_ada;
SELECT tiering.new_version('eyes');
UPDATE tiering.tier SET approvers = '{eyes_board,eyes_chief}' WHERE scheme = 'eyes' AND version = 3
	AND tier = 'gold';
SELECT tiering.request_publication('eyes', '2024-04-01', 'gold by the board') > 0 AS asked;
RESET SESSION AUTHORIZATION;
ALTER ROLE eyes_board RENAME TO eyes_table;
SELECT eyes.decide('vice', 'approve');
ALTER ROLE eyes_table RENAME TO eyes_board;
UPDATE eyes.money SET assets = assets + 60;
SELECT up FROM tiering.refresh('eyes', '2024-04-30');
CREATE FUNCTION eyes.tried(change text, OUT state text, OUT history text) LANGUAGE plpgsql AS $$
BEGIN
	ALTER TABLE tiering.tier DISABLE TRIGGER frozen;
	ALTER TABLE tiering.publication DISABLE TRIGGER refuse_rewrite;
	EXECUTE change;
	state := string_agg(concat_ws(': ', v.kind, v.finding), '; ')
		FROM tiering.verify_state('eyes') v;
	history := concat_ws(' ', v.batch, v.finding) FROM tiering.verify_history('eyes') v;
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = concat(state, E'\n', history);
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	state := split_part(SQLERRM, E'\n', 1);
	history := split_part(SQLERRM, E'\n', 2);
END;
$$;
SELECT change, x.state, x.history FROM unnest(ARRAY[
	'SELECT 1', 'ALTER ROLE eyes_board RENAME TO eyes_table',
	$$UPDATE tiering.tier SET approvers = '{eyes_abe,eyes_chief}' WHERE scheme = 'eyes'
		AND version = 3 AND tier = 'gold'$$,
	$$UPDATE tiering.tier SET approvers = '{eyes_board}' WHERE scheme = 'eyes'
		AND version = 3 AND tier = 'gold'$$,
	$$UPDATE tiering.tier SET approvers = '{eyes_board}' WHERE scheme = 'eyes'
		AND version = 1 AND tier = 'gold'$$,
	$$UPDATE tiering.publication SET approvers = NULL WHERE scheme = 'eyes' AND version = 3$$,
	$$UPDATE tiering.publication SET reason = 'x' WHERE scheme = 'eyes' AND event = 2$$
	]) WITH ORDINALITY c(change, n), eyes.tried(change) x ORDER BY n;
SELECT * FROM t.inv_request('eyes');
-- a definer's trigger function is for its own table
CREATE TEMP TABLE mine (scheme text, version int, status text);
CREATE TRIGGER x AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION _tiering.note_draft();
SELECT t.fails($$INSERT INTO mine VALUES ('eyes', 1, 'draft')$$);
DROP TABLE mine;

-- An assessment is taken back by two, too: who assesses asks, and somebody else approves. Moves,
-- state and seals are then as after void_assessment().
SELECT tiering.grant_role('eyes_abe', what) FROM unnest('{grade,request}'::text[]) what;
SELECT tiering.create_ladder('eyes_back', 'assets', '{mass,gold}', '{NULL,100}'),
	tiering.publish('eyes_back', '2024-01-01'), tiering.set_source('eyes_back',
	'SELECT customer_id, CASE WHEN customer_id = ''c2'' OR $1 = ''2024-02-29'' THEN 500
		ELSE 50 END AS assets FROM eyes.money');
SELECT tiering.set_four_eyes('eyes_back', true, 'the board wants it', '{eyes_chief}');
SELECT count(tiering.refresh('eyes_back', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT eyes.try('abe', $$SELECT tiering.void_assessment('eyes_back', '2024-02-29', 'slip')$$);
SELECT eyes.try('abe', format('SELECT tiering.request_void(''eyes_back'', %s)', arguments))
FROM unnest(ARRAY[$$'2024-02-29', ' '$$, $$'2024-01-31', 'x'$$]) arguments;
SELECT eyes.try('chief', $$SELECT tiering.request_void('eyes_back', '2024-02-29', 'slip')$$);
SELECT eyes.try('abe', $$SELECT tiering.request_void('eyes_back', '2024-02-29', 'slip')$$)
FROM generate_series(1, 2);
SELECT kind, state, due, requested_by, note FROM eyes.request WHERE kind = 'void';
SELECT eyes.decide(who, 'approve') FROM unnest('{abe,vice,chief}'::text[]) who;
SELECT kind, state, decided_by FROM eyes.request WHERE kind = 'void';
SELECT customer_id, tier FROM tiering.current_tier WHERE scheme = 'eyes_back' ORDER BY 1;
SELECT reason FROM tiering.voided WHERE scheme = 'eyes_back';
SELECT sound FROM tiering.verify_history('eyes_back');
SELECT * FROM tiering.verify_state('eyes_back');
-- another assessment came first
SELECT eyes.try('abe', $$SELECT tiering.request_void('eyes_back', '2024-01-31', 'slip')$$);
SELECT up FROM tiering.refresh('eyes_back', '2024-03-31');
SELECT eyes.decide('chief', 'approve'), eyes.decide('abe', 'withdraw');
SELECT tiering.set_four_eyes('eyes_back', false, 'done');

SELECT tiering.set_four_eyes('eyes', false, 'done');
DROP SCHEMA eyes CASCADE;
DROP OWNED BY eyes_ada, eyes_abe, eyes_chief, eyes_vice, eyes_board, eyes_boss, eyes_eve;
DROP ROLE eyes_ada, eyes_abe, eyes_chief, eyes_vice, eyes_boss, eyes_board, eyes_eve;
RESET client_min_messages;
RESET datestyle;
