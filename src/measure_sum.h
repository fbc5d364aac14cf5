/*
 * measure_sum.h
 *		What customers have, added up exactly: balance-days of one day each.
 *
 * There is no sum, NULL, where nothing is known of anybody.
 */
#ifndef TIERING_MEASURE_SUM_H
#define TIERING_MEASURE_SUM_H

#include "balance_days.h"

static inline void
MeasureSumAdd(BalanceDays **sum, struct varlena *measure, MemoryContext context)
{
	const Period day = {0};
	DecimalView view;

	DecimalViewNumeric(measure, &view);
	if (!view.finite)
		DecimalRefuse(measure, "measure");
	if (*sum == NULL)
		*sum = BalanceDaysCreate(context, &day);
	if (!BalanceDaysAdd(*sum, &view, 1))
		BalanceDaysAddWide(*sum, context, (Numeric) measure, 1);
}

/* With as many decimals as any of them shows */
static inline Datum
MeasureSumDatum(const BalanceDays *sum)
{
	return NumericGetDatum(BalanceDaysTotal(sum, sum->dscale));
}

#endif							/* TIERING_MEASURE_SUM_H */
