# What test/demo, test/run and test/bench/run share: packages, the build, and a
# throw-away cluster on a socket of its own. Sourced, not run.
#
# Sets: root (of the project), work (a folder that goes away at the end), bindir.
# PG_CONFIG chooses the PostgreSQL to use where there are several.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tiering.XXXXXX")
server_data=

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# Root's right by whatever way there is
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

may_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

# PostgreSQL refuses to run as root; root runs it as the user postgres
as_server()
{
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

# The newest pg_config that has a server and PGXS beside it, or nothing
find_pg_config()
{
	local candidate
	for candidate in ${PG_CONFIG:-} $(ls -vr /usr/lib/postgresql/*/bin/pg_config 2>/dev/null) \
		$(command -v pg_config || true)
	do
		if [ -x "$("$candidate" --bindir)/initdb" ] && [ -f "$("$candidate" --pgxs)" ]; then
			echo "$candidate"
			return
		fi
	done
}

missing_packages()
{
	local major
	command -v make >/dev/null || echo make
	command -v gcc >/dev/null || echo gcc
	command -v gzip >/dev/null || echo gzip
	perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
	if [ -z "$(find_pg_config)" ]; then
		major=$(apt-cache depends postgresql 2>/dev/null |
			sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1)
		echo "postgresql-${major:-15}" "postgresql-server-dev-${major:-15}"
	fi
}

install_packages()
{
	local missing
	missing=$(missing_packages | xargs)
	[ -n "$missing" ] || return 0
	if ! command -v apt-get >/dev/null || ! may_be_root; then
		die "Missing, and not mine to install here: $missing"
	fi
	say "Installing what is missing: $missing"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
	missing=$(missing_packages | xargs)	# now that the lists are there
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends \
		$missing >"$work/apt.log" 2>&1 || { tail -n 20 "$work/apt.log" >&2; die "apt-get failed"; }
}

build()
{
	PG_CONFIG=$(find_pg_config)
	[ -n "$PG_CONFIG" ] || die "No PostgreSQL with server and development files found; set PG_CONFIG."
	bindir=$("$PG_CONFIG" --bindir)
	say "Building for $("$PG_CONFIG" --version)"
	make -s -C "$root" PG_CONFIG="$PG_CONFIG" >"$work/make.log" 2>&1 ||
		{ tail -n 20 "$work/make.log" >&2; die "make failed"; }
	if [ -w "$("$PG_CONFIG" --pkglibdir)" ]; then
		make -s -C "$root" PG_CONFIG="$PG_CONFIG" install >"$work/install.log" 2>&1
	elif may_be_root; then
		as_root make -s -C "$root" PG_CONFIG="$PG_CONFIG" install >"$work/install.log" 2>&1
	else
		die "make install needs the right to write to $("$PG_CONFIG" --pkglibdir)"
	fi
}

# start_cluster [setting=value ...]: the environment then leads psql to it
start_cluster()
{
	local setting
	say "Starting a throw-away cluster"
	chmod 755 "$work"
	mkdir "$work/server"
	[ "$(id -u)" != 0 ] || chown postgres "$work/server"
	server_data=$work/server/data
	as_server "$bindir/initdb" -D "$server_data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
		>"$work/initdb.log"
	for setting in "listen_addresses=''" "unix_socket_directories='$work/server'" "port=5432" \
		"fsync=off" "client_min_messages=notice" "$@"
	do
		printf '%s\n' "$setting"
	done | as_server tee -a "$server_data/postgresql.conf" >/dev/null
	as_server "$bindir/pg_ctl" -D "$server_data" -l "$work/server/log" -s -w start
	export PGHOST=$work/server PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	export PATH=$bindir:$PATH
}

stop_cluster()
{
	[ -n "$server_data" ] || return 0
	as_server "$bindir/pg_ctl" -D "$server_data" -s -m fast stop || true
	server_data=
}

finish()
{
	local status=$?
	stop_cluster
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
