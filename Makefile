# edgesweep: build, test, install.  `make help` lists the targets.
#
# Each flavour builds in its own directory: release in build/, any other in build/FLAVOUR/ (BUILD= puts them elsewhere).
# A change of compiler or flags rebuilds what it touches; header dependencies come from the compiler.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

VERSION := $(shell sed -n 's/^.define EDGESWEEP_VERSION "\(.*\)"/\1/p' include/edgesweep/version.h)

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
# Where the system's Python looks under PREFIX.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
PYTHONDIR ?= $(or $(shell $(PYTHON) -c 'import site; print(next(p for p in site.getsitepackages() if p.startswith("$(PREFIX)/lib/")))' 2>/dev/null),$(PREFIX)/lib/python3/dist-packages)
INSTALL ?= install

# ---- Flavours: default compiler flags, sanitizers, compiler ----
FLAVOUR ?= release
flags_release := -O3 -g1
flags_clang := -O3 -g1
flags_debug := -O0 -g
flags_asan := -O1 -g -fno-omit-frame-pointer
flags_ubsan := -O1 -g
flags_tsan := -O1 -g
flags_coverage := -O1 -fno-inline -g -Wno-maybe-uninitialized
flags_fuzz := -O1 -g -fno-omit-frame-pointer
instrument_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
instrument_ubsan := -fsanitize=undefined -fno-sanitize-recover=all
instrument_tsan := -fsanitize=thread
instrument_coverage := --coverage -fprofile-update=single
instrument_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

ifeq ($(origin CC),default)
CC := $(if $(filter clang tsan fuzz,$(FLAVOUR)),clang,cc)
endif
# Compiles what runs while building; a cross compiler's programs cannot.
HOSTCC ?= $(if $(findstring -linux-gnu,$(firstword $(CC))),cc,$(CC))
BUILD ?= build
B := $(BUILD)$(if $(filter-out release,$(FLAVOUR)),/$(FLAVOUR))
GEN := $(B)/gen
INSTRUMENT := $(instrument_$(FLAVOUR))
CFLAGS ?= $(or $(flags_$(FLAVOUR)),-O3 -g1)

# ---- Flags every object gets; the arithmetic ones make any build give the same bits ----
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
  -Wpointer-arith -Wvla -Wwrite-strings $(if $(filter-out 0,$(WERROR)),-Werror) \
  $(if $(findstring clang,$(CC)),-Wno-enum-float-conversion) # choices of the catalog are numbers (clang 19 asks in -Wextra)
ARITHMETIC := -ffp-contract=off -fno-math-errno -fno-trapping-math
# Fortified libc calls need optimisation and get in the way of the sanitizers.
fortify = $(if $(INSTRUMENT)$(filter -O0,$(CFLAGS)),,$(if $(filter -O%,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3))
HARDENING := $(fortify) $(if $(INSTRUMENT),,-fstack-protector-strong) -fPIC -fno-semantic-interposition
OPENMP ?= -fopenmp
# Tests with many random cases take fewer of them where ES_SLOW_BUILD is defined.
# OS=posix: only what POSIX has, as on systems other than Linux (src/base/os.h).
BASE_CPPFLAGS = -D_GNU_SOURCE $(if $(filter posix,$(OS)),-DES_OS_POSIX) -Iinclude -Isrc $(if $(SQLITE),-DES_HAVE_SQLITE) $(if $(ISAL),,-DES_NO_ISAL) $(if $(filter-out coverage,$(FLAVOUR)),$(if $(INSTRUMENT),-DES_SLOW_BUILD))
COMPILE = $(CC) -std=c11 $(BASE_CPPFLAGS) $(CPPFLAGS) $(WARNINGS) $(CFLAGS) $(ARITHMETIC) $(HARDENING) $(OPENMP) $(INSTRUMENT)
# -o NAME.db needs SQLite; `make SQLITE=` builds without.
SQLITE ?= $(shell printf '\043include <sqlite3.h>\nint main(void) { return !sqlite3_libversion_number(); }\n' | \
  $(CC) -x c - -o /dev/null -lsqlite3 >/dev/null 2>&1 && echo 1)
SQLITE := $(SQLITE)
# ISA-L deflates; `make ISAL=` leaves that to zlib.
ISAL ?= $(shell printf '\043include <isa-l.h>\nint main(void) { return (int)crc32_gzip_refl(0, 0, 0); }\n' | \
  $(CC) -x c - -o /dev/null -lisal >/dev/null 2>&1 && echo 1)
ISAL := $(ISAL)
LIBS := -lcsv -ljansson -lxxhash -lzstd -lz $(if $(ISAL),-lisal) $(if $(SQLITE),-lsqlite3) -lm
# What waits for people and files, and the plan of a run, is made small, so that the static program stays under 5 MB.
SMALL := $(foreach part,analysis/ cli/ commands/ grid/ report/ shards/ calibrate/ import/import_ import/hf_ import/gguf import/m \
  catalog/loo io/source model/inv,$(B)/obj/src/$(part))
LINK = $(CC) $(CFLAGS) $(OPENMP) $(INSTRUMENT) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# ---- Sources ----
ROOMS := base io catalog pareto model grid calibrate import tables engine analysis shards report
LIB_SOURCES := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c))
CLI_SOURCES := $(wildcard src/cli/*.c src/commands/*.c)
SIMD_SOURCES := $(filter %.simd.c,$(LIB_SOURCES))
UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
BENCH_SOURCES := $(wildcard tests/bench/bench_*.c)
TSAN_SOURCES := $(wildcard tests/tsan/*.c)
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
CATALOGS := $(sort $(wildcard sweeps/catalog/*.csv))
REPORT_FILES := $(sort $(filter-out %.md,$(wildcard src/report/*.*)))
SWEEPS := $(wildcard sweeps/*.sweep)
HEADERS := $(wildcard include/edgesweep/*.h)

# Copies of `*.simd.c` per instruction set, chosen among at run time (src/base/simd.h).
simd_flags_baseline :=
simd_flags_v3 := -mavx2 -mbmi -mbmi2 -mlzcnt -mpopcnt -mfma
simd_flags_v4 := $(simd_flags_v3) -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mprefer-vector-width=512
SIMD_LEVELS := baseline $(if $(findstring x86_64,$(shell $(CC) -dumpmachine 2>/dev/null)),v3 v4)

object = $(patsubst %.c,$(B)/obj/%.o,$(1))
GENERATED_OBJECTS := $(if $(CATALOGS),$(B)/obj/gen/catalogs.o) $(addprefix $(B)/obj/gen/,report_files.o format_tables.o)
LIB_OBJECTS := $(call object,$(filter-out %.simd.c,$(LIB_SOURCES))) $(GENERATED_OBJECTS) \
  $(foreach level,$(SIMD_LEVELS),$(patsubst %.simd.c,$(B)/obj/%.simd_$(level).o,$(SIMD_SOURCES)))
CLI_OBJECTS := $(call object,$(CLI_SOURCES))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_SOURCES))
BENCHES := $(patsubst tests/bench/%.c,$(B)/bench/%,$(BENCH_SOURCES))
TSAN_TESTS := $(patsubst tests/tsan/%.c,$(B)/tsan/%,$(TSAN_SOURCES))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SOURCES))
REPLAYS := $(patsubst tests/fuzz/%.c,$(B)/replay/%,$(FUZZ_SOURCES))
FUZZ_COMMON := $(call object,tests/fuzz/common.c tests/fuzz/run.c)
LIBRARY := $(B)/libedgesweep.a
# The shared library, on systems with ELF: ABI is its number, raised when a function or structure of a public header changes.
ABI := 0
SONAME := libedgesweep.so.$(ABI)
SHARED := $(if $(findstring darwin,$(shell $(CC) -dumpmachine 2>/dev/null)),,$(B)/$(SONAME))
COMMAND := $(B)/edgesweep
FAULT_FLAGS = -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -g
FAULT_SHIM := $(B)/faults/inject.so
FAULT_DRIVER := $(B)/faults/faults
FAULT_COMMAND := $(B)/faults/edgesweep
SOAK := $(B)/faults/soak

# ---- Output: one short line per step, V=1 shows the commands ----
Q := $(if $(filter-out 0,$(V)),,@)
say = $(if $(filter-out 0,$(V)),,@printf '  %-5s %s\n' $(1) $(2))
NPROC := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
# For targets that call make again: as parallel as the machine unless -j was given.
PARALLEL = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(NPROC))
RELEASE_ONLY = FLAVOUR=release

# ---- Building ----
.PHONY: all lib unit benches replays
all: $(LIBRARY) $(SHARED) $(if $(CLI_SOURCES),$(COMMAND)) $(B)/edgesweep.pc
lib: $(LIBRARY)
unit: $(UNIT_TESTS)
benches: $(BENCHES)
replays: $(REPLAYS)

$(LIBRARY): $(LIB_OBJECTS) $(B)/objects.stamp
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJECTS)

# Only what the public headers declare is visible.
$(GEN)/public.map: $(HEADERS) Makefile | $(GEN)/
	$(Q)sed -n 's/^[a-z].*[ *]\(es_[a-z0-9_]*\)(.*/\1/p' $(HEADERS) | sort -u | sed -e '1i { global:' -e 's/$$/;/' -e '$$a local: *; };' >$@

$(B)/$(SONAME): $(LIB_OBJECTS) $(GEN)/public.map $(B)/objects.stamp $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)$(filter-out -pie,$(LINK)) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(GEN)/public.map -o $@ $(LIB_OBJECTS) $(LIBS)
	$(Q)ln -sf $(SONAME) $(B)/libedgesweep.so

$(COMMAND): $(CLI_OBJECTS) $(LIBRARY) $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $(CLI_OBJECTS) $(LIBRARY) $(LIBS)

$(foreach part,$(SMALL),$(part)%.o): CFLAGS := $(subst -O3,-Os,$(CFLAGS))
$(B)/obj/%.o: %.c $(B)/compile.stamp
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) -MMD -MP -c -o $@ $<

define simd_rule
$(B)/obj/%.simd_$(1).o: %.simd.c $(B)/compile.stamp
	$$(call say,CC,'$$< ($(1))')
	$$(Q)mkdir -p $$(@D) && $$(COMPILE) $$(simd_flags_$(1)) -DES_SIMD_SUFFIX=_$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach level,$(SIMD_LEVELS),$(eval $(call simd_rule,$(level))))

embed_catalogs := scripts/embed.sh -c
embed_report_files := scripts/embed.sh -n es_report_files

$(GEN)/catalogs.c: scripts/embed.sh $(CATALOGS) $(GEN)/catalogs.stamp
	$(call say,EMBED,$@)
	$(Q)$(embed_catalogs) $@ $(CATALOGS)

# The page of `report`: template, style, program and chart library.
$(GEN)/report_files.c: scripts/embed.sh $(REPORT_FILES) $(GEN)/report_files.stamp
	$(call say,EMBED,$@)
	$(Q)$(embed_report_files) $@ $(REPORT_FILES)

# Powers of ten.
$(GEN)/format_tables.c: scripts/gen_format_tables.c src/io/format_digits.h | $(GEN)/
	$(call say,GEN,$@)
	$(Q)$(HOSTCC) -std=c11 -D_GNU_SOURCE -O1 -Iinclude -Isrc -o $(GEN)/format_tables $< -lm && $(GEN)/format_tables $@

$(B)/obj/gen/%.o: $(GEN)/%.c $(B)/compile.stamp
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) -MMD -MP -c -o $@ $<

$(B)/tests/%: $(B)/obj/tests/unit/%.o $(LIBRARY) $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(LINK) -o $@ $< $(LIBRARY) -lcriterion $(LIBS)

$(B)/bench/%: $(B)/obj/tests/bench/%.o $(LIBRARY) $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(LINK) -o $@ $< $(LIBRARY) $(LIBS)

$(B)/tsan/%: $(B)/obj/tests/tsan/%.o $(LIBRARY) $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(LINK) -o $@ $< $(LIBRARY) $(LIBS)

$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(FUZZ_COMMON) $(LIBRARY) $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(LINK) -fsanitize=fuzzer -o $@ $< $(FUZZ_COMMON) $(LIBRARY) $(LIBS)

# The same targets without a fuzzer, for the committed corpora.
$(B)/replay/%: $(B)/obj/tests/fuzz/%.o $(FUZZ_COMMON) $(B)/obj/tests/fuzz/replay.o $(LIBRARY) $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(LINK) -o $@ $< $(FUZZ_COMMON) $(B)/obj/tests/fuzz/replay.o $(LIBRARY) $(LIBS)

# ---- MPI: `make mpi`, with the mpicc of Open MPI or MPICH ----
MPICC ?= mpicc
MPI_COMMAND ?= $(B)/edgesweep-mpi
MPI_OBJ := $(B)/obj-$(notdir $(MPICC))
MPI_OBJECTS := $(patsubst %.c,$(MPI_OBJ)/%.o,$(wildcard src/mpi/*.c))
# The wrappers call the compiler of the other objects.  Its headers are the system's.
export OMPI_CC := $(CC)
export MPICH_CC := $(CC)
mpi_flags = $(patsubst -I%,-isystem %,$(shell $(MPICC) -showme:compile 2>/dev/null || $(MPICC) -compile_info 2>/dev/null | tr ' ' '\n' | grep '^-I'))

.PHONY: mpi mpi-check
mpi: mpi-check
	+@$(PARALLEL) $(MPI_COMMAND)

mpi-check:
	@command -v $(MPICC) >/dev/null || { echo "edgesweep: make mpi needs an MPI compiler, and there is no '$(MPICC)':" \
	  'install Open MPI (Debian: libopenmpi-dev openmpi-bin) or MPICH (libmpich-dev mpich), or give MPICC=' >&2; exit 1; }

$(MPI_OBJ)/%.o: %.c $(B)/compile.stamp
	$(call say,MPICC,$<)
	$(Q)mkdir -p $(@D) && $(MPICC) -std=c11 $(BASE_CPPFLAGS) $(mpi_flags) $(CPPFLAGS) $(WARNINGS) $(CFLAGS) $(ARITHMETIC) \
	  $(HARDENING) $(OPENMP) $(INSTRUMENT) -MMD -MP -c -o $@ $<

$(MPI_COMMAND): $(MPI_OBJECTS) $(filter-out %/main.o,$(CLI_OBJECTS)) $(LIBRARY) $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)$(MPICC) $(CFLAGS) $(OPENMP) $(INSTRUMENT) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) -o $@ \
	  $(MPI_OBJECTS) $(filter-out %/main.o,$(CLI_OBJECTS)) $(LIBRARY) $(LIBS)

# One file that runs on any machine of its architecture.
STATIC_COMMAND := $(B)/edgesweep-static
.PHONY: static
static:
	+@$(PARALLEL) $(STATIC_COMMAND)
$(STATIC_COMMAND): $(CLI_OBJECTS) $(LIBRARY) scripts/static.ld $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(OPENMP) -static -s -Wl,--gc-sections,-T,scripts/static.ld $(LDFLAGS) -o $@ $(CLI_OBJECTS) $(LIBRARY) $(LIBS)

# Manual pages and completions, printed by the command.
SHARE := $(B)/share
$(SHARE)/.done: $(COMMAND) scripts/share_files.sh
	$(call say,GEN,$(SHARE))
	$(Q)scripts/share_files.sh $(COMMAND) $(SHARE) && touch $@

$(B)/edgesweep.pc: $(B)/install.stamp
	$(call say,GEN,$@)
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$(INCLUDEDIR)' '' 'Name: edgesweep' \
	  'Description: Sweeps of language models, quantizations and edge devices' 'Version: $(VERSION)' \
	  'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -ledgesweep$(if $(SHARED),' 'Libs.private:) $(LIBS) $(OPENMP)' >$@

# Stamps change only when their text does; what depends on them is then rebuilt.
stamp_text_compile = $(COMPILE) $(foreach level,$(SIMD_LEVELS),$(level): $(simd_flags_$(level))) $(COMPILER_VERSION)
stamp_text_link = $(LINK) $(LIBS) $(CLI_OBJECTS) $(COMPILER_VERSION)
stamp_text_objects = $(AR) $(LIB_OBJECTS)
stamp_text_install = $(VERSION) $(PREFIX) $(LIBDIR) $(INCLUDEDIR) $(LIBS) $(OPENMP)
stamp_text_catalogs = $(embed_catalogs) $(CATALOGS)
stamp_text_report_files = $(embed_report_files) $(REPORT_FILES)
COMPILER_VERSION := $(shell $(CC) --version 2>/dev/null | head -n 1)
write_stamp = printf '%s\n' "$$STAMP" | cmp -s - $@ || printf '%s\n' "$$STAMP" >$@
$(B)/%.stamp $(GEN)/%.stamp: export STAMP = $(stamp_text_$(*F))

$(B)/%.stamp: FORCE | $(B)/
	@$(write_stamp)
$(GEN)/%.stamp: FORCE | $(GEN)/
	@$(write_stamp)
# A first build says what is missing before a compiler does.
$(B)/:
	@CC='$(CC)' scripts/bootstrap.sh --check && mkdir -p $@
$(GEN)/: | $(B)/
	@mkdir -p $@
.PHONY: FORCE
FORCE:
.SECONDARY:

# ---- Running ----
RUN_SWEEP ?= $(firstword $(wildcard sweeps/edge.sweep sweeps/paper.sweep))
RUN_OUTPUT ?= results/$(basename $(notdir $(RUN_SWEEP))).csv

.PHONY: run
run:
	@scripts/bootstrap.sh
	@scripts/bootstrap.sh --figures || echo 'edgesweep: going on without figures' >&2
	@$(PARALLEL) $(RELEASE_ONLY) all
	@scripts/run.sh $(BUILD)/edgesweep $(RUN_SWEEP) $(RUN_OUTPUT)

# The figures of the paper and of the catalogs.  Refresh the committed ones with FIGURES=results/samples FORMATS=png.
FIGURES ?= results/figures
FORMATS ?= png svg
.PHONY: figures
figures:
	@scripts/bootstrap.sh --figures
	@$(PARALLEL) $(RELEASE_ONLY) all
	@EDGESWEEP=$(BUILD)/edgesweep FORMATS='$(FORMATS)' scripts/gnuplot/figures.sh --all $(FIGURES)

# ---- Testing ----
.PHONY: test check check-unit check-cli asan ubsan tsan bench bench-readme coverage fuzz
test:
	@scripts/bootstrap.sh --tests
	@$(PARALLEL) check

# All tests of one flavour, without installing anything.  No faults with clang: its OpenMP runtime shares memory with
# itself when a process starts, and aborts when a call for that fails.
INJECT := $(if $(INSTRUMENT)$(findstring clang,$(CC)),,yes)
check: all unit replays $(if $(INJECT),$(FAULT_SHIM) $(FAULT_DRIVER))
	@EDGESWEEP=$(COMMAND) FAULTS='$(if $(INJECT),$(FAULT_DRIVER) --sample 1 $(COMMAND) $(FAULT_SHIM))' \
	  REPLAYS='$(REPLAYS)' scripts/run_tests.sh $(UNIT_TESTS)

check-unit: unit
	@scripts/run_tests.sh $(UNIT_TESTS)

check-cli: all
	@EDGESWEEP=$(COMMAND) scripts/run_tests.sh

asan ubsan:
	@$(PARALLEL) FLAVOUR=$@ check

# Criterion cannot run under ThreadSanitizer: plain programs, and clang's OpenMP runtime, which it understands.
tsan:
	@$(PARALLEL) FLAVOUR=tsan tsan-run
.PHONY: tsan-run
tsan-run: $(TSAN_TESTS)
	@scripts/run_tsan.sh $(TSAN_TESTS)

# One module: `make test-number`, `make asan-number`; one benchmark: `make bench-number ARGS=...`.
.PHONY: test-growth
test-growth: $(COMMAND)
	@scripts/growth.sh $(COMMAND)
test-%: $(B)/tests/test_%
	@$< $(ARGS)
asan-%:
	@$(PARALLEL) FLAVOUR=asan test-$*
bench-%: $(B)/bench/bench_%
	@$< $(ARGS)

# What a careful C++ program would take; without a C++ compiler that row is missing.
CXX ?= g++
STRONG_ROWS := $(B)/bench/strong_rows
$(STRONG_ROWS): tests/bench/strong_rows.cpp
	@mkdir -p $(@D)
	@$(CXX) -std=c++17 -O3 -march=native -fopenmp -o $@ $< || echo 'no C++ compiler for $<' >&2

# The first table of results/performance.md, made here and now.
bench-readme: $(B)/bench/bench_rows $(STRONG_ROWS) $(COMMAND)
	@EDGESWEEP=$(COMMAND) STRONG_ROWS=$(STRONG_ROWS) MARKDOWN=1 $< $(ARGS) >$(B)/bench/rows.md
	@awk -v new=$(B)/bench/rows.md '/^<!-- rows -->/ { print; print ""; while ((getline line <new) > 0) print line; print ""; skip = 1 } \
	  /^<!-- \/rows -->/ { skip = 0 } !skip' results/performance.md >$(B)/bench/performance.md
	@cp $(B)/bench/performance.md results/performance.md

bench: benches $(STRONG_ROWS) $(COMMAND)
	@for bench in $(BENCHES); do printf '\n%s\n' "$${bench##*/}"; EDGESWEEP=$(COMMAND) STRONG_ROWS=$(STRONG_ROWS) $$bench $(ARGS) || exit 1; done
	@printf '\nbench_stream.py\n'
	@EDGESWEEP_LIBRARY=$(abspath $(SHARED)) PYTHONPATH=src/python $(PYTHON) -B tests/bench/bench_stream.py $(B)/bench/bench_stream

# Every library call made to fail in turn (tests/faults/), in the release build by preloading, in the AddressSanitizer
# build, where leaks count, by linking.  SAMPLE=N: at most N places of each fault in each command.  Then full disks, planted
# files, clocks, little memory and SIGNALS signals at random times.
SIGNALS ?= 500
.PHONY: faults faults-plain faults-wrapped
faults:
	@$(PARALLEL) $(RELEASE_ONLY) faults-plain
	@$(PARALLEL) FLAVOUR=asan faults-wrapped
faults-plain: all $(FAULT_SHIM) $(FAULT_DRIVER)
	@$(FAULT_DRIVER) $(if $(SAMPLE),--sample $(SAMPLE)) $(ARGS) $(COMMAND) $(FAULT_SHIM)
	@EDGESWEEP=$(COMMAND) tests/faults/places.sh $(SIGNALS) $(FAULT_SHIM)
faults-wrapped: $(FAULT_COMMAND) $(FAULT_DRIVER)
	@ASAN_OPTIONS=allocator_may_return_null=1 $(FAULT_DRIVER) --wrapped $(if $(SAMPLE),--sample $(SAMPLE)) $(ARGS) $(FAULT_COMMAND)

$(B)/faults/inject.so: tests/faults/inject.c tests/faults/inject.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(FAULT_FLAGS) -U_FORTIFY_SOURCE -fPIC -shared -o $@ $<
$(B)/faults/inject.o: tests/faults/inject.c tests/faults/inject.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(FAULT_FLAGS) -U_FORTIFY_SOURCE -fPIE -DES_FAULT_WRAP -c -o $@ $<
$(B)/faults/faults: tests/faults/faults.c tests/faults/inject.h tests/faults/tree.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(FAULT_FLAGS) -o $@ $<
$(FAULT_COMMAND): $(CLI_OBJECTS) $(LIBRARY) $(B)/faults/inject.o $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)$(LINK) $$(nm $(B)/faults/inject.o | sed -n 's/.* T __wrap_/-Wl,--wrap=/p') -o $@ $(CLI_OBJECTS) \
	  $(B)/faults/inject.o $(LIBRARY) $(LIBS)

# Mixed commands for TIME seconds, in one process and in starved ones: memory and bytes stay as they are.
.PHONY: soak soak-run
soak:
	@$(PARALLEL) $(RELEASE_ONLY) soak-run
soak-run: $(COMMAND) $(SOAK)
	@$(SOAK) $(TIME) $(COMMAND)
$(SOAK): $(B)/obj/tests/faults/soak.o $(filter-out %/main.o,$(CLI_OBJECTS)) $(LIBRARY) $(B)/link.stamp
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(LINK) -o $@ $< $(filter-out %/main.o,$(CLI_OBJECTS)) $(LIBRARY) $(LIBS)

# Shards, kills, job arrays and MPI; what cannot be installed is skipped with a word.
.PHONY: test-scale
test-scale:
	@$(PARALLEL) $(RELEASE_ONLY) all
	@EDGESWEEP=$(BUILD)/edgesweep BUILD=$(BUILD) tests/scale/all.sh

# N single changes of the code of formulas under an unchanged text, and which of them test_formulas notices.
.PHONY: mutants
mutants: N := 100
mutants: SEED := 1
mutants: $(B)/tests/test_formulas
	@LIBS="-lcriterion $(LIBS)" scripts/mutate_formulas.py $(B) $(N) $(SEED) $(COMPILE)

.PHONY: valgrind
valgrind: all replays
	@scripts/valgrind.sh $(COMMAND) $(REPLAYS)

# Fails below these shares of lines and branches, in per cent.
coverage:
	@scripts/coverage.sh $(MIN_LINES) $(MIN_BRANCHES)

# Every fuzz target (or FUZZ=NAME...) for TIME seconds, from tests/fuzz/seeds/ and tests/fuzz/corpus/; what is found new
# stays in $(BUILD)/corpus/.  `make fuzz-pack` puts the smallest inputs that cover as much into tests/fuzz/corpus/.
TIME ?= 60
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SOURCES))
.PHONY: fuzz-run fuzz-pack corpora
fuzz:
	@$(PARALLEL) FLAVOUR=fuzz fuzz-run
fuzz-run: $(FUZZERS) $(REPLAYS)
	@scripts/fuzz.sh run $(B) $(BUILD)/corpus $(TIME) $(FUZZ)
fuzz-pack:
	@$(PARALLEL) FLAVOUR=fuzz FUZZ='$(FUZZ)' fuzz-pack-run
.PHONY: fuzz-pack-run
fuzz-pack-run: $(FUZZERS) $(REPLAYS)
	@scripts/fuzz.sh pack $(B) $(BUILD)/corpus 0 $(FUZZ)
# The committed corpora alone.
corpora: replays
	@scripts/check_corpora.sh $(REPLAYS)

# The report page in a browser; installs chromium and its driver.  SHOTS=DIR keeps screenshots.
.PHONY: test-web
test-web:
	@scripts/bootstrap.sh
	@$(PARALLEL) $(RELEASE_ONLY) all
	@tests/web/run.sh $(BUILD)/edgesweep $(BUILD)

# Arrow streams read by DuckDB, whose library is in a package of npm (24 MB).
DUCKDB := @duckdb/node-bindings-linux-x64
.PHONY: test-arrow
test-arrow:
	@scripts/bootstrap.sh --tests
	@$(PARALLEL) $(RELEASE_ONLY) all
	@npm install --silent --no-audit --no-fund --prefix $(BUILD)/npm $(DUCKDB)@1.5.6-r.1
	@DUCKDB_LIBRARY=$(BUILD)/npm/node_modules/$(DUCKDB)/libduckdb.so tests/python/run.sh $(BUILD)/edgesweep

# Tables in a spreadsheet; installs LibreOffice (80 MB).  About a minute.
.PHONY: test-office
test-office:
	@scripts/bootstrap.sh --office
	@$(PARALLEL) $(RELEASE_ONLY) all
	@tests/office/office.py $(BUILD)/edgesweep

# ---- Style ----
C_FILES = $(shell find src include tests -name '*.[ch]')
.PHONY: lint format
lint:
	@scripts/lint.sh

format:
	@clang-format -i $(C_FILES)

# Errors of predictions that did not see a measurement's source.
.PHONY: accuracy
accuracy: all
	scripts/accuracy.sh $(COMMAND) >$(B)/accuracy.md
	cp $(B)/accuracy.md results/accuracy.md

# The public headers as HTML in build/docs/html, by doxygen.
.PHONY: docs
docs:
	@scripts/docs.sh $(BUILD)/docs

# ---- Installing ----
.PHONY: install uninstall dist clean help
SHARED_FILES = man/man1/edgesweep.1 man/man?/edgesweep-*.? bash-completion/completions/edgesweep \
  zsh/site-functions/_edgesweep fish/vendor_completions.d/edgesweep.fish
install: all $(SHARE)/.done
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/edgesweep
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/edgesweep/sweeps
	$(INSTALL) -m 755 $(COMMAND) $(DESTDIR)$(BINDIR)/edgesweep
	$(INSTALL) -m 644 $(LIBRARY) $(DESTDIR)$(LIBDIR)/libedgesweep.a
	$(if $(SHARED),$(INSTALL) -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)/$(SONAME))
	$(if $(SHARED),ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libedgesweep.so)
	$(INSTALL) -m 644 $(B)/edgesweep.pc $(DESTDIR)$(LIBDIR)/pkgconfig/edgesweep.pc
	$(INSTALL) -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/edgesweep
	$(INSTALL) -D -m 644 src/python/edgesweep.py $(DESTDIR)$(PYTHONDIR)/edgesweep.py
	$(if $(SWEEPS),$(INSTALL) -m 644 $(SWEEPS) $(DESTDIR)$(DATADIR)/edgesweep/sweeps)
	cd $(SHARE) && find . -type f ! -name .done -exec $(INSTALL) -D -m 644 '{}' '$(abspath $(DESTDIR)$(DATADIR))/{}' \;

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/edgesweep $(DESTDIR)$(LIBDIR)/pkgconfig/edgesweep.pc
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/libedgesweep.,a so so.$(ABI))
	rm -f $(DESTDIR)$(PYTHONDIR)/edgesweep.py $(DESTDIR)$(PYTHONDIR)/__pycache__/edgesweep.*.pyc
	rm -f $(addprefix $(DESTDIR)$(DATADIR)/,$(SHARED_FILES))
	rm -rf $(DESTDIR)$(INCLUDEDIR)/edgesweep $(DESTDIR)$(DATADIR)/edgesweep

# Archive, static program of CC's architecture (others: make dist CC=aarch64-linux-gnu-gcc BUILD=build/aarch64), Homebrew
# formula, sums.  RELEASES is where the archive will be downloaded from.
RELEASES ?= file://$(abspath $(BUILD))
ARCHIVE := edgesweep-$(VERSION).tar.gz
dist: static
	$(Q)git archive --format=tar --prefix=edgesweep-$(VERSION)/ HEAD | gzip -9n >$(BUILD)/$(ARCHIVE)
	$(Q)cp $(STATIC_COMMAND) $(BUILD)/edgesweep-$(VERSION)-$(shell $(CC) -dumpmachine)
	$(Q)sed -e 's|@URL@|$(RELEASES)/$(ARCHIVE)|' -e "s|@SHA256@|$$(sha256sum <$(BUILD)/$(ARCHIVE) | cut -d ' ' -f 1)|" \
	  scripts/packaging/edgesweep.rb.in >$(BUILD)/edgesweep.rb
	$(Q)cd $(BUILD) && sha256sum edgesweep.rb edgesweep-$(VERSION)* | tee SHA256SUMS

clean:
	rm -rf $(BUILD)

help:
	@printf '%s\n' \
	  'make run        install what is missing, build, sweep, print the best quantization per device' \
	  'make figures    the figures of the paper and of the catalogs, by gnuplot, into results/figures/' \
	  'make test       install what is missing, build, run all tests' \
	  'make            build build/edgesweep, build/libedgesweep.a and the shared library' \
	  'make check-cli  the command line cases of tests/cli and the README examples (UPDATE=1 rewrites the cases)' \
	  'make asan | ubsan | tsan        tests under AddressSanitizer (with UBSan), UBSan alone, ThreadSanitizer' \
	  'make bench      build and run the benchmarks; one of them: make bench-NAME ARGS=...' \
	  'make bench-readme               the table of rows in results/performance.md, measured' \
	  'make test-NAME | asan-NAME      one unit test binary, tests/unit/test_NAME.c' \
	  'make test-growth                how instructions grow with rows of input (valgrind); fails above slope 1.2' \
	  'make mpi | test-scale           build/edgesweep-mpi (MPICC=mpicc); tests of shards, job arrays and MPI' \
	  'make test-web | test-office     the report page in a browser (installs chromium); tables in LibreOffice' \
	  'make test-arrow                 columns of the library in DuckDB (needs npm)' \
	  'make faults     every library call of every command made to fail in turn; SAMPLE=N: at N places each' \
	  'make soak TIME=3600             mixed commands for an hour: no memory grows, no byte changes' \
  'make valgrind   a round of commands and fuzz seeds under valgrind' \
	  'make coverage   lines and branches of src/ that tests run' \
	  'make fuzz | corpora             fuzz targets, TIME=60 seconds each; the inputs they once found' \
	  'make lint | format              layers, clang-format, cppcheck, clang-tidy; reformat' \
	  'make accuracy   results/accuracy.md: predictions against measurements that were left out' \
	  'make docs       the library as HTML, by doxygen' \
	  'make static     build/edgesweep-static: one file for any machine of this architecture' \
  'make install | uninstall        PREFIX=$(PREFIX), DESTDIR' \
	  'make dist | clean' \
	  'Variables: FLAVOUR=release|clang|debug|asan|ubsan|tsan|coverage BUILD=build CC= CFLAGS= WERROR=1 V=1'

-include $(shell find $(B)/obj $(wildcard $(MPI_OBJ)) -name '*.d' 2>/dev/null)
