/*
 * row.c
 *		A composite value taken apart.
 *
 * A composite value tells its type, but not the columns that the type had when
 * the value was formed. The type may have been altered since, within the same
 * statement. Newer minor releases of PostgreSQL can tell (SQLSTATE 22P07).
 * Older ones read whatever lies where a column should be, be it beyond the end
 * of the value. So the fields are measured first: those that the columns need
 * must take all bytes of the value, and no more.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "utils/builtins.h"

#include "compat.h"
#include "row.h"

/* The bytes of the field that begins here; more than are left if none can */
static inline Size
FieldSize(Form_pg_attribute column, const char *at, Size left)
{
	Size		size;

	if (column->attlen > 0)
		return column->attlen;
	if (column->attlen != -1)
		return strnlen(at, left) + 1;
	/* what is out of line is on disk; a pointer in memory is not for a row */
	if (VARATT_IS_1B_E(at))
		return left > 1 && VARATT_IS_EXTERNAL_ONDISK(at) ? VARSIZE_ANY(at) : left + 1;
	if (VARATT_IS_1B(at))
		return VARSIZE_ANY(at);
	size = left < VARHDRSZ ? 0 : VARSIZE_ANY(at);
	return size < VARHDRSZ ? left + 1 : size;
}

/* Are the bytes of a row such as these columns make? */
static bool
RowFits(HeapTupleHeader row, TupleDesc columns)
{
	const char *data = (const char *) row + row->t_hoff;
	Size		size = HeapTupleHeaderGetDatumLength(row) - row->t_hoff;
	Size		at = 0;
	int			natts = HeapTupleHeaderGetNatts(row);

	if (natts > columns->natts)
		return false;
	for (int i = 0; i < natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if ((row->t_infomask & HEAP_HASNULL) && att_isnull(i, row->t_bits))
			continue;
		if (at >= size)
			return false;
		if (column->attlen != -1 || !VARATT_NOT_PAD_BYTE(data + at))
			at = att_align_nominal(at, column->attalign);
		if (at >= size)
			return false;
		at += FieldSize(column, data + at, size - at);
		if (at > size)
			return false;
	}
	return at == size;
}

/* The columns of a row, which are to be those that its type has now */
void
RowDeform(HeapTupleHeader row, TupleDesc columns, Datum *values, bool *nulls)
{
	HeapTupleData tuple = {
		.t_len = HeapTupleHeaderGetDatumLength(row),
		.t_data = row
	};

	if (!RowFits(row, columns))
		ereport(ERROR,
				(errcode(ERRCODE_DATUM_VERSION_MISMATCH),
				 errmsg("row has not the columns that its type %s has now",
						format_type_be(HeapTupleHeaderGetTypeId(row))),
				 errdetail("The type was altered after the row was formed."),
				 errhint("Run the statement again.")));
	ItemPointerSetInvalid(&tuple.t_self);
	heap_deform_tuple(&tuple, columns, values, nulls);
}
