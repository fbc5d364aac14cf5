/*
 * binding.c
 *		Who binds a scheme to a query.
 *
 * A query runs with the rights of the role that set it, so it is checked with the
 * rights of whoever calls set_source() or another of these functions, and that role
 * goes into the row. The row is written as the owner of these functions: nobody else has a
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
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "binding.h"
#include "door.h"
#include "saved_query.h"

static Oid	binder = InvalidOid;	/* for whom a row is being written, or none */

Oid
FunctionOwner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Go on with the rights of a function's owner; the caller changes back */
void
BecomeOwner(Oid function)
{
	Oid			user;
	int			context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(FunctionOwner(function),
						   context | SECURITY_LOCAL_USERID_CHANGE);
}

/* What binds a query: a function's arguments, and the statements that take them */
typedef struct Binding
{
	Oid			types[6];
	int			query;			/* which argument it is, from 0 on */
	const char *check;			/* with the caller's rights: the query as it is kept,
								 * and perhaps what it yields */
	const char *write;			/* as the owner, with that; what it yields comes last */
} Binding;

/* A query that was checked; NULL if there is none */
typedef struct Checked
{
	char	   *query;
	char	   *yields;
} Checked;

static const Binding BindSource = {
	{TEXTOID, TEXTOID}, 1,
	"SELECT _tiering.checked_query($1, $2, 'source')",
	"SELECT _tiering.write_binding($1, $2, false)"
};

static const Binding BindSeries = {
	{TEXTOID, TEXTOID}, 1,
	"SELECT _tiering.checked_query($1, $2, 'series')",
	"SELECT _tiering.write_binding($1, $2, true)"
};

static const Binding BindLimits = {
	{TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, TEXTOID, NUMERICOID}, 4,
	"SELECT _tiering.checked_control($1, $5)",
	"SELECT _tiering.write_limits($1, $2, $3, $4, $5, $6)"
};

static const Binding BindDimensions = {
	{TEXTOID, TEXTOID}, 1,
	"SELECT query, names FROM _tiering.checked_dimensions($1, $2)",
	"SELECT _tiering.write_dimensions($1, $2, $3::pg_catalog.text[])"
};

static const Binding BindChecks = {
	{TEXTOID, TEXTOID}, 1,
	"SELECT _tiering.checked_query($1, $2, 'check')",
	"SELECT _tiering.write_checks($1, $2)"
};

/* An argument of a statement, NULL being null */
static void
SetText(Datum *value, char *null, const char *text)
{
	*value = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
	*null = text == NULL ? 'n' : ' ';
}

/* Runs one of the statements, with a query in its place and what that yields at the end */
static void
CallOnce(const char *sql, FunctionCallInfo fcinfo, const Binding *binding,
		 const Checked *checked)
{
	Oid			types[lengthof(binding->types) + 1];
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];
	int			count = PG_NARGS();

	memcpy(types, binding->types, sizeof(binding->types));
	for (int i = 0; i < count; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	if (checked != NULL)
	{
		SetText(&values[binding->query], &nulls[binding->query], checked->query);
		types[count] = TEXTOID;
		SetText(&values[count], &nulls[count], checked->yields);
		count++;
	}
	if (SPI_execute_with_args(sql, count, types, values, nulls, false,
							  1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not run: %s", sql);
}

static Checked
CheckAsCaller(FunctionCallInfo fcinfo, const Binding *binding)
{
	Checked		checked = {0};

	CallOnce(binding->check, fcinfo, binding, NULL);
	checked.query = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (SPI_tuptable->tupdesc->natts > 1)
		checked.yields = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	return checked;
}

static void
WriteAsOwner(FunctionCallInfo fcinfo, const Binding *binding, const Checked *checked)
{
	Oid			save_user;
	int			save_context;

	GetUserIdAndSecContext(&save_user, &save_context);
	binder = save_user;
	PG_TRY();
	{
		BecomeOwner(fcinfo->flinfo->fn_oid);
		CallOnce(binding->write, fcinfo, binding, checked);
	}
	PG_FINALLY();
	{
		binder = InvalidOid;
	}
	PG_END_TRY();
	SetUserIdAndSecContext(save_user, save_context);
}

/* One call of one of the functions below */
typedef struct BindCall
{
	FunctionCallInfo fcinfo;
	const Binding *binding;
} BindCall;

static Datum
BindInside(void *arg)
{
	const BindCall *call = arg;
	Checked		checked;

	ConnectSPI();
	checked = CheckAsCaller(call->fcinfo, call->binding);
	WriteAsOwner(call->fcinfo, call->binding, &checked);
	SPI_finish();
	return (Datum) 0;
}

/* How it is done inside helps nobody to mend a query */
static Datum
Bind(FunctionCallInfo fcinfo, const Binding *binding)
{
	BindCall	call = {fcinfo, binding};
	Oid			function = fcinfo->flinfo->fn_oid;

	CheckActsForThemselves(function);
	CallInside(BindInside, &call,
			   has_privs_of_role(GetOuterUserId(), FunctionOwner(function)));
	PG_RETURN_VOID();
}

/* set_source(scheme, query) */
PG_FUNCTION_INFO_V1(set_source);
Datum
set_source(PG_FUNCTION_ARGS)
{
	return Bind(fcinfo, &BindSource);
}

/* set_series(scheme, query) */
PG_FUNCTION_INFO_V1(set_series);
Datum
set_series(PG_FUNCTION_ARGS)
{
	return Bind(fcinfo, &BindSeries);
}

/* set_limits(scheme, max_moved, max_new, max_exit, control_query, tolerance) */
PG_FUNCTION_INFO_V1(set_limits);
Datum
set_limits(PG_FUNCTION_ARGS)
{
	return Bind(fcinfo, &BindLimits);
}

/* set_dimensions(scheme, query) */
PG_FUNCTION_INFO_V1(set_dimensions);
Datum
set_dimensions(PG_FUNCTION_ARGS)
{
	return Bind(fcinfo, &BindDimensions);
}

/* set_checks(scheme, query) */
PG_FUNCTION_INFO_V1(set_checks);
Datum
set_checks(PG_FUNCTION_ARGS)
{
	return Bind(fcinfo, &BindChecks);
}

/* binder(): the role that binds a query, null where none is bound */
PG_FUNCTION_INFO_V1(binding_role);
Datum
binding_role(PG_FUNCTION_ARGS)
{
	if (!OidIsValid(binder))
		PG_RETURN_NULL();
	PG_RETURN_OID(binder);
}
