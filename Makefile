# Builds, checks and runs casemgr. Every target first sets up what it needs; `make help` lists the targets.

PYTHON ?= python3
export PORT ?= 8000

BIN := .venv/bin
DIST ?= dist
# More than cores, since some tests wait for servers.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) * 3 // 2)')
PO := $(wildcard translations/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)
# npm writes this file last.
NODE_MODULES := $(if $(shell command -v npm),tests/npm/node_modules/.package-lock.json)
SOURCES := app.py setup.py casemgr schemas tests benchmarks demo gunicorn.conf.py
EXTRACT := pybabel -q extract -F translations/babel.cfg -k N_ -k NN_:1,2 -k NC_:1c,2 \
	--no-location --sort-output --add-comments=TRANSLATORS: \
	--project casemgr --version 3 --header-comment '\# Message catalogue of casemgr.'

LOCK = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	$(addprefix --upgrade-package ,$(UPGRADE))

.PHONY: run check test help lint types check-template pytest-fast pytest faults month fuzz fuzz-briefly bench \
	catalogues messages lock outdated sbom dist clean schema prerequisites

run: .venv/run.stamp catalogues $(if $(CASEMGR_DATABASE_URL),schema,casemgr.db) ## Serve demo data, or the database in CASEMGR_DATABASE_URL, on PORT (8000).
	@exec $(BIN)/python demo/serve.py

check: lint types check-template pytest-fast ## Run the fast checks and the tests that need no server.

test: lint types check-template pytest faults month fuzz-briefly ## Run all checks and all tests, on SQLite and, if installed, PostgreSQL.

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s  %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

lint: .venv/test.stamp ## Check style and format with ruff.
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: .venv/test.stamp ## Check types with mypy.
	$(BIN)/mypy

# tests/translations compares the catalogues with the template.
check-template: .venv/test.stamp ## Check that the message template has the messages of the sources.
	@mkdir -p build
	@$(BIN)/$(EXTRACT) -o build/messages.pot .
	@diff -I '^"POT-Creation-Date' -I '^"Generated-By' translations/messages.pot build/messages.pot \
		|| { echo "The template does not have the messages of the sources: run 'make messages'." >&2; exit 1; }

pytest-fast: .venv/test.stamp catalogues
	$(BIN)/pytest -q -n auto -m "not slow" --ignore tests/live

pytest: .venv/test.stamp catalogues $(NODE_MODULES) ## Run all tests with pytest.
	$(BIN)/pytest -n $(WORKERS)
	@if $(BIN)/python -m tests.postgresql; then \
		echo "$(BIN)/pytest -n $(WORKERS) --database postgresql"; $(BIN)/pytest -n $(WORKERS) --database postgresql; \
	else echo "This machine has no PostgreSQL 15 or newer: the tests ran on SQLite only."; fi

# A short form of the trial that docs/operations.md describes.
faults: .venv/test.stamp catalogues ## Break parts of a whole deployment under load and check what callers receive.
	@if missing=$$($(BIN)/python -m tests.faults --check 2>&1); then \
		echo "$(BIN)/python -m tests.faults --short --pause 1 --patience 10"; \
		$(BIN)/python -m tests.faults --short --pause 1 --patience 10; \
	else echo "$$missing"; fi

# The long form has 30 days with 24 imports each.
month: .venv/test.stamp catalogues ## Walk through a simulated month of an installation on PostgreSQL, in short.
	$(BIN)/python -m tests.month --short

# The requests differ each time. Schemathesis prints the seed, and --seed repeats them.
fuzz: .venv/test.stamp catalogues ## Send thousands of generated requests and check the responses; takes some minutes.
	$(BIN)/python -m tests.fuzz --seed 0 --examples 300

fuzz-briefly: .venv/test.stamp catalogues
	$(BIN)/python -m tests.fuzz

# docs/performance.md has the results.
bench: .venv/bench.stamp catalogues ## Measure the service beside Flask and FastAPI; QUICK=1 takes a minute.
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

catalogues: $(MO) ## Compile the message catalogues that have changed.

%.mo: %.po | .venv/run.stamp
	@$(BIN)/pybabel -q compile -i $< -o $@

messages: .venv/test.stamp ## Update the message template and all catalogues; new messages are untranslated.
	$(BIN)/$(EXTRACT) -o translations/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete -i translations/messages.pot -d translations

# The demo database. The dataset is imported once; a new migration migrates the schema.
casemgr.db: $(wildcard casemgr/database/migrations/versions/*.py) | .venv/run.stamp
	@new=$$(test -s $@ || echo yes); \
	$(BIN)/casemgr init-db && { test -z "$$new" || $(BIN)/casemgr import demo/dataset.jsonl; } \
		|| { test -z "$$new" || rm -f $@; exit 1; }
	@touch $@

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

$(NODE_MODULES): tests/npm/package-lock.json
	@npm ci --prefix $(<D) --silent || echo "npm could not install what $(<D) lists." >&2

.venv/bench.stamp: requirements-bench.lock .venv/test.stamp
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

prerequisites:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "casemgr needs Python 3.11 or newer, which '$(PYTHON)' is not. Name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "'$(PYTHON)' cannot create virtual environments; install its venv package (python3-venv)." >&2; exit 1; }
	@test -w . || { echo "This folder is read-only; casemgr keeps .venv and casemgr.db in it." >&2; exit 1; }

# The package is built from the source distribution, which is thereby known to be complete.
dist: .venv/run.stamp ## Build the source distribution and the package (wheel) in dist/.
	@mkdir -p $(DIST)
	@rm -f $(DIST)/casemgr-*
	@$(BIN)/python -c 'from setuptools.build_meta import build_sdist; build_sdist("$(DIST)")' > /dev/null
	@$(BIN)/pip wheel --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation \
		-w $(DIST) $(DIST)/casemgr-*.tar.gz
	@ls $(DIST)/casemgr-*

# Without UPGRADE, uv keeps the pinned versions that are still in range.
lock: .venv/run.stamp ## Pin the dependencies of setup.cfg in the requirements files; UPGRADE="a b" updates two.
	$(BIN)/pip install --quiet uv
	$(LOCK) setup.cfg --extra build -o requirements.lock
	$(LOCK) setup.cfg --extra build --extra test -o requirements-test.lock
	$(LOCK) setup.cfg --extra build --extra test --extra bench -o requirements-bench.lock
	echo "cyclonedx-bom >=7.5, <8" | $(LOCK) - -o requirements-sbom.lock

outdated: .venv/bench.stamp ## List the pinned dependencies that have newer versions.
	@$(BIN)/pip list --disable-pip-version-check --outdated --exclude-editable --exclude pip --exclude uv

# The name and the version of casemgr are in setup.cfg, which cyclonedx-py does not read.
sbom: build/sbom/stamp .venv/run.stamp ## List what casemgr needs at run time in build/casemgr.cdx.json (CycloneDX).
	@printf '[project]\nname = "casemgr"\nversion = "%s"\n' \
		"$$($(BIN)/python -c 'import casemgr; print(casemgr.__version__)')" > build/sbom/pyproject.toml
	@build/sbom/bin/python -W ignore -m cyclonedx_py requirements --pyproject build/sbom/pyproject.toml \
		--output-reproducible -o build/casemgr.cdx.json requirements.lock

build/sbom/stamp: requirements-sbom.lock | prerequisites
	@$(PYTHON) -m venv build/sbom
	@build/sbom/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-sbom.lock
	@touch $@

clean: ## Delete everything that other targets have created, except databases.
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/npm/node_modules $(MO)
