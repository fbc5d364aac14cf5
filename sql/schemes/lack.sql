/*
 * What is missing to a higher tier. It is worked out in src/shortfall.c, for explain(), for
 * shortfall() and for whatever else tells of it.
 */

CREATE TYPE _tiering.lack AS (
	customer_id        text,
	tier               text,
	rank               int,
	above              int,
	rule               int,
	metric             text,
	value              numeric,
	bound              numeric,
	distance           numeric,
	distance_percent   numeric,
	rule_percent       numeric,
	conditions_missing int,
	open               boolean
);
COMMENT ON TYPE _tiering.lack IS
'One change of a metric that a rule of a higher tier takes. rank is that of the tier; above: who '
'holds a tier of this rank or a higher one, but none of the tier''s rank, has this tier next; '
'null: so has everyone below. bound is what the value has to reach, or to pass if the rule '
'leaves it out; distance: by how much it has to rise, or to fall if negative. Per cents are of '
'the bound, whatever the sign, rounded to 4 decimals; null if the value is not known or the '
'bound is 0. rule_percent is the greatest of the rule''s, conditions_missing how many '
'there are; open: the bound itself does not do';

CREATE FUNCTION _tiering.shortfall_rows(scheme text, as_of date, version int)
RETURNS SETOF _tiering.lack
AS 'MODULE_PATHNAME', 'shortfall_rows'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;
COMMENT ON FUNCTION _tiering.shortfall_rows(text, date, int) IS
'What the customers of a scheme''s source lack on a day to each tier above the one that they '
'earn by a version of the scheme, of those that can be reached by metrics that are actionable. '
'Errors are those of graded_rows()';

CREATE FUNCTION _tiering.shortfall_rows(scheme text, as_of date, version int, customers text[],
	within bigint) RETURNS SETOF _tiering.lack
AS 'MODULE_PATHNAME', 'shortfall_rows'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100;
COMMENT ON FUNCTION _tiering.shortfall_rows(text, date, int, text[], bigint) IS
'The same for some customers only, null: for all; and only of rules of which no change is of more '
'than that many 10^-4 per cent, null: of all';

CREATE FUNCTION _tiering.shortfall_of(scheme text, version int, metrics text[], amounts numeric[])
RETURNS SETOF _tiering.lack
AS 'MODULE_PATHNAME', 'shortfall_of'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 ROWS 10;
COMMENT ON FUNCTION _tiering.shortfall_of(text, int, text[], numeric[]) IS
'The same of one customer, of whom these metrics are known, a boolean as 1 or 0; customer_id is '
'null. Errors: unknown scheme or version (42704), an amount that is NaN or infinite (22003)';

CREATE FUNCTION _tiering.least_to_stay(scheme text, version int, metrics text[], amounts numeric[],
	rank int, OUT bound numeric, OUT open boolean)
AS 'MODULE_PATHNAME', 'least_to_stay'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION _tiering.least_to_stay(text, int, text[], numeric[], int) IS
'The least measure with which who holds a tier of a rank earns that or a higher one, all else '
'being as it is; open: it has to be passed. Null if there is none: they stay whatever it is, or '
'fall. Errors are those of shortfall_of()';

-- Not STRICT: a rank may not be known.
CREATE FUNCTION _tiering.tier_of(scheme text, version int, metrics text[], amounts numeric[],
	rank int) RETURNS text
AS 'MODULE_PATHNAME', 'tier_of'
LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION _tiering.tier_of(text, int, text[], numeric[], int) IS
'The tier that metrics earn by a version of a scheme for who holds a tier of a rank; null: for who '
'holds none. Null if no tier takes them, or if the metrics are. Errors are those of shortfall_of()';
