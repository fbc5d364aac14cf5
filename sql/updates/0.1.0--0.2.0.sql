/*
 * 0.1.0 to 0.2.0: tables and their rows, by hand.
 *
 * A column that is filled by others gets its values with its type, in one rewrite of the
 * table: no trigger fires, and no row is left behind for VACUUM.
 */

-- Who publishes, and what
ALTER TABLE tiering.scheme_version
	ALTER COLUMN created_by SET DEFAULT session_user,
	ADD COLUMN created_as text,
	ADD COLUMN published_as text;
ALTER TABLE tiering.scheme_version
	ALTER COLUMN created_as SET DEFAULT _tiering.acting_role();

CREATE TABLE tiering.publication (
	scheme    text COLLATE "C" NOT NULL,
	event     int NOT NULL CHECK (event > 0),
	what      text COLLATE "C" NOT NULL CHECK (what IN ('publish', 'unpublish', 'drop',
	          	'four_eyes', 'two_eyes')),
	version   int,
	effective date,
	reason    text CHECK (reason ~ '\S'),
	done_at   timestamptz NOT NULL DEFAULT now(),
	done_by   text NOT NULL DEFAULT session_user,
	done_as   text DEFAULT _tiering.acting_role(),
	digest    bytea CHECK (digest IS NULL OR what = 'publish'),
	approvers jsonb CHECK (approvers IS NULL OR what IN ('publish', 'four_eyes')),
	PRIMARY KEY (scheme, event),
	CHECK (num_nulls(version, effective)
		= CASE WHEN what IN ('publish', 'unpublish') THEN 0 ELSE 2 END),
	CHECK (what IN ('publish', 'drop') OR reason IS NOT NULL)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.publication', '');
INSERT INTO tiering.publication (scheme, event, what, version, effective, done_at, done_by, done_as)
SELECT v.scheme, row_number() OVER (PARTITION BY v.scheme ORDER BY v.version), 'publish', v.version,
	lower(v.effective), v.published_at, v.published_by, NULL
FROM tiering.scheme_version v WHERE v.status <> 'draft';

CREATE TABLE tiering.drafting (
	scheme text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme ON DELETE CASCADE,
	writer xid8 NOT NULL
);
CREATE TABLE tiering.draft_author (
	scheme     text COLLATE "C" NOT NULL,
	version    int NOT NULL,
	written_by text NOT NULL DEFAULT session_user,
	written_id oid DEFAULT _tiering.login_id(),
	written_as text DEFAULT _tiering.acting_role(),
	written_person oid DEFAULT _tiering.person_id(),
	FOREIGN KEY (scheme, version) REFERENCES tiering.scheme_version ON DELETE CASCADE
);
ALTER TABLE tiering.draft_author REPLICA IDENTITY FULL;
CREATE INDEX draft_author_version ON tiering.draft_author (scheme, version);
SELECT pg_catalog.pg_extension_config_dump('tiering.draft_author', '');
INSERT INTO tiering.draft_author (scheme, version, written_by, written_id, written_as,
	written_person)
SELECT v.scheme, v.version, v.created_by, to_regrole(quote_ident(v.created_by))::oid, NULL, NULL
FROM tiering.scheme_version v;

ALTER TABLE tiering.scheme
	ADD COLUMN four_eyes boolean NOT NULL DEFAULT false,
	ADD COLUMN approvers regrole[] NOT NULL DEFAULT '{}'
		CHECK ((0 <> ALL (approvers::oid[])) IS TRUE),
	ADD CHECK (four_eyes OR cardinality(approvers) = 0);

ALTER TABLE tiering.tier
	ADD COLUMN succeeds text COLLATE "C" CHECK (succeeds <> ''),
	ADD COLUMN approvers regrole[] NOT NULL DEFAULT '{}'
		CHECK ((0 <> ALL (approvers::oid[])) IS TRUE);
ALTER TABLE tiering.metric
	ADD COLUMN period text NOT NULL DEFAULT '',
	ADD COLUMN period_zh text NOT NULL DEFAULT '';

-- What customers of a tier get was told in words, which stay; the list begins empty.
CREATE TABLE tiering.benefit (
	scheme    text COLLATE "C" NOT NULL,
	version   int NOT NULL,
	tier      text COLLATE "C" NOT NULL,
	benefit   text COLLATE "C" NOT NULL CHECK (benefit <> ''),
	title     text NOT NULL DEFAULT '',
	title_zh  text NOT NULL DEFAULT '',
	kind      text COLLATE "C" NOT NULL CHECK (kind IN ('waiver', 'rate', 'quantity', 'access')),
	value     numeric CHECK (value >= 0 AND value < 'Infinity'),
	unit      text NOT NULL DEFAULT '',
	unit_cost numeric CHECK (unit_cost >= 0 AND unit_cost < 'Infinity'),
	inherited boolean NOT NULL DEFAULT false,
	PRIMARY KEY (scheme, version, tier, benefit),
	FOREIGN KEY (scheme, version, tier) REFERENCES tiering.tier ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('tiering.benefit', '');

-- Words of policies
ALTER TABLE tiering.policy
	DROP CONSTRAINT policy_down_to_check,
	ADD CONSTRAINT policy_down_to_check CHECK (down_to IN ('earned', 'one_step', 'best')),
	ADD COLUMN watch_after int NOT NULL DEFAULT 0 CHECK (watch_after BETWEEN 0 AND 1000),
	ADD COLUMN effective text COLLATE "C" NOT NULL DEFAULT 'assessment'
		CHECK (effective IN ('assessment', 'next_day', 'next_month')),
	ADD COLUMN term interval NOT NULL DEFAULT '0' CHECK (term BETWEEN '0' AND '100 years'),
	ADD COLUMN renews boolean NOT NULL DEFAULT false,
	ADD COLUMN review_from text COLLATE "C" NOT NULL DEFAULT 'calendar'
		CHECK (review_from IN ('calendar', 'entered', 'joined'));

-- Customers. Of the misses that there were, what the last one found earned is known.
SELECT tiering_update.drop_column('tiering.assignment', 'prior_misses');
ALTER TABLE tiering.assignment RENAME COLUMN ruled TO policy_tier;
ALTER TABLE tiering.assignment RENAME COLUMN ruled_since TO policy_since;
ALTER TABLE tiering.assignment
	ADD COLUMN best text COLLATE "C",
	ADD COLUMN kept_until date;
ALTER TABLE tiering.assignment
	ALTER COLUMN best TYPE text COLLATE "C" USING CASE WHEN misses > 0 THEN earned END;

-- Moves. Until now a move bore the day of its assessment, and recorded_by was the role
-- that was set, if there was one.
ALTER TABLE tiering.migration
	ADD CONSTRAINT migration_cause_check CHECK (cause IN ('new', 'exit', 'rule', 'policy', 'scheme',
		'override', 'override_end', 'approval', 'correction', 'load', 'manual',
		'merge')),
	DROP CONSTRAINT migration_direction_check,
	ADD CONSTRAINT migration_direction_check CHECK (direction IN ('new', 'up', 'down', 'lateral',
		'exit', 'merge', 'merged')),
	DROP CONSTRAINT migration_check,
	ADD CONSTRAINT migration_check
		CHECK ((direction = 'new') = (from_tier IS NULL AND cause <> 'merge')),
	DROP CONSTRAINT migration_check1,
	ADD CONSTRAINT migration_check1
		CHECK ((direction = 'exit') = (to_tier IS NULL AND cause <> 'merge')),
	ADD CONSTRAINT migration_check2
		CHECK ((direction IN ('merge', 'merged')) = (cause = 'merge')),
	ADD CONSTRAINT migration_check3
		CHECK (direction <> 'merge' OR num_nulls(from_tier, to_tier) = 1),
	ADD COLUMN assessed date,
	ADD COLUMN recorded_as text,
	ADD COLUMN salt uuid,
	ADD COLUMN mark bytea,
	ADD CONSTRAINT migration_check4 CHECK (salt IS NULL OR mark IS NULL);
ALTER TABLE tiering.migration
	ALTER COLUMN assessed TYPE date USING as_of,
	ALTER COLUMN assessed SET NOT NULL,
	-- moves that are there were sealed without any
	ALTER COLUMN salt SET DEFAULT gen_random_uuid();
CREATE INDEX migration_dated ON tiering.migration (scheme) WHERE as_of <> assessed;
CREATE INDEX migration_ends ON tiering.migration (scheme, batch)
	WHERE from_tier IS NULL OR to_tier IS NULL;

ALTER TABLE tiering.batch
	DROP CONSTRAINT batch_kind_check,
	ADD CONSTRAINT batch_kind_check CHECK (kind IN ('refresh', 'assess', 'decision', 'restatement',
		'manual', 'void', 'load', 'merge', 'forget', 'archive')),
	ADD COLUMN recorded_as text,
	ADD COLUMN published int;
CREATE INDEX batch_void ON tiering.batch (scheme, batch) WHERE kind = 'void';

CREATE TABLE tiering.forgotten (
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	batch       int NOT NULL,
	PRIMARY KEY (scheme, customer_id)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.forgotten', '');
CREATE TABLE tiering.sealed_before (
	scheme       text COLLATE "C" NOT NULL,
	batch        int NOT NULL,
	part         bigint NOT NULL,
	digest       bytea NOT NULL,
	forgotten_by int NOT NULL,
	PRIMARY KEY (scheme, batch, part)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.sealed_before', '');

CREATE FUNCTION tiering_update.batch_before(scheme text, as_of date, recorded_at timestamptz)
RETURNS int
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT COALESCE(max(b.batch), 0) FROM tiering.batch b
	WHERE b.scheme = batch_before.scheme COLLATE "C" AND (b.recorded_at < batch_before.recorded_at
		OR b.recorded_at = batch_before.recorded_at AND b.as_of < batch_before.as_of);
END;
ALTER TABLE tiering.distribution_history ADD COLUMN after_batch int NOT NULL DEFAULT 0;
ALTER TABLE tiering.distribution_history
	ALTER COLUMN after_batch DROP DEFAULT,
	ALTER COLUMN after_batch TYPE int
		USING tiering_update.batch_before(scheme, as_of, recorded_at),
	ALTER COLUMN after_batch SET DEFAULT 0;

-- What the policy had noted. An entry now counts from the last move on: where it went on
-- to count after a move there is one for that as well. It did not for who had left in between.
CREATE FUNCTION tiering_update.version_at(scheme text, as_of date) RETURNS int
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT COALESCE(
		(SELECT d.version FROM tiering.distribution_history d
		 WHERE d.scheme = version_at.scheme COLLATE "C" AND d.as_of <= version_at.as_of
		 ORDER BY d.as_of DESC, d.recorded_at DESC LIMIT 1),
		(SELECT min(v.version) FROM tiering.scheme_version v
		 WHERE v.scheme = version_at.scheme COLLATE "C" AND v.status <> 'draft'));
END;
ALTER TABLE tiering.watch_history RENAME COLUMN ruled TO policy_tier;
ALTER TABLE tiering.watch_history RENAME COLUMN ruled_since TO policy_since;
ALTER TABLE tiering.watch_history
	ADD COLUMN version int,
	ADD COLUMN best text COLLATE "C",
	ADD COLUMN kept_until date,
	ADD COLUMN after_batch int;
ALTER TABLE tiering.watch_history
	ALTER COLUMN version TYPE int USING tiering_update.version_at(scheme, as_of),
	ALTER COLUMN version SET NOT NULL,
	ALTER COLUMN best TYPE text COLLATE "C" USING CASE WHEN misses > 0 THEN next_tier END;
INSERT INTO tiering.watch_history (scheme, customer_id, as_of, version, misses, best, next_tier,
	next_review, policy_tier, policy_since, recorded_at)
SELECT m.scheme, m.customer_id, m.as_of, h.version, h.misses, h.best, h.next_tier, h.next_review,
	h.policy_tier, h.policy_since, m.recorded_at
FROM (
	SELECT DISTINCT ON (m.scheme, m.customer_id, m.as_of) m.*
	FROM tiering.migration m
	WHERE NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = m.move)
	ORDER BY m.scheme, m.customer_id, m.as_of, m.move DESC) m
	CROSS JOIN LATERAL (
		SELECT w.* FROM tiering.watch_history w
		WHERE w.scheme = m.scheme AND w.customer_id = m.customer_id AND w.as_of <= m.as_of
		ORDER BY w.as_of DESC, w.entry DESC LIMIT 1) h
WHERE m.direction NOT IN ('new', 'exit') AND h.as_of < m.as_of
	AND (h.misses, h.next_tier, h.policy_since) IS DISTINCT FROM (0, NULL, NULL)
	AND NOT EXISTS (
		SELECT FROM tiering.migration x
		WHERE x.scheme = m.scheme AND x.customer_id = m.customer_id
			AND x.direction IN ('new', 'exit') AND x.as_of > h.as_of AND x.as_of <= m.as_of
			AND NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = x.move));
-- From now on misses are counted without an entry, from one that says so.
INSERT INTO tiering.watch_history (scheme, customer_id, as_of, version, misses, best, next_tier,
	next_review, kept_until, policy_tier, policy_since, after_batch)
SELECT a.scheme, a.customer_id, GREATEST(s.refreshed_as_of, a.as_of), a.version, a.misses, a.best,
	a.next_tier, a.next_review, a.kept_until, a.policy_tier, a.policy_since,
	(SELECT COALESCE(max(b.batch), 0) FROM tiering.batch b WHERE b.scheme = a.scheme)
FROM tiering.assignment a JOIN tiering.source s ON s.scheme = a.scheme
WHERE a.misses > 0;

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

CREATE TABLE tiering.customer_alias (
	scheme      text COLLATE "C" NOT NULL,
	from_id     text COLLATE "C" NOT NULL,
	to_id       text COLLATE "C" NOT NULL,
	on_date     date NOT NULL,
	reason      text NOT NULL CHECK (reason ~ '\S'),
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	recorded_as text DEFAULT _tiering.acting_role(),
	batch       int NOT NULL,
	leads       boolean,
	from_salt   uuid DEFAULT gen_random_uuid(),
	to_salt     uuid DEFAULT gen_random_uuid(),
	from_mark   bytea,
	to_mark     bytea,
	PRIMARY KEY (scheme, batch, from_id),
	CHECK (from_id <> to_id)
);
CREATE INDEX customer_alias_from ON tiering.customer_alias (scheme, from_id);
CREATE INDEX customer_alias_to ON tiering.customer_alias (scheme, to_id);
CREATE INDEX customer_alias_merged ON tiering.customer_alias (scheme) WHERE leads IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('tiering.customer_alias', '');
CREATE TABLE tiering.former_number (
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	now_id      text COLLATE "C" NOT NULL,
	PRIMARY KEY (scheme, customer_id)
);
CREATE INDEX former_number_now ON tiering.former_number (scheme, now_id);
SELECT pg_catalog.pg_extension_config_dump('tiering.former_number', '');

-- What customers had at assessments until now was not kept, but for the last one.
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
-- by assessment it is appended to, and read as a whole; amendments are few
CREATE INDEX assessment_as_of ON tiering.assessment USING brin (scheme, as_of)
	WITH (pages_per_range = 16);
CREATE INDEX assessment_amended ON tiering.assessment (scheme, as_of, customer_id, recorded_at)
	WHERE amends;
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_kept', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_1', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_2', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_3', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.assessment_4', '');
CREATE TABLE tiering.kept_assessment (
	scheme      text COLLATE "C" NOT NULL,
	as_of       date NOT NULL,
	recorded_at timestamptz NOT NULL,
	slot        smallint NOT NULL,
	unmeasured  bigint,
	PRIMARY KEY (scheme, as_of, recorded_at)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.kept_assessment', '');
CREATE TABLE tiering.view_key (
	key uuid PRIMARY KEY DEFAULT gen_random_uuid()
);
INSERT INTO tiering.view_key DEFAULT VALUES;
CREATE TABLE tiering.keeping (
	scheme   text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	which    text COLLATE "C" NOT NULL CHECK (which IN ('month_end', 'all', 'last')),
	how_long interval CHECK (how_long > '0'),
	set_at   timestamptz NOT NULL DEFAULT now(),
	set_by   text NOT NULL DEFAULT session_user
);
SELECT pg_catalog.pg_extension_config_dump('tiering.keeping', '');

-- Limits and checks of refreshes
CREATE TABLE tiering.refresh_limit (
	scheme    text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	max_moved numeric CHECK (max_moved BETWEEN 0 AND 1),
	max_new   numeric CHECK (max_new BETWEEN 0 AND 1),
	max_exit  numeric CHECK (max_exit BETWEEN 0 AND 1),
	control_query text,
	tolerance numeric CHECK (tolerance >= 0 AND tolerance < 'Infinity'),
	set_by    regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at    timestamptz NOT NULL DEFAULT now(),
	settings  text[] NOT NULL DEFAULT _tiering.kept_settings(),
	CHECK (num_nonnulls(max_moved, max_new, max_exit, control_query) > 0),
	CHECK ((tolerance IS NULL) = (control_query IS NULL))
);
SELECT pg_catalog.pg_extension_config_dump('tiering.refresh_limit', '');
CREATE TABLE tiering.refresh_check (
	scheme   text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	query    text NOT NULL,
	set_by   regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at   timestamptz NOT NULL DEFAULT now(),
	settings text[] NOT NULL DEFAULT _tiering.kept_settings()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.refresh_check', '');
CREATE TABLE tiering.source_check (
	entry       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	scheme      text COLLATE "C" NOT NULL,
	as_of       date NOT NULL,
	finding     text NOT NULL,
	errors      bigint,
	warnings    bigint,
	forced      boolean NOT NULL,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	recorded_by text NOT NULL DEFAULT session_user,
	recorded_as text DEFAULT _tiering.acting_role()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.source_check', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.source_check_entry_seq', '');

-- What ran
CREATE TABLE tiering.matrix_cell (
	scheme       text COLLATE "C" NOT NULL,
	as_of        date NOT NULL,
	from_tier    text COLLATE "C",
	to_tier      text COLLATE "C",
	direction    text COLLATE "C" NOT NULL,
	from_rank    int,
	to_rank      int,
	customers    bigint NOT NULL,
	measure_from numeric,
	measure_to   numeric
);
CREATE INDEX matrix_cell_as_of ON tiering.matrix_cell (scheme, as_of);
ALTER TABLE tiering.matrix_cell REPLICA IDENTITY FULL;
SELECT pg_catalog.pg_extension_config_dump('tiering.matrix_cell', '');

CREATE TABLE tiering.matrix_due (
	scheme    text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	first_day date NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tiering.matrix_due', '');
CREATE TABLE tiering.near_sum (
	scheme      text COLLATE "C" NOT NULL REFERENCES tiering.scheme,
	tier        text COLLATE "C" NOT NULL,
	may_rise    bigint NOT NULL,
	may_slip    bigint NOT NULL,
	as_of       date NOT NULL,
	recorded_at timestamptz NOT NULL,
	version     int NOT NULL,
	batch       int NOT NULL,
	entry       bigint NOT NULL,
	PRIMARY KEY (scheme, tier)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.near_sum', '');
CREATE TABLE tiering.source_digest (
	scheme      text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	as_of       date NOT NULL,
	recorded_at timestamptz NOT NULL,
	version     int NOT NULL,
	batch       int NOT NULL,
	entry       bigint NOT NULL,
	digest      bytea NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tiering.source_digest', '');

CREATE TABLE tiering.run (
	run         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	scheme      text COLLATE "C" NOT NULL,
	kind        text COLLATE "C" NOT NULL
	            CHECK (kind IN ('refresh', 'assess', 'restate', 'restate_dirty')),
	as_of       date,
	started     timestamptz NOT NULL,
	seconds     numeric CHECK (seconds >= 0),
	counts      jsonb,
	sqlstate    text COLLATE "C",
	error       text,
	recorded_by text NOT NULL DEFAULT session_user,
	recorded_as text DEFAULT _tiering.acting_role(),
	pid         int NOT NULL DEFAULT pg_backend_pid(),
	CHECK (num_nonnulls(counts, sqlstate) <= (seconds IS NOT NULL)::int),
	CHECK ((sqlstate IS NULL) = (error IS NULL))
);
CREATE INDEX run_scheme ON tiering.run (scheme, kind, started DESC, run DESC);
SELECT pg_catalog.pg_extension_config_dump('tiering.run', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.run_run_seq', '');

-- Dimensions of customers
CREATE TABLE tiering.dimensions_source (
	scheme   text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	query    text NOT NULL,
	names    text[] COLLATE "C" NOT NULL,
	set_by   regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at   timestamptz NOT NULL DEFAULT now(),
	settings text[] NOT NULL DEFAULT _tiering.kept_settings()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.dimensions_source', '');
CREATE TABLE tiering.kept_dimension (
	scheme    text COLLATE "C" NOT NULL REFERENCES tiering.scheme,
	dimension text COLLATE "C" NOT NULL,
	place     int NOT NULL CHECK (place > 0),
	PRIMARY KEY (scheme, dimension),
	UNIQUE (scheme, place)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.kept_dimension', '');
CREATE TABLE tiering.customer_dimension (
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	from_as_of  date NOT NULL,
	to_as_of    date CHECK (to_as_of > from_as_of),
	told        text[] COLLATE "C" NOT NULL,
	since       date[] NOT NULL,
	PRIMARY KEY (scheme, customer_id, from_as_of)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.customer_dimension', '');
CREATE TABLE tiering.dimension_digest (
	scheme text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	names  text[] COLLATE "C" NOT NULL,
	batch  int NOT NULL,
	digest bytea NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tiering.dimension_digest', '');
CREATE INDEX customer_dimension_by_customer ON tiering.customer_dimension
	USING hash (customer_id COLLATE "default") WHERE to_as_of IS NULL;
CREATE TABLE tiering.target (
	scheme    text COLLATE "C" NOT NULL REFERENCES tiering.scheme,
	dimension text COLLATE "C" NOT NULL,
	value     text COLLATE "C" NOT NULL,
	tier      text COLLATE "C" NOT NULL,
	as_of     date NOT NULL CHECK (isfinite(as_of)),
	customers bigint CHECK (customers >= 0),
	measure   numeric CHECK (measure NOT IN ('NaN', 'Infinity', '-Infinity')),
	PRIMARY KEY (scheme, dimension, value, tier, as_of),
	CHECK (num_nonnulls(customers, measure) > 0)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.target', '');
CREATE TABLE tiering.report_right (
	role       regrole NOT NULL,
	scheme     text COLLATE "C" NOT NULL REFERENCES tiering.scheme,
	dimension  text COLLATE "C" NOT NULL DEFAULT '',
	value      text COLLATE "C" NOT NULL DEFAULT '',
	granted_at timestamptz NOT NULL DEFAULT now(),
	granted_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (role, scheme, dimension, value),
	CHECK (dimension <> '' OR value = '')
);
SELECT pg_catalog.pg_extension_config_dump('tiering.report_right', '');

-- Of the last one assignment had it. The distribution of that was of before decisions, and
-- is of after them now: a later edition where they differ.
INSERT INTO tiering.kept_assessment (scheme, as_of, recorded_at, slot)
SELECT s.scheme, s.refreshed_as_of, max(d.recorded_at), 1
FROM tiering.source s
	JOIN tiering.distribution_history d ON d.scheme = s.scheme AND d.as_of = s.refreshed_as_of
GROUP BY s.scheme, s.refreshed_as_of;
INSERT INTO tiering.assessment (slot, scheme, as_of, customer_id, tier, measure, version, amends,
	recorded_at)
SELECT k.slot, k.scheme, k.as_of, a.customer_id, t.tier, a.measure, a.version, false, k.recorded_at
FROM tiering.kept_assessment k
	JOIN tiering.assignment a ON a.scheme = k.scheme
	CROSS JOIN LATERAL (
		-- who was changed by hand as of a later day was where they had been then
		SELECT CASE WHEN a.as_of <= k.as_of THEN a.tier ELSE (
			SELECT m.to_tier FROM tiering.migration m
			WHERE m.scheme = a.scheme AND m.customer_id = a.customer_id AND m.as_of <= k.as_of
				AND NOT EXISTS (SELECT FROM tiering.superseded s WHERE s.move = m.move)
			ORDER BY m.as_of DESC, m.move DESC LIMIT 1) END AS tier) t
WHERE t.tier IS NOT NULL;
WITH last AS (
	SELECT d.scheme, d.as_of, d.tier, d.version, d.customers, d.measure
	FROM tiering.kept_assessment k
		JOIN tiering.distribution_history d ON d.scheme = k.scheme AND d.as_of = k.as_of
			AND d.recorded_at = k.recorded_at
), counted AS (
	SELECT l.scheme, l.as_of, l.tier, l.version, count(a.tier) AS customers,
		CASE WHEN count(a.tier) = 0 THEN 0 ELSE sum(a.measure) END AS measure
	FROM last l
		LEFT JOIN tiering.assessment a ON a.scheme = l.scheme AND a.tier = l.tier
	GROUP BY l.scheme, l.as_of, l.tier, l.version
)
INSERT INTO tiering.distribution_history (scheme, as_of, tier, version, customers, measure,
	after_batch)
SELECT c.scheme, c.as_of, c.tier, c.version, c.customers, c.measure,
	(SELECT COALESCE(max(b.batch), 0) FROM tiering.batch b WHERE b.scheme = c.scheme)
FROM counted c
WHERE EXISTS (
	SELECT FROM counted n JOIN last l USING (scheme, as_of, tier)
	WHERE n.scheme = c.scheme
		AND (n.customers, n.measure) IS DISTINCT FROM (l.customers, l.measure));
SELECT tiering_update.drop_column('tiering.assignment', 'measure');

-- Sources. Two settings were kept; of the others, those of who updates are.
CREATE FUNCTION tiering_update.settings(time_zone text, date_style text) RETURNS text[]
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT array_agg(CASE split_part(s.setting, '=', 1)
		WHEN 'TimeZone' THEN 'TimeZone=' || time_zone
		WHEN 'DateStyle' THEN 'DateStyle=' || date_style ELSE s.setting END ORDER BY s.ordinality)
	FROM unnest(_tiering.kept_settings()) WITH ORDINALITY s (setting, ordinality);
END;
ALTER TABLE tiering.source ADD COLUMN settings text[];
ALTER TABLE tiering.source
	ALTER COLUMN settings TYPE text[] USING tiering_update.settings(time_zone, date_style),
	ALTER COLUMN settings SET NOT NULL,
	ALTER COLUMN settings SET DEFAULT _tiering.kept_settings();
ALTER TABLE tiering.source ADD COLUMN hashes int8multirange;
ALTER TABLE tiering.series_source ADD COLUMN settings text[];
ALTER TABLE tiering.series_source
	ALTER COLUMN settings TYPE text[] USING tiering_update.settings(time_zone, date_style),
	ALTER COLUMN settings SET NOT NULL,
	ALTER COLUMN settings SET DEFAULT _tiering.kept_settings();
SELECT tiering_update.drop_column(t.of, c.name)
FROM unnest('{tiering.source,tiering.series_source}'::regclass[]) t (of),
	unnest('{time_zone,date_style}'::name[]) c (name);

-- Queries are texts, which say by name what is called otherwise now.
CREATE FUNCTION tiering_update.with_new_names(query text) RETURNS text
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
	SELECT regexp_replace(
		regexp_replace(query, '\mtiering\s*\.\s*"?trailing"?\s*\(', 'tiering.rolling(', 'gi'),
		'\mtiering\s*\.\s*"?trim"?\s*\(', 'tiering.clip(', 'gi');
END;
UPDATE tiering.source SET query = tiering_update.with_new_names(query)
WHERE query <> tiering_update.with_new_names(query);
UPDATE tiering.series_source SET query = tiering_update.with_new_names(query)
WHERE query <> tiering_update.with_new_names(query);

-- Requests and decisions: who they are is known where the name is still that of a role
ALTER TABLE tiering.request ADD COLUMN requested_id oid, ADD COLUMN requested_as text;
ALTER TABLE tiering.request
	ALTER COLUMN requested_id TYPE oid USING to_regrole(quote_ident(requested_by))::oid,
	ALTER COLUMN requested_id SET DEFAULT _tiering.login_id(),
	ALTER COLUMN requested_as SET DEFAULT _tiering.acting_role(),
	ADD COLUMN approvers regrole[] NOT NULL DEFAULT '{}'
		CHECK ((0 <> ALL (approvers::oid[])) IS TRUE),
	ADD COLUMN effective date,
	ADD COLUMN digest bytea,
	ALTER COLUMN customer_id DROP NOT NULL,
	ALTER COLUMN tier DROP NOT NULL,
	DROP CONSTRAINT request_kind_check,
	ADD CONSTRAINT request_kind_check CHECK (kind IN ('move', 'floor', 'cap', 'fixed', 'forget',
		'publish', 'void')),
	DROP CONSTRAINT request_check,
	ADD CONSTRAINT request_check CHECK (CASE kind
		WHEN 'move' THEN valid IS NULL AND num_nulls(tier, as_of, version) = 0
		WHEN 'forget' THEN reason IS NOT NULL
			AND num_nonnulls(tier, valid, from_tier, as_of, version, measure) = 0
		WHEN 'publish' THEN num_nulls(reason, version, effective, digest) = 0
			AND num_nonnulls(customer_id, tier, valid, from_tier, measure) = 0
		WHEN 'void' THEN num_nulls(reason, as_of) = 0
			AND num_nonnulls(customer_id, tier, valid, from_tier, version, measure) = 0
		ELSE num_nulls(tier, valid, reason) = 0 END),
	ADD CONSTRAINT request_check1 CHECK (kind = 'publish'
		OR (kind = 'void' OR customer_id IS NOT NULL) AND num_nonnulls(effective, digest) = 0);
ALTER TABLE tiering.decision ADD COLUMN decided_id oid, ADD COLUMN decided_as text;
ALTER TABLE tiering.decision
	ALTER COLUMN decided_id TYPE oid USING to_regrole(quote_ident(decided_by))::oid,
	ALTER COLUMN decided_id SET DEFAULT _tiering.login_id(),
	ALTER COLUMN decided_as SET DEFAULT _tiering.acting_role(),
	DROP CONSTRAINT decision_decision_check,
	ADD CONSTRAINT decision_decision_check CHECK (decision IN ('agreed', 'approved', 'rejected',
		'withdrawn', 'lapsed', 'ended')),
	ADD COLUMN step int NOT NULL DEFAULT 1 CHECK (step > 0),
	DROP CONSTRAINT decision_pkey,
	ADD CONSTRAINT decision_pkey PRIMARY KEY (request, decision, step);

-- Who acted through a login that is trusted to say so
CREATE TABLE tiering.trusted_login (
	login      regrole PRIMARY KEY,
	reason     text NOT NULL CHECK (reason ~ '\S'),
	trusted_at timestamptz NOT NULL DEFAULT now(),
	trusted_by text NOT NULL DEFAULT session_user
);
SELECT pg_catalog.pg_extension_config_dump('tiering.trusted_login', '');
ALTER TABLE tiering.request ADD COLUMN requested_person oid;
ALTER TABLE tiering.request ALTER COLUMN requested_person SET DEFAULT _tiering.person_id();
ALTER TABLE tiering.decision ADD COLUMN decided_person oid;
ALTER TABLE tiering.decision ALTER COLUMN decided_person SET DEFAULT _tiering.person_id();

-- No session writes now.
SELECT tiering_update.drop_column('tiering.writing', c.name)
FROM unnest('{as_of,kind}'::name[]) c (name);

ALTER TABLE tiering.dirty
	DROP CONSTRAINT dirty_pkey,
	ADD COLUMN mark bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
SELECT pg_catalog.pg_extension_config_dump('tiering.dirty_mark_seq', '');

CREATE TABLE tiering.calendar_day (
	calendar text COLLATE "C" NOT NULL CHECK (calendar ~ '^[^\s,=]+( [^\s,=]+)*$'),
	day      date NOT NULL CHECK (isfinite(day)),
	business boolean NOT NULL,
	PRIMARY KEY (calendar, day)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.calendar_day', '');

CREATE INDEX assignment_by_customer ON tiering.assignment
	USING hash (customer_id COLLATE "default");
CREATE INDEX migration_by_customer ON tiering.migration
	USING hash (customer_id COLLATE "default");
CREATE INDEX request_by_customer ON tiering.request
	USING hash (customer_id COLLATE "default");

-- The archive
CREATE TABLE tiering_archive.batch (PRIMARY KEY (scheme, batch)) INHERITS (tiering.batch);
CREATE TABLE tiering_archive.superseded (PRIMARY KEY (move)) INHERITS (tiering.superseded);
CREATE TABLE tiering_archive.migration (PRIMARY KEY (move)) INHERITS (tiering.migration);
CREATE INDEX batch_void ON tiering_archive.batch (scheme, batch) WHERE kind = 'void';
CREATE INDEX superseded_batch ON tiering_archive.superseded (scheme, batch);
CREATE INDEX superseded_move ON tiering_archive.superseded (scheme, move);
CREATE INDEX migration_customer ON tiering_archive.migration (scheme, customer_id, as_of, move);
CREATE INDEX migration_as_of ON tiering_archive.migration USING brin (as_of);
CREATE INDEX migration_batch ON tiering_archive.migration (scheme, batch);
CREATE INDEX migration_dated ON tiering_archive.migration (scheme) WHERE as_of <> assessed;
CREATE INDEX migration_by_customer ON tiering_archive.migration
	USING hash (customer_id COLLATE "default");
SELECT pg_catalog.pg_extension_config_dump('tiering_archive.batch', '');
SELECT pg_catalog.pg_extension_config_dump('tiering_archive.superseded', '');
SELECT pg_catalog.pg_extension_config_dump('tiering_archive.migration', '');
CREATE TABLE tiering.checkpoint (
	scheme     text COLLATE "C" NOT NULL,
	sealed_by  int NOT NULL,
	before     date NOT NULL,
	batch      int NOT NULL CHECK (batch >= 0),
	moves      bigint NOT NULL,
	superseded bigint NOT NULL,
	seal       bytea,
	PRIMARY KEY (scheme, sealed_by),
	CHECK ((batch = 0) = (seal IS NULL))
);
SELECT pg_catalog.pg_extension_config_dump('tiering.checkpoint', '');
-- what the planner knows of a table is not what it knows of one that is inherited
ANALYZE tiering.batch, tiering.superseded, tiering.migration;

-- Rates
CREATE TABLE tiering.fx_max_age (
	currency text COLLATE "C" PRIMARY KEY CHECK (currency <> ''),
	max_age  int NOT NULL CHECK (max_age BETWEEN 0 AND 36525)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.fx_max_age', '');
ALTER TABLE tiering.metric
	ADD COLUMN actionable boolean NOT NULL DEFAULT true,
	ADD CONSTRAINT metric_actionable CHECK (kind <> 'score' OR actionable);
