/*
 * What a source yielded for the last assessment, as a digest; see movement/repeat.sql.
 */

CREATE TABLE tiering.source_digest (
	scheme      text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	as_of       date NOT NULL,
	recorded_at timestamptz NOT NULL,
	version     int NOT NULL,
	batch       int NOT NULL,
	entry       bigint NOT NULL,
	digest      bytea NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tiering.source_digest', '');
COMMENT ON TABLE tiering.source_digest IS
'What a source yielded for the last assessment, as sums of hashes: a refresh that is repeated '
'compares the customers whose sums are not the same. It holds as long as nothing has come after '
'the assessment, which as_of to entry tell; all are compared otherwise';
COMMENT ON COLUMN tiering.source_digest.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.source_digest.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.source_digest.recorded_at IS
'When it was recorded, as in kept_assessment';
COMMENT ON COLUMN tiering.source_digest.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.source_digest.batch IS 'The last batch of the scheme then; 0: none';
COMMENT ON COLUMN tiering.source_digest.entry IS
'The last entry of watch_history then; 0: none';
COMMENT ON COLUMN tiering.source_digest.digest IS
'Customers, what they earned and their measures: for each of 4,096 parts of the customers two sums '
'of 64 bits';
