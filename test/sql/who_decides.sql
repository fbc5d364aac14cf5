-- No function of anybody's stands between who decides and the decision: not a definer's
-- function of one's own either, which another's can call.
CREATE ROLE between_asker;
CREATE ROLE between_chief;
CREATE ROLE between_bureau;
GRANT between_bureau TO between_chief;
SELECT tiering.grant_role('between_asker', 'request'),
	tiering.grant_role('between_chief', 'approve');
CREATE SCHEMA between_a AUTHORIZATION between_asker;
CREATE SCHEMA between_c AUTHORIZATION between_chief;
GRANT USAGE ON SCHEMA between_a, between_c TO PUBLIC;
CREATE TABLE between_a.value AS
	SELECT i::text AS customer_id, 10 * i AS value FROM generate_series(1, 5) i;
SELECT tiering.create_ladder('between', 'value', '{low,high}', '{NULL,100}'),
	tiering.publish('between', '2024-01-01'),
	tiering.set_source('between', 'SELECT customer_id, value FROM between_a.value');
SELECT new FROM tiering.refresh('between', '2024-01-31');

SET SESSION AUTHORIZATION between_asker;
SELECT tiering.request_override('between', '1', 'floor', 'high', '[2024-01-01,2025-01-01)', 'x')
	IS NOT NULL AS asked;
RESET SESSION AUTHORIZATION;
CREATE FUNCTION between_a.pending() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$SELECT max(request) FROM tiering.request_state
	WHERE scheme = 'between' AND state = 'pending'$$;
CREATE FUNCTION between_a.approved() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$SELECT max(request) FROM tiering.request_state
	WHERE scheme = 'between' AND state = 'approved'$$;

-- What the chief has written for themselves, and everyone may call
SET SESSION AUTHORIZATION between_chief;
CREATE FUNCTION between_c.settle(what text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	r bigint := between_a.pending();
BEGIN
	IF what = 'end_override' THEN
		PERFORM tiering.end_override(r, '2024-06-01');
	ELSE
		EXECUTE format('SELECT tiering.%I(%s)', what, r);
	END IF;
	RETURN what || ': done';
EXCEPTION WHEN OTHERS THEN
	RETURN concat_ws(' ', what || ':', SQLSTATE, SQLERRM);
END;
$$;
RESET SESSION AUTHORIZATION;
-- and the trap in which the asker has it called
SET SESSION AUTHORIZATION between_asker;
CREATE FUNCTION between_a.trap(what text) RETURNS text LANGUAGE sql SECURITY DEFINER
AS $$SELECT between_c.settle(what)$$;
CREATE VIEW between_a.report AS
	SELECT between_a.trap(w) AS told
	FROM unnest('{approve,reject,withdraw,end_override}'::text[]) w;
GRANT SELECT ON between_a.report TO PUBLIC;
RESET SESSION AUTHORIZATION;

SET SESSION AUTHORIZATION between_chief;
SELECT told FROM between_a.report;
-- nor by itself: whose call it is cannot be told from within
SELECT between_c.settle('approve');
RESET SESSION AUTHORIZATION;
SELECT state, decided_by FROM tiering.request_state WHERE scheme = 'between';
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'between' AND customer_id = '1';

-- the chief decides, as themselves, and in a role that they set
SET SESSION AUTHORIZATION between_chief;
SELECT tiering.approve(between_a.pending(), 'said');
RESET SESSION AUTHORIZATION;
SELECT tiering.grant_role('between_bureau', 'approve');
SELECT tiering.revoke_role('between_chief', 'approve');
SET SESSION AUTHORIZATION between_chief;
SET ROLE between_bureau;
SELECT tiering.end_override(between_a.approved(), '2024-06-01', 'over');
RESET ROLE;
RESET SESSION AUTHORIZATION;
SELECT d.decision, d.decided_by, d.decided_as FROM tiering.decision d
	JOIN tiering.request r USING (request) WHERE r.scheme = 'between' ORDER BY d.decision;
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'between' AND customer_id = '1';
SELECT sound FROM tiering.verify_history('between');
SET client_min_messages = warning;
DO $$
DECLARE
	role text;
BEGIN
	FOREACH role IN ARRAY '{between_asker,between_chief,between_bureau}'::text[] LOOP
		EXECUTE format('DROP OWNED BY %I CASCADE', role);
		EXECUTE format('DROP ROLE %I', role);
	END LOOP;
END;
$$;
