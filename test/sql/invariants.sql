-- The checker of invariants finds each of them when it is violated. A bank of five lives
-- through refreshes, a new version, a change by hand, an override and a restatement;
-- then its tables are tampered with, past what watches them, and put back.
SET client_min_messages = warning;
CREATE TABLE t.inv_assets (customer_id int, assets int);
INSERT INTO t.inv_assets VALUES (1, 10), (2, 20), (3, 120), (4, 250), (5, 30);
SELECT tiering.create_ladder('inv', 'assets', '{mass,gold,platinum}', '{NULL,100,200}'),
	tiering.publish('inv', '2024-01-01'), tiering.set_source('inv', 'SELECT * FROM t.inv_assets');
SELECT new FROM tiering.refresh('inv', '2024-01-31');
UPDATE t.inv_assets SET assets = 150 WHERE customer_id = 1;
DELETE FROM t.inv_assets WHERE customer_id = 5;
SELECT up, exit FROM tiering.refresh('inv', '2024-02-29');
SELECT tiering.new_version('inv');
UPDATE tiering.tier SET rank = CASE tier WHEN 'gold' THEN 9 ELSE rank END
	WHERE scheme = 'inv' AND version = 2;
DELETE FROM tiering.tier WHERE scheme = 'inv' AND version = 2 AND tier = 'platinum';
UPDATE tiering.rule SET bounds = '[100,)' WHERE scheme = 'inv' AND version = 2 AND tier = 'gold';
SELECT tiering.publish('inv', '2024-03-01');
SELECT up + down + lateral_moves AS moves FROM tiering.refresh('inv', '2024-03-31');
UPDATE t.inv_assets SET assets = 5 WHERE customer_id = 1;
SELECT superseded, recorded FROM tiering.restate('inv', '2024-02-29', '{1}');
SELECT up FROM tiering.refresh('inv', '2024-04-30');
CREATE ROLE inv_asker;
CREATE ROLE inv_chief;
SELECT tiering.grant_role('inv_asker', 'request'), tiering.grant_role('inv_chief', 'approve');
SET SESSION AUTHORIZATION inv_asker;
SELECT tiering.request_override('inv', '2', 'fixed', 'gold', '[2024-06-01,2024-07-01)', 'asked')
	AS fixed \gset
SELECT tiering.request_override('inv', '3', 'floor', 'gold', '[2024-06-01,2024-07-01)', 'asked')
	AS floor \gset
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION inv_chief;
SELECT tiering.approve(:fixed);
RESET SESSION AUTHORIZATION;
-- decided on are two, and one is pending
SELECT count(*) AS asked, count(d.request) AS decided
FROM tiering.request r LEFT JOIN tiering.decision d USING (request) WHERE r.scheme = 'inv';
SELECT * FROM t.invariants('inv');

-- Runs a statement past all triggers, and says which invariants are violated then; state is also
-- what verify_state() finds of anything
CREATE FUNCTION t.violated(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	watched regclass;
	found text;
BEGIN
	BEGIN
		FOR watched IN
			SELECT c.oid::regclass FROM pg_class c
			WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind = 'r' AND c.relhastriggers
		LOOP
			EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', watched);
		END LOOP;
		EXECUTE statement;
		SELECT string_agg(DISTINCT x.what, ', ') INTO found
		FROM (SELECT (regexp_match(i, '^inv: (\w+),'))[1] AS what FROM t.invariants('inv') i
			UNION ALL SELECT 'state' FROM tiering.verify_state('inv')) x;
		RAISE EXCEPTION USING ERRCODE = 'T0001';
	EXCEPTION WHEN SQLSTATE 'T0001' THEN
		NULL;	-- what was done is undone
	END;
	RETURN COALESCE(found, 'none');
END;
$$;
SELECT what, t.violated(statement) AS violated
FROM (VALUES
	(1, 'nothing', 'SELECT'),
	(2, 'a tier without a move',
		$$UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'inv' AND customer_id = '2'$$),
	(3, 'another day',
		$$UPDATE tiering.assignment SET since = since + 1
		  WHERE scheme = 'inv' AND customer_id = '2'$$),
	(4, 'a customer without a move',
		$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
		  VALUES ('inv', '9', 'mass', '2024-04-30', '2024-04-30', 2)$$),
	(5, 'a customer lost',
		$$DELETE FROM tiering.assignment WHERE scheme = 'inv' AND customer_id = '2'$$),
	(6, 'a tier that ended',
		$$DELETE FROM tiering.tier WHERE scheme = 'inv' AND version = 2 AND tier = 'mass'$$),
	(7, 'heads', $$UPDATE tiering.distribution_history SET customers = customers + 1
		WHERE scheme = 'inv' AND as_of = '2024-04-30' AND tier = 'mass'$$),
	(8, 'money', $$UPDATE tiering.distribution_history SET measure = measure + 0.01
		WHERE scheme = 'inv' AND as_of = '2024-04-30' AND tier = 'mass'$$),
	(9, 'no distribution',
		$$DELETE FROM tiering.distribution_history WHERE scheme = 'inv' AND as_of = '2024-04-30'$$),
	(10, 'a move changed', $$UPDATE tiering.migration SET measure = 0
		WHERE move = (SELECT min(move) FROM tiering.migration WHERE scheme = 'inv')$$),
	(11, 'a batch lost', $$DELETE FROM tiering.batch WHERE scheme = 'inv' AND batch = 2$$),
	(12, 'a superseded move that stands again',
		$$DELETE FROM tiering.superseded WHERE scheme = 'inv'$$),
	(13, 'a move from elsewhere', $$UPDATE tiering.migration SET from_tier = 'mass'
		WHERE scheme = 'inv' AND customer_id = '4' AND from_tier = 'platinum'$$),
	(14, 'a direction', $$UPDATE tiering.migration SET direction = 'lateral'
		WHERE scheme = 'inv' AND direction IN ('up', 'down') AND customer_id = '4'$$),
	(15, 'a request about nobody', format($$UPDATE tiering.request SET customer_id = '9'
		WHERE request = %s$$, :floor)),
	(16, 'a decision on one''s own', format($$UPDATE tiering.decision SET decided_by = 'inv_asker'
		WHERE request = %s$$, :fixed)),
	(17, 'two at once', format($$UPDATE tiering.request SET customer_id = '2', kind = 'fixed'
		WHERE request = %1$s;
		INSERT INTO tiering.decision SELECT (jsonb_populate_record(d, '{"request": %1$s}')).*
		FROM tiering.decision d WHERE d.request = %2$s$$, :floor, :fixed)),
	(18, 'an end of what was not approved', format($$UPDATE tiering.decision SET decision = 'ended'
		WHERE request = %s$$, :fixed)),
	(19, 'overlapping versions', $$ALTER TABLE tiering.scheme_version
		DROP CONSTRAINT scheme_version_overlap;
		UPDATE tiering.scheme_version SET effective = '[2024-01-01,2024-03-02)'
		WHERE scheme = 'inv' AND version = 1$$),
	(20, 'two drafts', $$DROP INDEX tiering.scheme_version_one_draft;
		INSERT INTO tiering.scheme_version (scheme, version) VALUES ('inv', 3), ('inv', 4)$$),
	(21, 'a miss too many', $$UPDATE tiering.assignment SET misses = misses + 1
		WHERE scheme = 'inv' AND customer_id = '2'$$),
	(22, 'a cell of the matrix', $$UPDATE tiering.matrix_cell SET customers = customers + 1
		WHERE scheme = 'inv' AND as_of = '2024-02-29' AND to_tier = 'mass'$$),
	(23, 'a cell too many', $$INSERT INTO tiering.matrix_cell SELECT (c).*
		FROM (SELECT jsonb_populate_record(m, '{"as_of": "2024-02-28"}') AS c
			FROM tiering.matrix_cell m WHERE m.scheme = 'inv' LIMIT 1) x$$),
	(24, 'what is due and not made', $$UPDATE tiering.matrix_due SET first_day = 'infinity';
		UPDATE tiering.matrix_cell SET measure_to = NULL WHERE scheme = 'inv'$$),
	(25, 'why', $$UPDATE tiering.assignment SET cause = 'approval'
		WHERE scheme = 'inv' AND customer_id = '2'$$),
	(26, 'since when a customer', $$UPDATE tiering.assignment SET first_as_of = first_as_of - 1
		WHERE scheme = 'inv' AND customer_id = '2'$$),
	(27, 'a review to come', $$UPDATE tiering.assignment SET next_review = '2030-01-31'
		WHERE scheme = 'inv' AND customer_id = '2'$$),
	(28, 'a tier to come', $$UPDATE tiering.assignment SET next_tier = 'gold'
		WHERE scheme = 'inv' AND customer_id = '2'$$),
	(29, 'another version', $$UPDATE tiering.assignment SET version = 1
		WHERE scheme = 'inv' AND customer_id = '2'$$),
	(30, 'who may slip', $$UPDATE tiering.near_sum SET may_slip = may_slip + 1
		WHERE scheme = 'inv'$$),
	(31, 'who may rise', $$UPDATE tiering.near_sum SET may_rise = may_rise + 1
		WHERE scheme = 'inv' AND tier = 'mass'$$),
	(32, 'who is near and is not heeded', $$UPDATE tiering.near_sum SET may_slip = may_slip + 1,
		batch = batch - 1 WHERE scheme = 'inv'$$),
	(33, 'a rank of the matrix', $$UPDATE tiering.matrix_cell SET to_rank = to_rank + 1
		WHERE scheme = 'inv' AND as_of = '2024-02-29' AND to_tier = 'mass'$$))
	x (n, what, statement)
ORDER BY n;
SELECT * FROM t.invariants('inv');

SELECT tiering.revoke_role('inv_asker', 'request'), tiering.revoke_role('inv_chief', 'approve');
DROP ROLE inv_asker, inv_chief;
DROP FUNCTION t.violated(text);
DROP TABLE t.inv_assets;
