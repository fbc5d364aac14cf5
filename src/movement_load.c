/*
 * movement_load.c
 *		The policies of a version, read through SPI.
 *
 * Everything that a policy can say comes in here: a column more is a line more
 * in POLICY_QUERY, in LoadPolicy() and in the struct.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "movement_load.h"
#include "saved_query.h"

/* Tiers that the rules lead into have an effect of their own; see Tier.earnable */
#define POLICY_QUERY \
	"SELECT t.tier, t.rank, t.approval," \
	" t.base OR EXISTS (SELECT FROM tiering.rule r" \
	"  WHERE r.scheme OPERATOR(pg_catalog.=) t.scheme" \
	"  AND r.version OPERATOR(pg_catalog.=) t.version" \
	"  AND r.tier OPERATOR(pg_catalog.=) t.tier AND NOT r.stay)," \
	" p.up OPERATOR(pg_catalog.=) 'at_once', p.down_after, p.down_to," \
	" (SELECT pg_catalog.bit_or(1 OPERATOR(pg_catalog.<<) m)" \
	"  FROM pg_catalog.unnest(p.review_months) m)," \
	" p.review_at OPERATOR(pg_catalog.=) 'month_end', p.review_from, p.effective," \
	" p.hold, p.new_hold, p.term, p.renews" \
	" FROM tiering.tier t LEFT JOIN tiering.policy p" \
	" ON p.scheme OPERATOR(pg_catalog.=) t.scheme" \
	" AND p.version OPERATOR(pg_catalog.=) t.version" \
	" AND p.tier OPERATOR(pg_catalog.=) t.tier" \
	" WHERE t.scheme OPERATOR(pg_catalog.=) $1" \
	" AND t.version OPERATOR(pg_catalog.=) $2" \
	" ORDER BY t.rank, t.tier DESC"

#define SUCCESSOR_QUERY \
	"SELECT s.from_version, s.tier, s.becomes" \
	" FROM _tiering.succeeded($1, $2) s" \
	" WHERE s.becomes IS DISTINCT FROM s.tier"

static SavedQuery policy_query = {POLICY_QUERY, 2, {TEXTOID, INT4OID}};
static SavedQuery successor_query = {SUCCESSOR_QUERY, 2, {TEXTOID, INT4OID}};

/* Of a column with an interval, hours counting as parts of days */
static Span
CellSpan(uint64 row, int column)
{
	Span		span = {0, 0};
	bool		isnull;
	Datum		value = ResultValue(row, column, &isnull);

	if (!isnull)
	{
		Interval   *interval = DatumGetIntervalP(value);

		span.months = interval->month;
		span.days = interval->day + (int) (interval->time / USECS_PER_DAY);
	}
	return span;
}

/* A word's index in a list, which is what the table's CHECK allows */
static int
CellWord(uint64 row, int column, const char *const *words)
{
	char	   *word = ResultText(row, column, CurrentMemoryContext);

	for (int i = 0; word != NULL && words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return 0;
}

static bool
CellBool(uint64 row, int column, bool if_null)
{
	bool		isnull;
	Datum		value = ResultValue(row, column, &isnull);

	return isnull ? if_null : DatumGetBool(value);
}

static int
CellInt(uint64 row, int column, int if_null)
{
	bool		isnull;
	Datum		value = ResultValue(row, column, &isnull);

	return isnull ? if_null : DatumGetInt32(value);
}

/* One without a policy is entered and left at once */
static void
LoadPolicy(Tier *tier, uint64 row)
{
	static const char *const down_to[] = {"earned", "one_step", "best", NULL};
	static const char *const review_from[] = {"calendar", "entered", "joined", NULL};
	static const char *const effective[] = {"assessment", "next_day", "next_month", NULL};

	tier->up_at_once = CellBool(row, 5, true);
	tier->down_after = CellInt(row, 6, 1);
	tier->down_to = CellWord(row, 7, down_to);
	tier->review_months = CellInt(row, 8, 0);
	tier->review_at_month_end = CellBool(row, 9, false);
	tier->review_from = CellWord(row, 10, review_from);
	tier->effective = CellWord(row, 11, effective);
	tier->hold = CellSpan(row, 12);
	tier->new_hold = CellSpan(row, 13);
	tier->term = CellSpan(row, 14);
	tier->renews = CellBool(row, 15, false);
}

static void
LoadTiers(NamedMovement *named, const char *scheme, MemoryContext context)
{
	Movement   *movement = &named->movement;

	RunSavedQuery(&policy_query, CStringGetTextDatum(scheme),
				  Int32GetDatum(named->version));
	movement->ntiers = (int) SPI_processed;
	movement->tiers = MemoryContextAllocZero(context, (movement->ntiers + 1) *
											 sizeof(Tier));
	for (int i = 0; i < movement->ntiers; i++)
	{
		Tier	   *tier = &movement->tiers[i];

		tier->name = ResultText(i, 1, context);
		tier->rank = CellInt(i, 2, 0);
		tier->approval = CellBool(i, 3, false);
		tier->earnable = CellBool(i, 4, false);
		LoadPolicy(tier, i);
		tier->lower = NO_TIER;
		for (int j = i - 1; j >= 0 && tier->lower == NO_TIER; j--)
			if (movement->tiers[j].earnable && movement->tiers[j].rank < tier->rank)
				tier->lower = j;
	}
}

static void
LoadSuccessors(NamedMovement *named, const char *scheme, MemoryContext context)
{
	RunSavedQuery(&successor_query, CStringGetTextDatum(scheme),
				  Int32GetDatum(named->version));
	named->nsuccessors = (int) SPI_processed;
	named->successors = MemoryContextAllocZero(context, (named->nsuccessors + 1) *
											   sizeof(Successor));
	for (int i = 0; i < named->nsuccessors; i++)
	{
		Successor  *successor = &named->successors[i];
		char	   *becomes = ResultText(i, 3, CurrentMemoryContext);

		successor->version = CellInt(i, 1, 0);
		successor->tier = ResultText(i, 2, context);
		successor->becomes = becomes == NULL ? NO_TIER :
			TierOfName(named, becomes, strlen(becomes));
	}
}

NamedMovement *
MovementLoad(const char *scheme, int version, MemoryContext context)
{
	NamedMovement *named = MemoryContextAllocZero(context, sizeof(NamedMovement));

	named->version = version;
	ConnectSPI();
	LoadTiers(named, scheme, context);
	LoadSuccessors(named, scheme, context);
	SPI_finish();
	return named;
}

/* The number of a tier of the version; NO_TIER if it has none of that name */
int
TierOfName(const NamedMovement *named, const char *name, Size length)
{
	for (int i = 0; i < named->movement.ntiers; i++)
	{
		const char *tier = named->movement.tiers[i].name;

		if (strncmp(tier, name, length) == 0 && tier[length] == '\0')
			return i;
	}
	return NO_TIER;
}

/* The same of a tier as another version calls it */
int
TierOfVersion(const NamedMovement *named, const char *name, Size length, int version)
{
	if (version != named->version)
		for (int i = 0; i < named->nsuccessors; i++)
		{
			const Successor *successor = &named->successors[i];

			if (successor->version == version &&
				strncmp(successor->tier, name, length) == 0 &&
				successor->tier[length] == '\0')
				return successor->becomes;
		}
	return TierOfName(named, name, length);
}
