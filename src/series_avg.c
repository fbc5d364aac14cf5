/*
 * series_avg.c
 *		Balance-days and averages of a daily_series, over the days that a rule says.
 *
 * Mostly all days of the period count, or those with a value, and one without a
 * value is 0: that is one walk over the runs, and allocates nothing but the
 * result. For all other rules the runs are cut to the days that count, and such as
 * have no value to those to which the last value is carried.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "balance_days.h"
#include "day_rule.h"
#include "series.h"

/* What the days of a period add up to */
typedef struct Totals
{
	int128		sum;			/* of value x days, in 10^-scale */
	int64		held;			/* days with a value other than 0 */
	int64		observed;		/* days with a value */
	int64		days;			/* days that count */
} Totals;

/* The same, of days that a rule says */
typedef struct RuleTotals
{
	const DayRule *rule;
	const BusinessDays *business;	/* the days that count, or NULL */
	Totals		totals;
	int64		empty;			/* days without a value since the last one with one */
	DateADT		first_empty;	/* the first of these */
} RuleTotals;

static Totals
AddUp(const Series *series, const Period *period)
{
	Totals		totals = {0};
	int64		sum = 0;		/* what fits */
	SeriesRuns	runs;

	SeriesRunsInit(&runs, series, period);
	while (SeriesNextRun(&runs))
	{
		int64		days = (int64) runs.to - runs.from;
		int64		product;
		int64		total;

		if (runs.units == SERIES_NONE)
			continue;
		if (likely(!__builtin_mul_overflow(runs.units, days, &product) &&
				   !__builtin_add_overflow(sum, product, &total)))
			sum = total;
		else
			totals.sum += (int128) runs.units * days;
		totals.observed += days;
		totals.held += runs.units != 0 ? days : 0;
	}
	totals.sum += sum;
	totals.days = PeriodDays(period);
	return totals;
}

/* The empty days before this one count, as it turns out */
static void
CountEmpty(RuleTotals *all)
{
	if (all->empty == 0)
		return;
	if (all->rule->missing == MISSING_ERROR)
		RefuseMissing(FirstCounted(all->business, all->first_empty), NULL);
	all->totals.days += all->empty;
	all->empty = 0;
}

/* Add the days [from, to), if there are any, all of one value or without one */
static void
AddDays(RuleTotals *all, DateADT from, DateADT to, int64 units)
{
	int64		days = from < to ? CountedDays(all->business, from, to) : 0;

	if (days == 0)
		return;
	if (units == SERIES_NONE)
	{
		if (all->empty == 0)
			all->first_empty = from;
		all->empty += days;
		return;
	}
	/* an open account begins with its first balance */
	if (all->rule->denominator == DENOMINATOR_OPEN && all->totals.observed == 0)
		all->empty = 0;
	CountEmpty(all);
	all->totals.sum += (int128) units * days;
	all->totals.observed += days;
	all->totals.held += units != 0 ? days : 0;
	all->totals.days += days;
}

/* A run without a value: the one before may be carried into it */
static void
AddEmptyRun(RuleTotals *all, const SeriesRuns *runs)
{
	int			point = runs->next - 2;
	DateADT		until = runs->from;

	if (point > 0 && all->rule->carry)
		until = CarriedUntil(all->rule, SeriesDay(runs->series, point) - 1, runs->to);
	if (until > runs->from)
		AddDays(all, runs->from, until, SeriesUnits(runs->series, point - 1));
	AddDays(all, Max(until, runs->from), runs->to, SERIES_NONE);
}

/* The days of the period up to the last one that is given, or that has a value */
static Period
Elapsed(const Series *series, const Period *period, const DayRule *rule)
{
	Period		elapsed = {period->start, period->start};
	SeriesRuns	runs;

	if (rule->last_day != DATEVAL_NOEND)
	{
		elapsed.end = Min(rule->last_day + 1, period->end);
		return elapsed;
	}
	SeriesRunsInit(&runs, series, period);
	while (SeriesNextRun(&runs))
		if (runs.units != SERIES_NONE)
			elapsed.end = runs.to;
	return elapsed;
}

static Totals
AddUpByRule(const Series *series, const Period *period, const DayRule *rule,
			const BusinessDays *business)
{
	RuleTotals	all = {.rule = rule,.business = business};
	Period		days = *period;
	SeriesRuns	runs;

	if (rule->denominator == DENOMINATOR_ELAPSED)
		days = Elapsed(series, period, rule);
	SeriesRunsInit(&runs, series, &days);
	while (SeriesNextRun(&runs))
		if (runs.units == SERIES_NONE)
			AddEmptyRun(&all, &runs);
		else
			AddDays(&all, runs.from, runs.to, runs.units);
	if (rule->missing == MISSING_SKIP || rule->denominator == DENOMINATOR_OBSERVED)
		all.totals.days = all.totals.observed;
	else if (rule->denominator != DENOMINATOR_OPEN)
		CountEmpty(&all);
	if (rule->denominator == DENOMINATOR_HELD)
		all.totals.days = all.totals.held;
	return all.totals;
}

/* All days of the period, or those with a value, as they are */
static inline bool
IsPlain(const DayRule *rule)
{
	return !rule->carry && rule->missing == MISSING_ZERO &&
		(rule->denominator == DENOMINATOR_PERIOD ||
		 rule->denominator == DENOMINATOR_HELD ||
		 rule->denominator == DENOMINATOR_OBSERVED);
}

static Totals
AddUpPlain(const Series *series, const Period *period, const DayRule *rule)
{
	Totals		totals = AddUp(series, period);

	if (rule->denominator == DENOMINATOR_HELD)
		totals.days = totals.held;
	else if (rule->denominator == DENOMINATOR_OBSERVED)
		totals.days = totals.observed;
	return totals;
}

PG_FUNCTION_INFO_V1(daily_series_balance_days);
Datum
daily_series_balance_days(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 1);
	Series		series;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	PG_RETURN_NUMERIC(SeriesNumber(&series, AddUp(&series, period).sum));
}

/* The sum over days as the aggregates have it, so that the results have its digits */
static Numeric
Average(const Series *series, const Totals *totals)
{
	BalanceDays sum = {0};
	int			fraction = (series->scale + DECIMAL_BASE_DIGITS - 1) /
		DECIMAL_BASE_DIGITS;

	sum.sum = totals->sum *
		ScaledPower[fraction * DECIMAL_BASE_DIGITS - series->scale];
	sum.fraction = fraction;
	sum.dscale = series->dscale;
	return BalanceDaysOver(&sum, totals->days);
}

PG_FUNCTION_INFO_V1(daily_series_avg);
Datum
daily_series_avg(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 1);
	DayRuleCache *cache = CallSiteExtra(fcinfo, sizeof(DayRuleCache));
	const DayRule *rule = DayRuleArg(fcinfo, 2, RULE_OF_SERIES, cache);
	Totals		totals;
	Series		series;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	if (IsPlain(rule))
		totals = AddUpPlain(&series, period, rule);
	else
		totals = AddUpByRule(&series, period, rule, NULL);
	if (totals.days == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(Average(&series, &totals));
}

/* What the business days of a period add up to, by a calendar */
static Totals
BusinessTotals(FunctionCallInfo fcinfo, Series *series)
{
	const Period *period = PeriodArg(fcinfo, 1);
	DayRuleCache *cache = CallSiteExtra(fcinfo, sizeof(DayRuleCache));
	const DayRule *rule = DayRuleArg(fcinfo, 3, RULE_OF_BUSINESS, cache);
	const BusinessDays *business = BusinessDaysArg(fcinfo, 2, &cache->business,
												   period);

	SeriesOpen(series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	return AddUpByRule(series, period, rule, business);
}

PG_FUNCTION_INFO_V1(daily_series_avg_business);
Datum
daily_series_avg_business(PG_FUNCTION_ARGS)
{
	Totals		totals;
	Series		series;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	totals = BusinessTotals(fcinfo, &series);
	if (totals.days == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(Average(&series, &totals));
}

PG_FUNCTION_INFO_V1(daily_series_balance_days_business);
Datum
daily_series_balance_days_business(PG_FUNCTION_ARGS)
{
	Totals		totals;
	Series		series;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	totals = BusinessTotals(fcinfo, &series);
	PG_RETURN_NUMERIC(SeriesNumber(&series, totals.sum));
}
