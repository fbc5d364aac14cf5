/*
 * calendar.c
 *		Reads calendars: see calendar.h.
 *
 * What is read counts for the statement that asked, as its snapshot has it. A
 * calendar that leaves out a day of the period would leave it out of averages
 * without a word, so it is an error.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "calendar.h"
#include "saved_query.h"

#define DAY_QUERY \
	"SELECT c.day, c.business FROM tiering.calendar_day c" \
	" WHERE c.calendar OPERATOR(pg_catalog.=) $1" \
	" AND c.day OPERATOR(pg_catalog.>=) pg_catalog.lower($2)" \
	" AND c.day OPERATOR(pg_catalog.<) pg_catalog.upper($2)" \
	" ORDER BY c.day"

static SavedQuery day_query = {DAY_QUERY, 2, {TEXTOID, DATERANGEOID}};

/* The rows of a query are the days of the period, one after the other */
static void
CheckWhole(const char *calendar, const Period *period)
{
	int64		row = 0;
	bool		isnull;

	while (row < SPI_processed &&
		   DatumGetDateADT(ResultValue(row, 1, &isnull)) == period->start + row)
		row++;
	if (row < PeriodDays(period))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("calendar \"%s\" does not say whether %s is a business day",
						calendar, DateOut(period->start + row)),
				 errhint("A calendar has a row in tiering.calendar_day for each day of the "
						 "period, weekends and holidays, too.")));
}

static BusinessDays *
ReadBusinessDays(MemoryContext context, const char *calendar, const Period *period)
{
	TypeCacheEntry *daterange = lookup_type_cache(DATERANGEOID, TYPECACHE_RANGE_INFO);
	BusinessDays *business;
	bool		isnull;

	ConnectSPI();
	RunSavedQuery(&day_query, CStringGetTextDatum(calendar),
				  PeriodToRange(daterange, period));
	CheckWhole(calendar, period);
	business = MemoryContextAllocHuge(context, offsetof(BusinessDays, before) +
									  (SPI_processed + 1) * sizeof(int32));
	business->context = context;
	business->period = *period;
	business->calendar = MemoryContextStrdup(context, calendar);
	business->before[0] = 0;
	for (uint64 row = 0; row < SPI_processed; row++)
		business->before[row + 1] = business->before[row] +
			DatumGetBool(ResultValue(row, 2, &isnull));
	SPI_finish();
	ReadUnderNow(&business->under, context);
	return business;
}

/* Those of a period. The last ones that were asked for are kept, in that context. */
const BusinessDays *
BusinessDaysGet(BusinessDays **last, MemoryContext context, const char *calendar,
				const Period *period)
{
	BusinessDays *found = *last;

	if (found != NULL && found->period.start == period->start &&
		found->period.end == period->end &&
		strcmp(found->calendar, calendar) == 0 && IsReadUnder(&found->under))
		return found;
	*last = NULL;
	if (found != NULL)
		MemoryContextDelete(found->context);
	context = AllocSetContextCreate(context, "tiering calendar", ALLOCSET_SMALL_SIZES);
	*last = ReadBusinessDays(context, calendar, period);
	return *last;
}

/* Those of the calendar that an argument names; they are kept with the call site */
const BusinessDays *
BusinessDaysArg(FunctionCallInfo fcinfo, int argno, BusinessDays **last,
				const Period *period)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("calendar must not be null")));
	return BusinessDaysGet(last, fcinfo->flinfo->fn_mcxt,
						   text_to_cstring(PG_GETARG_TEXT_PP(argno)), period);
}

PG_FUNCTION_INFO_V1(business_days);
Datum
business_days(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 1);
	BusinessDays **last = CallSiteExtra(fcinfo, sizeof(BusinessDays *));
	const BusinessDays *business = BusinessDaysArg(fcinfo, 0, last, period);

	PG_RETURN_INT32((int32) BusinessDaysIn(business, period->start, period->end));
}
