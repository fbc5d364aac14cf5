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

CREATE TABLE tiering.benefit (
	scheme    text COLLATE "C" NOT NULL,
	version   int NOT NULL,
	tier      text COLLATE "C" NOT NULL,
	benefit   text COLLATE "C" NOT NULL CHECK (benefit <> ''),
	title     text NOT NULL DEFAULT '',
	title_zh  text NOT NULL DEFAULT '',
	kind      text COLLATE "C" NOT NULL CHECK (kind IN ('waiver', 'rate', 'quantity', 'access')),
	value     numeric CHECK (value >= 0 AND value < 'Infinity'),
	unit      text NOT NULL DEFAULT '',
	unit_cost numeric CHECK (unit_cost >= 0 AND unit_cost < 'Infinity'),
	inherited boolean NOT NULL DEFAULT false,
	PRIMARY KEY (scheme, version, tier, benefit),
	FOREIGN KEY (scheme, version, tier) REFERENCES tiering.tier ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('tiering.benefit', '');
COMMENT ON TABLE tiering.benefit IS
'What each customer of a tier gets, one by one, so that it can be counted and costed';
COMMENT ON COLUMN tiering.benefit.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.benefit.version IS 'Its edition';
COMMENT ON COLUMN tiering.benefit.tier IS 'Tier';
COMMENT ON COLUMN tiering.benefit.benefit IS
'Name, which is the same where another tier has more of it, or less';
COMMENT ON COLUMN tiering.benefit.title IS 'Title in reports';
COMMENT ON COLUMN tiering.benefit.title_zh IS 'The same in Chinese';
COMMENT ON COLUMN tiering.benefit.kind IS
'waiver: a fee that is not charged; rate: a better rate of interest or of a fee; quantity: so many '
'of something; access: what is open to them';
COMMENT ON COLUMN tiering.benefit.value IS
'How much of it a customer gets, in unit; null where it is there or not, which counts as 1';
COMMENT ON COLUMN tiering.benefit.unit IS 'Of what value is a number, such as visits a year';
COMMENT ON COLUMN tiering.benefit.unit_cost IS
'What one unit costs the bank, in its currency; null if that is not known';
COMMENT ON COLUMN tiering.benefit.inherited IS
'Whether tiers of a higher rank have it, too; see tier_benefit';
