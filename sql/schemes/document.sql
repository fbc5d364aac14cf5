/*
 * A scheme as a document, to be read, reviewed and moved: its own columns,
 * "metrics", "scores" with their "bands", "tiers" with their "rules",
 * "stay_rules", "service", "benefits" and "policy", and "asset_weights". Each rule is an object
 * of metric: bounds, all of which must be met; any one rule of a tier suffices. The words
 * of a policy are the columns of its table. "approvers" are roles, by name. What is absent has
 * its default; what is not known is an error.
 */

CREATE FUNCTION _tiering.role_names(roles regrole[]) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT ARRAY(
		SELECT COALESCE(r.rolname::text, n.role::oid::text)
		FROM unnest(roles) WITH ORDINALITY n(role, number)
			LEFT JOIN pg_catalog.pg_roles r ON r.oid = n.role
		ORDER BY n.number);
END;
COMMENT ON FUNCTION _tiering.role_names(regrole[]) IS
'Roles by name, without quotes; one that was dropped is its number';

CREATE FUNCTION _tiering.named_roles(names jsonb, place text) RETURNS regrole[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	roles regrole[] := ARRAY[]::regrole[];
	name record;
BEGIN
	FOR name IN
		SELECT d.element, d.element #>> '{}' AS text
		FROM _tiering.document_list(
			jsonb_strip_nulls(jsonb_build_object('names', names)), 'names', place) d
		ORDER BY d.number
	LOOP
		IF jsonb_typeof(name.element) <> 'string' THEN
			RAISE EXCEPTION '% are names of roles, not %', place, name.element
				USING ERRCODE = 'invalid_parameter_value';
		ELSIF to_regrole(quote_ident(name.text)) IS NULL THEN
			RAISE EXCEPTION 'role "%" of % does not exist', name.text, place
				USING ERRCODE = 'undefined_object',
				HINT = 'Create it first, or name another one in the document.';
		END IF;
		roles := roles || to_regrole(quote_ident(name.text));
	END LOOP;
	RETURN roles;
END;
$$;
COMMENT ON FUNCTION _tiering.named_roles(jsonb, text) IS
'The roles that a list in a document names. Errors: no list of names (22023), a role that does not '
'exist (42704)';

-- The catalogue tells, so that a word that is added to the table is in documents too
CREATE FUNCTION _tiering.policy_words() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
	WHERE a.attrelid = 'tiering.policy'::regclass AND a.attnum > 0 AND NOT a.attisdropped
		AND a.attname NOT IN ('scheme', 'version', 'tier');
END;
COMMENT ON FUNCTION _tiering.policy_words() IS 'The columns of policy that are words of a policy';

CREATE FUNCTION _tiering.policy_defaults() RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	words text;
	defaults jsonb;
BEGIN
	SELECT string_agg(format('%L, %s', a.attname,
		COALESCE(pg_get_expr(d.adbin, d.adrelid), 'NULL')), ', ') INTO words
	FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE a.attrelid = 'tiering.policy'::regclass AND a.attname = ANY (_tiering.policy_words());
	EXECUTE format('SELECT jsonb_build_object(%s)', words) INTO defaults;
	RETURN defaults;
END;
$$;
COMMENT ON FUNCTION _tiering.policy_defaults() IS
'What a policy says that says nothing: each of its words with its default';

-- Refuse a key that would be passed over, such as a misspelt one.
CREATE FUNCTION _tiering.check_keys(object jsonb, place text, known text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stray text;
BEGIN
	IF jsonb_typeof(object) IS DISTINCT FROM 'object' THEN
		PERFORM _tiering.check_given(object, place);
		RAISE EXCEPTION '% must be an object, not %', place, object
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT key INTO stray FROM jsonb_object_keys(object) AS key WHERE key <> ALL (known)
		ORDER BY key LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% has an unknown key "%"', place, stray
			USING ERRCODE = 'invalid_parameter_value',
			HINT = format('It may have %s.', array_to_string(known, ', '));
	END IF;
	SELECT key INTO stray FROM jsonb_each(object)
	WHERE jsonb_typeof(value) IN ('object', 'array')
		AND (known IS NULL OR key <> ALL
			('{metrics,scores,bands,tiers,rules,stay_rules,service,policy,review_months,'
			'asset_weights,approvers}'))
	ORDER BY key LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '"%" of % must be a single value, not %', stray, place, object -> stray
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_keys(jsonb, text, text[]) IS
'Raises an error (22023) unless an object of a document has known keys only, or any if known is '
'null, and single values where no parts belong';

-- The elements of an array that an object may have under a key
CREATE FUNCTION _tiering.document_list(document jsonb, key text, place text)
RETURNS TABLE (element jsonb, number int)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF jsonb_typeof(COALESCE(document -> key, '[]')) <> 'array' THEN
		RAISE EXCEPTION '% must be a list, not %', place, document -> key
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN QUERY SELECT a.value, a.ordinality::int
	FROM jsonb_array_elements(document -> key) WITH ORDINALITY AS a;
END;
$$;
COMMENT ON FUNCTION _tiering.document_list(jsonb, text, text) IS
'The elements of a list in a document, numbered; of one that is not there, none. Anything but a '
'list is an error (22023)';

-- The rules of a tier, those for staying after those for entering
CREATE FUNCTION _tiering.document_rules(tier jsonb, tier_number int)
RETURNS TABLE (element jsonb, number int, stay boolean)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100 ROWS 10
BEGIN ATOMIC
	SELECT r.element, row_number() OVER (ORDER BY r.stay, r.number)::int, r.stay
	FROM (SELECT e.element, e.number, false AS stay
		  FROM _tiering.document_list(tier, 'rules', format('rules of tier %s', tier_number)) e
		  UNION ALL
		  SELECT e.element, e.number, true
		  FROM _tiering.document_list(tier, 'stay_rules',
			format('stay_rules of tier %s', tier_number)) e) r;
END;
COMMENT ON FUNCTION _tiering.document_rules(jsonb, int) IS
'The rules and stay_rules of a tier in a document, numbered on end';

CREATE FUNCTION _tiering.check_document(document jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bare text;
BEGIN
	PERFORM _tiering.check_keys(document, 'the document',
		'{scheme,title,title_zh,description,origin,note,everyone,metrics,scores,tiers,'
		'asset_weights}');
	PERFORM _tiering.check_keys(m.element, format('metric %s', m.number),
		'{metric,kind,is_measure,actionable,unit,title,title_zh,period,period_zh}')
	FROM _tiering.document_list(document, 'metrics', 'metrics') m;
	PERFORM _tiering.check_keys(s.element, format('score %s', s.number),
		'{score,metric,weight,null_points,bands}'),
		(SELECT count(_tiering.check_keys(b.element,
		format('band %s of score %s', b.number, s.number), '{bounds,points}')::text)
		 FROM _tiering.document_list(s.element, 'bands', format('bands of score %s', s.number)) b)
	FROM _tiering.document_list(document, 'scores', 'scores') s;
	-- a service has words under the same key
	PERFORM _tiering.check_keys(CASE jsonb_typeof(t.element) WHEN 'object'
				THEN t.element - 'benefits' ELSE t.element END, format('tier %s', t.number),
			'{tier,rank,base,parent,succeeds,approval,approvers,title,title_zh,rules,stay_rules,'
			'service,benefits,policy}'),
		(SELECT count(_tiering.check_keys(b.element,
			format('benefit %s of tier %s', b.number, t.number),
			'{benefit,title,title_zh,kind,value,unit,unit_cost,inherited}')::text)
		 FROM _tiering.document_list(t.element, 'benefits',
			format('benefits of tier %s', t.number)) b),
		_tiering.check_keys(COALESCE(t.element -> 'service', '{}'),
			format('service of tier %s', t.number),
			'{channel,channel_zh,customers_per_manager,benefits,benefits_zh}'),
		_tiering.check_keys(COALESCE(t.element -> 'policy', '{}'),
			format('policy of tier %s', t.number),
			_tiering.policy_words()),
		(SELECT count(_tiering.check_keys(r.element,
		format('rule %s of tier %s', r.number, t.number), NULL)::text)
		 FROM _tiering.document_rules(t.element, t.number) r)
	FROM _tiering.document_list(document, 'tiers', 'tiers') t;
	SELECT format('rule %s of tier %s', r.number, t.number) INTO bare
	FROM _tiering.document_list(document, 'tiers', 'tiers') t,
		_tiering.document_rules(t.element, t.number) r
	WHERE r.element = '{}' LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% has no conditions', bare
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'The tier that takes everyone has no rules, and "base": true.';
	END IF;
	PERFORM _tiering.check_keys(COALESCE(document -> 'asset_weights', '{}'), 'asset_weights', NULL);
END;
$$;
COMMENT ON FUNCTION _tiering.check_document(jsonb) IS
'Raises an error (22023) unless a document has the shape of a scheme; what is in it the tables '
'check';

CREATE FUNCTION _tiering.import_benefits(document jsonb, scheme text, version int) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO tiering.benefit (scheme, version, tier, benefit, title, title_zh, kind, value, unit,
		unit_cost, inherited)
	SELECT import_benefits.scheme, import_benefits.version, t.tier, b.benefit,
		COALESCE(b.title, ''), COALESCE(b.title_zh, ''), b.kind, b.value, COALESCE(b.unit, ''),
		b.unit_cost, COALESCE(b.inherited, false)
	FROM jsonb_to_recordset(document -> 'tiers') AS t(tier text, benefits jsonb),
		jsonb_to_recordset(t.benefits) AS b(benefit text, title text, title_zh text, kind text,
			value numeric, unit text, unit_cost numeric, inherited boolean)
$$;
COMMENT ON FUNCTION _tiering.import_benefits(jsonb, text, int) IS
'Part of import_definition(): the benefits of all tiers';

-- Fill an empty draft.
CREATE FUNCTION _tiering.import_definition(document jsonb, scheme text, version int) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'postgres'
AS $$
BEGIN
	UPDATE tiering.scheme_version v
	SET everyone = COALESCE((document ->> 'everyone')::boolean, true),
		note = COALESCE(document ->> 'note', '')
	WHERE v.scheme = import_definition.scheme AND v.version = import_definition.version;
	INSERT INTO tiering.metric (scheme, version, metric, kind, is_measure, actionable, unit, title,
		title_zh, period, period_zh)
	SELECT import_definition.scheme, import_definition.version, m.metric,
		COALESCE(m.kind, 'number'), COALESCE(m.is_measure, false), COALESCE(m.actionable, true),
		COALESCE(m.unit, ''), COALESCE(m.title, ''), COALESCE(m.title_zh, ''),
		COALESCE(m.period, ''), COALESCE(m.period_zh, '')
	FROM jsonb_to_recordset(document -> 'metrics')
		AS m(metric text, kind text, is_measure boolean, actionable boolean, unit text, title text,
			title_zh text, period text, period_zh text);
	INSERT INTO tiering.score_weight (scheme, version, score, metric, weight, null_points)
	SELECT import_definition.scheme, import_definition.version, s.score, s.metric, s.weight,
		s.null_points
	FROM jsonb_to_recordset(document -> 'scores') AS s(score text, metric text, weight numeric,
		null_points numeric);
	INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points)
	SELECT import_definition.scheme, import_definition.version, s.score, s.metric, b.bounds,
		b.points
	FROM jsonb_to_recordset(document -> 'scores') AS s(score text, metric text, bands jsonb),
		jsonb_to_recordset(s.bands) AS b(bounds numrange, points numeric);
	INSERT INTO tiering.tier (scheme, version, tier, rank, base, parent, approval, title, title_zh,
		succeeds, approvers)
	SELECT import_definition.scheme, import_definition.version, t.tier, t.rank,
		COALESCE(t.base, false), t.parent, COALESCE(t.approval, false), COALESCE(t.title, ''),
		COALESCE(t.title_zh, ''),	-- in a scheme of its own it has nothing before it
		CASE WHEN import_definition.version > 1 THEN t.succeeds END,
		_tiering.named_roles(t.approvers, format('the approvers of tier "%s"', t.tier))
	FROM jsonb_to_recordset(document -> 'tiers') AS t(tier text, rank int, base boolean,
		parent text, approval boolean, title text, title_zh text, succeeds text, approvers jsonb);
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
	SELECT import_definition.scheme, import_definition.version, t.element ->> 'tier', r.number,
		c.metric, c.bounds::numrange, r.stay
	FROM _tiering.document_list(document, 'tiers', 'tiers') t,
		_tiering.document_rules(t.element, t.number) r,
		jsonb_each_text(r.element) AS c(metric, bounds);
	INSERT INTO tiering.service (scheme, version, tier, channel, channel_zh, customers_per_manager,
		benefits, benefits_zh)
	SELECT import_definition.scheme, import_definition.version, t.tier, COALESCE(s.channel, ''),
		COALESCE(s.channel_zh, ''), s.customers_per_manager, COALESCE(s.benefits, ''),
			COALESCE(s.benefits_zh, '')
	FROM jsonb_to_recordset(document -> 'tiers') AS t(tier text, service jsonb),
		jsonb_to_record(t.service) AS s(channel text, channel_zh text,
			customers_per_manager int4range,
			benefits text, benefits_zh text)
	WHERE t.service IS NOT NULL;
	PERFORM _tiering.import_benefits(document, scheme, version);
	INSERT INTO tiering.policy
	SELECT p.* FROM jsonb_to_recordset(document -> 'tiers') AS t(tier text, policy jsonb),
		jsonb_populate_record(NULL::tiering.policy, _tiering.policy_defaults()
			|| jsonb_strip_nulls(t.policy) || jsonb_build_object('scheme', import_definition.scheme,
			'version', import_definition.version, 'tier', t.tier)) p
	WHERE t.policy IS NOT NULL;
	INSERT INTO tiering.asset_weight (scheme, version, asset_class, weight)
	SELECT import_definition.scheme, import_definition.version, w.key, w.value::numeric
	FROM jsonb_each_text(document -> 'asset_weights') w;
END;
$$;
COMMENT ON FUNCTION _tiering.import_definition(jsonb, text, int) IS
'Part of import_scheme() and import_version(): makes a document the definition of an empty draft';

CREATE FUNCTION tiering.import_scheme(document jsonb, scheme text DEFAULT NULL) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text COLLATE "C" := COALESCE(import_scheme.scheme, document ->> 'scheme');
BEGIN
	PERFORM _tiering.check_document(document);
	PERFORM tiering.new_scheme(name, COALESCE(document ->> 'title', ''),
		COALESCE(document ->> 'title_zh', ''), COALESCE(document ->> 'description', ''),
		COALESCE(document ->> 'origin', ''));
	PERFORM _tiering.import_definition(document, name, 1);
	RETURN 1;
END;
$$;
COMMENT ON FUNCTION tiering.import_scheme(jsonb, text) IS
'Makes a scheme from a document, such as export_scheme() gives, under its own name unless '
'another is given. What its tiers succeed is left aside, as a first version succeeds none. A '
'name that is taken (42710) and a key that is not known (22023) are errors. Leaves a draft, '
'whose number it returns. Example: SELECT '
'tiering.import_scheme(tiering.export_scheme(''retail''), ''retail_2'')';

CREATE FUNCTION tiering.import_version(document jsonb, scheme text DEFAULT NULL) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text COLLATE "C" := COALESCE(import_version.scheme, document ->> 'scheme');
	draft int;
BEGIN
	PERFORM _tiering.check_document(document);
	draft := _tiering.new_draft(name);
	PERFORM _tiering.import_definition(document, name, draft);
	RETURN draft;
END;
$$;
COMMENT ON FUNCTION tiering.import_version(jsonb, text) IS
'Makes the next draft of a scheme that is there from a document, and returns its number. Titles '
'and description of the scheme itself are left as they are. A scheme that is not there (42704) or '
'has a draft already (42710), and a key that is not known (22023), are errors. Example: SELECT '
'tiering.import_version(tiering.export_scheme(''retail'', 1), ''family'')';

-- intervals, which a document has as text, are written and read in one way
CREATE FUNCTION tiering.export_scheme(scheme text, version int DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'postgres'
AS $$
DECLARE
	chosen int := COALESCE(version, tiering.newest_version(scheme));
	document jsonb;
BEGIN
	-- what has its default is left out
	SELECT jsonb_strip_nulls(jsonb_build_object(
		'scheme', s.scheme, 'title', NULLIF(s.title, ''), 'title_zh', NULLIF(s.title_zh, ''),
		'description', NULLIF(s.description, ''), 'origin', NULLIF(s.origin, ''), 'note',
		NULLIF(v.note, ''),
		'everyone', NULLIF(v.everyone, true), 'metrics',
		_tiering.export_metrics(v.scheme, v.version),
		'scores', _tiering.export_scores(v.scheme, v.version), 'tiers',
		_tiering.export_tiers(v.scheme, v.version),
		'asset_weights', (
			SELECT jsonb_object_agg(w.asset_class, w.weight) FROM tiering.asset_weight w
			WHERE w.scheme = v.scheme AND w.version = v.version)))
	INTO document
	FROM tiering.scheme_version v JOIN tiering.scheme s USING (scheme)
	WHERE v.scheme = export_scheme.scheme COLLATE "C" AND v.version = chosen;
	IF NOT FOUND THEN
		PERFORM _tiering.version_row(scheme, chosen);
	END IF;
	RETURN document;
END;
$$;
COMMENT ON FUNCTION tiering.export_scheme(text, int) IS
'All that defines a version of a scheme, as one document. It is the newest version unless one is '
'given. import_scheme() reads it, and jsonb_pretty() prints it. Rules have no numbers in it: '
'those of a tier are numbered from 1 again when it is read. Errors: no such scheme or version '
'(42704), a null scheme (22004). Example: SELECT jsonb_pretty(tiering.export_scheme(''retail''))';

CREATE FUNCTION _tiering.export_metrics(scheme text, version int) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT jsonb_agg(jsonb_build_object('metric', m.metric, 'kind', NULLIF(m.kind, 'number'),
		'is_measure', NULLIF(m.is_measure, false), 'actionable', NULLIF(m.actionable, true),
		'unit', NULLIF(m.unit, ''),
		'title', NULLIF(m.title, ''), 'title_zh', NULLIF(m.title_zh, ''),
		'period', NULLIF(m.period, ''), 'period_zh', NULLIF(m.period_zh, ''))
		ORDER BY NOT m.is_measure, m.metric)
	FROM tiering.metric m
	WHERE m.scheme = export_metrics.scheme AND m.version = export_metrics.version;
END;
COMMENT ON FUNCTION _tiering.export_metrics(text, int) IS 'Part of export_scheme(): the metrics';

CREATE FUNCTION _tiering.export_scores(scheme text, version int) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT jsonb_agg(jsonb_build_object('score', w.score, 'metric', w.metric, 'weight', w.weight,
		'null_points', w.null_points, 'bands', (
			SELECT jsonb_agg(jsonb_build_object('bounds', b.bounds::text, 'points', b.points)
				ORDER BY b.bounds)
			FROM tiering.score_band b
			WHERE (b.scheme, b.version, b.score, b.metric) = (w.scheme, w.version, w.score,
				w.metric)))
		ORDER BY w.score, w.metric)
	FROM tiering.score_weight w
	WHERE w.scheme = export_scores.scheme AND w.version = export_scores.version;
END;
COMMENT ON FUNCTION _tiering.export_scores(text, int) IS 'Part of export_scheme(): the scores';

CREATE FUNCTION _tiering.rule_documents(scheme text, version int, tier text)
RETURNS TABLE (rule int, stay boolean, conditions jsonb)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 5
BEGIN ATOMIC
	SELECT r.rule, r.stay, jsonb_object_agg(r.metric, r.bounds::text)
	FROM tiering.rule r
	WHERE (r.scheme, r.version, r.tier) = (rule_documents.scheme, rule_documents.version,
		rule_documents.tier)
	GROUP BY r.rule, r.stay;
END;
COMMENT ON FUNCTION _tiering.rule_documents(text, int, text) IS
'Part of export_scheme(): the rules of a tier';

CREATE FUNCTION _tiering.export_tiers(scheme text, version int) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT jsonb_agg(jsonb_build_object('tier', t.tier, 'rank', t.rank, 'base',
		NULLIF(t.base, false),
		'parent', t.parent, 'succeeds', t.succeeds, 'approval', NULLIF(t.approval, false),
		'approvers', NULLIF(to_jsonb(_tiering.role_names(t.approvers)), '[]'),
		'title', NULLIF(t.title, ''), 'title_zh', NULLIF(t.title_zh, ''),
		'rules', (
			SELECT jsonb_agg(r.conditions ORDER BY r.rule)
				FROM _tiering.rule_documents(t.scheme, t.version, t.tier) r
			WHERE NOT r.stay),
		'stay_rules', (
			SELECT jsonb_agg(r.conditions ORDER BY r.rule)
				FROM _tiering.rule_documents(t.scheme, t.version, t.tier) r
			WHERE r.stay),
		'service', (
			SELECT jsonb_build_object('channel', NULLIF(s.channel, ''), 'channel_zh',
				NULLIF(s.channel_zh, ''),
				'customers_per_manager', CASE WHEN s.customers_per_manager IS NOT NULL
					THEN format('[%s,%s]', lower(s.customers_per_manager),
						upper(s.customers_per_manager) - 1) END,
				'benefits', NULLIF(s.benefits, ''), 'benefits_zh', NULLIF(s.benefits_zh, ''))
			FROM tiering.service s
			WHERE (s.scheme, s.version, s.tier) = (t.scheme, t.version, t.tier)),
		'benefits', (
			SELECT jsonb_agg(jsonb_build_object('benefit', b.benefit, 'title', NULLIF(b.title, ''),
				'title_zh', NULLIF(b.title_zh, ''), 'kind', b.kind, 'value', b.value,
				'unit', NULLIF(b.unit, ''), 'unit_cost', b.unit_cost,
				'inherited', NULLIF(b.inherited, false)) ORDER BY b.benefit)
			FROM tiering.benefit b
			WHERE (b.scheme, b.version, b.tier) = (t.scheme, t.version, t.tier)),
		'policy', (
			SELECT (SELECT COALESCE(jsonb_object_agg(w.key, w.value), '{}')
					FROM jsonb_each(to_jsonb(p)) w
					WHERE w.key = ANY (_tiering.policy_words()) AND w.value <> d.defaults -> w.key)
			FROM tiering.policy p
			WHERE (p.scheme, p.version, p.tier) = (t.scheme, t.version, t.tier)))
		ORDER BY t.rank, t.tier)
	FROM tiering.tier t, _tiering.policy_defaults() d(defaults)
	WHERE t.scheme = export_tiers.scheme AND t.version = export_tiers.version;
END;
COMMENT ON FUNCTION _tiering.export_tiers(text, int) IS
'Part of export_scheme(): the tiers, lowest first, with their rules, services and benefits';

-- The document leaves out what has its default: so columns that come later change no digest.
-- What the scheme is called is not part of a version, and may be changed. Nor is what a role
-- is called: of approvers it is how many.
CREATE FUNCTION _tiering.definition_digest(scheme text, version int) RETURNS bytea
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT sha256(convert_to((d.document - '{scheme,title,title_zh,description,origin}'::text[]
		|| COALESCE((
			SELECT jsonb_build_object('tiers', jsonb_agg(CASE WHEN t.element ? 'approvers'
				THEN t.element || jsonb_build_object('approvers',
					jsonb_array_length(t.element -> 'approvers'))
				ELSE t.element END ORDER BY t.number))
			FROM jsonb_array_elements(d.document -> 'tiers') WITH ORDINALITY t(element, number)
			HAVING count(*) > 0), '{}'))::text,
		'UTF8'))
	FROM (SELECT tiering.export_scheme(definition_digest.scheme, definition_digest.version)
		OFFSET 0) d(document);
END;
COMMENT ON FUNCTION _tiering.definition_digest(text, int) IS
'SHA-256 over all that defines a version, but for who the approvers of its tiers are. Errors: no '
'such version (42704)';
