-- What was published is found changed, by whomever and however: the version by its digest, the
-- digest by the seals.
CREATE SCHEMA sealed;
CREATE TABLE sealed.value AS SELECT c AS customer_id, d AS as_of,
	10 * n + extract(month FROM d) * 3 AS value
	FROM unnest('{a,b,c}'::text[]) WITH ORDINALITY x(c, n),
		unnest('{2024-01-31,2024-02-29}'::date[]) d;
CREATE ROLE t_verifies;
SELECT tiering.grant_role('t_verifies', 'report');
SELECT tiering.create_ladder('issued', 'value', '{low,mid,high}', '{NULL,15,25}');
INSERT INTO tiering.policy (scheme, version, tier, down_after, hold)
	VALUES ('issued', 1, 'mid', 2, '1 month');
INSERT INTO tiering.service (scheme, version, tier, channel) VALUES ('issued', 1, 'high', 'desk');
INSERT INTO tiering.asset_weight (scheme, version, asset_class, weight)
	VALUES ('issued', 1, 'fund', 0.50);
SELECT tiering.publish('issued', '2024-01-01'), tiering.new_version('issued');
UPDATE tiering.rule SET bounds = '[30,)' WHERE scheme = 'issued' AND version = 2 AND tier = 'high';
SELECT tiering.publish('issued', '2024-02-01'), tiering.set_source('issued',
	'SELECT customer_id, value FROM sealed.value WHERE as_of = $1');
SELECT d, moved.up, moved.new FROM unnest('{2024-01-31,2024-02-29}'::date[]) d,
	LATERAL tiering.refresh('issued', d) moved;

-- a draft, and what the scheme is called, are no part of what was published
SELECT tiering.new_version('issued');
UPDATE tiering.scheme SET title = 'Sealed' WHERE scheme = 'issued';
SET SESSION AUTHORIZATION t_verifies;
SELECT * FROM tiering.verify_state('issued');
SELECT sound FROM tiering.verify_history('issued');
RESET SESSION AUTHORIZATION;

-- each change behind the triggers, with what both say of it, and back
CREATE FUNCTION sealed.tried(change text, OUT state text, OUT history text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	SET LOCAL session_replication_role = replica;
	FOREACH name IN ARRAY ARRAY['scheme_version', 'tier', 'rule', 'policy', 'service',
		'asset_weight', 'publication', 'batch'] LOOP
		EXECUTE format('ALTER TABLE tiering.%I DISABLE TRIGGER USER', name);
	END LOOP;
	EXECUTE change;
	SET LOCAL session_replication_role = origin;
	SET LOCAL session_authorization = t_verifies;
	state := string_agg(concat_ws(': ', v.kind, v.finding), '; ')
		FROM tiering.verify_state('issued') v;
	history := concat_ws(' ', v.batch, v.finding) FROM tiering.verify_history('issued') v;
	RESET session_authorization;
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = concat(state, E'\n', history);
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	state := split_part(SQLERRM, E'\n', 1);
	history := split_part(SQLERRM, E'\n', 2);
END;
$$;
SELECT change, x.state, x.history FROM unnest(ARRAY[
	$$UPDATE tiering.scheme SET title = 'x' WHERE scheme = 'issued'$$,
	$$UPDATE tiering.rule SET bounds = '[15,24)' WHERE scheme = 'issued' AND version = 1
		AND tier = 'mid'$$,
	$$UPDATE tiering.rule SET bounds = '[15,25]' WHERE scheme = 'issued' AND version = 2
		AND tier = 'mid'$$,
	$$UPDATE tiering.policy SET hold = '2 months' WHERE scheme = 'issued' AND version = 1$$,
	$$UPDATE tiering.tier SET rank = 9 WHERE scheme = 'issued' AND version = 1 AND tier = 'high'$$,
	$$DELETE FROM tiering.service WHERE scheme = 'issued' AND version = 1$$,
	$$UPDATE tiering.asset_weight SET weight = 0.51 WHERE scheme = 'issued' AND version = 1$$,
	$$UPDATE tiering.scheme_version SET everyone = false WHERE scheme = 'issued' AND version = 1$$,
	$$UPDATE tiering.scheme_version SET effective = '[2024-02-02,)' WHERE scheme = 'issued'
		AND version = 2$$,
	$$DELETE FROM tiering.scheme_version WHERE scheme = 'issued' AND version = 2$$,
	$$DELETE FROM tiering.publication WHERE scheme = 'issued' AND event = 2$$,
	$$UPDATE tiering.publication SET digest = sha256('x') WHERE scheme = 'issued' AND event = 1$$,
	$$UPDATE tiering.publication SET done_by = 'x' WHERE scheme = 'issued' AND event = 2$$,
	$$UPDATE tiering.batch SET published = 1 WHERE scheme = 'issued' AND batch = 2$$
	]) WITH ORDINALITY c(change, n), sealed.tried(change) x ORDER BY n;
SELECT t.fails($$UPDATE tiering.publication SET digest = NULL WHERE scheme = 'issued'$$);

-- taken back, and published again as something else; dropped, and made again
DELETE FROM tiering.scheme_version WHERE scheme = 'issued' AND status = 'draft';
SELECT tiering.new_version('issued'), tiering.publish('issued', '2024-06-01'),
	tiering.unpublish('issued', 3, 'too early');
UPDATE tiering.rule SET bounds = '[35,)' WHERE scheme = 'issued' AND version = 3 AND tier = 'high';
SELECT * FROM tiering.verify_state('issued');
SELECT tiering.publish('issued', '2024-07-01');
SELECT * FROM tiering.verify_state('issued');
SELECT tiering.create_ladder('issued_anew', 'value', '{low,high}', '{NULL,15}'),
	tiering.publish('issued_anew', '2024-01-01'), tiering.drop_scheme('issued_anew', 'for a test'),
	tiering.create_ladder('issued_anew', 'value', '{low,high}', '{NULL,25}');
SELECT * FROM tiering.verify_state('issued_anew');
SELECT tiering.publish('issued_anew', '2023-01-01');
SELECT * FROM tiering.verify_state('issued_anew');
SELECT event, what, version, effective, digest IS NOT NULL AS digested
	FROM tiering.publication WHERE scheme ~ '^issued' ORDER BY scheme, event;
SELECT sound FROM tiering.verify_history('issued');
SELECT tiering.revoke_role('t_verifies', 'report');
DROP ROLE t_verifies;
DROP SCHEMA sealed CASCADE;
