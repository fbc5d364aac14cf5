/*
 * period.c
 *		Periods and days as SQL passes them, and the calendar's periods.
 *
 * A period is nearly always one constant for millions of rows, so the last one
 * is kept at the call site with the bytes it was read from.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "compat.h"
#include "period.h"

#define MONTHS_PER_QUARTER		3
#define MONTHS_PER_HALF_YEAR	6

/* What a call site remembers in its fn_extra */
typedef struct PeriodCache
{
	TypeCacheEntry *typcache;	/* of daterange */
	Period		period;			/* the last one seen, and checked */
	Size		size;			/* of its bytes; 0 before the first */
	char		image[32];		/* a daterange takes 17 at the most */
	void	   *extra;			/* of whoever else keeps something there */
} PeriodCache;

static PeriodCache *
CallSiteCache(FunctionCallInfo fcinfo)
{
	PeriodCache *cache = fcinfo->flinfo->fn_extra;

	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
									   sizeof(PeriodCache));
		cache->typcache = lookup_type_cache(DATERANGEOID,
											TYPECACHE_RANGE_INFO);
		fcinfo->flinfo->fn_extra = cache;
	}
	return cache;
}

/* What a call site keeps beside its period, zeroed at first */
void *
CallSiteExtra(FunctionCallInfo fcinfo, Size size)
{
	PeriodCache *cache = CallSiteCache(fcinfo);

	if (cache->extra == NULL)
		cache->extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, size);
	return cache->extra;
}

/* The days of a range; an empty one has none, a missing bound is infinite */
static Period
PeriodFromRange(TypeCacheEntry *typcache, RangeType *range, bool *empty)
{
	RangeBound	lower;
	RangeBound	upper;
	Period		result = {0, 0};

	range_deserialize(typcache, range, &lower, &upper, empty);
	if (!*empty)
	{
		result.start = lower.infinite ? DATEVAL_NOBEGIN :
			DatumGetDateADT(lower.val);
		result.end = upper.infinite ? DATEVAL_NOEND :
			DatumGetDateADT(upper.val);
	}
	return result;
}

static void
CheckPeriod(const Period *period, bool empty, Datum range)
{
	if (empty)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period must not be empty")));
	if (DATE_NOT_FINITE(period->start) || DATE_NOT_FINITE(period->end))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period %s must have both a first and a last day",
						OidOutputFunctionCall(F_RANGE_OUT, range)),
				 errhint("Use a bounded range, such as tiering.month(date) "
						 "or '[2024-01-01,2024-02-01)'.")));
}

static Period
CheckedPeriod(TypeCacheEntry *typcache, RangeType *range)
{
	bool		empty;
	Period		period = PeriodFromRange(typcache, range, &empty);

	CheckPeriod(&period, empty, RangeTypePGetDatum(range));
	return period;
}

/* A period that is no argument; what is wrong with it, NULL if nothing is */
const char *
PeriodFromDatum(Datum range, Period *period)
{
	bool		empty;

	*period = PeriodFromRange(lookup_type_cache(DATERANGEOID, TYPECACHE_RANGE_INFO),
							  DatumGetRangeTypeP(range), &empty);
	if (empty)
		return "empty";
	if (DATE_NOT_FINITE(period->start) || DATE_NOT_FINITE(period->end))
		return psprintf("%s, not bounded,", OidOutputFunctionCall(F_RANGE_OUT, range));
	return NULL;
}

/* A daterange with both bounds, as a constant has it */
#define FULL_SIZE	(VARHDRSZ + sizeof(Oid) + 2 * sizeof(DateADT) + 1)

/* Is it the last one seen? A comparison of a size known here is no call. */
static inline bool
IsCached(const PeriodCache *cache, const struct varlena *raw, Size size)
{
	if (size != cache->size)
		return false;
	if (size == FULL_SIZE)
		return memcmp(raw, cache->image, FULL_SIZE) == 0;
	return memcmp(raw, cache->image, size) == 0;
}

/* The period that an aggregate was asked for: bounded, and not empty */
const Period *
PeriodArg(FunctionCallInfo fcinfo, int argno)
{
	PeriodCache *cache = CallSiteCache(fcinfo);
	struct varlena *raw;
	Size		size;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("period must not be null")));
	raw = (struct varlena *) PG_GETARG_POINTER(argno);
	size = VARSIZE_ANY(raw);
	if (!IsCached(cache, raw, size))
	{
		cache->period = CheckedPeriod(cache->typcache, PG_GETARG_RANGE_P(argno));
		cache->size = 0;
		if (size <= sizeof(cache->image))
		{
			memcpy(cache->image, raw, size);
			cache->size = size;
		}
	}
	return &cache->period;
}

/* Any range of days, which may have no end, or no days */
Period
DaysArg(FunctionCallInfo fcinfo, int argno)
{
	bool		empty;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("period must not be null")));
	return PeriodFromRange(CallSiteCache(fcinfo)->typcache,
						   PG_GETARG_RANGE_P(argno), &empty);
}

/* The days on which a balance stood, given as a range */
Period
ValidRangeArg(FunctionCallInfo fcinfo, int argno)
{
	bool		empty;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the valid range of %s must not be null",
						RowText(fcinfo, argno - 1))));
	return PeriodFromRange(CallSiteCache(fcinfo)->typcache,
						   PG_GETARG_RANGE_P(argno), &empty);
}

/*
 * Complain of an end before its begin, unless no day from the one to the other is in
 * the period, if there is one: then it is nothing that this is about. The balance,
 * which is the argument before them, is all that we know of whose they are.
 */
void
CheckBackwards(FunctionCallInfo fcinfo, int argno, const Period *valid,
			   const Period *period)
{
	if (period != NULL &&
		(valid->start < period->start || valid->end >= period->end))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("valid_from %s is after valid_to %s, of a balance of %s",
					DateOut(valid->start), DateOut(valid->end),
					DatumGetCString(DirectFunctionCall1(numeric_out,
														PG_GETARG_DATUM(argno - 1)))),
			 errhint("valid_to is the first day after: if yours is the last day, "
					 "give the day behind it. tiering.check_ranges() tells whose it is.")));
}

/* An argument of any type as it is written; NULL if it is null, a state, or none at all */
static char *
ArgText(FunctionCallInfo fcinfo, int argno)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argno);
	Oid			output;
	bool		is_varlena;

	if (!OidIsValid(type) || type == INTERNALOID || PG_ARGISNULL(argno))
		return NULL;
	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, PG_GETARG_DATUM(argno));
}

/*
 * Whose balance a row has and of which day, as far as its arguments say so: the account,
 * if there is one, comes before the balance, and the day behind it.
 */
char *
RowOwnerText(FunctionCallInfo fcinfo, int balance_argno)
{
	const char *account = ArgText(fcinfo, balance_argno - 1);
	const char *day = ArgText(fcinfo, balance_argno + 1);

	return psprintf("%s%s",
					account == NULL ? "" : psprintf(" of account \"%s\"", account),
					day == NULL ? "" : psprintf(" on %s", day));
}

/* The same, with the balance before it */
char *
RowText(FunctionCallInfo fcinfo, int balance_argno)
{
	const char *balance = ArgText(fcinfo, balance_argno);

	return psprintf("balance %s%s", balance == NULL ? "null" : balance,
					RowOwnerText(fcinfo, balance_argno));
}

/* Complain of a balance that is no number */
void
RefuseBalance(FunctionCallInfo fcinfo, int balance_argno)
{
	const char *account = ArgText(fcinfo, balance_argno - 1);

	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("balance%s must be a finite number, not %s",
					RowOwnerText(fcinfo, balance_argno),
					ArgText(fcinfo, balance_argno)),
			 account != NULL ? 0 :
			 errhint("tiering.check_ranges() and the like tell whose it is.")));
}

DateADT
DateArg(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of %s must not be null", name,
						RowText(fcinfo, argno - 1))));
	return PG_GETARG_DATEADT(argno);
}

char *
DateOut(DateADT date)
{
	return DatumGetCString(DirectFunctionCall1(date_out,
											   DateADTGetDatum(date)));
}

/* [start, end) as a daterange; an infinite date is no bound */
Datum
PeriodToRange(TypeCacheEntry *typcache, const Period *period)
{
	RangeBound	lower = {0};
	RangeBound	upper = {0};

	lower.val = DateADTGetDatum(period->start);
	lower.infinite = DATE_NOT_FINITE(period->start);
	lower.inclusive = !lower.infinite;
	lower.lower = true;
	upper.val = DateADTGetDatum(period->end);
	upper.infinite = DATE_NOT_FINITE(period->end);
	return RangeTypePGetDatum(MakeRange(typcache, &lower, &upper));
}

/* [start, end) as a daterange; both must be dates that exist */
static Datum
MakePeriod(FunctionCallInfo fcinfo, int64 start, int64 end)
{
	Period		period;

	if (start < DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE ||
		end >= DATE_END_JULIAN - POSTGRES_EPOCH_JDATE)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("period is out of the range of dates")));
	period.start = (DateADT) start;
	period.end = (DateADT) end;
	return PeriodToRange(CallSiteCache(fcinfo)->typcache, &period);
}

/* The last day of what is asked for */
DateADT
AsOfArg(FunctionCallInfo fcinfo, int argno)
{
	DateADT		date;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of must not be null")));
	date = PG_GETARG_DATEADT(argno);
	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be a day, not %s", DateOut(date))));
	return date;
}

/* First day of a month, counted in months from the year 0 */
static int64
FirstOfMonth(int64 month)
{
	int64		year = (month >= 0 ? month : month - (MONTHS_PER_YEAR - 1)) /
		MONTHS_PER_YEAR;

	if (year < JULIAN_MINYEAR || year >= JULIAN_MAXYEAR)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("period is out of the range of dates")));
	return (int64) date2j((int) year, (int) (month - year * MONTHS_PER_YEAR) + 1,
						  1) - POSTGRES_EPOCH_JDATE;
}

/*
 * The first month of the run of so many months that contains a day. One of the
 * runs begins with first_month.
 */
static int64
RunOfMonths(DateADT date, int months, int first_month)
{
	int			year;
	int			month;
	int			day;
	int			gone;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	gone = (month - first_month + MONTHS_PER_YEAR) % months;
	return (int64) year * MONTHS_PER_YEAR + month - 1 - gone;
}

/* The month with which years begin */
static int
FirstMonthArg(FunctionCallInfo fcinfo, int argno)
{
	int			month = PG_GETARG_INT32(argno);

	if (month < 1 || month > MONTHS_PER_YEAR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("first_month must be from 1 to %d, not %d",
						MONTHS_PER_YEAR, month)));
	return month;
}

/* A whole run of months, so many of them away from the one of as_of */
static Datum
WholePeriod(FunctionCallInfo fcinfo, int months, int first_month, int32 shift)
{
	DateADT		as_of = AsOfArg(fcinfo, 0);
	int64		month = RunOfMonths(as_of, months, first_month) +
		(int64) shift * months;

	return MakePeriod(fcinfo, FirstOfMonth(month), FirstOfMonth(month + months));
}

/* A run of months from its first day up to and including as_of */
static Datum
PeriodToDate(FunctionCallInfo fcinfo, int months, int first_month)
{
	DateADT		as_of = AsOfArg(fcinfo, 0);

	return MakePeriod(fcinfo,
					  FirstOfMonth(RunOfMonths(as_of, months, first_month)),
					  (int64) as_of + 1);
}

/* Those of the calendar */
static Datum
CalendarPeriod(FunctionCallInfo fcinfo, int months)
{
	return WholePeriod(fcinfo, months, 1, PG_GETARG_INT32(1));
}

static Datum
CalendarToDate(FunctionCallInfo fcinfo, int months)
{
	return PeriodToDate(fcinfo, months, 1);
}

PG_FUNCTION_INFO_V1(period_month);
Datum
period_month(PG_FUNCTION_ARGS)
{
	return CalendarPeriod(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(period_quarter);
Datum
period_quarter(PG_FUNCTION_ARGS)
{
	return CalendarPeriod(fcinfo, MONTHS_PER_QUARTER);
}

PG_FUNCTION_INFO_V1(period_half_year);
Datum
period_half_year(PG_FUNCTION_ARGS)
{
	return CalendarPeriod(fcinfo, MONTHS_PER_HALF_YEAR);
}

PG_FUNCTION_INFO_V1(period_year);
Datum
period_year(PG_FUNCTION_ARGS)
{
	return CalendarPeriod(fcinfo, MONTHS_PER_YEAR);
}

PG_FUNCTION_INFO_V1(period_month_to_date);
Datum
period_month_to_date(PG_FUNCTION_ARGS)
{
	return CalendarToDate(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(period_quarter_to_date);
Datum
period_quarter_to_date(PG_FUNCTION_ARGS)
{
	return CalendarToDate(fcinfo, MONTHS_PER_QUARTER);
}

PG_FUNCTION_INFO_V1(period_half_year_to_date);
Datum
period_half_year_to_date(PG_FUNCTION_ARGS)
{
	return CalendarToDate(fcinfo, MONTHS_PER_HALF_YEAR);
}

PG_FUNCTION_INFO_V1(period_year_to_date);
Datum
period_year_to_date(PG_FUNCTION_ARGS)
{
	return CalendarToDate(fcinfo, MONTHS_PER_YEAR);
}

PG_FUNCTION_INFO_V1(period_fiscal_quarter);
Datum
period_fiscal_quarter(PG_FUNCTION_ARGS)
{
	return WholePeriod(fcinfo, MONTHS_PER_QUARTER, FirstMonthArg(fcinfo, 1),
					   PG_GETARG_INT32(2));
}

PG_FUNCTION_INFO_V1(period_fiscal_year);
Datum
period_fiscal_year(PG_FUNCTION_ARGS)
{
	return WholePeriod(fcinfo, MONTHS_PER_YEAR, FirstMonthArg(fcinfo, 1),
					   PG_GETARG_INT32(2));
}

PG_FUNCTION_INFO_V1(period_fiscal_quarter_to_date);
Datum
period_fiscal_quarter_to_date(PG_FUNCTION_ARGS)
{
	return PeriodToDate(fcinfo, MONTHS_PER_QUARTER, FirstMonthArg(fcinfo, 1));
}

PG_FUNCTION_INFO_V1(period_fiscal_year_to_date);
Datum
period_fiscal_year_to_date(PG_FUNCTION_ARGS)
{
	return PeriodToDate(fcinfo, MONTHS_PER_YEAR, FirstMonthArg(fcinfo, 1));
}

/*
 * The period of the given length whose last day is as_of. Its end, the day
 * after as_of, less the interval is its start, as date - interval counts. The
 * name is what 0.1.0 calls it: until a database is updated it does so.
 */
PG_FUNCTION_INFO_V1(period_trailing);
Datum
period_trailing(PG_FUNCTION_ARGS)
{
	Interval   *length = PG_GETARG_INTERVAL_P(0);
	int64		end = (int64) AsOfArg(fcinfo, 1) + 1;
	Timestamp	start;

	if (length->time != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("length of a period must be whole days, not %s",
						DatumGetCString(DirectFunctionCall1(interval_out,
															IntervalPGetDatum(length))))));
	start = DatumGetTimestamp(
		DirectFunctionCall2(timestamp_mi_interval,
							DirectFunctionCall1(date_timestamp, DateADTGetDatum((DateADT) end)),
							IntervalPGetDatum(length)));
	if (TIMESTAMP_NOT_FINITE(start) || start / USECS_PER_DAY >= end)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("length of a period must be at least one day, not %s",
						DatumGetCString(DirectFunctionCall1(interval_out,
															IntervalPGetDatum(length))))));
	return MakePeriod(fcinfo, start / USECS_PER_DAY, end);
}
