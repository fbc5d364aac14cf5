-- A ladder in one call leaves a draft, which grades nobody until it is published.
SELECT tiering.create_ladder('ladder', 'balance', '{low,mid,high}', '{NULL,10000,100000.50}',
	'EUR');
SELECT version, status, effective, everyone, definition_rows FROM tiering.scheme_version
	WHERE scheme = 'ladder';
SELECT metric, kind, is_measure, unit FROM tiering.metric WHERE scheme = 'ladder';
SELECT tier, rank, base, rule, r.metric, bounds FROM tiering.tier LEFT JOIN tiering.rule r
	USING (scheme, version, tier)
WHERE scheme = 'ladder' ORDER BY rank;
SELECT t.fails($$SELECT tiering.classify('ladder', 5, '2024-01-01')$$);
SELECT tiering.publish('ladder', '2024-01-01');
SELECT t.fails($$SELECT tiering.classify('ladder', 5, '2023-12-31')$$);
SELECT tiering.classify('ladder', 10000, '2024-01-01');
-- without a NULL at its foot it declares that some get no tier
SELECT tiering.create_ladder('floorless', 'balance', '{mid,high}', '{10000,100000}'),
	tiering.publish('floorless', '2024-01-01');
SELECT everyone FROM tiering.scheme_version WHERE scheme = 'floorless';
SELECT tiering.classify('floorless', 9999.99) IS NULL AS none, tiering.classify('floorless', 10000);

SELECT t.fails(format('SELECT tiering.create_ladder(%L, %L, %L, %L)', 'bad', 'x', tiers, bounds))
FROM (VALUES ('{a,b}', '{NULL}'), ('{}', '{}'), ('{a,b,c}', '{NULL,5,5}'),
	('{a,b,c}', '{NULL,5,NULL}'), ('{a,b}', '{NULL,NULL}'),
	('{a,a}', '{NULL,5}'), ('{a,b}', '{NULL,NaN}'), ('{a,b}', '{NULL,1e28}'),
	('{a,b}', '{NULL,0.000000001}'), ('{a,NULL}', '{NULL,5}'), ('{a,b}', '{-Infinity,5}'),
	(NULL, '{NULL,5}'), ('{a,b}', NULL)) v(tiers, bounds);
SELECT t.fails(format('SELECT tiering.create_ladder(%L, %L, %L, %L, %L)', 'bad', metric, '{a}',
	'{NULL}', unit))
FROM (VALUES (NULL, ''), ('', ''), ('x', NULL)) v(metric, unit);
SELECT t.fails($$SELECT tiering.new_scheme('bad', title_zh => NULL)$$),
	t.fails($$SELECT tiering.new_version('ladder', NULL)$$);
SELECT t.fails($$SELECT tiering.create_ladder('ladder', 'x', '{a}', '{NULL}')$$);
SELECT t.fails($$SELECT tiering.create_ladder(NULL, 'x', '{a}', '{NULL}')$$);
SELECT count(*) AS left_behind FROM tiering.scheme WHERE scheme = 'bad';

-- By plain INSERT: all-of, any-of, two kinds of metric.
INSERT INTO tiering.scheme VALUES ('handmade');
INSERT INTO tiering.scheme_version (scheme, version) VALUES ('handmade', 1);
INSERT INTO tiering.metric (scheme, version, metric, kind) VALUES ('handmade', 1, 'age', 'number'),
	('handmade', 1, 'member', 'boolean');
INSERT INTO tiering.tier (scheme, version, tier, rank, base)
	VALUES ('handmade', 1, 'none', 0, true);
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('handmade', 1, 'some', 10),
	('handmade', 1, 'best', 20);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds) VALUES
	('handmade', 1, 'some', 1, 'age', '(18,)'), ('handmade', 1, 'some', 2, 'member', '[1,1]'),
	('handmade', 1, 'best', 1, 'age', '[30,65]'), ('handmade', 1, 'best', 1, 'member', '[1,1]');
SELECT * FROM tiering.validate('handmade', 1);
SELECT tiering.publish('handmade', '2024-01-01');
SELECT age, member, tiering.classify('handmade', m) FROM (VALUES
	(18, false), (19, false), (18, true), (29, true), (30, true), (65, true), (66, true),
	(30, NULL), (NULL, true), (NULL, NULL)) m(age, member);

-- What a published version consists of cannot be changed, in any way.
SELECT t.fails(format(statement, 'handmade')) FROM unnest(ARRAY[
	'UPDATE tiering.rule SET bounds = ''[1,)'' WHERE scheme = %L',
	'DELETE FROM tiering.rule WHERE scheme = %L AND tier = ''best''',
	'INSERT INTO tiering.rule VALUES (%L, 1, ''best'', 2, ''age'', ''[100,)'')',
	'UPDATE tiering.tier SET rank = 30 WHERE scheme = %L AND tier = ''none''',
	'INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES (%L, 1, ''new'', 30)',
	'DELETE FROM tiering.tier WHERE scheme = %L AND tier = ''some''',
	'UPDATE tiering.metric SET is_measure = true WHERE scheme = %L AND metric = ''age''',
	'INSERT INTO tiering.metric (scheme, version, metric) VALUES (%L, 1, ''new'')',
	'DELETE FROM tiering.scheme_version WHERE scheme = %L',
	'UPDATE tiering.scheme_version SET status = ''draft'', effective = NULL, published_at = NULL, '
	'published_by = NULL, definition_rows = NULL WHERE scheme = %L',
	'UPDATE tiering.scheme_version SET effective = ''[2023-01-01,)'' WHERE scheme = %L',
	'UPDATE tiering.scheme_version SET definition_rows = 100 WHERE scheme = %L',
	'UPDATE tiering.scheme_version SET everyone = false WHERE scheme = %L',
	'DELETE FROM tiering.scheme WHERE scheme = %L',
	'UPDATE tiering.rule SET scheme = ''ladder'', metric = ''balance'', tier = ''low'' WHERE '
	'scheme = %L AND tier = ''best'' AND metric = ''age''']) statement;
SELECT t.fails('TRUNCATE tiering.rule'), t.fails('TRUNCATE tiering.scheme_version CASCADE');
SELECT left(t.fails($$INSERT INTO tiering.scheme_version (scheme, version, status)
	VALUES ('handmade', 2, 'published')$$), 110);

-- A new version: the old one keeps its days, and what it graded.
SELECT tiering.new_version('ladder', 'mid from 20,000 on');
SELECT t.fails($$SELECT tiering.new_version('ladder')$$);
UPDATE tiering.rule SET bounds = '[20000,)' WHERE scheme = 'ladder' AND version = 2
	AND tier = 'mid';
SELECT tiering.classify('ladder', 15000);
SELECT t.fails($$SELECT tiering.publish('ladder', '2024-01-01')$$),
	t.fails($$SELECT tiering.publish('ladder', '2023-01-01')$$),
	t.fails($$SELECT tiering.publish('ladder', NULL)$$),
		t.fails($$SELECT tiering.publish('ladder', 'infinity')$$);
SELECT tiering.publish('ladder', '2024-07-01');
SELECT t.fails($$SELECT tiering.publish('ladder', '2025-01-01')$$);
SELECT version, status, effective, note FROM tiering.scheme_version WHERE scheme = 'ladder'
	ORDER BY version;
SELECT d, tiering.classify('ladder', 15000, d)
	FROM unnest('{2024-01-01,2024-06-30,2024-07-01,2030-01-01}'::date[]) d;
-- effective ranges cannot overlap, whoever writes them
SELECT left(t.fails($$INSERT
	INTO tiering.scheme_version (scheme, version, status, effective, published_at, published_by,
	definition_rows)
	VALUES ('ladder', 9, 'retired', '[2024-02-01,2024-03-01)', now(), 'me', 0)$$), 90);
SELECT left(t.fails($$INSERT
	INTO tiering.scheme_version (scheme, version, status, effective, published_at, published_by,
	definition_rows)
	VALUES ('ladder', 9, 'retired', '(,2020-03-01)', now(), 'me', 0)$$), 90);

-- A draft can be thrown away; a scheme can be copied under a new name.
SELECT tiering.new_version('ladder');
DELETE FROM tiering.scheme_version WHERE scheme = 'ladder' AND status = 'draft';
SELECT tiering.copy_scheme('handmade', 'copied');
SELECT count(*) = 0 AS equal FROM (
	SELECT tier, rank, base, parent, rule, metric, bounds FROM tiering.tier LEFT JOIN tiering.rule
		USING (scheme, version, tier) WHERE scheme = 'handmade'
	EXCEPT SELECT tier, rank, base, parent, rule, metric, bounds FROM tiering.tier
		LEFT JOIN tiering.rule USING (scheme, version, tier) WHERE scheme = 'copied') d;
SELECT t.fails($$SELECT tiering.copy_scheme('handmade', 'ladder')$$),
	t.fails($$SELECT tiering.copy_scheme('nothing', 'x')$$),
	t.fails($$SELECT tiering.new_version('nothing')$$),
		t.fails($$SELECT tiering.publish('nothing', '2024-01-01')$$);

-- Publishing refuses what is wrong, and says all of it.
CREATE FUNCTION t.publishes(statements text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.copy_scheme('handmade', 'broken');
	EXECUTE statements;
	RETURN t.fails($q$SELECT tiering.publish('broken', '2024-01-01')$q$);
END;
$$;
BEGIN; SELECT t.publishes($$DELETE FROM tiering.tier WHERE scheme = 'broken'$$); ROLLBACK;
BEGIN; SELECT t.publishes($$UPDATE tiering.tier SET base = false
	WHERE scheme = 'broken'$$); ROLLBACK;
BEGIN; SELECT t.publishes($$DELETE FROM tiering.rule WHERE scheme = 'broken'
	AND tier = 'best'$$); ROLLBACK;
BEGIN; SELECT t.publishes($$UPDATE tiering.tier SET base = true WHERE scheme = 'broken'
	AND tier = 'some'$$); ROLLBACK;
BEGIN; SELECT t.publishes($$UPDATE tiering.tier SET rank = 0 WHERE scheme = 'broken'
	AND tier = 'some'$$); ROLLBACK;
BEGIN; SELECT t.publishes($$UPDATE tiering.tier SET rank = 10 WHERE scheme = 'broken'
	AND tier = 'best'$$); ROLLBACK;
BEGIN; SELECT t.publishes($$UPDATE tiering.rule SET bounds = '[2,)' WHERE scheme = 'broken'
	AND metric = 'member' AND tier = 'best'$$); ROLLBACK;
BEGIN; SELECT t.publishes($$UPDATE tiering.tier SET parent = 'nobody' WHERE scheme = 'broken'
	AND tier = 'best'$$); ROLLBACK;
BEGIN; SELECT t.publishes($$UPDATE tiering.rule SET bounds = '[40,50)' WHERE scheme = 'broken'
	AND tier = 'some' AND rule = 1; DELETE FROM tiering.rule WHERE scheme = 'broken'
	AND (tier, metric) = ('best', 'member'); DELETE FROM tiering.rule WHERE scheme = 'broken'
		AND (tier, rule) = ('some', 2)$$); ROLLBACK;
SELECT t.fails($$SELECT * FROM tiering.validate('handmade', 7)$$),
	t.fails($$SELECT * FROM tiering.validate('nothing', 1)$$);
-- equal ranks are right where no customer can be in both
BEGIN; SELECT t.publishes($$UPDATE tiering.tier SET rank = 10 WHERE scheme = 'broken'
	AND tier = 'best';
	DELETE FROM tiering.rule WHERE scheme = 'broken' AND tier = 'some' AND rule = 2;
	UPDATE tiering.rule SET bounds = '(18,30)' WHERE scheme = 'broken'
		AND tier = 'some'$$); ROLLBACK;
