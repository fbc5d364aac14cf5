-- What ran is recorded, failures of run_refresh() as well, before the error goes on to the caller.
CREATE SCHEMA runs;
SET client_min_messages = warning;
CREATE TABLE runs.value (customer_id text, as_of date, value numeric);
INSERT INTO runs.value SELECT 'r' || c, d, c * 10
FROM generate_series(1, 4) c, unnest('{2024-01-31,2024-02-29}'::date[]) d;
CREATE ROLE tiering_runs_night;
CREATE ROLE tiering_runs_reader;
GRANT USAGE ON SCHEMA t TO tiering_runs_night, tiering_runs_reader;
SELECT tiering.grant_role('tiering_runs_night', 'grade'),
	tiering.grant_role('tiering_runs_reader', 'report');
SELECT tiering.create_ladder('runs', 'value', '{low,high}', '{NULL,25}'),
	tiering.publish('runs', '2024-01-01'),
	tiering.set_source('runs', 'SELECT customer_id, value FROM runs.value WHERE as_of = $1');
CREATE VIEW runs.told AS
SELECT kind, as_of, seconds >= 0 AS ended, counts ->> 'customers' AS customers, sqlstate, error,
	recorded_by, recorded_as
FROM tiering.run WHERE scheme IN ('runs', 'runs_typo', '') ORDER BY run;

-- Each function that assesses records itself, in the same transaction: what fails leaves nothing.
SELECT new FROM tiering.refresh('runs', '2024-01-31');
SELECT customers FROM tiering.assess('runs', '2024-02-10', '{r1}', 'a complaint');
SELECT t.fails($$SELECT tiering.refresh('runs', '2023-01-31')$$);
SELECT written FROM tiering.restate('runs', '2024-01-31', '{r2}');
SELECT tiering.mark_dirty('runs', 'r3', '2024-01-31');
SELECT customers FROM tiering.restate_dirty('runs');
SELECT * FROM runs.told;
TRUNCATE tiering.run;

-- A night job: what fails is told to the caller as refresh() tells it, and is known.
SET SESSION AUTHORIZATION tiering_runs_night;
CALL tiering.run_refresh('runs', '2023-01-31');
CALL tiering.run_refresh('runs_typo', '2024-02-29');
CALL tiering.run_refresh(NULL, NULL);
CALL tiering.run_refresh('runs', '2024-02-29');
CALL tiering.run_refresh('runs', '2024-02-29', force => true);
-- not in a transaction, which could take the record with it
BEGIN;
CALL tiering.run_refresh('runs', '2024-03-31');
ROLLBACK;
-- a limit, an error in the source, a statement that takes too long, one that asserts
RESET SESSION AUTHORIZATION;
INSERT INTO runs.value SELECT 'r' || c, '2024-03-31', 10 FROM generate_series(1, 4) c;
SELECT tiering.set_limits('runs', max_moved => 0.1);
SET SESSION AUTHORIZATION tiering_runs_night;
CALL tiering.run_refresh('runs', '2024-03-31');
RESET SESSION AUTHORIZATION;
SELECT tiering.set_limits('runs'), tiering.set_source('runs',
	'SELECT customer_id, value / 0 AS value FROM runs.value WHERE as_of = $1');
SET SESSION AUTHORIZATION tiering_runs_night;
CALL tiering.run_refresh('runs', '2024-03-31');
RESET SESSION AUTHORIZATION;
SELECT tiering.set_source('runs', 'SELECT v.customer_id, v.value FROM runs.value v,
	(SELECT pg_sleep(60)) s WHERE v.as_of = $1');
SET SESSION AUTHORIZATION tiering_runs_night;
SET statement_timeout = '300ms';
CALL tiering.run_refresh('runs', '2024-03-31');
RESET statement_timeout;
RESET SESSION AUTHORIZATION;
SELECT * FROM runs.told;
SELECT kind, as_of, state, sqlstate, last_done_as_of, last_done < started AS before
FROM tiering.last_run WHERE scheme = 'runs';

-- One that goes on, and one whose session is not there any more
INSERT INTO tiering.run (scheme, kind, as_of, started, pid)
VALUES ('runs', 'restate', '2024-03-31', now(), pg_backend_pid()),
	('runs', 'assess', '2024-03-31', now(), -1);
SELECT kind, state, seconds IS NULL AS goes_on, last_done_as_of FROM tiering.last_run
WHERE scheme = 'runs' ORDER BY kind;

-- One that an earlier session of that number never ended is not this one's
SELECT tiering.set_source('runs', 'SELECT v.customer_id, v.value FROM runs.value v
	WHERE v.as_of = $1');
INSERT INTO tiering.run (scheme, kind, as_of, started, pid)
SELECT 'runs', 'refresh', '2024-01-31', a.backend_start - interval '1 day', a.pid
FROM pg_stat_activity a WHERE a.pid = pg_backend_pid();
SELECT stayed FROM tiering.refresh('runs', '2024-02-29');
SELECT count(*) FILTER (WHERE seconds IS NULL) AS open,
	count(*) FILTER (WHERE seconds >= 0 AND started >= (SELECT backend_start
		FROM pg_stat_activity WHERE pid = pg_backend_pid()) AND pid = pg_backend_pid()) > 0 AS done
FROM tiering.run WHERE scheme = 'runs' AND kind = 'refresh' AND pid = pg_backend_pid()
	AND started > now() - interval '2 days';

-- Who may read it, and that nobody can say that something is done which is not. That one began
-- whoever refreshes can say of their own session.
SET SESSION AUTHORIZATION tiering_runs_reader;
SELECT count(*) > 5 AS many FROM tiering.run WHERE scheme = 'runs';
SELECT count(*) FROM tiering.last_run WHERE scheme = 'runs';
SELECT t.fails(q) FROM unnest(ARRAY['DELETE FROM tiering.run',
	$$SELECT _tiering.begin_run('runs', '2024-01-31')$$]) q;
CALL tiering.run_refresh('runs', '2024-03-31');
SET SESSION AUTHORIZATION tiering_runs_night;
SELECT t.fails(q) FROM unnest(ARRAY['TABLE tiering.run',
	$$SELECT _tiering.record_run('refresh', 'runs', '2024-01-31', now(), '{}')$$]) q;
SELECT count(*) FROM generate_series(1, 1000) run, _tiering.fail_run(run, 'XX000', 'made up') f;
-- nor that something has failed which has not: neither a run that they say has begun, nor with
-- another error, scheme or day than refresh() has told of
SELECT _tiering.begin_run('runs', '2024-02-29') AS same, _tiering.begin_run('runs', '2024-01-31')
	AS day, _tiering.begin_run('runs_typo', '2023-01-31') AS scheme \gset
SELECT _tiering.fail_run(:same, 'XX000', 'made up');
SELECT t.fails($$SELECT tiering.refresh('runs', '2023-01-31')$$);
SELECT _tiering.fail_run(run, '22023', 'made up'), _tiering.fail_run(run, '22023',
	'scheme "runs" was already refreshed as of 02-29-2024, which is after 01-31-2023')
FROM unnest(ARRAY[:same, :day, :scheme]) run;
SELECT t.fails($$SELECT tiering.refresh('runs', '2024-01-31')$$);
SELECT tiering.refresh('runs', '2024-02-29') \g /dev/null
SELECT _tiering.fail_run(:same, '22023',
	'scheme "runs" was already refreshed as of 02-29-2024, which is after 01-31-2024');
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM tiering.run WHERE error = 'made up';
SELECT scheme, as_of, sqlstate, seconds IS NOT NULL AS ended FROM tiering.run
WHERE run IN (:same, :day, :scheme) ORDER BY run;
DROP OWNED BY tiering_runs_night, tiering_runs_reader;
DROP ROLE tiering_runs_night, tiering_runs_reader;
-- an error is raised again by its SQLSTATE
SELECT t.fails(format('SELECT _tiering.raise_again(%L, ''told'', '''', '''')', code))
FROM unnest('{TX123,strange}'::text[]) code;
