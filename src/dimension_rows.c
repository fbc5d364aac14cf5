/*
 * dimension_rows.c
 *		What the dimensions of a scheme yield of its customers.
 *
 * They hardly change from one assessment to the next: those are told of whom anything may be
 * otherwise than it was; see buckets.h.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "buckets.h"
#include "compat.h"
#include "result_rows.h"
#include "source.h"

/* The arguments of dimension_rows() */
enum
{
	ASK_SCHEME, ASK_AS_OF, ASK_NAMES, ASK_PLACES, ASK_DIGEST, ASK_NUMBERS
};

/* The columns of the result */
enum
{
	TOLD_CUSTOMER, TOLD_TOLD, TOLD_BUCKETS, TOLD_DIGEST,
	TOLD_COLUMNS
};

/* Takes the rows that the query yields as they come: a customer, and a text for each name */
typedef struct Yielded
{
	DestReceiver pub;			/* must be first */
	MemoryContext row_context;
	int			count;			/* of the names */
	Datum	   *names;
	int		   *places;			/* of their values in told, from 0 on */
	int			most;			/* of the values */
	TupleDesc	columns;
	Tuplestorestate *rows;
	bool		nobody;			/* a row has no customer */
	RowDigest  *digest;
} Yielded;

static bool
ReceiveRow(TupleTableSlot *slot, DestReceiver *self)
{
	Yielded    *yielded = (Yielded *) self;
	MemoryContext caller = MemoryContextSwitchTo(yielded->row_context);

	slot_getallattrs(slot);
	if (slot->tts_isnull[0])
		yielded->nobody = true;
	else
		RowDigestAddTexts(yielded->digest, DatumGetTextPP(slot->tts_values[0]),
						  slot->tts_values + 1, slot->tts_isnull + 1, yielded->count);
	tuplestore_puttupleslot(yielded->rows, slot);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(yielded->row_context);
	return true;
}

static void
ReceiveBegin(DestReceiver *self, int operation, TupleDesc columns)
{
}

static void
ReceiveEnd(DestReceiver *self)
{
}

/* The dimensions that are asked for, each with the place of its value */
static void
ReadNames(Yielded *yielded, ArrayType *names, ArrayType *places)
{
	Datum	   *values;
	int			count;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &yielded->names, NULL,
					  &yielded->count);
	deconstruct_array(places, INT4OID, sizeof(int32), true, TYPALIGN_INT, &values, NULL, &count);
	/* behind the places of the names is how many there are in all */
	if (count != yielded->count + 1)
		elog(ERROR, "%d dimensions have %d places", yielded->count, count - 1);
	yielded->most = DatumGetInt32(values[yielded->count]);
	yielded->places = palloc(count * sizeof(int));
	for (int i = 0; i < yielded->count; i++)
	{
		yielded->places[i] = DatumGetInt32(values[i]) - 1;
		if (yielded->places[i] < 0 || yielded->places[i] >= yielded->most)
			elog(ERROR, "there is no place %d", yielded->places[i] + 1);
	}
}

/* The columns of the query, as texts */
static TupleDesc
ColumnsOf(const Yielded *yielded)
{
	TupleDesc	columns = CreateTemplateTupleDesc(yielded->count + 1);

	TupleDescInitEntry(columns, 1, "customer_id", TEXTOID, -1, 0);
	for (int i = 0; i < yielded->count; i++)
		TupleDescInitEntry(columns, i + 2, TextDatumGetCString(yielded->names[i]), TEXTOID, -1, 0);
	for (int i = 1; i <= columns->natts; i++)
		TupleDescInitEntryCollation(columns, i, C_COLLATION_OID);
	return columns;
}

static void
PutTold(Tuplestorestate *result, TupleDesc desc, const Yielded *yielded, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(yielded->row_context);
	Datum		values[TOLD_COLUMNS] = {0};
	bool		nulls[TOLD_COLUMNS] = {slot->tts_isnull[0], false, true, true};
	Datum	   *told = palloc0(yielded->most * sizeof(Datum));
	bool	   *unknown = palloc(yielded->most * sizeof(bool));
	int			dims[1] = {yielded->most};
	int			lower[1] = {1};

	memset(unknown, true, yielded->most * sizeof(bool));
	for (int i = 0; i < yielded->count; i++)
	{
		told[yielded->places[i]] = slot->tts_values[i + 1];
		unknown[yielded->places[i]] = slot->tts_isnull[i + 1];
	}
	values[TOLD_CUSTOMER] = slot->tts_values[0];
	values[TOLD_TOLD] = PointerGetDatum(construct_md_array(told, unknown, 1, dims, lower, TEXTOID,
														   -1, false, TYPALIGN_INT));
	tuplestore_putvalues(result, desc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(yielded->row_context);
}

/* The rows of customers in the buckets, and of nobody; and a row of these and the digest */
static void
PutDiffering(Tuplestorestate *result, TupleDesc desc, const Yielded *yielded,
			 const Buckets *buckets)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(yielded->columns, &TTSOpsMinimalTuple);
	Datum		values[TOLD_COLUMNS] = {0};
	bool		nulls[TOLD_COLUMNS] = {true, true, false, false};

	values[TOLD_BUCKETS] = BucketsDatum(buckets, &nulls[TOLD_BUCKETS]);
	/* mostly there is none of whom to tell */
	while ((yielded->nobody || !nulls[TOLD_BUCKETS]) &&
		   tuplestore_gettupleslot(yielded->rows, true, false, slot))
	{
		slot_getallattrs(slot);
		if (slot->tts_isnull[0] || InBuckets(buckets, DatumGetTextPP(slot->tts_values[0])))
			PutTold(result, desc, yielded, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	values[TOLD_DIGEST] = BytesDatum(yielded->digest, sizeof(RowDigest));
	tuplestore_putvalues(result, desc, values, nulls);
}

/* dimension_rows(scheme, as_of, names, places, digest, numbers): see its COMMENT */
PG_FUNCTION_INFO_V1(dimension_rows);
Datum
dimension_rows(PG_FUNCTION_ARGS)
{
	Yielded		yielded = {
		{ReceiveRow, ReceiveBegin, ReceiveEnd, ReceiveEnd, DestTuplestore}
	};
	TupleDesc	desc;
	Tuplestorestate *result = ResultRowsBegin(fcinfo, "dimensions are", TOLD_COLUMNS, &desc);
	Source		source;
	Buckets		buckets;

	ConnectSPI();
	yielded.row_context = AllocSetContextCreate(CurrentMemoryContext, "tiering row",
												ALLOCSET_DEFAULT_SIZES);
	ReadNames(&yielded, PG_GETARG_ARRAYTYPE_P(ASK_NAMES), PG_GETARG_ARRAYTYPE_P(ASK_PLACES));
	yielded.columns = ColumnsOf(&yielded);
	yielded.rows = tuplestore_begin_heap(false, false, work_mem);
	yielded.digest = palloc0(sizeof(RowDigest));
	if (SourceLoad(&source, &SourceOfDimensions, PG_GETARG_DATUM(ASK_SCHEME)))
		SourceRun(&source, PG_GETARG_DATEADT(ASK_AS_OF), NULL, yielded.columns, &yielded.pub);
	BucketsFind(&buckets, yielded.digest, PG_GETARG_BYTEA_PP(ASK_DIGEST));
	BucketsAdd(&buckets, PG_GETARG_ARRAYTYPE_P(ASK_NUMBERS));
	PutDiffering(result, desc, &yielded, &buckets);
	tuplestore_end(yielded.rows);
	SPI_finish();
	return (Datum) 0;
}
