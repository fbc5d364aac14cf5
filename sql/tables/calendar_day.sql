/*
 * Calendars
 */

CREATE TABLE tiering.calendar_day (
	calendar text COLLATE "C" NOT NULL CHECK (calendar ~ '^[^\s,=]+( [^\s,=]+)*$'),
	day      date NOT NULL CHECK (isfinite(day)),
	business boolean NOT NULL,
	PRIMARY KEY (calendar, day)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.calendar_day', '');
COMMENT ON TABLE tiering.calendar_day IS
'Whether a day is a business day, by calendar. Who asks for the business days of a period has a '
'row for each of its days';
COMMENT ON COLUMN tiering.calendar_day.calendar IS
'Name of the calendar, such as TARGET; it has no comma, equals sign, or blank at its ends';
COMMENT ON COLUMN tiering.calendar_day.day IS 'The day';
COMMENT ON COLUMN tiering.calendar_day.business IS 'Is it a business day?';
