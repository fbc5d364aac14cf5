# Who listens is told of each refresh that changed anything, once it has
# committed, in JSON that says what refresh() returned, while nobody is confined.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 5');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION tiering;
	CREATE TABLE metrics AS SELECT i AS customer_id, i::numeric AS x FROM generate_series(1, 100) i;
	CREATE FUNCTION make(scheme text) RETURNS void LANGUAGE sql AS $$
		SELECT tiering.create_ladder(scheme, 'x', '{low,high}', '{NULL,51}'),
			tiering.publish(scheme, '2024-01-01'),
			tiering.set_source(scheme, 'SELECT * FROM public.metrics')
	$$;
	SELECT make('the "ladder"'), make('other');
	SET datestyle = 'SQL, DMY';
});

my $session = $node->background_psql('postgres');
$session->query_safe('LISTEN tiering');

# The payloads that have arrived since the last call, decoded
sub told
{
	my $out = $session->query_safe('SELECT 1');
	return map { decode_json($_) }
		$out =~ /^Asynchronous notification "tiering" with payload "(.*)" received/mg;
}

# Runs SQL in another session; its last line is a refresh's row as JSON
sub refresh
{
	my ($sql) = @_;
	my $out = $node->safe_psql('postgres', "SET client_min_messages = warning;
		SET datestyle = 'SQL, DMY'; $sql");
	return decode_json((split(/\n/, $out))[-1]);
}
my $on = sub { "SELECT row_to_json(r) FROM tiering.refresh('$_[0]', '$_[1]') r" };

my $result = refresh($on->('the "ladder"', '2024-01-31'));
my @told = told();
is_deeply(\@told, [$result], 'a refresh notifies of what it returns');
is_deeply(
	$told[0],
	{
		scheme => 'the "ladder"', as_of => '2024-01-31', version => 1, customers => 100,
		ungraded => 0, new => 100, up => 0, down => 0, lateral_moves => 0, exit => 0,
		stayed => 0, pending => 0, written => 100, fell_due => 0, overrides_left_out => 0
	},
	'scheme, date and counts are the right ones');

$result = refresh($on->('the "ladder"', '2024-01-31'));
is($result->{written}, 0, 'the same again changes nothing');
is_deeply([ told() ], [], 'and notifies nobody');

$result = refresh($on->('the "ladder"', '2024-02-29'));
is($result->{written}, 0, 'nor does a new date write a row');
is_deeply([ told() ], [$result], 'but it notifies');

my $change = 'UPDATE metrics SET x = 101 - x WHERE customer_id <= 7;
	DELETE FROM metrics WHERE customer_id > 95';
my $undone = refresh("BEGIN; $change; " . $on->('the "ladder"', '2024-03-31') . '; ROLLBACK');
is_deeply([ @$undone{qw(up exit written)} ], [ 7, 5, 12 ], 'a refresh moves');
is_deeply([ told() ], [], 'and notifies nobody if it is rolled back');
my ($ret, $out, $err) = $node->psql('postgres',
	q{DELETE FROM metrics; SELECT tiering.refresh('the "ladder"', '2024-03-31')},
	on_error_stop => 1);
isnt($ret, 0, 'a refresh without customers fails');
is_deeply([ told() ], [], 'and notifies nobody');
$node->safe_psql('postgres', "INSERT INTO metrics SELECT i, i FROM generate_series(1, 100) i");

# while the transaction goes on nobody is told; at its end they come in its order
my $writer = $node->background_psql('postgres');
$writer->query_safe("SET client_min_messages = warning; BEGIN; $change");
my @results = map { decode_json($writer->query_safe($on->(@$_))) }
	([ 'the "ladder"', '2024-03-31' ], [ 'other', '2024-03-31' ], [ 'the "ladder"', '2024-04-30' ]);
is_deeply([ told() ], [], 'nothing before the commit');
$writer->query_safe('COMMIT');
$writer->quit;
is_deeply([ told() ], \@results, 'one for each refresh after it');
is_deeply([ map { $_->{up} } @results ], [ 7, 0, 0 ], 'with the counts of each');

# a name too long for a payload does not keep its scheme from being refreshed
my $long = chr(1) x 5000;
$node->safe_psql('postgres', "SELECT make(repeat(chr(1), 5000))");
is(refresh("SELECT row_to_json(r) FROM tiering.refresh(repeat(chr(1), 5000),
	'2024-01-31') r")->{scheme}, $long, 'a long name');
@told = told();
is($told[0]->{scheme}, substr($long, 0, 1000), 'is cut');
is($told[0]->{new}, 95, 'and its counts are there');

# Counts are of all customers: nobody is told them while somebody may see some only
$node->safe_psql('postgres',
	q{CREATE ROLE desk; SELECT tiering.grant_role('desk', 'report', 'other')});
refresh($on->('other', '2024-04-30'));
my $bare = { scheme => 'other', done => 'refresh', as_of => '2024-04-30' };
is_deeply([ told() ], [$bare], 'no counts while a role is confined');
$node->safe_psql('postgres', q{SET client_min_messages = warning;
	UPDATE metrics SET x = 100 WHERE customer_id = 10;
	SELECT tiering.restate('other', '2024-04-30')});
is_deeply([ told() ], [ { %$bare, done => 'restate' } ], 'of a restatement neither');
$node->safe_psql('postgres', q{SELECT tiering.revoke_role('desk', 'report', 'other')});
for my $table (qw(assignment assessment migration))
{
	$node->safe_psql('postgres', "ALTER TABLE tiering.$table ENABLE ROW LEVEL SECURITY");
	refresh('UPDATE metrics SET x = 101 - x WHERE customer_id = 20;'
		  . $on->('other', '2024-04-30'));
	is_deeply([ told() ], [$bare], "nor while policies may be on $table");
	$node->safe_psql('postgres', "ALTER TABLE tiering.$table DISABLE ROW LEVEL SECURITY");
}
$result = refresh('UPDATE metrics SET x = 101 - x WHERE customer_id = 20;'
	  . $on->('other', '2024-04-30'));
is_deeply([ told() ], [$result], 'and all of them again after that');

$session->quit;

# What a transaction manager prepares, as JDBC's XA does, must not have notified.
my $prepare = "BEGIN; SELECT new FROM tiering.refresh('xa', '2024-01-31');
	SELECT recorded FROM tiering.restate('xa', '2024-01-31'); PREPARE TRANSACTION 'night'";
$node->safe_psql('postgres', q{SELECT make('xa')});
($ret, $out, $err) = $node->psql('postgres', $prepare);
like($err, qr/cannot PREPARE a transaction that has executed .*NOTIFY/,
	'PostgreSQL does not prepare what has notified');
is($node->safe_psql('postgres', q{SELECT count(*) FROM tiering.assignment WHERE scheme = 'xa'}),
	0, 'and nothing is left of it');
($ret, $out, $err) = $node->psql('postgres', "SET tiering.notify = off; $prepare");
is($ret, 0, 'with tiering.notify off it is prepared') or diag($err);
($ret, $out, $err) = $node->psql('postgres', q{SELECT tiering.refresh('xa', '2024-02-29')});
like($err, qr/is being .* by another session/, 'until it ends, nobody else refreshes');
like($err, qr/It is prepared transaction "night" of "\w+", since \d{4}-/,
	'and which transaction that is, is told');
$node->stop;
$node->start;
$node->safe_psql('postgres', q{COMMIT PREPARED 'night'});
is($node->safe_psql('postgres', q{SELECT count(*) FROM tiering.current_tier WHERE scheme = 'xa'}),
	95, 'also after a restart');
is($node->safe_psql('postgres', q{SELECT new FROM tiering.refresh('xa', '2024-02-29')}), 0,
	'and the next refresh goes on from it');
$node->safe_psql('postgres', q{BEGIN; SELECT count(*) FROM (SELECT FROM tiering.assignment
	WHERE scheme = 'xa' FOR UPDATE) a; PREPARE TRANSACTION 'held'});
($ret, $out, $err) = $node->psql('postgres', q{UPDATE public.metrics SET x = 100 - x;
	SELECT tiering.refresh('xa', '2024-03-31')});
like($err, qr/are locked by another session.*one of these: prepared transaction "held" of/s,
	'nor while one has customers of it');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'held'});
is($node->safe_psql('postgres', q{SELECT string_agg(kind, ', ' ORDER BY run) FROM tiering.run
	WHERE scheme = 'xa'}), 'refresh, restate, refresh', 'what ran is there');

$node->stop;
done_testing();
