/*
 * What is compared with what, and the ratio that it is to reach at most. The
 * refresh has no sides here: it writes, and run times it.
 */

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('grouped', 'daily_avg by customer / sum(balance) by customer', 0.90),
	('total', 'daily_avg of all / sum(balance) of all', 0.85),
	('plain', 'daily_avg of all / best plain SQL', 0.65),
	('changes', 'daily_avg_changes by account / plain SQL with lead()', 0.50),
	('classify', 'classify / CASE from the top, less the bare scan', 1.00),
	('classify_up', 'classify / CASE from the bottom, less the bare scan', 1.00),
	('refresh', 'refresh, 5 % moved / the same writes by hand', 1.20),
	('scale', 'daily_avg by customer, all rows / a tenth of them', 11),
	('parallel', 'daily_avg of all, 2 workers and leader / serial', 0.65),
	-- two partial states for nearly every group have to travel: told, but no goal
	('parallel_grouped', 'daily_avg by customer, 2 workers and leader / serial', NULL);

CREATE FUNCTION pg_temp.grouped(aggregate text, history text DEFAULT 'history') RETURNS text
LANGUAGE sql
RETURN format('SELECT count(customer_id), count(x)
	FROM (SELECT customer_id, %s AS x FROM bench.%I GROUP BY customer_id OFFSET 0) g', aggregate, history);

CREATE FUNCTION pg_temp.total(aggregate text) RETURNS text
LANGUAGE sql
RETURN format('SELECT %s FROM bench.history', aggregate);

SELECT 'tiering.daily_avg(balance, valid_from, valid_to, ''[2024-01-01,2025-01-01)'')' AS daily_avg,
	'sum(balance * greatest(least(valid_to, date ''2025-01-01'') - greatest(valid_from, date ''2024-01-01''), 0)) / 366'
	AS plain,
	$$SELECT account_id, tiering.daily_avg_changes(balance, valid_from, '[2024-01-01,2025-01-01)') AS x
	FROM bench.history GROUP BY account_id$$ AS changes,
	-- what changes after the period, and what did before the last change ahead of it, is left out at once
	$$SELECT account_id, sum(balance * (next_change - greatest(valid_from, date '2024-01-01'))) / 366 AS x
	FROM (SELECT account_id, balance, valid_from, lead(valid_from, 1, date '2025-01-01')
			OVER (PARTITION BY account_id ORDER BY valid_from) AS next_change
		  FROM bench.history WHERE valid_from < '2025-01-01') h
	WHERE next_change > '2024-01-01' GROUP BY account_id$$ AS lead,
	'tiering.classify(''cib'', value)' AS classify,
	$$CASE WHEN value >= 6000000 THEN 'diamond' WHEN value >= 1000000 THEN 'black_gold'
	WHEN value >= 300000 THEN 'platinum' WHEN value >= 100000 THEN 'gold'
	WHEN value >= 10000 THEN 'core' ELSE 'non_core' END$$ AS from_top,
	$$CASE WHEN value < 10000 THEN 'non_core' WHEN value < 100000 THEN 'core'
	WHEN value < 300000 THEN 'gold' WHEN value < 1000000 THEN 'platinum'
	WHEN value < 6000000 THEN 'black_gold' ELSE 'diamond' END$$ AS from_bottom
\gset

INSERT INTO bench.side (comparison, side, query, computes, workers) VALUES
	('grouped', 'a', pg_temp.grouped(:'daily_avg'), 'daily_avg(', 0),
	('grouped', 'b', pg_temp.grouped('sum(balance)'), 'sum(', 0),
	('total', 'a', pg_temp.total(:'daily_avg'), 'daily_avg(', 0),
	('total', 'b', pg_temp.total('sum(balance)'), 'sum(', 0),
	('plain', 'a', pg_temp.total(:'daily_avg'), 'daily_avg(', 0),
	('plain', 'b', pg_temp.total(:'plain'), 'sum(', 0),
	('changes', 'a', 'SELECT count(account_id), count(x) FROM (' || :'changes' || ' OFFSET 0) g', 'daily_avg_changes(', 0),
	('changes', 'b', 'SELECT count(account_id), count(x) FROM (' || :'lead' || ' OFFSET 0) g', 'lead(', 0),
	('scale', 'a', pg_temp.grouped(:'daily_avg'), 'daily_avg(', 0),
	('scale', 'b', pg_temp.grouped(:'daily_avg', 'history_tenth'), 'daily_avg(', 0),
	('parallel', 'a', pg_temp.total(:'daily_avg'), 'daily_avg(', 2),
	('parallel', 'b', pg_temp.total(:'daily_avg'), 'daily_avg(', 0),
	('parallel_grouped', 'a', pg_temp.grouped(:'daily_avg'), 'daily_avg(', 2),
	('parallel_grouped', 'b', pg_temp.grouped(:'daily_avg'), 'daily_avg(', 0);

INSERT INTO bench.side (comparison, side, query, computes)
SELECT comparison, side, format('SELECT count(%s) FROM bench.assets', expression), computes
FROM (VALUES
	('classify', 'a', :'classify', 'classify('),
	('classify', 'b', :'from_top', 'CASE '),
	('classify', 'base', 'value', 'value'),
	('classify_up', 'a', :'classify', 'classify('),
	('classify_up', 'b', :'from_bottom', 'CASE '),
	('classify_up', 'base', 'value', 'value')) s (comparison, side, expression, computes);

-- Both sides answer the same; beyond six decimals core's division may round otherwise.
-- Of the history a tenth has to do, for the sake of time.
SELECT bench.equal('daily_avg', 'SELECT round(' || :'daily_avg' || ', 6) FROM bench.history_tenth',
	'SELECT round(' || :'plain' || ', 6) FROM bench.history_tenth');
SELECT bench.equal('daily_avg_changes',
	'SELECT account_id, round(x, 6) FROM (' || replace(:'changes', 'bench.history', 'bench.history_tenth') || ') g',
	'SELECT account_id, round(x, 6) FROM (' || replace(:'lead', 'bench.history', 'bench.history_tenth') || ') g');
SELECT bench.equal('classify', 'SELECT count(*) FROM bench.assets', 'SELECT count(*) FROM bench.assets
	WHERE ' || :'classify' || ' = ' || :'from_top' || ' AND ' || :'classify' || ' = ' || :'from_bottom');
