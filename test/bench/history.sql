/*
 * Balances of accounts as a warehouse keeps them, the same in every run: all of it
 * comes from hashes of keys. A row is a balance and the days on which it stood.
 * Each account has ten, from some day of 2023 on, the last one open-ended; the
 * period of the queries is 2024, so that some rows lie before it and some after.
 *
 * Set by the caller: accounts, the number of them, and layout, the columns by
 * which the rows lie in order.
 */

-- Log-normal: median 8,100, one in fifty above 440,000
CREATE FUNCTION bench.money(key bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN exp(9 + 2 * sqrt(-2 * ln(1 - bench.uniform(key, 1)))
	* cos(2 * pi() * bench.uniform(key, 2)))::numeric;

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
		SELECT 1 + (a - 1) %% (%s / 2) AS customer_id, a AS account_id,
			bench.changed_on(a, change) AS valid_from,
			CASE change WHEN 9 THEN '9999-12-31' ELSE bench.changed_on(a, change + 1) END
				AS valid_to,
			bench.money(a * 16::bigint + change)::numeric(15,2) AS balance
		FROM generate_series(1, %s) a, generate_series(0, 9) change
		ORDER BY %s$ddl$, name, accounts, accounts, layout);
END;
$$;

CALL bench.make_history('history', :accounts, :'layout');
CALL bench.make_history('history_tenth', :accounts / 10, :'layout');

VACUUM (FREEZE, ANALYZE) bench.history, bench.history_tenth;

-- Tables below a quarter of shared_buffers stay in them when scanned
SELECT count(*) FROM bench.history;
SELECT count(*) FROM bench.history_tenth;
