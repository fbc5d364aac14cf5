-- What plpgsql_check finds in our functions, a row for each; see test/run. Not told are what
-- it cannot know, the rows of a query that is made at run time and what Citus has, and what we
-- mean: parameters that are named as SQL names them, and a row among what a function returns.
CREATE EXTENSION tiering;
CREATE EXTENSION plpgsql_check;
SELECT format('%s:%s: %s', p.oid::regprocedure, COALESCE(f.lineno, 1), f.message)
FROM pg_proc p
	JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
	-- a trigger's function is checked for one of its tables, or any if the bank has them
	LEFT JOIN LATERAL (
		SELECT g.tgrelid, g.tgoldtable, g.tgnewtable FROM pg_trigger g WHERE g.tgfoid = p.oid
		ORDER BY g.tgoldtable IS NULL, g.tgnewtable IS NULL, g.oid LIMIT 1) t ON true
	CROSS JOIN LATERAL plpgsql_check_function_tb(p.oid,
		CASE WHEN p.prorettype = 'trigger'::regtype
			THEN COALESCE(t.tgrelid, 'tiering.scheme'::regclass) ELSE 0 END,
		oldtable => t.tgoldtable, newtable => t.tgnewtable, performance_warnings => false) f
WHERE p.pronamespace IN ('tiering'::regnamespace, '_tiering'::regnamespace)
	AND f.message <> 'cannot determinate a result of dynamic SQL'
	AND f.message !~ '^name of parameter "(from|to)" is reserved keyword'
	AND f.message !~ '^composite OUT variable'
	AND f.message !~ '^(relation "pg_dist_\w+"|function run_command_on_workers\(text\)) does not'
ORDER BY 1;
