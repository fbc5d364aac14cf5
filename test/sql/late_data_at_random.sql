-- Watched tables against brute force: after each of many random statements the marks are
-- those of the customers who have other balances on some day than before, from the first
-- such day on. Days are the first 40 of a year; what lies before them is -infinity.
SET client_min_messages = warning;
SET datestyle = 'ISO';
CREATE SCHEMA chance;
SELECT tiering.create_ladder('chance', 'x', '{low,high}', '{NULL,100}');

CREATE TABLE chance.two (customer int, balance int, f date, t date);
CREATE TABLE chance.one (customer int, balance int, valid daterange);
CREATE TABLE chance.snapshot (customer int, balance int, f date);
CREATE TABLE chance.flow (customer int, balance int, f date);
SELECT tiering.watch_table('chance', 'chance.two', 'customer', '{f,t}'),
	tiering.watch_table('chance', 'chance.one', 'customer', '{valid}'),
	tiering.watch_table('chance', 'chance.snapshot', 'customer', '{f}'),
	tiering.watch_table('chance', 'chance.flow', 'customer', '{f}');

-- The balance of each customer on each day, as each shape is meant
CREATE VIEW chance.balances AS
SELECT r.shape, r.customer, d.day, array_agg(r.balance ORDER BY r.balance) AS balances
FROM (SELECT 'two' AS shape, customer, balance, daterange(f, t) AS valid FROM chance.two
	  UNION ALL SELECT 'one', customer, balance, valid FROM chance.one
	  UNION ALL SELECT 'snapshot', customer, balance, daterange(f, f + 1) FROM chance.snapshot
	  UNION ALL SELECT 'flow', customer, balance, daterange(f, NULL) FROM chance.flow) r
	JOIN (SELECT '2024-01-01'::date + n AS day FROM generate_series(-1, 40) n) d ON d.day <@ r.valid
GROUP BY r.shape, r.customer, d.day;
CREATE TABLE chance.before AS TABLE chance.balances;

-- A day of the 40, or none, or for a first day the same as before
CREATE FUNCTION chance.day(seed bigint, was date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN t.random(seed) < 0.5 THEN was
		WHEN t.random(seed) > 0.9 THEN NULL
		ELSE '2024-01-01'::date + floor(t.random(seed + 1000003) * 40)::int END
$$;

-- Inserts, deletes or updates some rows of a shape
CREATE FUNCTION chance.change(shape text, seed bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	how numeric := t.random(seed + 31);
	days text := CASE shape
		WHEN 'two' THEN 'f = LEAST(f2, t2), t = GREATEST(f2, t2)'
		WHEN 'one' THEN 'valid = daterange(LEAST(f2, t2), GREATEST(f2, t2))'
		ELSE 'f = COALESCE(f2, f)' END;
	ends text := CASE shape WHEN 'two' THEN 'f, t'
		WHEN 'one' THEN 'lower(valid), upper(valid)' ELSE 'f, f' END;
	made text := CASE shape WHEN 'two' THEN 'LEAST(f2, t2), GREATEST(f2, t2)'
		WHEN 'one' THEN 'daterange(LEAST(f2, t2), GREATEST(f2, t2))'
		ELSE 'COALESCE(f2, ''2024-01-20'')' END;
BEGIN
	IF how < 0.3 THEN
		EXECUTE format('INSERT INTO chance.%1$I
			SELECT floor(t.random(%2$s + i) * 6), floor(t.random(%2$s + 7 * i) * 3), %3$s
			FROM generate_series(1, 8) i,
				LATERAL (SELECT chance.day(%2$s + 11 * i, ''2024-01-09'') AS f2,
					chance.day(%2$s + 13 * i, ''2024-02-02'') AS t2) d', shape, seed, made);
	ELSIF how < 0.4 THEN
		EXECUTE format('DELETE FROM chance.%I r WHERE t.random(%s + hashtext(r::text)) < 0.3',
			shape, seed);
	ELSIF how < 0.42 THEN
		EXECUTE format('TRUNCATE chance.%I', shape);
	ELSE
		EXECUTE format('UPDATE chance.%1$I r
			SET customer = CASE WHEN t.random(%2$s + h) < 0.2
					THEN floor(t.random(%2$s + 3 * h) * 6) ELSE customer END,
				balance = CASE WHEN t.random(%2$s + 5 * h) < 0.3
					THEN floor(t.random(%2$s + 7 * h) * 3) ELSE balance END, %3$s
			FROM (SELECT x.ctid AS tid, h, chance.day(%2$s + h, e.f) AS f2,
					chance.day(%2$s + h + 99, e.t) AS t2
				  FROM chance.%1$I x, LATERAL (SELECT %4$s) e (f, t),
					hashtextextended(x::text || x.ctid, 0) g (g),
					LATERAL (SELECT g.g %% 100000) h (h)) n
			WHERE n.tid = r.ctid AND t.random(%2$s + 17 * h) < 0.4', shape, seed, days, ends);
	END IF;
END;
$$;

CREATE TABLE chance.found (step int, shape text, customer text, marked date, differs date);
DO $$
DECLARE
	this text;
BEGIN
	FOR step IN 1 .. 240 LOOP
		DELETE FROM tiering.dirty;
		this := (ARRAY['two', 'one', 'snapshot', 'flow'])[1 + step % 4];
		PERFORM chance.change(this, 1000 * step);
		CREATE TEMP TABLE after ON COMMIT DROP AS
		SELECT * FROM chance.balances h WHERE h.shape = this;
		INSERT INTO chance.found
		SELECT step, this, customer, m.from_as_of, d.day
		FROM (SELECT c.from_as_of, c.customer_id AS customer FROM tiering.dirty_customer c) m
			FULL JOIN (
				SELECT customer::text,
					CASE min(day) WHEN '2023-12-31' THEN '-infinity' ELSE min(day) END AS day
				FROM (SELECT * FROM chance.before b WHERE b.shape = this) b
					FULL JOIN after h USING (customer, day)
				WHERE b.balances IS DISTINCT FROM h.balances
				GROUP BY customer) d USING (customer);
		DELETE FROM chance.before b WHERE b.shape = this;
		INSERT INTO chance.before SELECT * FROM after;
		DROP TABLE after;
	END LOOP;
END;
$$;
SELECT shape, count(*) > 80 AS many,
	count(*) FILTER (WHERE marked = '-infinity') > 3 AS from_the_beginning
FROM chance.found
GROUP BY shape ORDER BY shape;
SELECT * FROM chance.found WHERE marked IS DISTINCT FROM differs;

DELETE FROM tiering.dirty;
DROP SCHEMA chance CASCADE;
