# Whatever is cut short leaves what was before or what comes after, and nothing in
# between: each action of bank.sql is rehearsed, which tells what it leads to and how
# long it takes, and is then cancelled at a random moment, or its session is killed, or
# the server is stopped at once. TIERING_TEST_SCALE=full: 200 cancels and 30 crashes.
use strict;
use warnings;
use FindBin;
use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $full = ($ENV{TIERING_TEST_SCALE} // '') eq 'full';
my ($cancels, $crashes) = $full ? (200, 30) : (25, 4);
my $seed = $ENV{TIERING_TEST_SEED} // 20240229;
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf',
	"restart_after_crash = on\nautovacuum = off\njit = off\nclient_min_messages = error");
$node->start;
$node->safe_psql('postgres', "CREATE EXTENSION tiering; CREATE SCHEMA t;\n"
	. slurp_file("$FindBin::Bin/../invariants.sql")
	. slurp_file("$FindBin::Bin/../bank.sql")
	. ($full ? "SELECT bank.open(2000)" : "SELECT bank.open(500)"));
my %action;
foreach my $row (split /\x1e/, $node->safe_psql('postgres', q{
	SELECT string_agg(concat_ws(chr(31), action, login, array_to_string(prepared_by, ' '),
		array_to_string(refused, '|'), statement), chr(30)) FROM bank.action}))
{
	my ($name, $login, $prepared_by, $refused, $statement) = split /\x1f/, $row;
	$action{$name} = { login => $login, prepared_by => [ split / /, $prepared_by ],
		refused => $refused, statement => $statement };
}

my ($session, $pid);
# A session that goes on after errors
sub connect_anew
{
	eval { $session->quit } if $session;
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server is not there again';
	$session = $node->background_psql('postgres', on_error_stop => 0);
	$pid = ask('SELECT pg_backend_pid()');
}

# A server that has not noticed yet that a process was killed answers once more, and then
# takes every session away.
sub await_restart
{
	my ($offset) = @_;
	for (my $tries = 0; slurp_file($node->logfile, $offset) !~ /reinitializing/; $tries++)
	{
		die 'a killed process is not noticed' if $tries > 1800;
		sleep(0.1);
	}
}

# Sends lines to the session and waits for a mark; undef if the session ended instead
sub ask_until
{
	my ($lines, $mark) = @_;
	$session->{timeout}->start;
	$session->{stdin} .= $lines;
	eval {
		$session->{run}->pump until $session->{stdout} =~ $mark || !$session->{run}->pumpable;
		1;
	} or return undef;
	my ($found) = $session->{stdout} =~ $mark;
	$session->{stdout} = $session->{stderr} = '';
	return $found;
}
# What the last of some statements yields
sub ask { return ask_until("$_[0];\n\\echo done\n", qr/^(.*)\ndone$/m) }
sub run_sql { ask_until("$_[0];\n\\echo done\n", qr/^(done)$/m) }
connect_anew();

my (@wrong, %violated, %count);
sub wrong { push @wrong, join(' ', @_) }

# The statement of an action with its salt, as its login: SQLSTATE and seconds
sub as_login
{
	my ($name, $salt) = @_;
	return "SET bank.salt = '$salt';\nSET SESSION AUTHORIZATION $action{$name}{login};\n";
}
sub run_action
{
	my ($name, $salt) = @_;
	my $start = time;
	my $sqlstate = ask_until(as_login($name, $salt)
			. "$action{$name}{statement};\n\\echo done :SQLSTATE\n", qr/^done (\w+)$/m);
	my $took = time - $start;
	wrong($name, 'is refused with', $sqlstate)
		unless $sqlstate =~ /^(00000|$action{$name}{refused})$/;
	run_sql('RESET SESSION AUTHORIZATION');
	return ($sqlstate, $took);
}

sub digest { return ask("SELECT bank.digest($_[0])") }

# What an action would lead to, and how long it takes; undef if it is refused
sub rehearse
{
	my ($name, $salt) = @_;
	run_sql('SELECT bank.note_sequences(); BEGIN');
	my ($sqlstate, $took) = run_action($name, $salt);
	my $after = $sqlstate eq '00000' ? digest('false') : undef;
	run_sql('ROLLBACK; RESET SESSION AUTHORIZATION;'
		. 'SELECT setval(name, value, called) FROM bank.sequence');
	return ($after, $took);
}

# One interruption; false if the action is refused, or does nothing
sub interrupted
{
	my ($name, $how) = @_;
	my $salt = int(rand(1e9));
	run_action($_, $salt + 1) foreach 'data', @{ $action{$name}{prepared_by} };
	my ($exact, $before) = (digest('true'), digest('false'));
	my ($after, $took) = rehearse($name, $salt);
	return 0 if !defined $after || $after eq $before;

	my $sqlstate;
	ask_until(as_login($name, $salt) . "\\echo begun\n", qr/^(begun)$/m);
	$session->{stdin} .= "$action{$name}{statement};\n\\echo done :SQLSTATE\n";
	$session->{run}->pump_nb;
	sleep(rand($took));
	if ($how eq 'cancel')
	{
		kill 'INT', $pid;
		$sqlstate = ask_until('', qr/^done (\w+)$/m);
		run_sql('RESET SESSION AUTHORIZATION');
	}
	else
	{
		my $offset = -s $node->logfile;
		$how eq 'kill' ? kill('KILL', $pid) : $node->stop('immediate');
		$sqlstate = ask_until('', qr/^done (\w+)$/m) // 'none';
		$sqlstate = 'none' if $sqlstate !~ /^(00000|57014)$/;
		$how eq 'stop' ? $node->start : await_restart($offset);
		connect_anew();
	}
	my ($now, $now_exact) = (digest('false'), digest('true'));
	my $is = $now_exact eq $exact ? 'before' : $now eq $after ? 'after' : 'in between';
	my %may_be = ('00000' => 'after', '57014' => 'before', none => 'before|after');
	my $may_be = $may_be{$sqlstate} // 'no such';
	wrong($name, $how, "ended with $sqlstate, and all is as $is") if $is !~ /^($may_be)$/;
	if ($is eq 'in between')
	{
		my %after = map { split /=/ } split / /, $after;
		my %now = map { split /=/ } split / /, $now;
		wrong($name, 'differs in', grep { ($after{$_} // '') ne ($now{$_} // '') } sort keys %now);
	}
	foreach my $finding (split / \| /, ask("SELECT string_agg(i, ' | ') FROM t.invariants() i"))
	{
		$violated{ $finding =~ s/, \d+ times.*//r } //= "after $how of $name: $finding";
	}
	$count{$how}{$is}++;
	$count{$name}{$is}++;
	return 1;
}

# All actions in turn, in another order each time
my @round;
sub next_action
{
	@round = shuffle(sort grep { !/^(data|simulate|reports)$/ } keys %action) unless @round;
	return shift @round;
}
foreach my $how (('cancel') x $cancels, map { $_ % 2 ? 'kill' : 'stop' } 1 .. $crashes)
{
	for (my $tries = 0; !interrupted(next_action(), $how); $tries++)
	{
		die 'nothing can be done any more' if $tries > 200;
	}
}

note "seed $seed";
foreach my $what (sort keys %count)
{
	note "$what: ", join(', ', map { "$count{$what}{$_} $_" } sort keys %{ $count{$what} });
}
is(join("\n", @wrong), '', 'each is done, or not begun');
is(join("\n", map { $violated{$_} } sort keys %violated), '', 'all invariants are true after each');
cmp_ok($count{cancel}{before} // 0, '>', $cancels / 10, 'enough were cut short');
is((run_action('refresh', 1))[0], '00000', 'and the work goes on');
$session->quit;
$node->stop;
done_testing();
