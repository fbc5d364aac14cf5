/*
 * Changes by hand: whoever changes the tier of a row of assignment, by whatever
 * statement, has the move recorded as if it were an assessment's. Statement-level
 * triggers with transition tables see to it, so that a bulk load costs one insert.
 * The functions are a definer's: who may change a tier need not, and must not, have
 * the right to write history.
 *
 * Only the tier and its day are anybody's to change. What the policy has noted follows
 * from assessments, and a change that left no record could not be explained.
 */

CREATE FUNCTION _tiering.restores() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT pg_has_role(current_user, e.extowner, 'USAGE')
		AND current_user = COALESCE(NULLIF(current_setting('role', true), 'none'), session_user)
	FROM pg_extension e WHERE e.extname = 'tiering';
END;
COMMENT ON FUNCTION _tiering.restores() IS
'Whether who runs the statement is the extension''s owner, and acts for themselves: only such a '
'one restores rows. A trigger asks it before its function becomes the owner';

CREATE FUNCTION _tiering.refuse_tier(scheme text, version int, tier text) RETURNS int
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'version % of scheme "%" has no tier "%"', version, scheme, tier
		USING ERRCODE = 'foreign_key_violation';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_tier(text, int, text) IS
'Raises the error for a tier that is not there (23503)';

CREATE FUNCTION _tiering.refuse_version(scheme text, version int, as_of date) RETURNS int
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	right_one int := COALESCE(tiering.version_on(refuse_version.scheme, as_of), min(v.version))
		FROM tiering.scheme_version v WHERE v.scheme = refuse_version.scheme
			AND v.status <> 'draft';
BEGIN
	RAISE EXCEPTION 'customers of scheme "%" cannot be changed by hand as of % by version %',
		scheme, as_of, version
		USING ERRCODE = 'object_not_in_prerequisite_state',
		HINT = CASE WHEN right_one IS NULL THEN 'The scheme has no version that was published.'
			ELSE format('Version %s counts on that day.', right_one) END;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_version(text, int, date) IS
'Raises the error for a change by hand by a version that does not grade on its day (55000)';

CREATE FUNCTION _tiering.refuse_by_hand(a tiering.assignment, what text, hint text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'customer "%" of scheme "%" cannot be changed by hand: %', a.customer_id,
		a.scheme, what
		USING ERRCODE = 'object_not_in_prerequisite_state', HINT = hint;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_by_hand(tiering.assignment, text, text) IS
'Raises the error for a change of assignment that is nobody''s to make (55000)';

CREATE FUNCTION _tiering.way_by_hand(direction text, scheme text, customer_id text,
	from_tier text, version int, to_tier text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF direction = 'stayed' THEN
		RAISE EXCEPTION 'customer "%" of scheme "%" cannot be moved by hand: "%" is what version '
				'% calls their tier "%"', customer_id, scheme, to_tier, version, from_tier
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'The next assessment by that version gives their tier its name.';
	END IF;
	RETURN COALESCE(direction, 'lateral');
END;
$$;
COMMENT ON FUNCTION _tiering.way_by_hand(text, text, text, text, int, text) IS
'The direction of a move by hand, by that of directions(). Error: it leads into the same tier by '
'another name (55000)';

-- A batch of changes by hand is examined when it is recorded: whatever the statement
-- was, its moves are there.
CREATE FUNCTION _tiering.check_by_hand(scheme text, batch int) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	PERFORM _tiering.refuse_tier(m.scheme, m.version, m.to_tier)
	FROM (SELECT DISTINCT x.scheme, x.version, x.to_tier FROM tiering.migration x
		  WHERE x.scheme = check_by_hand.scheme AND x.batch = check_by_hand.batch AND x.to_tier
			IS NOT NULL) m
		LEFT JOIN tiering.tier t ON (t.scheme, t.version, t.tier) = (m.scheme, m.version, m.to_tier)
	WHERE t.tier IS NULL;
	PERFORM _tiering.refuse_version(x.scheme, x.version, x.as_of)
	FROM (SELECT DISTINCT m.scheme, m.version, m.as_of FROM tiering.migration m
		  WHERE m.scheme = check_by_hand.scheme AND m.batch = check_by_hand.batch
			AND m.to_tier IS NOT NULL) x
	WHERE (x.version = ANY (ARRAY(
		-- the one of the day, or the first one; or that of the last assessment, as rows have it
		SELECT COALESCE(tiering.version_on(x.scheme, x.as_of), min(v.version))
		FROM tiering.scheme_version v WHERE v.scheme = x.scheme AND v.status <> 'draft'
		UNION ALL SELECT l.version FROM _tiering.last_assessment(x.scheme) l
		WHERE l.as_of <= x.as_of))) IS NOT TRUE;
	SELECT p.customer_id, x.as_of, l.as_of AS last_move, o.as_of AS last_own INTO wrong
	FROM tiering.migration x
		LEFT JOIN tiering.source s ON s.scheme = x.scheme
		LEFT JOIN LATERAL (
			SELECT _tiering.number_now(x.scheme, x.customer_id) COLLATE "C" AS customer_id
		) p ON true
		LEFT JOIN LATERAL (
			SELECT max(y.as_of) AS as_of FROM _tiering.moves_of(x.scheme, p.customer_id) y
			WHERE y.batch <> x.batch) l ON true
		LEFT JOIN _tiering.last_own(check_by_hand.scheme) o
			ON o.customer_id COLLATE "C" = p.customer_id
	WHERE x.scheme = check_by_hand.scheme AND x.batch = check_by_hand.batch
		AND (x.as_of < l.as_of OR x.as_of < o.as_of
			OR x.as_of > GREATEST(current_date, s.refreshed_as_of, o.as_of))
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'customer "%" of scheme "%" cannot be moved by hand as of %',
			wrong.customer_id, scheme, wrong.as_of
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = CASE WHEN wrong.as_of < wrong.last_move
				THEN format('Their last move was as of %s.', wrong.last_move)
				WHEN wrong.as_of < wrong.last_own
					THEN format('They were assessed by themselves as of %s.', wrong.last_own)
				ELSE format('Today is %s.', current_date) END,
			HINT = format('A change by hand comes after what is known. What was wrong before is '
				'put right in the data, and by tiering.restate(%L, %L, customers).',
				scheme, wrong.as_of);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_by_hand(text, int) IS
'Refuses a batch of changes by hand with a tier that is not there (23503), a version that does '
'not grade on the day, a day before the customer''s last move, or one after today (55000)';

CREATE FUNCTION _tiering.begin_by_hand(scheme text, OUT batch int, OUT last_move bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.take_turn(scheme);
	batch := _tiering.next_batch(scheme);
	last_move := _tiering.last_move();
END;
$$;
COMMENT ON FUNCTION _tiering.begin_by_hand(text) IS
'Takes the turn of a scheme for a batch of changes by hand: its number, and that of the last move '
'before it';

CREATE FUNCTION _tiering.seal_by_hand(scheme text, batch int, after_move bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_by_hand(scheme, batch),
		_tiering.seal_batch(scheme, batch, 'manual', NULL, after_move),
		_tiering.amend_assessments(scheme, after_move);
END;
$$;
COMMENT ON FUNCTION _tiering.seal_by_hand(text, int, bigint) IS
'Examines a batch of changes by hand, seals it, and has assessments know of its moves, which have '
'numbers after one';

CREATE FUNCTION _tiering.is_by_hand(relation oid, trigger text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF relation <> 'tiering.assignment'::regclass THEN
		RAISE EXCEPTION '%() is a trigger on tiering.assignment only', trigger
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	RETURN NOT EXISTS (SELECT FROM tiering.writing w WHERE w.pid = pg_backend_pid());
END;
$$;
COMMENT ON FUNCTION _tiering.is_by_hand(oid, text) IS
'Whether a change that fires a trigger is somebody''s, and not one that our functions record by '
'themselves. Errors: the trigger is on another table than assignment (55000)';

-- A plan for one row must not be kept for half a million. The planner takes there to be
-- one row of those just written: nested loops would never end.
-- Who says no date of a change means the last assessment. Rows that stay as they are count,
-- too: they are locked, and nobody waits for a turn with that.
CREATE FUNCTION _tiering.record_by_hand() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_nestloop = off SET enable_hashjoin = on
AS $$
DECLARE
	restored boolean := TG_NARGS > 0;
	schemes text[];
	this text;
	this_batch int;
	before bigint;
BEGIN
	IF NOT _tiering.is_by_hand(TG_RELID, 'record_by_hand') THEN
		RETURN NULL;
	ELSIF TG_OP = 'DELETE' THEN
		schemes := ARRAY(SELECT DISTINCT o.scheme FROM old_rows o ORDER BY 1);
	ELSE
		schemes := ARRAY(SELECT DISTINCT n.scheme FROM new_rows n
			WHERE NOT (restored AND n.recorded_at <> now()) ORDER BY 1);
	END IF;
	FOREACH this IN ARRAY schemes LOOP
		SELECT * INTO this_batch, before FROM _tiering.begin_by_hand(this);
		IF TG_OP = 'INSERT' THEN
			INSERT INTO tiering.migration AS m (scheme, customer_id, as_of, to_tier, direction,
				cause, version, assessed, recorded_by, recorded_as, batch)
			SELECT n.scheme, COALESCE(p.number, n.customer_id), n.as_of, n.tier, 'new', 'manual',
				n.version, n.as_of, session_user, _tiering.acting_role(), this_batch
			FROM new_rows n LEFT JOIN _tiering.number_days(this) p
				ON p.now_id = n.customer_id AND p.days @> n.as_of
			WHERE n.scheme = this AND NOT (restored AND n.recorded_at <> now());
		ELSIF TG_OP = 'DELETE' THEN
			INSERT INTO tiering.migration AS m (scheme, customer_id, as_of, from_tier, direction,
				cause, version, measure, assessed, recorded_by, recorded_as, batch)
			SELECT o.scheme, COALESCE(p.number, o.customer_id), d.day, o.tier, 'exit', 'manual',
				o.version, h.measure, d.day, session_user, _tiering.acting_role(), this_batch
			FROM old_rows o LEFT JOIN tiering.source s ON s.scheme = o.scheme
				LEFT JOIN _tiering.current_measures(this, ARRAY(SELECT x.customer_id
					FROM old_rows x)) h ON h.customer_id COLLATE "C" = o.customer_id
				LEFT JOIN _tiering.last_own(this) l ON o.customer_id = l.customer_id COLLATE "C"
				CROSS JOIN GREATEST(o.as_of, o.since, s.refreshed_as_of, l.as_of) d(day)
				LEFT JOIN _tiering.number_days(this) p ON p.now_id = o.customer_id AND p.days @> day
			WHERE o.scheme = this;
		ELSE
			INSERT INTO tiering.migration AS m (scheme, customer_id, as_of, from_tier, to_tier,
				direction, cause, version, measure, assessed, recorded_by, recorded_as, batch)
			SELECT n.scheme, COALESCE(p.number, n.customer_id), d.day, o.tier, n.tier,
				_tiering.way_by_hand(w.direction, this, n.customer_id, o.tier, n.version, n.tier),
				'manual', n.version, h.measure, d.day, session_user, _tiering.acting_role(),
				this_batch FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
				LEFT JOIN tiering.source s USING (scheme)
				LEFT JOIN _tiering.current_measures(this, ARRAY(SELECT x.customer_id
					FROM new_rows x)) h ON h.customer_id COLLATE "C" = n.customer_id
				LEFT JOIN _tiering.last_own(this) l ON n.customer_id = l.customer_id COLLATE "C"
				LEFT JOIN _tiering.directions_in(this,
					ARRAY(SELECT DISTINCT x.version FROM new_rows x)) w
					ON w.version = n.version AND w.from_tier = o.tier AND w.to_tier = n.tier
				CROSS JOIN LATERAL (SELECT CASE WHEN n.as_of <> o.as_of THEN n.as_of
					ELSE GREATEST(n.as_of, n.since, s.refreshed_as_of, l.as_of) END AS day) d
				LEFT JOIN _tiering.number_days(this) p ON p.now_id = n.customer_id AND p.days @> day
			WHERE n.scheme = this AND n.tier <> o.tier;
		END IF;
		PERFORM _tiering.seal_by_hand(this, this_batch, before);
	END LOOP;
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.record_by_hand() IS
'Trigger on assignment: adds a row to migration for each customer whose tier a statement changed';

-- A restore puts back table after table, or several at once, and batches and moves lie in
-- two of each: those of the archive and the others.
CREATE FUNCTION _tiering.has_moves(scheme text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	SELECT count(*) > 0 AND count(*) = max(b.batch) AND sum(b.moves) > 0 AND sum(b.moves) <= (
		SELECT count(*) FROM tiering.migration m WHERE m.scheme = has_moves.scheme COLLATE "C")
	FROM tiering.batch b WHERE b.scheme = has_moves.scheme COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.has_moves(text) IS
'Whether a scheme has batches and all of their moves: a restore has brought them back';

-- Restored is a row of the owner's with the time of then. Moves are restored before all
-- such rows or after them; a subscriber copies both at once.
CREATE FUNCTION _tiering.refuse_inserted() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_nestloop = off SET enable_hashjoin = on
AS $$
DECLARE
	restored boolean := TG_NARGS > 0;
BEGIN
	IF NOT _tiering.is_by_hand(TG_RELID, 'refuse_inserted') THEN
		RETURN NULL;
	END IF;
	PERFORM _tiering.refuse_by_hand(n, CASE WHEN isfinite(n.as_of)
			THEN 'only an assessment notes what comes with a tier'
			ELSE format('as_of is %s', n.as_of) END,
		'Say scheme, customer, tier, version, and the day, as as_of and since.')
	FROM new_rows n
	WHERE NOT (restored AND n.recorded_at <> now())
		AND (NOT isfinite(n.as_of) OR (n.cause, n.misses) <> ('manual', 0)
			OR num_nonnulls(n.first_as_of, n.earned, n.best, n.next_tier, n.next_review,
				n.kept_until, n.policy_tier, n.policy_since) > 0)
	LIMIT 1;
	PERFORM _tiering.refuse_by_hand(n, format('no move leads there on %s', n.since),
		'A row with a recorded_at of its own is a restored one, whose moves are restored too. '
		'Leave recorded_at out to have the row recorded.')
	FROM new_rows n
	WHERE restored AND n.recorded_at <> now()
		AND current_setting('session_replication_role') <> 'replica'
		AND n.scheme IN (SELECT x.scheme FROM (SELECT DISTINCT y.scheme FROM new_rows y) x
			WHERE _tiering.has_moves(x.scheme))
		AND (n.scheme, n.customer_id, n.since) NOT IN (
			SELECT m.scheme, m.customer_id, m.as_of FROM tiering.migration m
				JOIN new_rows x USING (scheme, customer_id))
		-- who has changed their number may have been there since before that
		AND NOT EXISTS (SELECT FROM tiering.migration m WHERE m.scheme = n.scheme
			AND m.customer_id = n.customer_id AND m.direction = 'merge' AND m.from_tier IS NULL)
	LIMIT 1;
	PERFORM _tiering.refuse_by_hand(n, format('they have the number "%s" now', f.now_id),
		'Say the number that the customer has now.')
	FROM new_rows n
		JOIN tiering.former_number f ON f.scheme = n.scheme AND f.customer_id = n.customer_id
	LIMIT 1;
	PERFORM _tiering.refuse_by_hand(n, format('they are one with "%s" now', b.becomes),
		'Say the number of the customer who is left.')
	FROM (SELECT DISTINCT x.scheme FROM new_rows x) s
		CROSS JOIN LATERAL _tiering.became(s.scheme, NULL, NULL) b
		JOIN new_rows n ON n.scheme = s.scheme AND n.customer_id = b.customer_id COLLATE "C"
	LIMIT 1;
	PERFORM _tiering.refuse_by_hand(n, format('since is %s, and as_of %s', n.since, n.as_of),
		'Who is put here has been here since that day; tiering.load_history() loads what an old '
		'system knew.')
	FROM new_rows n
	WHERE n.since <> n.as_of AND NOT (restored AND n.recorded_at <> now())
	LIMIT 1;
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_inserted() IS
'Trigger on assignment: refuses a customer who is put there by hand with more than a tier and its '
'day, or as a restored one whose moves are not (55000)';

CREATE FUNCTION _tiering.refuse_altered() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_nestloop = off SET enable_hashjoin = on
AS $$
BEGIN
	IF NOT _tiering.is_by_hand(TG_RELID, 'refuse_altered') THEN
		RETURN NULL;
	END IF;
	PERFORM _tiering.refuse_by_hand(n, 'an assignment cannot become another customer''s',
		'Delete it and insert the other, so that both moves are recorded.')
	FROM new_rows n LEFT JOIN old_rows o USING (scheme, customer_id)
	WHERE o.tier IS NULL
	LIMIT 1;
	PERFORM _tiering.refuse_by_hand(n, 'only tier and as_of are for that',
		'The rest follows from assessments; tiering.assess() makes one of single customers.')
	FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
	WHERE to_jsonb(n) - '{tier,as_of,since,version}'::text[]
		<> to_jsonb(o) - '{tier,as_of,since,version}'::text[]
	LIMIT 1;
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_altered() IS
'Trigger on assignment: refuses a change by hand of more than a tier and its day (55000)';

-- A tier that was changed by hand begins with the move, and nothing else keeps it; what
-- the policy had ahead was about the tier left. After record_by_hand(), as triggers go
-- by their names.
CREATE FUNCTION _tiering.settle_by_hand() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
	IF NOT _tiering.is_by_hand(TG_RELID, 'settle_by_hand') THEN
		RETURN NULL;
	ELSIF NOT EXISTS (SELECT FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
			WHERE (n.tier, n.as_of, n.since, n.version) <> (o.tier, o.as_of, o.since, o.version))
	THEN
		RETURN NULL;
	END IF;
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	UPDATE tiering.assignment a
	SET as_of = m.as_of, since = m.as_of, cause = 'manual', recorded_at = now(),
		earned = NULLIF(COALESCE(n.earned, CASE WHEN o.cause <> 'manual' THEN o.tier END), n.tier),
		misses = 0, best = NULL, next_tier = NULL, next_review = NULL, kept_until = NULL,
		policy_tier = NULL, policy_since = NULL
	FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
		JOIN LATERAL (
			SELECT x.as_of FROM _tiering.moves_of(n.scheme, n.customer_id) x
			ORDER BY x.move DESC LIMIT 1) m ON true
	WHERE a.scheme = n.scheme AND a.customer_id = n.customer_id AND n.tier <> o.tier;
	-- what assessments had noted since the day does not count any more
	INSERT INTO tiering.watch_history (scheme, customer_id, as_of, version, misses, after_batch)
	SELECT DISTINCT a.scheme, a.customer_id, h.as_of, a.version, 0,
		_tiering.next_batch(a.scheme) - 1
	FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
		JOIN tiering.assignment a USING (scheme, customer_id)
		JOIN tiering.watch_history h ON h.scheme = a.scheme AND h.as_of >= a.as_of
			AND h.customer_id = ANY (ARRAY[a.customer_id] || ARRAY(
				SELECT f.customer_id FROM tiering.former_number f
				WHERE f.scheme = a.scheme AND f.now_id = a.customer_id))
	WHERE n.tier <> o.tier AND NOT EXISTS (
		SELECT FROM _tiering.taken_back_by(h.scheme, h.as_of, COALESCE(h.after_batch, 0)));
	-- who was in that tier before has been there since then
	UPDATE tiering.assignment a SET as_of = o.as_of, since = o.since, version = o.version
	FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
	WHERE a.scheme = n.scheme AND a.customer_id = n.customer_id AND n.tier = o.tier
		AND (n.as_of, n.since, n.version) <> (o.as_of, o.since, o.version);
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.settle_by_hand() IS
'Trigger on assignment: what a change of tier by hand means for the rest of the row';

-- They go by their names: rows are waited for as ever before anything else comes after.
CREATE FUNCTION _tiering.limit_waiting() RETURNS trigger
AS 'MODULE_PATHNAME', 'limit_waiting'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1;
COMMENT ON FUNCTION _tiering.limit_waiting() IS
'Trigger on assignment: a statement that changes it by hand waits no longer than 10 ms for a row '
'that another session has, and is refused (55P03), and so is another such statement within it '
'(55000)';

CREATE TRIGGER limit_waiting BEFORE INSERT OR UPDATE OR DELETE ON tiering.assignment
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.limit_waiting();
CREATE TRIGGER allow_waiting AFTER INSERT OR UPDATE OR DELETE ON tiering.assignment
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.limit_waiting();
COMMENT ON TRIGGER limit_waiting ON tiering.assignment IS
'Who changes customers by hand does not keep a refresh waiting for them while they wait for it';
COMMENT ON TRIGGER allow_waiting ON tiering.assignment IS 'Ends what limit_waiting began';

CREATE TRIGGER check_new AFTER INSERT ON tiering.assignment
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (NOT _tiering.restores()) EXECUTE FUNCTION _tiering.refuse_inserted();
CREATE TRIGGER check_restored AFTER INSERT ON tiering.assignment
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (_tiering.restores()) EXECUTE FUNCTION
		_tiering.refuse_inserted('restored');
CREATE TRIGGER check_changed AFTER UPDATE ON tiering.assignment
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_altered();
CREATE TRIGGER record_new AFTER INSERT ON tiering.assignment
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (NOT _tiering.restores()) EXECUTE FUNCTION _tiering.record_by_hand();
CREATE TRIGGER record_restored AFTER INSERT ON tiering.assignment
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (_tiering.restores()) EXECUTE FUNCTION
		_tiering.record_by_hand('restored');
CREATE TRIGGER record_moves AFTER UPDATE ON tiering.assignment
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.record_by_hand();
CREATE TRIGGER settle_by_hand AFTER UPDATE ON tiering.assignment
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.settle_by_hand();
CREATE TRIGGER record_exit AFTER DELETE ON tiering.assignment
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.record_by_hand();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.assignment
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_truncate();
COMMENT ON TRIGGER check_new ON tiering.assignment IS
'A customer is put there with a tier and its day';
COMMENT ON TRIGGER check_restored ON tiering.assignment IS
'The same for the owner, who also restores rows';
COMMENT ON TRIGGER check_changed ON tiering.assignment IS
'Of a customer a tier and its day are changed, and nothing else';
COMMENT ON TRIGGER record_new ON tiering.assignment IS
'Records customers who are put there by hand';
COMMENT ON TRIGGER record_restored ON tiering.assignment IS
'Records customers whom the owner puts there, but for restored rows';
COMMENT ON TRIGGER record_moves ON tiering.assignment IS 'Records customers who change tier';
COMMENT ON TRIGGER settle_by_hand ON tiering.assignment IS
'Settles since and the policy''s notes of customers whose tier was changed by hand';
COMMENT ON TRIGGER record_exit ON tiering.assignment IS 'Records customers who leave';
COMMENT ON TRIGGER refuse_truncate ON tiering.assignment IS 'TRUNCATE would leave no moves';

-- Of our functions one alone changes such rows, forget_customer(), and none removes any.
CREATE FUNCTION _tiering.refuse_rewrite() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP IN ('UPDATE', 'DELETE')
		AND EXISTS (SELECT FROM tiering.writing w WHERE w.pid = pg_backend_pid())
	THEN
		RETURN NULL;
	END IF;
	RAISE EXCEPTION 'rows of %.% cannot be changed or removed', TG_TABLE_SCHEMA, TG_TABLE_NAME
		USING ERRCODE = 'object_not_in_prerequisite_state';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_rewrite() IS 'Trigger: history is added to only';

DO $$
DECLARE
	kept pg_catalog.regclass;
BEGIN
	FOREACH kept IN ARRAY '{tiering.migration,tiering.batch,tiering.superseded,
		tiering_archive.migration,tiering_archive.batch,tiering_archive.superseded,
		tiering.checkpoint,tiering.distribution_history,tiering.watch_history,tiering.forgotten,
		tiering.sealed_before,tiering.request,tiering.decision,tiering.own_assessment,
		tiering.source_check,tiering.customer_alias}'::pg_catalog.regclass[]
	LOOP
		EXECUTE pg_catalog.format('CREATE TRIGGER refuse_rewrite BEFORE UPDATE OR DELETE OR '
			'TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_rewrite()',
			kept);
		EXECUTE pg_catalog.format('COMMENT ON TRIGGER refuse_rewrite ON %s IS %L', kept,
			'History is added to only');
	END LOOP;
END;
$$;
