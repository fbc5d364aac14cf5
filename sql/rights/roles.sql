/*
 * Roles: what people of a bank do here, each to be granted with one call. These
 * rights are kept apart on purpose: no line is in two of them, so that taking
 * one away leaves the others whole.
 *
 * What each may learn:
 *
 *	report	all of it: who is where, with which measure, every move, request and
 *			decision, what schemes and sources say of any one customer, and what checks
 *			find in any one account
 *			confined: the same of a scheme, or of some of its customers, but no tables; see
 *			reader.sql
 *	request	of the customers they ask about, that the scheme takes the tier, and whether they
 *			are there, were, or have a request that waits
 *	approve	nothing but the number of a request; who decides needs report as well
 *	grade	counts, also of findings by their kinds, and the message of an error in a
 *			source; no customer's number but those that they gave
 *	plan	counts and sums by tier; no customer's number
 *	author	schemes, and which of their tiers approved overrides name, in counts
 *	bind	the queries of sources and checks; they run with the rights of who set them
 *	hand	who is in which tier since when; no measure, and nothing that is noted
 *	load	of a customer whose number they change, that there is one, and the day of the last
 *			move; of the number that they give, whose it has been. Of customers whom they
 *			make one, whether they are there, the first day from which on they can be one, and
 *			the number and the last day of an override or request of theirs that is in the way
 *	dump	all customers' numbers, tiers and measures at each assessment that is kept, moves of
 *			long ago, matrices, who was assessed by themselves, and who is confined to what, as
 *			a dump has all of it. Nothing confines that, policies on assessment neither: it is
 *			for nobody whose reports are confined. The rest of what pg_dump reads is in report
 *			and bind, which it takes as well
 *
 * An invoker's function calls its parts with the caller's rights, and so does a
 * view; these are in part_rights(), which nobody has a use for alone.
 */

CREATE FUNCTION _tiering.shown_rights() RETURNS TABLE (what text, rights text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 2
BEGIN ATOMIC
	VALUES
		('report', 'EXECUTE ON FUNCTION
			tiering.migration_matrix(text, date, date, timestamptz, text),
			tiering.measure_bridge(text, date, date, timestamptz, text),
			tiering.tier_distribution_by(text, text, date),
			tiering.report(text, date, text), tiering.customer_report(text, text),
			tiering.migration_summary_by(text, text, date, date),
			tiering.staffing_by(text, text), tiering.cross_distribution(text, text, date),
			tiering.retention(text, timestamptz), tiering.yearly_retention(text, timestamptz),
			tiering.simulate_customers(text, int, date),
			tiering.run_checks(text, date),
			tiering.distribution_shift(text, date, date, timestamptz),
			tiering.tier_survival(text, text, text, timestamptz),
			tiering.forecast(text, int, daterange, numeric, timestamptz),
			tiering.shortfall(text, numeric, text[]), tiering.customer_status(text, text, date),
			tiering.tier_on(text, text, date, timestamptz),
			tiering.tiers_on(text, date, timestamptz),
			tiering.tier_distribution_history(text, timestamptz),
			tiering.history_head(text), tiering.verify_history(text, int, text, boolean),
			tiering.verify_state(text)'),
		('report', 'SELECT ON tiering.current_tier, tiering.tier_distribution,
			tiering.tier_distribution_history, tiering.migration_matrix,
			tiering.migration_summary, tiering.customer_tier_history, tiering.tier_rollup,
			tiering.pareto, tiering.staffing, tiering.benefit_cost, tiering.measure_bound,
			tiering.near_upgrade, tiering.near_downgrade, tiering.projected_tier,
			tiering.tier_origin,
			tiering.current_dimension, tiering.target_actual');
END;
COMMENT ON FUNCTION _tiering.shown_rights() IS
'Part of role_grants(): rights on functions and views that show what their reader may see, which '
'are all that who is confined is given';

CREATE FUNCTION _tiering.function_rights() RETURNS TABLE (what text, rights text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 8
BEGIN ATOMIC
	VALUES
		('report', 'EXECUTE ON FUNCTION tiering.assessments_on_workers(text),
			tiering.distribution_on_workers(text, date), tiering.summary_on_workers(text),
			tiering.matrix_on_workers(text, date, date),
			tiering.bridge_on_workers(text, date, date)'),
		('request', 'EXECUTE ON FUNCTION
			tiering.request_override(text, text, text, text, daterange, text),
			tiering.forget_customer(text, text, text), tiering.withdraw(bigint, text)'),
		('approve', 'EXECUTE ON FUNCTION tiering.approve(bigint, text),
			tiering.reject(bigint, text), tiering.end_override(bigint, date, text)'),
		('grade', 'EXECUTE ON FUNCTION tiering.refresh(text, date, boolean, boolean),
			tiering.assess(text, date, text[], text), tiering.restate(text, date, text[]),
			tiering.restate_dirty(text), tiering.recount(text),
			tiering.void_assessment(text, date, text), tiering.request_void(text, date, text),
			tiering.refresh_on_workers(text, date, boolean, boolean)'),
		('grade', 'EXECUTE ON ROUTINE tiering.run_refresh(text, date, boolean, boolean)'),
		('plan', 'EXECUTE ON FUNCTION tiering.simulate(text, int, date),
			tiering.simulate_staffing(text, int, date), tiering.simulate_benefits(text, int, date),
			tiering.simulate_limits(text, int, date)'),
		('author', 'EXECUTE ON FUNCTION tiering.new_scheme(text, text, text, text, text),
			tiering.new_version(text, text), tiering.copy_scheme(text, text),
			tiering.create_ladder(text, text, text[], numeric[], text),
			tiering.create_matrix(text, text, numeric[], text, numeric[], text[], text[]),
			tiering.load_preset(text, text, jsonb), tiering.import_scheme(jsonb, text),
			tiering.import_version(jsonb, text), tiering.publish(text, date),
			tiering.request_publication(text, date, text),
			tiering.unpublish(text, int, text), tiering.drop_scheme(text, text),
			tiering.distribute_schemes(), tiering.schemes_on_workers(),
			tiering.validate_overrides(text, int, date)'),
		('bind', 'EXECUTE ON FUNCTION tiering.set_source(text, text),
			tiering.keep_assessments(text, text, interval),
			tiering.set_limits(text, numeric, numeric, numeric, text, numeric),
			tiering.set_series(text, text), tiering.set_dimensions(text, text),
			tiering.set_checks(text, text)'),
		('load', 'EXECUTE ON FUNCTION tiering.load_history(text, text),
			tiering.load_calendar(text, text),
			tiering.mark_dirty(text, text, date),
			tiering.rename_customer(text, text, text, date, text),
			tiering.merge_customers(text, text, text[], date, text, text),
			_tiering.append_marks(text, text[], date[]), _tiering.mark_changes(),
			tiering.watch_table(text, regclass, text, text[], text[]),
			tiering.unwatch_table(text, regclass)');
END;
COMMENT ON FUNCTION _tiering.function_rights() IS
'Part of role_grants(): rights on functions that people call';

CREATE FUNCTION _tiering.part_rights() RETURNS TABLE (what text, rights text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 4
BEGIN ATOMIC
	VALUES
		-- of what makes schemes and documents
		('author', 'EXECUTE ON FUNCTION _tiering.new_draft(text, text),
			_tiering.copy_version(text, int, text, int), _tiering.check_rising(text, numeric[]),
			_tiering.check_matrix(text, numeric[], text, numeric[], text[], text[]),
			_tiering.cell_bounds(numeric[], int), _tiering.check_metric_name(text, text),
			_tiering.check_finite(text, numeric[]), _tiering.check_document(jsonb),
			_tiering.check_keys(jsonb, text, text[]), _tiering.document_list(jsonb, text, text),
			_tiering.import_benefits(jsonb, text, int), _tiering.named_roles(jsonb, text),
			_tiering.document_rules(jsonb, int), _tiering.import_definition(jsonb, text, int)'),
		-- what checks a query with the rights of who sets it
		('bind', 'EXECUTE ON FUNCTION _tiering.checked_query(text, text, text),
			_tiering.source_check(text, text, boolean), _tiering.source_columns(text, int),
			_tiering.checked_control(text, text), _tiering.control_check(text, text),
			_tiering.checked_dimensions(text, text), _tiering.dimension_names(text, text),
			_tiering.dimension_columns(text[]), _tiering.dimension_check(text, text),
			_tiering.findings_check(text, text)'),
		-- of run_refresh(), which commits and so has no owner's rights
		('grade', 'EXECUTE ON FUNCTION _tiering.begin_run(text, date),
			_tiering.check_commits(), _tiering.fail_run(bigint, text, text),
			_tiering.raise_again(text, text, text, text)'),
		-- of who loads a calendar, watches a table, or changes one that is watched
		('load', 'EXECUTE ON FUNCTION _tiering.calendar_lines(text),
			_tiering.row_days(regclass, text[]),
			_tiering.first_changes(text, text, text, text, text, text[]),
			_tiering.watch_trigger(text, text), _tiering.watched_for(bytea)');
END;
COMMENT ON FUNCTION _tiering.part_rights() IS
'Part of role_grants(): rights on what the functions and views of a right call for whoever has it';

CREATE FUNCTION _tiering.relation_rights() RETURNS TABLE (what text, rights text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 12
BEGIN ATOMIC
	VALUES
		('report', 'SELECT ON tiering.assignment, tiering.migration, tiering.distribution_history,
			tiering.batch, tiering.superseded, tiering.watch_history, tiering.standing_move,
			tiering.request, tiering.decision, tiering.request_state, tiering.dirty,
			tiering.dirty_customer, tiering.assessment, tiering.kept_assessment,
			tiering.keeping, tiering.source_check, tiering.customer_alias,
			tiering.former_number, tiering.kept_dimension, tiering.customer_dimension,
			tiering.target, tiering.forgotten, tiering.sealed_before, tiering.checkpoint,
			tiering.run, tiering.last_run'),
		('author', 'INSERT, UPDATE, DELETE ON tiering.metric, tiering.tier, tiering.rule,
			tiering.score_weight, tiering.score_band, tiering.service, tiering.benefit,
			tiering.policy, tiering.asset_weight'),
		('author', 'INSERT, UPDATE, DELETE ON tiering.target'),
		-- but not the turn, nor the status and the makers of a version
		('author', 'INSERT (scheme, title, title_zh, description, origin),
			UPDATE (scheme, title, title_zh, description, origin), DELETE ON tiering.scheme'),
		('author', 'INSERT (scheme, version, everyone, note), UPDATE (everyone, note), DELETE
			ON tiering.scheme_version'),
		('bind', 'SELECT ON tiering.source, tiering.refresh_limit, tiering.refresh_check,
			tiering.dimensions_source'),
		-- but not its key: who reads that may have the query run
		('bind', 'SELECT (scheme, query, set_by, set_at, settings), DELETE
			ON tiering.series_source'),
		-- the tier and its day, and nothing of what the policy has noted
		('hand', 'SELECT (scheme, customer_id, tier, as_of, since, version),
			INSERT (scheme, customer_id, tier, as_of, since, version),
			UPDATE (tier, as_of), DELETE ON tiering.assignment'),
		('load', 'INSERT ON tiering.ecb_rate'),
		('load', 'INSERT, UPDATE, DELETE ON tiering.fx_rate, tiering.fx_max_age,
			tiering.calendar_day'),
		-- what report and bind do not read, or not by that name: all customers are in it
		('dump', 'SELECT ON tiering.assessment_kept, tiering.assessment_1, tiering.assessment_2,
			tiering.assessment_3, tiering.assessment_4, tiering.own_assessment,
			tiering.matrix_cell, tiering.matrix_due, tiering.near_sum,
			tiering.source_digest, tiering.dimension_digest,
			tiering_archive.batch, tiering_archive.superseded, tiering_archive.migration,
			tiering.voided, tiering.report_right, tiering.dirty_mark_seq,
			tiering.source_check_entry_seq, tiering.run_run_seq,
			tiering.migration_move_seq, tiering.request_request_seq,
			tiering.watch_history_entry_seq'),
		('dump', 'SELECT (key) ON tiering.series_source');
END;
COMMENT ON FUNCTION _tiering.relation_rights() IS
'Part of role_grants(): rights on tables, views and sequences';

CREATE FUNCTION tiering.role_grants() RETURNS TABLE (what text, rights text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 24
BEGIN ATOMIC
	SELECT s.what, s.rights FROM _tiering.shown_rights() s
	UNION ALL
	SELECT f.what, f.rights FROM _tiering.function_rights() f
	UNION ALL
	SELECT p.what, p.rights FROM _tiering.part_rights() p
	UNION ALL
	SELECT r.what, r.rights FROM _tiering.relation_rights() r;
END;
COMMENT ON FUNCTION tiering.role_grants() IS
'What grant_role() can grant, and the rights that each is made of. report: read customers, moves '
'and all views; grade: refresh and restate; request: ask for overrides, and to forget customers; '
'approve: decide on requests; plan: simulate, without names; author: write and publish schemes; '
'bind: set sources, which run with one''s own rights; hand: put customers into tiers by hand; '
'load: load exchange rates, calendars and what an old system knew, mark customers as dirty; dump: '
'with report and bind, run pg_dump, for which it reads what all customers had. Example: SELECT '
'what, rights FROM tiering.role_grants()';

-- GRANT only warns if whoever grants cannot pass a right on.
CREATE FUNCTION _tiering.rights_missing(role name, rights text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
	WITH listed AS (
		SELECT part[1] AS privileges, part[3] AS objects, part[2] IS NOT NULL AS functions
		FROM regexp_match(rights, '^(.*?)\s+ON\s+((?:FUNCTION|ROUTINE)\s+)?(.*)$') part
	), named AS (
		SELECT btrim(p[1]) AS privilege,
			string_to_array(regexp_replace(p[2], '\s', '', 'g'), ',') AS columns,
			btrim(o[1]) AS object, l.functions
		FROM listed l, regexp_matches(l.privileges, '([A-Z]+)\s*(?:\(([^)]*)\))?', 'g') p,
			regexp_matches(l.objects, '([^,(\s]+(?:\([^)]*\))?)', 'g') o
	)
	SELECT string_agg(DISTINCT format('%s ON %s', n.privilege, n.object), ', ')
	FROM named n LEFT JOIN unnest(n.columns) c(name) ON true
	WHERE NOT CASE
		WHEN n.functions THEN has_function_privilege(role, n.object, n.privilege)
		WHEN c.name IS NULL THEN has_table_privilege(role, n.object, n.privilege)
		ELSE has_column_privilege(role, n.object, c.name, n.privilege) END
$$;
COMMENT ON FUNCTION _tiering.rights_missing(name, text) IS
'Part of grant_role(): what a role does not have of the rights that a statement granted; null: '
'it has all of them';

/*
 * GRANT and REVOKE are run as the owner of the objects, who is the superuser that made
 * the extension; so who calls is looked at before that, by the door.
 */
CREATE FUNCTION _tiering.check_owner(what text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT (SELECT pg_has_role(COALESCE(_tiering.acting_role(), session_user), e.extowner, 'USAGE')
		FROM pg_extension e WHERE e.extname = 'tiering')
	THEN
		RAISE EXCEPTION 'only the owner of the extension tiering can %', what
			USING ERRCODE = 'insufficient_privilege';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.check_owner(text) IS
'Part of grant_role(), revoke_role() and set_four_eyes(): refuses who is neither the extension''s '
'owner nor a member of it (42501)';

CREATE FUNCTION _tiering.check_right(role regrole, what text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF role IS NULL OR what IS NULL THEN
		RAISE EXCEPTION 'role and rights must be named, not null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = role) THEN
		RAISE EXCEPTION 'role "%" does not exist', role
			USING ERRCODE = 'undefined_object';
	END IF;
	IF what NOT IN (SELECT g.what FROM tiering.role_grants() g) THEN
		RAISE EXCEPTION 'no rights are called "%"', what
			USING ERRCODE = 'invalid_parameter_value',
			HINT = format('There are %s.', (SELECT string_agg(DISTINCT g.what, ', ' ORDER BY g.what)
				FROM tiering.role_grants() g));
	END IF;
	PERFORM _tiering.check_owner('grant and revoke its rights');
END;
$$;
COMMENT ON FUNCTION _tiering.check_right(regrole, text) IS
'Part of grant_role() and revoke_role(): refuses a null (22004), an unknown role (42704), other '
'rights (22023), and who may not call them (42501)';

CREATE FUNCTION _tiering.change_role(role regrole, what text, grants boolean, confined boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	role_name name := r.rolname FROM pg_roles r WHERE r.oid = role;
	rights text;
	missing text;
BEGIN
	FOR rights IN
		SELECT g.rights FROM tiering.role_grants() g
		WHERE g.what = change_role.what AND (NOT confined
			OR g.rights IN (SELECT s.rights FROM _tiering.shown_rights() s))
	LOOP
		EXECUTE format(CASE WHEN grants THEN 'GRANT %s TO %I' ELSE 'REVOKE %s FROM %I' END,
			rights, role_name);
		missing := CASE WHEN grants THEN _tiering.rights_missing(role_name, rights) END;
		IF missing IS NOT NULL THEN
			RAISE EXCEPTION 'rights "%" could not be granted to role "%"', what, role_name
				USING ERRCODE = 'insufficient_privilege',
				DETAIL = format('It was not given %s.', missing),
				HINT = 'The owner of the functions tiering.grant_role() and tiering.revoke_role() '
					'must own all that is granted.';
		END IF;
	END LOOP;
	-- what is revoked on a table is on its columns, too, of which hand has some
	IF NOT grants AND what = 'report' AND NOT confined AND EXISTS (
		SELECT FROM pg_class c, aclexplode(c.relacl) x
		WHERE c.oid = 'tiering.assignment'::regclass AND x.grantee = role
			AND x.privilege_type = 'DELETE')
	THEN
		PERFORM _tiering.change_role(role, 'hand', true, false);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.change_role(regrole, text, boolean, boolean) IS
'Part of grant_role() and revoke_role(); confined: what who is confined is given, and no more';

CREATE FUNCTION _tiering.check_confined(what text, scheme text, dimension text, value text)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF num_nonnulls(scheme, dimension, value) = 0 THEN
		RETURN false;
	ELSIF what <> 'report' THEN
		RAISE EXCEPTION 'only the right "report" can be confined to a scheme, not "%"', what
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF scheme IS NULL OR num_nulls(dimension, value) = 1 THEN
		RAISE EXCEPTION 'scheme, and of dimension and value both or none, must be named'
			USING ERRCODE = 'null_value_not_allowed',
			HINT = 'Such as scheme => ''retail'', dimension => ''branch'', value => ''north''.';
	END IF;
	PERFORM tiering.newest_version(scheme);
	RETURN true;
END;
$$;
COMMENT ON FUNCTION _tiering.check_confined(text, text, text, text) IS
'Part of grant_role() and revoke_role(): whether a right is confined. Refuses another right than '
'report (22023), what is not named (22004), and an unknown scheme (42704)';

-- A right to all would go on, and the row of report_right mean nothing.
CREATE FUNCTION _tiering.confine(role regrole, scheme text, dimension text, value text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF has_table_privilege(role, 'tiering.assignment', 'SELECT') THEN
		RAISE EXCEPTION 'role "%" may read the reports of all schemes', role
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = format('Take that away first with tiering.revoke_role(%L, ''report''), or from '
				'the role of which it is a member. Superusers cannot be confined.', role);
	END IF;
	IF dimension IS NOT NULL THEN
		PERFORM _tiering.check_dimension(scheme, dimension);
	END IF;
	INSERT INTO tiering.report_right AS r (role, scheme, dimension, value)
	VALUES (confine.role, confine.scheme, COALESCE(confine.dimension, ''),
		COALESCE(confine.value, ''))
	ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION _tiering.confine(regrole, text, text, text) IS
'Part of grant_role(): writes to what a role is confined. Refuses one that may read all (55000), '
'and an unknown dimension (42704)';

CREATE FUNCTION _tiering.grant_role(role regrole, what text, scheme text, dimension text,
	value text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	confined boolean;
BEGIN
	PERFORM _tiering.check_right(role, what);
	confined := _tiering.check_confined(what, scheme, dimension, value);
	IF confined THEN
		PERFORM _tiering.confine(role, scheme, dimension, value);
	ELSIF what = 'report' THEN
		DELETE FROM tiering.report_right r WHERE r.role = grant_role.role;
	END IF;
	PERFORM _tiering.change_role(role, what, true, confined);
END;
$$;
COMMENT ON FUNCTION _tiering.grant_role(regrole, text, text, text, text) IS
'What grant_role() does for who calls it';
CREATE FUNCTION tiering.grant_role(role regrole, what text, scheme text DEFAULT NULL,
	dimension text DEFAULT NULL, value text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.grant_role(regrole, text, text, text, text) IS
'Grants a role one of the rights of the extension, and nothing more. It may report, grade, '
'request, approve, plan, author, bind, load, dump or change tiers by hand (hand) then; see '
'role_grants(). scheme confines the right to report to that scheme, and dimension and value to '
'those of its customers who have that value, such as grant_role(''north'', ''report'', scheme => '
'''retail'', dimension => ''branch'', value => ''north''); several calls add up. Who is confined '
'reads views and functions, and no tables. Once anybody is, a view of the bank''s own on these '
'shows to each reader what they may read themselves. dump reads the numbers, tiers and measures of '
'all customers, whatever report is confined to: it must not be given to who is confined. For the '
'extension''s owner, who need not own its objects, and in a statement of '
'their own. Errors: another caller, or a right that the role does not have after it (42501), an '
'unknown role, PUBLIC too, an unknown scheme or dimension (42704), other rights, or one that '
'cannot be confined (22023), a value without its dimension or scheme (22004), a role that may '
'read all schemes already (55000). Example: SELECT tiering.grant_role(''clerk'', ''report'', '
'''retail'', ''branch'', ''north'')';

-- Who has rights to views, and is confined to nothing, would read all.
CREATE FUNCTION _tiering.revoke_shown(role regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles r WHERE r.oid = revoke_shown.role)
		AND NOT EXISTS (SELECT FROM tiering.report_right r WHERE r.role = revoke_shown.role)
		AND NOT EXISTS (	-- of their own, and not of a role of which they are a member
			SELECT FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
			WHERE c.oid = 'tiering.assignment'::regclass AND a.grantee = revoke_shown.role
				AND a.privilege_type = 'SELECT')
	THEN
		PERFORM _tiering.change_role(role, 'report', false, true);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.revoke_shown(regrole) IS
'Part of revoke_role() and drop_scheme(): takes away what shown_rights() tells from a role whose '
'last row of report_right is gone';

CREATE FUNCTION _tiering.revoke_role(role regrole, what text, scheme text, dimension text,
	value text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	confined boolean;
BEGIN
	PERFORM _tiering.check_right(role, what);
	confined := _tiering.check_confined(what, scheme, dimension, value);
	IF what = 'report' THEN
		DELETE FROM tiering.report_right r
		WHERE r.role = revoke_role.role AND (NOT confined
			OR r.scheme = revoke_role.scheme COLLATE "C" AND (revoke_role.dimension IS NULL
				OR r.dimension = revoke_role.dimension COLLATE "C"
					AND r.value = revoke_role.value COLLATE "C"));
	END IF;
	IF confined THEN
		PERFORM _tiering.revoke_shown(role);
	ELSE
		PERFORM _tiering.change_role(role, what, false, false);
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.revoke_role(regrole, text, text, text, text) IS
'What revoke_role() does for who calls it';
CREATE FUNCTION tiering.revoke_role(role regrole, what text, scheme text DEFAULT NULL,
	dimension text DEFAULT NULL, value text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'enter'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.revoke_role(regrole, text, text, text, text) IS
'Takes away a right that grant_role() granted. With a scheme, or a value of a dimension of it, '
'only that goes, without a value all that was granted of the scheme. Errors are the same, but for '
'a right to all schemes, which is left as it is. Example: SELECT tiering.revoke_role(''teller'', '
'''report'')';

-- Whoever calls is looked at, and not the owner of what is running
CREATE FUNCTION _tiering.may_read_customers() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT has_table_privilege(COALESCE(_tiering.acting_role(), session_user),
		'tiering.assignment', 'SELECT');
END;
COMMENT ON FUNCTION _tiering.may_read_customers() IS
'Whether whoever acts may read tiering.assignment: only to them an error tells of customers and '
'their money';

CREATE FUNCTION _tiering.shown_customer(customer_id text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT CASE WHEN _tiering.may_read_customers() THEN format('customer "%s"', customer_id)
		ELSE 'a customer' END;
END;
COMMENT ON FUNCTION _tiering.shown_customer(text) IS
'A customer in the words of an error: the number is for those who may read tiering.assignment';
