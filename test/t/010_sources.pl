# What a source's error does not tell the client is in the server's log; and a database
# of which nobody knows the encoding is refused.
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
	qr/the detail|the hint|warned|public\.fail|hidden_alias|PL\/pgSQL function fail/, 'and no more');
my $log = slurp_file($node->logfile, $before);
like($log, qr/ERROR:  told\n.*DETAIL:  the detail\n\s*the hint\n.*public\.fail/s, 'the log has all');
like($log, qr/WARNING:  warned\n/, 'warnings, too');

$node->safe_psql('postgres',
	"CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
($status, $out, $err) = $node->psql('ascii', 'CREATE EXTENSION tiering');
isnt($status, 0, 'SQL_ASCII is refused');
like($err, qr/ERROR:  tiering needs a database whose encoding is known, which SQL_ASCII is not\n/,
	'with a sentence');
like($err, qr/HINT:  Create it with ENCODING 'UTF8'/, 'and a way out');

done_testing();
