-- Whatever a C function or an aggregate of ours is called with, it answers or refuses. Each
-- is called with one strange argument at a time, the others plain, and what it did is undone.
SET client_min_messages = warning;
CREATE SCHEMA strange;
SELECT tiering.create_ladder('strange', 'm', '{low,strange}', '{NULL,100}'),
	tiering.publish('strange', '2020-01-01');
CREATE TYPE strange.m AS (m numeric);
-- the first of each type is the plain one; "strange" is a scheme and a tier of it
CREATE TABLE strange.value (type text, nth int GENERATED ALWAYS AS IDENTITY, value text);
INSERT INTO strange.value (type, value) SELECT type, unnest(strange) FROM (VALUES
	('text', ARRAY['strange', '', '{', 'assessment', 'period', repeat('x', 100000), '全']),
	('integer', '{1,0,-1,2147483647,-2147483648}'),
	('bigint', '{1,0,-1,9223372036854775807,-9223372036854775808}'),
	('boolean', '{true,false}'),
	('numeric', '{150,0,-0.00000001,NaN,Infinity,-Infinity,1e1000,-1e-1000,1e16000}'),
	('date', '{2024-01-31,infinity,-infinity,4713-01-01 BC,5874897-12-31,1999-12-31}'),
	('interval', '{1 month,0,-1 month,178000000 years,-178000000 years,1 microsecond}'),
	('daterange', ARRAY['[2024-01-01,2024-02-01)', 'empty', '(,)', '[2024-01-01,)',
		'(,2024-01-01)', '[2024-01-01,infinity)', '[-infinity,2024-01-01]',
		'[4713-01-01 BC,5874897-12-31)', '[5874897-12-30,5874897-12-31)']),
	('timestamp with time zone', '{2024-01-31,infinity,-infinity}'),
	('text[]', ARRAY['{strange}', '{}', '{NULL}', '{{low,strange},{low,NULL}}',
		'[-3:-2]={low,strange}']),
	('uuid', '{00000000-0000-0000-0000-000000000000}'),
	('bytea', ARRAY['\x', '\x00', '\x01000000', '\xffffffffffffffff']),
	('jsonb', '{"{}",[],1,null,"{\"2024-01-01\": 1}"}'),
	('regrole', '{pg_monitor,0,4294967295}'),
	('tiering.daily_series', ARRAY['{2024-01-01: 100.00, 2024-01-10: none, 2024-01-20: 7}', '{}',
		'{4713-01-01 BC: 1}', '{5874897-12-30: 1}',
		'{4713-01-01 BC: 1000000000000000000, 5874897-12-30: -1000000000000000000}']),
	('record', ARRAY['ROW(150)::strange.m', 'ROW(NULL)::strange.m', 'NULL::strange.m', 'ROW(1)',
		'ROW()', 'ROW(NULL, 1, ''x'')']),
	('_tiering.override_days[]', ARRAY['{"(fixed,strange,2024-01-01,2024-12-31)"}', '{}', '{NULL}',
		'{"(,,,)"}', '{"(,strange,2024-01-01,2024-12-31)"}', '{"(fixed,,2024-01-01,2024-12-31)"}',
		'{"(cap,low,,2024-12-31)"}', '{"(floor,strange,2024-01-01,)"}',
		'{"(none,none,-infinity,infinity)"}', '{"(cap,strange,5874897-12-31,4713-01-01 BC)"}'])
) v(type, strange);
INSERT INTO strange.value (type, value) SELECT DISTINCT type, NULL FROM strange.value;

CREATE FUNCTION strange.literal(type text, value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN type = 'record' THEN COALESCE(value, 'NULL::record')
		ELSE format('%L::%s', value, type) END
$$;
-- a call of a function, with one of its arguments replaced
CREATE FUNCTION strange.call(f regproc, types text[], replaced int, value text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT format('SELECT count(x) FROM (SELECT %s(%s) AS x OFFSET 0) x', f,
		string_agg(strange.literal(a.type, CASE WHEN a.n = replaced THEN $4
			ELSE (SELECT v.value FROM strange.value v WHERE v.type = a.type
				ORDER BY nth LIMIT 1) END), ', ' ORDER BY a.n))
	FROM unnest(types) WITH ORDINALITY a(type, n)
$$;
CREATE FUNCTION strange.outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	RAISE division_by_zero;		-- undoes it
EXCEPTION
	WHEN division_by_zero THEN RETURN 'answers';
	WHEN internal_error OR program_limit_exceeded OR out_of_memory OR query_canceled THEN
		RETURN format('%s %s: %s', SQLSTATE, SQLERRM, left(call, 300));
	WHEN OTHERS THEN RETURN 'refuses';
END;
$$;
CREATE VIEW strange.function AS
SELECT p.oid::regproc AS f, p.oid::regprocedure::text AS name, a.types
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang,
	LATERAL (SELECT array_agg(format_type(x.type, NULL) ORDER BY n) AS types
		FROM unnest(p.proargtypes) WITH ORDINALITY x(type, n)) a
WHERE p.pronamespace IN ('tiering'::regnamespace, '_tiering'::regnamespace)
	AND (l.lanname = 'c' OR p.prokind = 'a');
SET search_path = pg_catalog, public;
-- what takes a pseudo-type is the server's to call
CREATE TABLE strange.told AS
SELECT f.name, a.n, strange.outcome(strange.call(f.f, f.types, a.n::int, v.value)) AS outcome
FROM strange.function f, unnest(f.types) WITH ORDINALITY a(type, n)
	JOIN strange.value v ON v.type = a.type
WHERE NOT EXISTS (SELECT FROM unnest(f.types) x
	WHERE x NOT IN (SELECT type FROM strange.value));
SELECT outcome, count(*) > 100 AS many FROM strange.told WHERE outcome IN ('answers', 'refuses')
GROUP BY outcome ORDER BY outcome;
SELECT name, n, outcome FROM strange.told WHERE outcome NOT IN ('answers', 'refuses')
ORDER BY name COLLATE "C", n, outcome COLLATE "C";
RESET search_path;
SELECT tiering.drop_scheme('strange', 'an experiment');
DROP SCHEMA strange CASCADE;
RESET client_min_messages;
