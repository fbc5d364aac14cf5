-- A refresh that is repeated compares the customers of whom a digest says that the source may have
-- something else. It comes to what comparing all does: two schemes have the same source, and one
-- of them has no digest.
SET client_min_messages = warning;
SET datestyle = 'ISO';
SET jit = off;
CREATE SCHEMA rep;
CREATE TABLE rep.value (as_of date, customer_id text, n int DEFAULT 1, assets numeric,
	PRIMARY KEY (as_of, customer_id, n));
SELECT tiering.import_scheme(format('{"scheme": "%s", "everyone": false, "metrics": [
	{"metric": "assets", "is_measure": true}], "tiers": [
	{"tier": "mass", "rank": 1, "rules": [{"assets": "[0,100)"}]},
	{"tier": "gold", "rank": 2, "rules": [{"assets": "[100,1000)"}], "policy": {"down_after": 2}},
	{"tier": "top", "rank": 3, "rules": [{"assets": "[1000,)"}], "policy": {"down_after": 3}}]}',
	s)::jsonb), tiering.publish(s, '2024-01-01'), tiering.set_source(s,
		'SELECT customer_id, assets FROM rep.value WHERE as_of = $1')
FROM unnest('{rep_a,rep_b}'::text[]) s;
-- amounts around the bounds, unknown and none, whom no tier takes
CREATE FUNCTION rep.amount(seed bigint) RETURNS numeric LANGUAGE sql
RETURN CASE WHEN t.random(seed) < 0.05 THEN NULL WHEN t.random(seed) < 0.1 THEN -1
	ELSE round(power(10, 4 * t.random(seed + 1))::numeric, 2) END;
CREATE FUNCTION rep.fill(day date, seed bigint) RETURNS bigint LANGUAGE sql AS $$
	WITH filled AS (
		INSERT INTO rep.value SELECT day, 'c' || c, 1, rep.amount(seed + 10 * c)
		FROM generate_series(1, 800) c WHERE t.random(seed + 10 * c + 5) < 0.95
		RETURNING 1)
	SELECT count(*) FROM filled
$$;
-- how many rows would be compared, of how many customers in the same buckets; -1: of all
CREATE FUNCTION rep.compared(day date, told text[] DEFAULT '{}', OUT rows bigint,
	OUT customers bigint)
LANGUAGE sql AS $$
	WITH digest AS (SELECT _tiering.digest_before(_tiering.kept('rep_a', day), 1) AS d
	), differing AS MATERIALIZED (SELECT r.* FROM digest,
		_tiering.graded_differing('rep_a', day, 1, digest.d, told) r)
	SELECT CASE WHEN (SELECT d = '' FROM digest) THEN -1
			ELSE (SELECT count(*) FROM differing WHERE customer_id IS NOT NULL) END, (
		SELECT count(*) FROM tiering.assignment a, differing r
		WHERE a.scheme = 'rep_a' AND _tiering.in_buckets(a.customer_id, r.buckets))
$$;
-- what both come to, and whether that is the same
CREATE FUNCTION rep.repeated(day date, OUT written bigint, OUT as_compared boolean,
	OUT wrong text[])
LANGUAGE plpgsql AS $$
DECLARE
	a tiering.refresh_result;
	b tiering.refresh_result;
BEGIN
	a := tiering.refresh('rep_a', day);
	DELETE FROM tiering.source_digest WHERE scheme = 'rep_b';
	b := tiering.refresh('rep_b', day);
	b.scheme := 'rep_a';
	written := a.written;
	as_compared := a = b AND NOT EXISTS (
		SELECT customer_id, tier, since, version, earned, misses, best, next_tier, next_review
		FROM tiering.assignment WHERE scheme = 'rep_a'
		EXCEPT ALL
		SELECT customer_id, tier, since, version, earned, misses, best, next_tier, next_review
		FROM tiering.assignment WHERE scheme = 'rep_b') AND NOT EXISTS (
		SELECT customer_id, as_of, from_tier, to_tier, direction, measure
		FROM tiering.standing_move WHERE scheme = 'rep_a'
		EXCEPT ALL
		SELECT customer_id, as_of, from_tier, to_tier, direction, measure
		FROM tiering.standing_move WHERE scheme = 'rep_b');
	wrong := ARRAY(SELECT t.invariants('rep_a'));
END;
$$;

SELECT rep.fill('2024-01-31', 1) > 700 AS filled;
SELECT tiering.refresh(s, '2024-01-31') IS NOT NULL AS done FROM unnest('{rep_a,rep_b}'::text[]) s;
SELECT count(*), min(length(digest)) AS bytes FROM tiering.source_digest WHERE scheme LIKE 'rep%';

-- nothing has changed: nobody is compared; nor if an amount shows more zeros
SELECT * FROM rep.compared('2024-01-31');
SELECT * FROM rep.repeated('2024-01-31');
UPDATE rep.value SET assets = assets::numeric(30,12) WHERE assets IS NOT NULL;
SELECT * FROM rep.compared('2024-01-31');
-- those who are told are, with the few of their buckets
SELECT rows BETWEEN 1 AND 40 AS few, rows <= customers + 5 AS of_few
FROM rep.compared('2024-01-31', '{c1,c2}');

-- one cent
UPDATE rep.value SET assets = assets + 0.01 WHERE customer_id = (
	SELECT min(customer_id) FROM rep.value WHERE assets > 1);
SELECT rows BETWEEN 1 AND 20 AS few FROM rep.compared('2024-01-31');
SELECT * FROM rep.repeated('2024-01-31');
-- what comes after the assessment has all compared
SELECT rows FROM rep.compared('2024-01-31');

-- at random: others, fewer, more, two who change places, amounts that are not known, and all
CREATE PROCEDURE rep.step(day date, seed bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM rep.fill(day, seed), tiering.refresh('rep_a', day), tiering.refresh('rep_b', day);
	CASE seed % 6
		WHEN 0 THEN UPDATE rep.value SET assets = rep.amount(seed + hashtext(customer_id))
			WHERE as_of = day AND t.random(seed + hashtext(customer_id)) < 0.01;
		WHEN 1 THEN DELETE FROM rep.value
			WHERE as_of = day AND t.random(seed + hashtext(customer_id)) < 0.003;
		WHEN 2 THEN INSERT INTO rep.value SELECT day, 'new' || seed || c, 1, rep.amount(seed + c)
			FROM generate_series(1, 5) c;
		WHEN 3 THEN UPDATE rep.value v SET assets = o.assets FROM rep.value o
			WHERE v.as_of = day AND o.as_of = day AND (v.customer_id, o.customer_id)
				IN (('c10', 'c11'), ('c11', 'c10'), ('c500', 'c900'), ('c900', 'c500'));
		WHEN 4 THEN UPDATE rep.value SET assets = NULL WHERE as_of = day AND customer_id < 'c103';
		ELSE UPDATE rep.value SET assets = assets + 1 WHERE as_of = day;
	END CASE;
END;
$$;
CREATE TABLE rep.told (step int, written bigint, as_compared boolean, wrong text[], rows bigint);
DO $$
DECLARE
	day date;
	few bigint;
BEGIN
	FOR step IN 1 .. 12 LOOP
		day := '2024-01-31'::date + 10 * step;
		CALL rep.step(day, 6000 * step + step);
		few := c.rows FROM rep.compared(day) c;
		INSERT INTO rep.told SELECT step, r.*, few FROM rep.repeated(day) r;
	END LOOP;
END;
$$;
SELECT count(*) AS steps, count(*) FILTER (WHERE written > 0) AS changed,
	count(*) FILTER (WHERE rows BETWEEN 0 AND 400) AS few, bool_and(as_compared) AS as_compared,
	array_agg(wrong) FILTER (WHERE wrong <> '{}') AS wrong
FROM rep.told;

-- requests, changes by hand and other numbers
SELECT rep.fill('2024-07-31', 77) > 700 AS filled;
INSERT INTO rep.value SELECT '2024-07-31', 'k' || k, 1, 5000 FROM generate_series(7, 9) k;
SELECT tiering.refresh(s, '2024-07-31') IS NOT NULL AS done FROM unnest('{rep_a,rep_b}'::text[]) s;
SELECT rows FROM rep.compared('2024-07-31');
SELECT tiering.request_override(s, 'k7', 'cap', 'mass', '[2024-07-01,2024-12-31)', 'x') > 0 AS asked
FROM unnest('{rep_a,rep_b}'::text[]) s;
SELECT * FROM rep.repeated('2024-07-31');
UPDATE tiering.assignment SET tier = 'mass'
WHERE scheme IN ('rep_a', 'rep_b') AND customer_id = 'k8';
SELECT rows FROM rep.compared('2024-07-31');
SELECT * FROM rep.repeated('2024-07-31');
SELECT tiering.rename_customer(s, 'k9', 'nine', '2024-08-01', 'x') IS NOT NULL AS renamed
FROM unnest('{rep_a,rep_b}'::text[]) s;
SELECT rep.fill('2024-08-31', 78) > 700 AS filled;
SELECT tiering.refresh(s, '2024-08-31') IS NOT NULL AS done FROM unnest('{rep_a,rep_b}'::text[]) s;
SELECT _tiering.digest_before(_tiering.kept('rep_a', '2024-08-31'), 1) IS NULL AS all_compared;
UPDATE rep.value SET assets = assets + 100 WHERE as_of = '2024-08-31' AND customer_id < 'c2';
SELECT * FROM rep.repeated('2024-08-31');

-- a customer whom the source has more than once, and digests that cannot be read
SELECT tiering.create_ladder('rep_c', 'assets', '{mass,gold}', '{NULL,100}'),
	tiering.publish('rep_c', '2024-01-01'), tiering.set_source('rep_c',
		'SELECT customer_id, assets FROM rep.value WHERE as_of = $1 AND customer_id <= ''c3''');
SELECT tiering.refresh('rep_c', '2024-08-31') IS NOT NULL AS done;
INSERT INTO rep.value SELECT as_of, customer_id, 2, 7 FROM rep.value
WHERE as_of = '2024-08-31' ORDER BY customer_id LIMIT 1;
SELECT t.fails($$SELECT tiering.refresh('rep_c', '2024-08-31')$$);
DELETE FROM rep.value WHERE n = 2;
UPDATE tiering.source_digest SET digest = '\x00' WHERE scheme = 'rep_c';
SELECT up + down + new + exit AS moved FROM tiering.refresh('rep_c', '2024-08-31');
SELECT t.fails($$SELECT _tiering.in_buckets('c1', '\x00')$$);
DROP SCHEMA rep CASCADE;
