-- A real bank by its branches and regions: what each report by a dimension says against plain SQL
-- over the bank's tables, and that it adds up to the report without; then all about each of 4,500
-- customers, one by one, against the views that tell of all.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA br;
CREATE TABLE br.account (account_id int, district_id int, frequency text, opened_on date);
CREATE TABLE br.disp (disp_id int, client_id int, account_id int, type text);
CREATE TABLE br.card (card_id int, disp_id int, type text, issued_on date);
CREATE TABLE br.loan (loan_id int, account_id int, granted_on date, amount numeric,
	duration_months int, monthly_payment numeric, status text);
CREATE TABLE br.eod_balance (account_id int, as_of date, balance numeric(12, 2));
CREATE TABLE br.district (district_id int, name text, region text, inhabitants int,
	municipalities_under_500 int, municipalities_500_1999 int, municipalities_2000_9999 int,
	municipalities_over_9999 int, cities int, urban_ratio_pct numeric, average_salary int,
	unemployment_pct_1995 numeric, unemployment_pct_1996 numeric, entrepreneurs_per_1000 int,
	crimes_1995 int, crimes_1996 int);
\copy br.account FROM PROGRAM 'gzip -dc test/data/account.csv.gz' (FORMAT csv, HEADER)
\copy br.disp FROM PROGRAM 'gzip -dc test/data/disp.csv.gz' (FORMAT csv, HEADER)
\copy br.card FROM PROGRAM 'gzip -dc test/data/card.csv.gz' (FORMAT csv, HEADER)
\copy br.loan FROM PROGRAM 'gzip -dc test/data/loan.csv.gz' (FORMAT csv, HEADER)
\copy br.district FROM PROGRAM 'gzip -dc test/data/district.csv.gz' (FORMAT csv, HEADER)
\copy br.eod_balance FROM PROGRAM 'gzip -dc test/data/eod_balance.csv.gz' (FORMAT csv, HEADER)
CREATE TABLE br.owner (customer_id text PRIMARY KEY, disp_id int, opened_on date,
	series tiering.daily_series);
INSERT INTO br.owner
SELECT o.client_id, o.disp_id, a.opened_on, e.series
FROM br.disp o JOIN br.account a USING (account_id)
	LEFT JOIN (SELECT account_id, tiering.daily_series_changes(balance, as_of) AS series
		FROM br.eod_balance GROUP BY account_id) e USING (account_id)
WHERE o.type = 'owner';
CREATE INDEX ON br.card (disp_id);
CREATE INDEX ON br.eod_balance (account_id, as_of);
ANALYZE br.owner, br.card, br.disp, br.account, br.loan, br.district, br.eod_balance;
SELECT (SELECT count(*) FROM br.owner) AS owners, (SELECT count(*) FROM br.district) AS branches,
	(SELECT count(DISTINCT region) FROM br.district) AS regions;

-- A ladder whose tiers are left at the second miss in a row; the average of the month so far. The
-- branch is the district of the account's branch. A card is what most do not have, and some get.
SELECT tiering.create_ladder('br', 'daily_avg_balance', '{basic,bronze,silver,gold,platinum}',
	'{NULL,10000,30000,60000,100000}', 'CZK');
INSERT INTO tiering.policy (scheme, version, tier, down_after)
SELECT 'br', 1, t, 2 FROM unnest('{bronze,silver,gold,platinum}'::text[]) t;
INSERT INTO tiering.service (scheme, version, tier, channel, customers_per_manager) VALUES
	('br', 1, 'silver', 'branch', '[200,400]'), ('br', 1, 'gold', 'branch', '[80,120]'),
	('br', 1, 'platinum', 'private', '[20,50]');
SELECT tiering.publish('br', '1993-01-01'), tiering.set_source('br', $$
	SELECT o.customer_id,
		COALESCE(tiering.daily_avg(o.series, tiering.month_to_date($1)), 0) AS daily_avg_balance
	FROM br.owner o WHERE o.opened_on <= $1$$), tiering.set_series('br', $$
	SELECT o.customer_id, o.series AS balances, tiering.month($1 + 1) AS period
	FROM br.owner o$$), tiering.set_dimensions('br', $$
	SELECT o.client_id AS customer_id, d.name AS branch, d.region, c.type AS card
	FROM br.disp o JOIN br.account a USING (account_id) JOIN br.district d USING (district_id)
		LEFT JOIN br.card c ON c.disp_id = o.disp_id AND c.issued_on <= $1
	WHERE o.type = 'owner'$$);
CREATE TABLE br.day AS
SELECT n, day, date_trunc('month', day)::date AS first_day, extract(day FROM day) AS days
FROM unnest('{1997-08-31,1997-09-30,1997-11-30,1998-03-31,1998-06-30,1998-11-24}'::date[])
	WITH ORDINALITY d(day, n);
SELECT r.as_of, r.customers, r.new, r.up, r.down FROM br.day d, tiering.refresh('br', d.day) r;

-- The same by hand. A balance counts until the next; a customer who earns less stays once.
CREATE TABLE br.had AS
WITH history AS (
	SELECT account_id, balance, as_of AS since, lead(as_of, 1, 'infinity')
		OVER (PARTITION BY account_id ORDER BY as_of) AS until
	FROM br.eod_balance
)
SELECT d.n, d.day, o.client_id, o.disp_id, o.account_id, a.district_id,
	COALESCE(b.sum / d.days, 0) AS average
FROM br.day d CROSS JOIN br.disp o JOIN br.account a USING (account_id)
	LEFT JOIN (SELECT d.day, h.account_id, sum(h.balance
			* (LEAST(h.until, d.day + 1) - GREATEST(h.since, d.first_day))) AS sum
		FROM br.day d JOIN history h ON h.since <= d.day AND h.until > d.first_day
		GROUP BY d.day, h.account_id) b USING (day, account_id)
WHERE o.type = 'owner' AND a.opened_on <= d.day;
CREATE TABLE br.stood AS
WITH RECURSIVE earned AS (
	SELECT h.*, (average >= 10000)::int + (average >= 30000)::int + (average >= 60000)::int
		+ (average >= 100000)::int AS earned
	FROM br.had h
), stood AS (
	SELECT e.*, e.earned AS held, 0 AS misses FROM earned e
	WHERE NOT EXISTS (SELECT FROM earned b WHERE b.client_id = e.client_id AND b.n < e.n)
	UNION ALL
	SELECT e.*, CASE WHEN e.earned < s.held AND s.misses = 0 THEN s.held ELSE e.earned END,
		CASE WHEN e.earned < s.held AND s.misses = 0 THEN 1 ELSE 0 END
	FROM stood s JOIN earned e ON e.client_id = s.client_id AND e.n = s.n + 1
)
SELECT s.n, s.day, s.client_id, s.average, v.dimension, v.value, s.misses,
	('{basic,bronze,silver,gold,platinum}'::text[])[s.held + 1] AS tier
FROM stood s JOIN br.district d USING (district_id)
	LEFT JOIN br.card c ON c.disp_id = s.disp_id AND c.issued_on <= s.day
	CROSS JOIN LATERAL (VALUES ('branch', d.name), ('region', d.region),
		('card', COALESCE(c.type, 'unknown'))) v(dimension, value);
ANALYZE br.stood;
SELECT d.day, count(*) AS customers, count(*) FILTER (WHERE misses > 0) AS stay_once,
	count(*) FILTER (WHERE value = 'unknown') AS without_card
FROM br.stood d WHERE dimension = 'card' GROUP BY d.day ORDER BY d.day;

-- how many rows there are, and how many are on one side alone
CREATE FUNCTION br.both(what text, ours text, oracle text) RETURNS TABLE (report text, rows bigint,
	differing bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('WITH o AS MATERIALIZED (%s), e AS MATERIALIZED (%s)
		SELECT %L, (SELECT count(*) FROM o), (SELECT count(*) FROM (TABLE o EXCEPT ALL TABLE e) x)
			+ (SELECT count(*) FROM (TABLE e EXCEPT ALL TABLE o) x)', ours, oracle, what);
END;
$$;
CREATE TABLE br.dimension AS SELECT unnest('{branch,region,card}'::text[]) AS dimension;
SELECT * FROM br.both('tier_distribution_by', $$
	SELECT d.day, n.dimension, r.value, r.tier, r.customers, r.customers_share, r.measure,
		r.measure_share
	FROM br.day d, br.dimension n, tiering.tier_distribution_by('br', n.dimension, d.day) r$$, $$
	SELECT day, dimension, value, tier, count(*), round(count(*) / sum(count(*)) OVER v, 6),
		sum(average), round(sum(average) / NULLIF(sum(sum(average)) OVER v, 0), 6)
	FROM br.stood GROUP BY day, dimension, value, tier
	WINDOW v AS (PARTITION BY day, dimension, value)$$);
SELECT * FROM br.both('it adds up', $$
	SELECT d.day, n.dimension, r.tier, r.rank, sum(r.customers), sum(r.measure)
	FROM br.day d, br.dimension n, tiering.tier_distribution_by('br', n.dimension, d.day) r
	GROUP BY 1, 2, 3, 4$$, $$
	SELECT h.as_of, n.dimension, h.tier, h.rank, h.customers::numeric, h.measure
	FROM br.dimension n, tiering.tier_distribution_history('br', NULL) h WHERE h.customers > 0$$);
-- now is the last assessment
SELECT * FROM br.both('now', $$
	SELECT n.dimension, r.* FROM br.dimension n,
		tiering.tier_distribution_by('br', n.dimension) r$$, $$
	SELECT n.dimension, r.* FROM br.dimension n,
		tiering.tier_distribution_by('br', n.dimension, '1998-11-24') r$$);

-- From one day to another. Nobody closes an account here; who comes is new where they are then.
CREATE TABLE br.span AS
SELECT f.day AS from_day, t.day AS to_day, n.dimension
FROM br.day f JOIN br.day t ON t.n = f.n + 1 OR f.n = 1 AND t.n = 6 CROSS JOIN br.dimension n;
CREATE TABLE br.went AS
SELECT s.from_day, s.to_day, s.dimension, t.value, f.tier AS from_tier, t.tier AS to_tier,
	f.average AS had, t.average AS has
FROM br.span s JOIN br.stood t ON t.day = s.to_day AND t.dimension = s.dimension
	LEFT JOIN br.stood f ON f.day = s.from_day AND f.dimension = s.dimension
		AND f.client_id = t.client_id;
CREATE TABLE br.rank AS
SELECT tier, n::int AS rank
FROM unnest('{basic,bronze,silver,gold,platinum}'::text[]) WITH ORDINALITY t(tier, n);
SELECT * FROM br.both('migration_matrix', $$
	SELECT s.*, m.value, m.from_tier, m.to_tier, m.direction, m.from_rank, m.to_rank, m.customers,
		m.share, m.measure_from, m.measure_to
	FROM br.span s, tiering.migration_matrix('br', from_day, to_day, by => dimension) m$$, $$
	SELECT from_day, to_day, dimension, value, from_tier, to_tier, CASE WHEN f.rank IS NULL
			THEN 'new' WHEN t.rank > f.rank THEN 'up' WHEN t.rank < f.rank THEN 'down'
			ELSE 'stayed' END, f.rank, t.rank, count(*), CASE WHEN f.rank > 0 THEN round(count(*)
			/ sum(count(*)) OVER (PARTITION BY from_day, to_day, dimension, value, from_tier), 6)
			END, sum(had), sum(has)
	FROM br.went LEFT JOIN br.rank f ON f.tier = from_tier JOIN br.rank t ON t.tier = to_tier
	GROUP BY from_day, to_day, dimension, value, from_tier, to_tier, f.rank, t.rank$$);
SELECT * FROM br.both('it adds up', $$
	SELECT s.*, m.from_tier, m.to_tier, m.direction, m.from_rank, m.to_rank, sum(m.customers),
		sum(m.measure_from), sum(m.measure_to)
	FROM br.span s, tiering.migration_matrix('br', from_day, to_day, by => dimension) m
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8$$, $$
	SELECT s.*, m.from_tier, m.to_tier, m.direction, m.from_rank, m.to_rank, m.customers::numeric,
		m.measure_from, m.measure_to
	FROM br.span s, tiering.migration_matrix('br', from_day, to_day) m$$);
SELECT * FROM br.both('migration_summary_by', $$
	SELECT s.*, m.* FROM br.span s,
		tiering.migration_summary_by('br', s.dimension, from_day, to_day) m$$, $$
	SELECT from_day, to_day, dimension, value, count(*) FILTER (WHERE f.rank IS NULL),
		count(*) FILTER (WHERE t.rank > f.rank), count(*) FILTER (WHERE t.rank < f.rank), 0::bigint,
		0::bigint, count(*) FILTER (WHERE t.rank = f.rank),
		CASE WHEN count(f.rank) > 0 THEN 1.000000 END
	FROM br.went LEFT JOIN br.rank f ON f.tier = from_tier JOIN br.rank t ON t.tier = to_tier
	GROUP BY from_day, to_day, dimension, value$$);
SELECT * FROM br.both('it adds up', $$
	SELECT s.to_day, s.dimension, sum(new), sum(up), sum(down), sum(lateral_moves), sum(exit),
		sum(stayed)
	FROM br.span s, tiering.migration_summary_by('br', s.dimension, from_day, to_day) m
	WHERE from_day > '1997-08-31' OR to_day < '1998-11-24' GROUP BY 1, 2$$, $$
	SELECT m.as_of, n.dimension, m.new::numeric, m.up::numeric, m.down::numeric,
		m.lateral_moves::numeric, m.exit::numeric, m.stayed::numeric
	FROM tiering.migration_summary m, br.dimension n
	WHERE m.scheme = 'br' AND m.as_of > '1997-08-31'$$);
SELECT * FROM br.both('measure_bridge', $$
	SELECT s.*, b.value, b.tier, b.rank, b.opening, b.new, b.exit, b.migrated_in, b.migrated_out,
		b.growth, b.unmeasured, b.closing
	FROM br.span s, tiering.measure_bridge('br', from_day, to_day, by => dimension) b$$, $$
	SELECT from_day, to_day, dimension, value, r.tier, r.rank,
		COALESCE(sum(had) FILTER (WHERE from_tier = r.tier), 0),
		COALESCE(sum(has) FILTER (WHERE to_tier = r.tier AND from_tier IS NULL), 0), 0::numeric,
		COALESCE(sum(had) FILTER (WHERE to_tier = r.tier AND from_tier <> r.tier), 0),
		- COALESCE(sum(had) FILTER (WHERE from_tier = r.tier AND to_tier <> r.tier), 0),
		COALESCE(sum(has - had) FILTER (WHERE to_tier = r.tier), 0), 0::numeric,
		COALESCE(sum(has) FILTER (WHERE to_tier = r.tier), 0)
	FROM br.went JOIN br.rank r ON r.tier IN (from_tier, to_tier)
	GROUP BY from_day, to_day, dimension, value, r.tier, r.rank$$);
SELECT * FROM br.both('it adds up', $$
	SELECT s.*, b.tier, sum(b.opening), sum(b.new), sum(b.exit), sum(b.migrated_in),
		sum(b.migrated_out), sum(b.growth), sum(b.unmeasured), sum(b.closing)
	FROM br.span s, tiering.measure_bridge('br', from_day, to_day, by => dimension) b
	GROUP BY 1, 2, 3, 4$$, $$
	SELECT s.*, b.tier, b.opening, b.new, b.exit, b.migrated_in, b.migrated_out, b.growth,
		b.unmeasured, b.closing
	FROM br.span s, tiering.measure_bridge('br', from_day, to_day) b
	WHERE num_nonnulls(NULLIF(opening, 0), NULLIF(closing, 0)) > 0$$);

-- who serves them: each branch has its own people
SELECT * FROM br.both('staffing_by', $$
	SELECT n.dimension, s.value, s.tier, s.rank, s.channel, s.customers, s.managers_from,
		s.managers_to
	FROM br.dimension n, tiering.staffing_by('br', n.dimension) s$$, $$
	SELECT d.dimension, d.value, d.tier, r.rank, m.channel, count(*),
		(count(*) + m.most - 1) / m.most, (count(*) + m.least - 1) / m.least
	FROM br.stood d JOIN br.rank r USING (tier) LEFT JOIN (VALUES ('silver', 'branch', 200, 400),
		('gold', 'branch', 80, 120), ('platinum', 'private', 20, 50)) m(tier, channel, least, most)
		USING (tier)
	WHERE d.n = 6 GROUP BY d.dimension, d.value, d.tier, r.rank, m.channel, m.least, m.most$$);
SELECT * FROM br.both('it adds up', $$
	SELECT n.dimension, s.tier, s.channel, sum(s.customers), bool_and(s.customers > 0)
	FROM br.dimension n, tiering.staffing_by('br', n.dimension) s GROUP BY 1, 2, 3$$, $$
	SELECT n.dimension, s.tier, s.channel, s.customers::numeric, true
	FROM br.dimension n, tiering.staffing s WHERE s.scheme = 'br' AND s.customers > 0$$);

-- what each region, card and branch means to have, for tiers that nobody is in there, too
INSERT INTO tiering.target (scheme, dimension, value, tier, as_of, customers, measure)
SELECT 'br', v.dimension, v.value, r.tier, d.day, 10, 1000000
FROM (SELECT DISTINCT dimension, value FROM br.stood) v, br.rank r, br.day d WHERE d.n IN (3, 6);
SELECT * FROM br.both('target_actual', $$
	SELECT dimension, value, tier, rank, as_of, customers, measure FROM tiering.target_actual
	WHERE scheme = 'br'$$, $$
	SELECT t.dimension, t.value, t.tier, r.rank, t.as_of, count(s.n),
		round(COALESCE(sum(s.average), 0), 2)
	FROM tiering.target t JOIN br.rank r USING (tier) LEFT JOIN br.stood s ON s.day = t.as_of
		AND (s.dimension, s.value, s.tier) = (t.dimension, t.value, t.tier)
	WHERE t.scheme = 'br' GROUP BY 1, 2, 3, 4, 5$$);
SELECT * FROM br.both('it adds up', $$
	SELECT dimension, as_of, tier, sum(customers) FROM tiering.target_actual
	WHERE scheme = 'br' GROUP BY 1, 2, 3$$, $$
	SELECT n.dimension, h.as_of, h.tier, h.customers::numeric
	FROM br.dimension n, tiering.tier_distribution_history('br', NULL) h
	WHERE h.as_of IN ('1997-11-30', '1998-11-24')$$);

-- Beside whoever may dispose of an account with a loan, by its amount: some of them own no
-- account, and most owners have no loan.
SELECT tiering.create_ladder('br_lent', 'amount', '{small,large}', '{NULL,100000}', 'CZK'),
	tiering.publish('br_lent', '1993-01-01'), tiering.set_source('br_lent', $$
	SELECT o.client_id AS customer_id, l.amount
	FROM br.disp o JOIN br.loan l USING (account_id) WHERE l.granted_on <= $1$$);
SELECT count(*) FROM br.day d, tiering.refresh('br_lent', d.day) WHERE d.n IN (1, 6);
SELECT * FROM br.both('cross_distribution', $$
	SELECT d.day, c.* FROM br.day d, tiering.cross_distribution('br', 'br_lent', d.day) c
	WHERE d.n IN (1, 6)$$, $$
	SELECT COALESCE(s.day, l.day), s.tier, l.tier, count(*), sum(s.average), sum(l.amount)
	FROM (SELECT * FROM br.stood WHERE dimension = 'region' AND n IN (1, 6)) s FULL JOIN (
		SELECT d.day, o.client_id, l.amount,
			CASE WHEN l.amount < 100000 THEN 'small' ELSE 'large' END AS tier
		FROM br.day d, br.disp o JOIN br.loan l USING (account_id)
		WHERE d.n IN (1, 6) AND l.granted_on <= d.day) l USING (day, client_id)
	GROUP BY 1, 2, 3$$);
SELECT * FROM br.both('it adds up', $$
	SELECT tier_a, sum(customers), sum(measure_a)
	FROM tiering.cross_distribution('br', 'br_lent') WHERE tier_a IS NOT NULL GROUP BY 1$$, $$
	SELECT tier, customers::numeric, measure FROM tiering.tier_distribution_history('br', NULL)
	WHERE as_of = '1998-11-24' AND customers > 0$$);
SELECT count(*) FILTER (WHERE tier_a IS NULL) AS no_owners, count(*) FILTER (WHERE tier_b IS NULL)
	AS without_loan, count(*) AS cells FROM tiering.cross_distribution('br', 'br_lent');

/*
 * All about each of them, in the ladder and in a scheme of any of balance, card and income:
 * customer_status asks for one customer, and what the views tell of all is the same.
 */
SELECT tiering.load_preset('psbc', 'br_psbc'), tiering.publish('br_psbc', '1993-01-01'),
	tiering.set_source('br_psbc', $$
	SELECT o.customer_id, tiering.daily_avg(o.series, tiering.month_to_date($1))
			AS daily_avg_balance, NULL::numeric AS household_income,
		COALESCE(c.type = 'classic', false) AS holds_gold_card,
		COALESCE(c.type = 'gold', false) AS holds_platinum_card, false AS holds_diamond_card
	FROM br.owner o LEFT JOIN br.card c ON c.disp_id = o.disp_id AND c.issued_on <= $1$$),
	tiering.set_series('br_psbc', s.query) FROM tiering.series_source s WHERE scheme = 'br';
SELECT customers FROM tiering.refresh('br_psbc', '1998-11-24');
CREATE TABLE br.status AS
SELECT s.scheme, o.customer_id, c.*
FROM unnest('{br,br_psbc}'::text[]) s(scheme)
	CROSS JOIN LATERAL (SELECT * FROM br.owner ORDER BY hashtext(customer_id), customer_id
		LIMIT t.scaled(CASE s.scheme WHEN 'br' THEN 4500 ELSE 1500 END)) o
	CROSS JOIN LATERAL tiering.customer_status(s.scheme, o.customer_id) c;
ALTER TABLE br.status ADD PRIMARY KEY (scheme, customer_id);
ANALYZE br.status;
SELECT scheme, count(*) >= t.scaled(1500) AS many, count(DISTINCT tier) > 2 AS tiers,
	count(to_hold) > count(*) * 0.9 AS to_hold, count(to_stay) > count(*) * 0.1 AS to_stay,
	count(projected_tier) = count(*) AS projected,
	count(*) FILTER (WHERE watched) > count(*) * 0.05 AS watched
FROM br.status GROUP BY scheme ORDER BY scheme;
-- By hand: six days of November are left, in which the balance of the 24th stands, or what is to
-- be held for the next tier and to stay.
WITH known AS (
	SELECT s.*, h.average * 24 AS so_far, COALESCE((
			SELECT e.balance FROM br.eod_balance e WHERE e.account_id = h.account_id
				AND e.as_of <= h.day ORDER BY e.as_of DESC LIMIT 1), 0) AS balance,
		'{0,10000,30000,60000,100000,NULL}'::numeric[] AS bounds, r.rank
	FROM br.status s JOIN br.had h ON h.n = 6 AND h.client_id::text = s.customer_id
		JOIN br.rank r USING (tier)
	WHERE s.scheme = 'br'
), flat AS (
	SELECT k.*, (so_far + 6 * balance) / 30 AS average,
		(30 * bounds[rank + 1] - so_far) / 6 AS hold,
		CASE WHEN rank > 1 THEN (30 * bounds[rank] - so_far) / 6 END AS stay
	FROM known k
)
SELECT count(*) = t.scaled(4500) AS all_there, count(*) FILTER (WHERE (f.days_left, f.hold_until,
		round(f.projected_measure, 8), f.projected_tier, f.to_hold, f.to_stay)
	IS DISTINCT FROM (6, '1998-11-30'::date, round(f.average, 8), r.tier,
		ceil(round(f.hold, 8) * 100) / 100, ceil(round(f.stay, 8) * 100) / 100)) AS differing
FROM flat f JOIN br.rank r ON r.rank = 1 + (average >= 10000)::int + (average >= 30000)::int
	+ (average >= 60000)::int + (average >= 100000)::int;
-- views one after another, as each is asked for one scheme
CREATE TABLE br.told (scheme text, view text, customers bigint, differing bigint);
INSERT INTO br.told
SELECT s.scheme, 'current_tier', count(*), count(*) FILTER (WHERE (s.tier, s.since, s.cause,
		s.earned, s.misses, round(s.measure, 2), s.measured_as_of, s.next_review)
	IS DISTINCT FROM (c.tier, c.since, c.cause, c.earned, c.misses, c.measure, c.measured_as_of,
		c.next_review))
FROM br.status s LEFT JOIN tiering.current_tier c USING (scheme, customer_id) GROUP BY s.scheme;
INSERT INTO br.told
SELECT s.scheme, 'near_upgrade', count(*), count(*) FILTER (WHERE (s.next_tier, s.metric, s.bound,
		ceil(s.distance * 100) / 100, s.distance_percent, s.conditions_missing, s.to_hold,
		CASE WHEN s.to_hold IS NOT NULL THEN s.hold_until END)
	IS DISTINCT FROM (u.next_tier, u.metric, u.bound, u.distance, u.distance_percent,
		u.conditions_missing, u.balance_to_hold,
		CASE WHEN u.balance_to_hold IS NOT NULL THEN u.hold_until END))
FROM br.status s LEFT JOIN (SELECT * FROM tiering.near_upgrade WHERE scheme = 'br'
	UNION ALL SELECT * FROM tiering.near_upgrade WHERE scheme = 'br_psbc') u
	USING (scheme, customer_id)
GROUP BY s.scheme;
-- who is in a tier by something else as well has nothing to hold to stay, and the list goes by
-- the measure
INSERT INTO br.told
SELECT s.scheme, 'near_downgrade', count(*), count(*) FILTER (WHERE
	(s.watched, CASE WHEN s.watched THEN s.next_review END, CASE WHEN scheme = 'br' THEN s.to_stay
		ELSE COALESCE(s.to_stay, n.balance_to_hold) END)
	IS DISTINCT FROM (COALESCE(n.watched, false), n.falls_on, n.balance_to_hold)
	OR s.misses <> n.misses OR s.hold_until <> n.hold_until)
FROM br.status s LEFT JOIN (SELECT * FROM tiering.near_downgrade WHERE scheme = 'br'
	UNION ALL SELECT * FROM tiering.near_downgrade WHERE scheme = 'br_psbc') n
	USING (scheme, customer_id)
GROUP BY s.scheme;
INSERT INTO br.told
SELECT s.scheme, 'projected_tier', count(*), count(*) FILTER (WHERE (s.tier, s.projected_tier,
		round(s.projected_measure, 2), s.hold_until, round(s.measure, 2), s.measured_as_of)
	IS DISTINCT FROM (p.tier, p.projected_tier, p.projected_measure, p.until, p.measure,
		p.measured_as_of))
FROM br.status s LEFT JOIN (SELECT * FROM tiering.projected_tier WHERE scheme = 'br'
	UNION ALL SELECT * FROM tiering.projected_tier WHERE scheme = 'br_psbc') p
	USING (scheme, customer_id)
GROUP BY s.scheme;
INSERT INTO br.told
SELECT s.scheme, 'shortfall', count(*), count(*) FILTER (WHERE (s.next_tier, s.rule, s.metric,
		s.value, s.bound, s.distance, s.distance_percent, s.conditions_missing)
	IS DISTINCT FROM (l.next_tier, l.rule, l.metric, l.value, l.bound, l.distance,
		l.distance_percent, l.conditions_missing))
FROM br.status s LEFT JOIN (
	SELECT DISTINCT ON (c, customer_id) c AS scheme, l.*
	FROM unnest('{br,br_psbc}'::text[]) c, tiering.shortfall(c) WITH ORDINALITY l
	ORDER BY c, customer_id, ordinality) l USING (scheme, customer_id)
GROUP BY s.scheme;
-- In words: the tier that they earn, the rule of the next one and what its condition lacks. The
-- next one of who earns less than they hold is above what they hold. Words take longer than
-- numbers: of the other scheme it is some of them.
CREATE TABLE br.explained AS
SELECT s.scheme, s.customer_id, e.*
FROM br.status s JOIN br.stood d ON d.n = 6 AND d.dimension = 'region'
	AND d.client_id::text = s.customer_id, tiering.explain('br', d.average, '1998-11-24') e
WHERE s.scheme = 'br'
UNION ALL
SELECT s.scheme, s.customer_id, e.*
FROM (SELECT * FROM br.status WHERE scheme = 'br_psbc' ORDER BY hashtext(customer_id),
		customer_id LIMIT t.scaled(450)) s JOIN br.owner o USING (customer_id)
	LEFT JOIN br.card c ON c.disp_id = o.disp_id AND c.issued_on <= '1998-11-24',
	LATERAL (SELECT s.measure AS daily_avg_balance, NULL::numeric AS household_income,
		COALESCE(c.type = 'classic', false) AS holds_gold_card,
		COALESCE(c.type = 'gold', false) AS holds_platinum_card, false AS holds_diamond_card) m,
	LATERAL tiering.explain('br_psbc', m, '1998-11-24') e;
CREATE INDEX ON br.explained (scheme, customer_id);
ANALYZE br.explained;
INSERT INTO br.told
SELECT s.scheme, 'explain', count(*), count(*) FILTER (WHERE (COALESCE(s.earned, s.tier),
		CASE WHEN s.next_tier IS NOT NULL THEN 1 ELSE 0 END, s.value, s.bound, s.distance, true)
	IS DISTINCT FROM (e.earns, e.lacks, e.value, e.bound, e.distance, e.goes_on))
FROM br.status s LEFT JOIN LATERAL (
	SELECT min(x.tier) FILTER (WHERE x.part = 'tier') AS earns,
		count(*) FILTER (WHERE c.is AND NOT x.met) AS lacks, min(x.value) FILTER (WHERE c.is)
			AS value,
		min(lower(x.bounds)) FILTER (WHERE c.is) AS bound,
		min(x.distance) FILTER (WHERE c.is) AS distance,
		s.earned IS NOT NULL OR s.next_tier IS NULL
			OR bool_or(x.part = 'next' AND (x.tier, x.rule) = (s.next_tier, s.rule)) AS goes_on
	FROM br.explained x, LATERAL (SELECT x.part = 'condition'
		AND (x.tier, x.rule, x.metric) IS NOT DISTINCT FROM (s.next_tier, s.rule, s.metric)
		AND x.metric IS NOT NULL AS is) c
	WHERE x.scheme = s.scheme AND x.customer_id = s.customer_id) e ON true
WHERE EXISTS (SELECT FROM br.explained x WHERE (x.scheme, x.customer_id)
	= (s.scheme, s.customer_id))
GROUP BY s.scheme;
SELECT scheme, view, customers = t.scaled(CASE WHEN scheme = 'br' THEN 4500
	WHEN view = 'explain' THEN 450 ELSE 1500 END) AS all_there, differing
FROM br.told ORDER BY scheme, view COLLATE "C";
