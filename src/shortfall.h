/*
 * shortfall.h
 *		What a customer lacks to a higher tier.
 */
#ifndef TIERING_SHORTFALL_H
#define TIERING_SHORTFALL_H

#include "scheme.h"

/* Not known, or in per cent of 0: more than any that is known */
#define COST_UNKNOWN	PG_INT64_MAX

/* One metric that has to change: to the cut, or to just below it */
typedef struct Lack
{
	int			metric;
	DecimalKey	cut;			/* KEY_MIN: it has to be known, no matter what it is */
	bool		rises;			/* false: below the cut */
	int64		cost;			/* distance in 10^-4 per cent of the bound */
} Lack;

/* All that has to change for a rule; the dearest of it is what the rule costs */
typedef struct Way
{
	int			box;
	int64		above;			/* rank of the tier to the next of which it leads */
	int64		cost;
	int			count;			/* of lacks */
	Lack	   *lacks;
} Way;

typedef struct Shortfall Shortfall;

extern Shortfall *ShortfallCreate(const Scheme *scheme, const bool *actionable,
								  int64 within);
extern bool LeastToStay(const Scheme *scheme, DecimalKey *point, int metric,
						int64 held, DecimalKey *cut);
extern int	ShortfallFind(Shortfall *shortfall, const DecimalKey *point,
						  const Way **ways);

/* The bound that a cut stands for, in 10^-8 */
static inline int128
CutBound(DecimalKey cut)
{
	return cut >> 1;
}

/* Does the bound itself lie below the cut? A bound that is left out is a step further. */
static inline bool
IsBelowCut(DecimalKey cut)
{
	return (cut & 1) != 0;
}

#endif							/* TIERING_SHORTFALL_H */
