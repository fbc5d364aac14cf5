/*
 * Pages: one HTML document that holds all it shows, for a browser or a printer. There is no
 * script in it, and nothing is fetched. Labels are English and Chinese. Charts are inline SVG
 * of plain shapes; what is to be read stands in tables, which wrap, so that no name is too
 * long. Colours follow the reader's light or dark setting.
 */

CREATE FUNCTION _tiering.html(txt text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT regexp_replace(replace(replace(replace(replace(replace(COALESCE(html.txt, ''), '&',
		'&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;'),
		'[\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]', '?', 'g');
END;
COMMENT ON FUNCTION _tiering.html(text) IS
'A text as it stands in a page, in an attribute too; what no page may hold is a question mark';

CREATE FUNCTION _tiering.page_number(n numeric, decimals int DEFAULT 0) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT COALESCE(regexp_replace(trim_scale(round(page_number.n, page_number.decimals))::text,
		'(\d)(?=(\d{3})+(\.|$))', '\1,', 'g'), '–');
END;
COMMENT ON FUNCTION _tiering.page_number(numeric, int) IS
'A number as a page shows it: whole or with at most 2 decimals, and with commas between thousands; '
'a dash if it is not known';

CREATE FUNCTION _tiering.page_percent(part numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT COALESCE(round(100 * page_percent.part, 1) || ' %', '–');
END;
COMMENT ON FUNCTION _tiering.page_percent(numeric) IS
'A share as a page shows it, in per cent; a dash if it is not known';

CREATE FUNCTION _tiering.page_name(tier text, title text, title_zh text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT format('%s <small lang="zh">%s</small>', _tiering.html(COALESCE(
		NULLIF(page_name.title, ''), page_name.tier)), _tiering.html(page_name.title_zh));
END;
COMMENT ON FUNCTION _tiering.page_name(text, text, text) IS
'A tier or a metric as a page calls it: by its titles where it has them, as markup';

CREATE FUNCTION _tiering.page_title(scheme text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT concat_ws(' ', COALESCE(NULLIF(s.title, ''), s.scheme), NULLIF(s.title_zh, ''))
	FROM tiering.scheme s WHERE s.scheme = page_title.scheme COLLATE "C";
END;
COMMENT ON FUNCTION _tiering.page_title(text) IS
'A scheme as the heading of a page calls it: by its titles, or by its name if it has none';

CREATE FUNCTION _tiering.page_word(word text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT concat(_tiering.html(page_word.word), (
		SELECT format('<br/><small lang="zh">%s</small>', w.chinese)
		FROM (VALUES ('new', '新增'), ('up', '升级'), ('down', '降级'), ('lateral', '平级调整'),
			('exit', '流失'), ('merge', '变更客户号'), ('merged', '客户合并'), ('rule', '规则'),
			('policy', '升降级政策'), ('scheme', '新版方案'), ('override', '例外生效'),
			('override_end', '例外结束'), ('approval', '审批'), ('correction', '数据更正'),
			('load', '历史导入'), ('manual', '人工调整')) w (english, chinese)
		WHERE w.english = page_word.word));
END;
COMMENT ON FUNCTION _tiering.page_word(text) IS
'A direction or a cause of a move in both languages, as markup';

CREATE FUNCTION _tiering.page_measure(scheme text, version int) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT concat_ws(' · ',
		'Money <span lang="zh">金额</span>: ' || _tiering.page_name(m.metric, m.title, m.title_zh),
		NULLIF(_tiering.html(m.unit), ''),
		CASE WHEN concat(m.period, m.period_zh) <> ''
			THEN _tiering.page_name('', m.period, m.period_zh) END)
	FROM tiering.metric m
	WHERE m.scheme = page_measure.scheme COLLATE "C" AND m.version = page_measure.version
		AND m.is_measure;
END;
COMMENT ON FUNCTION _tiering.page_measure(text, int) IS
'What the money of a page is: the measure of a version by its titles, its unit, and of which days '
'it is, as markup; null if the version has none';

CREATE FUNCTION _tiering.page_section(english text, chinese text, body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT format('<section><h2>%s <span lang="zh">%s</span></h2>%s</section>',
		_tiering.html(page_section.english), _tiering.html(page_section.chinese),
		page_section.body)
	WHERE page_section.body IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.page_section(text, text, text) IS
'A part of a page under a heading in both languages; null if there is nothing to show';

CREATE FUNCTION _tiering.page_columns(VARIADIC labels text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT string_agg(format('<th scope="col">%s<br/><span lang="zh">%s</span></th>',
		_tiering.html(split_part(l.label, '|', 1)),
		_tiering.html(split_part(l.label, '|', 2))), '' ORDER BY l.n)
	FROM unnest(page_columns.labels) WITH ORDINALITY l(label, n);
END;
COMMENT ON FUNCTION _tiering.page_columns(text[]) IS
'The heads of columns: labels in English and, behind a bar, in Chinese';

CREATE FUNCTION _tiering.page_row(name text, VARIADIC cells text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT format('<tr><td class="n">%s</td>%s</tr>', page_row.name, string_agg(
		format('<td class="%s">%s</td>', CASE WHEN c.cell LIKE '<svg%' THEN 'b' ELSE 'v' END,
			c.cell), '' ORDER BY c.n))
	FROM unnest(page_row.cells) WITH ORDINALITY c(cell, n);
END;
COMMENT ON FUNCTION _tiering.page_row(text, text[]) IS
'A row of a table: what it is about, and its cells, all of them markup';

CREATE FUNCTION _tiering.page_table(heads text, rows text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT format('<div class="wide"><table><thead><tr>%s</tr></thead><tbody>%s</tbody></table>'
		'</div>', page_table.heads, page_table.rows)
	WHERE page_table.rows IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.page_table(text, text) IS
'A table of heads and rows; null if there are none';

CREATE FUNCTION _tiering.page_frame(title text, body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT format($html$<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>%1$s</title><style>
:root{color-scheme:light dark;
--ink:#1b1d20;--dim:#565b62;--paper:#fff;--line:#d4d7db;--heat:36,98,168}
@media screen and (prefers-color-scheme:dark){
:root{--ink:#e9ebee;--dim:#a9aeb6;--paper:#15171a;--line:#3b3f45;--heat:96,158,228}}
*{box-sizing:border-box}
body{font:15px/1.45 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;
color:var(--ink);background:var(--paper);max-width:62rem;margin:0 auto;padding:1rem}
h1,h2,td,p,th:first-child{overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
h2 span,th span,small{color:var(--dim);font-weight:400}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%%}
th,td{padding:.25rem .5rem;text-align:right;vertical-align:top;
border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
th{font-weight:600;white-space:nowrap}th:first-child{white-space:normal}
th.h{white-space:normal;overflow-wrap:anywhere;min-width:3rem}
td.n,th:first-child{text-align:left;min-width:9rem}
td.b{min-width:6rem;width:18%%}td.v{white-space:nowrap}td.w{overflow-wrap:anywhere}
i{display:inline-block;width:.7rem;height:.7rem;margin-right:.4rem;border-radius:2px}
svg{display:block;width:100%%;height:auto}td svg{height:1rem}
svg text{fill:var(--ink);font-size:12px}.axis{stroke:var(--dim);stroke-width:1;fill:none}
.lorenz{max-width:24rem}
@media print,(max-width:60rem){table{font-size:.8rem}th,td{padding:.2rem .25rem}
td.n,th:first-child{min-width:7rem}}
@media print{body{max-width:none;padding:0}section{break-inside:avoid}.wide{overflow:visible}}
</style></head><body>%2$s</body></html>
$html$, _tiering.html(page_frame.title), page_frame.body);
END;
COMMENT ON FUNCTION _tiering.page_frame(text, text) IS
'A whole page: its title, and its body as markup';

-- From dark violet at the top over teal to light sand at the bottom, so that two neighbours differ
-- in lightness too; none is so light or dark that it is lost
CREATE FUNCTION _tiering.page_tiers(scheme text, day date)
RETURNS TABLE (n bigint, tier text, name text, colour text, customers bigint, measure numeric,
	total numeric, customers_share numeric, measure_share numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	SELECT s.n, s.tier, s.name, s.colour, s.customers, s.measure, s.total,
		round(s.customers / NULLIF(sum(s.customers) OVER (), 0), 6),
		round(s.measure / NULLIF(s.total, 0), 6)
	FROM (
		SELECT p.*, CASE WHEN count(p.measure) OVER () = count(*) OVER ()
			THEN sum(p.measure) OVER () END AS total
		FROM (
			SELECT row_number() OVER top AS n, COALESCE(t.tier, d.tier) AS tier, c.colour,
				format('<i style="background:%s"></i>%s', c.colour,
					_tiering.page_name(COALESCE(t.tier, d.tier), t.title, t.title_zh)) AS name,
				COALESCE(d.customers, 0) AS customers,
				CASE WHEN d.customers > 0 THEN d.measure ELSE 0 END AS measure
			FROM (SELECT t.* FROM tiering.tier t WHERE t.scheme = page_tiers.scheme COLLATE "C"
					AND t.version = (SELECT _tiering.named_by(page_tiers.scheme,
						page_tiers.day))) t
				FULL JOIN (SELECT h.* FROM _tiering.known_distribution(NULL) h
					WHERE h.scheme = page_tiers.scheme COLLATE "C" AND h.as_of = page_tiers.day) d
					ON d.tier = t.tier
				CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM tiering.tier o
						WHERE o.scheme = t.scheme AND o.version = t.version
							AND (o.rank, o.tier) > (t.rank, t.tier))::numeric
					/ GREATEST((SELECT count(*) FROM tiering.tier o WHERE o.scheme = t.scheme
						AND o.version = t.version) - 1, 1) AS depth) b
				CROSS JOIN LATERAL (SELECT format('hsl(%s 55%% %s%%)', round(265 - 225 * b.depth),
					round(38 + 32 * b.depth)) AS colour) c
			WINDOW top AS (ORDER BY t.rank DESC NULLS LAST, COALESCE(t.tier, d.tier) DESC)) p) s;
END;
COMMENT ON FUNCTION _tiering.page_tiers(text, date) IS
'The tiers of a scheme at an assessment, from the top down, with their sums, their names as '
'markup, and a colour each. total and measure_share are null if the money of a tier that has '
'customers is not known';

CREATE FUNCTION _tiering.page_bar(part numeric, colour text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT format('<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
		'<rect width="%s" height="10" fill="%s"/></svg>',
		round(100 * GREATEST(LEAST(COALESCE(page_bar.part, 0), 1), 0), 2), page_bar.colour);
END;
COMMENT ON FUNCTION _tiering.page_bar(numeric, text) IS 'A bar as long as a share';

CREATE FUNCTION _tiering.page_distribution(scheme text, day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	SELECT _tiering.page_section('Distribution', '分布', _tiering.page_table(
		_tiering.page_columns('Tier|等级', 'Customers|客户数', 'Share|占比', '|', 'Total|金额',
			'Share|占比', '|'),
		string_agg(_tiering.page_row(t.name, _tiering.page_number(t.customers),
			_tiering.page_percent(t.customers_share),
			_tiering.page_bar(t.customers_share, t.colour), _tiering.page_number(t.measure),
			_tiering.page_percent(t.measure_share),
			_tiering.page_bar(t.measure_share, t.colour)), '' ORDER BY t.n))
		|| '<p>This table counts the moves that the assessment decided on, also those that take '
		'effect on a later day. Migration, money and dimensions tell where customers stood at the '
		'end of the day. <span lang="zh">本表计入评级决定而日后生效的变动；迁徙矩阵、金额变动与各'
		'维度按当日日终的等级统计。</span></p>')
	FROM _tiering.page_tiers(page_distribution.scheme, page_distribution.day) t;
END;
COMMENT ON FUNCTION _tiering.page_distribution(text, date) IS
'Part of report(): who is where, in heads and in money';

-- The last assessment of each month, as many as fit
CREATE FUNCTION _tiering.page_days(scheme text, day date)
RETURNS TABLE (n bigint, of bigint, as_of date)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 24
BEGIN ATOMIC
	SELECT row_number() OVER (ORDER BY l.as_of), count(*) OVER (), l.as_of
	FROM (
		SELECT max(d.as_of) AS as_of FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = page_days.scheme COLLATE "C" AND d.as_of <= page_days.day
		GROUP BY date_trunc('month', d.as_of::timestamp)
		ORDER BY 1 DESC LIMIT 24) l;
END;
COMMENT ON FUNCTION _tiering.page_days(text, date) IS
'The assessments that a page shows the development over: the last one of each of 24 months at most';

-- Stacked from the bottom up, what is owed from there down; where the money of a day is not known
-- there is a dash
CREATE FUNCTION _tiering.page_stacks(scheme text, day date)
RETURNS TABLE (money boolean, chart text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 2
BEGIN ATOMIC
	WITH part AS MATERIALIZED (
		SELECT m.n, m.of, m.as_of, t.n AS position, t.colour, t.customers, t.measure, t.total
		FROM _tiering.page_days(page_stacks.scheme, page_stacks.day) m
			CROSS JOIN LATERAL _tiering.page_tiers(page_stacks.scheme, m.as_of) t
	), sized AS (
		SELECT k.money, p.n, p.of, p.as_of, p.position, p.colour, a.amount,
			sum(a.amount) OVER (PARTITION BY k.money, p.n) AS total,
			sum(GREATEST(a.amount, 0)) OVER below AS upto,
			sum(LEAST(a.amount, 0)) OVER below AS downto
		FROM part p CROSS JOIN (VALUES (false), (true)) k(money)
			CROSS JOIN LATERAL (SELECT CASE WHEN NOT k.money THEN p.customers
				WHEN p.total IS NOT NULL THEN p.measure END AS amount) a
		WINDOW below AS (PARTITION BY k.money, p.n ORDER BY p.position DESC)
	), highest AS (
		SELECT h.*, h.high - h.low AS span, 176 + 152 * h.low / NULLIF(h.high - h.low, 0) AS zero
		FROM (SELECT s.money, max(s.upto) AS high, min(s.downto) AS low, max(s.of) AS columns,
				min(s.as_of) AS first, max(s.as_of) AS last, count(s.total) AS known
			  FROM sized s GROUP BY s.money) h
	)
	SELECT h.money, format('<svg viewBox="0 0 720 200" role="img" aria-label="%s"><g>%s</g>'
		'<path class="axis" d="M0 %sH720"/><text x="0" y="14">%s</text>'
		'<text x="0" y="194">%s</text>%s</svg>',
		CASE WHEN h.money THEN 'total by assessment' ELSE 'customers by assessment' END,
		(SELECT string_agg(CASE WHEN s.total IS NULL
			THEN format('<text x="%s" y="172" text-anchor="middle">–</text>',
				round(x.x + w.width / 2, 2))
			ELSE format('<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>', round(x.x, 2),
				round(h.zero - 152 * CASE WHEN s.amount > 0 THEN s.upto
					ELSE s.downto - s.amount END / h.span, 2), round(w.width, 2),
				round(152 * abs(s.amount) / h.span, 2), s.colour) END, ''
				ORDER BY s.n, s.position)
			FROM sized s CROSS JOIN LATERAL (SELECT LEAST(576.0 / s.of, 72) AS width) w
				CROSS JOIN LATERAL (
					SELECT (s.n - 1) * (720 - w.width) / GREATEST(s.of - 1, 1) AS x) x
			WHERE s.money = h.money
				AND (s.amount <> 0 OR (s.total IS NULL AND s.position = 1))),
		round(COALESCE(h.zero, 176), 2), CASE WHEN h.low < 0
			THEN _tiering.page_number(h.low) || ' … ' ELSE '' END || _tiering.page_number(h.high),
		to_char(h.first, 'YYYY-MM-DD'),
		CASE WHEN h.columns > 1 THEN format('<text x="720" y="194" text-anchor="end">%s</text>',
			to_char(h.last, 'YYYY-MM-DD')) END)
	FROM highest h WHERE h.known > 0;
END;
COMMENT ON FUNCTION _tiering.page_stacks(text, date) IS
'Part of report(): a stacked column for each of the last months, of customers and of money; none '
'of what is not known of any of them';

CREATE FUNCTION _tiering.page_development(scheme text, day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	SELECT _tiering.page_section('Development', '变化趋势', concat(
		'<p>Customers <span lang="zh">客户数</span></p>', max(s.chart) FILTER (WHERE NOT s.money),
		'<p>Total <span lang="zh">金额</span></p>' || max(s.chart) FILTER (WHERE s.money)))
	FROM _tiering.page_stacks(page_development.scheme, page_development.day) s;
END;
COMMENT ON FUNCTION _tiering.page_development(text, date) IS
'Part of report(): how the tiers developed';

-- A refresh has left the cells of its day behind. They tell of the moves on that day alone, and
-- not whose measure is known on one of the two days only.
CREATE FUNCTION _tiering.left_behind(scheme text, before date, day date)
RETURNS SETOF _tiering.cell
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	first tiering.kept_assessment := _tiering.stood_as_kept(scheme, before, NULL);
	last tiering.kept_assessment := _tiering.stood_as_kept(scheme, day, NULL);
BEGIN
	IF first.unmeasured = 0 AND last.unmeasured = 0 AND day < _tiering.matrix_due(scheme)
		AND _tiering.named_by(scheme, before) = _tiering.named_by(scheme, day)
		AND NOT (_tiering.has_amendments(first) OR _tiering.has_amendments(last))
		AND NOT EXISTS (SELECT FROM _tiering.merges(scheme, NULL) m
			WHERE m.on_date > before AND m.on_date <= day)
		-- by the index on days, not that on customers
		AND NOT EXISTS (SELECT FROM tiering.migration m
			WHERE m.as_of > before AND m.as_of < day
				AND m.scheme || '' = left_behind.scheme COLLATE "C")
	THEN
		RETURN QUERY SELECT NULL::text, c.from_tier, c.to_tier, false, c.customers,
			c.measure_from, c.measure_to, NULL::numeric
		FROM tiering.matrix_cell c
		WHERE c.scheme = left_behind.scheme COLLATE "C" AND c.as_of = day;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.left_behind(text, date, date) IS
'What named_cells() tells from one assessment to the next, as the refresh left it behind; nothing '
'if that may be another';

CREATE FUNCTION _tiering.page_cells(scheme text, before date, day date)
RETURNS SETOF _tiering.cell
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT c.* FROM _tiering.left_behind(scheme, before, day) c;
	IF NOT FOUND THEN
		RETURN QUERY SELECT c.* FROM _tiering.named_cells(scheme, before, day, NULL, NULL) c;
	END IF;
END;
$$;
COMMENT ON FUNCTION _tiering.page_cells(text, date, date) IS
'Part of report(): what named_cells() tells from one assessment to the next';

CREATE FUNCTION _tiering.page_matrix(scheme text, from_date date, day date,
	cells _tiering.cell[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	WITH tier AS (
		-- many columns have numbers for names, which the rows tell, and eight are side by side
		SELECT t.n, t.tier, CASE WHEN many THEN t.n || '. ' ELSE '' END || t.name AS name,
			CASE WHEN many THEN format('<i style="background:%s"></i>%s', t.colour, t.n)
				ELSE t.name END AS short, CASE WHEN many THEN (t.n - 1) / 8 ELSE 0 END AS part
		FROM (SELECT t.*, count(*) OVER () > 7 AS many
			  FROM _tiering.page_tiers(page_matrix.scheme, page_matrix.day) t) t
		UNION ALL
		SELECT 1000, NULL, '–', '–', CASE WHEN count(*) > 7 THEN count(*) / 8 ELSE 0 END
		FROM _tiering.page_tiers(page_matrix.scheme, page_matrix.day)
	), cell AS (
		SELECT m.*, sum(m.customers) OVER (PARTITION BY m.from_tier) AS origin
		FROM _tiering.matrix(page_matrix.scheme, page_matrix.from_date, page_matrix.day, NULL, NULL,
			page_matrix.cells) m
	), line AS (
		SELECT t.part, f.n, f.name, string_agg(format(
			'<td class="v" style="background:rgba(var(--heat),%s)">%s</td>',
			round(0.45 * COALESCE(c.customers / c.origin, 0), 3),
			CASE WHEN c.customers > 0 THEN _tiering.page_number(c.customers) END), ''
			ORDER BY t.n) AS cells
		FROM (SELECT DISTINCT COALESCE(t.n, 999) AS n, c.from_tier AS tier,
				COALESCE(t.name, _tiering.html(c.from_tier)) AS name
			  FROM cell c LEFT JOIN tier t ON t.tier IS NOT DISTINCT FROM c.from_tier) f
			CROSS JOIN tier t
			LEFT JOIN cell c ON c.from_tier IS NOT DISTINCT FROM f.tier
				AND c.to_tier IS NOT DISTINCT FROM t.tier
		GROUP BY t.part, f.n, f.name
	), map AS (
		SELECT l.part, _tiering.page_table('<th scope="col"></th>' || (
			SELECT string_agg(format('<th scope="col" class="h">%s</th>', t.short), ''
				ORDER BY t.n)
			FROM tier t WHERE t.part = l.part),
			string_agg(format('<tr><td class="n">%s</td>%s</tr>', l.name, l.cells), ''
				ORDER BY l.n)) AS body
		FROM line l GROUP BY l.part
	)
	SELECT _tiering.page_section('Migration', '迁徙矩阵', concat(format(
		'<p>%s → %s. Rows are the tiers of before, columns those of after; the last ones are '
		'customers who came or left. <span lang="zh">行为期初等级，列为期末等级；最后一行、'
		'一列为新增与流失客户。</span></p>', to_char(page_matrix.from_date, 'YYYY-MM-DD'),
		to_char(page_matrix.day, 'YYYY-MM-DD')), string_agg(m.body, '<br/>' ORDER BY m.part)))
	FROM map m HAVING count(*) > 0;
END;
COMMENT ON FUNCTION _tiering.page_matrix(text, date, date, _tiering.cell[]) IS
'Part of report(): who moved between two assessments, by what named_cells() tells, as a heat map '
'by the share of a row';

CREATE FUNCTION _tiering.page_waterfall(opening numeric, new numeric, exit numeric,
	growth numeric, closing numeric) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
BEGIN ATOMIC
	WITH bar AS (
		SELECT b.n, b.label, b.amount, LEAST(b.a, b.b) AS low, GREATEST(b.a, b.b) AS high
		FROM (VALUES (0, 'opening 期初', opening, 0, opening),
			(1, 'new 新增', new, opening, opening + new),
			(2, 'exit 流失', exit, opening + new, opening + new + exit),
			(3, 'growth 增减', growth, opening + new + exit, closing),
			(4, 'closing 期末', closing, 0, closing)) b(n, label, amount, a, b)
	), placed AS (
		SELECT b.*, 180 - 150 * (b.high - e.low) / e.height AS y,
			150 * (b.high - b.low) / e.height AS height, 180 + 150 * e.low / e.height AS zero
		FROM bar b CROSS JOIN (SELECT LEAST(min(low), 0) AS low,
			GREATEST(max(high), 0) - LEAST(min(low), 0) AS height FROM bar) e
		WHERE e.height > 0
	)
	SELECT format('<svg viewBox="0 0 720 210" role="img" aria-label="from the opening to the '
		'closing total">%s<path class="axis" d="M0 %s H720"/></svg>',
		string_agg(format('<rect x="%s" y="%s" width="104" height="%s" fill="%s"/>'
			'<text x="%s" y="%s" text-anchor="middle">%s</text>'
			'<text x="%s" y="204" text-anchor="middle">%s</text>', p.n * 144 + 20,
			round(p.y, 2), round(p.height, 2), CASE WHEN p.n IN (0, 4) THEN 'hsl(215 60% 50%)'
				WHEN p.amount < 0 THEN 'hsl(10 60% 50%)' ELSE 'hsl(150 50% 40%)' END,
			p.n * 144 + 72, round(p.y - 6, 2), _tiering.page_number(p.amount), p.n * 144 + 72,
			p.label), '' ORDER BY p.n), round(max(p.zero), 2))
	FROM placed p HAVING count(*) > 0;
END;
COMMENT ON FUNCTION _tiering.page_waterfall(numeric, numeric, numeric, numeric, numeric) IS
'Part of report(): bars from the opening total to the closing one; null if there is no money';

CREATE FUNCTION _tiering.page_bridge(scheme text, from_date date, day date,
	cells _tiering.cell[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	SELECT _tiering.page_section('Where the money came from', '金额变动', concat(
		_tiering.page_waterfall(sum(b.opening), sum(b.new), sum(b.exit),
			sum(b.growth + b.unmeasured), sum(b.closing)),
		_tiering.page_table(_tiering.page_columns('Tier|等级', 'Opening|期初', 'New|新增',
			'Exit|流失', 'In|转入', 'Out|转出', 'Growth|增减', 'Unknown|未知', 'Closing|期末'),
			string_agg(_tiering.page_row(COALESCE(t.name, _tiering.html(b.tier)),
				_tiering.page_number(b.opening), _tiering.page_number(b.new),
				_tiering.page_number(b.exit), _tiering.page_number(b.migrated_in),
				_tiering.page_number(b.migrated_out), _tiering.page_number(b.growth),
				_tiering.page_number(b.unmeasured), _tiering.page_number(b.closing)), ''
				ORDER BY t.n NULLS LAST, b.tier))))
	FROM _tiering.bridge(page_bridge.scheme, page_bridge.from_date, page_bridge.day, NULL, NULL,
			page_bridge.cells) b
		LEFT JOIN _tiering.page_tiers(page_bridge.scheme, page_bridge.day) t ON t.tier = b.tier;
END;
COMMENT ON FUNCTION _tiering.page_bridge(text, date, date, _tiering.cell[]) IS
'Part of report(): how the money of the tiers came from one assessment to the next, by what '
'named_cells() tells';

-- Between two tiers the line is straight, as if all customers of a tier had the same: whoever
-- has more than that makes it steeper, so the share is at least that.
CREATE FUNCTION _tiering.page_lorenz(scheme text, day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	WITH point AS (
		SELECT t.n, sum(t.customers_share) OVER top AS x, sum(t.measure_share) OVER top AS y,
			t.customers_share AS dx, t.measure_share AS dy
		FROM _tiering.page_tiers(page_lorenz.scheme, page_lorenz.day) t
		WHERE t.customers > 0
		WINDOW top AS (ORDER BY t.n)
	), fifth AS (
		SELECT p.y - p.dy + p.dy * (0.2 - (p.x - p.dx)) / p.dx AS y
		FROM point p WHERE p.dx > 0 AND p.x >= 0.2 ORDER BY p.n LIMIT 1
	)
	SELECT _tiering.page_section('How much the best hold', '集中度（洛伦兹曲线）', format(
		'<p>The best 20 %% of the customers hold at least %s of the money. <span lang="zh">前 '
		'20 %% 的客户至少持有 %1$s 的金额。</span></p><div class="lorenz">'
		'<svg viewBox="0 0 340 330" role="img" aria-label="share of the money by share of the '
		'customers, the best first"><path class="axis" d="M20 10V310H320M20 310L320 10"/>'
		'<path d="M20 310%s" fill="none" stroke="hsl(215 60%% 50%%)" stroke-width="2.5"/>'
		'<path class="axis" stroke-dasharray="3 3" d="M80 310V%s"/>'
		'<circle cx="80" cy="%3$s" r="4" fill="hsl(10 60%% 50%%)"/>'
		'<text x="80" y="326" text-anchor="middle">20 %%</text>'
		'<text x="320" y="326" text-anchor="end">100 %%</text></svg></div>',
		_tiering.page_percent(f.y),
		(SELECT string_agg(format('L%s %s', round(20 + 300 * LEAST(p.x, 1), 2),
			round(310 - 300 * LEAST(p.y, 1), 2)), '' ORDER BY p.n) FROM point p),
		round(310 - 300 * LEAST(f.y, 1), 2)))
	FROM fifth f WHERE (SELECT min(p.dy) FROM point p) >= 0 AND f.y IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.page_lorenz(text, date) IS
'Part of report(): how much of the money the best customers hold, by tiers; null if there is none, '
'or if a tier''s is below 0 or not known';

CREATE FUNCTION _tiering.page_near(scheme text, day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
BEGIN ATOMIC
	WITH summed AS (
		SELECT t.n, t.name, COALESCE(n.may_rise, 0) AS up, COALESCE(n.may_slip, 0) AS down
		FROM _tiering.page_tiers(page_near.scheme, page_near.day) t
			LEFT JOIN _tiering.near_now(page_near.scheme) n ON n.tier COLLATE "C" = t.tier
	)
	SELECT _tiering.page_section('Who is near', '临界客户', concat('<p>Customers within 10 % of '
		'the next tier, or of losing theirs. <span lang="zh">距升级或降级 10 % 以内的客户数。'
		'</span></p>', _tiering.page_table(
			_tiering.page_columns('Tier|等级', 'Near the next|接近升级', 'May slip|可能降级'),
			string_agg(_tiering.page_row(s.name, _tiering.page_number(s.up),
				_tiering.page_number(s.down)), '' ORDER BY s.n))))
	FROM summed s HAVING sum(s.up + s.down) > 0;
END;
COMMENT ON FUNCTION _tiering.page_near(text, date) IS
'Part of report(): how many customers of each tier are near the next one or may slip; null if none';

CREATE FUNCTION _tiering.page_staffing(scheme text, day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	SELECT _tiering.page_section('Staffing', '客户经理配置', _tiering.page_table(
		_tiering.page_columns('Tier|等级', 'Customers|客户数', 'For a manager|每位经理',
			'Managers|经理人数'),
		string_agg(_tiering.page_row(COALESCE(t.name, _tiering.page_name(s.tier, NULL, NULL)),
			_tiering.page_number(s.customers),
			format('%s–%s', s.customers_per_manager_from, s.customers_per_manager_to),
			format('%s–%s', s.managers_from, s.managers_to)), '' ORDER BY t.n NULLS FIRST, s.tier)))
	FROM tiering.staffing s
		LEFT JOIN _tiering.page_tiers(page_staffing.scheme, page_staffing.day) t USING (tier)
	WHERE s.scheme = page_staffing.scheme AND s.customers_per_manager_from IS NOT NULL;
END;
COMMENT ON FUNCTION _tiering.page_staffing(text, date) IS
'Part of report(): how many relationship managers the tiers take; null if none does';

CREATE FUNCTION _tiering.page_by(scheme text, dimension text, day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
BEGIN ATOMIC
	WITH cell AS MATERIALIZED (
		SELECT d.value, d.customers, d.measure, t.n, t.colour, sum(d.customers) OVER b AS total,
			sum(d.customers) OVER (PARTITION BY d.value ORDER BY t.n) - d.customers AS before,
			CASE WHEN count(d.measure) OVER b = count(*) OVER b THEN sum(d.measure) OVER b END
				AS money
		FROM tiering.tier_distribution_by(page_by.scheme, page_by.dimension, page_by.day) d
			LEFT JOIN _tiering.page_tiers(page_by.scheme, page_by.day) t ON t.tier = d.tier
		WINDOW b AS (PARTITION BY d.value)
	), line AS (
		SELECT c.value, max(c.total) AS customers, max(c.money) AS money, string_agg(format(
			'<rect x="%s" width="%s" height="10" fill="%s"/>', round(100 * c.before / c.total, 2),
			round(100 * c.customers / c.total, 2), c.colour), '' ORDER BY c.n) AS bars
		FROM cell c GROUP BY c.value
	)
	SELECT _tiering.page_section('By ' || page_by.dimension, '按 ' || page_by.dimension,
		_tiering.page_table(_tiering.page_columns('|', 'Customers|客户数', 'Total|金额',
			'Tiers|等级构成'),
			string_agg(_tiering.page_row(_tiering.html(l.value), _tiering.page_number(l.customers),
				_tiering.page_number(l.money), format('<svg viewBox="0 0 100 10" '
				'preserveAspectRatio="none" aria-hidden="true">%s</svg>', l.bars)), ''
				ORDER BY l.value)))
	FROM line l;
END;
COMMENT ON FUNCTION _tiering.page_by(text, text, date) IS
'Part of report(): customers and money by a dimension, with the tiers of each of its values';

CREATE FUNCTION _tiering.page_quality(scheme text, day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	WITH fact AS (
		VALUES (1, 'Findings that were let through at this assessment', '本次评级强制放行的问题', (
				SELECT COALESCE(sum(COALESCE(c.errors, 1)), 0) FROM tiering.source_check c
				WHERE c.scheme = page_quality.scheme COLLATE "C"
					AND c.as_of = page_quality.day AND c.forced)::text),
			(2, 'Customers whose data changed since, to be restated', '数据已变更、待重算的客户', (
				SELECT count(DISTINCT d.customer_id) FROM tiering.dirty d
				WHERE d.scheme = page_quality.scheme COLLATE "C")::text),
			(3, 'Requests that wait for a decision', '待审批的申请', (
				SELECT count(*) FROM _tiering.request_now r
				WHERE r.scheme = page_quality.scheme COLLATE "C" AND r.state = 'pending')::text)
		UNION ALL
		SELECT 4, 'Last sealed batch', '最近封存批次', format('%s · %s moves', h.batch, h.moves)
		FROM tiering.history_head(page_quality.scheme) h
		UNION ALL
		SELECT 5, 'Seal', '封存摘要', h.seal FROM tiering.history_head(page_quality.scheme) h
	)
	SELECT _tiering.page_section('Data and evidence', '数据与凭证', format(
		'<table><tbody>%s</tbody></table>', string_agg(format(
			'<tr><td class="n">%s<br/><small lang="zh">%s</small></td><td class="w">%s</td></tr>',
			f.column2, f.column3, _tiering.html(f.column4)), '' ORDER BY f.column1)))
	FROM fact f;
END;
COMMENT ON FUNCTION _tiering.page_quality(text, date) IS
'Part of report(): what is open in the data of a scheme, and the head of its seals';

CREATE FUNCTION tiering.report(scheme text, as_of date DEFAULT NULL, title text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 10000000
SET search_path = pg_catalog, pg_temp SET jit = off SET datestyle = 'ISO, YMD'
AS $$
DECLARE
	last date := l.as_of FROM _tiering.last_assessment(scheme) l;
	day date := COALESCE(as_of, last);
	before date := l.as_of FROM _tiering.last_assessment(scheme, day) l;
	heading text := CASE WHEN title ~ '\S' THEN title ELSE _tiering.page_title(scheme) END;
	cells _tiering.cell[];
	body text;
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_reads_whole(scheme, 'report'),
		_tiering.report_day(scheme, as_of);
	IF day IS NULL THEN
		body := '<p>There was no assessment yet. <span lang="zh">尚未评级。</span></p>';
	ELSIF NOT EXISTS (SELECT FROM _tiering.known_distribution(NULL) d
		WHERE d.scheme = report.scheme COLLATE "C" AND d.as_of = day)
	THEN
		RAISE EXCEPTION 'scheme "%" has no assessment of %', scheme, day
			USING ERRCODE = 'no_data_found', HINT = 'SELECT DISTINCT as_of FROM '
				'tiering.tier_distribution_history lists them.';
	ELSE
		cells := ARRAY(SELECT c FROM _tiering.page_cells(scheme, before, day) c
			WHERE before IS NOT NULL);
		body := concat(format('<p>%s · version %s · customers %s · total %s%s</p>', day,
				_tiering.named_by(scheme, day), _tiering.page_number(sum(t.customers)),
				_tiering.page_number(max(t.total)),
				'<br/>' || _tiering.page_measure(scheme, _tiering.named_by(scheme, day))),
			CASE WHEN max(t.total) IS NULL THEN '<p>The money of a tier is not kept for this day, '
				'so that there is no total. <span lang="zh">当日有等级的金额未留存，故无合计。'
				'</span></p>' END,
			_tiering.page_distribution(scheme, day), _tiering.page_development(scheme, day),
			CASE WHEN before IS NOT NULL THEN _tiering.page_matrix(scheme, before, day, cells)
				|| COALESCE(_tiering.page_bridge(scheme, before, day, cells), '') END,
			_tiering.page_lorenz(scheme, day),
			CASE WHEN day = last THEN concat(_tiering.page_near(scheme, day),
				_tiering.page_staffing(scheme, day)) END,
			(SELECT string_agg(_tiering.page_by(report.scheme, n, day), '' ORDER BY n)
				FROM tiering.dimensions_source d, unnest(d.names) n
				WHERE d.scheme = report.scheme COLLATE "C"),
			_tiering.page_quality(scheme, day))
		FROM _tiering.page_tiers(scheme, day) t;
	END IF;
	RETURN _tiering.page_frame(heading, format('<h1>%s</h1>%s', _tiering.html(heading), body));
END;
$$;
COMMENT ON FUNCTION tiering.report(text, date, text) IS
'A page on a scheme at an assessment, as one HTML document that fetches nothing and holds no '
'script: what the money is (the measure by its titles, its unit and its period), distribution, '
'development, migration since the assessment before, where the money came from, concentration, who '
'is near, staffing, each dimension, data and seals. Labels are English and Chinese; it follows the '
'reader''s light or dark setting, and prints. as_of: the assessment, the last one if null. title: '
'the heading, the scheme''s title if null or blank. Who is near, by the measure alone, and '
'staffing, are of now, and are there for the last assessment only. Money that is not kept for a '
'day is a dash, with no total, share or curve of it. From a shell: PGCLIENTENCODING=UTF8 psql -XAt '
'-c "SELECT tiering.report(''retail'')" > report.html. The page says that it is UTF-8, so it has '
'to be fetched as that. Errors: unknown scheme (42704), an infinite day (22023), one that is no '
'assessment (P0002). Example: SELECT tiering.report(''retail'', title => ''First quarter'')';

CREATE FUNCTION _tiering.page_way(scheme text, customer_id text)
RETURNS TABLE (n bigint, name text, rank int, valid daterange, direction text, cause text,
	measure numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	SELECT w.n, _tiering.page_name(w.to_tier, t.title, t.title_zh), t.rank, w.valid, w.direction,
		w.cause, w.measure
	FROM (SELECT m.*, row_number() OVER way AS n,
			daterange(m.as_of, lead(m.as_of) OVER way) AS valid
		  FROM _tiering.moves_of(page_way.scheme, page_way.customer_id) m
		  WINDOW way AS (ORDER BY m.as_of, m.move)) w
		LEFT JOIN tiering.tier t ON t.scheme = w.scheme AND t.version = w.version
			AND t.tier = w.to_tier
	WHERE w.to_tier IS NOT NULL AND NOT isempty(w.valid)
		AND _tiering.sees(_tiering.reader(), page_way.scheme, page_way.customer_id,
			upper(w.valid) - 1);
END;
COMMENT ON FUNCTION _tiering.page_way(text, text) IS
'Part of customer_report(): what customer_tier_history tells of a customer, under all of their '
'numbers together, with the tiers'' names as markup. The customer is named by the number that they '
'have now';

-- A step for each spell, with the highest tier at the top. The last day of one who is in it is that
-- of the last assessment, and as long as any other.
CREATE FUNCTION _tiering.page_steps(scheme text, customer_id text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
BEGIN ATOMIC
	WITH spell AS (
		SELECT w.rank, lower(w.valid) AS first, COALESCE(upper(w.valid), GREATEST(
			_tiering.last_assessed(page_steps.scheme, page_steps.customer_id), lower(w.valid)) + 1)
				AS until
		FROM _tiering.page_way(page_steps.scheme, page_steps.customer_id) w
	), placed AS (
		SELECT s.*, dense_rank() OVER (ORDER BY s.rank DESC NULLS LAST) AS n,
			min(s.first) OVER () AS begins, max(s.until) OVER () AS ends FROM spell s
	)
	SELECT format('<svg viewBox="0 0 720 %s" role="img" aria-label="tiers over time">%s'
		'<text x="0" y="%s">%s</text><text x="720" y="%3$s" text-anchor="end">%5$s</text></svg>',
		max(p.n) * 22 + 24,
		string_agg(format('<rect x="%s" y="%s" width="%s" height="16" fill="hsl(215 60%% 50%%)"/>',
			round(720.0 * (p.first - p.begins) / (p.ends - p.begins), 2), (p.n - 1) * 22 + 2,
			round(GREATEST(720.0 * (p.until - p.first) / (p.ends - p.begins), 2), 2)), ''
			ORDER BY p.first), max(p.n) * 22 + 18, to_char(min(p.begins), 'YYYY-MM-DD'),
		to_char(max(p.ends) - 1, 'YYYY-MM-DD'))
	FROM placed p HAVING count(*) > 0;
END;
COMMENT ON FUNCTION _tiering.page_steps(text, text) IS
'Part of customer_report(): when the customer was in which tier, the highest one on top, from '
'their first day to the last assessment, or their last day';

CREATE FUNCTION tiering.customer_report(scheme text, customer_id text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000
SET search_path = pg_catalog, pg_temp SET jit = off SET datestyle = 'ISO, YMD'
AS $$
DECLARE
	who text := _tiering.person(scheme, customer_id);
	heading text := format('%s · %s',
		array_to_string(_tiering.numbers_ever(scheme, ARRAY[who]), ' / '),
		_tiering.page_title(scheme));
	graded_by int := a.version FROM _tiering.last_assessment(scheme) a;
	path text;
	missing text;
BEGIN
	PERFORM tiering.newest_version(scheme), _tiering.check_reader(scheme),
		_tiering.check_given(customer_id, 'customer_id');
	SELECT string_agg(_tiering.page_row(w.name, lower(w.valid)::text,
		COALESCE(upper(w.valid)::text, ''), _tiering.page_word(w.direction),
		_tiering.page_word(w.cause), _tiering.page_number(w.measure)), '' ORDER BY w.n) INTO path
	FROM _tiering.page_way(scheme, who) w;
	IF path IS NULL OR NOT _tiering.sees(_tiering.reader(), scheme, who, NULL) THEN
		RAISE EXCEPTION 'scheme "%" has never had a customer "%"', scheme, customer_id
			USING ERRCODE = 'no_data_found',
			HINT = 'SELECT customer_id FROM tiering.customer_tier_history lists who was in it.';
	END IF;
	SELECT string_agg(_tiering.page_row(
		_tiering.page_name(l.next_tier, t.title, t.title_zh), l.rule::text,
		_tiering.html(l.metric), _tiering.page_number(l.value, 2),
		_tiering.page_number(l.bound, 2), _tiering.page_number(l.distance, 2)), ''
		ORDER BY l.ordinality) INTO missing
	FROM tiering.shortfall(scheme, customers => ARRAY[who]) WITH ORDINALITY l
		LEFT JOIN tiering.tier t ON t.scheme = customer_report.scheme COLLATE "C"
			AND t.version = graded_by AND t.tier = l.next_tier COLLATE "C";
	RETURN _tiering.page_frame(heading, concat('<h1>', _tiering.html(heading), '</h1>',
		'<p>' || _tiering.page_measure(scheme, graded_by) || '</p>',
		_tiering.page_section('The way through the tiers', '等级变化', concat(
			_tiering.page_steps(scheme, who), _tiering.page_table(
				_tiering.page_columns('Tier|等级', 'From|起', 'Until|止', 'Direction|方向',
					'Cause|原因', 'Measure|金额'), path))),
		_tiering.page_section('What leads up', '升级条件', _tiering.page_table(
			_tiering.page_columns('Next|下一等级', 'Rule|规则', 'Metric|指标', 'Has|现有',
				'Takes|需要', 'Lacks|差额'), missing))));
END;
$$;
COMMENT ON FUNCTION tiering.customer_report(text, text) IS
'A page on one customer, as one HTML document: when they were in which tier, why they moved, and '
'what leads up. Any number that they have had names them, and their way under all of these is '
'shown. What leads up is what shortfall() tells, the cheapest rule first, all of whose metrics are '
'needed; the scheme''s source is asked for it. It is made as report() is, and says what the money '
'is, too. Errors: unknown scheme (42704), a null (22004), a customer who has never been in it '
'(P0002), those of the source. Example: SELECT tiering.customer_report(''retail'', ''A'')';
