/*
 * The balance-days of one row. What aggregates of measures.sql add up in a state of their own,
 * sum() adds up of these, and so does whatever knows how to take sum() apart: over the shards of
 * a distributed table, a partial aggregate, a materialized view. The result is the same, exactly.
 *
 * A snapshot counts its balance once: sum(balance) FILTER (WHERE period @> as_of) is all it
 * takes. An amount counts from its day on, without an end.
 */

CREATE FUNCTION tiering.row_balance_days(balance numeric, valid daterange, period daterange)
	RETURNS numeric
AS 'MODULE_PATHNAME', 'row_balance_days_range'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.row_balance_days(numeric, daterange, daterange) IS
'Balance-days of one row in the period: its balance x the days of the period on which it stood. '
'Their sum() is balance_days(), and over the days of the period daily_avg(); it is worked out on '
'the workers of a distributed table, whatever it is grouped by. A null balance gives null, which '
'sum() leaves out. Errors are those of balance_days(): a period that is null (22004), empty or '
'unbounded (22023), a null range (22004), a balance that is NaN or infinite (22003). Example: '
'SELECT sum(tiering.row_balance_days(balance, valid, ''[2026-01-01,2026-01-11)'')) FROM (VALUES '
'(100, daterange ''[2026-01-01,2026-01-06)''), (200, ''[2026-01-06,)'')) r(balance, valid) gives '
'1500';

CREATE FUNCTION tiering.row_balance_days(balance numeric, valid_from date, valid_to date,
	period daterange) RETURNS numeric
AS 'MODULE_PATHNAME', 'row_balance_days_dates'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.row_balance_days(numeric, date, date, daterange) IS
'The same of a row with the first day on which the balance stood and the first day after; a null '
'is no bound. So that of an amount, which counts from its day on, is row_balance_days(amount, '
'posted_on, NULL, period). valid_from after valid_to is an error (22000) unless neither they nor '
'any day between is in the period. Example: SELECT sum(tiering.row_balance_days(balance, '
'valid_from, valid_to, ''[2026-01-01,2026-01-11)'')) FROM (VALUES (100, date ''2026-01-01'', date '
'''2026-01-06''), (200, ''2026-01-06'', NULL)) r(balance, valid_from, valid_to) gives 1500';
