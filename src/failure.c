/*
 * failure.c
 *		Why a refresh of this session failed, for the record of it.
 *
 * run_refresh() commits, so that it has the rights of who calls it alone, and so must have
 * these the right to record a failure. So that they cannot record one that was none, it is
 * what was seen here at the door: the last refresh, and the error that ended it.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "failure.h"

/* The last refresh, if it failed; in memory of the session */
static struct
{
	char	   *scheme;			/* NULL: it did not, or it is recorded */
	bool		has_day;
	DateADT		day;
	char	   *code;
	char	   *message;
} last;

static void
ForgetFailure(void)
{
	if (last.scheme == NULL)
		return;
	pfree(last.scheme);
	pfree(last.code);
	pfree(last.message);
	last.scheme = NULL;
}

/* What enter() was called for, and with what */
RefreshCall
BeginRefreshCall(FunctionCallInfo fcinfo)
{
	RefreshCall call = {false};
	char	   *name = get_func_name(fcinfo->flinfo->fn_oid);

	call.is_refresh = name != NULL && strcmp(name, "refresh") == 0 && PG_NARGS() >= 2;
	if (!call.is_refresh)
		return call;
	ForgetFailure();
	call.scheme = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	call.has_day = !PG_ARGISNULL(1);
	call.day = call.has_day ? PG_GETARG_DATEADT(1) : 0;
	return call;
}

/* In PG_CATCH(): the error that is being handled */
void
KeepFailure(const RefreshCall *call)
{
	ErrorData  *error;
	MemoryContext handling;

	if (!call->is_refresh)
		return;
	handling = MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	ForgetFailure();
	last.code = pstrdup(unpack_sql_state(error->sqlerrcode));
	last.message = pstrdup(error->message == NULL ? "" : error->message);
	last.has_day = call->has_day;
	last.day = call->day;
	last.scheme = pstrdup(call->scheme);
	FreeErrorData(error);
	MemoryContextSwitchTo(handling);
}

static bool
IsText(FunctionCallInfo fcinfo, int argno, const char *value)
{
	return !PG_ARGISNULL(argno) &&
		strcmp(text_to_cstring(PG_GETARG_TEXT_PP(argno)), value) == 0;
}

/* has_failed(scheme, as_of, sqlstate, error): see its COMMENT */
PG_FUNCTION_INFO_V1(has_failed);
Datum
has_failed(PG_FUNCTION_ARGS)
{
	bool		same = last.scheme != NULL && IsText(fcinfo, 0, last.scheme) &&
		last.has_day == !PG_ARGISNULL(1) &&
		(!last.has_day || last.day == PG_GETARG_DATEADT(1)) &&
		IsText(fcinfo, 2, last.code) && IsText(fcinfo, 3, last.message);

	if (same)
		ForgetFailure();
	PG_RETURN_BOOL(same);
}
