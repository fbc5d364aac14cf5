-- What a reporting tool needs of a view, by the catalogue: whoever adds one that breaks a rule is
-- told here. What has a trigger takes rows in, and is left out. No row is what there must be.
BEGIN;
CREATE SCHEMA vr;
CREATE VIEW vr.field AS
SELECT c.oid, c.relname AS view, a.attnum, a.attname AS field, t.typname AS type,
	a.atttypmod AS mod, format_type(a.atttypid, a.atttypmod) AS told
FROM pg_class c
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind = 'v' AND c.relnamespace = 'tiering'::regnamespace
	AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid);
SELECT count(DISTINCT view) > 20 AS there_are_views FROM vr.field;
CREATE FUNCTION vr.has(view name, field name, type text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM vr.field f
		WHERE f.view = has.view AND f.field = has.field AND f.type = has.type)
$$;

-- a comment on every view and column, which is no repetition of its name
SELECT view, field FROM vr.field
WHERE COALESCE(col_description(oid, attnum), '') !~ '[a-z]{3}.*[^. ]$|^Tier$'
	OR replace(field, '_', ' ') = lower(col_description(oid, attnum))
		AND field NOT IN ('scheme', 'tier');
SELECT view FROM vr.field GROUP BY view, oid
HAVING COALESCE(obj_description(oid, 'pg_class'), '') !~ '^[A-Z]';
-- types that all tools know; ranges only beside what they are made of
SELECT view, field, type FROM vr.field WHERE type NOT IN ('text', 'int4', 'int8', 'bool', 'date',
	'numeric', 'timestamptz', 'daterange', 'numrange');
SELECT view, field FROM vr.field f WHERE type = 'daterange'
	AND NOT (vr.has(view, field || '_from', 'date') AND vr.has(view, field || '_to', 'date'));
SELECT view, field FROM vr.field f WHERE type = 'numrange'
	AND NOT (vr.has(view, 'bound', 'numeric') AND vr.has(view, 'upper_bound', 'numeric'));
-- numbers with a precision and a scale that fit into 38 digits; money has 2 decimals
SELECT view, field, told FROM vr.field WHERE type = 'numeric'
	AND NOT (mod >= 0 AND (mod - 4) >> 16 <= 38 AND (mod - 4) & 65535 <= 6);
SELECT view, field, told FROM vr.field WHERE type = 'numeric' AND told <> 'numeric(38,2)'
	AND field ~ '^(.*_)?(measure(_from|_to)?|distance|cost|bound|balance.*)$'
	AND field <> 'unit_cost';
SELECT view, field, told FROM vr.field WHERE field ~ '(share|retention)$' AND told !~ ',6\)$';
-- the rank of each tier that is what a row is of, of where it came from, and of where it leads
SELECT view, field FROM vr.field
WHERE field IN ('tier', 'next_tier', 'from_tier', 'to_tier') AND NOT vr.has(view,
	CASE field WHEN 'tier' THEN 'rank' ELSE replace(field, 'tier', 'rank') END::name, 'int4')
	AND NOT (field = 'from_tier' AND vr.has(view, 'tier', 'text'));
-- a date wherever there is a time, or a history
SELECT DISTINCT view FROM vr.field f
WHERE (type IN ('timestamptz', 'daterange') OR view ~ 'history|migration|move')
	AND NOT EXISTS (SELECT FROM vr.field d WHERE d.view = f.view AND d.type = 'date');
-- the scheme comes with each row, and as_of is told of as one thing
SELECT DISTINCT view FROM vr.field f WHERE NOT vr.has(view, 'scheme', 'text');
SELECT DISTINCT col_description(oid, attnum) AS as_of,
	string_agg(view, ' ' ORDER BY view) AS views
FROM vr.field WHERE field = 'as_of' GROUP BY 1 ORDER BY 1;

-- By rows: a scheme that has as little as there can be, its money not in whole cents. One of its
-- customers is assessed later than all others, and one has never changed.
SELECT tiering.create_ladder('vr', 'assets', '{low,mid,high}', '{NULL,100,1000}');
INSERT INTO tiering.service (scheme, version, tier, customers_per_manager)
	VALUES ('vr', 1, 'mid', '[3,5]');
INSERT INTO tiering.benefit (scheme, version, tier, benefit, kind, value, unit_cost)
	VALUES ('vr', 1, 'mid', 'lounge', 'quantity', 3, 0.125);
SELECT tiering.publish('vr', '2024-01-01');
CREATE TABLE vr.has AS SELECT d AS as_of, c AS customer_id,
	CASE c WHEN 'a' THEN 10 WHEN 'b' THEN 99.999 WHEN 'c' THEN 1000 / 3.0
		WHEN 'd' THEN CASE d WHEN '2024-01-31' THEN 50 ELSE 200.005 END END AS assets
FROM unnest('{2024-01-31,2024-02-29}'::date[]) d, unnest('{a,b,c,d}'::text[]) c;
SELECT tiering.set_source('vr', 'SELECT customer_id, assets FROM vr.has WHERE as_of = $1');
SELECT tiering.set_series('vr', $$SELECT customer_id,
	tiering.daily_series(round(assets, 4), daterange('2024-01-01', NULL)) AS balances,
	tiering.month($1 + 1) AS period FROM vr.has WHERE as_of = $1 GROUP BY customer_id$$);
SELECT tiering.set_dimensions('vr',
	$$SELECT DISTINCT customer_id, 'north' AS branch FROM vr.has$$);
SET client_min_messages = warning;
SELECT customers, up FROM tiering.refresh('vr', '2024-01-31')
UNION ALL SELECT customers, up FROM tiering.refresh('vr', '2024-02-29');
INSERT INTO vr.has VALUES ('2024-03-10', 'a', 150);
SELECT customers, up FROM tiering.assess('vr', '2024-03-10', '{a}', 'asked');
INSERT INTO tiering.target VALUES ('vr', 'branch', 'north', 'mid', '2024-02-29', 1, 0.5);
SELECT tiering.request_override('vr', 'c', 'floor', 'high', '[2024-03-01,2024-04-01)', 'why') > 0
	AS asked;
SELECT tiering.mark_dirty('vr', 'd', '2024-02-29');
RESET client_min_messages;

-- every view has rows, none a text that is empty, and none a tier that is null
CREATE FUNCTION vr.counted(view name, condition text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM tiering.%I WHERE scheme = %L AND (%s)', view, 'vr',
		condition) INTO result;
	RETURN result;
END;
$$;
SELECT view, vr.counted(view, 'true') AS rows,
	vr.counted(view, string_agg(format('%I = %L', field, ''), ' OR ') FILTER (WHERE type = 'text'))
		AS empty,
	vr.counted(view, CASE WHEN bool_or(field = 'tier') THEN 'tier IS NULL OR rank IS NULL'
		ELSE 'false' END) AS without_tier
FROM vr.field GROUP BY view ORDER BY view;
-- as_of of what is now is that of the last refresh, whoever was assessed or changed when
SELECT view, vr.counted(view, 'as_of IS DISTINCT FROM ''2024-02-29''') AS of_other_days
FROM vr.field GROUP BY view
HAVING bool_or(field = 'as_of' AND col_description(oid, attnum) ~ '^Date of the last refresh')
ORDER BY view;
SELECT customer_id, tier, rank, measure, as_of, measured_as_of FROM tiering.current_tier
WHERE scheme = 'vr' ORDER BY customer_id;
-- who is a thousandth short is near, and not there; what has to be held is enough
SELECT customer_id, tier, rank, next_tier, next_rank, measure, bound, distance, distance_percent
FROM tiering.near_upgrade WHERE scheme = 'vr' ORDER BY customer_id;
SELECT customer_id, tier, rank, next_tier, next_rank, measure, bound, distance
FROM tiering.near_downgrade WHERE scheme = 'vr' ORDER BY customer_id;
SELECT customer_id, tier, rank, valid_from, valid_to, valid, measure
FROM tiering.customer_tier_history WHERE scheme = 'vr' ORDER BY customer_id, valid_from;
SELECT _tiering.at_least(n) FROM (VALUES (0.001), (0.01), (-0.019), (1e20 + 0.005), (NULL)) v (n);
-- the sums are of what there is, and rounded then
SELECT tier, customers, measure, measure_share FROM tiering.tier_distribution WHERE scheme = 'vr'
ORDER BY rank;
SELECT as_of, sum(measure) = (SELECT round(sum(h.assets), 2) FROM vr.has h
	WHERE h.as_of = d.as_of)
	AS whole
FROM tiering.tier_distribution_history d WHERE scheme = 'vr' GROUP BY as_of ORDER BY as_of;
-- no row of a report is the sum of others
SELECT count(*) FILTER (WHERE tier IS NULL) AS whole, sum(customers) FROM tiering.retention('vr');
SELECT year, customers FROM tiering.yearly_retention('vr');
ROLLBACK;
