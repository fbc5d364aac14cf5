-- customer_status() against the views, for all customers of a book; projected_tier, to_hold and
-- to_stay against days that are counted one by one.

-- On 24 November, a month's average, gold from 50,000: who has moved their money since the 21st
CREATE SCHEMA one;
SET jit = off;	-- hundreds of schemes are what the planner expects before tables are analyzed
CREATE TABLE one.history (customer_no text, balance numeric(18, 2), valid daterange);
INSERT INTO one.history VALUES ('A', 60000, '[2024-11-01,2024-11-21)'),
	('A', 1000, '[2024-11-21,)'), ('B', 1000, '[2024-11-01,2024-11-21)'),
	('B', 200000, '[2024-11-21,)');
SELECT tiering.create_ladder('one_ladder', 'assets', '{mass,silver,gold}', '{NULL,20000,50000}');
SELECT tiering.publish('one_ladder', '2024-01-01');
SELECT tiering.set_source('one_ladder', $$
	SELECT customer_no AS customer_id,
		round(tiering.daily_avg(balance, valid, tiering.month_to_date($1)), 2) AS assets
	FROM one.history GROUP BY customer_no$$);
SELECT tiering.set_series('one_ladder', $$
	SELECT customer_no AS customer_id, tiering.daily_series(balance, valid) AS balances,
		tiering.month($1 + 1) AS period
	FROM one.history GROUP BY customer_no$$);
SELECT (tiering.refresh('one_ladder', '2024-11-24')).customers;
SELECT customer_id, tier, projected_tier, round(projected_measure, 2) AS projected_measure, until,
	as_of
FROM tiering.projected_tier WHERE scheme = 'one_ladder' ORDER BY customer_id;
SELECT c, s.tier, projected_tier, round(projected_measure, 2) AS projected_measure, to_hold,
	to_stay, hold_until, days_left, measure, measured_as_of
FROM unnest('{A,B}'::text[]) c, tiering.customer_status('one_ladder', c) s ORDER BY c;
SELECT customer_id, balance_to_hold, hold_until FROM tiering.near_downgrade
WHERE scheme = 'one_ladder'
ORDER BY customer_id;
-- for another day source and series are asked as of that
SELECT d, measure, measured_as_of, to_stay, hold_until, days_left, projected_tier
FROM unnest('{2024-11-27,2024-11-29,2024-11-30}'::date[]) d,
	tiering.customer_status('one_ladder', 'A', d);

-- A book: other metrics, another rule for some, staying for less, policies, approvals
SELECT tiering.import_scheme('{"scheme": "one", "metrics": [
	{"metric": "assets", "is_measure": true}, {"metric": "months"},
	{"metric": "kind", "actionable": false}, {"metric": "heed", "kind": "score"}],
	"scores": [{"score": "heed", "metric": "assets", "weight": 1, "bands": [
		{"bounds": "(,30000)", "points": 0}, {"bounds": "[30000,)", "points": 2}]},
		{"score": "heed", "metric": "months", "weight": 1, "null_points": 0, "bands": [
		{"bounds": "(,4)", "points": 0}, {"bounds": "[4,)", "points": 1}]}],
	"tiers": [{"tier": "mass", "rank": 1, "base": true, "title": "Mass", "title_zh": "大众",
		"benefits": [{"benefit": "transfers", "title": "Free transfers", "kind": "waiver",
			"inherited": true}, {"benefit": "app", "kind": "access"}]},
	{"tier": "silver", "rank": 2, "title": "Silver", "title_zh": "银", "rules": [
		{"assets": "[20000,)"}, {"assets": "(8000,)", "kind": "[2,2]"}],
		"benefits": [{"benefit": "lounge", "kind": "quantity", "value": 2.50, "unit": "visits",
			"inherited": true}, {"benefit": "counter", "kind": "access", "unit": "hours"}],
		"service": {"benefits": "No fees"}},
	{"tier": "gold", "rank": 3, "title": "Gold", "title_zh": "金", "rules": [
		{"assets": "[50000,)"}, {"heed": "[3,)", "kind": "[1,1]"}],
		"stay_rules": [{"assets": "[45000,)"}], "service": {"benefits": "A room of its own"},
		"benefits": [{"benefit": "lounge", "title": "The lounge", "kind": "quantity", "value": 100,
			"unit": "visits"}, {"benefit": "loans", "kind": "rate", "value": 0.25}],
		"policy": {"down_after": 2, "watch_after": 1}},
	{"tier": "private", "rank": 4, "approval": true, "rules": [
		{"assets": "(90000,)", "months": "[6,)"}]}]}');
SELECT tiering.publish('one', '2024-01-01');
TRUNCATE one.history;
INSERT INTO one.history
SELECT lpad(g::text, 3, '0'), round(t.random(g * 10 + n) ^ 2 * 120000 - 500, 2),
	daterange(date '2024-10-01' + 14 * n, CASE WHEN n < 3 THEN date '2024-10-01' + 14 * (n + 1) END)
FROM generate_series(1, 120) g, generate_series(0, 3) n;
CREATE TABLE one.person AS
SELECT lpad(g::text, 3, '0') AS no, CASE WHEN g % 9 > 0 THEN g % 12 END AS months, g % 4 AS kind
FROM generate_series(1, 120) g;
SELECT tiering.set_source('one', $$
	SELECT p.no AS customer_id, p.months, p.kind, (
		SELECT tiering.daily_avg(h.balance, h.valid, tiering.month_to_date($1))
		FROM one.history h WHERE h.customer_no = p.no) AS assets
	FROM one.person p$$);
SELECT tiering.set_series('one', s.query) FROM tiering.series_source s WHERE scheme = 'one_ladder';
SELECT (tiering.refresh('one_ladder', '2024-11-25')).customers;
SELECT (tiering.refresh('one', d)).customers
FROM unnest('{2024-10-31,2024-11-10,2024-11-24}'::date[]) d;
SELECT tiering.rename_customer('one', '007', 'N07', '2024-11-24', 'a new card');
SELECT tiering.request_override('one', '005', 'floor', 'gold', '[2024-11-01,2025-02-01)', 'a')
	AS floor \gset
SELECT tiering.request_override('one', '008', 'cap', 'mass', '[2024-11-01,2025-02-01)', 'b')
	AS cap \gset
CREATE ROLE one_chief LOGIN;
SELECT tiering.grant_role('one_chief', 'approve');
SET SESSION AUTHORIZATION one_chief;
SELECT tiering.approve(:floor);
RESET SESSION AUTHORIZATION;
CREATE TABLE one.status AS
SELECT a.scheme, a.customer_id, s.* FROM tiering.assignment a,
	tiering.customer_status(a.scheme, a.customer_id) s
WHERE a.scheme IN ('one', 'one_ladder');
SELECT scheme, count(*) AS customers, count(DISTINCT tier) AS tiers,
	count(*) FILTER (WHERE watched) AS watched, count(override) AS overrides,
	count(request_pending) AS pending, count(to_hold) AS to_hold, count(to_stay) AS to_stay,
	count(*) FILTER (WHERE projected_tier <> tier) AS moving
FROM one.status GROUP BY scheme ORDER BY scheme;

-- what views say of the customers, all at once
SELECT s.scheme, count(*) AS customers, count(*) FILTER (WHERE (s.tier, s.since, s.cause, s.earned,
		s.misses, s.measure, s.measured_as_of, s.next_review) IS DISTINCT FROM (c.tier, c.since,
		c.cause, c.earned, c.misses, c.measure, c.measured_as_of, c.next_review)) AS wrong,
	count(*) FILTER (WHERE s.watched IS DISTINCT FROM COALESCE(d.watched, false)) AS wrong_watched,
	count(*) FILTER (WHERE (s.title, s.title_zh) IS DISTINCT FROM (
		NULLIF(t.title, ''), NULLIF(t.title_zh, ''))) AS wrong_words,
	count(*) FILTER (WHERE (s.projected_tier, round(s.projected_measure, 2), s.hold_until)
		IS DISTINCT FROM (p.projected_tier, p.projected_measure, p.until)) AS wrong_projection,
	count(*) FILTER (WHERE s.days_left <> s.hold_until - s.measured_as_of) AS wrong_days
FROM one.status s JOIN _tiering.customer_now c USING (scheme, customer_id)
	JOIN tiering.tier t ON (t.scheme, t.version, t.tier) = (c.scheme, c.version, c.tier)
	LEFT JOIN tiering.near_downgrade d ON (d.scheme, d.customer_id) = (c.scheme, c.customer_id)
	LEFT JOIN (SELECT * FROM tiering.projected_tier WHERE scheme = 'one'
		UNION ALL SELECT * FROM tiering.projected_tier WHERE scheme = 'one_ladder') p
		ON (p.scheme, p.customer_id) = (c.scheme, c.customer_id)
GROUP BY s.scheme ORDER BY s.scheme;
-- what they get: as tier_benefit has it, inherited ones too, and what is written beside it
SELECT DISTINCT scheme, tier, benefits FROM one.status ORDER BY scheme, tier;
SELECT count(*) > 3 AS benefits, count(*) FILTER (WHERE position(COALESCE(b.title, b.benefit)
	IN s.benefits) > 0 IS NOT TRUE) AS untold
FROM (SELECT DISTINCT tier, benefits FROM one.status WHERE scheme = 'one') s
	JOIN tiering.tier_benefit b ON b.scheme = 'one' AND b.tier = s.tier;
SELECT count(*) AS wrong FROM one.status s FULL JOIN (
	SELECT DISTINCT ON (c, customer_id) c AS scheme, l.*
	FROM unnest('{one,one_ladder}'::text[]) c, tiering.shortfall(c) WITH ORDINALITY l
	ORDER BY c, customer_id, ordinality) l USING (scheme, customer_id)
WHERE (s.next_tier, s.rule, s.metric, s.value, s.bound, s.distance, s.distance_percent,
	s.conditions_missing) IS DISTINCT FROM (l.next_tier, l.rule, l.metric, l.value, l.bound,
	l.distance, l.distance_percent, l.conditions_missing);
-- where rules look at the measure alone near lists say the same
SELECT count(*) AS customers, count(*) FILTER (WHERE (s.next_tier, s.metric, s.bound, s.distance,
		s.to_hold) IS DISTINCT FROM (u.next_tier, u.metric, u.bound, u.distance,
		u.balance_to_hold)) AS wrong_upgrade,
	count(*) FILTER (WHERE s.to_stay IS DISTINCT FROM d.balance_to_hold
		OR s.hold_until <> d.hold_until) AS wrong_downgrade
FROM one.status s LEFT JOIN tiering.near_upgrade u USING (scheme, customer_id)
	LEFT JOIN tiering.near_downgrade d USING (scheme, customer_id)
WHERE scheme = 'one_ladder';
SELECT customer_id, override, request_pending FROM one.status
WHERE override IS NOT NULL OR request_pending IS NOT NULL AND customer_id = '008' ORDER BY 1;
SELECT count(*) AS wrong FROM one.status s FULL JOIN (
	SELECT customer_id, string_agg(kind || ' ' || tier, ', ' ORDER BY request) AS pending
	FROM tiering.request_state WHERE scheme = 'one' AND state = 'pending' GROUP BY customer_id) r
	ON s.scheme = 'one' AND s.customer_id = r.customer_id
WHERE s.request_pending IS DISTINCT FROM r.pending;

-- day by day: the balance of the last day known goes on
CREATE TABLE one.day AS
SELECT h.customer_no AS customer_id, d::date AS day, h.balance
FROM one.history h, generate_series(date '2024-11-01', '2024-11-30', '1 day') d
WHERE h.valid @> d::date;
CREATE TABLE one.flat AS
SELECT s.scheme, s.customer_id, d.customer_id AS no, s.measured_as_of AS known, sum(d.balance)
		FILTER (WHERE d.day <= s.measured_as_of) AS so_far,
	30 - extract(day FROM s.measured_as_of)::int AS days_left,
	min(d.balance) FILTER (WHERE d.day = s.measured_as_of) AS balance
FROM one.status s JOIN one.day d ON d.customer_id = CASE s.customer_id WHEN 'N07' THEN '007'
	ELSE s.customer_id END
GROUP BY s.scheme, s.customer_id, d.customer_id, s.measured_as_of;
-- the series may tell by the number that a customer had before
SELECT count(*) AS customers, count(*) FILTER (WHERE s.projected_measure IS NULL) AS unknown,
	count(*) FILTER (WHERE round((f.so_far + f.balance * f.days_left) / 30, 8)
		<> round(s.projected_measure, 8)) AS wrong_measure,
	count(*) FILTER (WHERE s.projected_tier <> tiering.classify_held(s.scheme, m, '2024-11-24',
		s.tier)) AS wrong_tier
FROM one.status s JOIN one.flat f USING (scheme, customer_id)
	LEFT JOIN one.person p ON p.no = f.no,
	LATERAL (SELECT s.projected_measure AS assets, p.months, p.kind) m;
-- what to hold is enough, and a cent less is not; for the next tier and to stay
SELECT w.what, count(*) > 50 AS many,
	count(*) FILTER (WHERE NOT e2.enough) AS too_little,
	count(*) FILTER (WHERE e2.less) AS too_much
FROM (SELECT s.*, f.so_far, f.days_left AS days, p.months, p.kind, h.rank AS held, n.rank AS next
	  FROM one.status s JOIN one.flat f USING (scheme, customer_id)
		LEFT JOIN one.person p ON p.no = f.no
		JOIN tiering.tier h ON h.scheme = s.scheme AND h.tier = s.tier
		LEFT JOIN tiering.tier n ON n.scheme = s.scheme AND n.tier = s.next_tier) s,
	LATERAL (VALUES ('next', s.to_hold, s.next), ('stay', s.to_stay, s.held))
		w(what, balance, rank),
	LATERAL (SELECT bool_or(e.rank >= w.rank) FILTER (WHERE cents = 0) AS enough,
			bool_or(e.rank >= w.rank) FILTER (WHERE cents = 1) AS less
		FROM generate_series(0, 1) cents, LATERAL (
			SELECT (s.so_far + (w.balance - 0.01 * cents) * s.days) / 30 AS assets, s.months,
				s.kind) m, LATERAL (
			SELECT t.rank FROM tiering.tier t WHERE t.scheme = s.scheme AND t.tier
				= tiering.classify_held(s.scheme, m, '2024-11-24', s.tier)) e) e2
WHERE w.balance IS NOT NULL AND (w.what = 'stay' OR s.conditions_missing = 1)
GROUP BY w.what ORDER BY w.what;
-- who has nothing to hold to stay stays with nothing, or falls whatever they hold
SELECT count(*) > 20 AS many, count(*) FILTER (WHERE l.rank >= h.rank IS DISTINCT FROM
	(u.rank >= h.rank)) AS wrong
FROM one.status s JOIN one.flat f USING (scheme, customer_id)
	JOIN tiering.tier h ON h.scheme = s.scheme AND h.tier = s.tier
	LEFT JOIN one.person p ON p.no = f.no,
	LATERAL (SELECT -1e20 AS assets, p.months, p.kind) ml,
	LATERAL (SELECT 1e20 AS assets, p.months, p.kind) mu,
	LATERAL (SELECT t.rank FROM tiering.tier t WHERE t.scheme = s.scheme
		AND t.tier = tiering.classify_held(s.scheme, ml, '2024-11-24', s.tier)) l,
	LATERAL (SELECT t.rank FROM tiering.tier t WHERE t.scheme = s.scheme
		AND t.tier = tiering.classify_held(s.scheme, mu, '2024-11-24', s.tier)) u
WHERE s.to_stay IS NULL AND s.projected_measure IS NOT NULL;

-- by a former number, and who is nobody; a scheme without source and series
SELECT count(*) FROM tiering.customer_status('one', '007') JOIN one.status s USING (since, measure)
WHERE s.scheme = 'one' AND s.customer_id = 'N07';
SELECT count(*) FROM tiering.customer_status('one', 'nobody');
SELECT tiering.create_ladder('one_bare', 'assets', '{mass,gold}', '{NULL,50000}');
SELECT tiering.publish('one_bare', '2024-01-01');
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('one_bare', 'x', 'mass', '2024-11-01', '2024-11-01', 1);
SELECT tier, since, cause, measure, measured_as_of, next_tier, to_stay, watched
FROM tiering.customer_status('one_bare', 'x');
SELECT q, t.fails('SELECT * FROM tiering.customer_status(' || q || ')') FROM unnest(ARRAY[
	$$'nothing', 'x'$$, $$NULL, 'x'$$, $$'one', '001', 'infinity'$$,
	$$'one', '001', '2023-12-31'$$]) q;
-- Whatever is joined to a view with a customer, it is worked out once: by tables that were never
-- analyzed, in both directions, by the plans that the planner likes, and by nested loops alone.
-- Functions are called once or twice, and nothing is done for each customer and each row joined.
-- What near views make of rules they make of all schemes' at once, and of which rank tiers are
-- they ask once for each scheme.
CREATE TABLE one.card WITH (autovacuum_enabled = false) AS
SELECT no, no::int % 3 AS kind FROM one.person;
CREATE TABLE one.phone WITH (autovacuum_enabled = false) AS SELECT no, 'x' AS phone FROM one.person;
CREATE INDEX ON one.phone (no);
CREATE FUNCTION one.loops(query text, OUT calls int, OUT most int) LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, TIMING OFF, FORMAT JSON) SELECT v.* ' || query INTO plan;
	calls := max(n::numeric) FROM jsonb_path_query(plan, 'strict $.**
		?(@."Node Type" == "Function Scan" && @."Schema" == "_tiering"
			&& @."Function Name" <> "ranks_in")."Actual Loops"') n;
	most := max(n::numeric) FROM jsonb_path_query(plan, 'strict $.**."Actual Loops"') n;
END;
$$;
CREATE TABLE one.joined AS
SELECT c.relname AS view, format(j, 'tiering.' || c.relname) AS query
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, unnest(ARRAY[
	'FROM %s v JOIN one.card c ON c.no = v.customer_id WHERE scheme = ''one''',
	'FROM %s v LEFT JOIN one.card c ON c.no = v.customer_id WHERE scheme = ''one''',
	'FROM one.card c LEFT JOIN %s v ON c.no = v.customer_id AND scheme = ''one''',
	'FROM %s v JOIN one.card c ON c.no = v.customer_id LEFT JOIN one.phone p USING (no)
		WHERE scheme = ''one'' AND p.phone IS NOT NULL AND c.kind > 0',
	'FROM one.card c LEFT JOIN one.phone p USING (no) LEFT JOIN %s v ON v.customer_id = p.no
		AND scheme = ''one'' WHERE c.kind > 0']) j
WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind = 'v' AND a.attname = 'customer_id';
CREATE VIEW one.looped AS
SELECT view, max(calls) > 0 AS calls, count(*) AS joins,
	count(*) FILTER (WHERE calls > 2) AS called, count(*) FILTER (WHERE most > 500
		+ (SELECT count(*) FROM tiering.rule)) AS repeated
FROM one.joined, one.loops(query) GROUP BY view;
SELECT * FROM one.looped ORDER BY view;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT * FROM one.looped WHERE calls ORDER BY view;
-- a condition on what it is ordered by does not change that
SELECT l.* FROM unnest(ARRAY['current_tier v ON measured_as_of = ''2024-11-24''',
	'projected_tier v ON until = ''2024-11-30''']) j, one.loops('FROM one.card c LEFT JOIN tiering.'
		|| j || ' AND v.customer_id = c.no AND scheme = ''one''') l;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- each has one row, in the source and in the series
INSERT INTO one.person VALUES ('010', 1, 1);
SELECT t.fails($$SELECT * FROM tiering.customer_status('one', '010')$$);
DELETE FROM one.person WHERE no = '010';
SELECT tiering.set_series('one_ladder', $$
	SELECT customer_no AS customer_id, tiering.daily_series(balance, valid) AS balances,
		tiering.month($1 + 1) AS period
	FROM one.history GROUP BY customer_no, customer_no = '010' AND balance > 1000$$);
SELECT t.fails($$SELECT * FROM tiering.customer_status('one_ladder', '010')$$);
SELECT count(*) FROM tiering.customer_status('one_ladder', '011');
SELECT t.fails($$SELECT * FROM tiering.projected_tier WHERE scheme = 'one_ladder'$$);

-- the right report, and no other; the view may be granted alone
CREATE ROLE one_reader;
CREATE ROLE one_viewer;
SELECT tiering.grant_role('one_reader', 'report');
GRANT SELECT ON tiering.projected_tier, tiering.near_downgrade TO one_viewer;
GRANT USAGE ON SCHEMA t TO one_reader, one_viewer;
GRANT EXECUTE ON FUNCTION t.fails TO one_reader, one_viewer;
SET ROLE one_reader;
SELECT tier, to_stay FROM tiering.customer_status('one', '012');
SELECT t.fails('SELECT * FROM one.history');
SELECT t.fails($$SELECT * FROM _tiering.measured('one', '012', '2024-11-24', 1, 1)$$);
SELECT t.fails($$SELECT * FROM _tiering.series_rows(NULL, '2024-11-24', NULL)$$);
SELECT t.fails($$SELECT * FROM _tiering.source_amounts('one', '2024-11-24', 1, NULL)$$);
SET ROLE one_viewer;
SELECT count(*) > 100 AS many FROM tiering.projected_tier WHERE scheme = 'one';
SELECT count(balance_to_hold) > 10 AS many FROM tiering.near_downgrade WHERE scheme = 'one';
SELECT t.fails($$SELECT * FROM tiering.customer_status('one', '012')$$);
SELECT count(*) FROM _tiering.shown_projected('00000000-0000-0000-0000-000000000000', 'one',
	_tiering.reader());
RESET ROLE;
SELECT tiering.revoke_role('one_reader', 'report');
SELECT tiering.revoke_role('one_chief', 'approve');
REVOKE ALL ON tiering.projected_tier, tiering.near_downgrade FROM one_viewer;
REVOKE USAGE ON SCHEMA t FROM one_reader, one_viewer;
REVOKE EXECUTE ON FUNCTION t.fails FROM one_reader, one_viewer;
DROP ROLE one_reader, one_viewer, one_chief;
-- so they do where customers may stay for less, whether they are on the watch list or not
SELECT tiering.create_ladder('one_stay', 'assets', '{mass,silver,gold,private}',
	'{NULL,20000,50000,70000}');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
VALUES ('one_stay', 1, 'silver', 2, 'assets', '(8000,)', true),
	('one_stay', 1, 'gold', 2, 'assets', '[40000.005,)', true),
	('one_stay', 1, 'private', 2, 'assets', '[45000,50000)', true),
	('one_stay', 1, 'private', 3, 'assets', '[15000,)', true);
INSERT INTO tiering.policy (scheme, version, tier, down_after)
VALUES ('one_stay', 1, 'silver', 2), ('one_stay', 1, 'gold', 2), ('one_stay', 1, 'private', 2);
SELECT tiering.publish('one_stay', '2024-01-01');
SELECT tiering.set_source('one_stay', s.query), tiering.set_series('one_stay', h.query)
FROM tiering.source s JOIN tiering.series_source h ON h.scheme = 'one'
WHERE s.scheme = 'one_ladder';
SELECT (tiering.refresh('one_stay', d)).customers
FROM unnest('{2024-10-14,2024-10-31,2024-11-24}'::date[]) d;
SELECT count(*) AS customers, count(*) FILTER (WHERE s.to_stay IS DISTINCT FROM d.balance_to_hold
		OR s.hold_until <> d.hold_until) AS wrong,
	count(d.tier) FILTER (WHERE NOT d.watched
		AND s.tier <> tiering.classify('one_stay', s.measure, s.measured_as_of)) > 4 AS staying,
	count(*) FILTER (WHERE d.watched) > 4 AS watched,
	count(*) FILTER (WHERE d.watched IS NULL) AS others
FROM tiering.assignment a
	CROSS JOIN LATERAL tiering.customer_status('one_stay', a.customer_id) s
	LEFT JOIN tiering.near_downgrade d USING (scheme, customer_id)
WHERE a.scheme = 'one_stay' AND s.tier <> 'mass';
SELECT DISTINCT tier, next_tier, bound, watched FROM tiering.near_downgrade
WHERE scheme = 'one_stay' AND NOT watched ORDER BY bound;
SELECT tiering.set_series('one_ladder', NULL), tiering.set_series('one', NULL),
	tiering.set_series('one_stay', NULL);
