-- Checks against brute force, day by day: on random books each planted fault is found, and
-- nothing else; of accounts that have none nothing is told.
SET client_min_messages = warning;
SET datestyle = 'ISO';
CREATE SCHEMA chance;
-- what two queries do not have in common, and whether they have too little
CREATE FUNCTION chance.differs(what text, a text, b text)
	RETURNS TABLE (which text, only_in text, example text)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('WITH a AS MATERIALIZED (%s), b AS MATERIALIZED (%s)
		SELECT %L, d.side, min(d.r) FROM (
			(SELECT ''check'' AS side, a::text AS r FROM a
				EXCEPT ALL SELECT ''check'', b::text FROM b)
			UNION ALL (SELECT ''brute force'', b::text FROM b
				EXCEPT ALL SELECT ''brute force'', a::text FROM a)
			UNION ALL SELECT ''few'', NULL WHERE (SELECT count(*) FROM b) < t.scaled(3)) d
		GROUP BY d.side', a, b, what);
END;
$$;

-- Ranges: 400 accounts of up to nine rows, one row after the other. Of three accounts in four
-- a row or two have something done to them.
CREATE TABLE chance.range AS
SELECT a AS account, i, (1 + t.random(a * 100 + i) * 500)::int::numeric AS balance,
	date '2024-01-01' + (t.random(a) * 60)::int + i * 30 AS valid_from,
	CASE WHEN i < n THEN date '2024-01-01' + (t.random(a) * 60)::int + (i + 1) * 30 END AS valid_to,
	CASE WHEN a % 4 > 0 AND t.random(a * 100 + i + 70000) < 0.3
		THEN floor(t.random(a * 100 + i + 900000) * 11)::int ELSE -1 END AS fault
FROM generate_series(1, t.scaled(400)) a, LATERAL (SELECT (t.random(a + 50000) * 8)::int AS n) n,
	generate_series(0, n) i;
UPDATE chance.range SET
	balance = CASE fault WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN balance * 1000
		ELSE balance END,
	valid_from = valid_from + CASE fault WHEN 3 THEN 1 WHEN 4 THEN 12 WHEN 5 THEN -1 WHEN 6 THEN -45
		WHEN 7 THEN 40 ELSE 0 END,
	valid_to = CASE fault WHEN 8 THEN NULL WHEN 9 THEN valid_from ELSE valid_to END;
INSERT INTO chance.range
SELECT account, i, balance, valid_from, valid_to, 20 FROM chance.range WHERE fault = 10
UNION ALL SELECT account, i, balance + 1, valid_from, valid_to, 21 FROM chance.range
WHERE fault = 10 AND i % 2 = 0
UNION ALL SELECT account, i, 7, valid_from + 3, valid_from + 3, 22 FROM chance.range
WHERE fault = 8;
CREATE TABLE chance.range_finding AS
SELECT * FROM tiering.check_ranges('SELECT account, balance, valid_from, valid_to
	FROM chance.range', '[2024-02-01,2024-12-01)', jump => 100, max_age => 200);
SELECT kind, severity, count(*) > t.scaled(6) - 1 AS some FROM chance.range_finding
GROUP BY 1, 2 ORDER BY kind COLLATE "C";
SELECT count(*) AS sound_accounts_with_findings FROM chance.range_finding
WHERE kind NOT IN ('jump', 'stale') AND account::int % 4 = 0;

-- each day of the period, and the rows that stand on it
CREATE TABLE chance.row AS
SELECT r.account::text, r.balance, r.valid_from AS f, COALESCE(r.valid_to, 'infinity') AS e
FROM chance.range r;
CREATE INDEX ON chance.row (account);
ANALYZE chance.row;
CREATE TABLE chance.stands AS
SELECT h.account, d::date AS day, (SELECT count(*) FROM chance.row r
	WHERE r.account = h.account AND r.f <= d AND r.e > d) AS rows
FROM (SELECT account, min(f) AS f, max(CASE f WHEN e THEN f + 1 ELSE e END) AS e FROM chance.row
		WHERE f <= e GROUP BY account) h,
	generate_series(date '2024-02-01', '2024-11-30', '1 day') d
WHERE d >= h.f AND d < h.e;
CREATE VIEW chance.told AS
SELECT f.account, f.kind, d::date AS day FROM chance.range_finding f,
	generate_series(lower(f.days), upper(f.days) - 1, '1 day') d;
SELECT * FROM chance.differs('days with more than one row',
	$$SELECT DISTINCT account, day FROM chance.told
	WHERE kind IN ('overlap', 'duplicate', 'conflict')$$,
	'SELECT account, day FROM chance.stands WHERE rows > 1');
SELECT * FROM chance.differs('days without a row',
	$$SELECT account, day FROM chance.told WHERE kind IN ('gap', 'one_day_gap')$$,
	'SELECT account, day FROM chance.stands WHERE rows = 0');
-- an only day without a row, between two that have one, or at an end
SELECT * FROM chance.differs('one day',
	$$SELECT account, day FROM chance.told WHERE kind = 'one_day_gap'$$,
	$$SELECT s.account, s.day FROM chance.stands s WHERE s.rows = 0
		AND (EXISTS (SELECT FROM chance.stands n
				WHERE n.account = s.account AND n.day = s.day - 1 AND n.rows > 0)
			OR EXISTS (SELECT FROM chance.row r WHERE r.account = s.account
				AND r.f = s.day AND r.e = s.day))
		AND (EXISTS (SELECT FROM chance.row r WHERE r.account = s.account
				AND r.f = s.day + 1 AND r.f <= r.e)
			OR NOT EXISTS (SELECT FROM chance.row r WHERE r.account = s.account
				AND r.f > s.day AND r.f <= r.e))$$);
SELECT * FROM chance.differs('rows twice',
	$$SELECT account, kind, days FROM chance.range_finding
	WHERE kind IN ('duplicate', 'conflict')$$,
	$$SELECT account, CASE WHEN balance IS NOT DISTINCT FROM other THEN 'duplicate'
			ELSE 'conflict' END, daterange(f, NULLIF(e, 'infinity')) * '[2024-02-01,2024-12-01)'
	FROM (SELECT r.*, lag(balance) OVER w AS other, row_number() OVER w AS n FROM chance.row r
		WHERE f < e WINDOW w AS (PARTITION BY account, f, e ORDER BY balance)) r
	WHERE n > 1 AND e > '2024-02-01' AND f < '2024-12-01'$$);
SELECT * FROM chance.differs('rows by themselves',
	$$SELECT account, kind, days FROM chance.range_finding
	WHERE kind IN ('backwards', 'null_balance')$$,
	$$SELECT account, k.kind, k.days * '[2024-02-01,2024-12-01)'
	FROM chance.row r CROSS JOIN LATERAL (
		SELECT 'backwards' AS kind, daterange(e, f) AS days WHERE e < f
		UNION ALL SELECT 'null_balance', daterange(least(e, f), NULLIF(greatest(e, f), 'infinity'))
		WHERE balance IS NULL OR balance = 'NaN') k
	WHERE k.days && '[2024-02-01,2024-12-01)'$$);
SELECT * FROM chance.differs('jumps',
	$$SELECT account, lower(days) FROM chance.range_finding WHERE kind = 'jump'$$,
	$$SELECT account, f FROM (
		SELECT r.*, lag(balance) OVER (PARTITION BY account, f > e ORDER BY f, e, balance) AS before
		FROM chance.row r) r
	WHERE f <@ daterange '[2024-02-01,2024-12-01)' AND 'NaN' NOT IN (balance, before)
		AND (balance >= 100 * before OR before >= 100 * balance)$$);
SELECT * FROM chance.differs('stale',
	$$SELECT account, days FROM chance.range_finding WHERE kind = 'stale'$$,
	$$SELECT account, daterange(f + 201, '2024-12-01') * '[2024-02-01,2024-12-01)' FROM (
		SELECT DISTINCT ON (account) * FROM chance.row WHERE f < '2024-12-01'
		ORDER BY account, f DESC, e DESC, balance DESC) r
	WHERE f < date '2024-11-30' - 200 AND e > '2024-11-30' AND balance <> 0$$);

-- Snapshots: a row for each account and day, from its first to its last day; days on which
-- nobody has one, and some that one account has not, that are there twice, or without a number
CREATE TABLE chance.day AS
SELECT a AS account, d::date AS day, (100 + t.random(a * 1000 + (d::date - '2024-01-01')) * 50)::int
	::numeric AS balance,
	CASE WHEN a % 3 > 0 AND t.random(a * 1000 + (d::date - '2024-01-01') + 7000000) < 0.03
		THEN floor(t.random(a * 1000 + (d::date - '2024-01-01') + 8000000) * 5)::int ELSE -1 END
		AS fault
FROM generate_series(1, t.scaled(200)) a,
	generate_series(date '2024-01-01' + (t.random(a) * 30)::int,
	date '2024-03-31' - (t.random(a + 5000) * 30)::int, '1 day') d
WHERE d NOT IN ('2024-02-09', '2024-02-10', '2024-02-27', '2024-03-01');
INSERT INTO chance.day SELECT account, day, balance, 10 FROM chance.day WHERE fault = 1
UNION ALL SELECT account, day, balance + 20, 11 FROM chance.day WHERE fault = 2
UNION ALL SELECT account, day, balance + 20, 12 FROM chance.day WHERE fault = 2 AND account % 2 = 0;
DELETE FROM chance.day WHERE fault = 0;
UPDATE chance.day SET balance = CASE fault WHEN 3 THEN NULL WHEN 4 THEN balance / 1000 END
WHERE fault IN (3, 4);
CREATE FUNCTION chance.snapshots(weekends boolean)
	RETURNS TABLE (what text, which text, only_in text, example text)
LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS chance.snapshot_finding, chance.expected, chance.seen;
	CREATE TABLE chance.snapshot_finding AS
	SELECT * FROM tiering.check_snapshots('SELECT account, balance, day AS as_of FROM chance.day '
		|| CASE WHEN weekends THEN '' ELSE 'WHERE extract(isodow FROM day) < 6 OR account = 7' END,
		'[2024-01-20,2024-04-03)', weekends, '{2024-02-09,2024-03-20}', jump => 50, max_age => 5);
	CREATE TABLE chance.expected AS
	SELECT d::date AS day FROM generate_series(date '2023-12-25', '2024-04-02', '1 day') d
	WHERE (weekends OR extract(isodow FROM d) < 6) AND d NOT IN ('2024-02-09', '2024-03-20');
	CREATE TABLE chance.seen AS SELECT account::text, day, balance FROM chance.day
	WHERE weekends OR extract(isodow FROM day) < 6 OR account = 7;
	CREATE INDEX ON chance.seen (day, account);
	ANALYZE chance.seen;
	RETURN QUERY SELECT weekends::text, d.* FROM (
		SELECT * FROM chance.differs('missing by nobody',
			$q$SELECT x.day FROM chance.snapshot_finding f, chance.expected x
			WHERE f.kind = 'missing_day' AND f.account IS NULL AND x.day <@ f.days$q$,
			$q$SELECT x.day FROM chance.expected x WHERE x.day >= '2024-01-20'
				AND NOT EXISTS (SELECT FROM chance.seen s WHERE s.day = x.day)$q$)
		UNION ALL SELECT * FROM chance.differs('missing by one',
			$q$SELECT f.account, x.day FROM chance.snapshot_finding f, chance.expected x
			WHERE f.kind = 'missing_day' AND f.account IS NOT NULL AND x.day <@ f.days
				AND EXISTS (SELECT FROM chance.seen s WHERE s.day = x.day)$q$,
			$q$SELECT h.account, x.day FROM chance.expected x, (
				SELECT s.account, min(s.day) AS f, max(s.day) AS l
				FROM chance.seen s JOIN chance.expected y ON y.day = s.day GROUP BY s.account) h
			WHERE x.day BETWEEN h.f AND h.l AND x.day >= '2024-01-20'
				AND NOT EXISTS (SELECT FROM chance.seen s
					WHERE s.day = x.day AND s.account = h.account)
				AND EXISTS (SELECT FROM chance.seen s WHERE s.day = x.day)$q$)
		UNION ALL SELECT * FROM chance.differs('twice or null',
			$q$SELECT account, kind, lower(days), count(*) FROM chance.snapshot_finding
			WHERE kind IN ('duplicate', 'conflict', 'null_balance') GROUP BY 1, 2, 3$q$,
			$q$SELECT s.account, k.kind, s.day, k.n FROM (
				SELECT account, day, count(balance) AS n, count(DISTINCT balance) AS different,
					count(*) - count(balance) AS nulls FROM chance.seen GROUP BY 1, 2) s,
				LATERAL (VALUES ('duplicate', n - different), ('conflict', different - 1),
					('null_balance', nulls)) k(kind, n)
			WHERE k.n > 0 AND s.day >= '2024-01-20'$q$)
		UNION ALL SELECT * FROM chance.differs('jumps and stale',
			$q$SELECT account, kind, lower(days) FROM chance.snapshot_finding
			WHERE kind IN ('jump', 'stale')$q$,
			$q$SELECT account, 'jump', day FROM (SELECT s.*,
				lag(balance) OVER (PARTITION BY account ORDER BY day, balance) AS before
				FROM chance.seen s) s
			WHERE day >= '2024-01-20' AND (balance >= 50 * before OR before >= 50 * balance)
			UNION ALL SELECT account, 'stale', greatest(max(day) + 6, '2024-01-20')
			FROM chance.seen WHERE balance IS NOT NULL
			GROUP BY account HAVING max(day) < '2024-03-28'$q$)) d;
END;
$$;
SELECT * FROM chance.snapshots(true);
SELECT kind, severity, account IS NULL AS of_all, count(*) > 1 AS some FROM chance.snapshot_finding
GROUP BY 1, 2, 3 ORDER BY kind COLLATE "C", of_all;
SELECT count(*) AS sound_accounts_with_findings FROM chance.snapshot_finding
WHERE kind <> 'stale' AND account::int % 3 = 0;
SELECT * FROM chance.snapshots(false);
SELECT count(*) > 20 AS many FROM chance.snapshot_finding;

-- Changes and flows, with and without a sequence
CREATE TABLE chance.posting AS
SELECT a AS account, date '2024-01-01' + (t.random(a * 100 + i) * 90)::int AS day, i AS sequence,
	(100 + t.random(a * 100 + i + 10000) * 4)::int::numeric AS value
FROM generate_series(1, t.scaled(300)) a,
	generate_series(1, 1 + (t.random(a + 77000) * 9)::int) i;
INSERT INTO chance.posting
SELECT account, day, sequence, value FROM chance.posting WHERE t.random(account + 99) < 0.1
UNION ALL SELECT account, day, sequence, value + 1 FROM chance.posting
WHERE t.random(account + 999) < 0.1
UNION ALL SELECT account, day, sequence, NULL FROM chance.posting
WHERE t.random(account + 9999) < 0.05
UNION ALL SELECT account, day, sequence + 20, value * 1000 FROM chance.posting
WHERE t.random(account * 100 + sequence + 99999) < 0.02
UNION ALL SELECT 5, NULL, 1, 3;
-- what is there twice in one place, by brute force
CREATE FUNCTION chance.repeated(place text) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT account::text, k.kind, day, sum(k.n) FROM (
		SELECT account, day, %s, count(value) AS n, count(DISTINCT value) AS different,
			count(*) - count(value) AS nulls FROM chance.posting GROUP BY 1, 2, 3) s,
		LATERAL (VALUES (''duplicate'', CASE WHEN day IS NOT NULL THEN n - different END),
			(''conflict'', different - 1), (''null_balance'', nulls),
			(''null_day'', CASE WHEN day IS NULL THEN n END)) k(kind, n)
		WHERE k.n > 0 GROUP BY 1, 2, 3', place)
$$;
CREATE FUNCTION chance.found(call text) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT account, kind, lower(days), count(*)::numeric FROM tiering.%s
		WHERE kind NOT IN (''jump'', ''stale'') GROUP BY 1, 2, 3', call)
$$;
SELECT * FROM chance.differs('changes', chance.found($$check_changes(
	'SELECT account, value AS balance, day AS changed_on FROM chance.posting')$$),
	chance.repeated('0'));
SELECT * FROM chance.differs('changes in order', chance.found($$check_changes('SELECT account,
	value AS balance, day AS changed_on, sequence FROM chance.posting')$$),
	chance.repeated('sequence'));
SELECT * FROM chance.differs('flows in order', chance.found($$check_flows('SELECT account,
	value AS amount, day AS posted_on, sequence::text FROM chance.posting')$$),
	chance.repeated('sequence'));
SELECT * FROM chance.differs('flows', chance.found($$check_flows(
	'SELECT account, value AS amount, day AS posted_on FROM chance.posting')$$),
	chance.repeated('0') || $$ HAVING kind LIKE 'null%'$$);
-- of a period: what is wrong in it, and before it with what still counts in it
SELECT * FROM chance.differs('changes of a period', chance.found($$check_changes('SELECT account,
	value AS balance, day AS changed_on FROM chance.posting', '[2024-02-15,2024-03-10)')$$),
	format($$SELECT * FROM (%s) r (account, kind, day, n) WHERE day IS NULL OR day < '2024-03-10'
	AND NOT EXISTS (SELECT FROM chance.posting p WHERE p.account::text = r.account AND p.day > r.day
		AND p.day <= '2024-02-15')$$, chance.repeated('0')));
SELECT * FROM chance.differs('flows of a period', chance.found($$check_flows('SELECT account,
	value AS amount, day AS posted_on, sequence FROM chance.posting', '[2024-02-15,2024-03-10)')$$),
	format($$SELECT * FROM (%s) r (account, kind, day, n)
	WHERE day IS NULL OR day < '2024-03-10'$$, chance.repeated('sequence')));
SELECT * FROM chance.differs('changes that jump',
	$$SELECT account, lower(days) FROM tiering.check_changes('SELECT account, value AS balance,
		day AS changed_on, sequence FROM chance.posting', jump => 500) WHERE kind = 'jump'$$,
	$$SELECT account::text, day FROM (SELECT p.*, lag(value) OVER (PARTITION BY account
		ORDER BY day, sequence, value) AS before FROM chance.posting p) p
	WHERE day IS NOT NULL AND (value >= 500 * before OR before >= 500 * value)$$);
SELECT * FROM chance.differs('amounts apart',
	$$SELECT account, lower(days) FROM tiering.check_flows('SELECT account, value AS amount,
		day AS posted_on FROM chance.posting', jump => 500) WHERE kind = 'jump'$$,
	$$SELECT account::text, day FROM (SELECT p.*, sum(value) OVER a - value AS others,
			count(value) OVER a - 1 AS n FROM chance.posting p
		WINDOW a AS (PARTITION BY account)) p
	WHERE others > 0 AND day IS NOT NULL AND value * n >= 500 * others$$);
SELECT * FROM chance.differs('changes that are stale',
	$$SELECT account, lower(days) FROM tiering.check_changes('SELECT account, value AS balance,
		day AS changed_on FROM chance.posting', '[2024-01-01,2024-04-01)', max_age => 20)
	WHERE kind = 'stale'$$,
	$$SELECT account::text, max(day) + 21 FROM chance.posting WHERE value IS NOT NULL
	GROUP BY account HAVING max(day) < date '2024-03-31' - 20$$);
DROP SCHEMA chance CASCADE;
