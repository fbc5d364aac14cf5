-- What a call site keeps of a scheme is kept under all that it was read by: a
-- version of today is that of the session's today, and a reader may read it.
SELECT tiering.new_scheme('site');
INSERT INTO tiering.metric (scheme, version, metric, kind) VALUES ('site', 1, 'm', 'number');
INSERT INTO tiering.tier (scheme, version, tier, rank, base)
VALUES ('site', 1, 'low', 0, true), ('site', 1, 'high', 1, false);
INSERT INTO tiering.rule (scheme, version, tier, rule, metric, bounds)
VALUES ('site', 1, 'high', 1, 'm', '[10,)');
SELECT tiering.publish('site', '2024-01-01'), tiering.new_version('site');
UPDATE tiering.rule SET bounds = '[20,)' WHERE scheme = 'site' AND version = 2;

-- It is never the same day in Kiritimati and in Pago Pago
BEGIN;
DO $$
BEGIN
	PERFORM tiering.publish('site', (now() AT TIME ZONE 'Pacific/Kiritimati')::date);
END;
$$;
SELECT z.zone, set_config('TimeZone', z.zone, true) = z.zone AS set,
	tiering.classify('site', 15 + 0 * z.i) AS value, tiering.classify('site', z) AS row
FROM (SELECT i, 15 AS m, CASE WHEN i % 2 = 0 THEN 'Pacific/Kiritimati' ELSE 'Pacific/Pago_Pago' END
	AS zone FROM generate_series(1, 4) i OFFSET 0) z;
-- PL/pgSQL keeps the state of an expression from one statement to the next
CREATE FUNCTION t.site_today() RETURNS text LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN tiering.classify('site', 15); END $$;
SET LOCAL TimeZone = 'Pacific/Pago_Pago';
SELECT t.site_today();
SET LOCAL TimeZone = 'Pacific/Kiritimati';
SELECT t.site_today();
SET LOCAL TimeZone = 'Pacific/Pago_Pago';
SELECT t.site_today();
ROLLBACK;

-- Who may not read the tables of the schemes does not grade by what another one read
BEGIN;
CREATE ROLE site_reader;
CREATE ROLE site_stranger;
GRANT USAGE ON SCHEMA tiering TO site_reader, site_stranger;
GRANT USAGE ON SCHEMA t TO site_stranger;
REVOKE SELECT ON tiering.rule FROM PUBLIC;
GRANT SELECT ON tiering.rule TO site_reader;
SELECT t.fails($$
	SELECT set_config('role', r.role, true), tiering.classify('site', 15 + 0 * r.i)
	FROM (SELECT i, CASE i WHEN 1 THEN 'site_reader' ELSE 'site_stranger' END AS role
		FROM generate_series(1, 2) i OFFSET 0) r$$);
SELECT set_config('role', r.role, true), tiering.classify('site', 15 + 0 * r.i)
FROM (SELECT i, CASE i WHEN 1 THEN 'site_reader' ELSE 'none' END AS role
	FROM generate_series(1, 2) i OFFSET 0) r;
ROLLBACK;
