-- A real bank, 1993 to 1998, refreshed at every month's end under a policy with a watch list; then
-- one in a hundred
-- of the balances of 1996 turns out to have been wrong.
SET timezone = 'UTC';
CREATE SCHEMA late;
CREATE TABLE late.eod_balance (account_id int, as_of date, balance numeric(12, 2));
CREATE TABLE late.disp (disp_id int, client_id int, account_id int, type text);
\copy late.eod_balance FROM PROGRAM 'gzip -dc test/data/eod_balance.csv.gz' (FORMAT csv, HEADER)
\copy late.disp FROM PROGRAM 'gzip -dc test/data/disp.csv.gz' (FORMAT csv, HEADER)
CREATE TABLE late.history AS
SELECT o.client_id, e.account_id, e.balance, e.as_of AS valid_from, lead(e.as_of, 1, 'infinity')
	OVER account AS valid_to
FROM late.eod_balance e JOIN late.disp o ON o.account_id = e.account_id AND o.type = 'owner'
WINDOW account AS (PARTITION BY e.account_id ORDER BY e.as_of);
CREATE INDEX ON late.history (client_id);
ANALYZE late.history;
-- down at the third miss in a row, from the top at the sixth
CREATE FUNCTION late.scheme(scheme text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.create_ladder(scheme, 'assets', '{mass,silver,gold,platinum,diamond}',
		'{NULL,20000,40000,60000,90000}', 'CZK');
	INSERT INTO tiering.policy (scheme, version, tier, down_after) VALUES (scheme, 1, 'silver', 3),
		(scheme, 1, 'gold', 3), (scheme, 1, 'platinum', 3), (scheme, 1, 'diamond', 6);
	PERFORM tiering.publish(scheme, '1993-01-01');
	PERFORM tiering.set_source(scheme,
		'SELECT client_id AS customer_id, tiering.daily_avg(balance, valid_from, valid_to, '
		'tiering.month($1)) AS assets
		FROM late.history WHERE valid_from <= $1 AND valid_to > lower(tiering.month($1)) GROUP BY '
			'client_id');
END;
$$;
CREATE FUNCTION late.refresh(scheme text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL client_min_messages = warning;
	RETURN (SELECT sum((tiering.refresh(scheme, (m + interval '1 month')::date - 1)).customers)
		FROM generate_series('1993-01-01'::date, '1998-12-01', '1 month') m);
END;
$$;
SELECT late.scheme('berka_late'), late.refresh('berka_late') AS assessments;
SELECT direction, cause, count(*) FROM tiering.migration WHERE scheme = 'berka_late' GROUP BY 1, 2
	ORDER BY 1, 2;
-- what was known then: who was where at each month's end, each distribution, and the moves of each
-- year
CREATE TABLE late.known AS SELECT clock_timestamp() AS at;
CREATE FUNCTION late.report(known_at timestamptz) RETURNS TABLE (what text, seal text)
	LANGUAGE sql AS $$
	SELECT 'tiers ' || to_char(m, 'YYYY-MM-DD'),
		md5(string_agg(t::text, ',' ORDER BY t.customer_id))
		FROM generate_series('1993-02-01'::date, '1999-01-01', '1 month') n,
		LATERAL (SELECT (n - interval '1 day')::date AS m) d,
		tiering.tiers_on('berka_late', m::date, known_at) t GROUP BY m
	UNION ALL SELECT 'distribution ' || to_char(d.as_of, 'YYYY-MM-DD'),
		md5(string_agg(d::text, ',' ORDER BY d.rank))
		FROM tiering.tier_distribution_history('berka_late', known_at) d GROUP BY d.as_of
	UNION ALL SELECT 'matrix ' || y, md5(string_agg(x::text, ',' ORDER BY x.from_rank, x.to_rank))
		FROM generate_series(1993, 1998) y,
		tiering.migration_matrix('berka_late', make_date(y, 1, 31), make_date(y, 12, 31),
			known_at) x
		GROUP BY y
	UNION ALL SELECT 'bridge ' || y, md5(string_agg(x::text, ',' ORDER BY x.rank))
		FROM generate_series(1993, 1998) y,
		tiering.measure_bridge('berka_late', make_date(y, 1, 31), make_date(y, 12, 31),
			known_at) x
		GROUP BY y
	UNION ALL SELECT 'retention', md5(string_agg(r::text, ',' ORDER BY r.year, r.tier))
		FROM tiering.retention('berka_late', known_at) r
	UNION ALL SELECT 'yearly', md5(string_agg(r::text, ',' ORDER BY r.year))
		FROM tiering.yearly_retention('berka_late', known_at) r
$$;
CREATE TABLE late.report_before AS SELECT * FROM late.report(NULL);
SELECT count(*) AS reports,
	(SELECT count(*) FROM late.report_before b JOIN late.report((SELECT at FROM late.known)) r
	USING (what, seal)) AS same FROM late.report_before;

-- A bank's trigger marks whom a statement concerns.
CREATE FUNCTION late.mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.mark_dirty('berka_late', client_id::text, min(valid_from)) FROM changed
		GROUP BY client_id;
	RETURN NULL;
END;
$$;
CREATE TRIGGER mark AFTER UPDATE
	ON late.history REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION
	late.mark();
WITH wrong AS (
	UPDATE late.history SET balance = balance * (1 + (hashint4(account_id) % 60)::numeric / 100)
	WHERE extract(year FROM valid_from) = 1996
		AND hashint8(account_id::bigint * 100000 + (valid_from - date '1996-01-01')) % 100 = 0
		RETURNING 1
)
SELECT count(*) AS balances_were_wrong FROM wrong;
SELECT count(*) AS marked, min(from_as_of) < '1996-02-01'
	AND max(from_as_of) > '1996-12-01' AS all_over_the_year FROM tiering.dirty
	WHERE scheme = 'berka_late';
SET client_min_messages = warning;
SELECT assessments, customers, superseded, recorded FROM tiering.restate_dirty('berka_late');
SELECT tiering.recount('berka_late') AS recounted;
RESET client_min_messages;
SELECT late.scheme('berka_right'), late.refresh('berka_right') AS assessments;
SELECT count(*) AS customers, count(*)
	FILTER (WHERE (a.tier, a.measure, a.since, a.first_as_of, a.earned, a.misses, a.next_tier,
	a.next_review)
	IS DISTINCT FROM (b.tier, b.measure, b.since, b.first_as_of, b.earned, b.misses, b.next_tier,
		b.next_review)) AS wrong
FROM (SELECT * FROM tiering.current_tier WHERE scheme = 'berka_late') a
	FULL JOIN (SELECT * FROM tiering.current_tier WHERE scheme = 'berka_right') b
	USING (customer_id);
SELECT count(*) AS moves, count(*)
	FILTER (WHERE (a.from_tier, a.to_tier, a.direction, a.version, a.measure)
	IS DISTINCT FROM (b.from_tier, b.to_tier, b.direction, b.version, b.measure)) AS wrong
FROM (SELECT * FROM tiering.standing_move WHERE scheme = 'berka_late') a
	FULL JOIN (SELECT * FROM tiering.standing_move WHERE scheme = 'berka_right') b
	USING (customer_id, as_of);
SELECT count(*) AS distributions, count(*)
	FILTER (WHERE (a.customers, a.measure) IS DISTINCT FROM (b.customers, b.measure)) AS wrong
FROM tiering.tier_distribution_history('berka_late', NULL) a
	FULL JOIN tiering.tier_distribution_history('berka_right', NULL) b USING (as_of, tier);
SELECT count(*) AS cells, count(*)
	FILTER (WHERE (a.customers, a.measure_from, a.measure_to)
		IS DISTINCT FROM (b.customers, b.measure_from, b.measure_to)) AS wrong
FROM tiering.migration_matrix('berka_late', '1995-12-31', '1997-12-31') a
	FULL JOIN tiering.migration_matrix('berka_right', '1995-12-31', '1997-12-31') b
	ON (COALESCE(a.from_tier, ''), COALESCE(a.to_tier, '')) = (COALESCE(b.from_tier, ''),
		COALESCE(b.to_tier, ''));
-- what was known then is known still; what is known now is something else
SELECT count(*) AS reports, count(*) FILTER (WHERE r.seal = b.seal) AS same
	FROM late.report_before b FULL JOIN late.report((SELECT at FROM late.known)) r USING (what);
SELECT count(*) FILTER (WHERE r.seal <> b.seal) > 12 AS others_now, bool_and(r.seal = b.seal)
	FILTER (WHERE what < 'tiers 1996' AND what LIKE 'tiers%') AS not_before_1996
FROM late.report_before b FULL JOIN late.report(NULL) r USING (what);
SELECT sound FROM tiering.verify_history('berka_late');
SELECT t.invariants(scheme) FROM tiering.scheme WHERE scheme LIKE 'berka%';
DROP SCHEMA late CASCADE;
