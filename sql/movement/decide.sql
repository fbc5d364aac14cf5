/*
 * The decision who moves, which is src/movement.c, and what is put before it.
 *
 * Invariants of movement, which all parts of this folder keep:
 * - assignment is the replay of the moves that stand: the tier of the last one, since
 *   its day.
 * - What is recorded with a move is what every view, function and simulation says of
 *   it. Its direction is that of directions().
 * - What falls due on a day is done by the first assessment on or after it, once, and
 *   bears its own day.
 * - The moves of a customer that stand are in the order of their days: none that an
 *   assessment makes is dated before the one that it follows, also if that was put off.
 * - The distribution of an assessment is what its moves, decisions and changes by
 *   hand had made of the tiers at the end of its day.
 * - All or nothing: each function is one call, and writes at its end.
 *
 * Order of locks: the turn of the scheme (take_turn), then its source, then rows of
 * assignment. Triggers on assignment come to the turn last, and do not wait for it.
 * Who has the turn may wait for a draft; who has written to a draft does not wait for
 * the turn.
 */

CREATE TYPE _tiering.step AS (
	day       date,
	from_tier text,
	to_tier   text,
	cause     text
);
COMMENT ON TYPE _tiering.step IS 'A move on its day, and why';

CREATE TYPE _tiering.override_days AS (
	kind  text,
	tier  text,
	first date,
	until date
);
COMMENT ON TYPE _tiering.override_days IS
'An override that counts from first on and before until: floor, cap or fixed';

CREATE TYPE _tiering.verdict AS (
	tier         text,
	since        date,
	cause        text,
	from_tier    text,
	policy_tier  text,
	policy_since date,
	first_as_of  date,
	earned       text,
	misses       int,
	best         text,
	next_tier    text,
	next_review  date,
	kept_until   date,
	asked        text,
	moves        boolean,
	changed      boolean,
	noted        boolean,
	steps        _tiering.step[]
);
COMMENT ON TYPE _tiering.verdict IS
'Where a customer is after an occasion. tier is null for who is no customer then; since, '
'policy_tier to kept_until are as in assignment; cause and from_tier are of the last and the first '
'step, null if there is none; asked: a tier for which an approval is asked; moves: whether there '
'is a step; changed: whether anything but the measure is to be written; noted: whether what the '
'policy notes is an entry for watch_history; steps: all of them, if there is more than one';

CREATE FUNCTION _tiering.decide(scheme text, version int, kind text, as_of date, previous date,
	tier text, since date, current_version int, policy_tier text, policy_since date,
		first_as_of date,
	misses int, best text, next_tier text, next_review date, kept_until date,
	gone boolean, earned text, earned_if text[], moved_to text, overrides _tiering.override_days[],
	before int, otherwise text)
RETURNS _tiering.verdict
AS 'MODULE_PATHNAME', 'decide'
LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION _tiering.decide(text, int, text, date, date, text, date, int, text, date, date,
	int, text, text, date, date, boolean, text, text[], text, _tiering.override_days[], int,
	text) IS
'Where a customer is after an occasion, by the policies of a version of the scheme, and why. kind '
'is assessment, decision (on a request), manual (somebody puts them there) or merge (the same, as '
'customers become one). as_of is its day, previous that of the assessment before, null if there is '
'none: what fell due in between is done and bears its own day. tier to kept_until are the '
'customer''s row of assignment, all null for who is none; their names are those of '
'current_version. gone: the source does not have the customer; with manual, the change is about '
'somebody who is a customer. earned: by the rules, null if no tier takes them; earned_if is that '
'of graded(). moved_to: the tier whose entering was approved, or into which they are put. '
'overrides: those that count on any day from previous on. before: the version that graded the '
'assessment before, if it is another, and otherwise: the tier in which that would have the '
'customer now. Errors: unknown scheme or version (42704), kind or as_of null, or a field of an '
'override (22004)';

-- It reads a bank, and what is joined to its rows is worth compiling for a large one.
-- Said to be few, so that they are what is hashed where they meet assignment: they are narrower
-- than its rows, which are then met in the order in which they lie.
CREATE FUNCTION _tiering.graded_rows(scheme text, as_of date, version int, customers text[],
	OUT customer_id text, OUT earned text, OUT earned_if text[], OUT measure numeric)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'graded'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 30000000 ROWS 1000
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION _tiering.graded_rows(text, date, int, text[]) IS
'The rows of a scheme''s source for a day, graded by a version of the scheme; some of them, '
'or all if customers is null. earned: the tier that the rules give, null if none does; earned_if: '
'where the scheme has rules for staying, the tiers that they give to who is in each of the '
'version''s tiers, in the order of their ranks, names falling; measure: the scheme''s, null if it '
'has none. The source runs with the rights of the role that set it. Errors: no source, unknown '
'version (42704), a null customer_id (22004), and what the source''s query raises';

-- The source may say any of the numbers that a customer has had, before and after the day of
-- a change, and of customers who have become one, from that day on, any of theirs. Most schemes
-- have no such numbers, and to look for them would be a good part of a night. STABLE, so that
-- it is inlined; one of the two reads the source.
CREATE FUNCTION _tiering.graded(scheme text, as_of date, version int, customers text[])
RETURNS TABLE (customer_id text, earned text, earned_if text[], measure numeric)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000
BEGIN ATOMIC
	SELECT g.customer_id, g.earned, g.earned_if, g.measure
	FROM _tiering.graded_rows(graded.scheme, graded.as_of, graded.version, graded.customers) g
	WHERE NOT (SELECT _tiering.has_aliases(graded.scheme))
	UNION ALL
	SELECT COALESCE(b.becomes, f.now_id, g.customer_id), g.earned, g.earned_if, g.measure
	FROM _tiering.graded_rows(graded.scheme, graded.as_of, graded.version,
			_tiering.numbers_ever(graded.scheme, _tiering.persons(graded.scheme, graded.customers,
				graded.as_of))) g
		LEFT JOIN tiering.former_number f ON f.scheme = graded.scheme COLLATE "C"
			AND f.customer_id = g.customer_id COLLATE "C"
		LEFT JOIN _tiering.became(graded.scheme, graded.as_of, NULL) b
			ON b.customer_id COLLATE "C" = COALESCE(f.now_id, g.customer_id) COLLATE "C"
	WHERE (SELECT _tiering.has_aliases(graded.scheme));
END;
COMMENT ON FUNCTION _tiering.graded(text, date, int, text[]) IS
'The customers of a scheme''s source for a day, as graded_rows() tells them, by the numbers that '
'they have now, or by that of the customer with whom they are one on the day';

CREATE FUNCTION _tiering.notes(v _tiering.verdict)
RETURNS TABLE (misses int, best text, next_tier text, next_review date, kept_until date,
	policy_tier text, policy_since date)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1 ROWS 1
BEGIN ATOMIC
	SELECT (notes.v).misses, (notes.v).best, (notes.v).next_tier, (notes.v).next_review,
		(notes.v).kept_until, (notes.v).policy_tier, (notes.v).policy_since;
END;
COMMENT ON FUNCTION _tiering.notes(_tiering.verdict) IS
'What the policy has noted of a customer, as assignment and watch_history have it';

CREATE FUNCTION _tiering.steps(v _tiering.verdict) RETURNS SETOF _tiering.step
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 1
BEGIN ATOMIC
	SELECT (steps.v).since, (steps.v).from_tier, (steps.v).tier, (steps.v).cause
	WHERE (steps.v).moves AND (steps.v).steps IS NULL
	UNION ALL
	SELECT s.day, s.from_tier, s.to_tier, s.cause FROM unnest((steps.v).steps) s;
END;
COMMENT ON FUNCTION _tiering.steps(_tiering.verdict) IS
'The moves of a verdict, in the order of their days';
