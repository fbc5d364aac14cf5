-- Prints doc/reference.md: what the catalogue says of everything in the schema tiering. It is
-- read by psql in a database with the extension, and with the folder of the sources in the
-- variable "root", as test/reference does. The same on all versions of PostgreSQL.

\set QUIET on
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
\pset footer off
\set sources `cd :'root' && awk -f test/reference.awk sql/*.sql sql/*/*.sql src/*.[ch]`

SET search_path = pg_catalog, pg_temp;
LOAD 'tiering';
CREATE TEMPORARY TABLE source AS
SELECT split_part(line, '|', 1) AS what, split_part(line, '|', 2) AS part,
	split_part(line, '|', 4) AS name, CASE WHEN line LIKE 'part|%|function|%'
		THEN to_regprocedure(split_part(line, '|', 4)) END AS function
FROM unnest(string_to_array(:'sources', E'\n')) AS line;

CREATE TEMPORARY TABLE part (part text, place int, title text);
INSERT INTO part VALUES ('averages', 1, 'Periods, daily averages, checks of rows'),
	('series', 2, 'Histories as one value, exchange rates'), ('schemes', 3, 'Schemes'),
	('movement', 4, 'Sources, refreshes, requests, restatements'),
	('history', 5, 'History and evidence'), ('reports', 6, 'Reports'),
	('scale', 7, 'Citus'), ('rights', 8, 'Rights'), ('tables', 9, 'Tables');

CREATE TEMPORARY TABLE state (condition text, state text, meaning text);
INSERT INTO state VALUES
	('bad_copy_file_format', '22P04', 'A line of a CSV says something else'),
	('TI001', 'TI001', 'A refresh would move, add or lose more customers than its limits allow'),
	('TI002', 'TI002', 'The checks of a scheme found errors in the data that a refresh would read'),
	('active_sql_transaction', '25001', 'The transaction has written, which cannot be sent away'),
	('ambiguous_column', '42702', 'A row of metrics has a column twice'),
	('array_subscript_error', '2202E', 'The grid of a matrix does not have the size of its bounds'),
	('cardinality_violation', '21000',
		'Two different balances stand on one day, a calendar has a day twice, or a control yields '
			'several totals'),
	('data_corrupted', 'XX001', 'A stored daily_series is damaged'),
	('data_exception', '22000',
		'Rows contradict each other, a rate is missing, or a value lies in no band of a score'),
	('datatype_mismatch', '42804', 'A column of a query has a type that is not right'),
	('datetime_value_out_of_range', '22008', 'A day is outside of what can be counted'),
	('datum_version_mismatch', '22P07',
		'A type was altered after a row of it was formed: run the statement again'),
	('dependent_objects_still_exist', '2BP01', 'Something still depends on what is to go'),
	('duplicate_object', '42710', 'There is one of that name already'),
	('e_r_i_e_trigger_protocol_violated', '39P01', 'A function for triggers was called otherwise'),
	('feature_not_supported', '0A000',
		'The encoding of the database will not do, or it takes Citus, which is not there'),
	('foreign_key_violation', '23503', 'There is no such tier in the version'),
	('insufficient_privilege', '42501',
		'The right is missing, or it takes somebody else, or it takes the caller in person'),
	('invalid_binary_representation', '22P03', 'Bytes are no value of the type'),
	('invalid_object_definition', '42P17', 'A draft has errors, and cannot be published'),
	('invalid_parameter_value', '22023', 'An argument has a value that it may not have'),
	('invalid_table_definition', '42P16', 'A query reads something temporary'),
	('invalid_text_representation', '22P02', 'A text is no value of the type'),
	('invalid_transaction_termination', '2D000',
		'A procedure that commits is called where it cannot'),
	('lock_not_available', '55P03', 'Another session refreshes or changes the scheme'),
	('no_data_found', 'P0002',
		'There is no such customer or request, a source is empty, or a day is missing'),
	('null_value_not_allowed', '22004', 'An argument, or a value that a query yields, is null'),
	('numeric_value_out_of_range', '22003', 'A number is too large, NaN or infinite'),
	('object_not_in_prerequisite_state', '55000', 'It is not possible as things stand'),
	('program_limit_exceeded', '54000', 'A value or a group would be larger than can be kept'),
	('query_canceled', '57014', 'The statement was cancelled, or took longer than it may'),
	('serialization_failure', '40001', 'It was changed since the transaction began: begin again'),
	('syntax_error', '42601', 'A query is no single SELECT'),
	('undefined_column', '42703', 'A query does not yield a column that is needed'),
	('undefined_object', '42704', 'There is no such scheme, version, tier, preset or role'),
	('undefined_table', '42P01', 'A table is not there, or is not qualified'),
	('unique_violation', '23505', 'A customer comes twice, or a number is not free'),
	('wrong_object_type', '42809', 'It is not a table');

-- A comment's first sentence, and what would be markup in a text
CREATE FUNCTION pg_temp.first_sentence(comment text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN rtrim(substring(comment FROM '^(.*?)(?:\.\s|\.?$)'), '.');
CREATE FUNCTION pg_temp.plain(comment text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN regexp_replace(replace(comment, '|', '\|'),
	'([<>*\[\]]|(?<![a-z0-9])_|_(?![a-z0-9]))', '\\\1', 'g');

-- A comment on a function may end with an example, and what it gives. What is null is left out,
-- so it is put together by ||: format() takes a null for nothing.
CREATE FUNCTION pg_temp.told(comment text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN pg_temp.plain(regexp_replace(comment, '\. Example: .*$', '')) || coalesce(
	E'\n\n```sql\n' || substring(comment FROM '\. Example: (.*?)(?: gives .*)?$') || E';\n```'
		|| coalesce(E'\n\ngives `' || substring(comment FROM '\. Example: .* gives (.*)$')
			|| '`', ''), '');

-- Who may use what: an entry of its access list for everyone, or the rights that have it
CREATE TEMPORARY TABLE granted AS
SELECT r.what, name[1] AS name, rights LIKE 'EXECUTE%' AS is_function
FROM tiering.role_grants() r, regexp_matches(rights, 'tiering\.(\w+)', 'g') AS name;
CREATE FUNCTION pg_temp.who(acl aclitem[], privilege text, name text) RETURNS text
LANGUAGE sql STABLE
RETURN CASE WHEN EXISTS (SELECT FROM aclexplode(acl) a
		WHERE a.grantee = 0 AND a.privilege_type = privilege) THEN 'everyone'
	ELSE coalesce((
		SELECT '`' || string_agg(DISTINCT what, '`, `' ORDER BY what) || '`'
		FROM granted g WHERE g.name = who.name AND g.is_function = (privilege = 'EXECUTE')),
		'the owner') END;

-- Each object: in which part it is, and what is to be printed of it
CREATE TEMPORARY TABLE object AS
SELECT s.part, p.proname::text AS name, 1 AS kind,
	to_char(p.pronargs, '000 ') || pg_get_function_identity_arguments(p.oid) AS args,
	obj_description(p.oid, 'pg_proc') AS comment,
	format(E'`%s(%s)`\n%s. For %s.\n\n%s\n', p.proname, pg_get_function_arguments(p.oid),
		CASE p.prokind WHEN 'p' THEN 'Procedure, to CALL' ELSE format('→ `%s`%s',
			pg_get_function_result(p.oid), CASE p.prokind WHEN 'a' THEN ', aggregate' ELSE '' END)
			END,
		pg_temp.who(p.proacl, 'EXECUTE', p.proname),
		pg_temp.told(obj_description(p.oid, 'pg_proc'))) AS text
FROM pg_proc p LEFT JOIN source s ON s.function = p.oid
WHERE p.pronamespace = 'tiering'::regnamespace
UNION ALL
SELECT s.part, c.relname, 0, '', coalesce(obj_description(c.oid, 'pg_class'),
		obj_description(c.reltype, 'pg_type')),
	format(E'%s. For %s.\n\n%s\n\n| column | type | |\n|---|---|---|\n%s\n',
		CASE c.relkind WHEN 'v' THEN 'View' WHEN 'c' THEN 'Type, a row' ELSE 'Table' END,
		CASE c.relkind WHEN 'c' THEN 'everyone' ELSE pg_temp.who(c.relacl, 'SELECT', c.relname) END,
		pg_temp.plain(coalesce(obj_description(c.oid, 'pg_class'),
			obj_description(c.reltype, 'pg_type'))), (
		SELECT string_agg(format('| `%s` | `%s` | %s |', a.attname,
				format_type(a.atttypid, a.atttypmod),
				pg_temp.plain(col_description(c.oid, a.attnum))), E'\n' ORDER BY a.attnum)
		FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
FROM pg_class c LEFT JOIN source s ON s.name = 'tiering.' || c.relname AND s.what = 'part'
WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind IN ('r', 'v', 'c', 'p')
	AND NOT c.relispartition
UNION ALL
SELECT DISTINCT s.part, t.typname, -1, '', obj_description(t.oid, 'pg_type'),
	format(E'Type. For everyone.\n\n%s\n', pg_temp.plain(obj_description(t.oid, 'pg_type')))
FROM pg_type t LEFT JOIN source s ON s.name = 'tiering.' || t.typname
WHERE t.typnamespace = 'tiering'::regnamespace AND t.typtype = 'b' AND t.typelem = 0;

-- What has one name is told in one place, that of the first
CREATE TEMPORARY TABLE entry AS
SELECT (array_agg(o.part ORDER BY p.place, o.kind))[1] AS part, min(p.place) AS place, o.name,
	(array_agg(pg_temp.first_sentence(o.comment) ORDER BY p.place, o.kind, o.args COLLATE "C"))[1]
		AS first_sentence,
	string_agg(o.text, E'\n' ORDER BY p.place, o.kind, o.args COLLATE "C") AS text
FROM object o LEFT JOIN part p USING (part)
GROUP BY o.name;

-- Nothing is left out without a word
DO $$
DECLARE
	missing text;
BEGIN
	SELECT string_agg(what, ', ' ORDER BY what) INTO missing
	FROM (
		SELECT 'a part in sql/ of ' || name AS what FROM object WHERE part IS NULL
		UNION ALL
		SELECT 'a comment on ' || name FROM object WHERE comment IS NULL
		UNION ALL
		SELECT format('a comment on %s.%s', a.attrelid::regclass, a.attname)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind IN ('r', 'v', 'c', 'p')
			AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
			AND col_description(c.oid, a.attnum) IS NULL
		UNION ALL
		SELECT DISTINCT 'a meaning of ' || s.part FROM source s
		WHERE s.what = 'error' AND s.part NOT IN (SELECT condition FROM state)) m;
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'the reference needs %', missing;
	END IF;
END;
$$;

\qecho '# Reference\n'
\qecho 'All that is in the schema `tiering`: functions, aggregates, views, tables, types,'
\qecho 'operators, settings and SQLSTATEs. `make doc` makes it from the comments in the catalogue,'
\qecho 'which `\\df+`, `\\d+` and `\\dT+` in psql show, too. The [guides](README.md) say what it is'
\qecho 'for.\n'

SELECT format(E'- [%s](#%s)', title, replace(lower(replace(title, ',', '')), ' ', '-'))
FROM part ORDER BY place;
\qecho '- [Operators and casts](#operators-and-casts)'
\qecho '- [Settings](#settings)'
\qecho '- [SQLSTATEs](#sqlstates)'

SELECT format(E'\n## %s\n\n| | |\n|---|---|\n%s\n\n%s', title, (
		SELECT string_agg(
			format('| [`%1$s`](#%1$s) | %2$s |', name, pg_temp.plain(first_sentence)),
			E'\n' ORDER BY name COLLATE "C")
		FROM entry e WHERE e.part = p.part), (
		SELECT string_agg(format(E'### `%s`\n\n%s', name, text), E'\n' ORDER BY name COLLATE "C")
		FROM entry e WHERE e.part = p.part))
FROM part p ORDER BY place;

\qecho '## Operators and casts\n'
\qecho 'They lie in the schema `tiering`: put it on the `search_path`, or write'
\qecho '`OPERATOR(tiering.+)`.\n'
\qecho '| operator | |'
\qecho '|---|---|'
SELECT format('| `%s%s %s` → `%s` | %s |',
	nullif(o.oprleft, 0)::regtype || ' ', o.oprname, o.oprright::regtype, o.oprresult::regtype,
	pg_temp.plain(obj_description(o.oid, 'pg_operator')))
FROM pg_operator o WHERE o.oprnamespace = 'tiering'::regnamespace
ORDER BY o.oprname COLLATE "C", o.oprleft::regtype::text COLLATE "C";
SELECT format('| cast of `%s` to `%s` | %s |', castsource::regtype, casttarget::regtype,
	pg_temp.plain(obj_description(c.oid, 'pg_cast')))
FROM pg_cast c
WHERE 'tiering'::regnamespace IN (
	SELECT typnamespace FROM pg_type t WHERE t.oid IN (c.castsource, c.casttarget))
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

\qecho '\n## Settings\n'
\qecho '| setting | unless it is set | |'
\qecho '|---|---|---|'
SELECT format('| `%s` | `%s` | %s %s |', name, boot_val, pg_temp.plain(short_desc),
	pg_temp.plain(extra_desc))
FROM pg_settings WHERE name LIKE 'tiering.%' ORDER BY name COLLATE "C";

\qecho '\n## SQLSTATEs\n'
\qecho 'Those that the extension raises itself. Each message quotes the value that it is about,'
\qecho 'and has a hint if there is a way out: [troubleshooting.md](troubleshooting.md).\n'
\qecho '| SQLSTATE | condition | what it means here |'
\qecho '|---|---|---|'
SELECT format('| %s | `%s` | %s |', state, condition, meaning)
FROM state WHERE condition IN (SELECT part FROM source WHERE what = 'error')
ORDER BY state COLLATE "C", condition;
