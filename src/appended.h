/*
 * appended.h
 *		Rows of an assessment, appended to the part of the table in which it lies.
 */
#ifndef TIERING_APPENDED_H
#define TIERING_APPENDED_H

#include "fmgr.h"

/* The columns of the table assessment */
enum
{
	KEPT_SLOT, KEPT_SCHEME, KEPT_AS_OF, KEPT_CUSTOMER, KEPT_TIER, KEPT_MEASURE,
	KEPT_VERSION, KEPT_AMENDS, KEPT_RECORDED_AT,
	KEPT_COLUMNS
};

typedef struct Appended Appended;

extern Appended *AppendedOpen(Oid part, const NullableDatum *columns);
extern void AppendedRow(Appended *rows, NullableDatum customer, NullableDatum tier,
						NullableDatum measure);
extern void AppendedClose(Appended *rows);

#endif							/* TIERING_APPENDED_H */
