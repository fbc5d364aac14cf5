/*
 * movement.h
 *		When a customer moves. In: the tier they are in, and the one they earn.
 *		Out: the tier they are in then, and why.
 *
 * Rules say what a customer earns. The policy of their current tier says
 * when they fall, that of the tier that they earn when they rise
 * into it. Overrides lie on top: beneath them the policy goes on from the tier
 * that it gave. An assessment looks back to the one before it: what fell due in
 * between (a review, the end of a term, the first and last day of an override) is
 * done by it, once, and bears the day on which it fell due.
 *
 * Nothing here reads a table, and tiers are numbers: indexes into Movement.tiers,
 * lowest rank first.
 */
#ifndef TIERING_MOVEMENT_H
#define TIERING_MOVEMENT_H

#include "utils/date.h"

#define NO_TIER		(-1)
#define NO_DAY		DATEVAL_NOBEGIN

typedef enum DownTo
{
	DOWN_TO_EARNED,				/* what the last miss found earned */
	DOWN_TO_ONE_STEP,			/* the next lower tier */
	DOWN_TO_BEST				/* the best of what the misses found earned */
} DownTo;

typedef enum ReviewFrom
{
	REVIEW_FROM_CALENDAR,		/* review_months are months of the year */
	REVIEW_FROM_ENTERED,		/* months since the customer entered the tier */
	REVIEW_FROM_JOINED			/* months since they became a customer */
} ReviewFrom;

typedef enum Effective
{
	EFFECTIVE_ASSESSMENT,
	EFFECTIVE_NEXT_DAY,
	EFFECTIVE_NEXT_MONTH
} Effective;

/* A length of time, as intervals have it */
typedef struct Span
{
	int			months;
	int			days;
} Span;

typedef struct Tier
{
	char	   *name;
	int			rank;
	int			lower;			/* the next lower one that is earnable */
	bool		earnable;		/* base, or rules lead into it */
	bool		approval;		/* somebody has to approve before it is entered */
	bool		up_at_once;		/* or at the assessment after */
	int			down_after;		/* misses in a row */
	DownTo		down_to;
	int			review_months;	/* bit m: month m; 0: all */
	bool		review_at_month_end;
	ReviewFrom	review_from;
	Effective	effective;
	Span		hold;			/* no miss counts for so long after entering */
	Span		new_hold;		/* nor for so long after becoming a customer */
	Span		term;			/* kept for so long; 0: no term */
	bool		renews;			/* whether earning it again begins a new term */
} Tier;

/* The policies of one version of a scheme */
typedef struct Movement
{
	int			ntiers;
	Tier	   *tiers;
} Movement;

/* A row of assignment: the customer's tier, and what the policy has noted */
typedef struct Assignment
{
	bool		customer;		/* are they one? */
	int			tier;			/* current; NO_TIER: one that the version has not */
	DateADT		since;
	int			policy_tier;	/* what rules and policy give, beneath overrides */
	DateADT		policy_since;
	DateADT		first;			/* when they became a customer; NO_DAY: by hand */
	int			misses;			/* in a row */
	int			best;			/* the best tier that one of these found earned */
	int			next_tier;		/* where the policy will have them */
	DateADT		next_review;	/* and when; NO_DAY with a tier: when approved */
	DateADT		kept_until;		/* the last day of their term */
} Assignment;

typedef enum OverrideKind
{
	OVERRIDE_FLOOR,
	OVERRIDE_CAP,
	OVERRIDE_FIXED
} OverrideKind;

/* Counts on the days of [from, until) */
typedef struct Override
{
	OverrideKind kind;
	int			tier;
	DateADT		from;
	DateADT		until;
} Override;

typedef enum OccasionKind
{
	OCCASION_ASSESSMENT,
	OCCASION_DECISION,			/* on a request, after the assessment of as_of */
	OCCASION_BY_HAND,			/* somebody puts the customer into a tier */
	OCCASION_MERGE				/* the same, as customers become one */
} OccasionKind;

/* Why a customer is looked at */
typedef struct Occasion
{
	OccasionKind kind;
	DateADT		as_of;
	DateADT		previous;		/* the assessment before; NO_DAY: none */
	bool		gone;			/* the source does not have them */
	int			earned;			/* by the rules; NO_TIER: no tier takes them */
	int			moved_to;		/* a tier that was approved, or by hand; or NO_TIER */
	bool		new_version;	/* another one graded the assessment before */
	int			otherwise;		/* where that would have had the customer */
	int			noverrides;
	const Override *overrides;
} Occasion;

typedef enum Cause
{
	CAUSE_NEW,
	CAUSE_EXIT,
	CAUSE_RULE,
	CAUSE_POLICY,
	CAUSE_SCHEME,
	CAUSE_OVERRIDE,
	CAUSE_OVERRIDE_END,
	CAUSE_APPROVAL,
	CAUSE_MANUAL,
	CAUSE_MERGE
} Cause;

typedef struct Step
{
	DateADT		day;
	int			from;			/* NO_TIER: not a customer, or see Assignment.tier */
	int			to;
	Cause		cause;
} Step;

typedef struct Verdict
{
	Assignment now;
	int			asked;			/* a tier for which an approval is asked */
	int			nsteps;
	Step	   *steps;			/* room for MaxSteps() */
} Verdict;

#define MaxSteps(noverrides)	(2 * (noverrides) + 3)

extern void Decide(const Movement *movement, const Assignment *current,
				   const Occasion *occasion, Verdict *verdict);
extern void GoOn(const Movement *movement, Assignment *current, DateADT as_of,
				 DateADT previous);
extern DateADT SpanEnd(DateADT day, Span span);
extern const char *CauseName(Cause cause);

#endif							/* TIERING_MOVEMENT_H */
