# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python of these that is there and new enough; or: make PYTHON=/path/to/python3.12 VENV=.venv-3.12 test
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	if $$python -c 'import sys, venv; raise SystemExit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	then command -v $$python; exit; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin

RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed

.PHONY: help install demo test check format generate baseline version lock bench image clean

help: ## List the commands
	@echo 'kaleyra-gateway'; echo
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

install: $(RUNTIME) ## Make .venv with kaleyra-gateway in its bin
	@echo 'Installed: $(BIN)/kaleyra-gateway --help'

demo: $(RUNTIME) ## Watch calls being placed, answered, redialed, lost and refused at a sandbox provider
	@$(BIN)/kaleyra-gateway demo

# Most tests wait for something, so more of them than there are cores run side by side; or: make WORKERS=1 test
WORKERS ?= 4

test: $(DEV) ## Run all tests (Go, Java, PostgreSQL, containers where those are installed; always with CI=true)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --no-loadscope-reorder

check: $(DEV) ## Check everything that is not a test: format, lint, types, protos, generated code, lock, versions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/buf format --diff --exit-code protos
	tools/generate --check
	$(BIN)/buf lint protos
	$(BIN)/buf breaking protos --against released/v1.binpb
	$(BIN)/python tools/lock.py --check
	$(BIN)/python tools/version.py --check

format: $(DEV) ## Format the Python code and the protos
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/buf format --write protos

generate: $(DEV) ## Regenerate generated/ from protos/
	tools/generate

baseline: $(DEV) ## Declare today's contract the one that must not break (deliberately, with a decision)
	tools/generate --baseline

version: $(DEV) ## Write the version of gateway/__init__.py wherever else it stands
	$(BIN)/python tools/version.py

lock: $(DEV) ## Pin all dependencies anew in requirements*.txt
	$(BIN)/python tools/lock.py

bench: $(DEV) ## Measure this gateway, its receiver and its streams beside null and naive ones and one in Go
	$(BIN)/python benchmarks/run.py

ENGINE ?= docker
VERSION = $(shell sed -nE 's/^__version__ = "(.*)"/\1/p' gateway/__init__.py)

image: ## Build the container image (or: make ENGINE=podman image)
	$(ENGINE) build --tag kaleyra-gateway:$(VERSION) .

clean: ## Remove what the other commands made
	rm -rf .venv .tools .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@if [ -z '$(PYTHON)' ]; then \
		echo 'Python 3.11, 3.12 or 3.13 with its venv module is missing (Debian: apt install python3 python3-venv).' >&2; \
		exit 1; \
	fi
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
