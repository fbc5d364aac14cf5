/*
 * by_hand.h
 *		The statement that changes customers by hand, while it is open.
 */
#ifndef TIERING_BY_HAND_H
#define TIERING_BY_HAND_H

extern void RefuseWithinByHand(Oid function);

#endif							/* TIERING_BY_HAND_H */
