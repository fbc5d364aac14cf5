/*
 * What a bound may be. The tables of rules and of bands ask it of every row.
 */

-- Bounds are compared as integers of 10^-8, exactly; see DecimalKey in
-- src/decimal.h.
CREATE FUNCTION _tiering.bounds_fit(bounds numrange) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
RETURN NOT isempty(bounds)
	AND abs(COALESCE(lower(bounds), 0)) < 1e28
		AND scale(trim_scale(COALESCE(lower(bounds), 0))) <= 8
	AND abs(COALESCE(upper(bounds), 0)) < 1e28
		AND scale(trim_scale(COALESCE(upper(bounds), 0))) <= 8;
COMMENT ON FUNCTION _tiering.bounds_fit(numrange) IS
'Whether bounds are those of a condition: not empty, and of at most 28 digits before the point and '
'8 behind';
