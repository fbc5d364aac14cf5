/*
 * A bank that was refreshed at thirteen ends of months, and one that was at the
 * first of them only; one customer in a hundred had wrong data all along. And a
 * refresh that does not seal what it records.
 *
 * Set by the caller: customers, the number of them.
 */

-- One in twenty moves a step at each end of a month, and back at the next
CREATE TABLE bench.monthly (
	as_of            date NOT NULL,
	customer_id      text NOT NULL,
	daily_avg_assets numeric(15,2),
	PRIMARY KEY (as_of, customer_id)
);
INSERT INTO bench.monthly
SELECT (date '2024-01-01' + m * interval '1 month')::date - 1, lpad(c::text, 10, '0'),
	bench.assets(CASE WHEN bench.uniform(c * 16::bigint + m, 41) < 0.05
		THEN bench.next_step(c, bench.step(c)) ELSE bench.step(c) END,
		bench.uniform(c * 16::bigint + m, 42))
FROM generate_series(0, 12) m, generate_series(1, :customers) c;
VACUUM (FREEZE, ANALYZE) bench.monthly;

SELECT tiering.copy_scheme('cib', scheme), tiering.publish(scheme, '2020-01-01'),
	tiering.set_source(scheme,
		'SELECT customer_id, daily_avg_assets FROM bench.monthly WHERE as_of = $1')
FROM unnest('{cib_first,cib_all}'::text[]) scheme;
CREATE FUNCTION bench.refreshes(scheme text, first int, last int) RETURNS bigint
LANGUAGE sql
AS $$
	SELECT count(tiering.refresh(scheme, (date '2024-01-01' + m * interval '1 month')::date - 1))
		FROM generate_series(first, last) m
$$;
SELECT bench.refreshes('cib_first', 0, 0), bench.refreshes('cib_all', 0, 12);

-- From January on: the restated bank is the one that is refreshed with the right data
CREATE TABLE bench.wrong AS SELECT lpad(c::text, 10, '0') AS customer_id
	FROM generate_series(1, :customers, 100) c;
UPDATE bench.monthly m SET daily_avg_assets = daily_avg_assets * 1.5
FROM bench.wrong w WHERE m.as_of > '2023-12-31' AND m.customer_id = w.customer_id;
VACUUM (FREEZE, ANALYZE);
BEGIN;
SELECT bench.refreshes('cib_first', 1, 12);
SELECT tiering.restate('cib_all', '2024-01-01', ARRAY(SELECT customer_id FROM bench.wrong));
SELECT bench.equal('assignment',
	$$SELECT customer_id, tier, measure, since, misses FROM tiering.current_tier
	WHERE scheme = 'cib_all'$$,
	$$SELECT customer_id, tier, measure, since, misses FROM tiering.current_tier
	WHERE scheme = 'cib_first'$$);
SELECT bench.equal('moves',
	$$SELECT customer_id, as_of, from_tier, to_tier, direction, measure FROM tiering.standing_move
	WHERE scheme = 'cib_all'$$,
	$$SELECT customer_id, as_of, from_tier, to_tier, direction, measure FROM tiering.standing_move
	WHERE scheme = 'cib_first'$$);
ROLLBACK;
VACUUM;

CREATE FUNCTION bench.unsealed_refresh(scheme text, as_of date) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	CREATE OR REPLACE FUNCTION _tiering.seal_batch(scheme text, batch int, kind text, as_of date,
		after_move bigint) RETURNS void
	LANGUAGE plpgsql
	AS 'BEGIN END';
	PERFORM tiering.refresh(scheme, as_of);
END;
$$;

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('restate', 'restate of 1 % of the customers over 12 months / 12 refreshes', 0.05),
	('seal', 'refresh / refresh without sealing', 1.1);
