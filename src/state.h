/*
 * state.h
 *		Aggregate states as bytes. They travel between processes, and may be
 *		kept; so they start with what they are and end with a checksum, and
 *		reading them trusts nothing.
 */
#ifndef TIERING_STATE_H
#define TIERING_STATE_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "balance_days.h"

extern MemoryContext StateContext(FunctionCallInfo fcinfo);

extern void StateBegin(StringInfo buf, char kind);
extern bytea *StateEnd(StringInfo buf);
extern void StateOpen(StringInfo buf, bytea *state, char kind);
extern void StateClose(StringInfo buf);
extern void StateCheck(bool valid);

extern void StateSendPeriod(StringInfo buf, const Period *period);
extern Period StateReceivePeriod(StringInfo buf);
extern void StateSendNumeric(StringInfo buf, Numeric value);
extern Numeric StateReceiveNumeric(StringInfo buf);
extern void StateSendSum(StringInfo buf, const BalanceDays *sum);
extern BalanceDays StateReceiveSum(StringInfo buf);

#endif							/* TIERING_STATE_H */
