# make demo      install, and look at a recording
# make test      everything that must pass
# make fast      the tests that need no server; make format, make lab, make servers, make captures: see below

PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip install -q --disable-pip-version-check
PYTEST := $(PYTHON) -m pytest -q
FAST := -n 2 -m "not slow and not lab"
# 95 % of the branches of each of these, from the fast tests alone.
COVERED := wire.py grammar.py tcp/* smtp/* auth/* redact.py
# Mail servers must be started by root.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
LAB_ENVIRONMENT = CI=$(CI) SMTPTRACE_CORPUS=$(SMTPTRACE_CORPUS) PYTHONDONTWRITEBYTECODE=1

.PHONY: demo test check fast cover slow lab others format servers captures clean
.DELETE_ON_ERROR:

demo: .venv/installed
	@echo
	.venv/bin/smtptrace list captures/*.pcapng
	@echo
	.venv/bin/smtptrace show captures/cyrus-ntlm-accepted.pcapng

test: check cover slow lab others

check: .venv/developing
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

fast: .venv/developing
	$(PYTEST) $(FAST)

cover: .venv/developing .lab/installed
	rm -f .coverage .coverage.*
	.venv/bin/coverage run -m pytest -q $(FAST)
	.venv/bin/coverage combine -q
	.venv/bin/coverage report --format=total
	@for part in $(foreach part,$(COVERED),'$(part)'); do \
	    echo "coverage of $$part:"; \
	    .venv/bin/coverage report --include="smtptrace/$$part" --fail-under=95 || exit 1; \
	done

# Tests that take long, then those that need the servers of tests/lab.
slow: .venv/developing .lab/installed
	$(PYTEST) -n 2 -m "slow and not lab"

lab: .venv/developing .lab/installed .venv/kerberos
	$(SUDO) env $(LAB_ENVIRONMENT) $(PYTEST) -p no:cacheprovider -m lab

# The fast tests on every other Python of this machine.
others: .venv/developing
	.ci/other-pythons

format: .venv/developing
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# Starts Exim and Postfix and says where they listen.
servers: .venv/developing .lab/installed
	$(SUDO) env PYTHONPATH=tests $(PYTHON) -m lab

# Records captures/ anew.
captures: .venv/developing .lab/installed
	$(SUDO) $(PYTHON) captures/make/record.py

clean:
	rm -rf .venv .venv-* .lab .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/bin/python:
	.ci/venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(PIP) --editable .
	touch $@

.venv/developing: pyproject.toml | .venv/bin/python
	$(PIP) --editable . --group dev
	touch $@ .venv/installed

# pip builds gssapi, which needs what .lab/installed brings; where that fails, the tests that want it say so.
.venv/kerberos: .venv/developing .lab/installed
	$(PIP) --editable '.[kerberos]' || echo "gssapi cannot be built for $$($(PYTHON) --version)"
	touch $@

.lab/installed: tests/lab/install.sh tests/lab/packages.txt
	tests/lab/install.sh .lab
	touch $@
