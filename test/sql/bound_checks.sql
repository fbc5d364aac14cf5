-- Checks that are bound to a scheme: by rows with a fault no refresh moves anybody, until
-- they are put right or somebody lets them through; and who is told what.
SET client_min_messages = warning;
SET datestyle = 'ISO';
CREATE SCHEMA bound;
-- What a night says: whom it moved, or what it was refused with
CREATE FUNCTION bound.night(scheme text, day date, force boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	told text := t.fails(format('SELECT tiering.refresh(%L, %L, force => %L)', scheme, day, force));
BEGIN
	IF told <> 'no error' OR NOT has_table_privilege('tiering.migration', 'SELECT') THEN
		RETURN told;
	END IF;
	SELECT format('moved %s', count(*) FILTER (WHERE m.direction <> 'new')) INTO told
	FROM tiering.migration m WHERE m.scheme = night.scheme AND m.as_of = day;
	RETURN told;
END;
$$;
-- The same without keeping any of it, with checks, without them, and what of either
CREATE FUNCTION bound.tried(scheme text, day date, damage text, checked boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	IF NOT checked THEN
		PERFORM tiering.set_checks(scheme, NULL);
	END IF;
	EXECUTE damage;
	told := bound.night(scheme, day);
	RAISE EXCEPTION 'undone' USING ERRCODE = 'ZZ999';
EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
	RETURN split_part(told, E'\n', 1);
END;
$$;

-- The day's file twice, and not at all: a hundred customers just below the bound, and above it
CREATE TABLE bound.day (customer_id int, balance numeric, as_of date);
INSERT INTO bound.day SELECT c, 490000 + c % 2 * 20000, '2023-08-01'::date + d
FROM generate_series(1, 200) c, generate_series(0, 60) d;
SELECT tiering.create_ladder('bound', 'value', '{mass,private}', '{NULL,500000}'),
	tiering.publish('bound', '2023-01-01'), tiering.set_source('bound',
	'SELECT customer_id, tiering.daily_avg_snapshots(balance, as_of, tiering.month($1)) AS value
	FROM bound.day GROUP BY 1');
SELECT tiering.set_checks('bound', $$SELECT * FROM tiering.check_snapshots(
	'SELECT customer_id AS account, balance, as_of FROM bound.day', tiering.month($1));
$$);
SELECT bound.night('bound', '2023-08-31'), bound.tried('bound', '2023-09-30', 'SELECT', true);
SELECT damage, bound.tried('bound', '2023-09-30', damage, checked) AS night FROM unnest(ARRAY[
	'INSERT INTO bound.day SELECT * FROM bound.day WHERE as_of IN (''2023-09-14'', ''2023-09-15'')',
	'DELETE FROM bound.day WHERE as_of = ''2023-09-14''']) damage, unnest('{f,t}'::bool[]) checked;

-- A book of 5,000 customers in three kinds of tables, and 300 faults of theirs
CREATE TABLE bound.range AS
SELECT c AS account, 490000 + c % 2 * 20000 + h::numeric AS balance,
	'2023-01-01'::date + h * 100 AS valid_from, '2023-01-01'::date + h * 100 + 100 AS valid_to
FROM generate_series(1, 2000) c, generate_series(0, 3) h;
CREATE TABLE bound.snapshot AS
SELECT c AS account, 490000 + c % 2 * 20000 + d::numeric AS balance,
	'2023-08-30'::date + d AS as_of
FROM generate_series(2001, 4000) c, generate_series(0, 5) d;
CREATE TABLE bound.change AS
SELECT c AS account, 490000 + c % 2 * 20000 + h::numeric AS balance,
	'2023-01-01'::date + h * 200 + c % 7 AS changed_on
FROM generate_series(4001, 5000) c, generate_series(0, 1) h;
SELECT tiering.create_ladder('bound_book', 'value', '{mass,private}', '{NULL,500000}'),
	tiering.publish('bound_book', '2023-01-01'), tiering.set_source('bound_book', $$
	SELECT account AS customer_id, tiering.daily_avg(balance, valid_from, valid_to, p) AS value
	FROM bound.range, tiering.rolling('5 days', $1) p GROUP BY 1
	UNION ALL SELECT account, tiering.daily_avg_snapshots(balance, as_of, p)
	FROM bound.snapshot, tiering.rolling('5 days', $1) p GROUP BY 1
	UNION ALL SELECT account, tiering.daily_avg_changes(balance, changed_on, p)
	FROM bound.change, tiering.rolling('5 days', $1) p GROUP BY 1$$);
SELECT tiering.set_checks('bound_book', $$
	SELECT f.* FROM tiering.rolling('5 days', $1) p CROSS JOIN LATERAL (
		SELECT * FROM tiering.check_ranges('TABLE bound.range', p)
		UNION ALL SELECT * FROM tiering.check_snapshots('TABLE bound.snapshot', p)
		UNION ALL SELECT * FROM tiering.check_changes('TABLE bound.change', p,
			max_age => 500)) f$$);
-- each kind of fault, of so many accounts from one on; the last two are of the whole book
CREATE TABLE bound.fault (kind text, first_account int, accounts int, damage text);
INSERT INTO bound.fault VALUES
	('overlap', 1, 40, 'INSERT INTO bound.range SELECT account, balance, valid_from + 30, valid_to
		FROM bound.range WHERE account BETWEEN %s AND %s AND valid_from = ''2023-07-20'''),
	('duplicate', 41, 40, 'INSERT INTO bound.range SELECT * FROM bound.range
		WHERE account BETWEEN %s AND %s AND valid_from = ''2023-07-20'''),
	('conflict', 81, 30, 'INSERT INTO bound.range SELECT account, 7, valid_from, valid_to
		FROM bound.range WHERE account BETWEEN %s AND %s AND valid_from = ''2023-07-20'''),
	('backwards', 111, 30, 'INSERT INTO bound.range SELECT account, balance, ''2023-09-03'',
		''2023-09-01'' FROM bound.range WHERE account BETWEEN %s AND %s
		AND valid_from = ''2023-07-20'''),
	('one_day_gap', 141, 20, 'UPDATE bound.range SET valid_to = ''2023-09-02'' WHERE account
		BETWEEN %1$s AND %2$s AND valid_from = ''2023-07-20''; INSERT INTO bound.range SELECT
		account, balance, ''2023-09-03'', ''2023-10-28'' FROM bound.range
		WHERE account BETWEEN %1$s AND %2$s AND valid_from = ''2023-07-20'''),
	('null_balance', 161, 20, 'UPDATE bound.range SET balance = NULL
		WHERE account BETWEEN %s AND %s AND valid_from = ''2023-07-20'''),
	('duplicate', 2001, 30, 'INSERT INTO bound.snapshot SELECT * FROM bound.snapshot
		WHERE account BETWEEN %s AND %s AND as_of = ''2023-09-02'''),
	('conflict', 2031, 20, 'INSERT INTO bound.snapshot SELECT account, 7, as_of FROM bound.snapshot
		WHERE account BETWEEN %s AND %s AND as_of = ''2023-09-02'''),
	('missing_day', 2051, 30, 'DELETE FROM bound.snapshot
		WHERE account BETWEEN %s AND %s AND as_of = ''2023-09-02'''),
	('null_balance', 2081, 20, 'UPDATE bound.snapshot SET balance = NULL
		WHERE account BETWEEN %s AND %s AND as_of = ''2023-09-02'''),
	('stale', 4001, 10, 'DELETE FROM bound.change WHERE account BETWEEN %1$s AND %2$s; INSERT INTO
		bound.change SELECT a, 490000, ''2020-01-01'' FROM generate_series(%1$s, %2$s) a'),
	('conflict', 4011, 10, 'INSERT INTO bound.change SELECT account, 7, changed_on
		FROM bound.change WHERE account BETWEEN %s AND %s AND changed_on > ''2023-07-01'''),
	('the file twice', 2001, 0, 'INSERT INTO bound.snapshot SELECT * FROM bound.snapshot
		WHERE as_of = ''2023-09-02'''),
	('no file', 2001, 0, 'DELETE FROM bound.snapshot WHERE as_of = ''2023-09-02''');
SELECT sum(accounts) FROM bound.fault;
CREATE FUNCTION bound.damage(f bound.fault, accounts int) RETURNS text LANGUAGE sql AS $$
	SELECT format(f.damage, f.first_account, f.first_account + accounts - 1)
$$;
SELECT bound.night('bound_book', '2023-09-03'), bound.tried('bound_book', '2023-09-04', 'SELECT',
	true);
-- nobody is moved, be it one row; without checks as ever
SELECT f.kind, f.first_account, bound.tried('bound_book', '2023-09-04', bound.damage(f, 1), true)
		AS with_one,
	CASE WHEN f.kind <> ALL ('{conflict,null_balance,one_day_gap}') THEN
		bound.tried('bound_book', '2023-09-04', bound.damage(f, accounts), false) END
		AS without_checks
FROM bound.fault f ORDER BY first_account, accounts DESC, kind;
SELECT count(*) AS batches, max(as_of) FROM tiering.batch WHERE scheme = 'bound_book';
SELECT t.invariants('bound_book');
-- all of them together: each is found, and nobody who is sound
BEGIN;
DO $$
DECLARE
	f bound.fault;
BEGIN
	FOR f IN SELECT * FROM bound.fault WHERE accounts > 0 LOOP
		EXECUTE bound.damage(f, f.accounts);
	END LOOP;
END;
$$;
CREATE TEMP TABLE found AS SELECT * FROM tiering.run_checks('bound_book', '2023-09-04');
SELECT count(*) AS wrong
FROM (SELECT f.kind, f.first_account + i AS account
	  FROM bound.fault f, generate_series(0, accounts - 1) i) p
	FULL JOIN (SELECT kind, account::int FROM found WHERE severity = 'error') e
		USING (kind, account)
WHERE p.account IS NULL OR e.account IS NULL;
SELECT severity, kind, count(*) FROM found GROUP BY 1, 2 ORDER BY 1, 2;
SELECT bound.night('bound_book', '2023-09-04');
ROLLBACK;

-- Who binds and who refreshes: each learns what they may
CREATE ROLE t_checks;
CREATE ROLE t_night;
CREATE ROLE t_desk;
SELECT tiering.grant_role('t_checks', 'bind'), tiering.grant_role('t_night', 'grade'),
	tiering.grant_role('t_desk', 'report');
GRANT USAGE ON SCHEMA t, bound TO t_checks, t_night, t_desk;
SELECT t.fails(q) FROM unnest(ARRAY[
	'SELECT tiering.set_checks(''bound'', ''SELECT 1 AS severity'')',
	'SELECT tiering.set_checks(''bound'', ''SELECT 1 AS severity, 1 AS kind, 2 AS account,
		NULL AS days, 3 AS detail'')',
	'SELECT tiering.set_checks(''bound'', '' ; '')',
	'SELECT tiering.set_checks(''bound'', ''SELECT * FROM finding'')',
	'SELECT tiering.set_checks(''bound'', ''DELETE FROM bound.day'')',
	'SELECT tiering.set_checks(''bound'', ''SELECT 1; SELECT 2'')',
	'SELECT tiering.set_checks(''nowhere'', ''SELECT 1'')',
	'SELECT tiering.set_checks(NULL, ''SELECT 1'')',
	'SELECT tiering.run_checks(''nowhere'', ''2023-09-30'')',
	'SELECT tiering.run_checks(''bound'', NULL)']) q;
SET SESSION AUTHORIZATION t_night;
SELECT t.fails('SELECT tiering.set_checks(''bound'', NULL)'),
	t.fails('SELECT tiering.run_checks(''bound'', ''2023-09-30'')'),
	t.fails('SELECT * FROM _tiering.findings_rows(''bound'', ''2023-09-30'')');
RESET SESSION AUTHORIZATION;
-- the tables are asked with the rights of who bound the query, and only when it runs
SET SESSION AUTHORIZATION t_checks;
SELECT tiering.set_checks('bound', $$SELECT * FROM tiering.check_snapshots(
	'SELECT customer_id AS account, balance, as_of FROM bound.day', tiering.month($1),
	jump => 2)$$);
SELECT scheme, set_by, set_at > now() - interval '1 minute' AS now, settings IS NOT NULL AS kept
FROM tiering.refresh_check WHERE scheme = 'bound';
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION t_night;
SELECT bound.night('bound', '2023-09-30');
RESET SESSION AUTHORIZATION;
GRANT SELECT ON bound.day TO t_checks;
INSERT INTO bound.day SELECT * FROM bound.day
WHERE as_of = '2023-09-14' AND customer_id IN (7, 8, 9, 10, 11, 12);
DELETE FROM bound.day WHERE as_of = '2023-09-20';
UPDATE bound.day SET balance = 1 WHERE as_of = '2023-09-21' AND customer_id = 3;
SET SESSION AUTHORIZATION t_night;
SELECT bound.night('bound', '2023-09-30');
SELECT t.fails('TABLE tiering.source_check');
RESET SESSION AUTHORIZATION;
-- who may read customers is told more, and all of it if they ask
SELECT bound.night('bound', '2023-09-30');
SET SESSION AUTHORIZATION t_desk;
SELECT severity, kind, count(*), min(detail) FROM tiering.run_checks('bound', '2023-09-30')
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT severity, kind, findings, accounts, days FROM tiering.findings_summary(ARRAY(
	SELECT f FROM tiering.run_checks('bound', '2023-09-30') f));
RESET SESSION AUTHORIZATION;

-- Through by force, which is kept; warnings alone refuse nothing, and are kept, too
CREATE FUNCTION bound.let_through(scheme text, day date) RETURNS text LANGUAGE sql AS $$
	SELECT (regexp_match(tiering.report(scheme, day),
		'Findings that were let through.*?<td class="w">(\d+)'))[1]
$$;
BEGIN;
SET SESSION AUTHORIZATION t_night;
SELECT bound.night('bound', '2023-09-30', force => true);
RESET SESSION AUTHORIZATION;
SELECT as_of, errors, warnings, forced, recorded_by, recorded_as, finding
FROM tiering.source_check WHERE scheme = 'bound' AND as_of = '2023-09-30';
SELECT bound.let_through('bound', '2023-09-30');
ROLLBACK;
INSERT INTO bound.day SELECT c, 490000 + c % 2 * 20000, '2023-09-20' FROM generate_series(1, 200) c;
DELETE FROM bound.day a USING bound.day b
WHERE (a.customer_id, a.as_of) = (b.customer_id, b.as_of) AND a.ctid > b.ctid;
SELECT bound.night('bound', '2023-09-30', force => true), bound.night('bound', '2023-09-30');
SELECT errors, warnings, forced, recorded_by = session_user AS me, finding
FROM tiering.source_check WHERE scheme = 'bound' ORDER BY entry;
SELECT bound.let_through('bound', '2023-09-30');
-- in a transaction in which they and the source see the same
SET default_transaction_isolation = 'repeatable read';
SELECT bound.night('bound', '2023-09-30');
RESET default_transaction_isolation;
-- with limits beside them: each says its own
SELECT tiering.set_limits('bound', max_exit => 0);
DELETE FROM bound.day WHERE customer_id = 1;
SELECT bound.night('bound', '2023-09-30', force => true);
SELECT errors, warnings, forced, finding FROM tiering.source_check
WHERE scheme = 'bound' ORDER BY entry DESC LIMIT 2;
-- a restatement, and who is assessed alone, are not looked at
SELECT tiering.set_limits('bound');
INSERT INTO bound.day SELECT customer_id, 900000, as_of FROM bound.day
WHERE as_of = '2023-09-14' AND customer_id IN (2, 4);
SELECT superseded, recorded FROM tiering.restate('bound', '2023-09-30', '{2,4}');
SELECT bound.night('bound', '2023-09-30');
INSERT INTO bound.day VALUES (2, 900000, '2023-10-01');
SELECT up, down FROM tiering.assess('bound', '2023-10-01', '{2}', 'asked for it');
SELECT t.invariants('bound');

-- Rules of the bank's own; what cannot be one is told, whoever runs it
SELECT tiering.set_checks('bound', $$SELECT 'warning' AS severity, 'none' AS kind, 1 AS account,
	NULL::daterange AS days, format('nobody has a balance on %s', $1) AS detail
	WHERE NOT EXISTS (SELECT FROM bound.day WHERE as_of = $1) -- yet $$);
SELECT * FROM tiering.run_checks('bound', '2023-10-31');
SELECT tiering.set_checks('bound', $$SELECT NULL AS severity, 'none' AS kind, NULL AS account,
	NULL::daterange AS days, NULL AS detail$$);
SELECT bound.night('bound', '2023-10-31'), bound.night('bound', '2023-10-31', force => true);
SELECT tiering.set_checks('bound', $$SELECT 'error' AS severity, NULL AS kind, NULL AS account,
	NULL::daterange AS days, NULL AS detail$$);
SELECT bound.night('bound', '2023-10-31');
SELECT tiering.set_checks('bound', $$SELECT * FROM tiering.check_snapshots('TABLE day')$$);
SELECT bound.night('bound', '2023-10-31');
-- nothing of ours is written while they run, with whatever rights
CREATE FUNCTION bound.hide() RETURNS tiering.finding LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM tiering.refresh_limit;
	RETURN NULL;
END;
$$;
CREATE FUNCTION bound.again() RETURNS tiering.finding LANGUAGE sql AS $$
	SELECT NULL::tiering.finding FROM tiering.refresh('bound', '2023-10-31', force => true)
$$;
SELECT tiering.set_checks('bound', 'SELECT (bound.hide()).*'), bound.night('bound', '2023-10-31');
SELECT tiering.set_checks('bound', 'SELECT (bound.again()).*'), bound.night('bound', '2023-10-31');
-- what is temporary is another session's for another session
CREATE TEMP TABLE mine OF tiering.finding;
SELECT t.fails($$SELECT tiering.set_checks('bound', 'TABLE pg_temp.mine')$$);

-- Nobody changes them by hand; rows are restored for roles whose rights one has
SELECT t.fails($$UPDATE tiering.refresh_check SET query = 'SELECT 1' WHERE scheme = 'bound'$$);
GRANT INSERT ON tiering.refresh_check TO t_checks;
SET SESSION AUTHORIZATION t_checks;
SELECT t.fails($$INSERT INTO tiering.refresh_check (scheme, query, set_by)
	VALUES ('bound', 'SELECT 1', 't_night')$$);
RESET SESSION AUTHORIZATION;
REVOKE INSERT ON tiering.refresh_check FROM t_checks;
-- who bound them is gone
SET SESSION AUTHORIZATION t_checks;
SELECT tiering.set_checks('bound', 'SELECT f.* FROM tiering.check_snapshots(
	''SELECT 1 AS account, 1 AS balance, current_date AS as_of'', tiering.month($1)) f');
RESET SESSION AUTHORIZATION;
SELECT tiering.revoke_role('t_checks', 'bind'), tiering.revoke_role('t_night', 'grade'),
	tiering.revoke_role('t_desk', 'report');
DROP OWNED BY t_checks, t_night, t_desk;
DROP ROLE t_checks, t_night, t_desk;
SELECT bound.night('bound', '2023-10-31');
-- a null takes them away, and a scheme that goes takes them along
SELECT tiering.set_checks('bound', NULL), tiering.set_checks('bound_book', NULL);
SELECT t.fails($$SELECT tiering.run_checks('bound', '2023-10-31')$$);
SELECT tiering.create_ladder('bound_gone', 'value', '{mass}', '{NULL}'),
	tiering.set_checks('bound_gone', 'SELECT (NULL::tiering.finding).* WHERE false');
SELECT tiering.drop_scheme('bound_gone');
SELECT scheme FROM tiering.refresh_check WHERE scheme LIKE 'bound%';
DROP SCHEMA bound CASCADE;
