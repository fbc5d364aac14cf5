/*
 * result_rows.c
 *		The rows of a function that is read in FROM.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"

#include "compat.h"
#include "result_rows.h"

/*
 * A store for the rows, none so far, which is the result; desc is their shape, that of the
 * function's declaration. what begins the sentence that says where it is called otherwise;
 * columns is how many there have to be, 0 as many as there are.
 */
Tuplestorestate *
ResultRowsBegin(FunctionCallInfo fcinfo, const char *what, int columns, TupleDesc *desc)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		(rsinfo->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s read in FROM", what)));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (columns > 0 && (*desc)->natts != columns)
		elog(ERROR, "there are %d columns, not %d", (*desc)->natts, columns);
	rsinfo->setResult = tuplestore_begin_heap(false, false, work_mem);
	rsinfo->setDesc = *desc;
	rsinfo->returnMode = SFRM_Materialize;
	MemoryContextSwitchTo(old);
	return rsinfo->setResult;
}
