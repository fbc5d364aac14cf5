/*
 * Authoring. A scheme is made by plain INSERTs, or by one of these, each of
 * which leaves a draft. They run with the caller's rights, who needs INSERT on
 * the scheme tables.
 */

CREATE FUNCTION tiering.newest_version(scheme text) RETURNS int
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	newest int := max(v.version) FROM tiering.scheme_version v WHERE v.scheme = newest_version.scheme;
BEGIN
	IF newest IS NULL THEN
		IF EXISTS (SELECT FROM tiering.scheme s WHERE s.scheme = newest_version.scheme) THEN
			RAISE EXCEPTION 'scheme "%" has no versions', scheme
				USING ERRCODE = 'undefined_object';
		END IF;
		RAISE EXCEPTION 'scheme "%" does not exist', scheme
			USING ERRCODE = 'undefined_object',
			HINT = 'SELECT scheme FROM tiering.scheme lists the schemes.';
	END IF;
	RETURN newest;
END;
$$;
COMMENT ON FUNCTION tiering.newest_version(text) IS
'The highest version number of a scheme, a draft''s included; a scheme that does not exist is an error (42704)';

CREATE FUNCTION tiering.new_scheme(scheme text, title text DEFAULT '', title_zh text DEFAULT '',
	description text DEFAULT '', origin text DEFAULT '') RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF COALESCE(scheme, '') = '' THEN
		RAISE EXCEPTION 'a scheme needs a name' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	INSERT INTO tiering.scheme (scheme, title, title_zh, description, origin)
	VALUES (new_scheme.scheme, new_scheme.title, new_scheme.title_zh, new_scheme.description,
			new_scheme.origin)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'scheme "%" already exists', scheme
			USING ERRCODE = 'duplicate_object',
			HINT = format('Choose another name, or make a new edition with tiering.new_version(%L).', scheme);
	END IF;
	INSERT INTO tiering.scheme_version (scheme, version) VALUES (new_scheme.scheme, 1);
	RETURN 1;
END;
$$;
COMMENT ON FUNCTION tiering.new_scheme(text, text, text, text, text) IS
'Makes a scheme with an empty draft, version 1; a name that is taken is an error (42710)';

CREATE FUNCTION tiering.create_ladder(scheme text, metric text, tiers text[], lower_bounds numeric[],
	unit text DEFAULT '') RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	steps int := cardinality(tiers);
BEGIN
	IF COALESCE(steps, 0) = 0 OR steps IS DISTINCT FROM cardinality(lower_bounds) THEN
		RAISE EXCEPTION 'a ladder needs as many lower bounds as tiers, not % for %',
			COALESCE(cardinality(lower_bounds), 0), COALESCE(steps, 0)
			USING ERRCODE = 'array_subscript_error',
			HINT = 'The lowest tier comes first, its bound NULL for everyone else.';
	END IF;
	IF (SELECT count(DISTINCT tier) FROM unnest(tiers) AS tier WHERE tier <> '') <> steps THEN
		RAISE EXCEPTION 'each tier of a ladder needs a name of its own, not %', tiers
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOR i IN 2 .. steps LOOP
		IF (lower_bounds[i] > lower_bounds[i - 1]) IS NOT TRUE
			AND NOT (i = 2 AND lower_bounds[1] IS NULL AND lower_bounds[2] IS NOT NULL)
		THEN
			RAISE EXCEPTION 'lower bound % of tier "%" is not above that of tier "%"',
				COALESCE(lower_bounds[i]::text, 'NULL'), tiers[i], tiers[i - 1]
				USING ERRCODE = 'invalid_parameter_value',
				HINT = 'The lowest tier comes first, its bound NULL for everyone else.';
		END IF;
	END LOOP;
	PERFORM tiering.new_scheme(scheme);
	UPDATE tiering.scheme_version v SET everyone = lower_bounds[1] IS NULL
	WHERE v.scheme = create_ladder.scheme AND v.version = 1;
	INSERT INTO tiering.metric (scheme, version, metric, is_measure, unit)
	VALUES (create_ladder.scheme, 1, create_ladder.metric, true, create_ladder.unit);
	INSERT INTO tiering.tier (scheme, version, tier, rank, base)
	SELECT create_ladder.scheme, 1, t.tier, t.step, t.bound IS NULL
	FROM unnest(tiers, lower_bounds) WITH ORDINALITY AS t(tier, bound, step);
	INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	SELECT create_ladder.scheme, 1, t.tier, create_ladder.metric, numrange(t.bound, NULL)
	FROM unnest(tiers, lower_bounds) AS t(tier, bound)
	WHERE t.bound IS NOT NULL;
	RETURN 1;
END;
$$;
COMMENT ON FUNCTION tiering.create_ladder(text, text, text[], numeric[], text) IS
'Makes a scheme with one metric, its measure, and a tier from each lower bound up, lowest first; the first bound is NULL for everyone else, otherwise customers below it get no tier. Bounds that do not rise are an error (22023). Leaves a draft, whose number it returns';

CREATE FUNCTION tiering.copy_version(from_scheme text, from_version int, to_scheme text, to_version int)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE tiering.scheme_version t SET everyone = f.everyone
	FROM tiering.scheme_version f
	WHERE t.scheme = to_scheme AND t.version = to_version
		AND f.scheme = from_scheme AND f.version = from_version;
	INSERT INTO tiering.metric (scheme, version, metric, kind, is_measure, unit, title, title_zh)
	SELECT to_scheme, to_version, m.metric, m.kind, m.is_measure, m.unit, m.title, m.title_zh
	FROM tiering.metric m WHERE m.scheme = from_scheme AND m.version = from_version;
	INSERT INTO tiering.tier (scheme, version, tier, rank, base, parent, title, title_zh)
	SELECT to_scheme, to_version, t.tier, t.rank, t.base, t.parent, t.title, t.title_zh
	FROM tiering.tier t WHERE t.scheme = from_scheme AND t.version = from_version;
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	SELECT to_scheme, to_version, r.tier, r.rule, r.metric, r.bounds
	FROM tiering.rule r WHERE r.scheme = from_scheme AND r.version = from_version;
END;
$$;
COMMENT ON FUNCTION tiering.copy_version(text, int, text, int) IS
'Copies all that defines one version into another, an empty draft';

CREATE FUNCTION tiering.new_version(scheme text, note text DEFAULT '') RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	newest int := tiering.newest_version(scheme);
BEGIN
	IF EXISTS (SELECT FROM tiering.scheme_version v
			   WHERE v.scheme = new_version.scheme AND v.status = 'draft') THEN
		RAISE EXCEPTION 'scheme "%" already has a draft', scheme
			USING ERRCODE = 'duplicate_object',
			HINT = 'Change that one, or delete it from tiering.scheme_version.';
	END IF;
	INSERT INTO tiering.scheme_version (scheme, version, note)
	VALUES (new_version.scheme, newest + 1, new_version.note);
	PERFORM tiering.copy_version(scheme, newest, scheme, newest + 1);
	RETURN newest + 1;
END;
$$;
COMMENT ON FUNCTION tiering.new_version(text, text) IS
'Copies the newest version of a scheme into a draft, whose number it returns; a scheme has one draft at a time (42710)';

CREATE FUNCTION tiering.copy_scheme("from" text, "to" text) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	newest int := tiering.newest_version("from");
BEGIN
	PERFORM tiering.new_scheme("to", s.title, s.title_zh, s.description, s.origin)
	FROM tiering.scheme s WHERE s.scheme = "from";
	PERFORM tiering.copy_version("from", newest, "to", 1);
	RETURN 1;
END;
$$;
COMMENT ON FUNCTION tiering.copy_scheme(text, text) IS
'Copies the newest version of a scheme, a draft''s included, under a new name. Leaves a draft, whose number it returns';

/*
 * A scheme as a document: its own columns, "metrics", and "tiers" with their
 * "rules". Each rule is an object of metric: bounds, all of which must be met.
 */
CREATE FUNCTION tiering.import_scheme(document jsonb, scheme text DEFAULT NULL) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text := COALESCE(import_scheme.scheme, document ->> 'scheme');
BEGIN
	PERFORM tiering.new_scheme(name, COALESCE(document ->> 'title', ''),
		COALESCE(document ->> 'title_zh', ''), COALESCE(document ->> 'description', ''),
		COALESCE(document ->> 'origin', ''));
	UPDATE tiering.scheme_version v SET everyone = COALESCE((document ->> 'everyone')::boolean, true)
	WHERE v.scheme = name AND v.version = 1;
	INSERT INTO tiering.metric (scheme, version, metric, kind, is_measure, unit, title, title_zh)
	SELECT name, 1, m.metric, COALESCE(m.kind, 'number'), COALESCE(m.is_measure, false),
		COALESCE(m.unit, ''), COALESCE(m.title, ''), COALESCE(m.title_zh, '')
	FROM jsonb_to_recordset(document -> 'metrics')
		AS m(metric text, kind text, is_measure boolean, unit text, title text, title_zh text);
	INSERT INTO tiering.tier (scheme, version, tier, rank, base, parent, title, title_zh)
	SELECT name, 1, t.tier, t.rank, COALESCE(t.base, false), t.parent, COALESCE(t.title, ''),
		COALESCE(t.title_zh, '')
	FROM jsonb_to_recordset(document -> 'tiers')
		AS t(tier text, rank int, base boolean, parent text, title text, title_zh text);
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	SELECT name, 1, t.tier, r.rule, c.metric, c.bounds::numrange
	FROM jsonb_to_recordset(document -> 'tiers') AS t(tier text, rules jsonb),
		jsonb_array_elements(t.rules) WITH ORDINALITY AS r(conditions, rule),
		jsonb_each_text(r.conditions) AS c(metric, bounds);
	RETURN 1;
END;
$$;
COMMENT ON FUNCTION tiering.import_scheme(jsonb, text) IS
'Makes a scheme from a document, under its own name unless another is given. Leaves a draft, whose number it returns';
