/*
 * shortfall_rows.c
 *		What customers lack to higher tiers, as rows: of all customers of a scheme's
 *		source, or of one whose metrics are given.
 *
 * There is a row for each change of each way that leads to a tier above the one that
 * the metrics earn, also to those above the next, as a customer may hold a higher one
 * than that. Which of them are for whom is left to who reads it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "metric_arrays.h"
#include "result_rows.h"
#include "scaled.h"
#include "shortfall.h"
#include "source_metrics.h"

enum
{
	LACK_CUSTOMER, LACK_TIER, LACK_RANK, LACK_ABOVE, LACK_RULE, LACK_METRIC,
	LACK_VALUE, LACK_BOUND, LACK_DISTANCE, LACK_PERCENT, LACK_RULE_PERCENT,
	LACK_CONDITIONS, LACK_OPEN, LACK_COLUMNS
};

/* Where the rows go, and how they are made */
typedef struct LackRows
{
	SourceMetrics rows;			/* must be first */
	Shortfall  *shortfall;
	Datum	   *amounts;		/* of the metrics of the customer at hand */
	Tuplestorestate *store;
	TupleDesc	result;
	Datum		values[LACK_COLUMNS];
	bool		nulls[LACK_COLUMNS];
} LackRows;

/* Whether each metric of a version can be changed, in the order of their names */
static bool *
LoadActionable(const Scheme *scheme)
{
	static SavedQuery query = {
		"SELECT m.actionable FROM tiering.metric m"
		" WHERE m.scheme OPERATOR(pg_catalog.=) $1"
		" AND m.version OPERATOR(pg_catalog.=) $2"
		" ORDER BY m.metric",
		2, {TEXTOID, INT4OID}
	};
	bool	   *actionable = palloc0((scheme->nmetrics + 1) * sizeof(bool));
	bool		isnull;

	ConnectSPI();
	RunSavedQuery(&query, CStringGetTextDatum(scheme->name),
				  Int32GetDatum(scheme->version));
	for (int i = 0; i < scheme->nmetrics && i < SPI_processed; i++)
		actionable[i] = DatumGetBool(ResultValue(i, 1, &isnull));
	SPI_finish();
	return actionable;
}

static void
Put(LackRows *to, int column, Datum value)
{
	to->values[column] = value;
	to->nulls[column] = false;
}

static void
PutPercent(LackRows *to, int column, int64 cost)
{
	to->nulls[column] = cost == COST_UNKNOWN;
	if (cost != COST_UNKNOWN)
		Put(to, column, NumericGetDatum(ScaledToNumeric(cost, 4, 4)));
}

/* By how much a metric misses which bound */
static void
PutDistance(LackRows *to, const Lack *lack)
{
	bool		known = to->rows.cached->point[lack->metric] != DECIMAL_KEY_NULL;

	to->nulls[LACK_VALUE] = to->nulls[LACK_BOUND] = to->nulls[LACK_DISTANCE] = true;
	if (known)
		Put(to, LACK_VALUE, to->amounts[lack->metric]);
	if (lack->cut != DECIMAL_KEY_MIN)
		Put(to, LACK_BOUND, CutBoundDatum(lack->cut));
	Put(to, LACK_OPEN, BoolGetDatum(IsBelowCut(lack->cut) == lack->rises));
	if (known)
		Put(to, LACK_DISTANCE, DirectFunctionCall2(numeric_sub, to->values[LACK_BOUND],
												   to->values[LACK_VALUE]));
	PutPercent(to, LACK_PERCENT, lack->cost);
}

static void
PutWay(LackRows *to, const Way *way)
{
	const Scheme *scheme = to->rows.cached->scheme;
	const Box  *box = &scheme->boxes[way->box];

	Put(to, LACK_TIER, box->tier);
	Put(to, LACK_RANK, Int32GetDatum(box->rank));
	to->nulls[LACK_ABOVE] = way->above == SCHEME_NO_RANK;
	to->values[LACK_ABOVE] = Int32GetDatum((int32) way->above);
	Put(to, LACK_RULE, Int32GetDatum(box->rule));
	PutPercent(to, LACK_RULE_PERCENT, way->cost);
	Put(to, LACK_CONDITIONS, Int32GetDatum(way->count));
	for (int i = 0; i < way->count; i++)
	{
		Put(to, LACK_METRIC, CStringGetTextDatum(scheme->metrics[way->lacks[i].metric].name));
		PutDistance(to, &way->lacks[i]);
		tuplestore_putvalues(to->store, to->result, to->values, to->nulls);
	}
}

static void
PutWays(LackRows *to, const Way *ways, int count)
{
	for (int i = 0; i < count; i++)
		PutWay(to, &ways[i]);
}

/* One of the source's rows; its point is there */
static void
TakeRow(SourceMetrics *rows, TupleTableSlot *slot)
{
	LackRows   *to = (LackRows *) rows;
	const Scheme *scheme = rows->cached->scheme;
	const Way  *ways;
	int			count = ShortfallFind(to->shortfall, rows->cached->point, &ways);

	Put(to, LACK_CUSTOMER, slot->tts_values[0]);
	if (count == 0)
		return;
	for (int i = 0; i < scheme->nmetrics; i++)
	{
		int			column = SourceMetricColumn(scheme, i);

		if (column < 0 || slot->tts_isnull[column])
			continue;
		to->amounts[i] = scheme->metrics[i].kind == METRIC_BOOLEAN ?
			NumericGetDatum(int64_to_numeric(DatumGetBool(slot->tts_values[column]))) :
			slot->tts_values[column];
	}
	PutWays(to, ways, count);
}

/* An empty result, to be filled for the scheme's version that argument argno names */
static void
Begin(LackRows *to, FunctionCallInfo fcinfo, int version_argno, int64 within)
{
	const Scheme *scheme;

	to->store = ResultRowsBegin(fcinfo, "what customers lack is", LACK_COLUMNS, &to->result);
	to->rows.cached = SchemeVersionArg(fcinfo, version_argno);
	scheme = to->rows.cached->scheme;
	to->shortfall = ShortfallCreate(scheme, LoadActionable(scheme), within);
	to->amounts = palloc0((scheme->nmetrics + 1) * sizeof(Datum));
	memset(to->nulls, true, sizeof(to->nulls));
}

static inline bool
NullArg(FunctionCallInfo fcinfo, int argno)
{
	return argno >= PG_NARGS() || PG_ARGISNULL(argno);
}

/* shortfall_rows(scheme, as_of, version[, customers, within]): see its COMMENT */
PG_FUNCTION_INFO_V1(shortfall_rows);
Datum
shortfall_rows(PG_FUNCTION_ARGS)
{
	LackRows	to = {{{0}}};

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of must not be null")));
	Begin(&to, fcinfo, 2, NullArg(fcinfo, 4) ? COST_UNKNOWN : PG_GETARG_INT64(4));
	to.rows.take = TakeRow;
	SourceMetricsRun(&to.rows, PG_GETARG_DATEADT(1),
					 NullArg(fcinfo, 3) ? NULL : PG_GETARG_ARRAYTYPE_P(3));
	return (Datum) 0;
}

/* shortfall_of(scheme, version, metrics, amounts): see its COMMENT */
PG_FUNCTION_INFO_V1(shortfall_of);
Datum
shortfall_of(PG_FUNCTION_ARGS)
{
	LackRows	to = {{{0}}};
	const Way  *ways;
	int			count;

	Begin(&to, fcinfo, 1, COST_UNKNOWN);
	PointFromArrays(to.rows.cached, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3),
					to.amounts);
	count = ShortfallFind(to.shortfall, to.rows.cached->point, &ways);
	PutWays(&to, ways, count);
	return (Datum) 0;
}
