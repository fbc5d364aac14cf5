/*
 * state.c
 *		The envelope of a serialized state, and the parts that states share.
 *
 *		byte 0		the kind of state, a letter
 *		byte 1		version of the format
 *		...			the state itself, in network byte order
 *		last 4		CRC-32C of all before
 */
#include "postgres.h"

#include "port/pg_crc32c.h"
#include "utils/builtins.h"

#include "state.h"

#define STATE_VERSION		1
#define STATE_ENVELOPE		(2 + (int) sizeof(uint32))

static uint32
Checksum(const char *data, int length)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, data, length);
	FIN_CRC32C(crc);
	return crc;
}

/* Where the state of the aggregate that is running lives */
MemoryContext
StateContext(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

void
StateBegin(StringInfo buf, char kind)
{
	pq_begintypsend(buf);
	pq_sendbyte(buf, kind);
	pq_sendbyte(buf, STATE_VERSION);
}

bytea *
StateEnd(StringInfo buf)
{
	pq_sendint32(buf, Checksum(buf->data + VARHDRSZ, buf->len - VARHDRSZ));
	return pq_endtypsend(buf);
}

void
StateCheck(bool valid)
{
	if (!valid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("serialized state of an aggregate is damaged")));
}

/* Check the envelope, and leave buf at the first byte of the state */
void
StateOpen(StringInfo buf, bytea *state, char kind)
{
	int			length = VARSIZE_ANY_EXHDR(state);
	int			checked = length - (int) sizeof(uint32);

	StateCheck(length >= STATE_ENVELOPE);
	initStringInfo(buf);
	appendBinaryStringInfo(buf, VARDATA_ANY(state), length);
	buf->cursor = checked;
	StateCheck(Checksum(buf->data, checked) == pq_getmsgint(buf, 4));
	buf->cursor = 0;
	buf->len = checked;
	StateCheck(pq_getmsgbyte(buf) == kind &&
			   pq_getmsgbyte(buf) == STATE_VERSION);
}

void
StateClose(StringInfo buf)
{
	StateCheck(buf->cursor == buf->len);
	pfree(buf->data);
}

void
StateSendPeriod(StringInfo buf, const Period *period)
{
	pq_sendint32(buf, period->start);
	pq_sendint32(buf, period->end);
}

Period
StateReceivePeriod(StringInfo buf)
{
	Period		period;

	period.start = (DateADT) pq_getmsgint(buf, 4);
	period.end = (DateADT) pq_getmsgint(buf, 4);
	StateCheck(IS_VALID_DATE(period.start) && IS_VALID_DATE(period.end) &&
			   period.start < period.end);
	return period;
}

/* A numeric in its own binary form, its length before it; 0 is no numeric */
void
StateSendNumeric(StringInfo buf, Numeric value)
{
	bytea	   *bytes;

	if (value == NULL)
	{
		pq_sendint32(buf, 0);
		return;
	}
	bytes = DatumGetByteaP(DirectFunctionCall1(numeric_send,
											   NumericGetDatum(value)));
	pq_sendint32(buf, VARSIZE(bytes) - VARHDRSZ);
	pq_sendbytes(buf, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ);
	pfree(bytes);
}

Numeric
StateReceiveNumeric(StringInfo buf)
{
	int			length = (int) pq_getmsgint(buf, 4);
	StringInfoData part;
	Numeric		result;

	if (length == 0)
		return NULL;
	StateCheck(length > 0 && length <= buf->len - buf->cursor);
	initStringInfo(&part);
	appendBinaryStringInfo(&part, pq_getmsgbytes(buf, length), length);
	result = DatumGetNumeric(DirectFunctionCall3(numeric_recv,
												 PointerGetDatum(&part),
												 ObjectIdGetDatum(InvalidOid),
												 Int32GetDatum(-1)));
	StateCheck(part.cursor == part.len &&
			   !numeric_is_nan(result) && !numeric_is_inf(result));
	pfree(part.data);
	return result;
}

void
StateSendSum(StringInfo buf, const BalanceDays *sum)
{
	StateSendPeriod(buf, &sum->period);
	pq_sendint16(buf, sum->dscale);
	pq_sendint16(buf, sum->fraction);
	pq_sendint64(buf, (int64) (sum->sum >> 64));
	pq_sendint64(buf, (int64) sum->sum);
	StateSendNumeric(buf, sum->rest);
}

BalanceDays
StateReceiveSum(StringInfo buf)
{
	BalanceDays sum = {0};
	int64		high;

	sum.period = StateReceivePeriod(buf);
	sum.dscale = (int16) pq_getmsgint(buf, 2);
	sum.fraction = (int16) pq_getmsgint(buf, 2);
	StateCheck(sum.dscale >= 0 && sum.dscale <= DECIMAL_LONG_DSCALE &&
			   sum.fraction >= 0 && sum.fraction <= DECIMAL_MAX_FRACTION);
	high = pq_getmsgint64(buf);
	sum.sum = ((int128) high << 64) | (uint64) pq_getmsgint64(buf);
	sum.rest = StateReceiveNumeric(buf);
	return sum;
}
