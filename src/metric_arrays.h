/*
 * metric_arrays.h
 *		A customer's metrics as two arrays: names, and what they are.
 */
#ifndef TIERING_METRIC_ARRAYS_H
#define TIERING_METRIC_ARRAYS_H

#include "utils/array.h"

#include "scheme_cache.h"

extern void PointFromArrays(const CachedScheme *cached, ArrayType *names,
							ArrayType *amounts, Datum *given);
extern Datum CutBoundDatum(DecimalKey cut);

#endif							/* TIERING_METRIC_ARRAYS_H */
