/*
 * read_under.h
 *		What a call site has read of our tables, and under what.
 *
 * A call site may outlive its statement: PL/pgSQL keeps the state of simple
 * expressions for a whole transaction. Hence what is kept counts only while the
 * active snapshot is the one that it was read under, or a copy of it, and not when
 * it knows other transactions as running, or our own command counter or
 * subtransaction has moved on. Nor when somebody else reads, who may have other
 * rights.
 */
#ifndef TIERING_READ_UNDER_H
#define TIERING_READ_UNDER_H

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

typedef struct ReadUnder
{
	SnapshotData snapshot;
	SubTransactionId subxact;
	Oid			reader;			/* with whose rights */
} ReadUnder;

extern void ReadUnderNow(ReadUnder *under, MemoryContext context);

static inline bool
SameXids(const TransactionId *a, const TransactionId *b, int count)
{
	return count == 0 || memcmp(a, b, count * sizeof(TransactionId)) == 0;
}

/*
 * How many subtransactions a snapshot lists. If there were more than it has room for,
 * it looks at the transactions that they belong to, and a copy of it has no list but
 * their number still. On a replica the list is of all transactions, and is kept.
 */
static inline int
ListedSubxids(const SnapshotData *snapshot)
{
	return snapshot->suboverflowed && !snapshot->takenDuringRecovery ? 0 :
		snapshot->subxcnt;
}

/* Do two snapshots of this transaction see the same? */
static inline bool
SameSnapshot(const SnapshotData *a, const SnapshotData *b)
{
	return a->curcid == b->curcid && a->xmin == b->xmin &&
		a->xmax == b->xmax && a->xcnt == b->xcnt &&
		a->suboverflowed == b->suboverflowed &&
		a->takenDuringRecovery == b->takenDuringRecovery &&
		ListedSubxids(a) == ListedSubxids(b) &&
		SameXids(a->xip, b->xip, a->xcnt) &&
		SameXids(a->subxip, b->subxip, ListedSubxids(a));
}

/* Would it be read the same now? */
static inline bool
IsReadUnder(const ReadUnder *under)
{
	return under->reader == GetUserId() &&
		under->subxact == GetCurrentSubTransactionId() &&
		SameSnapshot(&under->snapshot, GetActiveSnapshot());
}

#endif							/* TIERING_READ_UNDER_H */
