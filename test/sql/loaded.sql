-- What an old system knew, loaded before the first refresh: its dates are assessments like any
-- other, and what comes after goes on from there.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA loaded;
CREATE TABLE loaded.old (customer_id text, as_of date, tier text, measure numeric, version int);
CREATE FUNCTION loaded.ladder(scheme text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'assets', '{mass,gold,platinum}', '{NULL,100,200}'),
		tiering.publish(scheme, '2024-01-01');
END;
$$;

-- A history of four dates, with no source yet. The seventh customer comes, goes and comes back,
-- of the fifth no money is known.
SELECT loaded.ladder('ld_few');
INSERT INTO loaded.old
SELECT r.customer, d.day, r.tiers[d.n], r.measures[d.n], NULL
FROM (VALUES ('1', '{mass,gold,gold,platinum}'::text[], '{50,150,160,250}'::numeric[]),
		('2', '{platinum,mass,mass,mass}', '{300,20,10,15}'), ('3', '{gold,gold}', '{110,120}'),
		('5', '{mass,mass,mass,mass}', '{}'), ('7', '{NULL,gold,NULL,mass}', '{NULL,101,NULL,7}'))
		r(customer, tiers, measures),
	unnest('{2024-01-15,2024-01-31,2024-02-15,2024-02-29}'::date[]) WITH ORDINALITY d(day, n)
WHERE r.tiers[d.n] IS NOT NULL;
SELECT clock_timestamp() AS before \gset
SELECT * FROM tiering.load_history('ld_few', 'TABLE loaded.old;');
SELECT batch, kind, as_of, moves, superseded, recorded_by = session_user AS by_me
FROM tiering.batch WHERE scheme = 'ld_few';
SELECT customer_id, as_of, from_tier, to_tier, direction, cause, version, measure, assessed = as_of
	AS own_day
FROM tiering.standing_move WHERE scheme = 'ld_few' ORDER BY move;
SELECT customer_id, tier, as_of, since, cause, first_as_of, version, misses, earned, measure
FROM tiering.current_tier WHERE scheme = 'ld_few' ORDER BY customer_id;
SELECT as_of, tier, customers, measure FROM tiering.tier_distribution_history
WHERE scheme = 'ld_few' ORDER BY as_of, rank;
SELECT tier, as_of, customers, measure FROM tiering.tier_distribution WHERE scheme = 'ld_few'
ORDER BY rank;
SELECT as_of, slot > 0 AS in_turn FROM tiering.kept_assessment WHERE scheme = 'ld_few'
ORDER BY as_of;
SELECT from_tier, to_tier, direction, customers, measure_from, measure_to
FROM tiering.migration_matrix('ld_few', '2024-01-31', '2024-02-29') ORDER BY 1, 2;
SELECT tier, opening, new, exit, migrated_in, migrated_out, growth, closing
FROM tiering.measure_bridge('ld_few', '2024-01-31', '2024-02-29');
SELECT tiering.tier_on('ld_few', '7', d) AS seven, tiering.tier_on('ld_few', '1', d) AS one,
	tiering.tier_on('ld_few', '1', d, :'before') AS known_before
FROM unnest('{2024-01-14,2024-01-15,2024-02-01,2024-02-28,2024-03-01}'::date[]) d;
CREATE FUNCTION loaded.wrong(scheme text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT t.invariants(scheme)
	UNION ALL SELECT v::text FROM tiering.verify_state(scheme) v
	UNION ALL SELECT v::text FROM tiering.verify_history(scheme) v WHERE NOT v.sound
$$;
SELECT loaded.wrong('ld_few');

-- A source that is set afterwards goes on behind it. Nothing that was loaded is made again.
CREATE TABLE loaded.balance (customer_id text, as_of date, amount numeric);
SELECT tiering.set_source('ld_few',
	'SELECT customer_id, amount AS assets FROM loaded.balance WHERE as_of = $1');
SELECT refreshed_as_of, refreshed_at IS NOT NULL AS told FROM tiering.source
WHERE scheme = 'ld_few';
INSERT INTO loaded.balance
SELECT c, d, a FROM unnest('{1,2,5,8}'::text[], '{260,16,60,100}'::numeric[]) b(c, a),
	unnest('{2024-02-29,2024-03-31,2024-04-30}'::date[]) d;
SELECT t.fails(c) FROM unnest(ARRAY[
	$$SELECT tiering.refresh('ld_few', '2024-02-29')$$,
	$$SELECT tiering.refresh('ld_few', '2024-02-15')$$,
	$$SELECT tiering.load_history('ld_few', 'TABLE loaded.old')$$]) c;
CREATE TABLE loaded.before AS SELECT a.* FROM tiering.assignment a WHERE scheme = 'ld_few';
SELECT r.as_of, r.customers, r.new, r.up, r.down, r.exit, r.stayed, r.written
FROM unnest('{2024-03-31,2024-04-30}'::date[]) d, tiering.refresh('ld_few', d) r;
SELECT customer_id, as_of, from_tier, to_tier, direction, cause, measure
FROM tiering.standing_move WHERE scheme = 'ld_few' AND batch > 1 ORDER BY move;
SELECT loaded.wrong('ld_few');
SELECT t.fails(c) FROM unnest(ARRAY[
	$$SELECT tiering.restate('ld_few', '2024-02-29')$$,
	$$SELECT tiering.restate('ld_few', '2024-01-01', '{1}')$$]) c;
-- who leaves with the first assessment made again does so with what was loaded of them
DELETE FROM loaded.balance WHERE customer_id = '1' AND as_of > '2024-02-29';
SELECT r.* FROM tiering.restate('ld_few', '2024-03-01') r;
SELECT as_of, from_tier, direction, cause, measure FROM tiering.standing_move
WHERE scheme = 'ld_few' AND customer_id = '1' ORDER BY move;
-- a mark from before is about what comes after
INSERT INTO loaded.balance VALUES ('1', '2024-03-31', 90), ('1', '2024-04-30', 90);
SELECT tiering.mark_dirty('ld_few', '1', '2024-01-20');
SELECT r.* FROM tiering.restate_dirty('ld_few') r;
SELECT as_of, from_tier, to_tier, direction, cause, measure FROM tiering.standing_move
WHERE scheme = 'ld_few' AND customer_id = '1' ORDER BY move;
-- money that the old system did not know is not made up from a source
UPDATE loaded.balance SET amount = 5000 WHERE as_of = '2024-02-29';
SELECT tiering.recount('ld_few');
SELECT loaded.wrong('ld_few');

-- Both refreshes are taken back: customers are where they were loaded, and what the source says of
-- the last loaded day counts for nothing.
SELECT now_as_of FROM unnest('{2024-04-30,2024-03-31}'::date[]) d,
	tiering.void_assessment('ld_few', d, 'a try');
SELECT count(*) AS differ FROM (
	SELECT to_jsonb(a) - 'recorded_at' FROM loaded.before a
	EXCEPT SELECT to_jsonb(a) - 'recorded_at' FROM tiering.assignment a WHERE scheme = 'ld_few') x;
SELECT tier, as_of, customers, measure FROM tiering.tier_distribution WHERE scheme = 'ld_few'
ORDER BY rank;
SELECT tiering.mark_dirty('ld_few', '1', '2024-01-20');
SELECT r.* FROM tiering.restate_dirty('ld_few') r;
SELECT r.* FROM tiering.restate('ld_few', '2024-03-01') r;
SELECT loaded.wrong('ld_few');
-- And so is what was loaded, date by date: the last one can be made by a refresh, and all of it
-- loaded once more.
SELECT superseded, written, now_as_of
FROM tiering.void_assessment('ld_few', '2024-02-29', 'graded by us');
SELECT loaded.wrong('ld_few');
SELECT customers, new, up, down, exit, stayed FROM tiering.refresh('ld_few', '2024-02-29');
SELECT loaded.wrong('ld_few');
SELECT r.customers, r.superseded FROM tiering.restate('ld_few', '2024-02-29') r;
SELECT t.fails($$SELECT tiering.restate('ld_few', '2024-02-15')$$);
SELECT now_as_of FROM unnest('{2024-02-29,2024-02-15,2024-01-31}'::date[]) d,
	tiering.void_assessment('ld_few', d, 'all wrong');
SELECT loaded.wrong('ld_few');
SELECT now_as_of FROM tiering.void_assessment('ld_few', '2024-01-15', 'all wrong');
SELECT loaded.wrong('ld_few');
SELECT loaded, customers, moves FROM tiering.load_history('ld_few',
	'SELECT customer_id, as_of, tier, measure, 1::smallint AS version FROM loaded.old');
SELECT loaded.wrong('ld_few');
SELECT count(*) AS differ FROM (
	SELECT to_jsonb(a) - 'recorded_at' FROM loaded.before a
	EXCEPT SELECT to_jsonb(a) - 'recorded_at' FROM tiering.assignment a WHERE scheme = 'ld_few') x;

-- What is refused is refused whole, by the first row that is wrong.
SELECT loaded.ladder('ld_no'), loaded.ladder('ld_hand');
SELECT tiering.new_version('ld_no');
SELECT t.fails(format('SELECT tiering.load_history(%L, %L)', 'ld_no', q)) FROM unnest(ARRAY[
	$$SELECT NULL::text AS customer_id, date '2024-01-31' AS as_of, 'mass' AS tier,
		1 AS measure, 1 AS version$$,
	$$SELECT 'a' AS customer_id, NULL::date AS as_of, 'mass' AS tier, 1 AS measure, 1 AS version$$,
	$$SELECT 'a' AS customer_id, date '2024-01-31' AS as_of, NULL AS tier, 1 AS measure,
		1 AS version$$,
	$$SELECT NULL::text AS customer_id, NULL::date AS as_of, NULL AS tier, NULL::int AS measure,
		NULL::int AS version$$,
	$$SELECT 'a' AS customer_id, d AS as_of, 'vip' AS tier, 1 AS measure, 1 AS version
		FROM unnest('{2024-02-29,2024-01-31}'::date[]) d$$,
	$$SELECT c AS customer_id, date '2024-01-31' AS as_of, 'mass' AS tier, 1 AS measure,
		1 AS version FROM unnest('{a,c,b,c}'::text[]) c$$,
	$$SELECT 'a' AS customer_id, date '2023-12-31' AS as_of, 'mass' AS tier, 1 AS measure,
		1 AS version$$,
	$$SELECT 'a' AS customer_id, date '2024-01-31' AS as_of, 'mass' AS tier, 1 AS measure,
		2 AS version$$,
	$$SELECT 'a' AS customer_id, date '2024-01-31' AS as_of, 'mass' AS tier,
		'NaN'::numeric AS measure, 1 AS version$$,
	$$TABLE loaded.old LIMIT 0$$, ' ', NULL, 'TABLE old', 'TABLE loaded.none', 'SELECT 1; SELECT 2',
	'DELETE FROM loaded.old RETURNING *',
	'SELECT customer_id, as_of, tier, measure FROM loaded.old',
	'SELECT customer_id, as_of::timestamp AS as_of, tier, measure, version FROM loaded.old',
	'SELECT customer_id, as_of, tier, measure::float8 AS measure, version FROM loaded.old',
	'SELECT * FROM loaded.old WHERE as_of = $1',
	'SELECT 1/0 AS customer_id, as_of, tier, measure, version FROM loaded.old']) q;
SELECT regexp_replace(t.fails(format($$SELECT tiering.load_history('ld_no', 'SELECT ''a''
	AS customer_id, %s AS as_of, ''mass'' AS tier, 1 AS measure, 1 AS version')$$, day)),
	'\d\d-\d\d-\d{4}', 'DAY', 'g')
FROM unnest(ARRAY['current_date + 1', $$date ''-infinity''$$, $$date ''infinity''$$]) day;
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('ld_hand', 'a', 'mass', '2024-01-31', '2024-01-31', 1);
SELECT t.fails(c) FROM unnest(ARRAY[
	$$SELECT tiering.load_history('ld_none', 'TABLE loaded.old')$$,
	$$SELECT tiering.load_history(NULL, 'TABLE loaded.old')$$,
	$$SELECT tiering.load_history('ld_hand', 'TABLE loaded.old')$$,
	$$DELETE FROM tiering.assignment WHERE scheme = 'ld_hand'$$,
	$$SELECT tiering.load_history('ld_hand', 'TABLE loaded.old')$$]) c;
SELECT (SELECT count(*) FROM tiering.assignment WHERE scheme = 'ld_no') AS customers,
	(SELECT count(*) FROM tiering.migration WHERE scheme = 'ld_no') AS moves,
	(SELECT count(*) FROM tiering.assessment WHERE scheme = 'ld_no') AS assessed,
	(SELECT count(*) FROM tiering.kept_assessment WHERE scheme = 'ld_no') AS kept,
	(SELECT count(*) FROM tiering.distribution_history WHERE scheme = 'ld_no') AS sums;

-- The right is load. The query has the rights of who calls, and writes nothing of ours.
CREATE ROLE loaded_night;
CREATE ROLE loaded_other;
SELECT tiering.grant_role('loaded_night', 'load'), tiering.grant_role('loaded_other', 'report');
GRANT USAGE ON SCHEMA loaded, t TO loaded_night, loaded_other;
CREATE FUNCTION loaded.writes(text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	EXECUTE $1;
	RETURN 'a';
END;
$$;
CREATE FUNCTION loaded.lend() RETURNS tiering.load_result LANGUAGE sql VOLATILE SECURITY DEFINER
AS $$ SELECT tiering.load_history('ld_no', 'TABLE loaded.old') $$;
SET SESSION AUTHORIZATION loaded_other;
SELECT t.fails($$SELECT tiering.load_history('ld_no', 'TABLE loaded.old')$$),
	t.fails('SELECT loaded.lend()');
SET SESSION AUTHORIZATION loaded_night;
SELECT t.fails(c) FROM unnest(ARRAY[
	$$SELECT tiering.load_history('ld_no', 'TABLE loaded.old')$$,
	$$SELECT _tiering.history_rows('ld_no', 'TABLE loaded.old')$$,
	$$SELECT tiering.load_history('ld_no', 'SELECT loaded.writes(''INSERT INTO tiering.fx_rate
		DEFAULT VALUES'') AS customer_id, NULL::date AS as_of, NULL AS tier, 1 AS measure,
		1 AS version')$$,
	$$SELECT tiering.load_history('ld_no', 'SELECT loaded.writes(''SELECT
		tiering.mark_dirty($a$ld_no$a$, $a$a$a$, $a$2024-01-31$a$)'') AS customer_id,
		NULL::date AS as_of, NULL AS tier, 1 AS measure, 1 AS version')$$]) c;
RESET SESSION AUTHORIZATION;
GRANT SELECT ON loaded.old TO loaded_night;
ALTER TABLE loaded.old ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON loaded.old TO loaded_night USING (customer_id = '1');
SET SESSION AUTHORIZATION loaded_night;
SELECT t.fails($$SELECT tiering.load_history('ld_no', 'TABLE loaded.old')$$);
RESET SESSION AUTHORIZATION;
ALTER TABLE loaded.old DISABLE ROW LEVEL SECURITY;
-- a file that was copied into a temporary table is one's own
SET SESSION AUTHORIZATION loaded_night;
CREATE TEMP TABLE file AS SELECT * FROM loaded.old;
SELECT customers FROM tiering.load_history('ld_no', 'TABLE pg_temp.file');
DROP TABLE file;
RESET SESSION AUTHORIZATION;
SELECT recorded_by, kind FROM tiering.batch WHERE scheme = 'ld_no';
SELECT loaded.wrong('ld_no');

-- A bank that was graded here from the beginning, night by night, and others of which the first
-- nights are what an old system is said to have known: in the end no more than the cause of moves
-- tells them apart. A version renames one tier and ends another; who leaves does so before it or
-- after it, as at it the tier left would be told by another name.
DELETE FROM loaded.balance;
INSERT INTO loaded.balance
SELECT c, d.as_of, round(250 * t.random(c * 1000 + d.n / 3)
	+ 60 * t.random(c * 7919 + d.n)) - CASE WHEN c % 20 = 0 THEN 100 ELSE 0 END
FROM (SELECT day::date AS as_of, row_number() OVER (ORDER BY day) AS n
	  FROM generate_series('2024-01-17'::date, '2024-12-31', '21 days') day) d,
	generate_series(1, 150) c
WHERE t.random(c * 31 + d.n / 3) > 0.1 OR d.as_of BETWEEN '2024-04-10' AND '2024-05-20';
CREATE FUNCTION loaded.bank(scheme text, keeps text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM loaded.ladder(scheme), tiering.new_version(scheme);
	DELETE FROM tiering.rule r WHERE r.scheme = $1 AND r.version = 2 AND r.tier <> 'mass';
	DELETE FROM tiering.tier n WHERE n.scheme = $1 AND n.version = 2 AND n.tier = 'platinum';
	UPDATE tiering.tier n SET tier = 'aurum', succeeds = 'gold'
	WHERE n.scheme = $1 AND n.version = 2 AND n.tier = 'gold';
	INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES (scheme, 2, 'diamond', 9);
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES (scheme, 2, 'aurum', 1, 'assets', '[100,230)'),
		(scheme, 2, 'diamond', 1, 'assets', '[230,)');
	PERFORM tiering.publish(scheme, '2024-05-01'), tiering.keep_assessments(scheme, keeps),
		tiering.set_source(scheme,
			'SELECT customer_id, amount AS assets FROM loaded.balance WHERE as_of = $1');
END;
$$;
SELECT loaded.bank(s, 'all') FROM unnest('{ld_here,ld_1,ld_5,ld_17}'::text[]) s;
SELECT count(tiering.refresh('ld_here', d.as_of)) AS nights
FROM (SELECT DISTINCT as_of FROM loaded.balance ORDER BY 1) d;
SELECT s, l.assessments, l.loaded, l.customers, l.moves
FROM unnest('{1,5,17}'::int[]) n CROSS JOIN LATERAL (SELECT 'ld_' || n AS s) x
	CROSS JOIN LATERAL tiering.load_history(s, format('SELECT customer_id, as_of, tier, measure,
		CASE WHEN as_of < %L THEN version END AS version FROM tiering.assessment
		WHERE scheme = %L AND as_of IN (SELECT DISTINCT as_of FROM loaded.balance ORDER BY 1
			LIMIT %s) ORDER BY measure', '2024-07-01', 'ld_here', n)) l;
SELECT s AS scheme, loaded.wrong(s) FROM unnest('{ld_here,ld_1,ld_5,ld_17}'::text[]) s;
SELECT s.scheme, count(tiering.refresh(s.scheme, d.as_of)) AS nights
FROM (SELECT DISTINCT as_of FROM loaded.balance ORDER BY 1) d, tiering.source s
WHERE s.scheme IN ('ld_1', 'ld_5') AND d.as_of > s.refreshed_as_of
GROUP BY 1 ORDER BY 1;
SELECT s AS scheme, loaded.wrong(s) FROM unnest('{ld_1,ld_5}'::text[]) s;
CREATE VIEW loaded.told AS
SELECT scheme, 'customer' AS what, jsonb_build_array(customer_id, tier, since, version, first_as_of,
	earned, misses, next_tier, policy_tier, measure) AS told FROM tiering.current_tier
UNION ALL
SELECT scheme, 'move', jsonb_build_array(customer_id, as_of, from_tier, to_tier, direction, version,
	measure, assessed) FROM tiering.standing_move
UNION ALL
SELECT scheme, 'sums', jsonb_build_array(as_of, tier, version, customers, measure)
FROM tiering.tier_distribution_history
UNION ALL
SELECT scheme, 'now', jsonb_build_array(as_of, tier, version, customers, measure)
FROM tiering.tier_distribution
UNION ALL
SELECT scheme, 'matrix', jsonb_build_array(as_of, from_tier, to_tier, direction, from_rank, to_rank,
	customers, measure_from, measure_to) FROM tiering.migration_matrix
UNION ALL
SELECT s.scheme, 'span', to_jsonb(m) || jsonb_build_object('from', d.day)
FROM tiering.source s, unnest('{2024-01-17,2024-02-28,2024-06-12}'::date[])
	d(day), tiering.migration_matrix(s.scheme, d.day, '2024-12-18') m
WHERE s.scheme ~ '^ld_(here|\d+)$'
UNION ALL
SELECT s.scheme, 'on', jsonb_build_array(d.day, p.customer_id, p.tier, p.since, p.measure)
FROM tiering.source s, unnest('{2024-01-17,2024-04-25,2024-08-14}'::date[]) d(day),
	tiering.tiers_on(s.scheme, d.day) p
WHERE s.scheme ~ '^ld_(here|\d+)$'
UNION ALL
SELECT scheme, 'kept', jsonb_build_array(as_of, customer_id, tier, measure, version)
FROM tiering.assessment WHERE NOT amends;
CREATE TABLE loaded.all_told AS SELECT * FROM loaded.told WHERE scheme ~ '^ld_(here|\d+)$';
SELECT s AS scheme, (SELECT count(*) > 1000 FROM loaded.all_told WHERE scheme = s) AS many,
	(SELECT jsonb_agg(x) FROM (
		(SELECT what, told FROM loaded.all_told WHERE scheme = 'ld_here'
		 EXCEPT ALL SELECT what, told FROM loaded.all_told WHERE scheme = s)
		UNION ALL
		(SELECT what, told FROM loaded.all_told WHERE scheme = s
		 EXCEPT ALL SELECT what, told FROM loaded.all_told WHERE scheme = 'ld_here')
		LIMIT 3) x) AS differs
FROM unnest('{ld_1,ld_5,ld_17}'::text[]) s;
SELECT scheme, cause, count(*) FROM tiering.standing_move WHERE scheme IN ('ld_here', 'ld_5')
GROUP BY 1, 2 ORDER BY 1, 2;

-- Late data after the last loaded date: restated in both, they are the same again.
UPDATE loaded.balance SET amount = amount + 90 WHERE customer_id::int % 7 = 0
	AND as_of > '2024-08-01';
DELETE FROM loaded.balance WHERE customer_id::int % 29 = 0 AND as_of > '2024-09-01';
SELECT s, r.superseded, r.recorded
FROM unnest('{ld_here,ld_5}'::text[]) s, tiering.restate(s, '2024-04-25') r;
SELECT loaded.wrong(s) FROM unnest('{ld_here,ld_5}'::text[]) s;
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE schemes <> '{ld_5,ld_here}') AS differ
FROM (SELECT array_agg(scheme ORDER BY scheme) AS schemes FROM loaded.told
	  WHERE scheme IN ('ld_here', 'ld_5') GROUP BY what, told) x;

-- What is kept is what keep_assessments() says, and the last two
SELECT loaded.bank('ld_keep_' || k, k) FROM unnest('{month_end,last,all}'::text[]) k;
SELECT tiering.keep_assessments('ld_keep_all', 'all', '60 days');
SELECT tiering.load_history('ld_keep_' || k, $$SELECT customer_id, as_of, tier, measure,
	NULL::int AS version FROM tiering.assessment
	WHERE scheme = 'ld_17' AND as_of < '2024-08-20' AND NOT amends$$)
FROM unnest('{month_end,last,all}'::text[]) k;
SELECT scheme, count(DISTINCT slot) AS parts,
	string_agg(to_char(as_of, 'MM-DD'), ' ' ORDER BY as_of) AS days
FROM tiering.kept_assessment WHERE scheme LIKE 'ld_keep%' GROUP BY scheme ORDER BY scheme;
SELECT loaded.wrong('ld_keep_' || k) FROM unnest('{month_end,last,all}'::text[]) k;
SELECT count(tiering.refresh(s.scheme, d.as_of)) AS nights
FROM tiering.source s, (SELECT DISTINCT as_of FROM loaded.balance WHERE as_of < '2024-09-30'
	ORDER BY 1) d
WHERE s.scheme LIKE 'ld_keep%' AND d.as_of > s.refreshed_as_of;
SELECT scheme, string_agg(to_char(as_of, 'MM-DD'), ' ' ORDER BY as_of) AS days
FROM tiering.kept_assessment WHERE scheme LIKE 'ld_keep%' GROUP BY scheme ORDER BY scheme;
SELECT loaded.wrong('ld_keep_' || k) FROM unnest('{month_end,last,all}'::text[]) k;

-- What the policy had noted is not known: misses begin with the first refresh, holds by since.
SELECT tiering.create_ladder('ld_policy', 'assets', '{mass,gold}', '{NULL,100}');
INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES ('ld_policy', 1, 'gold', 2);
SELECT tiering.publish('ld_policy', '2024-01-01'), tiering.set_source('ld_policy',
	$$SELECT 'a' AS customer_id, 50 AS assets$$);
SELECT customers FROM tiering.load_history('ld_policy', $$SELECT 'a' AS customer_id, day AS as_of,
	'gold' AS tier, 50 AS measure, 1 AS version
	FROM unnest('{2024-01-31,2024-02-29}'::date[]) d(day)$$);
SELECT (tiering.refresh('ld_policy', '2024-03-31')).down;
SELECT tier, since, misses, next_tier FROM tiering.assignment WHERE scheme = 'ld_policy';
SELECT (tiering.refresh('ld_policy', '2024-04-30')).down;
SELECT loaded.wrong('ld_policy');
DROP OWNED BY loaded_night, loaded_other;
DROP ROLE loaded_night, loaded_other;
DROP SCHEMA loaded CASCADE;
