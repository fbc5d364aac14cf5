# The manual: every SQL example of the README and of doc/, as a newcomer would paste it, and
# what is shown of its output. A page's examples run in its order, in a database of its own
# that begins where the README ends, or empty if the page creates the extension itself. A
# block without a language shows the end of what the SQL block before it prints.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::Bin/../..";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

# Without what psql adds to the ends of lines
sub bare
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\s+\z//;
	return "\n$text";
}

# Runs a page in the database, and returns all that it prints
sub run_page
{
	my ($page, $text, $database) = @_;
	my ($all, $printed) = ('', '');
	while ($text =~ /^```(\w*)\n(.*?)^```$/msg)
	{
		my ($language, $block) = ($1, $2);
		my ($first) = $block =~ /^(.*)$/m;
		if ($language eq 'sql')
		{
			my $ret;
			($ret, $printed, my $err) = $node->psql($database, $block, on_error_stop => 1,
				extra_params => [ '-P', 'tuples_only=off', '-P', 'format=aligned',
					'-P', 'footer=off' ]);
			is($ret, 0, "$page runs: $first") or diag($err);
			$all .= "$printed\n";
		}
		elsif ($language eq '')
		{
			my ($shown, $end) = (bare($block), bare($printed));
			is(substr($end, -length($shown)), $shown, "$page shows: $first");
		}
	}
	return $all;
}

sub new_database
{
	my ($page, $text) = @_;
	my $database = lc $page =~ s/\W/_/gr;
	my $template = $text =~ /^CREATE EXTENSION/m ? 'template0' : 'readme_md';
	$node->safe_psql('template1', "CREATE DATABASE $database TEMPLATE $template");
	return $database;
}

my %printed;
foreach my $file ("$root/README.md", sort glob("$root/doc/*.md"))
{
	my ($page) = $file =~ m{([^/]+)$};
	next if $file =~ m{/doc/(?:README|reference)\.md$};	# they have no examples
	my $text = slurp_file($file);
	next unless $text =~ /^```sql$/m;
	$printed{$page} = run_page($page, $text, new_database($page, $text));
}
cmp_ok(scalar(keys %printed), '>=', 9, 'pages have SQL in them');

# The reference is what the catalogue says
my $reference = IPC::Run::run([ 'psql', '-X', '-d', $node->connstr('readme_md'), '-v',
	"root=$root", '-f', "$root/test/reference.sql" ], '>', \my $made, '2>', \my $why);
ok($reference, 'the reference is made') or diag($why);
ok($made eq slurp_file("$root/doc/reference.md"), 'and is the one that is there')
	or diag('A comment or something else in the schema tiering has changed: run make doc');

# what a page says in words
my $begins = '{"scheme":"retail","as_of":"2026-01-31","version":1,"customers":3,';
my $ends = ',"stayed":3,"pending":0,"written":0,"fell_due":0,"overrides_left_out":0}';
like($printed{'operations.md'}, qr/"tiering" with payload "\Q$begins\E.*\Q$ends\E"/,
	'the notification is the one shown');

# what it says without showing it
my $bank = 'policies_md';
my $ask = q{SELECT tiering.request_override('retail', '0001', 'floor', 'gold',
	'[2025-12-31,2026-02-01)', 'asks himself')};
foreach my $who ('chief', 'postgres')
{
	my ($ret, $out, $err) = $node->psql($bank, qq{
		SELECT tiering.grant_role('chief', 'request');
		SET SESSION AUTHORIZATION $who; $ask AS mine \\gset
		SELECT tiering.approve(:mine)});
	like($err, qr/request \d+ is your own/, "$who does not decide on his own request");
}
is($node->safe_psql($bank, q{SET SESSION AUTHORIZATION chief;
	SELECT sound FROM tiering.verify_history('retail');
	SELECT batch FROM tiering.history_head('retail')}), "t\n4", 'report is enough to verify');
is($node->safe_psql($bank, q{INSERT INTO bank.balance
	VALUES ('0004', 600000, '2025-01-01', NULL);
	SELECT new, ungraded, pending FROM tiering.refresh('wealth', '2025-12-31');
	SELECT count(*) FROM tiering.assignment WHERE scheme = 'wealth' AND customer_id = '0004'}),
		"0|1|1\n0", 'a new customer has no tier until somebody agreed');
foreach my $by_hand ([ '2025-10-01', 'before' ], [ '2999-01-01', 'after' ])
{
	my ($ret, $out, $err) = $node->psql($bank, qq{UPDATE tiering.assignment
		SET tier = 'private', as_of = '$by_hand->[0]'
			WHERE scheme = 'wealth' AND customer_id = '0002'});
	like($err, qr/customer "0002" of scheme "wealth" cannot be moved by hand/,
		"nobody is moved $by_hand->[1] what is known");
}
is($node->safe_psql($bank, q{
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
my ($ret, $out, $err) = $node->psql($bank, q{SELECT tiering.refresh('wealth', '2999-12-31')});
like($err, qr/as_of 2999-12-31 is after today/, 'nor is a slip of the pen taken for a day');
like($node->safe_psql($bank, q{SELECT tiering.refresh('wealth', '2999-12-31', ahead => true)}),
	qr/^\(wealth,2999-12-31,1,/, 'unless it is meant');
my $rights = slurp_file("$root/doc/dba.md");
like($rights, qr/tiering\.grant_role\('\w+', '$_'\)/, "tells of the right $_")
	foreach split(/\n/, $node->safe_psql($bank,
		'SELECT DISTINCT what FROM tiering.role_grants()'));
$node->stop;
done_testing();
