# A bank that 0.1.0 graded is updated: the extension is then what it is when it is
# installed, rows, rights and what the bank has made of its own are there, the history
# is sound, and the next assessments are those of a bank that never had another version.
use strict;
use warnings;
use File::Basename;
use File::Copy;
use File::Path qw(make_path);
use FindBin;
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $before = '0.1.0';
my $given = "$FindBin::Bin/../updates";
my $temp = PostgreSQL::Test::Utils::tempdir;

sub unzipped
{
	my ($name, $to) = @_;
	gunzip("$given/$name.gz" => $to) or die "$name: $GunzipError";
	return $to;
}

# A server that finds the script of the version before, without a right to install
# anything: one looks for its files from where its program is. So that is copied, and
# beside it are links to all that there is.
sub other_server
{
	my %dir;
	foreach my $what (qw(bindir sharedir pkglibdir))
	{
		chomp($dir{$what} = `pg_config --$what`);
		make_path(dirname("$temp/root$dir{$what}"));
	}
	make_path("$temp/root$dir{bindir}", "$temp/root$dir{sharedir}/extension");
	symlink($dir{pkglibdir}, "$temp/root$dir{pkglibdir}") or die $!;
	foreach my $dir ("$dir{bindir}", "$dir{sharedir}", "$dir{sharedir}/extension")
	{
		foreach my $file (glob("$dir/*"))
		{
			my $there = "$temp/root$file";
			next if -e $there;
			if ($file =~ m{/(postgres|initdb|pg_ctl)$})
			{
				copy($file, $there) or die $!;
				chmod 0755, $there;
			}
			else { symlink($file, $there) or die $!; }
		}
	}
	symlink("$temp/root$dir{sharedir}/extension", "$temp/extension") or die $!;
	unlink("$temp/extension/tiering--$before.sql");
	unzipped("tiering--$before.sql", "$temp/extension/tiering--$before.sql");
	return dirname("$temp/root$dir{bindir}");
}

# new() of release 14 takes the path for a port
my $new = PostgreSQL::Test::Cluster->can('get_new_node') || PostgreSQL::Test::Cluster->can('new');
my $node = PostgreSQL::Test::Cluster->$new('main', install_path => other_server());
$node->init;
$node->start;

my ($version) = slurp_file("$temp/extension/tiering.control") =~ /^default_version = '(.*)'/m;

sub bank
{
	my ($db, $sql) = @_;
	return $node->safe_psql($db, "SET client_min_messages = warning; $sql");
}
sub run_file { $node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', $_[1],
		'-o', '/dev/null', $node->connstr($_[0]) ], "$_[2]"); }

# whose bank it was
bank('postgres', q{DO $$ BEGIN CREATE ROLE postgres SUPERUSER;
	EXCEPTION WHEN duplicate_object THEN NULL; END $$});
bank('postgres', "CREATE ROLE $_ LOGIN") foreach qw(clerk chief reader author teller dba);
bank('postgres', "CREATE DATABASE $_") foreach qw(old new dumped);
bank('old', "CREATE EXTENSION tiering VERSION '$before'");
run_file('old', unzipped("bank--$before.sql", "$temp/bank.sql"), "a bank of $before is there");
bank('new', q{CREATE EXTENSION tiering;
	SELECT tiering.grant_role('clerk', 'request'), tiering.grant_role('chief', 'approve')});
run_file('new', "$given/bank.sql", 'and one without a past');
run_file($_, "$given/catalogue.sql", "the catalogue of $_ can be read") foreach qw(old new);

# What is the bank's own. Of its views, lives is on one that cannot be replaced, as the
# column customer_id collates otherwise; of its rights, report has more functions now.
my $own = q{
	CREATE VIEW bank.shares AS SELECT scheme, tier, customers FROM tiering.tier_distribution;
	CREATE VIEW bank.today AS
		SELECT tiering.tier_on('desk', '0002', '2024-06-15') AS tier,
			tiering.month('2024-06-15') AS month;
	CREATE VIEW bank.lives WITH (security_barrier) AS
		SELECT customer_id, tier, valid FROM tiering.customer_tier_history WHERE scheme = 'desk';
	CREATE VIEW bank.a_life AS SELECT * FROM bank.lives WHERE customer_id = '0010';
	COMMENT ON COLUMN bank.lives.valid IS 'when';
	GRANT SELECT ON tiering.customer_tier_history TO chief;
	ALTER VIEW bank.lives OWNER TO chief;
	GRANT USAGE ON SCHEMA bank TO teller;
	GRANT SELECT ON bank.lives TO teller;
	CREATE TABLE bank.book (customer_id text, history tiering.daily_series,
		average numeric GENERATED ALWAYS AS
			(tiering.daily_avg(history, '[2024-01-01,2024-02-01)')) STORED,
		CHECK (tiering.value_on(history, '2024-01-31') >= 0));
	CREATE INDEX ON bank.book (history);
	INSERT INTO bank.book SELECT customer_id, tiering.daily_series_snapshots(money, as_of)
	FROM bank.money GROUP BY customer_id;
	CREATE TABLE bank.restated AS SELECT NULL::tiering.restate_result AS result;
	SELECT tiering.grant_role('reader', 'report'), tiering.grant_role('author', 'author');
	GRANT SELECT ON tiering.tier_rollup, tiering.near_upgrade TO teller WITH GRANT OPTION;
	GRANT SELECT (customer_id, tier) ON tiering.assignment TO teller;
	GRANT EXECUTE ON FUNCTION tiering.retention(text, timestamptz) TO teller;
	GRANT SELECT ON tiering.batch TO PUBLIC;
	REVOKE SELECT ON tiering.fx_rate FROM PUBLIC;
	REVOKE EXECUTE ON FUNCTION tiering.year(date, int) FROM PUBLIC;
	ALTER TABLE tiering.migration ENABLE ROW LEVEL SECURITY;
	GRANT SELECT ON tiering.migration TO teller;
	CREATE POLICY one ON tiering.migration FOR SELECT TO teller USING (customer_id = '0010')};
bank($_, $own) foreach qw(old new);
# What has another name now, by both of them
my $renamed = q{
	CREATE VIEW bank.last_year AS SELECT tiering.rolling('1 year', '2024-06-15') AS period;
	GRANT EXECUTE ON FUNCTION tiering.rolling(interval, date) TO teller;
	SELECT tiering.set_series('plain', 'SELECT customer_id, tiering.month($1 + 1) AS period,
		tiering.clip(tiering.daily_series_snapshots(money, as_of),
			tiering.rolling(''1 year'', $1)) AS balances
		FROM bank.money GROUP BY customer_id')};
bank('new', $renamed);
bank('old', $renamed =~ s/tiering\.rolling/tiering.trailing/gr =~ s/tiering\.clip/tiering.trim/gr);

# What is to stay as it is
my @kept = (
	'SELECT move, scheme, customer_id, as_of, from_tier, to_tier, direction, cause, version,
		measure, recorded_at, recorded_by, batch FROM tiering.migration ORDER BY move',
	'SELECT scheme, batch, kind, as_of, moves, superseded, recorded_at, recorded_by, seal
	 FROM tiering.batch ORDER BY scheme, batch',
	'SELECT scheme, customer_id, tier, as_of, since, version, recorded_at, cause,
		first_as_of, earned, misses, next_tier, next_review
	 FROM tiering.assignment ORDER BY scheme, customer_id',
	'SELECT scheme, as_of, tier, version, customers, measure, recorded_at
	 FROM tiering.distribution_history ORDER BY 1, 2, 3, recorded_at',
	'SELECT * FROM tiering.superseded ORDER BY move',
	'SELECT scheme, version, status, effective, created_at, created_by, published_at, published_by
	 FROM tiering.scheme_version ORDER BY 1, 2',
	'SELECT scheme, version, tier, rank, base, approval FROM tiering.tier ORDER BY 1, 2, 3',
	'SELECT scheme, version, tier, down_after, down_to FROM tiering.policy ORDER BY 1, 2, 3',
	'SELECT * FROM tiering.rule ORDER BY scheme, version, tier, rule',
	'SELECT request, scheme, customer_id, kind, tier, state, requested_by, decided_by, note, counts
	 FROM tiering.request_state ORDER BY request',
	'SELECT scheme, customer_id, from_as_of FROM tiering.dirty ORDER BY 1, 2, 3',
	'SELECT scheme, query, set_by, set_at, refreshed_as_of FROM tiering.source ORDER BY 1',
	'SELECT tiering.history_head(s) FROM unnest(ARRAY[\'desk\', \'plain\']) s',
	'SELECT * FROM bank.shares ORDER BY 1, 2', 'SELECT * FROM bank.today',
	'SELECT * FROM bank.lives ORDER BY 1, 3', 'SELECT * FROM bank.a_life ORDER BY 3',
	'SELECT customer_id, history, average FROM bank.book ORDER BY 1', 'SELECT * FROM pg_policies');
sub kept { return join("\n\n", map { bank('old', $_) } @kept); }

# The rights of the bank's own roles, and what each may do in the end
my $rights = q{SELECT object, what, split.part FROM t.catalogue() c,
	LATERAL regexp_split_to_table(c.says, ', ') split (part)
	WHERE c.what = 'rights' OR c.what LIKE 'column %'
	ORDER BY 1, 2, 3};
sub catalogue
{
	return split(/\x1e/, bank($_[0], q{SELECT string_agg(format('%s, %s: %s', object, what, says),
		chr(30) ORDER BY object, what, says) FROM t.catalogue()}));
}
# What one database has and the other has not is shown, and not the rest
sub same_catalogue
{
	my ($one, $other, $name) = @_;
	my %has = map { $_ => [ catalogue($_) ] } $one, $other;
	my @differ;
	foreach my $db ($one, $other)
	{
		my %there = map { $_ => 1 } @{ $has{ $db eq $one ? $other : $one } };
		push @differ, map { "$db alone has $_" } grep { !$there{$_} } @{ $has{$db} };
	}
	cmp_ok(scalar(@{ $has{$one} }), '>', 2000, "$one has a catalogue");
	is(join("\n", @differ), '', $name);
}

my $kept = kept();
my $money = 'SELECT scheme, customer_id, measure FROM tiering.assignment ORDER BY 1, 2';
my $had = bank('old', $money);
is(bank('old', q{SELECT sound FROM tiering.verify_history('desk')}), 't', "$before finds it sound");

# What else hangs on what goes is told before anything happens.
bank('old', 'CREATE MATERIALIZED VIEW bank.kept AS SELECT * FROM bank.lives');
my ($status, $out, $err) = $node->psql('old', 'ALTER EXTENSION tiering UPDATE');
like($err, qr/tiering cannot be updated while something depends on view tiering.*
.*, is materialized view bank.kept\.$/m, 'what cannot be made anew is named');
is(kept(), $kept, 'and nothing was changed');
bank('old', 'DROP MATERIALIZED VIEW bank.kept;
	CREATE VIEW bank.lost AS SELECT tiering.actor() AS who');
($status, $out, $err) = $node->psql('old', 'ALTER EXTENSION tiering UPDATE');
like($err, qr/tiering cannot be updated while there is the view bank.lost
.*function tiering.actor\(\)/m, 'nor can a view of what is gone');
is(kept(), $kept, 'and nothing was changed again');
bank('old', 'DROP VIEW bank.lost;
	GRANT EXECUTE ON FUNCTION tiering.refresh(text, date) TO teller');
($status, $out, $err) = $node->psql('old', 'ALTER EXTENSION tiering UPDATE');
is($status, 0, 'otherwise it is updated');
like($err, qr/WARNING:  there is no tiering.refresh\S* any more, to which teller had rights$/m,
	'rights to what is gone are told');

is(kept(), $kept, 'what there was is there');
is(bank('old', $money =~ s/tiering\.assignment/_tiering.customer_now/r), $had,
	'what customers have, too');
same_catalogue('old', 'new', 'and all else is as if it were new, with the rights of all');
# who reads them sees the customers whom the policy lets through
is(bank('old', q{SELECT tier, count(*) FROM bank.a_life GROUP BY tier ORDER BY 1}),
	bank('old', q{SET ROLE teller; SELECT tier, count(*) FROM bank.lives GROUP BY tier ORDER BY 1}),
	'views of the bank are its own, and have their owners and rights');
is(bank('old', q{SELECT col_description('bank.lives'::regclass, 3), reloptions FROM pg_class
	WHERE oid = 'bank.lives'::regclass}), 'when|{security_barrier=true}',
	'their comments and options');
is(bank('old', q{SELECT count(*) FROM t.members()
	WHERE identity LIKE '%bank%' OR identity LIKE '%update%'}),
	'0', 'and belong to no extension, nor is anything of the update left');
foreach my $query (q{SELECT pg_get_viewdef('bank.last_year'::regclass), period FROM bank.last_year},
	'SELECT query FROM tiering.series_source ORDER BY scheme')
{
	is(bank('old', $query), bank('new', $query), 'what has another name is called by it');
}
is(bank('old', q{SELECT scheme, event, what, version, p.effective, done_by, done_at = published_at
	FROM tiering.publication p JOIN tiering.scheme_version USING (scheme, version) ORDER BY 1, 2}),
	"desk|1|publish|1|2024-01-01|postgres|t\ndesk|2|publish|2|2024-06-01|postgres|t\n"
	. 'plain|1|publish|1|2024-01-01|postgres|t', 'what was published has its record');
is(bank('old', q{SELECT settings @> '{TimeZone=Asia/Shanghai,"DateStyle=SQL, DMY"}'
	FROM tiering.source WHERE scheme = 'desk'}), 't',
	'a source runs in the time zone that it was set in');
is(bank('old', q{SELECT bool_and(requested_id = 'clerk'::regrole) FROM tiering.request
	WHERE kind <> 'move'}), 't', 'who asked is known');

# A dump keeps the bank's rights, which the update has not made the extension's own.
$node->command_ok([ 'pg_dump', '-f', "$temp/dump", $node->connstr('old') ], 'pg_dump');
run_file('dumped', "$temp/dump", 'psql');
bank('dumped', $own =~ /(ALTER TABLE tiering.migration ENABLE.*)/s);	# see doc/operations.md
is(bank('dumped', $rights), bank('old', $rights), 'a copy has the same rights');

# What the policy had noted of who left, and came back as new, is of no account since.
is(bank('old', q{SELECT s, v.* FROM unnest('{desk,plain}'::text[]) s, tiering.verify_state(s) v}),
	'', 'customers and records agree');

# Both banks go on, to the same: but for what 0.1.0 did not know, which misses found
# earned, and the days of overrides, which it did not heed.
my $assigned = q{SELECT scheme, customer_id, tier, since, version, first_as_of, earned, misses,
		next_tier, next_review, policy_tier, policy_since FROM tiering.assignment
	WHERE (scheme, customer_id) NOT IN (('desk', '0003'), ('desk', '0004')) ORDER BY 1, 2};
foreach my $db (qw(old new))
{
	run_file($db, "$FindBin::Bin/../invariants.sql", 'the invariants can be asked');
	bank($db, q{SELECT tiering.restate_dirty('plain');
		SELECT tiering.refresh(s, d)
		FROM unnest('{desk,plain}'::text[]) s, unnest('{2024-07-31,2024-08-31}'::date[]) d});
}
is(bank('old', $assigned), bank('new', $assigned), 'the next assessments are the same');
foreach my $day (qw(2024-07-31 2024-03-31))
{
	bank($_, qq{SELECT tiering.restate('desk', '$day')}) foreach qw(old new);
	is(bank('old', $assigned), bank('new', $assigned), "those from $day on, made again, too");
}
is(bank('old', q{SELECT count(*) FROM tiering.migration WHERE cause = 'correction'
	AND scheme = 'desk' AND batch > 15 AND customer_id NOT IN ('0003', '0004')}),
	'0', 'which corrects nobody');
bank('old', q{SELECT tiering.void_assessment('desk', '2024-08-31', 'too early')});
is(bank('old', 'SELECT t.invariants()'), '', 'all that has to be true is');
is(bank('old', q{SELECT s, sound FROM unnest('{desk,plain}'::text[]) s, tiering.verify_history(s)}),
	"desk|t\nplain|t", 'history is sound');
is(bank('old', q{SELECT sound, finding FROM tiering.verify_history('desk', 15,
	(SELECT encode(seal, 'hex') FROM tiering.batch WHERE scheme = 'desk' AND batch = 15))}),
	't|', 'up to the head that was kept before');
# Who was sealed by their number is forgotten, and what was sealed with it is sealed anew.
my $gone = bank('old', q{DELETE FROM tiering.assignment a WHERE scheme = 'desk' AND customer_id = (
		SELECT min(m.customer_id) FROM tiering.migration m
		WHERE m.scheme = 'desk' AND m.batch = 1 AND m.customer_id NOT IN (
			SELECT r.customer_id FROM tiering.request_state r WHERE r.state = 'pending'))
	RETURNING customer_id});
my $sums = 'SELECT * FROM tiering.distribution_history ORDER BY 1, 2, 3, recorded_at';
my $sums_before = bank('old', $sums);
bank('old', qq{SET SESSION AUTHORIZATION clerk;
	SELECT tiering.forget_customer('desk', '$gone', 'they asked us to')});
bank('old', q{SET SESSION AUTHORIZATION chief; SELECT tiering.approve(}
	. bank('old', q{SELECT request FROM tiering.request WHERE kind = 'forget'}) . ')');
is(bank('old', qq{SELECT count(*) FROM tiering.migration
	WHERE scheme = 'desk' AND customer_id = '$gone'}), '0', 'a customer of before is forgotten');
cmp_ok(bank('old', 'SELECT count(*) FROM tiering.sealed_before'), '>', 0, 'which seals anew');
is(bank('old', q{SELECT sound, finding FROM tiering.verify_history('desk', 15,
	(SELECT encode(seal, 'hex') FROM tiering.batch WHERE scheme = 'desk' AND batch = 15))}),
	't|', 'and is sound by the head that was kept before');
is(bank('old', $sums), $sums_before, 'sums are as they were');
is(bank('old', 'SELECT t.invariants()'), '', 'all that has to be true still is');

bank('old', q{SET session_replication_role = replica;
	ALTER TABLE tiering.migration DISABLE TRIGGER ALL;
	UPDATE tiering.migration SET assessed = assessed + 1 WHERE move = 1});
is(bank('old', q{SELECT v.sound, b.kind, v.finding FROM tiering.verify_history('desk') v
	JOIN tiering.batch b ON b.scheme = 'desk' AND b.batch = v.batch}), 'f|forget|changed',
	'and who changes what came with the update is found');

# Who owns the database and is no superuser may update what they installed.
bank('postgres', "CREATE DATABASE $_ OWNER dba") foreach qw(trusted_old trusted_new);
my @dba = (extra_params => [ '-U', 'dba' ]);
$node->safe_psql('trusted_new', 'CREATE EXTENSION tiering', @dba);
$node->safe_psql('trusted_old', "CREATE EXTENSION tiering VERSION '$before'", @dba);
$node->safe_psql('trusted_old', 'ALTER EXTENSION tiering UPDATE', @dba);
run_file($_, "$given/catalogue.sql", "the catalogue of $_ can be read")
	foreach qw(trusted_old trusted_new);
same_catalogue('trusted_old', 'trusted_new',
	'an update by who is no superuser is the same');

# A version to come, in which a type and a function of this one are others
my $update = slurp_file("$temp/extension/tiering--$before--$version.sql");
$update =~ s{^/\*\n \* \Q$before\E to .*?(?=^COMMENT ON TABLE)}{}ms or die 'no step is found';
$update =~ s/(CREATE TYPE tiering.restate_result AS \()/$1 why text,/ or die;
$update =~ s/(FUNCTION tiering.fx_rate\([^()]*\)\s+RETURNS )numeric/$1text/ or die;
append_to_file("$temp/extension/tiering--$version--next.sql", $update);
bank('new', q{CREATE FUNCTION bank.euro() RETURNS numeric LANGUAGE sql
	BEGIN ATOMIC SELECT tiering.fx_rate('EUR', 'USD', '2024-01-01'); END});
foreach my $what ('FUNCTION bank.euro()', 'TABLE bank.restated')
{
	my ($name) = $what =~ /(bank\.\w+)/;
	($status, $out, $err) = $node->psql('new', q{ALTER EXTENSION tiering UPDATE TO 'next'});
	like($err, qr/^DETAIL: .*\Q$name\E/m, "$name is in the way");
	bank('new', "DROP $what");
}
my $books = bank('new', 'SELECT * FROM bank.book ORDER BY 1');
bank('new', q{ALTER EXTENSION tiering UPDATE TO 'next'});
is(bank('new', q{SELECT a.attname, pg_get_function_result(f.oid)
	FROM pg_attribute a, pg_proc f
	WHERE a.attrelid = 'tiering.restate_result'::regclass AND a.attnum = 1
		AND f.oid = 'tiering.fx_rate(text, text, date, int)'::regprocedure}),
	'why|text', 'it has what is other');
is(bank('new', 'SELECT * FROM bank.book ORDER BY 1'), $books, 'and what is not is there');
is(bank('new', 'SELECT t.invariants()'), '', 'and sound');

$node->stop;
done_testing();
