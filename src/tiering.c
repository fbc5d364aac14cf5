/*
 * tiering.c
 *		The module itself. Each noun has a file of its own beside this one:
 *
 *		decimal			the digits of a numeric, read as integers
 *		scaled			numbers of at most 18 digits, in decimals
 *		period			half-open runs of days, and the calendar's
 *		open_end		from which day on an end is open, a setting
 *		calendar		the days on which a bank is open
 *		day_rule		which balance a day without one has
 *		balance_days	the exact sum of balance x days
 *		row_balance_days	that of one row, as a value
 *		daily_avg		aggregates whose state is that sum
 *		observations	the sparse observations of one account, which need order
 *		changes			the aggregate over those of one account
 *		account			which account a row is of
 *		account_days	its average over the days that a rule says
 *		account_changes	aggregates over those of several, or ordered within the day
 *		check			numbers that screen accounts for rows with a fault
 *		series			a whole history in one value, packed
 *		series_io		that value as text and bytes
 *		series_jsonb	as jsonb
 *		series_compare	its equality, hash and order
 *		series_build	aggregates that make one of rows
 *		series_ask		questions to it
 *		series_avg		its averages, over the days that a rule says
 *		series_change	new ones out of old ones
 *		series_reach	which balance takes an average to a threshold
 *		state			aggregate states as bytes that trust nothing
 *		scheme			a compiled scheme: boxes in metric space
 *		score			a metric that it derives from others
 *		scheme_load		its rows, read through SPI
 *		scheme_cache	kept compiled while a statement runs
 *		read_under		under which snapshot, and with whose rights, something was read
 *		saved_query		queries about our own tables, planned once
 *		result_rows		the rows of a function that is read in FROM
 *		same_text		texts as bytes
 *		classify		the functions that grade with it
 *		classify_support	a row as an argument, planned as its columns
 *		row				a composite value taken apart
 *		metric_arrays	metrics as two arrays
 *		shortfall		what a customer lacks to a higher tier
 *		shortfall_rows	the same of all customers of a source
 *		movement		the grammar of movement
 *		movement_load	the policies that it goes by, read through SPI
 *		decide			the functions that decide by it
 *		judged			what an assessment decides about all customers, in one pass
 *		cells			they are counted, by where they were and are
 *		appended		and appended to what is kept of everybody
 *		asset_weight	at which proportion a class of assets counts
 *		source			a bank's own query, run with its setter's rights
 *		source_rows		its rows, as SQL reads them
 *		source_columns	which columns it yields
 *		source_metrics	its metrics, customer after customer
 *		graded			its customers, with what they earn
 *		row_digest		whether they have what they had, by sums of hashes
 *		buckets			in which parts of the customers that may not be so
 *		graded_differing	of whom it may not
 *		source_plan		its plans for a few customers, kept
 *		settings		the settings under which it runs
 *		temporary		what of it is temporary
 *		named_tables	which tables it names
 *		binding			who binds a scheme to it
 *		reader			who reads a report
 *		of_scheme		which scheme failed of those that a view asks
 *		door			who decides acts for themselves, and nothing of a source's writes
 *		by_hand			the statement that changes customers by hand
 *		failure			why a refresh of this session failed, for its record
 *		required_balance	the balance that reaches a bound, by such a query
 *		measure_sum		what customers have, added up
 *		label_counts	customers counted by labels, and what they have
 *		migration_counts	how many went from which tier to which
 *		dimension_rows	what customers are by dimensions, if it may be otherwise than it was
 *		dimension_counts	how many are in which tier, by a dimension
 *		measure_part	between which bounds a measure lies
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
