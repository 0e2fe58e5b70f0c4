# What this file knows: how to build, try, check and install bc260y.
# What it does not know: which packages are needed (.ci/deps.sh) and how a part of
# the check is run and counted (.ci/part.sh).
#
# All that is built lands in build/. `make help` lists the targets.

ifeq ($(origin CC),default)
CC = gcc
endif
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
DESTDIR ?=
FUZZ_SECONDS ?= 60

WARN = -Wall -Wextra -Wconversion -Wshadow -Wpedantic
C11 = -std=c11 $(WARN) -Icsrc -MMD -MP
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# --- which Luas -------------------------------------------------------------
# With LUA (a command) or LUA_INCDIR: that one. Without: each one that is installed.
pc_5.1 = lua5.1
pc_5.2 = lua5.2
pc_5.3 = lua5.3
pc_5.4 = lua5.4
pc_jit = luajit
lua_5.1 = lua5.1
lua_5.2 = lua5.2
lua_5.3 = lua5.3
lua_5.4 = lua5.4
lua_jit = luajit

ASK_LUA = print(jit and "jit" or _VERSION:match("%d%.%d"))
ASK_HEADER = $(firstword $(shell awk '/define[ \t]+LUAJIT_VERSION[ \t]/ {print "jit"; exit}' \
	$(LUA_INCDIR)/luajit.h 2>/dev/null) $(shell awk '/define[ \t]+LUA_VERSION_NUM/ \
	{print int($$3 / 100) "." $$3 % 100; exit}' $(LUA_INCDIR)/lua.h 2>/dev/null))

ifneq ($(LUA),)
VERSIONS := $(shell $(LUA) -e '$(ASK_LUA)')
ifeq ($(VERSIONS),)
$(error LUA=$(LUA) does not run)
endif
else ifneq ($(LUA_INCDIR),)
VERSIONS := $(ASK_HEADER)
ifeq ($(VERSIONS),)
$(error LUA_INCDIR=$(LUA_INCDIR) holds no lua.h)
endif
else
VERSIONS := $(foreach v,5.1 5.2 5.3 5.4 jit,$(shell $(PKG_CONFIG) --exists $(pc_$(v)) 2>/dev/null && echo $(v)))
endif
incdir = $(if $(LUA_INCDIR),-I$(LUA_INCDIR),$(shell $(PKG_CONFIG) --cflags $(pc_$(1))))

# --- sources ----------------------------------------------------------------
HOST_C := csrc/lua_host.c
BIND_C := $(filter-out $(HOST_C),$(wildcard csrc/lua_*.c))
PORT_C := $(wildcard csrc/port_*.c)
CORE_C := $(filter-out $(HOST_C) $(BIND_C) $(PORT_C),$(wildcard csrc/*.c))
TEST_C := $(wildcard spec/c/*_test.c)
FUZZ_C := $(wildcard spec/fuzz/*.c)

objs = $(patsubst csrc/%.c,build/$(1)/%.o,$(2))
SERIAL_CFLAGS = $(shell $(PKG_CONFIG) --cflags libserialport)
SERIAL_LIBS = $(shell $(PKG_CONFIG) --libs libserialport)

.PHONY: help build demo check lint test-c spec docs fuzz bench valgrind coverage freestanding model \
	endure mutants deps install uninstall clean format rockspec
.DELETE_ON_ERROR:
.SECONDARY:

help:
	@sed -n 's/^#: //p' Makefile

#: make demo          the whole road in one screen; installs what is missing
#: make check         lint, C tests, specs on five Luas, fuzz corpus: N passed, N failed
#: make build         core.so and host.so for each Lua installed, or for LUA=lua5.4
#: make deps          what is missing from Debian's packages, and why
#: make lint          luacheck, warnings as errors, layout
#: make test-c        the C tests, plain and under ASan and UBSan
#: make spec          the unit specs on each Lua
#: make docs          writes docs/commands.md by trying each row of it
#: make fuzz          libFuzzer on each target for FUZZ_SECONDS (60)
#: make simulate      seeded years of faults: SEEDS (1000) from FIRST (1) on in each MODE
#: make freestanding  sizes on bare Cortex-M0 and M4
#: make model         spin searches every state of spec/model/, and finds its mutants
#: make mutants       each deliberate fault of spec/mutants/ is found, or those of MUTANTS=
#: make coverage      what of csrc/ the C tests and the specs run: lines and branches
#: make valgrind      C tests and specs under valgrind
#: make endure        real files, ptys and processes, killed a hundred times a minute; RUNS=10
#: make bench         against baselines in the same run
#: make install       for each Lua installed, or LUA=...; PREFIX, DESTDIR, LUADIR, LIBDIR, BINDIR
#: make uninstall     what install put there
#: make rockspec      writes the lists of files in rockspec/
#: make clean         removes build/

deps:
	@.ci/deps.sh demo check

# --- the Lua modules --------------------------------------------------------
build: $(foreach v,$(VERSIONS),build/$(v)/bc260y/core.so build/$(v)/bc260y/host.so)
ifeq ($(VERSIONS),)
	@echo "build: no Lua with headers found: make deps, or give LUA and LUA_INCDIR" >&2; exit 1
endif

# Shared by all Luas; hidden, so that core.so exports its luaopen alone.
build/pic/%.o: csrc/%.c
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) -fPIC -fvisibility=hidden $(SERIAL_CFLAGS) -c $< -o $@

define lua_rules
build/$(1)/%.o: csrc/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(C11) $$(CFLAGS) -fPIC $$(call incdir,$(1)) $$(SERIAL_CFLAGS) -c $$< -o $$@

build/$(1)/bc260y/core.so: $$(call objs,$(1),$$(BIND_C)) $$(call objs,pic,$$(CORE_C) $$(PORT_C))
	@mkdir -p $$(@D)
	$$(CC) -shared $$(LDFLAGS) -o $$@ $$^ $$(SERIAL_LIBS)

build/$(1)/bc260y/host.so: $$(call objs,$(1),$$(HOST_C))
	@mkdir -p $$(@D)
	$$(CC) -shared $$(LDFLAGS) -o $$@ $$^
endef
$(foreach v,5.1 5.2 5.3 5.4 jit,$(eval $(call lua_rules,$(v))))

# --- C tests ----------------------------------------------------------------
# A test names what it needs beside the core on lines of their own:
# /* needs: port_tty.c port_net.c */  and  /* libs: libserialport */
# and the functions whose calls go to its own __wrap_NAME: /* wraps: read write */
named = $(shell sed -n 's,^/\* $(1): \(.*\) \*/$$,\1,p' $(2))
needs = $(patsubst %.c,build/$(1)/%.o,$(call named,needs,$(2)))
libs = $(foreach l,$(call named,libs,$(1)),$(shell $(PKG_CONFIG) --libs $(l)))
comma = ,
wraps = $(patsubst %,-Wl$(comma)--wrap=%,$(call named,wraps,$(1)))
# The bindings are tested on one Lua: a test that needs them names it in libs.
TEST_CFLAGS = $(SERIAL_CFLAGS) $(shell $(PKG_CONFIG) --cflags lua5.4 2>/dev/null)

build/plain/%.o: csrc/%.c
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(TEST_CFLAGS) -c $< -o $@

build/san/%.o: csrc/%.c
	@mkdir -p $(@D)
	$(CC) $(C11) -O1 -g $(SANITIZE) $(TEST_CFLAGS) -c $< -o $@

build/plain/test/%.o: spec/c/%.c
	@mkdir -p $(@D)
	$(CC) $(C11) -Ispec/c $(CFLAGS) $(TEST_CFLAGS) -c $< -o $@

build/san/test/%.o: spec/c/%.c
	@mkdir -p $(@D)
	$(CC) $(C11) -Ispec/c -O1 -g $(SANITIZE) $(TEST_CFLAGS) -c $< -o $@

# An archive, so that a test of the framer needs no codec.
build/plain/libcore.a: $(call objs,plain,$(CORE_C))
	@rm -f $@ && ar rcs $@ $^
build/san/libcore.a: $(call objs,san,$(CORE_C))
	@rm -f $@ && ar rcs $@ $^

define test_rules
build/$(1)/$(2): build/$(1)/test/$(2).o $$(call needs,$(1),spec/c/$(2).c) build/$(1)/libcore.a
	$$(CC) $$(if $$(filter san,$(1)),$$(SANITIZE)) $$(LDFLAGS) -o $$@ $$^ \
		$$(call wraps,spec/c/$(2).c) $$(call libs,spec/c/$(2).c)
endef
TESTS := $(notdir $(TEST_C:.c=))
$(foreach t,$(TESTS),$(eval $(call test_rules,plain,$(t))) $(eval $(call test_rules,san,$(t))))

.PHONY: tests-plain tests-san
tests-plain: $(TESTS:%=build/plain/%)
tests-san: $(TESTS:%=build/san/%)

test-c: tests-plain tests-san
	@.ci/tests.sh build/plain $(TESTS)
	@.ci/tests.sh build/san $(TESTS)

# --- specs ------------------------------------------------------------------
# One Lua: make spec-5.4 [SPECS=spec/framer_spec.lua] [BUSTED=--tags=integration]
SPECS ?= spec
BUSTED ?= --exclude-tags=integration
SPEC_TARGETS := $(foreach v,5.1 5.2 5.3 5.4 jit,spec-$(v))
.PHONY: $(SPEC_TARGETS)
spec: $(VERSIONS:%=spec-%)
$(SPEC_TARGETS): spec-%: build
	@.ci/spec.sh $* $(BUSTED) $(SPECS)

# Its rows are in spec/commands/; .ci/check.sh fails when the page is out of date.
docs: build
	@.ci/docs.sh write

# --- demo, check ------------------------------------------------------------
# The packages come first, so what asks pkg-config is made by a second make.
demo:
	@.ci/deps.sh demo
	@$(MAKE) --no-print-directory -s -j2 build
	@.ci/demo.sh

check:
	@.ci/deps.sh check
	@.ci/check.sh

lint:
	@CC="$(CC)" WARN="$(WARN)" .ci/lint.sh

format:
	clang-format -i csrc/*.[ch] spec/c/*.[ch] $(FUZZ_C)

# --- fuzzing ----------------------------------------------------------------
FUZZ_TARGETS ?= $(notdir $(FUZZ_C:.c=))
FUZZ_CC ?= clang

# The replay needs no clang: a main of our own goes through the files. In an
# archive, so that a target may bring its own main under REPLAY.
build/replay/main.o: .ci/replay.c
	@mkdir -p $(@D)
	$(CC) $(C11) -O1 -g $(SANITIZE) -c $< -o $@
build/replay/libmain.a: build/replay/main.o
	@rm -f $@ && ar rcs $@ $^
build/replay/%: spec/fuzz/%.c build/replay/libmain.a build/san/libcore.a
	$(CC) $(C11) -Ispec/fuzz -DREPLAY -O1 -g $(SANITIZE) -MF $@.d -o $@ $< \
		build/replay/libmain.a build/san/libcore.a

build/fuzz/%: spec/fuzz/%.c $(CORE_C) $(wildcard csrc/*.h spec/fuzz/*.h)
	@mkdir -p $(@D)
	$(FUZZ_CC) -std=c11 $(WARN) -Icsrc -Ispec/fuzz -O2 -g -fno-omit-frame-pointer \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(CORE_C)

.PHONY: replay replay-build fuzzers
replay-build: $(FUZZ_C:spec/fuzz/%.c=build/replay/%)
replay: replay-build
	@.ci/replay.sh $(notdir $(FUZZ_C:.c=))
fuzzers: $(FUZZ_TARGETS:%=build/fuzz/%)
fuzz:
	@.ci/deps.sh fuzz
	@$(MAKE) --no-print-directory -s -j2 fuzzers FUZZ_TARGETS="$(FUZZ_TARGETS)"
	@.ci/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# --- the simulation ---------------------------------------------------------
SEEDS ?= 1000
FIRST ?= 1
.PHONY: simulate
simulate:
	@.ci/deps.sh check
	@$(MAKE) --no-print-directory -s -j2 build
	@.ci/simulate.sh $(or $(LUA),lua5.4) $(FIRST) $(SEEDS) $(or $(MODE),both) 2

# --- the rest ---------------------------------------------------------------
freestanding:
	@.ci/deps.sh freestanding
	@.ci/freestanding.sh

model:
	@.ci/deps.sh model
	@CC="$(CC)" .ci/model.sh

mutants:
	@.ci/deps.sh check mutants
	@CC="$(CC)" .ci/mutants.sh $(MUTANTS)

valgrind:
	@.ci/deps.sh check valgrind
	@$(MAKE) --no-print-directory -s -j2 build tests-plain
	@.ci/valgrind.sh $(TESTS)

# RUNS, SEED, DURATION, KILLS and MODE: see spec/endurance/main.lua
endure:
	@.ci/deps.sh check
	@$(MAKE) --no-print-directory -s -j2 build
	@RUNS="$(RUNS)" SEED="$(SEED)" DURATION="$(DURATION)" KILLS="$(KILLS)" MODE="$(MODE)" \
		.ci/endure.sh

coverage:
	@.ci/deps.sh check coverage
	@.ci/coverage.sh

# Baselines and core get the same compiler and the same flags.
BENCH_H := $(wildcard csrc/*.h spec/bench/*.h)
build/bench/%: spec/bench/%.c $(BENCH_H)
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARN) -Icsrc $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^)
build/bench/bench: spec/bench/base.c csrc/framer.c

bench:
	@.ci/deps.sh check bench
	@$(MAKE) --no-print-directory -s -j2 build build/bench/bench build/bench/responder
	@.ci/bench.sh $(LUA)

# The rockspec names every file; .ci/rockspec.sh fails when it is out of date.
rockspec:
	@lua5.4 .ci/rockspec.lua $$(.ci/files.sh | grep -E '^(csrc|lua)/') \
		>build/rockspec && mv build/rockspec rockspec/bc260y-scm-1.rockspec

install: build
	@LUA="$(LUA)" LUADIR="$(LUADIR)" LIBDIR="$(LIBDIR)" BINDIR="$(BINDIR)" PREFIX="$(PREFIX)" \
		DESTDIR="$(DESTDIR)" .ci/install.sh install $(VERSIONS)

uninstall:
	@LUA="$(LUA)" LUADIR="$(LUADIR)" LIBDIR="$(LIBDIR)" BINDIR="$(BINDIR)" PREFIX="$(PREFIX)" \
		DESTDIR="$(DESTDIR)" .ci/install.sh uninstall $(VERSIONS)

clean:
	rm -rf build

-include $(wildcard build/*/*.d build/*/test/*.d)
