/*
 * Checks against the averages of the same rows, by account: a tenth of the history, of a
 * million rows in a full run, as ranges, as changes and as flows, and a hundred days of
 * snapshots of as many rows. Nothing is wrong with them, as mostly nothing is.
 *
 * Set by the caller: accounts, the number of them that have snapshots.
 */

CREATE TABLE bench.snapshot AS
SELECT a AS account_id, date '2024-01-01' + day AS as_of,
	bench.money(a * 128::bigint + day)::numeric(15,2) AS balance
FROM generate_series(1, :accounts) a, generate_series(0, 99) day;
VACUUM (FREEZE, ANALYZE) bench.snapshot;
SELECT count(*) FROM bench.snapshot;

CREATE FUNCTION pg_temp.average(call text, rows_of text) RETURNS text
LANGUAGE sql
RETURN format('SELECT count(account_id), count(x) FROM (SELECT account_id,
	tiering.%s, ''[2024-01-01,2025-01-01)'') AS x FROM bench.%I GROUP BY account_id OFFSET 0) g',
	call, rows_of);

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('check_ranges', 'check_ranges / daily_avg by account', 2.0),
	('check_snapshots', 'check_snapshots / daily_avg_snapshots by account', 2.0),
	('check_changes', 'check_changes / daily_avg_changes by account', 2.0),
	('check_flows', 'check_flows / daily_avg_flows by account', 2.0),
	('check_sequence', 'check_changes with a sequence / daily_avg_changes by account', 2.0),
	('check_damaged', 'check_ranges, a fault in 1 % of the accounts / daily_avg by account', NULL);

INSERT INTO bench.side (comparison, side, query, computes) VALUES
	('check_ranges', 'a', $$SELECT count(*) FROM tiering.check_ranges('SELECT account_id AS account,
		balance, valid_from, valid_to FROM bench.history_tenth')$$, 'count('),
	('check_ranges', 'b', pg_temp.average('daily_avg(balance, valid_from, valid_to',
		'history_tenth'), 'daily_avg('),
	('check_snapshots', 'a', $$SELECT count(*) FROM tiering.check_snapshots('SELECT account_id
		AS account, balance, as_of FROM bench.snapshot')$$, 'count('),
	('check_snapshots', 'b', pg_temp.average('daily_avg_snapshots(balance, as_of', 'snapshot'),
		'daily_avg_snapshots('),
	('check_changes', 'a', $$SELECT count(*) FROM tiering.check_changes('SELECT account_id
		AS account, balance, valid_from AS changed_on FROM bench.history_tenth')$$, 'count('),
	('check_changes', 'b', pg_temp.average('daily_avg_changes(balance, valid_from',
		'history_tenth'), 'daily_avg_changes('),
	('check_flows', 'a', $$SELECT count(*) FROM tiering.check_flows('SELECT account_id AS account,
		balance AS amount, valid_from AS posted_on FROM bench.history_tenth')$$, 'count('),
	('check_flows', 'b', pg_temp.average('daily_avg_flows(balance, valid_from', 'history_tenth'),
		'daily_avg_flows('),
	('check_sequence', 'a', $$SELECT count(*) FROM tiering.check_changes('SELECT account_id
		AS account, balance, valid_from AS changed_on, customer_id AS sequence
		FROM bench.history_tenth')$$, 'count('),
	('check_sequence', 'b', pg_temp.average('daily_avg_changes(balance, valid_from',
		'history_tenth'), 'daily_avg_changes('),
	('check_damaged', 'a', $$SELECT count(*) FROM tiering.check_ranges('SELECT account_id
		AS account, balance, valid_from + (account_id % 100 = 0)::int AS valid_from, valid_to
		FROM bench.history_tenth')$$, 'count('),
	('check_damaged', 'b', pg_temp.average('daily_avg(balance, valid_from, valid_to',
		'history_tenth'), 'daily_avg(');

-- None has a finding, and where there is a fault there are some
SELECT bench.equal('findings in a sound book', query, 'SELECT 0::bigint') FROM bench.side
WHERE comparison ~ '^check_' AND comparison <> 'check_damaged' AND side = 'a';
SELECT bench.equal('faults that are found', 'SELECT x > 0 FROM (' || query || ') q(x)',
	'SELECT true') FROM bench.side WHERE comparison = 'check_damaged' AND side = 'a';
