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
	tiering.refuse_truncate(), tiering.record_by_hand(), tiering.settle_by_hand(),
	tiering.refuse_rewrite(), tiering.check_setter(), tiering.insert_ecb_rate(),
	tiering.refuse_tier(text, int, text), tiering.refuse_by_hand(tiering.assignment, text, text)
	FROM PUBLIC;
-- A source is read with its setter's rights; what writes does so as the extension's
-- owner, and the rest is what these and the triggers are made of.
DO $do$
DECLARE
	part regprocedure;
BEGIN
	FOR part IN SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'tiering'::regnamespace AND p.proname IN (
			'turn_holder', 'take_turn', 'set_source', 'set_series', 'write_binding',
			'source_rows', 'graded', 'report_stage', 'notify_refresh',
			'notify_restatement', 'refuse_frozen', 'lock_source', 'lock_request', 'apply_decision',
			'request_override', 'approve', 'reject', 'withdraw', 'end_override', 'refresh', 'assess',
			'restate', 'restate_dirty', 'mark_dirty', 'append_marks', 'mark_changes',
			'watch_table', 'unwatch_table', 'not_dumped', 'after_replication', 'recount',
			'void_assessment', 'next_batch',
			'seal_batch', 'last_move', 'assessed', 'decided', 'otherwise', 'circumstances',
			'overrides_between', 'overrides_left_out', 'approved_moves', 'state_for', 'write_verdicts',
			'check_cells', 'refuse_repeated', 'keep_requests', 'keep_distribution', 'amend_distribution',
			'cell_counts', 'customers_held', 'source_yields', 'graded_before', 'run_assessment',
			'repeat_assessment', 'check_by_hand', 'amend_by_hand', 'changes_by_hand', 'graded_again',
			'occasions', 'replayed', 'replay_start', 'measures_before', 'write_replay', 'keep_editions',
			'replay', 'state_before', 'touched', 'check_void', 'write_void', 'simulated_cells',
			'simulated_day', 'simulate', 'simulate_staffing', 'simulate_customers')
	LOOP
		EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', part);
	END LOOP;
END;
$do$;
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
