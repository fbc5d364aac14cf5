/*
 * What is compared, how it is timed, and how it is reported.
 *
 * A comparison has a side "a", which is ours, and a side "b", and perhaps a
 * "base", which is subtracted from both. A query that yields many rows is
 * wrapped in counts of its columns: all are computed and none is transferred.
 * OFFSET 0 keeps the planner from looking through the wrapping.
 */

CREATE TABLE bench.comparison (
	comparison text PRIMARY KEY,
	what       text NOT NULL,
	goal       numeric,	-- the ratio at most; null: none set
	position   int GENERATED ALWAYS AS IDENTITY
);

CREATE TABLE bench.side (
	comparison text NOT NULL REFERENCES bench.comparison,
	side       text NOT NULL CHECK (side IN ('a', 'b', 'base')),
	query      text NOT NULL,
	computes   text NOT NULL,	-- must be in the output of a node of its plan
	workers    int NOT NULL DEFAULT 0,
	PRIMARY KEY (comparison, side)
);

CREATE TABLE bench.timing (
	comparison text NOT NULL REFERENCES bench.comparison,
	run        int NOT NULL,
	side       text NOT NULL,
	ms         numeric NOT NULL,
	PRIMARY KEY (comparison, run, side)
);

-- EXECUTE without INTO may use parallel workers; with INTO it could not
CREATE FUNCTION bench.elapsed(query text) RETURNS numeric
LANGUAGE plpgsql
AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE query;
	RETURN extract(epoch FROM clock_timestamp() - start) * 1000;
END;
$$;

-- Refuse a plan that does not do what is to be timed
CREATE FUNCTION bench.check_plan(s bench.side) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	plan jsonb;
	launched int;
BEGIN
	EXECUTE format('EXPLAIN (VERBOSE, ANALYZE %s, FORMAT JSON) %s', (s.workers > 0)::int, s.query)
		INTO plan;
	IF NOT EXISTS (SELECT FROM jsonb_path_query(plan, '$.**.Output[*]') o
				   WHERE strpos(o #>> '{}', s.computes) > 0)
	THEN
		RAISE EXCEPTION 'side % of % does not compute %', s.side, s.comparison, s.computes
			USING DETAIL = jsonb_pretty(plan);
	END IF;
	SELECT COALESCE(max(w::int), 0) INTO launched
		FROM jsonb_path_query(plan, '$.**."Workers Launched"') w;
	IF launched <> s.workers THEN
		RAISE EXCEPTION 'side % of % ran with % workers, not %', s.side, s.comparison, launched,
			s.workers
			USING DETAIL = jsonb_pretty(plan);
	END IF;
END;
$$;

-- Interleaved, every second time in the other order
CREATE PROCEDURE bench.measure(which text, runs int)
LANGUAGE plpgsql
AS $$
DECLARE
	s bench.side;
BEGIN
	FOR run IN 0 .. runs LOOP
		FOR s IN SELECT * FROM bench.side WHERE comparison = which
			ORDER BY CASE run % 2 WHEN 0 THEN side END DESC, side
		LOOP
			PERFORM set_config('max_parallel_workers_per_gather', s.workers::text, false);
			IF run = 0 THEN
				PERFORM bench.check_plan(s);
			ELSE
				INSERT INTO bench.timing VALUES (which, run, s.side, bench.elapsed(s.query));
			END IF;
		END LOOP;
	END LOOP;
END;
$$;

CREATE FUNCTION bench.equal(what text, a text, b text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	differences bigint;
BEGIN
	EXECUTE format('WITH a AS MATERIALIZED (%s), b AS MATERIALIZED (%s)
		SELECT count(*)
		FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) d', a, b)
	INTO differences;
	IF differences > 0 THEN
		RAISE EXCEPTION '% rows of % differ', differences, what;
	END IF;
END;
$$;

CREATE VIEW bench.result AS
WITH ms AS (
	SELECT comparison, run, max(ms) FILTER (WHERE side = 'a') AS a,
		max(ms) FILTER (WHERE side = 'b') AS b,
		COALESCE(max(ms) FILTER (WHERE side = 'base'), 0) AS base
	FROM bench.timing GROUP BY comparison, run
), median AS (
	SELECT comparison, count(*) AS runs, percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS a,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY b) AS b,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY base) AS base,
		percentile_cont(ARRAY[0.25, 0.75])
			WITHIN GROUP (ORDER BY (a - base) / NULLIF(b - base, 0)) AS quartiles
	FROM ms GROUP BY comparison
)
SELECT c.position, c.comparison, c.what, (m.a - m.base) / (m.b - m.base) AS ratio, c.goal, m.a, m.b,
	m.base, m.runs, m.quartiles
FROM median m JOIN bench.comparison c USING (comparison);

-- Bytes of the hash table when grouping by a column of history. The allocator's
-- blocks are work_mem / 16 at most, so a small one makes for a fine measure.
CREATE FUNCTION bench.hash_memory(aggregate text, key text) RETURNS bigint
LANGUAGE plpgsql
SET work_mem = '4MB'
SET hash_mem_multiplier = 1000
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE format('EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)
		SELECT %I, %s FROM bench.history GROUP BY %I', key, aggregate, key) INTO plan;
	plan := plan -> 0 -> 'Plan';
	IF plan ->> 'Strategy' <> 'Hashed' OR plan ->> 'HashAgg Batches' <> '1' THEN
		RAISE EXCEPTION '% is not hashed in memory', aggregate USING DETAIL = jsonb_pretty(plan);
	END IF;
	RETURN (plan ->> 'Peak Memory Usage')::bigint * 1024;
END;
$$;

-- In [0, 1)
CREATE FUNCTION bench.uniform(key bigint, seed int) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(key, seed) & ((1::bigint << 48) - 1))
	/ (1::bigint << 48)::double precision;
