-- check_ranges(), check_snapshots(), check_changes(), check_flows(): each kind of finding on
-- rows that are known, what they are told by, and who may ask.
SET client_min_messages = warning;
SET datestyle = 'ISO';
CREATE SCHEMA checked;

-- One account with two rows without an end: 450 in September, where it is 200 or 250. Of
-- two accounts the same rows are sound.
CREATE TABLE checked.zipper (account text, balance numeric, valid_from date, valid_to date);
INSERT INTO checked.zipper VALUES ('1', 200, '2026-01-01', NULL), ('1', 250, '2026-08-01', NULL);
SELECT tiering.daily_avg(balance, valid_from, valid_to, tiering.month('2026-09-30')) = 450 AS both
FROM checked.zipper;
SELECT * FROM tiering.check_ranges('SELECT * FROM checked.zipper');
SELECT * FROM tiering.check_ranges('SELECT * FROM checked.zipper', tiering.month('2026-09-30'));
SELECT * FROM tiering.check_ranges('SELECT * FROM checked.zipper', tiering.month('2026-07-31'));
SELECT * FROM tiering.check_ranges('SELECT balance::text AS account, balance, valid_from, valid_to
	FROM checked.zipper -- with a remark');
SELECT count(*) FROM tiering.check_ranges(' WITH z AS (TABLE checked.zipper) TABLE z ;
	');

-- Ends that are last days: 156.67 where it is 166.67
CREATE TABLE checked.inclusive (account int, balance int, valid_from date, valid_to date);
INSERT INTO checked.inclusive VALUES (1, 100, '2026-09-01', '2026-09-09'),
	(1, 3000, '2026-09-10', '2026-09-10'), (1, 100, '2026-09-11', NULL),
	(2, 3000, '2026-09-10', '2026-09-10'), (3, 5, '2026-09-01', '2026-09-30'),
	(3, 6, '2026-10-01', NULL);
SELECT severity, kind, account, days, detail
FROM tiering.check_ranges('SELECT * FROM checked.inclusive') ORDER BY account, days;
SELECT * FROM tiering.check_ranges('SELECT * FROM checked.inclusive', bounds => '[]');
-- What else there is of ranges. Days before the period do not matter, whatever they are.
CREATE TABLE checked.ranges (account int, balance numeric, valid_from date, valid_to date);
INSERT INTO checked.ranges VALUES
	(1, 5, '2026-01-01', '2026-02-01'), (1, 5, '2026-01-01', '2026-02-01'),
	(2, 5, '2026-01-01', '2026-02-01'), (2, 6, '2026-01-01', '2026-02-01'),
	(3, 5, '2026-01-01', '2026-02-01'), (3, 6, '2026-03-01', NULL),
	(4, 5, '2026-09-30', '2026-09-29'),
	(5, 5, NULL, '2026-01-01'), (5, NULL, '2026-01-01', '2026-02-01'),
	(5, 'NaN', '2026-02-01', NULL),
	(NULL, 9, '2026-01-01', NULL),
	(6, 5, '2026-01-01', '2026-02-01'), (6, 5000, '2026-02-01', '9999-12-31'),
	(7, 0, '2024-01-01', NULL), (8, 4, NULL, '2026-09-30'),
	-- these are sound
	(9, 5, '2026-02-01', 'infinity'), (9, 7, '-infinity', '2026-02-01'),
	(10, 5, '2026-02-01', '2026-02-02'), (10, 7, '2026-02-02', '2026-02-02'),
	(10, 8, '2026-02-02', NULL);
SELECT account, severity, kind, days, detail
FROM tiering.check_ranges('SELECT * FROM checked.ranges', jump => 1000) ORDER BY 1, 4, 3;
SELECT account, kind, days, detail
FROM tiering.check_ranges('SELECT * FROM checked.ranges', '[2026-09-01,2026-10-01)',
	max_age => 30, jump => 1000) ORDER BY account, days, kind;
SELECT * FROM tiering.check_ranges('SELECT * FROM checked.ranges WHERE account > 8');
-- at the ends of all days
SELECT account, kind, days FROM tiering.check_ranges($$SELECT * FROM (VALUES
	(1, 5, date '4714-11-24 BC', date '5874897-12-31'), (1, 5, 'infinity', 'infinity'),
	(2, 5, '-infinity', '-infinity'), (3, 5, 'infinity', '-infinity'), (4, 5, NULL, NULL),
	(4, 5, '5874897-12-31', NULL)) v(account, balance, valid_from, valid_to)$$)
ORDER BY 1, 2, 3;
SELECT * FROM tiering.check_ranges($$SELECT * FROM (VALUES
	(1, 5, date '4714-11-24 BC', date '5874897-12-31')) v(account, balance, valid_from, valid_to)$$,
	bounds => '[]');
-- no rows, no findings
SELECT * FROM tiering.check_ranges('SELECT * FROM checked.ranges WHERE false', '[2026-01-01,)');

-- The day's file twice, and a day's file missing
CREATE TABLE checked.night AS
SELECT c AS account, 490000 AS balance, d::date AS as_of
FROM generate_series(1, 100) c, generate_series(date '2026-09-01', '2026-09-30', '1 day') d;
SELECT * FROM tiering.check_snapshots('TABLE checked.night', tiering.month('2026-09-30'));
INSERT INTO checked.night SELECT * FROM checked.night
WHERE as_of IN ('2026-09-14', '2026-09-15') AND account < 100;
UPDATE checked.night SET balance = 27 WHERE account = 1 AND as_of = '2026-09-14'
	AND ctid = (SELECT max(ctid) FROM checked.night WHERE account = 1 AND as_of = '2026-09-14');
SELECT severity, kind, findings, accounts, days, example FROM tiering.findings_summary(ARRAY(
	SELECT f FROM tiering.check_snapshots('TABLE checked.night', tiering.month('2026-09-30')) f));
SELECT severity, kind, count(*), count(DISTINCT account) AS accounts
FROM tiering.check_snapshots('TABLE checked.night') GROUP BY 1, 2 ORDER BY 3;
SELECT * FROM tiering.check_snapshots('SELECT * FROM checked.night
	WHERE as_of NOT IN (''2026-09-14'', ''2026-09-15'')');
-- the last one: without the period nobody knows that there should be more
SELECT * FROM tiering.check_snapshots('SELECT * FROM checked.night WHERE as_of < ''2026-09-14''',
	'[2026-09-01,2026-09-15)');
SELECT * FROM tiering.check_snapshots('SELECT * FROM checked.night WHERE as_of < ''2026-09-14''');
SELECT * FROM tiering.check_snapshots('SELECT * FROM checked.night WHERE false',
	'[2026-09-01,2026-09-15)');
SELECT * FROM tiering.check_snapshots('SELECT * FROM checked.night WHERE false');
-- one account of them
SELECT * FROM tiering.check_snapshots('SELECT * FROM checked.night
	WHERE as_of < ''2026-09-14'' AND (account <> 57 OR as_of NOT BETWEEN ''2026-09-04''
	AND ''2026-09-06'') AND (account <> 58 OR as_of > ''2026-09-02'')');

-- Monday to Friday
CREATE TABLE checked.weekdays AS
SELECT 'one' AS account, 100 AS balance, d::date AS as_of
FROM generate_series(date '2026-09-01', '2026-09-30', '1 day') d WHERE extract(isodow FROM d) < 6;
SELECT * FROM tiering.check_snapshots('TABLE checked.weekdays', tiering.month('2026-09-30'))
ORDER BY account, days;
SELECT * FROM tiering.check_snapshots('TABLE checked.weekdays', tiering.month('2026-09-30'),
	weekends => false)
ORDER BY account, days;
DELETE FROM checked.weekdays WHERE as_of IN ('2026-09-04', '2026-09-07', '2026-09-25');
SELECT * FROM tiering.check_snapshots('TABLE checked.weekdays', tiering.month('2026-09-30'),
	weekends => false)
ORDER BY account, days;
SELECT * FROM tiering.check_snapshots('TABLE checked.weekdays', tiering.month('2026-09-30'),
	weekends => false, holidays => '{2026-09-04,2026-09-25,NULL}')
ORDER BY account, days;
-- what is there on a day off is looked at, too
SELECT * FROM tiering.check_snapshots($$TABLE checked.weekdays UNION ALL
	VALUES ('one', 1, date '2026-09-05'), ('one', 1, date '2026-09-05')$$, weekends => false,
	holidays => '{2026-09-04,2026-09-07,2026-09-25}')
ORDER BY account, days;

-- Snapshots that are none, that jump, and that came to an end
SELECT account, severity, kind, days, detail FROM tiering.check_snapshots($$SELECT * FROM (VALUES
	(1, 5.5, date '2026-09-01'), (1, NULL, '2026-09-02'), (1, 550, '2026-09-03'),
	(1, 5.5, '2026-09-04'), (2, 3, '2026-09-01'), (2, 0, '2026-09-02'), (3, 3, '2026-09-01'),
	(3, 'Infinity', '2026-09-02'), (4, 1, NULL), (4, 1, 'infinity'), (NULL, 2, '2026-09-01'),
	(NULL, 2, NULL), (5, 1, '2026-09-04'), (5, 1, '2026-09-05')) v(account, balance, as_of)$$,
	'[2026-09-01,2026-09-06)', jump => 100, max_age => 2) ORDER BY 1, 4, 3;

-- Changes: two closings of an account on one day, and a feed that died in 2024
CREATE TABLE checked.change (account int, balance numeric, changed_on date, line int);
INSERT INTO checked.change VALUES (1, 27, '2026-09-05', 1), (1, 20, '2026-09-05', 2),
	(2, 5, '2026-09-05', 1), (2, 5, '2026-09-05', 1), (3, 8, '2024-03-01', 1),
	(4, 0, '2024-03-01', 1), (5, NULL, '2026-09-01', 1), (5, 1, NULL, 1),
	(NULL, 1, '2026-09-01', 1),
	(6, 1, '-infinity', 1), (6, 200, '2026-09-20', 1), (7, 3, '2026-09-05', NULL),
	(7, 4, '2026-09-05', NULL);
SELECT account, severity, kind, days, detail
FROM tiering.check_changes('TABLE checked.change', '[2026-09-01,2026-10-01)', jump => 200,
	max_age => 730) ORDER BY 1, 4, 3;
-- a statement with a running balance has several rows a day, which are in order
SELECT account, severity, kind, days, detail
FROM tiering.check_changes('SELECT *, line AS sequence FROM checked.change', jump => 200)
ORDER BY 1, 4, 3;
SELECT account, kind FROM tiering.check_changes($$SELECT account, balance, changed_on,
	timestamp '2026-09-05' + line * interval '1 hour' AS sequence FROM checked.change
	WHERE account < 3$$);

-- Flows: two that are alike are one that is there twice if they have one number
CREATE TABLE checked.flow (account int, amount numeric, posted_on date, number int);
INSERT INTO checked.flow VALUES (1, 27, '2026-09-05', 1), (1, 27, '2026-09-05', 2),
	(2, 27, '2026-09-05', 3), (2, 27, '2026-09-05', 3), (3, 27, '2026-09-05', 4),
	(3, -27, '2026-09-05', 4), (4, 10, '2024-01-01', 5), (4, 15, '2024-03-01', 6),
	(5, 10, '2024-01-01', 7), (5, -10, '2024-03-01', 8), (6, 2, '2026-09-01', 9),
	(6, -4, '2026-09-02', 10), (6, 900, '2026-09-03', 11), (7, NULL, '2026-09-01', 12),
	(7, 1, NULL, 13), (NULL, 1, '2026-09-01', 14);
SELECT account, severity, kind, days, detail
FROM tiering.check_flows('TABLE checked.flow', '[2026-09-01,2026-10-01)', jump => 300,
	max_age => 365) ORDER BY 1, 4, 3;
SELECT account, severity, kind, days, detail
FROM tiering.check_flows('SELECT *, number AS sequence FROM checked.flow') ORDER BY 1, 4, 3;

-- What is not a query of such rows
SELECT t.fails('SELECT * FROM tiering.' || call) FROM unnest(ARRAY[
	'check_ranges(NULL)', $$check_flows(' ; ')$$,
	$$check_ranges('SELECT 1 AS account, 1 AS balance, current_date AS valid_from')$$,
	$$check_snapshots('SELECT 1 AS account, 1 AS amount, current_date AS as_of')$$,
	$$check_changes('SELECT')$$,
	$$check_flows('SELECT 1 AS account, 1::float AS amount, current_date AS posted_on')$$,
	$$check_changes('SELECT 1 AS account, 1 AS balance, now() AS changed_on')$$,
	$$check_ranges('SELECT 1 AS account, 1 AS balance, current_date AS valid_from,
		''9999-12-31'' AS valid_to')$$,
	$$check_flows('TABLE flow')$$,
	$$check_flows('DELETE FROM checked.flow RETURNING account, amount, posted_on')$$,
	$$check_flows('TABLE checked.flow', 'empty')$$,
	$$check_flows('TABLE checked.flow', jump => 1)$$,
	$$check_flows('TABLE checked.flow', jump => 'NaN')$$,
	$$check_flows('TABLE checked.flow', max_age => 5)$$,
	$$check_flows('TABLE checked.flow', '[2026-01-01,)', max_age => 5)$$,
	$$check_flows('TABLE checked.flow', '[2026-01-01,2027-01-01)', max_age => -1)$$,
	$$check_ranges('TABLE checked.zipper', bounds => '(]')$$,
	$$check_ranges('TABLE checked.zipper', bounds => NULL)$$]) call;
-- a domain over numeric will do
CREATE DOMAIN checked.money AS numeric(15,2);
SELECT * FROM tiering.check_changes($$SELECT 1 AS account, 5::checked.money AS balance,
	date '2026-01-01' AS changed_on$$);

-- Everybody may ask, with their own rights
CREATE ROLE tiering_checker;
GRANT USAGE ON SCHEMA checked, t TO tiering_checker;
GRANT SELECT ON checked.change TO tiering_checker;
SET ROLE tiering_checker;
SELECT t.fails($$SELECT * FROM tiering.check_flows('TABLE checked.flow')$$);
SELECT kind FROM tiering.check_changes('TABLE checked.change') ORDER BY account, kind;
SELECT kind, findings FROM tiering.findings_summary(ARRAY(
	SELECT f FROM tiering.check_changes('TABLE checked.change') f));
RESET ROLE;
-- in a transaction that writes nothing, and beside a parallel plan
BEGIN READ ONLY;
SELECT t.parallel();
SELECT count(*), (SELECT count(*) FROM tiering.check_ranges('TABLE checked.zipper')) AS findings
FROM checked.night;
COMMIT;
DROP OWNED BY tiering_checker;
DROP ROLE tiering_checker;
DROP SCHEMA checked CASCADE;

-- what a row says of itself is told of that row: days of nobody's rows are no holes
SELECT kind, account, days, detail FROM tiering.check_snapshots($$
	SELECT 'a' AS account, 1 AS balance, date '2026-09-01' + i AS as_of FROM generate_series(0, 3) i
	UNION ALL SELECT NULL, 2, d FROM unnest('{2026-09-01,2026-09-04}'::date[]) d$$)
ORDER BY days, detail;
-- a row whose place in the day is not said, and postings that have no number
SELECT kind, account, days, detail FROM tiering.check_changes($$
	SELECT * FROM (VALUES ('a', 1, '2026-09-01'::date, 1), ('a', 2, '2026-09-01', NULL))
		v(account, balance, changed_on, sequence)$$);
SELECT kind, account, days, detail FROM tiering.check_flows($$
	SELECT * FROM (VALUES ('a', 5, '2026-09-01'::date, NULL), ('a', 5, '2026-09-01', NULL),
		('a', 7, '2026-09-01', 1), ('a', 7, '2026-09-01', 1))
		v(account, amount, posted_on, sequence)$$);
-- one-day rows with inclusive ends that have no account or no balance
SELECT kind, account, days, detail FROM tiering.check_ranges($$
	SELECT * FROM (VALUES (NULL, 9, '2026-09-10'::date, '2026-09-10'::date),
		('a', NULL, '2026-09-11', '2026-09-11')) v(account, balance, valid_from, valid_to)$$)
WHERE kind ~ '^null' ORDER BY days;
-- a day that is a slip of the pen, domains over domains, an age that is longer than any
SELECT kind, account, days FROM tiering.check_snapshots($$
	SELECT 'a' AS account, 1 AS balance, d AS as_of
	FROM unnest('{2026-09-01,4026-09-02}'::date[]) d$$);
CREATE DOMAIN t.amount AS numeric(15, 2);
CREATE DOMAIN t.euro AS t.amount;
SELECT count(*) FROM tiering.check_changes($$SELECT 'a' AS account, 1::t.euro AS balance,
	date '2026-09-01' AS changed_on$$, '[2026-09-01,2026-10-01)', max_age => 2000000000);
SELECT count(*) FROM tiering.check_ranges($$SELECT 'a' AS account, 1 AS balance,
	date '2026-09-01' AS valid_from, NULL::date AS valid_to$$, '[2026-09-01,2026-10-01)',
	max_age => 2000000000);
-- a summary of what has no day has none
SELECT kind, findings, days FROM tiering.findings_summary(ARRAY(SELECT f FROM
	tiering.check_changes($$SELECT 'a' AS account, 1 AS balance, NULL::date AS changed_on$$) f));
DROP DOMAIN t.euro, t.amount;
