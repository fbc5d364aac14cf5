# make, make install, make installcheck: as with every extension built by PGXS.

EXTENSION = tiering
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" tiering.control)
MODULE_big = tiering
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))

# The install script is these, in this order.
SQL_PARTS = schema averages/periods averages/measures series/series series/fx \
	$(addprefix schemes/,scheme publication turn scorecard service policy asset_weight freeze \
		classify authoring document successor validate publish explain preset) \
	movement/state movement/moves history/history \
	$(addprefix movement/,source request refresh restate) \
	$(addprefix reports/,views reports cohort) movement/simulate \
	rights/always rights/roles rights/privileges
PRESETS = $(sort $(wildcard $(srcdir)/sql/presets/*.json))
BUILT_SQL = $(EXTENSION)--$(EXTVERSION).sql
DATA_built = $(BUILT_SQL)
DATA = $(wildcard sql/updates/*.sql)

REGRESS = init $(filter-out init,$(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql))))
# pg_regress of PostgreSQL 15 would run sql/NAME.sql in place of test/sql/NAME.sql
$(if $(filter $(SQL_PARTS),$(REGRESS)),$(error a test must not have the name of a part in sql/ itself))
REGRESS_OPTS = --inputdir=test --load-extension=tiering
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=test/isolation --load-extension=tiering
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

PG_CPPFLAGS = -DTIERING_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare \
	-Werror=implicit-function-declaration
EXTRA_CLEAN = $(BUILT_SQL) test/isolation/output_iso test/isolation/results

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(wildcard $(srcdir)/src/*.h)

# Presets are documents; after them comes what needs none of them.
$(BUILT_SQL): $(SQL_PARTS:%=sql/%.sql) $(PRESETS) tiering.control
	cat $(SQL_PARTS:%=$(srcdir)/sql/%.sql) > $@
	for preset in $(PRESETS); do \
		printf '\nSELECT tiering.add_preset('\''%s'\'', $$json$$' $$(basename $$preset .json); \
		cat $$preset; \
		echo '$$json$$);'; \
	done >> $@
	printf '\nDROP FUNCTION tiering.add_preset(text, jsonb);\n' >> $@
