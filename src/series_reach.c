/*
 * series_reach.c
 *		The balance that takes a customer's average to a threshold.
 *
 * The average is that of the whole period, in which a day without a value
 * counts 0. It reaches the threshold exactly if balance-days reach threshold x
 * days; that is what is compared, so that nothing is rounded but the answer.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "series_reach.h"

/*
 * The smallest whole number that is not below dividend / divisor, or the
 * smallest above it
 */
static Numeric
RoundUp(Numeric dividend, int64 divisor, bool above)
{
	Datum		by = NumericGetDatum(int64_to_numeric(divisor));
	Datum		whole = DirectFunctionCall2(numeric_div_trunc,
											NumericGetDatum(dividend), by);
	Datum		product = DirectFunctionCall2(numeric_mul, whole, by);
	int			order = DatumGetInt32(DirectFunctionCall2(numeric_cmp, product,
														  NumericGetDatum(dividend)));

	if (order < 0 || (above && order == 0))
		return DatumGetNumeric(DirectFunctionCall1(numeric_inc, whole));
	return DatumGetNumeric(whole);
}

/* Balance-days that a threshold asks for, a numeric that is exact */
static Datum
NeededDays(Datum threshold, const Period *period)
{
	struct varlena *number = PG_DETOAST_DATUM_PACKED(threshold);
	DecimalView view;

	DecimalViewNumeric(number, &view);
	if (!view.finite)
		DecimalRefuse(number, "threshold");
	return DirectFunctionCall2(numeric_mul, PointerGetDatum(number),
							   NumericGetDatum(int64_to_numeric(PeriodDays(period))));
}

/* Balance-days on [start, end), in 10^-scale of the series */
static int128
SumDays(const Series *series, DateADT start, DateADT end)
{
	Period		period = {start, end};
	int128		sum = 0;
	SeriesRuns	runs;

	SeriesRunsInit(&runs, series, &period);
	while (SeriesNextRun(&runs))
		if (runs.units != SERIES_NONE)
			sum += (int128) runs.units * ((int64) runs.to - runs.from);
	return sum;
}

/* What of the period stands fast; false if no day of it comes after as_of */
bool
ReachOpen(Reach *reach, const Series *series, const Period *period,
		  DateADT as_of)
{
	if (as_of >= period->end - 1)
		return false;
	reach->period = *period;
	reach->first = Max(period->start - 1, as_of) + 1;
	reach->sum = SumDays(series, period->start, reach->first);
	reach->scale = series->scale;
	reach->dscale = series->dscale;
	return true;
}

/*
 * The least balance, in the decimals that the series shows, that brings the
 * average to the threshold, or above it, if it stands on each day from first on.
 */
Datum
ReachBalance(const Reach *reach, Datum threshold, bool above)
{
	Datum		missing;
	Numeric		power;

	missing = DirectFunctionCall2(numeric_sub,
								  NeededDays(threshold, &reach->period),
								  NumericGetDatum(ScaledToNumeric(reach->sum,
																  reach->scale,
																  reach->dscale)));
	/* in whole units of the last decimal shown */
	power = ScaledToNumeric((int128) ScaledPower[reach->dscale / 2] *
							ScaledPower[reach->dscale - reach->dscale / 2],
							0, 0);
	missing = DirectFunctionCall2(numeric_mul, missing,
								  NumericGetDatum(power));
	missing = NumericGetDatum(RoundUp(DatumGetNumeric(missing),
									  (int64) reach->period.end - reach->first,
									  above));
	power = ScaledToNumeric(1, reach->dscale, reach->dscale);
	return DirectFunctionCall2(numeric_mul, missing, NumericGetDatum(power));
}

static Datum
BalanceNeeded(FunctionCallInfo fcinfo, bool above)
{
	const Period *period = PeriodArg(fcinfo, 2);
	Series		series;
	Reach		reach;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	if (!ReachOpen(&reach, &series, period, PG_GETARG_DATEADT(3)))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ReachBalance(&reach, PG_GETARG_DATUM(1), above));
}

/* balance_to_reach(balances, threshold, period, as_of) */
PG_FUNCTION_INFO_V1(daily_series_balance_to_reach);
Datum
daily_series_balance_to_reach(PG_FUNCTION_ARGS)
{
	return BalanceNeeded(fcinfo, false);
}

/* balance_needed(balances, threshold, period, as_of, above) */
PG_FUNCTION_INFO_V1(daily_series_balance_needed);
Datum
daily_series_balance_needed(PG_FUNCTION_ARGS)
{
	return BalanceNeeded(fcinfo, !PG_ARGISNULL(4) && PG_GETARG_BOOL(4));
}

/* The search for the last day to raise a balance; all in one scale */
typedef struct Raise
{
	const Series *series;
	int			scale;
	int128		most;			/* the balance it is raised to */
	int128		needed;			/* balance-days */
	Period		period;
} Raise;

/* A number at that scale; as one of a series it must fit 18 digits there */
static int128
AtScale(int64 units, int scale, int to)
{
	int128		result = (int128) units * ScaledPower[to - scale];

	if (result > SCALED_LIMIT || result < -SCALED_LIMIT)
		SeriesRefuseWide(result, to, DATEVAL_NOBEGIN);
	return result;
}

/* The value of a run, 0 where there is none */
static int128
RunValue(const Raise *raise, const SeriesRuns *runs)
{
	return runs->units == SERIES_NONE ? 0 :
		AtScale(runs->units, raise->series->scale, raise->scale);
}

/*
 * The last day of [from, to) on which raising is not too late; the series has
 * one value there, and before is what it adds up to before. From one day to the
 * next the sum changes by value less most, so that it reaches what is needed on
 * all days, on the first of them or on the last. DATEVAL_NOBEGIN if on none.
 */
static DateADT
LastDayOfRun(const Raise *raise, const SeriesRuns *runs, int128 before)
{
	int128		value = RunValue(raise, runs);
	int128		spare = before - raise->needed +
		raise->most * ((int64) raise->period.end - runs->from);
	int64		days = (int64) runs->to - 1 - runs->from;

	if (spare + (value - raise->most) * days >= 0)
		return runs->to - 1;
	if (spare < 0)
		return DATEVAL_NOBEGIN;
	return runs->from + (DateADT) ScaledQuotient(spare, raise->most - value);
}

static DateADT
LastDay(const Raise *raise)
{
	DateADT		last = DATEVAL_NOBEGIN;
	int128		before = 0;
	SeriesRuns	runs;

	SeriesRunsInit(&runs, raise->series, &raise->period);
	while (SeriesNextRun(&runs))
	{
		last = Max(last, LastDayOfRun(raise, &runs, before));
		before += RunValue(raise, &runs) * ((int64) runs.to - runs.from);
	}
	return last;
}

/*
 * The last day of the period such that the threshold is reached if the series
 * goes on as it is until the day before, and max_balance stands from that day
 * to the end of the period. Null if there is none.
 */
PG_FUNCTION_INFO_V1(daily_series_last_day_to_reach);
Datum
daily_series_last_day_to_reach(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 2);
	struct varlena *needed;
	Raise		raise;
	DecimalView view;
	Series		series;
	Scaled		most;
	DateADT		last;
	int			scale;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	SeriesReadNumber(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(3)),
					 "max_balance", &most, &scale);
	scale = Max(series.scale, most.scale);
	needed = (struct varlena *) DatumGetPointer(NeededDays(PG_GETARG_DATUM(1), period));
	DecimalViewNumeric(needed, &view);
	raise.series = &series;
	raise.scale = scale;
	raise.most = AtScale(most.units, most.scale, scale);
	raise.needed = ScaledCeiling(&view, scale);
	raise.period = *period;
	last = LastDay(&raise);
	if (last == DATEVAL_NOBEGIN)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(last);
}
