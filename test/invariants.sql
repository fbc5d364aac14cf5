-- What is true between transactions, whatever was done at once, cut short or undone, as
-- plain SQL over the tables: it asks nothing of the extension's own queries, but
-- verify_history(). SELECT t.invariants() names what is violated, nothing if nothing is.
-- The tests' init and TAP run this file, and the isolation spec init is made of it, for
-- which it has no closing brace. Nothing here depends on the extension, so that it
-- outlives one that is dropped.

-- What a tier of one version is called in a later one, null if it has ended: a version
-- names the tier that it continues, or keeps its name.
CREATE FUNCTION t.goes_on(scheme text, from_version int, tier text, to_version int) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	later int;
BEGIN
	FOR later IN
		SELECT v.version FROM tiering.scheme_version v
		WHERE v.scheme = goes_on.scheme AND v.version > from_version AND v.version <= to_version
			AND (v.status <> 'draft' OR v.version = to_version)
		ORDER BY v.version
	LOOP
		tier := (
			SELECT n.tier FROM tiering.tier n
			WHERE n.scheme = goes_on.scheme AND n.version = later
				AND COALESCE(to_jsonb(n) ->> 'succeeds', n.tier) = goes_on.tier
			ORDER BY n.tier = goes_on.tier DESC, n.rank LIMIT 1);
	END LOOP;
	RETURN tier;
END;
$$;

-- The number that each customer has now, of those who have changed it: one change after the
-- other, each for all who have the number. There was no such thing in 0.1.0.
CREATE FUNCTION t.numbers(scheme text) RETURNS TABLE (customer_id text, now_id text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	change record;
	now_of jsonb := jsonb_build_object();
BEGIN
	IF to_regclass('tiering.customer_alias') IS NOT NULL THEN
		FOR change IN EXECUTE 'SELECT from_id, to_id FROM tiering.customer_alias WHERE scheme = $1
			AND leads IS NULL ORDER BY batch' USING scheme
		LOOP
			now_of := now_of || jsonb_build_object(change.from_id, change.from_id,
				change.to_id, change.to_id);
			now_of := jsonb_object_agg(n.key, CASE n.value WHEN change.from_id
				THEN change.to_id ELSE n.value END) FROM jsonb_each_text(now_of) n;
		END LOOP;
	END IF;
	RETURN QUERY SELECT n.key, n.value FROM jsonb_each_text(now_of) n WHERE n.key <> n.value;
END;
$$;

-- The moves of a scheme that stand, each beside the one before: of each customer, or of
-- each number, those that hand a tier over from one to the other among them
CREATE FUNCTION t.standing_moves(scheme text, of_numbers boolean DEFAULT false)
RETURNS TABLE (move bigint, customer_id text, as_of date, assessed date, from_tier text,
	to_tier text, direction text, cause text, version int, before text, before_version int,
	last boolean)
LANGUAGE sql STABLE AS $$
	SELECT m.move, COALESCE(n.now_id, m.customer_id), m.as_of,
		COALESCE((to_jsonb(m) ->> 'assessed')::date, m.as_of),
		m.from_tier, m.to_tier, m.direction, m.cause, m.version,
		lag(m.to_tier) OVER chain, lag(m.version) OVER chain, lead(m.move) OVER chain IS NULL
	FROM tiering.migration m
		LEFT JOIN (SELECT * FROM t.numbers(scheme) OFFSET 0) n
			ON n.customer_id = m.customer_id AND NOT of_numbers
	WHERE m.scheme = standing_moves.scheme AND (of_numbers OR m.direction <> 'merge')
		AND NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = m.move)
	WINDOW chain AS (PARTITION BY COALESCE(n.now_id, m.customer_id) ORDER BY m.as_of, m.move)
$$;

CREATE FUNCTION t.inv_replay(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	SELECT format('customer %s is in %s since %s (%s), by the moves in %s since %s (%s)',
		customer_id, COALESCE(a.tier, 'none'), a.since, a.cause, COALESCE(m.to_tier, 'none'),
		m.as_of, m.cause)
	FROM (SELECT * FROM tiering.assignment a WHERE a.scheme = inv_replay.scheme) a
		FULL JOIN (SELECT * FROM t.standing_moves(scheme) WHERE last AND to_tier IS NOT NULL) m
			USING (customer_id)
	WHERE CASE
		WHEN a.tier IS NULL OR m.to_tier IS NULL THEN true
		WHEN a.since <> m.as_of OR a.cause <> m.cause THEN true
		WHEN a.tier <> m.to_tier
			THEN t.goes_on(scheme, m.version, m.to_tier, a.version) IS DISTINCT FROM a.tier END
	UNION ALL
	SELECT format('customer %s is in %s, which version %s does not have', a.customer_id, a.tier,
		a.version)
	FROM tiering.assignment a LEFT JOIN tiering.tier t USING (scheme, version, tier)
	WHERE a.scheme = inv_replay.scheme AND t.tier IS NULL
$$;

-- The last assessment's distribution that was not taken back, in its last edition
CREATE FUNCTION t.last_distribution(scheme text)
RETURNS TABLE (as_of date, version int, tier text, customers bigint, measure numeric)
LANGUAGE sql STABLE AS $$
	SELECT d.as_of, d.version, d.tier, d.customers, d.measure
	FROM tiering.distribution_history d
		JOIN (SELECT e.as_of, e.recorded_at FROM tiering.distribution_history e
			  WHERE e.scheme = last_distribution.scheme AND NOT EXISTS (
				SELECT FROM tiering.batch b
				WHERE b.scheme = e.scheme AND b.kind = 'void' AND b.as_of = e.as_of
					AND b.recorded_at >= e.recorded_at)
			  ORDER BY e.as_of DESC, e.recorded_at DESC LIMIT 1) l USING (as_of, recorded_at)
	WHERE d.scheme = last_distribution.scheme
$$;

-- Heads are those whom the moves of up to that assessment lead into the tier; money is
-- that of its rows, for which see inv_assessment().
CREATE FUNCTION t.inv_distribution(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	WITH said AS MATERIALIZED (
		SELECT * FROM t.last_distribution(scheme)
	), day AS MATERIALIZED (
		SELECT DISTINCT d.as_of, d.version FROM said d
	), member AS MATERIALIZED (
		SELECT DISTINCT ON (m.customer_id) m.customer_id,
			CASE WHEN EXISTS (SELECT FROM said s WHERE s.tier = m.to_tier) THEN m.to_tier
				ELSE t.goes_on(scheme, m.version, m.to_tier, d.version) END AS tier, m.to_tier
		FROM day d JOIN t.standing_moves(scheme) m ON m.assessed <= d.as_of
		ORDER BY m.customer_id, m.as_of DESC, m.move DESC
	), counted AS (
		SELECT h.tier, count(*) AS customers FROM member h WHERE h.to_tier IS NOT NULL
		GROUP BY h.tier
	)
	SELECT format('tier %s has %s customers on %s, by the moves %s', COALESCE(s.tier, c.tier),
		s.customers, (SELECT min(d.as_of) FROM day d), c.customers)
	FROM said s FULL JOIN counted c USING (tier)
	WHERE COALESCE(s.customers, 0) <> COALESCE(c.customers, 0)
	UNION ALL
	SELECT format('the source was last read for %s, and the last distribution is of %s',
		s.refreshed_as_of, (SELECT max(d.as_of) FROM day d))
	FROM tiering.source s
	WHERE s.scheme = inv_distribution.scheme
		AND s.refreshed_as_of IS DISTINCT FROM (SELECT max(d.as_of) FROM day d)
$$;

-- Of each assessment that is kept, the customers add up to its distribution.
CREATE FUNCTION t.inv_assessment(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	WITH day AS MATERIALIZED (
		SELECT k.as_of, max(k.recorded_at) AS recorded_at FROM tiering.kept_assessment k
		WHERE k.scheme = inv_assessment.scheme AND NOT EXISTS (
			SELECT FROM tiering.batch b WHERE b.scheme = k.scheme AND b.kind = 'void'
				AND b.as_of = k.as_of AND b.recorded_at >= k.recorded_at)
		GROUP BY k.as_of
	), assessed AS (
		SELECT DISTINCT ON (a.as_of, COALESCE(n.now_id, a.customer_id)) a.as_of, a.tier, a.measure
		FROM tiering.assessment a JOIN day d ON d.as_of = a.as_of
			AND a.recorded_at >= d.recorded_at
			LEFT JOIN (SELECT * FROM t.numbers(scheme) OFFSET 0) n
				ON n.customer_id = a.customer_id
		WHERE a.scheme = inv_assessment.scheme
		ORDER BY a.as_of, COALESCE(n.now_id, a.customer_id), a.recorded_at DESC
	), counted AS (
		SELECT h.as_of, h.tier, count(*) AS customers, COALESCE(sum(h.measure), 0) AS measure
		FROM assessed h WHERE h.tier IS NOT NULL GROUP BY h.as_of, h.tier
	), said AS (
		SELECT d.as_of, d.tier, d.customers, d.measure
		FROM tiering.distribution_history d
			JOIN (SELECT e.as_of, max(e.recorded_at) AS recorded_at
				FROM tiering.distribution_history e WHERE e.scheme = inv_assessment.scheme
				GROUP BY e.as_of) l USING (as_of, recorded_at)
			JOIN day USING (as_of)
		WHERE d.scheme = inv_assessment.scheme
	)
	SELECT format('tier %s has %s customers with %s on %s, its rows %s with %s', tier, s.customers,
		s.measure, as_of, c.customers, c.measure)
	FROM said s FULL JOIN counted c USING (as_of, tier)
	WHERE (COALESCE(s.customers, 0), COALESCE(s.measure, 0))
		<> (COALESCE(c.customers, 0), COALESCE(c.measure, 0))
$$;

-- What tier_distribution tells of now, from sums, is what the customers add up to.
CREATE FUNCTION t.inv_now(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	SELECT format('tier %s has %s customers with %s by sums, by themselves %s with %s', tier,
		d.customers, d.measure, c.customers, c.measure)
	FROM (SELECT s.tier, sum(s.customers) AS customers, sum(s.measure) AS measure
		  FROM tiering.view_key k
			CROSS JOIN LATERAL _tiering.shown_sums(k.key, inv_now.scheme,
				_tiering.reader()) s
		  GROUP BY s.tier) d
		FULL JOIN (
			SELECT a.tier, count(*) AS customers, sum(m.measure) AS measure
			FROM tiering.assignment a
				LEFT JOIN _tiering.current_measures(inv_now.scheme, NULL) m
					ON m.customer_id COLLATE "C" = a.customer_id
			WHERE a.scheme = inv_now.scheme
			GROUP BY a.tier) c USING (tier)
	WHERE (COALESCE(d.customers, 0), COALESCE(d.measure, 0))
		<> (COALESCE(c.customers, 0), COALESCE(c.measure, 0))
$$;

-- What migration_matrix has kept of a day is what that comes to if it is worked out. Money of
-- an assessment that is not kept any more cannot be.
CREATE FUNCTION t.inv_matrix(scheme text) RETURNS SETOF text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF to_regclass('tiering.matrix_cell') IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY WITH cell AS (
		SELECT c.* FROM tiering.matrix_cell c
			JOIN tiering.matrix_due u ON u.scheme = c.scheme AND c.as_of < u.first_day
		WHERE c.scheme = inv_matrix.scheme
	), counted AS (
		SELECT d.as_of, n.*
		FROM _tiering.days_moved(inv_matrix.scheme, '-infinity') d
			CROSS JOIN LATERAL _tiering.cells_on(inv_matrix.scheme, d.as_of, true) n
		WHERE d.as_of < _tiering.matrix_due(inv_matrix.scheme)
	)
	SELECT format('%s to %s on %s, %s: %s with %s and %s are kept, and are %s with %s and %s',
		COALESCE(c.from_tier, n.from_tier), COALESCE(c.to_tier, n.to_tier),
		COALESCE(c.as_of, n.as_of), COALESCE(c.direction, n.direction), c.customers,
		c.measure_from, c.measure_to, n.customers, n.measure_from, n.measure_to)
	FROM cell c FULL JOIN counted n ON n.as_of = c.as_of
		AND COALESCE(n.from_tier, '') = COALESCE(c.from_tier, '')
		AND COALESCE(n.to_tier, '') = COALESCE(c.to_tier, '') AND n.direction = c.direction
	WHERE (c.customers, c.from_rank, c.to_rank) IS DISTINCT FROM
			(n.customers, n.from_rank, n.to_rank)
		OR n.measure_from <> c.measure_from OR n.measure_to <> c.measure_to
		OR n.measure_from IS NOT NULL AND c.measure_from IS NULL
		OR n.measure_to IS NOT NULL AND c.measure_to IS NULL;
END;
$$;

-- What a page tells of who is near is what the views show, customer by customer, and its matrix
-- is that between the assessments.
CREATE FUNCTION t.inv_near(scheme text) RETURNS SETOF text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	by_measure boolean;
	a record;
BEGIN
	IF to_regclass('tiering.near_sum') IS NULL THEN
		RETURN;
	END IF;
	by_measure := v.by_measure FROM _tiering.near_version v WHERE v.scheme = inv_near.scheme;
	IF by_measure THEN
		RETURN QUERY SELECT format('%s of %s are told to be near the next tier, and %s are',
			n.may_rise, COALESCE(n.tier, u.tier), u.customers)
		FROM (SELECT * FROM _tiering.near_now(inv_near.scheme) x WHERE x.may_rise > 0) n
			FULL JOIN (SELECT x.tier, count(*) AS customers FROM tiering.near_upgrade x
				WHERE x.scheme = inv_near.scheme AND x.distance_percent <= 10 GROUP BY x.tier) u
				ON u.tier = n.tier COLLATE "C"
		WHERE n.may_rise IS DISTINCT FROM u.customers;
	END IF;
	RETURN QUERY SELECT format('%s of %s are told to be near a lower tier, and %s are', n.may_slip,
		COALESCE(n.tier, d.tier), d.customers)
	FROM (SELECT * FROM _tiering.near_now(inv_near.scheme) x WHERE x.may_slip > 0) n
		FULL JOIN (SELECT x.tier, count(*) AS customers FROM tiering.near_downgrade x
			WHERE x.scheme = inv_near.scheme AND (x.watched OR x.distance_percent <= 10)
			GROUP BY x.tier) d ON d.tier = n.tier COLLATE "C"
	WHERE n.may_slip IS DISTINCT FROM d.customers;
	FOR a IN SELECT x.as_of, x.previous FROM _tiering.assessments(scheme, false) x
		WHERE x.previous IS NOT NULL
	LOOP
		RETURN QUERY WITH left_behind AS MATERIALIZED (
			SELECT l.* FROM _tiering.left_behind(inv_near.scheme, a.previous, a.as_of) l
		), counted AS MATERIALIZED (
			SELECT c.* FROM _tiering.named_cells(inv_near.scheme, a.previous, a.as_of, NULL, NULL) c
			WHERE EXISTS (SELECT FROM left_behind)
		)
		SELECT format('%s of %s are told by the page or by the matrix alone', d::text, a.as_of)
		FROM ((TABLE left_behind EXCEPT ALL TABLE counted)
			UNION ALL (TABLE counted EXCEPT ALL TABLE left_behind)) d;
	END LOOP;
END;
$$;

CREATE FUNCTION t.inv_history(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	SELECT format('batch %s: %s', v.batch, v.finding)
	FROM tiering.verify_history(scheme) v WHERE NOT v.sound
	UNION ALL
	SELECT format('%s batches from %s to %s', count(*), min(b.batch), max(b.batch))
	FROM tiering.batch b WHERE b.scheme = inv_history.scheme
	HAVING min(b.batch) <> 1 OR max(b.batch) <> count(*)
	UNION ALL
	SELECT format('batch %s says that it has %s moves and supersedes %s, not %s and %s', batch,
		b.moves, b.superseded, m.n, s.n)
	FROM (SELECT * FROM tiering.batch b WHERE b.scheme = inv_history.scheme) b
		FULL JOIN (SELECT m.batch, count(*) AS n FROM tiering.migration m
			WHERE m.scheme = inv_history.scheme GROUP BY m.batch) m USING (batch)
		FULL JOIN (SELECT s.batch, count(*) AS n FROM tiering.superseded s
			WHERE s.scheme = inv_history.scheme GROUP BY s.batch) s USING (batch)
	WHERE (b.moves, b.superseded) IS DISTINCT FROM (COALESCE(m.n, 0), COALESCE(s.n, 0))
	UNION ALL
	SELECT format('batch %s supersedes move %s, which is %s', s.batch, s.move,
		COALESCE('of batch ' || m.batch || ' of ' || m.scheme, 'not there'))
	FROM tiering.superseded s LEFT JOIN tiering.migration m USING (move)
	WHERE s.scheme = inv_history.scheme AND (m.scheme = s.scheme AND m.batch < s.batch) IS NOT TRUE
$$;

CREATE FUNCTION t.inv_chain(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	SELECT format('move %s of customer %s on %s is %s from %s to %s, after one to %s', m.move,
		m.customer_id, m.as_of, m.direction, COALESCE(m.from_tier, 'none'),
		COALESCE(m.to_tier, 'none'), COALESCE(m.before, 'none'))
	FROM t.standing_moves(scheme) m
	WHERE (m.direction = 'new') <> (m.before IS NULL)
		OR (m.direction = 'exit' OR m.direction = 'merged' AND m.to_tier IS NULL)
			<> (m.to_tier IS NULL)
		OR m.from_tier = m.to_tier
		OR CASE WHEN m.from_tier IS DISTINCT FROM m.before
			THEN t.goes_on(scheme, m.before_version, m.before, m.version)
				IS DISTINCT FROM m.from_tier END
$$;

-- The moves of each number are a chain as well, which begins and ends with a hand-over
-- where the customer has had another one. The two moves of one agree, and each number
-- has the moves of its days.
CREATE FUNCTION t.inv_number(scheme text) RETURNS SETOF text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF to_regclass('tiering.customer_alias') IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT format('move %s of number %s on %s is %s from %s to %s, after one to %s',
		m.move, m.customer_id, m.as_of, m.direction, COALESCE(m.from_tier, 'none'),
		COALESCE(m.to_tier, 'none'), COALESCE(m.before, 'none'))
	FROM t.standing_moves(inv_number.scheme, true) m
	WHERE (m.before IS NULL) <> (m.from_tier IS NULL)
		OR (m.direction IN ('merge', 'merged')) <> (m.cause = 'merge')
		OR m.direction = 'merge' AND num_nulls(m.from_tier, m.to_tier) <> 1
		OR m.direction = 'merge' AND m.before IS DISTINCT FROM m.from_tier
		OR m.last AND m.to_tier IS NOT NULL AND NOT EXISTS (
			SELECT FROM tiering.assignment a
			WHERE a.scheme = inv_number.scheme AND a.customer_id = m.customer_id);
	RETURN QUERY WITH m AS MATERIALIZED (
		SELECT x.* FROM t.standing_moves(inv_number.scheme, true) x
	)
	SELECT format('%s of number %s as of %s is beside %s of number %s', o.from_tier, a.from_id,
		a.on_date, i.to_tier, a.to_id)
	FROM tiering.customer_alias a
		LEFT JOIN m o ON o.customer_id = a.from_id AND o.as_of = a.on_date
			AND o.direction = 'merge' AND o.to_tier IS NULL
		LEFT JOIN m i ON i.customer_id = a.to_id AND i.as_of = a.on_date
			AND i.direction = 'merge' AND i.from_tier IS NULL
	WHERE a.scheme = inv_number.scheme AND a.leads IS NULL
		AND (o.from_tier, o.version) IS DISTINCT FROM (i.to_tier, i.version)
	UNION ALL
	SELECT format('move %s as of %s is of number %s, which became %s on %s', m.move, m.as_of,
		m.customer_id, a.to_id, a.on_date)
	FROM tiering.customer_alias a JOIN m ON m.customer_id = a.from_id
	WHERE a.scheme = inv_number.scheme AND a.leads IS NULL AND m.as_of > a.on_date
		AND NOT EXISTS (
		SELECT FROM tiering.customer_alias b
		WHERE b.scheme = a.scheme AND b.to_id = a.from_id AND b.batch > a.batch);
	RETURN QUERY SELECT format('number %s is said to be %s now, and is %s',
		COALESCE(f.customer_id, n.customer_id), f.now_id, n.now_id)
	FROM (SELECT * FROM tiering.former_number x WHERE x.scheme = inv_number.scheme) f
		FULL JOIN t.numbers(inv_number.scheme) n ON n.customer_id = f.customer_id
	WHERE f.now_id IS DISTINCT FROM n.now_id;
	-- what verify_state() says of numbers; inv_state() asks for what it says of customers
	RETURN QUERY SELECT format('number: %s', d) FROM _tiering.numbers_disagree(inv_number.scheme) d;
END;
$$;

-- What the policy has noted of a customer is what it comes to by moves, entries of
-- watch_history and the assessments after them, which assignment_before() tells.
CREATE FUNCTION t.inv_noted(scheme text) RETURNS SETOF text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF to_regprocedure('_tiering.assignment_before(text,text,date)') IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT format('of customer %s is noted %s, by entries %s', a.customer_id,
		n.noted, n.by_entries)
	FROM tiering.assignment a
		LEFT JOIN LATERAL _tiering.assignment_before(a.scheme, a.customer_id, 'infinity') b ON true
		CROSS JOIN LATERAL (SELECT a.version <> b.version AS renamed) v
		CROSS JOIN LATERAL (
			SELECT ROW(a.since, a.first_as_of, a.misses, a.next_review,
					CASE WHEN b.kept_until IS NOT NULL THEN a.kept_until END, a.policy_since,
					CASE WHEN NOT v.renamed THEN ARRAY[a.tier, a.best, a.next_tier, a.policy_tier]
						COLLATE "C" END) AS noted,
				ROW(b.since, b.first_as_of, b.misses, b.next_review,
					b.kept_until, b.policy_since,
					CASE WHEN NOT v.renamed THEN ARRAY[b.tier, b.best, b.next_tier, b.policy_tier]
						COLLATE "C" END) AS by_entries) n
	WHERE a.scheme = inv_noted.scheme AND n.noted IS DISTINCT FROM n.by_entries;
END;
$$;

-- By the newest version that knows both tiers, of those up to the one that graded
CREATE FUNCTION t.inv_direction(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	WITH ranked AS MATERIALIZED (
		SELECT DISTINCT ON (v.version, f.tier, t.tier) v.version, f.tier AS from_tier,
			t.tier AS to_tier, CASE sign(t.rank - f.rank) WHEN 1 THEN 'up' WHEN -1 THEN 'down'
				ELSE 'lateral' END AS direction
		FROM tiering.scheme_version v
			JOIN tiering.tier f ON f.scheme = v.scheme AND f.version <= v.version
			JOIN tiering.tier t ON t.scheme = f.scheme AND t.version = f.version
		WHERE v.scheme = inv_direction.scheme AND f.tier <> t.tier
		ORDER BY v.version, f.tier, t.tier, f.version DESC
	)
	SELECT format('move %s of customer %s from %s to %s by version %s is %s, not %s', m.move,
		m.customer_id, m.from_tier, m.to_tier, m.version, m.direction, r.direction)
	FROM t.standing_moves(scheme) m JOIN ranked r USING (version, from_tier, to_tier)
	WHERE m.direction <> r.direction AND m.direction <> 'merged'
$$;

-- The requests of a scheme with what was decided on each, and the days on which an
-- override counts
CREATE FUNCTION t.requested(scheme text)
RETURNS TABLE (request bigint, customer_id text, kind text, tier text, from_tier text,
	pending boolean, counts daterange)
LANGUAGE sql STABLE AS $$
	SELECT r.request, COALESCE(n.now_id, r.customer_id), r.kind, r.tier, r.from_tier,
		d.decision IS NULL,
		CASE WHEN d.decision = 'approved' THEN r.valid * daterange(d.as_of,
			CASE WHEN e.decision = 'ended' THEN GREATEST(e.as_of, d.as_of) END) END
	FROM tiering.request r
		LEFT JOIN (SELECT * FROM t.numbers(scheme) OFFSET 0) n ON n.customer_id = r.customer_id
		LEFT JOIN tiering.decision d ON d.request = r.request
			AND d.decision IN ('approved', 'rejected', 'withdrawn')
		LEFT JOIN tiering.decision e ON e.request = r.request AND e.decision IN ('ended', 'lapsed')
	WHERE r.scheme = requested.scheme AND r.kind <> 'publish'
$$;

-- Whom a refresh asks to move is there, unless somebody has removed them by hand since;
-- whom people ask about was there once.
CREATE FUNCTION t.inv_request(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	SELECT format('request %s to have customer %s in %s is pending, and there is no such customer',
		r.request, r.customer_id, r.tier)
	FROM t.requested(scheme) r
	WHERE r.pending AND NOT (r.kind = 'move' AND r.from_tier IS NULL)
		AND NOT EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = inv_request.scheme AND a.customer_id = r.customer_id)
		AND NOT (r.kind <> 'move' AND r.customer_id IN (
			SELECT m.customer_id FROM tiering.migration m WHERE m.scheme = inv_request.scheme
			UNION ALL SELECT n.now_id FROM t.numbers(scheme) n))
		AND NOT EXISTS (SELECT FROM t.standing_moves(scheme) m
			WHERE m.customer_id = r.customer_id AND m.last
				AND m.cause IN ('manual', 'override_end'))
	UNION ALL
	SELECT format('%s decided on their own request %s', to_jsonb(d) ->> 'decided_by', r.request)
	FROM tiering.request r JOIN tiering.decision d USING (request)
	WHERE r.scheme = inv_request.scheme AND d.decision IN ('agreed', 'approved', 'rejected',
			'ended')
		AND (d.decided_by = r.requested_by
			OR to_jsonb(d) ->> 'decided_id' = to_jsonb(r) ->> 'requested_id')
	UNION ALL
	SELECT format('%s took several steps of request %s', to_jsonb(d) ->> 'decided_by', r.request)
	FROM tiering.request r JOIN tiering.decision d USING (request)
	WHERE r.scheme = inv_request.scheme AND d.decision IN ('agreed', 'approved', 'rejected')
	GROUP BY r.request, to_jsonb(d) ->> 'decided_by' HAVING count(*) > 1
	UNION ALL
	SELECT format('request %s has more than one decision, or a last one without a first', d.request)
	FROM tiering.request r JOIN tiering.decision d USING (request)
	WHERE r.scheme = inv_request.scheme AND d.decision <> 'agreed'
	GROUP BY d.request, r.kind
	HAVING count(*) FILTER (WHERE d.decision IN ('approved', 'rejected', 'withdrawn')) <> 1
		OR (bool_or(d.decision = 'ended')
			AND NOT (bool_or(d.decision = 'approved') AND r.kind <> 'move'))
		OR (bool_or(d.decision = 'lapsed')
			AND NOT (bool_or(d.decision IN ('approved', 'rejected')) AND r.kind = 'move'))
	UNION ALL
	SELECT format('overrides %s and %s of customer %s count at once, %s and %s', a.request,
		b.request, a.customer_id, a.kind, b.kind)
	FROM t.requested(scheme) a JOIN t.requested(scheme) b USING (customer_id)
	WHERE a.request < b.request AND a.counts && b.counts
		AND (a.kind = b.kind OR 'fixed' IN (a.kind, b.kind))
	UNION ALL
	SELECT format('customer %s has two moves pending', r.customer_id)
	FROM t.requested(scheme) r WHERE r.pending AND r.kind = 'move'
	GROUP BY r.customer_id HAVING count(*) > 1
$$;

CREATE FUNCTION t.inv_version(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	SELECT format('versions %s and %s overlap', a.version, b.version)
	FROM tiering.scheme_version a JOIN tiering.scheme_version b USING (scheme)
	WHERE scheme = inv_version.scheme AND a.version < b.version AND a.effective && b.effective
	UNION ALL
	SELECT format('%s drafts, %s versions in force from now on',
		count(*) FILTER (WHERE v.status = 'draft'), count(*) FILTER (WHERE v.status = 'published'))
	FROM tiering.scheme_version v WHERE v.scheme = inv_version.scheme
	HAVING count(*) FILTER (WHERE v.status = 'draft') > 1
		OR count(*) FILTER (WHERE v.status = 'published') > 1
$$;

-- verify_state() has nothing to say of customers, whatever the way that led there
CREATE FUNCTION t.inv_state(scheme text) RETURNS SETOF text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF to_regprocedure('_tiering.noted_disagrees(text)') IS NOT NULL THEN
		RETURN QUERY SELECT _tiering.assignment_disagrees(scheme)
		UNION ALL SELECT _tiering.noted_disagrees(scheme);
	END IF;
END;
$$;

CREATE FUNCTION t.inv_writing() RETURNS SETOF text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF to_regclass('tiering.writing') IS NOT NULL THEN
		RETURN QUERY EXECUTE
			'SELECT format(''%s'', to_jsonb(w)) FROM tiering.writing w';
	END IF;
END;
$$;

CREATE FUNCTION t.invariants(scheme text DEFAULT NULL) RETURNS SETOF text
LANGUAGE sql STABLE SET jit = off AS $$
	SELECT format('%s: %s, %s times: %s', i.scheme, i.invariant, count(*), min(i.finding))
	FROM (
		SELECT s.scheme, x.*
		FROM tiering.scheme s, LATERAL (
			SELECT 'replay' AS invariant, t.inv_replay(s.scheme) AS finding
			UNION ALL SELECT 'distribution', t.inv_distribution(s.scheme)
			UNION ALL SELECT 'assessment', t.inv_assessment(s.scheme)
			UNION ALL SELECT 'now', t.inv_now(s.scheme)
			UNION ALL SELECT 'matrix', t.inv_matrix(s.scheme)
			UNION ALL SELECT 'near', t.inv_near(s.scheme)
			UNION ALL SELECT 'history', t.inv_history(s.scheme)
			UNION ALL SELECT 'chain', t.inv_chain(s.scheme)
			UNION ALL SELECT 'number', t.inv_number(s.scheme)
			UNION ALL SELECT 'noted', t.inv_noted(s.scheme)
			UNION ALL SELECT 'state', t.inv_state(s.scheme)
			UNION ALL SELECT 'direction', t.inv_direction(s.scheme)
			UNION ALL SELECT 'request', t.inv_request(s.scheme)
			UNION ALL SELECT 'version', t.inv_version(s.scheme)) x
		WHERE invariants.scheme IS NULL OR s.scheme = invariants.scheme
		UNION ALL
		SELECT 'all', 'writing', t.inv_writing()) i
	GROUP BY i.scheme, i.invariant ORDER BY 1
$$;
