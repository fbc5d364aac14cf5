/*
 * source_metrics.c
 *		The metrics of a scheme's source, customer after customer.
 *
 * Rows are read as they come, and made a point in the space of the metrics, scores
 * included: of a row only that is kept which whoever asks makes of it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "source_metrics.h"

/* Which column of a row a metric is; the first is the customer, a score is none */
int
SourceMetricColumn(const Scheme *scheme, int metric)
{
	int			column = 1;

	if (scheme->metrics[metric].kind == METRIC_SCORE)
		return -1;
	for (int i = 0; i < metric; i++)
		column += scheme->metrics[i].kind != METRIC_SCORE;
	return column;
}

/* The columns that the source has to yield: the customer, then the metrics */
static TupleDesc
MetricColumns(const Scheme *scheme)
{
	TupleDesc	columns;
	int			count = 1;
	int			column = 1;

	for (int i = 0; i < scheme->nmetrics; i++)
		count += scheme->metrics[i].kind != METRIC_SCORE;
	columns = CreateTemplateTupleDesc(count);
	TupleDescInitEntry(columns, column, "customer_id", TEXTOID, -1, 0);
	for (int i = 0; i < scheme->nmetrics; i++)
		if (scheme->metrics[i].kind != METRIC_SCORE)
			TupleDescInitEntry(columns, ++column, scheme->metrics[i].name,
							   scheme->metrics[i].kind == METRIC_BOOLEAN ?
							   BOOLOID : NUMERICOID, -1, 0);
	return columns;
}

static DecimalKey
KeyOf(const Metric *metric, Datum value)
{
	struct varlena *number;
	DecimalView view;

	if (metric->kind == METRIC_BOOLEAN)
		return DecimalKeyFromInt64(DatumGetBool(value));
	number = PG_DETOAST_DATUM_PACKED(value);
	DecimalViewNumeric(number, &view);
	if (!view.finite)
		DecimalRefuse(number, psprintf("metric \"%s\"", metric->name));
	return DecimalKeyFromView(&view);
}

static void
FillPoint(const CachedScheme *cached, const TupleTableSlot *slot)
{
	const Scheme *scheme = cached->scheme;
	int			column = 0;

	for (int i = 0; i < scheme->nmetrics; i++)
	{
		if (scheme->metrics[i].kind == METRIC_SCORE)
			continue;
		column++;
		cached->point[i] = slot->tts_isnull[column] ? DECIMAL_KEY_NULL :
			KeyOf(&scheme->metrics[i], slot->tts_values[column]);
	}
	SchemeScore(scheme, cached->point);
}

static void
TellCustomer(void *arg)
{
	errcontext("customer \"%s\"", TextDatumGetCString(*(Datum *) arg));
}

static bool
ReceiveRow(TupleTableSlot *slot, DestReceiver *self)
{
	SourceMetrics *rows = (SourceMetrics *) self;
	MemoryContext old = MemoryContextSwitchTo(rows->row_context);
	ErrorContextCallback teller = {error_context_stack, TellCustomer};

	slot_getallattrs(slot);
	if (slot->tts_isnull[0])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source of scheme \"%s\" yields a null customer_id",
						rows->cached->scheme->name)));
	teller.arg = &slot->tts_values[0];
	error_context_stack = &teller;
	FillPoint(rows->cached, slot);
	rows->take(rows, slot);
	error_context_stack = teller.previous;
	MemoryContextSwitchTo(old);
	MemoryContextReset(rows->row_context);
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

/* Those of a day, of all customers or of some */
void
SourceMetricsRun(SourceMetrics *rows, DateADT as_of, ArrayType *customers)
{
	const Scheme *scheme = rows->cached->scheme;
	/* named after one that takes rows, as SPI takes DestNone for no query */
	const DestReceiver receiver = {
		ReceiveRow, ReceiveBegin, ReceiveEnd, ReceiveEnd, DestTuplestore
	};
	Source		source;

	rows->pub = receiver;
	rows->row_context = AllocSetContextCreate(CurrentMemoryContext, "tiering row",
											  ALLOCSET_DEFAULT_SIZES);
	SourceOpen(&source, cstring_to_text(scheme->name));
	SourceRun(&source, as_of, customers, MetricColumns(scheme), &rows->pub);
	SPI_finish();
}
