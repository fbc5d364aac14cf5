/*
 * failure.h
 *		Why a refresh of this session failed, for the record of it.
 */
#ifndef TIERING_FAILURE_H
#define TIERING_FAILURE_H

#include "fmgr.h"
#include "utils/date.h"

/* What a refresh is called with */
typedef struct RefreshCall
{
	bool		is_refresh;		/* and nothing else */
	char	   *scheme;			/* "" for a null */
	bool		has_day;
	DateADT		day;
} RefreshCall;

extern RefreshCall BeginRefreshCall(FunctionCallInfo fcinfo);
extern void KeepFailure(const RefreshCall *call);

#endif							/* TIERING_FAILURE_H */
