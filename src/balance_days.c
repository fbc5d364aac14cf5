/*
 * balance_days.c
 *		The rarer half of balance_days.h, and its results.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "balance_days.h"

BalanceDays *
BalanceDaysCreate(MemoryContext context, const Period *period)
{
	BalanceDays *state = MemoryContextAllocZero(context, sizeof(BalanceDays));

	state->period = *period;
	return state;
}

void
CheckSamePeriod(const Period *state, const Period *period)
{
	if (state->start != period->start || state->end != period->end)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period differs between the rows of one group"),
				 errdetail("One row has [%s,%s), another has [%s,%s).",
						   DateOut(state->start), DateOut(state->end),
						   DateOut(period->start), DateOut(period->end)),
				 errhint("Group by the period, too.")));
}

/* Add a number to what does not fit in the sum */
static void
AddToRest(BalanceDays *state, MemoryContext context, Numeric number)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Numeric		rest = state->rest;

	if (rest == NULL)
		state->rest = DatumGetNumericCopy(NumericGetDatum(number));
	else
	{
		state->rest = DatumGetNumeric(DirectFunctionCall2(numeric_add,
														  NumericGetDatum(rest),
														  NumericGetDatum(number)));
		pfree(rest);
	}
	MemoryContextSwitchTo(old);
}

void
BalanceDaysAddWide(BalanceDays *state, MemoryContext context,
				   Numeric balance, int64 days)
{
	AddToRest(state, context,
			  DatumGetNumeric(DirectFunctionCall2(numeric_mul,
												  NumericGetDatum(balance),
												  NumericGetDatum(int64_to_numeric(days)))));
}

/* Add another state of the same period, and leave that one alone */
void
BalanceDaysMerge(BalanceDays *state, MemoryContext context,
				 const BalanceDays *other)
{
	CheckSamePeriod(&state->period, &other->period);
	state->dscale = Max(state->dscale, other->dscale);
	if (!BalanceDaysAddUnits(state, other->sum, other->fraction))
		AddToRest(state, context,
				  DecimalToNumeric(other->sum, other->fraction,
								   other->fraction * DECIMAL_BASE_DIGITS));
	if (other->rest != NULL)
		AddToRest(state, context, other->rest);
}

/*
 * The balance-days, showing so many decimals: at least as many as any balance
 * has. The rest may be a sum that showed more zeros than any balance did.
 */
Numeric
BalanceDaysTotal(const BalanceDays *state, int dscale)
{
	Numeric		total = DecimalToNumeric(state->sum, state->fraction, dscale);

	if (state->rest == NULL)
		return total;
	return DatumGetNumeric(DirectFunctionCall2(numeric_round,
											   DirectFunctionCall2(numeric_add,
																   NumericGetDatum(total),
																   NumericGetDatum(state->rest)),
											   Int32GetDatum(dscale)));
}

/*
 * A daily average: balance-days over days, with as many decimals as core's
 * division gives, and never fewer than keep it on its own side of any number
 * that has as many decimals as the balances or as the bound of a rule can have:
 * it is at least 10^-dscale / days away from such a number unless it equals it,
 * and rounding moves it by less than that. (Core's division ends at 1000.)
 */
Numeric
BalanceDaysOver(const BalanceDays *state, int64 days)
{
	int			dscale = Max(state->dscale,
							 DECIMAL_KEY_FRACTION * DECIMAL_BASE_DIGITS);
	Numeric		result = NULL;

	for (int64 rest = days; rest > 0; rest /= 10)
		dscale++;
	dscale = Min(dscale, DECIMAL_LONG_DSCALE);
	if (state->rest == NULL)
		result = DecimalDivide(state->sum, state->fraction, dscale, days);
	if (result == NULL)
		result = DatumGetNumeric(
			DirectFunctionCall2(numeric_div,
								NumericGetDatum(BalanceDaysTotal(state, dscale)),
								NumericGetDatum(int64_to_numeric(days))));
	return result;
}

/* The average over all days of the period */
Numeric
BalanceDaysAverage(const BalanceDays *state)
{
	return BalanceDaysOver(state, PeriodDays(&state->period));
}
