/*
 * The tier of every customer, how they moved, and what each assessment left behind.
 * customer_id is text that collates as "C": customer numbers have leading zeros, and
 * anything casts to it.
 */

CREATE TABLE tiering.assignment (
	scheme       text COLLATE "C" NOT NULL,
	customer_id  text COLLATE "C" NOT NULL,
	tier         text COLLATE "C" NOT NULL,
	as_of        date NOT NULL,
	since        date NOT NULL,
	version      int NOT NULL,
	recorded_at  timestamptz NOT NULL DEFAULT now(),
	cause        text COLLATE "C" NOT NULL DEFAULT 'manual',
	first_as_of  date,
	earned       text COLLATE "C",
	misses       int NOT NULL DEFAULT 0,
	best         text COLLATE "C",
	next_tier    text COLLATE "C",
	next_review  date,
	kept_until   date,
	policy_tier  text COLLATE "C",
	policy_since date,
	PRIMARY KEY (scheme, customer_id)
) WITH (fillfactor = 80);
SELECT pg_catalog.pg_extension_config_dump('tiering.assignment', '');
COMMENT ON TABLE tiering.assignment IS
'The tier of each customer. A change of tier by whatever statement is recorded in migration';
COMMENT ON COLUMN tiering.assignment.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.assignment.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.assignment.tier IS
'The customer''s current tier, as version calls it';
COMMENT ON COLUMN tiering.assignment.as_of IS
'The last assessment that changed anything in this row; later ones up to source.refreshed_as_of '
'found it as it is. Who changes a tier by hand may say here as of which day; otherwise the move '
'counts from the last refresh';
COMMENT ON COLUMN tiering.assignment.since IS 'The day from which on the customer is in the tier';
COMMENT ON COLUMN tiering.assignment.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.assignment.cause IS
'Why the customer is in the tier: the cause of the move that led into it; see migration';
COMMENT ON COLUMN tiering.assignment.first_as_of IS
'The assessment at which the customer was new; null if they were put here by hand, where '
'since counts';
COMMENT ON COLUMN tiering.assignment.earned IS
'The tier that the rules gave at the last assessment, where it is not the current one; null '
'if it is the same';
COMMENT ON COLUMN tiering.assignment.misses IS
'Misses in a row that count against the current tier; see policy';
COMMENT ON COLUMN tiering.assignment.best IS
'The best tier that one of these misses found earned; null if there are none, or none of them '
'found any';
COMMENT ON COLUMN tiering.assignment.next_tier IS
'The tier into which the policy will move the customer if they go on to earn what they earned '
'last; null if none';
COMMENT ON COLUMN tiering.assignment.next_review IS
'The assessment at which it will: expected, as when refreshes are made is the bank''s to say';
COMMENT ON COLUMN tiering.assignment.kept_until IS
'The last day of the term for which the policy has the customer keep the tier; null if it has no '
'term';
COMMENT ON COLUMN tiering.assignment.policy_tier IS
'The tier that the rules and the policy give, beneath overrides; as tier if policy_since is null';
COMMENT ON COLUMN tiering.assignment.policy_since IS
'The day from which on they give it; null if that and the tier are the same as since and tier';
COMMENT ON COLUMN tiering.assignment.recorded_at IS
'When the row was written. One that the owner inserts with another time than their transaction''s '
'is a restored one, whose moves are in the dump, and is not recorded again';

CREATE TABLE tiering.migration (
	move        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	as_of       date NOT NULL,
	from_tier   text COLLATE "C",
	to_tier     text COLLATE "C",
	direction   text COLLATE "C" NOT NULL
	            CHECK (direction IN ('new', 'up', 'down', 'lateral', 'exit', 'merge',
	            	'merged')),
	cause       text COLLATE "C" NOT NULL
	            CHECK (cause IN ('new', 'exit', 'rule', 'policy', 'scheme', 'override',
	            	'override_end',
	            	'approval', 'correction', 'load', 'manual', 'merge')),
	version     int NOT NULL,
	measure     numeric,
	assessed    date NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL,
	recorded_as text,
	batch       int NOT NULL,
	salt        uuid DEFAULT gen_random_uuid(),
	mark        bytea,
	CHECK ((direction = 'new') = (from_tier IS NULL AND cause <> 'merge')),
	CHECK ((direction = 'exit') = (to_tier IS NULL AND cause <> 'merge')),
	CHECK ((direction IN ('merge', 'merged')) = (cause = 'merge')),
	CHECK (direction <> 'merge' OR num_nulls(from_tier, to_tier) = 1),
	CHECK (salt IS NULL OR mark IS NULL)
);
CREATE INDEX migration_customer ON tiering.migration (scheme, customer_id, as_of, move);
-- by date it is appended to, which is all that a block range index needs
CREATE INDEX migration_as_of ON tiering.migration USING brin (as_of);
-- the few that count from another day than that of their assessment
CREATE INDEX migration_dated ON tiering.migration (scheme) WHERE as_of <> assessed;
-- who came or left since a refresh; in the archive migration_batch finds them
CREATE INDEX migration_ends ON tiering.migration (scheme, batch)
	WHERE from_tier IS NULL OR to_tier IS NULL;
SELECT pg_catalog.pg_extension_config_dump('tiering.migration', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.migration_move_seq', '');
COMMENT ON TABLE tiering.migration IS
'The moves of customers between tiers. Rows are added only. forget_customer() alone changes them: '
'it takes the customer''s number out';
COMMENT ON COLUMN tiering.migration.move IS 'Number of the move, rising in the order of recording';
COMMENT ON COLUMN tiering.migration.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.migration.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.migration.as_of IS
'The day from which on the customer is in to_tier: that of the assessment, or the one before it on '
'which the move fell due, or the one after it from which on the policy has it count';
COMMENT ON COLUMN tiering.migration.from_tier IS
'The tier left, as version calls it; null for a new customer, and for a number that takes a tier '
'over';
COMMENT ON COLUMN tiering.migration.to_tier IS
'The tier entered; null on exit, for a number that hands its tier over, and for who became one '
'with another';
COMMENT ON COLUMN tiering.migration.direction IS
'new, up, down, lateral (another tier of the same rank) or exit; see directions(). merge: the '
'customer has another number from then on, and the tier goes from the one to the other. merged: '
'the customer has become one with another, and is none any more (to_tier null), or has the tier of '
'the other from then on';
COMMENT ON COLUMN tiering.migration.cause IS
'new or exit; rule: by the rules; policy: later than by the rules, or by less; scheme: by a new '
'version, where the one before would have moved the customer otherwise or not at all; override, '
'override_end; approval: when it was given; correction: by a restatement; load: an old '
'system''s, see load_history(); manual: by hand; merge: the customer''s number was changed, or '
'customers became one';
COMMENT ON COLUMN tiering.migration.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.migration.measure IS
'The measure at the move; on exit that of the day for whom no tier takes, otherwise the last one '
'known; null where a number is changed';
COMMENT ON COLUMN tiering.migration.assessed IS
'The assessment that made the move; of a change by hand its own day';
COMMENT ON COLUMN tiering.migration.recorded_at IS 'When the move was recorded';
COMMENT ON COLUMN tiering.migration.recorded_by IS 'Who had logged in';
COMMENT ON COLUMN tiering.migration.recorded_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.migration.batch IS 'The batch with which it is sealed; see batch';
COMMENT ON COLUMN tiering.migration.salt IS
'What is hashed with the customer''s number: the seal is over that hash, so that the number can be '
'taken out. Null once that was done, and of moves from before 0.2.0, which are sealed by the '
'number';
COMMENT ON COLUMN tiering.migration.mark IS
'The hash, SHA-256, where the number was taken out; null where it is there';

CREATE TABLE tiering.distribution_history (
	scheme    text COLLATE "C" NOT NULL,
	as_of     date NOT NULL,
	tier      text COLLATE "C" NOT NULL,
	version   int NOT NULL,
	customers bigint NOT NULL,
	measure   numeric,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	after_batch int NOT NULL DEFAULT 0,
	PRIMARY KEY (scheme, as_of, tier, recorded_at)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.distribution_history', '');
COMMENT ON TABLE tiering.distribution_history IS
'How many customers, with how much of the measure, each tier had at the end of an assessment. '
'Decisions and changes by hand up to its day are among it. Empty tiers have a row, too. Whatever '
'changes it is a later edition, all of its rows recorded at one time, and the ones before stay';
COMMENT ON COLUMN tiering.distribution_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.distribution_history.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.distribution_history.tier IS 'Tier';
COMMENT ON COLUMN tiering.distribution_history.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.distribution_history.customers IS 'Customers in the tier';
COMMENT ON COLUMN tiering.distribution_history.measure IS
'Total of their measure; null if it is known of none, or if a restatement left it to recount()';
COMMENT ON COLUMN tiering.distribution_history.recorded_at IS 'When this edition was recorded';
COMMENT ON COLUMN tiering.distribution_history.after_batch IS
'The last batch before what made this edition: of the first edition, what the assessment began '
'from';

CREATE TABLE tiering.own_assessment (
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	as_of       date NOT NULL,
	version     int NOT NULL,
	reason      text NOT NULL CHECK (reason ~ '\S'),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	after_batch int NOT NULL,
	PRIMARY KEY (scheme, customer_id, as_of, after_batch)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.own_assessment', '');
COMMENT ON TABLE tiering.own_assessment IS
'The assessments of single customers between those of the whole scheme; see assess()';
COMMENT ON COLUMN tiering.own_assessment.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.own_assessment.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.own_assessment.as_of IS 'The day as of which they were assessed';
COMMENT ON COLUMN tiering.own_assessment.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.own_assessment.reason IS 'Why';
COMMENT ON COLUMN tiering.own_assessment.recorded_at IS 'When';
COMMENT ON COLUMN tiering.own_assessment.recorded_by IS 'Who had logged in';
COMMENT ON COLUMN tiering.own_assessment.after_batch IS 'The last batch before it';

CREATE TABLE tiering.voided (
	scheme      text COLLATE "C" NOT NULL,
	batch       int NOT NULL,
	as_of       date NOT NULL,
	reason      text NOT NULL CHECK (reason ~ '\S'),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (scheme, batch)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.voided', '');
COMMENT ON TABLE tiering.voided IS
'The assessments that were taken back; see void_assessment()';
COMMENT ON COLUMN tiering.voided.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.voided.batch IS 'The batch that took it back';
COMMENT ON COLUMN tiering.voided.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.voided.reason IS 'Why';
COMMENT ON COLUMN tiering.voided.recorded_at IS 'When';
COMMENT ON COLUMN tiering.voided.recorded_by IS 'Who had logged in';
