/*
 * Measures: exact daily averages over the shapes in which a warehouse keeps
 * balances, and their numerators, the balance-days.
 *
 * A null balance is one that nobody knows, which is not 0: its row is skipped, and
 * its days are as if there were no row: of snapshots they count 0, unless words say
 * otherwise (days.sql). No rows or only nulls give null. A null period is
 * an error (22004), as is one that is empty, unbounded, or not the same for all
 * rows of a group (22023), and a balance that is NaN or infinite (22003). The
 * first four accumulate in a state of constant size. All are exact for any
 * numeric, parallel, and merge in any order.
 */

-- The sum of balance x days: how it is merged, moved between processes, and asked.
CREATE FUNCTION _tiering.daily_avg_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_avg_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_combine(internal, internal) IS
'Adds one partial state to another of the same period';

CREATE FUNCTION _tiering.daily_avg_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'daily_avg_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_serialize(internal) IS
'A partial state as bytes, with its kind, its version and a checksum';

CREATE FUNCTION _tiering.daily_avg_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_avg_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_deserialize(bytea, internal) IS
'A partial state read back; damaged bytes are an error (22P03)';

CREATE FUNCTION _tiering.daily_avg_final(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_avg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_final(internal) IS
'Balance-days over days';

CREATE FUNCTION _tiering.daily_avg_final_days(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_avg_final_days'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_final_days(internal) IS
'Balance-days';

-- The observations of one sparse history: how it is merged, moved between processes, and asked.
CREATE FUNCTION _tiering.daily_avg_changes_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'changes_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_combine(internal, internal) IS
'Adds one partial state to another of the same period';

CREATE FUNCTION _tiering.daily_avg_changes_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'changes_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_serialize(internal) IS
'A partial state as bytes, with its kind, its version and a checksum';

CREATE FUNCTION _tiering.daily_avg_changes_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'changes_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_deserialize(bytea, internal) IS
'A partial state read back; damaged bytes are an error (22P03)';

CREATE FUNCTION _tiering.daily_avg_changes_final(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'changes_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_final(internal) IS
'Balance-days over days';

CREATE FUNCTION _tiering.daily_avg_changes_final_days(internal) RETURNS numeric
AS 'MODULE_PATHNAME', 'changes_final_days'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_final_days(internal) IS
'Balance-days';

CREATE FUNCTION _tiering.daily_avg_accum(internal, numeric, daterange, daterange) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_avg_accum_range'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_accum(internal, numeric, daterange, daterange) IS
'Adds one row to the state of daily_avg(numeric, daterange, daterange)';

CREATE AGGREGATE tiering.daily_avg(balance numeric, valid daterange, period daterange) (
	SFUNC = _tiering.daily_avg_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = _tiering.daily_avg_final,
	COMBINEFUNC = _tiering.daily_avg_combine,
	SERIALFUNC = _tiering.daily_avg_serialize,
	DESERIALFUNC = _tiering.daily_avg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg(numeric, daterange, daterange) IS
'Daily average over the period. A row is a balance and the range of days on which it stood; each '
'row adds balance x days of overlap. Example: SELECT round(tiering.daily_avg(balance, valid, '
'''[2026-01-01,2026-01-11)''), 2) FROM (VALUES (100, daterange ''[2026-01-01,2026-01-06)''), '
'(200, ''[2026-01-06,)'')) r(balance, valid) gives 150.00';

CREATE AGGREGATE tiering.balance_days(balance numeric, valid daterange, period daterange) (
	SFUNC = _tiering.daily_avg_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = _tiering.daily_avg_final_days,
	COMBINEFUNC = _tiering.daily_avg_combine,
	SERIALFUNC = _tiering.daily_avg_serialize,
	DESERIALFUNC = _tiering.daily_avg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days(numeric, daterange, daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is a balance and the range '
'of days on which it stood; each row adds balance x days of overlap. Example: SELECT '
'tiering.balance_days(balance, valid, ''[2026-01-01,2026-01-11)'') FROM (VALUES (100, daterange '
'''[2026-01-01,2026-01-06)''), (200, ''[2026-01-06,)'')) r(balance, valid) gives 1500';

CREATE FUNCTION _tiering.daily_avg_accum(internal, numeric, date, date, daterange) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_avg_accum_dates'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_accum(internal, numeric, date, date, daterange) IS
'Adds one row to the state of daily_avg(numeric, date, date, daterange)';

CREATE AGGREGATE tiering.daily_avg(balance numeric, valid_from date, valid_to date,
	period daterange) (
	SFUNC = _tiering.daily_avg_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = _tiering.daily_avg_final,
	COMBINEFUNC = _tiering.daily_avg_combine,
	SERIALFUNC = _tiering.daily_avg_serialize,
	DESERIALFUNC = _tiering.daily_avg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg(numeric, date, date, daterange) IS
'Daily average over the period. A row is a balance, the first day on which it stood and the first '
'day after; a null is no bound: it has stood since always, or stands for ever. The former after '
'the latter is an error (22000) unless neither they nor any day between is in the period. '
'Example: SELECT round(tiering.daily_avg(balance, valid_from, valid_to, '
'''[2026-01-01,2026-01-11)''), 2) FROM (VALUES (100, date ''2026-01-01'', date ''2026-01-06''), '
'(200, ''2026-01-06'', NULL)) r(balance, valid_from, valid_to) gives 150.00';

CREATE AGGREGATE tiering.balance_days(balance numeric, valid_from date, valid_to date,
	period daterange) (
	SFUNC = _tiering.daily_avg_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = _tiering.daily_avg_final_days,
	COMBINEFUNC = _tiering.daily_avg_combine,
	SERIALFUNC = _tiering.daily_avg_serialize,
	DESERIALFUNC = _tiering.daily_avg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days(numeric, date, date, daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is a balance, the first day '
'on which it stood and the first day after; a null is no bound: it has stood since always, or '
'stands for ever. The former after the latter is an error (22000) unless neither they nor any day '
'between is in the period. Example: SELECT tiering.balance_days(balance, valid_from, valid_to, '
'''[2026-01-01,2026-01-11)'') FROM (VALUES (100, date ''2026-01-01'', date ''2026-01-06''), (200, '
'''2026-01-06'', NULL)) r(balance, valid_from, valid_to) gives 1500';

CREATE FUNCTION _tiering.daily_avg_snapshots_accum(internal, numeric, date, daterange)
	RETURNS internal
AS 'MODULE_PATHNAME', 'daily_avg_accum_snapshot'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_snapshots_accum(internal, numeric, date, daterange) IS
'Adds one row to the state of daily_avg_snapshots(numeric, date, daterange)';

CREATE AGGREGATE tiering.daily_avg_snapshots(balance numeric, as_of date, period daterange) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = _tiering.daily_avg_final,
	COMBINEFUNC = _tiering.daily_avg_combine,
	SERIALFUNC = _tiering.daily_avg_serialize,
	DESERIALFUNC = _tiering.daily_avg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_snapshots(numeric, date, daterange) IS
'Daily average over the period. A row is one balance per account and day; each row in the period '
'adds its balance once, and a day without a row counts 0. Example: SELECT '
'round(tiering.daily_avg_snapshots(balance, as_of, ''[2026-01-01,2026-01-11)''), 2) FROM (VALUES '
'(100, date ''2026-01-01''), (200, ''2026-01-02'')) r(balance, as_of) gives 30.00';

CREATE AGGREGATE tiering.balance_days_snapshots(balance numeric, as_of date, period daterange) (
	SFUNC = _tiering.daily_avg_snapshots_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = _tiering.daily_avg_final_days,
	COMBINEFUNC = _tiering.daily_avg_combine,
	SERIALFUNC = _tiering.daily_avg_serialize,
	DESERIALFUNC = _tiering.daily_avg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_snapshots(numeric, date, daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is one balance per account '
'and day; each row in the period adds its balance once. Example: SELECT '
'tiering.balance_days_snapshots(balance, as_of, ''[2026-01-01,2026-01-11)'') FROM (VALUES (100, '
'date ''2026-01-01''), (200, ''2026-01-02'')) r(balance, as_of) gives 300';

CREATE FUNCTION _tiering.daily_avg_flows_accum(internal, numeric, date, daterange) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_avg_accum_flow'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_flows_accum(internal, numeric, date, daterange) IS
'Adds one row to the state of daily_avg_flows(numeric, date, daterange)';

CREATE AGGREGATE tiering.daily_avg_flows(amount numeric, posted_on date, period daterange) (
	SFUNC = _tiering.daily_avg_flows_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = _tiering.daily_avg_final,
	COMBINEFUNC = _tiering.daily_avg_combine,
	SERIALFUNC = _tiering.daily_avg_serialize,
	DESERIALFUNC = _tiering.daily_avg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_flows(numeric, date, daterange) IS
'Daily average over the period. A row is a signed amount; each row adds amount x days from its '
'posting (or the start of the period, if that is later) to the end. Example: SELECT '
'round(tiering.daily_avg_flows(amount, posted_on, ''[2026-01-01,2026-01-11)''), 2) FROM (VALUES '
'(100, date ''2025-12-01''), (50, ''2026-01-06'')) r(amount, posted_on) gives 125.00';

CREATE AGGREGATE tiering.balance_days_flows(amount numeric, posted_on date, period daterange) (
	SFUNC = _tiering.daily_avg_flows_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = _tiering.daily_avg_final_days,
	COMBINEFUNC = _tiering.daily_avg_combine,
	SERIALFUNC = _tiering.daily_avg_serialize,
	DESERIALFUNC = _tiering.daily_avg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_flows(numeric, date, daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is a signed amount; each '
'row adds amount x days from its posting (or the start of the period, if that is later) to the '
'end. Example: SELECT tiering.balance_days_flows(amount, posted_on, ''[2026-01-01,2026-01-11)'') '
'FROM (VALUES (100, date ''2025-12-01''), (50, ''2026-01-06'')) r(amount, posted_on) gives 1250';

CREATE FUNCTION _tiering.daily_avg_changes_accum(internal, numeric, date, daterange)
	RETURNS internal
AS 'MODULE_PATHNAME', 'changes_accum'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_avg_changes_accum(internal, numeric, date, daterange) IS
'Adds one row to the state of daily_avg_changes(numeric, date, daterange)';

CREATE AGGREGATE tiering.daily_avg_changes(balance numeric, changed_on date, period daterange) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = _tiering.daily_avg_changes_final,
	COMBINEFUNC = _tiering.daily_avg_changes_combine,
	SERIALFUNC = _tiering.daily_avg_changes_serialize,
	DESERIALFUNC = _tiering.daily_avg_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_avg_changes(numeric, date, daterange) IS
'Daily average over the period. A row is a new balance of one account, which counts until its next '
'one; a balance from before the period is carried in, the last one is carried to the end; two '
'different balances on one day are an error (21000). Example: SELECT '
'round(tiering.daily_avg_changes(balance, changed_on, ''[2026-01-01,2026-01-11)''), 2) FROM '
'(VALUES (100, date ''2025-12-01''), (150, ''2026-01-06'')) r(balance, changed_on) gives 125.00';

CREATE AGGREGATE tiering.balance_days_changes(balance numeric, changed_on date, period daterange) (
	SFUNC = _tiering.daily_avg_changes_accum,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = _tiering.daily_avg_changes_final_days,
	COMBINEFUNC = _tiering.daily_avg_changes_combine,
	SERIALFUNC = _tiering.daily_avg_changes_serialize,
	DESERIALFUNC = _tiering.daily_avg_changes_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.balance_days_changes(numeric, date, daterange) IS
'Balance-days in the period, the numerator of the daily average. A row is a new balance of one '
'account, which counts until its next one; a balance from before the period is carried in, the '
'last one is carried to the end; two different balances on one day are an error (21000). Example: '
'SELECT tiering.balance_days_changes(balance, changed_on, ''[2026-01-01,2026-01-11)'') FROM '
'(VALUES (100, date ''2025-12-01''), (150, ''2026-01-06'')) r(balance, changed_on) gives 1250';
