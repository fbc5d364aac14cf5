/*
 * source_rows.c
 *		What is bound to schemes, as SQL reads it: rows of sources, series, histories,
 *		controls and checks, and whether a query could be one of them, or yield dimensions.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "source.h"

/* An empty result of the shape that the caller expects */
static void
BeginResult(ReturnSetInfo *rsinfo)
{
	MemoryContext old;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		(rsinfo->allowedModes & SFRM_Materialize) == 0 ||
		rsinfo->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a source is read in FROM, with a column list")));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	rsinfo->setResult = tuplestore_begin_heap(false, false, work_mem);
	rsinfo->setDesc = CreateTupleDescCopy(rsinfo->expectedDesc);
	rsinfo->returnMode = SFRM_Materialize;
	MemoryContextSwitchTo(old);
}

static text *
SchemeArg(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("scheme must not be null")));
	return PG_GETARG_TEXT_PP(0);
}

/* Its rows, as SourceRun() gives them, into a result that is materialized */
static void
RunInto(ReturnSetInfo *rsinfo, const Source *source, DateADT as_of, ArrayType *customers)
{
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);

	SetTuplestoreDestReceiverParams(dest, rsinfo->setResult,
									rsinfo->econtext->ecxt_per_query_memory,
									false, NULL, NULL);
	SourceRun(source, as_of, customers, rsinfo->expectedDesc, dest);
	dest->rDestroy(dest);
}

/*
 * source_rows(scheme, as_of[, customers]): the rows, with the columns that the
 * caller lists; of all customers, or of some
 */
PG_FUNCTION_INFO_V1(source_rows);
Datum
source_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	text	   *scheme = SchemeArg(fcinfo);
	Source		source;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of must not be null")));
	BeginResult(rsinfo);
	SourceOpen(&source, scheme);
	RunInto(rsinfo, &source, PG_GETARG_DATEADT(1),
			PG_NARGS() > 2 && !PG_ARGISNULL(2) ? PG_GETARG_ARRAYTYPE_P(2) : NULL);
	SPI_finish();
	return (Datum) 0;
}

/*
 * series_rows(key, as_of, customers): the series of a scheme, of all customers or of
 * some; none if that is not the key of a binding
 */
PG_FUNCTION_INFO_V1(series_rows);
Datum
series_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Source		source;

	BeginResult(rsinfo);
	ConnectSPI();
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1) &&
		SourceLoad(&source, &SourceOfSeries, PG_GETARG_DATUM(0)))
		RunInto(rsinfo, &source, PG_GETARG_DATEADT(1),
				PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2));
	SPI_finish();
	return (Datum) 0;
}

/*
 * history_rows(scheme, query): the rows of a query that runs this once, for
 * load_history() and with the rights of who called that
 */
PG_FUNCTION_INFO_V1(history_rows);
Datum
history_rows(PG_FUNCTION_ARGS)
{
	static const SourceKind kind = {
		"history",
		NULL,
		NULL,
		"It must yield customer_id, as_of, tier, measure and version, the last two of "
		"which may be null.",
		false
	};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Source		source = {
		&kind,
		text_to_cstring(SchemeArg(fcinfo)),
		text_to_cstring(PG_GETARG_TEXT_PP(1)),
		GetOuterUserId()
	};

	BeginResult(rsinfo);
	ConnectSPI();
	RunInto(rsinfo, &source, 0, NULL);
	SPI_finish();
	return (Datum) 0;
}

/* (scheme, as_of): the rows of what a scheme is bound to; none if it is not */
static Datum
BoundRows(FunctionCallInfo fcinfo, const SourceKind *kind)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Source		source;

	BeginResult(rsinfo);
	ConnectSPI();
	if (SourceLoad(&source, kind, PG_GETARG_DATUM(0)))
		RunInto(rsinfo, &source, PG_GETARG_DATEADT(1), NULL);
	SPI_finish();
	return (Datum) 0;
}

/* (scheme, query): nothing, or the error of SourceCheck() */
static Datum
CheckBound(FunctionCallInfo fcinfo, const SourceKind *kind, bool customers)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Source		source = {
		kind,
		text_to_cstring(SchemeArg(fcinfo)),
		text_to_cstring(PG_GETARG_TEXT_PP(1))
	};

	BeginResult(rsinfo);
	ConnectSPI();
	SourceCheck(&source, rsinfo->expectedDesc, customers);
	SPI_finish();
	return (Datum) 0;
}

/* control_rows(scheme, as_of): the total that a scheme's control yields */
PG_FUNCTION_INFO_V1(control_rows);
Datum
control_rows(PG_FUNCTION_ARGS)
{
	return BoundRows(fcinfo, &SourceOfControl);
}

/* control_check(scheme, query): could it be the control? */
PG_FUNCTION_INFO_V1(control_check);
Datum
control_check(PG_FUNCTION_ARGS)
{
	return CheckBound(fcinfo, &SourceOfControl, false);
}

/* dimension_check(scheme, query): nothing, or an error if it could not yield them */
PG_FUNCTION_INFO_V1(dimension_check);
Datum
dimension_check(PG_FUNCTION_ARGS)
{
	return CheckBound(fcinfo, &SourceOfDimensions, false);
}

/* dimension_names(scheme, query): the columns that the query yields */
PG_FUNCTION_INFO_V1(dimension_names);
Datum
dimension_names(PG_FUNCTION_ARGS)
{
	Source		source = {
		&SourceOfDimensions,
		text_to_cstring(PG_GETARG_TEXT_PP(0)),
		text_to_cstring(PG_GETARG_TEXT_PP(1))
	};
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc	columns;
	ArrayType  *result;
	Datum	   *names;

	ConnectSPI();
	columns = SourceExamine(&source);
	MemoryContextSwitchTo(caller);	/* what it returns outlives SPI */
	names = palloc(sizeof(Datum) * columns->natts);
	for (int i = 0; i < columns->natts; i++)
		names[i] = CStringGetTextDatum(NameStr(TupleDescAttr(columns, i)->attname));
	result = construct_array(names, columns->natts, TEXTOID, -1, false, TYPALIGN_INT);
	SPI_finish();
	PG_RETURN_ARRAYTYPE_P(result);
}

/* findings_rows(scheme, as_of): what the checks of a scheme find */
PG_FUNCTION_INFO_V1(findings_rows);
Datum
findings_rows(PG_FUNCTION_ARGS)
{
	return BoundRows(fcinfo, &SourceOfFindings);
}

/* findings_check(scheme, query): could it be the checks of the scheme? */
PG_FUNCTION_INFO_V1(findings_check);
Datum
findings_check(PG_FUNCTION_ARGS)
{
	return CheckBound(fcinfo, &SourceOfFindings, false);
}

/*
 * source_check(scheme, query, series): nothing, or an error if the query could
 * not be the source, or the series, of the scheme with the columns that the
 * caller lists
 */
PG_FUNCTION_INFO_V1(source_check);
Datum
source_check(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("query must not be null")));
	return CheckBound(fcinfo, PG_GETARG_BOOL(2) ? &SourceOfSeries : &SourceOfMetrics, true);
}
