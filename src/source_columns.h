/*
 * source_columns.h
 *		What a bank's own query yields, beside what is expected of it.
 */
#ifndef TIERING_SOURCE_COLUMNS_H
#define TIERING_SOURCE_COLUMNS_H

#include "executor/spi.h"

#include "source.h"

extern SPIPlanPtr SourcePrepare(const char *query, int nparams, int options);
extern SPIPlanPtr SourceStatement(const Source *source);
extern TupleDesc SourceColumns(SPIPlanPtr statement);
extern void CheckColumns(const Source *source, TupleDesc columns, TupleDesc expected);
extern Oid	CustomerType(TupleDesc columns);
extern ArrayType *PossibleCustomers(ArrayType *customers, Oid type);
extern char *SelectExpected(const Source *source, TupleDesc expected,
							bool customers, Oid type);

#endif							/* TIERING_SOURCE_COLUMNS_H */
