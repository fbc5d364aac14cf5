/*
 * Marks of customers whose data changed behind an assessment
 */

CREATE TABLE tiering.dirty (
	mark        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	from_as_of  date NOT NULL,
	marked_at   timestamptz NOT NULL DEFAULT now()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.dirty', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.dirty_mark_seq', '');
COMMENT ON TABLE tiering.dirty IS
'Marks of customers whose data changed behind an assessment; see restate_dirty(). A customer may '
'have several; see dirty_customer';
COMMENT ON COLUMN tiering.dirty.mark IS 'Number of the mark';
COMMENT ON COLUMN tiering.dirty.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.dirty.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.dirty.from_as_of IS
'The first day whose data changed: assessments from it on may be wrong';
COMMENT ON COLUMN tiering.dirty.marked_at IS 'When it was marked';
