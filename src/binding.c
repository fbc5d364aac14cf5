/*
 * binding.c
 *		Who binds a scheme to a query.
 *
 * A query runs with the rights of the role that set it, so it is checked with the
 * rights of whoever calls set_source() or set_series(), and that role goes into
 * the row. The row is written as the owner of these functions: nobody else has a
 * right to write there, and so who set a query, when, and under which settings,
 * is always what was so. A function in SQL could be one of the two only.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "binding.h"
#include "door.h"
#include "saved_query.h"

static Oid	binder = InvalidOid;	/* for whom a row is being written, or none */

/* Go on with the rights of a function's owner; the caller changes back */
void
BecomeOwner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			user;
	int			context;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(((Form_pg_proc) GETSTRUCT(tuple))->proowner,
						   context | SECURITY_LOCAL_USERID_CHANGE);
	ReleaseSysCache(tuple);
}

/* Runs one statement that yields a value; null arguments have a null pointer */
static char *
CallOnce(const char *sql, text *scheme, text *query, bool series)
{
	Oid			types[3] = {TEXTOID, TEXTOID, BOOLOID};
	Datum		values[3] = {PointerGetDatum(scheme), PointerGetDatum(query),
		BoolGetDatum(series)};
	char		nulls[3] = {scheme ? ' ' : 'n', query ? ' ' : 'n', ' '};

	if (SPI_execute_with_args(sql, 3, types, values, nulls, false, 1) !=
		SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not run: %s", sql);
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

static void
WriteAsOwner(FunctionCallInfo fcinfo, text *scheme, char *query, bool series)
{
	Oid			save_user;
	int			save_context;

	GetUserIdAndSecContext(&save_user, &save_context);
	binder = save_user;
	PG_TRY();
	{
		BecomeOwner(fcinfo->flinfo->fn_oid);
		CallOnce("SELECT _tiering.write_binding($1, $2, $3)", scheme,
				 query ? cstring_to_text(query) : NULL, series);
	}
	PG_FINALLY();
	{
		binder = InvalidOid;
	}
	PG_END_TRY();
	SetUserIdAndSecContext(save_user, save_context);
}

static Datum
Bind(FunctionCallInfo fcinfo, bool series)
{
	text	   *scheme = PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0);
	text	   *query = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);

	CheckActsForThemselves(fcinfo->flinfo->fn_oid);
	ConnectSPI();
	WriteAsOwner(fcinfo, scheme,
				 CallOnce("SELECT _tiering.checked_query($1, $2, $3)",
						  scheme, query, series), series);
	SPI_finish();
	PG_RETURN_VOID();
}

/* set_source(scheme, query) */
PG_FUNCTION_INFO_V1(set_source);
Datum
set_source(PG_FUNCTION_ARGS)
{
	return Bind(fcinfo, false);
}

/* set_series(scheme, query) */
PG_FUNCTION_INFO_V1(set_series);
Datum
set_series(PG_FUNCTION_ARGS)
{
	return Bind(fcinfo, true);
}

/* binder(): the role that calls set_source() or set_series(), null outside them */
PG_FUNCTION_INFO_V1(binding_role);
Datum
binding_role(PG_FUNCTION_ARGS)
{
	if (!OidIsValid(binder))
		PG_RETURN_NULL();
	PG_RETURN_OID(binder);
}
