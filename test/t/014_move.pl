# To another server by logical replication, as the manual says, word for word: all tables,
# while there are refreshes, decisions, changes by hand, restatements and marks on the old
# one; then the new one goes on as the old one would have.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($section) = slurp_file("$FindBin::Bin/../../doc/operations.md") =~
	/^(## To another server\n.*?)^## /ms;
my ($begin, $end) = $section =~ /^```sh\n(.*?)^```/msg;
my $old = PostgreSQL::Test::Cluster->new('old');
$old->init(allows_streaming => 'logical');
$old->start;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
$new->append_conf('postgresql.conf', "wal_retrieve_retry_interval = 100ms\n"
	. "max_sync_workers_per_subscription = 4\nmax_logical_replication_workers = 8\n"
	. "max_worker_processes = 12");
$new->start;
$ENV{bank} = 'host=' . $old->host . ' port=' . $old->port . ' dbname=postgres';
$ENV{new} = 'host=' . $new->host . ' port=' . $new->port . ' dbname=postgres';

sub run_manual
{
	my ($statements, $name) = @_;
	my ($out, $err);
	my $ok = IPC::Run::run([ 'bash', '-e', '-o', 'pipefail', '-c', $statements ], '>', \$out,
		'2>', \$err);
	ok($ok && $err !~ /ERROR/, $name) or diag($err);
	return $out;
}

# All that is replicated, as text
sub contents
{
	my ($node) = @_;
	my @tables = split(/\n/, $old->safe_psql('postgres', q{
		SELECT t::regclass FROM pg_extension, unnest(extconfig) t JOIN pg_class c ON c.oid = t
		WHERE extname = 'tiering' AND relkind = 'r'}));
	cmp_ok(scalar(@tables), '>', 20, 'there are tables to compare');
	return { map {
		$_ => $node->safe_psql('postgres', "SELECT x FROM $_ x ORDER BY x::text COLLATE \"C\"")
	} @tables };
}

# the bank's own, which comes by another way
my $bank = q{
	CREATE ROLE chief;
	CREATE ROLE asker;
	CREATE TABLE money (customer_id text, x numeric, as_of date);
	INSERT INTO money SELECT 'c' || i, 50 + (i * 7 + m * m * 11) % 100,
		(date '2024-02-01' + m * interval '1 month')::date - 1
	FROM generate_series(1, 50) i, generate_series(0, 5) m};
my $roles = q{
	SELECT tiering.grant_role('chief', 'approve'), tiering.grant_role('chief', 'report'),
		tiering.grant_role('asker', 'request')};
$_->safe_psql('postgres', $bank) foreach ($old, $new);
$old->safe_psql('postgres', qq{CREATE EXTENSION tiering; $roles});
$old->safe_psql('postgres', q{
	SELECT tiering.create_ladder('desk', 'x', '{mass,gold,private}', '{NULL,80,120}');
	INSERT INTO tiering.policy (scheme, version, tier, down_after)
	VALUES ('desk', 1, 'gold', 2), ('desk', 1, 'private', 2);
	UPDATE tiering.tier SET approval = true WHERE tier = 'private';
	SELECT tiering.publish('desk', '2024-01-01'), tiering.set_source('desk',
		'SELECT customer_id, x FROM public.money WHERE as_of = $1');
	SELECT tiering.refresh('desk', '2024-01-31')});

# A month with everything in it
sub month
{
	my ($node, $before, $as_of) = @_;
	$node->safe_psql('postgres', qq{
		UPDATE tiering.assignment SET tier = 'gold' WHERE customer_id = 'c3' AND tier <> 'gold';
		SELECT tiering.refresh('desk', '$as_of');
		SET SESSION AUTHORIZATION chief;
		SELECT tiering.approve(request) FROM tiering.request_state
		WHERE state = 'pending' AND customer_id LIKE '%1' ORDER BY request;
		SELECT tiering.reject(request) FROM tiering.request_state
		WHERE state = 'pending' AND customer_id LIKE '%2' ORDER BY request;
		SET SESSION AUTHORIZATION asker;
		SELECT tiering.request_override('desk', 'c7', 'floor', 'gold', '[$as_of,2025-01-01)',
			'asks');
		RESET SESSION AUTHORIZATION;
		UPDATE money SET x = x + 31 WHERE customer_id IN ('c5', 'c6') AND as_of = '$before';
		SELECT tiering.mark_dirty('desk', c, '$before') FROM unnest('{c5,c6}'::text[]) c;
		SELECT tiering.restate_dirty('desk'), tiering.recount('desk');
		SELECT tiering.mark_dirty('desk', 'c9', '$before')});
}
month($old, '2024-01-31', '2024-02-29');
run_manual($begin, 'publication and subscription');
$new->wait_for_subscription_sync($old, 'tiering_all');
is_deeply(contents($new), contents($old), 'the copy has everything, and no move more');
month($old, '2024-02-29', '2024-03-31');
$old->safe_psql('postgres', q{
	SELECT tiering.new_version('desk');
	UPDATE tiering.rule SET bounds = '[70,)' WHERE version = 2 AND tier = 'gold';
	SELECT tiering.publish('desk', '2024-04-01');
	DELETE FROM tiering.assignment WHERE customer_id = 'c30'});
# rows that were only added are changed
$old->safe_psql('postgres', q{SET SESSION AUTHORIZATION asker;
	SELECT tiering.forget_customer('desk', 'c30', 'asked')});
$old->safe_psql('postgres', q{SET SESSION AUTHORIZATION chief;
	SELECT tiering.approve(request) FROM tiering.request_state WHERE kind = 'forget'});
$old->wait_for_catchup('tiering_all');
is_deeply(contents($new), contents($old), 'and what came after it');
is($new->safe_psql('postgres', q{SELECT
		(SELECT count(*) FROM tiering.migration WHERE customer_id = 'c30'),
		(SELECT count(*) FROM tiering.assessment WHERE customer_id = 'c30'),
		(SELECT count(*) FROM tiering.forgotten)}), '0|0|1', 'who was forgotten is so there');
my ($batch, $seal) = split(/\|/, $old->safe_psql('postgres',
	q{SELECT batch, seal FROM tiering.history_head('desk')}));

# the switch
my $numbers = (split(/\n/, $end))[0];
(my $forgotten = $numbers) =~ s/ -c "SELECT.*//;
run_manual($forgotten, 'the subscription ends');
my ($ret, $out, $err) = $new->psql('postgres', q{SELECT tiering.refresh('desk', '2024-04-30')});
like($err, qr/duplicate key value violates unique constraint "\w+_pkey"/,
	'without its sequences the new server cannot refresh');
is($new->safe_psql('postgres', 'SELECT tiering.after_replication(), tiering.after_replication()'),
	'5|0', 'they are set, once');
$end =~ s/^psql "\$new".*\n//;
run_manual($end, 'nothing is left on the old server');
is($new->safe_psql('postgres',
	qq{SELECT sound FROM tiering.verify_history('desk', $batch, '$seal')}), 't',
	 'the history is sound by a head of the old server');

# it goes on as the old server would have
sub goes_on
{
	my ($node) = @_;
	month($node, '2024-03-31', '2024-04-30');
	month($node, '2024-04-30', '2024-05-31');
	is($node->safe_psql('postgres', q{SELECT sound FROM tiering.verify_history('desk')}), 't',
		'sound');
	return { map { $_ => $node->safe_psql('postgres', "
		SELECT to_jsonb(x) - '{move,salt,request,entry,recorded_at,requested_at,decided_at,
			marked_at,refreshed_at,set_at,seal}'::text[] AS row FROM tiering.$_ x ORDER BY 1")
	} qw(source assignment migration standing_move distribution_history batch watch_history
		request_state dirty_customer) };
}
$new->safe_psql('postgres', $roles);
# the old one's corrections of its own tables, which came by another way
$new->safe_psql('postgres', q{DELETE FROM money});
my $rows = $old->safe_psql('postgres',
	q{SELECT format('(%L, %s, %L)', customer_id, x, as_of) FROM money});
$rows =~ s/\n/, /g;
$new->safe_psql('postgres', "INSERT INTO money VALUES $rows");
is_deeply(goes_on($new), goes_on($old), 'the new server goes on as the old one does');

$new->stop;
$old->stop;
done_testing();
