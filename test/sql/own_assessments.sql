-- Assessments of single customers between those of the whole scheme: what is done before,
-- on the day of and after one of them, done again, and taken back.
CREATE SCHEMA own;
SET datestyle = iso;
SET client_min_messages = warning;
CREATE VIEW own.assigned AS
SELECT scheme, customer_id AS customer, tier, measure, measured_as_of AS as_of, since, misses,
	cause, earned
FROM tiering.current_tier ORDER BY scheme, customer_id;
CREATE VIEW own.moves AS
SELECT scheme, customer_id AS customer, string_agg(format('%s %s->%s %s', as_of, from_tier,
	to_tier, cause), ', ' ORDER BY as_of, move) AS moves
FROM tiering.standing_move GROUP BY scheme, customer_id;
CREATE VIEW own.sums AS
SELECT scheme, as_of, tier, customers, measure FROM _tiering.known_distribution()
WHERE customers > 0 ORDER BY scheme, as_of, tier;
CREATE ROLE own_asks;
CREATE ROLE own_decides;
SELECT tiering.grant_role('own_asks', 'request'), tiering.grant_role('own_decides', 'approve');

-- Restated from the assessment before it: a row has the day of its money, and the sums of
-- that assessment have what is known of it
SELECT t.bank_of_five('own_day');
SELECT t.put(1, '2024-02-10', 250), (tiering.assess('own_day', '2024-02-15', '{1}', 'asked')).up;
SELECT t.put(1, '2024-01-01', 120);
SELECT superseded, recorded, written FROM tiering.restate('own_day', '2024-01-31', '{1}');
SELECT tier, measure, as_of, since FROM own.assigned WHERE scheme = 'own_day' AND customer = '1';
SELECT * FROM own.sums WHERE scheme = 'own_day';
-- what they had on the 31st is known no more, and what they have since says nothing of it
SELECT t.put(1, '2024-01-01', 20);
SELECT superseded, recorded, written FROM tiering.restate('own_day', '2024-01-31', '{1}');
SELECT * FROM own.sums WHERE scheme = 'own_day';
SELECT tiering.recount('own_day');
SELECT * FROM own.sums WHERE scheme = 'own_day';
SELECT * FROM t.invariants('own_day');

-- Taken back with the assessment before it, also for restatements that follow. A change
-- by hand that was recorded again meanwhile, too.
SELECT t.bank_of_five('own_void');
SELECT t.put(1, '2024-02-10', 250), (tiering.assess('own_void', '2024-02-15', '{1}', 'asked')).up;
UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'own_void' AND customer_id IN ('1', '2');
SELECT t.put(1, '2024-02-10', 50);
SELECT recorded FROM tiering.restate('own_void', '2024-01-31', '{1}');
SELECT moves FROM own.moves WHERE scheme = 'own_void' AND customer = '1';
SELECT superseded FROM tiering.void_assessment('own_void', '2024-01-31', 'a slip');
SELECT new FROM tiering.refresh('own_void', '2024-01-31');
SELECT superseded, recorded, written FROM tiering.restate('own_void', '2024-01-31', '{1,2}');
SELECT customer, tier, measure, as_of FROM own.assigned WHERE scheme = 'own_void'
	AND customer < '3';
-- the same day once more
SELECT stayed FROM tiering.assess('own_void', '2024-02-15', '{1}', 'asked again');
SELECT t.fails($$SELECT tiering.assess('own_void', '2024-02-14', '{1}', 'asked')$$);
SELECT * FROM t.invariants('own_void');
-- one that was before the assessment that is taken back stays
SELECT t.put(1, '2024-02-16', 150), t.put(2, '2024-02-20', 250);
SELECT up FROM tiering.assess('own_void', '2024-02-16', '{1}', 'asked');
SELECT up FROM tiering.refresh('own_void', '2024-02-29');
SELECT now_as_of FROM tiering.void_assessment('own_void', '2024-02-29', 'a slip');
SELECT customer, tier, measure, as_of FROM own.assigned WHERE scheme = 'own_void'
	AND customer < '3';
SELECT * FROM own.sums WHERE scheme = 'own_void';
SELECT superseded, recorded, written FROM tiering.restate('own_void', '2024-01-31');
SELECT * FROM t.invariants('own_void');

-- On the day of an assessment of the whole scheme, which makes it again: a miss counts
-- once, and what has changed since counts
SELECT t.bank_of_five('own_both');
SELECT t.put(2, '2024-02-01', 10), t.put(3, '2024-02-01', 250), t.put(4, '2024-02-01', 10);
SELECT up, down FROM tiering.assess('own_both', '2024-02-05', '{2,3,4}', 'asked');
SELECT t.put(3, '2024-02-01', 150), t.put(4, '2024-02-01', 200);
SELECT customers, stayed, up, down FROM tiering.refresh('own_both', '2024-02-05');
SELECT * FROM own.assigned WHERE scheme = 'own_both';
SELECT moves FROM own.moves WHERE scheme = 'own_both' AND customer = '3';
SELECT written FROM tiering.refresh('own_both', '2024-02-05');
SELECT superseded, recorded, written FROM tiering.restate('own_both', '2024-01-31');
SELECT superseded, recorded, written FROM tiering.restate('own_both', '2024-01-31', '{1,2,3,4,5}');
SELECT * FROM t.invariants('own_both');

-- In one transaction, which is one time to now(): what comes later is later nevertheless. So is it
-- for a transaction that began before another and waited for it.
SELECT t.bank_of_five('own_once'), t.put(3, '2024-02-01', 250);
BEGIN;
SELECT up FROM tiering.assess('own_once', '2024-02-05', '{2,3}', 'asked');
SELECT customers, stayed FROM tiering.refresh('own_once', '2024-02-05');
SELECT customers, stayed FROM tiering.refresh('own_once', '2024-02-05');
UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'own_once' AND customer_id = '3';
COMMIT;
SELECT * FROM own.sums WHERE scheme = 'own_once';
SELECT * FROM t.invariants('own_once');

-- After an assessment of the whole scheme that is made later as of a day before it
SELECT t.bank_of_five('own_late');
SELECT t.put(1, '2024-02-10', 150), t.put(2, '2024-02-12', 250);
SELECT up FROM tiering.assess('own_late', '2024-02-15', '{1,2}', 'asked');
SELECT t.put(2, '2024-02-01', 220);
SELECT version, direction, customers FROM tiering.simulate('own_late', 1, '2024-02-05') s,
	LATERAL (SELECT 1 AS version) v WHERE s.direction <> 'stayed';
SELECT customers, stayed, up, down FROM tiering.refresh('own_late', '2024-02-05');
SELECT customer, moves FROM own.moves WHERE scheme = 'own_late' AND customer < '3';
SELECT * FROM own.sums WHERE scheme = 'own_late';
SELECT customers, stayed FROM tiering.refresh('own_late', '2024-02-06');
SELECT customers, stayed FROM tiering.refresh('own_late', '2024-02-29');
SELECT superseded, recorded, written FROM tiering.restate('own_late', '2024-01-31');
SELECT * FROM t.invariants('own_late');
-- of all customers
SELECT t.bank_of_five('own_all'), t.put(1, '2024-02-10', 150);
SELECT up FROM tiering.assess('own_all', '2024-02-15', '{1,2,3,4,5}', 'asked');
SELECT customers, stayed FROM tiering.refresh('own_all', '2024-02-05');
SELECT * FROM t.invariants('own_all');

-- What it asks to have approved is as of its day, and is decided as of it
SELECT t.bank_of_five('own_asks');
SELECT t.put(2, '2024-02-03', 250), t.put(2, '2024-02-05', 350);
SELECT up FROM tiering.assess('own_asks', '2024-02-04', '{2}', 'asked');
SELECT pending FROM tiering.assess('own_asks', '2024-02-05', '{2}', 'asked');
SELECT superseded, recorded FROM tiering.restate('own_asks', '2024-01-31', '{2}');
SELECT as_of, state, request FROM tiering.request_state WHERE scheme = 'own_asks' \gset
SELECT :'as_of' AS as_of, :'state' AS state;
SET SESSION AUTHORIZATION own_decides;
SELECT tiering.approve(:request);
RESET SESSION AUTHORIZATION;
SELECT moves FROM own.moves WHERE scheme = 'own_asks' AND customer = '2';
SET SESSION AUTHORIZATION own_asks;
SELECT tiering.request_override('own_asks', '2', 'cap', 'gold', '[2024-02-01,2024-03-01)', 'agreed')
	AS request \gset
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION own_decides;
SELECT tiering.approve(:request);
RESET SESSION AUTHORIZATION;
SELECT moves FROM own.moves WHERE scheme = 'own_asks' AND customer = '2';
SELECT counts FROM tiering.request_state WHERE request = :request;
SELECT superseded, recorded, written FROM tiering.restate('own_asks', '2024-01-31', '{2}');
SELECT t.fails($$SELECT tiering.void_assessment('own_asks', '2024-01-31', 'a slip')$$) ~
	'^55000 override .* was approved as of the assessment of 2024-01-31' AS refused;
SELECT t.fails(format('SELECT tiering.end_override(%s, ''2024-02-04'')', :request)) ~ '^22023'
	AS too_early;
SET SESSION AUTHORIZATION own_decides;
SELECT tiering.end_override(:request, '2024-02-05');
RESET SESSION AUTHORIZATION;
SELECT tier, since, cause FROM own.assigned WHERE scheme = 'own_asks' AND customer = '2';
SELECT superseded, recorded, written FROM tiering.restate('own_asks', '2024-01-31', '{2}');
SELECT * FROM own.sums WHERE scheme = 'own_asks';
SELECT * FROM t.invariants('own_asks');

-- Changes by hand come after it, whether or not it moved anybody
SELECT t.bank_of_five('own_hand');
SELECT stayed FROM tiering.assess('own_hand', '2024-02-05', '{1,2}', 'asked');
UPDATE tiering.assignment SET tier = 'gold' WHERE scheme = 'own_hand' AND customer_id = '1';
SELECT moves FROM own.moves WHERE scheme = 'own_hand' AND customer = '1';
SELECT t.fails($$UPDATE tiering.assignment SET tier = 'platinum', as_of = '2024-02-04'
	WHERE scheme = 'own_hand' AND customer_id = '2'$$);
SELECT t.fails($$SELECT tiering.assess('own_hand', '2024-02-04', '{1}', 'asked')$$);
UPDATE tiering.assignment SET tier = 'platinum', as_of = '2024-02-20'
	WHERE scheme = 'own_hand' AND customer_id = '3';
SELECT t.fails($$SELECT tiering.assess('own_hand', '2024-02-19', '{3}', 'asked')$$);
SELECT superseded, recorded, written FROM tiering.restate('own_hand', '2024-01-31');
-- before it on its day
UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-02-10'
	WHERE scheme = 'own_hand' AND customer_id = '2' AND tier <> 'gold';
UPDATE tiering.assignment SET tier = 'platinum', as_of = '2024-02-10'
	WHERE scheme = 'own_hand' AND customer_id = '2';
SELECT stayed FROM tiering.assess('own_hand', '2024-02-10', '{2}', 'asked');
SELECT tier, misses, cause FROM own.assigned WHERE scheme = 'own_hand' AND customer = '2';
SELECT superseded, recorded, written FROM tiering.restate('own_hand', '2024-01-31');
SELECT * FROM t.invariants('own_hand');

SELECT tiering.revoke_role('own_asks', 'request'), tiering.revoke_role('own_decides', 'approve');
DROP ROLE own_asks, own_decides;
DROP SCHEMA own CASCADE;
RESET client_min_messages;
