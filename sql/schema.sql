/* tiering: the parts of the install script are read in the Makefile's order */

-- complain if the script is read by psql rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION tiering" to load this file. \quit

-- The schema belongs to the extension: one that somebody made before is refused.
CREATE SCHEMA tiering;
COMMENT ON SCHEMA tiering IS
'Exact daily averages, schemes kept as rows, tiers of customers and their moves';
