/*
 * archive_moves(): batches of long ago are handed to the archive, from the first one on and
 * without gaps, or brought back. Rows go from table to table as they are, so that seals stay
 * sound, and reports read both. What is kept of it is a checkpoint, sealed with the batch
 * that archives: where the seals that follow begin.
 */

CREATE TYPE tiering.archive_result AS (
	scheme     text,
	before     date,
	batches    bigint,
	moves      bigint,
	superseded bigint
);
COMMENT ON TYPE tiering.archive_result IS
'What is in the archive, as archive_moves() has made it';
COMMENT ON COLUMN tiering.archive_result.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.archive_result.before IS
'The day before which assessments are not made again';
COMMENT ON COLUMN tiering.archive_result.batches IS 'How many batches are in the archive';
COMMENT ON COLUMN tiering.archive_result.moves IS 'How many moves';
COMMENT ON COLUMN tiering.archive_result.superseded IS
'How many rows of superseded, which tell what does not stand of them any more';

CREATE FUNCTION _tiering.last_checkpoint(scheme text) RETURNS SETOF tiering.checkpoint
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT c.* FROM tiering.checkpoint c
	WHERE c.scheme = last_checkpoint.scheme COLLATE "C"
	ORDER BY c.sealed_by DESC LIMIT 1;
END;
COMMENT ON FUNCTION _tiering.last_checkpoint(text) IS
'Up to where the batches of a scheme are in the archive; no row if none ever were';

CREATE FUNCTION _tiering.verified_from(scheme text, archive boolean, head_batch int)
RETURNS tiering.checkpoint
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result tiering.checkpoint;
BEGIN
	IF archive IS NULL THEN
		RAISE EXCEPTION 'archive must be true or false, not null'
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF NOT archive THEN
		SELECT * INTO result FROM _tiering.last_checkpoint(scheme);
	END IF;
	result.batch := COALESCE(result.batch, 0);
	IF head_batch <= result.batch THEN
		RAISE EXCEPTION 'batch % of scheme "%" is in the archive', head_batch, scheme
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Have the archive verified, too: archive => true.';
	END IF;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.verified_from(text, boolean, int) IS
'Part of verify_history(): behind which batch it begins, and with which seal; batch 0 if at the '
'first one. Errors: archive null (22004), a head that would be left out (22023)';

CREATE FUNCTION _tiering.refuse_archived(scheme text, from_day date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	closed date := c.before FROM _tiering.last_checkpoint(scheme) c WHERE c.batch > 0;
BEGIN
	IF from_day < closed THEN
		RAISE EXCEPTION 'assessments of scheme "%" before % are in the archive, and cannot be '
			'made again from % on', scheme, closed, from_day
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('tiering.archive_moves(%L, %L) brings them back.', scheme, from_day);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_archived(text, date) IS
'Part of restate(), restate_dirty() and void_assessment(): refuses a day of which moves are in the '
'archive (55000)';

-- Batches are in the order of recording, and the archive has no gaps: it ends before the
-- first batch that is about the day or a later one. Numbers of customers who were forgotten,
-- and the archive itself, are about no day.
CREATE FUNCTION _tiering.last_before(scheme text, day date) RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	SELECT COALESCE(LEAST(
		(SELECT min(m.batch) FROM tiering.migration m
		 WHERE m.scheme = last_before.scheme COLLATE "C" AND m.as_of >= last_before.day),
		(SELECT min(m.batch) FROM tiering.migration m
		 WHERE m.scheme = last_before.scheme COLLATE "C" AND m.assessed >= last_before.day),
		(SELECT min(b.batch) FROM tiering.batch b
		 WHERE b.scheme = last_before.scheme COLLATE "C" AND b.as_of >= last_before.day
			AND b.kind <> 'archive')) - 1,
		(SELECT max(b.batch) FROM tiering.batch b
		 WHERE b.scheme = last_before.scheme COLLATE "C"), 0);
END;
COMMENT ON FUNCTION _tiering.last_before(text, date) IS
'The last batch of a scheme up to which nothing is about a day or a later one; 0: none';

CREATE FUNCTION _tiering.hand_over(scheme text, last_batch int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
	WITH gone AS (
		DELETE FROM ONLY tiering.migration m
		WHERE m.scheme = hand_over.scheme COLLATE "C" AND m.batch <= last_batch RETURNING m.*
	)
	INSERT INTO tiering_archive.migration SELECT g.* FROM gone g ORDER BY g.move;
	WITH gone AS (
		DELETE FROM ONLY tiering.superseded s
		WHERE s.scheme = hand_over.scheme COLLATE "C" AND s.batch <= last_batch RETURNING s.*
	)
	INSERT INTO tiering_archive.superseded SELECT g.* FROM gone g;
	WITH gone AS (
		DELETE FROM ONLY tiering.batch b
		WHERE b.scheme = hand_over.scheme COLLATE "C" AND b.batch <= last_batch RETURNING b.*
	)
	INSERT INTO tiering_archive.batch SELECT g.* FROM gone g;
END;
$$;
COMMENT ON FUNCTION _tiering.hand_over(text, int) IS
'Part of archive_moves(): puts the batches of a scheme up to one into the archive';

CREATE FUNCTION _tiering.bring_back(scheme text, last_batch int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
	WITH gone AS (
		DELETE FROM tiering_archive.migration m
		WHERE m.scheme = bring_back.scheme COLLATE "C" AND m.batch > last_batch RETURNING m.*
	)
	INSERT INTO tiering.migration OVERRIDING SYSTEM VALUE SELECT g.* FROM gone g ORDER BY g.move;
	WITH gone AS (
		DELETE FROM tiering_archive.superseded s
		WHERE s.scheme = bring_back.scheme COLLATE "C" AND s.batch > last_batch RETURNING s.*
	)
	INSERT INTO tiering.superseded SELECT g.* FROM gone g;
	WITH gone AS (
		DELETE FROM tiering_archive.batch b
		WHERE b.scheme = bring_back.scheme COLLATE "C" AND b.batch > last_batch RETURNING b.*
	)
	INSERT INTO tiering.batch SELECT g.* FROM gone g;
END;
$$;
COMMENT ON FUNCTION _tiering.bring_back(text, int) IS
'Part of archive_moves(): puts the batches of a scheme after one back from the archive';

CREATE FUNCTION _tiering.keep_checkpoint(scheme text, before date, last_batch int)
RETURNS tiering.archive_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	current tiering.checkpoint;
	new tiering.checkpoint;
BEGIN
	SELECT * INTO current FROM _tiering.last_checkpoint(scheme);
	new.scheme := scheme;
	new.sealed_by := _tiering.next_batch(scheme COLLATE "C");
	new.before := before;
	new.batch := last_batch;
	SELECT COALESCE(sum(b.moves), 0), COALESCE(sum(b.superseded), 0)
	INTO new.moves, new.superseded
	FROM tiering.batch b
	WHERE b.scheme = keep_checkpoint.scheme COLLATE "C" AND b.batch <= last_batch;
	new.seal := b.seal FROM tiering.batch b
		WHERE b.scheme = keep_checkpoint.scheme COLLATE "C" AND b.batch = last_batch;
	IF (COALESCE(current.batch, 0), current.before) IS DISTINCT FROM (last_batch, before)
		AND (last_batch > 0 OR current.batch > 0)
	THEN
		INSERT INTO tiering.checkpoint SELECT new.*;
		PERFORM _tiering.seal_batch(scheme COLLATE "C", new.sealed_by, 'archive', before,
			_tiering.last_move());
	END IF;
	RETURN ROW(scheme, before, last_batch, new.moves, new.superseded)::tiering.archive_result;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_checkpoint(text, date, int) IS
'Part of archive_moves(): keeps up to which batch, and which day, a scheme is archived, as a batch '
'that seals it; nothing if that is so already';

CREATE FUNCTION _tiering.archive_moves(scheme text, before date) RETURNS tiering.archive_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	last date;
	last_batch int;
BEGIN
	PERFORM _tiering.check_day(before, 'before'), _tiering.lock_scheme(scheme);
	last := l.as_of FROM _tiering.last_assessment(scheme COLLATE "C") l;
	IF last IS NULL OR before > last THEN
		RAISE EXCEPTION 'moves of scheme "%" before % cannot be archived: %', scheme, before,
				COALESCE('its last assessment was as of ' || last, 'it has no assessment')
			USING ERRCODE = 'invalid_parameter_value',
			HINT = CASE WHEN last IS NULL THEN 'Moves before an assessment can be.'
				ELSE 'What comes after it, and what it did itself, may have to be taken back.' END;
	END IF;
	last_batch := _tiering.last_before(scheme, before);
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	PERFORM _tiering.hand_over(scheme, last_batch), _tiering.bring_back(scheme, last_batch);
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	RETURN _tiering.keep_checkpoint(scheme, before, last_batch);
END;
$$;
COMMENT ON FUNCTION _tiering.archive_moves(text, date) IS
'Part of archive_moves(): what it does, as the owner';

CREATE FUNCTION tiering.archive_moves(scheme text, before date) RETURNS tiering.archive_result
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION tiering.archive_moves(text, date) IS
'Hands the batches of a scheme about days before one to the archive, with their moves: to the '
'tables of the schema tiering_archive, which inherit from tiering.migration, superseded and batch. '
'So every query of these reads both, and no report, tier_on() or seal is another one for it; what '
'ONLY tiering.migration has is what nights write and VACUUM looks after. Batches go from the first '
'one on, up to the first that is about the day or a later one. An earlier day than before brings '
'back what is about it and later ones. What is archived is a batch of its own that seals a '
'checkpoint: see verify_history(). Assessments before the day cannot be made again or taken back '
'(55000). For the extension''s owner. Errors: unknown scheme (42704), a day that is null (22004), '
'infinite or after the last assessment (22023), a refresh under way (55P03). Example: SELECT * '
'FROM tiering.archive_moves(''retail'', ''2026-02-28'')';
