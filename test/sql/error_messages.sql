-- Errors that nobody sees who calls what there is as it is meant: each is shown once.
-- What cannot be brought about here is in test/unreached.
CREATE SCHEMA odd;
SET client_min_messages = warning;
SET datestyle = iso;

-- Functions of triggers, on another table than their own
CREATE TABLE odd.other (on_date date, currency text, units_per_eur numeric);
INSERT INTO odd.other VALUES ('2024-01-31', 'USD', 1.1);
CREATE FUNCTION odd.trigger_fails(trigger_function text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	EXECUTE format('CREATE TRIGGER stray AFTER UPDATE ON odd.other FOR EACH STATEMENT '
		'EXECUTE FUNCTION _tiering.%I()', trigger_function);
	told := t.fails('UPDATE odd.other SET currency = currency');
	DROP TRIGGER stray ON odd.other;
	RETURN told;
END;
$$;
SELECT f AS trigger_function, odd.trigger_fails(f)
FROM unnest('{record_by_hand,refuse_inserted,settle_by_hand,insert_ecb_rate}'::text[]) f;

-- A scheme without versions, and who would begin with a version in force
INSERT INTO tiering.scheme (scheme) VALUES ('odd_empty');
SELECT t.fails($$SELECT tiering.new_version('odd_empty')$$);
CREATE ROLE odd_author;
GRANT INSERT ON tiering.scheme_version TO odd_author;
GRANT USAGE ON SCHEMA t TO odd_author;
SET ROLE odd_author;
SELECT t.fails($$INSERT INTO tiering.scheme_version (scheme, version, status, effective,
	published_at, published_by, definition_rows)
	VALUES ('odd_empty', 1, 'published', '[2024-01-01,)', now(), 'the board', 0)$$);
RESET ROLE;

-- A draft can be tried before anybody has looked at its bands
SELECT tiering.new_scheme('odd_score');
INSERT INTO tiering.metric (scheme, version, metric, kind)
VALUES ('odd_score', 1, 'age', 'number'), ('odd_score', 1, 'fit', 'score');
INSERT INTO tiering.score_weight (scheme, version, score, metric, weight)
VALUES ('odd_score', 1, 'fit', 'age', 1);
INSERT INTO tiering.score_band (scheme, version, score, metric, bounds, points)
VALUES ('odd_score', 1, 'fit', 'age', '[0,10)', 1);
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('odd_score', 1, 'a', 1);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
VALUES ('odd_score', 1, 'a', 1, 'fit', '[1,)');
SELECT tiering.classify_version('odd_score', m, 1) FROM (SELECT 9 AS age) m;
SELECT t.fails($$SELECT tiering.classify_version('odd_score', m, 1) FROM (SELECT 10 AS age) m$$);

-- Sources, and days to come
SELECT tiering.create_ladder('ode', 'value', '{mass,gold}', '{NULL,10}');
SELECT tiering.publish('ode', '2024-01-01');
SELECT t.fails($$SELECT tiering.set_source('ode', NULL)$$),
	t.fails($$SELECT * FROM _tiering.source_check('ode', NULL, false) AS s(customer_id text)$$);
SELECT tiering.set_source('ode', $$SELECT 'c1' AS customer_id, 5 AS value WHERE $1 IS NOT NULL$$);
SELECT t.fails($$SELECT _tiering.source_rows('ode', '2024-01-31')$$);
SELECT replace(t.fails($$SELECT tiering.refresh('ode', '2062-11-30')$$), current_date::text,
	'TODAY') AS refresh;

-- What yields rows, declared as if it yielded one
DO $$
DECLARE
	library text := p.probin FROM pg_proc p WHERE p.oid = '_tiering.decide'::regproc;
BEGIN
	EXECUTE format('CREATE FUNCTION odd.graded(text, date, int, text[]) RETURNS record '
		'LANGUAGE c AS %L, %L', library, 'graded');
	EXECUTE format('CREATE FUNCTION odd.judged(text, int, date, date, text[], int, boolean, '
		'text[], numeric[], smallint, regclass, timestamptz, boolean, boolean) '
		'RETURNS record LANGUAGE c AS %L, %L', library, 'judged');
	EXECUTE format('CREATE FUNCTION odd.migration_counts(text, date, date, timestamptz) '
		'RETURNS record LANGUAGE c AS %L, %L', library, 'migration_counts');
END;
$$;
SELECT t.fails($$SELECT odd.graded('ode', '2024-01-31', 1, NULL)$$),
	t.fails($$SELECT odd.judged('ode', 1, '2024-01-31', NULL, NULL, NULL, false, '{}', NULL, NULL,
		NULL, NULL, false, false)$$),
	t.fails($$SELECT odd.migration_counts('ode', '2024-01-31', '2024-02-29', NULL)$$);

-- An occasion of no kind, or on no day
SELECT t.fails(format('SELECT _tiering.decide(''ode'', 1, %L, %L::date, NULL, NULL, NULL, NULL,
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, ''mass'', NULL, NULL, NULL, NULL,
	NULL)', kind, as_of))
FROM (VALUES (NULL, '2024-01-31'), ('assessment', NULL)) v(kind, as_of);

-- What an assessment cannot have found, and an override without its last day
SELECT t.fails(format('SELECT _tiering.decide(''ode'', 1, ''assessment'', ''2024-02-29'',
	''2024-01-31'', ''mass'', ''2024-01-31'', 1, NULL, NULL, ''2024-01-31'', 0, NULL, NULL, NULL,
	NULL, false, ''mass'', %L, NULL, %L, NULL, NULL)', earned_if, overrides))
FROM (VALUES ('{mass}', NULL), (NULL, '{"(floor,gold,2024-01-01,)"}')) v(earned_if, overrides);

-- A request of somebody else's, and one that was approved since the assessment that is to go
CREATE ROLE odd_asker; CREATE ROLE odd_chief;
SELECT tiering.grant_role('odd_asker', 'request'), tiering.grant_role('odd_chief', 'request'),
	tiering.grant_role('odd_chief', 'approve');
GRANT USAGE ON SCHEMA t TO odd_asker, odd_chief;
SELECT count(tiering.refresh('ode', '2024-01-31'));
SET SESSION AUTHORIZATION odd_asker;
SELECT tiering.request_override('ode', 'c1', 'floor', 'gold', '[2024-01-01,2025-01-01)',
	'a friend') AS request \gset
SET SESSION AUTHORIZATION odd_chief;
SELECT regexp_replace(t.fails(format('SELECT tiering.withdraw(%s)', :request)),
	'request \d+', 'request N') AS withdraw;
SELECT tiering.approve(:request);
RESET SESSION AUTHORIZATION;
SELECT regexp_replace(regexp_replace(t.fails(
	$$SELECT tiering.void_assessment('ode', '2024-01-31', 'a slip')$$),
	'override \d+', 'override N'), 'end_override\(\d+', 'end_override(N') AS void;

SET client_min_messages = error;
DROP OWNED BY odd_author, odd_asker, odd_chief CASCADE;
DROP ROLE odd_author, odd_asker, odd_chief;
