# casemgr. `make run` starts the service with demo data, `make test` runs every check; both set up what they need.

PYTHON ?= python3
export PORT ?= 8000

BIN := .venv/bin
PO := $(wildcard translations/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)
SOURCES := app.py setup.py casemgr schemas tests benchmarks demo gunicorn.conf.py
EXTRACT := pybabel -q extract -F translations/babel.cfg -k N_ -k NN_:1,2 -k NC_:1c,2 \
	--no-location --sort-output --add-comments=TRANSLATORS: \
	--project casemgr --version 3 --header-comment '\# Message catalogue of casemgr.'

.PHONY: run test lint types check-template pytest faults fuzz fuzz-briefly bench catalogues messages lock clean prerequisites

run: .venv/run.stamp catalogues $(if $(CASEMGR_DATABASE_URL),schema,casemgr.db)
	@exec $(BIN)/python demo/serve.py

test: lint types check-template pytest faults fuzz-briefly

lint: .venv/test.stamp
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: .venv/test.stamp
	$(BIN)/mypy

# The template is what the sources say now; tests/translations holds the catalogues against the template.
check-template: .venv/test.stamp
	@mkdir -p build
	@$(BIN)/$(EXTRACT) -o build/messages.pot .
	@diff -I '^"POT-Creation-Date' -I '^"Generated-By' translations/messages.pot build/messages.pot \
		|| { echo "The template is not what the sources say: run 'make messages'." >&2; exit 1; }

pytest: .venv/test.stamp catalogues
	$(BIN)/pytest -n auto
	@if $(BIN)/python -m tests.postgresql; then \
		echo "$(BIN)/pytest -n auto --database postgresql"; $(BIN)/pytest -n auto --database postgresql; \
	else echo "This machine has no PostgreSQL 15 or newer: the tests ran on SQLite only."; fi

# A short form of the trial of faults; docs/operations.md describes the long one.
faults: .venv/test.stamp catalogues
	@if missing=$$($(BIN)/python -m tests.faults --check 2>&1); then \
		echo "$(BIN)/python -m tests.faults --pause 1 --patience 10"; \
		$(BIN)/python -m tests.faults --pause 1 --patience 10; \
	else echo "$$missing"; fi

# Odd requests by the thousand, others each time; Schemathesis prints the seed, and --seed repeats it.
fuzz: .venv/test.stamp catalogues
	$(BIN)/python -m tests.fuzz --seed 0 --examples 300

fuzz-briefly: .venv/test.stamp catalogues
	$(BIN)/python -m tests.fuzz

# Measures the service, its floors and what it is compared with; docs/performance.md has the results.
bench: .venv/bench.stamp catalogues
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

# Compile the message catalogues that have changed.
catalogues: $(MO)

%.mo: %.po | .venv/run.stamp
	@$(BIN)/pybabel -q compile -i $< -o $@

# Bring the template and all catalogues to what the sources say; new messages come untranslated.
messages: .venv/test.stamp
	$(BIN)/$(EXTRACT) -o translations/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete -i translations/messages.pot -d translations

# The demo database: the dataset is imported once, the schema follows the migrations.
casemgr.db: $(wildcard casemgr/migrations/versions/*.py) | .venv/run.stamp
	@new=$$(test -s $@ || echo yes); \
	$(BIN)/casemgr init-db && { test -z "$$new" || $(BIN)/casemgr import demo/dataset.jsonl; } \
		|| { test -z "$$new" || rm -f $@; exit 1; }
	@touch $@

.PHONY: schema
schema: .venv/run.stamp
	@$(BIN)/casemgr init-db

.venv/run.stamp: requirements.lock setup.cfg setup.py pyproject.toml | prerequisites
	@echo "Setting up .venv; this takes a minute the first time."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test.stamp: requirements-test.lock .venv/run.stamp
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

.venv/bench.stamp: requirements-bench.lock .venv/test.stamp
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

prerequisites:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "casemgr needs Python 3.11 or newer, which '$(PYTHON)' is not. Name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "'$(PYTHON)' cannot create virtual environments; install its venv package (python3-venv)." >&2; exit 1; }
	@test -w . || { echo "This folder is read-only; casemgr keeps .venv and casemgr.db in it." >&2; exit 1; }

# Resolve the dependencies of setup.cfg anew.
lock: .venv/run.stamp
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		setup.cfg --extra build -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		setup.cfg --extra build --extra test -o requirements-test.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		setup.cfg --extra build --extra test --extra bench -o requirements-bench.lock

clean:
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis $(MO)
