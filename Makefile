# Every command of the project. What CI runs, you run with the same word. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
ASSETS := mailgenius/web/static/dist/manifest.json
ASSET_SOURCES := $(shell find web-src -name node_modules -prune -o -type f -print)

# The demo and the development server keep their data here; `MAILGENIUS_HOME=… make run` chooses another place.
MAILGENIUS_HOME ?= $(CURDIR)/.mailgenius
PORT ?= 8000
ROWS ?= 1000000
MESSAGES ?= 50000
SCALE ?= 1

.PHONY: help setup assets demo run migrate doctor check test browser smtp-source bench soak schema constraints wheel clean

help: ## List the commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) assets ## Make .venv with everything pinned, the command `mailgenius`, and the screens' assets.

assets: $(ASSETS) ## Build scripts, styles and icons when their sources changed.

demo: setup ## Start with 10,000 sample leads and a campaign sent through the sandbox; stays up.
	@exec $(BIN)/mailgenius demo --port $(PORT)

run: setup ## Start the whole installation on PORT (8000).
	@exec $(BIN)/mailgenius run --port $(PORT)

migrate: $(INSTALLED) ## Bring the database to this release.
	@$(BIN)/mailgenius migrate

doctor: $(INSTALLED) ## Say what is wrong and how to mend it.
	@$(BIN)/mailgenius doctor

check: $(INSTALLED) ## Lint, types, import contracts, templates, spelling, and the house checks.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint --lint --quiet mailgenius
	$(BIN)/codespell
	$(BIN)/python -m mailgenius.web.i18n check
	$(BIN)/pytest -q tests/architecture tests/sql

test: setup browser ## Run every test.
	$(BIN)/pytest -n 2

bench: setup smtp-source ## Measure import and sending beside the limit of this machine (ROWS, MESSAGES).
	$(BIN)/mailgenius bench import --rows $(ROWS)
	$(BIN)/mailgenius bench send --messages $(MESSAGES)

soak: setup ## Play faults on real processes and count what arrives (SCALE=0.1 is a tenth of the size).
	$(BIN)/mailgenius soak --scale $(SCALE)

schema: $(INSTALLED) ## Write mailgenius/migrations/schema.sql anew from the migrations.
	@$(BIN)/python -m tests.sql.schema

constraints: $(INSTALLED) ## Resolve the dependencies anew and pin them with hashes.
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-header --no-annotate --quiet --output-file constraints.txt

wheel: setup ## Build the wheel, which carries the assets, into dist/.
	$(BIN)/python -m hatchling build -t wheel

clean: ## Remove caches and build results; keeps .venv and your data.
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache web-src/node_modules
	rm -rf mailgenius/web/static/dist tests/artifacts
	find . -name .venv -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

demo run migrate doctor: export MAILGENIUS_HOME := $(MAILGENIUS_HOME)

$(BIN)/python:
	@for name in "$${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$name; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	  echo "make: Python 3.11 or newer is needed and was not found. On Debian: apt-get install python3 python3-venv." >&2; \
	  echo "make: if it has another name, say it: PYTHON=/path/to/python3 make setup" >&2; exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip' 2>/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -qq -y python3-venv; \
	  else \
	    echo "make: this Python cannot make virtual environments. On Debian: apt-get install python3-venv." >&2; exit 1; \
	  fi; \
	fi; \
	echo "make: virtual environment with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV)

$(INSTALLED): constraints.txt pyproject.toml | $(BIN)/python
	@echo "make: installing the pinned packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(ASSETS): $(INSTALLED) $(ASSET_SOURCES)
	@$(BIN)/python -m mailgenius.web.assets
	@touch $@

smtp-source: # The send bench stands beside Postfix's smtp-source, which Debian packs; unpacked here, not installed.
	@if ! PATH="$$PATH:/usr/sbin:.tools" command -v smtp-source >/dev/null; then \
	  if ! { command -v apt-get && command -v dpkg-deb; } >/dev/null || ! sh bench/fetch_smtp_source.sh .tools; then \
	    echo "make: without smtp-source the limit is our own adapter. On Debian: apt-get install postfix." >&2; \
	  fi; \
	fi

browser: # The browser journeys drive Debian's Chromium; root can have it installed here.
	@if ! command -v chromium >/dev/null && [ -z "$${CHROMIUM:-}" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium; \
	  else \
	    echo "make: the browser tests need Chromium. On Debian: apt-get install chromium; or set CHROMIUM=/path/to/it." >&2; \
	  fi; \
	fi
