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
	int			nargs;			/* 1 or 2 */
	Oid			types[2];
	SPIPlanPtr	plan;			/* kept for the session */
} SavedQuery;

extern void ConnectSPI(void);
extern void RunSavedQuery(SavedQuery *query, Datum first, Datum second);
extern Datum Cell(uint64 row, int column, bool *isnull);
extern char *CellText(uint64 row, int column, MemoryContext context);

#endif							/* TIERING_SAVED_QUERY_H */
