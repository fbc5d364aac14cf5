/*
 * metric_arrays.c
 *		A customer's metrics as two arrays: names, and what they are.
 *
 * Which metrics a scheme has is known when it runs only, and a row of them would have
 * a type of its own. So what asks about one customer after the other takes arrays.
 * Booleans are 1 and 0.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "metric_arrays.h"
#include "result_rows.h"
#include "scaled.h"
#include "shortfall.h"
#include "source_metrics.h"

static int
FindMetric(const Scheme *scheme, const char *name)
{
	for (int i = 0; i < scheme->nmetrics; i++)
		if (strcmp(scheme->metrics[i].name, name) == 0)
			return i;
	return -1;
}

/*
 * The point of a customer whose metrics are given, with whatever else there is; given
 * gets the amount of each of the scheme's metrics that is not null
 */
void
PointFromArrays(const CachedScheme *cached, ArrayType *names, ArrayType *amounts,
				Datum *given)
{
	const Scheme *scheme = cached->scheme;
	Datum	   *name;
	Datum	   *amount;
	bool	   *isnull;
	int			count;
	int			namounts;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &name, NULL, &count);
	deconstruct_array(amounts, NUMERICOID, -1, false, TYPALIGN_INT, &amount, &isnull,
					  &namounts);
	for (int i = 0; i < scheme->nmetrics; i++)
		cached->point[i] = DECIMAL_KEY_NULL;
	for (int i = 0; i < Min(count, namounts); i++)
	{
		int			metric = FindMetric(scheme, TextDatumGetCString(name[i]));
		DecimalView view;

		if (metric < 0 || isnull[i] || scheme->metrics[metric].kind == METRIC_SCORE)
			continue;
		DecimalViewNumeric(PG_DETOAST_DATUM_PACKED(amount[i]), &view);
		if (!view.finite)
			DecimalRefuse(PG_DETOAST_DATUM_PACKED(amount[i]),
						  psprintf("metric \"%s\"", scheme->metrics[metric].name));
		cached->point[metric] = DecimalKeyFromView(&view);
		given[metric] = amount[i];
	}
	SchemeScore(scheme, cached->point);
}

/* The bound that a cut stands for */
Datum
CutBoundDatum(DecimalKey cut)
{
	return DirectFunctionCall1(numeric_trim_scale,
							   NumericGetDatum(ScaledToNumeric(CutBound(cut), 8, 8)));
}

/* Takes the source's rows as they come */
typedef struct AmountRows
{
	SourceMetrics rows;			/* must be first */
	Datum		names;			/* of the metrics, scores left out */
	Tuplestorestate *store;
	TupleDesc	result;
} AmountRows;

static Datum
NamesOf(const Scheme *scheme)
{
	Datum	   *names = palloc((scheme->nmetrics + 1) * sizeof(Datum));
	int			count = 0;

	for (int i = 0; i < scheme->nmetrics; i++)
		if (scheme->metrics[i].kind != METRIC_SCORE)
			names[count++] = CStringGetTextDatum(scheme->metrics[i].name);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

static void
TakeRow(SourceMetrics *rows, TupleTableSlot *slot)
{
	AmountRows *to = (AmountRows *) rows;
	const Scheme *scheme = rows->cached->scheme;
	Datum	   *amounts = palloc((scheme->nmetrics + 1) * sizeof(Datum));
	bool	   *nulls = palloc((scheme->nmetrics + 1) * sizeof(bool));
	int			dims[1] = {0};
	int			lower[1] = {1};
	Datum		values[3] = {slot->tts_values[0], to->names};
	bool		isnull[3] = {false};

	for (int i = 0; i < scheme->nmetrics; i++)
	{
		int			column = SourceMetricColumn(scheme, i);

		if (column < 0)
			continue;
		nulls[dims[0]] = slot->tts_isnull[column];
		amounts[dims[0]++] = !slot->tts_isnull[column] &&
			scheme->metrics[i].kind == METRIC_BOOLEAN ?
			NumericGetDatum(int64_to_numeric(DatumGetBool(slot->tts_values[column]))) :
			slot->tts_values[column];
	}
	values[2] = PointerGetDatum(construct_md_array(amounts, nulls, 1, dims, lower,
												   NUMERICOID, -1, false, TYPALIGN_INT));
	tuplestore_putvalues(to->store, to->result, values, isnull);
}

/* source_amounts(scheme, as_of, version, customers): see its COMMENT */
PG_FUNCTION_INFO_V1(source_amounts);
Datum
source_amounts(PG_FUNCTION_ARGS)
{
	AmountRows	to = {{{0}}};

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of must not be null")));
	to.rows.cached = SchemeVersionArg(fcinfo, 2);
	to.rows.take = TakeRow;
	to.names = NamesOf(to.rows.cached->scheme);
	to.store = ResultRowsBegin(fcinfo, "amounts are", 0, &to.result);
	SourceMetricsRun(&to.rows, PG_GETARG_DATEADT(1),
					 PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P(3));
	return (Datum) 0;
}

/* tier_of(scheme, version, metrics, amounts, rank): see its COMMENT */
PG_FUNCTION_INFO_V1(tier_of);
Datum
tier_of(PG_FUNCTION_ARGS)
{
	const CachedScheme *cached;
	Datum	   *given;
	int			box;

	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	cached = SchemeVersionArg(fcinfo, 1);
	given = palloc0((cached->scheme->nmetrics + 1) * sizeof(Datum));
	PointFromArrays(cached, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3), given);
	box = SchemeFindBox(cached->scheme, cached->point,
						PG_ARGISNULL(4) ? SCHEME_NO_RANK : PG_GETARG_INT32(4));
	if (box == SCHEME_NO_BOX)
		PG_RETURN_NULL();
	return cached->scheme->boxes[box].tier;
}

/* least_to_stay(scheme, version, metrics, amounts, rank): see its COMMENT */
PG_FUNCTION_INFO_V1(least_to_stay);
Datum
least_to_stay(PG_FUNCTION_ARGS)
{
	const CachedScheme *cached = SchemeVersionArg(fcinfo, 1);
	const Scheme *scheme = cached->scheme;
	Datum	   *given = palloc0((scheme->nmetrics + 1) * sizeof(Datum));
	TupleDesc	result;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	DecimalKey	cut;
	int			measure = 0;

	PointFromArrays(cached, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3), given);
	while (measure < scheme->nmetrics && !scheme->metrics[measure].is_measure)
		measure++;
	if (measure == scheme->nmetrics ||
		!LeastToStay(scheme, cached->point, measure, PG_GETARG_INT32(4), &cut))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &result) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CutBoundDatum(cut);
	values[1] = BoolGetDatum(IsBelowCut(cut));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(result),
													  values, nulls)));
}
