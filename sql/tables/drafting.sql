/*
 * Who writes to drafts: now, see take_draft(), and ever
 */

CREATE TABLE tiering.drafting (
	scheme text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme ON DELETE CASCADE,
	writer xid8 NOT NULL
);
COMMENT ON TABLE tiering.drafting IS
'The transaction that last wrote to the draft of a scheme, for publish(). Not dumped';
COMMENT ON COLUMN tiering.drafting.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.drafting.writer IS 'The transaction';

-- A restored dump has rows of its own, beside those of who restores it: so without a key.
CREATE TABLE tiering.draft_author (
	scheme     text COLLATE "C" NOT NULL,
	version    int NOT NULL,
	written_by text NOT NULL DEFAULT session_user,
	written_id oid DEFAULT _tiering.login_id(),
	written_as text DEFAULT _tiering.acting_role(),
	written_person oid DEFAULT _tiering.person_id(),
	FOREIGN KEY (scheme, version) REFERENCES tiering.scheme_version ON DELETE CASCADE
);
ALTER TABLE tiering.draft_author REPLICA IDENTITY FULL;
CREATE INDEX draft_author_version ON tiering.draft_author (scheme, version);
SELECT pg_catalog.pg_extension_config_dump('tiering.draft_author', '');
COMMENT ON TABLE tiering.draft_author IS
'Who has written to a version of a scheme while it was a draft: they do not approve it';
COMMENT ON COLUMN tiering.draft_author.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.draft_author.version IS 'Version';
COMMENT ON COLUMN tiering.draft_author.written_by IS 'Who had logged in and wrote';
COMMENT ON COLUMN tiering.draft_author.written_id IS
'The oid of that role, by which it is known when it is renamed';
COMMENT ON COLUMN tiering.draft_author.written_as IS
'The role that they had set; null if none';
COMMENT ON COLUMN tiering.draft_author.written_person IS
'The oid of that role if it was who wrote, as the login was trusted to say; see trusted_login. '
'Null for all others, who are who had logged in';
