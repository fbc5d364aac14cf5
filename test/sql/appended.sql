-- What an assessment keeps of everybody is appended many rows at once; whatever the table is under
-- counts for them as for rows that are inserted one by one.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA app;
-- several pages, as some indexes take one row of each
CREATE TABLE app.balance AS
SELECT d::date AS as_of, 'c' || c AS customer_id, CASE WHEN c % 50 > 0
	THEN 100 * c + extract(day FROM d)::int + 0.01 * (c % 7) END AS amount
FROM generate_series('2024-03-01'::date, '2024-03-06', '1 day') d, generate_series(1, 2500) c;
SELECT tiering.create_ladder('app', 'assets', '{low,high}', '{NULL,100000}'),
	tiering.publish('app', '2024-01-01'), tiering.keep_assessments('app', 'last'),
	tiering.set_source('app', 'SELECT customer_id, amount AS assets FROM app.balance
		WHERE as_of = $1');

-- What lies in the table of a day, and where it is wrong
CREATE FUNCTION app.kept(day date, OUT rows bigint, OUT measure numeric, OUT wrong bigint)
LANGUAGE sql AS $$
	SELECT count(a.customer_id), sum(a.measure), count(*) FILTER (WHERE
		(a.customer_id, a.tier, a.measure, a.version, a.amends, a.slot, a.recorded_at)
		IS DISTINCT FROM (b.customer_id, CASE WHEN b.amount >= 100000 THEN 'high' ELSE 'low' END,
			b.amount, 1, false, k.slot, k.recorded_at))
	FROM (SELECT * FROM app.balance WHERE as_of = day) b
		FULL JOIN (SELECT * FROM tiering.assessment WHERE scheme = 'app' AND as_of = day) a
			USING (customer_id)
		LEFT JOIN tiering.kept_assessment k ON k.scheme = 'app' AND k.as_of = day
$$;
SELECT (tiering.refresh('app', '2024-03-01')).new;
SELECT * FROM app.kept('2024-03-01');
SELECT tier, customers, measure FROM tiering.tier_distribution WHERE scheme = 'app' ORDER BY tier;

-- A bank's own indexes: of each row, of what is the same in all rows of a page, and of what is not
CREATE INDEX app_customer ON tiering.assessment (customer_id);
CREATE INDEX app_pages ON tiering.assessment USING brin (scheme, as_of) WITH (pages_per_range = 1);
CREATE INDEX app_amounts ON tiering.assessment USING brin (measure) WITH (pages_per_range = 1);
-- of rows of which all are in it, none, and some
CREATE INDEX app_all ON tiering.assessment (customer_id) WHERE scheme = 'app' AND NOT amends;
CREATE INDEX app_none ON tiering.assessment (customer_id) WHERE scheme = 'other' OR amends;
CREATE INDEX app_some ON tiering.assessment (customer_id) WHERE tier = 'high';
SELECT (tiering.refresh('app', '2024-03-02')).customers;
SELECT brin_summarize_new_values(i.inhrelid) >= 0 AS done FROM pg_inherits i
WHERE i.inhparent IN ('tiering.app_pages'::regclass, 'tiering.app_amounts'::regclass)
GROUP BY 1;
SELECT (tiering.refresh('app', d)).customers
FROM generate_series('2024-03-03'::date, '2024-03-04', '1 day') n, LATERAL (SELECT n::date AS d) x;
SELECT * FROM app.kept('2024-03-04');
SET enable_seqscan = off;
SELECT count(*) FROM tiering.assessment WHERE scheme = 'app' AND as_of = '2024-03-04';
SELECT customer_id, tier FROM tiering.assessment
WHERE measure = 199904.04 AND scheme = 'app' AND as_of = '2024-03-04';
SELECT tier, measure FROM tiering.assessment
WHERE customer_id = 'c1999' AND scheme = 'app' AND as_of = '2024-03-04';
-- what no query of ours would read is read by its own index alone
CREATE FUNCTION app.by(index text, condition text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	part regclass := _tiering.part_of(k.slot) FROM tiering.kept_assessment k
		WHERE k.scheme = 'app' AND k.as_of = '2024-03-04';
	told text;
	rows bigint := 0;
	x record;
BEGIN
	FOR x IN EXECUTE format($q$EXPLAIN SELECT customer_id FROM %s WHERE customer_id > '' AND %s$q$,
		part, condition) LOOP
		told := concat(told, x);
	END LOOP;
	ASSERT told ~ (SELECT c.relname || ' ' FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		JOIN pg_index p ON p.indexrelid = i.inhrelid AND p.indrelid = part
		WHERE i.inhparent = ('tiering.' || index)::regclass), told;
	EXECUTE format($q$SELECT count(*) FROM (SELECT customer_id FROM %s WHERE customer_id > '' AND %s
		AND as_of = '2024-03-04' OFFSET 0) x$q$, part, condition) INTO rows;
	RETURN rows;
END;
$$;
SET enable_bitmapscan = off;
DROP INDEX tiering.app_customer;
SELECT app.by('app_all', $$scheme = 'app' AND NOT amends$$) AS all,
	app.by('app_none', $$(scheme = 'other' OR amends)$$) AS none,
	app.by('app_some', $$tier = 'high'$$) AS some;
RESET enable_bitmapscan;
RESET enable_seqscan;
DROP INDEX tiering.app_pages, tiering.app_amounts, tiering.app_all, tiering.app_none,
	tiering.app_some;

-- A constraint
ALTER TABLE tiering.assessment ADD CONSTRAINT app_most CHECK (scheme <> 'app' OR measure < 249000)
	NOT VALID;
SELECT split_part(regexp_replace(t.fails($$SELECT tiering.refresh('app', '2024-03-05')$$),
	'_(\d|kept)"', '_N"'), E'\n', 1) AS fails;
ALTER TABLE tiering.assessment DROP CONSTRAINT app_most;

-- A trigger of each row, which has them inserted
CREATE TABLE app.seen (customer_id text, tier text);
CREATE FUNCTION app.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO app.seen VALUES (NEW.customer_id, NEW.tier);
	RETURN NULL;
END;
$$;
CREATE TRIGGER app_see AFTER INSERT ON tiering.assessment FOR EACH ROW EXECUTE FUNCTION app.see();
SELECT (tiering.refresh('app', '2024-03-05')).customers;
SELECT * FROM app.kept('2024-03-05');
SELECT count(*), count(DISTINCT customer_id) FROM app.seen;
DROP TRIGGER app_see ON tiering.assessment;

-- A trigger that is told of all of them
CREATE FUNCTION app.see_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO app.seen SELECT n.customer_id, n.tier FROM new_rows n;
	RETURN NULL;
END;
$$;
CREATE TRIGGER app_see_all AFTER INSERT ON tiering.assessment
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.see_all();
TRUNCATE app.seen;
SELECT (tiering.refresh('app', '2024-03-06')).customers;
SELECT * FROM app.kept('2024-03-06');
SELECT count(*), count(DISTINCT customer_id) FROM app.seen;
DROP TRIGGER app_see_all ON tiering.assessment;
SELECT t.invariants('app');
