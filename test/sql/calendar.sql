-- Periods: as_of is the last day included.
SELECT tiering.month('2024-02-10'), tiering.month('2024-02-29', -1), tiering.month('2024-12-31', 1),
	tiering.month('2024-03-15', -14);
SELECT tiering.quarter('2024-02-10'), tiering.quarter('2024-03-31', -1),
	tiering.quarter('2024-12-01', 1);
SELECT tiering.half_year('2024-06-30'), tiering.half_year('2024-07-01'),
	tiering.half_year('2024-01-01', -1);
SELECT tiering.year('2024-06-30'), tiering.year('2024-06-30', -1), tiering.year('0001-06-30 BC', 1);
SELECT tiering.month_to_date('2024-02-15'), tiering.quarter_to_date('2024-05-01'),
	tiering.half_year_to_date('2024-12-31'), tiering.year_to_date('2024-01-01');
SELECT tiering.rolling('12 months', '2024-02-29'), tiering.rolling('3 months', '2024-05-30'),
	tiering.rolling('1 day', '2024-02-29'), tiering.rolling('1 week', '2024-03-01');
SELECT tiering.fiscal_year('2025-10-31', 4), tiering.fiscal_year('2025-03-31', 4),
	tiering.fiscal_year('2025-10-31', 4, -1), tiering.fiscal_year('0001-01-01', 12);
SELECT tiering.fiscal_quarter('2025-04-30', 3), tiering.fiscal_quarter('2026-01-31', 12, 1),
	tiering.fiscal_quarter_to_date('2026-01-15', 12),
	tiering.fiscal_year_to_date('2024-02-29', 7);

-- every day of thirty years, against core's own calendar
SELECT count(*) FROM generate_series('1993-01-01'::date, '2023-12-31', '1 day') AS g(ts),
	LATERAL (SELECT ts::date AS d) d, generate_series(-13, 13, 13) AS s(shift)
WHERE tiering.month(d, shift) <> daterange(
		(date_trunc('month', ts) + make_interval(months => shift))::date,
		(date_trunc('month', ts) + make_interval(months => shift + 1))::date)
	OR tiering.quarter(d, shift) <> daterange(
		(date_trunc('quarter', ts) + make_interval(months => 3 * shift))::date,
		(date_trunc('quarter', ts) + make_interval(months => 3 * shift + 3))::date)
	OR tiering.year(d, shift) <> daterange(
		(date_trunc('year', ts) + make_interval(years => shift))::date,
		(date_trunc('year', ts) + make_interval(years => shift + 1))::date)
	OR tiering.half_year(d) <> daterange(
		(date_trunc('year', ts) + CASE WHEN extract(month FROM d) > 6 THEN interval '6 months'
		ELSE '0' END)::date,
		(date_trunc('year', ts) + CASE WHEN extract(month FROM d) > 6 THEN interval '12 months'
		ELSE '6 months' END)::date)
	OR tiering.month_to_date(d) <> daterange(date_trunc('month', ts)::date, d, '[]')
	OR tiering.quarter_to_date(d) <> daterange(date_trunc('quarter', ts)::date, d, '[]')
	OR tiering.year_to_date(d) <> daterange(date_trunc('year', ts)::date, d, '[]')
	OR tiering.rolling('6 months', d) <> daterange((d + 1 - interval '6 months')::date, d, '[]');
-- years that begin with any month are those of the calendar so many months before
SELECT count(*) FROM generate_series('1999-01-01'::date, '2005-12-31', '1 day') AS g(ts),
	LATERAL (SELECT ts::date AS d) d, generate_series(1, 12) AS first (month),
	LATERAL (SELECT make_interval(months => month - 1) AS later,
		date_trunc('month', ts) - make_interval(months => month - 1) AS before) m,
	LATERAL (SELECT date_trunc('quarter', before) + later AS quarter,
		date_trunc('year', before) + later AS year) f, generate_series(-1, 2) AS s (shift)
WHERE tiering.fiscal_quarter(d, month, shift) <> daterange(
		(quarter + make_interval(months => 3 * shift))::date,
		(quarter + make_interval(months => 3 * shift + 3))::date)
	OR tiering.fiscal_year(d, month, shift) <> daterange(
		(year + make_interval(years => shift))::date,
		(year + make_interval(years => shift + 1))::date)
	OR tiering.fiscal_quarter_to_date(d, month) <> daterange(quarter::date, d, '[]')
	OR tiering.fiscal_year_to_date(d, month) <> daterange(year::date, d, '[]');
-- names are no words of SQL: they need no schema and no quotes
SET search_path = tiering, public;
SELECT rolling('1 year', '2025-10-31'), clip('{2025-01-01: 5}', '[2025-02-01,)'),
	month('2025-10-31'), quarter('2025-10-31'), half_year('2025-10-31'), year('2025-10-31'),
	fiscal_year('2025-10-31', 1), fiscal_quarter('2025-10-31', 1);
RESET search_path;

-- nulls, and what is no day or no period
SELECT tiering.month(NULL) IS NULL, tiering.month('2024-01-01', NULL) IS NULL,
	tiering.rolling(NULL, '2024-01-01') IS NULL, tiering.year_to_date(NULL) IS NULL;
SELECT t.fails($$SELECT tiering.month('infinity')$$);
SELECT t.fails($$SELECT tiering.quarter_to_date('-infinity')$$);
SELECT t.fails($$SELECT tiering.rolling('1 month', 'infinity')$$);
SELECT t.fails($$SELECT tiering.month('2024-01-01', 2147483647)$$);
SELECT t.fails($$SELECT tiering.year('2024-01-01', -2147483648)$$);
SELECT t.fails($$SELECT tiering.year('5874897-12-31')$$);
SELECT t.fails($$SELECT tiering.year_to_date('5874897-12-31')$$);
SELECT t.fails($$SELECT tiering.month('4714-11-24 BC')$$);
SELECT t.fails($$SELECT tiering.rolling('36 hours', '2024-01-01')$$);
SELECT t.fails($$SELECT tiering.rolling('0 days', '2024-01-01')$$);
SELECT t.fails($$SELECT tiering.rolling('-1 month', '2024-01-01')$$);
SELECT t.fails($$SELECT tiering.fiscal_year('2024-01-01', 0)$$);
SELECT t.fails($$SELECT tiering.fiscal_quarter_to_date('2024-01-01', 13)$$);
SELECT t.fails($$SELECT tiering.fiscal_quarter('infinity', 4)$$);
SELECT t.fails($$SELECT tiering.fiscal_year('5874897-12-31', 4)$$);
