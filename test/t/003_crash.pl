# A crash in the middle of a refresh of 500,000 customers leaves the rows of
# before, whatever it was about to do: read the source, record the moves it has
# made already, or leave the distribution behind when all else is written.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "work_mem = '64MB'\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION tiering;
	CREATE TABLE metrics AS SELECT i AS customer_id, (i * 7919::bigint % 200000)::numeric AS x
		FROM generate_series(1, 500000) i;
	SELECT tiering.create_ladder('ladder', 'x', '{low,high}', '{NULL,100000}'),
		tiering.publish('ladder', '2024-01-01');
	SELECT tiering.set_source('ladder', 'SELECT * FROM public.metrics');
	SELECT tiering.refresh('ladder', '2024-01-31');
	UPDATE metrics SET x = CASE WHEN x < 100000 THEN 150000 ELSE 50000 END
		WHERE customer_id % 20 = 0;
	INSERT INTO metrics SELECT 1000000 + i, 7 FROM generate_series(1, 300) i;
	-- the last of those who move waits while somebody has the lock
	CREATE FUNCTION wait_for_lock() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_advisory_xact_lock(4711);
		RETURN NEW;
	END;
	$$;
	CREATE TRIGGER wait_for_lock BEFORE UPDATE ON tiering.assignment
		FOR EACH ROW WHEN (NEW.customer_id = '500000') EXECUTE FUNCTION wait_for_lock();
});

# All that a refresh writes, and the objects that it makes
sub contents
{
	return $node->safe_psql('postgres', q{
		SELECT (SELECT md5(string_agg(a::text, '|' ORDER BY a.scheme, a.customer_id))
			FROM tiering.assignment a),
			(SELECT md5(string_agg(m::text, '|' ORDER BY m.move)) FROM tiering.migration m),
			(SELECT md5(string_agg(d::text, '|' ORDER BY d.as_of, d.tier))
				FROM tiering.distribution_history d),
			(SELECT md5(string_agg(s::text, '|' ORDER BY s.scheme)) FROM tiering.source s),
			(SELECT count(*) FROM pg_class)});
}
my $before = contents();

# A refresh waits where another session has locked what it needs, and the server is stopped
foreach my $case (
	[ 'LOCK public.metrics', '1/3 reading source', 'reading' ],
	[ 'SELECT pg_advisory_xact_lock(4711)', '1/3 reading source', 'recording moves' ],
	[ 'LOCK tiering.distribution_history IN EXCLUSIVE MODE', '2/3 writing 500300 customers',
		'leaving the distribution' ])
{
	my ($lock, $stage, $name) = @$case;
	my $locker = $node->background_psql('postgres');
	$locker->query_safe("BEGIN; $lock");
	my $lsn = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
	my $refresh = $node->background_psql('postgres');
	$refresh->query_until(qr/begun/,
		qq{\\echo begun\nSELECT tiering.refresh('ladder', '2024-02-29');\n});
	ok($node->poll_query_until('postgres', qq{
		SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE wait_event_type = 'Lock'
				AND left('tiering.refresh ladder 2024-02-29: $stage', 63) = application_name)}),
		"$name: it waits");
	# what is written so far is in the tables' files, or in the log only
	$node->safe_psql('postgres', 'CHECKPOINT') if $name eq 'recording moves';
	cmp_ok($node->safe_psql('postgres', "SELECT pg_current_wal_insert_lsn() - '$lsn'"), '>',
		2000000, "$name: it has written")
		if $name ne 'reading';
	$node->stop('immediate');
	eval { $_->quit } foreach ($refresh, $locker);
	$node->start;
	is(contents(), $before, "$name: all is as before");
}

is($node->safe_psql('postgres', q{SELECT customers, new, up, down, exit, stayed, written
	FROM tiering.refresh('ladder', '2024-02-29')}),
	$node->safe_psql('postgres', q{
		SELECT 500300, 300, up, down, 0, 500000 - up - down, 300 + up + down
		FROM (SELECT count(*) FILTER (WHERE i * 7919::bigint % 200000 < 100000) AS up,
				count(*) FILTER (WHERE i * 7919::bigint % 200000 >= 100000) AS down
			  FROM generate_series(1, 500000) i WHERE i % 20 = 0) oracle}),
	'and the refresh can be made again');
is($node->safe_psql('postgres', q{
	SELECT count(*) FILTER (WHERE a.tier = CASE WHEN m.x < 100000 THEN 'low' ELSE 'high' END),
		count(*)
	FROM metrics m FULL JOIN tiering.assignment a ON a.customer_id = m.customer_id::text}),
	'500300|500300', 'with everyone where he belongs');
$node->stop;
done_testing();
