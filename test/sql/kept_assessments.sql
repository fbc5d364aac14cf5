-- Which assessments are kept: those of month-ends, all, or the last ones; what is not kept goes
-- with the table that it lies in.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA keeps;
CREATE TABLE keeps.balance AS
SELECT d::date AS as_of, c::text AS customer_id, 100 * c + extract(day FROM d)::int AS amount
FROM generate_series('2024-01-20'::date, '2024-04-02', '1 day') d, generate_series(1, 20) c;
CREATE FUNCTION keeps.bank(scheme text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'assets', '{low,high}', '{NULL,1000}');
	PERFORM tiering.publish(scheme, '2024-01-01');
	PERFORM tiering.set_source(scheme,
		'SELECT customer_id, amount AS assets FROM keeps.balance WHERE as_of = $1');
END;
$$;
SELECT keeps.bank(s) FROM unnest('{keeps_month,keeps_all,keeps_last,keeps_seldom}'::text[]) s;
SELECT tiering.keep_assessments('keeps_all', 'all', '45 days'),
	tiering.keep_assessments('keeps_last', 'last');
SELECT scheme, which, how_long FROM tiering.keeping WHERE scheme LIKE 'keeps%' ORDER BY scheme;
SELECT t.fails(c) FROM unnest(ARRAY[
	$$SELECT tiering.keep_assessments('keeps_all', 'some')$$,
	$$SELECT tiering.keep_assessments('keeps_all', NULL)$$,
	$$SELECT tiering.keep_assessments('keeps_all', 'all', '-1 day')$$,
	$$SELECT tiering.keep_assessments('nowhere')$$]) c;
-- each night in a transaction of its own; one scheme is assessed twice only
SELECT format('SELECT (tiering.refresh(%L, %L)).customers', s, d)
FROM generate_series('2024-01-20'::date, '2024-04-02', '1 day') n, LATERAL (SELECT n::date AS d) x,
	unnest('{keeps_month,keeps_all,keeps_last,keeps_seldom}'::text[]) s
WHERE s <> 'keeps_seldom' OR d IN ('2024-01-20', '2024-04-02')
ORDER BY d, s
\set ECHO none
\o /dev/null
\gexec
\o
\set ECHO all
SELECT scheme, count(*), min(as_of), max(as_of),
	string_agg(to_char(as_of, 'MM-DD'), ' ' ORDER BY as_of) FILTER (WHERE scheme <> 'keeps_all')
		AS days
FROM tiering.kept_assessment WHERE scheme LIKE 'keeps%' GROUP BY scheme ORDER BY scheme;
-- all is there of what is kept, and the other tables do not grow
SELECT k.scheme, count(*) FILTER (WHERE a.customers <> 20) AS wrong
FROM tiering.kept_assessment k CROSS JOIN LATERAL (
	SELECT count(*) AS customers FROM tiering.assessment a
	WHERE (a.slot, a.scheme, a.as_of) = (k.slot, k.scheme, k.as_of)) a
WHERE k.scheme LIKE 'keeps%' GROUP BY k.scheme ORDER BY k.scheme;
SELECT count(*) < 600 AS few FROM tiering.assessment WHERE slot > 0 AND scheme LIKE 'keeps%';
SELECT count(*) AS left_over FROM tiering.assessment a WHERE slot = 0 AND scheme LIKE 'keeps%'
	AND NOT EXISTS (SELECT FROM tiering.kept_assessment k
		WHERE (k.slot, k.scheme, k.as_of) = (a.slot, a.scheme, a.as_of));
-- sums stay, and money of moves is null where it is not kept
SELECT count(DISTINCT as_of) AS days, count(*) FILTER (WHERE measure IS NULL) AS unknown
FROM tiering.tier_distribution_history('keeps_last', NULL);
SELECT 'from a kept one' AS what, from_tier, to_tier, customers, measure_from, measure_to
FROM tiering.migration_matrix('keeps_month', '2024-01-31', '2024-03-31')
UNION ALL
SELECT 'from another', from_tier, to_tier, customers, measure_from, measure_to
FROM tiering.migration_matrix('keeps_month', '2024-02-01', '2024-03-31')
ORDER BY 1, 2, 3;
-- the last one can be taken back, with what the one before had
SELECT now_as_of FROM tiering.void_assessment('keeps_last', '2024-04-02', 'a slip');
SELECT count(*) AS customers, sum(measure) FROM tiering.current_tier WHERE scheme = 'keeps_last';
SELECT count(*), sum(measure) FROM tiering.tiers_on('keeps_last', '2024-04-01');
SELECT t.invariants(s) FROM unnest('{keeps_month,keeps_all,keeps_last,keeps_seldom}'::text[]) s;
-- One that is taken back and made again: both are kept, for what was known then, and neither keeps
-- a part from being emptied
SELECT keeps.bank(s) FROM unnest('{keeps_void,keeps_void_all}'::text[]) s;
SELECT tiering.keep_assessments('keeps_void_all', 'all');
INSERT INTO keeps.balance
SELECT d, c::text, 1000 + c FROM unnest('{2024-04-30,2024-05-31,2024-06-30,2024-07-31}'::date[]) d,
	generate_series(1, 20) c;
SELECT count(tiering.refresh(s, d)) AS refreshed
FROM unnest('{keeps_void,keeps_void_all}'::text[]) s,
	unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT clock_timestamp() AS before_void \gset
SELECT count(tiering.void_assessment(s, '2024-02-29', 'wrong data')) AS taken_back
FROM unnest('{keeps_void,keeps_void_all}'::text[]) s;
UPDATE keeps.balance SET amount = amount + 1 WHERE as_of = '2024-02-29';
SELECT (tiering.refresh('keeps_void_all', '2024-02-29')).stayed;
SELECT count(tiering.refresh(s, d)) AS refreshed
FROM unnest('{keeps_void,keeps_void_all}'::text[]) s,
	unnest('{2024-04-30,2024-05-31,2024-06-30,2024-07-31}'::date[]) d;
SELECT s AS scheme, (SELECT sum(measure) FROM tiering.tiers_on(s, '2024-02-29', :'before_void'))
		AS before_void,
	(SELECT sum(measure) FROM tiering.tiers_on(s, '2024-02-29')) AS now
FROM unnest('{keeps_void,keeps_void_all}'::text[]) s;
SELECT scheme, as_of, slot > 0 AS in_turn, count(*) AS times FROM tiering.kept_assessment
WHERE scheme LIKE 'keeps_void%' GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT a.scheme, a.as_of, count(*) AS customers FROM tiering.assessment a
	JOIN tiering.kept_assessment k USING (slot, scheme, as_of, recorded_at)
WHERE a.scheme LIKE 'keeps_void%' AND a.as_of = '2024-02-29' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT v.* FROM unnest('{keeps_void,keeps_void_all}'::text[]) s, tiering.verify_state(s) v;
-- Others that are not assessed any more lie in each of the tables
SELECT keeps.bank(s) FROM unnest('{keeps_on,keeps_1,keeps_2,keeps_3,keeps_4}'::text[]) s;
INSERT INTO tiering.kept_assessment (scheme, as_of, recorded_at, slot)
SELECT 'keeps_' || n, '2024-01-20', now(), n FROM generate_series(1, 4) n;
INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure, version, amends,
	recorded_at)
SELECT n, 'keeps_' || n, '2024-01-20', '1', 'low', 1, 1, false, now() FROM generate_series(1, 4) n;
SELECT format('SELECT (tiering.refresh(%L, %L)).customers', 'keeps_on', d)
FROM generate_series('2024-01-20'::date, '2024-02-20', '1 day') n, LATERAL (SELECT n::date AS d) x
ORDER BY d
\set ECHO none
\o /dev/null
\gexec
\o
\set ECHO all
SELECT count(DISTINCT as_of) < 5 AS few, count(DISTINCT as_of) FILTER (WHERE slot > 0) < 3
	AS in_turn
FROM tiering.assessment WHERE scheme = 'keeps_on';
DROP SCHEMA keeps CASCADE;
