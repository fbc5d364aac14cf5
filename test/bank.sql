-- A small bank, and everything that people do with its scheme, for the tests that
-- interrupt them (011) and that have them do it at once (012). What is done, to whom and
-- how much follows from bank.salt alone, so that it can be done twice.
CREATE SCHEMA bank;

CREATE TABLE bank.metrics (
	customer_id int PRIMARY KEY,
	assets      numeric NOT NULL,
	here        boolean NOT NULL
);

-- A number in [0, 1), the n-th of the salt
CREATE FUNCTION bank.r(n int) RETURNS numeric
LANGUAGE sql STABLE AS $$
	SELECT (hashtextextended(current_setting('bank.salt') || ' ' || n, 20240229)
		& 4294967295)::numeric / 4294967296
$$;
-- From 0 to some number
CREATE FUNCTION bank.upto(n int, most int) RETURNS int
LANGUAGE sql STABLE AS $$
	SELECT floor((most + 1) * bank.r(n))::int
$$;
-- Some of those who have a tier
CREATE FUNCTION bank.customers(how_many int) RETURNS text[]
LANGUAGE sql STABLE AS $$
	SELECT ARRAY(
		SELECT a.customer_id FROM tiering.assignment a WHERE a.scheme = 'bank'
		ORDER BY hashtextextended(a.customer_id || current_setting('bank.salt'), 0), a.customer_id
		LIMIT how_many)
$$;
CREATE FUNCTION bank.tier(n int) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT (ARRAY['mass', 'gold', 'platinum', 'diamond'])[1 + bank.upto(n, 3)]
$$;
-- The day of the last assessment, and days after or before it
CREATE FUNCTION bank.day(after int DEFAULT 0) RETURNS date
LANGUAGE sql STABLE AS $$
	SELECT COALESCE((SELECT s.refreshed_as_of FROM tiering.source s WHERE s.scheme = 'bank'),
		'1990-01-30') + after
$$;
CREATE FUNCTION bank.draft() RETURNS int
LANGUAGE sql STABLE AS $$
	SELECT v.version FROM tiering.scheme_version v WHERE v.scheme = 'bank' AND v.status = 'draft'
$$;
-- One request in a state; override stands for all kinds but move
CREATE FUNCTION bank.request(state text, kind text, requested_by text DEFAULT NULL)
RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
	SELECT r.request FROM tiering.request_state r
	WHERE r.scheme = 'bank' AND r.state = request.state
		AND (r.kind = 'move') = (request.kind = 'move')
		AND (request.requested_by IS NULL OR r.requested_by = request.requested_by)
	ORDER BY hashtextextended(r.request || current_setting('bank.salt'), 0) LIMIT 1
$$;

/*
 * Who does what. An action is one statement, which may be refused with one of the
 * SQLSTATEs of refused. prepared_by are those without which it has nothing to do; needs
 * is a function without which there is no such action.
 */
CREATE TABLE bank.action (
	action      text PRIMARY KEY,
	weight      int NOT NULL,
	login       text NOT NULL,
	statement   text NOT NULL,
	refused     text[] NOT NULL DEFAULT '{}',
	prepared_by text[] NOT NULL DEFAULT '{}',
	needs       text
);
INSERT INTO bank.action (action, weight, login, statement, refused, prepared_by, needs) VALUES
	('data', 12, 'postgres', $$
		UPDATE bank.metrics m SET here = bank.r(m.customer_id) < 0.9,
			assets = round(400 * bank.r(m.customer_id + 100000), 2)
		WHERE m.customer_id IN (SELECT s.customer_id FROM bank.metrics s
			ORDER BY bank.r(s.customer_id + 200000) LIMIT 20 FOR UPDATE SKIP LOCKED)$$,
		'{40001}', '{}', NULL),
	('refresh', 10, 'chaos_night', $$
		SELECT tiering.refresh('bank', bank.day(1 + bank.upto(1, 2)))$$,
		'{40001,55P03,22023}', '{data}', NULL),
	('repeat', 6, 'chaos_night', $$
		SELECT tiering.refresh('bank', bank.day())$$,
		'{40001,55P03,22023}', '{data}', NULL),
	('restate_some', 5, 'chaos_night', $$
		SELECT tiering.restate('bank', bank.day(- bank.upto(1, 5)), bank.customers(5))$$,
		'{40001,55P03}', '{data}', NULL),
	('restate_all', 2, 'chaos_night', $$
		SELECT tiering.restate('bank', bank.day(- bank.upto(1, 3)))$$,
		'{40001,55P03}', '{data}', NULL),
	('mark', 5, 'chaos_load', $$
		SELECT tiering.mark_dirty('bank', c, bank.day(- bank.upto(1, 4)))
		FROM unnest(bank.customers(3)) c$$,
		'{40001}', '{}', NULL),
	('rename', 4, 'chaos_load', $$
		SELECT tiering.rename_customer('bank', c,
			split_part(c, '-', 1) || '-' || 1 + bank.upto(2, 1000), bank.day(), 'chance')
		FROM unnest(bank.customers(1)) c$$,
		'{40001,55P03,22023,55000,P0002,23505}', '{}',
		'tiering.rename_customer(text, text, text, date, text)'),
	('restate_dirty', 3, 'chaos_night', $$
		SELECT tiering.restate_dirty('bank')$$,
		'{40001,55P03}', '{data,mark}', NULL),
	('recount', 2, 'chaos_night', $$
		SELECT tiering.recount('bank')$$,
		'{40001,55P03}', '{restate_some}', NULL),
	('ask', 8, 'chaos_asker', $$
		SELECT tiering.request_override('bank', c,
			(ARRAY['floor', 'cap', 'fixed'])[1 + bank.upto(1, 2)], bank.tier(2),
			daterange(bank.day(bank.upto(3, 10) - 5), bank.day(bank.upto(4, 20) + 6)), 'chance')
		FROM unnest(bank.customers(1)) c$$,
		'{40001,55P03,23503,42704,P0002}', '{}', NULL),
	('ask_too', 4, 'chaos_both', $$
		SELECT tiering.request_override('bank', c, 'fixed', bank.tier(1),
			daterange(bank.day(), bank.day(20)), 'chance')
		FROM unnest(bank.customers(1)) c$$,
		'{40001,55P03,23503,42704,P0002}', '{}', NULL),
	('approve', 8, 'chaos_chief', $$
		SELECT tiering.approve(r) FROM bank.request('pending', 'override') r$$,
		'{40001,55P03,55000}', '{ask}', NULL),
	('approve_move', 6, 'chaos_chief', $$
		SELECT tiering.approve(r) FROM bank.request('pending', 'move') r$$,
		'{40001,55P03,55000}', '{data,refresh}', NULL),
	('approve_too', 4, 'chaos_both', $$
		SELECT tiering.approve(r) FROM bank.request('pending', 'override') r$$,
		'{40001,55P03,55000,42501}', '{ask}', NULL),
	('reject', 4, 'chaos_chief', $$
		SELECT tiering.reject(r) FROM bank.request('pending', 'move') r$$,
		'{40001,55P03,55000}', '{data,refresh}', NULL),
	('withdraw', 2, 'chaos_asker', $$
		SELECT tiering.withdraw(r) FROM bank.request('pending', 'override', 'chaos_asker') r$$,
		'{40001,55P03,55000}', '{ask}', NULL),
	('end', 4, 'chaos_chief', $$
		SELECT tiering.end_override(r, bank.day(bank.upto(1, 3)))
		FROM bank.request('approved', 'override') r$$,
		'{40001,55P03,55000,22023}', '{ask,approve}', NULL),
	('hand', 6, 'postgres', $$
		UPDATE tiering.assignment SET tier = bank.tier(1)
		WHERE scheme = 'bank' AND customer_id = ANY (bank.customers(2))$$,
		'{40001,55P03,22023,23503,55000}', '{}', NULL),
	('hand_dated', 2, 'postgres', $$
		UPDATE tiering.assignment SET tier = bank.tier(1), as_of = bank.day(bank.upto(2, 13) - 10)
		WHERE scheme = 'bank' AND customer_id = ANY (bank.customers(1))$$,
		'{40001,55P03,22023,23503,55000}', '{}', NULL),
	('hand_noted', 1, 'postgres', $$
		UPDATE tiering.assignment SET misses = misses + 1
		WHERE scheme = 'bank' AND customer_id = ANY (bank.customers(1))$$,
		'{40001,55P03,22023,55000,42501}', '{}', NULL),
	('hand_delete', 2, 'postgres', $$
		DELETE FROM tiering.assignment
		WHERE scheme = 'bank' AND customer_id = ANY (bank.customers(1))$$,
		'{40001,55P03,22023,55000}', '{}', NULL),
	('hand_insert', 2, 'postgres', $$
		INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
		SELECT 'bank', m.customer_id, bank.tier(1), bank.day(), bank.day(),
			tiering.version_on('bank', bank.day())
		FROM bank.metrics m WHERE m.customer_id::text NOT IN
			(SELECT a.customer_id FROM tiering.assignment a WHERE a.scheme = 'bank')
		ORDER BY bank.r(m.customer_id) LIMIT 1 ON CONFLICT DO NOTHING$$,
		'{40001,55P03,22023,23503,55000}', '{data}', NULL),
	('new_version', 2, 'chaos_author', $$
		SELECT tiering.new_version('bank')$$,
		'{40001,55P03,42710}', '{}', NULL),
	-- who changes rows by hand locks them in an order of their own: of two who do so in the same
	-- draft, in transactions of more than one change, each may wait for the other
	('edit', 3, 'chaos_author', $$
		UPDATE tiering.rule r
		SET bounds = numrange(CASE WHEN lower(r.bounds) > 150 THEN 190 ELSE 90 END
			+ bank.upto(1, 20), NULL)
		WHERE r.scheme = 'bank' AND r.version = bank.draft() AND r.tier = 'platinum'$$,
		'{40001,40P01,55P03,55000}', '{new_version}', NULL),
	-- two tiers swap names
	('edit_rank', 1, 'chaos_author', $$
		WITH asks AS (
			UPDATE tiering.rule r SET bounds = numrange(300 - lower(r.bounds), NULL)
			WHERE r.scheme = 'bank' AND r.version = bank.draft() AND r.tier IN ('gold', 'platinum'))
		UPDATE tiering.tier t SET rank = 5 - t.rank
		WHERE t.scheme = 'bank' AND t.version = bank.draft() AND t.tier IN ('gold', 'platinum')$$,
		'{40001,40P01,55P03,55000}', '{new_version}', NULL),
	('publish', 2, 'chaos_author', $$
		SELECT tiering.publish('bank', bank.day(1 + bank.upto(1, 3)))$$,
		'{40001,55P03,22023,55000,42P17}', '{new_version,edit}', NULL),
	('set_source', 2, 'postgres', $$
		SELECT tiering.set_source('bank', bank.source(bank.r(1) < 0.5))$$,
		'{40001,55P03}', '{}', NULL),
	('simulate', 3, 'chaos_plan', $$
		SELECT count(*) FROM tiering.simulate('bank', COALESCE(bank.draft(), 1), bank.day())$$,
		'{}', '{}', NULL),
	('reports', 4, 'chaos_chief', $$
		SELECT (SELECT count(*) FROM tiering.tier_distribution),
			(SELECT count(*) FROM tiering.migration_matrix),
			(SELECT count(*) FROM tiering.migration_summary),
			(SELECT count(*) FROM tiering.near_downgrade), (SELECT count(*) FROM tiering.staffing),
			(SELECT count(*) FROM tiering.retention('bank')),
			(SELECT count(*) FROM tiering.request_state),
			(SELECT count(tiering.tier_on('bank', c, bank.day()))
			 FROM unnest(bank.customers(3)) c)$$,
		'{}', '{}', NULL),
	('void', 1, 'chaos_night', $$
		SELECT tiering.void_assessment('bank', bank.day(), 'chance')$$,
		'{40001,55P03,22023,55000,42704}', '{data,refresh}',
		'tiering.void_assessment(text, date, text)'),
	('unpublish', 1, 'chaos_author', $$
		SELECT tiering.unpublish('bank', max(v.version), 'chance')
		FROM tiering.scheme_version v WHERE v.scheme = 'bank' AND v.status = 'published'$$,
		'{40001,55P03,22023,42710,55000}', '{new_version,edit,publish}',
		'tiering.unpublish(text, int, text)'),
	('assess', 3, 'chaos_night', $$
		SELECT tiering.assess('bank', bank.day(1), bank.customers(3), 'chance')$$,
		'{40001,55P03,22023}', '{data}', 'tiering.assess(text, date, text[], text)');
DELETE FROM bank.action a WHERE to_regprocedure(a.needs) IS NULL AND a.needs IS NOT NULL;

CREATE FUNCTION bank.source(plain boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT format($q$
		SELECT customer_id, assets + abs(hashtext(customer_id || ' ' || $1)) %% 40 AS assets
		FROM bank.metrics WHERE here%s$q$, CASE WHEN NOT plain THEN ' AND $1 IS NOT NULL' END)
$$;

-- It opens with so many customers, and a first assessment
CREATE FUNCTION bank.open(customers int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	login text;
BEGIN
	PERFORM set_config('bank.salt', 'opening', false);
	INSERT INTO bank.metrics
	SELECT i, round(400 * bank.r(i), 2), i % 10 > 0 FROM generate_series(1, customers) i;
	PERFORM tiering.create_ladder('bank', 'assets', '{mass,gold,platinum,diamond}',
		'{NULL,100,200,300}');
	UPDATE tiering.tier SET approval = true WHERE scheme = 'bank' AND tier = 'diamond';
	INSERT INTO tiering.policy (scheme, version, tier, up, down_after, hold)
	VALUES ('bank', 1, 'gold', 'at_once', 2, '0'), ('bank', 1, 'platinum', 'next', 1, '2 days');
	PERFORM tiering.publish('bank', '1990-01-01'), tiering.set_source('bank', bank.source(true));
	FOREACH login IN ARRAY '{night,load,asker,both,chief,author,plan}'::text[] LOOP
		EXECUTE format('CREATE ROLE chaos_%s', login);
		EXECUTE format('GRANT USAGE ON SCHEMA bank TO chaos_%s', login);
		EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA tiering TO chaos_%s', login);
		PERFORM tiering.grant_role(format('chaos_%s', login)::regrole, 'report');
	END LOOP;
	PERFORM tiering.grant_role('chaos_night', 'grade'), tiering.grant_role('chaos_load', 'load'),
		tiering.grant_role('chaos_asker', 'request'), tiering.grant_role('chaos_both', 'request'),
		tiering.grant_role('chaos_both', 'approve'), tiering.grant_role('chaos_chief', 'approve'),
		tiering.grant_role('chaos_author', 'author'), tiering.grant_role('chaos_plan', 'plan');
	PERFORM tiering.refresh('bank', '1990-01-31');
END;
$$;

-- A digest of all that the extension keeps of its users; not exact, without the times at
-- which things were done and the seals that hang on them
CREATE FUNCTION bank.digest(exact boolean) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	kept regclass;
	one text;
	result text := CASE WHEN exact THEN (SELECT count(*)::text FROM pg_class) ELSE '' END;
BEGIN
	FOR kept IN
		SELECT c.oid::regclass
		FROM pg_extension e, unnest(e.extconfig) k(oid) JOIN pg_class c USING (oid)
		WHERE e.extname = 'tiering' AND c.relkind = 'r'
			AND (exact OR c.relname !~ '^assessment_') ORDER BY 1
	LOOP
		EXECUTE format('SELECT md5(string_agg(x, chr(10) ORDER BY x))
			FROM (SELECT (to_jsonb(t) - %L::text[])::text AS x FROM %s t) r',
			CASE WHEN NOT exact THEN ARRAY(
				SELECT a.attname FROM pg_attribute a WHERE a.attrelid = kept AND a.attnum > 0
					AND (a.atttypid IN ('timestamptz'::regtype, 'bytea'::regtype,
						'uuid'::regtype) OR a.attname IN ('slot', 'seconds', 'pid')))
				ELSE ARRAY[]::text[] END, kept) INTO one;
		result := concat_ws(' ', result, kept::text || '=' || COALESCE(one, 'empty'));
	END LOOP;
	-- in which part of its table an assessment lies is where there was room: a crash leaves
	-- a part that is empty of rows, but not of pages
	IF NOT exact AND to_regclass('tiering.kept_assessment') IS NOT NULL THEN
		EXECUTE $q$SELECT md5(string_agg(x, chr(10) ORDER BY x))
			FROM (SELECT (to_jsonb(a) - '{slot,recorded_at}'::text[])::text AS x
				FROM tiering.assessment a
				WHERE a.slot = 0 OR EXISTS (SELECT FROM tiering.kept_assessment k
					WHERE k.slot = a.slot AND k.scheme = a.scheme AND k.as_of = a.as_of)) r$q$
		INTO one;
		result := concat_ws(' ', result, 'assessments=' || COALESCE(one, 'empty'));
	END IF;
	RETURN result;
END;
$$;

-- What is numbered goes on from the same number after a rehearsal
CREATE TABLE bank.sequence (name regclass, value bigint, called boolean);
CREATE FUNCTION bank.note_sequences() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	s regclass;
BEGIN
	DELETE FROM bank.sequence;
	FOR s IN
		SELECT c.oid FROM pg_class c
		WHERE c.relkind = 'S' AND c.relnamespace = 'tiering'::regnamespace
	LOOP
		EXECUTE format('INSERT INTO bank.sequence SELECT %L, last_value, is_called FROM %s',
			s::text, s);
	END LOOP;
END;
$$;
