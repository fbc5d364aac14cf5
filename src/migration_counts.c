/*
 * migration_counts.c
 *		How many customers were in which tier on one day, and in which on another;
 *		and how those of now came to where they are.
 *
 * A customer's tier on a day is where their last move up to it led. So a move
 * stands for some marks, which are the days, or whatever else is asked about:
 * see label_counts.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "compat.h"
#include "label_counts.h"
#include "saved_query.h"

/*
 * Where customers are now is no move, and stands for a mark of its own; the version of the
 * tier is behind it, as a text of both would be made for each of them.
 */
#define DAYS_QUERY \
	"SELECT m.customer_id, m.as_of, m.move, 2, m.to_tier, m.to_tier" \
	" FROM _tiering.person_moves($1, $3) m" \
	" WHERE m.as_of OPERATOR(pg_catalog.<=) $2"
#define ORIGINS_QUERY(moves) \
	"SELECT m.customer_id, m.as_of, m.move," \
	" CASE WHEN m.from_tier IS NULL THEN 3 ELSE 2 END," \
	" m.to_tier, m.direction, NULL::pg_catalog.text" \
	" FROM _tiering." moves " m WHERE m.direction OPERATOR(pg_catalog.<>) 'merged'" \
	" AND m.direction OPERATOR(pg_catalog.<>) 'merge'"
#define NOW_QUERY \
	"SELECT a.customer_id, a.as_of, 0::pg_catalog.int8, 4, NULL::pg_catalog.text," \
	" NULL::pg_catalog.text, a.tier, a.version" \
	" FROM tiering.assignment a WHERE a.scheme OPERATOR(pg_catalog.=) $1 COLLATE \"C\"" \
	" AND ($2 IS NULL OR a.customer_id OPERATOR(pg_catalog.=) ANY ($2 COLLATE \"C\"))"

/* migration_counts(scheme, from_date, to_date, known_at): customers by their pair of tiers */
PG_FUNCTION_INFO_V1(migration_counts);
Datum
migration_counts(PG_FUNCTION_ARGS)
{
	const Oid	types[3] = {TEXTOID, DATEOID, TIMESTAMPTZOID};
	NullableDatum values[3];
	LabelCounts *s;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("scheme, from_date and to_date must not be null")));
	values[0] = fcinfo->args[0];
	values[1] = fcinfo->args[2];
	values[2] = fcinfo->args[3];
	s = LabelCountsBegin(fcinfo, "migration_counts is", 2, PG_GETARG_DATEADT(1));
	LabelCountsRead(s, EXTRA_NONE, DAYS_QUERY, 3, types, values);
	LabelCountsEnd(fcinfo, s);
	return (Datum) 0;
}

/* To look for another number of each move takes a tenth of the time */
static bool
HaveFormerNumbers(Datum scheme)
{
	static SavedQuery query = {
		"SELECT FROM tiering.former_number f WHERE f.scheme OPERATOR(pg_catalog.=) $1 LIMIT 1",
		1, {TEXTOID}
	};

	RunSavedQuery(&query, scheme, (Datum) 0);
	return SPI_processed > 0;
}

/*
 * origin_counts(scheme, customers, merged): customers, or all if null, by the tier in which
 * they began, by the direction of their last move, and by their version and tier now
 */
PG_FUNCTION_INFO_V1(origin_counts);
Datum
origin_counts(PG_FUNCTION_ARGS)
{
	const Oid	types[2] = {TEXTOID, TEXTARRAYOID};
	const NullableDatum values[2] = {fcinfo->args[0], fcinfo->args[1]};
	LabelCounts *s;

	s = LabelCountsBegin(fcinfo, "origin_counts is", MARKS, DATEVAL_NOBEGIN);
	LabelCountsRead(s, EXTRA_NONE,
					PG_GETARG_BOOL(2) ? ORIGINS_QUERY("merged_moves($1)") :
					HaveFormerNumbers(values[0].value) ?
					ORIGINS_QUERY("person_moves($1, NULL)") :
					ORIGINS_QUERY("known_moves($1, NULL)"), 1, types, values);
	LabelCountsRead(s, EXTRA_VERSION, NOW_QUERY, 2, types, values);
	LabelCountsEnd(fcinfo, s);
	return (Datum) 0;
}

/* Its name in 0.1.0, which a database calls until it is updated */
PG_FUNCTION_INFO_V1(standing);
Datum
standing(PG_FUNCTION_ARGS)
{
	return migration_counts(fcinfo);
}
