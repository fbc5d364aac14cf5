/*
 * row_balance_days.c
 *		The balance-days of one row, as a function and not an aggregate, so that sum()
 *		adds them up wherever it does that: on the nodes of a distributed table, or
 *		for groups that do not go by the customer.
 */
#include "postgres.h"

#include "fmgr.h"

#include "balance_days.h"

/* The balance in argument 0 x the days of the period on which it stood */
static Datum
BalanceTimesDays(FunctionCallInfo fcinfo, const Period *period, const Period *valid)
{
	struct varlena *balance = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	int64		days = PeriodOverlap(period, valid->start, valid->end);
	BalanceDays state = {0};
	DecimalView view;

	DecimalViewNumeric(balance, &view);
	if (!view.finite)
		RefuseBalance(fcinfo, 0);
	if (!BalanceDaysAdd(&state, &view, days))
		BalanceDaysAddWide(&state, CurrentMemoryContext,
						   DatumGetNumeric(PointerGetDatum(balance)), days);
	PG_RETURN_NUMERIC(BalanceDaysTotal(&state, state.dscale));
}

/* row_balance_days(balance, valid, period) */
PG_FUNCTION_INFO_V1(row_balance_days_range);
Datum
row_balance_days_range(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 2);
	Period		valid;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	valid = ValidRangeArg(fcinfo, 1);
	return BalanceTimesDays(fcinfo, period, &valid);
}

/* row_balance_days(balance, valid_from, valid_to, period) */
PG_FUNCTION_INFO_V1(row_balance_days_dates);
Datum
row_balance_days_dates(PG_FUNCTION_ARGS)
{
	const Period *period = PeriodArg(fcinfo, 3);
	Period		valid;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	valid = ValidDatesArg(fcinfo, 1, period);
	return BalanceTimesDays(fcinfo, period, &valid);
}
