/*
 * measure_part.h
 *		In which part of all amounts a measure lies, that bounds cut them into.
 */
#ifndef TIERING_MEASURE_PART_H
#define TIERING_MEASURE_PART_H

#include "utils/array.h"

#include "decimal.h"

typedef struct MeasureEdges
{
	int			count;
	Datum	   *edges;			/* numerics, ascending */
	DecimalKey *keys;			/* of them; DECIMAL_KEY_NULL: not of a number */
} MeasureEdges;

extern MeasureEdges *MeasureEdgesRead(ArrayType *edges, MemoryContext context);
extern int	MeasurePart(const MeasureEdges *all, Datum measure);

#endif							/* TIERING_MEASURE_PART_H */
