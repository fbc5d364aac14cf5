/*
 * series_compare.c
 *		Equality of daily_series, hashing, and an order.
 *
 * The packed form is canonical: two series are the same function exactly if
 * they are the same bytes, the decimals shown aside, as 1.5 = 1.50. The order
 * has no meaning but that there is one: it lets them be sorted and grouped.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"

#include "series.h"

/* What is compared: the first four bytes less the decimals shown, and the rest */
typedef struct Image
{
	struct varlena *value;
	uint32		header;
	int			size;			/* of the rest */
	const unsigned char *rest;
} Image;

static Image
ImageArg(FunctionCallInfo fcinfo, int argno)
{
	Image		image;
	Size		size;

	image.value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno));
	size = VARSIZE_ANY_EXHDR(image.value);
	if (size < SERIES_HEADER_SIZE)
		SeriesCorrupted("it has less than four bytes");
	memcpy(&image.header, VARDATA_ANY(image.value), sizeof(uint32));
#ifdef WORDS_BIGENDIAN
	image.header = pg_bswap32(image.header);
#endif
	image.header &= ~(PG_UINT32_MAX << SERIES_DSCALE_SHIFT);
	image.size = (int) (size - SERIES_HEADER_SIZE);
	image.rest = (const unsigned char *) VARDATA_ANY(image.value) +
		SERIES_HEADER_SIZE;
	return image;
}

static int
Compare(FunctionCallInfo fcinfo)
{
	Image		left = ImageArg(fcinfo, 0);
	Image		right = ImageArg(fcinfo, 1);
	int			result = memcmp(left.rest, right.rest,
								Min(left.size, right.size));

	if (result == 0 && left.size != right.size)
		result = left.size < right.size ? -1 : 1;
	if (result == 0 && left.header != right.header)
		result = left.header < right.header ? -1 : 1;
	PG_FREE_IF_COPY(left.value, 0);
	PG_FREE_IF_COPY(right.value, 1);
	return result;
}

PG_FUNCTION_INFO_V1(daily_series_cmp);
Datum
daily_series_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(Compare(fcinfo));
}

PG_FUNCTION_INFO_V1(daily_series_eq);
Datum
daily_series_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(Compare(fcinfo) == 0);
}

PG_FUNCTION_INFO_V1(daily_series_ne);
Datum
daily_series_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(Compare(fcinfo) != 0);
}

PG_FUNCTION_INFO_V1(daily_series_lt);
Datum
daily_series_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(Compare(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(daily_series_le);
Datum
daily_series_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(Compare(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(daily_series_ge);
Datum
daily_series_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(Compare(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(daily_series_gt);
Datum
daily_series_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(Compare(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(daily_series_hash);
Datum
daily_series_hash(PG_FUNCTION_ARGS)
{
	Image		image = ImageArg(fcinfo, 0);
	uint32		hash = hash_combine(hash_bytes_uint32(image.header),
									hash_bytes(image.rest, image.size));

	PG_FREE_IF_COPY(image.value, 0);
	PG_RETURN_UINT32(hash);
}

/* With a seed, of which 0 must give the lower half of what there is without */
PG_FUNCTION_INFO_V1(daily_series_hash_extended);
Datum
daily_series_hash_extended(PG_FUNCTION_ARGS)
{
	uint64		seed = PG_GETARG_INT64(1);
	Image		image = ImageArg(fcinfo, 0);
	uint64		header = hash_bytes_uint32_extended(image.header, seed);
	uint64		rest = hash_bytes_extended(image.rest, image.size, seed);
	uint64		hash = hash_combine64(header, rest);

	/* the two ways of combining do not agree in their lower halves */
	hash = (hash & ~(uint64) PG_UINT32_MAX) |
		hash_combine((uint32) header, (uint32) rest);
	PG_FREE_IF_COPY(image.value, 0);
	PG_RETURN_UINT64(hash);
}
