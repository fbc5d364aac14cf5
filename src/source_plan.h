/*
 * source_plan.h
 *		Plans of bank's own queries for a few customers, kept for the session.
 */
#ifndef TIERING_SOURCE_PLAN_H
#define TIERING_SOURCE_PLAN_H

#include "executor/spi.h"

#include "source.h"

typedef struct SourcePlan
{
	Source		source;			/* copied */
	TupleDesc	expected;
	SPIPlanPtr	columns;		/* the query alone: stays valid while its columns do */
	SPIPlanPtr	rows;			/* what SelectExpected() makes of it */
	Oid			customer_type;	/* see CustomerType() */
	bool		running;		/* and not to be freed */
} SourcePlan;

extern bool FewCustomers(const ArrayType *customers);
extern SourcePlan *SourcePlanFind(const Source *source, TupleDesc expected);

#endif							/* TIERING_SOURCE_PLAN_H */
