# make, make install, make installcheck: as with every extension built by PGXS.

# A build in a folder of its own: make -f $SRC/Makefile VPATH=$SRC. What is built in the sources
# would be found there, and not be made here.
srcdir = $(if $(VPATH),$(VPATH),.)
ELSEWHERE = $(filter-out $(realpath .),$(realpath $(VPATH)))
$(if $(ELSEWHERE),$(if $(filter-out %clean doc dist parts,$(or $(MAKECMDGOALS),all)),\
	$(if $(wildcard $(addprefix $(srcdir)/,src/*.o src/*.bc *.so *.dylib tiering--*.sql)),\
		$(error $(srcdir) has been built in: run make clean there first))))

EXTENSION = tiering
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(srcdir)/tiering.control)
MODULE_big = tiering
OBJS = $(patsubst $(srcdir)/%.c,%.o,$(sort $(wildcard $(srcdir)/src/*.c)))
$(if $(VPATH),$(shell mkdir -p src))

# The install script is these, in this order: what tables call, tables, and code.
TABLE_PARTS = $(addprefix tables/,fx_rate calendar_day scheme publication drafting scorecard \
	service policy asset_weight preset assignment assessment matrix near source_digest \
	history archive alias source limit dimension trusted_login report_right request writing \
	dirty run by_customer)
CODE_PARTS = scale/workers \
	$(addprefix averages/,periods calendars measures rows accounts days) \
	series/series series/accounts series/fx $(addprefix averages/,findings range_findings \
		day_findings checks) series/rate_checks \
	$(addprefix schemes/,publication turn asset_weight freeze classify lack authoring document \
		successor direction validate publish four_eyes explain preset) \
	rights/reader $(addprefix history/,history number archive) \
	$(addprefix movement/,decide source request distribution assessment matrix current record \
		dimension assess refresh run limit check dirty watch replay keep_replay repeat load \
		restate void rename merge forget simulate) \
	$(addprefix reports/,distribution matrix retention shortfall outlook benefit near customer \
		status dimension run page) \
	$(addprefix scale/,schemes settings shards refresh reports) \
	$(addprefix history/,verify_state backup) $(addprefix rights/,always roles privileges guard)
CALLED_PARTS = schema schemes/bounds movement/binding rights/who
SQL_PARTS = $(CALLED_PARTS) $(TABLE_PARTS) $(CODE_PARTS)
PRESETS = $(sort $(wildcard $(srcdir)/sql/presets/*.json))
# From each version before there is one update to this one: see sql/updates/tools.sql. Here
# is what was written by hand for it, from one version to the next, in the order of versions.
UPDATE_STEPS = 0.1.0--0.2.0
UPDATES_FROM = $(foreach step,$(UPDATE_STEPS),$(firstword $(subst --, ,$(step))))

BUILT_SQL = $(EXTENSION)--$(EXTVERSION).sql
BUILT_UPDATES = $(UPDATES_FROM:%=$(EXTENSION)--%--$(EXTVERSION).sql)
DATA_built = $(BUILT_SQL) $(BUILT_UPDATES)

# Those that ask of all schemes come first, while there are few. test/run has some be run beside.
REGRESS_FIRST = init row_policies rights
REGRESS = $(REGRESS_FIRST) $(filter-out $(REGRESS_FIRST) $(REGRESS_BESIDE), \
	$(basename $(notdir $(sort $(wildcard $(srcdir)/test/sql/*.sql)))))
# pg_regress of PostgreSQL 15 would run sql/NAME.sql instead of test/sql/NAME.sql
$(if $(filter $(SQL_PARTS),$(REGRESS)),\
	$(error a test must not have the name of a part in sql/ itself))
REGRESS_OPTS = --inputdir=test --load-extension=tiering
ISOLATION = init $(filter-out init, \
	$(basename $(notdir $(sort $(wildcard $(srcdir)/test/isolation/specs/*.spec)))))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=test/isolation --load-extension=tiering
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

PG_CPPFLAGS = -DTIERING_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare \
	-Werror=implicit-function-declaration
ISOLATION_INIT = test/isolation/specs/init.spec
EXTRA_CLEAN = $(DATA_built) $(DIST_TO) $(ISOLATION_INIT) \
	test/isolation/output_iso test/isolation/results

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(wildcard $(srcdir)/src/*.h)

# Nothing is left that was built by half.
.DELETE_ON_ERROR:

# Presets are documents; after them comes what needs none of them.
ADD_PRESETS = for preset in $(PRESETS); do \
		printf '\nSELECT _tiering.add_preset('\''%s'\'', $$json$$' $$(basename $$preset .json); \
		cat $$preset; \
		echo '$$json$$);'; \
	done; \
	printf '\nDROP FUNCTION _tiering.add_preset(text, jsonb);\n'

$(BUILT_SQL): $(SQL_PARTS:%=$(srcdir)/sql/%.sql) $(PRESETS) $(srcdir)/tiering.control \
		$(srcdir)/Makefile
	{ cat $(SQL_PARTS:%=$(srcdir)/sql/%.sql); $(ADD_PRESETS); } > $@

OR_REPLACE = awk -f $(srcdir)/sql/updates/or_replace.awk
# the steps from a version on
steps_from = $(if $(filter $(1)--%,$(firstword $(2))),$(2),\
	$(if $(2),$(call steps_from,$(1),$(wordlist 2,$(words $(2)),$(2)))))

$(BUILT_UPDATES): $(EXTENSION)--%--$(EXTVERSION).sql: $(BUILT_SQL) \
		$(wildcard $(srcdir)/sql/updates/*)
	{ cat $(srcdir)/sql/updates/tools.sql && \
		echo 'INSERT INTO tiering_update.name (kind, name) VALUES' && \
		$(OR_REPLACE) what=names $(SQL_PARTS:%=$(srcdir)/sql/%.sql) | sed '$$s/,$$/;/' && \
		cat $(srcdir)/sql/updates/begin.sql && \
		$(OR_REPLACE) what=code $(CALLED_PARTS:%=$(srcdir)/sql/%.sql) && \
		cat $(patsubst %,$(srcdir)/sql/updates/%.sql,$(call steps_from,$*,$(UPDATE_STEPS))) && \
		$(OR_REPLACE) what=comments $(TABLE_PARTS:%=$(srcdir)/sql/%.sql) && \
		$(OR_REPLACE) what=code $(CODE_PARTS:%=$(srcdir)/sql/%.sql) && \
		$(ADD_PRESETS) && cat $(srcdir)/sql/updates/end.sql; } > $@

# What the isolation specs share with the other tests. A spec cannot include a file.
installcheck: $(ISOLATION_INIT)
$(ISOLATION_INIT): test/invariants.sql
	{ echo 'setup { CREATE SCHEMA t; }'; echo 'setup'; echo '{'; cat $<; echo '}'; \
		echo 'session s'; echo 'step check { SELECT * FROM t.invariants(); }'; } > $@

# The reference, from the comments in the catalogue
.PHONY: doc
doc:
	PG_CONFIG=$(PG_CONFIG) $(srcdir)/test/reference

# What PGXN takes: the sources as they are committed, in a folder of their name
DIST = $(EXTENSION)-$(EXTVERSION)
DIST_TO = $(DIST).zip
.PHONY: dist
dist:
	git -C $(srcdir) archive --format=zip --prefix=$(DIST)/ --output=$(abspath $(DIST_TO)) HEAD

# For test/lint
.PHONY: parts
parts:
	@echo $(SQL_PARTS)
