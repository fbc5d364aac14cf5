-- What test/demo shows. It has psql read this in a fresh cluster, with the folder
-- of the data in the environment variable "data". Statements that a reader would
-- write himself are echoed; those that only make the output pretty are not.

\pset pager off
\pset footer off

\echo '\n== 2 of 10: the bank as it is\n'

CREATE SCHEMA bank;
CREATE TABLE bank.account (
	account_id  int PRIMARY KEY,
	district_id int NOT NULL,
	frequency   text NOT NULL,
	opened_on   date NOT NULL
);
CREATE TABLE bank.district (
	district_id int PRIMARY KEY,
	name        text NOT NULL,
	region      text NOT NULL
);
CREATE TABLE bank.disp (
	disp_id    int PRIMARY KEY,
	client_id  int NOT NULL,
	account_id int NOT NULL REFERENCES bank.account,
	type       text NOT NULL
);
CREATE TABLE bank.card (
	card_id   int PRIMARY KEY,
	disp_id   int NOT NULL REFERENCES bank.disp,
	type      text NOT NULL,
	issued_on date NOT NULL
);
CREATE TABLE bank.eod_balance (
	account_id int NOT NULL REFERENCES bank.account,
	as_of      date NOT NULL,
	balance    numeric NOT NULL,
	PRIMARY KEY (account_id, as_of)
);

-- The shell that runs the program puts the folder in, whatever is in its name.
\echo 'Loading account, district, disp, card ...'
\copy bank.account from program 'gzip -dc "$data/account.csv.gz"' (format csv, header)
\copy bank.district from program 'gzip -dc "$data/district.csv.gz" | cut -d, -f1-3' csv header
\copy bank.disp from program 'gzip -dc "$data/disp.csv.gz"' (format csv, header)
\copy bank.card from program 'gzip -dc "$data/card.csv.gz"' (format csv, header)
\echo 'Loading eod_balance ...\n'
\copy bank.eod_balance from program 'gzip -dc "$data/eod_balance.csv.gz"' (format csv, header)
ANALYZE bank.account, bank.district, bank.disp, bank.card, bank.eod_balance;

SELECT 'account' AS "table in bank", to_char(count(*), '999,999') AS rows,
	'opened from ' || min(opened_on) || ' to ' || max(opened_on) AS "what it is"
FROM bank.account
UNION ALL
SELECT 'district', to_char(count(*), '999,999'),
	format('where branches are, in %s regions', count(DISTINCT region)) FROM bank.district
UNION ALL
SELECT 'disp', to_char(count(*), '999,999'),
	format('who may dispose of an account: %s owners, %s others',
		count(*) FILTER (WHERE type = 'owner'), count(*) FILTER (WHERE type <> 'owner'))
FROM bank.disp
UNION ALL
SELECT 'card', to_char(count(*), '999,999'), 'credit cards' FROM bank.card
UNION ALL
SELECT 'eod_balance', to_char(count(*), '999,999'),
	format('end of day, %s to %s; a balance counts until the next', min(as_of), max(as_of))
FROM bank.eod_balance;

\set ECHO queries
CREATE EXTENSION tiering;
\set ECHO none

\echo '\n== 3 of 10: a ladder of tiers, in Czech crowns\n'

\pset tuples_only on
\set ECHO queries
SELECT 'draft version', tiering.create_ladder('retail', 'daily_avg_balance',
	ARRAY['basic', 'bronze', 'silver', 'gold', 'platinum', 'diamond'],
	ARRAY[NULL,     10000,    30000,    60000,  100000,     150000], 'CZK');
SELECT 'published version', tiering.publish('retail', effective_from => '1993-01-01');
\set ECHO none
\pset tuples_only off
\echo 'It is rows now. Of the tiers that take a customer, the highest counts:\n'
SELECT t.tier, t.rank, t.base, r.metric, r.bounds
FROM tiering.tier t LEFT JOIN tiering.rule r USING (scheme, version, tier)
WHERE t.scheme = 'retail'
ORDER BY t.rank DESC;

\echo '== 4 of 10: bind the ladder to the bank\'s tables, by a query over them for a date $1\n'

\pset tuples_only on
\set ECHO queries
SELECT tiering.set_source('retail', $source$
	SELECT d.client_id AS customer_id, coalesce(b.daily_avg, 0) AS daily_avg_balance
	FROM bank.disp d
	JOIN bank.account a USING (account_id)
	LEFT JOIN (
		SELECT account_id,
			tiering.daily_avg_changes(balance, as_of, tiering.month($1)) AS daily_avg
		FROM bank.eod_balance
		WHERE as_of < upper(tiering.month($1))
		GROUP BY account_id) b USING (account_id)
	WHERE d.type = 'owner' AND a.opened_on <= $1
$source$);
\set ECHO none
\echo 'What else is known of customers, to report by: their branch, and its region\n'
\set ECHO queries
SELECT tiering.set_dimensions('retail', $dimensions$
	SELECT d.client_id AS customer_id, b.name AS branch, b.region
	FROM bank.disp d
	JOIN bank.account a USING (account_id)
	JOIN bank.district b USING (district_id)
	WHERE d.type = 'owner'
$dimensions$);
\set ECHO none
\pset tuples_only off

\echo '== 5 of 10: grade everyone at every month-end of 1998\n'

PREPARE refresh_line(date) AS
SELECT format('%s%s%s%s%s%s%s', r.as_of, to_char(r.customers, '9,999,999'),
	to_char(r.new, '99,999'), to_char(r.up, '99,999'), to_char(r.down, '99,999'),
	to_char(r.stayed, '99,999'),
	to_char(extract(epoch FROM clock_timestamp() - statement_timestamp()), '99990.9')) AS line
FROM tiering.refresh('retail', $1) r;

\echo 'January, with the progress that the extension tells:\n'
\echo 'SELECT * FROM tiering.refresh(\'retail\', \'1998-01-31\');'
EXECUTE refresh_line('1998-01-31') \gset
\echo '\nWhat each month returned. In the first one everybody is new:\n'
\echo 'month-end  customers    new     up   down stayed seconds'
\echo '---------- --------- ------ ------ ------ ------ -------'
\echo :line
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
SELECT format('EXECUTE refresh_line(%L)', upper(tiering.month('1998-01-31', shift)) - 1)
FROM generate_series(1, 11) shift \gexec
\pset tuples_only off
\pset format aligned

\echo '\n== 6 of 10: what the views report\n'

\echo 'tiering.tier_distribution: who is where, and with how much. A block is 1 % of the customers.'
\echo 'Nobody averages 150,000 crowns; an empty tier has its row, too.\n'
SELECT tier, to_char(customers, '99,999') AS customers,
	to_char(100 * customers_share, '990.0') AS "all %",
	to_char(measure, '999,999,999') AS "total CZK",
	to_char(100 * measure_share, '990.0') AS "CZK %",
	repeat('█', eighths / 8) || btrim(substr(' ▏▎▍▌▋▊▉', eighths % 8 + 1, 1))
		AS "share of customers"
FROM tiering.tier_distribution CROSS JOIN LATERAL int4(ceil(800 * customers_share)) AS eighths
WHERE scheme = 'retail'
ORDER BY rank DESC;

\echo 'tiering.migration_matrix: from November to December.'
\echo 'Right of the diagonal is up, left is down.\n'
SELECT from_tier AS "from \ to", to_tier, customers, to_rank
FROM tiering.migration_matrix
WHERE scheme = 'retail' AND as_of = '1998-12-31'
ORDER BY from_rank, to_rank
\crosstabview 1 2 3 4

\echo 'tiering.migration_summary: the year, as each refresh left it\n'
SELECT as_of, new, up, down, up - down AS net, exit, stayed,
	to_char(100 * retention, '990.0') AS "retention %"
FROM tiering.migration_summary
WHERE scheme = 'retail'
ORDER BY as_of;

\echo 'tiering.tier_distribution_by: the tiers of each region. Regions add up to the bank.\n'
SELECT value AS region, tier, to_char(customers, '9,999') AS customers, rank
FROM tiering.tier_distribution_by('retail', 'region')
ORDER BY value, rank DESC
\crosstabview region tier customers rank
\echo 'tiering.migration_summary_by: the year of the five branches that won most customers of'
\echo 'gold and above\n'
SELECT m.value AS branch, region, m.up, m.down, m.stayed, w.gold_and_above,
	to_char(w.money, 'S999,999,999') AS "their CZK"
FROM tiering.migration_summary_by('retail', 'branch', '1998-01-31', '1998-12-31') m
	JOIN bank.district ON name = m.value
	JOIN (SELECT d.value, sum(d.customers * sign) AS gold_and_above, sum(d.measure * sign) AS money
		FROM (VALUES (date '1998-12-31', 1), ('1998-01-31', -1)) s(day, sign),
			tiering.tier_distribution_by('retail', 'branch', day) d
		WHERE d.rank >= 4 GROUP BY d.value) w USING (value)
ORDER BY w.gold_and_above DESC, m.value
LIMIT 5;

-- Of those who went both up and down, the one who saw the most tiers in the fewest moves
SELECT h.customer_id AS customer, d.account_id AS account
FROM tiering.customer_tier_history h JOIN bank.disp d ON d.client_id::text = h.customer_id
WHERE h.scheme = 'retail'
GROUP BY h.customer_id, d.account_id
HAVING bool_or(h.direction = 'up') AND bool_or(h.direction = 'down')
ORDER BY count(DISTINCT h.tier) DESC, count(*), h.customer_id
LIMIT 1 \gset
\echo 'tiering.customer_tier_history: customer' :customer 'moved both ways\n'
SELECT lower(valid) AS "from", upper(valid) AS until, from_tier, direction, tier,
	round(measure, 2) AS "daily average at the move"
FROM tiering.customer_tier_history
WHERE scheme = 'retail' AND customer_id = :'customer'
ORDER BY move;

\echo '== 7 of 10: a second grading beside the first, a preset: any of balance, card or income\n'

\pset tuples_only on
\set ECHO queries
SELECT 'draft version', tiering.load_preset('psbc');
SELECT 'published version', tiering.publish('psbc', effective_from => '1993-01-01');
SELECT tiering.set_source('psbc', $source$
	SELECT d.client_id AS customer_id, coalesce(b.daily_avg, 0) AS daily_avg_balance,
		NULL::numeric AS household_income,  -- the bank does not know it
		coalesce(c.type = 'classic', false) AS holds_gold_card,
		coalesce(c.type = 'gold', false) AS holds_platinum_card, false AS holds_diamond_card
	FROM bank.disp d
	JOIN bank.account a USING (account_id)
	LEFT JOIN bank.card c ON c.disp_id = d.disp_id AND c.issued_on <= $1
	LEFT JOIN (
		SELECT account_id,
			tiering.daily_avg_changes(balance, as_of, tiering.month($1)) AS daily_avg
		FROM bank.eod_balance
		WHERE as_of < upper(tiering.month($1))
		GROUP BY account_id) b USING (account_id)
	WHERE d.type = 'owner' AND a.opened_on <= $1
$source$);
SELECT 'customers graded', customers FROM tiering.refresh('psbc', '1998-12-31');
\set ECHO none
\pset tuples_only off
\echo 'tiering.staffing: how each tier is served, and by how many managers.'
\echo 'The numbers come with the preset, to be replaced.\n'
SELECT title, title_zh, to_char(customers, '99,999') AS customers, channel,
	managers_from || ' - ' || managers_to AS managers
FROM tiering.staffing WHERE scheme = 'psbc' ORDER BY rank DESC;

-- Of those in gold by balance alone, the one who is nearest to falling out of it
SELECT customer_id AS near, round(measure, 2) AS measure
FROM tiering.near_downgrade n
	JOIN bank.disp d ON d.client_id::text = n.customer_id LEFT JOIN bank.card c USING (disp_id)
WHERE scheme = 'psbc' AND tier = 'gold' AND c.type IS NULL
ORDER BY distance, customer_id LIMIT 1 \gset
\echo 'tiering.near_downgrade: who is less than 1 % above the bound of his tier\n'
SELECT count(*) AS customers, tier, next_tier, bound, round(min(distance), 2) AS nearest
FROM tiering.near_downgrade WHERE scheme = 'psbc' AND distance_percent < 1
GROUP BY tier, next_tier, bound;
\echo 'tiering.explain: why customer' :near 'is in his tier, and what is missing for the next\n'
SELECT part, sentence
FROM (SELECT :measure AS daily_avg_balance, NULL::numeric AS household_income,
		false AS holds_gold_card,
		false AS holds_platinum_card, false AS holds_diamond_card) m, tiering.explain('psbc', m)
WHERE part IN ('tier', 'next');

\echo '== 8 of 10: the aggregates are plain SQL over any table, with nothing set up\n'

\echo 'The account of customer' :customer 'by quarter.'
\echo 'Balance-days are the sum of the balances of all days;'
\echo 'those of the quarters add up to those of the year, which averages would not.\n'
\set ECHO queries
SELECT name, period, upper(period) - lower(period) AS days,
	tiering.balance_days_changes(balance, as_of, period) AS balance_days,
	round(tiering.daily_avg_changes(balance, as_of, period), 2) AS daily_avg
FROM (VALUES ('Q1', tiering.quarter('1998-03-31')), ('Q2', tiering.quarter('1998-06-30')),
		('Q3', tiering.quarter('1998-09-30')), ('Q4', tiering.quarter('1998-12-31')),
		('year', tiering.year('1998-12-31'))) AS report(name, period)
	JOIN bank.eod_balance ON account_id = :account AND as_of < upper(period)
GROUP BY name, period
ORDER BY name;
\set ECHO none

\echo '\n== 9 of 10: a whole history as one value, and what it would take to reach the next tier\n'

\set ECHO queries
CREATE TABLE bank.history AS
SELECT client_id::text AS customer_id, tiering.daily_series_changes(balance, as_of) AS series
FROM bank.eod_balance JOIN bank.disp USING (account_id)
WHERE type = 'owner'
GROUP BY client_id;
\set ECHO none
SELECT to_char(count(*), '99,999') AS histories, round(avg(pg_column_size(series))) AS "bytes each",
	round(avg((SELECT count(*) FROM tiering.segments(series)))) AS "changes each",
	pg_size_pretty(pg_table_size('bank.history')) AS "all of them",
	pg_size_pretty(pg_table_size('bank.eod_balance')) AS "as rows"
FROM bank.history;

\echo 'December of customer' :customer 'in it, half the month gone:\n'
\pset tuples_only on
SELECT tiering.clip(series, '[1998-12-01,1998-12-16)') FROM bank.history
WHERE customer_id = :'customer';
\pset tuples_only off
\set ECHO queries
SELECT tier, bound,
	round(tiering.daily_avg(series, tiering.month_to_date('1998-12-15')), 2) AS average_so_far,
	tiering.balance_to_reach(series, bound, tiering.month('1998-12-15'), as_of => '1998-12-15')
		AS to_hold_from_16th,
	tiering.last_day_to_reach(series, bound, tiering.month('1998-12-15'), max_balance => 250000)
		AS or_250000_from
FROM bank.history, (SELECT tier, bound FROM tiering.measure_bound WHERE scheme = 'retail') b
WHERE customer_id = :'customer' AND bound > tiering.daily_avg(series, tiering.month('1998-11-30'))
ORDER BY bound;
\set ECHO none

\echo 'The same ladder for whoever wants it each day, for the month so far,'
\echo 'and what the view then tells:\n'
\set ECHO queries
DO $$
BEGIN
	PERFORM tiering.copy_scheme('retail', 'running'), tiering.publish('running', '1993-01-01');
	PERFORM tiering.set_source('running', 'SELECT customer_id,
		tiering.daily_avg(series, tiering.month_to_date($1)) AS daily_avg_balance
		FROM bank.history');
	PERFORM tiering.set_series('running', 'SELECT customer_id, series AS balances,
		tiering.month($1 + 1) AS period FROM bank.history');
	PERFORM tiering.refresh('running', '1998-12-15');
END;
$$;
SELECT next_tier, count(*) AS customers, min(balance_to_hold) AS least,
	max(balance_to_hold) AS most, max(hold_until) AS hold_until
FROM tiering.near_upgrade
WHERE scheme = 'running' AND distance_percent < 1
GROUP BY next_tier, bound
ORDER BY bound;
\set ECHO none

\echo '\n== 10 of 10: a late correction: what was known before stays known\n'

\echo 'In January 1999 it turns out that 60,000 crowns of June 1998 were booked to another account'
\echo 'than that of customer' :customer 'until the month was over.'
\echo 'The balances are put right, and the assessments of this customer from June on'
\echo 'are made again:\n'
SELECT clock_timestamp() AS letter_sent \gset
\set ECHO queries
UPDATE bank.eod_balance SET balance = balance + 60000
WHERE account_id = :account AND as_of BETWEEN '1998-06-01' AND '1998-06-30';
SELECT * FROM tiering.restate('retail', '1998-06-30', ARRAY[:'customer']);
\set ECHO none
\echo 'The tier at each month-end, as known now and as known when a letter was sent'
\echo 'before the correction:\n'
\set ECHO queries
SELECT month_end,
	tiering.tier_on('retail', :'customer', month_end) AS known_now,
	tiering.tier_on('retail', :'customer', month_end, known_at => :'letter_sent') AS known_then
FROM generate_series(0, 4) shift,
	LATERAL (SELECT upper(tiering.month('1998-05-31', shift)) - 1) m (month_end);
SELECT * FROM tiering.verify_history('retail');
\set ECHO none
\echo 'Nothing was erased. The moves that do not stand any more, and those recorded instead,'
\echo 'with the batch that did it:\n'
SELECT m.batch AS recorded_by_batch, s.batch AS superseded_by_batch, m.as_of, m.from_tier,
	m.to_tier, m.direction, m.cause,
	round(m.measure, 2) AS "daily average"
FROM tiering.migration m LEFT JOIN tiering.superseded s USING (move)
WHERE m.scheme = 'retail' AND m.customer_id = :'customer'
	AND (s.move IS NOT NULL OR m.cause = 'correction')
ORDER BY m.move;
