/*
 * movement_load.h
 *		The policies of a version, as rows have them, and tiers by their names.
 */
#ifndef TIERING_MOVEMENT_LOAD_H
#define TIERING_MOVEMENT_LOAD_H

#include "movement.h"

/* What a tier of an earlier version is called in this one */
typedef struct Successor
{
	int			version;
	char	   *tier;
	int			becomes;		/* its number; NO_TIER: it ended */
} Successor;

typedef struct NamedMovement
{
	Movement	movement;
	int			version;
	int			nsuccessors;
	Successor  *successors;		/* of tiers that are called otherwise now */
} NamedMovement;

extern NamedMovement *MovementLoad(const char *scheme, int version,
								   MemoryContext context);
extern int	TierOfName(const NamedMovement *named, const char *name, Size length);
extern int	TierOfVersion(const NamedMovement *named, const char *name,
						  Size length, int version);

#endif							/* TIERING_MOVEMENT_LOAD_H */
