/*
 * row_digest.h
 *		Whether rows that are read again are those of before, told by sums of their hashes.
 *
 * A row is a customer, what they earn, and their measure; or a customer and some texts, such
 * as their dimensions. Customers are dealt out to buckets, and each has two sums of 64 bits,
 * in which rows may come in any order: where both are as they were, so are the rows of the
 * bucket, but for a chance of 1 in 2^128. Numbers that are equal are hashed alike, however
 * many zeros they show.
 */
#ifndef TIERING_ROW_DIGEST_H
#define TIERING_ROW_DIGEST_H

#include "decimal.h"
#include "same_text.h"

#define DIGEST_BUCKETS	4096
#define DIGEST_LANES	2

typedef struct RowDigest
{
	uint64		lanes[DIGEST_BUCKETS][DIGEST_LANES];
} RowDigest;

static inline uint32
DigestBucket(const text *customer)
{
	return HashText(customer) % DIGEST_BUCKETS;
}

static inline uint64
DigestText(const text *value, uint64 seed)
{
	return value == NULL ? ~seed :
		hash_bytes_extended((const unsigned char *) VARDATA_ANY(value),
							VARSIZE_ANY_EXHDR(value), seed);
}

/* Digits alone tell a finite number, with its weight and its sign */
static inline uint64
DigestNumber(struct varlena *value, uint64 seed)
{
	DecimalView view;

	if (value == NULL)
		return ~seed;
	DecimalViewNumeric(value, &view);
	return hash_bytes_extended((const unsigned char *) view.digits,
							   view.ndigits * sizeof(int16),
							   seed + (uint64) (2 * view.weight + view.negative));
}

/* NULL stands for none of earned and of the measure */
static inline void
RowDigestAdd(RowDigest *digest, const text *customer, const text *earned,
			 struct varlena *measure)
{
	uint64	   *lanes = digest->lanes[DigestBucket(customer)];

	for (uint64 lane = 0; lane < DIGEST_LANES; lane++)
		lanes[lane] += DigestNumber(measure, DigestText(earned, DigestText(customer, lane + 1)));
}

static inline void
RowDigestAddTexts(RowDigest *digest, const text *customer, const Datum *texts,
				  const bool *nulls, int count)
{
	uint64	   *lanes = digest->lanes[DigestBucket(customer)];

	for (uint64 lane = 0; lane < DIGEST_LANES; lane++)
	{
		uint64		hash = DigestText(customer, lane + 1);

		for (int i = 0; i < count; i++)
			hash = DigestText(nulls[i] ? NULL : DatumGetTextPP(texts[i]), hash);
		lanes[lane] += hash;
	}
}

/* As digests and buckets are kept */
static inline Datum
BytesDatum(const void *data, Size size)
{
	bytea	   *bytes = palloc(VARHDRSZ + size);

	SET_VARSIZE(bytes, VARHDRSZ + size);
	memcpy(VARDATA(bytes), data, size);
	return PointerGetDatum(bytes);
}

#endif							/* TIERING_ROW_DIGEST_H */
