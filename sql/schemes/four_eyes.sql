/*
 * Two pairs of eyes for what is published. Of a scheme with four_eyes nobody puts a draft
 * in force alone: one asks, for a day and a reason, and somebody else approves, who has
 * written nothing of it. What is approved is what was asked for, told by a digest.
 *
 * Nor does one person alone take a version back, drop such a scheme or delete it, which
 * would lead to one without. That a scheme is such a one only the extension's owner says,
 * and it is on record.
 */

CREATE FUNCTION _tiering.refuse_alone(scheme text, done text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM tiering.scheme s WHERE s.scheme = refuse_alone.scheme COLLATE "C"
		AND s.four_eyes)
	THEN
		RAISE EXCEPTION 'scheme "%" is not % by one person alone', scheme, done
			USING ERRCODE = 'insufficient_privilege',
			HINT = CASE done WHEN 'published' THEN format('Ask for it with '
					'tiering.request_publication(%L, effective_from, reason); somebody else '
					'approves it.', scheme)
				WHEN 'taken back' THEN format('Ask for it with tiering.request_void(%L, as_of, '
					'reason); somebody else approves it.', scheme)
				ELSE format('The extension''s owner can end that with '
					'tiering.set_four_eyes(%L, false, reason).', scheme) END;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_alone(text, text) IS
'Refuses what takes two pairs of eyes, of a scheme that does (42501)';

CREATE FUNCTION _tiering.keep_four_eyes() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM _tiering.refuse_alone(OLD.scheme, 'deleted');
		RETURN OLD;
	ELSIF NEW.scheme <> OLD.scheme THEN
		PERFORM _tiering.refuse_alone(OLD.scheme, 'renamed');
	ELSIF (NEW.four_eyes, NEW.approvers) IS DISTINCT FROM (OLD.four_eyes, OLD.approvers)
		AND NOT EXISTS (
			SELECT FROM _tiering.heeded_publication(OLD.scheme) p
			WHERE p.what = CASE WHEN NEW.four_eyes THEN 'four_eyes' ELSE 'two_eyes' END
				AND NOT _tiering.approvers_disagree(p.approvers,
					_tiering.recorded_roles(NEW.approvers)))
	THEN
		RAISE EXCEPTION 'who publishes scheme "%" cannot be written by hand', OLD.scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'tiering.set_four_eyes() says it, and keeps who did and why.';
	END IF;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_four_eyes() IS
'Trigger on schemes: one that takes two pairs of eyes is not deleted or renamed (42501), and which '
'one does is as publication says (55000)';
CREATE TRIGGER keep_four_eyes BEFORE UPDATE OR DELETE ON tiering.scheme
	FOR EACH ROW EXECUTE FUNCTION _tiering.keep_four_eyes();
COMMENT ON TRIGGER keep_four_eyes ON tiering.scheme IS 'Two pairs of eyes are not closed by one';

CREATE FUNCTION _tiering.set_four_eyes(scheme text, four_eyes boolean, reason text,
	approvers regrole[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_owner('say who publishes a scheme');
	IF four_eyes IS NULL OR approvers IS NULL THEN
		RAISE EXCEPTION 'four_eyes and approvers must be told, not null'
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'how a scheme is published is not changed without a reason'
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF cardinality(approvers) > 0 AND NOT four_eyes THEN
		RAISE EXCEPTION 'a scheme that one person publishes has no approvers'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.take_turn(scheme, wait => true);
	IF NOT EXISTS (SELECT FROM tiering.scheme s WHERE s.scheme = set_four_eyes.scheme) THEN
		PERFORM tiering.newest_version(scheme);
	END IF;
	PERFORM _tiering.record_publication(scheme,
		CASE WHEN four_eyes THEN 'four_eyes' ELSE 'two_eyes' END, NULL, NULL, reason, NULL,
		_tiering.recorded_roles(approvers));
	UPDATE tiering.scheme s SET four_eyes = set_four_eyes.four_eyes,
		approvers = set_four_eyes.approvers
	WHERE s.scheme = set_four_eyes.scheme;
END;
$$;
COMMENT ON FUNCTION _tiering.set_four_eyes(text, boolean, text, regrole[]) IS
'Part of set_four_eyes(): what it does, as the owner';

CREATE FUNCTION tiering.set_four_eyes(scheme text, four_eyes boolean, reason text,
	approvers regrole[] DEFAULT '{}') RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.set_four_eyes(text, boolean, text, regrole[]) IS
'Says that a scheme is published by two: one asks with request_publication(), and somebody else '
'approves it, who has written nothing of the draft. Its assessments are taken back by two, too, '
'see request_void(). approvers are roles whose members approve, one after the other, each of them '
'another person; none: anyone who may approve, once. false: that whoever writes schemes publishes '
'it alone, as before. For the extension''s owner, in a statement of their own; that it was done, '
'and why, is kept in publication. Errors: another caller (42501), null (22004), no reason, '
'approvers of a scheme that one person publishes (22023), an unknown scheme or role (42704), a '
'snapshot from before the last change (40001). Example: SELECT tiering.set_four_eyes(''retail'', '
'true, ''the auditors ask for it'')';

-- Of who the approvers of its tiers are, too: they are the same in this database, whatever
-- they are called.
CREATE FUNCTION _tiering.draft_digest(scheme text, version int) RETURNS bytea
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT sha256(_tiering.definition_digest(draft_digest.scheme, draft_digest.version)
		|| convert_to(COALESCE(string_agg(format('%s %s', t.tier, t.approvers::oid[]), E'\n'
			ORDER BY t.tier), ''), 'UTF8'))
	FROM tiering.tier t
	WHERE t.scheme = draft_digest.scheme COLLATE "C" AND t.version = draft_digest.version;
END;
COMMENT ON FUNCTION _tiering.draft_digest(text, int) IS
'SHA-256 over all that defines a version, by which what is approved is told to be what was asked '
'for. Errors: no such version (42704)';

-- There is one draft, so one request for it is enough.
CREATE FUNCTION _tiering.withdraw_publication(scheme text, note text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
BEGIN ATOMIC
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by)
	SELECT r.request, 'withdrawn', r.as_of, withdraw_publication.note, session_user
	FROM tiering.request r
	WHERE r.scheme = withdraw_publication.scheme COLLATE "C" AND r.kind = 'publish'
		AND NOT EXISTS (SELECT FROM tiering.decision d
			WHERE d.request = r.request AND d.decision IN ('approved', 'rejected', 'withdrawn'));
END;
COMMENT ON FUNCTION _tiering.withdraw_publication(text, text) IS
'Withdraws the request to publish the draft of a scheme, if one is pending';

CREATE FUNCTION _tiering.request_publication(scheme text, effective_from date, reason text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draft int;
	result bigint;
BEGIN
	IF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'a publication that is asked for needs a reason'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	draft := _tiering.publishable(scheme, effective_from);
	PERFORM _tiering.withdraw_publication(scheme, 'asked for anew');
	INSERT INTO tiering.request AS r (scheme, kind, version, effective, reason, as_of, digest,
		requested_by, approvers)
	SELECT s.scheme, 'publish', draft, effective_from, request_publication.reason,
		(SELECT l.as_of FROM _tiering.last_assessment(s.scheme) l),
		_tiering.draft_digest(s.scheme, draft), session_user, s.approvers
	FROM tiering.scheme s WHERE s.scheme = request_publication.scheme
	RETURNING r.request INTO result;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.request_publication(text, date, text) IS
'Part of request_publication(): what it does, as the owner';

CREATE FUNCTION tiering.request_publication(scheme text, effective_from date, reason text)
RETURNS bigint
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.request_publication(text, date, text) IS
'Asks that the draft of a scheme be published from a day on, for a reason. Returns the number of '
'the request, for approve() by somebody else who has written nothing of the draft, which puts it '
'in force. Approved is what was asked for: if the draft is changed afterwards, or the scheme is '
'assessed as of the day or a later one, it is to be asked for anew. A request takes the place of '
'one before that is pending. Where set_four_eyes() says so this is the only way to publish; '
'elsewhere it is one. Errors: those of publish(), no reason (22023). Example: SELECT '
'tiering.request_publication(''retail'', ''2026-04-01'', ''gold from 40,000 on'')';

CREATE FUNCTION _tiering.check_publication(r tiering.request, last_day date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draft int := _tiering.lock_draft(r.scheme);
	anew text := format('tiering.request_publication(%L, effective_from, reason) asks for it as '
		'things are now.', r.scheme);
BEGIN
	IF EXISTS (SELECT FROM tiering.draft_author a WHERE a.scheme = r.scheme AND a.version = draft
		AND _tiering.is_person(a.written_id, a.written_by, a.written_person, a.written_as))
	THEN
		RAISE EXCEPTION 'version % of scheme "%" is partly your own', draft, r.scheme
			USING ERRCODE = 'insufficient_privilege',
			HINT = 'Somebody else has to approve it, who has written nothing of it.';
	ELSIF r.version <> draft OR r.digest <> _tiering.draft_digest(r.scheme, draft) THEN
		RAISE EXCEPTION 'version % of scheme "%" is not what request % was about', draft, r.scheme,
			r.request
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'It was changed after that.', HINT = anew;
	ELSIF r.approvers <> (SELECT s.approvers FROM tiering.scheme s WHERE s.scheme = r.scheme) THEN
		RAISE EXCEPTION 'scheme "%" has had other approvers since request % was made', r.scheme,
			r.request
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = anew;
	ELSIF last_day >= r.effective AND (r.as_of < r.effective) IS NOT FALSE THEN
		RAISE EXCEPTION 'version % of scheme "%" comes too late for %', draft, r.scheme, r.effective
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('The scheme has been assessed as of %s since request %s was made.',
				last_day, r.request),
			HINT = anew;
	END IF;
	PERFORM _tiering.publishable(r.scheme, r.effective);
END;
$$;
COMMENT ON FUNCTION _tiering.check_publication(tiering.request, date) IS
'Part of approve(): refuses to publish a draft that who calls has written to (42501), or that is '
'not what was asked for, by others than are to approve now, or for a day that is over (55000), and '
'what publish() refuses';
