/*
 * graded.c
 *		The customers of a scheme's source, each with what they earn.
 *
 * The source's rows are graded as they come, so that of a row only the customer,
 * the tier and the measure are kept. Where the scheme has rules for staying, what
 * is earned depends on the current tier: then there is an answer for each of them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "graded.h"
#include "movement_load.h"
#include "period.h"
#include "result_rows.h"

static bool
HasStayRules(const Scheme *scheme)
{
	for (int i = 0; i < scheme->nboxes; i++)
		if (scheme->boxes[i].stay)
			return true;
	return false;
}

/* The rank of a current tier; of one that no rule is about, none */
static int64
RankOfTier(const Scheme *scheme, const Tier *tier)
{
	for (int i = 0; i < scheme->nboxes; i++)
		if (strcmp(TextDatumGetCString(scheme->boxes[i].tier), tier->name) == 0)
			return scheme->boxes[i].rank;
	return SCHEME_NO_RANK;
}

static void
LookForStayRules(Grader *grader)
{
	const Scheme *scheme = grader->rows.cached->scheme;
	NamedMovement *named;

	if (!HasStayRules(scheme))
		return;
	named = MovementLoad(scheme->name, scheme->version, CurrentMemoryContext);
	grader->ncurrent = named->movement.ntiers;
	grader->ranks = palloc((grader->ncurrent + 1) * sizeof(int64));
	for (int i = 0; i < grader->ncurrent; i++)
		grader->ranks[i] = RankOfTier(scheme, &named->movement.tiers[i]);
}

static Datum
TierFor(const CachedScheme *cached, int64 current, bool *isnull)
{
	int			box = SchemeFindBox(cached->scheme, cached->point, current);

	*isnull = box == SCHEME_NO_BOX;
	return *isnull ? (Datum) 0 : cached->scheme->boxes[box].tier;
}

static Datum
TiersByCurrent(const Grader *grader)
{
	Datum	   *tiers = palloc((grader->ncurrent + 1) * sizeof(Datum));
	bool	   *nulls = palloc((grader->ncurrent + 1) * sizeof(bool));
	int			dims[1] = {grader->ncurrent};
	int			lower[1] = {1};

	for (int i = 0; i < grader->ncurrent; i++)
		tiers[i] = TierFor(grader->rows.cached, grader->ranks[i], &nulls[i]);
	return PointerGetDatum(construct_md_array(tiers, nulls, 1, dims, lower, TEXTOID,
											  -1, false, TYPALIGN_INT));
}

static void
GradeRow(SourceMetrics *rows, TupleTableSlot *slot)
{
	const Grader *grader = (const Grader *) rows;
	Datum		values[DIFFERING_COLUMNS];
	bool		nulls[DIFFERING_COLUMNS] = {false, false, true, true, true, true, true};

	values[GRADED_CUSTOMER] = slot->tts_values[0];
	if (grader->measure > 0)
	{
		values[GRADED_MEASURE] = slot->tts_values[grader->measure];
		nulls[GRADED_MEASURE] = slot->tts_isnull[grader->measure];
	}
	values[GRADED_EARNED] = TierFor(rows->cached, SCHEME_NO_RANK, &nulls[GRADED_EARNED]);
	if (grader->ncurrent > 0)
	{
		values[GRADED_EARNED_IF] = TiersByCurrent(grader);
		nulls[GRADED_EARNED_IF] = false;
	}
	tuplestore_putvalues(grader->store, grader->result, values, nulls);
	if (grader->digest != NULL)
		RowDigestAdd(grader->digest, DatumGetTextPP(values[GRADED_CUSTOMER]),
					 nulls[GRADED_EARNED] ? NULL : DatumGetTextPP(values[GRADED_EARNED]),
					 nulls[GRADED_MEASURE] ? NULL :
					 PG_DETOAST_DATUM_PACKED(values[GRADED_MEASURE]));
}

/* The result, of which rows are put into a store, and whoever grades them */
void
GradingBegin(FunctionCallInfo fcinfo, Grader *grader, int columns)
{
	grader->store = ResultRowsBegin(fcinfo, "graded customers are", columns, &grader->result);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of must not be null")));
	grader->rows.cached = SchemeVersionArg(fcinfo, 2);
	grader->rows.take = GradeRow;
}

void
GradingRun(FunctionCallInfo fcinfo, Grader *grader, ArrayType *customers)
{
	const Scheme *scheme = grader->rows.cached->scheme;

	LookForStayRules(grader);
	for (int i = 0; i < scheme->nmetrics; i++)
		if (scheme->metrics[i].is_measure)
			grader->measure = SourceMetricColumn(scheme, i);
	SourceMetricsRun(&grader->rows, PG_GETARG_DATEADT(1), customers);
}

/* graded(scheme, as_of, version, customers): see its COMMENT */
PG_FUNCTION_INFO_V1(graded);
Datum
graded(PG_FUNCTION_ARGS)
{
	Grader		grader = {{{0}}};

	GradingBegin(fcinfo, &grader, GRADED_COLUMNS);
	GradingRun(fcinfo, &grader, PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P(3));
	return (Datum) 0;
}
