-- Batches and their seals; history as it was known at a time.
CREATE SCHEMA sealed;
CREATE TABLE sealed.value (customer_id text, as_of date, value numeric,
	PRIMARY KEY (customer_id, as_of));
INSERT INTO sealed.value SELECT format('c%s', c), d,
	hashint4(c * 100 + extract(month FROM d)::int)::bigint & 511
FROM generate_series(1, 40) c, unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
DELETE FROM sealed.value WHERE customer_id = 'c7' AND as_of = '2024-03-31';
SELECT tiering.create_ladder('sealed', 'value', '{low,mid,high}', '{NULL,100,300}'),
	tiering.publish('sealed', '2024-01-01'),
	tiering.set_source('sealed', 'SELECT customer_id, value FROM sealed.value WHERE as_of = $1');
SELECT tiering.verify_history('sealed'), tiering.history_head('sealed');
SET client_min_messages = warning;
SELECT count(tiering.refresh('sealed', d))
	FROM unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
RESET client_min_messages;
-- by hand, of two schemes in one statement
SELECT tiering.copy_scheme('sealed', 'sealed2'), tiering.publish('sealed2', '2024-01-01');
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
SELECT s, 'hand', 'low', '2024-03-31', '2024-03-31', 1 FROM unnest('{sealed,sealed2}'::text[]) s;
UPDATE tiering.assignment SET tier = 'high' WHERE scheme LIKE 'sealed%' AND customer_id = 'hand';
SELECT scheme, batch, kind, as_of, moves, superseded, recorded_at = now() AS now,
	recorded_by = current_user AS mine, length(seal) FROM tiering.batch WHERE scheme LIKE 'sealed%'
	ORDER BY 1, 2;
SELECT customer_id, tier, cause, since FROM tiering.assignment WHERE scheme = 'sealed'
	AND (customer_id = 'hand' OR customer_id = 'c1') ORDER BY 1;
SELECT * FROM tiering.verify_history('sealed');
SELECT batch, moves, length(seal) FROM tiering.history_head('sealed');
SELECT batch AS head_batch, seal AS head_seal FROM tiering.history_head('sealed') \gset

-- The seal by hand, of the first two batches: every part of it is written out.
SET timezone = 'Asia/Shanghai';
SET datestyle = 'SQL, DMY';
CREATE FUNCTION sealed.by_hand(b tiering.batch, previous bytea) RETURNS bytea LANGUAGE sql
SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
	SELECT sha256(previous || convert_to(ROW(b.scheme, b.batch, b.kind, b.as_of, b.moves,
			b.superseded, b.recorded_at, b.recorded_by)::text || ROW(b.published)::text, 'UTF8')
		|| (SELECT sha256(convert_to(string_agg(ROW(u.scheme, u.event, u.what, u.version,
				u.effective, u.reason, u.done_at, u.done_by, u.done_as, u.digest)::text,
				E'\n' ORDER BY u.event), 'UTF8'))
			FROM tiering.publication u WHERE u.scheme = b.scheme AND u.event <= b.published)
		|| sha256((SELECT string_agg(sha256(convert_to(lines, 'UTF8')), '' ORDER BY part) FROM (
			SELECT move / 10000 AS part, string_agg(ROW(move, scheme, NULL, as_of, from_tier,
				to_tier, direction, cause, version, measure, recorded_at, recorded_by, batch)::text
				-- what is only told where it is not as usual
				|| CASE WHEN assessed <> as_of THEN ROW(assessed, NULL)::text ELSE '' END
				-- of the customer's number a hash
				|| encode(sha256(decode(replace(salt::text, '-', ''), 'hex')
					|| convert_to(customer_id, 'UTF8')), 'hex'),
				E'\n' ORDER BY move) AS lines
			FROM tiering.migration m
			WHERE m.scheme = b.scheme AND m.batch = b.batch GROUP BY 1) p)))
$$;
SELECT seal = sealed.by_hand(b,
	COALESCE((SELECT seal FROM tiering.batch p WHERE p.scheme = b.scheme AND p.batch = b.batch - 1),
	'')) AS same
FROM tiering.batch b WHERE scheme = 'sealed' ORDER BY batch;
SELECT sound FROM tiering.verify_history('sealed');
RESET timezone;
RESET datestyle;

-- Whatever is done to it is found: where the triggers do not fire, as one who owns the tables can
-- have it.
CREATE FUNCTION sealed.loosen() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	ALTER TABLE tiering.migration DISABLE TRIGGER USER;
	ALTER TABLE tiering.batch DISABLE TRIGGER USER;
	ALTER TABLE tiering.superseded DISABLE TRIGGER USER;
END;
$$;
CREATE FUNCTION sealed.after(tampering text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	PERFORM sealed.loosen();
	EXECUTE tampering;
	SELECT format('%s %s: %s', v.sound, v.batch, v.finding) INTO found
		FROM tiering.verify_history('sealed') v;
	RAISE EXCEPTION USING ERRCODE = 'T0000', MESSAGE = found;
EXCEPTION WHEN SQLSTATE 'T0000' THEN
	RETURN SQLERRM;
END;
$$;
SELECT tampering, sealed.after(tampering) FROM unnest(ARRAY[
	'SELECT',
	'UPDATE tiering.migration SET to_tier = ''low'', from_tier = ''low'' WHERE move = (SELECT '
	'max(move) FROM tiering.migration WHERE scheme = ''sealed'' AND batch = 2)',
	'UPDATE tiering.migration SET measure = measure * 1.00 WHERE move = (SELECT min(move) FROM '
	'tiering.migration WHERE scheme = ''sealed'')',
	'UPDATE tiering.migration SET recorded_at = recorded_at - interval ''1 us'' WHERE scheme = '
	'''sealed'' AND batch = 3',
	'UPDATE tiering.migration SET customer_id = ''c99'' WHERE scheme = ''sealed'' AND batch = 3',
	'UPDATE tiering.migration SET salt = gen_random_uuid() WHERE scheme = ''sealed'' AND batch = 3',
	'UPDATE tiering.migration SET salt = NULL WHERE scheme = ''sealed'' AND batch = 3',
	'UPDATE tiering.migration SET salt = NULL, mark = _tiering.move_mark(NULL, salt, customer_id) '
	'WHERE scheme = ''sealed'' AND batch = 3',
	-- and as if it were the hash that it is sealed by
	'UPDATE tiering.migration SET salt = NULL, customer_id = encode(_tiering.move_mark(NULL, salt, '
	'customer_id), ''hex'') WHERE scheme = ''sealed'' AND batch = 3',
	'DELETE FROM tiering.migration WHERE move = (SELECT min(move) FROM tiering.migration WHERE '
	'scheme = ''sealed'' AND batch = 2)',
	'DELETE FROM tiering.migration WHERE scheme = ''sealed'' AND batch = 3',
	'DELETE FROM tiering.migration WHERE scheme = ''sealed''',
	'INSERT INTO tiering.migration (scheme, customer_id, as_of, to_tier, direction, cause, '
	'version, assessed, recorded_by, batch) VALUES (''sealed'', ''c99'', ''2024-02-29'', ''high'', '
	'''new'', ''new'', 1, ''2024-02-29'', ''me'', 2)',
	'INSERT INTO tiering.migration (scheme, customer_id, as_of, to_tier, direction, cause, '
	'version, assessed, recorded_by, batch) VALUES (''sealed'', ''c99'', ''2024-02-29'', ''high'', '
	'''new'', ''new'', 1, ''2024-02-29'', ''me'', 99)',
	'UPDATE tiering.migration SET batch = 3 WHERE scheme = ''sealed'' AND batch = 2',
	'INSERT INTO tiering.superseded SELECT min(move), ''sealed'', 2 FROM tiering.migration WHERE '
	'scheme = ''sealed''',
	'DELETE FROM tiering.batch WHERE scheme = ''sealed'' AND batch = 1',
	'DELETE FROM tiering.batch WHERE scheme = ''sealed'' AND batch = 3',
	'UPDATE tiering.batch SET recorded_at = recorded_at + interval ''1 s'' WHERE scheme = '
	'''sealed'' AND batch = 4',
	'UPDATE tiering.batch SET recorded_by = ''somebody'' WHERE scheme = ''sealed'' AND batch = 4',
	'UPDATE tiering.batch SET recorded_as = ''somebody'' WHERE scheme = ''sealed'' AND batch = 4',
	'UPDATE tiering.migration SET recorded_as = '''' WHERE scheme = ''sealed'' AND batch = 4',
	'UPDATE tiering.migration SET assessed = as_of + 1 WHERE scheme = ''sealed'' AND batch = 3',
	'UPDATE tiering.batch SET seal = sha256(seal) WHERE scheme = ''sealed'' AND batch = 2'])
	tampering;
-- Taking the last batches away leaves a sound chain; the head that was kept tells.
BEGIN;
SELECT sealed.loosen();
DELETE FROM tiering.migration WHERE scheme = 'sealed' AND batch >= 5;
DELETE FROM tiering.batch WHERE scheme = 'sealed' AND batch >= 5;
SELECT sound, batch, finding FROM tiering.verify_history('sealed');
SELECT sound, batch, finding FROM tiering.verify_history('sealed', :head_batch, :'head_seal');
ROLLBACK;
-- and so does making all seals anew
BEGIN;
SELECT sealed.loosen();
UPDATE tiering.migration SET measure = 0 WHERE scheme = 'sealed' AND batch = 1;
DO $$
DECLARE
	b tiering.batch;
BEGIN
	FOR b IN SELECT * FROM tiering.batch WHERE scheme = 'sealed' ORDER BY batch LOOP
		UPDATE tiering.batch SET seal = sealed.by_hand(b,
			COALESCE((SELECT p.seal FROM tiering.batch p WHERE p.scheme = 'sealed'
			AND p.batch = b.batch - 1), ''))
		WHERE scheme = b.scheme AND batch = b.batch;
	END LOOP;
END;
$$;
SELECT sound, batch, finding FROM tiering.verify_history('sealed');
SELECT sound, batch, finding FROM tiering.verify_history('sealed', :head_batch, :'head_seal');
ROLLBACK;
SELECT sound, batch, finding
	FROM tiering.verify_history('sealed', :head_batch, upper(:'head_seal'));
-- a head of before stays good when there is more
UPDATE tiering.assignment SET tier = 'mid' WHERE scheme = 'sealed' AND customer_id = 'hand';
SELECT sound, batch, finding FROM tiering.verify_history('sealed', :head_batch, :'head_seal');

-- Every customer's tier at every day from before the first to after the last move is that of his
-- last move.
SELECT count(*) AS asked, count(*)
	FILTER (WHERE tiering.tier_on('sealed', c.customer_id, d::date)
	IS DISTINCT FROM h.tier) AS wrong
FROM (SELECT DISTINCT customer_id FROM tiering.migration WHERE scheme = 'sealed') c,
	generate_series('2024-01-30'::date, '2024-04-01', '1 day') d
	LEFT JOIN LATERAL (SELECT tier FROM tiering.customer_tier_history h WHERE h.scheme = 'sealed'
		AND h.customer_id = c.customer_id AND h.valid @> d::date) h ON true;
SELECT count(*) AS asked, count(*)
	FILTER (WHERE t.tier IS DISTINCT FROM tiering.tier_on('sealed', c.customer_id, d)) AS wrong
FROM unnest('{2024-01-30,2024-01-31,2024-02-15,2024-03-31,2024-05-01}'::date[]) d
	CROSS JOIN (SELECT DISTINCT customer_id FROM tiering.migration WHERE scheme = 'sealed') c
	LEFT JOIN LATERAL (SELECT tier FROM tiering.tiers_on('sealed', d) t
		WHERE t.customer_id = c.customer_id) t ON true;
-- before it was recorded nothing was known
SELECT tiering.tier_on('sealed', 'c1', '2024-02-29'),
	tiering.tier_on('sealed', 'c1', '2024-02-29', now() - interval '1 day') AS before_it_was_known,
	tiering.tier_on('sealed', 'c7', '2024-03-30') IS NOT NULL AS was,
		tiering.tier_on('sealed', 'c7', '2024-03-31') AS gone,
		tiering.tier_on('sealed', 'nobody', '2024-03-31') AS nobody;
SELECT t.fails(q) FROM unnest(ARRAY['SELECT tiering.tier_on(''nothing'', ''c1'', ''2024-01-01'')',
	'SELECT tiering.tier_on(''sealed'', ''c1'', NULL)',
	'SELECT tiering.tier_on(''sealed'', ''c1'', ''infinity'')',
	'SELECT tiering.tiers_on(''sealed'', NULL)', 'SELECT tiering.verify_history(''nothing'')',
	'SELECT tiering.history_head(''nothing'')',
	'SELECT tiering.verify_history(''sealed'', 3)', 'UPDATE tiering.batch SET kind = ''manual''',
	'DELETE FROM tiering.superseded', 'TRUNCATE tiering.batch',
	'DELETE FROM tiering.distribution_history']) q;
DROP SCHEMA sealed CASCADE;
