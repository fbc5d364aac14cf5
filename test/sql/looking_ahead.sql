-- How customers are spread, how long they stay in a tier, and where they will be, against plain
-- SQL over where each of a random book was at each month's end.
SELECT tiering.create_ladder('ahead', 'assets', '{low,mid,high,top}', '{NULL,100,1000,100000}'),
	tiering.publish('ahead', '2023-01-01');
-- from month to month many stay as they are, some leave, and some come back
CREATE TABLE t.ahead AS
SELECT c, m, (make_date(2023, 1, 1) + make_interval(months => m))::date - 1 AS day,
	round(10 ^ (4 * t.random(c * 31 + floor(m * (0.2 + 0.5 * t.random(c + 5)))::int)), 2) AS assets
FROM generate_series(1, 300) c, generate_series(1, 14) m
WHERE t.random(c * 37 + m / 3) < 0.85 AND (m > 1 OR c % 3 > 0);
SELECT tiering.set_source('ahead', 'SELECT c AS customer_id, assets FROM t.ahead WHERE day = $1');
SET client_min_messages = warning;
SELECT sum((tiering.refresh('ahead', day)).customers) AS assessed
FROM (SELECT DISTINCT day FROM t.ahead WHERE m < 9 ORDER BY day) d;
-- from September on mid is middle, and nobody moves for that
SELECT tiering.new_version('ahead');
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
SELECT 'ahead', 2, 'middle', 9, 'mid';
UPDATE tiering.rule SET tier = 'middle' WHERE scheme = 'ahead' AND version = 2 AND tier = 'mid';
UPDATE tiering.tier SET rank = rank * 10 WHERE scheme = 'ahead' AND version = 2
	AND tier IN ('high', 'top');
DELETE FROM tiering.tier WHERE scheme = 'ahead' AND version = 2 AND tier = 'mid';
SELECT tiering.publish('ahead', '2023-09-01');
SELECT sum((tiering.refresh('ahead', day)).customers) AS assessed
FROM (SELECT DISTINCT day FROM t.ahead WHERE m >= 9 ORDER BY day) d;
RESET client_min_messages;
-- tiers as they are called now
CREATE TABLE t.ahead_stood AS
SELECT c, m, day, CASE WHEN assets < 100 THEN 'low' WHEN assets < 1000 THEN 'middle'
	WHEN assets < 100000 THEN 'high' ELSE 'top' END AS tier
FROM t.ahead;


-- The index between one month in two and others that are later
CREATE TABLE t.ahead_share AS
SELECT d.m, d.day, l.tier, count(s.c) AS heads,
	round(count(s.c) / sum(count(s.c)) OVER (PARTITION BY d.m), 6) AS share
FROM (SELECT DISTINCT m, day FROM t.ahead_stood) d
	CROSS JOIN unnest('{low,middle,high,top}'::text[]) l(tier)
	LEFT JOIN t.ahead_stood s ON s.m = d.m AND s.tier = l.tier
GROUP BY d.m, d.day, l.tier;
WITH oracle AS (
	SELECT a.day AS a, b.day AS b,
		CASE WHEN a.tier <> 'middle' OR b.day >= '2023-09-01' THEN a.tier ELSE 'mid' END AS tier,
		a.heads AS had, b.heads AS has, a.share AS share_had, b.share AS share_has,
		CASE WHEN a.share = b.share THEN 0
			ELSE (a.share - b.share) * (ln(a.share) - ln(b.share)) END AS psi
	FROM t.ahead_share a JOIN t.ahead_share b ON b.tier = a.tier AND b.m >= a.m
	WHERE a.m % 2 = 1 AND (b.m - a.m) % 4 = 0
), whole AS (
	SELECT o.* FROM oracle o
	UNION ALL
	SELECT o.a, o.b, NULL, sum(o.had), sum(o.has), 1, 1, sum(o.psi) FROM oracle o GROUP BY o.a, o.b
)
SELECT count(*), count(*) FILTER (WHERE w.psi > 0.01) AS shifted, count(*) FILTER (
	WHERE (w.had, w.has, w.share_had, w.share_has, round(w.psi, 6)) IS DISTINCT FROM
		(s.customers_from, s.customers_to, s.share_from, s.share_to, s.psi)) AS wrong
FROM whole w LEFT JOIN LATERAL tiering.distribution_shift('ahead', w.a, w.b) s
	ON s.tier IS NOT DISTINCT FROM w.tier;
SELECT * FROM tiering.distribution_shift('ahead', '2023-01-31', '2024-02-29');
-- one of very many is more than none
SELECT heads, _tiering.index_share(heads, 100000000) AS share
FROM unnest('{0,1,149,150,100000000}'::bigint[]) heads;

-- How long: months in a row, but for those that began with the first month. The product is made
-- of logarithms.
CREATE TABLE t.ahead_spell AS
SELECT s.tier, s.last < 14 AS over, u.unit, CASE u.unit WHEN 'month' THEN e.m - s.first
	ELSE (SELECT DISTINCT day FROM t.ahead WHERE m = e.m)
		- (SELECT DISTINCT day FROM t.ahead WHERE m = s.first) END AS elapsed
FROM (SELECT tier, min(m) AS first, max(m) AS last
	  FROM (SELECT *, m - row_number() OVER (PARTITION BY c, tier ORDER BY m) AS island
			FROM t.ahead_stood) i GROUP BY c, tier, island) s
	CROSS JOIN LATERAL (SELECT LEAST(s.last + 1, 14) AS m) e
	CROSS JOIN unnest('{month,day}'::text[]) u(unit)
WHERE s.first > 1;
WITH counted AS (
	SELECT e.unit, e.tier, e.elapsed, count(*) FILTER (WHERE s.elapsed >= e.elapsed) AS at_risk,
		count(*) FILTER (WHERE s.elapsed = e.elapsed AND s.over) AS ended,
		count(*) FILTER (WHERE s.elapsed = e.elapsed AND NOT s.over) AS censored
	FROM (SELECT DISTINCT unit, tier, elapsed FROM t.ahead_spell) e
		JOIN t.ahead_spell s ON s.unit = e.unit AND s.tier = e.tier
	GROUP BY e.unit, e.tier, e.elapsed
), curve AS (
	SELECT c.*, bool_or(ended = at_risk) OVER w AS nobody, exp(sum(
			CASE WHEN ended < at_risk THEN ln(1 - ended::numeric / at_risk) END) OVER w) AS alive,
		sqrt(sum(CASE WHEN ended < at_risk THEN ended / (at_risk * (at_risk - ended)::numeric) END)
			OVER w) AS error
	FROM counted c WINDOW w AS (PARTITION BY unit, tier ORDER BY elapsed)
)
SELECT c.unit, c.tier, count(*), max(c.at_risk) > 30 AS many, bool_or(c.nobody) AS to_the_end,
	count(*) FILTER (WHERE (c.at_risk, c.ended, c.censored) IS DISTINCT FROM
		(s.at_risk, s.ended, s.censored) OR (CASE WHEN nobody THEN 0 ELSE round(alive, 6) END,
		CASE WHEN NOT nobody THEN round(GREATEST(alive * (1 - 1.959963984540054 * error), 0), 6)
			END,
		CASE WHEN NOT nobody THEN round(LEAST(alive * (1 + 1.959963984540054 * error), 1), 6) END)
			IS DISTINCT FROM (s.survival, s.survival_low, s.survival_high)) AS wrong,
	(SELECT count(*) FROM tiering.tier_survival('ahead', c.tier, c.unit)) = count(*) AS all_there
FROM curve c
	LEFT JOIN LATERAL tiering.tier_survival('ahead', c.tier, c.unit) s ON s.elapsed = c.elapsed
GROUP BY c.unit, c.tier ORDER BY 1, 2;
SELECT * FROM tiering.tier_survival('ahead', 'high');
SELECT count(*) FROM tiering.tier_survival('ahead', 'top');

-- Two quarters ahead, by the moves of one in which a tier was renamed: the matrix is multiplied by
-- itself. Those who come are 10 % of all, and come into the tiers as those of the quarter did.
WITH cell AS (
	SELECT f.tier AS i, l.tier AS j, count(*) AS heads
	FROM (SELECT * FROM t.ahead_stood WHERE m = 8) f
		FULL JOIN (SELECT * FROM t.ahead_stood WHERE m = 11) l USING (c)
	GROUP BY 1, 2
), p AS (
	SELECT i, j, heads / sum(heads) OVER (PARTITION BY i) AS share FROM cell WHERE i IS NOT NULL
), e AS (
	SELECT j, heads / sum(heads) OVER () AS share FROM cell WHERE i IS NULL
), now AS (
	SELECT j AS tier, sum(heads) AS heads FROM cell WHERE j IS NOT NULL GROUP BY j
), once AS (
	SELECT p.j AS tier, sum(n.heads * p.share) AS kept,
		(SELECT sum(heads) FROM now) * (SELECT share FROM e WHERE e.j = p.j) / 10 AS came
	FROM now n JOIN p ON p.i = n.tier WHERE p.j IS NOT NULL GROUP BY p.j
), twice AS (
	SELECT b.j AS tier, sum(n.heads * a.share * b.share) AS kept
	FROM now n JOIN p a ON a.i = n.tier JOIN p b ON b.i = a.j WHERE b.j IS NOT NULL GROUP BY b.j
), with_entries AS (
	SELECT p.j AS tier, sum((o.kept + o.came) * p.share)
		+ (SELECT sum(kept + came) FROM once) * (SELECT share FROM e WHERE e.j = p.j) / 10 AS heads
	FROM once o JOIN p ON p.i = o.tier WHERE p.j IS NOT NULL GROUP BY p.j
)
SELECT o.tier, round(t.kept, 4) AS closed, round(w.heads, 4) AS open,
	(SELECT f.customers FROM tiering.forecast('ahead', 2, '[2023-09-01,2023-12-01)') f
	 WHERE f.period = 2 AND f.tier = o.tier) = round(t.kept, 6) AS closed_right,
	(SELECT f.customers FROM tiering.forecast('ahead', 2, '[2023-09-01,2023-12-01)', 0.1) f
	 WHERE f.period = 2 AND f.tier = o.tier) = round(w.heads, 6) AS open_right
FROM once o JOIN twice t USING (tier) JOIN with_entries w USING (tier) ORDER BY 1;
SELECT * FROM tiering.forecast('ahead', 2, tiering.month('2023-12-31'), 0.05);
-- nobody was in any tier, so whoever got there stays
SELECT period, tier, customers, cohort FROM tiering.forecast('ahead', 1, '[2023-01-01,2023-02-01)');

-- A few by hand. A share of 0 on one of the days leaves the index without a value. Several moves
-- of a day are one, and a tier that is left and entered on a day has not been left.
SELECT tiering.create_ladder('ahead_few', 'assets', '{low,mid,high}', '{NULL,100,1000}'),
	tiering.publish('ahead_few', '2024-01-01');
SELECT tiering.tier_survival('ahead_few', 'mid');
SELECT * FROM tiering.distribution_shift('ahead_few', '2024-01-01', '2024-01-01');
SELECT * FROM tiering.forecast('ahead_few', 1, tiering.month('2024-01-31'));
CREATE FUNCTION t.ahead_put(day date, VARIADIC tiers text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR c IN 1 .. cardinality(tiers) LOOP
		UPDATE tiering.assignment SET tier = tiers[c], as_of = day
		WHERE scheme = 'ahead_few' AND customer_id = c::text;
		INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
		SELECT 'ahead_few', c, tiers[c], day, day, 1 WHERE tiers[c] <> ''
		ON CONFLICT DO NOTHING;
	END LOOP;
END;
$$;
SELECT t.ahead_put('2024-01-10', 'low', 'low', 'mid');
SELECT t.ahead_put('2024-01-20', 'mid', 'low', 'low');
SELECT t.ahead_put('2024-02-19', 'low', 'mid', 'mid'),
	t.ahead_put('2024-02-19', 'mid', 'mid', 'mid');
SELECT t.ahead_put('2024-03-01', 'high', 'mid', 'mid');
SELECT * FROM tiering.distribution_shift('ahead_few', '2024-01-10', '2024-01-20');
SELECT * FROM tiering.distribution_shift('ahead_few', '2024-01-20', '2024-02-19');
SELECT * FROM tiering.distribution_shift('ahead_few', '2024-01-09', '2024-01-10');
SELECT * FROM tiering.tier_survival('ahead_few', 'mid', 'day');
SELECT * FROM tiering.tier_survival('ahead_few', 'mid');
-- as known before the last of it
SELECT elapsed, at_risk, ended, censored FROM tiering.tier_survival('ahead_few', 'mid', 'day',
	(SELECT max(recorded_at) - interval '1 microsecond' FROM tiering.batch
	 WHERE scheme = 'ahead_few'));

-- Customers who become one. B goes on as A, D as C; A is in mid, and E in high, up to the merge.
-- Nobody enters or leaves by it, and each is one customer.
SELECT tiering.create_ladder('ahead_one', 'assets', '{low,mid,high}', '{NULL,100,1000}'),
	tiering.publish('ahead_one', '2024-01-01');
CREATE TABLE t.ahead_one AS
SELECT * FROM (VALUES ('A', 5, 500, NULL), ('B', 200, 2000, 2000), ('C', 5, 50, NULL),
	('D', 5, 500, 500), ('E', 5, 3000, NULL), ('F', 700, 700, 1700), ('G', 8, 800, 800),
	('H', 1, 1, 1)) v(c, january, february, march);
SELECT tiering.set_source('ahead_one', $$SELECT c AS customer_id, CASE extract(month FROM $1)
	WHEN 1 THEN january WHEN 2 THEN february ELSE march END AS assets FROM t.ahead_one
	WHERE $1 < '2024-03-31' OR march IS NOT NULL$$);
SET client_min_messages = warning;
SELECT (tiering.refresh('ahead_one', d)).customers
FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT tiering.merge_customers('ahead_one', 'A', '{B}', '2024-03-05', 'higher', 'one person'),
	tiering.merge_customers('ahead_one', 'C', '{D}', '2024-03-05', 'higher', 'one person'),
	tiering.merge_customers('ahead_one', 'C', '{E}', '2024-03-10', 'into', 'one firm');
SELECT (tiering.refresh('ahead_one', '2024-03-31')).customers;
SELECT d.tier, d.customers, s.customers_from, s.customers_to = d.customers AS shifted,
	f.customers = d.customers AS begun, f.cohort, n.customers AS next
FROM tiering.tier_distribution d
	LEFT JOIN tiering.distribution_shift('ahead_one', '2024-02-29', '2024-03-31') s USING (tier)
	LEFT JOIN tiering.forecast('ahead_one', 1, tiering.month('2024-03-31')) f
		ON f.tier = d.tier AND f.period = 0
	LEFT JOIN tiering.forecast('ahead_one', 1, tiering.month('2024-03-31')) n
		ON n.tier = d.tier AND n.period = 1
WHERE d.scheme = 'ahead_one' ORDER BY d.rank;
SELECT tier, s.* FROM unnest('{mid,high}'::text[]) tier,
	tiering.tier_survival('ahead_one', tier, 'day') s;
-- One whose tier was kept, and whose tier was not kept the next time, was seen until then
SELECT tiering.merge_customers('ahead_one', 'F', '{A}', '2024-04-10', 'into', 'one firm');
UPDATE t.ahead_one SET march = NULL WHERE c = 'B';
SELECT (tiering.refresh('ahead_one', '2024-04-30')).customers;
SELECT tier, s.elapsed, s.at_risk, s.ended, s.censored FROM unnest('{mid,high}'::text[]) tier,
	tiering.tier_survival('ahead_one', tier, 'day') s;
RESET client_min_messages;

SELECT t.fails(q) FROM (VALUES
	($$SELECT * FROM tiering.distribution_shift('ahead', '2024-01-31', '2023-01-31')$$),
	($$SELECT * FROM tiering.distribution_shift('nowhere', '2024-01-31', '2024-01-31')$$),
	($$SELECT * FROM tiering.distribution_shift('ahead', NULL, '2024-01-31')$$),
	($$SELECT * FROM tiering.tier_survival('nowhere', 'high')$$),
	($$SELECT * FROM tiering.tier_survival('ahead', 'none')$$),
	($$SELECT * FROM tiering.tier_survival('ahead', 'mid')$$),
	($$SELECT * FROM tiering.tier_survival('ahead', NULL)$$),
	($$SELECT * FROM tiering.tier_survival('ahead', 'high', 'week')$$),
	($$SELECT * FROM tiering.tier_survival('ahead', 'high', NULL)$$),
	($$SELECT * FROM tiering.forecast('nowhere', 1, '[2024-01-01,2024-02-01)')$$),
	($$SELECT * FROM tiering.forecast('ahead', 0, '[2024-01-01,2024-02-01)')$$),
	($$SELECT * FROM tiering.forecast('ahead', NULL, '[2024-01-01,2024-02-01)')$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, NULL)$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, 'empty')$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, '[2024-01-01,)')$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, '[2024-01-01,infinity)')$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, '[2024-01-01,2024-02-01)', -0.1)$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, '[2024-01-01,2024-02-01)', 'NaN')$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, '[2024-01-01,2024-02-01)', NULL)$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, '[2024-02-10,2024-02-11)', 0.1)$$)) v (q);
-- Who moved in a period is not known before it was assessed to its end: with the next day, and as
-- known before the last assessment. Where all is by hand, it is known today, and not of tomorrow.
SELECT what, t.fails(q) FROM (VALUES
	('to the end', $$SELECT * FROM tiering.forecast('ahead', 1, tiering.month('2024-02-29'))$$),
	('a day more', $$SELECT * FROM tiering.forecast('ahead', 1, '[2024-02-01,2024-03-02)')$$),
	('after it', $$SELECT * FROM tiering.forecast('ahead', 1, tiering.month('2024-03-31'))$$),
	('as known then', $$SELECT * FROM tiering.forecast('ahead', 1, tiering.month('2024-02-29'),
		known_at => (SELECT max(recorded_at) - interval '1 microsecond' FROM tiering.batch
			WHERE scheme = 'ahead'))$$),
	('of then', $$SELECT * FROM tiering.forecast('ahead', 1, tiering.month('2023-08-31'),
		known_at => (SELECT max(recorded_at) - interval '1 microsecond' FROM tiering.batch
			WHERE scheme = 'ahead'))$$),
	('by hand', $$SELECT * FROM tiering.forecast('ahead_few', 1,
		daterange('2024-01-01', current_date + 1))$$)) v (what, q);
SELECT t.fails($$SELECT * FROM tiering.forecast('ahead_few', 1,
	daterange('2024-01-01', current_date + 2))$$) ~ '^22023 .*HINT: There was none' AS refused;

-- They take the right to reports, and none to the tables
CREATE ROLE tiering_outlook;
GRANT USAGE ON SCHEMA t TO tiering_outlook;
SET ROLE tiering_outlook;
SELECT t.fails(q) FROM (VALUES
	($$SELECT * FROM tiering.distribution_shift('ahead', '2023-01-31', '2024-01-31')$$),
	($$SELECT * FROM tiering.tier_survival('ahead', 'high')$$),
	($$SELECT * FROM tiering.forecast('ahead', 1, '[2024-01-01,2024-02-01)')$$),
	($$SELECT * FROM _tiering.tier_spells('ahead', 'high', '2024-01-31', NULL)$$),
	($$SELECT * FROM _tiering.renamed_cells('ahead', '2023-01-31', '2024-01-31', NULL,
		NULL)$$)) v (q);
RESET ROLE;
GRANT EXECUTE ON FUNCTION tiering.distribution_shift, tiering.tier_survival, tiering.forecast
	TO tiering_outlook;
SET ROLE tiering_outlook;
SELECT psi > 0 AS psi FROM tiering.distribution_shift('ahead', '2023-01-31', '2024-01-31')
WHERE tier IS NULL;
SELECT count(*) > 5 AS survival FROM tiering.tier_survival('ahead', 'high');
SELECT count(*) FROM tiering.forecast('ahead', 1, '[2024-01-01,2024-02-01)');
RESET ROLE;
DROP OWNED BY tiering_outlook;
DROP ROLE tiering_outlook;
