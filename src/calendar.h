/*
 * calendar.h
 *		The business days of a period, by a calendar of the table calendar_day.
 */
#ifndef TIERING_CALENDAR_H
#define TIERING_CALENDAR_H

#include "period.h"
#include "read_under.h"

typedef struct BusinessDays
{
	MemoryContext context;		/* in which it lies */
	ReadUnder	under;
	Period		period;
	char	   *calendar;
	int32		before[FLEXIBLE_ARRAY_MEMBER];	/* how many are before each day of the
												 * period, and before its end */
} BusinessDays;

extern const BusinessDays *BusinessDaysGet(BusinessDays **last,
										   MemoryContext context,
										   const char *calendar,
										   const Period *period);

extern const BusinessDays *BusinessDaysArg(FunctionCallInfo fcinfo, int argno,
										   BusinessDays **last,
										   const Period *period);

/* How many there are in [from, to), of which all days are in the period */
static inline int64
BusinessDaysIn(const BusinessDays *business, DateADT from, DateADT to)
{
	return business->before[to - business->period.start] -
		business->before[from - business->period.start];
}

#endif							/* TIERING_CALENDAR_H */
