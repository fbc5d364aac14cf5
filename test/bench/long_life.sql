/*
 * A bank that is graded night after night: all balances change, few customers move, and some
 * are noted. What has to stay as it is: the time of a night and of each report, the size of
 * all tables but those of the record, the catalogues, and how many statements the server sees.
 *
 * The database is copied after a tenth of the nights. The copy is what the other nights are
 * compared with, in turn: whatever else the machine does is in both.
 *
 * Set by the caller: customers, the number of them.
 */

CREATE EXTENSION IF NOT EXISTS pg_stat_statements;

CREATE TABLE bench.person (customer_id text PRIMARY KEY, held numeric NOT NULL);
INSERT INTO bench.person
SELECT lpad(i::text, 9, '0'), round((2000 * exp(6 * bench.uniform(i, 1)))::numeric, 2)
FROM generate_series(1, :customers) i;
ANALYZE bench.person;

SELECT tiering.create_ladder('life', 'balance', '{mass,silver,gold,platinum,diamond}',
	'{NULL,10000,50000,200000,500000}');
INSERT INTO tiering.policy (scheme, version, tier, down_after)
SELECT t.scheme, t.version, t.tier, 2 FROM tiering.tier t WHERE t.scheme = 'life' AND NOT t.base;
SELECT tiering.publish('life', '2020-01-01');
SELECT tiering.set_source('life', $$
	SELECT p.customer_id, round(p.held * (0.98 + 0.04
		* bench.uniform(p.customer_id::bigint, 10 + ($1 - DATE '2020-01-01')))::numeric, 2)
			AS balance
	FROM bench.person p$$);

CREATE TABLE bench.night (night int PRIMARY KEY, ms numeric NOT NULL, statements bigint NOT NULL);
CREATE TABLE bench.view_time (night int, name text, ms numeric NOT NULL, PRIMARY KEY (night, name));
CREATE TABLE bench.size (night int, name text, bytes bigint NOT NULL, PRIMARY KEY (night, name));

-- The time that this session has had a processor: others on the machine do not count. Linux
-- tells it, in steps of some milliseconds.
CREATE FUNCTION bench.busy() RETURNS numeric
LANGUAGE sql VOLATILE
RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::numeric / 1000000;

CREATE FUNCTION bench.busy_with(query text) RETURNS numeric
LANGUAGE plpgsql
AS $$
DECLARE
	start numeric := bench.busy();
BEGIN
	FOR i IN 1 .. 10 LOOP
		EXECUTE query;
	END LOOP;
	RETURN (bench.busy() - start) / 10;
END;
$$;

CREATE FUNCTION bench.day(night int) RETURNS date
LANGUAGE sql IMMUTABLE
RETURN DATE '2020-01-01' + night;

CREATE FUNCTION bench.keep_night(night int, ms numeric) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO bench.night SELECT keep_night.night, keep_night.ms, count(*)
	FROM pg_stat_statements;
END;

-- Every view, and what is asked of two days; a view that has many rows yields them all.
CREATE FUNCTION bench.keep_reports(night int) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	report record;
BEGIN
	FOR report IN
		SELECT c.relname AS name, format('SELECT count(v) FROM tiering.%I v %s', c.relname,
			CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
				AND a.attname = 'scheme') THEN 'WHERE v.scheme = ''life''' ELSE '' END) AS query
		FROM pg_class c WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind = 'v'
		UNION ALL
		SELECT f.name, format(f.query, bench.day(night - 1), bench.day(night))
		FROM (VALUES
			('migration_matrix()',
				'SELECT count(m) FROM tiering.migration_matrix(''life'', %L, %L) m'),
			('measure_bridge()',
				'SELECT count(m) FROM tiering.measure_bridge(''life'', %L, %L) m'),
			('tiers_on()', 'SELECT count(t), %L FROM tiering.tiers_on(''life'', %L) t'),
			('tier_on()', 'SELECT tiering.tier_on(''life'', ''000000017'', d)
				FROM (VALUES (%L::date), (%L)) v(d)')) f(name, query)
	LOOP
		INSERT INTO bench.view_time VALUES (night, report.name, bench.busy_with(report.query));
	END LOOP;
END;
$$;

CREATE FUNCTION bench.keep_sizes(night int) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO bench.size
	SELECT keep_sizes.night, CASE WHEN c.relnamespace = 'pg_catalog'::regnamespace
		THEN 'catalogues' ELSE c.relname END, sum(pg_total_relation_size(c.oid))
	FROM pg_class c
	WHERE c.relnamespace IN ('tiering'::regnamespace, 'pg_catalog'::regnamespace)
		AND c.relkind IN ('r', 'm') AND NOT c.relisshared
	GROUP BY 2;
END;


CREATE FUNCTION bench.times() RETURNS TABLE (what text, ms numeric)
LANGUAGE sql
BEGIN ATOMIC
	SELECT t.what, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms)::numeric, 2)
	FROM (
		SELECT 'refresh()' AS what, n.ms FROM bench.night n
		WHERE n.night IN (SELECT v.night FROM bench.view_time v)
		UNION ALL SELECT v.name, v.ms FROM bench.view_time v) t
	GROUP BY t.what ORDER BY t.what;
END;
