# Everything that this project needs, it sets up itself in .venv and .cache: see `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := $(VENV)/.run-ready
TEST := $(VENV)/.test-ready

.DEFAULT_GOAL := help
.PHONY: help demo notify test campaign pictures bench check format lock clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUN)  ## start a paper engine and open the console on it
	@$(BIN)/opsconsole demo $(ARGS)

notify: $(RUN)  ## install what notifications need
	@$(PIP) install --require-hashes --requirement requirements-notify.lock

test campaign: export PYTHONDONTWRITEBYTECODE =  # what the workers compile, the next run needn't

# In a fresh clone, what all workers would compile is compiled once, while servers are fetched. There are
# more workers than a small machine has cores: a third of the time each waits for a process that it began.
test: $(TEST)  ## run the tests (with a real MariaDB and a real Prometheus)
	@[ -d tests/tui/__pycache__ ] || $(BIN)/python -m pytest --collect-only >/dev/null & \
		$(BIN)/python -m tests.servers && wait
	@$(BIN)/python -m pytest -n 5 --dist worksteal $(ARGS)

campaign: $(TEST)  ## the long runs that `make test` shortens
	@$(BIN)/python -m tests.servers
	@$(BIN)/python -m pytest -m campaign $(ARGS)

bench: $(TEST)  ## measure the console's screen against dolphie's, which is fetched once
	@$(BIN)/python -m benchmarks.run $(ARGS)

check: $(TEST)  ## ruff, mypy --strict and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(TEST)  ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

pictures: $(RUN)  ## draw the README's pictures anew, from a paper engine with a fixed seed
	@$(BIN)/python -m benchmarks.pictures

lock: $(TEST)  ## resolve the dependencies anew into the three lock files
	@$(PIP) install pip-tools
	@$(BIN)/python -m piptools compile --quiet --upgrade $(LOCK_OPTIONS) --output-file requirements.lock pyproject.toml
	@$(BIN)/python -m piptools compile --quiet $(LOCK_OPTIONS) --extra notify --constraint requirements.lock \
		--output-file requirements-notify.lock pyproject.toml
	@$(BIN)/python -m piptools compile --quiet $(LOCK_OPTIONS) --extra test --extra notify \
		--constraint requirements-notify.lock --output-file tests/requirements.lock pyproject.toml

LOCK_OPTIONS := --generate-hashes --allow-unsafe --build-deps-for editable --strip-extras --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean:  ## remove what was set up here
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "opsconsole needs Python 3.11 or newer; name one with PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "python3-venv is missing. Install it: sudo apt-get install python3-venv" >&2; exit 2; }

$(RUN): $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "installing what the console needs (once)"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST): $(RUN) tests/requirements.lock
	@echo "installing what the tests need (once)"
	@$(PIP) install --require-hashes --requirement tests/requirements.lock
	@touch $@
