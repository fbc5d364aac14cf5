/*
 * How runs went
 */

-- A session's number may be another's by now; that it is rather that it goes on
CREATE VIEW tiering.last_run AS
SELECT r.scheme, r.kind, r.as_of, r.started, r.seconds::numeric(12, 3) AS seconds,
	CASE WHEN r.sqlstate IS NOT NULL THEN 'failed' WHEN r.seconds IS NOT NULL THEN 'done'
		WHEN EXISTS (SELECT FROM pg_catalog.pg_stat_activity s WHERE s.pid = r.pid) THEN 'running'
		ELSE 'lost' END AS state,
	r.sqlstate, CASE WHEN r.error IS NOT NULL
		AND _tiering.reads((SELECT _tiering.reader()), r.scheme) THEN r.error END AS error,
	r.recorded_by, r.recorded_as,
	CASE WHEN r.counts IS NOT NULL
		AND _tiering.reads((SELECT _tiering.reader()), r.scheme) THEN r.counts::text END AS counts,
	d.as_of AS last_done_as_of, d.started AS last_done
FROM (SELECT DISTINCT ON (x.scheme, x.kind) x.* FROM tiering.run x
	  ORDER BY x.scheme, x.kind, x.started DESC, x.run DESC) r
	LEFT JOIN LATERAL (
		SELECT x.as_of, x.started FROM tiering.run x
		WHERE x.scheme = r.scheme AND x.kind = r.kind AND x.counts IS NOT NULL
		ORDER BY x.started DESC, x.run DESC LIMIT 1) d ON true;
COMMENT ON VIEW tiering.last_run IS
'The last run of each kind of each scheme, and the last one that went through';
COMMENT ON COLUMN tiering.last_run.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.last_run.kind IS
'The function: refresh, assess, restate or restate_dirty';
COMMENT ON COLUMN tiering.last_run.as_of IS 'The assessment, or the first day that was restated';
COMMENT ON COLUMN tiering.last_run.started IS 'When it began';
COMMENT ON COLUMN tiering.last_run.seconds IS 'How long it took; null if it has not ended';
COMMENT ON COLUMN tiering.last_run.state IS
'done; failed; running; or lost: its session ended without a word, as in a crash';
COMMENT ON COLUMN tiering.last_run.sqlstate IS 'SQLSTATE of the error; null if it did not fail';
COMMENT ON COLUMN tiering.last_run.error IS
'The error''s message, which may quote a value; null if it did not fail, and for who sees some '
'customers only';
COMMENT ON COLUMN tiering.last_run.recorded_by IS 'Who had logged in and ran it';
COMMENT ON COLUMN tiering.last_run.recorded_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.last_run.counts IS
'What the function returned, as JSON; null if it failed, and for who sees some customers only';
COMMENT ON COLUMN tiering.last_run.last_done_as_of IS
'The assessment of the last run that went through; null if none did';
COMMENT ON COLUMN tiering.last_run.last_done IS 'When that began';
