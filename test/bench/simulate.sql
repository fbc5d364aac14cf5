/*
 * A draft of the scheme cib, its bounds a tenth higher, simulated on the averages of
 * all customers as of the last of two assessments. What it takes beyond its source is
 * grading them, and meeting where they stood before that assessment.
 */

SELECT tiering.copy_scheme('cib', 'simulated'), tiering.publish('simulated', '2020-01-01');
SELECT tiering.set_source('simulated', 'SELECT lpad(customer_id::text, 10, ''0'') AS customer_id,
	tiering.daily_avg(balance, valid_from, valid_to, tiering.year($1)) AS daily_avg_assets FROM '
		'bench.history GROUP BY customer_id');
SELECT customers, new FROM tiering.refresh('simulated', '2024-12-30');
SELECT customers, new FROM tiering.refresh('simulated', '2024-12-31');
SELECT tiering.new_version('simulated');
UPDATE tiering.rule SET bounds = numrange(lower(bounds) * 1.1, NULL) WHERE scheme = 'simulated'
	AND version = 2;
VACUUM (FREEZE, ANALYZE) tiering.assignment, tiering.migration;

SELECT replace(query, '$1', 'date ''2024-12-31''') AS source FROM tiering.source
	WHERE scheme = 'simulated' \gset
INSERT INTO bench.side (comparison, side, query, computes) VALUES
	('simulate', 'a', 'SELECT count(from_tier) FROM tiering.simulate(''simulated'', 2)',
		'from_tier'),
	('simulate', 'b', 'SELECT count(customer_id), count(daily_avg_assets) FROM (' || :'source'
		|| ') s', 'daily_avg(');

-- It tells what grading by hand does
SELECT bench.equal('simulate',
	'SELECT from_tier, to_tier, customers FROM tiering.simulate(''simulated'', 2)',
	$$SELECT CASE WHEN m >= 6000000 THEN 'diamond' WHEN m >= 1000000 THEN 'black_gold'
	WHEN m >= 300000 THEN 'platinum'
			WHEN m >= 100000 THEN 'gold' WHEN m >= 10000 THEN 'core' ELSE 'non_core'
				END AS from_tier,
		CASE WHEN m >= 6600000 THEN 'diamond' WHEN m >= 1100000 THEN 'black_gold' WHEN m >= 330000
			THEN 'platinum'
			WHEN m >= 110000 THEN 'gold' WHEN m >= 11000 THEN 'core' ELSE 'non_core' END AS to_tier,
				count(*)
	FROM (SELECT daily_avg_assets AS m FROM ($$ || :'source' || ') s) g GROUP BY 1, 2');
