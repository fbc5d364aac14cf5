/*
 * graded.h
 *		The customers of a scheme's source, each with what they earn.
 */
#ifndef TIERING_GRADED_H
#define TIERING_GRADED_H

#include "utils/array.h"
#include "utils/tuplestore.h"

#include "row_digest.h"
#include "source_metrics.h"

/* The columns of graded(), and behind them those of graded_differing() */
enum
{
	GRADED_CUSTOMER, GRADED_EARNED, GRADED_EARNED_IF, GRADED_MEASURE,
	GRADED_COLUMNS,
	DIFFERING_BUCKETS = GRADED_COLUMNS, DIFFERING_DIGEST, DIFFERING_LEFT_OUT,
	DIFFERING_COLUMNS
};

/* Takes the source's rows as they come */
typedef struct Grader
{
	SourceMetrics rows;			/* must be first */
	int			measure;		/* which column it is; 0: there is none */
	int			ncurrent;		/* possible current tiers; 0: no matter which */
	int64	   *ranks;			/* of them */
	Tuplestorestate *store;
	TupleDesc	result;
	RowDigest  *digest;			/* of the rows; NULL: none is made */
} Grader;

/* Both are for functions whose arguments begin with scheme, as_of, version */
extern void GradingBegin(FunctionCallInfo fcinfo, Grader *grader, int columns);
extern void GradingRun(FunctionCallInfo fcinfo, Grader *grader, ArrayType *customers);

#endif							/* TIERING_GRADED_H */
