/*
 * same_text.h
 *		Texts as bytes, whatever their collation.
 */
#ifndef TIERING_SAME_TEXT_H
#define TIERING_SAME_TEXT_H

#include "common/hashfn.h"

static inline bool
SameText(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static inline uint32
HashText(const text *value)
{
	return hash_bytes((const unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

#endif							/* TIERING_SAME_TEXT_H */
