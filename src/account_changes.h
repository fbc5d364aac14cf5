/*
 * account_changes.h
 *		The state of aggregates over the balances of several accounts, or with an
 *		order within the day, or with words for days: see account_changes.c.
 */
#ifndef TIERING_ACCOUNT_CHANGES_H
#define TIERING_ACCOUNT_CHANGES_H

#include "account.h"
#include "day_rule.h"

/* Which days count, and what is one without a balance: as words, and as they are meant */
typedef struct StateRule
{
	text	   *words;
	RuleOf		of;
	DayRule		rule;
} StateRule;

/*
 * Without accounts all rows of a day add up. Unless one of them is carried or days have
 * to be told by their totals, it is enough to know on which days there are any.
 */
typedef struct ObservedSum
{
	BalanceDays sum;			/* of the days that count */
	uint8		days[FLEXIBLE_ARRAY_MEMBER];	/* those of the period with a row */
} ObservedSum;

typedef struct AccountChanges
{
	Period		period;
	int16		dscale;			/* most decimals shown by any balance */
	bool		ordered;		/* have the observations a sequence? */
	bool		for_series;		/* is the period all time? */
	StateRule  *rule;			/* NULL: all days count, as they are */
	ObservedSum *observed;		/* instead of accounts, or NULL */
	Accounts	accounts;
} AccountChanges;

extern StateRule *StateRuleCreate(MemoryContext context, const text *words,
								  RuleOf of);
extern void StateRuleCheckSame(const StateRule *one, const text *words);
extern void StateRuleSend(StringInfo buf, const StateRule *rule);
extern StateRule *StateRuleReceive(StringInfo buf);

extern ObservedSum *ObservedSumCreate(MemoryContext context, const Period *period);
extern void ObservedSumAdd(AccountChanges *state, MemoryContext context,
						   const BusinessDays *business,
						   const Observation *added);
extern void ObservedSumMerge(ObservedSum *sum, MemoryContext context,
							 const ObservedSum *other);
extern void ObservedSumSend(StringInfo buf, const ObservedSum *sum);
extern ObservedSum *ObservedSumReceive(StringInfo buf);

/* Is it enough to know on which days there are rows? */
static inline bool
ObservedSumSuffices(const StateRule *rule, bool has_accounts)
{
	return !has_accounts && !rule->rule.carry &&
		rule->rule.denominator != DENOMINATOR_HELD;
}

#endif							/* TIERING_ACCOUNT_CHANGES_H */
