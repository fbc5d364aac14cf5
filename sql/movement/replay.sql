/*
 * Replaying: assessments of customers are made again. A replay begins from what was known
 * of the customers before, puts all occasions of each in the order in which they came, and
 * has decide() answer one after the other. Where that leads to other moves, these supersede
 * the old ones; nothing is erased.
 *
 * What it costs follows the number of customers, as the source is asked for these alone. Here is
 * what a replay comes to; keep_replay.sql writes it.
 */

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
'What a restatement did';
COMMENT ON COLUMN tiering.restate_result.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.restate_result.from_as_of IS 'The first day that was restated';
COMMENT ON COLUMN tiering.restate_result.assessments IS 'How many assessments were made again';
COMMENT ON COLUMN tiering.restate_result.customers IS 'For how many customers';
COMMENT ON COLUMN tiering.restate_result.superseded IS 'How many moves do not stand any more';
COMMENT ON COLUMN tiering.restate_result.recorded IS 'How many moves were recorded instead';
COMMENT ON COLUMN tiering.restate_result.written IS
'Of how many customers anything was written: their row of assignment, or what they had at an '
'assessment';

-- Changes by hand are made again as they were: they were somebody's will, and not
-- worked out from data. So they are taken from what was recorded when they were made,
-- whether or not it stands, unless their assessment was taken back. So is what a merge did.
CREATE FUNCTION _tiering.changes_by_hand(scheme text)
RETURNS TABLE (kind text, customer_id text, as_of date, move bigint, batch int, from_tier text,
	to_tier text, version int, measure numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 100
BEGIN ATOMIC
	SELECT b.kind, COALESCE(f.now_id, m.customer_id), m.as_of, m.move, m.batch, m.from_tier,
		m.to_tier, m.version, m.measure
	FROM tiering.batch b
		JOIN tiering.migration m ON m.scheme = b.scheme AND m.batch = b.batch
		LEFT JOIN tiering.former_number f ON f.scheme = m.scheme AND f.customer_id = m.customer_id
	WHERE b.scheme = changes_by_hand.scheme AND b.kind IN ('manual', 'merge')
		AND m.direction <> 'merge'
		AND NOT EXISTS (SELECT FROM _tiering.taken_back_by(m.scheme, m.as_of, m.batch));
END;
COMMENT ON FUNCTION _tiering.changes_by_hand(text) IS
'What was changed by hand of a scheme''s customers, and by merges: kind is manual or merge';

CREATE TYPE _tiering.graded_row AS (
	customer_id text,
	earned      text,
	earned_if   text[],
	measure     numeric
);
COMMENT ON TYPE _tiering.graded_row IS 'A customer of a source for a day, as graded() tells them';

-- What the source has today for each assessment that is made again. What was read of it for
-- the last one already is not read twice: it might have something else by then.
CREATE FUNCTION _tiering.graded_again(scheme text, customers text[], days date[], told boolean,
	given _tiering.graded_row[])
RETURNS TABLE (as_of date, customer_id text, earned text, earned_if text[], measure numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	first_day date := min(d) FROM unnest(days) d;
	step record;
BEGIN
	FOR step IN
		SELECT s.as_of, s.version
			FROM _tiering.assessments(graded_again.scheme, customers IS NULL) s
		WHERE s.as_of >= first_day ORDER BY s.as_of
	LOOP
		IF given IS NOT NULL THEN
			RETURN QUERY SELECT step.as_of, g.* FROM unnest(given) g;
		ELSE
			RETURN QUERY SELECT step.as_of, g.*
			FROM _tiering.graded(graded_again.scheme, step.as_of, step.version,
				CASE WHEN customers IS NOT NULL THEN
				ARRAY(SELECT l.customer FROM unnest(customers, days) l(customer, day)
					WHERE l.day <= step.as_of) END) g;
		END IF;
		IF told THEN
			PERFORM _tiering.report_stage(graded_again.scheme, step.as_of, 'assessed again');
		END IF;
	END LOOP;
	RETURN QUERY SELECT o.as_of, g.*
	FROM (SELECT o.as_of, o.version, array_agg(o.customer_id) AS customers
		  FROM _tiering.own_between(graded_again.scheme) o
			LEFT JOIN unnest(customers, days) l(customer, day)
				ON l.customer COLLATE "C" = o.customer_id COLLATE "C"
		  WHERE (customers IS NULL OR l.customer IS NOT NULL)
			AND o.as_of >= COALESCE(l.day, first_day)
		  GROUP BY o.as_of, o.version) o
		CROSS JOIN LATERAL _tiering.graded(graded_again.scheme, o.as_of, o.version, o.customers) g;
END;
$$;
COMMENT ON FUNCTION _tiering.graded_again(text, text[], date[], boolean, _tiering.graded_row[]) IS
'The customers of a scheme''s source, graded for each assessment: some, each from a day on, or all '
'from the first of days on if customers is null; told: whether each stage is reported; given: what '
'the source has of them for the one assessment of the scheme, if that was read already';

CREATE TYPE _tiering.occasion AS (
	customer_id text,
	n           bigint,
	kind        text,
	as_of       date,
	previous    date,
	version     int,
	gone        boolean,
	earned      text,
	earned_if   text[],
	measure     numeric,
	moved_to    text,
	overrides   _tiering.override_days[],
	next        date,
	repeated    boolean
);
COMMENT ON TYPE _tiering.occasion IS
'The n-th time that something is decided about a customer; see decide(). n = 0, kind start: from '
'which day on it is. next: the day of the next one, null if there is none; repeated: whether both '
'are the same assessment';

-- Of an assessment's own day, changes by hand come before or after it as they came.
CREATE FUNCTION _tiering.occasions(scheme text, customers text[], days date[], told boolean,
	given _tiering.graded_row[])
RETURNS SETOF _tiering.occasion
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	first_day date := min(d) FROM unnest(days) d;
BEGIN
	RETURN QUERY WITH seen AS MATERIALIZED (
		SELECT g.* FROM _tiering.graded_again(occasions.scheme, customers, days, told, given) g
	), step AS MATERIALIZED (
		SELECT s.* FROM _tiering.assessments(occasions.scheme, customers IS NULL) s
			WHERE s.as_of >= first_day
	), person AS MATERIALIZED (
		SELECT l.customer COLLATE "C" AS customer_id, l.day
			FROM unnest(customers, days) l(customer, day)
		WHERE l.customer IS NOT NULL
		UNION
		SELECT x.customer_id COLLATE "C", first_day
		FROM (SELECT customer_id FROM seen UNION ALL SELECT m.customer_id
			FROM _tiering.person_moves(occasions.scheme) m) x
		WHERE customers IS NULL
	), own AS MATERIALIZED (
		SELECT p.customer_id, s.as_of, s.version, s.previous, s.after_batch
		FROM person p JOIN step s ON s.as_of >= p.day
		UNION ALL
		SELECT p.customer_id, o.as_of, o.version,
			(SELECT l.as_of FROM _tiering.last_assessment(occasions.scheme, o.as_of) l),
			o.after_batch
		FROM _tiering.own_between(occasions.scheme) o
			JOIN person p ON p.customer_id = o.customer_id COLLATE "C" AND o.as_of >= p.day
	), event AS (
		SELECT o.customer_id, 1 AS turn, 0::bigint AS move, 'assessment' AS kind, o.as_of,
			COALESCE(c.previous, o.previous) AS previous, o.version, g.customer_id IS NULL AS gone,
				g.earned,
			g.earned_if, g.measure, c.approved AS moved_to, c.overrides
		FROM own o LEFT JOIN seen g ON g.customer_id COLLATE "C" = o.customer_id
			AND g.as_of = o.as_of
			LEFT JOIN (SELECT s.as_of, c.*
				FROM (SELECT DISTINCT as_of, version, previous FROM own) s
					   CROSS JOIN LATERAL _tiering.circumstances(occasions.scheme, s.version,
						s.as_of, s.previous, NULL, NULL) c) c
				ON c.customer_id COLLATE "C" = o.customer_id AND c.as_of = o.as_of
		UNION ALL
		SELECT p.customer_id, -1, 0, 'start', p.day, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
		FROM person p
		UNION ALL
		SELECT h.customer_id COLLATE "C", CASE WHEN h.batch <= o.after_batch THEN 0 ELSE 2 END,
			h.move,
			h.kind, h.as_of, NULL, h.version, h.from_tier IS NOT NULL, NULL, NULL, h.measure,
			h.to_tier, NULL
		FROM _tiering.changes_by_hand(occasions.scheme) h
			JOIN person p ON p.customer_id = h.customer_id COLLATE "C" AND h.as_of >= p.day
			LEFT JOIN own o ON o.customer_id = p.customer_id AND o.as_of = h.as_of
	)
	SELECT e.customer_id, row_number() OVER w - 1, e.kind, e.as_of, e.previous, e.version, e.gone,
		e.earned, e.earned_if, e.measure, e.moved_to, e.overrides, lead(e.as_of) OVER w,
		e.kind = 'assessment' AND (e.kind, e.as_of) = (lead(e.kind) OVER w, lead(e.as_of) OVER w)
	FROM event e WINDOW w AS (PARTITION BY e.customer_id ORDER BY e.as_of, e.turn, e.move);
END;
$$;
COMMENT ON FUNCTION _tiering.occasions(text, text[], date[], boolean, _tiering.graded_row[]) IS
'All that has to be decided again about some customers, each from a day on, or about all from the '
'first of days on if customers is null: assessments, with what the source has today, changes by '
'hand and merges';

CREATE TYPE _tiering.replayed AS (
	customer_id     text,
	n               bigint,
	kind            text,
	as_of           date,
	version         int,
	current_version int,
	current_tier    text,
	gone            boolean,
	measure         numeric,
	earned          text,
	cause           text,
	v               _tiering.verdict,
	began           text,
	noted           boolean,
	next            date,
	repeated        boolean
);
COMMENT ON TYPE _tiering.replayed IS
'Where a customer is after the n-th occasion, after which they have the measure; n = 0: before all '
'of them. began: the tier then; noted: whether anything was noted on the day so far; next and '
'repeated are those of the occasion';

CREATE FUNCTION _tiering.replay_start(scheme text, customer_id text, day date, touched boolean)
RETURNS TABLE (version int, cause text, v _tiering.verdict)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT a.version, a.cause,
		ROW(a.tier, a.since, NULL, NULL, a.policy_tier, a.policy_since, a.first_as_of,
		NULL, a.misses, a.best, a.next_tier, a.next_review, a.kept_until, NULL, false, false, false,
		NULL)::_tiering.verdict
	FROM tiering.assignment a
	WHERE NOT replay_start.touched AND a.scheme = replay_start.scheme
		AND a.customer_id = replay_start.customer_id COLLATE "C"
	UNION ALL
	SELECT b.version, b.cause,
		ROW(b.tier, b.since, NULL, NULL, b.policy_tier, b.policy_since, b.first_as_of,
		NULL, b.misses, b.best, b.next_tier, b.next_review, b.kept_until, NULL, false, false, false,
		NULL)::_tiering.verdict
	FROM _tiering.assignment_before(replay_start.scheme, replay_start.customer_id,
		replay_start.day) b
	WHERE replay_start.touched;
END;
COMMENT ON FUNCTION _tiering.replay_start(text, text, date, boolean) IS
'Where a customer was before a day: where they are, if they were not touched since, and no new '
'version has graded them';

-- Who has neither moved nor been noted anything of since is where they were before, if their
-- row bears the version of the assessment before.
CREATE FUNCTION _tiering.replayed(scheme text, customers text[], days date[], told boolean,
	given _tiering.graded_row[])
RETURNS SETOF _tiering.replayed
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	first_day date := min(d) FROM unnest(days) d;
BEGIN
	RETURN QUERY WITH RECURSIVE occasion AS MATERIALIZED (
		SELECT o.*, o.kind IN ('manual', 'merge') AS by_hand
		FROM _tiering.occasions(replayed.scheme, customers, days, told, given) o
	), touched AS MATERIALIZED (
		SELECT t.customer_id FROM _tiering.touched(replayed.scheme, first_day) t
		WHERE customers IS NULL
	), outcome AS (
		SELECT o.customer_id, 0::bigint AS n, o.kind, o.as_of, b.version,
			NULL::int AS current_version, NULL::text AS current_tier,
			false AS gone, NULL::numeric AS measure, NULL::text AS earned, b.cause, b.v,
			(b.v).tier AS began, false AS noted, o.next, o.repeated
		-- of all they are looked up in a hash: the planner does not know how many are touched
		FROM (SELECT x.*, a.version IS DISTINCT FROM v.version OR CASE
				WHEN customers IS NULL THEN x.customer_id IN (SELECT t.customer_id FROM touched t)
				ELSE a.misses > 0 OR EXISTS (
					SELECT FROM _tiering.touches(replayed.scheme, x.customer_id, first_day))
				END AS touched
			  FROM occasion x
				LEFT JOIN (SELECT d.as_of, l.version
					FROM (SELECT DISTINCT y.as_of FROM occasion y WHERE y.n = 0) d
						CROSS JOIN LATERAL _tiering.last_assessment(replayed.scheme, d.as_of) l) v
					ON v.as_of = x.as_of
				LEFT JOIN tiering.assignment a ON a.scheme = replayed.scheme
					AND a.customer_id = x.customer_id COLLATE "C"
			  WHERE x.n = 0 OFFSET 0) o
			LEFT JOIN LATERAL _tiering.replay_start(replayed.scheme, o.customer_id, o.as_of,
				o.touched) b
				ON true
		UNION ALL
		SELECT x.customer_id, x.n, x.kind, x.as_of, x.version, x.current_version, x.current_tier,
			x.gone, x.measure,
			CASE WHEN x.by_hand THEN NULLIF(x.earned, (x.v).tier) ELSE (x.v).earned END,
			COALESCE((x.v).cause, x.cause), x.v, x.began, x.noted OR (x.v).noted, x.next, x.repeated
		FROM (
			SELECT o.customer_id, o.n, o.kind, o.as_of, o.version, s.version AS current_version,
				(s.v).tier AS current_tier,
				o.by_hand, CASE WHEN o.by_hand THEN s.gone ELSE o.gone END AS gone,
				CASE WHEN o.by_hand THEN COALESCE(s.measure, o.measure) WHEN o.gone
					THEN s.measure
					ELSE o.measure END AS measure,
				COALESCE(s.earned, CASE WHEN s.cause <> 'manual' THEN (s.v).tier END) AS earned,
					s.cause, s.began, s.noted AND s.as_of = o.as_of AS noted, o.next, o.repeated,
				_tiering.decide(replayed.scheme, o.version, o.kind, o.as_of, o.previous, (s.v).tier,
					(s.v).since,
					s.version, (s.v).policy_tier, (s.v).policy_since, (s.v).first_as_of,
						(s.v).misses, (s.v).best,
					(s.v).next_tier, (s.v).next_review, (s.v).kept_until, o.gone, o.earned,
					o.earned_if,
					o.moved_to, o.overrides, NULL, NULL) AS v
			FROM outcome s JOIN occasion o ON o.customer_id = s.customer_id AND o.n = s.n + 1
			OFFSET 0) x
	)
	SELECT s.* FROM outcome s;
END;
$$;
COMMENT ON FUNCTION _tiering.replayed(text, text[], date[], boolean, _tiering.graded_row[]) IS
'The customers of occasions(), after each of these';

-- Who leaves does so with the measure that they had last. If that was before the first
-- assessment that is made again, it is known of the exit that stands, or of the source, or
-- of what was loaded.
CREATE FUNCTION _tiering.measures_before(scheme text, as_of date, customers text[])
RETURNS TABLE (customer_id text, measure numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	last record;
BEGIN
	SELECT * INTO last FROM _tiering.last_assessment(scheme, as_of);
	IF last.as_of <= _tiering.loaded_until(scheme) THEN
		RETURN QUERY SELECT k.customer_id, k.measure
		FROM _tiering.kept_of(scheme, ARRAY[last.as_of], customers) k;
	ELSIF customers <> '{}' AND last.version IS NOT NULL
		AND _tiering.source_yields(scheme, last.as_of, last.version)
	THEN
		RETURN QUERY SELECT g.customer_id, g.measure
		FROM _tiering.graded(scheme, last.as_of, last.version, customers) g;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.measures_before(text, date, text[]) IS
'The measures of customers at the last assessment before a day, by what the source has today; '
'nobody''s if it does not have any more what that took';

CREATE TYPE _tiering.replayed_move AS (
	replayed    boolean,
	customer_id text,
	as_of       date,
	n           bigint,
	from_tier   text,
	to_tier     text,
	cause       text,
	version     int,
	measure     numeric,
	assessed    date
);
COMMENT ON TYPE _tiering.replayed_move IS
'A move as a replay makes it, or, if not replayed, as it stands, n being its number';

CREATE TYPE _tiering.edition_part AS (
	as_of        date,
	version      int,
	tier         text,
	customers    bigint,
	was          bigint,
	measure      numeric,
	was_measure  numeric,
	was_known    boolean
);
COMMENT ON TYPE _tiering.edition_part IS
'Of the customers of a replay, how many a tier has at an assessment, and how many it had; with '
'their measures, of which the old ones may not be known';

-- The moves of a customer on a day stand if they lead from and to the same as the
-- replayed ones, with the same in between before changes by hand and merges. Otherwise these
-- supersede them, all of them; so do none those that cancelled each other, such as
-- the loss of a tier that was made good by an override on the same day.
-- Who is new by an approval has the measure with which that was asked for.
CREATE FUNCTION _tiering.differing_days(moves _tiering.replayed_move[]) RETURNS SETOF date
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	WITH m AS (
		SELECT m.*, m.cause IN ('manual', 'merge') AS by_hand,
			bool_or(m.cause = 'approval' AND m.from_tier IS NULL)
			OVER (PARTITION BY m.as_of) AS by_approval
		FROM unnest(differing_days.moves) m
	)
	SELECT d.as_of
	FROM (
		SELECT m.as_of, m.replayed, ROW((array_agg(m.from_tier ORDER BY m.n))[1],
			(array_agg(m.to_tier ORDER BY m.n DESC))[1],
			(array_agg(CASE WHEN m.by_hand THEN m.from_tier ELSE m.to_tier END
				ORDER BY m.by_hand, CASE WHEN m.by_hand THEN m.n ELSE - m.n END))[1],
			(array_agg(m.version ORDER BY m.n DESC))[1],
			(array_agg(CASE WHEN NOT m.by_approval THEN m.measure END ORDER BY m.n DESC))[1],
			(array_agg(m.assessed ORDER BY m.n DESC))[1]) AS net
		FROM m
		GROUP BY m.as_of, m.replayed) d
	GROUP BY d.as_of
	HAVING count(*) < 2 OR count(DISTINCT d.net) > 1;
END;
COMMENT ON FUNCTION _tiering.differing_days(_tiering.replayed_move[]) IS
'The days on which the moves of a customer that stand are not those of the replay';

-- Who leaves bears the version that write_verdicts() says.
CREATE FUNCTION _tiering.replayed_steps(scheme text, assessed date, v _tiering.verdict,
	graded_by int, current_version int, current_tier text, given_cause text)
RETURNS TABLE (day date, from_tier text, to_tier text, cause text, version int)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 1
BEGIN ATOMIC
	SELECT s.day, s.from_tier, s.to_tier, CASE WHEN s.cause IN ('manual', 'merge') THEN s.cause
			ELSE COALESCE(replayed_steps.given_cause, s.cause) END,
		-- not asked for who stays
		CASE WHEN s.to_tier IS NULL AND s.from_tier COLLATE "C" = replayed_steps.current_tier
			THEN GREATEST(replayed_steps.current_version, (
				SELECT l.version
				FROM _tiering.last_assessment(replayed_steps.scheme, replayed_steps.assessed) l))
			ELSE replayed_steps.graded_by END
	FROM _tiering.steps(replayed_steps.v) s;
END;
COMMENT ON FUNCTION _tiering.replayed_steps(text, date, _tiering.verdict, int, int, text, text) IS
'The moves of a verdict that a replay gives, with the cause of the replay unless they are by hand '
'or of a merge, and the version that they bear';

CREATE TYPE _tiering.replayed_day AS (
	kind        text,
	customer_id text,
	n           bigint,
	as_of       date,
	version     int,
	gone        boolean,
	measure     numeric,
	earned      text,
	cause       text,
	v           _tiering.verdict,
	was         text,
	move        _tiering.replayed_move,
	part        _tiering.edition_part,
	noted       boolean
);
COMMENT ON TYPE _tiering.replayed_day IS
'What a replay comes to, by kind. end: where a customer is after the last occasion of a day, and '
'the tier in which the moves that stood had them (was), and whether any of its occasions noted '
'anything. last: the same after all occasions, or before them if there is none (n = 0), with the '
'cause of the move that is the last one to stand. '
'repeated: a customer whom the source has more than once. move: one that does not stand any more, '
'or that is to be recorded. amended: a customer of whom an assessment has something else now. '
'part: what a tier has at an assessment';

-- One statement, as write_verdicts() is, for the same reason: what the replay found is
-- read several times, and kept nowhere. What goes on from here is one row a day.
CREATE FUNCTION _tiering.replayed_days(scheme text, customers text[], days date[], cause text,
	given _tiering.graded_row[])
RETURNS SETOF _tiering.replayed_day
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY WITH r AS MATERIALIZED (
		SELECT x.* FROM _tiering.replayed(replayed_days.scheme, customers, days,
			replayed_days.cause IS NOT NULL, given) x
	), late AS MATERIALIZED (
		SELECT x.as_of, m.* FROM (
			SELECT r.as_of, array_agg(r.customer_id) AS leaving FROM r
			WHERE (r.v).moves AND (r.v).tier IS NULL AND r.measure IS NULL GROUP BY r.as_of) x
			CROSS JOIN LATERAL _tiering.measures_before(replayed_days.scheme, x.as_of, x.leaving) m
	), number AS MATERIALIZED (
		SELECT r.customer_id COLLATE "C" AS now_id, r.customer_id COLLATE "C" AS id, r.as_of
		FROM r WHERE r.n = 0
		UNION ALL SELECT f.now_id, f.customer_id, r.as_of FROM r JOIN tiering.former_number f
			ON f.scheme = replayed_days.scheme AND f.now_id = r.customer_id COLLATE "C" AND r.n = 0
	), old AS MATERIALIZED (
		SELECT false AS replayed, p.now_id AS customer_id, m.as_of, m.move AS n, m.from_tier,
			m.to_tier, m.cause, m.version, m.measure, m.assessed
		FROM number p JOIN tiering.migration m ON m.customer_id = p.id AND m.assessed >= p.as_of
		WHERE m.scheme = replayed_days.scheme AND m.direction <> 'merge'
			AND NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = m.move)
	), move AS MATERIALIZED (
		SELECT * FROM old
		UNION ALL
		SELECT true, r.customer_id COLLATE "C", s.day, r.n, s.from_tier, s.to_tier, s.cause,
			s.version, CASE WHEN s.to_tier IS NOT NULL THEN r.measure
				ELSE COALESCE(r.measure, o.measure, l.measure) END, r.as_of
		FROM r CROSS JOIN LATERAL _tiering.replayed_steps(replayed_days.scheme, r.as_of, r.v,
				r.version, r.current_version, r.current_tier, replayed_days.cause) s
			LEFT JOIN old o ON o.customer_id = r.customer_id COLLATE "C" AND o.assessed = r.as_of
				AND o.to_tier IS NULL AND s.to_tier IS NULL
				AND o.from_tier = s.from_tier COLLATE "C"
			LEFT JOIN late l ON l.as_of = r.as_of AND l.customer_id = r.customer_id
				AND s.to_tier IS NULL
		WHERE r.n > 0 AND (r.v).moves
	), own AS MATERIALIZED (
		SELECT m.*, ARRAY(SELECT d FROM _tiering.differing_days(m.moves) d) AS differing
		FROM (SELECT m.customer_id, array_agg(ROW(m.*)::_tiering.replayed_move) AS moves,
				array_agg(ROW(m.*)::_tiering.replayed_move) FILTER (WHERE NOT m.replayed) AS stood
			  FROM move m GROUP BY m.customer_id) m
	)
	SELECT CASE WHEN x.repeated THEN 'repeated' WHEN x.next IS NULL THEN 'last' ELSE 'end' END,
		x.customer_id, x.n, x.as_of, x.version, x.gone, x.measure, x.earned,
		COALESCE(CASE WHEN x.next IS NULL THEN (SELECT m.cause FROM unnest(o.moves) m
			WHERE m.replayed = (m.as_of = ANY (o.differing))
			ORDER BY m.as_of DESC, m.n DESC LIMIT 1) END, x.cause), x.v,
		CASE WHEN b.n IS NULL THEN x.began ELSE b.to_tier END,
		NULL::_tiering.replayed_move, NULL::_tiering.edition_part, x.noted
	FROM r x
		LEFT JOIN own o ON o.customer_id = x.customer_id COLLATE "C"
		LEFT JOIN LATERAL (SELECT m.n, m.to_tier FROM unnest(o.stood) m
			WHERE m.assessed <= x.as_of
			ORDER BY m.as_of DESC, m.n DESC LIMIT 1) b ON true
	WHERE x.next IS NULL OR x.repeated OR x.n > 0 AND x.next <> x.as_of
	UNION ALL SELECT 'move', m.customer_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		m, NULL, NULL FROM own o, unnest(o.moves) m WHERE m.as_of = ANY (o.differing);
END;
$$;
COMMENT ON FUNCTION _tiering.replayed_days(text, text[], date[], text, _tiering.graded_row[]) IS
'Replays the customers of occasions(), and tells where each day leaves them, and which moves come '
'out otherwise than those that stand. These have the cause given unless they are by hand. Nothing '
'is written';
