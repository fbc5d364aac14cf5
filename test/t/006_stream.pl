# The manual's way to stream moves, word for word: to a table of another server,
# which has no extension, and to a slot that a program reads.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($section) = slurp_file("$FindBin::Bin/../../doc/operations.md") =~
	/^(## Streaming moves\n.*?)^## /ms;
my ($publish, $subscribe, $make_slot, $read_slot, $end) = $section =~ /^```sh\n(.*?)^```/msg;

my $bank = PostgreSQL::Test::Cluster->new('bank');
$bank->init(allows_streaming => 'logical');
$bank->start;
my $reports = PostgreSQL::Test::Cluster->new('reports');
$reports->init(allows_streaming => 'logical');
$reports->start;
$ENV{bank} = 'host=' . $bank->host . ' port=' . $bank->port . ' dbname=postgres';
$ENV{reports} = 'host=' . $reports->host . ' port=' . $reports->port . ' dbname=postgres';

# Runs statements of the manual, and returns what they print
sub run_manual
{
	my ($statements, $name) = @_;
	my ($out, $err);
	my $ok = IPC::Run::run([ 'bash', '-e', '-o', 'pipefail', '-c', $statements ], '>', \$out,
		'2>', \$err);
	ok($ok && $err !~ /ERROR/, $name) or diag($err);
	return $out;
}

my $moves = 'SELECT m FROM tiering.migration m ORDER BY m.move';

# Waits for the subscriber, and compares all of its moves
sub arrived
{
	my ($name) = @_;
	$bank->wait_for_catchup('tiering_moves');
	is($reports->safe_psql('postgres', $moves), $bank->safe_psql('postgres', $moves), $name);
}

$bank->safe_psql('postgres', q{
	CREATE EXTENSION tiering;
	CREATE TABLE metrics AS SELECT lpad(i::text, 5, '0') AS customer_id, i::numeric AS x
		FROM generate_series(1, 1000) i;
	SELECT tiering.create_ladder('ladder', 'x', '{low,mid,high}', '{NULL,400,800}'),
		tiering.publish('ladder', '2024-01-01'),
		tiering.set_source('ladder', 'SELECT * FROM public.metrics');
	SELECT tiering.refresh('ladder', '2024-01-31');
});

run_manual($publish, 'a publication');
run_manual($subscribe, 'a subscription');
$reports->wait_for_subscription_sync($bank, 'tiering_moves');
arrived('the moves so far');
is($reports->safe_psql('postgres', q{SELECT count(*), count(DISTINCT customer_id)
	FROM tiering.migration WHERE direction = 'new'}),
	'1000|1000', 'are all there');
is($reports->safe_psql('postgres', q{SELECT count(*) FROM pg_extension WHERE extname = 'tiering'}),
	'0', 'without the extension');
run_manual($make_slot, 'a slot');
my $seen = $bank->safe_psql('postgres', 'SELECT max(move) FROM tiering.migration');

# committed and rolled back in turn, by refresh and by hand
my $change = q{
	UPDATE metrics SET x = 1001 - x WHERE customer_id < '00100';
	DELETE FROM metrics WHERE customer_id > '00990';
	INSERT INTO metrics VALUES ('neu''1', 500)};
is($bank->safe_psql('postgres', "BEGIN; $change; SELECT up, exit, new
	FROM tiering.refresh('ladder', '2024-02-29'); ROLLBACK"),
	'99|10|1', 'a refresh that is rolled back');
$bank->safe_psql('postgres', "$change; SELECT tiering.refresh('ladder', '2024-02-29')");
$bank->safe_psql('postgres', q{UPDATE tiering.assignment SET tier = 'high'
	WHERE customer_id = '00500'});
$bank->psql('postgres', q{DELETE FROM metrics; SELECT tiering.refresh('ladder', '2024-03-31')},
	on_error_stop => 1);
arrived('a refresh and a change by hand arrive, and nothing else');
is($reports->safe_psql('postgres', qq{SELECT direction, cause, count(*) FROM tiering.migration
	WHERE move > $seen GROUP BY 1, 2 ORDER BY 1, 2}),
	"exit|exit|10\nnew|new|1\nup|manual|1\nup|rule|99", 'with what they are');

my $expected = $bank->safe_psql('postgres', "SELECT format('%s %s', move, customer_id)
	FROM tiering.migration WHERE move > $seen ORDER BY move");
my @lines = split(/\n/, run_manual($read_slot, 'the slot is read'));
my @read = map {
	/move\[bigint\]:(\d+).* customer_id\[text\]:'((?:[^']|'')*)'/
		? "$1 " . ($2 =~ s/''/'/gr) : $_
} @lines;
my $half = @read / 2;
is(join("\n", @read[ 0 .. $half - 1 ]), $expected, 'and has the same moves');
is(join("\n", @read[ $half .. $#read ]), $expected, 'which peeking left there');
is(run_manual($read_slot, 'and read again'), '', 'has no more');

run_manual($end, 'it ends');
is($bank->safe_psql('postgres', 'SELECT (SELECT count(*) FROM pg_replication_slots),
	(SELECT count(*) FROM pg_publication)'), '0|0', 'with nothing left');

$reports->stop;
$bank->stop;
done_testing();
