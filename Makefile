# make demo   everything on the shipped problems and model, to a report (installs what it needs)
# make test   the whole test suite (installs what it needs, Docker engine included where it may)
# make check  style and types
PYTHON ?= python3
VENV ?= .venv
# auto | docker | local: which sandbox to set up
SANDBOX ?= auto
PYTEST ?=
# 0: one process. With more, one runs all tests that start sandboxes (tests/conftest.py): sooner done, on a busier host.
WORKERS ?= 0

BIN := $(VENV)/bin

.PHONY: demo test check setup clean

demo: $(VENV)/.paddle
	sandboxes/setup $(SANDBOX) $(BIN)/humaneval-x
	$(BIN)/humaneval-x run --config demo

test: $(VENV)/.dev
	sandboxes/setup $(SANDBOX) $(BIN)/humaneval-x
	sandboxes/setup local $(BIN)/humaneval-x
	sandboxes/setup browser
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup $(PYTEST)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(VENV)/.dev

$(VENV)/bin/python:
	sandboxes/setup venv $(PYTHON) $(VENV)

$(VENV)/.paddle: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[paddle]'
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[paddle,dev]'
	touch $@ $(VENV)/.paddle

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
