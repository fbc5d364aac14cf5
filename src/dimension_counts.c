/*
 * dimension_counts.c
 *		How many customers of an assessment are in which tier, with how much, by a
 *		dimension: see label_counts.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "compat.h"
#include "label_counts.h"
#include "saved_query.h"

enum
{
	ARG_KEPT, ARG_AMENDED, ARG_SCHEME, ARG_DIMENSION, ARG_AS_OF, ARG_VISIBLE
};

/* The first mark is the tier, the second the dimension. There is one row for each. */
#define TIERS_QUERY(customers) \
	"SELECT s.customer_id, pg_catalog.date 'epoch', 0::pg_catalog.int8, 1, s.tier," \
	" NULL::pg_catalog.text, s.measure FROM _tiering." customers " s" \
	" WHERE s.tier IS NOT NULL AND ($3 IS NULL" \
	" OR s.customer_id OPERATOR(pg_catalog.=) ANY ($3 COLLATE \"C\"))"
#define VALUES_QUERY \
	"SELECT d.customer_id, pg_catalog.date 'epoch', 0::pg_catalog.int8, 2," \
	" NULL::pg_catalog.text, d.value" \
	" FROM _tiering.dimension_on($1, $2, COALESCE($3, pg_catalog.date 'infinity')) d"

/* dimension_counts(k, amended, scheme, dimension, as_of, visible): see its COMMENT */
PG_FUNCTION_INFO_V1(dimension_counts);
Datum
dimension_counts(PG_FUNCTION_ARGS)
{
	const Oid	kept_types[] = {get_fn_expr_argtype(fcinfo->flinfo, ARG_KEPT), BOOLOID,
	TEXTARRAYOID};
	const Oid	stood_types[] = {TEXTOID, DATEOID, TEXTARRAYOID};
	const Oid	value_types[] = {TEXTOID, TEXTOID, DATEOID};
	const NullableDatum *args = fcinfo->args;
	const NullableDatum kept[] = {args[ARG_KEPT], args[ARG_AMENDED], args[ARG_VISIBLE]};
	const NullableDatum stood[] = {args[ARG_SCHEME], args[ARG_AS_OF], args[ARG_VISIBLE]};
	const NullableDatum values[] = {args[ARG_SCHEME], args[ARG_DIMENSION], args[ARG_AS_OF]};
	LabelCounts *s = LabelCountsBegin(fcinfo, "dimension_counts is", 2, DATEVAL_NOBEGIN);

	if (PG_ARGISNULL(ARG_KEPT))
		LabelCountsRead(s, EXTRA_MEASURE, TIERS_QUERY("customers_on($1, $2)"), 3,
						stood_types, stood);
	else
		LabelCountsRead(s, EXTRA_MEASURE, TIERS_QUERY("kept_rows($1, NULL, $2)"), 3,
						kept_types, kept);
	LabelCountsRead(s, EXTRA_NONE, VALUES_QUERY, 3, value_types, values);
	LabelCountsEnd(fcinfo, s);
	return (Datum) 0;
}
