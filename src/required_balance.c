/*
 * required_balance.c
 *		The balance that takes each customer of a scheme to a bound.
 *
 * The view near_upgrade asks it of one customer after the other. The bank's
 * query, which tells all of their series, is run at the first of them and once
 * for the statement; what is kept of a series is what its average lacks. So the
 * query runs once whatever the view is joined to, and not at all for schemes
 * that nobody looks at and for reports that leave the column out. It takes
 * about 100 bytes of memory a customer.
 *
 * A view's functions run as the user who reads the view, who has no right to the
 * query. The right is the key of the binding, which only the view can read: who
 * shows it has the query run, with the rights of the role that set it. It is asked
 * for the customers whom that reader sees: what is wrong with others is not theirs.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

#include "binding.h"
#include "of_scheme.h"
#include "saved_query.h"
#include "same_text.h"
#include "series_reach.h"
#include "source.h"

/* One customer's; in the table under the number that they have now */
typedef struct Requirement
{
	Reach		reach;
	text	   *customer;
	uint32		hash;
	bool		days_left;
	char		status;
} Requirement;

/* Whose a number is that the series may tell; in the table under that */
typedef struct Told
{
	text	   *number;
	text	   *customer;		/* NULL: nobody's */
	uint32		hash;
	char		status;
} Told;

#define SH_PREFIX			told
#define SH_ELEMENT_TYPE		Told
#define SH_KEY_TYPE			text *
#define SH_KEY				number
#define SH_HASH_KEY(table, key)		HashText(key)
#define SH_EQUAL(table, a, b)		SameText(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry)	(entry)->hash
#define SH_SCOPE			static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define SH_PREFIX			requirements
#define SH_ELEMENT_TYPE		Requirement
#define SH_KEY_TYPE			text *
#define SH_KEY				customer
#define SH_HASH_KEY(table, key)		HashText(key)
#define SH_EQUAL(table, a, b)		SameText(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry)	(entry)->hash
#define SH_SCOPE			static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A scheme's, as of a day */
typedef struct Requirements
{
	pg_uuid_t	key;
	DateADT		as_of;
	Oid			reader;
	requirements_hash *table;
	struct Requirements *next;
} Requirements;

/* What a call site remembers */
typedef struct RequirementCache
{
	Requirements *first;
	TupleDesc	result;
} RequirementCache;

/* Takes the query's rows as they come */
typedef struct Receiver
{
	DestReceiver pub;
	const Source *source;
	Requirements *all;
	told_hash  *told;
	MemoryContext row_context;
} Receiver;

static text *
CopyText(MemoryContext context, const text *from)
{
	text	   *copy = MemoryContextAlloc(context, VARSIZE_ANY(from));

	memcpy(copy, from, VARSIZE_ANY(from));
	return copy;
}

/* The numbers that are not those that customers have now; SPI is connected */
static told_hash *
LoadTold(const Source *source, DateADT as_of)
{
	static SavedQuery query = {
		"SELECT n.number, n.customer_id FROM _tiering.numbers_told($1, $2, NULL) n",
		2, {TEXTOID, DATEOID}
	};
	told_hash  *told = told_create(CurrentMemoryContext, 16, NULL);

	RunSavedQuery(&query, CStringGetTextDatum(source->scheme), DateADTGetDatum(as_of));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		bool		found;
		text	   *number = DatumGetTextPP(ResultValue(i, 1, &isnull));
		Datum		customer = ResultValue(i, 2, &isnull);
		Told	   *one = told_insert(told, CopyText(told->ctx, number), &found);

		one->customer = isnull ? NULL : CopyText(told->ctx, DatumGetTextPP(customer));
	}
	SPI_freetuptable(SPI_tuptable);
	return told;
}

/* By which numbers the series is asked for whom a reader sees; NULL: for all */
static ArrayType *
LoadAsked(const Source *source, Oid reader)
{
	static SavedQuery query = {
		"SELECT _tiering.numbers_seen($1, $2)", 2, {TEXTOID, OIDOID}
	};
	ArrayType  *asked = NULL;
	Datum		numbers;
	bool		isnull;

	RunSavedQuery(&query, CStringGetTextDatum(source->scheme), ObjectIdGetDatum(reader));
	numbers = ResultValue(0, 1, &isnull);
	if (!isnull)
		asked = DatumGetArrayTypePCopy(numbers);
	SPI_freetuptable(SPI_tuptable);
	return asked;
}

/* As _tiering.may_read_customers(): to others an error names none */
static bool
MayReadCustomers(void)
{
	Oid			table = get_relname_relid("assignment",
										  get_namespace_oid("tiering", false));

	return pg_class_aclcheck(table, GetOuterUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* The customer of a row in the words of an error */
static char *
ShownCustomer(const text *customer)
{
	if (!MayReadCustomers())
		return "a customer";
	return psprintf("customer \"%s\"", text_to_cstring(customer));
}

/* The period of a row; as _tiering.refuse_in_series() */
static Period
RowPeriod(const Source *source, const TupleTableSlot *slot, const text *customer)
{
	bool		isnull = slot->tts_isnull[2];
	Period		period = {0, 0};
	const char *fault = isnull ? "null" : PeriodFromDatum(slot->tts_values[2], &period);

	if (fault != NULL)
		ereport(ERROR,
				(errcode(isnull ? ERRCODE_NULL_VALUE_NOT_ALLOWED :
						 ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of scheme \"%s\" yields a period that is %s for %s",
						source->kind->noun, source->scheme, fault, ShownCustomer(customer)),
				 errhint("Its query must yield the days whose average the next assessment "
						 "will take, such as tiering.month($1 + 1).")));
	return period;
}

static void
PutRow(Receiver *receiver, TupleTableSlot *slot)
{
	const Source *source = receiver->source;
	Requirements *all = receiver->all;
	text	   *customer;
	Series		series;
	Period		period;
	Requirement *one;
	Told	   *told;
	bool		found;

	slot_getallattrs(slot);
	if (slot->tts_isnull[0])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of scheme \"%s\" yields a customer_id that is null",
						source->kind->noun, source->scheme)));
	if (slot->tts_isnull[1])
		return;
	customer = DatumGetTextPP(slot->tts_values[0]);
	period = RowPeriod(source, slot, customer);
	told = told_lookup(receiver->told, customer);
	if (told != NULL)
		customer = told->customer;
	if (customer == NULL)
		return;
	SeriesOpen(&series, PG_DETOAST_DATUM_PACKED(slot->tts_values[1]));

	one = requirements_insert(all->table, customer, &found);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("%s of scheme \"%s\" yields %s more than once",
						source->kind->noun, source->scheme, ShownCustomer(customer))));
	one->customer = CopyText(all->table->ctx, customer);
	one->days_left = ReachOpen(&one->reach, &series, &period,
								   all->as_of);
}

static bool
ReceiveRow(TupleTableSlot *slot, DestReceiver *self)
{
	Receiver   *receiver = (Receiver *) self;
	MemoryContext old = MemoryContextSwitchTo(receiver->row_context);

	PutRow(receiver, slot);
	MemoryContextSwitchTo(old);
	MemoryContextReset(receiver->row_context);
	return true;
}

static void
ReceiveBegin(DestReceiver *self, int operation, TupleDesc columns)
{
}

static void
ReceiveEnd(DestReceiver *self)
{
}

/* What the query has to yield */
static TupleDesc
SeriesColumns(void)
{
	TupleDesc	columns = CreateTemplateTupleDesc(3);
	Oid			schema = get_namespace_oid("tiering", false);
	Oid			series_type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
											  CStringGetDatum("daily_series"),
											  ObjectIdGetDatum(schema));

	TupleDescInitEntry(columns, 1, "customer_id", TEXTOID, -1, 0);
	TupleDescInitEntry(columns, 2, "balances", series_type, -1, 0);
	TupleDescInitEntry(columns, 3, "period", DATERANGEOID, -1, 0);
	return columns;
}

/* Find the binding, and whose numbers are, as the owner of this function, who may read it */
static bool
LoadAsOwner(Source *source, Oid function, const Requirements *all, told_hash **told,
			ArrayType **asked)
{
	Oid			save_user;
	int			save_context;
	bool		found;

	GetUserIdAndSecContext(&save_user, &save_context);
	BecomeOwner(function);
	found = SourceLoad(source, &SourceOfSeries, UUIDPGetDatum(&all->key));
	if (found)
	{
		*told = LoadTold(source, all->as_of);
		*asked = LoadAsked(source, all->reader);
	}
	SetUserIdAndSecContext(save_user, save_context);
	return found;
}

static void
AskSeries(Receiver *receiver, ArrayType *asked)
{
	PG_TRY();
	{
		SourceRun(receiver->source, receiver->all->as_of, asked, SeriesColumns(), &receiver->pub);
	}
	PG_CATCH();
	{
		RethrowOfScheme(receiver->source->scheme, receiver->row_context);
	}
	PG_END_TRY();
}

static Requirements *
RunSeries(FunctionCallInfo fcinfo, const pg_uuid_t *key, DateADT as_of, Oid reader)
{
	Oid			function = fcinfo->flinfo->fn_oid;
	Requirements *all = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
											  sizeof(Requirements));
	Receiver	receiver = {
		/* named after one that takes rows, as SPI takes DestNone for no query */
		{ReceiveRow, ReceiveBegin, ReceiveEnd, ReceiveEnd, DestTuplestore}
	};
	Source		source;
	ArrayType  *asked;

	all->key = *key;
	all->as_of = as_of;
	all->reader = reader;
	ConnectSPI();
	if (!LoadAsOwner(&source, function, all, &receiver.told, &asked))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the series of a scheme"),
				 errhint("Read tiering.near_upgrade.")));
	all->table = requirements_create(AllocSetContextCreate(fcinfo->flinfo->fn_mcxt,
															"tiering required balances",
															ALLOCSET_DEFAULT_SIZES),
									  1024, NULL);
	receiver.source = &source;
	receiver.all = all;
	receiver.row_context = AllocSetContextCreate(CurrentMemoryContext,
												 "tiering row",
												 ALLOCSET_DEFAULT_SIZES);
	AskSeries(&receiver, asked);
	SPI_finish();
	return all;
}

static Requirements *
FindRequirements(FunctionCallInfo fcinfo, RequirementCache *cache)
{
	const pg_uuid_t *key = PG_GETARG_UUID_P(0);
	DateADT		as_of = PG_GETARG_DATEADT(1);
	Oid			reader = PG_GETARG_OID(5);
	Requirements *all;

	for (all = cache->first; all != NULL; all = all->next)
		if (all->as_of == as_of && all->reader == reader &&
			memcmp(&all->key, key, UUID_LEN) == 0)
			return all;
	all = RunSeries(fcinfo, key, as_of, reader);
	all->next = cache->first;
	cache->first = all;
	return all;
}

static RequirementCache *
CallSiteCache(FunctionCallInfo fcinfo)
{
	RequirementCache *cache = fcinfo->flinfo->fn_extra;

	if (cache == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		cache = palloc0(sizeof(RequirementCache));
		if (get_call_result_type(fcinfo, NULL, &cache->result) !=
			TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		BlessTupleDesc(cache->result);
		MemoryContextSwitchTo(old);
		fcinfo->flinfo->fn_extra = cache;
	}
	return cache;
}

/*
 * balance_to_hold(key, as_of, customer_id, bound, pass, reader): the least balance that
 * brings the customer's average to the bound, or above it, and the last day on
 * which it has to be there. Null if there is no series, or no day left.
 */
PG_FUNCTION_INFO_V1(balance_to_hold);
Datum
balance_to_hold(PG_FUNCTION_ARGS)
{
	RequirementCache *cache = CallSiteCache(fcinfo);
	Requirements *all = FindRequirements(fcinfo, cache);
	Requirement *one = requirements_lookup(all->table,
										  PG_GETARG_TEXT_PP(2));
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (one == NULL || !one->days_left)
		PG_RETURN_NULL();
	values[0] = ReachBalance(&one->reach, PG_GETARG_DATUM(3),
							 PG_GETARG_BOOL(4));
	values[1] = DateADTGetDatum(one->reach.period.end - 1);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(cache->result,
													  values, nulls)));
}
