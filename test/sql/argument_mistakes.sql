-- The same mistake has the same SQLSTATE, whatever function it is made in. Every function that
-- people call is called with one argument at a time that is null, an infinite day, or not there,
-- the others being good, and what it did is undone. What is shown is what deviates: it is meant.
SET client_min_messages = warning;
SET datestyle = iso;
CREATE SCHEMA mistaken;
CREATE TABLE mistaken.customer (customer_id text, assets numeric, branch text);
INSERT INTO mistaken.customer VALUES ('A', 100, 'north'), ('B', 900, 'south'), ('C', 900, 'south'),
	('D', 900, 'south');
CREATE TABLE mistaken.balance (customer_id text, balance numeric);
CREATE FUNCTION mistaken.source() RETURNS text LANGUAGE sql
RETURN $$SELECT customer_id, assets FROM mistaken.customer
	WHERE customer_id <> 'D' OR $1 < '2024-02-01'$$;
CREATE FUNCTION mistaken.rows() RETURNS text LANGUAGE sql
RETURN $$SELECT 'a' AS account, 5::numeric AS balance, 5::numeric AS amount, d AS as_of,
	d AS changed_on, d AS posted_on, d AS valid_from, d + 1 AS valid_to, 'A' AS customer_id,
	'gold' AS tier, 5::numeric AS measure, NULL::int AS version
	FROM (VALUES ('2024-02-29'::date)) v(d)$$;
CREATE FUNCTION mistaken.dimensions() RETURNS text LANGUAGE sql
RETURN 'SELECT customer_id, branch FROM mistaken.customer WHERE $1 IS NOT NULL';

SELECT tiering.create_ladder(s, 'assets', '{mass,gold}', '{NULL,500}')
FROM unnest('{mistaken,mistaken_new,mistaken_draft}'::text[]) s;
INSERT INTO tiering.asset_weight VALUES ('mistaken', 1, 'cash', 1);
SELECT tiering.set_source('mistaken', mistaken.source()),
	tiering.set_dimensions('mistaken', mistaken.dimensions());
SELECT tiering.publish('mistaken', '2024-01-01'), tiering.publish('mistaken_new', '2024-01-01');
SELECT (tiering.refresh('mistaken', d)).new
FROM unnest('{2024-01-31,2024-02-29}'::date[]) d ORDER BY d;
INSERT INTO tiering.fx_rate (currency, base, on_date, rate) VALUES ('MMA', 'MMB', '2024-03-31', 2);
INSERT INTO tiering.calendar_day SELECT 'mistaken', d, true
FROM generate_series('2024-02-01'::date, '2024-02-29', '1 day') d;
SELECT tiering.set_checks('mistaken',
	'SELECT f.* FROM unnest(''{}''::tiering.finding[]) f WHERE $1 IS NOT NULL');
SELECT tiering.watch_table('mistaken', 'mistaken.balance', 'customer_id');
-- Somebody else asks, so that who runs this can decide
CREATE ROLE mistaken_asker;
SELECT tiering.grant_role('mistaken_asker', 'request');
SET SESSION AUTHORIZATION mistaken_asker;
SELECT tiering.request_override('mistaken', 'A', k, 'gold', '[2024-02-01,2024-06-01)', 'why') > 0
FROM unnest('{cap,floor}'::text[]) k;
RESET SESSION AUTHORIZATION;
SELECT tiering.request_override('mistaken', 'A', 'fixed', 'gold', '[2024-07-01,2024-08-01)',
	'why') > 0;
CREATE VIEW mistaken.request AS SELECT * FROM tiering.request r WHERE r.scheme = 'mistaken';
SELECT tiering.approve(request) FROM mistaken.request WHERE kind = 'cap';

-- A good value of each argument, and of a function's own where that is another one
CREATE TABLE mistaken.given (argument text, good text, of text DEFAULT '',
	PRIMARY KEY (argument, of));
INSERT INTO mistaken.given (argument, good) VALUES
	('account', '''a'''), ('ahead', 'false'), ('approvers', '''{}'''), ('archive', 'true'),
	('as_of', '''2024-02-29'''), ('asset_class', '''cash'''), ('balance', '5'),
	('base', '''MMB'''), ('based_on', '''[2024-02-01,2024-03-01)'''), ('before', '''2024-02-29'''),
	('bounds', '''[)'''), ('by', '''branch'''), ('calendar', '''mistaken'''),
	('column_bounds', '''{3}'''), ('column_metric', '''b'''), ('control_query', 'NULL'),
	('counted', '''{balance}'''), ('csv', '''2024-01-01,false'''), ('currency', '''MMA'''),
	('customer', '''customer_id'''), ('customer_id', '''A'''), ('customers', '''{A}'''),
	('days', '''zero'''), ('denominator', '''period'''), ('description', ''''''),
	('dimension', '''branch'''), ('document', 'tiering.export_scheme(''mistaken'')'),
	('effective_from', '''2024-05-01'''), ('entries', '0'), ('findings', '''{}'''),
	('first_month', '4'), ('force', 'false'), ('four_eyes', 'true'), ('from', '''mistaken'''),
	('from_as_of', '''2024-02-29'''), ('from_date', '''2024-01-31'''),
	('from_day', '''2024-03-01'''), ('from_ids', '''{B}'''), ('from_version', '1'),
	('grid', '''{{x,y},{y,z}}'''), ('head_batch', '1'), ('head_seal', '''00'''),
	('held', '''mass'''), ('holidays', '''{}'''), ('how_long', '''1 year'''),
	('into_id', '''C'''), ('jump', '2'), ('keep', '''into'''), ('kind', '''floor'''),
	('known_at', 'now()'), ('length', '''1 month'''), ('lower_bounds', '''{NULL,5}'''),
	('m', 'x.m'), ('max_age', '7'), ('max_balance', '9'), ('max_exit', '1'), ('max_moved', '1'),
	('max_new', '1'), ('metric', '''assets'''), ('new_id', '''Z'''), ('note', '''n'''),
	('on_date', '''2024-03-31'''), ('origin', ''''''), ('parameters', '''{}'''),
	('period', '''[2024-02-01,2024-03-01)'''), ('periods', '1'), ('preset', '''pyramid'''),
	('query', 'mistaken.source()'), ('rates', '''{2024-01-01: 2}'''), ('reason', '''why'''),
	('request', '(SELECT request FROM mistaken.request WHERE kind = ''floor'')'),
	('role', '''pg_monitor'''),
	('row_bounds', '''{5}'''), ('row_metric', '''a'''), ('scale', '2'),
	('scheme', '''mistaken'''), ('scheme_a', '''mistaken'''), ('scheme_b', '''mistaken_new'''),
	('series', '''{2024-01-01: 5}'''), ('shift', '0'), ('threshold', '4'), ('tier', '''gold'''),
	('tiers', '''{mass,gold}'''), ('title', '''t'''), ('title_zh', '''t'''), ('to', '''copied'''),
	('to_date', '''2024-02-29'''), ('to_version', '1'), ('tolerance', '0'), ('unit', '''month'''),
	('valid', '''[2024-03-01,2024-06-01)'''), ('valid_from', '''2024-02-01'''),
	('valid_to', '''2024-03-01'''), ('value', '5'), ('version', '1'),
	('watched', '''mistaken.balance'''), ('weekends', 'true'), ('what', '''report'''),
	('which', '''all'''), ('whose', '''theirs'''), ('within_percent', '5'),
	('day', '''2024-02-29''');
INSERT INTO mistaken.given (argument, good, of) VALUES
	('scheme', '''new_one''', 'create_ladder'), ('scheme', '''new_one''', 'create_matrix'),
	('scheme', '''new_one''', 'new_scheme'), ('scheme', '''new_one''', 'load_preset'),
	('scheme', '''new_one''', 'import_scheme'),
	('document', 'tiering.export_scheme(''mistaken'') || ''{"scheme": "new_one"}''',
		'import_scheme'),
	('request', '(SELECT request FROM mistaken.request WHERE kind = ''cap'')', 'end_override'),
	('request', '(SELECT request FROM mistaken.request WHERE kind = ''fixed'')', 'withdraw'),
	('customer_id', '''D''', 'forget_customer'), ('query', 'mistaken.rows()', 'load_history'),
	('query', 'mistaken.rows()', 'check_changes'), ('query', 'mistaken.rows()', 'check_flows'),
	('query', 'mistaken.rows()', 'check_ranges'), ('query', 'mistaken.rows()', 'check_snapshots'),
	('scheme', '''mistaken_draft''', 'publish'),
	('scheme', '''mistaken_draft''', 'request_publication'),
	('scheme', '''mistaken_new''', 'drop_scheme'), ('scheme', '''mistaken_new''', 'unpublish'),
	('scheme', '''mistaken_new''', 'load_history'),
	('as_of', '''2024-03-31''', 'refresh'), ('as_of', '''2024-03-31''', 'assess'),
	('query', 'mistaken.dimensions()', 'set_dimensions'), ('query', 'NULL', 'set_series'),
	('query', 'NULL', 'set_checks'), ('days', '''{}''', 'watch_table'),
	('tiers', '''{x,y,z}''', 'create_matrix'), ('value', '''north''', 'grant_role'),
	('value', '''north''', 'revoke_role'), ('unit', '''CNY''', 'create_ladder');

CREATE TYPE mistaken.metrics AS (assets numeric);
CREATE FUNCTION mistaken.call(f regprocedure, mistake int, value text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT format('SELECT count(q::text) FROM (SELECT tiering.%s(%s) FROM (SELECT
		ROW(5)::mistaken.metrics AS m) x OFFSET 0) q', p.proname, string_agg(CASE
			WHEN a.n = mistake THEN format('%s::%s', value, a.type::regtype)
			WHEN a.type = 'record'::regtype THEN g.good
			ELSE format('%s::%s', g.good, a.type::regtype) END, ', ' ORDER BY a.n))
	FROM pg_proc p
		CROSS JOIN unnest(p.proargtypes) WITH ORDINALITY a(type, n)
		LEFT JOIN LATERAL (SELECT * FROM mistaken.given g
			WHERE g.argument = p.proargnames[a.n] AND g.of IN ('', p.proname)
			ORDER BY g.of DESC LIMIT 1) g ON true
	WHERE p.oid = f
	GROUP BY p.proname
$$;
CREATE FUNCTION mistaken.outcome(call text, OUT code text, OUT message text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	RAISE division_by_zero;		-- undoes it
EXCEPTION
	WHEN division_by_zero THEN code := 'answers';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
			hint = PG_EXCEPTION_HINT;
END;
$$;

-- What people call, but for aggregates, what takes Citus, and rows of metrics
CREATE TABLE mistaken.argument AS
SELECT p.oid::regprocedure AS f, p.proname, a.n::int, p.proargnames[a.n] AS argument, a.type,
	p.proisstrict
FROM pg_proc p CROSS JOIN unnest(p.proargtypes) WITH ORDINALITY a(type, n)
WHERE p.pronamespace = 'tiering'::regnamespace AND p.prokind = 'f' AND p.proargnames IS NOT NULL
	AND p.proname NOT LIKE '%on\_workers' AND a.type <> 'record'::regtype;
SELECT DISTINCT argument AS not_given FROM mistaken.argument a
WHERE NOT EXISTS (SELECT FROM mistaken.given g
	WHERE g.argument = a.argument AND g.of IN ('', a.proname));

-- Called as they should be, what does not answer
SELECT a.f, o.code, regexp_replace(o.message, '\d+ was', 'N was') AS message
FROM (SELECT DISTINCT f FROM mistaken.argument) a
	CROSS JOIN LATERAL mistaken.outcome(mistaken.call(a.f, NULL, NULL)) o
WHERE o.code <> 'answers' ORDER BY a.f::text COLLATE "C";

-- Null: 22004, or it has a meaning, which is often that of the default
CREATE TABLE mistaken.of_null AS
SELECT a.*, o.*
FROM mistaken.argument a
	CROSS JOIN LATERAL mistaken.outcome(mistaken.call(a.f, a.n, 'NULL')) o
WHERE NOT a.proisstrict;
SELECT proname, argument, code, message FROM mistaken.of_null WHERE code NOT IN ('22004', 'answers')
ORDER BY proname COLLATE "C", n;
SELECT argument, string_agg(DISTINCT proname, ', ' ORDER BY proname) AS answers
FROM mistaken.of_null WHERE code = 'answers' GROUP BY argument ORDER BY argument COLLATE "C";

-- An infinite day: 22023, or it has a meaning
SELECT a.proname, a.argument, day, o.code, o.message
FROM mistaken.argument a CROSS JOIN unnest('{infinity,-infinity}'::text[]) day
	CROSS JOIN LATERAL mistaken.outcome(mistaken.call(a.f, a.n, quote_literal(day))) o
WHERE a.type = 'date'::regtype
	AND (o.code <> '22023' OR o.message <> format('%s must be a day, not %s', a.argument, day))
ORDER BY a.proname COLLATE "C", a.f::text COLLATE "C", a.n, day;

-- What is not there: 42704, or P0002 for customers and requests, and a hint
CREATE TABLE mistaken.absent (argument text, what text);
INSERT INTO mistaken.absent VALUES ('scheme', '''none'''), ('scheme_a', '''none'''),
	('scheme_b', '''none'''), ('from', '''none'''), ('dimension', '''none'''), ('by', '''none'''),
	('tier', '''none'''), ('version', '9'), ('preset', '''none'''), ('asset_class', '''none'''),
	('currency', '''none'''), ('base', '''none'''), ('customer_id', '''none'''),
	('into_id', '''none'''), ('from_ids', '''{none}'''), ('request', '-9');
SELECT a.proname, a.argument, o.*
FROM mistaken.argument a JOIN mistaken.absent w USING (argument)
	CROSS JOIN LATERAL mistaken.outcome(mistaken.call(a.f, a.n, w.what)) o
WHERE NOT EXISTS (SELECT FROM mistaken.given g WHERE g.good = '''new_one''' AND g.of = a.proname)
	AND (o.hint IS NOT DISTINCT FROM '' OR o.code IS DISTINCT FROM (CASE
	WHEN a.argument IN ('customer_id', 'into_id', 'from_ids', 'request') THEN 'P0002'
	ELSE '42704' END))
ORDER BY a.proname COLLATE "C", a.f::text COLLATE "C", a.n;
