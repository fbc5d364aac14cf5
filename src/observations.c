/*
 * observations.c
 *		What is done with the observations of one account: see observations.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "observations.h"

#define INITIAL_CAPACITY	8

/* The place of an observation among those of its day; all are equal without one */
static inline int64
Sequence(const Observations *all, const Observation *observation)
{
	return all->ordered ? ((const OrderedObservation *) observation)->sequence : 0;
}

/* A number without decimals; those of other systems come as numeric */
static int64
WholeNumberArg(FunctionCallInfo fcinfo, int argno, int balance_argno)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno));
	DecimalView view;
	Decimal		decimal;

	DecimalViewNumeric(value, &view);
	if (!view.finite || !DecimalFromView(&view, &decimal) ||
		decimal.fraction != 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sequence of %s must be a whole number of at most 18 digits, not %s",
						RowText(fcinfo, balance_argno),
						DatumGetCString(DirectFunctionCall1(numeric_out,
															PointerGetDatum(value))))));
	return decimal.units;
}

/* What an argument of a type says of the order within the day of a balance */
int64
SequenceArg(FunctionCallInfo fcinfo, int argno, Oid type, int balance_argno)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("sequence of %s must not be null",
						RowText(fcinfo, balance_argno))));
	switch (type)
	{
		case INT2OID:
			return PG_GETARG_INT16(argno);
		case INT4OID:
			return PG_GETARG_INT32(argno);
		case DATEOID:
			return PG_GETARG_DATEADT(argno);
		case INT8OID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return PG_GETARG_INT64(argno);
		case NUMERICOID:
			return WholeNumberArg(fcinfo, argno, balance_argno);
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("sequence must be of a type such as bigint, timestamp or time, not %s",
					format_type_be(type)),
			 errhint("Cast it to one of them.")));
}

Numeric
ObservedBalance(const Observation *observation)
{
	if (observation->fraction == FRACTION_WIDE)
		return observation->balance.wide;
	return DecimalToNumeric(observation->balance.units, observation->fraction,
							observation->fraction * DECIMAL_BASE_DIGITS);
}

static bool
SameBalance(const Observation *a, const Observation *b)
{
	if (a->fraction != b->fraction)
		return false;
	if (a->fraction != FRACTION_WIDE)
		return a->balance.units == b->balance.units;
	return DatumGetBool(DirectFunctionCall2(numeric_eq,
											NumericGetDatum(a->balance.wide),
											NumericGetDatum(b->balance.wide)));
}

/* Have an observation that was copied own what it points to */
static void
Own(MemoryContext context, Observation *observation)
{
	if (observation->fraction == FRACTION_WIDE)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		observation->balance.wide =
			DatumGetNumericCopy(NumericGetDatum(observation->balance.wide));
		MemoryContextSwitchTo(old);
	}
}

static void
Disown(Observation *observation)
{
	if (observation->fraction == FRACTION_WIDE)
		pfree(observation->balance.wide);
}

void
ObservationsInit(Observations *all, bool ordered)
{
	memset(all, 0, sizeof(Observations));
	all->ordered = ordered;
	all->sorted = true;
}

static void
SetRival(Observations *all, MemoryContext context, const Observation *rival)
{
	if (all->has_rival)
		return;
	all->rival = *rival;
	all->has_rival = true;
	Own(context, &all->rival);
}

/* Keep the last observation before the period */
static void
KeepCarried(Observations *all, MemoryContext context,
			const OrderedObservation *added)
{
	Observation *carried = &all->carried.observation;
	int64		sequence = all->ordered ? added->sequence : 0;

	if (all->has_carried &&
		(added->observation.day < carried->day ||
		 (added->observation.day == carried->day &&
		  sequence < all->carried.sequence)))
		return;
	if (all->has_carried && added->observation.day == carried->day &&
		sequence == all->carried.sequence)
	{
		if (!SameBalance(&added->observation, carried))
			SetRival(all, context, &added->observation);
		return;
	}
	if (all->has_carried)
		Disown(carried);
	if (all->has_rival)
		Disown(&all->rival);
	all->has_rival = false;
	all->has_carried = true;
	*carried = added->observation;
	all->carried.sequence = sequence;
	Own(context, carried);
}

static void
Grow(Observations *all, MemoryContext context)
{
	if (all->capacity > MaxAllocSize / 2 / ObservationWidth(all->ordered))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d balance changes of one account in one group",
						all->count),
				 errhint("Group by account.")));
	all->capacity = all->capacity == 0 ? INITIAL_CAPACITY : all->capacity * 2;
	if (all->list == NULL)
		all->list = MemoryContextAlloc(context, all->capacity * ObservationWidth(all->ordered));
	else
		all->list = repalloc(all->list, all->capacity * ObservationWidth(all->ordered));
}

/* Does the last observation of the list say all that this one and it do? */
static bool
Supersedes(Observations *all, MemoryContext context,
		   const OrderedObservation *added)
{
	OrderedObservation *last = (OrderedObservation *)
		ObservationAt(all->list, all->count - 1, all->ordered);

	if (last->observation.day != added->observation.day ||
		(last->sequence == added->sequence &&
		 !SameBalance(&last->observation, &added->observation)))
		return false;
	if (last->sequence < added->sequence)
	{
		Disown(&last->observation);
		*last = *added;
		Own(context, &last->observation);
	}
	return true;
}

/* Compiled for each of both kinds, so that one without an order costs no more */
static pg_attribute_always_inline void
AppendOf(Observations *all, MemoryContext context,
		 const OrderedObservation *added, bool ordered)
{
	Observation *place;

	if (all->count > 0)
	{
		if (ordered && Supersedes(all, context, added))
			return;
		if (added->observation.day <
			ObservationAt(all->list, all->count - 1, ordered)->day)
			all->sorted = false;
	}
	if (all->count == all->capacity)
		Grow(all, context);
	place = ObservationAt(all->list, all->count++, ordered);
	if (ordered)
		*(OrderedObservation *) place = *added;
	else
		*place = added->observation;
	Own(context, place);
}

static inline void
Append(Observations *all, MemoryContext context, const OrderedObservation *added)
{
	if (all->ordered)
		AppendOf(all, context, added, true);
	else
		AppendOf(all, context, added, false);
}

/* Without an order, what is added needs no sequence */
void
ObservationsAdd(Observations *all, MemoryContext context, const Period *period,
				const OrderedObservation *added)
{
	if (added->observation.day < period->start)
		KeepCarried(all, context, added);
	else if (added->observation.day < period->end)
		Append(all, context, added);
}

/* Add those of another state of the same account, and leave that one alone */
void
ObservationsMerge(Observations *all, MemoryContext context,
				  const Observations *other)
{
	if (other->has_carried)
		KeepCarried(all, context, &other->carried);
	if (other->has_rival)
	{
		OrderedObservation rival = {other->rival, other->carried.sequence};

		KeepCarried(all, context, &rival);
	}
	for (int32 i = 0; i < other->count; i++)
		Append(all, context,
			   (const OrderedObservation *) ObservationAt(other->list, i, other->ordered));
}

static int
CompareDays(const void *a, const void *b)
{
	DateADT		left = ((const Observation *) a)->day;
	DateADT		right = ((const Observation *) b)->day;

	return left < right ? -1 : left > right ? 1 : 0;
}

static int
CompareOrder(const void *a, const void *b)
{
	int64		left = ((const OrderedObservation *) a)->sequence;
	int64		right = ((const OrderedObservation *) b)->sequence;
	int			days = CompareDays(a, b);

	return days != 0 ? days : left < right ? -1 : left > right ? 1 : 0;
}

void
ObservedDaysInit(ObservedDays *days, const Observations *all,
				 const Account *account)
{
	days->all = all;
	days->account = account;
	days->list = all->list;
	days->next = 0;
	if (!all->sorted)
	{
		Size		size = all->count * ObservationWidth(all->ordered);
		char	   *copy = palloc(size);

		memcpy(copy, all->list, size);
		qsort(copy, all->count, ObservationWidth(all->ordered),
			  all->ordered ? CompareOrder : CompareDays);
		days->list = copy;
	}
}

/*
 * The balance of a day that has several: the last one counts, by its sequence, and
 * its equals must be the same.
 */
const Observation *
ObservedDaysLast(ObservedDays *days)
{
	const Observations *all = days->all;
	int32		first = days->next;
	int32		end = first + 1;
	DateADT		day = ObservationAt(days->list, first, all->ordered)->day;
	const Observation *last;

	while (end < all->count &&
		   ObservationAt(days->list, end, all->ordered)->day == day)
		end++;
	last = ObservationAt(days->list, end - 1, all->ordered);
	for (int32 i = end - 2; i >= first; i--)
	{
		const Observation *rival = ObservationAt(days->list, i, all->ordered);

		if (Sequence(all, rival) != Sequence(all, last))
			break;
		if (!SameBalance(rival, last))
			RefuseClash(day, days->account, ObservedBalance(rival),
						ObservedBalance(last), all->ordered);
	}
	days->next = end;
	return last;
}

/* The balance before the period, which is carried in; NULL if there is none */
const Observation *
ObservationsCarried(const Observations *all, const Account *account)
{
	if (all->has_rival)
		RefuseClash(all->rival.day, account,
					ObservedBalance(&all->carried.observation),
					ObservedBalance(&all->rival), all->ordered);
	return all->has_carried ? &all->carried.observation : NULL;
}

/* The balance-days of the history, carried in and on to the end */
void
ObservationsCarry(const Observations *all, const Account *account,
				  BalanceDays *sum)
{
	const Observation *last = ObservationsCarried(all, account);
	const Observation *next;
	DateADT		since = sum->period.start;
	ObservedDays days;

	ObservedDaysInit(&days, all, account);
	while ((next = ObservedDaysNext(&days)) != NULL)
	{
		if (last != NULL)
			AddObserved(sum, CurrentMemoryContext, last,
						(int64) next->day - since);
		last = next;
		since = next->day;
	}
	if (last != NULL)
		AddObserved(sum, CurrentMemoryContext, last,
					(int64) sum->period.end - since);
}

/*
 * Two different balances of one day. The group may have rows of several accounts,
 * or an account several rows a day: we cannot know.
 */
void
RefuseClash(DateADT day, const Account *account, Numeric balance, Numeric rival,
			bool ordered)
{
	const char *same = ordered ? " with the same sequence" : "";
	const char *name = account == NULL ? NULL : AccountText(account);
	const char *whose = name == NULL ? "" : psprintf(" of account %s", name);

	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("two different balances%s on %s%s: %s and %s", whose,
					DateOut(day), same, numeric_normalize(balance),
					numeric_normalize(rival)),
			 ordered ?
			 errhint("Give each row of an account and a day a sequence of its own: "
					 "the last one counts.") :
			 name != NULL ?
			 errhint("Give the order within the day, behind the day: the last row counts.") :
			 errhint("Of several accounts: give the account first, or group by it. "
					 "Of one account: give the order within the day, behind the day: "
					 "the last row counts. tiering.check_changes() tells whose they are.")));
}

static void
SendObservation(StringInfo buf, const Observation *observation)
{
	pq_sendint32(buf, observation->day);
	pq_sendint16(buf, observation->fraction);
	if (observation->fraction == FRACTION_WIDE)
		StateSendNumeric(buf, observation->balance.wide);
	else
		pq_sendint64(buf, observation->balance.units);
}

static Observation
ReceiveObservation(StringInfo buf)
{
	Observation observation;

	observation.day = (DateADT) pq_getmsgint(buf, 4);
	observation.fraction = (int16) pq_getmsgint(buf, 2);
	StateCheck((IS_VALID_DATE(observation.day) || DATE_NOT_FINITE(observation.day)) &&
			   observation.fraction >= FRACTION_WIDE &&
			   observation.fraction <= DECIMAL_MAX_FRACTION);
	if (observation.fraction == FRACTION_WIDE)
	{
		observation.balance.wide = StateReceiveNumeric(buf);
		StateCheck(observation.balance.wide != NULL);
	}
	else
		observation.balance.units = pq_getmsgint64(buf);
	return observation;
}

void
ObservationsSend(StringInfo buf, const Observations *all)
{
	pq_sendbyte(buf, all->has_carried);
	pq_sendbyte(buf, all->has_rival);
	pq_sendint32(buf, all->count);
	if (all->has_carried)
		SendObservation(buf, &all->carried.observation);
	if (all->has_carried && all->ordered)
		pq_sendint64(buf, all->carried.sequence);
	if (all->has_rival)
		SendObservation(buf, &all->rival);
	for (int32 i = 0; i < all->count; i++)
	{
		const Observation *observation = ObservationAt(all->list, i, all->ordered);

		SendObservation(buf, observation);
		if (all->ordered)
			pq_sendint64(buf, Sequence(all, observation));
	}
}

/* Into one that was initialized */
void
ObservationsReceive(StringInfo buf, const Period *period, Observations *all)
{
	int			count;

	all->has_carried = pq_getmsgbyte(buf) != 0;
	all->has_rival = pq_getmsgbyte(buf) != 0;
	count = (int) pq_getmsgint(buf, 4);
	StateCheck(all->has_carried || !all->has_rival);
	if (all->has_carried)
	{
		all->carried.observation = ReceiveObservation(buf);
		if (all->ordered)
			all->carried.sequence = pq_getmsgint64(buf);
		StateCheck(all->carried.observation.day < period->start);
	}
	if (all->has_rival)
	{
		all->rival = ReceiveObservation(buf);
		StateCheck(all->rival.day == all->carried.observation.day);
	}
	for (int i = 0; i < count; i++)
	{
		OrderedObservation added = {ReceiveObservation(buf), 0};

		if (all->ordered)
			added.sequence = pq_getmsgint64(buf);
		StateCheck(added.observation.day >= period->start &&
				   added.observation.day < period->end);
		Append(all, CurrentMemoryContext, &added);
	}
}
