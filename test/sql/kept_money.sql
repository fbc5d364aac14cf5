-- What customers had at each assessment is kept, so that the money of a date is that of the date,
-- whoever moved whom since.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA kept;
CREATE TABLE kept.balance (customer_id text, as_of date, amount numeric,
	PRIMARY KEY (customer_id, as_of));
CREATE FUNCTION kept.ladder(scheme text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'assets', '{mass,gold}', '{NULL,50000}', 'CNY');
	PERFORM tiering.publish(scheme, '2024-01-01');
	PERFORM tiering.set_source(scheme,
		'SELECT customer_id, amount AS assets FROM kept.balance WHERE as_of = $1');
END;
$$;
CREATE FUNCTION kept.distribution(scheme text, known_at timestamptz DEFAULT NULL)
RETURNS TABLE (as_of date, told text) LANGUAGE sql AS $$
	SELECT d.as_of, string_agg(format('%s %s (%s)', d.tier, d.customers,
		COALESCE(d.measure::text, '?')), ', ' ORDER BY d.rank DESC)
	FROM tiering.tier_distribution_history(scheme, known_at) d GROUP BY d.as_of ORDER BY d.as_of
$$;
CREATE ROLE kept_asker;
SELECT tiering.grant_role('kept_asker', 'request');
SELECT tiering.grant_role('kept_asker', 'report');

-- A decision amends the day's assessment; a restatement that finds nothing changes nothing.
SELECT kept.ladder('kept_floor');
INSERT INTO kept.balance
SELECT c.id, m.day, c.amount FROM (VALUES ('A', 60000), ('B', 30000)) c(id, amount),
	(VALUES ('2026-01-31'::date), ('2026-02-28'), ('2026-03-31')) m(day);
SELECT count(tiering.refresh('kept_floor', d)) AS refreshed
FROM unnest('{2026-01-31,2026-02-28}'::date[]) d;
SET SESSION AUTHORIZATION kept_asker;
SELECT tiering.request_override('kept_floor', 'B', 'floor', 'gold',
	'[2026-02-01,2027-01-01)', 'promised') AS request \gset
RESET SESSION AUTHORIZATION;
SELECT tiering.approve(:request);
CREATE FUNCTION kept.matrix(scheme text, day date) RETURNS TABLE (direction text, from_tier text,
	to_tier text, customers bigint, measure_from numeric, measure_to numeric) LANGUAGE sql AS $$
	SELECT m.direction, m.from_tier, m.to_tier, m.customers, m.measure_from, m.measure_to
	FROM tiering.migration_matrix m WHERE m.scheme = matrix.scheme AND m.as_of = matrix.day
	ORDER BY m.from_rank NULLS FIRST, m.to_rank
$$;
SELECT * FROM kept.matrix('kept_floor', '2026-02-28');
SELECT * FROM kept.distribution('kept_floor');
SELECT (tiering.refresh('kept_floor', '2026-03-31')).stayed;
SELECT superseded, recorded FROM tiering.restate('kept_floor', '2026-02-28');
SELECT * FROM kept.matrix('kept_floor', '2026-02-28');
SELECT * FROM kept.distribution('kept_floor');
-- and what is found wrong is right at once, in money too, while what was known stays known
CREATE TABLE kept.then AS SELECT clock_timestamp() AS at;
UPDATE kept.balance SET amount = 70000 WHERE customer_id = 'A' AND as_of = '2026-02-28';
SELECT superseded, recorded FROM tiering.restate('kept_floor', '2026-02-28', '{A}');
SELECT * FROM kept.distribution('kept_floor');
SELECT * FROM kept.distribution('kept_floor', (SELECT at FROM kept.then));
SELECT customer_id, tier, known.measure, now.measure AS now FROM tiering.tiers_on('kept_floor',
		'2026-02-28', (SELECT at FROM kept.then)) known
	JOIN tiering.tiers_on('kept_floor', '2026-02-28') now USING (customer_id, tier)
ORDER BY customer_id;
SELECT tiering.recount('kept_floor') AS recounted;
-- by hand, dated before the last assessment: with what the customer had at each
UPDATE tiering.assignment SET tier = 'mass', as_of = '2026-03-15'
WHERE scheme = 'kept_floor' AND customer_id = 'B';
SELECT * FROM kept.distribution('kept_floor');
SELECT t.invariants('kept_floor');

-- From January to December: what customers had on the one date and on the other
SELECT kept.ladder('kept_year');
DELETE FROM kept.balance;
INSERT INTO kept.balance VALUES
	('A', '2026-01-31', 60000), ('B', '2026-01-31', 70000), ('C', '2026-01-31', 10000),
	('D', '2026-01-31', 55000), ('A', '2026-12-31', 500000), ('B', '2026-12-31', 10000),
	('C', '2026-12-31', 200000), ('E', '2026-12-31', 100);
SELECT count(tiering.refresh('kept_year', d, ahead => true)) AS refreshed
FROM unnest('{2026-01-31,2026-12-31}'::date[]) d;
SELECT from_tier, to_tier, direction, customers, measure_from, measure_to
FROM tiering.migration_matrix('kept_year', '2026-01-31', '2026-12-31');
SELECT * FROM tiering.measure_bridge('kept_year', '2026-01-31', '2026-12-31');
-- of another date nothing is known
SELECT from_tier, to_tier, customers, measure_from, measure_to
FROM tiering.migration_matrix('kept_year', '2026-02-01', '2026-12-31');
SELECT * FROM tiering.measure_bridge('kept_year', '2026-02-01', '2026-12-31');
SELECT customer_id, tier, measure FROM tiering.tiers_on('kept_year', '2026-11-30')
ORDER BY customer_id;
SELECT t.fails(c) FROM unnest(ARRAY[
	$$SELECT * FROM tiering.measure_bridge('kept_year', '2026-12-31', '2026-01-31')$$,
	$$SELECT * FROM tiering.measure_bridge('kept_year', NULL, '2026-01-31')$$,
	$$SELECT * FROM tiering.measure_bridge('nowhere', '2026-01-31', '2026-01-31')$$,
	$$SELECT * FROM tiering.verify_state('nowhere')$$]) c;
-- A measure that is not known is not 0: who has none on one of the days gains and loses nothing.
-- mass: 30000 of B and 60000 of A, who came, are not known any more; gold: 70000 of C were not.
SELECT kept.ladder('kept_unknown');
CREATE TABLE kept.unknown AS SELECT *
FROM (VALUES ('A', date '2026-01-31', 60000), ('A', '2026-02-28', NULL), ('B', '2026-01-31', 30000),
	('B', '2026-02-28', NULL), ('C', '2026-01-31', NULL), ('C', '2026-02-28', 70000),
	('D', '2026-01-31', 20000), ('D', '2026-02-28', 25000), ('E', '2026-02-28', NULL),
	('F', '2026-01-31', NULL), ('G', '2026-01-31', 10), ('H', '2026-01-31', NULL),
	('H', '2026-02-28', NULL)) v(customer_id, as_of, amount);
SELECT tiering.set_source('kept_unknown',
	'SELECT customer_id, amount AS assets FROM kept.unknown WHERE as_of = $1');
SELECT count(tiering.refresh('kept_unknown', d, ahead => true)) AS refreshed
FROM unnest('{2026-01-31,2026-02-28}'::date[]) d;
SELECT *, opening + new + exit + migrated_in + migrated_out + growth + unmeasured = closing AS ties
FROM tiering.measure_bridge('kept_unknown', '2026-01-31', '2026-02-28');
-- of two who became one, what is not known then is of both
SELECT tiering.merge_customers('kept_unknown', 'B', '{D}', '2026-03-05', 'higher', 'the same');
INSERT INTO kept.unknown SELECT customer_id, '2026-03-31', amount FROM kept.unknown
WHERE as_of = '2026-02-28' AND customer_id <> 'D';
SELECT (tiering.refresh('kept_unknown', '2026-03-31', ahead => true)).stayed;
SELECT *, opening + new + exit + migrated_in + migrated_out + growth + unmeasured = closing AS ties
FROM tiering.measure_bridge('kept_unknown', '2026-02-28', '2026-03-31');
-- taken back, and made again with other data
UPDATE kept.balance SET amount = 99 WHERE customer_id = 'E';
SELECT now_as_of FROM tiering.void_assessment('kept_year', '2026-12-31', 'by a slip');
SELECT * FROM kept.distribution('kept_year');
SELECT (tiering.refresh('kept_year', '2026-12-31', ahead => true)).new;
SELECT * FROM kept.distribution('kept_year');
SELECT t.invariants('kept_year');

-- A real bank: each pair of month-ends of 1997 and 1998 against plain SQL over the balances
CREATE TABLE kept.eod_balance (account_id int, as_of date, balance numeric(12, 2));
CREATE TABLE kept.disp (disp_id int, client_id int, account_id int, type text);
\copy kept.eod_balance FROM PROGRAM 'gzip -dc test/data/eod_balance.csv.gz' (FORMAT csv, HEADER)
\copy kept.disp FROM PROGRAM 'gzip -dc test/data/disp.csv.gz' (FORMAT csv, HEADER)
CREATE TABLE kept.history AS
SELECT o.client_id, e.balance, e.as_of AS valid_from, lead(e.as_of, 1, 'infinity')
	OVER (PARTITION BY e.account_id ORDER BY e.as_of) AS valid_to
FROM kept.eod_balance e JOIN kept.disp o ON o.account_id = e.account_id AND o.type = 'owner';
ANALYZE kept.history;
CREATE TABLE kept.month AS
SELECT m::date AS first, (m + interval '1 month')::date - 1 AS last
FROM generate_series('1997-01-01'::date, '1998-12-01', '1 month') m;
CREATE TABLE kept.truth AS
SELECT m.last AS day, h.client_id::text AS customer_id, round(sum(h.balance
	* (LEAST(h.valid_to, m.last + 1) - GREATEST(h.valid_from, m.first)))
	/ (m.last + 1 - m.first), 2) AS measure
FROM kept.month m JOIN kept.history h ON h.valid_from <= m.last AND h.valid_to > m.first
GROUP BY m.first, m.last, h.client_id;
SELECT tiering.create_ladder('kept_berka', 'assets', '{mass,silver,gold,platinum,diamond}',
	'{NULL,20000,40000,60000,90000}', 'CZK');
SELECT tiering.publish('kept_berka', '1993-01-01');
SELECT tiering.set_source('kept_berka', 'SELECT client_id AS customer_id,
	round(tiering.daily_avg(balance, valid_from, valid_to, tiering.month($1)), 2) AS assets
	FROM kept.history WHERE valid_from <= $1 AND valid_to > lower(tiering.month($1))
	GROUP BY client_id');
SELECT sum((tiering.refresh('kept_berka', m.last)).customers) AS assessed,
	(SELECT count(*) FROM kept.truth) AS in_truth FROM kept.month m;
CREATE TABLE kept.stood AS
SELECT t.*, CASE WHEN measure >= 90000 THEN 'diamond' WHEN measure >= 60000 THEN 'platinum'
	WHEN measure >= 40000 THEN 'gold' WHEN measure >= 20000 THEN 'silver' ELSE 'mass' END AS tier
FROM kept.truth t;
CREATE INDEX ON kept.stood (day);
ANALYZE kept.stood;
CREATE TABLE kept.oracle AS
SELECT p.a, p.b, c.from_tier, c.to_tier, count(*) AS customers, sum(c.had) AS measure_from,
	sum(c.has) AS measure_to
FROM (SELECT a.last AS a, b.last AS b FROM kept.month a JOIN kept.month b ON b.last >= a.last) p
	CROSS JOIN LATERAL (
		SELECT x.tier AS from_tier, y.tier AS to_tier, x.measure AS had, y.measure AS has
		FROM (SELECT * FROM kept.stood s WHERE s.day = p.a) x
			FULL JOIN (SELECT * FROM kept.stood s WHERE s.day = p.b) y USING (customer_id)) c
GROUP BY p.a, p.b, c.from_tier, c.to_tier;
CREATE TABLE kept.told AS
SELECT p.a, p.b, m.from_tier, m.to_tier, m.customers, m.measure_from, m.measure_to
FROM (SELECT DISTINCT a, b FROM kept.oracle) p,
	tiering.migration_matrix('kept_berka', p.a, p.b) m;
SELECT count(DISTINCT (o.a, o.b)) AS pairs, count(*) > 5000 AS many_cells,
	count(*) FILTER (WHERE (o.customers, o.measure_from, o.measure_to)
		IS DISTINCT FROM (m.customers, m.measure_from, m.measure_to)) AS wrong
FROM kept.oracle o FULL JOIN kept.told m ON (m.a, m.b, COALESCE(m.from_tier, ''),
	COALESCE(m.to_tier, '')) = (o.a, o.b, COALESCE(o.from_tier, ''), COALESCE(o.to_tier, ''));
-- the view's cells are those of an assessment and the one before it
SELECT count(*) > 400 AS many, count(*) FILTER (WHERE (o.customers, o.measure_from, o.measure_to)
	IS DISTINCT FROM (v.customers, v.measure_from, v.measure_to)) AS wrong
FROM (SELECT * FROM tiering.migration_matrix WHERE scheme = 'kept_berka' AND as_of > '1997-01-31') v
	FULL JOIN (
		SELECT o.*, o.b AS as_of FROM kept.oracle o
		WHERE o.a = (SELECT max(m.last) FROM kept.month m WHERE m.last < o.b)) o
	ON (v.as_of, COALESCE(v.from_tier, ''), COALESCE(v.to_tier, ''))
		= (o.as_of, COALESCE(o.from_tier, ''), COALESCE(o.to_tier, ''));
-- each row of the bridge ties out, and begins and ends with the distribution
CREATE TABLE kept.bridge AS
SELECT p.a, p.b, m.* FROM (SELECT DISTINCT a, b FROM kept.oracle) p,
	tiering.measure_bridge('kept_berka', p.a, p.b) m;
SELECT count(*) AS rows, count(*) FILTER (WHERE opening + new + exit + migrated_in + migrated_out
		+ growth + unmeasured IS DISTINCT FROM closing) AS untied,
	count(*) FILTER (WHERE x.opening <> f.measure OR x.closing <> t.measure) AS wrong
FROM kept.bridge x
	JOIN tiering.tier_distribution_history('kept_berka', NULL) f
		ON (f.as_of, f.tier) = (x.a, x.tier)
	JOIN tiering.tier_distribution_history('kept_berka', NULL) t
		ON (t.as_of, t.tier) = (x.b, x.tier);
SELECT t.invariants('kept_berka');

-- Behind the triggers: what agrees with nothing is found, and told by who may report
SELECT * FROM tiering.verify_state('kept_berka');
UPDATE tiering.assessment SET measure = measure + 0.01
WHERE scheme = 'kept_berka' AND as_of = '1998-03-31' AND customer_id = '1';
ALTER TABLE tiering.assignment DISABLE TRIGGER USER;
UPDATE tiering.assignment SET tier = 'diamond' WHERE scheme = 'kept_berka' AND customer_id = '1';
SELECT tiering.enable_triggers() > 0 AS enabled;
SET SESSION AUTHORIZATION kept_asker;
SELECT * FROM tiering.verify_state('kept_berka');
SELECT sound FROM tiering.verify_history('kept_berka');
RESET SESSION AUTHORIZATION;
ALTER TABLE tiering.assignment DISABLE TRIGGER USER;
UPDATE tiering.assignment a SET tier = m.to_tier
FROM (SELECT DISTINCT ON (customer_id) * FROM tiering.standing_move WHERE scheme = 'kept_berka'
	AND customer_id = '1' ORDER BY customer_id, as_of DESC, move DESC) m
WHERE a.scheme = 'kept_berka' AND a.customer_id = '1';
SELECT tiering.enable_triggers() > 0 AS enabled;
UPDATE tiering.assessment SET measure = measure - 0.01
WHERE scheme = 'kept_berka' AND as_of = '1998-03-31' AND customer_id = '1';
SELECT * FROM tiering.verify_state('kept_berka');
DROP OWNED BY kept_asker;
DROP ROLE kept_asker;
DROP SCHEMA kept CASCADE;
