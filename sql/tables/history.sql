/*
 * Batches, the moves that do not stand any more, the customers who were forgotten, and what
 * the policy had noted
 */

CREATE TABLE tiering.batch (
	scheme      text COLLATE "C" NOT NULL,
	batch       int NOT NULL CHECK (batch > 0),
	kind        text COLLATE "C" NOT NULL 
	            CHECK (kind IN ('refresh', 'assess', 'decision', 'restatement', 'manual', 'void',
	            	'load', 'merge', 'forget', 'archive')),
	as_of       date,
	moves       bigint NOT NULL,
	superseded  bigint NOT NULL,
	recorded_at timestamptz NOT NULL,
	recorded_by text NOT NULL,
	recorded_as text,
	published   int,
	seal        bytea NOT NULL,
	PRIMARY KEY (scheme, batch)
);
CREATE INDEX batch_void ON tiering.batch (scheme, batch) WHERE kind = 'void';
SELECT pg_catalog.pg_extension_config_dump('tiering.batch', '');
COMMENT ON TABLE tiering.batch IS
'What was recorded at once, in the order of recording, and sealed';
COMMENT ON COLUMN tiering.batch.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.batch.batch IS 'Number, from 1 on without gaps';
COMMENT ON COLUMN tiering.batch.kind IS
'refresh; assess: some customers by themselves; decision: on a request; restatement; manual: '
'assignment was changed by hand; void: an assessment was taken back; load: the history of an old '
'system; merge: a customer''s number was changed, or customers became one; forget: a customer was '
'forgotten; archive: batches were handed to the archive, or brought back';
COMMENT ON COLUMN tiering.batch.as_of IS
'The assessment, the first one that was restated, or the last one that was loaded; the day from '
'which on a number counts, or customers are one; the day before which moves were archived; null '
'for changes by hand, and where a customer was forgotten';
COMMENT ON COLUMN tiering.batch.moves IS 'How many rows of migration are in it';
COMMENT ON COLUMN tiering.batch.superseded IS 'How many rows of superseded are in it';
COMMENT ON COLUMN tiering.batch.recorded_at IS
'When it was recorded: the beginning of its transaction, but never before the batch before it. '
'What is known at a time is what batches up to then say';
COMMENT ON COLUMN tiering.batch.recorded_by IS 'Who had logged in';
COMMENT ON COLUMN tiering.batch.recorded_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.batch.published IS
'The last event in publication before it, up to which those are sealed with it; null if there was '
'none, or if it was made before 0.2.0';
COMMENT ON COLUMN tiering.batch.seal IS
'SHA-256 over the seal before it, this row, what was published until then, and the digests of its '
'moves; see verify_history()';

CREATE TABLE tiering.superseded (
	move   bigint PRIMARY KEY,
	scheme text COLLATE "C" NOT NULL,
	batch  int NOT NULL
);
CREATE INDEX superseded_batch ON tiering.superseded (scheme, batch);
CREATE INDEX superseded_move ON tiering.superseded (scheme, move);
SELECT pg_catalog.pg_extension_config_dump('tiering.superseded', '');
COMMENT ON TABLE tiering.superseded IS
'The moves that do not stand any more, as their assessment was made again or taken back';
COMMENT ON COLUMN tiering.superseded.move IS 'Number of the move in migration';
COMMENT ON COLUMN tiering.superseded.scheme IS 'Its scheme';
COMMENT ON COLUMN tiering.superseded.batch IS 'The batch since which it does not stand';

CREATE TABLE tiering.forgotten (
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	batch       int NOT NULL,
	PRIMARY KEY (scheme, customer_id)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.forgotten', '');
COMMENT ON TABLE tiering.forgotten IS
'What stands for the numbers of customers who were forgotten; see forget_customer(). Rows are '
'added only';
COMMENT ON COLUMN tiering.forgotten.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.forgotten.customer_id IS
'What stands for a number of the customer in all tables: forgotten: and 16 hexadecimal digits that '
'were drawn at random';
COMMENT ON COLUMN tiering.forgotten.batch IS
'The batch that seals which moves were of the number; see batch';

CREATE TABLE tiering.sealed_before (
	scheme       text COLLATE "C" NOT NULL,
	batch        int NOT NULL,
	part         bigint NOT NULL,
	digest       bytea NOT NULL,
	forgotten_by int NOT NULL,
	PRIMARY KEY (scheme, batch, part)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.sealed_before', '');
COMMENT ON TABLE tiering.sealed_before IS
'Moves from before 0.2.0, sealed by their customers'' numbers, of which forget_customer() took one '
'out. They cannot be sealed as they were: their old digest is here, and the batch that forgot '
'seals them anew. Rows are added only';
COMMENT ON COLUMN tiering.sealed_before.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.sealed_before.batch IS 'The batch that sealed them';
COMMENT ON COLUMN tiering.sealed_before.part IS
'Which of its moves: those whose number, divided by 10,000, is this';
COMMENT ON COLUMN tiering.sealed_before.digest IS 'Their digest when all numbers were there';
COMMENT ON COLUMN tiering.sealed_before.forgotten_by IS
'The batch that first took a number out, and seals them as they are since';

CREATE TABLE tiering.watch_history (
	entry       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	as_of       date NOT NULL,
	version     int NOT NULL,
	misses      int NOT NULL,
	best        text COLLATE "C",
	next_tier   text COLLATE "C",
	next_review date,
	kept_until  date,
	policy_tier text COLLATE "C",
	policy_since date,
	recorded_at timestamptz NOT NULL DEFAULT now(),
	after_batch int
);
CREATE INDEX watch_history_customer ON tiering.watch_history (scheme, customer_id, as_of, entry);
SELECT pg_catalog.pg_extension_config_dump('tiering.watch_history', '');
SELECT pg_catalog.pg_extension_config_dump('tiering.watch_history_entry_seq', '');
COMMENT ON TABLE tiering.watch_history IS
'What the policy had noted of a customer after an assessment, where that does not follow from '
'their last move, nor from the entry before. Of several entries for one assessment the last one '
'counts; none counts whose assessment was taken back. An entry stands until the customer''s next '
'one, or their next move, but that misses go on. A customer who has none since the assessment of '
'their last move has no misses, no next tier, and no override on top';
COMMENT ON COLUMN tiering.watch_history.entry IS 'Number of the entry';
COMMENT ON COLUMN tiering.watch_history.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.watch_history.customer_id IS 'Customer';
COMMENT ON COLUMN tiering.watch_history.as_of IS 'The assessment';
COMMENT ON COLUMN tiering.watch_history.version IS
'The version of the scheme whose names the tiers have';
COMMENT ON COLUMN tiering.watch_history.misses IS
'As in assignment. If there are any, they go on: every later review that the policy of their tier '
'counts adds one, without an entry of its own';
COMMENT ON COLUMN tiering.watch_history.best IS 'As in assignment';
COMMENT ON COLUMN tiering.watch_history.next_tier IS 'As in assignment';
COMMENT ON COLUMN tiering.watch_history.next_review IS
'As in assignment; where only this is another, there is no entry';
COMMENT ON COLUMN tiering.watch_history.kept_until IS 'As in assignment';
COMMENT ON COLUMN tiering.watch_history.policy_tier IS 'As in assignment';
COMMENT ON COLUMN tiering.watch_history.policy_since IS 'As in assignment';
COMMENT ON COLUMN tiering.watch_history.recorded_at IS 'When it was recorded';
COMMENT ON COLUMN tiering.watch_history.after_batch IS
'The last batch before it; null of entries from before 0.2.0, of which every miss has its own';
