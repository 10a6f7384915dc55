# Everything a person or a machine does with this repository. `make help` lists it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up down build test chaos fuzz bench format lint migrate keys doctor clean packages

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

up: ## Run the whole stack here; without tokens against the playground
	@infra/scripts/up.sh

down: ## Stop what `make up` started
	@infra/scripts/ensemble.sh down

build: packages ## Build everything for use
	@infra/scripts/build.sh release

test: ## Everything that proves it right on this machine
	@infra/scripts/test.sh

fuzz: ## Look for input that breaks a reader; SECONDS=600 goes on longer, ONLY=Frames is that one, SEED=2
	@SECONDS_EACH=$(or $(SECONDS),60) infra/scripts/fuzz.sh

chaos: ## Everything goes wrong under load, nothing is lost; SEED=7 repeats a run, ROUNDS=5 makes five
	@infra/scripts/chaos.sh

bench: ## Our figures beside our peers'; ONLY=bus runs one group
	@infra/scripts/bench.sh $(ONLY)

format: ## Put all sources into the agreed form
	@swift format --in-place --parallel --recursive Package.swift Services Shared Tests

lint: ## Say where sources are not in the agreed form
	@swift format lint --strict --parallel --recursive Package.swift Services Shared Tests

migrate: ## Bring the database to this version (`make up` does it by itself)
	@infra/scripts/ensemble.sh migrate

keys: ## Make the keys that a bus over TCP needs; keys that are there stay
	@infra/scripts/ensemble.sh keys

doctor: ## Say what is missing on this machine and how to get it
	@infra/scripts/ensemble.sh doctor

packages: ## Install the Debian packages that are missing
	@infra/scripts/packages.sh

clean: ## Remove what was built; keeps .local with the database
	@rm -rf .build .build-fuzz
