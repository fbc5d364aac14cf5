/*
 * When a customer moves. Rules say what he earns; the policy of the tier that he
 * holds says when he leaves it downwards, that of the tier that he earns when he
 * rises into it. A tier without a policy is entered and left at once.
 *
 * An assessment is a refresh. One at which he earns a lower tier than he holds
 * is a miss. A miss counts if the assessment is a review, by review_months and
 * review_at, and if no hold protects him; one at which he earns what he holds, or
 * more, ends the count, review or not.
 */

CREATE TABLE tiering.policy (
	scheme        text COLLATE "C" NOT NULL,
	version       int NOT NULL,
	tier          text COLLATE "C" NOT NULL,
	up            text COLLATE "C" NOT NULL DEFAULT 'at_once'
	              CHECK (up IN ('at_once', 'next')),
	down_after    int NOT NULL DEFAULT 1 CHECK (down_after BETWEEN 1 AND 1000),
	down_to       text COLLATE "C" NOT NULL DEFAULT 'earned'
	              CHECK (down_to IN ('earned', 'one_step')),
	review_months int[] CHECK (review_months <@ '{1,2,3,4,5,6,7,8,9,10,11,12}'
	              AND cardinality(review_months) > 0 AND array_ndims(review_months) = 1),
	review_at     text COLLATE "C" NOT NULL DEFAULT 'assessment'
	              CHECK (review_at IN ('assessment', 'month_end')),
	hold          interval NOT NULL DEFAULT '0' CHECK (hold BETWEEN '0' AND '100 years'),
	new_hold      interval NOT NULL DEFAULT '0' CHECK (new_hold BETWEEN '0' AND '100 years'),
	PRIMARY KEY (scheme, version, tier),
	FOREIGN KEY (scheme, version, tier) REFERENCES tiering.tier ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('tiering.policy', '');
COMMENT ON TABLE tiering.policy IS 'When customers enter and leave a tier; one that is not here is entered and left at once';
COMMENT ON COLUMN tiering.policy.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.policy.version IS 'Its edition';
COMMENT ON COLUMN tiering.policy.tier IS 'Tier';
COMMENT ON COLUMN tiering.policy.up IS
'at_once: who earns it rises into it; next: he does so at the assessment after, whatever he earns then';
COMMENT ON COLUMN tiering.policy.down_after IS
'How many misses in a row, counted at reviews, it takes to leave it; 1: the first one does';
COMMENT ON COLUMN tiering.policy.down_to IS
'earned: to what the last assessment found earned; one_step: to the next lower tier';
COMMENT ON COLUMN tiering.policy.review_months IS
'The months, 1 to 12, whose assessments are reviews; null for all';
COMMENT ON COLUMN tiering.policy.review_at IS
'assessment: all assessments in these months are reviews; month_end: only those of a month''s last day';
COMMENT ON COLUMN tiering.policy.hold IS
'For how long after entering it no miss counts; from a month''s last day, whole months end on a month''s last day';
COMMENT ON COLUMN tiering.policy.new_hold IS
'For how long after the first assessment of a new customer no miss counts';

-- Not STRICT, or it would not be inlined. Whole months from a month's last day lead to a month's last day: who entered on
-- 28 February for a month is held until 31 March.
CREATE FUNCTION tiering.hold_end(entered date, hold interval) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN CASE WHEN hold = '0' THEN entered
	WHEN date_trunc('day', hold) = date_trunc('month', hold) AND hold >= '1 month'
		AND entered = (date_trunc('month', entered::timestamp) + interval '1 month - 1 day')::date
	THEN (date_trunc('month', entered::timestamp) + hold + interval '1 month - 1 day')::date
	ELSE (entered::timestamp + hold)::date END;
COMMENT ON FUNCTION tiering.hold_end(date, interval) IS
'The last day on which a hold protects, from the day of the assessment that began it';

CREATE FUNCTION tiering.is_review(as_of date, review_months int[], review_at text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN (review_months IS NULL OR extract(month FROM as_of)::int = ANY (review_months))
	AND (review_at = 'assessment' OR extract(day FROM as_of + 1) = 1);
COMMENT ON FUNCTION tiering.is_review(date, int[], text) IS
'Whether an assessment of a day is one at which misses count';

-- The day of the n-th review after a day. When assessments are made is the bank's
-- to say; if the last one was a month's last day, the next are taken to be, too,
-- and otherwise one a day.
CREATE FUNCTION tiering.nth_review(as_of date, after date, n int, review_months int[], review_at text) RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	month_ends boolean := review_at = 'month_end' OR extract(day FROM as_of + 1) = 1;
	day date := after;
	left_over int := n;
BEGIN
	IF review_months IS NULL AND NOT month_ends THEN
		RETURN after + n;
	END IF;
	WHILE left_over > 0 LOOP
		day := CASE WHEN month_ends
			THEN date_trunc('month', (day + 1)::timestamp) + interval '1 month - 1 day'
			ELSE day + 1 END;
		IF review_months IS NULL OR extract(month FROM day)::int = ANY (review_months) THEN
			left_over := left_over - 1;
		END IF;
	END LOOP;
	RETURN day;
END;
$$;
COMMENT ON FUNCTION tiering.nth_review(date, date, int, int[], text) IS
'The day of the n-th review after a day, if assessments go on at months'' ends, or, where as_of was not one, daily';
