/*
 * scheme_cache.c
 *		The scheme that a call asks for, compiled once per statement and kept in the
 *		fn_extra of each call site.
 *
 * What is kept counts while it would be read the same (read_under.h), and in the time
 * zone in which it was: in another one today may be another day.
 *
 * The last scheme that any call site compiled serves the next one, as long as it would be
 * read the same and in the same transaction: a function that asks four things of one
 * customer reads the scheme once. It lives until nobody uses it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "read_under.h"
#include "scheme_cache.h"

typedef struct SchemeCache
{
	MemoryContext context;		/* of all that was compiled */
	CachedScheme *first;		/* the last one used */
	ReadUnder	under;
	pg_tz	   *zone;			/* whose today is */
	DateADT		today;
} SchemeCache;

typedef struct SharedScheme
{
	MemoryContext context;		/* of this and the scheme */
	Scheme	   *scheme;
	ReadUnder	under;
	TimestampTz began;			/* the transaction in which it was read */
	bool		by_number;		/* it may be a draft, which is of no day */
	int			users;			/* call sites, and one while it is the last */
} SharedScheme;

static SharedScheme *last_shared = NULL;

static void
Release(void *arg)
{
	SharedScheme *shared = arg;

	if (--shared->users == 0)
		MemoryContextDelete(shared->context);
}

/* Until the context ends */
static Scheme *
Use(SharedScheme *shared, MemoryContext context)
{
	MemoryContextCallback *end = MemoryContextAlloc(context, sizeof(MemoryContextCallback));

	end->func = Release;
	end->arg = shared;
	MemoryContextRegisterResetCallback(context, end);
	shared->users++;
	return shared->scheme;
}

static SchemeCache *
CacheCreate(FmgrInfo *flinfo)
{
	SchemeCache *cache = MemoryContextAllocZero(flinfo->fn_mcxt,
												sizeof(SchemeCache));

	cache->context = AllocSetContextCreate(flinfo->fn_mcxt, "tiering scheme",
										   ALLOCSET_SMALL_SIZES);
	flinfo->fn_extra = cache;
	return cache;
}

static void
CacheReset(SchemeCache *cache)
{
	cache->first = NULL;
	MemoryContextReset(cache->context);
	ReadUnderNow(&cache->under, cache->context);
	cache->zone = session_timezone;
	cache->today = GetSQLCurrentDate();
}

/* The call site's cache, with nothing that this snapshot does not see */
static inline SchemeCache *
CacheGet(FunctionCallInfo fcinfo)
{
	SchemeCache *cache = fcinfo->flinfo->fn_extra;

	if (cache == NULL)
		cache = CacheCreate(fcinfo->flinfo);
	if (cache->first == NULL || cache->zone != session_timezone ||
		!IsReadUnder(&cache->under))
		CacheReset(cache);
	return cache;
}

static inline bool
IsPicked(const Scheme *scheme, VersionPick pick)
{
	if (pick.by_number)
		return pick.value == scheme->version;
	return pick.value >= scheme->effective.start &&
		pick.value < scheme->effective.end;
}

/* All schemes of a call site were picked in the same way */
static inline bool
Fits(const Scheme *scheme, text *name, VersionPick pick)
{
	Size		length = VARSIZE_ANY_EXHDR(name);

	return IsPicked(scheme, pick) &&
		strncmp(scheme->name, VARDATA_ANY(name), length) == 0 &&
		scheme->name[length] == '\0';
}

/* Would the last one be read the same now? */
static bool
LastFits(text *name, VersionPick pick)
{
	return last_shared != NULL &&
		(pick.by_number || !last_shared->by_number) &&
		last_shared->began == GetCurrentTransactionStartTimestamp() &&
		IsReadUnder(&last_shared->under) && Fits(last_shared->scheme, name, pick);
}

/* An error leaves nothing behind: what is read hangs on the call site until it is whole */
static SharedScheme *
ReadScheme(MemoryContext parent, text *name, VersionPick pick)
{
	MemoryContext context = AllocSetContextCreate(parent, "tiering shared scheme",
												  ALLOCSET_SMALL_SIZES);
	SharedScheme *shared = MemoryContextAllocZero(context, sizeof(SharedScheme));

	shared->context = context;
	shared->scheme = SchemeLoad(text_to_cstring(name), pick, context);
	ReadUnderNow(&shared->under, context);
	shared->began = GetCurrentTransactionStartTimestamp();
	shared->by_number = pick.by_number;
	shared->users = 1;
	MemoryContextSetParent(context, TopMemoryContext);
	return shared;
}

static CachedScheme *
Compile(SchemeCache *cache, text *name, VersionPick pick)
{
	CachedScheme *compiled = MemoryContextAllocZero(cache->context,
													sizeof(CachedScheme));

	if (!LastFits(name, pick))
	{
		SharedScheme *shared = ReadScheme(cache->context, name, pick);

		if (last_shared != NULL)
			Release(last_shared);
		last_shared = shared;
	}
	compiled->context = cache->context;
	compiled->scheme = Use(last_shared, cache->context);
	compiled->point = MemoryContextAlloc(cache->context,
										 (compiled->scheme->nmetrics + 1) *
										 sizeof(DecimalKey));
	return compiled;
}

/* Move the scheme to the front, compiling it if need be */
static CachedScheme *
CacheFind(SchemeCache *cache, text *name, VersionPick pick)
{
	CachedScheme **link = &cache->first;
	CachedScheme *found;

	while (*link != NULL && !Fits((*link)->scheme, name, pick))
		link = &(*link)->next;
	found = *link;
	if (found != NULL)
		*link = found->next;
	else
		found = Compile(cache, name, pick);
	found->next = cache->first;
	cache->first = found;
	return found;
}

/* For which day the version is wanted; null has a way out that others lack */
static DateADT
VersionDateArg(FunctionCallInfo fcinfo, int argno)
{
	DateADT		as_of;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of must not be null"),
				 errhint("Leave it out to go by today's version.")));
	as_of = PG_GETARG_DATEADT(argno);
	if (DATE_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be a day, not %s", DateOut(as_of))));
	return as_of;
}

/* The scheme that argument 0 names, in the version that is picked */
static inline CachedScheme *
PickScheme(FunctionCallInfo fcinfo, SchemeCache *cache, VersionPick pick)
{
	text	   *name = PG_GETARG_TEXT_PP(0);

	if (cache->first != NULL && Fits(cache->first->scheme, name, pick))
		return cache->first;
	return CacheFind(cache, name, pick);
}

static inline void
CheckSchemeArg(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("scheme must not be null")));
}

/*
 * In its version of the day that argument as_of_argno gives, or of today if
 * that is NO_AS_OF
 */
CachedScheme *
SchemeArg(FunctionCallInfo fcinfo, int as_of_argno)
{
	SchemeCache *cache = CacheGet(fcinfo);
	VersionPick pick = {false, cache->today};

	CheckSchemeArg(fcinfo);
	if (as_of_argno != NO_AS_OF)
		pick.value = VersionDateArg(fcinfo, as_of_argno);
	return PickScheme(fcinfo, cache, pick);
}

/* In the version whose number argument version_argno gives, a draft or not */
CachedScheme *
SchemeVersionArg(FunctionCallInfo fcinfo, int version_argno)
{
	VersionPick pick = {true};

	CheckSchemeArg(fcinfo);
	if (PG_ARGISNULL(version_argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("version must not be null")));
	pick.value = PG_GETARG_INT32(version_argno);
	return PickScheme(fcinfo, CacheGet(fcinfo), pick);
}
