/*
 * A bank of accounts that are graded by their average since the first of January, night
 * after night: every average changes, and few customers move. A night appends what each
 * had, and rewrites the rows of those who moved.
 *
 * Set by the caller: accounts, the number of them.
 */

SELECT tiering.create_ladder('nights', 'daily_avg_balance', '{mass,silver,gold,platinum,diamond}',
	'{NULL,10000,50000,200000,1000000}'), tiering.publish('nights', '2020-01-01');
SELECT tiering.set_source('nights', $$
	SELECT account_id::text AS customer_id, tiering.daily_avg(balance, valid_from, valid_to,
		tiering.year_to_date($1)) AS daily_avg_balance
	FROM bench.history GROUP BY account_id$$);
SELECT new FROM tiering.refresh('nights', '2024-12-24');
SELECT stayed, up, down FROM tiering.refresh('nights', '2024-12-26');
SELECT stayed, up, down FROM tiering.refresh('nights', '2024-12-28');
VACUUM (ANALYZE) tiering.assignment, tiering.migration, tiering.assessment;

-- The same source, and nothing else
CREATE FUNCTION bench.source_alone(day date) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
	RETURN count(a.customer_id) + count(a.daily_avg_balance)
	FROM (SELECT account_id::text AS customer_id, tiering.daily_avg(balance, valid_from, valid_to,
			tiering.year_to_date(day)) AS daily_avg_balance
		FROM bench.history GROUP BY account_id OFFSET 0) a;
END;
$$;

-- What a refresh writes: bytes of WAL, and of the assessment that it appends
CREATE FUNCTION bench.wal_of_night(day date, OUT moved bigint, OUT wal numeric,
	OUT appended numeric)
LANGUAGE plpgsql
AS $$
DECLARE
	before pg_lsn := pg_current_wal_insert_lsn();
BEGIN
	SELECT r.up + r.down INTO moved FROM tiering.refresh('nights', day) r;
	wal := pg_current_wal_insert_lsn() - before;
	-- with the pointers to the rows
	SELECT sum(pg_column_size(a) + 4) INTO appended FROM tiering.assessment a
	WHERE a.scheme = 'nights' AND a.as_of = day;
END;
$$;

INSERT INTO bench.comparison (comparison, what, goal) VALUES
	('night', 'refresh, all averages change and few customers move / its source alone', 2.0),
	('night_again', 'the same repeated with nothing changed / its source alone', 1.5),
	('kept_matrix', 'migration_matrix of two dates, with money / GROUP BY of their rows', 1.3),
	('now', 'tier_distribution / GROUP BY tier over the customers', 0.05);

SELECT format($$
	SELECT count(x), sum(x.customers), sum(x.measure_from), sum(x.measure_to) FROM (
		SELECT f.tier AS from_tier, t.tier AS to_tier, count(*) AS customers,
			sum(f.measure) AS measure_from, sum(t.measure) AS measure_to
		FROM (SELECT * FROM tiering.assessment WHERE slot = %s AND scheme = 'nights'
				AND as_of = '2024-12-26') f
			FULL JOIN (SELECT * FROM tiering.assessment WHERE slot = %s AND scheme = 'nights'
				AND as_of = '2024-12-28') t USING (customer_id)
		GROUP BY 1, 2 OFFSET 0) x$$,
	max(k.slot) FILTER (WHERE k.as_of = '2024-12-26'),
	max(k.slot) FILTER (WHERE k.as_of = '2024-12-28')) AS by_hand
FROM tiering.kept_assessment k WHERE k.scheme = 'nights' \gset
INSERT INTO bench.side (comparison, side, query, computes) VALUES
	('kept_matrix', 'a', $$SELECT count(m), sum(m.customers), sum(m.measure_from),
		sum(m.measure_to)
	FROM tiering.migration_matrix('nights', '2024-12-26', '2024-12-28') m$$, 'customers'),
	('kept_matrix', 'b', :'by_hand', 'count('),
	('now', 'a', $$SELECT count(d), sum(d.customers), sum(d.measure)
	FROM tiering.tier_distribution d WHERE d.scheme = 'nights'$$, 'customers'),
	('now', 'b', $$SELECT count(x), sum(x.customers) FROM (
		SELECT tier, count(*) AS customers FROM tiering.assignment WHERE scheme = 'nights'
		GROUP BY tier OFFSET 0) x$$, 'count(');

SELECT bench.equal('kept_matrix', $$SELECT from_tier, to_tier, customers, measure_from, measure_to
		FROM tiering.migration_matrix('nights', '2024-12-26', '2024-12-28')$$,
	$$SELECT f.tier COLLATE "default", t.tier COLLATE "default", count(*), sum(f.measure),
		sum(t.measure)
	FROM (SELECT * FROM tiering.assessment WHERE scheme = 'nights' AND as_of = '2024-12-26') f
		FULL JOIN (SELECT * FROM tiering.assessment WHERE scheme = 'nights'
			AND as_of = '2024-12-28') t USING (customer_id)
	GROUP BY 1, 2$$);
SELECT bench.equal('now', $$SELECT tier, customers, measure FROM _tiering.distribution_now
		WHERE scheme = 'nights'$$,
	$$SELECT tier, count(*), sum(measure) FROM _tiering.customer_now WHERE scheme = 'nights'
	GROUP BY tier$$);
