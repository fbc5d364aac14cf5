/*
 * Who reads the reports of some schemes only, or of some customers of them
 */

CREATE TABLE tiering.report_right (
	role       regrole NOT NULL,
	scheme     text COLLATE "C" NOT NULL REFERENCES tiering.scheme,
	dimension  text COLLATE "C" NOT NULL DEFAULT '',
	value      text COLLATE "C" NOT NULL DEFAULT '',
	granted_at timestamptz NOT NULL DEFAULT now(),
	granted_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (role, scheme, dimension, value),
	CHECK (dimension <> '' OR value = '')
);
SELECT pg_catalog.pg_extension_config_dump('tiering.report_right', '');
COMMENT ON TABLE tiering.report_right IS
'To which schemes, and to which customers of them, the right to reports of a role is confined; see '
'grant_role(). Whoever has several rows, or is a member of several roles that have one, reads what '
'any of them gives';
COMMENT ON COLUMN tiering.report_right.role IS 'The role, also when it is renamed';
COMMENT ON COLUMN tiering.report_right.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.report_right.dimension IS
'Dimension, such as branch; empty: all customers of the scheme';
COMMENT ON COLUMN tiering.report_right.value IS 'Its value, such as north';
COMMENT ON COLUMN tiering.report_right.granted_at IS 'When it was granted';
COMMENT ON COLUMN tiering.report_right.granted_by IS 'Who had logged in';
