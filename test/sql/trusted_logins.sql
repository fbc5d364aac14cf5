-- A login with one pool of connections for many people: whom its SET ROLE names is who acts, if the
-- owner trusts it to say so. It is no way round a second pair of eyes, for the people of the
-- application or for anybody else.
SET client_min_messages = warning;
CREATE SCHEMA pooled;
CREATE ROLE pooled_app NOINHERIT;
CREATE ROLE pooled_ann; CREATE ROLE pooled_bob; CREATE ROLE pooled_eve;
GRANT pooled_ann, pooled_bob TO pooled_app;
GRANT pooled_bob TO pooled_eve;
SELECT tiering.grant_role(r::regrole, g)
FROM unnest('{pooled_ann,pooled_bob,pooled_eve,pooled_app}'::text[]) r,
	unnest('{request,approve,report}'::text[]) g;
GRANT USAGE ON SCHEMA t TO PUBLIC;
CREATE TABLE pooled.money AS SELECT 'p' || i AS customer_id, 50.0 AS assets
FROM generate_series(1, 9) i;
SELECT tiering.create_ladder('pooled', 'assets', '{mass,gold}', '{NULL,100}'),
	tiering.publish('pooled', '2024-01-01'),
	tiering.set_source('pooled', 'SELECT * FROM pooled.money');
SELECT new FROM tiering.refresh('pooled', '2024-01-31');
-- asks as a login with a role, and returns the number
CREATE FUNCTION t.pooled_ask(customer text) RETURNS bigint LANGUAGE sql AS $$
	SELECT tiering.request_override('pooled', customer, 'floor', 'gold',
		'[2024-01-01,2025-01-01)', 'asked')
$$;

-- Without trust it is one person, whatever role it sets.
SET SESSION AUTHORIZATION pooled_app;
SET ROLE pooled_ann;
SELECT t.pooled_ask('p1') AS r1 \gset
SET ROLE pooled_bob;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r1)) ~ 'is your own' AS refused;
-- nor can anybody say that they are trusted
SELECT t.fails(q) FROM unnest(ARRAY[
	$$INSERT INTO tiering.trusted_login (login, reason) VALUES ('pooled_app', 'us')$$,
	$$UPDATE tiering.trusted_login SET login = 'pooled_app'::regrole$$,
	'DELETE FROM tiering.trusted_login']) q;
RESET SESSION AUTHORIZATION;

-- Trusted, two roles are two people; what was asked before stays one's own.
INSERT INTO tiering.trusted_login (login, reason) VALUES ('pooled_app', 'signs its users in');
SET SESSION AUTHORIZATION pooled_app;
SET ROLE pooled_bob;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r1)) ~ 'is your own' AS refused;
SET ROLE pooled_ann;
SELECT t.pooled_ask('p2') AS r2, t.pooled_ask('p3') AS r3, t.pooled_ask('p4') AS r4,
	t.pooled_ask('p5') AS r5 \gset
SELECT t.fails(format('SELECT tiering.approve(%s)', :r2)) ~ 'is your own' AS refused;
SET ROLE pooled_bob;
SELECT tiering.approve(:r2);
SELECT t.fails(format('SELECT tiering.withdraw(%s)', :r3)) ~ 'not yours' AS refused;
-- who names nobody may be anybody
RESET ROLE;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r3)) ~ 'is your own' AS refused;
-- nor is the login itself somebody else
SET ROLE pooled_app;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r3)) ~ 'is your own' AS refused;
RESET ROLE;
SELECT t.pooled_ask('p6') AS r6 \gset
SET ROLE pooled_bob;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r6)) ~ 'is your own' AS refused;
SET ROLE pooled_ann;
SELECT tiering.withdraw(:r5);
-- the same person by a login of their own, either way round
SET SESSION AUTHORIZATION pooled_ann;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r3)) ~ 'is your own' AS refused;
SELECT t.pooled_ask('p7') AS r7 \gset
SET SESSION AUTHORIZATION pooled_app;
SET ROLE pooled_ann;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r7)) ~ 'is your own' AS refused;
SET ROLE pooled_bob;
SELECT tiering.approve(:r7);
-- somebody else with a login of their own
SET SESSION AUTHORIZATION pooled_bob;
-- who may have asked without a name, through the application
SELECT t.fails(format('SELECT tiering.approve(%s)', :r6)) ~ 'is your own' AS refused;
SELECT tiering.approve(:r3);
-- who is not trusted is who has logged in, also where they may set another's role
SET SESSION AUTHORIZATION pooled_eve;
SELECT t.pooled_ask('p8') AS r8 \gset
SET ROLE pooled_bob;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r8)) ~ 'is your own' AS refused;
SELECT tiering.approve(:r4);
RESET SESSION AUTHORIZATION;

-- What is recorded, beside the login
SELECT r.customer_id, r.requested_by, r.requested_as, r.requested_person::regrole AS asked,
	d.decision, d.decided_by, d.decided_as, d.decided_person::regrole AS decided
FROM tiering.request r LEFT JOIN tiering.decision d USING (request)
WHERE r.scheme = 'pooled' ORDER BY r.request;
-- Of drafts, too: who wrote through the application does not approve it, in whichever way
SELECT tiering.grant_role(r::regrole, 'author') FROM unnest('{pooled_ann,pooled_bob}'::text[]) r;
SELECT tiering.set_four_eyes('pooled', true, 'two publish it');
SET SESSION AUTHORIZATION pooled_app;
SET ROLE pooled_ann;
SELECT tiering.new_version('pooled');
UPDATE tiering.rule SET bounds = '[90,)' WHERE scheme = 'pooled' AND version = 2 AND tier = 'gold';
SET ROLE pooled_bob;
SELECT tiering.request_publication('pooled', '2025-01-01', 'from 90 on') AS draft \gset
SELECT t.fails(format('SELECT tiering.approve(%s)', :draft)) ~ 'is your own' AS refused;
SET ROLE pooled_ann;
SELECT t.fails(format('SELECT tiering.approve(%s)', :draft)) ~ 'partly your own' AS refused;
SET SESSION AUTHORIZATION pooled_ann;
SELECT t.fails(format('SELECT tiering.approve(%s)', :draft)) ~ 'partly your own' AS refused;
SET SESSION AUTHORIZATION pooled_eve;
SELECT tiering.approve(:draft);
RESET SESSION AUTHORIZATION;
SELECT version, status FROM tiering.scheme_version WHERE scheme = 'pooled' ORDER BY version;
SELECT tiering.set_four_eyes('pooled', false, 'no more');
-- a role that is renamed is the same person; trust that ends does not end what was recorded
ALTER ROLE pooled_ann RENAME TO pooled_anna;
SET SESSION AUTHORIZATION pooled_app;
SET ROLE pooled_anna;
SELECT t.pooled_ask('p9') AS r9 \gset
RESET SESSION AUTHORIZATION;
DELETE FROM tiering.trusted_login WHERE login = 'pooled_app'::regrole;
SET SESSION AUTHORIZATION pooled_app;
SET ROLE pooled_bob;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r9)) ~ 'is your own' AS refused;
SET SESSION AUTHORIZATION pooled_anna;
SELECT t.fails(format('SELECT tiering.approve(%s)', :r9)) ~ 'is your own' AS refused;
RESET SESSION AUTHORIZATION;
DROP OWNED BY pooled_app, pooled_anna, pooled_bob, pooled_eve;
DROP ROLE pooled_app, pooled_anna, pooled_bob, pooled_eve;
