/*
 * A customer gets another number. All that is known of them goes on: it is read by the
 * number that they have now; see history/number.sql. So nothing but their row of assignment
 * is written, and the two moves that hand the tier over.
 */

CREATE FUNCTION _tiering.check_rename(customer_id text, new_id text, on_date date, reason text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF COALESCE(reason, '') !~ '\S' THEN
		RAISE EXCEPTION 'changing a customer''s number needs a reason'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.check_given(customer_id, 'customer_id'),
		_tiering.check_given(new_id, 'new_id');
	IF customer_id = '' OR new_id = '' THEN
		RAISE EXCEPTION 'customer_id and new_id must be numbers of customers, not % and %',
				quote_literal(customer_id), quote_literal(new_id)
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF customer_id COLLATE "C" = new_id COLLATE "C" THEN
		RAISE EXCEPTION 'customer_id and new_id are both "%"', new_id
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM _tiering.check_day(on_date, 'on_date');
END;
$$;
COMMENT ON FUNCTION _tiering.check_rename(text, text, date, text) IS
'Part of rename_customer(): refuses arguments that are null (22004) or wrong by themselves (22023)';

CREATE FUNCTION _tiering.refuse_unknown(scheme text, customer_id text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	now_id text := _tiering.number_now(scheme, customer_id);
BEGIN
	RAISE EXCEPTION 'scheme "%" has no customer "%"', scheme, customer_id
		USING ERRCODE = 'no_data_found',
		HINT = CASE WHEN now_id COLLATE "C" <> customer_id COLLATE "C"
			THEN format('Their number is %L now.', now_id)
			ELSE 'SELECT customer_id FROM tiering.assignment lists them.' END;
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_unknown(text, text) IS
'Raises the error for a customer who is not there (P0002)';

CREATE FUNCTION _tiering.check_renamed(scheme text, customer_id text, on_date date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	last_move date := max(m.as_of) FROM _tiering.move_now m
		WHERE m.scheme = check_renamed.scheme AND m.customer_id = check_renamed.customer_id
			COLLATE "C";
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.assignment a WHERE a.scheme = check_renamed.scheme
		AND a.customer_id = check_renamed.customer_id COLLATE "C")
	THEN
		PERFORM _tiering.refuse_unknown(scheme, customer_id);
	ELSIF on_date > GREATEST(current_date, last_move) THEN
		RAISE EXCEPTION 'on_date % is after today, %', on_date, current_date
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A number is changed on its day, or later as of its day.';
	ELSIF on_date < last_move THEN
		RAISE EXCEPTION 'the number of customer "%" of scheme "%" cannot be changed as of %',
			customer_id, scheme, on_date
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('Their last move was as of %s, under that number.', last_move),
			HINT = format('Change it as of %s or a later day: the source may say either number '
				'on any day.', last_move);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_renamed(text, text, date) IS
'Part of rename_customer(): refuses a customer who is not there (P0002), a day after today, unless '
'it is that of their last move (22023), and a day before that (55000)';

-- Whose number it has been: of nobody, or of the customer themselves.
CREATE FUNCTION _tiering.check_new_number(scheme text, customer_id text, new_id text, on_date date)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	whose text := CASE WHEN EXISTS (SELECT FROM _tiering.move_now m
		WHERE m.scheme = check_new_number.scheme AND m.customer_id = new_id COLLATE "C")
		OR EXISTS (SELECT FROM tiering.former_number f
			WHERE f.scheme = check_new_number.scheme
				AND new_id COLLATE "C" IN (f.customer_id, f.now_id))
		THEN _tiering.person(scheme, new_id) END;
	now_id text := _tiering.number_now(scheme, new_id);
BEGIN
	IF EXISTS (SELECT FROM tiering.assignment a WHERE a.scheme = check_new_number.scheme
		AND a.customer_id = new_id COLLATE "C")
	THEN
		RAISE EXCEPTION 'scheme "%" already has a customer "%"', scheme, new_id
			USING ERRCODE = 'unique_violation',
			HINT = format('If an assessment took the number for a new customer''s, take that back '
				'with tiering.void_assessment(%L, as_of, reason), change the number, and assess '
				'again.', scheme);
	ELSIF whose COLLATE "C" <> customer_id COLLATE "C" THEN
		RAISE EXCEPTION 'number "%" of scheme "%" has been another customer''s', new_id, scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = CASE WHEN now_id COLLATE "C" <> whose COLLATE "C"
					THEN format('They are one with %L now.', now_id)
				WHEN whose COLLATE "C" = new_id COLLATE "C" THEN 'They have left.'
				ELSE format('They have the number %L now.', whose) END,
			HINT = 'Moves are kept by numbers, so that each is one customer''s for ever.';
	ELSIF EXISTS (SELECT FROM tiering.customer_alias a WHERE a.scheme = check_new_number.scheme
		AND a.from_id = new_id COLLATE "C" AND a.on_date = check_new_number.on_date)
	THEN
		RAISE EXCEPTION 'customer "%" of scheme "%" gave the number "%" up on %', customer_id,
			scheme, new_id, on_date
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'They can have it back as of a later day.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_new_number(text, text, text, date) IS
'Part of rename_customer(): refuses a number that another customer has (23505) or had (55000), or '
'that the customer gave up on the same day (55000)';

CREATE FUNCTION _tiering.rename_customer(scheme text, customer_id text, new_id text, on_date date,
	reason text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	this_batch int;
	last_move bigint;
BEGIN
	PERFORM tiering.newest_version(scheme),
		_tiering.check_rename(customer_id, new_id, on_date, reason), _tiering.take_turn(scheme);
	PERFORM _tiering.check_new_number(scheme, customer_id, new_id, on_date),
		_tiering.check_renamed(scheme, customer_id, on_date);
	this_batch := _tiering.next_batch(scheme);
	last_move := _tiering.last_move();
	INSERT INTO tiering.writing VALUES (pg_backend_pid());
	INSERT INTO tiering.customer_alias (scheme, from_id, to_id, on_date, reason, batch)
	SELECT rename_customer.scheme, rename_customer.customer_id, new_id, rename_customer.on_date,
		rename_customer.reason, this_batch;
	DELETE FROM tiering.former_number f
	WHERE f.scheme = rename_customer.scheme AND f.customer_id = new_id COLLATE "C";
	UPDATE tiering.former_number f SET now_id = new_id
	WHERE f.scheme = rename_customer.scheme AND f.now_id = rename_customer.customer_id COLLATE "C";
	INSERT INTO tiering.former_number (scheme, customer_id, now_id)
	SELECT rename_customer.scheme, rename_customer.customer_id, new_id;
	UPDATE tiering.assignment a SET customer_id = new_id, recorded_at = now()
	WHERE a.scheme = rename_customer.scheme
		AND a.customer_id = rename_customer.customer_id COLLATE "C";
	PERFORM _tiering.rename_dimensions(scheme, customer_id, new_id),
		_tiering.seal_batch(scheme, this_batch, 'merge', on_date, last_move);
	DELETE FROM tiering.writing w WHERE w.pid = pg_backend_pid();
END;
$$;
COMMENT ON FUNCTION _tiering.rename_customer(text, text, text, date, text) IS
'Part of rename_customer(): what it does, as the owner';

CREATE FUNCTION tiering.rename_customer(scheme text, customer_id text, new_id text, on_date date,
	reason text) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION tiering.rename_customer(text, text, text, date, text) IS
'Gives a customer another number, as of a day, for a reason. They are the same customer: in no '
'report are they new or gone, and where they stand, since when, what the policy has noted, '
'overrides, requests and marks go on. Moves up to the day stay under the number before, those '
'after it are under the new one, and two with the cause merge hand the tier over. The source may '
'say either number on any day. Errors: unknown scheme (42704) or customer (P0002), the same or an '
'empty number, a day after today or infinite, no reason (22023), a null (22004), a number that '
'another customer has (23505) or had, a day before the customer''s last move (55000), a refresh '
'under way (55P03). Example: SELECT tiering.rename_customer(''retail'', ''A'', ''A-2'', '
'''2026-04-01'', ''moved to another branch'')';
