/*
 * shortfall.c
 *		What a customer lacks to a higher tier, and which way there is cheapest.
 *
 * A rule is met by changing metrics, but only those that can be changed: nobody
 * is told to become another type of customer. Where a rule looks at metrics
 * themselves, each that misses its bounds goes to the nearer one. Where it looks
 * at a score, the metrics behind that go to other bands; which of them is searched
 * for, all conditions of the rule together, as one metric may be behind several. A
 * way costs what its dearest change costs, in per cent of the bound; of those that
 * cost the same the one with fewer changes is taken, then the one whose changes add
 * up to less. Before that search the least cost is looked for with which each score by
 * itself can be reached; dearer changes are tried only if there is no way within that.
 * Changes are tried in the order of what they cost, and what cannot be better, or cannot
 * reach a score any more, is not gone into.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "shortfall.h"

/* A value that a metric may be given, and what it earns */
typedef struct Choice
{
	Lack		lack;			/* what it takes; its metric is -1 if nothing */
	DecimalKey *points;			/* in each of the rule's scores; 0 if not in it */
} Choice;

/* A metric that a rule depends on */
typedef struct Variable
{
	int			nchoices;
	Choice	   *choices;		/* cheapest first */
	DecimalKey *least;			/* of this and all later ones, in each score */
	DecimalKey *most;
} Variable;

struct Shortfall
{
	const Scheme *scheme;
	const bool *actionable;		/* by metric */
	int64		within;			/* ways that cost more are not wanted */
	bool	   *scored;			/* by box: does it look at a score? */
	Way		   *ways;			/* room for one of each box */
	/* the rule at hand, if it looks at scores */
	const DecimalKey *point;
	int			nscores;
	const Score **scores;
	const Condition **wanted;	/* of each of them */
	int			nvariables;
	Variable   *variables;
	int64		limit;			/* dearer choices are not tried */
	const Choice **chosen;		/* of each variable */
	const Choice **best;		/* the same in the best way so far */
	int64		best_cost;
	int			best_count;		/* -1: there is no way so far */
	int64		best_total;
};

static void *
Room(int count, Size size)
{
	return palloc0((count + 1) * size);
}

static int
CountChoices(const Scheme *scheme)
{
	int			count = 5;		/* as it is, and on both sides of a condition's bounds */

	for (int i = 0; i < scheme->nscores; i++)
		for (int j = 0; j < scheme->scores[i].nparts; j++)
			count += 4 * scheme->scores[i].parts[j].nbands;
	return count;
}

static void
CreateVariables(Shortfall *s)
{
	int			nchoices = CountChoices(s->scheme);

	s->variables = Room(s->scheme->nmetrics, sizeof(Variable));
	for (int i = 0; i < s->scheme->nmetrics; i++)
	{
		Variable   *variable = &s->variables[i];

		variable->choices = Room(nchoices, sizeof(Choice));
		for (int j = 0; j < nchoices; j++)
			variable->choices[j].points = Room(s->scheme->nscores, sizeof(DecimalKey));
		variable->least = Room(s->scheme->nscores, sizeof(DecimalKey));
		variable->most = Room(s->scheme->nscores, sizeof(DecimalKey));
	}
	s->scores = Room(s->scheme->nscores, sizeof(Score *));
	s->wanted = Room(s->scheme->nscores, sizeof(Condition *));
	s->chosen = Room(s->scheme->nmetrics, sizeof(Choice *));
	s->best = Room(s->scheme->nmetrics, sizeof(Choice *));
}

/*
 * For one scheme; actionable says of each metric whether it can be changed, and within
 * what a way may cost to be told
 */
Shortfall *
ShortfallCreate(const Scheme *scheme, const bool *actionable, int64 within)
{
	Shortfall  *s = palloc0(sizeof(Shortfall));

	s->scheme = scheme;
	s->actionable = actionable;
	s->within = within;
	s->scored = Room(scheme->nboxes, sizeof(bool));
	s->ways = Room(scheme->nboxes, sizeof(Way));
	for (int i = 0; i < scheme->nboxes; i++)
	{
		const Box  *box = &scheme->boxes[i];

		for (int j = box->first; j < box->first + box->count; j++)
			if (scheme->metrics[scheme->conditions[j].metric].kind == METRIC_SCORE)
				s->scored[i] = true;
		s->ways[i].lacks = Room(scheme->nmetrics, sizeof(Lack));
	}
	if (scheme->nscores > 0)
		CreateVariables(s);
	return s;
}

/* In 10^-4 per cent of the bound, rounded; both are cut to fit where they are huge */
static int64
CostOf(DecimalKey key, DecimalKey cut)
{
	int128		bound = cut >> 1;
	int128		distance = bound - (key >> 1);

	if (key == DECIMAL_KEY_NULL || bound == 0)
		return COST_UNKNOWN;
	bound = bound < 0 ? -bound : bound;
	distance = distance < 0 ? -distance : distance;
	while (distance > DECIMAL_KEY_MAX / 4000000)
	{
		distance >>= 1;
		bound >>= 1;
	}
	if (bound == 0)
		return COST_UNKNOWN;
	distance = (2000000 * distance + bound) / (2 * bound);
	return distance < COST_UNKNOWN ? (int64) distance : COST_UNKNOWN;
}

/*
 * Does a metric miss a bound by more than that? Most do, and it takes no division to
 * tell. False of what is huge or not known, too, which is left to CostOf().
 */
static inline bool
IsBeyond(DecimalKey key, DecimalKey cut, int64 within)
{
	int128		bound = cut >> 1;
	int128		distance = bound - (key >> 1);

	bound = bound < 0 ? -bound : bound;
	distance = distance < 0 ? -distance : distance;
	if (key == DECIMAL_KEY_NULL || within >= (int64) 1 << 40 ||
		bound >= (int128) 1 << 80 || distance >= (int128) 1 << 100)
		return false;
	return 2000000 * distance >= bound * (2 * within + 1);
}

/* What it costs is told only of what is wanted */
static inline Lack
MakeLack(int metric, DecimalKey cut, bool rises)
{
	Lack		lack = {metric, cut, rises};

	return lack;
}

static inline bool
IsWithin(const Condition *condition, DecimalKey key)
{
	return key >= condition->lower && key < condition->upper;
}

/* What brings a metric within bounds; false if nothing does */
static bool
LackOf(const Shortfall *s, const Condition *condition, Lack *lack)
{
	int			metric = condition->metric;
	DecimalKey	key = s->point[metric];

	if (!s->actionable[metric])
		return false;
	if (s->scheme->metrics[metric].kind == METRIC_BOOLEAN)
	{
		bool		rises = key != DECIMAL_KEY_ONE && IsWithin(condition, DECIMAL_KEY_ONE);

		*lack = MakeLack(metric, rises ? DECIMAL_KEY_ONE : 1, rises);
		return rises || (key != 0 && IsWithin(condition, 0));
	}
	if (key == DECIMAL_KEY_NULL && condition->lower == DECIMAL_KEY_MIN)
		*lack = condition->upper == DECIMAL_KEY_MAX ?
			MakeLack(metric, DECIMAL_KEY_MIN, true) :
			MakeLack(metric, condition->upper, false);
	else if (key < condition->lower)
		*lack = MakeLack(metric, condition->lower, true);
	else
		*lack = MakeLack(metric, condition->upper, false);
	return true;
}

/* False if it costs more than is wanted */
static bool
CostWay(const Shortfall *s, Way *way)
{
	for (int i = 0; i < way->count; i++)
		if (IsBeyond(s->point[way->lacks[i].metric], way->lacks[i].cut, s->within))
			return false;
	for (int i = 0; i < way->count; i++)
	{
		Lack	   *lack = &way->lacks[i];

		lack->cost = CostOf(s->point[lack->metric], lack->cut);
		way->cost = Max(way->cost, lack->cost);
	}
	return way->cost <= s->within;
}

/* The way into a box that looks at no score */
static bool
SolvePlain(Shortfall *s, const Box *box, Way *way)
{
	for (int i = box->first; i < box->first + box->count; i++)
	{
		const Condition *condition = &s->scheme->conditions[i];

		if (IsWithin(condition, s->point[condition->metric]))
			continue;
		if (!LackOf(s, condition, &way->lacks[way->count++]))
			return false;
	}
	return true;
}

/* What a metric earns in each of the rule's scores; false if that is not known */
static bool
EarnPoints(const Shortfall *s, int metric, DecimalKey key, DecimalKey *points)
{
	for (int i = 0; i < s->nscores; i++)
	{
		points[i] = 0;
		for (int j = 0; j < s->scores[i]->nparts; j++)
		{
			const ScorePart *part = &s->scores[i]->parts[j];
			const Band *band;

			if (part->metric != metric)
				continue;
			band = key == DECIMAL_KEY_NULL ? NULL : ScorePartFindBand(part, key);
			points[i] = band != NULL ? band->points : part->null_points;
			if (band == NULL && (key != DECIMAL_KEY_NULL ||
								 points[i] == DECIMAL_KEY_NULL))
				return false;
		}
	}
	return true;
}

/* Put a choice among those that there are, unless it is there */
static void
AddChoice(Shortfall *s, Variable *variable, const Condition *direct,
		  int metric, DecimalKey key, Lack lack)
{
	int			at = variable->nchoices;
	Choice		choice = variable->choices[at];

	if (direct != NULL && !IsWithin(direct, key))
		return;
	for (int i = 0; i < at; i++)
		if (variable->choices[i].lack.metric >= 0 && lack.metric >= 0 &&
			variable->choices[i].lack.cut == lack.cut &&
			variable->choices[i].lack.rises == lack.rises)
			return;
	if (lack.metric >= 0)
		lack.cost = CostOf(s->point[metric], lack.cut);
	choice.lack = lack;
	if (!EarnPoints(s, metric, key, choice.points))
		return;
	for (; at > 0 && variable->choices[at - 1].lack.cost > lack.cost; at--)
		variable->choices[at] = variable->choices[at - 1];
	variable->choices[at] = choice;
	variable->nchoices++;
}

/* What lies beyond a bound of a condition or a band */
static void
AddBeyond(Shortfall *s, Variable *variable, const Condition *direct,
		  int metric, DecimalKey cut)
{
	DecimalKey	key = s->point[metric];

	if (cut == DECIMAL_KEY_MIN || cut == DECIMAL_KEY_MAX)
		return;
	if (key < cut)
		AddChoice(s, variable, direct, metric, cut, MakeLack(metric, cut, true));
	if (key >= cut || key == DECIMAL_KEY_NULL)
		AddChoice(s, variable, direct, metric, cut - 1,
				  MakeLack(metric, cut, false));
}

static void
AddBeyondBands(Shortfall *s, Variable *variable, const Condition *direct, int metric)
{
	if (direct != NULL)
	{
		AddBeyond(s, variable, direct, metric, direct->lower);
		AddBeyond(s, variable, direct, metric, direct->upper);
	}
	for (int i = 0; i < s->nscores; i++)
		for (int j = 0; j < s->scores[i]->nparts; j++)
		{
			const ScorePart *part = &s->scores[i]->parts[j];

			for (int k = 0; part->metric == metric && k < part->nbands; k++)
			{
				AddBeyond(s, variable, direct, metric, part->bands[k].lower);
				AddBeyond(s, variable, direct, metric, part->bands[k].upper);
			}
		}
}

/* The values that a metric may be given, as it is first of all */
static void
FillVariable(Shortfall *s, Variable *variable, const Condition *direct, int metric)
{
	DecimalKey	key = s->point[metric];
	Lack		none = {-1};

	variable->nchoices = 0;
	AddChoice(s, variable, direct, metric, key, none);
	if (!s->actionable[metric])
		return;
	if (s->scheme->metrics[metric].kind != METRIC_BOOLEAN)
		AddBeyondBands(s, variable, direct, metric);
	else
	{
		if (key != DECIMAL_KEY_ONE)
			AddChoice(s, variable, direct, metric, DECIMAL_KEY_ONE,
					  MakeLack(metric, DECIMAL_KEY_ONE, true));
		if (key != 0)
			AddChoice(s, variable, direct, metric, 0, MakeLack(metric, 1, false));
	}
}

static bool
IsBehind(const Score *score, int metric)
{
	for (int i = 0; i < score->nparts; i++)
		if (score->parts[i].metric == metric)
			return true;
	return false;
}

/* Does the rule at hand depend on a metric? direct: its condition on that, if any */
static bool
DependsOn(const Shortfall *s, const Box *box, int metric, const Condition **direct)
{
	bool		depends = false;

	*direct = NULL;
	for (int i = box->first; i < box->first + box->count; i++)
		if (s->scheme->conditions[i].metric == metric)
			*direct = &s->scheme->conditions[i];
	for (int i = 0; i < s->nscores; i++)
		depends = depends || IsBehind(s->scores[i], metric);
	return depends || *direct != NULL;
}

static void
FindScores(Shortfall *s, const Box *box)
{
	s->nscores = 0;
	for (int i = box->first; i < box->first + box->count; i++)
		for (int j = 0; j < s->scheme->nscores; j++)
			if (s->scheme->scores[j].metric == s->scheme->conditions[i].metric)
			{
				s->scores[s->nscores] = &s->scheme->scores[j];
				s->wanted[s->nscores++] = &s->scheme->conditions[i];
			}
}

/* The least and the most that this variable and all later ones earn within the limit */
static void
SumExtremes(Shortfall *s, int at)
{
	Variable   *variable = &s->variables[at];

	for (int i = 0; i < s->nscores; i++)
	{
		DecimalKey	least = DECIMAL_KEY_MAX;
		DecimalKey	most = DECIMAL_KEY_MIN;

		for (int j = 0; j < variable->nchoices; j++)
		{
			if (variable->choices[j].lack.cost > s->limit)
				break;
			least = Min(least, variable->choices[j].points[i]);
			most = Max(most, variable->choices[j].points[i]);
		}
		variable->least[i] = least;
		variable->most[i] = most;
		if (at + 1 < s->nvariables)
		{
			variable->least[i] += variable[1].least[i];
			variable->most[i] += variable[1].most[i];
		}
	}
}

/* False if a metric can be nothing that the rule takes */
static bool
FillVariables(Shortfall *s, const Box *box)
{
	s->nvariables = 0;
	for (int metric = 0; metric < s->scheme->nmetrics; metric++)
	{
		const Condition *direct;

		if (s->scheme->metrics[metric].kind == METRIC_SCORE ||
			!DependsOn(s, box, metric, &direct))
			continue;
		FillVariable(s, &s->variables[s->nvariables], direct, metric);
		if (s->variables[s->nvariables++].nchoices == 0)
			return false;
	}
	return true;
}

/* Can the scores still come within their bounds, with what is earned so far? */
static bool
CanReach(const Shortfall *s, int at, const DecimalKey *earned)
{
	bool		last = at == s->nvariables;

	for (int i = 0; i < s->nscores; i++)
		if (earned[i] + (last ? 0 : s->variables[at].most[i]) < s->wanted[i]->lower ||
			earned[i] + (last ? 0 : s->variables[at].least[i]) >= s->wanted[i]->upper)
			return false;
	return true;
}

static inline bool
IsBetter(const Shortfall *s, int64 cost, int count, int64 total)
{
	if (s->best_count < 0 || cost != s->best_cost)
		return s->best_count < 0 || cost < s->best_cost;
	if (count != s->best_count)
		return count < s->best_count;
	return total < s->best_total;
}

/* Go through the choices of a variable, and with each through those of later ones */
static void
Search(Shortfall *s, int at, const DecimalKey *earned, int64 cost, int count, int64 total)
{
	const Variable *variable = &s->variables[at];
	DecimalKey *sum;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (!IsBetter(s, cost, count, total) || !CanReach(s, at, earned))
		return;
	if (at == s->nvariables)
	{
		memcpy(s->best, s->chosen, s->nvariables * sizeof(Choice *));
		s->best_cost = cost;
		s->best_count = count;
		s->best_total = total;
		return;
	}
	sum = Room(s->nscores, sizeof(DecimalKey));
	for (int i = 0; i < variable->nchoices; i++)
	{
		const Choice *choice = &variable->choices[i];
		int64		price = choice->lack.cost;

		if (price > s->limit)
			break;
		for (int j = 0; j < s->nscores; j++)
			sum[j] = earned[j] + choice->points[j];
		s->chosen[at] = choice;
		Search(s, at + 1, sum, Max(cost, price), count + (choice->lack.metric >= 0),
			   price > COST_UNKNOWN - total ? COST_UNKNOWN : total + price);
	}
	pfree(sum);
}

/* The least limit within which every variable has a choice */
static int64
LeastLimit(const Shortfall *s)
{
	int64		limit = 0;

	for (int at = 0; at < s->nvariables; at++)
		limit = Max(limit, s->variables[at].choices[0].lack.cost);
	return limit;
}

/* The next cost of a choice; COST_UNKNOWN if there is none */
static int64
NextLimit(const Shortfall *s)
{
	int64		next = COST_UNKNOWN;

	for (int at = 0; at < s->nvariables; at++)
		for (int i = 0; i < s->variables[at].nchoices; i++)
		{
			int64		cost = s->variables[at].choices[i].lack.cost;

			if (cost > s->limit)
			{
				next = Min(next, cost);
				break;
			}
		}
	return next;
}

static void
SetLimit(Shortfall *s, int64 limit)
{
	s->limit = limit;
	for (int at = s->nvariables - 1; at >= 0; at--)
		SumExtremes(s, at);
}

/*
 * The best way, if there is any. What can be done within a limit can be done within a
 * higher one, too, so one that is found within the first limit that may do has the least
 * cost. Scores that exclude each other, or have upper bounds, may take a higher one.
 */
static void
SearchCheapest(Shortfall *s)
{
	DecimalKey *none = Room(s->nscores, sizeof(DecimalKey));

	s->best_count = -1;
	SetLimit(s, LeastLimit(s));
	while (!CanReach(s, 0, none))
	{
		if (s->limit == COST_UNKNOWN)
			return;
		SetLimit(s, NextLimit(s));
	}
	Search(s, 0, none, 0, 0, 0);
	if (s->best_count >= 0)
		return;
	SetLimit(s, COST_UNKNOWN);
	Search(s, 0, none, 0, 0, 0);
}

/* The way into a box that looks at scores */
static bool
SolveScored(Shortfall *s, const Box *box, Way *way)
{
	FindScores(s, box);
	if (!FillVariables(s, box))
		return false;
	SearchCheapest(s);
	for (int i = 0; s->best_count >= 0 && i < s->nvariables; i++)
		if (s->best[i]->lack.metric >= 0)
			way->lacks[way->count++] = s->best[i]->lack;
	return s->best_count >= 0;
}

/* The boxes of the rank that box `last` has, which is the last one of it */
static int
FirstOfRank(const Scheme *scheme, int last)
{
	int			first = last;

	while (first > 0 && scheme->boxes[first - 1].rank == scheme->boxes[last].rank)
		first--;
	return first;
}

/*
 * The ways that lead into the boxes of a rank, behind those that were found before; of
 * those that there are only what is wanted stays
 */
static bool
FindOfRank(Shortfall *s, int first, int last, int64 above, int *count)
{
	bool		any = false;

	for (int i = first; i <= last; i++)
	{
		const Box  *box = &s->scheme->boxes[i];
		Way		   *way = &s->ways[*count];

		way->box = i;
		way->above = above;
		way->cost = way->count = 0;
		if (box->stay || !(s->scored[i] ? SolveScored(s, box, way) :
						   SolvePlain(s, box, way)))
			continue;
		any = true;
		*count += CostWay(s, way);
	}
	return any;
}

/*
 * The ways from where a point is to higher tiers, those of a lower rank first. A rank
 * to which there is none is passed over. Who holds a tier, whatever its rank, has those
 * ways before them whose rank is higher than that, and above of which is not.
 */
int
ShortfallFind(Shortfall *s, const DecimalKey *point, const Way **ways)
{
	const Scheme *scheme = s->scheme;
	int			earned = SchemeFindBox(scheme, point, SCHEME_NO_RANK);
	int64		above = SCHEME_NO_RANK;
	int			count = 0;
	int			first;

	s->point = point;
	*ways = s->ways;
	for (int last = scheme->nboxes - 1; last >= 0; last = first - 1)
	{
		first = FirstOfRank(scheme, last);
		if ((earned == SCHEME_NO_BOX ||
			 scheme->boxes[last].rank > scheme->boxes[earned].rank) &&
			FindOfRank(s, first, last, above, &count))
			above = scheme->boxes[last].rank;
	}
	return count;
}

static inline DecimalKey
Nearer(DecimalKey key, DecimalKey cut, DecimalKey next)
{
	return cut > key && cut < next ? cut : next;
}

/* The next cut above a key, of all that a scheme looks for in a metric; KEY_MAX: none */
static DecimalKey
NextCut(const Scheme *scheme, int metric, DecimalKey key)
{
	DecimalKey	next = DECIMAL_KEY_MAX;

	for (int i = 0; i < scheme->nboxes; i++)
		for (int j = 0; j < scheme->boxes[i].count; j++)
		{
			const Condition *condition = &scheme->conditions[scheme->boxes[i].first + j];

			if (condition->metric != metric)
				continue;
			next = Nearer(key, condition->lower, next);
			next = Nearer(key, condition->upper, next);
		}
	for (int i = 0; i < scheme->nscores; i++)
		for (int j = 0; j < scheme->scores[i].nparts; j++)
		{
			const ScorePart *part = &scheme->scores[i].parts[j];

			for (int k = 0; part->metric == metric && k < part->nbands; k++)
			{
				next = Nearer(key, part->bands[k].lower, next);
				next = Nearer(key, part->bands[k].upper, next);
			}
		}
	return next;
}

static bool
Stays(const Scheme *scheme, DecimalKey *point, int64 held)
{
	int			box;

	SchemeScore(scheme, point);
	box = SchemeFindBox(scheme, point, held);
	return box != SCHEME_NO_BOX && scheme->boxes[box].rank >= held;
}

/*
 * The least value of a metric, as a cut, with which whoever holds a tier of a rank earns
 * that or a higher one, all else being as it is in the point, of which this metric is
 * changed. False if there is none: they stay whatever it is, or fall.
 */
bool
LeastToStay(const Scheme *scheme, DecimalKey *point, int metric, int64 held,
			DecimalKey *cut)
{
	*cut = NextCut(scheme, metric, DECIMAL_KEY_MIN);
	point[metric] = *cut - 1;
	if (Stays(scheme, point, held))
		return false;
	for (; *cut != DECIMAL_KEY_MAX; *cut = NextCut(scheme, metric, *cut))
	{
		point[metric] = *cut;
		if (Stays(scheme, point, held))
			return true;
	}
	return false;
}
