/*
 * Published versions are frozen: neither they nor the rows that define them can
 * be changed, added to or removed. One thing looks like adding and must not be
 * refused: a restored dump, or a subscriber's copy, which gets the versions before
 * what defines them. So a published version knows how many rows define it and takes
 * no more.
 */

-- In the order of their foreign keys
CREATE FUNCTION _tiering.defining_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
BEGIN ATOMIC
	SELECT '{metric,tier,rule,score_weight,score_band,service,benefit,policy,asset_weight}'::text[];
END;
COMMENT ON FUNCTION _tiering.defining_tables() IS
'The tables that define a version of a scheme, each after those to which it refers';

CREATE FUNCTION tiering.definition_rows(scheme text, version int) RETURNS int
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT count(*)::int
	FROM (
		SELECT t.scheme, t.version FROM tiering.metric t
		UNION ALL
		SELECT t.scheme, t.version FROM tiering.tier t
		UNION ALL
		SELECT t.scheme, t.version FROM tiering.rule t
		UNION ALL
		SELECT t.scheme, t.version FROM tiering.score_weight t
		UNION ALL
		SELECT t.scheme, t.version FROM tiering.score_band t
		UNION ALL
		SELECT t.scheme, t.version FROM tiering.service t
		UNION ALL
		SELECT t.scheme, t.version FROM tiering.benefit t
		UNION ALL
		SELECT t.scheme, t.version FROM tiering.policy t
		UNION ALL
		SELECT t.scheme, t.version FROM tiering.asset_weight t) AS row
	WHERE row.scheme = definition_rows.scheme AND row.version = definition_rows.version;
END;
COMMENT ON FUNCTION tiering.definition_rows(text, int) IS
'How many rows define a version of a scheme: its metrics, tiers, rules, scores, services, '
'benefits, policies and asset weights. Example: SELECT tiering.definition_rows(''retail'', 1) '
'gives 7';

CREATE FUNCTION _tiering.refuse_change(v tiering.scheme_version) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF v.status = 'draft' THEN
		RAISE EXCEPTION
			'the status and the makers of version % of scheme "%" cannot be written by hand',
			v.version, v.scheme
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('Put it in force with tiering.publish(%L, effective_from).', v.scheme);
	END IF;
	RAISE EXCEPTION 'version % of scheme "%" is % and cannot be changed',
		v.version, v.scheme, v.status
		USING ERRCODE = 'object_not_in_prerequisite_state',
		HINT = format('Make a draft with tiering.new_version(%L), change that, and publish it.',
			v.scheme);
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_change(tiering.scheme_version) IS
'Raises the error for a change of a version that is not to be made (55000)';

CREATE FUNCTION _tiering.is_dropped(scheme text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM _tiering.heeded_publication(is_dropped.scheme) p WHERE p.what = 'drop');
END;
COMMENT ON FUNCTION _tiering.is_dropped(text) IS
'Whether a scheme was dropped, or is being dropped, and nothing was published under its name since';

CREATE FUNCTION _tiering.note_author(scheme text, version int) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100
BEGIN ATOMIC
	INSERT INTO tiering.draft_author (scheme, version)
	SELECT note_author.scheme, note_author.version
	WHERE NOT EXISTS (
		SELECT FROM tiering.draft_author a
		WHERE a.scheme = note_author.scheme COLLATE "C" AND a.version = note_author.version
			AND a.written_by = session_user AND a.written_id = _tiering.login_id()
			AND a.written_as IS NOT DISTINCT FROM _tiering.acting_role()
			AND a.written_person IS NOT DISTINCT FROM _tiering.person_id());
END;
COMMENT ON FUNCTION _tiering.note_author(text, int) IS
'Notes that who has logged in writes to a draft';

-- Refuse a change to what defines a version, unless it is a draft. The lock makes
-- publishing wait for those who are still writing, and them for it. A subscriber has
-- no need of it, and gets several tables at a time, in which it could end in a deadlock.
CREATE FUNCTION _tiering.refuse_frozen(scheme text, version int, adding boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v tiering.scheme_version;
BEGIN
	IF current_setting('session_replication_role') = 'replica' THEN
		SELECT * INTO v FROM tiering.scheme_version sv
		WHERE sv.scheme = refuse_frozen.scheme AND sv.version = refuse_frozen.version;
	ELSE
		SELECT * INTO v FROM tiering.scheme_version sv
		WHERE sv.scheme = refuse_frozen.scheme AND sv.version = refuse_frozen.version
		FOR NO KEY UPDATE;
		IF v.status = 'draft' THEN
			PERFORM _tiering.take_draft(scheme), _tiering.note_author(scheme, version);
		END IF;
	END IF;
	IF v.status = 'draft' OR v.status IS NULL
		OR (adding AND tiering.definition_rows(scheme, version) < v.definition_rows)
		OR (NOT adding AND _tiering.is_dropped(scheme))
	THEN
		RETURN;
	END IF;
	PERFORM _tiering.refuse_change(v);
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_frozen(text, int, boolean) IS
'Raises an error (55000) if a version is published or retired; adding is let pass while rows that '
'were published are missing';

-- A definer's function, because an author need not have the right to lock versions.
CREATE FUNCTION _tiering.freeze_definition() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_TABLE_SCHEMA <> 'tiering' OR TG_TABLE_NAME <> ALL (_tiering.defining_tables()) THEN
		RAISE EXCEPTION 'freeze_definition() is a trigger on the tables that define a scheme only'
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF TG_OP IN ('UPDATE', 'DELETE') THEN
		PERFORM _tiering.refuse_frozen(OLD.scheme, OLD.version, false);
	END IF;
	IF TG_OP IN ('INSERT', 'UPDATE') THEN
		PERFORM _tiering.refuse_frozen(NEW.scheme, NEW.version, TG_OP = 'INSERT');
		RETURN NEW;
	END IF;
	RETURN OLD;
END;
$$;
COMMENT ON FUNCTION _tiering.freeze_definition() IS
'Trigger on what defines a version: refuses changes once that is published';

-- Who writes to a version may write to a draft, and not its status or its makers: these
-- change as publication says. Only the owner may insert a version that is published
-- already, which is what a restored dump does.
CREATE FUNCTION _tiering.freeze_version() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	written text[] := ARRAY['scheme', 'version', 'everyone', 'note'];
BEGIN
	IF TG_OP = 'INSERT' THEN
		IF NEW.status <> 'draft' AND NOT pg_has_role(current_user,
			(SELECT c.relowner FROM pg_class c WHERE c.oid = TG_RELID), 'USAGE') THEN
			RAISE EXCEPTION 'version % of scheme "%" must begin as a draft', NEW.version, NEW.scheme
				USING ERRCODE = 'insufficient_privilege',
				HINT = format('Put it in force with tiering.publish(%L, effective_from).',
					NEW.scheme);
		END IF;
		RETURN NEW;
	ELSIF TG_OP = 'DELETE' THEN
		IF OLD.status = 'draft' OR _tiering.is_dropped(OLD.scheme) THEN
			-- what refers to metrics, before the cascade takes these away
			DELETE FROM tiering.rule r WHERE r.scheme = OLD.scheme AND r.version = OLD.version;
			DELETE FROM tiering.score_weight w
			WHERE w.scheme = OLD.scheme AND w.version = OLD.version;
			RETURN OLD;
		END IF;
	ELSIF OLD.status = 'draft' AND to_jsonb(NEW) - written = to_jsonb(OLD) - written
		OR _tiering.status_follows(OLD, NEW)
	THEN
		RETURN NEW;
	END IF;
	PERFORM _tiering.refuse_change(OLD);
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.freeze_version() IS
'Trigger on versions: a draft''s row can be written, but not its status and its makers; a status '
'changes as publication says; anything else is refused (55000)';

CREATE FUNCTION _tiering.refuse_truncate() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'table %.% cannot be truncated', TG_TABLE_SCHEMA, TG_TABLE_NAME
		USING ERRCODE = 'object_not_in_prerequisite_state',
		HINT = 'Use DELETE, which keeps what must be kept.';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_truncate() IS
'Trigger: TRUNCATE would go past what watches the rows';

-- The row of a draft is part of it, too. Who takes a version back writes nothing of it.
CREATE FUNCTION _tiering.note_draft() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_RELID <> 'tiering.scheme_version'::regclass THEN
		RAISE EXCEPTION 'note_draft() is a trigger on tiering.scheme_version only'
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	IF NEW.status = 'draft' AND (TG_OP = 'INSERT' OR OLD.status = 'draft') THEN
		PERFORM _tiering.note_author(NEW.scheme, NEW.version);
	END IF;
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.note_draft() IS 'Trigger on versions: notes who writes a draft''s row';
CREATE TRIGGER note_draft AFTER INSERT OR UPDATE ON tiering.scheme_version
	FOR EACH ROW EXECUTE FUNCTION _tiering.note_draft();
COMMENT ON TRIGGER note_draft ON tiering.scheme_version IS 'Who writes a draft does not approve it';

CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON tiering.scheme_version
	FOR EACH ROW EXECUTE FUNCTION _tiering.freeze_version();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.scheme_version
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_truncate();
COMMENT ON TRIGGER frozen ON tiering.scheme_version IS 'Published versions are frozen';
COMMENT ON TRIGGER refuse_truncate ON tiering.scheme_version IS 'Published versions are frozen';

DO $$
DECLARE
	defining text;
BEGIN
	FOREACH defining IN ARRAY _tiering.defining_tables() LOOP
		EXECUTE pg_catalog.format('CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON '
			'tiering.%I FOR EACH ROW EXECUTE FUNCTION _tiering.freeze_definition()', defining);
		EXECUTE pg_catalog.format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON tiering.%I '
			'FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_truncate()', defining);
		EXECUTE pg_catalog.format('COMMENT ON TRIGGER frozen ON tiering.%I IS %L', defining,
			'Published versions are frozen');
		EXECUTE pg_catalog.format('COMMENT ON TRIGGER refuse_truncate ON tiering.%I IS %L',
			defining, 'Published versions are frozen');
	END LOOP;
END;
$$;
