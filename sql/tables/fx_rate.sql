/*
 * Exchange rates
 */

CREATE TABLE tiering.fx_rate (
	currency text COLLATE "C" NOT NULL CHECK (currency <> ''),
	base     text COLLATE "C" NOT NULL CHECK (base <> ''),
	on_date  date NOT NULL CHECK (isfinite(on_date)),
	rate     numeric NOT NULL CHECK (rate > 0 AND rate < 1e12 AND scale(trim_scale(rate)) <= 12),
	PRIMARY KEY (currency, base, on_date),
	CHECK (currency <> base)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.fx_rate', '');
COMMENT ON TABLE tiering.fx_rate IS 'A published exchange rate; the last one counts until the next';
COMMENT ON COLUMN tiering.fx_rate.currency IS 'Currency, such as USD';
COMMENT ON COLUMN tiering.fx_rate.base IS
'The currency of which one unit is worth so many of it, such as EUR';
COMMENT ON COLUMN tiering.fx_rate.on_date IS 'The day for which it was published';
COMMENT ON COLUMN tiering.fx_rate.rate IS 'Units of the currency for one unit of the base';
