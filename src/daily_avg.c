/*
 * daily_avg.c
 *		Aggregates over balances whose state is a BalanceDays: plain sums, so
 *		rows may come in any order and states may be merged in any order.
 *
 * There is no state before the first balance that is not null: no state means
 * that the result is null.
 */
#include "postgres.h"

#include "fmgr.h"

#include "balance_days.h"
#include "state.h"

#define STATE_KIND	'B'

static Datum
UnchangedState(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return PG_GETARG_DATUM(0);
}

/* Add the balance in argument 1, which stood for so many days of the period */
static inline Datum
Accumulate(FunctionCallInfo fcinfo, const Period *period, int64 days)
{
	struct varlena *balance = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	BalanceDays *state;
	DecimalView view;

	DecimalViewNumeric(balance, &view);
	if (!view.finite)
		RefuseBalance(fcinfo, 1);
	if (PG_ARGISNULL(0))
		state = BalanceDaysCreate(StateContext(fcinfo), period);
	else
	{
		state = (BalanceDays *) PG_GETARG_POINTER(0);
		if (state->period.start != period->start ||
			state->period.end != period->end)
			CheckSamePeriod(&state->period, period);
	}
	if (!BalanceDaysAdd(state, &view, days))
		BalanceDaysAddWide(state, StateContext(fcinfo),
						   DatumGetNumeric(PointerGetDatum(balance)), days);
	PG_RETURN_POINTER(state);
}

/* A balance and the range of days on which it stood */
PG_FUNCTION_INFO_V1(daily_avg_accum_range);
Datum
daily_avg_accum_range(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 3);
	Period		valid;

	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	valid = ValidRangeArg(fcinfo, 2);
	return Accumulate(fcinfo, period,
					  PeriodOverlap(period, valid.start, valid.end));
}

/* The same, the range given as its first day and the first day after it */
PG_FUNCTION_INFO_V1(daily_avg_accum_dates);
Datum
daily_avg_accum_dates(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 4);
	Period		valid;

	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	valid = ValidDatesArg(fcinfo, 2, period);
	return Accumulate(fcinfo, period,
					  PeriodOverlap(period, valid.start, valid.end));
}

/* A balance on one day */
PG_FUNCTION_INFO_V1(daily_avg_accum_snapshot);
Datum
daily_avg_accum_snapshot(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 3);
	DateADT		as_of;

	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	as_of = DateArg(fcinfo, 2, "as_of");
	return Accumulate(fcinfo, period,
					  as_of >= period->start && as_of < period->end ? 1 : 0);
}

/* A signed amount, which counts from its day to the end of the period */
PG_FUNCTION_INFO_V1(daily_avg_accum_flow);
Datum
daily_avg_accum_flow(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 3);

	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	return Accumulate(fcinfo, period,
					  PeriodOverlap(period, DateArg(fcinfo, 2, "posted_on"),
									DATEVAL_NOEND));
}

PG_FUNCTION_INFO_V1(daily_avg_combine);
Datum
daily_avg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = StateContext(fcinfo);
	BalanceDays *other;
	BalanceDays *state;

	if (PG_ARGISNULL(1))
		return UnchangedState(fcinfo);
	other = (BalanceDays *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
		state = BalanceDaysCreate(context, &other->period);
	else
		state = (BalanceDays *) PG_GETARG_POINTER(0);
	BalanceDaysMerge(state, context, other);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(daily_avg_serialize);
Datum
daily_avg_serialize(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	StateBegin(&buf, STATE_KIND);
	StateSendSum(&buf, (BalanceDays *) PG_GETARG_POINTER(0));
	PG_RETURN_BYTEA_P(StateEnd(&buf));
}

PG_FUNCTION_INFO_V1(daily_avg_deserialize);
Datum
daily_avg_deserialize(PG_FUNCTION_ARGS)
{
	BalanceDays *state = palloc(sizeof(BalanceDays));
	StringInfoData buf;

	StateOpen(&buf, PG_GETARG_BYTEA_PP(0), STATE_KIND);
	*state = StateReceiveSum(&buf);
	StateClose(&buf);
	PG_RETURN_POINTER(state);
}

/* Sum of balance x days: the daily average's numerator */
PG_FUNCTION_INFO_V1(daily_avg_final_days);
Datum
daily_avg_final_days(PG_FUNCTION_ARGS)
{
	BalanceDays *state;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (BalanceDays *) PG_GETARG_POINTER(0);
	PG_RETURN_NUMERIC(BalanceDaysTotal(state, state->dscale));
}

PG_FUNCTION_INFO_V1(daily_avg_final);
Datum
daily_avg_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(BalanceDaysAverage((BalanceDays *) PG_GETARG_POINTER(0)));
}
