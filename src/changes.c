/*
 * changes.c
 *		The daily average of one account from its sparse observations: each
 *		balance counts until the next one.
 *
 * This needs order, and rows and partial states come in any. So the state
 * keeps the observations of the period, and of those before it the last one,
 * whose balance is carried in. The final function sorts a copy unless they
 * came in order, which they mostly do, and adds up a BalanceDays from them:
 * the arithmetic is the same as everywhere.
 *
 * Two different balances on one day have no answer. The day of the balance
 * carried in and the days of the period are examined, others never matter.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "balance_days.h"
#include "state.h"

#define STATE_KIND			'C'
#define INITIAL_CAPACITY	8
#define FRACTION_WIDE		(-1)	/* the value is a numeric */

/* A balance from a day on; equal balances have equal bits unless wide */
typedef struct Observation
{
	union
	{
		int64		units;		/* in 10000^-fraction */
		Numeric		wide;		/* where that does not fit */
	}			balance;
	DateADT		day;
	int16		fraction;		/* or FRACTION_WIDE */
} Observation;

typedef struct Changes
{
	Period		period;
	int16		dscale;			/* most decimals shown by any balance */
	bool		has_carried;	/* is there an observation before the period? */
	bool		carried_clash;	/* are there two different ones on its day? */
	bool		sorted;			/* did the days come in order? */
	int32		count;
	int32		capacity;
	Observation carried;		/* the last one before the period */
	Observation *observations;	/* those of the period */
} Changes;

static Changes *
ChangesCreate(MemoryContext context, const Period *period)
{
	Changes    *state = MemoryContextAllocZero(context, sizeof(Changes));

	state->period = *period;
	state->sorted = true;
	state->capacity = INITIAL_CAPACITY;
	state->observations = MemoryContextAlloc(context, INITIAL_CAPACITY *
											 sizeof(Observation));
	return state;
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

/* Copy what an observation points to into the state's own memory */
static Observation
OwnObservation(MemoryContext context, const Observation *observation)
{
	Observation own = *observation;

	if (own.fraction == FRACTION_WIDE)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		own.balance.wide =
			DatumGetNumericCopy(NumericGetDatum(own.balance.wide));
		MemoryContextSwitchTo(old);
	}
	return own;
}

/* Keep the last observation before the period */
static void
ChangesCarry(Changes *state, MemoryContext context,
			 const Observation *observation, bool clash)
{
	if (!state->has_carried || observation->day > state->carried.day)
	{
		if (state->has_carried && state->carried.fraction == FRACTION_WIDE)
			pfree(state->carried.balance.wide);
		state->carried = OwnObservation(context, observation);
		state->carried_clash = clash;
		state->has_carried = true;
	}
	else if (observation->day == state->carried.day &&
			 (clash || !SameBalance(observation, &state->carried)))
		state->carried_clash = true;
}

static void
ChangesAppend(Changes *state, MemoryContext context,
			  const Observation *observation)
{
	if (state->count == state->capacity)
	{
		if (state->capacity > MaxAllocSize / 2 / sizeof(Observation))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("more than %d balance changes in one group",
							state->count),
					 errhint("Group by account.")));
		state->capacity *= 2;
		state->observations = repalloc(state->observations,
									   state->capacity * sizeof(Observation));
	}
	if (state->count > 0 &&
		observation->day < state->observations[state->count - 1].day)
		state->sorted = false;
	state->observations[state->count++] = OwnObservation(context, observation);
}

static void
ChangesAdd(Changes *state, MemoryContext context,
		   const Observation *observation)
{
	if (observation->day < state->period.start)
		ChangesCarry(state, context, observation, false);
	else if (observation->day < state->period.end)
		ChangesAppend(state, context, observation);
}

static void
ChangesMerge(Changes *state, MemoryContext context, const Changes *other)
{
	CheckSamePeriod(&state->period, &other->period);
	state->dscale = Max(state->dscale, other->dscale);
	if (other->has_carried)
		ChangesCarry(state, context, &other->carried, other->carried_clash);
	for (int i = 0; i < other->count; i++)
		ChangesAppend(state, context, &other->observations[i]);
}

static int
CompareDays(const void *a, const void *b)
{
	DateADT		left = ((const Observation *) a)->day;
	DateADT		right = ((const Observation *) b)->day;

	return left < right ? -1 : left > right ? 1 : 0;
}

/* The observations in the order of their days; the state's own stay put */
static const Observation *
SortedObservations(const Changes *state)
{
	Size		size = state->count * sizeof(Observation);
	Observation *copy;

	if (state->sorted)
		return state->observations;
	copy = palloc(size);
	memcpy(copy, state->observations, size);
	qsort(copy, state->count, sizeof(Observation), CompareDays);
	return copy;
}

void
RefuseClash(DateADT day)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("two different balances on %s", DateOut(day)),
			 errhint("A sparse history is that of one account: group by account.")));
}

/* Add a balance that counts on [from, to) */
static void
CarryBalance(BalanceDays *sum, const Observation *observation,
			DateADT from, DateADT to)
{
	int64		days = (int64) to - from;

	if (observation->fraction == FRACTION_WIDE)
		BalanceDaysAddWide(sum, CurrentMemoryContext,
						   observation->balance.wide, days);
	else if (!BalanceDaysAddUnits(sum,
								  (int128) observation->balance.units * days,
								  observation->fraction))
		BalanceDaysAddWide(sum, CurrentMemoryContext,
						   DecimalToNumeric(observation->balance.units,
											observation->fraction,
											observation->fraction *
											DECIMAL_BASE_DIGITS),
						   days);
}

/* The balance-days of the whole history, carried in and on to the end */
static void
ChangesSum(const Changes *state, BalanceDays *sum)
{
	const Observation *observations = SortedObservations(state);
	const Observation *last = state->has_carried ? &state->carried : NULL;
	DateADT		since = state->period.start;

	sum->period = state->period;
	sum->dscale = state->dscale;
	if (state->carried_clash)
		RefuseClash(state->carried.day);
	for (int i = 0; i < state->count; i++)
	{
		const Observation *next = &observations[i];

		if (i > 0 && next->day == last->day && !SameBalance(next, last))
			RefuseClash(next->day);
		if (last != NULL)
			CarryBalance(sum, last, since, next->day);
		last = next;
		since = next->day;
	}
	if (last != NULL)
		CarryBalance(sum, last, since, state->period.end);
}

/* A new balance, which counts until the next one */
PG_FUNCTION_INFO_V1(changes_accum);
Datum
changes_accum(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 3);
	MemoryContext context = StateContext(fcinfo);
	Changes    *state = PG_ARGISNULL(0) ? NULL :
		(Changes *) PG_GETARG_POINTER(0);
	struct varlena *balance;
	Observation observation;
	DecimalView view;
	Decimal		decimal;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	observation.day = DateArg(fcinfo, 2, "changed_on");
	balance = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	DecimalViewNumeric(balance, &view);
	if (!view.finite)
		DecimalRefuse(balance, "balance");
	if (DecimalFromView(&view, &decimal))
	{
		observation.balance.units = decimal.units;
		observation.fraction = decimal.fraction;
	}
	else
	{
		observation.balance.wide = DatumGetNumeric(PointerGetDatum(balance));
		observation.fraction = FRACTION_WIDE;
	}
	if (state == NULL)
		state = ChangesCreate(context, period);
	else
		CheckSamePeriod(&state->period, period);
	state->dscale = Max(state->dscale, view.dscale);
	ChangesAdd(state, context, &observation);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(changes_combine);
Datum
changes_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = StateContext(fcinfo);
	Changes    *state = PG_ARGISNULL(0) ? NULL :
		(Changes *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		Changes    *other = (Changes *) PG_GETARG_POINTER(1);

		if (state == NULL)
			state = ChangesCreate(context, &other->period);
		ChangesMerge(state, context, other);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
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
	StateCheck(observation.fraction >= FRACTION_WIDE &&
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

PG_FUNCTION_INFO_V1(changes_serialize);
Datum
changes_serialize(PG_FUNCTION_ARGS)
{
	Changes    *state = (Changes *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	StateBegin(&buf, STATE_KIND);
	StateSendPeriod(&buf, &state->period);
	pq_sendint16(&buf, state->dscale);
	pq_sendbyte(&buf, state->has_carried);
	pq_sendbyte(&buf, state->carried_clash);
	pq_sendint32(&buf, state->count);
	if (state->has_carried)
		SendObservation(&buf, &state->carried);
	for (int i = 0; i < state->count; i++)
		SendObservation(&buf, &state->observations[i]);
	PG_RETURN_BYTEA_P(StateEnd(&buf));
}

PG_FUNCTION_INFO_V1(changes_deserialize);
Datum
changes_deserialize(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	Period		period;
	Changes    *state;
	int			count;

	StateOpen(&buf, PG_GETARG_BYTEA_PP(0), STATE_KIND);
	period = StateReceivePeriod(&buf);
	state = ChangesCreate(CurrentMemoryContext, &period);
	state->dscale = (int16) pq_getmsgint(&buf, 2);
	StateCheck(state->dscale >= 0 && state->dscale <= DECIMAL_LONG_DSCALE);
	state->has_carried = pq_getmsgbyte(&buf) != 0;
	state->carried_clash = pq_getmsgbyte(&buf) != 0;
	count = (int) pq_getmsgint(&buf, 4);
	if (state->has_carried)
	{
		state->carried = ReceiveObservation(&buf);
		StateCheck(state->carried.day < period.start);
	}
	for (int i = 0; i < count; i++)
	{
		Observation observation = ReceiveObservation(&buf);

		StateCheck(observation.day >= period.start &&
				   observation.day < period.end);
		ChangesAppend(state, CurrentMemoryContext, &observation);
	}
	StateClose(&buf);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(changes_final_days);
Datum
changes_final_days(PG_FUNCTION_ARGS)
{
	BalanceDays sum = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	ChangesSum((Changes *) PG_GETARG_POINTER(0), &sum);
	PG_RETURN_NUMERIC(BalanceDaysTotal(&sum, sum.dscale));
}

PG_FUNCTION_INFO_V1(changes_final);
Datum
changes_final(PG_FUNCTION_ARGS)
{
	BalanceDays sum = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	ChangesSum((Changes *) PG_GETARG_POINTER(0), &sum);
	PG_RETURN_NUMERIC(BalanceDaysAverage(&sum));
}
