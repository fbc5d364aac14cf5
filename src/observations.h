/*
 * observations.h
 *		The sparse observations of one account: each balance counts until the
 *		next one.
 *
 * They need order, and rows and partial states come in any. So those of the
 * period are kept, and of those before it the last one, whose balance is carried
 * in. They are sorted in the end, and in a copy, unless they came in order, which
 * they mostly do.
 *
 * Two different balances on one day have no answer, unless each has a sequence:
 * then that with the largest counts, and others of the day are dropped as soon as
 * the next one comes. Only the day of the balance carried in and the days of the
 * period are examined, others never matter.
 */
#ifndef TIERING_OBSERVATIONS_H
#define TIERING_OBSERVATIONS_H

#include "balance_days.h"
#include "compat.h"
#include "state.h"

#define FRACTION_WIDE	(-1)	/* the value is a numeric */

/* A balance from a day on; equal balances have equal bits unless wide */
typedef struct Observation
{
	union
	{
		int64		units;		/* in 10000^-fraction */
		Numeric		wide;		/* where that does not fit */
	}			balance;
	DateADT		day;
	int16		fraction;		/* or FRACTION_WIDE */
} Observation;

/* The same, with its place among those of the day */
typedef struct OrderedObservation
{
	Observation observation;
	int64		sequence;
} OrderedObservation;

typedef struct Observations
{
	bool		ordered;		/* are they OrderedObservations? */
	bool		sorted;			/* did they come in order? */
	bool		has_carried;	/* is there one before the period? */
	bool		has_rival;		/* is there another one that is its equal? */
	int32		count;
	int32		capacity;
	char	   *list;			/* those of the period */
	OrderedObservation carried; /* the last one before the period */
	Observation rival;			/* another balance of that day */
} Observations;

/* Whose observations they are, where a group has those of several accounts */
typedef struct Account Account;

extern int64 SequenceArg(FunctionCallInfo fcinfo, int argno, Oid type,
						 int balance_argno);
extern Numeric ObservedBalance(const Observation *observation);

extern void ObservationsInit(Observations *all, bool ordered);
extern void ObservationsAdd(Observations *all, MemoryContext context,
							const Period *period,
							const OrderedObservation *added);
extern void ObservationsMerge(Observations *all, MemoryContext context,
							  const Observations *other);
extern void ObservationsSend(StringInfo buf, const Observations *all);
extern void ObservationsReceive(StringInfo buf, const Period *period,
								Observations *all);
extern const Observation *ObservationsCarried(const Observations *all,
											  const Account *account);
extern void ObservationsCarry(const Observations *all, const Account *account,
							  BalanceDays *sum);

/* A walk over the days with a balance, in order */
typedef struct ObservedDays
{
	const Observations *all;
	const Account *account;		/* for who reads an error; NULL if unknown */
	const char *list;			/* in order */
	int32		next;
} ObservedDays;

extern void ObservedDaysInit(ObservedDays *days, const Observations *all,
							 const Account *account);
extern const Observation *ObservedDaysLast(ObservedDays *days);

extern void RefuseClash(DateADT day, const Account *account, Numeric balance,
						Numeric rival, bool ordered) pg_attribute_noreturn();
extern char *AccountText(const Account *account);

static inline Size
ObservationWidth(bool ordered)
{
	return ordered ? sizeof(OrderedObservation) : sizeof(Observation);
}

static inline Observation *
ObservationAt(const char *list, int32 i, bool ordered)
{
	return (Observation *) (list + i * ObservationWidth(ordered));
}

/* What arguments say that the balance is from a day on; returns its decimals */
static inline int
ObservationArg(FunctionCallInfo fcinfo, int balance_argno, int day_argno,
			   const char *day_name, Observation *observation)
{
	struct varlena *balance;
	DecimalView view;
	Decimal		decimal;

	observation->day = DateArg(fcinfo, day_argno, day_name);
	balance = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(balance_argno));
	DecimalViewNumeric(balance, &view);
	if (!view.finite)
		RefuseBalance(fcinfo, balance_argno);
	if (DecimalFromView(&view, &decimal))
	{
		observation->balance.units = decimal.units;
		observation->fraction = decimal.fraction;
	}
	else
	{
		observation->balance.wide = DatumGetNumeric(PointerGetDatum(balance));
		observation->fraction = FRACTION_WIDE;
	}
	return view.dscale;
}

/* Add a balance that stood for so many days, to a sum that lives in a context */
static inline void
AddObserved(BalanceDays *sum, MemoryContext context,
			const Observation *observation, int64 days)
{
	if (observation->fraction == FRACTION_WIDE)
		BalanceDaysAddWide(sum, context, observation->balance.wide, days);
	else if (!BalanceDaysAddUnits(sum,
								  (int128) observation->balance.units * days,
								  observation->fraction))
		BalanceDaysAddWide(sum, context, ObservedBalance(observation), days);
}

/* The balance of the next day that has one, NULL if there is none */
static inline const Observation *
ObservedDaysNext(ObservedDays *days)
{
	bool		ordered = days->all->ordered;
	const Observation *next;

	if (days->next >= days->all->count)
		return NULL;
	next = ObservationAt(days->list, days->next, ordered);
	if (days->next + 1 < days->all->count &&
		ObservationAt(days->list, days->next + 1, ordered)->day == next->day)
		return ObservedDaysLast(days);
	days->next++;
	return next;
}

#endif							/* TIERING_OBSERVATIONS_H */
