-- Schemes as documents: export, import and copies tell the same definition.

-- What other tests can build: presets, boxes, scores, services, weights, and
-- names and titles with all that a document could trip over.
SELECT count(tiering.load_preset(preset, 'd_' || preset)) > 2 AS presets FROM tiering.preset;
SELECT tiering.create_ladder('d_ladder', 'assets', '{low,mid,high}', '{NULL,-10.50,1e27}', 'CNY'),
	tiering.create_ladder('d_floorless', 'x', '{a}', '{0}'),
	tiering.create_matrix('d_matrix', 'value', '{0,1.5}', 'risk', '{5}', '{{a,b},{b,c},{c,d}}',
		'{z,a,b,c,d}'), tiering.new_scheme('d_empty');
CREATE TABLE t.odd (n int PRIMARY KEY, name text);
INSERT INTO t.odd VALUES (1, 'it''s'), (2, 'say "so"'), (3, '{private_from}'), (4, '[1,2)'),
	(5, '金卡客户'), (6, E'back\\slash'), (7, E'tab\tand\nline'), (8, '😀'), (9, '$1 %s %L'),
	(10, ' padded '), (11, 'null'), (12, 'Ünï'), (13, '1e3');
SELECT tiering.new_scheme('d_odd "''{}金', 'a "title"', '标题 {x}',
	E'two\nlines \\ ''quoted''', '$$');
UPDATE tiering.scheme_version SET everyone = false, note = E'a\n"note"'
	WHERE scheme = 'd_odd "''{}金';
INSERT INTO tiering.metric (scheme, version, metric, kind, is_measure, unit, title, title_zh,
	period, period_zh)
SELECT 'd_odd "''{}金', 1, name, (ARRAY['number', 'boolean', 'score'])[1 + n % 3], n = 3,
	name, name,
	name || '中', name || ' in May', '五月' || name FROM t.odd;
INSERT INTO tiering.score_weight (scheme, version, score, metric, weight, null_points)
SELECT 'd_odd "''{}金', 1, s.name, m.name, (s.n - m.n) / 8.0::numeric(9, 4),
	CASE WHEN m.n % 2 = 0 THEN -0.5000 END FROM t.odd s, t.odd m WHERE s.n % 3 = 2 AND m.n % 3 <> 2;
INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points)
SELECT scheme, version, score, metric, b.bounds::numrange, b.points FROM tiering.score_weight,
	(VALUES ('(,0]', 1.50), ('(0,0.00000001)', -3), ('[0.00000001,)', 0)) b(bounds, points)
	WHERE scheme LIKE 'd_odd%';
INSERT INTO tiering.tier (scheme, version, tier, rank, parent, approval, title, title_zh)
SELECT 'd_odd "''{}金', 1, name, n * 10 - 70, (SELECT o.name FROM t.odd o WHERE o.n = x.n - 4),
	n % 2 = 0, name, name FROM t.odd x;
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
SELECT 'd_odd "''{}金', 1, x.name, r, m.name,
	CASE WHEN m.n % 3 = 1 THEN '[1,1]' ELSE format('%s%s,'
	'%s]', CASE WHEN r = 2 THEN '(' ELSE '[' END, x.n, 50 + r) END::numrange FROM t.odd x, t.odd m,
	generate_series(1, 3) r WHERE (x.n + m.n + r) % 4 = 0;
INSERT INTO tiering.service (scheme, version, tier, channel, channel_zh, customers_per_manager,
	benefits, benefits_zh)
SELECT 'd_odd "''{}金', 1, name, CASE WHEN n % 2 = 0 THEN name ELSE '' END, '',
	(ARRAY['[30,200]', '[1,1]', NULL, '(4,2147483646]'])[1 + n % 4]::int4range, name, '' FROM t.odd
	WHERE n % 5 > 0;
INSERT INTO tiering.asset_weight (scheme, version, asset_class, weight) SELECT 'd_odd "''{}金', 1,
	name, (n - 5) * 1.30 / 10 FROM t.odd;
CREATE FUNCTION t.random_definition(name text, metrics int, seed bigint) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	SELECT tiering.new_scheme(name);
	INSERT INTO tiering.metric (scheme, version, metric) SELECT name, 1, 'm' || i
		FROM generate_series(1, metrics) i;
	INSERT INTO tiering.tier (scheme, version, tier, rank, base) SELECT name, 1, 't' || i, i, i = 0
		FROM generate_series(0, 5) i;
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	SELECT name, 1, 't' || tier, row_number() OVER (PARTITION BY tier, metric ORDER BY rule), 'm'
		|| metric, bounds FROM generate_series(1, 5) tier, generate_series(1, 3) rule,
		generate_series(1, metrics) metric,
		LATERAL (SELECT seed * 1000 + tier * 100 + rule * 10 + metric AS s) s,
			LATERAL (SELECT floor(t.random(s) * 40 - 20) / 4 AS a,
			floor(t.random(s + 500000) * 40) / 8 AS width) b,
		LATERAL (SELECT numrange(CASE WHEN t.random(s + 1) < 0.15 THEN NULL ELSE a END,
			CASE WHEN t.random(s + 2) < 0.15 THEN NULL ELSE a + width END,
			CASE WHEN t.random(s + 3) < 0.5 THEN '[' ELSE '(' END || CASE WHEN t.random(s + 4) < 0.5
				THEN ']' ELSE ')' END) AS bounds) r
	WHERE NOT isempty(bounds) AND t.random(s + 5) < 0.7;
END;
SELECT count(t.random_definition('d_random' || i, 1 + i % 4, i)) FROM generate_series(1, 8) i;

-- each exported, imported and exported again is the same, to the letter; so is a
-- copy, a new version, and a version that was imported
CREATE FUNCTION t.round_trip(name text)
	RETURNS TABLE (imported boolean, from_text boolean, copied boolean, versioned boolean,
	version_imported boolean, same_rows boolean) LANGUAGE plpgsql AS $$
DECLARE
	document jsonb := tiering.export_scheme(name);
	bare jsonb := document - 'scheme' - 'note';
BEGIN
	PERFORM tiering.import_scheme(document, 'again');
	PERFORM tiering.import_scheme(jsonb_pretty(tiering.export_scheme('again'))::jsonb, 'and again');
	PERFORM tiering.copy_scheme(name, 'copy');
	imported := tiering.export_scheme('again') = document || '{"scheme": "again"}';
	from_text := tiering.export_scheme('and again')::text = (document
		|| '{"scheme": "and again"}')::text;
	copied := tiering.export_scheme('copy') - 'scheme' = bare;
	same_rows := NOT EXISTS (SELECT to_jsonb(r) - 'scheme' FROM tiering.rule r WHERE scheme = name
		EXCEPT SELECT to_jsonb(r) - 'scheme' FROM tiering.rule r WHERE scheme = 'copy')
		AND tiering.definition_rows(name, 1) = tiering.definition_rows('copy', 1)
			AND tiering.definition_rows(name, 1) = tiering.definition_rows('again', 1);
	-- another version of a scheme that has one already
	INSERT INTO tiering.scheme VALUES ('host');
	INSERT INTO tiering.scheme_version (scheme, version, status, effective, published_at,
		published_by, definition_rows)
		VALUES ('host', 1, 'retired', '[2020-01-01,2021-01-01)', now(), 'me', 0);
	PERFORM tiering.import_version(document, 'host');
	version_imported := tiering.export_scheme('host',
		2) - 'scheme' - 'note' = bare - 'title' - 'title_zh' - 'description' - 'origin';
	DELETE FROM tiering.scheme_version WHERE scheme = 'host' AND version = 2;
	PERFORM _tiering.copy_version(name, 1, 'host', _tiering.new_draft('host'));
	versioned := tiering.export_scheme('host') - 'scheme' = bare - 'title' - 'title_zh' -
		'description' - 'origin';
	RETURN NEXT;
	RAISE EXCEPTION USING ERRCODE = 'T0000',
		MESSAGE = to_jsonb((imported, from_text, copied, versioned, version_imported,
		same_rows))::text;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
END;
$$;
SELECT count(*) > 15 AS many, bool_and(imported) AS imported, bool_and(from_text) AS from_text,
	bool_and(copied) AS copied, bool_and(versioned) AS versioned,
	bool_and(version_imported) AS version_imported, bool_and(same_rows) AS same_rows
FROM tiering.scheme, t.round_trip(scheme) WHERE scheme LIKE 'd\_%';
SELECT scheme, r.* FROM tiering.scheme, t.round_trip(scheme) r WHERE scheme LIKE 'd\_%'
	AND (imported AND from_text AND copied AND versioned AND version_imported AND same_rows)
	IS NOT TRUE;
-- as a person reads it
SELECT jsonb_pretty(tiering.export_scheme('d_floorless')),
	jsonb_pretty(tiering.export_scheme('d_empty'));

-- a version of many, and new_version() of a published one
SELECT tiering.publish('d_ladder', '2024-01-01'), tiering.new_version('d_ladder', 'second');
SELECT tiering.export_scheme('d_ladder', 1) = tiering.export_scheme('d_ladder', 2) - 'note' AS same,
	tiering.export_scheme('d_ladder') = tiering.export_scheme('d_ladder', 2) AS newest;
UPDATE tiering.rule SET bounds = '[0,)' WHERE scheme = 'd_ladder' AND version = 2 AND tier = 'mid';
SELECT tiering.publish('d_ladder', '2024-07-01'),
	tiering.import_version(tiering.export_scheme('d_ladder', 1));
SELECT tiering.export_scheme('d_ladder', 3) = tiering.export_scheme('d_ladder', 1) AS as_first,
	tiering.export_scheme('d_ladder', 3) - 'note' <> tiering.export_scheme('d_ladder',
	2) - 'note' AS not_second;
SELECT t.fails($$SELECT tiering.import_version(tiering.export_scheme('d_ladder', 1))$$),
	t.fails($$SELECT tiering.import_version(tiering.export_scheme('d_ladder', 1), 'nothing')$$),
	t.fails($$SELECT tiering.import_scheme(tiering.export_scheme('d_ladder', 1))$$),
		t.fails($$SELECT tiering.export_scheme('nothing')$$),
		t.fails($$SELECT tiering.export_scheme('d_ladder', 9)$$),
		t.fails($$SELECT tiering.export_scheme(NULL)$$);

-- What is not a document, with nothing left behind
CREATE FUNCTION t.undone(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text := t.fails(query);
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = told;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	RETURN told;
END;
$$;
CREATE TABLE t.before_import AS SELECT (SELECT count(*) FROM tiering.scheme) AS schemes,
	(SELECT count(*) FROM tiering.scheme_version) AS versions;
SELECT concat_ws(E'\n', COALESCE(d, 'NULL'),
	t.undone(format('SELECT tiering.import_scheme(%L::jsonb)', d))) AS fails
	FROM unnest(ARRAY[NULL, 'null', '[]', '"x"', '{}', '{"scheme": ""}', '{"scheme": null}',
	'{"scheme": "e", "tier": []}', '{"scheme": "e", "metrics": {}}',
	'{"scheme": "e", "metrics": [5]}', '{"scheme": "e", "metrics": [{}]}',
	'{"scheme": "e", "metrics": [{"metric": "x", "type": "number"}]}', '{"scheme": "e", "metrics": '
	'[{"metric": "x", "kind": "float"}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}, {"metric": "x"}]}',
	'{"scheme": "e", "metrics": [{"metric": "x", "is_measure": "perhaps"}]}',
	'{"scheme": "e", "metrics": [{"metric": "x", "is_measure": true}, {"metric": "y", '
	'"is_measure": true}]}', '{"scheme": "e", "everyone": 2}',
	'{"scheme": "e", "metrics": [{"metric": {"a": 1}}], "tiers": 7}',
	'{"scheme": "e", "tiers": [{"tier": "a"}]}', '{"scheme": "e", "tiers": [{"tier": "a", "rank": '
	'1.5}]}', '{"scheme": "e", "tiers": [{"tier": "a", "rank": 1}, {"tier": "a", "rank": 2}]}',
	'{"scheme": "e", "tiers": [{"tier": "a", "rank": 1, "rules": {"x": "[1,)"}}]}',
	'{"scheme": "e", "tiers": [{"tier": "a", "rank": 1, "rules": [[]]}]}', '{"scheme": "e", '
	'"tiers": [{"tier": "a", "rank": 1, "rules": [{"x": "[1,)"}]}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}], "tiers": [{"tier": "a", "rank": 1, "rules": '
	'[{"x": 5}]}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}], "tiers": [{"tier": "a", "rank": 1, "rules": '
	'[{"x": "5,7"}]}]}', '{"scheme": "e", "metrics": [{"metric": "x"}], "tiers": [{"tier": "a", '
	'"rank": 1, "rules": [{"x": "[7,5]"}]}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}], "tiers": [{"tier": "a", "rank": 1, "rules": '
	'[{"x": "empty"}]}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}], "tiers": [{"tier": "a", "rank": 1, "rules": '
	'[{"x": null}]}]}', '{"scheme": "e", "metrics": [{"metric": "x"}], "tiers": [{"tier": "a", '
	'"rank": 1, "rules": [{"x": "[NaN,)"}]}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}], "tiers": [{"tier": "a", "rank": 1, "rules": '
	'[{}]}]}',
	'{"scheme": "e", "tiers": [{"tier": "a", "rank": 1, "service": []}]}', '{"scheme": "e", '
	'"tiers": [{"tier": "a", "rank": 1, "service": {"manager": 5}}]}', '{"scheme": "e", "tiers": '
	'[{"tier": "a", "rank": 1, "service": {"customers_per_manager": "[0,5]"}}]}',
	'{"scheme": "e", "tiers": [{"tier": "a", "rank": 1, "service": {"customers_per_manager": '
	'"[5,)"}}]}',
	'{"scheme": "e", "tiers": [{"tier": "a", "rank": 1, "service": {"customers_per_manager": '
	'"(,5]"}}]}', '{"scheme": "e", "tiers": [{"tier": "a", "rank": 1, "service": '
	'{"customers_per_manager": "empty"}}]}',
	'{"scheme": "e", "tiers": [{"tier": "a", "rank": 1, "service": {"customers_per_manager": 5}}]}',
	'{"scheme": "e", "scores": [{"score": "s"}]}', '{"scheme": "e", "scores": [{"score": "s", '
	'"metric": "x", "weight": 1, "points": []}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}, {"metric": "s", "kind": "score"}], "scores": '
	'[{"score": "s", "metric": "x"}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}, {"metric": "s", "kind": "score"}], "scores": '
	'[{"score": "s", "metric": "x", "weight": 1, "bands": {}}]}', '{"scheme": "e", "metrics": '
	'[{"metric": "x"}, {"metric": "s", "kind": "score"}], "scores": [{"score": "s", "metric": "x", '
	'"weight": 1, "bands": [{"bounds": "(,)"}]}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}, {"metric": "s", "kind": "score"}], "scores": '
	'[{"score": "s", "metric": "x", "weight": 1, "bands": [{"bounds": "(,)", "points": 1}, '
	'{"bounds": "(,)", "points": 2}]}]}',
	'{"scheme": "e", "metrics": [{"metric": "x"}, {"metric": "s", "kind": "score"}], "scores": '
	'[{"score": "s", "metric": "x", "weight": 0.12345}]}',
	'{"scheme": "e", "asset_weights": []}', '{"scheme": "e", "asset_weights": {"loan": "half"}}',
	'{"scheme": "e", "asset_weights": {"loan": null}}', '{"scheme": "e", "asset_weights": {"": 1}}',
	'{"scheme": "e", "asset_weights": {"loan": "NaN"}}',
	'{"scheme": "e", "metrics": null}', '{"scheme": "e", "tiers": [null]}', '{"scheme": "e", '
	'"tiers": [{"tier": "a", "rank": 1, "service": null}]}', '{"scheme": {"a": 1}}', '{"scheme": '
	'"e", "title": ["x"]}', '{"scheme": "e", "tiers": [{"tier": "a", "rank": 1, "rules": ["x"]}]}',
	'{"scheme": "e", "asset_weights": 5}', '{"scheme": "e", "asset_weights": {"loan": [1]}}',
	'{"scheme": "e", "parameters": {}}']) d;
SELECT b.schemes = (SELECT count(*) FROM tiering.scheme) AS none_left,
	b.versions = (SELECT count(*) FROM tiering.scheme_version) AS nor_version
	FROM t.before_import b;
