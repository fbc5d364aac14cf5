/*
 * account_changes.c
 *		Aggregates over the sparse observations of several accounts, such as
 *		those of a customer, or with an order within the day.
 *
 * Each account has its own observations: see account.h and observations.h. What
 * they add up to is the sum over the accounts: balance-days, which each has from
 * its changes or from its days, or a daily_series. For the latter there is no
 * period, and all of an account's observations are kept.
 *
 * Where there is no account but only an order, all rows are of one. Which days count,
 * and what one without a balance is, may be said in words: see account_days.c.
 */
#include "postgres.h"

#include "fmgr.h"

#include "account_changes.h"
#include "series.h"
#include "series_build.h"

#define STATE_KIND			'A'
#define SERIES_STATE_KIND	'H'
#define RULE_STATE_KIND		'D'

/* All days: what is before them is nothing, and infinity is none of them */
static const Period AllTime = {DATEVAL_NOBEGIN, DATEVAL_NOEND};

/* Which argument is what; 0 is the state, and means that there is none */
typedef struct Arguments
{
	int			account;
	int			balance;
	int			day;
	int			sequence;
	int			period;
	const char *day_name;
	int			days;			/* words for them */
	RuleOf		of;
} Arguments;

/* What a call site knows */
typedef struct CallSite
{
	Oid			account_type;
	Oid			sequence_type;
	DayRuleCache rule;
} CallSite;

static AccountChanges *
StateCreate(MemoryContext context, const Period *period, bool ordered,
			bool for_series)
{
	AccountChanges *state = MemoryContextAllocZero(context,
												   sizeof(AccountChanges));

	state->period = *period;
	state->ordered = ordered;
	state->for_series = for_series;
	return state;
}

static CallSite *
FindCallSite(FunctionCallInfo fcinfo, const Arguments *arguments)
{
	CallSite   *site = CallSiteExtra(fcinfo, sizeof(CallSite));

	if (arguments->account != 0 && !OidIsValid(site->account_type))
		site->account_type = AccountTypeArg(fcinfo, arguments->account);
	if (arguments->sequence != 0 && !OidIsValid(site->sequence_type))
		site->sequence_type = AccountTypeArg(fcinfo, arguments->sequence);
	return site;
}

/* The state that the first row of a group makes */
static AccountChanges *
FirstState(FunctionCallInfo fcinfo, const Arguments *arguments,
		   const Period *period, const CallSite *site)
{
	MemoryContext context = StateContext(fcinfo);
	AccountChanges *state = StateCreate(context, period, arguments->sequence != 0,
										arguments->period == 0);

	if (arguments->days == 0)
		return state;
	state->rule = StateRuleCreate(context, site->rule.words, arguments->of);
	if (ObservedSumSuffices(state->rule, arguments->account != 0))
		state->observed = ObservedSumCreate(context, period);
	return state;
}

static AccountChanges *
StateOfRow(FunctionCallInfo fcinfo, const Arguments *arguments,
		   const Period *period, const CallSite *site)
{
	AccountChanges *state;

	if (PG_ARGISNULL(0))
		return FirstState(fcinfo, arguments, period, site);
	state = (AccountChanges *) PG_GETARG_POINTER(0);
	CheckSamePeriod(&state->period, period);
	if (arguments->days != 0)
		StateRuleCheckSame(state->rule, site->rule.words);
	return state;
}

/* Add a row to the sum of those without accounts */
static void
AddToSum(FunctionCallInfo fcinfo, AccountChanges *state, CallSite *site,
		 const Observation *added)
{
	const DayRule *rule = &state->rule->rule;
	const BusinessDays *business = NULL;

	if (rule->calendar != NULL)
		business = BusinessDaysGet(&site->rule.business, fcinfo->flinfo->fn_mcxt,
								   rule->calendar, &state->period);
	ObservedSumAdd(state, StateContext(fcinfo), business, added);
}

static Datum
Accumulate(FunctionCallInfo fcinfo, const Arguments *arguments)
{
	const Period *period = arguments->period == 0 ? &AllTime :
		PeriodArg(fcinfo, arguments->period);
	MemoryContext context = StateContext(fcinfo);
	CallSite   *site = FindCallSite(fcinfo, arguments);
	AccountKey	key = {0};
	AccountChanges *state;
	OrderedObservation added;
	Account    *account;
	Scaled		number;
	int			dscale;

	if (arguments->days != 0)
		DayRuleArg(fcinfo, arguments->days, arguments->of, &site->rule);
	if (PG_ARGISNULL(arguments->balance))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		return PG_GETARG_DATUM(0);
	}
	dscale = ObservationArg(fcinfo, arguments->balance, arguments->day,
							arguments->day_name, &added.observation);
	if (arguments->period == 0)
		SeriesBalanceArg(fcinfo, arguments->balance, &number, &dscale);
	if (arguments->account != 0)
		key = AccountArg(fcinfo, arguments->account, site->account_type);
	if (arguments->sequence != 0)
		added.sequence = SequenceArg(fcinfo, arguments->sequence, site->sequence_type,
									 arguments->balance);
	state = StateOfRow(fcinfo, arguments, period, site);
	state->dscale = Max(state->dscale, dscale);
	if (state->observed != NULL)
	{
		AddToSum(fcinfo, state, site, &added.observation);
		PG_RETURN_POINTER(state);
	}
	account = AccountsGet(&state->accounts, context, &key, state->ordered);
	ObservationsAdd(&account->observed, context, &state->period, &added);
	PG_RETURN_POINTER(state);
}

/* Those of a period, for averages */

PG_FUNCTION_INFO_V1(changes_accum_ordered);
Datum
changes_accum_ordered(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {0, 1, 2, 3, 4, "changed_on"};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(account_changes_accum);
Datum
account_changes_accum(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 0, 4, "changed_on"};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(account_changes_accum_ordered);
Datum
account_changes_accum_ordered(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 4, 5, "changed_on"};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(account_snapshots_accum);
Datum
account_snapshots_accum(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 0, 4, "as_of"};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(account_snapshots_accum_ordered);
Datum
account_snapshots_accum_ordered(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 4, 5, "as_of"};

	return Accumulate(fcinfo, &arguments);
}

/* Those of a period, with words for days */

PG_FUNCTION_INFO_V1(snapshots_accum_days);
Datum
snapshots_accum_days(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {0, 1, 2, 0, 3, "as_of", 4, RULE_OF_SNAPSHOTS};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(account_snapshots_accum_days);
Datum
account_snapshots_accum_days(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 0, 4, "as_of", 5, RULE_OF_SNAPSHOTS};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(account_snapshots_accum_ordered_days);
Datum
account_snapshots_accum_ordered_days(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 4, 5, "as_of", 6, RULE_OF_SNAPSHOTS};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(changes_accum_days);
Datum
changes_accum_days(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {0, 1, 2, 0, 3, "changed_on", 4, RULE_OF_CHANGES};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(changes_accum_ordered_days);
Datum
changes_accum_ordered_days(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {0, 1, 2, 3, 4, "changed_on", 5, RULE_OF_CHANGES};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(account_changes_accum_days);
Datum
account_changes_accum_days(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 0, 4, "changed_on", 5, RULE_OF_CHANGES};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(account_changes_accum_ordered_days);
Datum
account_changes_accum_ordered_days(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 4, 5, "changed_on", 6, RULE_OF_CHANGES};

	return Accumulate(fcinfo, &arguments);
}

/* All of them, for a daily_series */

PG_FUNCTION_INFO_V1(daily_series_accum_change_ordered);
Datum
daily_series_accum_change_ordered(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {0, 1, 2, 3, 0, "changed_on"};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(daily_series_accum_account_change);
Datum
daily_series_accum_account_change(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 0, 0, "changed_on"};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(daily_series_accum_account_change_ordered);
Datum
daily_series_accum_account_change_ordered(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 4, 0, "changed_on"};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(daily_series_accum_account_snapshot);
Datum
daily_series_accum_account_snapshot(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 0, 0, "as_of"};

	return Accumulate(fcinfo, &arguments);
}

PG_FUNCTION_INFO_V1(daily_series_accum_account_snapshot_ordered);
Datum
daily_series_accum_account_snapshot_ordered(PG_FUNCTION_ARGS)
{
	static const Arguments arguments = {1, 2, 3, 4, 0, "as_of"};

	return Accumulate(fcinfo, &arguments);
}

/* An empty state of the same kind as another one */
static AccountChanges *
StateLike(MemoryContext context, const AccountChanges *other)
{
	AccountChanges *state = StateCreate(context, &other->period, other->ordered,
										other->for_series);

	if (other->rule != NULL)
		state->rule = StateRuleCreate(context, other->rule->words, other->rule->of);
	if (other->observed != NULL)
		state->observed = ObservedSumCreate(context, &other->period);
	return state;
}

static void
CheckSameKind(const AccountChanges *state, const AccountChanges *other)
{
	StateCheck(state->ordered == other->ordered &&
			   state->for_series == other->for_series &&
			   (state->rule == NULL) == (other->rule == NULL));
	CheckSamePeriod(&state->period, &other->period);
	if (state->rule != NULL)
		StateRuleCheckSame(state->rule, other->rule->words);
	StateCheck((state->observed == NULL) == (other->observed == NULL));
}

/* Add what another state has of each account, and leave that one alone */
PG_FUNCTION_INFO_V1(account_changes_combine);
Datum
account_changes_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = StateContext(fcinfo);
	AccountChanges *state = PG_ARGISNULL(0) ? NULL :
		(AccountChanges *) PG_GETARG_POINTER(0);
	AccountChanges *other;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	other = (AccountChanges *) PG_GETARG_POINTER(1);
	if (state == NULL)
		state = StateLike(context, other);
	CheckSameKind(state, other);
	state->dscale = Max(state->dscale, other->dscale);
	if (other->observed != NULL)
		ObservedSumMerge(state->observed, context, other->observed);
	for (int32 i = 0; i < other->accounts.count; i++)
	{
		const Account *theirs = &other->accounts.list[i];
		Account    *ours = AccountsGet(&state->accounts, context, &theirs->key,
									   state->ordered);

		ObservationsMerge(&ours->observed, context, &theirs->observed);
	}
	PG_RETURN_POINTER(state);
}

/* What kind of state bytes are of */
static char
StateKind(bool for_series, bool has_rule)
{
	return for_series ? SERIES_STATE_KIND : has_rule ? RULE_STATE_KIND : STATE_KIND;
}

PG_FUNCTION_INFO_V1(account_changes_serialize);
Datum
account_changes_serialize(PG_FUNCTION_ARGS)
{
	AccountChanges *state = (AccountChanges *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	StateBegin(&buf, StateKind(state->for_series, state->rule != NULL));
	if (!state->for_series)
		StateSendPeriod(&buf, &state->period);
	pq_sendint16(&buf, state->dscale);
	pq_sendbyte(&buf, state->ordered);
	if (state->rule != NULL)
	{
		StateRuleSend(&buf, state->rule);
		pq_sendbyte(&buf, state->observed != NULL);
	}
	if (state->observed != NULL)
		ObservedSumSend(&buf, state->observed);
	pq_sendint32(&buf, state->accounts.count);
	for (int32 i = 0; i < state->accounts.count; i++)
	{
		AccountKeySend(&buf, &state->accounts.list[i].key);
		ObservationsSend(&buf, &state->accounts.list[i].observed);
	}
	PG_RETURN_BYTEA_P(StateEnd(&buf));
}

/* The rule of a state, and what there is instead of accounts */
static void
ReceiveRule(StringInfo buf, AccountChanges *state)
{
	state->rule = StateRuleReceive(buf);
	if (pq_getmsgbyte(buf) == 0)
		return;
	state->observed = ObservedSumReceive(buf);
	StateCheck(ObservedSumSuffices(state->rule, false) &&
			   state->observed->sum.period.start == state->period.start &&
			   state->observed->sum.period.end == state->period.end);
}

static Datum
Deserialize(FunctionCallInfo fcinfo, bool for_series, bool has_rule)
{
	Period		period = AllTime;
	StringInfoData buf;
	AccountChanges *state;
	int			count;

	StateOpen(&buf, PG_GETARG_BYTEA_PP(0), StateKind(for_series, has_rule));
	if (!for_series)
		period = StateReceivePeriod(&buf);
	state = StateCreate(CurrentMemoryContext, &period, false, for_series);
	state->dscale = (int16) pq_getmsgint(&buf, 2);
	StateCheck(state->dscale >= 0 &&
			   state->dscale <= (for_series ? SERIES_MAX_DSCALE :
								 DECIMAL_LONG_DSCALE));
	state->ordered = pq_getmsgbyte(&buf) != 0;
	if (has_rule)
		ReceiveRule(&buf, state);
	count = (int) pq_getmsgint(&buf, 4);
	StateCheck(count == 0 || state->observed == NULL);
	for (int i = 0; i < count; i++)
	{
		AccountKey	key = AccountKeyReceive(&buf);
		Account    *account = AccountsGet(&state->accounts, CurrentMemoryContext,
										  &key, state->ordered);

		/* none comes twice */
		StateCheck(state->accounts.count == i + 1);
		ObservationsReceive(&buf, &period, &account->observed);
	}
	StateClose(&buf);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(account_changes_deserialize);
Datum
account_changes_deserialize(PG_FUNCTION_ARGS)
{
	return Deserialize(fcinfo, false, false);
}

PG_FUNCTION_INFO_V1(account_series_deserialize);
Datum
account_series_deserialize(PG_FUNCTION_ARGS)
{
	return Deserialize(fcinfo, true, false);
}

PG_FUNCTION_INFO_V1(account_days_deserialize);
Datum
account_days_deserialize(PG_FUNCTION_ARGS)
{
	return Deserialize(fcinfo, false, true);
}

/* The balance-days of all accounts, each balance counting until the next one */
static BalanceDays
SumChanges(FunctionCallInfo fcinfo)
{
	const AccountChanges *state = (AccountChanges *) PG_GETARG_POINTER(0);
	BalanceDays sum = {0};

	sum.period = state->period;
	sum.dscale = state->dscale;
	for (int32 i = 0; i < state->accounts.count; i++)
		ObservationsCarry(&state->accounts.list[i].observed,
						  &state->accounts.list[i], &sum);
	return sum;
}

/* The same, each balance counting for its day */
static BalanceDays
SumSnapshots(FunctionCallInfo fcinfo)
{
	const AccountChanges *state = (AccountChanges *) PG_GETARG_POINTER(0);
	BalanceDays sum = {0};

	sum.period = state->period;
	sum.dscale = state->dscale;
	for (int32 i = 0; i < state->accounts.count; i++)
	{
		const Observation *observation;
		ObservedDays days;

		ObservedDaysInit(&days, &state->accounts.list[i].observed,
						 &state->accounts.list[i]);
		while ((observation = ObservedDaysNext(&days)) != NULL)
			AddObserved(&sum, CurrentMemoryContext, observation, 1);
	}
	return sum;
}

static Datum
Total(const BalanceDays *sum)
{
	PG_RETURN_NUMERIC(BalanceDaysTotal(sum, sum->dscale));
}

PG_FUNCTION_INFO_V1(account_changes_final);
Datum
account_changes_final(PG_FUNCTION_ARGS)
{
	BalanceDays sum;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sum = SumChanges(fcinfo);
	PG_RETURN_NUMERIC(BalanceDaysAverage(&sum));
}

PG_FUNCTION_INFO_V1(account_changes_final_days);
Datum
account_changes_final_days(PG_FUNCTION_ARGS)
{
	BalanceDays sum;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sum = SumChanges(fcinfo);
	return Total(&sum);
}

PG_FUNCTION_INFO_V1(account_snapshots_final);
Datum
account_snapshots_final(PG_FUNCTION_ARGS)
{
	BalanceDays sum;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sum = SumSnapshots(fcinfo);
	PG_RETURN_NUMERIC(BalanceDaysAverage(&sum));
}

PG_FUNCTION_INFO_V1(account_snapshots_final_days);
Datum
account_snapshots_final_days(PG_FUNCTION_ARGS)
{
	BalanceDays sum;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sum = SumSnapshots(fcinfo);
	return Total(&sum);
}

static Scaled
AsScaled(const Observation *observation)
{
	Scaled		result;
	int			dscale;

	/* one that does not fit was refused when it came, unless bytes are damaged */
	if (observation->fraction == FRACTION_WIDE)
		SeriesReadNumber((struct varlena *) observation->balance.wide, "balance",
						 &result, &dscale);
	else
		StateCheck(ScaledFromWide(observation->balance.units,
								  observation->fraction * DECIMAL_BASE_DIGITS,
								  &result));
	return result;
}

/* Add the days of one account, on which each balance counts until the next one */
static SeriesState *
AddRows(SeriesState *rows, const Account *account, bool carry)
{
	const Observation *observation;
	const Observation *next;
	ObservedDays days;

	ObservedDaysInit(&days, &account->observed, account);
	for (observation = ObservedDaysNext(&days); observation != NULL;
		 observation = next)
	{
		DateADT		to = DATEVAL_NOEND;

		next = ObservedDaysNext(&days);
		if (!carry)
			to = DATE_NOT_FINITE(observation->day) ? observation->day :
				observation->day + 1;
		else if (next != NULL)
			to = next->day;
		rows = SeriesStateAdd(rows, AsScaled(observation),
							  carry ? SeriesBegin(observation->day) :
							  observation->day, to);
	}
	return rows;
}

static Datum
AllRows(FunctionCallInfo fcinfo, bool carry)
{
	AccountChanges *state;
	SeriesState *rows;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (AccountChanges *) PG_GETARG_POINTER(0);
	rows = SeriesStateCreate(CurrentMemoryContext, state->dscale);
	for (int32 i = 0; i < state->accounts.count; i++)
		rows = AddRows(rows, &state->accounts.list[i], carry);
	PG_RETURN_POINTER(SeriesStateSum(rows));
}

PG_FUNCTION_INFO_V1(account_series_final_changes);
Datum
account_series_final_changes(PG_FUNCTION_ARGS)
{
	return AllRows(fcinfo, true);
}

PG_FUNCTION_INFO_V1(account_series_final_snapshots);
Datum
account_series_final_snapshots(PG_FUNCTION_ARGS)
{
	return AllRows(fcinfo, false);
}
