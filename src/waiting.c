/*
 * waiting.c
 *		Who may keep others waiting, and for how long.
 *
 * A statement that changes customers by hand locks their rows one by one, and is told
 * at its end whether it has the turn of the scheme. Whoever has it meanwhile may come
 * to those rows, too, in another order. If both waited it would be a deadlock, of which
 * the night may be the victim. So a change by hand hardly waits for a row: whoever has
 * that most likely has the turn, and it would be refused all the same.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/guc.h"

/* In milliseconds; much less than any deadlock_timeout, after which one is looked for */
#define BY_HAND		10

static void
SetLockTimeout(int milliseconds)
{
	char		value[16];

	snprintf(value, sizeof(value), "%d", milliseconds);
	(void) set_config_option("lock_timeout", value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
}

/*
 * Trigger before and after a statement on assignment: in between it waits no longer than
 * BY_HAND for a lock. If the statement fails, the setting goes back with its transaction.
 * Our own functions write as the owner and have the turn.
 */
PG_FUNCTION_INFO_V1(limit_waiting);
Datum
limit_waiting(PG_FUNCTION_ARGS)
{
	static int	before;
	static bool limited;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("limit_waiting() is a trigger")));
	if (InLocalUserIdChange())
		PG_RETURN_POINTER(NULL);
	if (TRIGGER_FIRED_AFTER(((TriggerData *) fcinfo->context)->tg_event))
	{
		if (limited)
			SetLockTimeout(before);
		limited = false;
		PG_RETURN_POINTER(NULL);
	}
	limited = LockTimeout == 0 || LockTimeout > BY_HAND;
	if (limited)
	{
		before = LockTimeout;
		SetLockTimeout(BY_HAND);
	}
	PG_RETURN_POINTER(NULL);
}

/* Is the statement one of several in a transaction, which keeps what each has locked? */
PG_FUNCTION_INFO_V1(in_block);
Datum
in_block(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(IsTransactionBlock());
}
