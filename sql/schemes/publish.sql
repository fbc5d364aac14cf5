/*
 * Publishing: a draft is examined, dated and frozen, and the version before it
 * is closed.
 */

CREATE FUNCTION tiering.publish(scheme text, effective_from date) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draft int;
	last tiering.scheme_version;
BEGIN
	IF effective_from IS NULL OR NOT isfinite(effective_from) THEN
		RAISE EXCEPTION 'effective_from must be a day, not %', COALESCE(effective_from::text, 'null')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	-- a refresh holds this in share mode while it works with a version
	PERFORM FROM tiering.scheme s WHERE s.scheme = publish.scheme FOR NO KEY UPDATE;
	PERFORM tiering.newest_version(scheme);
	-- waits for those who are still writing to the draft; see refuse_frozen()
	SELECT v.version INTO draft FROM tiering.scheme_version v
	WHERE v.scheme = publish.scheme AND v.status = 'draft' FOR UPDATE;
	IF draft IS NULL THEN
		RAISE EXCEPTION 'scheme "%" has no draft to publish', scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('Make one with tiering.new_version(%L).', scheme);
	END IF;

	SELECT * INTO last FROM tiering.scheme_version v
	WHERE v.scheme = publish.scheme AND v.status = 'published'
	ORDER BY lower(v.effective) DESC LIMIT 1;
	IF effective_from <= lower(last.effective) THEN
		RAISE EXCEPTION 'scheme "%" already has version % from % on', scheme, last.version, lower(last.effective)
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A new version takes effect after the one before it.';
	END IF;
	UPDATE tiering.scheme_version v
	SET status = 'retired', effective = daterange(lower(v.effective), effective_from)
	WHERE v.scheme = publish.scheme AND v.version = last.version;
	-- the trigger examines it and notes the rest, whoever does this
	UPDATE tiering.scheme_version v
	SET status = 'published', effective = daterange(effective_from, NULL)
	WHERE v.scheme = publish.scheme AND v.version = draft;
	RETURN draft;
END;
$$;
COMMENT ON FUNCTION tiering.publish(text, date) IS
'Puts the draft of a scheme in force from a day on, closes the version before it, freezes both, and returns its number. A draft in which validate() finds errors is refused (42P17), as is a day not after the start of the last version (22023)';
