/*
 * Checks of rates: what is wrong with fx_rate, told as the checks of balances tell it. Rates of
 * one currency in one base are looked at in order, and rates of two and of three currencies
 * among each other, where all of them are of one day.
 */

CREATE FUNCTION _tiering.rate_ratio(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN GREATEST(a, b) / LEAST(a, b);
COMMENT ON FUNCTION _tiering.rate_ratio(numeric, numeric) IS
'Part of check_rates(): how many times the one the other is, from 1 on; 1 if one is null';

-- Nearer by far to the inverse than to itself, and not about 1, where both are alike
CREATE FUNCTION _tiering.rate_turns(before numeric, rate numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN _tiering.rate_ratio(before, rate) >= 1.1
	AND _tiering.rate_ratio(before * rate, 1) ^ 2 <= _tiering.rate_ratio(before, rate);
COMMENT ON FUNCTION _tiering.rate_turns(numeric, numeric) IS
'Part of check_rates(): whether a rate looks as if it were for the other way round than the one '
'before';

-- A rate that turns begins a run of others that are the other way round; of the runs that are so
-- and those that are not, the reversed ones are those with fewer rates, or the later ones.
CREATE FUNCTION _tiering.reversed_rates() RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	WITH seen AS (
		SELECT r.*, lag(r.rate) OVER (PARTITION BY r.currency, r.base ORDER BY r.on_date) AS before
		FROM tiering.fx_rate r
	), turning AS MATERIALIZED (
		SELECT s.currency, s.base, s.on_date FROM seen s
		WHERE _tiering.rate_turns(s.before, s.rate)
	), numbered AS (
		SELECT r.*, count(t.on_date)
			OVER (PARTITION BY r.currency, r.base ORDER BY r.on_date) AS run
		FROM tiering.fx_rate r LEFT JOIN turning t USING (currency, base, on_date)
		WHERE (r.currency, r.base) IN (SELECT t.currency, t.base FROM turning t)
	), run AS (
		SELECT n.currency, n.base, n.run, min(n.on_date) AS first_day, max(n.on_date) AS last_day,
			(array_agg(n.rate ORDER BY n.on_date))[1] AS first_rate,
			(array_agg(n.rate ORDER BY n.on_date DESC))[1] AS last_rate,
			sum(count(*)) OVER (PARTITION BY n.currency, n.base, n.run % 2) AS rates
		FROM numbered n GROUP BY n.currency, n.base, n.run
	), beside AS (
		SELECT r.*, sum(r.rates) FILTER (WHERE r.run < 2) OVER p - r.rates AS others,
			lag(r.last_rate) OVER w AS before, lead(r.first_rate) OVER w AS after
		FROM run r
		WINDOW p AS (PARTITION BY r.currency, r.base),
			w AS (PARTITION BY r.currency, r.base ORDER BY r.run)
	)
	SELECT 'error', 'reversed', format('%s for one %s', b.currency, b.base),
		daterange(b.first_day, b.last_day, '[]'),
		format('the rate of %s is %s, where its neighbour is %s: it may be that of one %s in %s',
			b.first_day, b.first_rate, COALESCE(b.before, b.after), b.currency, b.base)
	FROM beside b
	WHERE b.rates < b.others OR b.rates = b.others AND b.run % 2 = 1;
END;
COMMENT ON FUNCTION _tiering.reversed_rates() IS
'Part of check_rates(): runs of rates that are the other way round than their neighbours';

CREATE FUNCTION _tiering.rate_steps(jump numeric, max_age int, last_day date)
	RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	WITH seen AS (
		SELECT format('%s for one %s', r.currency, r.base) AS name, r.on_date, r.rate,
			lag(r.rate) OVER w AS before, lead(r.on_date) OVER w AS next,
			CASE WHEN rate_steps.max_age IS NOT NULL
				THEN r.on_date + COALESCE(a.max_age, rate_steps.max_age) + 1 END AS too_old_on
		FROM tiering.fx_rate r LEFT JOIN tiering.fx_max_age a ON a.currency = r.currency
		WINDOW w AS (PARTITION BY r.currency, r.base ORDER BY r.on_date)
	)
	SELECT 'warning', 'jump', s.name, daterange(s.on_date, s.on_date, '[]'),
		format('the rate goes from %s to %s on %s', s.before, s.rate, s.on_date)
	FROM seen s
	WHERE _tiering.rate_ratio(s.before, s.rate) >= rate_steps.jump
		AND NOT _tiering.rate_turns(s.before, s.rate)
	UNION ALL
	SELECT 'error', 'gap', s.name, daterange(s.too_old_on, s.next),
		format('the rate of %s is too old from %s on, and the next one is of %s', s.on_date,
			s.too_old_on, s.next)
	FROM seen s WHERE s.too_old_on < s.next
	UNION ALL
	SELECT 'warning', 'stale', s.name, daterange(s.too_old_on, NULL),
		format('the last rate is %s, of %s', s.rate, s.on_date)
	FROM seen s WHERE s.next IS NULL AND s.too_old_on <= rate_steps.last_day;
END;
COMMENT ON FUNCTION _tiering.rate_steps(numeric, int, date) IS
'Part of check_rates(): rates that jump, holes in which the last one is too old, and last ones '
'that are on a last day';

CREATE FUNCTION _tiering.rate_contradictions(tolerance numeric) RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	SELECT 'error', 'contradiction', format('%s for one %s', a.currency, a.base),
		daterange(a.on_date, a.on_date, '[]'),
		format('the rate of %s is %s, and that of one %s in %s is %s: their product should be 1, '
			'and is %s', a.on_date, a.rate, a.currency, a.base, b.rate,
			trim_scale(round(a.rate * b.rate, 6)))
	FROM tiering.fx_rate a
		JOIN tiering.fx_rate b ON b.currency = a.base AND b.base = a.currency
			AND b.on_date = a.on_date
	WHERE a.currency < a.base
		AND _tiering.rate_ratio(a.rate * b.rate, 1) > 1 + rate_contradictions.tolerance;
END;
COMMENT ON FUNCTION _tiering.rate_contradictions(numeric) IS
'Part of check_rates(): rates of one day for both ways round that are not each other''s inverse';

CREATE FUNCTION _tiering.told_rate(rate numeric, x text, y text, onward boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN format('%s %s for one %s', rate, CASE WHEN onward THEN y ELSE x END,
	CASE WHEN onward THEN x ELSE y END);
COMMENT ON FUNCTION _tiering.told_rate(numeric, text, text, boolean) IS
'Part of check_rates(): a rate as it was published, of y for one x or the other way round';

-- Three currencies of which each two have rates are few, or none: by their days only these
-- are looked at.
CREATE FUNCTION _tiering.rate_triangles(period daterange, tolerance numeric)
	RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10
BEGIN ATOMIC
	WITH pair AS MATERIALIZED (
		SELECT DISTINCT LEAST(p.currency, p.base) AS x, GREATEST(p.currency, p.base) AS y
		FROM _tiering.fx_pairs() p
	), triangle AS MATERIALIZED (
		SELECT a.x AS a, a.y AS b, b.y AS c
		FROM pair a JOIN pair b ON b.x = a.y JOIN pair c ON c.x = a.x AND c.y = b.y
	), side AS (
		SELECT t.a, t.b, t.c, e.n, w.currency, w.base, w.onward
		FROM triangle t
			CROSS JOIN LATERAL (VALUES (1, t.a, t.b), (2, t.b, t.c), (3, t.a, t.c)) e(n, x, y)
			CROSS JOIN LATERAL (VALUES (e.y, e.x, true), (e.x, e.y, false))
				w(currency, base, onward)
	), round AS (
		-- of a pair that is published both ways round one will do
		SELECT s.a, s.b, s.c, r.on_date, max(r.rate) FILTER (WHERE s.n = 1) AS ab,
			max(r.rate) FILTER (WHERE s.n = 2) AS bc, max(r.rate) FILTER (WHERE s.n = 3) AS ac,
			bool_or(s.onward) FILTER (WHERE s.n = 1) AS ab_onward,
			bool_or(s.onward) FILTER (WHERE s.n = 2) AS bc_onward,
			bool_or(s.onward) FILTER (WHERE s.n = 3) AS ac_onward
		FROM side s JOIN tiering.fx_rate r USING (currency, base)
		WHERE r.on_date <@ COALESCE(rate_triangles.period, '(,)')
			AND (s.onward OR NOT EXISTS (
				SELECT FROM tiering.fx_rate o
				WHERE o.currency = r.base AND o.base = r.currency AND o.on_date = r.on_date))
		GROUP BY s.a, s.b, s.c, r.on_date
		HAVING count(*) = 3
	), product AS (
		SELECT r.*, CASE WHEN r.ab_onward THEN r.ab ELSE 1 / r.ab END
			* CASE WHEN r.bc_onward THEN r.bc ELSE 1 / r.bc END
			* CASE WHEN r.ac_onward THEN 1 / r.ac ELSE r.ac END AS product
		FROM round r
	)
	SELECT 'error', 'triangle', format('%s, %s, %s', r.a, r.b, r.c),
		daterange(r.on_date, r.on_date, '[]'),
		format('the rates of %s are %s, %s and %s: once around they make %s, not 1', r.on_date,
			_tiering.told_rate(r.ab, r.a, r.b, r.ab_onward),
			_tiering.told_rate(r.bc, r.b, r.c, r.bc_onward),
			_tiering.told_rate(r.ac, r.a, r.c, r.ac_onward), trim_scale(round(r.product, 6)))
	FROM product r
	WHERE _tiering.rate_ratio(r.product, 1) > 1 + rate_triangles.tolerance;
END;
COMMENT ON FUNCTION _tiering.rate_triangles(daterange, numeric) IS
'Part of check_rates(): rates of one day among three currencies, of which two make something '
'else than the third';

CREATE FUNCTION tiering.check_rates(period daterange DEFAULT NULL, jump numeric DEFAULT 1.5,
	max_age int DEFAULT 7, tolerance numeric DEFAULT 0.01) RETURNS SETOF tiering.finding
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_window(period, jump);
	IF max_age IS NOT NULL THEN
		PERFORM _tiering.check_max_age(max_age);
	END IF;
	PERFORM _tiering.check_given(tolerance, 'tolerance');
	IF NOT (tolerance >= 0 AND tolerance < 'Infinity') THEN
		RAISE EXCEPTION 'tolerance must be a share, such as 0.01, not %', tolerance
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN QUERY
	SELECT f.severity, f.kind, f.account, f.days * COALESCE(period, '(,)'), f.detail
	FROM (SELECT * FROM _tiering.reversed_rates()
		  UNION ALL
		  SELECT * FROM _tiering.rate_steps(jump, max_age,
			CASE WHEN isfinite(upper(period)) THEN upper(period) - 1 END)
		  UNION ALL SELECT * FROM _tiering.rate_contradictions(tolerance)
		  UNION ALL SELECT * FROM _tiering.rate_triangles(period, tolerance)) f
	WHERE f.days && COALESCE(period, '(,)');
END;
$$;
COMMENT ON FUNCTION tiering.check_rates(daterange, numeric, int, numeric) IS
'What is wrong with the rates in fx_rate; account is which rate, such as "USD for one EUR", or the '
'three currencies. Errors: '
'reversed (0.909 where its neighbours say 1.1, from a tenth of a difference on), contradiction '
'(the rates of a day for both ways round are not each other''s inverse), triangle (of three '
'currencies two rates of a day say something else than the third), each by more than tolerance, a '
'share; and gap: days on which the rate before is more than max_age days old, or more than '
'fx_max_age has for the currency. Warnings: jump, by the factor that is given, or more; and stale, '
'if the period has a last day: the last rate is too old on it. A null jump or max_age: these are '
'not told. Told are those about days of the period; null stands for all days. Example: SELECT '
'kind, account, days FROM tiering.check_rates()';
