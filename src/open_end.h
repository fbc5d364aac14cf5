/*
 * open_end.h
 *		From which day on the end of a balance says that it has none.
 *
 * Warehouses write such days for an open end: 9999-12-31, 3000-12-31 and others.
 * Taken as a day it would be a change that no later one can be appended to, so it
 * is taken as it is meant. Averages have no need of this: no period goes so far.
 */
#ifndef TIERING_OPEN_END_H
#define TIERING_OPEN_END_H

#include "utils/date.h"

/* 2050-01-01: real ends lie before it, and a slip of the pen mostly, too */
#define OPEN_END_LEAST	((DateADT) 18263)

/* What the setting tiering.open_end says */
extern DateADT OpenEnd;

extern void OpenEndDefine(void);

/* An end as it is meant */
static inline DateADT
EndAsMeant(DateADT to)
{
	return to >= OpenEnd ? DATEVAL_NOEND : to;
}

#endif							/* TIERING_OPEN_END_H */
