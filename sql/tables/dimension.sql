/*
 * Dimensions of customers, such as their branch: where they come from, what they were at
 * each assessment, and what a bank means to reach
 */

CREATE TABLE tiering.dimensions_source (
	scheme   text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	query    text NOT NULL,
	names    text[] COLLATE "C" NOT NULL,
	set_by   regrole NOT NULL DEFAULT to_regrole(quote_ident(current_user)),
	set_at   timestamptz NOT NULL DEFAULT now(),
	settings text[] NOT NULL DEFAULT _tiering.kept_settings()
);
SELECT pg_catalog.pg_extension_config_dump('tiering.dimensions_source', '');
COMMENT ON TABLE tiering.dimensions_source IS
'Where the dimensions of a scheme''s customers come from; see set_dimensions()';
COMMENT ON COLUMN tiering.dimensions_source.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.dimensions_source.query IS
'A SELECT that yields customer_id, and a column for each dimension, for the date $1';
COMMENT ON COLUMN tiering.dimensions_source.names IS 'The dimensions that it yields';
COMMENT ON COLUMN tiering.dimensions_source.set_by IS
'The role that set it, with whose rights it runs, also when it is renamed';
COMMENT ON COLUMN tiering.dimensions_source.set_at IS 'When it was set';
COMMENT ON COLUMN tiering.dimensions_source.settings IS
'The settings with which it runs, of the session that set it; see source.settings';

CREATE TABLE tiering.kept_dimension (
	scheme    text COLLATE "C" NOT NULL REFERENCES tiering.scheme,
	dimension text COLLATE "C" NOT NULL,
	place     int NOT NULL CHECK (place > 0),
	PRIMARY KEY (scheme, dimension),
	UNIQUE (scheme, place)
);
SELECT pg_catalog.pg_extension_config_dump('tiering.kept_dimension', '');
COMMENT ON TABLE tiering.kept_dimension IS
'The dimensions that were kept of a scheme''s customers, also those that are not bound any more, '
'and which value of customer_dimension is of which';
COMMENT ON COLUMN tiering.kept_dimension.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.kept_dimension.dimension IS 'Dimension, such as branch';
COMMENT ON COLUMN tiering.kept_dimension.place IS
'The place of its value in customer_dimension.told, from 1 on; it stays';

-- A customer has one row for all of their dimensions: a refresh compares as many rows as there
-- are customers.
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
COMMENT ON TABLE tiering.customer_dimension IS
'What customers were by all dimensions, and at which assessments; a row is written when one of '
'these changes. Of whom nothing is told there is none';
COMMENT ON COLUMN tiering.customer_dimension.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.customer_dimension.customer_id IS
'Customer, by the number that they have now';
COMMENT ON COLUMN tiering.customer_dimension.from_as_of IS 'The first assessment that found it';
COMMENT ON COLUMN tiering.customer_dimension.to_as_of IS
'The first one after it that did not; null while the last one did';
COMMENT ON COLUMN tiering.customer_dimension.told IS
'What they were by each dimension, such as north, in the places that kept_dimension has; null, or '
'not there: unknown';
COMMENT ON COLUMN tiering.customer_dimension.since IS
'The assessment from which on each of them was found, in the same places; of no meaning where it '
'is unknown';

CREATE TABLE tiering.dimension_digest (
	scheme text COLLATE "C" PRIMARY KEY REFERENCES tiering.scheme,
	names  text[] COLLATE "C" NOT NULL,
	batch  int NOT NULL,
	digest bytea NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tiering.dimension_digest', '');
COMMENT ON TABLE tiering.dimension_digest IS
'What the dimensions of a scheme yielded at the last assessment, as sums of hashes: a refresh '
'compares the customers whose sums are not the same, and who has come or gone since. Without a row '
'all are compared';
COMMENT ON COLUMN tiering.dimension_digest.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.dimension_digest.names IS 'The dimensions that it is of';
COMMENT ON COLUMN tiering.dimension_digest.batch IS
'The last batch of the scheme then: later ones tell who has come or gone';
COMMENT ON COLUMN tiering.dimension_digest.digest IS
'Customers and what they were: for each of 4,096 parts of the customers two sums of 64 bits';

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
COMMENT ON TABLE tiering.target IS
'How many customers, with how much, a branch or another value of a dimension means to have in a '
'tier on a day; see target_actual. Rows are taken as they are, as a plan may be made before the '
'dimension is bound and the tier is published. Those of a dimension that the scheme has not bound, '
'or of a tier that no version of it has, are found by: SELECT * FROM tiering.target t WHERE NOT '
'EXISTS (SELECT FROM tiering.tier r WHERE (r.scheme, r.tier) = (t.scheme, t.tier)) OR NOT EXISTS '
'(SELECT FROM tiering.dimensions_source d WHERE d.scheme = t.scheme AND t.dimension = ANY '
'(d.names))';
COMMENT ON COLUMN tiering.target.scheme IS 'Scheme';
COMMENT ON COLUMN tiering.target.dimension IS 'Dimension, such as branch';
COMMENT ON COLUMN tiering.target.value IS 'Its value, such as north';
COMMENT ON COLUMN tiering.target.tier IS 'Tier';
COMMENT ON COLUMN tiering.target.as_of IS 'The day by which it is meant to be so';
COMMENT ON COLUMN tiering.target.customers IS 'Customers; null if none are named';
COMMENT ON COLUMN tiering.target.measure IS
'Total of their measure, in its unit; null if none is named';
