-- Overrides that name a tier which a draft does not have are told before it is published.
-- so that warnings have the same numbers, whatever ran before
SELECT setval('tiering.request_request_seq', 1000000);
CREATE ROLE ov_author LOGIN;
CREATE ROLE ov_asker LOGIN;
CREATE ROLE ov_chief LOGIN;
CREATE ROLE ov_reader LOGIN;
SELECT tiering.grant_role('ov_author', 'author'), tiering.grant_role('ov_asker', 'request'),
	tiering.grant_role('ov_chief', 'approve'), tiering.grant_role('ov_chief', 'report'),
	tiering.grant_role('ov_reader', 'report');
GRANT USAGE ON SCHEMA t TO ov_author, ov_reader;
CREATE TABLE t.ov (no text, amount numeric);
INSERT INTO t.ov SELECT 'c' || i, i * 10 FROM generate_series(1, 30) i;
SELECT tiering.create_ladder('ov', 'x', '{low,mid,high,top}', '{NULL,100,200,250}'),
	tiering.publish('ov', '2024-01-01'),
	tiering.set_source('ov', 'SELECT no AS customer_id, amount AS x FROM t.ov');
SELECT new FROM tiering.refresh('ov', '2024-01-31');
CREATE FUNCTION t.override(customer_id text, kind text, tier text, valid daterange) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	SET SESSION AUTHORIZATION ov_asker;
	n := tiering.request_override('ov', customer_id, kind, tier, valid, 'asked');
	SET SESSION AUTHORIZATION ov_chief;
	PERFORM tiering.approve(n);
	RESET SESSION AUTHORIZATION;
	RETURN n;
END;
$$;
SELECT t.override('c1', 'fixed', 'top', '[2024-02-01,2024-12-31]') AS top \gset
SELECT t.override('c2', 'floor', 'mid', '[2024-02-01,2024-12-31]') AS mid \gset
SELECT t.override('c3', 'fixed', 'top', '[2024-01-01,2024-01-31]') AS over \gset
SELECT t.override('c4', 'fixed', 'top', '[2024-01-01,2024-06-30]') AS ended \gset
SELECT t.override('c5', 'fixed', 'high', '[2024-02-01,2024-12-31]') AS high \gset
SELECT t.override('c6', 'cap', 'mid', '[2024-02-01,2024-03-31]') AS cap \gset
SET SESSION AUTHORIZATION ov_chief;
SELECT tiering.end_override(:ended, '2024-01-31');
SET SESSION AUTHORIZATION ov_asker;
SELECT tiering.request_override('ov', 'c7', 'fixed', 'top', '[2024-02-01,2024-12-31]',
	'nobody decided') > 0;
RESET SESSION AUTHORIZATION;
SELECT request, named, becomes FROM _tiering.override_tiers('ov', 1, '2024-02-01') ORDER BY 1;

-- top is dropped; mid and high change names, which is said of mid only
SET SESSION AUTHORIZATION ov_author;
SELECT tiering.new_version('ov');
DELETE FROM tiering.rule WHERE scheme = 'ov' AND version = 2 AND tier IN ('mid', 'high', 'top');
DELETE FROM tiering.tier WHERE scheme = 'ov' AND version = 2 AND tier IN ('mid', 'high', 'top');
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
VALUES ('ov', 2, 'silver', 2, 'mid'), ('ov', 2, 'gold', 3, NULL);
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
VALUES ('ov', 2, 'silver', 'x', '[100,)'), ('ov', 2, 'gold', 'x', '[200,)');
SELECT * FROM tiering.validate('ov', 2) WHERE finding ~ 'request';
-- who reads has no more from it than the rules; a reader can look at requests
SET SESSION AUTHORIZATION ov_reader;
SELECT count(*) FROM tiering.validate('ov', 2) WHERE finding ~ 'request';
SELECT t.fails($$SELECT * FROM tiering.validate_overrides('ov', 2)$$);
-- publishing says it, as of its day, and does it
SET SESSION AUTHORIZATION ov_author;
BEGIN;
SELECT tiering.publish('ov', '2024-03-01');
SELECT * FROM tiering.validate('ov', 2) WHERE finding ~ 'request';
ROLLBACK;
BEGIN;
SELECT tiering.publish('ov', '2025-01-01');
ROLLBACK;
-- high goes on in gold once that is said; top ends
UPDATE tiering.tier SET succeeds = 'high' WHERE scheme = 'ov' AND version = 2 AND tier = 'gold';
SELECT * FROM tiering.validate('ov', 2) WHERE finding ~ 'request';
SELECT tiering.publish('ov', '2024-03-01');
RESET SESSION AUTHORIZATION;
SELECT request, named, becomes FROM _tiering.override_tiers('ov', 2, '2024-02-01') ORDER BY 1;

-- a name means what it meant when it was asked for: mid is another tier again in version 3
SELECT tiering.new_version('ov');
UPDATE tiering.tier SET succeeds = NULL WHERE scheme = 'ov' AND version = 3;
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('ov', 3, 'mid', 9);
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
VALUES ('ov', 3, 'mid', 'x', '[290,)');
SELECT t.override('c8', 'fixed', 'mid', '[2024-02-01,2024-12-31]') AS new_mid \gset
SELECT request, named, becomes, request = :new_mid AS asked_later
FROM _tiering.override_tiers('ov', 3, '2024-02-01') WHERE named = 'mid' ORDER BY 1;

-- more than fit in a line
SELECT count(t.override('c' || i, 'floor', 'low', '[2024-02-01,2024-12-31]'))
FROM generate_series(9, 30) i;
UPDATE tiering.tier SET tier = 'least' WHERE scheme = 'ov' AND version = 3 AND tier = 'low';
SELECT place, regexp_replace(finding, '(requests \d+).*(,[^,]*)$', '\1 ... \2') AS finding
FROM tiering.validate('ov', 3) WHERE place = 'tier low';

DROP OWNED BY ov_author, ov_asker, ov_chief, ov_reader;
DROP ROLE ov_author, ov_asker, ov_chief, ov_reader;
