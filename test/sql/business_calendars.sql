-- Calendars: rows that anyone reads, loaded from a CSV by whoever loads data.
SET search_path = tiering, public;
-- with the names of its columns or without, lines of any system, whatever words say yes
SELECT load_calendar('bc', E'day,business\r\n2026-09-01,true\r\n2026-09-02,t\r\n\r\n');
SELECT load_calendar('bc', E'2026-09-03,1\n "2026-09-04" , "Yes"\n2026-09-05,no\n2026-09-06,0');
SELECT * FROM calendar_day WHERE calendar = 'bc' ORDER BY day;
SELECT business_days('bc', '[2026-09-01,2026-09-07)'),
	business_days('bc', '[2026-09-05,2026-09-06]') AS of_a_weekend;
-- a day is replaced, the others stay
SELECT load_calendar('bc', '2026-09-02,false');
SELECT business_days('bc', '[2026-09-01,2026-09-07)');
SELECT load_calendar('bc', '') AS nothing;

-- what is wrong is told by line, and nothing is loaded
SELECT t.fails(q) FROM unnest(ARRAY[
	$$SELECT load_calendar('bc', E'2026-09-07,true\n08.09.2026,true\n')$$,
	$$SELECT load_calendar('bc', E'2026-09-07,true\nday,business')$$,
	$$SELECT load_calendar('bc', '2026-09-07,maybe')$$,
	$$SELECT load_calendar('bc', '2026-09-31,true')$$,
	$$SELECT load_calendar('bc', E'2024-02-29,true\n2026-02-30,true')$$,
	$$SELECT load_calendar('bc', '2026-13-01,true')$$,
	$$SELECT load_calendar('bc', '2026-12-00,true')$$,
	$$SELECT load_calendar('bc', '0000-01-01,true')$$,
	$$SELECT load_calendar('bc', E'2026-09-07,true\n2026-09-08,true\n2026-09-07,true')$$,
	$$SELECT load_calendar(NULL, '2026-09-07,true')$$,
	$$SELECT load_calendar('bc', NULL)$$,
	$$SELECT load_calendar('b,c', '2026-09-07,true')$$,
	$$SELECT load_calendar(' bc', '2026-09-07,true')$$,
	$$INSERT INTO calendar_day VALUES ('bc', 'infinity', true)$$,
	$$SELECT business_days('bc', '[2026-09-01,2026-09-08)')$$,
	$$SELECT business_days('bc', '[2026-08-31,2026-09-02)')$$,
	$$SELECT business_days('nobody''s', '[2026-09-01,2026-09-02)')$$,
	$$SELECT business_days(NULL, '[2026-09-01,2026-09-02)')$$,
	$$SELECT business_days('bc', NULL)$$,
	$$SELECT business_days('bc', '[2026-09-01,)')$$]) q;
SELECT count(*) FROM calendar_day WHERE calendar = 'bc';
-- a hole is told wherever it is
DELETE FROM calendar_day WHERE calendar = 'bc' AND day = '2026-09-03';
SELECT t.fails(q) FROM unnest(ARRAY[$$SELECT business_days('bc', '[2026-09-01,2026-09-07)')$$]) q;
-- a statement sees what its snapshot has; calendars and periods may change from row to row
INSERT INTO calendar_day SELECT 'bc2', d::date, extract(isodow FROM d) < 6
FROM generate_series('2026-01-01'::timestamp, '2026-12-31', '1 day') d;
SELECT c, business_days(c, p) FROM unnest('{bc2,bc,bc2,bc2}'::text[],
	'{[2026-09-04\,2026-09-07),[2026-09-04\,2026-09-07),[2026-09-04\,2026-09-07),
	[2026-01-01\,2027-01-01)}'::daterange[]) AS v(c, p);
-- PL/pgSQL keeps the state of an expression from one statement to the next
DO $$
DECLARE
	days int[];
BEGIN
	FOR i IN 1..3 LOOP
		days[i] := tiering.business_days('bc2', '[2026-09-01,2026-10-01)');
		UPDATE tiering.calendar_day SET business = false
		WHERE calendar = 'bc2' AND day = '2026-09-01'::date + i;
	END LOOP;
	RAISE NOTICE '%', days;
END;
$$;
DELETE FROM calendar_day WHERE calendar ~ '^bc';
-- under whatever search_path, and without any right but everybody's
INSERT INTO calendar_day VALUES ('bc', '2026-09-01', true);
CREATE ROLE tiering_bc_reader;
CREATE ROLE tiering_bc_loader;
SELECT grant_role('tiering_bc_loader', 'load');
SET search_path = '';
SET ROLE tiering_bc_reader;
SELECT tiering.business_days('bc', '[2026-09-01,2026-09-02)');
SELECT tiering.load_calendar('bc', '2026-09-01,false');
RESET ROLE;
SET ROLE tiering_bc_loader;
SELECT tiering.load_calendar('bc', '2026-09-01,false');
RESET ROLE;
DELETE FROM tiering.calendar_day WHERE calendar = 'bc';
SELECT tiering.revoke_role('tiering_bc_loader', 'load');
DROP ROLE tiering_bc_reader, tiering_bc_loader;
