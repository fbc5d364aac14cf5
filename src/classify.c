/*
 * classify.c
 *		The functions that grade: a value, a row of metrics, or the columns of
 *		one in, a tier out.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "row.h"
#include "scheme_cache.h"

/* Where the metrics are among the columns of a row or of a call's arguments */
typedef struct ColumnMap
{
	TupleDesc	desc;			/* of the columns */
	int		   *columns;		/* of each metric, from 0; -1 if not needed */
	Oid		   *types;			/* base type of that column */
	Datum	   *values;			/* room for one row */
	bool	   *nulls;
} ColumnMap;

/* The map of the last row's type: one, however many types take turns */
typedef struct RowMap
{
	MemoryContext context;		/* of the map alone */
	uint64		identifier;		/* of the type as it was; it changes with it */
	ColumnMap  *map;			/* NULL before the first */
} RowMap;

static inline DecimalKey
NumericKey(Datum value, const char *metric)
{
	struct varlena *number = PG_DETOAST_DATUM_PACKED(value);
	DecimalView view;

	DecimalViewNumeric(number, &view);
	if (!view.finite)
		DecimalRefuse(number, psprintf("metric \"%s\"", metric));
	return DecimalKeyFromView(&view);
}

/* The tier of the point; null if no tier takes it */
static inline Datum
Grade(FunctionCallInfo fcinfo, const CachedScheme *cached, int64 current)
{
	const Scheme *scheme = cached->scheme;
	int			box;

	if (scheme->nscores > 0)
		SchemeScore(scheme, cached->point);
	box = SchemeFindBox(scheme, cached->point, current);
	if (box == SCHEME_NO_BOX)
		PG_RETURN_NULL();
	return scheme->boxes[box].tier;
}

static void
CheckOneMetric(const Scheme *scheme)
{
	if (scheme->nmetrics == 1 && scheme->metrics[0].kind == METRIC_NUMBER)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("scheme \"%s\" does not grade by one number", scheme->name),
			 errdetail("Its version %d has %d metrics.", scheme->version,
					   scheme->nmetrics),
			 errhint("Pass a row whose columns bear the metrics' names: "
					 "SELECT tiering.classify('%s', m) FROM my_metrics m.",
					 scheme->name)));
}

static inline Datum
ClassifyValue(FunctionCallInfo fcinfo, CachedScheme *cached)
{
	const Scheme *scheme = cached->scheme;

	CheckOneMetric(scheme);
	cached->point[0] = PG_ARGISNULL(1) ? DECIMAL_KEY_NULL :
		NumericKey(PG_GETARG_DATUM(1), scheme->metrics[0].name);
	return Grade(fcinfo, cached, SCHEME_NO_RANK);
}

/* classify(scheme, value [, as_of]) */
PG_FUNCTION_INFO_V1(classify_value);
Datum
classify_value(PG_FUNCTION_ARGS)
{
	return ClassifyValue(fcinfo, SchemeArg(fcinfo, PG_NARGS() > 2 ? 2 :
										   NO_AS_OF));
}

/* classify_version(scheme, value, version) */
PG_FUNCTION_INFO_V1(classify_version_value);
Datum
classify_version_value(PG_FUNCTION_ARGS)
{
	return ClassifyValue(fcinfo, SchemeVersionArg(fcinfo, 2));
}

/* The next column of that name after another one, or -1 */
static int
FindColumn(TupleDesc desc, const char *name, int after)
{
	for (int i = after + 1; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped &&
			strcmp(NameStr(attribute->attname), name) == 0)
			return i;
	}
	return -1;
}

/* Can a column of this type be the metric? No float can. */
static bool
TypeFits(Oid type, MetricKind kind)
{
	if (kind == METRIC_BOOLEAN)
		return type == BOOLOID;
	return type == NUMERICOID || type == INT8OID || type == INT4OID ||
		type == INT2OID;
}

/* Where the columns have a metric, and as what */
static void
MapMetric(ColumnMap *map, const Scheme *scheme, int i)
{
	const Metric *metric = &scheme->metrics[i];
	Oid			declared;

	map->columns[i] = -1;
	if (!metric->used || metric->kind == METRIC_SCORE)
		return;
	map->columns[i] = FindColumn(map->desc, metric->name, -1);
	if (map->columns[i] < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("row has no column \"%s\", which scheme \"%s\" grades by",
						metric->name, scheme->name)));
	if (FindColumn(map->desc, metric->name, map->columns[i]) >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("row has more than one column \"%s\", which scheme \"%s\" grades by",
						metric->name, scheme->name)));
	declared = TupleDescAttr(map->desc, map->columns[i])->atttypid;
	map->types[i] = getBaseType(declared);
	if (!TypeFits(map->types[i], metric->kind))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be a metric of scheme \"%s\"",
						metric->name, format_type_be(declared), scheme->name),
				 metric->kind == METRIC_BOOLEAN ?
				 errhint("The metric is a boolean.") :
				 errhint("The metric is a number: numeric, or an integer type. "
						 "Cast it explicitly.")));
}

/* Takes over desc, which must be in the current memory context */
static ColumnMap *
MapColumns(const Scheme *scheme, TupleDesc desc)
{
	ColumnMap  *map = palloc(sizeof(ColumnMap));

	map->desc = desc;
	map->columns = palloc((scheme->nmetrics + 1) * sizeof(int));
	map->types = palloc0((scheme->nmetrics + 1) * sizeof(Oid));
	map->values = palloc((desc->natts + 1) * sizeof(Datum));
	map->nulls = palloc((desc->natts + 1) * sizeof(bool));
	for (int i = 0; i < scheme->nmetrics; i++)
		MapMetric(map, scheme, i);
	return map;
}

static inline DecimalKey
MetricKey(const ColumnMap *map, const Scheme *scheme, int i, Datum value)
{
	switch (map->types[i])
	{
		case NUMERICOID:
			return NumericKey(value, scheme->metrics[i].name);
		case INT8OID:
			return DecimalKeyFromInt64(DatumGetInt64(value));
		case INT4OID:
			return DecimalKeyFromInt64(DatumGetInt32(value));
		case INT2OID:
			return DecimalKeyFromInt64(DatumGetInt16(value));
		default:
			return DecimalKeyFromInt64(DatumGetBool(value));
	}
}

/* A row that is null as a whole, such as an outer join's: all is unknown */
static void
PointUnknown(const CachedScheme *cached)
{
	for (int i = 0; i < cached->scheme->nmetrics; i++)
		cached->point[i] = DECIMAL_KEY_NULL;
}

static RowMap *
CreateRowMap(MemoryContext context)
{
	RowMap	   *rows = MemoryContextAllocZero(context, sizeof(RowMap));

	rows->context = AllocSetContextCreate(context, "tiering row type",
										  ALLOCSET_SMALL_SIZES);
	return rows;
}

/* Where a row of a type has the metrics, as the type is now */
static const ColumnMap *
MapRowType(CachedScheme *cached, Oid type, int32 typmod)
{
	uint64		identifier = assign_record_type_identifier(type, typmod);
	RowMap	   *rows = cached->use;
	MemoryContext old;

	if (rows == NULL)
		cached->use = rows = CreateRowMap(cached->context);
	if (rows->map != NULL && rows->identifier == identifier)
		return rows->map;
	rows->map = NULL;
	MemoryContextReset(rows->context);
	old = MemoryContextSwitchTo(rows->context);
	rows->map = MapColumns(cached->scheme,
						   lookup_rowtype_tupdesc_copy(type, typmod));
	rows->identifier = identifier;
	MemoryContextSwitchTo(old);
	return rows->map;
}

static void
PointFromRow(CachedScheme *cached, HeapTupleHeader row)
{
	const Scheme *scheme = cached->scheme;
	const ColumnMap *map = MapRowType(cached, HeapTupleHeaderGetTypeId(row),
									  HeapTupleHeaderGetTypMod(row));

	RowDeform(row, map->desc, map->values, map->nulls);
	for (int i = 0; i < scheme->nmetrics; i++)
	{
		int			column = map->columns[i];

		cached->point[i] = column < 0 || map->nulls[column] ?
			DECIMAL_KEY_NULL :
			MetricKey(map, scheme, i, map->values[column]);
	}
}

static Datum
ClassifyRow(FunctionCallInfo fcinfo, CachedScheme *cached, int64 current)
{
	if (PG_ARGISNULL(1))
		PointUnknown(cached);
	else
		PointFromRow(cached, PG_GETARG_HEAPTUPLEHEADER(1));
	return Grade(fcinfo, cached, current);
}

/* classify(scheme, m [, as_of]) */
PG_FUNCTION_INFO_V1(classify_row);
Datum
classify_row(PG_FUNCTION_ARGS)
{
	return ClassifyRow(fcinfo, SchemeArg(fcinfo, PG_NARGS() > 2 ? 2 :
										 NO_AS_OF), SCHEME_NO_RANK);
}

/* classify_version(scheme, m, version) */
PG_FUNCTION_INFO_V1(classify_version_row);
Datum
classify_version_row(PG_FUNCTION_ARGS)
{
	return ClassifyRow(fcinfo, SchemeVersionArg(fcinfo, 2), SCHEME_NO_RANK);
}

/* The rank of the customer's current tier; of one that is not there, none */
static int64
CurrentRank(FunctionCallInfo fcinfo, const Scheme *scheme, int argno)
{
	text	   *current;

	if (PG_ARGISNULL(argno))
		return SCHEME_NO_RANK;
	current = PG_GETARG_TEXT_PP(argno);
	for (int i = 0; i < scheme->nboxes; i++)
	{
		text	   *tier = DatumGetTextPP(scheme->boxes[i].tier);

		if (VARSIZE_ANY_EXHDR(tier) == VARSIZE_ANY_EXHDR(current) &&
			memcmp(VARDATA_ANY(tier), VARDATA_ANY(current),
				   VARSIZE_ANY_EXHDR(current)) == 0)
			return scheme->boxes[i].rank;
	}
	return SCHEME_NO_RANK;
}

/* classify_held(scheme, m, as_of, held) */
PG_FUNCTION_INFO_V1(classify_held);
Datum
classify_held(PG_FUNCTION_ARGS)
{
	CachedScheme *cached = SchemeArg(fcinfo, 2);

	return ClassifyRow(fcinfo, cached, CurrentRank(fcinfo, cached->scheme, 3));
}

/* classify_held_version(scheme, m, version, held) */
PG_FUNCTION_INFO_V1(classify_held_version);
Datum
classify_held_version(PG_FUNCTION_ARGS)
{
	CachedScheme *cached = SchemeVersionArg(fcinfo, 2);

	return ClassifyRow(fcinfo, cached, CurrentRank(fcinfo, cached->scheme, 3));
}

/* Is an argument the same in all calls from here? */
static bool
IsConstant(FunctionCallInfo fcinfo, int argno)
{
	Node	   *call = fcinfo->flinfo->fn_expr;

	return call != NULL && IsA(call, FuncExpr) &&
		IsA(list_nth(((FuncExpr *) call)->args, argno), Const);
}

/* Only who calls what is the planner's to call comes here */
static void
RefuseNames(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("names must be a constant with as many names as there are columns"),
			 errhint("The planner makes this call of tiering.classify(scheme, m); call that.")));
}

/* The names in argument argno and the types of those after it, as a row's */
static ColumnMap *
MapArguments(FunctionCallInfo fcinfo, const CachedScheme *cached, int argno)
{
	MemoryContext old = MemoryContextSwitchTo(cached->context);
	int			count = PG_NARGS() - argno - 1;
	TupleDesc	desc = CreateTemplateTupleDesc(Max(count, 0));
	ColumnMap  *map;
	Datum	   *names;
	int			nnames;

	if (!IsConstant(fcinfo, argno) || PG_ARGISNULL(argno))
		RefuseNames();
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argno), TEXTOID, -1, false,
					  TYPALIGN_INT, &names, NULL, &nnames);
	if (nnames != count)
		RefuseNames();
	for (int i = 0; i < count; i++)
		TupleDescInitEntry(desc, i + 1, TextDatumGetCString(names[i]),
						   get_fn_expr_argtype(fcinfo->flinfo, argno + 1 + i),
						   -1, 0);
	map = MapColumns(cached->scheme, desc);
	MemoryContextSwitchTo(old);
	return map;
}

/*
 * classify_columns(scheme, [as_of or version,] names, column...): what the
 * planner makes of a call with a row; see classify_support.c
 */
static inline Datum
ClassifyColumns(FunctionCallInfo fcinfo, CachedScheme *cached, int names_argno)
{
	const Scheme *scheme = cached->scheme;
	NullableDatum *columns = &fcinfo->args[names_argno + 1];
	ColumnMap  *map = cached->use;

	if (map == NULL)
		cached->use = map = MapArguments(fcinfo, cached, names_argno);
	for (int i = 0; i < scheme->nmetrics; i++)
	{
		int			column = map->columns[i];

		cached->point[i] = column < 0 || columns[column].isnull ?
			DECIMAL_KEY_NULL :
			MetricKey(map, scheme, i, columns[column].value);
	}
	return Grade(fcinfo, cached, SCHEME_NO_RANK);
}

PG_FUNCTION_INFO_V1(classify_columns);
Datum
classify_columns(PG_FUNCTION_ARGS)
{
	return ClassifyColumns(fcinfo, SchemeArg(fcinfo, NO_AS_OF), 1);
}

PG_FUNCTION_INFO_V1(classify_columns_on);
Datum
classify_columns_on(PG_FUNCTION_ARGS)
{
	return ClassifyColumns(fcinfo, SchemeArg(fcinfo, 1), 2);
}

PG_FUNCTION_INFO_V1(classify_columns_version);
Datum
classify_columns_version(PG_FUNCTION_ARGS)
{
	return ClassifyColumns(fcinfo, SchemeVersionArg(fcinfo, 1), 2);
}
