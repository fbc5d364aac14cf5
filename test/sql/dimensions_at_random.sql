-- A bank at random whose customers come, go, change their numbers and become one, by other
-- dimensions now and then: at each refresh what is kept is what the query yields of its customers,
-- and what was kept before stays.
CREATE SCHEMA dimr;
SET client_min_messages = warning;
SET jit = off;
CREATE FUNCTION dimr.day(n int) RETURNS date IMMUTABLE LANGUAGE sql AS $$
	SELECT (date '2022-01-01' + (n || ' months')::interval - interval '1 day')::date $$;
-- customers, the number that each one has now, and all numbers with that of whose they are now
CREATE TABLE dimr.customer (id int PRIMARY KEY, number text UNIQUE, away int DEFAULT 0);
CREATE TABLE dimr.number (number text PRIMARY KEY, now_id text);
CREATE TABLE dimr.had (as_of date, customer_id text, average numeric);
CREATE TABLE dimr.yields (as_of date, customer_id text, branch text, manager text, region text);
CREATE TABLE dimr.shadow (as_of date, customer_id text, dimension text, value text);
CREATE TABLE dimr.found (scheme text, step int, what text, n bigint);

-- One in five customers of a month was none in the month before; the source says any number
CREATE FUNCTION dimr.fill(seed int, n int) RETURNS void LANGUAGE sql AS $$
	DELETE FROM dimr.had WHERE as_of = dimr.day(n);
	INSERT INTO dimr.had
	SELECT dimr.day(n), (SELECT x.number FROM dimr.number x WHERE x.now_id = c.number
		ORDER BY hashtext(x.number || n) LIMIT 1), round(t.random(c.id + seed + n) * 300, 2)
	FROM dimr.customer c WHERE c.away < n AND t.random(c.id * 7 + seed + n / 3) < 0.8;
	DELETE FROM dimr.yields WHERE as_of = dimr.day(n);
	-- former numbers are yielded beside the one of now, and instead of it; who is no customer, too
	INSERT INTO dimr.yields
	SELECT dimr.day(n), x.number, b.b[1 + floor(t.random(h + n / 4) * 4)::int],
		b.b[1 + floor(t.random(h + 1000 + n / 3) * 4)::int],
		b.b[1 + floor(t.random(h + 2000 + n / 2) * 4)::int]
	FROM dimr.number x CROSS JOIN LATERAL (SELECT hashtext(x.number)::bigint + seed AS h) s
		CROSS JOIN (SELECT '{north,south,"O''Hare \"1\"",NULL}'::text[] AS b) b
	WHERE CASE WHEN x.number = x.now_id THEN t.random(h + 3000 + n) < 0.8
		ELSE t.random(h + 4000 + n) < 0.4 END;
$$;

-- What each customer is by the definition: of the row of the number that they have, or of another's
CREATE FUNCTION dimr.means(name text, day date) RETURNS TABLE (customer_id text, is_once boolean,
	dimension text, value text) LANGUAGE sql AS $$
	WITH row AS (
		SELECT a.customer_id, y.customer_id = a.customer_id AS own, to_jsonb(y) AS told
		FROM dimr.yields y JOIN dimr.number x ON x.number = y.customer_id
			JOIN tiering.assignment a ON a.scheme = name AND a.customer_id = x.now_id
		WHERE y.as_of = day
	), one AS (
		SELECT r.customer_id, count(*) FILTER (WHERE r.own) = 1 OR count(*) = 1 AS is_once,
			(array_agg(r.told ORDER BY r.own DESC))[1] AS told
		FROM row r GROUP BY r.customer_id
	)
	SELECT o.customer_id, o.is_once, n, o.told ->> n
	FROM one o CROSS JOIN unnest((SELECT d.names FROM tiering.dimensions_source d
		WHERE d.scheme = name)) n
$$;
CREATE FUNCTION dimr.note(name text, step int) RETURNS void LANGUAGE sql AS $$
	WITH last AS (SELECT refreshed_as_of AS day FROM tiering.source WHERE scheme = name),
	kept AS (
		SELECT s.as_of, d.customer_id, k.dimension, d.told[k.place] AS value
		FROM (SELECT DISTINCT s.as_of FROM dimr.shadow s) s
			CROSS JOIN tiering.kept_dimension k
			JOIN tiering.customer_dimension d ON d.scheme = k.scheme AND d.from_as_of <= s.as_of
				AND COALESCE(d.to_as_of > s.as_of, true)
		WHERE k.scheme = name AND d.told[k.place] IS NOT NULL
	), since AS (
		SELECT s.customer_id, s.dimension, s.value, (
			SELECT min(f.as_of) FROM dimr.shadow f
			WHERE (f.customer_id, f.dimension, f.value) = (s.customer_id, s.dimension, s.value)
				AND NOT EXISTS (SELECT FROM dimr.shadow g WHERE g.as_of > f.as_of
					AND NOT EXISTS (SELECT FROM dimr.shadow e WHERE e.as_of = g.as_of
						AND (e.customer_id, e.dimension, e.value)
							= (s.customer_id, s.dimension, s.value)))) AS since
		FROM dimr.shadow s, last l WHERE s.as_of = l.day AND s.customer_id IS NOT NULL
	)
	INSERT INTO dimr.found
	SELECT name, step, w.what, count(*) FROM (
		(SELECT 'kept' AS what, to_jsonb(k) FROM kept k
		 EXCEPT ALL SELECT 'kept', to_jsonb(s) FROM dimr.shadow s)
		UNION ALL
		(SELECT 'lost', to_jsonb(s) FROM dimr.shadow s WHERE s.customer_id IS NOT NULL
		 EXCEPT ALL SELECT 'lost', to_jsonb(k) FROM kept k)
		UNION ALL
		(SELECT 'since', to_jsonb(s) FROM since s
		 EXCEPT ALL SELECT 'since', to_jsonb(c) - 'scheme' FROM tiering.current_dimension c
			WHERE c.scheme = name)) w
	GROUP BY w.what
$$;

-- A refresh is refused if and only if somebody has two rows; then those of former numbers go.
CREATE FUNCTION dimr.refresh(name text, step int, n int, again boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	refused boolean := false;
BEGIN
	BEGIN
		PERFORM tiering.refresh(name, dimr.day(n));
	EXCEPTION WHEN unique_violation THEN
		refused := SQLERRM ~ 'dimension query .* more than once';
		DELETE FROM dimr.yields y USING dimr.number x
		WHERE y.as_of = dimr.day(n) AND x.number = y.customer_id AND x.now_id <> x.number
			AND (again OR t.random(hashtext(x.number) + n) < 0.7);
		PERFORM dimr.refresh(name, step, n, true);
		INSERT INTO dimr.found SELECT name, step, 'refused', 1;
	END;
	IF NOT refused THEN
		INSERT INTO dimr.found
		SELECT name, step, 'not refused', 1 FROM dimr.means(name, dimr.day(n)) m
		WHERE NOT m.is_once LIMIT 1;
		DELETE FROM dimr.shadow s WHERE s.as_of = dimr.day(n);
		INSERT INTO dimr.shadow
		SELECT dimr.day(n), m.customer_id, m.dimension, m.value FROM dimr.means(name, dimr.day(n)) m
		WHERE m.value IS NOT NULL
		UNION ALL SELECT dimr.day(n), NULL, NULL, NULL;
	END IF;
END;
$$;

-- Between two refreshes, to customers who are there
CREATE FUNCTION dimr.meddle(name text, seed int, n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	who text[] := ARRAY(SELECT a.customer_id FROM tiering.assignment a WHERE a.scheme = name
		ORDER BY t.random(hashtext(a.customer_id)::bigint + seed + n) LIMIT 5);
	day date := dimr.day(n) + 1;
	c text;
BEGIN
	FOREACH c IN ARRAY who[1:2] LOOP
		PERFORM tiering.rename_customer(name, c, format('%s-%s', split_part(c, '-', 1), n), day,
			'a new card');
		UPDATE dimr.customer SET number = format('%s-%s', split_part(c, '-', 1), n)
		WHERE number = c;
		INSERT INTO dimr.number SELECT format('%s-%s', split_part(c, '-', 1), n), c;
		UPDATE dimr.number SET now_id = format('%s-%s', split_part(c, '-', 1), n) WHERE now_id = c;
		UPDATE dimr.shadow SET customer_id = format('%s-%s', split_part(c, '-', 1), n)
		WHERE customer_id = c;
	END LOOP;
	IF n % 3 = 0 THEN
		PERFORM tiering.merge_customers(name, who[3], who[4:4], day,
			CASE WHEN n % 2 = 0 THEN 'into' ELSE 'higher' END, 'one person');
		UPDATE dimr.number SET now_id = who[3] WHERE now_id = who[4];
		DELETE FROM dimr.customer WHERE number = who[4];
	END IF;
	IF n % 4 = 0 THEN
		PERFORM tiering.assess(name, day, ARRAY[who[5], '17'], 'asked');
	ELSIF n % 4 = 1 THEN	-- one of them has another number since
		DELETE FROM tiering.assignment a USING dimr.number x
		WHERE a.scheme = name AND x.number IN (who[1], who[5]) AND a.customer_id = x.now_id;
		UPDATE dimr.customer SET away = n + 2
		WHERE number IN (SELECT now_id FROM dimr.number x WHERE x.number IN (who[1], who[5]));
	ELSIF n % 4 = 2 THEN	-- who was there was not
		DELETE FROM dimr.had h WHERE h.as_of > dimr.day(n - 3) AND h.as_of <= dimr.day(n)
			AND h.customer_id IN (SELECT x.number FROM dimr.number x WHERE x.now_id = who[5]);
		PERFORM tiering.restate(name, dimr.day(n - 2), who[5:5]);
	END IF;
END;
$$;
CREATE PROCEDURE dimr.live(name text, seed int) LANGUAGE plpgsql AS $$
DECLARE
	names text;
BEGIN
	SET client_min_messages = warning;
	DELETE FROM dimr.had;
	DELETE FROM dimr.yields;
	DELETE FROM dimr.shadow;
	DELETE FROM dimr.number;
	DELETE FROM dimr.customer;
	INSERT INTO dimr.customer SELECT c, c::text FROM generate_series(1, 40) c;
	INSERT INTO dimr.number SELECT number, number FROM dimr.customer;
	PERFORM tiering.create_ladder(name, 'average', '{mass,silver,gold}', '{NULL,100,200}'),
		tiering.publish(name, '2022-01-01'), tiering.keep_assessments(name, 'all'),
		tiering.set_source(name, 'SELECT customer_id, average FROM dimr.had WHERE as_of = $1');
	FOR n IN 1 .. 14 LOOP
		names := (ARRAY['branch, manager', 'manager, branch', 'region', 'branch, region, manager',
			'manager', NULL])[1 + floor(t.random(seed + n / 2) * 6)::int];
		PERFORM tiering.set_dimensions(name,
			'SELECT customer_id, ' || names || ' FROM dimr.yields WHERE as_of = $1');
		PERFORM dimr.fill(seed, n);
		PERFORM dimr.refresh(name, n, n);
		PERFORM dimr.note(name, n);
		IF n % 3 = 1 THEN	-- again, with other rows
			PERFORM dimr.fill(seed + 500, n);
			PERFORM dimr.refresh(name, n, n);
			PERFORM dimr.note(name, n + 100);
		END IF;
		IF n % 5 = 2 THEN	-- taken back, and made anew
			PERFORM tiering.void_assessment(name, dimr.day(n), 'too early');
			DELETE FROM dimr.shadow WHERE as_of = dimr.day(n);
			PERFORM dimr.note(name, n + 200);
			PERFORM dimr.fill(seed + 900, n);
			PERFORM dimr.refresh(name, n, n);
			PERFORM dimr.note(name, n + 300);
		END IF;
		PERFORM dimr.meddle(name, seed, n);
		COMMIT;
	END LOOP;
END;
$$;
CALL dimr.live('dimr_1', 100000);
CALL dimr.live('dimr_2', 200000);
SELECT what, count(*) FROM dimr.found WHERE what <> 'refused' GROUP BY what;
-- something was tried
SELECT count(*) > 4 AS refused FROM dimr.found WHERE what = 'refused';
SELECT count(*) > 300 AS rows, count(DISTINCT d.scheme) AS banks
FROM tiering.customer_dimension d WHERE d.scheme LIKE 'dimr%';
SELECT scheme, count(*) FROM tiering.kept_dimension WHERE scheme LIKE 'dimr%' GROUP BY 1 ORDER BY 1;
DROP SCHEMA dimr CASCADE;
