/*
 * Assets of customers, the same in every run, on the six steps of scheme cib.
 *
 * Set by the caller: customers, the number of them.
 */

-- Financial assets of a customer who is on step 0 to 5 of the ladder
CREATE FUNCTION bench.assets(step int, part double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY[0, 10000, 100000, 300000, 1000000, 6000000])[step + 1]
	+ (part ^ 3 * (ARRAY[9999.99, 90000, 200000, 700000, 5000000, 44000000])[step + 1]
		::double precision)::numeric;

-- Six in ten stand on the lowest step, one in 200 on the highest
CREATE FUNCTION bench.step(customer int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN width_bucket(bench.uniform(customer, 5),
	ARRAY[0.6, 0.82, 0.92, 0.97, 0.995]::double precision[]);

-- One in twenty moves a step up or down; from the ends there is one way only
CREATE FUNCTION bench.next_step(customer int, step int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN bench.uniform(customer, 6) >= 0.05 THEN step
	WHEN step = 0 THEN 1 WHEN step = 5 THEN 4
	WHEN bench.uniform(customer, 7) < 0.5 THEN step + 1 ELSE step - 1 END;

CREATE TABLE bench.assets AS
SELECT bench.assets(bench.step(c), bench.uniform(c, 8))::numeric(15,2) AS value
FROM generate_series(1, :customers * 10) c;

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
FROM generate_series(1, :customers) c
WHERE bench.uniform(c, 9) >= 0.005;
INSERT INTO bench.metrics
SELECT '2024-02-29', lpad(c::text, 10, '0'), bench.assets(bench.next_step(c, bench.step(c)),
	bench.uniform(c, CASE WHEN bench.uniform(c, 10) < 0.03 THEN 8 ELSE 11 END))
FROM generate_series(1, :customers) c
WHERE bench.uniform(c, 9) < 0.995;

-- What psbc and ccb_stars look at, one row for each customer
CREATE TABLE bench.profile AS
SELECT c AS customer_id,
	bench.assets(bench.step(c), bench.uniform(c, 8))::numeric(15,2) AS daily_avg_balance,
	CASE WHEN bench.uniform(c, 14) < 0.8 THEN (4000000 * bench.uniform(c, 15) ^ 3)::numeric(15,2)
		END AS household_income,
	bench.uniform(c, 16) < 0.05 AS holds_gold_card,
	bench.uniform(c, 17) < 0.03 AS holds_platinum_card,
	bench.uniform(c, 18) < 0.01 AS holds_diamond_card,
	bench.assets(bench.step(c), bench.uniform(c, 8))::numeric(15,2) AS deposits,
	(1000000 * bench.uniform(c, 22) ^ 3)::numeric(15,2) AS loans,
	(60 * bench.uniform(c, 19) ^ 2)::int AS transactions,
	(400000 * bench.uniform(c, 23) ^ 2)::numeric(15,2) AS transaction_amount,
	(8 * bench.uniform(c, 20))::int AS products,
	(12 * bench.uniform(c, 24))::int AS years_with_bank,
	round(bench.uniform(c, 21)::numeric, 4) AS steadiness,
	500 + (300 * bench.uniform(c, 25))::int AS credit_score
FROM generate_series(1, :customers) c;

VACUUM (FREEZE, ANALYZE) bench.assets, bench.metrics, bench.profile;
SELECT count(*) FROM bench.assets;
SELECT count(*) FROM bench.metrics;
SELECT count(*) FROM bench.profile;
