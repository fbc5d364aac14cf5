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
#include "utils/builtins.h"

#include "saved_query.h"
#include "scheme.h"

#define VERSION_QUERY \
	"SELECT v.version, pg_catalog.lower(v.effective)," \
	" pg_catalog.upper(v.effective)" \
	" FROM tiering.scheme_version v" \
	" WHERE v.scheme OPERATOR(pg_catalog.=) $1" \
	" AND v.status OPERATOR(pg_catalog.<>) 'draft'" \
	" AND v.effective OPERATOR(pg_catalog.@>) $2"

#define NUMBER_QUERY \
	"SELECT v.version, pg_catalog.lower(v.effective)," \
	" pg_catalog.upper(v.effective)" \
	" FROM tiering.scheme_version v" \
	" WHERE v.scheme OPERATOR(pg_catalog.=) $1" \
	" AND v.version OPERATOR(pg_catalog.=) $2"

#define SCHEME_QUERY \
	"SELECT pg_catalog.count(*) FROM tiering.scheme s" \
	" WHERE s.scheme OPERATOR(pg_catalog.=) $1"

#define METRIC_QUERY \
	"SELECT m.metric, m.kind, m.is_measure" \
	" FROM tiering.metric m" \
	" WHERE m.scheme OPERATOR(pg_catalog.=) $1" \
	" AND m.version OPERATOR(pg_catalog.=) $2" \
	" ORDER BY m.metric"

#define RULE_QUERY \
	"SELECT t.tier, r.rule, r.metric," \
	" pg_catalog.lower(r.bounds), pg_catalog.lower_inc(r.bounds)," \
	" pg_catalog.upper(r.bounds), pg_catalog.upper_inc(r.bounds)," \
	" t.rank, r.stay" \
	" FROM tiering.tier t LEFT JOIN tiering.rule r" \
	" ON r.scheme OPERATOR(pg_catalog.=) t.scheme" \
	" AND r.version OPERATOR(pg_catalog.=) t.version" \
	" AND r.tier OPERATOR(pg_catalog.=) t.tier" \
	" WHERE t.scheme OPERATOR(pg_catalog.=) $1" \
	" AND t.version OPERATOR(pg_catalog.=) $2" \
	" AND (t.base OR r.rule IS NOT NULL)" \
	" ORDER BY t.rank DESC, t.tier, r.rule, r.metric"

#define SCORE_QUERY \
	"SELECT w.score, w.metric," \
	" w.null_points OPERATOR(pg_catalog.*) w.weight," \
	" b.points OPERATOR(pg_catalog.*) w.weight," \
	" pg_catalog.lower(b.bounds), pg_catalog.lower_inc(b.bounds)," \
	" pg_catalog.upper(b.bounds), pg_catalog.upper_inc(b.bounds)" \
	" FROM tiering.score_weight w LEFT JOIN tiering.score_band b" \
	" ON b.scheme OPERATOR(pg_catalog.=) w.scheme" \
	" AND b.version OPERATOR(pg_catalog.=) w.version" \
	" AND b.score OPERATOR(pg_catalog.=) w.score" \
	" AND b.metric OPERATOR(pg_catalog.=) w.metric" \
	" WHERE w.scheme OPERATOR(pg_catalog.=) $1" \
	" AND w.version OPERATOR(pg_catalog.=) $2" \
	" ORDER BY w.score, w.metric, b.bounds"

/* sorted by asset_class, which collates as "C" */
#define WEIGHT_QUERY \
	"SELECT w.asset_class, w.weight FROM tiering.asset_weight w" \
	" WHERE w.scheme OPERATOR(pg_catalog.=) $1" \
	" AND w.version OPERATOR(pg_catalog.=) $2" \
	" ORDER BY w.asset_class"

static SavedQuery version_query = {VERSION_QUERY, 2, {TEXTOID, DATEOID}};
static SavedQuery number_query = {NUMBER_QUERY, 2, {TEXTOID, INT4OID}};
static SavedQuery scheme_query = {SCHEME_QUERY, 1, {TEXTOID}};
static SavedQuery metric_query = {METRIC_QUERY, 2, {TEXTOID, INT4OID}};
static SavedQuery rule_query = {RULE_QUERY, 2, {TEXTOID, INT4OID}};
static SavedQuery score_query = {SCORE_QUERY, 2, {TEXTOID, INT4OID}};
static SavedQuery weight_query = {WEIGHT_QUERY, 2, {TEXTOID, INT4OID}};

static void
RefuseScheme(const char *name, VersionPick pick)
{
	bool		isnull;

	RunSavedQuery(&scheme_query, CStringGetTextDatum(name), (Datum) 0);
	if (DatumGetInt64(ResultValue(0, 1, &isnull)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("scheme \"%s\" does not exist", name),
				 errhint("SELECT scheme FROM tiering.scheme lists the schemes.")));
	if (pick.by_number)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("scheme \"%s\" has no version %d", name, pick.value),
				 errhint("Those that it has are in tiering.scheme_version; "
						 "tiering.new_version('%s') makes a draft.", name)));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("scheme \"%s\" has no version in force on %s", name,
					DateOut(pick.value)),
			 errhint("Publish one with tiering.publish('%s', effective_from).",
					 name)));
}

static void
LoadVersion(Scheme *scheme, VersionPick pick)
{
	bool		isnull;
	Datum		value;

	RunSavedQuery(pick.by_number ? &number_query : &version_query,
			 CStringGetTextDatum(scheme->name), Int32GetDatum(pick.value));
	if (SPI_processed == 0)
		RefuseScheme(scheme->name, pick);
	scheme->version = DatumGetInt32(ResultValue(0, 1, &isnull));
	value = ResultValue(0, 2, &isnull);
	scheme->effective.start = isnull ? DATEVAL_NOBEGIN : DatumGetDateADT(value);
	value = ResultValue(0, 3, &isnull);
	scheme->effective.end = isnull ? DATEVAL_NOEND : DatumGetDateADT(value);
}

static MetricKind
KindFromName(const char *name)
{
	if (strcmp(name, "score") == 0)
		return METRIC_SCORE;
	return strcmp(name, "boolean") == 0 ? METRIC_BOOLEAN : METRIC_NUMBER;
}

static void
LoadMetrics(Scheme *scheme, MemoryContext context)
{
	bool		isnull;

	RunSavedQuery(&metric_query, CStringGetTextDatum(scheme->name),
			 Int32GetDatum(scheme->version));
	scheme->nmetrics = (int) SPI_processed;
	scheme->metrics = MemoryContextAllocZero(context, (scheme->nmetrics + 1) *
											 sizeof(Metric));
	for (int i = 0; i < scheme->nmetrics; i++)
	{
		scheme->metrics[i].name = ResultText(i, 1, context);
		scheme->metrics[i].kind = KindFromName(ResultText(i, 2, CurrentMemoryContext));
		scheme->metrics[i].is_measure = DatumGetBool(ResultValue(i, 3, &isnull));
	}
}

/* The key of a number which the tables promise to have 8 decimals at most */
static DecimalKey
ExactKey(Datum number)
{
	DecimalView view;

	DecimalViewNumeric(PG_DETOAST_DATUM_PACKED(number), &view);
	if (!view.finite ||
		view.ndigits > view.weight + 1 + DECIMAL_KEY_FRACTION)
		elog(ERROR, "number in a scheme has more than 8 decimals");
	return DecimalKeyFromView(&view);
}

/* The keys of bounds in four columns: lower, lower_inc, upper, upper_inc */
static void
CellBounds(uint64 row, int column, DecimalKey *lower, DecimalKey *upper)
{
	bool		isnull;
	bool		inclusive;
	Datum		bound;

	inclusive = DatumGetBool(ResultValue(row, column + 1, &isnull));
	bound = ResultValue(row, column, &isnull);
	*lower = isnull ? DECIMAL_KEY_MIN : ExactKey(bound) + (inclusive ? 0 : 1);
	inclusive = DatumGetBool(ResultValue(row, column + 3, &isnull));
	bound = ResultValue(row, column + 2, &isnull);
	*upper = isnull ? DECIMAL_KEY_MAX : ExactKey(bound) + (inclusive ? 1 : 0);
}

/* The number of the metric that a cell names, which is used then */
static int
CellMetric(Scheme *scheme, uint64 row, int column)
{
	char	   *name = ResultText(row, column, CurrentMemoryContext);

	for (int i = 0; i < scheme->nmetrics; i++)
		if (strcmp(scheme->metrics[i].name, name) == 0)
		{
			scheme->metrics[i].used = true;
			return i;
		}
	elog(ERROR, "scheme \"%s\" looks at unknown metric \"%s\"",
		 scheme->name, name);
}

static void
LoadCondition(Scheme *scheme, Condition *condition, uint64 row)
{
	condition->metric = CellMetric(scheme, row, 3);
	CellBounds(row, 4, &condition->lower, &condition->upper);
}

static void
LoadBox(Box *box, const char *tier, uint64 row, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		isnull;

	box->tier = CStringGetTextDatum(tier);
	MemoryContextSwitchTo(old);
	box->rule = DatumGetInt32(ResultValue(row, 2, &isnull));
	box->rank = DatumGetInt32(ResultValue(row, 8, &isnull));
	box->stay = DatumGetBool(ResultValue(row, 9, &isnull)) && !isnull;
}

/* One box for each rule, and one without conditions for the base tier */
static void
LoadBoxes(Scheme *scheme, MemoryContext context)
{
	char	   *last_tier = NULL;
	int			last_rule = 0;
	int			nconditions = 0;
	uint64		nrows;

	RunSavedQuery(&rule_query, CStringGetTextDatum(scheme->name),
			 Int32GetDatum(scheme->version));
	nrows = SPI_processed;
	scheme->boxes = MemoryContextAllocZero(context, (nrows + 1) * sizeof(Box));
	scheme->conditions = MemoryContextAllocZero(context, (nrows + 1) *
												sizeof(Condition));
	for (uint64 row = 0; row < nrows; row++)
	{
		bool		isnull;
		char	   *tier = ResultText(row, 1, CurrentMemoryContext);
		int			rule = DatumGetInt32(ResultValue(row, 2, &isnull));

		if (last_tier == NULL || rule != last_rule ||
			strcmp(tier, last_tier) != 0)
		{
			LoadBox(&scheme->boxes[scheme->nboxes++], tier, row, context);
			scheme->boxes[scheme->nboxes - 1].first = nconditions;
		}
		last_tier = tier;
		last_rule = rule;
		if (isnull)
			continue;
		LoadCondition(scheme, &scheme->conditions[nconditions++], row);
		scheme->boxes[scheme->nboxes - 1].count++;
	}
}

/* The score to which a row's band belongs: the last one, or a new one */
static Score *
CellScore(Scheme *scheme, uint64 row, uint64 nrows, MemoryContext context)
{
	int			metric = CellMetric(scheme, row, 1);
	Score	   *score;

	if (scheme->nscores > 0 &&
		scheme->scores[scheme->nscores - 1].metric == metric)
		return &scheme->scores[scheme->nscores - 1];
	score = &scheme->scores[scheme->nscores++];
	score->metric = metric;
	score->parts = MemoryContextAllocZero(context, (nrows - row) *
										  sizeof(ScorePart));
	return score;
}

/* And the part of it */
static ScorePart *
CellScorePart(Scheme *scheme, Score *score, uint64 row, uint64 nrows,
			  MemoryContext context)
{
	int			metric = CellMetric(scheme, row, 2);
	ScorePart  *part;
	bool		isnull;
	Datum		points;

	if (score->nparts > 0 && score->parts[score->nparts - 1].metric == metric)
		return &score->parts[score->nparts - 1];
	part = &score->parts[score->nparts++];
	part->metric = metric;
	part->bands = MemoryContextAllocZero(context, (nrows - row) *
										 sizeof(Band));
	points = ResultValue(row, 3, &isnull);
	part->null_points = isnull ? DECIMAL_KEY_NULL : ExactKey(points);
	return part;
}

/* The scores, in rows sorted by score, metric and band */
static void
LoadScores(Scheme *scheme, MemoryContext context)
{
	uint64		nrows;

	RunSavedQuery(&score_query, CStringGetTextDatum(scheme->name),
			 Int32GetDatum(scheme->version));
	nrows = SPI_processed;
	scheme->scores = MemoryContextAllocZero(context, (nrows + 1) *
											sizeof(Score));
	for (uint64 row = 0; row < nrows; row++)
	{
		Score	   *score = CellScore(scheme, row, nrows, context);
		ScorePart  *part = CellScorePart(scheme, score, row, nrows, context);
		Band	   *band = &part->bands[part->nbands];
		bool		isnull;
		Datum		points = ResultValue(row, 4, &isnull);

		if (isnull)
			continue;			/* no bands: an error when it is scored */
		band->points = ExactKey(points);
		CellBounds(row, 5, &band->lower, &band->upper);
		part->nbands++;
	}
}

static bool
HasScores(const Scheme *scheme)
{
	for (int i = 0; i < scheme->nmetrics; i++)
		if (scheme->metrics[i].kind == METRIC_SCORE)
			return true;
	return false;
}

/* Compile a version of a scheme */
Scheme *
SchemeLoad(const char *name, VersionPick pick, MemoryContext context)
{
	Scheme	   *scheme = MemoryContextAllocZero(context, sizeof(Scheme));

	scheme->name = MemoryContextStrdup(context, name);
	ConnectSPI();
	LoadVersion(scheme, pick);
	LoadMetrics(scheme, context);
	LoadBoxes(scheme, context);
	if (HasScores(scheme))
		LoadScores(scheme, context);
	SPI_finish();
	return scheme;
}

/* The weights of a version's asset classes */
AssetWeights *
SchemeLoadWeights(const Scheme *scheme, MemoryContext context)
{
	AssetWeights *weights = MemoryContextAllocZero(context,
												   sizeof(AssetWeights));

	ConnectSPI();
	RunSavedQuery(&weight_query, CStringGetTextDatum(scheme->name),
			 Int32GetDatum(scheme->version));
	weights->count = (int) SPI_processed;
	weights->weights = MemoryContextAllocZero(context, (weights->count + 1) *
											  sizeof(AssetWeight));
	for (int i = 0; i < weights->count; i++)
	{
		bool		isnull;
		Datum		weight = ResultValue(i, 2, &isnull);
		MemoryContext old = MemoryContextSwitchTo(context);

		weights->weights[i].weight = PointerGetDatum(PG_DETOAST_DATUM_COPY(weight));
		MemoryContextSwitchTo(old);
		weights->weights[i].asset_class = ResultText(i, 1, context);
	}
	SPI_finish();
	return weights;
}
