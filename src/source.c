/*
 * source.c
 *		A scheme's source: the bank's own query, run for a date.
 *
 * It runs with the rights of the role that set it, whoever refreshes: as a
 * view's owner would be asked for the tables that the query names, and unlike
 * a view also for all that its functions do. The operation is a restricted
 * one, as in core's REFRESH MATERIALIZED VIEW, so that nothing in the query
 * can change the role back or leave anything behind for the caller to run.
 * The function's own search_path setting, and the refusal of what is
 * temporary, see to it that names in the query mean the same for everyone.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "scheme.h"

#define SOURCE_QUERY \
	"SELECT s.query, s.set_by FROM tiering.source s" \
	" WHERE s.scheme OPERATOR(pg_catalog.=) $1"

typedef struct Source
{
	char	   *scheme;
	char	   *query;
	Oid			role;			/* who set it */
} Source;

static Source
SourceLoad(text *scheme)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {PointerGetDatum(scheme)};
	Source		source = {text_to_cstring(scheme)};
	bool		isnull;

	if (SPI_execute_with_args(SOURCE_QUERY, 1, types, values, NULL, true, 1) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not read the source of scheme \"%s\"",
			 source.scheme);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("scheme \"%s\" has no source", source.scheme),
				 errhint("Set one with tiering.set_source('%s', query).",
						 source.scheme)));
	source.query = SPI_getvalue(SPI_tuptable->vals[0],
								SPI_tuptable->tupdesc, 1);
	source.role = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0],
												 SPI_tuptable->tupdesc, 2,
												 &isnull));
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(source.role)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the role who set the source of scheme \"%s\" does not exist any more",
						source.scheme),
				 errhint("Set the source again.")));
	return source;
}

static SPIPlanPtr
PrepareQuery(const char *query)
{
	Oid			types[1] = {DATEOID};
	SPIPlanPtr	plan = SPI_prepare_cursor(query, 1, types,
										  CURSOR_OPT_PARALLEL_OK);

	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", query);
	return plan;
}

/* What is temporary is another session's for another session */
static void
CheckRelations(const Source *source, List *relations)
{
	ListCell   *cell;

	foreach(cell, relations)
		if (isAnyTempNamespace(get_rel_namespace(lfirst_oid(cell))))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("source of scheme \"%s\" reads the temporary table \"%s\"",
							source->scheme, get_rel_name(lfirst_oid(cell)))));
}

/* The columns that the query yields; it must be one statement that has any */
static TupleDesc
SourceColumns(const Source *source)
{
	List	   *statements = SPI_plan_get_plan_sources(PrepareQuery(source->query));
	CachedPlanSource *statement;

	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("source of scheme \"%s\" must be one query, not %d statements",
						source->scheme, list_length(statements))));
	statement = (CachedPlanSource *) linitial(statements);
	if (statement->commandTag != CMDTAG_SELECT || statement->resultDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("source of scheme \"%s\" must be a SELECT, not %s",
						source->scheme,
						GetCommandTagName(statement->commandTag))));
	CheckRelations(source, statement->relationOids);
	return statement->resultDesc;
}

/* May a column of this type feed one that refresh expects? No float may. */
static bool
TypeFeeds(Oid type, Oid expected)
{
	type = getBaseType(type);
	switch (expected)
	{
		case NUMERICOID:
			return type == NUMERICOID || type == INT8OID || type == INT4OID ||
				type == INT2OID;
		case BOOLOID:
			return type == BOOLOID;
		default:
			return true;		/* the customer: anything that casts to text */
	}
}

static void
CheckColumn(const Source *source, TupleDesc columns,
			Form_pg_attribute expected)
{
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (strcmp(NameStr(column->attname), NameStr(expected->attname)) != 0)
			continue;
		if (!TypeFeeds(column->atttypid, expected->atttypid))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" in the source of scheme \"%s\" has type %s, where %s is needed",
							NameStr(column->attname), source->scheme,
							format_type_be(column->atttypid),
							format_type_be(expected->atttypid)),
					 errhint("Cast it explicitly in the query.")));
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("source of scheme \"%s\" yields no column \"%s\"",
					source->scheme, NameStr(expected->attname)),
			 errhint("It must yield customer_id and a column for each metric of the version that grades.")));
}

/* The query with its columns picked, ordered and cast as they are expected */
static char *
SelectExpected(const Source *source, TupleDesc expected)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < expected->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(expected, i);

		appendStringInfo(&sql, "%s q.%s::%s", i == 0 ? "SELECT" : ",",
						 quote_identifier(NameStr(column->attname)),
						 format_type_be_qualified(column->atttypid));
	}
	/* the line breaks keep a comment at the query's end from going on */
	appendStringInfo(&sql, " FROM (\n%s\n) AS q", source->query);
	return sql.data;
}

static void
CheckSource(const Source *source, TupleDesc expected)
{
	TupleDesc	columns = SourceColumns(source);

	for (int i = 0; i < expected->natts; i++)
		CheckColumn(source, columns, TupleDescAttr(expected, i));
}

static void
RunSource(const Source *source, DateADT as_of, ReturnSetInfo *rsinfo)
{
	ParamListInfo params = makeParamList(1);
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);
	SPIExecuteOptions options = {0};

	params->params[0].value = DateADTGetDatum(as_of);
	params->params[0].isnull = false;
	params->params[0].pflags = PARAM_FLAG_CONST;
	params->params[0].ptype = DATEOID;
	SetTuplestoreDestReceiverParams(dest, rsinfo->setResult,
									rsinfo->econtext->ecxt_per_query_memory,
									false, NULL, NULL);
	options.params = params;
	options.read_only = true;
	options.dest = dest;
	if (SPI_execute_plan_extended(PrepareQuery(SelectExpected(source,
															  rsinfo->expectedDesc)),
								  &options) != SPI_OK_SELECT)
		elog(ERROR, "source of scheme \"%s\" is not a query", source->scheme);
	dest->rDestroy(dest);
}

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

static void
Connect(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

/* source_rows(scheme, as_of): the rows, with the columns that the caller lists */
PG_FUNCTION_INFO_V1(source_rows);
Datum
source_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	text	   *scheme = SchemeArg(fcinfo);
	Oid			save_user;
	int			save_context;
	int			save_nestlevel;
	Source		source;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("as_of must not be null")));
	BeginResult(rsinfo);
	Connect();
	source = SourceLoad(scheme);

	/* an error restores the role, as the end of any (sub)transaction does */
	GetUserIdAndSecContext(&save_user, &save_context);
	SetUserIdAndSecContext(source.role, save_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	save_nestlevel = NewGUCNestLevel();
	CheckSource(&source, rsinfo->expectedDesc);
	RunSource(&source, PG_GETARG_DATEADT(1), rsinfo);
	AtEOXact_GUC(false, save_nestlevel);
	SetUserIdAndSecContext(save_user, save_context);
	SPI_finish();
	return (Datum) 0;
}

/*
 * source_check(scheme, query): nothing, or an error if the query could not be
 * the source of the scheme with the columns that the caller lists
 */
PG_FUNCTION_INFO_V1(source_check);
Datum
source_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Source		source = {text_to_cstring(SchemeArg(fcinfo))};

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("query must not be null")));
	BeginResult(rsinfo);
	Connect();
	source.query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	CheckSource(&source, rsinfo->expectedDesc);
	PrepareQuery(SelectExpected(&source, rsinfo->expectedDesc));
	SPI_finish();
	return (Datum) 0;
}
