-- Which ends of balances are open: the setting tiering.open_end.
SET search_path = tiering, public;
SET datestyle = 'ISO';
CREATE SCHEMA open_ends;
CREATE TABLE open_ends.sentinel (valid_to date);
INSERT INTO open_ends.sentinel VALUES ('9999-12-31'), ('9999-12-30'), ('9999-01-01'),
	('3000-12-31'), ('2999-12-31'), ('2099-12-31');
CREATE VIEW open_ends.made AS
SELECT valid_to, last_change(s), last_change(r) AS of_range, s = open AND r = open AS is_open,
	t.fails(format('SELECT tiering.append(%L, ''2026-10-01'', 5)', s)) = 'no error' AS appended,
	daily_avg(s, month('2026-09-30')) = daily_avg(open, month('2026-09-30')) AS average,
	amend('{2026-09-10: 1}', daterange('2026-09-20', valid_to), 2)
		= '{2026-09-10: 1, 2026-09-20: 2}' AS amended,
	clip('{2026-09-10: 1}', daterange('2026-09-20', valid_to)) = '{2026-09-20: 1}' AS clipped
FROM (
	SELECT e.valid_to, daily_series(v.balance, v.valid_from, COALESCE(v.valid_to, e.valid_to)) AS s,
		daily_series(v.balance, daterange(v.valid_from, COALESCE(v.valid_to, e.valid_to))) AS r,
		daily_series(v.balance, v.valid_from, v.valid_to) AS open
	FROM open_ends.sentinel e, (VALUES (100, '2026-09-01'::date, '2026-09-15'::date),
		(200, '2026-09-15', NULL)) v(balance, valid_from, valid_to)
	GROUP BY e.valid_to) q;
SELECT * FROM open_ends.made ORDER BY 1;
SELECT t.fails($$SELECT tiering.append('{2026-09-15: 200, 3000-12-31: none}', '2026-10-01', 5)$$);
SET tiering.open_end = '2099-12-31';
SELECT count(*), bool_and(last_change = '2026-09-15' AND of_range = last_change AND is_open
	AND appended AND average AND amended AND clipped) AS all_open FROM open_ends.made;
-- the day itself is the first that is open
SELECT daily_series(1, '2026-01-01', '2099-12-30') AS closed,
	daily_series(1, '2026-01-01', '2099-12-31') AS open;
-- none but those that core knows
SET tiering.open_end = 'infinity';
SELECT daily_series(1, '2026-01-01', '9999-12-31') AS closed,
	daily_series(1, '2026-01-01', 'infinity') AS open, daily_series(1, '2026-01-01', NULL) AS null;
-- It is written in one way, whatever DateStyle is, and is no day on which anything may end.
SET datestyle = 'German';
SET tiering.open_end = '2100-02-28';
SHOW tiering.open_end;
SELECT t.fails(format('SET tiering.open_end = %L', value))
FROM unnest('{2100-02-29,2100-13-01,2100-00-10,31.12.9999,99-12-31,9999-1-1,2026-10-01,tomorrow,
	-infinity,""," 2100-01-01",2100-01-0x}'::text[]) value;
SHOW tiering.open_end;
RESET tiering.open_end;
SHOW tiering.open_end;
-- A session may be set before it has called anything of ours, and badly, too.
\c -
SET client_min_messages = error;
SET tiering.open_end = '2099-12-31';
SELECT tiering.daily_series(1, '2026-01-01', '2099-12-31') AS open;
\c -
SET client_min_messages = error;
SET tiering.open_end = 'never';
SELECT tiering.daily_series(1, '2026-01-01', '2099-12-31') AS closed;
SHOW tiering.open_end;
RESET client_min_messages;

-- Workers go by it, too.
SET search_path = tiering, public;
SET tiering.open_end = '2099-12-31';
CREATE TABLE open_ends.history AS
SELECT g % 50 AS account, g AS balance, '2026-01-01'::date + g / 50 AS valid_from,
	CASE WHEN g >= 19950 THEN '2099-12-31' ELSE '2026-01-02'::date + g / 50 END AS valid_to
FROM generate_series(0, 19999) g;
ALTER TABLE open_ends.history SET (parallel_workers = 2);
ANALYZE open_ends.history;
BEGIN;
SELECT 1 AS set FROM t.parallel();
SET LOCAL parallel_leader_participation = off;
SELECT launched > 0 AS launched, partial FROM t.workers('SELECT account,
	tiering.daily_series(balance, valid_from, valid_to) FROM open_ends.history GROUP BY account');
SELECT count(*), count(*) FILTER (WHERE last_change(s) = '2027-02-04') AS open
FROM (SELECT daily_series(balance, valid_from, valid_to) AS s FROM open_ends.history
	GROUP BY account) q;
COMMIT;

-- A source means what it meant when it was set, whoever refreshes.
SELECT create_ladder('open_ends', 'last_day', '{early,late}', '{NULL,20500}'),
	publish('open_ends', '2026-01-01'),
	set_source('open_ends', $$SELECT account AS customer_id, tiering.last_change(
		tiering.daily_series(balance, valid_from, valid_to)) - date '1970-01-01' AS last_day
		FROM open_ends.history GROUP BY account$$);
SELECT settings @> '{tiering.open_end=2099-12-31}' AS kept FROM source WHERE scheme = 'open_ends';
SET tiering.open_end = 'infinity';
SELECT new FROM refresh('open_ends', '2026-10-31');
SELECT bool_and(measure = '2027-02-04'::date - '1970-01-01') AS as_set
FROM current_tier WHERE scheme = 'open_ends';
SHOW tiering.open_end;
-- what takes an end depends on the setting, and nothing else of a series does
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.probin LIKE '%tiering' AND p.provolatile <> 'i' AND p.prosrc LIKE 'daily_series_%'
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- a row of no days is none, however far away it is
SELECT tiering.daily_series(100, '9999-12-31', '9999-12-31') AS dates,
	tiering.daily_series(100, daterange('9999-12-31', '9999-12-31')) AS range;
