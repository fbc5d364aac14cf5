-- Who may what: the table of this file against the database, by roles that have one
-- right each. Nothing is left out: what is in no list here fails the test.
CREATE SCHEMA walk;
CREATE TABLE walk.decided (kind text, who text, list text);
INSERT INTO walk.decided VALUES ('function', 'public', $list$
	"trailing"(interval, date);
	"trim"(tiering.daily_series, daterange);
	amend(tiering.daily_series, daterange, numeric);
	append(tiering.daily_series, date, numeric);
	asset_weight(text, text);
	asset_weight(text, text, date);
	balance_days(numeric, date, date, daterange);
	balance_days(numeric, daterange, daterange);
	balance_days(tiering.daily_series, daterange);
	balance_days_changes(numeric, date, daterange);
	balance_days_flows(numeric, date, daterange);
	balance_days_snapshots(numeric, date, daterange);
	balance_to_reach(tiering.daily_series, numeric, daterange, date);
	binder();
	bounds_distance(numeric, numrange);
	bounds_fit(numrange);
	box_minus(numrange[], numrange[]);
	box_rest(numrange[], numrange[], nummultirange[]);
	boxes_overlap(numrange[], numrange[], nummultirange[]);
	check_max_age(integer);
	classify(text, numeric);
	classify(text, numeric, date);
	classify(text, record);
	classify(text, record, date);
	classify_columns(text, text[], "any");
	classify_columns_on(text, date, text[], "any");
	classify_columns_version(text, integer, text[], "any");
	classify_held(text, record, date, text);
	classify_held_version(text, record, integer, text);
	classify_version(text, numeric, integer);
	classify_version(text, record, integer);
	convert(tiering.daily_series, tiering.daily_series, integer);
	daily_avg(numeric, date, date, daterange);
	daily_avg(numeric, daterange, daterange);
	daily_avg(tiering.daily_series, daterange, text);
	daily_avg_changes(numeric, date, daterange);
	daily_avg_flows(numeric, date, daterange);
	daily_avg_snapshots(numeric, date, daterange);
	daily_series(bytea);
	daily_series(jsonb);
	daily_series(numeric, date, date);
	daily_series(numeric, daterange);
	daily_series_add(tiering.daily_series, tiering.daily_series);
	daily_series_changes(numeric, date);
	daily_series_cmp(tiering.daily_series, tiering.daily_series);
	daily_series_eq(tiering.daily_series, tiering.daily_series);
	daily_series_flows(numeric, date);
	daily_series_ge(tiering.daily_series, tiering.daily_series);
	daily_series_gt(tiering.daily_series, tiering.daily_series);
	daily_series_hash(tiering.daily_series);
	daily_series_hash_extended(tiering.daily_series, bigint);
	daily_series_le(tiering.daily_series, tiering.daily_series);
	daily_series_lt(tiering.daily_series, tiering.daily_series);
	daily_series_ne(tiering.daily_series, tiering.daily_series);
	daily_series_negate(tiering.daily_series);
	daily_series_send(tiering.daily_series);
	daily_series_snapshots(numeric, date);
	daily_series_subtract(tiering.daily_series, tiering.daily_series);
	daily_series_times(numeric, tiering.daily_series);
	daily_series_times(tiering.daily_series, numeric);
	days_at_least(tiering.daily_series, numeric, daterange);
	describe_box(numrange[], text[], text[]);
	describe_miss(text, text, numeric, numrange);
	describe_value(text, text, numeric);
	explain(text, numeric, date);
	explain(text, record, date);
	explain_metrics(text, integer, jsonb, text);
	export_metrics(text, integer);
	export_scheme(text, integer);
	export_scores(text, integer);
	export_tiers(text, integer);
	first_day(tiering.daily_series);
	fx_last(text, text, date);
	fx_quotient(numeric, numeric);
	fx_rate(text, text, date, integer);
	fx_series(text, text, integer);
	fx_through(text, text, date);
	fx_units(text, text, date, integer);
	grant_role(regrole, text);
	half_year(date, integer);
	half_year_to_date(date);
	heeded_publication(text);
	is_dropped(text);
	jsonb(tiering.daily_series);
	known_values();
	last_change(tiering.daily_series);
	last_day_to_reach(tiering.daily_series, numeric, daterange, numeric);
	maximum(tiering.daily_series, daterange);
	metric_values(text, integer, jsonb);
	minimum(tiering.daily_series, daterange);
	month(date, integer);
	month_to_date(date);
	newest_version(text);
	quarter(date, integer);
	quarter_to_date(date);
	refuse_change(tiering.scheme_version);
	restores();
	revoke_role(regrole, text);
	role_grants();
	rule_axes(text, integer);
	rule_boxes(text, integer);
	rule_documents(text, integer, text);
	rule_gaps(text, integer);
	score_values(text, integer, text);
	segments(tiering.daily_series);
	state_follows(tiering.scheme_version, tiering.scheme_version);
	succeeded(text, integer);
	successor(text, integer, text, integer);
	sum(tiering.daily_series);
	validate(text, integer);
	validate_gaps(text, integer);
	validate_metrics(text, integer);
	validate_rules(text, integer);
	validate_succession(text, integer);
	validate_tiers(text, integer);
	validate_versions(text, integer);
	value_on(tiering.daily_series, date);
	version_before(text, integer);
	version_on(text, date);
	version_row(text, integer);
	year(date, integer);
	year_to_date(date)
$list$);
INSERT INTO walk.decided VALUES ('function', 'report', $list$
	balance_to_hold(uuid, date, text, numeric, boolean);
	batch_digests(text, integer, bigint);
	check_day(date, text);
	history_head(text);
	known_batch(text, timestampwithtimezone);
	known_distribution(timestampwithtimezone);
	known_moves(text, timestampwithtimezone);
	migration_matrix(text, date, date, timestampwithtimezone);
	retention(text, timestampwithtimezone);
	seal(bytea, tiering.batch, bytea);
	simulate_customers(text, integer, date);
	tier_distribution_history(text, timestampwithtimezone);
	tier_on(text, text, date, timestampwithtimezone);
	tiers_on(text, date, timestampwithtimezone);
	verify_history(text, integer, text)
$list$);
INSERT INTO walk.decided VALUES ('function', 'request', $list$
	request_override(text, text, text, text, daterange, text);
	withdraw(bigint, text)
$list$);
INSERT INTO walk.decided VALUES ('function', 'approve', $list$
	approve(bigint, text);
	end_override(bigint, date, text);
	reject(bigint, text)
$list$);
INSERT INTO walk.decided VALUES ('function', 'grade', $list$
	assess(text, date, text[], text);
	recount(text);
	refresh(text, date, boolean);
	restate(text, date, text[]);
	restate_dirty(text);
	void_assessment(text, date, text)
$list$);
INSERT INTO walk.decided VALUES ('function', 'plan', $list$
	simulate(text, integer, date);
	simulate_staffing(text, integer, date)
$list$);
INSERT INTO walk.decided VALUES ('function', 'author', $list$
	cell_bounds(numeric[], integer);
	check_document(jsonb);
	check_keys(jsonb, text, text[]);
	check_rising(text, numeric[]);
	copy_scheme(text, text);
	copy_version(text, integer, text, integer);
	create_ladder(text, text, text[], numeric[], text);
	create_matrix(text, text, numeric[], text, numeric[], text[], text[]);
	document_list(jsonb, text, text);
	document_rules(jsonb, integer);
	drop_scheme(text, text);
	import_definition(jsonb, text, integer);
	import_scheme(jsonb, text);
	import_version(jsonb, text);
	load_preset(text, text, jsonb);
	new_draft(text, text);
	new_scheme(text, text, text, text, text);
	new_version(text, text);
	publish(text, date);
	unpublish(text, integer, text);
	validate_overrides(text, integer, date)
$list$);
INSERT INTO walk.decided VALUES ('function', 'bind', $list$
	checked_query(text, text, boolean);
	set_series(text, text);
	set_source(text, text);
	source_check(text, text, boolean);
	source_columns(text, integer)
$list$);
INSERT INTO walk.decided VALUES ('function', 'load', $list$
	mark_dirty(text, text, date)
$list$);
INSERT INTO walk.decided VALUES ('function', 'nobody', $list$
	acting_role();
	amend_by_hand(text, integer);
	amend_distribution(text, date, tiering.tier_sum[]);
	apply_decision(tiering.request, text);
	approved_moves(text, date);
	assessed(text, date, integer, date, text[], integer, boolean);
	assessments(text, boolean);
	cell_counts(text, date, integer, tiering.assessed_cell[]);
	changes_by_hand(text);
	check_by_hand(text, integer);
	check_cells(text, date, integer, text[], bigint, tiering.assessed_cell[]);
	check_setter();
	check_void(tiering.source, date, text);
	circumstances(text, integer, date, date, text[], integer);
	classify_support(internal);
	customers_held(text);
	daily_avg_accum(internal, numeric, date, date, daterange);
	daily_avg_accum(internal, numeric, daterange, daterange);
	daily_avg_changes_accum(internal, numeric, date, daterange);
	daily_avg_changes_combine(internal, internal);
	daily_avg_changes_deserialize(bytea, internal);
	daily_avg_changes_final(internal);
	daily_avg_changes_final_days(internal);
	daily_avg_changes_serialize(internal);
	daily_avg_combine(internal, internal);
	daily_avg_deserialize(bytea, internal);
	daily_avg_final(internal);
	daily_avg_final_days(internal);
	daily_avg_flows_accum(internal, numeric, date, daterange);
	daily_avg_serialize(internal);
	daily_avg_snapshots_accum(internal, numeric, date, daterange);
	daily_series_accum(internal, numeric, date, date);
	daily_series_accum(internal, numeric, daterange);
	daily_series_changes_accum(internal, numeric, date);
	daily_series_combine(internal, internal);
	daily_series_deserialize(bytea, internal);
	daily_series_final(internal);
	daily_series_final_changes(internal);
	daily_series_flows_accum(internal, numeric, date);
	daily_series_in(cstring);
	daily_series_out(tiering.daily_series);
	daily_series_recv(internal);
	daily_series_serialize(internal);
	daily_series_snapshots_accum(internal, numeric, date);
	decide(text, integer, text, date, date, text, date, integer, text, date, date, integer,
		text, text, date, date, boolean, text, text[], text, tiering.override_days[], integer,
		text);
	decided(bigint, text, date);
	definition_rows(text, integer);
	differing_days(tiering.replayed_move[]);
	directions(text, integer);
	enable_triggers();
	examine_draft(text, integer, date);
	freeze_definition();
	freeze_version();
	graded(text, date, integer, text[]);
	graded_again(text, text[], date[], boolean);
	graded_before(text, date, integer);
	graded_by(text, date);
	has_graded(text, integer);
	insert_ecb_rate();
	is_login(oid, text);
	keep_distribution(text, date, integer, integer, tiering.tier_sum[]);
	keep_editions(text, boolean, integer, tiering.edition_part[]);
	keep_requests(text, date, integer, text[], tiering.asking[]);
	kept_settings();
	last_assessment(text, date);
	last_move();
	lock_draft(text);
	lock_request(bigint, text);
	lock_source(text);
	login_id();
	measures_before(text, date, text[]);
	next_batch(text);
	next_edition(text, date);
	notify_refresh(tiering.refresh_result);
	notify_restatement(tiering.restate_result);
	occasions(text, text[], date[], boolean);
	otherwise(text, date, date, text[], integer);
	override_tiers(text, integer, date);
	overrides_between(text, integer, date, date);
	overrides_left_out(text, integer, date, date);
	record_by_hand();
	record_publication(text, text, integer, date, text);
	refuse_ahead(date, boolean);
	refuse_by_hand(tiering.assignment, text, text);
	refuse_frozen(text, integer, boolean);
	refuse_in_source();
	refuse_repeated(text, date, integer, text[]);
	refuse_rewrite();
	refuse_second_draft(text);
	refuse_tier(text, integer, text);
	refuse_truncate();
	refuse_unpublish(tiering.scheme_version);
	repeat_assessment(text, date, integer);
	replay(tiering.source, text, text[], date[], text);
	replay_start(text, text, date, boolean);
	replayed(text, text[], date[], boolean);
	report_stage(text, date, text);
	run_assessment(text, text, date, integer, text[]);
	seal_batch(text, integer, text, date, bigint);
	settle_by_hand();
	shown_customer(text);
	simulated_cells(text, integer, date);
	simulated_day(text, integer, date);
	source_rows(text, date);
	source_rows(text, date, text[]);
	source_yields(text, date, integer);
	standing(text, date, date, timestampwithtimezone);
	state_before(text, text, date);
	state_for(text, date, boolean, text[]);
	steps(tiering.verdict);
	take_draft(text);
	take_turn(text, boolean);
	tier_names(text, integer);
	tiering_internal.approve(bigint, text);
	tiering_internal.change_role(regrole, text, boolean);
	tiering_internal.check_granter();
	tiering_internal.drop_scheme(text, text);
	tiering_internal.end_override(bigint, date, text);
	tiering_internal.grant_role(regrole, text);
	tiering_internal.publish(text, date);
	tiering_internal.refuse_idle(tiering.request, date);
	tiering_internal.reject(bigint, text);
	tiering_internal.request_override(text, text, text, text, daterange, text);
	tiering_internal.revoke_role(regrole, text);
	tiering_internal.rights_missing(name, text);
	tiering_internal.unpublish(text, integer, text);
	tiering_internal.void_assessment(text, date, text);
	tiering_internal.withdraw(bigint, text);
	touched(text, date);
	turn_holder(text);
	unpublish_hint(text, integer);
	wilson(bigint, bigint);
	write_binding(text, text, boolean);
	write_replay(text, text[], date[], text, integer, date);
	write_verdicts(text, text, date, integer, date, text[], integer, bigint, text, integer);
	write_void(text, date, integer)
$list$);
INSERT INTO walk.decided VALUES ('relation', 'public', $list$
	asset_weight SELECT;
	ecb_rate SELECT;
	fx_rate SELECT;
	metric SELECT;
	policy SELECT;
	preset SELECT;
	publication SELECT;
	rule SELECT;
	scheme SELECT;
	scheme_version SELECT;
	score_band SELECT;
	score_weight SELECT;
	service SELECT;
	tier SELECT
$list$);
INSERT INTO walk.decided VALUES ('relation', 'report', $list$
	assignment SELECT;
	batch SELECT;
	customer_tier_history SELECT;
	decision SELECT;
	dirty SELECT;
	distribution_history SELECT;
	measure_bound SELECT;
	migration SELECT;
	migration_matrix SELECT;
	migration_summary SELECT;
	near_downgrade SELECT;
	near_upgrade SELECT;
	pareto SELECT;
	request SELECT;
	request_state SELECT;
	staffing SELECT;
	standing_move SELECT;
	superseded SELECT;
	tier_distribution SELECT;
	tier_distribution_history SELECT;
	tier_origin SELECT;
	tier_rollup SELECT;
	watch_history SELECT
$list$);
INSERT INTO walk.decided VALUES ('relation', 'author', $list$
	asset_weight SELECT+INSERT+UPDATE+DELETE;
	metric SELECT+INSERT+UPDATE+DELETE;
	policy SELECT+INSERT+UPDATE+DELETE;
	rule SELECT+INSERT+UPDATE+DELETE;
	scheme SELECT+INSERT(scheme, title, title_zh, description, origin)+UPDATE(scheme, title,
		title_zh, description, origin)+DELETE;
	scheme_version SELECT+INSERT(scheme, version, everyone, note)+UPDATE(everyone, note)+DELETE;
	score_band SELECT+INSERT+UPDATE+DELETE;
	score_weight SELECT+INSERT+UPDATE+DELETE;
	service SELECT+INSERT+UPDATE+DELETE;
	tier SELECT+INSERT+UPDATE+DELETE
$list$);
INSERT INTO walk.decided VALUES ('relation', 'bind', $list$
	series_source SELECT(scheme, query, set_by, set_at, settings)+DELETE;
	source SELECT
$list$);
INSERT INTO walk.decided VALUES ('relation', 'hand', $list$
	assignment SELECT(scheme, customer_id, tier, as_of, since, version)+INSERT(scheme,
		customer_id, tier, as_of, since, version)+UPDATE(tier, as_of)+DELETE
$list$);
INSERT INTO walk.decided VALUES ('relation', 'load', $list$
	ecb_rate SELECT+INSERT;
	fx_rate SELECT+INSERT+UPDATE+DELETE
$list$);
INSERT INTO walk.decided VALUES ('relation', 'nobody', $list$
	drafting;
	migration_move_seq;
	own_assessment;
	request_request_seq;
	voided;
	watch_history_entry_seq;
	writing
$list$);
-- In a list, ";" stands between two objects, and white space means nothing.
CREATE VIEW walk.right AS
SELECT 'public' AS who, 'public'::name AS role
UNION ALL
SELECT DISTINCT g.what, ('tiering walks ' || g.what)::name FROM tiering.role_grants() g;
DO $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT * FROM walk.right WHERE who <> 'public' LOOP
		EXECUTE format('CREATE ROLE %I', r.role);
		PERFORM tiering.grant_role(quote_ident(r.role)::regrole, r.who);
	END LOOP;
END;
$$;

-- What there is, and who has it; what everybody has is not told of each right.
CREATE VIEW walk.function AS
SELECT p.oid, regexp_replace(regexp_replace(p.oid::regprocedure::text, '^tiering\.', ''), '\s', '', 'g')
	AS object
FROM pg_proc p
WHERE p.pronamespace IN ('tiering'::regnamespace, 'tiering_internal'::regnamespace);
CREATE VIEW walk.relation AS
SELECT c.oid, c.relname::text AS name, c.relkind FROM pg_class c
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
	AND c.relnamespace IN ('tiering'::regnamespace, 'tiering_internal'::regnamespace);
CREATE FUNCTION walk.privileges(role name, relation walk.relation) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(x.privilege, '+' ORDER BY x.n) FROM (
		SELECT p.n, CASE WHEN relation.relkind = 'S' THEN
				CASE WHEN p.privilege IN ('SELECT', 'UPDATE')
					AND has_sequence_privilege(role, relation.oid, p.privilege) THEN p.privilege END
			WHEN has_table_privilege(role, relation.oid, p.privilege) THEN p.privilege
			WHEN p.by_column THEN (
				SELECT format('%s(%s)', p.privilege, string_agg(a.attname, ',' ORDER BY a.attnum))
				FROM pg_attribute a
				WHERE a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped
					AND has_column_privilege(role, relation.oid, a.attnum, p.privilege)
				HAVING count(*) > 0) END AS privilege
		FROM (VALUES (1, 'SELECT', true), (2, 'INSERT', true), (3, 'UPDATE', true),
			(4, 'DELETE', false), (5, 'TRUNCATE', false), (6, 'REFERENCES', true),
			(7, 'TRIGGER', false)) p(n, privilege, by_column)) x
$$;
CREATE VIEW walk.had AS
WITH had AS (
	SELECT 'function' AS kind, r.who, f.object
	FROM walk.function f JOIN walk.right r ON has_function_privilege(r.role, f.oid, 'EXECUTE')
	UNION ALL
	SELECT 'relation', r.who, l.name || ' ' || p.privileges
	FROM walk.relation l CROSS JOIN walk.right r, walk.privileges(r.role, l) AS p(privileges)
	WHERE p.privileges IS NOT NULL
), there AS (
	SELECT 'function' AS kind, f.object, f.object AS name FROM walk.function f
	UNION ALL
	SELECT 'relation', l.name, l.name FROM walk.relation l
)
SELECT h.kind, h.who, regexp_replace(h.object, '\s', ' ', 'g') AS object FROM had h
WHERE h.who = 'public' OR NOT EXISTS (SELECT FROM had p
	WHERE p.who = 'public' AND (p.kind, p.object) = (h.kind, h.object))
UNION ALL
SELECT t.kind, 'nobody', t.object FROM there t
WHERE NOT EXISTS (SELECT FROM had h WHERE h.kind = t.kind
	AND (h.object = t.object OR h.object LIKE replace(t.object, '_', '\_') || ' %'));
CREATE VIEW walk.told AS
SELECT d.kind, d.who, CASE d.kind WHEN 'function' THEN regexp_replace(o, '\s', '', 'g')
	ELSE btrim(regexp_replace(regexp_replace(o, '\s+', ' ', 'g'), '([,(]) ', '\1', 'g')) END AS object
FROM walk.decided d, regexp_split_to_table(d.list, ';') o WHERE btrim(o, E' \t\n') <> '';

-- no object without a decision, and no decision without an object; nothing twice
SELECT 'has it, and nobody decided so' AS what, h.* FROM (SELECT * FROM walk.had EXCEPT SELECT * FROM walk.told) h
UNION ALL
SELECT 'was decided, and has it not', t.* FROM (SELECT * FROM walk.told EXCEPT SELECT * FROM walk.had) t
ORDER BY 1, 2, 3, 4;
SELECT kind, who, object FROM walk.told GROUP BY 1, 2, 3 HAVING count(*) > 1;
SELECT count(*) > 250 AS functions, count(*) FILTER (WHERE who = 'public') > 100 AS everybodys
FROM walk.told WHERE kind = 'function';
-- a function is in two lists only if it is there for two rights
SELECT object, string_agg(who, ', ' ORDER BY who) AS rights FROM walk.told
WHERE kind = 'function' GROUP BY object HAVING count(*) > 1;

-- The inner schema is nobody's; of the other one everybody may name what is in it.
SELECT r.who, n.nspname, p.privilege FROM walk.right r CROSS JOIN pg_namespace n
	CROSS JOIN (VALUES ('USAGE'), ('CREATE')) p(privilege)
WHERE n.nspname IN ('tiering', 'tiering_internal')
	AND has_schema_privilege(r.role, n.oid, p.privilege)
	AND (r.who, n.nspname, p.privilege) <> (r.who, 'tiering', 'USAGE');

-- What is granted is looked at afterwards. A clerk owns grant_role() here, and has what
-- is to be granted, but cannot pass it on: GRANT only warns.
CREATE ROLE tiering_clerk;
CREATE ROLE tiering_novice;
BEGIN;
SELECT tiering.grant_role('tiering_clerk', 'load');
SELECT tiering.grant_role('tiering_clerk', 'plan');
GRANT USAGE ON SCHEMA tiering_internal TO tiering_clerk;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tiering_internal TO tiering_clerk;
GRANT EXECUTE ON FUNCTION tiering.acting_role() TO tiering_clerk;
ALTER FUNCTION tiering.grant_role(regrole, text) OWNER TO tiering_clerk;
SET LOCAL client_min_messages = error;
SELECT t.fails(format('SELECT tiering.grant_role(''tiering_novice'', %L)', what))
FROM (VALUES ('load'), ('plan')) w(what);
ROLLBACK;
SELECT has_table_privilege('tiering_novice', 'tiering.fx_rate', 'INSERT') AS novice_has_it;
-- each line of each right is looked at: of one who has nothing, all is missing
SELECT g.what, g.rights FROM tiering.role_grants() g
WHERE tiering_internal.rights_missing('tiering_novice', g.rights) IS NULL
	OR tiering_internal.rights_missing(('tiering walks ' || g.what)::name, g.rights) IS NOT NULL;
-- of columns too
GRANT INSERT, DELETE ON tiering.scheme_version TO tiering_novice;
GRANT UPDATE (everyone) ON tiering.scheme_version TO tiering_novice;
SELECT tiering_internal.rights_missing('tiering_novice', g.rights) AS missing
FROM tiering.role_grants() g WHERE g.rights ~ 'scheme_version$';

-- Only the extension's owner, in a statement of their own: not through a definer's
-- function, nor where somebody else's rights are in force for a while.
CREATE FUNCTION walk.lends(what text) RETURNS int LANGUAGE sql SECURITY DEFINER AS $$
	SELECT 1 FROM tiering.grant_role('tiering_novice', what)
$$;
ALTER FUNCTION walk.lends(text) OWNER TO tiering_novice;
GRANT USAGE ON SCHEMA walk TO tiering_novice;
SELECT t.fails($$SELECT walk.lends('report')$$);
SET SESSION AUTHORIZATION tiering_novice;
SELECT t.fails($$SELECT tiering.grant_role('tiering_novice', 'report')$$);
SELECT t.fails($$SELECT tiering.revoke_role('"tiering walks report"', 'report')$$);
SELECT t.fails($$SELECT tiering_internal.change_role('tiering_novice', 'report', true)$$);
RESET SESSION AUTHORIZATION;
SELECT has_table_privilege('tiering_novice', 'tiering.assignment', 'SELECT') AS novice_reads;

-- Who has no right to read customers is not told of one in an error.
CREATE FUNCTION walk.shown(customer_id text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT tiering.shown_customer(customer_id)
$$;
GRANT USAGE ON SCHEMA walk TO "tiering walks report", "tiering walks grade", "tiering walks plan";
SELECT walk.shown('0001') AS owner;
SET SESSION AUTHORIZATION "tiering walks report";
SELECT walk.shown('0001') AS report;
SET SESSION AUTHORIZATION "tiering walks grade";
SELECT walk.shown('0001') AS grade;
SET SESSION AUTHORIZATION "tiering walks plan";
SELECT walk.shown('0001') AS plan;
RESET SESSION AUTHORIZATION;
-- the role that was set counts, not the login
SET ROLE "tiering walks grade";
SELECT walk.shown('0001') AS set_role;
RESET ROLE;

SET client_min_messages = warning;
DO $$
DECLARE
	role text;
BEGIN
	FOR role IN SELECT rolname FROM pg_roles
		WHERE rolname IN ('tiering_clerk', 'tiering_novice') OR rolname LIKE 'tiering walks %'
	LOOP
		EXECUTE format('DROP OWNED BY %I CASCADE', role);
		EXECUTE format('DROP ROLE %I', role);
	END LOOP;
END;
$$;
