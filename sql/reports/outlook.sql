/*
 * Looking back and ahead: whether customers are spread over the tiers as they were, for how
 * long they stay in one, and how many each tier will have if they go on to move as they did.
 */

CREATE FUNCTION _tiering.tiers_as_of(scheme text, day date, known_at timestamptz) RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT COALESCE(
		_tiering.named_by(tiers_as_of.scheme, tiers_as_of.day, tiers_as_of.known_at),
		_tiering.newest_by(tiers_as_of.scheme, tiers_as_of.day, tiers_as_of.known_at));
END;
COMMENT ON FUNCTION _tiering.tiers_as_of(text, date, timestamptz) IS
'The version whose tiers a report of a day lists, as known at a time: that of the last assessment, '
'or where there was none the newest that was in force, or else the newest of all';

CREATE FUNCTION _tiering.index_share(customers bigint, all_customers numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT CASE WHEN customers > 0 THEN GREATEST(round(customers / all_customers, 6), 0.000001)
		WHEN all_customers > 0 THEN 0.000000 END;
END;
COMMENT ON FUNCTION _tiering.index_share(bigint, numeric) IS
'A share as distribution_shift() shows it: rounded to 6 decimals, but 0 only of nobody; null if '
'there are no customers';

-- The index is made of the shares that are shown, so that it can be made of them by hand.
CREATE FUNCTION tiering.distribution_shift(scheme text, from_date date, to_date date,
	known_at timestamptz DEFAULT NULL)
RETURNS TABLE (tier text, rank int, customers_from bigint, customers_to bigint,
	share_from numeric, share_to numeric, psi numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	named int := _tiering.tiers_as_of(scheme, to_date, known_at);
BEGIN
	PERFORM _tiering.check_reader(scheme),
		_tiering.check_span(scheme, from_date, to_date);
	RETURN QUERY
	WITH cell AS MATERIALIZED (
		SELECT c.*
		FROM _tiering.renamed_cells(distribution_shift.scheme, from_date, to_date, known_at,
			NULL) c
	), head AS (
		SELECT c.from_tier AS tier, c.customers AS before, 0 AS after FROM cell c
		UNION ALL
		SELECT c.to_tier, 0, c.customers FROM cell c WHERE NOT c.merged
		UNION ALL
		SELECT t.tier, 0, 0 FROM tiering.tier t
		WHERE t.scheme = distribution_shift.scheme COLLATE "C" AND t.version = named
	), counted AS (
		SELECT h.tier, sum(h.before)::bigint AS before, sum(h.after)::bigint AS after,
			sum(sum(h.before)) OVER () AS all_before, sum(sum(h.after)) OVER () AS all_after
		FROM head h WHERE h.tier IS NOT NULL
		GROUP BY h.tier
	), share AS (
		SELECT c.*, _tiering.index_share(c.before, c.all_before) AS had,
			_tiering.index_share(c.after, c.all_after) AS has
		FROM counted c
	), shift AS (
		SELECT s.*, CASE WHEN s.had > 0 AND s.has > 0 THEN (s.has - s.had) * ln(s.has / s.had)
				WHEN s.had = s.has THEN 0 END AS psi
		FROM share s
	)
	SELECT s.tier, CASE WHEN grouping(s.tier) = 0 THEN max(n.rank) END,
		sum(s.before)::bigint, sum(s.after)::bigint,
		CASE WHEN grouping(s.tier) = 0 OR max(s.had) IS NULL THEN max(s.had) ELSE 1.000000 END,
		CASE WHEN grouping(s.tier) = 0 OR max(s.has) IS NULL THEN max(s.has) ELSE 1.000000 END,
		CASE WHEN count(s.psi) = count(*) THEN round(sum(s.psi), 6) END
	FROM shift s LEFT JOIN _tiering.tier_names(distribution_shift.scheme, named) n
		ON n.tier = s.tier
	GROUP BY GROUPING SETS ((s.tier), ())
	HAVING count(*) > 0
	ORDER BY s.tier IS NULL, max(n.rank) DESC NULLS LAST, s.tier;
END;
$$;
COMMENT ON FUNCTION tiering.distribution_shift(text, date, date, timestamptz) IS
'How far the tiers'' shares of the customers shifted between two days. It tells of the ends of '
'from_date and to_date: a row for each tier, from the highest down, and one with tier null for '
'all. psi: the population stability index, (share_to - share_from) * ln(share_to / share_from) by '
'the natural logarithm, of the whole its sum. It is made of the shares as they are shown, which '
'are fractions of 1 rounded to 6 decimals, but of a tier with anybody in it at least 0.000001. A '
'share is 0 where nobody was in the tier. If both are, psi is 0. If one is, the index has no '
'value, and psi is null, that of the whole, too. Shares are null on a day without any customers. '
'Customers who became one in between are one in customers_to. A tier that was renamed in between '
'is one, and has its name of to_date. known_at: as known at that time. Errors: those of '
'migration_matrix(). Example: SELECT tier, share_from, share_to, psi FROM '
'tiering.distribution_shift(''retail'', ''2026-01-31'', ''2026-03-31'')';

-- A customer's last move of a day is where they were at its end. Who stays in a tier that a
-- new version renames goes on in it. Who became one with another goes on as that one if their
-- tier was kept, or else was seen last on that day.
CREATE FUNCTION _tiering.tier_spells(scheme text, tier text, observed date, known_at timestamptz)
RETURNS TABLE (since date, ended date, seen date)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 10000
BEGIN ATOMIC
	WITH merged AS MATERIALIZED (
		SELECT w.customer_id COLLATE "C" AS customer_id, w.own,
			(array_agg(w.becomes ORDER BY lower(w.days) DESC) FILTER (WHERE w.leads))[1] AS becomes,
			min(lower(w.days)) FILTER (WHERE NOT w.leads) AS seen
		FROM _tiering.merged(tier_spells.scheme, CASE WHEN tier_spells.known_at IS NOT NULL
			THEN _tiering.known_batch(tier_spells.scheme, tier_spells.known_at) END) w
		WHERE lower(w.days) <= tier_spells.observed
		GROUP BY w.customer_id, w.own
	), own AS (
		SELECT COALESCE(w.becomes, m.customer_id) COLLATE "C" AS customer_id, w.seen, m.as_of,
			m.move, m.version, m.to_tier
		FROM _tiering.person_moves(tier_spells.scheme, tier_spells.known_at) m
			LEFT JOIN merged w ON w.customer_id = m.customer_id COLLATE "C" AND w.own @> m.as_of
		WHERE m.as_of <= tier_spells.observed AND COALESCE(m.as_of < w.seen, true)
			AND NOT (m.direction = 'merged' AND m.to_tier IS NULL)
	), move AS MATERIALIZED (
		SELECT DISTINCT ON (m.customer_id, m.seen, m.as_of) m.customer_id, m.seen, m.as_of,
			COALESCE(s.becomes, m.to_tier) AS tier
		FROM own m
			LEFT JOIN _tiering.succeeded(tier_spells.scheme, (
				SELECT _tiering.named_by(tier_spells.scheme, tier_spells.observed,
					tier_spells.known_at))) s
				ON s.from_version = m.version AND s.tier = m.to_tier
		ORDER BY m.customer_id, m.seen, m.as_of, m.move DESC
	), change AS (
		SELECT m.*, lag(m.tier) OVER (PARTITION BY m.customer_id, m.seen ORDER BY m.as_of) AS before
		FROM move m
	), spell AS (
		SELECT c.tier, c.as_of AS since, c.seen,
			lead(c.as_of) OVER (PARTITION BY c.customer_id, c.seen ORDER BY c.as_of) AS ended
		FROM change c WHERE c.tier IS DISTINCT FROM c.before
	)
	SELECT s.since, s.ended, COALESCE(s.seen, tier_spells.observed) FROM spell s
	WHERE s.tier = tier_spells.tier COLLATE "C" AND s.since > (SELECT min(m.as_of) FROM move m);
END;
COMMENT ON FUNCTION _tiering.tier_spells(text, text, date, timestamptz) IS
'When customers entered a tier and left it again, as observed until the end of a day; ended is '
'null where they were still in it on the day when they were seen last. Who was there on the first '
'day that the history tells of is left out: since when is not known';

CREATE FUNCTION _tiering.spell_length(since date, until date, unit text) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT CASE spell_length.unit WHEN 'day' THEN spell_length.until - spell_length.since
		ELSE (12 * (extract(year FROM spell_length.until) - extract(year FROM spell_length.since))
			+ extract(month FROM spell_length.until) - extract(month FROM spell_length.since))::int
		END;
END;
COMMENT ON FUNCTION _tiering.spell_length(date, date, text) IS
'How long somebody was in a tier, from their first day in it to the first one after it: in days, '
'or in months, which are how often a month began in between';

CREATE FUNCTION _tiering.last_known(scheme text, known_at timestamptz) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
	SELECT max(d.as_of) FROM _tiering.known_distribution(last_known.known_at) d
	WHERE d.scheme = last_known.scheme COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.last_known(text, timestamptz) IS
'The last assessment of a scheme, as known at a time; null if there was none';

CREATE FUNCTION _tiering.check_survivors(scheme text, tier text, unit text, named int)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known text[] := ARRAY(SELECT COALESCE(n.becomes, n.tier)
		FROM _tiering.tier_names(scheme, named) n GROUP BY 1 ORDER BY max(n.rank) DESC);
BEGIN
	PERFORM _tiering.check_given(tier, 'tier'), _tiering.check_given(unit, 'unit');
	IF unit NOT IN ('month', 'day') THEN
		RAISE EXCEPTION 'unit must be month or day, not %', unit
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF tier COLLATE "C" <> ALL (known) THEN
		PERFORM _tiering.refuse_unknown_tier(scheme, tier, named, known);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_survivors(text, text, text, int) IS
'Part of tier_survival(): refuses other units (22023), and tiers that the scheme does not have '
'under that name in a version or, if they ended, had before it (42704)';

CREATE FUNCTION tiering.tier_survival(scheme text, tier text, unit text DEFAULT 'month',
	known_at timestamptz DEFAULT NULL)
RETURNS TABLE (elapsed int, at_risk bigint, ended bigint, censored bigint, survival numeric,
	survival_low numeric, survival_high numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	observed date := COALESCE(_tiering.last_known(scheme, known_at),
		(SELECT max(m.as_of) FROM _tiering.person_moves(tier_survival.scheme,
			tier_survival.known_at) m));
	alive numeric := 1;
	variance numeric := 0;		-- of alive, as a share of its square
	half numeric;
BEGIN
	PERFORM tiering.newest_version(scheme),
		_tiering.check_reads_whole(scheme, 'tier_survival'),
		_tiering.check_survivors(scheme, tier, unit,
		_tiering.tiers_as_of(scheme, observed, known_at));
	FOR elapsed, ended, censored, at_risk IN
		SELECT t.elapsed, count(*) FILTER (WHERE t.over), count(*) FILTER (WHERE NOT t.over),
			(sum(count(*)) OVER (ORDER BY t.elapsed DESC))::bigint
		FROM _tiering.tier_spells(tier_survival.scheme, tier_survival.tier, observed,
				tier_survival.known_at) s
			CROSS JOIN LATERAL (
				SELECT s.ended IS NOT NULL AS over, _tiering.spell_length(s.since,
					COALESCE(s.ended, s.seen), tier_survival.unit) AS elapsed) t
		GROUP BY t.elapsed ORDER BY t.elapsed
	LOOP
		alive := alive * (at_risk - ended) / at_risk;
		variance := variance + ended::numeric / NULLIF(at_risk * (at_risk - ended)::numeric, 0);
		half := _tiering.normal_quantile() * alive * sqrt(variance);
		survival := round(alive, 6);
		IF alive > 0 THEN
			survival_low := round(GREATEST(alive - half, 0), 6);
			survival_high := round(LEAST(alive + half, 1), 6);
		ELSE
			survival_low := NULL;
			survival_high := NULL;
		END IF;
		RETURN NEXT;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION tiering.tier_survival(text, text, text, timestamptz) IS
'How long customers stay in a tier that they enter. The method is that of Kaplan and Meier 1958 '
'(J. Am. Stat. Assoc. 53:457-481): a row for each length of time, elapsed, after which anybody had '
'left or was seen last. unit: month, where elapsed is how often a month began in between, as '
'assessments at the ends of months take it, or day. at_risk: those who had stayed until then; '
'ended: those who left the tier just then, for whichever other one, or the bank; censored: those '
'who had been in it for so long at the last assessment, after which nothing is looked at; without '
'assessments that is the last move. Who became one with another customer goes on as that one if '
'their tier was kept, or else was seen last on that day. survival: the share that is still there, '
'a fraction of 1, which holds until the next row; survival_low and survival_high: the bounds of '
'its 95 % confidence interval by the variance of Greenwood, null where nobody is left. Whoever '
'comes back begins anew. Who was in the tier on the first day that the history tells of counts '
'from their next entry on: since when they were there is not known. A tier that was renamed is '
'one, and is asked for by its name of the last assessment. known_at: by what was known at that '
'time. Errors: an unknown scheme or tier (42704), a null (22004), another unit (22023). Example: '
'SELECT * FROM tiering.tier_survival(''retail'', ''mass'')';

CREATE FUNCTION _tiering.check_forecast(periods int, based_on daterange, entries numeric)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_given(periods, 'periods'),
		_tiering.check_given(based_on, 'based_on'), _tiering.check_given(entries, 'entries');
	IF periods < 1 THEN
		RAISE EXCEPTION 'periods must be 1 or more, not %', periods
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT COALESCE(isfinite(lower(based_on)) AND isfinite(upper(based_on)), false) THEN
		RAISE EXCEPTION 'based_on must be a period with a first and a last day, not %', based_on
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Such as tiering.month(''2024-12-31''), for what moved in that month.';
	END IF;
	IF entries < 0 OR entries IN ('NaN', 'Infinity') THEN
		RAISE EXCEPTION 'entries must be a share of 0 or more, not %', entries
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example 0.01: in a period as many enter as 1 % of the customers at its '
				'beginning.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_forecast(int, daterange, numeric) IS
'Refuses what forecast() cannot be asked for (22023), and null (22004)';

-- Where all is by hand, what is of today is known.
CREATE FUNCTION _tiering.check_observed(scheme text, based_on daterange, known_at timestamptz)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	assessed date := _tiering.last_known(scheme, known_at);
BEGIN
	IF upper(based_on) - 1 > COALESCE(assessed, known_at::date, current_date) THEN
		RAISE EXCEPTION 'based_on % ends after the last assessment of scheme "%"', based_on, scheme
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'Who moved in all of that period is not known yet.',
			HINT = COALESCE('The last one was as of ' || assessed
				|| ': name a period that ends by then.',
				'There was none. Name a period that ends by today.');
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_observed(text, daterange, timestamptz) IS
'Part of forecast(): refuses a period that the assessments do not reach the end of, as known at a '
'time (22023)';

-- Not immutable: the planner would raise it
CREATE FUNCTION _tiering.refuse_entries(scheme text, based_on daterange) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'nobody entered scheme "%" in %', scheme, based_on
		USING ERRCODE = 'invalid_parameter_value',
		DETAIL = 'Into which tiers those who enter come is taken from that period.',
		HINT = 'Name another period, or no entries.';
END;
$$;
COMMENT ON FUNCTION _tiering.refuse_entries(text, daterange) IS
'Part of forecast(): the error for entries of which it is not known into which tiers they come '
'(22023)';

-- Twenty digits behind the point are carried from period to period.
CREATE FUNCTION tiering.forecast(scheme text, periods int, based_on daterange,
	entries numeric DEFAULT 0, known_at timestamptz DEFAULT NULL)
RETURNS TABLE (period int, tier text, rank int, customers numeric, customers_share numeric,
	cohort bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	last date := upper(based_on) - 1;
	named int := _tiering.tiers_as_of(scheme, last, known_at);
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_reader(scheme),
		_tiering.check_forecast(periods, based_on, entries),
		_tiering.check_observed(scheme, based_on, known_at);
	RETURN QUERY
	WITH RECURSIVE cell AS MATERIALIZED (
		SELECT c.* FROM _tiering.renamed_cells(forecast.scheme, lower(based_on) - 1, last,
			forecast.known_at, NULL) c
		WHERE NOT c.merged
	), head AS (
		SELECT c.from_tier AS tier, c.customers AS cohort, 0 AS now, 0 AS came FROM cell c
		UNION ALL
		SELECT c.to_tier, 0, c.customers, CASE WHEN c.from_tier IS NULL THEN c.customers ELSE 0 END
		FROM cell c
		UNION ALL
		SELECT t.tier, 0, 0, 0 FROM tiering.tier t
		WHERE t.scheme = forecast.scheme COLLATE "C" AND t.version = named
	), place AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY max(n.rank) DESC NULLS LAST, h.tier) AS place, h.tier,
			max(n.rank) AS rank, sum(h.cohort)::bigint AS cohort, sum(h.now) AS now,
			CASE WHEN entries = 0 THEN 0
				WHEN sum(sum(h.came)) OVER () = 0
				THEN _tiering.refuse_entries(forecast.scheme, based_on)
				ELSE entries * sum(h.came) / sum(sum(h.came)) OVER () END AS came
		FROM head h LEFT JOIN _tiering.tier_names(forecast.scheme, named) n ON n.tier = h.tier
		WHERE h.tier IS NOT NULL
		GROUP BY h.tier
	), way AS MATERIALIZED (
		SELECT f.place AS from_place, t.place AS to_place, c.customers::numeric / f.cohort AS share
		FROM cell c JOIN place f ON f.tier = c.from_tier JOIN place t ON t.tier = c.to_tier
		UNION ALL
		SELECT p.place, p.place, 1 FROM place p WHERE p.cohort = 0
	), run AS (
		SELECT 0 AS period, ARRAY(SELECT p.now FROM place p ORDER BY p.place) AS heads
		UNION ALL
		SELECT r.period + 1, ARRAY(
			SELECT round(COALESCE(sum(h.heads * w.share), 0)
				+ p.came * (SELECT sum(a.heads) FROM unnest(r.heads) a(heads)), 20)
			FROM place p LEFT JOIN way w ON w.to_place = p.place
				LEFT JOIN unnest(r.heads) WITH ORDINALITY h(heads, place) ON h.place = w.from_place
			GROUP BY p.place, p.came ORDER BY p.place)
		FROM run r WHERE r.period < periods
	)
	SELECT r.period, p.tier, p.rank, round(r.heads[p.place], 6),
		round(r.heads[p.place] / NULLIF(sum(r.heads[p.place]) OVER (PARTITION BY r.period), 0), 6),
		p.cohort
	FROM run r CROSS JOIN place p
	ORDER BY r.period, p.place;
END;
$$;
COMMENT ON FUNCTION tiering.forecast(text, int, daterange, numeric, timestamptz) IS
'How many customers each tier will have if they go on to move as they did in a period. It is a '
'Markov chain: period 0 is the end of based_on, such as tiering.quarter(''2024-12-31''), which is '
'no later than the last assessment, and each of those that follow is as long. The shares of '
'migration_matrix() from the end of the day before based_on to the end of its last day are those '
'of each period, exits among them, but without those who became one with another customer. '
'entries: how many enter in a period, as a share of all customers at its beginning, 0 unless it is '
'said; they come into the tiers as those of based_on did. customers: what is expected, rounded to '
'6 decimals, with its share of all. cohort: how many were in the tier before based_on, but for '
'those who became one with another, which is what its shares are made of; of a tier in which 0 '
'were, nothing is known, and who gets there stays. Who comes back is an entry. Tiers have their '
'names of the end of based_on. known_at: by what was known at that time. Errors: periods below 1, '
'a based_on without a first and a last day, or one that ends after the last assessment, entries '
'below 0, and entries where nobody came in based_on (22023), a null (22004), an unknown scheme '
'(42704). Example: SELECT period, tier, customers FROM tiering.forecast(''retail'', 2, '
'tiering.quarter(''2026-03-31''))';
