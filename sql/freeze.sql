/*
 * Published versions are frozen: neither they nor the rows that define them can
 * be changed, added to or removed. One thing looks like adding and must not be
 * refused: a restored dump, which loads the versions before what defines them.
 * So a published version knows how many rows define it and takes no more.
 */

CREATE FUNCTION tiering.definition_rows(scheme text, version int) RETURNS int
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT (SELECT count(*) FROM tiering.metric m
			WHERE m.scheme = definition_rows.scheme AND m.version = definition_rows.version)::int
		 + (SELECT count(*) FROM tiering.tier t
			WHERE t.scheme = definition_rows.scheme AND t.version = definition_rows.version)::int
		 + (SELECT count(*) FROM tiering.rule r
			WHERE r.scheme = definition_rows.scheme AND r.version = definition_rows.version)::int;
END;
COMMENT ON FUNCTION tiering.definition_rows(text, int) IS
'How many rows define a version of a scheme: its metrics, tiers and rules';

-- Refuse a change to what defines a version, unless it is a draft. The lock
-- makes publishing wait for those who are still writing, and them for it.
CREATE FUNCTION tiering.refuse_frozen(scheme text, version int, adding boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v tiering.scheme_version;
BEGIN
	SELECT * INTO v FROM tiering.scheme_version sv
	WHERE sv.scheme = refuse_frozen.scheme AND sv.version = refuse_frozen.version
	FOR SHARE;
	IF v.status = 'draft' OR v.status IS NULL
		OR (adding AND tiering.definition_rows(scheme, version) < v.definition_rows)
	THEN
		RETURN;
	END IF;
	RAISE EXCEPTION 'version % of scheme "%" is % and cannot be changed', version, scheme, v.status
		USING ERRCODE = 'object_not_in_prerequisite_state',
		HINT = format('Make a draft with tiering.new_version(%L), change that, and publish it.', scheme);
END;
$$;
COMMENT ON FUNCTION tiering.refuse_frozen(text, int, boolean) IS
'Raises an error (55000) if a version is published or retired; adding is let pass while rows that were published are missing';

-- A definer's function, because an author need not have the right to lock versions.
CREATE FUNCTION tiering.freeze_definition() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_RELID <> ALL (ARRAY['tiering.metric', 'tiering.tier', 'tiering.rule']::regclass[]) THEN
		RAISE EXCEPTION 'freeze_definition() is a trigger on the tables that define a scheme only'
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF TG_OP IN ('UPDATE', 'DELETE') THEN
		PERFORM tiering.refuse_frozen(OLD.scheme, OLD.version, false);
	END IF;
	IF TG_OP IN ('INSERT', 'UPDATE') THEN
		PERFORM tiering.refuse_frozen(NEW.scheme, NEW.version, TG_OP = 'INSERT');
		RETURN NEW;
	END IF;
	RETURN OLD;
END;
$$;
COMMENT ON FUNCTION tiering.freeze_definition() IS
'Trigger on what defines a version: refuses changes once that is published';

-- What publishing does to a version is all that may be done to one: a draft in
-- which validate() finds no error becomes published, and a published one is
-- closed by its successor. Only the owner may insert one that is published
-- already, which is what a restored dump does.
CREATE FUNCTION tiering.freeze_version() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	errors text;
BEGIN
	IF TG_OP = 'INSERT' THEN
		IF NEW.status <> 'draft' AND NOT pg_has_role(current_user,
			(SELECT c.relowner FROM pg_class c WHERE c.oid = TG_RELID), 'USAGE') THEN
			RAISE EXCEPTION 'version % of scheme "%" must begin as a draft', NEW.version, NEW.scheme
				USING ERRCODE = 'insufficient_privilege',
				HINT = format('Put it in force with tiering.publish(%L, effective_from).', NEW.scheme);
		END IF;
		RETURN NEW;
	END IF;
	IF OLD.status = 'draft' THEN
		IF TG_OP = 'DELETE' THEN
			RETURN OLD;
		END IF;
		IF NEW.status <> 'draft' THEN
			SELECT string_agg(format('%s: %s.', f.place, f.finding), E'\n' ORDER BY f.place, f.finding) INTO errors
			FROM tiering.validate(OLD.scheme, OLD.version) f WHERE f.severity = 'error';
			IF errors IS NOT NULL THEN
				RAISE EXCEPTION 'version % of scheme "%" cannot be published as it is', OLD.version, OLD.scheme
					USING ERRCODE = 'invalid_object_definition', DETAIL = errors;
			END IF;
			NEW.published_at := now();
			NEW.published_by := current_user;
			NEW.definition_rows := tiering.definition_rows(OLD.scheme, OLD.version);
		END IF;
		RETURN NEW;
	END IF;
	IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status = 'retired'
		AND NEW.effective <@ OLD.effective AND lower(NEW.effective) = lower(OLD.effective)
		AND to_jsonb(NEW) - '{status,effective}'::text[] = to_jsonb(OLD) - '{status,effective}'::text[]
	THEN
		RETURN NEW;
	END IF;
	RAISE EXCEPTION 'version % of scheme "%" is % and cannot be changed', OLD.version, OLD.scheme, OLD.status
		USING ERRCODE = 'object_not_in_prerequisite_state',
		HINT = format('Make a draft with tiering.new_version(%L), change that, and publish it.', OLD.scheme);
END;
$$;
COMMENT ON FUNCTION tiering.freeze_version() IS
'Trigger on versions: publishes only a draft in which validate() finds no error (42P17), and refuses any change of a published one but that its successor closes it';

CREATE FUNCTION tiering.refuse_truncate() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'table %.% cannot be truncated', TG_TABLE_SCHEMA, TG_TABLE_NAME
		USING ERRCODE = 'object_not_in_prerequisite_state',
		HINT = 'Use DELETE, which keeps what must be kept.';
END;
$$;
COMMENT ON FUNCTION tiering.refuse_truncate() IS
'Trigger: TRUNCATE would go past what watches the rows';

CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON tiering.scheme_version
	FOR EACH ROW EXECUTE FUNCTION tiering.freeze_version();
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON tiering.metric
	FOR EACH ROW EXECUTE FUNCTION tiering.freeze_definition();
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON tiering.tier
	FOR EACH ROW EXECUTE FUNCTION tiering.freeze_definition();
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON tiering.rule
	FOR EACH ROW EXECUTE FUNCTION tiering.freeze_definition();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.scheme_version
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.refuse_truncate();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.metric
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.refuse_truncate();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.tier
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.refuse_truncate();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.rule
	FOR EACH STATEMENT EXECUTE FUNCTION tiering.refuse_truncate();
COMMENT ON TRIGGER frozen ON tiering.scheme_version IS 'Published versions are frozen';
COMMENT ON TRIGGER frozen ON tiering.metric IS 'Published versions are frozen';
COMMENT ON TRIGGER frozen ON tiering.tier IS 'Published versions are frozen';
COMMENT ON TRIGGER frozen ON tiering.rule IS 'Published versions are frozen';
COMMENT ON TRIGGER refuse_truncate ON tiering.scheme_version IS 'Published versions are frozen';
COMMENT ON TRIGGER refuse_truncate ON tiering.metric IS 'Published versions are frozen';
COMMENT ON TRIGGER refuse_truncate ON tiering.tier IS 'Published versions are frozen';
COMMENT ON TRIGGER refuse_truncate ON tiering.rule IS 'Published versions are frozen';
