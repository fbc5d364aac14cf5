/*
 * decimal.c
 *		The parts of decimal.h that are not worth inlining.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "decimal.h"

/* Base-10000 digits of which a key holds any: 9999.. with 9 digits < 2^120 */
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

/*
 * units x 10000^-fraction as a numeric that shows dscale decimals, which must
 * be enough for all that are there. Written in the long form, which every
 * version reads and which has room for any weight and scale.
 */
Numeric
DecimalToNumeric(int128 units, int fraction, int dscale)
{
	int16		digits[10];		/* 2^127 has 39 decimals */
	int			ndigits = SplitDigits(units < 0 ? -(uint128) units :
									  (uint128) units, digits);
	int			first = 0;		/* trailing zeros are not stored */
	uint16		bits = dscale | (units < 0 ? DECIMAL_KIND_NEGATIVE : 0);
	int16		weight = ndigits > 0 ? ndigits - 1 - fraction : 0;
	Size		header = VARHDRSZ + sizeof(uint16) + sizeof(int16);
	Size		size;
	char	   *result;

	Assert(dscale >= 0 && dscale <= DECIMAL_LONG_DSCALE);
	while (first < ndigits && digits[first] == 0)
		first++;
	size = header + (ndigits - first) * sizeof(int16);
	result = palloc(size);
	SET_VARSIZE(result, size);
	memcpy(result + VARHDRSZ, &bits, sizeof(uint16));
	memcpy(result + VARHDRSZ + sizeof(uint16), &weight, sizeof(int16));
	for (int i = 0; i < ndigits - first; i++)
		memcpy(result + header + i * sizeof(int16),
			   &digits[ndigits - 1 - i], sizeof(int16));
	return (Numeric) result;
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
