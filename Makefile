# `make` or `make help` lists what there is. Everything is installed into .venv and nowhere else.
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
WORKERS ?= 2
unexport PYTHONDONTWRITEBYTECODE  # pytest rewrites every assertion of the tests, 5 s a worker: it keeps what it made for the next run

.DEFAULT_GOAL := help
.PHONY: help run demo run-kafka test check acceptance servers fleet chaos format lint types contracts evaluate train train-reader schemas constraints pictures dashboards dashboard-pictures clean

help:  ## list the targets
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

run: $(VENV)/.installed  ## set everything up, then watch the news with config/ (Ctrl-C ends it)
	@$(BIN)/newswire run

demo: $(VENV)/.installed  ## the whole pipeline on a little web of this machine: no internet needed, under a minute
	@$(BIN)/newswire demo

run-kafka: $(VENV)/.installed-dev  ## the same as five processes over a real Kafka and PostgreSQL of this machine (RUN=--until-idle, RUN=--real)
	@$(BIN)/python -m tests.servers.run_kafka $(RUN)

test: $(VENV)/.installed-dev  ## the fast tests: no network, no containers, a minute and a half on two cores
	$(BIN)/pytest -q -n $(WORKERS) -m "not acceptance and not crash and not servers"

acceptance: $(VENV)/.installed-dev  ## the slow tests: real processes, real sockets, kill -9
	$(BIN)/pytest -q -n $(WORKERS) --dist loadgroup -m "(acceptance or crash) and not servers"

servers: $(VENV)/.installed-dev  ## the slow tests, and all tests on a real Kafka, PostgreSQL and Prometheus too (Java, Maven, postgresql, prometheus, prometheus-alertmanager)
	NEWSWIRE_REQUIRE_SERVERS=$(REQUIRE_SERVERS) $(BIN)/pytest -q -n $(WORKERS) --dist loadgroup -m "acceptance or crash or servers"

fleet: $(VENV)/.installed-dev  ## 200 kills of collectors, processors and alerters under 10,000 items, on real servers; 20 of the broker and of members (a quarter of an hour; `servers` makes 20 and 10)
	FLEET_KILLS=200 KAFKA_KILLS=20 $(BIN)/pytest -q tests/crash/test_many_processes.py tests/crash/test_kafka_faults.py -k kill

chaos: $(VENV)/.installed-dev  ## 1,000 stories, a Slack that fails in twelve ways, 200 kills of the alerter; FLEET_SEED=N repeats one (a quarter of an hour; `acceptance` makes 150 and 25)
	CHAOS_STORIES=1000 CHAOS_KILLS=200 $(BIN)/pytest -q tests/crash/test_chaos.py -m "not servers"

check: $(VENV)/.installed-dev  ## format, lint, types, import contracts, then the fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/newswire check
	$(BIN)/newswire test
	@$(MAKE) --no-print-directory test

format: $(VENV)/.installed-dev  ## put the code into its format
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .

evaluate: $(VENV)/.installed-dev  ## the figures on the corpus, out of fold, with the baselines beside them; fails under config/model/floors.json
	$(BIN)/newswire evaluate --cross-validate --reliability --floors config/model/floors.json

train: $(VENV)/.installed-dev  ## train the label on the corpus and write config/model/
	$(BIN)/newswire train

train-reader: $(VENV)/.installed-encoder  ## train the reader too (torch; half an hour on two cores)
	$(BIN)/newswire train --encoder

schemas: $(VENV)/.installed-dev  ## write the JSON Schemas of config/ anew
	$(BIN)/newswire schemas

pictures: $(VENV)/.installed-dev  ## draw the pictures of docs/ anew from the golden messages (needs a headless Chromium and the Noto fonts)
	PYTHONPATH=. $(BIN)/python tools/pictures.py

dashboards: $(VENV)/.installed-dev  ## write Grafana's dashboards anew from tools/dashboards, and their tables in docs/dashboards.md
	$(BIN)/python -m tools.dashboards

dashboard-pictures: $(VENV)/.installed-dev  ## draw the dashboards for docs/ from a run of some minutes (needs prometheus and a headless Chromium)
	$(BIN)/python -m tools.dashboard_pictures

bench-%: $(VENV)/.installed-dev  ## bench-pipeline, bench-bus, bench-fetch, …: one figure beside a peer or a limit
	$(BIN)/python -m benchmarks.bench_$(subst -,_,$*)

constraints: $(VENV)/.installed-dev  ## write the versions of this environment to constraints.txt
	@{ head -1 constraints.txt; $(BIN)/pip freeze --exclude-editable | grep -v '^newswire'; } > constraints.new && mv constraints.new constraints.txt

clean:  ## remove the environment and the caches (var/, where the data is, stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Newswire needs Python 3.11 or newer, and none was found. Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Setting up $(VENV) with $(PYTHON) (a minute, once) …"
	@$(PYTHON) -m venv $(VENV) || { echo "The virtual environment could not be made. On Debian and Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 2; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/pip install -q --disable-pip-version-check --upgrade 'pip>=25.1' && $(BIN)/pip install -q -c constraints.txt -e . \
	  || { echo "The packages could not be installed: this step, and only this one, needs a package index. See what pip says above, then try again." >&2; exit 2; }
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Newswire and what the tests need …"
	@$(BIN)/pip install -q --disable-pip-version-check --upgrade 'pip>=25.1' && $(BIN)/pip install -q -c constraints.txt -e . --group dev \
	  || { echo "The packages could not be installed: this step, and only this one, needs a package index. See what pip says above, then try again." >&2; exit 2; }
	@touch $(VENV)/.installed $@

$(VENV)/.installed-encoder: $(VENV)/.installed
	@echo "Adding what training the reader needs (torch: some gigabytes) …"
	@$(BIN)/pip install -q -c constraints.txt -e '.[encoder]' \
	  || { echo "The packages could not be installed: this step, and only this one, needs a package index. See what pip says above, then try again." >&2; exit 2; }
	@touch $@
