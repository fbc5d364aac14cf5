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

CREATE TABLE tiering.fx_max_age (
	currency text COLLATE "C" PRIMARY KEY CHECK (currency <> ''),
	max_age  int NOT NULL CHECK (max_age BETWEEN 0 AND 36525)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.fx_max_age', '');
COMMENT ON TABLE tiering.fx_max_age IS
'For how long rates of a currency count, where that is not what fx_rate() and fx_series() are '
'told: a currency whose market is shut for two weeks, or one that ended at a rate that is fixed '
'for ever';
COMMENT ON COLUMN tiering.fx_max_age.currency IS 'Currency of the rates, as in fx_rate.currency';
COMMENT ON COLUMN tiering.fx_max_age.max_age IS
'How many days old a rate may be; 36525, a hundred years, is for ever';
