-- Damaged input: 100,000 texts and 100,000 byte strings, made of good ones by
-- changing, inserting, dropping, repeating and joining pieces. Each is an error
-- that says so, or a value that prints and is read back as itself.
SET search_path = public, tiering;
SET client_min_messages = warning;
CREATE TABLE t.seed AS SELECT row_number() OVER () AS id, s::daily_series::text AS text,
	s::daily_series::bytea AS bytes FROM unnest(ARRAY[
	'{}', '{2026-01-01: 100.00}', '{2026-01-01: 100.00, 2026-02-01: 250.00, 2026-03-01: none}',
	'{2026-01-01: 0, 2026-02-01: none, 2026-03-01: 0}',
	'{4714-11-24 BC: 1, 0001-12-31 BC: 2, 0001-01-01: 3, 9999-12-31: 4, 10000-01-01: 5, '
	'5874897-12-31: 6}',
	'{2026-01-01: 999999999999999999, 2026-01-02: -999999999999999999, 2026-01-03: none}',
	'{2026-01-01: -0.000000000000000001, 2026-01-02: 0.999999999999999999}',
	'{1999-12-31: 12.5, 2000-01-01: -12.5, 2000-01-02: 12.25, 2000-01-03: 1, 2000-01-04: 2, '
	'2000-01-05: 3, 2000-01-06: 4, 2000-01-07: 5, 2000-01-08: 6}',
	'{2024-02-29: 1.0000000000000000000000000000000, 2024-03-01: 5000000, 2024-03-02: none, '
	'2024-04-05: 70000.5}']) s;

-- Where, what and how is random, the same in every run
CREATE FUNCTION t.pick(run int, salt int, below bigint) RETURNS int LANGUAGE sql IMMUTABLE
RETURN ((hashint4extended(run, salt) & 4611686018427387903) % below)::int;
CREATE FUNCTION t.mutate(run int, step int, source bytea, other bytea, piece bytea) RETURNS bytea
	LANGUAGE sql IMMUTABLE
RETURN (SELECT CASE t.pick(run, step * 10 + 1, 7)
		WHEN 0 THEN substr(source, 1, at) || piece || substr(source, at + 1)
		WHEN 1 THEN substr(source, 1, at) || substr(source, at + 1 + len)
		WHEN 2 THEN substr(source, 1, at) || piece || substr(source, at + 1 + length(piece))
		WHEN 3 THEN substr(source, 1, at) || substr(source, at + 1, len) || substr(source, at + 1)
		WHEN 4 THEN substr(source, 1, at)
			|| substr(other, t.pick(run, step * 10 + 2, length(other) + 1) + 1)
		WHEN 5 THEN substr(source, 1, at)
		ELSE CASE WHEN at < length(source)
			THEN set_bit(source, at * 8 + t.pick(run, step * 10 + 3, 8),
			1 - get_bit(source, at * 8 + t.pick(run, step * 10 + 3, 8))) ELSE source END END
	FROM (SELECT t.pick(run, step * 10 + 4, length(source) + 1) AS at,
		1 + t.pick(run, step * 10 + 5, 5) AS len) x);

-- What comes of reading one: the kind of error; or 'value', if it prints and
-- is read back as itself, byte for byte, and answers questions
CREATE FUNCTION t.outcome(query text, input text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s tiering.daily_series;
	again boolean;
BEGIN
	BEGIN
		EXECUTE query INTO s USING input;
	EXCEPTION WHEN invalid_text_representation OR numeric_value_out_of_range
		OR invalid_binary_representation OR character_not_in_repertoire OR untranslatable_character
		THEN
		RETURN SQLSTATE;
	END;
	again := s::text::tiering.daily_series::bytea = s::bytea
		AND s::bytea::tiering.daily_series::text = s::text
		AND s::jsonb::tiering.daily_series::bytea = s::bytea
		AND tiering.daily_avg(s, '[2000-01-01,2027-01-01)') IS NOT NULL
		-- but for ends that are taken for none
		AND CASE WHEN tiering.last_change(s) >= '9999-12-31' THEN true
			ELSE (SELECT COALESCE(tiering.daily_series(value, valid), '{}')::bytea = s::bytea
			FROM tiering.segments(s)) END;
	RETURN CASE WHEN again THEN 'value' ELSE 'not itself: ' || s::text END;
END;
$$;
-- texts: pieces that mean something to the parser; what is no text is left out
CREATE TABLE t.fuzz_text AS
SELECT run, translate(encode(t.mutate(run, 2,
	t.mutate(run, 1, a.text::bytea, b.text::bytea,
	p[1 + t.pick(run, 8, array_length(p, 1))]::bytea), b.text::bytea,
	p[1 + t.pick(run, 9, array_length(p, 1))]::bytea), 'escape'), E'\\', '') AS input
FROM generate_series(1, 100000) run JOIN t.seed a ON a.id = 1 + t.pick(run, 1, 9) JOIN t.seed b
	ON b.id = 1 + t.pick(run, 2, 9),
	(SELECT '{"{","}",",",":"," ","-","+",".","0","9","none","NONE","1e5","NaN"," BC","2026-06-30: '
	'7","2026-02-30","99999999999999999999","0.0000000000000000000000000000001","infinity","0000",'
	'"x","全"}'::text[] AS p) x;
SELECT outcome, count(*) FROM (SELECT t.outcome('SELECT $1::tiering.daily_series', input) AS outcome
	FROM t.fuzz_text) x GROUP BY outcome ORDER BY outcome;
-- bytes: those of the header above all
CREATE TABLE t.fuzz_bytes AS
SELECT run, CASE WHEN run % 3 = 0 AND length(b) > 0
	THEN set_byte(b, t.pick(run, 5, least(length(b), 12)), t.pick(run, 6, 256)) ELSE b END AS input
FROM (SELECT run, CASE WHEN run % 4 = 0
	THEN t.mutate(run, 2, m, b.bytes, decode(lpad(to_hex(t.pick(run, 3, 65536)), 4, '0'), 'hex'))
	ELSE m END AS b
	FROM generate_series(1, 100000) run JOIN t.seed a ON a.id = 1 + t.pick(run, 1, 9) JOIN t.seed b
		ON b.id = 1 + t.pick(run, 2, 9),
		LATERAL (SELECT t.mutate(run, 1, a.bytes, b.bytes,
			decode(lpad(to_hex(t.pick(run, 4, 65536)), 4, '0'), 'hex')) AS m) x) y;
SELECT outcome, count(*) FROM (SELECT t.outcome('SELECT $1::bytea::tiering.daily_series',
	input::text) AS outcome FROM t.fuzz_bytes) x GROUP BY outcome ORDER BY outcome;
