/*
 * series.h
 *		A daily_series: one whole history, a step function of the date.
 *
 * It is a list of points. Each has a day and either a number, which counts from
 * that day until the next point's, or none: from that day on there is no value.
 * Before the first point there is no value, and the last one counts for ever.
 *
 * Points are packed in fields of fixed width, so that any of them is read where
 * it lies by one load of 64 bits, and a day is found by binary search. A load
 * ends where its field ends: it never reaches beyond the bytes, and never before
 * them, as eight at least come before the first field. All is little-endian, on
 * every machine:
 *
 *		4 bytes		format version, widths, scales: SERIES_VERSION and below
 *		1 or 4		number of points
 *		2 or 4		day of the first point, from 2000-01-01, signed
 *		0, 2 or 4	slope of the line: days a point, in 2^-SeriesLineShift()
 *		0 to 4		the fewest days that a point lies after the line, signed
 *		1 to 8		the least number, in 10^-scale, signed
 *		bits		for each point but the first: days after the line, less
 *					the fewest
 *		bits		for each point: number less the least number; or, if any
 *					point has none, 0 for none and that difference plus one
 *
 * The line begins at the first point and rises as the days mostly do, so that
 * points at about even distances take few bits, and those of every day or every
 * week none. Where it saves nothing, there is none: slope and fewest days are 0
 * and take no bytes. The empty series is the first four bytes with nothing but
 * the version.
 *
 * The form is canonical: the first point is not none, neighbours differ, the
 * scale is the smallest that fits all numbers, and widths are the smallest,
 * too. So two series are the same function exactly if they are the same bytes,
 * all but the decimals shown.
 */
#ifndef TIERING_SERIES_H
#define TIERING_SERIES_H

#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"
#include "utils/date.h"

#include "compat.h"
#include "open_end.h"
#include "period.h"
#include "scaled.h"

#define SERIES_VERSION			1

/* The first four bytes, from the lowest bit up */
#define SERIES_VERSION_BITS		0x7
#define SERIES_HAS_NONE			0x8
#define SERIES_SCALE_SHIFT		4	/* 5 bits */
#define SERIES_DAY_SHIFT		9	/* 5 bits: width of a day */
#define SERIES_NUMBER_SHIFT		14	/* 6 bits: width of a number */
#define SERIES_LEAST_SHIFT		20	/* 3 bits: bytes of the least number, less one */
#define SERIES_LINE_SHIFT		23	/* 2 bits: of the line, see below */
#define SERIES_WIDE_COUNT		0x02000000	/* count of 4 bytes, not 1 */
#define SERIES_WIDE_FIRST		0x04000000	/* first day of 4 bytes, not 2 */
#define SERIES_DSCALE_SHIFT		27	/* 5 bits: decimals shown */

#define SERIES_HEADER_SIZE		4
#define SERIES_MIN_SIZE			8	/* of one that is not empty */
#define SERIES_MAX_DSCALE		31
#define SERIES_MAX_WIDTH		61	/* of a number: 2 * SCALED_LIMIT + 1 */

/* The first day after all that exist; what lasts so long lasts for ever */
#define SERIES_END				((DateADT) (DATE_END_JULIAN - POSTGRES_EPOCH_JDATE))

/* The first day that exists; what has stood since always has so since then */
#define SERIES_BEGIN			((DateADT) (DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE))

/* What stands for no number */
#define SERIES_NONE				PG_INT64_MIN

/* What a line takes, by the two bits in the header */
#define SERIES_LINE_KINDS		4
static const uint8 SeriesSlopeBytes[SERIES_LINE_KINDS] = {0, 2, 2, 4};
static const uint8 SeriesFewestBytes[SERIES_LINE_KINDS] = {0, 1, 2, 4};

/* A series opened for reading; the bytes stay where they are */
typedef struct Series
{
	const uint8 *data;
	Size		size;			/* of data */
	int			count;			/* points */
	DateADT		first;			/* day of the first point */
	DateADT		line;			/* day where the line of the codes begins */
	uint32		slope;			/* and how it rises; 0 without one */
	int64		base;			/* number of code 0, or what it would be */
	uint64		days_at;		/* bit where the first day would end, plus 7 */
	uint64		numbers_at;		/* the same of the first point's number */
	uint64		day_mask;
	uint64		number_mask;
	uint8		day_width;		/* in bits */
	uint8		number_width;
	uint8		line_shift;
	uint8		scale;
	uint8		dscale;			/* decimals shown */
	bool		has_none;
} Series;

/* A point that is not packed; units at a scale of its own, or SERIES_NONE */
typedef struct SeriesPoint
{
	int64		units;
	DateADT		day;
	int32		scale;
} SeriesPoint;

/* Points being put together, in the order of their days */
typedef struct SeriesDraft
{
	SeriesPoint *points;
	int			count;
	int			capacity;
	int			dscale;			/* decimals shown */
} SeriesDraft;

/* A walk over the days of a period, in runs with one value */
typedef struct SeriesRuns
{
	const Series *series;
	int			next;			/* point after the run */
	DateADT		from;			/* the run is [from, to) */
	DateADT		to;
	DateADT		end;			/* of the period */
	int64		units;			/* or SERIES_NONE */
} SeriesRuns;

/* A walk over the days on which either of two series changes */
typedef struct SeriesPair
{
	const Series *left;
	const Series *right;
	int			next_left;
	int			next_right;
	DateADT		day;			/* of this change */
	int64		left_units;		/* from that day on, or SERIES_NONE */
	int64		right_units;
} SeriesPair;

extern void SeriesOpen(Series *series, const struct varlena *value);
extern const char *SeriesFault(const struct varlena *value);
extern int	SeriesFind(const Series *series, DateADT day);
extern bool SeriesNextPair(SeriesPair *pair);

extern void SeriesDraftInit(SeriesDraft *draft, int64 capacity, int dscale);
extern void SeriesPut(SeriesDraft *draft, DateADT day, int64 units, int scale);
extern void SeriesPutWide(SeriesDraft *draft, DateADT day, int128 units,
						  int scale);
extern void SeriesPutDays(SeriesDraft *draft, const Series *series,
						  const Period *days);
extern struct varlena *SeriesPack(SeriesDraft *draft);

extern void SeriesRefuseWide(int128 units, int scale, DateADT day)
			pg_attribute_noreturn();
extern void SeriesCorrupted(const char *reason) pg_attribute_noreturn();
extern char *SeriesDayText(DateADT day);
extern DateADT SeriesDayFromText(const char *text);
extern void SeriesReadNumber(struct varlena *number, const char *what,
							 Scaled *result, int *dscale);
extern void SeriesBalanceArg(FunctionCallInfo fcinfo, int argno, Scaled *result,
							 int *dscale);

#define SeriesNumber(series, units) \
	ScaledToNumeric((units), (series)->scale, (series)->dscale)

/*
 * A null, -infinity or a missing lower bound says since always: in an average
 * all days before the end count, and so they do in a series.
 */
static inline DateADT
SeriesBegin(DateADT from)
{
	return from == DATEVAL_NOBEGIN ? SERIES_BEGIN : from;
}

/* Where a point is that day, there is no day on which its value began */
static inline DateADT
SeriesBegun(DateADT day)
{
	return day == SERIES_BEGIN ? DATEVAL_NOBEGIN : day;
}

static inline uint64
SeriesLoad(const uint8 *data)
{
	uint64		word;

	memcpy(&word, data, sizeof(word));
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	return word;
}

/*
 * The bits of a field that ends where told, plus 7, so that the byte behind it
 * is that over 8. A wide field may need a ninth byte.
 */
static inline uint64
SeriesBits(const Series *series, uint64 end, int width, uint64 mask)
{
	const uint8 *start = series->data + ((end >> 3) - sizeof(uint64));
	int			shift = 57 - width + (int) (end & 7);

	if (unlikely(shift < 0))
		return (SeriesLoad(start) << -shift | start[-1] >> (8 + shift)) & mask;
	return (SeriesLoad(start) >> shift) & mask;
}

/* A slope so fine that it is off by less than half a day at the last point */
static inline int
SeriesLineShift(int count)
{
	return pg_leftmost_one_pos32(count - 1) + 2;
}

/*
 * The day of a point. In damaged bytes it may be any, before that of the point
 * before, too.
 */
static inline DateADT
SeriesDay(const Series *series, int i)
{
	uint64		line = (uint64) i * series->slope >> series->line_shift;
	uint64		days = SeriesBits(series, series->days_at +
								  (uint64) i * series->day_width,
								  series->day_width, series->day_mask);

	if (i == 0)
		return series->first;
	return (DateADT) ((uint32) series->line + (uint32) line + (uint32) days);
}

static inline int64
SeriesUnits(const Series *series, int i)
{
	uint64		code = SeriesBits(series, series->numbers_at +
								  (uint64) i * series->number_width,
								  series->number_width, series->number_mask);

	return series->has_none && code == 0 ? SERIES_NONE :
		series->base + (int64) code;
}

/* The value of the point i, of which -1 stands for the days before the first */
static inline int64
SeriesUnitsFrom(const Series *series, int i)
{
	return i < 0 ? SERIES_NONE : SeriesUnits(series, i);
}

static inline void
SeriesRunsInit(SeriesRuns *runs, const Series *series, const Period *period)
{
	runs->series = series;
	runs->next = SeriesFind(series, period->start) + 1;
	runs->from = runs->to = period->start;
	runs->end = period->end;
}

/* The next run of days; false after the last one */
static inline bool
SeriesNextRun(SeriesRuns *runs)
{
	const Series *series = runs->series;

	runs->from = runs->to;
	if (runs->from >= runs->end)
		return false;
	runs->units = SeriesUnitsFrom(series, runs->next - 1);
	runs->to = runs->end;
	if (runs->next < series->count)
		runs->to = Min(SeriesDay(series, runs->next), runs->end);
	runs->next++;
	return true;
}

static inline void
SeriesPairInit(SeriesPair *pair, const Series *left, const Series *right)
{
	pair->left = left;
	pair->right = right;
	pair->next_left = pair->next_right = 0;
	pair->left_units = pair->right_units = SERIES_NONE;
}

#endif							/* TIERING_SERIES_H */
