/*
 * Whose turn it is. Whatever writes a scheme's customers, its moves or
 * its versions first takes the turn of the scheme, which is its row in scheme, and
 * has it until its transaction ends. The row is updated, and not only locked: who
 * comes later with a snapshot of before is told so by core (40001), and cannot build
 * on what was written since.
 */

CREATE FUNCTION _tiering.sessions(pids int[]) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000
BEGIN ATOMIC
	SELECT string_agg(format('session %s of "%s", %s since %s', a.pid, a.usename,
		COALESCE(a.state, 'busy'), to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS')), '; '
		ORDER BY a.pid)
	FROM pg_stat_activity a
	WHERE a.pid = ANY (sessions.pids) AND a.pid <> pg_backend_pid();
END;
COMMENT ON FUNCTION _tiering.sessions(int[]) IS
'Other sessions in words, for a message; null if there are none';

CREATE FUNCTION _tiering.prepared_transactions(xids xid[]) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000
BEGIN ATOMIC
	SELECT string_agg(format('prepared transaction "%s" of "%s", since %s', p.gid, p.owner,
		to_char(p.prepared, 'YYYY-MM-DD HH24:MI:SS')), '; ' ORDER BY p.prepared)
	FROM pg_prepared_xacts p WHERE p.transaction = ANY (prepared_transactions.xids);
END;
COMMENT ON FUNCTION _tiering.prepared_transactions(xid[]) IS
'Prepared transactions, which have no session, in words, for a message; null if there are none';

-- Row locks do not tell who has them. The row's xmax does: a transaction, or a group
-- of them, whose sessions pg_locks knows.
CREATE FUNCTION _tiering.blocking_sessions(blocker xid) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	blockers xid[] := ARRAY[blocker];
BEGIN
	IF NOT EXISTS (SELECT FROM pg_locks l WHERE l.transactionid = blocker) THEN
		BEGIN
			blockers := ARRAY(SELECT m.xid FROM pg_get_multixact_members(blocker) m);
		EXCEPTION WHEN OTHERS THEN
			RETURN NULL;	-- it was neither: whoever had the row is done
		END;
	END IF;
	RETURN COALESCE(_tiering.sessions(ARRAY(SELECT l.pid FROM pg_locks l
		WHERE l.transactionid = ANY (blockers) AND l.granted)),
		_tiering.prepared_transactions(blockers));
END;
$$;
COMMENT ON FUNCTION _tiering.blocking_sessions(xid) IS
'The sessions that have a row, or the prepared transactions, by its xmax, in words, for a message; '
'null if that is not known';

CREATE FUNCTION _tiering.refuse_locked(told text, blocker xid) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION '%', told
		USING ERRCODE = 'lock_not_available',
		DETAIL = COALESCE('It is ' || _tiering.blocking_sessions(blocker) || '.',
			'It is not known which.'),
		HINT = 'Try again when its transaction has ended. pg_terminate_backend() ends a session '
			'that was forgotten, ROLLBACK PREPARED a transaction that was.';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_locked(text, xid) IS
'Raises the error for a row that another session has (55P03), with whose it is';

-- Whoever has customers' rows without the turn has them by SELECT … FOR UPDATE, or has the
-- table: to change them by hand takes the turn.
CREATE FUNCTION _tiering.refuse_held(scheme text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	holders text;
BEGIN
	SELECT concat_ws('; ', _tiering.sessions(array_agg(l.pid)),
		_tiering.prepared_transactions(array_agg(x.transactionid) FILTER (WHERE l.pid IS NULL)))
	INTO holders
	FROM pg_locks l
		LEFT JOIN pg_locks x ON x.virtualtransaction = l.virtualtransaction
			AND x.locktype = 'transactionid' AND x.granted
	WHERE l.relation = 'tiering.assignment'::regclass AND l.granted
		AND l.mode <> 'AccessShareLock';
	IF holders <> '' THEN
		RAISE EXCEPTION 'customers of scheme "%" are locked by another session', scheme
			USING ERRCODE = 'lock_not_available',
			DETAIL = format('It is one of these: %s.', holders),
			HINT = 'Try again when its transaction has ended. pg_terminate_backend() ends a '
				'session that was forgotten, ROLLBACK PREPARED a transaction that was.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_held(text) IS
'Raises the error for customers'' rows that another session has kept for long (55P03), with whose '
'they may be; nothing if there is no such session';

-- Whoever has the turn may come to wait for the draft. So who has the draft does not wait
-- for the turn.
CREATE FUNCTION _tiering.has_draft(scheme text) RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM tiering.drafting d
		WHERE d.scheme = has_draft.scheme AND d.writer = pg_current_xact_id_if_assigned());
END;
COMMENT ON FUNCTION _tiering.has_draft(text) IS
'Whether this transaction has written to the draft of a scheme; see take_draft()';

CREATE FUNCTION _tiering.take_turn(scheme text, wait boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT wait OR _tiering.has_draft(scheme) THEN
		BEGIN
			PERFORM FROM tiering.scheme s
				WHERE s.scheme = take_turn.scheme FOR NO KEY UPDATE NOWAIT;
		EXCEPTION WHEN lock_not_available THEN
			PERFORM _tiering.refuse_locked(
				format('scheme "%s" is being refreshed or changed by another session', scheme),
				(SELECT s.xmax FROM tiering.scheme s WHERE s.scheme = take_turn.scheme));
		END;
	END IF;
	UPDATE tiering.scheme s SET turn = s.turn + 1 WHERE s.scheme = take_turn.scheme;
END;
$$;
COMMENT ON FUNCTION _tiering.take_turn(text, boolean) IS
'Takes the turn of a scheme until the transaction ends. Errors: another session has it (55P03, '
'with whose it is), unless one waits and has not written to the draft; a snapshot from before the '
'last turn (40001). A scheme that does not exist has no turn, and is no error here';

-- A draft is no part of the turn: who is still writing to one keeps nobody from
-- refreshing. But who publishes it with a snapshot of before would examine what is
-- not there any more. So every transaction that writes to a draft updates its row in
-- drafting once, with the row of the version locked.
CREATE FUNCTION _tiering.take_draft(scheme text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT _tiering.has_draft(scheme) THEN
		INSERT INTO tiering.drafting (scheme, writer)
		VALUES (take_draft.scheme, pg_current_xact_id())
		ON CONFLICT ON CONSTRAINT drafting_pkey DO UPDATE SET writer = EXCLUDED.writer;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.take_draft(text) IS
'Notes that the transaction writes to the draft of a scheme, or publishes it. A snapshot from '
'before the last one that did is an error (40001)';
