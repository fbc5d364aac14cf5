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
	newest int := max(v.version) FROM tiering.scheme_version v
		WHERE v.scheme = newest_version.scheme COLLATE "C";
BEGIN
	IF newest IS NULL THEN
		PERFORM _tiering.check_given(scheme, 'scheme');
		IF EXISTS (SELECT FROM tiering.scheme s
				   WHERE s.scheme = newest_version.scheme COLLATE "C") THEN
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
'The highest version number of a scheme, a draft''s included. Errors: unknown scheme (42704), null '
'(22004). Example: SELECT tiering.newest_version(''retail'') gives 2';

CREATE FUNCTION _tiering.version_row(scheme text, version int) RETURNS tiering.scheme_version
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v tiering.scheme_version;
BEGIN
	SELECT * INTO v FROM tiering.scheme_version x
	WHERE x.scheme = version_row.scheme COLLATE "C" AND x.version = version_row.version;
	IF NOT FOUND THEN
		PERFORM tiering.newest_version(scheme), _tiering.check_given(version, 'version');
		RAISE EXCEPTION 'scheme "%" has no version %', scheme, version
			USING ERRCODE = 'undefined_object',
			HINT = format('Those that it has are in tiering.scheme_version; '
				'tiering.new_version(%L) makes a draft.', scheme);
	END IF;
	RETURN v;
END;
$$;
COMMENT ON FUNCTION _tiering.version_row(text, int) IS
'A version of a scheme. Errors: there is none (42704), null (22004)';

CREATE FUNCTION tiering.new_scheme(scheme text, title text DEFAULT '', title_zh text DEFAULT '',
	description text DEFAULT '', origin text DEFAULT '') RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF COALESCE(scheme, '') = '' THEN
		RAISE EXCEPTION 'a scheme needs a name' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM _tiering.check_given(title, 'title'), _tiering.check_given(title_zh, 'title_zh'),
		_tiering.check_given(description, 'description'), _tiering.check_given(origin, 'origin');
	INSERT INTO tiering.scheme (scheme, title, title_zh, description, origin)
	VALUES (new_scheme.scheme, new_scheme.title, new_scheme.title_zh, new_scheme.description,
			new_scheme.origin)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'scheme "%" already exists', scheme
			USING ERRCODE = 'duplicate_object',
			HINT = format('Choose another name, or make a new edition with '
				'tiering.new_version(%L).', scheme);
	END IF;
	INSERT INTO tiering.scheme_version (scheme, version) VALUES (new_scheme.scheme, 1);
	RETURN 1;
END;
$$;
COMMENT ON FUNCTION tiering.new_scheme(text, text, text, text, text) IS
'Makes a scheme with an empty draft, version 1. Errors: a name that is taken (42710), null or no '
'name (22004). Example: SELECT tiering.new_scheme(''cards'', ''Cards'', ''银行卡'')';

CREATE FUNCTION _tiering.check_metric_name(metric text, argument text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_given(metric, argument);
	IF metric = '' THEN
		RAISE EXCEPTION '% must be the name of a metric, not ""', argument
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_metric_name(text, text) IS
'Part of create_ladder() and create_matrix(): refuses a metric that is null (22004) or has no name '
'(22023)';

CREATE FUNCTION _tiering.check_finite(what text, bounds numeric[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF bounds && '{NaN,Infinity,-Infinity}' THEN
		RAISE EXCEPTION 'bounds of % must be finite numbers, not %', what, bounds
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_finite(text, numeric[]) IS
'Part of create_ladder() and create_matrix(): refuses bounds that are NaN or infinite (22023)';

CREATE FUNCTION tiering.create_ladder(scheme text, metric text, tiers text[],
	lower_bounds numeric[],
	unit text DEFAULT '') RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	steps int := cardinality(tiers);
BEGIN
	PERFORM _tiering.check_metric_name(metric, 'metric'), _tiering.check_given(tiers, 'tiers'),
		_tiering.check_given(lower_bounds, 'lower_bounds'), _tiering.check_given(unit, 'unit'),
		_tiering.check_finite('the ladder', lower_bounds);
	IF steps = 0 OR steps <> cardinality(lower_bounds) THEN
		RAISE EXCEPTION 'a ladder needs as many lower bounds as tiers, not % for %',
			cardinality(lower_bounds), steps
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
	WHERE v.scheme = create_ladder.scheme COLLATE "C" AND v.version = 1;
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
'Makes a scheme with one metric, its measure, and a tier from each lower bound up. Tiers are named '
'from the lowest up. The first bound is NULL for everyone else, otherwise customers below it get '
'no tier. Errors: bounds that do not rise, or are NaN or infinite, a tier without a name or there '
'twice, a metric without a name (22023), another number of bounds than of tiers (2202E), a null '
'(22004), a name that is taken (42710). Leaves a draft, whose number it returns. Example: SELECT '
'tiering.create_ladder(''deposits'', ''daily_avg_balance'', ''{mass,gold,platinum}'', '
'''{NULL,50000,200000}'', ''CNY'')';

CREATE FUNCTION _tiering.copy_version(from_scheme text, from_version int, to_scheme text,
	to_version int)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE tiering.scheme_version t SET everyone = f.everyone
	FROM tiering.scheme_version f
	WHERE t.scheme = to_scheme AND t.version = to_version
		AND f.scheme = from_scheme AND f.version = from_version;
	INSERT INTO tiering.metric (scheme, version, metric, kind, is_measure, actionable, unit, title,
		title_zh, period, period_zh)
	SELECT to_scheme, to_version, m.metric, m.kind, m.is_measure, m.actionable, m.unit, m.title,
		m.title_zh, m.period, m.period_zh
	FROM tiering.metric m WHERE m.scheme = from_scheme AND m.version = from_version;
	INSERT INTO tiering.score_weight (scheme, version, score, metric, weight, null_points)
	SELECT to_scheme, to_version, w.score, w.metric, w.weight, w.null_points
	FROM tiering.score_weight w WHERE w.scheme = from_scheme AND w.version = from_version;
	INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points)
	SELECT to_scheme, to_version, b.score, b.metric, b.bounds, b.points
	FROM tiering.score_band b WHERE b.scheme = from_scheme AND b.version = from_version;
	INSERT INTO tiering.tier (scheme, version, tier, rank, base, parent, approval, title, title_zh,
		approvers)
	SELECT to_scheme, to_version, t.tier, t.rank, t.base, t.parent, t.approval, t.title,
		t.title_zh, t.approvers
	FROM tiering.tier t WHERE t.scheme = from_scheme AND t.version = from_version;
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
	SELECT to_scheme, to_version, r.tier, r.rule, r.metric, r.bounds, r.stay
	FROM tiering.rule r WHERE r.scheme = from_scheme AND r.version = from_version;
	INSERT INTO tiering.service (scheme, version, tier, channel, channel_zh, customers_per_manager,
		benefits, benefits_zh)
	SELECT to_scheme, to_version, s.tier, s.channel, s.channel_zh, s.customers_per_manager,
		s.benefits, s.benefits_zh
	FROM tiering.service s WHERE s.scheme = from_scheme AND s.version = from_version;
	INSERT INTO tiering.benefit (scheme, version, tier, benefit, title, title_zh, kind, value, unit,
		unit_cost, inherited)
	SELECT to_scheme, to_version, b.tier, b.benefit, b.title, b.title_zh, b.kind, b.value, b.unit,
		b.unit_cost, b.inherited
	FROM tiering.benefit b WHERE b.scheme = from_scheme AND b.version = from_version;
	INSERT INTO tiering.policy
	SELECT n.* FROM tiering.policy p,
		jsonb_populate_record(p, jsonb_build_object('scheme', to_scheme, 'version', to_version)) n
	WHERE p.scheme = from_scheme AND p.version = from_version;
	INSERT INTO tiering.asset_weight (scheme, version, asset_class, weight)
	SELECT to_scheme, to_version, w.asset_class, w.weight
	FROM tiering.asset_weight w WHERE w.scheme = from_scheme AND w.version = from_version;
END;
$$;
COMMENT ON FUNCTION _tiering.copy_version(text, int, text, int) IS
'Copies all that defines one version into another, an empty draft. What its tiers succeed is not '
'copied: they go on under the same names';

CREATE FUNCTION _tiering.new_draft(scheme text, note text DEFAULT '') RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	newest int := tiering.newest_version(scheme);
BEGIN
	PERFORM _tiering.check_given(note, 'note');
	-- another session may be making one as well
	INSERT INTO tiering.scheme_version (scheme, version, note)
	VALUES (new_draft.scheme, newest + 1, new_draft.note)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'scheme "%" already has a draft', scheme
			USING ERRCODE = 'duplicate_object',
			HINT = 'Change that one, or delete it from tiering.scheme_version.';
	END IF;
	RETURN newest + 1;
END;
$$;
COMMENT ON FUNCTION _tiering.new_draft(text, text) IS
'Makes an empty draft of a scheme, whose number it returns. Errors: there is a draft (42710), '
'unknown scheme (42704), null (22004)';

CREATE FUNCTION tiering.new_version(scheme text, note text DEFAULT '') RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draft int := _tiering.new_draft(scheme, note);
BEGIN
	PERFORM _tiering.copy_version(scheme COLLATE "C", draft - 1, scheme, draft);
	RETURN draft;
END;
$$;
COMMENT ON FUNCTION tiering.new_version(text, text) IS
'Copies the newest version of a scheme into a draft, whose number it returns. Errors: there is a '
'draft (42710), unknown scheme (42704), null (22004). Example: SELECT '
'tiering.new_version(''family'', ''gold from 40,000 on'')';

CREATE FUNCTION tiering.copy_scheme("from" text, "to" text) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	newest int := tiering.newest_version("from");
BEGIN
	PERFORM tiering.new_scheme("to", s.title, s.title_zh, s.description, s.origin)
	FROM tiering.scheme s WHERE s.scheme = "from" COLLATE "C";
	PERFORM _tiering.copy_version("from" COLLATE "C", newest, "to", 1);
	RETURN 1;
END;
$$;
COMMENT ON FUNCTION tiering.copy_scheme(text, text) IS
'Copies the newest version of a scheme, a draft''s included, under a new name. Leaves a draft, '
'whose number it returns. Example: SELECT tiering.copy_scheme(''retail'', ''retail_trial'')';

-- The interval of a cell: the i-th of those into which the bounds cut a metric
CREATE FUNCTION _tiering.cell_bounds(bounds numeric[], i int) RETURNS numrange
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN numrange(CASE WHEN i > 1 THEN bounds[i - 1] END, bounds[i]);
COMMENT ON FUNCTION _tiering.cell_bounds(numeric[], int) IS
'The i-th of the intervals into which rising bounds cut the numbers: below the first bound, from '
'each bound up to the next, and from the last one on';

CREATE FUNCTION _tiering.check_rising(what text, bounds numeric[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_finite(what, bounds);
	FOR i IN 1 .. cardinality(bounds) LOOP
		IF bounds[i] IS NULL OR (i > 1 AND bounds[i] <= bounds[i - 1]) THEN
			RAISE EXCEPTION 'bounds of % must rise, which % do not', what, bounds
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION _tiering.check_rising(text, numeric[]) IS
'Raises an error (22023) unless bounds are finite, and each is above the one before it';

CREATE FUNCTION _tiering.check_matrix(row_metric text, row_bounds numeric[], column_metric text,
	column_bounds numeric[], grid text[], tiers text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stray text;
BEGIN
	PERFORM _tiering.check_rising('the rows', row_bounds);
	PERFORM _tiering.check_rising('the columns', column_bounds);
	IF array_ndims(grid) IS DISTINCT FROM 2
		OR array_length(grid, 1) IS DISTINCT FROM cardinality(row_bounds) + 1
		OR array_length(grid, 2) IS DISTINCT FROM cardinality(column_bounds) + 1
	THEN
		RAISE EXCEPTION 'a grid for % bounds of rows and % of columns must have one row and column '
			'more than these, not %',
			cardinality(row_bounds), cardinality(column_bounds),
				COALESCE(array_dims(grid), 'no cells')
			USING ERRCODE = 'array_subscript_error',
			HINT = 'Two bounds cut a metric into three: below the first, between, and from the '
				'second on.';
	END IF;
	IF (SELECT count(DISTINCT tier) FROM unnest(tiers) AS tier WHERE tier <> '')
		IS DISTINCT FROM cardinality(tiers) THEN
		RAISE EXCEPTION 'each tier of a matrix needs a name of its own, not %', tiers
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT COALESCE(cell, 'NULL') INTO stray
	FROM unnest(grid) AS cell WHERE (cell = ANY (tiers)) IS NOT TRUE LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'cell % of the grid is not one of the tiers %', stray, tiers
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'List the tiers of the grid, the lowest first.';
	END IF;
	IF row_metric = column_metric THEN
		RAISE EXCEPTION 'rows and columns of a matrix must be of different metrics, not both of '
			'"%"', row_metric
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT tier INTO stray FROM unnest(tiers) WITH ORDINALITY AS t(tier, rank) WHERE rank > 1
		AND tier <> ALL (grid) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'tier "%" is in no cell of the grid', stray
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Only the first of the list may be: it takes those of whom a metric is unknown.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_matrix(text, numeric[], text, numeric[], text[], text[]) IS
'Part of create_matrix(): raises an error unless bounds, grid and tiers make a matrix of two '
'metrics';

CREATE FUNCTION tiering.create_matrix(scheme text, row_metric text, row_bounds numeric[],
	column_metric text, column_bounds numeric[], grid text[], tiers text[]) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_metric_name(row_metric, 'row_metric'),
		_tiering.check_metric_name(column_metric, 'column_metric'),
		_tiering.check_given(grid, 'grid'), _tiering.check_given(tiers, 'tiers');
	-- an array may begin at any number
	row_bounds := ARRAY(SELECT unnest(row_bounds));
	column_bounds := ARRAY(SELECT unnest(column_bounds));
	PERFORM _tiering.check_matrix(row_metric, row_bounds, column_metric, column_bounds, grid,
		tiers);
	PERFORM tiering.new_scheme(scheme);
	INSERT INTO tiering.metric (scheme, version, metric)
	VALUES (create_matrix.scheme, 1, row_metric), (create_matrix.scheme, 1, column_metric);
	INSERT INTO tiering.tier (scheme, version, tier, rank, base)
	SELECT create_matrix.scheme, 1, t.tier, t.rank, t.tier <> ALL (grid)
	FROM unnest(tiers) WITH ORDINALITY AS t(tier, rank);
	UPDATE tiering.scheme_version v SET everyone = EXISTS (
		SELECT FROM tiering.tier t WHERE t.scheme = v.scheme AND t.version = v.version AND t.base)
	WHERE v.scheme = create_matrix.scheme COLLATE "C" AND v.version = 1;
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	SELECT create_matrix.scheme, 1, cell.tier, cell.rule, side.metric, side.bounds
	FROM (SELECT grid[y][x] AS tier, x - array_lower(grid, 2) + 1 AS x,
		y - array_lower(grid, 1) + 1 AS y,
			row_number() OVER (PARTITION BY grid[y][x] ORDER BY y, x) AS rule
		  FROM generate_subscripts(grid, 1) AS y, generate_subscripts(grid, 2) AS x) AS cell,
		LATERAL (VALUES (row_metric, _tiering.cell_bounds(row_bounds, cell.y)),
			(column_metric, _tiering.cell_bounds(column_bounds, cell.x))) AS side(metric, bounds);
	RETURN 1;
END;
$$;
COMMENT ON FUNCTION tiering.create_matrix(text, text, numeric[], text, numeric[], text[], text[]) IS
'Makes a scheme of a grid of two metrics. Bounds cut each of them, n of them into n + 1 '
'intervals, and grid[row][column] names the tier of each cell, from the lowest row and column on. '
'tiers lists them, the lowest first; the first may be in no cell, and is the base then, for those '
'of whom a metric is unknown, who get no tier otherwise. Errors: bounds that do not rise, or are '
'NaN or infinite, a tier of the grid that is not in the list, a metric without a name (22023), a '
'grid of another size (2202E), a null (22004), a name that is taken (42710). Leaves a draft, whose '
'number it returns. Example: SELECT tiering.create_matrix(''value'', ''assets'', '
'''{50000}'', ''products'', ''{3}'', ''{{mass,silver},{silver,gold}}'', ''{mass,silver,gold}'')';
