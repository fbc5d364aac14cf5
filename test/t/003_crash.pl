# A crash in the middle of a refresh leaves the state of before.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION tiering;
	CREATE TABLE metrics AS SELECT i AS customer_id, (i * 7919 % 200000)::numeric AS x FROM generate_series(1, 50000) i;
	SELECT tiering.create_ladder('ladder', 'x', '{low,high}', '{NULL,100000}'), tiering.publish('ladder', '2024-01-01');
	SELECT tiering.set_source('ladder', 'SELECT * FROM public.metrics');
	SELECT tiering.refresh('ladder', '2024-01-31');
	UPDATE metrics SET x = 200000 - x;
});
my $state = q{
	SELECT (SELECT md5(string_agg(a::text, '|' ORDER BY a::text)) FROM tiering.assignment a),
		(SELECT md5(string_agg(m::text, '|' ORDER BY m::text)) FROM tiering.migration m),
		(SELECT md5(string_agg(d::text, '|' ORDER BY d::text)) FROM tiering.distribution_history d),
		(SELECT md5(string_agg(s::text, '|' ORDER BY s::text)) FROM tiering.source s)};
my $before = $node->safe_psql('postgres', $state);

# it has written, and not committed, when the server is stopped at once
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN');
is($session->query(q{SET client_min_messages = warning; SELECT written FROM tiering.refresh('ladder', '2024-02-29')}),
	'50000', 'the refresh has written');
$node->stop('immediate');
eval { $session->quit };
$node->start;

is($node->safe_psql('postgres', $state), $before, 'the state is that of before');
is($node->safe_psql('postgres', q{SELECT up > 0, down > 0, written FROM tiering.refresh('ladder', '2024-02-29')}),
	't|t|50000', 'and the refresh can be made again');
$node->stop;
done_testing();
