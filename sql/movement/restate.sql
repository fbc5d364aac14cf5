/*
 * Restating: late and corrected data. The assessments of some customers are made
 * once more, from a day on, with the data of today, by the versions and policies
 * in force at each of them, and with the overrides and approvals of then. Where
 * that leads to other moves, these supersede the old ones; nothing is erased, and
 * what was known at a time can still be asked.
 *
 * A replay is a refresh for each date on a table like assignment, which begins as
 * what was known of the customers before. What it costs follows the number of
 * customers, as the source is asked for these alone.
 */

CREATE TABLE tiering.dirty (
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	from_as_of  date NOT NULL,
	marked_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (scheme, customer_id)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.dirty', '');
COMMENT ON TABLE tiering.dirty IS 'Customers whose data changed behind an assessment, for restate_dirty()';
COMMENT ON COLUMN tiering.dirty.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.dirty.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.dirty.from_as_of IS 'The first day whose data changed: assessments from it on may be wrong';
COMMENT ON COLUMN tiering.dirty.marked_at IS 'When this was last marked';

CREATE TYPE tiering.restate_result AS (
	scheme      text,
	from_as_of  date,
	assessments int,
	customers   bigint,
	superseded  bigint,
	recorded    bigint,
	written     bigint
);
COMMENT ON TYPE tiering.restate_result IS
'What a restatement did: the first day restated, how many assessments were made again, for how many customers, the moves that do not stand any more, those recorded in their place, and rows of assignment written';

-- What was known of the customers of pg_temp.tiering_restate before their first
-- assessment that is made again, as rows of assignment in pg_temp.tiering_start.
-- Their measures are not kept; see replay_measures().
CREATE FUNCTION tiering.restate_start(scheme text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	CREATE TEMP TABLE tiering_start (LIKE tiering.assignment) ON COMMIT DROP;
	INSERT INTO pg_temp.tiering_start (scheme, customer_id, tier, measure, as_of, since, version, recorded_at, cause, first_as_of,
		misses, prior_misses, next_tier, next_review, ruled, ruled_since)
	SELECT restate_start.scheme, r.customer_id, l.to_tier, CASE WHEN l.as_of > v.as_of THEN l.measure END,
		GREATEST(l.as_of, w.as_of), l.as_of, CASE WHEN l.as_of > v.as_of THEN l.version ELSE COALESCE(v.version, l.version) END, now(), l.cause, CASE WHEN n.cause <> 'manual' THEN n.as_of END,
		COALESCE(w.misses, 0), COALESCE(w.misses, 0), w.next_tier, w.next_review, w.ruled, w.ruled_since
	FROM pg_temp.tiering_restate r
		CROSS JOIN LATERAL (
			SELECT m.* FROM tiering.known_moves(restate_start.scheme) m
			WHERE m.customer_id = r.customer_id AND m.as_of < r.from_as_of
			ORDER BY m.as_of DESC, m.move DESC LIMIT 1) l
		CROSS JOIN LATERAL (
			SELECT m.as_of, m.cause FROM tiering.known_moves(restate_start.scheme) m
			WHERE m.customer_id = r.customer_id AND m.as_of < r.from_as_of AND m.direction = 'new'
			ORDER BY m.as_of DESC, m.move DESC LIMIT 1) n
		LEFT JOIN LATERAL (
			SELECT h.* FROM tiering.watch_history h
			WHERE h.scheme = restate_start.scheme AND h.customer_id = r.customer_id
				AND h.as_of < r.from_as_of AND h.as_of >= n.as_of
			ORDER BY h.as_of DESC, h.entry DESC LIMIT 1) w ON true
		LEFT JOIN LATERAL (
			SELECT d.as_of, d.version FROM tiering.distribution_history d
			WHERE d.scheme = restate_start.scheme AND d.as_of < r.from_as_of
			ORDER BY d.as_of DESC, d.recorded_at DESC LIMIT 1) v ON true
	WHERE l.to_tier IS NOT NULL;
	ANALYZE pg_temp.tiering_start;
	CREATE TEMP TABLE tiering_state (LIKE tiering.assignment) ON COMMIT DROP;
	CREATE TEMP TABLE tiering_replayed (step bigint GENERATED ALWAYS AS IDENTITY, customer_id text COLLATE "C", as_of date,
		from_tier text COLLATE "C", to_tier text COLLATE "C", cause text, version int, measure numeric) ON COMMIT DROP;
END;
$$;
COMMENT ON FUNCTION tiering.restate_start(text) IS
'Part of restate(): makes the state from which the replay begins';

-- Changes by hand after an assessment are made again as they were: they were
-- somebody's will, and not worked out from data. So they are taken from what was
-- recorded when they were made, whether or not it stands. One that was followed on
-- its date by a refresh or a decision that moved the customer was up to these, and
-- one that changes nothing any more, or somebody who is not there, does nothing.
CREATE FUNCTION tiering.replay_by_hand(scheme text, after date, up_to date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	m tiering.migration;
	s tiering.assignment;
BEGIN
	FOR m IN
		SELECT k.* FROM pg_temp.tiering_restate r
			JOIN tiering.migration k ON k.scheme = replay_by_hand.scheme AND k.customer_id = r.customer_id AND k.as_of >= r.from_as_of
			JOIN tiering.batch b ON b.scheme = k.scheme AND b.batch = k.batch
		WHERE b.kind = 'manual' AND k.as_of > after AND k.as_of <= up_to AND NOT EXISTS (
			SELECT FROM tiering.migration l JOIN tiering.batch x ON x.scheme = l.scheme AND x.batch = l.batch
			WHERE l.scheme = k.scheme AND l.customer_id = k.customer_id AND l.as_of = k.as_of AND l.move > k.move
				AND x.kind IN ('refresh', 'decision'))
		ORDER BY k.as_of, k.move
	LOOP
		SELECT * INTO s FROM pg_temp.tiering_state t WHERE t.customer_id = m.customer_id;
		CONTINUE WHEN s.tier IS NOT DISTINCT FROM m.to_tier OR (s.tier IS NULL AND m.from_tier IS NOT NULL);
		-- he has the money that he has, and had it when it was not asked for
		m.measure := COALESCE(s.measure, m.measure);
		INSERT INTO pg_temp.tiering_replayed (customer_id, as_of, from_tier, to_tier, cause, version, measure)
		VALUES (m.customer_id, m.as_of, s.tier, m.to_tier, 'manual', m.version, m.measure);
		DELETE FROM pg_temp.tiering_state t WHERE t.customer_id = m.customer_id;
		CONTINUE WHEN m.to_tier IS NULL;
		INSERT INTO pg_temp.tiering_state (scheme, customer_id, tier, measure, as_of, since, version, cause, first_as_of, earned,
			misses, prior_misses, recorded_at)
		VALUES (m.scheme, m.customer_id, m.to_tier, m.measure, m.as_of, m.as_of, m.version, 'manual', s.first_as_of,
			NULLIF(COALESCE(s.earned, CASE WHEN s.cause <> 'manual' THEN s.tier END), m.to_tier), 0, 0, now());
		INSERT INTO tiering.watch_history (scheme, customer_id, as_of, misses, next_tier, next_review)
		SELECT m.scheme, m.customer_id, m.as_of, t.misses, t.next_tier, t.next_review
		FROM pg_temp.tiering_state t
			LEFT JOIN LATERAL (
				SELECT h.* FROM tiering.watch_history h
				WHERE h.scheme = m.scheme AND h.customer_id = m.customer_id AND h.as_of <= m.as_of AND h.as_of >= COALESCE(s.first_as_of, m.as_of)
				ORDER BY h.as_of DESC, h.entry DESC LIMIT 1) h ON true
		WHERE t.customer_id = m.customer_id AND (t.misses, t.next_tier, t.next_review IS NULL, NULL::text, NULL::date)
			IS DISTINCT FROM (COALESCE(h.misses, 0), h.next_tier, h.next_review IS NULL, h.ruled, h.ruled_since);
	END LOOP;
END;
$$;
COMMENT ON FUNCTION tiering.replay_by_hand(text, date, date) IS
'Part of restate(): makes the changes by hand again that count after one day and up to another';

-- Who leaves does so with the measure that he had last. If that was before his
-- first assessment that is made again, the source is asked for it.
CREATE FUNCTION tiering.replay_measures(scheme text, day date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	before record;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_temp.tiering_refresh g WHERE g.tier IS NULL AND g.held IS NOT NULL AND g.measure IS NULL) THEN
		RETURN;
	END IF;
	-- an exit that stands had it already
	UPDATE pg_temp.tiering_refresh g SET measure = k.measure
	FROM tiering.known_moves(replay_measures.scheme) k
	WHERE g.tier IS NULL AND g.held IS NOT NULL AND g.measure IS NULL
		AND k.customer_id = g.customer_id AND k.as_of = day AND k.to_tier IS NULL AND k.from_tier = g.held AND k.measure IS NOT NULL;
	SELECT d.as_of, d.version, (SELECT m.metric FROM tiering.metric m
		WHERE m.scheme = replay_measures.scheme AND m.version = d.version AND m.is_measure AND m.kind <> 'score') AS measure
	INTO before
	FROM tiering.distribution_history d
	WHERE d.scheme = replay_measures.scheme AND d.as_of < day
	ORDER BY d.as_of DESC, d.recorded_at DESC LIMIT 1;
	IF before.measure IS NULL OR NOT EXISTS (SELECT FROM pg_temp.tiering_refresh g WHERE g.tier IS NULL AND g.held IS NOT NULL AND g.measure IS NULL) THEN
		RETURN;
	END IF;
	BEGIN
		EXECUTE format('UPDATE pg_temp.tiering_refresh g SET measure = q.%I
			FROM tiering.source_rows(%L, %L, ARRAY(
				SELECT r.customer_id FROM pg_temp.tiering_refresh r WHERE r.tier IS NULL AND r.held IS NOT NULL AND r.measure IS NULL)) AS q(%s)
			WHERE g.customer_id = q.customer_id AND g.tier IS NULL', before.measure, scheme, before.as_of, tiering.source_columns(scheme, before.version));
	EXCEPTION WHEN undefined_column OR datatype_mismatch THEN
		NULL;	-- the source does not have what the version before it took any more
	END;
END;
$$;
COMMENT ON FUNCTION tiering.replay_measures(text, date) IS
'Part of restate(): fills in the last measures of those who leave at their first assessment that is made again';

-- One assessment of those who are to be restated from it or from an earlier day.
CREATE FUNCTION tiering.replay_assessment(scheme text, day date, version int, everyone boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	ANALYZE pg_temp.tiering_state;
	PERFORM tiering.refresh_grade(scheme, day, version, 'pg_temp.tiering_state', CASE WHEN NOT everyone THEN
		format('ARRAY(SELECT r.customer_id FROM pg_temp.tiering_restate r WHERE r.from_as_of <= %L)', day) END);
	PERFORM tiering.replay_measures(scheme, day);
	PERFORM tiering.refresh_add_up();
	PERFORM tiering.refresh_check(scheme, day, (SELECT count(*) FROM pg_temp.tiering_state), everyone);
	INSERT INTO pg_temp.tiering_replayed (customer_id, as_of, from_tier, to_tier, cause, version, measure)
	SELECT g.customer_id, day, g.held, g.tier, 'correction', CASE WHEN g.tier IS NULL THEN g.held_version ELSE replay_assessment.version END, g.measure
	FROM pg_temp.tiering_refresh g
	WHERE g.tier IS DISTINCT FROM g.held;
	CREATE TEMP TABLE tiering_state_next ON COMMIT DROP AS
	SELECT replay_assessment.scheme, g.customer_id, g.tier, g.measure,
		CASE WHEN g.changed OR g.tier IS DISTINCT FROM g.held THEN day ELSE s.as_of END AS as_of, COALESCE(g.since, s.since) AS since,
		replay_assessment.version AS version, now() AS recorded_at, COALESCE(g.cause, s.cause) AS cause,
		CASE WHEN g.held IS NULL THEN day ELSE s.first_as_of END AS first_as_of, g.earned, g.misses, g.prior_misses,
		g.next_tier, g.next_review, g.ruled, g.ruled_since
	FROM pg_temp.tiering_refresh g LEFT JOIN pg_temp.tiering_state s ON s.customer_id = g.customer_id
	WHERE g.tier IS NOT NULL;
	DROP TABLE pg_temp.tiering_state;
	ALTER TABLE pg_temp.tiering_state_next RENAME TO tiering_state;
END;
$$;
COMMENT ON FUNCTION tiering.replay_assessment(text, date, int, boolean) IS
'Part of restate(): makes one assessment again, on pg_temp.tiering_state';

-- What is noted after an assessment, and the changes by hand of its date, where
-- that is another than what was noted then, or, where nothing was, than before.
CREATE FUNCTION tiering.replay_notes(scheme text, day date, version int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT tiering.takes_notes(scheme, version) THEN
		RETURN;
	END IF;
	INSERT INTO tiering.watch_history (scheme, customer_id, as_of, misses, next_tier, next_review, ruled, ruled_since)
	SELECT replay_notes.scheme, s.customer_id, day, s.misses, s.next_tier, s.next_review, s.ruled, s.ruled_since
	FROM pg_temp.tiering_state s
		LEFT JOIN pg_temp.tiering_refresh g ON g.customer_id = s.customer_id
		LEFT JOIN LATERAL (
			SELECT h.* FROM tiering.watch_history h
			WHERE h.scheme = replay_notes.scheme AND h.customer_id = s.customer_id AND h.as_of = day
			ORDER BY h.entry DESC LIMIT 1) h ON true
	WHERE (s.misses, s.next_tier, s.next_review IS NULL, s.ruled, s.ruled_since) IS DISTINCT FROM
		CASE WHEN h.entry IS NULL THEN (COALESCE(g.held_misses, 0), g.held_next_tier, g.held_next_review IS NULL, g.stored_ruled, g.stored_ruled_since)
			ELSE (h.misses, h.next_tier, h.next_review IS NULL, h.ruled, h.ruled_since) END;
END;
$$;
COMMENT ON FUNCTION tiering.replay_notes(text, date, int) IS
'Part of restate(): keeps what the policy has noted after a replayed assessment, in watch_history';

-- The moves of a customer at a date stand if they lead from and to the same as the
-- replayed ones, with the same in between before changes by hand. Otherwise these
-- supersede them, all of them; so do none those that cancelled each other, such as
-- the loss of a tier that was made good by an override on the same day.
CREATE FUNCTION tiering.restate_moves(scheme text, from_as_of date, OUT superseded bigint, OUT recorded bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	new_batch int := tiering.next_batch(scheme);
	before bigint := tiering.last_move();
BEGIN
	CREATE TEMP TABLE tiering_differing ON COMMIT DROP AS
	SELECT customer_id, as_of
	FROM (SELECT m.customer_id, m.as_of, (array_agg(m.from_tier ORDER BY m.move))[1] AS from_tier,
			(array_agg(m.to_tier ORDER BY m.move DESC))[1] AS to_tier,
			(array_agg(CASE m.cause WHEN 'manual' THEN m.from_tier ELSE m.to_tier END ORDER BY m.cause = 'manual', CASE m.cause WHEN 'manual' THEN m.move ELSE - m.move END))[1] AS assessed,
			(array_agg(m.version ORDER BY m.move DESC))[1] AS version, (array_agg(m.measure ORDER BY m.move DESC))[1] AS measure
		  FROM pg_temp.tiering_moves_before m
		  GROUP BY m.customer_id, m.as_of) o
		FULL JOIN (
		  SELECT p.customer_id, p.as_of, (array_agg(p.from_tier ORDER BY p.step))[1] AS from_tier,
			(array_agg(p.to_tier ORDER BY p.step DESC))[1] AS to_tier,
			(array_agg(CASE p.cause WHEN 'manual' THEN p.from_tier ELSE p.to_tier END ORDER BY p.cause = 'manual', CASE p.cause WHEN 'manual' THEN p.step ELSE - p.step END))[1] AS assessed,
			(array_agg(p.version ORDER BY p.step DESC))[1] AS version, (array_agg(p.measure ORDER BY p.step DESC))[1] AS measure, true AS replayed
		  FROM pg_temp.tiering_replayed p
		  GROUP BY p.customer_id, p.as_of) n USING (customer_id, as_of)
	WHERE n.replayed IS NULL
		OR (o.from_tier, o.to_tier, o.assessed, o.version, o.measure) IS DISTINCT FROM (n.from_tier, n.to_tier, n.assessed, n.version, n.measure);

	INSERT INTO tiering.superseded (move, scheme, batch)
	SELECT k.move, restate_moves.scheme, new_batch
	FROM pg_temp.tiering_differing d
		JOIN pg_temp.tiering_moves_before k ON k.customer_id = d.customer_id AND k.as_of = d.as_of;
	GET DIAGNOSTICS superseded = ROW_COUNT;
	INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction, cause, version, measure, recorded_by, batch)
	SELECT restate_moves.scheme, p.customer_id, p.as_of, p.from_tier, p.to_tier,
		CASE WHEN p.from_tier IS NULL THEN 'new' WHEN p.to_tier IS NULL THEN 'exit' ELSE
			CASE sign(t.rank - COALESCE(f.rank, t.rank)) WHEN 1 THEN 'up' WHEN -1 THEN 'down' ELSE 'lateral' END END,
		p.cause, p.version, p.measure, tiering.actor(), new_batch
	FROM pg_temp.tiering_differing d
		JOIN pg_temp.tiering_replayed p ON p.customer_id = d.customer_id AND p.as_of = d.as_of
		LEFT JOIN tiering.tier t ON (t.scheme, t.version, t.tier) = (restate_moves.scheme, p.version, p.to_tier)
		-- a tier that the version no longer has ranks as in the last that had it
		LEFT JOIN LATERAL (
			SELECT r.rank FROM tiering.tier r
			WHERE r.scheme = restate_moves.scheme AND r.tier = p.from_tier AND r.version <= p.version
			ORDER BY r.version DESC LIMIT 1) f ON true
	ORDER BY p.as_of, p.step;
	GET DIAGNOSTICS recorded = ROW_COUNT;
	PERFORM tiering.seal_batch(scheme, new_batch, 'restatement', from_as_of, before);
END;
$$;
COMMENT ON FUNCTION tiering.restate_moves(text, date) IS
'Part of restate(): records what the replay has customers move otherwise';

-- The moves that stand, each with the first day at whose assessment it counts:
-- decisions count at that of their date, changes by hand, unless another move of
-- the date came after them, at the next.
CREATE FUNCTION tiering.counting_moves(scheme text)
RETURNS TABLE (customer_id text, as_of date, move bigint, from_tier text, to_tier text, counts_from date)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100000
BEGIN ATOMIC
	SELECT m.customer_id, m.as_of, m.move, m.from_tier, m.to_tier,
		m.as_of + CASE WHEN m.cause = 'manual' THEN NOT EXISTS (
			SELECT FROM tiering.standing_move l
			WHERE l.scheme = m.scheme AND l.customer_id = m.customer_id AND l.as_of = m.as_of AND l.move > m.move AND l.cause <> 'manual')
		ELSE false END::int
	FROM tiering.known_moves(counting_moves.scheme) m;
END;
COMMENT ON FUNCTION tiering.counting_moves(text) IS
'The moves of a scheme that stand, and from which assessment on they count in its distribution';

-- Heads follow from the moves; where changes by hand or decisions are among them,
-- from those of the whole scheme, as only refreshes tell which of them they counted.
-- Money of the last assessment follows from what the customers have now and had
-- before; of an earlier one what they had is not kept, so where they are or were,
-- it is left to recount().
CREATE FUNCTION tiering.restate_distribution(scheme text, from_as_of date, last_as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	anew boolean := EXISTS (SELECT FROM pg_temp.tiering_differing) AND (
		EXISTS (SELECT FROM pg_temp.tiering_replayed p WHERE p.cause = 'manual')
		OR EXISTS (SELECT FROM pg_temp.tiering_moves_before o JOIN tiering.batch b ON b.scheme = o.scheme AND b.batch = o.batch
			WHERE o.cause = 'manual' OR b.kind = 'decision'));
	decided_after boolean := EXISTS (
		SELECT FROM pg_temp.tiering_moves_before o JOIN tiering.batch b ON b.scheme = o.scheme AND b.batch = o.batch
		WHERE o.as_of >= last_as_of AND (o.cause = 'manual' OR b.kind = 'decision'));
BEGIN
	WITH step AS MATERIALIZED (
		SELECT d.* FROM tiering.known_distribution(NULL) d
		WHERE d.scheme = restate_distribution.scheme AND d.as_of >= restate_distribution.from_as_of
	), heads AS MATERIALIZED (
		SELECT x.as_of, x.tier, sum(x.heads) AS heads
		FROM (SELECT p.as_of, p.to_tier AS tier, 1 AS heads FROM pg_temp.tiering_replayed p WHERE NOT anew
			  UNION ALL SELECT p.as_of, p.from_tier, -1 FROM pg_temp.tiering_replayed p WHERE NOT anew
			  UNION ALL SELECT o.as_of, o.to_tier, -1 FROM pg_temp.tiering_moves_before o WHERE NOT anew
			  UNION ALL SELECT o.as_of, o.from_tier, 1 FROM pg_temp.tiering_moves_before o WHERE NOT anew
			  UNION ALL SELECT c.counts_from, m.tier, m.heads
			  FROM tiering.counting_moves(restate_distribution.scheme) c,
				LATERAL (VALUES (c.to_tier, 1), (c.from_tier, -1)) m (tier, heads) WHERE anew) x
		WHERE x.tier IS NOT NULL
		GROUP BY x.as_of, x.tier
	), touched AS (
		SELECT s.tier FROM pg_temp.tiering_start s
		UNION SELECT p.to_tier FROM pg_temp.tiering_replayed p
		UNION SELECT o.to_tier FROM pg_temp.tiering_moves_before o
	), money AS (
		SELECT x.tier, sum(x.measure) AS measure
		FROM (SELECT s.tier, s.measure FROM pg_temp.tiering_state s
			  UNION ALL SELECT b.tier, - b.measure FROM pg_temp.tiering_before b) x
		GROUP BY x.tier
	), edition AS (
		SELECT s.as_of, s.tier, s.version, s.customers AS was, s.measure AS was_measure, c.customers,
			CASE WHEN c.customers = 0 THEN 0
				WHEN s.tier NOT IN (SELECT t.tier FROM touched t WHERE t.tier IS NOT NULL) AND c.customers = s.customers THEN s.measure
				-- whom somebody moved after it does not have his money where it left it
				WHEN s.as_of = last_as_of AND NOT anew AND NOT decided_after
				THEN s.measure + COALESCE((SELECT m.measure FROM money m WHERE m.tier = s.tier), 0) END AS measure
		FROM step s
			CROSS JOIN LATERAL (
				SELECT CASE WHEN anew THEN 0 ELSE s.customers END
					+ COALESCE((SELECT sum(h.heads) FROM heads h WHERE h.tier = s.tier AND h.as_of <= s.as_of), 0) AS customers) c
	)
	INSERT INTO tiering.distribution_history (scheme, as_of, tier, version, customers, measure, recorded_at)
	SELECT restate_distribution.scheme, e.as_of, e.tier, e.version, e.customers, e.measure, tiering.next_edition(restate_distribution.scheme, e.as_of)
	FROM edition e
	WHERE e.as_of IN (SELECT x.as_of FROM edition x WHERE (x.was, x.was_measure) IS DISTINCT FROM (x.customers, x.measure));
END;
$$;
COMMENT ON FUNCTION tiering.restate_distribution(text, date, date) IS
'Part of restate(): keeps the distributions that follow from the moves that stand now';

-- Everything but the locks and the list of customers, pg_temp.tiering_restate.
CREATE FUNCTION tiering.restate_listed(src tiering.source, from_as_of date DEFAULT NULL) RETURNS tiering.restate_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
SET application_name = 'tiering.restate'
AS $$
DECLARE
	everyone boolean := restate_listed.from_as_of IS NOT NULL;
	result tiering.restate_result;
	step record;
	previous date := '-infinity';
BEGIN
	result.scheme := src.scheme;
	SELECT COALESCE(restate_listed.from_as_of, min(r.from_as_of)), count(*) INTO result.from_as_of, result.customers FROM pg_temp.tiering_restate r;
	result.assessments := 0;
	result.superseded := 0;
	result.recorded := 0;
	result.written := 0;
	-- also where there is no assessment, or nobody is listed
	IF (result.from_as_of <= src.refreshed_as_of) IS NOT TRUE THEN
		DROP TABLE pg_temp.tiering_restate;
		RETURN result;
	END IF;
	ANALYZE pg_temp.tiering_restate;
	PERFORM tiering.restate_start(src.scheme);
	CREATE TEMP TABLE tiering_before ON COMMIT DROP AS
	SELECT a.* FROM tiering.assignment a JOIN pg_temp.tiering_restate r ON r.customer_id = a.customer_id
	WHERE a.scheme = src.scheme;
	CREATE TEMP TABLE tiering_moves_before ON COMMIT DROP AS
	SELECT m.* FROM pg_temp.tiering_restate r
		JOIN tiering.known_moves(src.scheme) m ON m.customer_id = r.customer_id AND m.as_of >= r.from_as_of;

	FOR step IN
		-- some are graded as all the others were, all as is right now
		SELECT d.as_of, COALESCE(CASE WHEN everyone THEN tiering.version_on(src.scheme, d.as_of) END, max(d.version)) AS version
		FROM tiering.known_distribution(NULL) d
		WHERE d.scheme = src.scheme AND d.as_of >= result.from_as_of
		GROUP BY d.as_of ORDER BY d.as_of
	LOOP
		INSERT INTO pg_temp.tiering_state
		SELECT s.* FROM pg_temp.tiering_start s JOIN pg_temp.tiering_restate r ON r.customer_id = s.customer_id
		WHERE r.from_as_of > previous AND r.from_as_of <= step.as_of;
		PERFORM tiering.replay_by_hand(src.scheme, previous, step.as_of - 1);
		IF result.assessments > 0 THEN
			DROP TABLE pg_temp.tiering_refresh, pg_temp.tiering_refresh_count;
		END IF;
		PERFORM tiering.replay_assessment(src.scheme, step.as_of, step.version, everyone);
		IF everyone THEN
			PERFORM tiering.refresh_distribution(src.scheme, step.as_of, step.version);
		END IF;
		PERFORM tiering.replay_by_hand(src.scheme, step.as_of - 1, step.as_of);
		PERFORM tiering.replay_notes(src.scheme, step.as_of, step.version);
		PERFORM tiering.report_stage(src.scheme, step.as_of, 'assessed again');
		previous := step.as_of;
		result.assessments := result.assessments + 1;
	END LOOP;
	PERFORM tiering.replay_by_hand(src.scheme, previous, 'infinity');

	SELECT m.superseded, m.recorded INTO result.superseded, result.recorded FROM tiering.restate_moves(src.scheme, result.from_as_of) m;
	IF NOT everyone THEN
		PERFORM tiering.restate_distribution(src.scheme, result.from_as_of, src.refreshed_as_of);
	END IF;
	PERFORM tiering.refresh_requests(src.scheme, src.refreshed_as_of, everyone);
	result.written := tiering.restate_write(src);
	PERFORM tiering.touch_source(src.scheme);
	DROP TABLE pg_temp.tiering_refresh, pg_temp.tiering_refresh_count, pg_temp.tiering_restate, pg_temp.tiering_start, pg_temp.tiering_state,
		pg_temp.tiering_replayed, pg_temp.tiering_before, pg_temp.tiering_moves_before, pg_temp.tiering_differing;
	IF result.superseded + result.recorded + result.written > 0 THEN
		PERFORM pg_notify('tiering', jsonb_set(to_jsonb(result), '{scheme}', to_jsonb("left"(src.scheme, 1000)))::text);
	END IF;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION tiering.restate_listed(tiering.source, date) IS
'Part of restate(): restates the customers of pg_temp.tiering_restate, or everybody from a day on';

-- Who locks the source later with a snapshot of before is told so (40001), and
-- cannot build on what was restated since.
CREATE FUNCTION tiering.touch_source(scheme text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
	UPDATE tiering.source s SET refreshed_at = s.refreshed_at WHERE s.scheme = touch_source.scheme
$$;
COMMENT ON FUNCTION tiering.touch_source(text) IS
'Part of restate() and recount(): makes older snapshots fail to lock the source';

-- The moves are recorded, so the triggers are told to keep still.
CREATE FUNCTION tiering.restate_write(src tiering.source) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	written bigint;
	affected bigint;
BEGIN
	INSERT INTO tiering.writing VALUES (pg_backend_pid(), src.refreshed_as_of, 'restatement');
	ANALYZE pg_temp.tiering_state;
	ANALYZE pg_temp.tiering_before;
	ANALYZE pg_temp.tiering_differing;
	-- the cause is that of the last move, which is another only where moves are
	UPDATE pg_temp.tiering_state s SET cause = b.cause
	FROM pg_temp.tiering_before b
	WHERE b.customer_id = s.customer_id AND b.cause <> s.cause;
	UPDATE pg_temp.tiering_state s SET cause = (
		SELECT m.cause FROM tiering.standing_move m
		WHERE m.scheme = src.scheme AND m.customer_id = s.customer_id
		ORDER BY m.as_of DESC, m.move DESC LIMIT 1)
	WHERE s.customer_id IN (SELECT d.customer_id FROM pg_temp.tiering_differing d);
	DELETE FROM tiering.assignment a
	USING pg_temp.tiering_before b
	WHERE a.scheme = src.scheme AND a.customer_id = b.customer_id
		AND NOT EXISTS (SELECT FROM pg_temp.tiering_state s WHERE s.customer_id = b.customer_id);
	GET DIAGNOSTICS written = ROW_COUNT;
	UPDATE tiering.assignment a
	SET tier = s.tier, measure = s.measure, as_of = s.as_of, since = s.since, version = s.version, recorded_at = now(), cause = s.cause,
		first_as_of = s.first_as_of, earned = s.earned, misses = s.misses, prior_misses = s.prior_misses, next_tier = s.next_tier,
		next_review = s.next_review, ruled = s.ruled, ruled_since = s.ruled_since
	FROM pg_temp.tiering_state s
	WHERE a.scheme = src.scheme AND a.customer_id = s.customer_id
		AND ((a.tier, a.measure, a.since, a.version, a.cause, a.first_as_of, a.earned, a.misses, a.next_tier, a.next_review, a.ruled, a.ruled_since)
				IS DISTINCT FROM (s.tier, s.measure, s.since, s.version, s.cause, s.first_as_of, s.earned, s.misses, s.next_tier, s.next_review, s.ruled, s.ruled_since)
			-- from which a repetition of the last assessment goes on
			OR CASE WHEN a.as_of = src.refreshed_as_of THEN a.prior_misses ELSE a.misses END
				<> CASE WHEN s.as_of = src.refreshed_as_of THEN s.prior_misses ELSE s.misses END);
	GET DIAGNOSTICS affected = ROW_COUNT;
	written := written + affected;
	INSERT INTO tiering.assignment (scheme, customer_id, tier, measure, as_of, since, version, cause, first_as_of, earned, misses,
		prior_misses, next_tier, next_review, ruled, ruled_since)
	SELECT src.scheme, s.customer_id, s.tier, s.measure, s.as_of, s.since, s.version, s.cause, s.first_as_of, s.earned, s.misses,
		s.prior_misses, s.next_tier, s.next_review, s.ruled, s.ruled_since
	FROM pg_temp.tiering_state s
	WHERE NOT EXISTS (SELECT FROM pg_temp.tiering_before b WHERE b.customer_id = s.customer_id);
	GET DIAGNOSTICS affected = ROW_COUNT;
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	RETURN written + affected;
END;
$$;
COMMENT ON FUNCTION tiering.restate_write(tiering.source) IS
'Part of restate(): brings assignment to where the replay ended; returns the number of its rows written';

CREATE FUNCTION tiering.restate(scheme text, from_as_of date, customers text[] DEFAULT NULL) RETURNS tiering.restate_result
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source;
BEGIN
	PERFORM tiering.check_day(from_as_of, 'from_as_of');
	src := tiering.lock_source(scheme);
	CREATE TEMP TABLE tiering_restate (customer_id text COLLATE "C" PRIMARY KEY, from_as_of date NOT NULL) ON COMMIT DROP;
	IF customers IS NULL THEN
		-- whoever was ever known; the source may yield more
		INSERT INTO pg_temp.tiering_restate
		SELECT DISTINCT m.customer_id, restate.from_as_of FROM tiering.known_moves(scheme) m;
	ELSE
		INSERT INTO pg_temp.tiering_restate
		SELECT DISTINCT c.customer_id, restate.from_as_of FROM unnest(customers) c(customer_id) WHERE c.customer_id IS NOT NULL;
	END IF;
	RETURN tiering.restate_listed(src, CASE WHEN customers IS NULL THEN from_as_of END);
END;
$$;
COMMENT ON FUNCTION tiering.restate(text, date, text[]) IS
'Makes the assessments of some customers, or of all if null, again from a day on with the data of today, by the versions and policies of then: some by those that graded each assessment, all by those now in force on its day. Moves that come out otherwise supersede the old ones, with the cause correction. Changes by hand and decisions of then stay. The money of past distributions in which the customers are or were is null until recount(). Errors: unknown scheme, no source (42704), a refresh under way (55P03), a null or infinite day (22023), and those of refresh()';

CREATE FUNCTION tiering.mark_dirty(scheme text, customer_id text, from_as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme);
	IF customer_id IS NULL THEN
		RAISE EXCEPTION 'customer_id must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF from_as_of IS NULL OR from_as_of = 'infinity' THEN
		RAISE EXCEPTION 'from_as_of must be a day, not %', COALESCE(from_as_of::text, 'null')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO tiering.dirty AS d (scheme, customer_id, from_as_of)
	VALUES (mark_dirty.scheme, mark_dirty.customer_id, mark_dirty.from_as_of)
	ON CONFLICT ON CONSTRAINT dirty_pkey DO UPDATE
	SET from_as_of = LEAST(d.from_as_of, EXCLUDED.from_as_of), marked_at = now();
END;
$$;
COMMENT ON FUNCTION tiering.mark_dirty(text, text, date) IS
'Notes that a customer''s data from a day on changed, for restate_dirty(); -infinity: from the beginning. For triggers on the bank''s tables. Errors: unknown scheme (42704), null customer (22004), null or infinite day (22023)';

CREATE FUNCTION tiering.restate_dirty(scheme text) RETURNS tiering.restate_result
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source := tiering.lock_source(scheme);
BEGIN
	CREATE TEMP TABLE tiering_restate (customer_id text COLLATE "C" PRIMARY KEY, from_as_of date NOT NULL) ON COMMIT DROP;
	-- Marks are taken away before the source is read: the data of one that is made
	-- meanwhile may be missed, and it stays.
	WITH taken AS (DELETE FROM tiering.dirty d WHERE d.scheme = restate_dirty.scheme RETURNING d.customer_id, d.from_as_of)
	INSERT INTO pg_temp.tiering_restate
	SELECT t.customer_id, GREATEST(t.from_as_of, (SELECT min(d.as_of) FROM tiering.distribution_history d WHERE d.scheme = restate_dirty.scheme))
	FROM taken t;
	RETURN tiering.restate_listed(src);
END;
$$;
COMMENT ON FUNCTION tiering.restate_dirty(text) IS
'Restates the customers who were marked by mark_dirty(), each from his day on, and takes the marks away. Errors: those of restate(), after which the marks are still there';

CREATE FUNCTION tiering.recount(scheme text) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	src tiering.source := tiering.lock_source(scheme);
	step record;
	affected bigint;
	recounted int := 0;
BEGIN
	FOR step IN
		SELECT d.as_of, max(d.version) AS version, (SELECT m.metric FROM tiering.metric m
			WHERE m.scheme = recount.scheme AND m.version = max(d.version) AND m.is_measure) AS measure
		FROM tiering.known_distribution(NULL) d
		WHERE d.scheme = recount.scheme
		GROUP BY d.as_of HAVING bool_or(d.measure IS NULL AND d.customers > 0)
		ORDER BY d.as_of
	LOOP
		CONTINUE WHEN step.measure IS NULL;
		EXECUTE format($query$
			WITH counted AS MATERIALIZED (
				SELECT d.scheme, d.as_of, d.tier, d.version, COALESCE(h.customers, 0) AS customers, CASE WHEN h.tier IS NULL THEN 0 ELSE h.measure END AS measure,
					(d.customers, d.measure) IS DISTINCT FROM (COALESCE(h.customers, 0), CASE WHEN h.tier IS NULL THEN 0 ELSE h.measure END) AS changed
				FROM tiering.known_distribution(NULL) d
					LEFT JOIN (
						SELECT l.to_tier AS tier, count(*) AS customers, sum(g.measure) AS measure
						FROM (SELECT DISTINCT ON (m.customer_id) m.customer_id, m.to_tier FROM tiering.counting_moves(%1$L) m
							  WHERE m.counts_from <= %2$L
							  ORDER BY m.customer_id, m.as_of DESC, m.move DESC) l
							LEFT JOIN (SELECT q.customer_id, q.%3$I AS measure FROM tiering.source_rows(%1$L, %2$L) AS q(%4$s)) g ON g.customer_id = l.customer_id
						GROUP BY l.to_tier) h ON h.tier = d.tier
				WHERE d.scheme = %1$L AND d.as_of = %2$L
			)
			INSERT INTO tiering.distribution_history (scheme, as_of, tier, version, customers, measure, recorded_at)
			SELECT c.scheme, c.as_of, c.tier, c.version, c.customers, c.measure, tiering.next_edition(%1$L, %2$L)
			FROM counted c WHERE EXISTS (SELECT FROM counted x WHERE x.changed)$query$,
			scheme, step.as_of, step.measure, tiering.source_columns(scheme, step.version));
		GET DIAGNOSTICS affected = ROW_COUNT;
		recounted := recounted + (affected > 0)::int;
	END LOOP;
	PERFORM tiering.touch_source(scheme);
	RETURN recounted;
END;
$$;
COMMENT ON FUNCTION tiering.recount(text) IS
'Adds the money of the distributions up again that restatements left null, with the data of today; returns how many there were. It reads the source in full for each, which restate() spares. Errors: those of restate()';

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.dirty
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.refuse_truncate();
COMMENT ON TRIGGER refuse_truncate ON tiering.dirty IS 'A mark goes when it is restated';
