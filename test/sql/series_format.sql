-- Values of format version 1 as they were first written. They must be read, and
-- read as what they were, for ever: a line of the file is never changed. While
-- version 1 is what is written, they are written the same, too.
SET search_path = public, tiering;
CREATE TABLE t.sample (series text, bytes text);
\copy t.sample FROM 'test/data/series_v1.csv' (FORMAT csv, HEADER)
SELECT count(*) AS samples, count(*)
	FILTER (WHERE decode(bytes, 'hex')::daily_series::text <> series) AS misread, count(*)
	FILTER (WHERE series::daily_series::bytea <> decode(bytes, 'hex')) AS written_otherwise,
	count(DISTINCT get_byte(decode(bytes, 'hex'), 0) & 7) AS versions
FROM t.sample;
