# What a source's error does not tell the client is in the server's log; the keys by which
# views ask for customers are told to nobody who reads the views; and a database of which
# nobody knows the encoding is refused.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION tiering;
	CREATE ROLE grader LOGIN;
	SELECT tiering.grant_role('grader', 'grade');
	SELECT tiering.create_ladder('log', 'assets', '{low,high}', '{NULL,5}'),
		tiering.publish('log', '2024-01-01');
	CREATE FUNCTION fail() RETURNS numeric LANGUAGE plpgsql AS $$
	BEGIN
		RAISE WARNING 'warned' USING DETAIL = 'warned of what';
		RAISE EXCEPTION 'told' USING DETAIL = 'the detail', HINT = 'the hint';
	END $$;
	SELECT tiering.set_source('log',
		'SELECT 1 AS customer_id, public.fail() AS assets FROM (SELECT 1) hidden_alias');
});

my $before = -s $node->logfile;
my ($status, $out, $err) = $node->psql('postgres',
	"\\set VERBOSITY verbose\nSET client_min_messages = debug5; SET debug_print_parse = on;"
	  . " SELECT * FROM tiering.refresh('log', '2024-01-31')",
	extra_params => [ '-U', 'grader' ]);
isnt($status, 0, 'the source fails');
like($err, qr/ERROR:  P0001: told\n/, 'the client has the message and the SQLSTATE');
like($err, qr/CONTEXT:  source of scheme "log" as of 2024-01-31\n/, 'and which source it is');
unlike($err,
	qr/the detail|the hint|warned|public\.fail|hidden_alias|PL\/pgSQL function fail/,
	'and no more');
my $log = slurp_file($node->logfile, $before);
like($log, qr/ERROR:  told\n.*DETAIL:  the detail\n\s*the hint\n.*public\.fail/s,
	'the log has all');
like($log, qr/WARNING:  warned\n/, 'warnings, too');

# Where in our functions an error came up is there as well
$before = -s $node->logfile;
(undef, undef, $err) = $node->psql('postgres', q{SELECT tiering.refresh('log', '2023-12-31')},
	extra_params => [ '-U', 'grader' ]);
like($err, qr/ERROR:  scheme "log" has no version in force on 2023-12-31\n/, 'an error of ours');
unlike($err, qr/CONTEXT|_tiering/, 'says nothing of where we are');
$log = slurp_file($node->logfile, $before);
like($log, qr/DETAIL:  PL\/pgSQL function _tiering\.graded_by.*_tiering\.refresh/s,
	'which the log has');

# A plan that is printed shows what values it knows, broken into lines anywhere.
$node->safe_psql('postgres', q{
	CREATE ROLE viewer LOGIN;
	GRANT SELECT ON tiering.tier_distribution, tiering.current_tier, tiering.near_upgrade
		TO viewer;
	SELECT tiering.create_ladder('keyed', 'assets', '{low,high}', '{NULL,5}'),
		tiering.publish('keyed', '2024-01-01'),
		tiering.set_source('keyed', 'SELECT 1 AS customer_id, 3 AS assets');
	SELECT tiering.refresh('keyed', '2024-01-31');
	SELECT tiering.set_series('keyed', $$SELECT 1 AS customer_id,
		tiering.daily_series_snapshots(3, '2024-01-31') AS balances, tiering.month($1 + 1) AS period
		$$)});
my $printing = 'SET client_min_messages = log; SET debug_print_parse = on; '
	. 'SET debug_print_rewritten = on; SET debug_print_plan = on; ';
my @viewer = (extra_params => [ '-U', 'viewer' ]);
foreach my $table (qw(view_key series_source))
{
	my $key = $node->safe_psql('postgres', "SELECT key FROM tiering.$table");
	my $bytes = join '', unpack 'c16', pack 'H32', $key =~ tr/-//dr;
	(undef, undef, $err) = $node->psql('postgres', "${printing}SELECT '$key'::uuid", @viewer);
	like($err =~ s/\s+//gr, qr/\Q$bytes\E/, "the key of $table would be seen in a plan");
	($status, $out, $err) = $node->psql('postgres', $printing
		. 'SELECT sum(customers) FROM tiering.tier_distribution;'
		. 'SELECT sum(measure) FROM tiering.current_tier;'
		. 'SELECT balance_to_hold > 3 FROM tiering.near_upgrade', @viewer);
	is($out, "1\n3.00\nt", 'views show what they do');
	unlike($err =~ s/\s+//gr, qr/\Q$bytes\E/, 'but not that key');
	is($node->safe_psql('postgres', q{SELECT count(*)
		FROM _tiering.shown_measures(gen_random_uuid(), 'keyed', _tiering.reader()),
			_tiering.shown_sums(gen_random_uuid(), 'keyed', _tiering.reader())}), '0',
	'and none shows without it');
}

$node->safe_psql('postgres',
	"CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
($status, $out, $err) = $node->psql('ascii', 'CREATE EXTENSION tiering');
isnt($status, 0, 'SQL_ASCII is refused');
like($err, qr/ERROR:  tiering needs a database whose encoding is known, which SQL_ASCII is not\n/,
	'with a sentence');
like($err, qr/HINT:  Create it with ENCODING 'UTF8'/, 'and a way out');

done_testing();
