/*
 * period.h
 *		Half-open runs of days, [start, end). Infinite dates are the smallest
 *		and the largest DateADT, so clipping needs no special case for them.
 */
#ifndef TIERING_PERIOD_H
#define TIERING_PERIOD_H

#include "fmgr.h"
#include "utils/date.h"
#include "utils/typcache.h"

#include "compat.h"

typedef struct Period
{
	DateADT		start;			/* first day in it */
	DateADT		end;			/* first day after it */
} Period;

static inline int64
PeriodDays(const Period *period)
{
	return (int64) period->end - period->start;
}

/* Days of [from, to) that lie in the period */
static inline int64
PeriodOverlap(const Period *period, DateADT from, DateADT to)
{
	int64		days = (int64) Min(to, period->end) - Max(from, period->start);

	return Max(days, 0);
}

extern void *CallSiteExtra(FunctionCallInfo fcinfo, Size size);
extern const Period *PeriodArg(FunctionCallInfo fcinfo, int argno);
extern const char *PeriodFromDatum(Datum range, Period *period);
extern Period DaysArg(FunctionCallInfo fcinfo, int argno);
extern Period ValidRangeArg(FunctionCallInfo fcinfo, int argno);
extern void CheckBackwards(FunctionCallInfo fcinfo, int argno,
						   const Period *valid, const Period *period);
extern char *RowOwnerText(FunctionCallInfo fcinfo, int balance_argno);
extern char *RowText(FunctionCallInfo fcinfo, int balance_argno);
extern void RefuseBalance(FunctionCallInfo fcinfo, int balance_argno)
			pg_attribute_noreturn();
extern Datum PeriodToRange(TypeCacheEntry *typcache, const Period *period);
extern DateADT AsOfArg(FunctionCallInfo fcinfo, int argno);
extern DateADT DateArg(FunctionCallInfo fcinfo, int argno, const char *name);
extern char *DateOut(DateADT date);

/*
 * The days on which a balance stood, given as two dates. As in daterange(from, to),
 * a null is no bound. What is the wrong way round has no days in the period.
 */
static inline Period
ValidDatesArg(FunctionCallInfo fcinfo, int argno, const Period *period)
{
	Period		valid;

	valid.start = PG_ARGISNULL(argno) ? DATEVAL_NOBEGIN :
		PG_GETARG_DATEADT(argno);
	valid.end = PG_ARGISNULL(argno + 1) ? DATEVAL_NOEND :
		PG_GETARG_DATEADT(argno + 1);
	if (unlikely(valid.start > valid.end))
		CheckBackwards(fcinfo, argno, &valid, period);
	return valid;
}

#endif							/* TIERING_PERIOD_H */
