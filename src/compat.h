/*
 * compat.h
 *		Everything in which PostgreSQL 14 to 18 differ for us, and what all of
 *		them must have.
 */
#ifndef TIERING_COMPAT_H
#define TIERING_COMPAT_H

#include "utils/rangetypes.h"

#if PG_VERSION_NUM < 140000
#error "tiering needs PostgreSQL 14 or later"
#endif

#ifndef HAVE_INT128
#error "tiering needs a compiler with 128-bit integers"
#endif

/* 16 moved the varlena macros out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16 gave make_range() a place for soft errors */
#if PG_VERSION_NUM >= 160000
#define MakeRange(typcache, lower, upper) \
	make_range((typcache), (lower), (upper), false, NULL)
#else
#define MakeRange(typcache, lower, upper) \
	make_range((typcache), (lower), (upper), false)
#endif

/* 18 lets a module say its name and version */
#ifdef PG_MODULE_MAGIC_EXT
#define TIERING_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "tiering", .version = TIERING_VERSION)
#else
#define TIERING_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 18 spells it as the standard does, and 19 may drop the old way */
#ifndef pg_attribute_noreturn
#define pg_attribute_noreturn() __attribute__((noreturn))
#endif

#endif							/* TIERING_COMPAT_H */
