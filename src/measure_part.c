/*
 * measure_part.c
 *		In which part of all amounts a measure lies, that bounds cut them into.
 *
 * An assessment asks it of each customer, so bounds that stay the same are read once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "measure_part.h"

MeasureEdges *
MeasureEdgesRead(ArrayType *edges, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	MeasureEdges *result = palloc(sizeof(MeasureEdges));

	deconstruct_array(DatumGetArrayTypePCopy(PointerGetDatum(edges)), NUMERICOID, -1,
					  false, TYPALIGN_INT, &result->edges, NULL, &result->count);
	result->keys = palloc((result->count + 1) * sizeof(DecimalKey));
	for (int i = 0; i < result->count; i++)
	{
		DecimalView view;

		DecimalViewNumeric(PG_DETOAST_DATUM_PACKED(result->edges[i]), &view);
		result->keys[i] = view.finite ? DecimalKeyFromView(&view) : DECIMAL_KEY_NULL;
	}
	MemoryContextSwitchTo(caller);
	return result;
}

/* As numeric_cmp(). Keys that differ are in the order of their numbers. */
static int
CompareEdge(const MeasureEdges *all, int edge, Datum measure, DecimalKey key)
{
	if (key != DECIMAL_KEY_NULL && all->keys[edge] != DECIMAL_KEY_NULL &&
		key != all->keys[edge])
		return key < all->keys[edge] ? -1 : 1;
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, measure, all->edges[edge]));
}

/* 2 n between the edges n and n + 1, and 2 n - 1 on the edge n, which count from 1 */
int
MeasurePart(const MeasureEdges *all, Datum measure)
{
	DecimalView view;
	DecimalKey	key;
	int			low = 0;
	int			high = all->count;

	DecimalViewNumeric(PG_DETOAST_DATUM_PACKED(measure), &view);
	key = view.finite ? DecimalKeyFromView(&view) : DECIMAL_KEY_NULL;
	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = CompareEdge(all, middle, measure, key);

		if (order == 0)
			return 2 * middle + 1;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 2 * low;
}

/* measure_part(measure, edges): see its COMMENT */
PG_FUNCTION_INFO_V1(measure_part);
Datum
measure_part(PG_FUNCTION_ARGS)
{
	MeasureEdges *all = fcinfo->flinfo->fn_extra;

	if (all == NULL || !get_fn_expr_arg_stable(fcinfo->flinfo, 1))
		all = fcinfo->flinfo->fn_extra = MeasureEdgesRead(PG_GETARG_ARRAYTYPE_P(1),
														  fcinfo->flinfo->fn_mcxt);
	PG_RETURN_INT32(MeasurePart(all, PG_GETARG_DATUM(0)));
}
