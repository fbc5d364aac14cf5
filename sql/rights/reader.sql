/*
 * What the reader of a report may see. The right to reports is to all schemes, or it is
 * confined by rows of report_right: to a scheme, or to the customers who have a value of
 * a dimension there.
 *
 * Who is in a branch, or has another value of a dimension, is what the last assessment up to a
 * day has kept: the past is told to whose the customer was then. Sums that were kept over
 * all customers are not told to who sees some: those are counted from what each had, where
 * that is kept.
 *
 * Row-level policies that the bank puts on assignment, assessment or migration bind all
 * reports, too: a customer of whom they hide a row from a reader is in none of theirs.
 *
 * While that table is empty, and there are no policies, nobody is asked who they are. Once
 * somebody is confined, a view
 * shows to each reader what they may see themselves: it does not lend what its owner sees.
 *
 * Views are run by whoever reads them, and have a part for those who read all, as it would
 * be if nobody were confined, and one for the others, which is a function. So nothing but
 * the planner's guess of a number of rows comes out of the first one.
 */

CREATE FUNCTION _tiering.reader() RETURNS oid
AS 'MODULE_PATHNAME', 'reader'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1;
COMMENT ON FUNCTION _tiering.reader() IS
'Who reads a report: who has logged in, or the role that they have set; in a query that is bound '
'to a scheme the role that set it, and in a materialized view its owner. 0: not known';

CREATE FUNCTION _tiering.has_policies(of regclass, reader oid) RETURNS boolean
AS 'MODULE_PATHNAME', 'has_policies'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.has_policies(regclass, oid) IS
'Whether row-level policies bind a reader in a table: not its owner, nor who bypasses them';

CREATE FUNCTION _tiering.visible_rows(of regclass, scheme text, reader oid) RETURNS jsonb
AS 'MODULE_PATHNAME', 'visible_rows'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION _tiering.visible_rows(regclass, text, oid) IS
'How many rows of each customer of a scheme a reader finds in a table, by a query of their own';

-- With rights of the reader's own: they must have that to read the table.
CREATE FUNCTION _tiering.found_rows(of regclass, scheme text, reader oid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT _tiering.has_policies(of, reader) THEN
		RETURN NULL;
	ELSIF NOT has_table_privilege(reader, of, 'SELECT') THEN
		RAISE EXCEPTION 'row-level policies on % bind role "%", who may not read it', of,
				reader::regrole
			USING ERRCODE = 'insufficient_privilege',
			HINT = format('Whom they let through is asked with the rights of who reads: '
				'GRANT SELECT ON %s TO %s.', of, reader::regrole);
	END IF;
	RETURN COALESCE(_tiering.visible_rows(of, scheme, reader), '{}');
END;
$$;
COMMENT ON FUNCTION _tiering.found_rows(regclass, text, oid) IS
'What visible_rows() tells where row-level policies bind a reader; null where none do. Error: the '
'reader may not read the table (42501)';

CREATE FUNCTION _tiering.is_bound(reader oid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1
BEGIN ATOMIC
	SELECT _tiering.has_policies('tiering.assignment', is_bound.reader)
		OR _tiering.has_policies('tiering.assessment', is_bound.reader)
		OR _tiering.has_policies('tiering.migration', is_bound.reader);
END;
COMMENT ON FUNCTION _tiering.is_bound(oid) IS
'Whether row-level policies on customers bind a reader';

-- Whoever may read assignment was given all. A view that was granted by hand, and not by
-- grant_role(), shows all, too, unless the reader is confined.
CREATE FUNCTION _tiering.granted_all(reader oid) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.report_right) THEN
		RETURN true;
	END IF;
	RETURN CASE
		WHEN reader = 0 THEN false
		WHEN has_table_privilege(reader, 'tiering.assignment', 'SELECT') THEN true
		WHEN EXISTS (SELECT FROM tiering.report_right r
			WHERE pg_has_role(reader, r.role, 'USAGE')) THEN false
		ELSE EXISTS (
			SELECT FROM pg_class c
			WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind = 'v'
				AND NOT has_table_privilege('public', c.oid, 'SELECT')
				AND has_table_privilege(reader, c.oid, 'SELECT')) END;
END;
$$;
COMMENT ON FUNCTION _tiering.granted_all(oid) IS
'Whether a reader is not confined: they were given the right to all customers of all schemes';

CREATE FUNCTION _tiering.reads_all(reader oid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT NOT _tiering.is_bound(reads_all.reader) AND _tiering.granted_all(reads_all.reader);
END;
COMMENT ON FUNCTION _tiering.reads_all(oid) IS
'Whether a reader sees all customers of all schemes';

-- Whom policies bind sees some, as one of them may hide anybody.
CREATE FUNCTION _tiering.granted(reader oid, scheme text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF _tiering.granted_all(reader) THEN
		RETURN true;
	END IF;
	RETURN (
		SELECT bool_or(r.dimension = '') FROM tiering.report_right r
		WHERE r.scheme = granted.scheme COLLATE "C" AND pg_has_role(reader, r.role, 'USAGE'));
END;
$$;
COMMENT ON FUNCTION _tiering.granted(oid, text) IS
'Whether a reader was given the right to all customers of a scheme: true, or false if only to '
'those with some value of a dimension; null: to nobody';

CREATE FUNCTION _tiering.reads(reader oid, scheme text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT CASE WHEN _tiering.granted(reads.reader, reads.scheme)
		THEN NOT _tiering.is_bound(reads.reader)
		ELSE _tiering.granted(reads.reader, reads.scheme) END;
END;
COMMENT ON FUNCTION _tiering.reads(oid, text) IS
'Whether a reader sees all customers of a scheme: true, or false if only some; null: nobody';

-- Of who is in assignment no more a policy on that says nothing: they are hidden.
CREATE FUNCTION _tiering.let_through(reader oid, scheme text) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	visible jsonb := _tiering.found_rows('tiering.assignment', scheme, reader);
	assigned boolean := visible IS NOT NULL;
	moves jsonb := _tiering.found_rows('tiering.migration', scheme, reader);
	kept jsonb := _tiering.found_rows('tiering.assessment', scheme, reader);
BEGIN
	RETURN ARRAY(
		SELECT c.customer_id COLLATE "C"
		FROM (SELECT a.customer_id FROM tiering.assignment a
			  WHERE a.scheme = let_through.scheme COLLATE "C"
				AND (NOT assigned OR visible ? a.customer_id)
			  UNION
			  SELECT m.customer_id
			  FROM _tiering.person_moves(let_through.scheme COLLATE "C", NULL) m
			  WHERE NOT assigned
			  UNION		-- who may not be a customer yet
			  SELECT COALESCE(f.now_id, x.customer_id)
			  FROM (SELECT q.scheme, q.customer_id FROM tiering.request q
					UNION ALL SELECT d.scheme, d.customer_id FROM tiering.dirty d) x
				  LEFT JOIN tiering.former_number f ON f.scheme = x.scheme
					AND f.customer_id = x.customer_id
			  WHERE NOT assigned AND x.scheme = let_through.scheme COLLATE "C"
				AND x.customer_id IS NOT NULL) c
		EXCEPT
		SELECT COALESCE(f.now_id, h.customer_id) COLLATE "C"
		FROM (SELECT m.customer_id FROM tiering.migration m
			  WHERE moves IS NOT NULL AND m.scheme = let_through.scheme COLLATE "C"
				AND m.customer_id IS NOT NULL
			  GROUP BY m.customer_id
			  HAVING count(*) <> COALESCE((moves ->> m.customer_id)::bigint, 0)
			  UNION ALL
			  SELECT a.customer_id FROM tiering.assessment a
			  WHERE kept IS NOT NULL AND a.scheme = let_through.scheme COLLATE "C"
			  GROUP BY a.customer_id
			  HAVING count(*) <> COALESCE((kept ->> a.customer_id)::bigint, 0)) h
			LEFT JOIN tiering.former_number f ON f.scheme = let_through.scheme COLLATE "C"
				AND f.customer_id = h.customer_id);
END;
$$;
COMMENT ON FUNCTION _tiering.let_through(oid, text) IS
'The customers of a scheme of whom row-level policies hide no row from a reader';

-- Customers are called by the numbers that they have now.
CREATE FUNCTION _tiering.granted_customer(reader oid, scheme text, customer_id text, day date)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT CASE WHEN _tiering.granted(granted_customer.reader, granted_customer.scheme) THEN true
		ELSE EXISTS (
		SELECT FROM tiering.report_right r
		WHERE r.scheme = granted_customer.scheme COLLATE "C" AND r.dimension <> ''
			AND pg_has_role(granted_customer.reader, r.role, 'USAGE')
			AND r.value = COALESCE((
				SELECT d.told[k.place] FROM tiering.kept_dimension k
					JOIN tiering.customer_dimension d ON d.scheme = k.scheme
				WHERE k.scheme = r.scheme AND k.dimension = r.dimension
					AND d.customer_id = granted_customer.customer_id COLLATE "C"
					AND d.from_as_of <= COALESCE(granted_customer.day, 'infinity')
					AND (d.to_as_of IS NULL OR d.to_as_of > granted_customer.day)), 'unknown')) END;
END;
COMMENT ON FUNCTION _tiering.granted_customer(oid, text, text, date) IS
'Whether a reader was given the right to a customer as of a day, or, if that is null, now';

-- Of one customer; whoever asks of many asks let_through() once.
CREATE FUNCTION _tiering.sees(reader oid, scheme text, customer_id text, day date) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT CASE WHEN _tiering.reads(sees.reader, sees.scheme) THEN true
		WHEN _tiering.is_bound(sees.reader) AND sees.customer_id COLLATE "C" <> ALL (
			_tiering.let_through(sees.reader, sees.scheme)) THEN false
		ELSE _tiering.granted_customer(sees.reader, sees.scheme, sees.customer_id, sees.day) END;
END;
COMMENT ON FUNCTION _tiering.sees(oid, text, text, date) IS
'Whether a reader sees a customer as of a day, or, if that is null, now';

-- unknown is also who has no value
CREATE FUNCTION _tiering.seen(reader oid, scheme text, day date) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	result text[] := '{}'::text[];
	place int;
	given text[];
BEGIN
	IF _tiering.reads(reader, scheme) THEN
		RETURN NULL;
	ELSIF _tiering.granted(reader, scheme) THEN
		RETURN _tiering.let_through(reader, scheme);
	END IF;
	FOR place, given IN SELECT k.place, array_agg(r.value)
		FROM tiering.report_right r
			JOIN tiering.kept_dimension k ON k.scheme = r.scheme AND k.dimension = r.dimension
		WHERE r.scheme = seen.scheme COLLATE "C" AND pg_has_role(seen.reader, r.role, 'USAGE')
		GROUP BY k.place
	LOOP
		result := ARRAY(
			SELECT unnest(result) UNION SELECT d.customer_id FROM tiering.customer_dimension d
			WHERE d.scheme = seen.scheme COLLATE "C" AND d.told[place] = ANY (given)
				AND d.from_as_of <= COALESCE(day, 'infinity')
				AND (d.to_as_of IS NULL OR d.to_as_of > day));
	END LOOP;
	IF EXISTS (SELECT FROM tiering.report_right r
		WHERE r.scheme = seen.scheme COLLATE "C" AND r.value = 'unknown'
			AND pg_has_role(seen.reader, r.role, 'USAGE'))
	THEN
		result := result || ARRAY(
			SELECT m.customer_id
			FROM (SELECT DISTINCT p.customer_id
				  FROM _tiering.person_moves(seen.scheme COLLATE "C", NULL) p) m
			WHERE m.customer_id <> ALL (result COLLATE "C")
				AND _tiering.granted_customer(seen.reader, seen.scheme, m.customer_id, day));
	END IF;
	-- in one expression a plan of it asks let_through(), of whomever
	IF _tiering.is_bound(reader) THEN
		result := ARRAY(
			SELECT unnest(result) INTERSECT SELECT unnest(_tiering.let_through(reader, scheme)));
	END IF;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.seen(oid, text, date) IS
'The customers of a scheme whom a reader sees as of a day, or, if that is null, now; null if that '
'is all of them';

CREATE FUNCTION _tiering.sees_value(reader oid, scheme text, dimension text, value text)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT CASE WHEN _tiering.granted(sees_value.reader, sees_value.scheme) THEN true ELSE EXISTS (
		SELECT FROM tiering.report_right r
		WHERE r.scheme = sees_value.scheme COLLATE "C"
			AND r.dimension = sees_value.dimension COLLATE "C"
			AND r.value = sees_value.value COLLATE "C"
			AND pg_has_role(sees_value.reader, r.role, 'USAGE')) END;
END;
COMMENT ON FUNCTION _tiering.sees_value(oid, text, text, text) IS
'Whether a reader was given the right to all customers of a value of a dimension';

-- For the part of a view that is for who does not see all. It goes scheme by scheme, so that a
-- condition on the scheme leaves the others alone. Who sees all has a plan that counts on hardly
-- any rows of it; a table of schemes would be counted on in full.
CREATE FUNCTION _tiering.each_scheme() RETURNS TABLE (scheme text)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE COST 1 ROWS 1
BEGIN ATOMIC
	SELECT s.scheme FROM tiering.scheme s;
END;
COMMENT ON FUNCTION _tiering.each_scheme() IS 'The schemes, of which the planner expects one';

CREATE FUNCTION _tiering.check_reader(scheme text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	reader oid := _tiering.reader();
	all_of_it boolean := _tiering.reads(reader, scheme);
BEGIN
	IF all_of_it IS NULL THEN
		PERFORM tiering.newest_version(scheme);
		IF reader = 0 THEN
			RAISE EXCEPTION 'who reads scheme "%" cannot be told', scheme
				USING ERRCODE = 'insufficient_privilege',
				HINT = 'In a materialized view or an index it cannot, while there are roles who '
					'see some customers alone. Have a table instead: CREATE TABLE ... AS SELECT.';
		END IF;
		RAISE EXCEPTION 'reports of scheme "%" are not for role "%"', scheme, reader::regrole
			USING ERRCODE = 'insufficient_privilege',
			HINT = format('The extension''s owner grants them with tiering.grant_role(role, '
				'''report'', scheme => %L).', scheme);
	END IF;
	RETURN all_of_it;
END;
$$;
COMMENT ON FUNCTION _tiering.check_reader(text) IS
'Refuses whoever may read no report of a scheme (42501), or if there is none (42704); otherwise '
'whether they may see all of its customers';

CREATE FUNCTION _tiering.check_reads_whole(scheme text, report text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT _tiering.check_reader(scheme) THEN
		RAISE EXCEPTION 'tiering.%() tells of all customers of scheme "%", and role "%" may see '
				'some of them', report, scheme, _tiering.reader()::regrole
			USING ERRCODE = 'insufficient_privilege',
			HINT = 'Who sees some is told of these by tiering.tier_distribution_by(), '
				'tiering.migration_matrix() and the views.';
	END IF;
	RETURN true;
END;
$$;
COMMENT ON FUNCTION _tiering.check_reads_whole(text, text) IS
'Refuses whoever may not see all customers of a scheme (42501); otherwise true';
