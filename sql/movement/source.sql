/*
 * Sources: the bank's own queries, one for a scheme's metrics and one, if there
 * are any, for the histories behind its measure. One runs with the rights of the
 * role that set it, with search_path = pg_catalog, pg_temp, and with the time zone
 * and the order of dates of when it was set, whoever has it run, so that it means
 * the same for everyone; names in it must be qualified.
 */

CREATE TABLE tiering.source (
	scheme          text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	query           text NOT NULL,
	set_by          regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at          timestamptz NOT NULL DEFAULT now(),
	time_zone       text NOT NULL DEFAULT current_setting('TimeZone'),
	date_style      text NOT NULL DEFAULT current_setting('DateStyle'),
	refreshed_as_of date,
	refreshed_at    timestamptz
);
SELECT pg_catalog.pg_extension_config_dump('tiering.source', '');
COMMENT ON TABLE tiering.source IS 'Where a scheme''s metrics come from';
COMMENT ON COLUMN tiering.source.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.source.query IS
'A SELECT that yields customer_id and the scheme''s metrics for the date $1';
COMMENT ON COLUMN tiering.source.set_by IS 'The role that set it, with whose rights it runs, also when it is renamed';
COMMENT ON COLUMN tiering.source.set_at IS 'When it was set';
COMMENT ON COLUMN tiering.source.time_zone IS
'The time zone in which it runs, by which a time becomes a day: that of the session that set it';
COMMENT ON COLUMN tiering.source.date_style IS
'The DateStyle with which it runs, by which a text such as 01/02/2026 becomes a day: that of the session that set it';
COMMENT ON COLUMN tiering.source.refreshed_as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.source.refreshed_at IS 'When a refresh last changed anything';

-- Who can read a key has the query run, with its setter's rights: see src/holding.c.
CREATE TABLE tiering.series_source (
	scheme text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	query  text NOT NULL,
	set_by regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at timestamptz NOT NULL DEFAULT now(),
	time_zone text NOT NULL DEFAULT current_setting('TimeZone'),
	date_style text NOT NULL DEFAULT current_setting('DateStyle'),
	key    uuid NOT NULL UNIQUE DEFAULT gen_random_uuid()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.series_source', '');
COMMENT ON TABLE tiering.series_source IS 'Where the histories of a scheme''s customers come from';
COMMENT ON COLUMN tiering.series_source.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.series_source.query IS
'A SELECT that yields customer_id, balances and period for the date $1';
COMMENT ON COLUMN tiering.series_source.set_by IS 'The role that set it, with whose rights it runs, also when it is renamed';
COMMENT ON COLUMN tiering.series_source.set_at IS 'When it was set';
COMMENT ON COLUMN tiering.series_source.time_zone IS
'The time zone in which it runs, by which a time becomes a day: that of the session that set it';
COMMENT ON COLUMN tiering.series_source.date_style IS
'The DateStyle with which it runs, by which a text such as 01/02/2026 becomes a day: that of the session that set it';
COMMENT ON COLUMN tiering.series_source.key IS
'What near_upgrade has the query run by. Who can read it can do so, too: grant nobody SELECT on it';

-- Not a definer's function: it asks who is writing.
CREATE FUNCTION tiering.check_setter() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND NEW.scheme <> OLD.scheme THEN
		RAISE EXCEPTION 'the source of scheme "%" cannot become that of "%"', OLD.scheme, NEW.scheme
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF NOT pg_has_role(current_user, NEW.set_by, 'USAGE') THEN
		RAISE EXCEPTION 'role "%" cannot set a source that runs with the rights of "%"', current_user, NEW.set_by
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION tiering.check_setter() IS
'Trigger on source and series_source: a source can be set only for a role whose rights one has (42501), and stays with its scheme';
CREATE TRIGGER check_setter BEFORE INSERT OR UPDATE OF scheme, query, set_by ON tiering.source
	FOR EACH ROW EXECUTE FUNCTION tiering.check_setter();
COMMENT ON TRIGGER check_setter ON tiering.source IS 'Nobody lends himself rights';
CREATE TRIGGER check_setter BEFORE INSERT OR UPDATE OF scheme, query, set_by ON tiering.series_source
	FOR EACH ROW EXECUTE FUNCTION tiering.check_setter();
COMMENT ON TRIGGER check_setter ON tiering.series_source IS 'Nobody lends himself rights';

-- It reads a bank, and what is joined to its rows is worth compiling for a large one.
CREATE FUNCTION tiering.source_rows(scheme text, as_of date) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'source_rows'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 30000000 ROWS 100000;
COMMENT ON FUNCTION tiering.source_rows(text, date) IS
'The rows of a scheme''s source for a date, with the columns that the caller lists; runs with the rights of the role that set it. Not for PUBLIC';

CREATE FUNCTION tiering.source_rows(scheme text, as_of date, customers text[]) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'source_rows'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1000;
COMMENT ON FUNCTION tiering.source_rows(text, date, text[]) IS
'The same for some customers only; null: for all';

CREATE FUNCTION tiering.source_check(scheme text, query text, series boolean) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'source_check'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 ROWS 1
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tiering.source_check(text, text, boolean) IS
'Checks, with the caller''s own rights, that a query can be the source, or the series, of a scheme and yields the columns that the caller lists; returns no rows';

CREATE FUNCTION tiering.source_columns(scheme text, version int) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT 'customer_id text COLLATE "C"' || COALESCE(string_agg(
		format(', %I %s', m.metric, CASE m.kind WHEN 'boolean' THEN 'boolean' ELSE 'numeric' END),
		'' ORDER BY m.metric), '')
	FROM tiering.metric m
	WHERE m.scheme = source_columns.scheme AND m.version = source_columns.version
		AND m.kind <> 'score';
END;
COMMENT ON FUNCTION tiering.source_columns(text, int) IS
'The column list that a source has to fill for a version of a scheme';

CREATE FUNCTION tiering.checked_query(scheme text, query text, series boolean, columns text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bare text := rtrim(query, E'; \t\r\n');
	noun text := CASE WHEN series THEN 'series' ELSE 'source' END;
BEGIN
	IF COALESCE(bare, '') = '' THEN
		RAISE EXCEPTION 'the % of scheme "%" must be a query', noun, scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF bare ~* '[[:<:]]pg_temp' THEN
		RAISE EXCEPTION 'the % of scheme "%" must not name pg_temp', noun, scheme
			USING ERRCODE = 'invalid_table_definition',
			HINT = 'What is temporary is another session''s for another session.';
	END IF;
	BEGIN
		EXECUTE format('SELECT FROM tiering.source_check(%L, %L, %L) AS m(%s)', scheme, bare, series, columns);
	EXCEPTION WHEN undefined_table THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = SQLERRM,
			HINT = format('A %s runs with search_path = pg_catalog, pg_temp: qualify its tables with their schemas.', noun);
	END;
	RETURN bare;
END;
$$;
COMMENT ON FUNCTION tiering.checked_query(text, text, boolean, text) IS
'Part of set_source() and set_series(): the query as it is kept, if it can be one';

CREATE FUNCTION tiering.set_source(scheme text, query text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO tiering.source (scheme, query)
	VALUES (set_source.scheme, tiering.checked_query(scheme, query, false,
		tiering.source_columns(scheme, tiering.newest_version(scheme))))
	ON CONFLICT ON CONSTRAINT source_pkey
	DO UPDATE SET query = EXCLUDED.query, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at,
		time_zone = EXCLUDED.time_zone, date_style = EXCLUDED.date_style;
END;
$$;
COMMENT ON FUNCTION tiering.set_source(text, text) IS
'Binds a scheme to a query that yields customer_id and the metrics of the newest version for the date $1: with tiering.month($1) for refreshes at the ends of months, with tiering.month_to_date($1) for any day. Its columns are checked at once: a missing one (42703), a wrong type (42804), a name that is not qualified (42P01) are errors';

CREATE FUNCTION tiering.set_series(scheme text, query text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme);
	IF query IS NULL THEN
		DELETE FROM tiering.series_source s WHERE s.scheme = set_series.scheme;
	ELSE
		INSERT INTO tiering.series_source (scheme, query)
		VALUES (set_series.scheme, tiering.checked_query(scheme, query, true,
			'customer_id text COLLATE "C", balances tiering.daily_series, period daterange'))
		ON CONFLICT ON CONSTRAINT series_source_pkey
		DO UPDATE SET query = EXCLUDED.query, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at,
			time_zone = EXCLUDED.time_zone, date_style = EXCLUDED.date_style;
	END IF;
END;
$$;
COMMENT ON FUNCTION tiering.set_series(text, text) IS
'Binds a scheme to a query that yields for each customer, once, the daily_series behind the measure as balances, and as period the days whose average the assessment after the date $1 will take: tiering.month($1 + 1) if that is the month''s. near_upgrade tells by it what to hold. A null unbinds. Its columns are checked as set_source() does';

-- Names the key: without one it does nothing. The view's reader calls it.
CREATE FUNCTION tiering.balance_to_hold(key uuid, as_of date, customer_id text, bound numeric, pass boolean,
	OUT balance numeric, OUT until date)
AS 'MODULE_PATHNAME', 'balance_to_hold'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10;
COMMENT ON FUNCTION tiering.balance_to_hold(uuid, date, text, numeric, boolean) IS
'Part of near_upgrade: by the series of the scheme whose key it is, the least balance that brings the customer''s average to the bound, or above it, if it stands from the day after as_of until the last day of the period. Anything but the key of a binding is an error (42501)';
