/*
 * decimal.c
 *		The parts of decimal.h that are not worth inlining.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "decimal.h"

/* Base-10000 digits of which a key has any: 9999.. with 9 digits < 2^120 */
#define DECIMAL_KEY_DIGITS	9

/*
 * The key of a number of any size. One too large for a key gets the last one
 * before DECIMAL_KEY_MAX, which is beyond every bound that can exist but, as
 * any number, below a missing one.
 */
DecimalKey
DecimalKeyWide(const DecimalView *view)
{
	int			kept = Max(view->weight + 1 + DECIMAL_KEY_FRACTION, 0);
	DecimalKey	key = 0;

	if (view->ndigits > 0 && kept > DECIMAL_KEY_DIGITS)
		key = DECIMAL_KEY_MAX - 1;
	else
	{
		for (int i = 0; view->ndigits > 0 && i < kept; i++)
			key = key * DECIMAL_BASE +
				(i < view->ndigits ? DecimalDigit(view, i) : 0);
		key = 2 * key + (view->ndigits > kept ? 1 : 0);
	}
	return view->negative ? -key : key;
}

DecimalKey
DecimalKeyFromInt64(int64 value)
{
	return DECIMAL_KEY_ONE * value;
}

/* Divide a number of four 32-bit limbs by 10000; return the remainder */
static int
DivideByBase(uint32 *limbs)
{
	uint64		rest = 0;

	for (int i = 3; i >= 0; i--)
	{
		rest = (rest << 32) | limbs[i];
		limbs[i] = (uint32) (rest / DECIMAL_BASE);
		rest %= DECIMAL_BASE;
	}
	return (int) rest;
}

/* Split a magnitude into base-10000 digits, least first; return how many */
static int
SplitDigits(uint128 magnitude, int16 *digits)
{
	uint32		limbs[4];
	uint64		low;
	int			n = 0;

	for (int i = 0; i < 4; i++)
		limbs[i] = (uint32) (magnitude >> (32 * i));
	while (limbs[3] != 0 || limbs[2] != 0)
		digits[n++] = DivideByBase(limbs);
	for (low = ((uint64) limbs[1] << 32) | limbs[0]; low != 0;
		 low /= DECIMAL_BASE)
		digits[n++] = low % DECIMAL_BASE;
	return n;
}

/* Room for a numeric, whichever header it has */
#define NUMERIC_SIZE(ndigits) \
	(VARHDRSZ + 2 * sizeof(uint16) + (ndigits) * sizeof(int16))

/* Where its digits lie behind a short header */
#define SHORT_DIGITS(numeric) \
	((int16 *) ((numeric) + VARHDRSZ + sizeof(uint16)))

/*
 * A numeric from its digits, most significant first, which may lie in it. Zeros
 * at either end are dropped, and the header is the short one wherever that has
 * the room, as core would write it.
 */
static Numeric
FillNumeric(char *result, const int16 *digits, int ndigits, int weight,
			int dscale, bool negative)
{
	uint16		header[2];
	Size		header_size;
	Size		size;

	for (; ndigits > 0 && digits[0] == 0; digits++, ndigits--)
		weight--;
	while (ndigits > 0 && digits[ndigits - 1] == 0)
		ndigits--;
	if (ndigits == 0)
	{
		weight = 0;
		negative = false;
	}
	Assert(dscale >= 0 && dscale <= DECIMAL_LONG_DSCALE);
	if (dscale <= DECIMAL_SHORT_DSCALE >> DECIMAL_SHORT_SHIFT &&
		weight >= -DECIMAL_SHORT_WSIGN && weight < DECIMAL_SHORT_WSIGN)
	{
		header[0] = DECIMAL_KIND_SHORT | (dscale << DECIMAL_SHORT_SHIFT) |
			(negative ? DECIMAL_SHORT_NEGATIVE : 0) |
			(weight & (DECIMAL_SHORT_WSIGN | DECIMAL_SHORT_WEIGHT));
		header_size = sizeof(uint16);
	}
	else
	{
		header[0] = dscale | (negative ? DECIMAL_KIND_NEGATIVE : 0);
		header[1] = (uint16) weight;
		header_size = 2 * sizeof(uint16);
	}
	size = VARHDRSZ + header_size + ndigits * sizeof(int16);
	if ((const char *) digits != result + VARHDRSZ + header_size)
		memmove(result + VARHDRSZ + header_size, digits,
				ndigits * sizeof(int16));
	SET_VARSIZE(result, size);
	memcpy(result + VARHDRSZ, header, header_size);
	return (Numeric) result;
}

/* Base-10000 digits of 2^127, which has 39 decimals */
#define MAX_DIGITS	10

/* The digits of a number, most significant first; return how many */
static int
LeadingDigits(int128 units, int16 *digits)
{
	int16		reversed[MAX_DIGITS];
	int			ndigits = SplitDigits(units < 0 ? -(uint128) units :
									  (uint128) units, reversed);

	for (int i = 0; i < ndigits; i++)
		digits[i] = reversed[ndigits - 1 - i];
	return ndigits;
}

/*
 * units x 10000^-fraction as a numeric that shows dscale decimals, which must
 * be enough for all that are there.
 */
Numeric
DecimalToNumeric(int128 units, int fraction, int dscale)
{
	int16		digits[MAX_DIGITS];
	int			ndigits = LeadingDigits(units, digits);

	return FillNumeric(palloc(NUMERIC_SIZE(ndigits)), digits, ndigits,
					   ndigits - 1 - fraction, dscale, units < 0);
}

/* 10000^k, of which a 64-bit number has five digits at most */
static const uint64 BasePower[] = {
	UINT64CONST(1),
	UINT64CONST(10000),
	UINT64CONST(100000000),
	UINT64CONST(1000000000000),
	UINT64CONST(10000000000000000)
};

/* Base-10000 digits of a number; no branch to mispredict */
static inline int
CountDigits(uint64 number)
{
	return (number != 0) + (number >= BasePower[1]) +
		(number >= BasePower[2]) + (number >= BasePower[3]) +
		(number >= BasePower[4]);
}

/*
 * The decimals that core's division of a number by a whole one shows: 16
 * significant digits at least, and those of the dividend (numeric.c,
 * "select_div_scale"). It compares the first digits of both; for those of the
 * dividend, a product tells the same as the quotient, and sooner.
 */
static int
QuotientScale(uint64 whole, int count, int weight, int dscale, uint32 divisor)
{
	int			significant = 16;
	int			lowered = weight;
	uint64		next;

	for (; divisor >= DECIMAL_BASE; divisor /= DECIMAL_BASE)
		lowered--;
	if (__builtin_mul_overflow((uint64) divisor + 1,
							   BasePower[Max(count - 1, 0)], &next) ||
		whole < next)
		lowered--;
	return Max(significant - lowered * DECIMAL_BASE_DIGITS, dscale);
}

/* Decimals that the quick division has room for, and digits of its result */
#define MAX_QUOTIENT_SCALE	60
#define QUOTIENT_DIGITS		(1 + 5 + MAX_QUOTIENT_SCALE / DECIMAL_BASE_DIGITS + 4)

/*
 * Round digits half away from zero, so many decimals behind the point; last is
 * the last one that has any of them, and another follows it.
 */
static void
RoundDigits(int16 *digits, int last, int decimals)
{
	static const int16 powers[] = {10000, 1000, 100, 10};
	int			power = powers[decimals % DECIMAL_BASE_DIGITS];

	if (power == DECIMAL_BASE)
		digits[last] += digits[last + 1] >= DECIMAL_BASE / 2 ? 1 : 0;
	else
	{
		int			dropped = digits[last] % power;

		digits[last] += (dropped >= power / 2 ? power : 0) - dropped;
	}
	for (; digits[last] >= DECIMAL_BASE; last--)
	{
		digits[last] -= DECIMAL_BASE;
		digits[last - 1]++;
	}
}

/* A divisor so small that 10^16 times a rest of it is below 2^64 */
#define MAX_QUICK_DIVISOR	1844

/*
 * Digits of a rest over its divisor: all that are wanted, and up to four more.
 * Each division gives two of them, or four where the divisor is small, as the
 * days of a period mostly are.
 */
static void
FractionDigits(uint64 rest, uint64 divisor, int wanted, int16 *digits)
{
	const uint64 two = DECIMAL_BASE * DECIMAL_BASE;

	for (int i = 0; i < wanted; i += 4)
	{
		uint32		high;
		uint32		low;

		if (divisor <= MAX_QUICK_DIVISOR)
		{
			uint64		four = rest * (two * two) / divisor;

			rest = rest * (two * two) - four * divisor;
			high = (uint32) (four / two);
			low = (uint32) (four % two);
		}
		else
		{
			high = (uint32) (rest * two / divisor);
			rest = rest * two - high * divisor;
			low = (uint32) (rest * two / divisor);
			rest = rest * two - low * divisor;
		}
		digits[i] = (int16) (high / DECIMAL_BASE);
		digits[i + 1] = (int16) (high % DECIMAL_BASE);
		digits[i + 2] = (int16) (low / DECIMAL_BASE);
		digits[i + 3] = (int16) (low % DECIMAL_BASE);
	}
}

/*
 * The same number over a whole one, rounded as core's division rounds it and
 * with as many decimals. One 64-bit division gives all digits that the number
 * has, and the next ones those behind, which costs a fraction of what core's
 * division does. NULL if it has to be core's.
 */
Numeric
DecimalDivide(int128 units, int fraction, int dscale, int64 divisor)
{
	uint128		magnitude = units < 0 ? -(uint128) units : (uint128) units;
	uint64		whole = (uint64) magnitude;
	char	   *result;
	int16	   *digits;
	int			count;
	int			weight;
	int			scale;
	int			wanted;
	uint64		quotient;

	if (divisor <= 0 || divisor > PG_INT32_MAX || magnitude > PG_UINT64_MAX)
		return NULL;
	count = CountDigits(whole);
	weight = count == 0 ? 0 : count - 1 - fraction;
	scale = QuotientScale(whole, count, weight, dscale, (uint32) divisor);
	wanted = (scale + DECIMAL_BASE_DIGITS - 1) / DECIMAL_BASE_DIGITS;
	if (scale > MAX_QUOTIENT_SCALE || wanted < fraction)
		return NULL;
	/* digits are written where they stay if nothing is carried before them */
	result = palloc(NUMERIC_SIZE(QUOTIENT_DIGITS));
	digits = SHORT_DIGITS(result) - 1;
	/* a zero for what is carried, and the digits down to those of the number */
	quotient = whole / (uint64) divisor;
	count = CountDigits(quotient);
	weight = count - fraction;
	digits[0] = 0;
	for (uint64 left = quotient; count > 0; left /= DECIMAL_BASE)
		digits[count--] = (int16) (left % DECIMAL_BASE);
	/* and those behind, one at least to round by */
	FractionDigits(whole - quotient * (uint64) divisor, (uint64) divisor,
				   wanted - fraction + 1, digits + 1 + weight + fraction);
	/* the last digit shown lies wanted digits behind the point */
	RoundDigits(digits, weight + wanted, scale);
	return FillNumeric(result, digits, weight + wanted + 1, weight, scale,
					   units < 0);
}

/* Complain of a number that is not finite */
void
DecimalRefuse(struct varlena *value, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s must be a finite number, not %s", what,
					DatumGetCString(DirectFunctionCall1(numeric_out,
														PointerGetDatum(value))))));
}
