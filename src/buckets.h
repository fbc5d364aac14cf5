/*
 * buckets.h
 *		Customers dealt out to buckets by their numbers, and a set of these.
 */
#ifndef TIERING_BUCKETS_H
#define TIERING_BUCKETS_H

#include "utils/array.h"

#include "row_digest.h"

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

extern void BucketsFind(Buckets *buckets, const RowDigest *digest, const bytea *before);
extern void BucketsAdd(Buckets *buckets, ArrayType *customers);
extern Datum BucketsDatum(const Buckets *buckets, bool *isnull);

#endif							/* TIERING_BUCKETS_H */
