/*
 * source_columns.c
 *		What a bank's own query yields, beside what is expected of it: which columns, of
 *		which types, and the query around it that picks, orders and casts them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "source_columns.h"
#include "temporary.h"

/* $1 is the date; $2 the customers, where SelectExpected() asks for some only */
SPIPlanPtr
SourcePrepare(const char *query, int nparams, int options)
{
	Oid			types[2] = {DATEOID, TEXTARRAYOID};
	SPIPlanPtr	plan = SPI_prepare_cursor(query, nparams, types,
										  CURSOR_OPT_PARALLEL_OK | options);

	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", query);
	return plan;
}

/* One that runs once runs in the session whose the temporary is */
static void
CheckTemporary(const Source *source, List *queries)
{
	ObjectAddress found;

	if (source->kind->takes_day && FindTemporary(queries, &found))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("%s of scheme \"%s\" uses the temporary %s",
						source->kind->noun, source->scheme, TemporaryName(&found)),
				 errhint("What is temporary is another session's for another session.")));
}

/* The query as it is; it must be one statement that yields columns */
SPIPlanPtr
SourceStatement(const Source *source)
{
	SPIPlanPtr	plan = SourcePrepare(source->query, source->kind->takes_day ? 1 : 0, 0);
	List	   *statements = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *statement;

	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s of scheme \"%s\" must be one query, not %d statements",
						source->kind->noun, source->scheme,
						list_length(statements))));
	statement = (CachedPlanSource *) linitial(statements);
	if (statement->commandTag != CMDTAG_SELECT || statement->resultDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s of scheme \"%s\" must be a SELECT, not %s",
						source->kind->noun, source->scheme,
						GetCommandTagName(statement->commandTag))));
	CheckTemporary(source, statement->query_list);
	return plan;
}

/* The columns that it yields */
TupleDesc
SourceColumns(SPIPlanPtr statement)
{
	return ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(statement)))->resultDesc;
}

/* May a column of this type feed one that is expected? No float may. */
static bool
TypeFeeds(Oid type, Oid expected)
{
	type = getBaseType(type);
	switch (expected)
	{
		case NUMERICOID:
			return type == NUMERICOID || type == INT8OID || type == INT4OID ||
				type == INT2OID;
		case INT4OID:
			return type == INT4OID || type == INT2OID;
		case TEXTOID:
			return true;		/* a customer, a tier: anything that casts to text */
		default:
			return type == expected;
	}
}

/* The column of the query with the name of one that is expected: one, and no more */
static Form_pg_attribute
FindColumn(const Source *source, TupleDesc columns, Form_pg_attribute expected)
{
	Form_pg_attribute found = NULL;

	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (strcmp(NameStr(column->attname), NameStr(expected->attname)) != 0)
			continue;
		if (found != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("%s of scheme \"%s\" yields more than one column \"%s\"",
							source->kind->noun, source->scheme,
							NameStr(expected->attname)),
					 errhint("Leave out all but one of them, or call them otherwise.")));
		found = column;
	}
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s of scheme \"%s\" yields no column \"%s\"",
						source->kind->noun, source->scheme,
						NameStr(expected->attname)),
				 errhint("%s", source->kind->yields)));
	return found;
}

static void
CheckColumn(const Source *source, TupleDesc columns,
			Form_pg_attribute expected)
{
	Form_pg_attribute column = FindColumn(source, columns, expected);

	if (!TypeFeeds(column->atttypid, expected->atttypid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" in the %s of scheme \"%s\" "
						"has type %s, where %s is needed",
						NameStr(column->attname), source->kind->noun,
						source->scheme,
						format_type_be(column->atttypid),
						format_type_be(expected->atttypid)),
				 errhint("Cast it explicitly in the query.")));
}

/* A type's name, so that an array of it is one of any length of its elements */
static char *
QualifiedTypeName(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->typnamespace),
									  NameStr(form->typname));
	ReleaseSysCache(tuple);
	return name;
}

/*
 * The type in which an index of the bank's can find customers whose ids are of a
 * type; InvalidOid if they are compared as text. Integers of all sizes have one
 * family of operators.
 */
static Oid
SearchType(Oid type)
{
	type = getBaseType(type);
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return INT8OID;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NUMERICOID:
		case UUIDOID:
			return type;
		default:
			return InvalidOid;
	}
}

/*
 * Can a type have a value that looks like this? No other can be anybody's id. It
 * may let through what is nobody's either, but nothing that does not cast.
 */
static bool
CanBeId(const char *id, Oid type)
{
	const char *digits = id + (id[0] == '-');
	char	   *end;

	switch (type)
	{
		case INT8OID:
			errno = 0;
			(void) strtoll(id, &end, 10);
			return errno == 0 && *end == '\0' &&
				strspn(digits, "0123456789") == strlen(digits) && *digits != '\0';
		case NUMERICOID:
			end = unconstify(char *, digits) + strspn(digits, "0123456789");
			if (end == digits || strlen(digits) > NUMERIC_MAX_PRECISION)
				return false;
			return *end == '\0' ||
				(*end == '.' && strspn(end + 1, "0123456789") == strlen(end + 1));
		case UUIDOID:
			for (int i = 0; i < 36; i++)
				if (id[i] == '\0' ||
					strchr(i == 8 || i == 13 || i == 18 || i == 23 ? "-" :
						   "0123456789abcdef", id[i]) == NULL)
					return false;
			return id[36] == '\0';
		default:
			return true;
	}
}

/* Those of some customers who can be in a source with ids of a type */
ArrayType *
PossibleCustomers(ArrayType *customers, Oid type)
{
	Datum	   *ids;
	bool	   *nulls;
	int			count;
	int			kept = 0;

	deconstruct_array(customers, TEXTOID, -1, false, TYPALIGN_INT,
					  &ids, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i] && CanBeId(TextDatumGetCString(ids[i]), type))
			ids[kept++] = ids[i];
	return construct_array(ids, kept, TEXTOID, -1, false, TYPALIGN_INT);
}

/* The type in which customers are looked for; InvalidOid if that is as text */
Oid
CustomerType(TupleDesc columns)
{
	for (int i = 0; i < columns->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(columns, i)->attname), "customer_id") == 0)
			return SearchType(TupleDescAttr(columns, i)->atttypid);
	return InvalidOid;			/* CheckSource() says so */
}

/*
 * Customers are who they are as text, which '01' and '1', or 1 and 1.0, are not
 * the same as; an index finds them in the type that the query yields.
 */
static void
SelectCustomers(StringInfo sql, Oid type)
{
	appendStringInfoString(sql, " WHERE q.customer_id::text COLLATE \"C\" = ANY ($2)");
	if (OidIsValid(type))
		appendStringInfo(sql, " AND q.customer_id = ANY ($2::%s[])",
						 QualifiedTypeName(type));
}

/* The query with its columns picked, ordered and cast as they are expected */
char *
SelectExpected(const Source *source, TupleDesc expected, bool customers, Oid type)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < expected->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(expected, i);

		appendStringInfo(&sql, "%s q.%s::%s", i == 0 ? "SELECT" : ",",
						 quote_identifier(NameStr(column->attname)),
						 format_type_be_qualified(column->atttypid));
	}
	/* the line breaks keep a comment at the query's end from going on */
	appendStringInfo(&sql, " FROM (\n%s\n) AS q", source->query);
	if (customers)
		SelectCustomers(&sql, type);
	return sql.data;
}

/* Every column that is expected must be there, and of a type that feeds it */
void
CheckColumns(const Source *source, TupleDesc columns, TupleDesc expected)
{
	for (int i = 0; i < expected->natts; i++)
		CheckColumn(source, columns, TupleDescAttr(expected, i));
}
