/*
 * decide.c
 *		decide(): the grammar of movement, to be called from SQL. entry_after(): what
 *		an entry of watch_history says of the assessments after it. called(): tiers
 *		as another version has them.
 *
 * A customer comes as their row of assignment has them, with the tiers named as
 * in the version that graded them last; what comes out is named as in the
 * version that decides. The policies are loaded once per statement and call
 * site, and kept beside the compiled scheme.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "decide.h"
#include "period.h"
#include "same_text.h"

/* The arguments of entry_after(): a row of assignment lies nearer than in decide() */
enum
{
	ENTRY_ROW = 2,
	ENTRY_MISSES = 8, ENTRY_NEXT_REVIEW = 11,
	ENTRY_AS_OF = 13, ENTRY_DAYS
};

/* The arguments of called() */
enum
{
	CALLED_TIER = 2, CALLED_FROM_VERSION
};

enum
{
	STEP_DAY, STEP_FROM, STEP_TO, STEP_CAUSE,
	STEP_COLUMNS
};

/* The columns of override_days */
enum
{
	OVERRIDE_KIND, OVERRIDE_TIER, OVERRIDE_FIRST, OVERRIDE_UNTIL,
	OVERRIDE_COLUMNS
};

/* Kept beside the scheme by the call site; verdict is the type of what comes out */
Decider *
MakeDecider(CachedScheme *cached, TupleDesc verdict)
{
	MemoryContext old = MemoryContextSwitchTo(cached->context);
	Decider    *decider = palloc0(sizeof(Decider));
	Movement   *movement;

	decider->named = MovementLoad(cached->scheme->name, cached->scheme->version,
								  cached->context);
	movement = &decider->named->movement;
	decider->names = palloc((movement->ntiers + 1) * sizeof(Datum));
	for (int i = 0; i < movement->ntiers; i++)
		decider->names[i] = CStringGetTextDatum(movement->tiers[i].name);
	decider->verdict = CreateTupleDescCopy(verdict);
	if (decider->verdict->natts != OUT_COLUMNS)
		elog(ERROR, "verdict has %d columns", decider->verdict->natts);
	decider->step_type =
		get_element_type(TupleDescAttr(decider->verdict, OUT_STEPS)->atttypid);
	decider->step = lookup_rowtype_tupdesc_copy(decider->step_type, -1);
	decider->room = MaxSteps(0);
	decider->result.steps = palloc(decider->room * sizeof(Step));
	MemoryContextSwitchTo(old);
	return decider;
}

static inline DateADT
DayArg(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NO_DAY : PG_GETARG_DATEADT(argno);
}

/* A tier's number, by the name that it has in a version */
static inline int
TierArg(FunctionCallInfo fcinfo, const NamedMovement *named, int argno, int version)
{
	text	   *name;

	if (PG_ARGISNULL(argno))
		return NO_TIER;
	name = PG_GETARG_TEXT_PP(argno);
	return TierOfVersion(named, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), version);
}

/* A row of assignment, whose columns begin with an argument */
static Assignment
AssignmentArg(FunctionCallInfo fcinfo, const NamedMovement *named, int row)
{
	int			at = row - ARG_TIER;
	int			version = PG_ARGISNULL(at + ARG_CURRENT_VERSION) ? named->version :
		PG_GETARG_INT32(at + ARG_CURRENT_VERSION);
	Assignment current = {
		.customer = !PG_ARGISNULL(at + ARG_TIER),
		.tier = TierArg(fcinfo, named, at + ARG_TIER, version),
		.since = DayArg(fcinfo, at + ARG_SINCE),
		.first = DayArg(fcinfo, at + ARG_FIRST),
		.misses = PG_ARGISNULL(at + ARG_MISSES) ? 0 : PG_GETARG_INT32(at + ARG_MISSES),
		.best = TierArg(fcinfo, named, at + ARG_BEST, version),
		.next_tier = TierArg(fcinfo, named, at + ARG_NEXT_TIER, version),
		.next_review = DayArg(fcinfo, at + ARG_NEXT_REVIEW),
		.kept_until = DayArg(fcinfo, at + ARG_KEPT_UNTIL)
	};

	/* a row of assignment leaves them out where they are the same */
	if (PG_ARGISNULL(at + ARG_POLICY_SINCE))
	{
		current.policy_tier = current.tier;
		current.policy_since = current.since;
	}
	else
	{
		current.policy_tier = TierArg(fcinfo, named, at + ARG_POLICY_TIER, version);
		current.policy_since = PG_GETARG_DATEADT(at + ARG_POLICY_SINCE);
	}
	return current;
}

static OverrideKind
OverrideKindOf(Datum value)
{
	char	   *kind = TextDatumGetCString(value);

	if (strcmp(kind, "fixed") == 0)
		return OVERRIDE_FIXED;
	return strcmp(kind, "cap") == 0 ? OVERRIDE_CAP : OVERRIDE_FLOOR;
}

/* One of an array, with all that it consists of */
static Override
ReadOverride(const NamedMovement *named, Datum value, TupleDesc columns)
{
	HeapTupleHeader row = DatumGetHeapTupleHeader(value);
	HeapTupleData tuple = {
		.t_len = HeapTupleHeaderGetDatumLength(row),
		.t_data = row
	};
	Datum		values[OVERRIDE_COLUMNS];
	bool		nulls[OVERRIDE_COLUMNS];
	Override	override;
	text	   *tier;

	heap_deform_tuple(&tuple, columns, values, nulls);
	for (int i = 0; i < OVERRIDE_COLUMNS; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of an override must not be null",
							NameStr(TupleDescAttr(columns, i)->attname))));
	tier = DatumGetTextPP(values[OVERRIDE_TIER]);
	override.kind = OverrideKindOf(values[OVERRIDE_KIND]);
	override.tier = TierOfName(named, VARDATA_ANY(tier), VARSIZE_ANY_EXHDR(tier));
	override.from = DatumGetDateADT(values[OVERRIDE_FIRST]);
	override.until = DatumGetDateADT(values[OVERRIDE_UNTIL]);
	return override;
}

/* Those whose tier the version has; the others were told before */
static int
ReadOverrides(const NamedMovement *named, ArrayType *array, Override **overrides)
{
	TupleDesc	columns = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
	Datum	   *rows;
	int			count;
	int			kept = 0;

	if (columns->natts != OVERRIDE_COLUMNS)
		elog(ERROR, "override_days has %d columns", columns->natts);
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE,
					  &rows, NULL, &count);
	*overrides = palloc((count + 1) * sizeof(Override));
	for (int i = 0; i < count; i++)
	{
		(*overrides)[kept] = ReadOverride(named, rows[i], columns);
		if ((*overrides)[kept].tier != NO_TIER)
			kept++;
	}
	return kept;
}

static OccasionKind
KindArg(FunctionCallInfo fcinfo)
{
	text	   *kind = PG_GETARG_TEXT_PP(ARG_KIND);
	int			size = VARSIZE_ANY_EXHDR(kind);

	/* assessment, decision, manual or merge */
	switch (size > 0 ? *VARDATA_ANY(kind) : 'a')
	{
		case 'd':
			return OCCASION_DECISION;
		case 'm':
			return size > 1 && VARDATA_ANY(kind)[1] == 'e' ? OCCASION_MERGE : OCCASION_BY_HAND;
		default:
			return OCCASION_ASSESSMENT;
	}
}

/* What the rules give, which rules for staying have depend on the current tier */
static int
EarnedArg(FunctionCallInfo fcinfo, const NamedMovement *named, const Assignment *current)
{
	Datum	   *tiers;
	bool	   *nulls;
	int			count;
	text	   *name;

	if (PG_ARGISNULL(ARG_EARNED_IF) || !current->customer || current->policy_tier == NO_TIER)
		return TierArg(fcinfo, named, ARG_EARNED, named->version);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_EARNED_IF), TEXTOID, -1, false,
					  TYPALIGN_INT, &tiers, &nulls, &count);
	if (count != named->movement.ntiers)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("earned_if has %d tiers, where the version has %d", count,
						named->movement.ntiers)));
	if (nulls[current->policy_tier])
		return NO_TIER;
	name = DatumGetTextPP(tiers[current->policy_tier]);
	return TierOfName(named, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

static Occasion
OccasionArg(FunctionCallInfo fcinfo, Decider *decider, const Assignment *current)
{
	const NamedMovement *named = decider->named;
	Occasion	occasion = {
		.kind = KindArg(fcinfo),
		.as_of = DayArg(fcinfo, ARG_AS_OF),
		.previous = DayArg(fcinfo, ARG_PREVIOUS),
		.gone = !PG_ARGISNULL(ARG_GONE) && PG_GETARG_BOOL(ARG_GONE),
		.earned = EarnedArg(fcinfo, named, current),
		.moved_to = TierArg(fcinfo, named, ARG_MOVED_TO, named->version),
		.new_version = !PG_ARGISNULL(ARG_BEFORE),
		.otherwise = NO_TIER
	};

	if (occasion.new_version)
		occasion.otherwise = TierArg(fcinfo, named, ARG_OTHERWISE,
									 PG_GETARG_INT32(ARG_BEFORE));

	if (!PG_ARGISNULL(ARG_OVERRIDES))
	{
		Override   *overrides;

		occasion.noverrides = ReadOverrides(named, PG_GETARG_ARRAYTYPE_P(ARG_OVERRIDES),
											&overrides);
		occasion.overrides = overrides;
	}
	return occasion;
}

static inline void
PutTier(const Decider *decider, Datum *values, bool *nulls, int column, int tier)
{
	nulls[column] = tier == NO_TIER;
	if (tier != NO_TIER)
		values[column] = decider->names[tier];
}

static inline void
PutDay(Datum *values, bool *nulls, int column, DateADT day)
{
	nulls[column] = day == NO_DAY;
	values[column] = DateADTGetDatum(day);
}

/* The tier that a step leads from: as it came, if the version has it not */
static void
PutFrom(FunctionCallInfo fcinfo, const Decider *decider, Datum *values, bool *nulls,
		int column, int nth)
{
	PutTier(decider, values, nulls, column, decider->result.steps[nth].from);
	if (nulls[column] && nth == 0 && !PG_ARGISNULL(ARG_TIER))
	{
		nulls[column] = false;
		values[column] = PG_GETARG_DATUM(ARG_TIER);
	}
}

static Datum
StepArray(FunctionCallInfo fcinfo, const Decider *decider)
{
	const Verdict *verdict = &decider->result;
	Datum	   *rows = palloc(verdict->nsteps * sizeof(Datum));

	for (int i = 0; i < verdict->nsteps; i++)
	{
		const Step *step = &verdict->steps[i];
		Datum		values[STEP_COLUMNS];
		bool		nulls[STEP_COLUMNS] = {false};

		values[STEP_DAY] = DateADTGetDatum(step->day);
		PutFrom(fcinfo, decider, values, nulls, STEP_FROM, i);
		PutTier(decider, values, nulls, STEP_TO, step->to);
		values[STEP_CAUSE] = CStringGetTextDatum(CauseName(step->cause));
		rows[i] = HeapTupleGetDatum(heap_form_tuple(decider->step, values, nulls));
	}
	return PointerGetDatum(construct_array(rows, verdict->nsteps, decider->step_type,
										   -1, false, TYPALIGN_DOUBLE));
}

static inline bool
SameName(FunctionCallInfo fcinfo, int argno, const Datum *values, const bool *nulls,
		 int column)
{
	if (PG_ARGISNULL(argno) || nulls[column])
		return PG_ARGISNULL(argno) && nulls[column];
	return SameText(PG_GETARG_TEXT_PP(argno), DatumGetTextPP(values[column]));
}

static inline bool
SameDay(FunctionCallInfo fcinfo, int argno, const Datum *values, const bool *nulls,
		int column)
{
	return DayArg(fcinfo, argno) ==
		(nulls[column] ? NO_DAY : DatumGetDateADT(values[column]));
}

/* Is anything noted otherwise than the customer came with? */
static bool
IsChanged(FunctionCallInfo fcinfo, const Datum *values, const bool *nulls)
{
	return !(SameName(fcinfo, ARG_TIER, values, nulls, OUT_TIER) &&
			 SameName(fcinfo, ARG_POLICY_TIER, values, nulls, OUT_POLICY_TIER) &&
			 SameDay(fcinfo, ARG_POLICY_SINCE, values, nulls, OUT_POLICY_SINCE) &&
			 (PG_ARGISNULL(ARG_MISSES) ? 0 : PG_GETARG_INT32(ARG_MISSES)) ==
			 DatumGetInt32(values[OUT_MISSES]) &&
			 SameName(fcinfo, ARG_BEST, values, nulls, OUT_BEST) &&
			 SameName(fcinfo, ARG_NEXT_TIER, values, nulls, OUT_NEXT_TIER) &&
			 SameDay(fcinfo, ARG_NEXT_REVIEW, values, nulls, OUT_NEXT_REVIEW) &&
			 SameDay(fcinfo, ARG_KEPT_UNTIL, values, nulls, OUT_KEPT_UNTIL));
}

/* Misses go on to be counted by one version: an entry says by which. */
static inline bool
IsVersionNoted(FunctionCallInfo fcinfo, const Decider *decider)
{
	return decider->result.now.misses > 0 && !PG_ARGISNULL(ARG_CURRENT_VERSION) &&
		PG_GETARG_INT32(ARG_CURRENT_VERSION) != decider->named->version;
}

/*
 * Does what is noted not follow from the last move, nor from what was noted
 * before? Of next_review it matters only whether there is one.
 */
static bool
IsNoted(FunctionCallInfo fcinfo, const Decider *decider, const Datum *values,
		const bool *nulls)
{
	const Verdict *verdict = &decider->result;

	if (nulls[OUT_TIER])
		return false;
	if (verdict->nsteps > 0)
		return verdict->now.misses > 0 || !nulls[OUT_NEXT_TIER] ||
			!nulls[OUT_NEXT_REVIEW] || !nulls[OUT_POLICY_SINCE];
	return IsVersionNoted(fcinfo, decider) ||
		!(SameName(fcinfo, ARG_POLICY_TIER, values, nulls, OUT_POLICY_TIER) &&
		  SameDay(fcinfo, ARG_POLICY_SINCE, values, nulls, OUT_POLICY_SINCE) &&
		  verdict->now.misses == decider->foreseen &&
		  SameName(fcinfo, ARG_BEST, values, nulls, OUT_BEST) &&
		  SameName(fcinfo, ARG_NEXT_TIER, values, nulls, OUT_NEXT_TIER) &&
		  PG_ARGISNULL(ARG_NEXT_REVIEW) == nulls[OUT_NEXT_REVIEW] &&
		  SameDay(fcinfo, ARG_KEPT_UNTIL, values, nulls, OUT_KEPT_UNTIL));
}

/* The customer's tier now, and so on, as a row of assignment has it */
static void
PutAssignment(const Decider *decider, Datum *values, bool *nulls)
{
	const Assignment *now = &decider->result.now;
	bool		same = now->policy_tier == now->tier && now->policy_since == now->since;

	PutTier(decider, values, nulls, OUT_TIER, now->tier);
	PutDay(values, nulls, OUT_SINCE, now->since);
	PutTier(decider, values, nulls, OUT_POLICY_TIER, same ? NO_TIER : now->policy_tier);
	PutDay(values, nulls, OUT_POLICY_SINCE, same ? NO_DAY : now->policy_since);
	PutDay(values, nulls, OUT_FIRST, now->first);
	values[OUT_MISSES] = Int32GetDatum(now->misses);
	PutTier(decider, values, nulls, OUT_BEST, now->best);
	PutTier(decider, values, nulls, OUT_NEXT_TIER, now->next_tier);
	PutDay(values, nulls, OUT_NEXT_REVIEW, now->next_review);
	PutDay(values, nulls, OUT_KEPT_UNTIL, now->kept_until);
}

/* The columns of a verdict */
static void
PutVerdict(FunctionCallInfo fcinfo, const Decider *decider, int earned, Datum *values,
		   bool *nulls)
{
	const Verdict *verdict = &decider->result;
	bool		moves = verdict->nsteps > 0;

	memset(nulls, false, OUT_COLUMNS * sizeof(bool));
	PutAssignment(decider, values, nulls);
	PutTier(decider, values, nulls, OUT_EARNED,
			earned == verdict->now.tier ? NO_TIER : earned);
	PutTier(decider, values, nulls, OUT_ASKED, verdict->asked);
	nulls[OUT_CAUSE] = nulls[OUT_FROM_TIER] = !moves;
	if (moves)
	{
		values[OUT_CAUSE] =
			CStringGetTextDatum(CauseName(verdict->steps[verdict->nsteps - 1].cause));
		PutFrom(fcinfo, decider, values, nulls, OUT_FROM_TIER, 0);
	}
	values[OUT_MOVES] = BoolGetDatum(moves);
	values[OUT_CHANGED] = BoolGetDatum(IsChanged(fcinfo, values, nulls));
	values[OUT_NOTED] = BoolGetDatum(IsNoted(fcinfo, decider, values, nulls));
	nulls[OUT_STEPS] = verdict->nsteps < 2;
	if (verdict->nsteps >= 2)
		values[OUT_STEPS] = StepArray(fcinfo, decider);
}

/* The misses that a customer is taken to have after an occasion */
static int
ForeseenMisses(const Decider *decider, const Assignment *current, const Occasion *occasion)
{
	Assignment	then = *current;

	if (occasion->kind == OCCASION_ASSESSMENT && then.misses > 0)
		GoOn(&decider->named->movement, &then, occasion->as_of, occasion->previous);
	return then.misses;
}

/*
 * The columns of the verdict on a customer, of whom there are the arguments of decide().
 * Its decider, which the call site made, has what it is made of until the next one.
 */
void
DecideAbout(FunctionCallInfo fcinfo, CachedScheme *cached, Datum *values, bool *nulls)
{
	Decider    *decider = cached->use;
	Assignment current = AssignmentArg(fcinfo, decider->named, ARG_TIER);
	Occasion	occasion = OccasionArg(fcinfo, decider, &current);

	if (decider->room < MaxSteps(occasion.noverrides))
	{
		decider->result.steps = MemoryContextAlloc(cached->context,
												   MaxSteps(occasion.noverrides) *
												   sizeof(Step));
		decider->room = MaxSteps(occasion.noverrides);
	}
	Decide(&decider->named->movement, &current, &occasion, &decider->result);
	decider->foreseen = ForeseenMisses(decider, &current, &occasion);
	PutVerdict(fcinfo, decider, occasion.kind == OCCASION_BY_HAND ? NO_TIER :
			   occasion.earned, values, nulls);
}

/* decide(scheme, version, kind, as_of, …): see its COMMENT */
PG_FUNCTION_INFO_V1(decide);
Datum
decide(PG_FUNCTION_ARGS)
{
	CachedScheme *cached = SchemeVersionArg(fcinfo, ARG_VERSION);
	Datum		values[OUT_COLUMNS];
	bool		nulls[OUT_COLUMNS];

	if (cached->use == NULL)
	{
		TupleDesc	verdict;

		if (get_call_result_type(fcinfo, NULL, &verdict) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		cached->use = MakeDecider(cached, BlessTupleDesc(verdict));
	}
	if (PG_ARGISNULL(ARG_KIND) || PG_ARGISNULL(ARG_AS_OF))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("kind and as_of must not be null")));
	DecideAbout(fcinfo, cached, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(((Decider *) cached->use)->verdict,
													  values, nulls)));
}

/* The customer goes on from one day to the next one */
static void
GoOnTo(const Movement *movement, Assignment *current, DateADT previous, ArrayType *days)
{
	Datum	   *day;
	int			count;

	deconstruct_array(days, DATEOID, sizeof(DateADT), true, TYPALIGN_INT,
					  &day, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		GoOn(movement, current, DatumGetDateADT(day[i]), previous);
		previous = DatumGetDateADT(day[i]);
	}
	pfree(day);
}

/* The policies alone, which a call site of entry_after() or called() keeps beside the scheme */
static const NamedMovement *
NamedMovementArg(FunctionCallInfo fcinfo)
{
	CachedScheme *cached = SchemeVersionArg(fcinfo, ARG_VERSION);

	if (cached->use == NULL)
		cached->use = MovementLoad(cached->scheme->name, cached->scheme->version,
								   cached->context);
	return cached->use;
}

/* entry_after(scheme, version, tier, since, …, as_of, days): see its COMMENT */
PG_FUNCTION_INFO_V1(entry_after);
Datum
entry_after(PG_FUNCTION_ARGS)
{
	TupleDesc	columns;
	Datum		values[2];
	bool		nulls[2] = {PG_ARGISNULL(ENTRY_MISSES), PG_ARGISNULL(ENTRY_NEXT_REVIEW)};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = PG_GETARG_DATUM(ENTRY_MISSES);
	values[1] = PG_GETARG_DATUM(ENTRY_NEXT_REVIEW);
	if (!PG_ARGISNULL(ENTRY_DAYS) && !PG_ARGISNULL(ENTRY_AS_OF))
	{
		const NamedMovement *named = NamedMovementArg(fcinfo);
		Assignment	current = AssignmentArg(fcinfo, named, ENTRY_ROW);

		GoOnTo(&named->movement, &current, PG_GETARG_DATEADT(ENTRY_AS_OF),
			   PG_GETARG_ARRAYTYPE_P(ENTRY_DAYS));
		values[0] = Int32GetDatum(current.misses);
		PutDay(values, nulls, 1, current.next_review);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/* called(scheme, version, tier, from_version): see its COMMENT */
PG_FUNCTION_INFO_V1(called);
Datum
called(PG_FUNCTION_ARGS)
{
	const NamedMovement *named = NamedMovementArg(fcinfo);
	int			tier = TierArg(fcinfo, named, CALLED_TIER,
							   PG_GETARG_INT32(CALLED_FROM_VERSION));

	if (tier == NO_TIER)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(named->movement.tiers[tier].name));
}
