/*
 * door.h
 *		The door to what people decide.
 */
#ifndef TIERING_DOOR_H
#define TIERING_DOOR_H

extern void CheckActsForThemselves(Oid function);

#endif							/* TIERING_DOOR_H */
