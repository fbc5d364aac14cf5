/*
 * judged.c
 *		judged(): what an assessment makes of the customers of a scheme, counted.
 *
 * The executor puts the source beside assignment, and each row is decided about as it
 * comes: it is counted, and appended to what the assessment keeps. Of most customers
 * nothing else is written, and no verdict is formed; only the others are handed on.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

#include "appended.h"
#include "cells.h"
#include "compat.h"
#include "result_rows.h"
#include "row_digest.h"
#include "same_text.h"
#include "saved_query.h"

#define BOOK_QUERY(book) \
	"SELECT b.* FROM _tiering." book " b WHERE $8 = '{}' OR b.customer_id <> ALL ($8)"

/* The arguments of judged() */
enum
{
	JUDGE_SCHEME, JUDGE_VERSION, JUDGE_AS_OF, JUDGE_PREVIOUS, JUDGE_CUSTOMERS, JUDGE_BEFORE,
	JUDGE_AGAIN, JUDGE_AHEAD,
	JUDGE_QUERY_ARGS,
	JUDGE_EDGES = JUDGE_QUERY_ARGS, JUDGE_SLOT, JUDGE_PART, JUDGE_RECORDED_AT, JUDGE_AMENDS,
	JUDGE_WRITES
};

/* The columns of book(): from the third to the last but one they are arguments of decide() */
enum
{
	BOOK_CUSTOMER, BOOK_TID, BOOK_CURRENT_TIER, BOOK_CURRENT_EARNED, BOOK_MEASURE,
	BOOK_FACTS,
	BOOK_OTHERWISE = BOOK_FACTS + ARG_OVERRIDES - ARG_PREVIOUS + 1,
	BOOK_COLUMNS
};

/* The columns of the result: those of assessed, and more */
enum
{
	JUDGED_CUSTOMER, JUDGED_TID, JUDGED_CURRENT_TIER, JUDGED_CURRENT_VERSION, JUDGED_GONE,
	JUDGED_MEASURE, JUDGED_REWRITE, JUDGED_WRITTEN, JUDGED_VERDICT, JUDGED_TO_KEEP,
	JUDGED_CELL, JUDGED_DIGEST,
	JUDGED_COLUMNS
};

/* Takes the rows of book() as they come */
typedef struct Judge
{
	DestReceiver pub;			/* must be first */
	MemoryContext row_context;
	CachedScheme *cached;
	FunctionCallInfo call;		/* of decide(), which is not called */
	Cells	   *cells;
	RowDigest  *digest;			/* of what the source yields; NULL: none is made */
	bool		writes;			/* whoever asks writes verdicts; or only counts */
	bool		keeps;			/* the assessment is kept */
	bool		amends;
	bool		began;			/* kept is opened, if it can be */
	Oid			part;
	NullableDatum same[KEPT_COLUMNS];	/* what all rows that are kept have */
	Appended   *kept;			/* NULL: rows have to be inserted */
	Tuplestorestate *store;
	TupleDesc	result;
	/* of the customer at hand */
	const TupleTableSlot *row;
	Datum		values[OUT_COLUMNS];
	bool		nulls[OUT_COLUMNS];
} Judge;

static inline NullableDatum
RowColumn(const Judge *judge, int column)
{
	NullableDatum result = {judge->row->tts_values[column], judge->row->tts_isnull[column]};

	return result;
}

/* Is the row of assignment written, or would be if there were one? */
static bool
IsRewritten(const Judge *judge)
{
	NullableDatum version = judge->call->args[ARG_CURRENT_VERSION];
	NullableDatum earned = RowColumn(judge, BOOK_CURRENT_EARNED);

	if (DatumGetBool(judge->values[OUT_CHANGED]) ||
		(!version.isnull &&
		 DatumGetInt32(version.value) != judge->cached->scheme->version))
		return true;
	if (earned.isnull || judge->nulls[OUT_EARNED])
		return earned.isnull != judge->nulls[OUT_EARNED];
	return !SameText(DatumGetTextPP(earned.value),
					 DatumGetTextPP(judge->values[OUT_EARNED]));
}

/* Does anything have to be written but what an assessment keeps of everybody? */
static bool
IsWritten(const Judge *judge, bool rewrite)
{
	return rewrite || judge->row->tts_isnull[BOOK_CURRENT_TIER] || judge->nulls[OUT_TIER] ||
		DatumGetBool(judge->values[OUT_MOVES]) || DatumGetBool(judge->values[OUT_NOTED]) ||
		!judge->nulls[OUT_ASKED];
}

/* What is kept of everybody; true: it has to be inserted */
static bool
Keep(Judge *judge, bool gone)
{
	NullableDatum tier = {judge->values[OUT_TIER], judge->nulls[OUT_TIER]};

	if (!judge->keeps ||
		(!judge->amends && (gone || (tier.isnull && judge->nulls[OUT_ASKED]))))
		return false;
	if (!judge->began)
	{
		MemoryContext caller = MemoryContextSwitchTo(MemoryContextGetParent(judge->row_context));

		judge->kept = AppendedOpen(judge->part, judge->same);
		judge->began = true;
		MemoryContextSwitchTo(caller);
	}
	if (judge->kept == NULL)
		return true;
	AppendedRow(judge->kept, RowColumn(judge, BOOK_CUSTOMER), tier,
				RowColumn(judge, BOOK_MEASURE));
	return false;
}

static void
HandOn(const Judge *judge, const Counted *customer, bool written, bool to_keep)
{
	const TupleTableSlot *row = judge->row;
	Datum		values[JUDGED_COLUMNS] = {0};
	bool		nulls[JUDGED_COLUMNS] = {false};
	bool		verdict = judge->writes || to_keep;

	values[JUDGED_CUSTOMER] = row->tts_values[BOOK_CUSTOMER];
	values[JUDGED_TID] = row->tts_values[BOOK_TID];
	nulls[JUDGED_TID] = row->tts_isnull[BOOK_TID];
	values[JUDGED_CURRENT_TIER] = customer->current_tier.value;
	nulls[JUDGED_CURRENT_TIER] = customer->current_tier.isnull;
	values[JUDGED_CURRENT_VERSION] = customer->current_version.value;
	nulls[JUDGED_CURRENT_VERSION] = customer->current_version.isnull;
	values[JUDGED_GONE] = BoolGetDatum(customer->gone);
	values[JUDGED_MEASURE] = customer->measure.value;
	nulls[JUDGED_MEASURE] = customer->measure.isnull;
	values[JUDGED_REWRITE] = BoolGetDatum(customer->rewrite);
	values[JUDGED_WRITTEN] = BoolGetDatum(written);
	nulls[JUDGED_VERDICT] = !verdict;
	if (verdict)
		values[JUDGED_VERDICT] =
			HeapTupleGetDatum(heap_form_tuple(((Decider *) judge->cached->use)->verdict,
											  (Datum *) judge->values,
											  (bool *) judge->nulls));
	values[JUDGED_TO_KEEP] = BoolGetDatum(to_keep);
	nulls[JUDGED_CELL] = nulls[JUDGED_DIGEST] = true;
	tuplestore_putvalues(judge->store, judge->result, values, nulls);
}

/* As what it yields is read again, see graded_differing.c */
static void
Digest(const Judge *judge)
{
	NullableDatum customer = RowColumn(judge, BOOK_CUSTOMER);
	NullableDatum earned = judge->call->args[ARG_EARNED];
	NullableDatum measure = RowColumn(judge, BOOK_MEASURE);

	RowDigestAdd(judge->digest, DatumGetTextPP(customer.value),
				 earned.isnull ? NULL : DatumGetTextPP(earned.value),
				 measure.isnull ? NULL : PG_DETOAST_DATUM_PACKED(measure.value));
}

static void
JudgeRow(Judge *judge)
{
	Counted		customer;
	bool		written,
				to_keep;

	for (int i = ARG_PREVIOUS; i <= ARG_OVERRIDES; i++)
		judge->call->args[i] = RowColumn(judge, BOOK_FACTS + i - ARG_PREVIOUS);
	judge->call->args[ARG_OTHERWISE] = RowColumn(judge, BOOK_OTHERWISE);
	DecideAbout(judge->call, judge->cached, judge->values, judge->nulls);
	customer.gone = DatumGetBool(judge->call->args[ARG_GONE].value);
	customer.current_tier = RowColumn(judge, BOOK_CURRENT_TIER);
	customer.current_version = judge->call->args[ARG_CURRENT_VERSION];
	customer.measure = RowColumn(judge, BOOK_MEASURE);
	customer.rewrite = IsRewritten(judge);
	customer.due = DatumGetBool(judge->values[OUT_MOVES]) && !judge->nulls[OUT_SINCE] &&
		DatumGetDateADT(judge->values[OUT_SINCE]) <
		DatumGetDateADT(judge->call->args[ARG_AS_OF].value);
	CellsCount(judge->cells, &customer);
	if (judge->digest != NULL && !customer.gone)
		Digest(judge);
	to_keep = Keep(judge, customer.gone);
	written = judge->writes ? IsWritten(judge, customer.rewrite) :
		customer.current_tier.isnull || judge->nulls[OUT_TIER];
	if (written || to_keep)
		HandOn(judge, &customer, written, to_keep);
}

static bool
ReceiveRow(TupleTableSlot *slot, DestReceiver *self)
{
	Judge	   *judge = (Judge *) self;
	MemoryContext old = MemoryContextSwitchTo(judge->row_context);

	slot_getallattrs(slot);
	judge->row = slot;
	JudgeRow(judge);
	MemoryContextSwitchTo(old);
	MemoryContextReset(judge->row_context);
	return true;
}

static void
ReceiveBegin(DestReceiver *self, int operation, TupleDesc columns)
{
	if (columns->natts != BOOK_COLUMNS)
		elog(ERROR, "book() has %d columns", columns->natts);
}

static void
ReceiveEnd(DestReceiver *self)
{
}

static Oid book_types[JUDGE_QUERY_ARGS] = {
	TEXTOID, INT4OID, DATEOID, DATEOID, TEXTARRAYOID, INT4OID, BOOLOID, TEXTARRAYOID
};

/*
 * Is there anything to look at beside the tiers of customers? What the version before would
 * make of them is something, and is not worked out to know that; nor is it asked for some
 * customers, whom it takes less to join.
 */
static bool
HasCircumstances(FunctionCallInfo fcinfo)
{
	Datum		values[JUDGE_QUERY_ARGS];
	char		nulls[JUDGE_QUERY_ARGS];

	if (!PG_ARGISNULL(JUDGE_CUSTOMERS) ||
		(!PG_ARGISNULL(JUDGE_BEFORE) && PG_GETARG_INT32(JUDGE_BEFORE) > 0))
		return true;
	for (int i = 0; i < JUDGE_QUERY_ARGS; i++)
	{
		values[i] = fcinfo->args[i].value;
		nulls[i] = fcinfo->args[i].isnull ? 'n' : ' ';
	}
	if (SPI_execute_with_args("SELECT FROM _tiering.circumstances($1, $2, $3, $4, $5, $6)",
							  JUDGE_QUERY_ARGS, book_types, values, nulls, true, 1)
		!= SPI_OK_SELECT)
		elog(ERROR, "could not ask for circumstances");
	return SPI_processed > 0;
}

/* The source beside assignment, as of the statement that asked */
static void
ReadBook(FunctionCallInfo fcinfo, Judge *judge)
{
	const char *query = HasCircumstances(fcinfo) ?
		BOOK_QUERY("book($1, $3, $2, $4, $5, $6, $7)") :
		BOOK_QUERY("plain_book($1, $3, $2, $4, $5, $7)");

	ReadRows(query, JUDGE_QUERY_ARGS, book_types, fcinfo->args, &judge->pub);
}

static void
PutDigest(Judge *judge)
{
	Datum		values[JUDGED_COLUMNS] = {0};
	bool		nulls[JUDGED_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	nulls[JUDGED_DIGEST] = false;
	values[JUDGED_DIGEST] = BytesDatum(judge->digest, sizeof(RowDigest));
	tuplestore_putvalues(judge->store, judge->result, values, nulls);
}

/* The cells are rows behind those of customers */
static void
PutCells(Judge *judge)
{
	TupleDesc	columns =
		lookup_rowtype_tupdesc_copy(TupleDescAttr(judge->result, JUDGED_CELL)->atttypid, -1);
	Datum		values[JUDGED_COLUMNS] = {0};
	bool		nulls[JUDGED_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	nulls[JUDGED_CELL] = false;
	while ((values[JUDGED_CELL] = CellsNext(judge->cells, columns)) != 0)
		tuplestore_putvalues(judge->store, judge->result, values, nulls);
}

/* What does not differ from customer to customer */
static void
FillSame(FunctionCallInfo fcinfo, Judge *judge)
{
	FunctionCallInfo call = palloc0(SizeForFunctionCallInfo(DECIDE_ARGS));

	call->nargs = DECIDE_ARGS;
	call->args[ARG_SCHEME] = fcinfo->args[JUDGE_SCHEME];
	call->args[ARG_VERSION] = fcinfo->args[JUDGE_VERSION];
	call->args[ARG_KIND].value = CStringGetTextDatum("assessment");
	call->args[ARG_AS_OF] = fcinfo->args[JUDGE_AS_OF];
	call->args[ARG_BEFORE] = fcinfo->args[JUDGE_BEFORE];
	judge->call = call;
	judge->writes = !PG_ARGISNULL(JUDGE_WRITES) && PG_GETARG_BOOL(JUDGE_WRITES);
	if (judge->writes && PG_ARGISNULL(JUDGE_CUSTOMERS))
		judge->digest = palloc0(sizeof(RowDigest));
	judge->keeps = !PG_ARGISNULL(JUDGE_SLOT) && !PG_ARGISNULL(JUDGE_PART);
	judge->amends = !PG_ARGISNULL(JUDGE_AMENDS) && PG_GETARG_BOOL(JUDGE_AMENDS);
	judge->part = PG_ARGISNULL(JUDGE_PART) ? InvalidOid : PG_GETARG_OID(JUDGE_PART);
	judge->same[KEPT_SLOT] = fcinfo->args[JUDGE_SLOT];
	judge->same[KEPT_SCHEME] = fcinfo->args[JUDGE_SCHEME];
	judge->same[KEPT_AS_OF] = fcinfo->args[JUDGE_AS_OF];
	judge->same[KEPT_VERSION] = fcinfo->args[JUDGE_VERSION];
	judge->same[KEPT_AMENDS].value = BoolGetDatum(judge->amends);
	judge->same[KEPT_RECORDED_AT] = fcinfo->args[JUDGE_RECORDED_AT];
}

/* judged(scheme, version, as_of, previous, …): see its COMMENT */
PG_FUNCTION_INFO_V1(judged);
Datum
judged(PG_FUNCTION_ARGS)
{
	Judge		judge = {
		{ReceiveRow, ReceiveBegin, ReceiveEnd, ReceiveEnd, DestTuplestore}
	};
	MeasureEdges *edges = NULL;

	judge.store = ResultRowsBegin(fcinfo, "judged customers are", JUDGED_COLUMNS,
								  &judge.result);
	judge.cached = SchemeVersionArg(fcinfo, JUDGE_VERSION);
	if (judge.cached->use == NULL)
		judge.cached->use = MakeDecider(judge.cached,
			lookup_rowtype_tupdesc_copy(TupleDescAttr(judge.result,
													  JUDGED_VERDICT)->atttypid, -1));
	ConnectSPI();
	judge.row_context = AllocSetContextCreate(CurrentMemoryContext, "tiering row",
											  ALLOCSET_DEFAULT_SIZES);
	FillSame(fcinfo, &judge);
	if (!PG_ARGISNULL(JUDGE_EDGES))
		edges = MeasureEdgesRead(PG_GETARG_ARRAYTYPE_P(JUDGE_EDGES), CurrentMemoryContext);
	judge.cells = CellsCreate(judge.cached->use, edges);
	ReadBook(fcinfo, &judge);
	if (judge.kept != NULL)
		AppendedClose(judge.kept);
	PutCells(&judge);
	if (judge.digest != NULL)
		PutDigest(&judge);
	SPI_finish();
	return (Datum) 0;
}
