/*
 * What a DBA would write instead of refresh(), into tables like the extension's:
 * it does the same and no more checks than the constraints.
 */

CREATE TABLE by_hand.assignment (LIKE tiering.assignment INCLUDING ALL) WITH (fillfactor = 80);
CREATE TABLE by_hand.assessment (LIKE tiering.assessment INCLUDING ALL);
CREATE TABLE by_hand.migration (LIKE tiering.migration INCLUDING ALL);
ALTER TABLE by_hand.migration ALTER batch SET DEFAULT 1, ALTER assessed SET DEFAULT '2024-02-29';
CREATE TABLE by_hand.distribution_history (LIKE tiering.distribution_history INCLUDING ALL);

CREATE FUNCTION by_hand.refresh(day date) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	tiers text[] := ARRAY['non_core', 'core', 'gold', 'platinum', 'black_gold', 'diamond'];
BEGIN
	CREATE TEMP TABLE graded AS
	SELECT g.*, a.tier AS old_tier
	FROM (SELECT m.customer_id COLLATE "C" AS customer_id, m.daily_avg_assets AS measure,
			CASE WHEN daily_avg_assets >= 6000000 THEN 'diamond'
			WHEN daily_avg_assets >= 1000000 THEN 'black_gold'
			WHEN daily_avg_assets >= 300000 THEN 'platinum'
			WHEN daily_avg_assets >= 100000 THEN 'gold'
			WHEN daily_avg_assets >= 10000 THEN 'core' ELSE 'non_core' END COLLATE "C" AS tier
		  FROM bench.metrics m WHERE m.as_of = day) g
		LEFT JOIN by_hand.assignment a ON a.scheme = 'cib' AND a.customer_id = g.customer_id;
	ANALYZE graded;

	WITH gone AS (
		DELETE FROM by_hand.assignment a
		WHERE a.scheme = 'cib' AND NOT EXISTS (SELECT FROM graded g
			WHERE g.customer_id = a.customer_id)
		RETURNING a.customer_id, a.tier, a.version
	)
	INSERT INTO by_hand.migration
		(scheme, customer_id, as_of, from_tier, direction, cause, version, measure, recorded_by)
	SELECT 'cib', g.customer_id, day, g.tier, 'exit', 'exit', g.version, h.measure, current_user
	FROM gone g JOIN by_hand.assessment h ON h.customer_id = g.customer_id;

	UPDATE by_hand.assignment a
	SET tier = g.tier, as_of = day, since = day, version = 1, recorded_at = now()
	FROM graded g
	WHERE a.scheme = 'cib' AND a.customer_id = g.customer_id AND g.tier <> g.old_tier;

	INSERT INTO by_hand.assignment (scheme, customer_id, tier, as_of, since, version)
	SELECT 'cib', customer_id, tier, day, day, 1 FROM graded WHERE old_tier IS NULL;

	INSERT INTO by_hand.assessment (slot, scheme, as_of, customer_id, tier, measure, version,
		amends, recorded_at)
	SELECT 1, 'cib', day, customer_id, tier, measure, 1, false, now() FROM graded;

	INSERT INTO by_hand.migration
		(scheme, customer_id, as_of, from_tier, to_tier, direction, cause, version, measure,
		recorded_by)
	SELECT 'cib', customer_id, day, old_tier, tier,
		CASE WHEN old_tier IS NULL THEN 'new'
			WHEN array_position(tiers, tier) > array_position(tiers, old_tier) THEN 'up'
			ELSE 'down' END,
		CASE WHEN old_tier IS NULL THEN 'new' ELSE 'rule' END, 1, measure, current_user
	FROM graded WHERE tier IS DISTINCT FROM old_tier;

	INSERT INTO by_hand.distribution_history (scheme, as_of, tier, version, customers, measure)
	SELECT 'cib', day, t.tier, 1, COALESCE(g.customers, 0), COALESCE(g.measure, 0)
	FROM unnest(tiers || '{ordinary,vip}'::text[]) t(tier)	-- nobody is in the parents
		LEFT JOIN (SELECT tier, count(*) AS customers, sum(measure) AS measure
				   FROM graded GROUP BY tier) g USING (tier);
	DROP TABLE graded;
END;
$$;

-- Both stand at the first date, their rows in the same pages
SELECT tiering.set_source('cib',
	'SELECT customer_id, daily_avg_assets FROM bench.metrics WHERE as_of = $1');
SELECT tiering.refresh('cib', '2024-01-31');
INSERT INTO by_hand.assignment SELECT * FROM tiering.assignment;
INSERT INTO by_hand.assessment SELECT * FROM tiering.assessment WHERE scheme = 'cib';
INSERT INTO by_hand.migration OVERRIDING SYSTEM VALUE SELECT * FROM tiering.migration;
SELECT setval(pg_get_serial_sequence('by_hand.migration', 'move'), max(move))
	FROM by_hand.migration;
INSERT INTO by_hand.distribution_history SELECT * FROM tiering.distribution_history;
VACUUM (FREEZE, ANALYZE) tiering.assignment, tiering.migration, tiering.distribution_history,
	by_hand.assignment, by_hand.migration, by_hand.distribution_history;

-- Both come to the same tiers and moves
BEGIN;
SELECT tiering.refresh('cib', '2024-02-29');
SELECT by_hand.refresh('2024-02-29');
SELECT bench.equal('assignment',
	'SELECT customer_id, tier, as_of, since, version FROM tiering.assignment',
	'SELECT customer_id, tier, as_of, since, version FROM by_hand.assignment');
SELECT bench.equal('assessment',
	'SELECT as_of, customer_id, tier, measure, version FROM tiering.assessment',
	'SELECT as_of, customer_id, tier, measure, version FROM by_hand.assessment');
SELECT bench.equal('migration',
	'SELECT customer_id, as_of, from_tier, to_tier, direction, cause, version, measure
	FROM tiering.migration',
	'SELECT customer_id, as_of, from_tier, to_tier, direction, cause, version, measure
	FROM by_hand.migration');
SELECT bench.equal('distribution_history',
	'SELECT scheme, as_of, tier, version, customers, measure FROM tiering.distribution_history',
	'SELECT scheme, as_of, tier, version, customers, measure FROM by_hand.distribution_history');
SELECT direction, count(*) FROM tiering.migration WHERE as_of = '2024-02-29' GROUP BY direction
	ORDER BY direction;
ROLLBACK;
VACUUM (FREEZE, ANALYZE) tiering.assignment, tiering.migration, tiering.distribution_history,
	by_hand.assignment, by_hand.migration, by_hand.distribution_history;
