/*
 * door.c
 *		The door to what people decide, and the guards of what is kept.
 *
 * Who decides acts for themselves. PostgreSQL lets whoever has a right lend it: a
 * definer's function, and a view over it, would have others decide who only read a
 * report. So a function by which people decide, or write for good, is enter() under
 * its own name, which looks at who calls before it becomes the owner. What it does
 * is the function of the same name and arguments in the schema _tiering.
 *
 * A function or a view of somebody else's that runs with the caller's own rights
 * cannot be told from the caller.
 *
 * Where in which statement of ours an error came up is for the server's log, and for those
 * who have the rights of the owner.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "replication/logicalworker.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "binding.h"
#include "by_hand.h"
#include "compat.h"
#include "door.h"
#include "failure.h"
#include "saved_query.h"

/* Core asked for the right of an aggregate's maker, if this is a part of one */
static void
CheckRight(Oid function)
{
	if (!MayExecute(function))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION,
					   get_func_name(function));
}

/*
 * The login, or the role that it set, and no definer's function in between, whoever's:
 * one of the caller's own may have been called by another's.
 */
void
CheckActsForThemselves(Oid function)
{
	const char *login;
	const char *acting;

	if (!InLocalUserIdChange() && !InSecurityRestrictedOperation())
		return;
	login = GetUserNameFromId(GetOuterUserId(), false);
	acting = GetUserNameFromId(GetUserId(), false);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("who calls tiering.%s() must act for themselves",
					get_func_name(function)),
			 InSecurityRestrictedOperation() ?
			 errdetail("A source or another restricted query calls it with the rights of \"%s\".",
					   acting) :
			 errdetail("A function or view calls it for \"%s\" with the rights of \"%s\".",
					   login, acting),
			 errhint("Call it in a statement of your own, as a role that has the right.")));
}

/* The function of the same name and arguments in _tiering */
static Oid
InnerFunction(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	Oid			inner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	inner = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							CStringGetDatum(NameStr(form->proname)),
							PointerGetDatum(&form->proargtypes),
							ObjectIdGetDatum(get_namespace_oid("_tiering",
															   false)));
	if (!OidIsValid(inner))
		elog(ERROR, "_tiering has no function \"%s\"",
			 NameStr(form->proname));
	ReleaseSysCache(tuple);
	return inner;
}

/* Of a call site, which always calls the same function */
static FmgrInfo *
Inner(FmgrInfo *outer)
{
	if (outer->fn_extra == NULL)
	{
		FmgrInfo   *inner = MemoryContextAlloc(outer->fn_mcxt, sizeof(FmgrInfo));

		fmgr_info_cxt(InnerFunction(outer->fn_oid), inner, outer->fn_mcxt);
		outer->fn_extra = inner;
	}
	return outer->fn_extra;
}

/* Does the context of an error end in a function of ours? That of a source does not. */
static bool
EndsInOurs(const char *context)
{
	const char *last = context == NULL ? NULL : strrchr(context, '\n');

	return context != NULL &&
		strstr(last == NULL ? context : last, "_tiering.") != NULL;
}

/* The error that is being handled, with the context of the caller instead of ours */
static void
RethrowAsCallers(MemoryContext memory)
{
	ErrorData  *error;

	MemoryContextSwitchTo(memory);
	error = CopyErrorData();
	if (!EndsInOurs(error->context))
		return;
	FlushErrorState();
	error->detail_log = psprintf("%s%s%s",
								 error->detail_log ? error->detail_log :
								 error->detail ? error->detail : "",
								 error->detail_log || error->detail ? "\n" : "",
								 error->context);
	error->context = NULL;
	ThrowErrorData(error);
}

/*
 * Call what is ours. Unless all is to be told, an error tells of the caller's own
 * functions, and not of ours.
 */
Datum
CallInside(Inside call, void *arg, bool tell_all)
{
	ErrorContextCallback *stack = error_context_stack;
	MemoryContext memory = CurrentMemoryContext;
	Datum		result;

	if (!tell_all)
		error_context_stack = NULL;
	PG_TRY();
	{
		result = call(arg);
	}
	PG_CATCH();
	{
		error_context_stack = stack;
		if (!tell_all)
			RethrowAsCallers(memory);
		PG_RE_THROW();
	}
	PG_END_TRY();
	error_context_stack = stack;
	return result;
}

static Datum
Invoke(void *inner)
{
	return FunctionCallInvoke((FunctionCallInfo) inner);
}

/* As the owner. An error needs no changing back: the end of the transaction does it. */
static Datum
CallAsOwner(Oid outer, FunctionCallInfo inner)
{
	Oid			caller = GetOuterUserId();

	BecomeOwner(outer);
	return CallInside(Invoke, inner, has_privs_of_role(caller, GetUserId()));
}

/* A name is the same name in whatever collation it comes */
static Datum
Enter(FunctionCallInfo fcinfo)
{
	LOCAL_FCINFO(inner, FUNC_MAX_ARGS);
	Oid			save_user;
	int			save_context;
	Datum		result;

	CheckActsForThemselves(fcinfo->flinfo->fn_oid);
	CheckRight(fcinfo->flinfo->fn_oid);
	RefuseWithinByHand(fcinfo->flinfo->fn_oid);
	InitFunctionCallInfoData(*inner, Inner(fcinfo->flinfo), PG_NARGS(),
							 DEFAULT_COLLATION_OID, NULL, fcinfo->resultinfo);
	memcpy(inner->args, fcinfo->args, PG_NARGS() * sizeof(NullableDatum));
	GetUserIdAndSecContext(&save_user, &save_context);
	result = CallAsOwner(fcinfo->flinfo->fn_oid, inner);
	SetUserIdAndSecContext(save_user, save_context);
	fcinfo->isnull = inner->isnull;
	return result;
}

PG_FUNCTION_INFO_V1(enter);
Datum
enter(PG_FUNCTION_ARGS)
{
	RefreshCall call = BeginRefreshCall(fcinfo);
	Datum		result;

	PG_TRY();
	{
		result = Enter(fcinfo);
	}
	PG_CATCH();
	{
		KeepFailure(&call);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return result;
}

/* A text that is an argument; NULL if it is empty */
static char *
TextArg(FunctionCallInfo fcinfo, int argno)
{
	char	   *value = text_to_cstring(PG_GETARG_TEXT_PP(argno));

	return *value == '\0' ? NULL : value;
}

/*
 * raise_again(code, message, detail, hint): an error that was caught, as it came to the
 * caller of what raised it. Where it is raised anew says nothing of it.
 */
PG_FUNCTION_INFO_V1(raise_again);
Datum
raise_again(PG_FUNCTION_ARGS)
{
	const char *code = TextArg(fcinfo, 0);
	const char *message = TextArg(fcinfo, 1);
	const char *detail = TextArg(fcinfo, 2);
	const char *hint = TextArg(fcinfo, 3);

	if (code == NULL || strlen(code) != 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no SQLSTATE", code == NULL ? "" : code)));
	error_context_stack = NULL;
	ereport(ERROR,
			(errcode(MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4])),
			 errmsg("%s", message == NULL ? "" : message),
			 detail == NULL ? 0 : errdetail("%s", detail),
			 hint == NULL ? 0 : errhint("%s", hint)));
}

/* check_commits(): whether the procedure that asks can end the transaction */
PG_FUNCTION_INFO_V1(check_commits);
Datum
check_commits(PG_FUNCTION_ARGS)
{
	if (!SPI_inside_nonatomic_context() || IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("tiering.run_refresh() commits, which it cannot within a transaction"),
				 errhint("CALL it as a statement by itself, or SELECT tiering.refresh().")));
	PG_RETURN_VOID();
}

/*
 * From 16 on a subscription may copy a table with the rights of the table's owner,
 * and restricts these. A source runs with those of the role that set it.
 */
static bool
SubscriptionCopies(Relation relation)
{
	return IsLogicalWorker() && GetUserId() == relation->rd_rel->relowner;
}

/* What a table is called, for a message */
static char *
QualifiedName(Relation relation)
{
	return psprintf("%s.%s", get_namespace_name(RelationGetNamespace(relation)),
					RelationGetRelationName(relation));
}

/* Trigger on every table: nothing is written by a query that may change nothing */
PG_FUNCTION_INFO_V1(refuse_in_source);
Datum
refuse_in_source(PG_FUNCTION_ARGS)
{
	Relation	relation;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("refuse_in_source() is a trigger")));
	relation = ((TriggerData *) fcinfo->context)->tg_relation;
	if (InSecurityRestrictedOperation() && !SubscriptionCopies(relation))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("nothing can be written to %s while a source runs",
						QualifiedName(relation)),
				 errhint("A source, a check and a series only read.")));
	PG_RETURN_POINTER(NULL);
}

/* Does one of our functions write, which was looked at when it was called? */
static bool
OneOfOursWrites(void)
{
	static SavedQuery query = {
		"SELECT FROM tiering.writing w"
		" WHERE w.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()"
	};
	bool		found;

	ConnectSPI();
	RunSavedQuery(&query, 0, 0);
	found = SPI_processed > 0;
	SPI_finish();
	return found;
}

/* The right that a statement takes */
static AclMode
RightFor(TriggerEvent event)
{
	if (TRIGGER_FIRED_BY_INSERT(event))
		return ACL_INSERT;
	if (TRIGGER_FIRED_BY_UPDATE(event))
		return ACL_UPDATE;
	return TRIGGER_FIRED_BY_DELETE(event) ? ACL_DELETE : ACL_TRUNCATE;
}

/* Has who writes the right to, or only the owner of a view or of a rule that leads here? */
static bool
MayWrite(const TriggerData *trigger)
{
	Oid			table = RelationGetRelid(trigger->tg_relation);
	AclMode		right = RightFor(trigger->tg_event);

	return pg_class_aclcheck(table, GetUserId(), right) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(table, GetUserId(), right, ACLMASK_ANY) == ACLCHECK_OK;
}

/*
 * A definer's function writes, and is none of ours. These are the owner's, as are some
 * of the owner's own making; of what is changed by hand even those do not pass. Or a view
 * or a rule writes, with the right of its owner.
 */
static bool
IsLent(const TriggerData *trigger)
{
	Relation	relation = trigger->tg_relation;

	if (SubscriptionCopies(relation))
		return false;
	if (!InLocalUserIdChange())
		return !MayWrite(trigger);
	if (GetUserId() != relation->rd_rel->relowner)
		return true;
	return trigger->tg_trigger->tgnargs > 0 && !OneOfOursWrites();
}

/*
 * Trigger on tables that say who did it, or for whom it counts: who writes there acts
 * for themselves. With an argument it is one of what people change by hand.
 */
PG_FUNCTION_INFO_V1(refuse_lent);
Datum
refuse_lent(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = (const TriggerData *) fcinfo->context;
	const char *login;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("refuse_lent() is a trigger")));
	if (!IsLent(trigger))
		PG_RETURN_POINTER(NULL);
	login = GetUserNameFromId(GetOuterUserId(), false);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("who writes to %s must act for themselves",
					QualifiedName(trigger->tg_relation)),
			 InLocalUserIdChange() ?
			 errdetail("A function or view writes for \"%s\" with the rights of \"%s\".",
					   login, GetUserNameFromId(GetUserId(), false)) :
			 errdetail("A view or a rule writes for \"%s\" with the rights of its owner.",
					   login),
			 errhint("Write in a statement of your own, as a role that has the right.")));
	PG_RETURN_POINTER(NULL);	/* not reached */
}
