/*
 * series_io.c
 *		A daily_series as text and as bytes.
 *
 * The text is {2026-01-01: 100.00, 2026-02-01: 250.00, 2026-03-01: none}, with
 * ISO dates whatever DateStyle says: a day in other order would be another
 * day. Numbers are plain decimals; all are shown with the decimals of the one
 * that was given with the most, as a numeric is.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "series.h"

/* How much of a text is quoted when it is refused */
#define QUOTED_BYTES		60

/* The shortest point is 0001-01-01:0 */
#define MIN_POINT_BYTES		12

#define MIN_YEAR_DIGITS		4
#define MAX_YEAR_DIGITS		7

typedef struct Parser
{
	const char *text;
	const char *at;				/* the next character */
	SeriesDraft draft;
} Parser;

static void Refuse(const Parser *parser, const char *at, const char *reason)
			pg_attribute_noreturn();

static void
Refuse(const Parser *parser, const char *at, const char *reason)
{
	int			length = strlen(parser->text);
	int			shown = pg_mbcliplen(parser->text, length, QUOTED_BYTES);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type daily_series: \"%.*s%s\"",
					shown, parser->text, shown < length ? "..." : ""),
			 errdetail("At character %d: %s.",
					   pg_mbstrlen_with_len(parser->text, at - parser->text) + 1,
					   reason),
			 errhint("A daily_series looks like {2026-01-31: 100.00, 2026-02-28: none}.")));
}

static void
SkipSpace(Parser *parser)
{
	/* not scanner_isspace(), to which 16 added the vertical tab */
	parser->at += strspn(parser->at, " \t\n\r\f\v");
}

static void
Expect(Parser *parser, char character, const char *reason)
{
	if (*parser->at != character)
		Refuse(parser, parser->at, reason);
	parser->at++;
}

static inline bool
IsDigit(char character)
{
	return character >= '0' && character <= '9';
}

/* A number of so many digits */
static int
ParseDigits(Parser *parser, int least, int most, const char *reason)
{
	const char *start = parser->at;
	int			value = 0;

	while (IsDigit(*parser->at) && parser->at - start < most)
		value = value * 10 + (*parser->at++ - '0');
	if (parser->at - start < least || IsDigit(*parser->at))
		Refuse(parser, start, reason);
	return value;
}

static DateADT
ParseDay(Parser *parser)
{
	const char *expected = "expected a date such as 2026-01-31";
	const char *start = parser->at;
	int			year;
	int			month;
	int			day;
	int64		date;

	year = ParseDigits(parser, MIN_YEAR_DIGITS, MAX_YEAR_DIGITS, expected);
	if (*start == '0' && parser->at - start > MIN_YEAR_DIGITS)
		Refuse(parser, start, expected);
	Expect(parser, '-', expected);
	month = ParseDigits(parser, 2, 2, expected);
	Expect(parser, '-', expected);
	day = ParseDigits(parser, 2, 2, expected);
	if (year == 0 || month < 1 || month > MONTHS_PER_YEAR || day < 1)
		Refuse(parser, start, "there is no such date");
	if (strncmp(parser->at, " BC", 3) == 0)
	{
		parser->at += 3;
		year = 1 - year;
	}
	if (day > day_tab[isleap(year)][month - 1])
		Refuse(parser, start, "there is no such date");
	date = IS_VALID_JULIAN(year, month, day) ?
		(int64) date2j(year, month, day) - POSTGRES_EPOCH_JDATE : PG_INT64_MAX;
	if (!IS_VALID_DATE(date))
		Refuse(parser, start, "the date is out of the range of dates");
	return (DateADT) date;
}

/* Add digits to a number: zeros, and one that is not zero */
static void
AddDigit(Parser *parser, const char *start, int64 *units, int zeros, int digit)
{
	for (int i = 0; i <= zeros; i++)
	{
		if (*units > SCALED_LIMIT / 10)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("number %.*s does not fit a daily_series",
							(int) Min(strspn(start, "-+.0123456789"),
									  QUOTED_BYTES), start),
					 errdetail("A daily_series takes numbers of at most %d digits, "
							   "counted at the scale that all of its numbers need.",
							   SCALED_DIGITS)));
		*units = *units * 10 + (i == zeros ? digit : 0);
	}
}

/* The decimals of a number, of which zeros at the end only count as shown */
static int
ParseDecimals(Parser *parser, const char *start, int64 *units)
{
	const char *first = parser->at;
	int			scale = 0;

	for (; IsDigit(*parser->at); parser->at++)
	{
		int			decimals = (int) (parser->at - first) + 1;

		if (decimals > SERIES_MAX_DSCALE)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("number %.*s has more than %d decimals",
							(int) Min(strspn(start, "-+.0123456789"),
									  QUOTED_BYTES), start,
							SERIES_MAX_DSCALE)));
		if (*parser->at == '0')
			continue;
		AddDigit(parser, start, units, decimals - scale - 1,
				 *parser->at - '0');
		scale = decimals;
	}
	if (parser->at == first)
		Refuse(parser, first, "expected a digit");
	parser->draft.dscale = Max(parser->draft.dscale,
							   (int) (parser->at - first));
	return scale;
}

/* A number with its scale; a scale beyond 18 leaves nothing that fits */
static Scaled
ParseNumber(Parser *parser)
{
	const char *start = parser->at;
	bool		negative = *start == '-';
	Scaled		number = {0, 0};

	if (*start == '-' || *start == '+')
		parser->at++;
	if (!IsDigit(*parser->at))
		Refuse(parser, start, "expected a number or none");
	for (; IsDigit(*parser->at); parser->at++)
		AddDigit(parser, start, &number.units, 0, *parser->at - '0');
	if (*parser->at == '.')
	{
		parser->at++;
		number.scale = ParseDecimals(parser, start, &number.units);
	}
	if (number.scale > SCALED_DIGITS)
		SeriesRefuseWide(negative ? -number.units : number.units,
						 number.scale, DATEVAL_NOBEGIN);
	if (negative)
		number.units = -number.units;
	return number;
}

/* A point, which must come after the last one */
static void
ParsePoint(Parser *parser, DateADT *last, bool is_first)
{
	Scaled		number = {SERIES_NONE, 0};
	const char *start;
	DateADT		day;

	SkipSpace(parser);
	start = parser->at;
	day = ParseDay(parser);
	if (!is_first && day <= *last)
		Refuse(parser, start, "dates must come in order, each once");
	SkipSpace(parser);
	Expect(parser, ':', "expected a colon");
	SkipSpace(parser);
	if (pg_strncasecmp(parser->at, "none", 4) == 0)
		parser->at += 4;
	else
		number = ParseNumber(parser);
	SeriesPut(&parser->draft, day, number.units, number.scale);
	*last = day;
}

/* As many points as a text can have: by its commas, and by its length */
static int64
MostPoints(const char *text)
{
	const char *c;
	int64		commas = 0;

	for (c = text; *c != '\0'; c++)
		commas += *c == ',';
	return Min(commas + 1, (c - text) / MIN_POINT_BYTES);
}

static struct varlena *
ParseSeries(const char *text)
{
	Parser		parser = {.text = text, .at = text};
	DateADT		last = 0;
	bool		is_first = true;

	SeriesDraftInit(&parser.draft, MostPoints(text), 0);
	SkipSpace(&parser);
	Expect(&parser, '{', "expected an opening brace");
	SkipSpace(&parser);
	while (*parser.at != '}' || !is_first)
	{
		CHECK_FOR_INTERRUPTS();
		ParsePoint(&parser, &last, is_first);
		is_first = false;
		SkipSpace(&parser);
		if (*parser.at == '}')
			break;
		Expect(&parser, ',', "expected a comma or a closing brace");
	}
	Expect(&parser, '}', "expected a closing brace");
	SkipSpace(&parser);
	if (*parser.at != '\0')
		Refuse(&parser, parser.at, "expected nothing after the closing brace");
	return SeriesPack(&parser.draft);
}

static void
AppendDay(StringInfo buf, DateADT day)
{
	struct pg_tm tm;
	char		text[MAXDATELEN + 1];

	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_ISO_DATES, text);
	appendStringInfoString(buf, text);
}

static void
AppendNumber(StringInfo buf, Numeric number)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out,
														   NumericGetDatum(number)));

	appendStringInfoString(buf, text);
	pfree(text);
	pfree(number);
}

/* A day as it stands in a series' text, whatever DateStyle says */
char *
SeriesDayText(DateADT day)
{
	StringInfoData buf;

	initStringInfo(&buf);
	AppendDay(&buf, day);
	return buf.data;
}

/* The day that a whole text is, or an error */
DateADT
SeriesDayFromText(const char *text)
{
	Parser		parser = {.text = text, .at = text};
	DateADT		day = ParseDay(&parser);

	if (*parser.at != '\0')
		Refuse(&parser, parser.at, "expected nothing after the date");
	return day;
}

PG_FUNCTION_INFO_V1(daily_series_in);
Datum
daily_series_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(ParseSeries(PG_GETARG_CSTRING(0)));
}

PG_FUNCTION_INFO_V1(daily_series_out);
Datum
daily_series_out(PG_FUNCTION_ARGS)
{
	Series		series;
	StringInfoData buf;

	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)));
	initStringInfo(&buf);
	appendStringInfoChar(&buf, '{');
	for (int i = 0; i < series.count; i++)
	{
		int64		units = SeriesUnits(&series, i);

		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoString(&buf, ", ");
		AppendDay(&buf, SeriesDay(&series, i));
		appendStringInfoString(&buf, ": ");
		if (units == SERIES_NONE)
			appendStringInfoString(&buf, "none");
		else
			AppendNumber(&buf, SeriesNumber(&series, units));
	}
	appendStringInfoChar(&buf, '}');
	PG_RETURN_CSTRING(buf.data);
}

/* Bytes from outside as a series: those of the packed form, or an error */
static struct varlena *
SeriesFromBytes(const char *data, Size size)
{
	struct varlena *result = palloc(VARHDRSZ + size);
	const char *fault;

	SET_VARSIZE(result, VARHDRSZ + size);
	memcpy(VARDATA(result), data, size);
	fault = SeriesFault(result);
	if (fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of a daily_series"),
				 errdetail("In %zu bytes: %s.", size, fault)));
	return result;
}

/* The binary form is the packed form, which is the same on every machine */
PG_FUNCTION_INFO_V1(daily_series_recv);
Datum
daily_series_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			size = buf->len - buf->cursor;

	PG_RETURN_POINTER(SeriesFromBytes(pq_getmsgbytes(buf, size), size));
}

static bytea *
SeriesToBytes(Datum value)
{
	struct varlena *series = PG_DETOAST_DATUM_PACKED(value);
	Size		size = VARSIZE_ANY_EXHDR(series);
	bytea	   *result = palloc(VARHDRSZ + size);
	Series		opened;

	SeriesOpen(&opened, series);
	SET_VARSIZE(result, VARHDRSZ + size);
	memcpy(VARDATA(result), VARDATA_ANY(series), size);
	return result;
}

PG_FUNCTION_INFO_V1(daily_series_send);
Datum
daily_series_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(SeriesToBytes(PG_GETARG_DATUM(0)));
}

PG_FUNCTION_INFO_V1(daily_series_from_bytea);
Datum
daily_series_from_bytea(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_POINTER(SeriesFromBytes(VARDATA_ANY(bytes),
									  VARSIZE_ANY_EXHDR(bytes)));
}
