/*
 * tiering.c
 *		The module itself. Each noun has a file of its own beside this one:
 *
 *		decimal			the digits of a numeric, read as integers
 *		period			half-open runs of days, and the calendar's
 *		balance_days	the exact sum of balance x days
 *		daily_avg		aggregates whose state is that sum
 *		changes			the aggregate over a sparse history, which needs order
 *		state			aggregate states as bytes that trust nothing
 *		scheme			a compiled scheme: boxes in metric space
 *		score			a metric that it derives from others
 *		scheme_load		its rows, read through SPI
 *		scheme_cache	kept compiled while a statement runs
 *		classify		the functions that grade with it
 *		classify_support	a row as an argument, planned as its columns
 *		asset_weight	at which proportion a class of assets counts
 *		source			a bank's own query, run with its setter's rights
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

TIERING_MODULE_MAGIC;
