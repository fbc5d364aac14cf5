/*
 * measure_part.c
 *		In which part of all amounts a measure lies, that bounds cut them into.
 *
 * An assessment asks it of each customer, so bounds that stay the same are read once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

typedef struct Edges
{
	int			count;
	Datum	   *edges;			/* ascending */
} Edges;

static Edges *
ReadEdges(FunctionCallInfo fcinfo)
{
	MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	Edges	   *result = palloc(sizeof(Edges));

	deconstruct_array(PG_GETARG_ARRAYTYPE_P_COPY(1), NUMERICOID, -1, false, TYPALIGN_INT,
					  &result->edges, NULL, &result->count);
	MemoryContextSwitchTo(caller);
	return result;
}

PG_FUNCTION_INFO_V1(measure_part);

/* 2 n between the edges n and n + 1, and 2 n - 1 on the edge n, which count from 1 */
Datum
measure_part(PG_FUNCTION_ARGS)
{
	Datum		measure = NumericGetDatum(PG_GETARG_NUMERIC(0));
	Edges	   *all = fcinfo->flinfo->fn_extra;
	int			low = 0;
	int			high;

	if (all == NULL || !get_fn_expr_arg_stable(fcinfo->flinfo, 1))
		all = fcinfo->flinfo->fn_extra = ReadEdges(fcinfo);
	high = all->count;
	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = DatumGetInt32(DirectFunctionCall2(numeric_cmp, measure,
															  all->edges[middle]));

		if (order == 0)
			PG_RETURN_INT32(2 * middle + 1);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	PG_RETURN_INT32(2 * low);
}
