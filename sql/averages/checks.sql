/*
 * Checks: what is wrong with rows, told before an average is taken of them. There is a
 * function for each shape of rows; it looks at any query of the caller, with the caller's
 * rights, and returns a row per finding. How they look is in findings.sql.
 */

CREATE FUNCTION tiering.check_ranges(query text, period daterange DEFAULT NULL,
	bounds text DEFAULT '[)', jump numeric DEFAULT NULL, max_age int DEFAULT NULL)
	RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT f.severity, f.kind, f.account, f.days * COALESCE(period, '(,)'), f.detail
	FROM _tiering.range_rows(query, period, bounds, jump, max_age) r
		CROSS JOIN LATERAL _tiering.range_findings(r, max_age) f
	WHERE f.days IS NULL OR f.days && COALESCE(period, '(,)');
END;
COMMENT ON FUNCTION tiering.check_ranges(text, daterange, text, numeric, int) IS
'What is wrong with balances that have a first day and an end, the rows of daily_avg(). The query '
'yields account, balance, valid_from and valid_to. Errors: overlap, duplicate (a row is there '
'twice), conflict (two balances on the same days), backwards (the end is before the first day), '
'one_day_gap (what ends look like that are last days; bounds => ''[]'' takes them as such), '
'null_balance (or no number), null_account; and stale if max_age is given: on the last day of the '
'period the balance, other than 0, is more than so many days old. Warnings: gap; and jump if a '
'factor is given, by which the balance has grown or shrunk from one row to the next. Told are '
'those about days of the period; null stands for all days. The query runs with the rights of the '
'caller and search_path = pg_catalog, pg_temp; a column that is missing (42703) or has a wrong '
'type (42804) is an error. Example: SELECT * FROM tiering.check_ranges(''SELECT account_id AS '
'account, balance, valid_from, valid_to FROM bank.balance'', tiering.month(''2026-02-28''))';

CREATE FUNCTION tiering.check_snapshots(query text, period daterange DEFAULT NULL,
	weekends boolean DEFAULT true, holidays date[] DEFAULT '{}', jump numeric DEFAULT NULL,
	max_age int DEFAULT NULL) RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT f.severity, f.kind, f.account, f.days * COALESCE(period, '(,)'), f.detail
	FROM _tiering.snapshot_rows(query, period, weekends, holidays, jump, max_age) r
		CROSS JOIN LATERAL _tiering.day_findings(r, 'balance', 'error', max_age) f
	WHERE f.days IS NULL OR f.days && COALESCE(period, '(,)');
END;
COMMENT ON FUNCTION tiering.check_snapshots(text, daterange, boolean, date[], numeric, int) IS
'What is wrong with balances of single days, the rows of daily_avg_snapshots(). The query yields '
'account, balance and as_of. Errors: missing_day (an account has no row on days between its first '
'and its last one on which others have one; or no account has, and then account is null), '
'duplicate (a row is there twice), conflict (two balances on a day), null_balance (or no number), '
'null_day (or no finite one), null_account, and stale as check_ranges() has it. A warning: jump. '
'Days of holidays, and with weekends => false Saturdays and Sundays, need no rows. Period, rights '
'and errors of the query are as with check_ranges(). Example: SELECT * FROM '
'tiering.check_snapshots(''SELECT account_id AS account, balance, valid_from AS as_of FROM '
'bank.balance'', ''[2026-01-01,2026-02-02)'', weekends => false)';

CREATE FUNCTION tiering.check_changes(query text, period daterange DEFAULT NULL,
	jump numeric DEFAULT NULL, max_age int DEFAULT NULL) RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT f.*
	FROM _tiering.posted_rows(query, period, false, jump, max_age) r
		CROSS JOIN LATERAL _tiering.told_posted(r, 'balance', 'warning', max_age, period) f;
END;
COMMENT ON FUNCTION tiering.check_changes(text, daterange, numeric, int) IS
'What is wrong with balances that hold until the next one, the rows of daily_avg_changes(). The '
'query yields account, balance, changed_on, and sequence if there may be several rows a day: a '
'number or a time by which they are in order, and two of which are not the same. Errors: conflict '
'(two balances in one place), null_sequence, null_balance (or no number), null_day, null_account, '
'and stale as check_ranges() has it. Warnings: duplicate (a row is there twice) and jump. With a '
'period, what is wrong on the last day before it is told, too, as the balance holds into it; all '
'else of period, rights and errors of the query is as with check_ranges(). Example: SELECT * FROM '
'tiering.check_changes(''SELECT account_id AS account, balance, valid_from AS changed_on FROM '
'bank.balance'', tiering.month(''2026-03-31''), jump => 100)';

CREATE FUNCTION tiering.check_flows(query text, period daterange DEFAULT NULL,
	jump numeric DEFAULT NULL, max_age int DEFAULT NULL) RETURNS SETOF tiering.finding
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
BEGIN ATOMIC
	SELECT f.*
	FROM _tiering.posted_rows(query, period, true, jump, max_age) r
		CROSS JOIN LATERAL _tiering.told_posted(r, 'amount', 'error', max_age, period) f;
END;
COMMENT ON FUNCTION tiering.check_flows(text, daterange, numeric, int) IS
'What is wrong with transactions, the rows of daily_avg_flows(). The query yields account, amount, '
'posted_on, and sequence if postings of a day have numbers, as only these tell a posting that is '
'there twice from two that are alike. Errors: duplicate and conflict (two postings of an account '
'with one number on one day), null_balance (no amount, or no number), null_day, null_account, and '
'stale: no posting for more than max_age days before the last day of the period, though the '
'account holds something. A warning: jump, an amount that is so many times the average of the '
'others of its account. With a period, what is wrong on any day before it is told, too, as what '
'was posted is part of each balance since; all else of period, rights and errors of the query is '
'as with check_ranges(). Example: SELECT * FROM tiering.check_flows(''SELECT account_id AS '
'account, amount, posted_on FROM bank.posting'', tiering.month(''2026-02-28''))';

CREATE FUNCTION tiering.findings_summary(findings tiering.finding[])
	RETURNS TABLE (severity text, kind text, findings bigint, accounts bigint, days daterange,
		example text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 5
BEGIN ATOMIC
	SELECT f.severity, f.kind, count(*), count(DISTINCT f.account),
		CASE WHEN count(f.days) > 0 THEN daterange(
			CASE WHEN NOT bool_or(lower_inf(f.days)) THEN min(lower(f.days)) END,
			CASE WHEN NOT bool_or(upper_inf(f.days)) THEN max(upper(f.days)) END) END,
		(array_agg(concat_ws(': ', f.account, f.detail) ORDER BY f.account COLLATE "C", f.days))[1]
	FROM unnest(findings) f
	GROUP BY f.severity, f.kind
	ORDER BY f.severity COLLATE "C", count(*) DESC, f.kind COLLATE "C";
END;
COMMENT ON FUNCTION tiering.findings_summary(tiering.finding[]) IS
'How many findings of each kind there are, of how many accounts, from which day to which, and the '
'first of them. Example: SELECT * FROM tiering.findings_summary(ARRAY(SELECT f FROM '
'tiering.run_checks(''retail'', ''2026-02-28'') f))';
