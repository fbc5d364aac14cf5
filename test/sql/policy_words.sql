-- What the words of a policy mean, each by a bank's rule and its timeline.
CREATE SCHEMA word;
CREATE TABLE word.value (customer_id text, as_of date, value numeric,
	PRIMARY KEY (customer_id, as_of));
CREATE FUNCTION word.ladder(scheme text, columns text, vals text) RETURNS void
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'value', '{mass,gold,platinum}', '{NULL,100,200}');
	EXECUTE format('INSERT INTO tiering.policy (scheme, version, tier, %s)
		SELECT %L, 1, tier, %s FROM unnest(''{gold,platinum}''::text[]) tier', columns, scheme,
			vals);
	PERFORM tiering.publish(scheme, '2020-01-01'), tiering.set_source(scheme, format(
		'SELECT customer_id, value FROM word.value WHERE as_of = $1 AND customer_id LIKE %L', scheme
		|| '-%'));
END;
$$;
-- values of month-ends, from the first one on; "x": not a customer
CREATE FUNCTION word.customer(id text, first date, vals text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO word.value
	SELECT id, (date_trunc('month', first) + (n || ' months')::interval - interval '1 day')::date,
		v::numeric
	FROM regexp_split_to_table(vals, ' +') WITH ORDINALITY s(v, n) WHERE v <> 'x'
$$;
CREATE FUNCTION word.refresh(scheme text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d date;
BEGIN
	SET LOCAL client_min_messages = warning;
	FOR d IN SELECT DISTINCT as_of FROM word.value WHERE customer_id LIKE scheme || '-%' ORDER BY 1
		LOOP
		PERFORM tiering.refresh(scheme, d);
	END LOOP;
END;
$$;
CREATE VIEW word.moves AS
SELECT scheme, customer_id,
	string_agg(format('%s %s->%s %s', as_of, from_tier, to_tier, cause), ', '
	ORDER BY as_of, move) AS moves
FROM tiering.standing_move GROUP BY scheme, customer_id;
SET datestyle = iso;

-- best: after the sixth miss in a row down to the best month of the six
SELECT word.ladder('best', 'down_after, down_to', '6, ''best''');
SELECT word.customer('best-six', '2024-01-01', '250 50 50 50 150 50 50'),
	word.customer('best-none', '2024-01-01', '250 50 50 50 50 50 50'),
	word.customer('best-again', '2024-01-01', '250 150 150 250 50 50 50 50 50 50'),
	word.customer('best-high', '2024-01-01', '250 150 150 150 150 150 50');
SELECT word.refresh('best');
SELECT customer_id, moves FROM word.moves WHERE scheme = 'best' ORDER BY 1;

-- watch_after: on the watch list from the third miss on, down after six
SELECT word.ladder('watch3', 'down_after, watch_after', '6, 3');
SELECT word.customer('watch3-c', '2024-01-01', '150 50 50'), word.refresh('watch3');
SELECT misses, watched FROM tiering.near_downgrade WHERE scheme = 'watch3';
SELECT word.customer('watch3-c', '2024-04-01', '50'), word.refresh('watch3x') FROM (SELECT) one;
SET client_min_messages = warning;
SELECT down FROM tiering.refresh('watch3', '2024-04-30');
RESET client_min_messages;
SELECT misses, watched FROM tiering.near_downgrade WHERE scheme = 'watch3';

-- effective: January's average counts from 1 February
SELECT word.ladder('month', 'effective', '''next_month'''),
	word.ladder('day', 'effective', '''next_day''');
SELECT word.customer(s || '-rises', '2025-12-01', '50 150'),
	word.customer(s || '-falls', '2025-12-01', '150 50'),
	word.customer(s || '-comes', '2025-12-01', 'x 150') FROM unnest('{month,day}'::text[]) s;
SELECT word.refresh('month'), word.refresh('day');
SELECT a.customer_id, a.tier, a.since,
	tiering.tier_on(scheme, a.customer_id, '2026-01-31') AS in_january,
	tiering.tier_on(scheme, a.customer_id, '2026-02-01') AS in_february
FROM tiering.assignment a WHERE scheme IN ('month', 'day') ORDER BY 1;

-- term: kept twelve months, whatever is earned; earned again in month 11: twelve more
SELECT word.ladder('term', 'term, renews', '''12 months'', true'),
	word.ladder('once', 'term', '''12 months''');
SELECT word.customer(s || '-plain', '2023-01-01', '150' || repeat(' 50', 15)),
	word.customer(s || '-again', '2023-01-01', '150' || repeat(' 50', 10) || ' 150'
		|| repeat(' 50', 15)),
	word.customer(s || '-holds', '2023-01-01', repeat('150 ', 13) || repeat(' 50', 15)),
	word.customer(s || '-rises', '2023-01-01', '150 50 250' || repeat(' 50', 15))
FROM unnest('{term,once}'::text[]) s;
-- each is assessed on the days of the others, too
INSERT INTO word.value SELECT c.customer_id, d.as_of, 50
FROM (SELECT DISTINCT customer_id FROM word.value WHERE customer_id ~ '^(term|once)-') c,
	(SELECT DISTINCT as_of FROM word.value WHERE customer_id ~ '^(term|once)-') d ON CONFLICT
	DO NOTHING;
SELECT word.refresh('term'), word.refresh('once');
SELECT customer_id, moves FROM word.moves WHERE scheme IN ('term', 'once') ORDER BY 1;

-- nobody leaves the base downwards, so a term keeps nobody there
SELECT tiering.new_version('term');
INSERT INTO tiering.policy (scheme, version, tier, term) VALUES ('term', 2, 'mass', '1 month');
SELECT * FROM tiering.validate('term', 2);
-- review_from: reviews on the anniversary of entering, or of joining
SELECT word.ladder('entered', 'review_from, review_months', '''entered'', ''{12}'''),
	word.ladder('joined', 'review_from, review_months', '''joined'', ''{12}''');
INSERT INTO word.value
SELECT s || '-leap', d::date,
	CASE WHEN d = '2024-01-15' THEN 50 WHEN d < '2024-03-15' THEN 150 ELSE 50 END
FROM unnest('{entered,joined}'::text[]) s,
	unnest('{2024-01-15,2024-02-29,2024-03-31,2024-12-31,2025-01-31,2025-02-27,2025-02-28,'
		'2025-03-31}'::date[]) d;
SELECT word.refresh('entered'), word.refresh('joined');
SELECT customer_id, moves FROM word.moves WHERE scheme IN ('entered', 'joined') ORDER BY 1;

/*
 * What falls due on a day is done by the first assessment on or after it, once, and
 * bears its own day. Reviewed on the last of December; refreshed on the 30th, and on
 * 1 January.
 */
SELECT word.ladder('year', 'review_months, review_at', '''{12}'', ''month_end''');
INSERT INTO word.value VALUES ('year-c', '2024-11-30', 150), ('year-c', '2024-12-30', 50),
	('year-c', '2025-01-01', 50);
SELECT word.refresh('year');
SELECT customer_id, moves FROM word.moves WHERE scheme = 'year';
SELECT m.as_of, m.assessed, tiering.tier_on('year', 'year-c', '2024-12-30') AS on_30,
	tiering.tier_on('year', 'year-c', '2024-12-31') AS on_31
FROM tiering.migration m WHERE m.scheme = 'year' AND m.cause <> 'new';
-- on last business days of five months each month's review is made, and counts once
SELECT word.ladder('business', 'down_after, review_at', '5, ''month_end''');
INSERT INTO word.value SELECT 'business-c', d, CASE WHEN d = '2024-05-31' THEN 150 ELSE 50 END
FROM unnest('{2024-05-31,2024-06-28,2024-07-31,2024-08-30,2024-09-30,2024-10-31,'
	'2024-11-01}'::date[]) d;
SELECT word.refresh('business');
SELECT tier, misses FROM tiering.assignment WHERE scheme = 'business';
SELECT moves FROM word.moves WHERE scheme = 'business';

-- An override from 1 to 30 March, approved, with assessments at the ends of months
CREATE ROLE word_asks; CREATE ROLE word_decides;
SELECT tiering.grant_role('word_asks', 'request'), tiering.grant_role('word_decides', 'approve');
SELECT tiering.create_ladder('days', 'value', '{mass,gold}', '{NULL,100}'),
	tiering.publish('days', '2020-01-01'),
	tiering.set_source('days',
		'SELECT customer_id, value FROM word.value WHERE as_of = $1 AND customer_id LIKE '
		'''days-%''');
SELECT word.customer('days-c', '2024-01-01', '50 50'),
	word.customer('days-other', '2024-01-01', '50 50');
SELECT word.refresh('days');
SET SESSION AUTHORIZATION word_asks;
SELECT tiering.request_override('days', 'days-c', 'floor', 'gold', '[2024-03-01,2024-03-30]',
	'agreed') AS request \gset
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION word_decides;
SELECT tiering.approve(:request);
RESET SESSION AUTHORIZATION;
INSERT INTO word.value VALUES ('days-c', '2024-03-31', 50), ('days-other', '2024-03-31', 50);
SET client_min_messages = warning;
SELECT fell_due, stayed FROM tiering.refresh('days', '2024-03-31');
RESET client_min_messages;
SELECT customer_id, moves FROM word.moves WHERE scheme = 'days' ORDER BY 1;
SELECT d::date, tiering.tier_on('days', 'days-c', d::date)
	FROM unnest('{2024-02-29,2024-03-01,2024-03-15,2024-03-30,2024-03-31}'::date[]) d;

-- An extra assessment of some is a miss for nobody else
SELECT word.ladder('extra', 'down_after', '3');
SELECT word.customer('extra-a', '2024-01-01', '150 50'),
	word.customer('extra-b', '2024-01-01', '150 50');
SELECT word.refresh('extra');
INSERT INTO word.value SELECT c, d, 50 FROM unnest('{extra-a,extra-b}'::text[]) c,
	unnest('{2024-03-10,2024-03-11,2024-03-31}'::date[]) d;
SELECT t.fails($$SELECT tiering.assess('extra', '2024-02-29', '{extra-a}', 'asked')$$);
SELECT t.fails($$SELECT tiering.assess('extra', '2024-03-10', '{extra-a}', ' ')$$);
SELECT t.fails($$SELECT tiering.assess('extra', '2024-03-10', NULL, 'asked')$$);
SET client_min_messages = warning;
SELECT customers, stayed, down
	FROM tiering.assess('extra', '2024-03-10', '{extra-a}', 'asked for by the branch');
SELECT t.fails($$SELECT tiering.assess('extra', '2024-03-10', '{extra-a}', 'asked')$$);
SELECT customer_id, tier, misses FROM tiering.assignment WHERE scheme = 'extra' ORDER BY 1;
SELECT down FROM tiering.refresh('extra', '2024-03-31');
SELECT customer_id, tier, misses FROM tiering.assignment WHERE scheme = 'extra' ORDER BY 1;
-- which a restatement knows of
SELECT superseded, recorded, written FROM tiering.restate('extra', '2024-01-31');
SELECT superseded, recorded, written
	FROM tiering.restate('extra', '2024-02-01', '{extra-a,extra-b}');
RESET client_min_messages;
SELECT customer_id, moves FROM word.moves WHERE scheme = 'extra' ORDER BY 1;
SELECT scheme, sound FROM
	unnest('{best,watch3,month,day,term,once,entered,joined,year,business,days,extra}'::text[])
	scheme,
	tiering.verify_history(scheme) WHERE NOT sound;
SELECT tiering.revoke_role('word_asks', 'request'), tiering.revoke_role('word_decides', 'approve');
DROP ROLE word_asks; DROP ROLE word_decides;
DROP SCHEMA word CASCADE;
