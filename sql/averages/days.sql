/*
 * Averages over the days that words say, for the rows of measures.sql and accounts.sql: each of
 * their forms over snapshots and changes takes the words as one more argument, the last one.
 *
 *	period		all days of the period count; so they do where nothing is said
 *	elapsed		those up to last_day=2026-09-30; of snapshots, without it, up to the last row's
 *	held		those with a balance other than 0
 *	observed	those with a balance
 *	open		those from the first one with a balance to the last one
 *	business	the business days of calendar=NAME
 *
 *	zero		a day without a balance is 0; so it is where nothing is said
 *	skip		it does not count
 *	error		it is an error if it counts (P0002), which names the first one and the account
 *	carry		the last balance holds on days without one, with max_age=7 for so many days at
 *				most, also from before the period; beyond, the other words go for them. Changes
 *				are carried whether this is said or not.
 *
 * Words are separated by commas: 'carry, max_age=7, open'. Those that are not known, and that mean
 * nothing together, are errors (22023), as are words that differ within a group. No days that
 * count give a null average. A null balance is no balance. Of accounts the days that count are
 * common: those on which they together are held, observed or open. Of one that is opened
 * later than others, open makes no error of the days before.
 *
 * Snapshots without accounts add up, and take about 400 bytes and a bit for each day of the
 * period, unless they are carried, or held is asked for: then they are of one account. All else
 * takes what the forms in accounts.sql take.
 *
 * What asks a calendar is STABLE.
 */

CREATE FUNCTION _tiering.account_days_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'account_days_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_days_deserialize(bytea, internal) IS
'A partial state with words for days read back; damaged bytes are an error (22P03)';

CREATE FUNCTION _tiering.account_days_final(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'account_days_final'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_days_final(internal) IS
'Balance-days over days, of the days that words say';

CREATE FUNCTION _tiering.account_days_final_days(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'account_days_final_days'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_days_final_days(internal) IS
'Balance-days, of the days that words say';

CREATE FUNCTION _tiering.daily_avg_snapshots_accum(internal, numeric, date, daterange, text)
	RETURNS internal
AS 'MODULE_PATHNAME', 'snapshots_accum_days'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_snapshots_accum(internal, numeric, date, daterange, text) IS
'Adds one row to the state of daily_avg_snapshots(numeric, date, daterange, text)';

CREATE AGGREGATE tiering.daily_avg_snapshots(balance numeric, as_of date, period daterange,
	days text) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = _tiering.account_days_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_snapshots(numeric, date, daterange, text) IS
'Daily average over the days of the period that words say. A row is one balance per account and '
'day, and those of a day add up; with carry or held they are of one account, and two different '
'ones of a day are an error (21000). Words say which days count, and what one without a balance '
'is: ''carry, max_age=7, open''. Of each there is at most one: period (the default), elapsed, '
'held, observed, open, business with calendar=NAME; zero (the default), skip, error; and carry, '
'which lets the last balance hold. A day that counts and is missing is an error with error '
'(P0002). It takes about 400 bytes of memory and a bit for each day of the period; with carry or '
'held 16 bytes for each row. Example: SELECT round(tiering.daily_avg_snapshots(balance, as_of, '
'daterange ''[2026-01-01,2026-01-11)'', ''skip, observed''), 2) FROM (VALUES (100, date '
'''2026-01-02''), (200, ''2026-01-05'')) r(balance, as_of) gives 150.00';

CREATE AGGREGATE tiering.balance_days_snapshots(balance numeric, as_of date, period daterange,
	days text) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = _tiering.account_days_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_snapshots(numeric, date, daterange, text) IS
'Balance-days of the days of the period that words say, the numerator of the daily average. A row '
'is one balance per account and day, and those of a day add up; with carry or held they are of '
'one account, and two different ones of a day are an error (21000). Words say which days count, '
'and what one without a balance is: ''carry, max_age=7, open''. Of each there is at most one: '
'period (the default), elapsed, held, observed, open, business with calendar=NAME; zero (the '
'default), skip, error; and carry, which lets the last balance hold. A day that counts and is '
'missing is an error with error (P0002). It takes about 400 bytes of memory and a bit for each '
'day of the period; with carry or held 16 bytes for each row. Example: SELECT '
'tiering.balance_days_snapshots(balance, as_of, daterange ''[2026-01-01,2026-01-11)'', ''skip, '
'observed'') FROM (VALUES (100, date ''2026-01-02''), (200, ''2026-01-05'')) r(balance, as_of) '
'gives 300';

CREATE FUNCTION _tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date, daterange,
	text)
	RETURNS internal
AS 'MODULE_PATHNAME', 'account_snapshots_accum_days'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date,
	daterange, text) IS
'Adds one row to the state of daily_avg_snapshots(anyelement, numeric, date, daterange, text)';

CREATE AGGREGATE tiering.daily_avg_snapshots(account anyelement, balance numeric, as_of date,
	period daterange, days text) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_snapshots(anyelement, numeric, date, daterange, text) IS
'Daily average over the days of the period that words say. A row is the balance of an account on '
'a day, and counts once however often it comes; two different ones of a day are an error (21000). '
'Words say which days count, and what one without a balance is: ''carry, max_age=7, open''. Of '
'each there is at most one: period (the default), elapsed, held, observed, open, business with '
'calendar=NAME; zero (the default), skip, error; and carry, which lets the last balance hold. A '
'day that counts and is missing is an error with error (P0002). It takes 16 bytes of memory for '
'each row in the period, and about 300 for each account. Example: SELECT '
'round(tiering.daily_avg_snapshots(account, balance, as_of, daterange '
'''[2026-01-01,2026-01-11)'', ''carry, max_age=7''), 2) FROM (VALUES (''A1''::text, 100, date '
'''2026-01-02''), (''A1'', 200, ''2026-01-05'')) r(account, balance, as_of) gives 150.00';

CREATE AGGREGATE tiering.balance_days_snapshots(account anyelement, balance numeric, as_of date,
	period daterange, days text) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_snapshots(anyelement, numeric, date, daterange, text) IS
'Balance-days of the days of the period that words say, the numerator of the daily average. A row '
'is the balance of an account on a day, and counts once however often it comes; two different '
'ones of a day are an error (21000). Words say which days count, and what one without a balance '
'is: ''carry, max_age=7, open''. Of each there is at most one: period (the default), elapsed, '
'held, observed, open, business with calendar=NAME; zero (the default), skip, error; and carry, '
'which lets the last balance hold. A day that counts and is missing is an error with error '
'(P0002). It takes 16 bytes of memory for each row in the period, and about 300 for each account. '
'Example: SELECT tiering.balance_days_snapshots(account, balance, as_of, daterange '
'''[2026-01-01,2026-01-11)'', ''carry, max_age=7'') FROM (VALUES (''A1''::text, 100, date '
'''2026-01-02''), (''A1'', 200, ''2026-01-05'')) r(account, balance, as_of) gives 1500';

CREATE FUNCTION _tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date,
	anycompatible, daterange, text)
	RETURNS internal
AS 'MODULE_PATHNAME', 'account_snapshots_accum_ordered_days'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date,
	anycompatible, daterange, text) IS
'Adds one row to the state of daily_avg_snapshots(anyelement, numeric, date, anycompatible, '
'daterange, text)';

CREATE AGGREGATE tiering.daily_avg_snapshots(account anyelement, balance numeric, as_of date,
	sequence anycompatible, period daterange, days text) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_snapshots(anyelement, numeric, date, anycompatible,
	daterange, text) IS
'Daily average over the days of the period that words say. A row is a balance of an account on a '
'day; of those of a day the one with the largest sequence counts. Words say which days count, and '
'what one without a balance is: ''carry, max_age=7, open''. Of each there is at most one: period '
'(the default), elapsed, held, observed, open, business with calendar=NAME; zero (the default), '
'skip, error; and carry, which lets the last balance hold. A day that counts and is missing is an '
'error with error (P0002). It takes 24 bytes of memory for each day in the period, and about 300 '
'for each account. Example: SELECT round(tiering.daily_avg_snapshots(account, balance, as_of, '
'entry, daterange ''[2026-01-01,2026-01-11)'', ''skip, observed''), 2) FROM (VALUES '
'(''A1''::text, 100, date ''2026-01-02'', 1), (''A1'', 80, ''2026-01-02'', 2)) r(account, '
'balance, as_of, entry) gives 80.00';

CREATE AGGREGATE tiering.balance_days_snapshots(account anyelement, balance numeric, as_of date,
	sequence anycompatible, period daterange, days text) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_snapshots(anyelement, numeric, date, anycompatible,
	daterange, text) IS
'Balance-days of the days of the period that words say, the numerator of the daily average. A row '
'is a balance of an account on a day; of those of a day the one with the largest sequence counts. '
'Words say which days count, and what one without a balance is: ''carry, max_age=7, open''. Of '
'each there is at most one: period (the default), elapsed, held, observed, open, business with '
'calendar=NAME; zero (the default), skip, error; and carry, which lets the last balance hold. A '
'day that counts and is missing is an error with error (P0002). It takes 24 bytes of memory for '
'each day in the period, and about 300 for each account. Example: SELECT '
'tiering.balance_days_snapshots(account, balance, as_of, entry, daterange '
'''[2026-01-01,2026-01-11)'', ''skip, observed'') FROM (VALUES (''A1''::text, 100, date '
'''2026-01-02'', 1), (''A1'', 80, ''2026-01-02'', 2)) r(account, balance, as_of, entry) gives 80';

CREATE FUNCTION _tiering.daily_avg_changes_accum(internal, numeric, date, daterange, text)
	RETURNS internal
AS 'MODULE_PATHNAME', 'changes_accum_days'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_accum(internal, numeric, date, daterange, text) IS
'Adds one row to the state of daily_avg_changes(numeric, date, daterange, text)';

CREATE AGGREGATE tiering.daily_avg_changes(balance numeric, changed_on date, period daterange,
	days text) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_changes(numeric, date, daterange, text) IS
'Daily average over the days of the period that words say. A row is a new balance of one account, '
'which counts until its next one, with max_age for so many days at most; two different ones of a '
'day are an error (21000). Words say which days count, and what one without a balance is: '
'''carry, max_age=7, open''. Of each there is at most one: period (the default), elapsed, held, '
'observed, open, business with calendar=NAME; zero (the default), skip, error; carry goes without '
'saying. A day that counts and is missing is an error with error (P0002). It takes 16 bytes of '
'memory for each change in the period. Example: SELECT round(tiering.daily_avg_changes(balance, '
'changed_on, daterange ''[2026-01-01,2026-01-11)'', ''max_age=4''), 2) FROM (VALUES (100, date '
'''2026-01-01'')) r(balance, changed_on) gives 50.00';

CREATE AGGREGATE tiering.balance_days_changes(balance numeric, changed_on date, period daterange,
	days text) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_changes(numeric, date, daterange, text) IS
'Balance-days of the days of the period that words say, the numerator of the daily average. A row '
'is a new balance of one account, which counts until its next one, with max_age for so many days '
'at most; two different ones of a day are an error (21000). Words say which days count, and what '
'one without a balance is: ''carry, max_age=7, open''. Of each there is at most one: period (the '
'default), elapsed, held, observed, open, business with calendar=NAME; zero (the default), skip, '
'error; carry goes without saying. A day that counts and is missing is an error with error '
'(P0002). It takes 16 bytes of memory for each change in the period. Example: SELECT '
'tiering.balance_days_changes(balance, changed_on, daterange ''[2026-01-01,2026-01-11)'', '
'''max_age=4'') FROM (VALUES (100, date ''2026-01-01'')) r(balance, changed_on) gives 500';

CREATE FUNCTION _tiering.daily_avg_changes_accum(internal, numeric, date, anycompatible, daterange,
	text)
	RETURNS internal
AS 'MODULE_PATHNAME', 'changes_accum_ordered_days'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_accum(internal, numeric, date, anycompatible,
	daterange, text) IS
'Adds one row to the state of daily_avg_changes(numeric, date, anycompatible, daterange, text)';

CREATE AGGREGATE tiering.daily_avg_changes(balance numeric, changed_on date, sequence anycompatible,
	period daterange, days text) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_changes(numeric, date, anycompatible, daterange, text) IS
'Daily average over the days of the period that words say. A row is a new balance of one account, '
'which counts until its next one, with max_age for so many days at most; of those of a day the '
'one with the largest sequence counts. Words say which days count, and what one without a balance '
'is: ''carry, max_age=7, open''. Of each there is at most one: period (the default), elapsed, '
'held, observed, open, business with calendar=NAME; zero (the default), skip, error; carry goes '
'without saying. A day that counts and is missing is an error with error (P0002). It takes 24 '
'bytes of memory for each change in the period. Example: SELECT '
'round(tiering.daily_avg_changes(balance, changed_on, entry, daterange '
'''[2026-01-01,2026-01-11)'', ''open''), 2) FROM (VALUES (100, date ''2026-01-06'', 1), (80, '
'''2026-01-06'', 2)) r(balance, changed_on, entry) gives 80.00';

CREATE AGGREGATE tiering.balance_days_changes(balance numeric, changed_on date,
	sequence anycompatible, period daterange, days text) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_changes(numeric, date, anycompatible, daterange, text) IS
'Balance-days of the days of the period that words say, the numerator of the daily average. A row '
'is a new balance of one account, which counts until its next one, with max_age for so many days '
'at most; of those of a day the one with the largest sequence counts. Words say which days count, '
'and what one without a balance is: ''carry, max_age=7, open''. Of each there is at most one: '
'period (the default), elapsed, held, observed, open, business with calendar=NAME; zero (the '
'default), skip, error; carry goes without saying. A day that counts and is missing is an error '
'with error (P0002). It takes 24 bytes of memory for each change in the period. Example: SELECT '
'tiering.balance_days_changes(balance, changed_on, entry, daterange ''[2026-01-01,2026-01-11)'', '
'''open'') FROM (VALUES (100, date ''2026-01-06'', 1), (80, ''2026-01-06'', 2)) r(balance, '
'changed_on, entry) gives 400';

CREATE FUNCTION _tiering.daily_avg_changes_accum(internal, anyelement, numeric, date, daterange,
	text)
	RETURNS internal
AS 'MODULE_PATHNAME', 'account_changes_accum_days'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_accum(internal, anyelement, numeric, date, daterange,
	text) IS
'Adds one row to the state of daily_avg_changes(anyelement, numeric, date, daterange, text)';

CREATE AGGREGATE tiering.daily_avg_changes(account anyelement, balance numeric, changed_on date,
	period daterange, days text) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_changes(anyelement, numeric, date, daterange, text) IS
'Daily average over the days of the period that words say. A row is a new balance of an account, '
'which counts until its next one, with max_age for so many days at most; two different ones of a '
'day are an error (21000). Words say which days count, and what one without a balance is: '
'''carry, max_age=7, open''. Of each there is at most one: period (the default), elapsed, held, '
'observed, open, business with calendar=NAME; zero (the default), skip, error; carry goes without '
'saying. A day that counts and is missing is an error with error (P0002). It takes 16 bytes of '
'memory for each change in the period, and about 300 for each account. Example: SELECT '
'round(tiering.daily_avg_changes(account, balance, changed_on, daterange '
'''[2026-01-01,2026-01-11)'', ''open''), 2) FROM (VALUES (''A1''::text, 100, date '
'''2026-01-06'')) r(account, balance, changed_on) gives 100.00';

CREATE AGGREGATE tiering.balance_days_changes(account anyelement, balance numeric, changed_on date,
	period daterange, days text) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_changes(anyelement, numeric, date, daterange, text) IS
'Balance-days of the days of the period that words say, the numerator of the daily average. A row '
'is a new balance of an account, which counts until its next one, with max_age for so many days '
'at most; two different ones of a day are an error (21000). Words say which days count, and what '
'one without a balance is: ''carry, max_age=7, open''. Of each there is at most one: period (the '
'default), elapsed, held, observed, open, business with calendar=NAME; zero (the default), skip, '
'error; carry goes without saying. A day that counts and is missing is an error with error '
'(P0002). It takes 16 bytes of memory for each change in the period, and about 300 for each '
'account. Example: SELECT tiering.balance_days_changes(account, balance, changed_on, daterange '
'''[2026-01-01,2026-01-11)'', ''open'') FROM (VALUES (''A1''::text, 100, date ''2026-01-06'')) '
'r(account, balance, changed_on) gives 500';

CREATE FUNCTION _tiering.daily_avg_changes_accum(internal, anyelement, numeric, date, anycompatible,
	daterange, text)
	RETURNS internal
AS 'MODULE_PATHNAME', 'account_changes_accum_ordered_days'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_accum(internal, anyelement, numeric, date,
	anycompatible, daterange, text) IS
'Adds one row to the state of daily_avg_changes(anyelement, numeric, date, anycompatible, '
'daterange, text)';

CREATE AGGREGATE tiering.daily_avg_changes(account anyelement, balance numeric, changed_on date,
	sequence anycompatible, period daterange, days text) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_changes(anyelement, numeric, date, anycompatible, daterange,
	text) IS
'Daily average over the days of the period that words say. A row is a new balance of an account, '
'which counts until its next one, with max_age for so many days at most; of those of a day the '
'one with the largest sequence counts. Words say which days count, and what one without a balance '
'is: ''carry, max_age=7, open''. Of each there is at most one: period (the default), elapsed, '
'held, observed, open, business with calendar=NAME; zero (the default), skip, error; carry goes '
'without saying. A day that counts and is missing is an error with error (P0002). It takes 24 '
'bytes of memory for each change in the period, and about 300 for each account. Example: SELECT '
'round(tiering.daily_avg_changes(account, balance, changed_on, entry, daterange '
'''[2026-01-01,2026-01-11)'', ''held''), 2) FROM (VALUES (''A1''::text, 100, date ''2026-01-06'', '
'1), (''A1'', 80, ''2026-01-06'', 2)) r(account, balance, changed_on, entry) gives 80.00';

CREATE AGGREGATE tiering.balance_days_changes(account anyelement, balance numeric, changed_on date,
	sequence anycompatible, period daterange, days text) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_days_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_days_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_changes(anyelement, numeric, date, anycompatible,
	daterange, text) IS
'Balance-days of the days of the period that words say, the numerator of the daily average. A row '
'is a new balance of an account, which counts until its next one, with max_age for so many days '
'at most; of those of a day the one with the largest sequence counts. Words say which days count, '
'and what one without a balance is: ''carry, max_age=7, open''. Of each there is at most one: '
'period (the default), elapsed, held, observed, open, business with calendar=NAME; zero (the '
'default), skip, error; carry goes without saying. A day that counts and is missing is an error '
'with error (P0002). It takes 24 bytes of memory for each change in the period, and about 300 for '
'each account. Example: SELECT tiering.balance_days_changes(account, balance, changed_on, entry, '
'daterange ''[2026-01-01,2026-01-11)'', ''held'') FROM (VALUES (''A1''::text, 100, date '
'''2026-01-06'', 1), (''A1'', 80, ''2026-01-06'', 2)) r(account, balance, changed_on, entry) '
'gives 400';
