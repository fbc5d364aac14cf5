/*
 * decimal.h
 *		The digits of a numeric, read where they are as integers.
 *
 * Core offers numeric arithmetic only function by function: each call copies
 * the value out, allocates its result, and costs more than all the rest of
 * what we do with a row. Money fits 64 bits nearly always, so we read the
 * stored digits ourselves. The stored form (numeric.c, "struct NumericChoice")
 * has been the same since 9.1, infinities since 14: a 16-bit header with sign,
 * display scale and weight, or one of 32 bits where those do not fit, and then
 * base-10000 digits, most significant first, without leading or trailing
 * zeros.
 *
 * Nothing here allocates. What hot code inlines avoids 128-bit division: it
 * is a call into the compiler's own library, which the JIT cannot resolve.
 */
#ifndef TIERING_DECIMAL_H
#define TIERING_DECIMAL_H

#include "utils/numeric.h"

#include "compat.h"

#define DECIMAL_BASE		10000	/* one stored digit is four decimals */
#define DECIMAL_BASE_DIGITS 4

/* A numeric taken apart, its digits left where they are */
typedef struct DecimalView
{
	const char *digits;			/* int16 each, perhaps not aligned */
	int			ndigits;
	int			weight;			/* the first digit counts 10000^weight */
	int			dscale;			/* decimals shown */
	bool		negative;
	bool		finite;			/* neither NaN nor an infinity */
} DecimalView;

/* A numeric that fits: units x 10000^-fraction */
typedef struct Decimal
{
	int64		units;
	int			fraction;		/* base-10000 digits behind the point */
} Decimal;

/* Digits behind the point that a Decimal or a sum of them may have */
#define DECIMAL_MAX_FRACTION 4

/*
 * Where a number lies among bounds: twice its value in units of 10^-8, rounded
 * down, plus one if anything was rounded off. Bounds have at most 8 decimals,
 * so that two keys compare with a bound exactly as the two numbers would, and
 * an open bound is a closed one a step further: x > b is key(x) >= key(b) + 1.
 */
typedef int128 DecimalKey;

#define DECIMAL_KEY_FRACTION	2	/* base-10000 digits kept: 8 decimals */
#define DECIMAL_KEY_ONE			((DecimalKey) 2 * DECIMAL_BASE * DECIMAL_BASE)

/* Missing bounds: every number's key is above the one and below the other */
#define DECIMAL_KEY_MAX			((DecimalKey) (~(uint128) 0 >> 1))
#define DECIMAL_KEY_MIN			(-DECIMAL_KEY_MAX)

/* No number has this key; it lies below every bound, even a missing one */
#define DECIMAL_KEY_NULL		(DECIMAL_KEY_MIN - 1)

extern DecimalKey DecimalKeyWide(const DecimalView *view);
extern DecimalKey DecimalKeyFromInt64(int64 value);
extern Numeric DecimalToNumeric(int128 units, int fraction, int dscale);
extern Numeric DecimalDivide(int128 units, int fraction, int dscale,
							 int64 divisor);
extern void DecimalRefuse(struct varlena *value, const char *what)
			pg_attribute_noreturn();

/* The stored header's bits, as in numeric.c */
#define DECIMAL_KIND_MASK		0xC000
#define DECIMAL_KIND_NEGATIVE	0x4000
#define DECIMAL_KIND_SHORT		0x8000
#define DECIMAL_KIND_SPECIAL	0xC000
#define DECIMAL_LONG_DSCALE		0x3FFF
#define DECIMAL_SHORT_NEGATIVE	0x2000
#define DECIMAL_SHORT_DSCALE	0x1F80
#define DECIMAL_SHORT_SHIFT		7
#define DECIMAL_SHORT_WSIGN		0x0040
#define DECIMAL_SHORT_WEIGHT	0x003F

static inline int16
DecimalDigit(const DecimalView *view, int i)
{
	int16		digit;

	memcpy(&digit, view->digits + i * sizeof(int16), sizeof(int16));
	return digit;
}

/* Take apart a numeric that is not compressed or out of line */
static inline void
DecimalViewNumeric(struct varlena *value, DecimalView *view)
{
	const char *data = VARDATA_ANY(value);
	Size		header = sizeof(uint16);
	uint16		bits;

	memcpy(&bits, data, sizeof(uint16));
	view->finite = true;
	if ((bits & DECIMAL_KIND_MASK) == DECIMAL_KIND_SHORT)
	{
		view->negative = (bits & DECIMAL_SHORT_NEGATIVE) != 0;
		view->dscale = (bits & DECIMAL_SHORT_DSCALE) >> DECIMAL_SHORT_SHIFT;
		view->weight = bits & DECIMAL_SHORT_WEIGHT;
		if (bits & DECIMAL_SHORT_WSIGN)
			view->weight |= ~DECIMAL_SHORT_WEIGHT;
	}
	else if ((bits & DECIMAL_KIND_MASK) == DECIMAL_KIND_SPECIAL)
	{
		memset(view, 0, sizeof(DecimalView));
		return;
	}
	else
	{
		int16		weight;

		memcpy(&weight, data + header, sizeof(int16));
		header += sizeof(int16);
		view->negative = (bits & DECIMAL_KIND_MASK) == DECIMAL_KIND_NEGATIVE;
		view->dscale = bits & DECIMAL_LONG_DSCALE;
		view->weight = weight;
	}
	view->digits = data + header;
	view->ndigits = (VARSIZE_ANY_EXHDR(value) - header) / sizeof(int16);
}

/*
 * The number as 64-bit units. False if it does not fit; whether it does
 * depends on its value alone, so equal numbers give equal Decimals.
 */
static inline bool
DecimalFromView(const DecimalView *view, Decimal *result)
{
	int			whole = view->weight + 1;	/* digits before the point */
	int			fraction = Max(view->ndigits - whole, 0);
	int			width = whole + fraction;
	int64		units = 0;

	if (view->ndigits == 0)
	{
		result->units = 0;
		result->fraction = 0;
		return true;
	}
	/* five digits of 10000 fit when the first one is below 922 */
	if (fraction > DECIMAL_MAX_FRACTION || width > 5 ||
		(width == 5 && DecimalDigit(view, 0) >= 922))
		return false;
	for (int i = 0; i < view->ndigits; i++)
		units = units * DECIMAL_BASE + DecimalDigit(view, i);
	for (int i = view->ndigits; i < width; i++)
		units *= DECIMAL_BASE;	/* zeros before the point are not stored */
	result->units = view->negative ? -units : units;
	result->fraction = fraction;
	return true;
}

/* The key of a finite number */
static inline DecimalKey
DecimalKeyFromView(const DecimalView *view)
{
	int			kept = view->weight + 1 + DECIMAL_KEY_FRACTION;
	int64		units = 0;

	if (kept < 0 || kept > 4)
		return DecimalKeyWide(view);
	for (int i = 0; i < kept; i++)
		units = units * DECIMAL_BASE +
			(i < view->ndigits ? DecimalDigit(view, i) : 0);
	units = 2 * units + (view->ndigits > kept ? 1 : 0);
	return view->negative ? -units : units;
}

#endif							/* TIERING_DECIMAL_H */
