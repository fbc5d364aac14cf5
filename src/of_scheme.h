/*
 * of_scheme.h
 *		Which scheme failed of those that a view asks.
 */
#ifndef TIERING_OF_SCHEME_H
#define TIERING_OF_SCHEME_H

#include "compat.h"

extern void RethrowOfScheme(const char *scheme, MemoryContext memory) pg_attribute_noreturn();

#endif							/* TIERING_OF_SCHEME_H */
