/*
 * What customers have now: what they had at their last assessment, of the scheme or of their
 * own, if that is kept.
 */

-- They are few, and lie with what is kept for long. Nothing refers to them but the
-- customers' own assessments.
CREATE FUNCTION _tiering.begin_own(scheme text, as_of date) RETURNS tiering.kept_assessment
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT ROW(begin_own.scheme, begin_own.as_of,
		_tiering.next_edition(begin_own.scheme, begin_own.as_of), 0, NULL)::tiering.kept_assessment;
END;
COMMENT ON FUNCTION _tiering.begin_own(text, date) IS
'Where what customers have at an assessment of their own is to lie, and with which time';

-- What an assessment of their own left is amended by a restatement. It may be of one on the
-- same day that was taken back, if this one's is not there.
CREATE FUNCTION _tiering.own_kept(scheme text)
RETURNS TABLE (customer_id text, as_of date, tier text, measure numeric, version int)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	SELECT o.customer_id, o.as_of, h.tier, h.measure, h.version
	FROM _tiering.own_between(own_kept.scheme) o
		LEFT JOIN LATERAL (
			SELECT b.tier, b.measure, b.version FROM tiering.assessment b
			WHERE b.slot = 0 AND b.scheme = own_kept.scheme AND b.as_of = o.as_of AND b.amends
				AND b.customer_id = ANY (ARRAY[o.customer_id COLLATE "C"] || ARRAY(
					SELECT f.customer_id FROM tiering.former_number f
					WHERE f.scheme = own_kept.scheme COLLATE "C"
						AND f.now_id = o.customer_id COLLATE "C"))
			ORDER BY b.recorded_at DESC LIMIT 1) h ON true;
END;
COMMENT ON FUNCTION _tiering.own_kept(text) IS
'What customers had at each assessment of their own, as own_between() lists them';

-- Of those who became one since, what they had then is added up.
CREATE FUNCTION _tiering.current_measures(scheme text, customers text[])
RETURNS TABLE (customer_id text, as_of date, measure numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
	last date;
	k tiering.kept_assessment;
	amended boolean;
	own text[];
	joined text[];
BEGIN
	IF customers = '{}' THEN
		RETURN;
	END IF;
	last := l.as_of FROM _tiering.last_assessment(scheme) l;
	k := _tiering.kept(scheme, last);
	amended := _tiering.is_amended(k);
	own := ARRAY(SELECT o.customer_id FROM _tiering.last_own(scheme) o
		WHERE last IS NULL OR o.as_of > last);
	joined := ARRAY(SELECT unnest(ARRAY[b.customer_id, b.becomes])
		FROM _tiering.joined_since(scheme, last) b);
	RETURN QUERY SELECT r.customer_id, last, r.measure FROM _tiering.kept_rows(k, NULL, amended) r
	WHERE (customers IS NULL OR r.customer_id = ANY (customers COLLATE "C"))
		AND r.customer_id <> ALL (own COLLATE "C") AND r.customer_id <> ALL (joined COLLATE "C");
	IF own <> '{}' THEN
		RETURN QUERY SELECT o.customer_id, o.as_of, o.measure
		FROM _tiering.own_kept(scheme) o
			JOIN _tiering.last_own(scheme) l ON l.as_of = o.as_of
				AND l.customer_id COLLATE "C" = o.customer_id COLLATE "C"
		WHERE o.customer_id = ANY (own) AND o.customer_id <> ALL (joined)
			AND (customers IS NULL OR o.customer_id COLLATE "C" = ANY (customers COLLATE "C"));
	END IF;
	IF joined <> '{}' THEN
		RETURN QUERY SELECT COALESCE(b.becomes, x.customer_id), max(x.as_of), sum(x.measure)
		FROM (SELECT r.customer_id, last AS as_of, r.measure
			  FROM _tiering.kept_rows(k, NULL, amended) r
			  WHERE r.customer_id = ANY (joined COLLATE "C")
				AND r.customer_id <> ALL (own COLLATE "C")
			  UNION ALL
			  SELECT o.customer_id, o.as_of, o.measure FROM _tiering.own_kept(scheme) o
				JOIN _tiering.last_own(scheme) l ON l.as_of = o.as_of
					AND l.customer_id COLLATE "C" = o.customer_id COLLATE "C"
			  WHERE o.customer_id = ANY (own) AND o.customer_id = ANY (joined)) x
			LEFT JOIN _tiering.joined_since(scheme, last) b
				ON b.customer_id COLLATE "C" = x.customer_id COLLATE "C"
		WHERE customers IS NULL
			OR COALESCE(b.becomes, x.customer_id) COLLATE "C" = ANY (customers COLLATE "C")
		GROUP BY COALESCE(b.becomes, x.customer_id);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.current_measures(text, text[]) IS
'What customers, or all if null, had at their last assessment, of the scheme or of their own, '
'those who became one since together; nobody of whom none is kept';

-- What views show of customers. Whoever reads a view calls these, and may be somebody who
-- has a right to that view alone: so they ask for a key that the view alone gives. They are
-- not inlined: of a part of the table that was filled since, the planner takes there to be
-- hardly a row of the assessment, and would read all of it again for each customer. More
-- rows than they are said to have would have a view of small schemes compiled. Their plans
-- show the key, and must not be printed.
CREATE FUNCTION _tiering.shown_measures(key uuid, scheme text, reader oid)
RETURNS TABLE (customer_id text, as_of date, measure numeric)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
BEGIN
	IF EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_measures.key)
		AND _tiering.reads(reader, scheme)
	THEN
		RETURN QUERY SELECT m.* FROM _tiering.current_measures(scheme, NULL) m;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_measures(uuid, text, oid) IS
'What the customers of a scheme whom a reader may see had at their last assessment; nobody if that '
'is not the key of views';

-- The sums of the last assessment, and what was changed by hand, or by an assessment of a
-- customer's own, as of a later day. If none is kept, the money is not known.
CREATE FUNCTION _tiering.shown_sums(key uuid, scheme text, reader oid)
RETURNS TABLE (tier text, customers bigint, measure numeric, version int, as_of date)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
#variable_conflict use_column
DECLARE
	k tiering.kept_assessment;
	changed text[];
	visible text[] := _tiering.seen(reader, scheme, NULL);
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.view_key v WHERE v.key = shown_sums.key) THEN
		RETURN;
	END IF;
	IF visible IS NOT NULL THEN
		RETURN QUERY SELECT a.tier, count(*), sum(m.measure), max(a.version), max(a.as_of)
		FROM tiering.assignment a
			LEFT JOIN _tiering.current_measures(shown_sums.scheme, visible) m
				ON m.customer_id COLLATE "C" = a.customer_id
		WHERE a.scheme = shown_sums.scheme AND a.customer_id = ANY (visible COLLATE "C")
		GROUP BY a.tier;
		RETURN;
	END IF;
	k := _tiering.kept(scheme, l.as_of) FROM _tiering.last_assessment(scheme) l;
	IF k.slot IS NULL THEN
		RETURN QUERY SELECT a.tier, count(*), NULL::numeric, max(a.version), max(a.as_of)
		FROM tiering.assignment a WHERE a.scheme = shown_sums.scheme GROUP BY a.tier;
		RETURN;
	END IF;
	RETURN QUERY SELECT d.tier, d.customers, d.measure, d.version, d.as_of
	FROM _tiering.known_distribution(NULL) d
	WHERE d.scheme = k.scheme AND d.as_of = k.as_of;
	changed := ARRAY(SELECT h.customer_id FROM _tiering.ahead(k.scheme, k.as_of) h
		UNION SELECT b.becomes FROM _tiering.joined_since(k.scheme, k.as_of) b);
	IF changed <> '{}' THEN
		RETURN QUERY SELECT r.tier, -1::bigint, - r.measure, r.version, k.as_of
		FROM _tiering.kept_rows(k, NULL) r
		WHERE r.tier IS NOT NULL AND r.customer_id = ANY (changed COLLATE "C");
		RETURN QUERY SELECT a.tier, 1::bigint, m.measure, a.version, a.as_of
		FROM tiering.assignment a
			LEFT JOIN _tiering.current_measures(k.scheme, changed) m
				ON m.customer_id COLLATE "C" = a.customer_id
		WHERE a.scheme = k.scheme AND a.customer_id = ANY (changed COLLATE "C");
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_sums(uuid, text, oid) IS
'What adds up to the distribution of a scheme''s customers now, by which version and as of which '
'day, for who may read it; nothing if that is not the key of views';
