/*
 * series_build.c
 *		Aggregates that make a daily_series of rows.
 *
 * A state is the rows themselves, 16 bytes each, in the one allocation that
 * also has its few other fields: groups are many, and mostly small. Rows may
 * come in any order and states be merged in any order; the final function puts
 * them in order and adds them up day by day. Rows that come one after the other
 * in time, as those of one account mostly do, need neither.
 *
 * All rows count in the smallest unit that any of them has needed so far. So
 * each balance must fit 18 digits in the unit that the whole group needs.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/memutils.h"

#include "observations.h"
#include "series.h"
#include "series_build.h"
#include "state.h"

#define STATE_KIND		'S'

/* A balance that adds to the total on [from, to) */
typedef struct Row
{
	int64		units;			/* in 10^-scale of the state */
	DateADT		from;
	DateADT		to;				/* DATEVAL_NOEND: for ever */
} Row;

struct SeriesState
{
	int32		count;
	int32		capacity;
	int16		dscale;			/* most decimals shown by any balance */
	int8		scale;			/* of all units */
	bool		in_turn;		/* does each row begin when the last has ended? */
	Row			rows[FLEXIBLE_ARRAY_MEMBER];
};

#define STATE_SIZE(capacity) \
	(offsetof(SeriesState, rows) + (Size) (capacity) * sizeof(Row))

/* As many as fill a chunk of the allocator, whose sizes are powers of two */
#define INITIAL_CAPACITY	7

/* The total changes */
typedef struct Event
{
	int64		units;			/* by so much */
	DateADT		day;			/* from that day on */
	int32		rows;			/* and so many rows more count */
} Event;

#define ST_SORT SortEvents
#define ST_ELEMENT_TYPE Event
#define ST_COMPARE(a, b) ((a)->day < (b)->day ? -1 : (a)->day > (b)->day)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT SortRows
#define ST_ELEMENT_TYPE Row
#define ST_COMPARE(a, b) ((a)->from < (b)->from ? -1 : (a)->from > (b)->from)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static SeriesState *
StateCreate(MemoryContext context, int32 capacity)
{
	SeriesState *state = MemoryContextAllocHuge(context, STATE_SIZE(capacity));

	state->count = 0;
	state->capacity = capacity;
	state->dscale = 0;
	state->scale = 0;
	state->in_turn = true;
	return state;
}

static SeriesState *
StateGrow(SeriesState *state)
{
	int32		capacity = state->capacity * 2 + 1;

	if (STATE_SIZE(capacity) > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d rows in one group of daily_series",
						state->count),
				 errhint("Group by account or customer.")));
	state->capacity = capacity;
	return repalloc(state, STATE_SIZE(capacity));
}

/* A number from a day on at a larger scale; an error if it does not fit there */
static inline int64
Rescale(int64 units, int scale, int larger, DateADT day)
{
	int128		result = (int128) units * ScaledPower[larger - scale];

	if (result > SCALED_LIMIT || result < -SCALED_LIMIT)
		SeriesRefuseWide(result, larger, day);
	return (int64) result;
}

/* Have the state count in the unit that a number needs, if that is smaller */
static void
RaiseScale(SeriesState *state, Scaled *number)
{
	ScaledFromWide(number->units, number->scale, number);
	if (number->scale <= state->scale)
		return;
	for (int i = 0; i < state->count; i++)
		state->rows[i].units = Rescale(state->rows[i].units, state->scale,
									   number->scale, state->rows[i].from);
	state->scale = number->scale;
}

static inline SeriesState *
StateAdd(SeriesState *state, int64 units, DateADT from, DateADT to)
{
	if (state->count > 0)
	{
		Row		   *last = &state->rows[state->count - 1];

		if (from < last->to)
			state->in_turn = false;
		else if (from == last->to && units == last->units)
		{
			last->to = to;
			return state;
		}
	}
	if (state->count == state->capacity)
		state = StateGrow(state);
	state->rows[state->count++] = (Row) {units, from, to};
	return state;
}

/*
 * Add a number on [from, to). Days that no date can name are left out, as a
 * period would leave them out.
 */
static inline SeriesState *
AddNumber(SeriesState *state, Scaled number, DateADT from, DateADT to)
{
	if (to >= SERIES_END)
		to = DATEVAL_NOEND;
	if (from >= to || from >= SERIES_END)
		return state;
	if (number.scale > state->scale)
		RaiseScale(state, &number);
	if (number.scale < state->scale)
		number.units = Rescale(number.units, number.scale, state->scale, from);
	return StateAdd(state, number.units, from, to);
}

/* For balances that are not arguments */
SeriesState *
SeriesStateCreate(MemoryContext context, int dscale)
{
	SeriesState *state = StateCreate(context, INITIAL_CAPACITY);

	state->dscale = dscale;
	return state;
}

SeriesState *
SeriesStateAdd(SeriesState *state, Scaled number, DateADT from, DateADT to)
{
	return AddNumber(state, number, from, to);
}

/* Add the balance in argument 1 on [from, to) */
static inline Datum
Accumulate(FunctionCallInfo fcinfo, DateADT from, DateADT to)
{
	SeriesState *state = PG_ARGISNULL(0) ?
		StateCreate(StateContext(fcinfo), INITIAL_CAPACITY) :
		(SeriesState *) PG_GETARG_POINTER(0);
	Scaled		number;
	int			dscale;

	SeriesBalanceArg(fcinfo, 1, &number, &dscale);
	state->dscale = Max(state->dscale, dscale);
	PG_RETURN_POINTER(AddNumber(state, number, from, to));
}

static Datum
UnchangedState(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return PG_GETARG_DATUM(0);
}

/* A balance and the days on which it stood; of none that end is no open one */
static Datum
AccumulateValid(FunctionCallInfo fcinfo, Period valid)
{
	return Accumulate(fcinfo, SeriesBegin(valid.start),
					  valid.start < valid.end ? EndAsMeant(valid.end) : valid.end);
}

/* A balance and the range of days on which it stood */
PG_FUNCTION_INFO_V1(daily_series_accum_range);
Datum
daily_series_accum_range(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	return AccumulateValid(fcinfo, ValidRangeArg(fcinfo, 2));
}

/* The same, the range given as its first day and the first day after it */
PG_FUNCTION_INFO_V1(daily_series_accum_dates);
Datum
daily_series_accum_dates(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	return AccumulateValid(fcinfo, ValidDatesArg(fcinfo, 2, NULL));
}

/* A balance on one day */
PG_FUNCTION_INFO_V1(daily_series_accum_snapshot);
Datum
daily_series_accum_snapshot(PG_FUNCTION_ARGS)
{
	DateADT		as_of;

	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	as_of = DateArg(fcinfo, 2, "as_of");
	if (as_of == DATEVAL_NOBEGIN || as_of == DATEVAL_NOEND)
		return Accumulate(fcinfo, as_of, as_of);
	return Accumulate(fcinfo, as_of, as_of + 1);
}

/* A signed amount, which counts from its day on */
PG_FUNCTION_INFO_V1(daily_series_accum_flow);
Datum
daily_series_accum_flow(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	return Accumulate(fcinfo, SeriesBegin(DateArg(fcinfo, 2, "posted_on")),
					  DATEVAL_NOEND);
}

/* A new balance, which counts until the next one */
PG_FUNCTION_INFO_V1(daily_series_accum_change);
Datum
daily_series_accum_change(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	return Accumulate(fcinfo, SeriesBegin(DateArg(fcinfo, 2, "changed_on")),
					  DATEVAL_NOEND);
}

/* Add the rows of another state, and leave that one alone */
PG_FUNCTION_INFO_V1(daily_series_combine);
Datum
daily_series_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = StateContext(fcinfo);
	SeriesState *other;
	SeriesState *state;
	Scaled		unit;

	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	other = (SeriesState *) PG_GETARG_POINTER(1);
	state = PG_ARGISNULL(0) ? StateCreate(context, Max(other->count, 1)) :
		(SeriesState *) PG_GETARG_POINTER(0);
	state->dscale = Max(state->dscale, other->dscale);
	unit = (Scaled) {1, other->scale};
	if (other->scale > state->scale)
		RaiseScale(state, &unit);
	for (int i = 0; i < other->count; i++)
	{
		Row			row = other->rows[i];

		row.units = Rescale(row.units, other->scale, state->scale, row.from);
		state = StateAdd(state, row.units, row.from, row.to);
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(daily_series_serialize);
Datum
daily_series_serialize(PG_FUNCTION_ARGS)
{
	SeriesState *state = (SeriesState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	StateBegin(&buf, STATE_KIND);
	pq_sendbyte(&buf, state->dscale);
	pq_sendbyte(&buf, state->scale);
	pq_sendint32(&buf, state->count);
	for (int i = 0; i < state->count; i++)
	{
		pq_sendint64(&buf, state->rows[i].units);
		pq_sendint32(&buf, state->rows[i].from);
		pq_sendint32(&buf, state->rows[i].to);
	}
	PG_RETURN_BYTEA_P(StateEnd(&buf));
}

static Row
ReceiveRow(StringInfo buf)
{
	Row			row;

	row.units = pq_getmsgint64(buf);
	row.from = (DateADT) pq_getmsgint(buf, 4);
	row.to = (DateADT) pq_getmsgint(buf, 4);
	StateCheck(ScaledFits(row.units) && IS_VALID_DATE(row.from) &&
			   row.from < row.to &&
			   (IS_VALID_DATE(row.to) || row.to == DATEVAL_NOEND));
	return row;
}

PG_FUNCTION_INFO_V1(daily_series_deserialize);
Datum
daily_series_deserialize(PG_FUNCTION_ARGS)
{
	SeriesState *state;
	StringInfoData buf;
	int			dscale;
	int			scale;
	int			count;

	StateOpen(&buf, PG_GETARG_BYTEA_PP(0), STATE_KIND);
	dscale = pq_getmsgbyte(&buf);
	scale = pq_getmsgbyte(&buf);
	count = (int) pq_getmsgint(&buf, 4);
	StateCheck(dscale <= SERIES_MAX_DSCALE && scale <= SCALED_DIGITS &&
			   scale <= dscale && count >= 0 &&
			   count <= (buf.len - buf.cursor) / 16);
	state = StateCreate(CurrentMemoryContext, Max(count, 1));
	state->dscale = dscale;
	state->scale = scale;
	for (int i = 0; i < count; i++)
	{
		Row			row = ReceiveRow(&buf);

		state = StateAdd(state, row.units, row.from, row.to);
	}
	StateClose(&buf);
	PG_RETURN_POINTER(state);
}

/* The points of rows none of which begins before the last one has ended */
static void
DraftInTurn(SeriesDraft *draft, const SeriesState *state)
{
	DateADT		end = DATEVAL_NOEND;

	for (int i = 0; i < state->count; i++)
	{
		const Row  *row = &state->rows[i];

		if (end < row->from)
			SeriesPut(draft, end, SERIES_NONE, 0);
		SeriesPut(draft, row->from, row->units, state->scale);
		end = row->to;
	}
	if (end != DATEVAL_NOEND)
		SeriesPut(draft, end, SERIES_NONE, 0);
}

/* The begins and the ends of all rows, in order; returns how many */
static int64
SortedEvents(const SeriesState *state, Event **events)
{
	Event	   *event = palloc_extended(2 * state->count * sizeof(Event),
										MCXT_ALLOC_HUGE);

	*events = event;
	for (int i = 0; i < state->count; i++)
	{
		const Row  *row = &state->rows[i];

		*event++ = (Event) {row->units, row->from, 1};
		if (row->to != DATEVAL_NOEND)
			*event++ = (Event) {-row->units, row->to, -1};
	}
	SortEvents(*events, event - *events);
	return event - *events;
}

/* The points of rows that lie in any way; those on one day add up */
static void
DraftTotals(SeriesDraft *draft, const SeriesState *state)
{
	Event	   *events;
	int64		count = SortedEvents(state, &events);
	int128		total = 0;
	int32		rows = 0;

	for (int64 i = 0; i < count; i++)
	{
		total += events[i].units;
		rows += events[i].rows;
		if (i + 1 < count && events[i + 1].day == events[i].day)
			continue;
		if (rows == 0)
			SeriesPut(draft, events[i].day, SERIES_NONE, 0);
		else
			SeriesPutWide(draft, events[i].day, total, state->scale);
	}
	pfree(events);
}

/* The series of all rows, which add up */
struct varlena *
SeriesStateSum(const SeriesState *state)
{
	SeriesDraft draft;

	SeriesDraftInit(&draft, (int64) state->count * 2, state->dscale);
	if (state->in_turn)
		DraftInTurn(&draft, state);
	else
		DraftTotals(&draft, state);
	return SeriesPack(&draft);
}

PG_FUNCTION_INFO_V1(daily_series_final);
Datum
daily_series_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(SeriesStateSum((SeriesState *) PG_GETARG_POINTER(0)));
}

/* The rows in the order of their days; the state's own stay put */
static const Row *
SortedRows(const SeriesState *state)
{
	bool		sorted = true;
	Row		   *copy;

	for (int i = 1; sorted && i < state->count; i++)
		sorted = state->rows[i - 1].from <= state->rows[i].from;
	if (sorted)
		return state->rows;
	copy = palloc(state->count * sizeof(Row));
	memcpy(copy, state->rows, state->count * sizeof(Row));
	SortRows(copy, state->count);
	return copy;
}

/* Each balance counts until the next one; two on one day must be the same */
PG_FUNCTION_INFO_V1(daily_series_final_changes);
Datum
daily_series_final_changes(PG_FUNCTION_ARGS)
{
	SeriesState *state;
	SeriesDraft draft;
	const Row  *rows;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (SeriesState *) PG_GETARG_POINTER(0);
	rows = SortedRows(state);
	SeriesDraftInit(&draft, state->count, state->dscale);
	for (int i = 0; i < state->count; i++)
	{
		if (i > 0 && rows[i].from == rows[i - 1].from &&
			rows[i].units != rows[i - 1].units)
			RefuseClash(rows[i].from, NULL,
						ScaledToNumeric(rows[i - 1].units, state->scale,
										state->scale),
						ScaledToNumeric(rows[i].units, state->scale,
										state->scale), false);
		SeriesPut(&draft, rows[i].from, rows[i].units, state->scale);
	}
	PG_RETURN_POINTER(SeriesPack(&draft));
}
