-- Requests and overrides where policies, versions, changes by hand and repetitions meet.
CREATE SCHEMA edge;
CREATE TABLE edge.value (customer_id text, as_of date, value numeric,
	PRIMARY KEY (customer_id, as_of));
CREATE ROLE edge_asker; CREATE ROLE edge_setter;
SELECT tiering.grant_role('edge_asker', 'request'), tiering.grant_role('edge_setter', 'bind');
CREATE FUNCTION edge.customer(id text, vals text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO edge.value SELECT id,
		(date '2024-01-01' + (n || ' months')::interval - interval '1 day')::date, v::numeric
	FROM regexp_split_to_table(vals, ' +') WITH ORDINALITY s(v, n) WHERE v <> 'x'
$$;
-- a refresh, and the same again: it must write nothing
CREATE FUNCTION edge.night(scheme text, month int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	d date := date '2024-01-01' + (month || ' months')::interval - interval '1 day';
	r tiering.refresh_result;
	again tiering.refresh_result;
	steps bigint;
BEGIN
	SET LOCAL client_min_messages = warning;
	r := tiering.refresh(scheme, d);
	steps := (SELECT count(*) FROM tiering.request) + (SELECT count(*) FROM tiering.decision);
	again := tiering.refresh(scheme, d);
	RETURN format('%s: %s up, %s down, %s exit, %s pending', d, r.up, r.down, r.exit, r.pending)
		|| CASE WHEN again.written > 0 OR again.pending <> r.pending
			OR steps <> (SELECT count(*) FROM tiering.request) + (SELECT count(*)
			FROM tiering.decision)
			THEN format('; again: %s written, %s pending', again.written, again.pending) ELSE ''
				END;
END;
$$;
CREATE FUNCTION edge.moves(like_this text) RETURNS TABLE (customer text, moves text)
	LANGUAGE sql AS $$
	SELECT customer_id, string_agg(format('%s %s->%s %s', to_char(as_of, 'MM-DD'),
		COALESCE(from_tier, ''), COALESCE(to_tier, ''), cause), ', ' ORDER BY move)
	FROM tiering.migration WHERE customer_id LIKE like_this GROUP BY 1 ORDER BY 1
$$;
-- decide as another role than asked, who is the superuser here
CREATE FUNCTION edge.as_asker(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint;
BEGIN
	SET LOCAL session_authorization = edge_asker;
	EXECUTE query INTO result;
	RESET session_authorization;
	RETURN result;
END;
$$;
-- requests of refreshes are the superuser's here, and so decided by another
CREATE ROLE edge_chief;
SELECT tiering.grant_role('edge_chief', 'approve');
CREATE FUNCTION edge.decide(customer text, what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r bigint := max(s.request) FROM tiering.request_state s WHERE s.customer_id = customer;
	result text := what || ' done';
BEGIN
	SET LOCAL session_authorization = edge_chief;
	BEGIN
		EXECUTE format('SELECT tiering.%s(%s)', what, r);
	EXCEPTION WHEN OTHERS THEN
		result := SQLSTATE || ' ' || replace(SQLERRM, 'request ' || r, 'request N');
	END;
	RESET session_authorization;
	RETURN result;
END;
$$;

-- A fall that takes approval is asked for at a review, and stays asked for until it is not missed;
-- the
-- same if it was rejected, so that it is not asked for again. A rise that was put off is asked for
-- whatever is earned then.
SELECT tiering.create_ladder('edge1', 'value', '{a,b,c,d}', '{NULL,100,200,300}');
UPDATE tiering.tier SET approval = true WHERE scheme = 'edge1' AND tier IN ('a', 'd');
INSERT INTO tiering.policy (scheme, version, tier, up, down_after, review_months)
	VALUES ('edge1', 1, 'd', 'next', 1, NULL), ('edge1', 1, 'c', 'at_once', 1, '{2,5}'),
	('edge1', 1, 'b', 'at_once', 3, NULL);
SELECT tiering.publish('edge1', '2020-01-01'),
	tiering.set_source('edge1',
	$$SELECT customer_id, value FROM edge.value WHERE as_of = $1 AND customer_id LIKE 'e1-%'$$);
SELECT edge.customer('e1-waits', '250 50 50 50 50'), edge.customer('e1-refused', '250 50 50 50 50'),
	edge.customer('e1-recovers', '250 50 250 50 50'),
	edge.customer('e1-other', '250 50 150 150 150'),
	edge.customer('e1-late', '250 50 50 50 50'), edge.customer('e1-next', '150 350 150 150 150'),
		edge.customer('e1-steady', '150 350 350 350 350'),
	-- on the watch list, and then up by what the rules say; and by what the policy put off
	edge.customer('e1-watched', '150 50 250 250 250');
SELECT edge.night('edge1', 1);
SELECT edge.night('edge1', 2);
SELECT edge.decide('e1-refused', 'reject'), edge.decide('e1-recovers', 'reject');
SELECT edge.night('edge1', 3);
SELECT edge.decide('e1-late', 'approve'), edge.decide('e1-other', 'approve');
SELECT edge.night('edge1', 4);
SELECT edge.night('edge1', 5);
SELECT customer_id, tier, as_of, state FROM tiering.request_state WHERE scheme = 'edge1'
	ORDER BY customer_id COLLATE "C", request;
SELECT customer_id, tier, earned, misses, next_tier, next_review FROM tiering.assignment
	WHERE scheme = 'edge1' ORDER BY 1;
SELECT * FROM edge.moves('e1-%');

-- Moved by hand: what was counted and planned was about the tier left.
SELECT tiering.create_ladder('edge2', 'value', '{a,b,c,d}', '{NULL,100,200,300}');
INSERT INTO tiering.policy (scheme, version, tier, down_after, review_months) SELECT 'edge2', 1, t,
	3, CASE t WHEN 'd' THEN '{1,2}'::int[] END FROM unnest('{b,c,d}'::text[]) t;
UPDATE tiering.tier SET approval = true WHERE scheme = 'edge2' AND tier = 'c';
SELECT tiering.publish('edge2', '2020-01-01'),
	tiering.set_source('edge2',
	$$SELECT customer_id, value FROM edge.value WHERE as_of = $1 AND customer_id LIKE 'e2-%'$$);
SELECT edge.customer('e2-hand', '150 50 50 50 50'), edge.customer('e2-gone', '150 250 250 250 250'),
	edge.customer('e2-tied', '350 150 150 150 150');
SELECT edge.night('edge2', 1);
SELECT edge.night('edge2', 2);
UPDATE tiering.assignment SET tier = 'd' WHERE customer_id = 'e2-hand';
SELECT tier, earned, misses, next_tier, next_review FROM tiering.assignment
	WHERE customer_id = 'e2-hand';
SELECT edge.night('edge2', 2) AS repeated;
SELECT tier, earned, misses, next_tier, next_review FROM tiering.assignment
	WHERE customer_id = 'e2-hand';
-- who was removed by hand is not brought back by approving what was asked before; the next refresh
-- asks anew
DELETE FROM tiering.assignment WHERE customer_id = 'e2-gone';
SELECT edge.decide('e2-gone', 'approve');
SELECT edge.night('edge2', 3);
SELECT from_tier, tier, as_of, state FROM tiering.request_state WHERE customer_id = 'e2-gone'
	ORDER BY request;
SELECT edge.decide('e2-gone', 'approve');
-- an override on a row that the last assessment left as it was: the same again changes nothing
SELECT as_of, tier, misses FROM tiering.assignment WHERE customer_id = 'e2-tied';
SELECT edge.as_asker($$SELECT tiering.request_override('edge2', 'e2-tied', 'cap', 'b',
	'[2024-03-01,2024-05-01)', 'x')$$) IS NOT NULL AS asked;
SELECT edge.decide('e2-tied', 'approve');
SELECT as_of, tier, policy_tier, misses FROM tiering.assignment WHERE customer_id = 'e2-tied';
SELECT edge.night('edge2', 3) AS repeated;
SELECT as_of, tier, policy_tier, misses FROM tiering.assignment WHERE customer_id = 'e2-tied';
-- ended, and another one for the same days: they overlap only where it could not count any more
SELECT edge.night('edge2', 4);
SELECT edge.decide('e2-tied', 'approve') AS again;
SELECT tiering.end_override(max(request), '2024-04-30') FROM tiering.request
	WHERE customer_id = 'e2-tied';
SELECT edge.as_asker($$SELECT tiering.request_override('edge2', 'e2-tied', 'fixed', 'a',
	'[2024-03-01,2024-05-01)', 'x')$$) IS NOT NULL AS asked;
SELECT edge.decide('e2-tied', 'approve');
SELECT tier, policy_tier FROM tiering.assignment WHERE customer_id = 'e2-tied';
SELECT edge.night('edge2', 5);
SELECT * FROM edge.moves('e2-%');

-- Approved while an override is in force, which stays above it; and a floor beneath whom no tier
-- takes.
SELECT tiering.create_ladder('edge3', 'value', '{a,b,c,d}', '{0,100,200,300}');
UPDATE tiering.tier SET approval = true WHERE scheme = 'edge3' AND tier = 'd';
SELECT tiering.publish('edge3', '2020-01-01'),
	tiering.set_source('edge3',
	$$SELECT customer_id, value FROM edge.value WHERE as_of = $1 AND customer_id LIKE 'e3-%'$$);
SELECT edge.customer('e3-capped', '150 350 350 350'), edge.customer('e3-floored', '150 -1 -1 -1'),
	edge.customer('e3-ended', '150 -1 -1 150'), edge.customer('e3-back', '150 x 150 150');
SELECT edge.night('edge3', 1);
SELECT edge.as_asker(format('SELECT tiering.request_override(''edge3'', %L, %L, %L, '
	'''[2024-02-01,2024-04-01)'', ''x'')', c, k, t)) IS NOT NULL AS asked
FROM (VALUES ('e3-capped', 'cap', 'b'), ('e3-floored', 'floor', 'b'), ('e3-ended', 'floor', 'c'),
	('e3-back', 'fixed', 'c')) v(c, k, t);
SELECT edge.decide('e3-' || c, 'approve') FROM unnest('{capped,floored,ended,back}'::text[]) c;
SELECT edge.night('edge3', 2);
SELECT customer_id, tier, cause, earned, policy_tier, policy_since FROM tiering.assignment
	WHERE scheme = 'edge3' ORDER BY 1;
SELECT edge.decide('e3-capped', 'approve');
SELECT tiering.end_override(max(request), '2024-02-29') FROM tiering.request
	WHERE customer_id = 'e3-ended';
SELECT customer_id, tier, cause, earned, policy_tier, policy_since FROM tiering.assignment
	WHERE scheme = 'edge3' ORDER BY 1;
SELECT edge.night('edge3', m) FROM generate_series(2, 4) m;
SELECT * FROM edge.moves('e3-%');

-- A version that has no such tier any more, published for days that are over: decisions are about
-- the last
-- assessment and the version that it was by, so that the way out that the error names is open.
SELECT tiering.create_ladder('edge4', 'value', '{a,b,c}', '{NULL,100,200}');
UPDATE tiering.tier SET approval = true WHERE scheme = 'edge4' AND tier = 'c';
SELECT tiering.publish('edge4', '2020-01-01'),
	tiering.set_source('edge4',
	$$SELECT customer_id, value FROM edge.value WHERE as_of = $1 AND customer_id LIKE 'e4-%'$$);
SELECT edge.customer('e4-both', '50 50 50 50'), edge.customer('e4-asked', '50 250 250 250'),
	edge.customer('e4-waits', '50 250 250 250'), edge.customer('e4-refused', '50 250 250 250');
SELECT edge.night('edge4', 1);
SELECT edge.as_asker(format('SELECT tiering.request_override(''edge4'', ''e4-both'', %L, ''b'', '
	'''[2024-01-01,2025-01-01)'', ''x'')', k)) IS NOT NULL FROM unnest('{floor,cap}'::text[]) k;
CREATE FUNCTION edge.all_of(customer text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r bigint;
BEGIN
	FOR r IN SELECT request FROM tiering.request WHERE customer_id = customer ORDER BY request LOOP
		RETURN NEXT regexp_replace(t.fails(format(query, r)),
			'(override[ (]|request )' || r || '\M', '\1N', 'g');
	END LOOP;
END;
$$;
SELECT edge.all_of('e4-both', 'SELECT tiering.approve(%s)');
SELECT edge.night('edge4', 2);
SELECT edge.decide('e4-refused', 'reject');
SELECT tiering.new_version('edge4');
UPDATE tiering.rule SET bounds = '[100,)' WHERE scheme = 'edge4' AND version = 2 AND tier = 'b';
DELETE FROM tiering.rule WHERE scheme = 'edge4' AND version = 2 AND tier = 'c';
DELETE FROM tiering.tier WHERE scheme = 'edge4' AND version = 2 AND tier = 'c';
INSERT INTO tiering.tier (scheme, version, tier, rank) SELECT scheme, version, 'beta', rank
	FROM tiering.tier WHERE scheme = 'edge4' AND version = 2 AND tier = 'b';
UPDATE tiering.rule SET tier = 'beta' WHERE scheme = 'edge4' AND version = 2 AND tier = 'b';
DELETE FROM tiering.tier WHERE scheme = 'edge4' AND version = 2 AND tier = 'b';
SET client_min_messages = error;	-- the warning bears numbers of requests; test version_overrides
SELECT tiering.publish('edge4', '2024-02-15');
RESET client_min_messages;
SELECT edge.decide('e4-asked', 'approve');
-- the night leaves these overrides out, says how many, and goes on
SET client_min_messages = error;
SELECT customers, up, down, overrides_left_out FROM tiering.refresh('edge4', '2024-03-31');
RESET client_min_messages;
SELECT edge.all_of('e4-both', 'SELECT tiering.end_override(%s, ''2024-03-01'')');
SELECT edge.all_of('e4-both', 'SELECT tiering.end_override(%s, ''2024-03-31'')');
SELECT edge.night('edge4', 3);
SELECT customer_id, kind, tier, state FROM tiering.request_state WHERE scheme = 'edge4'
	ORDER BY customer_id COLLATE "C", request;
SELECT * FROM edge.moves('e4-%');

-- A source cannot write, whatever it sets; what it reads is graded as before.
SELECT tiering.create_ladder('edge5', 'value', '{a,b}', '{NULL,100}'),
	tiering.publish('edge5', '2020-01-01');
GRANT USAGE, CREATE ON SCHEMA edge TO edge_setter;
GRANT SELECT ON edge.value TO edge_setter;
GRANT SELECT, UPDATE ON tiering.assignment TO edge_setter;
SELECT edge.customer('e5-one', '50 150'), edge.customer('e5-two', '50 50');
SET ROLE edge_setter;
CREATE FUNCTION edge.meddle() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('tiering.refresh_kind', 'restatement', false),
		set_config('tiering.refresh_as_of', '2024-01-31', false);
	UPDATE tiering.assignment
		SET tier = CASE tier WHEN 'a' THEN 'b' ELSE 'a' END WHERE customer_id = 'e5-two';
	RETURN true;
END;
$$;
SELECT tiering.set_source('edge5',
	$$SELECT customer_id, value FROM edge.value WHERE as_of = $1 AND customer_id LIKE 'e5-%'
	AND edge.meddle()$$);
RESET ROLE;
SET client_min_messages = warning;
SELECT t.fails($$SELECT tiering.refresh('edge5', '2024-01-31')$$);
CREATE OR REPLACE FUNCTION edge.meddle() RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT new FROM tiering.refresh('edge5', '2024-01-31');
SELECT tiering.new_version('edge5');
UPDATE tiering.rule SET bounds = '[120,)' WHERE scheme = 'edge5' AND version = 2;
SELECT tiering.publish('edge5', '2024-02-01');
SELECT up, down FROM tiering.refresh('edge5', '2024-02-29');
RESET client_min_messages;
SELECT tiering.tier_on('edge5', 'e5-two', '2024-02-29') = tier AS recorded FROM tiering.assignment
	WHERE customer_id = 'e5-two';
SELECT DISTINCT cause FROM tiering.migration WHERE customer_id = 'e5-two' ORDER BY 1;
-- nor anybody by tables and settings of his own
SET tiering.refresh_as_of = '2024-02-29';
SET tiering.refresh_kind = 'restatement';
SET ROLE edge_setter;
CREATE TEMP TABLE tiering_refresh_count (i int);
UPDATE tiering.assignment SET tier = 'b' WHERE customer_id = 'e5-two' AND tier = 'a';
RESET ROLE;
SELECT tiering.tier_on('edge5', 'e5-two', '2024-02-29') = tier AS recorded, cause
	FROM tiering.assignment WHERE customer_id = 'e5-two';
SET client_min_messages = warning;
INSERT INTO edge.value SELECT customer_id, '2024-03-31', value FROM edge.value
	WHERE customer_id LIKE 'e5-%' AND as_of = '2024-02-29';
SELECT down, stayed FROM tiering.refresh('edge5', '2024-03-31');
RESET client_min_messages;
DROP TABLE pg_temp.tiering_refresh_count;
RESET tiering.refresh_as_of;
RESET tiering.refresh_kind;
-- nor can it write what moves nobody
CREATE OR REPLACE FUNCTION edge.meddle() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	UPDATE tiering.assignment SET misses = 0 WHERE customer_id = 'e5-two';
	RETURN true;
END;
$$;
SELECT t.fails($$SELECT tiering.refresh('edge5', '2024-03-31')$$);
SELECT scheme, sound, finding FROM unnest('{edge1,edge2,edge3,edge4,edge5}'::text[]) scheme,
	tiering.verify_history(scheme);
SET client_min_messages = warning;
DROP SCHEMA edge CASCADE;
RESET client_min_messages;
REVOKE ALL ON ALL TABLES IN SCHEMA tiering FROM edge_setter;
SELECT tiering.revoke_role('edge_asker', 'request'), tiering.revoke_role('edge_chief', 'approve'),
	tiering.revoke_role('edge_setter', 'bind');
DROP ROLE edge_asker; DROP ROLE edge_setter; DROP ROLE edge_chief;
