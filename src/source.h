/*
 * source.h
 *		A bank's own query for a scheme, and the rights with which it runs.
 */
#ifndef TIERING_SOURCE_H
#define TIERING_SOURCE_H

#include "access/tupdesc.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/date.h"

#include "saved_query.h"

/* What a query is bound to a scheme for */
typedef struct SourceKind
{
	const char *noun;			/* in messages */
	const char *setter;			/* what binds it */
	SavedQuery *lookup;			/* reads scheme, query, set_by, settings by $1 */
	const char *yields;			/* hint for a column that is missing */
	bool		takes_day;		/* does it run for a date, $1, and again and again? */
} SourceKind;

typedef struct Source
{
	const SourceKind *kind;
	char	   *scheme;
	char	   *query;
	Oid			role;			/* who set it */
	ArrayType  *settings;		/* of the session in which they did, name=value */
} Source;

extern const SourceKind SourceOfMetrics;
extern const SourceKind SourceOfSeries;
extern const SourceKind SourceOfControl;
extern const SourceKind SourceOfDimensions;
extern const SourceKind SourceOfFindings;

extern bool SourceLoad(Source *source, const SourceKind *kind, Datum key);
extern Oid	SourceRole(void);
extern void SourceOpen(Source *source, text *scheme);
extern void SourceRun(const Source *source, DateADT as_of,
					  ArrayType *customers, TupleDesc expected,
					  DestReceiver *dest);
extern void SourceCheck(const Source *source, TupleDesc expected, bool customers);
extern TupleDesc SourceExamine(const Source *source);

#endif							/* TIERING_SOURCE_H */
