-- Weights of asset classes: what counts, by how much, and never by guess.
SELECT tiering.create_ladder('aw', 'net', '{low,mid,high}', '{NULL,100,1000}');
INSERT INTO tiering.asset_weight VALUES ('aw', 1, 'deposit', 1),
	('aw', 1, 'fund', 0.333333333333333333333333333333), ('aw', 1, 'loan', -1),
	('aw', 1, 'card', 0), ('aw', 1, '理财', 0.80), ('aw', 1, 'Deposit', 2),
	('aw', 1, 'deposit ', 3),
	('aw', 1, 'huge', 1e300);
SELECT t.fails(format('INSERT INTO tiering.asset_weight VALUES (''aw'', 1, %s)', v))
	FROM unnest(ARRAY[$$'x', 'NaN'$$, $$'x', 'Infinity'$$, $$'x', NULL$$, $$'', 1$$,
	$$'deposit', 1$$]) v;
SELECT t.fails($$SELECT tiering.asset_weight('aw', 'deposit', '2024-01-01')$$);
SELECT tiering.publish('aw', '2024-01-01'), tiering.new_version('aw', 'half of a loan');
UPDATE tiering.asset_weight SET weight = -0.5 WHERE scheme = 'aw' AND version = 2
	AND asset_class = 'loan';
DELETE FROM tiering.asset_weight WHERE scheme = 'aw' AND version = 2 AND asset_class = 'card';
SELECT tiering.publish('aw', '2024-07-01');
-- to the letter and to the digit; the version is that of the day
SELECT asset_class, tiering.asset_weight('aw', asset_class, '2024-06-30') = weight
	AND scale(tiering.asset_weight('aw', asset_class, '2024-06-30')) = scale(weight) AS same
	FROM tiering.asset_weight WHERE scheme = 'aw' AND version = 1 ORDER BY 1;
SELECT d, tiering.asset_weight('aw', 'loan', d)
	FROM unnest('{2024-01-01,2024-06-30,2024-07-01,2030-01-01}'::date[]) d;
SELECT tiering.asset_weight('aw', 'loan') AS today, tiering.asset_weight('aw', '理财') AS zh,
	tiering.asset_weight('aw', 'fund'::varchar) * 3;
SELECT arguments, t.fails('SELECT tiering.asset_weight(' || arguments || ')')
	FROM unnest(ARRAY[$$'aw', 'loans'$$, $$'aw', 'DEPOSIT'$$, $$'aw', ''$$, $$'aw', NULL$$,
	$$NULL, 'loan'$$, $$'nothing', 'loan'$$, $$'aw', 'card', '2024-07-01'$$,
	$$'aw', 'loan', '2023-12-31'$$, $$'aw', 'loan', NULL$$,
	$$'aw', 'loan', '-infinity'$$]) arguments;
-- a class that nobody weighed is an error in the midst of others, too
SELECT t.fails($$SELECT sum(1 * tiering.asset_weight('aw', c))
	FROM unnest('{deposit,fund,bond}'::text[]) c$$),
	t.fails($$SELECT count(tiering.asset_weight('aw', c))
	FROM unnest('{deposit,NULL}'::text[]) c$$);
-- scheme and day may differ from row to row
SELECT tiering.copy_scheme('aw', 'aw2');
UPDATE tiering.asset_weight SET weight = 7 WHERE scheme = 'aw2' AND asset_class = 'loan';
SELECT tiering.publish('aw2', '2024-01-01');
SELECT count(*) AS calls, count(*)
	FILTER (WHERE w <> CASE WHEN c = 'deposit' THEN 1 WHEN s = 'aw2' THEN 7 WHEN d < '2024-07-01'
	THEN -1 ELSE -0.5 END) AS wrong
FROM (SELECT *, tiering.asset_weight(s, c, d) AS w
	FROM (SELECT (ARRAY['aw', 'aw2'])[1 + g % 2] AS s,
	(ARRAY['loan', 'deposit'])[1 + g % 3 % 2] AS c, '2024-01-01'::date + g % 365 AS d
	FROM generate_series(1, 2000) g) i OFFSET 0) q;

-- the next statement sees a change: a prepared one, and PL/pgSQL in one transaction
PREPARE weight AS SELECT tiering.asset_weight('aw', 'loan', '2025-06-01');
EXECUTE weight;
BEGIN;
DO $$
DECLARE
	seen numeric[] := '{}';
BEGIN
	FOR i IN 1 .. 3 LOOP
		seen := seen || tiering.asset_weight('aw', 'loan', '2025-06-01');
		IF i = 2 THEN
			PERFORM tiering.new_version('aw');
			UPDATE tiering.asset_weight SET weight = 0.3 WHERE scheme = 'aw' AND version = 3
				AND asset_class = 'loan';
			PERFORM tiering.publish('aw', '2025-01-01');
		END IF;
	END LOOP;
	RAISE NOTICE '%', seen;
END;
$$;
EXECUTE weight;
ROLLBACK;
EXECUTE weight;
-- a frozen version's weights do not change
SELECT t.fails($$UPDATE tiering.asset_weight SET weight = 1 WHERE scheme = 'aw' AND version = 1$$),
	t.fails($$INSERT INTO tiering.asset_weight VALUES ('aw', 2, 'gold', 1)$$);

-- A source that adds assets up by their weights, loans subtracted: against a join
CREATE TABLE t.position AS
SELECT (t.random(g) * 200)::int AS customer_id,
	(ARRAY['deposit', 'fund', 'loan', '理财'])[1 + (t.random(g + 5000) * 4)::int % 4]
		AS asset_class,
	round(t.random(g + 10000) * 600, 2) AS balance, d
FROM generate_series(1, 1500) g, unnest('{2024-06-30,2024-07-31}'::date[]) d;
SELECT tiering.set_source('aw',
	'SELECT customer_id, sum(balance * tiering.asset_weight(''aw'', asset_class, $1)) AS net FROM '
	't.position WHERE d = $1 GROUP BY customer_id');
SET client_min_messages = warning;
SELECT customers FROM tiering.refresh('aw', '2024-06-30');
CREATE VIEW t.net AS SELECT d, customer_id::text COLLATE "C" AS customer_id,
	sum(balance * CASE asset_class WHEN 'deposit' THEN 1 WHEN 'fund'
	THEN 0.333333333333333333333333333333 WHEN '理财' THEN 0.8 WHEN 'loan'
	THEN CASE WHEN d < '2024-07-01' THEN -1 ELSE -0.5 END END) AS net FROM t.position GROUP BY 1, 2;
SELECT count(*) FILTER (WHERE a.measure IS DISTINCT FROM n.net OR a.tier
	IS DISTINCT FROM CASE WHEN n.net >= 1000 THEN 'high' WHEN n.net >= 100 THEN 'mid' ELSE 'low'
	END) AS wrong, count(*) FILTER (WHERE n.net < 0) > 5 AS debtors
FROM (SELECT * FROM _tiering.customer_now WHERE scheme = 'aw') a
	FULL JOIN (SELECT * FROM t.net WHERE d = '2024-06-30') n USING (customer_id);
SELECT customers FROM tiering.refresh('aw', '2024-07-31');
SELECT count(*) FILTER (WHERE a.measure IS DISTINCT FROM n.net OR a.tier
	IS DISTINCT FROM CASE WHEN n.net >= 1000 THEN 'high' WHEN n.net >= 100 THEN 'mid' ELSE 'low'
	END) AS wrong
FROM (SELECT * FROM _tiering.customer_now WHERE scheme = 'aw') a
	FULL JOIN (SELECT * FROM t.net WHERE d = '2024-07-31') n USING (customer_id);
-- a new class in the books stops the refresh, and says which
INSERT INTO t.position SELECT customer_id, 'crypto', 1, '2024-08-31' FROM t.position LIMIT 3;
SELECT t.fails($$SELECT tiering.refresh('aw', '2024-08-31')$$);
RESET client_min_messages;
-- in parallel workers
ALTER TABLE t.position SET (parallel_workers = 2);
ANALYZE t.position;
BEGIN;
SELECT t.parallel();
SELECT launched > 0 AS workers_ran
	FROM t.workers($$SELECT sum(balance * tiering.asset_weight('aw', asset_class, d))
	FROM t.position WHERE d < '2024-08-01'$$);
SELECT sum(balance * tiering.asset_weight('aw', asset_class, d)) = (SELECT sum(net) FROM t.net
	WHERE d < '2024-08-01') AS same FROM t.position WHERE d < '2024-08-01';
ROLLBACK;
