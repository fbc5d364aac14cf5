/*
 * source_plan.c
 *		Plans of bank's own queries for a few customers, kept for the session.
 *
 * To read, check and plan a query takes several times what it takes to run it for one
 * customer. What is kept is one plan for each scheme and kind of query, made anew if
 * anything that it hangs on is another: the text, the role, the settings, what is
 * expected of it, or a table, view or function that it names.
 *
 * A plan knows neither the day nor the customers, and takes these to be about ten. Of
 * many it might be the wrong one, so these have a plan of their own each time.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "compat.h"
#include "source_columns.h"
#include "source_plan.h"

static List *plans = NIL;		/* of SourcePlan, in TopMemoryContext */

/* As many as a plan takes there to be in an array that it does not know */
bool
FewCustomers(const ArrayType *customers)
{
	return customers != NULL &&
		ArrayGetNItems(ARR_NDIM(customers), ARR_DIMS(customers)) <= 10;
}

static bool
IsOf(const SourcePlan *plan, const Source *source)
{
	return plan->source.kind == source->kind &&
		strcmp(plan->source.scheme, source->scheme) == 0;
}

/* Could it have been made for this, and is all as it was then? */
static bool
StillHolds(const SourcePlan *plan, const Source *source, TupleDesc expected)
{
	return strcmp(plan->source.query, source->query) == 0 &&
		plan->source.role == source->role &&
		datumIsEqual(PointerGetDatum(plan->source.settings),
					 PointerGetDatum(source->settings), false, -1) &&
		equalTupleDescs(plan->expected, expected) &&
		SPI_plan_is_valid(plan->columns);
}

static void
Drop(SourcePlan *plan)
{
	plans = list_delete_ptr(plans, plan);
	SPI_freeplan(plan->columns);
	SPI_freeplan(plan->rows);
	FreeTupleDesc(plan->expected);
	pfree(plan->source.settings);
	pfree(plan->source.query);
	pfree(plan->source.scheme);
	pfree(plan);
}

/* Errors are those of a query that is run, and leave nothing behind */
static SourcePlan *
Make(const Source *source, TupleDesc expected)
{
	SPIPlanPtr	columns = SourceStatement(source);
	TupleDesc	yielded = SourceColumns(columns);
	Oid			type = CustomerType(yielded);
	SPIPlanPtr	rows;
	SourcePlan *plan;
	MemoryContext old;

	CheckColumns(source, yielded, expected);
	rows = SourcePrepare(SelectExpected(source, expected, true, type), 2,
						 CURSOR_OPT_GENERIC_PLAN);
	if (SPI_keepplan(columns) != 0 || SPI_keepplan(rows) != 0)
		elog(ERROR, "could not keep the plan of the %s of scheme \"%s\"",
			 source->kind->noun, source->scheme);
	old = MemoryContextSwitchTo(TopMemoryContext);
	plan = palloc0(sizeof(SourcePlan));
	plan->source.kind = source->kind;
	plan->source.scheme = pstrdup(source->scheme);
	plan->source.query = pstrdup(source->query);
	plan->source.role = source->role;
	plan->source.settings = (ArrayType *) DatumGetPointer(
		datumCopy(PointerGetDatum(source->settings), false, -1));
	plan->expected = CreateTupleDescCopy(expected);
	plan->customer_type = type;
	plan->columns = columns;
	plan->rows = rows;
	plans = lappend(plans, plan);
	MemoryContextSwitchTo(old);
	return plan;
}

/*
 * The plan of a query for a few customers; NULL if it is running, as it is when a query
 * asks for what is made of it. SPI is connected, and role and settings are the query's.
 */
SourcePlan *
SourcePlanFind(const Source *source, TupleDesc expected)
{
	ListCell   *cell;

	foreach(cell, plans)
	{
		SourcePlan *plan = (SourcePlan *) lfirst(cell);

		if (!IsOf(plan, source))
			continue;
		if (plan->running)
			return NULL;
		if (StillHolds(plan, source, expected))
			return plan;
		Drop(plan);
		break;
	}
	return Make(source, expected);
}
