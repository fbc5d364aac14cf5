/*
 * What the view migration_matrix shows, as far as it is worked out. It follows from the
 * record, and is made anew where that has changed; see movement/matrix.sql.
 */

CREATE TABLE tiering.matrix_cell (
	scheme       text COLLATE "C" NOT NULL,
	as_of        date NOT NULL,
	from_tier    text COLLATE "C",
	to_tier      text COLLATE "C",
	direction    text COLLATE "C" NOT NULL,
	from_rank    int,
	to_rank      int,
	customers    bigint NOT NULL,
	measure_from numeric,
	measure_to   numeric
);
CREATE INDEX matrix_cell_as_of ON tiering.matrix_cell (scheme, as_of);
-- rows have no key, and a subscriber is told of those that are deleted by all of it
ALTER TABLE tiering.matrix_cell REPLICA IDENTITY FULL;
SELECT pg_catalog.pg_extension_config_dump('tiering.matrix_cell', '');
COMMENT ON TABLE tiering.matrix_cell IS
'From which tier to which customers went on a day, and who stayed. Only days before that of '
'matrix_due are up to date. Read the view migration_matrix, which has the others, too';
COMMENT ON COLUMN tiering.matrix_cell.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.matrix_cell.as_of IS 'The day: an assessment, or one of moves';
COMMENT ON COLUMN tiering.matrix_cell.from_tier IS 'As in migration_matrix';
COMMENT ON COLUMN tiering.matrix_cell.to_tier IS 'As in migration_matrix';
COMMENT ON COLUMN tiering.matrix_cell.direction IS 'As in migration_matrix';
COMMENT ON COLUMN tiering.matrix_cell.from_rank IS 'As in migration_matrix';
COMMENT ON COLUMN tiering.matrix_cell.to_rank IS 'As in migration_matrix';
COMMENT ON COLUMN tiering.matrix_cell.customers IS 'As in migration_matrix';
COMMENT ON COLUMN tiering.matrix_cell.measure_from IS 'As in migration_matrix, with all digits';
COMMENT ON COLUMN tiering.matrix_cell.measure_to IS 'As in migration_matrix, with all digits';

CREATE TABLE tiering.matrix_due (
	scheme    text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	first_day date NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tiering.matrix_due', '');
COMMENT ON TABLE tiering.matrix_due IS
'From which day on matrix_cell is to be made anew, as the record has changed since. Nothing is up '
'to date of a scheme without a row';
COMMENT ON COLUMN tiering.matrix_due.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.matrix_due.first_day IS 'The first such day; infinity: none is';
