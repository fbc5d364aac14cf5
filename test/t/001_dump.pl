# pg_dump into a new database keeps schemes, sources, customers, moves and their
# seals, requests and decisions, in whatever order it loads them, and both
# databases go on from there, to the same.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

my @tables = qw(scheme scheme_version publication metric tier rule policy source series_source
	refresh_check source_check run trusted_login assignment migration distribution_history
	batch superseded watch_history request decision dirty customer_alias former_number checkpoint);

# All that the extension's tables have, as text
sub contents
{
	my ($db) = @_;
	return {
		map {
			$_ => $node->safe_psql($db, "SELECT x FROM tiering.$_ x ORDER BY x::text COLLATE \"C\"")
		} @tables
	};
}

# Who has which rights to the extension's objects
sub rights
{
	my ($db) = @_;
	return $node->safe_psql($db, q{
		SELECT a.grantee::regrole, a.privilege_type, o.object
		FROM (SELECT oid::regclass::text AS object, relacl AS acl FROM pg_class
			WHERE relnamespace = 'tiering'::regnamespace
			UNION ALL SELECT attrelid::regclass || '.' || attname, attacl FROM pg_attribute
			UNION ALL SELECT oid::regprocedure::text, proacl FROM pg_proc
				WHERE pronamespace = 'tiering'::regnamespace
			UNION ALL SELECT nspname::text, nspacl FROM pg_namespace WHERE nspname = 'tiering') o,
				aclexplode(o.acl) a
		ORDER BY a.grantee, o.object COLLATE "C", a.privilege_type});
}

$node->safe_psql('postgres', 'CREATE DATABASE bank');
$node->safe_psql(
	'bank', q{
	CREATE EXTENSION tiering;
	CREATE ROLE setter;
	CREATE TABLE balance AS SELECT lpad(i::text, 6, '0') AS no, d::date,
		(i * 977 % 5000000)::numeric AS amount
		FROM generate_series(1, 3000) i, unnest('{2024-01-31,2024-02-29,2024-03-31}'::date[]) d;
	UPDATE balance SET amount = amount * 2 WHERE d = '2024-02-29';
	DELETE FROM balance WHERE d = '2024-03-31' AND no < '000100';
	GRANT SELECT ON balance TO setter;
	SELECT tiering.grant_role('setter', 'bind');
	CREATE ROLE "All else";
	SELECT tiering.grant_role('"All else"', what)
		FROM (SELECT DISTINCT what FROM tiering.role_grants() WHERE what <> 'bind') g;
	SELECT tiering.load_preset('cib'), tiering.publish('cib', '2024-01-01'),
		tiering.load_preset('psbc');
	SET ROLE setter;
	SELECT tiering.set_source('cib',
		'SELECT no AS customer_id, amount AS daily_avg_assets FROM public.balance WHERE d = $1');
	SELECT tiering.set_series('cib',
		'SELECT no AS customer_id, tiering.daily_series_snapshots(amount, d) AS balances,
			tiering.quarter($1 + 1) AS period FROM public.balance GROUP BY no');
	SELECT tiering.set_checks('cib', $$SELECT * FROM tiering.check_snapshots(
		'SELECT no AS account, amount AS balance, d AS as_of FROM public.balance',
		daterange($1, $1, '[]'))$$);
	RESET ROLE;
	SELECT tiering.refresh('cib', '2024-01-31');
	SELECT tiering.refresh('cib', '2024-02-29');
	UPDATE tiering.assignment SET tier = 'diamond' WHERE customer_id = '000001';
	SELECT tiering.rename_customer('cib', c, 'r' || c, '2024-03-05', 'a new card')
		FROM unnest('{000200,000300,000001}'::text[]) c;
	SELECT tiering.new_version('cib');
	UPDATE tiering.rule SET bounds = '[20000,)'
		WHERE scheme = 'cib' AND version = 2 AND tier = 'core';
	SELECT tiering.publish('cib', '2024-03-01'), tiering.new_version('cib');
});

# What takes two people, what was noted, and what was restated; some of it is under way
$node->safe_psql(
	'bank', q{
	CREATE ROLE asker;
	CREATE ROLE chief;
	SELECT tiering.grant_role('asker', 'request'), tiering.grant_role('chief', 'approve'),
		tiering.grant_role('chief', 'report');
	CREATE TABLE desk (no text, d date, amount numeric);
	INSERT INTO desk SELECT no, (date '2024-02-01' + (n - 1) * interval '1 month')::date - 1,
		amount::numeric
	FROM (VALUES ('pending', '50 250 250 250'), ('granted', '50 250 250 50'),
			('refused', '50 250 250 250'), ('drops', '250 50 50 50'),
			('floored', '150 150 50 50'), ('capped', '150 150 150 150'),
			('asked', '50 50 50 50'), ('late', '50 50 50 150')) v (no, amounts),
		regexp_split_to_table(amounts, ' ') WITH ORDINALITY a (amount, n);
	SELECT tiering.create_ladder('desk', 'amount', '{mass,gold,private}', '{NULL,100,200}');
	UPDATE tiering.tier SET approval = true, approvers = '{chief}'
		WHERE scheme = 'desk' AND tier = 'private';
	INSERT INTO tiering.policy (scheme, version, tier, down_after)
		VALUES ('desk', 1, 'gold', 2), ('desk', 1, 'private', 3);
	SELECT tiering.publish('desk', '2024-01-01'),
		tiering.set_source('desk',
			'SELECT no AS customer_id, amount FROM public.desk WHERE d = $1'),
		tiering.refresh('desk', '2024-01-31');
	SET SESSION AUTHORIZATION chief;
	SELECT tiering.approve(request) FROM tiering.request_state WHERE state = 'pending';
	RESET SESSION AUTHORIZATION;
	SELECT tiering.refresh('desk', '2024-02-29');
	SET SESSION AUTHORIZATION asker;
	SELECT tiering.request_override('desk', 'floored', 'floor', 'gold', '[2024-02-01,2024-04-30)',
		'promised'),
		tiering.request_override('desk', 'capped', 'cap', 'mass', '[2024-02-01,2025-01-01)',
			'owes'),
		tiering.request_override('desk', 'asked', 'fixed', 'gold', '[2024-03-01,2025-01-01)',
			'asks');
	SET SESSION AUTHORIZATION chief;
	SELECT tiering.approve(request, 'seen') FROM tiering.request_state
		WHERE customer_id IN ('granted', 'floored', 'capped') AND state = 'pending';
	SELECT tiering.reject(request, 'known') FROM tiering.request_state
		WHERE customer_id = 'refused';
	RESET SESSION AUTHORIZATION;
	UPDATE desk SET amount = 150 WHERE no = 'late' AND d <= '2024-02-29';
	SELECT tiering.restate('desk', '2024-01-01', '{late}'),
		tiering.restate('desk', '2024-02-01', '{granted,drops}');
	UPDATE desk SET amount = 120 WHERE no = 'drops' AND d = '2024-02-29';
	SELECT tiering.mark_dirty('desk', 'drops', '2024-02-15')});
$node->safe_psql('bank', q{SELECT tiering.archive_moves('cib', '2024-02-15')});
foreach (
	[ requests => q{SELECT string_agg(DISTINCT kind || ' ' || state, ', '
		ORDER BY kind || ' ' || state) FROM tiering.request_state},
		'cap approved, fixed pending, floor approved, move approved, move pending, move rejected' ],
	[ batches => q{SELECT string_agg(DISTINCT kind, ', ' ORDER BY kind) FROM tiering.batch},
		'archive, decision, manual, merge, refresh, restatement' ],
	[ archive => q{SELECT count(*) > 1000, count(*) < (SELECT count(*) FROM tiering.migration)
		FROM tiering_archive.migration}, 't|t' ],
	[ superseded => 'SELECT count(*) > 0 FROM tiering.superseded', 't' ],
	[ noted => 'SELECT count(*) > 2 FROM tiering.watch_history', 't' ],
	[ marks => 'SELECT count(*) FROM tiering.dirty', '1' ])
{
	my ($what, $query, $expected) = @$_;
	is($node->safe_psql('bank', $query), $expected, "what is dumped has $what");
}
# as it would be kept on another machine
my %head = map { $_ => [ split(/\|/, $node->safe_psql('bank',
	"SELECT batch, seal FROM tiering.history_head('$_')")) ] } qw(cib desk);

sub sound
{
	my ($db, $when) = @_;
	foreach my $scheme (sort keys %head)
	{
		my ($batch, $seal) = @{ $head{$scheme} };
		is($node->safe_psql($db, "SELECT sound,
			moves = (SELECT count(*) FROM tiering.migration WHERE scheme = '$scheme'), finding
			FROM tiering.verify_history('$scheme', $batch, '$seal')"), 't|t|',
				"$db: the history of $scheme is sound by the head of before, $when");
		is($node->safe_psql($db, "SELECT sound
			FROM tiering.verify_history('$scheme', $batch, '$seal', archive => false)"), 't',
				"$db: and so it is behind the archive, $when");
	}
}

# Two months more, what was under way, and something new; and all that it came to,
# which says nothing of when it was, nor which row of a batch has which number, as
# that is the order in which the customers lie. The last numbers are compared.
sub go_on
{
	my ($db) = @_;
	$node->safe_psql(
		$db, q{
		SELECT tiering.restate_dirty('desk');
		SELECT tiering.refresh('desk', '2024-03-31');
		SET SESSION AUTHORIZATION asker;
		SELECT tiering.request_override('desk', 'late', 'cap', 'mass', '[2024-03-31,2024-04-15)',
			'another one');
		SET SESSION AUTHORIZATION chief;
		SELECT tiering.approve(request) FROM tiering.request_state WHERE state = 'pending'
			ORDER BY request;
		SELECT tiering.end_override(request, '2024-03-31') FROM tiering.request_state
			WHERE customer_id = 'capped';
		RESET SESSION AUTHORIZATION;
		SELECT tiering.refresh('desk', '2024-04-30');
		SELECT tiering.recount('desk')});
	return {
		numbers => $node->safe_psql($db, q{
			SELECT (SELECT max(move) FROM tiering.migration),
				(SELECT max(request) FROM tiering.request),
				(SELECT max(entry) FROM tiering.watch_history)}),
		map { $_ => $node->safe_psql($db, "
				SELECT to_jsonb(x) - '{move,salt,request,entry,recorded_at,requested_at,decided_at,
					marked_at,refreshed_at,seal}'::text[] AS row
				FROM tiering.$_ x ORDER BY 1") }
			qw(source assignment migration standing_move distribution_history batch watch_history
			request_state dirty)
	};
}

my $before = contents('bank');
my $rights = rights('bank');
cmp_ok(scalar(() = $rights =~ /^"All else"\|/mg), '>', 40, 'rights were granted');
my $dir = PostgreSQL::Test::Utils::tempdir;

# plain, by COPY and by INSERT; and as the manual says for pg_restore -j, which
# does not know in which order an extension's tables refer to each other
my %restore = (
	plain => sub {
		$node->command_ok([ 'pg_dump', '-f', "$dir/plain.sql", $node->connstr('bank') ], 'pg_dump');
		$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql",
			$node->connstr($_[0]) ], 'psql');
	},
	inserts => sub {
		$node->command_ok([ 'pg_dump', '--inserts', '-f', "$dir/inserts.sql",
			$node->connstr('bank') ], 'pg_dump --inserts');
		$node->command_ok([ 'psql', '-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f',
			"$dir/inserts.sql", $node->connstr($_[0]) ], 'psql in one transaction');
	},
	parallel => sub {
		$node->command_ok([ 'pg_dump', '-Fd', '-j2', '-f', "$dir/parallel",
			$node->connstr('bank') ], 'pg_dump -j');
		my ($list) = run_command([ 'pg_restore', '-l', "$dir/parallel" ]);
		PostgreSQL::Test::Utils::append_to_file("$dir/list",
			join("\n", grep { !/ (TABLE DATA|SEQUENCE SET) tiering(_archive)? / }
				split(/\n/, $list)) . "\n");
		$node->command_ok([ 'pg_restore', '-j2', '-e', '-L', "$dir/list", '-d',
			$node->connstr($_[0]), "$dir/parallel" ], 'pg_restore -j of all else');
		$node->command_ok([ 'pg_restore', '-e', '-a', '-n', 'tiering', '-n', 'tiering_archive',
			'-d', $node->connstr($_[0]), "$dir/parallel" ], 'pg_restore of the extension\'s data');
	});

my %went_on;
foreach my $how (sort keys %restore)
{
	my $db = "restored_$how";
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$restore{$how}->($db);
	is_deeply(contents($db), $before, "$how: everything is there, and no move more");
	is(rights($db), $rights, "$how: and who may do what");
	sound($db, 'restored');
	$went_on{$how} = go_on($db);
	sound($db, 'gone on');

	# it is alive: frozen, grading, recording
	my ($ret, $out, $err) = $node->psql($db,
		q{INSERT INTO tiering.rule VALUES ('cib', 1, 'core', 7, 'daily_avg_assets', '[0,)')});
	like($err, qr/is retired and cannot be changed/, "$how: published versions are frozen");
	is($node->safe_psql($db, q{SELECT tiering.classify('cib', 15000, '2024-02-01'),
		tiering.classify('cib', 15000, '2024-03-01')}),
		'core|non_core', "$how: grades by both versions");
	is($node->safe_psql($db, q{SELECT version, customers, exit, new
		FROM tiering.refresh('cib', '2024-03-31')}),
		'2|2901|99|0', "$how: refreshes");
	is($node->safe_psql($db, q{UPDATE tiering.assignment SET tier = 'gold'
		WHERE customer_id = '000101';
		SELECT cause, to_tier, move = (SELECT max(move) FROM tiering.migration)
		FROM tiering.migration WHERE customer_id = '000101' ORDER BY move DESC LIMIT 1}),
		'manual|gold|t', "$how: records moves");
	is($node->safe_psql($db, q{SELECT set_by FROM tiering.source WHERE scheme = 'cib'
		UNION ALL SELECT set_by FROM tiering.series_source
		UNION ALL SELECT set_by FROM tiering.refresh_check}),
		"setter\nsetter\nsetter", "$how: source, series and checks run as who set them");
	is($node->safe_psql($db, q{SELECT errors, warnings, forced FROM tiering.source_check
		WHERE as_of = '2024-03-31'}), '0|0|f', "$how: what was checked is kept");
	is($node->safe_psql($db, q{SELECT count(*) > 1000, min(hold_until) FROM tiering.near_upgrade
		WHERE balance_to_hold IS NOT NULL}),
		't|2024-06-30', "$how: tells what to hold");
}
is_deeply(contents('bank'), $before, 'the first database is as it was');
my $goes_on = go_on('bank');
sound('bank', 'gone on');
is_deeply($went_on{$_}, $goes_on, "$_: goes on as the first database does")
	foreach sort keys %restore;
is($node->safe_psql('bank', q{SELECT string_agg(customer_id || ' ' || tier, ', '
	ORDER BY customer_id) FROM tiering.assignment WHERE scheme = 'desk'}),
	'asked gold, capped gold, drops mass, floored mass, granted private, late gold, '
		. 'pending private, refused mass', 'which is right');

# DROP EXTENSION leaves nothing
my $objects = q{
	SELECT 'schema', nspname FROM pg_namespace WHERE nspname IN ('tiering', 'tiering_archive')
	UNION ALL SELECT 'class', relname FROM pg_class WHERE oid > 16383
	UNION ALL SELECT 'proc', proname FROM pg_proc WHERE oid > 16383
	UNION ALL SELECT 'type', typname FROM pg_type WHERE oid > 16383
	UNION ALL SELECT 'description', description FROM pg_description
		WHERE description LIKE '%tiering%'
	UNION ALL SELECT 'trigger', tgname FROM pg_trigger};
$node->safe_psql('postgres', 'CREATE DATABASE empty');
my $empty = $node->safe_psql('empty', $objects);
$node->safe_psql('empty', 'CREATE EXTENSION tiering');
isnt($node->safe_psql('empty', $objects), $empty, 'CREATE EXTENSION makes objects');
$node->safe_psql('empty', q{SELECT tiering.load_preset('cib'),
	tiering.publish('cib', '2024-01-01')});
$node->safe_psql('empty', 'DROP EXTENSION tiering');
is($node->safe_psql('empty', $objects), $empty, 'DROP EXTENSION leaves nothing');

# a schema of that name that was there before is not taken over
$node->safe_psql('empty', 'CREATE SCHEMA tiering');
my ($ret, $out, $err) = $node->psql('empty', 'CREATE EXTENSION tiering');
like($err, qr/schema "tiering" already exists/, 'a schema made before is refused');

$node->stop;
done_testing();
