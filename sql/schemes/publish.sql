/*
 * Publishing: a draft is examined, dated and frozen, and the version before it is
 * closed. As long as it has graded nothing it can be taken back. A scheme that has
 * no customers and no history can be dropped whole. All of these are definers'
 * functions: who may call them need not, and must not, have the right to write status.
 */

CREATE FUNCTION _tiering.has_graded(scheme text, version int) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN EXISTS (SELECT FROM tiering.distribution_history d
			WHERE d.scheme = has_graded.scheme AND d.version = has_graded.version)
		OR EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = has_graded.scheme AND a.version = has_graded.version)
		OR EXISTS (SELECT FROM tiering.migration m
			WHERE m.scheme = has_graded.scheme AND m.version = has_graded.version);
END;
$$;
COMMENT ON FUNCTION _tiering.has_graded(text, int) IS
'Whether there is an assessment, a customer or a move of a version';

CREATE FUNCTION _tiering.unpublish_hint(scheme text, version int) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000000
RETURN CASE WHEN NOT _tiering.has_graded(scheme, version)
	THEN format('tiering.unpublish(%L, %s, reason) makes version %2$s a draft again.',
		scheme, version) END;
COMMENT ON FUNCTION _tiering.unpublish_hint(text, int) IS
'Part of publish(): how to take a version back, or null if that is not possible';

-- Waits for those who are still writing to the draft; see refuse_frozen().
CREATE FUNCTION _tiering.lock_draft(scheme text) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draft int;
BEGIN
	SELECT v.version INTO draft FROM tiering.scheme_version v
	WHERE v.scheme = lock_draft.scheme AND v.status = 'draft' FOR UPDATE;
	IF draft IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no draft to publish', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = concat_ws(' ', format('Make one with tiering.new_version(%L).', scheme), (
				SELECT 'Or, for another day, ' || _tiering.unpublish_hint(v.scheme, v.version)
				FROM tiering.scheme_version v
				WHERE v.scheme = lock_draft.scheme AND v.status = 'published'));
	END IF;
	PERFORM _tiering.take_draft(scheme);
	RETURN draft;
END;
$$;
COMMENT ON FUNCTION _tiering.lock_draft(text) IS
'Part of publish(): the draft, locked until the transaction ends. Errors: there is none (55000); '
'a snapshot from before the last change of it (40001)';

-- The errors stop it; that overrides end is told.
CREATE FUNCTION _tiering.examine_draft(scheme text, version int, effective_from date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	errors text;
	f record;
BEGIN
	SELECT string_agg(format('%s: %s.', v.place, v.finding), E'\n' ORDER BY v.place, v.finding)
	INTO errors
	FROM tiering.validate(scheme, version) v WHERE v.severity = 'error';
	IF errors IS NOT NULL THEN
		RAISE EXCEPTION 'version % of scheme "%" cannot be published as it is', version, scheme
			USING ERRCODE = 'invalid_object_definition', DETAIL = errors;
	END IF;
	FOR f IN SELECT * FROM tiering.validate_overrides(scheme, version, effective_from) LOOP
		RAISE WARNING '%: %', f.place, f.finding;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.examine_draft(text, int, date) IS
'Part of publish(): refuses a draft in which validate() finds an error (42P17), and warns of '
'overrides that it ends';

CREATE FUNCTION _tiering.publishable(scheme text, effective_from date) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draft int;
	last tiering.scheme_version;
BEGIN
	PERFORM _tiering.check_day(effective_from, 'effective_from');
	PERFORM _tiering.take_turn(scheme, wait => true);
	PERFORM tiering.newest_version(scheme);
	draft := _tiering.lock_draft(scheme);
	SELECT * INTO last FROM tiering.scheme_version v
	WHERE v.scheme = publishable.scheme AND v.status = 'published';
	IF effective_from <= lower(last.effective) THEN
		RAISE EXCEPTION 'scheme "%" already has version % from % on',
			scheme, last.version, lower(last.effective)
			USING ERRCODE = 'invalid_parameter_value',
			HINT = concat_ws(' ', format('Choose a day after %s.', lower(last.effective)),
				'Or delete this draft from tiering.scheme_version first; then '
				|| _tiering.unpublish_hint(scheme, last.version));
	END IF;
	PERFORM _tiering.examine_draft(scheme, draft, effective_from);
	RETURN draft;
END;
$$;
COMMENT ON FUNCTION _tiering.publishable(text, date) IS
'Part of publish(): the draft of a scheme, locked until the transaction ends, which can be put in '
'force from a day on';

CREATE FUNCTION _tiering.retire_last(scheme text, effective_from date) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
BEGIN ATOMIC
	UPDATE tiering.scheme_version v
	SET status = 'retired', effective = daterange(lower(v.effective), retire_last.effective_from)
	WHERE v.scheme = retire_last.scheme COLLATE "C" AND v.status = 'published';
END;
COMMENT ON FUNCTION _tiering.retire_last(text, date) IS
'Closes the version of a scheme that is in force, from the day on from which another one is';

CREATE FUNCTION _tiering.put_in_force(scheme text, draft int, effective_from date, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.withdraw_publication(scheme, 'published otherwise'),
		_tiering.record_publication(scheme, 'publish', draft, effective_from, reason,
			_tiering.definition_digest(scheme, draft), _tiering.recorded_approvers(scheme, draft));
	PERFORM _tiering.retire_last(scheme, effective_from);
	UPDATE tiering.scheme_version v
	SET status = 'published', effective = daterange(effective_from, NULL), published_at = now(),
		published_by = session_user, published_as = _tiering.acting_role(),
		definition_rows = tiering.definition_rows(put_in_force.scheme, draft)
	WHERE v.scheme = put_in_force.scheme AND v.version = draft;
	PERFORM _tiering.warn_of_workers(scheme);
END;
$$;
COMMENT ON FUNCTION _tiering.put_in_force(text, int, date, text) IS
'Part of publish() and approve(): puts a draft in force that can be, and closes the version before '
'it';

CREATE FUNCTION _tiering.publish(scheme text, effective_from date) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draft int;
BEGIN
	PERFORM _tiering.take_turn(scheme, wait => true), _tiering.refuse_alone(scheme, 'published');
	draft := _tiering.publishable(scheme, effective_from);
	PERFORM _tiering.put_in_force(scheme, draft, effective_from, NULL);
	RETURN draft;
END;
$$;
COMMENT ON FUNCTION _tiering.publish(text, date) IS
'Part of publish(): what it does, as the owner';

CREATE FUNCTION tiering.publish(scheme text, effective_from date) RETURNS int
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.publish(text, date) IS
'Puts the draft of a scheme in force from a day on, closes the version before it, freezes both, '
'and returns its number. It warns of overrides whose tier the draft does not have. Errors: a draft '
'in which validate() finds errors (42P17), no draft (55000), a day not after the start of the last '
'version or infinite (22023), a null (22004), an unknown scheme (42704), one that is published by '
'two, see request_publication() (42501), a snapshot from before the last change (40001). Example: '
'SELECT tiering.publish(''retail'', ''2026-04-01'')';

CREATE FUNCTION _tiering.refuse_second_draft(scheme text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'scheme "%" already has a draft', scheme
		USING ERRCODE = 'duplicate_object',
		HINT = format('Delete that one from tiering.scheme_version first; '
			'tiering.export_scheme(%L) tells all that is in it.', scheme);
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_second_draft(text) IS
'Part of unpublish(): raises the error for a scheme that has a draft (42710)';

CREATE FUNCTION _tiering.refuse_unpublish(v tiering.scheme_version) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next int := n.version FROM tiering.scheme_version n
		WHERE n.scheme = v.scheme AND n.status = 'published';
	stays text := format('It stays. Make a draft with tiering.new_version(%L), and publish that.',
		v.scheme);
BEGIN
	IF v.status = 'draft' THEN
		RAISE EXCEPTION 'version % of scheme "%" is a draft already', v.version, v.scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Change it, or delete it from tiering.scheme_version.';
	ELSIF _tiering.has_graded(v.scheme, v.version) THEN
		RAISE EXCEPTION 'version % of scheme "%" has graded customers', v.version, v.scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = stays;
	ELSIF v.status = 'retired' THEN
		RAISE EXCEPTION 'version % of scheme "%" is retired', v.version, v.scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('Version %s comes after it.', COALESCE(next::text, 'no')),
			HINT = COALESCE('First, ' || _tiering.unpublish_hint(v.scheme, next), stays);
	ELSIF EXISTS (SELECT FROM tiering.scheme_version d
			WHERE d.scheme = v.scheme AND d.status = 'draft') THEN
		PERFORM _tiering.refuse_second_draft(v.scheme);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_unpublish(tiering.scheme_version) IS
'Part of unpublish(): raises the error if a version cannot be taken back';

CREATE FUNCTION _tiering.reopen(scheme text, version int, effective_from date) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	reopened int;
BEGIN
	UPDATE tiering.scheme_version v
	SET status = 'draft', effective = NULL, published_at = NULL, published_by = NULL,
		published_as = NULL, definition_rows = NULL
	WHERE v.scheme = reopen.scheme COLLATE "C" AND v.version = reopen.version;
	UPDATE tiering.scheme_version v
	SET status = 'published', effective = daterange(lower(v.effective), NULL)
	WHERE v.scheme = reopen.scheme COLLATE "C" AND upper(v.effective) = effective_from
	RETURNING v.version INTO reopened;
	RETURN reopened;
END;
$$;
COMMENT ON FUNCTION _tiering.reopen(text, int, date) IS
'Makes a version that is in force from a day on a draft again, and puts the one before it in force '
'without end; returns its number, null if there is none';

CREATE FUNCTION _tiering.unpublish(scheme text, version int, reason text) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v tiering.scheme_version;
	reopened int;
BEGIN
	IF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'taking a version back needs a reason'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.take_turn(scheme, wait => true), _tiering.refuse_alone(scheme, 'unpublished');
	v := _tiering.version_row(scheme, version);
	PERFORM _tiering.refuse_unpublish(v);
	PERFORM _tiering.record_publication(v.scheme, 'unpublish', v.version, lower(v.effective),
		reason);
	BEGIN
		reopened := _tiering.reopen(v.scheme, v.version, lower(v.effective));
	EXCEPTION WHEN unique_violation THEN	-- made meanwhile
		PERFORM _tiering.refuse_second_draft(scheme);
	END;
	PERFORM _tiering.warn_of_workers(scheme);
	RETURN reopened;
END;
$$;
COMMENT ON FUNCTION _tiering.unpublish(text, int, text) IS
'Part of unpublish(): what it does, as the owner';

CREATE FUNCTION tiering.unpublish(scheme text, version int, reason text) RETURNS int
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.unpublish(text, int, text) IS
'Makes the last published version of a scheme a draft again, as long as it has graded nothing. It '
'reopens the one before it, and returns its number; null if there is none. The draft can be '
'changed, published from another day on, or deleted from scheme_version. Who did it and why is '
'kept in publication. Errors: it has graded, is a draft or retired (55000), another draft (42710), '
'no reason (22023), no such version (42704), a scheme that is published by two (42501), a snapshot '
'from before the last change (40001). Example: SELECT tiering.unpublish(''trial'', 1, ''wrong '
'day'')';

CREATE FUNCTION _tiering.refuse_in_use(scheme text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	in_the_way text;
BEGIN
	SELECT string_agg(w.what, ', ') INTO in_the_way
	FROM (VALUES
		('customers', EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = refuse_in_use.scheme)),
		('moves', EXISTS (SELECT FROM tiering.batch b WHERE b.scheme = refuse_in_use.scheme)
			OR EXISTS (SELECT FROM tiering.migration m WHERE m.scheme = refuse_in_use.scheme)),
		('assessments', EXISTS (SELECT FROM tiering.distribution_history d
			WHERE d.scheme = refuse_in_use.scheme)),
		('requests', EXISTS (SELECT FROM tiering.request r
			WHERE r.scheme = refuse_in_use.scheme AND r.kind <> 'publish')))
		w(what, is_there)
	WHERE w.is_there;
	IF in_the_way IS NOT NULL THEN
		RAISE EXCEPTION 'scheme "%" has been in use and cannot be dropped', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('It has %s.', in_the_way),
			HINT = 'Only a scheme that never graded anybody can be dropped.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_in_use(text) IS
'Part of drop_scheme(): refuses a scheme that has graded anybody, or is to (55000)';

CREATE FUNCTION _tiering.remove_scheme(scheme text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	confined regrole;
BEGIN
	DELETE FROM tiering.dirty d WHERE d.scheme = remove_scheme.scheme;
	DELETE FROM tiering.series_source s WHERE s.scheme = remove_scheme.scheme;
	DELETE FROM tiering.source s WHERE s.scheme = remove_scheme.scheme;
	DELETE FROM tiering.keeping k WHERE k.scheme = remove_scheme.scheme;
	DELETE FROM tiering.matrix_due d WHERE d.scheme = remove_scheme.scheme;
	DELETE FROM tiering.near_sum n WHERE n.scheme = remove_scheme.scheme;
	DELETE FROM tiering.source_digest d WHERE d.scheme = remove_scheme.scheme;
	DELETE FROM tiering.dimension_digest d WHERE d.scheme = remove_scheme.scheme;
	DELETE FROM tiering.refresh_limit l WHERE l.scheme = remove_scheme.scheme;
	DELETE FROM tiering.dimensions_source d WHERE d.scheme = remove_scheme.scheme;
	DELETE FROM tiering.kept_dimension k WHERE k.scheme = remove_scheme.scheme;
	DELETE FROM tiering.target t WHERE t.scheme = remove_scheme.scheme;
	FOR confined IN DELETE FROM tiering.report_right r WHERE r.scheme = remove_scheme.scheme
		RETURNING r.role
	LOOP
		PERFORM _tiering.revoke_shown(confined);
	END LOOP;
	DELETE FROM tiering.refresh_check c WHERE c.scheme = remove_scheme.scheme;
	DELETE FROM tiering.scheme_version v WHERE v.scheme = remove_scheme.scheme;
	DELETE FROM tiering.scheme s WHERE s.scheme = remove_scheme.scheme;
END;
$$;
COMMENT ON FUNCTION _tiering.remove_scheme(text) IS
'Part of drop_scheme(): removes a scheme with all that belongs to it, when that is recorded';

CREATE FUNCTION _tiering.drop_scheme(scheme text, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.take_turn(scheme, wait => true), _tiering.refuse_alone(scheme, 'dropped');
	IF NOT EXISTS (SELECT FROM tiering.scheme s WHERE s.scheme = drop_scheme.scheme) THEN
		PERFORM tiering.newest_version(scheme);
	END IF;
	IF reason !~ '\S' THEN
		RAISE EXCEPTION 'a reason must say something, or be null'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.refuse_in_use(scheme);
	PERFORM _tiering.withdraw_publication(scheme, 'dropped'),
		_tiering.record_publication(scheme, 'drop', NULL, NULL, reason);
	PERFORM _tiering.remove_scheme(scheme), _tiering.warn_of_workers(scheme);
END;
$$;
COMMENT ON FUNCTION _tiering.drop_scheme(text, text) IS
'Part of drop_scheme(): what it does, as the owner';

CREATE FUNCTION tiering.drop_scheme(scheme text, reason text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.drop_scheme(text, text) IS
'Removes a scheme that has never graded anybody. With it go its versions, what is bound to it, its '
'targets, rights to its reports, and what was marked for it. That it was dropped is kept in '
'publication. Errors: there are customers, moves, assessments or requests about customers (55000), '
'an unknown scheme (42704), one that is published by two (42501), a reason that says nothing '
'(22023), a snapshot from before the last change (40001). Example: SELECT '
'tiering.drop_scheme(''savings'')';
