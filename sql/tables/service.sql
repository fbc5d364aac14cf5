/*
 * What a tier entitles to, and how many people that takes.
 */

CREATE TABLE tiering.service (
	scheme                text COLLATE "C" NOT NULL,
	version               int NOT NULL,
	tier                  text COLLATE "C" NOT NULL,
	channel               text NOT NULL DEFAULT '',
	channel_zh            text NOT NULL DEFAULT '',
	customers_per_manager int4range
	                      CHECK (NOT isempty(customers_per_manager)
	                      	AND NOT lower_inf(customers_per_manager)
	                      	AND NOT upper_inf(customers_per_manager)
	                      		AND lower(customers_per_manager) >= 1),
	benefits              text NOT NULL DEFAULT '',
	benefits_zh           text NOT NULL DEFAULT '',
	PRIMARY KEY (scheme, version, tier),
	FOREIGN KEY (scheme, version, tier) REFERENCES tiering.tier ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('tiering.service', '');
COMMENT ON TABLE tiering.service IS
'How customers of a tier are served, what they get, and how many of them a manager has';
COMMENT ON COLUMN tiering.service.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.service.version IS 'Its edition';
COMMENT ON COLUMN tiering.service.tier IS 'Tier';
COMMENT ON COLUMN tiering.service.channel IS 'Where and by whom they are served';
COMMENT ON COLUMN tiering.service.channel_zh IS 'The same in Chinese';
COMMENT ON COLUMN tiering.service.customers_per_manager IS
'How many of them one relationship manager looks after, from and to, such as [30,200]; null where '
'they have none';
COMMENT ON COLUMN tiering.service.benefits IS 'What they get, or the strategy for them';
COMMENT ON COLUMN tiering.service.benefits_zh IS 'The same in Chinese';
