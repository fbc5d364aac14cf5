/*
 * scaled.h
 *		Numbers of at most 18 digits in all: units x 10^-scale.
 *
 * A Decimal (decimal.h) counts in digits of 10000, as numerics are stored; a
 * Scaled counts in decimals, so that cents take no more bits than cents need.
 * One number can be written at several scales; what does not fit at the scale
 * it comes with is written at the smallest, and only what does not fit there
 * is refused. So whether a number fits depends on its value alone.
 */
#ifndef TIERING_SCALED_H
#define TIERING_SCALED_H

#include "decimal.h"

#define SCALED_DIGITS		18
#define SCALED_LIMIT		INT64CONST(999999999999999999)

typedef struct Scaled
{
	int64		units;			/* within SCALED_LIMIT */
	int			scale;			/* decimals of units, 0 to SCALED_DIGITS */
} Scaled;

extern const int64 ScaledPower[SCALED_DIGITS + 1];

extern bool ScaledFromWide(int128 units, int scale, Scaled *result);
extern bool ScaledFromDigits(const DecimalView *view, Scaled *result);
extern int128 ScaledCeiling(const DecimalView *view, int scale);
extern int128 ScaledRound(int128 units, int digits);
extern int128 ScaledQuotient(int128 dividend, int128 divisor);
extern Numeric ScaledToNumeric(int128 units, int scale, int dscale);

static inline bool
ScaledFits(int64 units)
{
	return units >= -SCALED_LIMIT && units <= SCALED_LIMIT;
}

/*
 * The number in a view, at a scale of at most the decimals that it shows.
 * False if it does not fit.
 */
static inline bool
ScaledFromView(const DecimalView *view, Scaled *result)
{
	Decimal		decimal;

	if (!DecimalFromView(view, &decimal))
		return ScaledFromDigits(view, result);
	result->scale = decimal.fraction * DECIMAL_BASE_DIGITS;
	result->units = decimal.units;
	switch (result->scale - view->dscale)
	{
		case 1:
			result->units /= 10;
			break;
		case 2:
			result->units /= 100;
			break;
		case 3:
			result->units /= 1000;
			break;
	}
	result->scale = Min(result->scale, view->dscale);
	if (!ScaledFits(result->units))
		return ScaledFromWide(result->units, result->scale, result);
	return true;
}

#endif							/* TIERING_SCALED_H */
