-- Random policies, approvals and overrides on 1,000 random customers over 24 months, decided on at
-- random between the
-- refreshes, against the grammar as a plain loop for each customer: the tiers, the
-- misses, what is pending
-- or rejected, and every move with its cause are the same at every step.
CREATE SCHEMA dr;
SET client_min_messages = warning;
CREATE ROLE dr_asker; CREATE ROLE dr_chief;
SELECT tiering.grant_role('dr_asker', 'request'), tiering.grant_role('dr_asker', 'report'),
	tiering.grant_role('dr_chief', 'approve'), tiering.grant_role('dr_chief', 'report');
GRANT USAGE ON SCHEMA dr, t TO dr_asker, dr_chief;
CREATE TABLE dr.value AS
SELECT scheme, 'c' || c AS customer_id, m,
	(date '2022-01-31' + interval '1 day' + (m
	|| ' months')::interval - interval '1 day')::date AS as_of,
	round(250 + 250 * sin(c + m * (0.1 + (c % 7) * 0.08))::numeric + (t.random(c * 100 + m) - 0.5) *
		200) AS value
FROM generate_series(1, t.scaled(1000)) c CROSS JOIN generate_series(1, 24) m,
	LATERAL (SELECT 'dr' || 1 + c % 5 AS scheme) s
WHERE NOT (c % 11 = 0 AND m < 6) AND NOT (c % 13 = 0 AND m BETWEEN 10 AND 13);
CREATE INDEX ON dr.value (scheme, as_of);
ANALYZE dr.value;
-- below -50 nobody takes a customer
CREATE FUNCTION dr.policies(name text, seed int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{a,b,c,d,e}', '{-50,100,200,300,400}');
	UPDATE tiering.tier x SET approval = true WHERE x.scheme = name
		AND t.random(seed * 77 + rank) < 0.4;
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, review_months,
		review_at, hold, new_hold)
	SELECT name, 1, tier, CASE WHEN t.random(s) < 0.6 THEN 'at_once' ELSE 'next' END,
		1 + floor(t.random(s + 1) * 3)::int,
		CASE WHEN t.random(s + 2) < 0.5 THEN 'earned' ELSE 'one_step' END,
		CASE floor(t.random(s + 3) * 3) WHEN 0 THEN '{6,12}'::int[] WHEN 1 THEN '{3,6,9,12}' END,
		CASE WHEN t.random(s + 4) < 0.5 THEN 'assessment' ELSE 'month_end' END,
		CASE WHEN t.random(s + 5) < 0.4 THEN (1 + floor(t.random(s + 6) * 5)) * interval '1 month'
			ELSE '0' END,
		CASE WHEN t.random(s + 7) < 0.4 THEN interval '3 months' ELSE '0' END
	FROM unnest('{b,c,d,e}'::text[]) WITH ORDINALITY x(tier, n),
		LATERAL (SELECT seed * 1000 + n * 20 AS s) k
	WHERE t.random(s + 8) < 0.9;
	PERFORM tiering.publish(name, '2020-01-01');
	PERFORM tiering.set_source(name,
		format('SELECT customer_id, value FROM dr.value WHERE scheme = %L AND as_of = $1', name));
END;
$$;
SELECT dr.policies('dr' || i, i) FROM generate_series(1, 5) i;
SELECT count(*) FILTER (WHERE approval) BETWEEN 5 AND 15 AS some_take_approval FROM tiering.tier
	WHERE scheme LIKE 'dr_';

/*
 * What people do, drawn beforehand: an override of a customer is asked for and
 * approved after the refresh of month "approved", for days of his own, and ended
 * after that of month "ended" if there is one, from a day in the next month on.
 * No two overrides of a customer are of one kind; who has a fixed one has no other.
 */
CREATE TABLE dr.override AS
SELECT 'dr' || 1 + c % 5 AS scheme, 'c' || c AS customer_id, kind,
	substr('abcde', 1 + floor(t.random(s + 1) * 5)::int, 1) AS tier,
	approved, daterange(first, first + 1 + floor(t.random(s + 3) * 300)::int) AS valid,
	CASE WHEN t.random(s + 4) < 0.4 THEN approved + 1 + floor(t.random(s + 5) * 5)::int
		END AS ended, floor(t.random(s + 6) * 40)::int AS days, NULL::bigint AS request
FROM generate_series(1, t.scaled(1000)) c, LATERAL (VALUES ('fixed'), ('floor'), ('cap')) k(kind),
	LATERAL (SELECT hashtext(c || kind)::bigint AS s) h,
		LATERAL (SELECT 1 + floor(t.random(s) * 20)::int AS approved) a,
	LATERAL (SELECT date '2022-01-31' + (approved * 30 + floor(t.random(s + 2) * 150) - 60)::int AS
		first) f
WHERE (c % 3 = 0 AND kind = 'fixed' AND c % 2 = 0)
	OR (c % 3 = 1 AND kind <> 'fixed' AND t.random(s + 7) < 0.6);
-- only who is there can be asked about
DELETE FROM dr.override o
	WHERE NOT EXISTS (SELECT FROM dr.value v WHERE v.customer_id = o.customer_id
	AND v.m = o.approved);
GRANT SELECT, UPDATE ON dr.override TO dr_asker, dr_chief;
-- of a pending move after the refresh of month m: approved, rejected, or left to wait
CREATE FUNCTION dr.verdict(customer text, m int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN x < 0.25 THEN 'approve' WHEN x < 0.5 THEN 'reject'
		END FROM t.random(hashtext(customer || ' ' || m)) x
$$;

CREATE TABLE dr.got (customer_id text, m int, tier text, ruled text, misses int, asked text,
	state text);
DO $$
DECLARE
	d record;
	o record;
BEGIN
	FOR d IN SELECT DISTINCT v.m, v.as_of FROM dr.value v ORDER BY 1 LOOP
		PERFORM tiering.refresh('dr' || i, d.as_of) FROM generate_series(1, 5) i;
		IF d.m % 4 = 0 AND (SELECT sum((tiering.refresh('dr' || i, d.as_of)).written)
			FROM generate_series(1, 5) i) > 0 THEN
			RAISE EXCEPTION 'the refreshes of month % wrote something when they were repeated', d.m;
		END IF;
		INSERT INTO dr.got
		SELECT COALESCE(a.customer_id, r.customer_id), d.m, a.tier,
			CASE WHEN a.policy_since IS NULL THEN a.tier ELSE a.policy_tier END,
			COALESCE(a.misses, 0), r.tier, r.state
		FROM (SELECT * FROM tiering.assignment WHERE scheme LIKE 'dr_') a
			FULL JOIN (SELECT * FROM tiering.request_state WHERE scheme LIKE 'dr_' AND kind = 'move'
				AND state IN ('pending', 'rejected')) r USING (scheme, customer_id);
		-- asked for, then decided
		SET LOCAL session_authorization = dr_asker;
		FOR o IN SELECT x.* FROM dr.override x WHERE x.approved = d.m
			AND EXISTS (SELECT FROM tiering.assignment a
			WHERE (a.scheme, a.customer_id) = (x.scheme, x.customer_id)) LOOP
			UPDATE dr.override u SET request = tiering.request_override(o.scheme, o.customer_id,
				o.kind, o.tier, o.valid, 'drawn')
			WHERE (u.customer_id, u.kind) = (o.customer_id, o.kind);
		END LOOP;
		SET LOCAL session_authorization = dr_chief;
		FOR o IN SELECT request, customer_id, dr.verdict(customer_id, d.m) AS verdict
			FROM tiering.request_state WHERE scheme LIKE 'dr_' AND kind = 'move'
			AND state = 'pending' ORDER BY request LOOP
			IF o.verdict = 'approve' THEN
				PERFORM tiering.approve(o.request, 'drawn');
			ELSIF o.verdict = 'reject' THEN
				PERFORM tiering.reject(o.request);
			END IF;
		END LOOP;
		PERFORM tiering.approve(x.request)
			FROM (SELECT request FROM dr.override WHERE approved = d.m AND request IS NOT NULL
			ORDER BY customer_id, kind) x;
		PERFORM tiering.end_override(x.request, d.as_of + x.days)
		FROM (SELECT * FROM dr.override WHERE ended = d.m AND request IS NOT NULL
			AND d.as_of + days < upper(valid) ORDER BY customer_id, kind) x;
		RESET session_authorization;
		IF d.m % 4 = 1 AND (SELECT sum(r.up + r.down + r.new + r.exit) FROM generate_series(1, 5) i,
			tiering.refresh('dr' || i, d.as_of) r) > 0 THEN
			RAISE EXCEPTION 'the refreshes of month % moved somebody when they were repeated after '
				'the decisions', d.m;
		END IF;
		COMMIT;
	END LOOP;
END;
$$;

-- The grammar once more. Tiers are numbers from 1 to 5.
CREATE TABLE dr.expected (LIKE dr.got);
CREATE TABLE dr.move (customer_id text, as_of date, from_tier text, to_tier text, cause text,
	step bigint GENERATED ALWAYS AS IDENTITY);
CREATE FUNCTION dr.tier_on(customer text, day date, ruled int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	o record;
	fixed int; floor int; cap int;
	result int := ruled;
	from_day date;
	to_day date;
BEGIN
	FOR o IN SELECT x.kind, strpos('abcde', x.tier) AS tier, x.valid, x.ended, x.days, x.taken,
		x.taken_back FROM dr.override_fate x WHERE x.customer_id = customer AND x.taken IS NOT NULL
		LOOP
		from_day := GREATEST(lower(o.valid), o.taken);
		to_day := LEAST(upper(o.valid), o.taken_back);
		IF day >= from_day AND day < to_day THEN
			IF o.kind = 'fixed' THEN fixed := o.tier; ELSIF o.kind = 'floor' THEN floor := o.tier;
				ELSE cap := o.tier; END IF;
		END IF;
	END LOOP;
	IF fixed IS NOT NULL THEN RETURN fixed; END IF;
	IF floor IS NOT NULL AND (result IS NULL OR result < floor) THEN result := floor; END IF;
	IF cap IS NOT NULL AND result > cap THEN result := cap; END IF;
	RETURN result;
END;
$$;
CREATE TABLE dr.override_fate AS SELECT customer_id, kind, tier, approved, valid, ended, days,
	NULL::date AS taken, NULL::date AS taken_back FROM dr.override;
CREATE INDEX ON dr.override_fate (customer_id);
CREATE FUNCTION dr.by_hand() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c record; v record; p record; o record;
	names text[] := '{a,b,c,d,e}';
	takes boolean[];
	now_in int; ruled int; earned int; misses int; pending int; watch boolean; asked int;
		state text;
		since date; first date;
	tier_before int; ruled_before int; target int; wanted int; now_asked int; new_tier int;
	missed boolean; counts boolean; put_off boolean; verdict text; n int;
BEGIN
	FOR c IN SELECT DISTINCT scheme, customer_id FROM dr.value ORDER BY 2 LOOP
		takes := ARRAY(SELECT approval FROM tiering.tier x WHERE x.scheme = c.scheme ORDER BY tier);
		now_in := NULL; ruled := NULL; misses := 0; pending := NULL; watch := false; asked := NULL;
			state := NULL; since := NULL; first := NULL;
		FOR v IN SELECT g.m, (date '2022-02-01' + (g.m
			|| ' months')::interval - interval '1 day')::date AS day, x.value
			FROM generate_series(1, 24) g(m) LEFT JOIN dr.value x ON x.customer_id = c.customer_id
				AND x.m = g.m ORDER BY g.m LOOP
			-- overrides begin and end on their own days, whoever is assessed when
			FOR o IN SELECT DISTINCT d.day FROM dr.override_fate x,
					LATERAL (VALUES (GREATEST(lower(x.valid), x.taken)),
						(LEAST(upper(x.valid), x.taken_back))) d(day)
				WHERE x.customer_id = c.customer_id AND x.taken IS NOT NULL
					AND d.day > (date_trunc('month', v.day) - interval '1 day')::date
						AND d.day < v.day ORDER BY 1 LOOP
				new_tier := dr.tier_on(c.customer_id, o.day, ruled);
				IF now_in IS NOT NULL AND new_tier IS DISTINCT FROM now_in THEN
					INSERT INTO dr.move VALUES (c.customer_id, o.day, names[now_in],
						names[new_tier],
						CASE WHEN new_tier IS NULL THEN 'exit' WHEN new_tier IS DISTINCT FROM ruled
							THEN 'override' ELSE 'override_end' END);
					now_in := new_tier;
				END IF;
			END LOOP;
			IF v.value IS NULL THEN
				IF now_in IS NOT NULL THEN
					INSERT INTO dr.move VALUES (c.customer_id, v.day, names[now_in], NULL, 'exit');
				END IF;
				now_in := NULL; ruled := NULL; misses := 0; pending := NULL; watch := false;
					asked := NULL; state := NULL; since := NULL; first := NULL;
			ELSE
				earned := CASE WHEN v.value >= -50
					THEN GREATEST(1, LEAST(5, 1 + floor(v.value / 100)::int)) END;
				tier_before := now_in; ruled_before := ruled; put_off := false;
				IF ruled IS NULL THEN
					wanted := earned; missed := false; counts := false;
				ELSE
					SELECT * INTO p FROM tiering.policy x WHERE x.scheme = c.scheme
						AND x.tier = names[ruled];
					missed := earned IS NULL OR earned < ruled;
					counts := missed AND (p.review_months IS NULL
						OR extract(month FROM v.day)::int = ANY (p.review_months))
						AND v.day > (date_trunc('month', since + 1) + COALESCE(p.hold,
							'0') - interval '1 day')::date
						AND v.day > (date_trunc('month', first + 1) + COALESCE(p.new_hold,
							'0') - interval '1 day')::date;
					IF pending <= ruled THEN
						-- was put off, but they are higher by now
						pending := NULL; watch := true;
					END IF;
					put_off := pending IS NOT NULL OR (watch AND missed);
					target := CASE WHEN p.down_to = 'one_step' AND ruled > 1 THEN ruled - 1
						ELSE earned END;
					wanted := ruled;
					IF earned > COALESCE(pending, ruled)
						AND (asked = earned OR COALESCE((SELECT up FROM tiering.policy x
						WHERE x.scheme = c.scheme AND x.tier = names[earned]),
						'at_once') = 'at_once') THEN
						wanted := earned;
					ELSIF pending IS NOT NULL THEN
						wanted := pending;
					ELSIF missed AND counts AND misses + 1 >= COALESCE(p.down_after, 1) THEN
						wanted := target;
					ELSIF missed AND misses >= COALESCE(p.down_after, 1) AND asked = target THEN
						wanted := target;	-- asked for at a review, and missed ever since
					END IF;
				END IF;
				now_asked := CASE WHEN wanted IS DISTINCT FROM ruled AND takes[wanted] THEN wanted
					END;
				IF now_asked IS NULL AND wanted IS DISTINCT FROM ruled THEN
					ruled := wanted; since := v.day; misses := 0;
				ELSE
					misses := CASE WHEN missed THEN misses + counts::int ELSE 0 END;
				END IF;
				pending := CASE WHEN now_asked IS NULL AND earned > ruled THEN earned END;
				watch := now_asked IS NULL AND ruled IS NOT NULL
					AND (earned IS NULL OR earned < ruled);
				state := CASE WHEN now_asked IS NULL THEN NULL WHEN now_asked = asked THEN state
					ELSE 'pending' END;
				asked := now_asked;
				now_in := dr.tier_on(c.customer_id, v.day, ruled);
				IF now_in IS DISTINCT FROM tier_before THEN
					INSERT INTO dr.move VALUES (c.customer_id, v.day, names[tier_before],
						names[now_in], CASE WHEN tier_before IS NULL THEN 'new' WHEN now_in IS NULL
						THEN 'exit'
						WHEN now_in IS DISTINCT FROM ruled THEN 'override' WHEN tier_before
							IS DISTINCT FROM ruled_before AND ruled
							IS NOT DISTINCT FROM ruled_before THEN 'override_end'
						WHEN earned IS DISTINCT FROM now_in OR put_off THEN 'policy' ELSE 'rule'
							END);
				END IF;
				first := CASE WHEN now_in IS NULL THEN NULL WHEN tier_before IS NULL THEN v.day
					ELSE first END;
			END IF;
			IF now_in IS NOT NULL OR asked IS NOT NULL THEN
				INSERT INTO dr.expected VALUES (c.customer_id, v.m, names[now_in], names[ruled],
					misses, names[asked], state);
			END IF;

			-- what is decided until the next one: first on the move, then on overrides, each seen
			-- to at once
			UPDATE dr.override_fate x SET taken = 'infinity' WHERE x.customer_id = c.customer_id
				AND x.approved = v.m AND now_in IS NOT NULL;
			verdict := CASE WHEN state = 'pending' THEN dr.verdict(c.customer_id, v.m) END;
			IF verdict = 'reject' THEN
				state := 'rejected';
			ELSIF verdict = 'approve' THEN
				ruled := asked; since := v.day; misses := 0; pending := CASE WHEN earned > ruled
					THEN earned END; watch := earned IS NULL
					OR earned < ruled; asked := NULL; state := NULL;
				new_tier := dr.tier_on(c.customer_id, v.day, ruled);
				first := COALESCE(first, v.day);
				IF new_tier IS DISTINCT FROM now_in THEN
					INSERT INTO dr.move VALUES (c.customer_id, v.day, names[now_in],
						names[new_tier],
						CASE WHEN new_tier = ruled THEN 'approval' ELSE 'override' END);
					now_in := new_tier;
				END IF;
			END IF;
			FOR o IN SELECT x.ctid AS id, x.kind, x.ended = v.m AS ends, v.day + x.days AS last
				FROM dr.override_fate x
				WHERE x.customer_id = c.customer_id
					AND ((x.taken = 'infinity' AND x.approved = v.m)
					OR (x.ended = v.m AND x.taken IS NOT NULL AND v.day + x.days < upper(x.valid)))
				ORDER BY x.ended = v.m, x.kind COLLATE "C" LOOP
				IF o.ends THEN
					UPDATE dr.override_fate x SET taken_back = o.last
						WHERE x.customer_id = c.customer_id AND x.kind = o.kind;
				ELSE
					UPDATE dr.override_fate x SET taken = v.day WHERE x.customer_id = c.customer_id
						AND x.kind = o.kind;
				END IF;
				new_tier := dr.tier_on(c.customer_id, v.day, ruled);
				IF now_in IS NOT NULL AND new_tier IS DISTINCT FROM now_in THEN
					INSERT INTO dr.move VALUES (c.customer_id, v.day, names[now_in],
						names[new_tier],
						CASE WHEN new_tier IS NULL THEN 'exit' WHEN new_tier IS DISTINCT FROM ruled
							THEN 'override' ELSE 'override_end' END);
					now_in := new_tier;
					IF now_in IS NULL THEN
						first := NULL; since := NULL; misses := 0; pending := NULL; watch := false;
					END IF;
				END IF;
			END LOOP;
		END LOOP;
	END LOOP;
END;
$$;
SELECT dr.by_hand();
SELECT count(*) > t.scaled(20000) AS many_steps, count(*)
	FILTER (WHERE e.misses > 0) > t.scaled(500) AS many_misses, count(*)
	FILTER (WHERE e.state = 'pending') > t.scaled(500) AS many_pending,
	-- of a tenth of the customers, fewer than a tenth may be rejected
	count(*) FILTER (WHERE e.state = 'rejected') > t.scaled(1000) - 500 AS many_rejected, count(*)
		FILTER (WHERE e.tier IS DISTINCT FROM e.ruled) > t.scaled(500) AS many_overridden,
	count(*) FILTER (WHERE (e.tier, e.ruled, e.misses, e.asked, e.state)
		IS DISTINCT FROM (g.tier, g.ruled, g.misses, g.asked, g.state)) AS wrong
FROM dr.expected e FULL JOIN dr.got g USING (customer_id, m);
WITH e AS (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY step) AS nth
	FROM dr.move),
	g AS (SELECT customer_id, as_of, from_tier, to_tier, cause, row_number()
		OVER (PARTITION BY customer_id ORDER BY as_of, move) AS nth FROM tiering.standing_move
		WHERE scheme LIKE 'dr_')
SELECT count(*) > t.scaled(5000) AS many_moves,
	count(*) FILTER (WHERE (e.as_of, e.from_tier, e.to_tier, e.cause)
		IS DISTINCT FROM (g.as_of, g.from_tier, g.to_tier, g.cause)) AS wrong
FROM e FULL JOIN g USING (customer_id, nth);
SELECT cause, count(*) > t.scaled(50) AS many FROM dr.move GROUP BY cause ORDER BY cause;
SELECT count(*) FILTER (WHERE sound) AS sound FROM generate_series(1, 5) i,
	tiering.verify_history('dr' || i);
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme LIKE 'dr_';
DROP SCHEMA dr CASCADE;
SELECT tiering.revoke_role('dr_asker', 'request'), tiering.revoke_role('dr_asker', 'report'),
	tiering.revoke_role('dr_chief', 'approve'), tiering.revoke_role('dr_chief', 'report');
REVOKE USAGE ON SCHEMA t FROM dr_asker, dr_chief;
DROP ROLE dr_asker; DROP ROLE dr_chief;
RESET client_min_messages;
