/*
 * asset_weight.c
 *		At which proportion a class of assets counts in a scheme.
 *
 * A function of its own, and not a join that anyone could write, because a join
 * drops what it does not find: a class without a weight must be an error, never
 * a weight of 0 or 1.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "scheme_cache.h"

static void
RefuseClass(const Scheme *scheme, const AssetWeights *weights,
			const char *asset_class)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("asset class \"%s\" has no weight in scheme \"%s\"",
					asset_class, scheme->name),
			 errdetail("Its version %d weighs %d asset classes.",
					   scheme->version, weights->count),
			 errhint("Weights are rows of tiering.asset_weight, 0 for a class that does not "
					 "count. A published version takes none: make a draft with "
					 "tiering.new_version('%s').", scheme->name)));
}

static int
CompareClass(const void *key, const void *weight)
{
	return strcmp(key, ((const AssetWeight *) weight)->asset_class);
}

/* asset_weight(scheme, asset_class [, as_of]) */
PG_FUNCTION_INFO_V1(asset_weight);
Datum
asset_weight(PG_FUNCTION_ARGS)
{
	CachedScheme *cached = SchemeArg(fcinfo, PG_NARGS() > 2 ? 2 : NO_AS_OF);
	const AssetWeights *weights = cached->use;
	const AssetWeight *found;
	char	   *asset_class;

	if (weights == NULL)
		cached->use = SchemeLoadWeights(cached->scheme, cached->context);
	weights = cached->use;
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("asset_class must not be null")));
	asset_class = text_to_cstring(PG_GETARG_TEXT_PP(1));
	found = bsearch(asset_class, weights->weights, weights->count,
					sizeof(AssetWeight), CompareClass);
	if (found == NULL)
		RefuseClass(cached->scheme, weights, asset_class);
	pfree(asset_class);
	return found->weight;
}
