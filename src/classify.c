/*
 * classify.c
 *		The functions that grade: a value or a row of metrics in, a tier out.
 *
 * A scheme is compiled once per statement and call site and kept in fn_extra.
 * There is no cache beyond that, so none can go stale. But a call site may
 * outlive its statement: PL/pgSQL keeps the state of simple expressions for a
 * whole transaction. Hence what is kept is thrown away when the active
 * snapshot is not the one that it was read under, nor a copy of it: when it
 * knows other transactions as running, or our own command counter or
 * subtransaction has moved on.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "scheme.h"

/* How a row of one type yields the metrics */
typedef struct RowMap
{
	Oid			type;
	int32		typmod;
	TupleDesc	desc;			/* NULL before the first row */
	int		   *columns;		/* of each metric, from 0; -1 if not used */
	Oid		   *types;			/* base type of that column */
	Datum	   *values;			/* room for one row */
	bool	   *nulls;
} RowMap;

typedef struct Compiled
{
	struct Compiled *next;
	Scheme	   *scheme;
	RowMap		map;
	DecimalKey *point;			/* room for one customer's metrics */
} Compiled;

typedef struct SchemeCache
{
	MemoryContext context;		/* of all that was compiled */
	Compiled   *compiled;		/* the last one used comes first */
	SnapshotData snapshot;		/* what it was read under */
	SubTransactionId subxact;
	DateADT		today;
} SchemeCache;

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

static TransactionId *
CopyXids(MemoryContext context, const TransactionId *xids, int count)
{
	Size		size = count * sizeof(TransactionId);

	if (count == 0)
		return NULL;
	return memcpy(MemoryContextAlloc(context, size), xids, size);
}

static bool
SameXids(const TransactionId *a, const TransactionId *b, int count)
{
	return count == 0 || memcmp(a, b, count * sizeof(TransactionId)) == 0;
}

/* Do two snapshots of this transaction see the same? */
static inline bool
SameSnapshot(const SnapshotData *a, const SnapshotData *b)
{
	return a->curcid == b->curcid && a->xmin == b->xmin &&
		a->xmax == b->xmax && a->xcnt == b->xcnt &&
		a->subxcnt == b->subxcnt && a->suboverflowed == b->suboverflowed &&
		SameXids(a->xip, b->xip, a->xcnt) &&
		SameXids(a->subxip, b->subxip, a->subxcnt);
}

static void
CacheReset(SchemeCache *cache, Snapshot snapshot)
{
	cache->compiled = NULL;
	MemoryContextReset(cache->context);
	cache->snapshot = *snapshot;
	cache->snapshot.xip = CopyXids(cache->context, snapshot->xip,
								   snapshot->xcnt);
	cache->snapshot.subxip = CopyXids(cache->context, snapshot->subxip,
									  snapshot->subxcnt);
	cache->subxact = GetCurrentSubTransactionId();
	cache->today = GetSQLCurrentDate();
}

/* The call site's cache, holding nothing that this snapshot does not see */
static inline SchemeCache *
CacheGet(FunctionCallInfo fcinfo)
{
	SchemeCache *cache = fcinfo->flinfo->fn_extra;
	Snapshot	snapshot = GetActiveSnapshot();

	if (cache == NULL)
		cache = CacheCreate(fcinfo->flinfo);
	if (cache->compiled == NULL ||
		cache->subxact != GetCurrentSubTransactionId() ||
		!SameSnapshot(&cache->snapshot, snapshot))
		CacheReset(cache, snapshot);
	return cache;
}

static inline bool
CompiledFits(const Compiled *compiled, const char *name, Size length,
			 DateADT as_of)
{
	const Scheme *scheme = compiled->scheme;

	return as_of >= scheme->effective.start && as_of < scheme->effective.end &&
		strncmp(scheme->name, name, length) == 0 &&
		scheme->name[length] == '\0';
}

/* Move the compiled scheme to the front, compiling it if need be */
static Compiled *
CacheFind(SchemeCache *cache, text *name, DateADT as_of)
{
	Compiled  **link = &cache->compiled;
	Compiled   *found;

	while (*link != NULL && !CompiledFits(*link, VARDATA_ANY(name),
										  VARSIZE_ANY_EXHDR(name), as_of))
		link = &(*link)->next;
	found = *link;
	if (found != NULL)
		*link = found->next;
	else
	{
		found = MemoryContextAllocZero(cache->context, sizeof(Compiled));
		found->scheme = SchemeLoad(text_to_cstring(name), as_of,
								   cache->context);
		found->point = MemoryContextAlloc(cache->context,
										  (found->scheme->nmetrics + 1) *
										  sizeof(DecimalKey));
	}
	found->next = cache->compiled;
	cache->compiled = found;
	return found;
}

/* The scheme that the call asks for: argument 0, on the day in argument 2 */
static inline Compiled *
SchemeArg(FunctionCallInfo fcinfo)
{
	SchemeCache *cache = CacheGet(fcinfo);
	DateADT		as_of = cache->today;
	text	   *name;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("scheme must not be null")));
	if (PG_NARGS() > 2)
	{
		if (PG_ARGISNULL(2))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("as_of must not be null"),
					 errhint("Leave it out to grade by today's version.")));
		as_of = PG_GETARG_DATEADT(2);
		if (DATE_NOT_FINITE(as_of))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("as_of must be a day, not %s", DateOut(as_of))));
	}
	name = PG_GETARG_TEXT_PP(0);
	if (cache->compiled != NULL &&
		CompiledFits(cache->compiled, VARDATA_ANY(name),
					 VARSIZE_ANY_EXHDR(name), as_of))
		return cache->compiled;
	return CacheFind(cache, name, as_of);
}

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
Grade(FunctionCallInfo fcinfo, const Compiled *compiled)
{
	int			box = SchemeFindBox(compiled->scheme, compiled->point);

	if (box == SCHEME_NO_BOX)
		PG_RETURN_NULL();
	return compiled->scheme->boxes[box].tier;
}

static void
CheckOneMetric(const Scheme *scheme)
{
	if (scheme->nmetrics == 1 && !scheme->metrics[0].boolean)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("scheme \"%s\" does not grade by one number", scheme->name),
			 errdetail("Its version %d has %d metrics.", scheme->version,
					   scheme->nmetrics),
			 errhint("Pass a row whose columns bear the metrics' names: SELECT tiering.classify('%s', m) FROM my_metrics m.",
					 scheme->name)));
}

PG_FUNCTION_INFO_V1(classify_value);
Datum
classify_value(PG_FUNCTION_ARGS)
{
	Compiled   *compiled = SchemeArg(fcinfo);
	const Scheme *scheme = compiled->scheme;

	if (scheme->nmetrics != 1 || scheme->metrics[0].boolean)
		CheckOneMetric(scheme);
	compiled->point[0] = PG_ARGISNULL(1) ? DECIMAL_KEY_NULL :
		NumericKey(PG_GETARG_DATUM(1), scheme->metrics[0].name);
	return Grade(fcinfo, compiled);
}

static int
FindColumn(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped &&
			strcmp(NameStr(attribute->attname), name) == 0)
			return i;
	}
	return -1;
}

/* Where the row holds a metric, and as what */
static void
MapMetric(RowMap *map, const Scheme *scheme, int i)
{
	const Metric *metric = &scheme->metrics[i];
	Oid			declared;

	map->columns[i] = -1;
	if (!metric->used)
		return;
	map->columns[i] = FindColumn(map->desc, metric->name);
	if (map->columns[i] < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("row has no column \"%s\", which scheme \"%s\" grades by",
						metric->name, scheme->name)));
	declared = TupleDescAttr(map->desc, map->columns[i])->atttypid;
	map->types[i] = getBaseType(declared);
	if (metric->boolean ? map->types[i] != BOOLOID :
		(map->types[i] != NUMERICOID && map->types[i] != INT8OID &&
		 map->types[i] != INT4OID && map->types[i] != INT2OID))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be a metric of scheme \"%s\"",
						metric->name, format_type_be(declared), scheme->name),
				 metric->boolean ?
				 errhint("The metric is a boolean.") :
				 errhint("The metric is a number: numeric, or an integer type. Cast it explicitly.")));
}

static void
MapRow(RowMap *map, const Scheme *scheme, HeapTupleHeader row,
	   MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Oid			type = HeapTupleHeaderGetTypeId(row);
	int32		typmod = HeapTupleHeaderGetTypMod(row);
	TupleDesc	desc = lookup_rowtype_tupdesc(type, typmod);

	map->type = type;
	map->typmod = typmod;
	map->desc = CreateTupleDescCopy(desc);
	ReleaseTupleDesc(desc);
	map->columns = palloc((scheme->nmetrics + 1) * sizeof(int));
	map->types = palloc0((scheme->nmetrics + 1) * sizeof(Oid));
	map->values = palloc((map->desc->natts + 1) * sizeof(Datum));
	map->nulls = palloc((map->desc->natts + 1) * sizeof(bool));
	for (int i = 0; i < scheme->nmetrics; i++)
		MapMetric(map, scheme, i);
	MemoryContextSwitchTo(old);
}

static DecimalKey
MetricKey(const RowMap *map, const Scheme *scheme, int i)
{
	int			column = map->columns[i];
	Datum		value;

	if (column < 0 || map->nulls[column])
		return DECIMAL_KEY_NULL;
	value = map->values[column];
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

PG_FUNCTION_INFO_V1(classify_row);
Datum
classify_row(PG_FUNCTION_ARGS)
{
	Compiled   *compiled = SchemeArg(fcinfo);
	const Scheme *scheme = compiled->scheme;
	RowMap	   *map = &compiled->map;

	if (PG_ARGISNULL(1))
	{
		/* a row that is null as a whole: an outer join's; all is unknown */
		for (int i = 0; i < scheme->nmetrics; i++)
			compiled->point[i] = DECIMAL_KEY_NULL;
	}
	else
	{
		HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(1);
		HeapTupleData tuple;

		if (map->desc == NULL || map->type != HeapTupleHeaderGetTypeId(row) ||
			map->typmod != HeapTupleHeaderGetTypMod(row))
			MapRow(map, scheme, row,
				   ((SchemeCache *) fcinfo->flinfo->fn_extra)->context);
		tuple.t_len = HeapTupleHeaderGetDatumLength(row);
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = InvalidOid;
		tuple.t_data = row;
		heap_deform_tuple(&tuple, map->desc, map->values, map->nulls);
		for (int i = 0; i < scheme->nmetrics; i++)
			compiled->point[i] = MetricKey(map, scheme, i);
	}
	return Grade(fcinfo, compiled);
}
