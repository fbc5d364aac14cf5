/*
 * open_end.c
 *		The setting tiering.open_end: see open_end.h.
 *
 * It changes what is made of rows, so whatever reads it is STABLE; a function in a
 * parallel worker has that of the leader, as of all settings. It is kept with each
 * source: see settings.c.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"

#include "open_end.h"

#define SETTING			"tiering.open_end"
#define DEFAULT_TEXT	"9999-01-01"
#define DEFAULT_DAY		((DateADT) 2921575)

DateADT		OpenEnd = DEFAULT_DAY;

static char *open_end_text;

/* A day as YYYY-MM-DD, whatever DateStyle says, or infinity */
static bool
ParseDay(const char *text, DateADT *day)
{
	int			year;
	int			month;
	int			of_month;
	int			julian;
	int			found[3];

	if (strcmp(text, "infinity") == 0)
	{
		*day = DATEVAL_NOEND;
		return true;
	}
	if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 ||
		text[4] != '-' || text[7] != '-' ||
		sscanf(text, "%4d-%2d-%2d", &year, &month, &of_month) != 3 ||
		month < 1 || of_month < 1)
		return false;
	julian = date2j(year, month, of_month);
	j2date(julian, &found[0], &found[1], &found[2]);
	*day = julian - POSTGRES_EPOCH_JDATE;
	return found[0] == year && found[1] == month && found[2] == of_month &&
		*day >= OPEN_END_LEAST;
}

static bool
CheckOpenEnd(char **value, void **extra, GucSource source)
{
	DateADT		day;

	if (ParseDay(*value, &day))
		return true;
	GUC_check_errdetail("It is a day from 2050-01-01 on, such as %s, or infinity.",
						DEFAULT_TEXT);
	return false;
}

static void
AssignOpenEnd(const char *value, void *extra)
{
	(void) ParseDay(value, &OpenEnd);
}

void
OpenEndDefine(void)
{
	DefineCustomStringVariable(SETTING,
							   "From which day on the end of a balance is open.",
							   "A daily_series takes an end on that day or later for none, "
							   "as 9999-12-31 is meant in a warehouse.",
							   &open_end_text, DEFAULT_TEXT, PGC_USERSET, 0,
							   CheckOpenEnd, AssignOpenEnd, NULL);
}

/* What it is, in a session that has called nothing else of ours, too */
PG_FUNCTION_INFO_V1(open_end_setting);
Datum
open_end_setting(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(open_end_text));
}
