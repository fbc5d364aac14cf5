/*
 * temporary.c
 *		What of a query is temporary: a relation, function, operator, type,
 *		collation or text search configuration of the session's own.
 *
 * In another session the same name is another's, or nobody's. However it was
 * spelled, it is found in the query as analyzed, which has OIDs instead of names.
 * What a function's body names, or a text that is run as a query, is not seen.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/syscache.h"

#include "compat.h"
#include "temporary.h"

/* An object's column of a kind that all catalogues of objects in schemas have */
static Datum
ObjectColumn(HeapTuple tuple, Oid class, AttrNumber column)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(get_object_catcache_oid(class), tuple,
										column, &isnull);

	Assert(!isnull);
	return value;
}

static bool
IsTemporary(Oid class, Oid object, ObjectAddress *found)
{
	HeapTuple	tuple;
	Datum		namespace;
	bool		result;

	if (!OidIsValid(object))
		return false;
	tuple = SearchSysCache1(get_object_catcache_oid(class),
							ObjectIdGetDatum(object));
	if (!HeapTupleIsValid(tuple))
		return false;
	namespace = ObjectColumn(tuple, class, get_object_attnum_namespace(class));
	result = isAnyTempNamespace(DatumGetObjectId(namespace));
	if (result)
		ObjectAddressSet(*found, class, object);
	ReleaseSysCache(tuple);
	return result;
}

static bool
AnyTemporary(Oid class, List *objects, ObjectAddress *found)
{
	ListCell   *cell;

	foreach(cell, objects)
		if (IsTemporary(class, lfirst_oid(cell), found))
			return true;
	return false;
}

static bool
FunctionIsTemporary(Oid function, void *found)
{
	return IsTemporary(ProcedureRelationId, function, found);
}

/* The object that a constant such as 'name'::regclass is */
static bool
ConstIsTemporary(const Const *constant, ObjectAddress *found)
{
	Oid			class;

	switch (constant->consttype)
	{
		case REGCLASSOID:
			class = RelationRelationId;
			break;
		case REGPROCOID:
		case REGPROCEDUREOID:
			class = ProcedureRelationId;
			break;
		case REGOPEROID:
		case REGOPERATOROID:
			class = OperatorRelationId;
			break;
		case REGTYPEOID:
			class = TypeRelationId;
			break;
		case REGCOLLATIONOID:
			class = CollationRelationId;
			break;
		case REGCONFIGOID:
			class = TSConfigRelationId;
			break;
		case REGDICTIONARYOID:
			class = TSDictionaryRelationId;
			break;
		default:
			return false;
	}
	return !constant->constisnull &&
		IsTemporary(class, DatumGetObjectId(constant->constvalue), found);
}

/* Operators as such, beside the functions that they call */
static bool
OperatorIsTemporary(Node *node, ObjectAddress *found)
{
	switch (nodeTag(node))
	{
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:		/* structs of one kind */
			return IsTemporary(OperatorRelationId, ((OpExpr *) node)->opno, found);
		case T_ScalarArrayOpExpr:
			return IsTemporary(OperatorRelationId,
							   ((ScalarArrayOpExpr *) node)->opno, found);
		case T_RowCompareExpr:
			return AnyTemporary(OperatorRelationId,
								((RowCompareExpr *) node)->opnos, found);
		case T_SortGroupClause:
			return IsTemporary(OperatorRelationId,
							   ((SortGroupClause *) node)->eqop, found) ||
				IsTemporary(OperatorRelationId,
							((SortGroupClause *) node)->sortop, found);
		default:
			return false;
	}
}

/* Types and collations where a query can name one */
static bool
TypeIsTemporary(Node *node, ObjectAddress *found)
{
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_FuncExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CoerceToDomain:
			return IsTemporary(TypeRelationId, exprType(node), found);
		case T_CollateExpr:
			return IsTemporary(CollationRelationId,
							   ((CollateExpr *) node)->collOid, found);
		case T_RangeTblFunction:
			return AnyTemporary(TypeRelationId,
								((RangeTblFunction *) node)->funccoltypes, found) ||
				AnyTemporary(CollationRelationId,
							 ((RangeTblFunction *) node)->funccolcollations, found);
		case T_TableFunc:
			return AnyTemporary(TypeRelationId,
								((TableFunc *) node)->coltypes, found) ||
				AnyTemporary(CollationRelationId,
							 ((TableFunc *) node)->colcollations, found);
		default:
			return IsJsonExpr(node) &&
				IsTemporary(TypeRelationId, exprType(node), found);
	}
}

static bool
Walk(Node *node, void *found)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, Walk, found,
								 QTW_EXAMINE_RTES_BEFORE | QTW_EXAMINE_SORTGROUP);
	if (IsA(node, RangeTblEntry))	/* what it consists of, the walker shows */
		return IsTemporary(RelationRelationId, ((RangeTblEntry *) node)->relid,
						   found);
	return check_functions_in_node(node, FunctionIsTemporary, found) ||
		(IsA(node, Const) && ConstIsTemporary((Const *) node, found)) ||
		OperatorIsTemporary(node, found) ||
		TypeIsTemporary(node, found) ||
		expression_tree_walker(node, Walk, found);
}

/* The first that is temporary in analyzed queries, if any is */
bool
FindTemporary(List *queries, ObjectAddress *found)
{
	return Walk((Node *) queries, found);
}

/* As in: temporary table "a" */
char *
TemporaryName(const ObjectAddress *object)
{
	Oid			class = object->classId;
	HeapTuple	tuple = SearchSysCache1(get_object_catcache_oid(class),
										ObjectIdGetDatum(object->objectId));
	Name		name;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for object %u", object->objectId);
	name = DatumGetName(ObjectColumn(tuple, class, get_object_attnum_name(class)));
	result = psprintf("%s \"%s\"", getObjectTypeDescription(object, false),
					  NameStr(*name));
	ReleaseSysCache(tuple);
	return result;
}
