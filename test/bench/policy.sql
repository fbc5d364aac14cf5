/*
 * The same scheme with a policy: down at the third miss in a row, from the top at
 * the sixth. The same source, and the same first refresh.
 */

SELECT tiering.copy_scheme('cib', 'cib_policy');
INSERT INTO tiering.policy (scheme, version, tier, down_after)
SELECT scheme, version, tier, CASE tier WHEN 'diamond' THEN 6 ELSE 3 END
FROM tiering.tier WHERE scheme = 'cib_policy' AND NOT base;
SELECT tiering.publish('cib_policy', '2020-01-01');
SELECT tiering.set_source('cib_policy', query) FROM tiering.source WHERE scheme = 'cib';
SELECT customers, new FROM tiering.refresh('cib_policy', '2024-01-31');
VACUUM (ANALYZE) tiering.assignment, tiering.migration;
