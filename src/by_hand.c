/*
 * by_hand.c
 *		The statement that changes customers by hand, while it is open.
 *
 * Its moves are recorded at its end, when all of its rows are known. What it calls
 * meanwhile, in RETURNING or in a row's trigger, would find customers whose moves are not
 * there. So nothing of ours that writes is called within it, nor another such statement.
 *
 * It locks customers' rows one by one, and is told at its end whether it has the turn of
 * the scheme. Whoever has it meanwhile may come to those rows, too, in another order. If
 * both waited it would be a deadlock, of which the night may be the victim. So a change by
 * hand hardly waits for a row: whoever has that most likely has the turn, and it would be
 * refused all the same.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "by_hand.h"

/* In milliseconds; much less than any deadlock_timeout, after which one is looked for */
#define BY_HAND		10

/*
 * The statement, by the memory of its executor, which all of its triggers have in common.
 * Several begin and end in one statement: ON CONFLICT, MERGE, and WITH have some.
 */
static struct
{
	MemoryContext executor;		/* NULL: none is open */
	SubTransactionId subtransaction;
	int			begun;			/* and not ended */
	int			lock_timeout;	/* of before, if it was changed */
	bool		limited;
}			statement;

static void
SetLockTimeout(int milliseconds)
{
	char		value[16];

	snprintf(value, sizeof(value), "%d", milliseconds);
	(void) set_config_option("lock_timeout", value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
}

/* One that failed is over, and its setting goes back with its transaction */
static void
ForgetFailed(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		statement.executor = NULL;
}

static void
ForgetFailedPart(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && statement.subtransaction >= mine)
		statement.executor = NULL;
}

static void
Begin(MemoryContext executor)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(ForgetFailed, NULL);
		RegisterSubXactCallback(ForgetFailedPart, NULL);
		registered = true;
	}
	statement.executor = executor;
	statement.subtransaction = GetCurrentSubTransactionId();
	statement.begun = 0;
	statement.limited = LockTimeout == 0 || LockTimeout > BY_HAND;
	if (statement.limited)
	{
		statement.lock_timeout = LockTimeout;
		SetLockTimeout(BY_HAND);
	}
}

static void
End(void)
{
	statement.executor = NULL;
	if (statement.limited)
		SetLockTimeout(statement.lock_timeout);
}

/*
 * Trigger before and after a statement on assignment: in between it waits no longer than
 * BY_HAND for a lock. Our own functions write as the owner and have the turn.
 */
PG_FUNCTION_INFO_V1(limit_waiting);
Datum
limit_waiting(PG_FUNCTION_ARGS)
{
	MemoryContext executor = fcinfo->flinfo->fn_mcxt;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("limit_waiting() is a trigger")));
	if (InLocalUserIdChange())
		PG_RETURN_POINTER(NULL);
	if (TRIGGER_FIRED_AFTER(((TriggerData *) fcinfo->context)->tg_event))
	{
		if (statement.executor == executor && --statement.begun == 0)
			End();
		PG_RETURN_POINTER(NULL);
	}
	if (statement.executor == NULL)
		Begin(executor);
	else if (statement.executor != executor)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("customers cannot be changed by hand within a statement that changes some"),
				 errhint("Change them in a statement of their own, after this one.")));
	statement.begun++;
	PG_RETURN_POINTER(NULL);
}

/* What writes, and is called by people, is not called within such a statement */
void
RefuseWithinByHand(Oid function)
{
	if (statement.executor != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("tiering.%s() cannot be called within a statement that changes customers "
						"by hand", get_func_name(function)),
				 errhint("Call it in a statement of its own, after this one.")));
}

/* Is the statement one of several in a transaction, which keeps what each has locked? */
PG_FUNCTION_INFO_V1(in_block);
Datum
in_block(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(IsTransactionBlock());
}
