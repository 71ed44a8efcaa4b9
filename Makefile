# Sotto: `make run` sets up, builds, proves itself and serves; `make test` tests. `make help` lists the rest.
# Every target installs the Debian packages it needs (tools/deps) if they are missing.

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
RUN ?= build/run$(if $(LAN),-lan)
SANITIZE = -Dbuildtype=debugoptimized -Db_lundef=false

.PHONY: all run check test test-all test-more durability journeys attack fuzz bench packets wasm format lint asan tsan install clean help

all: ## build everything into build/bin
	@tools/install-deps build
	@tools/build build/meson

run: ## start a server, prove it, print invitations; ONCE=1 ends there; LAN=1 for phones nearby; ARGS='-o key=value'
	@tools/install-deps run
	@tools/build build/meson
	@tools/prove $(if $(ONCE),--once) $(if $(LAN),--lan $(LAN)) --folder $(RUN) -- $(ARGS)

check: ## unit tables and engine scripts, under two minutes
	@tools/install-deps check
	@tools/build build/meson
	@tools/run-tests check

test: ## check, sanitizers and interop with the quick peers
	@tools/install-deps test
	@tools/build build/meson
	@tools/build build/asan $(SANITIZE) -Db_sanitize=address,undefined
	@tools/run-tests test

test-more: ## what test-all adds to test: lint, wasm, threads, valgrind, fuzzing, reference servers, npm's client, chaos
	@tools/install-deps test-all wasm
	@[ ! -d build/meson ] || meson setup --reconfigure build/meson >/dev/null # to see what was installed
	@tools/build build/meson
	@tools/build build/tsan $(SANITIZE) -Db_sanitize=thread
	@test/fuzz/run build
	@tools/run-tests more

test-all: ## everything
	@tools/sum-runs test test-more

durability: ## 200 power cuts, and every write, sync and truncation failing once, below the whole server
	@tools/install-deps test
	@tools/build build/meson
	@test/chaos/durability

journeys: ## 2,000 schedules of two ratchets, 300 journeys of four devices, 300 of their calls; JOURNEYS='FIRST COUNT' for other ones
	@tools/install-deps test
	@tools/build build/meson
	@nice build/meson/test/test_omemo_schedules $(or $(JOURNEYS),1 2000)
	@nice build/meson/test/client/journeys $(or $(JOURNEYS),1 300)
	@nice build/meson/test/client/call_journeys $(or $(JOURNEYS),1 300)

attack: ## 200 calls among 100,000 hostile stanzas and 1,000,000 hostile packets, captured and traced; root only
	@tools/install-deps build attack
	@tools/build build/meson
	@test/attack/run whole $(SEED)

fuzz: ## every fuzz target for FUZZ_SECONDS seconds (600)
	@tools/install-deps fuzz
	@test/fuzz/run build
	@test/fuzz/run long $(FUZZ_SECONDS)

bench: ## the same loads against Sotto, Prosody and ejabberd, then our client's catch-up; BENCH='--help' tells what can be chosen
	@tools/install-deps bench
	@tools/build build/meson
	@bench/compare $(BENCH)
	@$(if $(BENCH),true,bench/catchup)

packets: ## whether the anchor takes anything that browsers, GStreamer and Dino send for invalid: 110,000 packets of them; root only
	@tools/install-deps test browsers calls desktop
	@tools/build build/meson
	@bench/packets $(PACKETS)

wasm: ## lib/ as WebAssembly
	@tools/install-deps wasm
	@tools/build-wasm

format: ## clang-format over our C
	@tools/install-deps format
	@git ls-files '*.c' '*.h' | xargs -r clang-format -i

lint: ## clang-tidy and cppcheck; no findings allowed
	@tools/install-deps build lint
	@tools/build build/meson
	@tools/lint

asan: ## a build with AddressSanitizer and UBSan in build/asan
	@tools/install-deps test
	@tools/build build/asan $(SANITIZE) -Db_sanitize=address,undefined

tsan: ## a build with ThreadSanitizer in build/tsan
	@tools/install-deps build test-all
	@tools/build build/tsan $(SANITIZE) -Db_sanitize=thread

install: all ## into DESTDIR and PREFIX (/usr/local)
	@meson setup --reconfigure --prefix=$(PREFIX) build/meson >/dev/null
	@DESTDIR="$(DESTDIR)" meson install -C build/meson

clean: ## remove build/
	rm -rf build

help:
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 12
