/*
 * Watched tables: whatever statement changes one of the bank's tables marks the
 * customers whose data it changed as dirty, from the first day that differs.
 *
 * Old and new rows of a statement are not paired, as they need not have a key. They
 * are added up: a row stands from its first day on until its end, where it has one.
 * So it adds 1 on its first day and takes 1 away on its end, and a row that was there
 * before the statement does so with the sign reversed. Where the sum over equal rows
 * is not 0, more or fewer of them stand from that day on than did before.
 *
 * The trigger's function runs with the rights of whoever changes the table, not with
 * its owner's: it evaluates expressions that the table's owner chose, on types that
 * may be theirs. Only append_marks() runs with the extension's rights.
 */

CREATE FUNCTION _tiering.first_changes(before text, after text, customer text, first_day text,
	end_day text, counted text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted text := concat_ws(', ', format('(%s)::text COLLATE "C"', customer),
		format('(%s)::date', first_day), format('(%s)::date', end_day),
		NULLIF(array_to_string(counted, ', '), ''));
	part text := (SELECT COALESCE(string_agg(', v' || n, ''), '')
		FROM generate_subscripts(counted, 1) n);
	sides text := concat_ws(' UNION ALL ',
		'SELECT -1, ' || wanted || ' FROM ' || before || ' r',
		'SELECT 1, ' || wanted || ' FROM ' || after || ' r');
BEGIN
	RETURN format($query$
		SELECT c.customer_id, min(c.day) AS day
		FROM (SELECT u.customer_id, d.day
			  FROM (%1$s) u (sign, customer_id, first_day, end_day%2$s),
				LATERAL (VALUES (u.first_day, u.sign), (u.end_day, - u.sign)) d (day, sign)
			  WHERE u.customer_id IS NOT NULL AND d.day < 'infinity'
			  GROUP BY u.customer_id, d.day%2$s
			  HAVING sum(d.sign) <> 0) c
		GROUP BY c.customer_id$query$, sides, part);
END;
$$;
COMMENT ON FUNCTION _tiering.first_changes(text, text, text, text, text, text[]) IS
'Part of mark_changes(): the query for the customers of whom rows differ from rows before, each '
'with the first day on which they do';

-- Marks go over in parts: an array of all customers of a bank may be too large.
CREATE FUNCTION _tiering.mark_changes() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp SET row_security = off
AS $$
DECLARE
	before text := CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN 'old_rows'
		WHEN TG_OP = 'TRUNCATE' THEN TG_RELID::regclass::text END;
	after text := CASE WHEN TG_OP IN ('INSERT', 'UPDATE') THEN 'new_rows' END;
	customers text[];
	marked date[];
BEGIN
	FOR customers, marked IN EXECUTE format($query$
		SELECT array_agg(p.customer_id) AS customers, array_agg(p.day) AS days
		FROM (SELECT q.*, row_number() OVER () / 100000 AS part FROM (%s) q) p
		GROUP BY p.part$query$,
		_tiering.first_changes(before, after, TG_ARGV[1], TG_ARGV[2], TG_ARGV[3],
			TG_ARGV[4]::text[]))
	LOOP
		PERFORM _tiering.append_marks(TG_ARGV[0], customers, marked);
	END LOOP;
	RETURN NULL;
EXCEPTION
	WHEN undefined_column OR undefined_table OR undefined_function THEN
		RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM,
			DETAIL = format('Table %s is watched for scheme "%s" by this expression.',
				TG_RELID::regclass, TG_ARGV[0]),
			HINT = 'Call tiering.watch_table() anew, or tiering.unwatch_table().';
	WHEN insufficient_privilege THEN
		RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM,
			DETAIL = format('Table %s is watched for scheme "%s".', TG_RELID::regclass, TG_ARGV[0]),
			HINT = format('Grant who changes it the right to mark: tiering.grant_role(%L, %L).',
				current_user, 'load');
END;
$$;
COMMENT ON FUNCTION _tiering.mark_changes() IS
'Trigger of watch_table(): marks the customers whose rows a statement changed, from the first day '
'that differs';

CREATE FUNCTION _tiering.watch_trigger(scheme text, event text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT format('tiering_%s_%s', event,
		CASE WHEN octet_length(scheme) <= 40 THEN scheme ELSE md5(scheme) END);
END;
COMMENT ON FUNCTION _tiering.watch_trigger(text, text) IS
'Part of watch_table(): the name of its trigger for an event';

-- The first day and the end of a row, as expressions, from the columns that say so
CREATE FUNCTION _tiering.row_days(watched regclass, days text[],
	OUT first_day text, OUT end_day text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kind regtype;
	day text;
BEGIN
	IF cardinality(days) > 2 OR array_position(days, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'days must be no column, one, or two, not %', days
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'One is a day or a daterange, two are the first day and the one after the last.';
	END IF;
	FOREACH day IN ARRAY days LOOP
		EXECUTE format('SELECT pg_typeof((SELECT %s FROM %s r LIMIT 0))', day, watched) INTO kind;
		IF kind <> 'date'::regtype
			AND NOT (kind = 'daterange'::regtype AND cardinality(days) = 1) THEN
			RAISE EXCEPTION '% of table % is of type %, not a date%', day, watched, kind,
					CASE cardinality(days) WHEN 1 THEN ' or a daterange' ELSE '' END
				USING ERRCODE = 'datatype_mismatch',
				HINT = format('An expression will do, such as (%s)::date.', day);
		END IF;
	END LOOP;
	IF kind = 'daterange'::regtype THEN
		first_day := format(
			'CASE WHEN NOT isempty(%s) THEN COALESCE(lower(%1$s), ''-infinity'') END', day);
		end_day := format('upper(%s)', day);
	ELSE
		first_day := CASE cardinality(days) WHEN 1 THEN days[1]
			ELSE format('COALESCE(%s, ''-infinity'')', COALESCE(days[1], 'NULL')) END;
		end_day := COALESCE(days[2], 'NULL');
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.row_days(regclass, text[]) IS
'Part of watch_table(): on which day a row of a table begins to count, and on which it ends';

CREATE FUNCTION tiering.watch_table(scheme text, watched regclass, customer text,
	days text[] DEFAULT '{}', counted text[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	row_days record;
	event text;
BEGIN
	PERFORM tiering.newest_version(scheme);
	IF num_nulls(watched, customer, days) > 0 THEN
		RAISE EXCEPTION 'table, customer and days must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF array_position(counted, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'counted must have no null, but is %', counted
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF (SELECT c.relkind NOT IN ('r', 'p') FROM pg_class c WHERE c.oid = watched) THEN
		RAISE EXCEPTION '% is not a table', watched
			USING ERRCODE = 'wrong_object_type',
			HINT = 'Watch the tables that it is made of, or call tiering.mark_dirty().';
	END IF;
	row_days := _tiering.row_days(watched, days);
	counted := COALESCE(counted, ARRAY(
		SELECT quote_ident(a.attname) FROM pg_attribute a
		WHERE a.attrelid = watched AND a.attnum > 0 AND NOT a.attisdropped
			AND quote_ident(a.attname) <> ALL ((days || customer) COLLATE "C")
		ORDER BY a.attnum));
	BEGIN
		EXECUTE format('SELECT FROM (%s LIMIT 0) q', _tiering.first_changes(NULL, watched::text,
			customer, row_days.first_day, row_days.end_day, counted));
	EXCEPTION WHEN undefined_function THEN
		RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM,
			HINT = 'Name in counted what can be compared, and functions with their schema.';
	END;
	FOREACH event IN ARRAY '{INSERT,UPDATE,DELETE,TRUNCATE}'::text[] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER %I %s %s ON %s %s FOR EACH STATEMENT
				EXECUTE FUNCTION _tiering.mark_changes(%L, %L, %L, %L, %L)',
			_tiering.watch_trigger(scheme, lower(event)),
			CASE event WHEN 'TRUNCATE' THEN 'BEFORE' ELSE 'AFTER' END, event, watched,
			CASE event WHEN 'INSERT' THEN 'REFERENCING NEW TABLE AS new_rows'
				WHEN 'UPDATE' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
				WHEN 'DELETE' THEN 'REFERENCING OLD TABLE AS old_rows' END,
			scheme, customer, row_days.first_day, row_days.end_day, counted);
	END LOOP;
END;
$$;
COMMENT ON FUNCTION tiering.watch_table(text, regclass, text, text[], text[]) IS
'Has every change of a table mark the customers whose rows it changed, for restate_dirty(). They '
'are marked from the first day that differs. customer is the column that has the customer''s '
'number; days are the columns that say when a row counts: one date for snapshots, flows and '
'changes, a daterange or two dates, the second exclusive, for balances and the days on which they '
'stood, none for rows that count from the beginning; counted are the columns that matter, all '
'others that the table has now if null. Each may be an expression, with the row called r and '
'other names qualified: (SELECT a.customer_no FROM bank.account a WHERE a.account_no = '
'r.account_no). A second call replaces the first. Triggers do it, which the table''s owner makes '
'and which run with the rights of whoever changes the table: both have the right load. Errors: '
'unknown scheme (42704), a null (22004), not a table (42809), a column that is not there (42703) '
'or not a day (42804), what cannot be compared (42883). Example: SELECT '
'tiering.watch_table(''retail'', ''bank.balance'', ''customer_id'', ''{valid_from,valid_to}'')';

-- What a trigger was made with, each ended by a null byte: the scheme comes first.
CREATE FUNCTION _tiering.watched_for(arguments bytea) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT convert_from(substr(arguments, 1, position('\x00'::bytea IN arguments) - 1),
		getdatabaseencoding());
END;
COMMENT ON FUNCTION _tiering.watched_for(bytea) IS
'Part of unwatch_table(): for which scheme a trigger of watch_table() marks';

CREATE FUNCTION tiering.unwatch_table(scheme text, watched regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	made name;
	found_any boolean := false;
BEGIN
	PERFORM _tiering.check_given(scheme, 'scheme'), _tiering.check_given(watched, 'watched');
	FOR made IN
		SELECT g.tgname FROM pg_trigger g,
			unnest('{insert,update,delete,truncate}'::text[]) event
		WHERE g.tgrelid = watched AND g.tgfoid = '_tiering.mark_changes()'::regprocedure
			AND g.tgname = _tiering.watch_trigger(scheme, event) COLLATE "C"
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', made, watched);
		found_any := true;
	END LOOP;
	IF NOT found_any THEN
		RAISE EXCEPTION 'table % is not watched for scheme "%"', watched, scheme
			USING ERRCODE = 'undefined_object',
			HINT = COALESCE('It is watched for ' || (
				SELECT string_agg(DISTINCT format('"%s"', w.scheme) COLLATE "C", ', ')
				FROM pg_trigger g CROSS JOIN LATERAL _tiering.watched_for(g.tgargs) w(scheme)
				WHERE g.tgrelid = watched
					AND g.tgfoid = '_tiering.mark_changes()'::regprocedure) || '.',
				'It is watched for no scheme.');
	END IF;
END;
$$;
COMMENT ON FUNCTION tiering.unwatch_table(text, regclass) IS
'Ends the watching of a table, which watch_table() began. Marks that were made stay. Errors: the '
'table is not watched for the scheme (42704), a null (22004). Example: SELECT '
'tiering.unwatch_table(''family'', ''bank.balance'')';
