/*
 * Classifying. A metric that is null meets no condition. If no tier takes the
 * customer, which a published scheme must have declared possible, the result is
 * null. Errors: unknown scheme, no version in force on the day or of that number
 * (42704); null scheme, as_of or version (22004); a metric that is NaN or infinite
 * (22003); a row that lacks a column the scheme grades by (42703), has several of
 * that name (42702) or has it with a wrong type (42804); a single value for a
 * scheme with several metrics (22023).
 */

-- What the planner makes of a call with a row of which it knows the columns: they
-- are passed as they are, with their names, and no row has to be formed.
CREATE FUNCTION _tiering.classify_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'classify_support'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1;
COMMENT ON FUNCTION _tiering.classify_support(internal) IS
'Planner support: makes classify(scheme, m) classify_columns(scheme, names, column, ...)';

CREATE FUNCTION _tiering.classify_columns(scheme text, names text[], VARIADIC columns "any")
	RETURNS text
AS 'MODULE_PATHNAME', 'classify_columns'
LANGUAGE C STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION _tiering.classify_columns(text, text[], VARIADIC "any") IS
'What the planner makes of classify(scheme, m), m''s columns instead of m';

CREATE FUNCTION _tiering.classify_columns_on(scheme text, as_of date, names text[],
	VARIADIC columns "any") RETURNS text
AS 'MODULE_PATHNAME', 'classify_columns_on'
LANGUAGE C STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION _tiering.classify_columns_on(text, date, text[], VARIADIC "any") IS
'What the planner makes of classify(scheme, m, as_of), m''s columns instead of m';

CREATE FUNCTION _tiering.classify_columns_version(scheme text, version int, names text[],
	VARIADIC columns "any") RETURNS text
AS 'MODULE_PATHNAME', 'classify_columns_version'
LANGUAGE C STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION _tiering.classify_columns_version(text, int, text[], VARIADIC "any") IS
'What the planner makes of classify_version(scheme, m, version), m''s columns instead of m';

CREATE FUNCTION tiering.classify(scheme text, value numeric) RETURNS text
AS 'MODULE_PATHNAME', 'classify_value'
LANGUAGE C STABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.classify(text, numeric) IS
'The tier of a value by the scheme''s version in force today, for a scheme with one metric. '
'Example: SELECT tiering.classify(''retail'', 50000) gives gold';

CREATE FUNCTION tiering.classify(scheme text, value numeric, as_of date) RETURNS text
AS 'MODULE_PATHNAME', 'classify_value'
LANGUAGE C STABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.classify(text, numeric, date) IS
'The tier of a value by the scheme''s version in force on as_of, for a scheme with one metric. '
'Example: SELECT tiering.classify(''retail'', 49999.99, ''2026-03-31'') gives mass';

CREATE FUNCTION tiering.classify(scheme text, m record) RETURNS text
AS 'MODULE_PATHNAME', 'classify_row'
LANGUAGE C STABLE PARALLEL SAFE COST 5 SUPPORT _tiering.classify_support;
COMMENT ON FUNCTION tiering.classify(text, record) IS
'The tier of a row whose columns bear the metrics'' names, by the scheme''s version in force '
'today. Example: SELECT tiering.classify(''retail'', m) FROM (SELECT 50000.00 AS '
'daily_avg_balance) m gives gold';

CREATE FUNCTION tiering.classify(scheme text, m record, as_of date) RETURNS text
AS 'MODULE_PATHNAME', 'classify_row'
LANGUAGE C STABLE PARALLEL SAFE COST 5 SUPPORT _tiering.classify_support;
COMMENT ON FUNCTION tiering.classify(text, record, date) IS
'The tier of a row whose columns bear the metrics'' names, by the scheme''s version in force on '
'as_of. Example: SELECT tiering.classify(''retail'', m, ''2026-03-31'') FROM (SELECT 50000.00 AS '
'daily_avg_balance) m gives gold';

CREATE FUNCTION tiering.classify_held(scheme text, m record, as_of date, held text) RETURNS text
AS 'MODULE_PATHNAME', 'classify_held'
LANGUAGE C STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION tiering.classify_held(text, record, date, text) IS
'The tier of a row for a customer who is in a tier already, with the rules for staying. These '
'count for that tier, held, and those below it. It may be null. Errors are those of classify(). '
'Example: SELECT tiering.classify_held(''retail'', m, ''2026-03-31'', ''gold'') FROM (SELECT '
'49000 AS daily_avg_balance) m gives mass';

-- By a version's number and not by a date, which is how a draft is tried out.
CREATE FUNCTION tiering.classify_version(scheme text, value numeric, version int) RETURNS text
AS 'MODULE_PATHNAME', 'classify_version_value'
LANGUAGE C STABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.classify_version(text, numeric, int) IS
'The tier of a value by a version of the scheme, a draft or not, for a scheme with one metric. '
'Example: SELECT tiering.classify_version(''retail'', 45000, 2) gives gold';

CREATE FUNCTION tiering.classify_version(scheme text, m record, version int) RETURNS text
AS 'MODULE_PATHNAME', 'classify_version_row'
LANGUAGE C STABLE PARALLEL SAFE COST 5 SUPPORT _tiering.classify_support;
COMMENT ON FUNCTION tiering.classify_version(text, record, int) IS
'The tier of a row whose columns bear the metrics'' names, by a version of the scheme, a draft or '
'not. Example: SELECT tiering.classify_version(''retail'', m, 2) FROM (SELECT 45000 AS '
'daily_avg_balance) m gives gold';

CREATE FUNCTION tiering.classify_held_version(scheme text, m record, version int, held text)
	RETURNS text
AS 'MODULE_PATHNAME', 'classify_held_version'
LANGUAGE C STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION tiering.classify_held_version(text, record, int, text) IS
'The same as classify_held(), by a version of the scheme, a draft or not. Example: SELECT '
'tiering.classify_held_version(''retail'', m, 2, ''gold'') FROM (SELECT 45000 AS '
'daily_avg_balance) m gives gold';
