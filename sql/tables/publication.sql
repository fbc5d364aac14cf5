/*
 * What was published, taken back and dropped, by whom and why
 */

CREATE TABLE tiering.publication (
	scheme    text COLLATE "C" NOT NULL,
	event     int NOT NULL CHECK (event > 0),
	what      text COLLATE "C" NOT NULL CHECK (what IN ('publish', 'unpublish', 'drop',
	          	'four_eyes', 'two_eyes')),
	version   int,
	effective date,
	reason    text CHECK (reason ~ '\S'),
	done_at   timestamptz NOT NULL DEFAULT now(),
	done_by   text NOT NULL DEFAULT session_user,
	done_as   text DEFAULT _tiering.acting_role(),
	digest    bytea CHECK (digest IS NULL OR what = 'publish'),
	approvers jsonb CHECK (approvers IS NULL OR what IN ('publish', 'four_eyes')),
	PRIMARY KEY (scheme, event),
	CHECK (num_nulls(version, effective)
		= CASE WHEN what IN ('publish', 'unpublish') THEN 0 ELSE 2 END),
	CHECK (what IN ('publish', 'drop') OR reason IS NOT NULL)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.publication', '');
COMMENT ON TABLE tiering.publication IS
'What was published, taken back and dropped, by whom and why. Rows are added only, and stay when '
'the scheme goes';
COMMENT ON COLUMN tiering.publication.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.publication.event IS 'Number of the event, from 1 on without gaps';
COMMENT ON COLUMN tiering.publication.what IS
'publish; unpublish: the version is a draft again; drop: the whole scheme was removed; four_eyes: '
'from then on it is published by two; two_eyes: by one again, see set_four_eyes()';
COMMENT ON COLUMN tiering.publication.version IS
'The version; null for what is about the whole scheme';
COMMENT ON COLUMN tiering.publication.effective IS
'The first day for which the version was to grade; null for what is about the whole scheme';
COMMENT ON COLUMN tiering.publication.reason IS
'Why; null for what one person published alone';
COMMENT ON COLUMN tiering.publication.done_at IS 'When it was done';
COMMENT ON COLUMN tiering.publication.done_by IS 'Who logged in and did it';
COMMENT ON COLUMN tiering.publication.done_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.publication.digest IS
'SHA-256 over all that defined the version when it was published, by which verify_state() tells '
'whether it still does; null if no version was published, or if that was before 0.2.0';
COMMENT ON COLUMN tiering.publication.approvers IS
'Who approves requests for each tier of a version that was published, step by step, or for the '
'publication of the scheme: tier, step, role, and its oid as id; null if nobody is named';
