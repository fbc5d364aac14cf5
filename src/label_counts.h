/*
 * label_counts.h
 *		Customers counted by labels that the rows of queries give them, and what they
 *		have added up.
 *
 * A row stands for some marks, which are days or whatever else is asked about, with a
 * label for each. Of a customer's rows the last one that stands for a mark has their
 * label of it.
 */
#ifndef TIERING_LABEL_COUNTS_H
#define TIERING_LABEL_COUNTS_H

#include "fmgr.h"
#include "utils/date.h"

#define MARKS		3

typedef struct LabelCounts LabelCounts;

/* What stands behind the labels of a row */
typedef enum LabelExtra
{
	EXTRA_NONE,
	EXTRA_VERSION,				/* the version of the last label, which it is told with */
	EXTRA_MEASURE				/* what the customer has, of the row for the first mark */
} LabelExtra;

extern LabelCounts *LabelCountsBegin(FunctionCallInfo fcinfo, const char *what,
									 int marks, DateADT start);
extern void LabelCountsRead(LabelCounts *s, LabelExtra extra, const char *query, int nargs,
							const Oid *types, const NullableDatum *values);
extern void LabelCountsEnd(FunctionCallInfo fcinfo, LabelCounts *s);

#endif							/* TIERING_LABEL_COUNTS_H */
