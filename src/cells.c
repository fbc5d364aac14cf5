/*
 * cells.c
 *		Customers of an assessment, counted by where they were and where they are.
 *
 * There are few cells, which stay in memory: as many as there are pairs of tiers, times
 * the parts of all amounts in which their measures lie, times what those with a review
 * wait for.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"

#include "cells.h"
#include "measure_sum.h"
#include "same_text.h"

/* The columns of counted_cell */
enum
{
	CELL_GONE, CELL_CURRENT_TIER, CELL_CURRENT_VERSION, CELL_TIER, CELL_CUSTOMERS,
	CELL_REWRITTEN, CELL_DUE, CELL_MEASURE, CELL_PART, CELL_AWAITS,
	CELL_COLUMNS
};

#define NO_PART		(-1)
#define NO_REVIEW	(-1)		/* instead of misses */

/* Compared as bytes: integers of one size, so that none is left between them */
typedef struct CellKey
{
	int32		gone;
	int32		current;		/* the number of a Before */
	int32		tier;
	int32		part;
	int32		policy_tier;	/* what those with a review wait for, as awaits has it */
	int32		next_tier;
	int32		misses;
} CellKey;

typedef struct Cell
{
	CellKey		key;			/* must be first */
	int64		customers;
	int64		rewritten;
	int64		due;
	BalanceDays *measure;		/* NULL: that of nobody is known */
} Cell;

/* The tier that customers have, and the version that calls it so */
typedef struct Before
{
	NullableDatum tier;
	NullableDatum version;
} Before;

struct Cells
{
	MemoryContext context;
	const Decider *decider;
	const MeasureEdges *edges;	/* NULL: no parts are asked for */
	HTAB	   *cells;
	Before	   *before;
	int			nbefore;
	HASH_SEQ_STATUS next;
	bool		told;			/* next is begun */
};

Cells *
CellsCreate(const Decider *decider, const MeasureEdges *edges)
{
	Cells	   *cells = palloc0(sizeof(Cells));
	HASHCTL		info = {
		.keysize = sizeof(CellKey),
		.entrysize = sizeof(Cell),
		.hcxt = CurrentMemoryContext
	};

	cells->context = CurrentMemoryContext;
	cells->decider = decider;
	cells->edges = edges;
	cells->cells = hash_create("tiering cells", 256, &info,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cells->before = palloc(sizeof(Before));
	return cells;
}

static bool
IsBefore(const Before *before, const Counted *customer)
{
	if (before->tier.isnull != customer->current_tier.isnull ||
		before->version.isnull != customer->current_version.isnull ||
		(!before->version.isnull && DatumGetInt32(before->version.value) !=
		 DatumGetInt32(customer->current_version.value)))
		return false;
	return before->tier.isnull ||
		SameText(DatumGetTextPP(before->tier.value),
				 DatumGetTextPP(customer->current_tier.value));
}

/* There are a few, so that looking through them will do */
static int
BeforeNumber(Cells *cells, const Counted *customer)
{
	MemoryContext caller;
	Before	   *added;

	for (int i = 0; i < cells->nbefore; i++)
		if (IsBefore(&cells->before[i], customer))
			return i;
	caller = MemoryContextSwitchTo(cells->context);
	cells->before = repalloc(cells->before, (cells->nbefore + 1) * sizeof(Before));
	added = &cells->before[cells->nbefore];
	added->tier = customer->current_tier;
	added->version = customer->current_version;
	if (!added->tier.isnull)
		added->tier.value = PointerGetDatum(PG_DETOAST_DATUM_COPY(added->tier.value));
	MemoryContextSwitchTo(caller);
	return cells->nbefore++;
}

/* What rows say who are in a tier now, and what the policy has noted */
static void
FillKey(CellKey *key, Cells *cells, const Counted *customer)
{
	const Assignment *now = &cells->decider->result.now;
	bool		reviewed = now->next_review != NO_DAY;

	key->gone = customer->gone;
	key->current = BeforeNumber(cells, customer);
	key->tier = now->tier;
	key->part = cells->edges == NULL || customer->measure.isnull ? NO_PART :
		MeasurePart(cells->edges, customer->measure.value);
	key->policy_tier = !reviewed ? NO_TIER :
		now->policy_since == NO_DAY ? now->tier : now->policy_tier;
	key->next_tier = reviewed ? now->next_tier : NO_TIER;
	key->misses = reviewed ? now->misses : NO_REVIEW;
}

/* Once the customer has been decided about */
void
CellsCount(Cells *cells, const Counted *customer)
{
	CellKey		key;
	bool		found;
	Cell	   *cell;

	FillKey(&key, cells, customer);
	cell = hash_search(cells->cells, &key, HASH_ENTER, &found);
	if (!found)
		memset((char *) cell + sizeof(CellKey), 0, sizeof(Cell) - sizeof(CellKey));
	cell->customers++;
	cell->rewritten += customer->rewrite;
	cell->due += customer->due;
	if (!customer->measure.isnull)
		MeasureSumAdd(&cell->measure, PG_DETOAST_DATUM_PACKED(customer->measure.value),
					  cells->context);
}

/* As awaits of counted_cell */
static Datum
AwaitsOf(const Cells *cells, const CellKey *key)
{
	Datum		texts[3] = {0};
	bool		nulls[3] = {key->policy_tier == NO_TIER, key->next_tier == NO_TIER, false};
	int			dims[1] = {3};
	int			lower[1] = {1};

	if (!nulls[0])
		texts[0] = cells->decider->names[key->policy_tier];
	if (!nulls[1])
		texts[1] = cells->decider->names[key->next_tier];
	texts[2] = CStringGetTextDatum(psprintf("%d", key->misses));
	return PointerGetDatum(construct_md_array(texts, nulls, 1, dims, lower, TEXTOID, -1,
											  false, TYPALIGN_INT));
}

static Datum
CellDatum(const Cells *cells, const Cell *cell, TupleDesc columns)
{
	const CellKey *key = &cell->key;
	const Before *before = &cells->before[key->current];
	Datum		values[CELL_COLUMNS] = {0};
	bool		nulls[CELL_COLUMNS] = {false};

	values[CELL_GONE] = BoolGetDatum(key->gone);
	values[CELL_CURRENT_TIER] = before->tier.value;
	nulls[CELL_CURRENT_TIER] = before->tier.isnull;
	values[CELL_CURRENT_VERSION] = before->version.value;
	nulls[CELL_CURRENT_VERSION] = before->version.isnull;
	nulls[CELL_TIER] = key->tier == NO_TIER;
	if (key->tier != NO_TIER)
		values[CELL_TIER] = cells->decider->names[key->tier];
	values[CELL_CUSTOMERS] = Int64GetDatum(cell->customers);
	values[CELL_REWRITTEN] = Int64GetDatum(cell->rewritten);
	values[CELL_DUE] = Int64GetDatum(cell->due);
	nulls[CELL_MEASURE] = cell->measure == NULL;
	if (cell->measure != NULL)
		values[CELL_MEASURE] = MeasureSumDatum(cell->measure);
	values[CELL_PART] = Int32GetDatum(key->part);
	nulls[CELL_PART] = key->part == NO_PART;
	nulls[CELL_AWAITS] = key->misses == NO_REVIEW;
	if (key->misses != NO_REVIEW)
		values[CELL_AWAITS] = AwaitsOf(cells, key);
	return HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
}

/* One cell after the other, as a counted_cell; 0 behind the last one */
Datum
CellsNext(Cells *cells, TupleDesc columns)
{
	Cell	   *cell;

	if (columns->natts != CELL_COLUMNS)
		elog(ERROR, "counted_cell has %d columns", columns->natts);
	if (!cells->told)
		hash_seq_init(&cells->next, cells->cells);
	cells->told = true;
	cell = hash_seq_search(&cells->next);
	return cell == NULL ? (Datum) 0 : CellDatum(cells, cell, columns);
}
