/*
 * scheme.h
 *		One version of a scheme, compiled: a tier is a union of boxes in the
 *		space of the metrics, and a customer gets the highest-ranked tier that
 *		contains him.
 *
 * Bounds are kept as DecimalKeys, so that a condition is two comparisons of
 * integers whatever the metric's type, scale and open or closed bounds were.
 */
#ifndef TIERING_SCHEME_H
#define TIERING_SCHEME_H

#include "period.h"
#include "score.h"

#define SCHEME_NO_BOX	(-1)
#define SCHEME_NO_RANK PG_INT64_MIN

typedef enum MetricKind
{
	METRIC_NUMBER,
	METRIC_BOOLEAN,				/* true counts 1, false 0 */
	METRIC_SCORE				/* derived from others */
} MetricKind;

typedef struct Metric
{
	char	   *name;
	MetricKind	kind;
	bool		used;			/* does any condition or score look at it? */
	bool		is_measure;		/* the money figure that reports add up */
} Metric;

/* lower <= key < upper; the key of a null is below every lower */
typedef struct Condition
{
	DecimalKey	lower;
	DecimalKey	upper;
	int			metric;
} Condition;

/* All of its conditions must be met; with none it contains everyone */
typedef struct Box
{
	Datum		tier;			/* text */
	int			first;			/* of its conditions */
	int			count;
	int			rank;			/* of the tier */
	int			rule;			/* number; 0 of the base */
	bool		stay;			/* only for those who have that rank */
} Box;

typedef struct Scheme
{
	char	   *name;
	int			version;
	Period		effective;		/* the days for which it grades; a draft: all */
	int			nmetrics;
	Metric	   *metrics;
	int			nboxes;
	Box		   *boxes;			/* highest rank first */
	Condition  *conditions;
	int			nscores;
	Score	   *scores;
} Scheme;

/* Which version of a scheme is wanted */
typedef struct VersionPick
{
	bool		by_number;		/* a draft, too; else the one in force on a day */
	int32		value;			/* the number, or the day as a DateADT */
} VersionPick;

/* At which proportion a class of assets counts */
typedef struct AssetWeight
{
	char	   *asset_class;
	Datum		weight;			/* numeric */
} AssetWeight;

typedef struct AssetWeights
{
	int			count;
	AssetWeight *weights;		/* sorted by the bytes of the class */
} AssetWeights;

/*
 * The first box that contains the point, or SCHEME_NO_BOX; current is the rank
 * of the customer's current tier, or SCHEME_NO_RANK
 */
static inline int
SchemeFindBox(const Scheme *scheme, const DecimalKey *point, int64 current)
{
	for (int i = 0; i < scheme->nboxes; i++)
	{
		const Box  *box = &scheme->boxes[i];
		const Condition *condition = &scheme->conditions[box->first];
		const Condition *end = condition + box->count;

		if (box->stay && box->rank > current)
			continue;
		while (condition < end &&
			   point[condition->metric] >= condition->lower &&
			   point[condition->metric] < condition->upper)
			condition++;
		if (condition == end)
			return i;
	}
	return SCHEME_NO_BOX;
}

extern void SchemeScore(const Scheme *scheme, DecimalKey *point);
extern Scheme *SchemeLoad(const char *name, VersionPick pick,
						  MemoryContext context);
extern AssetWeights *SchemeLoadWeights(const Scheme *scheme,
									   MemoryContext context);

#endif							/* TIERING_SCHEME_H */
