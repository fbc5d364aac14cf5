-- A source means the same whoever runs it, however their session is set, and what is
-- temporary, or hidden from the role that set it, is no part of it.
SET client_min_messages = warning;
CREATE SCHEMA src;
CREATE TABLE src.metrics AS
SELECT i AS customer_id, (i % 3) AS branch, NULL::text AS note, i::numeric AS assets
FROM generate_series(1, 300) i;
SELECT tiering.create_ladder('src', 'assets', '{low,high}', '{NULL,200}'),
	tiering.publish('src', '2024-01-01');

-- Each setting that a session can change is pinned, kept with the source, or changes
-- no result: how fast an answer comes, what is logged, sent or stored, what is
-- stopped, and what counts for a transaction from its start. Of those that a later
-- server has, somebody has to say which they are.
CREATE TABLE src.setting (name text PRIMARY KEY, kind text, at_set text, at_run text, runs_as text);
INSERT INTO src.setting (name, kind, at_set, at_run, runs_as) VALUES
	('search_path', 'pinned', 'public', 'src', 'pg_catalog, pg_temp'),
	('row_security', 'pinned', 'on', 'on', 'off'),
	('array_nulls', 'pinned', 'on', 'off', 'on'),
	('backslash_quote', 'pinned', 'on', 'off', 'safe_encoding'),
	('bytea_output', 'pinned', 'escape', 'escape', 'hex'),
	('extra_float_digits', 'pinned', '0', '-3', '1'),
	('gin_fuzzy_search_limit', 'pinned', '7', '3', '0'),
	('quote_all_identifiers', 'pinned', 'on', 'on', 'off'),
	('standard_conforming_strings', 'pinned', 'on', 'off', 'on'),
	('transform_null_equals', 'pinned', 'off', 'on', 'off'),
	('xmlbinary', 'pinned', 'hex', 'hex', 'base64'),
	('xmloption', 'pinned', 'document', 'document', 'content'),
	('TimeZone', 'kept', 'Asia/Shanghai', 'America/Lima', 'Asia/Shanghai'),
	('timezone_abbreviations', 'kept', 'India', 'Australia', 'India'),
	('DateStyle', 'kept', 'SQL, DMY', 'German, MDY', 'SQL, DMY'),
	('IntervalStyle', 'kept', 'sql_standard', 'iso_8601', 'sql_standard'),
	('lc_monetary', 'kept', 'POSIX', 'C', 'POSIX'),
	('lc_numeric', 'kept', 'POSIX', 'C', 'POSIX'),
	('lc_time', 'kept', 'POSIX', 'C', 'POSIX'),
	('default_text_search_config', 'kept', 'pg_catalog.german', '"pg_catalog"."english"',
		'pg_catalog.german'),
	('plpgsql.check_asserts', 'kept', 'on', 'off', 'on'),
	('tiering.open_end', 'kept', '2999-12-31', '2099-12-31', '2999-12-31');
INSERT INTO src.setting (name, kind) SELECT unnest(string_to_array(btrim(regexp_replace($$
	allow_in_place_tablespaces allow_system_table_mods application_name backend_flush_after
	backtrace_functions check_function_bodies client_connection_check_interval client_encoding
	client_min_messages commit_delay commit_siblings composite_type_mismatch compute_query_id
	constraint_exclusion cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost createrole_self_grant
	cursor_tuple_fraction deadlock_timeout debug_copy_parse_plan_trees debug_deadlocks
	debug_discard_caches debug_logical_replication_streaming debug_parallel_query
	debug_pretty_print debug_print_parse debug_print_plan debug_print_rewritten
	debug_raw_expression_coverage_test debug_write_read_parse_plan_trees
	default_statistics_target default_table_access_method default_tablespace
	default_toast_compression default_transaction_deferrable default_transaction_isolation
	default_transaction_read_only dynamic_library_path effective_cache_size
	effective_io_concurrency enable_async_append enable_bitmapscan enable_distinct_reordering
	enable_gathermerge enable_group_by_reordering enable_hashagg enable_hashjoin
	enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material
	enable_memoize enable_mergejoin enable_nestloop enable_parallel_append
	enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate
	enable_partitionwise_join enable_presorted_aggregate enable_self_join_elimination
	enable_seqscan enable_sort enable_tidscan escape_string_warning event_triggers
	exit_on_error extension_control_path extension_destdir file_copy_method
	force_parallel_mode from_collapse_limit geqo geqo_effort geqo_generations
	geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold gin_pending_list_limit
	hash_mem_multiplier icu_validation_level idle_in_transaction_session_timeout
	idle_session_timeout ignore_checksum_failure io_combine_limit jit jit_above_cost
	jit_dump_bitcode jit_expressions jit_inline_above_cost jit_optimize_above_cost
	jit_tuple_deforming join_collapse_limit lc_messages lo_compat_privileges
	local_preload_libraries lock_timeout log_duration log_error_verbosity
	log_executor_stats log_lock_failures log_lock_waits log_min_duration_sample
	log_min_duration_statement log_min_error_statement log_min_messages
	log_parameter_max_length log_parameter_max_length_on_error log_parser_stats
	log_planner_stats log_replication_commands log_statement log_statement_sample_rate
	log_statement_stats log_temp_files log_transaction_sample_rate
	logical_decoding_work_mem maintenance_io_concurrency maintenance_work_mem
	max_parallel_maintenance_workers max_parallel_workers
	max_parallel_workers_per_gather max_stack_depth md5_password_warnings
	min_parallel_index_scan_size min_parallel_table_scan_size output_plugin_libraries
	parallel_leader_participation parallel_setup_cost parallel_tuple_cost
	password_encryption plan_cache_mode random_page_cost recursive_worktable_factor
	restrict_nonsystem_relation_kind scram_iterations seq_page_cost
	session_preload_libraries session_replication_role statement_timeout
	stats_fetch_consistency synchronize_seqscans synchronous_commit tcp_keepalives_count
	tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout temp_buffers
	temp_file_limit temp_tablespaces trace_lock_oidmin trace_lock_table trace_locks
	trace_lwlocks trace_notify trace_sort trace_userlocks track_activities
	track_cost_delay_timing track_counts track_functions track_io_timing
	track_wal_io_timing transaction_deferrable transaction_isolation
	transaction_read_only transaction_timeout update_process_title
	vacuum_buffer_usage_limit vacuum_cost_delay vacuum_cost_limit vacuum_cost_page_dirty
	vacuum_cost_page_hit vacuum_cost_page_miss vacuum_failsafe_age vacuum_freeze_min_age
	vacuum_freeze_table_age vacuum_max_eager_freeze_failure_rate
	vacuum_multixact_failsafe_age vacuum_multixact_freeze_min_age
	vacuum_multixact_freeze_table_age vacuum_truncate wal_compression
	wal_consistency_checking wal_init_zero wal_recycle wal_sender_timeout
	wal_skip_threshold work_mem zero_damaged_pages
	$$, '\s+', ' ', 'g')), ' ')), 'other';
SET client_min_messages = notice;
DO $$
DECLARE
	unknown text := string_agg(s.name, ', ' ORDER BY s.name) FROM pg_settings s
		WHERE s.context IN ('user', 'superuser') AND s.name !~ '\.'
			AND NOT EXISTS (SELECT FROM src.setting l WHERE l.name = s.name);
BEGIN
	IF unknown IS NOT NULL THEN
		RAISE NOTICE 'do these change what a source means? %', unknown;
	END IF;
END;
$$;
SELECT count(*) > 100 AS many FROM pg_settings s JOIN src.setting USING (name);

-- Set in one session and run in another, the query sees those that are said above.
\c -
SET client_min_messages = warning;
SELECT count(set_config(name, at_set, false)) FROM src.setting WHERE at_set IS NOT NULL;
SELECT tiering.set_source('src', $$
	SELECT name || '=' || pg_catalog.current_setting(name) AS customer_id, 1 AS assets
	FROM src.setting WHERE at_set IS NOT NULL$$);
\c -
SET client_min_messages = warning;
SELECT count(set_config(name, at_run, false)) FROM src.setting WHERE at_run IS NOT NULL;
CREATE VIEW src.seen AS
SELECT s.name, s.kind, s.runs_as, substr(r.customer_id, length(s.name) + 2) AS ran_as
FROM src.setting s LEFT JOIN _tiering.source_rows('src', date '2024-01-31') AS r(customer_id text)
	ON pg_catalog.starts_with(r.customer_id, s.name || '=')
WHERE s.at_set IS NOT NULL;
SELECT name, runs_as, ran_as FROM src.seen WHERE ran_as IS DISTINCT FROM runs_as ORDER BY name;
SELECT kind, count(*) FROM src.seen GROUP BY kind ORDER BY kind;
-- and leaves them to the caller as they were, after an error too
SELECT name, current_setting(name) FROM src.setting
WHERE CASE WHEN at_run IS NOT NULL THEN current_setting(name) END <> at_run ORDER BY name;
SELECT t.fails($$SELECT * FROM _tiering.source_rows('src', date '2024-01-31') AS r(none text)$$);
SELECT name, current_setting(name) FROM src.setting
WHERE CASE WHEN at_run IS NOT NULL THEN current_setting(name) END <> at_run ORDER BY name;
-- What our own functions have their statements planned by is not the source's: it has
-- the session's, whatever runs it.
\c -
SET client_min_messages = warning;
CREATE TABLE src.ran (way text, settings text);
SELECT tiering.create_ladder('ways', 'assets', '{low,high}', '{NULL,200}'),
	tiering.publish('ways', '2024-01-01'),
	tiering.set_source('ways', $$SELECT string_agg(name || '=' || setting, ' ' ORDER BY name)
		AS customer_id, 1 AS assets FROM pg_settings
	WHERE name = ANY ('{cpu_index_tuple_cost,enable_hashjoin,enable_mergejoin,enable_nestloop,
		enable_seqscan,jit,lock_timeout,plan_cache_mode,random_page_cost,seq_page_cost}')$$);
SELECT p.oid::regprocedure AS sets_another, c.setting
FROM pg_proc p CROSS JOIN unnest(p.proconfig) c(setting)
	JOIN pg_settings g ON g.name = split_part(c.setting, '=', 1)
WHERE p.pronamespace IN ('tiering'::regnamespace, '_tiering'::regnamespace)
	AND (g.category LIKE 'Query Tuning%' OR g.name LIKE '%\_timeout')
	AND g.name <> ALL ('{cpu_index_tuple_cost,enable_hashjoin,enable_mergejoin,enable_nestloop,
		enable_seqscan,jit,lock_timeout,plan_cache_mode,random_page_cost,seq_page_cost}');
CREATE PROCEDURE src.ways(way text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tiering.refresh('ways', '2024-01-31');
	INSERT INTO src.ran SELECT way || ': refresh', customer_id FROM tiering.assignment
	WHERE scheme = 'ways';
	PERFORM tiering.restate('ways', '2024-01-31');
	INSERT INTO src.ran SELECT way || ': restate', customer_id FROM tiering.assignment
	WHERE scheme = 'ways';
END;
$$;
SET jit = on; SET random_page_cost = 3.25; SET cpu_index_tuple_cost = 0.006;
SET enable_mergejoin = on; SET enable_nestloop = on;
BEGIN; CALL src.ways('on'); TABLE src.ran; ROLLBACK;
SET jit = off; SET random_page_cost = 0.1; SET enable_mergejoin = off; SET enable_nestloop = off;
SET plan_cache_mode = force_generic_plan;
BEGIN; CALL src.ways('off'); TABLE src.ran; ROLLBACK;
-- also what is set for a transaction
RESET ALL;
SET client_min_messages = warning;
BEGIN;
SET LOCAL jit = on; SET LOCAL random_page_cost = 7;
CALL src.ways('local'); TABLE src.ran;
ROLLBACK;
-- It is checked as it will run: this is none with the backslashes of old.
\c -
SET client_min_messages = warning;
SET transform_null_equals = on;
SET standard_conforming_strings = off;
SET search_path = src;
SELECT tiering.set_source('src', $$SELECT customer_id, assets FROM src.metrics
	WHERE (note = NULL) IS NULL AND '\' = E'\\'$$);
SELECT t.fails($$SELECT tiering.set_source('src', 'SELECT customer_id, assets FROM metrics')$$);
\c -
SET client_min_messages = warning;
SELECT new FROM tiering.refresh('src', '2024-01-31');
SET transform_null_equals = on;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT customers, exit FROM tiering.refresh('src', '2024-02-29');
-- the same for the other two ways in which one runs: restated, and as a series
SELECT tiering.restate('src', '2024-02-29', '{1,2}') IS NOT NULL AS restated;
RESET standard_conforming_strings;
SELECT tiering.set_series('src', $$
	SELECT customer_id, tiering.daily_series_snapshots(assets, date '2024-02-29') AS balances,
		tiering.month($1 + 1) AS period
	FROM src.metrics WHERE (note = NULL) IS NULL GROUP BY customer_id$$);
SELECT count(balance_to_hold) FROM tiering.near_upgrade WHERE scheme = 'src';

-- A policy that hides rows from the role that set the source is an error, as in COPY.
CREATE ROLE tiering_src_setter;
CREATE ROLE tiering_src_bypass BYPASSRLS;
GRANT USAGE ON SCHEMA src, t TO tiering_src_setter, tiering_src_bypass;
GRANT SELECT ON src.metrics TO tiering_src_setter, tiering_src_bypass;
SELECT count(tiering.grant_role(r, 'bind'))
FROM unnest('{tiering_src_setter,tiering_src_bypass}'::regrole[]) r;
SET SESSION AUTHORIZATION tiering_src_setter;
SELECT tiering.set_source('src', 'SELECT customer_id, assets FROM src.metrics');
RESET SESSION AUTHORIZATION;
CREATE POLICY two_thirds ON src.metrics USING (branch > 0);
ALTER TABLE src.metrics ENABLE ROW LEVEL SECURITY;
SET SESSION AUTHORIZATION tiering_src_setter;
SELECT count(*) FROM src.metrics;
RESET SESSION AUTHORIZATION;
SELECT t.fails($$SELECT tiering.refresh('src', '2024-03-31')$$);
SELECT count(*) FROM tiering.assignment WHERE scheme = 'src';
SELECT current_setting('row_security') AS row_security;
-- it cannot be set, either
SET SESSION AUTHORIZATION tiering_src_setter;
SELECT t.fails($$SELECT tiering.set_source('src', 'SELECT customer_id, assets FROM src.metrics')$$);
RESET SESSION AUTHORIZATION;
-- who is not subject to policies is not
SET SESSION AUTHORIZATION tiering_src_bypass;
SELECT tiering.set_source('src', 'SELECT customer_id, assets FROM src.metrics');
RESET SESSION AUTHORIZATION;
SELECT customers, exit FROM tiering.refresh('src', '2024-03-31');
ALTER TABLE src.metrics OWNER TO tiering_src_setter;
SET SESSION AUTHORIZATION tiering_src_setter;
SELECT tiering.set_source('src', 'SELECT customer_id, assets FROM src.metrics');
RESET SESSION AUTHORIZATION;
SELECT customers, exit FROM tiering.refresh('src', '2024-04-30');
ALTER TABLE src.metrics FORCE ROW LEVEL SECURITY;
SELECT t.fails($$SELECT tiering.refresh('src', '2024-05-31')$$);
ALTER TABLE src.metrics DISABLE ROW LEVEL SECURITY;

-- What is temporary is refused, wherever it stands and however it is spelled.
CREATE TEMP TABLE metrics AS SELECT 1 AS customer_id, 1 AS assets;
CREATE TEMP VIEW seen AS SELECT customer_id, assets FROM src.metrics;
CREATE TEMP SEQUENCE counter;
CREATE FUNCTION pg_temp.f(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION pg_temp.rows() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 1.0';
CREATE AGGREGATE pg_temp.total(numeric) (SFUNC = numeric_add, STYPE = numeric);
CREATE OPERATOR pg_temp.+ (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = numeric_add);
CREATE OPERATOR pg_temp.< (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = numeric_lt);
CREATE DOMAIN pg_temp.money2 AS numeric;
CREATE TYPE pg_temp.kind AS ENUM ('a', 'b');
CREATE TYPE pg_temp.pair AS (a int, b int);
CREATE COLLATION pg_temp.c (LOCALE = 'C');
CREATE TEXT SEARCH CONFIGURATION pg_temp.words (COPY = pg_catalog.simple);
CREATE FUNCTION src.no_rows() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 1.0, NULL::text';
CREATE FUNCTION src.cast_pair(pg_temp.pair) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
CREATE FUNCTION src.refused(query text) RETURNS text LANGUAGE sql AS $$
	SELECT split_part(t.fails(format('SELECT tiering.set_source(%L, %L)', 'src', query)), E'\n', 1)
$$;
SELECT entry, src.refused(query) FROM unnest(ARRAY[
	'SELECT customer_id, assets FROM metrics',
	'SELECT customer_id, assets FROM pg_temp.metrics',
	'SELECT customer_id, assets FROM seen',
	'SELECT customer_id, pg_temp.f(assets) AS assets FROM src.metrics',
	'SELECT customer_id, U&"pg\005Ftemp".f(assets) AS assets FROM src.metrics',
	'SELECT customer_id, U&"pg!005Ftemp" UESCAPE ''!''.f(assets) AS assets FROM src.metrics',
	'SELECT customer_id, assets FROM src.metrics WHERE assets IN (SELECT pg_temp.f(1))',
	'WITH w AS (SELECT pg_temp.f(1) AS x) SELECT customer_id, assets FROM src.metrics, w',
	'SELECT customer_id, assets FROM src.metrics ORDER BY pg_temp.f(assets)',
	'SELECT customer_id, assets FROM src.metrics LIMIT pg_temp.f(1)',
	'SELECT customer_id, assets FROM src.metrics JOIN LATERAL pg_temp.f(assets) ON true',
	'SELECT * FROM pg_temp.rows() AS r(customer_id int, assets numeric)',
	'SELECT * FROM src.no_rows() AS r(customer_id int, assets numeric, k pg_temp.kind)',
	'SELECT customer_id, pg_temp.total(assets) AS assets FROM src.metrics GROUP BY customer_id',
	'SELECT customer_id, sum(assets) OVER (ORDER BY pg_temp.f(assets)) AS assets
		FROM src.metrics',
	'SELECT customer_id, assets OPERATOR(pg_temp.+) 1.0 AS assets FROM src.metrics',
	'SELECT customer_id, assets FROM src.metrics
		WHERE assets OPERATOR(pg_temp.<) ANY (''{1.0}''::numeric[])',
	'SELECT customer_id, assets::pg_temp.money2 AS assets FROM src.metrics',
	'SELECT customer_id, assets::money2 AS assets FROM src.metrics',
	'SELECT customer_id, assets FROM src.metrics WHERE ''a''::kind IS NULL',
	'SELECT customer_id, assets FROM src.metrics WHERE ''{a}''::kind[] IS NULL',
	'SELECT customer_id, assets FROM src.metrics WHERE NULL::pg_temp.pair IS NULL',
	'SELECT customer_id, assets FROM src.metrics WHERE ROW(1, 2)::pg_temp.pair IS NULL',
	'SELECT customer_id, src.cast_pair(NULL) AS assets FROM src.metrics',
	'SELECT customer_id, assets FROM src.metrics ORDER BY note COLLATE pg_temp.c',
	'SELECT customer_id, nextval(''pg_temp.counter'') AS assets FROM src.metrics',
	'SELECT customer_id, assets FROM src.metrics
		WHERE to_tsvector(''pg_temp.words'', note) IS NULL',
	'SELECT customer_id, assets FROM src.metrics
		CROSS JOIN XMLTABLE(''/a'' PASSING ''<a/>'' COLUMNS k pg_temp.money2)',
	'SELECT customer_id, assets FROM src.metrics WHERE note = ''pg_temp'' OR 1 = 1'
	]) WITH ORDINALITY q(query, entry) ORDER BY entry;
-- Nor does one run that was restored, and would take what whoever refreshes has made.
DELETE FROM tiering.source WHERE scheme = 'src';
INSERT INTO tiering.source (scheme, query)
VALUES ('src', 'SELECT customer_id, pg_temp.f(assets) AS assets FROM src.metrics');
SELECT t.fails($$SELECT * FROM _tiering.source_rows('src', '2024-05-31') AS r(assets numeric)$$);
-- A session that ends drops what it has made while the next one is at work already.
DISCARD TEMP;
\c -
SET client_min_messages = warning;
DELETE FROM tiering.source WHERE scheme = 'src';
DELETE FROM tiering.series_source WHERE scheme = 'src';
REVOKE ALL ON SCHEMA src, t FROM tiering_src_setter, tiering_src_bypass;
DROP SCHEMA src CASCADE;
DROP OWNED BY tiering_src_setter, tiering_src_bypass;
DROP ROLE tiering_src_setter, tiering_src_bypass;
