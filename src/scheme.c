/*
 * scheme.c
 *		What a compiled scheme computes beyond finding a box: its scores.
 */
#include "postgres.h"

#include "scheme.h"

/* validate() has seen to it that bands leave no gap; never score one as 0 */
static void
RefuseGap(const Scheme *scheme, const Score *score, const ScorePart *part)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("value of metric \"%s\" lies in no band of score \"%s\" of scheme \"%s\"",
					scheme->metrics[part->metric].name,
					scheme->metrics[score->metric].name, scheme->name)));
}

static DecimalKey
ScoreKey(const Scheme *scheme, const Score *score, const DecimalKey *point)
{
	DecimalKey	sum = 0;

	for (int i = 0; i < score->nparts; i++)
	{
		const ScorePart *part = &score->parts[i];
		DecimalKey	points = part->null_points;

		if (point[part->metric] != DECIMAL_KEY_NULL)
		{
			const Band *band = ScorePartFindBand(part, point[part->metric]);

			if (band == NULL)
				RefuseGap(scheme, score, part);
			points = band->points;
		}
		if (points == DECIMAL_KEY_NULL)
			return DECIMAL_KEY_NULL;
		sum += points;
	}
	return sum;
}

/* Put the scores into a point whose other metrics are there */
void
SchemeScore(const Scheme *scheme, DecimalKey *point)
{
	for (int i = 0; i < scheme->nscores; i++)
		point[scheme->scores[i].metric] =
			ScoreKey(scheme, &scheme->scores[i], point);
}
