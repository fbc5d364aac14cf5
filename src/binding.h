/*
 * binding.h
 *		Who binds a scheme to a query.
 */
#ifndef TIERING_BINDING_H
#define TIERING_BINDING_H

extern Oid	FunctionOwner(Oid function);
extern void BecomeOwner(Oid function);

#endif							/* TIERING_BINDING_H */
