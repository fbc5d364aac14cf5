/*
 * saved_query.c
 *		Queries about our own tables, planned once for the session.
 *
 * Reading is read-only and under the snapshot of the statement that asked, so
 * a statement works with what it sees: in a parallel worker, on a replica and
 * in an old REPEATABLE READ transaction as well. A plan knows no value, as whoever
 * asks can have it printed (debug_print_plan), and some ask by a key.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "saved_query.h"

void
ConnectSPI(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

/* Its rows are SPI_tuptable's, SPI_processed of them; SPI is connected */
void
RunSavedQuery(SavedQuery *query, Datum first, Datum second)
{
	Datum		values[2] = {first, second};

	if (query->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(query->text, query->nargs, query->types,
											  CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare: %s", query->text);
		query->plan = plan;
	}
	if (SPI_execute_plan(query->plan, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", query->text);
}

/* A query, for a receiver that takes its rows as they come; SPI is connected */
void
ReadRows(const char *query, int nargs, const Oid *types, const NullableDatum *values,
		 DestReceiver *receiver)
{
	ParamListInfo params = makeParamList(nargs);
	SPIExecuteOptions options = {0};

	for (int i = 0; i < nargs; i++)
	{
		params->params[i].value = values[i].value;
		params->params[i].isnull = values[i].isnull;
		params->params[i].pflags = PARAM_FLAG_CONST;
		params->params[i].ptype = types[i];
	}
	options.params = params;
	options.read_only = true;
	options.dest = receiver;
	if (SPI_execute_extended(query, &options) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", query);
}

/* A value of the result; columns count from 1 */
Datum
ResultValue(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

/* The same of a text, copied; NULL if it is null */
char *
ResultText(uint64 row, int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = ResultValue(row, column, &isnull);

	return isnull ? NULL :
		MemoryContextStrdup(context, TextDatumGetCString(value));
}
