/*
 * account_days.c
 *		Averages of accounts over the days that a rule says: see day_rule.h.
 *
 * The balance of a day is the sum of those of the accounts that have one. An
 * account's is carried on its own, and its first day without one is an error of
 * its own. Whether a day counts is asked of the accounts together.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "account_changes.h"

/* What is found out about the days of a period */
typedef struct DaySum
{
	const Period *period;
	const DayRule *rule;
	const BusinessDays *business;	/* the days that count, or NULL */
	DateADT		end;			/* none from here on counts */
	BalanceDays sum;			/* of the days that count */
	uint8	   *has;			/* days with a balance of any account */
	BalanceDays *totals;		/* of each day; NULL unless they are asked for */
	DateADT		missing;		/* the first day without one, or DATEVAL_NOEND */
	const Account *whose;
} DaySum;

StateRule *
StateRuleCreate(MemoryContext context, const text *words, RuleOf of)
{
	StateRule  *rule = MemoryContextAlloc(context, sizeof(StateRule));
	Size		length = VARSIZE_ANY_EXHDR(words);

	rule->words = MemoryContextAlloc(context, VARHDRSZ + length);
	SET_VARSIZE(rule->words, VARHDRSZ + length);
	memcpy(VARDATA(rule->words), VARDATA_ANY(words), length);
	rule->of = of;
	rule->rule = DayRuleRead(words, of, context);
	return rule;
}

void
StateRuleCheckSame(const StateRule *one, const text *words)
{
	Size		length = VARSIZE_ANY_EXHDR(words);

	if (VARSIZE_ANY_EXHDR(one->words) != length ||
		memcmp(VARDATA_ANY(one->words), VARDATA_ANY(words), length) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the words for days differ between the rows of one group"),
				 errdetail("One row has \"%s\", another has \"%s\".",
						   text_to_cstring(one->words), text_to_cstring(words)),
				 errhint("Group by them, too.")));
}

void
StateRuleSend(StringInfo buf, const StateRule *rule)
{
	pq_sendbyte(buf, rule->of);
	pq_sendint32(buf, VARSIZE_ANY_EXHDR(rule->words));
	pq_sendbytes(buf, VARDATA_ANY(rule->words), VARSIZE_ANY_EXHDR(rule->words));
}

StateRule *
StateRuleReceive(StringInfo buf)
{
	RuleOf		of = pq_getmsgbyte(buf);
	int			length = (int) pq_getmsgint(buf, 4);
	const char *words;

	StateCheck((of == RULE_OF_SNAPSHOTS || of == RULE_OF_CHANGES) &&
			   length >= 0 && length <= buf->len - buf->cursor);
	words = pq_getmsgbytes(buf, length);
	StateCheck(pg_verify_mbstr(GetDatabaseEncoding(), words, length, true));
	return StateRuleCreate(CurrentMemoryContext,
						   cstring_to_text_with_len(words, length), of);
}

/* One bit a day */

static Size
DayBytes(const Period *period)
{
	return (PeriodDays(period) + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
}

static inline void
SetDay(uint8 *days, int64 day)
{
	days[day / BITS_PER_BYTE] |= 1 << (day % BITS_PER_BYTE);
}

static inline bool
IsDaySet(const uint8 *days, int64 day)
{
	return (days[day / BITS_PER_BYTE] & (1 << (day % BITS_PER_BYTE))) != 0;
}

/* Sums of rows without accounts */

ObservedSum *
ObservedSumCreate(MemoryContext context, const Period *period)
{
	ObservedSum *sum = MemoryContextAllocExtended(context,
												  offsetof(ObservedSum, days) +
												  DayBytes(period),
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	sum->sum.period = *period;
	return sum;
}

void
ObservedSumAdd(AccountChanges *state, MemoryContext context,
			   const BusinessDays *business, const Observation *added)
{
	const Period *period = &state->period;
	const DayRule *rule = &state->rule->rule;
	DateADT		day = added->day;

	if (day < period->start || day >= period->end)
		return;
	SetDay(state->observed->days, (int64) day - period->start);
	if (rule->denominator == DENOMINATOR_ELAPSED && day > rule->last_day)
		return;
	if (CountedDays(business, day, day + 1) > 0)
		AddObserved(&state->observed->sum, context, added, 1);
}

void
ObservedSumMerge(ObservedSum *sum, MemoryContext context, const ObservedSum *other)
{
	BalanceDaysMerge(&sum->sum, context, &other->sum);
	for (Size i = 0; i < DayBytes(&sum->sum.period); i++)
		sum->days[i] |= other->days[i];
}

void
ObservedSumSend(StringInfo buf, const ObservedSum *sum)
{
	StateSendSum(buf, &sum->sum);
	pq_sendbytes(buf, (const char *) sum->days, DayBytes(&sum->sum.period));
}

ObservedSum *
ObservedSumReceive(StringInfo buf)
{
	BalanceDays sum = StateReceiveSum(buf);
	Size		size = DayBytes(&sum.period);
	ObservedSum *result;

	StateCheck(size <= buf->len - buf->cursor);
	result = ObservedSumCreate(CurrentMemoryContext, &sum.period);
	result->sum = sum;
	memcpy(result->days, pq_getmsgbytes(buf, size), size);
	return result;
}

/* The last day with a balance of its own, the day before the period if there is none */
static DateADT
LastObserved(const AccountChanges *state)
{
	const Period *period = &state->period;
	DateADT		last = period->start - 1;

	if (state->observed != NULL)
	{
		for (DateADT day = period->start; day < period->end; day++)
			if (IsDaySet(state->observed->days, (int64) day - period->start))
				last = day;
		return last;
	}
	for (int32 i = 0; i < state->accounts.count; i++)
	{
		const Observations *all = &state->accounts.list[i].observed;

		for (int32 j = 0; j < all->count; j++)
			last = Max(last, ObservationAt(all->list, j, all->ordered)->day);
	}
	return last;
}

static DateADT
EndOfDays(const AccountChanges *state, const DayRule *rule)
{
	DateADT		last = rule->last_day;

	if (rule->denominator != DENOMINATOR_ELAPSED)
		return state->period.end;
	if (last == DATEVAL_NOEND)
		last = LastObserved(state);
	return Max(Min(last + 1, state->period.end), state->period.start);
}

/* An account's balance stands on [from, to), where there are such days */
static void
AddStanding(DaySum *days, const Observation *balance, DateADT from, DateADT to)
{
	MemoryContext context = CurrentMemoryContext;
	DateADT		start = days->period->start;

	if (from >= to)
		return;
	AddObserved(&days->sum, context, balance, CountedDays(days->business, from, to));
	for (DateADT day = from; day < to; day++)
	{
		SetDay(days->has, (int64) day - start);
		if (days->totals != NULL)
			AddObserved(&days->totals[(int64) day - start], context, balance, 1);
	}
}

/* There is none on [from, to); is one of these the first day that counts? */
static void
NoteMissing(DaySum *days, const Account *account, DateADT from, DateADT to)
{
	DateADT		day;

	if (days->rule->missing != MISSING_ERROR || from >= to ||
		CountedDays(days->business, from, to) == 0)
		return;
	day = FirstCounted(days->business, from);
	if (day < days->missing || (day == days->missing && account != NULL &&
								AccountKeyBefore(&account->key, &days->whose->key)))
	{
		days->missing = day;
		days->whose = account;
	}
}

/* The days of one account, from those before its first balance on */
static void
AddAccount(DaySum *days, const Account *account)
{
	const Observations *all = &account->observed;
	const Observation *balance = NULL;
	const Observation *next;
	bool		open = days->rule->denominator == DENOMINATOR_OPEN;
	DateADT		from = days->period->start;
	ObservedDays walk;

	if (all->has_carried && days->rule->carry &&
		CarriedUntil(days->rule, all->carried.observation.day, days->end) > from)
		balance = ObservationsCarried(all, account);
	ObservedDaysInit(&walk, all, account);
	do
	{
		DateADT		until = from;
		DateADT		to = days->end;

		next = ObservedDaysNext(&walk);
		if (next != NULL)
			to = Min(next->day, days->end);
		if (balance != NULL)
			until = CarriedUntil(days->rule, balance->day, to);
		if (balance != NULL)
			AddStanding(days, balance, from, until);
		if (!open || (balance != NULL && next != NULL))
			NoteMissing(days, account, until, to);
		balance = next;
		from = to;
	} while (next != NULL);
}

/* Without accounts a day is missing on which there is no row at all */
static void
TakeObserved(DaySum *days, ObservedSum *observed)
{
	DateADT		start = days->period->start;
	DateADT		first = DATEVAL_NOEND;
	DateADT		gap = start;

	days->sum = observed->sum;
	days->has = observed->days;
	for (DateADT day = start; day < days->end; day++)
	{
		if (!IsDaySet(days->has, (int64) day - start))
			continue;
		if (first != DATEVAL_NOEND || days->rule->denominator != DENOMINATOR_OPEN)
			NoteMissing(days, NULL, gap, day);
		if (first == DATEVAL_NOEND)
			first = day;
		gap = day + 1;
	}
	if (days->rule->denominator != DENOMINATOR_OPEN)
		NoteMissing(days, NULL, gap, days->end);
}

static bool
IsHeld(const DaySum *days, int64 day)
{
	const BalanceDays *total = &days->totals[day];
	Numeric		balance;

	if (total->rest == NULL)
		return total->sum != 0;
	balance = BalanceDaysTotal(total, days->sum.dscale);
	return DatumGetBool(DirectFunctionCall2(numeric_ne, NumericGetDatum(balance),
											NumericGetDatum(int64_to_numeric(0))));
}

/* How many days count */
static int64
CountDays(const DaySum *days)
{
	const DayRule *rule = days->rule;
	DateADT		start = days->period->start;
	DateADT		first = DATEVAL_NOEND;
	DateADT		last = start;
	int64		with = 0;
	int64		held = 0;

	for (DateADT day = start; day < days->end; day++)
	{
		if (!IsDaySet(days->has, (int64) day - start))
			continue;
		first = Min(first, day);
		last = day;
		with += CountedDays(days->business, day, day + 1);
		if (days->totals != NULL)
			held += IsHeld(days, (int64) day - start);
	}
	if (rule->denominator == DENOMINATOR_HELD)
		return held;
	if (rule->denominator == DENOMINATOR_OBSERVED || rule->missing == MISSING_SKIP)
		return with;
	if (rule->denominator == DENOMINATOR_OPEN)
		return first == DATEVAL_NOEND ? 0 : (int64) last + 1 - first;
	return CountedDays(days->business, start, days->end);
}

/* What a state adds up to */
static DaySum
SumDays(FunctionCallInfo fcinfo)
{
	const AccountChanges *state = (AccountChanges *) PG_GETARG_POINTER(0);
	const DayRule *rule = &state->rule->rule;
	BusinessDays **last = CallSiteExtra(fcinfo, sizeof(BusinessDays *));
	DaySum		days = {.period = &state->period,.rule = rule,.missing = DATEVAL_NOEND};

	if (rule->calendar != NULL)
		days.business = BusinessDaysGet(last, fcinfo->flinfo->fn_mcxt, rule->calendar,
										&state->period);
	days.end = EndOfDays(state, rule);
	if (state->observed != NULL)
		TakeObserved(&days, state->observed);
	else
	{
		days.has = palloc_extended(DayBytes(&state->period),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		if (rule->denominator == DENOMINATOR_HELD)
			days.totals = palloc_extended(PeriodDays(&state->period) * sizeof(BalanceDays),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		for (int32 i = 0; i < state->accounts.count; i++)
			AddAccount(&days, &state->accounts.list[i]);
	}
	days.sum.dscale = state->dscale;
	if (days.missing != DATEVAL_NOEND)
		RefuseMissing(days.missing, days.whose == NULL ? NULL : AccountText(days.whose));
	return days;
}

PG_FUNCTION_INFO_V1(account_days_final);
Datum
account_days_final(PG_FUNCTION_ARGS)
{
	DaySum		days;
	int64		count;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	days = SumDays(fcinfo);
	count = CountDays(&days);
	if (count == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(BalanceDaysOver(&days.sum, count));
}

PG_FUNCTION_INFO_V1(account_days_final_days);
Datum
account_days_final_days(PG_FUNCTION_ARGS)
{
	DaySum		days;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	days = SumDays(fcinfo);
	PG_RETURN_NUMERIC(BalanceDaysTotal(&days.sum, days.sum.dscale));
}
