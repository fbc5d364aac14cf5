-- Each preset loads with one call, under a name of one's own as well, is an
-- ordinary draft then, and nothing is to be found in it.
SELECT p.preset, p.parameters, tiering.load_preset(p.preset, 'our ' || p.preset) AS draft
	FROM tiering.preset p ORDER BY p.preset COLLATE "C";
SELECT count(*) FROM tiering.scheme_version WHERE scheme LIKE 'our %' AND status = 'draft';
SELECT scheme, f.* FROM tiering.scheme_version, tiering.validate(scheme, version) f
	WHERE scheme LIKE 'our %';
-- no parameter is left open in it, and written as a document it makes the same scheme again
SELECT p.preset FROM tiering.preset p
	WHERE tiering.export_scheme('our ' || p.preset)::text ~ '\{\w+\}';
SELECT tiering.import_scheme(tiering.export_scheme('our ' || p.preset), 'again ' || p.preset)
	IS NULL AS failed, count(*) FROM tiering.preset p GROUP BY 1;
SELECT p.preset FROM tiering.preset p
WHERE tiering.export_scheme('our ' || p.preset) - 'scheme' <> tiering.export_scheme('again '
	|| p.preset) - 'scheme';

-- All that people read is in both languages, and where numbers are not those of
-- a source the description says so.
SELECT scheme FROM tiering.scheme WHERE scheme LIKE 'our %'
	AND NOT (title ~ '^[[:ascii:]]+$' AND title_zh ~ '[一-龥]' AND description <> ''
	AND origin <> '');
SELECT scheme, metric FROM tiering.metric WHERE scheme LIKE 'our %'
	AND NOT (title ~ '^[[:ascii:]]+$' AND title_zh ~ '[一-龥]');
-- each metric says of which days it is
SELECT scheme, metric FROM tiering.metric WHERE scheme LIKE 'our %'
	AND NOT (period ~ '^[[:ascii:]]+$' AND period_zh ~ '[一-龥]');
SELECT scheme, tier FROM tiering.tier WHERE scheme LIKE 'our %'
	AND NOT (title ~ '^[[:ascii:]]+$' AND title_zh ~ '[一-龥]');
SELECT scheme, tier FROM tiering.service WHERE scheme LIKE 'our %'
	AND NOT (channel ~ '^[[:ascii:]]+$' AND channel_zh ~ '[一-龥]' AND benefits ~ '^[[:ascii:]]+$'
		AND benefits_zh ~ '[一-龥]');
SELECT scheme, count(*) AS titles, count(DISTINCT title) AS distinct_titles,
	count(DISTINCT title_zh) AS distinct_zh
FROM tiering.tier WHERE scheme LIKE 'our %' GROUP BY scheme HAVING count(DISTINCT title) <> count(*)
	OR count(DISTINCT title_zh) <> count(*);
SELECT scheme FROM tiering.scheme WHERE scheme LIKE 'our %' AND description !~ 'illustrative';
-- each has a money figure for reports, and a service for each tier that takes customers
SELECT count(DISTINCT scheme) FROM tiering.metric WHERE scheme LIKE 'our %' AND is_measure
	AND unit = 'CNY';
SELECT t.scheme, t.tier FROM tiering.tier t WHERE scheme LIKE 'our %'
	AND (t.base OR EXISTS (SELECT FROM tiering.rule r WHERE r.scheme = t.scheme
		AND r.tier = t.tier))
	AND NOT EXISTS (SELECT FROM tiering.service s WHERE s.scheme = t.scheme AND s.tier = t.tier);

DELETE FROM tiering.scheme_version WHERE scheme LIKE 'our %' OR scheme LIKE 'again %';
DELETE FROM tiering.scheme WHERE scheme LIKE 'our %' OR scheme LIKE 'again %';

SELECT t.fails($$SELECT tiering.load_preset('nothing')$$);
SELECT tiering.load_preset('cib', 'taken'), t.fails($$SELECT tiering.load_preset('cib', 'taken')$$);
SELECT t.fails($$SELECT tiering.load_preset('pyramid', 'p', '{"private": 1}')$$);
SELECT t.fails(format('SELECT tiering.load_preset(%L, %L, %L)', 'two_class', 'p', p))
FROM unnest('{[1],"\"x\"",null}'::text[] || 'null'::text) p;
SELECT t.fails($$SELECT tiering.load_preset('pyramid', 'p', '{"private_from": "all,)\""}')$$);

-- reports say of which days a metric is
SELECT tiering.load_preset('cib_net', 'periods'), tiering.publish('periods', '2024-01-01');
SELECT tiering.set_source('periods', $$SELECT x AS customer_id, x::numeric AS daily_avg_assets,
	x::numeric AS daily_avg_net_assets FROM unnest('{9000,95000,5900000}'::text[]) x$$);
SELECT new FROM tiering.refresh('periods', '2024-01-31');
SELECT customer_id, next_tier, metric, period FROM tiering.near_upgrade WHERE scheme = 'periods'
ORDER BY customer_id;
SELECT customer_id, tier, metric, period FROM tiering.near_downgrade WHERE scheme = 'periods'
ORDER BY customer_id;
SELECT part, tier, sentence FROM tiering.explain('periods',
	(SELECT m FROM (SELECT 95000 AS daily_avg_assets, NULL::int AS daily_avg_net_assets) m),
	'2024-01-31') WHERE part <> 'condition' OR tier IN ('gold', 'diamond');
SELECT metric, period, period_zh FROM tiering.metric WHERE scheme = 'periods' ORDER BY metric;
