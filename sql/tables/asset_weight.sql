/*
 * At which proportion a class of assets counts towards the measure
 */

CREATE TABLE tiering.asset_weight (
	scheme      text COLLATE "C" NOT NULL,
	version     int NOT NULL,
	asset_class text COLLATE "C" NOT NULL CHECK (asset_class <> ''),
	weight      numeric NOT NULL
	            CHECK (weight NOT IN ('NaN', 'Infinity', '-Infinity')),
	PRIMARY KEY (scheme, version, asset_class),
	FOREIGN KEY (scheme, version) REFERENCES tiering.scheme_version ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('tiering.asset_weight', '');
COMMENT ON TABLE tiering.asset_weight IS 'At which proportion a class of assets counts';
COMMENT ON COLUMN tiering.asset_weight.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.asset_weight.version IS 'Its edition';
COMMENT ON COLUMN tiering.asset_weight.asset_class IS
'The class as the bank names it, such as deposit, fund, loan';
COMMENT ON COLUMN tiering.asset_weight.weight IS
'By what a balance of the class is multiplied; 0 leaves it out, a negative weight subtracts it';
