-- What is told of customers who became one: by shortfall(), customer_status(), projected_tier,
-- near_upgrade and simulate(), before the next assessment and after it

CREATE SCHEMA told;
CREATE TABLE told.value (customer_id text, as_of date, value numeric, months int);
SELECT tiering.import_scheme('{"scheme": "told", "metrics": [
	{"metric": "value", "is_measure": true}, {"metric": "months"}],
	"tiers": [{"tier": "mass", "rank": 1, "base": true},
	{"tier": "gold", "rank": 2, "rules": [{"value": "[50000,)"}]},
	{"tier": "platinum", "rank": 3, "rules": [{"value": "[100000,)"},
		{"value": "[90000,)", "months": "[24,)"}]}]}');
SELECT tiering.publish('told', '2026-01-01'), tiering.set_source('told',
	'SELECT customer_id, value, months FROM told.value WHERE as_of = $1'),
	tiering.set_series('told', $$
	SELECT customer_id, tiering.daily_series(value, daterange($1, NULL)) AS balances,
		tiering.month($1 + 1) AS period
	FROM told.value WHERE as_of = $1 GROUP BY customer_id, value$$);
CREATE VIEW told.said AS
SELECT a.customer_id, a.tier, c.measure,
	(SELECT string_agg(l.next_tier || ' ' || l.distance, ', ' ORDER BY l.next_tier, l.rule)
	 FROM tiering.shortfall('told') l
	 WHERE l.customer_id = a.customer_id COLLATE "default") AS shortfall,
	(SELECT string_agg(l.next_tier || ' ' || l.distance, ', ' ORDER BY l.next_tier, l.rule)
	 FROM tiering.shortfall('told', customers => ARRAY[a.customer_id]) l) AS alone,
	s.measure AS status, s.next_tier, s.to_hold, s.projected_tier,
	p.projected_tier AS projected, n.balance_to_hold
FROM tiering.assignment a
	JOIN tiering.current_tier c USING (scheme, customer_id)
	CROSS JOIN LATERAL tiering.customer_status('told', a.customer_id) s
	LEFT JOIN tiering.projected_tier p USING (scheme, customer_id)
	LEFT JOIN tiering.near_upgrade n USING (scheme, customer_id)
WHERE a.scheme = 'told';

INSERT INTO told.value
SELECT c, '2026-02-28', v, 30 FROM (VALUES ('A', 10000), ('B', 60000), ('C', 1000), ('D', 2000),
	('E', 3000), ('F', 4000)) x(c, v);
SELECT customers FROM tiering.refresh('told', '2026-02-28');
SELECT tiering.rename_customer('told', 'D', 'D2', '2026-02-28', 'a lost card'),
	tiering.merge_customers('told', 'A', '{B}', '2026-03-10', 'higher', 'one person');
-- what the source says of the last assessment's day is of two customers
SELECT * FROM told.said ORDER BY customer_id;
SELECT customer_id FROM tiering.shortfall('told', customers => '{B}');
SELECT measure, next_tier FROM tiering.customer_status('told', 'B', '2026-03-09');
SELECT t.fails($$SELECT * FROM tiering.simulate('told', 1)$$);
SELECT t.fails($$SELECT * FROM tiering.simulate_customers('told', 1, '2026-03-09')$$);

-- From the day on the source may say either number
INSERT INTO told.value VALUES ('B', '2026-03-31', 80000, 30), ('C', '2026-03-31', 1000, 30),
	('D', '2026-03-31', 2000, 30), ('E', '2026-03-31', 3000, 30), ('F', '2026-03-31', 4000, 30);
SELECT from_tier, to_tier, customers FROM tiering.simulate('told', 1, '2026-03-31');
SELECT measure, next_tier, to_hold, projected_tier
FROM tiering.customer_status('told', 'A', '2026-03-31');
SELECT customers, stayed FROM tiering.refresh('told', '2026-03-31');
SELECT * FROM told.said ORDER BY customer_id;
SELECT customer_id, value FROM tiering.shortfall('told', customers => '{D,B}');
-- a request to forget one of them is called one
BEGIN;
DELETE FROM tiering.assignment WHERE scheme = 'told' AND customer_id = 'F';
SELECT tiering.forget_customer('told', 'F', 'they asked for it') > 0 AS asked;
INSERT INTO tiering.assignment (scheme, customer_id, tier, as_of, since, version)
VALUES ('told', 'F', 'mass', '2026-04-01', '2026-04-01', 1);
SELECT regexp_replace(t.fails($$SELECT tiering.merge_customers('told', 'C', '{F}', '2026-04-01',
	'higher', 'one firm')$$), 'request \d+', 'request N');
ROLLBACK;
-- who became one with C since is not told, the others are
SELECT tiering.merge_customers('told', 'C', '{E,F}', '2026-04-01', 'higher', 'one firm');
SELECT customer_id, measure, shortfall, status, projected, balance_to_hold FROM told.said
ORDER BY customer_id;

-- but one row for all numbers
INSERT INTO told.value VALUES ('A', '2026-03-31', 200000, 30), ('D2', '2026-03-31', 2000, 30);
SELECT t.fails(q) FROM unnest(ARRAY[
	$$SELECT * FROM tiering.shortfall('told')$$,
	$$SELECT * FROM tiering.shortfall('told', customers => '{D}')$$,
	$$SELECT * FROM tiering.customer_status('told', 'A')$$,
	$$SELECT balance_to_hold FROM tiering.near_upgrade WHERE scheme = 'told'$$,
	$$SELECT balance_to_hold FROM tiering.near_downgrade WHERE scheme = 'told'$$]) q;
-- the source and the series both have two, and either is read first
SELECT regexp_replace(t.fails($$SELECT * FROM tiering.projected_tier WHERE scheme = 'told'$$),
	'(source|series) of', 'source or series of');
SELECT customer_id FROM tiering.shortfall('told', customers => '{C}');
SELECT tiering.set_series('told', NULL);
DROP SCHEMA told CASCADE;
