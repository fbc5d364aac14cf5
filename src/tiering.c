/*
 * tiering.c
 *		The module itself. Each noun has a file of its own beside this one:
 *
 *		decimal			the digits of a numeric, read as integers
 *		scaled			numbers of at most 18 digits, in decimals
 *		period			half-open runs of days, and the calendar's
 *		open_end		from which day on an end is open, a setting
 *		balance_days	the exact sum of balance x days
 *		daily_avg		aggregates whose state is that sum
 *		observations	the sparse observations of one account, which need order
 *		changes			the aggregate over those of one account
 *		account			which account a row is of
 *		account_changes	aggregates over those of several, or ordered within the day
 *		check			numbers that screen accounts for rows with a fault
 *		series			a whole history in one value, packed
 *		series_io		that value as text and bytes
 *		series_jsonb	as jsonb
 *		series_compare	its equality, hash and order
 *		series_build	aggregates that make one of rows
 *		series_ask		questions to it
 *		series_change	new ones out of old ones
 *		series_reach	which balance takes an average to a threshold
 *		state			aggregate states as bytes that trust nothing
 *		scheme			a compiled scheme: boxes in metric space
 *		score			a metric that it derives from others
 *		scheme_load		its rows, read through SPI
 *		scheme_cache	kept compiled while a statement runs
 *		classify		the functions that grade with it
 *		classify_support	a row as an argument, planned as its columns
 *		asset_weight	at which proportion a class of assets counts
 *		source			a bank's own query, run with its setter's rights
 *		source_plan		its plans for a few customers, kept
 *		settings		the settings under which it runs
 *		temporary		what of it is temporary
 *		binding			who binds a scheme to it
 *		door			who decides acts for themselves, and nothing of a source's writes
 *		required_balance	the balance that reaches a bound, by such a query
 *		migration_counts	how many customers went from which tier to which
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "compat.h"
#include "open_end.h"

TIERING_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/* Read where it counts, in SQL: see _tiering.notify() */
static bool notify = true;

void
_PG_init(void)
{
	OpenEndDefine();
	DefineCustomBoolVariable("tiering.notify",
							 "Whether refreshes and restatements notify the channel tiering.",
							 "A transaction that is to be prepared must not: PostgreSQL does "
							 "not prepare one that has notified.",
							 &notify, true, PGC_USERSET, 0, NULL, NULL, NULL);
}
