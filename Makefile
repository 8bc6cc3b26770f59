# One line a target, no logic here: scripts/ and `manage.py up` hold it.
PORT ?= 8000
BIN := .venv/bin
# Which tests `make test` runs; all of them: make test SUITE=
SUITE ?= -m "not slow"
# Test processes side by side: one a core, and of many cores some. One alone: make test WORKERS=0
WORKERS ?= auto
# Where strings of the interface are looked for, and how they are kept: a line each, so that a change is a line.
GATHER := --all --no-wrap --no-obsolete --add-location file $(foreach folder,.venv var tests benchmarks demo modelsvc scripts,--ignore $(folder))
# Waiting threads sleep instead of spinning: on two cores they would take the time from those that work.
export OMP_WAIT_POLICY ?= PASSIVE
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: run worker test test-all check bench format messages environment environment-dev

run: environment ## Web, workers and the demo project, in one process group
	@$(BIN)/python manage.py up --demo --port $(PORT)

worker: environment ## Only the workers, for a second host on the same PostgreSQL, Redis and shared storage
	@$(BIN)/python manage.py up --no-web

test: environment-dev ## The suite on SQLite, without the slow part
	@$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal $(SUITE)

test-all: ## With real training and whole journeys
	@$(MAKE) test SUITE=

check: environment-dev ## Lint, format, types, import contracts, migrations, settings
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy labeller modelsvc
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py check --fail-level WARNING

bench: environment-dev ## Start-up and memory; the others: docs/engineers.md
	@$(BIN)/python -m benchmarks.startup
	@$(BIN)/python -m benchmarks.memory

format: environment-dev ## Put the code into ruff's form
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

messages: environment-dev ## Gather the interface's strings into locale/, and compile what is translated (needs gettext)
	@$(BIN)/python manage.py makemessages $(GATHER)
	@$(BIN)/python manage.py makemessages --domain djangojs $(GATHER)
	@$(BIN)/python manage.py compilemessages --ignore .venv

environment:
	@sh scripts/environment.sh

environment-dev:
	@sh scripts/environment.sh --dev
