-- daily_series as text, jsonb and bytes; what is refused, and how.
SET search_path = public, tiering;

-- as written, and as it comes back: canonical, scale kept, dates ISO
SELECT s::daily_series FROM unnest(ARRAY[
	'{}', ' { } ', '{2026-01-01: 100.00, 2026-02-01: 250.00, 2026-03-01: none}',
	E'\t{ 2026-01-01 :1\n,2026-02-01:+2.50,2026-03-01 : NONE } ',
	-- neighbours that are equal are one; what is none before the first value is not there
	'{2026-01-01: 1, 2026-02-01: 1.0, 2026-03-01: 2, 2026-04-01: none, 2026-05-01: none}',
	'{2026-01-01: none, 2026-02-01: 1}', '{2026-01-01: none}',
	-- no value is not 0
	'{2026-01-01: 0, 2026-02-01: none, 2026-03-01: -0.0}',
	-- the ends of dates and numbers
	'{4714-11-24 BC: 1, 0001-12-31 BC: 2, 0001-01-01: 3, 9999-12-31: 4, 10000-01-01: 5, '
	'5874897-12-31: 6}',
	'{2026-01-01: 999999999999999999, 2026-01-02: -999999999999999999}',
	'{2026-01-01: 0.999999999999999999, 2026-01-02: -0.999999999999999999}',
	'{2026-01-01: 000000000000000000000000000001.0000000000000000000000000000000}',
	'{2000-02-29: 1, 2024-02-29: 2}']) s;
SET datestyle = 'German';
SELECT '{0044-03-15 BC: 1, 2026-01-31: 100.00}'::daily_series,
	'{2026-01-31: 100.00}'::daily_series::jsonb;
RESET datestyle;

-- garbage: where and why
SELECT t.fails(format('SELECT %L::tiering.daily_series', s)) FROM unnest(ARRAY[
	'', 'x', '{', '}', '{}x', '{,}', '{2026-01-01: 1,}', '{2026-01-01: 1', '{2026-01-01: 1 2}',
	'{2026-01-01 1}', '{2026-01-01: }',
	'{2026-01-01: 1e3}', '{2026-01-01: 1.}', '{2026-01-01: .5}', '{2026-01-01: --1}',
	'{2026-01-01: NaN}', '{2026-01-01: nonesuch}',
	'{2026-1-01: 1}', '{26-01-01: 1}', '{2026-01- 01: 1}', '{02026-01-01: 1}', '{2026-13-01: 1}',
	'{2026-02-29: 1}', '{0000-01-01: 1}', '{2026-01-00: 1}',
	'{4714-11-23 BC: 1}', '{5874898-01-01: 1}', '{99999999-01-01: 1}', '{infinity: 1}',
	'{today: 1}',
	'{2026-01-02: 1, 2026-01-01: 2}', '{2026-01-01: 1, 2026-01-01: 1}',
	'{2026-01-01: none, 2025-01-01: 1}',
	'{2026-01-01: 1, 全角: 2}', '全角 {2026-01-01: 1}',
	'{2026-01-01: 1, 2026-01-02: 二, 2026-01-03: 3, 2026-01-04: 4, 2026-01-05: 5}']) s;
-- numbers beyond the limit: one alone, and two that do not fit one scale
SELECT t.fails(format('SELECT %L::tiering.daily_series', s)) FROM unnest(ARRAY[
	'{2026-01-01: 1000000000000000000}', '{2026-01-01: 9999999999999999999}',
	'{2026-01-01: -1234567890123456789012345678901234567890}',
	'{2026-01-01: 0.1234567890123456789}',
	'{2026-01-01: 1.00000000000000000000000000000000}',
	'{2026-01-01: 100000000000000000, 2026-01-02: 0.01}', '{2026-01-01: 9.999999999999999999}']) s;

-- jsonb, both ways: exact, in the order of days, whatever order jsonb has
SELECT '{2026-01-01: 100.00, 2026-02-01: none, 2026-03-01: 0.10}'::daily_series::jsonb,
	'{}'::daily_series::jsonb,
	'{0044-03-15 BC: 1, 0001-01-01: 2, 9999-12-31: 3, 10000-01-01: 4.5}'::daily_series::jsonb;
SELECT '{"2026-03-01": 0.10, "2026-01-01": 100, "2026-02-01": null}'::jsonb::daily_series,
	'{}'::jsonb::daily_series,
	'{"10000-01-01": 4.5, "0001-01-01": 2, "0044-03-15 BC": 1e2}'::jsonb::daily_series;
CREATE TABLE t.json_column (s daily_series, j jsonb);
INSERT INTO t.json_column VALUES ('{"2026-01-01": 1.5}'::jsonb, '{2026-01-01: 1.5}'::daily_series);
SELECT s, j FROM t.json_column;
SELECT t.fails(format('SELECT %L::jsonb::tiering.daily_series', s)) FROM unnest(ARRAY[
	'[]', '1', 'null', '"{}"', '[{"2026-01-01": 1}]', '{"2026-01-01": "1"}', '{"2026-01-01": true}',
	'{"2026-01-01": {"a": 1}}', '{"2026-01-01": [1]}',
	'{"2026-1-1": 1}', '{" 2026-01-01": 1}', '{"2026-01-01 ": 1}', '{"": 1}',
	'{"2026-01-01": 1e30}', '{"2026-01-01": 1e-19}',
	'{"2026-01-01": 1.00000000000000000000000000000000}']) s;

-- bytes, both ways
SELECT s::daily_series::bytea, s::daily_series::bytea::daily_series
	FROM unnest(ARRAY['{}', '{2026-01-01: 100.00}', '{2026-01-01: 1, 2026-02-01: none}']) s;
SELECT t.fails(format('SELECT %L::bytea::tiering.daily_series', s)) FROM unnest(ARRAY[
	'\x', '\x01', '\x010000', '\x00000000', '\x02000000', '\x07000000', '\x01000008',
	'\x01000000ff', '\x0100000001',
	'\x0100001001192564ff']) s;
-- damage to the fields of one: of those that are no error, each is another value
SELECT t.fails(format('SELECT %L::bytea::tiering.daily_series',
	overlay('{2026-01-01: 100.00, 2026-02-01: 250.00, 2026-03-01: none}'::daily_series::bytea
	PLACING b FROM at)))
FROM (VALUES ('\x08'::bytea, 1), ('\x0a', 1), ('\x29', 1), ('\x00', 4), ('\x00', 5), ('\x02', 5),
	('\xff', 5), ('\x0000', 6), ('\x65', 8), ('\xff', 9), ('\xdf', 9), ('\xffffffff', 9),
	('\x08', 12), ('\x80', 12)) v(b, at);

-- and to the line of one with a point each day: where it begins, how it rises, that there is one
SELECT t.fails(format('SELECT %L::bytea::tiering.daily_series',
	overlay((SELECT tiering.daily_series_changes(i % 3, date '2026-01-01' + i)
	FROM generate_series(0, 11) i)::bytea PLACING b FROM at)))
FROM (VALUES ('\x00'::bytea, 3), ('\x0001', 3), ('\x01', 5), ('\x00', 8), ('\x21', 8),
	('\x0000', 8), ('\xffff', 8), ('\x01', 10), ('\xff', 10), ('\x80', 10)) v(b, at);

-- equality is that of functions, whatever decimals they show
SELECT a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge,
	_tiering.daily_series_cmp(a, b) AS cmp,
	_tiering.daily_series_hash(a) = _tiering.daily_series_hash(b) AS hash,
	_tiering.daily_series_hash_extended(a, 7) = _tiering.daily_series_hash_extended(b, 7)
		AS hash_extended,
	_tiering.daily_series_hash_extended(a, 0) & 4294967295
		= _tiering.daily_series_hash(a) & 4294967295 AS lower_half
FROM (VALUES ('{2026-01-01: 1.5}'::daily_series, '{2026-01-01: 1.500}'::daily_series), ('{}', '{}'),
	('{2026-01-01: 1.5}', '{2026-01-01: 1.6}'),
	('{2026-01-01: 1}', '{}'), ('{2026-01-01: 0}', '{}'), ('{2026-01-01: 1}', '{2026-01-02: 1}'),
	('{2026-01-01: 1, 2026-01-02: none}', '{2026-01-01: 1}')) v(a, b);
CREATE TABLE t.some_series AS SELECT s::daily_series
	FROM unnest(ARRAY['{2026-01-01: 1.5}', '{2026-01-01: 1.50}', '{2026-01-01: 2}', '{}', '{}',
	NULL]) s;
BEGIN;
SET LOCAL enable_hashagg = off;
SELECT count(*), count(DISTINCT s) FROM t.some_series;
SELECT count(*) FROM (SELECT s FROM t.some_series GROUP BY s) g;
ROLLBACK;
BEGIN;
SET LOCAL enable_sort = off;
SELECT count(*) FROM (SELECT s FROM t.some_series GROUP BY s) g;
SELECT count(*) FROM t.some_series a JOIN t.some_series b USING (s);
ROLLBACK;
BEGIN;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_nestloop = off;
SELECT count(*) FROM t.some_series a JOIN t.some_series b USING (s);
CREATE INDEX ON t.some_series USING hash (s);
CREATE INDEX ON t.some_series (s);
SELECT amvalidate(oid) FROM pg_opclass WHERE opcname = 'daily_series_ops';
ROLLBACK;
-- out of line
CREATE TABLE t.long_series AS SELECT daily_series_snapshots(round(t.random(i), 12),
	'2000-01-01'::date + i) AS s FROM generate_series(1, 3000) i;
SELECT pg_column_size(s) > 8000 AS toasted, s = s::text::daily_series AS text,
	s = s::bytea::daily_series AS bytes, s = s::jsonb::daily_series AS json,
	value_on(s, '2003-05-05') = round(t.random('2003-05-05'::date - '2000-01-01'::date),
		12) AS value FROM t.long_series;
-- a size that must not grow: 20 points of cents up to a million over two years
CREATE TABLE t.short_series AS
	SELECT daily_series_changes(round(t.random(i * 100 + j) * 1000000, 2),
		'2024-01-01'::date + j * 38 + (t.random(i * 100 + j) * 30)::int) AS s
	FROM generate_series(1, 100) i, generate_series(0, 19) j GROUP BY i;
SELECT max(pg_column_size(s)) < 105 AS small FROM t.short_series;
