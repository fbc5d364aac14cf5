/*
 * A customer who has left is forgotten: their number goes, and another name that says
 * nothing stands for it wherever it was. Their moves and money stay, so that all that was
 * ever said of the scheme is still so; see history/history.sql for the seals.
 */

CREATE FUNCTION _tiering.check_forget(scheme text, customer_id text, request bigint) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	persons text[] := _tiering.persons(scheme, ARRAY[customer_id], NULL);
	numbers text[] := _tiering.numbers_ever(scheme, persons);
	-- who asks has said the number, and who approves need not know it
	named text := CASE WHEN request IS NULL THEN format('customer "%s"', customer_id)
		ELSE _tiering.shown_customer(customer_id) END;
	other bigint := s.request FROM _tiering.request_now s
		WHERE s.scheme = check_forget.scheme AND s.customer_id = ANY (persons)
			AND s.state = 'pending' AND s.request IS DISTINCT FROM check_forget.request
		ORDER BY s.request LIMIT 1;
BEGIN
	IF EXISTS (SELECT FROM tiering.assignment a WHERE a.scheme = check_forget.scheme
		AND a.customer_id = ANY (persons))
	THEN
		RAISE EXCEPTION '% of scheme "%" is still there, and cannot be forgotten',
			named, scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'They leave at the first refresh for which the source does not have them.';
	ELSIF other IS NOT NULL THEN
		RAISE EXCEPTION '% of scheme "%" cannot be forgotten before request % is decided on',
			named, scheme, other
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'A refresh withdraws the moves that it does not ask for any more.';
	ELSIF EXISTS (SELECT FROM tiering.forgotten f WHERE f.scheme = check_forget.scheme
			AND f.customer_id = check_forget.customer_id)
		OR NOT EXISTS (
			SELECT FROM tiering.migration m
			WHERE m.scheme = check_forget.scheme AND m.customer_id = ANY (numbers)
			UNION ALL SELECT FROM tiering.request r
			WHERE r.scheme = check_forget.scheme AND r.customer_id = ANY (numbers)
			UNION ALL SELECT FROM tiering.dirty d
			WHERE d.scheme = check_forget.scheme AND d.customer_id = ANY (numbers))
	THEN
		RAISE EXCEPTION 'scheme "%" has had no customer "%"', scheme, customer_id
			USING ERRCODE = 'no_data_found',
			HINT = 'SELECT customer_id FROM tiering.customer_tier_history lists who was in it.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_forget(text, text, bigint) IS
'Part of forget_customer() and approve(): refuses a customer who is there, or about whom another '
'request is pending (55000), and one who never was, or was forgotten (P0002), and the same of who '
'became one with them; the customer is named by the number that they have now';

CREATE FUNCTION _tiering.forget_customer(scheme text, customer_id text, reason text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result bigint;
BEGIN
	PERFORM tiering.newest_version(scheme);
	IF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'forgetting a customer needs a reason'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.check_given(customer_id, 'customer_id');
	customer_id := _tiering.number_now(scheme, customer_id);
	PERFORM _tiering.check_forget(scheme, customer_id, NULL);
	INSERT INTO tiering.request AS r (scheme, customer_id, kind, reason, requested_by)
	VALUES (forget_customer.scheme, forget_customer.customer_id, 'forget', forget_customer.reason,
		session_user)
	RETURNING r.request INTO result;
	RETURN result;
END;
$$;
COMMENT ON FUNCTION _tiering.forget_customer(text, text, text) IS
'Part of forget_customer(): what it does, as the owner';

CREATE FUNCTION tiering.forget_customer(scheme text, customer_id text, reason text) RETURNS bigint
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.forget_customer(text, text, text) IS
'Asks that a customer who has left be forgotten, for a reason. Returns the number of the request, '
'for approve(). When somebody else approves it, all numbers that the customer has had are replaced '
'in all tables, each by forgotten: and 16 hexadecimal digits drawn at random, and nobody can find '
'out any more whose that was. So are those of all who became one with them, see merge_customers(); '
'each of the numbers will do. Moves, assessments and all sums stay as they are, and so do the '
'seals and every head that was kept: they are over a hash of each move''s number with a salt, and '
'the hash stays. Marks of late data go. Who comes again with the number is a new customer. Not '
'searched is what people wrote, reasons and notes, nor for accounts of other names what checks '
'found. What was is in the files of the database until VACUUM, in its log and in backups; in other '
'schemes the customer is not forgotten. Moves from before 0.2.0 are sealed by the number itself: '
'these, with others near them, are sealed anew, and a head of before does not tell of them any '
'more. No restatement of all customers makes such a customer''s past again, but one of customers '
'who are named, or marked, takes whom the source has for somebody new: erase them there for all '
'days before. Errors: unknown scheme (42704), no reason (22023), a null customer (22004), one who '
'is there, or about whom a request is pending (55000), one who never was, or was forgotten '
'(P0002). Example: SELECT tiering.forget_customer(''retail'', ''E'', ''asked to be erased'')';

-- All moves of a part get salts at once: what is sealed anew stays as it is then, whoever of
-- them is forgotten later.
CREATE FUNCTION _tiering.seal_anew(scheme text, numbers text[], batch int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.migration m
		WHERE m.scheme = seal_anew.scheme AND m.customer_id = ANY (numbers)
			AND m.salt IS NULL AND m.mark IS NULL)
	THEN
		RETURN;
	END IF;
	INSERT INTO tiering.sealed_before (scheme, batch, part, digest, forgotten_by)
	SELECT seal_anew.scheme, d.batch, d.part, d.digest, seal_anew.batch
	FROM _tiering.move_digests(seal_anew.scheme, 0, 0) d
	WHERE (d.batch, d.part) IN (
		SELECT m.batch, m.move / 10000 FROM tiering.migration m
		WHERE m.scheme = seal_anew.scheme AND m.customer_id = ANY (numbers)
			AND m.salt IS NULL AND m.mark IS NULL);
	UPDATE tiering.migration m SET salt = gen_random_uuid()
	FROM tiering.sealed_before s
	WHERE s.scheme = seal_anew.scheme AND s.forgotten_by = seal_anew.batch
		AND m.scheme = s.scheme AND m.batch = s.batch AND m.salt IS NULL AND m.mark IS NULL
		AND m.move BETWEEN s.part * 10000 AND s.part * 10000 + 9999;
END;
$$;
COMMENT ON FUNCTION _tiering.seal_anew(text, text[], int) IS
'Part of forget_customer(): has the batch that forgets seal anew what was sealed by the numbers '
'themselves; see sealed_before';

CREATE FUNCTION _tiering.replace_numbers(scheme text, numbers text[], tokens text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
	held record;
BEGIN
	UPDATE tiering.migration m
	SET customer_id = n.token, salt = NULL, mark = _tiering.move_mark(NULL, m.salt, m.customer_id)
	FROM unnest(numbers, tokens) n(number, token)
	WHERE m.scheme = replace_numbers.scheme AND m.customer_id = n.number;
	UPDATE tiering.customer_alias a
	SET from_id = n.token, from_salt = NULL,
		from_mark = _tiering.move_mark(NULL, a.from_salt, a.from_id)
	FROM unnest(numbers, tokens) n(number, token)
	WHERE a.scheme = replace_numbers.scheme AND a.from_id = n.number;
	UPDATE tiering.customer_alias a
	SET to_id = n.token, to_salt = NULL, to_mark = _tiering.move_mark(NULL, a.to_salt, a.to_id)
	FROM unnest(numbers, tokens) n(number, token)
	WHERE a.scheme = replace_numbers.scheme AND a.to_id = n.number;
	FOR held IN VALUES ('assessment', 'customer_id'), ('request', 'customer_id'),
		('own_assessment', 'customer_id'), ('watch_history', 'customer_id'),
		('former_number', 'customer_id'), ('former_number', 'now_id'),
		('customer_dimension', 'customer_id')
	LOOP
		EXECUTE format('UPDATE tiering.%I h SET %I = n.token
			FROM unnest($1, $2) n(number, token) WHERE h.scheme = $3 AND h.%2$I = n.number',
			held.column1, held.column2) USING numbers, tokens, scheme;
	END LOOP;
	-- an account in a finding may be called as the customer is, and an error name them
	FOR held IN SELECT * FROM unnest(numbers, tokens) n(number, token) LOOP
		UPDATE tiering.run r
		SET error = replace(r.error, format('"%s"', held.number), format('"%s"', held.token))
		WHERE r.scheme = replace_numbers.scheme
			AND position(format('"%s"', held.number) IN r.error) > 0;
		UPDATE tiering.source_check c
		SET finding = replace(c.finding, format('account "%s"', held.number),
			format('account "%s"', held.token))
		WHERE c.scheme = replace_numbers.scheme
			AND position(format('account "%s"', held.number) IN c.finding) > 0;
	END LOOP;
	DELETE FROM tiering.dirty d
	WHERE d.scheme = replace_numbers.scheme AND d.customer_id = ANY (numbers);
END;
$$;
COMMENT ON FUNCTION _tiering.replace_numbers(text, text[], text[]) IS
'Part of forget_customer(): puts tokens in the place of numbers in all tables that have them, but '
'assignment, and takes away the marks of late data';

CREATE FUNCTION _tiering.forget(scheme text, customer_id text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	this_batch int := _tiering.next_batch(scheme);
	last_move bigint := _tiering.last_move();
	numbers text[];
	tokens text[];
BEGIN
	SELECT array_agg(n),
		array_agg('forgotten:' || "left"(replace(gen_random_uuid()::text, '-', ''), 16))
	INTO numbers, tokens
	FROM unnest(_tiering.numbers_ever(scheme,
		_tiering.persons(scheme, ARRAY[customer_id], NULL))) n
	WHERE NOT EXISTS (SELECT FROM tiering.forgotten f
		WHERE f.scheme = forget.scheme AND f.customer_id = n);
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	INSERT INTO tiering.forgotten (scheme, customer_id, batch)
	SELECT forget.scheme, t, this_batch FROM unnest(tokens) t;
	PERFORM _tiering.seal_anew(scheme, numbers, this_batch),
		_tiering.replace_numbers(scheme, numbers, tokens),
		_tiering.seal_batch(scheme, this_batch, 'forget', NULL, last_move);
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
END;
$$;
COMMENT ON FUNCTION _tiering.forget(text, text) IS
'Part of approve(): forgets a customer, named by the number that they have now, and who became '
'one with them, as a batch';

-- What the source has of them today is nothing, and that is not what they had.
CREATE FUNCTION _tiering.refuse_forgotten(scheme text, from_day date, customers text[])
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	was record;
BEGIN
	SELECT f.customer_id, l.until INTO was
	FROM tiering.forgotten f
		CROSS JOIN LATERAL (
			SELECT CASE WHEN m.to_tier IS NULL THEN m.as_of ELSE 'infinity' END AS until
			FROM _tiering.moves_of(f.scheme, f.customer_id) m
			ORDER BY m.as_of DESC, m.move DESC LIMIT 1) l
	WHERE f.scheme = refuse_forgotten.scheme AND CASE
		WHEN customers IS NOT NULL THEN f.customer_id = ANY (customers)
		WHEN l.until <= from_day OR EXISTS (SELECT FROM tiering.former_number o
			WHERE o.scheme = f.scheme AND o.customer_id = f.customer_id) THEN false
		ELSE EXISTS (SELECT FROM _tiering.assessed_days(f.scheme, from_day, l.until))
			OR EXISTS (SELECT FROM _tiering.own_assessments(f.scheme) o
				WHERE o.customer_id COLLATE "C" = f.customer_id AND o.as_of >= from_day
					AND o.as_of < l.until) END
	ORDER BY l.until DESC LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'assessments of scheme "%" from % on cannot be made again for customer '
			'"%", who was forgotten', scheme, from_day, was.customer_id
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = CASE WHEN customers IS NOT NULL THEN 'Leave them out.'
				WHEN isfinite(was.until) THEN format('They were there until %s. From then on they '
					'can for all, and from any day on for customers who are named.', was.until)
				ELSE 'They can for customers who are named.' END;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_forgotten(text, date, text[]) IS
'Part of restate(): refuses customers who were forgotten, or all from a day on which one of those '
'was still there (55000)';
