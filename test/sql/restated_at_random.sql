-- Banks at random, with decisions and changes by hand between their assessments: one with wrong
-- data, restated, and its twin that had the right data from the start.
CREATE SCHEMA chance;
CREATE TABLE chance.value (bank int, customer_id int, n int, as_of date, wrong numeric,
	correct numeric, PRIMARY KEY (bank, as_of, customer_id));
CREATE TABLE chance.bank (bank int PRIMARY KEY, months int, version_at int, decides boolean);
CREATE TABLE chance.event (bank int, n int, customer_id int, what text, tier text, until int,
	PRIMARY KEY (bank, n, customer_id));
INSERT INTO chance.bank SELECT b, 12 + floor(t.random(b) * 7)::int,
	5 + floor(t.random(b + 100) * 4)::int, b % 3 <> 0 FROM generate_series(1, 6) b;
CREATE FUNCTION chance.day(n int) RETURNS date IMMUTABLE
	LANGUAGE sql AS $$ SELECT (date '2022-01-01' + (n
	|| ' months')::interval - interval '1 day')::date $$;
CREATE FUNCTION chance.seed(bank int, customer int, n int, what int) RETURNS bigint IMMUTABLE
	LANGUAGE sql AS $$ SELECT ((bank * 1000 + customer) * 100 + n) * 10::bigint + what $$;
-- They wander; some come late, leave, or come back. A customer in four has wrong values, wrong
-- absences among them.
INSERT INTO chance.value
SELECT b.bank, c, n, chance.day(n),
	CASE WHEN c % 4 = 0 AND t.random(chance.seed(bank, c, n, 1)) < 0.15
		THEN CASE WHEN t.random(chance.seed(bank, c, n, 2)) < 0.2 THEN NULL
			ELSE v.value + 160 * (t.random(chance.seed(bank, c, n, 3)) - 0.5) END ELSE v.value END,
			v.value
FROM chance.bank b, generate_series(1, 200) c, generate_series(1, b.months) n,
	LATERAL (SELECT CASE WHEN NOT (c % 7 = 0 AND n < c % 10)
		AND NOT (c % 11 = 0 AND n BETWEEN c % 9 AND c % 9 + 3)
		THEN round(150 + 130 * sin(c + n / (2 + c % 4)::numeric)::numeric + 60 *
			(t.random(chance.seed(bank, c, n, 0)) - 0.5), 2) END AS value) v;
UPDATE chance.value SET wrong = round(wrong, 2);
-- by hand (also on the day of an assessment), overrides asked for and approved, some ended, moves
-- approved and rejected
INSERT INTO chance.event
SELECT b.bank, n, c, CASE WHEN NOT b.decides THEN 'hand'
	ELSE (ARRAY['hand', 'delete', 'floor', 'cap', 'fixed', 'approve', 'approve', 'reject',
	'end'])[1 + floor(t.random(chance.seed(bank, c, n, 5)) * 9)::int] END,
	(ARRAY['mass', 'gold', 'platinum',
	'diamond'])[1 + floor(t.random(chance.seed(bank, c, n, 6)) * 4)::int],
	n + 1 + floor(t.random(chance.seed(bank, c, n, 7)) * 5)::int
FROM chance.bank b, generate_series(1, 200) c, generate_series(1, b.months) n
WHERE c % 8 IN (0, 1) AND t.random(chance.seed(bank, c, n, 4)) < 0.18;
-- moves are approved for whomever one waits, wherever he does
INSERT INTO chance.event SELECT b.bank, n, c,
	CASE WHEN t.random(chance.seed(bank, c, n, 9)) < 0.8 THEN 'approve' ELSE 'reject' END, NULL,
	NULL
FROM chance.bank b, generate_series(1, 200) c, generate_series(1, b.months) n WHERE b.decides
	AND t.random(chance.seed(bank, c, n, 8)) < 0.3 ON CONFLICT DO NOTHING;

CREATE FUNCTION chance.scheme(scheme text, b chance.bank, correct boolean) RETURNS void
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'value', '{mass,gold,platinum,diamond}',
		'{NULL,100,180,260}');
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, hold, new_hold)
	SELECT scheme, 1, tier, CASE WHEN t.random(b.bank * 10 + i + 500) < 0.5 THEN 'at_once'
		ELSE 'next' END, 1 + floor(t.random(b.bank * 10 + i + 600) * 3)::int,
		CASE WHEN t.random(b.bank * 10 + i + 700) < 0.5 THEN 'earned' ELSE 'one_step' END,
			(floor(t.random(b.bank * 10 + i + 800) * 4) || ' months')::interval,
		(floor(t.random(b.bank * 10 + i + 900) * 3) || ' months')::interval
	FROM unnest('{gold,platinum,diamond}'::text[]) WITH ORDINALITY u(tier, i) WHERE b.bank <> 6;
	IF b.bank % 2 = 0 THEN
		INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
			VALUES (scheme, 1, 'platinum', 2, 'value', '[165,)', true);
	END IF;
	UPDATE tiering.tier SET approval = true WHERE tier.scheme = scheme.scheme AND tier = 'diamond'
		AND b.decides;
	PERFORM tiering.publish(scheme, '2022-01-01');
	PERFORM tiering.new_version(scheme);
	UPDATE tiering.rule SET bounds = '[115,180)' WHERE rule.scheme = scheme.scheme AND version = 2
		AND tier = 'gold' AND NOT stay;
	UPDATE tiering.policy SET down_after = 4 - down_after, hold = '1 month'
		WHERE policy.scheme = scheme.scheme AND version = 2;
	PERFORM tiering.publish(scheme, chance.day(b.version_at) + 10);
	PERFORM tiering.set_source(scheme,
		format('SELECT customer_id, %s AS value FROM chance.value WHERE as_of = $1 AND bank = %s '
		'AND %1$s IS NOT NULL',
		CASE WHEN correct THEN 'correct' ELSE 'wrong' END, b.bank));
END;
$$;
CREATE FUNCTION chance.as_chief(query text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL session_authorization = t_chairs;
	BEGIN
		EXECUTE query;
	EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_parameter_value THEN
		NULL;	-- another override in the way, or one that ends by itself before
	END;
	RESET session_authorization;
END;
$$;
CREATE FUNCTION chance.happens(scheme text, e chance.event) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c text := e.customer_id;
	r bigint;
BEGIN
	CASE e.what
	WHEN 'hand' THEN
		IF e.customer_id % 3 = 0 THEN
			UPDATE tiering.assignment SET tier = e.tier, as_of = chance.day(e.n) + 9
				WHERE assignment.scheme = happens.scheme AND customer_id = c AND tier <> e.tier;
		ELSE
			UPDATE tiering.assignment SET tier = e.tier WHERE assignment.scheme = happens.scheme
				AND customer_id = c;
		END IF;
	WHEN 'delete' THEN DELETE FROM tiering.assignment WHERE assignment.scheme = happens.scheme
		AND customer_id = c;
	WHEN 'floor', 'cap', 'fixed' THEN
		IF EXISTS (SELECT FROM tiering.assignment WHERE assignment.scheme = happens.scheme
			AND customer_id = c) THEN
			r := tiering.request_override(scheme, c, e.what, e.tier,
				daterange(chance.day(e.n) - 40, chance.day(e.until)), 'by chance');
			PERFORM chance.as_chief(format('SELECT tiering.approve(%s)', r));
		END IF;
	WHEN 'end' THEN
		FOR r IN SELECT s.request FROM tiering.request_state s WHERE s.scheme = happens.scheme
			AND s.customer_id = c AND s.kind <> 'move' AND s.state = 'approved' LOOP
			PERFORM chance.as_chief(format('SELECT tiering.end_override(%s, %L)', r,
				chance.day(e.n)));
		END LOOP;
	ELSE
		FOR r IN SELECT s.request FROM tiering.request_state s WHERE s.scheme = happens.scheme
			AND s.customer_id = c AND s.kind = 'move' AND s.state = 'pending' LOOP
			PERFORM chance.as_chief(format('SELECT tiering.%s(%s)', e.what, r));
		END LOOP;
	END CASE;
END;
$$;
CREATE PROCEDURE chance.live(scheme text, bank int, months int) LANGUAGE plpgsql AS $$
DECLARE
	e chance.event;
BEGIN
	SET client_min_messages = warning;
	FOR month IN 1 .. months LOOP
		PERFORM tiering.refresh(scheme, chance.day(month));
		COMMIT;
		FOR e IN SELECT * FROM chance.event v WHERE v.bank = live.bank AND v.n = month
			ORDER BY v.customer_id LOOP
			PERFORM chance.happens(scheme, e);
		END LOOP;
		COMMIT;
	END LOOP;
END;
$$;
CREATE ROLE t_chairs;
SELECT tiering.grant_role('t_chairs', 'approve');
SELECT count(chance.scheme(k || b.bank, b, k = 'sure')) AS schemes FROM chance.bank b,
	unnest('{odds,sure}'::text[]) k;
SELECT format('CALL chance.live(%L, %s, %s)', k || bank, bank, months) FROM chance.bank,
	unnest('{odds,sure}'::text[]) k ORDER BY bank, k \gexec
SELECT count(*) FILTER (WHERE kind = 'manual') > 500 AS by_hand, count(*)
	FILTER (WHERE kind = 'decision') > 300 AS decisions, count(*)
	FILTER (WHERE kind = 'refresh') > 100 AS refreshes FROM tiering.batch
	WHERE scheme ~ '^(odds|sure)[1-6]$';
-- What was known, at the end of every third month
CREATE TABLE chance.known AS SELECT clock_timestamp() AS at;
CREATE VIEW chance.then AS SELECT b.bank, n, x.* FROM chance.bank b,
	generate_series(3, b.months, 3) n, chance.known k,
	tiering.tiers_on('odds' || b.bank, chance.day(n), k.at) x;
CREATE TABLE chance.known_tiers AS SELECT * FROM chance.then;
-- The wrong data become known in two turns. Bank 3 is restated as a whole, bank 2 by lists, the
-- others by marks.
CREATE FUNCTION chance.restate(bank int, since date, who text[]) RETURNS tiering.restate_result
	LANGUAGE plpgsql AS $$
BEGIN
	IF bank = 3 THEN
		RETURN tiering.restate('odds3', since);
	ELSIF bank = 2 THEN
		RETURN tiering.restate('odds2', since, who);
	END IF;
	PERFORM tiering.mark_dirty('odds' || restate.bank, v.customer_id::text, min(v.as_of))
		FROM chance.value v
	WHERE v.bank = restate.bank AND v.customer_id::text = ANY (who) AND v.as_of >= since
		GROUP BY v.customer_id HAVING min(v.as_of) IS NOT NULL;
	RETURN tiering.restate_dirty('odds' || restate.bank);
END;
$$;
CREATE FUNCTION chance.correct(bank int, turn int, OUT customers bigint, OUT superseded bigint,
	OUT again_superseded bigint, OUT again_recorded bigint, OUT again_written bigint,
	OUT again_noted bigint, OUT again_editions bigint) LANGUAGE plpgsql AS $$
DECLARE
	who text[];
	since date;
	r tiering.restate_result;
BEGIN
	SELECT array_agg(DISTINCT v.customer_id::text), min(v.as_of) INTO who, since FROM chance.value v
	WHERE v.bank = correct.bank AND v.wrong IS DISTINCT FROM v.correct
		AND (turn = 2 OR v.customer_id % 8 = 0 AND v.n > 3);
	UPDATE chance.value v SET wrong = v.correct WHERE v.bank = correct.bank
		AND v.customer_id::text = ANY (who) AND (turn = 2 OR v.n > 3);
	r := chance.restate(bank, since, who);
	customers := r.customers; superseded := r.superseded;
	SELECT - count(*) INTO again_noted FROM tiering.watch_history;
	SELECT - count(*) INTO again_editions FROM tiering.distribution_history;
	r := chance.restate(bank, since, who);
	again_superseded := r.superseded; again_recorded := r.recorded; again_written := r.written;
	SELECT again_noted + count(*) INTO again_noted FROM tiering.watch_history;
	SELECT again_editions + count(*) INTO again_editions FROM tiering.distribution_history;
END;
$$;
SELECT bank, turn, c.customers > 10 AS some, c.superseded > 5 AS differ, c.again_superseded,
	c.again_recorded, c.again_written, c.again_noted, c.again_editions
FROM generate_series(1, 2) turn, chance.bank, chance.correct(bank, turn) c ORDER BY turn, bank;

-- The right bank has the same moves and the same state for all of whom the same was decided on the
-- same days, and who were changed by hand on no other days than in the other.
CREATE VIEW chance.told AS
SELECT scheme, customer_id,
	format('%s %s %s', kind, tier,
	CASE kind WHEN 'move' THEN decided_as_of::text ELSE counts::text END) AS what, true AS decided
FROM tiering.request_state WHERE scheme ~ '^(odds|sure)[1-6]$' AND state IN ('approved', 'ended')
UNION ALL
SELECT scheme, customer_id, format('%s %s', m.as_of, to_tier), false FROM tiering.migration m
	JOIN tiering.batch b USING (scheme, batch) WHERE b.kind = 'manual'
	AND scheme ~ '^(odds|sure)[1-6]$';
CREATE TABLE chance.comparable AS
SELECT b.bank, c::text AS customer_id,
	EXISTS (SELECT FROM chance.told x WHERE x.scheme = 'odds' || bank
	AND x.customer_id = c::text) AS told,
	EXISTS (SELECT FROM chance.told x WHERE x.scheme = 'odds' || bank AND x.customer_id = c::text
		AND decided) AS decided
FROM chance.bank b, generate_series(1, 200) c
-- a tier that was lost and made good on one day begins there in the one, and goes on in the other
WHERE NOT EXISTS (SELECT FROM tiering.standing_move m WHERE scheme = 'sure' || bank
	AND customer_id = c::text
		GROUP BY as_of HAVING (array_agg(from_tier ORDER BY move))[1]
			IS NOT DISTINCT FROM (array_agg(to_tier ORDER BY move DESC))[1]
			AND bool_or(cause LIKE 'override%'))
	AND NOT EXISTS (SELECT what, decided FROM chance.told x WHERE x.scheme = 'sure' || bank
		AND x.customer_id = c::text EXCEPT SELECT what, decided FROM chance.told x
		WHERE x.scheme = 'odds' || bank AND x.customer_id = c::text)
	AND NOT EXISTS (SELECT what FROM chance.told x WHERE x.scheme = 'odds' || bank
		AND x.customer_id = c::text AND decided EXCEPT SELECT what FROM chance.told x
		WHERE x.scheme = 'sure' || bank AND x.customer_id = c::text);
CREATE VIEW chance.assigned AS SELECT substr(scheme, 1, length(scheme) - 1) AS kind,
	"right"(scheme, 1)::int AS bank, customer_id, tier, measure, since, version, first_as_of,
	earned, misses, next_tier, next_review, policy_tier, policy_since
FROM tiering.current_tier WHERE scheme ~ '^(odds|sure)[1-6]$';
-- what the moves of a date come to
CREATE VIEW chance.moved AS
SELECT substr(scheme, 1, length(scheme) - 1) AS kind, "right"(scheme, 1)::int AS bank, customer_id,
	as_of, (array_agg(from_tier ORDER BY move))[1] AS from_tier,
	(array_agg(to_tier ORDER BY move DESC))[1] AS to_tier,
	(array_agg(version ORDER BY move DESC))[1] AS version,
	-- who is new by an approval has the measure with which that was asked for
	CASE WHEN bool_or(cause = 'approval' AND from_tier IS NULL) THEN 0
		ELSE (array_agg(measure ORDER BY move DESC))[1] END AS measure
FROM tiering.standing_move WHERE scheme ~ '^(odds|sure)[1-6]$'
GROUP BY scheme, customer_id, as_of HAVING (array_agg(from_tier ORDER BY move))[1]
	IS DISTINCT FROM (array_agg(to_tier ORDER BY move DESC))[1];
SELECT count(*) > 900 AS many, count(*) FILTER (WHERE told) > 100 AS many_told, count(*)
	FILTER (WHERE decided) > 50 AS many_decided,
	count(*) FILTER (WHERE told AND customer_id::int % 4 = 0) > 20 AS restated_and_told
		FROM chance.comparable;
SELECT count(*) AS wrong_tiers FROM chance.comparable
	JOIN (SELECT * FROM chance.assigned WHERE kind = 'odds') a USING (bank, customer_id)
	FULL JOIN (SELECT s.* FROM chance.assigned s JOIN chance.comparable USING (bank, customer_id)
	WHERE kind = 'sure') b USING (bank, customer_id)
WHERE (a.tier, a.measure, a.since, a.version, a.first_as_of, a.earned, a.misses, a.next_tier,
	a.next_review, a.policy_tier, a.policy_since)
	IS DISTINCT FROM (b.tier, b.measure, b.since, b.version, b.first_as_of, b.earned, b.misses,
		b.next_tier, b.next_review, b.policy_tier, b.policy_since);
SELECT count(*) AS wrong_moves FROM chance.comparable
	JOIN (SELECT * FROM chance.moved WHERE kind = 'odds') a USING (bank, customer_id)
	FULL JOIN (SELECT s.* FROM chance.moved s JOIN chance.comparable USING (bank, customer_id)
	WHERE kind = 'sure') b USING (bank, customer_id, as_of)
WHERE (a.from_tier, a.to_tier, a.version) IS DISTINCT FROM (b.from_tier, b.to_tier, b.version)
	OR (a.measure <> b.measure AND b.measure > 0);

-- For everybody: an unbroken chain of moves, which ends where he is; heads are what the moves add
-- up to; what was known is known; the seals are sound.
SELECT count(*) FILTER (WHERE from_tier IS DISTINCT FROM before) AS broken FROM (
	SELECT *, lag(to_tier) OVER (PARTITION BY scheme, customer_id ORDER BY as_of, move) AS before
		FROM tiering.standing_move WHERE scheme ~ '^odds[1-6]$') m;
SELECT count(*) AS elsewhere
	FROM (SELECT scheme, customer_id, tier, cause FROM tiering.assignment
	WHERE scheme ~ '^odds[1-6]$') a
	FULL JOIN (SELECT DISTINCT ON (scheme, customer_id) scheme, customer_id, to_tier, cause
		FROM tiering.standing_move WHERE scheme ~ '^odds[1-6]$' ORDER BY scheme, customer_id,
		as_of DESC, move DESC) m USING (scheme, customer_id)
WHERE a.tier IS DISTINCT FROM m.to_tier OR (a.tier IS NOT NULL AND a.cause <> m.cause);
CREATE VIEW chance.heads AS
SELECT d.scheme, d.as_of, d.tier, d.customers, count(m.customer_id) AS counted, d.measure,
	sum(m.value) AS added_up
FROM _tiering.known_distribution() d LEFT JOIN LATERAL (
	SELECT l.customer_id, l.to_tier, v.correct AS value FROM (
		SELECT DISTINCT ON (m.customer_id) m.customer_id, m.to_tier FROM tiering.standing_move m
		WHERE m.scheme = d.scheme AND m.as_of <= d.as_of
		ORDER BY m.customer_id, m.as_of DESC, m.move DESC) l
		LEFT JOIN chance.value v ON v.bank = "right"(d.scheme, 1)::int AND v.as_of = d.as_of
			AND v.customer_id = l.customer_id::int) m ON m.to_tier = d.tier
WHERE d.scheme ~ '^odds[1-6]$'
GROUP BY d.scheme, d.as_of, d.tier, d.customers, d.measure;
SELECT count(*) > 300 AS many, count(*) FILTER (WHERE customers <> counted) AS wrong, count(*)
	FILTER (WHERE measure IS NULL) AS to_recount FROM chance.heads;
SELECT sum(tiering.recount('odds' || bank)) AS left_to_recount FROM chance.bank;
SELECT count(*) FILTER (WHERE customers <> counted) AS wrong_heads, count(*)
	FILTER (WHERE measure IS DISTINCT FROM COALESCE(added_up, 0)) AS wrong_money
FROM chance.heads;
SELECT (SELECT count(*) FROM chance.known_tiers) > 3000 AS many,
	(SELECT count(*) FROM (SELECT * FROM chance.known_tiers EXCEPT SELECT *
	FROM chance.then) x) AS lost,
	(SELECT count(*) FROM (SELECT * FROM chance.then EXCEPT SELECT *
	FROM chance.known_tiers) x) AS added;
SELECT count(*) FILTER (WHERE NOT v.sound) AS unsound,
	sum(v.moves) = (SELECT count(*) FROM tiering.migration
	WHERE scheme ~ '^odds[1-6]$') AS all_there FROM chance.bank,
	tiering.verify_history('odds' || bank) v;
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme ~ '^(odds|sure)[1-6]$';
DROP SCHEMA chance CASCADE;
SELECT tiering.revoke_role('t_chairs', 'approve');
DROP ROLE t_chairs;
