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

-- Of a customer who had another number, or became one with another, the row of the number that
-- they have counts. Nothing is kept of who is no customer. What an assessment that is made again
-- had kept is gone by then.
CREATE FUNCTION _tiering.keep_dimensions(scheme text, as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
	names text[] := COALESCE((SELECT d.names FROM tiering.dimensions_source d
		WHERE d.scheme = keep_dimensions.scheme), '{}');
	amounts text := (SELECT string_agg(format('r.%I', n), ', ') FROM unnest(names) n);
	is_repeated boolean;
	whose text;
BEGIN
	IF names = '{}' AND NOT EXISTS (SELECT FROM tiering.customer_dimension d
		WHERE d.scheme = keep_dimensions.scheme)
	THEN
		RETURN;
	END IF;
	EXECUTE format($query$
		WITH told AS MATERIALIZED (
			SELECT n.id, n.id = r.customer_id AS own, ARRAY[%s]::text[] AS told
			FROM _tiering.dimension_rows($1, $2) AS r(%s)
				LEFT JOIN tiering.former_number f ON f.scheme = $1 AND f.customer_id = r.customer_id
				LEFT JOIN _tiering.became($1, $2, NULL) b
					ON b.customer_id = COALESCE(f.now_id, r.customer_id)
				CROSS JOIN LATERAL (SELECT COALESCE(b.becomes, f.now_id, r.customer_id)
					COLLATE "C") n(id)
				LEFT JOIN tiering.assignment a ON a.scheme = $1 AND a.customer_id = n.id
			WHERE a.customer_id IS NOT NULL OR n.id IS NULL
		), repeated AS MATERIALIZED (
			SELECT t.id FROM told t GROUP BY t.id
			HAVING count(*) > 1 AND count(*) FILTER (WHERE t.own) <> 1 OR t.id IS NULL
			ORDER BY t.id NULLS FIRST LIMIT 1
		), differing AS MATERIALIZED (
			SELECT customer_id, dimension, f.value, d.from_as_of
			FROM (SELECT r.id AS customer_id, v.dimension COLLATE "C" AS dimension, v.value
				  FROM told r CROSS JOIN LATERAL unnest($3, r.told) v(dimension, value)
				  WHERE v.value IS NOT NULL
					AND (r.own OR r.id NOT IN (SELECT o.id FROM told o WHERE o.own))) f
				FULL JOIN (SELECT x.* FROM tiering.customer_dimension x
					WHERE x.scheme = $1 AND x.to_as_of IS NULL) d USING (customer_id, dimension)
			WHERE f.value IS DISTINCT FROM d.value AND NOT EXISTS (SELECT FROM repeated)
		), closed AS (
			UPDATE tiering.customer_dimension d SET to_as_of = $2 FROM differing x
			WHERE d.scheme = $1 AND d.customer_id = x.customer_id AND d.dimension = x.dimension
				AND d.from_as_of = x.from_as_of
		), added AS (
			INSERT INTO tiering.customer_dimension (scheme, customer_id, dimension, value,
				from_as_of)
			SELECT $1, x.customer_id, x.dimension, x.value, $2 FROM differing x
			WHERE x.value IS NOT NULL
		)
		SELECT count(*) > 0, min(r.id) FROM repeated r
		$query$, amounts, _tiering.dimension_columns(names))
	INTO is_repeated, whose USING scheme, as_of, names;
	IF is_repeated THEN
		PERFORM _tiering.refuse_dimensions(scheme, whose);
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
		AND d.dimension = n.dimension
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
	ELSIF dimension COLLATE "C" = ANY (bound) OR EXISTS (SELECT FROM tiering.customer_dimension d
		WHERE d.scheme = check_dimension.scheme COLLATE "C"
			AND d.dimension = check_dimension.dimension COLLATE "C")
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
