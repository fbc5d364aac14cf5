/*
 * Tables have customer_id as "C", whose indexes survive an upgrade of the system's
 * locales; views give it in the default collation, so that a join to the bank's tables
 * uses the bank's indexes. Who asks a view for one customer compares by the default
 * collation, too, for which an index that collates as "C" is none. These are: equality is
 * that of the bytes in both, and so is a hash, whatever becomes of the locale's order.
 */

CREATE INDEX assignment_by_customer ON tiering.assignment
	USING hash (customer_id COLLATE "default");
CREATE INDEX migration_by_customer ON tiering.migration
	USING hash (customer_id COLLATE "default");
CREATE INDEX request_by_customer ON tiering.request
	USING hash (customer_id COLLATE "default");
CREATE INDEX customer_dimension_by_customer ON tiering.customer_dimension
	USING hash (customer_id COLLATE "default") WHERE to_as_of IS NULL;
COMMENT ON INDEX tiering.assignment_by_customer IS 'For views that are asked for one customer';
COMMENT ON INDEX tiering.migration_by_customer IS 'For views that are asked for one customer';
COMMENT ON INDEX tiering.request_by_customer IS 'For views that are asked for one customer';
COMMENT ON INDEX tiering.customer_dimension_by_customer IS
'For views that are asked for one customer';
