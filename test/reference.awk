# What test/reference.sql has to know of the sources and the catalogue does not say, a line
# each: the part in which something is made, and the conditions under which errors are.
#
#	part|folder|what|name		part|averages|function|tiering.month(date,int)
#	error|condition				error|no_data_found

FNR == 1 { folder = FILENAME; sub(/^.*sql\//, "", folder); sub(/\/.*/, "", folder) }

# the types of a function's arguments are in its comment
/^COMMENT ON (FUNCTION|PROCEDURE|AGGREGATE) tiering\./ { name = "" }
/^COMMENT ON (FUNCTION|PROCEDURE|AGGREGATE) tiering\./, / IS$/ {
	name = name " " $0
	if (/ IS$/ && folder != "updates") {
		sub(/^ COMMENT ON (FUNCTION|PROCEDURE|AGGREGATE) /, "", name)
		sub(/ IS$/, "", name)
		print "part|" folder "|function|" name
	}
}

folder != "updates" && /^CREATE (VIEW|TABLE|TYPE) tiering\./ {
	name = $3
	sub(/;$/, "", name)
	print "part|" folder "|relation|" name
}

match($0, /ERRCODE = '[A-Za-z0-9_]+'/) {
	print "error|" substr($0, RSTART + 11, RLENGTH - 12)
}
match($0, /ERRCODE_[A-Z_]+/) && !/#/ {
	print "error|" tolower(substr($0, RSTART + 8, RLENGTH - 8))
}
