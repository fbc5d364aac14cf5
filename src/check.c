/*
 * check.c
 *		What screens accounts for rows that have a fault: see findings.sql.
 *
 * Each day has a number, drawn by a hash. A row without a fault of its own adds
 * the numbers of its days, so that in sums they cancel as the rows fit together.
 * Any other row adds what no such numbers take away again.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "compat.h"
#include "decimal.h"
#include "period.h"

#define DAY_SEED		UINT64CONST(0x7469657231303030)

/* Larger than what is left of the numbers of any row, so that it is told */
#define FAULT			(PG_INT64_MAX - 1)

/* Of 61 bits, so that the difference of two is well below FAULT */
static int64
DayNumber(DateADT day)
{
	return (int64) (hash_bytes_uint32_extended((uint32) day, DAY_SEED) >> 3);
}

static bool
IsFinite(FunctionCallInfo fcinfo, int argno)
{
	struct varlena *raw = (struct varlena *) PG_GETARG_POINTER(argno);
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PointerGetDatum(raw));
	DecimalView view;

	DecimalViewNumeric(value, &view);
	return view.finite;
}

PG_FUNCTION_INFO_V1(check_day_number);
Datum
check_day_number(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(DayNumber(PG_GETARG_DATEADT(0)));
}

/* A row of ranges: null dates are no bounds */
PG_FUNCTION_INFO_V1(check_range_number);
Datum
check_range_number(PG_FUNCTION_ARGS)
{
	DateADT		first = PG_ARGISNULL(1) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(1);
	DateADT		end = PG_ARGISNULL(2) ? DATEVAL_NOEND : PG_GETARG_DATEADT(2);

	if (PG_ARGISNULL(0) || first >= end || !IsFinite(fcinfo, 0))
		PG_RETURN_INT64(FAULT);
	PG_RETURN_INT64(DayNumber(first) - DayNumber(end));
}

/*
 * Whether there should be rows of snapshots for a day: Saturdays and Sundays may be
 * without, and holidays are. Nobody's list of them is so long that it has to be searched.
 */
static bool
IsExpected(DateADT day, bool weekends, ArrayType *holidays)
{
	const DateADT *free_days = (const DateADT *) ARR_DATA_PTR(holidays);
	int			count = ArrayGetNItems(ARR_NDIM(holidays), ARR_DIMS(holidays));
	int			weekday = j2day(day + POSTGRES_EPOCH_JDATE);

	if (!weekends && (weekday == 0 || weekday == 6))
		return false;
	for (int i = 0; i < count; i++)
		if (free_days[i] == day)
			return false;
	return true;
}

/* The caller of the functions below has taken nulls out of it */
static ArrayType *
HolidaysArg(FunctionCallInfo fcinfo, int argno)
{
	ArrayType  *holidays = PG_GETARG_ARRAYTYPE_P(argno);

	if (array_contains_nulls(holidays))
		elog(ERROR, "a holiday is null");
	return holidays;
}

static int64
NextNumber(DateADT day, bool weekends, ArrayType *holidays)
{
	do
		day++;
	while (!IsExpected(day, weekends, holidays));
	return DayNumber(day);
}

PG_FUNCTION_INFO_V1(check_expected_day);
Datum
check_expected_day(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);

	PG_RETURN_BOOL(!DATE_NOT_FINITE(day) &&
				   IsExpected(day, PG_GETARG_BOOL(1), HolidaysArg(fcinfo, 2)));
}

PG_FUNCTION_INFO_V1(check_next_number);
Datum
check_next_number(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);

	if (DATE_NOT_FINITE(day))
		PG_RETURN_INT64(FAULT);
	PG_RETURN_INT64(NextNumber(day, PG_GETARG_BOOL(1), HolidaysArg(fcinfo, 2)));
}

/* A row of snapshots, as a range that ends on the next day with rows */
PG_FUNCTION_INFO_V1(check_snapshot_number);
Datum
check_snapshot_number(PG_FUNCTION_ARGS)
{
	DateADT		day;
	bool		weekends;
	ArrayType  *holidays;

	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || !IsFinite(fcinfo, 0))
		PG_RETURN_INT64(FAULT);
	day = PG_GETARG_DATEADT(1);
	weekends = PG_GETARG_BOOL(2);
	holidays = HolidaysArg(fcinfo, 3);
	if (DATE_NOT_FINITE(day) || !IsExpected(day, weekends, holidays))
		PG_RETURN_INT64(FAULT);
	PG_RETURN_INT64(DayNumber(day) - NextNumber(day, weekends, holidays));
}

/* The day of a row that has no fault of its own; else one that never comes */
PG_FUNCTION_INFO_V1(check_sound_day);
Datum
check_sound_day(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || !IsFinite(fcinfo, 0))
		PG_RETURN_DATEADT(DATEVAL_NOEND);
	PG_RETURN_DATEADT(Max(PG_GETARG_DATEADT(1),
						  DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE));
}
