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

REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA tiering, tiering_internal FROM PUBLIC;

GRANT USAGE ON SCHEMA tiering TO PUBLIC;
GRANT SELECT ON tiering.scheme, tiering.scheme_version, tiering.publication, tiering.metric,
	tiering.tier, tiering.rule, tiering.score_weight, tiering.score_band, tiering.service,
	tiering.policy, tiering.asset_weight, tiering.preset, tiering.fx_rate, tiering.ecb_rate
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
	tiering.balance_days_snapshots, tiering.balance_days_flows, tiering.balance_days_changes,
	tiering.daily_series(numeric, daterange),
	tiering.daily_series(numeric, date, date),
	tiering.daily_series_snapshots(numeric, date),
	tiering.daily_series_flows(numeric, date),
	tiering.daily_series_changes(numeric, date),
	tiering.sum(tiering.daily_series)
	TO PUBLIC;

-- Periods
GRANT EXECUTE ON FUNCTION tiering.month, tiering.month_to_date, tiering.quarter,
	tiering.quarter_to_date, tiering.half_year, tiering.half_year_to_date, tiering.year,
	tiering.year_to_date, tiering.trailing
	TO PUBLIC;

-- Series: what is asked of one, what makes another one of it, and the functions of
-- its casts, operators and operator classes. Reading and writing one takes no right.
GRANT EXECUTE ON FUNCTION
	tiering.daily_avg(tiering.daily_series, daterange, text),
	tiering.balance_days(tiering.daily_series, daterange),
	tiering.value_on, tiering.minimum, tiering.maximum, tiering.days_at_least,
	tiering.first_day, tiering.last_change, tiering.segments,
	tiering.balance_to_reach, tiering.last_day_to_reach,
	tiering.append, tiering.amend, tiering.trim, tiering.convert
	TO PUBLIC;
GRANT EXECUTE ON FUNCTION
	tiering.daily_series(bytea), tiering.daily_series(jsonb), tiering.jsonb,
	tiering.daily_series_send,
	tiering.daily_series_add, tiering.daily_series_subtract, tiering.daily_series_negate,
	tiering.daily_series_times(numeric, tiering.daily_series),
	tiering.daily_series_times(tiering.daily_series, numeric),
	tiering.daily_series_eq, tiering.daily_series_ne, tiering.daily_series_lt,
	tiering.daily_series_le, tiering.daily_series_gt, tiering.daily_series_ge,
	tiering.daily_series_cmp, tiering.daily_series_hash, tiering.daily_series_hash_extended
	TO PUBLIC;

-- Exchange rates
GRANT EXECUTE ON FUNCTION tiering.fx_rate, tiering.fx_series TO PUBLIC;

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

-- Rights: what there is to be granted. The other two ask who calls.
GRANT EXECUTE ON FUNCTION tiering.role_grants, tiering.grant_role, tiering.revoke_role TO PUBLIC;

/*
 * Not for people: parts of the above, called with the caller's rights
 */

-- what the planner makes of classify()
GRANT EXECUTE ON FUNCTION tiering.classify_columns, tiering.classify_columns_on,
	tiering.classify_columns_version
	TO PUBLIC;
-- fx_rate(), fx_series()
GRANT EXECUTE ON FUNCTION tiering.check_max_age, tiering.fx_last, tiering.fx_quotient,
	tiering.fx_through, tiering.fx_units
	TO PUBLIC;
-- explain()
GRANT EXECUTE ON FUNCTION tiering.explain_metrics, tiering.explain_scores,
	tiering.metric_values, tiering.rule_conditions, tiering.bounds_distance,
	tiering.describe_miss, tiering.describe_value
	TO PUBLIC;
-- export_scheme()
GRANT EXECUTE ON FUNCTION tiering.export_metrics, tiering.export_scores, tiering.export_tiers,
	tiering.rule_documents, tiering.policy_words, tiering.policy_defaults
	TO PUBLIC;
-- validate(), and version_row() of export_scheme() too
GRANT EXECUTE ON FUNCTION tiering.version_row, tiering.validate_versions, tiering.validate_tiers,
	tiering.validate_metrics, tiering.validate_rules, tiering.validate_gaps,
	tiering.validate_succession, tiering.version_before, tiering.tier_facts, tiering.rule_extents,
	tiering.known_values, tiering.score_values, tiering.rule_axes, tiering.rule_boxes,
	tiering.rule_gaps, tiering.box_minus, tiering.box_rest, tiering.boxes_overlap,
	tiering.describe_box
	TO PUBLIC;
-- role_grants()
GRANT EXECUTE ON FUNCTION tiering.relation_rights, tiering.function_rights, tiering.part_rights
	TO PUBLIC;
-- successor()
GRANT EXECUTE ON FUNCTION tiering.succeeded TO PUBLIC;
-- what defaults, conditions and triggers of tables ask with the rights of whoever writes
GRANT EXECUTE ON FUNCTION tiering.bounds_fit, tiering.restores, tiering.binder,
	tiering.login_id, tiering.acting_role, tiering.kept_settings, tiering.is_dropped,
		tiering.heeded_publication,
	tiering.state_follows, tiering.refuse_change
	TO PUBLIC;
-- near_upgrade, which may be granted alone: it asks for a key that the view alone gives
GRANT EXECUTE ON FUNCTION tiering.balance_to_hold TO PUBLIC;
