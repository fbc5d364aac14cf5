/*
 * result_rows.h
 *		The rows of a function that is read in FROM.
 */
#ifndef TIERING_RESULT_ROWS_H
#define TIERING_RESULT_ROWS_H

#include "fmgr.h"
#include "access/tupdesc.h"
#include "utils/tuplestore.h"

extern Tuplestorestate *ResultRowsBegin(FunctionCallInfo fcinfo, const char *what,
										int columns, TupleDesc *desc);

#endif							/* TIERING_RESULT_ROWS_H */
