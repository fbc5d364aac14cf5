/*
 * Logins that are trusted to say for whom they act
 */

-- A table, and not a setting: who may write it is plain, and what is asked and decided keeps who
-- it was for.
CREATE TABLE tiering.trusted_login (
	login      regrole PRIMARY KEY,
	reason     text NOT NULL CHECK (reason ~ '\S'),
	trusted_at timestamptz NOT NULL DEFAULT now(),
	trusted_by text NOT NULL DEFAULT session_user
);
SELECT pg_catalog.pg_extension_config_dump('tiering.trusted_login', '');
COMMENT ON TABLE tiering.trusted_login IS
'Logins, as of an application with one pool of connections, whose SET ROLE names the person who '
'acts: that role asks and decides then, and two of them are two people. The extension''s owner '
'inserts and deletes rows, and nobody else. Trust only what lets nobody choose the role of '
'another, and no role that several people may act as';
COMMENT ON COLUMN tiering.trusted_login.login IS 'The role that logs in';
COMMENT ON COLUMN tiering.trusted_login.reason IS 'Why it is trusted';
COMMENT ON COLUMN tiering.trusted_login.trusted_at IS 'Since when';
COMMENT ON COLUMN tiering.trusted_login.trusted_by IS 'Who had logged in and said so';
