/*
 * Presets: systems that banks use, as documents. They come with the extension
 * and are not dumped; what is loaded from them is an ordinary scheme. Each is a
 * file in sql/presets, which the Makefile has add_preset() take in.
 */

CREATE FUNCTION _tiering.without_nulls(document jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	WITH asked AS (
		SELECT c.key AS metric, c.value = 'null' AS left_out
		FROM jsonb_path_query(without_nulls.document, '$.tiers[*].rules[*]') r
			CROSS JOIN LATERAL jsonb_each(r) c
		UNION ALL
		SELECT c.key, false
		FROM jsonb_path_query(without_nulls.document, '$.tiers[*].stay_rules[*]') r
			CROSS JOIN LATERAL jsonb_each(r) c
		UNION ALL
		SELECT s ->> 'metric', false
		FROM jsonb_path_query(without_nulls.document, '$.scores[*]') s
	), kept AS (
		SELECT jsonb_agg(m.metric ORDER BY m.ordinality) AS metrics
		FROM jsonb_array_elements(without_nulls.document -> 'metrics') WITH ORDINALITY m(metric)
		WHERE (SELECT bool_and(a.left_out) FROM asked a WHERE a.metric = m.metric ->> 'metric')
			IS NOT TRUE
	)
	SELECT jsonb_strip_nulls(without_nulls.document
		|| jsonb_build_object('metrics', k.metrics)) FROM kept k;
END;
COMMENT ON FUNCTION _tiering.without_nulls(jsonb) IS
'Part of load_preset(): a document without the conditions that are null, and without the metrics '
'that no other condition looks at';

CREATE FUNCTION tiering.load_preset(preset text, scheme text DEFAULT NULL,
	parameters jsonb DEFAULT '{}')
RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p tiering.preset;
	parameter record;
	content text;
BEGIN
	PERFORM _tiering.check_given(preset, 'preset');
	SELECT * INTO p FROM tiering.preset pr WHERE pr.preset = load_preset.preset COLLATE "C";
	IF NOT FOUND THEN
		RAISE EXCEPTION 'preset "%" does not exist', preset
			USING ERRCODE = 'undefined_object',
			HINT = 'SELECT preset FROM tiering.preset lists the presets.';
	END IF;
	IF jsonb_typeof(load_preset.parameters) <> 'object' THEN
		RAISE EXCEPTION 'the parameters of preset "%" must be an object, not %', preset,
				load_preset.parameters
			USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Its parameters and their defaults are %s.', p.parameters);
	END IF;
	content := p.document;
	FOR parameter IN
		SELECT key, p.parameters -> key AS default_value, value
		FROM jsonb_each(p.parameters || COALESCE(load_preset.parameters, '{}'))
	LOOP
		IF parameter.default_value IS NULL THEN
			RAISE EXCEPTION 'preset "%" has no parameter "%"', preset, parameter.key
				USING ERRCODE = 'invalid_parameter_value',
				HINT = format('Its parameters and their defaults are %s.', p.parameters);
		END IF;
		IF jsonb_typeof(parameter.value) <> 'number' THEN
			RAISE EXCEPTION 'parameter "%" of preset "%" must be a number, not %',
				parameter.key, preset, parameter.value
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		IF parameter.value::numeric = 0 THEN
			content := regexp_replace(content, '"[^"]*\{' || parameter.key || '\?\}[^"]*"', 'null',
				'g');
		END IF;
		content := regexp_replace(content, '\{' || parameter.key || '\??\}', parameter.value::text,
			'g');
	END LOOP;
	RETURN tiering.import_scheme(_tiering.without_nulls(content::jsonb),
		COALESCE(load_preset.scheme, load_preset.preset));
END;
$$;
COMMENT ON FUNCTION tiering.load_preset(text, text, jsonb) IS
'Makes a scheme of a preset, under the preset''s own name unless another is given. Leaves a draft, '
'whose number it returns. Errors: unknown preset (42704), null (22004), parameters that are no '
'object, an unknown one or one that is no number (22023), a name that is taken (42710). Example: '
'SELECT tiering.load_preset(''cib'', ''our_cib'')';

-- For what follows only: dropped when the files are in, as a preset of the bank's own
-- would not be in a dump. What it keeps as a document goes to import_scheme().
CREATE FUNCTION _tiering.add_preset(preset text, document jsonb) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100
BEGIN ATOMIC
	INSERT INTO tiering.preset (preset, parameters, document)
	VALUES (add_preset.preset, COALESCE(document -> 'parameters', '{}'), document - 'parameters');
END;
COMMENT ON FUNCTION _tiering.add_preset(text, jsonb) IS
'Adds a preset: a document as import_scheme() reads it, beside its "parameters" with their '
'defaults';
