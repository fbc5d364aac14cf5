/*
 * Privileges. Everyone may use the aggregates and classify, and so read the
 * schemes, which say nothing of any customer. All else takes a grant: to change
 * schemes, to read customers and reports, to set sources, to refresh.
 */

GRANT USAGE ON SCHEMA tiering TO PUBLIC;
GRANT SELECT ON tiering.scheme, tiering.scheme_version, tiering.metric, tiering.tier, tiering.rule,
	tiering.score_weight, tiering.score_band, tiering.service, tiering.policy, tiering.asset_weight, tiering.preset, tiering.fx_rate, tiering.ecb_rate TO PUBLIC;
GRANT SELECT ON tiering.publication TO PUBLIC;

-- A trigger function that anyone could put on a table of his own would run there
-- with our rights; firing a trigger that is there takes no right to its function.
REVOKE EXECUTE ON FUNCTION tiering.freeze_definition(), tiering.freeze_version(),
	tiering.refuse_truncate(), tiering.record_moves(), tiering.settle_by_hand(), tiering.refuse_rewrite(), tiering.check_setter(), tiering.insert_ecb_rate(),
	tiering.refuse_rekey(text, text), tiering.refuse_tier(text, int, text)
	FROM PUBLIC;
-- source_rows() reads what a source's setter may read; refresh() writes as the
-- extension's owner, simulate() reads as him, and the rest is what they and the
-- triggers are made of.
REVOKE EXECUTE ON FUNCTION tiering.turn_holder(text), tiering.take_turn(text, boolean),
	tiering.source_rows(text, date), tiering.source_rows(text, date, text[]), tiering.refresh(text, date),
	tiering.set_source(text, text), tiering.set_series(text, text), tiering.write_binding(text, text, boolean),
	tiering.refresh_grade(text, date, int, text, text), tiering.refresh_check(text, date, bigint, boolean),
	tiering.refresh_counts(text, date, int),
	tiering.refresh_write(tiering.refresh_result), tiering.refresh_distribution(text, date, int),
	tiering.report_stage(text, date, text), tiering.notify_refresh(tiering.refresh_result), tiering.refuse_frozen(text, int, boolean), tiering.lock_source(text),
	tiering.refresh_requests(text, date, boolean), tiering.refresh_notes(text, date, int), tiering.refresh_add_up(), tiering.refresh_places(text), tiering.refresh_scheme_change(text, date, int), tiering.apply_decision(tiering.request, text), tiering.lock_request(bigint, text),
	tiering.request_override(text, text, text, text, daterange, text), tiering.approve(bigint, text),
	tiering.reject(bigint, text), tiering.withdraw(bigint, text), tiering.end_override(bigint, date, text),
	tiering.restate(text, date, text[]), tiering.mark_dirty(text, text, date), tiering.restate_dirty(text), tiering.recount(text),
	tiering.restate_start(text), tiering.replay_by_hand(text, date, date), tiering.replay_measures(text, date), tiering.replay_assessment(text, date, int, boolean),
	tiering.restate_moves(text, date), tiering.restate_distribution(text, date, date), tiering.restate_listed(tiering.source, date), tiering.replay_notes(text, date, int), tiering.touch_source(text), tiering.counting_moves(text),
	tiering.restate_write(tiering.source), tiering.next_batch(text), tiering.seal_batch(text, int, text, date, bigint), tiering.last_move(),
	tiering.simulated_cells(text, int, date), tiering.simulate(text, int, date),
	tiering.simulate_staffing(text, int, date), tiering.simulate_customers(text, int, date)
	FROM PUBLIC;
-- What publishes writes as the owner, and is told of requests.
REVOKE EXECUTE ON FUNCTION tiering.take_draft(text), tiering.has_graded(text, int),
	tiering.unpublish_hint(text, int), tiering.lock_draft(text),
	tiering.record_publication(text, text, int, date, text), tiering.examine_draft(text, int, date),
	tiering.publish(text, date), tiering.refuse_second_draft(text),
	tiering.refuse_unpublish(tiering.scheme_version), tiering.unpublish(text, int, text),
	tiering.drop_scheme(text, text), tiering.override_tiers(text, int, date),
	tiering.validate_overrides(text, int, date), tiering.enable_triggers()
	FROM PUBLIC;
-- Reports on customers, as the views, take a grant.
REVOKE EXECUTE ON FUNCTION tiering.standing(text, date, date, timestamptz),
	tiering.migration_matrix(text, date, date, timestamptz), tiering.retention(text, timestamptz)
	FROM PUBLIC;
