/*
 * Dirty customers: those whose data changed behind an assessment. Marks are added and
 * never updated, so that loads that mark the same customers do not wait for each
 * other, nor for a restatement, which takes away the marks that it saw. What is marked
 * meanwhile stays for the next one.
 */

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.dirty
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_truncate();
COMMENT ON TRIGGER refuse_truncate ON tiering.dirty IS 'A mark goes when it is restated';

CREATE VIEW _tiering.dirty_now AS
SELECT d.scheme, d.now_id COLLATE "default" AS customer_id, min(d.from_as_of) AS from_as_of,
	count(*) AS marks, max(d.marked_at) AS marked_at
FROM (
	SELECT x.scheme, x.customer_id AS now_id, x.from_as_of, x.marked_at FROM tiering.dirty x
	WHERE NOT EXISTS (SELECT FROM tiering.former_number f
		WHERE f.scheme = x.scheme AND f.customer_id = x.customer_id)
	UNION ALL
	SELECT x.scheme, f.now_id, x.from_as_of, x.marked_at FROM tiering.former_number f
		JOIN tiering.dirty x ON x.scheme = f.scheme AND x.customer_id = f.customer_id) d
GROUP BY d.scheme, d.now_id;
COMMENT ON VIEW _tiering.dirty_now IS
'What dirty_customer shows to who reads all';

-- Whoever reads the view calls this, as they do shown_sums().
CREATE FUNCTION _tiering.shown_dirty(key uuid, scheme text, reader oid)
RETURNS SETOF _tiering.dirty_now
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 1
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
DECLARE
	visible text[];
BEGIN
	IF EXISTS (SELECT FROM tiering.view_key k WHERE k.key = shown_dirty.key)
		AND _tiering.reads(reader, scheme) IS NOT NULL
	THEN
		visible := _tiering.seen(reader, scheme, NULL);
		RETURN QUERY SELECT d.*
		FROM _tiering.dirty_now d
		WHERE d.scheme = shown_dirty.scheme COLLATE "C"
			AND (visible IS NULL OR d.customer_id COLLATE "C" = ANY (visible));
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.shown_dirty(uuid, text, oid) IS
'The dirty customers of a scheme whom a reader may see, for who does not see all; nothing if that '
'is not the key of views';

CREATE VIEW tiering.dirty_customer AS
SELECT d.scheme, d.customer_id, d.from_as_of, d.marks, d.marked_at
FROM _tiering.dirty_now d WHERE (SELECT _tiering.reads_all(_tiering.reader()))
UNION ALL
SELECT s.scheme COLLATE "C", d.customer_id, d.from_as_of, d.marks, d.marked_at
FROM _tiering.each_scheme() s
	CROSS JOIN LATERAL _tiering.shown_dirty((SELECT k.key FROM tiering.view_key k LIMIT 1),
		s.scheme, (SELECT _tiering.reader())) d
WHERE NOT (SELECT _tiering.reads_all(_tiering.reader()));
COMMENT ON VIEW tiering.dirty_customer IS
'The customers who are marked as to be restated, each with their first day; see restate_dirty()';
COMMENT ON COLUMN tiering.dirty_customer.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.dirty_customer.customer_id IS
'Customer, by the number that they have now';
COMMENT ON COLUMN tiering.dirty_customer.from_as_of IS
'The first day whose data changed, by all marks of the customer';
COMMENT ON COLUMN tiering.dirty_customer.marks IS 'How many marks there are';
COMMENT ON COLUMN tiering.dirty_customer.marked_at IS 'When the last one was made';

-- A scheme that is gone, as tables may still be watched for it, has no customers to
-- mark, and is no reason for a load to fail.
CREATE FUNCTION _tiering.append_marks(scheme text, customers text[], days date[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO tiering.dirty (scheme, customer_id, from_as_of)
	SELECT s.scheme, m.customer_id, m.day
	FROM tiering.scheme s CROSS JOIN unnest(customers, days) m (customer_id, day)
	WHERE s.scheme = append_marks.scheme COLLATE "C";
END;
$$;
COMMENT ON FUNCTION _tiering.append_marks(text, text[], date[]) IS
'Part of mark_dirty() and mark_changes(): marks customers, each from a day of their own on';

CREATE FUNCTION tiering.mark_dirty(scheme text, customer_id text, from_as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme);
	PERFORM _tiering.check_given(customer_id, 'customer_id'),
		_tiering.check_given(from_as_of, 'from_as_of');
	IF from_as_of = 'infinity' THEN
		PERFORM _tiering.check_day(from_as_of, 'from_as_of');
	END IF;
	PERFORM _tiering.append_marks(scheme, ARRAY[customer_id], ARRAY[from_as_of]);
END;
$$;
COMMENT ON FUNCTION tiering.mark_dirty(text, text, date) IS
'Marks a customer whose data changed, from a day on, for restate_dirty(). The day -infinity is '
'the beginning. watch_table() has all changes of a table marked. Errors: unknown scheme (42704), '
'null (22004), the day infinity (22023). Example: SELECT '
'tiering.mark_dirty(''retail'', ''A'', ''2026-02-15'')';
