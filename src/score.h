/*
 * score.h
 *		A scorecard: a metric that the scheme derives from others.
 *
 * Each part of it looks up one metric in bands and earns points times a
 * weight; the score is their sum. Both are multiplied out when the scheme is
 * compiled, as DecimalKeys, of which sums are exact: weights and points have
 * at most 4 decimals each, so that a product has at most 8.
 */
#ifndef TIERING_SCORE_H
#define TIERING_SCORE_H

#include "decimal.h"

/* lower <= key < upper earns the points */
typedef struct Band
{
	DecimalKey	lower;
	DecimalKey	upper;
	DecimalKey	points;			/* weighted */
} Band;

typedef struct ScorePart
{
	int			metric;			/* that is looked up */
	int			nbands;
	Band	   *bands;
	DecimalKey	null_points;	/* weighted; DECIMAL_KEY_NULL: unknown */
} ScorePart;

typedef struct Score
{
	int			metric;			/* that it is */
	int			nparts;
	ScorePart  *parts;
} Score;

/* The band in which a metric lies, or NULL */
static inline const Band *
ScorePartFindBand(const ScorePart *part, DecimalKey key)
{
	for (int i = 0; i < part->nbands; i++)
		if (key >= part->bands[i].lower && key < part->bands[i].upper)
			return &part->bands[i];
	return NULL;
}

#endif							/* TIERING_SCORE_H */
