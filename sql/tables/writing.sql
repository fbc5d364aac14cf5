/*
 * Which session writes; see record_by_hand()
 */

-- One of our functions that writes has a row here meanwhile, and records by itself.
-- Nobody else may put one here, none is left when a transaction ends, and no code that
-- is not ours can write while there is one: what runs a source refuses that.
CREATE TABLE tiering.writing (
	pid int PRIMARY KEY
);
COMMENT ON TABLE tiering.writing IS
'The session in which a function of the extension records moves itself, and not the triggers. It '
'is empty but for that session';
COMMENT ON COLUMN tiering.writing.pid IS 'The session';
