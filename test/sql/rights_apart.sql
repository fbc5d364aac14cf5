-- Rights are apart: taking one away leaves each of the others whole, in any order.
CREATE ROLE apart_one;
CREATE ROLE apart_both;
CREATE SCHEMA apart;
CREATE VIEW apart.granted AS
SELECT a.grantee, a.privilege_type, c.oid::regclass::text AS object
FROM pg_class c, aclexplode(c.relacl) a
UNION ALL
SELECT a.grantee, a.privilege_type, format('%s.%s', c.attrelid::regclass, c.attname)
FROM pg_attribute c, aclexplode(c.attacl) a
UNION ALL
SELECT a.grantee, a.privilege_type, p.oid::regprocedure::text
FROM pg_proc p, aclexplode(p.proacl) a;
CREATE FUNCTION apart.of(role regrole) RETURNS text[] LANGUAGE sql STABLE AS $$
	SELECT COALESCE(array_agg(g.object || ' ' || g.privilege_type
		ORDER BY (g.object || ' ' || g.privilege_type) COLLATE "C"), '{}')
	FROM apart.granted g WHERE g.grantee = role
$$;
-- what is left of one right, and too much, when another one was given with it and taken away
CREATE FUNCTION apart.differs(kept text, taken text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	one text[];
	rest text[];
BEGIN
	PERFORM tiering.grant_role('apart_one', kept);
	PERFORM tiering.grant_role('apart_both', kept), tiering.grant_role('apart_both', taken);
	PERFORM tiering.revoke_role('apart_both', taken);
	one := apart.of('apart_one');
	rest := apart.of('apart_both');
	PERFORM tiering.revoke_role('apart_one', kept), tiering.revoke_role('apart_both', kept);
	RETURN ARRAY((SELECT '- ' || unnest(one) EXCEPT SELECT '- ' || unnest(rest))
		UNION ALL (SELECT '+ ' || unnest(rest) EXCEPT SELECT '+ ' || unnest(one)));
END;
$$;
WITH what AS MATERIALIZED (SELECT DISTINCT what FROM tiering.role_grants()),
	pair AS MATERIALIZED (
		SELECT k.what AS kept, t.what AS taken, apart.differs(k.what, t.what) AS differs
		FROM what k JOIN what t ON t.what <> k.what)
SELECT (SELECT count(*) > 50 FROM pair) AS many, kept, taken, differs
FROM (SELECT 1) one LEFT JOIN pair ON cardinality(differs) > 0 ORDER BY 2, 3;
SELECT apart.of('apart_one') AS one, apart.of('apart_both') AS rest;

-- Who has hand changes tiers on, and reads no measure; who has a part of it is given no more.
SELECT tiering.grant_role('apart_both', 'hand'), tiering.grant_role('apart_both', 'report');
SELECT tiering.create_ladder('apart', 'assets', '{low,high}', '{NULL,100}'),
	tiering.publish('apart', '2024-01-01');
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('apart', 'a', 'low', '2024-01-31', '2024-01-31', 1);
SELECT tiering.revoke_role('apart_both', 'report');
SET SESSION AUTHORIZATION apart_both;
UPDATE tiering.assignment SET tier = 'high' WHERE scheme = 'apart' AND customer_id = 'a'
RETURNING tier;
SELECT misses FROM tiering.assignment;
RESET SESSION AUTHORIZATION;
SELECT tiering.grant_role('apart_one', 'report');
GRANT UPDATE (tier) ON tiering.assignment TO apart_one;
SELECT tiering.revoke_role('apart_one', 'report');
SELECT apart.of('apart_one') AS one;
DELETE FROM tiering.assignment WHERE scheme = 'apart';
SET client_min_messages = warning;
DROP SCHEMA apart CASCADE;
DROP OWNED BY apart_one, apart_both;
DROP ROLE apart_one, apart_both;
