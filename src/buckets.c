/*
 * buckets.c
 *		Customers dealt out to buckets by their numbers, and a set of these.
 *
 * What is read again mostly is what it was before, and a digest (row_digest.h) tells so: no
 * others than the customers of the buckets that differ have to be compared.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "buckets.h"

/* Those whose sums are not as they were: all, if what was is none that we can read */
void
BucketsFind(Buckets *buckets, const RowDigest *digest, const bytea *before)
{
	const char *was = VARDATA_ANY(before);

	memset(buckets, 0, sizeof(Buckets));
	if (VARSIZE_ANY_EXHDR(before) != sizeof(RowDigest))
	{
		memset(buckets, 0xFF, sizeof(Buckets));
		return;
	}
	for (int i = 0; i < DIGEST_BUCKETS; i++, was += sizeof(digest->lanes[i]))
		if (memcmp(was, digest->lanes[i], sizeof(digest->lanes[i])) != 0)
			buckets->bits[i / 8] |= 1 << (i % 8);
}

/* Those of customers, too */
void
BucketsAdd(Buckets *buckets, ArrayType *customers)
{
	Datum	   *values;
	bool	   *nulls;
	int			count;

	deconstruct_array(customers, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		uint32		bucket;

		if (nulls[i])
			continue;
		bucket = DigestBucket(DatumGetTextPP(values[i]));
		buckets->bits[bucket / 8] |= 1 << (bucket % 8);
	}
}

/* As in_buckets() takes them; null if there are none */
Datum
BucketsDatum(const Buckets *buckets, bool *isnull)
{
	static const Buckets none;

	*isnull = memcmp(buckets, &none, sizeof(Buckets)) == 0;
	return *isnull ? (Datum) 0 : BytesDatum(buckets, sizeof(Buckets));
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
