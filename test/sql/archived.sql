-- Moves of long ago go to the archive: nothing that is asked has another answer for it, seals
-- stay sound, and what is changed there is found.
CREATE SCHEMA vault;
SET datestyle = iso;
SET client_min_messages = warning;
SET jit = off;
CREATE TABLE vault.value (customer_id text, as_of date, value numeric,
	PRIMARY KEY (customer_id, as_of));
CREATE FUNCTION vault.day(n int) RETURNS date IMMUTABLE LANGUAGE sql AS $$
	SELECT (date '2022-01-01' + (n || ' months')::interval - interval '1 day')::date $$;
CREATE FUNCTION vault.scheme(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{mass,gold,top}', '{NULL,100,200}');
	INSERT INTO tiering.policy (scheme, version, tier, down_after)
	SELECT name, 1, unnest('{gold,top}'::text[]), 2;
	PERFORM tiering.publish(name, '2022-01-01'), tiering.keep_assessments(name, 'all'),
		tiering.set_source(name, 'SELECT customer_id, value FROM vault.value WHERE as_of = $1');
END;
$$;
-- All that is said of a scheme, of every day of an assessment and the ones in between, as known
-- now or at a time
CREATE FUNCTION vault.told(scheme text, at timestamptz) RETURNS TABLE (what text, told text)
LANGUAGE sql AS $$
	WITH day AS (SELECT vault.day(n) + (n % 2) * 7 AS day
		FROM unnest('{1,2,4,5,8,10}'::int[]) n),
	customer AS (SELECT DISTINCT m.customer_id FROM tiering.migration m WHERE m.scheme = $1)
	SELECT 'tier on', format('%s %s %s', c.customer_id, d.day,
		tiering.tier_on($1, c.customer_id, d.day, $2)) FROM customer c, day d
	UNION ALL SELECT 'tiers on', format('%s %s', d.day, to_jsonb(x) - 'move')
	FROM day d, tiering.tiers_on($1, d.day, $2) x
	UNION ALL SELECT 'matrix', format('%s %s %s', f.day, u.day, to_jsonb(m))
	FROM day f JOIN day u ON u.day >= f.day, tiering.migration_matrix($1, f.day, u.day, $2) m
	UNION ALL SELECT 'bridge', format('%s %s %s', f.day, u.day, to_jsonb(b))
	FROM day f JOIN day u ON u.day >= f.day, tiering.measure_bridge($1, f.day, u.day, $2) b
	UNION ALL SELECT 'retention', to_jsonb(r)::text FROM tiering.retention($1, $2) r
	UNION ALL SELECT 'distribution', (to_jsonb(d) - 'scheme')::text
	FROM tiering.tier_distribution_history($1, $2) d
	UNION ALL SELECT 'shift', to_jsonb(s)::text
	FROM tiering.distribution_shift($1, vault.day(3), vault.day(9), $2) s
	UNION ALL SELECT 'survival', to_jsonb(s)::text
	FROM unnest('{mass,gold,top}'::text[]) t, tiering.tier_survival($1, t, 'month', $2) s
	UNION ALL SELECT 'forecast', to_jsonb(f)::text
	FROM (SELECT max(d.as_of) AS last FROM tiering.tier_distribution_history($1, $2) d) l,
		tiering.forecast($1, 2, daterange(LEAST(vault.day(2), l.last),
			LEAST(vault.day(9), l.last + 1)), known_at => $2) f
	UNION ALL SELECT 'matrix by day', (to_jsonb(m) - 'scheme')::text
	FROM tiering.migration_matrix m WHERE m.scheme = $1
	UNION ALL SELECT 'summary', (to_jsonb(m) - 'scheme')::text
	FROM tiering.migration_summary m WHERE m.scheme = $1
	UNION ALL SELECT 'origin', (to_jsonb(o) - 'scheme')::text
	FROM tiering.tier_origin o WHERE o.scheme = $1
	UNION ALL SELECT 'spells', (to_jsonb(h) - '{scheme,move}'::text[])::text
	FROM tiering.customer_tier_history h WHERE h.scheme = $1
	UNION ALL SELECT 'standing', (to_jsonb(m) - '{scheme,move,batch,recorded_at}'::text[])::text
	FROM tiering.standing_move m WHERE m.scheme = $1
	UNION ALL SELECT 'current', (to_jsonb(c) - '{scheme,recorded_at}'::text[])::text
	FROM tiering.current_tier c WHERE c.scheme = $1
	UNION ALL SELECT 'state', to_jsonb(v)::text FROM tiering.verify_state($1) v
	UNION ALL SELECT 'invariants', i FROM t.invariants($1) i
$$;
CREATE FUNCTION vault.differ(a text, b text) RETURNS TABLE (what text, n bigint) LANGUAGE sql AS $$
	WITH told AS MATERIALIZED (	-- what stands for a number is drawn at random
		SELECT s, t.what, regexp_replace(t.told, '(forgotten:)[0-9a-f]{16}', '\1') AS told
		FROM unnest(ARRAY[a, b]) s, vault.told(s, NULL) t
	), one AS (
		SELECT t.what, t.told, count(*) FILTER (WHERE t.s = a) AS n,
			count(*) FILTER (WHERE t.s = b) AS m
		FROM told t GROUP BY t.what, t.told
	)
	SELECT o.what, sum(abs(o.n - o.m))::bigint FROM one o WHERE o.n <> o.m GROUP BY o.what
$$;

-- Three customers over six months, the last move of one of them long ago
INSERT INTO vault.value
SELECT c, vault.day(n), v.value[n] FROM (VALUES
	('a', '{50,150,150,150,150,150}'::numeric[]), ('b', '{150,50,50,250,250,50}'),
	('c', '{250,250,NULL,NULL,120,120}')) v(c, value), generate_series(1, 6) n
WHERE v.value[n] IS NOT NULL;
SELECT vault.scheme('vault');
SELECT count(tiering.refresh('vault', vault.day(n))) FROM generate_series(1, 6) n;
SELECT batch, as_of, moves FROM tiering.batch WHERE scheme = 'vault' ORDER BY batch;
SELECT batch AS head_batch, seal AS head_seal FROM tiering.history_head('vault') \gset
CREATE TABLE vault.before AS SELECT * FROM vault.told('vault', NULL);
SELECT * FROM tiering.archive_moves('vault', '2022-04-01');
SELECT 'here' AS lies, batch, count(*) FROM ONLY tiering.migration WHERE scheme = 'vault'
GROUP BY batch
UNION ALL SELECT 'archive', batch, count(*) FROM tiering_archive.migration WHERE scheme = 'vault'
GROUP BY batch ORDER BY batch;
SELECT count(*), min(batch), max(batch) FROM tiering_archive.batch WHERE scheme = 'vault';
SELECT c.sealed_by, c.before, c.batch, c.moves, c.superseded, c.seal = b.seal AS its_seal
FROM tiering.checkpoint c JOIN tiering.batch b USING (scheme, batch) WHERE c.scheme = 'vault';
SELECT batch, kind, as_of, moves FROM ONLY tiering.batch WHERE scheme = 'vault' ORDER BY batch;
SELECT * FROM tiering.verify_history('vault');
SELECT * FROM tiering.verify_history('vault', archive => false);
SELECT * FROM tiering.verify_history('vault', :head_batch, :'head_seal', false);
(TABLE vault.before EXCEPT ALL SELECT * FROM vault.told('vault', NULL))
UNION ALL (SELECT * FROM vault.told('vault', NULL) EXCEPT ALL TABLE vault.before);
-- the same once more is nothing
SELECT * FROM tiering.archive_moves('vault', '2022-04-01');
SELECT count(*) FROM tiering.checkpoint WHERE scheme = 'vault';

-- What is refused
SELECT t.fails(q) FROM unnest(ARRAY[
	$$SELECT tiering.archive_moves('vault', NULL)$$,
	$$SELECT tiering.archive_moves('vault', 'infinity')$$,
	$$SELECT tiering.archive_moves('vault', '2022-07-01')$$,
	$$SELECT tiering.archive_moves('nowhere', '2022-04-01')$$,
	$$SELECT tiering.archive_moves(NULL, '2022-04-01')$$,
	$$SELECT tiering.verify_history('vault', 2, 'aa', false)$$,
	$$SELECT tiering.verify_history('vault', archive => NULL)$$,
	$$SELECT tiering.restate('vault', '2022-03-31')$$,
	$$SELECT tiering.restate('vault', '2022-03-31', '{a}')$$]) q;
SELECT tiering.create_ladder('vault_new', 'value', '{mass}', '{NULL}');
SELECT t.fails($$SELECT tiering.archive_moves('vault_new', '2022-04-01')$$);
-- marks stay where one of them reaches behind the day
SELECT tiering.mark_dirty('vault', 'a', '2022-02-28');
SELECT t.fails($$SELECT tiering.restate_dirty('vault')$$);
SELECT count(*) FROM tiering.dirty WHERE scheme = 'vault';
-- the owner alone may
CREATE ROLE t_vault;
SELECT tiering.grant_role('t_vault', g.what)
FROM (SELECT DISTINCT what FROM tiering.role_grants()) g;
GRANT USAGE ON SCHEMA t TO t_vault;
SET SESSION AUTHORIZATION t_vault;
SELECT t.fails(q) FROM unnest(ARRAY[
	$$SELECT tiering.archive_moves('vault', '2022-04-01')$$,
	$$DELETE FROM tiering_archive.migration$$, $$UPDATE tiering.migration SET to_tier = 'top'$$]) q;
SELECT sound FROM tiering.verify_history('vault', archive => false);
RESET SESSION AUTHORIZATION;

-- Who writes there by a function of another's, or while a source runs, is refused as ever
CREATE FUNCTION vault.write() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
	DELETE FROM tiering_archive.migration RETURNING move $$;
GRANT USAGE ON SCHEMA vault TO t_vault;
SET SESSION AUTHORIZATION t_vault;
SELECT t.fails('SELECT vault.write()');
RESET SESSION AUTHORIZATION;

-- Whatever is done to the archive or its checkpoint is found
CREATE FUNCTION vault.loosen(relation regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', relation);
END;
$$;
CREATE FUNCTION vault.after(tampering text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	PERFORM vault.loosen(c.oid::regclass) FROM pg_class c
	WHERE c.relname IN ('migration', 'batch', 'superseded', 'checkpoint') AND c.relkind = 'r';
	EXECUTE tampering;
	SELECT string_agg(format('%s %s: %s', v.sound, v.batch, v.finding), '; ' ORDER BY a DESC)
	INTO found
	FROM unnest('{t,f}'::boolean[]) a, tiering.verify_history('vault', archive => a) v;
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = found;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	RETURN SQLERRM;
END;
$$;
SELECT tampering, vault.after(tampering) AS "all; behind the checkpoint" FROM unnest(ARRAY[
	'SELECT',
	$$UPDATE tiering_archive.migration SET to_tier = 'top' WHERE scheme = 'vault' AND batch = 1$$,
	$$UPDATE tiering.migration SET measure = 1 WHERE scheme = 'vault' AND batch = 3$$,
	$$DELETE FROM tiering_archive.migration WHERE scheme = 'vault' AND batch = 2$$,
	$$DELETE FROM tiering_archive.batch WHERE scheme = 'vault' AND batch = 1$$,
	$$DELETE FROM tiering_archive.batch WHERE scheme = 'vault'$$,
	$$UPDATE tiering_archive.migration SET batch = 5 WHERE scheme = 'vault' AND batch = 2$$,
	$$INSERT INTO tiering_archive.superseded SELECT min(move), 'vault', 2 FROM tiering.migration
		WHERE scheme = 'vault'$$,
	$$UPDATE tiering.checkpoint SET before = '2022-01-01' WHERE scheme = 'vault'$$,
	$$UPDATE tiering.checkpoint SET batch = 2 WHERE scheme = 'vault'$$,
	$$UPDATE tiering.checkpoint SET seal = sha256(seal) WHERE scheme = 'vault'$$,
	$$DELETE FROM tiering.checkpoint WHERE scheme = 'vault'$$,
	$$INSERT INTO tiering.checkpoint SELECT scheme, 4, before, 1, 3, 0, seal FROM tiering.checkpoint
		WHERE scheme = 'vault'$$,
	$$UPDATE tiering.migration SET measure = 1 WHERE scheme = 'vault' AND batch = 4$$]) tampering;

-- Brought back, it can be restated; and from there on it is archived again
SELECT * FROM tiering.archive_moves('vault', '2022-02-28');
SELECT count(*) FROM tiering_archive.migration WHERE scheme = 'vault';
SELECT superseded, recorded FROM tiering.restate_dirty('vault');
UPDATE vault.value SET value = 250 WHERE customer_id = 'a' AND as_of = '2022-02-28';
SELECT t.fails($$SELECT tiering.restate('vault', '2022-01-31')$$);
SELECT superseded, recorded FROM tiering.restate('vault', '2022-02-28', '{a}');
SELECT * FROM tiering.archive_moves('vault', '2020-01-01');
SELECT count(*) FROM tiering_archive.batch WHERE scheme = 'vault';
SELECT before, batch, moves, seal IS NULL AS none FROM tiering.checkpoint WHERE scheme = 'vault'
ORDER BY sealed_by;
SELECT superseded, recorded FROM tiering.restate('vault', '2022-01-31');
-- up to the last assessment at most: it can be taken back, and the one before cannot
SELECT * FROM tiering.archive_moves('vault', '2022-06-30');
SELECT superseded, now_as_of FROM tiering.void_assessment('vault', '2022-06-30', 'why');
SELECT t.fails($$SELECT tiering.void_assessment('vault', '2022-05-31', 'why')$$);
SELECT count(tiering.refresh('vault', '2022-06-30'));
SELECT sound FROM unnest('{t,f}'::boolean[]) a, tiering.verify_history('vault', archive => a);
SELECT * FROM tiering.verify_state('vault');
SELECT t.invariants('vault');

-- A bank at random that archives again and again, and its twin that does not. Customers come,
-- leave, change their number, become one, are moved by hand and forgotten; months are
-- restated.
CREATE TABLE vault.random AS
SELECT c, n, round(150 + 120 * sin(c + n / (2 + c % 4)::numeric)::numeric
	+ 60 * (t.random(c * 100 + n) - 0.5), 2) AS value
FROM generate_series(1, 24) c, generate_series(1, 10) n
WHERE NOT (c % 5 = 0 AND n BETWEEN c % 7 AND c % 7 + 2) AND NOT (c % 6 = 1 AND n > 4);
CREATE TABLE vault.number (c int PRIMARY KEY, number text);
INSERT INTO vault.number SELECT DISTINCT c, 'n' || c FROM vault.random;
CREATE FUNCTION vault.step(scheme text, n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	request bigint;
BEGIN
	PERFORM tiering.refresh(scheme, vault.day(n));
	UPDATE tiering.assignment a SET tier = 'top', as_of = vault.day(n) + 2
	WHERE a.scheme = step.scheme AND a.tier <> 'top'
		AND t.random(hashtext(a.customer_id) + n) < 0.1;
	-- one that has left, before the archive and after it
	IF n IN (6, 8) THEN
		request := tiering.forget_customer(scheme, CASE n WHEN 6 THEN 'n7' ELSE 'n13' END,
			'a letter');
		PERFORM set_config('vault.request', request::text, true);
		SET LOCAL session_authorization = t_vault;
		PERFORM tiering.approve(current_setting('vault.request')::bigint);
		RESET session_authorization;
	END IF;
END;
$$;
-- of both, in one go
CREATE PROCEDURE vault.between(n int) LANGUAGE plpgsql AS $$
DECLARE
	s text;
	who int[] := ARRAY(SELECT r.c FROM vault.random r
		WHERE r.n = between.n AND r.c % 6 <> 1 AND r.c % 3 = between.n % 3 ORDER BY 1);
BEGIN
	FOREACH s IN ARRAY '{vault_twin,vault_kept}'::text[] LOOP
		PERFORM tiering.rename_customer(s, (SELECT v.number FROM vault.number v
			WHERE v.c = who[1]), format('x%s-%s', who[1], n), vault.day(n) + 3, 'a new card');
		PERFORM tiering.merge_customers(s, (SELECT v.number FROM vault.number v
			WHERE v.c = who[2]), ARRAY(SELECT v.number FROM vault.number v WHERE v.c = who[3]),
			vault.day(n) + 4, 'higher', 'one person') WHERE n IN (3, 7);
	END LOOP;
	UPDATE vault.number v SET number = format('x%s-%s', who[1], n) WHERE v.c = who[1];
	DELETE FROM vault.number v WHERE v.c = who[3] AND n IN (3, 7);
END;
$$;
SELECT vault.scheme(s), tiering.set_source(s, 'SELECT v.number AS customer_id, r.value
	FROM vault.random r JOIN vault.number v USING (c) WHERE vault.day(r.n) = $1')
FROM unnest('{vault_twin,vault_kept}'::text[]) s;
CREATE TABLE vault.found (n int, what text, rows bigint);
CREATE PROCEDURE vault.archive(month int) LANGUAGE plpgsql AS $$
BEGIN
	CREATE TABLE vault.known AS
	SELECT b.recorded_at AS at, x.* FROM tiering.batch b, vault.told('vault_kept', b.recorded_at) x
	WHERE b.scheme = 'vault_kept' AND b.batch IN (3, 9);
	PERFORM tiering.archive_moves('vault_kept', vault.day(month - 1) - 10);
	COMMIT;
	INSERT INTO vault.found
	SELECT month, 'known before: ' || x.what, count(*)
	FROM (TABLE vault.known EXCEPT ALL
		SELECT k.at, x.* FROM (SELECT DISTINCT at FROM vault.known) k,
			vault.told('vault_kept', k.at) x) x
	GROUP BY x.what;
	DROP TABLE vault.known;
END;
$$;
CREATE PROCEDURE vault.restate(month int) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE vault.random r SET value = r.value * 1.3
	WHERE r.c % 4 = 1 AND r.n BETWEEN month - 1 AND month;
	PERFORM tiering.restate(s, vault.day(month - 1), CASE WHEN month > 9 THEN ARRAY(
			SELECT v.number FROM vault.number v) END)
	FROM unnest('{vault_twin,vault_kept}'::text[]) s;
END;
$$;
CREATE PROCEDURE vault.live() LANGUAGE plpgsql AS $$
BEGIN
	SET client_min_messages = warning;
	FOR month IN 1 .. 10 LOOP
		PERFORM vault.step(s, month) FROM unnest('{vault_twin,vault_kept}'::text[]) s;
		COMMIT;
		CALL vault.between(month);
		COMMIT;
		IF month IN (4, 6, 9) THEN
			CALL vault.archive(month);
		END IF;
		IF month IN (5, 10) THEN
			CALL vault.restate(month);
			COMMIT;
		END IF;
		INSERT INTO vault.found
		SELECT month, d.what, d.n FROM vault.differ('vault_twin', 'vault_kept') d
		WHERE month IN (4, 6, 9, 10);
		INSERT INTO vault.found SELECT month, 'unsound: ' || v.finding, v.batch
		FROM unnest('{t,f}'::boolean[]) a, tiering.verify_history('vault_kept', archive => a) v
		WHERE NOT v.sound;
		COMMIT;
	END LOOP;
END;
$$;
CALL vault.live();
SELECT * FROM vault.found ORDER BY 1, 2;
SELECT count(*) > 50 AS archived,
	count(*) FILTER (WHERE customer_id ~ 'forgotten') > 1 AS forgotten,
	count(*) FILTER (WHERE direction LIKE 'merge%') > 5 AS merged,
	(SELECT count(*) FROM ONLY tiering.migration WHERE scheme = 'vault_kept') > 20 AS here,
	(SELECT count(*) FROM tiering_archive.superseded WHERE scheme = 'vault_kept') > 0 AS superseded
FROM tiering_archive.migration WHERE scheme = 'vault_kept';
SELECT count(*) FROM tiering.migration WHERE scheme = 'vault_kept' AND customer_id IN ('n7', 'n13');
-- all of it back, it is as if nothing had been
SELECT batches, moves FROM tiering.archive_moves('vault_kept', '2020-01-01');
SELECT * FROM vault.differ('vault_twin', 'vault_kept');
SELECT sound FROM tiering.verify_history('vault_kept');
