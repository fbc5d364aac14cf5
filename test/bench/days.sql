/*
 * What words for days, accounts and an order within the day cost, each beside the same
 * average of the same rows without them: a hundred days of snapshots of accounts, two to a
 * customer, and a tenth of the history as changes. Every day has its row, and only one, so
 * that both say the same, but for the days that are left out of the year.
 *
 * Set by the caller: accounts, the number of them that have snapshots.
 */

CREATE TABLE bench.daily AS
SELECT 1 + (a - 1) % (:accounts / 2) AS customer_id, a AS account_id,
	date '2024-01-01' + day AS as_of, bench.money(a * 128::bigint + day)::numeric(15,2) AS balance
FROM generate_series(1, :accounts) a, generate_series(0, 99) day;
VACUUM (FREEZE, ANALYZE) bench.daily;
SELECT count(*) FROM bench.daily;
INSERT INTO tiering.calendar_day (calendar, day, business)
SELECT 'bench', day, extract(isodow FROM day) < 6
FROM generate_series(timestamp '2024-01-01', '2024-04-09', '1 day') day;

CREATE FUNCTION pg_temp.average(call text, words text, rows_of text, grouped text) RETURNS text
LANGUAGE sql
RETURN format('SELECT %4$I, tiering.%1$s, daterange ''[2024-01-01,2024-04-10)''%2$s) AS x
	FROM bench.%3$I GROUP BY %4$I', call, words, rows_of, grouped);

CREATE TEMPORARY TABLE form (comparison text, what text, form text, words text, plain text,
	plain_words text, rows_of text, grouped text, same boolean);
INSERT INTO form VALUES
	('days_skip', 'daily_avg_snapshots, skip / without words',
		'daily_avg_snapshots(balance, as_of', ', ''skip''',
		'daily_avg_snapshots(balance, as_of', '', 'daily', 'customer_id', true),
	('days_open', 'daily_avg_snapshots, open / without words',
		'daily_avg_snapshots(balance, as_of', ', ''open''',
		'daily_avg_snapshots(balance, as_of', '', 'daily', 'customer_id', true),
	('days_business', 'daily_avg_snapshots, business / without words',
		'daily_avg_snapshots(balance, as_of', ', ''business, calendar=bench''',
		'daily_avg_snapshots(balance, as_of', '', 'daily', 'customer_id', false),
	('days_carry', 'daily_avg_snapshots, carry / without words',
		'daily_avg_snapshots(balance, as_of', ', ''carry, max_age=7''',
		'daily_avg_snapshots(balance, as_of', '', 'daily', 'account_id', true),
	('days_account', 'daily_avg_snapshots with the account / without',
		'daily_avg_snapshots(account_id, balance, as_of', '',
		'daily_avg_snapshots(balance, as_of', '', 'daily', 'customer_id', true),
	('days_sequence', 'daily_avg_snapshots with account and sequence / with the account',
		'daily_avg_snapshots(account_id, balance, as_of, account_id', '',
		'daily_avg_snapshots(account_id, balance, as_of', '', 'daily', 'customer_id', true),
	('days_account_carry', 'daily_avg_snapshots with the account, carry / without words',
		'daily_avg_snapshots(account_id, balance, as_of', ', ''carry, max_age=7''',
		'daily_avg_snapshots(account_id, balance, as_of', '', 'daily', 'customer_id', true),
	('changes_sequence', 'daily_avg_changes with a sequence / without',
		'daily_avg_changes(balance, valid_from, customer_id', '',
		'daily_avg_changes(balance, valid_from', '', 'history_tenth', 'account_id', true),
	('changes_words', 'daily_avg_changes, zero, max_age / without words',
		'daily_avg_changes(balance, valid_from', ', ''max_age=400''',
		'daily_avg_changes(balance, valid_from', '', 'history_tenth', 'account_id', true);

INSERT INTO bench.comparison (comparison, what) SELECT comparison, what FROM form;
INSERT INTO bench.side (comparison, side, query, computes)
SELECT f.comparison, s.side, 'SELECT count(' || f.grouped || '), count(x) FROM ('
	|| pg_temp.average(s.call, s.words, f.rows_of, f.grouped) || ' OFFSET 0) g',
	split_part(s.call, '(', 1) || '('
FROM form f, LATERAL (VALUES ('a', f.form, f.words), ('b', f.plain, f.plain_words))
	s(side, call, words);

-- Accounts of a customer as one group, and as a group each, which are added up
INSERT INTO bench.comparison (comparison, what) VALUES
	('changes_account', 'daily_avg_changes with the account, by customer / by account, added up');
INSERT INTO bench.side (comparison, side, query, computes)
SELECT 'changes_account', side, 'SELECT count(customer_id), count(x) FROM (' || query
	|| ' OFFSET 0) g', 'daily_avg_changes('
FROM (VALUES ('a', $$SELECT customer_id, tiering.daily_avg_changes(account_id, balance, valid_from,
		daterange '[2024-01-01,2024-04-10)') AS x FROM bench.history_tenth GROUP BY customer_id$$),
	('b', $$SELECT customer_id, sum(x) AS x FROM (SELECT customer_id, account_id,
		tiering.daily_avg_changes(balance, valid_from, '[2024-01-01,2024-04-10)') AS x
		FROM bench.history_tenth GROUP BY customer_id, account_id OFFSET 0) a
		GROUP BY customer_id$$)) q(side, query);

SELECT bench.equal(comparison, pg_temp.average(form, words, rows_of, grouped),
	pg_temp.average(plain, plain_words, rows_of, grouped)) FROM form WHERE same;
