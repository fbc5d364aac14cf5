-- An override that can count on no day is not approved: nobody would be held by it, and
-- every night would tell of it.
CREATE TABLE t.late (customer_id text, value numeric);
INSERT INTO t.late SELECT i::text, 50 FROM generate_series(1, 9) i;
CREATE ROLE late_asker;
CREATE ROLE late_chief;
SELECT tiering.grant_role('late_asker', 'request'), tiering.grant_role('late_chief', 'approve');
SELECT tiering.create_ladder('late', 'value', '{low,mid,high}', '{NULL,100,200}'),
	tiering.publish('late', '2024-01-01'),
	tiering.set_source('late', 'SELECT customer_id, value FROM t.late');
SELECT new FROM tiering.refresh('late', '2024-01-31');
SET SESSION AUTHORIZATION late_asker;
SELECT count(tiering.request_override('late', v.customer, v.kind, v.tier, v.valid::daterange, 'x'))
FROM (VALUES ('1', 'floor', 'high', '[2024-01-01,2025-01-01)'),
	('2', 'floor', 'mid', '[2024-01-01,2025-01-01)'),
	('3', 'cap', 'high', '[2024-01-01,2024-01-31)'),
	('4', 'fixed', 'mid', '[2024-01-01,2024-02-01)'),
	('5', 'floor', 'high', '[2024-01-01,2024-02-29)'),
	('6', 'fixed', 'low', '[2024-05-01,2024-06-01)')) v(customer, kind, tier, valid);
RESET SESSION AUTHORIZATION;

-- As the chief decides: without numbers, which are those of all tests before
CREATE FUNCTION t.late_decide(customer text, what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r bigint := max(s.request) FROM tiering.request_state s
		WHERE s.scheme = 'late' AND s.customer_id = customer;
	told text := what || ': done';
	hint text;
BEGIN
	SET LOCAL session_authorization = late_chief;
	BEGIN
		EXECUTE format('SELECT tiering.%s(%s)', what, r);
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
		told := concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, 'HINT: ' || hint);
	END;
	RESET session_authorization;
	RETURN regexp_replace(told, '\m' || r || '\M', 'N', 'g');
END;
$$;
-- days that were over before the last assessment, and the last of them on its day
SELECT t.late_decide('3', 'approve');
SELECT t.late_decide('4', 'approve');
SELECT customer_id, tier, cause FROM tiering.assignment
WHERE scheme = 'late' AND customer_id IN ('3', '4') ORDER BY 1;

-- A version in which mid is prime, and high has ended; a draft does not decide yet.
SELECT tiering.new_version('late');
UPDATE tiering.rule SET bounds = '[100,)' WHERE scheme = 'late' AND version = 2 AND tier = 'mid';
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
VALUES ('late', 2, 'prime', 9, 'mid');
UPDATE tiering.rule SET tier = 'prime' WHERE scheme = 'late' AND version = 2 AND tier = 'mid';
DELETE FROM tiering.rule WHERE scheme = 'late' AND version = 2 AND tier = 'high';
DELETE FROM tiering.tier WHERE scheme = 'late' AND version = 2 AND tier IN ('mid', 'high');
SELECT tiering.publish('late', '2024-02-15');
-- before that version has graded: high is there as of the last assessment
SELECT t.late_decide('5', 'approve');
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'late' AND customer_id = '5';
SET client_min_messages = error;	-- the warning bears numbers of requests
SELECT down, lateral_moves, overrides_left_out FROM tiering.refresh('late', '2024-02-29');
RESET client_min_messages;
-- and after that: high has ended, mid goes on
SELECT t.late_decide('1', 'approve');
SELECT t.late_decide('2', 'approve');
SELECT tier, cause FROM tiering.assignment WHERE scheme = 'late' AND customer_id = '2';
SELECT t.late_decide('6', 'approve');
-- the way out that is named, and nights that have nothing to tell
SELECT t.late_decide('1', 'reject'), t.late_decide('3', 'reject');
SELECT overrides_left_out FROM tiering.refresh('late', '2024-03-31');
SELECT customer_id, kind, tier, state FROM tiering.request_state WHERE scheme = 'late'
ORDER BY customer_id;
SELECT sound FROM tiering.verify_history('late');
DROP FUNCTION t.late_decide;
DROP TABLE t.late;
SELECT tiering.revoke_role('late_asker', 'request'), tiering.revoke_role('late_chief', 'approve');
DROP ROLE late_asker;
DROP ROLE late_chief;
