-- When customers move: each policy's timeline, from a table of what they have at each assessment.
CREATE SCHEMA pol;
CREATE TABLE pol.value (customer_id text, as_of date, value numeric,
	PRIMARY KEY (customer_id, as_of));
CREATE TABLE pol.step (scheme text, customer_id text, as_of date, tier text, misses int,
	next_tier text, next_review date);
-- A ladder with policies, its source, and its refreshes one after the other; what each left
CREATE FUNCTION pol.ladder(scheme text, policies text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'value', '{mass,gold,platinum,diamond}',
		'{NULL,100,200,300}');
	EXECUTE format('INSERT INTO tiering.policy (scheme, version, tier, %s',
		replace(policies, '%', quote_literal(scheme) || ', 1'));
	PERFORM tiering.publish(scheme, '2020-01-01');
	PERFORM tiering.set_source(scheme,
		format('SELECT customer_id, value FROM pol.value WHERE as_of = $1 AND customer_id LIKE %L',
		scheme || '-%'));
END;
$$;
-- values: "150 90 ..." from the first assessment on, a month's end each
CREATE FUNCTION pol.customer(id text, first date, vals text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO pol.value SELECT id,
		(date_trunc('month', first::timestamp) + (n
		|| ' months')::interval - interval '1 day')::date, NULLIF(v, '-')::numeric
	FROM regexp_split_to_table(vals, ' +') WITH ORDINALITY s(v, n) WHERE v <> 'x'
$$;
CREATE FUNCTION pol.replay(scheme text, twice boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql AS $$
DECLARE
	d date;
BEGIN
	FOR d IN SELECT DISTINCT v.as_of FROM pol.value v WHERE v.customer_id LIKE scheme || '-%'
		ORDER BY 1 LOOP
		PERFORM tiering.refresh(scheme, d);
		IF twice AND (tiering.refresh(scheme, d)).written > 0 THEN
			RAISE EXCEPTION 'a repeated refresh of % as of % wrote something', scheme, d;
		END IF;
		INSERT INTO pol.step SELECT a.scheme, a.customer_id, d, a.tier, a.misses, a.next_tier,
			a.next_review
		FROM tiering.assignment a WHERE a.scheme = replay.scheme;
	END LOOP;
END;
$$;
CREATE FUNCTION pol.timeline(scheme text) RETURNS TABLE (customer text, tier text)
	LANGUAGE sql AS $$
	SELECT split_part(s.customer_id, '-', 2),
		string_agg(left(s.tier, 1) || CASE WHEN s.misses > 0 THEN s.misses::text ELSE '' END, ' '
		ORDER BY s.as_of)
	FROM pol.step s WHERE s.scheme = timeline.scheme GROUP BY s.customer_id ORDER BY s.customer_id
$$;
SET client_min_messages = warning;

-- A watch list: up at the month's assessment; down at the third miss in a row to what is earned
-- then, from diamond at the sixth. A month that passes ends the count.
SELECT pol.ladder('watch',
	'down_after) VALUES (%, ''gold'', 3), (%, ''platinum'', 3), (%, ''diamond'', 6)');
SELECT pol.customer('watch-third', '2024-01-01', '250 150 150 120 120'),
	pol.customer('watch-resets', '2024-01-01', '250 150 150 250 150 150 120'),
	pol.customer('watch-sixth', '2024-01-01', '350 250 250 250 250 250 150 150'),
		pol.customer('watch-up', '2024-01-01', '50 150 350 90 90 350 90'),
	pol.customer('watch-grade', '2024-01-01', '250 150 50 120 120 50 50 50'),
		pol.customer('watch-leaves', '2024-01-01', '250 150 x x 250 150');
SELECT pol.replay('watch', true);
SELECT * FROM pol.timeline('watch');
SELECT as_of, from_tier, direction, to_tier, cause FROM tiering.migration
	WHERE customer_id = 'watch-sixth' ORDER BY move;
SELECT as_of, tier, misses, next_tier, next_review FROM pol.step WHERE customer_id = 'watch-third'
	ORDER BY as_of;
-- the watch list, with the day of the drop
SELECT pol.ladder('list',
	'down_after) VALUES (%, ''gold'', 3), (%, ''platinum'', 3), (%, ''diamond'', 6)');
SELECT pol.customer('list-safe', '2024-01-01', '250 250 250'),
	pol.customer('list-first', '2024-01-01', '250 250 150'),
	pol.customer('list-second', '2024-01-01', '250 150 50'),
	pol.customer('list-diamond', '2024-01-01', '350 350 299.99'),
		pol.customer('list-mass', '2024-01-01', '50 50 50');
SELECT pol.replay('list', true);
SELECT customer_id, tier, next_tier, measure, bound, distance, watched, misses, falls_on
	FROM tiering.near_downgrade WHERE scheme = 'list' ORDER BY falls_on, customer_id;

-- Half-yearly stars: up at once; down only on 30 June and 31 December. A miss at a review is kept
-- half
-- a year in gold, one year in platinum, two in diamond, unless one assessment in between reaches
-- it.
SELECT pol.ladder('stars',
	'down_after, review_months, review_at) VALUES (%, ''gold'', 2, ''{6,12}'', ''month_end''),
	(%, ''platinum'', 3, ''{6,12}'', ''month_end''), (%, ''diamond'', 5, ''{6,12}'', '
	'''month_end'')');
SELECT pol.customer('stars-gold', '2023-05-01', '150 90 90 90 90 90 90 90 90 90'),
	pol.customer('stars-platinum', '2023-05-01', '250' || repeat(' 90', 20)),
	pol.customer('stars-diamond', '2023-05-01', '350' || repeat(' 90', 32)),
		pol.customer('stars-up', '2023-05-01', '90 150 250 350'),
	pol.customer('stars-between', '2023-05-01',
		'150 90 90 90 150 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90');
-- short on 30 June, over it on 1 July, time after time
INSERT INTO pol.value SELECT 'stars-julys', d, v
	FROM (VALUES ('2023-05-31'::date, 150), ('2023-06-30', 90), ('2023-07-01', 150),
	('2023-12-31', 90), ('2024-01-01', 150), ('2024-06-30', 90),
	('2024-07-01', 150), ('2024-12-31', 90), ('2025-01-01', 150)) v(d, v);
-- customers are assessed on the days of others, too, with what they had last
INSERT INTO pol.value SELECT c.customer_id, d.as_of,
	(SELECT value FROM pol.value v WHERE v.customer_id = c.customer_id AND v.as_of < d.as_of
	ORDER BY v.as_of DESC LIMIT 1)
FROM (SELECT customer_id, max(as_of) AS last FROM pol.value WHERE customer_id LIKE 'stars-%'
	GROUP BY customer_id) c,
	(SELECT DISTINCT as_of FROM pol.value WHERE customer_id LIKE 'stars-%') d
	WHERE d.as_of > '2023-05-31' ON CONFLICT DO NOTHING;
SELECT pol.replay('stars', true);
SELECT customer_id, string_agg(format('%s %s', as_of, tier), ', ' ORDER BY as_of) AS moves
FROM (SELECT s.*, lag(tier) OVER (PARTITION BY customer_id ORDER BY as_of) AS before FROM pol.step s
	WHERE scheme = 'stars') s
WHERE before IS DISTINCT FROM tier GROUP BY customer_id ORDER BY customer_id;
SELECT as_of, tier, misses, next_tier, next_review FROM pol.step
	WHERE customer_id = 'stars-platinum' AND (misses > 0 OR next_review IS NOT NULL)
	AND as_of < '2024-02-01' ORDER BY as_of LIMIT 4;

-- Daily, fast up, slow down: any day that reaches the bar promotes, a month's end below it drops
-- one step.
SELECT pol.ladder('daily',
	'down_to, review_at) VALUES (%, ''gold'', ''one_step'', ''month_end''), (%, ''platinum'', '
	'''one_step'', ''month_end''), (%, ''diamond'', ''one_step'', ''month_end'')');
INSERT INTO pol.value SELECT 'daily-' || c, d::date,
	CASE c WHEN 'peak' THEN CASE WHEN d = '2024-01-10' THEN 350 ELSE 50 END
	WHEN 'recovers' THEN CASE WHEN d BETWEEN '2024-01-10' AND '2024-02-27' THEN 350
		WHEN d = '2024-02-29' THEN 150 ELSE 310 END END
FROM unnest('{peak,recovers}'::text[]) c,
	generate_series('2024-01-01'::date, '2024-04-02', '1 day') d;
SELECT pol.replay('daily');
SELECT customer_id, string_agg(format('%s %s', as_of, tier), ', ' ORDER BY as_of) AS moves
FROM (SELECT s.*, lag(tier) OVER (PARTITION BY customer_id ORDER BY as_of) AS before FROM pol.step s
	WHERE scheme = 'daily') s
WHERE before IS DISTINCT FROM tier GROUP BY customer_id ORDER BY customer_id;
SELECT tier, misses, next_tier, next_review FROM pol.step WHERE customer_id = 'daily-peak' AND as_of
	IN ('2024-01-30', '2024-01-31', '2024-02-10') ORDER BY as_of;

-- Twelve months kept, then three months' grace, then down; up monthly.
SELECT pol.ladder('kept',
	'hold, down_after) VALUES (%, ''gold'', ''12 months'', 3), (%, ''platinum'', ''12 months'', '
	'3), (%, ''diamond'', ''12 months'', 3)');
SELECT pol.customer('kept-once', '2023-02-01', '150' || repeat(' 50', 17)),
	pol.customer('kept-up', '2023-02-01', '150 50 50 250' || repeat(' 50', 17)),
	pol.customer('kept-pass', '2023-02-01', '150' || repeat(' 50', 13) || ' 150'
		|| repeat(' 50', 4));
SELECT pol.replay('kept', true);
SELECT * FROM pol.timeline('kept');
SELECT as_of, tier, misses, next_tier, next_review FROM pol.step WHERE customer_id = 'kept-once'
	AND as_of IN ('2023-02-28', '2023-03-31', '2024-02-29', '2024-03-31', '2024-05-31')
	ORDER BY as_of;

-- New customers: three months of grace before any downgrade; afterwards at once.
SELECT pol.ladder('fresh',
	'new_hold) VALUES (%, ''gold'', ''3 months''), (%, ''platinum'', ''3 months''), (%, '
	'''diamond'', ''3 months'')');
SELECT pol.customer('fresh-new', '2024-01-01', '250 150 50 50 50 50'),
	pol.customer('fresh-old', '2024-01-01', '50 50 50 50 50 250 150 50');
SELECT pol.replay('fresh', true);
SELECT * FROM pol.timeline('fresh');

-- Up at the assessment after, whatever is earned then.
SELECT pol.ladder('later',
	'up) VALUES (%, ''gold'', ''next''), (%, ''platinum'', ''next''), (%, ''diamond'', '
	'''at_once'')');
SELECT pol.customer('later-rises', '2024-01-01', '50 150 150 150'),
	pol.customer('later-falls', '2024-01-01', '50 250 50 50'),
	pol.customer('later-climbs', '2024-01-01', '50 150 250 250 250'),
	pol.customer('later-jumps', '2024-01-01', '50 150 350 350');
SELECT pol.replay('later', true);
SELECT * FROM pol.timeline('later');
SELECT as_of, tier, next_tier, next_review FROM pol.step WHERE customer_id = 'later-climbs'
	ORDER BY as_of;

-- A lower bound for staying than for entering: 90 to stay in gold, 180 in platinum; of one who
-- falls from higher up, too.
SELECT tiering.create_ladder('stay', 'value', '{mass,gold,platinum,diamond}', '{NULL,100,200,300}');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
	VALUES ('stay', 1, 'gold', 2, 'value', '[90,)', true),
	('stay', 1, 'platinum', 2, 'value', '[180,)', true);
SELECT * FROM tiering.validate('stay', 1) WHERE severity = 'error';
SELECT tiering.publish('stay', '2020-01-01'),
	tiering.set_source('stay',
	$$SELECT customer_id, value FROM pol.value WHERE as_of = $1 AND customer_id LIKE 'stay-%'$$);
SELECT pol.customer('stay-edge', '2024-01-01', '95 100 95 90 89.99 95 100'),
	pol.customer('stay-high', '2024-01-01', '350 190 185 179.99 95 85'),
	pol.customer('stay-null', '2024-01-01', '150 - 95 150'),
	pol.customer('stay-leaves', '2024-01-01', '150 95 x 95 x x');
SELECT pol.replay('stay', true);
SELECT * FROM pol.timeline('stay');
SELECT v, tiering.classify('stay', v, '2024-01-01') AS new,
	tiering.classify_held('stay', m, '2024-01-01', 'gold') AS in_gold,
	tiering.classify_held('stay', m, '2024-01-01', 'diamond') AS in_diamond,
	tiering.classify_held('stay', m, '2024-01-01', NULL) AS none,
		tiering.classify_held('stay', m, '2024-01-01', 'nowhere') AS nowhere
FROM unnest('{89.99,90,180,199,200}'::numeric[]) v, LATERAL (SELECT v AS value) m;
SELECT tier, rule, metric FROM tiering.explain('stay', 95) WHERE part = 'condition' ORDER BY tier,
	rule;
SELECT tiering.import_scheme(tiering.export_scheme('stay'), 'stay2');
SELECT tiering.export_scheme('stay2') -> 'tiers' = tiering.export_scheme('stay') -> 'tiers' AS same;
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('stay2', 1, 'diamond', 2, 'value', '[280,)');
UPDATE tiering.rule SET stay = true WHERE scheme = 'stay2' AND tier = 'diamond';
SELECT severity, place, finding FROM tiering.validate('stay2', 1) WHERE severity = 'error';

/*
 * Random policies on 10,000 random customers over 36 months, against the grammar
 * as a plain loop: the tier, the misses and the moves are the same at every
 * step. Values wander, so that runs of misses come about; some customers come
 * late, leave, and come back.
 */
CREATE TABLE pol.random_value AS
SELECT scheme, 'r' || c AS customer_id, m,
	(date '2021-01-31' + interval '1 day' + (m
	|| ' months')::interval - interval '1 day')::date AS as_of,
	greatest(round(250 + 250 * sin(c + m * (0.1 + (c % 7) * 0.05))::numeric + (t.random(c * 100 + m)
		- 0.5) * 200), 0) AS value
FROM generate_series(1, t.scaled(10000)) c CROSS JOIN generate_series(1, 36) m,
	LATERAL (SELECT 'random' || 1 + c % 5 AS scheme) s
WHERE NOT (c % 11 = 0 AND m < 8) AND NOT (c % 13 = 0 AND m BETWEEN 15 AND 20);
CREATE INDEX ON pol.random_value (scheme, as_of);
ANALYZE pol.random_value;
CREATE FUNCTION pol.random_policies(name text, seed int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{a,b,c,d,e}', '{NULL,100,200,300,400}');
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, review_months,
		review_at, hold, new_hold)
	SELECT name, 1, tier, CASE WHEN t.random(s) < 0.7 THEN 'at_once' ELSE 'next' END,
		1 + floor(t.random(s + 1) * 4)::int,
		CASE WHEN t.random(s + 2) < 0.5 THEN 'earned' ELSE 'one_step' END,
		CASE floor(t.random(s + 3) * 4) WHEN 0 THEN '{6,12}'::int[] WHEN 1 THEN '{3,6,9,12}' END,
		CASE WHEN t.random(s + 4) < 0.5 THEN 'assessment' ELSE 'month_end' END,
		CASE WHEN t.random(s + 5) < 0.4 THEN (1 + floor(t.random(s + 6) * 8)) * interval '1 month'
			ELSE '0' END,
		CASE WHEN t.random(s + 7) < 0.4 THEN interval '3 months' ELSE '0' END
	FROM unnest('{b,c,d,e}'::text[]) WITH ORDINALITY x(tier, n),
		LATERAL (SELECT seed * 1000 + n * 20 AS s) k
	WHERE t.random(s + 8) < 0.9;
	PERFORM tiering.publish(name, '2020-01-01');
	PERFORM tiering.set_source(name,
		format('SELECT customer_id, value FROM pol.random_value WHERE scheme = %L AND as_of = $1',
		name));
END;
$$;
SELECT pol.random_policies('random' || i, i) FROM generate_series(1, 5) i;
CREATE TABLE pol.got (scheme text, customer_id text, as_of date, tier text, misses int);
DO $$
DECLARE
	d date;
BEGIN
	FOR d IN SELECT DISTINCT as_of FROM pol.random_value ORDER BY 1 LOOP
		PERFORM tiering.refresh('random' || i, d) FROM generate_series(1, 5) i;
		INSERT INTO pol.got SELECT scheme, customer_id, d, tier, misses FROM tiering.assignment
			WHERE scheme LIKE 'random%';
	END LOOP;
END;
$$;
CREATE FUNCTION pol.by_hand() RETURNS SETOF pol.got LANGUAGE plpgsql AS $$
DECLARE
	v record;
	p tiering.policy;
	policies tiering.policy[];	-- of the scheme, as many as names; null where a tier has none
	names text[] := '{a,b,c,d,e}';
	last_customer text := '';
	last_month int;
	now_in int; earned int; since date; first date; misses int; pending int;
	missed boolean; protected boolean;
	month_ends date;
BEGIN
	FOR v IN SELECT * FROM pol.random_value ORDER BY customer_id, m LOOP
		earned := least(1 + floor(v.value / 100)::int, 5);
		IF v.customer_id <> last_customer OR v.m > last_month + 1 THEN	-- new, or back
			now_in := earned; since := v.as_of; first := v.as_of; misses := 0; pending := NULL;
			policies := ARRAY(SELECT x FROM unnest(names) WITH ORDINALITY n(name, i)
				LEFT JOIN tiering.policy x ON x.scheme = v.scheme AND x.tier = n.name ORDER BY i);
		ELSE
			p := policies[now_in];
			missed := earned < now_in;
			-- a month's last day, so many months after a month's last day
			protected := v.as_of <= (date_trunc('month', since + 1) + COALESCE(p.hold,
				'0') - interval '1 day')::date
				OR v.as_of <= (date_trunc('month', first + 1) + COALESCE(p.new_hold,
					'0') - interval '1 day')::date;
			IF earned > GREATEST(now_in, pending)
				AND COALESCE((policies[earned]).up, 'at_once') = 'at_once' THEN
				now_in := earned; since := v.as_of; misses := 0;
			ELSIF pending IS NOT NULL THEN
				now_in := pending; since := v.as_of; misses := 0;
			ELSIF NOT missed THEN
				misses := 0;
			ELSIF NOT protected AND (p.review_months IS NULL
				OR extract(month FROM v.as_of)::int = ANY (p.review_months)) THEN
				misses := misses + 1;
				IF misses >= COALESCE(p.down_after, 1) THEN
					now_in := CASE WHEN p.down_to = 'one_step' THEN now_in - 1 ELSE earned
						END; since := v.as_of; misses := 0;
				END IF;
			END IF;
			pending := NULL;
		END IF;
		IF earned > now_in THEN
			pending := earned;
		END IF;
		last_customer := v.customer_id; last_month := v.m;
		RETURN NEXT (v.scheme, v.customer_id, v.as_of, names[now_in], misses);
	END LOOP;
END;
$$;
CREATE TABLE pol.expected AS SELECT * FROM pol.by_hand();
SELECT count(*) = (SELECT count(*) FROM pol.random_value) AS all_steps,
	count(*) FILTER (WHERE e.misses > 0) > t.scaled(10000) AS many_misses,
	count(*) FILTER (WHERE (g.tier, g.misses) IS DISTINCT FROM (e.tier, e.misses)) AS wrong
FROM pol.expected e FULL JOIN pol.got g USING (scheme, customer_id, as_of);
WITH moved AS (
	SELECT * FROM (SELECT scheme, customer_id, as_of, lag(tier) OVER customer AS from_tier,
		tier AS to_tier FROM pol.expected
		WHERE customer_id NOT IN (SELECT customer_id FROM pol.random_value GROUP BY customer_id
			HAVING count(*) < 29 OR count(*) = 30)
		WINDOW customer AS (PARTITION BY customer_id ORDER BY as_of)) e WHERE from_tier <> to_tier
)
SELECT count(*) > t.scaled(20000) AS many_moves, count(*) FILTER (WHERE m.move IS NULL) AS missing,
	(SELECT count(*) FROM tiering.migration x WHERE x.scheme LIKE 'random%' AND x.direction
	IN ('up', 'down')
		AND x.customer_id IN (SELECT customer_id FROM moved)) - count(*) AS too_many
FROM moved e LEFT JOIN tiering.migration m USING (scheme, customer_id, as_of, from_tier, to_tier);
SELECT cause, direction, count(*) > t.scaled(100) AS many
FROM tiering.migration WHERE scheme LIKE 'random%' GROUP BY cause, direction ORDER BY cause,
	direction;
-- what a version without policies takes over: everyone moves at once, and nothing is left pending
SELECT tiering.new_version('random1');
DELETE FROM tiering.policy WHERE scheme = 'random1' AND version = 2;
SELECT tiering.publish('random1', '2024-02-01');
INSERT INTO pol.random_value SELECT scheme, customer_id, 37, '2024-02-29', value
	FROM pol.random_value WHERE scheme = 'random1' AND m = 36;
SELECT (r).stayed + (r).up + (r).down + (r).new = (r).customers AS all_there
	FROM tiering.refresh('random1', '2024-02-29') r;
SELECT count(*) AS odd FROM tiering.current_tier WHERE scheme = 'random1'
	AND (tier <> tiering.classify('random1', measure, '2024-02-29')
	OR misses > 0 OR num_nonnulls(earned, next_tier, next_review) > 0);
-- policies are part of a version: copied, exported, frozen
SELECT jsonb_pretty(t -> 'policy')
	FROM jsonb_array_elements(tiering.export_scheme('stars') -> 'tiers') t
	WHERE t ->> 'tier' = 'platinum';
SELECT tiering.import_scheme(tiering.export_scheme('kept'), 'kept2'),
	tiering.copy_scheme('kept', 'kept3');
SELECT count(*) FILTER (WHERE d -> 'tiers' = tiering.export_scheme('kept') -> 'tiers') AS same
	FROM (VALUES (tiering.export_scheme('kept2')), (tiering.export_scheme('kept3'))) v(d);
SELECT t.fails($$UPDATE tiering.policy SET down_after = 5 WHERE scheme = 'kept'$$);
SELECT t.fails(format('UPDATE tiering.policy SET %s WHERE scheme = %L AND tier = %L', change,
	'kept2', 'gold')) FROM unnest(ARRAY['down_after = 0', 'up = ''soon''', 'down_to = ''two''',
	'review_months = ''{13}''', 'review_months = ''{}''', 'review_at = ''noon''',
	'hold = ''-1 month''', 'new_hold = ''200 years''']) change;
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme LIKE 'random_';
DROP SCHEMA pol CASCADE;
