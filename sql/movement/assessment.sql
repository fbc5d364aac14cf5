/*
 * Assessments that are kept: what each customer had, and where they stood. The sums over
 * them are the distribution of the assessment, whoever changes it: a refresh appends all
 * customers, and a decision, a change by hand or a restatement amends those whom it
 * touches. Money of an assessment that is not kept is not known, and null.
 */

-- This and what else is asked at each step of a decision is plpgsql, which keeps its plan: to
-- plan one of them takes longer than to ask it.
CREATE FUNCTION _tiering.last_void(scheme text, as_of date, known_at timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT COALESCE(max(v.recorded_at), '-infinity') FROM tiering.batch v
		WHERE v.scheme = last_void.scheme COLLATE "C" AND v.kind = 'void'
			AND v.as_of = last_void.as_of
			AND (last_void.known_at IS NULL OR v.recorded_at <= last_void.known_at));
END;
$$;
COMMENT ON FUNCTION _tiering.last_void(text, date, timestamptz) IS
'When an assessment was taken back last, as known at a time; -infinity if it never was';

CREATE FUNCTION _tiering.kept(scheme text, as_of date, known_at timestamptz DEFAULT NULL)
RETURNS tiering.kept_assessment
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result tiering.kept_assessment;
BEGIN
	SELECT k.* INTO result FROM tiering.kept_assessment k
	WHERE k.scheme = kept.scheme COLLATE "C" AND k.as_of = kept.as_of
		AND (kept.known_at IS NULL OR k.recorded_at <= kept.known_at)
		AND k.recorded_at > _tiering.last_void(kept.scheme, kept.as_of, kept.known_at)
	ORDER BY k.recorded_at DESC LIMIT 1;
	-- its table may have been emptied since a transaction began that has read nothing of it
	IF result.slot > 0
		AND NOT EXISTS (SELECT FROM tiering.assessment a
			WHERE a.slot = result.slot AND a.scheme = result.scheme AND a.as_of = result.as_of)
		AND EXISTS (SELECT FROM tiering.distribution_history d
			WHERE d.scheme = result.scheme AND d.as_of = result.as_of
				AND d.recorded_at >= result.recorded_at AND d.customers > 0)
	THEN
		RETURN NULL;
	END IF;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.kept(text, date, timestamptz) IS
'The assessment of a day, if its rows are kept and it was not taken back, as known at a time; '
'known_at null: as known now';

CREATE FUNCTION _tiering.has_amendments(k tiering.kept_assessment) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN EXISTS (SELECT FROM tiering.assessment b
		WHERE b.slot = k.slot AND b.scheme = k.scheme AND b.as_of = k.as_of AND b.amends
			AND b.recorded_at > k.recorded_at);
END;
$$;
COMMENT ON FUNCTION _tiering.has_amendments(tiering.kept_assessment) IS
'Whether any row of an assessment was amended since it was recorded';

CREATE FUNCTION _tiering.last_events(scheme text, OUT batch int, OUT entry bigint)
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT _tiering.next_batch(last_events.scheme) - 1, COALESCE(max(w.entry), 0)
	FROM tiering.watch_history w;
END;
COMMENT ON FUNCTION _tiering.last_events(text) IS
'The last batch of a scheme, and the last entry of watch_history: what is_untouched() takes later';

-- What changes a row of assignment is a batch or an entry; what changes a measure amends the
-- assessment, is a customer's own, or joins two in a batch.
CREATE FUNCTION _tiering.is_untouched(k tiering.kept_assessment, batch int, entry bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN NOT EXISTS (SELECT FROM tiering.batch b
			WHERE b.scheme = k.scheme AND b.batch > is_untouched.batch)
		AND NOT EXISTS (SELECT FROM tiering.watch_history w
			WHERE w.entry > is_untouched.entry AND w.scheme = k.scheme)
		AND NOT EXISTS (SELECT FROM tiering.own_assessment o
			WHERE o.scheme = k.scheme AND o.as_of > k.as_of)
		AND NOT _tiering.has_amendments(k);
END;
$$;
COMMENT ON FUNCTION _tiering.is_untouched(tiering.kept_assessment, int, bigint) IS
'Whether nothing has come after the last assessment, which left a batch and an entry of '
'watch_history as the last ones';

CREATE FUNCTION _tiering.is_amended(k tiering.kept_assessment) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT EXISTS (SELECT FROM tiering.former_number f WHERE f.scheme = (k).scheme)
		OR _tiering.has_amendments(k);
END;
COMMENT ON FUNCTION _tiering.is_amended(tiering.kept_assessment) IS
'Part of kept_rows(): whether any row of an assessment may have been amended since, or be of a '
'number that is not one any more';

-- What nobody amended is read as it lies, without looking up each customer. If that is known
-- before, the plan has nothing but that.
-- Inlined where it is called, so that workers can read it: k is a variable there, as a call
-- of kept() would be made for each row. The planner takes there to be hardly a row of one
-- assessment, above all before the table is analyzed: whatever joins it sets enable_nestloop
-- = off, or it could be read again for each customer.
CREATE FUNCTION _tiering.kept_rows(k tiering.kept_assessment, known_at timestamptz,
	amended boolean DEFAULT NULL)
RETURNS TABLE (customer_id text, tier text, measure numeric, version int)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100000
BEGIN ATOMIC
	SELECT a.customer_id, a.tier, a.measure, a.version
	FROM tiering.assessment a
	WHERE a.slot = (k).slot AND a.scheme = (k).scheme AND a.as_of = (k).as_of
		AND a.recorded_at = (k).recorded_at AND NOT a.amends
		AND NOT COALESCE(kept_rows.amended, (SELECT _tiering.is_amended(k)))
	UNION ALL
	SELECT a.customer_id, a.tier, a.measure, a.version
	FROM (
		SELECT COALESCE(f.now_id, a.customer_id) AS customer_id, a.tier, a.measure, a.version
		FROM tiering.assessment a
			LEFT JOIN tiering.former_number f ON f.scheme = (k).scheme
				AND f.customer_id = a.customer_id
		WHERE a.slot = (k).slot AND a.scheme = (k).scheme AND a.as_of = (k).as_of
			AND a.recorded_at = (k).recorded_at AND NOT a.amends) a
	WHERE COALESCE(kept_rows.amended, (SELECT _tiering.is_amended(k))) AND NOT EXISTS (
			SELECT FROM tiering.assessment b
				LEFT JOIN tiering.former_number f ON f.scheme = (k).scheme
					AND f.customer_id = b.customer_id
			WHERE b.slot = (k).slot AND b.scheme = (k).scheme AND b.as_of = (k).as_of AND b.amends
				AND COALESCE(f.now_id, b.customer_id) = a.customer_id
				AND b.recorded_at > (k).recorded_at
				AND (kept_rows.known_at IS NULL OR b.recorded_at <= kept_rows.known_at))
	UNION ALL
	SELECT l.customer_id, l.tier, l.measure, l.version
	FROM (
		SELECT DISTINCT ON (COALESCE(f.now_id, b.customer_id))
			COALESCE(f.now_id, b.customer_id) AS customer_id, b.tier, b.measure, b.version
		FROM tiering.assessment b
			LEFT JOIN tiering.former_number f ON f.scheme = (k).scheme
				AND f.customer_id = b.customer_id
		WHERE b.slot = (k).slot AND b.scheme = (k).scheme AND b.as_of = (k).as_of AND b.amends
			AND b.recorded_at > (k).recorded_at
			AND (kept_rows.known_at IS NULL OR b.recorded_at <= kept_rows.known_at)
		ORDER BY COALESCE(f.now_id, b.customer_id), b.recorded_at DESC) l
	WHERE COALESCE(kept_rows.amended, (SELECT _tiering.is_amended(k)));
END;
COMMENT ON FUNCTION _tiering.kept_rows(tiering.kept_assessment, timestamptz, boolean) IS
'What customers had at an assessment that is kept, and where they stood, as known at a time; null: '
'as known now. They are called by the numbers that they have now. Who was none, or waited for an '
'approval to become one, has no tier. Nobody if the assessment is null. amended: what is_amended() '
'tells, if that is asked already';

-- Of a part that was never analyzed the planner would read all, whichever assessment is asked for.
CREATE FUNCTION _tiering.kept_of(scheme text, days date[], customers text[])
RETURNS TABLE (as_of date, customer_id text, tier text, measure numeric, version int)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
	day date;
	k tiering.kept_assessment;
	amended boolean;
BEGIN
	FOREACH day IN ARRAY COALESCE(days, '{}') LOOP
		k := _tiering.kept(scheme, day);
		IF k.slot IS NOT NULL THEN
			amended := _tiering.is_amended(k);
			RETURN QUERY SELECT day, r.customer_id, r.tier, r.measure, r.version
			FROM _tiering.kept_rows(k, NULL, amended) r
			WHERE customers IS NULL OR r.customer_id = ANY (customers COLLATE "C");
		END IF;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.kept_of(text, date[], text[]) IS
'What customers, or all if null, had at assessments, of those that are kept, and where they stood';

CREATE FUNCTION _tiering.keeping_of(scheme text, OUT which text, OUT how_long interval)
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT COALESCE(max(k.which), 'month_end'), max(k.how_long)
	FROM tiering.keeping k WHERE k.scheme = keeping_of.scheme;
END;
COMMENT ON FUNCTION _tiering.keeping_of(text) IS
'Which assessments of a scheme are kept, and for how long; see keep_assessments()';

-- What is sure to be kept for long lies where it stays: all, and the last day of a month,
-- as none comes after it in that. Any other goes where another scheme has gone since the
-- last of this one, and else into an empty table: several schemes go on together. Schemes
-- that are not assessed any more keep their last ones where they are: if that is in each
-- of the other tables, none will ever be empty, and rows have to be deleted one by one.
CREATE FUNCTION _tiering.slot_to_write(scheme text, as_of date) RETURNS smallint
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	which text := o.which FROM _tiering.keeping_of(scheme) o;
	newest tiering.kept_assessment;
	own tiering.kept_assessment;
BEGIN
	IF which = 'all' OR which = 'month_end'
		AND date_trunc('month', as_of) < date_trunc('month', as_of + 1)
	THEN
		RETURN 0;
	END IF;
	SELECT * INTO newest FROM tiering.kept_assessment k WHERE k.slot > 0
	ORDER BY k.recorded_at DESC LIMIT 1;
	SELECT * INTO own FROM tiering.kept_assessment k WHERE k.scheme = slot_to_write.scheme
	ORDER BY k.recorded_at DESC LIMIT 1;
	IF newest.slot IS NULL OR own.slot IS NULL
		OR newest.slot <> own.slot AND newest.recorded_at > own.recorded_at
	THEN
		RETURN COALESCE(newest.slot, 1);
	END IF;
	RETURN COALESCE((
		SELECT s.slot FROM generate_series(1, 4) s(slot)
		WHERE pg_relation_size(format('tiering.assessment_%s', s.slot)::regclass) = 0
		ORDER BY s.slot LIMIT 1), (
		SELECT newest.slot FROM generate_series(1, 4) s(slot)
		WHERE s.slot <> newest.slot AND NOT EXISTS (SELECT FROM tiering.kept_assessment k
			WHERE k.slot = s.slot AND k.scheme <> slot_to_write.scheme)
		LIMIT 1), 0);
END;
$$;
COMMENT ON FUNCTION _tiering.slot_to_write(text, date) IS
'In which part of the table assessment the next one of a scheme is to lie';

-- The first edition of an assessment; the rows of its customers are whoever calls it's to
-- add, with the time that this returns.
CREATE FUNCTION _tiering.begin_assessment(scheme text, as_of date) RETURNS tiering.kept_assessment
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO tiering.kept_assessment (scheme, as_of, recorded_at, slot)
	VALUES (begin_assessment.scheme, begin_assessment.as_of,
		_tiering.next_edition(begin_assessment.scheme, begin_assessment.as_of),
		_tiering.slot_to_write(begin_assessment.scheme, begin_assessment.as_of))
	RETURNING *
$$;
COMMENT ON FUNCTION _tiering.begin_assessment(text, date) IS
'Notes that an assessment is kept, and where its rows are to lie';

CREATE FUNCTION _tiering.is_kept(which text, how_long interval, day date, next date, last date)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT (is_kept.how_long IS NULL OR is_kept.day >= is_kept.last - is_kept.how_long)
		AND CASE is_kept.which WHEN 'all' THEN true WHEN 'last' THEN false
			ELSE date_trunc('month', is_kept.day) < date_trunc('month', is_kept.next) END;
END;
COMMENT ON FUNCTION _tiering.is_kept(text, interval, date, date, date) IS
'Whether an assessment that is not one of the last two is kept: next is the one after it, last the '
'last of all';

-- The last two are kept whatever the setting: one of them may be taken back. One that was
-- is kept as any other of its day, for what was known before. until: where the next one as
-- of the same day begins.
CREATE FUNCTION _tiering.not_to_keep(scheme text)
RETURNS TABLE (as_of date, recorded_at timestamptz, until timestamptz, slot smallint,
	is_kept boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	WITH day AS (
		SELECT x.as_of, bool_or(x.stands) AS stands
		FROM (
			SELECT d.as_of, max(d.recorded_at) > COALESCE(max(v.recorded_at), '-infinity') AS stands
			FROM tiering.distribution_history d
				LEFT JOIN tiering.batch v ON v.scheme = d.scheme AND v.kind = 'void'
					AND v.as_of = d.as_of
			WHERE d.scheme = not_to_keep.scheme GROUP BY d.as_of
			UNION ALL
			SELECT k.as_of, false FROM tiering.kept_assessment k
			WHERE k.scheme = not_to_keep.scheme) x
		GROUP BY x.as_of
	), followed AS (
		SELECT d.as_of, min(d.as_of) FILTER (WHERE d.stands) OVER later AS next,
			max(d.as_of) FILTER (WHERE d.stands) OVER later AS last,
			count(*) FILTER (WHERE d.stands) OVER later AS later
		FROM day d
		WINDOW later AS (ORDER BY d.as_of DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
	), candidate AS (
		SELECT k.as_of, k.recorded_at, k.slot, lead(k.recorded_at, 1, 'infinity')
				OVER (PARTITION BY k.as_of ORDER BY k.recorded_at) AS until,
			_tiering.is_kept(o.which, o.how_long, k.as_of, f.next, f.last) AS is_kept
		FROM tiering.kept_assessment k CROSS JOIN _tiering.keeping_of(not_to_keep.scheme) o
			JOIN followed f ON f.as_of = k.as_of AND f.later > 1
		WHERE k.scheme = not_to_keep.scheme
	)
	SELECT h.as_of, h.recorded_at, h.until, h.slot, h.is_kept
	FROM candidate h WHERE h.slot > 0 OR NOT h.is_kept;
END;
COMMENT ON FUNCTION _tiering.not_to_keep(text) IS
'The assessments of a scheme that are not to stay where they are: they go to assessment_kept, or '
'are not kept any more';

CREATE FUNCTION _tiering.part_of(slot smallint) RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE COST 10
RETURN format('tiering.assessment_%s', COALESCE(NULLIF(slot, 0)::text, 'kept'))::regclass;
COMMENT ON FUNCTION _tiering.part_of(smallint) IS 'The part of the table assessment with a slot';

-- The index leaves out what was appended until a vacuum comes by, and the planner does not use
-- it of a table of which it knows nothing: whoever reads one assessment would read them all.
-- Who has the table under VACUUM is hardly waited for, and has it at once when we are done; but
-- ANALYZE keeps its lock until the transaction ends, so that it is left to one that ends here.
CREATE FUNCTION _tiering.summarize(slot smallint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp SET lock_timeout = '10ms'
AS $$
DECLARE
	part regclass := _tiering.part_of(slot);
BEGIN
	PERFORM brin_summarize_new_values(i.inhrelid::regclass)
	FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid
	WHERE i.inhparent = 'tiering.assessment_as_of'::regclass AND x.indrelid = part;
	IF NOT _tiering.in_block() AND NOT EXISTS (SELECT FROM pg_stats s
		WHERE s.schemaname = 'tiering' AND s.attname = 'scheme'
			AND s.tablename = (SELECT c.relname FROM pg_class c WHERE c.oid = part))
	THEN
		EXECUTE format('ANALYZE %s (scheme, as_of)', part);
	END IF;
EXCEPTION WHEN lock_not_available THEN
	NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.summarize(smallint) IS
'Has the index of a part of the table assessment know what was appended, and the planner what the '
'part is like';

-- What an assessment that is not kept had is left to be emptied with its table. It is
-- deleted only from assessment_kept, when its time is over.
CREATE FUNCTION _tiering.keep_or_drop(scheme text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
	past record;
BEGIN
	FOR past IN SELECT * FROM _tiering.not_to_keep(scheme) LOOP
		IF past.is_kept THEN
			INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure,
				version, amends, recorded_at)
			SELECT 0, a.scheme, a.as_of, a.customer_id, a.tier, a.measure, a.version, a.amends,
				a.recorded_at
			FROM tiering.assessment a
			WHERE a.slot = past.slot AND a.scheme = keep_or_drop.scheme
				AND a.as_of = past.as_of
				AND a.recorded_at >= past.recorded_at AND a.recorded_at < past.until;
			UPDATE tiering.kept_assessment k SET slot = 0
			WHERE k.scheme = keep_or_drop.scheme AND k.as_of = past.as_of
				AND k.recorded_at = past.recorded_at;
			PERFORM _tiering.summarize(0::smallint);
			CONTINUE;
		END IF;
		DELETE FROM tiering.kept_assessment k
		WHERE k.scheme = keep_or_drop.scheme AND k.as_of = past.as_of
			AND k.recorded_at = past.recorded_at;
		IF past.slot = 0 THEN
			DELETE FROM tiering.assessment a
			WHERE a.slot = 0 AND a.scheme = keep_or_drop.scheme AND a.as_of = past.as_of
				AND a.recorded_at >= past.recorded_at AND a.recorded_at < past.until
				AND NOT (a.amends AND EXISTS (
					SELECT FROM tiering.own_assessment o
					WHERE o.scheme = a.scheme AND o.as_of = a.as_of
						AND _tiering.number_now(o.scheme, o.customer_id) COLLATE "C"
							= _tiering.number_now(a.scheme, a.customer_id) COLLATE "C"));
		END IF;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_or_drop(text) IS
'Has the assessments of a scheme that are to be kept for long lie in assessment_kept, and forgets '
'those that are not';

CREATE FUNCTION _tiering.unused_slots() RETURNS smallint[]
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT ARRAY(
		SELECT s.slot::smallint FROM generate_series(1, 4) s(slot)
		WHERE pg_relation_size(format('tiering.assessment_%s', s.slot)::regclass) > 0
			AND NOT EXISTS (SELECT FROM tiering.kept_assessment k WHERE k.slot = s.slot))
$$;
COMMENT ON FUNCTION _tiering.unused_slots() IS
'The parts of the table assessment of whose rows none are kept any more';

CREATE FUNCTION _tiering.in_block() RETURNS boolean
AS 'MODULE_PATHNAME', 'in_block'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1;
COMMENT ON FUNCTION _tiering.in_block() IS
'Whether the statement is one of several in a transaction: whatever it locks stays locked';

-- TRUNCATE waits for readers, and has older snapshots see nothing. So it is tried at the
-- end of an assessment, on what was unused when that began, and left to the next one if
-- anybody is reading. Its lock goes with the transaction, so that none is taken where more
-- may come in that: who waits for it may have what comes next. And a snapshot that does
-- not see what others have written since could take a part for unused that is not.
CREATE FUNCTION _tiering.empty_slots(slots smallint[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp SET lock_timeout = '10ms'
AS $$
DECLARE
	slot smallint;
BEGIN
	IF _tiering.in_block() OR current_setting('transaction_isolation') <> 'read committed' THEN
		RETURN;
	END IF;
	FOREACH slot IN ARRAY slots LOOP
		BEGIN
			EXECUTE format('LOCK TABLE tiering.assessment_%s IN ACCESS EXCLUSIVE MODE NOWAIT',
				slot);
			IF slot = ANY (_tiering.unused_slots()) THEN
				EXECUTE format('TRUNCATE tiering.assessment_%s', slot);
			END IF;
		-- somebody reads it, our own statement does, or it was granted meanwhile
		EXCEPTION WHEN lock_not_available OR object_in_use OR internal_error THEN
			NULL;
		END;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.empty_slots(smallint[]) IS
'Empties parts of the table assessment that are unused, but for those that somebody reads';

CREATE FUNCTION _tiering.keep_assessments(scheme text, which text, how_long interval)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.take_turn(scheme);
	PERFORM _tiering.check_given(which, 'which');
	IF which NOT IN ('month_end', 'all', 'last') THEN
		RAISE EXCEPTION 'which must be month_end, all or last, not %', which
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF how_long <= '0' THEN
		RAISE EXCEPTION 'how_long must be more than nothing, or null, not %', how_long
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO tiering.keeping AS k (scheme, which, how_long)
	VALUES (keep_assessments.scheme, keep_assessments.which, keep_assessments.how_long)
	ON CONFLICT ON CONSTRAINT keeping_pkey DO UPDATE
		SET which = excluded.which, how_long = excluded.how_long, set_at = now(),
			set_by = session_user;
END;
$$;
COMMENT ON FUNCTION _tiering.keep_assessments(text, text, interval) IS
'Part of keep_assessments(): what it does, as the owner';

CREATE FUNCTION tiering.keep_assessments(scheme text, which text DEFAULT 'month_end',
	how_long interval DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION tiering.keep_assessments(text, text, interval) IS
'Says which assessments of a scheme are kept customer by customer. which: month_end, the last of '
'each month, as without this call; all; or last. The last two are kept whatever is said. how_long: '
'only those of so long before the last one; null: for ever. It counts from the next refresh on, or '
'for what is loaded, and brings nothing back. What is not kept leaves its sums in '
'distribution_history; the money of moves, and of tiers that are restated, is null for it. Its '
'room is given back by a refresh that is a transaction by itself. Assessments of single customers '
'are all kept. Errors: unknown scheme (42704), null (22004), another word, or no time (22023), a '
'refresh under way (55P03). Example: SELECT tiering.keep_assessments(''retail'', ''all'', ''5 '
'years'')';

-- A batch that is a decision's or made by hand has one move of a customer, or several on
-- the way to where they are. The tier of then is called as the assessment's version does.
CREATE FUNCTION _tiering.moved_in(scheme text, after_move bigint, day date, version int)
RETURNS TABLE (customer_id text, was text, tier text, measure numeric, graded_by int)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	SELECT m.customer_id, COALESCE(f.becomes, m.was), COALESCE(t.becomes, m.tier), m.measure,
		m.version
	FROM (
		SELECT COALESCE(o.now_id, x.customer_id) AS customer_id,
			(array_agg(x.from_tier ORDER BY x.move))[1] AS was,
			(array_agg(x.to_tier ORDER BY x.move DESC))[1] AS tier,
			(array_agg(x.measure ORDER BY x.move DESC))[1] AS measure,
			(array_agg(x.version ORDER BY x.move DESC))[1] AS version
		FROM tiering.migration x
			LEFT JOIN tiering.former_number o ON o.scheme = x.scheme
				AND o.customer_id = x.customer_id
		WHERE x.move > moved_in.after_move AND x.scheme = moved_in.scheme COLLATE "C"
			AND x.assessed <= moved_in.day AND x.direction <> 'merge'
		GROUP BY COALESCE(o.now_id, x.customer_id)) m
		LEFT JOIN _tiering.succeeded(moved_in.scheme, moved_in.version) f
			ON f.from_version = m.version AND f.tier = m.was
		LEFT JOIN _tiering.succeeded(moved_in.scheme, moved_in.version) t
			ON t.from_version = m.version AND t.tier = m.tier;
END;
COMMENT ON FUNCTION _tiering.moved_in(text, bigint, date, int) IS
'From where to where customers went by the moves after a number, up to a day; with tiers as a '
'version calls them';

-- What they had does not change by where they stand. Who was none of the customers of
-- then has the measure with which they came.
CREATE FUNCTION _tiering.amend_assessment(scheme text, as_of date, version int, after_move bigint)
RETURNS _tiering.tier_sum[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
	k tiering.kept_assessment := _tiering.kept(scheme, as_of);
	edition timestamptz := _tiering.next_edition(scheme, as_of);
	changes _tiering.tier_sum[];
BEGIN
	WITH moved AS MATERIALIZED (
		SELECT m.* FROM _tiering.moved_in(amend_assessment.scheme, after_move,
			amend_assessment.as_of, amend_assessment.version) m
	), had AS MATERIALIZED (
		SELECT m.customer_id, CASE WHEN k.slot IS NULL THEN m.was ELSE h.tier END AS was, m.tier,
			COALESCE(CASE WHEN h.tier IS NULL THEN m.measure END, h.measure) AS measure,
			m.graded_by
		FROM moved m
			LEFT JOIN _tiering.kept_of(amend_assessment.scheme, ARRAY[amend_assessment.as_of],
				ARRAY(SELECT x.customer_id FROM moved x)) h
				ON h.customer_id COLLATE "C" = m.customer_id
	), amending AS (
		INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure, version,
			amends, recorded_at)
		SELECT k.slot, k.scheme, k.as_of, h.customer_id, h.tier,
			CASE WHEN h.tier IS NOT NULL THEN h.measure END, h.graded_by, true, edition
		FROM had h WHERE k.slot IS NOT NULL AND h.tier IS DISTINCT FROM h.was
	)
	SELECT array_agg(ROW(x.tier, x.customers,
			CASE WHEN k.slot IS NOT NULL THEN x.customers * COALESCE(h.measure, 0) END
			)::_tiering.tier_sum)
	INTO changes
	FROM had h CROSS JOIN LATERAL (VALUES (h.was, -1), (h.tier, 1)) x(tier, customers)
	WHERE x.tier IS NOT NULL AND h.tier IS DISTINCT FROM h.was;
	RETURN changes;
END;
$$;
COMMENT ON FUNCTION _tiering.amend_assessment(text, date, int, bigint) IS
'Has the customers of the moves after a number stand, at an assessment, where these led them; '
'returns what that makes of its sums, of which money is null where the assessment is not kept';

CREATE FUNCTION _tiering.amend_assessments(scheme text, after_move bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	first_day date := min(m.assessed) FROM tiering.migration m
		WHERE m.move > after_move AND m.scheme = amend_assessments.scheme COLLATE "C";
	step record;
BEGIN
	FOR step IN
		SELECT a.as_of, a.version FROM _tiering.assessed_days(scheme, first_day, 'infinity') a
		ORDER BY a.as_of
	LOOP
		PERFORM _tiering.amend_distribution(scheme, step.as_of,
			_tiering.amend_assessment(scheme, step.as_of, step.version, after_move));
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.amend_assessments(text, bigint) IS
'Keeps what a decision or a change by hand makes of the assessments on or after its day, by the '
'moves after a number';

-- A part of a table has the comments of the whole, and so have the tables of the archive.
DO $$
DECLARE
	part record;
BEGIN
	FOR part IN
		SELECT p.inhrelid::pg_catalog.regclass AS name, a.attname,
			pg_catalog.col_description(p.inhparent, a.attnum) AS comment
		FROM pg_catalog.pg_inherits p
			JOIN pg_catalog.pg_attribute a ON a.attrelid = p.inhparent AND a.attnum > 0
		WHERE p.inhparent = ANY ('{tiering.assessment,tiering.migration,tiering.superseded,
			tiering.batch}'::pg_catalog.regclass[])
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', part.name, part.attname,
			part.comment);
	END LOOP;
END;
$$;
