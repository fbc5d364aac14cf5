-- What a refresh has written, a replay of the same data leaves as it is: also where no tier takes
-- a customer any more, and where tiers count from the next month on while assessments go on.
CREATE SCHEMA agree;
SET client_min_messages = warning;
CREATE TABLE agree.value (scheme text, customer_id text, as_of date, value numeric);
CREATE FUNCTION agree.bank(name text, from_when text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{low,mid,high}', '{0,100,200}');
	IF from_when IS NOT NULL THEN
		INSERT INTO tiering.policy (scheme, version, tier, effective)
		SELECT name, 1, t, from_when FROM unnest('{low,mid,high}'::text[]) t;
	END IF;
	PERFORM tiering.publish(name, '2024-01-01'), tiering.set_source(name, format(
		'SELECT customer_id, value FROM agree.value WHERE scheme = %L AND as_of = $1', name));
END;
$$;

-- No tier takes who has less than 0: they leave with what they have on the day, whoever records
-- it; who is not in the source any more leaves with what they had last.
SELECT agree.bank('agree_exit', NULL);
INSERT INTO agree.value VALUES ('agree_exit', 'overdrawn', '2024-01-31', 150),
	('agree_exit', 'overdrawn', '2024-02-29', -50), ('agree_exit', 'gone', '2024-01-31', 120),
	('agree_exit', 'unknown', '2024-01-31', 130), ('agree_exit', 'unknown', '2024-02-29', NULL),
	('agree_exit', 'stays', '2024-01-31', 150), ('agree_exit', 'stays', '2024-02-29', 150);
SELECT (tiering.refresh('agree_exit', d)).exit
FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT customer_id, measure FROM tiering.standing_move
WHERE scheme = 'agree_exit' AND to_tier IS NULL ORDER BY 1;
SELECT superseded, recorded, written FROM tiering.restate('agree_exit', '2024-02-29');
SELECT superseded, recorded, written FROM tiering.restate('agree_exit', '2024-01-31');
SELECT superseded, recorded, written
FROM tiering.restate('agree_exit', '2024-02-29', '{overdrawn,unknown,gone}');
SELECT written FROM tiering.refresh('agree_exit', '2024-02-29');

-- A refresh that is made again reads the source once: what it has compared is what it replays.
CREATE SEQUENCE agree.reads;
CREATE FUNCTION agree.read(day date) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT nextval('agree.reads') WHERE day = '2024-02-29'
$$;
SELECT tiering.set_source('agree_exit', 'SELECT v.customer_id, v.value
	FROM (SELECT agree.read($1)) r, agree.value v
	WHERE v.scheme = ''agree_exit'' AND v.as_of = $1');
CREATE FUNCTION agree.again() RETURNS TABLE (written bigint, reads bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM setval('agree.reads', 1, false);
	written := r.written FROM tiering.refresh('agree_exit', '2024-02-29') r;
	reads := nextval('agree.reads') - 1;
	RETURN NEXT;
END;
$$;
SELECT * FROM agree.again();
UPDATE agree.value SET value = 250 WHERE customer_id IN ('stays', 'overdrawn') AND as_of >=
	'2024-02-01';
INSERT INTO agree.value VALUES ('agree_exit', 'late', '2024-02-29', 10),
	('agree_exit', 'gone', '2024-02-29', 120);
DELETE FROM agree.value WHERE customer_id = 'unknown' AND as_of = '2024-02-29';
SELECT * FROM agree.again();
SELECT * FROM agree.again();
SELECT customer_id, tier, measure FROM tiering.current_tier WHERE scheme = 'agree_exit' ORDER BY 1;
-- one whom it has twice is found, whether or not they differ
INSERT INTO agree.value VALUES ('agree_exit', 'late', '2024-02-29', 20);
SELECT t.fails($$SELECT agree.again()$$);
DELETE FROM agree.value WHERE customer_id = 'late' AND value = 20;

-- Random customers, assessed each week, whose tiers count from the next month, or day, on
CREATE FUNCTION agree.replayable(name text) RETURNS TABLE (customers bigint, off bigint)
LANGUAGE sql AS $$
	SELECT count(a.customer_id), count(*) FILTER (WHERE ROW(a.tier, a.since)
		IS DISTINCT FROM ROW(b.tier, b.since))
	FROM (SELECT DISTINCT v.customer_id FROM agree.value v WHERE v.scheme = name) v
		LEFT JOIN tiering.assignment a ON a.scheme = name AND a.customer_id = v.customer_id
		LEFT JOIN LATERAL _tiering.assignment_before(name, v.customer_id, 'infinity') b ON true
$$;
SELECT agree.bank('agree_' || e, 'next_' || e) FROM unnest('{month,day}'::text[]) e;
INSERT INTO agree.value
SELECT s, 'c' || c, date '2024-01-01' + 7 * w,
	round((t.random(hashtext(s) % 1000 + c * 100 + w) * 400 - 60)::numeric, 2)
FROM unnest('{agree_month,agree_day}'::text[]) s, generate_series(1, 60) c,
	generate_series(0, 19) w
WHERE t.random(c * 1000 + w + 7) < 0.8;
CREATE TABLE agree.found (scheme text, as_of date, customers bigint, off bigint);
DO $$
DECLARE
	d record;
BEGIN
	FOR d IN SELECT DISTINCT v.scheme, v.as_of FROM agree.value v WHERE v.scheme <> 'agree_exit'
		ORDER BY 1, 2
	LOOP
		PERFORM tiering.refresh(d.scheme, d.as_of);
		INSERT INTO agree.found SELECT d.scheme, d.as_of, r.* FROM agree.replayable(d.scheme) r;
	END LOOP;
END;
$$;
SELECT scheme, count(*), sum(customers) > 500 AS some, sum(off) AS off FROM agree.found
GROUP BY 1 ORDER BY 1;
SELECT s, r.superseded, r.recorded, r.written
FROM unnest('{agree_month,agree_day}'::text[]) s,
	LATERAL tiering.restate(s, '2024-01-01') r;
SELECT s, r.superseded, r.recorded, r.written
FROM unnest('{agree_month,agree_day}'::text[]) s,
	LATERAL tiering.restate(s, '2024-03-11', ARRAY(SELECT 'c' || c FROM generate_series(1, 60) c))
		r;
SELECT s, (tiering.refresh(s, '2024-05-13')).written FROM unnest('{agree_month,agree_day}'::text[])
	s;
SELECT s, v.* FROM unnest('{agree_exit,agree_month,agree_day}'::text[]) s,
	LATERAL tiering.verify_state(s) v ORDER BY 1;
SELECT s, v.sound FROM unnest('{agree_exit,agree_month,agree_day}'::text[]) s,
	LATERAL tiering.verify_history(s) v ORDER BY 1;
