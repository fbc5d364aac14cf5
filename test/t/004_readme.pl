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
	my ($ret, $out, $err) = $node->psql('postgres', $block, on_error_stop => 1, extra_params => ['-A']);
	my ($first) = $block =~ /^(.*)$/m;
	is($ret, 0, "runs: $first") or diag($err);
	$all .= "$out\n";
}
like($all, qr/^platinum\|1\|0\.333333\|508000\.0+$/m, 'the distribution is the one shown');
like($all, qr/^mass\|2\|0\.666667\|69999\.990+$/m, 'in every tier');
like($all, qr/^0001\|mass\|gold\|50000\|116944\.45\|2026-11-26$/m, 'what a customer has to hold');
like($all, qr/^0001\|mass\|gold\|30000\.00\|51190\.48\|2026-12-31$/m, 'the same in the view');
like($all, qr/^0002\|339620\.69\|gold$/m, 'a total over tables and currencies');
like($all, qr/^next\|gold\|for gold, by rule 1: daily_avg_balance would have to rise by 1500 from 48500 to 50000$/m, 'what is missing for the next tier');
like($all, qr/"tiering" with payload "\{"scheme":"retail","as_of":"2026-12-31","version":1,"customers":3,.*,"stayed":3,"pending":0,"written":0\}"/, 'the notification is the one shown');
like($all, qr/^diamond\|private$/m, 'the parameter of the preset moves its bound');
$node->stop;
done_testing();
