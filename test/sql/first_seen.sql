-- The first refresh of a scheme has the planner know of its customers: until autovacuum came it
-- took there to be hardly any in a tier, and went through what all of them have for each.
-- A database of its own has no other schemes to be known of.
SET client_min_messages = warning;
\set tests :DBNAME
CREATE DATABASE regression_seen TEMPLATE template0 ENCODING 'UTF8';
\c regression_seen
SET client_min_messages = warning;
CREATE EXTENSION tiering;
CREATE SCHEMA seen;
CREATE TABLE seen.value AS
SELECT 'c' || i AS customer_id, (i % 10)::numeric AS value FROM generate_series(1, 2000) i;
CREATE FUNCTION seen.ladder(scheme text) RETURNS void LANGUAGE sql AS $$
	SELECT tiering.create_ladder(scheme, 'value', '{low,mid,high}', '{NULL,3,8}'),
		tiering.publish(scheme, '2024-01-01')
$$;
-- at least half of what a tier has, and at most twice as many
CREATE FUNCTION seen.is_known(named text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM tiering.assignment WHERE scheme = %L AND '
		'tier = %L', named, 'mid') INTO plan;
	RETURN (plan #>> '{0,Plan,Plan Rows}')::int BETWEEN 500 AND 2000;
END;
$$;
SELECT seen.ladder(s) FROM unnest('{seen_refreshed,seen_loaded}'::text[]) s;
SELECT tiering.set_source('seen_refreshed', 'SELECT customer_id, value FROM seen.value');
SELECT (tiering.refresh('seen_refreshed', '2024-01-31')).new;
SELECT seen.is_known('seen_refreshed');
SELECT customers FROM tiering.load_history('seen_loaded', $$SELECT customer_id,
	date '2024-01-31' AS as_of, CASE WHEN value < 3 THEN 'low' WHEN value < 8 THEN 'mid'
	ELSE 'high' END AS tier, value AS measure, NULL::int AS version FROM seen.value$$);
SELECT seen.is_known('seen_loaded');
-- nobody is waited for
SELECT _tiering.analyze_assignment(0);
\c :tests
DROP DATABASE regression_seen;
