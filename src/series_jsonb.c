/*
 * series_jsonb.c
 *		A daily_series as a jsonb object, {"2026-01-31": 100.00, "2026-02-28":
 *		null}, whose numbers are numerics: nothing is a float on the way.
 *
 * jsonb keeps the keys of an object in an order of its own, by length first; so
 * years beyond 9999 and before Christ do not come in the order of their days.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "series.h"

static void Refuse(const char *reason) pg_attribute_noreturn();

static void
Refuse(const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("jsonb value is not a daily_series: %s", reason),
			 errhint("A daily_series is an object such as "
					 "{\"2026-01-31\": 100.00, \"2026-02-28\": null}.")));
}

static SeriesPoint
ReadPoint(const JsonbValue *key, const JsonbValue *value, SeriesDraft *draft)
{
	char	   *text = pnstrdup(key->val.string.val, key->val.string.len);
	SeriesPoint point = {SERIES_NONE};

	point.day = SeriesDayFromText(text);
	if (value->type == jbvNumeric)
	{
		Scaled		number;
		int			dscale;

		SeriesReadNumber((struct varlena *) value->val.numeric, "number",
						 &number, &dscale);
		point.units = number.units;
		point.scale = number.scale;
		draft->dscale = Max(draft->dscale, dscale);
	}
	else if (value->type != jbvNull)
		Refuse(psprintf("the value of \"%s\" is neither a number nor null",
						text));
	pfree(text);
	return point;
}

/* All points, in the order of the object's keys */
static SeriesPoint *
ReadPoints(JsonbContainer *object, int count, SeriesDraft *draft)
{
	SeriesPoint *points = palloc_extended(Max(count, 1) * sizeof(SeriesPoint),
										  MCXT_ALLOC_HUGE);
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;
	int			n = 0;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		JsonbIteratorNext(&iterator, &value, true);
		CHECK_FOR_INTERRUPTS();
		points[n++] = ReadPoint(&key, &value, draft);
	}
	return points;
}

static int
CompareDays(const void *a, const void *b)
{
	DateADT		left = ((const SeriesPoint *) a)->day;
	DateADT		right = ((const SeriesPoint *) b)->day;

	return left < right ? -1 : left > right ? 1 : 0;
}

PG_FUNCTION_INFO_V1(daily_series_from_jsonb);
Datum
daily_series_from_jsonb(PG_FUNCTION_ARGS)
{
	Jsonb	   *jsonb = PG_GETARG_JSONB_P(0);
	int			count = JB_ROOT_COUNT(jsonb);
	SeriesDraft draft;
	SeriesPoint *points;

	if (!JB_ROOT_IS_OBJECT(jsonb))
		Refuse("it is not an object");
	SeriesDraftInit(&draft, count, 0);
	points = ReadPoints(&jsonb->root, count, &draft);
	qsort(points, count, sizeof(SeriesPoint), CompareDays);
	for (int i = 0; i < count; i++)
		SeriesPut(&draft, points[i].day, points[i].units, points[i].scale);
	PG_RETURN_POINTER(SeriesPack(&draft));
}

PG_FUNCTION_INFO_V1(daily_series_to_jsonb);
Datum
daily_series_to_jsonb(PG_FUNCTION_ARGS)
{
	Series		series;
	JsonbParseState *state = NULL;
	JsonbValue *result;

	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < series.count; i++)
	{
		int64		units = SeriesUnits(&series, i);
		JsonbValue	key = {.type = jbvString};
		JsonbValue	value = {.type = jbvNull};

		CHECK_FOR_INTERRUPTS();
		key.val.string.val = SeriesDayText(SeriesDay(&series, i));
		key.val.string.len = strlen(key.val.string.val);
		pushJsonbValue(&state, WJB_KEY, &key);
		if (units != SERIES_NONE)
		{
			value.type = jbvNumeric;
			value.val.numeric = SeriesNumber(&series, units);
		}
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	result = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(result));
}
