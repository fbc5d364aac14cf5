# A replica grades as its primary does, and sees a change of a scheme with the
# next statement, also in a session that graded before; likewise a session that
# applies changes as a subscriber does.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->backup('base');
my $replica = PostgreSQL::Test::Cluster->new('replica');
$replica->init_from_backup($primary, 'base', has_streaming => 1);
$replica->start;

$primary->safe_psql('postgres', q{
	CREATE EXTENSION tiering;
	SELECT tiering.create_ladder('ladder', 'x', '{low,high}', '{NULL,100}'),
		tiering.publish('ladder', '2024-01-01');
	SELECT tiering.new_version('ladder');
	UPDATE tiering.rule SET bounds = '[50,)' WHERE scheme = 'ladder' AND version = 2;
});
$primary->wait_for_catchup($replica);

# one session on each, kept open; an open cursor is a statement that has begun
my $session = $replica->background_psql('postgres');

# the first releases of 16 leave a newline at the end
sub ask { return $session->query_safe($_[0]) =~ s/\n\z//r }

is(ask("SELECT tiering.classify('ladder', 70, '2024-06-01')"), 'low', 'the replica grades');
ask("PREPARE p AS SELECT tiering.classify('ladder', 70, '2024-06-01')");
is(ask('EXECUTE p'), 'low', 'a prepared statement grades');
ask('BEGIN');
ask("DECLARE c CURSOR FOR SELECT tiering.classify('ladder', 70, '2024-06-01')
	FROM generate_series(1, 2)");
is(ask('FETCH c'), 'low', 'a cursor grades');
$primary->safe_psql('postgres', q{SELECT tiering.publish('ladder', '2024-06-01')});
$primary->wait_for_catchup($replica);
is(ask('FETCH c'), 'low', 'a statement that has begun goes on as it began');
ask('COMMIT');
is(ask('EXECUTE p'), 'high', 'the next statement of a prepared one sees the change');
is(ask("SELECT tiering.classify('ladder', 70, '2024-06-01')"), 'high', 'and so does a new one');
$session->quit;

# rows that arrive without firing most triggers are seen as well
is($primary->safe_psql('postgres', q{
	SELECT tiering.new_version('ladder');
	SELECT tiering.classify_version('ladder', 30, 3);
	SET session_replication_role = replica;
	UPDATE tiering.rule SET bounds = '[20,)' WHERE scheme = 'ladder' AND version = 3;
	RESET session_replication_role;
	SELECT tiering.classify_version('ladder', 30, 3)}), "3\nlow\nhigh",
	'changes applied as a subscriber are seen');

$replica->stop;
$primary->stop;
done_testing();
