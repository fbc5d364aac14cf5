/*
 * Customers who have changed their number, and customers who have become one. What was
 * recorded of them before stays under the numbers that they had then. Whatever reads it
 * takes all numbers of a customer for one, but those who have become one for several, up to
 * the day from which on they are one.
 */

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
COMMENT ON TABLE tiering.customer_alias IS
'The numbers that customers have changed, and the customers who have become one with another; see '
'rename_customer() and merge_customers(). Rows are added only';
COMMENT ON COLUMN tiering.customer_alias.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.customer_alias.from_id IS
'The number that the customer had; of who became one with another, the number of then';
COMMENT ON COLUMN tiering.customer_alias.to_id IS
'The number that they have from then on; of who became one with another, that of the other';
COMMENT ON COLUMN tiering.customer_alias.on_date IS
'The day at whose end they have it: moves up to it are recorded under the number before. Of who '
'became one with another, the first day on which they are one';
COMMENT ON COLUMN tiering.customer_alias.reason IS 'Why';
COMMENT ON COLUMN tiering.customer_alias.recorded_at IS 'When this was recorded';
COMMENT ON COLUMN tiering.customer_alias.recorded_by IS 'Who had logged in';
COMMENT ON COLUMN tiering.customer_alias.recorded_as IS 'The role that they had set; null if none';
COMMENT ON COLUMN tiering.customer_alias.batch IS
'The batch that records it, with the moves that hand the tier over; see batch';
COMMENT ON COLUMN tiering.customer_alias.leads IS
'Of who became one with another, whether it is their tier that was kept, and so they of whom the '
'customer who is left is taken to be the continuation; null where a number was changed';
COMMENT ON COLUMN tiering.customer_alias.from_salt IS
'With which from_id is sealed; null once that customer was forgotten';
COMMENT ON COLUMN tiering.customer_alias.to_salt IS
'The same for to_id, whose customer may be forgotten by themselves if they are another';
COMMENT ON COLUMN tiering.customer_alias.from_mark IS
'What from_id was sealed by, if that customer was forgotten; else null';
COMMENT ON COLUMN tiering.customer_alias.to_mark IS 'The same of to_id';

-- What follows from customer_alias, for whatever joins customers by their numbers
CREATE TABLE tiering.former_number (
	scheme      text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	now_id      text COLLATE "C" NOT NULL,
	PRIMARY KEY (scheme, customer_id)
);
CREATE INDEX former_number_now ON tiering.former_number (scheme, now_id);
SELECT pg_catalog.pg_extension_config_dump('tiering.former_number', '');
COMMENT ON TABLE tiering.former_number IS
'The numbers that customers had before, and the one that each has now; see customer_alias';
COMMENT ON COLUMN tiering.former_number.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.former_number.customer_id IS 'A number that the customer had';
COMMENT ON COLUMN tiering.former_number.now_id IS 'The number that they have now';
