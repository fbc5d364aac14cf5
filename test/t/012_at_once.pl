# Everything that bank.sql lists is done at random on one scheme: first by one session,
# whose every step is looked at and can be repeated by its seed; then by four at once, in
# READ COMMITTED and REPEATABLE READ, one or two actions in a transaction, some with a
# snapshot that has grown old. Each may fail as the list says and in no other way, none
# waits for ever, and the invariants are true whenever somebody looks. 100 steps and 20
# seconds; TIERING_TEST_SCALE=full: 300 steps and ten minutes. A step takes longer the more
# came before it, as the invariants ask all of it.
use strict;
use warnings;
use FindBin;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $full = ($ENV{TIERING_TEST_SCALE} // '') eq 'full';
my ($steps, $seconds) = $full ? (300, 600) : (100, 20);
my $sessions = 4;
my $seed = $ENV{TIERING_TEST_SEED} // 20240229;
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# nobody may wait for a minute
$node->append_conf('postgresql.conf',
	"client_min_messages = error\njit = off\nstatement_timeout = '60s'");
$node->start;
$node->safe_psql('postgres', "CREATE EXTENSION tiering; CREATE SCHEMA t;\n"
	. slurp_file("$FindBin::Bin/../invariants.sql")
	. slurp_file("$FindBin::Bin/../bank.sql")
	. 'SELECT bank.open(300)');

my (%action, @drawn_from);
foreach my $row (split /\x1e/, $node->safe_psql('postgres', q{
	SELECT string_agg(concat_ws(chr(31), action, weight, login, array_to_string(refused, '|'),
		statement), chr(30) ORDER BY action) FROM bank.action}))
{
	my ($name, $weight, $login, $refused, $statement) = split /\x1f/, $row;
	$action{$name} = { login => $login, refused => $refused, statement => "$statement;" };
	push @drawn_from, ($name) x $weight;
}
# what anybody sees at any time
$action{audit} = { login => 'postgres', refused => '', statement => <<'END' };
SELECT COALESCE(string_agg(i, ' | '), '') AS found, count(*) > 0 AS broken
FROM t.invariants('bank') i \gset
\echo found :found
END
push @drawn_from, ('audit') x 6;

# The script of one transaction. psql tells what became of each statement in it.
sub transaction
{
	my ($old, @names) = @_;
	my $script = "SET bank.salt = '" . int(rand(1e9)) . "';\n";
	my $level = rand() < 0.5 ? 'READ COMMITTED' : 'REPEATABLE READ';
	$script .= "BEGIN ISOLATION LEVEL $level;\n";
	$script .= 'SELECT count(*) FROM tiering.source; SELECT pg_sleep(' . rand(0.1) . ");\n" if $old;
	foreach my $name (@names)
	{
		$script .= "SET SESSION AUTHORIZATION $action{$name}{login};\n"
			. "$action{$name}{statement}\n\\echo did $name :SQLSTATE\n"
			. "\\if :ERROR\n\\echo said :LAST_ERROR_MESSAGE\n\\endif\n"
			. "RESET SESSION AUTHORIZATION;\n";
	}
	return "${script}COMMIT;\n\\echo did commit :SQLSTATE\nRESET SESSION AUTHORIZATION;\n";
}

# What touches the bank's own rows is alone in its transaction: the order in which those
# are locked is the bank's.
sub script
{
	my $script = "\\o /dev/null\n";
	foreach (1 .. $seconds * 60)
	{
		my @names = map { $drawn_from[ rand @drawn_from ] } 1 .. (rand() < 0.3 ? 2 : 1);
		@names = ('data') if grep { $_ eq 'data' } @names;
		$script .= "SELECT clock_timestamp() > :'deadline' AS done \\gset\n"
			. "\\if :done\n\\q\n\\endif\n"
			. transaction(rand() < 0.3, @names);
	}
	return $script;
}

# One that is looked at after every step, until something is wrong
sub walk
{
	my $script = "\\o /dev/null\n\\set broken false\n";
	foreach (1 .. $steps)
	{
		my $name = $drawn_from[ rand @drawn_from ];
		$script .= transaction(0, $name) . transaction(0, 'audit')
			. "\\if :broken\n\\echo after $name\n\\q\n\\endif\n";
	}
	return $script;
}

my $deadline = 'infinity';
my @run;
sub session
{
	my ($script) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir . '/session';
	append_to_file("$file.sql", $script);
	my @psql = ('psql', '-XqAt', '-d', $node->connstr('postgres'), '-f', "$file.sql");
	push @run, {
		out => "$file.out",
		harness => IPC::Run::start([ @psql, '-v', "deadline=$deadline" ], '>', "$file.out",
			'2>', "$file.err") };
}
session(walk());
$run[0]{harness}->finish;
my ($trace) = slurp_file($run[0]{out}) =~ /((?:.*\n){0,8}after .*)/;
is($trace, undef, 'the invariants are true after each step of one session');

$deadline = $node->safe_psql('postgres', "SELECT now() + interval '$seconds seconds'");
session(script()) foreach 1 .. $sessions;
$_->{harness}->finish foreach @run[ 1 .. $sessions ];

my (%count, %wrong, %violated);
foreach my $s (@run)
{
	my $name;
	foreach my $line (split /\n/, slurp_file($s->{out}))
	{
		if ($line =~ /^did (\w+) (\w+)$/)
		{
			$name = $1;
			my $sqlstate = $2;
			$count{$name}{$sqlstate}++;
			my $refused = $name eq 'commit' ? '40001' : $action{$name}{refused};
			# after an error the other action of the transaction is ignored
			$wrong{"$name $sqlstate"} = 'without a message'
				unless $sqlstate =~ /^(00000|25P02|$refused)$/ && $sqlstate ne '';
		}
		elsif ($line =~ /^said (.*)/)
		{
			my $message = $1;
			$_ eq 'without a message' and $_ = $message foreach values %wrong;
		}
		elsif ($line =~ /^found ([^:].*)/)
		{
			$violated{ s/, \d+ times.*//r } //= $_ foreach split / \| /, $1;
		}
	}
}
note "seed $seed";
foreach my $name (sort keys %count)
{
	note "$name: ", join(', ', map { "$_ $count{$name}{$_}" } sort keys %{ $count{$name} });
}
is(join("\n", map { "$_: $wrong{$_}" } sort keys %wrong), '', 'nothing failed but as it may');
is(join("\n", map { $violated{$_} } sort keys %violated), '', 'no invariant was violated');
is($node->safe_psql('postgres', 'SELECT t.invariants()'), '', 'and at the end');
foreach my $kind (qw(re(fresh|peat) restate approve ask hand mark|edit|set audit))
{
	ok((grep { /^($kind)/ && $count{$_}{'00000'} } keys %count), "$kind: somebody came through");
}
my @loud = grep { /deadlock detected|PANIC|by signal|out of shared memory/ }
	split /\n/, slurp_file($node->logfile);
is(join("\n", @loud), '', 'the log is quiet');
is($node->safe_psql('postgres', "SELECT count(*) FROM tiering.refresh('bank', bank.day(1))"),
	'1', 'and the work goes on');
$node->stop;
done_testing();
