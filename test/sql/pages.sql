-- Pages: they are well-formed, hold the numbers of the reports, show names as they are, and
-- are for who may read reports.
CREATE SCHEMA page;
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE TABLE page.had AS SELECT c AS id, d::date AS month, (c * 37 + n * 990) % 26000 AS v,
	(ARRAY['north', '<b>&"co" ''x''</b>'])[1 + c % 2] AS branch
FROM generate_series(1, 300) c, unnest('{2026-07-31,2026-08-31,2026-09-30}'::date[])
	WITH ORDINALITY d(d, n)
WHERE (c + n) % 29 > 0;
SELECT tiering.create_ladder('pages', 'v', ARRAY['low', E'<i>&"mid"\n''x''</i>', 'high'],
	'{NULL,5000,20000}');
INSERT INTO tiering.service (scheme, version, tier, channel, customers_per_manager)
VALUES ('pages', 1, 'high', 'desk', '[10,31)');
UPDATE tiering.tier SET title = 'The low & the <slow>', title_zh = '低' WHERE scheme = 'pages'
	AND tier = 'low';
UPDATE tiering.metric SET title = 'Average <b>"balance"</b>', title_zh = '日均 & 余额',
	unit = 'CNY <1000>', period = 'last ''month''', period_zh = '上月' WHERE scheme = 'pages';
SELECT tiering.report('pages') ~ 'There was no assessment yet' AS says_so;
SELECT tiering.publish('pages', '2026-01-01'), tiering.set_source('pages',
		'SELECT id AS customer_id, v FROM page.had WHERE month = $1'),
	tiering.set_dimensions('pages', 'SELECT id AS customer_id, branch FROM page.had
		WHERE month = $1');
SELECT count(tiering.refresh('pages', d))
FROM (SELECT DISTINCT month FROM page.had ORDER BY 1) x(d);

CREATE TABLE page.made AS
SELECT regexp_replace(tiering.report('pages'), '^<!DOCTYPE html>', '') AS doc;
SELECT xml_is_well_formed_document(doc) AS well_formed, doc ~ '<script|<b>|<slow>' AS markup
FROM page.made;
-- what the money is stands at the top; a paragraph's text
CREATE FUNCTION page.begins(page text) RETURNS text LANGUAGE sql AS $$
	SELECT btrim(regexp_replace(string_agg(x::text, '' ORDER BY n), '\s+', ' ', 'g'))
	FROM unnest(xpath('(//*[local-name()="p"])[1]//text()',
		replace(page, '<!DOCTYPE html>', '')::xml)) WITH ORDINALITY p(x, n)
$$;
SELECT page.begins(tiering.report('pages')) AS report;
SELECT page.begins(tiering.customer_report('pages', '77')) AS customer;
SELECT tiering.import_scheme('{"scheme": "pages_words", "metrics": [{"metric": "v"}],
	"tiers": [{"tier": "a", "rank": 1, "base": true}]}');
SELECT _tiering.page_measure('pages_words', 1) AS no_measure;
UPDATE tiering.metric SET is_measure = true, unit = 'CNY' WHERE scheme = 'pages_words';
SELECT _tiering.page_measure('pages_words', 1) AS unit;
UPDATE tiering.metric SET unit = '', period_zh = '上月' WHERE scheme = 'pages_words';
SELECT _tiering.page_measure('pages_words', 1) AS period;
-- the texts of the cells of a section's tables
CREATE FUNCTION page.cells(heading text, OUT n int, OUT cells text[]) RETURNS SETOF record
LANGUAGE sql AS $$
	SELECT r.n::int, ARRAY(SELECT btrim(regexp_replace(x::text, '\s+', ' ', 'g')) FROM unnest(xpath(
		'//td//text()[normalize-space()]', r.x)) x)
	FROM page.made, unnest(xpath(format('//*[local-name()="section"][*[local-name()="h2"]'
		'[starts-with(., "%s")]]//*[local-name()="tr"][*[local-name()="td"]]', heading),
		regexp_replace(doc, ' xmlns="[^"]*"', '')::xml)) WITH ORDINALITY r(x, n)
	ORDER BY r.n
$$;
SELECT * FROM page.cells('Distribution');
SELECT d.cells[array_length(d.cells, 1) - 3:] = ARRAY[t.customers::text,
	round(100 * t.customers_share, 1) || ' %', btrim(to_char(t.measure, '999,999,999')),
	round(100 * t.measure_share, 1) || ' %'] AS as_reported
FROM page.cells('Distribution') d
	JOIN (SELECT *, row_number() OVER (ORDER BY rank DESC) AS n FROM tiering.tier_distribution
		WHERE scheme = 'pages') t USING (n);
SELECT * FROM page.cells('Migration');
SELECT from_tier, to_tier, customers FROM tiering.migration_matrix('pages', '2026-08-31',
	'2026-09-30') ORDER BY from_rank DESC NULLS LAST, to_rank DESC NULLS LAST;
SELECT * FROM page.cells('Where the money came from');
SELECT opening, new, exit, migrated_in, migrated_out, growth, closing
FROM tiering.measure_bridge('pages', '2026-08-31', '2026-09-30');
SELECT * FROM page.cells('Who is near');
SELECT * FROM page.cells('Staffing');
SELECT * FROM page.cells('By branch');
SELECT n, cells[1], cells[3:] = ARRAY[h.batch || ' · ' || h.moves || ' moves'] AS batch,
	cells[3:] = ARRAY[h.seal] AS seal, CASE WHEN n < 4 THEN cells[3] END AS told
FROM page.cells('Data'), tiering.history_head('pages') h;
SELECT doc ~ 'hold at least 22\.4 %' AS best FROM page.made;

-- another day, another heading, a day without one, and a customer
SELECT r ~ '2026-07-31' AS day, r ~ '<h1>A &lt;b&gt;</h1>' AS heading,
	r ~ 'Migration <' AS migration, r ~ 'Who is near' AS near,
	xml_is_well_formed_document(replace(r, '<!DOCTYPE html>', '')) AS well_formed
FROM tiering.report('pages', '2026-07-31', 'A <b>') r;
-- a blank heading is none
SELECT bool_and(tiering.report('pages', title => title) = tiering.report('pages')) AS same
FROM unnest(ARRAY['', '  ', E' \t\n']) title;
SELECT t.fails('SELECT tiering.report(''pages'', ''2026-08-30'')');
SELECT t.fails('SELECT tiering.report(''pages'', ''infinity'')');
SELECT t.fails('SELECT tiering.report(''nowhere'')');
SELECT t.fails('SELECT tiering.customer_report(''pages'', ''nobody'')');
SELECT xml_is_well_formed_document(replace(r, '<!DOCTYPE html>', '')) AS well_formed,
	r ~ 'What leads up' AS leads_up
FROM tiering.customer_report('pages', '77') r;
CREATE ROLE t_page_reads;
CREATE ROLE t_page_may_not;
SELECT tiering.grant_role('t_page_reads', 'report');
SET ROLE t_page_reads;
SELECT length(tiering.report('pages')) > 5000 AS reads;
SET ROLE t_page_may_not;
SELECT tiering.report('pages');
SELECT tiering.customer_report('pages', '77');
RESET ROLE;

-- An assessment that was taken back; moves that count from the next day on; a day of which money
-- is not kept; a customer with two numbers
CREATE TABLE page.few AS SELECT id, d::date AS day, CASE WHEN id = 'a' THEN 49999.75
	WHEN id = 'b' AND d < '2026-02-10' THEN 20000 ELSE 50000 + n END AS v
FROM unnest('{a,b,c,d}'::text[]) id,
	unnest('{2026-01-10,2026-01-20,2026-02-10,2026-02-28,2026-03-31,2026-04-10}'::date[])
		WITH ORDINALITY d(d, n);
SELECT tiering.create_ladder('pages_few', 'v', '{low,high}', '{NULL,50000}');
UPDATE tiering.tier SET title = 'The <best>', title_zh = '最好' WHERE scheme = 'pages_few'
	AND tier = 'high';
INSERT INTO tiering.policy (scheme, version, tier, effective)
VALUES ('pages_few', 1, 'high', 'next_day');
SELECT tiering.publish('pages_few', '2026-01-01'), tiering.set_source('pages_few',
		'SELECT id AS customer_id, v FROM page.few WHERE day = $1'),
	tiering.set_dimensions('pages_few', 'SELECT id AS customer_id, ''x'' AS region FROM page.few
		WHERE day = $1');
SELECT (tiering.refresh('pages_few', d)).as_of FROM unnest('{2026-01-10,2026-01-20}'::date[]) d;
SELECT (tiering.void_assessment('pages_few', '2026-01-20', 'too early')).now_as_of;
SELECT (tiering.refresh('pages_few', d)).as_of
FROM unnest('{2026-02-10,2026-02-28,2026-03-31}'::date[]) d;
SELECT as_of FROM _tiering.page_days('pages_few', '2026-03-31') ORDER BY n;
UPDATE page.few SET v = v + 7 WHERE id = 'c' AND day = '2026-02-10';
SELECT tiering.mark_dirty('pages_few', 'c', '2026-02-10');
SELECT assessments > 0 AS restated FROM tiering.restate_dirty('pages_few');
SELECT tier, customers, measure FROM tiering.tier_distribution_history
WHERE scheme = 'pages_few' AND as_of = '2026-02-10' ORDER BY rank DESC;
CREATE FUNCTION page.show(page text) RETURNS void LANGUAGE sql
	AS $$ UPDATE page.made SET doc = replace(page, '<!DOCTYPE html>', '') $$;
SELECT page.show(tiering.report('pages_few', '2026-02-10'));
SELECT * FROM page.cells('Distribution');
SELECT * FROM page.cells('By region');
SELECT xml_is_well_formed_document(doc) AS well_formed, doc ~ 'customers 4 · total –<' AS total,
	doc ~ 'is not kept for this day.*故无合计' AS told, doc ~ 'How much the best' AS curve,
	doc ~ 'opening 期初' AS waterfall, doc ~ 'at the end of the day.*按当日日终' AS of_when,
	doc ~ 'counts the moves that the assessment decided on, also those that take effect' AS counts,
	doc ~ 'y="172" text-anchor="middle">–<' AS dash
FROM page.made;
SELECT r ~ 'total [0-9,]+<' AS total, r ~ 'is not kept for this day' AS told,
	r ~ 'How much the best' AS curve FROM tiering.report('pages_few', '2026-02-28') r;
SELECT tiering.rename_customer('pages_few', 'b', 'bb', '2026-03-31', 'a new number');
UPDATE page.few SET id = 'bb' WHERE id = 'b' AND day = '2026-04-10';
SELECT (tiering.refresh('pages_few', '2026-04-10')).as_of;
SELECT tiering.customer_report('pages_few', 'b') = tiering.customer_report('pages_few', 'bb')
	AS same;
SELECT page.show(tiering.customer_report('pages_few', 'b'));
SELECT doc ~ '<h1>bb / b · pages_few</h1>' AS heading FROM page.made;
SELECT * FROM page.cells('The way');
-- the way ends with the last assessment, whatever day it is, also for who moved at it: a first day
-- and a last one, and bars by days
CREATE FUNCTION page.steps(page text, OUT days text, OUT bars text) LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT d[1], ' ' ORDER BY d[1]),
		(SELECT string_agg(concat(b[1], '+', b[2]), ' ')
		 FROM regexp_matches(page, '<rect x="([0-9.]+)" y="[0-9]+" width="([0-9.]+)"', 'g') b)
	FROM regexp_matches(page, '<text [^>]*>([0-9-]{10})</text>', 'g') d
$$;
SELECT c AS customer, s.*,
	s.bars LIKE '%' || round(720.0 * m.passed / 91, 2) || '+'
		|| round(720.0 * (91 - m.passed) / 91, 2) AS by_days
FROM (VALUES ('bb', 32), ('c', 0)) m(c, passed),
	page.steps(tiering.customer_report('pages_few', c)) s;
SELECT s.days, count(*) > 5 AS several, bool_and(s.bars LIKE '%+11.61') AS one_day_of_62
FROM tiering.customer_tier_history h, page.steps(tiering.customer_report('pages', h.customer_id)) s
WHERE h.scheme = 'pages' AND h.valid_from = '2026-09-30' AND EXISTS (
	SELECT FROM tiering.customer_tier_history f WHERE f.scheme = h.scheme
		AND f.customer_id = h.customer_id AND f.valid_from = '2026-07-31')
GROUP BY s.days;
-- it is headed as report() is, and says in both languages what a move can be
UPDATE tiering.scheme SET title = 'Few & <far>', title_zh = '少数' WHERE scheme = 'pages_few';
SELECT tiering.report('pages_few') ~ '<h1>Few &amp; &lt;far&gt; 少数</h1>' AS report,
	tiering.customer_report('pages_few', 'b') ~ '<h1>bb / b · Few &amp; &lt;far&gt; 少数</h1>'
		AS customer;
SELECT w[1] AS without_chinese
FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_]+)''', 'g') w
WHERE c.conrelid = 'tiering.migration'::regclass AND c.contype = 'c'
	AND c.conname IN ('migration_direction_check', 'migration_cause_check')
	AND _tiering.page_word(w[1]) !~ ('^' || w[1] || '<br/><small lang="zh">[一-龥]{2,}</small>$');
SELECT _tiering.page_word('<b>') AS no_word;
SELECT page.show(tiering.customer_report('pages_few', 'a'));
SELECT * FROM page.cells('What leads up');
SELECT _tiering.page_number(n, 2) FROM unnest('{0.256,1234567.5,-999.999,NULL}'::numeric[]) n;
-- it is fetched as what it says it is
SELECT obj_description('tiering.report(text, date, text)'::regprocedure)
	~ 'PGCLIENTENCODING=UTF8 psql' AS says_so;
DROP OWNED BY t_page_reads;
DROP ROLE t_page_reads, t_page_may_not;
DROP SCHEMA page CASCADE;
