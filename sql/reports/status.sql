/*
 * Where customers will be at the end of the period, and all about one of them.
 *
 * What is held now is taken to be held until then. The series are those that set_series()
 * bound, which tell the days that the next assessment will average.
 */

CREATE FUNCTION _tiering.held_flat(balances tiering.daily_series, period daterange, as_of date)
RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 10
RETURN CASE WHEN balances IS NULL OR as_of >= upper(period) - 1 THEN NULL
	ELSE tiering.daily_avg(tiering.amend(balances,
		daterange(GREATEST(as_of + 1, lower(period)), upper(period)),
		COALESCE(tiering.value_on(balances, as_of), 0)), period) END;
COMMENT ON FUNCTION _tiering.held_flat(tiering.daily_series, daterange, date) IS
'The average of a period if what stands on as_of stands until the period''s end; null if no day of '
'it is left';

CREATE FUNCTION _tiering.refuse_repeated_series(scheme text, customer text) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'series of scheme "%" yields % more than once', scheme,
			_tiering.shown_customer(customer)
		USING ERRCODE = 'unique_violation',
		HINT = 'Its query must yield one row for each customer.';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_repeated_series(text, text) IS
'Raises the error for a customer whom a series has more than once (23505)';

CREATE FUNCTION _tiering.is_period(period daterange) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN (isfinite(lower(period)) AND isfinite(upper(period))) IS TRUE;
COMMENT ON FUNCTION _tiering.is_period(daterange) IS
'Whether a range is one that averages take: it has a first and a last day';

CREATE FUNCTION _tiering.refuse_in_series(scheme text, customer text, period daterange)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF customer IS NULL THEN
		RAISE EXCEPTION 'series of scheme "%" yields a customer_id that is null', scheme
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RAISE EXCEPTION 'series of scheme "%" yields a period that is % for %', scheme,
			CASE WHEN period IS NULL THEN 'null' WHEN isempty(period) THEN 'empty'
				ELSE period || ', not bounded,' END,
			_tiering.shown_customer(customer)
		USING ERRCODE = CASE WHEN period IS NULL THEN 'null_value_not_allowed'
				ELSE 'invalid_parameter_value' END,
			HINT = 'Its query must yield the days whose average the next assessment will take, '
				'such as tiering.month($1 + 1).';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_in_series(text, text, daterange) IS
'Raises the error for a row of a series without a customer (22004), or, if there is one, whose '
'period is null (22004), empty or not bounded (22023)';

CREATE FUNCTION _tiering.projections(scheme text, as_of date, customers text[])
RETURNS TABLE (customer_id text, balances tiering.daily_series, period daterange,
	projected numeric)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
BEGIN ATOMIC
	SELECT x.customer_id, x.balances, x.period,
		CASE WHEN count(*) OVER (PARTITION BY x.customer_id) > 1
			THEN _tiering.refuse_repeated_series(projections.scheme, x.customer_id)
			ELSE _tiering.held_flat(x.balances, x.period, projections.as_of) END
	FROM (
		SELECT CASE WHEN r.customer_id IS NULL
					OR (r.balances IS NOT NULL AND NOT _tiering.is_period(r.period))
				THEN _tiering.refuse_in_series(projections.scheme, r.customer_id, r.period)
			WHEN n.number IS NULL THEN r.customer_id ELSE n.customer_id END
			COLLATE "C" AS customer_id, r.balances, r.period
		FROM tiering.series_source s
			CROSS JOIN LATERAL _tiering.numbers_asked(projections.scheme, projections.customers,
				projections.as_of) a(asked)
			CROSS JOIN LATERAL _tiering.series_rows(s.key, projections.as_of, a.asked) r
			LEFT JOIN LATERAL _tiering.numbers_told(projections.scheme, projections.as_of,
				a.asked) n ON n.number COLLATE "C" = r.customer_id COLLATE "C"
		WHERE s.scheme = projections.scheme COLLATE "C") x
	WHERE x.customer_id IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.projections(text, date, text[]) IS
'The series of a scheme''s customers, or of some of them, for a day, and the average of their '
'period if what is held on that day is held to its end; nobody if no series is bound. Whom its '
'numbers tell of is as in amounts_told()';

CREATE FUNCTION _tiering.tier_with(scheme text, version int, metrics text[], amounts numeric[],
	measure text, amount numeric, rank int) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 20
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	at int := array_position(metrics, measure);
BEGIN
	IF metrics IS NULL THEN
		metrics := ARRAY[measure];
		amounts := ARRAY[amount];
	ELSIF at IS NOT NULL THEN
		amounts[at] := amount;
	END IF;
	RETURN _tiering.tier_of(scheme, version, metrics, amounts, rank);
END;
$$;
COMMENT ON FUNCTION _tiering.tier_with(text, int, text[], numeric[], text, numeric, int) IS
'What tier_of() says if the measure is another one, and nothing else is known if metrics is null';

-- Where no rule looks at anything else, the measure is all that the source would be run for.
CREATE FUNCTION _tiering.projected(scheme text, as_of date, version int, customers text[])
RETURNS TABLE (customer_id text, projected_tier text, projected_measure numeric, until date)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET enable_nestloop = off
AS $$
#variable_conflict use_column
DECLARE
	measure text := m.metric FROM tiering.metric m
		WHERE m.scheme = projected.scheme COLLATE "C" AND m.version = projected.version
			AND m.is_measure;
	others boolean := EXISTS (SELECT FROM tiering.metric m
		WHERE m.scheme = projected.scheme COLLATE "C" AND m.version = projected.version
			AND NOT m.is_measure);
BEGIN
	IF measure IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT a.customer_id,
		_tiering.tier_with(projected.scheme, projected.version, m.metrics, m.amounts, measure,
			p.projected, t.rank),
		p.projected, upper(p.period) - 1
	FROM _tiering.projections(projected.scheme, projected.as_of, projected.customers) p
		JOIN tiering.assignment a ON a.scheme = projected.scheme COLLATE "C"
			AND a.customer_id = p.customer_id COLLATE "C"
		LEFT JOIN _tiering.ranks_in(projected.scheme, projected.version) t
			ON t.tier COLLATE "C" = a.tier
		LEFT JOIN (
			SELECT s.customer_id, s.metrics, s.amounts
			FROM _tiering.amounts_told(projected.scheme, projected.as_of, projected.version,
				projected.customers) s
			WHERE others) m ON m.customer_id COLLATE "C" = a.customer_id
	WHERE p.projected IS NOT NULL
		AND (customers IS NULL OR a.customer_id = ANY (customers COLLATE "C"));
END;
$$;
COMMENT ON FUNCTION _tiering.projected(text, date, int, text[]) IS
'Part of projected_tier: the tier and the measure of a scheme''s customers, or some of them, at '
'the end of the period of a day, by a version';

CREATE FUNCTION _tiering.told_projected(key uuid, scheme text, reader oid)
RETURNS TABLE (customer_id text, projected_tier text, projected_measure numeric, until date,
	version int)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
SET jit = off SET debug_print_plan = off
AS $$
DECLARE
	day date := s.refreshed_as_of FROM tiering.source s
		WHERE s.scheme = told_projected.scheme COLLATE "C";
	graded_by int := tiering.version_on(scheme, day);
BEGIN
	IF day IS NOT NULL
		AND EXISTS (SELECT FROM tiering.view_key k WHERE k.key = told_projected.key)
		AND _tiering.reads(reader, scheme) IS NOT NULL
	THEN
		RETURN QUERY SELECT p.*, graded_by FROM _tiering.projected(scheme, day, graded_by,
			_tiering.seen(reader, scheme, NULL)) p;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.told_projected(uuid, text, oid) IS
'Where the customers of a scheme whom a reader may see will be at the end of the period, for '
'projected_tier; nobody if that is not the key of views';

-- Whoever reads the view calls this, as they do shown_sums().
CREATE FUNCTION _tiering.shown_projected(key uuid, scheme text, reader oid)
RETURNS TABLE (customer_id text, projected_tier text, projected_measure numeric, until date,
	version int)
AS 'MODULE_PATHNAME', 'shown_of_scheme'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION _tiering.shown_projected(uuid, text, oid) IS
'What told_projected() tells; an error says of which scheme';

CREATE VIEW tiering.projected_tier AS
SELECT a.scheme, a.customer_id, a.tier, a.rank, h.projected_tier, t.rank AS projected_rank,
	a.measure::numeric(38,2) AS measure, h.projected_measure::numeric(38,2) AS projected_measure,
	h.until, a.as_of, a.measured_as_of, h.version
FROM _tiering.customer_now a
	JOIN (
		SELECT s.scheme || '' AS scheme, p.customer_id COLLATE "C" AS customer_id,
			p.projected_tier, p.projected_measure, p.until, p.version
		FROM tiering.series_source s
			CROSS JOIN LATERAL _tiering.shown_projected(
				(SELECT k.key FROM tiering.view_key k LIMIT 1), s.scheme,
				(SELECT _tiering.reader())) p
		ORDER BY p.until IS NULL) h
		ON h.scheme = a.scheme AND h.customer_id = a.customer_id
	LEFT JOIN tiering.tier t ON t.scheme = h.scheme AND t.version = h.version
		AND t.tier = h.projected_tier COLLATE "C"
ORDER BY h.until IS NULL;
COMMENT ON VIEW tiering.projected_tier IS
'Where each customer will be at the end of the period, if what they hold on the day of the last '
'refresh stands until then. The period is the one that the next assessment will average. Schemes '
'with a series only: see set_series(). Rules decide, those for staying included, and no policy; '
'other metrics are those of the last refresh, for which the source is asked where the scheme has '
'others. Source and series may say any number of a customer, but one row for all (23505). Who '
'became one with another since the last refresh is not here until the next. A source or a series '
'that fails fails all, and the hint says of which scheme it is';
COMMENT ON COLUMN tiering.projected_tier.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.projected_tier.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.projected_tier.tier IS 'Their tier now';
COMMENT ON COLUMN tiering.projected_tier.rank IS 'Its rank, higher being better';
COMMENT ON COLUMN tiering.projected_tier.projected_tier IS
'The tier that the rules will give; null if none';
COMMENT ON COLUMN tiering.projected_tier.projected_rank IS 'Its rank';
COMMENT ON COLUMN tiering.projected_tier.measure IS 'The measure at their last assessment';
COMMENT ON COLUMN tiering.projected_tier.projected_measure IS
'The average of the whole period, what is held being held to its end';
COMMENT ON COLUMN tiering.projected_tier.until IS 'The last day of the period';
COMMENT ON COLUMN tiering.projected_tier.as_of IS
'Date of the last refresh, from which on what they hold is held';
COMMENT ON COLUMN tiering.projected_tier.measured_as_of IS
'Their last assessment, of which measure is';
COMMENT ON COLUMN tiering.projected_tier.version IS 'The version whose rules these are';

CREATE FUNCTION _tiering.decided_about(scheme text, customer_id text, as_of date,
	OUT override text, OUT request_pending text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- of most customers nothing was ever asked
	IF NOT EXISTS (
		SELECT FROM tiering.request r
		WHERE r.scheme = decided_about.scheme COLLATE "C"
			AND r.customer_id = ANY (ARRAY[decided_about.customer_id COLLATE "C"] || ARRAY(
				SELECT f.customer_id FROM tiering.former_number f
				WHERE f.scheme = decided_about.scheme COLLATE "C"
					AND f.now_id = decided_about.customer_id COLLATE "C")))
	THEN
		RETURN;
	END IF;
	SELECT string_agg(r.kind || ' ' || r.tier, ', ' ORDER BY r.request)
			FILTER (WHERE r.counts @> decided_about.as_of),
		string_agg(r.kind || ' ' || r.tier, ', ' ORDER BY r.request)
			FILTER (WHERE r.state = 'pending')
	INTO override, request_pending
	FROM _tiering.request_now r
	WHERE r.scheme = decided_about.scheme COLLATE "C"
		AND r.customer_id = decided_about.customer_id COLLATE "default";
END;
$$;
COMMENT ON FUNCTION _tiering.decided_about(text, text, date) IS
'Part of customer_status(): the overrides of a customer that count on a day, and the requests that '
'wait for a decision';

CREATE FUNCTION _tiering.benefits_told(scheme text, version int, tier text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	had text;
BEGIN
	IF EXISTS (SELECT FROM tiering.benefit b WHERE b.scheme = benefits_told.scheme COLLATE "C"
		AND b.version = benefits_told.version)
	THEN
		had := string_agg(concat(COALESCE(b.title, b.benefit), ': ' || trim_scale(b.value)
			|| COALESCE(' ' || b.unit, '')), '; ' ORDER BY b.benefit)
		FROM _tiering.benefit_had b
		WHERE b.scheme = benefits_told.scheme COLLATE "C" AND b.version = benefits_told.version
			AND b.tier = benefits_told.tier COLLATE "C";
	END IF;
	RETURN NULLIF(concat_ws('; ', had, (
			SELECT NULLIF(s.benefits, '') FROM tiering.service s
			WHERE s.scheme = benefits_told.scheme COLLATE "C"
				AND s.version = benefits_told.version
				AND s.tier = benefits_told.tier COLLATE "C")), '');
END;
$$;
COMMENT ON FUNCTION _tiering.benefits_told(text, int, text) IS
'Part of customer_status(): what customers of a tier get, each benefit by its title or its name '
'and how much of it, and behind them what its service says; null if there is neither';

-- Where nobody has other numbers than those of now, one row of each is all there may be, and
-- nothing is joined to it.
CREATE FUNCTION _tiering.told_of(scheme text, customer_id text, as_of date, version int,
	OUT metrics text[], OUT amounts numeric[], OUT balances tiering.daily_series,
	OUT period daterange)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	asked text[] := ARRAY[customer_id];
	sourced boolean;
	key uuid;
	others boolean := false;
	times bigint;
BEGIN
	SELECT EXISTS (SELECT FROM tiering.source b WHERE b.scheme = told_of.scheme COLLATE "C"),
		(SELECT b.key FROM tiering.series_source b WHERE b.scheme = told_of.scheme COLLATE "C")
	INTO sourced, key;
	IF _tiering.has_aliases(scheme) THEN
		asked := _tiering.numbers_asked(scheme, asked, as_of);
		others := EXISTS (SELECT FROM _tiering.numbers_told(scheme, told_of.as_of, asked));
	END IF;
	IF others THEN
		SELECT r.metrics, r.amounts INTO metrics, amounts
		FROM _tiering.amounts_told(told_of.scheme, told_of.as_of, told_of.version,
			ARRAY[told_of.customer_id]) r
		WHERE sourced;
		SELECT p.balances, p.period INTO balances, period
		FROM _tiering.projections(told_of.scheme, told_of.as_of, ARRAY[told_of.customer_id]) p;
		RETURN;
	END IF;
	SELECT count(*), min(r.metrics), min(r.amounts) INTO times, metrics, amounts
	FROM _tiering.source_amounts(told_of.scheme, told_of.as_of, told_of.version, asked) r
	WHERE sourced;
	IF times > 1 THEN
		PERFORM _tiering.refuse_repeated(scheme, told_of.customer_id);
	END IF;
	SELECT count(*), (array_agg(r.balances))[1], (array_agg(r.period))[1]
	INTO times, balances, period
	FROM _tiering.series_rows(key, told_of.as_of, asked) r
	WHERE key IS NOT NULL;
	IF times > 1 THEN
		PERFORM _tiering.refuse_repeated_series(scheme, told_of.customer_id);
	ELSIF balances IS NOT NULL AND NOT _tiering.is_period(period) THEN
		PERFORM _tiering.refuse_in_series(scheme, told_of.customer_id, period);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.told_of(text, text, date, int) IS
'Part of customer_status(): the metrics that the source says of one customer for a day, by a '
'version, and their series with the period of the next assessment; null where there is none. Of '
'two rows for the customer an error (23505), as of a series without a period (22004), or with one '
'that is empty or not bounded (22023)';

-- Source and series are run for this one customer, each once. To plan what is asked takes
-- longer than to ask it: plans are kept, here and in what is called.
CREATE FUNCTION _tiering.measured(scheme text, customer_id text, as_of date, version int, rank int,
	OUT measure numeric, OUT way _tiering.lack, OUT to_hold numeric, OUT to_stay numeric,
	OUT hold_until date, OUT days_left int, OUT projected_tier text,
	OUT projected_measure numeric)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	measured_by text := m.metric FROM tiering.metric m
		WHERE m.scheme = measured.scheme COLLATE "C" AND m.version = measured.version
			AND m.is_measure;
	m record;
	lacks _tiering.lack[];
BEGIN
	IF as_of IS NULL THEN
		RETURN;
	END IF;
	m := _tiering.told_of(scheme, customer_id, as_of, version);
	measure := m.amounts[array_position(m.metrics, measured_by)];
	lacks := ARRAY(SELECT l FROM _tiering.next_lacks(scheme, measured.version, m.metrics,
		m.amounts, measured.rank) l);
	way := lacks[1];
	projected_measure := _tiering.held_flat(m.balances, m.period, as_of);
	IF projected_measure IS NULL THEN
		RETURN;
	END IF;
	hold_until := upper(m.period) - 1;
	days_left := upper(m.period) - GREATEST(measured.as_of + 1, lower(m.period));
	projected_tier := _tiering.tier_with(scheme, measured.version, m.metrics, m.amounts,
		measured_by, projected_measure, measured.rank);
	to_hold := _tiering.balance_needed(m.balances, l.bound, m.period, measured.as_of, l.open)
	FROM unnest(lacks) l
	WHERE (l.tier, l.rule) = (way.tier, way.rule) AND l.metric = measured_by COLLATE "C";
	to_stay := _tiering.balance_needed(m.balances, l.bound, m.period, measured.as_of, l.open)
	FROM _tiering.least_to_stay(scheme, measured.version, m.metrics, m.amounts, measured.rank) l;
END;
$$;
COMMENT ON FUNCTION _tiering.measured(text, text, date, int, int) IS
'Part of customer_status(): what follows from what the source and the series say of one customer; '
'way is the dearest change of the cheapest rule. Null if as_of is';

CREATE FUNCTION _tiering.held_on(scheme text, customer_id text, day date, graded_by int,
	OUT version int, OUT tier text, OUT since date, OUT cause text, OUT earned text,
	OUT misses int, OUT next_review date, OUT title text, OUT title_zh text, OUT rank int,
	OUT watched boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	named int := _tiering.named_by(scheme, day);
BEGIN
	SELECT CASE WHEN b.becomes IS NULL THEN l.version ELSE named END,
		COALESCE(b.becomes, l.to_tier), l.as_of, l.cause
	INTO version, tier, since, cause
	FROM (SELECT m.* FROM _tiering.moves_of(held_on.scheme, held_on.customer_id) m
		  WHERE m.as_of <= held_on.day
		  ORDER BY m.as_of DESC, m.move DESC LIMIT 1) l
		CROSS JOIN LATERAL (
			SELECT tiering.successor(l.scheme, l.version, l.to_tier, named) AS becomes) b
	WHERE l.to_tier IS NOT NULL;
	SELECT t.title, t.title_zh INTO title, title_zh FROM tiering.tier t
	WHERE t.scheme = held_on.scheme COLLATE "C" AND t.version = held_on.version
		AND t.tier = held_on.tier COLLATE "C";
	rank := _tiering.rank_in(scheme, graded_by, tier);
	-- what is not kept as of then
	earned := NULL;
	misses := NULL;
	next_review := NULL;
	watched := NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.held_on(text, text, date, int) IS
'Part of customer_status(): the tier of a customer at the end of a day before their last '
'assessment, as tier_on() tells, with the version that calls it so, and its rank in the one that '
'graded the day; tier is null if they had none. So is what is not kept as of then';

CREATE FUNCTION tiering.customer_status(scheme text, customer_id text, as_of date DEFAULT NULL)
RETURNS TABLE (tier text, title text, title_zh text, since date, cause text, earned text,
	misses int, watched boolean, override text, request_pending text, measure numeric,
	measured_as_of date, next_tier text, rule int, metric text, value numeric, bound numeric,
	distance numeric, distance_percent numeric, conditions_missing int, to_hold numeric,
	to_stay numeric, hold_until date, days_left int, projected_tier text,
	projected_measure numeric, benefits text, next_review date)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 100000 ROWS 1
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	now_id text := _tiering.number_now(scheme, customer_id);
	day date := COALESCE(as_of, _tiering.last_assessed(scheme, now_id));
	graded_by int;
	past boolean;
	a record;
	x record;
	d record;
BEGIN
	-- a scheme that was assessed is one
	IF day IS NULL OR as_of IS NOT NULL THEN
		PERFORM tiering.newest_version(scheme);
		past := as_of < _tiering.last_assessed(scheme, now_id);
	END IF;
	IF NOT _tiering.check_reader(scheme) AND NOT (
		_tiering.sees(_tiering.reader(), scheme, now_id, NULL)
		AND _tiering.sees(_tiering.reader(), scheme, now_id, as_of))
	THEN
		RETURN;
	END IF;
	IF day IS NOT NULL THEN
		graded_by := _tiering.graded_by(scheme, _tiering.check_day(day, 'as_of'));
	END IF;
	IF past THEN
		a := _tiering.held_on(scheme, now_id, day, graded_by);
	ELSE
		SELECT s.version, s.tier, s.since, s.cause, s.earned, s.misses, s.next_review,
			t.title, t.title_zh, CASE WHEN s.version = graded_by THEN t.rank
				ELSE _tiering.rank_in(s.scheme, graded_by, s.tier) END AS rank,
			_tiering.is_watched(s.next_review, s.next_tier, l.rank < t.rank, s.misses,
				p.watch_after) AS watched
		INTO a
		FROM tiering.assignment s
			LEFT JOIN tiering.tier t
				ON (t.scheme, t.version, t.tier) = (s.scheme, s.version, s.tier)
			LEFT JOIN tiering.tier l
				ON (l.scheme, l.version, l.tier) = (s.scheme, s.version, s.next_tier)
			LEFT JOIN tiering.policy p ON (p.scheme, p.version, p.tier) = (s.scheme, s.version,
				CASE WHEN s.policy_since IS NULL THEN s.tier ELSE s.policy_tier END)
		WHERE s.scheme = customer_status.scheme COLLATE "C" AND s.customer_id = now_id COLLATE "C";
	END IF;
	IF a.tier IS NULL THEN
		RETURN;
	END IF;
	x := _tiering.measured(scheme, now_id, day, graded_by, a.rank);
	d := _tiering.decided_about(scheme, now_id, day);
	RETURN QUERY
	SELECT a.tier, NULLIF(a.title, ''), NULLIF(a.title_zh, ''), a.since, a.cause, a.earned,
		a.misses, a.watched, d.override, CASE WHEN past THEN NULL ELSE d.request_pending END,
		x.measure, day, (x.way).tier, (x.way).rule, (x.way).metric, (x.way).value,
		(x.way).bound, (x.way).distance, (x.way).distance_percent, (x.way).conditions_missing,
		x.to_hold, x.to_stay, x.hold_until, x.days_left, x.projected_tier, x.projected_measure,
		_tiering.benefits_told(scheme, a.version, a.tier), a.next_review;
END;
$$;
COMMENT ON FUNCTION tiering.customer_status(text, text, date) IS
'All about one customer in a row: their tier, the next one and what is missing, what to hold, '
'and where they will be. It asks for that customer alone, and takes as long in a large bank as '
'in a small one if the queries of source and series find one customer by an index. tier to '
'misses are as in current_tier, watched and next_review as in near_downgrade; override: what '
'overrides count, each as a kind and a tier; request_pending: what waits for a decision, in the '
'same way. measure is what the source says for measured_as_of: the day that is given, or that of '
'the customer''s last assessment. next_tier to conditions_missing are as in shortfall(), of the '
'cheapest rule the condition that is missed by most. With a series that set_series() bound: '
'to_hold and to_stay are the least balances that, if they stand for days_left days until '
'hold_until, bring the next assessment''s average to what that rule takes of the measure, and to '
'what it takes to stay, all else being as it is; projected_measure and projected_tier are as in '
'projected_tier. benefits is what tier_benefit lists for their tier, such as lounge: 2 visits, and '
'behind that the text benefits of service, with semicolons between. '
'For a day before the customer''s last assessment tier, title, since and cause are those of the '
'end of that day, as tier_on() and tiers_on() tell now; all that follows from the tier, override '
'and benefits are of the day, too, and earned, misses, watched, next_review and request_pending '
'are null, as they are not kept as of then. '
'Null is what is not known or does not apply. So is what source and series say of '
'a day before the one from which on somebody is one with the customer. They may say any number '
'of theirs. No row: they have no tier, or had none on that day. Errors: '
'unknown scheme, no version in force on the day (42704), an infinite day (22023), a source or a '
'series that has the customer twice (23505), a period of the series that is null (22004), empty or '
'not bounded (22023). '
'Example: SELECT tier, next_tier, distance, to_stay '
'FROM tiering.customer_status(''retail'', ''B'')';
