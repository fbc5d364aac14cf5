/*
 * The tiers of each customer, one after the other, and where a tier's customers came from.
 */

-- Partitions are by the customer twice: as "C" for the order, which an index has, and
-- as given, which lets a condition on it go below the window.
CREATE VIEW _tiering.spell AS
SELECT spell.scheme, spell.customer_id, spell.tier, t.rank, lower(spell.valid) AS valid_from,
	upper(spell.valid) AS valid_to, spell.valid, spell.from_tier, spell.direction, spell.cause,
	spell.measure::numeric(38,2) AS measure, spell.version, spell.move
FROM (
	SELECT m.scheme, m.customer_id COLLATE "default" AS customer_id, m.to_tier AS tier,
		daterange(m.as_of, lead(m.as_of) OVER customer) AS valid,
		m.from_tier, m.direction, m.cause, m.measure, m.version, m.move
	FROM tiering.migration m
	WHERE NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = m.move)
	WINDOW customer AS (
		PARTITION BY m.scheme, m.customer_id COLLATE "C", m.customer_id COLLATE "default"
		ORDER BY m.as_of, m.move)) spell
	LEFT JOIN tiering.tier t ON t.scheme = spell.scheme AND t.version = spell.version
		AND t.tier = spell.tier
WHERE spell.tier IS NOT NULL AND NOT isempty(spell.valid);
COMMENT ON VIEW _tiering.spell IS
'What customer_tier_history shows to who reads all';

-- Whoever reads the view calls this, as they do shown_sums(). Rows are as in shown_current().
CREATE FUNCTION _tiering.shown_spells(key uuid, scheme text, reader oid)
RETURNS SETOF _tiering.spell
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1 ROWS 1
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
DECLARE
	visible text[];
	-- moves are numbered together: gaps would tell how many those of others are
	numbered boolean := has_table_privilege(reader, 'tiering.migration', 'SELECT');
BEGIN
	IF _tiering.reads(reader, scheme) IS NULL
		OR NOT EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_spells.key)
	THEN
		RETURN;
	END IF;
	visible := CASE WHEN _tiering.is_bound(reader) THEN _tiering.let_through(reader, scheme) END;
	RETURN QUERY SELECT h.scheme, h.customer_id, h.tier, h.rank, h.valid_from, h.valid_to, h.valid,
		h.from_tier, h.direction, h.cause, h.measure, h.version, CASE WHEN numbered THEN h.move END
	FROM _tiering.spell h
		CROSS JOIN LATERAL _tiering.person(shown_spells.scheme, h.customer_id) p(customer_id)
	WHERE h.scheme = shown_spells.scheme COLLATE "C"
		AND (visible IS NULL OR p.customer_id = ANY (visible))
		AND _tiering.granted_customer(shown_spells.reader, shown_spells.scheme, p.customer_id,
			upper(h.valid) - 1);
END;
$$;
COMMENT ON FUNCTION _tiering.shown_spells(uuid, text, oid) IS
'The tiers of the customers of a scheme whom a reader may see, for who does not see all; nobody if '
'that is not the key of views';

CREATE VIEW tiering.customer_tier_history AS
SELECT h.scheme, h.customer_id, h.tier, h.rank, h.valid_from, h.valid_to, h.valid, h.from_tier,
	h.direction, h.cause, h.measure, h.version, h.move
FROM _tiering.spell h WHERE (SELECT _tiering.reads_all(_tiering.reader()))
UNION ALL
SELECT s.scheme COLLATE "C", h.customer_id, h.tier, h.rank, h.valid_from, h.valid_to, h.valid,
	h.from_tier, h.direction, h.cause, h.measure, h.version, h.move
FROM _tiering.each_scheme() s
	CROSS JOIN LATERAL _tiering.shown_spells((SELECT k.key FROM tiering.view_key k LIMIT 1),
		s.scheme, (SELECT _tiering.reader())) h
WHERE NOT (SELECT _tiering.reads_all(_tiering.reader()));
COMMENT ON VIEW tiering.customer_tier_history IS
'The tiers of each customer, one after the other. A tier in which they were for no day, as they '
'moved twice at one assessment, is left out. A customer who has changed their number is there '
'under each, up to the day and from it on; customer_alias tells which is which';
COMMENT ON COLUMN tiering.customer_tier_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.customer_tier_history.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.customer_tier_history.tier IS 'Tier';
COMMENT ON COLUMN tiering.customer_tier_history.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.customer_tier_history.valid_from IS 'The first day in it';
COMMENT ON COLUMN tiering.customer_tier_history.valid_to IS
'The first day not in it any more; null while they are in it';
COMMENT ON COLUMN tiering.customer_tier_history.valid IS
'The days in it, as a range: from the assessment that led into it to the one that led out';
COMMENT ON COLUMN tiering.customer_tier_history.from_tier IS
'The tier before; null if there was none';
COMMENT ON COLUMN tiering.customer_tier_history.direction IS
'How the customer got into it; merge: with another number, from which it was taken over; merged: '
'from one who became one with them';
COMMENT ON COLUMN tiering.customer_tier_history.cause IS 'Why they did; see migration';
COMMENT ON COLUMN tiering.customer_tier_history.measure IS 'The measure at that move';
COMMENT ON COLUMN tiering.customer_tier_history.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.customer_tier_history.move IS
'Number of the move in migration; null for who sees some customers only and may not read that';

-- Of the views that people see
DO $$
DECLARE
	part record;
BEGIN
	FOR part IN
		SELECT v.part, a.attname, pg_catalog.col_description(a.attrelid, a.attnum) AS comment
		FROM (VALUES ('spell', 'customer_tier_history'), ('move_now', 'standing_move'),
				('request_now', 'request_state'), ('dirty_now', 'dirty_customer')) v (part, name)
			JOIN pg_catalog.pg_attribute a ON a.attnum > 0
				AND a.attrelid = ('tiering.' || v.name)::pg_catalog.regclass
			JOIN pg_catalog.pg_attribute p ON p.attname = a.attname
				AND p.attrelid = ('_tiering.' || v.part)::pg_catalog.regclass
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON COLUMN _tiering.%I.%I IS %L', part.part, part.attname,
			part.comment);
	END LOOP;
END;
$$;

CREATE FUNCTION _tiering.merged_moves(scheme text) RETURNS SETOF _tiering.known_move
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100000
BEGIN ATOMIC
	WITH merged AS MATERIALIZED (
		SELECT w.customer_id COLLATE "C" AS customer_id, w.own, w.becomes COLLATE "C" AS becomes,
			w.leads
		FROM _tiering.merged(merged_moves.scheme, NULL) w
		WHERE upper_inf(w.days)
	)
	SELECT m.move, m.scheme, COALESCE(w.becomes, m.customer_id), m.as_of, m.from_tier, m.to_tier,
		m.direction, m.cause, m.version, m.measure, m.assessed, m.batch
	FROM _tiering.person_moves(merged_moves.scheme COLLATE "C", NULL) m
		LEFT JOIN merged w ON w.customer_id = m.customer_id AND w.own @> m.as_of
	WHERE COALESCE(w.leads, true);
END;
COMMENT ON FUNCTION _tiering.merged_moves(text) IS
'What person_moves() tells now, but of customers who became one the moves of the one whose tier '
'was kept alone, under the number of who is left';

-- merged(), which is not asked about each move while nobody has become one with another, tells
-- whose moves are those of another customer, or of nobody any more.
CREATE FUNCTION _tiering.origin_counts(scheme text, customers text[], merged boolean,
	OUT began text, OUT direction text, OUT now text, OUT how_many bigint)
	RETURNS SETOF record
AS 'MODULE_PATHNAME', 'origin_counts'
LANGUAGE C STABLE PARALLEL SAFE COST 1000000 ROWS 50
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION _tiering.origin_counts(text, text[], boolean) IS
'Customers by the tier in which they began when they came last, by the direction of their last '
'move, and by where they are: version and tier; null where there is none. merged: by what '
'merged_moves() tells. Part of origins()';

CREATE FUNCTION _tiering.origins(scheme text, customers text[])
RETURNS TABLE (tier text, direction text, began_below boolean, how_many bigint)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 50
BEGIN ATOMIC
	WITH counted AS MATERIALIZED (
		SELECT split_part(o.now, ' ', 1)::int AS version, substr(o.now, strpos(o.now, ' ') + 1)
			COLLATE "C" AS tier, o.began COLLATE "C" AS began, o.direction, o.how_many
		FROM _tiering.origin_counts(origins.scheme, origins.customers,
			EXISTS (SELECT FROM _tiering.merged(origins.scheme, NULL))) o
		WHERE num_nulls(o.began, o.now) = 0
	), way AS MATERIALIZED (
		SELECT v.version, d.*
		FROM (SELECT DISTINCT c.version FROM counted c) v
			CROSS JOIN LATERAL _tiering.directions(origins.scheme, v.version) d
	)
	SELECT c.tier, c.direction, d.direction = 'up', c.how_many
	FROM counted c
		LEFT JOIN way d ON d.version = c.version AND d.from_tier = c.began AND d.to_tier = c.tier;
END;
COMMENT ON FUNCTION _tiering.origins(text, text[]) IS
'By which move some customers of a scheme, or all if null, came into the tier that they are in, '
'whether they began below it, and how many they are';

-- Whoever reads the view calls this, as they do shown_sums().
CREATE FUNCTION _tiering.shown_origins(key uuid, scheme text, reader oid)
RETURNS TABLE (tier text, customers bigint, from_below bigint, from_above bigint,
	from_beside bigint, as_new bigint, grown_up bigint)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
#variable_conflict use_column
BEGIN
	IF EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_origins.key)
		AND _tiering.reads(reader, scheme) IS NOT NULL
	THEN
		RETURN QUERY
		SELECT m.tier, sum(m.how_many)::bigint,
			COALESCE(sum(m.how_many) FILTER (WHERE m.direction = 'up'), 0)::bigint,
			COALESCE(sum(m.how_many) FILTER (WHERE m.direction = 'down'), 0)::bigint,
			COALESCE(sum(m.how_many) FILTER (WHERE m.direction = 'lateral'), 0)::bigint,
			COALESCE(sum(m.how_many) FILTER (WHERE m.direction = 'new'), 0)::bigint,
			COALESCE(sum(m.how_many) FILTER (WHERE m.began_below), 0)::bigint
		FROM _tiering.origins(shown_origins.scheme, _tiering.seen(reader, scheme, NULL)) m
		GROUP BY m.tier;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_origins(uuid, text, oid) IS
'What origins() tells of each tier, for who may read it; nothing if that is not the key of views';

CREATE VIEW tiering.tier_origin AS
SELECT d.scheme, d.as_of, d.version, d.tier, d.rank, d.title, d.title_zh,
	COALESCE(m.customers, 0) AS customers, COALESCE(m.from_below, 0) AS from_below,
	COALESCE(m.from_above, 0) AS from_above, COALESCE(m.from_beside, 0) AS from_beside,
	COALESCE(m.as_new, 0) AS as_new, COALESCE(m.grown_up, 0) AS grown_up,
	(m.grown_up / m.customers::numeric)::numeric(7,6) AS grown_up_share
FROM tiering.tier_distribution d
	LEFT JOIN (
		SELECT s.scheme || '' AS scheme, o.*
		FROM tiering.scheme s
			CROSS JOIN LATERAL _tiering.shown_origins(
				(SELECT k.key FROM tiering.view_key k LIMIT 1), s.scheme,
				(SELECT _tiering.reader())) o
		ORDER BY o.customers IS NULL) m ON m.scheme = d.scheme AND m.tier COLLATE "C" = d.tier;
COMMENT ON VIEW tiering.tier_origin IS
'Where the members of each tier came from: how they entered it, and whether they began as '
'customers in a lower one. Of customers who became one, they are those of the one whose tier was '
'kept';
COMMENT ON COLUMN tiering.tier_origin.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier_origin.as_of IS 'Date of the last refresh';
COMMENT ON COLUMN tiering.tier_origin.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.tier_origin.tier IS 'Tier';
COMMENT ON COLUMN tiering.tier_origin.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.tier_origin.title IS 'Its title';
COMMENT ON COLUMN tiering.tier_origin.title_zh IS 'Its title in Chinese';
COMMENT ON COLUMN tiering.tier_origin.customers IS 'Customers in it';
COMMENT ON COLUMN tiering.tier_origin.from_below IS 'Those whose last move led up into it';
COMMENT ON COLUMN tiering.tier_origin.from_above IS 'Those whose last move led down into it';
COMMENT ON COLUMN tiering.tier_origin.from_beside IS
'Those who came from another tier of the same rank';
COMMENT ON COLUMN tiering.tier_origin.as_new IS
'Those who entered it as new customers and never moved since';
COMMENT ON COLUMN tiering.tier_origin.grown_up IS
'Those whose first tier as customers ranked below it, by whatever way they came here';
COMMENT ON COLUMN tiering.tier_origin.grown_up_share IS 'Their share of its members';
