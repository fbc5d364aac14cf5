# What test/demo, test/run and test/bench/run share: packages, the build, and a
# throw-away cluster on a socket of its own. Sourced, not run.
#
# Sets: root (of the project), work (a folder that goes away at the end), server (a folder
# in it), bindir.
# PG_CONFIG chooses the PostgreSQL to use where there are several.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tiering.XXXXXX")
chmod 755 "$work"	# the server's user goes there, too
server=$work/server
server_data=
browser=		# whether a test looks at pages
checker=		# whether plpgsql_check looks at functions
createcluster=	# a file of Debian's that is ours while packages are installed
beside=			# a job that runs other tests, in a process group of its own
plain=			# the root, while root is a copy that is built in another way

# PostgreSQL does not free what lives as long as the process, and measures its stack.
# No test has a use for 256 MB in one piece.
ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0
export ASAN_OPTIONS=$ASAN_OPTIONS:max_allocation_size_mb=256:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# Root's right by whatever way there is
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# A password is asked for at a terminal, and not where nobody would see that
may_be_root()
{
	[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v 2>/dev/null; }
}

# needs_root WHY COMMAND...: what somebody else has to run for us
needs_root()
{
	printf '%s\nRun this as root, and then the same as now again:\n\n' "$1" >&2
	shift
	printf '\t%s\n' "$@" >&2
	exit 1
}

# PostgreSQL refuses to run as root; root runs it as the user postgres, who may
# not be allowed where we are
as_server()
{
	if [ "$(id -u)" = 0 ]; then
		(cd "$work" && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

# quietly WHAT COMMAND...: what it says is shown only if it fails
quietly()
{
	local what=$1
	shift
	"$@" >"$work/$what.log" 2>&1 || { tail -n 20 "$work/$what.log" >&2; die "$what failed"; }
}

# The newest pg_config that has a server, PGXS and the server's headers, or nothing;
# find_pg_config MAJOR: of this version.
# Debian's client package has PGXS, so that PGXS alone says nothing of the headers.
find_pg_config()
{
	local candidate
	for candidate in ${PG_CONFIG:-} $(ls -vr /usr/lib/postgresql/*/bin/pg_config 2>/dev/null) \
		$(command -v pg_config || true)
	do
		[ -x "$candidate" ] || continue
		if [ -x "$("$candidate" --bindir)/initdb" ] && [ -f "$("$candidate" --pgxs)" ] &&
			[ -f "$("$candidate" --includedir-server)/postgres.h" ] &&
			[[ "$("$candidate" --version)" =~ ^PostgreSQL\ ${1:-[0-9]+}[^0-9] ]]
		then
			echo "$candidate"
			return
		fi
	done
}

missing_packages()
{
	local major shared
	command -v make >/dev/null || echo make
	command -v gcc >/dev/null || echo gcc
	command -v gzip >/dev/null || echo gzip
	command -v prove >/dev/null || echo perl
	perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
	[ -z "$browser" ] || command -v chromium >/dev/null || echo chromium
	if [ -z "$(find_pg_config)" ]; then
		major=$(apt-cache depends postgresql 2>/dev/null |
			sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1)
		echo "postgresql-${major:-15}" "postgresql-server-dev-${major:-15}" \
			${checker:+"postgresql-${major:-15}-plpgsql-check"}
	elif [ -n "$checker" ]; then
		# Debian's packages are for Debian's servers
		shared=$("$(find_pg_config)" --sharedir)
		[ "${shared%/*}" != /usr/share/postgresql ] ||
			[ -f "$shared/extension/plpgsql_check.control" ] ||
			echo "postgresql-${shared##*/}-plpgsql-check"
	fi
}

# What Debian's package says again, and not what we said while it was installed
restore_createcluster()
{
	[ -n "$createcluster" ] || return 0
	if [ -e "$createcluster.ucf-dist" ]; then
		as_root mv -f "$createcluster.ucf-dist" "$createcluster"
	else
		as_root rm -f "$createcluster"
	fi
	createcluster=
}

install_packages()
{
	local missing apt=(apt-get -qq -y -o Dpkg::Options::=--force-confold
		install --no-install-recommends)
	missing=$(missing_packages | xargs)
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null ||
		die "Missing, to be installed by the way of this system: $missing"
	may_be_root || needs_root "Missing: $missing" 'apt-get update' \
		"apt-get install --no-install-recommends $missing"
	say "Installing what is missing, which may take some minutes: $missing"
	quietly update as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
	missing=$(missing_packages | xargs)	# now that the lists are there
	# we want the server's programs, not a cluster of Debian's making
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		as_root mkdir -p /etc/postgresql-common
		createcluster=/etc/postgresql-common/createcluster.conf
		echo 'create_main_cluster = false' | as_root tee "$createcluster" >/dev/null
	fi
	quietly install as_root env DEBIAN_FRONTEND=noninteractive "${apt[@]}" $missing
	restore_createcluster
}

# Whether what was built is what the server has
is_installed()
{
	local file extensions
	extensions=$("$PG_CONFIG" --sharedir)/extension
	cmp -s "$root/tiering.so" "$("$PG_CONFIG" --pkglibdir)/tiering.so" || return
	for file in "$root"/tiering--*.sql "$root/tiering.control"; do
		cmp -s "$file" "$extensions/${file##*/}" || return
	done
}

# build [VARIABLE=value ...] what is in $root, and install it
build()
{
	PG_CONFIG=$(find_pg_config)
	[ -n "$PG_CONFIG" ] ||
		die "No PostgreSQL with server and development files found; set PG_CONFIG."
	bindir=$("$PG_CONFIG" --bindir)
	say "Building for $("$PG_CONFIG" --version)${*:+, }$*"
	quietly make make -s -C "$root" PG_CONFIG="$PG_CONFIG" "$@"
	if [ -w "$("$PG_CONFIG" --pkglibdir)" ]; then
		quietly install make -s -C "$root" PG_CONFIG="$PG_CONFIG" "$@" install
	elif is_installed; then
		:
	elif may_be_root; then
		quietly install as_root make -s -C "$root" PG_CONFIG="$PG_CONFIG" "$@" install
	else
		needs_root "Not allowed to write to $("$PG_CONFIG" --pkglibdir)." \
			"make -C $root PG_CONFIG=$PG_CONFIG ${*:+$* }install"
	fi
}

# The sources without what was built of them; says where they are
copy_sources()
{
	mkdir "$work/$1"
	tar -C "$root" -c --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
		--exclude='./tiering--*.sql' --exclude=./results --exclude=./tmp_check . |
		tar -C "$work/$1" -x
	echo "$work/$1"
}

# build_copy NAME VARIABLE=value...: build and install a copy of the sources instead.
# No bitcode is made, which the compiler's flags do not reach.
build_copy()
{
	local copy
	copy=$(copy_sources "$1")
	shift
	plain=$root
	root=$copy
	build with_llvm=no "$@"
}

# The plain build again: nobody is left with one that was made for a test
build_plain()
{
	[ -n "$plain" ] || return 0
	root=$plain
	plain=
	build
}

# start_cluster [setting=value ...]: in the folder $server; the environment then leads psql to it
start_cluster()
{
	local setting
	say "Starting a throw-away cluster"
	mkdir "$server"
	[ "$(id -u)" != 0 ] || chown postgres "$server"
	server_data=$server/data
	quietly initdb as_server "$bindir/initdb" -D "$server_data" -U postgres -A trust -E UTF8 \
		--locale=C.UTF-8
	for setting in "listen_addresses=''" "unix_socket_directories='$server'" "port=5432" \
		"fsync=off" "client_min_messages=notice" "$@"
	do
		printf '%s\n' "$setting"
	done | as_server tee -a "$server_data/postgresql.conf" >/dev/null
	as_server "$bindir/pg_ctl" -D "$server_data" -l "$server/log" -s -w start ||
		{ tail -n 20 "$server/log" >&2; die "the cluster does not start"; }
	# nothing of the caller's may lead psql to another server, or change its answers
	unset PGSERVICE PGSERVICEFILE PGHOSTADDR PGOPTIONS PGDATESTYLE PGTZ PGCLIENTENCODING PGPASSFILE
	export PGHOST=$server PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	export PATH=$bindir:$PATH
}

stop_cluster()
{
	[ -n "$server_data" ] || return 0
	as_server "$bindir/pg_ctl" -D "$server_data" -s -m fast stop || true
	server_data=
	rm -rf "$server"
}

# Told to end, it leaves its servers behind
stop_beside()
{
	local pid
	[ -n "$beside" ] || return 0
	kill -TERM -- "-$beside" 2>/dev/null || true
	wait "$beside" || true
	find "$work/tap" "$work/beside" -name postmaster.pid 2>/dev/null | while read -r pid; do
		as_server "$bindir/pg_ctl" -D "${pid%/*}" -s -m fast stop || true
	done
}

finish()
{
	local status=$?
	stop_beside
	stop_cluster
	build_plain || true
	restore_createcluster || true
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
