/*
 * scaled.c
 *		The parts of scaled.h that are not worth inlining. What divides 128
 *		bits must not be: see decimal.h.
 */
#include "postgres.h"

#include "scaled.h"

const int64 ScaledPower[SCALED_DIGITS + 1] = {
	INT64CONST(1),
	INT64CONST(10),
	INT64CONST(100),
	INT64CONST(1000),
	INT64CONST(10000),
	INT64CONST(100000),
	INT64CONST(1000000),
	INT64CONST(10000000),
	INT64CONST(100000000),
	INT64CONST(1000000000),
	INT64CONST(10000000000),
	INT64CONST(100000000000),
	INT64CONST(1000000000000),
	INT64CONST(10000000000000),
	INT64CONST(100000000000000),
	INT64CONST(1000000000000000),
	INT64CONST(10000000000000000),
	INT64CONST(100000000000000000),
	INT64CONST(1000000000000000000)
};

/* Write a wider number at the smallest scale that it needs; does it fit? */
pg_noinline bool
ScaledFromWide(int128 units, int scale, Scaled *result)
{
	while (scale > 0 && units % 10 == 0)
	{
		units /= 10;
		scale--;
	}
	if (scale > SCALED_DIGITS || units < -SCALED_LIMIT || units > SCALED_LIMIT)
		return false;
	result->units = (int64) units;
	result->scale = scale;
	return true;
}

/* The same of a number too wide for a Decimal */
bool
ScaledFromDigits(const DecimalView *view, Scaled *result)
{
	int			whole = view->weight + 1;
	int			fraction = Max(view->ndigits - whole, 0);
	int128		units = 0;

	/* 18 digits lie in six digits of 10000 at most, wherever the point is */
	if (whole > 5 || fraction > 5 || view->ndigits > 6)
		return false;
	for (int i = 0; i < Max(view->ndigits, whole + fraction); i++)
		units = units * DECIMAL_BASE +
			(i < view->ndigits ? DecimalDigit(view, i) : 0);
	return ScaledFromWide(view->negative ? -units : units,
						  fraction * DECIMAL_BASE_DIGITS, result);
}

/*
 * The smallest whole number of 10^-scale that is not below a number of any
 * size; 10^36 stands for all beyond it.
 */
pg_noinline int128
ScaledCeiling(const DecimalView *view, int scale)
{
	const int128 end = (int128) ScaledPower[SCALED_DIGITS] *
		ScaledPower[SCALED_DIGITS];
	int			fraction = (scale + DECIMAL_BASE_DIGITS - 1) /
		DECIMAL_BASE_DIGITS;
	int64		step = ScaledPower[fraction * DECIMAL_BASE_DIGITS - scale];
	int			kept = Max(view->weight + 1 + fraction, 0);
	int128		units = 0;
	bool		rest = view->ndigits > kept;

	Assert(scale <= SCALED_DIGITS);
	for (int i = 0; view->ndigits > 0 && i < kept; i++)
	{
		if (units >= end / DECIMAL_BASE)
			return view->negative ? -end : end;
		units = units * DECIMAL_BASE +
			(i < view->ndigits ? DecimalDigit(view, i) : 0);
	}
	rest = rest || units % step != 0;
	units /= step;
	if (view->negative)
		return -units;
	return units + (rest ? 1 : 0);
}

/* Drop so many decimals, rounding half away from zero */
pg_noinline int128
ScaledRound(int128 units, int digits)
{
	uint128		magnitude = units < 0 ? -(uint128) units : (uint128) units;
	uint128		divisor = ScaledPower[Min(digits, SCALED_DIGITS)];

	Assert(digits <= 2 * SCALED_DIGITS);
	if (digits > SCALED_DIGITS)
		divisor *= ScaledPower[digits - SCALED_DIGITS];
	if (magnitude <= PG_UINT64_MAX / 2 && divisor <= PG_UINT64_MAX / 2)
		magnitude = ((uint64) magnitude + (uint64) divisor / 2) /
			(uint64) divisor;
	else
		magnitude = (magnitude + divisor / 2) / divisor;
	return units < 0 ? -(int128) magnitude : (int128) magnitude;
}

/* dividend / divisor, rounded towards zero */
pg_noinline int128
ScaledQuotient(int128 dividend, int128 divisor)
{
	return dividend / divisor;
}

/* units x 10^-scale; the product with a power below 10000 must fit 128 bits */
Numeric
ScaledToNumeric(int128 units, int scale, int dscale)
{
	int			fraction = (scale + DECIMAL_BASE_DIGITS - 1) /
		DECIMAL_BASE_DIGITS;

	return DecimalToNumeric(units *
							ScaledPower[fraction * DECIMAL_BASE_DIGITS - scale],
							fraction, dscale);
}
