-- Nothing is written while a source or a series runs, whoever's right it is; and who
-- changes tiers by hand changes the tier and its day, and nothing without a record.
SET client_min_messages = warning;
SET datestyle = iso;
CREATE SCHEMA guarded;
CREATE TABLE guarded.money AS
SELECT * FROM (VALUES ('c1', 50.0), ('c2', 50), ('c3', 500)) v(customer_id, assets);
CREATE ROLE guarded_alice; CREATE ROLE guarded_night; CREATE ROLE guarded_hand;
CREATE ROLE guarded_ops; CREATE ROLE guarded_group IN ROLE guarded_ops;
SELECT tiering.grant_role('guarded_alice', g.what)
FROM (SELECT DISTINCT what FROM tiering.role_grants()) g;
SELECT tiering.grant_role('guarded_night', 'grade'), tiering.grant_role('guarded_night', 'report');
GRANT USAGE ON SCHEMA t TO PUBLIC;
GRANT USAGE ON SCHEMA guarded TO PUBLIC;
GRANT CREATE ON SCHEMA guarded TO guarded_alice;
GRANT SELECT ON guarded.money TO guarded_alice;
-- all tables, so that it is the guard that refuses
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA tiering, tiering_archive
	TO guarded_alice;
SELECT tiering.create_ladder('guarded', 'assets', '{mass,gold,platinum}', '{NULL,100,1000}'),
	tiering.publish('guarded', '2024-01-01'),
	tiering.set_source('guarded', 'SELECT * FROM guarded.money');
SELECT new FROM tiering.refresh('guarded', '2024-01-31');

CREATE TABLE guarded.now AS SELECT NULL::text AS query;
GRANT SELECT ON guarded.now TO guarded_alice;
GRANT UPDATE ON guarded.now TO guarded_night;
SET SESSION AUTHORIZATION guarded_alice;
CREATE FUNCTION guarded.act() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	wish text := query FROM guarded.now;
BEGIN
	IF wish IS NOT NULL THEN
		EXECUTE wish;
		RAISE EXCEPTION 'alice had her way';
	END IF;
	RETURN true;
END;
$$;
CREATE FUNCTION guarded.lend(wish text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
AS 'BEGIN EXECUTE wish; END';
SELECT tiering.set_source('guarded', 'SELECT * FROM guarded.money WHERE guarded.act()'),
	tiering.set_series('guarded', 'SELECT customer_id, tiering.month($1 + 1) AS period,
		tiering.daily_series_snapshots(assets, $1) AS balances
		FROM guarded.money WHERE guarded.act() GROUP BY customer_id');
RESET SESSION AUTHORIZATION;
CREATE FUNCTION guarded.under(wish text, call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE guarded.now SET query = wish;
	RETURN split_part(t.fails(call), E'\n', 1);
END;
$$;
CREATE TABLE guarded.wish (number serial, query text);
GRANT SELECT ON guarded.wish TO PUBLIC;
INSERT INTO guarded.wish (query) SELECT unnest(ARRAY[
	$$UPDATE tiering.assignment SET tier = 'platinum' WHERE customer_id = 'c1'$$,
	$$SELECT guarded.lend('UPDATE tiering.assignment SET tier = ''platinum''
		WHERE customer_id = ''c1''')$$,
	$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version, recorded_at)
		VALUES ('guarded', 'c9', 'platinum', '2024-01-31', '2024-01-31', 1, '2020-01-01')$$,
	$$DELETE FROM tiering.assignment WHERE customer_id = 'c1'$$,
	$$SELECT tiering.refresh('guarded', '2024-02-29')$$,
	$$SELECT tiering.assess('guarded', '2024-02-29', '{c1}', 'x')$$,
	$$SELECT tiering.restate('guarded', '2024-01-31', '{c1}')$$,
	$$SELECT tiering.restate_dirty('guarded')$$,
	$$SELECT tiering.recount('guarded')$$,
	$$SELECT tiering.mark_dirty('guarded', 'c1', '2024-01-31')$$,
	$$SELECT tiering.set_source('guarded', 'SELECT 1 AS customer_id, 2 AS assets')$$,
	$$SELECT tiering.set_series('guarded', NULL)$$,
	$$SELECT tiering.new_version('guarded')$$,
	$$SELECT tiering.create_ladder('guarded2', 'assets', '{a,b}', '{NULL,1}')$$,
	$$INSERT INTO tiering.fx_rate DEFAULT VALUES$$,
	$$SELECT tiering.load_history('guarded', 'SELECT 1')$$]);
SET SESSION AUTHORIZATION guarded_night;
SELECT number, guarded.under(query, $$SELECT tiering.refresh('guarded', '2024-02-29')$$)
FROM guarded.wish ORDER BY 1;
SELECT number, guarded.under(query, 'SELECT sum(balance_to_hold) FROM tiering.near_upgrade
	WHERE scheme = ''guarded''') FROM guarded.wish ORDER BY 1;
-- and so is the owner, whose rows would be taken for restored ones
RESET SESSION AUTHORIZATION;
SELECT guarded.under(query, $$SELECT tiering.refresh('guarded', '2024-02-29')$$)
FROM guarded.wish WHERE number = 3;
-- every table is guarded, always
SELECT c.relname FROM pg_class c LEFT JOIN pg_trigger g ON g.tgrelid = c.oid
	AND g.tgname = 'refuse_in_source' AND g.tgenabled = 'A' AND g.tgtype = 62
WHERE c.relnamespace IN ('tiering'::regnamespace, 'tiering_archive'::regnamespace)
	AND c.relkind IN ('r', 'p') AND g.oid IS NULL;
CREATE FUNCTION guarded.tries(relation text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT guarded.under(format(statement, relation),
		$q$SELECT tiering.refresh('guarded', '2024-02-29')$q$)
	FROM unnest('{INSERT INTO %s DEFAULT VALUES,DELETE FROM %s}'::text[]) statement
$$;
SELECT c.oid::regclass, told FROM pg_class c, guarded.tries(c.oid::regclass::text) told
WHERE c.relnamespace IN ('tiering'::regnamespace, 'tiering_archive'::regnamespace)
	AND c.relkind = 'r' AND told
	<> format('55000 nothing can be written to %s while a source runs', c.oid::regclass);
SELECT guarded.under('TRUNCATE tiering.migration',
	$$SELECT tiering.refresh('guarded', '2024-02-29')$$);
-- it is nobody's to put elsewhere, and takes no call
SET SESSION AUTHORIZATION guarded_alice;
SELECT t.fails('CREATE TRIGGER x BEFORE INSERT ON guarded.mine
	FOR EACH STATEMENT EXECUTE FUNCTION _tiering.refuse_in_source()')
FROM (SELECT guarded.lend('CREATE TABLE guarded.mine ()')) made;
RESET SESSION AUTHORIZATION;
SELECT t.fails('SELECT _tiering.refuse_in_source()');
SELECT t.fails('SELECT _tiering.limit_waiting()');
-- and nothing has changed
SELECT customer_id, tier, version FROM tiering.assignment WHERE scheme = 'guarded' ORDER BY 1;
SELECT count(*) AS batches,
	(SELECT count(*) FROM tiering.scheme_version WHERE scheme LIKE 'guarded%') AS versions,
	(SELECT count(*) FROM tiering.dirty WHERE scheme = 'guarded') AS marks
FROM tiering.batch WHERE scheme = 'guarded';
SET SESSION AUTHORIZATION guarded_night;
SELECT guarded.under(NULL, $$SELECT tiering.refresh('guarded', '2024-02-29')$$);
RESET SESSION AUTHORIZATION;

-- By hand, with the right for it
SELECT tiering.grant_role('guarded_hand', 'hand'), tiering.grant_role('guarded_ops', 'hand');
SET SESSION AUTHORIZATION guarded_hand;
UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'guarded' AND customer_id = 'c1';
UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-03-05'
WHERE scheme = 'guarded' AND customer_id = 'c2'
RETURNING customer_id, tier;
SET SESSION AUTHORIZATION guarded_group;
SET ROLE guarded_ops;
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('guarded', 'c4', 'mass', '2024-03-06', '2024-03-06', 1);
DELETE FROM tiering.assignment WHERE scheme = 'guarded' AND customer_id = 'c3';
RESET SESSION AUTHORIZATION;
SELECT customer_id, as_of, from_tier, to_tier, cause, recorded_by, recorded_as
FROM tiering.migration
WHERE scheme = 'guarded' AND cause = 'manual' ORDER BY move;
-- and nothing else
SET SESSION AUTHORIZATION guarded_hand;
SELECT t.fails(query) FROM unnest(ARRAY[
	$$UPDATE tiering.assignment SET misses = 0$$,
	$$UPDATE tiering.assignment SET earned = 'gold'$$,
	$$UPDATE tiering.assignment SET tier = 'gold', cause = 'rule'$$,
	$$UPDATE tiering.assignment SET customer_id = 'c1' WHERE customer_id = 'c2'$$,
	$$SELECT misses FROM tiering.assignment$$,
	$$SELECT * FROM tiering.migration$$,
	$$TRUNCATE tiering.assignment$$,
	$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version, recorded_at)
		VALUES ('guarded', 'c9', 'gold', '2024-03-31', '2024-03-31', 1, '2020-01-01')$$,
	$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version, misses)
		VALUES ('guarded', 'c9', 'gold', '2024-03-31', '2024-03-31', 1, 3)$$,
	$$INSERT INTO tiering.migration (scheme) VALUES ('guarded')$$]) query;
-- before the last move, or after today
SELECT t.fails(query) FROM unnest(ARRAY[
	$$UPDATE tiering.assignment SET tier = 'mass', as_of = '2024-03-01'
		WHERE scheme = 'guarded' AND customer_id = 'c2'$$,
	$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
		VALUES ('guarded', 'c3', 'gold', '2024-01-31', '2024-01-31', 1)$$,
	$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
		VALUES ('guarded', 'c5', 'gold', '2024-03-31', '2024-01-31', 1)$$,
	$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
		VALUES ('guarded', 'c5', 'emerald', '2024-03-31', '2024-03-31', 1)$$]) query;
SELECT regexp_replace(t.fails(query), format('%s|%s', current_date, current_date + 1), 'DAY', 'g')
FROM unnest(ARRAY[
	$$UPDATE tiering.assignment SET tier = 'mass', as_of = current_date + 1
		WHERE scheme = 'guarded' AND customer_id = 'c2'$$,
	$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
		VALUES ('guarded', 'c5', 'gold', current_date + 1, current_date + 1, 1)$$]) query;
RESET SESSION AUTHORIZATION;
-- The owner restores rows, but not by a function of somebody else's; nor do others. Where
-- there are moves, theirs are among them.
GRANT INSERT ON tiering.assignment TO guarded_hand;
CREATE FUNCTION guarded.row(customer text) RETURNS text LANGUAGE sql AS $$
	SELECT format('INSERT INTO tiering.assignment
		(scheme, customer_id, tier, as_of, since, version, recorded_at) VALUES
		(''guarded'', %L, ''gold'', ''2024-03-31'', ''2024-03-31'', 1, ''2020-01-01'')', customer)
$$;
SELECT t.fails(format('SELECT guarded.lend(%L)', guarded.row('by lending')));
SET SESSION AUTHORIZATION guarded_hand;
SELECT t.fails(guarded.row('by hand'));
RESET SESSION AUTHORIZATION;
SELECT t.fails(guarded.row('restored'));
-- What comes with a tier is noted by an assessment alone. Here, where all columns can be
-- named, a row is refused, or assignment, the moves and the reports agree.
CREATE TABLE guarded.import AS
SELECT row_number() OVER () AS n, i.* FROM (VALUES
	('since', '''2021-05-31'''), ('cause', '''rule'''), ('first_as_of', '''2021-05-31'''),
	('earned', '''mass'''), ('misses', '2'), ('best', '''mass'''), ('next_tier', '''mass'''),
	('next_review', '''2024-05-31'''), ('kept_until', '''2024-05-31'''),
	('policy_tier', '''mass'''), ('policy_since', '''2024-03-31'''),
	('recorded_at', '''2021-05-31''')) i(name, value);
CREATE FUNCTION guarded.import(name text, value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN split_part(t.fails(format('INSERT INTO tiering.assignment
		(scheme, customer_id, tier, as_of, %s version, %I)
		VALUES (''guarded'', %L, ''gold'', ''2024-03-31'', %s 1, %s)',
		CASE WHEN name <> 'since' THEN 'since,' END, name, 'with ' || name,
		CASE WHEN name <> 'since' THEN '''2024-03-31'',' END, value)), E'\n', 1);
END;
$$;
SELECT name, guarded.import(name, value) FROM guarded.import ORDER BY n;
GRANT SELECT ON guarded.import TO guarded_hand;
DELETE FROM tiering.assignment WHERE scheme = 'guarded' AND customer_id LIKE 'with %';
SET SESSION AUTHORIZATION guarded_hand;
SELECT name, guarded.import(name, value) FROM guarded.import
WHERE name <> 'recorded_at' ORDER BY n;
RESET SESSION AUTHORIZATION;
SELECT t.fails($$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('guarded', 'ever', 'gold', '-infinity', '-infinity', 1)$$);
SELECT t.fails($$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('guarded', 'old', 'gold', '2021-05-31', '2021-05-31', 1)$$);
SELECT tiering.tier_on('guarded', 'old', '2021-05-30') AS before,
	tiering.tier_on('guarded', 'old', '2021-05-31') AS since,
	tiering.tier_on('guarded', 'old', '2024-01-01') AS later;
SELECT tier, customers, as_new FROM tiering.tier_origin WHERE scheme = 'guarded' ORDER BY rank;
SELECT * FROM t.invariants('guarded');
SELECT a.customer_id, m.cause, m.recorded_by = session_user AS by_owner
FROM tiering.assignment a LEFT JOIN tiering.migration m USING (scheme, customer_id)
WHERE a.scheme = 'guarded' AND a.recorded_at = '2020-01-01' ORDER BY 1;
DELETE FROM tiering.assignment WHERE scheme = 'guarded';
SELECT sound FROM tiering.verify_history('guarded');
SELECT tiering.set_series('guarded', NULL); -- whose role goes
DROP SCHEMA guarded CASCADE;
DROP OWNED BY guarded_alice, guarded_night, guarded_hand, guarded_ops, guarded_group;
DROP ROLE guarded_alice, guarded_night, guarded_hand, guarded_group, guarded_ops;
RESET client_min_messages;
RESET datestyle;
