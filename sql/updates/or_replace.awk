# Makes of parts of the install script what an update runs. Read with what=
#	code		the same statements, those that make something given to put(), which
#				replaces what is there; see tools.sql
#	comments	the comments alone: of tables, which are altered by hand
#	names		the functions, views and types that there are, for those that are gone

# What a statement of this kind is given to, with the name of what it makes. That of a
# function is in its comment, which has the types of its arguments alone.
function put(kind, statement, name)
{
	if (kind ~ /^(FUNCTION|PROCEDURE|AGGREGATE|VIEW)$/) {
		sub(/^CREATE /, "CREATE OR REPLACE ", statement)
		printf "SELECT tiering_update.put('%s', '%s', $put$%s$put$);\n", kind, name, statement
	} else if (statement ~ /^CREATE TYPE [^ ]+ AS /)
		printf "SELECT tiering_update.put_type('%s', $put$%s$put$);\n", name, statement
	else
		printf "SELECT tiering_update.put_once($put$%s$put$);\n", statement
}

function fail(message)
{
	printf "%s: %s\n", FILENAME, message > "/dev/stderr"
	failed = 1
	exit 1
}

# the first line of a statement
what != "comments" && made == "" && !commenting \
		&& /^CREATE (FUNCTION|PROCEDURE|AGGREGATE|VIEW|TYPE|OPERATOR|CAST|SCHEMA) / {
	if (pending != "")
		fail("no COMMENT behind " pending)
	kind = $2
	name = $3
	sub(/;$/, "", name)
	made = FILENAME " " name
	statement = ""
	atomic = quoted = 0
}

made != "" {
	statement = statement (statement == "" ? "" : "\n") $0
	if (/^BEGIN ATOMIC/)
		atomic = 1
	quoted = (quoted + gsub(/\$\$/, "$$")) % 2
	line = $0
	if (!quoted && !atomic)
		sub(/[ \t]*--.*/, "", line)
	if (!quoted && (atomic ? line == "END;" : line ~ /;$/)) {
		if (kind ~ /^(FUNCTION|PROCEDURE|AGGREGATE|VIEW)$/)
			pending = made
		else if (what == "code")
			put(kind, statement, name)
		if (kind == "TYPE" && statement ~ /^CREATE TYPE [^ ]+ AS / && what == "names")
			printf "\t('TYPE', '%s'),\n", name
		made = ""
	}
	next
}

/^COMMENT ON / { commenting = 1; comment = "" }

# its name may take more than one line
commenting && pending != "" {
	comment = comment (comment == "" ? "" : "\n") $0
	if (comment !~ / IS( .*)?$/)
		next
	name = comment
	gsub(/\n[ \t]*/, " ", name)
	if (!sub("^COMMENT ON " kind " ", "", name) || !sub(/ IS( .*)?$/, "", name))
		fail("no COMMENT behind " pending)
	if (what == "code")
		put(kind, statement, name)
	else if (what == "names")
		printf "\t('%s', '%s'),\n", kind, name
	pending = ""
	$0 = comment
}

what == "code" || what == "comments" && commenting { print }
commenting && /;$/ { commenting = 0 }

END {
	if (!failed && (made != "" || pending != ""))
		fail("unfinished: " made pending)
	exit failed
}
