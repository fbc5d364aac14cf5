-- Who may what: the table of this file against the database, by roles that have one
-- right each. Nothing is left out: what is in no list here fails the test.
CREATE SCHEMA walk;
CREATE TABLE walk.decided (kind text, who text, list text);
INSERT INTO walk.decided VALUES ('function', 'public', $list$
	_tiering.shown_by(uuid, text, text, date, oid);
	_tiering.shown_current(uuid, text, oid);
	_tiering.shown_distribution(uuid, text, oid);
	_tiering.shown_cells(uuid, text, date, boolean, oid);
	_tiering.shown_dates(uuid, text, oid);
	_tiering.shown_spells(uuid, text, oid);
	_tiering.shown_persons();
	_tiering.shown_requests(uuid, text, oid);
	_tiering.shown_dirty(uuid, text, oid);
	_tiering.shown_origins(uuid, text, oid);
	_tiering.shown_dimension(uuid, text, oid);
	_tiering.each_scheme();
	_tiering.reader();
	_tiering.reads_all(oid);
	_tiering.reads(oid, text);
	_tiering.sees_value(oid, text, text, text);
	_tiering.named_tables(text);
	_tiering.check_worker_settings(text, text, text, text[]);
	_tiering.with_views(text[]);
	row_balance_days(numeric, date, date, daterange);
	row_balance_days(numeric, daterange, daterange);
	_tiering.acting_role();
	_tiering.balance_to_hold(uuid, date, text, numeric, boolean, oid);
	check_rates(daterange, numeric, integer, numeric);
	_tiering.check_window(daterange, numeric);
	convert(tiering.daily_series, tiering.daily_series, integer, text);
	fx_chain(text, text, date, integer);
	_tiering.fx_names(text, text, date);
	_tiering.fx_pairs();
	_tiering.fx_product(numeric);
	_tiering.fx_quotient(numeric, numeric, bigint);
	_tiering.fx_shortest(text, text, date);
	_tiering.rate_contradictions(numeric);
	_tiering.rate_ratio(numeric, numeric);
	_tiering.rate_steps(numeric, integer, date);
	_tiering.rate_triangles(daterange, numeric);
	_tiering.rate_turns(numeric, numeric);
	_tiering.reversed_rates();
	_tiering.told_rate(numeric, text, text, boolean);
	_tiering.shown_measures(uuid, text, oid);
	_tiering.shown_sums(uuid, text, oid);
	_tiering.shown_projected(uuid, text, oid);
	_tiering.shown_near(uuid, text, oid);
	_tiering.by_measure(text, integer);
	_tiering.directions(text, integer);
	_tiering.ranks_in(text, integer, boolean);
	_tiering.rank_in(text, integer, text);
	_tiering.tier_names(text, integer);
	_tiering.is_watched(date, text, boolean, integer, integer);
	_tiering.at_least(numeric);
	_tiering.percent_of(numeric, numeric);
	definition_rows(text, integer);
	_tiering.kept_settings();
	_tiering.open_end();
	_tiering.login_id();
	_tiering.person_id();
	rolling(interval, date);
	clip(tiering.daily_series, daterange);
	carry(tiering.daily_series, integer);
	fiscal_quarter(date, integer, integer);
	fiscal_quarter_to_date(date, integer);
	fiscal_year(date, integer, integer);
	fiscal_year_to_date(date, integer);
	amend(tiering.daily_series, daterange, numeric);
	append(tiering.daily_series, date, numeric);
	asset_weight(text, text);
	asset_weight(text, text, date);
	balance_days(numeric, date, date, daterange);
	balance_days(numeric, daterange, daterange);
	balance_days(tiering.daily_series, daterange);
	balance_days_business(tiering.daily_series, daterange, text, text);
	balance_days_changes(numeric, date, daterange);
	balance_days_changes(anyelement, numeric, date, daterange);
	balance_days_changes(numeric, date, anycompatible, daterange);
	balance_days_changes(anyelement, numeric, date, anycompatible, daterange);
	balance_days_snapshots(anyelement, numeric, date, daterange);
	balance_days_snapshots(anyelement, numeric, date, anycompatible, daterange);
	daily_avg_changes(anyelement, numeric, date, daterange);
	daily_avg_changes(numeric, date, anycompatible, daterange);
	daily_avg_changes(anyelement, numeric, date, anycompatible, daterange);
	daily_avg_snapshots(anyelement, numeric, date, daterange);
	daily_avg_snapshots(anyelement, numeric, date, anycompatible, daterange);
	daily_series_changes(anyelement, numeric, date);
	daily_series_changes(numeric, date, anycompatible);
	daily_series_changes(anyelement, numeric, date, anycompatible);
	daily_series_snapshots(anyelement, numeric, date);
	daily_series_snapshots(anyelement, numeric, date, anycompatible);
	balance_days_flows(numeric, date, daterange);
	balance_days_snapshots(numeric, date, daterange);
	balance_to_reach(tiering.daily_series, numeric, daterange, date);
	_tiering.binder();
	_tiering.bounds_distance(numeric, numrange);
	_tiering.bounds_fit(numrange);
	_tiering.box_minus(numrange[], numrange[]);
	_tiering.box_rest(numrange[], numrange[], nummultirange[]);
	_tiering.boxes_overlap(numrange[], numrange[], nummultirange[]);
	_tiering.check_day(date, text);
	_tiering.check_given(anyelement, text);
	_tiering.check_max_age(integer);
	check_changes(text, daterange, numeric, integer);
	check_flows(text, daterange, numeric, integer);
	check_ranges(text, daterange, text, numeric, integer);
	check_snapshots(text, daterange, boolean, date[], numeric, integer);
	findings_summary(tiering.finding[]);
	_tiering.age_screen(text, integer);
	_tiering.change_days(tiering.daily_series);
	_tiering.day_findings(_tiering.day_row, text, text, integer);
	_tiering.told_posted(_tiering.day_row, text, text, integer, daterange);
	_tiering.day_number(date);
	_tiering.examined_columns(text, text[]);
	_tiering.examined_query(text, daterange, numeric, integer);
	_tiering.expected_day(date, boolean, date[]);
	_tiering.from_day(date);
	_tiering.has_fault();
	_tiering.is_jump(numeric, numeric, numeric);
	_tiering.jump_screen(numeric);
	_tiering.looked_at();
	_tiering.next_number(date, boolean, date[]);
	_tiering.outlier_screen(numeric);
	_tiering.posted_rows(text, daterange, boolean, numeric, integer);
	_tiering.posted_screen(boolean, regtype);
	_tiering.range_findings(_tiering.range_row, integer);
	_tiering.range_number(numeric, date, date);
	_tiering.range_rows(text, daterange, text, numeric, integer);
	_tiering.shown_day(date);
	_tiering.shown_days(date, date);
	_tiering.snapshot_number(numeric, date, boolean, date[]);
	_tiering.snapshot_rows(text, daterange, boolean, date[], numeric, integer);
	_tiering.snapshot_screen(text, numeric, integer);
	_tiering.sound_day(numeric, date);
	_tiering.to_day(date);
	business_days(text, daterange);
	classify(text, numeric);
	classify(text, numeric, date);
	classify(text, record);
	classify(text, record, date);
	_tiering.classify_columns(text, text[], "any");
	_tiering.classify_columns_on(text, date, text[], "any");
	_tiering.classify_columns_version(text, integer, text[], "any");
	classify_held(text, record, date, text);
	classify_held_version(text, record, integer, text);
	classify_version(text, numeric, integer);
	classify_version(text, record, integer);
	convert(tiering.daily_series, tiering.daily_series, integer);
	daily_avg_changes(numeric, date, daterange, text);
	daily_avg_changes(anyelement, numeric, date, daterange, text);
	daily_avg_changes(numeric, date, anycompatible, daterange, text);
	daily_avg_changes(anyelement, numeric, date, anycompatible, daterange, text);
	daily_avg_snapshots(numeric, date, daterange, text);
	daily_avg_snapshots(anyelement, numeric, date, daterange, text);
	daily_avg_snapshots(anyelement, numeric, date, anycompatible, daterange, text);
	balance_days_changes(numeric, date, daterange, text);
	balance_days_changes(anyelement, numeric, date, daterange, text);
	balance_days_changes(numeric, date, anycompatible, daterange, text);
	balance_days_changes(anyelement, numeric, date, anycompatible, daterange, text);
	balance_days_snapshots(numeric, date, daterange, text);
	balance_days_snapshots(anyelement, numeric, date, daterange, text);
	balance_days_snapshots(anyelement, numeric, date, anycompatible, daterange, text);
	daily_avg(numeric, date, date, daterange);
	daily_avg(numeric, daterange, daterange);
	daily_avg(tiering.daily_series, daterange, text);
	daily_avg_business(tiering.daily_series, daterange, text, text);
	daily_avg_changes(numeric, date, daterange);
	daily_avg_flows(numeric, date, daterange);
	daily_avg_snapshots(numeric, date, daterange);
	daily_series(bytea);
	daily_series(jsonb);
	daily_series(numeric, date, date);
	daily_series(numeric, daterange);
	_tiering.daily_series_add(tiering.daily_series, tiering.daily_series);
	daily_series_changes(numeric, date);
	_tiering.daily_series_cmp(tiering.daily_series, tiering.daily_series);
	_tiering.daily_series_eq(tiering.daily_series, tiering.daily_series);
	daily_series_flows(numeric, date);
	_tiering.daily_series_ge(tiering.daily_series, tiering.daily_series);
	_tiering.daily_series_gt(tiering.daily_series, tiering.daily_series);
	_tiering.daily_series_hash(tiering.daily_series);
	_tiering.daily_series_hash_extended(tiering.daily_series, bigint);
	_tiering.daily_series_le(tiering.daily_series, tiering.daily_series);
	_tiering.daily_series_lt(tiering.daily_series, tiering.daily_series);
	_tiering.daily_series_ne(tiering.daily_series, tiering.daily_series);
	_tiering.daily_series_negate(tiering.daily_series);
	_tiering.daily_series_send(tiering.daily_series);
	daily_series_snapshots(numeric, date);
	_tiering.daily_series_subtract(tiering.daily_series, tiering.daily_series);
	_tiering.daily_series_times(numeric, tiering.daily_series);
	_tiering.daily_series_times(tiering.daily_series, numeric);
	days_at_least(tiering.daily_series, numeric, daterange);
	_tiering.describe_box(numrange[], text[], text[]);
	_tiering.describe_miss(text, text, numeric, numrange, boolean);
	_tiering.rules_to_meet(text, integer, jsonb);
	_tiering.shortfall_of(text, integer, text[], numeric[]);
	_tiering.describe_value(text, text, numeric);
	explain(text, numeric, date);
	explain(text, record, date);
	_tiering.explain_metrics(text, integer, jsonb, text);
	_tiering.explain_scores(text, integer, jsonb);
	_tiering.export_metrics(text, integer);
	export_scheme(text, integer);
	_tiering.export_scores(text, integer);
	_tiering.export_tiers(text, integer);
	first_day(tiering.daily_series);
	_tiering.function_rights();
	_tiering.shown_rights();
	_tiering.fx_last(text, text, date);
	fx_rate(text, text, date, integer);
	fx_series(text, text, integer);
	_tiering.fx_through(text, text, date);
	grant_role(regrole, text, text, text, text);
	set_four_eyes(text, boolean, text, regrole[]);
	half_year(date, integer);
	half_year_to_date(date);
	_tiering.heeded_publication(text);
	_tiering.is_dropped(text);
	_tiering.jsonb(tiering.daily_series);
	_tiering.known_values();
	last_change(tiering.daily_series);
	last_day_to_reach(tiering.daily_series, numeric, daterange, numeric);
	maximum(tiering.daily_series, daterange);
	_tiering.metric_values(text, integer, jsonb);
	minimum(tiering.daily_series, daterange);
	month(date, integer);
	month_to_date(date);
	newest_version(text);
	_tiering.part_rights();
	_tiering.policy_defaults();
	_tiering.policy_words();
	_tiering.role_names(regrole[]);
	quarter(date, integer);
	quarter_to_date(date);
	_tiering.refuse_change(tiering.scheme_version);
	_tiering.refuse_alone(text, text);
	_tiering.relation_rights();
	_tiering.restores();
	revoke_role(regrole, text, text, text, text);
	role_grants();
	_tiering.rule_axes(text, integer);
	_tiering.rule_boxes(text, integer);
	_tiering.rule_conditions(text, integer, jsonb);
	_tiering.rule_documents(text, integer, text);
	_tiering.rule_extents(text, integer);
	_tiering.rule_gaps(text, integer);
	_tiering.score_conflict(text, integer, text, integer);
	_tiering.score_values(text, integer, text, text, integer);
	segments(tiering.daily_series);
	_tiering.status_follows(tiering.scheme_version, tiering.scheme_version);
	_tiering.succeeded(text, integer);
	_tiering.without_nulls(jsonb);
	successor(text, integer, text, integer);
	sum(tiering.daily_series);
	_tiering.tier_facts(text, integer);
	validate(text, integer);
	_tiering.validate_gaps(text, integer);
	_tiering.validate_metrics(text, integer);
	_tiering.validate_rules(text, integer);
	_tiering.validate_succession(text, integer);
	_tiering.validate_tiers(text, integer);
	_tiering.validate_approvers(text, integer);
	_tiering.validate_versions(text, integer);
	value_on(tiering.daily_series, date);
	_tiering.version_before(text, integer);
	version_on(text, date);
	_tiering.version_row(text, integer);
	year(date, integer);
	year_to_date(date)
$list$);
INSERT INTO walk.decided VALUES ('function', 'report', $list$
	assessments_on_workers(text);
	bridge_on_workers(text, date, date);
	distribution_on_workers(text, date);
	matrix_on_workers(text, date, date);
	summary_on_workers(text);
	tier_distribution_by(text, text, date);
	report(text, date, text);
	customer_report(text, text);
	migration_summary_by(text, text, date, date);
	staffing_by(text, text);
	cross_distribution(text, text, date);
	verify_state(text);
	run_checks(text, date);
	measure_bridge(text, date, date, timestampwithtimezone, text);
	distribution_shift(text, date, date, timestampwithtimezone);
	tier_survival(text, text, text, timestampwithtimezone);
	forecast(text, integer, daterange, numeric, timestampwithtimezone);
	history_head(text);
	migration_matrix(text, date, date, timestampwithtimezone, text);
	retention(text, timestampwithtimezone);
	yearly_retention(text, timestampwithtimezone);
	simulate_customers(text, integer, date);
	shortfall(text, numeric, text[]);
	customer_status(text, text, date);
	tier_distribution_history(text, timestampwithtimezone);
	tier_on(text, text, date, timestampwithtimezone);
	tiers_on(text, date, timestampwithtimezone);
	verify_history(text, integer, text, boolean)
$list$);
INSERT INTO walk.decided VALUES ('function', 'request', $list$
	forget_customer(text, text, text);
	request_override(text, text, text, text, daterange, text);
	withdraw(bigint, text)
$list$);
INSERT INTO walk.decided VALUES ('function', 'approve', $list$
	approve(bigint, text);
	end_override(bigint, date, text);
	reject(bigint, text)
$list$);
INSERT INTO walk.decided VALUES ('function', 'grade', $list$
	refresh_on_workers(text, date, boolean, boolean);
	assess(text, date, text[], text);
	recount(text);
	refresh(text, date, boolean, boolean);
	restate(text, date, text[]);
	restate_dirty(text);
	run_refresh(text, date, boolean, boolean);
	_tiering.begin_run(text, date);
	_tiering.check_commits();
	_tiering.fail_run(bigint, text, text);
	_tiering.raise_again(text, text, text, text);
	void_assessment(text, date, text);
	request_void(text, date, text)
$list$);
INSERT INTO walk.decided VALUES ('function', 'plan', $list$
	simulate(text, integer, date);
	simulate_limits(text, integer, date);
	simulate_benefits(text, integer, date);
	simulate_staffing(text, integer, date)
$list$);
INSERT INTO walk.decided VALUES ('function', 'author', $list$
	distribute_schemes();
	schemes_on_workers();
	_tiering.cell_bounds(numeric[], integer);
	_tiering.check_document(jsonb);
	_tiering.check_keys(jsonb, text, text[]);
	_tiering.check_matrix(text, numeric[], text, numeric[], text[], text[]);
	_tiering.check_finite(text, numeric[]);
	_tiering.check_metric_name(text, text);
	_tiering.check_rising(text, numeric[]);
	copy_scheme(text, text);
	_tiering.copy_version(text, integer, text, integer);
	create_ladder(text, text, text[], numeric[], text);
	create_matrix(text, text, numeric[], text, numeric[], text[], text[]);
	_tiering.document_list(jsonb, text, text);
	_tiering.document_rules(jsonb, integer);
	drop_scheme(text, text);
	_tiering.import_benefits(jsonb, text, integer);
	_tiering.named_roles(jsonb, text);
	_tiering.import_definition(jsonb, text, integer);
	import_scheme(jsonb, text);
	import_version(jsonb, text);
	load_preset(text, text, jsonb);
	_tiering.new_draft(text, text);
	new_scheme(text, text, text, text, text);
	new_version(text, text);
	publish(text, date);
	request_publication(text, date, text);
	unpublish(text, integer, text);
	validate_overrides(text, integer, date)
$list$);
INSERT INTO walk.decided VALUES ('function', 'bind', $list$
	set_dimensions(text, text);
	_tiering.checked_dimensions(text, text);
	_tiering.dimension_names(text, text);
	_tiering.dimension_columns(text[]);
	_tiering.dimension_check(text, text);
	keep_assessments(text, text, interval);
	set_limits(text, numeric, numeric, numeric, text, numeric);
	_tiering.checked_control(text, text);
	_tiering.control_check(text, text);
	_tiering.checked_query(text, text, text);
	_tiering.findings_check(text, text);
	set_checks(text, text);
	set_series(text, text);
	set_source(text, text);
	_tiering.source_check(text, text, boolean);
	_tiering.source_columns(text, integer)
$list$);
INSERT INTO walk.decided VALUES ('function', 'load', $list$
	rename_customer(text, text, text, date, text);
	merge_customers(text, text, text[], date, text, text);
	_tiering.append_marks(text, text[], date[]);
	_tiering.calendar_lines(text);
	_tiering.first_changes(text, text, text, text, text, text[]);
	load_calendar(text, text);
	load_history(text, text);
	_tiering.mark_changes();
	mark_dirty(text, text, date);
	_tiering.row_days(regclass, text[]);
	unwatch_table(text, regclass);
	watch_table(text, regclass, text, text[], text[]);
	_tiering.watch_trigger(text, text);
	_tiering.watched_for(bytea)
$list$);
INSERT INTO walk.decided VALUES ('function', 'nobody', $list$
	_tiering.assessments_on_workers(text);
	_tiering.bind_shards(jsonb, jsonb);
	_tiering.bridge_on_workers(text, date, date);
	_tiering.can_refresh(jsonb);
	_tiering.check_common(text, date[]);
	_tiering.check_own_customers(text, jsonb);
	_tiering.check_shards(text, text[], _tiering.shard[]);
	_tiering.common_days(text);
	_tiering.distribution_on_workers(text, date);
	_tiering.matrix_on_workers(text, date, date);
	_tiering.own_shards(jsonb);
	_tiering.published_digest(text);
	_tiering.refresh_on_workers(text, date, boolean, boolean);
	_tiering.refresh_order(text, date, boolean, boolean);
	_tiering.refresh_shards(jsonb);
	_tiering.refuse_moved(text, int8multirange);
	_tiering.shard_sources(text, text);
	_tiering.shards_of(text[]);
	_tiering.summary_on_workers(text);
	_tiering.union_of(text[]);
	_tiering.with_tables(text, text[], text[]);
	_tiering.worker_days(text);
	_tiering.worker_rows(text, jsonb);
	_tiering.answer(text, jsonb);
	_tiering.ask_workers(text);
	_tiering.check_workers();
	_tiering.defining_tables();
	_tiering.distribute_schemes();
	_tiering.has_workers();
	_tiering.installed();
	_tiering.published_digests();
	_tiering.published_rows(text);
	_tiering.receive_definition(text, jsonb);
	_tiering.receive_event(tiering.publication, jsonb);
	_tiering.receive_scheme(text, jsonb);
	_tiering.receive_schemes(jsonb);
	_tiering.receive_version(tiering.publication, jsonb);
	_tiering.refuse_answers(text, text[], text, text);
	_tiering.refuse_in_use(text);
	_tiering.refuse_written();
	_tiering.remove_scheme(text);
	_tiering.schemes_on_workers();
	_tiering.warn_of_workers(text);
	_tiering.worker_answers(text, jsonb);
	_tiering.check_merge(text, text[], date, text, text);
	_tiering.check_merging(text, text[], date);
	_tiering.check_new_number(text, text, text, date);
	_tiering.check_overrides(text, text[], date);
	_tiering.first_merging(text, text[]);
	_tiering.joined_since(text, date);
	_tiering.merge_customers(text, text, text[], date, text, text);
	_tiering.merged_cells(text, date, date, timestampwithtimezone, text,
		tiering.kept_assessment, tiering.kept_assessment);
	_tiering.persons(text, text[], date);
	_tiering.refuse_unknown(text, text);
	_tiering.whose_tier(text, text, text[], text);
	_tiering.write_merge(text, text, text[], date, text, integer);
	_tiering.check_rename(text, text, date, text);
	_tiering.check_renamed(text, text, date);
	_tiering.check_forget(text, text, bigint);
	_tiering.forget(text, text);
	_tiering.forget_customer(text, text, text);
	_tiering.bring_back(text, integer);
	_tiering.hand_over(text, integer);
	_tiering.has_moves(text);
	_tiering.keep_checkpoint(text, date, integer);
	_tiering.last_before(text, date);
	_tiering.archive_moves(text, date);
	_tiering.refuse_archived(text, date);
	archive_moves(text, date);
	_tiering.refuse_forgotten(text, date, text[]);
	_tiering.replace_numbers(text, text[], text[]);
	_tiering.seal_anew(text, text[], integer);
	_tiering.graded_rows(text, date, integer, text[]);
	_tiering.percent_limit(numeric);
	_tiering.is_next(integer, _tiering.lack);
	_tiering.next_lacks(text, integer, text[], numeric[], integer);
	_tiering.least_to_stay(text, integer, text[], numeric[], integer);
	_tiering.tier_of(text, integer, text[], numeric[], integer);
	_tiering.tier_with(text, integer, text[], numeric[], text, numeric, integer);
	_tiering.source_amounts(text, date, integer, text[]);
	_tiering.amounts_told(text, date, integer, text[]);
	_tiering.series_rows(uuid, date, text[]);
	_tiering.balance_needed(tiering.daily_series, numeric, daterange, date, boolean);
	_tiering.held_flat(tiering.daily_series, daterange, date);
	_tiering.held_on(text, text, date, integer);
	_tiering.refuse_repeated_series(text, text);
	_tiering.is_period(daterange);
	_tiering.refuse_in_series(text, text, daterange);
	_tiering.projections(text, date, text[]);
	_tiering.projected(text, date, integer, text[]);
	_tiering.decided_about(text, text, date);
	_tiering.benefits_told(text, integer, text);
	_tiering.measured(text, text, date, integer, integer);
	_tiering.told_of(text, text, date, integer);
	_tiering.shortfall(text, bigint, text[]);
	_tiering.cheapest_first(text, bigint, text[]);
	_tiering.shortfall_rows(text, date, integer);
	_tiering.shortfall_rows(text, date, integer, text[], bigint);
	_tiering.hand_overs(text, integer, bigint);
	_tiering.number_days(text);
	_tiering.number_now(text, text);
	_tiering.numbers_seen(text, oid);
	_tiering.numbers_asked(text, text[], date);
	_tiering.numbers_ever(text, text[]);
	_tiering.has_aliases(text);
	_tiering.numbers_now(text, text[]);
	_tiering.numbers_told(text, date, text[]);
	_tiering.record_hand_overs(text, integer, bigint);
	_tiering.rename_customer(text, text, text, date, text);
	_tiering.ahead(text, date);
	after_replication();
	_tiering.amend_assessment(text, date, integer, bigint);
	_tiering.amend_assessments(text, bigint);
	_tiering.amend_distribution(text, date, _tiering.tier_sum[]);
	_tiering.apply_decision(tiering.request, text);
	_tiering.approved_moves(text, date);
	_tiering.assessed(text, date, integer, date, text[], integer, boolean);
	_tiering.assessed_after(text, text[], date, date);
	_tiering.assignment_before(text, text, date);
	_tiering.assignments_for(text, date, boolean, text[]);
	_tiering.sessions(integer[]);
	_tiering.refuse_held(text);
	_tiering.blocking_sessions(xid);
	_tiering.prepared_transactions(xid[]);
	_tiering.cell_counts(text, date, integer, _tiering.assessed_cell[]);
	_tiering.changes_by_hand(text);
	_tiering.check_by_hand(text, integer);
	_tiering.refuse_unrecorded(text);
	_tiering.refuse_nobody(text, date, boolean);
	_tiering.check_cells(text, date, integer, text[], bigint, _tiering.assessed_cell[]);
	_tiering.check_setter();
	_tiering.check_void(tiering.source, date, text);
	_tiering.circumstances(text, integer, date, date, text[], integer);
	_tiering.classify_support(internal);
	_tiering.customer_count(text);
	_tiering.daily_avg_accum(internal, numeric, date, date, daterange);
	_tiering.daily_avg_accum(internal, numeric, daterange, daterange);
	_tiering.daily_avg_changes_accum(internal, numeric, date, daterange);
	_tiering.account_changes_combine(internal, internal);
	_tiering.account_changes_deserialize(bytea, internal);
	_tiering.account_changes_final(internal);
	_tiering.account_changes_final_days(internal);
	_tiering.account_changes_serialize(internal);
	_tiering.account_days_deserialize(bytea, internal);
	_tiering.account_days_final(internal);
	_tiering.account_days_final_days(internal);
	_tiering.daily_avg_changes_accum(internal, numeric, date, daterange, text);
	_tiering.daily_avg_changes_accum(internal, numeric, date, anycompatible, daterange, text);
	_tiering.daily_avg_changes_accum(internal, anyelement, numeric, date, daterange, text);
	_tiering.daily_avg_changes_accum(internal, anyelement, numeric, date, anycompatible,
		daterange, text);
	_tiering.daily_avg_snapshots_accum(internal, numeric, date, daterange, text);
	_tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date, daterange, text);
	_tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date, anycompatible,
		daterange, text);
	_tiering.account_series_deserialize(bytea, internal);
	_tiering.account_series_final_changes(internal);
	_tiering.account_series_final_snapshots(internal);
	_tiering.account_snapshots_final(internal);
	_tiering.account_snapshots_final_days(internal);
	_tiering.daily_avg_changes_accum(internal, anyelement, numeric, date, anycompatible, daterange);
	_tiering.daily_avg_changes_accum(internal, anyelement, numeric, date, daterange);
	_tiering.daily_avg_changes_accum(internal, numeric, date, anycompatible, daterange);
	_tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date, anycompatible,
		daterange);
	_tiering.daily_avg_snapshots_accum(internal, anyelement, numeric, date, daterange);
	_tiering.daily_series_changes_accum(internal, anyelement, numeric, date);
	_tiering.daily_series_changes_accum(internal, anyelement, numeric, date, anycompatible);
	_tiering.daily_series_changes_accum(internal, numeric, date, anycompatible);
	_tiering.daily_series_snapshots_accum(internal, anyelement, numeric, date);
	_tiering.daily_series_snapshots_accum(internal, anyelement, numeric, date, anycompatible);
	_tiering.daily_avg_changes_combine(internal, internal);
	_tiering.daily_avg_changes_deserialize(bytea, internal);
	_tiering.daily_avg_changes_final(internal);
	_tiering.daily_avg_changes_final_days(internal);
	_tiering.daily_avg_changes_serialize(internal);
	_tiering.daily_avg_combine(internal, internal);
	_tiering.daily_avg_deserialize(bytea, internal);
	_tiering.daily_avg_final(internal);
	_tiering.daily_avg_final_days(internal);
	_tiering.daily_avg_flows_accum(internal, numeric, date, daterange);
	_tiering.daily_avg_serialize(internal);
	_tiering.daily_avg_snapshots_accum(internal, numeric, date, daterange);
	_tiering.daily_series_accum(internal, numeric, date, date);
	_tiering.daily_series_accum(internal, numeric, daterange);
	_tiering.daily_series_changes_accum(internal, numeric, date);
	_tiering.daily_series_combine(internal, internal);
	_tiering.daily_series_deserialize(bytea, internal);
	_tiering.daily_series_final(internal);
	_tiering.daily_series_final_changes(internal);
	_tiering.daily_series_flows_accum(internal, numeric, date);
	_tiering.daily_series_in(cstring);
	_tiering.daily_series_out(tiering.daily_series);
	_tiering.daily_series_recv(internal);
	_tiering.daily_series_serialize(internal);
	_tiering.daily_series_snapshots_accum(internal, numeric, date);
	_tiering.decide(text, integer, text, date, date, text, date, integer, text, date, date, integer,
		text, text, date, date, boolean, text, text[], text, _tiering.override_days[], integer,
		text);
	_tiering.decided(bigint, text, date);
	_tiering.differing_days(_tiering.replayed_move[]);
	enable_triggers();
	_tiering.examine_draft(text, integer, date);
	_tiering.freeze_definition();
	_tiering.freeze_version();
	_tiering.graded(text, date, integer, text[]);
	_tiering.graded_again(text, text[], date[], boolean, _tiering.graded_row[]);
	_tiering.graded_before(text, date, integer);
	_tiering.graded_by(text, date);
	_tiering.has_graded(text, integer);
	_tiering.insert_ecb_rate();
	_tiering.is_login(oid, text);
	_tiering.notify(text, text, date, json);
	_tiering.is_hidden(tiering.request);
	_tiering.is_person(oid, text, oid, text);
	_tiering.keep_distribution(text, date, integer, integer, _tiering.tier_sum[]);
	_tiering.keep_editions(text, boolean, integer, _tiering.edition_part[]);
	_tiering.keep_requests(text, date, text[], _tiering.asking[]);
	_tiering.last_assessed(text, text);
	_tiering.last_move();
	_tiering.last_entry(text, text[], date, date);
	_tiering.last_entry_of(text, text, date, date);
	_tiering.last_own(text);
	_tiering.lock_draft(text);
	_tiering.lock_request(bigint, text);
	_tiering.due_step(tiering.request);
	_tiering.check_approver(tiering.request, integer);
	_tiering.check_override(tiering.request, date);
	_tiering.check_request(tiering.request, date);
	_tiering.check_publication(tiering.request, date);
	_tiering.draft_digest(text, integer);
	_tiering.keep_four_eyes();
	_tiering.note_author(text, integer);
	_tiering.note_draft();
	_tiering.publishable(text, date);
	_tiering.put_in_force(text, integer, date, text);
	_tiering.request_publication(text, date, text);
	_tiering.set_four_eyes(text, boolean, text, regrole[]);
	_tiering.withdraw_publication(text, text);
	_tiering.override_approvers(text, text);
	_tiering.lock_source(text);
	_tiering.measures_before(text, date, text[]);
	_tiering.migration_counts(text, date, date, timestampwithtimezone);
	_tiering.next_batch(text);
	not_dumped();
	_tiering.next_edition(text, date);
	_tiering.notify_refresh(tiering.refresh_result);
	_tiering.notify_restatement(tiering.restate_result);
	_tiering.occasions(text, text[], date[], boolean, _tiering.graded_row[]);
	_tiering.otherwise(text, date, date, text[], integer);
	_tiering.override_tiers(text, integer, date);
	_tiering.overrides_between(text, integer, date, date);
	_tiering.overrides_left_out(text, integer, date, date);
	_tiering.own_assessments(text);
	_tiering.own_between(text);
	_tiering.is_by_hand(oid, text);
	_tiering.refuse_locked(text, xid);
	_tiering.seal_by_hand(text, integer, bigint);
	_tiering.record_by_hand();
	_tiering.record_publication(text, text, integer, date, text, bytea, jsonb);
	_tiering.refuse_ahead(date, boolean);
	_tiering.refuse_by_hand(tiering.assignment, text, text);
	_tiering.way_by_hand(text, text, text, text, integer, text);
	_tiering.refuse_frozen(text, integer, boolean);
	_tiering.refuse_in_source();
	_tiering.refuse_inserted();
	_tiering.refuse_altered();
	_tiering.refuse_lent();
	_tiering.refuse_repeated(text, text);
	_tiering.refuse_repeated(text, date, integer, text[]);
	_tiering.refuse_rewrite();
	_tiering.refuse_second_draft(text);
	_tiering.refuse_version(text, integer, date);
	_tiering.refuse_tier(text, integer, text);
	_tiering.refuse_truncate();
	_tiering.refuse_unpublish(tiering.scheme_version);
	_tiering.repeat_assessment(text, date, integer);
	_tiering.differing(text, date, integer);
	_tiering.on_record(text, date);
	_tiering.graded_differing(text, date, integer, bytea, text[]);
	_tiering.in_buckets(text, bytea);
	_tiering.keep_digest(tiering.kept_assessment, integer, bytea);
	_tiering.digest_before(tiering.kept_assessment, integer);
	_tiering.all_earn(text, integer);
	_tiering.state_kept(tiering.kept_assessment, integer, bytea);
	_tiering.is_untouched(tiering.kept_assessment, integer, bigint);
	_tiering.last_events(text);
	_tiering.summarize(smallint);
	_tiering.replay(text, date, text, text[], date[], text, date, _tiering.graded_row[]);
	_tiering.replay_start(text, text, date, boolean);
	_tiering.replayed(text, text[], date[], boolean, _tiering.graded_row[]);
	_tiering.report_stage(text, date, text);
	_tiering.run_assessment(text, text, date, integer, text[]);
	_tiering.seal_batch(text, integer, text, date, bigint);
	_tiering.settle_by_hand();
	_tiering.shown_customer(text);
	_tiering.simulated_cells(text, integer, date);
	_tiering.simulated_day(text, integer, date);
	_tiering.source_rows(text, date);
	_tiering.source_rows(text, date, text[]);
	_tiering.source_yields(text, date, integer);
	_tiering.steps(_tiering.verdict);
	_tiering.notes(_tiering.verdict);
	_tiering.stood_on(text, date, integer);
	_tiering.take_draft(text);
	_tiering.take_turn(text, boolean);
	_tiering.tier_sums(text, date, integer);
	_tiering.approve(bigint, text);
	_tiering.assess(text, date, text[], text);
	_tiering.change_role(regrole, text, boolean, boolean);
	_tiering.check_right(regrole, text);
	_tiering.check_confined(text, text, text, text);
	_tiering.confine(regrole, text, text, text);
	_tiering.check_reader(text);
	_tiering.check_reads_whole(text, text);
	_tiering.merged_moves(text);
	_tiering.origin_counts(text, text[], boolean);
	_tiering.origins(text, text[]);
	_tiering.sees(oid, text, text, date);
	_tiering.seen(oid, text, date);
	_tiering.has_policies(regclass, oid);
	_tiering.visible_rows(regclass, text, oid);
	_tiering.found_rows(regclass, text, oid);
	_tiering.is_bound(oid);
	_tiering.granted_all(oid);
	_tiering.granted(oid, text);
	_tiering.granted_customer(oid, text, text, date);
	_tiering.let_through(oid, text);
	_tiering.distribution_seen(text, oid);
	_tiering.cells_seen(text, date);
	_tiering.check_owner(text);
	_tiering.drop_scheme(text, text);
	_tiering.end_override(bigint, date, text);
	_tiering.entry_after(text, integer, text, date, integer, text, date, date, integer, text,
		text, date, date, date, date[]);
	_tiering.grant_role(regrole, text, text, text, text);
	_tiering.publish(text, date);
	_tiering.recount(text);
	_tiering.refresh(text, date, boolean, boolean);
	_tiering.write_limits(text, numeric, numeric, numeric, text, numeric);
	_tiering.control_rows(text, date);
	_tiering.findings_rows(text, date);
	_tiering.told_findings(text, date);
	_tiering.heed_checks(text, date, boolean);
	_tiering.write_checks(text, text);
	_tiering.off_control(text, date);
	_tiering.limit_shares(text, bigint, bigint, bigint, bigint);
	_tiering.beyond_limits(tiering.refresh_result);
	_tiering.largest_moves(text, text[]);
	_tiering.heed_limits(tiering.refresh_result, boolean);
	_tiering.may_read_customers();
	_tiering.reject(bigint, text);
	_tiering.request_override(text, text, text, text, daterange, text);
	_tiering.restate(text, date, text[]);
	_tiering.restate_dirty(text);
	_tiering.revoke_role(regrole, text, text, text, text);
	_tiering.rights_missing(name, text);
	_tiering.unpublish(text, integer, text);
	_tiering.void_assessment(text, date, text);
	_tiering.take_back(text, date, text);
	_tiering.request_void(text, date, text);
	_tiering.withdraw(bigint, text);
	_tiering.touched(text, date);
	_tiering.touches(text, text, date);
	_tiering.noted_since(text, date);
	_tiering.days_to_amend(text, date);
	_tiering.rows_called(text, integer);
	_tiering.called(text, integer, text, integer);
	_tiering.unpublish_hint(text, integer);
	_tiering.verdicts(text, text, date, integer, date, text[], integer, text[], bigint, text,
		tiering.kept_assessment, numeric[]);
	_tiering.beside(text, date, integer, text[], boolean);
	_tiering.book(text, date, integer, date, text[], integer, boolean);
	_tiering.plain_book(text, date, integer, date, text[], boolean);
	_tiering.judged(text, integer, date, date, text[], integer, boolean, text[], numeric[],
		smallint, regclass, timestampwithtimezone, boolean, boolean);
	_tiering.part_of(smallint);
	_tiering.wilson(bigint, bigint);
	_tiering.write_binding(text, text, boolean);
	_tiering.replayed_days(text, text[], date[], text, _tiering.graded_row[]);
	_tiering.keep_days(text, text[], date[], text, integer, date, _tiering.graded_row[]);
	_tiering.keep_moves(text, text[], date[], text, integer, date, _tiering.graded_row[]);
	_tiering.replayed_steps(text, date, _tiering.verdict, integer, integer, text, text);
	_tiering.write_replay(text, text[], date[], text, integer, date, date, _tiering.graded_row[]);
	_tiering.write_verdicts(text, text, date, integer, date, text[], integer, text[], bigint, text,
		integer, tiering.kept_assessment, numeric[]);
	_tiering.begin_assessment(text, date);
	_tiering.assessed_days(text, date, date);
	_tiering.begin_by_hand(text);
	_tiering.begin_own(text, date);
	_tiering.own_kept(text);
	_tiering.earned_again(text, date, integer);
	_tiering.held_before(text, date, integer, text[]);
	_tiering.has_draft(text);
	_tiering.keep_again(text, date, integer);
	_tiering.keep_own(text, text[], date[], text, _tiering.graded_row[]);
	_tiering.current_measures(text, text[]);
	_tiering.empty_slots(smallint[]);
	_tiering.in_block();
	_tiering.limit_waiting();
	_tiering.keep_assessments(text, text, interval);
	_tiering.keep_or_drop(text);
	_tiering.keeping_of(text);
	_tiering.is_amended(tiering.kept_assessment);
	_tiering.is_near(numeric);
	_tiering.is_unsure(numeric, numeric);
	_tiering.near_edges(text, integer);
	_tiering.near_counts(text, integer, numeric[], _tiering.counted_cell[]);
	_tiering.keep_near(text, date, integer, numeric[], _tiering.counted_cell[]);
	_tiering.kept_near(text);
	_tiering.counted_near(text);
	_tiering.near_now(text);
	_tiering.left_behind(text, date, date);
	_tiering.page_cells(text, date, date);
	_tiering.has_amendments(tiering.kept_assessment);
	_tiering.measure_part(numeric, numeric[]);
	_tiering.assessed_cells(_tiering.counted_cell[]);
	_tiering.kept_cells(text, date, date, timestampwithtimezone, text,
		tiering.kept_assessment, tiering.kept_assessment, text[], text[]);
	_tiering.is_kept(text, interval, date, date, date);
	_tiering.lock_scheme(text);
	_tiering.loaded_until(text);
	_tiering.refuse_loaded(text, date);
	_tiering.history_rows(text, text);
	_tiering.loaded(text, text);
	_tiering.refuse_row(text, _tiering.loaded);
	_tiering.loaded_to_keep(text, date[]);
	_tiering.keep_loaded(text, text);
	_tiering.write_history(text, text, integer);
	_tiering.check_empty(text);
	_tiering.load_history(text, text);
	_tiering.not_to_keep(text);
	_tiering.slot_to_write(text, date);
	_tiering.unused_slots();
	_tiering.edition_of_sums(text, date);
	_tiering.last_amendment(text, date);
	_tiering.last_base(text, date);
	_tiering.moved_in(text, bigint, date, integer);
	_tiering.stood_as_kept(text, date, timestampwithtimezone);
	_tiering.stood_with(text, date, timestampwithtimezone);
	_tiering.cells(text, date, date, timestampwithtimezone, text);
	_tiering.named_cells(text, date, date, timestampwithtimezone, text);
	_tiering.matrix(text, date, date, timestampwithtimezone, text, _tiering.cell[]);
	_tiering.bridge(text, date, date, timestampwithtimezone, text, _tiering.cell[]);
	_tiering.dimension_on(text, text, date);
	_tiering.dimension_counts(tiering.kept_assessment, boolean, text, text, date, text[]);
	_tiering.told_value(text, text);
	_tiering.unmeasured(text, numeric, text, numeric);
	_tiering.analyze_assignment(bigint);
	_tiering.record_run(text, text, date, timestampwithtimezone, jsonb);
	_tiering.check_dimension(text, text);
	_tiering.customers_on(text, date);
	_tiering.report_day(text, date);
	_tiering.distribution_by(text, text, date, integer, text[]);
	_tiering.dimension_rows(text, date, text[], integer[], bytea, text[]);
	_tiering.dimension_places(text, text[]);
	_tiering.write_dimensions(text, text, text[]);
	_tiering.drop_dimensions(text, date);
	_tiering.refuse_dimensions(text, text);
	_tiering.refuse_repeated_dimensions(text, date);
	_tiering.place_dimensions(text, text[]);
	_tiering.come_or_gone(text, date);
	_tiering.no_customers(text, text[]);
	_tiering.several_numbers(text, date);
	_tiering.dimension_differences(text, date, text[], text[], text[]);
	_tiering.change_dimensions(text, date, text[], text[], text[]);
	_tiering.told_since(date, text[], text[], date[]);
	_tiering.keep_dimensions(text, date);
	_tiering.rename_dimensions(text, text, text);
	_tiering.html(text);
	_tiering.page_number(numeric, integer);
	_tiering.page_name(text, text, text);
	_tiering.page_title(text);
	_tiering.page_word(text);
	_tiering.page_measure(text, integer);
	_tiering.page_percent(numeric);
	_tiering.page_section(text, text, text);
	_tiering.page_columns(text[]);
	_tiering.page_row(text, text[]);
	_tiering.page_table(text, text);
	_tiering.page_frame(text, text);
	_tiering.page_tiers(text, date);
	_tiering.page_bar(numeric, text);
	_tiering.page_distribution(text, date);
	_tiering.page_days(text, date);
	_tiering.page_stacks(text, date);
	_tiering.page_development(text, date);
	_tiering.page_matrix(text, date, date, _tiering.cell[]);
	_tiering.page_waterfall(numeric, numeric, numeric, numeric, numeric);
	_tiering.page_bridge(text, date, date, _tiering.cell[]);
	_tiering.page_lorenz(text, date);
	_tiering.page_near(text, date);
	_tiering.page_staffing(text, date);
	_tiering.page_by(text, text, date);
	_tiering.page_quality(text, date);
	_tiering.page_way(text, text);
	_tiering.page_steps(text, text);
	_tiering.renamed_cells(text, date, date, timestampwithtimezone, text, _tiering.cell[]);
	_tiering.normal_quantile();
	_tiering.tiers_as_of(text, date, timestampwithtimezone);
	_tiering.index_share(bigint, numeric);
	_tiering.tier_spells(text, text, date, timestampwithtimezone);
	_tiering.spell_length(date, date, text);
	_tiering.check_survivors(text, text, text, integer);
	_tiering.refuse_unknown_tier(text, text, integer, text[]);
	_tiering.check_forecast(integer, daterange, numeric);
	_tiering.check_observed(text, daterange, timestampwithtimezone);
	_tiering.last_known(text, timestampwithtimezone);
	_tiering.refuse_entries(text, daterange);
	_tiering.simulated_heads(text, integer, date);
	_tiering.kept_by_year(text, timestampwithtimezone);
	_tiering.check_span(text, date, date);
	_tiering.write_void(text, date, integer);
	_tiering.write_versions(text, date);
	_tiering.approvers_disagree(jsonb, jsonb);
	_tiering.assessment_disagrees(text);
	_tiering.sums_missing(text);
	_tiering.last_graded(text);
	_tiering.assessments(text, boolean);
	_tiering.assignment_disagrees(text);
	_tiering.batch_digests(text, integer, bigint);
	_tiering.batch_of(tiering.kept_assessment);
	_tiering.became(text, date, integer);
	_tiering.became_one(text, text, date, integer);
	_tiering.cells_on(text, date, boolean);
	_tiering.checkpoint_digests(text, integer);
	_tiering.days_moved(text, date);
	_tiering.first_touched(text, integer, bigint);
	_tiering.keep_matrix(text);
	_tiering.make_matrix_due(text, date);
	_tiering.matrix_days(text);
	_tiering.matrix_disagrees(text);
	_tiering.near_disagrees(text);
	_tiering.matrix_due(text);
	_tiering.matrix_on(text, date, boolean);
	_tiering.definition_digest(text, integer);
	_tiering.has_failed(text, date, text, text);
	_tiering.told_near(uuid, text, oid);
	_tiering.told_projected(uuid, text, oid);
	_tiering.names_in(text, integer);
	_tiering.directions_in(text, integer[]);
	_tiering.kept(text, date, timestampwithtimezone);
	_tiering.kept_of(text, date[], text[]);
	_tiering.kept_rows(tiering.kept_assessment, timestampwithtimezone, boolean);
	_tiering.known_batch(text, timestampwithtimezone);
	_tiering.known_distribution(timestampwithtimezone);
	_tiering.known_moves(text, timestampwithtimezone);
	_tiering.last_assessment(text, date);
	_tiering.last_checkpoint(text);
	_tiering.last_void(text, date, timestampwithtimezone);
	_tiering.may_be(oid, oid);
	_tiering.merged(text, integer);
	_tiering.merges(text, integer);
	_tiering.move_digests(text, integer, bigint);
	_tiering.move_mark(bytea, uuid, text);
	_tiering.moved_about(text, date, date, date, boolean);
	_tiering.moves_about(text, date, date, date);
	_tiering.moves_called(text, _tiering.moved[], integer);
	_tiering.moves_of(text, text);
	_tiering.named_by(text, date, timestampwithtimezone);
	_tiering.newest_by(text, date, timestampwithtimezone);
	_tiering.noted_disagrees(text);
	_tiering.number_changes(text);
	_tiering.numbers_disagree(text);
	_tiering.numbers_known(text, text, timestampwithtimezone);
	_tiering.person(text, text);
	_tiering.person_moves(text, timestampwithtimezone);
	_tiering.recorded_approvers(text, integer);
	_tiering.recorded_roles(regrole[], text);
	_tiering.renamed(text, integer[], integer);
	_tiering.reopen(text, integer, date);
	_tiering.retire_last(text, date);
	_tiering.revoke_shown(regrole);
	_tiering.seal(bytea, tiering.batch, bytea);
	_tiering.sealed_publications(text, integer);
	_tiering.shard_nodes(text);
	_tiering.stayed_on(text, date, date, date, integer, _tiering.moved[]);
	_tiering.taken_back_by(text, date, integer);
	_tiering.verified_from(text, boolean, integer);
	_tiering.version_disagrees(text)
$list$);
INSERT INTO walk.decided VALUES ('relation', 'public', $list$
	asset_weight SELECT;
	benefit SELECT;
	tier_benefit SELECT;
	calendar_day SELECT;
	draft_author SELECT;
	ecb_rate SELECT;
	fx_max_age SELECT;
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
	tier SELECT;
	trusted_login SELECT
$list$);
INSERT INTO walk.decided VALUES ('relation', 'report', $list$
	run SELECT;
	last_run SELECT;
	current_dimension SELECT;
	customer_dimension SELECT;
	kept_dimension SELECT;
	target SELECT;
	target_actual SELECT;
	assessment SELECT;
	customer_alias SELECT;
	checkpoint SELECT;
	forgotten SELECT;
	former_number SELECT;
	sealed_before SELECT;
	kept_assessment SELECT;
	keeping SELECT;
	source_check SELECT;
	assignment SELECT;
	batch SELECT;
	benefit_cost SELECT;
	customer_tier_history SELECT;
	decision SELECT;
	dirty SELECT;
	dirty_customer SELECT;
	distribution_history SELECT;
	measure_bound SELECT;
	migration SELECT;
	migration_matrix SELECT;
	migration_summary SELECT;
	near_downgrade SELECT;
	near_upgrade SELECT;
	projected_tier SELECT;
	pareto SELECT;
	request SELECT;
	request_state SELECT;
	staffing SELECT;
	standing_move SELECT;
	superseded SELECT;
	current_tier SELECT;
	tier_distribution SELECT;
	tier_distribution_history SELECT;
	tier_origin SELECT;
	tier_rollup SELECT;
	watch_history SELECT
$list$);
INSERT INTO walk.decided VALUES ('relation', 'author', $list$
	target INSERT+UPDATE+DELETE;
	asset_weight SELECT+INSERT+UPDATE+DELETE;
	benefit SELECT+INSERT+UPDATE+DELETE;
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
	dimensions_source SELECT;
	refresh_check SELECT;
	refresh_limit SELECT;
	series_source SELECT(scheme, query, set_by, set_at, settings)+DELETE;
	source SELECT
$list$);
INSERT INTO walk.decided VALUES ('relation', 'hand', $list$
	assignment SELECT(scheme, customer_id, tier, as_of, since, version)+INSERT(scheme,
		customer_id, tier, as_of, since, version)+UPDATE(tier, as_of)+DELETE
$list$);
INSERT INTO walk.decided VALUES ('relation', 'load', $list$
	calendar_day SELECT+INSERT+UPDATE+DELETE;
	ecb_rate SELECT+INSERT;
	fx_max_age SELECT+INSERT+UPDATE+DELETE;
	fx_rate SELECT+INSERT+UPDATE+DELETE
$list$);
INSERT INTO walk.decided VALUES ('relation', 'dump', $list$
	assessment_kept SELECT;
	assessment_1 SELECT;
	assessment_2 SELECT;
	assessment_3 SELECT;
	assessment_4 SELECT;
	matrix_cell SELECT;
	matrix_due SELECT;
	near_sum SELECT;
	source_digest SELECT;
	dimension_digest SELECT;
	dirty_mark_seq SELECT;
	source_check_entry_seq SELECT;
	run_run_seq SELECT;
	migration_move_seq SELECT;
	tiering_archive.batch SELECT;
	tiering_archive.migration SELECT;
	tiering_archive.superseded SELECT;
	own_assessment SELECT;
	request_request_seq SELECT;
	report_right SELECT;
	series_source SELECT(key);
	voided SELECT;
	watch_history_entry_seq SELECT
$list$);
INSERT INTO walk.decided VALUES ('relation', 'nobody', $list$
	benefit_had;
	customer_now;
	move_now;
	request_now;
	dirty_now;
	distribution_now;
	drafting;
	fall_bound;
	measure_rule;
	near_version;
	next_bound;
	spell;
	view_key;
	watched_now;
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
SELECT p.oid, regexp_replace(regexp_replace(p.oid::regprocedure::text, '^tiering\.', ''),
	'\s', '', 'g') AS object
FROM pg_proc p
WHERE p.pronamespace IN ('tiering'::regnamespace, '_tiering'::regnamespace);
CREATE VIEW walk.relation AS
SELECT c.oid, CASE WHEN c.relnamespace = 'tiering_archive'::regnamespace
		THEN 'tiering_archive.' ELSE '' END || c.relname AS name, c.relkind FROM pg_class c
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relnamespace IN (
	'tiering'::regnamespace, '_tiering'::regnamespace, 'tiering_archive'::regnamespace);
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
	ELSE btrim(regexp_replace(regexp_replace(o, '\s+', ' ', 'g'), '([,(]) ', '\1', 'g')) END
	AS object
FROM walk.decided d, regexp_split_to_table(d.list, ';') o WHERE btrim(o, E' \t\n') <> '';

-- no object without a decision, and no decision without an object; nothing twice
SELECT 'has it, and nobody decided so' AS what, h.*
FROM (SELECT * FROM walk.had EXCEPT SELECT * FROM walk.told) h
UNION ALL
SELECT 'was decided, and has it not', t.*
FROM (SELECT * FROM walk.told EXCEPT SELECT * FROM walk.had) t
ORDER BY 1, 2, 3, 4;
SELECT kind, who, object FROM walk.told GROUP BY 1, 2, 3 HAVING count(*) > 1;
SELECT count(*) > 250 AS functions, count(*) FILTER (WHERE who = 'public') > 100 AS everybodys
FROM walk.told WHERE kind = 'function';
-- a function is in two lists only if it is there for two rights
SELECT object, string_agg(who, ', ' ORDER BY who) AS rights FROM walk.told
WHERE kind = 'function' GROUP BY object HAVING count(*) > 1;

-- Everybody may name what is in the three schemas, and nobody may put anything there.
SELECT r.who, n.nspname, p.privilege FROM walk.right r CROSS JOIN pg_namespace n
	CROSS JOIN (VALUES ('USAGE'), ('CREATE')) p(privilege)
WHERE n.nspname IN ('tiering', '_tiering', 'tiering_archive')
	AND has_schema_privilege(r.role, n.oid, p.privilege)
	AND p.privilege <> 'USAGE';

-- What is granted is looked at afterwards. A clerk owns grant_role() here, and has what
-- is to be granted, but cannot pass it on: GRANT only warns.
CREATE ROLE tiering_clerk;
CREATE ROLE tiering_novice;
BEGIN;
SELECT tiering.grant_role('tiering_clerk', 'load');
SELECT tiering.grant_role('tiering_clerk', 'plan');
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA _tiering TO tiering_clerk;
GRANT EXECUTE ON FUNCTION _tiering.acting_role() TO tiering_clerk;
ALTER FUNCTION tiering.grant_role(regrole, text, text, text, text) OWNER TO tiering_clerk;
SET LOCAL client_min_messages = error;
SELECT t.fails(format('SELECT tiering.grant_role(''tiering_novice'', %L)', what))
FROM (VALUES ('load'), ('plan')) w(what);
ROLLBACK;
SELECT has_table_privilege('tiering_novice', 'tiering.fx_rate', 'INSERT') AS novice_has_it;
-- each line of each right is looked at: of one who has nothing, all is missing
SELECT g.what, g.rights FROM tiering.role_grants() g
WHERE _tiering.rights_missing('tiering_novice', g.rights) IS NULL
	OR _tiering.rights_missing(('tiering walks ' || g.what)::name, g.rights) IS NOT NULL;
-- of columns too
GRANT INSERT, DELETE ON tiering.scheme_version TO tiering_novice;
GRANT UPDATE (everyone) ON tiering.scheme_version TO tiering_novice;
SELECT _tiering.rights_missing('tiering_novice', g.rights) AS missing
FROM tiering.role_grants() g WHERE g.rights ~ 'scheme_version$';

-- Only the extension's owner, in a statement of their own: not through a definer's
-- function, nor where somebody else's rights are in force for a while.
CREATE FUNCTION walk.lends(what text) RETURNS int LANGUAGE sql SECURITY DEFINER AS $$
	SELECT 1 FROM tiering.grant_role('tiering_novice', what)
$$;
ALTER FUNCTION walk.lends(text) OWNER TO tiering_novice;
GRANT USAGE ON SCHEMA t, walk TO tiering_novice;
SELECT t.fails($$SELECT walk.lends('report')$$);
SET SESSION AUTHORIZATION tiering_novice;
SELECT t.fails($$SELECT tiering.grant_role('tiering_novice', 'report')$$);
SELECT t.fails($$SELECT tiering.revoke_role('"tiering walks report"', 'report')$$);
SELECT t.fails($$SELECT _tiering.change_role('tiering_novice', 'report', true, false)$$);
RESET SESSION AUTHORIZATION;
SELECT has_table_privilege('tiering_novice', 'tiering.assignment', 'SELECT') AS novice_reads;

-- Who has no right to read customers is not told of one in an error.
CREATE FUNCTION walk.shown(customer_id text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT _tiering.shown_customer(customer_id)
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
