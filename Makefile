# make demo   sets everything up and sells a key         make test   the whole suite
# make up     runs the shop until Ctrl-C                 make bench  figures beside the peer's
# make lint   style, types, import contracts             make lock   resolves the dependencies anew
# make clients  fetches what the TypeScript client of docs/clients needs (npm; make client-tools), and buys a key with each
# make faults every fault of the plan, at full scale, about an hour; ROWS=F3,F4: these, the others as they were

SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made

# The first Python that is new enough and can make virtual environments; PYTHON=… overrides.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$python && break; done)

.PHONY: demo up test bench faults clients client-tools lint lock setup

demo: $(STAMP)
	@$(BIN)/bitloot demo

up: $(STAMP)
	@$(BIN)/bitloot up

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal

bench: $(STAMP)
	$(BIN)/python -m bench

faults: $(STAMP)
	$(BIN)/python -m tests.faults $(if $(ROWS),--rows $(ROWS))

clients: $(STAMP) client-tools
	$(BIN)/python -m pytest -n 0 -q tests/flows/test_clients.py

client-tools:
	cd docs/clients/typescript && npm install --no-package-lock --no-audit --no-fund --ignore-scripts

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(STAMP)

# Nothing is installed that is not named, with its hash, in requirements.txt.
$(STAMP): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "BitLoot needs Python 3.11 or newer, with venv. Set PYTHON=…" >&2; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON); this takes a few minutes, once."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# On the oldest Python that we support, so that nothing which it needs is missing: below 3.11.3 that is one more package.
LOCK_PYTHON ?= python3.11
LOCK := $(VENV)-lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock:
	@$(LOCK_PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 11, 3))' \
		|| { echo "make lock needs a Python below 3.11.3. Set LOCK_PYTHON=…" >&2; exit 1; }
	$(LOCK_PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet pip-tools
	$(LOCK) --all-extras --build-deps-for editable -o requirements.txt pyproject.toml
	cp requirements.txt requirements-prod.txt
	cp requirements.txt requirements-build.txt
	$(LOCK) --extra otel --extra rabbitmq -o requirements-prod.txt pyproject.toml
	$(LOCK) --only-build-deps --all-build-deps -o requirements-build.txt pyproject.toml
	sed -i.old '1i # Made by `make lock`: every file that may be installed, by its hash.' requirements*.txt
	rm requirements*.txt.old
