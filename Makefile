# Entry points of the project; `make help` lists them. The build itself is CMakeLists.txt.
#
# Every target may be run first on a bare Debian 12: it installs what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# A heavy gRPC source takes up to 1 GiB of memory to compile: as many jobs as the memory bears.
JOBS ?= $(shell awk -v cores=$$(nproc) '/^MemTotal/ { fit = int($$2 / 1310720); \
          if (fit < 1) fit = 1; print (fit < cores ? fit : cores) }' /proc/meminfo)
# Seconds after which a test that states no limit of its own has failed.
TEST_TIMEOUT ?= 300
# Which tests: a regular expression over their names.
TESTS ?= .
FUZZ_SECONDS ?= 60
KILLS ?= 1000
RECORDS ?= 10000000
SECONDS_EACH ?= $(if $(filter command line environment,$(origin SECONDS)),$(SECONDS),3)
# Which lookups `make bench` measures: what their names hold; empty: all, and the rest.
ONLY ?=
# What `make lint` compares the service definitions with.
BASE ?= main

PROGRAMS := cloisterd cloister-sync cloister-publish cloister cloister-bundle
PACKAGES := deploy/debian-packages.txt
BUF_VERSION := 1.75.0
TOOLS := build/tools
BUF := $(TOOLS)/node_modules/.bin/buf
# Another implementation of The Update Framework, to be compared with. A folder of its own: npm
# removes from a folder what it was not just asked for.
TUF_JS_VERSION := 3.0.1
REPO_MOCK_VERSION := 3.0.1
INTEROP := $(TOOLS)/interop/node_modules/tuf-js/package.json

export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
export CTEST_PARALLEL_LEVEL := $(JOBS)

# Configures and builds a preset: $(call build-preset,PRESET,OPTIONS OF THE BUILD)
build-preset = cmake --preset $(1) $(if $(VERBOSE),,--log-level=WARNING) && cmake --build --preset $(1) $(2)
run-tests = ctest --test-dir build/$(1) --output-on-failure --no-tests=error \
              --timeout $(TEST_TIMEOUT) -R '$(TESTS)'

.PHONY: help deps build run test lint format asan tsan fuzz fault bench man completion clean

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	echo "Settings: JOBS=$(JOBS) TESTS=regex ONCE=1 FUZZ_SECONDS=$(FUZZ_SECONDS) KILLS=$(KILLS)" \
	     "RECORDS=$(RECORDS) SECONDS=$(SECONDS_EACH) BASE=$(BASE) VERBOSE=1"

deps: ## Installs the Debian packages of deploy/debian-packages.txt that are missing
	@wanted=$$(sed 's/#.*//' $(PACKAGES) | xargs)
	installed=$$(dpkg-query -W -f '$${db:Status-Status} $${Package}\n' $$wanted 2>/dev/null |
	             awk '$$1 == "installed" { print $$2 }' || true)
	# A command of the package's name will do as well, whoever brought it.
	for package in $$wanted; do
	  if command -v $$package >/dev/null; then installed+=$$'\n'$$package; fi
	done
	missing=$$(comm -23 <(tr ' ' '\n' <<<"$$wanted" | sort -u) <(sort -u <<<"$$installed") | xargs)
	if [ -z "$$missing" ]; then exit 0; fi
	as_root=
	if [ "$$(id -u)" != 0 ]; then
	  if ! command -v sudo >/dev/null; then
	    echo "Missing packages, and neither root nor sudo to install them. As root, run:" >&2
	    echo "  apt-get install --no-install-recommends $$missing" >&2
	    exit 1
	  fi
	  as_root="sudo"
	fi
	echo "Installing: $$missing"
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	$$as_root env DEBIAN_FRONTEND=noninteractive \
	  apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 $$missing

build: deps ## Builds the five programs, optimised, into build/release/bin
	@$(call build-preset,release,--target $(PROGRAMS))

run: build ## The tour: signs feeds, serves them, asks; stays up until Ctrl-C (ONCE=1: ends)
	@exec deploy/demo/run.sh

test: deps $(INTEROP) ## Builds everything and runs every test
	@$(call build-preset,release)
	$(call run-tests,release)

lint: deps $(BUF) ## Checks formatting, house rules, locks and the service definitions
	@$(call build-preset,release,--target cloister-tidy cloister_proto_grpc)
	tests/tidy/clang_format.sh --check
	build/release/bin/cloister-tidy .
	tests/tidy/thread_safety.sh build/release/proto
	$(BUF) lint proto
	if git cat-file -e '$(BASE):proto/buf.yaml' 2>/dev/null; then
	  $(BUF) breaking proto --against '.git#branch=$(BASE),subdir=proto'
	else
	  echo "No service definitions in $(BASE): nothing to compare with."
	fi

# Not to be had (no network): the tests that need it skip and say so.
$(INTEROP):
	@npm install --prefix $(TOOLS)/interop --no-save --no-audit --no-fund --loglevel=error \
	  tuf-js@$(TUF_JS_VERSION) @tufjs/repo-mock@$(REPO_MOCK_VERSION) ||
	  echo "tuf-js is not to be had: the interop tests will be skipped." >&2

$(BUF):
	@npm install --prefix $(TOOLS) --no-save --no-audit --no-fund --loglevel=error \
	  @bufbuild/buf@$(BUF_VERSION)

format: deps ## Formats every source file
	@tests/tidy/clang_format.sh --write

asan: deps ## Runs every test under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(call build-preset,asan)
	export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
	export LSAN_OPTIONS=suppressions=$(CURDIR)/tests/sanitizers/lsan.supp:print_suppressions=0
	export UBSAN_OPTIONS=print_stacktrace=1
	$(call run-tests,asan)

tsan: deps ## Runs every test under ThreadSanitizer
	@$(call build-preset,tsan)
	export TSAN_OPTIONS=suppressions=$(CURDIR)/tests/sanitizers/tsan.supp:second_deadlock_stack=1
	$(call run-tests,tsan)

fuzz: deps ## Fuzzes each target for FUZZ_SECONDS, starting from its corpus
	@targets=$$(basename -s .cc tests/fuzz/fuzz_*.cc | xargs)
	$(call build-preset,fuzz,--target $$targets)
	for target in $$targets; do
	  found=build/fuzz/found/$$target
	  mkdir -p $$found
	  echo "== $$target"
	  build/fuzz/bin/$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
	    -verbosity=0 -print_final_stats=1 -artifact_prefix=build/fuzz/ \
	    $$found tests/fuzz/corpus/$$target
	done

fault: deps ## Kills, failing disks, lost power, bit flips, attacks, in full numbers; prints figures
	@$(call build-preset,release)
	KILLS=$(KILLS) tests/fault/report.sh build/release

bench: deps ## Measures lookups beside an echo, Redis and RocksDB; building of feeds; parts
	@$(call build-preset,release,--target cloister-bench cloister-microbench cloisterd cloister-publish)
	build/release/bin/cloister-bench --records $(RECORDS) --seconds $(SECONDS_EACH) \
	  --only '$(ONLY)' --server build/release/bin/cloisterd --directory build/bench
	if [ -n '$(ONLY)' ]; then exit 0; fi
	build/release/bin/cloister-bench build --records $(RECORDS) \
	  --publisher build/release/bin/cloister-publish --directory build/bench
	build/release/bin/cloister-microbench --benchmark_out=build/bench/microbench.json \
	  --benchmark_out_format=json

man: deps ## Writes manual pages of all programs into build/man
	@$(call build-preset,release,--target cloister-describe)
	date=$$(git log -1 --format=%cs 2>/dev/null || date +%F)
	build/release/bin/cloister-describe man build/man --date "$$date"

completion: deps ## Writes completion for bash (zsh: through bashcompinit) into build/completion
	@$(call build-preset,release,--target cloister-describe)
	build/release/bin/cloister-describe completion build/completion \
	  --engine deploy/completion/engine.bash

clean: ## Removes everything that was built
	@rm -rf build
