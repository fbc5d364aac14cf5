/*
 * decide.h
 *		What decide() takes and yields, for whoever decides about customers one after
 *		the other without calling it from SQL.
 */
#ifndef TIERING_DECIDE_H
#define TIERING_DECIDE_H

#include "access/tupdesc.h"

#include "movement_load.h"
#include "scheme_cache.h"

/* The arguments of decide() */
enum
{
	ARG_SCHEME, ARG_VERSION, ARG_KIND, ARG_AS_OF, ARG_PREVIOUS,
	ARG_TIER, ARG_SINCE, ARG_CURRENT_VERSION, ARG_POLICY_TIER, ARG_POLICY_SINCE,
	ARG_FIRST, ARG_MISSES, ARG_BEST, ARG_NEXT_TIER, ARG_NEXT_REVIEW, ARG_KEPT_UNTIL,
	ARG_GONE, ARG_EARNED, ARG_EARNED_IF, ARG_MOVED_TO,
	ARG_OVERRIDES, ARG_BEFORE, ARG_OTHERWISE,
	DECIDE_ARGS
};

/* The columns of verdict */
enum
{
	OUT_TIER, OUT_SINCE, OUT_CAUSE, OUT_FROM_TIER, OUT_POLICY_TIER, OUT_POLICY_SINCE,
	OUT_FIRST, OUT_EARNED, OUT_MISSES, OUT_BEST, OUT_NEXT_TIER, OUT_NEXT_REVIEW,
	OUT_KEPT_UNTIL, OUT_ASKED, OUT_MOVES, OUT_CHANGED, OUT_NOTED, OUT_STEPS,
	OUT_COLUMNS
};

/* What a call site keeps beside the scheme */
typedef struct Decider
{
	NamedMovement *named;
	Datum	   *names;			/* of the tiers, as texts */
	TupleDesc	verdict;
	Oid			step_type;
	TupleDesc	step;
	Verdict		result;
	int			room;			/* for steps */
	int			foreseen;		/* misses that need no entry */
} Decider;

extern Decider *MakeDecider(CachedScheme *cached, TupleDesc verdict);
extern void DecideAbout(FunctionCallInfo fcinfo, CachedScheme *cached, Datum *values,
						bool *nulls);

#endif							/* TIERING_DECIDE_H */
