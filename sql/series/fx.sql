/*
 * Exchange rates. A published rate says how many units of a currency one unit of
 * the base is worth, as the European Central Bank has it: 1 EUR is 1.0821 USD.
 * The last published one counts over weekends and holidays, for so many days as
 * the caller allows, 7 unless he says otherwise, or as fx_max_age has it for the
 * currency; a staler one is none.
 *
 * fx_rate() and fx_series() give what one unit of a currency is worth in another,
 * which is what a balance is multiplied by. They lead by a chain of currencies, of
 * which each two neighbours have published rates, whichever way round. A chain of
 * one published rate is that rate as it is. Of any other one, all that multiplies
 * is multiplied, exactly, all that divides as well, and the quotient is rounded
 * once, half away from zero to 12 significant digits, six more than published
 * rates have, and at most 18 decimals, the most that a daily_series has.
 */

CREATE VIEW tiering.ecb_rate AS
SELECT r.on_date, r.currency, r.rate AS units_per_eur FROM tiering.fx_rate r WHERE r.base = 'EUR';
COMMENT ON VIEW tiering.ecb_rate IS
'The rates with base EUR, in the columns of a file of the European Central Bank''s rates. COPY '
'one into it; a rate that is there already is replaced';
COMMENT ON COLUMN tiering.ecb_rate.on_date IS 'The day for which it was published';
COMMENT ON COLUMN tiering.ecb_rate.currency IS 'Currency';
COMMENT ON COLUMN tiering.ecb_rate.units_per_eur IS 'Units of the currency for one euro';

-- A definer's function, so that the right to insert here is all that loading takes.
CREATE FUNCTION _tiering.insert_ecb_rate() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_RELID <> 'tiering.ecb_rate'::regclass THEN
		RAISE EXCEPTION 'insert_ecb_rate() is a trigger on tiering.ecb_rate only'
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	INSERT INTO tiering.fx_rate AS r (currency, base, on_date, rate)
	VALUES (NEW.currency, 'EUR', NEW.on_date, NEW.units_per_eur)
	ON CONFLICT ON CONSTRAINT fx_rate_pkey DO UPDATE SET rate = EXCLUDED.rate
		WHERE r.rate <> EXCLUDED.rate;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION _tiering.insert_ecb_rate() IS
'Trigger on ecb_rate: has COPY and INSERT fill fx_rate';
CREATE TRIGGER insert_ecb_rate INSTEAD OF INSERT ON tiering.ecb_rate
	FOR EACH ROW EXECUTE FUNCTION _tiering.insert_ecb_rate();
COMMENT ON TRIGGER insert_ecb_rate ON tiering.ecb_rate IS 'COPY and INSERT fill fx_rate';

-- In plpgsql, which keeps its plan from one call to the next
CREATE FUNCTION _tiering.fx_last(currency text, through text, on_date date) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 20
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF currency = through THEN
		RETURN date 'infinity';
	END IF;
	RETURN COALESCE(
		(SELECT max(r.on_date) FROM tiering.fx_rate r
		 WHERE r.currency = fx_last.currency AND r.base = fx_last.through
			AND r.on_date <= fx_last.on_date),
		(SELECT '-infinity'::date FROM tiering.fx_rate r
		 WHERE r.currency = fx_last.currency AND r.base = fx_last.through LIMIT 1));
END;
$$;
COMMENT ON FUNCTION _tiering.fx_last(text, text, date) IS
'Part of fx_chain() and fx_series(): of when the last rate of a currency is that a day can have; '
'-infinity if all are later, null if there are none, infinity for a currency in itself';

-- The base through which two currencies can be compared: one of the two, or one
-- for which there are rates of both. Of several the one with the latest rates.
CREATE FUNCTION _tiering.fx_through(currency text, base text, on_date date) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	through text;
	stray text;
BEGIN
	PERFORM _tiering.check_given(currency, 'currency'), _tiering.check_given(base, 'base');
	-- from one base of the currency to the next, not over all of its rates
	WITH RECURSIVE via AS (
		SELECT min(r.base) AS base FROM tiering.fx_rate r WHERE r.currency = fx_through.currency
		UNION ALL
		SELECT (SELECT min(r.base) FROM tiering.fx_rate r WHERE r.currency = fx_through.currency
			AND r.base > v.base)
		FROM via v WHERE v.base IS NOT NULL
	)
	SELECT c.base INTO through
	FROM (SELECT fx_through.currency UNION SELECT fx_through.base UNION SELECT v.base
		FROM via v) AS c(base)
		CROSS JOIN LATERAL (
			SELECT _tiering.fx_last(fx_through.currency, c.base, fx_through.on_date) AS of_currency,
				_tiering.fx_last(fx_through.base, c.base, fx_through.on_date) AS of_base) AS l
	WHERE l.of_currency IS NOT NULL AND l.of_base IS NOT NULL
	ORDER BY LEAST(l.of_currency, l.of_base) DESC, c.base = fx_through.base DESC,
		c.base = fx_through.currency DESC,
		c.base COLLATE "C" LIMIT 1;
	IF through <> currency OR through <> base THEN
		RETURN through;
	END IF;
	SELECT c.currency INTO stray FROM unnest(ARRAY[currency, base]) AS c(currency)
	WHERE NOT EXISTS (SELECT FROM tiering.fx_rate r WHERE c.currency IN (r.currency, r.base))
		LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'there are no rates of currency "%"', stray
			USING ERRCODE = 'undefined_object',
			HINT = 'SELECT DISTINCT currency, base FROM tiering.fx_rate lists those that there '
				'are.';
	END IF;
	RETURN through;
END;
$$;
COMMENT ON FUNCTION _tiering.fx_through(text, text, date) IS
'Part of fx_chain(): the base through which two currencies are compared on a day; null if there is '
'none. A currency of which there are no rates is an error that names it (42704)';

-- From one pair to the next, not over all of its rates
CREATE FUNCTION _tiering.fx_pairs() RETURNS TABLE (currency text, base text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 50
BEGIN ATOMIC
	WITH RECURSIVE pair AS (
		(SELECT r.currency, r.base FROM tiering.fx_rate r ORDER BY r.currency, r.base LIMIT 1)
		UNION ALL
		SELECT n.currency, n.base
		FROM pair p CROSS JOIN LATERAL (
			SELECT r.currency, r.base FROM tiering.fx_rate r
			WHERE (r.currency, r.base) > (p.currency, p.base)
			ORDER BY r.currency, r.base LIMIT 1) n
	)
	SELECT p.currency, p.base FROM pair p;
END;
COMMENT ON FUNCTION _tiering.fx_pairs() IS
'Part of fx_chain() and check_rates(): of which currencies in which bases there are rates';

-- The shortest chains between two currencies that have no base in common: from all that one
-- step leads to, on to what no step before has led to, until one is the other currency.
CREATE FUNCTION _tiering.fx_shortest(currency text, base text, on_date date) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	WITH RECURSIVE step AS MATERIALIZED (
		SELECT e.origin, e.target, max(l.last) AS last
		FROM _tiering.fx_pairs() p
			CROSS JOIN LATERAL _tiering.fx_last(p.currency, p.base, fx_shortest.on_date) l(last)
			CROSS JOIN LATERAL (VALUES (p.currency, p.base), (p.base, p.currency))
				e(origin, target)
		WHERE l.last > '-infinity'
		GROUP BY e.origin, e.target
	), chain AS (
		SELECT ARRAY[fx_shortest.currency COLLATE "C"] AS names, 'infinity'::date AS last,
			ARRAY[fx_shortest.currency COLLATE "C"] AS reached, false AS arrived
		UNION ALL
		SELECT c.names || s.target, LEAST(c.last, s.last), c.reached || array_agg(s.target) OVER (),
			bool_or(s.target = fx_shortest.base) OVER ()
		FROM chain c JOIN step s ON s.origin = c.names[cardinality(c.names)]
			AND s.target <> ALL (c.reached)
		WHERE NOT c.arrived
	)
	SELECT c.names FROM chain c
	WHERE c.names[cardinality(c.names)] = fx_shortest.base
	ORDER BY c.last DESC, c.names LIMIT 1;
END;
COMMENT ON FUNCTION _tiering.fx_shortest(text, text, date) IS
'Part of fx_rate() and fx_series(): the currencies on the shortest way from one to another by '
'rates that there are up to a day. Of several it is that whose oldest of all last rates is the '
'newest, then the first by the names on the way. Null if there is none';

CREATE FUNCTION _tiering.fx_names(currency text, base text, on_date date) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	through text COLLATE "C" := _tiering.fx_through(currency, base, on_date);
	names text[] COLLATE "C";
BEGIN
	IF through IN (currency, base) THEN
		RETURN CASE WHEN currency = base THEN ARRAY[currency] ELSE ARRAY[currency, base] END;
	ELSIF through IS NOT NULL THEN
		RETURN ARRAY[currency, through, base];
	END IF;
	-- where all are later, whatever is made of them tells which is missing on the day
	names := COALESCE(_tiering.fx_shortest(currency, base, on_date),
		_tiering.fx_shortest(currency, base, 'infinity'));
	IF names IS NULL THEN
		RAISE EXCEPTION 'no chain of rates leads from "%" to "%"', currency, base
			USING ERRCODE = 'undefined_object',
			HINT = 'Load rates of one of them in a currency of which there are rates of the other.';
	END IF;
	RETURN names;
END;
$$;
COMMENT ON FUNCTION _tiering.fx_names(text, text, date) IS
'Part of fx_rate() and fx_series(): the currencies of the chain by which they lead. If there are '
'rates of the one in the other, or of both in one base, it is these, with the latest ones; '
'otherwise the shortest chain. Errors: no rates of one (42704), no chain (42704)';

CREATE AGGREGATE _tiering.fx_product(numeric) (
	SFUNC = pg_catalog.numeric_mul,
	STYPE = numeric,
	SSPACE = 32,
	COMBINEFUNC = pg_catalog.numeric_mul,
	INITCOND = '1',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE _tiering.fx_product(numeric) IS
'Part of fx_rate() and fx_series(): the product, exactly; a null is left out';

CREATE FUNCTION _tiering.fx_quotient(product numeric, divisor numeric, factors bigint)
	RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
RETURN CASE WHEN divisor = 1 AND factors <= 1 THEN product
	ELSE round(product / divisor, least(11 - floor(log(product / divisor))::int, 18)) END;
COMMENT ON FUNCTION _tiering.fx_quotient(numeric, numeric, bigint) IS
'Part of fx_rate() and fx_series(): the worth of a currency from the product of the rates that '
'multiply and that of those that divide, to 12 significant digits, and at most 18 decimals, unless '
'it is a published rate as it is: there is none but that one to multiply by';

CREATE FUNCTION _tiering.check_max_age(max_age int) RETURNS int
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_given(max_age, 'max_age');
	IF max_age < 0 OR max_age > 36525 THEN
		RAISE EXCEPTION 'max_age must be a number of days, not %', max_age
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN max_age;
END;
$$;
COMMENT ON FUNCTION _tiering.check_max_age(int) IS
'The greatest age of a rate, in days. Errors: null (22004), not from 0 to a hundred years (22023)';

CREATE FUNCTION tiering.fx_chain(currency text, base text, on_date date DEFAULT CURRENT_DATE,
	max_age int DEFAULT 7)
	RETURNS TABLE (step int, from_currency text, to_currency text, rate numeric, units_of text,
		for_one text, published_on date, counts_until date)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	names text[] COLLATE "C" := _tiering.fx_names(currency COLLATE "C", base, on_date);
	age int := _tiering.check_max_age(max_age);
BEGIN
	PERFORM _tiering.check_day(on_date, 'on_date');
	RETURN QUERY
	SELECT n, names[n], names[n + 1], p.rate, p.currency, p.base, p.on_date,
		p.on_date + COALESCE(a.max_age, age)
	FROM generate_series(1, cardinality(names) - 1) n
		LEFT JOIN LATERAL (
			SELECT l.* FROM (VALUES (names[n], names[n + 1], 1), (names[n + 1], names[n], 2))
				w(currency, base, way)
				CROSS JOIN LATERAL (
					SELECT r.* FROM tiering.fx_rate r
					WHERE r.currency = w.currency AND r.base = w.base
						AND r.on_date <= fx_chain.on_date
					ORDER BY r.on_date DESC LIMIT 1) l
			ORDER BY l.on_date DESC, w.way LIMIT 1) p ON true
		LEFT JOIN tiering.fx_max_age a ON a.currency = p.currency
	ORDER BY n;
END;
$$;
COMMENT ON FUNCTION tiering.fx_chain(text, text, date, int) IS
'The published rates of which fx_rate() makes the rate of a day, a row for each, in order. A row '
'leads from one currency to the next, by the last rate up to the day of the one in the other. '
'units_of and for_one say which way round it was published: so many units of the one for one of '
'the other; where units_of is to_currency it multiplies, otherwise it divides. counts_until is the '
'last day on which it counts; before on_date: it is too old, and fx_rate() is an error. Null where '
'there is none yet. If there are rates of the one in the other, or of both in one base, the chain '
'is of these, with the latest ones; otherwise it is the shortest that there is, of several that '
'whose oldest rate is the newest, then the first by the names on the way. No rows for a currency '
'in itself. Errors: a currency of which there are no rates, or two that no chain joins (42704). '
'Example: SELECT step, from_currency, to_currency, rate FROM tiering.fx_chain(''CNY'', ''EUR'', '
'''2026-01-06'')';

CREATE FUNCTION tiering.fx_rate(currency text, base text, on_date date, max_age int DEFAULT 7)
	RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 2000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	worth numeric;
	missing_step int;
	names text[];
	missing record;
BEGIN
	SELECT _tiering.fx_quotient(
			_tiering.fx_product(c.rate) FILTER (WHERE c.units_of = c.to_currency),
			_tiering.fx_product(c.rate) FILTER (WHERE c.units_of = c.from_currency),
			count(*) FILTER (WHERE c.rate <> 1)),
		min(c.step) FILTER (WHERE (c.counts_until >= fx_rate.on_date) IS NOT TRUE),
		fx_rate.currency || array_agg(c.to_currency ORDER BY c.step)
	INTO worth, missing_step, names
	FROM tiering.fx_chain(currency, base, on_date, max_age) c;
	IF missing_step IS NULL THEN
		RETURN worth;
	END IF;
	SELECT COALESCE(c.units_of, c.from_currency) AS units_of,
		COALESCE(c.for_one, c.to_currency) AS for_one, c.published_on,
		COALESCE(c.counts_until - c.published_on, max_age) AS age INTO missing
	FROM tiering.fx_chain(currency, base, on_date, max_age) c WHERE c.step = missing_step;
	RAISE EXCEPTION 'there is no rate of "%" in "%" for % that is at most % days old',
			missing.units_of, missing.for_one, to_char(on_date, 'YYYY-MM-DD'), missing.age
		USING ERRCODE = 'no_data_found',
		DETAIL = concat_ws(' ', COALESCE('The last one before is of '
				|| to_char(missing.published_on, 'YYYY-MM-DD') || '.', 'There is none before it.'),
			format('It is needed for "%s" in "%s", by %s.', currency, base,
				array_to_string(names, ' -> '))),
		HINT = 'Load rates for that day, or let older ones count: for 7 days unless another '
			'max_age is given, and for as many as tiering.fx_max_age has for a currency.';
END;
$$;
COMMENT ON FUNCTION tiering.fx_rate(text, text, date, int) IS
'What one unit of a currency is worth in another, base, on a day, by the last rates, which are at '
'most max_age days old. Those of a currency in fx_max_age may be as old as that says. fx_chain() '
'tells of which rates it is made. Errors: a currency of which there are no rates, or two that no '
'chain of rates joins (42704); none for the day (P0002). Example: SELECT tiering.fx_rate(''USD'', '
'''EUR'', ''2026-01-03'') gives 0.800000000000';

-- A rate steps when one is published, whichever way round, and to none when the last one is
-- too old; a step of one leaves the others as they were.
CREATE FUNCTION tiering.fx_series(currency text, base text, max_age int DEFAULT 7)
	RETURNS tiering.daily_series
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	names text[] COLLATE "C" := _tiering.fx_names(currency COLLATE "C", base, 'infinity');
	steps int := cardinality(names) - 1;
	age int := _tiering.check_max_age(max_age);
BEGIN
	IF steps = 0 THEN
		RETURN '{0001-01-01: 1}'::tiering.daily_series;
	END IF;
	RETURN (
		WITH published AS (
			SELECT DISTINCT ON (n, r.on_date) n, r.on_date,
				CASE WHEN w.divides THEN 1 ELSE r.rate END AS factor,
				CASE WHEN w.divides THEN r.rate ELSE 1 END AS divisor,
				r.on_date + COALESCE(a.max_age, age) + 1 AS too_old_on
			FROM generate_series(1, steps) n
				CROSS JOIN LATERAL (VALUES (names[n], names[n + 1], true),
					(names[n + 1], names[n], false)) w(currency, base, divides)
				JOIN tiering.fx_rate r ON r.currency = w.currency AND r.base = w.base
				LEFT JOIN tiering.fx_max_age a ON a.currency = r.currency
			ORDER BY n, r.on_date, w.divides DESC
		), followed AS (
			SELECT p.*, lead(p.on_date) OVER (PARTITION BY p.n ORDER BY p.on_date) AS next
			FROM published p
		), change AS (
			SELECT f.n, f.on_date, f.factor, f.divisor FROM followed f
			UNION ALL
			SELECT f.n, f.too_old_on, NULL, NULL FROM followed f
			WHERE (f.next <= f.too_old_on) IS NOT TRUE
		), run AS (
			SELECT d.on_date, n, c.factor, c.divisor,
				count(c.n) OVER (PARTITION BY n ORDER BY d.on_date) AS run
			FROM (SELECT DISTINCT c.on_date FROM change c) d
				CROSS JOIN generate_series(1, steps) n
				LEFT JOIN change c USING (n, on_date)
		), held AS (
			SELECT r.on_date, max(r.factor) OVER (PARTITION BY r.n, r.run) AS factor,
				max(r.divisor) OVER (PARTITION BY r.n, r.run) AS divisor
			FROM run r
		), worth AS (
			SELECT h.on_date, lead(h.on_date) OVER (ORDER BY h.on_date) AS next,
				CASE WHEN count(h.factor) = steps THEN _tiering.fx_quotient(
					_tiering.fx_product(h.factor), _tiering.fx_product(h.divisor),
					count(*) FILTER (WHERE h.factor * h.divisor <> 1)) END AS worth
			FROM held h GROUP BY h.on_date
		)
		SELECT tiering.daily_series(w.worth, w.on_date, w.next)
		FROM worth w WHERE w.worth IS NOT NULL);
END;
$$;
COMMENT ON FUNCTION tiering.fx_series(text, text, int) IS
'What one unit of a currency is worth in another, base, on each day, as convert() takes it. It is '
'by the chain that fx_chain() has after the last rates. A published rate counts until the next, '
'but for max_age days at most, or as many as fx_max_age has for its currency, after which there is '
'none. A currency in itself is worth 1. A currency of which there are no rates, or two that no '
'chain of rates joins, are an error (42704). Example: SELECT tiering.fx_series(''USD'', ''EUR'', '
'7) gives {2026-01-02: 0.800000000000, 2026-01-05: 0.781250000000, 2026-01-13: none}';
