-- A real bank, 1993 to 1998: every owner, every month, every shape of history,
-- serial and in parallel, against an oracle in plain SQL: for each day the last
-- known balance, added up and divided by the days.
SET timezone = 'UTC';
CREATE SCHEMA berka;
CREATE TABLE berka.eod_balance (account_id int, as_of date, balance numeric(12, 2));
CREATE TABLE berka.account (account_id int, district_id int, frequency text, opened_on date);
CREATE TABLE berka.disp (disp_id int, client_id int, account_id int, type text);
\copy berka.eod_balance FROM PROGRAM 'gzip -dc test/data/eod_balance.csv.gz' (FORMAT csv, HEADER)
\copy berka.account FROM PROGRAM 'gzip -dc test/data/account.csv.gz' (FORMAT csv, HEADER)
\copy berka.disp FROM PROGRAM 'gzip -dc test/data/disp.csv.gz' (FORMAT csv, HEADER)
SELECT (SELECT count(*) FROM berka.eod_balance) AS balances,
	(SELECT count(*) FROM berka.account) AS accounts,
	(SELECT count(*) FROM berka.disp WHERE type = 'owner') AS owners;

CREATE TABLE berka.month AS
SELECT tiering.month(m::date) AS period, m::date AS first_day,
	(m + interval '1 month')::date AS next_day
	FROM generate_series('1993-01-01'::date, '1998-12-01', '1 month') m;
-- The oracle's table, a row for each account and day: where a day has no
-- balance of its own, the last one is known by how many came before.
CREATE TABLE berka.daily AS
SELECT client_id, account_id, day, max(balance) OVER (PARTITION BY account_id, known) AS balance
FROM (SELECT o.client_id, a.account_id, d::date AS day, e.balance,
		count(e.balance) OVER (PARTITION BY a.account_id ORDER BY d) AS known
	FROM berka.account a JOIN berka.disp o ON o.account_id = a.account_id AND o.type = 'owner'
		CROSS JOIN generate_series('1993-01-01'::date, '1998-12-31', '1 day') d
		LEFT JOIN berka.eod_balance e ON e.account_id = a.account_id AND e.as_of = d) x
WHERE known > 0;
CREATE TABLE berka.oracle AS
SELECT client_id, date_trunc('month', day)::date AS first_day,
	sum(balance) / extract(day FROM date_trunc('month', day) + interval '1 month - 1 day') AS avg,
		sum(balance) AS balance_days
FROM berka.daily GROUP BY client_id, date_trunc('month', day);
ANALYZE berka.oracle;

-- the shapes: ranges, snapshots, flows; the changes are the balances as they came
CREATE TABLE berka.history AS
SELECT o.client_id, e.balance, e.as_of AS valid_from, lead(e.as_of, 1, 'infinity')
	OVER account AS valid_to,
	e.balance - lag(e.balance, 1, 0::numeric) OVER account AS amount
FROM berka.eod_balance e JOIN berka.disp o ON o.account_id = e.account_id AND o.type = 'owner'
WINDOW account AS (PARTITION BY e.account_id ORDER BY e.as_of);
ALTER TABLE berka.history SET (parallel_workers = 2);
ALTER TABLE berka.daily SET (parallel_workers = 2);
ALTER TABLE berka.month SET (parallel_workers = 0);
ANALYZE berka.history, berka.daily, berka.month;

CREATE FUNCTION t.check_shape(shape text, query text, parallel boolean)
RETURNS TABLE (shape_checked text, in_parallel boolean, customer_months bigint, wrong bigint)
LANGUAGE plpgsql AS $$
DECLARE
	w record;
BEGIN
	SET LOCAL enable_sort = off;
	SET LOCAL work_mem = '256MB';
	IF parallel THEN
		PERFORM t.parallel();
	ELSE
		SET LOCAL max_parallel_workers_per_gather = 0;
	END IF;
	w := t.workers('CREATE TEMP TABLE got AS ' || query);
	RETURN QUERY
	SELECT shape, w.launched > 0 AND w.partial, count(*), count(*) FILTER (
		WHERE g.avg IS DISTINCT FROM o.avg OR g.balance_days IS DISTINCT FROM o.balance_days)
	FROM got g FULL JOIN berka.oracle o USING (client_id, first_day);
	DROP TABLE got;
END;
$$;
CREATE TABLE t.shape (shape, query) AS VALUES
('history, dates', 'SELECT client_id, first_day, tiering.daily_avg(balance, valid_from, valid_to, '
	'period) AS avg, tiering.balance_days(balance, valid_from, valid_to, period)
	FROM berka.history JOIN berka.month ON valid_from < next_day AND valid_to > first_day GROUP BY '
		'1, 2'),
('history, range', 'SELECT client_id, first_day, tiering.daily_avg(balance, daterange(valid_from, '
	'valid_to), period) AS avg, tiering.balance_days(balance, daterange(valid_from, valid_to), '
	'period)
	FROM berka.history JOIN berka.month ON valid_from < next_day AND valid_to > first_day GROUP BY '
		'1, 2'),
('snapshots', 'SELECT client_id, date_trunc(''month'', day)::date AS first_day, '
	'tiering.daily_avg_snapshots(balance, day, tiering.month(day)) AS avg, '
	'tiering.balance_days_snapshots(balance, day, tiering.month(day)) AS balance_days
	FROM berka.daily GROUP BY 1, 2'),
('flows', 'SELECT client_id, first_day, tiering.daily_avg_flows(amount, valid_from, period) AS '
	'avg, tiering.balance_days_flows(amount, valid_from, period) AS balance_days
	FROM berka.history JOIN berka.month ON valid_from < next_day GROUP BY 1, 2'),
('changes', 'SELECT client_id, first_day, tiering.daily_avg_changes(balance, valid_from, period) '
	'AS avg, tiering.balance_days_changes(balance, valid_from, period) AS balance_days
	FROM berka.history JOIN berka.month ON valid_from < next_day GROUP BY 1, 2');
SELECT c.* FROM t.shape, t.check_shape(shape, query, false) c;
SELECT c.* FROM t.shape, t.check_shape(shape, query, true) c;

-- The tiers of all of them, against the CASE by hand.
SELECT tiering.create_ladder('berka', 'daily_avg_balance',
	'{basic,bronze,silver,gold,platinum,diamond}', '{NULL,10000,30000,60000,100000,150000}', 'CZK'),
	tiering.publish('berka', '1993-01-01');
SELECT tiering.classify('berka', avg, first_day) AS tier, count(*) AS customer_months, count(*)
	FILTER (WHERE tiering.classify('berka', avg, first_day) <> CASE
	WHEN balance_days >= 150000 * days THEN 'diamond' WHEN balance_days >= 100000 * days
		THEN 'platinum' WHEN balance_days >= 60000 * days THEN 'gold'
	WHEN balance_days >= 30000 * days THEN 'silver' WHEN balance_days >= 10000 * days THEN 'bronze'
		ELSE 'basic' END) AS wrong
FROM berka.oracle, LATERAL (SELECT extract(day
	FROM first_day + interval '1 month - 1 day') AS days) d GROUP BY tier ORDER BY min(avg);
-- two customers rest at exactly 10,000.00 for months: they are on the upper side
SELECT client_id, count(*) AS months,
	string_agg(DISTINCT tiering.classify('berka', avg, first_day), ',') AS tiers
FROM berka.oracle WHERE client_id IN (222, 1895) AND avg = 10000 GROUP BY client_id
	ORDER BY client_id;

-- Refreshed month by month, the tiers are the oracle's.
SET client_min_messages = warning;
SELECT tiering.set_source('berka', $$
	SELECT o.client_id AS customer_id,
		COALESCE(tiering.daily_avg_changes(e.balance, e.as_of, tiering.month($1)),
		0) AS daily_avg_balance
	FROM berka.account a JOIN berka.disp o ON o.account_id = a.account_id AND o.type = 'owner'
		LEFT JOIN berka.eod_balance e ON e.account_id = a.account_id
	WHERE a.opened_on <= $1 GROUP BY o.client_id
$$);
SELECT r.* FROM unnest('{1993-01-31,1996-06-30,1998-11-30,1998-12-31}'::date[]) d,
	tiering.refresh('berka', d) r;
SELECT count(*) AS customers, count(*) FILTER (WHERE a.measure IS DISTINCT FROM COALESCE(o.avg, 0)
	OR a.tier <> tiering.classify('berka', COALESCE(o.avg, 0), '1998-12-31')) AS wrong
FROM _tiering.customer_now a LEFT JOIN berka.oracle o ON o.client_id::text = a.customer_id
	AND o.first_day = '1998-12-01' WHERE a.scheme = 'berka';
SELECT tier, customers, customers_share FROM tiering.tier_distribution WHERE scheme = 'berka'
	ORDER BY rank DESC;
SELECT * FROM tiering.migration_summary WHERE scheme = 'berka' ORDER BY as_of;
/*
 * Graded by four schemes at once, as a bank grades: the ladder, any of balance
 * and cards, stars by points, and a nine-grid; each against SQL over the tables.
 */
CREATE TABLE berka.card (card_id int, disp_id int, type text, issued_on date);
CREATE TABLE berka.loan (loan_id int, account_id int, granted_on date, amount numeric,
	duration_months int, monthly_payment numeric, status text);
\copy berka.card FROM PROGRAM 'gzip -dc test/data/card.csv.gz' (FORMAT csv, HEADER)
\copy berka.loan FROM PROGRAM 'gzip -dc test/data/loan.csv.gz' (FORMAT csv, HEADER)
CREATE INDEX ON berka.eod_balance (account_id, as_of);
ANALYZE berka.eod_balance, berka.card, berka.loan;
SELECT tiering.load_preset(p, 'berka_' || p), tiering.publish('berka_' || p, '1993-01-01')
	FROM unnest('{psbc,ccb_stars,nine_grid}'::text[]) p;
-- a list of cards for each tier: none for diamond
SELECT tiering.set_source('berka_psbc', $$
	SELECT o.client_id AS customer_id, COALESCE(b.average, 0) AS daily_avg_balance,
		NULL::numeric AS household_income,
		c.classic AS holds_gold_card, c.gold AS holds_platinum_card, false AS holds_diamond_card
	FROM berka.disp o
		JOIN berka.account a ON a.account_id = o.account_id AND a.opened_on <= $1
		CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE type = 'classic') > 0 AS classic, count(*)
			FILTER (WHERE type = 'gold') > 0 AS gold
			FROM berka.card WHERE disp_id = o.disp_id AND issued_on <= $1) c
		LEFT JOIN (SELECT e.account_id,
			tiering.daily_avg_changes(e.balance, e.as_of, tiering.month($1)) AS average
			FROM berka.eod_balance e GROUP BY e.account_id) b ON b.account_id = o.account_id
	WHERE o.type = 'owner'
$$);
SELECT tiering.set_source('berka_ccb_stars', $$
	SELECT o.client_id AS customer_id, COALESCE(q.average, 0) AS deposits,
		(SELECT sum(amount) FROM berka.loan l WHERE l.account_id = o.account_id
			AND l.granted_on <= $1) AS loans,
		(SELECT count(*) FROM berka.eod_balance e WHERE e.account_id = o.account_id
		AND e.as_of <@ tiering.quarter($1)) AS transactions,
		h.moved AS transaction_amount,
		1 + (SELECT count(*) FROM berka.card WHERE disp_id = o.disp_id AND issued_on <= $1)
			+ (SELECT count(*) FROM berka.loan l WHERE l.account_id = o.account_id
				AND l.granted_on <= $1) AS products,
		($1 - a.opened_on) / 365.25 AS years_with_bank,
		s.least / NULLIF(s.average, 0) AS steadiness, NULL::int AS credit_score
	FROM berka.disp o
		JOIN berka.account a ON a.account_id = o.account_id AND a.opened_on <= $1
		LEFT JOIN (SELECT e.account_id,
			tiering.daily_avg_changes(e.balance, e.as_of, tiering.quarter($1)) AS average
			FROM berka.eod_balance e GROUP BY e.account_id) q ON q.account_id = o.account_id
		LEFT JOIN (SELECT m.account_id, min(m.average) AS least, avg(m.average) AS average
			FROM (SELECT e.account_id,
				tiering.daily_avg_changes(e.balance, e.as_of, tiering.month($1, - back)) AS average
				  FROM berka.eod_balance e, generate_series(0, 11) back
					WHERE e.as_of < upper(tiering.month($1, - back)) GROUP BY e.account_id, back) m
			GROUP BY m.account_id) s ON s.account_id = o.account_id
		LEFT JOIN (SELECT h.client_id, sum(abs(h.amount)) AS moved FROM berka.history h
			WHERE h.valid_from <@ tiering.quarter($1)
			GROUP BY h.client_id) h ON h.client_id = o.client_id
	WHERE o.type = 'owner'
$$);
-- contributed: 2 % of the year's average; potential: the last quarter's average over the year's, as
-- a score
SELECT tiering.set_source('berka_nine_grid', $$
	SELECT o.client_id AS customer_id, COALESCE(0.02 * b.year, 0) AS annual_contribution,
		least(greatest(round(50 * b.quarter / NULLIF(b.year, 0)), 0), 100) AS potential_score
	FROM berka.disp o
		JOIN berka.account a ON a.account_id = o.account_id AND a.opened_on <= $1
		LEFT JOIN (SELECT e.account_id,
			tiering.daily_avg_changes(e.balance, e.as_of, tiering.quarter($1)) AS quarter,
				tiering.daily_avg_changes(e.balance, e.as_of, tiering.year($1)) AS year
			FROM berka.eod_balance e GROUP BY e.account_id) b ON b.account_id = o.account_id
	WHERE o.type = 'owner'
$$);
SELECT r.scheme, r.customers, r.ungraded, r.new
	FROM unnest('{berka_psbc,berka_ccb_stars,berka_nine_grid}'::text[]) s,
	tiering.refresh(s, '1998-12-31') r;
-- the same from the table of days, by hand
CREATE TABLE berka.profile AS
SELECT o.client_id, COALESCE(m.avg, 0) AS month, COALESCE(y.quarter, 0) AS quarter,
	COALESCE(y.year, 0) AS year, y.least, y.months, c.type AS card,
	(SELECT count(*) FROM berka.eod_balance e WHERE e.account_id = o.account_id
	AND e.as_of >= '1998-10-01') AS transactions,
	d.moved AS transaction_amount, l.amount AS loan,
	('1998-12-31'::date - a.opened_on) / 365.25 AS years,
	1 + (c.type IS NOT NULL)::int + (l.loan_id IS NOT NULL)::int AS products
FROM berka.disp o JOIN berka.account a USING (account_id)
	LEFT JOIN berka.card c USING (disp_id) LEFT JOIN berka.loan l USING (account_id)
	LEFT JOIN berka.oracle m ON m.client_id = o.client_id AND m.first_day = '1998-12-01'
	LEFT JOIN (SELECT client_id, sum(balance_days)
		FILTER (WHERE first_day >= '1998-10-01') / 92 AS quarter, sum(balance_days) / 365 AS year,
			min(avg) AS least, avg(avg) AS months FROM berka.oracle WHERE first_day >= '1998-01-01'
				GROUP BY client_id) y ON y.client_id = o.client_id
	LEFT JOIN (SELECT client_id, sum(abs(change)) FILTER (WHERE day >= '1998-10-01') AS moved
		FROM (SELECT client_id, day, balance - lag(balance, 1, 0::numeric)
				OVER (PARTITION BY client_id ORDER BY day) AS change
			  FROM berka.daily WHERE day >= '1998-09-30') c
		GROUP BY client_id) d ON d.client_id = o.client_id
WHERE o.type = 'owner';
WITH by_hand AS (
	SELECT client_id, CASE WHEN card = 'gold' OR month >= 300000 THEN 'platinum'
		WHEN card = 'classic' OR month >= 50000 THEN 'gold' ELSE 'ordinary' END AS berka_psbc,
		CASE WHEN score >= 80 THEN 'star_5' WHEN score >= 60 THEN 'star_4' WHEN score >= 40
			THEN 'star_3' WHEN score >= 20 THEN 'star_2' ELSE 'star_1' END AS berka_ccb_stars,
		(ARRAY['low', 'mid', 'high'])[1 + (year * 0.02 >= 1000)::int + (year * 0.02 >= 10000)::int]
		|| '_value_' ||
			(ARRAY['low', 'mid', 'high'])[1 + COALESCE((round(50 * quarter / NULLIF(year,
			0)) >= 40)::int + (round(50 * quarter / NULLIF(year, 0)) >= 70)::int, 0)]
			|| '_potential' AS berka_nine_grid
	FROM berka.profile, LATERAL (
		SELECT 0.3 * CASE WHEN quarter >= 1000000 THEN 100 WHEN quarter >= 200000 THEN 70
			WHEN quarter >= 50000 THEN 40 WHEN quarter >= 10000 THEN 20 ELSE 0 END
			+ 0.1 * (CASE WHEN loan >= 500000 THEN 100 WHEN loan >= 100000 THEN 70
				WHEN loan >= 10000 THEN 40 ELSE 0 END
				+ CASE WHEN transactions >= 30 THEN 100 WHEN transactions >= 10 THEN 60
				WHEN transactions >= 1 THEN 30 ELSE 0 END
				+ CASE WHEN transaction_amount >= 200000 THEN 100
					WHEN transaction_amount >= 50000 THEN 60
					WHEN transaction_amount >= 5000 THEN 30 ELSE 0 END
				+ COALESCE(CASE WHEN least / NULLIF(months, 0) >= 0.9 THEN 100
					WHEN least / NULLIF(months, 0) >= 0.6 THEN 70
					WHEN least / NULLIF(months, 0) >= 0.3 THEN 40 END, 0))
			+ 0.2 * CASE WHEN products >= 4 THEN 70 WHEN products >= 2 THEN 40 ELSE 0 END
			+ 0.05 * CASE WHEN years >= 8 THEN 100 WHEN years >= 3 THEN 70 WHEN years >= 1 THEN 40
				ELSE 0 END AS score) s
), expected AS (
	SELECT v.scheme, h.client_id::text AS customer_id, v.tier FROM by_hand h,
		LATERAL (VALUES ('berka_psbc', berka_psbc), ('berka_ccb_stars', berka_ccb_stars),
		('berka_nine_grid', berka_nine_grid)) v(scheme, tier)
)
SELECT e.scheme, e.tier, count(*) AS customers, count(*)
	FILTER (WHERE e.tier IS DISTINCT FROM a.tier) AS wrong
FROM expected e FULL JOIN (SELECT scheme, customer_id, tier FROM tiering.assignment
	WHERE scheme LIKE 'berka\_%') a USING (scheme, customer_id)
GROUP BY e.scheme, e.tier ORDER BY e.scheme COLLATE "C", e.tier COLLATE "C";
-- every customer stands in all four at once
SELECT schemes, count(*) AS customers
	FROM (SELECT customer_id, count(*) AS schemes FROM tiering.assignment WHERE scheme LIKE 'berka%'
	GROUP BY customer_id) s GROUP BY schemes;
-- How the year shifted the tiers, and how long customers stay in gold, as R's survival 3.5 has it
-- with conf.type = "plain", before and after a balance of June was put right; where they will be,
-- as R's markovchain 0.9 has it.
SELECT tiering.copy_scheme('berka', 'berka_year'), tiering.publish('berka_year', '1993-01-01'),
	tiering.set_source('berka_year', $$
		SELECT d.client_id AS customer_id, COALESCE(o.avg, 0) AS daily_avg_balance
		FROM berka.disp d LEFT JOIN berka.oracle o ON o.client_id = d.client_id
			AND o.first_day = date_trunc('month', $1)
		WHERE d.type = 'owner'$$);
SELECT sum((tiering.refresh('berka_year', next_day - 1)).customers) AS assessed
FROM berka.month WHERE first_day >= '1998-01-01';
SELECT * FROM tiering.distribution_shift('berka_year', '1998-01-31', '1998-12-31');
UPDATE berka.oracle SET avg = avg + 60000 WHERE client_id = 3935 AND first_day = '1998-06-01';
SELECT superseded, recorded FROM tiering.restate('berka_year', '1998-06-30', '{3935}');
SELECT * FROM tiering.tier_survival('berka_year', 'gold') WHERE elapsed < 6;
SELECT * FROM tiering.tier_survival('berka_year', 'gold', known_at => (
	SELECT max(recorded_at) FROM tiering.batch WHERE scheme = 'berka_year' AND kind = 'refresh'))
WHERE elapsed < 4;
SELECT period, tier, customers, cohort
FROM tiering.forecast('berka_year', 12, tiering.month('1998-12-31')) WHERE period IN (0, 3, 12);
DROP SCHEMA berka CASCADE;
