-- How many are near a bound, and who moved, as pages tell: from the sums that a refresh leaves
-- behind, until anything comes after it. t.inv_near() compares them with the views, customer by
-- customer, and with what is counted between two assessments.
SET client_min_messages = warning;
SET datestyle = 'ISO';
SET jit = off;
CREATE SCHEMA nsum;
CREATE TABLE nsum.has (scheme text, as_of date, customer_id text, v numeric,
	PRIMARY KEY (scheme, as_of, customer_id));
-- whether what was left behind is told, of who is near and of the moves since the one before
CREATE FUNCTION nsum.told(scheme text, OUT near boolean, OUT moves boolean, OUT wrong text[])
LANGUAGE sql AS $$
	SELECT EXISTS (SELECT FROM _tiering.kept_near(scheme)), EXISTS (
			SELECT FROM _tiering.last_assessment(scheme) l,
				_tiering.last_assessment(scheme, l.as_of) p,
				_tiering.left_behind(told.scheme, p.as_of, l.as_of)),
		ARRAY(SELECT t.inv_near(scheme) UNION ALL SELECT format('%s is kept, and %s', k, c)
			FROM _tiering.kept_near(scheme) k
				LEFT JOIN (SELECT n.tier, sum(n.may_rise) AS may_rise, sum(n.may_slip) AS may_slip
					FROM _tiering.counted_near(scheme) n GROUP BY n.tier) c USING (tier)
			WHERE (k.may_rise, k.may_slip)
				<> (COALESCE(c.may_rise, 0), COALESCE(c.may_slip, 0)))
$$;
CREATE FUNCTION nsum.near(scheme text, OUT rise text, OUT slip text) LANGUAGE sql AS $$
	SELECT string_agg(n.tier || ' ' || n.may_rise, ', ' ORDER BY n.tier)
			FILTER (WHERE n.may_rise > 0),
		string_agg(n.tier || ' ' || n.may_slip, ', ' ORDER BY n.tier) FILTER (WHERE n.may_slip > 0)
	FROM _tiering.near_now(scheme) n
$$;

-- Ten per cent of 2,000,000 as they are shown, with 4 decimals, end before 200,001; what is
-- only just within is not told apart, and counted
SELECT _tiering.measure_part(v, '{1,2.50,4}') AS part, v
FROM unnest('{0,1,1.5,2.5,2.500001,4.0,5,NULL}'::numeric[]) v;
SELECT _tiering.measure_part(3, '{}') AS no_edge;
SELECT tiering.create_ladder('sums_edge', 'v', '{low,high,top}', '{NULL,2000000,5000000}'),
	tiering.publish('sums_edge', '2026-01-01'), tiering.set_source('sums_edge',
		'SELECT customer_id, v FROM nsum.has WHERE scheme = ''sums_edge'' AND as_of = $1');
INSERT INTO nsum.has SELECT 'sums_edge', '2026-01-31', 'e' || n, v
FROM unnest('{1799998,1799999,1799999.01,1900000,1999999.99,2000000,2200000.99,2200001,
	4499997.5,4499997.51,5000000,5500002.49,5500002.5,0,-7}'::numeric[]) WITH ORDINALITY x(v, n);
SELECT customers FROM tiering.refresh('sums_edge', '2026-01-31');
SELECT * FROM nsum.near('sums_edge');
SELECT * FROM nsum.told('sums_edge');
INSERT INTO nsum.has SELECT scheme, '2026-02-28', customer_id, v FROM nsum.has;
INSERT INTO nsum.has VALUES ('sums_edge', '2026-02-28', 'just', 1799999.0000000000001);
SELECT customers FROM tiering.refresh('sums_edge', '2026-02-28');
SELECT * FROM nsum.near('sums_edge');
SELECT * FROM nsum.told('sums_edge');
-- who has no measure is near nothing, but of the money more has to be known
INSERT INTO nsum.has SELECT scheme, '2026-03-31', customer_id, NULLIF(v, 1900000) FROM nsum.has
WHERE as_of = '2026-01-31';
SELECT customers FROM tiering.refresh('sums_edge', '2026-03-31');
SELECT * FROM nsum.told('sums_edge');
SELECT as_of, unmeasured FROM tiering.kept_assessment WHERE scheme = 'sums_edge' ORDER BY as_of;

-- Gaps, bounds that are left out, two tiers of one rank, and another metric; then the measure
-- alone, with a bound of 0 and one below it; both with a watch list
SELECT tiering.import_scheme('{"scheme": "sums_odd", "metrics": [
	{"metric": "v", "is_measure": true}, {"metric": "w"}], "tiers": [
	{"tier": "base", "rank": 1, "base": true}, {"tier": "less", "rank": 2, "rules": [
		{"v": "[-500,-300]"}, {"v": "(-100,)"}]},
	{"tier": "none", "rank": 3, "rules": [{"v": "[0,)"}]},
	{"tier": "odd", "rank": 4, "rules": [{"v": "(300,400]"}, {"v": "(500,600)"}],
		"policy": {"down_after": 2, "watch_after": 1}},
	{"tier": "even", "rank": 4, "rules": [{"v": "[700,750)"}]},
	{"tier": "high", "rank": 5, "rules": [{"v": "[760,)"}, {"w": "[4,)", "v": "[100,)"}],
		"policy": {"down_after": 3, "down_to": "one_step"}},
	{"tier": "top", "rank": 6, "rules": [{"v": "(1000,)"}], "policy": {"down_after": 2}}]}');
SELECT tiering.import_scheme('{"scheme": "nsum", "metrics": [{"metric": "v", "is_measure": true}],
	"tiers": [
	{"tier": "base", "rank": 1, "base": true}, {"tier": "less", "rank": 2, "rules": [
		{"v": "(-300,)"}], "policy": {"down_after": 2}},
	{"tier": "none", "rank": 3, "rules": [{"v": "[0,)"}]},
	{"tier": "odd", "rank": 4, "rules": [{"v": "(400,)"}],
		"policy": {"down_after": 2, "watch_after": 1}},
	{"tier": "high", "rank": 5, "rules": [{"v": "[700,)"}],
		"policy": {"down_after": 3, "down_to": "one_step"}},
	{"tier": "top", "rank": 6, "rules": [{"v": "(760,)"}], "policy": {"down_after": 2}}]}');
SELECT tiering.publish(s, '2026-01-01'), tiering.set_source(s, 'SELECT customer_id, v,
	length(customer_id) AS w FROM nsum.has WHERE scheme = ''nsum'' AND as_of = $1')
FROM unnest('{nsum,sums_odd}'::text[]) s \g /dev/null
INSERT INTO nsum.has
SELECT 'nsum', (date '2026-01-01' + m * interval '1 month')::date - 1, 'c' || c,
	CASE WHEN c % 4 = 0 THEN b.bound ELSE round(b.bound + (t.random(c * 64 + m) - 0.5)
		* abs(b.bound) * 0.3, 2) END
FROM generate_series(1, 7) m, generate_series(1, 400) c, LATERAL (
	SELECT (ARRAY[-500, -300, -100, 0, 300, 400, 500, 600, 700, 750, 760, 1000, 100]::numeric[])
		[1 + (c + m * (c % 7)) % 13] AS bound) b
WHERE (c + m) % 23 > 0;
CREATE FUNCTION nsum.night(scheme text, as_of date, OUT customers bigint, OUT near boolean,
	OUT moves boolean, OUT wrong text[])
LANGUAGE plpgsql AS $$
BEGIN
	customers := r.customers FROM tiering.refresh(scheme, as_of) r;
	SELECT * INTO near, moves, wrong FROM nsum.told(scheme);
END;
$$;
SELECT s, d, n.* FROM unnest('{nsum,sums_odd}'::text[]) s,
	unnest('{2026-01-31,2026-02-28,2026-03-31,2026-04-30}'::date[]) d, nsum.night(s, d) n;
SELECT scheme, by_measure FROM _tiering.near_version WHERE scheme IN ('nsum', 'sums_odd')
ORDER BY scheme;
SELECT * FROM nsum.near('sums_odd');
SELECT * FROM nsum.near('nsum');
SELECT count(*) > 20 AS watched FROM tiering.near_downgrade WHERE scheme = 'nsum' AND watched;
SELECT * FROM nsum.told('nsum');

-- The same again; other data; a change by hand
SELECT written FROM tiering.refresh('nsum', '2026-04-30');
SELECT * FROM nsum.told('nsum');
UPDATE nsum.has SET v = v * 1.07 WHERE scheme = 'nsum' AND as_of = '2026-04-30'
	AND customer_id IN ('c1', 'c2', 'c3', 'c5', 'c6');
SELECT written > 0 AS written FROM tiering.refresh('nsum', '2026-04-30');
SELECT * FROM nsum.told('nsum');
SELECT * FROM nsum.night('nsum', '2026-05-31');
UPDATE tiering.assignment SET tier = 'top' WHERE scheme = 'nsum' AND customer_id = 'c7';
SELECT * FROM nsum.told('nsum');

-- What comes after a refresh, each by itself
CREATE ROLE sums_asker;
CREATE ROLE sums_chief;
SELECT tiering.grant_role('sums_asker', 'request'), tiering.grant_role('sums_chief', 'approve')
\g /dev/null
SELECT * FROM nsum.night('nsum', '2026-06-30');
SELECT * FROM nsum.night('nsum', '2026-07-31');
BEGIN;
DELETE FROM tiering.assignment WHERE scheme = 'nsum' AND customer_id = 'c8';
SELECT * FROM nsum.told('nsum');
ROLLBACK;
BEGIN;
SET LOCAL session_authorization = sums_asker;
SELECT tiering.request_override('nsum', 'c9', 'fixed', 'top', '[2026-07-31,2026-10-31)', 'a')
	AS fixed \gset
SET LOCAL session_authorization = sums_chief;
SELECT tiering.approve(:fixed);
RESET session_authorization;
SELECT * FROM nsum.told('nsum');
ROLLBACK;
-- one that moves nobody, but of whom the policy has noted a review
BEGIN;
SELECT customer_id AS who, tier AS stays FROM tiering.near_downgrade
WHERE scheme = 'nsum' AND watched ORDER BY customer_id COLLATE "C" LIMIT 1 \gset
SET LOCAL session_authorization = sums_asker;
SELECT tiering.request_override('nsum', :'who', 'fixed', :'stays', '[2026-07-31,2026-10-31)', 'a')
	AS fixed \gset
SET LOCAL session_authorization = sums_chief;
SELECT tiering.approve(:fixed);
RESET session_authorization;
SELECT wrong FROM nsum.told('nsum');
ROLLBACK;
BEGIN;
UPDATE nsum.has SET as_of = '2026-08-15', v = v * 1.06 WHERE scheme = 'nsum'
	AND as_of = '2026-07-31' AND customer_id IN ('c1', 'c2', 'c4', 'c10');
SELECT count(*) FROM tiering.assess('nsum', '2026-08-15', '{c1,c2,c4,c10}', 'asked');
SELECT * FROM nsum.told('nsum');
ROLLBACK;
BEGIN;
UPDATE nsum.has SET v = v * 1.02 WHERE scheme = 'nsum' AND as_of = '2026-07-31';
SELECT assessments FROM tiering.restate('nsum', '2026-07-31');
SELECT * FROM nsum.told('nsum');
ROLLBACK;
BEGIN;
SELECT tiering.merge_customers('nsum', 'c11', '{c12,c13}', '2026-08-01', 'higher', 'one');
SELECT * FROM nsum.told('nsum');
ROLLBACK;
BEGIN;
SELECT tiering.rename_customer('nsum', 'c14', 'n14', '2026-07-31', 'a new card');
SELECT wrong FROM nsum.told('nsum');
ROLLBACK;
BEGIN;
SELECT as_of FROM tiering.void_assessment('nsum', '2026-07-31', 'too early');
SELECT * FROM nsum.told('nsum');
SELECT * FROM nsum.night('nsum', '2026-07-31');
ROLLBACK;
-- another version counts on the day by now
BEGIN;
SELECT tiering.new_version('nsum');
UPDATE tiering.rule SET bounds = '[650,)' WHERE scheme = 'nsum' AND version = 2
	AND tier = 'high';
SELECT tiering.publish('nsum', '2026-07-15');
SELECT * FROM nsum.told('nsum');
UPDATE nsum.has SET as_of = '2026-08-31' WHERE as_of = '2026-07-31';
SELECT * FROM nsum.night('nsum', '2026-08-31');
ROLLBACK;
-- customers who are ahead of an assessment
BEGIN;
UPDATE nsum.has SET as_of = '2026-08-15' WHERE scheme = 'nsum' AND as_of = '2026-06-30';
SELECT count(*) FROM tiering.assess('nsum', '2026-08-15', '{c1,c2,c4,c10}', 'asked');
UPDATE nsum.has SET as_of = '2026-08-10' WHERE scheme = 'nsum' AND as_of = '2026-07-31';
SELECT * FROM nsum.night('nsum', '2026-08-10');
ROLLBACK;
SELECT * FROM nsum.told('nsum');

SELECT tiering.revoke_role('sums_asker', 'request'), tiering.revoke_role('sums_chief', 'approve')
\g /dev/null
DROP ROLE sums_asker, sums_chief;
