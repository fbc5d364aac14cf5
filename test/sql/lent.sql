-- A right is nobody's to lend: what is changed by hand, bound or authored through a
-- definer's function or a view over one is refused, whoever reads it and whoever's it is.
SET client_min_messages = warning;
SET datestyle = iso;
CREATE SCHEMA lent;
CREATE TABLE lent.money AS
SELECT * FROM (VALUES ('c1', 50.0), ('c2', 50), ('c3', 500)) v(customer_id, assets);
-- alice may do all that there is, chief too, eve nothing, and the bureau is a group
CREATE ROLE lent_alice; CREATE ROLE lent_chief; CREATE ROLE lent_eve;
CREATE ROLE lent_bureau; CREATE ROLE lent_clerk IN ROLE lent_bureau;
SELECT count(tiering.grant_role(r, g.what))
FROM (SELECT DISTINCT what FROM tiering.role_grants()) g,
	unnest('{lent_alice,lent_chief}'::regrole[]) r;
SELECT tiering.grant_role('lent_bureau', what) FROM unnest('{hand,author,bind}'::text[]) what;
GRANT USAGE ON SCHEMA t TO PUBLIC;
GRANT USAGE ON SCHEMA lent TO PUBLIC;
GRANT CREATE ON SCHEMA lent TO lent_alice, lent_chief;
GRANT SELECT ON lent.money TO PUBLIC;
SELECT tiering.create_ladder('lent', 'assets', '{mass,gold,platinum}', '{NULL,100,1000}'),
	tiering.publish('lent', '2024-01-01'),
	tiering.set_source('lent', 'SELECT * FROM lent.money'),
	tiering.set_series('lent', 'SELECT customer_id, tiering.month($1 + 1) AS period,
		tiering.daily_series_snapshots(assets, $1) AS balances
		FROM lent.money GROUP BY customer_id');
SELECT tiering.new_scheme('lent_draft');
SELECT new FROM tiering.refresh('lent', '2024-01-31');

CREATE TABLE lent.wish (number serial, query text);
GRANT SELECT ON lent.wish TO PUBLIC;
INSERT INTO lent.wish (query) SELECT unnest(ARRAY[
	$$UPDATE tiering.assignment SET tier = 'platinum'
		WHERE scheme = 'lent' AND customer_id = 'c1'$$,
	$$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
		VALUES ('lent', 'c9', 'platinum', '2024-01-31', '2024-01-31', 1)$$,
	$$DELETE FROM tiering.assignment WHERE scheme = 'lent' AND customer_id = 'c1'$$,
	$$WITH moved AS (UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-02-01'
		WHERE scheme = 'lent' RETURNING 1) SELECT count(*) FROM moved$$,
	$$SELECT tiering.set_source('lent', 'SELECT customer_id, 1 AS assets FROM lent.money')$$,
	$$SELECT tiering.set_series('lent', NULL)$$,
	$$DELETE FROM tiering.series_source WHERE scheme = 'lent'$$,
	$$SELECT tiering.new_scheme('lent_new')$$,
	$$SELECT tiering.new_version('lent')$$,
	$$SELECT tiering.copy_scheme('lent', 'lent_new')$$,
	$$SELECT tiering.create_ladder('lent_new', 'x', '{a,b}', '{NULL,1}')$$,
	$$SELECT tiering.load_preset('cmb', 'lent_new')$$,
	$$SELECT tiering.import_scheme(tiering.export_scheme('lent'), 'lent_new')$$,
	$$INSERT INTO tiering.scheme (scheme) VALUES ('lent_new')$$,
	$$INSERT INTO tiering.metric (scheme, version, metric) VALUES ('lent_draft', 1, 'x')$$,
	$$UPDATE tiering.scheme SET title = 'x' WHERE scheme = 'lent_draft'$$,
	$$DELETE FROM tiering.scheme_version WHERE scheme = 'lent_draft'$$]);
CREATE FUNCTION lent.records() RETURNS text LANGUAGE sql AS $$
	SELECT format('%s by hand, sources of %s, %s schemes, %s versions, %s metrics',
		(SELECT count(*) FROM tiering.migration WHERE scheme = 'lent' AND cause = 'manual'),
		(SELECT string_agg(DISTINCT set_by::text, ', ') FROM (
			SELECT set_by FROM tiering.source WHERE scheme = 'lent'
			UNION ALL SELECT set_by FROM tiering.series_source WHERE scheme = 'lent') s),
		(SELECT count(*) FROM tiering.scheme WHERE scheme LIKE 'lent%'),
		(SELECT count(*) FROM tiering.scheme_version WHERE scheme LIKE 'lent%'),
		(SELECT count(*) FROM tiering.metric WHERE scheme LIKE 'lent%'))
$$;
CREATE FUNCTION lent.told(query text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(t.fails(query), E'\n', ' / ')
$$;
SELECT lent.records();

-- alice's function in a view of hers; the chief's own, called by one of hers; the owner's
SET SESSION AUTHORIZATION lent_alice;
CREATE FUNCTION lent.by_alice(query text) RETURNS text LANGUAGE sql SECURITY DEFINER
AS 'SELECT lent.told(query)';
CREATE VIEW lent.report AS SELECT w.number, lent.by_alice(w.query) AS told FROM lent.wish w;
GRANT SELECT ON lent.report TO PUBLIC;
SET SESSION AUTHORIZATION lent_chief;
CREATE FUNCTION lent.by_chief(query text) RETURNS text LANGUAGE sql SECURITY DEFINER
AS 'SELECT lent.told(query)';
SET SESSION AUTHORIZATION lent_alice;
CREATE VIEW lent.trap AS SELECT w.number,
	split_part(lent.by_alice(format('SELECT 1/(lent.by_chief(%L) ~ ''act for'')::int', w.query)),
		' / ', 1) AS told
FROM lent.wish w;
GRANT SELECT ON lent.trap TO PUBLIC;
RESET SESSION AUTHORIZATION;
CREATE FUNCTION lent.by_owner(query text) RETURNS text LANGUAGE sql SECURITY DEFINER
AS 'SELECT lent.told(query)';
SET SESSION AUTHORIZATION lent_eve;
SELECT told FROM lent.report WHERE number = 1;
SELECT number, left(told, 64) AS told FROM lent.report ORDER BY number;
SET SESSION AUTHORIZATION lent_chief;
SELECT told FROM lent.report WHERE number = 1;
SELECT number, left(told, 64) AS told FROM lent.report
WHERE told !~ '^42501 who (writes to|calls) tiering\.\S+ must act for themselves';
SELECT number, told FROM lent.trap WHERE told <> 'no error';
SELECT number, left(lent.by_owner(query), 64) AS told FROM lent.wish WHERE number <= 4;
RESET SESSION AUTHORIZATION;
SELECT lent.by_owner(query) FROM lent.wish WHERE number = 1;
SELECT lent.records();

-- Assessments are somebody's too: who ran one cannot approve the moves that it asks for, so
-- whoever may do both has nobody else run it.
SELECT tiering.create_ladder('lent_asks', 'assets', '{mass,gold}', '{NULL,100}');
UPDATE tiering.tier SET approval = true WHERE scheme = 'lent_asks' AND tier = 'gold';
SELECT tiering.publish('lent_asks', '2024-01-01'),
	tiering.set_source('lent_asks', 'SELECT * FROM lent.money');
INSERT INTO lent.wish VALUES (20, $$SELECT tiering.refresh('lent_asks', '2024-01-31')$$),
	(21, $$SELECT tiering.assess('lent', '2024-02-15', '{c1}', 'x')$$),
	(22, $$SELECT tiering.restate('lent', '2024-01-31', '{c1}')$$),
	(23, $$SELECT tiering.restate_dirty('lent')$$), (24, $$SELECT tiering.recount('lent')$$),
	(25, $$SELECT tiering.load_history('lent', 'SELECT 1')$$),
	(26, $$SELECT tiering.forget_customer('lent', 'c1', 'x')$$);
SET SESSION AUTHORIZATION lent_eve;
SELECT number, split_part(told, ' / ', 1) AS told FROM lent.report WHERE number >= 20
ORDER BY number;
SET SESSION AUTHORIZATION lent_alice;
SELECT count(lent.told(query)) FROM lent.wish WHERE number >= 20;
SELECT regexp_replace(lent.told(format('SELECT tiering.approve(%s)', request)),
	'request \d+', 'request N') AS told
FROM tiering.request_state WHERE scheme = 'lent_asks';
SELECT lent.by_owner(query) FROM lent.wish WHERE number = 20;
RESET SESSION AUTHORIZATION;

-- What records requests and decisions is nobody's to write, in person neither.
SET SESSION AUTHORIZATION lent_alice;
SELECT lent.told(format('INSERT INTO tiering.%I DEFAULT VALUES', r))
FROM unnest('{request,decision,publication,own_assessment,voided,migration,batch,forgotten,
	writing}'::text[]) r;

-- Late data, rates and calendars are loaded by whatever loads data.
SELECT lent.by_alice($$SELECT tiering.mark_dirty('lent', 'c1', '2024-01-31')$$),
	lent.by_alice($$INSERT INTO tiering.fx_rate (currency, base, on_date, rate)
		VALUES ('XXX', 'EUR', '1999-01-04', 2)$$),
	lent.by_alice($$INSERT INTO tiering.ecb_rate VALUES ('1999-01-05', 'XXX', 3)$$),
	lent.by_alice($$SELECT tiering.load_calendar('lent', '1999-01-04,true')$$);
RESET SESSION AUTHORIZATION;
SELECT (SELECT count(*) FROM tiering.dirty WHERE scheme = 'lent') AS marks,
	(SELECT sum(rate) FROM tiering.fx_rate WHERE currency = 'XXX') AS rates,
	tiering.business_days('lent', '[1999-01-04,1999-01-04]') AS days;
DELETE FROM tiering.calendar_day WHERE calendar = 'lent';
DELETE FROM tiering.fx_rate WHERE currency = 'XXX';
DELETE FROM tiering.dirty WHERE scheme = 'lent';

-- In person: by a statement, in a block, by functions and views with one's own rights,
-- in the role of a group.
SET SESSION AUTHORIZATION lent_chief;
UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'lent' AND customer_id = 'c1';
DO $$
BEGIN
	UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'lent' AND customer_id = 'c2';
	PERFORM tiering.new_version('lent');
END;
$$;
CREATE FUNCTION lent.mine(query text) RETURNS text LANGUAGE plpgsql
AS 'BEGIN EXECUTE query; RETURN (query); END';
SELECT count(lent.mine(w.query)) FROM lent.wish w WHERE w.number IN (2, 3, 5, 6, 12);
SET SESSION AUTHORIZATION lent_clerk;
SET ROLE lent_bureau;
UPDATE tiering.assignment SET tier = 'mass' WHERE scheme = 'lent' AND customer_id = 'c3';
SELECT tiering.set_source('lent', 'SELECT customer_id, assets FROM lent.money');
UPDATE tiering.scheme SET title = 'x' WHERE scheme = 'lent_draft';
RESET SESSION AUTHORIZATION;
SELECT lent.records();
SELECT customer_id, from_tier, to_tier, recorded_by, recorded_as FROM tiering.migration
WHERE scheme = 'lent' AND cause = 'manual' ORDER BY move;
SELECT sound FROM tiering.verify_history('lent');

-- All tables but those two are guarded, always; it takes no call.
SELECT c.relname FROM pg_class c LEFT JOIN pg_trigger g ON g.tgrelid = c.oid
	AND g.tgname = 'refuse_lent' AND g.tgenabled = 'A' AND g.tgtype = 62
WHERE c.relnamespace IN ('tiering'::regnamespace, 'tiering_archive'::regnamespace)
	AND c.relkind IN ('r', 'p') AND g.oid IS NULL
ORDER BY c.relname;
SELECT t.fails('SELECT _tiering.refuse_lent()');

DROP SCHEMA lent CASCADE;
DROP OWNED BY lent_alice, lent_chief, lent_eve, lent_bureau, lent_clerk CASCADE;
DROP ROLE lent_alice, lent_chief, lent_eve, lent_clerk, lent_bureau;
RESET client_min_messages;
RESET datestyle;
