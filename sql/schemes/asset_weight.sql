/*
 * At which proportion a class of assets counts towards the measure: deposits 1,
 * loans 0, 0.3 or -1, as the bank has it. A source multiplies by it.
 */

CREATE FUNCTION tiering.asset_weight(scheme text, asset_class text) RETURNS numeric
AS 'MODULE_PATHNAME', 'asset_weight'
LANGUAGE C STABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.asset_weight(text, text) IS
'The weight of an asset class in the scheme''s version in force today. A class that has none there '
'is an error that names it (42704), as are an unknown scheme and one with no version in force '
'(42704), and nulls (22004). Example: SELECT tiering.asset_weight(''ccb_stars'', ''fund'') gives '
'0.5';

CREATE FUNCTION tiering.asset_weight(scheme text, asset_class text, as_of date) RETURNS numeric
AS 'MODULE_PATHNAME', 'asset_weight'
LANGUAGE C STABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION tiering.asset_weight(text, text, date) IS
'The weight of an asset class in the scheme''s version in force on as_of; errors as those of the '
'other form. Example: SELECT tiering.asset_weight(''ccb_stars'', ''fund'', ''2026-03-31'') gives '
'0.5';
