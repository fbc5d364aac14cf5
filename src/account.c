/*
 * account.c
 *		Accounts as arguments, in a group, and as bytes: see account.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "account.h"

/* A group of fewer accounts is searched from end to end */
#define MIN_HASHED			8
#define INITIAL_ACCOUNTS	2

/* The type of an argument that may be of any, below its domains */
Oid
AccountTypeArg(FunctionCallInfo fcinfo, int argno)
{
	return getBaseType(get_fn_expr_argtype(fcinfo->flinfo, argno));
}

static void
HashKey(AccountKey *key)
{
	if (key->kind == ACCOUNT_NUMBER)
		key->hash = hash_bytes((const unsigned char *) &key->number,
							   sizeof(int64));
	else if (key->kind != ACCOUNT_NONE)
		key->hash = hash_bytes((const unsigned char *) key->bytes, key->length);
}

static void
SetNumber(AccountKey *key, int64 number)
{
	key->kind = ACCOUNT_NUMBER;
	key->number = number;
}

static void
SetBytes(AccountKey *key, AccountKind kind, const char *bytes, int length)
{
	key->kind = kind;
	key->bytes = bytes;
	key->length = length;
}

/* Equal numbers are written in many ways, and have one normal text */
static void
SetNumeric(AccountKey *key, struct varlena *value)
{
	DecimalView view;
	Decimal		decimal;

	DecimalViewNumeric(value, &view);
	if (view.finite && DecimalFromView(&view, &decimal) && decimal.fraction == 0)
		SetNumber(key, decimal.units);
	else
	{
		char	   *text = numeric_normalize(DatumGetNumeric(PointerGetDatum(value)));

		SetBytes(key, ACCOUNT_TEXT, text, strlen(text));
	}
}

static void
SetText(AccountKey *key, struct varlena *value, Oid type)
{
	int			length = VARSIZE_ANY_EXHDR(value);

	/* blanks at the end of a character(n) are none */
	if (type == BPCHAROID)
		length = bpchartruelen(VARDATA_ANY(value), length);
	SetBytes(key, type == BYTEAOID ? ACCOUNT_BYTES : ACCOUNT_TEXT,
			 VARDATA_ANY(value), length);
}

/*
 * The account that an argument of a type says, behind which comes the balance; its bytes
 * are the caller's
 */
AccountKey
AccountArg(FunctionCallInfo fcinfo, int argno, Oid type)
{
	AccountKey	key = {0};

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("account of %s must not be null", RowText(fcinfo, argno + 1))));
	switch (type)
	{
		case INT2OID:
			SetNumber(&key, PG_GETARG_INT16(argno));
			break;
		case INT4OID:
			SetNumber(&key, PG_GETARG_INT32(argno));
			break;
		case INT8OID:
			SetNumber(&key, PG_GETARG_INT64(argno));
			break;
		case NUMERICOID:
			SetNumeric(&key, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno)));
			break;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case BYTEAOID:
			SetText(&key, PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno)), type);
			break;
		case UUIDOID:
			SetBytes(&key, ACCOUNT_BYTES,
					 (const char *) PG_GETARG_UUID_P(argno)->data, UUID_LEN);
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("account must be of a type such as bigint, text or uuid, not %s",
							format_type_be(type)),
					 errhint("Cast it to text.")));
	}
	HashKey(&key);
	return key;
}

/* Who it is, for people; NULL if we do not know */
char *
AccountText(const Account *account)
{
	const AccountKey *key = &account->key;
	StringInfoData text;

	if (key->kind == ACCOUNT_NONE)
		return NULL;
	if (key->kind == ACCOUNT_NUMBER)
		return psprintf(INT64_FORMAT, key->number);
	if (key->kind == ACCOUNT_TEXT)
		return psprintf("\"%s\"", pnstrdup(key->bytes, key->length));
	initStringInfo(&text);
	for (int32 i = 0; i < key->length; i++)
		appendStringInfo(&text, "%02x", (unsigned char) key->bytes[i]);
	return text.data;
}

static inline bool
SameKey(const AccountKey *a, const AccountKey *b)
{
	return a->hash == b->hash && a->kind == b->kind && a->number == b->number &&
		a->length == b->length &&
		(a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* Which account is named of those that have the same fault: always the same one */
bool
AccountKeyBefore(const AccountKey *a, const AccountKey *b)
{
	int			order;

	if (a->kind != b->kind)
		return a->kind < b->kind;
	if (a->number != b->number)
		return a->number < b->number;
	if (a->length == 0 || b->length == 0)
		return a->length < b->length;
	order = memcmp(a->bytes, b->bytes, Min(a->length, b->length));
	return order != 0 ? order < 0 : a->length < b->length;
}

/* The slot of an account, or the empty one where it would be */
static int32 *
FindSlot(const Accounts *accounts, const AccountKey *key)
{
	uint32		i = key->hash & accounts->mask;

	while (accounts->slots[i] != 0 &&
		   !SameKey(&accounts->list[accounts->slots[i] - 1].key, key))
		i = (i + 1) & accounts->mask;
	return &accounts->slots[i];
}

/* The place of an account in the list, or -1 */
static int32
Find(Accounts *accounts, const AccountKey *key)
{
	if (accounts->count > 0 &&
		SameKey(&accounts->list[accounts->last].key, key))
		return accounts->last;
	if (accounts->mask != 0)
		return *FindSlot(accounts, key) - 1;
	for (int32 i = 0; i < accounts->count; i++)
		if (SameKey(&accounts->list[i].key, key))
			return i;
	return -1;
}

/* Have slots for twice as many accounts as there may be */
static void
Rehash(Accounts *accounts, MemoryContext context)
{
	Size		count = (Size) accounts->capacity * 2;

	if (accounts->slots != NULL)
		pfree(accounts->slots);
	accounts->slots = MemoryContextAllocExtended(context, count * sizeof(int32),
												 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	accounts->mask = count - 1;
	for (int32 i = 0; i < accounts->count; i++)
		*FindSlot(accounts, &accounts->list[i].key) = i + 1;
}

static void
Grow(Accounts *accounts, MemoryContext context)
{
	if (accounts->capacity > PG_INT32_MAX / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d accounts in one group", accounts->count),
				 errhint("Group by customer.")));
	if (accounts->list == NULL)
	{
		accounts->capacity = INITIAL_ACCOUNTS;
		accounts->list = MemoryContextAlloc(context, INITIAL_ACCOUNTS *
											sizeof(Account));
		return;
	}
	accounts->capacity *= 2;
	accounts->list = repalloc_huge(accounts->list, accounts->capacity *
								   sizeof(Account));
	if (accounts->capacity > MIN_HASHED)
		Rehash(accounts, context);
}

/* The account with a key, a new one if there is none yet */
Account *
AccountsGet(Accounts *accounts, MemoryContext context, const AccountKey *key,
			bool ordered)
{
	int32		found = Find(accounts, key);
	Account    *account;

	if (found < 0)
	{
		if (accounts->count == accounts->capacity)
			Grow(accounts, context);
		found = accounts->count++;
		account = &accounts->list[found];
		account->key = *key;
		if (key->length > 0)
		{
			char	   *own = MemoryContextAlloc(context, key->length);

			memcpy(own, key->bytes, key->length);
			account->key.bytes = own;
		}
		ObservationsInit(&account->observed, ordered);
		if (accounts->mask != 0)
			*FindSlot(accounts, key) = found + 1;
	}
	accounts->last = found;
	return &accounts->list[found];
}

void
AccountKeySend(StringInfo buf, const AccountKey *key)
{
	pq_sendbyte(buf, key->kind);
	if (key->kind == ACCOUNT_NUMBER)
		pq_sendint64(buf, key->number);
	else if (key->kind != ACCOUNT_NONE)
	{
		pq_sendint32(buf, key->length);
		pq_sendbytes(buf, key->bytes, key->length);
	}
}

/* Its bytes stay in the buffer. A text must be one, as an error may show it. */
AccountKey
AccountKeyReceive(StringInfo buf)
{
	AccountKey	key = {0};

	key.kind = pq_getmsgbyte(buf);
	StateCheck(key.kind <= ACCOUNT_BYTES);
	if (key.kind == ACCOUNT_NUMBER)
		key.number = pq_getmsgint64(buf);
	else if (key.kind != ACCOUNT_NONE)
	{
		key.length = (int32) pq_getmsgint(buf, 4);
		StateCheck(key.length >= 0 && key.length <= buf->len - buf->cursor);
		key.bytes = pq_getmsgbytes(buf, key.length);
		StateCheck(key.kind == ACCOUNT_BYTES ||
				   pg_verify_mbstr(GetDatabaseEncoding(), key.bytes, key.length,
								   true));
	}
	HashKey(&key);
	return key;
}
