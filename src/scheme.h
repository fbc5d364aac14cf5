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

#include "decimal.h"
#include "period.h"

#define SCHEME_NO_BOX	(-1)

typedef struct Metric
{
	char	   *name;
	bool		boolean;		/* true counts 1, false 0 */
	bool		used;			/* does any condition look at it? */
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
} Box;

typedef struct Scheme
{
	char	   *name;
	int			version;
	Period		effective;		/* the days for which it grades */
	int			nmetrics;
	Metric	   *metrics;
	int			nboxes;
	Box		   *boxes;			/* highest rank first */
	Condition  *conditions;
} Scheme;

/* The first box that contains the point, or SCHEME_NO_BOX */
static inline int
SchemeFindBox(const Scheme *scheme, const DecimalKey *point)
{
	for (int i = 0; i < scheme->nboxes; i++)
	{
		const Condition *condition = &scheme->conditions[scheme->boxes[i].first];
		const Condition *end = condition + scheme->boxes[i].count;

		while (condition < end &&
			   point[condition->metric] >= condition->lower &&
			   point[condition->metric] < condition->upper)
			condition++;
		if (condition == end)
			return i;
	}
	return SCHEME_NO_BOX;
}

extern Scheme *SchemeLoad(const char *name, DateADT as_of,
						  MemoryContext context);

#endif							/* TIERING_SCHEME_H */
