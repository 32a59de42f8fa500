# genlab: `make app` starts it, `make test` checks it. The first run of either makes .venv from the pinned requirements.

# The first of these that is Python 3.11 to 3.13 makes .venv; name your own with `make app PYTHON=/path/to/python`.
PYTHON ?= python3 python3.13 python3.12 python3.11
PORT ?=
ARGS ?=

BIN := .venv/bin
APP := .venv/app-installed
DEV := .venv/dev-installed

.PHONY: help app test bench lock format clean
.DELETE_ON_ERROR:

help:
	@echo "make app     start genlab and open the browser        PORT=8601  ARGS='--server.address 0.0.0.0'"
	@echo "make test    ruff, mypy and the tests                 ARGS='-k metrics'"
	@echo "make bench   training speed beside Keras fit          ARGS='--parts points --json'"
	@echo "make format  format the code, fix what ruff can fix"
	@echo "make lock    pin the newest allowed requirements again   ARGS='--upgrade-package keras'"
	@echo "make clean   remove .venv and caches; runs stay"

# Streamlit opens the browser itself, and only prints the address where there is no display. Its question for an
# e-mail address on a first start is turned off: with nobody to answer, it would wait for ever.
app: $(APP)
	@$(BIN)/streamlit run app.py --server.showEmailPrompt false \
		$(if $(PORT),--server.port $(PORT)) $(ARGS)

# Three processes of tests on two cores, for many wait for a browser or a worker; what each takes at a time stands in
# tests/conftest.py.
PARALLEL := --numprocesses 3 --dist loadscope --no-loadscope-reorder

test: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest $(PARALLEL) $(ARGS)

# On a quiet machine: docs/performance.md says what it printed on ours.
bench: $(DEV)
	$(BIN)/python benchmarks/throughput.py $(ARGS)

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# One version of a package for every Python and system we support. What is pinned stays pinned while pyproject.toml allows
# it: ARGS=--upgrade takes the newest of everything.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--custom-compile-command "make lock" $(ARGS)

lock: $(BIN)/uv
	$(COMPILE) --annotation-style line --output-file requirements.txt
	$(COMPILE) --no-annotate --extra dev --constraint requirements.txt --output-file requirements-dev.txt

$(BIN)/uv: | .venv/made
	$(BIN)/pip install --quiet uv

$(APP): requirements.txt pyproject.toml | .venv/made
	@echo "Installing the pinned requirements into .venv: about 3 GB, once; a few minutes."
	$(BIN)/pip install --requirement requirements.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

$(DEV): requirements-dev.txt pyproject.toml | .venv/made
	@echo "Installing the pinned requirements and the tools of the tests into .venv: about 3 GB, once; a few minutes."
	$(BIN)/pip install --requirement requirements-dev.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@ $(APP)  # all that `make app` needs is in it

.venv/made:
	@for python in $(PYTHON); do \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$$python cannot make virtual environments: its venv or pip module is missing."; \
			echo "On Debian and Ubuntu: sudo apt install python3-venv. Then run make again."; exit 1; }; \
		echo "Making .venv with $$("$$python" --version)."; \
		"$$python" -m venv --clear .venv && touch $@; exit; \
	done; \
	echo "genlab needs Python 3.11, 3.12 or 3.13 (TensorFlow runs on no other), and none of these is one: $(PYTHON)."; \
	for python in $(PYTHON); do "$$python" --version 2>/dev/null | sed "s|^|  $$python is |"; done; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)"; exit 1

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -not -path './runs/*' -exec rm -rf {} +
