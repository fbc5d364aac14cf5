/*
 * Numbers: a customer who has changed their number is one customer to whatever asks who
 * moved, and is called by the number that they have now. Moves stay under the number of
 * their day: those up to the day of a change under the number before it, those after it
 * under the other. There two moves hand the tier over, of the direction merge. They are for
 * who reads the moves of one number, and nobody counts them. When something of before the
 * day turns out otherwise, they are superseded by others in the same batch.
 *
 * Customers who become one are several up to that day, each with moves of their own, and
 * stay so for whatever asks about a day before. The moves by which all but one of them end
 * have the direction merged. So has the one by which the other gets the tier that is kept.
 * Both are made again as they were, as changes by hand are. From the day on their numbers
 * lead to who is left. In reports over time that one is the continuation of the one whose
 * tier was kept.
 */

CREATE FUNCTION _tiering.person(scheme text, customer_id text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN COALESCE((
		SELECT f.now_id FROM tiering.former_number f
		WHERE f.scheme = person.scheme COLLATE "C"
			AND f.customer_id = person.customer_id COLLATE "C"), customer_id);
END;
$$;
COMMENT ON FUNCTION _tiering.person(text, text) IS
'The number by which a customer is called: that which they have now, or which they had when they '
'became one with another; the one given, if it is none that they had before';

CREATE FUNCTION _tiering.merges(scheme text, known int)
RETURNS TABLE (from_id text, to_id text, on_date date, leads boolean, batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 10
BEGIN ATOMIC
	-- what taken_back_by() asks for one batch, for all: those after each are read once
	WITH void AS MATERIALIZED (
		SELECT v.as_of, v.batch FROM tiering.batch v
		WHERE v.scheme = merges.scheme COLLATE "C" AND v.kind = 'void'
			AND (merges.known IS NULL OR v.batch <= merges.known)
	)
	SELECT COALESCE(f.now_id, a.from_id), COALESCE(t.now_id, a.to_id), a.on_date, a.leads, a.batch
	FROM tiering.customer_alias a
		LEFT JOIN tiering.former_number f ON f.scheme = a.scheme AND f.customer_id = a.from_id
		LEFT JOIN tiering.former_number t ON t.scheme = a.scheme AND t.customer_id = a.to_id
	WHERE a.scheme = merges.scheme COLLATE "C" AND a.leads IS NOT NULL
		AND (merges.known IS NULL OR a.batch <= merges.known)
		AND NOT EXISTS (SELECT FROM void v WHERE v.as_of <= a.on_date AND v.batch > a.batch);
END;
COMMENT ON FUNCTION _tiering.merges(text, int) IS
'The customers of a scheme who became one with another, as known by a batch; null: as known now. '
'Nobody whose merge was taken back';

-- Two things end what a customer was by themselves: they become one with another, or another
-- becomes one with them whose tier is kept.
CREATE FUNCTION _tiering.merged(scheme text, known int)
RETURNS TABLE (customer_id text, own daterange, becomes text, leads boolean, days daterange)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH RECURSIVE merge AS MATERIALIZED (
		SELECT m.* FROM _tiering.merges(merged.scheme, merged.known) m
	), event AS MATERIALIZED (
		SELECT e.*, lag(e.on_date) OVER w AS since, COALESCE(lag(e.batch) OVER w, 0) AS previous
		FROM (
			SELECT m.from_id AS customer_id, m.to_id AS becomes, m.leads, m.on_date, m.batch
			FROM merge m
			UNION ALL
			SELECT m.to_id, m.to_id, false, m.on_date, m.batch FROM merge m WHERE m.leads) e
		WINDOW w AS (PARTITION BY e.customer_id ORDER BY e.batch)
	), way AS (
		SELECT e.batch AS first, e.customer_id, daterange(e.since, e.on_date
				+ (e.becomes <> e.customer_id)::int) AS own, e.becomes, e.leads,
			e.on_date, e.batch
		FROM event e
		UNION ALL
		SELECT w.first, w.customer_id, w.own, e.becomes, w.leads AND e.leads, e.on_date, e.batch
		FROM way w JOIN event e ON e.customer_id = w.becomes AND e.batch > w.batch
			AND e.previous <= w.batch
	)
	SELECT w.customer_id, w.own, w.becomes, w.leads, daterange(w.on_date, lead(w.on_date)
		OVER (PARTITION BY w.customer_id, w.first ORDER BY w.batch))
	FROM way w;
END;
COMMENT ON FUNCTION _tiering.merged(text, int) IS
'What became of the customers who have to do with merges, as known by a batch; null: as known now. '
'On days, who had been a customer by themselves on own is becomes, who may be themselves; leads: '
'whether that one is taken to be their continuation';

CREATE FUNCTION _tiering.became(scheme text, day date, known int)
RETURNS TABLE (customer_id text, becomes text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT DISTINCT m.customer_id, m.becomes FROM _tiering.merged(became.scheme, became.known) m
	WHERE m.becomes <> m.customer_id
		AND CASE WHEN became.day IS NULL THEN upper_inf(m.days) ELSE m.days @> became.day END;
END;
COMMENT ON FUNCTION _tiering.became(text, date, int) IS
'The customers who are one with another on a day, as known by a batch, and with whom; a null day: '
'now';

-- Most customers have to do with no merge, and what all of them led to is not looked for. Nor
-- is that planned again for each call: what is asked of one customer keeps its plans here.
CREATE FUNCTION _tiering.became_one(scheme text, customer_id text, day date, known int)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (
		SELECT FROM tiering.customer_alias a
		WHERE a.scheme = became_one.scheme COLLATE "C" AND a.leads IS NOT NULL
			AND a.from_id = ANY (ARRAY[became_one.customer_id COLLATE "C"] || ARRAY(
				SELECT f.customer_id FROM tiering.former_number f
				WHERE f.scheme = became_one.scheme COLLATE "C"
					AND f.now_id = became_one.customer_id COLLATE "C")))
	THEN
		RETURN (SELECT b.becomes FROM _tiering.became(scheme, day, known) b
			WHERE b.customer_id = became_one.customer_id);
	END IF;
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.became_one(text, text, date, int) IS
'With whom a customer is one on a day, as known by a batch, as became() tells it; null: with '
'nobody';

CREATE FUNCTION _tiering.has_aliases(scheme text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN EXISTS (SELECT FROM tiering.customer_alias a
			WHERE a.scheme = has_aliases.scheme COLLATE "C")
		OR EXISTS (SELECT FROM tiering.former_number f
			WHERE f.scheme = has_aliases.scheme COLLATE "C");
END;
$$;
COMMENT ON FUNCTION _tiering.has_aliases(text) IS
'Whether any customer of a scheme has had another number, or has become one with another';

CREATE FUNCTION _tiering.numbers_ever(scheme text, customers text[]) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF customers IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN customers || ARRAY(
		SELECT f.customer_id FROM tiering.former_number f
		WHERE f.scheme = numbers_ever.scheme COLLATE "C"
			AND f.now_id = ANY (customers COLLATE "C"));
END;
$$;
COMMENT ON FUNCTION _tiering.numbers_ever(text, text[]) IS
'The numbers of customers, and those that they had before; null if that is given';

CREATE FUNCTION _tiering.number_now(scheme text, customer_id text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	now_id text := customer_id;
BEGIN
	IF _tiering.has_aliases(scheme) THEN
		now_id := _tiering.person(scheme, customer_id);
		now_id := COALESCE(_tiering.became_one(scheme, now_id, NULL, NULL), now_id);
	END IF;
	RETURN now_id;
END;
$$;
COMMENT ON FUNCTION _tiering.number_now(text, text) IS
'The number of a customer now, or of the one with whom they became one';

CREATE FUNCTION _tiering.numbers_now(scheme text, customers text[]) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF customers IS NULL OR NOT EXISTS (
		SELECT FROM tiering.customer_alias a WHERE a.scheme = numbers_now.scheme COLLATE "C")
	THEN
		RETURN customers;
	END IF;
	RETURN ARRAY(
		SELECT DISTINCT COALESCE(b.becomes, f.now_id, c.customer_id) COLLATE "C"
		FROM unnest(customers) c(customer_id)
			LEFT JOIN tiering.former_number f ON f.scheme = numbers_now.scheme COLLATE "C"
				AND f.customer_id = c.customer_id COLLATE "C"
			LEFT JOIN _tiering.became(numbers_now.scheme, NULL, NULL) b
				ON b.customer_id COLLATE "C" = COALESCE(f.now_id, c.customer_id) COLLATE "C");
END;
$$;
COMMENT ON FUNCTION _tiering.numbers_now(text, text[]) IS
'The numbers that customers, or those with whom they became one, have now, each once; null if that '
'is given';

CREATE FUNCTION _tiering.persons(scheme text, customers text[], day date) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- nobody is one with any of them into whom nobody was merged
	IF customers IS NULL OR NOT EXISTS (
		SELECT FROM tiering.customer_alias a
		WHERE a.scheme = persons.scheme COLLATE "C" AND a.leads IS NOT NULL
			AND a.to_id = ANY (ARRAY(SELECT n COLLATE "C"
				FROM unnest(_tiering.numbers_ever(persons.scheme, customers)) n)))
	THEN
		RETURN customers;
	END IF;
	RETURN customers || ARRAY(
		SELECT b.customer_id FROM _tiering.became(scheme, day, NULL) b
		WHERE b.becomes COLLATE "C" = ANY (customers COLLATE "C"));
END;
$$;
COMMENT ON FUNCTION _tiering.persons(text, text[], date) IS
'Customers, and those who are one with one of them on a day; a null day: now; null if that is '
'given';

CREATE FUNCTION _tiering.joined_since(scheme text, day date)
RETURNS TABLE (customer_id text, becomes text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT b.customer_id, b.becomes FROM _tiering.became(joined_since.scheme, NULL, NULL) b
	WHERE b.customer_id NOT IN (SELECT w.customer_id
		FROM _tiering.became(joined_since.scheme, joined_since.day, NULL) w
		WHERE joined_since.day IS NOT NULL);
END;
COMMENT ON FUNCTION _tiering.joined_since(text, date) IS
'The customers who became one with another after a day, or ever if that is null, and with whom '
'they are one now';

-- Who became one with another since is nobody that what is told of the day can be about. Of a
-- few numbers the former ones are found by the index.
CREATE FUNCTION _tiering.numbers_told(scheme text, day date, numbers text[])
RETURNS TABLE (number text, customer_id text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF NOT EXISTS (
		SELECT FROM tiering.customer_alias a WHERE a.scheme = numbers_told.scheme COLLATE "C")
	THEN
		RETURN;
	END IF;
	RETURN QUERY WITH since AS MATERIALIZED (
		SELECT unnest(ARRAY[j.customer_id, j.becomes]) COLLATE "C" AS customer_id
		FROM _tiering.joined_since(numbers_told.scheme, numbers_told.day) j
	), one AS MATERIALIZED (
		SELECT b.customer_id COLLATE "C" AS customer_id, b.becomes COLLATE "C" AS becomes
		FROM _tiering.became(numbers_told.scheme, numbers_told.day, NULL) b
		UNION SELECT s.customer_id, s.customer_id FROM since s
	), former AS (
		SELECT f.customer_id AS number, f.now_id FROM tiering.former_number f
		WHERE f.scheme = numbers_told.scheme COLLATE "C" AND numbers_told.numbers IS NULL
		UNION ALL
		SELECT f.customer_id, f.now_id FROM tiering.former_number f
		WHERE f.scheme = numbers_told.scheme COLLATE "C"
			AND f.customer_id = ANY (numbers_told.numbers COLLATE "C")
		UNION ALL
		SELECT o.customer_id, o.customer_id FROM one o
	)
	SELECT f.number, CASE WHEN t.becomes IS NULL
		OR t.becomes NOT IN (SELECT s.customer_id FROM since s)
		THEN COALESCE(t.becomes, f.now_id) END
	FROM former f LEFT JOIN one t ON t.customer_id = f.now_id;
END;
$$;
COMMENT ON FUNCTION _tiering.numbers_told(text, date, text[]) IS
'Whose are the numbers by which a source or a series may tell of customers on a day, where they '
'are not those that these have now; null: of nobody, as they became one with another since. Of '
'some numbers at least, or of all if that is null';

CREATE FUNCTION _tiering.numbers_asked(scheme text, customers text[], day date) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF customers IS NULL OR NOT EXISTS (
		SELECT FROM tiering.customer_alias a WHERE a.scheme = numbers_asked.scheme COLLATE "C")
	THEN
		RETURN customers;
	END IF;
	RETURN _tiering.numbers_ever(scheme, _tiering.persons(scheme,
		_tiering.numbers_now(scheme, customers), day));
END;
$$;
COMMENT ON FUNCTION _tiering.numbers_asked(text, text[], date) IS
'All numbers by which a source or a series may tell of customers on a day, who are given by any of '
'theirs; null if that is given';

-- By any number that the source or a series may say, as of the last refresh
CREATE FUNCTION _tiering.numbers_seen(scheme text, reader oid) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	SELECT _tiering.numbers_asked(s.scheme, _tiering.seen(numbers_seen.reader, s.scheme, NULL),
		s.refreshed_as_of)
	FROM tiering.source s WHERE s.scheme = numbers_seen.scheme COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.numbers_seen(text, oid) IS
'The numbers, also former ones, of the customers whom a reader sees now; null if that is all';

CREATE FUNCTION _tiering.number_changes(scheme text)
RETURNS TABLE (now_id text, from_id text, to_id text, on_date date, batch int)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 10
BEGIN ATOMIC
	SELECT COALESCE(f.now_id, a.from_id), a.from_id, a.to_id, a.on_date, a.batch
	FROM tiering.customer_alias a
		LEFT JOIN tiering.former_number f ON f.scheme = a.scheme AND f.customer_id = a.from_id
	WHERE a.scheme = number_changes.scheme COLLATE "C" AND a.leads IS NULL;
END;
COMMENT ON FUNCTION _tiering.number_changes(text) IS
'The numbers that customers of a scheme have changed, with the one that each has now';

CREATE FUNCTION _tiering.number_days(scheme text)
RETURNS TABLE (now_id text, number text, days daterange)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 10
BEGIN ATOMIC
	SELECT c.now_id, c.from_id,
		daterange(lag(c.on_date) OVER (PARTITION BY c.now_id ORDER BY c.batch) + 1, c.on_date + 1)
	FROM _tiering.number_changes(number_days.scheme) c;
END;
COMMENT ON FUNCTION _tiering.number_days(text) IS
'On which days moves of a customer of a scheme are recorded under a number that they had before; '
'now_id is the one that they have now, which counts on all other days';

-- Inlined where it is called, as known_moves() is
CREATE FUNCTION _tiering.person_moves(scheme text, known_at timestamptz DEFAULT NULL)
	RETURNS SETOF _tiering.known_move
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100000
BEGIN ATOMIC
	SELECT m.move, m.scheme, COALESCE(f.now_id, m.customer_id) AS customer_id, m.as_of,
		m.from_tier, m.to_tier, m.direction, m.cause, m.version, m.measure, m.assessed, m.batch
	FROM _tiering.known_moves(person_moves.scheme, person_moves.known_at) m
		LEFT JOIN tiering.former_number f ON f.scheme = person_moves.scheme COLLATE "C"
			AND f.customer_id = m.customer_id
	WHERE m.direction <> 'merge';
END;
COMMENT ON FUNCTION _tiering.person_moves(text, timestamptz) IS
'The moves of a scheme that stood, as known at a time (null: now), each under the number that the '
'customer has now, and without those that hand a tier over from number to number';

CREATE FUNCTION _tiering.moves_of(scheme text, customer_id text)
	RETURNS SETOF _tiering.known_move
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 5
BEGIN ATOMIC
	SELECT m.move, m.scheme, m.customer_id, m.as_of, m.from_tier, m.to_tier, m.direction, m.cause,
		m.version, m.measure, m.assessed, m.batch
	FROM unnest(ARRAY[moves_of.customer_id COLLATE "C"] || ARRAY(
			SELECT f.customer_id FROM tiering.former_number f
			WHERE f.scheme = moves_of.scheme COLLATE "C"
				AND f.now_id = moves_of.customer_id COLLATE "C")) n(id)
		CROSS JOIN LATERAL (	-- one number after the other, each by the index
			SELECT x.* FROM tiering.migration x
			WHERE x.scheme = moves_of.scheme COLLATE "C" AND x.customer_id = n.id COLLATE "C"
			OFFSET 0) m
	WHERE m.direction <> 'merge'
		AND NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = m.move);
END;
COMMENT ON FUNCTION _tiering.moves_of(text, text) IS
'The moves of one customer that stand, under whichever of their numbers, but for those that hand a '
'tier over; the customer is named by the number that they have now';

CREATE FUNCTION _tiering.numbers_known(scheme text, customer_id text, known_at timestamptz)
RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known int := CASE WHEN known_at IS NOT NULL THEN _tiering.known_batch(scheme, known_at) END;
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.customer_alias a
		WHERE a.scheme = numbers_known.scheme COLLATE "C" AND a.leads IS NULL)
	THEN
		RETURN ARRAY[customer_id];
	END IF;
	RETURN ARRAY(
		WITH RECURSIVE number(id) AS (
			SELECT numbers_known.customer_id COLLATE "C"
			UNION
			SELECT CASE WHEN a.from_id = n.id THEN a.to_id ELSE a.from_id END
			FROM number n
				JOIN tiering.customer_alias a ON a.scheme = numbers_known.scheme COLLATE "C"
					AND n.id IN (a.from_id, a.to_id) AND a.leads IS NULL
					AND (known IS NULL OR a.batch <= known)
		)
		SELECT n.id FROM number n);
END;
$$;
COMMENT ON FUNCTION _tiering.numbers_known(text, text, timestamptz) IS
'All numbers that the customer of a number has had, as known at a time; null: as known now';

-- The tier that is handed over is that of the customer's last move up to the day. Their
-- moves of that day are under the number before, and come first.
CREATE FUNCTION _tiering.hand_overs(scheme text, batch int, after_move bigint)
RETURNS TABLE (change int, from_id text, to_id text, on_date date, tier text, version int,
	given bigint, taken bigint, is_right boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	WITH change AS MATERIALIZED (
		SELECT c.* FROM _tiering.number_changes(hand_overs.scheme) c
	), number AS (
		SELECT c.from_id AS customer_id, c.now_id FROM change c
		UNION SELECT c.to_id, c.now_id FROM change c
	), changed AS MATERIALIZED (
		SELECT n.now_id, min(x.as_of) AS day
		FROM (
			SELECT m.customer_id, m.as_of FROM tiering.migration m
			WHERE m.move > hand_overs.after_move AND m.scheme = hand_overs.scheme COLLATE "C"
				AND m.batch = hand_overs.batch
			UNION ALL
			SELECT m.customer_id, m.as_of
			FROM tiering.superseded s JOIN tiering.migration m ON m.move = s.move
			WHERE s.scheme = hand_overs.scheme COLLATE "C" AND s.batch = hand_overs.batch) x
			JOIN number n ON n.customer_id COLLATE "C" = x.customer_id
		GROUP BY n.now_id
	)
	SELECT c.batch, c.from_id, c.to_id, c.on_date, l.to_tier, l.version, g.move, t.move,
		COALESCE((g.from_tier, g.version, t.to_tier, t.version)
			= (l.to_tier, l.version, l.to_tier, l.version) AND NOT EXISTS (
				SELECT FROM _tiering.moves_of(hand_overs.scheme, c.now_id) y
				WHERE y.as_of = c.on_date AND y.move > g.move), false)
	FROM change c
		LEFT JOIN changed x ON x.now_id COLLATE "C" = c.now_id COLLATE "C"
		LEFT JOIN LATERAL (
			SELECT m.to_tier, m.version FROM _tiering.moves_of(hand_overs.scheme, c.now_id) m
			WHERE m.as_of <= c.on_date ORDER BY m.as_of DESC, m.move DESC LIMIT 1) l ON true
		LEFT JOIN _tiering.move_now g ON g.scheme = hand_overs.scheme COLLATE "C"
			AND g.customer_id COLLATE "C" = c.from_id COLLATE "C" AND g.as_of = c.on_date
			AND g.direction = 'merge' AND g.to_tier IS NULL
		LEFT JOIN _tiering.move_now t ON t.scheme = hand_overs.scheme COLLATE "C"
			AND t.customer_id COLLATE "C" = c.to_id COLLATE "C" AND t.as_of = c.on_date
			AND t.direction = 'merge' AND t.from_tier IS NULL
	WHERE c.batch = hand_overs.batch OR x.day <= c.on_date;
END;
COMMENT ON FUNCTION _tiering.hand_overs(text, int, bigint) IS
'The changes of numbers that a batch makes, or of customers some of whose moves up to then it '
'records or supersedes, with the tier that is to be handed over, and the moves that do it: '
'whether they are right';

CREATE FUNCTION _tiering.record_hand_overs(scheme text, batch int, after_move bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.customer_alias a
		WHERE a.scheme = record_hand_overs.scheme COLLATE "C" AND a.leads IS NULL)
	THEN
		RETURN;
	END IF;
	WITH wrong AS MATERIALIZED (
		SELECT h.* FROM _tiering.hand_overs(record_hand_overs.scheme, record_hand_overs.batch,
			after_move) h
		WHERE NOT h.is_right
	), superseding AS (
		INSERT INTO tiering.superseded (move, scheme, batch)
		SELECT m.move, record_hand_overs.scheme, record_hand_overs.batch
		FROM wrong w CROSS JOIN LATERAL (VALUES (w.given), (w.taken)) m(move)
		WHERE m.move IS NOT NULL
	)
	INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction,
		cause, version, assessed, recorded_by, recorded_as, batch)
	SELECT record_hand_overs.scheme, s.number, w.on_date, s.from_tier, s.to_tier, 'merge', 'merge',
		w.version, w.on_date, session_user, _tiering.acting_role(), record_hand_overs.batch
	FROM wrong w
		CROSS JOIN LATERAL (VALUES (1, w.from_id, w.tier, NULL), (2, w.to_id, NULL, w.tier))
			s(turn, number, from_tier, to_tier)
	WHERE w.tier IS NOT NULL
	ORDER BY w.change, s.turn;
END;
$$;
COMMENT ON FUNCTION _tiering.record_hand_overs(text, int, bigint) IS
'Part of seal_batch(): has a batch, whose moves have numbers after one, record the moves that hand '
'tiers over from number to number, where those that stand are not right any more';
