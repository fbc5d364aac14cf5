/*
 * series_build.h
 *		A daily_series from balances each of which adds to the total on some days.
 */
#ifndef TIERING_SERIES_BUILD_H
#define TIERING_SERIES_BUILD_H

#include "series.h"

typedef struct SeriesState SeriesState;

extern SeriesState *SeriesStateCreate(MemoryContext context, int dscale);
extern SeriesState *SeriesStateAdd(SeriesState *state, Scaled number,
								   DateADT from, DateADT to);
extern struct varlena *SeriesStateSum(const SeriesState *state);

#endif							/* TIERING_SERIES_BUILD_H */
