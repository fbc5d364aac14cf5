/*
 * Who writes to drafts; see take_draft()
 */

CREATE TABLE tiering.drafting (
	scheme text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme ON DELETE CASCADE,
	writer xid8 NOT NULL
);
COMMENT ON TABLE tiering.drafting IS
'The transaction that last wrote to the draft of a scheme, for publish(). Not dumped';
COMMENT ON COLUMN tiering.drafting.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.drafting.writer IS 'The transaction';
