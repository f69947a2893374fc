# simgate - one non-recursive Makefile. `make help` lists the targets.

CC       ?= gcc
CXX      ?= g++
AR       ?= ar
PYTHON   ?= /usr/bin/python3
prefix   ?= /usr
DESTDIR  ?=

# SAN=address,undefined builds into a folder of its own.
SAN      ?=
comma    := ,
BUILD    := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

PARTS    := libuv libserialport sqlite3 libconfig libmicrohttpd jansson libsodium libsystemd icu-i18n icu-uc
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Werror
HARDEN   := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
OPT      ?= -O2 -g
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
VERSION  := $(shell cat VERSION)

CPPFLAGS += -I. -D_GNU_SOURCE -DSIMGATE_VERSION='"$(VERSION)"' -MMD -MP
PARTS_CFLAGS = $(shell pkg-config --cflags $(PARTS))
CFLAGS   += -std=gnu11 $(OPT) $(WARNINGS) $(HARDEN) $(SANFLAGS)
CXXFLAGS += -std=gnu++17 $(OPT) $(filter-out -Wstrict-prototypes,$(WARNINGS)) $(HARDEN) $(SANFLAGS)
LDFLAGS  += -pie -Wl,-z,relro,-z,now $(SANFLAGS)
PARTS_LIBS = $(shell pkg-config --libs $(PARTS)) -lphonenumber -lpthread

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

.PHONY: all
all: $(PROGRAMS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(PARTS_CFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(PARTS_CFLAGS) $(CXXFLAGS) -c -o $@ $<

define room_archive
$(call archive,$(1)): $(call room_o,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_archive,$(r))))

$(BUILD)/simgated: $(DAEMON_O) $(call archives,$(KNOWS_daemon))
	$(CXX) $(LDFLAGS) -o $@ $(DAEMON_O) -Wl,--start-group $(call archives,$(KNOWS_daemon)) -Wl,--end-group $(PARTS_LIBS)

$(BUILD)/simgate: $(CLI_O) $(call archive,base)
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs jansson libsodium libcurl)

$(BUILD)/gsm-simulator: $(SIM_O) $(call archive,base)
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libuv jansson libsodium)

# tests/unit/ROOM/test_X.c links the rooms that ROOM may know, and no others.
define unit_rule
$(BUILD)/unit/$(1)/%: $(BUILD)/obj/tests/unit/$(1)/%.o $(call archives,$(KNOWS_$(1)))
	@mkdir -p $$(@D)
	$$(CXX) $$(LDFLAGS) -o $$@ $$< -Wl,--start-group $(call archives,$(KNOWS_$(1))) -Wl,--end-group $$(PARTS_LIBS) -lcmocka
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

.PHONY: clean
clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
