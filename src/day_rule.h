/*
 * day_rule.h
 *		Which days an average is over, and what a day without a balance is.
 *
 * It is said in words, one vocabulary for rows and series: 'carry, max_age=7, open'.
 * Of each kind of words there is one at most, and what they do not say has its
 * default: all days of the period count, and a day without a balance is 0.
 */
#ifndef TIERING_DAY_RULE_H
#define TIERING_DAY_RULE_H

#include "calendar.h"
#include "compat.h"
#include "period.h"

/* As for rates: a hundred years */
#define DAY_RULE_MAX_AGE	36525

/* The days over which an average is taken */
typedef enum Denominator
{
	DENOMINATOR_PERIOD,			/* all of them */
	DENOMINATOR_ELAPSED,		/* up to last_day, or else the last one known */
	DENOMINATOR_HELD,			/* those with a balance other than 0 */
	DENOMINATOR_OBSERVED,		/* those with a balance */
	DENOMINATOR_OPEN,			/* from the first one with a balance to the last one */
	DENOMINATOR_BUSINESS		/* the business days of a calendar */
} Denominator;

/* What one of these is that has no balance, not even one that is carried to it */
typedef enum Missing
{
	MISSING_ZERO,
	MISSING_SKIP,				/* it does not count */
	MISSING_ERROR
} Missing;

typedef struct DayRule
{
	Denominator denominator;
	Missing		missing;
	bool		carry;			/* does the last balance hold on days without one? */
	int32		max_age;		/* for so many days; PG_INT32_MAX: for ever */
	DateADT		last_day;		/* of DENOMINATOR_ELAPSED; DATEVAL_NOEND: not given */
	char	   *calendar;		/* of DENOMINATOR_BUSINESS; NULL: not given */
} DayRule;

/* What the rule is about */
typedef enum RuleOf
{
	RULE_OF_SERIES,				/* for which there is no calendar */
	RULE_OF_BUSINESS,			/* the same on business days, its calendar an argument */
	RULE_OF_SNAPSHOTS,
	RULE_OF_CHANGES				/* which are carried, whether this is said or not */
} RuleOf;

/* What a call site knows of its rule: zeroed at first */
typedef struct DayRuleCache
{
	text	   *words;			/* the last ones seen */
	DayRule		rule;			/* what they say */
	BusinessDays *business;		/* those last asked for */
} DayRuleCache;

extern const DayRule *DayRuleArg(FunctionCallInfo fcinfo, int argno,
								 RuleOf of, DayRuleCache *cache);
extern DayRule DayRuleRead(const text *words, RuleOf of, MemoryContext context);
extern void RefuseMissing(DateADT day, const char *account) pg_attribute_noreturn();
extern int64 CountedDays(const BusinessDays *business, DateADT from, DateADT to);
extern DateADT FirstCounted(const BusinessDays *business, DateADT from);

/* The first day after the last one on which a balance of a day holds, at most end */
static inline DateADT
CarriedUntil(const DayRule *rule, DateADT day, DateADT end)
{
	int64		until = (int64) day + 1;

	if (rule->carry)
		until = rule->max_age == PG_INT32_MAX ? end : until + rule->max_age;
	return (DateADT) Min(until, end);
}

#endif							/* TIERING_DAY_RULE_H */
