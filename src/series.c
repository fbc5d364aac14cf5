/*
 * series.c
 *		Reading and packing of the form that series.h describes.
 *
 * Bytes may come from anywhere: a damaged page, another program's COPY. Two
 * checks stand between them and us. SeriesOpen(), which all reading starts
 * with, makes sure that every field lies within the bytes and that no number
 * can overflow, which costs next to nothing. SeriesFault() makes sure that the
 * bytes are what SeriesPack() would have written, and is asked of everything
 * that comes from outside.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "series.h"

/* Where packed bits go */
typedef struct BitWriter
{
	uint8	   *at;
	uint64		bits;			/* not yet written, from the lowest up */
	int			count;			/* of them, below 32 between calls */
} BitWriter;

/* What a packed form will look like */
typedef struct SeriesLayout
{
	int			scale;
	bool		has_none;
	int64		least;			/* number, in 10^-scale */
	int64		most;
	int			line;			/* kind of line, 0 for none */
	uint32		slope;
	int32		fewest;			/* days that a point lies after the line */
	int			day_width;		/* in bits */
	int			number_width;
	int			count_bytes;
	int			first_bytes;
	int			least_bytes;
	Size		size;			/* of all, in bytes */
} SeriesLayout;

static inline int
BitWidth(uint64 value)
{
	return value == 0 ? 0 : pg_leftmost_one_pos64(value) + 1;
}

/* Bytes that a signed number needs */
static inline int
SignedBytes(int64 value)
{
	return BitWidth((uint64) (value < 0 ? ~value : value)) / 8 + 1;
}

/* For less than 64 bits */
static inline uint64
WidthMask(int width)
{
	return ((uint64) 1 << width) - 1;
}

void
SeriesCorrupted(const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("daily_series is damaged: %s", reason)));
}

static inline const char *
ReadHeader(Series *series, uint32 header)
{
	series->has_none = (header & SERIES_HAS_NONE) != 0;
	series->scale = (header >> SERIES_SCALE_SHIFT) & 0x1F;
	series->dscale = (header >> SERIES_DSCALE_SHIFT) & 0x1F;
	series->day_width = (header >> SERIES_DAY_SHIFT) & 0x1F;
	series->number_width = (header >> SERIES_NUMBER_SHIFT) & 0x3F;
	series->day_mask = WidthMask(series->day_width);
	series->number_mask = WidthMask(series->number_width);
	if ((header & SERIES_VERSION_BITS) != SERIES_VERSION)
		return "byte 1 has a format version that is not known";
	if (series->scale > SCALED_DIGITS || series->dscale < series->scale ||
		series->number_width > SERIES_MAX_WIDTH)
		return "bytes 1 to 4 have a scale or a width that cannot be";
	return NULL;
}

/* The signed number of so many bytes before an offset, 8 or more */
static inline int64
SignedBefore(const Series *series, Size end, int bytes)
{
	return (int64) SeriesLoad(series->data + end - sizeof(uint64)) >>
		(64 - bytes * 8);
}

/* The line, which takes the bytes before an offset that its kind tells */
static inline void
ReadLine(Series *series, Size end, int kind)
{
	int			fewest_bytes = SeriesFewestBytes[kind];
	int			slope_bytes = SeriesSlopeBytes[kind];

	series->line = series->first;
	series->slope = 0;
	series->line_shift = 0;
	if (kind == 0)
		return;
	series->line = (DateADT) ((uint32) series->first +
							  (uint32) SignedBefore(series, end, fewest_bytes));
	series->slope = (uint32) SignedBefore(series, end - fewest_bytes,
										  slope_bytes) &
		(uint32) WidthMask(slope_bytes * 8);
	series->line_shift = SeriesLineShift(series->count);
}

/* Where the fields of the points lie, and whether they end with the bytes */
static inline bool
LocateFields(Series *series, Size fields)
{
	uint64		day_bits = (uint64) (series->count - 1) * series->day_width;
	uint64		bits = day_bits +
		(uint64) series->count * series->number_width;

	/* a field of no bits is read where nothing has to be shifted away */
	series->days_at = fields * 8 + (series->day_width == 0 ? 0 : 7);
	series->numbers_at = fields * 8;
	if (series->number_width != 0)
		series->numbers_at += day_bits + series->number_width + 7;
	return series->size == fields + (bits + 7) / 8;
}

/* What comes after the first four bytes, and whether it is all there */
static inline const char *
ReadFields(Series *series, uint64 start)
{
	int			count_bytes = start & SERIES_WIDE_COUNT ? 4 : 1;
	int			first_bytes = start & SERIES_WIDE_FIRST ? 4 : 2;
	int			least_bytes = ((start >> SERIES_LEAST_SHIFT) & 0x7) + 1;
	int			line = (start >> SERIES_LINE_SHIFT) & 0x3;
	Size		line_at = SERIES_HEADER_SIZE + count_bytes + first_bytes;
	Size		least_at = line_at + SeriesSlopeBytes[line] +
		SeriesFewestBytes[line];
	uint64		count = (start >> 32) & WidthMask(count_bytes * 8);

	if (series->size < least_at + least_bytes)
		return "it ends before its fields do";
	/* neighbours differ: each of several points takes a bit of the bytes at least */
	if (count == 0 || count > PG_INT32_MAX ||
		(count > 1 && series->number_width == 0) ||
		(count > 1 && series->day_width == 0 && line == 0) ||
		(count == 1 && line != 0))
		return "the number of its points cannot be";
	series->count = (int) count;
	series->first = line_at < sizeof(uint64) ? (int16) (start >> 40) :
		(DateADT) SignedBefore(series, line_at, first_bytes);
	ReadLine(series, least_at, line);
	series->base = SignedBefore(series, least_at + least_bytes, least_bytes);
	if (!IS_VALID_DATE(series->first) || !ScaledFits(series->base))
		return "its first day or its least number is out of range";
	if (series->has_none)
		series->base--;
	if (!LocateFields(series, least_at + least_bytes))
		return "its length is not that of its points";
	return NULL;
}

/* Open what is too short for a load: the empty series, or none at all */
static const char *
OpenShort(Series *series)
{
	uint8		start[sizeof(uint64)] = {0};
	const char *fault;
	uint32		header;

	if (series->size < SERIES_HEADER_SIZE)
		return "it has less than four bytes";
	memcpy(start, series->data, series->size);
	header = (uint32) SeriesLoad(start);
	fault = ReadHeader(series, header);
	if (fault != NULL)
		return fault;
	if (series->size > SERIES_HEADER_SIZE)
		return "it ends before its fields do";
	series->count = 0;
	return header == SERIES_VERSION ? NULL : "an empty one has a scale or a width";
}

/* Open a series; what is wrong with it, or NULL if all of it can be read */
static const char *
TryOpen(Series *series, const struct varlena *value)
{
	const char *fault;
	uint64		start;

	series->data = (const uint8 *) VARDATA_ANY(value);
	/* numbers lie behind the days, mostly beyond one line of the cache */
	__builtin_prefetch(series->data + 64);
	series->size = VARSIZE_ANY_EXHDR(value);
	if (series->size < SERIES_MIN_SIZE)
		return OpenShort(series);
	start = SeriesLoad(series->data);
	fault = ReadHeader(series, (uint32) start);
	if (fault != NULL)
		return fault;
	return ReadFields(series, start);
}

/* Open a series that is not compressed or out of line */
void
SeriesOpen(Series *series, const struct varlena *value)
{
	const char *fault = TryOpen(series, value);

	if (unlikely(fault != NULL))
		SeriesCorrupted(fault);
}

/* What is wrong with a point among the others, or NULL */
static const char *
PointFault(const Series *series, int i)
{
	DateADT		day = SeriesDay(series, i);
	int64		units = SeriesUnits(series, i);

	if (!IS_VALID_DATE(day))
		return "its day is out of range";
	if (i > 0 && day <= SeriesDay(series, i - 1))
		return "its day does not come after the one before";
	if (i == 0 && units == SERIES_NONE)
		return "the first one must have a value";
	if (units != SERIES_NONE && !ScaledFits(units))
		return "its number is out of range";
	if (i > 0 && units == SeriesUnits(series, i - 1))
		return "it changes nothing";
	return NULL;
}

/* What is wrong with its points, which are read where they lie, or NULL */
static const char *
PointsFault(const Series *series)
{
	for (int i = 0; i < series->count; i++)
	{
		const char *fault = PointFault(series, i);

		if (fault != NULL)
			return psprintf("point %d: %s", i + 1, fault);
	}
	return NULL;
}

/* What SeriesPack() writes for its points, which have no fault */
static struct varlena *
PackAgain(const Series *series)
{
	SeriesDraft draft;
	struct varlena *packed;

	SeriesDraftInit(&draft, series->count, series->dscale);
	for (int i = 0; i < series->count; i++)
		SeriesPut(&draft, SeriesDay(series, i), SeriesUnits(series, i),
				  series->scale);
	packed = SeriesPack(&draft);
	pfree(draft.points);
	return packed;
}

/*
 * What makes some bytes other than a series as SeriesPack() writes it, or NULL.
 * Points are counted from 1, and bytes from 1, too. No room is made for what the
 * bytes claim to have before they are found to have it.
 */
const char *
SeriesFault(const struct varlena *value)
{
	Series		series;
	struct varlena *packed;
	const char *fault = TryOpen(&series, value);

	if (fault == NULL)
		fault = PointsFault(&series);
	if (fault != NULL)
		return fault;
	packed = PackAgain(&series);
	if (VARSIZE_ANY_EXHDR(packed) != VARSIZE_ANY_EXHDR(value))
		fault = "it is longer than it has to be";
	for (Size i = 0; fault == NULL && i < VARSIZE_ANY_EXHDR(value); i++)
		if (VARDATA(packed)[i] != VARDATA_ANY(value)[i])
			fault = psprintf("byte %zu is not as it is written for these points",
							 i + 1);
	pfree(packed);
	return fault;
}

/* The last point at which the line has risen by so many days at most */
static inline int
LinePoint(const Series *series, int64 days)
{
	uint64		point;

	if (days < 0)
		return 0;
	point = ((((uint64) days + 1) << series->line_shift) - 1) / series->slope;
	return (int) Min(point, (uint64) series->count - 1);
}

/* Below so many points, halving is quicker than what the line tells */
#define FEW_POINTS		16

/* What is shifted by more may be shifted out */
#define MAX_FIND_SHIFT	30

/*
 * The last point on or before a day, or -1. A line leaves few points between
 * those that are before the day wherever their codes lie, and those that are
 * after it. Each step halves what is left whatever it finds, so that there is
 * no branch to mispredict.
 */
int
SeriesFind(const Series *series, DateADT day)
{
	int			found = 0;
	int			left = series->count;

	if (left == 0 || day < series->first)
		return -1;
	if (left > FEW_POINTS && series->slope != 0 &&
		series->line_shift <= MAX_FIND_SHIFT)
	{
		int64		days = (int64) day - series->line;

		found = LinePoint(series, days - (int64) series->day_mask);
		left = LinePoint(series, days) - found + 1;
	}
	while (left > 1)
	{
		int			half = left / 2;

		found += SeriesDay(series, found + half) <= day ? half : 0;
		left -= half;
	}
	return found;
}

bool
SeriesNextPair(SeriesPair *pair)
{
	bool		left_ended = pair->next_left >= pair->left->count;
	bool		right_ended = pair->next_right >= pair->right->count;
	DateADT		left_day = left_ended ? DATEVAL_NOEND :
		SeriesDay(pair->left, pair->next_left);
	DateADT		right_day = right_ended ? DATEVAL_NOEND :
		SeriesDay(pair->right, pair->next_right);

	if (left_ended && right_ended)
		return false;
	pair->day = Min(left_day, right_day);
	if (!left_ended && left_day == pair->day)
		pair->left_units = SeriesUnits(pair->left, pair->next_left++);
	if (!right_ended && right_day == pair->day)
		pair->right_units = SeriesUnits(pair->right, pair->next_right++);
	return true;
}

void
SeriesDraftInit(SeriesDraft *draft, int64 capacity, int dscale)
{
	if (capacity > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("daily_series would have more than %d points",
						PG_INT32_MAX)));
	draft->count = 0;
	draft->capacity = (int) capacity;
	draft->dscale = dscale;
	draft->points = palloc_extended(Max(capacity, 1) * sizeof(SeriesPoint),
									MCXT_ALLOC_HUGE);
}

static bool
SameNumber(const SeriesPoint *point, int64 units, int scale)
{
	if (point->scale == scale || units == SERIES_NONE ||
		point->units == SERIES_NONE)
		return point->units == units;
	if (point->scale < scale)
		return (int128) point->units * ScaledPower[scale - point->scale] == units;
	return (int128) units * ScaledPower[point->scale - scale] == point->units;
}

/* The value from a day on, or SERIES_NONE; dropped if it is so already */
void
SeriesPut(SeriesDraft *draft, DateADT day, int64 units, int scale)
{
	SeriesPoint *point = &draft->points[draft->count];

	if (draft->count == 0)
	{
		if (units == SERIES_NONE)
			return;
	}
	else if (SameNumber(point - 1, units, scale))
		return;
	else if (day <= point[-1].day)
		SeriesCorrupted("its days do not increase");
	Assert(draft->count < draft->capacity);
	point->units = units;
	point->day = day;
	point->scale = scale;
	draft->count++;
}

void
SeriesPutWide(SeriesDraft *draft, DateADT day, int128 units, int scale)
{
	Scaled		scaled;

	if (scale <= SCALED_DIGITS && units >= -SCALED_LIMIT &&
		units <= SCALED_LIMIT)
		SeriesPut(draft, day, (int64) units, scale);
	else if (ScaledFromWide(units, scale, &scaled))
		SeriesPut(draft, day, scaled.units, scaled.scale);
	else
		SeriesRefuseWide(units, scale, day);
}

/* What a series says of some days; after them, it goes on saying the last */
void
SeriesPutDays(SeriesDraft *draft, const Series *series, const Period *days)
{
	SeriesRuns	runs;

	SeriesRunsInit(&runs, series, days);
	while (SeriesNextRun(&runs))
		SeriesPut(draft, runs.from, runs.units, series->scale);
}

/*
 * The smallest scale that fits all numbers. Those that come with a larger one
 * and do not need it are left at one that is no larger than the result.
 */
static int
CommonScale(SeriesDraft *draft)
{
	int			scale = 0;

	for (int i = 0; i < draft->count; i++)
	{
		SeriesPoint *point = &draft->points[i];

		if (point->units == SERIES_NONE)
			continue;
		while (point->scale > scale && point->units % 10 == 0)
		{
			point->units /= 10;
			point->scale--;
		}
		scale = Max(scale, point->scale);
	}
	return scale;
}

/* Bring all numbers to one scale, and find the least and the most of them */
static void
Normalize(SeriesDraft *draft, SeriesLayout *layout)
{
	layout->scale = CommonScale(draft);
	layout->has_none = false;
	layout->least = PG_INT64_MAX;
	layout->most = PG_INT64_MIN;
	for (int i = 0; i < draft->count; i++)
	{
		SeriesPoint *point = &draft->points[i];
		int			missing = layout->scale - point->scale;

		if (point->units == SERIES_NONE)
		{
			layout->has_none = true;
			continue;
		}
		if (missing > 0)
		{
			int64		room = SCALED_LIMIT / ScaledPower[missing];

			if (point->units > room || point->units < -room)
				SeriesRefuseWide((int128) point->units * ScaledPower[missing],
								 layout->scale, point->day);
			point->units *= ScaledPower[missing];
			point->scale = layout->scale;
		}
		layout->least = Min(layout->least, point->units);
		layout->most = Max(layout->most, point->units);
	}
	/* only what was read from damaged bytes can be wider than what is read */
	if (!ScaledFits(layout->least) || !ScaledFits(layout->most))
		SeriesCorrupted("a number is out of range");
}

/* The days from the first point to another */
static inline int64
DaysTo(const SeriesDraft *draft, int i)
{
	return (int64) draft->points[i].day - draft->points[0].day;
}

/* The days by which a point lies after the line */
static inline int64
DaysAfterLine(const SeriesDraft *draft, const SeriesLayout *layout, int i)
{
	if (layout->slope == 0)
		return DaysTo(draft, i);
	return DaysTo(draft, i) - (int64) ((uint64) i * layout->slope >>
									   SeriesLineShift(draft->count));
}

/*
 * A line, and how it is written: 0 if it cannot be. Its slope leaves out an
 * eighth of the points at either end, which tend to lie off it.
 */
static int
FindLine(const SeriesDraft *draft, SeriesLayout *layout)
{
	int			last = draft->count - 1;
	int			from = last / 8;
	int			to = last - from;
	int64		fewest = PG_INT64_MAX;
	int64		most = PG_INT64_MIN;
	int			kind = 1;
	uint64		slope = (uint64) (DaysTo(draft, to) - DaysTo(draft, from));

	slope = (slope << SeriesLineShift(draft->count)) / (to - from);
	if (slope > PG_UINT32_MAX)
		return 0;
	layout->slope = (uint32) slope;
	for (int i = 1; i <= last; i++)
	{
		int64		days = DaysAfterLine(draft, layout, i);

		fewest = Min(fewest, days);
		most = Max(most, days);
	}
	layout->fewest = (int32) fewest;
	layout->day_width = BitWidth((uint64) (most - fewest));
	while (kind < SERIES_LINE_KINDS &&
		   (BitWidth(layout->slope) > SeriesSlopeBytes[kind] * 8 ||
			SignedBytes(fewest) > SeriesFewestBytes[kind]))
		kind++;
	return kind < SERIES_LINE_KINDS ? kind : 0;
}

/* How the days are written, and how many bits they take with the line */
static uint64
PlanDays(const SeriesDraft *draft, SeriesLayout *layout)
{
	uint64		last = draft->count - 1;
	int			plain_width = BitWidth((uint64) DaysTo(draft, (int) last));
	uint64		bits;

	layout->line = last > 1 ? FindLine(draft, layout) : 0;
	if (layout->line != 0)
	{
		bits = (SeriesSlopeBytes[layout->line] +
				SeriesFewestBytes[layout->line]) * 8 +
			last * layout->day_width;
		if (bits < last * plain_width)
			return bits;
	}
	layout->line = 0;
	layout->slope = 0;
	layout->fewest = 0;
	layout->day_width = plain_width;
	return last * plain_width;
}

static void
PlanLayout(SeriesDraft *draft, SeriesLayout *layout)
{
	const SeriesPoint *points = draft->points;
	int			count = draft->count;
	uint64		bits;

	/* only what was read from damaged bytes can be anything else */
	if (!IS_VALID_DATE(points[0].day) || !IS_VALID_DATE(points[count - 1].day))
		SeriesCorrupted("a day is out of range");
	Normalize(draft, layout);
	bits = PlanDays(draft, layout);
	layout->number_width = BitWidth((uint64) (layout->most - layout->least) +
									(layout->has_none ? 1 : 0));
	layout->count_bytes = count <= 0xFF ? 1 : 4;
	layout->first_bytes = SignedBytes(points[0].day) <= 2 ? 2 : 4;
	layout->least_bytes = SignedBytes(layout->least);
	bits += (uint64) count * layout->number_width;
	layout->size = SERIES_HEADER_SIZE + layout->count_bytes +
		layout->first_bytes + layout->least_bytes + (bits + 7) / 8;
	if (layout->size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("daily_series of %d points would be too large", count)));
}

static inline void
WriteFewBits(BitWriter *writer, uint64 bits, int width)
{
	writer->bits |= bits << writer->count;
	writer->count += width;
	if (writer->count >= 32)
	{
		uint32		word = (uint32) writer->bits;

#ifdef WORDS_BIGENDIAN
		word = pg_bswap32(word);
#endif
		memcpy(writer->at, &word, sizeof(word));
		writer->at += sizeof(word);
		writer->bits >>= 32;
		writer->count -= 32;
	}
}

static inline void
WriteBits(BitWriter *writer, uint64 bits, int width)
{
	if (width > 32)
	{
		WriteFewBits(writer, bits & PG_UINT32_MAX, 32);
		bits >>= 32;
		width -= 32;
	}
	WriteFewBits(writer, bits, width);
}

static void
FlushBits(BitWriter *writer)
{
	for (; writer->count > 0; writer->count -= 8)
	{
		*writer->at++ = (uint8) writer->bits;
		writer->bits >>= 8;
	}
}

static inline void
WriteBytes(BitWriter *writer, int64 value, int bytes)
{
	for (; bytes > 0; bytes--, value >>= 8)
		WriteFewBits(writer, (uint64) value & 0xFF, 8);
}

static void
WriteHeader(BitWriter *writer, const SeriesDraft *draft,
			const SeriesLayout *layout)
{
	int			dscale = Max(Min(draft->dscale, SERIES_MAX_DSCALE),
							 layout->scale);

	WriteBits(writer, SERIES_VERSION |
			  (layout->has_none ? SERIES_HAS_NONE : 0) |
			  (uint32) layout->scale << SERIES_SCALE_SHIFT |
			  (uint32) layout->day_width << SERIES_DAY_SHIFT |
			  (uint32) layout->number_width << SERIES_NUMBER_SHIFT |
			  (uint32) (layout->least_bytes - 1) << SERIES_LEAST_SHIFT |
			  (uint32) layout->line << SERIES_LINE_SHIFT |
			  (layout->count_bytes > 1 ? SERIES_WIDE_COUNT : 0) |
			  (layout->first_bytes > 2 ? SERIES_WIDE_FIRST : 0) |
			  (uint32) dscale << SERIES_DSCALE_SHIFT, 32);
	WriteBytes(writer, draft->count, layout->count_bytes);
	WriteBytes(writer, draft->points[0].day, layout->first_bytes);
	WriteBytes(writer, layout->slope, SeriesSlopeBytes[layout->line]);
	WriteBytes(writer, layout->fewest, SeriesFewestBytes[layout->line]);
	WriteBytes(writer, layout->least, layout->least_bytes);
}

static void
WritePoints(BitWriter *writer, const SeriesDraft *draft,
			const SeriesLayout *layout)
{
	const SeriesPoint *points = draft->points;
	int64		base = layout->least - (layout->has_none ? 1 : 0);

	for (int i = 1; i < draft->count; i++)
		WriteBits(writer, (uint64) (DaysAfterLine(draft, layout, i) -
									layout->fewest), layout->day_width);
	for (int i = 0; i < draft->count; i++)
		WriteBits(writer, points[i].units == SERIES_NONE ? 0 :
				  (uint64) (points[i].units - base), layout->number_width);
}

/* The packed form of a draft, whose numbers are brought to one scale */
struct varlena *
SeriesPack(SeriesDraft *draft)
{
	SeriesLayout layout = {.size = SERIES_HEADER_SIZE};
	struct varlena *result;
	BitWriter	writer = {0};

	if (draft->count > 0)
		PlanLayout(draft, &layout);
	result = palloc(VARHDRSZ + layout.size);
	SET_VARSIZE(result, VARHDRSZ + layout.size);
	writer.at = (uint8 *) VARDATA(result);
	if (draft->count == 0)
		WriteBits(&writer, SERIES_VERSION, 32);
	else
	{
		WriteHeader(&writer, draft, &layout);
		WritePoints(&writer, draft, &layout);
	}
	FlushBits(&writer);
	return result;
}

#define LIMIT_DETAIL \
	errdetail("A daily_series takes numbers of at most %d digits, " \
			  "counted at the scale that all of its numbers need.", \
			  SCALED_DIGITS)

/* Complain of units x 10^-scale, which may be a product of two numbers, from a day on */
void
SeriesRefuseWide(int128 units, int scale, DateADT day)
{
	Datum		number = DirectFunctionCall2(numeric_mul,
											 NumericGetDatum(DecimalToNumeric(units, 0, 0)),
											 NumericGetDatum(ScaledToNumeric(1, scale, scale)));

	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("number %s%s does not fit a daily_series",
					DatumGetCString(DirectFunctionCall1(numeric_out, number)),
					DATE_NOT_FINITE(day) ? "" : psprintf(" on %s", DateOut(day))),
			 LIMIT_DETAIL,
			 scale > 0 ?
			 errhint("Round the numbers that it comes from to fewer decimals.") : 0));
}

/* Is that a number that a series can hold? */
static bool
ReadNumber(const DecimalView *view, Scaled *result, int *dscale)
{
	*dscale = view->dscale;
	return view->dscale <= SERIES_MAX_DSCALE && ScaledFromView(view, result);
}

/* Complain of one that it cannot: what it is, and whose */
static void pg_attribute_noreturn()
RefuseNumber(struct varlena *number, const DecimalView *view, const char *what,
			 const char *whose)
{
	if (view->dscale > SERIES_MAX_DSCALE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s%s shows %d decimals, and a daily_series at most %d",
						what, whose, view->dscale, SERIES_MAX_DSCALE),
				 errhint("Round it.")));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s %s%s does not fit a daily_series", what,
					DatumGetCString(DirectFunctionCall1(numeric_out,
														PointerGetDatum(number))),
					whose),
			 LIMIT_DETAIL,
			 view->ndigits > Max(view->weight + 1, 0) ?
			 errhint("Round it to the decimals that count, as round(%s, 6) does.",
					 what) : 0));
}

/* A number that is to go into a series, and how many decimals it shows */
void
SeriesReadNumber(struct varlena *number, const char *what, Scaled *result,
				 int *dscale)
{
	DecimalView view;

	DecimalViewNumeric(number, &view);
	if (!view.finite)
		DecimalRefuse(number, what);
	if (!ReadNumber(&view, result, dscale))
		RefuseNumber(number, &view, what, "");
}

/* The same of a row's balance, of which an error says whose it is, as far as the row does */
void
SeriesBalanceArg(FunctionCallInfo fcinfo, int argno, Scaled *result, int *dscale)
{
	struct varlena *balance = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno));
	DecimalView view;

	DecimalViewNumeric(balance, &view);
	if (!view.finite)
		RefuseBalance(fcinfo, argno);
	if (!ReadNumber(&view, result, dscale))
		RefuseNumber(balance, &view, "balance", RowOwnerText(fcinfo, argno));
}
