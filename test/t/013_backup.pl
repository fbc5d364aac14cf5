# What a dump leaves out of what users added to the extension's tables, and how the
# manual brings it back.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($keep) = slurp_file("$FindBin::Bin/../../doc/operations.md") =~
	/^```sh\n([^`]*not_dumped[^`]*)^```/m;
my $dir = PostgreSQL::Test::Utils::tempdir;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', "CREATE DATABASE $_") foreach qw(bank restored part);
$node->safe_psql('bank', q{
	CREATE EXTENSION tiering;
	CREATE TABLE money AS SELECT 'c' || i AS customer_id, i AS x FROM generate_series(1, 4) i;
	SELECT tiering.create_ladder('desk', 'x', '{low,high}', '{NULL,4}'),
		tiering.publish('desk', '2024-01-01'),
		tiering.set_source('desk', 'SELECT * FROM public.money'),
		tiering.refresh('desk', '2024-01-31');
	CREATE ROLE reader;
	CREATE ROLE "Head Office";
	SELECT tiering.grant_role('reader', 'report');
	CREATE PUBLICATION moves FOR TABLE tiering.migration, money;
	CREATE PUBLICATION all_of_it FOR ALL TABLES;
	ALTER TABLE tiering.assignment ENABLE ROW LEVEL SECURITY;
	CREATE POLICY "one of them" ON tiering.assignment FOR SELECT TO reader, "Head Office"
		USING (customer_id = 'c4');
	CREATE POLICY changes ON tiering.assignment AS RESTRICTIVE FOR UPDATE TO PUBLIC
		USING (tier = 'low') WITH CHECK (misses >= 0);
	ALTER TABLE tiering.migration FORCE ROW LEVEL SECURITY});

# All that is at stake
sub contents
{
	my ($db) = @_;
	return join("\n", map { $node->safe_psql($db, $_) } (
		'SELECT pubname, schemaname, tablename FROM pg_publication_tables
		 WHERE schemaname IN (\'tiering\', \'public\') ORDER BY 1, 2, 3',
		'SELECT * FROM pg_policies ORDER BY policyname',
		'SELECT oid::regclass, relrowsecurity, relforcerowsecurity FROM pg_class
		 WHERE relrowsecurity OR relforcerowsecurity ORDER BY relname'));
}
sub seen
{
	return $node->safe_psql($_[0],
		'SET SESSION AUTHORIZATION reader; SELECT count(*) FROM tiering.assignment');
}

my $before = contents('bank');
is(seen('bank'), '1', 'a policy lets a reader see one of four customers');
$ENV{bank} = 'host=' . $node->host . ' port=' . $node->port . ' dbname=bank';
chdir $dir;
is(system('bash', '-e', '-o', 'pipefail', '-c', $keep), 0,
	'what a dump leaves out is kept beside it');
$node->command_ok([ 'pg_dump', '-f', "$dir/dump", $node->connstr('bank') ], 'pg_dump');
my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f');
$node->command_ok([ @psql, "$dir/dump", $node->connstr('restored') ], 'psql');
isnt(contents('restored'), $before, 'it is not restored');
is($node->safe_psql('restored', q{SELECT count(*) FROM pg_publication_tables
	WHERE pubname = 'moves' AND schemaname = 'tiering'}), '0', 'no publication of moves');
is(seen('restored'), '4', 'the reader sees all');
$node->command_ok([ @psql, "$dir/after_restore.sql", $node->connstr('restored') ],
	'what was kept is run');
is(contents('restored'), $before, 'it is as it was');
is(seen('restored'), '1', 'the reader sees one again');
is($node->safe_psql('restored', 'SELECT statement FROM tiering.not_dumped() ORDER BY 1'),
	$node->safe_psql('bank', 'SELECT statement FROM tiering.not_dumped() ORDER BY 1'),
	'and is told again for the next dump');
my ($ret, $out, $err) = $node->psql('bank',
	'SET SESSION AUTHORIZATION reader; SELECT tiering.not_dumped()');
like($err, qr/permission denied for function not_dumped/, 'to the owner alone');

# the schema alone
$node->command_ok([ 'pg_dump', '-n', 'tiering', '-f', "$dir/schema", $node->connstr('bank') ],
	'pg_dump -n');
unlike(slurp_file("$dir/schema"), qr/COPY|EXTENSION/, 'has neither the extension nor a row');
$node->command_ok([ 'pg_dump', '-e', 'tiering', '-n', 'tiering', '-f', "$dir/schema",
	$node->connstr('bank') ], 'pg_dump -e -n');
$node->command_ok([ @psql, "$dir/schema", $node->connstr('part') ], 'psql');
is($node->safe_psql('part', 'SELECT count(*) FROM tiering.assignment'), '4', 'has both');

$node->stop;
done_testing();
