/*
 * saved_query.h
 *		Queries about our own tables, planned once for the session.
 */
#ifndef TIERING_SAVED_QUERY_H
#define TIERING_SAVED_QUERY_H

#include "executor/spi.h"

typedef struct SavedQuery
{
	const char *text;
	int			nargs;			/* none to 2 */
	Oid			types[2];
	SPIPlanPtr	plan;			/* kept for the session */
} SavedQuery;

extern void ConnectSPI(void);
extern void RunSavedQuery(SavedQuery *query, Datum first, Datum second);
extern void ReadRows(const char *query, int nargs, const Oid *types,
					 const NullableDatum *values, DestReceiver *receiver);
extern Datum ResultValue(uint64 row, int column, bool *isnull);
extern char *ResultText(uint64 row, int column, MemoryContext context);

#endif							/* TIERING_SAVED_QUERY_H */
