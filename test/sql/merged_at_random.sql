-- A bank at random that makes customers one, and its twin whose source does so by hand: from the
-- day on it has one of them, the one whose tier is kept, with the money of all, and the others
-- leave. From then on both are the same, but that in the bank nobody has left. The source of the
-- bank says any of the numbers, and customers change theirs as well.
CREATE SCHEMA ones;
SET client_min_messages = warning;
SET jit = off;
CREATE TABLE ones.value (customer int, as_of date, value numeric, PRIMARY KEY (as_of, customer));
CREATE FUNCTION ones.day(n int) RETURNS date IMMUTABLE LANGUAGE sql AS $$
	SELECT (date '2022-01-01' + (n || ' months')::interval - interval '1 day')::date $$;
INSERT INTO ones.value
SELECT c, ones.day(n), round(110 + 90 * sin(c + n / (2 + c % 4)::numeric)::numeric
	+ 40 * (t.random(c * 1000 + n) - 0.5), 2)
FROM generate_series(1, 20) c, generate_series(1, 10) n
WHERE NOT (c % 7 = 0 AND n < c % 10) AND NOT (c % 11 = 0 AND n BETWEEN c % 9 AND c % 9 + 3);
CREATE TABLE ones.first_value AS SELECT * FROM ones.value;
-- the customer that each one belongs to on days, and the number that this one has in the twin
CREATE TABLE ones.spell (customer int, since date, until date, root int, number text);
CREATE TABLE ones.number (customer int, n int, number text);

CREATE FUNCTION ones.scheme(scheme text, source text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'value', '{mass,gold,platinum,diamond}',
		'{NULL,80,150,220}');
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, hold)
	SELECT scheme, 1, p.* FROM (VALUES ('gold', 'at_once', 2, 'earned', '0'::interval),
		('platinum', 'next', 2, 'one_step', '2 months')) p WHERE scheme ~ 'into';
	PERFORM tiering.publish(scheme, '2022-01-01'), tiering.set_source(scheme, source),
		tiering.keep_assessments(scheme, CASE WHEN scheme ~ 'into' THEN 'all' ELSE 'last' END);
END;
$$;
SELECT ones.scheme('merged_' || keep, 'SELECT (SELECT n.number FROM ones.number n
			JOIN ones.spell m ON m.customer = n.customer AND m.since <= $1 AND m.until > $1
			WHERE m.root = s.root ORDER BY hashtext(n.number || $1) LIMIT 1) AS customer_id,
		sum(v.value) AS value
	FROM ones.spell s JOIN ones.value v ON v.customer = s.customer AND v.as_of = $1
	WHERE s.since <= $1 AND s.until > $1 GROUP BY s.root'),
	ones.scheme('apart_' || keep, 'SELECT s.number AS customer_id, sum(v.value) AS value
	FROM ones.spell s JOIN ones.value v ON v.customer = s.customer AND v.as_of = $1
	WHERE s.since <= $1 AND s.until > $1 GROUP BY s.root, s.number')
FROM unnest('{into,higher}'::text[]) keep;

CREATE FUNCTION ones.now(root int) RETURNS text STABLE LANGUAGE sql AS $$
	SELECT n.number FROM ones.number n WHERE n.customer = root ORDER BY n.n DESC LIMIT 1 $$;
CREATE FUNCTION ones.twin(root int) RETURNS text STABLE LANGUAGE sql AS $$
	SELECT DISTINCT s.number FROM ones.spell s WHERE s.root = twin.root AND s.until = 'infinity' $$;
-- Customers whose numbers are near become one, some three at once
CREATE FUNCTION ones.merge(keep text, month int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	into_root int;
	gone int[];
	day date := ones.day(month) + 1 + month % 5;
	led text;
BEGIN
	FOR into_root IN SELECT DISTINCT s.root FROM ones.spell s WHERE s.until = 'infinity'
		AND t.random(s.root * 100 + month) < 0.1 ORDER BY 1
	LOOP
		gone := ARRAY(SELECT DISTINCT s.root FROM ones.spell s WHERE s.until = 'infinity'
			AND s.root IN (into_root + 1, into_root - 3) AND (month % 3 = 0 OR s.root > into_root));
		CONTINUE WHEN gone = '{}' OR into_root NOT IN (SELECT s.root FROM ones.spell s
			WHERE s.until = 'infinity');
		BEGIN
			PERFORM tiering.merge_customers('merged_' || keep, ones.now(into_root),
				ARRAY(SELECT ones.now(g) FROM unnest(gone) g), day, keep, 'one person');
		EXCEPTION WHEN no_data_found THEN
			CONTINUE;	-- not there this month
		END;
		led := ones.twin(COALESCE((SELECT n.customer FROM tiering.customer_alias a
			JOIN ones.number n ON n.number = a.from_id
			WHERE a.scheme = 'merged_' || keep AND a.leads AND a.on_date = day
				AND a.to_id = ones.now(into_root) ORDER BY a.batch DESC LIMIT 1), into_root));
		WITH closed AS (
			UPDATE ones.spell s SET until = day
			WHERE s.root = ANY (gone || into_root) AND s.until = 'infinity' RETURNING s.customer)
		INSERT INTO ones.spell SELECT c.customer, day, 'infinity', into_root, led FROM closed c;
	END LOOP;
END;
$$;
CREATE FUNCTION ones.rename(keep text, month int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c int;
	new text;
BEGIN
	FOR c IN SELECT DISTINCT s.root FROM ones.spell s JOIN tiering.assignment a
			ON a.scheme = 'merged_' || keep AND a.customer_id = ones.now(s.root)
		WHERE s.until = 'infinity' AND t.random(s.root * 100 + month + 70) < 0.1 ORDER BY 1
	LOOP
		new := format('%s-%s', c, month);
		CONTINUE WHEN new IN (SELECT n.number FROM ones.number n);
		PERFORM tiering.rename_customer('merged_' || keep, ones.now(c), new,
			ones.day(month) + 1 + month % 5, 'a new card');
		INSERT INTO ones.number VALUES (c, month, new);
	END LOOP;
END;
$$;
CREATE FUNCTION ones.by_hand(keep text, month int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c int;
BEGIN
	FOR c IN SELECT DISTINCT s.root FROM ones.spell s
		WHERE s.until = 'infinity' AND t.random(s.root * 100 + month + 30) < 0.1 ORDER BY 1
	LOOP
		UPDATE tiering.assignment SET tier = 'gold', as_of = ones.day(month) + c % 2
		WHERE (scheme, customer_id) IN (('merged_' || keep, ones.now(c)),
			('apart_' || keep, ones.twin(c))) AND tier <> 'gold';
	END LOOP;
END;
$$;

-- What both say, each customer by their root
CREATE FUNCTION ones.root(number text) RETURNS int STABLE LANGUAGE sql AS $$
	SELECT s.root FROM ones.spell s WHERE s.until = 'infinity' AND s.customer = COALESCE((
		SELECT n.customer FROM ones.number n WHERE n.number = root.number),
		CASE WHEN root.number ~ '^[0-9]+$' THEN root.number::int END) $$;
CREATE FUNCTION ones.told(scheme text, month int) RETURNS TABLE (what text, told jsonb)
LANGUAGE sql AS $$
	WITH day AS (SELECT ones.day(n) AS day FROM generate_series(1, month, 3) n
		UNION SELECT ones.day(month)),
	pair AS (SELECT f.day AS first, u.day AS last FROM day f JOIN day u ON u.day >= f.day),
	told AS (
		SELECT 'distribution' AS what, to_jsonb(m) AS told FROM tiering.tier_distribution_history m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'now', to_jsonb(m) FROM tiering.tier_distribution m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'origin', to_jsonb(m) FROM tiering.tier_origin m
		WHERE m.scheme = told.scheme
		-- since a merge by which they got another tier they are in it, and were they themselves
		UNION ALL SELECT 'customer', to_jsonb(m) - CASE WHEN m.scheme ~ 'into' THEN '{}'
				ELSE '{as_of,since,cause,first_as_of}'::text[] END
			|| jsonb_build_object('customer_id', ones.root(m.customer_id))
		FROM tiering.current_tier m WHERE m.scheme = told.scheme
		-- who has become one has left, to the twin
		UNION ALL SELECT 'matrix', jsonb_build_object('first', p.first, 'last', p.last,
			'from', m.from_tier, 'to', m.to_tier, 'n', sum(m.customers),
			'had', sum(m.measure_from), 'has', sum(m.measure_to))
		FROM pair p, tiering.migration_matrix(scheme, p.first, p.last) m
		GROUP BY p.first, p.last, m.from_tier, m.to_tier
		UNION ALL SELECT 'retention', to_jsonb(m) - '{exit,retention,retention_low,retention_high,
			churn,churn_low,churn_high}'::text[] FROM tiering.retention(scheme) m
		UNION ALL SELECT 'yearly', to_jsonb(m) - '{exit,retention,retention_low,retention_high,
			churn,churn_low,churn_high}'::text[] FROM tiering.yearly_retention(scheme) m
		UNION ALL SELECT 'on', jsonb_build_object('n', m.customer_id, 'tier', m.tier, 'has',
			m.measure, 'day', d.day)
		FROM day d, LATERAL (
			SELECT ones.root(x.customer_id) AS customer_id, x.tier, x.measure
			FROM tiering.tiers_on(scheme, d.day) x) m
	)
	SELECT t.what, t.told - 'scheme' FROM told t
$$;
CREATE FUNCTION ones.differ(keep text, month int) RETURNS TABLE (what text, n bigint) LANGUAGE sql
AS $$
	SELECT y.what, count(*) FROM (
		SELECT x.what, x.told, count(*) AS n, count(DISTINCT x.who) AS who FROM (
			SELECT 'm' AS who, * FROM ones.told('merged_' || keep, month) UNION ALL
			SELECT 'a', * FROM ones.told('apart_' || keep, month)) x
		GROUP BY x.what, x.told) y
	WHERE y.n % 2 = 1 OR y.who < 2
	GROUP BY y.what
$$;
-- In the bank itself: margins, bridges, and each number says what it was before, and is now
CREATE FUNCTION ones.wrong(keep text, month int) RETURNS SETOF text LANGUAGE sql AS $$
	WITH pair AS (SELECT ones.day(f) AS first, ones.day(u) AS last
		FROM generate_series(1, month, 3) f, generate_series(1, month, 3) u WHERE u >= f),
	cell AS MATERIALIZED (SELECT p.*, m.* FROM pair p,
		tiering.migration_matrix('merged_' || keep, p.first, p.last) m)
	SELECT format('margin of %s on %s from %s', d.tier, d.as_of, c.day)
	FROM tiering.tier_distribution_history d JOIN (
			SELECT first AS day, first AS as_of, last AS other, from_tier AS tier,
				sum(customers) AS n FROM cell GROUP BY first, last, from_tier
			UNION ALL SELECT last, last, first, to_tier, sum(customers) FROM cell
			GROUP BY first, last, to_tier) c ON c.as_of = d.as_of AND c.tier = d.tier
	WHERE d.scheme = 'merged_' || keep AND d.customers <> c.n
	UNION ALL
	SELECT format('bridge of %s from %s to %s', b.tier, p.first, p.last)
	FROM pair p, tiering.measure_bridge('merged_' || keep, p.first, p.last) b
	WHERE b.opening + b.new + b.exit + b.migrated_in + b.migrated_out + b.growth + b.unmeasured
		<> b.closing
	UNION ALL
	SELECT format('number %s on %s', s.number, d.day)
	FROM (SELECT ones.day(n) + w * 15 AS day, w = 0 AS assessed
			FROM generate_series(1, month, 2) n, generate_series(0, 1) w) d,
		ones.number s JOIN ones.spell p ON p.customer = s.customer
	WHERE p.since <= d.day AND p.until > d.day AND d.day <= ones.day(month)
		AND (keep = 'into' OR d.assessed)
		AND tiering.tier_on('merged_' || keep, s.number, d.day) IS DISTINCT FROM
			tiering.tier_on('apart_' || keep, p.number, d.day)
	UNION ALL SELECT t.invariants('merged_' || keep)
	UNION ALL SELECT t.invariants('apart_' || keep)
	UNION ALL SELECT v::text FROM tiering.verify_state('merged_' || keep) v
$$;
CREATE TABLE ones.found (keep text, month int, what text, n bigint);
CREATE PROCEDURE ones.live(keep text) LANGUAGE plpgsql AS $$
BEGIN
	SET client_min_messages = warning;
	UPDATE ones.value v SET value = f.value FROM ones.first_value f
	WHERE (f.customer, f.as_of) = (v.customer, v.as_of);
	DELETE FROM ones.spell;
	DELETE FROM ones.number;
	INSERT INTO ones.spell SELECT DISTINCT customer, '-infinity'::date, 'infinity'::date, customer,
		customer::text FROM ones.value;
	INSERT INTO ones.number SELECT DISTINCT customer, 0, customer::text FROM ones.value;
	COMMIT;
	FOR month IN 1 .. 10 LOOP
		PERFORM tiering.refresh(s || keep, ones.day(month))
		FROM unnest('{merged_,apart_}'::text[]) s;
		COMMIT;
		IF month IN (4, 7, 10) THEN
			INSERT INTO ones.found SELECT keep, month, f.* FROM ones.differ(keep, month) f
			UNION ALL SELECT keep, month, w, 1 FROM ones.wrong(keep, month) w;
		END IF;
		PERFORM ones.by_hand(keep, month);
		COMMIT;
		PERFORM ones.rename(keep, month);
		COMMIT;
		PERFORM ones.merge(keep, month) WHERE month < 10;
		COMMIT;
		INSERT INTO ones.found SELECT keep, month, w, 2 FROM t.invariants('merged_' || keep) w;
		IF month IN (4, 8) THEN		-- what was merged since is so no more
			PERFORM tiering.void_assessment(s || keep, ones.day(month), 'anew')
			FROM unnest('{merged_,apart_}'::text[]) s;
			DELETE FROM ones.spell s WHERE s.since > ones.day(month);
			UPDATE ones.spell s SET until = 'infinity'
			WHERE s.until > ones.day(month) AND s.until < 'infinity';
			COMMIT;
			PERFORM tiering.refresh(s || keep, ones.day(month))
			FROM unnest('{merged_,apart_}'::text[]) s;
		ELSIF month IN (6, 9) AND keep = 'into' THEN
			UPDATE ones.value v SET value = round(v.value * 1.4, 2)
			WHERE v.as_of BETWEEN ones.day(month - 5) AND ones.day(month - 2)
				AND v.customer % 3 = 0;
			PERFORM tiering.mark_dirty('merged_into', n.number, ones.day(month - 5))
			FROM ones.number n WHERE n.customer % 3 = 0;
			PERFORM tiering.restate_dirty('merged_into'),
				tiering.restate('apart_into', ones.day(month - 5));
		END IF;
		COMMIT;
	END LOOP;
END;
$$;
CALL ones.live('into');
-- all that is told in the end, and after all of it is restated, with what was known before
CREATE TABLE ones.known AS SELECT 'into' AS keep, now() AS at, d, to_jsonb(x) AS told
FROM unnest(ARRAY[ones.day(3), ones.day(6)]) d, tiering.tiers_on('merged_into', d) x;
UPDATE ones.value v SET value = round(v.value * 1.3, 2) WHERE v.customer % 2 = 0
	AND v.as_of <= ones.day(7);
SELECT s, (tiering.restate(s || 'into', ones.day(1))).superseded > 0 AS superseded
FROM unnest('{merged_,apart_}'::text[]) s;
INSERT INTO ones.found SELECT 'into', 15, f.* FROM ones.differ('into', 10) f
UNION ALL SELECT 'into', 15, w, 1 FROM ones.wrong('into', 10) w;
SELECT count(*) AS differ FROM (
	SELECT k.d, k.told FROM ones.known k EXCEPT SELECT d, to_jsonb(x)
	FROM (SELECT DISTINCT d, at FROM ones.known) k, tiering.tiers_on('merged_into', d, at) x) x;
CALL ones.live('higher');
SELECT scheme, count(*) FILTER (WHERE a.leads IS NULL) > 5 AS renamed,
	count(*) FILTER (WHERE a.leads IS NOT NULL) > 8 AS merged,
	count(*) FILTER (WHERE a.leads) > 0 AS other_tier
FROM tiering.customer_alias a WHERE scheme ~ '^merged_' GROUP BY scheme ORDER BY scheme;
SELECT * FROM ones.found ORDER BY keep, month, what;
DROP SCHEMA ones CASCADE;
