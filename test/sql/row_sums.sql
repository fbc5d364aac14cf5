-- Balance-days of one row, to be summed: those of the aggregate, whatever the rows are. What
-- takes Citus says so where there is none.
SET datestyle = 'ISO';
SET extra_float_digits = 1;
CREATE SCHEMA rsum;

-- a row: 10 over 31 days, over the 17 of them that are in the period, over none, and for ever
SELECT tiering.row_balance_days(10, '2024-01-01'::date, '2024-02-01',
		tiering.month('2024-01-31')) AS whole,
	tiering.row_balance_days(10.50, '[2024-01-01,2024-02-01)', '[2024-01-15,2024-04-01)') AS part,
	tiering.row_balance_days(10, 'empty', '[2024-01-15,2024-04-01)') AS empty,
	tiering.row_balance_days(10, '2023-01-01', '2024-01-01', tiering.month('2024-01-31')) AS before,
	tiering.row_balance_days(-10, NULL, NULL, tiering.month('2024-02-29')) AS always,
	tiering.row_balance_days(5, '2024-01-30', NULL, tiering.month('2024-01-31')) AS amount,
	tiering.row_balance_days(NULL, NULL, NULL, tiering.month('2024-01-31')) IS NULL AS unknown;
-- as many decimals as the balance has, and any number of digits
SELECT tiering.row_balance_days(0.10, '[2024-01-01,2024-01-11)', tiering.month('2024-01-31')),
	tiering.row_balance_days(12345678901234567890123456789012345678901.5,
		'[2024-01-01,2024-01-11)', tiering.month('2024-01-31')),
	tiering.row_balance_days(1e-30, '[2024-01-01,2024-01-11)', tiering.month('2024-01-31'));

-- summed they are the aggregate, in all shapes, with wide numbers and nulls among them
CREATE TABLE rsum.balance AS
SELECT i % 50 AS customer, i % 7 AS branch,
	CASE WHEN i % 41 = 0 THEN NULL WHEN i % 97 = 0 THEN 1e35 + i / 7.0
		ELSE (i * 7919 % 100000) / (10 ^ (i % 4))::numeric END AS amount,
	date '2023-12-01' + i * 13 % 120 AS valid_from,
	CASE WHEN i % 5 > 0 THEN date '2023-12-01' + i * 13 % 120 + i % 60 END AS valid_to
FROM generate_series(1, 5000) i;
SELECT count(*) AS groups, bool_and(by_row = at_once) AS same, bool_and(range = at_once) AS ranges,
	bool_and(flows = posted) AS amounts
FROM (SELECT customer,
		sum(tiering.row_balance_days(amount, valid_from, valid_to,
			'[2024-01-01,2024-04-01)')) AS by_row,
		sum(tiering.row_balance_days(amount, daterange(valid_from, valid_to),
			'[2024-01-01,2024-04-01)')) AS range,
		tiering.balance_days(amount, valid_from, valid_to, '[2024-01-01,2024-04-01)') AS at_once,
		sum(tiering.row_balance_days(amount, valid_from, NULL,
			'[2024-01-01,2024-04-01)')) AS posted,
		tiering.balance_days_flows(amount, valid_from, '[2024-01-01,2024-04-01)') AS flows
	  FROM rsum.balance GROUP BY customer) g;
-- an average of branches, in two steps
SELECT bool_and(abs(days / 91 - average) < 1e-6) AS same
FROM (SELECT branch, sum(tiering.row_balance_days(amount, valid_from, valid_to,
			'[2024-01-01,2024-04-01)')) AS days,
		tiering.daily_avg(amount, valid_from, valid_to, '[2024-01-01,2024-04-01)') AS average
	  FROM rsum.balance WHERE abs(amount) < 1e6 GROUP BY branch) b;

-- errors are those of the aggregate
\set VERBOSITY verbose
\set SHOW_CONTEXT never
CREATE FUNCTION rsum.fails(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT rsum.fails(format('SELECT %s(%s)', f, a)) AS error
FROM (VALUES ('1, ''2024-01-01''::date, NULL, NULL'),
		('1, ''[2024-01-01,)''::daterange, ''empty'''),
		('1, NULL::daterange, ''[2024-01-01,2024-02-01)'''),
		('1, ''[2024-01-01,)''::daterange, ''[2024-01-01,)'''),
		('''NaN'', ''[2024-01-01,)''::daterange, ''[2024-01-01,2024-02-01)'''),
		('''Infinity'', ''2024-01-01''::date, NULL, ''[2024-01-01,2024-02-01)'''),
		('1, ''2024-01-05''::date, ''2024-01-01'', ''[2023-01-01,2024-02-01)''')) v(a),
	(VALUES ('tiering.row_balance_days'), ('tiering.balance_days')) w(f)
ORDER BY a, f;

-- without Citus
SELECT rsum.fails(s) AS error
FROM unnest(ARRAY['SELECT tiering.distribute_schemes()',
	'SELECT * FROM tiering.schemes_on_workers()']) s;
SELECT _tiering.has_workers();
