-- What a session is set to changes nothing: the same refreshes, under other time
-- zones and other ways to write dates, intervals and names, leave the same rows.
CREATE SCHEMA s;
CREATE TABLE s.metrics AS
SELECT lpad(i::text, 3, '0') AS customer_id, d,
	CASE WHEN t.random(i * 1000 + n) < 0.03 THEN NULL
	ELSE round(t.random(i * 7919 + n / 4) * 1100 + t.random(i * 31 + n) * 300) END AS x
FROM generate_series(1, 300) i, LATERAL (
	SELECT row_number() OVER (ORDER BY d) AS n, d FROM (
		SELECT (date '2024-01-01' + make_interval(months => m) - interval '1 day')::date AS d
			FROM generate_series(1, 20) m
		UNION ALL SELECT unnest('{2024-02-03,2024-03-02,2024-11-02,2025-02-11}'::date[])) d) d
WHERE t.random(i * 131 + n / 6) < 0.9;
SELECT tiering.create_ladder('settings', 'x', '{basic,silver,gold,private}', '{NULL,300,700,1100}');
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds, stay)
	VALUES ('settings', 1, 'gold', 2, 'x', '[600,)', true);
INSERT INTO tiering.policy (scheme, version, tier, up, down_after, down_to, review_months,
	review_at, hold, new_hold) VALUES
	('settings', 1, 'silver', 'at_once', 2, 'earned', NULL, 'assessment', '-1 mons +45 days',
	'90 days'),
	('settings', 1, 'gold', 'next', 1, 'earned', '{2,3,5,8,11}', 'assessment', '1 month 15 days',
	'1 month'),
	('settings', 1, 'private', 'at_once', 2, 'one_step', '{1,4,7,10}', 'month_end',
	'1 year 2 months -3 days 12:00', '0');
CREATE TABLE s.document AS SELECT tiering.export_scheme('settings') AS document;
SELECT tier ->> 'tier' AS tier, tier #>> '{policy,hold}' AS hold,
	tier #>> '{policy,new_hold}' AS new_hold FROM s.document,
	jsonb_array_elements(document -> 'tiers') tier;

-- Makes the scheme from the document, and refreshes as of each day; then all that this left, as
-- jsonb, which has dates in one way only
CREATE FUNCTION s.run(scheme text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	IF scheme <> 'settings' THEN
		PERFORM tiering.import_scheme(d.document, scheme) FROM s.document d;
	END IF;
	PERFORM tiering.publish(scheme, '2024-01-01');
	PERFORM tiering.set_source(scheme, 'SELECT customer_id, x FROM s.metrics WHERE d = $1');
	RETURN sum((tiering.refresh(scheme, d)).written)
		FROM (SELECT DISTINCT d FROM s.metrics WHERE d >= make_date(2024, 1, 1) ORDER BY d) d;
END;
$$;
CREATE FUNCTION s.result(scheme text) RETURNS TABLE (part text, rows bigint, content jsonb)
	LANGUAGE sql AS $$
	SELECT part, count(*), jsonb_agg(r -
		'{scheme,move,salt,recorded_at,set_at,settings,refreshed_at}'::text[]
		ORDER BY (r - '{scheme,move,salt,recorded_at,set_at,settings,refreshed_at}'::text[])::text
		COLLATE "C")
	FROM (SELECT 'assignment' AS part, to_jsonb(a) AS r FROM tiering.assignment a
			WHERE a.scheme = result.scheme UNION ALL
		SELECT 'migration', to_jsonb(m) FROM tiering.migration m
			WHERE m.scheme = result.scheme UNION ALL
		SELECT 'distribution_history', to_jsonb(d) FROM tiering.distribution_history d
			WHERE d.scheme = result.scheme UNION ALL
		SELECT 'source', to_jsonb(o) - 'set_by' FROM tiering.source o
			WHERE o.scheme = result.scheme UNION ALL
		SELECT 'customer_tier_history', to_jsonb(h)
			|| jsonb_build_object('valid', jsonb_build_array(lower(h.valid), upper(h.valid)))
			FROM tiering.customer_tier_history h WHERE h.scheme = result.scheme UNION ALL
		SELECT 'migration_summary', to_jsonb(m) FROM tiering.migration_summary m
			WHERE m.scheme = result.scheme UNION ALL
		SELECT 'near_downgrade', to_jsonb(n) FROM tiering.near_downgrade n
			WHERE n.scheme = result.scheme UNION ALL
		SELECT 'policy', to_jsonb(p) - '{hold,new_hold,term}'::text[]
			|| jsonb_build_object('hold', extract(epoch FROM p.hold), 'months',
				extract(month FROM p.hold), 'new_hold', extract(epoch FROM p.new_hold),
				'term', extract(epoch FROM p.term)) FROM tiering.policy p
			WHERE p.scheme = result.scheme UNION ALL
		SELECT 'validate', to_jsonb(v) FROM tiering.validate(result.scheme, 1) v) x
	GROUP BY part
$$;
-- The session that makes them, with nothing cached from one that is set otherwise
SET client_min_messages = warning;
SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
SELECT s.run('settings') > 0 AS written;
CREATE TABLE s.expected AS SELECT * FROM s.result('settings');
SELECT part, rows > 0 AS rows FROM s.expected ORDER BY part COLLATE "C";
SELECT count(*) > 20 AS policy_moved FROM tiering.migration WHERE scheme = 'settings'
	AND cause = 'policy';

\c -
SET client_min_messages = warning; SET escape_string_warning = off;
SET timezone = 'Pacific/Auckland'; SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard';
SET extra_float_digits = -15; SET quote_all_identifiers = on; SET standard_conforming_strings = off;
	SET bytea_output = 'escape';
SELECT tiering.export_scheme('settings') = document AS same_document FROM s.document;
SELECT s.run('settings2') > 0 AS written;
SELECT COALESCE(e.part, r.part) AS differs FROM s.expected e FULL JOIN s.result('settings2') r
	USING (part) WHERE e.content IS DISTINCT FROM r.content;
-- an interval in a document is read in one way
SELECT tiering.import_scheme(jsonb_set(document, '{tiers,1,policy,hold}', '"-1 mons 45 days"'),
	'settings5') FROM s.document;
SELECT hold = make_interval(months => -1, days => 45) AS hold FROM tiering.policy
	WHERE scheme = 'settings5' AND tier = 'silver';
-- strings that are read otherwise are no way around what a source must not name
CREATE FUNCTION pg_temp.f(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
SELECT t.fails('SELECT tiering.set_source(''settings2'', ''SELECT customer_id, pg_temp.f(x) AS x '
	'FROM s.metrics'')');
SELECT t.fails('SELECT tiering.set_source(''settings2'', ''SELECT customer_id, "pg_temp".f(x) AS x '
	'FROM s.metrics'')');

\c -
SET client_min_messages = warning;
SET timezone = 'America/Los_Angeles'; SET datestyle = 'German'; SET intervalstyle = 'iso_8601';
	SET default_transaction_isolation = 'serializable';
SELECT tiering.export_scheme('settings') = document AS same_document FROM s.document;
SELECT s.run('settings3') > 0 AS written;
SELECT COALESCE(e.part, r.part) AS differs FROM s.expected e FULL JOIN s.result('settings3') r
	USING (part) WHERE e.content IS DISTINCT FROM r.content;

\c -
SET client_min_messages = warning;
SET timezone = 'Asia/Kathmandu'; SET datestyle = 'Postgres, DMY';
	SET intervalstyle = 'postgres_verbose'; SET default_transaction_isolation = 'repeatable read';
SELECT tiering.export_scheme('settings') = document AS same_document FROM s.document;
SELECT s.run('settings4') > 0 AS written;
SELECT COALESCE(e.part, r.part) AS differs FROM s.expected e FULL JOIN s.result('settings4') r
	USING (part) WHERE e.content IS DISTINCT FROM r.content;

-- one goes on where another stopped
SELECT written FROM (SELECT max(d) AS d FROM s.metrics) d, tiering.refresh('settings2', d);
\c -
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati'; SET datestyle = 'SQL, MDY';
SELECT COALESCE(e.part, r.part) AS differs FROM s.expected e FULL JOIN s.result('settings2') r
	USING (part) WHERE e.content IS DISTINCT FROM r.content;

-- A source reads times and dates as in the session that set it, and leaves the caller's settings
-- alone
SELECT tiering.create_ladder('settings6', 'x', '{low,high}', '{NULL,100}'),
	tiering.publish('settings6', '2024-01-01');
CREATE TABLE s.payment AS SELECT i AS customer_id,
	timestamptz '2024-01-31 12:00+00' + i * interval '1 hour' AS paid_at,
	'03/02/2024'::text AS valid_from FROM generate_series(-12, 11) i;
\c -
SET timezone = 'Asia/Shanghai'; SET datestyle = 'SQL, DMY'; SET client_min_messages = warning;
SELECT tiering.set_source('settings6',
	'SELECT customer_id, (paid_at::date - $1) * 1000 + ($1 - valid_from::date) AS x FROM '
	's.payment');
SELECT settings[1], settings[3] FROM tiering.source WHERE scheme = 'settings6';
\c -
SET timezone = 'America/New_York'; SET datestyle = 'ISO, MDY'; SET client_min_messages = warning;
SELECT customers, new FROM tiering.refresh('settings6', '2024-02-10');
SELECT a.measure, count(*) AS customers, count(*)
	FILTER (WHERE a.measure = ((p.paid_at AT TIME ZONE 'Asia/Shanghai')::date - date '2024-02-10') *
	1000 + 7) AS as_set
FROM tiering.current_tier a JOIN s.payment p ON p.customer_id::text = a.customer_id
	WHERE a.scheme = 'settings6' GROUP BY a.measure ORDER BY a.measure;
SELECT current_setting('timezone') AS time_zone, current_setting('datestyle') AS date_style;
SET datestyle = 'German';
SELECT written FROM tiering.refresh('settings6', '2024-02-10'::date);
-- set again, it is read as here
SELECT tiering.set_source('settings6', query) FROM tiering.source WHERE scheme = 'settings6';
SELECT settings[1], settings[3] FROM tiering.source WHERE scheme = 'settings6';
-- nobody writes others beside it; those that this server lacks may come with a dump
SELECT t.fails($$UPDATE tiering.source SET settings = '{TimeZone=Mars/Olympus}'
	WHERE scheme = 'settings6'$$);
DELETE FROM tiering.source WHERE scheme = 'settings6';
INSERT INTO tiering.source (scheme, query, settings)
VALUES ('settings6', 'SELECT customer_id, 1 AS x FROM s.payment', '{TimeZone=Mars/Olympus}');
SELECT t.fails($$SELECT tiering.refresh('settings6', '2024-02-10')$$);
SELECT current_setting('timezone') AS time_zone, current_setting('datestyle') AS date_style;

-- Periods, reviews and days of hold around the changes of clocks
CREATE FUNCTION s.days() RETURNS text LANGUAGE sql AS $$
	SELECT md5(jsonb_agg(jsonb_build_array(d, lower(tiering.month(d)),
		upper(tiering.rolling('1 month', d)),
		lower(tiering.rolling('1 month 2 days', d)), (
		-- entered, and gone on in: what is kept until when, and the next review
		SELECT jsonb_agg(jsonb_build_array(e.kept_until, e.next_review, m.misses, m.next_review,
			m.tier)
				ORDER BY t.rank)
		FROM tiering.tier t,
			_tiering.decide('settings', 1, 'assessment', d, d - 31, NULL, NULL, NULL, NULL, NULL,
				NULL,
				NULL, NULL, NULL, NULL, NULL, false, t.tier, NULL, NULL, NULL, NULL, NULL) e,
			_tiering.decide('settings', 1, 'assessment', d + 400, d + 370, e.tier, e.since, 1, NULL,
				NULL,
				e.first_as_of, e.misses, e.best, e.next_tier, e.next_review, e.kept_until, false,
					'basic',
				NULL, NULL, NULL, NULL, NULL) m
		WHERE t.scheme = 'settings')) ORDER BY d)::text)
	FROM (SELECT date '2023-12-25' + i AS d FROM generate_series(0, 500) i) d
$$;
CREATE TABLE s.day AS SELECT s.days() AS days;
\c -
SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'sql_standard';
SELECT s.days() = days AS same_days FROM s.day;
\c -
SET timezone = 'America/Sao_Paulo'; SET datestyle = 'German'; SET intervalstyle = 'iso_8601';
SELECT s.days() = days AS same_days FROM s.day;

-- A history as a value is written one way
SELECT tiering.daily_series(5, '2024-02-01', '2024-02-03') AS series,
	tiering.daily_series(5, '2024-02-01', '2024-02-03')::jsonb AS document,
	'{2024-02-01: 5, 2024-02-03: none}'::tiering.daily_series OPERATOR(tiering.=)
	tiering.daily_series(5, '2024-02-01', '2024-02-03') AS read;

SET client_min_messages = warning;
DROP SCHEMA s CASCADE;
