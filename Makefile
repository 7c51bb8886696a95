# Two commands on a fresh machine: `make run` and `make test`. They need Python 3.11 or newer with pip, and make.
# Another interpreter: `make test PYTHON=python3.13`; it gets an environment of its own, .venv-python3.13.

PYTHON ?= python3
ifeq ($(PYTHON),python3)
VENV ?= .venv
else
VENV ?= .venv-$(notdir $(PYTHON))
endif
BIN := $(VENV)/bin
SYNCED := $(VENV)/synced

# Each process imports and compiles for itself, so more than two pay off on large machines only.
TEST_PROCESSES ?= 2

# The interpreter is PYTHON's: uv installs into its environment, and neither fetches nor looks for another one.
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
unexport UV_PYTHON
unexport VIRTUAL_ENV

.PHONY: help install run test soak bench clean

help:
	@echo "make run    install into $(VENV), answer /liq BTC and draw its chart"
	@echo "make test   ruff, mypy and the tests"
	@echo "make soak   long runs: kills, load"
	@echo "make bench  the benchmarks, reported"
	@echo "make clean  remove $(VENV) and what the tools left behind"

install: $(SYNCED)

run: $(SYNCED)
	@"$(BIN)/fathom" ask "/liq BTC"

test: $(SYNCED)
	"$(BIN)/python" -m ruff check
	"$(BIN)/python" -m ruff format --check
	"$(BIN)/python" -m mypy
	"$(BIN)/python" -m pytest -q -n $(TEST_PROCESSES) -p no:benchmark --ignore=tests/benchmarks

soak: $(SYNCED)
	"$(BIN)/python" -m pytest -q -s -m soak -p no:benchmark --ignore=tests/benchmarks

bench: $(SYNCED)
	"$(BIN)/python" -m pytest -q tests/benchmarks --benchmark-columns=min,median,max,rounds

clean:
	rm -rf "$(VENV)" .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks

# Newer than the last installation: the dependencies changed, or the interpreter was exchanged under the environment.
# uv is taken from the machine, else installed into the environment; its cache stays inside where the home is read-only.
$(SYNCED): pyproject.toml uv.lock $(BIN)/python
	@uv="$$(command -v uv || echo "$(BIN)/uv")"; \
	[ -x "$$uv" ] || "$(PYTHON)" -m pip --python "$(BIN)/python" install --quiet uv || exit 1; \
	cache="$$("$$uv" cache dir 2>/dev/null)"; \
	{ mkdir -p "$$cache" && [ -w "$$cache" ]; } 2>/dev/null || export UV_CACHE_DIR="$(VENV)/cache"; \
	"$$uv" sync --all-extras --locked --compile-bytecode
	@touch "$@"

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
	    echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Fathom needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" -V 2>&1)." \
	        "Name another: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -m venv --without-pip "$(VENV)"
