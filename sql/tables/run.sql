/*
 * What ran, for whoever watches over nights
 */

-- A failure is kept by run_refresh() alone: what a transaction writes that fails goes with it.
-- A row without seconds is of a run that goes on, or that ended without a word.
CREATE TABLE tiering.run (
	run         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	scheme      text COLLATE "C" NOT NULL,
	kind        text COLLATE "C" NOT NULL
	            CHECK (kind IN ('refresh', 'assess', 'restate', 'restate_dirty')),
	as_of       date,
	started     timestamptz NOT NULL,
	seconds     numeric CHECK (seconds >= 0),
	counts      jsonb,
	sqlstate    text COLLATE "C",
	error       text,
	recorded_by text NOT NULL DEFAULT session_user,
	recorded_as text DEFAULT _tiering.acting_role(),
	pid         int NOT NULL DEFAULT pg_backend_pid(),
	CHECK (num_nonnulls(counts, sqlstate) <= (seconds IS NOT NULL)::int),
	CHECK ((sqlstate IS NULL) = (error IS NULL))
);
CREATE INDEX run_scheme ON tiering.run (scheme, kind, started DESC, run DESC);
SELECT pg_catalog.pg_extension_config_dump('tiering.run', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.run_run_seq', '');
COMMENT ON TABLE tiering.run IS
'What ran: each refresh(), assess(), restate() and restate_dirty() that went through, and each '
'run_refresh(), also one that failed, goes on, or never came to its end. The owner may delete rows';
COMMENT ON COLUMN tiering.run.run IS 'Number of the run';
COMMENT ON COLUMN tiering.run.scheme IS 'Scheme, as it was named: there may be none of that name';
COMMENT ON COLUMN tiering.run.kind IS 'The function: refresh, assess, restate or restate_dirty';
COMMENT ON COLUMN tiering.run.as_of IS
'The assessment, or the first day that was restated; null if nobody was';
COMMENT ON COLUMN tiering.run.started IS 'When it began';
COMMENT ON COLUMN tiering.run.seconds IS
'How long it took; null as long as it goes on, and for ever if its session ended without a word';
COMMENT ON COLUMN tiering.run.counts IS 'What the function returned; null if it failed';
COMMENT ON COLUMN tiering.run.sqlstate IS 'SQLSTATE of the error; null if it did not fail';
COMMENT ON COLUMN tiering.run.error IS 'The error''s message; null if it did not fail';
COMMENT ON COLUMN tiering.run.recorded_by IS 'Who had logged in and ran it';
COMMENT ON COLUMN tiering.run.recorded_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.run.pid IS 'The session, as in pg_stat_activity';
