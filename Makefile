# What a newcomer types. Every target makes its own .venv from constraints.txt and needs nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo demo-production deep test test-slow test-cluster test-kill check ui docs figures screenshots results bench bench-full clean

VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/.made
DEEP := $(VENV)/.deep
CLUSTER := .venv-cluster
ENGINES := $(CLUSTER)/.made
TESTS ?=

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | column -t -s :

$(DONE): pyproject.toml constraints.txt
	@python=$$(for p in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done); \
	if [ -z "$$python" ]; then echo "onstage needs Python 3.11, 3.12 or 3.13; found $$(python3 --version 2>&1). Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; fi; \
	echo "making $(VENV) with $$($$python --version) (two to four minutes, once)"; \
	$$python -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(DEEP): $(DONE)
	@echo "adding torch, for the sequence models (one to three minutes, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,deep]'
	@touch $@

demo: $(DONE)  ## simulate a live-stream platform and retrain on it, offline
	@$(BIN)/onstage demo

test: $(DEEP)  ## the tests (those marked realdata are skipped where the data are absent)
	$(BIN)/python -m pytest $(TESTS)

test-slow: $(DEEP)  ## only the tests that take long (`make test` runs them too)
	$(BIN)/python -m pytest -m slow

$(ENGINES): $(DEEP)
	@echo "making $(CLUSTER): Ray and Spark on top of $(VENV) (two minutes and 800 MB, once)"
	@$(BIN)/python -m venv $(CLUSTER)
	@$(BIN)/python -c "import sysconfig; print('import site; site.addsitedir(%r)' % sysconfig.get_path('purelib'))" > "$$($(CLUSTER)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/base.pth"
	@$(CLUSTER)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt prefect-ray pyspark
	@touch $@

test-cluster: $(ENGINES)  ## trials and backtests on Ray, ALS on Spark in local-cluster mode (needs Java 17 or later)
	$(CLUSTER)/bin/python -m pytest -q tests/integration/test_spark.py tests/e2e/test_runner.py tests/e2e/test_runner_ray.py -k "Spark or OnACluster or ray"

test-kill: $(DEEP)  ## kill -9 at every moment of a retrain (half an hour; goes on when stopped), and docs/kill-matrix.md
	ONSTAGE_KILL=all ONSTAGE_KILL_TABLE=docs/kill-matrix.md $(BIN)/python -m pytest -q tests/e2e/kill

check: $(DEEP)  ## style, types, layers, documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture

demo-production: $(DONE)  ## two weeks of production on PostgreSQL, Prefect, MLflow and a worker (six minutes; more on busy cores)
	@$(BIN)/onstage demo-production

deep: $(DEEP)  ## add torch to the environment, for sequence models

ui: $(DONE)  ## Prefect server and MLflow UI on loopback, addresses printed
	@$(BIN)/onstage ui

results: $(DEEP)  ## retrain on the three real data sets and write docs/results.md
	$(BIN)/python -m benchmarks.results

bench: $(DEEP)  ## every benchmark against its peers, short form (eight minutes; half an hour on busy cores), and docs/benchmarks.md
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks --write

bench-full: $(DEEP)  ## the same at the sizes that are quoted (an hour and a half; `python -m benchmarks --full --only NAME` for some)
	$(BIN)/python -m benchmarks --full
	$(BIN)/python -m benchmarks --write

docs: $(DEEP)  ## write the generated pages, and the site (site/index.html, which opens offline)
	$(BIN)/python docs/reference.py
	$(BIN)/python docs/glossary.py
	$(BIN)/python docs/tables.py
	$(BIN)/python docs/errors.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

figures: $(DONE)  ## draw the figures of the documentation's pages on ideas
	$(BIN)/python docs/draw.py

screenshots: $(DONE)  ## take the tutorial's pictures; TOUR is the folder where it was followed up to its rollback
	$(BIN)/python docs/screenshots.py $(TOUR)

clean:  ## remove the environment and caches (not var/, which holds runs)
	rm -rf $(VENV) $(CLUSTER) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
