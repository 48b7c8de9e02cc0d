# `make` or `make help` lists what there is to do. Everything happens in a virtual environment of its own, $(VENV).

PYTHON ?= python3
VENV   ?= .venv
JOBS   ?= 2

# Where PyTorch's CPU builds are: on Linux the default ones bring gigabytes of CUDA that nothing here needs. Nobody is asked
# for them where pip has been told where to look.
TORCH_INDEX ?= $(if $(PIP_FIND_LINKS)$(PIP_INDEX_URL)$(PIP_EXTRA_INDEX_URL),,https://download.pytorch.org/whl/cpu)

BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed.stamp
RUNTIME := $(if $(wildcard $(STAMP)),$(STAMP),$(VENV)/.runtime.stamp)
INSTALL  = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile --constraint constraints.txt \
	$(addprefix --extra-index-url ,$(TORCH_INDEX)) --editable
# pip would compile on one core. Some packages hold files that are not meant to compile.
COMPILE  = $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true

# One thread a test process: tiny models are slower on two, and figures must not depend on the machine's cores.
export OMP_NUM_THREADS     ?= 1
export TOKENIZERS_PARALLELISM ?= false
# No test asks the network for a model or a data set.
export HF_HUB_OFFLINE      ?= 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help quickstart test check lint types imports format docs clean versions

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

quickstart: $(RUNTIME) ## See the gain in minutes, from nothing: environment, training, a table, quickstart-topic/report.html
	$(BIN)/xtune quickstart

test: versions lint types imports ## Everything, from nothing: environment, lint, types, import rules, all tests and doctests
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

check: lint types imports ## The same without the slow tests, stopping at the first failure
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -x -q -m "not slow"

lint: $(STAMP) ## Lint, and see that the format is kept
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(STAMP) ## Check the types of src/xtune
	$(BIN)/mypy

imports: $(STAMP) ## Check that data flows one way (the contracts in pyproject.toml)
	$(BIN)/lint-imports --no-cache

format: $(STAMP) ## Mend what ruff can mend, and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(STAMP) ## Write the API reference from the docstrings to docs/reference
	$(BIN)/python docs/generate_reference.py

versions: $(STAMP) ## Show the versions in use
	@$(BIN)/python -c 'import platform; print("python", platform.python_version(), platform.platform())'
	@$(BIN)/python -m pip freeze -q --disable-pip-version-check --exclude-editable \
		| grep -Ei '^(torch|transformers|tokenizers|accelerate|datasets|numpy|pyarrow|pytest|ruff|mypy)==' | tr '\n' ' '; echo

clean: ## Remove the environment, caches and everything generated
	rm -rf $(VENV) build dist docs/reference quickstart-* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

# Brought up to date whenever the dependencies may have changed; `touch` comes last, so that a broken installation is
# never taken for a good one. `make clean` for one from nothing.
$(STAMP): pyproject.toml constraints.txt
	$(environment)
	@$(INSTALL) '.[dev]'
	@$(COMPILE)
	@touch $@

# What `make quickstart` needs, a part of the above.
$(VENV)/.runtime.stamp: pyproject.toml constraints.txt
	$(environment)
	@$(INSTALL) .
	@$(COMPILE)
	@touch $@

define environment
@command -v $(PYTHON) >/dev/null || { echo "xtune needs Python 3.11 or newer: there is no '$(PYTHON)'. Name one, for example: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "xtune needs Python 3.11 or newer: '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Name another, for example: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
@echo "Installing into $(VENV) (PyTorch is large: some minutes)"
@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
endef
