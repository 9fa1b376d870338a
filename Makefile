# Each target first makes the virtual environment and installs what it needs, once.
# Versions are those of constraints.txt; a changed pyproject.toml or constraints.txt installs again.

PYTHON  ?= python3.11
WORKERS ?= 2

VENV := .venv
PEERS := .venv-peers
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check -qq

export DAGSTER_HOME := $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help run test ui deep bench peers lint lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.runtime ## the whole graph on the embedded sample, without a network
	@$(BIN)/aegis run

test: $(VENV)/.dev ## all tests, then the floor of 95 % under the core
	@OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=
	@$(BIN)/coverage report --include='aegis_assets/core/*' --fail-under=95

ui: $(VENV)/.ui ## the graph at http://127.0.0.1:3000, and the page at http://127.0.0.1:8321
	@$(BIN)/aegis dashboard --serve & page=$$!; trap 'kill $$page 2> /dev/null' EXIT INT TERM; \
	  $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p 3000

deep: $(VENV)/.deep ## torch, for AEGIS_DEEP=true

bench: $(VENV)/.dev $(VENV)/.deep ## models side by side, and how long they take
	@$(BIN)/python -m benchmarks

peers: $(PEERS)/.done ## qlib for `make bench`, in an environment of its own (1.4 GB)

lint: $(VENV)/.dev ## style, types, layers and whether the graph loads
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@! grep -rnE '\b(environ|getenv|EnvVar)\b' aegis_assets --include='*.py' --exclude=settings.py \
	  || { echo 'Only aegis_assets/settings.py reads the environment.' >&2; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/dg check defs

lock: | $(VENV) ## constraints.txt anew, from what pyproject.toml allows today
	@rm -rf $(VENV)/lock && $(PYTHON) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip --disable-pip-version-check -qq install '.[dev,ui]'
	@{ sed -n '/^#/p' constraints.txt; \
	   { $(VENV)/lock/bin/python -m pip --disable-pip-version-check freeze --exclude aegis-assets; \
	     sed -nE 's/^ *"(torch==[^"]+)".*/\1/p' pyproject.toml; \
	     $(VENV)/lock/bin/python -m pip freeze | sed -n 's/^xgboost-cpu==/xgboost==/p'; \
	   } | LC_ALL=C sort -fu; } > constraints.txt.new
	@rm -rf $(VENV)/lock && mv constraints.txt.new constraints.txt
	@echo 'constraints.txt is new: run make lint test, then commit it.'

clean: ## forget the environment and the caches; models, warehouse and run history stay
	@rm -rf $(VENV) $(PEERS) build *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find aegis_assets aegis_assets_tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# Stamps: what the environment holds.

$(VENV):
	@command -v $(PYTHON) > /dev/null \
	  || { echo '$(PYTHON) is missing: install Python 3.11, or say make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo 'venv failed: on Debian, apt-get install python3.11-venv' >&2; exit 1; }

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)
	@echo 'Installing what make run needs ...'
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.ui $(VENV)/.dev $(VENV)/.deep: $(VENV)/.%: pyproject.toml constraints.txt | $(VENV)
	@echo 'Installing what make needs for the extra $* ...'
	@$(PIP) install -c constraints.txt -e '.[$*]'
	@touch $@

# What only the benchmarks compare with: some 150 packages that nothing else needs.
$(PEERS)/.done:
	@echo 'Installing qlib into $(PEERS) ...'
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check -qq install pyqlib==0.9.7
	@touch $@
