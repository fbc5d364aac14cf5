-- Days without a balance and days that do not count: every rule, over rows and series, against an
-- oracle that goes day by day in plain SQL.
SET search_path = tiering, public;
CREATE FUNCTION t.md_period() RETURNS daterange LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT '[2026-09-01,2026-10-01)'::daterange $$;

/*
 * Books at random, from August to October: accounts are opened, closed, and opened again, have no
 * rows at weekends or on some days, and rows of which nobody knows the balance. A unit is a group:
 * an account of its own (a...) or the accounts of a customer (c...).
 */
CREATE TABLE t.md_account AS
SELECT a AS account, a % 20 AS customer,
	'2026-07-20'::date + floor(t.random(a + 1000) * 70)::int AS opened,
	floor(t.random(a + 2000) * 60)::int AS days, t.random(a + 3000) < 0.3 AS reopened,
	t.random(a + 4000) < 0.5 AS weekends, t.random(a + 5000) * 0.5 AS holes
FROM generate_series(1, 48) a;
CREATE TABLE t.md_row AS
SELECT u.unit, a.account, d::date AS d, CASE WHEN t.random(seed) < 0.03 THEN NULL
	WHEN t.random(seed + 10000) < 0.2 THEN 0
	ELSE round(t.random(seed + 20000) * 2000 - 500, (t.random(a.account + 6000) * 4)::int)
		* CASE a.account % 15 WHEN 7 THEN 1e24 ELSE 1 END END AS balance
FROM t.md_account a, unnest(ARRAY['a' || a.account, 'c' || a.customer]) u(unit),
	generate_series('2026-08-01'::timestamp, '2026-10-31', '1 day') WITH ORDINALITY AS g(d, n),
	LATERAL (SELECT a.account * 1000 + n AS seed) s
WHERE (d < a.opened + a.days OR (a.reopened AND d >= a.opened + a.days + 12)) AND d >= a.opened
	AND (a.weekends OR extract(isodow FROM d) < 6) AND t.random(seed + 30000) >= a.holes;
ANALYZE t.md_row;
INSERT INTO calendar_day SELECT 'md', d::date, extract(isodow FROM d) < 6
	AND d NOT IN ('2026-09-07', '2026-09-24', '2026-09-25')
FROM generate_series('2026-08-01'::timestamp, '2026-10-31', '1 day') d;

-- The rules. A word that is its kind's default may be left out.
CREATE TABLE t.md_rule AS
SELECT row_number() OVER () AS n, d AS denominator, m AS missing, age,
	CASE WHEN d = 'elapsed' THEN last_day END AS last_day,
	COALESCE(NULLIF(concat_ws(', ', NULLIF(d, 'period'), NULLIF(m, 'zero'),
		CASE WHEN d = 'elapsed' THEN 'last_day=' || last_day END,
		CASE WHEN age > 0 THEN 'carry' END,
		CASE WHEN age BETWEEN 1 AND 999 THEN 'max_age=' || age END), ''), 'period') AS days
FROM unnest('{period,elapsed,held,observed,open,business}'::text[]) d,
	unnest('{zero,skip,error}'::text[]) m, unnest('{0,3,9,1000}'::int[]) age,
	unnest('{NULL,2026-08-20,2026-09-17,2026-12-31}'::text[]) last_day
WHERE (d = 'elapsed' OR last_day IS NULL) AND NOT (m = 'error' AND d IN ('held', 'observed'));

-- The oracle: what each account has on each day, what that adds up to, and which days count.
CREATE INDEX ON t.md_row (unit, account, d);
CREATE TABLE t.md_cell AS
SELECT a.unit, a.account, g.age, day::date AS d, COALESCE(last.d = day, false) AS own,
	CASE WHEN day::date - last.d <= g.age THEN last.balance END AS balance
FROM (SELECT DISTINCT unit, account FROM t.md_row WHERE balance IS NOT NULL) a
	CROSS JOIN generate_series('2026-09-01'::timestamp, '2026-09-30', '1 day') day
	LEFT JOIN LATERAL (SELECT r.d, r.balance FROM t.md_row r
		WHERE (r.unit, r.account) = (a.unit, a.account) AND r.d <= day AND r.balance IS NOT NULL
		ORDER BY r.d DESC LIMIT 1) last ON true
	CROSS JOIN (SELECT DISTINCT age FROM t.md_rule) g;
CREATE TABLE t.md_total AS
SELECT t.*, max(d) FILTER (WHERE own) OVER u AS last_own, min(d) FILTER (WHERE has) OVER u
	AS first_has, max(d) FILTER (WHERE has) OVER u AS last_has
FROM (SELECT c.unit, c.age, c.d, k.business, COALESCE(sum(c.balance), 0) AS total,
		count(c.balance) > 0 AS has, bool_or(c.own) AS own
	FROM t.md_cell c JOIN calendar_day k ON k.calendar = 'md' AND k.day = c.d
	GROUP BY c.unit, c.age, c.d, k.business) t
WINDOW u AS (PARTITION BY unit, age);
CREATE FUNCTION t.md_counts(denominator text, d date, last date, first_has date, last_has date,
	business boolean, has boolean, held boolean) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT COALESCE(CASE denominator WHEN 'elapsed' THEN d <= last WHEN 'held' THEN held
		WHEN 'observed' THEN has WHEN 'open' THEN d BETWEEN first_has AND last_has
		WHEN 'business' THEN business ELSE true END, false)
$$;
CREATE TABLE t.md_expected AS
SELECT t.unit, r.n, COALESCE(sum(t.total) FILTER (WHERE c), 0) AS numerator,
	count(*) FILTER (WHERE c) AS days
FROM t.md_total t JOIN t.md_rule r USING (age), LATERAL (
	SELECT t.md_counts(r.denominator, t.d, COALESCE(r.last_day::date, t.last_own), t.first_has,
		t.last_has, t.business, t.has, t.total <> 0) AND (r.missing <> 'skip' OR t.has)) f(c)
GROUP BY t.unit, r.n;
-- the first day that is missing, and the account
CREATE TABLE t.md_missing AS
SELECT DISTINCT ON (t.unit, r.n) t.unit, r.n, t.d, c.account
FROM t.md_total t JOIN t.md_rule r ON r.age = t.age AND r.missing = 'error'
	JOIN (SELECT c.*, min(d) FILTER (WHERE balance IS NOT NULL) OVER a AS first_has,
			max(d) FILTER (WHERE balance IS NOT NULL) OVER a AS last_has
		FROM t.md_cell c WINDOW a AS (PARTITION BY unit, account, age)) c
		ON (c.unit, c.age, c.d) = (t.unit, t.age, t.d)
WHERE c.balance IS NULL AND t.md_counts(r.denominator, t.d,
	COALESCE(r.last_day::date, t.last_own), c.first_has, c.last_has, t.business, NULL, NULL)
ORDER BY t.unit, r.n, t.d, c.account;
-- an average is its exact fraction, rounded in the last of its decimals
CREATE FUNCTION t.md_equal(average numeric, numerator numeric, days bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN days = 0 THEN average IS NULL ELSE (scale(average) >= 9 OR numerator = 0)
		AND abs(average * days - numerator) * 2 <= days * ('1e-' || scale(average))::numeric END
$$;
SELECT count(*) AS rules, count(DISTINCT days) AS different FROM t.md_rule;
SELECT left(unit, 1) AS kind, count(DISTINCT unit) AS units, count(*) AS cases,
	count(*) FILTER (WHERE days = 0) AS none, count(m) AS refused
FROM t.md_expected LEFT JOIN t.md_missing m USING (unit, n) GROUP BY 1;

-- Series
CREATE TABLE t.md_series AS SELECT unit, daily_series_snapshots(balance, d) AS series
FROM t.md_row WHERE unit ~ '^a' AND account % 15 <> 7 GROUP BY unit;
SELECT count(*) AS cases, bool_and(t.md_equal(average, numerator, days)) AS averages,
	bool_and(balance_days = numerator) AS balance_days
FROM (
	SELECT unit, n, daily_avg(series, t.md_period(), days) AS average, NULL AS balance_days
	FROM t.md_series, t.md_rule WHERE missing <> 'error' AND denominator <> 'business'
	UNION ALL
	SELECT unit, n, daily_avg_business(series, t.md_period(), 'md', days),
		balance_days_business(series, t.md_period(), 'md', days)
	FROM t.md_series, t.md_rule WHERE missing <> 'error' AND denominator = 'business') s
	JOIN t.md_expected USING (unit, n);
-- where a day without a balance is an error, its words name the first one
CREATE FUNCTION t.md_told(series daily_series, days text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN days ~ 'business' THEN daily_avg_business(series, t.md_period(), 'md', days)
		ELSE daily_avg(series, t.md_period(), days) END;
EXCEPTION WHEN no_data_found THEN
	RETURN SQLERRM;
END;
$$;
CREATE TABLE t.md_of_series AS
SELECT unit, n, days AS words, t.md_told(series, days) AS told
FROM t.md_series, t.md_rule WHERE missing = 'error' AND (n + length(unit)) % 2 = 0;
SELECT count(*) AS cases, count(m) AS refused, bool_and(CASE
	WHEN m IS NOT NULL THEN told = format('there is no balance on %s', m.d)
	ELSE t.md_equal(told::numeric, e.numerator, e.days) END) AS as_expected
FROM t.md_of_series JOIN t.md_expected e USING (unit, n) LEFT JOIN t.md_missing m USING (unit, n);

-- Rows. They name the calendar among the words.
UPDATE t.md_rule SET days = days || ', calendar=md' WHERE denominator = 'business';
CREATE VIEW t.md_book AS SELECT r.*, n, days, missing, denominator, age
FROM t.md_row r, t.md_rule;
CREATE TABLE t.md_of_accounts AS
SELECT unit, n, daily_avg_snapshots(account, balance, d, t.md_period(), days),
	balance_days_snapshots('no ' || account, balance, d, t.md_period(), days),
	balance_days_snapshots(account, balance, d, account + n, t.md_period(), days) AS in_order
FROM t.md_book WHERE missing <> 'error' GROUP BY unit, n;
SELECT count(*) AS cases, bool_and(balance_days_snapshots = numerator) AS balance_days,
	bool_and(in_order = numerator) AS in_order,
	bool_and(t.md_equal(daily_avg_snapshots, numerator, days)) AS averages
FROM t.md_of_accounts JOIN t.md_expected USING (unit, n);
-- of one account the words may do without it, and rows have the digits of a series
SELECT count(*) AS cases, bool_and(o.avg::text IS NOT DISTINCT FROM a.daily_avg_snapshots::text)
	AS averages, bool_and(o.days = a.balance_days_snapshots) AS balance_days
FROM (SELECT unit, n, daily_avg_snapshots(balance, d, t.md_period(), days) AS avg,
		balance_days_snapshots(balance, d, t.md_period(), days) AS days
	FROM t.md_book WHERE missing <> 'error' AND unit ~ '^a' GROUP BY unit, n) o
	JOIN t.md_of_accounts a USING (unit, n);
SELECT count(*) AS cases, bool_and(daily_avg_snapshots::text
	IS NOT DISTINCT FROM daily_avg(series, t.md_period(), days)::text) AS digits
FROM t.md_of_accounts JOIN t.md_series USING (unit)
	JOIN (SELECT * FROM t.md_rule WHERE denominator <> 'business') r USING (n);
-- without accounts those of a customer add up, and a day is observed that any of them has
SELECT count(*) AS cases, bool_and(o.days = e.numerator) AS balance_days,
	bool_and(t.md_equal(avg, e.numerator, e.days)) AS averages
FROM (SELECT unit, n, daily_avg_snapshots(balance, d, t.md_period(), days) AS avg,
		balance_days_snapshots(balance, d, t.md_period(), days) AS days
	FROM t.md_book WHERE missing <> 'error' AND unit ~ '^c' AND denominator <> 'held' AND age = 0
	GROUP BY unit, n) o JOIN t.md_expected e USING (unit, n);
-- series of accounts that are carried add up to what the rows of accounts do
SELECT count(*) AS cases, bool_and(daily_avg(series, t.md_period(), denominator)::text
	IS NOT DISTINCT FROM daily_avg_snapshots::text) AS digits
FROM (SELECT unit, age, sum(CASE age WHEN 0 THEN series WHEN 1000 THEN carry(series)
			ELSE carry(series, age) END) AS series
		FROM (SELECT unit, account, daily_series_snapshots(balance, d) AS series FROM t.md_row
			WHERE unit NOT IN (SELECT unit FROM t.md_row WHERE account % 15 = 7)
			GROUP BY unit, account) s,
			(SELECT DISTINCT age FROM t.md_rule) a GROUP BY unit, age) s
	JOIN (SELECT * FROM t.md_rule WHERE missing = 'zero' AND denominator ~ '^[oph]') r USING (age)
	JOIN t.md_of_accounts USING (unit, n);
SELECT carry(s), carry(s, 0) = s AS as_it_is, carry(s, 6), carry(s, 7), carry(NULL::daily_series)
FROM (SELECT '{2026-09-01: 5, 2026-09-03: none, 2026-09-10: 7.25, 2026-09-11: none}'::daily_series
	AS s) v;
SELECT t.fails('SELECT tiering.carry(''{}'', -1)'), t.fails('SELECT tiering.carry(NULL, 36526)');
-- changes are carried, whether this is said or not
CREATE TABLE t.md_of_changes AS
SELECT unit, n, daily_avg_changes(account, balance, d, t.md_period(), words),
	balance_days_changes(account, balance, d, 1, t.md_period(), words || ', carry')
FROM (SELECT b.*, CASE days WHEN 'carry' THEN 'period'
		ELSE replace(days, ', carry', '') END AS words
	FROM t.md_book b) b
WHERE missing <> 'error' AND age > 0
	AND (days !~ 'elapsed' OR days ~ 'last_day')
GROUP BY unit, n, words;
SELECT count(*) AS cases, bool_and(balance_days_changes = numerator) AS balance_days,
	bool_and(t.md_equal(daily_avg_changes, numerator, days)) AS averages
FROM t.md_of_changes JOIN t.md_expected USING (unit, n);
SELECT count(*) AS cases, bool_and(o.avg::text IS NOT DISTINCT FROM c.daily_avg_changes::text)
	AS averages, bool_and(o.days = c.balance_days_changes) AS in_order
FROM (SELECT unit, n, daily_avg_changes(balance, d, t.md_period(), days) AS avg,
		balance_days_changes(balance, d, d, t.md_period(), days) AS days
	FROM t.md_book WHERE missing <> 'error' AND unit ~ '^a' AND age > 0
		AND (days !~ 'elapsed' OR days ~ 'last_day') GROUP BY unit, n) o
	JOIN t.md_of_changes c USING (unit, n);
-- words that say what goes without saying change nothing
SELECT count(*) AS units, bool_and(snapshots::text = zero::text) AS snapshots,
	bool_and(changes::text = carried::text) AS changes
FROM (SELECT daily_avg_snapshots(account, balance, d, t.md_period()) AS snapshots,
		daily_avg_snapshots(account, balance, d, t.md_period(), 'period, zero') AS zero,
		daily_avg_changes(account, balance, d, t.md_period()) AS changes,
		daily_avg_changes(account, balance, d, t.md_period(), 'carry') AS carried
	FROM t.md_row GROUP BY unit) q;
-- where a day without a balance is an error, its words name the first one and its account
CREATE FUNCTION t.md_told(unit text, words text, of text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	EXECUTE format('SELECT %s, d%s, t.md_period(), %L) FROM t.md_row WHERE unit = %L',
		of, CASE WHEN of ~ 'seq' THEN ', 1' ELSE '' END, words, unit) INTO told;
	RETURN told;
EXCEPTION WHEN no_data_found THEN
	RETURN SQLERRM;
END;
$$;
CREATE TABLE t.md_of_errors AS
SELECT unit, n, f.call, t.md_told(unit, days, f.call) AS told
FROM (SELECT DISTINCT unit FROM t.md_row WHERE balance IS NOT NULL) u,
	(SELECT * FROM t.md_rule WHERE missing = 'error') r,
	unnest('{"daily_avg_snapshots(account, balance","daily_avg_changes(account, balance",
		"daily_avg_snapshots(balance"}'::text[]) WITH ORDINALITY f(call, no)
WHERE (n + no + length(unit)) % 3 = 0 AND (no < 3 OR unit ~ '^a')
	AND (no <> 2 OR age > 0 AND (days !~ 'elapsed' OR days ~ 'last_day'));
SELECT call, count(*) AS cases, count(m) AS refused, bool_and(CASE
	WHEN m IS NULL THEN t.md_equal(told::numeric, e.numerator, e.days)
	WHEN call ~ 'account' THEN
		told = format('there is no balance of account %s on %s', m.account, m.d)
	ELSE told = format('there is no balance on %s', m.d) END) AS as_expected
FROM t.md_of_errors JOIN t.md_expected e USING (unit, n) LEFT JOIN t.md_missing m USING (unit, n)
GROUP BY call ORDER BY call;

-- Monday to Friday; the 15th the last snapshot; the account closed on the 16th. Rows and series
-- say the same.
CREATE TABLE t.md_week AS
SELECT book, 1 AS account, d::date AS d, CASE WHEN d < '2026-09-16' OR book = 'week' THEN 100
	ELSE 0 END AS balance
FROM generate_series('2026-08-31'::timestamp, '2026-09-30', '1 day') d,
	unnest('{week,ended,closed}'::text[]) book
WHERE extract(isodow FROM d) < 6
	AND d <= CASE book WHEN 'week' THEN 'infinity' WHEN 'ended' THEN '2026-09-15' ELSE
		'2026-09-16' END::timestamp;
CREATE TABLE t.md_words AS
SELECT words, row_number() OVER () AS n FROM unnest('{zero,skip,carry,"carry, max_age=2",
	"carry, max_age=3",observed,open,"open, carry",held,"held, carry",elapsed,"elapsed, carry",
	"elapsed, last_day=2026-09-15"," carry ,  elapsed,last_day = 2026-09-20"}'::text[]) words;
SELECT words, round(max(avg) FILTER (WHERE book = 'week'), 2) AS week,
	round(max(avg) FILTER (WHERE book = 'ended'), 2) AS ended,
	round(max(avg) FILTER (WHERE book = 'closed'), 2) AS closed,
	bool_and(avg::text = by_account::text AND avg::text = by_series::text) AS same
FROM (SELECT book, n, words, daily_avg_snapshots(balance, d, t.md_period(), words) AS avg,
		daily_avg_snapshots(account, balance, d, t.md_period(), words) AS by_account,
		daily_avg(daily_series_snapshots(balance, d), t.md_period(), words) AS by_series
	FROM t.md_week, t.md_words GROUP BY book, n, words) q GROUP BY n, words ORDER BY n;
SELECT t.fails(format('SELECT tiering.daily_avg_snapshots(%s d, t.md_period(), %L) FROM t.md_week
	WHERE book = %L', form, words, book))
FROM (VALUES ('balance,', 'error', 'week'), ('account, balance,', 'error', 'week'),
	('account::text, balance,', 'error, carry, max_age=2', 'ended'),
	('balance,', 'error, business, calendar=md', 'ended')) v(form, words, book);
-- with business days there is nothing missing but the holidays' rows that do not count
SELECT daily_avg_snapshots(balance, d, t.md_period(), 'error, business, calendar=md')
FROM t.md_week WHERE book = 'week';

-- a feed of changes that died in 2024
SELECT words, daily_avg_changes(1, 100, date '2024-03-07', t.md_period(), words),
	balance_days_changes(100, date '2024-03-07', t.md_period(), words),
	daily_avg_changes(100, date '2026-08-30', 1, t.md_period(), words) AS alive
FROM unnest('{period,max_age=40,"max_age=3","max_age=3, open","max_age=3, skip"}'::text[]) words
GROUP BY words ORDER BY words;
SELECT t.fails($$SELECT tiering.daily_avg_changes('A'::text, 100, date '2024-03-07',
	t.md_period(), 'error, max_age=40')$$);
-- since always: so it is, unless that is too long ago
SELECT balance_days_changes(5, '-infinity'::date, t.md_period(), 'period') AS always,
	balance_days_changes(5, '-infinity'::date, t.md_period(), 'max_age=36525') AS of_an_age;

-- a balance that nobody knows is none, and the words say what that is
SELECT words, balance_days_snapshots(balance, d, t.md_period(), words) AS snapshots,
	daily_avg_snapshots(balance, d, t.md_period(), words) AS average,
	balance_days_changes(1, balance, d, t.md_period(),
		replace(words, 'zero', 'period')) AS changes,
	daily_avg(daily_series_snapshots(balance, d), t.md_period(), words) AS series
FROM (VALUES (NULL, '2026-08-31'::date), (10, '2026-09-01'), (NULL, '2026-09-02'),
	(20, '2026-09-30')) v(balance, d), unnest('{zero,skip,carry,"carry, max_age=1"}'::text[]) words
GROUP BY words ORDER BY words;
SELECT daily_avg_snapshots(NULL, date '2026-09-01', t.md_period(), 'skip') AS snapshots,
	daily_avg_changes(1, NULL, date '2026-09-01', t.md_period(), 'skip') AS changes,
	daily_avg_snapshots(1, date '2026-08-01', t.md_period(), 'skip') AS no_day,
	daily_avg_snapshots(1, date '2026-08-01', t.md_period(), 'zero') AS no_day_is_zero;

-- what is carried in comes from before the period, within its age; a period may lie anywhere
SELECT p, days, daily_avg(s, p, days) * (upper(p) - lower(p)) AS balance_days
FROM (SELECT '{2026-09-01: 5, 2026-09-03: none, 2026-09-10: 7.25, 2026-09-11: none}'
		::daily_series AS s) v,
	unnest('{[2026-09-05\,2026-09-08),[2026-09-02\,2026-09-12),[2026-08-01\,2026-08-03),
		[2027-01-01\,2027-01-02)}'::daterange[]) p,
	unnest('{carry,"carry, max_age=0","carry, max_age=2","carry, max_age=3"}'::text[]) days;
-- words that nobody knows, or that mean nothing together
SELECT t.fails(format('SELECT tiering.daily_avg(''{2026-01-01: 1}''::tiering.daily_series, '
	'tiering.month(''2026-01-31''), %L)', days))
FROM unnest('{"","skip,",business,"calendar=md",Skip,"skip, zero","open, period","max_age=3",
	"error, held","carry, max_age=-1","carry, max_age=36526","carry, max_age=x","carry, max_age=",
	"last_day=2026-01-01","elapsed, last_day=01.01.2026","elapsed, last_day=2026-02-29",
	"elapsed, last_day=2026-01-011","carry=3","max_age=3, carry, max_age=4",NULL}'::text[]) days;
SELECT t.fails('SELECT tiering.daily_avg_business(''{2026-01-01: 1}'', ' || words || ')')
FROM unnest(ARRAY[$$tiering.month('2026-09-30'), 'md', 'open'$$,
	$$tiering.month('2026-09-30'), 'md', 'calendar=md'$$,
	$$tiering.month('2026-09-30'), NULL$$, $$tiering.month('2026-09-30'), 'md', NULL$$,
	$$tiering.month('2026-12-31'), 'md'$$, $$tiering.month('2026-09-30'), 'of nobody'$$]) words;
SELECT t.fails('SELECT tiering.' || call) FROM unnest(ARRAY[
	$$daily_avg_snapshots(1, date '2026-09-01', t.md_period(), NULL)$$,
	$$daily_avg_snapshots(1, date '2026-09-01', t.md_period(), 'never')$$,
	$$daily_avg_snapshots(1, date '2026-09-01', t.md_period(), 'business')$$,
	$$daily_avg_snapshots(1, date '2026-09-01', t.md_period(), 'open, calendar=md')$$,
	$$daily_avg_snapshots(1, date '2026-09-01', tiering.month('2030-01-01'),
		'business, calendar=md')$$,
	$$daily_avg_snapshots(1, 1, date '2026-09-01', t.md_period(), 'business, calendar=none')$$,
	$$daily_avg_changes(1, 1, date '2026-09-01', t.md_period(), 'elapsed')$$,
	$$daily_avg_snapshots(b, date '2026-09-01', t.md_period(), 'carry')
		FROM unnest('{1,2}'::int[]) b$$,
	$$daily_avg_snapshots(1, date '2026-09-01', t.md_period(), w)
		FROM unnest('{skip,zero}'::text[]) w$$,
	$$daily_avg_snapshots(1, date '2026-09-01', NULL, 'skip')$$,
	$$daily_avg_snapshots('NaN', date '2026-09-01', t.md_period(), 'skip')$$,
	$$daily_avg_snapshots(NULL::int, 1, date '2026-09-01', t.md_period(), 'skip')$$,
	$$daily_avg_snapshots(1, 1, date '2026-09-01', '[2026-09-01,2026-10-01)', 'skip')$$]) call;

-- under whatever search_path
SET search_path = '';
SELECT tiering.daily_avg_snapshots(1, date '2026-09-01', '[2026-09-01,2026-09-03)',
	'business, calendar=md'),
	tiering.daily_avg_snapshots('A'::text, 1, date '2026-09-01',
		tiering.month('2026-09-30'), 'open');
SET search_path = tiering, public;

-- In parallel: workers ran, on partial states, and the result is that of one process.
CREATE TABLE t.md_many AS SELECT 'u' || g AS part, unit, account, d, balance
FROM t.md_row, generate_series(1, 4) g;
ALTER TABLE t.md_many SET (parallel_workers = 2);
ANALYZE t.md_many;
CREATE FUNCTION t.md_parallel(call text) RETURNS TABLE (words text, workers_ran boolean,
	partial boolean, same boolean) LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT unit || %s AS v FROM t.md_many WHERE part = ''u1''
		GROUP BY unit', call);
	serial text[];
	in_parallel text[];
	w record;
BEGIN
	SET LOCAL max_parallel_workers_per_gather = 0;
	EXECUTE format('SELECT array_agg(v ORDER BY v) FROM (%s) q', query) INTO serial;
	PERFORM t.parallel();
	SET LOCAL enable_sort = off;
	EXECUTE format('SELECT array_agg(v ORDER BY v) FROM (%s) q', query) INTO in_parallel;
	w := t.workers(query);
	RETURN QUERY SELECT substr(call, strpos(call, '(') + 1), w.launched > 0, w.partial,
		serial = in_parallel;
END;
$$;
SELECT p.* FROM unnest(ARRAY[
	$$daily_avg_snapshots(balance, d, t.md_period(), 'skip')$$,
	$$balance_days_snapshots(balance, d, t.md_period(), 'business, calendar=md')$$,
	$$daily_avg_snapshots(account, balance, d, t.md_period(), 'carry, max_age=3, open')$$,
	$$daily_avg_snapshots(account, balance, d, account, t.md_period(), 'held, carry')$$,
	$$daily_avg_changes(account, balance, d, t.md_period(), 'max_age=9, observed')$$]) call,
	t.md_parallel(call) p;
SELECT t.fails($$SELECT * FROM t.md_parallel('daily_avg_snapshots(account, balance, d,
	t.md_period(), ''error'')')$$);

-- Partial states as bytes, merged in random partitions and orders, and damaged
CREATE FUNCTION t.md_read(bytea) RETURNS bigint AS '$libdir/tiering', 'account_days_deserialize'
	LANGUAGE c STRICT;
CREATE FUNCTION t.md_merge(internal, bigint) RETURNS internal AS '$libdir/tiering',
	'account_changes_combine' LANGUAGE c;
CREATE AGGREGATE t.md_state(numeric, date, daterange, text) (
	SFUNC = _tiering.daily_avg_snapshots_accum, STYPE = internal,
	FINALFUNC = _tiering.account_changes_serialize);
CREATE AGGREGATE t.md_state(anyelement, numeric, date, daterange, text) (
	SFUNC = _tiering.daily_avg_snapshots_accum, STYPE = internal,
	FINALFUNC = _tiering.account_changes_serialize);
CREATE AGGREGATE t.md_merged(bigint) (
	SFUNC = t.md_merge, STYPE = internal, FINALFUNC = _tiering.account_days_final);
SELECT words, bool_and(merged::text = one::text) AS of_accounts,
	bool_and(merged_sum::text = one_sum::text) AS of_sums
FROM unnest('{skip,"business, calendar=md",open,"elapsed, last_day=2026-09-17"}'::text[]) words,
	generate_series(1, 10) run,
	LATERAL (SELECT t.md_merged(t.md_read(state)) AS merged,
			t.md_merged(t.md_read(sum)) AS merged_sum
		FROM (SELECT hashint4(run * 100 + floor(t.random(run * 10007 + account * 97
					+ (d - '2026-08-01')) * 6)::int) AS part,
				t.md_state(account, balance, d, t.md_period(), words) AS state,
				t.md_state(balance, d, t.md_period(), words) AS sum
			FROM t.md_row WHERE unit = 'c7' GROUP BY 1 ORDER BY 1) s) m,
	LATERAL (SELECT daily_avg_snapshots(account, balance, d, t.md_period(), words) AS one,
			daily_avg_snapshots(balance, d, t.md_period(), words) AS one_sum
		FROM t.md_row WHERE unit = 'c7') o
GROUP BY words;
SELECT t.fails(format($$SELECT t.md_merged(t.md_read(state)) FROM (
	SELECT t.md_state(1, date '2026-09-01', p, w) AS state
	FROM (VALUES (t.md_period(), 'skip'), %s) v(p, w) GROUP BY p, w ORDER BY p, w) s$$, other))
FROM unnest(ARRAY[$$(t.md_period(), 'zero')$$, $$(tiering.month('2026-08-01'), 'skip')$$]) other;
CREATE FUNCTION t.md_spoil(state bytea) RETURNS TABLE (outcome text, tries bigint)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT t.fails(format('SELECT t.md_read(%L::bytea)', damaged)), count(*)
	FROM (SELECT set_byte(state, i, get_byte(state, i) # 129) AS damaged
		FROM generate_series(0, length(state) - 1) i
		UNION ALL SELECT substr(state, 1, i) FROM generate_series(0, length(state) - 1) i
		UNION ALL SELECT state || '\x00') d GROUP BY 1;
END;
$$;
SELECT s.* FROM (SELECT t.md_state(b, d, t.md_period(), 'open') AS sum,
		t.md_state('A'::text, b, d, t.md_period(), 'carry, held') AS accounts
	FROM (VALUES (1.5, '2026-08-01'::date), (1e30, '2026-09-05')) v(b, d)) v,
	unnest(ARRAY[sum, accounts]) state, t.md_spoil(state) s;

-- The real bank, as a warehouse has it that loads from Monday to Friday
CREATE TABLE t.md_real (account int, d date, balance numeric(12, 2));
\copy t.md_real FROM PROGRAM 'gzip -dc test/data/eod_balance.csv.gz | grep ^..17,' (FORMAT csv)
CREATE TABLE t.md_daily AS
SELECT account, day, max(balance) OVER (PARTITION BY account, known) AS balance
FROM (SELECT a.account, g::date AS day, r.balance,
		count(r.balance) OVER (PARTITION BY a.account ORDER BY g) AS known
	FROM (SELECT DISTINCT account FROM t.md_real) a
		CROSS JOIN generate_series('1993-01-01'::timestamp, '1998-12-31', '1 day') g
		LEFT JOIN t.md_real r ON (r.account, r.d) = (a.account, g::date)) x WHERE known > 0;
SELECT count(*) AS accounts_quarters,
	bool_and(carried = of_fridays) AS carried, bool_and(by_series = carried) AS series,
	bool_and(t.md_equal(skipped, of_weekdays, weekdays)) AS skipped
FROM (
	SELECT account, p, balance_days_snapshots(balance, day, p, 'carry, max_age=2')
			FILTER (WHERE isodow < 6) AS carried,
		balance_days(carry(daily_series_snapshots(balance, day) FILTER (WHERE isodow < 6)), p)
			AS by_series,
		daily_avg_snapshots(balance, day, p, 'skip') FILTER (WHERE isodow < 6) AS skipped,
		sum(CASE WHEN isodow < 6 THEN balance ELSE friday END) FILTER (WHERE day <@ p)
			AS of_fridays,
		sum(balance) FILTER (WHERE day <@ p AND isodow < 6) AS of_weekdays,
		count(*) FILTER (WHERE day <@ p AND isodow < 6) AS weekdays
	FROM (SELECT *, extract(isodow FROM day) AS isodow, CASE extract(isodow FROM day)
			WHEN 6 THEN lag(balance) OVER a ELSE lag(balance, 2) OVER a END AS friday
		FROM t.md_daily WINDOW a AS (PARTITION BY account ORDER BY day)) d,
		(SELECT quarter(m::date) AS p FROM generate_series('1997-01-01'::timestamp, '1998-12-01',
			'3 months') m) p
	WHERE day >= lower(p) - 7 AND day < upper(p)
	GROUP BY account, p) q;
DELETE FROM calendar_day WHERE calendar = 'md';
