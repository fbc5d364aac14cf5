# The README's SQL, from top to bottom, as a newcomer would paste it.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $readme = slurp_file("$FindBin::Bin/../../README.md");
my @blocks = $readme =~ /^```sql\n(.*?)^```/msg;
cmp_ok(scalar(@blocks), '>', 5, 'the README has SQL in it');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $all = '';
foreach my $block (@blocks)
{
	my ($ret, $out, $err) = $node->psql('postgres', $block, on_error_stop => 1,
		extra_params => ['-A']);
	my ($first) = $block =~ /^(.*)$/m;
	is($ret, 0, "runs: $first") or diag($err);
	$all .= "$out\n";
}
like($all, qr/^platinum\|1\|0\.333333\|508000\.0+$/m, 'the distribution is the one shown');
like($all, qr/^mass\|2\|0\.666667\|69999\.990+$/m, 'in every tier');
like($all, qr/^0001\|mass\|gold\|50000\|116944\.45\|2025-11-26$/m, 'what a customer has to hold');
like($all, qr/^0001\|mass\|gold\|30000\.00\|51190\.48\|2025-12-31$/m, 'the same in the view');
like($all, qr/^0002\|339620\.69\|gold$/m, 'a total over tables and currencies');
like($all, qr/^overlap\|0003\|the balance is 49999\.99 on /m,
	'a row that is there twice');
like($all, qr/^warning\|jump\|1\|1\|.*80000 to 20000/m, 'findings by kind');
my $missing = 'daily_avg_balance would have to rise by 1500 from 48500 to 50000';
like($all, qr/^next\|gold\|for gold, by rule 1: $missing$/m, 'what is missing for the next tier');
my $begins = '{"scheme":"retail","as_of":"2025-12-31","version":1,"customers":3,';
my $ends = ',"stayed":3,"pending":0,"written":0,"fell_due":0,"overrides_left_out":0}';
like($all, qr/"tiering" with payload "\Q$begins\E.*\Q$ends\E"/,
	'the notification is the one shown');
like($all, qr/^diamond\|private$/m, 'the parameter of the preset moves its bound');
like($all, qr/^0003\|gold\|override\|2025-12-31\|mass$/m,
	'an override counts at once, with the rules beneath it');
like($all, qr/^0003\|floor\|gold\|\[2025-12-01,2026-03-01\)\|ended\|banker\|chief$/m,
	'and was ended');
like($all, qr/^0002\|guest\|private\|508000\|$/m, 'a move waited for approval');
like($all, qr/^0002\|private\|approval\|2025-11-30$/m, 'and was approved');
like($all, qr/^mass\|gold$/m, 'a tier as known now, and as known before');
like($all, qr/^0001\|mass\|2025-10-31\|new\n0002\|platinum\|2025-11-30\|rule\n0003\|mass\|/m,
	'all tiers on a day');
like($all,
	qr/^1\|refresh\|2025-10-31\|3\|0\n2\|refresh\|2025-11-30\|1\|0\n
		3\|decision\|2025-12-31\|1\|0\n4\|decision\|2025-12-31\|1\|0$/mx,
	'the batches are the ones shown');
is(scalar(() = $all =~ /^t\|4\|6\|\|$/mg), 2, 'they are sound, also by the head that was kept');
like($all, qr/^4\|1\|1\|1\|1\n(.*\n)*?gold\|mass$/m,
	'a late correction, and what was known before it');
like($all,
	qr/^platinum\|platinum\|stayed\|1\|520000\.0+\n
		gold\|gold\|stayed\|1\|70000\.0+\nmass\|gold\|up\|1\|49999\.990+$/mx,
	'what a draft would do');

# what it says without showing it
my $ask = q{SELECT tiering.request_override('retail', '0001', 'floor', 'gold',
	'[2025-12-31,2026-02-01)', 'asks himself')};
foreach my $who ('chief', 'postgres')
{
	my ($ret, $out, $err) = $node->psql('postgres', qq{
		SELECT tiering.grant_role('chief', 'request');
		SET SESSION AUTHORIZATION $who; $ask AS mine \\gset
		SELECT tiering.approve(:mine)});
	like($err, qr/request \d+ is your own/, "$who does not decide on his own request");
}
is($node->safe_psql('postgres', q{SET SESSION AUTHORIZATION chief;
	SELECT sound FROM tiering.verify_history('retail');
	SELECT batch FROM tiering.history_head('retail')}), "t\n6", 'report is enough to verify');
is($node->safe_psql('postgres', q{INSERT INTO bank.balance
	VALUES ('0004', 600000, '2025-01-01', NULL);
	SELECT new, ungraded, pending FROM tiering.refresh('wealth', '2025-12-31');
	SELECT count(*) FROM tiering.assignment WHERE scheme = 'wealth' AND customer_id = '0004'}),
		"0|1|1\n0", 'a new customer has no tier until somebody agreed');
foreach my $by_hand ([ '2025-10-01', 'before' ], [ '2999-01-01', 'after' ])
{
	my ($ret, $out, $err) = $node->psql('postgres', qq{UPDATE tiering.assignment
		SET tier = 'guest', as_of = '$by_hand->[0]'
			WHERE scheme = 'wealth' AND customer_id = '0002'});
	like($err, qr/customer "0002" of scheme "wealth" cannot be moved by hand/,
		"nobody is moved $by_hand->[1] what is known");
}
is($node->safe_psql('postgres', q{
	CREATE ROLE hand; SELECT tiering.grant_role('hand', 'hand');
	SET SESSION AUTHORIZATION hand;
	UPDATE tiering.assignment SET tier = 'private' WHERE scheme = 'wealth' AND customer_id = '0001';
	RESET SESSION AUTHORIZATION;
	SELECT as_of, cause, recorded_by FROM tiering.migration
		WHERE customer_id = '0001' AND to_tier = 'private';
	SELECT customers, stayed, down FROM tiering.assess('wealth', '2026-01-15', '{0001}',
		'asked for');
	SELECT now_as_of FROM tiering.void_assessment('wealth', '2025-12-31', 'a slip');
	SELECT tier FROM tiering.assignment WHERE scheme = 'wealth' AND customer_id = '0001'}),
	"\n2025-12-31|manual|hand\n1|0|1\n2025-11-30\nguest",
	'by hand, between two refreshes, and back');
my ($ret, $out, $err) = $node->psql('postgres', q{SELECT tiering.refresh('wealth', '2999-12-31')});
like($err, qr/as_of 2999-12-31 is after today/, 'nor is a slip of the pen taken for a day');
like($node->safe_psql('postgres', q{SELECT tiering.refresh('wealth', '2999-12-31', ahead => true)}),
	qr/^\(wealth,2999-12-31,1,/, 'unless it is meant');
like($readme, qr/tiering\.grant_role\('\w+', '$_'\)/, "tells of the right $_")
	foreach split(/\n/, $node->safe_psql('postgres',
		'SELECT DISTINCT what FROM tiering.role_grants()'));
$node->stop;
done_testing();
