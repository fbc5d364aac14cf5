/*
 * migration_counts.c
 *		How many customers were in which tier on one day, and in which on another.
 *
 * A customer's tier on a day is where their last move up to it led. Moves come in
 * no useful order, so this is a grouping by customer, and one hash table of
 * millions of customers costs a few cache misses a move, which is more than
 * all else. So the moves are first dealt out by the customer's hash to parts,
 * and then each part is worked up by itself, within the processor's cache.
 * What does not fit in work_mem waits in a temporary file, in full blocks that
 * each tell where the part's previous one is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/buffile.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "saved_query.h"

#define PART_BITS	8
#define PARTS		(1 << PART_BITS)

#define MOVES_QUERY \
	"SELECT m.customer_id, m.as_of, m.move, m.to_tier" \
	" FROM _tiering.person_moves($1, $3) m" \
	" WHERE m.as_of OPERATOR(pg_catalog.<=) $2"

/* A move as it waits for its part */
typedef struct Move
{
	uint32		hash;			/* of the customer */
	DateADT		as_of;
	int64		move;
	uint32		tier;			/* entered: its number in tiers; 0 on exit */
	uint32		customer_size;
	char		customer[FLEXIBLE_ARRAY_MEMBER];
} Move;

/* Moves of one part, one behind the other; a block of the file, as a rule */
typedef struct Chunk
{
	struct Chunk *next;			/* of those in memory */
	int64		previous;		/* block written before it, or -1 */
	Size		size;			/* more than a block only for one huge move */
	Size		used;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

#define MoveSize(customer_size) \
	MAXALIGN(offsetof(Move, customer) + (Size) (customer_size))
#define CHUNK_HEADER	MAXALIGN(offsetof(Chunk, data))

typedef struct Part
{
	Chunk	   *chunk;			/* the one that is filled, and the full ones */
	int64		written;		/* the last block written, or -1 */
	uint64		moves;
} Part;

/* A customer in a part's hash table */
typedef struct Customer
{
	uint32		hash;
	Move	   *start;			/* their last move up to from_date, or NULL */
	Move	   *last;			/* their last one; NULL: the slot is free */
} Customer;

typedef struct MigrationCounts
{
	DestReceiver receiver;		/* must be first */
	MemoryContext context;
	DateADT		from_date;
	Part		parts[PARTS];
	Size		size;			/* of all chunks in memory */
	BufFile    *file;
	int64		blocks;			/* in it */
	text	  **tiers;			/* tiers[0] stands for none */
	uint32		ntiers;
	int64	   *cells;			/* customers by pair of tiers, ntiers x ntiers */
	Customer   *customers;		/* of the part at work: a hash table */
	uint64		mask;			/* its size, a power of 2, less one */
} MigrationCounts;

/* The number of a tier; there are a few, so that looking through them will do */
static uint32
TierNumber(MigrationCounts *s, Datum value)
{
	text	   *tier = DatumGetTextPP(value);
	Size		size = VARSIZE_ANY_EXHDR(tier);

	for (uint32 i = 1; i < s->ntiers; i++)
		if (VARSIZE_ANY_EXHDR(s->tiers[i]) == size &&
			memcmp(VARDATA_ANY(s->tiers[i]), VARDATA_ANY(tier), size) == 0)
			return i;
	s->tiers = repalloc(s->tiers, (s->ntiers + 1) * sizeof(text *));
	s->tiers[s->ntiers] = cstring_to_text_with_len(VARDATA_ANY(tier), size);
	return s->ntiers++;
}

static void
WriteChunk(MigrationCounts *s, Part *part, Chunk *chunk)
{
	if (s->file == NULL)
		s->file = BufFileCreateTemp(false);
	chunk->previous = part->written;
	BufFileWrite(s->file, chunk, BLCKSZ);
	part->written = s->blocks++;
}

static Chunk *
NewChunk(MigrationCounts *s, Part *part, Size size)
{
	Chunk	   *chunk = palloc(size);

	chunk->size = size;
	chunk->used = CHUNK_HEADER;
	chunk->next = part->chunk;
	part->chunk = chunk;
	s->size += size;
	return chunk;
}

/* Room for a move at the end of a part */
static Move *
PartRoom(MigrationCounts *s, Part *part, Size size)
{
	Chunk	   *chunk = part->chunk;
	Move	   *move;

	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		if (chunk != NULL && chunk->size == BLCKSZ &&
			size <= BLCKSZ - CHUNK_HEADER && s->size > (Size) work_mem * 1024)
		{
			WriteChunk(s, part, chunk);
			chunk->used = CHUNK_HEADER;
		}
		else
			chunk = NewChunk(s, part, Max(BLCKSZ, CHUNK_HEADER + size));
	}
	move = (Move *) ((char *) chunk + chunk->used);
	chunk->used += size;
	part->moves++;
	return move;
}

/* One row of MOVES_QUERY */
static bool
ReceiveMove(TupleTableSlot *slot, DestReceiver *receiver)
{
	MigrationCounts *s = (MigrationCounts *) receiver;
	MemoryContext old = MemoryContextSwitchTo(s->context);
	text	   *customer;
	Part	   *part;
	Move	   *move;
	uint32		hash,
				customer_size;

	slot_getallattrs(slot);
	customer = DatumGetTextPP(slot->tts_values[0]);
	customer_size = VARSIZE_ANY_EXHDR(customer);
	hash = DatumGetUInt32(hash_any((unsigned char *) VARDATA_ANY(customer),
								   customer_size));
	part = &s->parts[hash >> (32 - PART_BITS)];
	move = PartRoom(s, part, MoveSize(customer_size));
	move->hash = hash;
	move->as_of = DatumGetDateADT(slot->tts_values[1]);
	move->move = DatumGetInt64(slot->tts_values[2]);
	move->tier = slot->tts_isnull[3] ? 0 : TierNumber(s, slot->tts_values[3]);
	move->customer_size = customer_size;
	memcpy(move->customer, VARDATA_ANY(customer), customer_size);
	if ((Pointer) customer != DatumGetPointer(slot->tts_values[0]))
		pfree(customer);
	MemoryContextSwitchTo(old);
	return true;
}

static void
ReceiverIgnores(DestReceiver *receiver)
{
}

static void
ReceiverStartup(DestReceiver *receiver, int operation, TupleDesc columns)
{
}

static MigrationCounts *
MigrationCountsCreate(DateADT from_date)
{
	MigrationCounts *s = palloc0(sizeof(MigrationCounts));

	s->receiver.receiveSlot = ReceiveMove;
	s->receiver.rStartup = ReceiverStartup;
	s->receiver.rShutdown = ReceiverIgnores;
	s->receiver.rDestroy = ReceiverIgnores;
	s->receiver.mydest = DestTuplestore;	/* any but those that SPI treats apart */
	s->context = CurrentMemoryContext;
	s->from_date = from_date;
	s->tiers = palloc0(sizeof(text *));
	s->ntiers = 1;
	for (int i = 0; i < PARTS; i++)
		s->parts[i].written = -1;
	return s;
}

static void
ReadMoves(MigrationCounts *s, text *scheme, DateADT to_date, NullableDatum known_at)
{
	ParamListInfo params = makeParamList(3);
	SPIExecuteOptions options = {0};
	const Oid	types[3] = {TEXTOID, DATEOID, TIMESTAMPTZOID};
	const NullableDatum values[3] = {
		{.value = PointerGetDatum(scheme)},
		{.value = DateADTGetDatum(to_date)},
		known_at
	};

	for (int i = 0; i < 3; i++)
	{
		params->params[i].value = values[i].value;
		params->params[i].isnull = values[i].isnull;
		params->params[i].pflags = PARAM_FLAG_CONST;
		params->params[i].ptype = types[i];
	}
	options.params = params;
	options.read_only = true;
	options.dest = &s->receiver;
	if (SPI_execute_extended(MOVES_QUERY, &options) != SPI_OK_SELECT)
		elog(ERROR, "could not read the moves");
}

/* The blocks of a part that were written, back in memory */
static void
ReadChunks(MigrationCounts *s, Part *part)
{
	while (part->written >= 0)
	{
		Chunk	   *next = part->chunk;
		Chunk	   *chunk = NewChunk(s, part, BLCKSZ);

		if (BufFileSeekBlock(s->file, part->written) != 0 ||
			BufFileRead(s->file, chunk, BLCKSZ) != BLCKSZ)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read back moves from a temporary file")));
		chunk->next = next;
		part->written = chunk->previous;
	}
}

static inline bool
SameCustomer(const Move *a, const Move *b)
{
	return a->customer_size == b->customer_size &&
		memcmp(a->customer, b->customer, a->customer_size) == 0;
}

static inline bool
IsLater(const Move *a, const Move *b)
{
	return a->as_of > b->as_of || (a->as_of == b->as_of && a->move > b->move);
}

static void
EnterMove(MigrationCounts *s, Move *move)
{
	Customer   *c;

	for (uint64 i = move->hash;; i++)
	{
		c = &s->customers[i & s->mask];
		if (c->last == NULL ||
			(c->hash == move->hash && SameCustomer(c->last, move)))
			break;
	}
	c->hash = move->hash;
	if (c->last == NULL || IsLater(move, c->last))
		c->last = move;
	if (move->as_of <= s->from_date &&
		(c->start == NULL || IsLater(move, c->start)))
		c->start = move;
}

static void
CountCustomer(MigrationCounts *s, const Customer *c)
{
	uint32		from = c->start == NULL ? 0 : c->start->tier;

	s->cells[(Size) from * s->ntiers + c->last->tier]++;
}

static void
CountPart(MigrationCounts *s, Part *part)
{
	ReadChunks(s, part);
	memset(s->customers, 0, (s->mask + 1) * sizeof(Customer));
	for (Chunk *chunk = part->chunk; chunk != NULL; chunk = chunk->next)
		for (Size at = CHUNK_HEADER; at < chunk->used;)
		{
			Move	   *move = (Move *) ((char *) chunk + at);

			EnterMove(s, move);
			at += MoveSize(move->customer_size);
		}
	for (uint64 i = 0; i <= s->mask; i++)
		if (s->customers[i].last != NULL)
			CountCustomer(s, &s->customers[i]);
	while (part->chunk != NULL)
	{
		Chunk	   *chunk = part->chunk;

		part->chunk = chunk->next;
		pfree(chunk);
	}
}

/*
 * Work up the parts, with a hash table that any of them fits in: it has as many
 * slots as there are moves, and customers are mostly fewer
 */
static void
CountParts(MigrationCounts *s)
{
	uint64		most = 1;

	for (int i = 0; i < PARTS; i++)
		most = Max(most, s->parts[i].moves);
	s->mask = pg_nextpower2_64(most) - 1;
	s->customers = MemoryContextAllocHuge(s->context,
										  (s->mask + 1) * sizeof(Customer));
	s->cells = palloc0((Size) s->ntiers * s->ntiers * sizeof(int64));
	for (int i = 0; i < PARTS; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (s->parts[i].moves > 0)
			CountPart(s, &s->parts[i]);
	}
}

static void
PutCells(MigrationCounts *s, ReturnSetInfo *rsinfo)
{
	for (uint32 i = 1; i < s->ntiers * s->ntiers; i++)
	{
		uint32		from = i / s->ntiers;
		uint32		to = i % s->ntiers;
		/* the fourth is a column of 0.1.0, until a database is updated */
		Datum		values[4] = {0};
		bool		nulls[4] = {from == 0, to == 0, false, true};

		if (s->cells[i] == 0)
			continue;
		values[0] = PointerGetDatum(s->tiers[from]);
		values[1] = PointerGetDatum(s->tiers[to]);
		values[2] = Int64GetDatum(s->cells[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* An empty result of the shape that was declared */
static void
BeginResult(FunctionCallInfo fcinfo, ReturnSetInfo *rsinfo)
{
	MemoryContext old;
	TupleDesc	columns;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		(rsinfo->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("migration_counts is read in FROM")));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	rsinfo->setResult = tuplestore_begin_heap(false, false, work_mem);
	rsinfo->setDesc = columns;
	rsinfo->returnMode = SFRM_Materialize;
	MemoryContextSwitchTo(old);
}

/* migration_counts(scheme, from_date, to_date, known_at): customers by their pair of tiers */
PG_FUNCTION_INFO_V1(migration_counts);
Datum
migration_counts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigrationCounts *s;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("scheme, from_date and to_date must not be null")));
	BeginResult(fcinfo, rsinfo);
	ConnectSPI();
	s = MigrationCountsCreate(PG_GETARG_DATEADT(1));
	ReadMoves(s, PG_GETARG_TEXT_PP(0), PG_GETARG_DATEADT(2), fcinfo->args[3]);
	CountParts(s);
	PutCells(s, rsinfo);
	if (s->file != NULL)
		BufFileClose(s->file);
	SPI_finish();
	return (Datum) 0;
}

/* Its name in 0.1.0, which a database calls until it is updated */
PG_FUNCTION_INFO_V1(standing);
Datum
standing(PG_FUNCTION_ARGS)
{
	return migration_counts(fcinfo);
}
