/*
 * Dimensions: what else is known of customers, such as their branch, manager or region. They
 * are asked for at each assessment and kept with it, so that a report on the past tells who
 * was where then. A customer who goes from one branch to another is a change of their row
 * here, and no move.
 */

CREATE TRIGGER check_setter BEFORE INSERT OR UPDATE ON tiering.dimensions_source
	FOR EACH ROW EXECUTE FUNCTION _tiering.check_setter();
COMMENT ON TRIGGER check_setter ON tiering.dimensions_source IS 'Nobody lends themselves rights';

CREATE FUNCTION _tiering.dimension_rows(scheme text, as_of date) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'dimension_rows'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 30000000 ROWS 100000;
COMMENT ON FUNCTION _tiering.dimension_rows(text, date) IS
'What the dimensions of a scheme yield for a date, with the columns that the caller lists; nothing '
'if none are bound; runs with the rights of the role that set them. Not for PUBLIC';

CREATE FUNCTION _tiering.dimensions_yielded() RETURNS bigint
AS 'MODULE_PATHNAME', 'dimensions_yielded'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1;
COMMENT ON FUNCTION _tiering.dimensions_yielded() IS
'How many rows dimension_rows() had when this session called it last; 0 if it has not';

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
CREATE FUNCTION _tiering.refuse_repeated_dimensions(scheme text, as_of date,
	names text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	whose text;
BEGIN
	EXECUTE format('SELECT min(r.customer_id) FROM (
			SELECT r.customer_id FROM _tiering.dimension_rows($1, $2) AS r(%s)
				JOIN tiering.assignment a ON a.scheme = $1 AND a.customer_id = r.customer_id
			GROUP BY r.customer_id HAVING count(*) > 1) r', _tiering.dimension_columns(names))
	INTO whose USING scheme, as_of;
	PERFORM _tiering.refuse_dimensions(scheme, COALESCE(whose, ''));
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_repeated_dimensions(text, date, text[]) IS
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

-- A move tells who left, and one that stands no more who never was there.
CREATE FUNCTION _tiering.left_since(scheme text, as_of date) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_nestloop = on
AS $$
DECLARE
	first int := COALESCE(max(b.batch), 0) FROM tiering.batch b
		WHERE b.scheme = left_since.scheme AND b.kind = 'refresh' AND b.as_of < left_since.as_of
			AND NOT EXISTS (SELECT FROM _tiering.taken_back_by(b.scheme, b.as_of, b.batch));
BEGIN
	RETURN ARRAY(
		SELECT COALESCE(f.now_id, c.customer_id)
		FROM (SELECT m.customer_id FROM tiering.migration m
			  WHERE m.scheme = left_since.scheme AND m.batch >= first AND m.to_tier IS NULL
			  UNION
			  SELECT m.customer_id FROM tiering.superseded s JOIN tiering.migration m USING (move)
			  WHERE s.scheme = left_since.scheme AND s.batch >= first) c
			LEFT JOIN tiering.former_number f ON f.scheme = left_since.scheme
				AND f.customer_id = c.customer_id
		WHERE NOT EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = left_since.scheme
				AND a.customer_id = COALESCE(f.now_id, c.customer_id)));
END;
$$;
COMMENT ON FUNCTION _tiering.left_since(text, date) IS
'Who is no customer of a scheme any more of those who were one after the refresh before a day, and '
'perhaps others who are none';

CREATE FUNCTION _tiering.dimension_differences(scheme text, names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
			SELECT r.customer_id, ARRAY[%2$s]::text[] AS told, d.customer_id AS kept_id,
				ARRAY[%3$s] AS kept,
				r.customer_id IS NOT NULL OR d.customer_id IS NULL AS yielded
			FROM _tiering.dimension_rows($1, $2) AS r(%1$s)
				FULL JOIN (SELECT x.customer_id, x.told FROM tiering.customer_dimension x
					WHERE x.scheme = $1 AND x.to_as_of IS NULL) d USING (customer_id)
			WHERE r.customer_id IS NULL OR d.customer_id IS NULL OR d.customer_id = ANY ($3)
				OR (%2$s) IS DISTINCT FROM (%3$s)
		$query$, _tiering.dimension_columns(names),
		string_agg(CASE WHEN k.dimension = ANY (names) THEN format('r.%I', k.dimension)
			ELSE 'NULL::text' END, ', ' ORDER BY k.place),
		string_agg(format('d.told[%s]', k.place), ', ' ORDER BY k.place))
	FROM tiering.kept_dimension k WHERE k.scheme = dimension_differences.scheme;
$$;
COMMENT ON FUNCTION _tiering.dimension_differences(text, text[]) IS
'Part of dimension_changes(): the query for the rows that are yielded, those that were kept, and '
'pairs of them, but for pairs that tell the same of a customer';

-- What is as it was kept goes no further than the first join, and that is nearly all. Of a customer
-- who had another number, or became one with another, the row of the number that they have
-- counts: others only if that is not yielded. New rows lie in the order in which they are yielded.
CREATE FUNCTION _tiering.dimension_changes(scheme text, names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		WITH odd AS MATERIALIZED (%1$s
		), number AS MATERIALIZED (
			SELECT f.customer_id, COALESCE(b.becomes COLLATE "C", f.now_id) AS id
			FROM tiering.former_number f
				LEFT JOIN _tiering.became($1, $2, NULL) b ON b.customer_id = f.now_id
			WHERE f.scheme = $1
			UNION ALL SELECT b.customer_id, b.becomes FROM _tiering.became($1, $2, NULL) b
		), own AS MATERIALIZED (
			SELECT o.customer_id AS id, o.told, o.kept_id
			FROM odd o JOIN tiering.assignment a ON a.scheme = $1 AND a.customer_id = o.customer_id
			WHERE o.yielded AND NOT EXISTS (SELECT FROM number n
				WHERE n.customer_id = o.customer_id)
		), unmet AS (
			SELECT o.kept_id, o.kept FROM odd o
			WHERE NOT o.yielded OR o.kept_id = ANY ($3)
		), other AS MATERIALIZED (
			SELECT n.id, o.told
			FROM odd o JOIN number n ON n.customer_id = o.customer_id
				JOIN tiering.assignment a ON a.scheme = $1 AND a.customer_id = n.id
				LEFT JOIN unmet u ON u.kept_id = n.id
				LEFT JOIN tiering.customer_dimension d ON d.scheme = $1 AND d.customer_id = n.id
					AND d.to_as_of IS NULL
			WHERE o.yielded AND (u.kept_id IS NOT NULL OR d.customer_id IS NULL)
				AND NOT EXISTS (SELECT FROM own w WHERE w.id = n.id)
		), repeated AS MATERIALIZED (
			SELECT t.id
			FROM (SELECT w.id FROM own w UNION ALL SELECT n.id FROM other n
				  UNION ALL SELECT NULL FROM odd o WHERE o.yielded AND o.customer_id IS NULL) t
			GROUP BY t.id HAVING count(*) > 1 OR t.id IS NULL
			ORDER BY t.id NULLS FIRST LIMIT 1
		), differing AS MATERIALIZED (
			SELECT w.* FROM own w WHERE NOT EXISTS (SELECT FROM repeated)
			UNION ALL
			SELECT n.id, n.told, u.kept_id
			FROM other n FULL JOIN unmet u ON u.kept_id = n.id
			WHERE n.told IS DISTINCT FROM u.kept AND NOT EXISTS (SELECT FROM repeated)
		), closed AS (
			UPDATE tiering.customer_dimension d SET to_as_of = $2 FROM differing x
			WHERE d.scheme = $1 AND d.customer_id = x.kept_id AND d.to_as_of IS NULL
			RETURNING d.customer_id, d.told, d.since
		), added AS (
			INSERT INTO tiering.customer_dimension (scheme, customer_id, from_as_of, told, since)
			SELECT $1, x.id, $2, x.told, array_fill($2, ARRAY[%3$s]) FROM differing x
			WHERE x.kept_id IS NULL AND num_nonnulls(VARIADIC x.told) > 0
			UNION ALL
			SELECT $1, x.id, $2, x.told, ARRAY[%2$s] FROM differing x
				JOIN closed d ON d.customer_id = x.id
			WHERE num_nonnulls(VARIADIC x.told) > 0
		)
		SELECT (SELECT count(*) FROM repeated) > 0, (SELECT min(r.id) FROM repeated r),
			count(*) FILTER (WHERE NOT o.yielded) - count(*) FILTER (WHERE o.kept_id IS NULL)
				+ count(DISTINCT o.kept_id) FILTER (WHERE o.yielded AND o.kept_id = ANY ($3))
				- count(*) FILTER (WHERE o.yielded AND o.kept_id = ANY ($3))
		FROM odd o
		$query$, _tiering.dimension_differences(dimension_changes.scheme, names),
		string_agg(format('CASE WHEN x.told[%1$s] = d.told[%1$s] THEN d.since[%1$s] ELSE $2 END',
			k.place), ', ' ORDER BY k.place), max(k.place))
	FROM tiering.kept_dimension k WHERE k.scheme = dimension_changes.scheme;
$$;
COMMENT ON FUNCTION _tiering.dimension_changes(text, text[]) IS
'Part of keep_dimensions(): the query that keeps what the dimensions of a scheme, $1, yield for an '
'assessment, $2, and was not kept before. $3: who is no customer any more. It tells whether a '
'customer was found repeated, or null, and whom, and by how many more rows were kept than '
'yielded, if each customer is there once';

-- Nothing is kept of who is no customer. What an assessment that is made again had kept is gone
-- by then. Each row that was kept is met by one row at most, or they are not as many.
CREATE FUNCTION _tiering.keep_dimensions(scheme text, as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
	names text[] := COALESCE((SELECT d.names FROM tiering.dimensions_source d
		WHERE d.scheme = keep_dimensions.scheme), '{}');
	kept bigint := count(*) FROM tiering.customer_dimension d
		WHERE d.scheme = keep_dimensions.scheme AND d.to_as_of IS NULL;
	gone text[] := CASE WHEN kept > 0 THEN _tiering.left_since(scheme, as_of) END;
	is_repeated boolean;
	whose text;
	more bigint;
BEGIN
	IF names = '{}' AND kept = 0 THEN
		RETURN;
	END IF;
	PERFORM _tiering.place_dimensions(scheme, names);
	EXECUTE _tiering.dimension_changes(scheme, names) INTO is_repeated, whose, more
	USING scheme, as_of, gone;
	IF is_repeated THEN
		PERFORM _tiering.refuse_dimensions(scheme, whose);
	ELSIF kept - more <> _tiering.dimensions_yielded() THEN
		PERFORM _tiering.refuse_repeated_dimensions(scheme, as_of, names);
	END IF;
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
