/*
 * When a customer moves. Rules say what they earn; the policy of their current
 * tier says when they fall, that of the tier that they earn when they rise into it. A
 * tier without a policy is entered and left at once. What the words mean is worked out
 * in src/movement.c.
 *
 * An assessment at which the customer earns less than their current tier is a miss. A
 * miss counts if a review fell due since the assessment before, and if no hold
 * protects them. One at which they earn it, or more, ends the count.
 */

CREATE TABLE tiering.policy (
	scheme        text COLLATE "C" NOT NULL,
	version       int NOT NULL,
	tier          text COLLATE "C" NOT NULL,
	up            text COLLATE "C" NOT NULL DEFAULT 'at_once'
	              CHECK (up IN ('at_once', 'next')),
	down_after    int NOT NULL DEFAULT 1 CHECK (down_after BETWEEN 1 AND 1000),
	down_to       text COLLATE "C" NOT NULL DEFAULT 'earned'
	              CHECK (down_to IN ('earned', 'one_step', 'best')),
	review_months int[] CHECK (review_months <@ '{1,2,3,4,5,6,7,8,9,10,11,12}'
	              AND cardinality(review_months) > 0 AND array_ndims(review_months) = 1),
	review_at     text COLLATE "C" NOT NULL DEFAULT 'assessment'
	              CHECK (review_at IN ('assessment', 'month_end')),
	hold          interval NOT NULL DEFAULT '0' CHECK (hold BETWEEN '0' AND '100 years'),
	new_hold      interval NOT NULL DEFAULT '0' CHECK (new_hold BETWEEN '0' AND '100 years'),
	watch_after   int NOT NULL DEFAULT 0 CHECK (watch_after BETWEEN 0 AND 1000),
	effective     text COLLATE "C" NOT NULL DEFAULT 'assessment'
	              CHECK (effective IN ('assessment', 'next_day', 'next_month')),
	term          interval NOT NULL DEFAULT '0' CHECK (term BETWEEN '0' AND '100 years'),
	renews        boolean NOT NULL DEFAULT false,
	review_from   text COLLATE "C" NOT NULL DEFAULT 'calendar'
	              CHECK (review_from IN ('calendar', 'entered', 'joined')),
	PRIMARY KEY (scheme, version, tier),
	FOREIGN KEY (scheme, version, tier) REFERENCES tiering.tier ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('tiering.policy', '');
COMMENT ON TABLE tiering.policy IS
'When customers enter and leave a tier; one that is not here is entered and left at once';
COMMENT ON COLUMN tiering.policy.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.policy.version IS 'Its edition';
COMMENT ON COLUMN tiering.policy.tier IS 'Tier';
COMMENT ON COLUMN tiering.policy.up IS
'When who earns the tier rises into it. at_once: at that assessment; next: at the one after, '
'whatever they earn then';
COMMENT ON COLUMN tiering.policy.down_after IS
'How many misses in a row it takes to leave the tier. Only those count that a review finds; 1: the '
'first one does';
COMMENT ON COLUMN tiering.policy.down_to IS
'To where who leaves the tier falls. earned: what the last miss found earned; one_step: the next '
'lower tier; best: the best of what the counted misses found earned';
COMMENT ON COLUMN tiering.policy.review_months IS
'The months, 1 to 12, that have reviews; null for all. By review_from they are months of the year, '
'or months after a day: 12 is then its anniversary';
COMMENT ON COLUMN tiering.policy.review_at IS
'When a month has its review, if review_from is calendar. assessment: at each assessment in the '
'month; month_end: on its last day, which the first assessment on or after it sees to';
COMMENT ON COLUMN tiering.policy.hold IS
'For how long after the customer entered the tier no miss counts. From a month''s last day, whole '
'months end on a month''s last day';
COMMENT ON COLUMN tiering.policy.new_hold IS
'For how long after the first assessment of a new customer no miss counts';
COMMENT ON COLUMN tiering.policy.watch_after IS
'From which miss on who is below the tier is on the watch list; 0: as soon as they are below it';
COMMENT ON COLUMN tiering.policy.effective IS
'From which day on a move counts. assessment: that of the assessment, or on which it fell due; '
'next_day: the day after; next_month: the first day of the month after. A rise goes by the tier '
'entered, a fall by the tier left';
COMMENT ON COLUMN tiering.policy.term IS
'For how long the tier is kept once entered, whatever is earned; 0: no term. After its last day '
'who earns less falls, and who earns the tier begins a new term. Reviews and down_after do not '
'count then';
COMMENT ON COLUMN tiering.policy.renews IS
'Whether who earns the tier during its term begins a new term with that assessment';
COMMENT ON COLUMN tiering.policy.review_from IS
'What review_months are months of. calendar: the year; entered: since the customer entered the '
'tier; joined: since they became a customer. 29 February is 28 February in other years';
