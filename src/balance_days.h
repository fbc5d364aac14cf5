/*
 * balance_days.h
 *		The exact sum of balance x days over one period, in constant space.
 *
 * The sum is a 128-bit integer in units of 10000^-fraction. What does not fit,
 * a balance too wide or a sum that would overflow, goes to a numeric beside
 * it; the result is the sum of both, so it is the same whichever way a row
 * went.
 */
#ifndef TIERING_BALANCE_DAYS_H
#define TIERING_BALANCE_DAYS_H

#include "decimal.h"
#include "period.h"

typedef struct BalanceDays
{
	int128		sum;			/* in 10000^-fraction */
	Numeric		rest;			/* what did not fit in it, or NULL */
	Period		period;
	int16		fraction;		/* base-10000 digits behind the point */
	int16		dscale;			/* most decimals shown by any balance */
} BalanceDays;

/* 64 bytes as the allocator rounds them, 80 with its own header */
StaticAssertDecl(sizeof(BalanceDays) <= 64, "state of a group is too large");

/* x 10000^k stays within 128 bits where x is within this */
static const int128 BalanceDaysRoom[DECIMAL_MAX_FRACTION + 1] = {
	DECIMAL_KEY_MAX,
	DECIMAL_KEY_MAX / INT64CONST(10000),
	DECIMAL_KEY_MAX / INT64CONST(100000000),
	DECIMAL_KEY_MAX / INT64CONST(1000000000000),
	DECIMAL_KEY_MAX / INT64CONST(10000000000000000)
};
static const int64 BalanceDaysPower[DECIMAL_MAX_FRACTION + 1] = {
	INT64CONST(1),
	INT64CONST(10000),
	INT64CONST(100000000),
	INT64CONST(1000000000000),
	INT64CONST(10000000000000000)
};

/* Shift a number by so many base-10000 digits; false if it does not fit */
static inline bool
BalanceDaysShift(int128 *number, int digits)
{
	if (*number > BalanceDaysRoom[digits] || *number < -BalanceDaysRoom[digits])
		return false;
	*number *= BalanceDaysPower[digits];
	return true;
}

/* Add units of 10000^-fraction; false, and the sum unchanged, if they don't fit */
static inline bool
BalanceDaysAddUnits(BalanceDays *state, int128 units, int fraction)
{
	if (fraction < state->fraction)
	{
		if (!BalanceDaysShift(&units, state->fraction - fraction))
			return false;
	}
	else if (fraction > state->fraction)
	{
		if (!BalanceDaysShift(&state->sum, fraction - state->fraction))
			return false;
		state->fraction = fraction;
	}
	if (__builtin_add_overflow(state->sum, units, &units))
		return false;
	state->sum = units;
	return true;
}

extern BalanceDays *BalanceDaysCreate(MemoryContext context,
									  const Period *period);
extern void BalanceDaysAddWide(BalanceDays *state, MemoryContext context,
							   Numeric balance, int64 days);
extern void BalanceDaysMerge(BalanceDays *state, MemoryContext context,
							 const BalanceDays *other);
extern Numeric BalanceDaysTotal(const BalanceDays *state, int dscale);
extern Numeric BalanceDaysOver(const BalanceDays *state, int64 days);
extern Numeric BalanceDaysAverage(const BalanceDays *state);
extern void CheckSamePeriod(const Period *state, const Period *period);

/* Add a balance that stood for so many days; false if it has to go the wide way */
static inline bool
BalanceDaysAdd(BalanceDays *state, const DecimalView *view, int64 days)
{
	Decimal		decimal;

	if (view->dscale > state->dscale)
		state->dscale = view->dscale;
	return DecimalFromView(view, &decimal) &&
		BalanceDaysAddUnits(state, (int128) decimal.units * days,
							decimal.fraction);
}

#endif							/* TIERING_BALANCE_DAYS_H */
