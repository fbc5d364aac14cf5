/*
 * A bank with two years of month-ends on record and two dimensions kept with each, as people
 * ask about it: one customer, a branch, who is near by any metric. And the same of a hundredth
 * of it, and of all of it without dimensions.
 *
 * Set by the caller: customers, the number of them.
 */

-- They hold another balance each half year, and one in three the same throughout
CREATE TABLE bench.person AS
SELECT lpad(c::text, 10, '0') AS customer_id, 'b' || c % 500 AS branch, 's' || c % 7 AS segment,
	format('{2022-12-31: %s, 2023-06-15: %s, 2023-12-15: %s, 2024-06-15: %s, 2025-01-11: %s}',
		a, round(a * f, 2), a, round(a * f * f, 2),
		round(a * f, 2))::tiering.daily_series AS balances,
	a AS transaction_volume, (c % 13)::int AS active_months, 1 + c % 3 AS customer_type
FROM generate_series(1, :customers::bigint) c,
	LATERAL (SELECT 1000 + (hashint8extended(c, 1) & 1048575) AS a,
		1 + (c % 3) * ((hashint8extended(c, 2) & 127) - 64) / 1000.0 AS f) x;
ALTER TABLE bench.person ADD PRIMARY KEY (customer_id);
CREATE VIEW bench.few_persons AS
SELECT * FROM bench.person WHERE customer_id <= lpad((:customers / 100)::text, 10, '0');
VACUUM (FREEZE, ANALYZE) bench.person;

SELECT tiering.create_ladder(s, 'daily_avg_balance', '{mass,silver,gold,platinum,diamond}',
		'{NULL,50000,200000,500000,900000}'), tiering.publish(s, '2020-01-01'),
	tiering.set_source(s, format('SELECT customer_id, tiering.daily_avg(balances, '
		'tiering.month($1)) AS daily_avg_balance FROM %s', p)),
	tiering.set_series(s, format('SELECT customer_id, balances, tiering.month($1 + 1) AS period '
		'FROM %s', p))
FROM (VALUES ('book', 'bench.person'), ('booklet', 'bench.few_persons'),
	('plain', 'bench.person')) v(s, p);
SELECT tiering.set_dimensions(s, 'SELECT customer_id, branch, segment FROM bench.person')
FROM unnest('{book,booklet}'::text[]) s;
SELECT format('SELECT new, up, down FROM tiering.refresh(%L, %L)', s,
	(date '2023-02-01' + m * interval '1 month')::date - 1)
FROM unnest('{book,booklet}'::text[]) s, generate_series(0, 23) m
UNION ALL SELECT 'SELECT new FROM tiering.refresh(''plain'', ''2024-12-31'')' \gexec
SELECT tiering.load_preset('icbc'), tiering.publish('icbc', '2020-01-01');
SELECT tiering.set_source('icbc', $$SELECT customer_id, customer_type, active_months,
	transaction_volume, tiering.daily_avg(balances, tiering.month($1)) AS daily_avg_assets
	FROM bench.person$$);
SELECT new FROM tiering.refresh('icbc', '2024-12-31');
VACUUM (ANALYZE) tiering.assignment, tiering.migration, tiering.assessment;
ANALYZE;

-- One customer's figures as one would write them for this ladder
CREATE FUNCTION bench.status_by_hand(who text) RETURNS TABLE (tier text, title text, since date,
	cause text, misses int, measure numeric, next_tier text, distance numeric, to_hold numeric,
	to_stay numeric, days_left int, projected_tier text, projected_measure numeric, benefits text,
	next_review date, pending bigint)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan	-- as of a prepared statement
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT a.tier, t.title, a.since, a.cause, a.misses, m.measure, u.tier,
		u.bound - m.measure,
		tiering.balance_to_reach(p.balances, u.bound, d.period, d.day),
		tiering.balance_to_reach(p.balances, o.bound, d.period, d.day),
		upper(d.period) - d.day - 1, c.tier, h.held, s.benefits, a.next_review,
		(SELECT count(*) FROM tiering.request r WHERE r.scheme = 'book'
			AND r.customer_id = who
			AND NOT EXISTS (SELECT FROM tiering.decision d WHERE d.request = r.request))
	FROM tiering.assignment a
		JOIN tiering.tier t ON (t.scheme, t.version, t.tier) = (a.scheme, a.version, a.tier)
		JOIN bench.person p ON p.customer_id = who
		CROSS JOIN (SELECT date '2024-12-31' AS day, tiering.month('2025-01-01') AS period) d
		CROSS JOIN LATERAL (SELECT tiering.daily_avg(p.balances, tiering.month(d.day))) m(measure)
		LEFT JOIN LATERAL (
			SELECT r.tier, lower(r.bounds) AS bound FROM tiering.rule r
			WHERE r.scheme = a.scheme AND r.version = a.version AND lower(r.bounds) > m.measure
			ORDER BY lower(r.bounds) LIMIT 1) u ON true
		LEFT JOIN LATERAL (
			SELECT lower(r.bounds) AS bound FROM tiering.rule r
			WHERE (r.scheme, r.version, r.tier) = (a.scheme, a.version, a.tier) LIMIT 1) o ON true
		CROSS JOIN LATERAL (SELECT tiering.daily_avg(tiering.amend(p.balances, d.period,
			tiering.value_on(p.balances, d.day)), d.period)) h(held)
		CROSS JOIN LATERAL (SELECT tiering.classify(a.scheme, h.held)) c(tier)
		LEFT JOIN tiering.service s ON (s.scheme, s.version, s.tier)
			= (a.scheme, a.version, a.tier)
	WHERE a.scheme = 'book' AND a.customer_id = who;
END;
$$;

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('status_book', 'customer_status / the same in a book of a hundredth', 1.5),
	('status_hand', 'customer_status / its figures by hand, by index', 5),
	('by_branch', 'tier_distribution_by / GROUP BY over a join by hand', 1.2),
	('near_by_all', 'shortfall(''icbc'', within_percent => 5) / classify of all', 3),
	('dimensions', 'refresh with two dimensions kept / without', 1.15);

-- Of two hundred customers, spread over the whole
CREATE FUNCTION bench.of_some(customers int, asked text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN format($$SELECT count(s), sum(s.distance) FROM (
		SELECT lpad((1 + c * %s)::text, 10, '0') AS who FROM generate_series(0, 199) c OFFSET 0) p,
	LATERAL %s s$$, customers / 200, asked);
INSERT INTO bench.side (comparison, side, query, computes) VALUES
	('status_book', 'a', bench.of_some(:customers, 'tiering.customer_status(''book'', p.who)'),
		'distance'),
	('status_book', 'b', bench.of_some(:customers / 100,
		'tiering.customer_status(''booklet'', p.who)'), 'distance'),
	('status_hand', 'a', bench.of_some(:customers, 'tiering.customer_status(''book'', p.who)'),
		'distance'),
	('status_hand', 'b', bench.of_some(:customers, 'bench.status_by_hand(p.who)'), 'distance'),
	('by_branch', 'a', $$SELECT count(d), sum(d.customers), sum(d.measure)
		FROM tiering.tier_distribution_by('book', 'branch') d$$, 'customers'),
	('by_branch', 'b', $$SELECT count(x), sum(x.customers), sum(x.measure) FROM (
		SELECT p.branch, a.tier, count(*) AS customers, sum(a.measure) AS measure
		FROM tiering.assessment a JOIN bench.person p ON p.customer_id = a.customer_id
		WHERE a.slot = 0 AND a.scheme = 'book' AND a.as_of = '2024-12-31'
		GROUP BY p.branch, a.tier OFFSET 0) x$$, 'count('),
	('near_by_all', 'a', $$SELECT count(s), sum(s.distance)
		FROM tiering.shortfall('icbc', within_percent => 5) s$$, 'distance'),
	('near_by_all', 'b', $$SELECT count(tiering.classify('icbc', m)) FROM (
		SELECT customer_type, active_months, transaction_volume, tiering.daily_avg(balances,
			tiering.month('2024-12-31')) AS daily_avg_assets FROM bench.person) m$$,
		'classify_columns(');

-- They tell the same
SELECT bench.equal('customer_status', replace(bench.of_some(:customers,
		'tiering.customer_status(''book'', p.who)'), 'count(s), sum(s.distance)', columns),
	replace(bench.of_some(:customers, 'bench.status_by_hand(p.who)'),
		'count(s), sum(s.distance)', columns))
FROM (VALUES ('p.who, s.tier, round(s.measure, 2), s.next_tier, round(s.distance, 2), '
	'round(s.to_hold, 2), round(s.to_stay, 2), s.days_left, s.projected_tier, '
	'round(s.projected_measure, 2), s.misses, s.cause, s.since')) c(columns);
SELECT bench.equal('tier_distribution_by', $$SELECT value, tier, customers, measure
	FROM tiering.tier_distribution_by('book', 'branch')$$,
	$$SELECT p.branch, a.tier COLLATE "default", count(*), sum(a.measure)
	FROM tiering.assessment a JOIN bench.person p ON p.customer_id = a.customer_id
	WHERE a.slot = 0 AND a.scheme = 'book' AND a.as_of = '2024-12-31'
	GROUP BY p.branch, a.tier$$);
