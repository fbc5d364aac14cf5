/*
 * row.h
 *		A composite value taken apart.
 */
#ifndef TIERING_ROW_H
#define TIERING_ROW_H

#include "access/htup.h"
#include "access/tupdesc.h"

extern void RowDeform(HeapTupleHeader row, TupleDesc columns,
					  Datum *values, bool *nulls);

#endif							/* TIERING_ROW_H */
