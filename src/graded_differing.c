/*
 * graded_differing.c
 *		Of which customers a source that is read again may have something else.
 *
 * It mostly yields what it yielded before, and a digest (row_digest.h) tells so: no others
 * than those in the buckets that differ have to be compared.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"

#include "compat.h"
#include "graded.h"

/* A bit for each bucket */
typedef struct Buckets
{
	uint8		bits[DIGEST_BUCKETS / 8];
} Buckets;

static inline bool
InBuckets(const Buckets *buckets, const text *customer)
{
	uint32		bucket = DigestBucket(customer);

	return (buckets->bits[bucket / 8] & (1 << (bucket % 8))) != 0;
}

/* Those whose sums are not as they were: all, if what was is none that we can read */
static void
FindBuckets(Buckets *buckets, const RowDigest *digest, const bytea *before)
{
	RowDigest	was;

	memset(buckets, 0, sizeof(Buckets));
	if (VARSIZE_ANY_EXHDR(before) != sizeof(RowDigest))
	{
		memset(buckets, 0xFF, sizeof(Buckets));
		return;
	}
	memcpy(&was, VARDATA_ANY(before), sizeof(RowDigest));
	for (int i = 0; i < DIGEST_BUCKETS; i++)
		if (memcmp(was.lanes[i], digest->lanes[i], sizeof(was.lanes[i])) != 0)
			buckets->bits[i / 8] |= 1 << (i % 8);
}

static void
AddCustomers(Buckets *buckets, ArrayType *customers)
{
	Datum	   *values;
	int			count;

	deconstruct_array(customers, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		uint32		bucket = DigestBucket(DatumGetTextPP(values[i]));

		buckets->bits[bucket / 8] |= 1 << (bucket % 8);
	}
}

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
	static const Buckets none;
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
	if (memcmp(buckets, &none, sizeof(Buckets)) != 0)
	{
		values[DIFFERING_BUCKETS] = BytesDatum(buckets, sizeof(Buckets));
		nulls[DIFFERING_BUCKETS] = false;
	}
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
	FindBuckets(&buckets, grader.digest, PG_GETARG_BYTEA_PP(3));
	AddCustomers(&buckets, PG_GETARG_ARRAYTYPE_P(4));
	PutDiffering(result, &grader, &buckets);
	tuplestore_end(grader.store);
	return (Datum) 0;
}

/* in_buckets(customer_id, buckets): see its COMMENT */
PG_FUNCTION_INFO_V1(in_buckets);
Datum
in_buckets(PG_FUNCTION_ARGS)
{
	const bytea *bytes = PG_GETARG_BYTEA_PP(1);

	if (VARSIZE_ANY_EXHDR(bytes) != sizeof(Buckets))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("buckets have %d bytes, not %d", (int) VARSIZE_ANY_EXHDR(bytes),
						(int) sizeof(Buckets))));
	PG_RETURN_BOOL(InBuckets((const Buckets *) VARDATA_ANY(bytes), PG_GETARG_TEXT_PP(0)));
}
