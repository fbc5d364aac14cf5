/*
 * What is compared with what, and the ratio that it is to reach at most. The
 * refreshes have no sides here: they write, and run times them.
 */

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('grouped', 'daily_avg by customer / sum(balance) by customer', 0.90),
	('total', 'daily_avg of all / sum(balance) of all', 0.85),
	('plain', 'daily_avg of all / best plain SQL', 0.65),
	('changes', 'daily_avg_changes by account / plain SQL with lead()', 0.50),
	('classify', 'classify / CASE from the top, less the bare scan', 1.00),
	('classify_up', 'classify / CASE from the bottom, less the bare scan', 1.00),
	('any_of', 'classify of a row by psbc / CASE, less the bare scan', 1.50),
	('scorecard', 'classify of a row by ccb_stars / CASE, less the bare scan', 1.00),
	('refresh', 'refresh, 5 % moved / the same writes by hand', 1.20),
	('policy', 'refresh with a policy / without', 1.30),
	('simulate', 'simulate a draft for all customers / its source alone', 1.30),
	('scale', 'daily_avg by customer, all rows / a tenth of them', 11),
	('parallel', 'daily_avg of all, 2 workers and leader / serial', 0.65),
	-- two partial states for nearly every group have to travel: told, but no goal
	('parallel_grouped', 'daily_avg by customer, 2 workers and leader / serial', NULL);

CREATE FUNCTION pg_temp.grouped(aggregate text, history text DEFAULT 'history') RETURNS text
LANGUAGE sql
RETURN format('SELECT count(customer_id), count(x)
	FROM (SELECT customer_id, %s AS x FROM bench.%I GROUP BY customer_id OFFSET 0) g', aggregate,
		history);

CREATE FUNCTION pg_temp.total(aggregate text) RETURNS text
LANGUAGE sql
RETURN format('SELECT %s FROM bench.history', aggregate);

SELECT 'tiering.daily_avg(balance, valid_from, valid_to, ''[2024-01-01,2025-01-01)'')' AS daily_avg,
	'sum(balance * greatest(least(valid_to, date ''2025-01-01'') - greatest(valid_from, date '
	'''2024-01-01''), 0)) / 366'
	AS plain,
	$$SELECT account_id, tiering.daily_avg_changes(balance, valid_from,
	'[2024-01-01,2025-01-01)') AS x
	FROM bench.history GROUP BY account_id$$ AS changes,
	-- what changes after the period, and what did before the last change ahead of it, is left out
	-- at once
	$$SELECT account_id, sum(balance * (next_change -
	greatest(valid_from, date '2024-01-01'))) / 366 AS x
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
	WHEN value < 6000000 THEN 'black_gold' ELSE 'diamond' END$$ AS from_bottom,
	'tiering.classify(''psbc'', p)' AS any_of,
	$$CASE WHEN daily_avg_balance >= 1500000 OR holds_diamond_card OR household_income >= 3000000
	THEN 'diamond'
	WHEN daily_avg_balance >= 300000 OR holds_platinum_card OR household_income >= 800000
		THEN 'platinum'
	WHEN daily_avg_balance >= 50000 OR holds_gold_card OR household_income >= 200000 THEN 'gold'
		ELSE 'ordinary' END$$ AS any_of_case,
	'tiering.classify(''ccb_stars'', p)' AS stars,
	$$0.3 * CASE WHEN deposits < 10000 THEN 0 WHEN deposits < 50000 THEN 20
	WHEN deposits < 200000 THEN 40 WHEN deposits < 1000000 THEN 70 ELSE 100 END
	+ 0.1 * CASE WHEN loans < 10000 THEN 0 WHEN loans < 100000 THEN 40 WHEN loans < 500000 THEN 70
		ELSE 100 END
	+ 0.1 * CASE WHEN transactions < 1 THEN 0 WHEN transactions < 10 THEN 30 WHEN transactions < 30
		THEN 60 ELSE 100 END
	+ 0.1 * CASE WHEN transaction_amount < 5000 THEN 0 WHEN transaction_amount < 50000 THEN 30
		WHEN transaction_amount < 200000 THEN 60 ELSE 100 END
	+ 0.2 * CASE WHEN products < 2 THEN 0 WHEN products < 4 THEN 40 WHEN products < 6 THEN 70
		ELSE 100 END
	+ 0.05 * CASE WHEN years_with_bank < 1 THEN 0 WHEN years_with_bank < 3 THEN 40
		WHEN years_with_bank < 8 THEN 70 ELSE 100 END
	+ 0.1 * CASE WHEN steadiness < 0.3 THEN 0 WHEN steadiness < 0.6 THEN 40 WHEN steadiness < 0.9
		THEN 70 ELSE 100 END
	+ 0.05 * CASE WHEN credit_score < 550 THEN 0 WHEN credit_score < 650 THEN 40
		WHEN credit_score < 750 THEN 70 ELSE 100 END$$ AS score,
	$$CASE WHEN score >= 80 THEN 'star_5' WHEN score >= 60 THEN 'star_4' WHEN score >= 40
	THEN 'star_3'
	WHEN score >= 20 THEN 'star_2' ELSE 'star_1' END$$ AS stars_case
\gset

INSERT INTO bench.side (comparison, side, query, computes, workers) VALUES
	('grouped', 'a', pg_temp.grouped(:'daily_avg'), 'daily_avg(', 0),
	('grouped', 'b', pg_temp.grouped('sum(balance)'), 'sum(', 0),
	('total', 'a', pg_temp.total(:'daily_avg'), 'daily_avg(', 0),
	('total', 'b', pg_temp.total('sum(balance)'), 'sum(', 0),
	('plain', 'a', pg_temp.total(:'daily_avg'), 'daily_avg(', 0),
	('plain', 'b', pg_temp.total(:'plain'), 'sum(', 0),
	('changes', 'a', 'SELECT count(account_id), count(x) FROM (' || :'changes' || ' OFFSET 0) g',
		'daily_avg_changes(', 0),
	('changes', 'b', 'SELECT count(account_id), count(x) FROM (' || :'lead' || ' OFFSET 0) g',
		'lead(', 0),
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

-- The score has a name by a subquery that stays one, or each step would add it up again
INSERT INTO bench.side (comparison, side, query, computes) VALUES
	('any_of', 'a', 'SELECT count(' || :'any_of' || ') FROM bench.profile p', 'classify_columns('),
	('any_of', 'b', 'SELECT count(' || :'any_of_case' || ') FROM bench.profile p', 'CASE '),
	('any_of', 'base', 'SELECT count(holds_diamond_card) FROM bench.profile p',
		'holds_diamond_card'),
	('scorecard', 'a', 'SELECT count(' || :'stars' || ') FROM bench.profile p',
		'classify_columns('),
	('scorecard', 'b', 'SELECT count(' || :'stars_case' || ') FROM (SELECT ' || :'score'
		|| ' AS score FROM bench.profile OFFSET 0) s', 'CASE '),
	('scorecard', 'base', 'SELECT count(steadiness) FROM bench.profile p', 'steadiness');

-- Both sides answer the same; beyond six decimals core's division may round otherwise.
-- Of the history a tenth has to do, for the sake of time.
SELECT bench.equal('daily_avg', 'SELECT round(' || :'daily_avg' || ', 6) FROM bench.history_tenth',
	'SELECT round(' || :'plain' || ', 6) FROM bench.history_tenth');
SELECT bench.equal('daily_avg_changes',
	'SELECT account_id, round(x, 6) FROM ('
	|| replace(:'changes', 'bench.history', 'bench.history_tenth') || ') g',
	'SELECT account_id, round(x, 6) FROM ('
	|| replace(:'lead', 'bench.history', 'bench.history_tenth') || ') g');
SELECT bench.equal('classify', 'SELECT count(*) FROM bench.assets',
	'SELECT count(*) FROM bench.assets
	WHERE ' || :'classify' || ' = ' || :'from_top' || ' AND ' || :'classify' || ' = '
		|| :'from_bottom');
SELECT bench.equal('classify by psbc', 'SELECT customer_id, ' || :'any_of'
	|| ' FROM bench.profile p',
	'SELECT customer_id, ' || :'any_of_case' || ' FROM bench.profile p');
SELECT bench.equal('classify by ccb_stars', 'SELECT customer_id, ' || :'stars'
	|| ' FROM bench.profile p',
	'SELECT customer_id, ' || :'stars_case' || ' FROM (SELECT customer_id, ' || :'score'
	|| ' AS score FROM bench.profile OFFSET 0) s');
