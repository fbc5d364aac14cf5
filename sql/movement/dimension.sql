/*
 * Dimensions: what else is known of customers, such as their branch, manager or region. They
 * are asked for at each assessment and kept with it, so that a report on the past tells who
 * was where then. A customer who goes from one branch to another is a change of their row
 * here, and no move.
 */

CREATE TRIGGER check_setter BEFORE INSERT OR UPDATE ON tiering.dimensions_source
	FOR EACH ROW EXECUTE FUNCTION _tiering.check_setter();
COMMENT ON TRIGGER check_setter ON tiering.dimensions_source IS 'Nobody lends themselves rights';

CREATE FUNCTION _tiering.dimension_rows(scheme text, as_of date, names text[], places int[],
	digest bytea, numbers text[], OUT customer_id text, OUT told text[], OUT buckets bytea,
	OUT new_digest bytea) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'dimension_rows'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 30000000 ROWS 100000
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION _tiering.dimension_rows(text, date, text[], int[], bytea, text[]) IS
'What the dimensions of a scheme yield for a date, if any are bound: of customers who may be '
'otherwise told than when a digest was made, and of those who are named by their numbers, with '
'others of the same buckets, and of nobody; and a row of these buckets, null if there are none, '
'and of the new digest. All are told if the digest is empty. told has the values of names in the '
'places that are given, and nulls in others; behind these places is how many there are in all. '
'It runs with the rights of the role that set it. Not for PUBLIC';

CREATE FUNCTION _tiering.dimension_check(scheme text, query text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'dimension_check'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION _tiering.dimension_check(text, text) IS
'Checks, with the caller''s own rights, that a query can yield the dimensions of a scheme in the '
'columns that the caller lists; returns no rows';

CREATE FUNCTION _tiering.dimension_names(scheme text, query text) RETURNS text[]
AS 'MODULE_PATHNAME', 'dimension_names'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION _tiering.dimension_names(text, text) IS
'The names of the columns that a query yields, with the caller''s own rights';

CREATE FUNCTION _tiering.dimension_columns(names text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT string_agg(format('%I text COLLATE "C"', n.name), ', ' ORDER BY n.ordinality)
	FROM unnest('{customer_id}' || names) WITH ORDINALITY n(name, ordinality);
END;
COMMENT ON FUNCTION _tiering.dimension_columns(text[]) IS
'The column list of a query that yields these dimensions';

CREATE FUNCTION _tiering.checked_dimensions(scheme text, INOUT query text, OUT names text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme);
	query := NULLIF(rtrim(query, E'; \t\r\n'), '');
	IF query IS NULL THEN
		RETURN;
	END IF;
	names := array_remove(_tiering.dimension_names(scheme, query), 'customer_id');
	IF names = '{}' THEN
		RAISE EXCEPTION 'dimension query of scheme "%" yields no column but customer_id', scheme
			USING ERRCODE = 'undefined_column',
			HINT = 'Each dimension is a column of its own, such as branch.';
	END IF;
	EXECUTE format('SELECT FROM _tiering.dimension_check(%L, %L) AS d(%s)', scheme, query,
		_tiering.dimension_columns(names));
END;
$$;
COMMENT ON FUNCTION _tiering.checked_dimensions(text, text) IS
'Part of set_dimensions(): the query as it is kept and the dimensions that it yields, if it can be '
'one; null if there is none';

CREATE FUNCTION _tiering.write_dimensions(scheme text, query text, names text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.take_turn(scheme);
	DELETE FROM tiering.dimensions_source d WHERE d.scheme = write_dimensions.scheme;
	IF query IS NOT NULL THEN
		INSERT INTO tiering.dimensions_source (scheme, query, names, set_by)
		VALUES (write_dimensions.scheme, write_dimensions.query, write_dimensions.names,
			_tiering.binder());
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.write_dimensions(text, text, text[]) IS
'Part of set_dimensions(): writes the query for the role that calls it';

CREATE FUNCTION tiering.set_dimensions(scheme text, query text) RETURNS void
AS 'MODULE_PATHNAME', 'set_dimensions'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.set_dimensions(text, text) IS
'Says by what else the customers of a scheme are told apart, such as branch, manager or region. '
'query yields for the date $1 customer_id, once for each customer, and a column for each '
'dimension, which is taken as text; a customer whom it does not yield, or a null, is unknown. '
'Each refresh asks for them and keeps what has changed, so that reports on the past tell of the '
'branches of then: tier_distribution_by(), migration_matrix(…, by => ''branch''). Of several '
'numbers of a customer the row of the one that they have now counts; of who is no customer of the '
'scheme nothing is kept. A null unbinds; what was kept stays. The query runs as a source does, '
'with the rights and settings of who calls this. Errors: unknown scheme (42704), no column '
'customer_id or none besides it (42703), and what set_source() says of queries. Example: SELECT '
'tiering.set_dimensions(''family'', ''SELECT customer_id, branch FROM bank.customer'')';

-- It takes back what assessments from a day on have kept.
CREATE FUNCTION _tiering.drop_dimensions(scheme text, as_of date) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
	DELETE FROM tiering.dimension_digest d WHERE d.scheme = drop_dimensions.scheme;
	DELETE FROM tiering.customer_dimension d
	WHERE d.scheme = drop_dimensions.scheme AND d.from_as_of >= drop_dimensions.as_of;
	UPDATE tiering.customer_dimension d SET to_as_of = NULL
	WHERE d.scheme = drop_dimensions.scheme AND d.to_as_of >= drop_dimensions.as_of;
$$;
COMMENT ON FUNCTION _tiering.drop_dimensions(text, date) IS
'Leaves the dimensions of a scheme''s customers as the assessment before a day has kept them';

CREATE FUNCTION _tiering.refuse_dimensions(scheme text, customer_id text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF customer_id IS NULL THEN
		RAISE EXCEPTION 'dimension query of scheme "%" yields a null customer_id', scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RAISE EXCEPTION 'dimension query of scheme "%" yields % more than once', scheme,
			_tiering.shown_customer(customer_id)
		USING ERRCODE = 'unique_violation',
		HINT = 'It must yield one row for each customer, whatever number that has.';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_dimensions(text, text) IS
'Raises the error for a customer whom a dimension query has more than once (23505), or for one '
'without a number (22004)';

-- All that are yielded, and not only what differs: it is asked when there is one.
CREATE FUNCTION _tiering.refuse_repeated_dimensions(scheme text, as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
	PERFORM _tiering.refuse_dimensions(scheme, COALESCE((
		SELECT r.customer_id
		FROM _tiering.dimension_rows(refuse_repeated_dimensions.scheme,
				refuse_repeated_dimensions.as_of, '{}', '{0}', '', '{}') r
			JOIN tiering.assignment a ON a.scheme = refuse_repeated_dimensions.scheme
				AND a.customer_id = r.customer_id COLLATE "C"
		GROUP BY r.customer_id HAVING count(*) > 1
		ORDER BY r.customer_id COLLATE "C" LIMIT 1), ''));
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_repeated_dimensions(text, date) IS
'Raises the error for the first customer whom a dimension query has more than once by the number '
'that they have now (23505). If it does not do so when it runs again, no name is told';

CREATE FUNCTION _tiering.place_dimensions(scheme text, names text[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO tiering.kept_dimension (scheme, dimension, place)
	SELECT place_dimensions.scheme, n.name, row_number() OVER (ORDER BY n.ordinality)
		+ COALESCE((SELECT max(k.place) FROM tiering.kept_dimension k
			WHERE k.scheme = place_dimensions.scheme), 0)
	FROM unnest(names) WITH ORDINALITY n(name, ordinality)
	WHERE NOT EXISTS (SELECT FROM tiering.kept_dimension k
		WHERE k.scheme = place_dimensions.scheme AND k.dimension = n.name COLLATE "C");
$$;
COMMENT ON FUNCTION _tiering.place_dimensions(text, text[]) IS
'Gives each dimension of a scheme that was not kept before a place in customer_dimension.told';

-- Behind the places of the dimensions that are bound is how many the scheme has in all.
CREATE FUNCTION _tiering.dimension_places(scheme text, names text[]) RETURNS int[]
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT ARRAY(
			SELECT k.place FROM unnest(dimension_places.names) WITH ORDINALITY n(name, ordinality)
				JOIN tiering.kept_dimension k ON k.scheme = dimension_places.scheme
					AND k.dimension = n.name COLLATE "C"
			ORDER BY n.ordinality)
		|| (SELECT COALESCE(max(k.place), 0) FROM tiering.kept_dimension k
			WHERE k.scheme = dimension_places.scheme);
END;
COMMENT ON FUNCTION _tiering.dimension_places(text, text[]) IS
'The places of dimensions of a scheme, as dimension_rows() takes them';

-- A move tells who came or left, and one that stands no more who was there or was not.
CREATE FUNCTION _tiering.come_or_gone(scheme text, as_of date) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	first int := COALESCE((SELECT d.batch + 1 FROM tiering.dimension_digest d
			WHERE d.scheme = come_or_gone.scheme),
		(SELECT max(b.batch) FROM tiering.batch b
		 WHERE b.scheme = come_or_gone.scheme AND b.kind = 'refresh'
			AND b.as_of < come_or_gone.as_of
			AND NOT EXISTS (SELECT FROM _tiering.taken_back_by(b.scheme, b.as_of, b.batch))), 0);
BEGIN
	RETURN ARRAY(
		SELECT COALESCE(f.now_id, c.customer_id)
		FROM (SELECT m.customer_id FROM tiering.migration m
			  WHERE m.scheme = come_or_gone.scheme AND m.batch >= first
				AND (m.from_tier IS NULL OR m.to_tier IS NULL)
			  UNION
			  SELECT m.customer_id FROM tiering.superseded s JOIN tiering.migration m USING (move)
			  WHERE s.scheme = come_or_gone.scheme AND s.batch >= first) c
			LEFT JOIN tiering.former_number f ON f.scheme = come_or_gone.scheme
				AND f.customer_id = c.customer_id);
END;
$$;
COMMENT ON FUNCTION _tiering.come_or_gone(text, date) IS
'Who may have become a customer of a scheme, or have left, since dimension_digest was made, or, if '
'there is none, the refresh before a day';

CREATE FUNCTION _tiering.no_customers(scheme text, customers text[]) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_nestloop = on
AS $$
BEGIN
	RETURN ARRAY(SELECT c FROM unnest(customers) c
		WHERE NOT EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = no_customers.scheme AND a.customer_id = c COLLATE "C"));
END;
$$;
COMMENT ON FUNCTION _tiering.no_customers(text, text[]) IS
'Those of some who are no customers of a scheme';

CREATE FUNCTION _tiering.several_numbers(scheme text, as_of date)
RETURNS TABLE (customer_id text, id text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	SELECT f.customer_id, COALESCE(b.becomes COLLATE "C", f.now_id)
	FROM tiering.former_number f
		LEFT JOIN _tiering.became(several_numbers.scheme, several_numbers.as_of, NULL) b
			ON b.customer_id = f.now_id
	WHERE f.scheme = several_numbers.scheme
	UNION ALL
	SELECT b.customer_id, b.becomes
	FROM _tiering.became(several_numbers.scheme, several_numbers.as_of, NULL) b;
END;
COMMENT ON FUNCTION _tiering.several_numbers(text, date) IS
'The numbers that customers had before, or before they became one with another, each with the one '
'that they have now';

-- Where the sums of what is yielded are as they were, and nobody has come or gone, what is kept
-- is what is yielded.
CREATE FUNCTION _tiering.dimension_differences(scheme text, as_of date, names text[],
	looked_at text[], gone text[])
RETURNS TABLE (customer_id text, told text[], kept_id text, kept text[], yielded boolean,
	kept_rows bigint, yielded_rows bigint, digest bytea)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_nestloop = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	places int[] := _tiering.dimension_places(scheme, names);
	places_in_all int := places[cardinality(places)];
	before bytea := COALESCE((SELECT d.digest FROM tiering.dimension_digest d
		WHERE d.scheme = dimension_differences.scheme AND d.names = dimension_differences.names),
		'');
BEGIN
	RETURN QUERY WITH row AS MATERIALIZED (
		SELECT r.* FROM _tiering.dimension_rows(dimension_differences.scheme,
			dimension_differences.as_of, dimension_differences.names, places, before, looked_at) r
	), scope AS MATERIALIZED (SELECT r.buckets FROM row r WHERE r.buckets IS NOT NULL
	), kept AS MATERIALIZED (
		SELECT d.customer_id, d.told || array_fill(NULL::text,
			ARRAY[places_in_all - cardinality(d.told)]) AS told
		FROM tiering.customer_dimension d
		WHERE (SELECT s.buckets FROM scope s) IS NOT NULL	-- else no row is read
			AND d.scheme = dimension_differences.scheme AND d.to_as_of IS NULL
			AND _tiering.in_buckets(d.customer_id, (SELECT s.buckets FROM scope s))
	)
	SELECT r.customer_id, r.told, k.customer_id, k.told,
		r.customer_id IS NOT NULL OR k.customer_id IS NULL, NULL::bigint, NULL::bigint,
		NULL::bytea
	FROM (SELECT x.* FROM row x WHERE x.new_digest IS NULL) r
		FULL JOIN kept k ON k.customer_id = r.customer_id COLLATE "C"
	WHERE r.customer_id IS NULL OR k.customer_id IS NULL OR k.customer_id = ANY (gone)
		OR r.told COLLATE "C" IS DISTINCT FROM k.told COLLATE "C"
	UNION ALL
	SELECT NULL, NULL, NULL, NULL, NULL, (SELECT count(*) FROM kept),
		(SELECT count(*) FROM row x WHERE x.new_digest IS NULL), r.new_digest
	FROM row r WHERE r.new_digest IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.dimension_differences(text, date, text[], text[], text[]) IS
'Part of change_dimensions(): the rows that are yielded, those that were kept, and pairs of them, '
'but for pairs that tell the same of a customer who is not gone; and a row of how many there were '
'to be compared, and of the digest of what is yielded. looked_at: who is compared in any case';

-- What is as it was kept goes no further than the first join, and that is nearly all. Of a customer
-- who had another number, or became one with another, the row of the number that they have
-- counts, others only if that is not yielded, so that all of them are looked at. New rows lie in
-- the order in which they are yielded.
CREATE FUNCTION _tiering.change_dimensions(scheme text, as_of date, names text[], changed text[],
	gone text[], OUT is_repeated boolean, OUT whose text, OUT is_once boolean, OUT digest bytea)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_nestloop = off SET enable_mergejoin = off
AS $$
#variable_conflict use_variable
BEGIN
	WITH number AS MATERIALIZED (
		SELECT n.customer_id COLLATE "C" AS customer_id, n.id COLLATE "C" AS id
		FROM _tiering.several_numbers(scheme, as_of) n
	), found AS MATERIALIZED (
		SELECT f.* FROM _tiering.dimension_differences(scheme, as_of, names, changed
			|| ARRAY(SELECT n.customer_id FROM number n UNION SELECT n.id FROM number n), gone) f
	), odd AS NOT MATERIALIZED (
		SELECT f.customer_id COLLATE "C" AS customer_id, f.told, f.kept_id COLLATE "C" AS kept_id,
			f.kept, f.yielded FROM found f WHERE f.digest IS NULL
	), own AS MATERIALIZED (
		SELECT o.customer_id AS id, o.told, o.kept_id
		FROM odd o JOIN tiering.assignment a ON a.scheme = change_dimensions.scheme
			AND a.customer_id = o.customer_id
		WHERE o.yielded AND NOT EXISTS (SELECT FROM number n WHERE n.customer_id = o.customer_id)
	), unmet AS (
		SELECT o.kept_id, o.kept FROM odd o WHERE NOT o.yielded OR o.kept_id = ANY (gone)
	), other AS MATERIALIZED (
		SELECT n.id, o.told
		FROM odd o JOIN number n ON n.customer_id = o.customer_id
			JOIN tiering.assignment a ON a.scheme = change_dimensions.scheme
				AND a.customer_id = n.id
			LEFT JOIN unmet u ON u.kept_id = n.id
			LEFT JOIN tiering.customer_dimension d ON d.scheme = change_dimensions.scheme
				AND d.customer_id = n.id AND d.to_as_of IS NULL
		WHERE o.yielded AND (u.kept_id IS NOT NULL OR d.customer_id IS NULL)
			AND NOT EXISTS (SELECT FROM own w WHERE w.id = n.id)
	), repeated AS MATERIALIZED (
		SELECT t.id
		FROM (SELECT w.id FROM own w UNION ALL SELECT n.id FROM other n
			  UNION ALL SELECT NULL FROM odd o WHERE o.yielded AND o.customer_id IS NULL) t
		GROUP BY t.id HAVING count(*) > 1 OR t.id IS NULL ORDER BY t.id NULLS FIRST LIMIT 1
	), differing AS MATERIALIZED (
		SELECT w.* FROM own w WHERE NOT EXISTS (SELECT FROM repeated)
		UNION ALL
		SELECT n.id, n.told, u.kept_id
		FROM other n FULL JOIN unmet u ON u.kept_id = n.id
		WHERE n.told IS DISTINCT FROM u.kept AND NOT EXISTS (SELECT FROM repeated)
	), closed AS (
		UPDATE tiering.customer_dimension d SET to_as_of = change_dimensions.as_of
		FROM differing x
		WHERE d.scheme = change_dimensions.scheme AND d.customer_id = x.kept_id
			AND d.to_as_of IS NULL
		RETURNING d.customer_id, d.told, d.since
	), added AS (
		INSERT INTO tiering.customer_dimension (scheme, customer_id, from_as_of, told, since)
		SELECT scheme, x.id, as_of, x.told, _tiering.told_since(as_of, x.told, d.told, d.since)
		FROM differing x LEFT JOIN closed d ON d.customer_id = x.id
		WHERE (x.kept_id IS NULL OR d.customer_id IS NOT NULL)
			AND num_nonnulls(VARIADIC x.told) > 0
	)
	SELECT (SELECT count(*) FROM repeated) > 0, (SELECT min(r.id) FROM repeated r),
		max(f.kept_rows) - max(f.yielded_rows) = count(*) FILTER (WHERE NOT f.yielded)
			- count(*) FILTER (WHERE f.yielded IS NOT NULL AND f.kept_id IS NULL)
			+ count(DISTINCT f.kept_id) FILTER (WHERE f.yielded AND f.kept_id = ANY (gone))
			- count(*) FILTER (WHERE f.yielded AND f.kept_id = ANY (gone)),
		(SELECT f.digest FROM found f WHERE f.digest IS NOT NULL)
	INTO is_repeated, whose, is_once, digest FROM found f;
END;
$$;
COMMENT ON FUNCTION _tiering.change_dimensions(text, date, text[], text[], text[]) IS
'Part of keep_dimensions(): keeps what the dimensions of a scheme yield for an assessment and was '
'not kept before. changed: who has come or gone; gone: those of them who are no customers any '
'more. It tells whether a customer was found repeated, or null, and whom, whether each row that '
'was kept was met by one row at most, and the digest of what is yielded';

CREATE FUNCTION _tiering.told_since(as_of date, told text[], before text[], since date[])
RETURNS date[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT ARRAY(SELECT CASE WHEN told_since.told[p] = told_since.before[p]
			THEN told_since.since[p] ELSE told_since.as_of END
		FROM generate_series(1, cardinality(told_since.told)) p ORDER BY p);
END;
COMMENT ON FUNCTION _tiering.told_since(date, text[], text[], date[]) IS
'Since when a customer is what they are by each dimension, if they were something by them before';

-- Nothing is kept of who is no customer. What an assessment that is made again had kept is gone
-- by then.
CREATE FUNCTION _tiering.keep_dimensions(scheme text, as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	names text[] := COALESCE((SELECT d.names FROM tiering.dimensions_source d
		WHERE d.scheme = keep_dimensions.scheme), '{}');
	changed text[];
	done record;
BEGIN
	IF names = '{}' AND NOT EXISTS (SELECT FROM tiering.customer_dimension d
		WHERE d.scheme = keep_dimensions.scheme AND d.to_as_of IS NULL)
	THEN
		RETURN;
	END IF;
	changed := _tiering.come_or_gone(scheme, as_of);
	PERFORM _tiering.place_dimensions(scheme, names);
	done := _tiering.change_dimensions(scheme, as_of, names, changed,
		_tiering.no_customers(scheme, changed));
	IF done.is_repeated THEN
		PERFORM _tiering.refuse_dimensions(scheme, done.whose);
	ELSIF NOT done.is_once THEN
		PERFORM _tiering.refuse_repeated_dimensions(scheme, as_of);
	END IF;
	DELETE FROM tiering.dimension_digest d WHERE d.scheme = keep_dimensions.scheme;
	INSERT INTO tiering.dimension_digest (scheme, names, batch, digest)
	VALUES (scheme, names, _tiering.next_batch(scheme) - 1, done.digest);
END;
$$;
COMMENT ON FUNCTION _tiering.keep_dimensions(text, date) IS
'Asks for the dimensions of a scheme''s customers at an assessment, and keeps those that are not '
'as the one before found them. Errors: a null (22004) or repeated (23505) customer, and what the '
'query raises';

-- The new number may have been yielded before it was theirs.
CREATE FUNCTION _tiering.rename_dimensions(scheme text, customer_id text, new_id text)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	DELETE FROM tiering.dimension_digest d WHERE d.scheme = rename_dimensions.scheme;
	DELETE FROM tiering.customer_dimension n USING tiering.customer_dimension d
	WHERE n.scheme = rename_dimensions.scheme AND d.scheme = n.scheme
		AND n.customer_id = new_id COLLATE "C"
		AND d.customer_id = rename_dimensions.customer_id COLLATE "C"
		AND daterange(d.from_as_of, d.to_as_of) && daterange(n.from_as_of, n.to_as_of);
	UPDATE tiering.customer_dimension d SET customer_id = new_id
	WHERE d.scheme = rename_dimensions.scheme
		AND d.customer_id = rename_dimensions.customer_id COLLATE "C";
$$;
COMMENT ON FUNCTION _tiering.rename_dimensions(text, text, text) IS
'Part of rename_customer(): what a customer was by each dimension goes over to their new number';

CREATE FUNCTION _tiering.check_dimension(scheme text, dimension text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bound text[] := (SELECT d.names FROM tiering.dimensions_source d
		WHERE d.scheme = check_dimension.scheme COLLATE "C");
BEGIN
	PERFORM tiering.newest_version(scheme);
	IF dimension IS NULL THEN
		RAISE EXCEPTION 'dimension must not be null' USING ERRCODE = 'null_value_not_allowed';
	ELSIF dimension COLLATE "C" = ANY (bound) OR EXISTS (
		SELECT FROM tiering.kept_dimension k
			JOIN tiering.customer_dimension d ON d.scheme = k.scheme AND d.told[k.place] IS NOT NULL
		WHERE k.scheme = check_dimension.scheme COLLATE "C"
			AND k.dimension = check_dimension.dimension COLLATE "C")
	THEN
		RETURN;
	END IF;
	RAISE EXCEPTION 'scheme "%" has no dimension "%"', scheme, dimension
		USING ERRCODE = 'undefined_object',
		HINT = CASE WHEN bound IS NULL
			THEN format('Bind some with tiering.set_dimensions(%L, query).', scheme)
			ELSE format('It has %s.', array_to_string(bound, ', ')) END;
END;
$$;
COMMENT ON FUNCTION _tiering.check_dimension(text, text) IS
'Refuses a dimension that a scheme does not have, nor ever had (42704), or a null (22004)';
