-- A bank of before an update, with all that becomes of customers in two schemes, as it can
-- be said to 0.1.0 and to every version since. There are the roles clerk, who may ask, and
-- chief, who may approve. bank--0.1.0.sql.gz is pg_dump's of what 0.1.0 made of it.
SET client_min_messages = warning;
CREATE SCHEMA bank;
CREATE TABLE bank.money (
	customer_id text,
	as_of       date,
	money       numeric,
	PRIMARY KEY (customer_id, as_of)
);
INSERT INTO bank.money
SELECT lpad(c::text, 4, '0'), (date_trunc('month', d) + interval '1 month - 1 day')::date,
	CASE WHEN c % 7 = 0 AND d >= '2024-04-01' THEN 50
		ELSE hashint4(c * 100 + m::int)::bigint & 511 END
FROM generate_series(1, 60) c,
	generate_series(timestamp '2024-01-01', '2024-10-01', '1 month') WITH ORDINALITY g (d, m)
WHERE NOT (c % 11 = 0 AND m BETWEEN 3 AND 4) AND NOT (c % 13 = 0 AND m < 3);
GRANT USAGE ON SCHEMA bank TO clerk, chief;
GRANT SELECT ON bank.money TO clerk;

SELECT tiering.create_ladder('desk', 'money', '{mass,gold,platinum,diamond}', '{NULL,100,250,400}');
INSERT INTO tiering.policy (scheme, version, tier, down_after, down_to)
VALUES ('desk', 1, 'gold', 2, 'earned'), ('desk', 1, 'platinum', 3, 'one_step');
UPDATE tiering.tier SET approval = true WHERE scheme = 'desk' AND tier = 'diamond';
SELECT tiering.publish('desk', '2024-01-01');
SET TimeZone = 'Asia/Shanghai';
SET DateStyle = 'SQL, DMY';
SELECT tiering.set_source('desk', 'SELECT customer_id, money FROM bank.money WHERE as_of = $1');
SELECT tiering.set_series('desk', 'SELECT customer_id,
	tiering.daily_series_snapshots(money, as_of) AS balances, tiering.month($1 + 1) AS period
	FROM bank.money GROUP BY customer_id');
RESET TimeZone;
RESET DateStyle;
SELECT tiering.create_ladder('plain', 'money', '{low,high}', '{NULL,200}'),
	tiering.publish('plain', '2024-01-01'),
	tiering.set_source('plain', 'SELECT customer_id, money FROM bank.money WHERE as_of = $1');
SELECT tiering.copy_scheme('plain', 'sketch');

SELECT count(tiering.refresh(s, d))
FROM unnest('{desk,plain}'::text[]) s, unnest('{2024-01-31,2024-02-29}'::date[]) d;
-- of those that wait for approval two are approved and one is rejected, by somebody else
CREATE TABLE bank.waits AS
SELECT request, row_number() OVER (ORDER BY customer_id) AS n FROM tiering.request_state
WHERE scheme = 'desk' AND state = 'pending';
GRANT SELECT ON bank.waits TO chief;
SET SESSION AUTHORIZATION clerk;
SELECT tiering.request_override('desk', r.customer_id, r.kind, r.tier, r.valid::daterange, r.reason)
FROM (VALUES ('0002', 'floor', 'platinum', '[2024-03-01,2024-07-01)', 'a good name'),
	('0003', 'cap', 'gold', '[2024-03-01,2024-12-01)', 'a bad one'),
	('0004', 'fixed', 'gold', '[2024-03-01,2024-05-01)', 'a friend'),
	('0005', 'floor', 'gold', '[2024-03-01,2024-05-01)', 'nobody looked at it'))
	r (customer_id, kind, tier, valid, reason);
SET SESSION AUTHORIZATION chief;
SELECT tiering.approve(request) FROM bank.waits WHERE n <= 2;
SELECT tiering.reject(request, 'no') FROM bank.waits WHERE n = 3;
RESET SESSION AUTHORIZATION;
CREATE TABLE bank.asked AS
SELECT request, row_number() OVER (ORDER BY customer_id) AS n FROM tiering.request_state
WHERE scheme = 'desk' AND kind <> 'move';
GRANT SELECT ON bank.asked TO chief;
SET SESSION AUTHORIZATION chief;
SELECT tiering.approve(request, 'so be it') FROM bank.asked WHERE n <= 3;
RESET SESSION AUTHORIZATION;
SELECT count(tiering.refresh(s, d))
FROM unnest('{desk,plain}'::text[]) s, unnest('{2024-03-31,2024-04-30}'::date[]) d;

-- by hand, late data, a version that comes later, and what is still to be done
UPDATE tiering.assignment SET tier = 'gold'
WHERE scheme = 'desk' AND customer_id = '0010' AND tier <> 'gold';
UPDATE tiering.assignment SET tier = 'mass'
WHERE scheme = 'desk' AND customer_id = '0012' AND tier <> 'mass';
UPDATE bank.money SET money = 511 - money
WHERE customer_id IN ('0020', '0021', '0022') AND as_of = '2024-03-31';
SELECT tiering.restate('desk', '2024-03-31', '{0020,0021,0022}');
SELECT tiering.mark_dirty('plain', c, '2024-03-01') FROM unnest('{0021,0022}'::text[]) c;
SELECT tiering.new_version('desk', 'dearer');
UPDATE tiering.rule SET bounds = '[150,250)'
WHERE scheme = 'desk' AND version = 2 AND bounds = '[100,250)';
SELECT tiering.publish('desk', '2024-06-01');
SELECT count(tiering.refresh('desk', d)) FROM unnest('{2024-05-31,2024-06-30}'::date[]) d;
SELECT tiering.new_version('desk', 'for the year to come');
