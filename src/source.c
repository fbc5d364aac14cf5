/*
 * source.c
 *		A bank's own query for a scheme, run for a date.
 *
 * It runs with the rights of the role that set it, whoever has it run: as a
 * view's owner would be asked for the tables that the query names, and unlike
 * a view also for all that its functions do. The operation is a restricted
 * one, as in core's REFRESH MATERIALIZED VIEW, so that nothing in the query
 * can change the role back or leave anything behind for the caller to run.
 * The settings that it runs with, and the refusal of what is temporary, see to it
 * that the query means the same for everyone.
 *
 * What goes wrong in it is told to all by its message and SQLSTATE, which may show
 * a value of the bank's: without them nobody could mend it. What else an error
 * says of it is for those who have the rights of the role that set it, and for
 * the server's log: the text of the query, details, hints, where in which function.
 * Of us an error says one line; what we are made of helps nobody to mend a query.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "scheme.h"
#include "settings.h"
#include "source.h"
#include "temporary.h"

static SavedQuery MetricsQuery = {
	"SELECT s.scheme, s.query, s.set_by, s.settings"
	" FROM tiering.source s"
	" WHERE s.scheme OPERATOR(pg_catalog.=) $1",
	1, {TEXTOID}
};

static SavedQuery SeriesQuery = {
	"SELECT s.scheme, s.query, s.set_by, s.settings"
	" FROM tiering.series_source s"
	" WHERE s.key OPERATOR(pg_catalog.=) $1",
	1, {UUIDOID}
};

static SavedQuery ControlQuery = {
	"SELECT l.scheme, l.control_query, l.set_by, l.settings"
	" FROM tiering.refresh_limit l"
	" WHERE l.scheme OPERATOR(pg_catalog.=) $1 AND l.control_query IS NOT NULL",
	1, {TEXTOID}
};

static SavedQuery DimensionsQuery = {
	"SELECT d.scheme, d.query, d.set_by, d.settings"
	" FROM tiering.dimensions_source d"
	" WHERE d.scheme OPERATOR(pg_catalog.=) $1",
	1, {TEXTOID}
};

static SavedQuery CheckQuery = {
	"SELECT c.scheme, c.query, c.set_by, c.settings"
	" FROM tiering.refresh_check c"
	" WHERE c.scheme OPERATOR(pg_catalog.=) $1",
	1, {TEXTOID}
};

const SourceKind SourceOfMetrics = {
	"source",
	"set_source('%s', query)",
	&MetricsQuery,
	"It must yield customer_id and a column for each metric of the version that grades.",
	true
};

const SourceKind SourceOfSeries = {
	"series",
	"set_series('%s', query)",
	&SeriesQuery,
	"It must yield customer_id, balances and period.",
	true
};

const SourceKind SourceOfControl = {
	"control",
	"set_limits('%s', control_query => query)",
	&ControlQuery,
	"It must yield one row, with the total.",
	true
};

const SourceKind SourceOfDimensions = {
	"dimension query",
	"set_dimensions('%s', query)",
	&DimensionsQuery,
	"It must yield customer_id and a column for each dimension.",
	true
};

const SourceKind SourceOfFindings = {
	"check",
	"set_checks('%s', query)",
	&CheckQuery,
	"It must yield severity, kind, account, days and detail, as tiering.check_ranges() does.",
	true
};

/* Read it, with SPI connected; false if there is none of that key */
bool
SourceLoad(Source *source, const SourceKind *kind, Datum key)
{
	bool		isnull;

	RunSavedQuery(kind->lookup, key, 0);
	if (SPI_processed == 0)
		return false;
	source->kind = kind;
	source->scheme = SPI_getvalue(SPI_tuptable->vals[0],
								  SPI_tuptable->tupdesc, 1);
	source->query = SPI_getvalue(SPI_tuptable->vals[0],
								 SPI_tuptable->tupdesc, 2);
	source->role = DatumGetObjectId(ResultValue(0, 3, &isnull));
	source->settings = DatumGetArrayTypePCopy(ResultValue(0, 4, &isnull));
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(source->role)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the role who set the %s of scheme \"%s\" does not exist any more",
						kind->noun, source->scheme),
				 errhint("Set it again with tiering.%s.",
						 psprintf(kind->setter, source->scheme))));
	return true;
}

/* $1 is the date; $2 the customers, where SelectExpected() asks for some only */
static SPIPlanPtr
PrepareQuery(const char *query, int nparams)
{
	Oid			types[2] = {DATEOID, TEXTARRAYOID};
	SPIPlanPtr	plan = SPI_prepare_cursor(query, nparams, types,
										  CURSOR_OPT_PARALLEL_OK);

	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", query);
	return plan;
}

/* One that runs once runs in the session whose the temporary is */
static void
CheckTemporary(const Source *source, List *queries)
{
	ObjectAddress found;

	if (source->kind->takes_day && FindTemporary(queries, &found))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("%s of scheme \"%s\" uses the temporary %s",
						source->kind->noun, source->scheme, TemporaryName(&found)),
				 errhint("What is temporary is another session's for another session.")));
}

/* The columns that the query yields; it must be one statement that has any */
static TupleDesc
SourceColumns(const Source *source)
{
	SPIPlanPtr	plan = PrepareQuery(source->query, source->kind->takes_day ? 1 : 0);
	List	   *statements = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *statement;

	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s of scheme \"%s\" must be one query, not %d statements",
						source->kind->noun, source->scheme,
						list_length(statements))));
	statement = (CachedPlanSource *) linitial(statements);
	if (statement->commandTag != CMDTAG_SELECT || statement->resultDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s of scheme \"%s\" must be a SELECT, not %s",
						source->kind->noun, source->scheme,
						GetCommandTagName(statement->commandTag))));
	CheckTemporary(source, statement->query_list);
	return statement->resultDesc;
}

/* May a column of this type feed one that is expected? No float may. */
static bool
TypeFeeds(Oid type, Oid expected)
{
	type = getBaseType(type);
	switch (expected)
	{
		case NUMERICOID:
			return type == NUMERICOID || type == INT8OID || type == INT4OID ||
				type == INT2OID;
		case INT4OID:
			return type == INT4OID || type == INT2OID;
		case TEXTOID:
			return true;		/* a customer, a tier: anything that casts to text */
		default:
			return type == expected;
	}
}

/* The column of the query with the name of one that is expected: one, and no more */
static Form_pg_attribute
FindColumn(const Source *source, TupleDesc columns, Form_pg_attribute expected)
{
	Form_pg_attribute found = NULL;

	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (strcmp(NameStr(column->attname), NameStr(expected->attname)) != 0)
			continue;
		if (found != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("%s of scheme \"%s\" yields more than one column \"%s\"",
							source->kind->noun, source->scheme,
							NameStr(expected->attname)),
					 errhint("Leave out all but one of them, or call them otherwise.")));
		found = column;
	}
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s of scheme \"%s\" yields no column \"%s\"",
						source->kind->noun, source->scheme,
						NameStr(expected->attname)),
				 errhint("%s", source->kind->yields)));
	return found;
}

static void
CheckColumn(const Source *source, TupleDesc columns,
			Form_pg_attribute expected)
{
	Form_pg_attribute column = FindColumn(source, columns, expected);

	if (!TypeFeeds(column->atttypid, expected->atttypid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" in the %s of scheme \"%s\" "
						"has type %s, where %s is needed",
						NameStr(column->attname), source->kind->noun,
						source->scheme,
						format_type_be(column->atttypid),
						format_type_be(expected->atttypid)),
				 errhint("Cast it explicitly in the query.")));
}

/* A type's name, so that an array of it is one of any length of its elements */
static char *
QualifiedTypeName(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->typnamespace),
									  NameStr(form->typname));
	ReleaseSysCache(tuple);
	return name;
}

/*
 * The type in which an index of the bank's can find customers whose ids are of a
 * type; InvalidOid if they are compared as text. Integers of all sizes have one
 * family of operators.
 */
static Oid
SearchType(Oid type)
{
	type = getBaseType(type);
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return INT8OID;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NUMERICOID:
		case UUIDOID:
			return type;
		default:
			return InvalidOid;
	}
}

/*
 * Can a type have a value that looks like this? No other can be anybody's id. It
 * may let through what is nobody's either, but nothing that does not cast.
 */
static bool
CanBeId(const char *id, Oid type)
{
	const char *digits = id + (id[0] == '-');
	char	   *end;

	switch (type)
	{
		case INT8OID:
			errno = 0;
			(void) strtoll(id, &end, 10);
			return errno == 0 && *end == '\0' &&
				strspn(digits, "0123456789") == strlen(digits) && *digits != '\0';
		case NUMERICOID:
			end = unconstify(char *, digits) + strspn(digits, "0123456789");
			if (end == digits || strlen(digits) > NUMERIC_MAX_PRECISION)
				return false;
			return *end == '\0' ||
				(*end == '.' && strspn(end + 1, "0123456789") == strlen(end + 1));
		case UUIDOID:
			for (int i = 0; i < 36; i++)
				if (id[i] == '\0' ||
					strchr(i == 8 || i == 13 || i == 18 || i == 23 ? "-" :
						   "0123456789abcdef", id[i]) == NULL)
					return false;
			return id[36] == '\0';
		default:
			return true;
	}
}

/* Those of some customers who can be in a source with ids of a type */
static ArrayType *
PossibleCustomers(ArrayType *customers, Oid type)
{
	Datum	   *ids;
	bool	   *nulls;
	int			count;
	int			kept = 0;

	deconstruct_array(customers, TEXTOID, -1, false, TYPALIGN_INT,
					  &ids, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i] && CanBeId(TextDatumGetCString(ids[i]), type))
			ids[kept++] = ids[i];
	return construct_array(ids, kept, TEXTOID, -1, false, TYPALIGN_INT);
}

static Oid
CustomerType(TupleDesc columns)
{
	for (int i = 0; i < columns->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(columns, i)->attname), "customer_id") == 0)
			return SearchType(TupleDescAttr(columns, i)->atttypid);
	return InvalidOid;			/* CheckSource() says so */
}

/*
 * Customers are who they are as text, which '01' and '1', or 1 and 1.0, are not
 * the same as; an index finds them in the type that the query yields.
 */
static void
SelectCustomers(StringInfo sql, Oid type)
{
	appendStringInfoString(sql, " WHERE q.customer_id::text COLLATE \"C\" = ANY ($2)");
	if (OidIsValid(type))
		appendStringInfo(sql, " AND q.customer_id = ANY ($2::%s[])",
						 QualifiedTypeName(type));
}

/* The query with its columns picked, ordered and cast as they are expected */
static char *
SelectExpected(const Source *source, TupleDesc expected, bool customers, Oid type)
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
	if (customers)
		SelectCustomers(&sql, type);
	return sql.data;
}

static void
CheckSource(const Source *source, TupleDesc expected)
{
	TupleDesc	columns = SourceColumns(source);

	for (int i = 0; i < expected->natts; i++)
		CheckColumn(source, columns, TupleDescAttr(expected, i));
}

static ParamListInfo
QueryParams(DateADT as_of, ArrayType *customers, Oid type)
{
	ParamListInfo params = makeParamList(2);

	params->params[0].value = DateADTGetDatum(as_of);
	params->params[0].isnull = false;
	params->params[0].pflags = PARAM_FLAG_CONST;
	params->params[0].ptype = DATEOID;
	params->params[1].value = customers == NULL ? (Datum) 0 :
		PointerGetDatum(PossibleCustomers(customers, type));
	params->params[1].isnull = customers == NULL;
	params->params[1].pflags = PARAM_FLAG_CONST;
	params->params[1].ptype = TEXTARRAYOID;
	return params;
}

static void
RunQuery(const Source *source, DateADT as_of, ArrayType *customers,
		 TupleDesc expected, DestReceiver *dest)
{
	Oid			type = customers == NULL ? InvalidOid : CustomerType(SourceColumns(source));
	const char *query = SelectExpected(source, expected, customers != NULL, type);
	ParamListInfo params = source->kind->takes_day ?
		QueryParams(as_of, customers, type) : makeParamList(0);
	SPIExecuteOptions options = {0};

	options.params = params;
	options.read_only = true;
	options.dest = dest;
	if (SPI_execute_plan_extended(PrepareQuery(query, params->numParams),
								  &options) != SPI_OK_SELECT)
		elog(ERROR, "%s of scheme \"%s\" is not a query",
			 source->kind->noun, source->scheme);
}

/* One run of a source, as an error tells of it */
typedef struct Run
{
	const Source *source;
	const char *as_of;			/* as the session writes dates; NULL if it takes none */
	bool		tell_all;		/* has whoever runs it the rights of who set it? */
} Run;

static char *
RunText(const Run *run)
{
	if (run->as_of == NULL)
		return psprintf("%s of scheme \"%s\"", run->source->kind->noun,
						run->source->scheme);
	return psprintf("%s of scheme \"%s\" as of %s", run->source->kind->noun,
					run->source->scheme, run->as_of);
}

static void
TellRun(void *arg)
{
	errcontext("%s", RunText(arg));
}

/* From here on an error tells of the run, and of nobody above it */
static ErrorContextCallback *
TellFrom(ErrorContextCallback *teller, Run *run)
{
	ErrorContextCallback *above = error_context_stack;

	teller->previous = NULL;
	teller->callback = TellRun;
	teller->arg = run;
	error_context_stack = teller;
	return above;
}

/* What the client is not told goes to the server's log, instead of the detail */
static char *
TextForLog(const ErrorData *error)
{
	const char *texts[] = {error->detail_log ? error->detail_log : error->detail,
		error->hint, error->internalquery, error->context};
	StringInfoData log;

	initStringInfo(&log);
	for (int i = 0; i < lengthof(texts); i++)
		if (texts[i] != NULL)
			appendStringInfo(&log, "%s%s", log.len > 0 ? "\n" : "", texts[i]);
	return log.data;
}

/* The error that is being handled, without what the client may not know of it */
static void pg_attribute_noreturn()
RethrowBare(const Run *run)
{
	ErrorData  *error = CopyErrorData();

	FlushErrorState();
	error->detail_log = TextForLog(error);
	error->context = RunText(run);
	error->detail = error->hint = error->internalquery = NULL;
	error->cursorpos = error->internalpos = 0;
	error->schema_name = error->table_name = error->column_name = NULL;
	error->datatype_name = error->constraint_name = NULL;
	ReThrowError(error);
}

static Oid	source_role = InvalidOid;	/* with whose rights one runs now, or none */

Oid
SourceRole(void)
{
	return source_role;
}

/*
 * What of a query runs on workers of Citus runs under their settings, not under these:
 * they must be the same. The role that set it asks, who is whom they see.
 */
static void
CheckWorkers(const Source *source)
{
	Oid			types[4] = {TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID};
	Datum		values[4];

	if (source->settings == NULL || !OidIsValid(get_extension_oid("citus", true)))
		return;
	values[0] = CStringGetTextDatum(source->kind->noun);
	values[1] = CStringGetTextDatum(source->scheme);
	values[2] = CStringGetTextDatum(source->query);
	values[3] = PointerGetDatum(source->settings);
	if (SPI_execute_with_args("SELECT _tiering.check_worker_settings($1, $2, $3, $4)",
							  4, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not ask workers for their settings");
}

/* With the rights and the settings of the role that set it */
static void
RunPinned(const Run *run, DateADT as_of, ArrayType *customers,
		  TupleDesc expected, DestReceiver *dest)
{
	const Source *source = run->source;
	Oid			save_role = source_role;
	Oid			save_user;
	int			save_context;
	int			nestlevel;

	/* an error restores all, as the end of any (sub)transaction does */
	GetUserIdAndSecContext(&save_user, &save_context);
	SetUserIdAndSecContext(source->role, save_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	nestlevel = SettingsPin(source->settings);
	if (!run->tell_all)			/* warnings and debugging output tell as much */
		SettingsPinOne("client_min_messages", "error");
	source_role = source->role;
	PG_TRY();
	{
		CheckSource(source, expected);
		CheckWorkers(source);
		RunQuery(source, as_of, customers, expected, dest);
	}
	PG_FINALLY();
	{
		source_role = save_role;
	}
	PG_END_TRY();
	SettingsRestore(nestlevel);
	SetUserIdAndSecContext(save_user, save_context);
}

/*
 * Its rows for a date, with the columns that are expected, of all customers or
 * of some; SPI is connected
 */
void
SourceRun(const Source *source, DateADT as_of, ArrayType *customers,
		  TupleDesc expected, DestReceiver *dest)
{
	Run			run = {
		source,
		source->kind->takes_day ?
		DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(as_of))) : NULL,
		has_privs_of_role(GetOuterUserId(), source->role)
	};
	ErrorContextCallback teller;
	ErrorContextCallback *above = TellFrom(&teller, &run);
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		RunPinned(&run, as_of, customers, expected, dest);
	}
	PG_CATCH();
	{
		if (run.tell_all)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		RethrowBare(&run);
	}
	PG_END_TRY();
	error_context_stack = above;
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

/* Connect SPI, and find the source of a scheme's metrics */
void
SourceOpen(Source *source, text *scheme)
{
	ConnectSPI();
	if (!SourceLoad(source, &SourceOfMetrics, PointerGetDatum(scheme)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("scheme \"%s\" has no source",
						text_to_cstring(scheme)),
				 errhint("Set one with tiering.set_source('%s', query).",
						 text_to_cstring(scheme))));
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

/*
 * (scheme, query): nothing, or an error if the query could not be bound to the scheme
 * and yield the columns that are expected, of some customers as well if it has any
 */
static Datum
CheckBound(FunctionCallInfo fcinfo, const SourceKind *kind, bool customers)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Source		source = {
		kind,
		text_to_cstring(SchemeArg(fcinfo)),
		text_to_cstring(PG_GETARG_TEXT_PP(1))
	};
	Run			run = {&source, NULL, true};
	ErrorContextCallback teller;
	ErrorContextCallback *above = TellFrom(&teller, &run);
	Oid			type = InvalidOid;
	int			nestlevel;

	BeginResult(rsinfo);
	ConnectSPI();
	nestlevel = SettingsPin(NULL);
	CheckSource(&source, rsinfo->expectedDesc);
	if (customers)
		type = CustomerType(SourceColumns(&source));
	PrepareQuery(SelectExpected(&source, rsinfo->expectedDesc, customers, type),
				 customers ? 2 : 1);
	SettingsRestore(nestlevel);
	SPI_finish();
	error_context_stack = above;
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

/* dimension_rows(scheme, as_of): customers with the columns that the caller lists */
PG_FUNCTION_INFO_V1(dimension_rows);
Datum
dimension_rows(PG_FUNCTION_ARGS)
{
	return BoundRows(fcinfo, &SourceOfDimensions);
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
	Run			run = {&source, NULL, true};
	ErrorContextCallback teller;
	ErrorContextCallback *above = TellFrom(&teller, &run);
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc	columns;
	ArrayType  *result;
	Datum	   *names;
	int			nestlevel;

	ConnectSPI();
	nestlevel = SettingsPin(NULL);
	columns = SourceColumns(&source);
	SettingsRestore(nestlevel);
	MemoryContextSwitchTo(caller);	/* what it returns outlives SPI */
	names = palloc(sizeof(Datum) * columns->natts);
	for (int i = 0; i < columns->natts; i++)
		names[i] = CStringGetTextDatum(NameStr(TupleDescAttr(columns, i)->attname));
	result = construct_array(names, columns->natts, TEXTOID, -1, false, TYPALIGN_INT);
	SPI_finish();
	error_context_stack = above;
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
