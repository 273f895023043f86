# make run: install, migrate and serve.  make test: the whole suite.  make help: the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests wait much for processes of their own: one more than two cores keeps both busy.
PROCESSES ?= 3
# A third of the dearest tests runs each day: in any three days everything runs.
SHARD ?= $(shell expr $$(date +%s) / 86400 % 3 + 1)/3
# CI puts a faster one here (.ci/run).
INSTALL ?= $(BIN)/python -m pip install --disable-pip-version-check
# $(call install,requirements): what the lock holds, by its digests, where there is one for this
# platform; elsewhere the direct pins and whatever suits them, and that is said.
install = $(INSTALL) --require-hashes -r requirements-setup.txt && \
  if $(BIN)/python -c '$(IS_LOCKED)'; then $(INSTALL) --require-hashes -r $(1).lock; \
  else echo "$(1).lock is not for this platform or Python: $(1).txt is installed, without digests"; \
  $(INSTALL) -r $(1).txt; fi
# As the environments in pyproject.toml.
IS_LOCKED := import platform, sys; here = (sys.platform, platform.machine()); \
  known = {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")}; \
  sys.exit(here not in known or sys.version_info >= (3, 15))
UV := uv==0.13.8
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
FUZZ_STAMP := $(VENV)/.installed-fuzz
DOCS_STAMP := $(VENV)/.installed-docs
# What tests and lint need of npm; nothing that runs a site needs any of it.
NPM_STAMP := tests/clients/node_modules/.installed
NPM_CI := npm ci --prefix tests/clients --ignore-scripts --no-audit --no-fund --loglevel=error \
  --fetch-retry-maxtimeout=10000
BIOME := tests/clients/node_modules/.bin/biome
# Tests start hundreds of Python processes; without compiled files each compiles all code of ours.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run models test check lint docs lock fuzz mutants chaos separate unnamed bench messages pictures screenshots clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/:/'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'stemsite needs Python 3.11 or newer; set PYTHON=/path/to/python3.11'; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.txt requirements.lock requirements-setup.txt | $(BIN)/python
	@$(call install,requirements)
	@touch $@

$(DEV_STAMP): requirements.txt requirements-url.txt requirements-models.txt requirements-train.txt requirements-dev.txt \
  requirements-dev.lock requirements-setup.txt | $(BIN)/python
	@$(call install,requirements-dev)
	@touch $@ $(RUN_STAMP)

$(FUZZ_STAMP): requirements-fuzz.txt $(DEV_STAMP)
	$(INSTALL) -r requirements-fuzz.txt
	@touch $@

$(DOCS_STAMP): requirements-docs.txt | $(BIN)/python
	$(INSTALL) -r requirements-docs.txt
	@touch $@

# Without npm or its registry all else is linted and tested, and that is said; in CI it is a failure.
$(NPM_STAMP): tests/clients/package.json tests/clients/package-lock.json
	@if ! command -v npm >/dev/null; then lack='npm is missing'; \
	elif $(NPM_CI) >/dev/null; then touch $@; exit; else lack='npm could not install tests/clients'; fi; \
	echo "$$lack: scripts are not linted, and tests that need its packages are skipped"; test -z "$$CI"

models: $(RUN_STAMP)  ## the weights of the default model, if they are not here and can be had
	@$(BIN)/python manage.py fetch_models --if-missing --timeout 10 spleeter_2stems

run: models  ## install what is missing, then serve; Ctrl-C stops everything
	$(BIN)/python manage.py serve

test: $(DEV_STAMP) $(NPM_STAMP)  ## the test suite and its coverage; SHARD=1/1 for all of it in one run, ARGS=tests/jobs for a part
	$(if $(ARGS),,SHARD=$(SHARD)) $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile $(or $(ARGS),--cov --cov-report=)

check: $(DEV_STAMP)  ## what a change needs while one works, in a minute: ruff, import contracts, its fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.changed

lint: $(DEV_STAMP) $(NPM_STAMP)  ## ruff, biome, mypy, deployment checks, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	if [ -x $(BIOME) ]; then $(BIOME) check --error-on-warnings; fi
	# Its workers may not find each other on a busy machine; then one process does it.
	$(BIN)/mypy --num-workers 2 || $(BIN)/mypy
	$(BIN)/lint-imports
	STEMSITE_DATA_DIR=$$(mktemp -d) STEMSITE_HTTPS=1 STEMSITE_DEBUG=0 STEMSITE_MODEL_LICENCES=granted \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING
	STEMSITE_DATA_DIR=$$(mktemp -d) $(BIN)/python manage.py makemigrations --check --dry-run

docs: $(DOCS_STAMP)  ## the documents as a site in site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean --config-file .mkdocs.yml

fuzz: $(FUZZ_STAMP)  ## what reads bytes from outside, under a fuzzer: make fuzz [SECONDS=60]
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60) $(ARGS)

mutants: $(DEV_STAMP)  ## faults made on purpose, and which no test notices: make mutants [SEED=1] [COUNT=120]
	@$(BIN)/python -m tests.mutation --seed $(or $(SEED),1) --count $(or $(COUNT),120) $(ARGS)

chaos: $(DEV_STAMP)  ## many jobs under many kills: make chaos [JOBS=200] [KILLS=100] [DATABASE=sqlite|postgres] [SEED=...]
	@$(BIN)/python -m tests.chaos --jobs $(or $(JOBS),200) --kills $(or $(KILLS),100) \
	  --database $(or $(DATABASE),sqlite) $(if $(SEED),--seed $(SEED)) $(ARGS)

separate: $(if $(SONG),models,unnamed)  ## one song without a server: make separate SONG=path [OUT=stems] [ARGS=...]
	$(BIN)/python manage.py separate "$(SONG)" --out "$(or $(OUT),stems)" $(ARGS)

unnamed:
	@echo 'name the song: make separate SONG=path/to/song.mp3'; exit 2

bench: $(DEV_STAMP)  ## every benchmark, short; BENCH_ARGS=--full for the figures of the docs
	$(BIN)/python benchmarks/all.py $(BENCH_ARGS)

docs/models.md: separation/catalogue/models.json separation/catalogue/document.py | $(RUN_STAMP)
	$(BIN)/python manage.py models --document > $@.new && mv $@.new $@

docs/api.md: $(addprefix separation/,options.py option_row.py option_document.py formats.py stage_table.py) | $(RUN_STAMP)
	$(BIN)/python -m separation.option_document $@

docs/manifest.schema.json: $(wildcard separation/pipeline/manifest*.py) separation/quality/report.py | $(RUN_STAMP)
	$(BIN)/python -m separation.pipeline.manifest --schema

# The same command writes .env.example.
docs/settings.md: $(wildcard stemsite/settings/*.py) stemsite/settings_document.py stemsite/env.py | $(RUN_STAMP)
	$(BIN)/python -m stemsite.settings_document

lock: $(DEV_STAMP)  ## the locks anew after a change of requirements*.txt; UPGRADE=--upgrade for newer packages
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	for name in requirements requirements-dev; do \
	  $(BIN)/uv pip compile $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-annotate --quiet \
	    --custom-compile-command 'make lock' $$name.txt -o $$name.lock || exit 1; done

messages: $(DEV_STAMP)  ## the texts to translate into stemsite/locale, and their translations compiled
	@STEMSITE_DATA_DIR=$$(mktemp -d) $(BIN)/python manage.py messages

pictures: $(DEV_STAMP)  ## the small pictures of the main pages that a test compares with, anew
	RENEW_PICTURES=1 $(BIN)/python -m pytest -q tests/browser/tour/test_pictures.py

screenshots: $(DEV_STAMP)  ## a picture of every page: make screenshots [OUT=screenshots]
	$(BIN)/python -m tests.screenshots --out "$(or $(OUT),screenshots)" $(ARGS)

clean:  ## remove the virtual environment and caches; data/ stays
	rm -rf $(VENV) tests/clients/node_modules .mypy_cache .ruff_cache .pytest_cache
