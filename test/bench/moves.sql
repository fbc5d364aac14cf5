/*
 * A year of moves, two for each customer on average, after the one by which he
 * came. The n-th leads to the next tier of a walk up and down the ladder.
 *
 * Set by the caller: customers, the number of them.
 */

SELECT tiering.copy_scheme('cib', 'cib_year');
CREATE FUNCTION bench.on_walk(step bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['non_core', 'core', 'gold', 'platinum', 'black_gold', 'diamond', 'black_gold',
	'platinum', 'gold', 'core'])[1 + step % 10];

INSERT INTO tiering.migration (scheme, customer_id, as_of, to_tier, direction, cause, version,
	measure, recorded_by, batch, assessed)
SELECT 'cib_year', lpad(c::text, 10, '0'), '2023-12-31', bench.on_walk(c), 'new', 'new', 1,
	bench.money(c * 16::bigint)::numeric(15, 2), 'bench', 1, '2023-12-31'
FROM generate_series(1, :customers) c;
INSERT INTO tiering.migration (scheme, customer_id, as_of, from_tier, to_tier, direction, cause,
	version, measure, recorded_by, batch, assessed)
SELECT 'cib_year', lpad(c::text, 10, '0'), (date '2024-01-01' + m * interval '1 month')::date - 1,
	bench.on_walk(c + n - 1), bench.on_walk(c + n),
		CASE WHEN (c + n - 1) % 10 < 5 THEN 'up' ELSE 'down' END, 'rule', 1,
	bench.money(c * 16::bigint + m)::numeric(15, 2), 'bench', 1,
	(date '2024-01-01' + m * interval '1 month')::date - 1
FROM (SELECT c, m, row_number() OVER (PARTITION BY c ORDER BY m) AS n
	  FROM generate_series(1, :customers) c, generate_series(1, 12) m
	  WHERE bench.uniform(c * 16::bigint + m, 40) < 1 / 6.0) moved
ORDER BY m, c;
VACUUM (FREEZE, ANALYZE) tiering.migration;

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('matrix', 'migration_matrix of a year / GROUP BY over the year''s moves', 1.5),
	-- who did not move in the year is found by the moves before it
	('matrix_read', 'migration_matrix of a year / GROUP BY over all moves that it reads', NULL);

SELECT $$SELECT count(x), sum(x.customers)
	FROM (SELECT from_tier, to_tier, count(*) AS customers
	FROM tiering.migration WHERE scheme = 'cib_year' AND as_of > %L AND as_of <= '2024-12-31'
		GROUP BY 1, 2 OFFSET 0) x$$ AS grouped,
	$$SELECT count(m), sum(m.customers)
	FROM tiering.migration_matrix('cib_year', '2023-12-31', '2024-12-31') m$$ AS matrix
\gset
INSERT INTO bench.side (comparison, side, query, computes) VALUES
	('matrix', 'a', :'matrix', 'customers'),
	('matrix', 'b', format(:'grouped', '2023-12-31'), 'count('),
	('matrix_read', 'a', :'matrix', 'customers'),
	('matrix_read', 'b', format(:'grouped', '2023-01-01'), 'count(');

SELECT bench.equal('migration_matrix', $$SELECT from_tier, to_tier, customers
		FROM tiering.migration_matrix('cib_year', '2023-12-31', '2024-12-31')$$,
	$$SELECT f.to_tier COLLATE "default", l.to_tier COLLATE "default", count(*)
	FROM (SELECT customer_id, to_tier FROM tiering.migration WHERE scheme = 'cib_year'
		AND as_of <= '2023-12-31') f
		JOIN (SELECT DISTINCT ON (customer_id) customer_id, to_tier FROM tiering.migration
			  WHERE scheme = 'cib_year' ORDER BY customer_id, as_of DESC, move DESC) l
			  	USING (customer_id)
	GROUP BY 1, 2$$);
