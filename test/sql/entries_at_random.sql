-- Most misses have no entry of their own in watch_history. Banks at random, in which all that
-- can happen to a customer happens between assessments on uneven days, beside a twin that notes
-- every customer after everything: what entries come to for any day is what was noted then.
CREATE SCHEMA entry;
CREATE TABLE entry.value (scheme text, customer_id text, n int, value numeric,
	PRIMARY KEY (scheme, n, customer_id));
CREATE TABLE entry.day (scheme text, n int, as_of date, PRIMARY KEY (scheme, n));
CREATE TABLE entry.noted (scheme text, customer_id text, day date, noted text,
	PRIMARY KEY (scheme, customer_id, day));
CREATE TABLE entry.merged (scheme text, customer_id text);
CREATE TABLE entry.happened (scheme text, what text, code text);
CREATE ROLE t_entry_chief;
SELECT tiering.grant_role('t_entry_chief', 'approve');
SET client_min_messages = warning;

CREATE FUNCTION entry.open(bank int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name text := 'entry' || bank;
BEGIN
	PERFORM setseed(bank / 100.0);
	PERFORM tiering.create_ladder(name, 'value', '{mass,gold,platinum,diamond}',
		'{NULL,100,180,260}');
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, hold, new_hold,
		review_months, review_at, review_from, term)
	SELECT name, 1, t.tier, CASE WHEN random() < 0.8 THEN 'at_once' ELSE 'next' END,
		2 + floor(random() * 4),
		(ARRAY['earned', 'one_step', 'best'])[1 + floor(random() * 3)],
		floor(random() * 20) * interval '1 day', floor(random() * 10) * interval '1 day',
		CASE WHEN random() < 0.2 THEN '{1,2,4,5,7,8,10,11}'::int[] END,
		CASE WHEN random() < 0.3 THEN 'month_end' ELSE 'assessment' END,
		CASE WHEN bank = 3 THEN (ARRAY['entered', 'joined'])[1 + floor(random() * 2)]
			ELSE 'calendar' END,
		CASE WHEN random() < 0.15 THEN '2 months' ELSE '0' END::interval
	FROM unnest('{gold,platinum,diamond}'::text[]) t(tier);
	-- who is asked to fall misses on and on
	UPDATE tiering.tier t SET approval = true
	WHERE t.scheme = name AND t.tier = 'gold' AND bank % 2 = 0;
	PERFORM tiering.publish(name, '2022-01-01'), tiering.set_source(name, format($q$
		SELECT v.customer_id, v.value FROM entry.value v JOIN entry.day d USING (scheme, n)
		WHERE v.scheme = %L AND d.as_of = (SELECT max(x.as_of) FROM entry.day x
			WHERE x.scheme = %1$L AND x.as_of <= $1)$q$, name));
	RETURN name;
END;
$$;
CREATE FUNCTION entry.feed(scheme text, n int, as_of date) RETURNS void LANGUAGE sql AS $$
	DELETE FROM entry.value v WHERE v.scheme = $1 AND v.n = $2;
	INSERT INTO entry.day VALUES ($1, $2, $3)
	ON CONFLICT ON CONSTRAINT day_pkey DO UPDATE SET as_of = EXCLUDED.as_of;
	INSERT INTO entry.value SELECT $1, 'c' || c, $2, round((170
		+ 120 * sin(c + $2 / (5.0 + c % 7)) + 40 * (random() - 0.5))::numeric, 2)
	FROM generate_series(1, 40) c
	WHERE random() < 0.985 AND NOT EXISTS (
		SELECT FROM entry.merged m WHERE m.scheme = $1 AND m.customer_id = 'c' || c)
$$;

-- The twin: what is noted of every customer, under the day after whose assessment that is
CREATE FUNCTION entry.note(scheme text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO entry.noted
	SELECT a.scheme, a.customer_id, d.day,
		jsonb_build_array(a.tier, a.since, a.misses, a.best, a.next_tier,
			CASE WHEN a.misses > 0 THEN a.next_review::text ELSE (a.next_review IS NULL)::text END,
			a.policy_tier, a.policy_since)::text
	FROM tiering.assignment a JOIN tiering.source s USING (scheme)
		LEFT JOIN _tiering.last_own($1) o ON o.customer_id COLLATE "C" = a.customer_id
		CROSS JOIN LATERAL (SELECT GREATEST(s.refreshed_as_of, o.as_of) AS day) d
	WHERE a.scheme = $1 AND a.as_of <= d.day
	ON CONFLICT ON CONSTRAINT noted_pkey DO UPDATE SET noted = EXCLUDED.noted
$$;
CREATE VIEW entry.wrong AS
SELECT n.*, b.by_entries FROM entry.noted n CROSS JOIN LATERAL (
	SELECT jsonb_build_array(b.tier, b.since, b.misses, b.best, b.next_tier,
		CASE WHEN b.misses > 0 THEN b.next_review::text ELSE (b.next_review IS NULL)::text END,
		b.policy_tier, b.policy_since)::text AS by_entries
	FROM _tiering.assignment_before(n.scheme, n.customer_id, n.day + 1) b) b
WHERE n.noted <> b.by_entries;

-- One thing that happens to a customer; what is refused does not matter here.
CREATE FUNCTION entry.happens(scheme text, customer text, what text, at date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	other text := 'c' || 1 + floor(random() * 40);
	to_tier text := (ARRAY['mass', 'gold', 'platinum', 'diamond'])[1 + floor(random() * 4)];
	code text := 'done';
	r bigint;
BEGIN
	CASE what
	WHEN 'hand' THEN
		UPDATE tiering.assignment a SET tier = to_tier WHERE a.scheme = happens.scheme
			AND a.customer_id = customer AND a.tier <> to_tier;
	WHEN 'ahead' THEN
		UPDATE tiering.assignment a SET tier = to_tier, as_of = at + 1
		WHERE a.scheme = happens.scheme AND a.customer_id = customer AND a.tier <> to_tier;
	WHEN 'own' THEN
		PERFORM tiering.assess(scheme, at + 1, ARRAY[customer], 'by chance');
	WHEN 'override' THEN
		r := tiering.request_override(scheme, customer,
			(ARRAY['floor', 'cap', 'fixed'])[1 + floor(random() * 3)], to_tier,
			daterange(at - 3, at + 20), 'by chance');
		SET LOCAL session_authorization = t_entry_chief;
		PERFORM tiering.approve(r);
	WHEN 'decide' THEN
		r := min(s.request) FROM tiering.request_state s
			WHERE s.scheme = happens.scheme AND s.kind = 'move' AND s.state = 'pending';
		SET LOCAL session_authorization = t_entry_chief;
		PERFORM CASE WHEN random() < 0.5 THEN tiering.approve(r) ELSE tiering.reject(r, 'no') END;
	WHEN 'rename' THEN
		PERFORM tiering.rename_customer(scheme, customer, 'r' || customer, at, 'by chance');
		UPDATE entry.noted n SET customer_id = 'r' || customer
			WHERE n.scheme = happens.scheme AND n.customer_id = customer;
	WHEN 'merge' THEN
		PERFORM tiering.merge_customers(scheme, customer, ARRAY[other], at + 1, 'higher',
			'by chance');
		INSERT INTO entry.merged VALUES (scheme, other);
		DELETE FROM entry.noted n WHERE n.scheme = happens.scheme
			AND n.customer_id IN (customer, other) AND n.day > at;
	WHEN 'restate' THEN
		UPDATE entry.value v SET value = v.value + 80 * (random() - 0.5)
		WHERE v.scheme = happens.scheme AND v.customer_id = ltrim(customer, 'r');
		PERFORM tiering.restate(happens.scheme, d.as_of, ARRAY[customer])
			FROM entry.day d WHERE d.scheme = happens.scheme AND d.n = 4;
		DELETE FROM entry.noted n WHERE n.scheme = happens.scheme AND n.customer_id = customer;
	END CASE;
	RESET session_authorization;
	INSERT INTO entry.happened VALUES (scheme, what, code);
EXCEPTION WHEN OTHERS THEN
	RESET session_authorization;
	INSERT INTO entry.happened VALUES (scheme, what, SQLSTATE);
END;
$$;
CREATE FUNCTION entry.assess(scheme text, n int, as_of date) RETURNS void LANGUAGE sql AS $$
	SELECT entry.feed($1, $2, $3);
	SELECT tiering.refresh($1, $3);
	SELECT entry.note($1)
$$;
-- The last assessment is taken back, and made on a day before or after it, or the same again
CREATE FUNCTION entry.again(scheme text, n int, as_of date) RETURNS date LANGUAGE plpgsql AS $$
DECLARE
	day date := as_of;
BEGIN
	IF random() < 0.5 THEN
		PERFORM entry.assess(scheme, n, as_of);
		RETURN as_of;
	END IF;
	PERFORM tiering.void_assessment(scheme, as_of, 'by chance');
	DELETE FROM entry.noted x WHERE x.scheme = again.scheme AND x.day >= as_of;
	day := as_of + floor(random() * 3)::int - 1;
	PERFORM entry.assess(scheme, n, day);
	INSERT INTO entry.happened VALUES (scheme, 'void', 'done');
	RETURN day;
EXCEPTION WHEN OTHERS THEN	-- an override that was approved as of it goes on
	INSERT INTO entry.happened VALUES (scheme, 'void', SQLSTATE || SQLERRM);
	RETURN as_of;
END;
$$;
CREATE FUNCTION entry.new_version(scheme text, from_day date) RETURNS void LANGUAGE sql AS $$
	SELECT tiering.new_version($1);
	UPDATE tiering.policy p SET down_after = p.down_after % 4 + 1, hold = '3 days'
		WHERE p.scheme = $1 AND p.version = (SELECT max(v.version) FROM tiering.scheme_version v
			WHERE v.scheme = $1);
	SELECT tiering.publish($1, $2)
$$;
CREATE PROCEDURE entry.live(scheme text) LANGUAGE plpgsql AS $$
DECLARE
	day date := '2022-01-10';
BEGIN
	PERFORM setseed(("right"(scheme, 1))::int / 10.0);
	FOR n IN 1 .. GREATEST(t.scaled(30), 12) LOOP
		day := day + (ARRAY[1, 1, 1, 2, 3, 7])[1 + floor(random() * 6)];
		PERFORM entry.new_version(scheme, day) WHERE n IN (10, 20);
		PERFORM entry.assess(scheme, n, day);
		COMMIT;
		IF n > 3 AND random() < 0.3 THEN
			day := entry.again(scheme, n, day);
			COMMIT;
		END IF;
		FOR i IN 1 .. 3 LOOP
			PERFORM entry.happens(live.scheme, COALESCE(f.now_id, c.id), (ARRAY['hand', 'ahead',
				'own', 'own', 'override', 'decide', 'decide', 'rename', 'merge', 'restate'])
				[1 + floor(random() * 10)], day)
			FROM (SELECT 'c' || 1 + floor(random() * 40) AS id) c
				LEFT JOIN tiering.former_number f ON f.scheme = live.scheme
					AND f.customer_id = c.id;
			PERFORM entry.note(scheme);
			COMMIT;
		END LOOP;
		day := GREATEST(day, max(o.as_of)) FROM _tiering.last_own(live.scheme) o
			WHERE random() < 0.7;
	END LOOP;
END;
$$;
SELECT entry.open(bank) FROM generate_series(1, 6) bank;
SELECT format('CALL entry.live(%L)', 'entry' || bank) FROM generate_series(1, 6) bank \gexec
-- all that can happen did
SELECT what, count(*) FILTER (WHERE code = 'done') > t.scaled(6) - 1 AS done FROM entry.happened
GROUP BY what ORDER BY what;
SELECT (SELECT count(*) FROM entry.noted) > t.scaled(3000) AS many,
	count(*) FILTER (WHERE (n.noted::jsonb ->> 2)::int > 0 AND h.entry IS NULL) > t.scaled(100)
		AS unwritten
FROM entry.noted n LEFT JOIN tiering.watch_history h
	ON (h.scheme, h.customer_id, h.as_of) = (n.scheme, n.customer_id, n.day);
SELECT count(*) AS wrong FROM entry.wrong;
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme ~ '^entry[1-6]$';
-- and whatever is made again is noted as it comes out
SELECT count(tiering.restate('entry' || bank, '2022-01-01')) AS banks
FROM generate_series(1, 6) bank;
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme ~ '^entry[1-6]$';
DROP SCHEMA entry CASCADE;
SELECT tiering.revoke_role('t_entry_chief', 'approve');
DROP ROLE t_entry_chief;
