# Everything starts here. `make run` and `make test` set up what they need by themselves.
PYTHON ?= python3
VENV ?= .venv
export RONGMEI_VENV := $(VENV)
BIN := $(VENV)/bin

.PHONY: help run test setup-run setup-test python-new-enough lint types unit slow postgres e2e kill bench docs screenshots lock template clean

help:          ## what can be made
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 16

run: setup-run ## start the demo network (two nodes and a wire) and print where to click
	@exec $(BIN)/rongmei demo

setup-run: python-new-enough
	@$(PYTHON) tools/bootstrap.py run

setup-test: python-new-enough
	@$(PYTHON) tools/bootstrap.py test

# Said by the shell: a Python too old could not even read the program that says it.
python-new-enough:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "✗ 需要 Python 3.11 以上，$(PYTHON) 是：$$($(PYTHON) -V 2>&1)。什么都没有改动。可用 PYTHON=python3.12 make $(MAKECMDGOALS) 指定解释器。" >&2; \
		echo "  Python 3.11+ is needed; nothing was changed. Try PYTHON=python3.12 make $(MAKECMDGOALS)." >&2; exit 1; }

test: setup-test ## everything CI runs
	$(MAKE) --no-print-directory lint types unit slow postgres docs e2e kill

lint: setup-test ## ruff, templates, import direction, sizes, words
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/lint-imports --no-cache --config tools/lint/importlinter-typing.toml
	$(BIN)/python tools/lint/house.py

types: setup-test ## mypy, strict
	$(BIN)/mypy rongmei rongmei_wire

unit: setup-test ## fast tests
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow and not e2e and not kill and not postgres"

slow: setup-test ## tests with real processes
	$(BIN)/pytest -q -m "slow and not e2e and not kill"

postgres: setup-test ## the same unit tests on a PostgreSQL server of our own
	$(BIN)/python tools/with_postgres.py $(BIN)/pytest -q -n 2 --dist loadfile \
		-m "not slow and not e2e and not kill"

e2e: setup-test ## journeys in a real browser on two nodes
	$(BIN)/pytest -q -m e2e tests/e2e

kill: setup-test ## kill -9 in mid-operation, again and again
	$(BIN)/pytest -q -m kill tests/kill

bench: setup-test ## measure; table on the screen, JSON in bench/results/
	$(BIN)/python -m bench

docs: setup-test ## build the documentation, fail on broken links
	$(BIN)/mkdocs build --strict --quiet

screenshots: setup-test ## pictures of the key pages into docs/images
	$(BIN)/python -m tests.e2e.screenshots

lock:          ## pin the newest allowed versions, at least a week old
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --exclude-newer "$$(date -d '7 days ago' +%F)" -q -o requirements/run.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --exclude-newer "$$(date -d '7 days ago' +%F)" -q -o requirements/dev.txt

template:      ## after a new migration: the schema it ends in, as SQL
	$(BIN)/python -m rongmei.config.template_db

clean:         ## remove caches and the demo's data (asks nothing)
	rm -rf var site .mypy_cache .ruff_cache .pytest_cache
