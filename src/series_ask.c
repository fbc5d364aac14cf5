/*
 * series_ask.c
 *		Questions to a daily_series. Each reads the packed points that its days
 *		touch, and allocates nothing but its result.
 *
 * A day without a value is left out. A null series gives null, but the period is
 * looked at first, as the aggregates look at theirs.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#include "series.h"

/* The value on a day, null if there is none */
PG_FUNCTION_INFO_V1(daily_series_value_on);
Datum
daily_series_value_on(PG_FUNCTION_ARGS)
{
	DateADT		day = SeriesBegin(PG_GETARG_DATEADT(1));
	Series		series;
	int64		units;

	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	units = SeriesUnitsFrom(&series, SeriesFind(&series, day));
	if (units == SERIES_NONE)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(SeriesNumber(&series, units));
}

/* The least or the most of the values that there are */
static Datum
Extreme(FunctionCallInfo fcinfo, bool most)
{
	const Period *period = PeriodArg(fcinfo, 1);
	int64		found = SERIES_NONE;
	SeriesRuns	runs;
	Series		series;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	SeriesRunsInit(&runs, &series, period);
	while (SeriesNextRun(&runs))
	{
		if (runs.units == SERIES_NONE)
			continue;
		if (found == SERIES_NONE ||
			(most ? runs.units > found : runs.units < found))
			found = runs.units;
	}
	if (found == SERIES_NONE)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(SeriesNumber(&series, found));
}

PG_FUNCTION_INFO_V1(daily_series_minimum);
Datum
daily_series_minimum(PG_FUNCTION_ARGS)
{
	return Extreme(fcinfo, false);
}

PG_FUNCTION_INFO_V1(daily_series_maximum);
Datum
daily_series_maximum(PG_FUNCTION_ARGS)
{
	return Extreme(fcinfo, true);
}

PG_FUNCTION_INFO_V1(daily_series_days_at_least);
Datum
daily_series_days_at_least(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 2);
	struct varlena *threshold;
	int64		days = 0;
	DecimalView view;
	SeriesRuns	runs;
	Series		series;
	int128		least;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	threshold = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	DecimalViewNumeric(threshold, &view);
	if (!view.finite)
		DecimalRefuse(threshold, "threshold");
	least = ScaledCeiling(&view, series.scale);
	SeriesRunsInit(&runs, &series, period);
	while (SeriesNextRun(&runs))
		if (runs.units != SERIES_NONE && runs.units >= least)
			days += (int64) runs.to - runs.from;
	PG_RETURN_INT32((int32) days);
}

PG_FUNCTION_INFO_V1(daily_series_first_day);
Datum
daily_series_first_day(PG_FUNCTION_ARGS)
{
	Series		series;

	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	if (series.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(SeriesBegun(series.first));
}

PG_FUNCTION_INFO_V1(daily_series_last_change);
Datum
daily_series_last_change(PG_FUNCTION_ARGS)
{
	Series		series;

	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	if (series.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(SeriesBegun(SeriesDay(&series, series.count - 1)));
}

PG_FUNCTION_INFO_V1(daily_series_change_days);
Datum
daily_series_change_days(PG_FUNCTION_ARGS)
{
	Series		series;

	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	PG_RETURN_INT32(series.count);
}

/* What segments() remembers from row to row */
typedef struct Segments
{
	TypeCacheEntry *typcache;	/* of daterange */
	Series		series;
	int			next;			/* point of the next segment */
} Segments;

static Segments *
SegmentsInit(FunctionCallInfo fcinfo, FuncCallContext *context)
{
	MemoryContext old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
	Segments   *segments = palloc0(sizeof(Segments));

	if (get_call_result_type(fcinfo, NULL, &context->tuple_desc) !=
		TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	context->tuple_desc = BlessTupleDesc(context->tuple_desc);
	segments->typcache = lookup_type_cache(DATERANGEOID, TYPECACHE_RANGE_INFO);
	SeriesOpen(&segments->series,
			   (struct varlena *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
	MemoryContextSwitchTo(old);
	return segments;
}

/* The run of days that begins with a point, and its value */
static HeapTuple
MakeSegment(const Segments *segments, int i, TupleDesc desc)
{
	const Series *series = &segments->series;
	bool		last = i + 1 == series->count;
	bool		nulls[2] = {false, false};
	Datum		values[2];
	Period		days;

	days.start = SeriesBegun(SeriesDay(series, i));
	days.end = last ? DATEVAL_NOEND : SeriesDay(series, i + 1);
	values[0] = PeriodToRange(segments->typcache, &days);
	values[1] = NumericGetDatum(SeriesNumber(series, SeriesUnits(series, i)));
	return heap_form_tuple(desc, values, nulls);
}

/* A row for each run of days with one value */
PG_FUNCTION_INFO_V1(daily_series_segments);
Datum
daily_series_segments(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	Segments   *segments;

	if (SRF_IS_FIRSTCALL())
	{
		context = SRF_FIRSTCALL_INIT();
		context->user_fctx = SegmentsInit(fcinfo, context);
	}
	context = SRF_PERCALL_SETUP();
	segments = context->user_fctx;
	for (; segments->next < segments->series.count; segments->next++)
		if (SeriesUnits(&segments->series, segments->next) != SERIES_NONE)
		{
			HeapTuple	row = MakeSegment(segments, segments->next++,
										  context->tuple_desc);

			SRF_RETURN_NEXT(context, HeapTupleGetDatum(row));
		}
	SRF_RETURN_DONE(context);
}
