-- Overrides and approvals: who is in another tier than the rules give, and what takes a second
-- person.
CREATE SCHEMA desk;
CREATE TABLE desk.value (customer_id text, as_of date, value numeric,
	PRIMARY KEY (customer_id, as_of));
CREATE ROLE t_asker; CREATE ROLE t_chief; CREATE ROLE t_night;
SELECT tiering.grant_role('t_asker', 'request'), tiering.grant_role('t_chief', 'request'),
	tiering.grant_role('t_chief', 'approve'), tiering.grant_role('t_night', 'approve'),
	tiering.grant_role('t_night', 'grade');
-- months: '50 150 ...' from January on
CREATE FUNCTION desk.customer(id text, vals text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO desk.value SELECT id,
		(date '2024-01-01' + (n || ' months')::interval - interval '1 day')::date, v::numeric
	FROM regexp_split_to_table(vals, ' +') WITH ORDINALITY s(v, n) WHERE v <> 'x'
$$;
-- a refresh by the night's operator, and what it left of some customers
CREATE FUNCTION desk.night(scheme text, month int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	d date := date '2024-01-01' + (month || ' months')::interval - interval '1 day';
	r tiering.refresh_result;
BEGIN
	SET LOCAL client_min_messages = warning;
	SET LOCAL session_authorization = t_night;
	r := tiering.refresh(scheme, d);
	RESET session_authorization;
	RETURN format('%s: %s new, %s up, %s down, %s exit, %s pending', d, r.new, r.up, r.down, r.exit,
		r.pending);
END;
$$;
CREATE VIEW desk.assigned AS SELECT a.scheme, a.customer_id, a.tier, a.cause,
	to_char(a.since, 'MM-DD') AS since, a.earned, a.policy_tier,
	to_char(a.policy_since, 'MM-DD') AS policy_since,
	a.misses, a.next_tier, to_char(a.next_review, 'MM-DD') AS next_review FROM tiering.assignment a;
CREATE FUNCTION desk.as_role(who text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SET LOCAL session_authorization = %I', who);
	BEGIN
		EXECUTE query INTO result;
	EXCEPTION WHEN OTHERS THEN
		result := SQLSTATE || ' ' || SQLERRM;
	END;
	RESET session_authorization;
	RETURN result;
END;
$$;

-- Overrides beneath which the policy goes on: down at the second miss.
SELECT tiering.create_ladder('over', 'value', '{mass,gold,platinum,diamond}', '{NULL,100,200,300}');
INSERT INTO tiering.policy (scheme, version, tier, down_after) SELECT 'over', 1, t, 2
	FROM unnest('{gold,platinum,diamond}'::text[]) t;
SELECT tiering.publish('over', '2020-01-01'),
	tiering.set_source('over',
	$$SELECT customer_id, value FROM desk.value WHERE as_of = $1 AND customer_id LIKE 'o-%'$$);
SELECT desk.customer('o-' || id, vals)
	FROM (VALUES ('floor', '250 50 50 50 50 250 50'), ('cap', '50 350 350 350 50 50 50'),
	('fixed', '150 150 150 150 350 350 350'), ('plain', '150 50 50 50 150 50 150'),
	('leaves', '150 150 150 x x 150 150'), ('ended', '50 50 50 50 50 50 50'),
	('both', '50 50 350 150 350 350 350')) v(id, vals);
SELECT desk.night('over', 1);
-- from the middle of February to the end of May, and so at the assessments of February to May
SELECT c, desk.as_role('t_asker',
	format('SELECT tiering.request_override(''over'', %L, %L, %L, ''[2024-02-15,2024-06-01)'', '
	'''agreed with %s'')', 'o-' || c, kind, tier, c)) IS NOT NULL AS asked
FROM (VALUES ('floor', 'floor', 'platinum'), ('cap', 'cap', 'gold'), ('fixed', 'fixed', 'diamond'),
	('leaves', 'fixed', 'diamond'), ('ended', 'fixed', 'gold'), ('both', 'floor', 'gold'),
	('both', 'cap', 'platinum')) v(c, kind, tier);
SELECT customer_id, kind, tier, valid, state, requested_by, counts FROM tiering.request_state
	WHERE scheme = 'over' ORDER BY request;
-- what is not approved does not count
SELECT count(*) FILTER (WHERE desk.as_role('t_asker',
	format('SELECT tiering.approve(%s)', request)) LIKE '42501%') AS refused,
	count(*) FILTER (WHERE desk.as_role('t_chief',
		format('SELECT tiering.approve(%s, ''granted'')', request)) = '') AS granted
		FROM tiering.request WHERE scheme = 'over' AND customer_id <> 'o-ended';
SELECT desk.night('over', 2);
SELECT customer_id, tier, cause, since, earned, policy_tier, policy_since, misses, next_tier,
	next_review FROM desk.assigned WHERE scheme = 'over' ORDER BY 1;
SELECT desk.night('over', 2) AS repeated;
SELECT desk.night('over', 3);
SELECT customer_id, tier, cause, since, earned, policy_tier, policy_since, misses, next_tier,
	next_review FROM desk.assigned WHERE scheme = 'over' ORDER BY 1;
-- approved late: it counts at once, as of the last assessment, whose repetition changes nothing
SELECT desk.as_role('t_chief', format('SELECT tiering.approve(%s, ''late'')', request)) AS approved
	FROM tiering.request WHERE customer_id = 'o-ended';
SELECT customer_id, tier, cause, since, earned, policy_tier, policy_since FROM desk.assigned
	WHERE customer_id = 'o-ended';
SELECT counts FROM tiering.request_state WHERE customer_id = 'o-ended';
SELECT desk.night('over', 3) AS repeated;
SELECT desk.night('over', 4);
-- taken back before its time, and at once
SELECT regexp_replace(desk.as_role('t_chief',
	format('SELECT tiering.end_override(%s, %L, ''enough'')', request, day)), 'override \d+',
	'override N') AS ended FROM tiering.request,
	unnest('{2024-04-29,2024-06-01,2024-04-30}'::date[]) day WHERE customer_id = 'o-ended'
	ORDER BY day = '2024-04-30';
SELECT customer_id, tier, cause, since, earned, policy_tier, policy_since FROM desk.assigned
	WHERE customer_id = 'o-ended';
SELECT state, counts, decided_by, note FROM tiering.request_state WHERE customer_id = 'o-ended';
SELECT desk.night('over', 4) AS repeated;
SELECT desk.night('over', 5);
SELECT customer_id, tier, cause, since, earned, policy_tier, policy_since, misses, next_tier,
	next_review FROM desk.assigned WHERE scheme = 'over' ORDER BY 1;
-- they end by themselves
SELECT desk.night('over', 6);
SELECT desk.night('over', 7);
SELECT customer_id, tier, cause, since, earned, policy_tier, policy_since, misses, next_tier,
	next_review FROM desk.assigned WHERE scheme = 'over' ORDER BY 1;
SELECT customer_id, string_agg(format('%s %s->%s %s', to_char(as_of, 'MM-DD'),
	COALESCE(from_tier, ''), COALESCE(to_tier, ''), cause), ', ' ORDER BY move) AS moves
FROM tiering.migration WHERE scheme = 'over' GROUP BY 1 ORDER BY 1;
SELECT sound FROM tiering.verify_history('over');

-- An override on the day of a refresh: its first day counts, its end does not.
SELECT tiering.copy_scheme('over', 'edge'), tiering.publish('edge', '2020-01-01'),
	tiering.set_source('edge',
	$$SELECT customer_id, value FROM desk.value WHERE as_of = $1 AND customer_id LIKE 'e-%'$$);
SELECT desk.customer('e-first', '50 50 50'), desk.customer('e-last', '50 50 50'),
	desk.customer('e-before', '50 50 50');
SELECT desk.night('edge', 1);
SELECT desk.as_role('t_asker',
	format('SELECT tiering.request_override(''edge'', %L, ''fixed'', ''gold'', %L, ''edge'')', c,
	v)) IS NOT NULL
FROM (VALUES ('e-first', '[2024-02-29,2024-03-31)'), ('e-last', '[2024-02-01,2024-02-29)'),
	('e-before', '[2024-02-28,2024-03-01)')) v(c, v);
SELECT desk.as_role('t_chief', format('SELECT tiering.approve(%s)', request)) FROM tiering.request
	WHERE scheme = 'edge' ORDER BY request;
SELECT desk.night('edge', 2);
SELECT (SELECT string_agg(customer_id || ' ' || tier, ', ' ORDER BY customer_id)
	FROM tiering.assignment WHERE scheme = 'edge') AS february;
SELECT desk.night('edge', 3);
SELECT (SELECT string_agg(customer_id || ' ' || tier, ', ' ORDER BY customer_id)
	FROM tiering.assignment WHERE scheme = 'edge') AS march;

-- Approval: the high risk and the private bank are entered only when somebody agrees.
SELECT tiering.create_ladder('risk', 'value', '{normal,elevated,high}', '{NULL,100,200}');
UPDATE tiering.tier SET approval = true WHERE scheme = 'risk' AND tier = 'high';
SELECT tiering.publish('risk', '2020-01-01'),
	tiering.set_source('risk',
	$$SELECT customer_id, value FROM desk.value WHERE as_of = $1 AND customer_id LIKE 'r-%'$$);
SELECT desk.customer('r-' || id, vals)
	FROM (VALUES ('granted', '50 250 250 250 50 250 250'), ('refused', '150 250 250 50 250 250 50'),
	('waits', '50 250 250 250 250 250 250'), ('calms', '50 250 50 50 250 250 250'),
	('new', '250 250 250 150 150 150 150'), ('jumps', '50 250 150 250 250 250 250')) v(id, vals);
SELECT desk.night('risk', 1);
SELECT desk.night('risk', 2);
SELECT desk.night('risk', 2) AS repeated;
SELECT customer_id, tier, cause, since, earned, policy_tier, misses, next_tier, next_review
	FROM desk.assigned WHERE scheme = 'risk' ORDER BY 1;
SELECT customer_id, kind, tier, from_tier, as_of, measure, state, requested_by
	FROM tiering.request_state WHERE scheme = 'risk' ORDER BY 1, request;
SELECT customer_id, regexp_replace(desk.as_role('t_night',
	format('SELECT tiering.approve(%s)', request)), 'request \d+', 'request N') AS own,
	desk.as_role('t_asker', format('SELECT tiering.approve(%s)', request)) AS no_right,
	CASE customer_id WHEN 'r-refused'
		THEN desk.as_role('t_chief', format('SELECT tiering.reject(%s, ''known well'')', request))
		WHEN 'r-granted' THEN desk.as_role('t_chief',
			format('SELECT tiering.approve(%s, ''seen'')', request)) WHEN 'r-new'
			THEN desk.as_role('t_chief', format('SELECT tiering.approve(%s)', request))
			END AS decided
FROM tiering.request WHERE scheme = 'risk' ORDER BY 1;
SELECT customer_id, tier, cause, since, earned, policy_tier, misses, next_tier, next_review
	FROM desk.assigned WHERE scheme = 'risk' ORDER BY 1;
SELECT desk.night('risk', 2) AS repeated;
SELECT desk.night('risk', m) FROM generate_series(3, 7) m;
SELECT customer_id, tier, from_tier, as_of, state, note FROM tiering.request_state
	WHERE scheme = 'risk' ORDER BY 1, request;
SELECT customer_id, string_agg(format('%s %s->%s %s', to_char(as_of, 'MM-DD'),
	COALESCE(from_tier, ''), COALESCE(to_tier, ''), cause), ', ' ORDER BY move) AS moves
FROM tiering.migration WHERE scheme = 'risk' GROUP BY 1 ORDER BY 1;
SELECT row_number() OVER (ORDER BY r.request, d.decision DESC) AS step, d.decision, d.as_of, d.note,
	d.decided_by FROM tiering.request r JOIN tiering.decision d USING (request)
	WHERE customer_id = 'r-refused' ORDER BY d.decided_at, r.request, d.decision DESC;
SELECT tier, customers FROM tiering.tier_distribution WHERE scheme = 'risk' ORDER BY rank;

-- A new version: moves that the old one would not have made are told apart, and an override whose
-- tier is gone stops the refresh.
SELECT tiering.create_ladder('newer', 'value', '{low,mid,high}', '{NULL,100,200}'),
	tiering.publish('newer', '2024-01-01'),
	tiering.set_source('newer',
		$$SELECT customer_id, value FROM desk.value WHERE as_of = $1 AND customer_id LIKE 'n-%'$$);
SELECT desk.customer('n-' || id, vals)
	FROM (VALUES ('scheme', '120 120 120'), ('balance', '120 220 220'), ('both', '120 50 50'),
	('later', '120 120 160'), ('stays', '180 180 180')) v(id, vals);
SELECT desk.night('newer', 1);
SELECT tiering.new_version('newer');
UPDATE tiering.rule SET bounds = '[150,200)' WHERE scheme = 'newer' AND version = 2
	AND tier = 'mid';
SELECT tiering.publish('newer', '2024-02-01');
SELECT desk.night('newer', 2);
SELECT desk.night('newer', 3);
SELECT customer_id, string_agg(format('%s %s->%s %s', to_char(as_of, 'MM-DD'),
	COALESCE(from_tier, ''), COALESCE(to_tier, ''), cause), ', ' ORDER BY move) AS moves
FROM tiering.migration WHERE scheme = 'newer' GROUP BY 1 ORDER BY 1;

-- What is refused leaves nothing behind.
CREATE TABLE desk.before AS SELECT (SELECT count(*) FROM tiering.request) AS requests,
	(SELECT count(*) FROM tiering.decision) AS decisions,
	(SELECT count(*) FROM tiering.migration) AS moves;
SELECT q AS query, t.fails(format('SELECT tiering.request_override(%s)', q))
	FROM unnest(ARRAY['''nothing'', ''o-floor'', ''floor'', ''gold'', ''[2024-01-01,2024-02-01)'', '
	'''x''',
	'''over'', ''nobody'', ''floor'', ''gold'', ''[2024-01-01,2024-02-01)'', ''x''',
	'''over'', ''o-floor'', ''roof'', ''gold'', ''[2024-01-01,2024-02-01)'', ''x''',
	'''over'', ''o-floor'', NULL, ''gold'', ''[2024-01-01,2024-02-01)'', ''x''',
	'''over'', ''o-floor'', ''floor'', ''tin'', ''[2024-01-01,2024-02-01)'', ''x''',
	'''over'', ''o-floor'', ''floor'', NULL, ''[2024-01-01,2024-02-01)'', ''x''',
	'''over'', ''o-floor'', ''floor'', ''gold'', ''[2024-01-01,)'', ''x''',
	'''over'', ''o-floor'', ''floor'', ''gold'', ''empty'', ''x''',
	'''over'', ''o-floor'', ''floor'', ''gold'', NULL, ''x''',
	'''over'', ''o-floor'', ''floor'', ''gold'', ''[2024-01-01,infinity)'', ''x''',
	'''over'', ''o-floor'', ''floor'', ''gold'', ''[2024-01-01,2024-02-01)'', '' ''',
	'''over'', NULL, ''floor'', ''gold'', ''[2024-01-01,2024-02-01)'', ''x''']) q;
SELECT t.fails(q) FROM unnest(ARRAY['SELECT tiering.approve(0)', 'SELECT tiering.approve(NULL)',
	'SELECT tiering.reject(-1, ''x'')', 'SELECT tiering.withdraw(0)',
	'SELECT tiering.end_override(0, ''2024-01-01'')',
	'UPDATE tiering.request SET tier = ''gold''', 'DELETE FROM tiering.decision',
	'TRUNCATE tiering.decision']) q;
SELECT r.customer_id, r.kind, r.state,
	regexp_replace(desk.as_role('t_chief', format('SELECT tiering.approve(%s)', r.request)),
	'request \d+', 'request N') AS approve,
	regexp_replace(desk.as_role('t_asker', format('SELECT tiering.withdraw(%s)', r.request)),
	'request \d+', 'request N') AS withdraw,
	regexp_replace(desk.as_role('t_chief',
		format('SELECT tiering.end_override(%s, ''2030-01-01'')', r.request)), 'request \d+',
		'request N') AS end
FROM tiering.request_state r WHERE r.customer_id IN ('o-ended', 'r-granted')
	AND r.state <> 'pending' ORDER BY r.request;
SELECT b.requests = (SELECT count(*) FROM tiering.request)
	AND b.decisions = (SELECT count(*) FROM tiering.decision)
	AND b.moves = (SELECT count(*) FROM tiering.migration) AS nothing_left FROM desk.before b;
-- one in the way of another; withdrawn ones are not
SELECT desk.as_role('t_asker',
	format('SELECT tiering.request_override(''over'', ''o-plain'', %L, ''gold'', %L, ''again'')',
	kind, valid)) IS NOT NULL
FROM (VALUES ('floor', '[2024-08-01,2024-10-01)'), ('floor', '[2024-09-30,2024-11-01)'),
	('floor', '[2024-10-01,2024-11-01)'), ('fixed', '[2024-08-01,2024-08-02)'),
	('cap', '[2024-08-01,2024-10-01)')) v(kind, valid);
SELECT desk.as_role('t_asker', format('SELECT tiering.withdraw(%s, ''a slip'')', request))
	FROM tiering.request WHERE customer_id = 'o-plain' AND kind = 'cap';
SELECT kind, valid, regexp_replace(desk.as_role('t_chief',
	format('SELECT tiering.approve(%s)', request)), '(override|request) \d+', '\1 N',
	'g') AS approve FROM tiering.request WHERE customer_id = 'o-plain' ORDER BY request;
DROP SCHEMA desk CASCADE;
REVOKE ALL ON ALL TABLES IN SCHEMA tiering FROM t_asker, t_chief, t_night;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tiering, _tiering FROM t_asker, t_chief, t_night;
DROP ROLE t_asker; DROP ROLE t_chief; DROP ROLE t_night;
