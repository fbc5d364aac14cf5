/*
 * reader.c
 *		Who reads a report.
 *
 * A report shows what its reader may see, whoever's view or function asks for it. The
 * reader is the login, or the role that it set: a view or a definer's function in between
 * does not lend what its owner may see.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "saved_query.h"
#include "source.h"

/*
 * reader(): 0 where it is not known, so that nothing is shown. A query of the bank's
 * that is bound to a scheme reads as the role that set it, and what else is restricted, such
 * as a materialized view, as its owner: who has it run may be anybody. Within a definer's
 * function there, nobody can tell who called that.
 */
PG_FUNCTION_INFO_V1(reader);
Datum
reader(PG_FUNCTION_ARGS)
{
	if (!InSecurityRestrictedOperation())
		PG_RETURN_OID(GetOuterUserId());
	if (OidIsValid(SourceRole()))
		PG_RETURN_OID(SourceRole());
	if (!InLocalUserIdChange())
		PG_RETURN_OID(GetUserId());
	PG_RETURN_OID(InvalidOid);
}

/*
 * has_policies(table, reader): may row-level policies hide rows of a table from them? Of who
 * is not known it is asked as of a role that nothing was granted to.
 */
PG_FUNCTION_INFO_V1(has_policies);
Datum
has_policies(PG_FUNCTION_ARGS)
{
	Oid			table = PG_GETARG_OID(0);
	Oid			reader = PG_GETARG_OID(1);

	PG_RETURN_BOOL(check_enable_rls(table, OidIsValid(reader) ? reader :
									ROLE_PG_MONITOR, true) == RLS_ENABLED);
}

/* How many rows of each customer, as jsonb; null for no customer */
static Datum
CountRows(Oid table, Datum scheme, bool *isnull)
{
	Oid			types[] = {TEXTOID};
	char	   *query = psprintf("SELECT pg_catalog.jsonb_object_agg(v.customer_id, v.n) FROM ("
								 "SELECT a.customer_id, pg_catalog.count(*) AS n"
								 " FROM tiering.%s a"
								 " WHERE a.scheme OPERATOR(pg_catalog.=) $1"
								 " AND a.customer_id IS NOT NULL GROUP BY a.customer_id) v",
								 quote_identifier(get_rel_name(table)));

	if (SPI_execute_with_args(query, 1, types, &scheme, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", query);
	return ResultValue(0, 1, isnull);
}

/*
 * visible_rows(table, scheme, reader): how many rows of each customer a query of the reader's
 * own would find. An error needs no changing back: the end of the transaction does it.
 */
PG_FUNCTION_INFO_V1(visible_rows);
Datum
visible_rows(PG_FUNCTION_ARGS)
{
	Oid			save_user;
	int			save_context;
	bool		isnull;
	Datum		result;

	ConnectSPI();
	GetUserIdAndSecContext(&save_user, &save_context);
	SetUserIdAndSecContext(PG_GETARG_OID(2), save_context | SECURITY_LOCAL_USERID_CHANGE);
	result = CountRows(PG_GETARG_OID(0), PG_GETARG_DATUM(1), &isnull);
	SetUserIdAndSecContext(save_user, save_context);
	if (!isnull)
		result = SPI_datumTransfer(result, false, -1);
	SPI_finish();
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}
