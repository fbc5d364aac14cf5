/*
 * History on two time axes: as_of is the day for which a move counts, and the
 * batch with which it was recorded tells when it was known. A statement that
 * moves customers makes a batch. Nothing is erased: a move that a restatement
 * found wrong is superseded by that batch. Of a customer who is forgotten the moves stay,
 * and their number goes: it was never sealed itself, but hashed with a salt of each move.
 *
 * Batches of a scheme are numbered without gaps, one session at a time, and each
 * is sealed: SHA-256 over what is in it, what was published until then, and the seal of
 * the one before. So whoever changes, adds or removes something later has to make all seals
 * after it anew, which a head that was kept elsewhere gives away.
 */

CREATE VIEW _tiering.move_now AS
SELECT m.move, m.scheme, m.customer_id COLLATE "default" AS customer_id, m.as_of, m.from_tier,
	m.to_tier, m.direction, m.version, m.assessed
FROM tiering.migration m
WHERE NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = m.move);
COMMENT ON VIEW _tiering.move_now IS
'What the extension itself asks of standing_move, whoever has it asked';

-- Texts that no two customers share: a scheme may end as a customer begins.
CREATE FUNCTION _tiering.shown_persons() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	reader oid := _tiering.reader();
BEGIN
	IF _tiering.reads_all(reader) THEN
		RETURN NULL;
	END IF;
	RETURN (
		SELECT jsonb_object_agg(length(s.scheme) || ' ' || s.scheme || n.customer_id, 1)
		FROM tiering.scheme s
			CROSS JOIN unnest(_tiering.numbers_ever(s.scheme, COALESCE(
				_tiering.seen(reader, s.scheme, NULL), ARRAY(
					SELECT DISTINCT m.customer_id FROM tiering.migration m
					WHERE m.scheme = s.scheme COLLATE "C" AND m.customer_id IS NOT NULL)))
				) n(customer_id)
		WHERE _tiering.reads(reader, s.scheme) IS NOT NULL);
END;
$$;
COMMENT ON FUNCTION _tiering.shown_persons() IS
'Part of standing_move: all numbers of the customers of all schemes whom the reader sees now, as '
'keys; null for who sees all';

-- A join to it looks moves up by their customers, and workers read it, as long as this is one
-- level of conditions: so whom policies hide is asked before the first row is read.
CREATE VIEW tiering.standing_move AS
SELECT m.move, m.scheme, m.customer_id COLLATE "default" AS customer_id, m.as_of, m.from_tier,
	m.to_tier, f.rank AS from_rank, t.rank AS to_rank, m.direction, m.cause, m.version,
	m.measure::numeric(38,2) AS measure, m.assessed, m.recorded_at, m.recorded_by, m.recorded_as,
	m.batch
FROM tiering.migration m
	LEFT JOIN tiering.tier f ON f.scheme = m.scheme AND f.version = m.version
		AND f.tier = m.from_tier
	LEFT JOIN tiering.tier t ON t.scheme = m.scheme AND t.version = m.version
		AND t.tier = m.to_tier
WHERE NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = m.move)
	AND ((SELECT _tiering.reads_all(_tiering.reader())) OR (SELECT _tiering.shown_persons())
		? (length(m.scheme) || ' ' || m.scheme || m.customer_id));
COMMENT ON VIEW tiering.standing_move IS
'The moves that stand: all of migration but those that are superseded';
COMMENT ON COLUMN tiering.standing_move.move IS
'Number of the move, rising in the order of recording';
COMMENT ON COLUMN tiering.standing_move.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.standing_move.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.standing_move.as_of IS 'The assessment at which the customer moved';
COMMENT ON COLUMN tiering.standing_move.from_tier IS
'The tier left; null for a new customer, and for a number that takes a tier over';
COMMENT ON COLUMN tiering.standing_move.to_tier IS
'The tier entered; null on exit, for a number that hands its tier over, and for who became one '
'with another';
COMMENT ON COLUMN tiering.standing_move.from_rank IS 'Rank of from_tier, higher being better';
COMMENT ON COLUMN tiering.standing_move.to_rank IS 'Rank of to_tier';
COMMENT ON COLUMN tiering.standing_move.direction IS
'new, up, down, lateral or exit; merge where a customer''s number was changed: no move of theirs; '
'merged where customers became one';
COMMENT ON COLUMN tiering.standing_move.cause IS 'Why; see migration';
COMMENT ON COLUMN tiering.standing_move.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.standing_move.measure IS
'The measure at the move; on exit the last one known';
COMMENT ON COLUMN tiering.standing_move.recorded_at IS 'When the move was recorded';
COMMENT ON COLUMN tiering.standing_move.assessed IS 'The assessment that made the move';
COMMENT ON COLUMN tiering.standing_move.recorded_by IS 'Who had logged in';
COMMENT ON COLUMN tiering.standing_move.recorded_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.standing_move.batch IS 'The batch with which it is sealed';

-- No condition that a reader adds looks at moves that they may not read in migration. Views can
-- have that done since PostgreSQL 15; before, none is looked at ahead of the view's own.
DO $$
BEGIN
	IF pg_catalog.current_setting('server_version_num')::int >= 150000 THEN
		ALTER VIEW tiering.standing_move SET (security_invoker = true);
	ELSE
		ALTER VIEW tiering.standing_move SET (security_barrier = true);
	END IF;
END;
$$;

-- Asked in a subquery of its own, so that it is asked once
CREATE FUNCTION _tiering.known_batch(scheme text, known_at timestamptz) RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT COALESCE(max(b.batch), 0) FROM tiering.batch b
	WHERE b.scheme = known_batch.scheme AND b.recorded_at <= known_batch.known_at;
END;
COMMENT ON FUNCTION _tiering.known_batch(text, timestamptz) IS
'The last batch of a scheme that was recorded at a time; 0 if none was';

-- Whoever takes an assessment back takes back all that came after it as of its day or
-- a later one.
CREATE FUNCTION _tiering.taken_back_by(scheme text, as_of date, batch int) RETURNS SETOF int
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT v.batch FROM tiering.batch v
	WHERE v.scheme = taken_back_by.scheme COLLATE "C" AND v.kind = 'void'
		AND v.as_of <= taken_back_by.as_of AND v.batch > taken_back_by.batch;
END;
COMMENT ON FUNCTION _tiering.taken_back_by(text, date, int) IS
'The batches that took back what was done as of a day, in a batch or after it; see '
'void_assessment()';

CREATE TYPE _tiering.known_move AS (
	move        bigint,
	scheme      text COLLATE "C",
	customer_id text COLLATE "C",
	as_of       date,
	from_tier   text COLLATE "C",
	to_tier     text COLLATE "C",
	direction   text COLLATE "C",
	cause       text COLLATE "C",
	version     int,
	measure     numeric,
	assessed    date,
	batch       int
);
COMMENT ON TYPE _tiering.known_move IS
'A move; see migration';

-- Inlined where it is called; the order within a customer is that of (as_of, move).
-- Restatements are about the recent past, so most moves are spared looking for
-- among the superseded ones; NOT IN, as a correlated subquery would bar workers.
CREATE FUNCTION _tiering.known_moves(scheme text, known_at timestamptz DEFAULT NULL)
	RETURNS SETOF _tiering.known_move
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100000
BEGIN ATOMIC
	SELECT m.move, m.scheme, m.customer_id, m.as_of, m.from_tier, m.to_tier, m.direction, m.cause,
		m.version, m.measure, m.assessed, m.batch
	FROM tiering.migration m
	WHERE m.scheme = known_moves.scheme
		AND (known_moves.known_at IS NULL
			OR m.batch <= (SELECT _tiering.known_batch(known_moves.scheme, known_moves.known_at)))
		AND (m.move < (SELECT COALESCE(min(s.move), 9223372036854775807) FROM tiering.superseded s
			WHERE s.scheme = known_moves.scheme)
			OR m.move NOT IN (
				SELECT s.move FROM tiering.superseded s
				WHERE s.scheme = known_moves.scheme AND (known_moves.known_at IS NULL
					OR s.batch <= (SELECT _tiering.known_batch(known_moves.scheme,
						known_moves.known_at)))));
END;
COMMENT ON FUNCTION _tiering.known_moves(text, timestamptz) IS
'The moves of a scheme that stood, as known at a time; null: as known now';

CREATE FUNCTION _tiering.known_distribution(known_at timestamptz DEFAULT NULL)
	RETURNS SETOF tiering.distribution_history
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT d.* FROM tiering.distribution_history d
	WHERE d.recorded_at = (
		SELECT max(e.recorded_at) FROM tiering.distribution_history e
		WHERE e.scheme = d.scheme AND e.as_of = d.as_of
			AND (known_distribution.known_at IS NULL
				OR e.recorded_at <= known_distribution.known_at))
		AND NOT EXISTS (
			SELECT FROM tiering.batch v
			WHERE v.scheme = d.scheme AND v.kind = 'void' AND v.as_of = d.as_of
				AND v.recorded_at >= d.recorded_at
				AND (known_distribution.known_at IS NULL
					OR v.recorded_at <= known_distribution.known_at));
END;
COMMENT ON FUNCTION _tiering.known_distribution(timestamptz) IS
'The distributions of all assessments but those that were taken back, as known at a time; null: as '
'known now';

-- Whoever calls it has the turn of the scheme; see take_turn()
CREATE FUNCTION _tiering.next_batch(scheme text) RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT COALESCE(max(b.batch), 0) + 1 FROM tiering.batch b WHERE b.scheme = next_batch.scheme
$$;
COMMENT ON FUNCTION _tiering.next_batch(text) IS 'The number of a scheme''s next batch';

CREATE FUNCTION _tiering.move_mark(mark bytea, salt uuid, customer_id text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT COALESCE(move_mark.mark,
		sha256(uuid_send(move_mark.salt) || convert_to(move_mark.customer_id, 'UTF8')));
END;
COMMENT ON FUNCTION _tiering.move_mark(bytea, uuid, text) IS
'What a move, or a change of a number, is sealed by in place of the number: SHA-256 over the salt '
'and the number, or what was kept of that; null for a move from before 0.2.0, which is sealed by '
'the number';

-- Digests of 10,000 moves each, as a batch may be larger than a datum. Rows are hashed as
-- text, which must not depend on the session. A column that came later is a text of its own
-- behind the row's, and none where it says what went without saying before: so what was
-- sealed before is still as it was sealed, and a head that was kept is still the head. The
-- mark of a number that nobody is known to have forgotten is none.
CREATE FUNCTION _tiering.move_digests(scheme text, from_batch int, after_move bigint)
RETURNS TABLE (batch int, part bigint, moves bigint, digest bytea)
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
AS $$
	SELECT m.batch, m.move / 10000, count(*),
		sha256(convert_to(string_agg(
			ROW(m.move, m.scheme,
				CASE WHEN m.salt IS NULL AND m.mark IS NULL THEN m.customer_id END, m.as_of,
				m.from_tier, m.to_tier, m.direction, m.cause, m.version, m.measure,
				m.recorded_at, m.recorded_by, m.batch)::text
			|| CASE WHEN m.assessed = m.as_of AND m.recorded_as IS NULL THEN ''
				ELSE ROW(m.assessed, m.recorded_as)::text END
			|| COALESCE(encode(_tiering.move_mark(
				CASE WHEN m.mark IS NOT NULL AND m.customer_id IN (
						SELECT f.customer_id FROM tiering.forgotten f
						WHERE f.scheme = move_digests.scheme)
					THEN m.mark END, m.salt, m.customer_id), 'hex'), ''),
			E'\n' ORDER BY m.move), 'UTF8'))
	FROM tiering.migration m
	WHERE m.scheme = move_digests.scheme AND m.batch >= from_batch AND m.move > after_move
	GROUP BY m.batch, m.move / 10000
$$;
COMMENT ON FUNCTION _tiering.move_digests(text, int, bigint) IS
'The digests of a scheme''s moves, in batches from a number on and after a move, 10,000 of them '
'each, as the rows are now';

CREATE FUNCTION _tiering.checkpoint_digests(scheme text, from_batch int)
RETURNS TABLE (batch int, digest bytea)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET bytea_output = 'hex'
AS $$
	SELECT c.sealed_by, sha256(convert_to(
		ROW(c.before, c.batch, c.moves, c.superseded, c.seal)::text, 'UTF8'))
	FROM tiering.checkpoint c
	WHERE c.scheme = checkpoint_digests.scheme AND c.sealed_by >= from_batch
$$;
COMMENT ON FUNCTION _tiering.checkpoint_digests(text, int) IS
'The digests of a scheme''s checkpoints, by the batches from a number on that seal them';

-- A batch by which customers were forgotten has digests of which moves were theirs, of which
-- changes of numbers and merges, and of what it seals anew; see sealed_before. Who became one
-- with another, or another with them, may be forgotten while the other is not.
CREATE FUNCTION _tiering.batch_digests(scheme text, from_batch int, after_move bigint)
RETURNS TABLE (batch int, moves bigint, superseded bigint, digest bytea)
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET bytea_output = 'hex'
AS $$
	WITH anew AS MATERIALIZED (
		SELECT s.* FROM tiering.sealed_before s WHERE s.scheme = batch_digests.scheme
	), every AS (SELECT EXISTS (SELECT FROM anew a WHERE a.forgotten_by >= from_batch) AS batch
	), part AS MATERIALIZED (
		SELECT d.*, a.digest AS before, a.forgotten_by
		FROM every e
			CROSS JOIN LATERAL _tiering.move_digests(batch_digests.scheme,
				CASE WHEN e.batch THEN 0 ELSE from_batch END,
				CASE WHEN e.batch THEN 0 ELSE after_move END) d
			LEFT JOIN anew a ON a.batch = d.batch AND a.part = d.part
	)
	SELECT p.batch, sum(p.moves)::bigint, sum(p.superseded)::bigint,
		sha256(string_agg(p.digest, '' ORDER BY p.kind, p.part))
	FROM (
		SELECT d.batch, 1 AS kind, d.part, d.moves, 0 AS superseded,
			COALESCE(d.before, d.digest) AS digest
		FROM part d WHERE d.batch >= from_batch
		UNION ALL
		SELECT s.batch, 2, s.move / 10000, 0, count(*),
			sha256(convert_to(string_agg(s.move::text, E'\n' ORDER BY s.move), 'UTF8'))
		FROM tiering.superseded s
		WHERE s.scheme = batch_digests.scheme AND s.batch >= from_batch
		GROUP BY s.batch, s.move / 10000
		UNION ALL SELECT f.batch, 3, 0, 0, 0, sha256(convert_to(
			string_agg(ROW(m.move, m.customer_id)::text, E'\n' ORDER BY m.move), 'UTF8'))
		FROM tiering.forgotten f
			JOIN tiering.migration m ON m.scheme = f.scheme AND m.customer_id = f.customer_id
				AND m.mark IS NOT NULL
		WHERE f.scheme = batch_digests.scheme AND f.batch >= from_batch
		GROUP BY f.batch
		UNION ALL
		SELECT d.forgotten_by, 4, 0, 0, 0, sha256(string_agg(d.digest, '' ORDER BY d.batch, d.part))
		FROM part d WHERE d.forgotten_by >= from_batch
		GROUP BY d.forgotten_by
		UNION ALL
		SELECT a.batch, 5, 0, 0, 0, sha256(convert_to(
			string_agg(x.told, E'\n' ORDER BY x.told COLLATE "C"), 'UTF8'))
		FROM tiering.customer_alias a
			LEFT JOIN tiering.forgotten f ON f.scheme = a.scheme AND f.customer_id = a.from_id
			LEFT JOIN tiering.forgotten t ON t.scheme = a.scheme AND t.customer_id = a.to_id
			CROSS JOIN LATERAL (SELECT ROW(a.on_date, a.leads, a.reason, a.recorded_by,
				a.recorded_as,
				_tiering.move_mark(CASE WHEN f.scheme IS NOT NULL THEN a.from_mark END,
					a.from_salt, a.from_id),
				_tiering.move_mark(CASE WHEN t.scheme IS NOT NULL THEN a.to_mark END,
					a.to_salt, a.to_id))::text) x(told)
		WHERE a.scheme = batch_digests.scheme AND a.batch >= from_batch
		GROUP BY a.batch
		UNION ALL
		SELECT f.batch, 6, 0, 0, 0, sha256(convert_to(
			string_agg(ROW(a.batch, n.id, n.mark)::text, E'\n' ORDER BY a.batch, n.id, n.mark),
			'UTF8'))
		FROM tiering.customer_alias a
			CROSS JOIN LATERAL (VALUES (a.from_id, a.from_mark), (a.to_id, a.to_mark)) n(id, mark)
			JOIN tiering.forgotten f ON f.scheme = a.scheme AND f.customer_id = n.id
		WHERE f.scheme = batch_digests.scheme AND f.batch >= from_batch
		GROUP BY f.batch
		UNION ALL SELECT c.batch, 7, 0, 0, 0, c.digest
		FROM _tiering.checkpoint_digests(batch_digests.scheme, from_batch) c) p
	GROUP BY p.batch
$$;
COMMENT ON FUNCTION _tiering.batch_digests(text, int, bigint) IS
'What a scheme''s batches from a number on have, among moves after a number: how many rows, and a '
'digest of them';

CREATE FUNCTION _tiering.sealed_publications(scheme text, until int) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
SET bytea_output = 'hex'
AS $$
	SELECT sha256(convert_to(string_agg(ROW(p.scheme, p.event, p.what, p.version, p.effective,
		p.reason, p.done_at, p.done_by, p.done_as, p.digest)::text
			|| CASE WHEN p.approvers IS NULL THEN '' ELSE ROW(p.approvers)::text END,
		E'\n' ORDER BY p.event), 'UTF8'))
	FROM tiering.publication p
	WHERE p.scheme = sealed_publications.scheme AND p.event <= until
$$;
COMMENT ON FUNCTION _tiering.sealed_publications(text, int) IS
'SHA-256 over what was published, taken back and dropped of a scheme up to an event; null if '
'nothing was';

CREATE FUNCTION _tiering.seal(previous bytea, b tiering.batch, digest bytea) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
AS $$
	SELECT sha256(COALESCE(previous, '')
		|| convert_to(ROW(b.scheme, b.batch, b.kind, b.as_of, b.moves, b.superseded, b.recorded_at,
			b.recorded_by)::text || CASE WHEN b.recorded_as IS NULL THEN ''
				ELSE ROW(b.recorded_as)::text END
			|| CASE WHEN b.published IS NULL THEN '' ELSE ROW(b.published)::text END, 'UTF8')
		|| CASE WHEN b.published IS NULL THEN ''
			ELSE COALESCE(_tiering.sealed_publications(b.scheme, b.published), '') END
		|| digest)
$$;
COMMENT ON FUNCTION _tiering.seal(bytea, tiering.batch, bytea) IS
'The seal of a batch: SHA-256 over the seal before it, its row, what was published until then, and '
'the digest of its contents';

CREATE FUNCTION _tiering.make_matrix_due(scheme text, first_day date) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
	UPDATE tiering.matrix_due d SET first_day = make_matrix_due.first_day
	WHERE d.scheme = make_matrix_due.scheme AND d.first_day > make_matrix_due.first_day
$$;
COMMENT ON FUNCTION _tiering.make_matrix_due(text, date) IS
'Has matrix_cell be made anew from a day on, as what it says of that has changed';

-- A day's cells depend on the moves up to it, on those dated to its other side, and on what
-- else a customer did on the day of such a one: so of moves that are dated to another day than
-- that of their assessment, the earlier of both counts, and so of all of them from there on.
CREATE FUNCTION _tiering.first_touched(scheme text, batch int, after_move bigint) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	first_day date;
BEGIN
	SELECT min(LEAST(x.as_of, x.assessed)) INTO first_day
	FROM (
		SELECT m.as_of, m.assessed FROM tiering.migration m
		WHERE m.move > first_touched.after_move AND m.scheme = first_touched.scheme COLLATE "C"
			AND m.batch = first_touched.batch
		UNION ALL
		SELECT m.as_of, m.assessed
		FROM tiering.superseded s JOIN tiering.migration m ON m.move = s.move
		WHERE s.scheme = first_touched.scheme COLLATE "C" AND s.batch = first_touched.batch) x;
	RETURN LEAST(first_day, (
		SELECT min(m.assessed) FROM tiering.migration m
		WHERE m.scheme = first_touched.scheme COLLATE "C" AND m.as_of <> m.assessed
			AND m.as_of >= first_day));
END;
$$;
COMMENT ON FUNCTION _tiering.first_touched(text, int, bigint) IS
'The first day of whose moves a batch changes anything, its own having numbers after one; null if '
'there is none';

-- An assessment that is taken back is known to be so from then on, also if that was
-- in the transaction that had made it.
CREATE FUNCTION _tiering.seal_batch(scheme text, batch int, kind text, as_of date,
	after_move bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	previous tiering.batch;
	new tiering.batch;
	content record;
BEGIN
	PERFORM _tiering.record_hand_overs(scheme, batch, after_move);
	SELECT * INTO content FROM _tiering.batch_digests(scheme, batch, after_move) d
	WHERE d.batch = seal_batch.batch;
	IF NOT FOUND AND kind NOT IN ('void', 'forget') THEN
		RETURN;
	END IF;
	SELECT * INTO previous FROM tiering.batch b
	WHERE b.scheme = seal_batch.scheme AND b.batch = seal_batch.batch - 1;
	new.scheme := scheme;
	new.batch := batch;
	new.kind := kind;
	new.as_of := as_of;
	new.moves := COALESCE(content.moves, 0);
	new.superseded := COALESCE(content.superseded, 0);
	new.recorded_at := GREATEST(now(), previous.recorded_at, CASE kind WHEN 'void' THEN
		(SELECT max(d.recorded_at) FROM tiering.distribution_history d
		 WHERE d.scheme = seal_batch.scheme AND d.as_of = seal_batch.as_of) END);
	new.recorded_by := session_user;
	new.recorded_as := _tiering.acting_role();
	new.published := max(p.event) FROM tiering.publication p
		WHERE p.scheme = seal_batch.scheme;
	new.seal := _tiering.seal(previous.seal, new, COALESCE(content.digest, ''));
	INSERT INTO tiering.batch SELECT new.*;
	PERFORM _tiering.make_matrix_due(scheme, LEAST(CASE kind WHEN 'void' THEN as_of END,
		_tiering.first_touched(scheme, batch, after_move)));
END;
$$;
COMMENT ON FUNCTION _tiering.seal_batch(text, int, text, date, bigint) IS
'Seals the batch that was just recorded, its moves having numbers after one; writes nothing if it '
'is empty, unless it takes an assessment back or forgets a customer';

CREATE FUNCTION _tiering.last_move() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT last_value - (NOT is_called)::int FROM tiering.migration_move_seq
$$;
COMMENT ON FUNCTION _tiering.last_move() IS
'The number of the last move that any session has recorded';

-- A tier that is only renamed moves nobody: it has another name from the first
-- assessment on that the new version graded.
CREATE FUNCTION _tiering.named_by(scheme text, on_date date, known_at timestamptz DEFAULT NULL)
RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT d.version FROM _tiering.known_distribution(named_by.known_at) d
	WHERE d.scheme = named_by.scheme COLLATE "C" AND d.as_of <= named_by.on_date
	ORDER BY d.as_of DESC LIMIT 1;
END;
COMMENT ON FUNCTION _tiering.named_by(text, date, timestamptz) IS
'The version whose names the tiers of a scheme have on a day, as known at a time: that of the last '
'assessment; null if there was none';

-- What was published since, or is a draft, was no version then.
CREATE FUNCTION _tiering.newest_by(scheme text, day date, known_at timestamptz) RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT v.version FROM tiering.scheme_version v
	WHERE v.scheme = newest_by.scheme COLLATE "C"
	ORDER BY newest_by.known_at IS NULL OR v.published_at <= newest_by.known_at DESC NULLS LAST,
		lower(v.effective) <= newest_by.day DESC NULLS LAST, v.version DESC LIMIT 1;
END;
COMMENT ON FUNCTION _tiering.newest_by(text, date, timestamptz) IS
'The newest version of a scheme that is in force by a day, or else the newest of all, as known at '
'a time';

CREATE FUNCTION tiering.tier_on(scheme text, customer_id text, on_date date,
	known_at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	named int := _tiering.named_by(scheme, on_date, known_at);
	known int := CASE WHEN known_at IS NOT NULL THEN _tiering.known_batch(scheme, known_at) END;
	becomes text := _tiering.became_one(scheme, _tiering.person(scheme, customer_id), on_date,
		known);
	numbers text[] := CASE WHEN becomes IS NULL
		THEN _tiering.numbers_known(scheme, customer_id, known_at)
		ELSE _tiering.numbers_known(scheme, becomes, NULL) END;
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_day(on_date, 'on_date'),
		_tiering.check_reader(scheme);
	IF NOT _tiering.sees(_tiering.reader(), scheme,
		COALESCE(becomes, _tiering.person(scheme, customer_id)), on_date)
	THEN
		RETURN NULL;
	END IF;
	RETURN (
		SELECT COALESCE(tiering.successor(m.scheme, m.version, m.to_tier, named), m.to_tier)
		FROM _tiering.known_moves(scheme, known_at) m
		WHERE m.customer_id = ANY (numbers COLLATE "C") AND m.as_of <= on_date
			AND m.direction <> 'merge'
		ORDER BY m.as_of DESC, m.move DESC LIMIT 1);
END;
$$;
COMMENT ON FUNCTION tiering.tier_on(text, text, date, timestamptz) IS
'The tier of a customer at the end of a day, as known at a time. known_at null: as known now. Null '
'if they were not graded. A tier that was renamed since has the name of that day. A customer who '
'has had several numbers is found by each of them, on all days. Who became one with another has '
'their own tier up to then, and from then on that of the customer who is left. Errors: unknown '
'scheme (42704), on_date null (22004) or infinite (22023). Example: SELECT '
'tiering.tier_on(''retail'', ''A'', ''2026-02-28'') gives gold';

CREATE FUNCTION tiering.tiers_on(scheme text, on_date date, known_at timestamptz DEFAULT NULL)
RETURNS TABLE (customer_id text, tier text, since date, direction text, cause text, measure numeric,
	version int, move bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
DECLARE
	-- once, and not for each row where succeeded() is inlined
	named int := _tiering.named_by(scheme, on_date, known_at);
	k tiering.kept_assessment := _tiering.kept(scheme, on_date, known_at);
	known int := CASE WHEN known_at IS NOT NULL THEN _tiering.known_batch(scheme, known_at) END;
	visible text[] := _tiering.seen(_tiering.reader(), scheme, on_date);
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_day(on_date, 'on_date'),
		_tiering.check_reader(scheme);
	RETURN QUERY SELECT COALESCE(n.number, l.customer_id), COALESCE(s.becomes, l.to_tier), l.as_of,
		l.direction, l.cause, h.measure, l.version, l.move
	FROM (SELECT DISTINCT ON (m.customer_id) m.* FROM _tiering.person_moves(scheme, known_at) m
		  WHERE m.as_of <= on_date
		  ORDER BY m.customer_id, m.as_of DESC, m.move DESC) l
		LEFT JOIN (
			SELECT DISTINCT ON (c.now_id) c.now_id COLLATE "C" AS now_id, c.from_id AS number
			FROM _tiering.number_changes(scheme) c
			WHERE c.on_date > tiers_on.on_date OR c.batch > known
			ORDER BY c.now_id, c.batch) n ON n.now_id = l.customer_id
		LEFT JOIN _tiering.succeeded(tiers_on.scheme, named) s
			ON s.from_version = l.version AND s.tier = l.to_tier
		LEFT JOIN _tiering.kept_rows(k, known_at) h ON h.customer_id = l.customer_id
	WHERE l.to_tier IS NOT NULL AND (visible IS NULL OR l.customer_id = ANY (visible COLLATE "C"));
END;
$$;
COMMENT ON FUNCTION tiering.tiers_on(text, date, timestamptz) IS
'The tier of every customer at the end of a day, as known at a time, with the move that led into '
'it. measure is what they had on that day, null if it is no assessment that is kept. A customer '
'who has changed their number has the one of the day. See tier_on(). Example: SELECT customer_id, '
'tier, measure FROM tiering.tiers_on(''retail'', ''2026-02-28'')';

CREATE FUNCTION tiering.history_head(scheme text)
RETURNS TABLE (batch int, recorded_at timestamptz, moves bigint, seal text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_reads_whole(scheme, 'history_head');
	RETURN QUERY SELECT b.batch, b.recorded_at, (sum(b.moves) OVER ())::bigint,
		encode(b.seal, 'hex')
	FROM tiering.batch b WHERE b.scheme = history_head.scheme COLLATE "C"
	ORDER BY b.batch DESC LIMIT 1;
END;
$$;
COMMENT ON FUNCTION tiering.history_head(text) IS
'The last batch of a scheme, its seal in hexadecimal digits, and how many moves there are. Keep '
'it elsewhere: verify_history() proves by it that nothing before it was changed. Example: SELECT '
'batch, seal FROM tiering.history_head(''retail'')';

-- What is in the archive is skipped by beginning from the seal that its checkpoint kept, which
-- a batch after it seals.
CREATE FUNCTION tiering.verify_history(scheme text, head_batch int DEFAULT NULL,
	head_seal text DEFAULT NULL, archive boolean DEFAULT true)
RETURNS TABLE (sound boolean, batches bigint, moves bigint, batch int, finding text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	start tiering.checkpoint;
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_reads_whole(scheme, 'verify_history');
	IF (head_batch IS NULL) <> (head_seal IS NULL) THEN
		RAISE EXCEPTION 'head_batch and head_seal must be given together'
			USING ERRCODE = 'null_value_not_allowed',
			HINT = 'Both are what tiering.history_head() gave.';
	END IF;
	start := _tiering.verified_from(scheme COLLATE "C", archive, head_batch);
	SELECT count(*), COALESCE(sum(b.moves), 0) INTO batches, moves FROM tiering.batch b
		WHERE b.scheme = verify_history.scheme COLLATE "C" AND b.batch > start.batch;
	WITH chain AS (
		SELECT b AS sealed, b.batch, b.moves, b.superseded, b.seal,
			lag(b.seal, 1, start.seal) OVER earlier AS previous,
			lag(b.batch, 1, start.batch) OVER earlier + 1 AS expected
		FROM tiering.batch b
		WHERE b.scheme = verify_history.scheme COLLATE "C" AND b.batch > start.batch
		WINDOW earlier AS (ORDER BY b.batch)
	), checked AS (
		SELECT CASE WHEN c.expected < c.batch THEN c.expected ELSE COALESCE(c.batch, d.batch)
			END AS batch,
			CASE WHEN c.batch IS NULL THEN 'moves inserted, or their batch removed'
				WHEN c.expected < c.batch THEN 'batch removed'
				WHEN COALESCE(d.moves, 0) < c.moves OR COALESCE(d.superseded, 0) < c.superseded
					THEN 'moves removed'
				WHEN d.moves > c.moves OR d.superseded > c.superseded THEN 'moves inserted'
				WHEN c.seal <> _tiering.seal(c.previous, c.sealed, COALESCE(d.digest, ''))
					THEN 'changed' END AS finding
		FROM chain c
			FULL JOIN _tiering.batch_digests(scheme COLLATE "C",
				CASE start.batch WHEN 0 THEN 0 ELSE start.batch + 1 END, 0) d ON d.batch = c.batch
		UNION ALL
		SELECT head_batch, CASE WHEN c.batch IS NULL THEN 'batch removed'
			ELSE 'all seals up to here made anew' END
		FROM (SELECT) one LEFT JOIN chain c ON c.batch = head_batch
		WHERE head_batch IS NOT NULL AND encode(c.seal, 'hex') IS DISTINCT FROM lower(head_seal)
	)
	SELECT c.batch, c.finding INTO batch, finding FROM checked c WHERE c.finding IS NOT NULL
		ORDER BY c.batch, c.finding LIMIT 1;
	sound := NOT FOUND;
	RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION tiering.verify_history(text, int, text, boolean) IS
'Whether the moves of a scheme, and what was published of it, are as they were sealed. If not, it '
'names the first batch that was changed, removed or inserted, or of which moves were. It proves '
'that nobody changed history without making all later seals anew; with a batch and a seal that '
'history_head() gave once and that were kept elsewhere, also that nobody did that up to there. It '
'does not prove that what was sealed was right, nor what was done after the last head that was '
'kept. archive: whether what archive_moves() has handed over is verified as well; false: what came '
'after it, from the checkpoint that is sealed with that. Errors: unknown scheme (42704), a head '
'that archive leaves out (22023), one without its seal, or archive null (22004). Example: SELECT '
'sound FROM tiering.verify_history(''retail'') gives true';
