-- Partial states as they travel: taken out as bytes, damaged, and merged in
-- random order. The deserialize functions are declared here a second time, as
-- functions that SQL may call; what they return is an address, good while the
-- row lasts, so partitions are ordered before they are read and not after.
CREATE AGGREGATE t.avg_state(numeric, date, date, daterange) (
	SFUNC = _tiering.daily_avg_accum, STYPE = internal, FINALFUNC = _tiering.daily_avg_serialize);
CREATE AGGREGATE t.changes_state(numeric, date, daterange) (
	SFUNC = _tiering.daily_avg_changes_accum, STYPE = internal,
		FINALFUNC = _tiering.daily_avg_changes_serialize);
CREATE FUNCTION t.avg_read(bytea) RETURNS bigint AS '$libdir/tiering', 'daily_avg_deserialize'
	LANGUAGE c STRICT;
CREATE FUNCTION t.changes_read(bytea) RETURNS bigint AS '$libdir/tiering', 'changes_deserialize'
	LANGUAGE c STRICT;
CREATE FUNCTION t.avg_merge(internal, bigint) RETURNS internal AS '$libdir/tiering',
	'daily_avg_combine' LANGUAGE c;
CREATE FUNCTION t.changes_merge(internal, bigint) RETURNS internal AS '$libdir/tiering',
	'changes_combine' LANGUAGE c;
CREATE AGGREGATE t.merged_avg(bigint) (
	SFUNC = t.avg_merge, STYPE = internal, FINALFUNC = _tiering.daily_avg_final);
CREATE AGGREGATE t.merged_changes(bigint) (
	SFUNC = t.changes_merge, STYPE = internal, FINALFUNC = _tiering.daily_avg_changes_final);

-- no rows and only nulls make no state
SELECT t.avg_state(NULL, '2023-01-01', '2023-02-01', '[2023-01-01,2023-02-01)') IS NULL AS nulls,
	(SELECT t.changes_state(1, '2023-01-01', '[2023-01-01,2023-02-01)') IS NULL WHERE false)
	IS NULL AS none;
SELECT t.merged_avg(NULL) IS NULL AS nothing, t.merged_changes(NULL) IS NULL AS nothing_changed;

-- in 50 random partitions and orders, one partition being all null
CREATE TABLE t.random_changes AS
SELECT DISTINCT ON (valid_from) id, balance, valid_from AS d FROM t.random_history
WHERE account = 7 ORDER BY valid_from, id;
SELECT count(*) AS runs, bool_and(averages.merged = expected.avg) AS same,
	bool_and(changes.merged = expected.changes) AS same_changes
FROM (SELECT (SELECT tiering.daily_avg(balance, valid_from, valid_to, '[2023-07-01,2023-12-29)')
	FROM t.random_history),
		(SELECT tiering.daily_avg_changes(balance, d, '[2023-07-01,2023-12-29)')
		FROM t.random_changes)) expected(avg, changes),
	generate_series(1, 50) run,
	LATERAL (SELECT t.merged_avg(t.avg_read(state)) AS merged
		FROM (SELECT hashint4(run * 100 + floor(t.random(run * 10007 + id) * 6)::int) AS part,
				t.avg_state(balance, valid_from, valid_to, '[2023-07-01,2023-12-29)') AS state
			FROM t.random_history GROUP BY 1
			UNION ALL SELECT hashint4(run * 100 + 6),
				t.avg_state(NULL, NULL, NULL, '[2023-07-01,2023-12-29)')
			ORDER BY 1, 2) s) averages,
	LATERAL (SELECT t.merged_changes(t.changes_read(state)) AS merged
		FROM (SELECT hashint4(run * 100 + floor(t.random(run * 10007 + id) * 6)::int) AS part,
				t.changes_state(balance, d, '[2023-07-01,2023-12-29)') AS state
			FROM t.random_changes GROUP BY 1
			UNION ALL SELECT hashint4(run * 100 + 6),
				t.changes_state(NULL, NULL, '[2023-07-01,2023-12-29)')
			ORDER BY 1, 2) s) changes;

-- a sum at the end of 128 bits that is merged with one cent more
SELECT t.merged_avg(t.avg_read(state)) = sum(expected) AS exact
FROM (SELECT sum(v) AS expected,
	t.avg_state(v, '2023-01-01', '2023-01-02', '[2023-01-01,2023-01-02)') AS state
	FROM (SELECT 1, 9e18 FROM generate_series(1, 1890)
		UNION ALL SELECT 1, div(2::numeric ^ 127 - 1, 1e16) - 1890 * 9e18
		UNION ALL SELECT 2, 99.9999999999999999) x(part, v)
	GROUP BY part ORDER BY part) s;

-- two different balances on one day are found in whichever partitions they are
SELECT t.fails($$SELECT t.merged_changes(t.changes_read(state)) FROM (
	SELECT t.changes_state(b, '2022-12-01', '[2023-01-01,2023-02-01)') AS state
		FROM (VALUES (1), (2)) v(b) GROUP BY b) s$$);
SELECT t.fails($$SELECT t.merged_changes(t.changes_read(state)) FROM (
	SELECT t.changes_state(b, '2023-01-05', '[2023-01-01,2023-02-01)') AS state
		FROM (VALUES (1), (2)) v(b) GROUP BY b) s$$);
-- and so are periods that differ
SELECT t.fails($$SELECT t.merged_avg(t.avg_read(state)) FROM (
	SELECT t.avg_state(1, '2022-12-01', NULL, p) AS state
	FROM unnest(ARRAY[tiering.month('2023-01-01'), tiering.month('2023-02-01')]) p GROUP BY p) s$$);
SELECT t.fails($$SELECT t.merged_changes(t.changes_read(state)) FROM (
	SELECT t.changes_state(1, '2022-12-01', p) AS state
	FROM unnest(ARRAY[tiering.month('2023-01-01'), tiering.month('2023-02-01')]) p GROUP BY p) s$$);

-- Every byte changed in three ways, every truncation, a byte too many, a state
-- of the other kind: each is the same error, and none is read.
CREATE FUNCTION t.damage(state bytea, reader text) RETURNS TABLE (outcome text, tries bigint)
LANGUAGE plpgsql AS $$
DECLARE
	damaged bytea;
	outcomes text[] := '{}';
BEGIN
	FOR damaged IN
		SELECT set_byte(state, i, get_byte(state, i) # x)
		FROM generate_series(0, length(state) - 1) i, unnest('{1,128,255}'::int[]) x
		UNION ALL SELECT substr(state, 1, i) FROM generate_series(0, length(state) - 1) i
		UNION ALL SELECT state || '\x00'
	LOOP
		outcomes := outcomes || t.fails(format('SELECT t.%I(%L::bytea)', reader, damaged));
	END LOOP;
	RETURN QUERY SELECT o, count(*) FROM unnest(outcomes) o GROUP BY o ORDER BY o;
END;
$$;
CREATE TABLE t.state AS
SELECT t.avg_state(b, '2023-01-01', '2023-01-20', '[2023-01-01,2023-02-01)') AS avg,
	t.changes_state(b, '2023-01-05'::date + (b % 7)::int, '[2023-01-01,2023-02-01)') AS changes
FROM (VALUES (1.5), (-20000000000.25), (123456789012345678901234567890)) v(b);
SELECT d.* FROM t.state, t.damage(avg, 'avg_read') d;
SELECT d.* FROM t.state, t.damage(changes, 'changes_read') d;
SELECT t.fails(format('SELECT t.avg_read(%L)', changes)),
	t.fails(format('SELECT t.changes_read(%L)', avg)) FROM t.state;
