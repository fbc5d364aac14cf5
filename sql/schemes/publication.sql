/*
 * What was published, taken back and dropped, by whom and why. This is more than a
 * record: the status of a version follows from it. The trigger on scheme_version lets
 * no other change of status pass, so that none is without a record, whoever makes it.
 * Only publish(), approve(), unpublish(), drop_scheme() and set_four_eyes() write here.
 */

CREATE FUNCTION _tiering.record_publication(scheme text, what text, version int, effective date,
	reason text, digest bytea DEFAULT NULL, approvers jsonb DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100
BEGIN ATOMIC
	INSERT INTO tiering.publication (scheme, event, what, version, effective, reason, digest,
		approvers)
	SELECT record_publication.scheme, COALESCE(max(p.event), 0) + 1, record_publication.what,
		record_publication.version, record_publication.effective, record_publication.reason,
		record_publication.digest, record_publication.approvers
	FROM tiering.publication p WHERE p.scheme = record_publication.scheme;
END;
COMMENT ON FUNCTION _tiering.record_publication(text, text, int, date, text, bytea, jsonb) IS
'Part of publish(), unpublish(), drop_scheme() and set_four_eyes(): the record, for who has the '
'turn of the scheme';

-- A role is known by its oid where it is renamed, and by its name where a dump is restored.
CREATE FUNCTION _tiering.recorded_roles(roles regrole[], tier text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('tier', recorded_roles.tier,
		'step', a.step, 'role', r.rolname, 'id', a.role::oid::bigint)) ORDER BY a.step)
	FROM unnest(roles) WITH ORDINALITY a(role, step)
		LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.role;
END;
COMMENT ON FUNCTION _tiering.recorded_roles(regrole[], text) IS
'Approvers as publication keeps them; null if there are none';

CREATE FUNCTION _tiering.recorded_approvers(scheme text, version int) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT jsonb_agg(a.step ORDER BY t.tier, a.number)
	FROM tiering.tier t, jsonb_array_elements(_tiering.recorded_roles(t.approvers, t.tier))
		WITH ORDINALITY a(step, number)
	WHERE t.scheme = recorded_approvers.scheme COLLATE "C"
		AND t.version = recorded_approvers.version;
END;
COMMENT ON FUNCTION _tiering.recorded_approvers(text, int) IS
'The approvers of the tiers of a version, as publication keeps them; null if there are none';

CREATE FUNCTION _tiering.approvers_disagree(recorded jsonb, approvers jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM jsonb_to_recordset(COALESCE(recorded, '[]'))
				was(tier text, step int, role text, id bigint)
			FULL JOIN jsonb_to_recordset(COALESCE(approvers_disagree.approvers, '[]'))
				now(tier text, step int, role text, id bigint)
				ON COALESCE(now.tier, '') = COALESCE(was.tier, '') AND now.step = was.step
		WHERE (was.id = now.id OR was.role = now.role) IS NOT TRUE);
END;
COMMENT ON FUNCTION _tiering.approvers_disagree(jsonb, jsonb) IS
'Whether approvers are others than are on record, both as publication keeps them; a role is the '
'same by its oid or by its name';

-- A subscriber may get the tables of a scheme one by one and in any order.
CREATE FUNCTION _tiering.heeded_publication(scheme text) RETURNS SETOF tiering.publication
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT p.* FROM tiering.publication p
	WHERE p.scheme = heeded_publication.scheme
		AND (current_setting('session_replication_role') = 'replica'
			OR p.event = (SELECT max(l.event) FROM tiering.publication l
						  WHERE l.scheme = heeded_publication.scheme));
END;
COMMENT ON FUNCTION _tiering.heeded_publication(text) IS
'What the status of a scheme''s versions has to follow. The last event; for changes that a '
'subscriber applies, any';

CREATE FUNCTION _tiering.status_follows(old tiering.scheme_version, new tiering.scheme_version)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM _tiering.heeded_publication(old.scheme) p
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
COMMENT ON FUNCTION _tiering.status_follows(tiering.scheme_version, tiering.scheme_version) IS
'Whether a change of a version''s status is what publication says, and changes nothing else';
