/*
 * daily_series: one whole history in one value, a step function of the date.
 *
 * Every day has a number or no value, which is not the same as 0. Numbers are
 * exact, of at most 18 digits at the scale that all of a series' numbers need,
 * and show at most 31 decimals; others are errors (22003). Two series are equal
 * if they are the same function, however many decimals they show.
 *
 * What takes the end of a balance is STABLE, as the setting tiering.open_end says from
 * which day on an end is none. All else depends on its arguments alone.
 *
 * Functions with a period want it bounded and not empty, as the aggregates do,
 * and look at it first: a null period is an error (22004) beside a null series,
 * too. Otherwise a null gives null.
 */

CREATE TYPE tiering.daily_series;
COMMENT ON TYPE tiering.daily_series IS
'A balance history as a step function of the date: {2026-01-31: 100.00, 2026-02-28: none}';

CREATE FUNCTION _tiering.daily_series_in(cstring) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_in(cstring) IS
'A series from its text';

CREATE FUNCTION _tiering.daily_series_out(tiering.daily_series) RETURNS cstring
AS 'MODULE_PATHNAME', 'daily_series_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_out(tiering.daily_series) IS
'A series as text, with ISO dates whatever DateStyle is';

CREATE FUNCTION _tiering.daily_series_recv(internal) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_recv(internal) IS
'A series from its bytes; bytes that this version would not have written are an error (22P03)';

CREATE FUNCTION _tiering.daily_series_send(tiering.daily_series) RETURNS bytea
AS 'MODULE_PATHNAME', 'daily_series_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_send(tiering.daily_series) IS
'A series as bytes: those that are stored, the same on every machine';

-- Packed bits do not compress, so storage is external: no time is lost trying.
CREATE TYPE tiering.daily_series (
	INPUT = _tiering.daily_series_in,
	OUTPUT = _tiering.daily_series_out,
	RECEIVE = _tiering.daily_series_recv,
	SEND = _tiering.daily_series_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);

-- Casts. All are asked for by name, as none of the other types is a history.

CREATE FUNCTION tiering.daily_series(bytea) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_from_bytea'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.daily_series(bytea) IS
'A series from the bytes that a cast to bytea gave; others are an error (22P03). Example: SELECT '
'tiering.daily_series(tiering.daily_series(100, ''2026-01-01'', NULL)::bytea) gives {2026-01-01: '
'100}';

CREATE FUNCTION tiering.daily_series(jsonb) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_from_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.daily_series(jsonb) IS
'A series from an object of dates with numbers, or null for no value. Example: SELECT '
'tiering.daily_series(jsonb ''{"2026-01-01": 100, "2026-01-06": null}'') gives {2026-01-01: 100, '
'2026-01-06: none}';

CREATE FUNCTION _tiering.jsonb(tiering.daily_series) RETURNS jsonb
AS 'MODULE_PATHNAME', 'daily_series_to_jsonb'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.jsonb(tiering.daily_series) IS
'A series as an object of dates with numbers, or null for no value';

CREATE CAST (tiering.daily_series AS bytea)
	WITH FUNCTION _tiering.daily_series_send(tiering.daily_series);
COMMENT ON CAST (tiering.daily_series AS bytea) IS
'The stored bytes of a series, the same on every machine';

CREATE CAST (bytea AS tiering.daily_series) WITH FUNCTION tiering.daily_series(bytea);
COMMENT ON CAST (bytea AS tiering.daily_series) IS
'A series from the bytes that a cast to bytea gave';

CREATE CAST (tiering.daily_series AS jsonb)
	WITH FUNCTION _tiering.jsonb(tiering.daily_series) AS ASSIGNMENT;
COMMENT ON CAST (tiering.daily_series AS jsonb) IS
'A series as an object of dates with numbers';

CREATE CAST (jsonb AS tiering.daily_series) WITH FUNCTION tiering.daily_series(jsonb) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS tiering.daily_series) IS
'A series from an object of dates with numbers';

-- Equality, hashing, and an order, which has no meaning but lets series be grouped by sorting.

CREATE FUNCTION _tiering.daily_series_eq(tiering.daily_series, tiering.daily_series) RETURNS boolean
AS 'MODULE_PATHNAME', 'daily_series_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_eq(tiering.daily_series, tiering.daily_series) IS
'Are two series the same function?';

CREATE FUNCTION _tiering.daily_series_ne(tiering.daily_series, tiering.daily_series) RETURNS boolean
AS 'MODULE_PATHNAME', 'daily_series_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_ne(tiering.daily_series, tiering.daily_series) IS
'Are two series different functions?';

CREATE FUNCTION _tiering.daily_series_lt(tiering.daily_series, tiering.daily_series) RETURNS boolean
AS 'MODULE_PATHNAME', 'daily_series_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_lt(tiering.daily_series, tiering.daily_series) IS
'In the order of daily_series_cmp: the first one comes before the second';

CREATE FUNCTION _tiering.daily_series_le(tiering.daily_series, tiering.daily_series) RETURNS boolean
AS 'MODULE_PATHNAME', 'daily_series_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_le(tiering.daily_series, tiering.daily_series) IS
'In the order of daily_series_cmp: the first one comes before or equals the second';

CREATE FUNCTION _tiering.daily_series_ge(tiering.daily_series, tiering.daily_series) RETURNS boolean
AS 'MODULE_PATHNAME', 'daily_series_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_ge(tiering.daily_series, tiering.daily_series) IS
'In the order of daily_series_cmp: the first one comes after or equals the second';

CREATE FUNCTION _tiering.daily_series_gt(tiering.daily_series, tiering.daily_series) RETURNS boolean
AS 'MODULE_PATHNAME', 'daily_series_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_gt(tiering.daily_series, tiering.daily_series) IS
'In the order of daily_series_cmp: the first one comes after the second';

CREATE FUNCTION _tiering.daily_series_cmp(tiering.daily_series, tiering.daily_series) RETURNS int
AS 'MODULE_PATHNAME', 'daily_series_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_cmp(tiering.daily_series, tiering.daily_series) IS
'Order of two series: below 0, 0 if they are equal, above 0; without a meaning of its own';

CREATE FUNCTION _tiering.daily_series_hash(tiering.daily_series) RETURNS int
AS 'MODULE_PATHNAME', 'daily_series_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_hash(tiering.daily_series) IS
'Hash of a series';

CREATE FUNCTION _tiering.daily_series_hash_extended(tiering.daily_series, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'daily_series_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_hash_extended(tiering.daily_series, bigint) IS
'Hash of a series, with a seed';

CREATE OPERATOR tiering.= (
	FUNCTION = _tiering.daily_series_eq,
	LEFTARG = tiering.daily_series,
	RIGHTARG = tiering.daily_series,
	COMMUTATOR = OPERATOR(tiering.=),
	NEGATOR = OPERATOR(tiering.<>),
	RESTRICT = eqsel,
	JOIN = eqjoinsel,
	HASHES,
	MERGES
);
COMMENT ON OPERATOR tiering.= (tiering.daily_series, tiering.daily_series) IS
'The same function of the date?';

CREATE OPERATOR tiering.<> (
	FUNCTION = _tiering.daily_series_ne,
	LEFTARG = tiering.daily_series,
	RIGHTARG = tiering.daily_series,
	COMMUTATOR = OPERATOR(tiering.<>),
	NEGATOR = OPERATOR(tiering.=),
	RESTRICT = neqsel,
	JOIN = neqjoinsel
);
COMMENT ON OPERATOR tiering.<> (tiering.daily_series, tiering.daily_series) IS
'Different functions of the date?';

CREATE OPERATOR tiering.< (
	FUNCTION = _tiering.daily_series_lt,
	LEFTARG = tiering.daily_series,
	RIGHTARG = tiering.daily_series,
	COMMUTATOR = OPERATOR(tiering.>),
	NEGATOR = OPERATOR(tiering.>=),
	RESTRICT = scalarltsel,
	JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR tiering.< (tiering.daily_series, tiering.daily_series) IS
'For sorting and grouping only: series have no order of their own';

CREATE OPERATOR tiering.<= (
	FUNCTION = _tiering.daily_series_le,
	LEFTARG = tiering.daily_series,
	RIGHTARG = tiering.daily_series,
	COMMUTATOR = OPERATOR(tiering.>=),
	NEGATOR = OPERATOR(tiering.>),
	RESTRICT = scalarlesel,
	JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR tiering.<= (tiering.daily_series, tiering.daily_series) IS
'For sorting and grouping only: series have no order of their own';

CREATE OPERATOR tiering.>= (
	FUNCTION = _tiering.daily_series_ge,
	LEFTARG = tiering.daily_series,
	RIGHTARG = tiering.daily_series,
	COMMUTATOR = OPERATOR(tiering.<=),
	NEGATOR = OPERATOR(tiering.<),
	RESTRICT = scalargesel,
	JOIN = scalargejoinsel
);
COMMENT ON OPERATOR tiering.>= (tiering.daily_series, tiering.daily_series) IS
'For sorting and grouping only: series have no order of their own';

CREATE OPERATOR tiering.> (
	FUNCTION = _tiering.daily_series_gt,
	LEFTARG = tiering.daily_series,
	RIGHTARG = tiering.daily_series,
	COMMUTATOR = OPERATOR(tiering.<),
	NEGATOR = OPERATOR(tiering.<=),
	RESTRICT = scalargtsel,
	JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR tiering.> (tiering.daily_series, tiering.daily_series) IS
'For sorting and grouping only: series have no order of their own';

CREATE OPERATOR FAMILY tiering.daily_series_ops USING btree;
COMMENT ON OPERATOR FAMILY tiering.daily_series_ops USING btree IS
'Sorting and grouping of daily_series';
CREATE OPERATOR CLASS tiering.daily_series_ops DEFAULT FOR TYPE tiering.daily_series
	USING btree FAMILY tiering.daily_series_ops AS
	OPERATOR 1 tiering.<,
	OPERATOR 2 tiering.<=,
	OPERATOR 3 tiering.=,
	OPERATOR 4 tiering.>=,
	OPERATOR 5 tiering.>,
	FUNCTION 1 _tiering.daily_series_cmp(tiering.daily_series, tiering.daily_series);
COMMENT ON OPERATOR CLASS tiering.daily_series_ops USING btree IS
'Sorting and grouping of daily_series';

CREATE OPERATOR FAMILY tiering.daily_series_ops USING hash;
COMMENT ON OPERATOR FAMILY tiering.daily_series_ops USING hash IS
'Hashing of daily_series';
CREATE OPERATOR CLASS tiering.daily_series_ops DEFAULT FOR TYPE tiering.daily_series
	USING hash FAMILY tiering.daily_series_ops AS
	OPERATOR 1 tiering.=,
	FUNCTION 1 _tiering.daily_series_hash(tiering.daily_series),
	FUNCTION 2 _tiering.daily_series_hash_extended(tiering.daily_series, bigint);
COMMENT ON OPERATOR CLASS tiering.daily_series_ops USING hash IS
'Hashing of daily_series';

-- Building: rows in any order, the same shapes as those of the averages. A null
-- balance is one that nobody knows: its row is skipped. No rows or only nulls give null.
-- Balances whose days overlap add up; a day that no row covers has no value.

CREATE FUNCTION _tiering.daily_series_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_combine(internal, internal) IS
'Adds the rows of one partial state to another';

CREATE FUNCTION _tiering.daily_series_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'daily_series_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_serialize(internal) IS
'A partial state as bytes, with its kind, its version and a checksum';

CREATE FUNCTION _tiering.daily_series_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_deserialize(bytea, internal) IS
'A partial state read back; damaged bytes are an error (22P03)';

CREATE FUNCTION _tiering.daily_series_final(internal) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_final(internal) IS
'The series of rows whose balances add up';

CREATE FUNCTION _tiering.daily_series_final_changes(internal) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_final_changes'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_final_changes(internal) IS
'The series of rows each of which counts until the next one';

CREATE FUNCTION _tiering.daily_series_accum(internal, numeric, daterange) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_range'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_accum(internal, numeric, daterange) IS
'Adds one row to the state of daily_series(numeric, daterange)';

CREATE AGGREGATE tiering.daily_series(balance numeric, valid daterange) (
	SFUNC = _tiering.daily_series_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = _tiering.daily_series_final,
	COMBINEFUNC = _tiering.daily_series_combine,
	SERIALFUNC = _tiering.daily_series_serialize,
	DESERIALFUNC = _tiering.daily_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series(numeric, daterange) IS
'A series from rows of a balance and the range of days on which it stood. It counts for ever if '
'that has no upper bound, or one that tiering.open_end says is open, and since always if it has no '
'lower bound, as in daily_avg(). Example: SELECT tiering.daily_series(balance, valid) FROM '
'(VALUES (100, daterange ''[2026-01-01,2026-01-06)''), (200, ''[2026-01-06,)'')) r(balance, '
'valid) gives {2026-01-01: 100, 2026-01-06: 200}';

CREATE FUNCTION _tiering.daily_series_accum(internal, numeric, date, date) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_dates'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_accum(internal, numeric, date, date) IS
'Adds one row to the state of daily_series(numeric, date, date)';

CREATE AGGREGATE tiering.daily_series(balance numeric, valid_from date, valid_to date) (
	SFUNC = _tiering.daily_series_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = _tiering.daily_series_final,
	COMBINEFUNC = _tiering.daily_series_combine,
	SERIALFUNC = _tiering.daily_series_serialize,
	DESERIALFUNC = _tiering.daily_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series(numeric, date, date) IS
'A series from rows of a balance, the first day on which it stood and the first day after. It '
'counts since always if the former is null or -infinity, as in daily_avg(); it counts for ever if '
'the latter is null or infinity, or a day from which on the setting tiering.open_end says that an '
'end is open (9999-01-01). Example: SELECT tiering.daily_series(balance, valid_from, valid_to) '
'FROM (VALUES (100, date ''2026-01-01'', date ''2026-01-06''), (200, ''2026-01-06'', NULL)) '
'r(balance, valid_from, valid_to) gives {2026-01-01: 100, 2026-01-06: 200}';

CREATE FUNCTION _tiering.daily_series_snapshots_accum(internal, numeric, date) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_snapshot'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_snapshots_accum(internal, numeric, date) IS
'Adds one row to the state of daily_series_snapshots(numeric, date)';

CREATE AGGREGATE tiering.daily_series_snapshots(balance numeric, as_of date) (
	SFUNC = _tiering.daily_series_snapshots_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = _tiering.daily_series_final,
	COMBINEFUNC = _tiering.daily_series_combine,
	SERIALFUNC = _tiering.daily_series_serialize,
	DESERIALFUNC = _tiering.daily_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series_snapshots(numeric, date) IS
'A series from rows of one balance per account and day; days without a row have no value. '
'Example: SELECT tiering.daily_series_snapshots(balance, as_of) FROM (VALUES (100, date '
'''2026-01-01''), (200, ''2026-01-02'')) r(balance, as_of) gives {2026-01-01: 100, 2026-01-02: '
'200, 2026-01-03: none}';

CREATE FUNCTION _tiering.daily_series_flows_accum(internal, numeric, date) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_flow'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_flows_accum(internal, numeric, date) IS
'Adds one row to the state of daily_series_flows(numeric, date)';

CREATE AGGREGATE tiering.daily_series_flows(amount numeric, posted_on date) (
	SFUNC = _tiering.daily_series_flows_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = _tiering.daily_series_final,
	COMBINEFUNC = _tiering.daily_series_combine,
	SERIALFUNC = _tiering.daily_series_serialize,
	DESERIALFUNC = _tiering.daily_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series_flows(numeric, date) IS
'A series from rows of a signed amount: their running sum, from the first posting on. Example: '
'SELECT tiering.daily_series_flows(amount, posted_on) FROM (VALUES (100, date ''2026-01-01''), '
'(-30, ''2026-01-06'')) r(amount, posted_on) gives {2026-01-01: 100, 2026-01-06: 70}';

CREATE FUNCTION _tiering.daily_series_changes_accum(internal, numeric, date) RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_change'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_changes_accum(internal, numeric, date) IS
'Adds one row to the state of daily_series_changes(numeric, date)';

CREATE AGGREGATE tiering.daily_series_changes(balance numeric, changed_on date) (
	SFUNC = _tiering.daily_series_changes_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = _tiering.daily_series_final_changes,
	COMBINEFUNC = _tiering.daily_series_combine,
	SERIALFUNC = _tiering.daily_series_serialize,
	DESERIALFUNC = _tiering.daily_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series_changes(numeric, date) IS
'A series from rows of a new balance of one account, which counts until its next one; two '
'different balances on one day are an error (21000). Example: SELECT '
'tiering.daily_series_changes(balance, changed_on) FROM (VALUES (100, date ''2026-01-01''), (200, '
'''2026-01-06'')) r(balance, changed_on) gives {2026-01-01: 100, 2026-01-06: 200}';

/*
 * Questions. Balance-days and averages take words that say which days count, and what a day
 * without a value is:
 *
 *	period		all days of the period count; so they do where nothing is said
 *	elapsed		those up to last_day=2026-09-30, or without it up to the last one with a value
 *	held		those with a value other than 0
 *	observed	those with a value
 *	open		those from the first one with a value to the last one
 *	business	the business days of a calendar: daily_avg_business()
 *
 *	zero		a day without a value is 0; so it is where nothing is said
 *	skip		it does not count
 *	error		it is an error if it counts (P0002), which names the first one
 *	carry		the last value holds on days without one, with max_age=7 for so many days at
 *				most, also from before the period; beyond, the other words go for them
 *
 * Words are separated by commas: 'carry, max_age=7, open'. Words that are not known, and
 * that mean nothing together, are errors (22023). No days that count give a null average.
 */

CREATE FUNCTION tiering.daily_avg(series tiering.daily_series, period daterange,
	denominator text DEFAULT 'period') RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_avg'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.daily_avg(tiering.daily_series, daterange, text) IS
'Daily average over the period, digit for digit that of the rows of which the series was built. '
'The denominator is period (all days), elapsed (days up to last_day=2026-09-30, or to the last one '
'with a value), held (days with a value other than 0), observed (days with a value) or open (days '
'from the first to the last one with a value). Behind it may stand what a day without a value is: '
'zero (the default), skip, error, or carry, max_age=7 (the last one holds for so many days): '
'''open, carry, max_age=7''. No day that counts gives null. Errors: words that mean nothing '
'(22023), a day without a value where it is to be one (P0002). Example: SELECT '
'round(tiering.daily_avg(''{2026-01-01: 100, 2026-01-06: 200}''::tiering.daily_series, '
'''[2026-01-01,2026-01-11)''), 2) gives 150.00';

CREATE FUNCTION tiering.balance_days(series tiering.daily_series, period daterange) RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_balance_days'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.balance_days(tiering.daily_series, daterange) IS
'Balance-days in the period, the numerator of the daily average. Example: SELECT '
'tiering.balance_days(''{2026-01-01: 100, 2026-01-06: 200}''::tiering.daily_series, '
'''[2026-01-01,2026-01-11)'') gives 1500';

CREATE FUNCTION tiering.daily_avg_business(series tiering.daily_series, period daterange,
	calendar text, days text DEFAULT 'zero') RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_avg_business'
LANGUAGE C STABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.daily_avg_business(tiering.daily_series, daterange, text, text) IS
'Daily average over the business days of the period by a calendar. A business day without a value '
'is zero (the default), skip, error, or carry, max_age=7, as in daily_avg(). A day of the period '
'that the calendar does not have is an error that names the first one (P0002). Example: SELECT '
'round(tiering.daily_avg_business(''{2026-01-01: 100, 2026-01-06: 200}'', '
'''[2026-01-01,2026-01-06)'', ''TARGET''), 2) gives 100.00';

CREATE FUNCTION tiering.balance_days_business(series tiering.daily_series, period daterange,
	calendar text, days text DEFAULT 'zero') RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_balance_days_business'
LANGUAGE C STABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.balance_days_business(tiering.daily_series, daterange, text, text) IS
'Balance-days of the business days of the period by a calendar, the numerator of '
'daily_avg_business(). Its denominator is business_days(), unless days without a value are '
'skipped. Example: SELECT tiering.balance_days_business(''{2026-01-01: 100, 2026-01-06: 200}'', '
'''[2026-01-01,2026-01-06)'', ''TARGET'') gives 200';

CREATE FUNCTION tiering.value_on(series tiering.daily_series, day date) RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_value_on'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.value_on(tiering.daily_series, date) IS
'The value of a series on a day; null if there is none. Example: SELECT '
'tiering.value_on(''{2026-01-01: 100, 2026-01-06: 200}'', ''2026-01-31'') gives 200';

CREATE FUNCTION tiering.minimum(series tiering.daily_series, period daterange) RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_minimum'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.minimum(tiering.daily_series, daterange) IS
'The least value of a series on the days of a period that have one; null if none has. Example: '
'SELECT tiering.minimum(''{2026-01-01: 100, 2026-01-06: 200}'', ''[2026-01-01,2026-01-11)'') '
'gives 100';

CREATE FUNCTION tiering.maximum(series tiering.daily_series, period daterange) RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_maximum'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.maximum(tiering.daily_series, daterange) IS
'The largest value of a series on the days of a period that have one; null if none has. Example: '
'SELECT tiering.maximum(''{2026-01-01: 100, 2026-01-06: 200}'', ''[2026-01-01,2026-01-11)'') '
'gives 200';

CREATE FUNCTION tiering.days_at_least(series tiering.daily_series, threshold numeric,
	period daterange) RETURNS int
AS 'MODULE_PATHNAME', 'daily_series_days_at_least'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.days_at_least(tiering.daily_series, numeric, daterange) IS
'How many days of the period have a value of the threshold or more. A day without a value is not '
'one, whatever the threshold. Example: SELECT tiering.days_at_least(''{2026-01-01: 100, '
'2026-01-06: 200}'', 150, ''[2026-01-01,2026-01-11)'') gives 5';

CREATE FUNCTION tiering.first_day(series tiering.daily_series) RETURNS date
AS 'MODULE_PATHNAME', 'daily_series_first_day'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.first_day(tiering.daily_series) IS
'The first day of a series with a value. It is -infinity if there has been one since always, null '
'if there is none. Example: SELECT tiering.first_day(''{2026-01-01: 100, 2026-01-06: 200}'') '
'gives 2026-01-01';

CREATE FUNCTION tiering.last_change(series tiering.daily_series) RETURNS date
AS 'MODULE_PATHNAME', 'daily_series_last_change'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.last_change(tiering.daily_series) IS
'The day of the last change of a series. A change to no value is one, too. It is -infinity if the '
'value has been the same since always, null if there is none. Example: SELECT '
'tiering.last_change(''{2026-01-01: 100, 2026-01-06: 200}'') gives 2026-01-06';

CREATE FUNCTION _tiering.change_days(series tiering.daily_series) RETURNS int
AS 'MODULE_PATHNAME', 'daily_series_change_days'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.change_days(tiering.daily_series) IS
'Part of check_changes() and check_flows(): on how many days the value changes';

CREATE FUNCTION tiering.segments(series tiering.daily_series)
	RETURNS TABLE (valid daterange, value numeric)
AS 'MODULE_PATHNAME', 'daily_series_segments'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1 ROWS 20;
COMMENT ON FUNCTION tiering.segments(tiering.daily_series) IS
'The runs of days of a series with one value, a row each, in order. The first one has no lower '
'bound if it has counted since always, the last one no upper bound if it counts for ever. Days '
'without a value are in none. Example: SELECT * FROM tiering.segments(''{2026-01-01: 100, '
'2026-01-06: 200}'')';

CREATE FUNCTION tiering.balance_to_reach(series tiering.daily_series, threshold numeric,
	period daterange, as_of date) RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_balance_to_reach'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.balance_to_reach(tiering.daily_series, numeric, daterange, date) IS
'What to hold on all days that are left of a period for its average to reach a threshold. These '
'are the days after as_of; until then the series goes on as it is. It is the least balance that '
'does, in the decimals that the series shows; negative or 0 if nothing needs to be held, null if '
'no day is left. Example: SELECT tiering.balance_to_reach(''{2026-01-01: 100, 2026-01-06: 200}'', '
'180, ''[2026-01-01,2026-01-11)'', ''2026-01-06'') gives 275';

CREATE FUNCTION _tiering.balance_needed(series tiering.daily_series, threshold numeric,
	period daterange, as_of date, above boolean) RETURNS numeric
AS 'MODULE_PATHNAME', 'daily_series_balance_needed'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.balance_needed(tiering.daily_series, numeric, daterange, date,
	boolean) IS
'The same as balance_to_reach(), or if above the least balance that brings the average above the '
'threshold';

CREATE FUNCTION tiering.last_day_to_reach(series tiering.daily_series, threshold numeric,
	period daterange, max_balance numeric) RETURNS date
AS 'MODULE_PATHNAME', 'daily_series_last_day_to_reach'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.last_day_to_reach(tiering.daily_series, numeric, daterange, numeric) IS
'The last day from which on a balance is enough for the average of a period to reach a threshold. '
'The series goes on as it is until the day before, and max_balance stands from that day to the '
'end of the period. Null if there is no such day. Example: SELECT '
'tiering.last_day_to_reach(''{2026-01-01: 100, 2026-01-06: 200}'', 180, '
'''[2026-01-01,2026-01-11)'', 500) gives 2026-01-10';

-- Changes. Each gives a new series.

CREATE FUNCTION tiering.append(series tiering.daily_series, as_of date, value numeric)
	RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_append'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.append(tiering.daily_series, date, numeric) IS
'The series with a new value from a day on, as_of. A null ends it: there is no value from then on. '
'as_of must not be infinite or before the last change (22023). A null series begins with the '
'value. Example: SELECT tiering.append(''{2026-01-01: 100, 2026-01-06: 200}'', ''2026-02-01'', 50) '
'gives {2026-01-01: 100, 2026-01-06: 200, 2026-02-01: 50}';

CREATE FUNCTION tiering.amend(series tiering.daily_series, valid daterange, value numeric)
	RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_amend'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.amend(tiering.daily_series, daterange, numeric) IS
'The series with another value on the days of a range. All other days stay. A null leaves no '
'value on these days. A null series begins with the value. An upper bound may be open by '
'tiering.open_end. Example: SELECT tiering.amend(''{2026-01-01: 100, 2026-01-06: 200}'', '
'''[2026-01-03,2026-01-05)'', 90) gives {2026-01-01: 100, 2026-01-03: 90, 2026-01-05: 100, '
'2026-01-06: 200}';

CREATE FUNCTION tiering.clip(series tiering.daily_series, period daterange)
	RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_trim'
LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.clip(tiering.daily_series, daterange) IS
'The days of a range of a series: on all others it has no value. The range may be unbounded, or '
'have an upper bound that is open by tiering.open_end. Example: SELECT '
'tiering.clip(''{2026-01-01: 100, 2026-01-06: 200}'', ''[2026-01-03,2026-02-01)'') gives '
'{2026-01-03: 100, 2026-01-06: 200, 2026-02-01: none}';

CREATE FUNCTION tiering.carry(series tiering.daily_series, max_age int DEFAULT NULL)
	RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_carry'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.carry(tiering.daily_series, int) IS
'The series with its values carried to the days after them that have none, for max_age days at '
'most, or for ever. Carry those of accounts, and add them up. A max_age that is not from 0 to a '
'hundred years is an error (22023). Example: SELECT tiering.carry(''{2026-01-02: 100, 2026-01-03: '
'none, 2026-01-05: 200}'', 7) gives {2026-01-02: 100, 2026-01-05: 200}';

CREATE FUNCTION tiering.convert(series tiering.daily_series, rates tiering.daily_series,
	scale int DEFAULT 2) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_convert'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.convert(tiering.daily_series, tiering.daily_series, int) IS
'A series in another currency: each day''s balance at that day''s rate. It is rounded half away '
'from zero to so many decimals (scale). A balance other than 0 on a day without a rate is an '
'error that names the first such day (22000). Example: SELECT tiering.convert(''{2026-01-01: 100, '
'2026-01-06: 200}'', ''{2026-01-01: 0.85}'') gives {2026-01-01: 85.00, 2026-01-06: 170.00}';

CREATE FUNCTION tiering.convert(series tiering.daily_series, rates tiering.daily_series,
	scale int, whose text) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_convert_whose'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION tiering.convert(tiering.daily_series, tiering.daily_series, int, text) IS
'Each day''s balance at that day''s rate, as without the last argument, which is whose balance it '
'is. The error of a day without a rate tells it: ''account 4711 in USD''. A null tells nothing. '
'Example: SELECT tiering.convert(''{2026-01-01: 100, 2026-01-06: 200}'', ''{2026-01-01: 0.85}'', '
'2, ''customer A'') gives {2026-01-01: 85.00, 2026-01-06: 170.00}';

CREATE FUNCTION _tiering.daily_series_add(tiering.daily_series, tiering.daily_series)
	RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_add'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_add(tiering.daily_series, tiering.daily_series) IS
'Sum of two series day by day; where one has no value, the other one';

CREATE FUNCTION _tiering.daily_series_subtract(tiering.daily_series, tiering.daily_series)
	RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_subtract'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_subtract(tiering.daily_series, tiering.daily_series) IS
'Difference of two series day by day; a day without a value counts 0 if the other one has one';

CREATE FUNCTION _tiering.daily_series_negate(tiering.daily_series) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_negate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_negate(tiering.daily_series) IS
'The series with all signs changed';

CREATE FUNCTION _tiering.daily_series_times(tiering.daily_series, numeric)
	RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_times'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_times(tiering.daily_series, numeric) IS
'Each value times a number, exactly; a product of more than 18 digits is an error (22003)';

CREATE FUNCTION _tiering.daily_series_times(numeric, tiering.daily_series)
	RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'daily_series_times_left'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_times(numeric, tiering.daily_series) IS
'Each value times a number, exactly; a product of more than 18 digits is an error (22003)';

CREATE OPERATOR tiering.+ (
	FUNCTION = _tiering.daily_series_add,
	LEFTARG = tiering.daily_series,
	RIGHTARG = tiering.daily_series,
	COMMUTATOR = OPERATOR(tiering.+)
);
COMMENT ON OPERATOR tiering.+ (tiering.daily_series, tiering.daily_series) IS
'Sum day by day; where one has no value, the other one';

CREATE OPERATOR tiering.- (
	FUNCTION = _tiering.daily_series_subtract,
	LEFTARG = tiering.daily_series,
	RIGHTARG = tiering.daily_series
);
COMMENT ON OPERATOR tiering.- (tiering.daily_series, tiering.daily_series) IS
'Difference day by day; a day without a value counts 0 if the other one has one';

CREATE OPERATOR tiering.- (
	FUNCTION = _tiering.daily_series_negate,
	RIGHTARG = tiering.daily_series
);
COMMENT ON OPERATOR tiering.- (NONE, tiering.daily_series) IS
'All signs changed';

CREATE OPERATOR tiering.* (
	FUNCTION = _tiering.daily_series_times,
	LEFTARG = tiering.daily_series,
	RIGHTARG = numeric,
	COMMUTATOR = OPERATOR(tiering.*)
);
COMMENT ON OPERATOR tiering.* (tiering.daily_series, numeric) IS
'Each value times a number';

CREATE OPERATOR tiering.* (
	FUNCTION = _tiering.daily_series_times,
	LEFTARG = numeric,
	RIGHTARG = tiering.daily_series,
	COMMUTATOR = OPERATOR(tiering.*)
);
COMMENT ON OPERATOR tiering.* (numeric, tiering.daily_series) IS
'Each value times a number';

-- The state is a series, so that partial sums can be stored, and added up elsewhere.
CREATE AGGREGATE tiering.sum(tiering.daily_series) (
	SFUNC = _tiering.daily_series_add,
	STYPE = tiering.daily_series,
	SSPACE = 512,
	COMBINEFUNC = _tiering.daily_series_add,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.sum(tiering.daily_series) IS
'Sum of series day by day; a day on which none has a value has none. Example: SELECT '
'tiering.sum(s) FROM unnest(ARRAY[''{2026-01-01: 100}'', ''{2026-01-06: '
'50}'']::tiering.daily_series[]) s gives {2026-01-01: 100, 2026-01-06: 150}';
