# Who owns the database, and is no superuser, installs the extension and grants its rights.
# Its objects are the superuser's, and nothing of it is a way to what is not theirs.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE ROLE dba LOGIN; CREATE ROLE assistant LOGIN; CREATE ROLE night LOGIN;
	CREATE ROLE clerk LOGIN; CREATE ROLE chief LOGIN; CREATE ROLE stranger LOGIN;
	GRANT dba TO assistant;
	CREATE DATABASE bank OWNER dba;
});

sub as_login
{
	my ($login, $sql) = @_;
	my ($status, $out, $err) = $node->psql('bank', $sql, extra_params => [ '-U', $login ]);
	return $status == 0 ? $out : $err;
}

# as_login, and what comes out of it
sub gives
{
	my ($login, $sql, $expected, $what) = @_;
	is(as_login($login, $sql), $expected, $what);
}

sub refused
{
	my ($login, $sql, $error, $what) = @_;
	like(as_login($login, $sql), qr/ERROR:  $error/, $what);
}

# Superuser's, and of nobody else's business
my $owner = $node->safe_psql('bank', 'SELECT current_user');
$node->safe_psql(
	'bank', q{
	CREATE SCHEMA hr;
	CREATE TABLE hr.pay (customer_id text, assets numeric);
	INSERT INTO hr.pay VALUES ('1', 1000000);
});

# Installing
refused('stranger', 'CREATE EXTENSION tiering', 'permission denied to create extension',
	'who does not own the database cannot install it');
gives('dba', 'CREATE EXTENSION tiering', '', 'who owns the database can');
gives('dba', q{SELECT extowner::regrole FROM pg_extension WHERE extname = 'tiering'}, 'dba',
	'the extension is theirs');
gives('dba', q{
	SELECT DISTINCT pg_get_userbyid(x.owner) FROM (
		SELECT relowner AS owner FROM pg_class
		WHERE relnamespace IN ('tiering'::regnamespace, '_tiering'::regnamespace)
		UNION ALL SELECT proowner FROM pg_proc
		WHERE pronamespace IN ('tiering'::regnamespace, '_tiering'::regnamespace)
		UNION ALL SELECT typowner FROM pg_type WHERE typnamespace = 'tiering'::regnamespace
		UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname LIKE 'tiering%') x
	}, $owner, 'its objects are the superuser\'s');

# Granting
gives('dba', q{
	SELECT tiering.grant_role('night', 'grade'), tiering.grant_role('clerk', 'request'),
		tiering.grant_role('dba', 'author'), tiering.grant_role('dba', 'bind')
	}, '|||', 'they grant rights, to themselves too');
gives('assistant', q{SELECT tiering.grant_role('chief', 'approve'),
	tiering.grant_role('chief', 'report')}, '|', 'so does a member of theirs');
refused('chief', q{SELECT tiering.grant_role('chief', 'grade')},
	'only the owner of the extension tiering', 'nobody else');
refused('dba', q{SELECT * FROM tiering.assignment}, 'permission denied for table assignment',
	'what they have not granted themselves they have not');

# Working
gives('dba', q{
	CREATE TABLE public.balance (customer_id text, assets numeric);
	INSERT INTO public.balance VALUES ('1', 3), ('2', 7);
	DO $$
	BEGIN
		PERFORM tiering.create_ladder('bank', 'assets', '{low,high}', '{NULL,5}');
		PERFORM tiering.publish('bank', '2024-01-01');
		PERFORM tiering.set_source('bank', 'SELECT customer_id, assets FROM public.balance');
	END $$;
	}, '', 'they make a scheme and set a source of their own');
gives('night', q{SELECT customers, new FROM tiering.refresh('bank', '2024-01-31')}, '2|2',
	'one refreshes');
gives('clerk', q{SELECT tiering.request_override('bank', '1', 'floor', 'high',
	'[2024-01-01,2024-12-31)', 'moves the portfolio to us') > 0}, 't', 'one asks');
refused('clerk', 'SELECT tiering.approve(1, NULL)', 'permission denied for function approve',
	'who cannot approve');
gives('chief', q{SELECT tiering.approve(request, 'yes') FROM tiering.request_state;
	SELECT tier FROM tiering.assignment WHERE customer_id = '1'}, "\nhigh", 'and another approves');
gives('chief', q{SELECT scheme, sound FROM (SELECT 'bank' AS scheme, v.* FROM
	tiering.verify_history('bank') v) x}, 'bank|t', 'the history is sound');

# Dumping: who owns the database, with rights that they grant themselves
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump';
my @pg_dump = ('pg_dump', '-e', 'tiering', '-n', 'tiering', '-U', 'dba', '-f', $dump,
	$node->connstr('bank'));
my $denied = $node->pg_version >= 18 ? qr/may lack SELECT privilege/ : qr/permission denied/;
$node->command_fails_like(\@pg_dump, $denied, 'without the right they dump nothing');
gives('dba', q{SELECT tiering.grant_role('dba', 'dump'), tiering.grant_role('dba', 'report')}, '|',
	'they grant it, and report beside bind');
$node->command_ok(\@pg_dump, 'and dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump,
		$node->connstr('restored') ], 'a superuser restores');
my $kept = q{SELECT string_agg(format('%s %s %s', customer_id, to_tier, batch), ', ' ORDER BY move)
	FROM tiering.migration};
is($node->safe_psql('restored', $kept), $node->safe_psql('bank', $kept), 'all moves are there');
gives('dba', q{SELECT tiering.revoke_role('dba', 'dump'), tiering.revoke_role('dba', 'report')},
	'|', 'they take it away again');
$node->command_fails_like(\@pg_dump, $denied, 'and dump no more');

# No lever
refused('dba', q{SELECT tiering.set_source('bank', 'SELECT customer_id, assets FROM hr.pay')},
	'permission denied for schema hr', 'a source is not set on what they may not read');
as_login('dba', q{
	CREATE FUNCTION public.peek() RETURNS numeric LANGUAGE plpgsql AS
		$$ BEGIN RETURN (SELECT max(assets) FROM hr.pay); END $$;
	SELECT tiering.set_source('bank', 'SELECT customer_id, public.peek() AS assets
		FROM public.balance');
});
for my $login ('night', $owner)
{
	refused($login, q{SELECT tiering.refresh('bank', '2024-02-29')},
		'permission denied for schema hr',
		"nor does it run with other rights when $login refreshes");
}
refused('dba', $_->[0], $_->[1], "not theirs: $_->[0]")
  for (
	[ 'CREATE FUNCTION tiering.mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
		'permission denied for schema tiering' ],
	[ 'CREATE OR REPLACE FUNCTION tiering.role_grants() RETURNS TABLE (what text, rights text)
		LANGUAGE sql AS $$ SELECT 1, 2 $$', 'permission denied for schema tiering' ],
	[ 'ALTER FUNCTION tiering.grant_role(regrole, text, text, text, text) SECURITY DEFINER',
		'must be owner of function' ],
	[ 'ALTER TABLE tiering.assignment DISABLE TRIGGER ALL', 'must be owner of table' ],
	[ 'CREATE TRIGGER mine AFTER INSERT ON tiering.assignment EXECUTE FUNCTION public.peek()',
		'permission denied for table' ],
	[ 'GRANT SELECT ON tiering.migration TO stranger', 'permission denied for table' ],
	[ q{SELECT _tiering.change_role('stranger', 'report', true, false)},
		'permission denied for function change_role' ],
	[ 'ALTER EXTENSION tiering DROP FUNCTION tiering.role_grants()', 'must be owner of function' ],
	[ 'SELECT tiering.enable_triggers()', 'permission denied for function' ]);

# Taking back, and going
gives('dba', q{SELECT tiering.revoke_role('night', 'grade')}, '', 'they revoke rights');
refused('night', q{SELECT tiering.refresh('bank', '2024-02-29')},
	'permission denied for function refresh', 'which are gone');
gives('dba', q{DROP EXTENSION tiering; SELECT count(*) FROM pg_namespace
	WHERE nspname LIKE 'tiering%'}, '0', 'and drop the extension');

done_testing();
