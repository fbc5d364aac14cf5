/*
 * How many customers are near a bound, as an assessment left it behind; see reports/near.sql.
 */

CREATE TABLE tiering.near_sum (
	scheme      text COLLATE "C" NOT NULL REFERENCES tiering.scheme,
	tier        text COLLATE "C" NOT NULL,
	may_rise    bigint NOT NULL,
	may_slip    bigint NOT NULL,
	as_of       date NOT NULL,
	recorded_at timestamptz NOT NULL,
	version     int NOT NULL,
	batch       int NOT NULL,
	entry       bigint NOT NULL,
	PRIMARY KEY (scheme, tier)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.near_sum', '');
COMMENT ON TABLE tiering.near_sum IS
'How many customers were near a bound at the end of the last assessment. It holds as long as '
'nothing has come after that, which as_of to entry tell; report() counts them anew otherwise';
COMMENT ON COLUMN tiering.near_sum.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.near_sum.tier IS 'Tier';
COMMENT ON COLUMN tiering.near_sum.may_rise IS
'How many of it are within 10 % of the next tier, by the measure';
COMMENT ON COLUMN tiering.near_sum.may_slip IS
'How many of it are on the watch list, or within 10 % above their bound';
COMMENT ON COLUMN tiering.near_sum.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.near_sum.recorded_at IS 'When it was recorded, as in kept_assessment';
COMMENT ON COLUMN tiering.near_sum.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.near_sum.batch IS 'The last batch of the scheme then; 0: none';
COMMENT ON COLUMN tiering.near_sum.entry IS 'The last entry of watch_history then; 0: none';
