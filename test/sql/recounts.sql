-- The money of distributions, where data have changed behind them: that of the last
-- assessment is what assignment has. Marks of changes that nobody has assessed stay.
CREATE SCHEMA rec;
SET datestyle = iso;
SET client_min_messages = warning;
CREATE VIEW rec.sums AS
SELECT scheme, as_of, tier, customers, measure FROM _tiering.known_distribution()
WHERE customers > 0 ORDER BY scheme, as_of, tier;
CREATE FUNCTION rec.money(scheme text) RETURNS TABLE (tier text, measure numeric) LANGUAGE sql AS $$
	SELECT a.tier, sum(a.measure) FROM tiering.current_tier a WHERE a.scheme = money.scheme
	GROUP BY a.tier ORDER BY 1
$$;

-- taken back after the data changed: customers have what the source says today
SELECT t.bank_of_five('rec_void'), (tiering.refresh('rec_void', '2024-02-05')).stayed;
UPDATE t.five SET assets = assets + 1;
SELECT now_as_of FROM tiering.void_assessment('rec_void', '2024-02-05', 'a slip');
SELECT * FROM rec.sums WHERE scheme = 'rec_void';
SELECT * FROM rec.money('rec_void');
SELECT * FROM t.invariants('rec_void');
-- with a source that fails, it is not known what they had, until it is read again
SELECT stayed FROM tiering.refresh('rec_void', '2024-02-05');
ALTER TABLE t.five RENAME TO gone;
SELECT now_as_of FROM tiering.void_assessment('rec_void', '2024-02-05', 'a slip');
ALTER TABLE t.gone RENAME TO five;
SELECT * FROM rec.sums WHERE scheme = 'rec_void';
SELECT * FROM t.invariants('rec_void');
SELECT tiering.recount('rec_void');
SELECT * FROM rec.sums WHERE scheme = 'rec_void';

-- recounted after the data changed: of the last one as assignment has it
SELECT t.bank_of_five('rec_last'), (tiering.refresh('rec_last', '2024-02-05')).stayed;
SELECT t.put(1, '2024-01-01', 60), t.put(2, '2024-02-01', 260);
SELECT recorded FROM tiering.restate('rec_last', '2024-01-31', '{1,2}');
SELECT up FROM tiering.assess('rec_last', '2024-02-07', '{3}', 'asked');
SELECT recorded FROM tiering.restate('rec_last', '2024-01-31', '{3}');
SELECT * FROM rec.sums WHERE scheme = 'rec_last';
UPDATE t.five SET assets = assets + 1;
SELECT tiering.recount('rec_last');
SELECT * FROM rec.sums WHERE scheme = 'rec_last';
SELECT * FROM t.invariants('rec_last');
-- a tier that has another name by now is the same
SELECT tiering.new_version('rec_last');
DELETE FROM tiering.policy WHERE scheme = 'rec_last' AND version = 2 AND tier = 'gold';
DELETE FROM tiering.rule WHERE scheme = 'rec_last' AND version = 2 AND tier = 'gold';
DELETE FROM tiering.tier WHERE scheme = 'rec_last' AND version = 2 AND tier = 'gold';
INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
	VALUES ('rec_last', 2, 'silver', 2, 'gold');
INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('rec_last', 2, 'silver', 'assets', '[100,)');
SELECT tiering.publish('rec_last', '2024-02-20');
SELECT stayed FROM tiering.refresh('rec_last', '2024-02-29');
SELECT stayed FROM tiering.refresh('rec_last', '2024-03-31');
SELECT recorded FROM tiering.restate('rec_last', '2024-02-29', '{1,2}');
SELECT tiering.recount('rec_last');
SELECT as_of, tier, customers, measure FROM rec.sums
	WHERE scheme = 'rec_last' AND as_of = '2024-02-29';
SELECT * FROM t.invariants('rec_last');

-- marks: one behind which there is no assessment is the next one's, which sees its data
SELECT t.bank_of_five('rec_marks');
SELECT tiering.mark_dirty('rec_marks', '1', '2024-01-31'),
	tiering.mark_dirty('rec_marks', '2', '2024-02-01');
SELECT customers FROM tiering.restate_dirty('rec_marks');
SELECT customer_id, from_as_of FROM tiering.dirty_customer WHERE scheme = 'rec_marks';
-- but for one behind a customer's own assessment: it stays for the next of the scheme
SELECT stayed FROM tiering.assess('rec_marks', '2024-02-03', '{2}', 'asked');
SELECT t.put(2, '2024-02-01', 250), tiering.mark_dirty('rec_marks', '2', '2024-02-01');
SELECT customers FROM tiering.restate_dirty('rec_marks');
SELECT customer_id, from_as_of FROM tiering.dirty_customer WHERE scheme = 'rec_marks';
SELECT customers FROM tiering.refresh('rec_marks', '2024-02-05');
SELECT customers FROM tiering.restate_dirty('rec_marks');
SELECT count(*) FROM tiering.dirty_customer WHERE scheme = 'rec_marks';
SELECT as_of, from_tier, to_tier FROM tiering.standing_move
	WHERE scheme = 'rec_marks' AND customer_id = '2' ORDER BY as_of, move;
SELECT * FROM t.invariants('rec_marks');
DROP SCHEMA rec CASCADE;
RESET client_min_messages;
