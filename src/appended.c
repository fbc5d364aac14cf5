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

#include "access/brin.h"
#include "access/heapam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/fmgrprotos.h"
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
	int			each_row;		/* indexes that are told of each row: the first ones */
	int			each_page;		/* those behind them, which one row of a page will do for */
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

/* Has each row something of its own there? Columns count from 1. */
static inline bool
IsOwnColumn(int column)
{
	return column <= 0 || column - 1 == KEPT_CUSTOMER || column - 1 == KEPT_TIER ||
		column - 1 == KEPT_MEASURE;
}

/* Does an index only tell by blocks what is the same in all rows? */
static bool
IsOfPages(const IndexInfo *index, Oid method)
{
	if (method != BRIN_AM_OID || index->ii_Predicate != NIL)
		return false;
	for (int i = 0; i < index->ii_NumIndexAttrs; i++)
		if (IsOwnColumn(index->ii_IndexAttrNumbers[i]))
			return false;
	return true;
}

/* Does an index leave out all rows, by what is the same in them? */
static bool
LeavesOut(Appended *rows, const IndexInfo *index)
{
	ExprContext *context = GetPerTupleExprContext(rows->estate);
	Bitmapset  *columns = NULL;
	TupleTableSlot *slot;
	bool		result;

	pull_varattnos((Node *) index->ii_Predicate, 1, &columns);
	for (int i = -1; (i = bms_next_member(columns, i)) >= 0;)
		if (IsOwnColumn(i + FirstLowInvalidHeapAttributeNumber))
			return false;
	slot = MakeSingleTupleTableSlot(RelationGetDescr(rows->part), &TTSOpsVirtual);
	memcpy(slot->tts_values, rows->values, sizeof(rows->values));
	memcpy(slot->tts_isnull, rows->nulls, sizeof(rows->nulls));
	context->ecxt_scantuple = ExecStoreVirtualTuple(slot);
	result = !ExecQual(ExecPrepareQual(index->ii_Predicate, rows->estate), context);
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

static void
SwapIndexes(ResultRelInfo *target, int one, int other)
{
	Relation	index = target->ri_IndexRelationDescs[one];
	IndexInfo  *info = target->ri_IndexRelationInfo[one];

	target->ri_IndexRelationDescs[one] = target->ri_IndexRelationDescs[other];
	target->ri_IndexRelationInfo[one] = target->ri_IndexRelationInfo[other];
	target->ri_IndexRelationDescs[other] = index;
	target->ri_IndexRelationInfo[other] = info;
}

/* Those that are told of each row, of one row of a page, and of none */
static void
SortIndexes(Appended *rows)
{
	ResultRelInfo *target = rows->target;
	int			told = target->ri_NumIndices;

	for (int i = told - 1; i >= 0; i--)
		if (LeavesOut(rows, target->ri_IndexRelationInfo[i]))
			SwapIndexes(target, i, --told);
	rows->each_row = told;
	for (int i = told - 1; i >= 0; i--)
		if (IsOfPages(target->ri_IndexRelationInfo[i],
					  target->ri_IndexRelationDescs[i]->rd_rel->relam))
			SwapIndexes(target, i, --rows->each_row);
	rows->each_page = told - rows->each_row;
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

/*
 * Pages are summarized as they begin, while there is little to read of them. Nobody is waited
 * for: what is left is for summarize().
 */
static void
SummarizeFrom(Appended *rows, Relation index, BlockNumber page)
{
	Oid			part = RelationGetRelid(rows->part);

	if (page % BrinGetPagesPerRange(index) != 0 ||
		!ConditionalLockRelationOid(part, ShareUpdateExclusiveLock))
		return;
	DirectFunctionCall2(brin_summarize_range, ObjectIdGetDatum(RelationGetRelid(index)),
						Int64GetDatum((int64) page));
	UnlockRelationOid(part, ShareUpdateExclusiveLock);
}

/* The indexes of a page are told of its first row, which stands for the others */
static void
EnterRow(Appended *rows, TupleTableSlot *slot)
{
	ResultRelInfo *target = rows->target;
	BlockNumber page = ItemPointerGetBlockNumber(&slot->tts_tid);
	int			all = target->ri_NumIndices;
	int			told = rows->each_row + (page == rows->page ? 0 : rows->each_page);

	rows->page = page;
	if (told == 0)
		return;
	for (int i = rows->each_row; i < told; i++)
		SummarizeFrom(rows, target->ri_IndexRelationDescs[i], page);
	target->ri_NumIndices = told;
	InsertIndexTuples(target, slot, rows->estate);
	target->ri_NumIndices = all;
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
