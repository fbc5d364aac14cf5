/*
 * account.h
 *		Which account a row is of, and the accounts of one group.
 *
 * An account is told by the value of an argument of any type by which warehouses
 * number accounts. What is kept of it is a number or bytes, equal if and only if
 * the values are: so that a state holds no types, and what is read back from it
 * needs no trust in any.
 */
#ifndef TIERING_ACCOUNT_H
#define TIERING_ACCOUNT_H

#include "observations.h"

typedef enum AccountKind
{
	ACCOUNT_NONE,				/* the only one, of which nothing is known */
	ACCOUNT_NUMBER,
	ACCOUNT_TEXT,
	ACCOUNT_BYTES
} AccountKind;

typedef struct AccountKey
{
	int64		number;			/* of ACCOUNT_NUMBER, else 0 */
	const char *bytes;			/* of the others */
	int32		length;			/* of bytes */
	uint32		hash;
	AccountKind kind;
} AccountKey;

struct Account
{
	AccountKey	key;
	Observations observed;
};

/* In the order in which they came, with a hash table once there are many */
typedef struct Accounts
{
	Account    *list;
	int32		count;
	int32		capacity;
	int32		last;			/* the one found last */
	uint32		mask;			/* number of slots less one; 0: no table */
	int32	   *slots;			/* index of an account plus one; 0: none */
} Accounts;

extern Oid	AccountTypeArg(FunctionCallInfo fcinfo, int argno);
extern AccountKey AccountArg(FunctionCallInfo fcinfo, int argno, Oid type);
extern Account *AccountsGet(Accounts *accounts, MemoryContext context,
							const AccountKey *key, bool ordered);
extern bool AccountKeyBefore(const AccountKey *a, const AccountKey *b);
extern void AccountKeySend(StringInfo buf, const AccountKey *key);
extern AccountKey AccountKeyReceive(StringInfo buf);

#endif							/* TIERING_ACCOUNT_H */
