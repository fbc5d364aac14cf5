-- The status of a version is changed by publish() and unpublish() only, each time with
-- a record, and what is tried out can be taken back or dropped.
CREATE ROLE status_author LOGIN;
CREATE ROLE status_group;
CREATE ROLE status_nobody LOGIN;
GRANT status_group TO status_author;
SELECT tiering.grant_role('status_author', 'author');
GRANT USAGE ON SCHEMA t TO status_author, status_group, status_nobody;
CREATE VIEW t.version_status AS
SELECT scheme, version, status, effective, published_by, published_as,
	definition_rows = tiering.definition_rows(scheme, version) AS all_rows
FROM tiering.scheme_version ORDER BY scheme COLLATE "C", version;
GRANT SELECT ON t.version_status TO PUBLIC;
CREATE TABLE t.status_money (no text, amount numeric);
INSERT INTO t.status_money VALUES ('a', 5), ('b', 15), ('c', 25);

-- An author: what makes a version is theirs to write, its status is not
SET SESSION AUTHORIZATION status_author;
SELECT tiering.create_ladder('st', 'x', '{low,mid,high}', '{NULL,10,20}');
UPDATE tiering.scheme_version SET note = 'first', everyone = true WHERE scheme = 'st';
UPDATE tiering.scheme SET title = 'Status' WHERE scheme = 'st';
SELECT t.fails(format('UPDATE tiering.scheme_version SET %s WHERE scheme = ''st''', change))
FROM unnest(ARRAY[
	'status = ''published''', 'effective = ''[2024-01-01,)''', 'created_by = ''the board''',
	'created_as = ''the board''', 'created_at = ''2020-01-01''', 'published_at = now()',
	'published_by = ''the board''', 'published_as = ''the board''', 'definition_rows = 7',
	$$status = 'published', effective = '[2024-01-01,)', published_at = now(),
		published_by = 'me', definition_rows = 6$$]) change;
SELECT t.fails($$INSERT INTO tiering.scheme_version (scheme, version, created_by)
	VALUES ('st', 7, 'the board')$$);
SELECT t.fails($$INSERT INTO tiering.scheme_version (scheme, version, created_at)
	VALUES ('st', 7, '2020-01-01')$$);
SELECT t.fails($$INSERT INTO tiering.scheme_version (scheme, version, status, effective,
	published_at, published_by, definition_rows)
	VALUES ('st', 7, 'published', '[2024-01-01,)', now(), 'me', 0)$$);
SELECT t.fails($$UPDATE tiering.scheme SET turn = 0 WHERE scheme = 'st'$$);
SELECT t.fails($$INSERT INTO tiering.publication (scheme, event, what, version, effective)
	VALUES ('st', 1, 'publish', 1, '2024-01-01')$$);
SET ROLE status_group;
SELECT t.fails($$SELECT tiering.publish('st', '2024-01-01')$$);
RESET ROLE;
SELECT tiering.publish('st', '2024-01-01'), tiering.new_version('st', 'second');
SELECT t.fails($$UPDATE tiering.scheme_version SET status = 'retired',
	effective = '[2024-01-01,2024-02-01)' WHERE scheme = 'st' AND version = 1$$);
SELECT t.fails($$UPDATE tiering.scheme_version SET note = '' WHERE scheme = 'st' AND version = 1$$);
RESET SESSION AUTHORIZATION;
SELECT version, created_at = now(), created_by, created_as FROM tiering.scheme_version
WHERE scheme = 'st' ORDER BY version;
SELECT * FROM t.version_status WHERE scheme = 'st';
-- the role that is set is beside who logged in
BEGIN;
SET ROLE status_author;
SELECT tiering.new_scheme('st_as');
SELECT created_by = session_user AS login, created_as FROM tiering.scheme_version
WHERE scheme = 'st_as';
ROLLBACK;

-- The owner's plain statements leave no hole and forge nothing either
SELECT t.fails(format('UPDATE tiering.scheme_version SET %s WHERE scheme = ''st'' AND %s',
	change, which))
FROM (VALUES
	($$status = 'retired', effective = '[2024-01-01,2024-02-01)'$$, 'version = 1'),
	($$effective = '[2024-01-01,2024-02-01)'$$, 'version = 1'),
	($$status = 'draft', effective = NULL, published_at = NULL, published_by = NULL,
		published_as = NULL, definition_rows = NULL$$, 'version = 1'),
	($$published_by = 'the board'$$, 'version = 1'), ($$note = ''$$, 'version = 1'),
	($$status = 'published', effective = '[2024-02-01,)', published_at = now(),
		published_by = 'me', definition_rows = 6$$, 'version = 2'),
	($$created_by = 'the board'$$, 'version = 2'), ($$created_at = '2020-01-01'$$, 'version = 2'))
	v(change, which);
SELECT t.fails($$DELETE FROM tiering.scheme_version WHERE scheme = 'st' AND version = 1$$);
SELECT t.fails($$UPDATE tiering.publication SET reason = 'x'$$),
	t.fails('DELETE FROM tiering.publication'), t.fails('TRUNCATE tiering.publication');
SET session_replication_role = replica;
SELECT t.fails($$UPDATE tiering.rule SET bounds = '[1,)' WHERE scheme = 'st' AND version = 1$$),
	t.fails($$DELETE FROM tiering.tier WHERE scheme = 'st' AND version = 1$$),
	t.fails($$INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('st', 1, 'x', 9)$$),
	t.fails($$UPDATE tiering.scheme_version SET status = 'retired',
		effective = '[2024-01-01,2024-02-01)' WHERE scheme = 'st' AND version = 1$$),
	t.fails($$DELETE FROM tiering.publication$$), t.fails('TRUNCATE tiering.rule');
RESET session_replication_role;

-- A wrong date: each hint leads out
SET SESSION AUTHORIZATION status_author;
SELECT tiering.publish('st', '2042-03-01');
SELECT t.fails($$SELECT tiering.publish('st', '2024-03-01')$$);
SELECT tiering.new_version('st');
SELECT t.fails($$SELECT tiering.publish('st', '2024-03-01')$$);
SELECT t.fails($$SELECT tiering.publish('st', NULL)$$),
	t.fails($$SELECT tiering.publish('st', '-infinity')$$);
SELECT t.fails($$SELECT tiering.unpublish('st', 2, 'a slip')$$);
DELETE FROM tiering.scheme_version WHERE scheme = 'st' AND version = 3;
SELECT t.fails(format('SELECT tiering.unpublish(%s)', arguments)) FROM unnest(ARRAY[
	$$'st', 2, NULL$$, $$'st', 2, ' '$$, $$'st', 1, 'x'$$, $$'st', 9, 'x'$$, $$'none', 1, 'x'$$,
	$$NULL, 1, 'x'$$, $$'st', NULL, 'x'$$]) arguments;
SELECT tiering.unpublish('st', 2, 'a slip of the year');
SELECT * FROM t.version_status WHERE scheme = 'st';
SELECT t.fails($$SELECT tiering.unpublish('st', 2, 'again')$$);
-- it is a draft like others: changed, dated again
UPDATE tiering.tier SET tier = tier WHERE scheme = 'st' AND version = 2;
UPDATE tiering.rule SET bounds = '[12,)' WHERE scheme = 'st' AND version = 2 AND tier = 'mid';
SELECT tiering.publish('st', '2024-03-01');
SELECT tiering.classify('st', 11, '2024-02-29'), tiering.classify('st', 11, '2024-03-01');
SELECT * FROM t.version_status WHERE scheme = 'st';
-- or removed; the first one too
SELECT tiering.unpublish('st', 2, 'not at all');
DELETE FROM tiering.scheme_version WHERE scheme = 'st' AND version = 2;
SELECT tiering.unpublish('st', 1, 'nor this'), tiering.publish('st', '2024-01-01');
SELECT * FROM t.version_status WHERE scheme = 'st';
SELECT event, what, version, effective, reason, done_by, done_as FROM tiering.publication
WHERE scheme = 'st' ORDER BY event;
RESET SESSION AUTHORIZATION;

-- One that has graded stays
SELECT tiering.set_source('st', 'SELECT no AS customer_id, amount AS x FROM t.status_money');
SELECT new FROM tiering.refresh('st', '2024-02-29');
SET SESSION AUTHORIZATION status_author;
SELECT t.fails($$SELECT tiering.unpublish('st', 1, 'x')$$);
SELECT tiering.new_version('st'), tiering.publish('st', '2024-03-01'), tiering.new_version('st'),
	tiering.publish('st', '2024-05-01');
SELECT t.fails($$SELECT tiering.unpublish('st', 2, 'x')$$);
SELECT t.fails($$SELECT tiering.publish('st', '2024-04-01')$$);
SELECT tiering.unpublish('st', 3, 'x');
RESET SESSION AUTHORIZATION;
-- an assessment, a move by hand, and one that is gone again
BEGIN;
SELECT up FROM tiering.refresh('st', '2024-03-31');
SELECT left(t.fails($$SELECT tiering.unpublish('st', 2, 'x')$$), 60);
DELETE FROM tiering.scheme_version WHERE scheme = 'st' AND version = 3;
SELECT left(t.fails($$SELECT tiering.publish('st', '2024-03-01')$$), 120);
ROLLBACK;
BEGIN;
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('st', 'hand', 'low', '2024-03-31', '2024-03-31', 2);
SELECT left(t.fails($$SELECT tiering.unpublish('st', 2, 'x')$$), 60);
DELETE FROM tiering.assignment WHERE scheme = 'st' AND customer_id = 'hand';
SELECT left(t.fails($$SELECT tiering.unpublish('st', 2, 'x')$$), 60);
ROLLBACK;

-- Experiments go whole: published or not, with what is bound to them
SET SESSION AUTHORIZATION status_author;
SELECT t.fails(format('SELECT tiering.drop_scheme(%s)', arguments))
FROM unnest(ARRAY[$$'st', 'x'$$, $$'st', ' '$$, $$'none'$$, 'NULL']) arguments;
SELECT tiering.load_preset('cib', 'try'), tiering.publish('try', '2024-01-01'),
	tiering.new_version('try'), tiering.publish('try', '2025-01-01'), tiering.new_version('try');
SELECT tiering.create_matrix('try2', 'a', '{1}', 'b', '{1}', '{{x,y},{y,z}}', '{x,y,z}');
SELECT tiering.new_scheme('try3');
DELETE FROM tiering.scheme_version WHERE scheme = 'try3';
RESET SESSION AUTHORIZATION;
SELECT tiering.set_source('try',
		'SELECT no AS customer_id, amount AS daily_avg_assets FROM t.status_money'),
	tiering.set_series('try', 'SELECT no AS customer_id, NULL::tiering.daily_series AS balances,
		tiering.month($1) AS period FROM t.status_money');
INSERT INTO tiering.dirty (scheme, customer_id, from_as_of) VALUES ('try', 'a', '2024-01-31');
SET SESSION AUTHORIZATION status_author;
SELECT tiering.drop_scheme('try', 'tried'), tiering.drop_scheme('try2'),
	tiering.drop_scheme('try3');
RESET SESSION AUTHORIZATION;
-- every table that has to do with a scheme; who adds one decides what a drop does with it
CREATE FUNCTION t.rows_of(relation text, like_scheme text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM tiering.%I WHERE scheme LIKE %L', relation, like_scheme)
	INTO n;
	RETURN n;
END;
$$;
SELECT c.relname, t.rows_of(c.relname, 'try%') AS rows_left
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'scheme'
WHERE c.relnamespace = 'tiering'::regnamespace AND c.relkind = 'r' ORDER BY c.relname;
SELECT scheme, event, what, version, effective, reason, done_by FROM tiering.publication
WHERE scheme LIKE 'try%' ORDER BY scheme, event;
-- the name is free again, and what is published under it is frozen
SET SESSION AUTHORIZATION status_author;
SELECT tiering.create_ladder('try', 'x', '{a,b}', '{NULL,1}'), tiering.publish('try', '2024-01-01');
SELECT t.fails($$DELETE FROM tiering.scheme_version WHERE scheme = 'try'$$),
	t.fails($$DELETE FROM tiering.rule WHERE scheme = 'try'$$);
RESET SESSION AUTHORIZATION;
-- of a scheme without customers, what they left is in the way
BEGIN;
DELETE FROM tiering.assignment WHERE scheme = 'st';
SELECT t.fails($$SELECT tiering.drop_scheme('st', 'x')$$);
ROLLBACK;

-- Nobody else
SET SESSION AUTHORIZATION status_nobody;
SELECT t.fails('SELECT tiering.' || call) FROM unnest(ARRAY[$$publish('try', '2025-01-01')$$,
	$$unpublish('try', 1, 'x')$$, $$drop_scheme('try')$$, 'enable_triggers()']) call;
RESET SESSION AUTHORIZATION;
SELECT * FROM t.version_status WHERE scheme = 'try';

DROP OWNED BY status_author, status_group, status_nobody;
DROP ROLE status_author, status_group, status_nobody;
