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
 * What goes wrong in it is told by its message and SQLSTATE, which may show a value of
 * the bank's: without them nobody could mend it. Who sees some customers of the scheme only is
 * told the SQLSTATE alone, as the value may be that of another one. What else an error
 * says of it is for those who have the rights of the role that set it, and for
 * the server's log: the text of the query, details, hints, where in which function.
 * Of us an error says one line; what we are made of helps nobody to mend a query.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "scheme.h"
#include "settings.h"
#include "source.h"
#include "source_columns.h"
#include "source_plan.h"

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
RunPlan(const Source *source, SPIPlanPtr plan, ParamListInfo params, DestReceiver *dest)
{
	SPIExecuteOptions options = {0};

	options.params = params;
	options.read_only = true;
	options.dest = dest;
	if (SPI_execute_plan_extended(plan, &options) != SPI_OK_SELECT)
		elog(ERROR, "%s of scheme \"%s\" is not a query",
			 source->kind->noun, source->scheme);
}

static void
RunOnce(const Source *source, DateADT as_of, ArrayType *customers,
		TupleDesc expected, DestReceiver *dest)
{
	TupleDesc	columns = SourceColumns(SourceStatement(source));
	Oid			type = customers == NULL ? InvalidOid : CustomerType(columns);
	ParamListInfo params = source->kind->takes_day ?
		QueryParams(as_of, customers, type) : makeParamList(0);

	CheckColumns(source, columns, expected);
	RunPlan(source,
			SourcePrepare(SelectExpected(source, expected, customers != NULL, type),
						  params->numParams, 0),
			params, dest);
}

/*
 * What the query names is locked by the time that it has run. If it became another just
 * before, so may have its columns, and what was yielded may be what no column may feed.
 */
static void
RunAgain(SourcePlan *plan, DateADT as_of, ArrayType *customers, DestReceiver *dest)
{
	const Source *source = &plan->source;

	plan->running = true;
	PG_TRY();
	{
		RunPlan(source, plan->rows, QueryParams(as_of, customers, plan->customer_type), dest);
		if (!SPI_plan_is_valid(plan->columns))
			CheckColumns(source, SourceColumns(SourceStatement(source)), plan->expected);
	}
	PG_FINALLY();
	{
		plan->running = false;
	}
	PG_END_TRY();
}

static void
RunQuery(const Source *source, DateADT as_of, ArrayType *customers,
		 TupleDesc expected, DestReceiver *dest)
{
	SourcePlan *plan = FewCustomers(customers) ? SourcePlanFind(source, expected) : NULL;

	if (plan != NULL)
		RunAgain(plan, as_of, customers, dest);
	else
		RunOnce(source, as_of, customers, expected, dest);
}

/* One run of a source, as an error tells of it */
typedef struct Run
{
	const Source *source;
	const char *as_of;			/* as the session writes dates; NULL if it takes none */
	bool		tell_all;		/* has whoever runs it the rights of who set it? */
	bool		tell_message;	/* or may they be shown a value of any customer? */
} Run;

static SavedQuery ReadsSomeQuery = {
	"SELECT _tiering.reads(_tiering.reader(), $1) IS FALSE",
	1, {TEXTOID}
};

/* Does whoever reads see some customers of a scheme, and not all? */
static bool
ReadsSome(const char *scheme)
{
	bool		isnull;

	RunSavedQuery(&ReadsSomeQuery, CStringGetTextDatum(scheme), 0);
	return DatumGetBool(ResultValue(0, 1, &isnull));
}

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
TextForLog(const ErrorData *error, bool tell_message)
{
	const char *texts[] = {tell_message ? NULL : error->message,
		error->detail_log ? error->detail_log : error->detail,
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
	error->detail_log = TextForLog(error, run->tell_message);
	error->context = RunText(run);
	error->detail = error->hint = error->internalquery = NULL;
	if (!run->tell_message)
	{
		error->message = psprintf("%s failed", error->context);
		error->hint = pstrdup("The server's log says why.");
	}
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

	run.tell_message = run.tell_all || !ReadsSome(source->scheme);
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

/*
 * Nothing, or an error if the query could not be bound to the scheme and yield the columns
 * that are expected, of some customers as well if it has any; SPI is connected
 */
void
SourceCheck(const Source *source, TupleDesc expected, bool customers)
{
	Run			run = {source, NULL, true, true};
	ErrorContextCallback teller;
	ErrorContextCallback *above = TellFrom(&teller, &run);
	int			nestlevel = SettingsPin(NULL);
	TupleDesc	columns = SourceColumns(SourceStatement(source));
	Oid			type = customers ? CustomerType(columns) : InvalidOid;

	CheckColumns(source, columns, expected);
	SourcePrepare(SelectExpected(source, expected, customers, type), customers ? 2 : 1, 0);
	SettingsRestore(nestlevel);
	error_context_stack = above;
}

/* The columns of a query that is to be bound; SPI is connected */
TupleDesc
SourceExamine(const Source *source)
{
	Run			run = {source, NULL, true, true};
	ErrorContextCallback teller;
	ErrorContextCallback *above = TellFrom(&teller, &run);
	int			nestlevel = SettingsPin(NULL);
	TupleDesc	columns = SourceColumns(SourceStatement(source));

	SettingsRestore(nestlevel);
	error_context_stack = above;
	return columns;
}
