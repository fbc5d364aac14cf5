/*
 * Moves are recorded by statement-level triggers with transition tables on
 * assignment, so that a change by hand is recorded like a refresh, and a bulk
 * load costs one insert. The function is a definer's: who may change a tier
 * need not, and must not, have the right to write history.
 */

-- One of our functions that writes has a row here meanwhile. Nobody else may put
-- one here, none is left when a transaction ends, and no code that is not ours, such
-- as a source, runs while there is one.
CREATE TABLE tiering.writing (
	pid   int PRIMARY KEY,
	as_of date NOT NULL,
	kind  text COLLATE "C" NOT NULL
);
COMMENT ON TABLE tiering.writing IS 'Tells the triggers of which assessment and kind of batch the moves are that they see; empty, but for the session that writes';
COMMENT ON COLUMN tiering.writing.pid IS 'The session';
COMMENT ON COLUMN tiering.writing.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.writing.kind IS 'As in batch';

CREATE FUNCTION tiering.refuse_tier(scheme text, version int, tier text) RETURNS int
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'version % of scheme "%" has no tier "%"', version, scheme, tier
		USING ERRCODE = 'foreign_key_violation';
END;
$$;
COMMENT ON FUNCTION tiering.refuse_tier(text, int, text) IS
'Raises the error for a tier that is not there (23503)';

CREATE FUNCTION tiering.refuse_rekey(scheme text, customer_id text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'an assignment cannot become that of customer "%" in scheme "%"', customer_id, scheme
		USING ERRCODE = 'object_not_in_prerequisite_state',
		HINT = 'Delete it and insert the other, so that both moves are recorded.';
END;
$$;
COMMENT ON FUNCTION tiering.refuse_rekey(text, text) IS
'Raises the error for an assignment whose key was changed (55000)';

-- All is done after the statement: a row trigger before it, even one that does
-- not fire, would have core lock each row ahead of updating it. A plan for one row
-- must not be kept for half a million. The planner takes there to be one row of those
-- just written: nested loops, which refresh_write() asks for, would never end.
CREATE FUNCTION tiering.record_moves() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_nestloop = off SET enable_hashjoin = on
AS $$
DECLARE
	refresh_as_of date := w.as_of FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	by_refresh boolean := refresh_as_of IS NOT NULL;
	kind text := COALESCE((SELECT w.kind FROM tiering.writing w WHERE w.pid = pg_backend_pid()), 'manual');
	may_restore boolean;
	actor text := tiering.actor();
	schemes text[];
	this_scheme text;
	this_batch int;
	before bigint;
BEGIN
	IF TG_RELID <> 'tiering.assignment'::regclass THEN
		RAISE EXCEPTION 'record_moves() is a trigger on tiering.assignment only'
			USING ERRCODE = 'object_not_in_prerequisite_state';
	ELSIF kind = 'restatement' THEN
		RETURN NULL;	-- which records the moves of its many dates itself
	END IF;
	IF TG_OP = 'INSERT' THEN
		-- a row with another time is a restored one, if the owner put it there
		may_restore := pg_has_role(actor, current_user, 'USAGE');
		PERFORM tiering.refuse_tier(n.scheme, n.version, n.tier)
		FROM (SELECT DISTINCT n.scheme, n.version, n.tier FROM new_rows n
			  WHERE n.recorded_at = now() OR NOT may_restore) n
			LEFT JOIN tiering.tier t USING (scheme, version, tier)
		WHERE t.tier IS NULL;
		schemes := ARRAY(SELECT DISTINCT n.scheme FROM new_rows n WHERE n.recorded_at = now() OR NOT may_restore ORDER BY 1);
	ELSIF TG_OP = 'DELETE' THEN
		schemes := ARRAY(SELECT DISTINCT o.scheme FROM old_rows o ORDER BY 1);
	ELSIF by_refresh THEN
		-- it sets since for all who move, which spares comparing those who stayed
		schemes := ARRAY(SELECT n.scheme FROM new_rows n WHERE n.since = refresh_as_of LIMIT 1);
	ELSE
		PERFORM tiering.refuse_rekey(n.scheme, n.customer_id)
		FROM new_rows n LEFT JOIN old_rows o USING (scheme, customer_id)
		WHERE o.tier IS NULL;
		schemes := ARRAY(SELECT DISTINCT n.scheme FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
			WHERE n.tier <> o.tier ORDER BY 1);
	END IF;

	FOREACH this_scheme IN ARRAY schemes LOOP
		this_batch := tiering.next_batch(this_scheme);
		before := tiering.last_move();
		IF TG_OP = 'INSERT' THEN
			INSERT INTO tiering.migration
				(scheme, customer_id, as_of, to_tier, direction, cause, version, measure, recorded_by, batch)
			SELECT n.scheme, n.customer_id, n.as_of, n.tier, 'new',
				CASE WHEN by_refresh THEN n.cause ELSE 'manual' END, n.version, n.measure, actor, this_batch
			FROM new_rows n
			WHERE n.scheme = this_scheme AND (n.recorded_at = now() OR NOT may_restore);
		ELSIF TG_OP = 'DELETE' THEN
			INSERT INTO tiering.migration
				(scheme, customer_id, as_of, from_tier, direction, cause, version, measure, recorded_by, batch)
			SELECT o.scheme, o.customer_id,
				COALESCE(refresh_as_of, GREATEST(o.as_of, s.refreshed_as_of)), o.tier, 'exit',
				CASE WHEN by_refresh THEN 'exit' ELSE 'manual' END, o.version, o.measure, actor, this_batch
			FROM old_rows o LEFT JOIN tiering.source s ON s.scheme = o.scheme
			WHERE o.scheme = this_scheme;
		ELSE
			-- Materialized, so that the few who moved are found before anything else
			-- is looked up.
			WITH moved AS MATERIALIZED (
				SELECT n.scheme, n.customer_id, n.version, n.measure, n.tier AS to_tier, n.cause,
					o.tier AS from_tier, o.version AS from_version,
					-- who changes a tier by hand and says no date means the last assessment
					CASE WHEN by_refresh OR n.as_of <> o.as_of THEN n.as_of
						ELSE GREATEST(n.as_of, s.refreshed_as_of) END AS as_of
				FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
					LEFT JOIN tiering.source s USING (scheme)
				WHERE n.scheme = this_scheme AND n.tier <> o.tier AND (NOT by_refresh OR n.since = refresh_as_of)
			)
			INSERT INTO tiering.migration
				(scheme, customer_id, as_of, from_tier, to_tier, direction, cause, version, measure, recorded_by, batch)
			SELECT m.scheme, m.customer_id, m.as_of, m.from_tier, m.to_tier,
				-- a tier that the new version no longer has ranks as it did
				CASE sign(COALESCE(t.rank, tiering.refuse_tier(m.scheme, m.version, m.to_tier))
						  - COALESCE(f.rank, was.rank, t.rank))
					WHEN 1 THEN 'up' WHEN -1 THEN 'down' ELSE 'lateral' END,
				CASE WHEN by_refresh THEN m.cause ELSE 'manual' END, m.version, m.measure, actor, this_batch
			FROM moved m
				LEFT JOIN tiering.tier t
					ON (t.scheme, t.version, t.tier) = (m.scheme, m.version, m.to_tier)
				LEFT JOIN tiering.tier f
					ON (f.scheme, f.version, f.tier) = (m.scheme, m.version, m.from_tier)
				LEFT JOIN tiering.tier was
					ON (was.scheme, was.version, was.tier) = (m.scheme, m.from_version, m.from_tier);
		END IF;
		PERFORM tiering.seal_batch(this_scheme, this_batch, kind, refresh_as_of, before);
	END LOOP;
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION tiering.record_moves() IS
'Trigger on assignment: adds a row to migration for each customer whose tier a statement changed';

-- A tier that was changed by hand without saying since when begins with the move, and
-- is held by that hand; misses and what the policy had ahead were about the tier
-- left. After record_moves(), as triggers go by their names. The update comes here
-- again, and ends here, as no tier is another any more.
CREATE FUNCTION tiering.settle_by_hand() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
	IF TG_RELID <> 'tiering.assignment'::regclass THEN
		RAISE EXCEPTION 'settle_by_hand() is a trigger on tiering.assignment only'
			USING ERRCODE = 'object_not_in_prerequisite_state';
	ELSIF EXISTS (SELECT FROM tiering.writing w WHERE w.pid = pg_backend_pid())	-- one of our functions, which sets all of that itself
		OR NOT EXISTS (SELECT FROM new_rows n JOIN old_rows o USING (scheme, customer_id) WHERE n.tier <> o.tier)
	THEN
		RETURN NULL;
	END IF;
	WITH set_by_hand AS (
		UPDATE tiering.assignment a
		SET as_of = CASE WHEN n.since = o.since THEN m.as_of ELSE a.as_of END,
			since = CASE WHEN n.since = o.since THEN m.as_of ELSE a.since END,
			cause = 'manual', ruled = NULL, ruled_since = NULL, recorded_at = now(),
			earned = NULLIF(COALESCE(n.earned, CASE WHEN o.cause <> 'manual' THEN o.tier END), n.tier),
			misses = 0, prior_misses = 0, next_tier = NULL, next_review = NULL
		FROM new_rows n JOIN old_rows o USING (scheme, customer_id)
			JOIN LATERAL (
				SELECT x.as_of FROM tiering.migration x
				WHERE x.scheme = n.scheme AND x.customer_id = n.customer_id
				ORDER BY x.move DESC LIMIT 1) m ON true
		WHERE a.scheme = n.scheme AND a.customer_id = n.customer_id AND n.tier <> o.tier
		RETURNING a.*, (o.misses, o.next_tier, o.ruled_since) IS DISTINCT FROM (0, NULL, NULL) AS noted
	)
	INSERT INTO tiering.watch_history (scheme, customer_id, as_of, misses, next_tier, next_review)
	SELECT h.scheme, h.customer_id, h.as_of, h.misses, h.next_tier, h.next_review
	FROM set_by_hand h WHERE h.noted;
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION tiering.settle_by_hand() IS
'Trigger on assignment: what a change of tier by hand means for the rest of the row';

CREATE TRIGGER record_new AFTER INSERT ON tiering.assignment
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.record_moves();
CREATE TRIGGER record_moves AFTER UPDATE ON tiering.assignment
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.record_moves();
CREATE TRIGGER settle_by_hand AFTER UPDATE ON tiering.assignment
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.settle_by_hand();
CREATE TRIGGER record_exit AFTER DELETE ON tiering.assignment
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.record_moves();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.assignment
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.refuse_truncate();
COMMENT ON TRIGGER record_new ON tiering.assignment IS 'Records customers who enter';
COMMENT ON TRIGGER record_moves ON tiering.assignment IS 'Records customers who change tier';
COMMENT ON TRIGGER settle_by_hand ON tiering.assignment IS 'Settles since and the policy''s notes of customers whose tier was changed by hand';
COMMENT ON TRIGGER record_exit ON tiering.assignment IS 'Records customers who leave';
COMMENT ON TRIGGER refuse_truncate ON tiering.assignment IS 'TRUNCATE would leave no moves';

CREATE FUNCTION tiering.refuse_rewrite() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'rows of %.% cannot be changed or removed', TG_TABLE_SCHEMA, TG_TABLE_NAME
		USING ERRCODE = 'object_not_in_prerequisite_state';
END;
$$;
COMMENT ON FUNCTION tiering.refuse_rewrite() IS 'Trigger: history is added to only';
CREATE TRIGGER refuse_rewrite BEFORE UPDATE OR DELETE OR TRUNCATE ON tiering.migration
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.refuse_rewrite();
COMMENT ON TRIGGER refuse_rewrite ON tiering.migration IS 'History is added to only';
