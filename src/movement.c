/*
 * movement.c
 *		The grammar of movement; see movement.h.
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "movement.h"

/* A decision on its way */
typedef struct Decision
{
	const Movement *movement;
	const Assignment *current;
	const Occasion *occasion;
	const Tier *policy;			/* of the policy tier; NULL if it has none */
	bool		below;			/* a miss: less is earned than that tier */
	int			counts;			/* reviews since the assessment before that find it */
	bool		term_over;		/* the term has ended, and was not renewed */
	int			pending;		/* a rise that was put off until now */
	DateADT		due;			/* what is decided falls due on this day */
	int			best;			/* of the misses, this one among them */
	int			by_policy;		/* what rules and policy give */
	bool		approved;
} Decision;

static void
SplitDay(DateADT day, int *year, int *month, int *mday)
{
	j2date(day + POSTGRES_EPOCH_JDATE, year, month, mday);
}

static DateADT
MakeDay(int year, int month, int mday)
{
	return date2j(year, month, mday) - POSTGRES_EPOCH_JDATE;
}

/* The last day of the month that lies so many months after a day's */
static DateADT
EndOfMonth(DateADT day, int months)
{
	int			year,
				month,
				mday;

	SplitDay(day, &year, &month, &mday);
	month += months;			/* from 0 on in the month after */
	return MakeDay(year + month / 12, month % 12 + 1, 1) - 1;
}

/* The same day so many months later, or the last of a shorter month */
static DateADT
AddMonths(DateADT day, int months)
{
	int			year,
				month,
				mday;
	DateADT		first;

	SplitDay(day, &year, &month, &mday);
	month += months - 1;
	first = MakeDay(year + month / 12, month % 12 + 1, 1);
	return Min(first + mday - 1, EndOfMonth(first, 0));
}

static inline bool
IsMonthEnd(DateADT day)
{
	return day == EndOfMonth(day, 0);
}

static int
MonthOf(DateADT day)
{
	int			year,
				month,
				mday;

	SplitDay(day, &year, &month, &mday);
	return month;
}

/*
 * The last day of a span that begins after a day. Whole months from a month's
 * last day lead to a month's last day: a month from 28 February ends on 31 March.
 */
DateADT
SpanEnd(DateADT day, Span span)
{
	if (span.months > 0 && span.days == 0 && IsMonthEnd(day))
		return EndOfMonth(day, span.months);
	return AddMonths(day, span.months) + span.days;
}

static inline bool
HasSpan(Span span)
{
	return span.months != 0 || span.days != 0;
}

static inline bool
InMonths(int months, int month)
{
	return months == 0 || (months & (1 << month)) != 0;
}

/* From which day on a tier's reviews are counted, if not by the calendar */
static DateADT
ReviewBase(const Tier *tier, const Assignment *current)
{
	if (tier->review_from == REVIEW_FROM_JOINED && current->first != NO_DAY)
		return current->first;
	return current->policy_since;
}

/* The next anniversary of a day after another one that is in the months */
static DateADT
NextAnniversary(DateADT base, int months, DateADT after)
{
	int			n = 1;

	while (!InMonths(months, (n - 1) % 12 + 1) || AddMonths(base, n) <= after)
		n++;
	return AddMonths(base, n);
}

/* The first day after another one, up to as_of, on which a review falls due, or NO_DAY */
static DateADT
NextReviewDue(const Tier *tier, const Assignment *current, DateADT as_of, DateADT after)
{
	DateADT		day;

	if (tier->review_from != REVIEW_FROM_CALENDAR)
		day = NextAnniversary(ReviewBase(tier, current), tier->review_months, after);
	else if (!tier->review_at_month_end)
		day = InMonths(tier->review_months, MonthOf(as_of)) && after < as_of ? as_of : NO_DAY;
	else
	{
		day = EndOfMonth(after + 1, 0);
		while (day <= as_of && !InMonths(tier->review_months, MonthOf(day)))
			day = EndOfMonth(day + 1, 0);
	}
	return day <= as_of ? day : NO_DAY;
}

/*
 * When the n-th review after a day is to be expected. When assessments are made
 * is the bank's to say; if the last one was a month's last day, the next are
 * taken to be, too, and otherwise one a day.
 */
static DateADT
NthReview(const Tier *tier, const Assignment *current, DateADT as_of, DateADT after, int n)
{
	bool		month_ends = IsMonthEnd(as_of);
	DateADT		day = after;

	if (tier != NULL && tier->review_from != REVIEW_FROM_CALENDAR)
	{
		while (n-- > 0)
			day = NextAnniversary(ReviewBase(tier, current), tier->review_months, day);
		return day;
	}
	if (tier != NULL && tier->review_at_month_end)
		month_ends = true;
	if (!month_ends && (tier == NULL || tier->review_months == 0))
		return after + n;
	while (n > 0)
	{
		day = month_ends ? EndOfMonth(day + 1, 0) : day + 1;
		if (tier == NULL || InMonths(tier->review_months, MonthOf(day)))
			n--;
	}
	return day;
}

static inline int
RankOf(const Movement *movement, int tier)
{
	return movement->tiers[tier].rank;
}

/* Is a tier higher than another one? None is lower than any. */
static inline bool
IsAbove(const Movement *movement, int tier, int other)
{
	if (tier == NO_TIER || other == NO_TIER)
		return tier != NO_TIER;
	return RankOf(movement, tier) > RankOf(movement, other);
}

static inline bool
IsBelow(const Movement *movement, int earned, int tier)
{
	return earned == NO_TIER || RankOf(movement, earned) < RankOf(movement, tier);
}

static inline DateADT
FirstDay(const Assignment *current)
{
	return current->first != NO_DAY ? current->first : current->since;
}

/* Until when no miss counts for who entered a tier on a day */
static DateADT
ProtectedUntil(const Tier *tier, DateADT entered, DateADT first)
{
	return Max(SpanEnd(entered, tier->hold), SpanEnd(first, tier->new_hold));
}

/* The last day of the term in which a customer is */
static DateADT
TermEnd(const Tier *tier, const Assignment *current)
{
	if (!HasSpan(tier->term))
		return NO_DAY;
	return current->kept_until != NO_DAY ? current->kept_until :
		SpanEnd(current->policy_since, tier->term);
}

/* The policy that rules who is in their policy tier; NULL if it has none */
static const Tier *
PolicyOf(const Movement *movement, const Assignment *current)
{
	if (!current->customer || current->policy_tier == NO_TIER ||
		!movement->tiers[current->policy_tier].earnable)
		return NULL;
	return &movement->tiers[current->policy_tier];
}

/*
 * Each review that fell due since the assessment before finds the miss, and the one
 * that makes it enough is when the customer leaves the tier.
 */
static void
CountReviews(Decision *r)
{
	const Assignment *current = r->current;
	DateADT		as_of = r->occasion->as_of;
	DateADT		previous = r->occasion->previous == NO_DAY ? as_of - 1 :
		r->occasion->previous;
	DateADT		from = Max(previous, ProtectedUntil(r->policy, current->policy_since,
													FirstDay(current)));
	DateADT		day;

	for (day = NextReviewDue(r->policy, current, as_of, from); day != NO_DAY;
		 day = NextReviewDue(r->policy, current, as_of, day))
	{
		r->counts++;
		if (current->misses + r->counts <= r->policy->down_after)
			r->due = day;
	}
}

/* A term ends on its last day, whatever reviews there are */
static void
JudgeTerm(Decision *r, DateADT term_end)
{
	const Occasion *occasion = r->occasion;

	r->term_over = occasion->as_of > term_end;
	r->counts = r->term_over;
	if (r->term_over && occasion->previous != NO_DAY && term_end >= occasion->previous)
		r->due = term_end + 1;
}

/* Whether what is earned is a miss, and how often that counts */
static void
JudgeMiss(Decision *r)
{
	const Assignment *current = r->current;
	const Occasion *occasion = r->occasion;
	DateADT		term_end;

	r->best = current->misses > 0 ? current->best : NO_TIER;
	r->below = r->policy == NULL ||
		IsBelow(r->movement, occasion->earned, current->policy_tier);
	if (r->policy == NULL || !r->below)
		return;
	term_end = TermEnd(r->policy, current);
	if (term_end != NO_DAY)
		JudgeTerm(r, term_end);
	else
		CountReviews(r);
	if (r->counts > 0 && IsAbove(r->movement, occasion->earned, r->best))
		r->best = occasion->earned;
}

/* The rise that the assessment before put off until this one */
static int
PendingRise(const Decision *r)
{
	const Assignment *current = r->current;

	if (r->policy == NULL || current->next_tier == NO_TIER ||
		current->next_review == NO_DAY ||
		!r->movement->tiers[current->next_tier].earnable ||
		!IsAbove(r->movement, current->next_tier, current->policy_tier))
		return NO_TIER;
	return current->next_tier;
}

/* To where a tier's policy leads down */
static int
DownTarget(const Tier *tier, int earned, int best)
{
	if (tier->down_to == DOWN_TO_ONE_STEP && tier->lower != NO_TIER)
		return tier->lower;
	return tier->down_to == DOWN_TO_BEST && best != NO_TIER ? best : earned;
}

/* Where the policy leads at an assessment */
static int
WantedTier(const Decision *r)
{
	const Assignment *current = r->current;
	int			earned = r->occasion->earned;
	int			rank_of = r->pending != NO_TIER ? r->pending : current->policy_tier;
	bool		asked = current->next_tier != NO_TIER && current->next_review == NO_DAY;
	int			target;

	if (r->occasion->gone)
		return NO_TIER;
	if (r->policy == NULL)
		return earned;
	if (earned != NO_TIER && IsAbove(r->movement, earned, rank_of) &&
		(r->movement->tiers[earned].up_at_once ||
		 (asked && current->next_tier == earned)))
		return earned;
	if (r->pending != NO_TIER)
		return r->pending;
	if (!r->below)
		return RankOf(r->movement, earned) == r->policy->rank ? earned :
			current->policy_tier;
	target = DownTarget(r->policy, earned, r->best);
	if (r->counts > 0 && (r->term_over ||
						  current->misses + r->counts >= r->policy->down_after))
		return target;
	/* what a review asked for is asked for until it is not missed any more */
	if (current->misses >= r->policy->down_after && asked && current->next_tier == target)
		return target;
	return current->policy_tier;
}

/* The tier that overrides of a day make of the one that the policy gives */
static int
Overridden(const Movement *movement, const Occasion *occasion, DateADT day, int tier)
{
	int			cap = NO_TIER;
	int			result = tier;

	for (int i = 0; i < occasion->noverrides; i++)
	{
		const Override *o = &occasion->overrides[i];

		if (day < o->from || day >= o->until)
			continue;
		if (o->kind == OVERRIDE_FIXED)
			return o->tier;
		if (o->kind == OVERRIDE_CAP)
			cap = o->tier;
		else if (IsAbove(movement, o->tier, tier))
			result = o->tier;
	}
	if (cap != NO_TIER && result != NO_TIER && IsAbove(movement, result, cap))
		return cap;
	return result;
}

/* From which day on a decision of the policy counts */
static DateADT
EffectiveDay(const Decision *r)
{
	const Tier *tier = r->by_policy == NO_TIER ? r->policy : &r->movement->tiers[r->by_policy];

	/* who falls leaves by the policy of the tier left */
	if (r->policy != NULL && IsBelow(r->movement, r->by_policy, r->current->policy_tier))
		tier = r->policy;
	if (tier == NULL || tier->effective == EFFECTIVE_ASSESSMENT)
		return r->due;
	return tier->effective == EFFECTIVE_NEXT_DAY ? r->due + 1 :
		EndOfMonth(r->due, 0) + 1;
}

/* When who is below their tier leaves it, if they go on to be */
static DateADT
FallDue(const Tier *tier, const Assignment *now, DateADT as_of, DateADT first)
{
	DateADT		from = Max(as_of, ProtectedUntil(tier, now->policy_since, first));

	if (HasSpan(tier->term))
		return NthReview(NULL, now, as_of, Max(as_of, now->kept_until), 1);
	return NthReview(tier, now, as_of, from, Max(tier->down_after - now->misses, 1));
}

/* What comes next, if the customer goes on to earn what they earned last */
static void
LookAhead(const Decision *r, Verdict *verdict)
{
	Assignment *now = &verdict->now;
	const Tier *tier = now->policy_tier == NO_TIER ? NULL :
		&r->movement->tiers[now->policy_tier];
	DateADT		as_of = r->occasion->as_of;
	int			earned = r->occasion->earned;
	DateADT		first = r->current->customer ? FirstDay(r->current) : as_of;
	bool		earnable = tier != NULL && tier->earnable;

	now->next_tier = NO_TIER;
	now->next_review = NO_DAY;
	if (verdict->asked != NO_TIER)
		now->next_tier = verdict->asked;
	else if (tier == NULL || (earnable && IsAbove(r->movement, earned, now->policy_tier)))
	{
		now->next_tier = earned;
		if (tier != NULL)
			now->next_review = NthReview(NULL, now, as_of, as_of, 1);
	}
	else if (earnable && IsBelow(r->movement, earned, now->policy_tier))
	{
		now->next_tier = DownTarget(tier, earned, now->misses > 0 ? now->best : earned);
		now->next_review = FallDue(tier, now, as_of, first);
	}
}

/* The term that the customer is in after the assessment */
static DateADT
NewTerm(const Decision *r, const Assignment *now)
{
	const Tier *tier = now->policy_tier == NO_TIER ? NULL :
		&r->movement->tiers[now->policy_tier];
	DateADT		end;

	if (tier == NULL || !HasSpan(tier->term))
		return NO_DAY;
	if (now->policy_since != r->current->policy_since ||
		now->policy_tier != r->current->policy_tier)
		return SpanEnd(now->policy_since, tier->term);
	end = TermEnd(tier, r->current);
	if (!r->below && r->occasion->kind == OCCASION_ASSESSMENT &&
		(tier->renews || r->occasion->as_of > end))
		return SpanEnd(r->occasion->as_of, tier->term);
	return end;
}

/* Whether the policy's move was put off by an assessment before */
static inline bool
WasPutOff(const Decision *r)
{
	return r->current->next_review != NO_DAY &&
		(r->below || r->pending != NO_TIER);
}

/* Why a customer comes from one tier to another one at the assessment */
static Cause
CauseOf(const Decision *r, int from, int tier)
{
	const Assignment *current = r->current;

	if (!current->customer && r->occasion->kind == OCCASION_ASSESSMENT)
		return CAUSE_NEW;
	if (tier == NO_TIER)
		return CAUSE_EXIT;
	if (tier != r->by_policy)
		return CAUSE_OVERRIDE;
	if (from != current->policy_tier && r->by_policy == current->policy_tier)
		return CAUSE_OVERRIDE_END;
	if (r->approved)
		return CAUSE_APPROVAL;
	if (r->occasion->new_version && tier != r->occasion->otherwise)
		return CAUSE_SCHEME;
	if (r->occasion->earned != tier || WasPutOff(r))
		return CAUSE_POLICY;
	return CAUSE_RULE;
}

/*
 * What was put off counts from a day on that an assessment may come before. Nothing is
 * dated before it: who leaves until then, or is given another tier by an override, goes
 * from there on that day, for the moves of a customer are in the order of their days.
 */
static void
AddStep(Verdict *verdict, DateADT day, int to, Cause cause)
{
	Step	   *step = &verdict->steps[verdict->nsteps++];

	if (verdict->now.tier != NO_TIER && cause != CAUSE_MANUAL && cause != CAUSE_MERGE)
		day = Max(day, verdict->now.since);
	step->day = day;
	step->from = verdict->now.tier;
	step->to = to;
	step->cause = cause;
	verdict->now.tier = to;
	verdict->now.since = day;
}

/* The first day after another one, and before a last one, on which overrides change */
static DateADT
NextChange(const Occasion *occasion, DateADT after, DateADT before)
{
	DateADT		next = before;

	for (int i = 0; i < occasion->noverrides; i++)
	{
		const Override *o = &occasion->overrides[i];

		if (o->from > after && o->from < next)
			next = o->from;
		if (o->until > after && o->until < next)
			next = o->until;
	}
	return next;
}

/*
 * What overrides did between two assessments, while the policy went on to give
 * one tier. Whoever is a customer by an override alone is none when it ends.
 */
static void
FollowOverrides(const Decision *r, Verdict *verdict, DateADT after, DateADT before, int tier)
{
	DateADT		day;

	for (day = NextChange(r->occasion, after, before);
		 day < before && verdict->now.tier != NO_TIER;
		 day = NextChange(r->occasion, day, before))
	{
		int			to = Overridden(r->movement, r->occasion, day, tier);

		if (to != verdict->now.tier)
			AddStep(verdict, day, to, to == NO_TIER ? CAUSE_EXIT :
					to == tier ? CAUSE_OVERRIDE_END : CAUSE_OVERRIDE);
	}
}

/* A step, if the tier is another than the one before */
static void
StepTo(const Decision *r, Verdict *verdict, DateADT day, int tier)
{
	if (tier != verdict->now.tier)
		AddStep(verdict, day, tier,
				verdict->nsteps > 0 && verdict->now.tier == NO_TIER ? CAUSE_NEW :
				CauseOf(r, verdict->now.tier, tier));
}

/*
 * From the assessment before to this one: overrides begin and end on their days,
 * and the policy's own move comes on the day on which it fell due or counts.
 */
static void
WalkDays(const Decision *r, Verdict *verdict, DateADT effective)
{
	const Occasion *occasion = r->occasion;
	DateADT		as_of = occasion->as_of;
	int			before = r->current->policy_tier;

	FollowOverrides(r, verdict, occasion->previous, Min(effective, as_of), before);
	if (effective < as_of)
	{
		StepTo(r, verdict, effective,
			   Overridden(r->movement, occasion, effective, r->by_policy));
		FollowOverrides(r, verdict, effective, as_of, r->by_policy);
	}
	else if (effective > as_of)
	{
		int			tier = Overridden(r->movement, occasion, as_of, before);

		if (tier != verdict->now.tier && tier != NO_TIER)
			AddStep(verdict, as_of, tier, tier == before ? CAUSE_OVERRIDE_END :
					CAUSE_OVERRIDE);
	}
}

/* The steps that lead to where the customer is, in the order of their days */
static void
Walk(const Decision *r, Verdict *verdict, DateADT effective)
{
	const Occasion *occasion = r->occasion;
	const Assignment *current = r->current;
	DateADT		as_of = occasion->as_of;
	bool		unknown = current->customer && current->tier == NO_TIER;
	int			tier = occasion->gone ? NO_TIER :
		Overridden(r->movement, occasion, as_of, r->by_policy);

	if (current->customer && !unknown && occasion->previous != NO_DAY &&
		occasion->kind == OCCASION_ASSESSMENT)
		WalkDays(r, verdict, effective);
	if (unknown)
		AddStep(verdict, effective, tier, CauseOf(r, current->tier, tier));
	else
		StepTo(r, verdict, Max(effective, as_of), tier);
}

/* Were they a customer before, but not all the time since? */
static bool
CameBack(const Verdict *verdict)
{
	for (int i = 1; i < verdict->nsteps; i++)
		if (verdict->steps[i].from == NO_TIER)
			return true;
	return false;
}

/* What the policy notes of who stays a customer */
static void
Note(const Decision *r, Verdict *verdict, DateADT effective)
{
	const Assignment *current = r->current;
	Assignment *now = &verdict->now;
	bool		stays = current->customer && r->by_policy == current->policy_tier;

	now->customer = now->tier != NO_TIER;
	now->policy_tier = r->by_policy;
	now->policy_since = stays ? current->policy_since : effective;
	now->first = current->customer && !CameBack(verdict) ? current->first :
		r->occasion->as_of;
	if (stays && r->occasion->kind == OCCASION_DECISION)
		return;
	now->misses = stays && r->policy != NULL && r->below ? current->misses + r->counts : 0;
	now->best = now->misses > 0 ? r->best : NO_TIER;
	now->kept_until = NewTerm(r, now);
	LookAhead(r, verdict);
}

/* What rules and policy give at an assessment, and what a request asks for */
static void
RuleAssessment(Decision *r, Verdict *verdict)
{
	const Assignment *current = r->current;
	bool		stays;

	JudgeMiss(r);
	r->pending = PendingRise(r);
	r->by_policy = WantedTier(r);
	stays = r->policy != NULL && r->by_policy == current->policy_tier;
	r->approved = r->by_policy != NO_TIER && r->by_policy == r->occasion->moved_to;
	if (r->by_policy != NO_TIER && !stays && !r->approved &&
		r->movement->tiers[r->by_policy].approval)
	{
		verdict->asked = r->by_policy;
		r->by_policy = r->policy != NULL ? current->policy_tier : NO_TIER;
	}
	/* only a fall comes of what fell due */
	if (r->counts == 0 || r->occasion->gone ||
		!IsBelow(r->movement, r->by_policy, current->policy_tier))
		r->due = r->occasion->as_of;
}

/* Somebody puts the customer there, and what the policy had noted is gone */
static void
PutByHand(const Decision *r, Verdict *verdict)
{
	const Assignment *current = r->current;
	Assignment *now = &verdict->now;
	int			to = r->occasion->moved_to;
	DateADT		day = r->occasion->as_of;

	/* one that was about a customer says nothing of who is none */
	if (current->customer ? to == current->tier && to != NO_TIER :
		r->occasion->gone || to == NO_TIER)
		return;
	AddStep(verdict, day, to,
			r->occasion->kind == OCCASION_MERGE ? CAUSE_MERGE : CAUSE_MANUAL);
	now->customer = to != NO_TIER;
	now->policy_tier = to;
	now->policy_since = day;
	now->misses = 0;
	now->best = NO_TIER;
	now->next_tier = NO_TIER;
	now->next_review = NO_DAY;
	now->kept_until = NO_DAY;
	if (!current->customer)
		now->first = NO_DAY;
}

/*
 * Where a customer is after an occasion, and the steps that led there. At a
 * decision the assessment was made already: what was approved is entered, and
 * overrides that count now are looked at again.
 */
void
Decide(const Movement *movement, const Assignment *current, const Occasion *occasion,
	   Verdict *verdict)
{
	Decision		r = {movement, current, occasion};
	DateADT		effective;

	r.policy = PolicyOf(movement, current);
	r.due = occasion->as_of;
	r.best = NO_TIER;
	r.pending = NO_TIER;
	verdict->now = *current;
	if (!current->customer)
		verdict->now.tier = NO_TIER;
	verdict->asked = NO_TIER;
	verdict->nsteps = 0;
	if (occasion->kind == OCCASION_BY_HAND || occasion->kind == OCCASION_MERGE)
	{
		PutByHand(&r, verdict);
		return;
	}
	if (occasion->kind == OCCASION_ASSESSMENT)
		RuleAssessment(&r, verdict);
	else
	{
		r.approved = occasion->moved_to != NO_TIER;
		r.by_policy = r.approved ? occasion->moved_to : current->policy_tier;
	}
	if (current->customer && r.by_policy == current->policy_tier)
		effective = occasion->as_of;
	else
		effective = occasion->gone ? occasion->as_of : EffectiveDay(&r);
	Walk(&r, verdict, effective);
	Note(&r, verdict, effective);
}

/*
 * What is noted of a customer after one more assessment, if it finds them as the one
 * before did: who has misses is below their tier again, and so is who is expected to
 * leave it. It goes without an entry in watch_history. A term does not end by misses,
 * and where there were none before, none came up without an entry.
 */
void
GoOn(const Movement *movement, Assignment *current, DateADT as_of, DateADT previous)
{
	Occasion	occasion = {.as_of = as_of, .previous = previous};
	Decision		r = {movement, current, &occasion};

	r.policy = PolicyOf(movement, current);
	if (r.policy == NULL)
		return;
	if (current->misses > 0 && !HasSpan(r.policy->term))
	{
		CountReviews(&r);
		current->misses += r.counts;
	}
	if (current->next_review != NO_DAY &&
		!IsAbove(movement, current->next_tier, current->policy_tier))
		current->next_review = FallDue(r.policy, current, as_of, FirstDay(current));
}

const char *
CauseName(Cause cause)
{
	static const char *const names[] = {
		"new", "exit", "rule", "policy", "scheme", "override", "override_end",
		"approval", "manual", "merge"
	};

	return names[cause];
}
