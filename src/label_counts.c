/*
 * label_counts.c
 *		Customers counted by labels that the rows of queries give them.
 *
 * Rows come in no useful order, so this is a grouping by customer, and one hash
 * table of millions of customers costs a few cache misses a row, which is more
 * than all else. So the rows are first dealt out by the customer's hash to parts,
 * and then each part is worked up by itself, within the processor's cache.
 * What does not fit in work_mem waits in a temporary file, in full blocks that
 * each tell where the part's previous one is.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/buffile.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "label_counts.h"
#include "measure_sum.h"
#include "result_rows.h"
#include "saved_query.h"

#define PART_BITS	8
#define PARTS		(1 << PART_BITS)

/* A row as it waits for its part */
typedef struct Entry
{
	uint32		hash;			/* of the customer */
	DateADT		as_of;
	int64		move;			/* the later one of a day has the higher number */
	uint32		marks;
	uint32		labels[MARKS];	/* their numbers; 0: none, as of a tier on exit */
	uint32		customer_size;
	uint32		measure_size;	/* of a numeric, behind the customer; 0: none */
	char		customer[FLEXIBLE_ARRAY_MEMBER];
} Entry;

/* Entries of one part, one behind the other; a block of the file, as a rule */
typedef struct Chunk
{
	struct Chunk *next;			/* of those in memory */
	int64		previous;		/* block written before it, or -1 */
	Size		size;			/* more than a block only for one huge entry */
	Size		used;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

#define MeasureOffset(customer_size) \
	MAXALIGN(offsetof(Entry, customer) + (Size) (customer_size))
#define EntrySize(customer_size, measure_size) \
	(MeasureOffset(customer_size) + MAXALIGN((Size) (measure_size)))
#define CHUNK_HEADER	MAXALIGN(offsetof(Chunk, data))

typedef struct Part
{
	Chunk	   *chunk;			/* the one that is filled, and the full ones */
	int64		written;		/* the last block written, or -1 */
	uint64		entries;
} Part;

/* A customer in a part's hash table */
typedef struct Customer
{
	uint32		hash;
	Entry	   *any;			/* NULL: the slot is free */
	Entry	   *last[MARKS];	/* the last one that stands for a mark, or NULL */
} Customer;

typedef struct LabelName
{
	const char *name;
	uint32		size;
	int32		version;		/* 0: it is told without one */
} LabelName;

typedef struct Label
{
	LabelName	name;
	uint32		hash;
	uint32		number;			/* from 1 on, as 0 stands for none */
	char		status;			/* for the hash table */
} Label;

static inline uint32
HashLabel(LabelName label)
{
	return hash_bytes((const unsigned char *) label.name, label.size) ^
		(uint32) label.version;
}

static inline bool
SameLabel(LabelName a, LabelName b)
{
	return a.size == b.size && a.version == b.version && memcmp(a.name, b.name, a.size) == 0;
}

#define SH_PREFIX			label
#define SH_ELEMENT_TYPE		Label
#define SH_KEY_TYPE			LabelName
#define SH_KEY				name
#define SH_HASH_KEY(table, key)		HashLabel(key)
#define SH_EQUAL(table, a, b)		SameLabel(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry)	(entry)->hash
#define SH_SCOPE			static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Those of a mark */
typedef struct Labels
{
	label_hash *table;
	LabelName  *names;			/* by their numbers */
	uint32		count;			/* with the one that stands for none */
} Labels;

struct LabelCounts
{
	DestReceiver receiver;		/* must be first */
	MemoryContext context;
	int			marks;			/* how many are asked about */
	DateADT		start;			/* rows up to it stand for the first one, too */
	LabelExtra	extra;			/* of the query at work */
	bool		measured;		/* has any query had measures? */
	Part		parts[PARTS];
	Size		size;			/* of all chunks in memory */
	BufFile    *file;
	int64		blocks;			/* in it */
	Labels		labels[MARKS];
	Size		ncells;
	int64	   *cells;			/* customers by their labels, the last mark's fastest */
	BalanceDays **sums;			/* what they have, each for a day; NULL: nothing is known */
	Customer   *customers;		/* of the part at work: a hash table */
	uint64		mask;			/* its size, a power of 2, less one */
};

static uint32
LabelNumber(Labels *labels, Datum value, int32 version)
{
	text	   *told = DatumGetTextPP(value);
	LabelName	name = {VARDATA_ANY(told), VARSIZE_ANY_EXHDR(told), version};
	bool		found;
	Label	   *label = label_insert(labels->table, name, &found);

	if (!found)
	{
		label->name.name = pnstrdup(name.name, name.size);
		label->number = labels->count;
		labels->names = repalloc_huge(labels->names,
									  (labels->count + 1) * sizeof(LabelName));
		labels->names[labels->count++] = label->name;
	}
	if ((Pointer) told != DatumGetPointer(value))
		pfree(told);
	return label->number;
}

static void
WriteChunk(LabelCounts *s, Part *part, Chunk *chunk)
{
	if (s->file == NULL)
		s->file = BufFileCreateTemp(false);
	chunk->previous = part->written;
	BufFileWrite(s->file, chunk, BLCKSZ);
	part->written = s->blocks++;
}

static Chunk *
NewChunk(LabelCounts *s, Part *part, Size size)
{
	Chunk	   *chunk = palloc(size);

	chunk->size = size;
	chunk->used = CHUNK_HEADER;
	chunk->next = part->chunk;
	part->chunk = chunk;
	s->size += size;
	return chunk;
}

/* Room for an entry at the end of a part */
static Entry *
PartRoom(LabelCounts *s, Part *part, Size size)
{
	Chunk	   *chunk = part->chunk;
	Entry	   *entry;

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
	entry = (Entry *) ((char *) chunk + chunk->used);
	chunk->used += size;
	part->entries++;
	return entry;
}

/* An entry for a customer and what they have, of which it gets copies */
static Entry *
NewEntry(LabelCounts *s, text *customer, struct varlena *measure)
{
	uint32		customer_size = VARSIZE_ANY_EXHDR(customer);
	uint32		measure_size = measure == NULL ? 0 : VARSIZE_ANY(measure);
	uint32		hash = hash_bytes((unsigned char *) VARDATA_ANY(customer), customer_size);
	Entry	   *entry = PartRoom(s, &s->parts[hash >> (32 - PART_BITS)],
								 EntrySize(customer_size, measure_size));

	entry->hash = hash;
	entry->customer_size = customer_size;
	entry->measure_size = measure_size;
	memcpy(entry->customer, VARDATA_ANY(customer), customer_size);
	if (measure_size > 0)
		memcpy((char *) entry + MeasureOffset(customer_size), measure, measure_size);
	return entry;
}

/* One row of a query */
static bool
ReceiveRow(TupleTableSlot *slot, DestReceiver *receiver)
{
	LabelCounts *s = (LabelCounts *) receiver;
	MemoryContext old = MemoryContextSwitchTo(s->context);
	const int	behind = 4 + s->marks;
	text	   *customer;
	struct varlena *measure = NULL;
	Entry	   *entry;

	slot_getallattrs(slot);
	customer = DatumGetTextPP(slot->tts_values[0]);
	if (s->extra == EXTRA_MEASURE && !slot->tts_isnull[behind])
		measure = PG_DETOAST_DATUM_PACKED(slot->tts_values[behind]);
	entry = NewEntry(s, customer, measure);
	entry->as_of = DatumGetDateADT(slot->tts_values[1]);
	entry->move = DatumGetInt64(slot->tts_values[2]);
	entry->marks = DatumGetInt32(slot->tts_values[3]) | (entry->as_of <= s->start ? 1 : 0);
	for (int i = 0; i < s->marks; i++)
		entry->labels[i] = (entry->marks & (1 << i)) == 0 || slot->tts_isnull[4 + i] ? 0 :
			LabelNumber(&s->labels[i], slot->tts_values[4 + i],
						s->extra == EXTRA_VERSION ?
						DatumGetInt32(slot->tts_values[behind]) : 0);
	if ((Pointer) customer != DatumGetPointer(slot->tts_values[0]))
		pfree(customer);
	if (measure != NULL && (Pointer) measure != DatumGetPointer(slot->tts_values[behind]))
		pfree(measure);
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

static LabelCounts *
LabelCountsCreate(int marks, DateADT start)
{
	LabelCounts *s = palloc0(sizeof(LabelCounts));

	s->receiver.receiveSlot = ReceiveRow;
	s->receiver.rStartup = ReceiverStartup;
	s->receiver.rShutdown = ReceiverIgnores;
	s->receiver.rDestroy = ReceiverIgnores;
	s->receiver.mydest = DestTuplestore;	/* any but those that SPI treats apart */
	s->context = CurrentMemoryContext;
	s->marks = marks;
	s->start = start;
	for (int i = 0; i < marks; i++)
	{
		s->labels[i].table = label_create(s->context, 64, NULL);
		s->labels[i].names = palloc0(sizeof(LabelName));
		s->labels[i].count = 1;
	}
	for (int i = 0; i < PARTS; i++)
		s->parts[i].written = -1;
	return s;
}

/*
 * Take the rows of a query: a customer, a day and a number that say which row is later, the
 * marks as bits, a label for each mark, and what extra says
 */
void
LabelCountsRead(LabelCounts *s, LabelExtra extra, const char *query, int nargs,
				const Oid *types, const NullableDatum *values)
{
	s->extra = extra;
	s->measured |= extra == EXTRA_MEASURE;
	ReadRows(query, nargs, types, values, &s->receiver);
}

/* The blocks of a part that were written, back in memory */
static void
ReadChunks(LabelCounts *s, Part *part)
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
SameCustomer(const Entry *a, const Entry *b)
{
	return a->customer_size == b->customer_size &&
		memcmp(a->customer, b->customer, a->customer_size) == 0;
}

static inline bool
IsLater(const Entry *a, const Entry *b)
{
	return a->as_of > b->as_of || (a->as_of == b->as_of && a->move > b->move);
}

static void
Enter(LabelCounts *s, Entry *entry)
{
	Customer   *c;

	for (uint64 i = entry->hash;; i++)
	{
		c = &s->customers[i & s->mask];
		if (c->any == NULL ||
			(c->hash == entry->hash && SameCustomer(c->any, entry)))
			break;
	}
	c->hash = entry->hash;
	c->any = entry;
	for (int i = 0; i < s->marks; i++)
		if ((entry->marks & (1 << i)) != 0 &&
			(c->last[i] == NULL || IsLater(entry, c->last[i])))
			c->last[i] = entry;
}

static void
CountCustomer(LabelCounts *s, const Customer *c)
{
	Size		cell = 0;

	for (int i = 0; i < s->marks; i++)
		cell = cell * s->labels[i].count +
			(c->last[i] == NULL ? 0 : c->last[i]->labels[i]);
	s->cells[cell]++;
	if (c->last[0] != NULL && c->last[0]->measure_size > 0)
		MeasureSumAdd(&s->sums[cell], (struct varlena *)
					  ((char *) c->last[0] + MeasureOffset(c->last[0]->customer_size)),
					  s->context);
}

static void
CountPart(LabelCounts *s, Part *part)
{
	ReadChunks(s, part);
	memset(s->customers, 0, (s->mask + 1) * sizeof(Customer));
	for (Chunk *chunk = part->chunk; chunk != NULL; chunk = chunk->next)
		for (Size at = CHUNK_HEADER; at < chunk->used;)
		{
			Entry	   *entry = (Entry *) ((char *) chunk + at);

			Enter(s, entry);
			at += EntrySize(entry->customer_size, entry->measure_size);
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
 * slots as there are entries, and customers are mostly fewer
 */
static void
CountParts(LabelCounts *s)
{
	const int	flags = MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO;
	uint64		most = 1;

	for (int i = 0; i < PARTS; i++)
		most = Max(most, s->parts[i].entries);
	s->mask = pg_nextpower2_64(most) - 1;
	s->customers = MemoryContextAllocHuge(s->context,
										  (s->mask + 1) * sizeof(Customer));
	s->ncells = 1;
	for (int i = 0; i < s->marks; i++)
		s->ncells *= s->labels[i].count;
	s->cells = MemoryContextAllocExtended(s->context, s->ncells * sizeof(int64), flags);
	if (s->measured)
		s->sums = MemoryContextAllocExtended(s->context, s->ncells * sizeof(BalanceDays *),
											 flags);
	for (int i = 0; i < PARTS; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (s->parts[i].entries > 0)
			CountPart(s, &s->parts[i]);
	}
}

/* A label as it is told, its version before it if it has one */
static Datum
LabelText(const LabelName *label)
{
	if (label->version == 0)
		return PointerGetDatum(cstring_to_text_with_len(label->name, label->size));
	return CStringGetTextDatum(psprintf("%d %s", label->version, label->name));
}

/* A row of labels, one of each mark, how many customers have them, and what these have */
static void
PutCell(LabelCounts *s, Size cell, ReturnSetInfo *rsinfo)
{
	Size		rest = cell;
	/* in 0.1.0 there is another column, until a database is updated */
	Datum		values[MARKS + 2] = {0};
	bool		nulls[MARKS + 2];

	memset(nulls, true, sizeof(nulls));
	for (int mark = s->marks - 1; mark >= 0; mark--)
	{
		uint32		label = rest % s->labels[mark].count;

		rest /= s->labels[mark].count;
		nulls[mark] = label == 0;
		if (label > 0)
			values[mark] = LabelText(&s->labels[mark].names[label]);
	}
	values[s->marks] = Int64GetDatum(s->cells[cell]);
	nulls[s->marks] = false;
	if (s->measured && s->sums[cell] != NULL)
	{
		values[s->marks + 1] = MeasureSumDatum(s->sums[cell]);
		nulls[s->marks + 1] = false;
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Begin the result of a function that is read in FROM, and connect to SPI */
LabelCounts *
LabelCountsBegin(FunctionCallInfo fcinfo, const char *what, int marks, DateADT start)
{
	TupleDesc	columns;

	ResultRowsBegin(fcinfo, what, 0, &columns);
	ConnectSPI();
	return LabelCountsCreate(marks, start);
}

/* Count what was read, and put it into the result */
void
LabelCountsEnd(FunctionCallInfo fcinfo, LabelCounts *s)
{
	CountParts(s);
	for (Size i = 1; i < s->ncells; i++)
		if (s->cells[i] > 0)
			PutCell(s, i, (ReturnSetInfo *) fcinfo->resultinfo);
	if (s->file != NULL)
		BufFileClose(s->file);
	SPI_finish();
}
