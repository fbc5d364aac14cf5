/*
 * classify_support.c
 *		What the planner makes of classify(scheme, m), and of the same with a
 *		date or a version: a call with m's columns.
 *
 * A row as an argument has to be formed for the call, only to be taken apart
 * in it: that is half the cost of grading by it. Where m is a table, or a
 * subquery of which the planner knows the columns, these are passed
 * instead, with their names. Which of them the scheme needs is left to the call:
 * a plan may outlive a version of a scheme.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "parser/parse_func.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"

/* More arguments than a function may have, less the first ones */
#define MAX_COLUMNS (FUNC_MAX_ARGS - 3)

typedef struct Columns
{
	List	   *names;			/* of String */
	List	   *values;			/* of expressions */
} Columns;

/*
 * A row of a type knows its columns by the type's names, and not by the aliases
 * that FROM may give them. False if the values are not those of the type: what
 * the planner knows of a table may have been written for another query, with
 * other numbers of tables.
 */
static bool
ColumnsOfType(Oid type, List *values, bool dropped_too, Columns *columns)
{
	TupleDesc	desc = lookup_rowtype_tupdesc_domain(type, -1, true);
	bool		same = desc != NULL;
	int			count = 0;

	columns->names = columns->values = NIL;
	for (int i = 0; same && i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Node	   *value;

		if (attribute->attisdropped && !dropped_too)
			continue;
		same = count < list_length(values);
		value = same ? list_nth(values, count++) : NULL;
		if (!same || attribute->attisdropped)
			continue;
		same = exprType(value) == attribute->atttypid;
		columns->names = lappend(columns->names,
								 makeString(pstrdup(NameStr(attribute->attname))));
		columns->values = lappend(columns->values, value);
	}
	if (desc != NULL)
		ReleaseTupleDesc(desc);
	return same && count == list_length(values);
}

/* Has the table, function or subquery columns that can be expanded? */
static bool
CanExpand(const RangeTblEntry *rte)
{
	switch (rte->rtekind)
	{
		case RTE_RELATION:
		case RTE_FUNCTION:
		case RTE_VALUES:
		case RTE_CTE:
			return true;
		case RTE_SUBQUERY:
			return rte->subquery != NULL;	/* not pulled up */
		default:
			return false;
	}
}

/* The columns of a table or subquery in FROM, of this query level */
static bool
ColumnsOfVar(PlannerInfo *root, const Var *var, Columns *columns)
{
	RangeTblEntry *rte;
	ListCell   *cell;

	if (root == NULL || var->varattno != InvalidAttrNumber ||
		var->varlevelsup != 0 || !VarIsPlain(var) ||
		var->varno < 1 || var->varno > list_length(root->parse->rtable))
		return false;
	rte = rt_fetch(var->varno, root->parse->rtable);
	if (!CanExpand(rte))
		return false;
	ExpandRTE(rte, var->varno, var->location, &columns->names,
			  &columns->values);
	if (var->vartype != RECORDOID &&
		!ColumnsOfType(var->vartype, columns->values, false, columns))
		return false;
	foreach(cell, columns->values)
		CopyNullingRels((Var *) lfirst(cell), var);
	return true;
}

/* What a subquery or view that was pulled up has become */
static bool
ColumnsOfRow(const RowExpr *row, Columns *columns)
{
	if (row->row_typeid != RECORDOID)
		return ColumnsOfType(row->row_typeid, row->args, true, columns);
	if (list_length(row->colnames) != list_length(row->args))
		return false;
	columns->names = row->colnames;
	columns->values = row->args;
	return true;
}

static Const *
NamesConst(List *names)
{
	Datum	   *texts = palloc(list_length(names) * sizeof(Datum));
	int			count = 0;
	ListCell   *cell;

	foreach(cell, names)
		texts[count++] = CStringGetTextDatum(strVal(lfirst(cell)));
	return makeConst(TEXTARRAYOID, -1, InvalidOid, -1,
					 PointerGetDatum(construct_array(texts, count, TEXTOID,
													 -1, false, TYPALIGN_INT)),
					 false, false);
}

/*
 * classify_columns(), classify_columns_on() or classify_columns_version(); picker is
 * the type of what picks the version
 */
static Oid
ColumnsFunction(Oid picker)
{
	Oid			types[] = {TEXTOID, picker, TEXTARRAYOID, ANYOID};
	Oid			unpicked[] = {TEXTOID, TEXTARRAYOID, ANYOID};
	char	   *name = picker == DATEOID ? "classify_columns_on" :
		picker == INT4OID ? "classify_columns_version" : "classify_columns";

	return LookupFuncName(list_make2(makeString("_tiering"), makeString(name)),
						  OidIsValid(picker) ? 4 : 3,
						  OidIsValid(picker) ? types : unpicked, true);
}

static Node *
Simplify(SupportRequestSimplify *request)
{
	FuncExpr   *call = request->fcall;
	Node	   *row = lsecond(call->args);
	Node	   *picker = list_length(call->args) > 2 ? lthird(call->args) : NULL;
	Columns		columns;
	Oid			function;
	List	   *args;

	/* a grouping set that leaves out the row has it be null, but no column */
	if (request->root != NULL && request->root->parse->groupingSets != NIL)
		return NULL;
	if (!(IsA(row, Var) ?
		  ColumnsOfVar(request->root, (Var *) row, &columns) :
		  IsA(row, RowExpr) && ColumnsOfRow((RowExpr *) row, &columns)))
		return NULL;
	if (columns.values == NIL || list_length(columns.values) > MAX_COLUMNS)
		return NULL;
	function = ColumnsFunction(picker ? exprType(picker) : InvalidOid);
	if (!OidIsValid(function) || !MayExecute(function))
		return NULL;	/* who may call the one need not be let to the other */
	args = picker ? list_make2(linitial(call->args), picker) :
		list_make1(linitial(call->args));
	args = lappend(args, NamesConst(columns.names));
	return (Node *) makeFuncExpr(function, call->funcresulttype,
								 list_concat(args, columns.values),
								 call->funccollid, call->inputcollid,
								 COERCE_EXPLICIT_CALL);
}

PG_FUNCTION_INFO_V1(classify_support);
Datum
classify_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *simplified = NULL;

	if (IsA(request, SupportRequestSimplify))
		simplified = Simplify((SupportRequestSimplify *) request);
	PG_RETURN_POINTER(simplified);
}
