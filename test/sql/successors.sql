-- What becomes of a tier in later versions: renamed, split, ended, in the order of days.
CREATE VIEW t.become AS
SELECT v.version AS to_version, s.from_version, string_agg(
	s.tier || '>' || COALESCE(s.becomes, '-'), ' ' ORDER BY s.tier) AS tiers
FROM tiering.scheme_version v, _tiering.succeeded(v.scheme, v.version) s
WHERE v.scheme = 'line' GROUP BY v.version, s.from_version;
CREATE FUNCTION t.step(from_tier text, to_tier text, new_succeeds text) RETURNS void
LANGUAGE sql BEGIN ATOMIC
	-- of the draft: a tier under another name, with its rules
	INSERT INTO tiering.tier (scheme, version, tier, rank, base, succeeds)
	SELECT t.scheme, t.version, to_tier, t.rank, t.base, new_succeeds FROM tiering.tier t
	WHERE t.scheme = 'line' AND t.tier = from_tier AND t.version = tiering.newest_version('line');
	UPDATE tiering.rule SET tier = to_tier
	WHERE scheme = 'line' AND tier = from_tier AND version = tiering.newest_version('line');
	DELETE FROM tiering.tier
	WHERE scheme = 'line' AND tier = from_tier AND version = tiering.newest_version('line');
END;

SELECT tiering.create_ladder('line', 'x', '{low,mid,high}', '{NULL,10,20}');
SELECT * FROM t.become;
SELECT _tiering.version_before('line', 1) IS NULL AS none_before;
-- a first version succeeds none
UPDATE tiering.tier SET succeeds = 'low' WHERE scheme = 'line' AND tier = 'mid';
SELECT * FROM tiering.validate('line', 1) WHERE severity = 'error';
SELECT left(t.fails($$SELECT tiering.publish('line', '2024-01-01')$$), 200);
UPDATE tiering.tier SET succeeds = NULL WHERE scheme = 'line';
SELECT tiering.publish('line', '2024-01-01');

-- mid is renamed; a draft comes after what is published
SELECT tiering.new_version('line'), t.step('mid', 'gold', 'middle');
SELECT * FROM tiering.validate('line', 2) WHERE severity = 'error';
UPDATE tiering.tier SET succeeds = 'mid' WHERE scheme = 'line' AND tier = 'gold';
SELECT * FROM tiering.validate('line', 2) WHERE severity = 'error';
SELECT _tiering.version_before('line', 2);
SELECT * FROM t.become ORDER BY 1, 2;
SELECT tiering.publish('line', '2024-02-01');

-- what a new draft copies goes on under its name; names cannot be swapped, and one can come back
SELECT tiering.new_version('line');
SELECT tier, succeeds FROM tiering.tier WHERE scheme = 'line' AND version = 3 ORDER BY rank;
SELECT t.step('gold', 'other', 'high'), t.step('high', 'gold', NULL),
	t.step('other', 'high', 'gold');
UPDATE tiering.tier SET succeeds = 'high' WHERE scheme = 'line' AND version = 3 AND tier = 'gold';
SELECT tier, succeeds FROM tiering.tier WHERE scheme = 'line' AND version = 3 ORDER BY rank;
SELECT * FROM t.become WHERE to_version = 3 ORDER BY 2;
SELECT * FROM tiering.validate('line', 3) WHERE severity = 'error';
SELECT t.fails($$SELECT tiering.publish('line', '2024-03-01')$$);
SELECT t.step('high', 'mid', 'gold'), t.step('gold', 'high', NULL);
SELECT tier, succeeds FROM tiering.tier WHERE scheme = 'line' AND version = 3 ORDER BY rank;
SELECT tiering.publish('line', '2024-03-01');
SELECT * FROM t.become WHERE to_version = 3 ORDER BY 2;

-- a split: on in the one of the same name, or else in the lowest; and one that ends
SELECT tiering.new_version('line'), t.step('low', 'base', NULL), t.step('high', 'silver', 'high');
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
VALUES ('line', 4, 'silver_plus', 9, 'high'), ('line', 4, 'mid_plus', 1, 'mid');
SELECT * FROM t.become WHERE to_version = 4 ORDER BY 2;
SELECT tiering.successor('line', 1, 'mid', 4), tiering.successor('line', 2, 'gold', 4),
	tiering.successor('line', 3, 'high', 4), tiering.successor('line', 4, 'mid_plus', 4),
	tiering.successor('line', 1, 'low', 4) IS NULL AS ended,
	tiering.successor('line', 4, 'mid', 3) IS NULL AS backwards,
	tiering.successor('line', 1, 'nothing', 4) IS NULL AS no_tier;

-- what several versions call otherwise than one does, later or earlier
SELECT v.version AS than, r.* FROM generate_series(1, 4) v(version),
	_tiering.renamed('line', '{1,2,3,4}', v.version) r ORDER BY 1, 2, 3;

-- in documents, but not of a scheme that is new
SELECT e.element ->> 'tier' AS tier, e.element ->> 'succeeds' AS succeeds
FROM jsonb_array_elements(tiering.export_scheme('line') -> 'tiers') e(element)
WHERE e.element ? 'succeeds' ORDER BY 1;
SELECT tiering.export_scheme('line') AS document \gset
DELETE FROM tiering.scheme_version WHERE scheme = 'line' AND status = 'draft';
SELECT tiering.import_version(:'document');
SELECT tiering.export_scheme('line') = :'document' AS same;
SELECT tiering.import_scheme(:'document', 'new_line');
SELECT count(*) FROM tiering.tier WHERE scheme = 'new_line' AND succeeds IS NOT NULL;
SELECT tiering.copy_scheme('line', 'copied_line');
SELECT count(*) FROM tiering.tier WHERE scheme = 'copied_line' AND succeeds IS NOT NULL;
SELECT t.fails($$UPDATE tiering.tier SET succeeds = '' WHERE scheme = 'line' AND version = 4$$);

-- who leaves at the first assessment of a version that renames or ends their tier: the
-- move names it as the version that it bears does, in a refresh, a restatement and a repeat
CREATE SCHEMA left_by;
CREATE TABLE left_by.value AS SELECT c AS customer_id, d::date AS as_of, v AS value
	FROM (VALUES ('renamed', 100), ('renamed too', 200), ('ended', 300), ('same', 50)) x(c, v),
		unnest('{2024-01-31,2024-02-29}'::date[]) d WHERE d = '2024-01-31'
	UNION ALL SELECT 'stays', d, 100 FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT tiering.create_ladder('left_by', 'value', '{low,mid,high,top}', '{NULL,100,200,300}'),
	tiering.publish('left_by', '2024-01-01'), tiering.new_version('left_by');
DELETE FROM tiering.tier WHERE scheme = 'left_by' AND version = 2
	AND tier IN ('mid', 'high', 'top');
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
	VALUES ('left_by', 2, 'medium', 2, 'mid'), ('left_by', 2, 'best', 3, 'high');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('left_by', 2, 'medium', 1, 'value', '[100,200)'),
	('left_by', 2, 'best', 1, 'value', '[200,)');
SELECT tiering.publish('left_by', '2024-02-01'), tiering.set_source('left_by',
	'SELECT customer_id, value FROM left_by.value WHERE as_of = $1');
SET client_min_messages = warning;
SELECT new, exit FROM unnest('{2024-01-31,2024-02-29}'::date[]) d,
	LATERAL tiering.refresh('left_by', d);
SELECT customer_id, from_tier, to_tier, version FROM tiering.standing_move
	WHERE scheme = 'left_by' AND direction = 'exit' ORDER BY 1;
SELECT t.invariants('left_by');
SELECT written FROM tiering.refresh('left_by', '2024-02-29');
SELECT superseded, recorded FROM tiering.restate('left_by', '2024-01-01');
RESET client_min_messages;
SELECT from_tier, from_rank, customers FROM tiering.migration_matrix
	WHERE scheme = 'left_by' AND direction = 'exit' ORDER BY 1;
SELECT t.invariants('left_by');
DROP SCHEMA left_by CASCADE;

-- As known at a time, tiers have the names, ranks and order of then, whatever is published, graded
-- or taken back later.
CREATE SCHEMA known;
CREATE TABLE known.value AS SELECT c AS customer_id, d AS as_of, 100 * c AS value
	FROM generate_series(0, 4) c, unnest('{2023-12-31,2024-02-29,2024-03-31}'::date[]) d;
UPDATE known.value SET value = 250 WHERE customer_id = 1 AND as_of > '2023-12-31';
CREATE TABLE known.at (name text, at timestamptz, gold text);
CREATE FUNCTION known.tells(at timestamptz, gold text) RETURNS TABLE (what text, told jsonb)
LANGUAGE sql AS $$
	SELECT 'tiers', to_jsonb(r) || to_jsonb(d)
	FROM unnest('{2024-02-10,2024-03-31,2024-04-15}'::date[]) d,
		tiering.tiers_on('known', d, at) r
	UNION ALL SELECT 'tier', to_jsonb(c) || to_jsonb(tiering.tier_on('known', c, '2024-04-15', at))
	FROM unnest('{0,1,4}'::text[]) c
	UNION ALL SELECT 'matrix', to_jsonb(r) || to_jsonb(d)
	FROM unnest('{2024-02-29,2024-03-31,2024-04-15}'::date[]) d,
		tiering.migration_matrix('known', '2023-12-31', d, at) r
	UNION ALL SELECT 'bridge', to_jsonb(r) || to_jsonb(d)
	FROM unnest('{2024-02-29,2024-03-31,2024-04-15}'::date[]) d,
		tiering.measure_bridge('known', '2023-12-31', d, at) r
	UNION ALL SELECT 'shift', to_jsonb(r)
	FROM tiering.distribution_shift('known', '2023-12-31', '2024-04-15', at) r
	UNION ALL SELECT 'forecast', to_jsonb(r)
	FROM (SELECT max(h.as_of) AS last FROM tiering.tier_distribution_history('known', at) h) l,
		tiering.forecast('known', 2, daterange(LEAST('2024-01-01', l.last), l.last, '[]'),
			known_at => at) r
	UNION ALL SELECT 'survival', to_jsonb(r)
	FROM tiering.tier_survival('known', gold, 'day', at) r
	UNION ALL SELECT 'retention', to_jsonb(r) FROM tiering.retention('known', at) r
	UNION ALL SELECT 'yearly', to_jsonb(r) FROM tiering.yearly_retention('known', at) r
	UNION ALL SELECT 'history', to_jsonb(r)
	FROM tiering.tier_distribution_history('known', at) r
$$;
CREATE TABLE known.told (name text, what text, told jsonb);
CREATE VIEW known.differ AS
SELECT name, what, count(*) FROM (
	(SELECT a.name, x.* FROM known.at a, known.tells(a.at, a.gold) x
	 EXCEPT ALL SELECT * FROM known.told)
	UNION ALL
	(SELECT * FROM known.told
	 EXCEPT ALL SELECT a.name, x.* FROM known.at a, known.tells(a.at, a.gold) x)) d
GROUP BY name, what;
CREATE FUNCTION known.remember(name text, gold text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO known.at VALUES (name, clock_timestamp(), gold);
	INSERT INTO known.told SELECT a.name, x.* FROM known.at a, known.tells(a.at, a.gold) x
	WHERE a.name = remember.name;
$$;
SELECT tiering.create_ladder('known', 'value', '{mass,silver,gold}', '{NULL,100,200}'),
	tiering.publish('known', '2023-01-01'), tiering.set_source('known',
		'SELECT customer_id, value FROM known.value WHERE as_of = $1');
SET client_min_messages = warning;
SELECT count(tiering.refresh('known', d)) FROM unnest('{2023-12-31,2024-02-29}'::date[]) d;
SELECT known.remember('february', 'gold');
-- gold is golden, and below silver; both as a draft and published
SELECT tiering.new_version('known');
DELETE FROM tiering.tier WHERE scheme = 'known' AND version = 2 AND tier = 'gold';
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
	VALUES ('known', 2, 'golden', 5, 'gold');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('known', 2, 'golden', 1, 'value', '[100,200)');
UPDATE tiering.tier SET rank = 9 WHERE scheme = 'known' AND version = 2 AND tier = 'silver';
UPDATE tiering.rule SET bounds = '[200,)' WHERE scheme = 'known' AND version = 2
	AND tier = 'silver';
SELECT * FROM known.differ;
SELECT tiering.publish('known', '2024-03-01');
SELECT * FROM known.differ;
SELECT up, down, stayed FROM tiering.refresh('known', '2024-03-31');
SELECT * FROM known.differ;
SELECT known.remember('march', 'golden');
SELECT from_tier, to_tier, direction, from_rank, to_rank, customers
FROM known.at a, tiering.migration_matrix('known', '2023-12-31', '2024-04-15', a.at)
WHERE a.name = 'february';
SELECT tiering.void_assessment('known', '2024-03-31', 'by a slip') IS NOT NULL AS voided;
SELECT * FROM known.differ;
SELECT tier, rank, opening, growth, closing
FROM known.at a, tiering.measure_bridge('known', '2023-12-31', '2024-03-31', a.at)
WHERE a.name = 'march';
SELECT count(DISTINCT what) AS reports FROM known.told;
DROP SCHEMA known CASCADE;
RESET client_min_messages;
