/*
 * Roles: what people of a bank do here, each to be granted with one call. These
 * rights are kept apart on purpose: no line is in two of them, so that taking
 * one away leaves the others whole.
 */

CREATE FUNCTION tiering.role_grants() RETURNS TABLE (what text, rights text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 10
BEGIN ATOMIC
	VALUES
		('report', 'SELECT ON tiering.tier_distribution, tiering.tier_distribution_history, tiering.migration_matrix,
			tiering.migration_summary, tiering.customer_tier_history, tiering.tier_rollup, tiering.pareto, tiering.staffing,
			tiering.measure_bound, tiering.near_upgrade, tiering.near_downgrade, tiering.tier_origin'),
		('report', 'SELECT ON tiering.assignment, tiering.migration, tiering.distribution_history, tiering.batch, tiering.superseded, tiering.watch_history,
			tiering.standing_move, tiering.request, tiering.decision, tiering.request_state, tiering.dirty'),
		('report', 'EXECUTE ON FUNCTION tiering.migration_matrix(text, date, date, timestamptz), tiering.retention(text, timestamptz),
			tiering.simulate_customers(text, int, date)'),
		('request', 'EXECUTE ON FUNCTION tiering.request_override(text, text, text, text, daterange, text), tiering.withdraw(bigint, text)'),
		('approve', 'EXECUTE ON FUNCTION tiering.approve(bigint, text), tiering.reject(bigint, text), tiering.end_override(bigint, date, text)'),
		('grade', 'EXECUTE ON FUNCTION tiering.refresh(text, date), tiering.restate(text, date, text[]), tiering.restate_dirty(text), tiering.recount(text)'),
		('plan', 'EXECUTE ON FUNCTION tiering.simulate(text, int, date), tiering.simulate_staffing(text, int, date)'),
		('author', 'INSERT, UPDATE, DELETE ON tiering.metric, tiering.tier, tiering.rule,
			tiering.score_weight, tiering.score_band, tiering.service, tiering.policy, tiering.asset_weight'),
		-- but not the turn, nor the state and the makers of a version
		('author', 'INSERT (scheme, title, title_zh, description, origin),
			UPDATE (scheme, title, title_zh, description, origin), DELETE ON tiering.scheme'),
		('author', 'INSERT (scheme, version, everyone, note), UPDATE (everyone, note), DELETE
			ON tiering.scheme_version'),
		('author', 'EXECUTE ON FUNCTION tiering.publish(text, date),
			tiering.unpublish(text, int, text), tiering.drop_scheme(text, text),
			tiering.validate_overrides(text, int, date)'),
		('bind', 'EXECUTE ON FUNCTION tiering.set_source(text, text), tiering.set_series(text, text)'),
		('bind', 'SELECT ON tiering.source'),
		-- but not its key: who reads that may have the query run
		('bind', 'SELECT (scheme, query, set_by, set_at, settings), DELETE ON tiering.series_source'),
		('load', 'EXECUTE ON FUNCTION tiering.mark_dirty(text, text, date)'),
		('load', 'INSERT ON tiering.ecb_rate'),
		('load', 'INSERT, UPDATE, DELETE ON tiering.fx_rate');
END;
COMMENT ON FUNCTION tiering.role_grants() IS
'What grant_role() can grant: report (read customers, moves and all views), grade (refresh and restate), request (ask for overrides), approve (decide on requests), plan (simulate, without names), author (write and publish schemes), bind (set sources, which run with one''s own rights), load (load exchange rates, mark customers as dirty); and the rights that each is made of';

-- Not a definer's function: the caller grants what is his. Without the check GRANT
-- would only warn one who has a right that he cannot pass on.
CREATE FUNCTION tiering.change_role(role regrole, what text, grants boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	role_name name := r.rolname FROM pg_roles r WHERE r.oid = role;
	rights text;
BEGIN
	IF role IS NULL OR what IS NULL THEN
		RAISE EXCEPTION 'role and rights must be named, not null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF role_name IS NULL THEN
		RAISE EXCEPTION 'role "%" does not exist', role
			USING ERRCODE = 'undefined_object';
	END IF;
	IF what NOT IN (SELECT g.what FROM tiering.role_grants() g) THEN
		RAISE EXCEPTION 'no rights are called "%"', what
			USING ERRCODE = 'invalid_parameter_value',
			HINT = format('There are %s.', (SELECT string_agg(DISTINCT g.what, ', ' ORDER BY g.what) FROM tiering.role_grants() g));
	END IF;
	IF NOT pg_has_role(current_user, (SELECT e.extowner FROM pg_extension e WHERE e.extname = 'tiering'), 'USAGE') THEN
		RAISE EXCEPTION 'only the owner of the extension tiering can grant and revoke its rights'
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	FOR rights IN SELECT g.rights FROM tiering.role_grants() g WHERE g.what = change_role.what LOOP
		EXECUTE format(CASE WHEN grants THEN 'GRANT %s TO %I' ELSE 'REVOKE %s FROM %I' END, rights, role_name);
	END LOOP;
END;
$$;
COMMENT ON FUNCTION tiering.change_role(regrole, text, boolean) IS
'Part of grant_role() and revoke_role()';

CREATE FUNCTION tiering.grant_role(role regrole, what text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
BEGIN ATOMIC
	SELECT tiering.change_role(grant_role.role, grant_role.what, true);
END;
COMMENT ON FUNCTION tiering.grant_role(regrole, text) IS
'Grants a role all that it takes to report, grade, request, approve, plan, author, bind or load, and nothing more; see role_grants(). For the extension''s owner (42501). Errors: an unknown role, PUBLIC too (42704), other rights (22023)';

CREATE FUNCTION tiering.revoke_role(role regrole, what text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
BEGIN ATOMIC
	SELECT tiering.change_role(revoke_role.role, revoke_role.what, false);
END;
COMMENT ON FUNCTION tiering.revoke_role(regrole, text) IS
'Takes away what grant_role() granted, by whatever statement it was granted; with the same errors';
