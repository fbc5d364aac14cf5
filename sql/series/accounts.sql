/*
 * Series of the balances of several accounts in one group, and of accounts that have several
 * rows a day: see averages/accounts.sql, which says what account and sequence are. A series is
 * the sum of those of the accounts; a day on which none has a value has none.
 */

CREATE FUNCTION _tiering.account_series_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'account_series_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_series_deserialize(bytea, internal) IS
'A partial state of a series read back; damaged bytes are an error (22P03)';

CREATE FUNCTION _tiering.account_series_final_changes(internal) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'account_series_final_changes'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_series_final_changes(internal) IS
'The sum of the series of accounts, each of whose balances counts until the next one';

CREATE FUNCTION _tiering.account_series_final_snapshots(internal) RETURNS tiering.daily_series
AS 'MODULE_PATHNAME', 'account_series_final_snapshots'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.account_series_final_snapshots(internal) IS
'The sum of the series of accounts, each of whose balances counts for its day';

CREATE FUNCTION _tiering.daily_series_changes_accum(internal, anyelement, numeric, date)
	RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_account_change'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_changes_accum(internal, anyelement, numeric, date) IS
'Adds one row to the state of daily_series_changes(anyelement, numeric, date)';

CREATE AGGREGATE tiering.daily_series_changes(account anyelement, balance numeric,
	changed_on date) (
	SFUNC = _tiering.daily_series_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_series_final_changes,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series_changes(anyelement, numeric, date) IS
'A series from rows of a new balance of an account, which counts until its next one, summed over '
'the accounts. Two different ones of an account and a day are an error (21000). It takes 16 bytes '
'of memory for each row, and about 300 for each account. Example: SELECT '
'tiering.daily_series_changes(account, balance, changed_on) FROM (VALUES (''A1''::text, 100, date '
'''2026-01-01''), (''A2'', 50, ''2026-01-06'')) r(account, balance, changed_on) gives '
'{2026-01-01: 100, 2026-01-06: 150}';

CREATE FUNCTION _tiering.daily_series_changes_accum(internal, numeric, date, anycompatible)
	RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_change_ordered'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_changes_accum(internal, numeric, date, anycompatible) IS
'Adds one row to the state of daily_series_changes(numeric, date, anycompatible)';

CREATE AGGREGATE tiering.daily_series_changes(balance numeric, changed_on date,
	sequence anycompatible) (
	SFUNC = _tiering.daily_series_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_series_final_changes,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series_changes(numeric, date, anycompatible) IS
'A series from rows of a new balance of one account, which counts until its next one; of those of '
'a day the one with the largest sequence counts. Two different ones with the same sequence are an '
'error (21000). It takes 24 bytes of memory for each row. Example: SELECT '
'tiering.daily_series_changes(balance, changed_on, entry) FROM (VALUES (100, date ''2026-01-01'', '
'1), (80, ''2026-01-01'', 2)) r(balance, changed_on, entry) gives {2026-01-01: 80}';

CREATE FUNCTION _tiering.daily_series_changes_accum(internal, anyelement, numeric, date,
	anycompatible)
	RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_account_change_ordered'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_changes_accum(internal, anyelement, numeric, date,
	anycompatible) IS
'Adds one row to the state of daily_series_changes(anyelement, numeric, date, anycompatible)';

CREATE AGGREGATE tiering.daily_series_changes(account anyelement, balance numeric,
	changed_on date, sequence anycompatible) (
	SFUNC = _tiering.daily_series_changes_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_series_final_changes,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series_changes(anyelement, numeric, date, anycompatible) IS
'A series from rows of a new balance of an account, which counts until its next one, summed over '
'the accounts; of those of an account and a day the one with the largest sequence counts. Two '
'different ones with the same sequence are an error (21000). It takes 24 bytes of memory for each '
'row, and about 300 for each account. Example: SELECT tiering.daily_series_changes(account, '
'balance, changed_on, entry) FROM (VALUES (''A1''::text, 100, date ''2026-01-01'', 1), (''A1'', '
'80, ''2026-01-01'', 2)) r(account, balance, changed_on, entry) gives {2026-01-01: 80}';

CREATE FUNCTION _tiering.daily_series_snapshots_accum(internal, anyelement, numeric, date)
	RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_account_snapshot'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_snapshots_accum(internal, anyelement, numeric, date) IS
'Adds one row to the state of daily_series_snapshots(anyelement, numeric, date)';

CREATE AGGREGATE tiering.daily_series_snapshots(account anyelement, balance numeric, as_of date) (
	SFUNC = _tiering.daily_series_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_series_final_snapshots,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series_snapshots(anyelement, numeric, date) IS
'A series from rows of the balance of an account on a day, which counts once however often it '
'comes, summed over the accounts. Two different ones of an account and a day are an error '
'(21000). It takes 16 bytes of memory for each row, and about 300 for each account. Example: '
'SELECT tiering.daily_series_snapshots(account, balance, as_of) FROM (VALUES (''A1''::text, 100, '
'date ''2026-01-01''), (''A2'', 50, ''2026-01-01'')) r(account, balance, as_of) gives '
'{2026-01-01: 150, 2026-01-02: none}';

CREATE FUNCTION _tiering.daily_series_snapshots_accum(internal, anyelement, numeric, date,
	anycompatible)
	RETURNS internal
AS 'MODULE_PATHNAME', 'daily_series_accum_account_snapshot_ordered'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.daily_series_snapshots_accum(internal, anyelement, numeric, date,
	anycompatible) IS
'Adds one row to the state of daily_series_snapshots(anyelement, numeric, date, anycompatible)';

CREATE AGGREGATE tiering.daily_series_snapshots(account anyelement, balance numeric,
	as_of date, sequence anycompatible) (
	SFUNC = _tiering.daily_series_snapshots_accum,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = _tiering.account_series_final_snapshots,
	COMBINEFUNC = _tiering.account_changes_combine,
	SERIALFUNC = _tiering.account_changes_serialize,
	DESERIALFUNC = _tiering.account_series_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE tiering.daily_series_snapshots(anyelement, numeric, date, anycompatible) IS
'A series from rows of a balance of an account on a day, summed over the accounts; of those of an '
'account and a day the one with the largest sequence counts. Two different ones with the same '
'sequence are an error (21000). It takes 24 bytes of memory for each row, and about 300 for each '
'account. Example: SELECT tiering.daily_series_snapshots(account, balance, as_of, entry) FROM '
'(VALUES (''A1''::text, 100, date ''2026-01-01'', 1), (''A1'', 80, ''2026-01-01'', 2)) r(account, '
'balance, as_of, entry) gives {2026-01-01: 80, 2026-01-02: none}';
