/*
 * series_reach.h
 *		What an average lacks to reach a threshold, with the days that are left.
 */
#ifndef TIERING_SERIES_REACH_H
#define TIERING_SERIES_REACH_H

#include "utils/numeric.h"

#include "series.h"

typedef struct Reach
{
	int128		sum;			/* balance-days before first, in 10^-scale */
	Period		period;
	DateADT		first;			/* day from which on a balance counts */
	uint8		scale;
	uint8		dscale;			/* decimals shown */
} Reach;

extern bool ReachOpen(Reach *reach, const Series *series,
					  const Period *period, DateADT as_of);
extern Datum ReachBalance(const Reach *reach, Datum threshold, bool above);

#endif							/* TIERING_SERIES_REACH_H */
