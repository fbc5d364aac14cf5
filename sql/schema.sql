/* tiering: the parts of the install script are read in the Makefile's order */

-- complain if the script is read by psql rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION tiering" to load this file. \quit

-- SQL_ASCII takes bytes as they come: titles, names and digests would be of no
-- known encoding, and the script itself would be let in.
DO $$
BEGIN
	IF getdatabaseencoding() = 'SQL_ASCII' THEN
		RAISE EXCEPTION 'tiering needs a database whose encoding is known, which SQL_ASCII is not'
			USING ERRCODE = 'feature_not_supported',
			HINT = 'Create it with ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
END;
$$;

-- The schema belongs to the extension: one that somebody made before is refused.
CREATE SCHEMA tiering;
COMMENT ON SCHEMA tiering IS
'Exact daily averages, schemes kept as rows, tiers of customers and their moves';

-- What is only part of what people call. The manual is \df tiering.*
CREATE SCHEMA _tiering;
COMMENT ON SCHEMA _tiering IS
'Parts of the functions, views and tables of the schema tiering; for nobody to call';

-- What archive_moves() has handed over
CREATE SCHEMA tiering_archive;
COMMENT ON SCHEMA tiering_archive IS
'Moves of long ago, with their batches; whoever reads those of the schema tiering reads them, too';
