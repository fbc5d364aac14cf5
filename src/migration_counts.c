/*
 * migration_counts.c
 *		How many customers were in which tier on one day, and in which on another;
 *		and how those of now came to where they are.
 *
 * A customer's tier on a day is where their last move up to it led. So a move
 * stands for some marks, which are the days, or whatever else is asked about,
 * with a label for each. The last move that stands for a mark has the
 * customer's label of it, and customers are counted by their labels.
 *
 * Moves come in no useful order, so this is a grouping by customer, and one hash
 * table of millions of customers costs a few cache misses a move, which is more
 * than all else. So the moves are first dealt out by the customer's hash to parts,
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

#define MARKS		3

/*
 * Customer, day, number, the marks that it stands for as bits, and its label of each mark.
 * Where customers are now is no move, and stands for a mark of its own; the version of the
 * tier is behind it, as a text of both would be made for each of them.
 */
#define DAYS_QUERY \
	"SELECT m.customer_id, m.as_of, m.move, 2, m.to_tier, m.to_tier" \
	" FROM _tiering.person_moves($1, $3) m" \
	" WHERE m.as_of OPERATOR(pg_catalog.<=) $2"
#define ORIGINS_QUERY(moves) \
	"SELECT m.customer_id, m.as_of, m.move," \
	" CASE WHEN m.from_tier IS NULL THEN 3 ELSE 2 END," \
	" m.to_tier, m.direction, NULL::pg_catalog.text" \
	" FROM _tiering." moves " m WHERE m.direction OPERATOR(pg_catalog.<>) 'merged'" \
	" AND m.direction OPERATOR(pg_catalog.<>) 'merge'"
#define NOW_QUERY \
	"SELECT a.customer_id, a.as_of, 0::pg_catalog.int8, 4, NULL::pg_catalog.text," \
	" NULL::pg_catalog.text, a.tier, a.version" \
	" FROM tiering.assignment a WHERE a.scheme OPERATOR(pg_catalog.=) $1 COLLATE \"C\"" \
	" AND ($2 IS NULL OR a.customer_id OPERATOR(pg_catalog.=) ANY ($2 COLLATE \"C\"))"

/* A move as it waits for its part */
typedef struct Move
{
	uint32		hash;			/* of the customer */
	DateADT		as_of;
	int64		move;
	uint32		marks;
	uint32		labels[MARKS];	/* their numbers; 0: none, as of a tier on exit */
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
	Move	   *any;			/* NULL: the slot is free */
	Move	   *last[MARKS];	/* the last one that stands for a mark, or NULL */
} Customer;

/* texts[0] stands for none; of a tier now that of its version, too, else 0 */
typedef struct Labels
{
	text	  **texts;
	int32	   *versions;
	uint32		count;
} Labels;

typedef struct MigrationCounts
{
	DestReceiver receiver;		/* must be first */
	MemoryContext context;
	int			marks;			/* how many are asked about */
	DateADT		start;			/* moves up to it stand for the first one, too */
	Part		parts[PARTS];
	Size		size;			/* of all chunks in memory */
	BufFile    *file;
	int64		blocks;			/* in it */
	Labels		labels[MARKS];
	Size		ncells;
	int64	   *cells;			/* customers by their labels, the last mark's fastest */
	Customer   *customers;		/* of the part at work: a hash table */
	uint64		mask;			/* its size, a power of 2, less one */
} MigrationCounts;

/* The number of a label; there are a few, so that looking through them will do */
static uint32
LabelNumber(Labels *labels, Datum value, int32 version)
{
	text	   *label = DatumGetTextPP(value);
	Size		size = VARSIZE_ANY_EXHDR(label);

	for (uint32 i = 1; i < labels->count; i++)
		if (labels->versions[i] == version && VARSIZE_ANY_EXHDR(labels->texts[i]) == size &&
			memcmp(VARDATA_ANY(labels->texts[i]), VARDATA_ANY(label), size) == 0)
			return i;
	labels->texts = repalloc(labels->texts, (labels->count + 1) * sizeof(text *));
	labels->texts[labels->count] = cstring_to_text_with_len(VARDATA_ANY(label), size);
	labels->versions = repalloc(labels->versions, (labels->count + 1) * sizeof(int32));
	labels->versions[labels->count] = version;
	return labels->count++;
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

/* One row of a query */
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
	move->marks = DatumGetInt32(slot->tts_values[3]) | (move->as_of <= s->start ? 1 : 0);
	for (int i = 0; i < s->marks; i++)
		move->labels[i] = (move->marks & (1 << i)) == 0 || slot->tts_isnull[4 + i] ? 0 :
			LabelNumber(&s->labels[i], slot->tts_values[4 + i],
						slot->tts_tupleDescriptor->natts > 4 + s->marks ?
						DatumGetInt32(slot->tts_values[4 + s->marks]) : 0);
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
MigrationCountsCreate(int marks, DateADT start)
{
	MigrationCounts *s = palloc0(sizeof(MigrationCounts));

	s->receiver.receiveSlot = ReceiveMove;
	s->receiver.rStartup = ReceiverStartup;
	s->receiver.rShutdown = ReceiverIgnores;
	s->receiver.rDestroy = ReceiverIgnores;
	s->receiver.mydest = DestTuplestore;	/* any but those that SPI treats apart */
	s->context = CurrentMemoryContext;
	s->marks = marks;
	s->start = start;
	for (int i = 0; i < marks; i++)
	{
		s->labels[i].texts = palloc0(sizeof(text *));
		s->labels[i].versions = palloc0(sizeof(int32));
		s->labels[i].count = 1;
	}
	for (int i = 0; i < PARTS; i++)
		s->parts[i].written = -1;
	return s;
}

static void
ReadMoves(MigrationCounts *s, const char *query, int nargs, const Oid *types,
		  const NullableDatum *values)
{
	ParamListInfo params = makeParamList(nargs);
	SPIExecuteOptions options = {0};

	for (int i = 0; i < nargs; i++)
	{
		params->params[i].value = values[i].value;
		params->params[i].isnull = values[i].isnull;
		params->params[i].pflags = PARAM_FLAG_CONST;
		params->params[i].ptype = types[i];
	}
	options.params = params;
	options.read_only = true;
	options.dest = &s->receiver;
	if (SPI_execute_extended(query, &options) != SPI_OK_SELECT)
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
		if (c->any == NULL ||
			(c->hash == move->hash && SameCustomer(c->any, move)))
			break;
	}
	c->hash = move->hash;
	c->any = move;
	for (int i = 0; i < s->marks; i++)
		if ((move->marks & (1 << i)) != 0 &&
			(c->last[i] == NULL || IsLater(move, c->last[i])))
			c->last[i] = move;
}

static void
CountCustomer(MigrationCounts *s, const Customer *c)
{
	Size		cell = 0;

	for (int i = 0; i < s->marks; i++)
		cell = cell * s->labels[i].count +
			(c->last[i] == NULL ? 0 : c->last[i]->labels[i]);
	s->cells[cell]++;
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
		if (s->customers[i].any != NULL)
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
	s->ncells = 1;
	for (int i = 0; i < s->marks; i++)
		s->ncells *= s->labels[i].count;
	s->cells = MemoryContextAllocExtended(s->context, s->ncells * sizeof(int64),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < PARTS; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (s->parts[i].moves > 0)
			CountPart(s, &s->parts[i]);
	}
}

/* A label as it is told, its version before it if it has one */
static Datum
LabelText(const Labels *labels, uint32 label)
{
	char	   *told;

	if (labels->versions[label] == 0)
		return PointerGetDatum(labels->texts[label]);
	told = text_to_cstring(labels->texts[label]);
	return CStringGetTextDatum(psprintf("%d %s", labels->versions[label], told));
}

/* Rows of labels, one of each mark, and of how many customers have them */
static void
PutCells(MigrationCounts *s, ReturnSetInfo *rsinfo)
{
	for (Size i = 1; i < s->ncells; i++)
	{
		Size		rest = i;
		/* in 0.1.0 there is another column, until a database is updated */
		Datum		values[MARKS + 1] = {0};
		bool		nulls[MARKS + 1];

		if (s->cells[i] == 0)
			continue;
		memset(nulls, true, sizeof(nulls));
		for (int mark = s->marks - 1; mark >= 0; mark--)
		{
			uint32		label = rest % s->labels[mark].count;

			rest /= s->labels[mark].count;
			nulls[mark] = label == 0;
			if (label > 0)
				values[mark] = LabelText(&s->labels[mark], label);
		}
		values[s->marks] = Int64GetDatum(s->cells[i]);
		nulls[s->marks] = false;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* An empty result of the shape that was declared */
static void
BeginResult(FunctionCallInfo fcinfo, const char *name, ReturnSetInfo *rsinfo)
{
	MemoryContext old;
	TupleDesc	columns;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		(rsinfo->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is read in FROM", name)));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	rsinfo->setResult = tuplestore_begin_heap(false, false, work_mem);
	rsinfo->setDesc = columns;
	rsinfo->returnMode = SFRM_Materialize;
	MemoryContextSwitchTo(old);
}

static MigrationCounts *
BeginCounts(FunctionCallInfo fcinfo, const char *name, int marks, DateADT start)
{
	BeginResult(fcinfo, name, (ReturnSetInfo *) fcinfo->resultinfo);
	ConnectSPI();
	return MigrationCountsCreate(marks, start);
}

static void
EndCounts(FunctionCallInfo fcinfo, MigrationCounts *s)
{
	CountParts(s);
	PutCells(s, (ReturnSetInfo *) fcinfo->resultinfo);
	if (s->file != NULL)
		BufFileClose(s->file);
	SPI_finish();
}

/* migration_counts(scheme, from_date, to_date, known_at): customers by their pair of tiers */
PG_FUNCTION_INFO_V1(migration_counts);
Datum
migration_counts(PG_FUNCTION_ARGS)
{
	const Oid	types[3] = {TEXTOID, DATEOID, TIMESTAMPTZOID};
	NullableDatum values[3];
	MigrationCounts *s;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("scheme, from_date and to_date must not be null")));
	values[0] = fcinfo->args[0];
	values[1] = fcinfo->args[2];
	values[2] = fcinfo->args[3];
	s = BeginCounts(fcinfo, "migration_counts", 2, PG_GETARG_DATEADT(1));
	ReadMoves(s, DAYS_QUERY, 3, types, values);
	EndCounts(fcinfo, s);
	return (Datum) 0;
}

/* To look for another number of each move takes a tenth of the time */
static bool
HaveFormerNumbers(Datum scheme)
{
	static SavedQuery query = {
		"SELECT FROM tiering.former_number f WHERE f.scheme OPERATOR(pg_catalog.=) $1 LIMIT 1",
		1, {TEXTOID}
	};

	RunSavedQuery(&query, scheme, (Datum) 0);
	return SPI_processed > 0;
}

/*
 * origin_counts(scheme, customers, merged): customers, or all if null, by the tier in which
 * they began, by the direction of their last move, and by their version and tier now
 */
PG_FUNCTION_INFO_V1(origin_counts);
Datum
origin_counts(PG_FUNCTION_ARGS)
{
	const Oid	types[2] = {TEXTOID, TEXTARRAYOID};
	const NullableDatum values[2] = {fcinfo->args[0], fcinfo->args[1]};
	MigrationCounts *s;

	s = BeginCounts(fcinfo, "origin_counts", MARKS, DATEVAL_NOBEGIN);
	ReadMoves(s, PG_GETARG_BOOL(2) ? ORIGINS_QUERY("merged_moves($1)") :
			  HaveFormerNumbers(values[0].value) ? ORIGINS_QUERY("person_moves($1, NULL)") :
			  ORIGINS_QUERY("known_moves($1, NULL)"), 1, types, values);
	ReadMoves(s, NOW_QUERY, 2, types, values);
	EndCounts(fcinfo, s);
	return (Datum) 0;
}

/* Its name in 0.1.0, which a database calls until it is updated */
PG_FUNCTION_INFO_V1(standing);
Datum
standing(PG_FUNCTION_ARGS)
{
	return migration_counts(fcinfo);
}
