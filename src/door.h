/*
 * door.h
 *		The door to what people decide.
 */
#ifndef TIERING_DOOR_H
#define TIERING_DOOR_H

typedef Datum (*Inside) (void *arg);

extern void CheckActsForThemselves(Oid function);
extern Datum CallInside(Inside call, void *arg, bool tell_all);

#endif							/* TIERING_DOOR_H */
