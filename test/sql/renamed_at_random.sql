-- A bank at random whose customers change their numbers, and its twin in which they do not:
-- every report is the same. Between assessments there are decisions, changes by hand,
-- assessments of single customers, corrections, and assessments that are taken back. The source
-- of the bank says whichever of the numbers of a customer.
CREATE SCHEMA plates;
SET client_min_messages = warning;
CREATE TABLE plates.value (customer int, n int, as_of date, value numeric, correct numeric,
	PRIMARY KEY (as_of, customer));
CREATE TABLE plates.event (n int, turn int, customer int, what text, tier text, day date,
	PRIMARY KEY (n, turn, customer));
-- the numbers of each customer of the bank, the last one being that of now
CREATE TABLE plates.number (customer int, n int, number text UNIQUE, since date,
	PRIMARY KEY (customer, n));
CREATE FUNCTION plates.day(n int) RETURNS date IMMUTABLE LANGUAGE sql AS $$
	SELECT (date '2022-01-01' + (n || ' months')::interval - interval '1 day')::date $$;
CREATE FUNCTION plates.seed(customer int, n int, what int) RETURNS bigint IMMUTABLE
	LANGUAGE sql AS $$ SELECT (customer * 100 + n) * 100::bigint + what + 7000000 $$;
INSERT INTO plates.value
SELECT c, n, plates.day(n), CASE WHEN c % 4 = 0 AND t.random(plates.seed(c, n, 1)) < 0.2
	THEN CASE WHEN t.random(plates.seed(c, n, 2)) >= 0.2
		THEN round(v.value + 160 * (t.random(plates.seed(c, n, 3)) - 0.5), 2) END
	ELSE v.value END, v.value
FROM generate_series(1, 24) c, generate_series(1, 8) n,
	LATERAL (SELECT CASE WHEN NOT (c % 7 = 0 AND n < c % 10)
		AND NOT (c % 11 = 0 AND n BETWEEN c % 9 AND c % 9 + 3)
		THEN round(150 + 130 * sin(c + n / (2 + c % 4)::numeric)::numeric + 60 *
			(t.random(plates.seed(c, n, 0)) - 0.5), 2) END AS value) v;
INSERT INTO plates.event
SELECT n, turn, c, (ARRAY['hand', 'hand', 'delete', 'floor', 'cap', 'fixed', 'floor', 'cap',
	'approve', 'approve', 'approve', 'reject', 'end', 'assess', 'restate', 'restate'])[
		1 + floor(t.random(plates.seed(c, n, 10 + turn)) * 16)::int],
	(ARRAY['mass', 'gold', 'platinum', 'diamond'])[
		1 + floor(t.random(plates.seed(c, n, 20 + turn)) * 4)::int],
	plates.day(n) + floor(t.random(plates.seed(c, n, 30 + turn)) * 25)::int
FROM generate_series(1, 24) c, generate_series(1, 8) n, generate_series(1, 2) turn
WHERE t.random(plates.seed(c, n, 40 + turn)) < 0.25;
-- numbers are changed in between, before and after all else, and some are had back
INSERT INTO plates.event
SELECT n, turn, c, CASE WHEN t.random(plates.seed(c, n, 50 + turn)) < 0.2 THEN 'back' ELSE 'plate'
		END, NULL, plates.day(n) + floor(t.random(plates.seed(c, n, 60 + turn)) * 25)::int
FROM generate_series(1, 24) c, generate_series(1, 8) n, (VALUES (0), (3)) w(turn)
WHERE t.random(plates.seed(c, n, 70 + turn)) < 0.12;

CREATE FUNCTION plates.scheme(scheme text, source text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'value', '{mass,gold,platinum,diamond}',
		'{NULL,100,180,260}');
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, hold, effective)
	VALUES (scheme, 1, 'gold', 'at_once', 2, 'earned', '0', 'assessment'),
		(scheme, 1, 'platinum', 'next', 2, 'one_step', '2 months', 'assessment'),
		(scheme, 1, 'diamond', 'at_once', 3, 'earned', '1 month', 'assessment');
	UPDATE tiering.tier SET approval = true WHERE tier.scheme = scheme.scheme AND tier = 'diamond';
	PERFORM tiering.publish(scheme, '2022-01-01'), tiering.new_version(scheme);
	UPDATE tiering.rule SET bounds = '[115,180)' WHERE rule.scheme = scheme.scheme AND version = 2
		AND tier = 'gold';
	UPDATE tiering.policy SET down_after = 4 - down_after WHERE policy.scheme = scheme.scheme
		AND version = 2;
	PERFORM tiering.publish(scheme, plates.day(4) + 10), tiering.set_source(scheme, source),
		tiering.keep_assessments(scheme, CASE WHEN scheme ~ 'all' THEN 'all' ELSE 'month_end' END,
			CASE WHEN scheme ~ 'short' THEN interval '3 months' END);
END;
$$;
CREATE FUNCTION plates.now(scheme text, customer int) RETURNS text STABLE LANGUAGE sql AS $$
	SELECT CASE WHEN scheme ~ '^same' THEN customer::text ELSE (
		SELECT p.number FROM plates.number p WHERE p.customer = now.customer
		ORDER BY p.n DESC LIMIT 1) END
$$;
CREATE FUNCTION plates.try(query text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_parameter_value OR no_data_found THEN
	NULL;	-- such as another override in the way
END;
$$;
CREATE FUNCTION plates.as_chief(query text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL session_authorization = t_plates;
	PERFORM plates.try(query);
	RESET session_authorization;
END;
$$;
CREATE FUNCTION plates.rename(scheme text, e plates.event) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	old text := plates.now(scheme, e.customer);
	last int := max(p.n) FROM plates.number p WHERE p.customer = e.customer;
	new text := CASE e.what WHEN 'back' THEN (SELECT p.number FROM plates.number p
		WHERE p.customer = e.customer AND p.n = last - 1)
		ELSE format('%s-%s', e.customer, last + 1) END;
BEGIN
	IF new IS NULL THEN
		RETURN;
	END IF;
	PERFORM tiering.rename_customer(scheme, old, new, e.day, 'a new plate');
	DELETE FROM plates.number p WHERE p.number = new;
	INSERT INTO plates.number VALUES (e.customer, last + 1, new, e.day);
EXCEPTION WHEN object_not_in_prerequisite_state OR no_data_found THEN
	NULL;	-- they have left, or moved later
END;
$$;
CREATE FUNCTION plates.happens(scheme text, e plates.event) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c text := plates.now(scheme, e.customer);
	r bigint;
BEGIN
	IF e.what IN ('plate', 'back') THEN
		IF scheme !~ '^same' THEN
			PERFORM plates.rename(scheme, e);
		END IF;
	ELSIF e.what = 'hand' THEN
		PERFORM plates.try(format('UPDATE tiering.assignment SET tier = %L %s WHERE scheme = %L
			AND customer_id = %L AND tier <> %1$L', e.tier, CASE WHEN e.customer % 2 = 0
				THEN format(', as_of = %L', e.day) END, scheme, c));
	ELSIF e.what = 'delete' THEN
		PERFORM plates.try(format('DELETE FROM tiering.assignment WHERE scheme = %L
			AND customer_id = %L', scheme, c));
	ELSIF e.what IN ('floor', 'cap', 'fixed') THEN
		IF EXISTS (SELECT FROM tiering.assignment a WHERE a.scheme = happens.scheme
			AND customer_id = c) THEN
			r := tiering.request_override(scheme, c, e.what, e.tier,
				daterange(e.day - 20, e.day + 10 + 5 * (e.customer % 11)), 'by chance');
			PERFORM plates.as_chief(format('SELECT tiering.approve(%s)', r))
				WHERE e.customer % 5 > 0;
		END IF;
	ELSIF e.what = 'end' THEN
		FOR r IN SELECT s.request FROM tiering.request_state s WHERE s.scheme = happens.scheme
			AND s.customer_id = c AND s.kind <> 'move' AND s.state = 'approved'
			ORDER BY s.request LOOP
			PERFORM plates.as_chief(format('SELECT tiering.end_override(%s, %L)', r, e.day));
		END LOOP;
	ELSIF e.what = 'assess' THEN
		PERFORM plates.try(format('SELECT tiering.assess(%L, %L, ARRAY[%L], $q$by chance$q$)',
			scheme, plates.day(e.n) + 3 + e.customer % 20, c));
	ELSIF e.what = 'restate' THEN
		PERFORM tiering.mark_dirty(scheme, c,
				plates.day(GREATEST(1, e.n - 1 - e.customer % 6)) - 9),
			tiering.restate_dirty(scheme);
	ELSE
		FOR r IN SELECT s.request FROM tiering.request_state s WHERE s.scheme = happens.scheme
			AND s.customer_id = c AND s.state = 'pending' ORDER BY s.request LOOP
			PERFORM plates.as_chief(format('SELECT tiering.%s(%s)', e.what, r));
		END LOOP;
	END IF;
END;
$$;
CREATE PROCEDURE plates.live(scheme text) LANGUAGE plpgsql AS $$
DECLARE
	e plates.event;
BEGIN
	SET client_min_messages = warning;
	FOR month IN 1 .. 8 LOOP
		PERFORM tiering.refresh(scheme, plates.day(month));
		COMMIT;
		FOR e IN SELECT * FROM plates.event v WHERE v.n = month ORDER BY v.turn, v.customer LOOP
			-- what is wrong until then
			UPDATE plates.value v SET value = v.correct
			WHERE v.customer = e.customer AND e.what = 'restate';
			PERFORM plates.happens(scheme, e);
			COMMIT;
		END LOOP;
		IF month IN (3, 7) THEN
			PERFORM plates.try(format('SELECT tiering.void_assessment(%L, %L, $q$anew$q$),
				tiering.refresh(%1$L, %2$L)', scheme, plates.day(month)));
		ELSIF month IN (5, 8) THEN
			PERFORM tiering.refresh(scheme, plates.day(month));
		END IF;
		COMMIT;
		INSERT INTO plates.known SELECT scheme, month, k.at, to_jsonb(x)
		FROM (SELECT clock_timestamp() AS at) k,
			tiering.tiers_on(scheme, plates.day(month) - 2, k.at) x WHERE month % 3 = 0;
		COMMIT;
	END LOOP;
END;
$$;
-- what was known of the end of every third month, which is what is known of it for ever
CREATE TABLE plates.known (scheme text, n int, at timestamptz, told jsonb);
CREATE ROLE t_plates;
GRANT USAGE ON SCHEMA plates TO t_plates;
SELECT tiering.grant_role('t_plates', 'approve');

CREATE FUNCTION plates.told(scheme text) RETURNS TABLE (what text, told jsonb) LANGUAGE sql AS $$
	WITH day AS (SELECT plates.day(n) AS day FROM generate_series(2, 8, 3) n),
	pair AS (SELECT f.day AS first, u.day AS last FROM day f JOIN day u ON u.day >= f.day),
	told AS (
		SELECT 'matrix' AS what, to_jsonb(m) AS told FROM tiering.migration_matrix m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'summary', to_jsonb(m) FROM tiering.migration_summary m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'distribution', to_jsonb(m) FROM tiering.tier_distribution_history m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'now', to_jsonb(m) FROM tiering.tier_distribution m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'origin', to_jsonb(m) FROM tiering.tier_origin m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'retention', to_jsonb(m) FROM tiering.retention(scheme) m
		UNION ALL SELECT 'yearly', to_jsonb(m) FROM tiering.yearly_retention(scheme) m
		UNION ALL SELECT 'bridge', to_jsonb(m) || to_jsonb(p)
		FROM pair p, tiering.measure_bridge(scheme, p.first, p.last) m
		UNION ALL SELECT 'between', to_jsonb(m) || to_jsonb(p)
		FROM pair p, tiering.migration_matrix(scheme, p.first - 12, p.last - 7) m
		UNION ALL SELECT 'customer', to_jsonb(m) FROM tiering.current_tier m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'near', to_jsonb(m) FROM tiering.near_upgrade m
		WHERE m.scheme = told.scheme
		UNION ALL SELECT 'on', to_jsonb(m) - 'move' || to_jsonb(d)
		FROM day d, tiering.tiers_on(scheme, d.day - 5) m
		UNION ALL SELECT 'tier', jsonb_build_object('customer_id', c, 'day', d.day, 'tier',
			tiering.tier_on(scheme, plates.now(scheme, c), d.day - 5))
		FROM day d, generate_series(1, 24) c
		UNION ALL SELECT 'request', to_jsonb(r) - '{request,requested_at,decided_at}'::text[]
		FROM tiering.request_state r WHERE r.scheme = told.scheme
	)
	SELECT t.what, t.told - 'scheme' || jsonb_build_object('customer_id',
		split_part(t.told ->> 'customer_id', '-', 1)) FROM told t
$$;
CREATE FUNCTION plates.twins(kind text, OUT reports bigint, OUT differ text)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT count(DISTINCT what), string_agg(DISTINCT what, ', ') FILTER (WHERE n <> 2)
	INTO reports, differ
	FROM (SELECT what, told, count(*) AS n FROM (
			SELECT * FROM plates.told('same_' || kind) UNION ALL
			SELECT * FROM plates.told('other_' || kind)) x GROUP BY what, told) y;
END;
$$;

-- Two banks of the kind 'all' and of the kind 'short', of whose assessments few are kept
CREATE TABLE plates.first_value AS SELECT * FROM plates.value;
CREATE FUNCTION plates.begin() RETURNS bigint LANGUAGE sql AS $$
	UPDATE plates.value v SET value = f.value FROM plates.first_value f
	WHERE (f.customer, f.n) = (v.customer, v.n);
	DELETE FROM plates.number;
	INSERT INTO plates.number SELECT c, 1, c::text FROM generate_series(1, 24) c;
	SELECT count(*) FROM plates.number;
$$;
SELECT plates.scheme('same_' || kind, 'SELECT customer AS customer_id, value FROM plates.value
		WHERE as_of = $1 AND value IS NOT NULL'),
	plates.scheme('other_' || kind, 'SELECT DISTINCT ON (v.customer) p.number AS customer_id,
		v.value FROM plates.value v JOIN plates.number p ON p.customer = v.customer
		WHERE v.as_of = $1 AND v.value IS NOT NULL
		ORDER BY v.customer, hashtext(p.number || v.as_of::text)')
FROM unnest('{all,short}'::text[]) kind \g
SELECT 'SELECT plates.begin() > 0 AS begun', format('CALL plates.live(%L)', name || '_' || kind)
FROM unnest('{all,short}'::text[]) kind, unnest('{same,other}'::text[]) name
ORDER BY kind, name DESC \gexec

SELECT scheme, count(*) FILTER (WHERE kind = 'merge') > 10 AS renamed,
	count(*) FILTER (WHERE kind = 'manual') > 5 AS by_hand,
	count(*) FILTER (WHERE kind IN ('decision', 'assess')) > 5 AS decided,
	count(*) FILTER (WHERE kind = 'restatement') > 0 AS restated
FROM tiering.batch WHERE scheme ~ '^other' GROUP BY scheme ORDER BY scheme;
SELECT count(*) > 0 AS handed_over_anew FROM tiering.migration m JOIN tiering.batch b
	USING (scheme, batch) WHERE scheme ~ '^other' AND direction = 'merge' AND kind <> 'merge';
SELECT kind, x.* FROM unnest('{all,short}'::text[]) kind, plates.twins(kind) x;
SELECT (SELECT count(*) FROM plates.known WHERE scheme ~ '^other') > 30 AS many, count(*) AS differ
FROM (
	(SELECT k.scheme, k.n, k.told FROM plates.known k
	 EXCEPT SELECT k.scheme, k.n, to_jsonb(x)
	 FROM (SELECT DISTINCT scheme, n, at FROM plates.known) k,
		tiering.tiers_on(k.scheme, plates.day(k.n) - 2, k.at) x)
	UNION ALL
	(SELECT k.scheme, k.n, to_jsonb(x)
	 FROM (SELECT DISTINCT scheme, n, at FROM plates.known) k,
		tiering.tiers_on(k.scheme, plates.day(k.n) - 2, k.at) x
	 EXCEPT SELECT k.scheme, k.n, k.told FROM plates.known k)) d;
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme ~ '^(same|other)_(all|short)$';
DROP SCHEMA plates CASCADE;
SELECT tiering.revoke_role('t_plates', 'approve');
DROP ROLE t_plates;
