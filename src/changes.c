/*
 * changes.c
 *		The daily average of one account from its sparse observations, of which
 *		each day has one: see observations.h. What these add up to is a
 *		BalanceDays, so the arithmetic is the same as everywhere.
 */
#include "postgres.h"

#include "fmgr.h"

#include "observations.h"

#define STATE_KIND			'C'

typedef struct Changes
{
	Period		period;
	int16		dscale;			/* most decimals shown by any balance */
	Observations observed;
} Changes;

static Changes *
ChangesCreate(MemoryContext context, const Period *period)
{
	Changes    *state = MemoryContextAlloc(context, sizeof(Changes));

	state->period = *period;
	state->dscale = 0;
	ObservationsInit(&state->observed, false);
	return state;
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
	OrderedObservation added;
	int			dscale;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	dscale = ObservationArg(fcinfo, 1, 2, "changed_on", &added.observation);
	if (state == NULL)
		state = ChangesCreate(context, period);
	else
		CheckSamePeriod(&state->period, period);
	state->dscale = Max(state->dscale, dscale);
	ObservationsAdd(&state->observed, context, &state->period, &added);
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
		CheckSamePeriod(&state->period, &other->period);
		state->dscale = Max(state->dscale, other->dscale);
		ObservationsMerge(&state->observed, context, &other->observed);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
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
	ObservationsSend(&buf, &state->observed);
	PG_RETURN_BYTEA_P(StateEnd(&buf));
}

PG_FUNCTION_INFO_V1(changes_deserialize);
Datum
changes_deserialize(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	Period		period;
	Changes    *state;

	StateOpen(&buf, PG_GETARG_BYTEA_PP(0), STATE_KIND);
	period = StateReceivePeriod(&buf);
	state = ChangesCreate(CurrentMemoryContext, &period);
	state->dscale = (int16) pq_getmsgint(&buf, 2);
	StateCheck(state->dscale >= 0 && state->dscale <= DECIMAL_LONG_DSCALE);
	ObservationsReceive(&buf, &period, &state->observed);
	StateClose(&buf);
	PG_RETURN_POINTER(state);
}

/* The balance-days of the whole history */
static BalanceDays
ChangesSum(FunctionCallInfo fcinfo)
{
	const Changes *state = (Changes *) PG_GETARG_POINTER(0);
	BalanceDays sum = {0};

	sum.period = state->period;
	sum.dscale = state->dscale;
	ObservationsCarry(&state->observed, NULL, &sum);
	return sum;
}

PG_FUNCTION_INFO_V1(changes_final_days);
Datum
changes_final_days(PG_FUNCTION_ARGS)
{
	BalanceDays sum;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sum = ChangesSum(fcinfo);
	PG_RETURN_NUMERIC(BalanceDaysTotal(&sum, sum.dscale));
}

PG_FUNCTION_INFO_V1(changes_final);
Datum
changes_final(PG_FUNCTION_ARGS)
{
	BalanceDays sum;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sum = ChangesSum(fcinfo);
	PG_RETURN_NUMERIC(BalanceDaysAverage(&sum));
}
