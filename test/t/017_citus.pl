# Citus, where it is installed: a coordinator and two workers, on which schemes are, the
# customers' shards, and their history. Where it is not, that is said.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($stdout) = run_command([ 'pg_config', '--pkglibdir' ]);
plan skip_all => "Citus is not installed: there is no $stdout/citus.so"
	unless -e "$stdout/citus.so";

sub new_node
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'citus'\n"
		. "citus.local_hostname = '" . $node->host . "'\nmax_connections = 100\n"
		. "max_prepared_transactions = 100\ncitus.shard_count = 8\n"
		. "citus.node_connection_timeout = 5000\ncitus.stat_statements_track = none");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
	return $node;
}

my ($bank, @workers) = map { new_node($_) } qw(coordinator worker1 worker2);
my %name = map { $_->name => $_->host . ':' . $_->port } @workers;

sub ask { return $bank->safe_psql('postgres', @_); }

# What an error says, with its SQLSTATE
sub refused
{
	my ($sql, $like, $name, $node) = @_;
	my ($ret, $out, $err) = ($node // $bank)->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	like($err, $like, $name);
}

ask('CREATE EXTENSION tiering');
refused('SELECT tiering.distribute_schemes()',
	qr/ERROR:  55000: this is not the coordinator of Citus with workers\n/,
	'without workers nothing is distributed');
ask("SELECT citus_set_coordinator_host('" . $bank->host . "', " . $bank->port . ')');
ask("SELECT citus_add_node('" . $_->host . "', " . $_->port . ')') foreach @workers;
ask("SELECT citus_disable_node('" . $workers[1]->host . "', " . $workers[1]->port
	. ', synchronous => true)');
refused('SELECT tiering.distribute_schemes()',
	qr/ERROR:  55000: worker \Q$name{worker2}\E is not active\n/, 'none is left out');
ask("SELECT citus_activate_node('" . $workers[1]->host . "', " . $workers[1]->port . ')');

# A bank: two accounts of each customer, in shards by customer
ask(q{
	CREATE SCHEMA bank;
	CREATE TABLE bank.balance (customer_id text, branch text, amount numeric,
		valid_from date, valid_to date);
	SELECT create_distributed_table('bank.balance', 'customer_id');
	INSERT INTO bank.balance
	SELECT 'c' || i, 'b' || i % 3, 10 * i + a, date '2024-01-01' + i % 40, NULL
	FROM generate_series(1, 200) i, generate_series(1, 2) a});

# Schemes
my ($ret, $out, $err) = $bank->psql('postgres', q{
	SELECT tiering.create_ladder('retail', 'assets', '{mass,gold,platinum}',
		'{NULL,1000,3000}');
	INSERT INTO tiering.asset_weight VALUES ('retail', 1, 'fund', 0.5);
	SELECT tiering.publish('retail', '2024-01-01')});
like($err, qr/WARNING:  the workers have scheme "retail" as it was before\n/,
	'publish warns that the workers lag');
like($err, qr/HINT:  Call tiering\.distribute_schemes\(\) when this is committed/,
	'with a way out');
my $graded = q{
	SELECT tiering.classify('retail', assets, '2024-03-31') AS tier, count(*) FROM (
		SELECT customer_id, tiering.daily_avg(amount * tiering.asset_weight('retail', 'fund',
			'2024-03-31'), valid_from, valid_to, tiering.month('2024-03-31')) AS assets
		FROM bank.balance GROUP BY customer_id) a
	GROUP BY 1 ORDER BY 1};
refused($graded, qr/scheme "retail" does not exist/, 'a worker without the scheme is an error');
is(ask('SELECT * FROM tiering.schemes_on_workers()'),
	join("\n", map { "$_|retail|missing" } sort values %name), 'it is missing on both');
is(ask('SELECT tiering.distribute_schemes()'), '1', 'it is sent');
is(ask('SELECT tiering.distribute_schemes()'), '0', 'once');
is(ask('SELECT DISTINCT scheme, state FROM tiering.schemes_on_workers()'), 'retail|same',
	'and the same there');
is(ask($graded), ask($graded =~ s/bank\.balance/(SELECT * FROM bank.balance OFFSET 0) b/r),
	'grades from where the rows are are those of the coordinator');
like(ask("SET citus.explain_all_tasks = on; EXPLAIN (VERBOSE) $graded"),
	qr/Tasks Shown: All.*classify\(/s, 'and are found there');

# Another version, titles, one that is taken back, one that is dropped
$bank->psql('postgres', q{
	SELECT tiering.new_version('retail');
	UPDATE tiering.rule SET bounds = '[500,)' WHERE version = 2 AND tier = 'gold';
	SELECT tiering.publish('retail', '2024-04-01');
	UPDATE tiering.scheme SET title = 'Retail' WHERE scheme = 'retail';
	SELECT tiering.create_ladder('gone', 'x', '{a,b}', '{NULL,1}');
	SELECT tiering.publish('gone', '2024-01-01')});
is(ask('SELECT DISTINCT scheme, state FROM tiering.schemes_on_workers() ORDER BY 1'),
	"gone|missing\nretail|other", 'a version that the workers lack is seen');
is(ask('SELECT tiering.distribute_schemes()'), '2', 'two schemes are sent');
$bank->psql('postgres', q{
	SELECT tiering.unpublish('retail', 2, 'too low');
	UPDATE tiering.rule SET bounds = '[800,)' WHERE version = 2 AND tier = 'gold';
	SELECT tiering.publish('retail', '2024-05-01');
	SELECT tiering.unpublish('retail', 2, 'too early');
	UPDATE tiering.rule SET bounds = '[900,)' WHERE version = 2 AND tier = 'gold';
	SELECT tiering.publish('retail', '2024-06-01');
	SELECT tiering.drop_scheme('gone', 'a slip');
	SELECT tiering.new_version('retail')});
is(ask('SELECT tiering.distribute_schemes()'), '2', 'so is what was taken back and dropped');
is(ask('SELECT DISTINCT scheme, state FROM tiering.schemes_on_workers() ORDER BY 1'),
	'retail|same', 'nothing is left of it');
foreach my $node ($bank, @workers)
{
	is($node->safe_psql('postgres', q{
		SELECT version, status, lower(effective), upper(effective) FROM tiering.scheme_version
		WHERE status <> 'draft' ORDER BY version;
		SELECT string_agg(bounds::text, ' ' ORDER BY version) FROM tiering.rule
		WHERE tier = 'gold' AND version < 3;
		SELECT title, (SELECT count(*) FROM tiering.scheme) FROM tiering.scheme
		WHERE scheme = 'retail';
		SELECT count(*) FROM tiering.verify_state('retail')}),
		"1|retired|2024-01-01|2024-06-01\n2|published|2024-06-01|\n[1000,) [900,)\nRetail|1\n0",
		'as on ' . $node->name);
}
refused(q{UPDATE tiering.rule SET bounds = '[7,)' WHERE version = 1 AND tier = 'gold'},
	qr/ERROR:  55000: version 1 of scheme "retail" is retired and cannot be changed/,
	'what is frozen is frozen there, too', $workers[0]);
refused(q{BEGIN; UPDATE tiering.scheme SET title = 'x'; SELECT tiering.distribute_schemes()},
	qr/25001: a transaction that has written cannot have workers write\n/,
	'what may be taken back is not sent');
refused('SELECT tiering.distribute_schemes()',
	qr/ERROR:  55000: this is not the coordinator of Citus with workers/,
	'workers do not distribute', $workers[0]);

# What cannot be mended is an error
$workers[0]->psql('postgres', q{
	SELECT tiering.create_ladder('own', 'x', '{a,b}', '{NULL,1}');
	SELECT tiering.publish('own', '2024-01-01')});
is(ask(q{SELECT state FROM tiering.schemes_on_workers() WHERE scheme = 'own'}), 'unknown here',
	'a scheme of a worker is seen');
$bank->psql('postgres', q{
	SELECT tiering.create_ladder('own', 'x', '{a,b}', '{NULL,2}');
	SELECT tiering.publish('own', '2024-01-01')});
refused('SELECT tiering.distribute_schemes()',
	qr/ERROR:  55000: schemes could not be distributed to all workers
DETAIL:  \Q$name{worker1}\E: scheme "own" was published here by itself\n/, 'and not written over');
is(ask(q{SELECT worker FROM tiering.schemes_on_workers() WHERE scheme = 'own' AND state = 'same'}),
	$name{worker2}, 'the other worker has it');
$workers[0]->psql('postgres', q{SELECT tiering.drop_scheme('own')});
$bank->psql('postgres', q{SELECT tiering.drop_scheme('own')});
is(ask('SELECT tiering.distribute_schemes()'), '1', 'until both are dropped');
$workers[1]->safe_psql('postgres', q{
	SET session_replication_role = replica;
	ALTER TABLE tiering.tier DISABLE TRIGGER frozen;
	UPDATE tiering.tier SET rank = rank + 5 WHERE scheme = 'retail' AND tier = 'platinum';
	ALTER TABLE tiering.tier ENABLE ALWAYS TRIGGER frozen});
is(ask(q{SELECT worker, state FROM tiering.schemes_on_workers() WHERE scheme = 'retail'
	AND state <> 'same'}), "$name{worker2}|other", 'rows that somebody changed are seen');
refused('SELECT tiering.distribute_schemes()',
	qr/\Q$name{worker2}\E: scheme "retail" is another one here than on the coordinator/,
	'and are an error');
$workers[1]->safe_psql('postgres', q{
	ALTER TABLE tiering.tier DISABLE TRIGGER frozen;
	UPDATE tiering.tier SET rank = rank - 5 WHERE scheme = 'retail' AND tier = 'platinum';
	ALTER TABLE tiering.tier ENABLE ALWAYS TRIGGER frozen});
$workers[0]->safe_psql('postgres', q{SET client_min_messages = error;
	UPDATE pg_extension SET extversion = '0.1.0' WHERE extname = 'tiering'});
refused('SELECT tiering.distribute_schemes()',
	qr/\Q$name{worker1}\E: this is tiering 0\.1\.0, and the coordinator has /,
	'so is another version of the extension');
$workers[0]->safe_psql('postgres', q{UPDATE pg_extension SET extversion = (
	SELECT default_version FROM pg_available_extensions WHERE name = 'tiering')
	WHERE extname = 'tiering'});

# Who may: an author, and nobody else
ask(q{CREATE ROLE author; CREATE ROLE reader; SELECT tiering.grant_role('author', 'author'),
	tiering.grant_role('reader', 'report')});
is(ask(q{SET SESSION AUTHORIZATION author;
	SELECT count(*) FROM tiering.schemes_on_workers() WHERE state = 'same'}), '2',
	'an author sees');
refused('SET SESSION AUTHORIZATION reader; SELECT tiering.distribute_schemes()',
	qr/ERROR:  42501: permission denied for function distribute_schemes/, 'a reader sends nothing');

# Balance-days of a row, by a column that is not the shards': nothing but sums comes up
my $sums = q{SELECT branch, sum(tiering.row_balance_days(amount, valid_from, valid_to,
	tiering.month('2024-01-31'))) FROM bank.balance GROUP BY branch ORDER BY branch};
is(ask($sums), ask(q{SELECT branch, tiering.balance_days(amount, valid_from, valid_to,
	tiering.month('2024-01-31')) FROM bank.balance GROUP BY branch ORDER BY branch}),
	'row by row as in one piece');
like(ask("EXPLAIN (VERBOSE) $sums"), qr/Query: SELECT branch, sum\(tiering\.row_balance_days\(/,
	'workers sum');

# Each worker over its own shards: the state of the bank is what it would be on the coordinator,
# which refreshes a scheme of the same rules over the same tables
ask(q{
	CREATE TABLE bank.rate (currency text, rate numeric);
	CREATE TABLE bank.history (customer_id text, currency text, amount numeric, valid_from date,
		valid_to date);
	SELECT create_reference_table('bank.rate'), create_distributed_table('bank.history',
		'customer_id', colocate_with => 'bank.balance');
	INSERT INTO bank.rate VALUES ('CNY', 1), ('USD', 7.1);
	INSERT INTO bank.history
	SELECT 'c' || i, CASE WHEN i % 5 = 0 THEN 'USD' ELSE 'CNY' END,
		(i * 37 + a * 1000 + m * m * 311) % 2500 + 0.25, date '2024-01-01' + m * 31,
		date '2024-01-01' + (m + 1) * 31
	FROM generate_series(1, 200) i, generate_series(1, 2) a, generate_series(0, 3) m
	WHERE (i + m) % 11 > 0});
my $source = q{WITH had AS (
	SELECT customer_id, currency, tiering.daily_avg(amount, valid_from, valid_to,
		tiering.month($1)) AS x FROM bank.history WHERE valid_from <= $1
	GROUP BY customer_id, currency)
	SELECT h.customer_id, sum(h.x * rate.rate) AS assets FROM had h
		JOIN "bank".rate USING (currency) GROUP BY h.customer_id};
foreach my $scheme (qw(spread whole))
{
	$bank->psql('postgres', qq{
		SELECT tiering.create_ladder('$scheme', 'assets', '{mass,gold,platinum}',
			'{NULL,1500,6000}'), tiering.publish('$scheme', '2024-01-01'),
			tiering.set_source('$scheme', \$\$$source\$\$)});
}
my @days = qw(2024-01-31 2024-02-29 2024-03-31);
refused("SELECT tiering.refresh_on_workers('spread', '2024-01-31')",
	qr/ERROR:  55000: scheme "spread" cannot be refreshed on all workers, and was on none
DETAIL:  .*: scheme "spread" is another one here than on the coordinator\.
.*: scheme "spread" is another one here than on the coordinator\.
HINT:  Call tiering\.distribute_schemes\(\) on the coordinator\./, 'workers without the scheme');
refused("SELECT tiering.distribution_on_workers('spread')",
	qr/ERROR:  55000: scheme "spread" was never refreshed on workers/, 'of which nothing is told');
$bank->psql('postgres', 'SELECT tiering.distribute_schemes()');
my $by_worker = q{SELECT worker, customers, new, stayed, written, error
	FROM tiering.refresh_on_workers('spread', '%s') ORDER BY worker};
foreach my $day (@days)
{
	ask(sprintf($by_worker, $day));
	ask("SELECT tiering.refresh('whole', '$day')");
}
is(ask(sprintf("SELECT count(*), sum(customers), sum(written) FROM ($by_worker) w", $days[2])),
	'2|' . ask("SELECT customers FROM tiering.refresh('whole', '$days[2]')") . '|0',
	'repeated it changes nothing');
foreach my $report (
	[ 'tiers', q{SELECT tier, rank, customers, customers_share, measure, measure_share
		FROM tiering.distribution_on_workers('spread'%s) ORDER BY rank}, '', q{SELECT tier, rank,
		customers, customers_share, measure, measure_share
		FROM tiering.tier_distribution_history('whole', NULL) WHERE as_of = '2024-03-31'
		ORDER BY rank} ],
	[ 'tiers of a day', q{SELECT tier, customers, measure
		FROM tiering.distribution_on_workers('spread'%s) ORDER BY 1}, q{, '2024-02-29'},
		q{SELECT tier, customers, measure FROM tiering.tier_distribution_history('whole', NULL)
		WHERE as_of = '2024-02-29' ORDER BY 1} ],
	[ 'moves', q{SELECT * FROM tiering.summary_on_workers('spread'%s)}, '', q{SELECT as_of, new, up,
		down, lateral_moves, exit, stayed, retention FROM tiering.migration_summary
		WHERE scheme = 'whole' ORDER BY as_of} ],
	[ 'matrix', q{SELECT * FROM tiering.matrix_on_workers('spread'%s)},
		q{, '2024-01-31', '2024-03-31'}, q{SELECT from_tier, to_tier, direction, from_rank,
		to_rank, customers, share, share_low, share_high, measure_from, measure_to
		FROM tiering.migration_matrix('whole', '2024-01-31', '2024-03-31')} ],
	[ 'bridge', q{SELECT * FROM tiering.bridge_on_workers('spread'%s)},
		q{, '2024-01-31', '2024-03-31'}, q{SELECT tier, rank, opening, new, exit, migrated_in,
		migrated_out, growth, unmeasured, closing
		FROM tiering.measure_bridge('whole', '2024-01-31', '2024-03-31')} ])
{
	my ($what, $spread, $arguments, $whole) = @$report;
	my $sum = ask(sprintf($spread, $arguments));
	is($sum, ask($whole), "$what: workers add up to the bank");
	like($sum, qr/[1-9]\d\d+\.\d/, 'which is money') unless $what eq 'moves';
}
cmp_ok($_->safe_psql('postgres', q{SELECT count(*) FROM tiering.migration
	WHERE scheme = 'spread'}), '>', 50, 'its own moves are on ' . $_->name) foreach @workers;
is($_->safe_psql('postgres', q{SELECT sound FROM tiering.verify_history('spread')}), 't',
	'sealed there') foreach @workers;
is(ask(q{SELECT count(*) FROM tiering.assignment WHERE scheme = 'spread'}), '0',
	'and not on the coordinator');

# One of them fails, the others are done; reports leave the day out until all are
$workers[1]->safe_psql('postgres', q{
	SET citus.enable_ddl_propagation = off;
	CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		RAISE EXCEPTION 'disk of worker 2' USING HINT = 'Buy another.';
	END $$;
	CREATE TRIGGER fail BEFORE INSERT ON tiering.batch EXECUTE FUNCTION fail()});
($ret, $out, $err) = $bank->psql('postgres', sprintf($by_worker, '2024-04-30'));
my ($done, $failed) = sort { ($a =~ /disk/) <=> ($b =~ /disk/) } split(/\n/, $out);
like($done, qr/^\Q$name{worker1}\E\|\d+\|0\|\d+\|\d+\|$/, 'one is done');
like($failed, qr/^\Q$name{worker2}\E\|{5}disk of worker 2$/,
	'the other is told');
like($err, qr/WARNING:  worker \Q$name{worker2}\E did not refresh scheme "spread": disk of worker/,
	'as a warning, too');
is(ask(q{SELECT * FROM tiering.assessments_on_workers('spread')}), join("\n", sort
	"$name{worker1}|2024-04-30|2024-03-31|f", "$name{worker2}|2024-03-31|2024-03-31|t"),
	'who lags is told');
refused(q{SELECT tiering.distribution_on_workers('spread', '2024-04-30')},
	qr/55000: worker \Q$name{worker2}\E has no assessment of scheme "spread" as of 2024-04-30/,
	'half a bank is none');
is(ask(q{SELECT DISTINCT day FROM tiering.distribution_on_workers('spread')}), '2024-03-31',
	'the last day that all have');
is(ask(q{SELECT max(as_of) FROM tiering.summary_on_workers('spread')}), '2024-03-31',
	'of moves, too');
$workers[1]->safe_psql('postgres',
	'SET citus.enable_ddl_propagation = off; DROP TRIGGER fail ON tiering.batch');
$out = ask(sprintf($by_worker, '2024-04-30'));
like($out, qr/^\Q$name{worker1}\E\|\d+\|0\|\d+\|0\|$/m, 'again: who is done changes nothing');
like($out, qr/^\Q$name{worker2}\E\|\d+\|0\|\d+\|\d+\|$/m, 'and the other does it');
ask("SELECT tiering.refresh('whole', '2024-04-30')");
is(ask(q{SELECT tier, customers, measure FROM tiering.distribution_on_workers('spread')}),
	ask(q{SELECT tier, customers, measure FROM tiering.tier_distribution_history('whole', NULL)
		WHERE as_of = '2024-04-30' ORDER BY rank}), 'all is as it would be');

# Shards that are moved
my ($shard) = ask(q{SELECT shardid FROM citus_shards
	WHERE table_name = 'bank.history'::regclass AND nodeport = } . $workers[0]->port
	. ' ORDER BY 1 LIMIT 1');
sub move
{
	my ($from, $to) = @_;
	ask("SELECT citus_move_shard_placement($shard, '" . $from->host . "', " . $from->port . ", '"
		. $to->host . "', " . $to->port . ", shard_transfer_mode => 'block_writes')");
}
move(@workers);
my $moves = join('|', map { $_->safe_psql('postgres', 'SELECT count(*) FROM tiering.migration') }
	@workers);
refused("SELECT tiering.refresh_on_workers('spread', '2024-05-31')",
	qr/on none\nDETAIL:  .*: shards of scheme "spread" were moved since its last refresh here/,
	'customers are not where their history is');
is(join('|', map { $_->safe_psql('postgres', 'SELECT count(*) FROM tiering.migration') } @workers),
	$moves, 'and nobody is graded');
move(reverse @workers);
is(ask(sprintf("SELECT count(*) FROM ($by_worker) w WHERE error IS NULL", '2024-05-31')), '2',
	'back again it goes on');

# What workers cannot run over shards of their own
sub set_source
{
	my ($query) = @_;
	ask(qq{SELECT tiering.set_source('spread', \$\$$query\$\$)});
}
my $refresh = "SELECT tiering.refresh_on_workers('spread', '2024-06-30')";
ask(q{CREATE VIEW bank.seen AS SELECT * FROM bank.history;
	CREATE TABLE bank.other (customer_id text, x numeric);
	SELECT create_distributed_table('bank.other', 'customer_id', colocate_with => 'none')});
set_source('SELECT customer_id, sum(amount) AS assets FROM bank.seen GROUP BY 1');
refused($refresh, qr/0A000: table bank\.seen in the source of scheme "spread" is not distributed\n/,
	'a view');
set_source('SELECT customer_id, sum(h.amount) AS assets FROM bank.history h
	JOIN bank.other USING (customer_id) GROUP BY 1');
refused($refresh,
	qr/0A000: the tables in the source of scheme "spread" are not distributed in one way\n/,
	'tables that do not go together');
set_source('SELECT customer_id, sum(amount) AS assets FROM ONLY bank.history GROUP BY 1');
refused($refresh,
	qr/0A000: a query that runs on workers must name table bank\.history as schema.table\n/,
	'half a table');
set_source(q{SELECT upper(customer_id) AS customer_id, sum(amount) AS assets FROM bank.history
	GROUP BY 1});
($ret, $out, $err) = $bank->psql('postgres', $refresh);
like($err, qr/customer "C\d+" of scheme "spread" is in no shard of this worker/,
	'customers by another number than that of the shards');
set_source($source);
$bank->psql('postgres', q{SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards',
	true) FROM pg_dist_node WHERE groupid = 0});
move($workers[0], $bank);
refused($refresh, qr/0A000: a shard in the source of scheme "spread" is on no worker or on two\n/,
	'customers of the coordinator');
move($bank, $workers[0]);
$bank->safe_psql('postgres', q{SELECT tiering.set_limits('spread', max_new => 0.1,
	control_query => 'SELECT 1.0 AS total', tolerance => 1)});
refused($refresh, qr/0A000: checks and control of scheme "spread" cannot run on workers\n/,
	'a control of the whole bank');
ask(q{SELECT tiering.set_limits('spread', max_new => 0.01);
	INSERT INTO bank.history SELECT 'n' || i, 'CNY', 5, '2024-01-01', NULL
	FROM generate_series(1, 60) i});
($ret, $out, $err) = $bank->psql('postgres', $refresh);
is(scalar(() = $err =~ /did not refresh scheme "spread"/g), 2, 'limits count on workers');
is(ask(q{SELECT sum(new) FROM tiering.refresh_on_workers('spread', '2024-06-30', force => true)}),
	'60', 'unless they are let through');
refused("SELECT tiering.refresh_on_workers('whole', '2024-06-30')",
	qr/55000: scheme "whole" is refreshed on the coordinator\n/, 'a scheme has one home');
ask(q{SELECT tiering.grant_role('author', 'grade')});
is(ask(q{SET SESSION AUTHORIZATION author;
	SELECT count(*) FROM tiering.refresh_on_workers('spread', '2024-06-30') WHERE error IS NULL}),
	'2', 'who grades refreshes workers');
is(ask(q{SET SESSION AUTHORIZATION reader;
	SELECT sum(customers) FROM tiering.distribution_on_workers('spread')}),
	ask(q{SELECT count(DISTINCT customer_id) FROM bank.history}), 'who reports reads them');
refused("SET SESSION AUTHORIZATION reader; $refresh",
	qr/42501: permission denied for function refresh_on_workers/, 'and does no more');

ask(q{SET citus.enable_ddl_propagation = off; CREATE ROLE lone;
	GRANT USAGE ON SCHEMA bank TO lone; GRANT SELECT ON bank.history TO lone;
	SELECT tiering.grant_role('lone', 'bind'); SET SESSION AUTHORIZATION lone;
	SELECT tiering.set_source('spread',
		'SELECT customer_id, sum(amount) AS assets FROM bank.history GROUP BY 1')});
refused($refresh,
	qr/: role "lone", which set the source of scheme "spread", does not exist here/,
	'a role that workers do not know');

# Time zones: a posting of 31 January in the zone of the bank, and of 30 in that of workers
ask(q{
	CREATE TABLE bank.posting (customer_id text, amount numeric, posted_at timestamptz);
	SELECT create_distributed_table('bank.posting', 'customer_id');
	INSERT INTO bank.posting VALUES ('z', 100, '2024-01-31 20:00+00')});
my $zoned = q{SELECT customer_id, sum(amount) FILTER (WHERE posted_at::date <= $1) AS assets
	FROM bank.posting GROUP BY customer_id};
foreach my $scheme (qw(zone_here zone_there))
{
	$bank->psql('postgres', qq{SET timezone = 'Pacific/Kiritimati';
		SELECT tiering.create_ladder('$scheme', 'assets', '{mass,gold}', '{NULL,100}'),
			tiering.publish('$scheme', '2024-01-01'),
			tiering.set_source('$scheme', \$\$$zoned\$\$)});
}
refused("SELECT tiering.refresh('zone_here', '2024-01-31')",
	qr/55000: worker \S+ has TimeZone=\S+, where the source of scheme "zone_here" has Time/,
	'workers in another zone do not grade');
$bank->psql('postgres', q{SELECT tiering.distribute_schemes()});
# who has nobody yet is not refreshed, and until all are, nothing is told
($ret, $out, $err) = $bank->psql('postgres',
	q{SELECT count(error) FROM tiering.refresh_on_workers('zone_there', '2024-01-31')});
is($out, '1', 'a worker without customers is told');
refused("SELECT tiering.summary_on_workers('zone_there')",
	qr/55000: there is no day as of which all workers have an assessment of scheme "zone_there"\n/,
	'and what the other has is not the bank');
ask(q{INSERT INTO bank.posting
	SELECT 'z' || i, 100, '2024-01-31 20:00+00' FROM generate_series(1, 20) i});
is(ask(q{SELECT count(error) FROM tiering.refresh_on_workers('zone_there', '2024-01-31');
	SELECT string_agg(tier, ' '), sum(customers)
	FROM tiering.distribution_on_workers('zone_there') WHERE customers > 0}), "0\nmass|21",
	'each on its own runs in the zone of the source');
$_->safe_psql('postgres', "SET citus.enable_ddl_propagation = off;
	ALTER DATABASE postgres SET timezone = 'Pacific/Kiritimati'") foreach ($bank, @workers);
is(ask(q{SELECT new FROM tiering.refresh('zone_here', '2024-01-31');
	SELECT DISTINCT tier FROM tiering.assignment WHERE scheme = 'zone_here'}), "21\nmass",
	'and so it does where workers have the zone');

$_->stop foreach ($bank, @workers);
done_testing();
