/*
 * Exchange rates. A published rate says how many units of a currency one unit of
 * the base is worth, as the European Central Bank has it: 1 EUR is 1.0821 USD.
 * The last published one counts over weekends and holidays, for so many days as
 * the caller allows, 7 unless he says otherwise; a staler one is none.
 *
 * fx_rate() and fx_series() give what one unit of a currency is worth in another,
 * which is what a balance is multiplied by: a published rate as it is, and the
 * inverse of one, or a cross rate through a common base, rounded half away from
 * zero to 12 significant digits, six more than published rates have, and at most
 * 18 decimals, the most that a daily_series has.
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

CREATE FUNCTION _tiering.fx_last(currency text, through text, on_date date) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE COST 20
BEGIN ATOMIC
	SELECT CASE WHEN fx_last.currency = fx_last.through THEN 'infinity'::date ELSE COALESCE(
		(SELECT max(r.on_date) FROM tiering.fx_rate r
		 WHERE r.currency = fx_last.currency AND r.base = fx_last.through
			AND r.on_date <= fx_last.on_date),
		(SELECT '-infinity'::date FROM tiering.fx_rate r
		 WHERE r.currency = fx_last.currency AND r.base = fx_last.through LIMIT 1)) END;
END;
COMMENT ON FUNCTION _tiering.fx_last(text, text, date) IS
'Part of fx_rate() and fx_series(): of when the last rate of a currency is that a day can have; '
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
	IF currency IS NULL OR base IS NULL THEN
		RAISE EXCEPTION '% must not be null',
			CASE WHEN currency IS NULL THEN 'currency' ELSE 'base' END
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
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
	IF through IS NOT NULL AND (currency <> base
		OR EXISTS (SELECT FROM tiering.fx_rate r WHERE fx_through.currency IN (r.currency, r.base)))
	THEN
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
	RAISE EXCEPTION 'there is no base for which there are rates of both "%" and "%"', currency, base
		USING ERRCODE = 'undefined_object';
END;
$$;
COMMENT ON FUNCTION _tiering.fx_through(text, text, date) IS
'Part of fx_rate() and fx_series(): the base through which two currencies are compared on a day; a '
'currency of which there are no rates is an error that names it (42704)';

CREATE FUNCTION _tiering.fx_units(currency text, through text, on_date date, max_age int)
	RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 20
BEGIN ATOMIC
	SELECT CASE WHEN fx_units.currency = fx_units.through THEN 1 ELSE (
		SELECT r.rate FROM tiering.fx_rate r
		WHERE r.currency = fx_units.currency AND r.base = fx_units.through
			AND r.on_date BETWEEN fx_units.on_date - fx_units.max_age AND fx_units.on_date
		ORDER BY r.on_date DESC LIMIT 1) END;
END;
COMMENT ON FUNCTION _tiering.fx_units(text, text, date, int) IS
'Part of fx_rate() and fx_series(): units of a currency for one unit of a base on a day, by the '
'last rate that is at most max_age days old; null if there is none';

CREATE FUNCTION _tiering.fx_quotient(of_base numeric, of_currency numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
RETURN CASE WHEN of_currency = 1 THEN of_base
	ELSE round(of_base / of_currency, least(11 - floor(log(of_base / of_currency))::int, 18)) END;
COMMENT ON FUNCTION _tiering.fx_quotient(numeric, numeric) IS
'Part of fx_rate() and fx_series(): the worth of a currency from the units of both for one unit of '
'a common base, to 12 significant digits, and at most 18 decimals, unless it is a published rate '
'as it is';

CREATE FUNCTION _tiering.check_max_age(max_age int) RETURNS int
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF max_age IS NULL OR max_age < 0 OR max_age > 36525 THEN
		RAISE EXCEPTION 'max_age must be a number of days, not %', COALESCE(max_age::text, 'null')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN max_age;
END;
$$;
COMMENT ON FUNCTION _tiering.check_max_age(int) IS
'Raises an error (22023) unless the greatest age of a rate is a number of days, from 0 to a '
'hundred years';

CREATE FUNCTION tiering.fx_rate(currency text, base text, on_date date, max_age int DEFAULT 7)
	RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 200
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	through text := _tiering.fx_through(currency COLLATE "C", base, on_date);
	age int := _tiering.check_max_age(max_age);
	worth numeric := _tiering.fx_quotient(_tiering.fx_units(base, through, on_date, age),
		_tiering.fx_units(currency, through, on_date, age));
	missing text;
BEGIN
	IF on_date IS NULL OR NOT isfinite(on_date) THEN
		RAISE EXCEPTION 'on_date must be a day, not %', COALESCE(on_date::text, 'null')
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF worth IS NOT NULL THEN
		RETURN worth;
	END IF;
	SELECT c.currency INTO missing FROM unnest(ARRAY[currency, base]) AS c(currency)
	WHERE _tiering.fx_units(c.currency, through, on_date, age) IS NULL LIMIT 1;
	RAISE EXCEPTION 'there is no rate of currency "%" for % that is at most % days old', missing,
		to_char(on_date, 'YYYY-MM-DD'), age
		USING ERRCODE = 'no_data_found', DETAIL = (
			SELECT COALESCE('The last one before is of ' || to_char(max(r.on_date), 'YYYY-MM-DD')
				|| '.', 'There is none before it.')
			FROM tiering.fx_rate r
			WHERE r.currency = missing COLLATE "C" AND r.base = through COLLATE "C"
				AND r.on_date <= fx_rate.on_date);
END;
$$;
COMMENT ON FUNCTION tiering.fx_rate(text, text, date, int) IS
'What one unit of a currency is worth in another, base, on a day, by the last rate that is at '
'most max_age days old. Errors: a currency of which there are no rates (42704); none for the day '
'(P0002)';

CREATE FUNCTION tiering.fx_series(currency text, base text, max_age int DEFAULT 7)
	RETURNS tiering.daily_series
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	through text := _tiering.fx_through(currency COLLATE "C", base, 'infinity');
	age int := _tiering.check_max_age(max_age);
BEGIN
	IF currency = base THEN
		RETURN '{0001-01-01: 1}';
	END IF;
	-- a rate steps when one is published, and to none when the last one is too old;
	-- a step of the one leaves the other as it was
	RETURN (
		WITH published AS (
			SELECT r.currency = fx_series.base COLLATE "C" AS of_base, r.on_date, r.rate,
				lead(r.on_date) OVER (PARTITION BY r.currency ORDER BY r.on_date) AS next
			FROM tiering.fx_rate r
			WHERE r.base = through COLLATE "C"
				AND r.currency IN (fx_series.currency COLLATE "C", fx_series.base)
		), step AS (
			SELECT p.of_base, p.on_date, p.rate FROM published p
			UNION ALL
			SELECT p.of_base, p.on_date + age + 1, NULL FROM published p
				WHERE (p.next <= p.on_date + age + 1) IS NOT TRUE
		), run AS (
			SELECT s.on_date, max(s.rate) FILTER (WHERE s.of_base) AS of_base,
				max(s.rate) FILTER (WHERE NOT s.of_base) AS of_currency,
				sum(count(*) FILTER (WHERE s.of_base)) OVER (ORDER BY s.on_date) AS base_run,
				sum(count(*) FILTER (WHERE NOT s.of_base))
					OVER (ORDER BY s.on_date) AS currency_run
			FROM step s
			GROUP BY s.on_date
		)
		SELECT tiering.daily_series(w.worth, w.on_date, w.next)
		FROM (SELECT r.on_date, lead(r.on_date) OVER (ORDER BY r.on_date) AS next,
			_tiering.fx_quotient(
				CASE WHEN fx_series.base = through THEN 1 ELSE max(r.of_base)
					OVER (PARTITION BY r.base_run) END,
				CASE WHEN fx_series.currency = through THEN 1 ELSE max(r.of_currency)
					OVER (PARTITION BY r.currency_run) END) AS worth
			  FROM run r) w
		WHERE w.worth IS NOT NULL);
END;
$$;
COMMENT ON FUNCTION tiering.fx_series(text, text, int) IS
'What one unit of a currency is worth in another, base, on each day, as convert() takes it. A '
'published rate counts until the next, but for max_age days at most, after which there is none. A '
'currency in itself is worth 1. A currency of which there are no rates is an error (42704)';
