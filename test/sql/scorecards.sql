-- Scorecards: points by bands, weighted and added up to scores, by which tiers go.

-- Two scores over four metrics, one of them a boolean. Each metric is cut in
-- places; a cut belongs to what lies above it (closed) or below. What each piece
-- earns is random, with 4 decimals and either sign, as are the weights.
CREATE TABLE t.part AS
SELECT score, metric, row_number() OVER () AS seed, metric = 'member' AS is_boolean,
	round(t.random(row_number() OVER () + 77) * 6 - 3, 4) AS weight,
	CASE WHEN metric IN ('age', 'member')
		THEN round(t.random(row_number() OVER () + 78) * 20 - 10, 4) END AS null_points
FROM unnest('{fit,risk}'::text[]) score, unnest('{age,assets,member,trades}'::text[]) metric
WHERE NOT (score = 'risk' AND metric = 'trades');
CREATE TABLE t.cut AS
SELECT score, metric, n, CASE WHEN is_boolean THEN 1
	ELSE round(n * 12.5 - 30 + t.random(seed * 100 + n),
	CASE WHEN metric = 'assets' THEN 8 ELSE 1 END) END AS at,
	is_boolean OR t.random(seed * 100 + n + 50) < 0.5 AS closed
FROM t.part, generate_series(1, CASE WHEN is_boolean THEN 1 ELSE 5 END) n;
CREATE TABLE t.earned AS
SELECT score, metric, passed, round(t.random(seed * 1000 + passed) * 100 - 50, 4) AS points
FROM t.part, generate_series(0, CASE WHEN is_boolean THEN 1 ELSE 5 END) passed;

SELECT tiering.new_scheme('card', 'Two scores');
INSERT INTO tiering.metric (scheme, version, metric, kind, is_measure)
	VALUES ('card', 1, 'age', 'number', false), ('card', 1, 'assets', 'number', true),
	('card', 1, 'member', 'boolean', false), ('card', 1, 'trades', 'number', false),
	('card', 1, 'fit', 'score', false), ('card', 1, 'risk', 'score', false);
INSERT INTO tiering.score_weight (scheme, version, score, metric, weight, null_points)
	SELECT 'card', 1, score, metric, weight, null_points FROM t.part;
INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points)
SELECT 'card', 1, e.score, e.metric, numrange(low.at, high.at,
	CASE WHEN low.closed THEN '[' ELSE '(' END || CASE WHEN high.closed THEN ')' ELSE ']' END),
		e.points
FROM t.earned e LEFT JOIN t.cut low
	ON (low.score, low.metric, low.n) = (e.score, e.metric, e.passed)
	LEFT JOIN t.cut high ON (high.score, high.metric, high.n) = (e.score, e.metric, e.passed + 1);
INSERT INTO tiering.tier (scheme, version, tier, rank, base) VALUES ('card', 1, 'none', 0, true),
	('card', 1, 'weak', 1, false), ('card', 1, 'fair', 2, false),
	('card', 1, 'sound', 3, false), ('card', 1, 'prime', 4, false);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('card', 1, 'weak', 1, 'risk', '(,-20.5)'), ('card', 1, 'fair', 1, 'fit', '[0,)'),
	('card', 1, 'sound', 1, 'fit', '(50.1234,)'), ('card', 1, 'sound', 1, 'risk', '(-100,200]'),
	('card', 1, 'sound', 2, 'assets', '[28,)'), ('card', 1, 'sound', 2, 'risk', '[0,)'),
	('card', 1, 'prime', 1, 'fit', '[90,)'), ('card', 1, 'prime', 1, 'member', '[1,1]');
SELECT * FROM tiering.validate('card', 1) WHERE severity = 'error';
SELECT tiering.publish('card', '2024-01-01');

-- Customers, one in three on a cut, one in ten of whom something is not known
CREATE TABLE t.applicant AS
SELECT g AS id, -- a column that bears the name of a score is not looked at
	1e6 AS fit,
	CASE WHEN t.random(g + 1000000) > 0.1
		THEN CASE WHEN g % 3 = 0 THEN ca.at ELSE round(t.random(g + 1100000) * 80 - 35, (g % 12))
		END END AS assets,
	CASE WHEN t.random(g + 2000000) > 0.1
		THEN CASE WHEN g % 3 = 1 THEN cg.at ELSE round(t.random(g + 2100000) * 80 - 35, 2)
		END END AS age,
	CASE WHEN t.random(g + 3000000) > 0.1 THEN t.random(g + 3100000) < 0.5 END AS member,
	CASE WHEN t.random(g + 4000000) > 0.1 THEN (t.random(g + 4100000) * 80 - 35)::int END AS trades
FROM generate_series(1, 6000) g
	JOIN t.cut ca ON ca.metric = 'assets'
		AND ca.score = CASE WHEN g % 2 = 0 THEN 'fit' ELSE 'risk' END AND ca.n = 1 + g % 5
	JOIN t.cut cg ON cg.metric = 'age'
		AND cg.score = CASE WHEN g % 2 = 0 THEN 'fit' ELSE 'risk' END AND cg.n = 1 + g % 5;
CREATE TABLE t.scored AS
WITH value AS (
	SELECT id, metric, CASE metric WHEN 'age' THEN age WHEN 'assets' THEN assets WHEN 'trades'
		THEN trades WHEN 'member' THEN member::int END AS value
	FROM t.applicant, unnest('{age,assets,member,trades}'::text[]) metric
), piece AS (
	SELECT v.id, p.score, p.weight * CASE WHEN v.value IS NULL THEN p.null_points ELSE (
			SELECT e.points FROM t.earned e WHERE e.score = p.score AND e.metric = p.metric
				AND e.passed = (
				SELECT count(*) FROM t.cut c WHERE c.score = p.score AND c.metric = p.metric
					AND (v.value > c.at OR c.closed AND v.value = c.at))) END AS points
	FROM value v JOIN t.part p USING (metric)
)
SELECT id, fit.score AS fit, risk.score AS risk
FROM (SELECT id, CASE WHEN count(*) = count(points) THEN sum(points) END AS score FROM piece
	WHERE score = 'fit' GROUP BY id) fit
	JOIN (SELECT id, CASE WHEN count(*) = count(points) THEN sum(points) END AS score FROM piece
		WHERE score = 'risk' GROUP BY id) risk USING (id);
CREATE TABLE t.expected AS
SELECT id, CASE WHEN s.fit >= 90 AND h.member THEN 'prime'
	WHEN s.fit > 50.1234 AND s.risk > -100 AND s.risk <= 200 OR h.assets >= 28 AND s.risk >= 0
		THEN 'sound'
	WHEN s.fit >= 0 THEN 'fair' WHEN s.risk < -20.5 THEN 'weak' ELSE 'none' END AS tier
FROM t.scored s JOIN t.applicant h USING (id);
SELECT tier, count(*) > 50 AS many, count(*)
	FILTER (WHERE e.tier IS DISTINCT FROM tiering.classify('card', h)) AS wrong,
	count(*) FILTER (WHERE e.tier
		IS DISTINCT FROM tiering.classify('card', h, '2024-05-01')) AS wrong_on
FROM t.expected e JOIN t.applicant h USING (id) GROUP BY tier ORDER BY tier;
SELECT count(*) FILTER (WHERE fit IS NULL) > 100 AS unknown_fit, count(*)
	FILTER (WHERE risk IS NULL) > 100 AS unknown_risk,
	count(*) FILTER (WHERE fit < 0) > 100 AS negative, count(*)
		FILTER (WHERE scale(trim_scale(fit)) = 8) > 100 AS decimals FROM t.scored;
-- as a row, too, and through a source
CREATE FUNCTION t.classify_row(scheme text, m record) RETURNS text LANGUAGE plpgsql
	STABLE AS $$ BEGIN RETURN tiering.classify(scheme, m); END $$;
SELECT count(*) AS wrong FROM t.expected e JOIN t.applicant h USING (id) WHERE e.tier
	IS DISTINCT FROM t.classify_row('card', h);
SELECT _tiering.source_columns('card', 1);
SELECT tiering.set_source('card',
	'SELECT id AS customer_id, assets, age, member, trades FROM t.applicant WHERE $1 > '
	'''2000-01-01''::date');
SELECT customers, new, ungraded FROM tiering.refresh('card', '2024-01-31');
SELECT count(*) AS wrong FROM t.expected e
	FULL JOIN (SELECT * FROM tiering.assignment WHERE scheme = 'card') a
	ON a.customer_id = e.id::text WHERE e.tier IS DISTINCT FROM a.tier;

-- a score exactly on a bound: 0.0001 x 0.0001 counts
SELECT tiering.copy_scheme('card', 'fine');
DELETE FROM tiering.score_weight WHERE scheme = 'fine';
INSERT INTO tiering.score_weight (scheme, version, score, metric, weight)
	VALUES ('fine', 1, 'fit', 'age', 0.0001), ('fine', 1, 'risk', 'age', -0.5),
	('fine', 1, 'fit', 'trades', 999999999999.9999);
INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points)
	VALUES ('fine', 1, 'fit', 'age', '(,1)', 0), ('fine', 1, 'fit', 'age', '[1,1]', 0.0001),
	('fine', 1, 'fit', 'age', '(1,)', 0.0002),
	('fine', 1, 'risk', 'age', '(,)', 41.0001), ('fine', 1, 'fit', 'trades', '(,1e27)', 0),
	('fine', 1, 'fit', 'trades', '[1e27,9999999999999999999999999999)', -999999999999.9999),
	('fine', 1, 'fit', 'trades', '[9999999999999999999999999999,)', 999999999999.9999);
DELETE FROM tiering.rule WHERE scheme = 'fine';
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('fine', 1, 'weak', 1, 'fit', '[0.00000001,0.00000001]'),
	('fine', 1, 'fair', 1, 'fit', '(0.00000001,0.00000002]'),
	('fine', 1, 'sound', 1, 'fit',
	'[999999999999999800000000.00000001,999999999999999800000000.00000001]'),
	('fine', 1, 'sound', 2, 'fit', '(,-999999999999999800000000.00000001]'),
	('fine', 1, 'prime', 1, 'risk', '(-20.50005,)');
SELECT severity, place, finding FROM tiering.validate('fine', 1);
DELETE FROM tiering.rule WHERE scheme = 'fine' AND tier = 'prime';
DELETE FROM tiering.tier WHERE scheme = 'fine' AND tier = 'prime';
SELECT tiering.publish('fine', '2024-01-01');
SELECT string_agg(tiering.classify('fine', m), ' ')
	FROM (VALUES (0.99999999999, 0), (1, 0), (1.00000000000000000001, 0), (1, 1e27 - 1e-9),
	(0, 1e27), (0, 1e28 - 1 - 1e-20), (0, 1e28 - 1), (1, 1e200), (0, -1e200), (NULL, 0)) m(age,
	trades);
SELECT t.fails($$SELECT tiering.classify('fine', m) FROM (SELECT 1 AS age) m$$),
	t.fails($$SELECT tiering.classify('fine', m) FROM (SELECT 1 AS age, true AS trades) m$$),
	t.fails($$SELECT tiering.classify('fine', m)
		FROM (SELECT 1 AS age, 'Infinity'::numeric AS trades) m$$),
		t.fails($$SELECT tiering.classify('card', 5)$$);

-- What a scorecard must not be is told at publishing.
CREATE FUNCTION t.card_fails(statements text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	PERFORM tiering.copy_scheme('card', 'bad');
	EXECUTE statements;
	told := t.fails($q$SELECT tiering.publish('bad', '2024-01-01')$q$);
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = told;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	RETURN SQLERRM;
END;
$$;
SELECT t.card_fails(s) FROM unnest(ARRAY[
	$$DELETE FROM tiering.score_band WHERE scheme = 'bad' AND (score, metric) = ('fit', 'age')
	AND bounds @> 0.0$$,
	$$DELETE FROM tiering.score_band WHERE scheme = 'bad' AND (score, metric) = ('risk', 'assets')
	AND lower_inf(bounds)$$,
	$$UPDATE tiering.score_band SET bounds = numrange(lower(bounds), upper(bounds), '()')
	WHERE scheme = 'bad' AND (score, metric) = ('fit', 'trades') AND bounds @> 0.0$$,
	$$UPDATE tiering.score_band SET bounds = numrange(lower(bounds), upper(bounds), '[]')
	WHERE scheme = 'bad' AND (score, metric) = ('fit', 'trades')$$,
	$$UPDATE tiering.score_band
	SET bounds = numrange(lower(bounds) - 0.00000001, upper(bounds), '[)') WHERE scheme = 'bad'
	AND (score, metric) = ('risk', 'assets') AND bounds @> 0.0$$,
	$$DELETE FROM tiering.score_band WHERE scheme = 'bad' AND (score, metric) = ('fit', 'member')
	AND bounds @> 1.0$$,
	$$DELETE FROM tiering.score_band WHERE scheme = 'bad' AND score = 'fit'$$,
	$$DELETE FROM tiering.score_weight WHERE scheme = 'bad' AND score = 'risk'$$,
	$$INSERT INTO tiering.score_weight VALUES ('bad', 1, 'fit', 'risk', 1); INSERT
	INTO tiering.score_band VALUES ('bad', 1, 'fit', 'risk', '(,)', 1)$$,
	$$INSERT INTO tiering.score_weight VALUES ('bad', 1, 'fit', 'fit', 1); INSERT
	INTO tiering.score_band VALUES ('bad', 1, 'fit', 'fit', '(,)', 1)$$,
	$$INSERT INTO tiering.score_weight VALUES ('bad', 1, 'age', 'assets', 1); INSERT
	INTO tiering.score_band VALUES ('bad', 1, 'age', 'assets', '(,)', 1)$$,
	$$INSERT INTO tiering.metric VALUES ('bad', 1, 'empty', 'score')$$,
	$$UPDATE tiering.metric SET kind = 'number' WHERE scheme = 'bad' AND metric = 'risk'$$,
	$$UPDATE tiering.rule SET bounds = '[100000,)' WHERE scheme = 'bad'
	AND (tier, metric) = ('prime', 'fit')$$]) s;
-- bands of a boolean may overlap where no boolean is, and need not fill it
SELECT t.card_fails($$DELETE FROM tiering.score_band WHERE scheme = 'bad' AND metric = 'member';
	INSERT INTO tiering.score_band SELECT 'bad', 1, score, 'member', bounds::numrange, 1
		FROM unnest('{fit,risk}'::text[]) score, unnest('{"[0,0.7]","(0.2,1]"}'::text[]) bounds$$);
-- and what the tables refuse at once
SELECT left(t.fails(format('SELECT t.card_fails(%L)', s)), 110) FROM unnest(ARRAY[
	$$UPDATE tiering.score_weight SET weight = 0.00001 WHERE scheme = 'bad'$$,
	$$UPDATE tiering.score_weight SET weight = 1e12 WHERE scheme = 'bad'$$,
	$$UPDATE tiering.score_weight SET weight = 'NaN' WHERE scheme = 'bad'$$,
	$$UPDATE tiering.score_weight SET null_points = 1.23456 WHERE scheme = 'bad'$$,
	$$UPDATE tiering.score_band SET points = '-Infinity' WHERE scheme = 'bad'$$,
	$$UPDATE tiering.score_band SET points = 0.12345 WHERE scheme = 'bad'$$,
	$$UPDATE tiering.score_band SET bounds = '[5,5)' WHERE scheme = 'bad'$$,
	$$UPDATE tiering.score_band SET bounds = '[0.123456789,)' WHERE scheme = 'bad'$$,
	$$UPDATE tiering.score_band SET metric = 'nothing' WHERE scheme = 'bad'$$,
	$$UPDATE tiering.metric SET is_measure = true WHERE scheme = 'bad' AND metric = 'fit'$$]) s;
SELECT count(*) AS left_behind FROM tiering.scheme WHERE scheme = 'bad';
