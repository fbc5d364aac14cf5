/*
 * read_under.c
 *		The snapshot, subtransaction and role of now: see read_under.h.
 */
#include "postgres.h"

#include "read_under.h"

static TransactionId *
CopyXids(MemoryContext context, const TransactionId *xids, int count)
{
	Size		size = count * sizeof(TransactionId);

	if (count == 0)
		return NULL;
	return memcpy(MemoryContextAlloc(context, size), xids, size);
}

/* What is read from here on; a copy of the snapshot lies in the context */
void
ReadUnderNow(ReadUnder *under, MemoryContext context)
{
	Snapshot	snapshot = GetActiveSnapshot();

	under->snapshot = *snapshot;
	under->snapshot.xip = CopyXids(context, snapshot->xip, snapshot->xcnt);
	under->snapshot.subxip = CopyXids(context, snapshot->subxip,
									  ListedSubxids(snapshot));
	under->subxact = GetCurrentSubTransactionId();
	under->reader = GetUserId();
}
