/*
 * Marks: customers whose data changed behind an assessment.
 */

CREATE TABLE tiering.dirty (
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	from_as_of  date NOT NULL,
	marked_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (scheme, customer_id)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.dirty', '');
COMMENT ON TABLE tiering.dirty IS 'Customers whose data changed behind an assessment, for restate_dirty()';
COMMENT ON COLUMN tiering.dirty.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.dirty.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.dirty.from_as_of IS 'The first day whose data changed: assessments from it on may be wrong';
COMMENT ON COLUMN tiering.dirty.marked_at IS 'When this was last marked';

CREATE FUNCTION tiering.mark_dirty(scheme text, customer_id text, from_as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tiering.newest_version(scheme);
	IF customer_id IS NULL THEN
		RAISE EXCEPTION 'customer_id must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	ELSIF from_as_of IS NULL OR from_as_of = 'infinity' THEN
		RAISE EXCEPTION 'from_as_of must be a day, not %', COALESCE(from_as_of::text, 'null')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO tiering.dirty AS d (scheme, customer_id, from_as_of)
	VALUES (mark_dirty.scheme, mark_dirty.customer_id, mark_dirty.from_as_of)
	ON CONFLICT ON CONSTRAINT dirty_pkey DO UPDATE
	SET from_as_of = LEAST(d.from_as_of, EXCLUDED.from_as_of), marked_at = now();
END;
$$;
COMMENT ON FUNCTION tiering.mark_dirty(text, text, date) IS
'Notes that a customer''s data from a day on changed, for restate_dirty(); -infinity: from the beginning. For triggers on the bank''s tables. Errors: unknown scheme (42704), null customer (22004), null or infinite day (22023)';

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.dirty
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.refuse_truncate();
COMMENT ON TRIGGER refuse_truncate ON tiering.dirty IS 'A mark goes when it is restated';
