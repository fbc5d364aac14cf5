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
SELECT t.fails($$SELECT tiering.load_preset('pyramid', 'p', '{"private_from": "all,)\""}')$$);
