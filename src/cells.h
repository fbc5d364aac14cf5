/*
 * cells.h
 *		Customers of an assessment, counted by where they were and where they are.
 */
#ifndef TIERING_CELLS_H
#define TIERING_CELLS_H

#include "decide.h"
#include "measure_part.h"

typedef struct Cells Cells;

/* A customer, as they are counted */
typedef struct Counted
{
	bool		gone;
	NullableDatum current_tier;
	NullableDatum current_version;
	NullableDatum measure;
	bool		rewrite;
	bool		due;
} Counted;

extern Cells *CellsCreate(const Decider *decider, const MeasureEdges *edges);
extern void CellsCount(Cells *cells, const Counted *customer);
extern Datum CellsNext(Cells *cells, TupleDesc columns);

#endif							/* TIERING_CELLS_H */
