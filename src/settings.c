/*
 * settings.c
 *		The settings under which a bank's own query runs, so that it means the
 *		same whoever runs it.
 *
 * Every setting of a session that can change what a query yields is one of two
 * kinds. How the text of a query is read, how a value is written as text, and
 * whether rows may be left out is always the same: these have the values below,
 * which are core's own but for two. By the custom of which country a text is a
 * day, a time, a number or money, is as it was in the session that set the
 * query: who set it saw what it yields there, and the custom is the bank's. So is
 * which day stands for an open end. These are kept with it; _tiering.kept_settings()
 * lists them.
 *
 * Those by which our own functions have their statements planned are for the query
 * what they are for the session.
 *
 * All others change how fast an answer comes, what is logged, or whether a
 * statement is stopped. What counts for a transaction from its start
 * (default_transaction_..., and what it is read with) cannot be changed in one.
 * Settings of other extensions and of the bank's own making are not known here:
 * what hangs on one belongs into a function that sets it. So does a function's
 * body, which a session may have read before, with its own settings.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

#include "compat.h"
#include "settings.h"

static const char *const Pinned[][2] = {
	/* names mean the same for everyone, and nothing temporary comes first */
	{"search_path", "pg_catalog, pg_temp"},
	/* a policy that would hide rows is an error (42501), as in COPY */
	{"row_security", "off"},
	{"array_nulls", "on"},
	{"backslash_quote", "safe_encoding"},
	{"bytea_output", "hex"},
	{"extra_float_digits", "1"},
	{"gin_fuzzy_search_limit", "0"},
	{"quote_all_identifiers", "off"},
	{"standard_conforming_strings", "on"},
	{"transform_null_equals", "off"},
	{"xmlbinary", "base64"},
	{"xmloption", "content"},
};

/* Set by functions of ours (SET jit = off and the like), for statements of theirs */
static const char *const OfOurs[] = {
	"cpu_index_tuple_cost",
	"enable_hashjoin",
	"enable_mergejoin",
	"enable_nestloop",
	"enable_seqscan",
	"jit",
	"lock_timeout",
	"plan_cache_mode",
	"random_page_cost",
	"seq_page_cost",
};

#if PG_VERSION_NUM < 160000
struct config_generic *
FindSettingByName(const char *name)
{
	struct config_generic **settings = get_guc_variables();

	for (int i = 0; i < GetNumConfigOptions(); i++)
		if (strcmp(settings[i]->name, name) == 0)
			return settings[i];
	elog(ERROR, "there is no setting \"%s\"", name);
}
#endif

/* What a setting is beneath those of functions that are running, as it is written */
static const char *
OfSession(struct config_generic *setting)
{
	const GucStack *stack = setting->stack;
	const union config_var_val *value = NULL;

	for (; stack != NULL && stack->state == GUC_SAVE; stack = stack->prev)
		value = &stack->prior.val;
	if (value == NULL)
		return NULL;
	switch (setting->vartype)
	{
		case PGC_BOOL:
			return value->boolval ? "on" : "off";
		case PGC_INT:			/* in its own unit */
			return psprintf("%d", value->intval);
		case PGC_REAL:
			return psprintf("%.17g", value->realval);
		case PGC_ENUM:
			return config_enum_lookup_by_value((struct config_enum *) setting,
											   value->enumval);
		default:
			elog(ERROR, "setting \"%s\" is of a type that no function of ours sets",
				 setting->name);
	}
	return NULL;
}

/*
 * Until the nest level of settings ends; one that this server lacks is none. What
 * is so already is not set: to set the time zone's abbreviations reads a file.
 */
void
SettingsPinOne(const char *name, const char *value)
{
	const char *current = GetConfigOption(name, true, false);

	if (current != NULL && strcmp(current, value) != 0)
		(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

/* Those that were kept with a query, name=value each */
static void
PinKept(ArrayType *kept)
{
	Datum	   *pairs;
	int			n;

	deconstruct_array(kept, TEXTOID, -1, false, TYPALIGN_INT, &pairs, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *name;
		char	   *value;

		ParseLongOption(TextDatumGetCString(pairs[i]), &name, &value);
		SettingsPinOne(name, value);
	}
}

/*
 * Pin those of both kinds; without any kept ones they stay the session's own. The
 * result is for SettingsRestore(), which an error does not need.
 */
int
SettingsPin(ArrayType *kept)
{
	static struct config_generic *of_ours[lengthof(OfOurs)];
	int			nestlevel = NewGUCNestLevel();

	for (int i = 0; i < lengthof(Pinned); i++)
		SettingsPinOne(Pinned[i][0], Pinned[i][1]);
	for (int i = 0; i < lengthof(OfOurs); i++)
	{
		const char *value;

		if (of_ours[i] == NULL)
			of_ours[i] = FindSetting(OfOurs[i]);
		value = OfSession(of_ours[i]);
		if (value != NULL)
			SettingsPinOne(OfOurs[i], value);
	}
	if (kept != NULL)
		PinKept(kept);
	return nestlevel;
}

void
SettingsRestore(int nestlevel)
{
	AtEOXact_GUC(false, nestlevel);
}
