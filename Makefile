# Only Python 3.11 and make are needed first; `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.9.7
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
READY := $(VENV)/.ready
HOST ?= 127.0.0.1
PORT ?= 8000
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: help setup serve test soak audit train evaluate bench lint lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(READY) ## install everything into .venv

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Passerelle needs Python 3.11: install it, or name it: make $(firstword $(MAKECMDGOALS)) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@if ! command -v $(UV) >/dev/null 2>&1; then echo "Installing uv into .tools/ (your system is left alone)…"; \
	  $(PYTHON) -m venv .tools && .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv>=$(UV_VERSION)" || \
	  { echo "uv could not be installed: check the network, or install uv yourself." >&2; exit 1; }; fi
	@echo "Installing the dependencies into $(VENV) (2 GB; the first time takes a minute or two)…"
	@$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV)
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

serve: setup ## set up, load, train if needed, serve on http://127.0.0.1:8000 (HOST=… PORT=…)
	@HOST=$(HOST) PORT=$(PORT) $(BIN)/passerelle serve

test: setup lint ## set up and run all tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: setup
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet . && $(BIN)/lint-imports --no-logo >/dev/null || \
	  { $(BIN)/ruff check .; $(BIN)/ruff format --check .; $(BIN)/lint-imports; exit 1; }
	@$(BIN)/mypy --no-error-summary

soak: setup ## heavy runs: fuzzing, load, a large directory
	@$(BIN)/python -m pytest -m soak

audit: setup ## known weaknesses of the dependencies, where a database of advisories is reachable
	@command -v $(UV) >/dev/null 2>&1 || exit 1; \
	if said=$$($(UV) tool run --quiet pip-audit --requirement requirements.lock --disable-pip --no-deps --progress-spinner off 2>&1); then echo "$$said"; \
	elif grep -q "known vulnerabilit" <<<"$$said"; then echo "$$said"; exit 1; \
	else echo "Not audited: no database of advisories answered ($$(tail -n 1 <<<"$$said" | cut -c 1-200)). See docs/security.md."; fi

train: setup ## train the language model anew
	@$(BIN)/passerelle train

evaluate: setup ## report on understanding
	@$(BIN)/passerelle evaluate

bench: setup ## performance against stock Rasa
	@$(BIN)/python -m tests.bench.bench

lock: ## write requirements.lock from pyproject.toml
	@$(UV) pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11 --quiet -o requirements.lock

clean: ## remove what make and Passerelle wrote
	@rm -rf $(VENV) .tools var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
