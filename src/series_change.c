/*
 * series_change.c
 *		New series out of old ones: days added, corrected, cut off, and
 *		arithmetic day by day.
 *
 * All of it walks over packed points and puts those of the result into a
 * draft, each with the scale that it comes with; SeriesPack() finds the one
 * that they share. What is computed is computed in 128 bits, so that only a
 * result that does not fit is refused.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "day_rule.h"
#include "series.h"

static void
SeriesArg(FunctionCallInfo fcinfo, int argno, Series *series)
{
	SeriesOpen(series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno)));
}

/* The same, a null being the empty series */
static void
SeriesArgOrEmpty(FunctionCallInfo fcinfo, int argno, Series *series)
{
	memset(series, 0, sizeof(Series));
	if (!PG_ARGISNULL(argno))
		SeriesArg(fcinfo, argno, series);
}

/* A value and the decimals it shows; a null is none */
static Scaled
ValueArg(FunctionCallInfo fcinfo, int argno, int *dscale)
{
	Scaled		value = {SERIES_NONE, 0};

	*dscale = 0;
	if (!PG_ARGISNULL(argno))
		SeriesReadNumber(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno)),
						 "value", &value, dscale);
	return value;
}

/* The series, and a value from a day on that is not before its last change */
PG_FUNCTION_INFO_V1(daily_series_append);
Datum
daily_series_append(PG_FUNCTION_ARGS)
{
	DateADT		as_of = AsOfArg(fcinfo, 1);
	Period		before = {DATEVAL_NOBEGIN, as_of};
	DateADT		last;
	SeriesDraft draft;
	Series		series;
	Scaled		value;
	int			dscale;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(2))
		PG_RETURN_NULL();
	SeriesArgOrEmpty(fcinfo, 0, &series);
	value = ValueArg(fcinfo, 2, &dscale);
	last = series.count == 0 ? as_of : SeriesDay(&series, series.count - 1);
	if (as_of < last)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot append %s to a daily_series that last changes on %s",
						DateOut(as_of), DateOut(last)),
				 last >= OPEN_END_LEAST ?
				 errhint("If that is how an open end is written, set tiering.open_end "
						 "to it, and make the series anew.") :
				 errhint("Use tiering.amend() to correct days that are past.")));
	SeriesDraftInit(&draft, (int64) series.count + 1,
					Max(series.dscale, dscale));
	SeriesPutDays(&draft, &series, &before);
	SeriesPut(&draft, as_of, value.units, value.scale);
	PG_RETURN_POINTER(SeriesPack(&draft));
}

static Period
AmendedDays(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("valid must not be null")));
	return ValidRangeArg(fcinfo, 1);
}

/* The series with another value on some days */
PG_FUNCTION_INFO_V1(daily_series_amend);
Datum
daily_series_amend(PG_FUNCTION_ARGS)
{
	Period		valid = AmendedDays(fcinfo);
	DateADT		start = SeriesBegin(valid.start);
	Period		before = {DATEVAL_NOBEGIN, start};
	Period		after = {EndAsMeant(valid.end), DATEVAL_NOEND};
	SeriesDraft draft;
	Series		series;
	Scaled		value;
	int			dscale;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(2))
		PG_RETURN_NULL();
	SeriesArgOrEmpty(fcinfo, 0, &series);
	value = ValueArg(fcinfo, 2, &dscale);
	SeriesDraftInit(&draft, (int64) series.count + 2,
					Max(series.dscale, dscale));
	if (start >= valid.end)
		before.end = DATEVAL_NOEND;
	SeriesPutDays(&draft, &series, &before);
	if (start < valid.end && start < SERIES_END)
	{
		SeriesPut(&draft, start, value.units, value.scale);
		if (after.start < SERIES_END)
			SeriesPutDays(&draft, &series, &after);
	}
	PG_RETURN_POINTER(SeriesPack(&draft));
}

/*
 * The series with no value outside some days: clip() in SQL. The name is what
 * 0.1.0 calls it: until a database is updated it does so.
 */
PG_FUNCTION_INFO_V1(daily_series_trim);
Datum
daily_series_trim(PG_FUNCTION_ARGS)
{
	Period		days = DaysArg(fcinfo, 1);
	SeriesDraft draft;
	Series		series;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	SeriesArg(fcinfo, 0, &series);
	SeriesDraftInit(&draft, (int64) series.count + 1, series.dscale);
	days.end = EndAsMeant(days.end);
	SeriesPutDays(&draft, &series, &days);
	if (days.end < SERIES_END)
		SeriesPut(&draft, days.end, SERIES_NONE, 0);
	PG_RETURN_POINTER(SeriesPack(&draft));
}

/* How long a value is carried; a null says for ever */
static int64
MaxAgeArg(FunctionCallInfo fcinfo, int argno)
{
	int32		age;

	if (PG_ARGISNULL(argno))
		return SERIES_END - (int64) SERIES_BEGIN;
	age = PG_GETARG_INT32(argno);
	if (age < 0 || age > DAY_RULE_MAX_AGE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_age must be a number of days, not %d", age)));
	return age;
}

/* The series with its values on the days after them that have none */
PG_FUNCTION_INFO_V1(daily_series_carry);
Datum
daily_series_carry(PG_FUNCTION_ARGS)
{
	int64		age = MaxAgeArg(fcinfo, 1);
	SeriesDraft draft;
	Series		series;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	SeriesArg(fcinfo, 0, &series);
	SeriesDraftInit(&draft, series.count, series.dscale);
	for (int i = 0; i < series.count; i++)
	{
		int64		units = SeriesUnits(&series, i);
		int64		day = SeriesDay(&series, i);
		int64		next = i + 1 < series.count ? SeriesDay(&series, i + 1) : SERIES_END;

		if (units == SERIES_NONE)
			day += age;
		if (day < next)
			SeriesPut(&draft, (DateADT) day, units, series.scale);
	}
	PG_RETURN_POINTER(SeriesPack(&draft));
}

/* left + sign x right on each day; where one has no value, the other's */
static struct varlena *
AddSeries(const Series *left, const Series *right, int sign)
{
	int			scale = Max(left->scale, right->scale);
	int64		left_power = ScaledPower[scale - left->scale];
	int64		right_power = sign * ScaledPower[scale - right->scale];
	SeriesDraft draft;
	SeriesPair	pair;

	SeriesDraftInit(&draft, (int64) left->count + right->count,
					Max(left->dscale, right->dscale));
	SeriesPairInit(&pair, left, right);
	while (SeriesNextPair(&pair))
	{
		if (pair.left_units == SERIES_NONE && pair.right_units == SERIES_NONE)
			SeriesPut(&draft, pair.day, SERIES_NONE, 0);
		else if (pair.right_units == SERIES_NONE)
			SeriesPut(&draft, pair.day, pair.left_units, left->scale);
		else if (pair.left_units == SERIES_NONE)
			SeriesPut(&draft, pair.day, sign * pair.right_units, right->scale);
		else
			SeriesPutWide(&draft, pair.day,
						  (int128) pair.left_units * left_power +
						  (int128) pair.right_units * right_power, scale);
	}
	return SeriesPack(&draft);
}

PG_FUNCTION_INFO_V1(daily_series_add);
Datum
daily_series_add(PG_FUNCTION_ARGS)
{
	Series		left;
	Series		right;

	SeriesArg(fcinfo, 0, &left);
	SeriesArg(fcinfo, 1, &right);
	PG_RETURN_POINTER(AddSeries(&left, &right, 1));
}

PG_FUNCTION_INFO_V1(daily_series_subtract);
Datum
daily_series_subtract(PG_FUNCTION_ARGS)
{
	Series		left;
	Series		right;

	SeriesArg(fcinfo, 0, &left);
	SeriesArg(fcinfo, 1, &right);
	PG_RETURN_POINTER(AddSeries(&left, &right, -1));
}

/* Each value times a number; the result shows the decimals of both */
static struct varlena *
MultiplySeries(const Series *series, Scaled factor, int dscale)
{
	SeriesDraft draft;

	SeriesDraftInit(&draft, series->count, series->dscale + dscale);
	for (int i = 0; i < series->count; i++)
	{
		int64		units = SeriesUnits(series, i);

		if (units == SERIES_NONE)
			SeriesPut(&draft, SeriesDay(series, i), SERIES_NONE, 0);
		else
			SeriesPutWide(&draft, SeriesDay(series, i),
						  (int128) units * factor.units,
						  series->scale + factor.scale);
	}
	return SeriesPack(&draft);
}

PG_FUNCTION_INFO_V1(daily_series_negate);
Datum
daily_series_negate(PG_FUNCTION_ARGS)
{
	Series		series;

	SeriesArg(fcinfo, 0, &series);
	PG_RETURN_POINTER(MultiplySeries(&series, (Scaled) {-1, 0}, 0));
}

static Datum
Multiply(FunctionCallInfo fcinfo, int series_argno, int factor_argno)
{
	Series		series;
	Scaled		factor;
	int			dscale;

	SeriesArg(fcinfo, series_argno, &series);
	SeriesReadNumber(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(factor_argno)),
					 "factor", &factor, &dscale);
	PG_RETURN_POINTER(MultiplySeries(&series, factor, dscale));
}

PG_FUNCTION_INFO_V1(daily_series_times);
Datum
daily_series_times(PG_FUNCTION_ARGS)
{
	return Multiply(fcinfo, 0, 1);
}

PG_FUNCTION_INFO_V1(daily_series_times_left);
Datum
daily_series_times_left(PG_FUNCTION_ARGS)
{
	return Multiply(fcinfo, 1, 0);
}

#define RATE_HINT \
	errhint("Load a rate for that day, let rates older than 7 days count " \
			"(max_age of fx_series(), or tiering.fx_max_age), or cut the " \
			"balances with tiering.clip() to the days that have one.")

/* whose may be null: then convert() was not told */
static void
RefuseRate(DateADT day, text *whose)
{
	if (whose == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("there is a balance but no rate on %s", DateOut(day)),
				 errdetail("Whose it is, and in which currency, convert() tells by "
						   "its fourth argument."),
				 RATE_HINT));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("there is a balance of %s but no rate on %s",
					text_to_cstring(whose), DateOut(day)),
			 RATE_HINT));
}

/* units x 10^-scale, rounded to fewer decimals or as it is */
static int128
ToScale(int128 units, int scale, int to)
{
	if (scale > to)
		return ScaledRound(units, scale - to);
	return units;
}

/*
 * Each day's balance at that day's rate, rounded half away from zero. A balance
 * of 0 is 0 at any rate, even where there is none.
 */
static Datum
Convert(FunctionCallInfo fcinfo, text *whose)
{
	int32		scale = PG_GETARG_INT32(2);
	int			given;
	SeriesDraft draft;
	SeriesPair	pair;
	Series		series;
	Series		rates;

	if (scale < 0 || scale > SCALED_DIGITS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("scale must be from 0 to %d, not %d", SCALED_DIGITS,
						scale)));
	SeriesArg(fcinfo, 0, &series);
	SeriesArg(fcinfo, 1, &rates);
	given = series.scale + rates.scale;
	SeriesDraftInit(&draft, (int64) series.count + rates.count, scale);
	SeriesPairInit(&pair, &series, &rates);
	while (SeriesNextPair(&pair))
	{
		if (pair.left_units == SERIES_NONE || pair.left_units == 0)
			SeriesPut(&draft, pair.day, pair.left_units, 0);
		else if (pair.right_units == SERIES_NONE)
			RefuseRate(pair.day, whose);
		else
			SeriesPutWide(&draft, pair.day,
						  ToScale((int128) pair.left_units * pair.right_units,
								  given, scale), Min(given, scale));
	}
	PG_RETURN_POINTER(SeriesPack(&draft));
}

PG_FUNCTION_INFO_V1(daily_series_convert);
Datum
daily_series_convert(PG_FUNCTION_ARGS)
{
	return Convert(fcinfo, NULL);
}

PG_FUNCTION_INFO_V1(daily_series_convert_whose);
Datum
daily_series_convert_whose(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	return Convert(fcinfo, PG_ARGISNULL(3) ? NULL : PG_GETARG_TEXT_PP(3));
}
