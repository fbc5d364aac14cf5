# Pages in a browser: nothing sticks out, no two labels of a chart lie on each other, none
# leaves its chart, and every text stands out from what is behind it; light and dark, wide and
# narrow, with few tiers and with many, with long names and names that look like markup.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($browser) = grep { -x $_ } map { ("$_/chromium", "$_/google-chrome") } split /:/, $ENV{PATH};
plan skip_all => 'no Chromium' unless $browser;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'client_min_messages = error');
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION tiering;
	CREATE SCHEMA p;
	CREATE TABLE p.had AS SELECT c, d, (c * 37 + n * 990) % 26000 AS v,
		(ARRAY['north', '<b>"south"</b> & ''co''', repeat('Long ', 12)])[1 + c % 3] AS branch
	FROM generate_series(1, 500) c,
		unnest('{2026-06-30,2026-07-31,2026-08-31,2026-09-30}'::date[]) WITH ORDINALITY d(d, n);
	CREATE FUNCTION p.make(scheme text, tiers int, name text) RETURNS void LANGUAGE sql AS $$
		SELECT tiering.create_ladder(scheme, 'v',
			ARRAY(SELECT name || lpad(i::text, 2, '0') FROM generate_series(1, tiers) i),
			ARRAY(SELECT NULLIF((i - 1) * 26000 / tiers, 0) FROM generate_series(1, tiers) i));
		UPDATE tiering.tier t SET title_zh = '等级' || t.rank WHERE t.scheme = make.scheme;
		UPDATE tiering.metric m SET title = name || 'average', title_zh = '月日均金融资产',
			unit = 'CNY, in ' || repeat('thousands', tiers), period = 'the month before ' || name,
			period_zh = repeat('上月', tiers) WHERE m.scheme = make.scheme;
		SELECT tiering.publish(scheme, '2026-01-01'), tiering.set_source(scheme,
				'SELECT c AS customer_id, v FROM p.had WHERE d = $1'),
			tiering.set_dimensions(scheme, 'SELECT c AS customer_id, branch FROM p.had
				WHERE d = $1');
		SELECT count(tiering.refresh(scheme, d)) FROM (SELECT DISTINCT d FROM p.had ORDER BY d) x;
	$$;
	SELECT p.make('two', 2, 't'), p.make('seven', 7, '<i>&"tier"</i> '),
		p.make('many', 25, 'a tier whose name is as long as names of tiers ever are, no. ');
	-- money that is owed
	UPDATE p.had SET v = v - 26000 WHERE c % 3 = 0;
	SELECT p.make('owing', 3, 'Stufe ');
	UPDATE p.had SET v = v + 26000 WHERE c % 3 = 0;
	SELECT tiering.create_ladder('none', 'v', '{a}', '{NULL}');
	SELECT tiering.create_ladder('one', 'v', '{a,b}', '{NULL,5}'),
		tiering.publish('one', '2026-01-01'),
		tiering.set_source('one', 'SELECT ''c'' AS customer_id, 123456789012345.67 AS v
			WHERE $1 IS NOT NULL');
	SELECT tiering.refresh('one', '2026-09-30');
	-- a day whose money is not kept, and was restated
	SELECT tiering.create_ladder('part', 'v', '{a,b}', '{NULL,5000}'),
		tiering.publish('part', '2026-01-01'),
		tiering.set_source('part', 'SELECT c AS customer_id, v FROM p.had
			WHERE d = (SELECT max(d) FROM p.had WHERE d <= $1)');
	SELECT count(tiering.refresh('part', d))
	FROM unnest('{2026-06-30,2026-07-10,2026-07-31,2026-08-31}'::date[]) d;
	UPDATE p.had SET v = v + 1 WHERE c = 1;
	SELECT tiering.mark_dirty('part', '1', '2026-07-10'), tiering.restate_dirty('part');
});

my $look = <<'END';
<script>
const found = [];
const rgb = c => (c.match(/[\d.]+/g) || []).map(Number);
const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 :
	((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
function behind(e) {
	if (!e) return [255, 255, 255];
	const [r, g, b, a = 1] = rgb(getComputedStyle(e).backgroundColor);
	const under = a < 1 ? behind(e.parentElement) : [0, 0, 0];
	return [r, g, b].map((v, i) => v * a + under[i] * (1 - a));
}
const page = document.documentElement;
if (page.scrollWidth > page.clientWidth) found.push(`${page.scrollWidth} wide`);
// what is cut off on a narrow screen can be scrolled to, but not on paper, which is this wide
if (innerWidth > 700)
	document.querySelectorAll('.wide').forEach(e => { if (e.scrollWidth > e.clientWidth + 1)
		found.push(`a table of ${e.scrollWidth} in ${e.clientWidth}`); });
document.querySelectorAll('svg').forEach(svg => {
	const frame = svg.getBoundingClientRect();
	const labels = [...svg.querySelectorAll('text')].map(e => [e.textContent,
		e.getBoundingClientRect()]);
	labels.forEach(([text, a], i) => {
		if (a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - 1 ||
			a.bottom > frame.bottom + 1) found.push(`${text} leaves its chart`);
		labels.slice(i + 1).forEach(([other, b]) => {
			if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
				found.push(`${text} on ${other}`); });
	});
});
document.querySelectorAll('body *').forEach(e => {
	if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) return;
	const style = getComputedStyle(e), svg = e.closest('svg');
	const [a, b] = [light(rgb(svg ? style.fill : style.color).slice(0, 3)), light(behind(e))];
	const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	if (contrast < 4.5) found.push(`${e.textContent} has a contrast of ${contrast.toFixed(1)}`);
	if (!svg && style.whiteSpace != 'nowrap' && !e.closest('.wide') &&
		e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1)
		found.push(`${e.textContent} sticks out`);
});
const told = document.createElement('pre');
told.id = 'found';
told.textContent = found.length + ' faults of ' + document.querySelectorAll('section').length +
	' sections ' + (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light') +
	': ' + found.slice(0, 5).join('; ');
document.body.append(told);
</script>
END

my $profile = PostgreSQL::Test::Utils::tempdir;
$ENV{HOME} = $profile;
sub look
{
	my ($page, $name, $width, $dark, $sections) = @_;
	my $file = "$profile/$name.html";
	(my $with = $page) =~ s{(?=</body>)}{$look} or die 'a page has a body';
	append_to_file($file, $with) unless -e $file;
	my @command = ($browser, qw(--headless --no-sandbox --disable-gpu --disable-quic
		--no-first-run --disable-background-networking --disable-component-update
		--disable-sync --dump-dom), "--user-data-dir=$profile/profile",
		"--window-size=$width,2000", '--blink-settings=preferredColorScheme=' . ($dark ? 0 : 1),
		"file://$file");
	my ($out, $err);
	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err);
	my ($found) = $out =~ m{<pre id="found">(.*?)</pre>}s;
	is($found // $err, "0 faults of $sections sections " . ($dark ? 'dark' : 'light') . ': ',
		"$name, $width wide");
}

foreach my $case ([ two => 8 ], [ seven => 8 ], [ many => 8 ], [ owing => 7 ], [ one => 4 ],
	[ none => 0 ])
{
	my ($scheme, $sections) = @$case;
	my $page = $node->safe_psql('postgres', "SELECT tiering.report('$scheme')");
	unlike($page, qr/<script|https?:(?!\/\/www\.w3\.org)|url\(|\@import/i,
		"$scheme: no script, and nothing is fetched");
	look($page, $scheme, 1000, 0, $sections);
	look($page, $scheme, 750, 0, $sections);
	look($page, $scheme, 500, 1, $sections) if $sections > 0;
}
look($node->safe_psql('postgres', "SELECT tiering.report('part', '2026-07-10')"), 'part', 500, 1,
	5);
look($node->safe_psql('postgres', "SELECT tiering.customer_report('seven', '77')"), 'customer',
	500, 0, 2);

done_testing();
