-- customer_status() for a day before the last assessment: what it said on that day, of all
-- customers of a book, but for what is not kept. Between the days they move, by the rules and by
-- hand, a tier is renamed, numbers change, and some leave.
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA past;
CREATE TABLE past.value AS
SELECT 'C' || g AS customer_id, d.day::date, round(t.random(g * 10 + d.n) ^ 2 * 90000, 2) AS assets
FROM generate_series(1, 60) g, unnest('{2024-01-01,2024-02-01,2024-03-01,2024-04-01}'::date[])
	WITH ORDINALITY d(day, n)
-- some come later, some go
WHERE NOT (g % 10 = 3 AND d.n = 1) AND NOT (g % 10 = 4 AND d.n > 2);
SELECT tiering.create_ladder('past', 'assets', '{mass,silver,gold}', '{NULL,20000,50000}');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
VALUES ('past', 1, 'gold', 2, 'assets', '[45000,)', true);
INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES ('past', 1, 'gold', 2);
INSERT INTO tiering.benefit (scheme, version, tier, benefit, kind, value, unit)
VALUES ('past', 1, 'gold', 'lounge', 'quantity', 2, 'visits');
UPDATE tiering.tier SET title = 'All that glitters' WHERE scheme = 'past' AND tier = 'gold';
SELECT tiering.publish('past', '2024-01-01');
SELECT tiering.new_version('past');
INSERT INTO tiering.tier (scheme, version, tier, rank, title, succeeds)
VALUES ('past', 2, 'aurum', 9, 'Aurum', 'gold');
UPDATE tiering.rule SET tier = 'aurum' WHERE scheme = 'past' AND version = 2 AND tier = 'gold';
UPDATE tiering.policy SET tier = 'aurum' WHERE scheme = 'past' AND version = 2;
UPDATE tiering.benefit SET tier = 'aurum', value = 3 WHERE scheme = 'past' AND version = 2;
DELETE FROM tiering.tier WHERE scheme = 'past' AND version = 2 AND tier = 'gold';
UPDATE tiering.rule SET bounds = '[60000,)' WHERE scheme = 'past' AND version = 2 AND rule = 1
	AND tier = 'aurum';
SELECT tiering.publish('past', '2024-03-01');
SELECT tiering.set_source('past', $$
	SELECT customer_id, assets FROM past.value
	WHERE tiering.month($1) @> day$$),
	tiering.set_series('past', $$
	SELECT customer_id, tiering.daily_series(assets, day, NULL) AS balances,
		tiering.month($1 + 1) AS period
	FROM past.value WHERE tiering.month($1) @> day GROUP BY customer_id$$);
CREATE TABLE past.told (day date, customer_id text, s jsonb);
CREATE FUNCTION past.tell(day date) RETURNS void LANGUAGE sql AS $$
	INSERT INTO past.told
	SELECT day, a.customer_id, to_jsonb(s)
	FROM tiering.assignment a, tiering.customer_status('past', a.customer_id) s
	WHERE a.scheme = 'past'
$$;
SELECT customers FROM tiering.refresh('past', '2024-01-31');
SELECT past.tell('2024-01-31');
CREATE ROLE t_past_chief LOGIN;
SELECT tiering.grant_role('t_past_chief', 'approve');
SELECT tiering.request_override('past', 'C8', 'floor', 'gold', '[2024-02-01,2024-03-01)', 'asked')
	AS request \gset
SET SESSION AUTHORIZATION t_past_chief;
SELECT tiering.approve(:request);
RESET SESSION AUTHORIZATION;
SELECT customers FROM tiering.refresh('past', '2024-02-29');
SELECT past.tell('2024-02-29');
SELECT tiering.rename_customer('past', 'C2', 'N2', '2024-02-29', 'a new card');
UPDATE tiering.assignment SET tier = 'silver', as_of = '2024-03-05'
WHERE scheme = 'past' AND customer_id IN ('C5', 'C6');
SELECT tiering.request_override('past', 'C9', 'cap', 'mass', '[2024-02-01,2024-06-01)', 'asked') > 0
	AS waits;
SELECT customers, exit FROM tiering.refresh('past', '2024-03-31');
SELECT past.tell('2024-03-31');
SELECT customers FROM tiering.refresh('past', '2024-04-30');
-- who is new, moved by the rules and by hand, stays by policy, has an override, is gone by now
SELECT day, count(*) AS customers, count(DISTINCT s ->> 'tier') AS tiers,
	array_agg(DISTINCT s ->> 'cause' ORDER BY s ->> 'cause') AS causes,
	count(s ->> 'override') AS overrides,
	count(*) FILTER (WHERE s ->> 'misses' > '0') > 1 AS missing
FROM past.told GROUP BY day ORDER BY day;
CREATE TABLE past.now AS
SELECT o.day, c AS customer_id, to_jsonb(s) AS s
FROM unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) o(day),
	(SELECT 'C' || g FROM generate_series(1, 60) g) x(c), tiering.customer_status('past', c, day) s;
SELECT day, count(*) AS customers, count(*) FILTER (WHERE n.s - k IS DISTINCT FROM t.s - k)
	AS wrong, count(*) FILTER (WHERE concat(n.s ->> 'earned', n.s ->> 'misses', n.s ->> 'watched',
		n.s ->> 'next_review', n.s ->> 'request_pending') <> '') AS known
FROM past.now n
	FULL JOIN (SELECT day, CASE customer_id WHEN 'N2' THEN 'C2' ELSE customer_id END
		AS customer_id, s FROM past.told) t USING (day, customer_id),
	LATERAL (SELECT '{earned,misses,watched,next_review,request_pending}'::text[] AS k) k
GROUP BY day ORDER BY day;
-- on any day, tier_on() and tiers_on() say the same; before the first one there is nobody
SELECT d.day, count(s.tier) AS customers, count(*) FILTER (WHERE (s.tier, s.since, s.cause)
		IS DISTINCT FROM (o.tier, o.since, o.cause)
		OR s.tier IS DISTINCT FROM tiering.tier_on('past', c, d.day)) AS wrong
FROM unnest('{2024-01-15,2024-02-15,2024-03-04,2024-03-05,2024-04-29}'::date[]) d(day)
	CROSS JOIN (SELECT 'C' || g FROM generate_series(1, 60) g) x(c)
	LEFT JOIN LATERAL tiering.customer_status('past', c, d.day) s ON true
	LEFT JOIN LATERAL (SELECT * FROM tiering.tiers_on('past', d.day) t
		WHERE t.customer_id IN (c, CASE WHEN c = 'C2' THEN 'N2' END)) o ON true
GROUP BY d.day ORDER BY d.day;
SELECT DISTINCT day, s ->> 'tier' AS tier, s ->> 'title' AS title, s ->> 'benefits' AS benefits
FROM past.now WHERE s ->> 'title' <> '' ORDER BY day;
-- as of the last assessment, or later, it is what the customer has now
SELECT count(*) FILTER (WHERE d IS DISTINCT FROM n) AS wrong, count(n.misses) > 40 AS known
FROM tiering.assignment a, tiering.customer_status('past', a.customer_id) n
	FULL JOIN tiering.customer_status('past', a.customer_id, '2024-04-30') d ON true
WHERE a.scheme = 'past';
-- who has become one with another since: the tier is that of who is left, and no measure is told
SELECT tiering.merge_customers('past', 'C7', '{C11}', '2024-05-01', 'into', 'one person') AS moves;
SELECT count(*) AS days, count(*) FILTER (WHERE n.tier IS DISTINCT FROM p.s ->> 'tier'
	OR n.since IS DISTINCT FROM (p.s ->> 'since')::date) AS wrong, count(n.measure) AS measures
FROM past.now p, tiering.customer_status('past', 'C11', p.day) n WHERE p.customer_id = 'C7';
ROLLBACK;
