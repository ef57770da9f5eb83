# The front door: `make` lists what there is.

.DEFAULT_GOAL := help
.PHONY: help run test test-rust test-web crash fuzz stack lint bench schema fmt

CARGO ?= cargo

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: ## Builds and serves the map with demo data at http://127.0.0.1:8080
	$(CARGO) run --release --locked -- serve --demo

test: tools test-rust test-web ## Runs every test; installs what the tests need on Debian and Ubuntu

.PHONY: tools
tools:
	@scripts/test-tools

test-rust:
	$(CARGO) test --workspace --locked

test-web:
	cd web && npm ci --no-audit --no-fund && npm test
	$(CARGO) build --locked
	cd web && CAIRN_BIN=$(CURDIR)/target/debug/cairn npm run e2e

crash: ## Kills a writing server 500 times on each store, and looks for what is lost
	CAIRN_TEST_CRASH_ROUNDS=500 $(CARGO) test --locked --no-default-features --test store crash:: -- --test-threads 1 --nocapture

fuzz: ## Fuzzes each reader, the filters and the geometries for FUZZ_SECONDS (60)
	scripts/fuzz

stack: ## Builds the image and runs compose.yaml with it, where an engine is at hand
	scripts/stack

lint: ## Checks format, clippy and the types of the pages
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	cd web && npm ci --no-audit --no-fund && npm run check

fmt: ## Formats the Rust code
	$(CARGO) fmt --all

bench: ## Measures a release build against a floor of the same run, and prints a table
	scripts/bench

schema: ## Writes schema.graphql from the code
	$(CARGO) run --quiet --no-default-features --locked -- schema > schema.graphql.new
	mv schema.graphql.new schema.graphql
