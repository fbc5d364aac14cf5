-- explain(): what it says, against classify() and against plain SQL.

-- A ladder, an any-of, a matrix without a base, a scorecard with sub-tiers.
SELECT tiering.create_ladder('x1', 'assets', '{low,mid,high,top}', '{NULL,100,1000.5,5000}');
SELECT tiering.load_preset('psbc', 'x2');
SELECT tiering.create_matrix('x3', 'assets', '{0,1000}', 'risk', '{-1,5}',
	'{{a,b,c},{b,c,d},{c,d,e}}', '{e,d,c,b,a}');
SELECT tiering.new_scheme('x4');
INSERT INTO tiering.metric (scheme, version, metric, kind, is_measure)
	VALUES ('x4', 1, 'assets', 'number', true), ('x4', 1, 'risk', 'number', false),
	('x4', 1, 'member', 'boolean', false), ('x4', 1, 'fit', 'score', false);
INSERT INTO tiering.score_weight (scheme, version, score, metric, weight, null_points)
	VALUES ('x4', 1, 'fit', 'assets', 0.5, NULL), ('x4', 1, 'fit', 'risk', -1.25, 0.1),
	('x4', 1, 'fit', 'member', 2, NULL);
INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points)
	VALUES ('x4', 1, 'fit', 'assets', '(,100)', 1.5), ('x4', 1, 'fit', 'assets', '[100,1000]', 20),
	('x4', 1, 'fit', 'assets', '(1000,)', 40),
	('x4', 1, 'fit', 'risk', '(,0]', -3), ('x4', 1, 'fit', 'risk', '(0,5)', 2.5),
	('x4', 1, 'fit', 'risk', '[5,)', 9), ('x4', 1, 'fit', 'member', '[0,1)', 0),
	('x4', 1, 'fit', 'member', '[1,1]', 3);
INSERT INTO tiering.tier (scheme, version, tier, rank, base, parent)
	VALUES ('x4', 1, 'rest', -5, true, NULL), ('x4', 1, 'fair', 1, false, NULL),
	('x4', 1, 'fair_member', 2, false, 'fair'), ('x4', 1, 'odd', 2, false, NULL),
	('x4', 1, 'best', 9, false, NULL);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	VALUES ('x4', 1, 'fair', 1, 'fit', '(5,)'), ('x4', 1, 'fair', 7, 'risk', '(,-4.5]'),
	('x4', 1, 'fair_member', 1, 'fit', '[5,20)'), ('x4', 1, 'fair_member', 1, 'member', '[1,1]'),
	('x4', 1, 'odd', 1, 'member', '[0,0]'), ('x4', 1, 'odd', 1, 'risk', '(7,9)'),
	('x4', 1, 'best', 1, 'fit', '[20,)'), ('x4', 1, 'best', 1, 'assets', '[1000,100000]');
SELECT s, tiering.publish(s, '2024-01-01') FROM unnest('{x1,x2,x3,x4}'::text[]) s;

CREATE TABLE t.person AS
SELECT g AS id, 'ignored' AS other,
	CASE WHEN t.random(g) > 0.1
	THEN CASE g % 3 WHEN 0 THEN (ARRAY[0, 100, 1000, 1000.5, 5000, -7])[1 + g % 6]
	ELSE round(t.random(g + 10000) ^ 4 * 8000 - 50, g % 5) END END AS assets,
	CASE WHEN t.random(g + 20000) > 0.1 THEN (t.random(g + 30000) * 20 - 10)::int END AS risk,
		CASE WHEN t.random(g + 40000) > 0.1 THEN t.random(g + 50000) < 0.5 END AS member,
	round(t.random(g + 60000) ^ 3 * 2000000, 2) AS daily_avg_balance,
		CASE WHEN t.random(g + 70000) > 0.1 THEN round(t.random(g + 80000) ^ 3 * 4000000, 2)
		END AS household_income,
	t.random(g + 3000000) < 0.05 AS holds_gold_card,
		CASE WHEN t.random(g + 4000000) < 0.9 THEN t.random(g + 4000000) < 0.05
		END AS holds_platinum_card, NULL::boolean AS holds_diamond_card
FROM generate_series(1, 100) g;
CREATE TABLE t.said AS
SELECT s.scheme, c.id, tiering.classify(s.scheme, c) AS granted, to_jsonb(c) AS m, e.*
FROM unnest('{x1,x2,x3,x4}'::text[]) s(scheme), t.person c, LATERAL tiering.explain(s.scheme, c)
	WITH ORDINALITY e(part, tier, rule, metric, value, bounds, met, distance, weight, points,
	sentence, line);

-- the first row is the tier, and says the rule that is met
SELECT scheme, count(*) AS customers, count(DISTINCT granted) AS tiers, count(*)
	FILTER (WHERE part <> 'tier' OR tier IS DISTINCT FROM granted OR sentence IS NULL) AS wrong
	FROM t.said WHERE line = 1 GROUP BY scheme ORDER BY scheme;
SELECT count(*) AS wrong FROM t.said s JOIN tiering.tier t
	ON (t.scheme, t.tier) = (s.scheme, s.granted)
WHERE line = 1 AND CASE WHEN t.base THEN sentence <> granted
	|| ', the base: no rule of a higher tier is met' ELSE NOT EXISTS (
	SELECT FROM t.said c WHERE (c.scheme, c.id, c.part, c.tier) = (s.scheme, s.id, 'condition',
		s.granted) GROUP BY c.rule
	HAVING bool_and(c.met) AND s.sentence LIKE format('%s, by rule %s: %%', s.granted, c.rule)) END;
SELECT DISTINCT sentence FROM t.said WHERE part = 'tier' AND granted IS NULL;
-- a condition for each row of rule, and the base; value, met, distance
SELECT count(*) AS wrong FROM (SELECT scheme, id, tier, rule, metric, bounds FROM t.said
	WHERE part = 'condition' AND rule IS NOT NULL) s
	FULL JOIN (SELECT r.scheme, c.id, r.tier, r.rule, r.metric, r.bounds FROM tiering.rule r,
		t.person c WHERE r.scheme IN ('x1', 'x2', 'x3', 'x4')) r
		USING (scheme, id, tier, rule, metric, bounds)
WHERE s.scheme IS NULL OR r.scheme IS NULL;
SELECT count(*) AS conditions, count(*)
	FILTER (WHERE metric <> 'fit' AND value
	IS DISTINCT FROM CASE jsonb_typeof(m -> metric) WHEN 'boolean' THEN (m ->> metric)::boolean::int
	ELSE (m ->> metric)::numeric END) AS wrong_value,
	count(*) FILTER (WHERE met
		IS DISTINCT FROM COALESCE((lower_inf(bounds) OR value > lower(bounds)
		OR value = lower(bounds) AND lower_inc(bounds))
		AND (upper_inf(bounds) OR value < upper(bounds) OR value = upper(bounds)
			AND upper_inc(bounds)), false)) AS wrong_met,
	count(*) FILTER (WHERE (value IS NULL) <> (distance IS NULL)) AS wrong_null,
	-- as far as to the bound, and no further
	count(*) FILTER (WHERE CASE WHEN met THEN distance <> 0
		ELSE value + distance NOT IN (COALESCE(lower(bounds), upper(bounds)),
		COALESCE(upper(bounds), lower(bounds)))
		OR abs(distance) <> LEAST(abs(lower(bounds) - value), abs(upper(bounds) - value))
			END) AS wrong_distance,
	count(*) FILTER (WHERE NOT met AND distance <> 0 AND sentence NOT LIKE '% would have to '
		|| CASE WHEN metric IN ('member', 'holds_gold_card', 'holds_platinum_card')
		THEN CASE WHEN distance > 0 THEN 'be true' ELSE 'be false' END
		ELSE format('%s by %%', CASE WHEN distance > 0 THEN 'rise' ELSE 'fall' END)
			END) AS wrong_sentence
FROM t.said WHERE part = 'condition' AND rule IS NOT NULL;
SELECT scheme, count(*) FILTER (WHERE part = 'condition' AND rule IS NULL) = 100 AS base_row
	FROM t.said GROUP BY scheme ORDER BY scheme;
-- next: all rules of the next higher rank that any rule leads to, or none; each says all that is
-- missing
SELECT count(*) FILTER (WHERE expected.scheme IS NULL) AS stray, count(*)
	FILTER (WHERE said.scheme IS NULL) AS missing
FROM (SELECT scheme, id, tier, rule FROM t.said WHERE part = 'next' AND tier IS NOT NULL) said
	FULL JOIN (
	SELECT DISTINCT s.scheme, s.id, r.tier, r.rule FROM t.said s
		JOIN (tiering.rule r JOIN tiering.tier t USING (scheme, version, tier))
		ON r.scheme = s.scheme LEFT JOIN tiering.tier g
		ON (g.scheme, g.tier) = (s.scheme, s.granted)
	WHERE s.line = 1 AND t.rank = (SELECT min(h.rank) FROM tiering.tier h WHERE h.scheme = s.scheme
		AND (g.rank IS NULL OR h.rank > g.rank) AND NOT h.base)) expected
		USING (scheme, id, tier, rule);
SELECT count(*) FILTER (WHERE tier IS NULL AND sentence <> 'no tier ranks higher') AS wrong,
	count(*) FILTER (WHERE tier IS NULL) = count(*)
	FILTER (WHERE granted IN ('top', 'diamond', 'best') OR scheme = 'x3'
	AND granted = 'a') AS at_the_top FROM t.said WHERE part = 'next';
SELECT count(*) AS wrong FROM t.said n WHERE part = 'next' AND tier IS NOT NULL
	AND sentence <> format('for %s, by rule %s: %s', tier, rule, (
	SELECT string_agg(c.sentence, ' and ' ORDER BY c.metric) FROM t.said c
		WHERE (c.scheme, c.id, c.part, c.tier, c.rule, c.met) = (n.scheme, n.id, 'condition',
		n.tier, n.rule, false)));
-- scores are the sum of their points, which are weight times what the band earns
SELECT count(*) AS scores, count(*) FILTER (WHERE s.points IS DISTINCT FROM p.points) AS wrong_sum,
	count(*) FILTER (WHERE s.points IS DISTINCT FROM c.value) AS wrong_value, count(*)
	FILTER (WHERE s.points IS NULL) > 10 AS unknown
FROM t.said s JOIN (SELECT scheme, id,
	CASE WHEN count(*) = count(points) THEN sum(points) END AS points FROM t.said
	WHERE part = 'points' GROUP BY scheme, id) p USING (scheme, id)
	JOIN t.said c ON (c.scheme, c.id, c.part, c.tier, c.rule, c.metric) = (s.scheme, s.id,
		'condition', 'fair', 1, 'fit')
WHERE s.part = 'score';
SELECT count(*) AS points, count(*) FILTER (WHERE points IS DISTINCT FROM weight * CASE metric
	WHEN 'assets' THEN CASE WHEN value < 100 THEN 1.5 WHEN value <= 1000 THEN 20 WHEN value > 1000
		THEN 40 END
	WHEN 'risk' THEN CASE WHEN value <= 0 THEN -3 WHEN value < 5 THEN 2.5 WHEN value >= 5 THEN 9
		ELSE 0.1 END ELSE CASE value WHEN 0 THEN 0 WHEN 1 THEN 3 END END) AS wrong,
	count(*) FILTER (WHERE (bounds IS NULL) <> (value IS NULL) OR NOT bounds @> value) AS wrong_band
		FROM t.said WHERE part = 'points';
-- the order: tier, next, conditions from the highest tier down, scores, points
SELECT count(*) AS wrong FROM (SELECT scheme, id, line, lag(line)
	OVER (PARTITION BY scheme, id
	ORDER BY array_position('{tier,next,condition,score,points}', part), t.rank DESC NULLS LAST,
	tier, rule, line) AS before
	FROM t.said LEFT JOIN tiering.tier t USING (scheme, tier)) s WHERE line < before;

-- as a person reads it
SELECT part, tier, rule, metric, value, bounds, met, distance, weight, points, sentence
	FROM tiering.explain('x4', (SELECT m FROM (SELECT 900 AS assets, 7 AS risk, true AS member) m));
SELECT part, sentence FROM tiering.explain('x4',
	(SELECT m FROM (SELECT NULL::numeric AS assets, 8 AS risk, NULL::boolean AS member) m))
	WHERE part <> 'condition';
SELECT part, sentence FROM tiering.explain('x2', (SELECT c FROM t.person c WHERE false))
	WHERE part <> 'condition';
SELECT sentence FROM tiering.explain('x1', 1000.5);
SELECT part, tier, value, met, distance FROM tiering.explain('x1', NULL::numeric);
SELECT count(*) AS wrong FROM unnest('{-5,99.99999999,100,1000.49999999999,1000.5,1e30}'::numeric[])
	v, LATERAL tiering.explain('x1', v) e WHERE part = 'tier' AND tier <> tiering.classify('x1', v);

-- which version: today's, or that of a day
SELECT tiering.new_version('x1');
UPDATE tiering.rule SET bounds = '[200,)' WHERE scheme = 'x1' AND version = 2 AND tier = 'mid';
SELECT tiering.publish('x1', '2024-07-01');
SELECT d, e.sentence FROM unnest('{2024-06-30,2024-07-01}'::date[]) d,
	tiering.explain('x1', 150, d) e WHERE part IN ('tier', 'next') ORDER BY d, part DESC;
SELECT count(*) AS wrong FROM unnest('{2024-01-01,2024-06-30,2024-07-01}'::date[]) d, t.person c,
	LATERAL tiering.explain('x1', c, d) e WHERE part = 'tier' AND tier
	IS DISTINCT FROM tiering.classify('x1', c, d);
SELECT count(*) AS wrong FROM t.person c, LATERAL tiering.explain('x1', c) e WHERE part = 'tier'
	AND tier IS DISTINCT FROM tiering.classify('x1', c);

-- errors are those of classify()
SELECT arguments, t.fails('SELECT tiering.explain(' || arguments || ')') AS fails
	FROM unnest(ARRAY[$$'nothing', 5$$, $$NULL, 5$$, $$'x1', 5, '2023-12-31'$$, $$'x1', 5, NULL$$,
	$$'x1', 5, 'infinity'$$, $$'x1', 'NaN'::numeric$$, $$'x2', 5$$,
	$$'x2', ROW(1)$$, $$'x1', (SELECT m FROM (SELECT 1.5::float8 AS assets) m)$$,
	$$'x1', (SELECT m FROM (SELECT '-Infinity'::numeric AS assets) m)$$]) arguments
WHERE t.fails('SELECT tiering.explain(' || arguments || ')')
	IS DISTINCT FROM t.fails('SELECT tiering.classify(' || arguments || ')')
	OR t.fails('SELECT tiering.explain(' || arguments || ')') = 'no error';
-- what no rule looks at may be anything, or missing; what one looks at must be there once
SELECT tiering.new_version('x4');
INSERT INTO tiering.metric (scheme, version, metric, kind) VALUES ('x4', 2, 'remark', 'number'),
	('x4', 2, 'flag', 'boolean');
SELECT tiering.publish('x4', '2024-07-01');
SELECT tiering.classify('x4', m), e.tier
	FROM (SELECT 900 AS assets, 7 AS risk, true AS member, 'none' AS remark, 17 AS flag) m,
	LATERAL tiering.explain('x4', m) e WHERE part = 'tier';
SELECT count(*) FROM tiering.explain('x4',
	(SELECT m FROM (SELECT 900 AS assets, 7 AS risk, true AS member) m)) WHERE part = 'condition';
SELECT t.fails('SELECT tiering.classify(''x1'', m) ' || q),
	t.fails('SELECT tiering.explain(''x1'', m) ' || q)
	FROM unnest(ARRAY['FROM (SELECT 900 AS assets, 7 AS assets) m',
	'FROM (SELECT 900 AS assets, 7 AS assets OFFSET 0) m']) q;
