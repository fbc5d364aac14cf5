/*
 * scheme_load.c
 *		A scheme's rows, read through SPI and compiled.
 *
 * Reading is read-only and under the snapshot of the statement that asked, so
 * a statement grades by what it sees: in a parallel worker, on a replica and
 * in an old REPEATABLE READ transaction as well.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "scheme.h"

#define VERSION_QUERY \
	"SELECT v.version, pg_catalog.lower(v.effective)," \
	" pg_catalog.upper(v.effective)" \
	" FROM tiering.scheme_version v" \
	" WHERE v.scheme OPERATOR(pg_catalog.=) $1" \
	" AND v.status OPERATOR(pg_catalog.<>) 'draft'" \
	" AND v.effective OPERATOR(pg_catalog.@>) $2"

#define SCHEME_QUERY \
	"SELECT pg_catalog.count(*) FROM tiering.scheme s" \
	" WHERE s.scheme OPERATOR(pg_catalog.=) $1"

#define METRIC_QUERY \
	"SELECT m.metric, m.kind OPERATOR(pg_catalog.=) 'boolean'" \
	" FROM tiering.metric m" \
	" WHERE m.scheme OPERATOR(pg_catalog.=) $1" \
	" AND m.version OPERATOR(pg_catalog.=) $2" \
	" ORDER BY m.metric"

#define RULE_QUERY \
	"SELECT t.tier, r.rule, r.metric," \
	" pg_catalog.lower(r.bounds), pg_catalog.lower_inc(r.bounds)," \
	" pg_catalog.upper(r.bounds), pg_catalog.upper_inc(r.bounds)" \
	" FROM tiering.tier t LEFT JOIN tiering.rule r" \
	" ON r.scheme OPERATOR(pg_catalog.=) t.scheme" \
	" AND r.version OPERATOR(pg_catalog.=) t.version" \
	" AND r.tier OPERATOR(pg_catalog.=) t.tier" \
	" WHERE t.scheme OPERATOR(pg_catalog.=) $1" \
	" AND t.version OPERATOR(pg_catalog.=) $2" \
	" AND (t.base OR r.rule IS NOT NULL)" \
	" ORDER BY t.rank DESC, t.tier, r.rule, r.metric"

typedef struct SavedQuery
{
	const char *text;
	int			nargs;
	Oid			types[2];
	SPIPlanPtr	plan;			/* kept for the session */
} SavedQuery;

static SavedQuery version_query = {VERSION_QUERY, 2, {TEXTOID, DATEOID}};
static SavedQuery scheme_query = {SCHEME_QUERY, 1, {TEXTOID}};
static SavedQuery metric_query = {METRIC_QUERY, 2, {TEXTOID, INT4OID}};
static SavedQuery rule_query = {RULE_QUERY, 2, {TEXTOID, INT4OID}};

static void
RunQuery(SavedQuery *query, Datum first, Datum second)
{
	Datum		values[2] = {first, second};

	if (query->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(query->text, query->nargs, query->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare: %s", query->text);
		query->plan = plan;
	}
	if (SPI_execute_plan(query->plan, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", query->text);
}

static Datum
Cell(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

static char *
CellText(uint64 row, int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = Cell(row, column, &isnull);

	return isnull ? NULL :
		MemoryContextStrdup(context, TextDatumGetCString(value));
}

static void
RefuseScheme(const char *name, DateADT as_of)
{
	bool		isnull;

	RunQuery(&scheme_query, CStringGetTextDatum(name), (Datum) 0);
	if (DatumGetInt64(Cell(0, 1, &isnull)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("scheme \"%s\" does not exist", name),
				 errhint("SELECT scheme FROM tiering.scheme lists the schemes.")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("scheme \"%s\" has no version in force on %s", name,
					DateOut(as_of)),
			 errhint("Publish one with tiering.publish('%s', effective_from).",
					 name)));
}

/* Find the version in force on a day */
static void
LoadVersion(Scheme *scheme, DateADT as_of)
{
	bool		isnull;
	Datum		value;

	RunQuery(&version_query, CStringGetTextDatum(scheme->name),
			 DateADTGetDatum(as_of));
	if (SPI_processed == 0)
		RefuseScheme(scheme->name, as_of);
	scheme->version = DatumGetInt32(Cell(0, 1, &isnull));
	value = Cell(0, 2, &isnull);
	scheme->effective.start = isnull ? DATEVAL_NOBEGIN : DatumGetDateADT(value);
	value = Cell(0, 3, &isnull);
	scheme->effective.end = isnull ? DATEVAL_NOEND : DatumGetDateADT(value);
}

static void
LoadMetrics(Scheme *scheme, MemoryContext context)
{
	bool		isnull;

	RunQuery(&metric_query, CStringGetTextDatum(scheme->name),
			 Int32GetDatum(scheme->version));
	scheme->nmetrics = (int) SPI_processed;
	scheme->metrics = MemoryContextAllocZero(context, (scheme->nmetrics + 1) *
											 sizeof(Metric));
	for (int i = 0; i < scheme->nmetrics; i++)
	{
		scheme->metrics[i].name = CellText(i, 1, context);
		scheme->metrics[i].boolean = DatumGetBool(Cell(i, 2, &isnull));
	}
}

/* The key of a bound, which the rule table promises to fit */
static DecimalKey
BoundKey(Datum bound)
{
	DecimalView view;

	DecimalViewNumeric(PG_DETOAST_DATUM_PACKED(bound), &view);
	if (!view.finite ||
		view.ndigits > view.weight + 1 + DECIMAL_KEY_FRACTION)
		elog(ERROR, "bound of a rule has more than 8 decimals");
	return DecimalKeyFromView(&view);
}

static int
FindMetric(const Scheme *scheme, const char *name)
{
	for (int i = 0; i < scheme->nmetrics; i++)
		if (strcmp(scheme->metrics[i].name, name) == 0)
			return i;
	elog(ERROR, "rule of scheme \"%s\" is on unknown metric \"%s\"",
		 scheme->name, name);
}

static void
LoadCondition(Scheme *scheme, Condition *condition, uint64 row)
{
	bool		isnull;
	bool		inclusive;
	Datum		bound;

	condition->metric = FindMetric(scheme,
								   CellText(row, 3, CurrentMemoryContext));
	scheme->metrics[condition->metric].used = true;
	inclusive = DatumGetBool(Cell(row, 5, &isnull));
	bound = Cell(row, 4, &isnull);
	condition->lower = isnull ? DECIMAL_KEY_MIN :
		BoundKey(bound) + (inclusive ? 0 : 1);
	inclusive = DatumGetBool(Cell(row, 7, &isnull));
	bound = Cell(row, 6, &isnull);
	condition->upper = isnull ? DECIMAL_KEY_MAX :
		BoundKey(bound) + (inclusive ? 1 : 0);
}

/* One box for each rule, and one without conditions for the base tier */
static void
LoadBoxes(Scheme *scheme, MemoryContext context)
{
	char	   *last_tier = NULL;
	int			last_rule = 0;
	int			nconditions = 0;
	uint64		nrows;

	RunQuery(&rule_query, CStringGetTextDatum(scheme->name),
			 Int32GetDatum(scheme->version));
	nrows = SPI_processed;
	scheme->boxes = MemoryContextAllocZero(context, (nrows + 1) * sizeof(Box));
	scheme->conditions = MemoryContextAllocZero(context, (nrows + 1) *
												sizeof(Condition));
	for (uint64 row = 0; row < nrows; row++)
	{
		bool		isnull;
		char	   *tier = CellText(row, 1, CurrentMemoryContext);
		int			rule = DatumGetInt32(Cell(row, 2, &isnull));

		if (last_tier == NULL || rule != last_rule ||
			strcmp(tier, last_tier) != 0)
		{
			MemoryContext old = MemoryContextSwitchTo(context);

			scheme->boxes[scheme->nboxes].tier = CStringGetTextDatum(tier);
			scheme->boxes[scheme->nboxes].first = nconditions;
			scheme->nboxes++;
			MemoryContextSwitchTo(old);
		}
		last_tier = tier;
		last_rule = rule;
		if (isnull)
			continue;
		LoadCondition(scheme, &scheme->conditions[nconditions++], row);
		scheme->boxes[scheme->nboxes - 1].count++;
	}
}

/* Compile the version of a scheme that is in force on a day */
Scheme *
SchemeLoad(const char *name, DateADT as_of, MemoryContext context)
{
	Scheme	   *scheme = MemoryContextAllocZero(context, sizeof(Scheme));

	scheme->name = MemoryContextStrdup(context, name);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	LoadVersion(scheme, as_of);
	LoadMetrics(scheme, context);
	LoadBoxes(scheme, context);
	SPI_finish();
	return scheme;
}
