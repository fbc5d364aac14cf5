/*
 * Customers who turn out to be one. All but one of them end, with a move of the direction
 * merged, and the one who is left may get the tier of one of them. What was recorded before
 * stays that of several customers; see history/number.sql.
 */

CREATE FUNCTION _tiering.check_merge(into_id text, from_ids text[], on_date date, keep text,
	reason text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'making customers one needs a reason'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.check_given(keep, 'keep'), _tiering.check_given(into_id, 'into_id'),
		_tiering.check_given(from_ids, 'from_ids');
	IF keep NOT IN ('higher', 'into') THEN
		RAISE EXCEPTION 'keep must be higher or into, not %', keep
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF array_position(from_ids, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'from_ids must have no null, but is %', from_ids
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF into_id = '' OR cardinality(from_ids) = 0 THEN
		RAISE EXCEPTION 'into_id and from_ids must be numbers of customers, not % and %',
				quote_literal(into_id), from_ids
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF cardinality(from_ids) >= (SELECT count(DISTINCT c COLLATE "C")
		FROM unnest(from_ids || into_id) c)
	THEN
		RAISE EXCEPTION 'customers % and "%" are not different ones', from_ids, into_id
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.check_day(on_date, 'on_date');
END;
$$;
COMMENT ON FUNCTION _tiering.check_merge(text, text[], date, text, text) IS
'Part of merge_customers(): refuses arguments that are null (22004) or wrong by themselves (22023)';

-- No assessment is amended: what is kept is of before the day.
CREATE FUNCTION _tiering.first_merging(scheme text, customers text[]) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	SELECT GREATEST(
		(SELECT l.as_of + 1 FROM _tiering.last_assessment(first_merging.scheme) l),
		(SELECT max(o.as_of) + 1 FROM _tiering.last_own(first_merging.scheme) o
		 WHERE o.customer_id = ANY (first_merging.customers)),
		(SELECT max(m.as_of) FROM unnest(first_merging.customers) c
			CROSS JOIN LATERAL _tiering.moves_of(first_merging.scheme, c) m),
		(SELECT max(g.on_date) FROM _tiering.merges(first_merging.scheme, NULL) g
		 WHERE g.to_id = ANY (first_merging.customers)));
END;
COMMENT ON FUNCTION _tiering.first_merging(text, text[]) IS
'The first day from which on customers can be one: after the last assessment, of the scheme and of '
'each of them, and not before a move or a merge of theirs; null if nothing is known of them';

CREATE FUNCTION _tiering.check_merging(scheme text, customers text[], on_date date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	first date := _tiering.first_merging(scheme, customers);
	missing text := c FROM unnest(customers) c
		WHERE NOT EXISTS (SELECT FROM tiering.assignment a
			WHERE a.scheme = check_merging.scheme AND a.customer_id = c COLLATE "C") LIMIT 1;
BEGIN
	IF missing IS NOT NULL THEN
		PERFORM _tiering.refuse_unknown(scheme, missing);
	ELSIF on_date < first THEN
		RAISE EXCEPTION 'customers % of scheme "%" cannot be one as of %', customers, scheme,
				on_date
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'Up to the last assessment, and their last moves, they were several.',
			HINT = format('Say %s or a later day.', first);
	ELSIF on_date > GREATEST(current_date, first) THEN
		RAISE EXCEPTION 'on_date % is after today, %', on_date, current_date
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Customers are made one on the day, or later as of the day.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_merging(text, text[], date) IS
'Part of merge_customers(): refuses customers who are not there (P0002), a day that does not come '
'after what is known of them (55000), and one after today (22023)';

-- Whoever merges does not decide on overrides: no cap ends by it, and no floor goes over.
CREATE FUNCTION _tiering.check_overrides(scheme text, customers text[], on_date date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	override _tiering.request_now;
BEGIN
	SELECT s.* INTO override FROM _tiering.request_now s
	WHERE s.scheme = check_overrides.scheme AND s.customer_id = ANY (customers)
		AND s.kind <> 'move' AND (s.state = 'pending' OR s.counts && daterange(on_date, NULL))
	ORDER BY s.request LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% % of customer "%" of scheme "%" %', CASE override.kind
					WHEN 'forget' THEN 'request' ELSE 'override' END, override.request,
				override.customer_id, scheme, CASE override.state WHEN 'pending' THEN 'is pending'
					ELSE format('counts up to %s', upper(override.counts) - 1) END
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'Who becomes one with another has none from then on.',
			HINT = format(CASE override.state WHEN 'pending' THEN 'Have it withdrawn or rejected'
				ELSE 'End it with tiering.end_override(%s, on_date)' END || ', and ask for it '
				'for the customer who is left.', override.request);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_overrides(text, text[], date) IS
'Part of merge_customers(): refuses customers with an override that is pending, or that counts on '
'a day from one on (55000)';

CREATE FUNCTION _tiering.whose_tier(scheme text, into_id text, from_ids text[], keep text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	SELECT a.customer_id
	FROM tiering.assignment a
		CROSS JOIN LATERAL (SELECT max(x.version) AS version FROM tiering.assignment x
			WHERE x.scheme = whose_tier.scheme
				AND x.customer_id = ANY ((whose_tier.from_ids || whose_tier.into_id) COLLATE "C")) v
		LEFT JOIN _tiering.tier_names(whose_tier.scheme, v.version) n ON n.tier = a.tier
	WHERE a.scheme = whose_tier.scheme AND (a.customer_id = whose_tier.into_id COLLATE "C"
		OR whose_tier.keep = 'higher' AND a.customer_id = ANY (whose_tier.from_ids COLLATE "C"))
	ORDER BY n.rank DESC NULLS LAST, a.customer_id <> whose_tier.into_id COLLATE "C", a.customer_id
	LIMIT 1;
END;
COMMENT ON FUNCTION _tiering.whose_tier(text, text, text[], text) IS
'Part of merge_customers(): whose tier is kept; of equal ones that of the customer who is left';

-- What the policy had noted of the tier left is gone, as after a change by hand.
CREATE FUNCTION _tiering.write_merge(scheme text, into_id text, from_ids text[], on_date date,
	leader text, batch int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction, cause,
		version, measure, assessed, recorded_by, recorded_as, batch)
	SELECT a.scheme, COALESCE(p.number, a.customer_id), write_merge.on_date,
		CASE WHEN l.tier IS NULL THEN a.tier
			ELSE COALESCE(tiering.successor(a.scheme, a.version, a.tier, l.version), a.tier) END,
		l.tier, 'merged', 'merge', COALESCE(l.version, a.version), h.measure, write_merge.on_date,
		session_user, _tiering.acting_role(), write_merge.batch
	FROM tiering.assignment a
		LEFT JOIN tiering.assignment l ON l.scheme = a.scheme AND l.customer_id = leader COLLATE "C"
			AND a.customer_id = into_id COLLATE "C"
		LEFT JOIN _tiering.current_measures(write_merge.scheme, from_ids || into_id) h
			ON h.customer_id COLLATE "C" = a.customer_id
		LEFT JOIN _tiering.number_days(write_merge.scheme) p
			ON p.now_id COLLATE "C" = a.customer_id AND p.days @> write_merge.on_date
	WHERE a.scheme = write_merge.scheme AND a.customer_id = ANY ((from_ids || into_id) COLLATE "C")
		AND (a.customer_id <> into_id COLLATE "C" OR leader COLLATE "C" <> into_id COLLATE "C")
	ORDER BY a.customer_id;
	UPDATE tiering.assignment a
	SET tier = l.tier, as_of = write_merge.on_date, since = write_merge.on_date,
		version = l.version, cause = 'merge', recorded_at = now(),
		earned = NULLIF(COALESCE(a.earned, CASE WHEN a.cause <> 'manual' THEN a.tier END), l.tier),
		misses = 0, best = NULL, next_tier = NULL, next_review = NULL, kept_until = NULL,
		policy_tier = NULL, policy_since = NULL
	FROM tiering.assignment l
	WHERE a.scheme = write_merge.scheme AND a.customer_id = into_id COLLATE "C"
		AND l.scheme = a.scheme AND l.customer_id = leader COLLATE "C"
		AND l.customer_id <> a.customer_id;
	DELETE FROM tiering.assignment a
	WHERE a.scheme = write_merge.scheme AND a.customer_id = ANY (from_ids COLLATE "C");
END;
$$;
COMMENT ON FUNCTION _tiering.write_merge(text, text, text[], date, text, int) IS
'Part of merge_customers(): the moves, and where the customer who is left is';

CREATE FUNCTION _tiering.merge_customers(scheme text, into_id text, from_ids text[], on_date date,
	keep text, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	leader text;
	this_batch int;
	last_move bigint;
BEGIN
	PERFORM tiering.newest_version(scheme),
		_tiering.check_merge(into_id, from_ids, on_date, keep, reason), _tiering.take_turn(scheme);
	PERFORM _tiering.check_merging(scheme, into_id || from_ids, on_date),
		_tiering.check_overrides(scheme, from_ids, on_date);
	leader := _tiering.whose_tier(scheme, into_id, from_ids, keep);
	this_batch := _tiering.next_batch(scheme);
	last_move := _tiering.last_move();
	INSERT INTO tiering.decision (request, decision, as_of, note, decided_by)
	SELECT r.request, CASE r.state WHEN 'pending' THEN 'withdrawn' ELSE 'lapsed' END,
		_tiering.last_assessed(r.scheme, r.customer_id),
		'the customer became one with another', session_user
	FROM _tiering.request_now r
	WHERE r.scheme = merge_customers.scheme AND r.customer_id = ANY (from_ids) AND r.kind = 'move'
		AND r.state IN ('pending', 'rejected');
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	PERFORM _tiering.write_merge(scheme, into_id, from_ids, on_date, leader, this_batch);
	INSERT INTO tiering.customer_alias (scheme, from_id, to_id, on_date, reason, batch, leads)
	SELECT merge_customers.scheme, c, into_id, merge_customers.on_date, merge_customers.reason,
		this_batch, c COLLATE "C" = leader COLLATE "C"
	FROM unnest(from_ids) c;
	PERFORM _tiering.seal_batch(scheme, this_batch, 'merge', on_date, last_move);
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
END;
$$;
COMMENT ON FUNCTION _tiering.merge_customers(text, text, text[], date, text, text) IS
'Part of merge_customers(): what it does, as the owner';

CREATE FUNCTION tiering.merge_customers(scheme text, into_id text, from_ids text[], on_date date,
	keep text, reason text) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION tiering.merge_customers(text, text, text[], date, text, text) IS
'Makes customers who turn out to be one into one customer, that of into_id, from a day on, for a '
'reason. keep: higher leaves them in the highest of the tiers, into in that of into_id. Who gets '
'another tier by it is in it since the day, and what the policy had noted of the one before is '
'gone. In no report is anybody new, gone, up or down by it: moves have the cause merge. What was '
'before the day stays that of several customers: assessments, sums, and what each of the numbers '
'says of such a day. From the day on all numbers lead to the customer who is left, and the source '
'may say any of them, but one row for all, and so may a series. Until the next assessment the '
'customer has no row in shortfall() and projected_tier, and simulate() needs a later day. Each '
'call reads all of the last assessment, if it is kept. A restatement leaves the merge as it was. '
'Moves of from_ids that wait for approval are withdrawn. Errors: unknown scheme (42704) or '
'customer (P0002), customers who are the same or null, another word for keep, a day after today, '
'no reason (22023), a day that does not come after the last assessment and all moves of the '
'customers, an override of one of from_ids that is pending or counts on a day from then on '
'(55000), a refresh under way (55P03). Example: SELECT tiering.merge_customers(''retail'', ''A'', '
'''{F}'', ''2026-04-01'', keep => ''higher'', reason => ''one person, two numbers'')';
