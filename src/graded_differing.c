/*
 * graded_differing.c
 *		Of which customers a source that is read again may have something else.
 *
 * It mostly yields what it yielded before: see buckets.h.
 */
#include "postgres.h"

#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"

#include "buckets.h"
#include "compat.h"
#include "graded.h"

/*
 * The rows of customers in the buckets, and a row of these, if any, of the digest, and of how
 * many customers are in none of them
 */
static void
PutDiffering(Tuplestorestate *result, const Grader *grader, const Buckets *buckets)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(grader->result, &TTSOpsMinimalTuple);
	Datum		values[DIFFERING_COLUMNS] = {0};
	bool		nulls[DIFFERING_COLUMNS] = {true, true, true, true, true, false, false};
	int64		left_out = 0;

	while (tuplestore_gettupleslot(grader->store, true, false, slot))
	{
		bool		isnull;
		Datum		customer = slot_getattr(slot, GRADED_CUSTOMER + 1, &isnull);

		if (InBuckets(buckets, DatumGetTextPP(customer)))
			tuplestore_puttupleslot(result, slot);
		else
			left_out++;
	}
	ExecDropSingleTupleTableSlot(slot);
	values[DIFFERING_BUCKETS] = BucketsDatum(buckets, &nulls[DIFFERING_BUCKETS]);
	values[DIFFERING_DIGEST] = BytesDatum(grader->digest, sizeof(RowDigest));
	values[DIFFERING_LEFT_OUT] = Int64GetDatum(left_out);
	tuplestore_putvalues(result, grader->result, values, nulls);
}

/* graded_differing(scheme, as_of, version, digest, told): see its COMMENT */
PG_FUNCTION_INFO_V1(graded_differing);
Datum
graded_differing(PG_FUNCTION_ARGS)
{
	Grader		grader = {{{0}}};
	Tuplestorestate *result;
	Buckets		buckets;

	GradingBegin(fcinfo, &grader, DIFFERING_COLUMNS);
	result = grader.store;
	grader.store = tuplestore_begin_heap(false, false, work_mem);
	grader.digest = palloc0(sizeof(RowDigest));
	GradingRun(fcinfo, &grader, NULL);
	BucketsFind(&buckets, grader.digest, PG_GETARG_BYTEA_PP(3));
	BucketsAdd(&buckets, PG_GETARG_ARRAYTYPE_P(4));
	PutDiffering(result, &grader, &buckets);
	tuplestore_end(grader.store);
	return (Datum) 0;
}
