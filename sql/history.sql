/*
 * History: the moves as they were known at a time. All that asks about the past
 * reads them through here.
 */

-- An SQL function that is planned as part of what calls it: neither STRICT nor with settings.
CREATE FUNCTION tiering.known_moves(scheme text, known_at timestamptz) RETURNS SETOF tiering.migration
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 100000
BEGIN ATOMIC
	SELECT m.*
	FROM tiering.migration m
	WHERE m.scheme = known_moves.scheme AND (known_moves.known_at IS NULL OR m.recorded_at <= known_moves.known_at);
END;
COMMENT ON FUNCTION tiering.known_moves(text, timestamptz) IS
'The moves of a scheme as they were known at a time; null: as they are known now. A customer''s moves follow one another by as_of and move';
