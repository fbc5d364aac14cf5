/*
 * The archive: batches of long ago, with their moves, in a schema of their own. Its tables
 * inherit from those of the record: who reads the record reads the archive, too, and no
 * answer is another one for it. ONLY tiering.migration is what was not handed over.
 */

CREATE TABLE tiering_archive.batch (PRIMARY KEY (scheme, batch)) INHERITS (tiering.batch);
CREATE TABLE tiering_archive.superseded (PRIMARY KEY (move)) INHERITS (tiering.superseded);
CREATE TABLE tiering_archive.migration (PRIMARY KEY (move)) INHERITS (tiering.migration);
-- those of the record: an index is not inherited
CREATE INDEX batch_void ON tiering_archive.batch (scheme, batch) WHERE kind = 'void';
CREATE INDEX superseded_batch ON tiering_archive.superseded (scheme, batch);
CREATE INDEX superseded_move ON tiering_archive.superseded (scheme, move);
CREATE INDEX migration_customer ON tiering_archive.migration (scheme, customer_id, as_of, move);
CREATE INDEX migration_as_of ON tiering_archive.migration USING brin (as_of);
-- what is verified, or brought back, begins with a batch
CREATE INDEX migration_batch ON tiering_archive.migration (scheme, batch);
CREATE INDEX migration_dated ON tiering_archive.migration (scheme) WHERE as_of <> assessed;
CREATE INDEX migration_by_customer ON tiering_archive.migration
	USING hash (customer_id COLLATE "default");
SELECT pg_catalog.pg_extension_config_dump('tiering_archive.batch', '');
SELECT pg_catalog.pg_extension_config_dump('tiering_archive.superseded', '');
SELECT pg_catalog.pg_extension_config_dump('tiering_archive.migration', '');
COMMENT ON TABLE tiering_archive.batch IS
'The part of tiering.batch that archive_moves() has handed over';
COMMENT ON TABLE tiering_archive.superseded IS
'The part of tiering.superseded that archive_moves() has handed over';
COMMENT ON TABLE tiering_archive.migration IS
'The part of tiering.migration that archive_moves() has handed over';
COMMENT ON INDEX tiering_archive.migration_by_customer IS
'For views that are asked for one customer';

CREATE TABLE tiering.checkpoint (
	scheme     text COLLATE "C" NOT NULL,
	sealed_by  int NOT NULL,
	before     date NOT NULL,
	batch      int NOT NULL CHECK (batch >= 0),
	moves      bigint NOT NULL,
	superseded bigint NOT NULL,
	seal       bytea,
	PRIMARY KEY (scheme, sealed_by),
	CHECK ((batch = 0) = (seal IS NULL))
);
SELECT pg_catalog.pg_extension_config_dump('tiering.checkpoint', '');
COMMENT ON TABLE tiering.checkpoint IS
'Up to where batches are in the archive; see archive_moves(). The last one of a scheme counts. '
'Rows are added only';
COMMENT ON COLUMN tiering.checkpoint.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.checkpoint.sealed_by IS
'The batch that seals this row; it tells when and by whom the archive was made so';
COMMENT ON COLUMN tiering.checkpoint.before IS
'The day before which assessments are not made again: what is in the archive is about days before '
'it';
COMMENT ON COLUMN tiering.checkpoint.batch IS
'The last batch in the archive: all up to it are there, and none after it; 0: none is there';
COMMENT ON COLUMN tiering.checkpoint.moves IS 'How many moves these have';
COMMENT ON COLUMN tiering.checkpoint.superseded IS 'How many rows of superseded these have';
COMMENT ON COLUMN tiering.checkpoint.seal IS
'The seal of the last batch in the archive, from which those after it are verified; null if none '
'is there';
