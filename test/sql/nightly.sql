-- The tiers of customers, their moves, and the nightly refresh.
CREATE SCHEMA bank;
CREATE TABLE bank.balance (customer_no varchar(10), d date, amount numeric(12, 2));
SELECT tiering.create_ladder('night', 'assets', '{low,mid,high}', '{NULL,100,1000}', 'EUR'),
	tiering.publish('night', '2024-01-01');
SELECT tiering.set_source('night', $$
	SELECT customer_no AS customer_id, amount AS assets, 'ignored' AS other
	FROM bank.balance WHERE d = $1 -- one row a customer
; $$);
SELECT scheme, query, set_by = current_user::text::regrole AS mine, refreshed_as_of
	FROM tiering.source WHERE scheme = 'night';

INSERT INTO bank.balance SELECT lpad(i::text, 4, '0'), '2024-01-31', i * 10
	FROM generate_series(1, 120) i;
INSERT INTO bank.balance SELECT customer_no, '2024-02-29', amount * 1.1 FROM bank.balance
	WHERE customer_no > '0003';
INSERT INTO bank.balance SELECT 'n' || i, '2024-02-29', i * 100 FROM generate_series(1, 5) i;
UPDATE bank.balance SET amount = 50 WHERE d = '2024-02-29' AND customer_no IN ('0030', '0110');
SELECT * FROM tiering.refresh('night', '2024-01-31');
SELECT * FROM tiering.refresh('night', '2024-02-29');
SELECT tier, rank, customers, customers_share, measure, measure_share, as_of, version
	FROM tiering.tier_distribution WHERE scheme = 'night' ORDER BY rank;
SELECT as_of, tier, rank, customers, customers_share, measure, measure_share
	FROM tiering.tier_distribution_history WHERE scheme = 'night' ORDER BY as_of, rank;
SELECT as_of, from_tier, to_tier, direction, customers, measure_from, measure_to
	FROM tiering.migration_matrix
	WHERE scheme = 'night' ORDER BY as_of, from_rank NULLS FIRST, to_rank NULLS LAST;
SELECT * FROM tiering.migration_summary WHERE scheme = 'night' ORDER BY as_of;
SELECT customer_id, tier, valid, from_tier, direction, cause, measure
	FROM tiering.customer_tier_history
WHERE scheme = 'night' AND customer_id IN ('0003', '0010', '0110', 'n5')
ORDER BY customer_id, valid;
SELECT customer_id, tier, measure, measured_as_of AS as_of, since, version
FROM tiering.current_tier
	WHERE scheme = 'night' AND customer_id IN ('0030', '0031', 'n1') ORDER BY 1;
SELECT current_setting('application_name'), NOT EXISTS (SELECT FROM tiering.writing) AS over;

-- The same again changes nothing: not a row, not a time.
CREATE TABLE t.before AS SELECT a.*, a.ctid AS tid, a.xmin::text AS written
	FROM tiering.assignment a;
CREATE TABLE t.source_before AS SELECT * FROM tiering.source;
SELECT max(move) AS last_move FROM tiering.migration \gset
SELECT customers, written FROM tiering.refresh('night', '2024-02-29');
SELECT count(*) AS changed
	FROM (SELECT a.*, a.ctid, a.xmin::text FROM tiering.assignment a EXCEPT SELECT *
	FROM t.before) d;
SELECT count(*) AS changed
	FROM (SELECT * FROM tiering.source EXCEPT SELECT * FROM t.source_before) d;
SELECT max(move) = :last_move AS no_moves_added FROM tiering.migration;

-- Only what changed is written: a corrected balance, at the same date.
UPDATE bank.balance SET amount = 5000 WHERE d = '2024-02-29' AND customer_no = '0110';
UPDATE bank.balance SET amount = amount + 0.01 WHERE d = '2024-02-29' AND customer_no = '0111';
SELECT new, up, down, exit, stayed, written FROM tiering.refresh('night', '2024-02-29');
-- the assessment begins from where it began before: the fall is superseded, and not made good
SELECT from_tier, to_tier, direction, measure, s.move IS NOT NULL AS superseded
FROM tiering.migration m LEFT JOIN tiering.superseded s USING (move)
WHERE customer_id = '0110' ORDER BY m.move;
SELECT customer_id, tier, valid FROM tiering.customer_tier_history WHERE customer_id = '0110'
	ORDER BY move;
SELECT from_tier, to_tier, direction, customers FROM tiering.migration_matrix WHERE scheme = 'night'
	AND as_of = '2024-02-29' ORDER BY from_rank NULLS FIRST, to_rank NULLS LAST;
-- the matrix accounts for every customer, before and after
SELECT sum(customers) FILTER (WHERE from_tier IS NOT NULL) AS before, sum(customers)
	FILTER (WHERE to_tier IS NOT NULL) AS after,
	sum(measure_to) = (SELECT sum(measure) FROM tiering.current_tier
		WHERE scheme = 'night') AS money
FROM tiering.migration_matrix WHERE scheme = 'night' AND as_of = '2024-02-29';

-- What anyone changes by hand is recorded as well, in bulk.
UPDATE tiering.assignment SET tier = 'high', as_of = '2024-03-05', since = '2024-03-05'
	WHERE scheme = 'night' AND customer_id IN ('0005', '0006', '0099');
SELECT t.fails($$UPDATE tiering.assignment SET earned = 'low' WHERE scheme = 'night'
	AND customer_id = '0007'$$);
DELETE FROM tiering.assignment WHERE scheme = 'night' AND customer_id = '0008';
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('night', 'hand', 'mid', '2024-03-05', '2024-03-05', 1);
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('night', 'hand', 'high', '2024-03-05', '2024-03-05', 1)
ON CONFLICT (scheme, customer_id) DO UPDATE SET tier = EXCLUDED.tier;
SELECT customer_id, as_of, from_tier, to_tier, direction, cause, measure,
	recorded_by = current_user AS mine FROM tiering.migration
WHERE scheme = 'night' AND cause = 'manual' ORDER BY customer_id, move;
SELECT t.fails($$UPDATE tiering.assignment SET tier = 'top' WHERE customer_id = '0009'$$);
SELECT t.fails($$INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('night', 'x', 'top', '2024-03-05', '2024-03-05', 1)$$);
SELECT t.fails($$UPDATE tiering.assignment SET customer_id = 'other' WHERE customer_id = '0009'$$);
SELECT t.fails($$TRUNCATE tiering.assignment$$);
SELECT t.fails($$UPDATE tiering.migration SET to_tier = 'high'$$),
	t.fails($$DELETE FROM tiering.migration$$), t.fails($$TRUNCATE tiering.migration$$);
-- a setting that anyone can make does not pass for a refresh, nor hide a move
SET tiering.refresh_as_of = '2020-01-01';
UPDATE tiering.assignment SET tier = 'mid' WHERE scheme = 'night' AND customer_id = '0099';
RESET tiering.refresh_as_of;
SELECT customer_id, from_tier, to_tier, cause FROM tiering.migration WHERE scheme = 'night'
	ORDER BY move DESC LIMIT 1;
-- Changes by hand count as well: for each tier the matrix of the last date leads
-- from what the dates before left to what is there now, heads and money.
SELECT tier, before, "after", "after" = heads AS heads_agree, money = measure AS money_agrees
FROM (SELECT from_tier AS tier, sum(customers) AS before FROM tiering.migration_matrix
	WHERE scheme = 'night' AND as_of = '2024-03-05' GROUP BY 1) b
	FULL JOIN (SELECT to_tier AS tier, sum(customers) AS after FROM tiering.migration_matrix
		WHERE scheme = 'night' AND as_of = '2024-03-05' GROUP BY 1) a USING (tier)
	FULL JOIN (SELECT tier, count(*) AS heads FROM tiering.assignment WHERE scheme = 'night'
		GROUP BY 1) h USING (tier)
	FULL JOIN (SELECT to_tier AS tier, sum(measure_to) AS money FROM tiering.migration_matrix
		WHERE scheme = 'night' AND as_of = '2024-02-29' GROUP BY 1) m USING (tier)
	-- what the refresh left; who was deleted by hand as of its day is not in it any more
	FULL JOIN (SELECT tier, measure FROM tiering.tier_distribution_history WHERE scheme = 'night'
		AND as_of = '2024-02-29') d USING (tier)
WHERE tier IS NOT NULL ORDER BY tier;
SELECT as_of, from_tier, to_tier, direction, customers FROM tiering.migration_matrix
	WHERE scheme = 'night' AND as_of >= '2024-02-29' ORDER BY as_of, from_rank NULLS FIRST,
	to_rank NULLS LAST;
SELECT customer_id, tier, as_of, since FROM tiering.assignment WHERE scheme = 'night'
	AND customer_id IN ('0005', '0099') ORDER BY 1;
-- the next refresh puts it all right, and says so
INSERT INTO bank.balance SELECT customer_no, '2024-03-31', amount FROM bank.balance
	WHERE d = '2024-02-29';
SELECT new, up, down, exit, stayed FROM tiering.refresh('night', '2024-03-31');
SELECT count(*) AS wrong FROM tiering.current_tier a JOIN bank.balance b
	ON a.scheme = 'night' AND b.customer_no = a.customer_id AND b.d = '2024-03-31'
WHERE a.tier <> tiering.classify('night', b.amount) OR a.measure <> b.amount;
-- assignment is what the moves add up to
SELECT count(*) AS wrong FROM (SELECT * FROM tiering.assignment WHERE scheme ~ '^night') a
	FULL JOIN (SELECT DISTINCT ON (scheme, customer_id) * FROM tiering.standing_move
	WHERE scheme ~ '^night' ORDER BY scheme, customer_id, move DESC) m
	USING (scheme, customer_id)
WHERE a.tier IS DISTINCT FROM m.to_tier;

-- A new version of the scheme: who moves because of it, moves under it; a tier
-- that it no longer has ranks as it did.
SELECT tiering.new_version('night');
DELETE FROM tiering.tier WHERE scheme = 'night' AND version = 2 AND tier = 'mid';
INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('night', 2, 'middle', 2),
	('night', 2, 'top', 9);
INSERT INTO tiering.rule VALUES ('night', 2, 'middle', 1, 'assets', '[200,)'),
	('night', 2, 'top', 1, 'assets', '[1200,)');
SELECT tiering.publish('night', '2024-04-01');
INSERT INTO bank.balance SELECT customer_no, '2024-04-30', amount FROM bank.balance
	WHERE d = '2024-03-31';
SELECT * FROM tiering.refresh('night', '2024-04-30');
SELECT from_tier, to_tier, direction, customers FROM tiering.migration_matrix WHERE scheme = 'night'
	AND as_of = '2024-04-30' ORDER BY from_rank, from_tier, to_rank;
SELECT DISTINCT version FROM tiering.assignment WHERE scheme = 'night';

-- A version published for a day that was refreshed already, and that day again:
-- still one row a cell.
BEGIN;
SELECT tiering.new_version('night');
UPDATE tiering.rule SET bounds = '[300,)' WHERE scheme = 'night' AND version = 3
	AND tier = 'middle';
SELECT tiering.publish('night', '2024-04-15');
SELECT new, up, down, stayed FROM tiering.refresh('night', '2024-04-30');
SELECT count(*) AS cells, count(DISTINCT (as_of, from_tier, to_tier)) AS distinct_cells
	FROM tiering.migration_matrix WHERE scheme = 'night';
SELECT from_tier, to_tier, direction, customers FROM tiering.migration_matrix WHERE scheme = 'night'
	AND as_of = '2024-04-30' ORDER BY from_rank, from_tier, to_rank;
ROLLBACK;

-- Customers whom no tier takes are in none, and counted.
SELECT tiering.create_ladder('partial', 'assets', '{mid,high}', '{100,1000}'),
	tiering.publish('partial', '2024-01-01'),
	tiering.set_source('partial',
		'SELECT customer_no AS customer_id, amount AS assets FROM bank.balance WHERE d = $1');
SELECT customers, ungraded, new, exit, stayed FROM tiering.refresh('partial', '2024-02-29');
UPDATE bank.balance SET amount = 0 WHERE d = '2024-03-31' AND customer_no > '0110';
SELECT customers, ungraded, new, exit, stayed FROM tiering.refresh('partial', '2024-03-31');
SELECT tier, customers FROM tiering.tier_distribution WHERE scheme = 'partial' ORDER BY rank;
-- A source without rows is an error, not the end of all customers; by hand they
-- can be made to leave, and come back. Empty tiers have their rows still.
SELECT t.fails($$SELECT tiering.refresh('partial', '2024-04-10')$$);
DELETE FROM tiering.assignment WHERE scheme = 'partial';
SELECT tier, customers, measure, as_of FROM tiering.tier_distribution WHERE scheme = 'partial'
	ORDER BY rank;
SELECT customers, new, exit FROM tiering.refresh('partial', '2024-04-30');
SELECT tier, valid, direction FROM tiering.customer_tier_history WHERE scheme = 'partial'
	AND customer_id = '0050' ORDER BY move;

-- A scheme with several metrics, one of them a boolean, and no measure.
SELECT tiering.new_scheme('night2');
INSERT INTO tiering.metric (scheme, version, metric, kind)
VALUES ('night2', 1, 'age', 'number'), ('night2', 1, 'member', 'boolean');
INSERT INTO tiering.tier (scheme, version, tier, rank, base) VALUES ('night2', 1, 'none', 0, true);
INSERT INTO tiering.tier (scheme, version, tier, rank)
VALUES ('night2', 1, 'some', 10), ('night2', 1, 'best', 20);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
VALUES ('night2', 1, 'some', 1, 'age', '(18,)'), ('night2', 1, 'some', 2, 'member', '[1,1]'),
	('night2', 1, 'best', 1, 'age', '[30,65]'), ('night2', 1, 'best', 1, 'member', '[1,1]');
SELECT tiering.create_ladder('unbound', 'x', '{low}', '{NULL}'),
	tiering.publish('unbound', '2024-01-01'),
	tiering.publish('night2', '2024-01-01'),
	tiering.set_source('night2',
		'SELECT i AS customer_id, i AS age, i % 2 = 0 AS member FROM generate_series(10, 70) i '
		'WHERE $1 > ''2000-01-01''::date');
SELECT customers, new, written FROM tiering.refresh('night2', '2024-02-01');
SELECT tier, customers, measure FROM tiering.tier_distribution WHERE scheme = 'night2'
	ORDER BY rank;

-- What is refused, with nothing changed.
CREATE TABLE t.all_before AS SELECT (SELECT md5(string_agg(a::text, '|' ORDER BY a::text))
	FROM tiering.assignment a) AS assignment,
	(SELECT count(*) FROM tiering.migration) AS moves,
	(SELECT md5(string_agg(s::text, '|' ORDER BY s::text)) FROM tiering.source s) AS source,
	(SELECT md5(string_agg(d::text, '|' ORDER BY d::text))
	FROM tiering.distribution_history d) AS distribution;
SELECT t.fails($$SELECT tiering.refresh('nothing', '2024-05-31')$$);
SELECT t.fails($$SELECT tiering.refresh('unbound', '2024-05-31')$$);
SELECT t.fails($$SELECT tiering.refresh('night', NULL)$$),
	t.fails($$SELECT tiering.refresh('night', 'infinity')$$);
SELECT t.fails($$SELECT tiering.refresh('night', '2024-03-31')$$);
SELECT t.fails(format('SELECT tiering.set_source(%L, %L)', scheme, query)) FROM (VALUES
	('nothing', 'SELECT 1'), ('night', NULL), ('night', ' ; '), ('night', 'SELECT 1 AS assets'),
	('night', 'SELECT ''a'' AS customer_id'),
	('night', 'SELECT 1 AS customer_id, 1.5::float8 AS assets'),
	('night', 'SELECT 1 AS customer_id, ''5''::text AS assets'),
	('night', 'SELECT customer_no AS customer_id, amount AS assets FROM balance'),
	('night', 'SELECT * FROM bank.nowhere'),
	('night', 'SELECT 1 AS customer_id, 2 AS assets; SELECT 3'),
	('night', 'DELETE FROM bank.balance RETURNING customer_no AS customer_id, amount AS assets'),
	('night', 'SELECT 1 AS customer_id, 1 AS assets) q; DROP TABLE bank.balance; --'),
	('night', 'WITH x AS (DELETE FROM bank.balance RETURNING *) SELECT customer_no AS customer_id, '
	'amount AS assets FROM x'),
	('night2', 'SELECT 1 AS customer_id, 1 AS age, 1 AS member')) v(scheme, query);
CREATE FUNCTION t.refresh_with(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	BEGIN
		SET LOCAL client_min_messages = warning;
		PERFORM tiering.set_source('night', query);
		result := t.fails($q$SELECT tiering.refresh('night', '2024-05-31')$q$);
		RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = result;
	EXCEPTION WHEN SQLSTATE 'T0000' THEN
		RETURN SQLERRM;
	END;
END;
$$;
SELECT t.refresh_with(query) FROM unnest(ARRAY[
	'SELECT 1 AS customer_id, 1 / (1 - extract(day FROM $1)::int + 30) AS assets',
	'SELECT NULL AS customer_id, 1 AS assets',
	'SELECT i % 5 AS customer_id, 1 AS assets FROM generate_series(1, 6) i',
	'SELECT 1 AS customer_id, ''NaN''::numeric AS assets',
	'SELECT customer_no AS customer_id, amount AS assets FROM bank.balance UNION ALL SELECT '
	'''0001'', 5']) query;
-- a column that changed its type since the source was set
SELECT tiering.set_source('night',
	'SELECT customer_no AS customer_id, amount AS assets FROM bank.balance WHERE d = $1');
BEGIN;
ALTER TABLE bank.balance ALTER amount TYPE float8;
SELECT t.fails($$SELECT tiering.refresh('night', '2024-05-31')$$);
ROLLBACK;
SELECT b.assignment = md5(string_agg(a::text, '|' ORDER BY a::text)) AS same_tiers,
	b.moves = (SELECT count(*) FROM tiering.migration) AS same_moves,
	b.distribution = (SELECT md5(string_agg(d::text, '|' ORDER BY d::text))
		FROM tiering.distribution_history d) AS same_distribution
FROM tiering.assignment a, t.all_before b GROUP BY b.assignment, b.moves, b.distribution;
