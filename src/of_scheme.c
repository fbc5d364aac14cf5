/*
 * of_scheme.c
 *		Which scheme failed of those that a view asks.
 *
 * A view that asks the sources of all schemes fails if one of them does: to leave the
 * scheme out would tell less than there is. Where it failed is in the context of the
 * error, which not every tool shows, and nothing says what is to be done.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "of_scheme.h"

/* In PG_CATCH(): the error that is being handled, with a hint. Memory outlives the handling. */
void
RethrowOfScheme(const char *scheme, MemoryContext memory)
{
	ErrorData  *error;

	MemoryContextSwitchTo(memory);
	error = CopyErrorData();
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		PG_RE_THROW();
	FlushErrorState();
	error->hint = psprintf("%s%sScheme \"%s\" failed. To be told of others, have a condition "
						   "on the scheme.", error->hint == NULL ? "" : error->hint,
						   error->hint == NULL ? "" : "\n", scheme);
	ReThrowError(error);
}

/* Of shown_NAME() the function told_NAME(), with the same arguments */
static Oid
ToldFunction(Oid shown)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(shown));
	Form_pg_proc form;
	Oid			told;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", shown);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	told = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum(psprintf("told%s",
													strchr(NameStr(form->proname), '_'))),
						   PointerGetDatum(&form->proargtypes),
						   ObjectIdGetDatum(form->pronamespace));
	if (!OidIsValid(told))
		elog(ERROR, "nothing tells what \"%s\" shows", NameStr(form->proname));
	ReleaseSysCache(tuple);
	return told;
}

/* shown_NAME(key, scheme, reader): what told_NAME() tells; an error says of which scheme */
PG_FUNCTION_INFO_V1(shown_of_scheme);
Datum
shown_of_scheme(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(told, FUNC_MAX_ARGS);
	MemoryContext memory = CurrentMemoryContext;
	char	   *scheme = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Datum		result;

	if (fcinfo->flinfo->fn_extra == NULL)
	{
		FmgrInfo   *inner = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo));

		fmgr_info_cxt(ToldFunction(fcinfo->flinfo->fn_oid), inner, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = inner;
	}
	InitFunctionCallInfoData(*told, fcinfo->flinfo->fn_extra, PG_NARGS(),
							 PG_GET_COLLATION(), NULL, fcinfo->resultinfo);
	memcpy(told->args, fcinfo->args, PG_NARGS() * sizeof(NullableDatum));
	PG_TRY();
	{
		result = FunctionCallInvoke(told);
	}
	PG_CATCH();
	{
		RethrowOfScheme(scheme, memory);
	}
	PG_END_TRY();
	fcinfo->isnull = told->isnull;
	return result;
}
