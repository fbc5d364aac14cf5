/*
 * What customers had at each assessment, and where they stood at its end. Rows are added
 * only. What is not to be kept goes with the table that it lies in, which is emptied: so
 * the latest assessments lie in turn in the tables assessment_1 to assessment_4, and those
 * that are kept for long in assessment_kept. All of them are read as assessment.
 */

CREATE TABLE tiering.assessment (
	slot        smallint NOT NULL,
	scheme      text COLLATE "C" NOT NULL,
	as_of       date NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	tier        text COLLATE "C",
	measure     numeric,
	version     int NOT NULL,
	amends      boolean NOT NULL,
	recorded_at timestamptz NOT NULL
) PARTITION BY LIST (slot);
CREATE TABLE tiering.assessment_kept PARTITION OF tiering.assessment FOR VALUES IN (0);
CREATE TABLE tiering.assessment_1 PARTITION OF tiering.assessment FOR VALUES IN (1);
CREATE TABLE tiering.assessment_2 PARTITION OF tiering.assessment FOR VALUES IN (2);
CREATE TABLE tiering.assessment_3 PARTITION OF tiering.assessment FOR VALUES IN (3);
CREATE TABLE tiering.assessment_4 PARTITION OF tiering.assessment FOR VALUES IN (4);
-- a subscriber is told of rows that are changed or deleted, which are few, by all of it
ALTER TABLE tiering.assessment_kept REPLICA IDENTITY FULL;
ALTER TABLE tiering.assessment_1 REPLICA IDENTITY FULL;
ALTER TABLE tiering.assessment_2 REPLICA IDENTITY FULL;
ALTER TABLE tiering.assessment_3 REPLICA IDENTITY FULL;
ALTER TABLE tiering.assessment_4 REPLICA IDENTITY FULL;
-- by assessment it is appended to, and read as a whole; amendments are few. Several schemes
-- share a part: what is one's lies together.
CREATE INDEX assessment_as_of ON tiering.assessment USING brin (scheme, as_of)
	WITH (pages_per_range = 16);
CREATE INDEX assessment_amended ON tiering.assessment (scheme, as_of, customer_id, recorded_at)
	WHERE amends;
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_kept', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_1', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_2', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_3', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_4', '');
COMMENT ON TABLE tiering.assessment IS
'What each customer had at an assessment, and where they stood at its end. Decisions and changes '
'by hand up to its day are among it. Of a customer the latest amendment counts, if there is one';
COMMENT ON TABLE tiering.assessment_kept IS
'The part of assessment that is kept for long, and what assessments of single customers found';
COMMENT ON TABLE tiering.assessment_1 IS 'A part of assessment, which is emptied in turn';
COMMENT ON TABLE tiering.assessment_2 IS 'A part of assessment, which is emptied in turn';
COMMENT ON TABLE tiering.assessment_3 IS 'A part of assessment, which is emptied in turn';
COMMENT ON TABLE tiering.assessment_4 IS 'A part of assessment, which is emptied in turn';
COMMENT ON COLUMN tiering.assessment.slot IS 'The table that the row lies in: 0 is assessment_kept';
COMMENT ON COLUMN tiering.assessment.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.assessment.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.assessment.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.assessment.tier IS
'The tier at the end of it, as version calls it; null: no customer then, or one who waits for '
'an approval to become one';
COMMENT ON COLUMN tiering.assessment.measure IS
'The scheme''s measure for the customer, in its unit; null if the source had none';
COMMENT ON COLUMN tiering.assessment.version IS 'The version of the scheme that graded';
COMMENT ON COLUMN tiering.assessment.amends IS
'Whether this came after the assessment: by a decision, by hand, or by a restatement; or whether '
'it is of an assessment of the customer''s own';
COMMENT ON COLUMN tiering.assessment.recorded_at IS
'When it was recorded; what came with the assessment bears the time in kept_assessment';

CREATE TABLE tiering.kept_assessment (
	scheme      text COLLATE "C" NOT NULL,
	as_of       date NOT NULL,
	recorded_at timestamptz NOT NULL,
	slot        smallint NOT NULL,
	unmeasured  bigint,
	PRIMARY KEY (scheme, as_of, recorded_at)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.kept_assessment', '');
COMMENT ON TABLE tiering.kept_assessment IS
'The assessments of which what each customer had is kept. One that was taken back stays among '
'them, for what was known before';
COMMENT ON COLUMN tiering.kept_assessment.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.kept_assessment.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.kept_assessment.recorded_at IS 'When it was recorded';
COMMENT ON COLUMN tiering.kept_assessment.slot IS 'Where its rows lie; see assessment';
COMMENT ON COLUMN tiering.kept_assessment.unmeasured IS
'How many customers in a tier had no measure, when it was recorded; null if that is not known';

-- Not dumped. Of a copy of the whole server, or one that is replicated to, it can be made
-- anew at any time: UPDATE tiering.view_key SET key = gen_random_uuid().
CREATE TABLE tiering.view_key (
	key uuid PRIMARY KEY DEFAULT gen_random_uuid()
);
INSERT INTO tiering.view_key DEFAULT VALUES;
COMMENT ON TABLE tiering.view_key IS
'A key by which views read customers for those who may read the view. Whoever can read it can '
'read all customers: grant nobody SELECT on it';
COMMENT ON COLUMN tiering.view_key.key IS 'The key';

CREATE TABLE tiering.keeping (
	scheme   text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	which    text COLLATE "C" NOT NULL CHECK (which IN ('month_end', 'all', 'last')),
	how_long interval CHECK (how_long > '0'),
	set_at   timestamptz NOT NULL DEFAULT now(),
	set_by   text NOT NULL DEFAULT session_user
);
SELECT pg_catalog.pg_extension_config_dump('tiering.keeping', '');
COMMENT ON TABLE tiering.keeping IS
'Which assessments of a scheme are kept, and for how long; see keep_assessments(). A scheme '
'without a row keeps the last of each month';
COMMENT ON COLUMN tiering.keeping.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.keeping.which IS
'month_end: the last of each month; all; last: none but the latest ones, which are kept always';
COMMENT ON COLUMN tiering.keeping.how_long IS
'How long before an assessment those of before are kept; null: for ever';
COMMENT ON COLUMN tiering.keeping.set_at IS 'When this was set';
COMMENT ON COLUMN tiering.keeping.set_by IS 'Who had logged in';
