/*
 * A bank of which two years of month-ends are on record, as reporting tools ask for it: each
 * view against one pass over what it could be made of.
 *
 * Set by the caller: customers, the number of them.
 */

SELECT tiering.create_ladder('views', 'daily_avg_balance', '{mass,silver,gold,platinum,diamond}',
	'{NULL,50000,200000,500000,900000}');
INSERT INTO tiering.service (scheme, version, tier, customers_per_manager) VALUES
	('views', 1, 'gold', '[150,300]'), ('views', 1, 'platinum', '[50,100]'),
	('views', 1, 'diamond', '[20,40]');
SELECT tiering.publish('views', '2020-01-01');
-- they wander by some per cent, and some come later or leave
CREATE TABLE bench.wanderer AS
SELECT c AS customer_id, 1000 + (hashint8extended(c, 1) & 1048575) AS amount,
	CASE WHEN c % 10 = 0 THEN (c / 10 % 24)::int ELSE 0 END AS since,
	CASE WHEN c % 25 = 7 THEN (c / 25 % 24)::int ELSE 99 END AS until
FROM generate_series(1, :customers::bigint) c;
SELECT tiering.set_source('views', $$
	SELECT w.customer_id::text AS customer_id, round(w.amount * (1 + ((hashint8extended(
		w.customer_id * 64 + m.n, 2) & 255) - 128) / 1000.0), 12) AS daily_avg_balance
	FROM bench.wanderer w,
		(SELECT (extract(year FROM $1) * 12 + extract(month FROM $1))::int - 24277) m(n)
	WHERE m.n BETWEEN w.since AND w.until$$);
SELECT format('SELECT new, up, down FROM tiering.refresh(%L, %L)', 'views',
	(date '2023-02-01' + m * interval '1 month')::date - 1)
FROM generate_series(0, 23) m \gexec
VACUUM (ANALYZE) tiering.assignment, tiering.migration, tiering.assessment,
	tiering.distribution_history;

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('view_now', 'tier_distribution / GROUP BY tier over the last assessment', 0.05),
	('view_rollup', 'tier_rollup / the same', 0.05),
	('view_pareto', 'pareto / the same', 0.05),
	('view_staffing', 'staffing / the same', 0.05),
	('view_history', 'tier_distribution_history / the same', 0.05),
	('view_matrix', 'migration_matrix of one date / the same', 0.05),
	('view_summary', 'migration_summary / the same', 0.05),
	('view_near', 'near_upgrade, the 50 nearest / the same', 1.0),
	('view_slip', 'near_downgrade, the 50 nearest / the same', 1.0),
	('view_page', 'report() / the same', 1.0),
	('view_origin', 'tier_origin / GROUP BY tiers over all moves', 1.5),
	('view_retention', 'retention() / the same', 1.5);

INSERT INTO bench.side (comparison, side, query, computes)
SELECT 'view_' || v.comparison, 'a', format('SELECT count(x), sum(x.customers)
	FROM (SELECT * FROM %s OFFSET 0) x', v.source), 'customers'
FROM (VALUES ('now', $$tiering.tier_distribution WHERE scheme = 'views'$$),
	('rollup', $$tiering.tier_rollup WHERE scheme = 'views'$$),
	('pareto', $$tiering.pareto WHERE scheme = 'views'$$),
	('staffing', $$tiering.staffing WHERE scheme = 'views'$$),
	('history', $$tiering.tier_distribution_history WHERE scheme = 'views'$$),
	('matrix', $$tiering.migration_matrix WHERE scheme = 'views' AND as_of = '2024-12-31'$$),
	('origin', $$tiering.tier_origin WHERE scheme = 'views'$$),
	('retention', $$tiering.retention('views')$$)) v (comparison, source)
UNION ALL VALUES ('view_summary', 'a', $$SELECT count(x), sum(x.stayed)
	FROM (SELECT * FROM tiering.migration_summary WHERE scheme = 'views' OFFSET 0) x$$, 'stayed'),
	('view_near', 'a', $$SELECT count(x), sum(x.distance) FROM (SELECT customer_id, distance
	FROM tiering.near_upgrade WHERE scheme = 'views' ORDER BY distance_percent LIMIT 50) x$$,
		'distance'),
	('view_slip', 'a', $$SELECT count(x), sum(x.distance) FROM (SELECT customer_id, distance
	FROM tiering.near_downgrade WHERE scheme = 'views' ORDER BY distance_percent LIMIT 50) x$$,
		'distance'),
	('view_page', 'a', $$SELECT length(tiering.report('views'))$$, 'report');
INSERT INTO bench.side (comparison, side, query, computes)
SELECT c.comparison, 'b', CASE WHEN c.comparison IN ('view_origin', 'view_retention')
	THEN $$SELECT count(x), sum(x.customers) FROM (SELECT from_tier, to_tier, count(*) AS customers
	FROM tiering.migration WHERE scheme = 'views' GROUP BY 1, 2 OFFSET 0) x$$
	ELSE $$SELECT count(x), sum(x.customers), sum(x.measure) FROM (SELECT tier,
	count(*) AS customers, sum(measure) AS measure FROM tiering.assessment
	WHERE slot = 0 AND scheme = 'views' AND as_of = '2024-12-31' GROUP BY tier OFFSET 0) x$$ END,
	'count('
FROM bench.comparison c WHERE c.comparison ~ '^view_';

SELECT bench.equal('tier_distribution', $$SELECT tier::text, customers, measure
	FROM tiering.tier_distribution WHERE scheme = 'views'$$, $$SELECT tier::text, count(*),
	round(sum(measure), 2) FROM tiering.assessment WHERE slot = 0 AND scheme = 'views'
		AND as_of = '2024-12-31' GROUP BY tier$$);
