/*
 * Measures over the balances of several accounts in one group, such as those of a
 * customer, and over accounts that have several rows a day.
 *
 * account tells the accounts apart: it is of an integer type, numeric, text, varchar,
 * character, uuid or bytea, or of a domain over one of these. Texts are compared byte by
 * byte, whatever their collation. sequence is the order of an account's rows within a day:
 * an integer, a numeric without decimals, a date, time or timestamp. Of the rows of an
 * account and a day the one with the largest sequence counts; two different balances with
 * the same sequence, or on one day without any, are an error (21000). A null account or
 * sequence beside a balance is an error (22004), one of another type, too (42804).
 *
 * All else is as for the measures of one account. Nothing here is of constant size: see
 * what a row takes in the comments.
 */

CREATE FUNCTION _tiering.account_changes_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'account_changes_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_changes_combine(internal, internal) IS
'Adds what one partial state has of each account to another of the same period';

CREATE FUNCTION _tiering.account_changes_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'account_changes_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_changes_serialize(internal) IS
'A partial state as bytes, with its kind, its version and a checksum';

CREATE FUNCTION _tiering.account_changes_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'account_changes_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_changes_deserialize(bytea, internal) IS
'A partial state read back; damaged bytes are an error (22P03)';

CREATE FUNCTION _tiering.account_changes_final(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'account_changes_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_changes_final(internal) IS
'Balance-days over days, where each balance counts until the next one of its account';

CREATE FUNCTION _tiering.account_changes_final_days(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'account_changes_final_days'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_changes_final_days(internal) IS
'Balance-days, where each balance counts until the next one of its account';

CREATE FUNCTION _tiering.account_snapshots_final(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'account_snapshots_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_snapshots_final(internal) IS
'Balance-days over days, where each balance counts for its day';

CREATE FUNCTION _tiering.account_snapshots_final_days(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'account_snapshots_final_days'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_snapshots_final_days(internal) IS
'Balance-days, where each balance counts for its day';

CREATE FUNCTION _tiering.daily_avg_changes_accum(internal, anyelement, numeric, date, daterange)
	RETURNS internal
AS 'MODULE_PATHNAME', 'account_changes_accum'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_accum(internal, anyelement, numeric, date,
	daterange) IS
'Adds one row to the state of daily_avg_changes(anyelement, numeric, date, daterange)';

CREATE AGGREGATE tiering.daily_avg_changes(account anyelement, balance numeric,
	changed_on date, period daterange) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_changes_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_changes(anyelement, numeric, date, daterange) IS
'Daily average over the period. A row is a new balance of an account, which counts until its next '
'one. Each account has its own balance carried in from before the period and to the end; two '
'different ones of an account and a day are an error (21000). It takes 16 bytes of memory for '
'each change in the period, and about 300 for each account. Example: SELECT '
'round(tiering.daily_avg_changes(account, balance, changed_on, ''[2026-01-01,2026-01-11)''), 2) '
'FROM (VALUES (''A1''::text, 100, date ''2025-12-01''), (''A2'', 50, ''2026-01-06'')) r(account, '
'balance, changed_on) gives 125.00';

CREATE AGGREGATE tiering.balance_days_changes(account anyelement, balance numeric,
	changed_on date, period daterange) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_changes_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_changes(anyelement, numeric, date, daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is a new balance of an '
'account, which counts until its next one. Each account has its own balance carried in from '
'before the period and to the end; two different ones of an account and a day are an error '
'(21000). It takes 16 bytes of memory for each change in the period, and about 300 for each '
'account. Example: SELECT tiering.balance_days_changes(account, balance, changed_on, '
'''[2026-01-01,2026-01-11)'') FROM (VALUES (''A1''::text, 100, date ''2025-12-01''), (''A2'', 50, '
'''2026-01-06'')) r(account, balance, changed_on) gives 1250';

CREATE FUNCTION _tiering.daily_avg_changes_accum(internal, numeric, date, anycompatible, daterange)
	RETURNS internal
AS 'MODULE_PATHNAME', 'changes_accum_ordered'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_accum(internal, numeric, date, anycompatible,
	daterange) IS
'Adds one row to the state of daily_avg_changes(numeric, date, anycompatible, daterange)';

CREATE AGGREGATE tiering.daily_avg_changes(balance numeric, changed_on date,
	sequence anycompatible, period daterange) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_changes_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_changes(numeric, date, anycompatible, daterange) IS
'Daily average over the period. A row is a new balance of one account, which counts until its '
'next one; of those of a day the one with the largest sequence counts. Two different ones with '
'the same sequence are an error (21000). It takes 24 bytes of memory for each change in the '
'period. Example: SELECT round(tiering.daily_avg_changes(balance, changed_on, entry, '
'''[2026-01-01,2026-01-11)''), 2) FROM (VALUES (100, date ''2026-01-01'', 1), (80, '
'''2026-01-01'', 2)) r(balance, changed_on, entry) gives 80.00';

CREATE AGGREGATE tiering.balance_days_changes(balance numeric, changed_on date,
	sequence anycompatible, period daterange) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_changes_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_changes(numeric, date, anycompatible, daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is a new balance of one '
'account, which counts until its next one; of those of a day the one with the largest sequence '
'counts. Two different ones with the same sequence are an error (21000). It takes 24 bytes of '
'memory for each change in the period. Example: SELECT tiering.balance_days_changes(balance, '
'changed_on, entry, ''[2026-01-01,2026-01-11)'') FROM (VALUES (100, date ''2026-01-01'', 1), (80, '
'''2026-01-01'', 2)) r(balance, changed_on, entry) gives 800';

CREATE FUNCTION _tiering.daily_avg_changes_accum(internal, anyelement, numeric, date,
	anycompatible, daterange)
	RETURNS internal
AS 'MODULE_PATHNAME', 'account_changes_accum_ordered'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_accum(internal, anyelement, numeric, date,
	anycompatible, daterange) IS
'Adds one row to the state of daily_avg_changes(anyelement, numeric, date, anycompatible, '
'daterange)';

CREATE AGGREGATE tiering.daily_avg_changes(account anyelement, balance numeric,
	changed_on date, sequence anycompatible, period daterange) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_changes_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_changes(anyelement, numeric, date, anycompatible,
	daterange) IS
'Daily average over the period. A row is a new balance of an account, which counts until its next '
'one; of those of an account and a day the one with the largest sequence counts. Two different '
'ones with the same sequence are an error (21000). It takes 24 bytes of memory for each change in '
'the period, and about 300 for each account. Example: SELECT '
'round(tiering.daily_avg_changes(account, balance, changed_on, entry, '
'''[2026-01-01,2026-01-11)''), 2) FROM (VALUES (''A1''::text, 100, date ''2026-01-01'', 1), '
'(''A1'', 80, ''2026-01-01'', 2)) r(account, balance, changed_on, entry) gives 80.00';

CREATE AGGREGATE tiering.balance_days_changes(account anyelement, balance numeric,
	changed_on date, sequence anycompatible, period daterange) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_changes_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_changes(anyelement, numeric, date, anycompatible,
	daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is a new balance of an '
'account, which counts until its next one; of those of an account and a day the one with the '
'largest sequence counts. Two different ones with the same sequence are an error (21000). It '
'takes 24 bytes of memory for each change in the period, and about 300 for each account. Example: '
'SELECT tiering.balance_days_changes(account, balance, changed_on, entry, '
'''[2026-01-01,2026-01-11)'') FROM (VALUES (''A1''::text, 100, date ''2026-01-01'', 1), (''A1'', '
'80, ''2026-01-01'', 2)) r(account, balance, changed_on, entry) gives 800';

CREATE FUNCTION _tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date, daterange)
	RETURNS internal
AS 'MODULE_PATHNAME', 'account_snapshots_accum'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date,
	daterange) IS
'Adds one row to the state of daily_avg_snapshots(anyelement, numeric, date, daterange)';

CREATE AGGREGATE tiering.daily_avg_snapshots(account anyelement, balance numeric,
	as_of date, period daterange) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_snapshots_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_snapshots(anyelement, numeric, date, daterange) IS
'Daily average over the period. A row is the balance of an account on a day, and counts once '
'however often it comes. Two different ones of an account and a day are an error (21000). It '
'takes 16 bytes of memory for each row in the period, and about 300 for each account. Example: '
'SELECT round(tiering.daily_avg_snapshots(account, balance, as_of, ''[2026-01-01,2026-01-11)''), '
'2) FROM (VALUES (''A1''::text, 100, date ''2026-01-01''), (''A1'', 100, ''2026-01-01'')) '
'r(account, balance, as_of) gives 10.00';

CREATE AGGREGATE tiering.balance_days_snapshots(account anyelement, balance numeric,
	as_of date, period daterange) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_snapshots_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_snapshots(anyelement, numeric, date, daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is the balance of an '
'account on a day, and counts once however often it comes. Two different ones of an account and a '
'day are an error (21000). It takes 16 bytes of memory for each row in the period, and about 300 '
'for each account. Example: SELECT tiering.balance_days_snapshots(account, balance, as_of, '
'''[2026-01-01,2026-01-11)'') FROM (VALUES (''A1''::text, 100, date ''2026-01-01''), (''A1'', '
'100, ''2026-01-01'')) r(account, balance, as_of) gives 100';

CREATE FUNCTION _tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date,
	anycompatible, daterange)
	RETURNS internal
AS 'MODULE_PATHNAME', 'account_snapshots_accum_ordered'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date,
	anycompatible, daterange) IS
'Adds one row to the state of daily_avg_snapshots(anyelement, numeric, date, anycompatible, '
'daterange)';

CREATE AGGREGATE tiering.daily_avg_snapshots(account anyelement, balance numeric,
	as_of date, sequence anycompatible, period daterange) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_snapshots_final,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_snapshots(anyelement, numeric, date, anycompatible,
	daterange) IS
'Daily average over the period. A row is a balance of an account on a day; of those of an account '
'and a day the one with the largest sequence counts. Two different ones with the same sequence '
'are an error (21000). It takes 24 bytes of memory for each day in the period, and about 300 for '
'each account. Example: SELECT round(tiering.daily_avg_snapshots(account, balance, as_of, entry, '
'''[2026-01-01,2026-01-11)''), 2) FROM (VALUES (''A1''::text, 100, date ''2026-01-01'', 1), '
'(''A1'', 80, ''2026-01-01'', 2)) r(account, balance, as_of, entry) gives 8.00';

CREATE AGGREGATE tiering.balance_days_snapshots(account anyelement, balance numeric,
	as_of date, sequence anycompatible, period daterange) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_snapshots_final_days,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_snapshots(anyelement, numeric, date, anycompatible,
	daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is a balance of an account '
'on a day; of those of an account and a day the one with the largest sequence counts. Two '
'different ones with the same sequence are an error (21000). It takes 24 bytes of memory for each '
'day in the period, and about 300 for each account. Example: SELECT '
'tiering.balance_days_snapshots(account, balance, as_of, entry, ''[2026-01-01,2026-01-11)'') FROM '
'(VALUES (''A1''::text, 100, date ''2026-01-01'', 1), (''A1'', 80, ''2026-01-01'', 2)) r(account, '
'balance, as_of, entry) gives 80';
