/*
 * source_metrics.h
 *		The metrics of a scheme's source, customer after customer.
 */
#ifndef TIERING_SOURCE_METRICS_H
#define TIERING_SOURCE_METRICS_H

#include "executor/tuptable.h"

#include "scheme_cache.h"
#include "source.h"

/* Whoever wants them has this as the first part of what it knows */
typedef struct SourceMetrics
{
	DestReceiver pub;			/* must be first */
	const CachedScheme *cached; /* by it they are read; its point is filled */
	/* called for each row, in a memory context of the row's */
	void		(*take) (struct SourceMetrics *rows, TupleTableSlot *slot);
	MemoryContext row_context;
} SourceMetrics;

extern int	SourceMetricColumn(const Scheme *scheme, int metric);
extern void SourceMetricsRun(SourceMetrics *rows, DateADT as_of,
							 ArrayType *customers);

#endif							/* TIERING_SOURCE_METRICS_H */
