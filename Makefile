# make chat   install, index the samples on first start, open the chat
# make test   install and run all the tests
# make check  the linters alone, in seconds
# make bench  the benchmarks
# make lock   resolve requirements.lock anew from pyproject.toml
# make clean  remove .venv
#
# GPU=cuda|metal|vulkan builds llama.cpp for that accelerator, GPU=none for the CPU alone.

PYTHON ?= python3
GPU ?=
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

export GPU PYTHON VENV

.PHONY: chat test check bench lock clean install

chat: install
	@$(BIN)/python app --port $(PORT)

test: install check
	@$(BIN)/python -m pytest

check: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

bench: install
	@for script in $(filter-out %/adapter_recipe.py,$(wildcard benchmarks/*.py)); do \
	  $(BIN)/python $$script || exit 1; done

install:
	@sh .ci/install

lock: install
	@sh .ci/lock

clean:
	rm -rf $(VENV)
