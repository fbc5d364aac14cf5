/*
 * What takes more than one person: moves into a tier that is marked approval,
 * overrides, by which a customer is in another tier than the rules and the policy
 * give, forgetting a customer, and publishing a draft. All are requests, on which
 * somebody else decides.
 * Requests and decisions are rows that are added only, so every step is kept; a request's
 * state follows from the decisions on it.
 *
 * A request takes one step, or several: each is for a member of a role, in the order of
 * the approvers that the tier had when it was asked for, and for another person. All but the
 * last one are agreed, and change nothing; the last one is approved.
 *
 * Who asks and who decides is told by what a rename does not change, and shown by name.
 *
 * An override counts at the assessments of its days, from the one on that was the
 * last when it was approved. A floor and a cap may count at once, and the cap wins.
 */

-- In two parts, so that a condition on the customer gets to each of them
CREATE VIEW _tiering.request_now AS
SELECT s.request, s.scheme, s.customer_id, s.kind, s.tier, (
		SELECT t.rank FROM tiering.tier t WHERE t.scheme = s.scheme AND t.tier = s.tier
		ORDER BY t.version = s.version DESC NULLS LAST, t.version DESC LIMIT 1) AS rank,
	s.from_tier, lower(s.valid) AS valid_from, upper(s.valid) AS valid_to, s.valid, s.reason,
	s.as_of, s.measure, s.state, s.requested_by, s.requested_as,
	s.requested_at::date AS requested_on, s.requested_at, s.decided_by, s.decided_as,
	s.decided_at::date AS decided_on, s.decided_at, s.note, s.decided_as_of,
	lower(s.counts) AS counts_from, upper(s.counts) AS counts_to, s.counts,
	s.version, s.effective, (SELECT string_agg(a.role::text, ', ' ORDER BY a.step)
		FROM unnest(s.approvers) WITH ORDINALITY a(role, step)) AS approvers, s.step,
	CASE WHEN s.state = 'pending' THEN s.approvers[s.step]::text END AS due
FROM (
	SELECT r.request, r.scheme, r.now_id COLLATE "default" AS customer_id, r.kind, r.tier,
		r.from_tier, r.valid, r.reason, r.as_of, r.measure::numeric(38,2) AS measure, r.version,
		COALESCE(l.decision, d.decision, 'pending') AS state, r.requested_by, r.requested_as,
		r.requested_at, d.decided_by, d.decided_as, d.decided_at, d.note,
		d.as_of AS decided_as_of,
		CASE WHEN d.decision = 'approved' THEN
			r.valid * daterange(d.as_of, CASE WHEN l.decision = 'ended'
				THEN GREATEST(l.as_of, d.as_of) END) END AS counts,
		r.effective, r.approvers, (SELECT count(*)::int + 1 FROM tiering.decision a
			WHERE a.request = r.request AND a.decision = 'agreed') AS step
	FROM (
		SELECT q.*, q.customer_id AS now_id FROM tiering.request q
		WHERE NOT EXISTS (SELECT FROM tiering.former_number f
			WHERE f.scheme = q.scheme AND f.customer_id = q.customer_id)
		UNION ALL
		SELECT q.*, f.now_id FROM tiering.former_number f
			JOIN tiering.request q ON q.scheme = f.scheme AND q.customer_id = f.customer_id) r
		LEFT JOIN tiering.decision d ON d.request = r.request AND d.decision
			IN ('approved', 'rejected', 'withdrawn')
		LEFT JOIN tiering.decision l ON l.request = r.request
			AND l.decision IN ('lapsed', 'ended')) s;
COMMENT ON VIEW _tiering.request_now IS
'What request_state shows to who reads all, and what the extension asks itself';

-- Whoever reads the view calls this, as they do shown_sums().
CREATE FUNCTION _tiering.shown_requests(key uuid, scheme text, reader oid)
RETURNS SETOF _tiering.request_now
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
DECLARE
	visible text[];
BEGIN
	IF EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_requests.key)
		AND _tiering.reads(reader, scheme) IS NOT NULL
	THEN
		visible := _tiering.seen(reader, scheme, NULL);
		RETURN QUERY SELECT q.*
		FROM _tiering.request_now q
		WHERE q.scheme = shown_requests.scheme COLLATE "C"
			AND (visible IS NULL OR q.customer_id COLLATE "C" = ANY (visible)
				OR q.customer_id IS NULL AND _tiering.granted(reader, shown_requests.scheme));
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_requests(uuid, text, oid) IS
'The requests of a scheme that a reader may see, for who does not see all: those about customers '
'whom they see, and, with the right to the whole scheme, about no customer; nothing if that is not '
'the key of views';

CREATE VIEW tiering.request_state AS
SELECT q.request, q.scheme, q.customer_id, q.kind, q.tier, q.rank, q.from_tier, q.valid_from,
	q.valid_to, q.valid, q.reason, q.as_of, q.measure, q.state, q.requested_by, q.requested_as,
	q.requested_on, q.requested_at, q.decided_by, q.decided_as, q.decided_on, q.decided_at, q.note,
	q.decided_as_of, q.counts_from, q.counts_to, q.counts, q.version, q.effective, q.approvers,
	q.step, q.due
FROM _tiering.request_now q WHERE (SELECT _tiering.reads_all(_tiering.reader()))
UNION ALL
SELECT q.request, s.scheme COLLATE "C", q.customer_id, q.kind, q.tier, q.rank, q.from_tier,
	q.valid_from, q.valid_to, q.valid, q.reason, q.as_of, q.measure, q.state, q.requested_by,
	q.requested_as, q.requested_on, q.requested_at, q.decided_by, q.decided_as, q.decided_on,
	q.decided_at, q.note, q.decided_as_of, q.counts_from, q.counts_to, q.counts, q.version,
	q.effective, q.approvers, q.step, q.due
FROM _tiering.each_scheme() s
	CROSS JOIN LATERAL _tiering.shown_requests((SELECT k.key FROM tiering.view_key k LIMIT 1),
		s.scheme, (SELECT _tiering.reader())) q
WHERE NOT (SELECT _tiering.reads_all(_tiering.reader()));
COMMENT ON VIEW tiering.request_state IS 'All requests, and what became of them';
COMMENT ON COLUMN tiering.request_state.request IS 'Number of the request';
COMMENT ON COLUMN tiering.request_state.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.request_state.customer_id IS
'Customer, by the number that they have now; null where a draft is to be published';
COMMENT ON COLUMN tiering.request_state.kind IS
'move, floor, cap, fixed, forget or publish; see request';
COMMENT ON COLUMN tiering.request_state.tier IS 'The tier that is asked for';
COMMENT ON COLUMN tiering.request_state.rank IS
'Its rank, higher being better: in the version that asks for a move, or the newest that has it';
COMMENT ON COLUMN tiering.request_state.from_tier IS
'Where the customer stood when a move was asked for; null if nowhere';
COMMENT ON COLUMN tiering.request_state.valid_from IS
'The first day for which an override is asked for; null for what is none';
COMMENT ON COLUMN tiering.request_state.valid_to IS 'The first day for which it is not any more';
COMMENT ON COLUMN tiering.request_state.valid IS 'These days as a range';
COMMENT ON COLUMN tiering.request_state.reason IS 'Why it is asked for; null for a move';
COMMENT ON COLUMN tiering.request_state.as_of IS
'The assessment that asks for a move, or the last one before it was asked to publish';
COMMENT ON COLUMN tiering.request_state.measure IS 'The customer''s measure at that assessment';
COMMENT ON COLUMN tiering.request_state.state IS
'pending, approved, rejected, withdrawn, lapsed or ended; see decision';
COMMENT ON COLUMN tiering.request_state.requested_by IS 'Who asked';
COMMENT ON COLUMN tiering.request_state.requested_as IS
'The role that they had set; null if none';
COMMENT ON COLUMN tiering.request_state.requested_on IS 'The day on which it was asked for';
COMMENT ON COLUMN tiering.request_state.requested_at IS 'The same with the time';
COMMENT ON COLUMN tiering.request_state.decided_by IS 'Who approved, rejected or withdrew it';
COMMENT ON COLUMN tiering.request_state.decided_as IS
'The role that they had set; null if none';
COMMENT ON COLUMN tiering.request_state.decided_on IS 'The day on which they did';
COMMENT ON COLUMN tiering.request_state.decided_at IS 'The same with the time';
COMMENT ON COLUMN tiering.request_state.note IS 'What they had to say';
COMMENT ON COLUMN tiering.request_state.decided_as_of IS 'The last assessment then';
COMMENT ON COLUMN tiering.request_state.counts_from IS
'The first day at whose assessment an approved override counts: the first one that was asked for, '
'or that of the last assessment when it was approved; null if it never does';
COMMENT ON COLUMN tiering.request_state.counts_to IS
'The first day on which it does not count any more: the last ones are those asked for, or it was '
'ended';
COMMENT ON COLUMN tiering.request_state.counts IS
'These days as a range; empty if none are left';
COMMENT ON COLUMN tiering.request_state.version IS
'The version of the scheme that asks for a move, or that is to be published';
COMMENT ON COLUMN tiering.request_state.effective IS
'The day from which on the version is to grade that is to be published';
COMMENT ON COLUMN tiering.request_state.approvers IS
'The roles whose members decide on it, one after the other; null: anyone who may approve, once';
COMMENT ON COLUMN tiering.request_state.step IS
'The step that is due, or with which it ended: approvers are numbered from 1';
COMMENT ON COLUMN tiering.request_state.due IS
'The role whose members are to decide on a request that is pending; null: anyone who may approve';

-- Bring one customer to what has been decided: into a tier that was approved, or to
-- what the overrides of the last assessment make of the one they have.
CREATE FUNCTION _tiering.apply_decision(r tiering.request, moved_to text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	last_as_of date := l.as_of FROM _tiering.last_assessment(r.scheme) l;
	day date := _tiering.last_assessed(r.scheme, r.customer_id);
	done record;
	batch int := _tiering.next_batch(r.scheme);
	last_move bigint := _tiering.last_move();
BEGIN
	IF last_as_of IS NULL THEN
		RETURN;		-- the first refresh sees to it
	ELSIF EXISTS (SELECT FROM _tiering.moves_of(r.scheme, r.customer_id) m
			WHERE m.assessed > day) THEN
		-- it goes before a change by hand as of a later day
		PERFORM _tiering.refuse_loaded(r.scheme, last_as_of);
		PERFORM _tiering.replay(r.scheme, last_as_of, 'decision', ARRAY[r.customer_id],
			ARRAY[last_as_of], NULL, NULL);
		RETURN;
	END IF;
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	SELECT * INTO done FROM _tiering.write_verdicts('decision', r.scheme, day,
		COALESCE((SELECT a.version FROM tiering.assignment a
				  WHERE a.scheme = r.scheme AND a.customer_id = r.customer_id), r.version),
		NULL, NULL, NULL, '{}', r.request, moved_to, batch, NULL, NULL);
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
	IF done.cells IS NOT NULL THEN
		PERFORM _tiering.seal_batch(r.scheme, batch, 'decision', day, last_move),
			_tiering.amend_assessments(r.scheme, last_move);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.apply_decision(tiering.request, text) IS
'Part of approve() and end_override(): brings the customer to where the decision has them, as of '
'their last assessment';

-- An override goes on to count when the version of its first day has ended.
CREATE FUNCTION _tiering.override_approvers(scheme text, tier text) RETURNS regrole[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	SELECT COALESCE((
		SELECT t.approvers
		FROM _tiering.tier_names(override_approvers.scheme, p.version) n
			JOIN tiering.tier t ON t.scheme = override_approvers.scheme COLLATE "C"
				AND t.version = p.version AND t.tier = n.becomes COLLATE "C"
		WHERE n.tier = override_approvers.tier COLLATE "C"), (
		SELECT t.approvers FROM tiering.tier t JOIN tiering.scheme_version v USING (scheme, version)
		WHERE t.scheme = override_approvers.scheme COLLATE "C"
			AND t.tier = override_approvers.tier COLLATE "C"
		ORDER BY v.status = 'draft', t.version DESC LIMIT 1))
	FROM (SELECT max(v.version) AS version FROM tiering.scheme_version v
		WHERE v.scheme = override_approvers.scheme COLLATE "C" AND v.status <> 'draft') p;
END;
COMMENT ON FUNCTION _tiering.override_approvers(text, text) IS
'Who is to approve an override of a tier: the approvers of what the tier is in the last version '
'that was published, or else in the last published one that has it, or in a draft that alone has '
'it';

CREATE FUNCTION _tiering.check_approver(r tiering.request, step int) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	due regrole := r.approvers[step];
	due_name text := d.rolname FROM pg_roles d WHERE d.oid = due;
BEGIN
	IF due IS NULL
		OR pg_has_role(COALESCE(_tiering.acting_role(), session_user)::name, due, 'USAGE') THEN
		RETURN;
	ELSIF due_name IS NULL THEN
		RAISE EXCEPTION 'request % is for role %, which was dropped, to decide on', r.request, due
			USING ERRCODE = 'insufficient_privilege',
			HINT = CASE WHEN r.kind IN ('publish', 'void') THEN 'The extension''s owner can name '
					'others with tiering.set_four_eyes(); then it is to be asked for anew.'
				ELSE 'Publish a version with other approvers. A move is asked for again by the '
					'next refresh then, an override by people.' END;
	END IF;
	RAISE EXCEPTION 'request % is for role "%" to decide on', r.request, due_name
		USING ERRCODE = 'insufficient_privilege',
		DETAIL = format('It is step %s of %s.', step, cardinality(r.approvers)),
		HINT = 'Members of that role can, or who has set it.';
END;
$$;
COMMENT ON FUNCTION _tiering.check_approver(tiering.request, int) IS
'Refuses who is no member of the role that is to take a step of a request (42501)';

CREATE FUNCTION _tiering.due_step(r tiering.request) RETURNS int
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	own int := d.step FROM tiering.decision d
		WHERE d.request = r.request AND _tiering.is_person(d.decided_id, d.decided_by,
			d.decided_person, d.decided_as) LIMIT 1;
	step int := 1 + count(*) FROM tiering.decision d
		WHERE d.request = r.request AND d.decision = 'agreed';
BEGIN
	IF own IS NOT NULL THEN
		RAISE EXCEPTION 'step % of request % was yours', own, r.request
			USING ERRCODE = 'insufficient_privilege',
			HINT = 'Somebody else has to decide on the next one.';
	END IF;
	PERFORM _tiering.check_approver(r, step);
	RETURN step;
END;
$$;
COMMENT ON FUNCTION _tiering.due_step(tiering.request) IS
'The step of a pending request that is due. Errors: it is another role''s, or who calls has taken '
'one of the steps before (42501)';

-- Who has no right to reports at all decides on what they are asked to.
CREATE FUNCTION _tiering.is_hidden(r tiering.request) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	reader oid := _tiering.reader();
	granted boolean := _tiering.granted(reader, r.scheme);
BEGIN
	RETURN CASE
		WHEN r.customer_id IS NULL THEN false
		WHEN granted IS NULL THEN EXISTS (
			SELECT FROM tiering.report_right x WHERE pg_has_role(reader, x.role, 'USAGE'))
		WHEN NOT granted THEN NOT _tiering.sees(reader, r.scheme, r.customer_id, NULL)
		-- policies hide nobody of whom there is no row yet
		ELSE _tiering.is_bound(reader)
			AND has_table_privilege(reader, 'tiering.assignment', 'SELECT')
			AND (EXISTS (SELECT FROM tiering.assignment a
					WHERE a.scheme = r.scheme AND a.customer_id = r.customer_id)
				OR EXISTS (SELECT FROM _tiering.moves_of(r.scheme, r.customer_id)))
			AND NOT _tiering.sees(reader, r.scheme, r.customer_id, NULL) END;
END;
$$;
COMMENT ON FUNCTION _tiering.is_hidden(tiering.request) IS
'Part of lock_request(): whether a request is about a customer whom who calls may not see, with a '
'right to reports that is confined, or as row-level policies bind them';

-- The turn is taken before anything is read that may change: decisions wait for a
-- refresh and for each other. A request itself never changes.
CREATE FUNCTION _tiering.lock_request(request bigint, what text) RETURNS tiering.request
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r tiering.request;
	now_is record;
	own boolean;
BEGIN
	PERFORM _tiering.take_turn(q.scheme, true) FROM tiering.request q
	WHERE q.request = lock_request.request;
	SELECT * INTO r FROM tiering.request q WHERE q.request = lock_request.request;
	r.customer_id := _tiering.number_now(r.scheme, r.customer_id);
	own := _tiering.is_person(r.requested_id, r.requested_by, r.requested_person, r.requested_as);
	IF r.request IS NULL OR NOT COALESCE(own, false) AND _tiering.is_hidden(r) THEN
		PERFORM _tiering.check_given(request, 'request');
		RAISE EXCEPTION 'there is no request %', request
			USING ERRCODE = 'no_data_found',
			HINT = 'SELECT * FROM tiering.request_state lists the requests.';
	END IF;
	SELECT s.state, s.decided_by INTO now_is FROM _tiering.request_now s
	WHERE s.request = lock_request.request;
	IF now_is.state <> (CASE what WHEN 'end' THEN 'approved' ELSE 'pending' END) THEN
		RAISE EXCEPTION 'request % cannot be %, as it is %', request,
				CASE what WHEN 'approve' THEN 'approved' WHEN 'reject' THEN 'rejected'
					WHEN 'withdraw' THEN 'withdrawn' ELSE 'ended' END, now_is.state
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = COALESCE('"' || now_is.decided_by || '" decided on it.', '');
	END IF;
	IF what IN ('approve', 'reject', 'end') AND own THEN
		RAISE EXCEPTION 'request % is your own', request
			USING ERRCODE = 'insufficient_privilege',
			HINT = CASE what
				WHEN 'reject' THEN format('Withdraw it with tiering.withdraw(%s).', request)
				ELSE 'Somebody else has to decide on it.' END;
	END IF;
	RETURN r;
END;
$$;
COMMENT ON FUNCTION _tiering.lock_request(bigint, text) IS
'The request, locked until the transaction ends. Errors: null (22004), there is none, or none that '
'the caller may know of (P0002), it is not in the state for it (55000), it is the caller''s own '
'(42501)';

CREATE FUNCTION _tiering.request_override(scheme text, customer_id text, kind text,
	tier text,
	valid daterange, reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	newest int := tiering.newest_version(scheme);
	known text[];
	result bigint;
BEGIN
	PERFORM _tiering.check_given(customer_id, 'customer_id'), _tiering.check_given(kind, 'kind'),
		_tiering.check_given(tier, 'tier'), _tiering.check_given(valid, 'valid');
	customer_id := _tiering.number_now(scheme, customer_id);
	known := ARRAY(SELECT t.tier FROM tiering.tier t
		WHERE t.scheme = request_override.scheme COLLATE "C"
			AND t.version IN (newest, tiering.version_on(request_override.scheme, lower(valid)))
		GROUP BY t.tier ORDER BY max(t.rank) DESC, t.tier);
	IF kind NOT IN ('floor', 'cap', 'fixed') THEN
		RAISE EXCEPTION 'an override cannot be "%"', kind
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is floor, cap or fixed.';
	ELSIF (isfinite(lower(valid)) AND isfinite(upper(valid))) IS NOT TRUE THEN
		RAISE EXCEPTION 'valid must have a first and a last day, not %', valid
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Overrides end by themselves.';
	ELSIF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'an override needs a reason'
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF tier COLLATE "C" <> ALL (known) THEN
		PERFORM _tiering.refuse_unknown_tier(scheme, tier, newest, known);
	ELSIF NOT EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = request_override.scheme COLLATE "C"
			AND a.customer_id = request_override.customer_id COLLATE "C")
		AND NOT EXISTS (SELECT FROM tiering.request r
			WHERE r.scheme = request_override.scheme COLLATE "C"
			AND r.customer_id = ANY (_tiering.numbers_ever(request_override.scheme,
				ARRAY[request_override.customer_id]) COLLATE "C")) THEN
		RAISE EXCEPTION 'scheme "%" has no customer "%"', scheme, customer_id
			USING ERRCODE = 'no_data_found',
				HINT = 'SELECT customer_id FROM tiering.assignment lists them.';
	END IF;
	INSERT INTO tiering.request AS r (scheme, customer_id, kind, tier, valid, reason, requested_by,
		approvers)
	VALUES (request_override.scheme, request_override.customer_id, request_override.kind,
		request_override.tier, request_override.valid, request_override.reason, session_user,
		_tiering.override_approvers(scheme, tier))
	RETURNING r.request INTO result;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.request_override(text, text, text, text, daterange, text) IS
'Part of request_override(): what it does, as the owner';

CREATE FUNCTION tiering.request_override(scheme text, customer_id text, kind text, tier text,
	valid daterange, reason text) RETURNS bigint
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.request_override(text, text, text, text, daterange, text) IS
'Asks that a customer be kept not below (floor), not above (cap) or in (fixed) a tier, on the '
'days of valid, for a reason. Returns the number of the request, for approve(). Errors: unknown '
'scheme or tier (42704), a null (22004), another kind, valid without both ends, no reason (22023), '
'unknown customer (P0002). Example: SELECT tiering.request_override(''retail'', ''A'', ''floor'', '
'''gold'', ''[2026-04-01,2026-10-01)'', ''moves abroad for half a year'')';

CREATE FUNCTION _tiering.check_override(r tiering.request, last_day date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	other bigint := s.request FROM _tiering.request_now s
		WHERE s.scheme = r.scheme AND s.customer_id = r.customer_id
			AND s.state IN ('approved', 'ended')
			AND s.counts && (r.valid * daterange(last_day, NULL))
			AND (s.kind = r.kind OR 'fixed' IN (s.kind, r.kind))
		ORDER BY s.request LIMIT 1;
BEGIN
	IF other IS NOT NULL THEN
		RAISE EXCEPTION 'override % of % is in the way of request %', other,
			_tiering.shown_customer(r.customer_id), r.request
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('End it with tiering.end_override(%s, on_date), or have this one '
				'begin after it.', other);
	ELSIF r.approvers IS DISTINCT FROM _tiering.override_approvers(r.scheme, r.tier) THEN
		RAISE EXCEPTION 'tier "%" has had other approvers since request % was made', r.tier,
			r.request
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Have it withdrawn, and ask for it again.';
	ELSIF NOT EXISTS (
		SELECT FROM tiering.tier t
			JOIN tiering.scheme_version v ON v.scheme = t.scheme AND v.version = t.version
		WHERE t.scheme = r.scheme AND t.tier = r.tier AND v.status <> 'draft')
	THEN
		RAISE EXCEPTION 'no version of scheme "%" that was published has tier "%"', r.scheme, r.tier
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('Request %s can be decided on when the draft is published.', r.request);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_override(tiering.request, date) IS
'Part of approve(): refuses an override while another one is in the way, a tier whose approvers '
'are others now, and one that nothing published has (55000)';

CREATE FUNCTION _tiering.check_request(r tiering.request, last_day date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF r.kind = 'move' AND r.from_tier IS NOT NULL AND NOT EXISTS (
		SELECT FROM tiering.assignment a WHERE a.scheme = r.scheme
			AND a.customer_id = r.customer_id) THEN
		RAISE EXCEPTION '% of request % has left scheme "%"',
			_tiering.shown_customer(r.customer_id), r.request, r.scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'The next refresh withdraws it, and asks anew if the source still has the '
				'customer.';
	ELSIF r.kind = 'forget' THEN
		PERFORM _tiering.check_forget(r.scheme, r.customer_id, r.request);
	ELSIF r.kind = 'publish' THEN
		PERFORM _tiering.check_publication(r, last_day);
	ELSIF r.kind = 'void' THEN
		PERFORM _tiering.check_void(_tiering.lock_source(r.scheme), r.as_of, r.reason);
	ELSIF r.kind <> 'move' THEN
		PERFORM _tiering.check_override(r, last_day);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_request(tiering.request, date) IS
'Part of approve(): refuses what cannot be done as things are (55000)';

CREATE FUNCTION _tiering.approve(request bigint, note text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r tiering.request := _tiering.lock_request(request, 'approve');
	step int := _tiering.due_step(r);
	is_last boolean := step >= cardinality(r.approvers);
	last_day date := _tiering.last_assessed(r.scheme, r.customer_id);
BEGIN
	PERFORM _tiering.check_request(r, last_day);
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by, step)
	VALUES (approve.request, CASE WHEN is_last THEN 'approved' ELSE 'agreed' END, last_day,
		approve.note, session_user, step);
	IF NOT is_last THEN
		RETURN;
	ELSIF r.kind = 'forget' THEN
		PERFORM _tiering.forget(r.scheme, r.customer_id);
	ELSIF r.kind = 'publish' THEN
		PERFORM _tiering.put_in_force(r.scheme, r.version, r.effective, r.reason);
	ELSIF r.kind = 'void' THEN
		PERFORM _tiering.take_back(r.scheme, r.as_of, r.reason);
	ELSE
		PERFORM _tiering.apply_decision(r, CASE WHEN r.kind = 'move' THEN r.tier END);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.approve(bigint, text) IS
'Part of approve(): what it does, as the owner';

CREATE FUNCTION tiering.approve(request bigint, note text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION tiering.approve(bigint, text) IS
'Approves a request that is pending. Where there are several approvers each of them agrees in '
'turn, and the last one approves: see request_state. The customer moves then, as of the last '
'assessment, as far as the request has to do with that. An override goes on to count at those that '
'follow. Who is to be forgotten is, see forget_customer(), a draft is put in force, see '
'request_publication(), and an assessment is taken back, see request_void(). Errors: no such '
'request, or about a customer whom the caller''s right to reports hides (P0002), not pending any '
'more, another override in the way, a tier or scheme that has other approvers now, a tier of no '
'published version, a customer who was removed, or who is there and was to be forgotten, a draft '
'that was changed since, or for a day that was assessed since (55000), one''s own request or '
'draft, another role''s step, a second step by one person, somebody else''s function or view in '
'between (42501), what publish() refuses. A function or view of somebody else''s that runs with '
'the caller''s own rights cannot be told from the caller: who may approve should read and run '
'nothing of people whom they do not trust. Example: SELECT tiering.approve(1, ''as agreed'')';

CREATE FUNCTION _tiering.reject(request bigint, note text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r tiering.request := _tiering.lock_request(request, 'reject');
BEGIN
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by, step)
	SELECT reject.request, 'rejected', _tiering.last_assessed(r.scheme, r.customer_id), reject.note,
		session_user, _tiering.due_step(r);
END;
$$;
COMMENT ON FUNCTION _tiering.reject(bigint, text) IS
'Part of reject(): what it does, as the owner';

CREATE FUNCTION tiering.reject(request bigint, note text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.reject(bigint, text) IS
'Rejects a request that is pending, at whichever step. A move is not asked for again until the '
'customer earns another tier. Errors: those of approve(). Example: SELECT tiering.reject(1, ''no '
'reason is given'')';

CREATE FUNCTION _tiering.withdraw(request bigint, note text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r tiering.request := _tiering.lock_request(request, 'withdraw');
BEGIN
	IF r.kind = 'move' OR NOT _tiering.is_person(r.requested_id, r.requested_by,
		r.requested_person, r.requested_as)
	THEN
		RAISE EXCEPTION 'request % is not yours to withdraw', request
			USING ERRCODE = 'insufficient_privilege',
			HINT = 'What people ask for is withdrawn by who did, moves by the refreshes that do '
				'not ask for them any more.';
	END IF;
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by)
	SELECT withdraw.request, 'withdrawn', _tiering.last_assessed(r.scheme, r.customer_id),
		withdraw.note, session_user;
END;
$$;
COMMENT ON FUNCTION _tiering.withdraw(bigint, text) IS
'Part of withdraw(): what it does, as the owner';

CREATE FUNCTION tiering.withdraw(request bigint, note text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.withdraw(bigint, text) IS
'Takes back one''s own request, for an override, to forget a customer, to publish or to take an '
'assessment back, while it is pending. Errors: no such request (P0002), not pending any more '
'(55000), not one''s own (42501). Example: SELECT tiering.withdraw(3)';

CREATE FUNCTION _tiering.end_override(request bigint, on_date date, note text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r tiering.request := _tiering.lock_request(request, 'end');
	last_day date := _tiering.last_assessed(r.scheme, r.customer_id);
BEGIN
	IF cardinality(r.approvers) > 0 AND NOT EXISTS (SELECT FROM pg_roles p
		WHERE p.oid = r.approvers[cardinality(r.approvers)])
	THEN	-- it was dropped
		r.approvers := _tiering.override_approvers(r.scheme, r.tier);
	END IF;
	PERFORM _tiering.check_day(on_date, 'on_date'),
		_tiering.check_approver(r, cardinality(r.approvers));
	IF r.kind NOT IN ('floor', 'cap', 'fixed') THEN
		RAISE EXCEPTION 'request % is %, not an override', request,
				CASE r.kind WHEN 'move' THEN 'a move' WHEN 'forget' THEN 'to forget a customer'
					WHEN 'void' THEN 'to take an assessment back' ELSE 'to publish a draft' END
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF on_date >= upper(r.valid) OR on_date < last_day THEN
		RAISE EXCEPTION 'override % cannot end on %', request, on_date
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('It ends by itself on %s, and %s.', upper(r.valid), COALESCE(
				'the last assessment was as of ' || last_day, 'there was no assessment')),
			HINT = 'An end is not before the last assessment, whose moves stand.';
	END IF;
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by)
	VALUES (end_override.request, 'ended', on_date, end_override.note, session_user);
	PERFORM _tiering.apply_decision(r, NULL);
END;
$$;
COMMENT ON FUNCTION _tiering.end_override(bigint, date, text) IS
'Part of end_override(): what it does, as the owner';

CREATE FUNCTION tiering.end_override(request bigint, on_date date, note text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION tiering.end_override(bigint, date, text) IS
'Ends an approved override before its time, for who has the last step of its approval, or of the '
'tier''s now if that role was dropped. on_date is the first day on which it does not count, that '
'of the last assessment or a later one. Errors: no such request (P0002), not approved or ended '
'already (55000), one''s own, or for another role (42501), a day outside of it, or no override '
'(22023). Example: SELECT tiering.end_override(2, ''2026-05-01'')';
