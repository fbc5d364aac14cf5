-- validate() finds what is wrong with a draft: the classic traps first.
CREATE FUNCTION t.findings(name text) RETURNS TABLE (severity text, place text, finding text)
	LANGUAGE sql AS $$
	SELECT f.severity, f.place, f.finding
		FROM tiering.validate(name, tiering.newest_version(name)) f
	WHERE f.finding NOT IN ('no tier has a service',
		'no metric is the measure, so reports count heads only')
$$;
-- one card in three tiers: everyone who has it becomes diamond
SELECT tiering.load_preset('psbc', 'one_card');
INSERT INTO tiering.metric (scheme, version, metric, kind)
	VALUES ('one_card', 1, 'holds_card', 'boolean');
UPDATE tiering.rule SET metric = 'holds_card' WHERE scheme = 'one_card'
	AND metric LIKE 'holds_%_card';
DELETE FROM tiering.metric WHERE scheme = 'one_card' AND metric LIKE 'holds_%_card';
SELECT * FROM t.findings('one_card');
-- also when it is written differently
UPDATE tiering.rule SET bounds = '(0,)' WHERE scheme = 'one_card' AND metric = 'holds_card'
	AND tier = 'gold';
UPDATE tiering.rule SET bounds = '[0.5,7)' WHERE scheme = 'one_card' AND metric = 'holds_card'
	AND tier = 'platinum';
SELECT * FROM t.findings('one_card');
-- a tier whose bound is above the next one's
SELECT tiering.create_ladder('falls', 'assets', '{low,mid,high}', '{NULL,1000,2000}');
UPDATE tiering.rule SET bounds = '[500,)' WHERE scheme = 'falls' AND tier = 'high';
SELECT * FROM t.findings('falls');
SELECT tiering.load_preset('psbc', 'falls_too');
UPDATE tiering.rule SET bounds = '[100000,)' WHERE scheme = 'falls_too' AND tier = 'platinum'
	AND metric = 'household_income';
SELECT * FROM t.findings('falls_too');
-- a tier that two higher ones take together; a rule that decides nothing; one that nobody meets
SELECT tiering.create_ladder('squeezed', 'a', '{low,mid,high,top}', '{NULL,10,20,30}');
INSERT INTO tiering.metric (scheme, version, metric) VALUES ('squeezed', 1, 'b');
UPDATE tiering.rule SET bounds = '[20,)' WHERE scheme = 'squeezed' AND tier = 'mid';
UPDATE tiering.rule SET bounds = '[20,30)' WHERE scheme = 'squeezed' AND tier = 'high';
SELECT * FROM t.findings('squeezed');
INSERT INTO tiering.rule VALUES ('squeezed', 1, 'mid', 2, 'b', '[5,)'),
	('squeezed', 1, 'mid', 3, 'a', '[25,)'), ('squeezed', 1, 'mid', 3, 'b', '[7,)');
DELETE FROM tiering.rule WHERE scheme = 'squeezed' AND tier = 'mid' AND rule = 1;
SELECT * FROM t.findings('squeezed');
-- by unknown values only can a tier be reached: that is no error
SELECT tiering.create_ladder('unknowns', 'a', '{low,mid,high}', '{NULL,10,20}');
INSERT INTO tiering.metric (scheme, version, metric) VALUES ('unknowns', 1, 'b');
UPDATE tiering.rule SET metric = 'b', bounds = '(,)' WHERE scheme = 'unknowns' AND tier = 'mid';
UPDATE tiering.rule SET bounds = '(,)' WHERE scheme = 'unknowns' AND tier = 'high';
SELECT * FROM t.findings('unknowns');
SELECT tiering.publish('unknowns', '2024-01-01');
SELECT m.*, tiering.classify('unknowns', m)
	FROM (VALUES (1, 1), (NULL, 1), (1, NULL), (NULL, NULL)) m(a, b);
-- gaps: in the middle with a base, anywhere without one
SELECT tiering.create_ladder('gap', 'assets', '{low,mid,high}', '{NULL,1000,2000}');
UPDATE tiering.rule SET bounds = '[1000,1500]' WHERE scheme = 'gap' AND tier = 'mid';
SELECT * FROM t.findings('gap');
UPDATE tiering.tier SET base = false WHERE scheme = 'gap';
DELETE FROM tiering.tier WHERE scheme = 'gap' AND tier = 'low';
UPDATE tiering.scheme_version SET everyone = false WHERE scheme = 'gap';
SELECT * FROM t.findings('gap');
-- a score cannot be more than its parts can earn
SELECT tiering.import_scheme('{"scheme": "score_range", "metrics": [{"metric": "a", "is_measure": '
	'true}, {"metric": "s", "kind": "score"}],
	"scores": [{"score": "s", "metric": "a", "weight": 0.5, "bands": [{"bounds": "(,10)", '
		'"points": 0}, {"bounds": "[10,)", "points": 100}]}],
	"tiers": [{"tier": "low", "rank": 1, "base": true}, {"tier": "mid", "rank": 2, "rules": [{"s": '
		'"[50,)"}]}, {"tier": "high", "rank": 3, "rules": [{"s": "(50,)"}]}]}');
SELECT * FROM t.findings('score_range');
-- bands with a gap, an overlap, none at all; a score that looks at nothing, at a score, or is none
DELETE FROM tiering.tier WHERE scheme = 'score_range' AND tier = 'high';
UPDATE tiering.score_band SET bounds = '(10,)' WHERE scheme = 'score_range' AND points = 100;
SELECT * FROM t.findings('score_range');
UPDATE tiering.score_band SET bounds = '[5,)' WHERE scheme = 'score_range' AND points = 100;
SELECT * FROM t.findings('score_range');
INSERT INTO tiering.metric (scheme, version, metric, kind)
	VALUES ('score_range', 1, 'flag', 'boolean'), ('score_range', 1, 'empty', 'score');
INSERT INTO tiering.score_weight (scheme, version, score, metric, weight)
	VALUES ('score_range', 1, 's', 'flag', 1), ('score_range', 1, 's', 'empty', 1),
	('score_range', 1, 'flag', 'a', 1);
INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points) VALUES
	('score_range', 1, 's', 'flag', '[1,1]', 7), ('score_range', 1, 's', 'flag', '(0.2,0.8)', 7),
	('score_range', 1, 's', 'flag', '[0.4,0.6]', 8);
SELECT * FROM t.findings('score_range');
-- parents that lead back; a tier without a service; a hole between versions
SELECT tiering.create_ladder('odd', 'assets', '{low,mid,high}', '{NULL,1000,2000}');
UPDATE tiering.tier SET parent = CASE tier WHEN 'mid' THEN 'high' ELSE 'mid'
	END WHERE scheme = 'odd' AND tier <> 'low';
INSERT INTO tiering.service (scheme, version, tier) VALUES ('odd', 1, 'high');
SELECT * FROM t.findings('odd');
UPDATE tiering.tier SET parent = NULL WHERE scheme = 'odd';
-- which only the owner can make
INSERT INTO tiering.scheme_version (scheme, version, status, effective, published_at, published_by,
	definition_rows)
VALUES ('odd', 7, 'retired', '[2024-01-01,2024-06-01)', now(), 'me', 0);
SELECT severity, place, finding FROM t.findings('odd') WHERE place LIKE 'version%';
SELECT tiering.publish('odd', '2024-07-01');
SELECT severity, place, finding FROM t.findings('odd') WHERE place LIKE 'version%';
-- a tier without rules is a group if others are parts of it, and nobody's otherwise
SELECT tiering.create_ladder('grouped', 'assets', '{low,mid,high}', '{NULL,1000,2000}');
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('grouped', 1, 'rich', 1);
SELECT * FROM t.findings('grouped');
UPDATE tiering.tier SET parent = 'rich' WHERE scheme = 'grouped' AND tier = 'high';
SELECT * FROM t.findings('grouped');
-- a name that passes on to another tier, which may have ended
SELECT tiering.create_ladder('passed_on', 'assets', '{low,mid,high}', '{NULL,1000,2000}'),
	tiering.publish('passed_on', '2024-01-01'), tiering.new_version('passed_on');
CREATE FUNCTION t.succession(tiers text[], named text[]) RETURNS SETOF text LANGUAGE sql AS $$
	-- of the draft: those tiers, which succeed those
	DELETE FROM tiering.tier WHERE scheme = 'passed_on'
		AND version = tiering.newest_version('passed_on');
	INSERT INTO tiering.tier (scheme, version, tier, rank, base, succeeds)
	SELECT 'passed_on', tiering.newest_version('passed_on'), u.tier, u.rank, u.rank = 1, u.named
	FROM unnest(tiers, named) WITH ORDINALITY u(tier, named, rank);
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	SELECT t.scheme, t.version, t.tier, 1, 'assets', numrange(1000 * t.rank, NULL)
	FROM tiering.tier t WHERE t.scheme = 'passed_on' AND NOT t.base
		AND t.version = tiering.newest_version('passed_on');
	SELECT f.place || ': ' || f.finding FROM t.findings('passed_on') f WHERE f.severity = 'error';
$$;
SELECT t.succession('{low,high,top}', '{NULL,mid,high}');
SELECT t.fails($$SELECT tiering.publish('passed_on', '2024-02-01')$$);
SELECT t.succession('{low,high,mid}', '{NULL,mid,high}');
SELECT t.succession('{low,high}', '{NULL,mid}');
-- what goes on in its own name, or in several, is right; so is a new name
SELECT t.succession('{low,mid,high,top}', '{low,mid,NULL,high}');
SELECT t.succession('{low,middle}', '{NULL,mid}');
SELECT tiering.publish('passed_on', '2024-02-01'), tiering.new_version('passed_on');
-- of all versions before: mid is middle now, and high has ended
SELECT t.succession('{low,middle,high}', NULL);
SELECT t.succession('{low,middle,mid}', NULL);
SELECT t.succession('{low,high}', '{NULL,middle}');
SELECT t.succession('{low,mid}', '{NULL,middle}');

/*
 * Against brute force: random schemes of up to four metrics, one of them a
 * boolean, some tiers of equal rank; and all points of the grid that has every
 * bound, a value between each two, one beyond, and null.
 */
CREATE FUNCTION t.random_draft(name text, metrics int, seed bigint) RETURNS void LANGUAGE sql AS $$
	SELECT tiering.new_scheme(name);
	UPDATE tiering.scheme_version SET everyone = seed % 3 > 0 WHERE scheme = name;
	INSERT INTO tiering.metric (scheme, version, metric, kind)
	SELECT name, 1, 'm' || i,
		CASE WHEN i = 3 THEN 'boolean' ELSE 'number' END FROM generate_series(1, metrics) i;
	INSERT INTO tiering.tier (scheme, version, tier, rank, base)
	SELECT name, 1, 't' || i, CASE WHEN i = 3 AND seed % 2 = 0 THEN 2 ELSE i END, i = 0
	FROM generate_series(CASE WHEN seed % 3 > 0 THEN 0 ELSE 1 END, 4) i;
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	SELECT name, 1, 't' || tier, rule, 'm' || metric, bounds
	FROM generate_series(1, 4) tier, generate_series(1, 2) rule, generate_series(1, metrics) metric,
		LATERAL (SELECT seed * 1000 + tier * 100 + rule * 10 + metric AS s) s,
		LATERAL (SELECT floor(t.random(s) * 5) AS a, floor(t.random(s + 500000) * 4) AS width) b,
		LATERAL (SELECT CASE WHEN metric = 3 THEN floor(t.random(s) * 2) WHEN t.random(s + 1) < 0.3
			THEN NULL ELSE a END AS lower,
			CASE WHEN metric = 3 THEN floor(t.random(s) * 2) WHEN t.random(s + 2) < 0.4 THEN NULL
				ELSE a + width END AS upper,
			CASE WHEN t.random(s + 3) < 0.7 OR metric = 3 THEN '[' ELSE '(' END || CASE
				WHEN t.random(s + 4) < 0.5 OR metric = 3 THEN ']' ELSE ')' END AS ends) e,
		LATERAL (SELECT numrange(lower, upper, ends) AS bounds) r
	WHERE NOT isempty(bounds)
		AND (metric = 1 + (seed + tier + rule) % metrics OR t.random(s + 5) < 0.5);
	DELETE FROM tiering.tier x WHERE scheme = name AND NOT base
		AND NOT EXISTS (SELECT FROM tiering.rule r WHERE r.scheme = name AND r.tier = x.tier);
$$;
SELECT count(t.random_draft('d' || i, 1 + i % 4, i)::text) FROM generate_series(1, 60) i;
CREATE TEMP TABLE axis AS
SELECT m.scheme, m.metric, m.kind, v.value FROM tiering.metric m, LATERAL (
	SELECT x::numeric / 2 FROM generate_series(-1, 17) x WHERE m.kind = 'number' UNION ALL SELECT x
		FROM generate_series(0, 1) x WHERE m.kind = 'boolean'
	UNION ALL SELECT NULL) v(value)
WHERE m.scheme ~ '^d[0-9]+$' AND (value IS NULL OR m.kind = 'boolean' OR value = 8.5 OR (
	-- the bounds of this metric and what lies between them are all that matters
	EXISTS (SELECT FROM tiering.rule r WHERE r.scheme = m.scheme AND r.metric = m.metric
		AND (value - lower(r.bounds) IN (-0.5, 0, 0.5) OR value - upper(r.bounds)
		IN (-0.5, 0, 0.5)))));
CREATE TEMP TABLE point AS
SELECT m.scheme, p.m1, p.m2, p.m3, p.m4, row_number() OVER () AS point
FROM (SELECT scheme, count(*) AS metrics FROM tiering.metric WHERE scheme ~ '^d[0-9]+$'
	GROUP BY scheme) m, LATERAL (
	SELECT a.value AS m1, b.value AS m2, c.value AS m3, d.value AS m4
	FROM (SELECT value FROM axis WHERE axis.scheme = m.scheme AND metric = 'm1') a
		CROSS JOIN (SELECT value FROM axis WHERE axis.scheme = m.scheme AND metric = 'm2' UNION ALL
			SELECT NULL WHERE metrics < 2) b
		CROSS JOIN (SELECT value FROM axis WHERE axis.scheme = m.scheme AND metric = 'm3' UNION ALL
			SELECT NULL WHERE metrics < 3) c
		CROSS JOIN (SELECT value FROM axis WHERE axis.scheme = m.scheme AND metric = 'm4' UNION ALL
			SELECT NULL WHERE metrics < 4) d) p;
SELECT count(*) > 50000 AS many_points FROM point;
-- each rule as four ranges, where a null range asks nothing; what it takes; what is in force there
CREATE TEMP TABLE ruled AS
SELECT r.scheme, r.tier, r.rule, t.rank,
	(array_agg(r.bounds) FILTER (WHERE metric = 'm1'))[1] AS m1,
	(array_agg(r.bounds) FILTER (WHERE metric = 'm2'))[1] AS m2,
	(array_agg(r.bounds) FILTER (WHERE metric = 'm3'))[1] AS m3,
	(array_agg(r.bounds) FILTER (WHERE metric = 'm4'))[1] AS m4
FROM tiering.rule r JOIN tiering.tier t USING (scheme, version, tier) WHERE r.scheme ~ '^d[0-9]+$'
	GROUP BY r.scheme, r.tier, r.rule, t.rank;
CREATE TEMP TABLE taken AS
SELECT p.scheme, p.point, r.tier, r.rule, r.rank, max(r.rank) OVER (PARTITION BY p.point) AS top
FROM point p JOIN ruled r ON r.scheme = p.scheme AND COALESCE(r.m1 @> p.m1, r.m1 IS NULL)
	AND COALESCE(r.m2 @> p.m2, r.m2 IS NULL)
	AND COALESCE(r.m3 @> p.m3, r.m3 IS NULL) AND COALESCE(r.m4 @> p.m4, r.m4 IS NULL);
CREATE INDEX ON taken (point);
CREATE TEMP TABLE found AS SELECT s.scheme, f.* FROM (SELECT DISTINCT scheme FROM ruled) s,
	tiering.validate(s.scheme, 1) f;

-- tiers that nobody can reach
SELECT count(*) FILTER (WHERE unreachable) > 10 AS some, count(*)
	FILTER (WHERE unreachable IS DISTINCT FROM told) AS wrong
FROM (SELECT r.scheme, r.tier,
	NOT EXISTS (SELECT FROM taken x WHERE x.scheme = r.scheme AND x.tier = r.tier
	AND x.rank = x.top) AS unreachable,
		EXISTS (SELECT FROM found f WHERE f.scheme = r.scheme AND f.place = 'tier ' || r.tier
			AND f.finding LIKE '%nobody can reach it') AS told
	  FROM (SELECT DISTINCT scheme, tier FROM ruled) r) c;
-- rules that decide nothing
SELECT count(*) FILTER (WHERE void) > 20 AS some, count(*)
	FILTER (WHERE void IS DISTINCT FROM told) AS wrong
FROM (SELECT r.scheme, r.tier, r.rule,
	NOT EXISTS (SELECT FROM taken x WHERE (x.scheme, x.tier, x.rule) = (r.scheme, r.tier, r.rule)
	AND x.rank = x.top) AS void,
		EXISTS (SELECT FROM found f WHERE f.scheme = r.scheme
			AND f.place = format('tier %s, rule %s', r.tier, r.rule)
			AND f.finding ~ 'decides nothing|same condition|bounds must not fall|no customer') AS
				told
	  FROM ruled r) c;
-- overlaps that rank does not settle
SELECT count(*) FILTER (WHERE clash) > 10 AS some, count(*)
	FILTER (WHERE clash IS DISTINCT FROM told) AS wrong
FROM (SELECT EXISTS (SELECT FROM taken x JOIN taken y USING (point)
	WHERE (x.scheme, x.tier, x.rule) = (a.scheme, a.tier, a.rule)
	AND (y.tier, y.rule) = (b.tier, b.rule)) AS clash,
		EXISTS (SELECT FROM found f WHERE f.scheme = a.scheme
			AND f.place = format('tier %s, rule %s', a.tier, a.rule)
			AND f.finding LIKE format('it overlaps rule %s of tier %s,%%', b.rule, b.tier)) AS told
	  FROM ruled a JOIN ruled b ON b.scheme = a.scheme AND b.rank = a.rank AND b.tier > a.tier) c;
-- gaps: points with all known that no rule takes, and, where there is a base, between others along
-- one metric
CREATE TEMP TABLE free AS
SELECT p.*, EXISTS (SELECT FROM tiering.tier t WHERE t.scheme = p.scheme AND t.base) AS base
FROM point p JOIN (SELECT scheme, count(*) AS metrics FROM tiering.metric GROUP BY scheme) m
	USING (scheme)
WHERE NOT EXISTS (SELECT FROM taken x WHERE x.point = p.point)
	AND num_nonnulls(m1, m2, m3, m4) = m.metrics;
CREATE TEMP TABLE enclosed AS
SELECT f.scheme, f.point, NOT f.base OR EXISTS (
	SELECT FROM generate_series(1, 4) axis,
		LATERAL (SELECT bool_or(low) AS low, bool_or(high) AS high FROM (
			SELECT CASE axis WHEN 1 THEN r.m1 WHEN 2 THEN r.m2 WHEN 3 THEN r.m3 ELSE r.m4
				END << numrange(v, v, '[]') AS low,
				CASE axis WHEN 1 THEN r.m1 WHEN 2 THEN r.m2 WHEN 3 THEN r.m3 ELSE r.m4
					END >> numrange(v, v, '[]') AS high
			FROM ruled r, LATERAL (SELECT CASE axis WHEN 1 THEN f.m1 WHEN 2 THEN f.m2 WHEN 3
				THEN f.m3 ELSE f.m4 END AS v) v
			WHERE r.scheme = f.scheme AND (axis = 1 OR COALESCE(r.m1 @> f.m1, r.m1 IS NULL))
				AND (axis = 2 OR COALESCE(r.m2 @> f.m2, r.m2 IS NULL))
				AND (axis = 3 OR COALESCE(r.m3 @> f.m3, r.m3 IS NULL))
					AND (axis = 4 OR COALESCE(r.m4 @> f.m4, r.m4 IS NULL))) r) s
	WHERE s.low AND s.high) AS enclosed
FROM free f;
CREATE TEMP TABLE gap AS
SELECT s.scheme, g.piece[m1.axis] AS m1, g.piece[m2.axis] AS m2, g.piece[m3.axis] AS m3,
	g.piece[m4.axis] AS m4
FROM (SELECT DISTINCT scheme FROM ruled) s
	CROSS JOIN LATERAL _tiering.rule_gaps(s.scheme, 1) AS g(piece)
	LEFT JOIN LATERAL (SELECT axis FROM _tiering.rule_axes(s.scheme, 1) WHERE metric = 'm1') m1
		ON true
	LEFT JOIN LATERAL (SELECT axis FROM _tiering.rule_axes(s.scheme, 1) WHERE metric = 'm2') m2
		ON true
	LEFT JOIN LATERAL (SELECT axis FROM _tiering.rule_axes(s.scheme, 1) WHERE metric = 'm3') m3
		ON true
	LEFT JOIN LATERAL (SELECT axis FROM _tiering.rule_axes(s.scheme, 1) WHERE metric = 'm4') m4
		ON true;
SELECT count(*) FILTER (WHERE e.enclosed) > 500 AS some, count(*)
	FILTER (WHERE NOT e.enclosed) > 500 AS others,
	count(*) FILTER (WHERE e.enclosed IS DISTINCT FROM told) AS wrong
FROM enclosed e JOIN point p USING (scheme, point), LATERAL (
	SELECT EXISTS (SELECT FROM gap g WHERE g.scheme = e.scheme AND COALESCE(g.m1 @> p.m1, true)
		AND COALESCE(g.m2 @> p.m2, true)
		AND COALESCE(g.m3 @> p.m3, true) AND COALESCE(g.m4 @> p.m4, true)) AS told) g;
-- a score has the sums of its bands' points, and nothing between them
SELECT tiering.import_scheme('{"scheme": "sums", "metrics": [{"metric": "a", "is_measure": true}, '
	'{"metric": "b"}, {"metric": "s", "kind": "score"}],
	"scores": [{"score": "s", "metric": "a", "weight": 1, "bands": [{"bounds": "(,10)", "points": '
		'0}, {"bounds": "[10,)", "points": 100}]},
		{"score": "s", "metric": "b", "weight": 0.1, "null_points": 7, "bands": [{"bounds": "(,)", '
			'"points": 50}]}],
	"tiers": [{"tier": "low", "rank": 1, "base": true}, {"tier": "mid", "rank": 2, "rules": [{"s": '
		'"[40,60]"}]}, {"tier": "high", "rank": 3, "rules": [{"s": "[100.7,105)"}]}]}');
SELECT _tiering.score_values('sums', 1, 's');
SELECT * FROM t.findings('sums');
/*
 * A rule that asks for a score and for parts of it that cannot make it.
 */
SELECT tiering.import_scheme('{"scheme": "score_parts", "metrics": [{"metric": "a", "is_measure": '
	'true}, {"metric": "f", "kind": "boolean"}, {"metric": "s", "kind": "score"}],
	"scores": [{"score": "s", "metric": "a", "weight": 0.5, "null_points": 60, "bands": ['
	'{"bounds": "(,10)", "points": 0}, {"bounds": "[10,)", "points": 100}]},
		{"score": "s", "metric": "f", "weight": 1, "bands": [{"bounds": "(,1)", "points": 0}, '
			'{"bounds": "[1,)", "points": 10}]}],
	"tiers": [{"tier": "low", "rank": 1, "base": true},
		{"tier": "none", "rank": 2, "rules": [{"s": "[50,)", "a": "(,10)"}]},
		{"tier": "true", "rank": 3, "rules": [{"s": "[0,10)", "a": "(,10)", "f": "[1,1]"}]},
		{"tier": "some", "rank": 4, "rules": [{"s": "[10,20]", "a": "(,10)", "f": "[1,1]"},
			{"s": "[55,60)", "a": "[9,)"}, {"s": "[30,40]"}]}]}');
SELECT * FROM t.findings('score_parts');
SELECT t.fails($$SELECT tiering.publish('score_parts', '2024-01-01')$$);
/*
 * Against brute force: random scores of two metrics, and rules that ask for the score and for
 * them; a point for each bound, between any two, beyond all, and for what is not known.
 */
CREATE TABLE t.score_scheme AS SELECT 'parts' || n AS scheme, n FROM generate_series(1, 40) n;
SELECT count(tiering.new_scheme(scheme)) FROM t.score_scheme;
INSERT INTO tiering.metric (scheme, version, metric, kind)
SELECT scheme, 1, m, k FROM t.score_scheme, (VALUES ('a', 'number'), ('b', 'number'),
	('s', 'score')) v(m, k);
INSERT INTO tiering.score_weight (scheme, version, score, metric, weight, null_points)
SELECT scheme, 1, 's', m, 1 + floor(t.random(n * 10 + i) * 3),
	CASE WHEN t.random(n * 10 + i + 5000) < 0.5 THEN floor(t.random(n * 10 + i + 6000) * 4) END
FROM t.score_scheme, unnest('{a,b}'::text[]) WITH ORDINALITY v(m, i);
INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points)
SELECT scheme, 1, 's', m, numrange(CASE WHEN k > 0 THEN 5 * k END, CASE WHEN k < 3 THEN 5 * k + 5
	END), floor(t.random(n * 100 + i * 10 + k + 9000) * 5)
FROM t.score_scheme, unnest('{a,b}'::text[]) WITH ORDINALITY v(m, i), generate_series(0, 3) k;
INSERT INTO tiering.tier (scheme, version, tier, rank)
SELECT scheme, 1, 't' || r, r FROM t.score_scheme, generate_series(1, 4) r;
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
SELECT scheme, 1, 't' || r, m, numrange(CASE WHEN t.random(g + 1) < 0.7 THEN low END,
	CASE WHEN t.random(g + 2) < 0.7 THEN low + step * floor(t.random(g + 3) * 2) END,
	'[]')
FROM t.score_scheme, generate_series(1, 4) r,
	(VALUES ('a', 5, 1), ('b', 5, 2), ('s', 2, 3)) v(m, step, i),
	LATERAL (SELECT n * 1000 + r * 100 + i * 10 + 70000 AS g) s,
	LATERAL (SELECT step * floor(t.random(g) * CASE m WHEN 's' THEN 9 ELSE 4 END)) b(low)
WHERE m = 's' OR t.random(g + 4) < 0.7;
CREATE TABLE t.score_point AS
WITH known AS (
	SELECT x::numeric FROM unnest('{-1,0,2,5,7,10,12,15,17,20,NULL}'::int[]) x
), part AS (
	SELECT w.scheme, w.metric, x, w.weight * CASE WHEN x IS NULL THEN w.null_points ELSE (
		SELECT points FROM tiering.score_band o WHERE (o.scheme, o.metric) = (w.scheme, w.metric)
			AND o.bounds @> x) END AS points
	FROM tiering.score_weight w JOIN t.score_scheme USING (scheme), known
)
SELECT a.scheme, a.x AS a, b.x AS b, a.points + b.points AS s
FROM part a JOIN part b USING (scheme) WHERE a.metric = 'a' AND b.metric = 'b';
WITH rule AS (
	SELECT scheme, tier, (SELECT bounds FROM tiering.rule r WHERE (r.scheme, r.tier, r.metric)
			= (t.scheme, t.tier, 'a')) AS a,
		(SELECT bounds FROM tiering.rule r WHERE (r.scheme, r.tier, r.metric)
			= (t.scheme, t.tier, 'b')) AS b,
		(SELECT bounds FROM tiering.rule r WHERE (r.scheme, r.tier, r.metric)
			= (t.scheme, t.tier, 's')) AS s
	FROM tiering.tier t JOIN t.score_scheme USING (scheme)
), met AS (
	SELECT r.*, EXISTS (SELECT FROM t.score_point p WHERE p.scheme = r.scheme AND r.s @> p.s
		AND (r.a IS NULL OR r.a @> p.a) AND (r.b IS NULL OR r.b @> p.b)) AS can_be
	FROM rule r
), told AS (
	SELECT s.scheme, f.place FROM t.score_scheme s, tiering.validate(s.scheme, 1) f
	WHERE f.finding LIKE 'no customer can meet it%'
)
SELECT can_be, count(*) > 20 AS many, count(*) FILTER (WHERE can_be = EXISTS (
	SELECT FROM told t WHERE t.scheme = met.scheme AND t.place = 'tier ' || tier || ', rule 1'))
		AS wrong
FROM met GROUP BY can_be ORDER BY can_be;
