/*
 * Sources: the bank's own queries, one for a scheme's metrics and one, if there
 * are any, for the histories behind its measure. One runs with the rights of the
 * role that set it, with search_path = pg_catalog, pg_temp, and with settings that
 * are fixed or those of when it was set (see src/settings.c), whoever has it run, so
 * that it means the same for everyone; names in it must be qualified.
 */

-- Not a definer's function: it asks who is writing. A row that is restored from a
-- dump is inserted as it was.
CREATE FUNCTION _tiering.check_setter() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.set_by = _tiering.binder() AND (TG_OP = 'INSERT' OR NEW.scheme = OLD.scheme) THEN
		RETURN NEW;
	END IF;
	IF TG_OP = 'UPDATE' THEN
		RAISE EXCEPTION 'tiering.% of scheme "%" cannot be changed by hand',
				TG_TABLE_NAME, OLD.scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('Call tiering.%s: it records who calls it, and when.', format(
				CASE TG_TABLE_NAME WHEN 'refresh_limit' THEN 'set_limits(%1$L, …)'
					WHEN 'refresh_check' THEN 'set_checks(%1$L, query)'
					ELSE 'set_%2$s(%1$L, query)' END,
				OLD.scheme, replace(TG_TABLE_NAME, '_source', '')));
	END IF;
	IF NOT pg_has_role(current_user, NEW.set_by, 'USAGE') THEN
		RAISE EXCEPTION 'role "%" cannot set a source that runs with the rights of "%"',
				current_user, NEW.set_by
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION _tiering.check_setter() IS
'Trigger on tables of bound queries, such as source: what binds them alone changes them (55000), '
'and rows are restored only for roles whose rights one has (42501)';
CREATE TRIGGER check_setter
	BEFORE INSERT OR UPDATE OF scheme, query, set_by, set_at, settings ON tiering.source
	FOR EACH ROW EXECUTE FUNCTION _tiering.check_setter();
COMMENT ON TRIGGER check_setter ON tiering.source IS 'Nobody lends themselves rights';
CREATE TRIGGER check_setter
	BEFORE INSERT OR UPDATE ON tiering.series_source
	FOR EACH ROW EXECUTE FUNCTION _tiering.check_setter();
COMMENT ON TRIGGER check_setter ON tiering.series_source IS 'Nobody lends themselves rights';

-- It reads a bank, and what is joined to its rows is worth compiling for a large one.
CREATE FUNCTION _tiering.source_rows(scheme text, as_of date) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'source_rows'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 30000000 ROWS 100000;
COMMENT ON FUNCTION _tiering.source_rows(text, date) IS
'The rows of a scheme''s source for a date, with the columns that the caller lists; runs with '
'the rights of the role that set it. Not for PUBLIC';

CREATE FUNCTION _tiering.source_rows(scheme text, as_of date, customers text[]) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'source_rows'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1000;
COMMENT ON FUNCTION _tiering.source_rows(text, date, text[]) IS
'The same for some customers only; null: for all';

CREATE FUNCTION _tiering.source_amounts(scheme text, as_of date, version int, customers text[],
	OUT customer_id text, OUT metrics text[], OUT amounts numeric[])
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'source_amounts'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION _tiering.source_amounts(text, date, int, text[]) IS
'The metrics of a version of a scheme for a date as arrays, a boolean as 1 or 0, scores left out; '
'of some customers, or of all if customers is null. Errors are those of graded_rows()';

CREATE FUNCTION _tiering.series_rows(key uuid, as_of date, customers text[],
	OUT customer_id text, OUT balances tiering.daily_series, OUT period daterange)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'series_rows'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION _tiering.series_rows(uuid, date, text[]) IS
'The series of the scheme whose key it is for a date, of some customers, or of all if customers is '
'null; with the rights of the role that set it. Nothing if that is not the key of a binding';

CREATE FUNCTION _tiering.source_check(scheme text, query text, series boolean) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'source_check'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION _tiering.source_check(text, text, boolean) IS
'Checks, with the caller''s own rights, that a query can be the source, or the series, of a '
'scheme and yields the columns that the caller lists; returns no rows';

CREATE FUNCTION _tiering.source_columns(scheme text, version int) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT 'customer_id text COLLATE "C"' || COALESCE(string_agg(
		format(', %I %s', m.metric, CASE m.kind WHEN 'boolean' THEN 'boolean' ELSE 'numeric' END),
		'' ORDER BY m.metric), '')
	FROM tiering.metric m
	WHERE m.scheme = source_columns.scheme AND m.version = source_columns.version
		AND m.kind <> 'score';
END;
COMMENT ON FUNCTION _tiering.source_columns(text, int) IS
'The column list that a source has to fill for a version of a scheme';

CREATE FUNCTION _tiering.checked_query(scheme text, query text, noun text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bare text := rtrim(query, E'; \t\r\n');
	version int := tiering.newest_version(scheme);
	columns text := 'customer_id text COLLATE "C", balances tiering.daily_series, period daterange';
BEGIN
	IF noun <> 'source' AND query IS NULL THEN
		RETURN NULL;
	END IF;
	IF COALESCE(bare, '') = '' THEN
		RAISE EXCEPTION 'the % of scheme "%" must be a query', noun, scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF noun = 'source' THEN
		columns := _tiering.source_columns(scheme, version);
	END IF;
	BEGIN
		EXECUTE format(CASE noun WHEN 'check' THEN 'SELECT FROM _tiering.findings_check(%L, %L)'
				WHEN 'control' THEN 'SELECT FROM _tiering.control_check(%L, %L) AS c(total numeric)'
				ELSE 'SELECT FROM _tiering.source_check(%L, %L, %L) AS m(%s)' END,
			scheme, bare, noun = 'series', columns);
	EXCEPTION WHEN undefined_table THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = SQLERRM,
			HINT = format('A %s runs with search_path = pg_catalog, pg_temp: '
				'qualify its tables with their schemas.', noun);
	END;
	RETURN bare;
END;
$$;
COMMENT ON FUNCTION _tiering.checked_query(text, text, text) IS
'Part of set_source() and what else binds a query: the query as it is kept, if it can be the '
'source, series, control or check of the scheme; null if it unbinds one';

-- The other columns have their defaults, which are of now and of this session.
CREATE FUNCTION _tiering.write_binding(scheme text, query text, series boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF query IS NULL THEN
		DELETE FROM tiering.series_source s WHERE s.scheme = write_binding.scheme;
	ELSIF series THEN
		INSERT INTO tiering.series_source (scheme, query, set_by)
		VALUES (write_binding.scheme, write_binding.query, _tiering.binder())
		ON CONFLICT ON CONSTRAINT series_source_pkey
		DO UPDATE SET query = EXCLUDED.query, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at,
			settings = EXCLUDED.settings;
	ELSE
		-- history may have been loaded without one, and nobody loads any meanwhile
		IF NOT EXISTS (SELECT FROM tiering.source s WHERE s.scheme = write_binding.scheme) THEN
			PERFORM _tiering.take_turn(scheme, wait => true);
		END IF;
		INSERT INTO tiering.source (scheme, query, set_by, refreshed_as_of, refreshed_at)
		SELECT write_binding.scheme, write_binding.query, _tiering.binder(), l.as_of,
			CASE WHEN l.as_of IS NOT NULL THEN now() END
		FROM _tiering.last_assessment(write_binding.scheme) l
		ON CONFLICT ON CONSTRAINT source_pkey
		DO UPDATE SET query = EXCLUDED.query, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at,
			settings = EXCLUDED.settings, hashes = EXCLUDED.hashes;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.write_binding(text, text, boolean) IS
'Part of set_source() and set_series(): writes the query for the role that calls them';

CREATE FUNCTION tiering.set_source(scheme text, query text) RETURNS void
AS 'MODULE_PATHNAME', 'set_source'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.set_source(text, text) IS
'Binds a scheme to a query over the tables of the bank. It yields customer_id and the metrics of '
'the newest version for the date $1: with tiering.month($1) for refreshes at the ends of months, '
'with tiering.month_to_date($1) for any day. The query runs with the rights and the settings of '
'the role and session that call this. Its columns are checked at once. Errors: a missing column '
'(42703), a wrong type (42804), a table that is not qualified (42P01), something temporary '
'(42P16), a table of which a policy may hide rows (42501). If a run fails, its message and '
'SQLSTATE are told to whoever runs it; detail, hint and text of the query to those only who have '
'the rights of the role that set it. Example: SELECT tiering.set_source(''retail'', ''SELECT '
'customer_id, balance AS daily_avg_balance FROM bank.balance WHERE valid_from <= $1 AND (valid_to '
'IS NULL OR valid_to > $1) AND account_id <> ''''C2'''''')';

CREATE FUNCTION tiering.set_series(scheme text, query text) RETURNS void
AS 'MODULE_PATHNAME', 'set_series'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.set_series(text, text) IS
'Binds a scheme to a query for the histories of its customers, by which near_upgrade and '
'near_downgrade tell what to hold, projected_tier where customers will be, and customer_status() '
'both. It yields for each customer, once, the daily_series behind the measure as balances, and as '
'period the days whose average the assessment after the date $1 will take: tiering.month($1 + 1) '
'if that is the month''s. A customer who has several numbers is yielded by any of them, as by the '
'source. Who has no row, or null as balances, is told nothing; customer_id and period must not be '
'null (22004). A null query unbinds. It runs, is checked and tells of errors as what set_source() '
'sets. Example: SELECT tiering.set_series(''retail'', ''SELECT customer_id, '
'tiering.daily_series(balance, valid_from, valid_to) AS balances, tiering.month($1) AS period '
'FROM bank.balance GROUP BY customer_id'')';

-- Names the key: without one it does nothing. The view's reader calls it.
CREATE FUNCTION _tiering.balance_to_hold(key uuid, as_of date, customer_id text,
	bound numeric, pass boolean, reader oid, OUT balance numeric, OUT until date)
AS 'MODULE_PATHNAME', 'balance_to_hold'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION _tiering.balance_to_hold(uuid, date, text, numeric, boolean, oid) IS
'Part of near_upgrade: by the series of the scheme whose key it is, the least balance that '
'brings the customer''s average to the bound, or above it, if it stands from the day after as_of '
'until the last day of the period. The series is asked for the customers whom reader sees. '
'Anything but the key of a binding is an error (42501)';
