# make demo: the main job on samples/; make test: the tests. Both set up .venv by themselves.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test lint types check bench samples clean

help:  ## Show this help.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# torch goes first and alone: left to choose, pip takes a build with gigabytes of GPU libraries.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "VoiceGuard needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (a few minutes, once) …"
	@$(BIN)/python -m pip install -q "torch==2.13.0"
	@$(BIN)/python -m pip install -q -e ".[dev]"
	@touch $@

demo: $(READY)  ## Analyse the sample calls with the shipped model; reports go to out/demo.
	@$(BIN)/voiceguard analyze samples/calls/*.* --model demo --metadata samples/metadata.csv -o out/demo --format json,html,xlsx
	@echo "Reports: out/demo/*.html and out/demo/calls.xlsx"

test: $(READY)  ## Run the tests.
	@$(BIN)/python -m pytest

lint: $(READY)  ## Style and import contract.
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache

types: $(READY)  ## Static types.
	@$(BIN)/mypy

check: lint types test  ## All that CI runs.

bench: $(READY)  ## Measure quality on the samples, and in brief how fast they are written down.
	@$(BIN)/python -m benchmarks.samples
	@$(BIN)/python -m benchmarks.asr --quick

samples: $(READY)  ## Make the sample calls anew (needs espeak-ng).
	@$(BIN)/python -m pip install -q -e ".[training]"
	@$(BIN)/python -m samples.make

clean:  ## Remove what was built.
	@rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
