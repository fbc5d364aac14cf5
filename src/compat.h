/*
 * compat.h
 *		Everything in which PostgreSQL 14 to 18 differ for us, and what all of
 *		them must have.
 */
#ifndef TIERING_COMPAT_H
#define TIERING_COMPAT_H

#include "utils/rangetypes.h"

#if PG_VERSION_NUM < 140000
#error "tiering needs PostgreSQL 14 or later"
#endif

#ifndef HAVE_INT128
#error "tiering needs a compiler with 128-bit integers"
#endif

/* 16 moved the varlena macros out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16 gave make_range() an argument for soft errors */
#if PG_VERSION_NUM >= 160000
#define MakeRange(typcache, lower, upper) \
	make_range((typcache), (lower), (upper), false, NULL)
#else
#define MakeRange(typcache, lower, upper) \
	make_range((typcache), (lower), (upper), false)
#endif

/* 16 made one function of those that check rights */
#if PG_VERSION_NUM >= 160000
#define MayExecute(function) \
	(object_aclcheck(ProcedureRelationId, (function), GetUserId(), \
					 ACL_EXECUTE) == ACLCHECK_OK)
#else
#define MayExecute(function) \
	(pg_proc_aclcheck((function), GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* 16 has an argument for indexes that only summarize */
#if PG_VERSION_NUM >= 160000
#define InsertIndexTuples(target, slot, estate) \
	ExecInsertIndexTuples((target), (slot), (estate), false, false, NULL, NIL, false)
#else
#define InsertIndexTuples(target, slot, estate) \
	ExecInsertIndexTuples((target), (slot), (estate), false, false, NULL, NIL)
#endif

/* 16 has a Var tell by which outer joins it may become null */
#if PG_VERSION_NUM >= 160000
#define CopyNullingRels(to, from) \
	((to)->varnullingrels = bms_copy((from)->varnullingrels))
#else
#define CopyNullingRels(to, from) ((void) (to), (void) (from))
#endif

/* 16 lets others find a setting by its name */
#if PG_VERSION_NUM >= 160000
#define FindSetting(name) find_option((name), false, false, ERROR)
#else
#define FindSetting(name) FindSettingByName(name)
extern struct config_generic *FindSettingByName(const char *name);
#endif

/* 17 has JSON_VALUE() and the like, which yield a type that they name */
#if PG_VERSION_NUM >= 170000
#define IsJsonExpr(node) IsA((node), JsonExpr)
#else
#define IsJsonExpr(node) ((void) (node), false)
#endif

/* 18 has OLD and NEW in RETURNING, which are Vars of a kind of their own */
#if PG_VERSION_NUM >= 180000
#define VarIsPlain(var) ((var)->varreturningtype == VAR_RETURNING_DEFAULT)
#define ExpandRTE(rte, rtindex, location, names, values) \
	expandRTE((rte), (rtindex), 0, VAR_RETURNING_DEFAULT, (location), false, \
			  (names), (values))
#else
#define VarIsPlain(var) true
#define ExpandRTE(rte, rtindex, location, names, values) \
	expandRTE((rte), (rtindex), 0, (location), false, (names), (values))
#endif

/* Later minor releases refuse rows that were formed before their type was altered */
#ifndef ERRCODE_DATUM_VERSION_MISMATCH
#define ERRCODE_DATUM_VERSION_MISMATCH MAKE_SQLSTATE('2','2','P','0','7')
#endif

/* 18 lets a module say its name and version */
#ifdef PG_MODULE_MAGIC_EXT
#define TIERING_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "tiering", .version = TIERING_VERSION)
#else
#define TIERING_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 18 spells it as the standard does, and 19 may drop the old way */
#ifndef pg_attribute_noreturn
#define pg_attribute_noreturn() __attribute__((noreturn))
#endif

#endif							/* TIERING_COMPAT_H */
