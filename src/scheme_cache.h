/*
 * scheme_cache.h
 *		Compiled schemes of one call site, kept while its statement runs.
 */
#ifndef TIERING_SCHEME_CACHE_H
#define TIERING_SCHEME_CACHE_H

#include "fmgr.h"

#include "scheme.h"

typedef struct CachedScheme
{
	struct CachedScheme *next;
	Scheme	   *scheme;
	MemoryContext context;		/* lives as long as this */
	DecimalKey *point;			/* room for one customer's metrics */
	void	   *use;			/* what else the call site makes of it */
} CachedScheme;

#define NO_AS_OF	(-1)		/* no such argument: the version of today */

extern CachedScheme *SchemeArg(FunctionCallInfo fcinfo, int as_of_argno);
extern CachedScheme *SchemeVersionArg(FunctionCallInfo fcinfo,
									  int version_argno);

#endif							/* TIERING_SCHEME_CACHE_H */
