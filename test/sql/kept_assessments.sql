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
SELECT count(*) AS customers, sum(measure) FROM tiering.assignment WHERE scheme = 'keeps_last';
SELECT count(*), sum(measure) FROM tiering.tiers_on('keeps_last', '2024-04-01');
SELECT t.invariants(s) FROM unnest('{keeps_month,keeps_all,keeps_last,keeps_seldom}'::text[]) s;
DROP SCHEMA keeps CASCADE;
