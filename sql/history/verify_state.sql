/*
 * verify_state(): whether the customers of a scheme are where its records say
 */

-- By which version the last assessment of a customer graded them, and what it began from
CREATE FUNCTION _tiering.last_graded(scheme text)
RETURNS TABLE (customer_id text, version int, as_of date, after_batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH last AS MATERIALIZED (
		SELECT a.* FROM _tiering.assessments(last_graded.scheme, false) a
		ORDER BY a.as_of DESC LIMIT 1
	)
	SELECT NULL::text, l.version, l.as_of, l.after_batch FROM last l
	UNION ALL (
		SELECT DISTINCT ON (o.customer_id) o.customer_id, o.version, o.as_of, o.after_batch
		FROM _tiering.own_assessments(last_graded.scheme) o LEFT JOIN last l ON true
		WHERE o.as_of > COALESCE(l.as_of, '-infinity')
		ORDER BY o.customer_id, o.as_of DESC, o.after_batch DESC);
END;
COMMENT ON FUNCTION _tiering.last_graded(text) IS
'Part of verify_state(): the last assessment of a scheme, of customers who are null, and those of '
'single customers after it';

-- What came after the assessment by hand, by a decision or by a merge may bear its own version.
CREATE FUNCTION _tiering.assignment_disagrees(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	WITH graded AS MATERIALIZED (
		SELECT g.* FROM _tiering.last_graded(assignment_disagrees.scheme) g
	)
	SELECT CASE WHEN (a.tier, a.since) IS NOT DISTINCT FROM (e.tier, m.as_of)
			AND a.cause <> m.cause
		THEN format('customer "%s" is in %s for the cause %s, their last move was for %s',
			a.customer_id, a.tier, a.cause, m.cause)
		WHEN (a.tier, a.since) IS NOT DISTINCT FROM (e.tier, m.as_of)
		THEN format('customer "%s" is in %s by version %s, their last assessment was by version %s',
			a.customer_id, a.tier, a.version, e.version)
		ELSE format('customer "%s" is in %s since %s, by their moves in %s since %s',
			COALESCE(a.customer_id, m.customer_id), COALESCE(a.tier, 'no tier'),
			COALESCE(a.since::text, 'no day'), COALESCE(e.tier, 'no tier'),
			COALESCE(m.as_of::text, 'no day')) END
	FROM (SELECT x.* FROM tiering.assignment x WHERE x.scheme = assignment_disagrees.scheme) a
		FULL JOIN (
			SELECT l.* FROM (
				SELECT DISTINCT ON (k.customer_id) k.customer_id, k.to_tier, k.as_of, k.version,
					k.assessed, k.batch, k.cause
				FROM _tiering.person_moves(assignment_disagrees.scheme) k
				ORDER BY k.customer_id, k.as_of DESC, k.move DESC) l
			WHERE l.to_tier IS NOT NULL) m ON m.customer_id = a.customer_id
		LEFT JOIN graded g ON g.customer_id IS NULL
		LEFT JOIN graded o ON o.customer_id COLLATE "C" = a.customer_id
		LEFT JOIN (
			SELECT v.version, s.* FROM (SELECT DISTINCT x.version FROM tiering.assignment x
				WHERE x.scheme = assignment_disagrees.scheme) v
				CROSS JOIN LATERAL _tiering.succeeded(assignment_disagrees.scheme, v.version) s) n
			ON n.version = a.version AND n.from_version = m.version AND n.tier = m.to_tier
		CROSS JOIN LATERAL (SELECT COALESCE(n.becomes, m.to_tier) AS tier,
			COALESCE(o.version, g.version, m.version) AS version) e
	WHERE a.since IS DISTINCT FROM m.as_of OR a.tier IS DISTINCT FROM e.tier OR a.cause <> m.cause
		OR a.version <> e.version
			AND (a.version IS DISTINCT FROM m.version
				OR m.assessed <= COALESCE(o.as_of, g.as_of) AND (
					m.batch <= COALESCE(o.after_batch, g.after_batch)
					OR m.cause NOT IN ('manual', 'approval', 'override', 'merge')))
	ORDER BY COALESCE(a.customer_id, m.customer_id) LIMIT 1
$$;
COMMENT ON FUNCTION _tiering.assignment_disagrees(text) IS
'The first customer who is not where the moves that stand have led them, not for the cause of the '
'last one, or not by the version of their last assessment';

-- Of whom the policy has noted anything, or ever did, assignment_before() tells what that comes
-- to; all others have nothing noted. What another version would call a tier is left to
-- assignment_disagrees(), and the end of a term without an entry is not known.
CREATE FUNCTION _tiering.noted_disagrees(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	WITH came AS MATERIALIZED (
		SELECT DISTINCT ON (m.customer_id) m.customer_id,
			CASE WHEN m.cause <> 'manual' THEN m.assessed END AS first_as_of
		FROM _tiering.person_moves(noted_disagrees.scheme) m WHERE m.direction = 'new'
		ORDER BY m.customer_id, m.as_of DESC, m.move DESC
	), noted AS MATERIALIZED (
		SELECT a.customer_id FROM tiering.assignment a
		WHERE a.scheme = noted_disagrees.scheme AND (a.misses > 0
			OR COALESCE(a.best, a.next_tier, a.policy_tier) IS NOT NULL
			OR COALESCE(a.next_review, a.kept_until, a.policy_since) IS NOT NULL)
		UNION
		SELECT COALESCE(f.now_id, h.customer_id) FROM tiering.watch_history h
			LEFT JOIN tiering.former_number f ON f.scheme = h.scheme
				AND f.customer_id = h.customer_id
		WHERE h.scheme = noted_disagrees.scheme
	)
	SELECT format('customer "%s" has %s %s, by their moves and entries %s', a.customer_id, x.key,
		COALESCE(x.value, 'none'), COALESCE(e.value, 'none'))
	FROM tiering.assignment a
		JOIN came c ON c.customer_id = a.customer_id
		LEFT JOIN noted n ON n.customer_id = a.customer_id
		LEFT JOIN LATERAL _tiering.assignment_before(a.scheme, a.customer_id, 'infinity') b
			ON n.customer_id IS NOT NULL
		CROSS JOIN LATERAL jsonb_each_text(to_jsonb(a) - '{tier,version}'::text[]
			- CASE WHEN a.version <> b.version THEN '{best,next_tier,policy_tier}'::text[]
				ELSE '{}' END
			- CASE WHEN b.kept_until IS NULL THEN '{kept_until}'::text[] ELSE '{}' END) x
		JOIN LATERAL jsonb_each_text(CASE WHEN n.customer_id IS NOT NULL THEN to_jsonb(b)
			ELSE jsonb_build_object('first_as_of', c.first_as_of) END) e
			ON e.key = x.key
	WHERE a.scheme = noted_disagrees.scheme AND x.value IS DISTINCT FROM e.value
		AND (n.customer_id IS NOT NULL OR a.first_as_of IS DISTINCT FROM c.first_as_of)
	ORDER BY a.customer_id, x.key LIMIT 1
$$;
COMMENT ON FUNCTION _tiering.noted_disagrees(text) IS
'Part of verify_state(): the first customer of whom assignment says something else than moves and '
'entries of watch_history come to: when they came, what the policy has noted';

CREATE FUNCTION _tiering.assessment_disagrees(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('tier %s of the assessment of %s has %s customers with %s, its customers are %s '
		'with %s', COALESCE(d.tier, s.tier), COALESCE(d.as_of, s.as_of),
		COALESCE(d.customers, 0), COALESCE(d.measure, 0), COALESCE(s.customers, 0),
		COALESCE(s.measure, 0))
	FROM (
		SELECT x.* FROM _tiering.known_distribution() x
		WHERE x.scheme = assessment_disagrees.scheme
			AND (_tiering.kept(x.scheme, x.as_of)).slot IS NOT NULL) d
		FULL JOIN (
			SELECT k.as_of, k.tier, count(*) AS customers, sum(k.measure) AS measure
			FROM _tiering.kept_of(assessment_disagrees.scheme, ARRAY(
				SELECT a.as_of FROM _tiering.assessments(assessment_disagrees.scheme, false) a),
				NULL) k
			WHERE k.tier IS NOT NULL GROUP BY k.as_of, k.tier) s
			ON s.as_of = d.as_of AND s.tier COLLATE "C" = d.tier
	WHERE (COALESCE(d.customers, 0), COALESCE(d.measure, 0))
		<> (COALESCE(s.customers, 0), COALESCE(s.measure, 0))
	ORDER BY COALESCE(d.as_of, s.as_of), COALESCE(d.tier, s.tier) LIMIT 1
$$;
COMMENT ON FUNCTION _tiering.assessment_disagrees(text) IS
'The first tier of an assessment that is kept whose customers do not add up to its sums';

-- An assessment without sums is none to whoever asks for the last one.
CREATE FUNCTION _tiering.sums_missing(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('the assessment of %s has no sums, and %s', s.as_of, s.what)
	FROM (
		SELECT b.as_of, format('batch %s, a %s, was not taken back', b.batch, b.kind) AS what
		FROM tiering.batch b
		WHERE b.scheme = sums_missing.scheme AND b.kind IN ('refresh', 'load') AND NOT EXISTS (
			SELECT FROM _tiering.taken_back_by(b.scheme, b.as_of, b.batch))
		UNION ALL
		SELECT k.as_of, 'what customers had is kept' FROM tiering.kept_assessment k
		WHERE k.scheme = sums_missing.scheme
			AND k.recorded_at > _tiering.last_void(k.scheme, k.as_of, NULL)) s
	WHERE s.as_of NOT IN (SELECT d.as_of FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = sums_missing.scheme)
	ORDER BY s.as_of, s.what LIMIT 1
$$;
COMMENT ON FUNCTION _tiering.sums_missing(text) IS
'Part of verify_state(): the first assessment that was not taken back, by a batch or by what is '
'kept of it, and has no distribution';

-- Money of an assessment that is not kept any more cannot be counted again.
CREATE FUNCTION _tiering.matrix_disagrees(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN s.customers = m.customers
			AND (s.from_rank, s.to_rank) IS DISTINCT FROM (m.from_rank, m.to_rank)
		THEN format('from %s to %s on %s is from rank %s to rank %s, by the versions from %s to %s',
			COALESCE(s.from_tier, 'none'), COALESCE(s.to_tier, 'none'), s.as_of,
			COALESCE(s.from_rank::text, 'none'), COALESCE(s.to_rank::text, 'none'),
			COALESCE(m.from_rank::text, 'none'), COALESCE(m.to_rank::text, 'none'))
		ELSE format('from %s to %s on %s are %s customers with %s and %s, by the moves %s with %s '
			'and %s', COALESCE(s.from_tier, m.from_tier, 'none'),
			COALESCE(s.to_tier, m.to_tier, 'none'), COALESCE(s.as_of, m.as_of),
			COALESCE(s.customers, 0), COALESCE(s.measure_from::text, 'none'),
			COALESCE(s.measure_to::text, 'none'), COALESCE(m.customers, 0),
			COALESCE(m.measure_from::text, 'none'), COALESCE(m.measure_to::text, 'none')) END
	FROM (
		SELECT x.* FROM tiering.matrix_cell x
		WHERE x.scheme = matrix_disagrees.scheme COLLATE "C"
			AND x.as_of < (SELECT _tiering.matrix_due(matrix_disagrees.scheme))) s
		FULL JOIN (
			SELECT d.as_of, c.* FROM _tiering.days_moved(matrix_disagrees.scheme COLLATE "C",
					'-infinity') d
				CROSS JOIN LATERAL _tiering.cells_on(matrix_disagrees.scheme, d.as_of, true) c
			WHERE d.as_of < (SELECT _tiering.matrix_due(matrix_disagrees.scheme))) m
			ON m.as_of = s.as_of AND m.direction COLLATE "C" = s.direction
				AND COALESCE(m.from_tier, '') COLLATE "C" = COALESCE(s.from_tier, '')
				AND COALESCE(m.to_tier, '') COLLATE "C" = COALESCE(s.to_tier, '')
	WHERE (s.customers, s.from_rank, s.to_rank)
			IS DISTINCT FROM (m.customers, m.from_rank, m.to_rank)
		OR COALESCE(m.measure_from, s.measure_from) IS DISTINCT FROM s.measure_from
		OR COALESCE(m.measure_to, s.measure_to) IS DISTINCT FROM s.measure_to
	ORDER BY COALESCE(s.as_of, m.as_of), 1 LIMIT 1
$$;
COMMENT ON FUNCTION _tiering.matrix_disagrees(text) IS
'Part of verify_state(): the first cell of migration_matrix that a refresh has left behind and the '
'moves, or the assessments that are kept, do not add up to';

-- Nobody is counted where nothing is kept that is heeded.
CREATE FUNCTION _tiering.near_disagrees(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	WITH told AS MATERIALIZED (
		SELECT k.* FROM _tiering.kept_near(near_disagrees.scheme) k
	), counted AS MATERIALIZED (
		SELECT c.tier, sum(c.may_rise) AS may_rise, sum(c.may_slip) AS may_slip
		FROM (SELECT near_disagrees.scheme WHERE EXISTS (SELECT FROM told)) s(scheme)
			CROSS JOIN LATERAL _tiering.counted_near(s.scheme) c
		GROUP BY c.tier
	)
	SELECT format('of tier %s %s are near the next one and %s may slip, by its customers %s and %s',
		COALESCE(t.tier, c.tier), COALESCE(t.may_rise, 0), COALESCE(t.may_slip, 0),
		COALESCE(c.may_rise, 0), COALESCE(c.may_slip, 0))
	FROM told t FULL JOIN counted c ON c.tier COLLATE "C" = t.tier
	WHERE (COALESCE(t.may_rise, 0), COALESCE(t.may_slip, 0))
		<> (COALESCE(c.may_rise, 0), COALESCE(c.may_slip, 0))
	ORDER BY COALESCE(t.tier, c.tier) LIMIT 1
$$;
COMMENT ON FUNCTION _tiering.near_disagrees(text) IS
'Part of verify_state(): the first tier of which the last assessment has left behind that other '
'numbers of customers are near a bound than are; nothing if anything came after it';

CREATE FUNCTION _tiering.version_disagrees(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	WITH event AS (
		SELECT p.*
		FROM tiering.publication p
		WHERE p.scheme = version_disagrees.scheme AND p.event > COALESCE((
			SELECT max(d.event) FROM tiering.publication d
			WHERE d.scheme = version_disagrees.scheme AND d.what = 'drop'), 0)
	), last AS (
		SELECT DISTINCT ON (e.version) e.* FROM event e ORDER BY e.version, e.event DESC
	), eyes AS (
		SELECT e.what, e.approvers FROM event e WHERE e.what IN ('four_eyes', 'two_eyes')
		ORDER BY e.event DESC LIMIT 1
	), published AS (
		SELECT l.*, daterange(l.effective, lead(l.effective) OVER (ORDER BY l.version)) AS days
		FROM last l WHERE l.what = 'publish'
	)
	(SELECT f.finding
	FROM published p
		FULL JOIN (SELECT x.* FROM tiering.scheme_version x
			WHERE x.scheme = version_disagrees.scheme AND x.status <> 'draft') v
			ON v.version = p.version
		CROSS JOIN LATERAL (SELECT CASE
			WHEN v.version IS NULL THEN format('version %s was published, and is not there',
				p.version)
			WHEN p.version IS NULL THEN format('version %s is %s, and was not published',
				v.version, v.status)
			WHEN v.effective <> p.days THEN format('version %s grades %s, it was published for %s',
				v.version, v.effective, p.days)
			WHEN p.digest <> _tiering.definition_digest(v.scheme, v.version) THEN
				format('version %s is not what was published', v.version)
			WHEN _tiering.approvers_disagree(p.approvers,
				_tiering.recorded_approvers(v.scheme, v.version)) THEN
				format('version %s has other approvers than when it was published', v.version)
			END) f(finding)
	WHERE f.finding IS NOT NULL
	ORDER BY COALESCE(v.version, p.version) LIMIT 1)
	UNION ALL
	SELECT 'who publishes it is not who was said to'
	FROM tiering.scheme s LEFT JOIN eyes e ON true
	WHERE s.scheme = version_disagrees.scheme
		AND (s.four_eyes <> (e.what IS NOT DISTINCT FROM 'four_eyes')
			OR _tiering.approvers_disagree(e.approvers, _tiering.recorded_roles(s.approvers)))
	LIMIT 1
$$;
COMMENT ON FUNCTION _tiering.version_disagrees(text) IS
'The first version that is not as it was published, for the days for which it was, or else by whom '
'it is to be published';

-- Where the moves of each number lead, those that hand tiers over among them, is where the
-- moves of their customer do.
CREATE FUNCTION _tiering.numbers_disagree(scheme text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	WITH number AS (
		SELECT c.from_id AS customer_id, c.now_id
		FROM _tiering.number_changes(numbers_disagree.scheme) c
		UNION
		SELECT c.to_id, c.now_id FROM _tiering.number_changes(numbers_disagree.scheme) c
	), finding AS (
		SELECT n.customer_id, format('number "%s" is in %s, its customer "%s" in %s',
			n.customer_id, COALESCE(l.to_tier, 'no tier'), n.now_id,
			COALESCE(p.to_tier, 'no tier')) AS finding
		FROM number n
			LEFT JOIN LATERAL (
				SELECT m.to_tier FROM _tiering.move_now m
				WHERE m.scheme = numbers_disagree.scheme
					AND m.customer_id = n.customer_id COLLATE "C"
				ORDER BY m.as_of DESC, m.move DESC LIMIT 1) l ON true
			LEFT JOIN LATERAL (
				SELECT m.to_tier FROM _tiering.moves_of(numbers_disagree.scheme, n.now_id) m
				WHERE n.customer_id = n.now_id
				ORDER BY m.as_of DESC, m.move DESC LIMIT 1) p ON true
		WHERE l.to_tier IS DISTINCT FROM p.to_tier
		UNION ALL
		SELECT a.from_id, format('number "%s" became "%s" in batch %s, which does not record it',
			a.from_id, a.to_id, a.batch)
		FROM tiering.customer_alias a
		WHERE a.scheme = numbers_disagree.scheme AND a.leads IS NULL AND 2 <> (
			SELECT count(*) FROM tiering.migration m
			WHERE m.scheme = a.scheme AND m.batch = a.batch AND m.direction = 'merge'
				AND m.as_of = a.on_date AND m.customer_id IN (a.from_id, a.to_id)
				AND m.customer_id = CASE WHEN m.to_tier IS NULL THEN a.from_id ELSE a.to_id END)
		UNION ALL
		SELECT a.from_id, format('customer "%s" became one with "%s" in batch %s, which does not '
			'record it', a.from_id, a.to_id, a.batch)
		FROM tiering.customer_alias a
		WHERE a.scheme = numbers_disagree.scheme AND a.leads IS NOT NULL AND NOT EXISTS (
			SELECT FROM tiering.migration m
			WHERE m.scheme = a.scheme AND m.batch = a.batch AND m.direction = 'merged'
				AND m.as_of = a.on_date AND m.to_tier IS NULL
				AND _tiering.person(m.scheme, m.customer_id) = _tiering.person(a.scheme, a.from_id))
		UNION ALL
		SELECT f.customer_id, format('number "%s" is said to be "%s" now, which no batch records',
			f.customer_id, f.now_id)
		FROM tiering.former_number f
		WHERE f.scheme = numbers_disagree.scheme AND f.now_id IS DISTINCT FROM (
			WITH RECURSIVE later AS (
				SELECT f.customer_id AS id, 0 AS batch
				UNION ALL
				SELECT x.to_id, x.batch FROM later l CROSS JOIN LATERAL (
					SELECT a.to_id, a.batch FROM tiering.customer_alias a
					WHERE a.scheme = f.scheme AND a.from_id = l.id AND a.batch > l.batch
						AND a.leads IS NULL
					ORDER BY a.batch LIMIT 1) x
			)
			SELECT l.id FROM later l ORDER BY l.batch DESC LIMIT 1)
	)
	SELECT f.finding FROM finding f ORDER BY f.customer_id, f.finding LIMIT 1
$$;
COMMENT ON FUNCTION _tiering.numbers_disagree(text) IS
'The first number that a customer has changed of which the moves do not say what those of the '
'customer do, or of whose change they say nothing';

CREATE FUNCTION tiering.verify_state(scheme text) RETURNS TABLE (kind text, finding text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_reads_whole(scheme, 'verify_state');
	RETURN QUERY
	(SELECT 'assignment', d.finding
	FROM (SELECT 1 AS n, a AS finding FROM _tiering.assignment_disagrees(scheme COLLATE "C") a
		UNION ALL SELECT 2, o FROM _tiering.noted_disagrees(scheme COLLATE "C") o) d
	ORDER BY d.n LIMIT 1)
	UNION ALL
	(SELECT 'assessment', d.finding
	FROM (SELECT 1 AS n, m AS finding FROM _tiering.sums_missing(scheme COLLATE "C") m
		UNION ALL SELECT 2, a FROM _tiering.assessment_disagrees(scheme COLLATE "C") a) d
	ORDER BY d.n LIMIT 1)
	UNION ALL
	SELECT 'matrix', d FROM _tiering.matrix_disagrees(scheme COLLATE "C") d
	UNION ALL
	SELECT 'near', d FROM _tiering.near_disagrees(scheme COLLATE "C") d
	UNION ALL
	SELECT 'version', d FROM _tiering.version_disagrees(scheme COLLATE "C") d
	UNION ALL
	SELECT 'number', d FROM _tiering.numbers_disagree(scheme COLLATE "C") d
	ORDER BY 1;
END;
$$;
COMMENT ON FUNCTION tiering.verify_state(text) IS
'Whether customers, assessments and versions of a scheme agree with its records. A row for the '
'first finding of each kind; none if all agrees. assignment: a customer is not where the moves '
'that stand have led them, or not by the version of their last assessment, or what their row says '
'of why, since when and what the policy noted is not what moves and watch_history come to; '
'assessment: one has no distribution, or its customers, where they are kept, do not add up to it; '
'matrix: what migration_matrix tells of a day is not what moved then; near: who is near a bound, '
'as report tells it, is not what customers have; version: one that was published is not what it '
'was then, or grades other days; number: one that a customer has changed does not say what the '
'customer does. verify_history() tells whether the moves and the digests of what was published are '
'as they were sealed: whoever has not both has proved nothing. Errors: unknown scheme (42704). '
'Example: SELECT kind, finding FROM tiering.verify_state(''retail'')';
