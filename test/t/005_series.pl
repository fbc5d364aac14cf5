# Values of daily_series survive what a database does to them: dump and restore,
# logical replication as text and as binary, COPY in all its formats; and a file
# of COPY BINARY that is damaged is refused.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical');
$node->start;
my $other = PostgreSQL::Test::Cluster->new('other');
$other->init(allows_streaming => 'logical');
$other->start;

# short and long ones, which are out of line; all widths; nulls and the empty one
$node->safe_psql('postgres', q{
	CREATE EXTENSION tiering;
	CREATE TABLE history (id int PRIMARY KEY, s tiering.daily_series);
	INSERT INTO history
	SELECT i, (SELECT tiering.daily_series(
			((hashint8(i * 1000 + j) % (i * 7919)) * 10::numeric ^ -(i % 5))::numeric(18, 5),
			d, d + 1 + (hashint4(j) & 3))
		FROM generate_series(1, CASE WHEN i % 50 = 0 THEN 3000 ELSE i % 40 END) j,
			LATERAL (SELECT '2010-01-01'::date + j * (1 + i % 3)) d(d))
	FROM generate_series(1, 300) i;
	INSERT INTO history VALUES (1000, '{}'), (1001, NULL),
		(1002, '{4714-11-24 BC: 999999999999999999, 5874897-12-31: none}'),
		(1003, '{2026-01-01: 1.0000000000}');
	SET datestyle = 'SQL, DMY';
});
my $image = 'SELECT id, s::bytea FROM history ORDER BY id';
my $before = $node->safe_psql('postgres', $image);
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM history WHERE pg_column_size(s) > 2000'),
	'>', 3, 'some are out of line');

# dump and restore
my $dir = PostgreSQL::Test::Utils::tempdir;
foreach my $option ([], ['--inserts'])
{
	my $db = 'restored' . scalar(@$option);
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->command_ok([ 'pg_dump', @$option, '-f', "$dir/$db.sql", $node->connstr('postgres') ],
		"pg_dump @$option");
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$db.sql",
		$node->connstr($db) ], 'restore');
	is($node->safe_psql($db, $image), $before, "pg_dump @$option keeps every byte");
}

# COPY in its formats
foreach my $format (qw(text csv binary))
{
	$node->safe_psql('postgres', qq{
		COPY history TO '$dir/history.$format' (FORMAT $format);
		CREATE TABLE again (LIKE history);
		COPY again FROM '$dir/history.$format' (FORMAT $format)});
	is($node->safe_psql('postgres', 'SELECT id, s::bytea FROM again ORDER BY id'), $before,
		"COPY $format keeps every byte");
	$node->safe_psql('postgres', 'DROP TABLE again');
}

# COPY BINARY of one value, damaged: an error that says what it is, at any byte
$node->safe_psql('postgres', qq{
	CREATE TABLE one (s tiering.daily_series);
	COPY (SELECT '{2026-01-01: 100.00, 2026-02-01: 250.00, 2026-03-01: none}'::tiering.daily_series)
	TO '$dir/one' (FORMAT binary)});
my $bytes = slurp_file("$dir/one");
my ($refused, $read, $crashed) = (0, 0, 0);
# after the header of 19 bytes, the count of fields and the length, before the trailer
foreach my $at (25 .. length($bytes) - 3)
{
	my $damaged = $bytes;
	substr($damaged, $at, 1) = chr(ord(substr($bytes, $at, 1)) ^ (1 << ($at % 8)));
	open(my $file, '>:raw', "$dir/damaged") or die;
	print $file $damaged;
	close($file);
	my ($ret, $out, $err) = $node->psql('postgres', "COPY one FROM '$dir/damaged' (FORMAT binary)");
	if ($ret == 0) { $read++ }
	elsif ($err =~ /invalid binary form of a daily_series/) { $refused++ }
	else { $crashed++; diag($err) }
}
is($crashed, 0, 'no other error');
cmp_ok($refused, '>', 5, 'damaged values are refused');
is($node->safe_psql('postgres', 'SELECT count(*) FROM one
	WHERE s::text::tiering.daily_series OPERATOR(tiering.=) s'), $read,
	'and those that are read are values');

# logical replication, both ways of sending
$node->safe_psql('postgres', 'CREATE PUBLICATION all_of_it FOR TABLE history');
my $connstr = $node->connstr . ' dbname=postgres';
foreach my $binary (qw(false true))
{
	my $db = "replica_$binary";
	$other->safe_psql('postgres', "CREATE DATABASE $db");
	$other->safe_psql($db, 'CREATE EXTENSION tiering;
		CREATE TABLE history (id int PRIMARY KEY, s tiering.daily_series)');
	$other->safe_psql($db,
		"CREATE SUBSCRIPTION $db CONNECTION '$connstr' PUBLICATION all_of_it
		WITH (binary = $binary)");
	$other->wait_for_subscription_sync($node, $db, $db);
	is($other->safe_psql($db, $image), $before, "binary = $binary: the copy has every byte");
}
$node->safe_psql('postgres', q{
	UPDATE history SET s = tiering.append(s, '2090-01-01', id) WHERE id < 1000;
	DELETE FROM history WHERE id % 7 = 0;
	INSERT INTO history SELECT -id, s OPERATOR(tiering.*) 0.5 FROM history
		WHERE id BETWEEN 1 AND 100});
my $after = $node->safe_psql('postgres', $image);
isnt($after, $before, 'it changed');
foreach my $binary (qw(false true))
{
	$node->wait_for_catchup("replica_$binary");
	is($other->safe_psql("replica_$binary", $image), $after, "binary = $binary: changes arrive");
}

$other->stop;
$node->stop;
done_testing();
