-- The changes of several accounts in one group, and of accounts with several rows a day.
SET search_path = tiering, public;
CREATE FUNCTION t.september() RETURNS daterange LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT '[2026-09-01,2026-10-01)'::daterange $$;

-- 100 from the 1st and 900 from the 16th: 550 of two accounts, 500 of one
CREATE TABLE t.two (customer int, account text, balance numeric, changed_on date);
INSERT INTO t.two VALUES (1, 'A', 100, '2026-09-01'), (1, 'B', 900.00, '2026-09-16');
SELECT round(daily_avg_changes(account, balance, changed_on, t.september()), 2) AS of_two,
	round(daily_avg_changes(balance, changed_on, t.september()), 2) AS of_one,
	balance_days_changes(account, balance, changed_on, t.september()),
	daily_series_changes(account, balance, changed_on) AS series
FROM t.two;
-- a statement with a running balance: the last row of a day counts, in whatever order they come
CREATE TABLE t.statement (account text, line int, posted_at timestamp, balance numeric);
INSERT INTO t.statement VALUES ('A', 1, '2026-08-31 09:00', 40), ('A', 2, '2026-08-31 17:00', 10),
	('A', 3, '2026-09-11 09:00', 500), ('A', 4, '2026-09-11 12:30', 25.50),
	('A', 5, '2026-09-11 12:31', 70), ('A', 6, '2026-09-21 10:00', 70), ('A', 7,
	'2026-09-21 11:00', 100);
SELECT balance_days_changes(balance, posted_at::date, posted_at, t.september()) AS by_time,
	balance_days_changes(balance, posted_at::date, line, t.september() ORDER BY line DESC)
		AS by_line,
	balance_days_changes(account, balance, posted_at::date, posted_at::time, t.september()
		ORDER BY balance) AS by_account,
	daily_series_changes(balance, posted_at::date, posted_at) AS series,
	daily_series_changes(account, balance, posted_at::date, line) AS series_by_account
FROM t.statement;
-- two closings of one account on one day: the later one
SELECT balance_days_snapshots(account, balance, as_of, loaded, t.september()) AS later,
	balance_days_snapshots(account, balance, as_of, -loaded, t.september()) AS sooner,
	balance_days_snapshots(balance, as_of, t.september()) AS both_of_them,
	daily_series_snapshots(account, balance, as_of, loaded) AS series
FROM (VALUES ('A', 27, '2026-09-30'::date, 1), ('A', 20, '2026-09-30', 2),
	('B', 5, '2026-09-30', 1)) v(account, balance, as_of, loaded);
-- the same one twice is one; days outside the period are none
SELECT daily_avg_snapshots(account, balance, as_of, t.september()) * 30 AS once,
	daily_avg_snapshots(account, balance, as_of, line, t.september()) * 30 AS once_in_order
FROM (VALUES ('A', 27, '2026-09-30'::date, 1), ('A', 27.0, '2026-09-30', 2),
	('A', 3, '2026-08-31', 1), ('A', 4, '2026-08-31', 1), ('A', 5, '2026-10-01', 1))
	v(account, balance, as_of, line);

-- Accounts are told apart by whatever type they are of, and equal ones are one.
CREATE DOMAIN t.account_no AS numeric(20);
CREATE TABLE t.typed AS
SELECT n, balance, d FROM (VALUES (1, 100, '2026-09-01'::date), (2, 900, '2026-09-16'),
	(1, 200, '2026-09-21'), (2, 1000, '2026-09-26')) v(n, balance, d);
SELECT type, sum
FROM (
	SELECT 'smallint' AS type, balance_days_changes(n::smallint, balance, d, t.september()) AS sum
	FROM t.typed
	UNION ALL SELECT 'int', balance_days_changes(n, balance, d, t.september()) FROM t.typed
	UNION ALL SELECT 'bigint', balance_days_changes(n::bigint, balance, d, t.september())
	FROM t.typed
	UNION ALL SELECT 'numeric', balance_days_changes(
		round(n, CASE WHEN balance < 500 THEN 0 ELSE balance / 100 END::int), balance, d,
		t.september()) FROM t.typed
	UNION ALL SELECT 'numeric, large', balance_days_changes(
		n + 1e40 + round(0, balance / 100), balance, d, t.september()) FROM t.typed
	UNION ALL SELECT 'numeric, with decimals', balance_days_changes(
		n + 0.5 + round(0, balance / 100), balance, d, t.september()) FROM t.typed
	UNION ALL SELECT 'domain', balance_days_changes(n::t.account_no, balance, d, t.september())
	FROM t.typed
	UNION ALL SELECT 'text', balance_days_changes(n::text, balance, d, t.september()) FROM t.typed
	UNION ALL SELECT 'text, a and A', balance_days_changes(
		CASE n WHEN 1 THEN 'a' ELSE 'A' END COLLATE "en-x-icu", balance, d, t.september())
	FROM t.typed
	UNION ALL SELECT 'varchar', balance_days_changes(n::varchar, balance, d, t.september())
	FROM t.typed
	UNION ALL SELECT 'char', balance_days_changes(n::text::char(9), balance, d, t.september())
	FROM t.typed
	UNION ALL SELECT 'uuid', balance_days_changes(md5(n::text)::uuid, balance, d, t.september())
	FROM t.typed
	UNION ALL SELECT 'bytea', balance_days_changes(('\x000' || n)::bytea, balance, d,
		t.september()) FROM t.typed
	UNION ALL SELECT 'empty', balance_days_changes(repeat('x', n - 1), balance, d, t.september())
	FROM t.typed
) q;
-- so is the order
SELECT type, sum
FROM (
	SELECT 'smallint' AS type,
		balance_days_changes(b, date '2026-09-01', s::smallint, t.september()) AS sum
	FROM (VALUES (1, -3), (2, 300), (3, 5)) v(b, s)
	UNION ALL SELECT 'bigint', balance_days_changes(b, date '2026-09-01', s, t.september())
	FROM (VALUES (1, -9223372036854775808), (2, 9223372036854775807), (3, 0)) v(b, s)
	UNION ALL SELECT 'numeric', balance_days_changes(b, date '2026-09-01', s, t.september())
	FROM (VALUES (1, -3.0), (2, 123456789012345678), (3, 5)) v(b, s)
	UNION ALL SELECT 'date', balance_days_changes(b, date '2026-09-01', s, t.september())
	FROM (VALUES (1, '-infinity'::date), (2, '2026-09-02'), (3, '1999-01-01')) v(b, s)
	UNION ALL SELECT 'timestamptz', balance_days_changes(b, date '2026-09-01', s, t.september())
	FROM (VALUES (1, '2026-09-01 00:00+08'::timestamptz), (2, 'infinity'),
		(3, '2026-09-01 00:00-05')) v(b, s)
) q;

-- Random books: accounts of customers, some without rows before or in the period, balances of any
-- size, several rows a day with equal ones among them, and the oracle in plain SQL.
CREATE TABLE t.book AS
SELECT id, floor(t.random(id) * 200)::int AS customer, floor(t.random(id + 500000) * 4)::int AS no,
	'2026-08-25'::date + floor(t.random(id + 1000000) * 45)::int AS d,
	floor(t.random(id + 1500000) * 5)::bigint AS s,
	round(t.random(id + 2000000) * 1000 - 300, floor(t.random(id + 2500000) * 4)::int)
		* CASE WHEN id % 97 = 0 THEN 1e25 ELSE 1 END AS balance
FROM generate_series(1, 9000) id;
-- of those that share the sequence one is left
DELETE FROM t.book b USING t.book c
WHERE (b.customer, b.no, b.d, b.s) = (c.customer, c.no, c.d, c.s) AND b.id > c.id;
INSERT INTO t.book SELECT id + 100000, customer, no, d, s, balance FROM t.book WHERE id % 3 = 0;
-- what each account had at the end of each day
CREATE TABLE t.ends AS SELECT DISTINCT ON (customer, no, d) * FROM t.book
ORDER BY customer, no, d, s DESC;
CREATE INDEX ON t.ends (customer, no, d);
ANALYZE t.ends;
CREATE TABLE t.held AS
SELECT customer, no, day::date, (
	SELECT e.balance FROM t.ends e WHERE (e.customer, e.no) = (a.customer, a.no) AND e.d <= day
	ORDER BY e.d DESC LIMIT 1) AS balance
FROM (SELECT DISTINCT customer, no FROM t.ends) a,
	generate_series('2026-09-01'::date, '2026-09-30', '1 day') day;
CREATE TABLE t.accounts_expected AS
SELECT h.customer, COALESCE(sum(balance), 0) AS carried,
	(SELECT COALESCE(sum(balance), 0) FROM t.ends e
	 WHERE e.customer = h.customer AND e.d <@ t.september()) AS snapshots
FROM t.held h GROUP BY customer;
SELECT count(*) AS customers,
	bool_and(balance_days_changes = carried) AS changes,
	bool_and(of_ends = carried) AS of_ends, bool_and(by_text = carried) AS by_text,
	bool_and(abs(average * 30 - carried) < 0.00000001) AS averages,
	bool_and(balance_days_snapshots = snapshots) AS all_snapshots
FROM (
	SELECT customer, balance_days_changes(no, balance, d, s, t.september()),
		balance_days_changes('no ' || no, balance, d, s, t.september() ORDER BY id DESC) AS by_text,
		daily_avg_changes(no, balance, d, s, t.september() ORDER BY balance) AS average,
		balance_days_snapshots(no, balance, d, s, t.september())
	FROM t.book GROUP BY customer
) b JOIN (SELECT customer, balance_days_changes(no, balance, d, t.september()) AS of_ends
	FROM t.ends GROUP BY customer) e USING (customer)
	JOIN t.accounts_expected USING (customer);
-- one account has the digits of the form without accounts
SELECT count(*) AS accounts, bool_and(of_one::text = of_accounts::text) AS same,
	bool_and(of_one::text = in_order::text) AS same_in_order
FROM (SELECT daily_avg_changes(balance, d, t.september()) AS of_one,
		daily_avg_changes(no, balance, d, t.september()) AS of_accounts,
		daily_avg_changes(balance, d, id, t.september()) AS in_order
	FROM t.ends GROUP BY customer, no) a;
-- many accounts in one group, each with many rows or one
SELECT (SELECT balance_days_changes(customer * 4 + no, balance, d, s, t.september()) FROM t.book)
	= sum(carried) AS all_accounts,
	(SELECT balance_days_changes(n, n, '2026-09-30', t.september())
	 FROM generate_series(1, 30000) n) AS one_row_each
FROM t.accounts_expected;

-- Series: the sum of those of the accounts, with the averages of the rows
SELECT count(*) AS customers, bool_and(series = summed) AS same, bool_and(series = in_order)
	AS same_in_order, bool_and(balance_days(series, t.september()) = carried) AS same_days,
	bool_and(daily_avg(series, t.september())::text = average::text) AS same_digits
FROM (SELECT customer, daily_series_changes(no, balance, d) AS series,
		daily_avg_changes(no, balance, d, t.september()) AS average
	FROM t.ends WHERE abs(balance) < 1e18 GROUP BY customer) a
	JOIN (SELECT customer, daily_series_changes(no, balance, d, s ORDER BY id DESC) AS in_order
		FROM t.book WHERE (customer, no, d) IN
			(SELECT customer, no, d FROM t.ends WHERE abs(balance) < 1e18)
			AND abs(balance) < 1e18 GROUP BY customer) o USING (customer)
	JOIN (SELECT customer, sum(series) AS summed, sum(carried) AS carried
		FROM (SELECT customer, daily_series_changes(balance, d) AS series,
				balance_days_changes(balance, d, t.september()) AS carried
			FROM t.ends WHERE abs(balance) < 1e18 GROUP BY customer, no) s GROUP BY customer) s
		USING (customer);
SELECT count(*) AS customers, bool_and(daily_series_snapshots = of_all) AS same
FROM (SELECT customer, daily_series_snapshots(no, balance, d, s) FROM t.book
	WHERE (customer, no, d) IN (SELECT customer, no, d FROM t.ends WHERE abs(balance) < 1e18)
		AND abs(balance) < 1e18 GROUP BY customer) a
	JOIN (SELECT customer, daily_series_snapshots(balance, d) AS of_all FROM t.ends
		WHERE abs(balance) < 1e18 GROUP BY customer) s USING (customer);

-- as window functions they see their frame, and leave it as it is
SELECT n, balance_days_changes(n, balance, d, t.september()) OVER (ORDER BY d, n DESC),
	balance_days_changes(n, balance, d, 9 - n, t.september()) OVER (ORDER BY n DESC, d DESC),
	daily_series_changes(n, balance, d) OVER (ORDER BY d DESC)
FROM t.typed;

-- null balances are skipped, whatever is beside them; none or only nulls give null
SELECT daily_avg_changes(a, b, d, t.september()) FROM (VALUES (NULL::text, NULL::numeric,
	NULL::date), ('A', 30, '2026-09-16')) v(a, b, d);
SELECT daily_avg_changes(a, NULL, NULL, s, t.september()) IS NULL AS averages,
	daily_series_changes(a, NULL, NULL, s) IS NULL AS series FROM (VALUES (1, NULL::time)) v(a, s);
-- what is none
SELECT t.fails('SELECT ' || call || ' FROM t.two') FROM unnest(ARRAY[
	$$daily_avg_changes(NULL::text, balance, changed_on, t.september())$$,
	$$daily_avg_changes(account, balance, NULL, t.september())$$,
	$$daily_avg_snapshots(account, balance, NULL, t.september())$$,
	$$daily_avg_changes(balance, changed_on, NULL::int, t.september())$$,
	$$daily_avg_changes(account, balance, changed_on, NULL)$$,
	$$daily_avg_changes(account, balance, changed_on, month(changed_on + customer * (changed_on -
		'2026-09-01')))$$,
	$$daily_avg_changes(account, 'NaN', changed_on, t.september())$$,
	$$daily_avg_changes(ARRAY[account], balance, changed_on, t.september())$$,
	$$daily_avg_changes(balance, changed_on, account, t.september())$$,
	$$daily_avg_changes(balance, changed_on, balance / 7, t.september())$$,
	$$daily_series_changes(account, 1e18, changed_on)$$,
	$$daily_series_changes(account, balance, changed_on, 1.5)$$]) call;
-- two different balances of one account and one day: whose, which, and what to do
SELECT t.fails($$SELECT daily_avg_changes('4711'::text, b, '2026-09-05', t.september())
	FROM (VALUES (1), (2.50)) v(b)$$);
SELECT t.fails($$SELECT daily_avg_changes(4711, b, '2026-08-05', t.september())
	FROM (VALUES (1), (2.50)) v(b)$$);
SELECT t.fails($$SELECT daily_avg_changes('\x4711'::bytea, b, '2026-08-05', 7, t.september())
	FROM (VALUES (1), (2.50)) v(b)$$);
SELECT t.fails($$SELECT daily_avg_changes(b, '2026-09-05', 7, t.september())
	FROM (VALUES (1), (2.50)) v(b)$$);
SELECT t.fails($$SELECT daily_avg_snapshots(4711, b, '2026-09-05', t.september())
	FROM (VALUES (1), (2.50)) v(b)$$);
SELECT t.fails($$SELECT daily_series_changes(4711, b, '2026-09-05')
	FROM (VALUES (1), (2.50)) v(b)$$);
SELECT t.fails($$SELECT daily_series_changes(b, '2026-09-05')
	FROM (VALUES (1), (2.50)) v(b)$$);
-- but not where a later one of the day counts, on the day carried in and in the period
SELECT balance_days_changes(b, d, s, t.september() ORDER BY o) AS in_order,
	balance_days_changes(b, d, s, t.september() ORDER BY o DESC) AS the_other_way
FROM (VALUES (1, 1, '2026-08-05'::date, 1), (2, 2, '2026-08-05', 1), (3, 3, '2026-08-05', 2),
	(4, 4, '2026-09-11', 1), (5, 1e30, '2026-09-11', 1), (6, 6, '2026-09-11', 2),
	(7, 7, '2026-09-21', 3), (8, 8, '2026-09-21', 1), (9, 9, '2026-09-21', 1)) v(o, b, d, s);

-- In parallel
CREATE TABLE t.large AS SELECT * FROM t.book, generate_series(1, 8) copies;
ALTER TABLE t.large SET (parallel_workers = 2);
ANALYZE t.large;
CREATE FUNCTION t.same_in_parallel(call text) RETURNS TABLE (workers boolean, partial boolean,
	same boolean)
LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT customer, %s AS v FROM t.large WHERE abs(balance) < 1e18
		GROUP BY customer', call);
	serial text;
	in_parallel text;
	w record;
BEGIN
	SET LOCAL max_parallel_workers_per_gather = 0;
	EXECUTE format('SELECT string_agg(v::text, '' '' ORDER BY customer) FROM (%s) q', query)
	INTO serial;
	PERFORM t.parallel();
	SET LOCAL enable_sort = off;
	EXECUTE format('SELECT string_agg(v::text, '' '' ORDER BY customer) FROM (%s) q', query)
	INTO in_parallel;
	w := t.workers(query);
	RETURN QUERY SELECT w.launched > 0, w.partial, serial = in_parallel AND length(serial) > 3000;
END;
$$;
SELECT p.* FROM unnest(ARRAY[
	'daily_avg_changes(no, balance, d, s, t.september())',
	$$balance_days_changes('account ' || no, balance, d, s, t.september())$$,
	'daily_avg_snapshots(no, balance, d, s, t.september())',
	'daily_series_changes(no, balance, d, s)',
	'daily_series_snapshots(no, balance, d, s)']) call, t.same_in_parallel(call) p;

-- Partial states as bytes, merged in 40 random partitions and orders
CREATE FUNCTION t.accounts_read(bytea) RETURNS bigint AS '$libdir/tiering',
	'account_changes_deserialize' LANGUAGE c STRICT;
CREATE FUNCTION t.accounts_series_read(bytea) RETURNS bigint AS '$libdir/tiering',
	'account_series_deserialize' LANGUAGE c STRICT;
CREATE FUNCTION t.accounts_merge(internal, bigint) RETURNS internal AS '$libdir/tiering',
	'account_changes_combine' LANGUAGE c;
CREATE AGGREGATE t.accounts_state(anyelement, numeric, date, anycompatible, daterange) (
	SFUNC = _tiering.daily_avg_changes_accum, STYPE = internal,
	FINALFUNC = _tiering.account_changes_serialize);
CREATE AGGREGATE t.accounts_series_state(anyelement, numeric, date) (
	SFUNC = _tiering.daily_series_changes_accum, STYPE = internal,
	FINALFUNC = _tiering.account_changes_serialize);
CREATE AGGREGATE t.merged_accounts(bigint) (
	SFUNC = t.accounts_merge, STYPE = internal, FINALFUNC = _tiering.account_changes_final_days);
SELECT count(*) AS runs, bool_and(merged = (SELECT sum(carried) FROM t.accounts_expected)) AS same
FROM generate_series(1, 40) run,
	LATERAL (SELECT t.merged_accounts(t.accounts_read(state)) AS merged
		FROM (SELECT hashint4(run * 100 + floor(t.random(run * 10007 + id) * 6)::int) AS part,
				t.accounts_state(customer || '.' || no, balance, d, s, t.september()) AS state
			FROM t.book GROUP BY 1 ORDER BY 1) s) m;
-- a clash is found in whichever partitions it is, and so are periods that differ
SELECT t.fails(format($$SELECT t.merged_accounts(t.accounts_read(state)) FROM (
	SELECT t.accounts_state('A'::text, b, d, 1, p) AS state
	FROM (VALUES (1, %s), (2, %s)) v(b, d, p) GROUP BY b) s$$, one, other))
FROM (VALUES ($$'2026-08-01'::date, t.september()$$, $$'2026-08-01', t.september()$$),
	($$'2026-09-01'::date, t.september()$$, $$'2026-09-01', t.september()$$),
	($$'2026-08-01'::date, t.september()$$, $$'2026-08-01', '[2026-09-01,2026-09-30)'$$))
	v(one, other);
-- Every byte changed in three ways, every truncation, a byte too many, a state of another kind
CREATE FUNCTION t.spoil(state bytea, reader text) RETURNS TABLE (outcome text, tries bigint)
LANGUAGE plpgsql AS $$
DECLARE
	damaged bytea;
	outcomes text[] := '{}';
BEGIN
	FOR damaged IN
		SELECT set_byte(state, i, get_byte(state, i) # x)
		FROM generate_series(0, length(state) - 1) i, unnest('{1,128,255}'::int[]) x
		UNION ALL SELECT substr(state, 1, i) FROM generate_series(0, length(state) - 1) i
		UNION ALL SELECT state || '\x00'
	LOOP
		outcomes := outcomes || t.fails(format('SELECT t.%I(%L::bytea)', reader, damaged));
	END LOOP;
	RETURN QUERY SELECT o, count(*) FROM unnest(outcomes) o GROUP BY o ORDER BY o;
END;
$$;
CREATE TABLE t.accounts_bytes AS
SELECT t.accounts_state(a, b, d, 1, t.september()) AS averages,
	t.accounts_series_state(a, b, d) AS series
FROM (VALUES ('A', 1.5, '2026-08-01'::date), ('A', 2, '2026-08-01'), ('A', 7, '2026-09-05'),
	('B', 12345678901234567.8, '2026-09-06')) v(a, b, d);
SELECT s.* FROM t.accounts_bytes, t.spoil(averages, 'accounts_read') s;
SELECT s.* FROM t.accounts_bytes, t.spoil(series, 'accounts_series_read') s;
SELECT t.fails(format('SELECT t.accounts_read(%L)', series)),
	t.fails(format('SELECT t.accounts_series_read(%L)', averages)) FROM t.accounts_bytes;

-- numbers of accounts that are stored, which are packed in their rows
CREATE TABLE t.stored_account (account numeric, balance numeric, changed_on date);
INSERT INTO t.stored_account
SELECT a, v, d FROM (VALUES (62220212345678901234::numeric, 100, '2026-09-01'::date),
	(62220212345678901234.00, 300, '2026-09-16'), (62220212345678901235, 50, '2026-09-01'),
	(0.5, 7, '2026-09-16'), (0.50, 8, '2026-09-26'), ('NaN', 1, '2026-09-01')) x(a, v, d);
SELECT tiering.balance_days_changes(account, balance, changed_on, tiering.month('2026-09-30')) AS
	balance_days, 15 * 100 + 15 * 300 + 30 * 50 + 10 * 7 + 5 * 8 + 30 AS by_hand
FROM t.stored_account;
