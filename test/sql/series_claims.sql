-- Input that claims more points than its bytes have: it is refused for what it is
-- before room is made for what it claims. (On a server with AddressSanitizer, room
-- of more than 256 MB at once is an error of its own; see test/run asan.)
SET search_path = public, tiering;
-- 2147483647 points on a line, which take no bits as all have one number
SELECT t.fails($$SELECT '\x01008002ffffff7f00000100000005'::bytea::daily_series$$);
SELECT t.fails($$SELECT '\x01008002ffffff7f000001000005'::bytea::daily_series$$);
-- with none among them, and of a slope of four bytes
SELECT t.fails($$SELECT '\x09008002ffffff7f000001000005'::bytea::daily_series$$);
SELECT t.fails($$SELECT '\x01008003ffffff7f0000000001000000000005'::bytea::daily_series$$);
-- two points are refused like all of them, one is well
SELECT t.fails($$SELECT '\x010080000200000100000005'::bytea::daily_series$$);
SELECT '\x0100000001000005'::bytea::daily_series;
-- bytes that are there: a point for each bit, all with the same number
SELECT t.fails(format('SELECT %L::bytea::daily_series',
	'\x0140800200366e010000010000' || repeat('00', 3000001)));
-- and commas, none of which has a point before it
SELECT t.fails($$SELECT ('{' || repeat(',', 20000000) || '}')::daily_series$$);
SELECT t.fails($$SELECT ('{2026-01-01:0' || repeat(',', 20000000) || '}')::daily_series$$);
-- the shortest points that there are
SELECT left(s::text, 60), length(s::text), last_change(s), s::text::daily_series::bytea = s::bytea
FROM (SELECT ('{' || string_agg('000' || y || '-01-01:' || y % 2, ',' ORDER BY y)
	|| '}')::daily_series AS s FROM generate_series(1, 9) y) x;
SELECT '{0001-01-01:0}'::daily_series, '{0001-01-01:0,0001-01-02:1}'::daily_series,
	'{}'::daily_series;
-- an array is no series, however long
SELECT t.fails($$SELECT jsonb_agg(i)::daily_series FROM generate_series(1, 100000) i$$);
