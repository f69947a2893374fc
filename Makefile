# simgate - one non-recursive Makefile. `make help` lists the targets.

CC       ?= gcc
CXX      ?= g++
AR       ?= ar
PYTHON   ?= /usr/bin/python3
prefix   ?= /usr
DESTDIR  ?=
unitdir  ?= $(prefix)/lib/systemd/system
udevdir  ?= $(prefix)/lib/udev

# V=1 shows every command.
V ?=
Q = $(if $(V),,@echo "  $@";)

# Every core builds, unless -j says otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

# SAN=address,undefined builds into a folder of its own.
SAN      ?=
comma    := ,
BUILD    := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

PARTS    := libuv libserialport sqlite3 libconfig libmicrohttpd jansson libsodium libsystemd icu-i18n icu-uc
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Werror
HARDEN   := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
# The sanitizers' builds are for tests: built fast and with readable stacks. Without the analyses
# of -O2 two of gcc's warnings guess wrongly there.
GUESSES  := $(if $(findstring clang,$(CC)),,-Wno-format-truncation -Wno-maybe-uninitialized)
OPT      ?= $(if $(SAN),-O1 $(GUESSES),-O2) -g
FUZZ_FLAGS ?=
SANFLAGS := $(FUZZ_FLAGS) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
VERSION  := $(shell cat VERSION)

CPPFLAGS += -I. -D_GNU_SOURCE -DSIMGATE_VERSION='"$(VERSION)"' -MMD -MP
PARTS_CFLAGS := $(shell pkg-config --cflags $(PARTS) 2>/dev/null)
CFLAGS   += -std=gnu11 $(WARNINGS) $(OPT) $(HARDEN) $(SANFLAGS)
CXXFLAGS += -std=gnu++17 $(filter-out -Wstrict-prototypes,$(WARNINGS)) $(OPT) $(HARDEN) $(SANFLAGS)
LDFLAGS  += -pie -Wl,-z,relro,-z,now $(SANFLAGS)
PARTS_LIBS := $(shell pkg-config --libs $(PARTS) 2>/dev/null) -lphonenumber -lpthread
CLI_LIBS   := $(shell pkg-config --libs jansson libsodium libcurl sqlite3 2>/dev/null)
SIM_LIBS   := $(shell pkg-config --libs libuv jansson libsodium 2>/dev/null)

# A room is a folder; what a room's tests link shows which rooms it may know.
ROOMS    := base config modem queue service api
room_c    = $(wildcard $(1)/*.c) $(wildcard $(1)/*.cc)
room_o    = $(patsubst %,$(BUILD)/obj/%.o,$(basename $(call room_c,$(1))))
archive   = $(BUILD)/lib$(1).a
archives  = $(foreach r,$(1),$(call archive,$(r)))

KNOWS_base    := base
KNOWS_config  := config base
KNOWS_modem   := modem config base
KNOWS_queue   := queue config base
KNOWS_service := service queue config base
KNOWS_api     := api service queue modem config base
KNOWS_daemon  := api service queue modem config base

DAEMON_O := $(call room_o,daemon)
CLI_O    := $(call room_o,cli)
SIM_O    := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/simulator/*.c))
PROGRAMS := $(BUILD)/simgated $(BUILD)/simgate $(BUILD)/gsm-simulator

UNIT_C    := $(wildcard tests/unit/*/test_*.c)
UNIT_BINS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_C))

.PHONY: all help
all: $(PROGRAMS)

help:
	@echo "make [all]   simgated, simgate and gsm-simulator in $(BUILD)/"
	@echo "make demo    the main job end to end on a simulated modem"
	@echo "make run     simulator and daemon in the foreground, with lines to try"
	@echo "make test    every test, under the sanitizers"
	@echo "make lint    formatting, arrows, cppcheck, clang-tidy, shellcheck"
	@echo "make bench   timing figures, beside the peers that are installed     make bench-million   with 1,000,000 queued"
	@echo "make fuzz    libFuzzer targets, FUZZ_SECONDS=$(FUZZ_SECONDS) each     make fuzz-short   $(FUZZ_SHORT) s each"
	@echo "make torture CYCLES=$(CYCLES)   kills it again and again, then balances the ledger"
	@echo "make hostile   floods of bad clients     make soak SOAK_SECONDS=$(SOAK_SECONDS), or SOAK_MESSAGES=1000000   growth of memory and files"
	@echo "make valgrind, make tsan   traffic and a clean end under each     make coverage   lines and branches by room"
	@echo "make test-operator  the tests that want Prometheus, PHP, Node, Go"
	@echo "make deb     the Debian package     make test-deb   installs, upgrades, purges it in a copy of this system"
	@echo "make test-vm   the same and more in a booted Debian with a modem on USB, emulated (qemu, root)"
	@echo "make deps    installs what is missing     make install DESTDIR= prefix=     make clean"
	@echo "SAN=address,undefined builds into a folder of its own; V=1 shows commands"

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(PARTS_CFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: %.cc
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CPPFLAGS) $(PARTS_CFLAGS) $(CXXFLAGS) -c -o $@ $<

define room_archive
$(call archive,$(1)): $(call room_o,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_archive,$(r))))

$(BUILD)/simgated: $(DAEMON_O) $(call archives,$(KNOWS_daemon))
	$(Q)$(CXX) $(LDFLAGS) -o $@ $(DAEMON_O) -Wl,--start-group $(call archives,$(KNOWS_daemon)) -Wl,--end-group $(PARTS_LIBS)

$(BUILD)/simgate: $(CLI_O) $(call archive,base)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

$(BUILD)/gsm-simulator: $(SIM_O) $(call archive,base)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(SIM_LIBS)

# tests/unit/ROOM/test_X.c links the rooms that ROOM may know, and no others.
define unit_rule
$(BUILD)/unit/$(1)/%: $(BUILD)/obj/tests/unit/$(1)/%.o $(call archives,$(KNOWS_$(1)))
	@mkdir -p $$(@D)
	$$(Q)$$(CXX) $$(LDFLAGS) -o $$@ $$< -Wl,--start-group $(call archives,$(KNOWS_$(1))) -Wl,--end-group $$(PARTS_LIBS) -lcmocka
endef
$(foreach r,$(ROOMS),$(eval $(call unit_rule,$(r))))
.PRECIOUS: $(BUILD)/obj/%.o

.PHONY: unit
unit: $(UNIT_BINS)

# One room's unit tests, built and run: make unit-modem SAN=address,undefined
define unit_room
.PHONY: unit-$(1)
unit-$(1): $(filter $(BUILD)/unit/$(1)/%,$(UNIT_BINS))
	@for t in $$^; do ./$$$$t || exit 1; done
endef
$(foreach r,$(ROOMS),$(eval $(call unit_room,$(r))))

# ---- what must be installed (Debian's packages) ----

DEBS := gcc g++ make pkg-config libuv1-dev libserialport-dev libsqlite3-dev libconfig-dev \
	libmicrohttpd-dev libjansson-dev libphonenumber-dev libicu-dev libsodium-dev \
	libsystemd-dev libcurl4-openssl-dev curl jq
DEBS_TEST := $(DEBS) libcmocka-dev python3 python3-pytest python3-jsonschema python3-yaml valgrind
# What a few of the tests drive if it is there: make test-operator installs it.
DEBS_OPERATOR := $(DEBS_TEST) prometheus php-cli php-curl nodejs golang-go
DEBS_LINT := $(DEBS_TEST) clang clang-format clang-tidy cppcheck shellcheck

.PHONY: deps deps-test deps-lint
deps:
	@tests/install-missing.sh $(DEBS)
deps-test:
	@tests/install-missing.sh $(DEBS_TEST)
deps-lint:
	@tests/install-missing.sh $(DEBS_LINT)

# ---- trying it ----

.PHONY: demo run
demo: deps
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) tests/demo.sh

run: deps
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) tests/demo.sh --stay

# ---- tests ----

# Libraries that tests load before the daemon: a bad disk, a calendar that can be turned on, a
# journal, a death at a chosen point.
PRELOAD_C := $(addprefix tests/integration/,disktrouble.c latertime.c journalsock.c) tests/torture/killpoint.c
PRELOADS  := $(patsubst %.c,$(BUILD)/%.so,$(notdir $(PRELOAD_C)))
vpath %.c $(sort $(dir $(PRELOAD_C)))
$(PRELOADS): $(BUILD)/%.so: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -shared -fPIC -o $@ $< -ldl

.PHONY: test test-build test-thread-build
test: deps-test
	@$(MAKE) --no-print-directory test-build SAN=address,undefined
	@$(MAKE) --no-print-directory test-thread-build SAN=thread
	@$(PYTHON) tests/run.py --build build-address-undefined --thread-build build-thread

# The tests that want other programs: Prometheus, systemd, PHP, Node, Go.
.PHONY: test-operator deps-operator
deps-operator:
	@tests/install-missing.sh $(DEBS_OPERATOR)
test-operator: deps-operator
	@$(MAKE) --no-print-directory test-build SAN=address,undefined
	@SIMGATE_OPENAPI=1 SIMGATE_BUILD=$(CURDIR)/build-address-undefined $(PYTHON) -m pytest -q -p no:cacheprovider \
		$(wildcard $(patsubst %,tests/integration/test_%.py,systemd metrics openapi examples api verification contact reverse))

test-build: all unit $(PRELOADS)
test-thread-build: $(BUILD)/unit/queue/test_store

# Timing figures: printed, never asserted.
BENCH_BINS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))
LOAD_BINS  := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/load_*.c))
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(call archives,$(KNOWS_daemon))
	@mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) -o $@ $< -Wl,--start-group $(call archives,$(KNOWS_daemon)) -Wl,--end-group $(PARTS_LIBS)

.PHONY: bench
bench: deps-test
	@$(MAKE) --no-print-directory -s all bench-build
	@for b in $(BENCH_BINS); do echo "== $$b"; $$b || exit 1; done
	@for b in tests/bench/bench_*.py; do echo "== $$b"; $(PYTHON) $$b --build $(BUILD) || exit 1; done
# The same with 1,000,000 queued: minutes, and 2 GB of disk.
.PHONY: bench-million
bench-million: deps-test
	@$(MAKE) --no-print-directory -s all bench-build
	@$(PYTHON) tests/bench/million.py --build $(BUILD)
.PHONY: bench-build
bench-build: $(BENCH_BINS) $(LOAD_BINS)

# Crashes while clients submit, and the ledger at the end: tests/README.md.
CYCLES ?= 1000
.PHONY: torture torture-build
torture: deps-test
	@$(MAKE) --no-print-directory -s torture-build
	@SIMGATE_BUILD=$(CURDIR)/$(BUILD) $(PYTHON) tests/torture/torture.py --cycles $(CYCLES) $(if $(SEED),--seed $(SEED))
torture-build: all $(PRELOADS)

# Floods of hostile clients; growth over time; the same under valgrind and ThreadSanitizer.
SOAK_SECONDS    ?= 300
SOAK_MESSAGES   ?= 0
SOAK_REOPENINGS ?= 10000
.PHONY: hostile soak valgrind tsan
hostile: deps-test
	@$(MAKE) --no-print-directory -s all
	@SIMGATE_BUILD=$(CURDIR)/$(BUILD) $(PYTHON) tests/torture/hostile.py
soak: deps-test
	@$(MAKE) --no-print-directory -s all bench-build
	@SIMGATE_BUILD=$(CURDIR)/$(BUILD) $(PYTHON) tests/torture/soak.py --seconds $(SOAK_SECONDS) \
		$(if $(filter-out 0,$(SOAK_MESSAGES)),--modems 12 --reopened 8 \
		--messages $(SOAK_MESSAGES) --reopenings $(SOAK_REOPENINGS))
valgrind: deps-test
	@$(MAKE) --no-print-directory -s all
	@SIMGATE_BUILD=$(CURDIR)/$(BUILD) $(PYTHON) tests/torture/soak.py --valgrind --seconds 30
tsan: deps-test
	@$(MAKE) --no-print-directory -s all test-thread-build SAN=thread
	@build-thread/unit/queue/test_store
	@SIMGATE_BUILD=$(CURDIR)/build-thread $(PYTHON) tests/torture/soak.py --seconds 30

# Lines and branches that unit and integration tests reach, by room.
.PHONY: coverage coverage-build
coverage: deps-test
	@$(MAKE) --no-print-directory coverage-build BUILD=build-coverage OPT='-O0 -g --coverage -Wno-format-truncation -Wno-maybe-uninitialized' HARDEN= LDFLAGS=--coverage
	@$(PYTHON) tests/coverage.py --build build-coverage $(COVERAGE)
coverage-build: test-build

# libFuzzer targets under ASan and UBSan, as many at once as there are cores: tests/README.md.
FUZZ_SECONDS ?= 60
FUZZ_SHORT   ?= 20
FUZZ_C    := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_MAKE := $(MAKE) --no-print-directory fuzz-build CC=clang CXX=clang++ SAN=address,undefined BUILD=build-fuzz \
		FUZZ_FLAGS=-fsanitize=fuzzer-no-link
.PHONY: fuzz fuzz-short fuzz-build
fuzz: deps-lint
	@$(FUZZ_MAKE)
	@$(PYTHON) tests/fuzz/run.py --build build-fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)
fuzz-short: deps-lint
	@$(FUZZ_MAKE)
	@$(PYTHON) tests/fuzz/run.py --build build-fuzz --seconds $(FUZZ_SHORT)
fuzz-build: $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_C))
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(call archives,$(KNOWS_daemon))
	@mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(call archives,$(KNOWS_daemon)) -Wl,--end-group \
		$(PARTS_LIBS) -lcmocka

# ---- lint ----

LINT_ALL  := $(foreach d,$(ROOMS) daemon cli tests/unit tests/unit/* tests/fuzz tests/torture tests/bench tests/simulator tests/integration,\
		$(wildcard $(d)/*.c $(d)/*.h $(d)/*.cc))
LINT_TIDY := $(filter %.c,$(foreach d,$(ROOMS) daemon cli tests/simulator,$(wildcard $(d)/*.c)))

.PHONY: lint
lint: deps-lint
	@echo "clang-format" && clang-format --dry-run -Werror $(sort $(LINT_ALL))
	@echo "arrows" && tests/arrows.sh
	@echo "shellcheck" && shellcheck .ci/run tests/*.sh tests/*/*.sh docs/examples/*.sh docs/completion/*.bash
	@echo "cppcheck" && cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr -j2 --library=tests/cppcheck.cfg \
		--enable=warning,portability --suppress=missingIncludeSystem --suppress=varFuncNullUB \
		-I. -D_GNU_SOURCE -DSIMGATE_VERSION='""' $(LINT_TIDY)
	@echo "clang-tidy" && printf '%s\n' $(LINT_TIDY) | xargs -P2 -I{} \
		clang-tidy --quiet --warnings-as-errors='*' {} -- -std=gnu11 -I. -D_GNU_SOURCE \
		-DSIMGATE_VERSION='""' 2>&1 | { ! grep -E 'warning:|error:'; }
	@echo "lint: clean"

# ---- installing ----

# build/deb/simgate_VERSION_ARCH.deb
DEBS_DEB := $(DEBS) debhelper dpkg-dev fakeroot lintian bash-completion
.PHONY: deps-deb deb test-deb
deps-deb:
	@tests/install-missing.sh $(DEBS_DEB)
deb: deps-deb
	@tests/deb/build.sh
# Builds it, then installs, upgrades, removes and purges it in a copy of this system: wants root.
test-deb: deb
	@tests/deb/test.sh
# The same and more in a booted Debian, with the simulator behind a USB serial adapter: tests/README.md.
.PHONY: test-vm
test-vm: deb
	@tests/install-missing.sh $(DEBS) python3 e2fsprogs debootstrap qemu-system-x86
	@$(MAKE) --no-print-directory -s $(BUILD)/gsm-simulator
	@tests/vm/image.sh build/deb/simgate_$(VERSION)_*.deb
	@$(PYTHON) tests/vm/run.py build/deb/simgate_$(VERSION)_*.deb

.PHONY: install
install: all
	install -D -m 0755 $(BUILD)/simgated $(DESTDIR)$(prefix)/sbin/simgated
	install -D -m 0755 $(BUILD)/simgate $(DESTDIR)$(prefix)/bin/simgate
	[ -e $(DESTDIR)/etc/simgate/simgate.conf ] || \
		install -D -m 0640 config/simgate.conf $(DESTDIR)/etc/simgate/simgate.conf
	install -D -m 0644 docs/man/simgated.8 $(DESTDIR)$(prefix)/share/man/man8/simgated.8
	install -D -m 0644 docs/man/simgate.1 $(DESTDIR)$(prefix)/share/man/man1/simgate.1
	install -D -m 0644 docs/man/simgate.conf.5 $(DESTDIR)$(prefix)/share/man/man5/simgate.conf.5
	install -D -m 0644 docs/completion/simgate.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/simgate
	install -d $(DESTDIR)$(unitdir) $(DESTDIR)$(udevdir)/rules.d $(DESTDIR)$(prefix)/lib/sysusers.d \
		$(DESTDIR)$(prefix)/lib/tmpfiles.d $(DESTDIR)$(prefix)/share/doc/simgate/examples
	sed 's|/usr/sbin/|$(prefix)/sbin/|' systemd/simgated.service > $(DESTDIR)$(unitdir)/simgated.service
	sed 's|/usr/sbin/|$(prefix)/sbin/|' systemd/simgate-key.service > $(DESTDIR)$(unitdir)/simgate-key.service
	install -m 0644 systemd/simgated.socket systemd/simgated-metrics.socket $(DESTDIR)$(unitdir)
	install -m 0644 systemd/simgate.sysusers $(DESTDIR)$(prefix)/lib/sysusers.d/simgate.conf
	install -m 0644 systemd/simgate.tmpfiles $(DESTDIR)$(prefix)/lib/tmpfiles.d/simgate.conf
	install -m 0644 systemd/70-simgate.rules $(DESTDIR)$(udevdir)/rules.d/70-simgate.rules
	install -m 0644 docs/monitoring/alerts.yml docs/monitoring/grafana.json \
		$(DESTDIR)$(prefix)/share/doc/simgate/examples
	install -m 0644 docs/examples/verify.* $(DESTDIR)$(prefix)/share/doc/simgate/examples
	install -D -m 0644 docs/openapi.yaml $(DESTDIR)$(prefix)/share/doc/simgate/openapi.yaml
	install -m 0644 docs/troubleshooting.md docs/upgrade-from-smstools-gammu.md $(DESTDIR)$(prefix)/share/doc/simgate
	install -m 0644 systemd/simgated-network.conf systemd/simgated-power.conf config/examples/*.conf \
		$(DESTDIR)$(prefix)/share/doc/simgate/examples

.PHONY: clean
clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
