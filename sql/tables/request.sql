/*
 * Requests and the decisions on them; rows are added only
 */

CREATE TABLE tiering.request (
	request      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	scheme       text COLLATE "C" NOT NULL,
	customer_id  text COLLATE "C",
	kind         text COLLATE "C" NOT NULL CHECK (kind IN ('move', 'floor', 'cap', 'fixed',
	             	'forget', 'publish', 'void')),
	tier         text COLLATE "C",
	valid        daterange CHECK (NOT isempty(valid) AND isfinite(lower(valid))
		AND isfinite(upper(valid))),
	reason       text CHECK (reason ~ '\S'),
	from_tier    text COLLATE "C",
	as_of        date,
	version      int,
	measure      numeric,
	requested_at timestamptz NOT NULL DEFAULT now(),
	requested_by text NOT NULL,
	requested_id oid DEFAULT _tiering.login_id(),
	requested_as text DEFAULT _tiering.acting_role(),
	approvers    regrole[] NOT NULL DEFAULT '{}'
	             CHECK ((0 <> ALL (approvers::oid[])) IS TRUE),
	effective    date,
	digest       bytea,
	requested_person oid DEFAULT _tiering.person_id(),
	CHECK (CASE kind
		WHEN 'move' THEN valid IS NULL AND num_nulls(tier, as_of, version) = 0
		WHEN 'forget' THEN reason IS NOT NULL
			AND num_nonnulls(tier, valid, from_tier, as_of, version, measure) = 0
		WHEN 'publish' THEN num_nulls(reason, version, effective, digest) = 0
			AND num_nonnulls(customer_id, tier, valid, from_tier, measure) = 0
		WHEN 'void' THEN num_nulls(reason, as_of) = 0
			AND num_nonnulls(customer_id, tier, valid, from_tier, version, measure) = 0
		ELSE num_nulls(tier, valid, reason) = 0 END),
	CHECK (kind = 'publish' OR (kind = 'void' OR customer_id IS NOT NULL)
		AND num_nonnulls(effective, digest) = 0)
);
CREATE INDEX request_customer ON tiering.request (scheme, customer_id);
SELECT pg_catalog.pg_extension_config_dump('tiering.request', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.request_request_seq', '');
COMMENT ON TABLE tiering.request IS
'What was asked for: moves that refresh() asks to have approved, and what people ask for: '
'overrides, that a customer be forgotten, that a draft be published, that an assessment be taken '
'back; rows are added only';
COMMENT ON COLUMN tiering.request.request IS 'Number of the request';
COMMENT ON COLUMN tiering.request.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.request.customer_id IS
'Customer; null where a draft is to be published or an assessment taken back';
COMMENT ON COLUMN tiering.request.kind IS
'move: into the tier; floor: not below it; cap: not above it; fixed: in it, whatever the rules '
'say; forget: that the customer be forgotten, see forget_customer(); publish: that a draft be '
'published, see request_publication(); void: that the last assessment be taken back, see '
'request_void()';
COMMENT ON COLUMN tiering.request.tier IS
'The tier that is asked for; null where a customer is to be forgotten, a draft published or an '
'assessment taken back';
COMMENT ON COLUMN tiering.request.valid IS
'The days on which an override is to count; it ends by itself. Null for what is none';
COMMENT ON COLUMN tiering.request.reason IS 'Why it is asked for; null for a move';
COMMENT ON COLUMN tiering.request.from_tier IS
'Where the customer stood when a move was asked for; null if nowhere';
COMMENT ON COLUMN tiering.request.as_of IS
'The assessment that asks for a move, that is to be taken back, or the last one before it was '
'asked to publish; otherwise null';
COMMENT ON COLUMN tiering.request.version IS
'The version of the scheme that asks for a move, or that is to be published; otherwise null';
COMMENT ON COLUMN tiering.request.measure IS 'The customer''s measure at that assessment';
COMMENT ON COLUMN tiering.request.requested_at IS 'When it was asked for';
COMMENT ON COLUMN tiering.request.requested_by IS
'Who had logged in and asked, or ran the refresh that did; they cannot approve it';
COMMENT ON COLUMN tiering.request.requested_id IS
'The oid of that role, by which it is known when it is renamed';
COMMENT ON COLUMN tiering.request.requested_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.request.approvers IS
'The roles whose members decide on it, one after the other, as the tier, or the scheme that is to '
'be published, had them when it was asked for; empty: anyone who may approve, once';
COMMENT ON COLUMN tiering.request.effective IS
'The day from which on the version is to grade that is to be published';
COMMENT ON COLUMN tiering.request.digest IS
'SHA-256 over the draft that is to be published: approved is what was asked for';
COMMENT ON COLUMN tiering.request.requested_person IS
'The oid of that role if it was who asked, as the login was trusted to say; see trusted_login. '
'Null for all others, who are who had logged in';

CREATE TABLE tiering.decision (
	request    bigint NOT NULL REFERENCES tiering.request,
	decision   text COLLATE "C" NOT NULL
	           CHECK (decision IN ('agreed', 'approved', 'rejected', 'withdrawn', 'lapsed',
	           	'ended')),
	as_of      date,
	note       text,
	decided_at timestamptz NOT NULL DEFAULT now(),
	decided_by text NOT NULL,
	decided_id oid DEFAULT _tiering.login_id(),
	decided_as text DEFAULT _tiering.acting_role(),
	step       int NOT NULL DEFAULT 1 CHECK (step > 0),
	decided_person oid DEFAULT _tiering.person_id(),
	PRIMARY KEY (request, decision, step)
);
CREATE UNIQUE INDEX decision_once ON tiering.decision (request) WHERE decision
	IN ('approved', 'rejected', 'withdrawn');
SELECT pg_catalog.pg_extension_config_dump('tiering.decision', '');
COMMENT ON TABLE tiering.decision IS
'What was decided on requests, and by whom. Rows are added only';
COMMENT ON COLUMN tiering.decision.request IS 'The request';
COMMENT ON COLUMN tiering.decision.decision IS
'agreed: a step that is not the last one was taken; approved, rejected or withdrawn (by who asked, '
'or by a refresh that does not ask for the move any more, or as something else was published); '
'then lapsed: the customer earns another tier than was rejected, and may be asked about again; '
'ended: an override that was approved is taken back';
COMMENT ON COLUMN tiering.decision.as_of IS
'The last assessment when it was decided; of ended, the first day on which the override does not '
'count';
COMMENT ON COLUMN tiering.decision.note IS 'What whoever decided had to say';
COMMENT ON COLUMN tiering.decision.decided_at IS 'When it was decided';
COMMENT ON COLUMN tiering.decision.decided_by IS
'Who had logged in and decided, or ran the refresh that did';
COMMENT ON COLUMN tiering.decision.decided_id IS
'The oid of that role, by which it is known when it is renamed';
COMMENT ON COLUMN tiering.decision.decided_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.decision.step IS
'Of what is agreed, approved or rejected, which of the steps that the request takes; otherwise 1';
COMMENT ON COLUMN tiering.decision.decided_person IS
'The oid of that role if it was who decided, as the login was trusted to say; see trusted_login. '
'Null for all others, who are who had logged in';
