/*
 * The data, the same in every run: all of it comes from hashes of keys.
 *
 * Balances of accounts as a warehouse keeps them: a row for each time a balance
 * stood. Each account has ten, from some day of 2023 on, the last one open-ended;
 * the period of the queries is 2024, so that some rows lie before it and some after.
 *
 * Set by the caller: accounts, the number of them, and layout, the columns by
 * which the rows lie in order.
 */

-- In [0, 1)
CREATE FUNCTION bench.uniform(key bigint, seed int) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(key, seed) & ((1::bigint << 48) - 1)) / (1::bigint << 48)::double precision;

-- Log-normal: median 8,100, one in fifty above 440,000
CREATE FUNCTION bench.money(key bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN exp(9 + 2 * sqrt(-2 * ln(1 - bench.uniform(key, 1))) * cos(2 * pi() * bench.uniform(key, 2)))::numeric;

CREATE FUNCTION bench.changed_on(account int, change int) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date '2023-01-01' + (365 * bench.uniform(account, 3))::int + change * 55
	+ (40 * bench.uniform(account * 16::bigint + change, 4))::int;

CREATE PROCEDURE bench.make_history(name text, accounts int, layout text)
LANGUAGE plpgsql
AS $$
BEGIN
	EXECUTE format($ddl$
		CREATE TABLE bench.%I AS
		SELECT 1 + (a - 1) %% (%s / 2) AS customer_id, a AS account_id, bench.changed_on(a, change) AS valid_from,
			CASE change WHEN 9 THEN '9999-12-31' ELSE bench.changed_on(a, change + 1) END AS valid_to,
			bench.money(a * 16::bigint + change)::numeric(15,2) AS balance
		FROM generate_series(1, %s) a, generate_series(0, 9) change
		ORDER BY %s$ddl$, name, accounts, accounts, layout);
END;
$$;

-- Financial assets of a customer who is on step 0 to 5 of the ladder
CREATE FUNCTION bench.assets(step int, part double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY[0, 10000, 100000, 300000, 1000000, 6000000])[step + 1]
	+ (part ^ 3 * (ARRAY[9999.99, 90000, 200000, 700000, 5000000, 44000000])[step + 1]::double precision)::numeric;

-- Six in ten stand on the lowest step, one in 200 on the highest
CREATE FUNCTION bench.step(customer int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN width_bucket(bench.uniform(customer, 5), ARRAY[0.6, 0.82, 0.92, 0.97, 0.995]::double precision[]);

-- One in twenty moves a step, half of them up; from the ends there is one way only
CREATE FUNCTION bench.next_step(customer int, step int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN bench.uniform(customer, 6) >= 0.05 THEN step
	WHEN step = 0 THEN 1 WHEN step = 5 THEN 4
	WHEN bench.uniform(customer, 7) < 0.5 THEN step + 1 ELSE step - 1 END;

CALL bench.make_history('history', :accounts, :'layout');
CALL bench.make_history('history_tenth', :accounts / 10, :'layout');

CREATE TABLE bench.assets AS
SELECT bench.assets(bench.step(c), bench.uniform(c, 8))::numeric(15,2) AS value
FROM generate_series(1, :accounts * 5) c;

-- Two dates; one customer in 200 is gone by the second, as many are new, and
-- three in a hundred of the rest have the same assets as before
CREATE TABLE bench.metrics (
	as_of            date NOT NULL,
	customer_id      text NOT NULL,
	daily_avg_assets numeric(15,2),
	PRIMARY KEY (as_of, customer_id)
);
INSERT INTO bench.metrics
SELECT '2024-01-31', lpad(c::text, 10, '0'), bench.assets(bench.step(c), bench.uniform(c, 8))
FROM generate_series(1, :accounts / 2) c
WHERE bench.uniform(c, 9) >= 0.005;
INSERT INTO bench.metrics
SELECT '2024-02-29', lpad(c::text, 10, '0'), bench.assets(bench.next_step(c, bench.step(c)),
	bench.uniform(c, CASE WHEN bench.uniform(c, 10) < 0.03 THEN 8 ELSE 11 END))
FROM generate_series(1, :accounts / 2) c
WHERE bench.uniform(c, 9) < 0.995;

VACUUM (FREEZE, ANALYZE) bench.history, bench.history_tenth, bench.assets, bench.metrics;

-- Tables below a quarter of shared_buffers stay in them when scanned
SELECT count(*) FROM bench.history;
SELECT count(*) FROM bench.history_tenth;
SELECT count(*) FROM bench.assets;
SELECT count(*) FROM bench.metrics;
