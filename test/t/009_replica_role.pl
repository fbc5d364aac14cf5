# What freezes versions and keeps history fires in every session, and yet lets in what
# belongs there: restores of data alone, with and without triggers, and the copy and the
# later changes that a subscriber of the scheme tables gets.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @tables = qw(scheme scheme_version publication metric tier rule score_weight score_band service
	benefit policy asset_weight);
my $list = join(', ', map { "tiering.$_" } @tables);

my $bank = PostgreSQL::Test::Cluster->new('bank');
$bank->init(allows_streaming => 'logical');
$bank->start;
my $other = PostgreSQL::Test::Cluster->new('other');
$other->init;
$other->append_conf('postgresql.conf', 'wal_retrieve_retry_interval = 100ms');
$other->start;

sub contents
{
	my ($node, $db) = @_;
	return {
		map {
			$_ => $node->safe_psql($db, "SELECT x FROM tiering.$_ x ORDER BY x::text COLLATE \"C\"")
		} @tables
	};
}

# as superuser, in the role of one who applies changes
sub refused
{
	my ($node, $db, $what) = @_;
	my %tries = (
		'a rule is changed' => q{
			UPDATE tiering.rule SET bounds = '[1,)' WHERE scheme = 'cib' AND version = 1},
		'a tier is added' => q{
			INSERT INTO tiering.tier (scheme, version, tier, rank) VALUES ('cib', 1, 'x', 99)},
		'a version is closed' => q{
			UPDATE tiering.scheme_version
			SET status = 'retired', effective = '[2025-01-01,2025-02-01)'
			WHERE scheme = 'cib' AND version = 2},
		'a version is removed' => q{
			DELETE FROM tiering.scheme_version WHERE scheme = 'cib' AND version = 1},
		'a record is changed' => q{UPDATE tiering.publication SET done_by = 'x'},
		'a move is removed' => q{DELETE FROM tiering.migration});
	foreach my $try (sort keys %tries)
	{
		my ($ret, $out, $err) =
			$node->psql($db, "SET session_replication_role = replica; $tries{$try}");
		like($err, qr/cannot be changed/, "$what: refused if $try");
	}
}

$bank->safe_psql('postgres', q{
	CREATE EXTENSION tiering;
	SELECT tiering.load_preset('cib'), tiering.publish('cib', '2024-01-01'),
		tiering.new_version('cib'), tiering.publish('cib', '2025-01-01'),
		tiering.new_version('cib');
	SELECT tiering.create_ladder('desk', 'x', '{low,high}', '{NULL,10}'),
		tiering.publish('desk', '2024-01-01'), tiering.new_version('desk'),
		tiering.publish('desk', '2042-01-01'), tiering.unpublish('desk', 2, 'a slip');
	CREATE TABLE money AS SELECT 'c' || i AS customer_id, i AS x FROM generate_series(1, 20) i;
	SELECT tiering.set_source('desk', 'SELECT * FROM public.money'),
		tiering.refresh('desk', '2024-01-31')});
my $before = contents($bank, 'postgres');
refused($bank, 'postgres', 'installed');

# Data alone, into an extension that is there: with triggers, and without
my $dir = PostgreSQL::Test::Utils::tempdir;
my @dump = ('pg_dump', '-Fc', '-f', "$dir/dump", '-n', 'tiering', '-e', 'tiering');
$bank->command_ok([ @dump, $bank->connstr('postgres') ], 'pg_dump');
foreach my $how ([ 'data only', '==' ], [ 'without triggers', '>', '--disable-triggers' ])
{
	my ($what, $compare, @options) = @$how;
	(my $db = $what) =~ s/ /_/g;
	$bank->safe_psql('postgres', "CREATE DATABASE $db");
	$bank->safe_psql($db, 'CREATE EXTENSION tiering');
	my @restore = ('pg_restore', '-e', '-a', @options, '-d', $bank->connstr($db), "$dir/dump");
	$bank->command_ok(\@restore, "pg_restore, $what");
	is_deeply(contents($bank, $db), $before, "$what: all is there");
	# a restore without triggers leaves them as ordinary ones
	my $mend = 'SELECT tiering.enable_triggers()';
	cmp_ok($bank->safe_psql($db, $mend), $compare, 0, "$what: triggers that had to be mended");
	is($bank->safe_psql($db, $mend), '0', "$what: and none is left");
	refused($bank, $db, $what);
	# it is alive
	is($bank->safe_psql($db, q{
		SELECT tiering.publish('cib', '2026-01-01'), tiering.publish('desk', '2024-03-01')}),
		'3|2', "$what: publishes");
	my ($ret, $out, $err) = $bank->psql($db, q{SELECT tiering.unpublish('desk', 1, 'x')});
	like($err, qr/has graded customers/, "$what: knows what graded");
}

# A subscriber: the copy, table by table in any order, and what comes after it
$other->safe_psql('postgres', 'CREATE EXTENSION tiering');
$bank->safe_psql('postgres', "CREATE PUBLICATION schemes FOR TABLE $list");
my $from = $bank->connstr . ' dbname=postgres';
$other->safe_psql('postgres', "CREATE SUBSCRIPTION schemes CONNECTION '$from' PUBLICATION schemes");
$other->wait_for_subscription_sync($bank, 'schemes');
is_deeply(contents($other, 'postgres'), $before, 'the copy has all');
refused($other, 'postgres', 'subscribed');

sub follows
{
	my ($what, $statements) = @_;
	$bank->safe_psql('postgres', $statements);
	$bank->wait_for_catchup('schemes');
	is_deeply(contents($other, 'postgres'), contents($bank, 'postgres'),
		"the subscriber follows: $what");
}
follows('a draft is changed and published', q{
	UPDATE tiering.rule SET bounds = '[20,)'
	WHERE scheme = 'desk' AND version = 2 AND tier = 'high';
	INSERT INTO tiering.tier (scheme, version, tier, rank, succeeds)
	VALUES ('desk', 2, 'top', 9, 'high');
	INSERT INTO tiering.rule (scheme, version, tier, metric, bounds)
	VALUES ('desk', 2, 'top', 'x', '[30,)');
	SELECT tiering.publish('desk', '2024-03-01')});
is($other->safe_psql('postgres', q{
	SELECT tiering.classify('desk', 35, '2024-03-01'), tiering.classify('desk', 15, '2024-03-01')}),
	'top|low', 'and grades by it');
follows('in one transaction', q{
	BEGIN;
	SELECT tiering.unpublish('desk', 2, 'too early'), tiering.publish('desk', '2024-04-01'),
		tiering.new_version('desk');
	UPDATE tiering.tier SET rank = 10 WHERE scheme = 'desk' AND version = 3 AND tier = 'top';
	SELECT tiering.publish('desk', '2024-05-01');
	COMMIT});
follows('a draft is deleted', q{DELETE FROM tiering.scheme_version WHERE status = 'draft'});
follows('a new scheme', q{
	SELECT tiering.load_preset('psbc'), tiering.publish('psbc', '2024-01-01')});
follows('taken back', q{SELECT tiering.unpublish('psbc', 1, 'no')});
follows('published and dropped', q{
	SELECT tiering.publish('psbc', '2024-01-01'), tiering.drop_scheme('psbc', 'not wanted')});
follows('made again', q{
	SELECT tiering.load_preset('psbc'), tiering.publish('psbc', '2024-01-01')});
refused($other, 'postgres', 'after all of that');

# Changes that arrive while tables are still copied: the record may be ahead of the versions
$other->safe_psql('postgres', 'DROP SUBSCRIPTION schemes');
$other->safe_psql('postgres', 'DROP EXTENSION tiering; CREATE EXTENSION tiering');
(my $no_record = $list) =~ s/tiering\.publication, //;
$bank->safe_psql('postgres',
	"DROP PUBLICATION schemes; CREATE PUBLICATION schemes FOR TABLE $no_record");
$other->safe_psql('postgres', "CREATE SUBSCRIPTION schemes CONNECTION '$from' PUBLICATION schemes");
$other->wait_for_subscription_sync($bank, 'schemes');
$bank->safe_psql('postgres', q{
	SELECT tiering.unpublish('psbc', 1, 'no'), tiering.publish('psbc', '2024-02-01')});
my $log = $other->wait_for_log(qr/version 1 of scheme "psbc" is published and cannot be changed/);
ok($log, 'without the record a change of status is refused');
$bank->safe_psql('postgres', 'ALTER PUBLICATION schemes ADD TABLE tiering.publication');
$other->safe_psql('postgres', 'ALTER SUBSCRIPTION schemes REFRESH PUBLICATION');
$other->wait_for_subscription_sync($bank, 'schemes');
$bank->wait_for_catchup('schemes');
is_deeply(contents($other, 'postgres'), contents($bank, 'postgres'),
	'and goes in when the record is there');

$other->stop;
$bank->stop;
done_testing();
