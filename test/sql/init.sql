-- What the tests share. Errors are shown with their SQLSTATE, which \set
-- VERBOSITY would only show together with line numbers of the source.
CREATE SCHEMA t;
\set ECHO none
\i test/invariants.sql
\set ECHO all
CREATE FUNCTION t.fails(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	code text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', code || ' ' || message, 'DETAIL: ' || NULLIF(detail, ''),
		'HINT: ' || NULLIF(hint, ''));
END;
$$;

-- How many workers a query was run by, and whether its aggregates were partial.
CREATE FUNCTION t.workers(query text, OUT launched int, OUT partial boolean)
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	launched := (regexp_match(plan::text, '"Workers Launched": (\d+)'))[1];
	partial := plan::text ~ '"Partial Mode": "Partial"';
END;
$$;

-- Settings under which any table is worth a parallel plan; SET LOCAL ROLE-like
-- use: PERFORM t.parallel() in the transaction that wants it.
CREATE FUNCTION t.parallel() RETURNS void
LANGUAGE sql AS $$
	SELECT set_config('parallel_setup_cost', '0', true),
		set_config('parallel_tuple_cost', '0', true),
		set_config('min_parallel_table_scan_size', '0', true),
		set_config('max_parallel_workers_per_gather', '2', true),
		set_config('jit', 'off', true);
$$;

-- A random number that is the same in every run: uniform in [0, 1).
CREATE FUNCTION t.random(seed bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
	SELECT (hashint8extended(seed, 20240229) & 4294967295)::numeric / 4294967296
$$;

-- One of some numbers, a step below it, on it or a step above it, and every
-- eighth time null: the same in every run.
CREATE FUNCTION t.near(seed bigint, numbers numeric[], step numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN t.random(seed) >= 0.125
		THEN numbers[1 + floor(t.random(seed + 1000000007) * cardinality(numbers))::int]
			+ (floor(t.random(seed + 2000000011) * 3) - 1) * step END
$$;

-- So many customers or rounds of a slow test, or fewer on a server whose setting
-- tiering.test_scale is below 1: test/run asan starts one so.
CREATE FUNCTION t.scaled(whole int) RETURNS int
LANGUAGE sql STABLE AS $$
	SELECT ceil(whole * COALESCE(NULLIF(current_setting('tiering.test_scale', true), ''),
		'1')::numeric)::int
$$;

-- A bank of five, whose assets are 50 to 250 and count until the next ones
CREATE TABLE t.five (customer_id int, day date, assets int, PRIMARY KEY (customer_id, day));
CREATE FUNCTION t.bank_of_five(scheme text) RETURNS date LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM t.five;
	INSERT INTO t.five SELECT c, '2024-01-01', c * 50 FROM generate_series(1, 5) c;
	PERFORM tiering.create_ladder(scheme, 'assets', '{mass,gold,platinum,diamond}',
		'{NULL,100,200,300}');
	UPDATE tiering.tier t SET approval = true WHERE t.scheme = $1 AND t.tier = 'diamond';
	INSERT INTO tiering.policy (scheme, version, tier, down_after)
	SELECT scheme, 1, unnest('{gold,platinum}'::text[]), 2;
	PERFORM tiering.publish(scheme, '2024-01-01'), tiering.set_source(scheme, $q$
		SELECT DISTINCT ON (customer_id) customer_id, assets FROM t.five
		WHERE day <= $1 ORDER BY customer_id, day DESC$q$);
	RETURN (tiering.refresh(scheme, '2024-01-31')).as_of;
END;
$$;
CREATE FUNCTION t.put(customer int, day date, assets int) RETURNS int LANGUAGE sql AS $$
	INSERT INTO t.five VALUES (customer, day, assets)
	ON CONFLICT ON CONSTRAINT five_pkey DO UPDATE SET assets = EXCLUDED.assets RETURNING assets
$$;

-- Random histories of 40 accounts, digits from none to forty
CREATE TABLE t.random_history AS
SELECT g AS id, g % 40 AS account,
	round((t.random(g) - 0.3) * 10::numeric ^ (t.random(g + 100000) * 40)::int,
		(t.random(g + 200000) * 20)::int) AS balance,
	'2023-01-01'::date + (t.random(g + 300000) * 500)::int AS valid_from,
	(t.random(g + 400000) * 200)::int AS days
FROM generate_series(1, 4000) g;
ALTER TABLE t.random_history ADD valid_to date;
UPDATE t.random_history SET valid_to = valid_from + days;
