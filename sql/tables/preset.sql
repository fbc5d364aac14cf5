/*
 * Presets, which come with the extension and are not dumped
 */

CREATE TABLE tiering.preset (
	preset     text COLLATE "C" PRIMARY KEY,
	parameters jsonb NOT NULL DEFAULT '{}',
	document   jsonb NOT NULL
);
COMMENT ON TABLE tiering.preset IS
'A ready-made scheme, to be loaded with load_preset() and changed at will';
COMMENT ON COLUMN tiering.preset.preset IS
'Its name, which the scheme gets unless another is given';
COMMENT ON COLUMN tiering.preset.parameters IS
'Its parameters with their defaults, which are numbers; {name} stands for one in the document''s '
'bounds. A condition with {name?} in its bounds is left out if that one is 0, and so is a metric '
'that no other condition looks at';
COMMENT ON COLUMN tiering.preset.document IS 'The scheme as import_scheme() reads it';
