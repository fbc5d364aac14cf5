/*
 * What was published, taken back and dropped, by whom and why. This is more than a
 * record: the state of a version follows from it. The trigger on scheme_version lets
 * no other change of state pass, so that none is without a record, whoever makes it.
 * Only publish(), unpublish() and drop_scheme() write here.
 */

CREATE TABLE tiering.publication (
	scheme    text COLLATE "C" NOT NULL,
	event     int NOT NULL CHECK (event > 0),
	what      text COLLATE "C" NOT NULL CHECK (what IN ('publish', 'unpublish', 'drop')),
	version   int,
	effective date,
	reason    text CHECK (reason ~ '\S'),
	done_at   timestamptz NOT NULL DEFAULT now(),
	done_by   text NOT NULL DEFAULT session_user,
	done_as   text DEFAULT NULLIF(current_setting('role'), 'none'),
	PRIMARY KEY (scheme, event),
	CHECK (num_nulls(version, effective) = CASE what WHEN 'drop' THEN 2 ELSE 0 END),
	CHECK (what <> 'unpublish' OR reason IS NOT NULL)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.publication', '');
COMMENT ON TABLE tiering.publication IS
'What was published, taken back and dropped; rows are added only, and stay when the scheme goes';
COMMENT ON COLUMN tiering.publication.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.publication.event IS 'Number of the event, from 1 on without gaps';
COMMENT ON COLUMN tiering.publication.what IS
'publish; unpublish: the version is a draft again; drop: the whole scheme was removed';
COMMENT ON COLUMN tiering.publication.version IS 'The version; null for a drop';
COMMENT ON COLUMN tiering.publication.effective IS
'The first day for which the version was to grade; null for a drop';
COMMENT ON COLUMN tiering.publication.reason IS 'Why; null for what was published';
COMMENT ON COLUMN tiering.publication.done_at IS 'When it was done';
COMMENT ON COLUMN tiering.publication.done_by IS 'Who logged in and did it';
COMMENT ON COLUMN tiering.publication.done_as IS 'The role that they had set; null if none';

CREATE FUNCTION tiering.record_publication(scheme text, what text, version int, effective date,
	reason text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100
BEGIN ATOMIC
	INSERT INTO tiering.publication (scheme, event, what, version, effective, reason)
	SELECT record_publication.scheme, COALESCE(max(p.event), 0) + 1, record_publication.what,
		record_publication.version, record_publication.effective, record_publication.reason
	FROM tiering.publication p WHERE p.scheme = record_publication.scheme;
END;
COMMENT ON FUNCTION tiering.record_publication(text, text, int, date, text) IS
'Part of publish(), unpublish() and drop_scheme(): the record, for who has the turn of the scheme';

-- A subscriber may get the tables of a scheme one by one and in any order.
CREATE FUNCTION tiering.heeded_publication(scheme text) RETURNS SETOF tiering.publication
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT p.* FROM tiering.publication p
	WHERE p.scheme = heeded_publication.scheme
		AND (current_setting('session_replication_role') = 'replica'
			OR p.event = (SELECT max(l.event) FROM tiering.publication l
						  WHERE l.scheme = heeded_publication.scheme));
END;
COMMENT ON FUNCTION tiering.heeded_publication(text) IS
'What the state of a scheme''s versions has to follow. The last event; for changes that a '
'subscriber applies, any';

CREATE FUNCTION tiering.state_follows(old tiering.scheme_version, new tiering.scheme_version)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM tiering.heeded_publication(old.scheme) p
		WHERE CASE format('%s to %s', old.status, new.status)
			WHEN 'draft to published' THEN p.what = 'publish' AND p.version = old.version
				AND new.effective = daterange(p.effective, NULL)
			WHEN 'published to retired' THEN p.what = 'publish' AND p.version <> old.version
				AND lower(new.effective) = lower(old.effective)
				AND upper(new.effective) = p.effective
			WHEN 'published to draft' THEN p.what = 'unpublish' AND p.version = old.version
			WHEN 'retired to published' THEN p.what = 'unpublish' AND p.version <> old.version
				AND lower(new.effective) = lower(old.effective)
				AND upper(old.effective) = p.effective
				AND upper_inf(new.effective)
			ELSE false END)
		AND to_jsonb(new) - f.free = to_jsonb(old) - f.free
	FROM (SELECT CASE WHEN 'draft' IN (old.status, new.status)
		THEN '{status,effective,published_at,published_by,published_as,definition_rows}'::text[]
		ELSE '{status,effective}' END AS free) f;
END;
COMMENT ON FUNCTION tiering.state_follows(tiering.scheme_version, tiering.scheme_version) IS
'Whether a change of a version''s state is what publication says, and changes nothing else';
