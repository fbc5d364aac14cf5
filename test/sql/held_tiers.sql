-- Who holds a tier of another version than the one that graded has the next tier above what that
-- version calls theirs, in every report: renamed, split, dropped or new.
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA held;
CREATE TABLE held.has (scheme text, customer_id text, value numeric, more numeric);
CREATE FUNCTION held.next_version(scheme text, effective date, tiers text[], ranks int[],
	succeeds text[], bounds text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	next int := tiering.new_version(scheme);
BEGIN
	DELETE FROM tiering.rule r WHERE r.scheme = next_version.scheme AND r.version = next;
	DELETE FROM tiering.tier t WHERE t.scheme = next_version.scheme AND t.version = next;
	INSERT INTO tiering.tier (scheme, version, tier, rank, base, succeeds)
	SELECT next_version.scheme, next, t, r, r = 0, s FROM unnest(tiers, ranks, succeeds) x(t, r, s);
	INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
	SELECT next_version.scheme, next, t, 1, 'value', b::numrange FROM unnest(tiers, bounds) x(t, b)
	WHERE b IS NOT NULL;
	PERFORM tiering.publish(scheme, effective);
END;
$$;

-- One where the measure alone tells, one where the source is asked. Version 2 drops silver, calls
-- mid medium, and splits gold; version 3 calls top best, and has a tier that none had before.
SELECT tiering.create_ladder('held_l', 'value', '{low,silver,mid,gold,top}', '{NULL,10,20,30,40}');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
VALUES ('held_l', 1, 'gold', 2, 'value', '[15,)', true);
SELECT tiering.copy_scheme('held_l', 'held_s');
INSERT INTO tiering.metric (scheme, version, metric) VALUES ('held_s', 1, 'more');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
VALUES ('held_s', 1, 'top', 2, 'more', '[1000,)');
SELECT tiering.publish(s, '2024-01-01'),
	held.next_version(s, '2024-02-01', '{low,medium,gold,gold_plus,top}', '{0,1,2,3,4}',
		'{NULL,mid,NULL,gold,NULL}', '{NULL,"[20,)","[30,)","[35,)","[40,)"}'),
	held.next_version(s, '2024-03-01', '{low,medium,gold,gold_plus,best,elite}', '{0,1,2,3,4,5}',
		'{NULL,NULL,NULL,NULL,top,NULL}', '{NULL,"[20,)","[30,)","[35,)","[40,)","[50,)"}'),
	tiering.set_source(s, format('SELECT customer_id, value, more FROM held.has
		WHERE scheme = %L', s)),
	tiering.set_series(s, format('SELECT customer_id, tiering.daily_series(value, daterange(
		''2023-12-01'', NULL)) AS balances, tiering.month($1 + 1) AS period
		FROM held.has WHERE scheme = %L GROUP BY customer_id', s))
FROM unnest('{held_l,held_s}'::text[]) s \g /dev/null
INSERT INTO held.has
SELECT s, concat_ws(' ', v.version, t.tier, value), value, 0
FROM unnest('{held_l,held_s}'::text[]) s, generate_series(1, 3) v(version),
	unnest('{5,25}'::numeric[]) value, tiering.tier t
WHERE t.scheme = s AND t.version = v.version;
CREATE FUNCTION held.put(by int, day date) RETURNS void LANGUAGE sql AS $$
	-- from another tier: one that is only called otherwise is the same
	UPDATE tiering.assignment SET tier = 'gold', version = by, as_of = day
	WHERE scheme IN ('held_l', 'held_s') AND customer_id LIKE by || ' medium %';
	UPDATE tiering.assignment
	SET tier = split_part(customer_id, ' ', 2), version = by, as_of = day
	WHERE scheme IN ('held_l', 'held_s') AND customer_id LIKE by || ' %'
		AND tier <> split_part(customer_id, ' ', 2)
$$;
CREATE VIEW held.told AS
SELECT a.scheme, a.customer_id, a.tier AS holds, split_part(a.customer_id, ' ', 3) AS value,
	l.next_tier AS shortfall, u.next_tier AS near, s.next_tier AS status,
	concat_ws(' ', s.projected_tier, s.to_stay, l.next_tier) AS all_told,
	s.projected_tier AS projected, p.projected_tier AS projected_view
FROM tiering.source o JOIN tiering.assignment a USING (scheme)
	LEFT JOIN (SELECT DISTINCT ON (s, customer_id) s, l.*
		FROM unnest('{held_l,held_s}'::text[]) s, tiering.shortfall(s) WITH ORDINALITY l
		ORDER BY s, customer_id, ordinality) l ON (l.s, l.customer_id) = (a.scheme, a.customer_id)
	LEFT JOIN (SELECT * FROM tiering.near_upgrade WHERE scheme IN ('held_l', 'held_s')) u
		ON (u.scheme, u.customer_id) = (a.scheme, a.customer_id)
	LEFT JOIN (SELECT * FROM tiering.projected_tier WHERE scheme IN ('held_l', 'held_s')) p
		ON (p.scheme, p.customer_id) = (a.scheme, a.customer_id)
	CROSS JOIN LATERAL tiering.customer_status(a.scheme, a.customer_id, o.refreshed_as_of) s
WHERE a.scheme IN ('held_l', 'held_s');
-- what the version that graded calls a tier, and which one is next for who earns low
CREATE TABLE held.named (version int, tier text, called text, next text);
INSERT INTO held.named VALUES (1, 'low', 'low', 'silver'), (1, 'silver', 'silver', 'mid'),
	(1, 'mid', 'mid', 'gold'), (1, 'medium', 'mid', 'gold'), (1, 'gold', 'gold', 'top'),
	(1, 'gold_plus', 'gold', 'top'), (1, 'top', 'top', NULL), (1, 'best', 'top', NULL),
	(1, 'elite', 'top', NULL), (2, 'low', 'low', 'medium'), (2, 'medium', 'medium', 'gold'),
	(2, 'gold', 'gold', 'gold_plus'), (2, 'gold_plus', 'gold_plus', 'top'), (2, 'top', 'top', NULL),
	(2, 'best', 'top', NULL), (2, 'elite', 'top', NULL);
CREATE FUNCTION held.compared(version int) RETURNS TABLE (scheme text, customers bigint,
	wrong text, otherwise_told text) LANGUAGE sql AS $$
	WITH told AS MATERIALIZED (SELECT * FROM held.told)
	SELECT t.scheme, count(*),
		string_agg(concat_ws(' ', t.customer_id || ':', t.shortfall, t.near, t.status), ', '
			ORDER BY t.customer_id) FILTER (WHERE (t.shortfall, t.near, t.status)
			IS DISTINCT FROM (w.next, w.next, w.next)),
		-- as who holds what it is called
		string_agg(t.customer_id || ' ' || t.all_told, ', ' ORDER BY t.customer_id)
			FILTER (WHERE t.all_told IS DISTINCT FROM o.all_told
				OR t.projected IS DISTINCT FROM t.projected_view)
	FROM told t
		LEFT JOIN held.named n ON n.version = compared.version AND n.tier = t.holds
		CROSS JOIN LATERAL (SELECT CASE WHEN t.value = '25'
			AND n.next IN ('silver', 'mid', 'medium') THEN 'gold' ELSE n.next END AS next) w
		LEFT JOIN (SELECT DISTINCT ON (x.scheme, x.holds, x.value) x.* FROM told x
			ORDER BY x.scheme, x.holds, x.value, x.customer_id) o
			ON (o.scheme, o.holds, o.value) = (t.scheme, n.called, t.value)
	GROUP BY t.scheme ORDER BY t.scheme
$$;

-- Version 1 graded. gold_plus is gold to it; elite is above all that it has.
SELECT min((tiering.refresh(s, '2024-01-31')).customers) FROM unnest('{held_l,held_s}'::text[]) s;
SELECT v.scheme, v.by_measure FROM _tiering.near_version v
WHERE v.scheme IN ('held_l', 'held_s') ORDER BY 1;
SAVEPOINT graded;
SELECT held.put(1, '2024-01-31'), held.put(2, '2024-02-10'), held.put(3, '2024-03-10') \g /dev/null
SELECT * FROM held.compared(1);
SELECT holds, projected FROM held.told WHERE scheme = 'held_s' AND value = '25' GROUP BY 1, 2
ORDER BY 2, 1;
-- asked for by themselves, or within so much
SELECT s, c.rows > 20 AS many, (c.others = 0 AND w.others = 0) AS same
FROM unnest('{held_l,held_s}'::text[]) s, LATERAL (
	SELECT count(*) AS rows, count(*) FILTER (WHERE l IS DISTINCT FROM o) AS others
	FROM tiering.shortfall(s) l FULL JOIN (SELECT x.* FROM held.has h,
		tiering.shortfall(s, customers => ARRAY[h.customer_id]) x WHERE h.scheme = s) o
		USING (customer_id, next_tier, rule, metric)) c, LATERAL (
	SELECT count(*) FILTER (WHERE l IS DISTINCT FROM o) AS others
	FROM tiering.shortfall(s) l FULL JOIN tiering.shortfall(s, 1000000) o
		USING (customer_id, next_tier, rule, metric)) w
ORDER BY s;
-- Between two days a tier has one name: that of the last assessment up to the day. What no tier of
-- it has become has its own.
SELECT d, string_agg(DISTINCT m.from_tier, ' ' ORDER BY m.from_tier) AS from_tiers,
	string_agg(DISTINCT m.to_tier, ' ' ORDER BY m.to_tier) AS to_tiers, sum(customers) AS customers
FROM unnest('{2024-02-15,2024-03-15}'::date[]) d,
	tiering.migration_matrix('held_l', '2024-01-31', d) m GROUP BY d ORDER BY d;
SELECT string_agg(DISTINCT m.from_tier, ' ' ORDER BY m.from_tier) AS from_tiers,
	string_agg(DISTINCT m.to_tier, ' ' ORDER BY m.to_tier) AS to_tiers, sum(customers) AS customers
FROM tiering.migration_matrix('held_l', '2024-02-15', '2024-03-15') m;
SELECT m.tier FROM tiering.measure_bridge('held_l', '2024-01-31', '2024-03-15') m ORDER BY 1;
SELECT as_of, string_agg(DISTINCT m.from_tier, ' ' ORDER BY m.from_tier) AS from_tiers,
	string_agg(DISTINCT m.to_tier, ' ' ORDER BY m.to_tier) AS to_tiers
FROM tiering.migration_matrix m WHERE scheme = 'held_l' GROUP BY as_of ORDER BY as_of;
-- Of a day that a later version grades: silver has ended. From there gold is up, as both were in
-- version 1; medium is in no version with it.
SELECT v.day, a.tier, s.next_tier
FROM (VALUES (date '2024-02-10'), ('2024-03-10')) v(day), tiering.assignment a,
	tiering.customer_status(a.scheme, a.customer_id, v.day) s
WHERE a.scheme = 'held_s' AND a.customer_id LIKE '1 % 5'
ORDER BY v.day, array_position('{low,silver,mid,gold,top}', a.tier::text);

-- Version 2 graded, and who was put into silver before is where the rules say; version 3's are new.
ROLLBACK TO graded;
SELECT held.put(1, '2024-01-31') \g /dev/null
SELECT min((tiering.refresh(s, '2024-02-20')).customers) FROM unnest('{held_l,held_s}'::text[]) s;
SELECT held.put(2, '2024-02-20'), held.put(3, '2024-03-10') \g /dev/null
SELECT DISTINCT version, tier FROM tiering.assignment WHERE scheme = 'held_l' ORDER BY 1, 2;
SELECT * FROM held.compared(2);
SELECT tier, rank FROM _tiering.ranks_in('held_l', 2) ORDER BY rank, tier COLLATE "C";

-- Reports of tiers tell the same rank; what such customers get, and who serves them, is what their
-- own version says. Version 1 graded; elite is of version 2, and from gold it is up.
ROLLBACK TO graded;
SELECT tiering.create_ladder('held_m', 'value', '{low,gold}', '{NULL,10}');
INSERT INTO tiering.service (scheme, version, tier, customers_per_manager)
VALUES ('held_m', 1, 'gold', '[10,20]');
INSERT INTO tiering.benefit (scheme, version, tier, benefit, kind, unit_cost, inherited)
VALUES ('held_m', 1, 'gold', 'card', 'access', 5, true);
SELECT tiering.publish('held_m', '2024-01-01'), tiering.new_version('held_m');
INSERT INTO tiering.tier (scheme, version, tier, rank, parent)
VALUES ('held_m', 2, 'elite', 3, 'gold');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
VALUES ('held_m', 2, 'elite', 1, 'value', '[50,)');
INSERT INTO tiering.service (scheme, version, tier, customers_per_manager)
VALUES ('held_m', 2, 'elite', '[2,4]');
INSERT INTO tiering.benefit (scheme, version, tier, benefit, kind, value, unit_cost)
VALUES ('held_m', 2, 'elite', 'lounge', 'quantity', 2, 100);
SELECT tiering.publish('held_m', '2024-02-01'), tiering.set_source('held_m',
		'SELECT customer_id, value FROM held.has WHERE scheme = ''held_m'''),
	tiering.set_dimensions('held_m', 'SELECT customer_id, ''north'' AS branch FROM held.has
		WHERE scheme = ''held_m''');
INSERT INTO held.has
SELECT 'held_m', 'm' || i, CASE WHEN i <= 3 THEN 5 ELSE 20 END, 0 FROM generate_series(1, 10) i;
SELECT (tiering.refresh('held_m', '2024-01-31')).customers;
UPDATE tiering.assignment SET tier = 'elite', version = 2, as_of = '2024-02-10'
WHERE scheme = 'held_m' AND customer_id IN ('m1', 'm7', 'm8', 'm9', 'm10');
CREATE VIEW held.ranked AS
SELECT 'tier_distribution' AS told_by, tier, rank, customers FROM tiering.tier_distribution
WHERE scheme = 'held_m'
UNION ALL SELECT 'tier_rollup', tier, rank, customers FROM tiering.tier_rollup
WHERE scheme = 'held_m'
UNION ALL SELECT 'pareto', tier, rank, customers FROM tiering.pareto WHERE scheme = 'held_m'
UNION ALL SELECT 'tier_origin', tier, rank, customers FROM tiering.tier_origin
WHERE scheme = 'held_m'
UNION ALL SELECT 'tier_distribution_by', tier, rank, customers
FROM tiering.tier_distribution_by('held_m', 'branch')
UNION ALL SELECT 'staffing_by', tier, rank, customers FROM tiering.staffing_by('held_m', 'branch');
SELECT tier, rank, customers, count(*) AS reports FROM held.ranked GROUP BY 1, 2, 3
ORDER BY rank, tier COLLATE "C";
SELECT version, tier, rank, customers, managers_from, managers_to FROM tiering.staffing
WHERE scheme = 'held_m' ORDER BY rank, tier COLLATE "C";
SELECT tier, managers_from, managers_to FROM tiering.staffing_by('held_m', 'branch')
ORDER BY rank, tier COLLATE "C";
SELECT version, tier, rank, benefit, customers, cost FROM tiering.benefit_cost
WHERE scheme = 'held_m' ORDER BY tier COLLATE "C", benefit COLLATE "C";
SELECT tiering.report('held_m') ~ 'elite <[^>]*></small></td><td class="v">5</td>' AS on_the_page;
-- who may read that alone
CREATE ROLE held_reader;
GRANT SELECT ON tiering.staffing, tiering.tier_distribution TO held_reader;
GRANT USAGE ON SCHEMA tiering TO held_reader;
SET ROLE held_reader;
SELECT count(*) FILTER (WHERE rank IS NULL) FROM tiering.staffing WHERE scheme = 'held_m';
RESET ROLE;
-- what no version knows has none
ALTER TABLE tiering.tier DISABLE TRIGGER ALL;
DELETE FROM tiering.tier WHERE scheme = 'held_m' AND tier = 'elite';
SELECT tier, rank, customers FROM tiering.tier_distribution WHERE scheme = 'held_m'
ORDER BY rank, tier COLLATE "C";
ROLLBACK;
