/*
 * Who may call what, and read what. Nobody may call anything that is not listed,
 * here for everyone or in roles.sql for a right: a function that nobody decided
 * about is nobody's. The test walk has the same table once more, by right.
 *
 * Everyone computes: aggregates, series, periods, rates, classify, and what tells
 * of schemes, which say nothing of any customer. All else takes a grant: to change
 * schemes, to read customers and reports, to set sources, to refresh.
 *
 * An invoker's function calls its parts with the caller's rights, so these are
 * listed too, apart. A definer's function needs no such thing. A name without
 * arguments is that of one function: another one of that name has to be decided on.
 *
 * This part comes after all that makes functions, but for the guard.
 */

REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA tiering, _tiering FROM PUBLIC;

GRANT USAGE ON SCHEMA tiering, _tiering, tiering_archive TO PUBLIC;
GRANT SELECT ON tiering.scheme, tiering.scheme_version, tiering.publication,
	tiering.draft_author, tiering.metric,
	tiering.tier, tiering.rule, tiering.score_weight, tiering.score_band, tiering.service,
	tiering.benefit, tiering.tier_benefit, tiering.policy, tiering.asset_weight, tiering.preset,
	tiering.fx_rate, tiering.ecb_rate, tiering.fx_max_age, tiering.calendar_day,
	tiering.trusted_login
	TO PUBLIC;

-- Aggregates. What they are made of takes no right but their owner's.
GRANT EXECUTE ON FUNCTION
	tiering.daily_avg(numeric, daterange, daterange),
	tiering.daily_avg(numeric, date, date, daterange),
	tiering.daily_avg_snapshots(numeric, date, daterange),
	tiering.daily_avg_flows(numeric, date, daterange),
	tiering.daily_avg_changes(numeric, date, daterange),
	tiering.balance_days(numeric, daterange, daterange),
	tiering.balance_days(numeric, date, date, daterange),
	tiering.balance_days_snapshots(numeric, date, daterange), tiering.balance_days_flows,
	tiering.balance_days_changes(numeric, date, daterange),
	tiering.daily_series(numeric, daterange),
	tiering.daily_series(numeric, date, date),
	tiering.daily_series_snapshots(numeric, date),
	tiering.daily_series_flows(numeric, date),
	tiering.daily_series_changes(numeric, date),
	tiering.sum(tiering.daily_series)
	TO PUBLIC;
GRANT EXECUTE ON FUNCTION
	tiering.daily_avg_changes(anyelement, numeric, date, daterange),
	tiering.daily_avg_changes(numeric, date, anycompatible, daterange),
	tiering.daily_avg_changes(anyelement, numeric, date, anycompatible, daterange),
	tiering.daily_avg_snapshots(anyelement, numeric, date, daterange),
	tiering.daily_avg_snapshots(anyelement, numeric, date, anycompatible, daterange),
	tiering.balance_days_changes(anyelement, numeric, date, daterange),
	tiering.balance_days_changes(numeric, date, anycompatible, daterange),
	tiering.balance_days_changes(anyelement, numeric, date, anycompatible, daterange),
	tiering.balance_days_snapshots(anyelement, numeric, date, daterange),
	tiering.balance_days_snapshots(anyelement, numeric, date, anycompatible, daterange),
	tiering.daily_series_changes(anyelement, numeric, date),
	tiering.daily_series_changes(numeric, date, anycompatible),
	tiering.daily_series_changes(anyelement, numeric, date, anycompatible),
	tiering.daily_series_snapshots(anyelement, numeric, date),
	tiering.daily_series_snapshots(anyelement, numeric, date, anycompatible)
	TO PUBLIC;

GRANT EXECUTE ON FUNCTION
	tiering.daily_avg_changes(numeric, date, daterange, text),
	tiering.daily_avg_changes(anyelement, numeric, date, daterange, text),
	tiering.daily_avg_changes(numeric, date, anycompatible, daterange, text),
	tiering.daily_avg_changes(anyelement, numeric, date, anycompatible, daterange, text),
	tiering.daily_avg_snapshots(numeric, date, daterange, text),
	tiering.daily_avg_snapshots(anyelement, numeric, date, daterange, text),
	tiering.daily_avg_snapshots(anyelement, numeric, date, anycompatible, daterange, text),
	tiering.balance_days_changes(numeric, date, daterange, text),
	tiering.balance_days_changes(anyelement, numeric, date, daterange, text),
	tiering.balance_days_changes(numeric, date, anycompatible, daterange, text),
	tiering.balance_days_changes(anyelement, numeric, date, anycompatible, daterange, text),
	tiering.balance_days_snapshots(numeric, date, daterange, text),
	tiering.balance_days_snapshots(anyelement, numeric, date, daterange, text),
	tiering.balance_days_snapshots(anyelement, numeric, date, anycompatible, daterange, text)
	TO PUBLIC;

-- Of one row
GRANT EXECUTE ON FUNCTION
	tiering.row_balance_days(numeric, daterange, daterange),
	tiering.row_balance_days(numeric, date, date, daterange)
	TO PUBLIC;

-- Checks: they run a query with the rights of whoever calls them
GRANT EXECUTE ON FUNCTION tiering.check_ranges, tiering.check_snapshots, tiering.check_changes,
	tiering.check_flows, tiering.check_rates, tiering.findings_summary
	TO PUBLIC;

-- Periods
GRANT EXECUTE ON FUNCTION tiering.month, tiering.month_to_date, tiering.quarter,
	tiering.quarter_to_date, tiering.half_year, tiering.half_year_to_date, tiering.year,
	tiering.year_to_date, tiering.fiscal_quarter, tiering.fiscal_quarter_to_date,
	tiering.fiscal_year, tiering.fiscal_year_to_date, tiering.rolling, tiering.business_days
	TO PUBLIC;

-- Series: what is asked of one, what makes another one of it, and the functions of
-- its casts, operators and operator classes. Reading and writing one takes no right.
GRANT EXECUTE ON FUNCTION
	tiering.daily_avg(tiering.daily_series, daterange, text),
	tiering.balance_days(tiering.daily_series, daterange),
	tiering.daily_avg_business, tiering.balance_days_business,
	tiering.value_on, tiering.minimum, tiering.maximum, tiering.days_at_least,
	tiering.first_day, tiering.last_change, tiering.segments,
	tiering.balance_to_reach, tiering.last_day_to_reach,
	tiering.append, tiering.amend, tiering.clip, tiering.carry,
	tiering.convert(tiering.daily_series, tiering.daily_series, int),
	tiering.convert(tiering.daily_series, tiering.daily_series, int, text)
	TO PUBLIC;
GRANT EXECUTE ON FUNCTION
	tiering.daily_series(bytea), tiering.daily_series(jsonb), _tiering.jsonb,
	_tiering.daily_series_send,
	_tiering.daily_series_add, _tiering.daily_series_subtract, _tiering.daily_series_negate,
	_tiering.daily_series_times(numeric, tiering.daily_series),
	_tiering.daily_series_times(tiering.daily_series, numeric),
	_tiering.daily_series_eq, _tiering.daily_series_ne, _tiering.daily_series_lt,
	_tiering.daily_series_le, _tiering.daily_series_gt, _tiering.daily_series_ge,
	_tiering.daily_series_cmp, _tiering.daily_series_hash, _tiering.daily_series_hash_extended
	TO PUBLIC;

-- Exchange rates
GRANT EXECUTE ON FUNCTION tiering.fx_rate, tiering.fx_series, tiering.fx_chain TO PUBLIC;

-- Schemes: grading, and what tells why, of what kind they are, and what is wrong
GRANT EXECUTE ON FUNCTION
	tiering.classify(text, numeric), tiering.classify(text, numeric, date),
	tiering.classify(text, record), tiering.classify(text, record, date),
	tiering.classify_version(text, numeric, int), tiering.classify_version(text, record, int),
	tiering.classify_held, tiering.classify_held_version,
	tiering.asset_weight(text, text), tiering.asset_weight(text, text, date),
	tiering.explain(text, numeric, date), tiering.explain(text, record, date),
	tiering.version_on, tiering.newest_version, tiering.successor, tiering.definition_rows,
	tiering.validate, tiering.export_scheme
	TO PUBLIC;

-- Rights: what there is to be granted. The other three ask who calls.
GRANT EXECUTE ON FUNCTION tiering.role_grants, tiering.grant_role, tiering.revoke_role,
	tiering.set_four_eyes
	TO PUBLIC;

/*
 * Not for people: parts of the above, called with the caller's rights
 */

-- what an argument must be
GRANT EXECUTE ON FUNCTION _tiering.check_given, _tiering.check_day TO PUBLIC;
-- what the planner makes of classify()
GRANT EXECUTE ON FUNCTION _tiering.classify_columns, _tiering.classify_columns_on,
	_tiering.classify_columns_version
	TO PUBLIC;
-- check_ranges(), check_snapshots(), check_changes(), check_flows()
GRANT EXECUTE ON FUNCTION _tiering.day_number, _tiering.range_number,
	_tiering.snapshot_number, _tiering.sound_day, _tiering.from_day, _tiering.to_day,
	_tiering.shown_days, _tiering.shown_day, _tiering.check_window, _tiering.examined_query,
	_tiering.examined_columns,
	_tiering.is_jump, _tiering.jump_screen, _tiering.outlier_screen, _tiering.age_screen,
	_tiering.looked_at, _tiering.range_rows, _tiering.range_findings,
	_tiering.expected_day, _tiering.next_number, _tiering.snapshot_screen, _tiering.snapshot_rows,
	_tiering.posted_screen, _tiering.has_fault, _tiering.change_days,
	_tiering.posted_rows, _tiering.day_findings, _tiering.told_posted
	TO PUBLIC;
-- check_rates()
GRANT EXECUTE ON FUNCTION _tiering.rate_ratio, _tiering.rate_turns, _tiering.reversed_rates,
	_tiering.rate_steps, _tiering.rate_contradictions, _tiering.rate_triangles, _tiering.told_rate
	TO PUBLIC;
-- fx_rate(), fx_series(), fx_chain()
GRANT EXECUTE ON FUNCTION _tiering.check_max_age, _tiering.fx_last, _tiering.fx_through,
	_tiering.fx_pairs, _tiering.fx_shortest, _tiering.fx_names, _tiering.fx_product,
	_tiering.fx_quotient
	TO PUBLIC;
-- explain()
GRANT EXECUTE ON FUNCTION _tiering.explain_metrics, _tiering.explain_scores,
	_tiering.metric_values, _tiering.rule_conditions, _tiering.bounds_distance,
	_tiering.describe_miss, _tiering.describe_value, _tiering.rules_to_meet, _tiering.shortfall_of
	TO PUBLIC;
-- export_scheme()
GRANT EXECUTE ON FUNCTION _tiering.export_metrics, _tiering.export_scores, _tiering.export_tiers,
	_tiering.rule_documents, _tiering.policy_words, _tiering.policy_defaults, _tiering.role_names
	TO PUBLIC;
-- validate(), and version_row() of export_scheme() too
GRANT EXECUTE ON FUNCTION _tiering.version_row, _tiering.validate_versions, _tiering.validate_tiers,
	_tiering.validate_approvers,
	_tiering.validate_metrics, _tiering.validate_rules, _tiering.validate_gaps,
	_tiering.validate_succession, _tiering.version_before, _tiering.tier_facts,
		_tiering.rule_extents,
	_tiering.known_values, _tiering.score_values, _tiering.score_conflict,
	_tiering.rule_axes, _tiering.rule_boxes,
	_tiering.rule_gaps, _tiering.box_minus, _tiering.box_rest, _tiering.boxes_overlap,
	_tiering.describe_box
	TO PUBLIC;
-- role_grants()
GRANT EXECUTE ON FUNCTION _tiering.relation_rights, _tiering.function_rights, _tiering.part_rights,
	_tiering.shown_rights
	TO PUBLIC;
-- successor()
GRANT EXECUTE ON FUNCTION _tiering.succeeded TO PUBLIC;
-- load_preset()
GRANT EXECUTE ON FUNCTION _tiering.without_nulls TO PUBLIC;
-- what defaults, conditions and triggers of tables ask with the rights of whoever writes
GRANT EXECUTE ON FUNCTION _tiering.bounds_fit, _tiering.restores, _tiering.binder,
	_tiering.login_id, _tiering.person_id, _tiering.acting_role, _tiering.kept_settings,
	_tiering.open_end, _tiering.is_dropped, _tiering.heeded_publication,
	_tiering.status_follows, _tiering.refuse_change, _tiering.refuse_alone
	TO PUBLIC;
-- what a bound query asks, with the rights of who set it, before it runs
GRANT EXECUTE ON FUNCTION _tiering.check_worker_settings, _tiering.named_tables,
	_tiering.with_views
	TO PUBLIC;
-- near_upgrade, which may be granted alone: it asks for a key that the view alone gives
GRANT EXECUTE ON FUNCTION _tiering.balance_to_hold TO PUBLIC;
-- all other views with customers or sums: in the same way, and who reads them
GRANT EXECUTE ON FUNCTION _tiering.shown_current, _tiering.shown_measures, _tiering.shown_sums,
	_tiering.shown_distribution, _tiering.shown_dates, _tiering.shown_cells,
	_tiering.shown_spells, _tiering.shown_origins, _tiering.shown_dimension, _tiering.shown_by,
	_tiering.shown_projected, _tiering.shown_near, _tiering.shown_persons,
	_tiering.shown_requests, _tiering.shown_dirty, _tiering.each_scheme, _tiering.reader,
	_tiering.reads_all, _tiering.reads, _tiering.sees_value
	TO PUBLIC;
-- near_upgrade and near_downgrade, too
GRANT EXECUTE ON FUNCTION _tiering.is_watched, _tiering.at_least, _tiering.percent_of,
	_tiering.by_measure, _tiering.ranks_in, _tiering.directions, _tiering.tier_names TO PUBLIC;
-- tier_distribution and what stands on it, too
GRANT EXECUTE ON FUNCTION _tiering.rank_in TO PUBLIC;
