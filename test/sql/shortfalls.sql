-- shortfall() and what explain() advises, against plain SQL that goes through all values that a
-- customer could have: what can be changed, each metric to either side of each bound that there is.

-- Types have bounds of their own; amounts of money or movement suffice, and one of them may be
-- left out or has to fall.
SELECT tiering.import_scheme('{"scheme": "lack", "metrics": [
	{"metric": "assets", "is_measure": true}, {"metric": "volume"}, {"metric": "months"},
	{"metric": "overdue", "kind": "boolean"}, {"metric": "kind", "actionable": false}],
	"tiers": [{"tier": "all", "rank": 0, "base": true},
	{"tier": "good", "rank": 2, "rules": [{"assets": "[1000,)", "kind": "[1,2)"},
		{"volume": "(500.5,9000]", "months": "[6,)", "kind": "[1,2)"}],
		"stay_rules": [{"assets": "[10,)"}]},
	{"tier": "fine", "rank": 2, "rules": [{"assets": "[5000,)", "kind": "[2,2]"}]},
	{"tier": "best", "rank": 5, "rules": [{"assets": "[20000,)", "overdue": "[0,0]"},
		{"volume": "[-50,0]", "kind": "[3,3]"}]},
	{"tier": "top", "rank": 9, "rules": [{"assets": "[100000,)", "kind": "[3,)"},
		{"months": "[12,)", "overdue": "[1,1]"}]}]}');
-- Scores of several metrics, one of which is in a condition itself, and in two scores.
SELECT tiering.import_scheme('{"scheme": "lack_scores", "metrics": [
	{"metric": "assets", "is_measure": true}, {"metric": "volume"}, {"metric": "years",
	"actionable": false}, {"metric": "member", "kind": "boolean"}, {"metric": "fit",
	"kind": "score"}, {"metric": "risk", "kind": "score"}],
	"scores": [
	{"score": "fit", "metric": "assets", "weight": 0.5, "bands": [{"bounds": "(,100)", "points": 0},
		{"bounds": "[100,2000]", "points": 30}, {"bounds": "(2000,)", "points": 100}]},
	{"score": "fit", "metric": "volume", "weight": 0.3, "null_points": 10, "bands": [
		{"bounds": "(,50)", "points": 0}, {"bounds": "[50,500)", "points": 60},
		{"bounds": "[500,)", "points": 100}]},
	{"score": "fit", "metric": "years", "weight": 0.2, "null_points": 0, "bands": [
		{"bounds": "(,3)", "points": 0}, {"bounds": "[3,)", "points": 100}]},
	{"score": "risk", "metric": "volume", "weight": 1, "null_points": 0, "bands": [
		{"bounds": "(,300]", "points": 1}, {"bounds": "(300,)", "points": 7.5}]},
	{"score": "risk", "metric": "member", "weight": 2, "bands": [
		{"bounds": "[0,0]", "points": 3}, {"bounds": "[1,1]", "points": 1}]}],
	"tiers": [{"tier": "rest", "rank": 0, "base": true},
	{"tier": "c", "rank": 1, "rules": [{"fit": "[30,)"}]},
	{"tier": "b", "rank": 2, "rules": [{"fit": "[50,80)", "risk": "(,8]"},
		{"fit": "[60,)", "assets": "[1500,)"}]},
	{"tier": "a", "rank": 3, "rules": [{"fit": "[80,)", "risk": "(,9.5)"}]}]}');
SELECT s, tiering.publish(s, '2024-01-01') FROM unnest('{lack,lack_scores}'::text[]) s;

CREATE SCHEMA lack;
CREATE TABLE lack.m AS
SELECT 'c' || g AS customer_id,
	CASE WHEN t.random(g) > 0.1 THEN CASE g % 7 WHEN 0 THEN 1000 WHEN 1 THEN 5000
		WHEN 2 THEN round((t.random(g + 1000) * 5000)::numeric, 2) WHEN 3 THEN 0
		ELSE round((t.random(g + 2000) ^ 4 * 120000)::numeric, 2) END END AS assets,
	CASE WHEN t.random(g + 3000) > 0.1 THEN CASE g % 5 WHEN 0 THEN 500.5
		WHEN 1 THEN round((t.random(g + 4000) * 700)::numeric, 1)
		ELSE round((t.random(g + 5000) * 12000 - 100)::numeric, 1) END END AS volume,
	CASE WHEN t.random(g + 6000) > 0.1 THEN (t.random(g + 7000) * 13)::int END AS months,
	CASE WHEN t.random(g + 8000) > 0.1 THEN t.random(g + 9000) < 0.4 END AS overdue,
	CASE WHEN t.random(g + 10000) > 0.1 THEN (t.random(g + 11000) * 4)::int END AS kind,
	CASE WHEN t.random(g + 12000) > 0.1 THEN (t.random(g + 13000) * 6)::int END AS years,
	t.random(g + 14000) < 0.5 AS member
FROM generate_series(1, 150) g;
SELECT tiering.set_source(s, 'SELECT m.* FROM lack.m m')
FROM unnest('{lack,lack_scores}'::text[]) s;
SELECT (tiering.refresh(s, '2024-03-31')).customers FROM unnest('{lack,lack_scores}'::text[]) s;
-- some hold another tier than they earn, be it higher or lower
UPDATE tiering.assignment SET tier = CASE scheme WHEN 'lack' THEN 'good' ELSE 'b' END
WHERE scheme LIKE 'lack%' AND substr(customer_id, 2)::int % 6 = 0
	AND tier <> CASE scheme WHEN 'lack' THEN 'good' ELSE 'b' END;
CREATE TABLE lack.told AS
SELECT s.scheme, l.* FROM unnest('{lack,lack_scores}'::text[]) s(scheme),
	tiering.shortfall(s.scheme) WITH ORDINALITY l;
SELECT scheme, count(*) > 100 AS many, count(DISTINCT metric) AS metrics,
	count(DISTINCT (next_tier, rule)) AS rules, max(conditions_missing) AS most,
	count(*) FILTER (WHERE value IS NULL) AS unknown,
	count(*) FILTER (WHERE distance < 0) AS falling,
	count(*) FILTER (WHERE distance = 0) AS passing
FROM lack.told GROUP BY scheme ORDER BY scheme;

/*
 * The oracle. A value that a metric could have: what it is, each bound that rules or bands have for
 * it, and a little to both sides. All of them are combined, and graded by tables alone.
 */
CREATE TABLE lack.bound AS
SELECT DISTINCT b.scheme, b.metric, v.bound
FROM (SELECT scheme, metric, bounds FROM tiering.rule UNION ALL
	  SELECT scheme, metric, bounds FROM tiering.score_band) b
	JOIN tiering.metric m USING (scheme, metric),
	LATERAL (VALUES (lower(b.bounds)), (upper(b.bounds))) v(bound)
WHERE scheme IN ('lack', 'lack_scores') AND m.kind = 'number' AND m.actionable
	AND v.bound IS NOT NULL;
CREATE TABLE lack.now AS
SELECT m.scheme, c.customer_id, m.metric, m.kind, m.actionable, CASE m.kind
	WHEN 'boolean' THEN (to_jsonb(c) ->> m.metric)::boolean::int::numeric
	ELSE (to_jsonb(c) ->> m.metric)::numeric END AS value
FROM lack.m c, tiering.metric m WHERE m.scheme IN ('lack', 'lack_scores') AND m.kind <> 'score';
CREATE TABLE lack.could AS
SELECT n.*, n.value AS then, NULL::numeric AS bound, 0::numeric AS cost, 0 AS change FROM lack.now n
UNION ALL
SELECT n.*, x.value, b.bound,
	COALESCE(round(100 * abs(b.bound - n.value) / NULLIF(abs(b.bound), 0), 4), 'Infinity'), 1
FROM lack.now n JOIN lack.bound b USING (scheme, metric),
	LATERAL (VALUES (b.bound), (b.bound - 0.00000001), (b.bound + 0.00000001)) x(value)
WHERE COALESCE(x.value <> n.value AND sign(x.value - n.value) * (b.bound - n.value) >= 0, true)
UNION ALL
SELECT n.*, x.value, x.value,
	CASE WHEN x.value = 1 AND n.value = 0 THEN 100 ELSE numeric 'Infinity' END, 1
FROM lack.now n, LATERAL (VALUES (0::numeric), (1)) x(value)
WHERE n.kind = 'boolean' AND n.actionable AND n.value IS DISTINCT FROM x.value;

ANALYZE lack.could, lack.now;
-- Of each rule without scores every condition alone, by the nearer bound; of those with scores all
-- values together.
CREATE TABLE lack.plain AS
SELECT r.scheme, x.customer_id, r.tier, r.rule, max(x.cost) AS cost, sum(x.change) AS changes
FROM tiering.rule r, LATERAL (
	SELECT DISTINCT ON (c.customer_id) c.* FROM lack.could c
	WHERE c.scheme = r.scheme AND c.metric = r.metric AND r.bounds @> c.then
	ORDER BY c.customer_id, c.change, abs(c.bound - c.value)) x
WHERE r.scheme = 'lack' AND NOT r.stay
GROUP BY r.scheme, x.customer_id, r.tier, r.rule
HAVING count(*) = (SELECT count(*) FROM tiering.rule o
	WHERE (o.scheme, o.tier, o.rule) = (r.scheme, r.tier, r.rule));
SET enable_nestloop = off;
CREATE TABLE lack.scored AS
WITH points AS MATERIALIZED (
	SELECT c.*, f.points * 0.5 AS assets_fit FROM lack.could c
		LEFT JOIN tiering.score_band f ON f.scheme = c.scheme AND f.metric = c.metric
			AND f.score = 'fit' AND f.bounds @> c.then
	WHERE c.scheme = 'lack_scores' AND c.metric = 'assets'
), volume AS MATERIALIZED (
	SELECT c.*, 0.3 * COALESCE(f.points, 10) AS fit, COALESCE(r.points, 0) AS risk
	FROM lack.could c
		LEFT JOIN tiering.score_band f ON f.scheme = c.scheme AND f.metric = c.metric
			AND f.score = 'fit' AND f.bounds @> c.then
		LEFT JOIN tiering.score_band r ON r.scheme = c.scheme AND r.metric = c.metric
			AND r.score = 'risk' AND r.bounds @> c.then
	WHERE c.scheme = 'lack_scores' AND c.metric = 'volume'
), tried AS (
	SELECT a.customer_id, a.then AS assets, a.assets_fit + v.fit
			+ CASE WHEN y.value >= 3 THEN 20 ELSE 0 END AS fit,
		v.risk + CASE m.then WHEN 0 THEN 6 WHEN 1 THEN 2 END AS risk, a.cost AS cost_a,
		v.cost AS cost_v, m.cost AS cost_m, a.change AS a, v.change AS v, m.change AS m
	FROM points a JOIN volume v USING (customer_id)
		JOIN lack.could m ON m.customer_id = a.customer_id AND m.scheme = a.scheme
			AND m.metric = 'member'
		JOIN lack.now y ON y.customer_id = a.customer_id AND y.scheme = a.scheme
			AND y.metric = 'years'
)
SELECT 'lack_scores' AS scheme, customer_id, r.tier, r.rule,
	GREATEST(cost_a, cost_v, cost_m) AS cost, a + v + m AS changes
FROM tried, LATERAL (VALUES ('c', 1, fit >= 30), ('b', 1, fit >= 50 AND fit < 80 AND risk <= 8),
	('b', 2, fit >= 60 AND assets >= 1500), ('a', 1, fit >= 80 AND risk < 9.5)) r(tier, rule, met)
WHERE r.met;
CREATE TABLE lack.earned AS
SELECT s.scheme, m.customer_id, tiering.classify(s.scheme, m, '2024-03-31') AS tier
FROM unnest('{lack,lack_scores}'::text[]) s(scheme), lack.m m;
ANALYZE lack.plain, lack.scored, lack.earned;
CREATE TABLE lack.oracle AS
WITH way AS (
	SELECT * FROM lack.plain
	UNION ALL
	(SELECT DISTINCT ON (customer_id, tier, rule) * FROM lack.scored
	ORDER BY customer_id, tier, rule, cost, changes)
), higher AS (
	SELECT w.*, a.tier AS held, t.rank,
		min(t.rank) OVER (PARTITION BY w.scheme, w.customer_id) AS next
	FROM way w JOIN tiering.tier t USING (scheme, tier)
		JOIN tiering.assignment a USING (scheme, customer_id)
		JOIN tiering.tier h ON h.scheme = a.scheme AND h.tier = a.tier
		JOIN lack.earned e ON (e.scheme, e.customer_id) = (w.scheme, w.customer_id)
		JOIN tiering.tier g ON g.scheme = w.scheme AND g.tier = e.tier
	WHERE t.rank > h.rank AND t.rank > g.rank
)
SELECT scheme, customer_id, held AS tier, tier AS next_tier, rule, NULLIF(cost, 'Infinity') AS cost,
	changes FROM higher WHERE rank = next;
RESET enable_nestloop;
SELECT scheme, count(*) > 100 AS many, count(*) FILTER (WHERE o.customer_id IS NULL) AS stray,
	count(*) FILTER (WHERE l.customer_id IS NULL) AS missing,
	count(*) FILTER (WHERE (l.cost, l.changes) IS DISTINCT FROM (o.cost, o.changes)) AS wrong
FROM lack.oracle o FULL JOIN (
	SELECT scheme, customer_id, tier, next_tier, rule, conditions_missing AS changes,
		CASE WHEN bool_and(distance_percent IS NOT NULL) THEN max(distance_percent) END AS cost
	FROM lack.told GROUP BY scheme, customer_id, tier, next_tier, rule, conditions_missing
	HAVING count(*) = conditions_missing) l USING (scheme, customer_id, tier, next_tier, rule)
GROUP BY scheme ORDER BY scheme;
-- what a row says is what there is; nobody is advised to change what nobody can
SELECT count(*) FILTER (WHERE t.value IS DISTINCT FROM n.value) AS wrong_value,
	count(*) FILTER (WHERE t.distance IS DISTINCT FROM t.bound - t.value) AS wrong_distance,
	count(*) FILTER (WHERE t.distance_percent IS DISTINCT FROM
		round(100 * abs(t.distance) / NULLIF(abs(t.bound), 0), 4)) AS wrong_percent,
	count(*) FILTER (WHERE NOT n.actionable) AS advised
FROM lack.told t JOIN lack.now n USING (scheme, customer_id, metric);
-- who does as a rule says, and a little more where a bound is left out, earns that tier or a higher
SELECT count(*) > 200 AS many, count(*) FILTER (WHERE COALESCE(g.rank < x.rank, true)) AS wrong
FROM (
	SELECT l.scheme, l.customer_id, l.next_tier, t.rank, jsonb_object_agg(l.metric, CASE k.kind
		WHEN 'boolean' THEN to_jsonb(l.bound = 1)
		ELSE to_jsonb(l.bound + CASE WHEN l.distance >= 0 OR l.value IS NULL
			THEN CASE WHEN l.next_tier = 'good' AND l.metric = 'volume'
					OR l.metric = 'assets' AND l.bound = 2000
					OR l.metric = 'volume' AND l.bound = 300 THEN 0.01 ELSE 0 END
			ELSE CASE WHEN l.metric = 'volume' AND l.bound IN (9000, 0, 300)
				OR l.metric = 'assets' AND l.bound = 2000 THEN 0 ELSE -0.01 END END) END) AS change
	FROM lack.told l JOIN tiering.metric k USING (scheme, metric)
		JOIN tiering.tier t ON t.scheme = l.scheme AND t.tier = l.next_tier
	WHERE NOT EXISTS (SELECT FROM lack.told u WHERE (u.scheme, u.customer_id, u.next_tier, u.rule)
		= (l.scheme, l.customer_id, l.next_tier, l.rule) AND u.value IS NULL)
	GROUP BY l.scheme, l.customer_id, l.next_tier, l.rule, t.rank) x
	JOIN lack.m m USING (customer_id)
	LEFT JOIN tiering.tier g ON g.scheme = x.scheme AND g.tier = tiering.classify(x.scheme,
		jsonb_populate_record(m, x.change), '2024-03-31');
-- the order: a customer's cheapest rule first
SELECT count(*) AS wrong FROM (
	SELECT *, lag(cost) OVER w > cost AND lag(customer_id) OVER w = customer_id AS later
	FROM (SELECT *, max(COALESCE(distance_percent, 'Infinity')) OVER (PARTITION BY scheme,
		customer_id, next_tier, rule) AS cost FROM lack.told) o
	WINDOW w AS (PARTITION BY scheme ORDER BY ordinality)) o WHERE later;

-- within a per cent: the rules of which no condition is missed by more
CREATE TABLE lack.costs AS
SELECT scheme, customer_id, tier, next_tier, rule, metric, value, bound, distance, distance_percent,
	conditions_missing, max(COALESCE(distance_percent, 'Infinity')) OVER (PARTITION BY scheme,
		customer_id, next_tier, rule) AS cost
FROM lack.told;
SELECT p, count(*) AS rows, count(*) FILTER (WHERE l.rule IS NULL OR o.rule IS NULL) AS wrong
FROM (SELECT p, s.scheme, l.* FROM unnest('{0,0.1,5,99.9999,100}'::numeric[]) p,
		unnest('{lack,lack_scores}'::text[]) s(scheme),
		tiering.shortfall(s.scheme, within_percent => p) l) l
	FULL JOIN (SELECT p, c.* FROM unnest('{0,0.1,5,99.9999,100}'::numeric[]) p
		JOIN lack.costs c ON c.cost <= p) o
	USING (p, scheme, customer_id, tier, next_tier, rule, metric, value, bound, distance,
		distance_percent, conditions_missing)
GROUP BY p ORDER BY p;
-- some customers only, and nobody; whoever the source has not
SELECT customer_id, tier, next_tier, rule, metric, value, bound, distance, distance_percent,
	conditions_missing
FROM tiering.shortfall('lack', customers => '{c20,c6,nobody}');
SELECT count(*) FROM tiering.shortfall('lack', customers => '{}');

-- explain() names the same ways, or says that there is none
SELECT scheme, count(*) > 30 AS many, count(*) FILTER (WHERE e.told IS NULL) AS unexplained,
	count(*) FILTER (WHERE l.told IS NULL) AS stray
FROM (SELECT s.scheme, m.customer_id, e.tier AS next_tier, e.rule, true AS told
		FROM unnest('{lack,lack_scores}'::text[]) s(scheme), lack.m m,
			tiering.explain(s.scheme, m, '2024-03-31') e
		WHERE e.part = 'next' AND e.tier IS NOT NULL AND m.customer_id < 'c13') e
	FULL JOIN (SELECT DISTINCT scheme, customer_id, next_tier, rule, true AS told FROM lack.told
		WHERE customer_id < 'c13') l
		USING (scheme, customer_id, next_tier, rule)
	JOIN tiering.assignment a USING (scheme, customer_id)
WHERE a.cause <> 'manual'
GROUP BY scheme ORDER BY scheme;
SELECT part, tier, rule, sentence FROM tiering.explain('lack', (SELECT r FROM (SELECT 300 AS assets,
	200 AS volume, 3 AS months, true AS overdue, 2 AS kind) r), '2024-03-31')
WHERE part IN ('tier', 'next') OR metric = 'kind';
SELECT sentence FROM tiering.explain('lack', (SELECT r FROM (SELECT 300000 AS assets,
	NULL::int AS volume, 3 AS months, NULL::boolean AS overdue, 3 AS kind) r), '2024-03-31')
WHERE part = 'next';
SELECT tiering.new_version('lack');
UPDATE tiering.metric SET actionable = false WHERE scheme = 'lack' AND version = 2
	AND metric IN ('months', 'assets', 'overdue', 'volume');
SELECT tiering.publish('lack', '2024-07-01');
SELECT part, tier, rule, sentence FROM tiering.explain('lack', (SELECT r FROM (SELECT 300 AS assets,
	NULL::int AS volume, 3 AS months, true AS overdue, NULL::int AS kind) r), '2024-07-01')
WHERE part IN ('tier', 'next', 'condition');

-- presets: a company is not told to be a person, and nobody to be older
SELECT p.preset, m ->> 'metric' AS metric
FROM tiering.preset p, jsonb_array_elements(p.document -> 'metrics') m
WHERE NOT (m ->> 'actionable')::boolean ORDER BY 1, 2;
SELECT tiering.load_preset('icbc', 'lack_icbc');
SELECT tiering.publish('lack_icbc', '2024-01-01');
SELECT part, rule, sentence FROM tiering.explain('lack_icbc', (SELECT r FROM (SELECT
	450000 AS daily_avg_assets, 100 AS transaction_volume, 3 AS active_months,
	2 AS customer_type) r))
WHERE part = 'next' OR metric = 'customer_type' AND tier = 'quality';
-- the word is in documents and copies; a score has none
SELECT m FROM jsonb_array_elements(tiering.export_scheme('lack', 1) -> 'metrics') m
WHERE m ->> 'metric' IN ('kind', 'months');
SELECT tiering.copy_scheme('lack', 'lack_copy');
SELECT tiering.export_scheme('lack_copy') -> 'metrics' = tiering.export_scheme('lack') -> 'metrics';
-- Sixty metrics that cost the same have more ways than can be gone through: it can be cancelled.
-- Where one way is cheaper than all others it is found at once.
SELECT tiering.import_scheme(jsonb_build_object('scheme', 'lack_many', 'metrics',
	(SELECT jsonb_agg(jsonb_build_object('metric', 'm' || i, 'is_measure', i = 1))
	FROM generate_series(1, 60) i) || '[{"metric": "s", "kind": "score"}]', 'scores',
	(SELECT jsonb_agg(jsonb_build_object('score', 's', 'metric', 'm' || i, 'weight', 1, 'bands',
		'[{"bounds": "(,100)", "points": 0}, {"bounds": "[100,200)", "points": 2},
		{"bounds": "[200,)", "points": 9}]'::jsonb)) FROM generate_series(1, 60) i), 'tiers',
	'[{"tier": "rest", "rank": 0, "base": true}, {"tier": "a", "rank": 1,
		"rules": [{"s": "[60,120)"}]}]'::jsonb));
SELECT tiering.publish('lack_many', '2024-01-01');
CREATE FUNCTION lack.of_many(cheap int) RETURNS TABLE (rows bigint, dearest numeric)
BEGIN ATOMIC
	SELECT count(*), max(l.rule_percent) FROM _tiering.shortfall_of('lack_many', 1,
		ARRAY(SELECT 'm' || i FROM generate_series(1, 60) i),
		ARRAY(SELECT CASE WHEN i <= cheap THEN 99 ELSE 50 END FROM generate_series(1, 60) i)) l;
END;
SELECT * FROM lack.of_many(30);
\set VERBOSITY terse
SET statement_timeout = '200ms';
SELECT * FROM lack.of_many(0);
RESET statement_timeout;
\set VERBOSITY default
SELECT t.fails(q) FROM unnest(ARRAY[
	$$SELECT tiering.import_scheme('{"scheme": "lack_no", "metrics": [{"metric": "s",
		"kind": "score", "actionable": false}]}')$$,
	$$SELECT tiering.import_scheme('{"scheme": "lack_no", "metrics": [{"metric": "s",
		"actionable": "perhaps"}]}')$$,
	$$SELECT * FROM tiering.shortfall('nothing')$$, $$SELECT * FROM tiering.shortfall(NULL)$$,
	$$SELECT * FROM tiering.shortfall('lack_icbc')$$,
	$$SELECT * FROM tiering.shortfall('lack', -0.01)$$,
	$$SELECT * FROM tiering.shortfall('lack', 'NaN')$$,
	$$SELECT _tiering.shortfall_of('lack', 1, '{}', '{}')$$,
	$$SELECT * FROM _tiering.shortfall_of('lack', 9, '{}', '{}')$$,
	$$SELECT * FROM _tiering.shortfall_of('lack', 1, '{assets}', '{NaN}')$$,
	$$SELECT * FROM _tiering.shortfall_rows('lack', NULL, 1, NULL, NULL)$$]) q;

-- whoever reports may ask, and nobody else; they need no right to the bank's table
CREATE ROLE tiering_lack_reader;
CREATE ROLE tiering_lack_nobody;
SELECT tiering.grant_role('tiering_lack_reader', 'report');
GRANT USAGE ON SCHEMA t TO tiering_lack_reader, tiering_lack_nobody;
GRANT EXECUTE ON FUNCTION t.fails TO tiering_lack_reader, tiering_lack_nobody;
SET ROLE tiering_lack_reader;
SELECT count(*) > 100 AS many FROM tiering.shortfall('lack_scores');
SELECT t.fails('SELECT * FROM lack.m');
SELECT t.fails('SELECT * FROM _tiering.shortfall(''lack'', NULL, NULL)');
SET ROLE tiering_lack_nobody;
SELECT t.fails('SELECT * FROM tiering.shortfall(''lack'')');
SELECT count(*) FROM tiering.explain('lack_icbc', (SELECT r FROM (SELECT
	450000 AS daily_avg_assets, 100 AS transaction_volume, 3 AS active_months,
	2 AS customer_type) r))
WHERE part = 'next';
RESET ROLE;
SELECT tiering.revoke_role('tiering_lack_reader', 'report');
REVOKE USAGE ON SCHEMA t FROM tiering_lack_reader, tiering_lack_nobody;
REVOKE EXECUTE ON FUNCTION t.fails FROM tiering_lack_reader, tiering_lack_nobody;
DROP ROLE tiering_lack_reader, tiering_lack_nobody;
