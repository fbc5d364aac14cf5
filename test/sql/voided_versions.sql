-- An assessment by a new version is taken back: customers are where they were before it, by the
-- version and under the names of then. A row that differs in its version alone has no move and
-- no entry to tell of it.
CREATE SCHEMA voided;
SET datestyle = iso;
SET client_min_messages = warning;
CREATE TABLE voided.value (scheme text, customer_id text, as_of date, value numeric);
CREATE FUNCTION voided.bank(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{mass,silver,gold}', '{NULL,100,200}'),
		tiering.publish(name, '2023-01-01'), tiering.set_source(name, format(
			'SELECT customer_id, value FROM voided.value WHERE scheme = %L AND as_of = $1', name));
	INSERT INTO voided.value SELECT name, c::text, d, 100 * c FROM generate_series(0, 4) c,
		unnest('{2024-01-31,2024-02-29,2024-03-10,2024-03-31,2024-04-30}'::date[]) d;
END;
$$;
-- a version in which gold is golden, silver argent, and mass has its name
CREATE FUNCTION voided.renamed(name text, day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.new_version(name);
	DELETE FROM tiering.rule WHERE scheme = name AND version = 2;
	DELETE FROM tiering.tier WHERE scheme = name AND version = 2 AND tier <> 'mass';
	INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
		VALUES (name, 2, 'argent', 2, 'silver'), (name, 2, 'golden', 3, 'gold');
	INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
		VALUES (name, 2, 'argent', 'value', '[100,200)'), (name, 2, 'golden', 'value', '[200,)');
	PERFORM tiering.publish(name, day);
END;
$$;
CREATE FUNCTION voided.customers(name text) RETURNS TABLE (tiers text) LANGUAGE sql AS $$
	SELECT format('%s by %s, %s', a.tier, a.version, string_agg(a.customer_id, ' '
		ORDER BY a.customer_id))
	FROM tiering.assignment a WHERE a.scheme = name GROUP BY a.tier, a.version
	ORDER BY min(a.customer_id)
$$;

SELECT voided.bank('void_named');
SELECT count(tiering.refresh('void_named', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT voided.renamed('void_named', '2024-03-20');
SELECT * FROM voided.customers('void_named');
SELECT up + down + lateral_moves AS moves FROM tiering.refresh('void_named', '2024-03-31');
SELECT * FROM voided.customers('void_named');
SELECT superseded, written FROM tiering.void_assessment('void_named', '2024-03-31', 'bad');
SELECT * FROM voided.customers('void_named');
SELECT tier, version, customers FROM tiering.tier_distribution WHERE scheme = 'void_named'
	ORDER BY rank;
SELECT tier, customers FROM tiering.tier_origin WHERE scheme = 'void_named' ORDER BY rank;
SELECT * FROM tiering.verify_state('void_named');
SELECT t.invariants('void_named');
-- one between them, by version 1, finds nothing to record
SELECT up + down + lateral_moves + exit AS moves, written
	FROM tiering.refresh('void_named', '2024-03-10');
SELECT up + down + lateral_moves + exit AS moves, written
	FROM tiering.refresh('void_named', '2024-03-31');
SELECT t.invariants('void_named');

-- Single customers go on from where they were before an assessment by version 1, though their
-- row has been of version 2 since.
SELECT superseded, recorded, written FROM tiering.restate('void_named', '2024-02-29', '{1,2,3}');
SELECT superseded, recorded, written FROM tiering.restate('void_named', '2024-02-29');
UPDATE voided.value SET value = 0 WHERE customer_id = '2' AND as_of = '2024-02-29';
SELECT superseded, recorded, written FROM tiering.restate('void_named', '2024-02-29', '{2,3}');
SELECT as_of, from_tier, to_tier, version FROM tiering.standing_move
	WHERE scheme = 'void_named' AND customer_id = '2' ORDER BY move;
SELECT * FROM voided.customers('void_named');
SELECT t.invariants('void_named');

-- Who moves at an assessment by version 2, with a last move by version 1, is where the assessment
-- by version 2 before it left them.
SELECT voided.bank('void_later');
SELECT count(tiering.refresh('void_later', '2024-01-31'));
SELECT voided.renamed('void_later', '2024-02-01');
SELECT count(tiering.refresh('void_later', '2024-02-29'));
SELECT * FROM voided.customers('void_later');
UPDATE voided.value SET value = 50 WHERE scheme = 'void_later' AND customer_id = '4'
	AND as_of = '2024-03-31';
SELECT down FROM tiering.refresh('void_later', '2024-03-31');
SELECT superseded, written FROM tiering.void_assessment('void_later', '2024-03-31', 'bad');
SELECT * FROM voided.customers('void_later');
SELECT tier, customers FROM tiering.tier_origin WHERE scheme = 'void_later' ORDER BY rank;
SELECT * FROM tiering.verify_state('void_later');
SELECT t.invariants('void_later');

-- Who was assessed by themselves by version 2, or put somewhere by hand, in between
SELECT voided.bank('void_own');
SELECT count(tiering.refresh('void_own', '2024-02-29'));
SELECT voided.renamed('void_own', '2024-03-05');
SELECT count(tiering.assess('void_own', '2024-03-10', '{2}', 'asked'));
UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-03-12'
	WHERE scheme = 'void_own' AND customer_id = '1';
SELECT * FROM voided.customers('void_own');
SELECT * FROM tiering.verify_state('void_own');
SELECT count(tiering.refresh('void_own', '2024-03-31'));
SELECT * FROM voided.customers('void_own');
SELECT superseded, written FROM tiering.void_assessment('void_own', '2024-03-31', 'bad');
SELECT * FROM voided.customers('void_own');
SELECT * FROM tiering.verify_state('void_own');
SELECT t.invariants('void_own');
SELECT now_as_of IS NULL AS none_left
	FROM tiering.void_assessment('void_own', '2024-02-29', 'bad');
SELECT * FROM voided.customers('void_own');

-- A row of another version, or under another name, than it should be is found
CREATE FUNCTION voided.found(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	ALTER TABLE tiering.assignment DISABLE TRIGGER ALL;
	ALTER TABLE tiering.distribution_history DISABLE TRIGGER ALL;
	EXECUTE statement;
	RETURN QUERY SELECT format('%s: %s', v.kind, v.finding)
		FROM tiering.verify_state('void_later') v WHERE v.kind IN ('assignment', 'assessment');
	RAISE EXCEPTION USING ERRCODE = 'T0001';
EXCEPTION WHEN SQLSTATE 'T0001' THEN
	RETURN;		-- what was done is undone
END;
$$;
SELECT voided.found($$UPDATE tiering.assignment SET version = 1
	WHERE scheme = 'void_later' AND customer_id = '0'$$);
SELECT voided.found($$UPDATE tiering.assignment SET tier = 'silver'
	WHERE scheme = 'void_later' AND customer_id = '1'$$);
-- so is an assessment that has lost its sums
SELECT voided.found($$DELETE FROM tiering.distribution_history
	WHERE scheme = 'void_later' AND as_of = '2024-01-31'$$);
SELECT voided.found($$DELETE FROM tiering.distribution_history
	WHERE scheme = 'void_later' AND as_of = '2024-02-29'$$);
SELECT voided.found($$DELETE FROM tiering.distribution_history
	WHERE scheme = 'void_later' AND as_of = '2024-03-31'$$);

-- What customers earned at the assessment before goes by the tier that they held then, as rules
-- for staying do: b left gold at it, and c came to it.
SELECT tiering.create_ladder('void_stay', 'value', '{mass,silver,gold}', '{NULL,100,200}');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
	VALUES ('void_stay', 1, 'gold', 2, 'value', '[170,)', true),
	('void_stay', 1, 'silver', 2, 'value', '[50,)', true);
INSERT INTO tiering.policy (scheme, version, tier, down_to)
	VALUES ('void_stay', 1, 'gold', 'one_step');
SELECT tiering.publish('void_stay', '2023-01-01'), tiering.set_source('void_stay',
	'SELECT customer_id, value FROM voided.value WHERE scheme = ''stay'' AND as_of = $1');
INSERT INTO voided.value SELECT 'stay', c, d, v
FROM (VALUES ('a', '{250,180,180}'::int[]), ('b', '{250,60,180}'), ('c', '{120,220,180}'),
		('d', '{NULL,180,180}')) x(c, values),
	unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[], x.values) u(d, v) WHERE v IS NOT NULL;
SELECT count(tiering.refresh('void_stay', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT customer_id, tier, earned FROM tiering.assignment WHERE scheme = 'void_stay' ORDER BY 1;
SELECT count(tiering.refresh('void_stay', '2024-03-31'));
SELECT count(tiering.void_assessment('void_stay', '2024-03-31', 'bad'));
SELECT customer_id, tier, earned FROM tiering.assignment WHERE scheme = 'void_stay' ORDER BY 1;

-- So does the day on which who is below their tier is expected to leave it. From a day that is
-- no month's last the next review is expected sooner; and that has no entry.
SELECT tiering.create_ladder('void_review', 'value', '{mass,silver,gold}', '{NULL,100,200}');
INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, review_months)
	VALUES ('void_review', 1, 'gold', 'next', 2, 'one_step', '{6,12}');
SELECT tiering.publish('void_review', '2023-01-01'), tiering.set_source('void_review',
	'SELECT customer_id, value FROM voided.value WHERE scheme = ''review'' AND as_of = $1');
INSERT INTO voided.value SELECT 'review', c, d, CASE WHEN d < '2023-10-06' THEN 250 ELSE 120 END
FROM unnest('{a,b}'::text[]) c,
	unnest('{2023-09-30,2023-10-06,2023-10-31,2023-11-01,2023-11-30}'::date[]) d;
SELECT count(tiering.refresh('void_review', d))
	FROM unnest('{2023-09-30,2023-10-06,2023-10-31}'::date[]) d;
SELECT count(tiering.assess('void_review', '2023-11-01', '{b}', 'asked'));
CREATE VIEW voided.expected AS SELECT customer_id, tier, misses, next_tier, next_review, as_of
	FROM tiering.assignment WHERE scheme = 'void_review' ORDER BY 1;
SELECT * FROM voided.expected;
SELECT count(tiering.refresh('void_review', '2023-11-30'));
SELECT * FROM voided.expected;
SELECT count(tiering.void_assessment('void_review', '2023-11-30', 'bad'));
SELECT * FROM voided.expected;
SELECT count(tiering.void_assessment('void_review', '2023-10-31', 'bad'));
SELECT * FROM voided.expected;

-- Banks at random, with versions that rename tiers, policies, rules for staying,
-- assessments of single customers and changes by hand: each assessment is made, taken back, and
-- made again, and in between customers are as they were before it, in every column but when
-- and as of which assessment their row was written, and what they had earned who were moved
-- by hand: the source may know that better.
CREATE TABLE voided.was (scheme text, as_of date, customer_id text, bears text,
	PRIMARY KEY (scheme, as_of, customer_id));
CREATE TABLE voided.off (scheme text, as_of date, customer_id text, was text, bears text);
CREATE TABLE voided.done (scheme text, what text);
CREATE FUNCTION voided.bears(name text) RETURNS TABLE (customer_id text, bears text)
LANGUAGE sql AS $$
	SELECT a.customer_id, (to_jsonb(a) - '{as_of,recorded_at}'::text[]
		- CASE WHEN a.cause = 'manual' THEN 'earned' ELSE '' END)::text
	FROM tiering.assignment a WHERE a.scheme = name
$$;
CREATE FUNCTION voided.define(name text, of_version int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, review_months,
		review_from, hold, new_hold, effective)
	SELECT name, of_version, t.tier, CASE WHEN random() < 0.7 THEN 'at_once' ELSE 'next' END,
		1 + floor(random() * 3), (ARRAY['earned', 'one_step', 'best'])[1 + floor(random() * 3)],
		(ARRAY[NULL, '{1,2,4,6}', '{3,6,9,12}'])[1 + floor(random() * 3)]::int[],
		(ARRAY['calendar', 'calendar', 'entered', 'joined'])[1 + floor(random() * 4)],
		floor(random() * 50) * interval '1 day', floor(random() * 20) * interval '1 day',
		(ARRAY['assessment', 'assessment', 'next_month'])[1 + floor(random() * 3)]
	FROM tiering.tier t WHERE t.scheme = name AND t.version = of_version AND NOT t.base;
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
	SELECT r.scheme, r.version, r.tier, 9, r.metric, numrange(lower(r.bounds) - 30, NULL), true
	FROM tiering.rule r
	WHERE r.scheme = name AND r.version = of_version AND r.rule < 9 AND random() < 0.4;
END;
$$;
CREATE FUNCTION voided.open(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(name, 'value', '{mass,silver,gold,high}',
		'{NULL,100,200,300}'), voided.define(name, 1), tiering.publish(name, '2022-12-01'),
		tiering.set_source(name, format(
			'SELECT customer_id, value FROM voided.value WHERE scheme = %L AND as_of = $1', name));
END;
$$;
-- most tiers bear another name, and their bounds are others
CREATE FUNCTION voided.next_version(name text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	this int := tiering.new_version(name);
BEGIN
	CREATE TEMP TABLE now_called ON COMMIT DROP AS
	SELECT t.tier, t.rank, t.tier || CASE WHEN random() < 0.7 THEN this::text ELSE '' END AS called,
		r.bounds
	FROM tiering.tier t JOIN tiering.rule r USING (scheme, version, tier)
	WHERE t.scheme = name AND t.version = this AND NOT t.base AND NOT r.stay;
	DELETE FROM tiering.policy p WHERE p.scheme = name AND p.version = this;
	DELETE FROM tiering.rule r WHERE r.scheme = name AND r.version = this;
	DELETE FROM tiering.tier t WHERE t.scheme = name AND t.version = this AND NOT t.base;
	INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
	SELECT name, this, c.called, c.rank, c.tier FROM now_called c;
	INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	SELECT name, this, c.called, 'value',
		numrange(lower(c.bounds) + floor(random() * 20)::int - 10, NULL) FROM now_called c;
	DROP TABLE now_called;
	PERFORM voided.define(name, this), tiering.publish(name, day);
END;
$$;
-- What is refused does not matter here
CREATE FUNCTION voided.happens(name text, day date, ahead date, all_kinds boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	what text := (ARRAY['hand', 'hand_ahead', 'own', 'own', 'restate'])
		[1 + floor(random() * CASE WHEN all_kinds THEN 5 ELSE 2 END)];
	c text := 'c' || floor(random() * 30);
BEGIN
	CASE what
	WHEN 'hand' THEN
		UPDATE tiering.assignment a SET tier = t.tier FROM tiering.tier t
		WHERE a.scheme = name AND a.customer_id = c AND t.scheme = name
			AND t.version = a.version AND t.rank = 2;
	WHEN 'hand_ahead' THEN
		UPDATE tiering.assignment a SET tier = t.tier, as_of = ahead FROM tiering.tier t
		WHERE a.scheme = name AND a.customer_id = c AND t.scheme = name
			AND t.version = a.version AND t.rank = 3;
	WHEN 'own' THEN
		PERFORM tiering.assess(name, ahead, ARRAY[c], 'by chance');
	WHEN 'restate' THEN
		UPDATE voided.value v SET value = v.value + 60 * (random() - 0.5)
		WHERE v.scheme = name AND v.customer_id = c;
		PERFORM tiering.restate(name, day - 90, ARRAY[c]);
	END CASE;
	INSERT INTO voided.done VALUES (name, what);
EXCEPTION WHEN OTHERS THEN
	INSERT INTO voided.done VALUES (name, what || ' ' || SQLERRM);
END;
$$;
CREATE PROCEDURE voided.live(name text) LANGUAGE plpgsql AS $$
DECLARE
	day date := '2023-01-31';
	before date;
BEGIN
	PERFORM setseed(hashtext(name) / 2147483648.0), voided.open(name);
	FOR n IN 1 .. GREATEST(t.scaled(14), 8) LOOP
		before := day;
		day := CASE WHEN n % 3 = 0 THEN day + 10
			ELSE (date_trunc('month', day) + interval '2 months')::date - 1 END;
		-- the source has every day, as own assessments may be of any
		INSERT INTO voided.value SELECT name, 'c' || c, d::date, round((200
			+ 150 * sin(c + n / (2.0 + c % 5)) + 60 * (random() - 0.5))::numeric, 2)
		FROM generate_series(0, 29) c, generate_series(before + 1, day, '1 day') d
		WHERE random() + 0 * c < 0.99 OR d <> day;
		IF n > 1 THEN
			PERFORM voided.happens(name, before, before + 1 + (random() * 3)::int, true)
			FROM generate_series(1, 3);
		END IF;
		IF n IN (4, 7, 10) THEN
			PERFORM voided.next_version(name, before + 1 + (random() * 6)::int);
		END IF;
		COMMIT;
		INSERT INTO voided.was SELECT name, day, b.* FROM voided.bears(name) b;
		PERFORM tiering.refresh(name, day);
		COMMIT;
		IF random() < 0.5 THEN
			PERFORM voided.happens(name, day, day, false);	-- taken back with it
		END IF;
		PERFORM tiering.void_assessment(name, day, 'by chance');
		INSERT INTO voided.off SELECT name, day, COALESCE(w.customer_id, b.customer_id), w.bears,
			b.bears
		FROM (SELECT x.* FROM voided.was x WHERE x.scheme = name AND x.as_of = day) w
			FULL JOIN voided.bears(name) b ON b.customer_id = w.customer_id
		WHERE w.bears IS DISTINCT FROM b.bears AND n > 1;
		INSERT INTO voided.off SELECT name, day, v.kind, v.finding, 'verify_state'
		FROM tiering.verify_state(name) v;
		COMMIT;
		PERFORM tiering.refresh(name, day);
		COMMIT;
	END LOOP;
END;
$$;
SELECT format('CALL voided.live(%L)', 'void_random' || n)
	FROM generate_series(1, 3) n \gexec
SELECT count(*) > t.scaled(700) AS many, count(DISTINCT bears::jsonb -> 'version') > 2 AS versions
FROM voided.was;
SELECT what, count(*) > 0 AS some FROM voided.done WHERE what !~ ' ' GROUP BY what ORDER BY what;
SELECT count(*) AS wrong FROM voided.off;
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme LIKE 'void\_random_';
DROP SCHEMA voided CASCADE;
RESET client_min_messages;
