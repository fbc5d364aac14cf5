/*
 * appended.c
 *		Rows of an assessment, appended to the part of the table in which it lies.
 *
 * They go there as COPY has them go, many at once, which takes a third of the time of
 * as many rows of INSERT. What keeps to the table is kept to: its triggers of the
 * statement, its constraints, its indexes. Where there is more (a trigger of each row, row
 * security), nothing is opened, and rows have to be inserted.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "appended.h"
#include "compat.h"

#define ROWS_AT_ONCE	1000

struct Appended
{
	MemoryContext context;
	Relation	part;
	EState	   *estate;
	ResultRelInfo *target;
	CommandId	command;
	TupleTableSlot *slots[ROWS_AT_ONCE];	/* made as they are needed */
	int			count;			/* of those that are filled */
	Datum		values[KEPT_COLUMNS];
	bool		nulls[KEPT_COLUMNS];
	int			indexes;
	int			each_page;		/* of them, the last ones, that take one row of a page */
	BlockNumber page;			/* the last one of which they were told */
	bool		checked;		/* whether rows belong to the part, which they all do or none */
};

/* Is there nothing that takes rows one by one? */
static bool
TakesMany(Oid part)
{
	Oid			whole = get_partition_parent(part, false);
	Relation	table = table_open(whole, RowExclusiveLock);
	Relation	leaf = table_open(part, RowExclusiveLock);
	const TriggerDesc *triggers = leaf->trigdesc;
	bool		result = leaf->rd_rel->relkind == RELKIND_RELATION &&
		RelationGetNumberOfAttributes(leaf) == KEPT_COLUMNS &&
		(leaf->rd_att->constr == NULL || !leaf->rd_att->constr->has_generated_stored) &&
		(triggers == NULL || !(triggers->trig_insert_before_row ||
							   triggers->trig_insert_after_row ||
							   triggers->trig_insert_instead_row)) &&
		(table->trigdesc == NULL || !table->trigdesc->trig_insert_new_table) &&
		check_enable_rls(whole, InvalidOid, true) != RLS_ENABLED &&
		pg_class_aclcheck(whole, GetUserId(), ACL_INSERT) == ACLCHECK_OK;

	table_close(leaf, NoLock);
	table_close(table, NoLock);
	return result;
}

/* Does an index only tell by blocks what is the same in all rows? */
static bool
IsOfPages(const IndexInfo *index, Oid method)
{
	if (method != BRIN_AM_OID || index->ii_Predicate != NIL)
		return false;
	for (int i = 0; i < index->ii_NumIndexAttrs; i++)
	{
		int			column = index->ii_IndexAttrNumbers[i] - 1;

		if (column < 0 || column == KEPT_CUSTOMER || column == KEPT_TIER ||
			column == KEPT_MEASURE)
			return false;
	}
	return true;
}

/* Those that take one row of a page to the end */
static void
SortIndexes(Appended *rows)
{
	ResultRelInfo *target = rows->target;
	int			last = target->ri_NumIndices;

	rows->indexes = last;
	for (int i = last - 1; i >= 0; i--)
	{
		Relation	index = target->ri_IndexRelationDescs[i];
		IndexInfo  *info = target->ri_IndexRelationInfo[i];

		if (!IsOfPages(info, index->rd_rel->relam))
			continue;
		last--;
		target->ri_IndexRelationDescs[i] = target->ri_IndexRelationDescs[last];
		target->ri_IndexRelationInfo[i] = target->ri_IndexRelationInfo[last];
		target->ri_IndexRelationDescs[last] = index;
		target->ri_IndexRelationInfo[last] = info;
	}
	rows->each_page = rows->indexes - last;
	rows->page = InvalidBlockNumber;
}

/*
 * To append to a part of the table, in a statement that writes; columns has what all rows
 * have. NULL: they have to be inserted.
 */
Appended *
AppendedOpen(Oid part, const NullableDatum *columns)
{
	Appended   *rows;

	if (!TakesMany(part))
		return NULL;
	rows = palloc0(sizeof(Appended));
	for (int i = 0; i < KEPT_COLUMNS; i++)
	{
		rows->values[i] = columns[i].value;
		rows->nulls[i] = columns[i].isnull;
	}
	rows->context = CurrentMemoryContext;
	rows->part = table_open(part, RowExclusiveLock);
	rows->estate = CreateExecutorState();
	rows->target = makeNode(ResultRelInfo);
	InitResultRelInfo(rows->target, rows->part, 0, NULL, 0);
	ExecBSInsertTriggers(rows->estate, rows->target);
	ExecOpenIndices(rows->target, false);
	SortIndexes(rows);
	rows->command = GetCurrentCommandId(true);
	return rows;
}

/* The indexes of a page are told of its first row, which stands for the others */
static void
EnterRow(Appended *rows, TupleTableSlot *slot)
{
	BlockNumber page = ItemPointerGetBlockNumber(&slot->tts_tid);
	int			count = page == rows->page ? rows->indexes - rows->each_page : rows->indexes;

	rows->page = page;
	if (count == 0)
		return;
	rows->target->ri_NumIndices = count;
	InsertIndexTuples(rows->target, slot, rows->estate);
	rows->target->ri_NumIndices = rows->indexes;
}

/*
 * No ring of buffers, as COPY has: what was appended is read again when it is summarized.
 * heap_multi_insert() leaves behind what it forms.
 */
static void
Flush(Appended *rows)
{
	MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(rows->estate));

	table_multi_insert(rows->part, rows->slots, rows->count, rows->command, 0, NULL);
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < rows->count; i++)
	{
		EnterRow(rows, rows->slots[i]);
		ExecClearTuple(rows->slots[i]);
	}
	rows->count = 0;
	ResetPerTupleExprContext(rows->estate);
}

static TupleTableSlot *
NextSlot(Appended *rows)
{
	if (rows->slots[rows->count] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(rows->context);

		rows->slots[rows->count] = table_slot_create(rows->part, NULL);
		MemoryContextSwitchTo(caller);
	}
	return rows->slots[rows->count];
}

/* One more row; what it consists of is copied */
void
AppendedRow(Appended *rows, NullableDatum customer, NullableDatum tier, NullableDatum measure)
{
	TupleTableSlot *slot = NextSlot(rows);

	memcpy(slot->tts_values, rows->values, sizeof(rows->values));
	memcpy(slot->tts_isnull, rows->nulls, sizeof(rows->nulls));
	slot->tts_values[KEPT_CUSTOMER] = customer.value;
	slot->tts_isnull[KEPT_CUSTOMER] = customer.isnull;
	slot->tts_values[KEPT_TIER] = tier.value;
	slot->tts_isnull[KEPT_TIER] = tier.isnull;
	slot->tts_values[KEPT_MEASURE] = measure.value;
	slot->tts_isnull[KEPT_MEASURE] = measure.isnull;
	ExecStoreVirtualTuple(slot);
	ExecConstraints(rows->target, slot, rows->estate);
	if (!rows->checked)
		rows->checked = ExecPartitionCheck(rows->target, slot, rows->estate, true);
	ExecMaterializeSlot(slot);
	if (++rows->count == ROWS_AT_ONCE)
		Flush(rows);
}

void
AppendedClose(Appended *rows)
{
	if (rows->count > 0)
		Flush(rows);
	for (int i = 0; i < ROWS_AT_ONCE && rows->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(rows->slots[i]);
	table_finish_bulk_insert(rows->part, 0);
	ExecCloseIndices(rows->target);
	FreeExecutorState(rows->estate);
	table_close(rows->part, NoLock);
}
