/*
 * Schemes: a rule is a box in metric space, a tier is a union of boxes, and a
 * customer gets the highest-ranked tier that contains him. All of it is rows.
 *
 * Keys are names that people can read. They collate as "C", so that order and
 * equality are the same in every database. A line under each table has pg_dump
 * keep what is in it.
 */

CREATE TABLE tiering.scheme (
	scheme      text COLLATE "C" PRIMARY KEY CHECK (scheme <> ''),
	title       text NOT NULL DEFAULT '',
	title_zh    text NOT NULL DEFAULT '',
	description text NOT NULL DEFAULT '',
	origin      text NOT NULL DEFAULT '',
	turn        bigint NOT NULL DEFAULT 0,
	four_eyes   boolean NOT NULL DEFAULT false,
	approvers   regrole[] NOT NULL DEFAULT '{}'
	            CHECK ((0 <> ALL (approvers::oid[])) IS TRUE),
	CHECK (four_eyes OR cardinality(approvers) = 0)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.scheme', '');
COMMENT ON TABLE tiering.scheme IS 'A named way to grade customers';
COMMENT ON COLUMN tiering.scheme.scheme IS 'Its name';
COMMENT ON COLUMN tiering.scheme.title IS 'Its title in reports';
COMMENT ON COLUMN tiering.scheme.title_zh IS 'The same in Chinese';
COMMENT ON COLUMN tiering.scheme.description IS 'What it grades, and for what';
COMMENT ON COLUMN tiering.scheme.origin IS 'Where its thresholds come from';
COMMENT ON COLUMN tiering.scheme.turn IS
'How often the customers or the versions of the scheme were written to; see take_turn()';
COMMENT ON COLUMN tiering.scheme.four_eyes IS
'Whether it is published by two: one asks, and somebody else approves. See set_four_eyes()';
COMMENT ON COLUMN tiering.scheme.approvers IS
'The roles whose members approve it then, one after the other; empty: anyone who may approve, once';

CREATE TABLE tiering.scheme_version (
	scheme          text COLLATE "C" NOT NULL REFERENCES tiering.scheme,
	version         int NOT NULL CHECK (version > 0),
	status          text COLLATE "C" NOT NULL DEFAULT 'draft'
	                CHECK (status IN ('draft', 'published', 'retired')),
	effective       daterange,
	everyone        boolean NOT NULL DEFAULT true,
	note            text NOT NULL DEFAULT '',
	created_at      timestamptz NOT NULL DEFAULT now(),
	created_by      text NOT NULL DEFAULT session_user,
	created_as      text DEFAULT _tiering.acting_role(),
	published_at    timestamptz,
	published_by    text,
	published_as    text,
	definition_rows int,
	PRIMARY KEY (scheme, version),
	CONSTRAINT scheme_version_draft CHECK (
		CASE WHEN status = 'draft'
		THEN num_nulls(effective, published_at, published_by, definition_rows) = 4
		ELSE num_nulls(effective, published_at, published_by, definition_rows) = 0
		END),
	CONSTRAINT scheme_version_effective CHECK (
		NOT isempty(effective) AND NOT lower_inf(effective)
		AND isfinite(lower(effective))),
	-- A hash as a range of one point stands in for "scheme WITH =", for which
	-- core's GiST has no operator class and btree_gist would be needed.
	CONSTRAINT scheme_version_overlap EXCLUDE USING gist (
		int8range(hashtextextended(scheme, 0), hashtextextended(scheme, 0), '[]') WITH &&,
		effective WITH &&)
);
CREATE UNIQUE INDEX scheme_version_one_draft ON tiering.scheme_version (scheme)
	WHERE status = 'draft';
SELECT pg_catalog.pg_extension_config_dump('tiering.scheme_version', '');
COMMENT ON TABLE tiering.scheme_version IS
'One dated edition of a scheme; frozen once published';
COMMENT ON COLUMN tiering.scheme_version.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.scheme_version.version IS 'Number of the edition, from 1';
COMMENT ON COLUMN tiering.scheme_version.status IS
'draft: may be changed and grades nobody; published: in force from the start of effective; '
'retired: succeeded by a later one, still grading the dates of effective';
COMMENT ON COLUMN tiering.scheme_version.effective IS
'The days for which it grades; null for a draft. Those of one scheme do not overlap';
COMMENT ON COLUMN tiering.scheme_version.everyone IS
'Whether every customer must get a tier, which takes a base tier; false declares that some get '
'none';
COMMENT ON COLUMN tiering.scheme_version.note IS 'What is new in this edition';
COMMENT ON COLUMN tiering.scheme_version.created_at IS 'When the draft was made';
COMMENT ON COLUMN tiering.scheme_version.created_by IS 'Who logged in and made it';
COMMENT ON COLUMN tiering.scheme_version.created_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.scheme_version.published_at IS 'When it was published';
COMMENT ON COLUMN tiering.scheme_version.published_by IS 'Who logged in and published it';
COMMENT ON COLUMN tiering.scheme_version.published_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.scheme_version.definition_rows IS
'How many rows defined it when it was published; it takes no more than these, which is how a '
'restored dump gets them back';

CREATE TABLE tiering.tier (
	scheme   text COLLATE "C" NOT NULL,
	version  int NOT NULL,
	tier     text COLLATE "C" NOT NULL CHECK (tier <> ''),
	rank     int NOT NULL,
	base     boolean NOT NULL DEFAULT false,
	parent   text COLLATE "C" CHECK (parent <> tier),
	approval boolean NOT NULL DEFAULT false,
	title    text NOT NULL DEFAULT '',
	title_zh text NOT NULL DEFAULT '',
	succeeds text COLLATE "C" CHECK (succeeds <> ''),
	approvers regrole[] NOT NULL DEFAULT '{}'
	         CHECK ((0 <> ALL (approvers::oid[])) IS TRUE),
	PRIMARY KEY (scheme, version, tier),
	FOREIGN KEY (scheme, version) REFERENCES tiering.scheme_version ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('tiering.tier', '');
COMMENT ON TABLE tiering.tier IS 'A tier of a scheme';
COMMENT ON COLUMN tiering.tier.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.tier.version IS 'Its edition';
COMMENT ON COLUMN tiering.tier.tier IS 'Name';
COMMENT ON COLUMN tiering.tier.rank IS
'The higher it is, the better the tier: of those that take a customer, the highest counts';
COMMENT ON COLUMN tiering.tier.base IS
'Whether it takes everyone whom no higher tier takes, whatever is null; such a tier has no rules';
COMMENT ON COLUMN tiering.tier.parent IS
'The tier of which it is a part, into which tier_rollup adds it up. That it is there is '
	'examined at publishing: a foreign key to the same table would have pg_dump warn of a circle';
COMMENT ON COLUMN tiering.tier.approval IS
'Whether somebody has to approve before a customer enters it';
COMMENT ON COLUMN tiering.tier.title IS 'Title in reports';
COMMENT ON COLUMN tiering.tier.title_zh IS 'The same in Chinese';
COMMENT ON COLUMN tiering.tier.succeeds IS
'The tier of the version before that it continues, such as one that it renames or a part of '
'which it is; null: the tier of the same name, if there was one. A name does not pass on to '
'another tier: validate() finds that as an error. See successor()';
COMMENT ON COLUMN tiering.tier.approvers IS
'The roles whose members decide on a request for it, one after the other, each of them another '
'person; empty: anyone who may approve, once. Whether moves into it are asked for approval says, '
'overrides always are';

CREATE TABLE tiering.metric (
	scheme     text COLLATE "C" NOT NULL,
	version    int NOT NULL,
	metric     text COLLATE "C" NOT NULL
	           CHECK (metric NOT IN ('', 'customer_id') AND octet_length(metric) <= 63),
	kind       text COLLATE "C" NOT NULL DEFAULT 'number'
	           CHECK (kind IN ('number', 'boolean', 'score')),
	is_measure boolean NOT NULL DEFAULT false,
	unit       text NOT NULL DEFAULT '',
	title      text NOT NULL DEFAULT '',
	title_zh   text NOT NULL DEFAULT '',
	period     text NOT NULL DEFAULT '',
	period_zh  text NOT NULL DEFAULT '',
	actionable boolean NOT NULL DEFAULT true,
	PRIMARY KEY (scheme, version, metric),
	FOREIGN KEY (scheme, version) REFERENCES tiering.scheme_version ON DELETE CASCADE,
	CHECK (kind = 'number' OR NOT is_measure),
	CONSTRAINT metric_actionable CHECK (kind <> 'score' OR actionable)
);
CREATE UNIQUE INDEX metric_measure ON tiering.metric (scheme, version) WHERE is_measure;
SELECT pg_catalog.pg_extension_config_dump('tiering.metric', '');
COMMENT ON TABLE tiering.metric IS
'What a scheme grades by: an input that the source yields, or a score that the scheme '
	'derives from others';
COMMENT ON COLUMN tiering.metric.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.metric.version IS 'Its edition';
COMMENT ON COLUMN tiering.metric.metric IS
'Name, which is that of the column in the source; a score is not in the source';
COMMENT ON COLUMN tiering.metric.kind IS
'number (exact, no floats), boolean, which counts 1 when true and 0 when false, or score, which '
'score_weight and score_band derive';
COMMENT ON COLUMN tiering.metric.is_measure IS
'Whether this is the money figure that reports add up; at most one of a version';
COMMENT ON COLUMN tiering.metric.unit IS 'Unit, such as CNY';
COMMENT ON COLUMN tiering.metric.title IS 'Title in reports';
COMMENT ON COLUMN tiering.metric.title_zh IS 'The same in Chinese';
COMMENT ON COLUMN tiering.metric.period IS
'Of which days it is, such as last month, for people to read: what is computed the source says';
COMMENT ON COLUMN tiering.metric.period_zh IS 'The same in Chinese';
COMMENT ON COLUMN tiering.metric.actionable IS
'Whether a customer can be advised to change it. A type, an age and the years of a relationship '
'are what they are: explain() and shortfall() name no way to a higher tier that would take '
'another. A score is changed by the metrics behind it, and is always true here';

CREATE TABLE tiering.rule (
	scheme  text COLLATE "C" NOT NULL,
	version int NOT NULL,
	tier    text COLLATE "C" NOT NULL,
	rule    int NOT NULL DEFAULT 1,
	metric  text COLLATE "C" NOT NULL,
	bounds  numrange NOT NULL,
	stay    boolean NOT NULL DEFAULT false,
	PRIMARY KEY (scheme, version, tier, rule, metric),
	FOREIGN KEY (scheme, version, tier) REFERENCES tiering.tier ON DELETE CASCADE,
	FOREIGN KEY (scheme, version, metric) REFERENCES tiering.metric,
	CONSTRAINT rule_bounds CHECK (_tiering.bounds_fit(bounds))
);
SELECT pg_catalog.pg_extension_config_dump('tiering.rule', '');
COMMENT ON TABLE tiering.rule IS
'A condition for a tier: bounds of one metric. Those of one tier with the same rule number must '
'all be met. Of several rule numbers any one is enough';
COMMENT ON COLUMN tiering.rule.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.rule.version IS 'Its edition';
COMMENT ON COLUMN tiering.rule.tier IS 'The tier that it leads into';
COMMENT ON COLUMN tiering.rule.rule IS 'Number: the same is all-of, another is any-of';
COMMENT ON COLUMN tiering.rule.metric IS
'What is looked at; if it is null the condition is not met';
COMMENT ON COLUMN tiering.rule.stay IS
'Whether the rule is for those only who are in the tier or a higher one: what it takes to '
'stay, which may be less than to enter';
COMMENT ON COLUMN tiering.rule.bounds IS
'Between which bounds it must lie, such as [50000,). A bound has at most 28 digits before the '
'point and 8 behind';
