/*
 * Checks that are bound to a scheme: a query of findings, which each refresh runs before it
 * reads the source. Where there is an error among them nobody is moved, until the data are
 * put right, or somebody lets them through.
 */

CREATE TRIGGER check_setter BEFORE INSERT OR UPDATE ON tiering.refresh_check
	FOR EACH ROW EXECUTE FUNCTION _tiering.check_setter();
COMMENT ON TRIGGER check_setter ON tiering.refresh_check IS 'Nobody lends themselves rights';

CREATE FUNCTION _tiering.findings_rows(scheme text, as_of date) RETURNS SETOF tiering.finding
AS 'MODULE_PATHNAME', 'findings_rows'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 30000000 ROWS 1000;
COMMENT ON FUNCTION _tiering.findings_rows(text, date) IS
'What the checks of a scheme find for a date; nothing if none are bound; runs with the rights of '
'the role that set them. Not for PUBLIC';

CREATE FUNCTION _tiering.findings_check(scheme text, query text) RETURNS SETOF tiering.finding
AS 'MODULE_PATHNAME', 'findings_check'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION _tiering.findings_check(text, text) IS
'Checks, with the caller''s own rights, that a query can be the checks of a scheme; returns no '
'rows';

CREATE FUNCTION _tiering.write_checks(scheme text, query text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.take_turn(scheme);
	DELETE FROM tiering.refresh_check c WHERE c.scheme = write_checks.scheme;
	INSERT INTO tiering.refresh_check (scheme, query, set_by)
	SELECT write_checks.scheme, write_checks.query, _tiering.binder()
	WHERE write_checks.query IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION _tiering.write_checks(text, text) IS
'Part of set_checks(): writes the query for the role that calls it';

CREATE FUNCTION tiering.set_checks(scheme text, query text) RETURNS void
AS 'MODULE_PATHNAME', 'set_checks'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION tiering.set_checks(text, text) IS
'Binds a scheme to a query of what is wrong with its data for the date $1, which each refresh runs '
'first. Where an error is among the findings the refresh is refused (TI002), and changes nothing. '
'The query yields severity (error or warning), kind, account, days (a daterange) and detail, as '
'check_ranges() and its like do: SELECT * FROM tiering.check_ranges(''TABLE bank.balances'', '
'tiering.month($1)). UNION ALL puts several together, and conditions leave out what is known. A '
'null unbinds. The error''s detail tells how many findings there are of each kind; to who may read '
'customers, also the first five errors. Warnings refuse nothing. refresh(…, force => true) lets '
'errors through. source_check keeps what was found by every refresh that went through, and by '
'whom. run_checks() tells all findings. Only a refresh runs them: assess(), restate() and '
'restate_dirty() do not, as they do not heed limits. The query runs, is looked at and tells of '
'errors as what set_source() sets. Names in a text that it gives check_ranges() must be qualified, '
'too, but that is not seen before it runs. It sees what is committed when it begins; in a '
'transaction that is REPEATABLE READ the source sees the same. Example: SELECT '
'tiering.set_checks(''retail'', ''SELECT * FROM tiering.check_ranges(''''SELECT account_id AS '
'account, balance, valid_from, valid_to FROM bank.balance'''', tiering.month($1))'')';

/*
 * What a refresh makes of them
 */

-- There are as many findings as there are faults, of which a night can have millions: all
-- that is kept of them is counts and a few.
CREATE FUNCTION _tiering.told_findings(scheme text, as_of date, OUT errors bigint,
	OUT warnings bigint, OUT strange text, OUT counts text, OUT first_errors text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 30000000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	WITH found AS MATERIALIZED (
		SELECT f.severity, f.kind, f.account, f.days, f.detail
		FROM _tiering.findings_rows(scheme, as_of) f
	), kind AS (
		SELECT f.severity, f.kind, count(*) AS findings FROM found f GROUP BY f.severity, f.kind
	)
	SELECT COALESCE(sum(k.findings) FILTER (WHERE k.severity = 'error'), 0),
		COALESCE(sum(k.findings) FILTER (WHERE k.severity = 'warning'), 0),
		min(COALESCE(k.severity, 'null')) FILTER (WHERE k.severity IS NULL
			OR k.severity NOT IN ('error', 'warning')),
		string_agg(format('%s %s: %s', k.severity, COALESCE(k.kind, 'null'), k.findings), E'\n'
			ORDER BY k.severity COLLATE "C", k.findings DESC, k.kind COLLATE "C"),
		array_to_string(ARRAY(
			SELECT concat_ws(': ', NULLIF(concat_ws(', ', 'account "' || f.account || '"', f.days),
				''), f.detail)
			FROM found f WHERE f.severity = 'error'
			ORDER BY f.account COLLATE "C" NULLS FIRST, f.days, f.kind COLLATE "C",
				f.detail COLLATE "C"
			LIMIT 5), E'\n')
	INTO errors, warnings, strange, counts, first_errors
	FROM kind k;
	IF strange IS NOT NULL THEN
		RAISE EXCEPTION 'check of scheme "%" yields the severity "%"', scheme, strange
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A finding is an error or a warning: its severity is one of these words.';
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.told_findings(text, date) IS
'Runs the checks of a scheme for a date: how many errors and warnings they find, in words how many '
'of each kind, and the first five errors. Errors: a severity that is neither (22023), and what the '
'query raises';

CREATE FUNCTION _tiering.heed_checks(scheme text, as_of date, force boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 30000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	told record;
	told_all text;
BEGIN
	IF NOT EXISTS (SELECT FROM tiering.refresh_check c WHERE c.scheme = heed_checks.scheme) THEN
		RETURN;
	END IF;
	PERFORM _tiering.report_stage(scheme, as_of, '1/3 checking the data');
	told := _tiering.told_findings(scheme, as_of);
	told_all := concat_ws(E'\nThe first errors are:\n', told.counts,
		NULLIF(told.first_errors, ''));
	IF told.errors = 0 OR force THEN
		INSERT INTO tiering.source_check (scheme, as_of, finding, errors, warnings, forced)
		VALUES (heed_checks.scheme, heed_checks.as_of, COALESCE(NULLIF(told_all, ''), 'nothing'),
			told.errors, told.warnings, told.errors > 0);
		RETURN;
	END IF;
	RAISE EXCEPTION 'checks of scheme "%" found errors in the data for %, and the refresh changed '
		'nothing',
			scheme, as_of
		USING ERRCODE = 'TI002',
		DETAIL = CASE WHEN _tiering.may_read_customers() THEN told_all ELSE told.counts END,
		HINT = format('tiering.run_checks(%1$L, %2$L) tells all of them. If the data are to be '
			'taken as they are, tiering.refresh(%1$L, %2$L, force => true) lets them through, and '
			'that is kept.', scheme, as_of);
END;
$$;
COMMENT ON FUNCTION _tiering.heed_checks(text, date, boolean) IS
'Runs the checks of a scheme, if it has any: refuses a refresh for which they find errors (TI002), '
'or keeps what they found';

CREATE FUNCTION tiering.run_checks(scheme text, as_of date) RETURNS SETOF tiering.finding
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 30000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _tiering.check_day(as_of, 'as_of'), tiering.newest_version(scheme),
		_tiering.check_reads_whole(scheme, 'run_checks');
	IF NOT EXISTS (SELECT FROM tiering.refresh_check c
		WHERE c.scheme = run_checks.scheme COLLATE "C")
	THEN
		RAISE EXCEPTION 'scheme "%" has no checks', scheme
			USING ERRCODE = 'undefined_object',
			HINT = format('Bind some with tiering.set_checks(%L, query).', scheme);
	END IF;
	RETURN QUERY SELECT f.* FROM _tiering.findings_rows(scheme, as_of) f;
END;
$$;
COMMENT ON FUNCTION tiering.run_checks(text, date) IS
'What the checks of set_checks() find in the data of a scheme for a date, as a refresh would. A '
'row is a finding, as check_ranges() tells them. Nothing is written or refused. '
'tiering.findings_summary(ARRAY(SELECT f FROM tiering.run_checks(scheme, as_of) f)) counts them. '
'Errors: an unknown scheme, one without checks (42704), a day that is null (22004) or infinite '
'(22023), and what the query raises. Example: SELECT severity, kind, account, days FROM '
'tiering.run_checks(''retail'', ''2026-02-28'')';
