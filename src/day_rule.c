/*
 * day_rule.c
 *		Reads the words of day_rule.h, and refuses those that mean nothing together.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datetime.h"

#include "day_rule.h"

#define BLANKS		" \t\r\n"

/* Kinds of words. Of each there is one, all else would contradict it. */
typedef enum Kind
{
	KIND_DENOMINATOR,
	KIND_MISSING,
	KIND_CARRY,
	KINDS
} Kind;

static const struct
{
	const char *word;
	Kind		kind;
	int			value;
}			Words[] = {
	{"period", KIND_DENOMINATOR, DENOMINATOR_PERIOD},
	{"elapsed", KIND_DENOMINATOR, DENOMINATOR_ELAPSED},
	{"held", KIND_DENOMINATOR, DENOMINATOR_HELD},
	{"observed", KIND_DENOMINATOR, DENOMINATOR_OBSERVED},
	{"open", KIND_DENOMINATOR, DENOMINATOR_OPEN},
	{"business", KIND_DENOMINATOR, DENOMINATOR_BUSINESS},
	{"zero", KIND_MISSING, MISSING_ZERO},
	{"skip", KIND_MISSING, MISSING_SKIP},
	{"error", KIND_MISSING, MISSING_ERROR},
	{"carry", KIND_CARRY, true}
};

/* What has been read so far */
typedef struct Reading
{
	DayRule		rule;
	RuleOf		of;
	const char *said[KINDS];
} Reading;

static void
RefuseTwo(const char *one, const char *other)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" and \"%s\" cannot be together", one, other),
			 errhint("There is one of period, elapsed, held, observed, open, business, and one of "
					 "zero, skip, error.")));
}

/* A value without the word that it belongs to, or the other way round */
static void
RefuseAlone(const char *word, const char *needs)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" means nothing without \"%s\"", word, needs)));
}

static void
RefuseUnknown(const char *item, RuleOf of)
{
	bool		of_rows = of == RULE_OF_SNAPSHOTS || of == RULE_OF_CHANGES;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no word for days", item),
			 errhint("Words are period, elapsed, held, observed, open%s; zero, skip, error, "
					 "carry; last_day=DAY, max_age=DAYS%s.", of_rows ? ", business" : "",
					 of_rows ? ", calendar=NAME" : "")));
}

static void
RefuseNoCalendar(RuleOf of)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"business\" takes a calendar"),
			 of == RULE_OF_SERIES ?
			 errhint("Use tiering.daily_avg_business(series, period, calendar).") :
			 errhint("Give its name as calendar=NAME.")));
}

static void
ReadWord(Reading *reading, const char *word)
{
	DayRule    *rule = &reading->rule;
	int			i = 0;

	while (i < lengthof(Words) && strcmp(Words[i].word, word) != 0)
		i++;
	if (i == lengthof(Words))
		RefuseUnknown(word, reading->of);
	if (reading->said[Words[i].kind] != NULL &&
		strcmp(reading->said[Words[i].kind], word) != 0)
		RefuseTwo(reading->said[Words[i].kind], word);
	reading->said[Words[i].kind] = Words[i].word;
	if (Words[i].kind == KIND_DENOMINATOR)
		rule->denominator = Words[i].value;
	else if (Words[i].kind == KIND_MISSING)
		rule->missing = Words[i].value;
	else
		rule->carry = true;
}

static int32
ReadAge(const char *value)
{
	size_t		length = strlen(value);

	if (length == 0 || length > 5 || strspn(value, "0123456789") != length ||
		atoi(value) > DAY_RULE_MAX_AGE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_age must be a number of days, not %s", value)));
	return atoi(value);
}

/* In ISO form, whatever DateStyle is */
static DateADT
ReadDay(const char *value)
{
	int			length = 0;
	int			year;
	int			month;
	int			day;

	if (sscanf(value, "%4d-%2d-%2d%n", &year, &month, &day, &length) != 3 ||
		length != 10 || strlen(value) != 10 || strspn(value, "0123456789-") != 10 ||
		year < 1 || month < 1 || month > MONTHS_PER_YEAR ||
		day < 1 || day > day_tab[isleap(year)][month - 1])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("last_day must be a day such as 2026-09-30, not %s", value)));
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

static void
ReadValue(Reading *reading, const char *name, const char *value)
{
	DayRule    *rule = &reading->rule;

	if ((strcmp(name, "max_age") == 0 && rule->max_age != PG_INT32_MAX) ||
		(strcmp(name, "last_day") == 0 && rule->last_day != DATEVAL_NOEND) ||
		(strcmp(name, "calendar") == 0 && rule->calendar != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is there twice", name)));
	if (strcmp(name, "max_age") == 0)
		rule->max_age = ReadAge(value);
	else if (strcmp(name, "last_day") == 0)
		rule->last_day = ReadDay(value);
	else if (strcmp(name, "calendar") == 0 && reading->of != RULE_OF_SERIES &&
			 reading->of != RULE_OF_BUSINESS)
		rule->calendar = pstrdup(value);
	else
		RefuseUnknown(name, reading->of);
}

static void
CheckTogether(const Reading *reading)
{
	const DayRule *rule = &reading->rule;
	const char *denominator = reading->said[KIND_DENOMINATOR];

	if (rule->max_age != PG_INT32_MAX && !rule->carry)
		RefuseAlone("max_age", "carry");
	if (rule->last_day != DATEVAL_NOEND && rule->denominator != DENOMINATOR_ELAPSED)
		RefuseAlone("last_day", "elapsed");
	if (rule->calendar != NULL && rule->denominator != DENOMINATOR_BUSINESS)
		RefuseAlone("calendar", "business");
	if (rule->denominator == DENOMINATOR_BUSINESS && rule->calendar == NULL &&
		reading->of != RULE_OF_BUSINESS)
		RefuseNoCalendar(reading->of);
	if (rule->denominator == DENOMINATOR_ELAPSED && rule->last_day == DATEVAL_NOEND &&
		reading->of == RULE_OF_CHANGES)
		RefuseAlone("elapsed", "last_day");
	if (rule->missing == MISSING_ERROR && (rule->denominator == DENOMINATOR_HELD ||
										   rule->denominator == DENOMINATOR_OBSERVED))
		RefuseTwo("error", denominator);
}

static char *
Trimmed(char *item)
{
	char	   *start = item + strspn(item, BLANKS);
	char	   *end = start + strlen(start);

	while (end > start && strchr(BLANKS, end[-1]) != NULL)
		end--;
	*end = '\0';
	return start;
}

/* What words say. The calendar's name lies in the current context. */
static DayRule
Read(char *words, RuleOf of)
{
	Reading		reading = {{.max_age = PG_INT32_MAX, .last_day = DATEVAL_NOEND}, of};

	reading.rule.carry = of == RULE_OF_CHANGES;
	if (of == RULE_OF_BUSINESS)
		ReadWord(&reading, "business");
	for (char *next = words; next != NULL;)
	{
		char	   *item = next;
		char	   *value;

		next = strchr(item, ',');
		if (next != NULL)
			*next++ = '\0';
		value = strchr(item, '=');
		if (value == NULL)
			ReadWord(&reading, Trimmed(item));
		else
		{
			*value++ = '\0';
			ReadValue(&reading, Trimmed(item), Trimmed(value));
		}
	}
	CheckTogether(&reading);
	return reading.rule;
}

DayRule
DayRuleRead(const text *words, RuleOf of, MemoryContext context)
{
	DayRule		rule = Read(text_to_cstring(words), of);

	if (rule.calendar != NULL)
		rule.calendar = MemoryContextStrdup(context, rule.calendar);
	return rule;
}

/* The rule that an argument says; the last one is kept with the call site */
const DayRule *
DayRuleArg(FunctionCallInfo fcinfo, int argno, RuleOf of, DayRuleCache *cache)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	text	   *words;
	Size		length;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 of == RULE_OF_SERIES ? errmsg("denominator must not be null") :
				 errmsg("days must not be null")));
	words = PG_GETARG_TEXT_PP(argno);
	length = VARSIZE_ANY_EXHDR(words);
	if (cache->words == NULL || VARSIZE_ANY_EXHDR(cache->words) != length ||
		memcmp(VARDATA_ANY(cache->words), VARDATA_ANY(words), length) != 0)
	{
		if (cache->words != NULL)
			pfree(cache->words);
		cache->words = NULL;
		cache->rule = DayRuleRead(words, of, context);
		cache->words = MemoryContextAlloc(context, VARHDRSZ + length);
		SET_VARSIZE(cache->words, VARHDRSZ + length);
		memcpy(VARDATA(cache->words), VARDATA_ANY(words), length);
	}
	return &cache->rule;
}

/* A day that counts has no balance, and is not to be without one */
void
RefuseMissing(DateADT day, const char *account)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 account == NULL ?
			 errmsg("there is no balance on %s", DateOut(day)) :
			 errmsg("there is no balance of account %s on %s", account, DateOut(day)),
			 errhint("With carry the last balance holds, with skip the day does not count, "
					 "with open no day before the first balance or after the last one does.")));
}

/* Days of [from, to) that count; without a calendar all do */
int64
CountedDays(const BusinessDays *business, DateADT from, DateADT to)
{
	return business == NULL ? (int64) to - from : BusinessDaysIn(business, from, to);
}

/* The first day from one on that counts; there is one */
DateADT
FirstCounted(const BusinessDays *business, DateADT from)
{
	while (CountedDays(business, from, from + 1) == 0)
		from++;
	return from;
}
