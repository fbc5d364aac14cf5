/*
 * temporary.h
 *		What of a query is temporary.
 */
#ifndef TIERING_TEMPORARY_H
#define TIERING_TEMPORARY_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

extern bool FindTemporary(List *queries, ObjectAddress *found);
extern char *TemporaryName(const ObjectAddress *object);

#endif							/* TIERING_TEMPORARY_H */
