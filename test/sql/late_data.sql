-- Watched tables: each change of a table marks the customers whose data it changed,
-- from the first day that differs, and nobody else.
SET client_min_messages = warning;
SET datestyle = 'ISO';
CREATE SCHEMA late;
SELECT tiering.create_ladder('late', 'x', '{low,high}', '{NULL,100}'),
	tiering.publish('late', '2024-01-01'),
	tiering.create_ladder('other', 'x', '{low,high}', '{NULL,100}');

-- What a statement marks, which is then taken away
CREATE FUNCTION late.marks(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	marked text;
BEGIN
	EXECUTE change;
	SELECT string_agg(format('%s %s', d.customer_id, d.from_as_of), ', '
		ORDER BY d.customer_id, d.from_as_of)
	INTO marked FROM tiering.dirty d WHERE d.scheme = 'late';
	DELETE FROM tiering.dirty;
	RETURN COALESCE(marked, 'nobody');
END;
$$;

-- Balances and the days on which they stood, in two columns
CREATE TABLE late.balance (no int PRIMARY KEY, customer_no text, balance numeric,
	valid_from date, valid_to date, note text);
SELECT tiering.watch_table('late', 'late.balance', 'customer_no', '{valid_from,valid_to}',
	'{balance}');
SELECT late.marks($$INSERT INTO late.balance VALUES (1, 'a', 10, '2024-01-01', '2024-02-01'),
	(2, 'a', 20, '2024-02-01', NULL), (3, 'b', 30, '2024-01-05', NULL),
	(4, 'c', 40, NULL, '2024-01-10'),
	(5, 'd', 50, '2024-03-01', 'infinity'), (6, NULL, 1, '2024-01-01', NULL)$$) AS inserted;
SELECT late.marks('UPDATE late.balance SET balance = balance, note = ''seen''')
	AS nothing_that_counts;
SELECT late.marks('UPDATE late.balance SET balance = 20.00 WHERE no = 2') AS the_same_number;
SELECT late.marks('UPDATE late.balance SET valid_to = ''2024-04-01'' WHERE no IN (2, 5)') AS closed;
SELECT late.marks('UPDATE late.balance SET valid_to = NULL WHERE no = 2') AS opened;
SELECT late.marks('UPDATE late.balance SET balance = 31 WHERE no = 3') AS other_balance;
SELECT late.marks('UPDATE late.balance SET valid_from = ''2024-01-20'' WHERE no = 3')
	AS later_start;
SELECT late.marks('UPDATE late.balance SET valid_from = ''2024-01-02'' WHERE no = 3')
	AS earlier_start;
SELECT late.marks('UPDATE late.balance SET valid_from = valid_from + 30, valid_to = valid_to + 30
	WHERE no = 5') AS moved_in_time;
SELECT late.marks('UPDATE late.balance SET customer_no = ''e'' WHERE no = 3') AS other_customer;
SELECT late.marks('UPDATE late.balance SET no = no + 100') AS other_key;
SELECT late.marks('DELETE FROM late.balance WHERE no IN (101, 104)') AS deleted;
SELECT late.marks('UPDATE late.balance SET balance = 1 WHERE false') AS no_row;
-- a balance that is split without being another, and one put together again
SELECT late.marks($$WITH closed AS (
		UPDATE late.balance SET valid_to = '2024-03-01' WHERE no = 102 RETURNING *)
	INSERT INTO late.balance SELECT 107, customer_no, balance, valid_to, NULL FROM closed$$)
	AS split_by_two;
SELECT late.marks($$UPDATE late.balance b SET valid_from = v.f, valid_to = v.t
	FROM (VALUES (102, date '2024-02-01', date '2024-02-20'),
		(107, '2024-02-20', NULL)) v (no, f, t)
	WHERE v.no = b.no$$) AS split_elsewhere;
SELECT late.marks($$UPDATE late.balance b SET customer_no = o.customer_no FROM late.balance o
	WHERE (b.no, o.no) IN ((102, 103), (103, 102))$$) AS exchanged;
SELECT late.marks($$INSERT INTO late.balance VALUES (103, 'f', 1, '2024-05-05', NULL)
	ON CONFLICT (no) DO UPDATE SET valid_to = EXCLUDED.valid_from$$) AS upserted;
SELECT late.marks('TRUNCATE late.balance') AS truncated;

-- as a range, here with all other columns counted
CREATE TABLE late.spell (customer_no int, balance numeric, currency text, valid daterange);
SELECT tiering.watch_table('late', 'late.spell', 'customer_no', '{valid}');
SELECT late.marks($$INSERT INTO late.spell VALUES (1, 10, 'EUR', '[2024-01-01,2024-01-31]'),
	(2, 10, 'EUR', '(,2024-01-31]'), (3, 10, 'EUR', 'empty'),
	(4, 10, 'EUR', '[2024-02-01,)')$$) AS inserted;
SELECT late.marks($$UPDATE late.spell SET valid = '[2024-02-01,2024-02-10]'
	WHERE customer_no = 4$$) AS closed;
SELECT late.marks($$UPDATE late.spell SET currency = 'USD'
	WHERE customer_no = 1$$) AS other_currency;
SELECT late.marks($$UPDATE late.spell SET valid = 'empty' WHERE customer_no = 2$$) AS emptied;
SELECT late.marks($$DELETE FROM late.spell$$) AS deleted;

-- Snapshots, flows and changes: one day
CREATE TABLE late.snapshot (customer_no text, balance numeric, as_of date);
SELECT tiering.watch_table('late', 'late.snapshot', 'customer_no', '{as_of}');
SELECT late.marks($$INSERT INTO late.snapshot SELECT c, 5, d::date
	FROM unnest('{a,b}'::text[]) c, generate_series(date '2024-01-01', '2024-01-31', '1 day') d$$)
	AS inserted;
SELECT late.marks($$UPDATE late.snapshot SET balance = 6
	WHERE customer_no = 'a' AND as_of >= '2024-01-15'$$) AS other_balances;
SELECT late.marks($$UPDATE late.snapshot SET as_of = as_of + 1
	WHERE customer_no = 'b'$$) AS a_day_later;
SELECT late.marks($$UPDATE late.snapshot
	SET as_of = CASE as_of WHEN '2024-01-11' THEN date '2024-01-12' ELSE '2024-01-11' END
	WHERE customer_no = 'b' AND as_of IN ('2024-01-11', '2024-01-12')$$) AS days_exchanged;
CREATE TABLE late.flow (account_no int, amount numeric, posted_at timestamp);
CREATE TABLE late.account (account_no int PRIMARY KEY, customer_no text);
INSERT INTO late.account VALUES (1, 'x'), (2, 'x'), (3, 'y');
SELECT tiering.watch_table('late', 'late.flow',
	'(SELECT a.customer_no FROM late.account a WHERE a.account_no = r.account_no)',
	'{posted_at::date}', '{amount}');
SELECT tiering.watch_table('late', 'late.account', 'customer_no', counted => '{account_no}');
SELECT late.marks($$INSERT INTO late.flow VALUES (1, 100, '2024-01-10 10:00'),
	(2, -5, '2024-01-09 23:59'), (3, 7, '2024-02-01'), (4, 7, '2024-02-01')$$) AS posted;
SELECT late.marks($$UPDATE late.flow
	SET posted_at = posted_at + interval '1 hour'$$) AS an_hour_later;
SELECT late.marks($$UPDATE late.account SET customer_no = 'y'
	WHERE account_no = 2$$) AS other_owner;

-- COPY, partitions, and a table for two schemes, of which one ends
COPY late.snapshot FROM stdin;
c	1	2024-03-01
c	1	2024-02-01
\.
SELECT late.marks('SELECT') AS copied;
CREATE TABLE late.parted (customer_no text, balance numeric, changed_on date)
	PARTITION BY RANGE (changed_on);
CREATE TABLE late.parted_1 PARTITION OF late.parted
	FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE late.parted_2 PARTITION OF late.parted
	FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
SELECT tiering.watch_table('late', 'late.parted', 'customer_no', '{changed_on}'),
	tiering.watch_table('late', 'late.parted_2', 'customer_no', '{changed_on}'),
	tiering.watch_table('other', 'late.parted', 'customer_no', '{changed_on}', '{}');
SELECT late.marks($$INSERT INTO late.parted VALUES ('p', 1, '2024-01-15'),
	('p', 2, '2024-02-15'), ('q', 2, '2024-02-16')$$) AS inserted;
SELECT late.marks($$UPDATE late.parted SET changed_on = '2024-02-20'
	WHERE changed_on = '2024-01-15'$$) AS to_the_other_partition;
SELECT late.marks($$INSERT INTO late.parted_2
	VALUES ('s', 1, '2024-02-25')$$) AS loaded_directly;
DELETE FROM late.parted;
UPDATE late.parted SET balance = balance + 1;
SELECT scheme, customer_id, from_as_of, marks FROM tiering.dirty_customer
ORDER BY scheme, customer_id;
DELETE FROM tiering.dirty;
SELECT tiering.unwatch_table('other', 'late.parted');
INSERT INTO late.parted VALUES ('p', 1, '2024-01-15');
SELECT scheme FROM tiering.dirty;
DELETE FROM tiering.dirty;
-- one whose name is too long for a trigger's; and once more, which replaces
SELECT tiering.new_scheme(repeat('é', 60), 'x'), count(*) FROM (SELECT) n;
SELECT tiering.watch_table(repeat('é', 60), 'late.parted', 'customer_no', '{changed_on}')
FROM generate_series(1, 2);
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'late.parted'::regclass;
SELECT t.fails($$SELECT tiering.unwatch_table('other', 'late.parted')$$);
SELECT tiering.unwatch_table(repeat('é', 60), 'late.parted');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'late.parted'::regclass;

-- What is refused
CREATE VIEW late.seen AS SELECT * FROM late.balance;
CREATE TABLE late.docs (customer_no text, as_of date, data json);
SELECT t.fails(q) FROM unnest(ARRAY[
	'SELECT tiering.watch_table(''nothing'', ''late.balance'', ''customer_no'')',
	'SELECT tiering.watch_table(NULL, ''late.balance'', ''customer_no'')',
	'SELECT tiering.watch_table(''late'', NULL, ''customer_no'')',
	'SELECT tiering.watch_table(''late'', ''late.balance'', NULL)',
	'SELECT tiering.watch_table(''late'', ''late.balance'', ''customer_no'', NULL)',
	'SELECT tiering.watch_table(''late'', ''late.seen'', ''customer_no'')',
	'SELECT tiering.watch_table(''late'', ''late.balance'', ''customer'')',
	'SELECT tiering.watch_table(''late'', ''late.balance'', ''no'', ''{valid_from,until}'')',
	'SELECT tiering.watch_table(''late'', ''late.balance'', ''customer_no'', ''{note}'')',
	'SELECT tiering.watch_table(''late'', ''late.spell'', ''customer_no'', ''{valid,valid}'')',
	'SELECT tiering.watch_table(''late'', ''late.balance'', ''no'', ''{valid_from,NULL}'')',
	'SELECT tiering.watch_table(''late'', ''late.balance'', ''customer_no'', ''{no,no,no}'')',
	'SELECT tiering.watch_table(''late'', ''late.balance'', ''(SELECT customer_no FROM account)'')',
	'SELECT tiering.watch_table(''late'', ''late.docs'', ''customer_no'', ''{as_of}'')',
	'SELECT tiering.watch_table(''late'', ''late.balance'', ''customer_no'', ''{}'', ''{NULL}'')',
	'SELECT tiering.unwatch_table(''late'', ''late.docs'')',
	'SELECT tiering.unwatch_table(''other'', ''late.docs'')',
	'SELECT tiering.unwatch_table(''nobody'', ''late.parted'')',
	'SELECT tiering.unwatch_table(NULL, ''late.docs'')',
	'SELECT tiering.unwatch_table(''late'', NULL)']) q;
SELECT tiering.watch_table('late', 'late.docs', 'customer_no', '{as_of}', '{data::text}');
ALTER TABLE late.docs RENAME as_of TO day;
SELECT t.fails('INSERT INTO late.docs VALUES (''a'', ''2024-01-01'', ''{}'')');

-- Whoever changes a table does it with their own rights, and needs the right to mark;
-- the expressions are evaluated with these, not with those of the extension.
CREATE ROLE t_owner;
CREATE ROLE t_loader;
CREATE ROLE t_outsider;
GRANT CREATE, USAGE ON SCHEMA late TO t_owner;
GRANT USAGE ON SCHEMA late TO t_loader, t_outsider;
GRANT USAGE ON SCHEMA t TO t_owner, t_loader, t_outsider;
SET SESSION AUTHORIZATION t_owner;
CREATE TABLE late.owned (customer_no text, balance numeric, as_of date);
GRANT INSERT ON late.owned TO t_loader, t_outsider;
CREATE FUNCTION late.who(customer_no text) RETURNS text
LANGUAGE sql AS 'SELECT customer_no || '' '' || current_user';
SELECT t.fails(
	'SELECT tiering.watch_table(''late'', ''late.owned'', ''customer_no'', ''{as_of}'')');
SELECT t.fails('CREATE TRIGGER mine AFTER INSERT ON late.owned
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.mark_changes()');
RESET SESSION AUTHORIZATION;
SELECT tiering.grant_role('t_owner', 'load'), tiering.grant_role('t_loader', 'load');
SET SESSION AUTHORIZATION t_loader;
SELECT t.fails(
	'SELECT tiering.watch_table(''late'', ''late.owned'', ''customer_no'', ''{as_of}'')');
SET SESSION AUTHORIZATION t_owner;
SELECT tiering.watch_table('late', 'late.owned', 'late.who(customer_no)', '{as_of}');
SET SESSION AUTHORIZATION t_outsider;
SELECT t.fails('INSERT INTO late.owned VALUES (''a'', 1, ''2024-01-01'')');
SELECT t.fails('SELECT _tiering.append_marks(''late'', ''{a}'', ''{2024-01-01}'')');
SELECT t.fails('SELECT tiering.mark_dirty(''late'', ''a'', ''2024-01-01'')');
SET SESSION AUTHORIZATION t_loader;
INSERT INTO late.owned VALUES ('a', 1, '2024-01-01');
SELECT t.fails('SELECT * FROM tiering.dirty');
RESET SESSION AUTHORIZATION;
SELECT customer_id FROM tiering.dirty;
DELETE FROM tiering.dirty;

-- Restating: days that no assessment is behind are the next one's own
CREATE TABLE late.value (customer_id text, x numeric, as_of date);
SELECT tiering.set_source('late', 'SELECT customer_id, x FROM late.value WHERE as_of = $1'),
	tiering.watch_table('late', 'late.value', 'customer_id', '{as_of}', '{x}');
INSERT INTO late.value SELECT 'c' || i, 50, d
FROM generate_series(1, 100) i, unnest('{2024-01-31,2024-02-29}'::date[]) d;
SELECT customers, assessments FROM tiering.restate_dirty('late');
SELECT count(tiering.refresh('late', d)) FROM unnest('{2024-01-31,2024-02-29}'::date[]) d;
INSERT INTO late.value SELECT 'c' || i, 60, '2024-03-31' FROM generate_series(1, 100) i;
UPDATE late.value SET x = 500 WHERE customer_id = 'c7' AND as_of = '2024-02-29';
SELECT customers, assessments, recorded FROM tiering.restate_dirty('late');
SELECT count(*) FROM tiering.dirty;
SELECT new, up, down, stayed FROM tiering.refresh('late', '2024-03-31');
-- a scheme that is gone does not stop a load
DELETE FROM tiering.dirty;
SELECT tiering.watch_table('other', 'late.value', 'customer_id', '{as_of}', '{x}');
DELETE FROM tiering.scheme_version WHERE scheme = 'other';
DELETE FROM tiering.scheme WHERE scheme = 'other';
UPDATE late.value SET x = 1 WHERE customer_id = 'c8';
SELECT scheme, customer_id, from_as_of FROM tiering.dirty;
DELETE FROM tiering.dirty;

REVOKE USAGE ON SCHEMA t FROM t_owner, t_loader, t_outsider;
SELECT tiering.revoke_role('t_owner', 'load'), tiering.revoke_role('t_loader', 'load');
DROP SCHEMA late CASCADE;
DROP ROLE t_owner, t_loader, t_outsider;
