-- Changes by hand as of a day after the last assessment: one that comes as of a day in
-- between finds customers where they were on that day, and the change stays after it.
CREATE SCHEMA ahead;
SET datestyle = iso;
SET client_min_messages = warning;
CREATE VIEW ahead.moves AS
SELECT scheme, customer_id AS customer, string_agg(format('%s %s->%s %s', as_of, from_tier,
	to_tier, cause), ', ' ORDER BY as_of, move) AS moves
FROM tiering.standing_move GROUP BY scheme, customer_id;
CREATE VIEW ahead.sums AS
SELECT scheme, as_of, tier, customers, measure FROM _tiering.known_distribution()
WHERE customers > 0 ORDER BY scheme, as_of, tier;
CREATE ROLE ahead_asks;
CREATE ROLE ahead_decides;
SELECT tiering.grant_role('ahead_asks', 'request'), tiering.grant_role('ahead_decides', 'approve');

-- one who is moved, one who also moves in between, one who comes, one who leaves
SELECT t.bank_of_five('ahead_waits');
UPDATE tiering.assignment SET tier = 'platinum', as_of = '2024-02-10'
	WHERE scheme = 'ahead_waits' AND customer_id IN ('1', '2');
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
	VALUES ('ahead_waits', '9', 'gold', '2024-02-10', '2024-02-10', 1);
UPDATE tiering.assignment SET tier = 'gold', as_of = '2024-02-09'
	WHERE scheme = 'ahead_waits' AND customer_id = '5';
DELETE FROM tiering.assignment WHERE scheme = 'ahead_waits' AND customer_id = '5';
SELECT t.put(2, '2024-02-01', 250), t.put(2, '2024-02-08', 10);
SELECT from_tier, to_tier, customers FROM tiering.simulate('ahead_waits', 1, '2024-02-05')
	WHERE direction <> 'stayed';
SELECT customers, new, up, down, exit, stayed FROM tiering.refresh('ahead_waits', '2024-02-05');
SELECT customer, moves FROM ahead.moves WHERE scheme = 'ahead_waits' ORDER BY 1;
SELECT * FROM ahead.sums WHERE scheme = 'ahead_waits';
SELECT customer_id, tier, measure, since, cause FROM tiering.current_tier
	WHERE scheme = 'ahead_waits' ORDER BY 1;
SELECT * FROM t.invariants('ahead_waits');
SELECT superseded, recorded, written FROM tiering.restate('ahead_waits', '2024-01-31');
SELECT written FROM tiering.refresh('ahead_waits', '2024-02-05');
-- a decision goes before it, too
SET SESSION AUTHORIZATION ahead_asks;
SELECT tiering.request_override('ahead_waits', '1', 'floor', 'diamond', '[2024-02-01,2024-03-01)',
	'agreed') AS request \gset
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION ahead_decides;
SELECT tiering.approve(:request);
RESET SESSION AUTHORIZATION;
SELECT customer, moves FROM ahead.moves WHERE scheme = 'ahead_waits' AND customer = '1';
SELECT superseded, recorded, written FROM tiering.restate('ahead_waits', '2024-01-31', '{1}');
SELECT * FROM t.invariants('ahead_waits');
-- and it counts from its day on
SELECT customers, new, up, down, exit, stayed FROM tiering.refresh('ahead_waits', '2024-02-09');
SELECT customers, new, up, down, exit, stayed FROM tiering.refresh('ahead_waits', '2024-02-10');
SELECT customer, moves FROM ahead.moves WHERE scheme = 'ahead_waits' ORDER BY 1;
SELECT superseded, recorded, written FROM tiering.restate('ahead_waits', '2024-01-31');
SELECT * FROM t.invariants('ahead_waits');
-- taken back, it does not come again
SELECT now_as_of FROM tiering.void_assessment('ahead_waits', '2024-02-10', 'a slip');
SELECT * FROM t.invariants('ahead_waits');

SELECT tiering.revoke_role('ahead_asks', 'request'),
	tiering.revoke_role('ahead_decides', 'approve');
DROP ROLE ahead_asks, ahead_decides;
DROP SCHEMA ahead CASCADE;
RESET client_min_messages;
