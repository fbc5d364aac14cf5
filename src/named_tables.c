/*
 * named_tables.c
 *		The tables that a query names with their schemas, and the query with others
 *		in their place.
 *
 * The parser says where in the text each of them stands, so the rest of the text stays
 * as it was written. A table without a schema is a WITH query, or one of pg_catalog:
 * a bound query finds no other.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* All RangeVars with a schema, in the order of the text */
static int
ByLocation(const ListCell *a, const ListCell *b)
{
	const RangeVar *first = lfirst_node(RangeVar, a);
	const RangeVar *second = lfirst_node(RangeVar, b);

	return first->location - second->location;
}

static bool
FindTables(Node *node, List **found)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeVar) && ((RangeVar *) node)->schemaname != NULL)
		*found = lappend(*found, node);
	return raw_expression_tree_walker(node, FindTables, (void *) found);
}

static List *
TablesOf(const char *query)
{
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, raw_parser(query, RAW_PARSE_DEFAULT))
		FindTables(lfirst_node(RawStmt, lc)->stmt, &found);
	list_sort(found, ByLocation);
	return found;
}

static char *
NameOf(const RangeVar *table)
{
	return quote_qualified_identifier(table->schemaname, table->relname);
}

/* The first byte behind a name, quoted or not */
static const char *
SkipName(const char *at)
{
	if (*at != '"')
	{
		while (IS_HIGHBIT_SET(*at) || isalnum((unsigned char) *at) || *at == '_' || *at == '$')
			at++;
		return at;
	}
	for (at++; *at != '\0'; at++)
		if (*at == '"' && *++at != '"')
			break;
	return at;
}

/* The first byte behind schema.table; what else may stand between them is refused */
static const char *
SkipTable(const char *at, const RangeVar *table)
{
	const char *dot = SkipName(at);
	const char *end = *dot == '.' ? SkipName(dot + 1) : dot;

	if (end <= dot + 1 || table->catalogname != NULL || !table->inh)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a query that runs on workers must name table %s as schema.table",
						NameOf(table)),
				 errhint("Leave out ONLY, the database, and what stands between the two names.")));
	return end;
}

/* named_tables(query): as schema.table, once for each time that it is named */
PG_FUNCTION_INFO_V1(named_tables);
Datum
named_tables(PG_FUNCTION_ARGS)
{
	List	   *found = TablesOf(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Datum	   *names = palloc(sizeof(Datum) * (list_length(found) + 1));
	int			count = 0;
	ListCell   *lc;

	foreach(lc, found)
		names[count++] = CStringGetTextDatum(NameOf(lfirst_node(RangeVar, lc)));
	PG_RETURN_ARRAYTYPE_P(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* What stands for a table of that name, or NULL if nothing does */
static char *
ReplacementOf(const char *name, Datum *names, Datum *replacements, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(TextDatumGetCString(names[i]), name) == 0)
			return TextDatumGetCString(replacements[i]);
	return NULL;
}

/*
 * with_tables(query, names, replacements): the query with what stands for the tables of
 * those names; a table that has no other name keeps its own
 */
PG_FUNCTION_INFO_V1(with_tables);
Datum
with_tables(PG_FUNCTION_ARGS)
{
	const char *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *done = query;
	Datum	   *names;
	Datum	   *replacements;
	int			count;
	int			others;
	StringInfoData sql;
	ListCell   *lc;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &names, NULL, &count);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT,
					  &replacements, NULL, &others);
	initStringInfo(&sql);
	foreach(lc, TablesOf(query))
	{
		const RangeVar *table = lfirst_node(RangeVar, lc);
		char	   *other = ReplacementOf(NameOf(table), names, replacements,
										  Min(count, others));

		if (other == NULL)
			continue;
		appendBinaryStringInfo(&sql, done, query + table->location - done);
		appendStringInfoString(&sql, other);
		if (table->alias == NULL)
			appendStringInfo(&sql, " AS %s", quote_identifier(table->relname));
		done = SkipTable(query + table->location, table);
	}
	appendStringInfoString(&sql, done);
	PG_RETURN_TEXT_P(cstring_to_text(sql.data));
}
